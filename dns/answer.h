/*
 * What a response says: present, absent or unknown.  The heart of "gone" against "could not look".
 *
 * No I/O, no state.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ANSWER_H
#define VD_ANSWER_H

#include "dns/message.h"
#include "dns/snapshot.h"

/* What a response shows beside its records. */
struct vd_evidence {
    uint16_t rcode; /* with the extended bits; VD_RCODE_NONE: nothing was received */
    uint16_t ede;   /* VD_EDE_NONE: none */
    bool is_aa, is_ra, is_ad;
    bool has_soa;   /* the SOA of a negative answer, or the one asked for */
    uint8_t soa_up; /* labels between the end of the alias chain and the SOA's owner */
    uint32_t soa_serial, soa_minimum;
    char ede_text[VD_EDE_TEXT_MAX]; /* printable, NUL-terminated, cut where it is longer */
};

/* A response in short. */
struct vd_gist {
    uint8_t presence;   /* enum vd_presence */
    uint8_t detail;     /* enum vd_detail */
    uint8_t limit;      /* enum vd_limit */
    uint8_t hops;       /* CNAMEs followed inside the response */
    bool leaves;        /* NOERROR, and the alias chain ends outside of the response: ask for `end`;
                         presence is unknown until then */
    uint32_t ttl_s;     /* least TTL of what was used; of a negative answer min(SOA's TTL, MINIMUM)
                         (RFC 2308, section 5); UINT32_MAX: nothing was */
    struct vd_name end; /* where the alias chain ends; the question's name without one */
    struct vd_evidence evidence;
};

/*
 * Judge a response to question (already matched to it).
 *
 *   rcode            in the response                         result
 *   NOERROR          wanted type at the end of the chain     present
 *   NOERROR          nothing wanted, SOA in authority        absent(nodata), absent(dangling)
 *   NXDOMAIN         SOA in authority                        absent(nxdomain), absent(dangling)
 *   either           nothing wanted, no SOA                  unknown(suspect): absence not proved
 *   NOERROR          alias to a name outside                 leaves
 *   NOERROR          NS in authority, AA=0                   unknown(lame)
 *   any              TC=1                                    unknown(truncated)
 *   all others                                               unknown(servfail, refused, rcode)
 *
 * An SOA counts only when its owner is the end of the chain or above it (RFC 2308, section 3).
 * Records are taken only along the alias chain that starts at the question; the same alias twice is
 * a loop: unknown(chain), as is a chain over VD_CHAIN_MAX (then limit names it).
 *
 * is_authority  a zone's own server was asked: an answer without AA, or with RA, is not its own:
 *               unknown(intercepted); a referral is unknown(lame).  Aliases may leave.
 *
 * Extended errors (RFC 8914) explain SERVFAIL, REFUSED and NXDOMAIN; on any rcode only the stale
 * ones (3, 19) and the altered ones (4, 15 to 17) change the result, to unknown.  NOERROR with data
 * and any other code stays present, absence with an SOA and any other code absent; NXDOMAIN that
 * is not proved is explained as the first two.  An authority's REFUSED stays what it is.
 */
void vd_answer_classify(const struct vd_message *in, const struct vd_question *question,
                        bool is_authority, struct vd_gist *out);

/* How much of an answer is kept. */
enum vd_keep {
    VD_KEEP_ALL = 0,
    VD_KEEP_SPF /* of TXT only what begins v=spf1, and no more than two: for names that somebody
                   else's record led to, whose owner must not fill the survey up */
};

/*
 * Copy the records that vd_answer_classify used into answers[index] of the snapshot: the CNAMEs in
 * order, then those of the wanted type.  The same record twice counts once.
 *
 * VD_EFULL    a knob of limits.h (survey's records, bytes, or one TXT), which *limit names (enum
 *             vd_limit); what fitted stays.
 * VD_EFORMAT  RDATA of a record breaks its grammar.
 */
enum vd_status vd_answer_store(const struct vd_message *in, const struct vd_question *question,
                               struct vd_snapshot *snapshot, size_t index, enum vd_keep keep,
                               uint8_t *limit);

#endif
