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

/* ---- record sets ------------------------------------------------------------------------- */

static void add_subject(struct vd_judgement *out, uint8_t kind, uint8_t index)
{
    struct vd_subject *subject = &out->subjects[out->subjects_count++];

    subject->kind = kind;
    subject->index = index;
    subject->standing = vd_facts_standing(&out->facts, kind, index);
    subject->unknown = vd_facts_unknown(&out->facts, kind, index);
    subject->detail = vd_facts_detail(&out->facts, kind, index);
}

static void add_dkim(struct vd_judgement *out, const struct vd_watch *watch, uint8_t selector)
{
    uint8_t detail = VD_DETAIL_NONE;

    add_subject(out, VD_SUBJECT_DKIM, selector);
    if (vd_dkim_is_undecided(&out->facts, watch, selector, &detail)) {
        struct vd_subject *subject = &out->subjects[out->subjects_count - 1];
        subject->standing = VD_STANDING_UNKNOWN; /* the verdict needs an answer that is unknown */
        subject->detail = detail;
    }
}

/* Every record set of the watch, in the order of enum vd_subject_kind. */
static void list_subjects(struct vd_judgement *out, const struct vd_watch *watch)
{
    for (uint8_t kind = 0; kind < VD_SUBJECT_KINDS; kind++) {
        if (kind == VD_SUBJECT_DKIM) {
            for (uint8_t i = 0; i < watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
                add_dkim(out, watch, i);
            }
            if (watch->needs_no_key) { /* elsewhere a wildcard only explains what selectors say */
                add_subject(out, kind, VD_DKIM_WILDCARD);
            }
        } else if (kind != VD_SUBJECT_MAIL_FROM || vd_watch_text(watch, watch->mail_from)[0] != 0) {
            add_subject(out, kind, 0);
        }
    }
}

static uint16_t put_owner(struct vd_judgement *out, const char *prefix, const char *middle,
                          const char *domain)
{
    char text[VD_OWNER_TEXT_MAX];

    return vd_words_put(out, "%s", vd_owner_text(text, prefix, middle, domain));
}

static const char *summary_of(const struct vd_judgement *out, const struct vd_subject *subject,
                              char summary[VD_SUMMARY_MAX])
{
    switch (subject->kind) {
    case VD_SUBJECT_SPF:
        return vd_spf_summary(&out->facts, summary);
    case VD_SUBJECT_DKIM:
        return vd_dkim_summary(&out->facts, subject->index, summary);
    case VD_SUBJECT_DMARC:
        return vd_dmarc_summary(&out->facts, summary);
    case VD_SUBJECT_MX:
        return vd_mx_summary(&out->facts, summary);
    default:
        return vd_other_summary(&out->facts, subject->kind, summary);
    }
}

static void name_subject(struct vd_judgement *out, const struct vd_watch *watch,
                         struct vd_subject *subject, uint16_t domain)
{
    char summary[VD_SUMMARY_MAX];

    subject->record = domain;
    switch (subject->kind) {
    case VD_SUBJECT_DKIM:
        subject->record = put_owner(
            out, subject->index == VD_DKIM_WILDCARD ? "*" : watch->selectors[subject->index],
            "._domainkey.", watch->domain);
        break;
    case VD_SUBJECT_DMARC:
        subject->record = (uint16_t)(domain - (sizeof DMARC_LABEL - 1));
        break;
    case VD_SUBJECT_MAIL_FROM:
        subject->record = vd_words_put(out, "%s", vd_watch_text(watch, watch->mail_from));
        break;
    case VD_SUBJECT_MTA_STS:
        subject->record = put_owner(out, "_mta-sts.", "", watch->domain);
        break;
    case VD_SUBJECT_TLS_RPT:
        subject->record = put_owner(out, "_smtp._tls.", "", watch->domain);
        break;
    case VD_SUBJECT_BIMI:
        subject->record = put_owner(out, "default._bimi.", "", watch->domain);
        break;
    default:
        break;
    }
    subject->summary = vd_words_put(out, "%s", summary_of(out, subject, summary));
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

/* ---- verdicts ---------------------------------------------------------------------------- */

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
        vd_judge_providers(at);
        break;
    case VD_SUBJECT_MX:
        vd_judge_mx(at);
        break;
    default:
        vd_judge_other(at, subject->kind);
        break;
    }
}

