/*
 * What the files of the judge share: inside firmware/judge/ only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JUDGE_WORDS_H
#define VD_JUDGE_WORDS_H

#include "firmware/judge/judge.h"

/* Longest subject line, with its NUL. */
#define VD_SUBJECT_LINE_MAX 100u

/* Longest short description of a record set ("p=reject, rua set"), with its NUL. */
#define VD_SUMMARY_MAX 200u

/* "goes to", in UTF-8. */
#define VD_ARROW "\xe2\x86\x92"

/* One record set on the judge's table. */
struct vd_case {
    const struct vd_watch *watch;
    const struct vd_facts *was; /* the baseline */
    const struct vd_facts *now;
    struct vd_judgement *out;
    uint8_t subject; /* index into out->subjects */
};

/*
 * Keep words; returns their offset, 0 for "".  format as printf, with %s %.*s %c %d %u only.
 * What does not fit is cut, ends in "..." and sets is_cut.
 */
uint16_t vd_words_put(struct vd_judgement *out, const char *format, ...);

/* "<domain>: <words>", under VD_SUBJECT_LINE_MAX octets; a domain too long for that is cut. */
uint16_t vd_words_subject(const struct vd_case *at, const char *format, ...);

/*
 * A finding with the code's usual class, severity, axis and why, on a TXT record; the rest is for
 * the caller to fill in.
 */
struct vd_finding vd_finding_of(const struct vd_case *at, enum vd_code code);

/* Put a finding on the list; the words are shared, mend follows later (mend.c). */
void vd_finding_add(const struct vd_case *at, const struct vd_finding *finding);

/* Has this record set a finding already? */
bool vd_finding_is_any(const struct vd_case *at);

/* Raise or lower: class with the severity that goes with it. */
void vd_finding_set(struct vd_finding *finding, enum vd_class class_, enum vd_severity severity);

/* "absent (NXDOMAIN)", "absent (other content)". */
const char *vd_absent_words(uint8_t detail, char out[VD_SUMMARY_MAX]);

/* Is DMARC enforcing, now or by the baseline?  Then a lost SPF or DKIM pass costs mail. */
bool vd_case_is_enforcing(const struct vd_case *at);

/*
 * Do two host names look like one operator's?  There is no suffix list on the device: they share
 * the last two labels, or three where the second level is one of co.kr's kind.
 */
bool vd_is_same_operator(const char *a, const char *b);

/* Short descriptions.  facts: holds the texts. */
const char *vd_spf_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);
const char *vd_dkim_summary(const struct vd_facts *facts, uint8_t selector,
                            char out[VD_SUMMARY_MAX]);
const char *vd_dmarc_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);
const char *vd_mx_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);

/* The verdicts.  Called only when the record set is known now. */
void vd_judge_spf(const struct vd_case *at);
void vd_judge_dkim(const struct vd_case *at, uint8_t selector);
void vd_judge_dmarc(const struct vd_case *at);
void vd_judge_mx(const struct vd_case *at);

/*
 * True when this selector is not usable and whether that matters hangs on another member of its
 * group that is unknown; *detail: why that one is unknown.
 */
bool vd_dkim_is_undecided(const struct vd_facts *now, const struct vd_watch *watch,
                          uint8_t selector, uint8_t *detail);

/*
 * What to type, for each finding that has no mend yet.  Comes last, so that long records cut only
 * each other; a mend that was cut ends in "..." and does not set is_cut.
 */
void vd_mend_all(const struct vd_facts *was, struct vd_judgement *out);

#endif
