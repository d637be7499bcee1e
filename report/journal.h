/*
 * The journal: numbered events, kept until every channel has delivered them.
 *
 * It lives in RAM and has VD_JOURNAL_BYTES_MAX bytes; a reset empties it.
 *
 * When it is full, events that were delivered everywhere go first, then the oldest of the
 * least severe ones.  What went undelivered is counted, and its number is missing in what the
 * receiver sees.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JOURNAL_H
#define VD_JOURNAL_H

#include "firmware/limits.h"
#include "port/port_status.h"
#include "report/event.h"

#include <stddef.h>
#include <stdint.h>

/* Most that one event may take; a larger one is cut, so that it does not push all others out. */
#define VD_JOURNAL_EVENT_BYTES_MAX (VD_JOURNAL_BYTES_MAX / 2u)

/* The fields are the journal's own. */
struct vd_journal {
    uint32_t last_seq;  /* the newest number given */
    uint32_t forgotten; /* everything up to here was delivered everywhere */
    uint32_t dropped;   /* events that went undelivered */
    size_t len;
    uint8_t bytes[VD_JOURNAL_BYTES_MAX]; /* entries in the order of their numbers */
};

void vd_journal_init(struct vd_journal *journal);

/*
 * Keep an event.
 *
 * event   copied with all of its strings; its seq is ignored.  A NULL string counts as "".
 *         What exceeds VD_JOURNAL_EVENT_BYTES_MAX is cut in old, new, mend, then in the other
 *         sentences, and a cut text ends in its true length and fingerprint.
 * seq     its number, from 1, never given twice; also when the result is not VD_OK.
 *
 * VD_OK      kept.
 * VD_EFULL   the journal is full of undelivered events, all of them more severe: this one was
 *            dropped and counted.
 * VD_EINVAL  code, domain, record and the like alone exceed the bound: not an event of ours.
 *            Dropped and counted.
 *
 * Ends the life of every string that vd_journal_read gave.
 */
enum vd_status vd_journal_append(struct vd_journal *journal, const struct vd_event *event,
                                 uint32_t *seq);

/*
 * Read event number seq.
 *
 * out           its strings point into the journal and are valid until the next append.
 *
 * VD_OK         out is filled.
 * VD_ENOTFOUND  never given, dropped, or delivered everywhere and cleared away.
 */
enum vd_status vd_journal_read(const struct vd_journal *journal, uint32_t seq,
                               struct vd_event *out);

/*
 * The first event after a cursor.
 *
 * VD_OK     *seq is its number.
 * VD_AGAIN  there is none yet.
 */
enum vd_status vd_journal_next(const struct vd_journal *journal, uint32_t after_seq, uint32_t *seq);

/* Every channel has the events up to up_to_seq: their room may be used again. */
void vd_journal_forget(struct vd_journal *journal, uint32_t up_to_seq);

/* Events that were given up undelivered since init. */
uint32_t vd_journal_dropped(const struct vd_journal *journal);

#endif
