/*
 * From a turn of an alert to an event in words.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TELL_H
#define VD_TELL_H

#include "firmware/confirm.h"
#include "port/port_net.h"
#include "report/event.h"

/* Room for the words that an event needs beside those of the judgement. */
#define VD_TELL_WORDS_MAX 512u

/* What an event is made from.  All pointers stay the caller's. */
struct vd_tell {
    const char *domain;
    const struct vd_judgement *judgement;
    const struct vd_endpoint *servers; /* by index */
    uint8_t servers_count;
    uint64_t now_ms;
    bool is_still_bad; /* for CLOSED: other alerts of the record set stay open */
};

/*
 * Fill event (all but seq, id, time) for a turn of vd_confirm_look.
 *
 * words  VD_TELL_WORDS_MAX bytes; the event points into them and into the judgement.
 */
void vd_tell_turn(const struct vd_tell *tell, enum vd_confirm_turn turn,
                  const struct vd_alert *alert, const struct vd_finding *finding,
                  const struct vd_subject *subject, struct vd_event *event, char *words);

/*
 * Fill event for the begin (closes false) or end of blindness of one watch.
 *
 * words  VD_TELL_WORDS_MAX bytes.
 */
void vd_tell_blind(const struct vd_tell *tell, bool closes, uint32_t rounds, struct vd_event *event,
                   char *words);

/* "DMARC", "DKIM", "SPF", "MX". */
const char *vd_subject_kind_str(uint8_t kind);

#endif
