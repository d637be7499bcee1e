/*
 * What the files of the SPF verdict share: judge_spf.c and judge_spf_range.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JUDGE_SPF_H
#define VD_JUDGE_SPF_H

#include "firmware/judge/judge_words.h"

/* Old and new as short descriptions; nothing old at first contact. */
void vd_spf_put_both(const struct vd_case *at, struct vd_finding *finding);

/* How loud a broken record is: does mail hang on it? */
enum vd_severity vd_spf_broken_severity(const struct vd_case *at);

/* Could the facet be looked at? */
bool vd_spf_is_known(const struct vd_case *at, enum vd_facet facet);

/* And is there a good one in the baseline to compare it with? */
bool vd_spf_is_comparable(const struct vd_case *at, enum vd_facet facet);

/* Set of our own senders that do not pass, and did so in the baseline. */
uint8_t vd_spf_new_failures(const struct vd_case *at);

/* Facets, of a record that is good now: at most one finding each. */
void vd_judge_spf_range(const struct vd_case *at);
void vd_judge_spf_terms(const struct vd_case *at);
void vd_judge_spf_includes(const struct vd_case *at);
void vd_judge_spf_ptr(const struct vd_case *at);

#endif
