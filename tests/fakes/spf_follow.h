/*
 * A follower for surveys: the include: and redirect= of some names' SPF records, and of those that
 * they lead to, as the judge wants them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_FOLLOW_H
#define VD_SPF_FOLLOW_H

#include <string.h>

#include "dns/records/spf.h"
#include "dns/survey.h"

/* The names to begin with; a survey's follower gets one of these. */
struct spf_roots {
    const char *names[4];
    size_t count;
};

/* Want the targets of one text's terms. */
static inline void follow_text(struct vd_survey *survey, const char *domain, struct vd_span text,
                               bool is_due[VD_SURVEY_QUESTIONS_MAX])
{
    struct vd_spf spf;
    char target[VD_NAME_TEXT_MAX];

    if (vd_spf_parse(text.bytes, text.len, &spf) != VD_OK) {
        return;
    }
    for (size_t i = 0; i < spf.terms_count; i++) {
        const struct vd_spf_term *term = &spf.terms[i];
        if ((term->kind == VD_SPF_INCLUDE || term->kind == VD_SPF_REDIRECT) &&
            vd_spf_target(&spf, term, domain, target, sizeof(target)) == VD_OK &&
            vd_survey_want(survey, target, VD_TYPE_TXT, VD_ASK_SPF) == VD_OK) {
            is_due[vd_snapshot_find(&survey->snapshot, target, VD_TYPE_TXT) -
                   survey->snapshot.answers] = true;
        }
    }
}

static inline void follow_spf(void *ctx, struct vd_survey *survey)
{
    const struct spf_roots *roots = ctx;
    struct vd_snapshot *snapshot = &survey->snapshot;
    bool is_due[VD_SURVEY_QUESTIONS_MAX] = {false}, is_done[VD_SURVEY_QUESTIONS_MAX] = {false};

    for (size_t i = 0; i < roots->count; i++) {
        if (vd_survey_want(survey, roots->names[i], VD_TYPE_TXT, VD_ASK_OWN) == VD_OK) {
            is_due[vd_snapshot_find(snapshot, roots->names[i], VD_TYPE_TXT) - snapshot->answers] =
                true;
        }
    }
    for (size_t i = 0; i < snapshot->answers_count;) {
        const struct vd_answer *answer = &snapshot->answers[i];
        if (!is_due[i] || is_done[i]) {
            i++;
            continue;
        }
        char domain[VD_NAME_TEXT_MAX];
        const struct vd_record *record;
        is_done[i] = true;
        strcpy(domain, vd_snapshot_name(snapshot, answer));
        for (size_t k = 0; answer->presence == VD_PRESENT && answer->is_done &&
                           (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, k)) != NULL;
             k++) {
            follow_text(survey, domain, vd_snapshot_span(snapshot, record), is_due);
        }
        i = 0; /* earlier ones may have become due */
    }
}

#endif
