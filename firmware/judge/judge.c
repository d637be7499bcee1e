/*
 * The judge: record set by record set.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge.h"

#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"

#include <string.h>

#define DMARC_LABEL "_dmarc."

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
    uint8_t detail = VD_DETAIL_NONE;

    struct vd_subject *subject =
        add_subject(out, VD_SUBJECT_DKIM, selector, facts->standing, facts->detail);
    if (vd_dkim_is_undecided(&out->facts, watch, selector, &detail)) {
        subject->standing = VD_STANDING_UNKNOWN; /* the verdict needs an answer that is unknown */
        subject->detail = detail;
    }
}

/* Every record set of the watch, in the order of enum vd_subject_kind. */
static void list_subjects(struct vd_judgement *out, const struct vd_watch *watch)
{
    const struct vd_facts *facts = &out->facts;

    add_subject(out, VD_SUBJECT_SPF, 0, facts->spf.standing, facts->spf.detail);
    for (uint8_t i = 0; i < watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        add_dkim(out, watch, i);
    }
    add_subject(out, VD_SUBJECT_DMARC, 0, facts->dmarc.standing, facts->dmarc.detail);
    add_subject(out, VD_SUBJECT_MX, 0, facts->mx.standing, facts->mx.detail);
}

static void name_subject(struct vd_judgement *out, const struct vd_watch *watch,
                         struct vd_subject *subject, uint16_t domain)
{
    char text[VD_OWNER_TEXT_MAX];
    char summary[VD_SUMMARY_MAX];
    const char *words;

    subject->record = domain;
    switch (subject->kind) {
    case VD_SUBJECT_SPF:
        words = vd_spf_summary(&out->facts, summary);
        break;
    case VD_SUBJECT_DKIM:
        subject->record = vd_words_put(
            out, "%s",
            vd_owner_text(text, watch->selectors[subject->index], "._domainkey.", watch->domain));
        words = vd_dkim_summary(&out->facts, subject->index, summary);
        break;
    case VD_SUBJECT_DMARC:
        subject->record = (uint16_t)(domain - (sizeof DMARC_LABEL - 1));
        words = vd_dmarc_summary(&out->facts, summary);
        break;
    default:
        words = vd_mx_summary(&out->facts, summary);
        break;
    }
    subject->summary = vd_words_put(out, "%s", words);
}

/* Names and summaries.  The domain is written once: it is the tail of DMARC's name. */
static void name_subjects(struct vd_judgement *out, const struct vd_watch *watch)
{
    uint16_t domain =
        (uint16_t)(vd_words_put(out, DMARC_LABEL "%s", watch->domain) + (sizeof DMARC_LABEL - 1));

    for (size_t i = 0; i < out->subjects_count; i++) {
        name_subject(out, watch, &out->subjects[i], domain);
    }
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
    /* Words may run out: the few record sets that every domain has come before its many keys. */
    static const uint8_t turns[] = {VD_SUBJECT_DMARC, VD_SUBJECT_MX, VD_SUBJECT_SPF,
                                    VD_SUBJECT_DKIM};

    memset(out, 0, sizeof *out);
    out->words_len = 1; /* offset 0 is "" */
    vd_facts_read(snapshot, watch, &out->facts);
    list_subjects(out, watch);
    name_subjects(out, watch);
    for (size_t turn = 0; turn < sizeof turns; turn++) {
        for (uint8_t i = 0; i < out->subjects_count; i++) {
            const struct vd_case at = {.snapshot = snapshot,
                                       .watch = watch,
                                       .was = baseline,
                                       .now = &out->facts,
                                       .out = out,
                                       .subject = i};
            if (out->subjects[i].kind == turns[turn] &&
                out->subjects[i].standing != VD_STANDING_UNKNOWN) {
                judge_subject(&at, &out->subjects[i]);
            }
        }
    }
    vd_finish_findings(snapshot, baseline, watch, out);
}
