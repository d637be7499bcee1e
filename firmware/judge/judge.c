/*
 * The judge: record set by record set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge.h"

#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"

#include <string.h>

static struct vd_subject *add_subject(struct vd_judgement *out, enum vd_subject_kind kind,
                                      uint8_t index, uint8_t standing, uint8_t detail)
{
    struct vd_subject *subject = &out->subjects[out->subjects_count++];

    subject->kind = (uint8_t)kind;
    subject->index = index;
    subject->standing = standing;
    subject->detail = detail;
    return subject;
}

static void add_dkim(struct vd_judgement *out, const struct vd_watch *watch, uint8_t selector)
{
    const struct vd_dkim_facts *facts = &out->facts.dkim[selector];
    char text[VD_OWNER_TEXT_MAX];
    char summary[VD_SUMMARY_MAX];
    uint8_t detail = VD_DETAIL_NONE;

    struct vd_subject *subject =
        add_subject(out, VD_SUBJECT_DKIM, selector, facts->standing, facts->detail);
    subject->record = vd_words_put(
        out, "%s", vd_owner_text(text, watch->selectors[selector], "._domainkey.", watch->domain));
    subject->summary = vd_words_put(out, "%s", vd_dkim_summary(&out->facts, selector, summary));
    if (vd_dkim_is_undecided(&out->facts, watch, selector, &detail)) {
        subject->standing = VD_STANDING_UNKNOWN; /* the verdict needs an answer that is unknown */
        subject->detail = detail;
    }
}

/* Every record set of the watch, in the order of enum vd_subject_kind. */
static void list_subjects(struct vd_judgement *out, const struct vd_watch *watch)
{
    const struct vd_facts *facts = &out->facts;
    char text[VD_OWNER_TEXT_MAX];
    char summary[VD_SUMMARY_MAX];

    struct vd_subject *spf =
        add_subject(out, VD_SUBJECT_SPF, 0, facts->spf.standing, facts->spf.detail);
    spf->record = vd_words_put(out, "%s", watch->domain);
    spf->summary = vd_words_put(out, "%s", vd_spf_summary(facts, summary));
    for (uint8_t i = 0; i < watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        add_dkim(out, watch, i);
    }
    struct vd_subject *dmarc =
        add_subject(out, VD_SUBJECT_DMARC, 0, facts->dmarc.standing, facts->dmarc.detail);
    dmarc->record = vd_words_put(out, "%s", vd_owner_text(text, "_dmarc.", "", watch->domain));
    dmarc->summary = vd_words_put(out, "%s", vd_dmarc_summary(facts, summary));
    struct vd_subject *mx =
        add_subject(out, VD_SUBJECT_MX, 0, facts->mx.standing, facts->mx.detail);
    mx->record = vd_words_put(out, "%s", watch->domain);
    mx->summary = vd_words_put(out, "%s", vd_mx_summary(facts, summary));
}

static void judge_subject(const struct vd_case *at, const struct vd_subject *subject)
{
    switch (subject->kind) {
    case VD_SUBJECT_SPF:
        vd_judge_spf(at);
        break;
    case VD_SUBJECT_DKIM:
        vd_judge_dkim(at, subject->index);
        break;
    case VD_SUBJECT_DMARC:
        vd_judge_dmarc(at);
        break;
    default:
        vd_judge_mx(at);
        break;
    }
}

void vd_judge(const struct vd_snapshot *snapshot, const struct vd_facts *baseline,
              const struct vd_watch *watch, struct vd_judgement *out)
{
    memset(out, 0, sizeof *out);
    out->words_len = 1; /* offset 0 is "" */
    vd_facts_read(snapshot, watch, &out->facts);
    list_subjects(out, watch);
    for (uint8_t i = 0; i < out->subjects_count; i++) {
        const struct vd_case at = {
            .watch = watch, .was = baseline, .now = &out->facts, .out = out, .subject = i};
        if (out->subjects[i].standing != VD_STANDING_UNKNOWN) {
            judge_subject(&at, &out->subjects[i]);
        }
    }
    vd_mend_all(baseline, out);
}
