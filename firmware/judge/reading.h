/*
 * Reading: from a snapshot to facts.
 *
 * The readers ask for what they need by name (vd_reading_find).  What is not in the snapshot yet is
 * wanted: so the same code that judges an answer says which questions a survey has to ask, and the
 * two cannot disagree.  While `want` is NULL, nobody is asked: what is missing is unknown.
 *
 * PURE: no I/O, no clock, no state.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_READING_H
#define VD_READING_H

#include "dns/spf_check.h"
#include "firmware/judge/facts.h"
#include "firmware/judge/ranges.h"

/* Who wants it: decides what of the answer is kept, and who may speak for it. */
enum vd_want {
    VD_WANT_OWN = 0, /* a name of the watch itself: asked whatever else is there */
    VD_WANT_SPF,     /* others' SPF record: only SPF texts of the answer are kept */
    VD_WANT_OTHER    /* any other name that a record led to */
};

/*
 * Called for every question that a reader looks at, answered or not; the same one may come many
 * times.
 */
typedef void (*vd_want_fn)(void *ctx, const char *name, uint16_t type, enum vd_want want);

/* Working space of the readers: large, hence not on the stack. */
struct vd_reading_scratch {
    union {
        struct vd_ranges ranges;   /* while SPF's networks are added up */
        struct vd_spf_shelf shelf; /* and then, while senders are checked */
    };
};

struct vd_reading {
    const struct vd_snapshot *snapshot;
    const struct vd_watch *watch;
    const struct vd_facts *was; /* the baseline: some questions depend on what was there */
    struct vd_facts *out;
    struct vd_reading_scratch *scratch;
    vd_want_fn want; /* NULL: nobody */
    void *ctx;
};

/* The answer to a question; NULL if it is not there (yet).  name as text, any case. */
const struct vd_answer *vd_reading_find(const struct vd_reading *at, const char *name,
                                        uint16_t type, enum vd_want want);

/* All record sets of the watch; all of at->out is written. */
void vd_facts_read(const struct vd_reading *at);

/* One kind each; facts->text is appended to. */
void vd_facts_read_spf(const struct vd_reading *at);
void vd_facts_read_dkim(const struct vd_reading *at, uint8_t index);
void vd_facts_read_dmarc(const struct vd_reading *at);
void vd_facts_read_mx(const struct vd_reading *at);
void vd_facts_read_mail_from(const struct vd_reading *at);
void vd_facts_read_mta_sts(const struct vd_reading *at);
void vd_facts_read_tls_rpt(const struct vd_reading *at);
void vd_facts_read_bimi(const struct vd_reading *at);
void vd_facts_read_ns(const struct vd_reading *at);
void vd_facts_read_ds(const struct vd_reading *at);

#endif
