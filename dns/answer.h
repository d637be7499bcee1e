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
    bool leaves;        /* the alias chain goes on outside of the response, or of the authority's
                         zone: ask for `end`; presence is unknown until then */
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
 *   NXDOMAIN         its SOA is that very name's             unknown(suspect): it contradicts itself
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
 *               unknown(intercepted); a referral is unknown(lame).
 * zone          of an authority, the apex that it was asked for; it is believed about no other.  The
 *               first alias to a name that is not below it leaves, whatever the response says of
 *               that name, rcode included (RFC 1034, section 4.3.2 lets a server add it); an SOA
 *               that is not of the zone or below it is unknown(lame), as is a question from
 *               outside.  NULL: not known; then every alias leaves, and only the root's SOA is lame.
 *
 * Extended errors (RFC 8914) by rcode and what was found:
 *
 *   3, 19            stale                  on any answer    unknown(stale)
 *   4, 15 to 17      altered                on any answer    unknown(filtered)
 *   18, 20, 21       blocked                NXDOMAIN         unknown(filtered)
 *   6 to 12, 25, 27  validation failed      NXDOMAIN         unknown(dnssec)
 *   13, 14, 22, 23   zone out of reach      NXDOMAIN         unknown(upstream)
 *   1, 2, 5          could not validate     NXDOMAIN         no change where an SOA proves it
 *   all of these     SERVFAIL, REFUSED, NXDOMAIN without SOA: unknown, as named (1, 2, 5: dnssec)
 *
 * NOERROR with data or an SOA and any other code stays what it is.  An authority's REFUSED does
 * too.
 */
void vd_answer_classify(const struct vd_message *in, const struct vd_question *question,
                        bool is_authority, const struct vd_name *zone, struct vd_gist *out);

/* How much of an answer is kept. */
enum vd_keep {
    VD_KEEP_ALL = 0,
    VD_KEEP_OTHER, /* nothing of the room that is reserved for the watch's own names
                      (VD_SURVEY_OWN_BYTES and _RECORDS): for names that somebody else's record led
                      to, whose owner must not fill the survey up */
    VD_KEEP_SPF    /* the same, and of TXT only what begins v=spf1, no more than two */
};

/*
 * Copy the records that vd_answer_classify used into answers[index] of the snapshot: the CNAMEs in
 * order, then, unless the chain leaves, those of the wanted type.  The same record twice counts
 * once.
 *
 * gist  what vd_answer_classify made of it.
 *
 * VD_EFULL    a knob of limits.h (survey's records, bytes, or one TXT), which *limit names (enum
 *             vd_limit); what fitted stays.
 * VD_EFORMAT  RDATA of a record breaks its grammar.
 */
enum vd_status vd_answer_store(const struct vd_message *in, const struct vd_question *question,
                               const struct vd_gist *gist, struct vd_snapshot *snapshot,
                               size_t index, enum vd_keep keep, uint8_t *limit);

#endif