/* Is it worse than the baseline?  What has been under a floor since then is not. */
static bool is_fall(const struct vd_case *at, const struct vd_finding *finding)
{
    const struct vd_subject *subject = &at->out->subjects[finding->subject];
    bool is_bad = finding->class_ == VD_CLASS_CRITICAL || finding->class_ == VD_CLASS_BROKEN ||
                  finding->class_ == VD_CLASS_WEAKENED;

    return is_bad && finding->facet != VD_FACET_NONE &&
           finding->content !=
               vd_facet_content(at->was, finding->facet, subject->kind, subject->index);
}

static bool is_small(const struct vd_finding *finding)
{
    return finding->class_ == VD_CLASS_STRENGTHENED ||
           (finding->class_ == VD_CLASS_CHANGED && finding->severity == VD_SEVERITY_INFO);
}

/*
 * Any fall outweighs every rise: of a record set where something fell, what rose, and what is of
 * interest only, is taken over without a word.
 */
static void silence_rises(const struct vd_case *at)
{
    struct vd_judgement *out = at->out;

    for (size_t i = 0; i < out->findings_count; i++) {
        const struct vd_finding *fall = &out->findings[i];
        for (size_t k = 0; is_fall(at, fall) && k < out->findings_count; k++) {
            struct vd_finding *other = &out->findings[k];
            other->is_silent |= is_small(other) && other->subject == fall->subject;
        }
    }
}

/* All hints in one finding, at the first look. */
static void tell_hints(const struct vd_case *at)
{
    struct vd_judgement *out = at->out;

    if (out->hints[0] == '\0') {
        return;
    }
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DOMAIN_SUMMARY);
    finding.new_text = vd_words_put(out, "%s", out->hints);
    finding.subject_line = vd_words_subject(at, "what could be better: %.60s", out->hints);
    vd_finding_add(at, &finding);
}

void vd_judge_wants(const struct vd_snapshot *snapshot, const struct vd_facts *baseline,
                    const struct vd_watch *watch, struct vd_judgement *out, vd_want_fn want,
                    void *ctx)
{
    const struct vd_reading reading = {
        .snapshot = snapshot,
        .watch = watch,
        .was = baseline,
        .out = &out->facts,
        .scratch = &out->scratch,
        .want = want,
        .ctx = ctx,
    };

    vd_facts_read(&reading);
}

void vd_judge(const struct vd_snapshot *snapshot, const struct vd_facts *baseline,
              const struct vd_watch *watch, struct vd_judgement *out)
{
    /* Words may run out: the few record sets that every domain has come before its many keys. */
    static const uint8_t turns[] = {VD_SUBJECT_DMARC,    VD_SUBJECT_MX,   VD_SUBJECT_SPF,
                                    VD_SUBJECT_DKIM,     VD_SUBJECT_NS,   VD_SUBJECT_MTA_STS,
                                    VD_SUBJECT_TLS_RPT,  VD_SUBJECT_BIMI, VD_SUBJECT_DS,
                                    VD_SUBJECT_MAIL_FROM};
    struct vd_case at = {.snapshot = snapshot, .watch = watch, .was = baseline, .out = out};

    memset(out, 0, sizeof *out);
    out->words_len = 1; /* offset 0 is "" */
    vd_judge_wants(snapshot, baseline, watch, out, NULL, NULL);
    at.now = &out->facts;
    list_subjects(out, watch);
    name_subjects(out, watch);
    for (size_t turn = 0; turn < sizeof turns; turn++) {
        for (at.subject = 0; at.subject < out->subjects_count; at.subject++) {
            const struct vd_subject *subject = &out->subjects[at.subject];
            if (subject->kind == turns[turn] && subject->standing != VD_STANDING_UNKNOWN) {
                judge_subject(&at, subject);
            }
        }
    }
    silence_rises(&at);
    at.subject = 0;
    tell_hints(&at);
    vd_finish_findings(snapshot, baseline, watch, out);
}

bool vd_judgement_is_unknown(const struct vd_subject *subject, enum vd_code code)
{
    /* Told of the service, not of a facet; but what it says hangs on the policy. */
    uint8_t facet = code == VD_CODE_PROVIDER_UNSIGNED ? (uint8_t)VD_FACET_DMARC_POLICY
                                                      : vd_code_info(code)->facet;
    bool is_one = facet < VD_FACETS_END && VD_FACET_KIND(facet) == subject->kind;

    return subject->standing == VD_STANDING_UNKNOWN ||
           (is_one && (subject->unknown & VD_FACET_BIT(facet)) != 0);
}
