/*
 * The judge: (snapshot, baseline, watch) -> findings.
 *
 * PURE: no I/O, no clock, no state.  The same input gives the same output, to the byte.
 * A verdict that needs an unknown answer is unknown: never valid, never absent.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JUDGE_H
#define VD_JUDGE_H

#include "firmware/judge/facts.h"
#include "firmware/judge/findings.h"
#include "firmware/judge/reading.h"
#include "report/event.h"

/* What could be better at first contact, in one line, with its NUL. */
#define VD_HINTS_MAX 320u

/* One record set: where it lives and how it stands. */
struct vd_subject {
    uint8_t kind;     /* enum vd_subject_kind */
    uint8_t index;    /* selector, for DKIM; else 0 */
    uint8_t standing; /* enum vd_standing; UNKNOWN: no finding of it opens or closes */
    uint8_t unknown;  /* set of VD_FACET_BIT: nor does one of these facets */
    uint8_t detail;   /* enum vd_detail */
    uint16_t record;  /* offset of the owner name in words[] */
    uint16_t summary; /* offset of a short description: "p=reject, rua set" */
};

/*
 * One difference between now and the baseline, or between now and the floor.  Offsets are
 * into vd_judgement.words; 0 is "".
 */
struct vd_finding {
    uint8_t code;     /* enum vd_code */
    uint8_t subject;  /* index into subjects[] */
    uint8_t class_;   /* enum vd_class */
    uint8_t severity; /* enum vd_severity */
    uint8_t axis;     /* set of enum vd_axis */
    uint8_t facet;    /* enum vd_facet or VD_FACET_ALL, VD_FACET_NONE; the code's */
    bool is_silent; /* no event: once believed, its facet is taken over.  What rose beside something
                         that fell, for one */
    bool is_first;  /* the baseline did not know the record set yet */
    const char *sentence; /* why it matters, where the code's `why` would not be true: a static
                             sentence; NULL: the code's */
    uint32_t content; /* vd_facet_content: two findings that say the same have the same.  Texts may
                         agree where this differs */
    uint16_t rtype;   /* of the record to mend: VD_TYPE_TXT, _CNAME, _MX */
    uint16_t old_text, new_text, why, mend, path;
    uint16_t subject_line;
};

struct vd_judgement {
    struct vd_facts facts; /* what the snapshot says now */
    uint8_t subjects_count;
    uint8_t findings_count;
    uint8_t is_cut; /* a bound was reached: the rest is left out, and "unknown" says so */
    uint16_t words_len;
    struct vd_subject subjects[VD_SUBJECTS_MAX];
    struct vd_finding findings[VD_FINDINGS_MAX];
    char words[VD_JUDGEMENT_BYTES_MAX];
    char hints[VD_HINTS_MAX]; /* vd_case_hint's: "DMARC p=none, no MTA-STS" */
    struct vd_reading_scratch scratch;
};

/*
 * Judge one snapshot.
 *
 * baseline  the accepted facts; a record set that it does not know is judged against the floor
 *           only (first contact).
 * out       all of it is written.
 *
 * Findings come in the order of subjects, worst first within one.  Total: any snapshot gets an
 * answer.  Each finding has a subject_line and a new_text, be it only the record's name and
 * summary; where words[] is too short, mend, path and why of the lesser findings give way first.
 */
void vd_judge(const struct vd_snapshot *snapshot, const struct vd_facts *baseline,
              const struct vd_watch *watch, struct vd_judgement *out);

/*
 * Which questions does the judge need answered?  Calls want for each, those that the snapshot answers
 * already among them; more come up as answers arrive, until one call brings nothing new.
 *
 * out   its facts and scratch are written, nothing else.
 */
void vd_judge_wants(const struct vd_snapshot *snapshot, const struct vd_facts *baseline,
                    const struct vd_watch *watch, struct vd_judgement *out, vd_want_fn want,
                    void *ctx);

/* Is what this code speaks of not known now?  Then its alerts are neither opened nor closed. */
bool vd_judgement_is_unknown(const struct vd_subject *subject, enum vd_code code);

/* Words of a judgement.  Never NULL. */
const char *vd_judgement_words(const struct vd_judgement *judgement, uint16_t offset);

#endif
