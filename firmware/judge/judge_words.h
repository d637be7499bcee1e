/*
 * What the files of the judge share: inside firmware/judge/ only, but for vd_short_name, which is for
 * whoever else writes a subject line.
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

/* Longest name in a subject line's own words, with its NUL: a selector, a host, a term. */
#define VD_SHORT_NAME_MAX 48u

/* One record set on the judge's table. */
struct vd_case {
    const struct vd_snapshot *snapshot;
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

/* "<domain>: <words>", under VD_SUBJECT_LINE_MAX octets; a domain too long for that is shortened. */
uint16_t vd_words_subject(const struct vd_case *at, const char *format, ...);

/*
 * A name, or any other text, in at most cap - 1 octets: one that is longer loses its middle, for
 * which "..." stands.  Of a domain the end, which tells whose it is, is kept longest.  No UTF-8
 * character is cut in two.
 *
 * out, cap   the caller's buffer; cap is 16 at least.
 *
 * Returns out, or name itself when it fits.
 */
const char *vd_short_name(const char *name, char *out, size_t cap);

/*
 * A finding with the code's usual class, severity, axis and why, on a TXT record; the rest is for
 * the caller to fill in.
 */
struct vd_finding vd_finding_of(const struct vd_case *at, enum vd_code code);

/* Put a finding on the list.  When that is full, the least severe one is left out. */
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
 * Whose host is it?  A number, never 0: the same for hosts that look like one operator's, and for
 * all hosts at and below `domain`, our own.
 *
 * There is no suffix list on the device: an operator is the last two labels, or three where the
 * second level is one of co.kr's kind.
 */
uint32_t vd_operator_of(const char *host, const char *domain);

/* Does the domain lie below one that could publish a policy for it? */
bool vd_is_subdomain(const char *domain);

/* Take note of something that could be better, of a record set that the baseline does not know yet:
   all of them make one finding, VD_CODE_DOMAIN_SUMMARY.  words: "DMARC p=none". */
void vd_case_hint(const struct vd_case *at, const char *words);

/* Does nothing in the baseline speak of this record set yet? */
bool vd_case_is_first(const struct vd_case *at);

/* The baseline says that it is expected, and may still be on its way. */
bool vd_case_is_pending(const struct vd_case *at);

/* Short descriptions.  facts: holds the texts. */
const char *vd_spf_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);
const char *vd_dkim_summary(const struct vd_facts *facts, uint8_t selector,
                            char out[VD_SUMMARY_MAX]);
const char *vd_dmarc_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);
const char *vd_mx_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX]);
/* VD_SUBJECT_MAIL_FROM and what follows it. */
const char *vd_other_summary(const struct vd_facts *facts, uint8_t kind, char out[VD_SUMMARY_MAX]);

/* The verdicts.  Called only when the record set is known now. */
void vd_judge_spf(const struct vd_case *at);
void vd_judge_dkim(const struct vd_case *at, uint8_t index);
void vd_judge_dmarc(const struct vd_case *at);
void vd_judge_mx(const struct vd_case *at);
void vd_judge_other(const struct vd_case *at, uint8_t kind);

/* Configured services that cannot sign at all, while DMARC enforces; at first contact what a profile
   advises.  at: of the DMARC record set. */
void vd_judge_providers(const struct vd_case *at);

/*
 * True when this selector is not usable and whether that matters hangs on another member of its
 * group that is unknown; *detail: why that one is unknown.
 */
bool vd_dkim_is_undecided(const struct vd_facts *now, const struct vd_watch *watch,
                          uint8_t selector, uint8_t *detail);

/* The next MX or NS record, whichever was asked for, after `last` (NULL: the first), by preference,
   then by name; NULL: no more. */
const struct vd_record *vd_host_next(const struct vd_snapshot *snapshot,
                                     const struct vd_answer *answer, const struct vd_record *last);

/* Is it proved that an MX host has no address? */
bool vd_mx_is_gone(const struct vd_snapshot *snapshot, const char *host);

/* Is it a host of the domain itself, of an operator that the baseline knows, of a configured
   service, or one that mx = allows? */
bool vd_mx_is_known(const struct vd_facts *was, const char *host, const struct vd_watch *watch);

/* ---- mending: mend.c and mend_*.c ----------------------------------------------------------- */

/* What all of them need. */
struct vd_bench {
    const struct vd_snapshot *snapshot;
    const struct vd_watch *watch;
    struct vd_judgement *out;
    const struct vd_facts *was;
    const struct vd_finding *finding;
    const char *lead;   /* "", or what to ask oneself first */
    const char *record; /* owner name */
    const char *alias;  /* where a CNAME at that name leads now; "" if there is none */
};

/* "at NAME put TYPE: TEXT", with the last good text of the baseline. */
uint16_t vd_mend_put_back(const struct vd_bench *at, const char *type, struct vd_text_ref ref,
                          bool was_there);

/* Nothing good is known to put back: say what is wrong with what is there.  fault and text are of
   the facts now. */
uint16_t vd_mend_correct(const struct vd_bench *at, const char *what, struct vd_text_ref fault,
                         struct vd_text_ref text);

/* "keep one, remove the others", with the one to keep where it is known whole. */
uint16_t vd_mend_keep_one(const struct vd_bench *at, const char *what, bool was_good,
                          struct vd_text_ref ref);

/* By slip: "it stands at X: in the host field type only Y". */
uint16_t vd_mend_slip(const struct vd_bench *at, uint8_t slip, struct vd_text_ref where);

/* What to type; 0: nothing. */
uint16_t vd_mend_spf(const struct vd_bench *at);
uint16_t vd_mend_dkim(const struct vd_bench *at, uint8_t index);
uint16_t vd_mend_dmarc(const struct vd_bench *at);
uint16_t vd_mend_mx(const struct vd_bench *at);
uint16_t vd_mend_other(const struct vd_bench *at, uint8_t kind);

/*
 * The words that may give way: why, path and mend of each finding, worst first.  Those cut end in
 * "...", and is_cut is not set for them; a record to paste is whole or not there.
 */
void vd_finish_findings(const struct vd_snapshot *snapshot, const struct vd_facts *was,
                        const struct vd_watch *watch, struct vd_judgement *out);

#endif
