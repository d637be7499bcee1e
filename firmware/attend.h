/*
 * What people have said of changes: accepted, planned, under maintenance; and how often they want to
 * hear of the same thing: reminders, flapping.
 *
 * Pure: time is an argument.  Calendar times are seconds since 1970 UTC; where the calendar is not
 * known, VD_NO_CALENDAR: plans and windows do not apply then.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ATTEND_H
#define VD_ATTEND_H

#include "firmware/judge/judge.h"
#include "firmware/watchlist.h"
#include "report/text.h"

#define VD_NO_CALENDAR INT64_MIN

/* Is it maintenance time?  from == until: all day. */
bool vd_attend_is_window(const struct vd_window *window, int64_t unix_s);

/* In any of the watch's windows? */
bool vd_attend_is_maintenance(const struct vd_watch *watch, int64_t unix_s);

/*
 * Does accept = of the watch name what a finding's facet says now?  By the facet's word
 * (vd_facet_word), or by the one thing that it says: "spf.include:_spf.example.net",
 * "mx.hosts:mx.example.net", "dkim.s1.key:revoked".  Never where it says more than that.  A finding
 * about a whole record set is named by the facet that stands for it: "dmarc.policy:absent",
 * "dkim.s1.key:absent".
 */
bool vd_attend_is_accepted(const struct vd_watch *watch, const struct vd_judgement *judgement,
                           const struct vd_finding *finding);

/* Does plan =, the same way, at this time (the end is not in it)? */
bool vd_attend_is_planned(const struct vd_watch *watch, const struct vd_judgement *judgement,
                          const struct vd_finding *finding, int64_t unix_s);

/* Write " (accept = dmarc.policy:none)": the line that would accept a finding.  Nothing, where no line
   can. */
void vd_attend_put_accept(struct vd_text_writer *w, const struct vd_judgement *judgement,
                          const struct vd_finding *finding);

/* Seconds after which an open alert of this severity is told again; 0: never. */
uint32_t vd_attend_remind_s(uint8_t severity);

/* ---- flapping ---------------------------------------------------------------------------- */

/* So many open/close turns within this time are flapping; so long without one is steady. */
#define VD_FLAP_TURNS    3u
#define VD_FLAP_SPAN_S   86400u
#define VD_FLAP_STEADY_S 21600u

/* One alert that has closed of late; (watch, code, kind, index) name it. */
struct vd_flap {
    bool is_used;
    bool is_flapping;
    uint8_t watch, code, kind, index;
    uint32_t closed_s[VD_FLAP_TURNS - 1u]; /* the times before, the latest first; 0: none */
    uint32_t moved_s;                      /* of the last turn, either way */
};

/* The oldest quiet one gives way when there is no room. */
struct vd_flaps {
    struct vd_flap rows[VD_FLAPS_MAX];
};

/* The row of an alert; NULL: it has not closed of late. */
struct vd_flap *vd_flaps_find(struct vd_flaps *flaps, const struct vd_flap *key);

/*
 * An alert has closed.
 *
 * key  its watch, code, kind and index.
 *
 * Returns the row if it has begun to flap just now; NULL otherwise.
 */
struct vd_flap *vd_flaps_close(struct vd_flaps *flaps, const struct vd_flap *key, uint32_t now_s);

/* It flaps, and has turned again.  False: it does not. */
bool vd_flaps_move(struct vd_flaps *flaps, const struct vd_flap *key, uint32_t now_s);

/* One of this watch that flapped and has been steady for long enough; NULL: none.  The caller ends it
   (is_used = false) when that is told. */
struct vd_flap *vd_flaps_steady(struct vd_flaps *flaps, uint8_t watch, uint32_t now_s);

#endif
