/*
 * How the baseline of a watch comes about: what two sources show alike, record set by record set.
 *
 * No I/O, no clock.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_BASELINE_H
#define VD_BASELINE_H

#include "firmware/confirm.h"

/* An expected record may take this long to appear at first, unless the watch says otherwise. */
#define VD_PENDING_MS 172800000u

/* A record set's place in arrays of VD_SUBJECTS_MAX. */
static inline size_t vd_subject_place(uint8_t kind, uint8_t index)
{
    size_t place = kind < VD_SUBJECT_DKIM ? kind : kind - 1u;

    return kind == VD_SUBJECT_DKIM ? (size_t)VD_SUBJECT_KINDS - 1u + index : place;
}

/* What each record set said last, and who showed it. */
struct vd_shown {
    uint32_t content[VD_SUBJECTS_MAX];
    uint8_t by[VD_SUBJECTS_MAX]; /* source, plus one; 0: never seen */
    uint32_t awaited;            /* set of vd_subject_bit: pending, and seen in need of it */
};

/*
 * The record sets that two sources have shown alike, one after the other; with a single source, that
 * it has shown twice.  Until then nothing becomes a baseline: the first one asked may be stale.
 */
uint32_t vd_baseline_agreed(struct vd_shown *shown, const struct vd_judgement *judgement,
                            const struct vd_look_sources *sources);

/* Record sets that are expected, and may still be on their way. */
uint32_t vd_baseline_expected(const struct vd_watch *watch);

/*
 * Before a look is judged: what is not pending any more?  What was there when it was first seen, and
 * everything once the time for it is over.  What was missing and has come stays until that is told.
 *
 * now     of the look.
 * age_ms  of the watch.
 */
void vd_baseline_weigh_pending(struct vd_facts *baseline, struct vd_shown *shown,
                               const struct vd_facts *now, const struct vd_watch *watch,
                               uint64_t age_ms);

/* Do subdomains have no DMARC policy of their own, then and now?  Whoever takes the policy over means
   theirs too (RFC 7489, section 6.3). */
bool vd_baseline_is_following(const struct vd_facts *baseline, const struct vd_facts *now);

/* Is it an event that an expected record has come? */
bool vd_baseline_is_verified(enum vd_code code);

#endif
