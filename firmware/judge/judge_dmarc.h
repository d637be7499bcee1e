/*
 * What the files of DMARC's verdict share: inside firmware/judge/judge_dmarc*.c and mend_dmarc.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JUDGE_DMARC_H
#define VD_JUDGE_DMARC_H

#include "firmware/judge/judge_words.h"

/* How something moved. */
enum vd_trend { VD_TREND_SAME = 0, VD_TREND_UP, VD_TREND_DOWN, VD_TREND_MIXED };

/* What is known of a facet: now and in the baseline, or now alone; then it is judged as at first
   contact. */
bool vd_dmarc_is_compared(const struct vd_case *at, uint8_t facet);
bool vd_dmarc_is_new(const struct vd_case *at, uint8_t facet);

/* Does anything of this policy stop forged mail? */
bool vd_dmarc_is_enforcing(const struct vd_dmarc_facts *facts);

/* The weaker of both generations, for the domain itself. */
int8_t vd_dmarc_strength(const struct vd_dmarc_facts *facts);

/* How loud something unusable is: by what is at stake (profiles, and a baseline that
   enforces; at first contact the record itself, which is the baseline next). */
enum vd_severity vd_dmarc_broken_severity(const struct vd_case *at);

/* "p=reject; pct=25; t=y" and "sp=quarantine; np=none". */
const char *vd_dmarc_policy_words(const struct vd_dmarc_facts *facts, char out[VD_SUMMARY_MAX]);
const char *vd_dmarc_sub_words(const struct vd_dmarc_facts *facts, char out[VD_SUMMARY_MAX]);

/* judge_dmarc_policy.c: how strict it is.  Each returns how its facet moved. */
enum vd_trend vd_dmarc_weigh_policy(const struct vd_case *at);
enum vd_trend vd_dmarc_weigh_subdomains(const struct vd_case *at, enum vd_trend policy,
                                        bool is_told);
enum vd_trend vd_dmarc_weigh_alignment(const struct vd_case *at, bool is_told);

/* Does another name supply the policy than in the baseline? */
enum vd_move {
    VD_MOVE_NONE = 0,
    VD_MOVE_TOLD, /* what is only different by it is taken over with it, without a word */
    VD_MOVE_FALL  /* it is told as something worse, and the baseline stays where it is */
};

/* What psd= did to names below. */
enum vd_detached { VD_ATTACHED = 0, VD_DETACHED, VD_DETACHED_WEAKER };

/* judge_dmarc_rest.c: who says so, and who hears of it. */
enum vd_move vd_dmarc_weigh_source(const struct vd_case *at, enum vd_trend policy,
                                   enum vd_trend sub);
enum vd_detached vd_dmarc_weigh_psd(const struct vd_case *at);
void vd_dmarc_weigh_rua(const struct vd_case *at, bool is_told, enum vd_move move);
void vd_dmarc_weigh_ruf(const struct vd_case *at, enum vd_move move);
void vd_dmarc_weigh_extras(const struct vd_case *at, enum vd_move move);

#endif
