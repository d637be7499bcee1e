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

/* A response in short. */
struct vd_gist {
    uint8_t presence;   /* enum vd_presence */
    uint8_t detail;     /* enum vd_detail */
    uint8_t hops;       /* CNAMEs followed inside the response */
    bool leaves;        /* NOERROR, and the alias chain ends outside of the response: ask for `end`;
                           presence is unknown until then */
    uint32_t ttl_s;     /* least TTL of what was used */
    struct vd_name end; /* where the alias chain ends; the question's name without one */
};

/*
 * Judge a response to question (already matched to it).
 *
 *   rcode            in the response                         result
 *   NOERROR          wanted type at the end of the chain     present
 *   NOERROR          nothing wanted, SOA in authority        absent(nodata), absent(dangling)
 *   NXDOMAIN         SOA in authority                        absent(nxdomain), absent(dangling)
 *   either           nothing wanted, no SOA                  unknown(suspect): absence is not proved
 *   NOERROR          alias to a name outside                 leaves
 *   NOERROR          NS in authority, AA=0                   unknown(lame)
 *   any              TC=1                                    unknown(truncated)
 *   all others                                               unknown(servfail, refused, rcode)
 *
 * An SOA counts only when its owner is the end of the chain or above it (RFC 2308, section 3).
 * Records are taken only along the alias chain that starts at the question.
 */
void vd_answer_classify(const struct vd_message *in, const struct vd_question *question,
                        struct vd_gist *out);

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
 * VD_EFULL    a knob of limits.h (survey's records, bytes, or one TXT); what fitted stays.
 * VD_EFORMAT  RDATA of a record breaks its grammar.
 */
enum vd_status vd_answer_store(const struct vd_message *in, const struct vd_question *question,
                               struct vd_snapshot *snapshot, size_t index, enum vd_keep keep);

#endif
