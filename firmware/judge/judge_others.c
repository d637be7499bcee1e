/*
 * MAIL FROM, MTA-STS, TLS-RPT and BIMI: verdicts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_others.h"

#include "firmware/judge/slips.h"

#include <stdio.h>
#include <string.h>

void vd_other_add(const struct vd_case *at, struct vd_finding *finding, const char *subject)
{
    uint8_t kind = at->out->subjects[at->subject].kind;
    char words[VD_SUMMARY_MAX];

    if (finding->old_text == 0 && !vd_case_is_first(at)) {
        finding->old_text = vd_words_put(at->out, "%s", vd_other_summary(at->was, kind, words));
    }
    finding->subject_line = vd_words_subject(at, "%s", subject);
    vd_finding_add(at, finding);
}

void vd_other_tell(const struct vd_case *at, enum vd_code code, const char *subject)
{
    struct vd_finding finding = vd_finding_of(at, code);

    vd_other_add(at, &finding, subject);
}

/* ---- MTA-STS, TLS-RPT, BIMI ----------------------------------------------------------------- */

static const struct text_kind {
    const char *name;
    uint8_t missing, changed, appeared; /* enum vd_code */
} text_kinds[VD_SUBJECT_KINDS] = {
    [VD_SUBJECT_MTA_STS] = {"MTA-STS", VD_CODE_MTA_STS_MISSING, VD_CODE_MTA_STS_CHANGED,
                            VD_CODE_MTA_STS_APPEARED},
    [VD_SUBJECT_TLS_RPT] = {"TLS-RPT", VD_CODE_TLS_RPT_MISSING, VD_CODE_TLS_RPT_CHANGED,
                            VD_CODE_TLS_RPT_APPEARED},
    [VD_SUBJECT_BIMI] = {"BIMI", VD_CODE_BIMI_MISSING, VD_CODE_BIMI_CHANGED, VD_CODE_BIMI_APPEARED},
};

static const struct vd_text_facts *text_facts(const struct vd_facts *facts, uint8_t kind)
{
    return kind == VD_SUBJECT_MTA_STS   ? &facts->mta_sts
           : kind == VD_SUBJECT_TLS_RPT ? &facts->tls_rpt
                                        : &facts->bimi;
}

static bool is_in_force(const struct vd_text_facts *facts)
{
    return facts->standing == VD_STANDING_OK && !facts->is_refusal;
}

static void find_text_lost(const struct vd_case *at, uint8_t kind)
{
    const struct vd_text_facts *now = text_facts(at->now, kind);
    const struct text_kind *row = &text_kinds[kind];
    struct vd_finding finding = vd_finding_of(at, (enum vd_code)row->missing);
    const char *fault = vd_facts_text(at->now, now->fault);
    char words[VD_SUMMARY_MAX];

    if (now->standing == VD_STANDING_BROKEN) {
        snprintf(words, sizeof words, "%s broken: %.60s", row->name, fault);
    } else if (now->is_refusal) {
        snprintf(words, sizeof words, "%s record refuses: no logo is named", row->name);
    } else {
        snprintf(words, sizeof words, "%s record is missing", row->name);
    }
    if (now->standing == VD_STANDING_ABSENT && now->slip != VD_SLIP_NONE) {
        finding.new_text = vd_words_put(at->out, "absent: %s%s%s", vd_slip_str(now->slip),
                                        fault[0] == '\0' ? "" : ", at ", fault);
    }
    vd_other_add(at, &finding, words);
}

/* Another operator than before reads the reports. */
static void find_text_changed(const struct vd_case *at, uint8_t kind)
{
    const struct text_kind *row = &text_kinds[kind];
    struct vd_finding finding = vd_finding_of(at, (enum vd_code)row->changed);
    char words[VD_SUMMARY_MAX];

    if (kind == VD_SUBJECT_TLS_RPT &&
        text_facts(at->now, kind)->hosts != text_facts(at->was, kind)->hosts) {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    }
    snprintf(words, sizeof words, "%s changed: %s", row->name,
             kind == VD_SUBJECT_MTA_STS   ? "id=, senders fetch the policy again"
             : kind == VD_SUBJECT_TLS_RPT ? "reports go elsewhere"
                                          : "another logo or certificate");
    vd_other_add(at, &finding, words);
}

/* Where no mail arrives, or none is sent, these have nothing to protect. */
static bool is_of_use(const struct vd_case *at, uint8_t kind)
{
    const struct vd_mx_facts *mx = &at->now->mx;

    return kind == VD_SUBJECT_BIMI
               ? !at->watch->needs_null_mx
               : mx->standing == VD_STANDING_OK && !mx->is_null && !at->watch->needs_null_mx;
}

static void judge_text(const struct vd_case *at, uint8_t kind)
{
    const struct vd_text_facts *was = text_facts(at->was, kind);
    const struct vd_text_facts *now = text_facts(at->now, kind);
    const struct text_kind *row = &text_kinds[kind];
    char words[VD_SUMMARY_MAX];

    if (vd_case_is_first(at)) {
        if (!is_in_force(now) && !now->is_refusal && is_of_use(at, kind)) {
            bool is_there = now->standing == VD_STANDING_BROKEN;
            snprintf(words, sizeof words, "%s%s%s", is_there ? "" : "no ", row->name,
                     is_there ? " is broken" : "");
            vd_case_hint(at, words);
        }
    } else if (is_in_force(was) && !is_in_force(now)) {
        find_text_lost(at, kind);
    } else if (!is_in_force(was) && is_in_force(now)) {
        snprintf(words, sizeof words, "%s appeared", row->name);
        vd_other_tell(at, (enum vd_code)row->appeared, words);
    } else if (is_in_force(now) && now->id != was->id) {
        find_text_changed(at, kind);
    }
}

/* ---- MAIL FROM ------------------------------------------------------------------------------ */

static bool is_mx_known(const struct vd_mail_from_facts *facts)
{
    return (facts->unknown & VD_FACET_BIT(VD_FACET_MAIL_FROM_MX)) == 0;
}

static bool is_spf_bad(const struct vd_mail_from_facts *facts)
{
    return facts->standing != VD_STANDING_OK;
}

static bool is_mx_bad(const struct vd_mail_from_facts *facts)
{
    return is_mx_known(facts) && facts->mx_standing != VD_STANDING_OK;
}

/* Costs more where DMARC enforces: the envelope's SPF is one of two ways to pass. */
static struct vd_finding broken_of(const struct vd_case *at, enum vd_code code)
{
    struct vd_finding finding = vd_finding_of(at, code);

    if (vd_case_is_enforcing(at)) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_ERROR);
    }
    return finding;
}

static void find_mail_from_spf(const struct vd_case *at)
{
    const struct vd_mail_from_facts *now = &at->now->mail_from;
    struct vd_finding finding = broken_of(at, VD_CODE_MAIL_FROM_SPF);
    const char *fault = vd_facts_text(at->now, now->fault);

    if (now->slip != VD_SLIP_NONE) {
        finding.new_text = vd_words_put(
            at->out, "%s: %s%s%s", now->standing == VD_STANDING_ABSENT ? "absent" : "broken",
            vd_slip_str(now->slip), fault[0] == '\0' ? "" : ", ", fault);
    }
    vd_other_add(at, &finding,
                 now->standing == VD_STANDING_ABSENT ? "MAIL FROM subdomain has no SPF record"
                 : now->standing == VD_STANDING_BROKEN
                     ? "MAIL FROM subdomain's SPF is broken"
                     : "MAIL FROM subdomain's SPF lets its service in no more");
}

/* Its MX is the service's as before, but mail from there no longer passes. */
static bool is_shut_out(const struct vd_case *at)
{
    const struct vd_mail_from_facts *was = &at->was->mail_from;
    const struct vd_mail_from_facts *now = &at->now->mail_from;

    return !vd_case_is_first(at) && was->has_service && !now->has_service && !now->passes_all &&
           !is_spf_bad(now) && is_mx_known(was) && is_mx_known(now) && was->mx_set == now->mx_set;
}

static void find_mail_from_mx(const struct vd_case *at)
{
    const struct vd_mail_from_facts *now = &at->now->mail_from;
    struct vd_finding finding = broken_of(at, VD_CODE_MAIL_FROM_MX);
    bool is_slip = now->slip != VD_SLIP_NONE && !is_spf_bad(now);

    finding.rtype = VD_TYPE_MX;
    if (now->mx_standing == VD_STANDING_BROKEN) {
        finding.new_text =
            vd_words_put(at->out, "MX %s: %s", vd_facts_text(at->now, now->mx_text),
                         is_slip ? vd_slip_str(now->slip) : "not a host of the mail service");
    }
    vd_other_add(at, &finding,
                 now->mx_standing == VD_STANDING_ABSENT
                     ? "MAIL FROM subdomain has no MX: bounces are lost"
                     : "MAIL FROM subdomain's MX is not the mail service's");
}

/* Nothing is bad, as far as it is known. */
static void judge_mail_from_good(const struct vd_case *at)
{
    const struct vd_mail_from_facts *was = &at->was->mail_from;
    const struct vd_mail_from_facts *now = &at->now->mail_from;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_MAIL_FROM_CHANGED);
    bool was_bad = is_spf_bad(was) || is_mx_bad(was) || was->passes_all;

    if (!is_mx_known(now) && (vd_case_is_pending(at) || was_bad)) {
        return; /* not complete yet, for all that is known */
    }
    if (vd_case_is_pending(at)) {
        vd_other_tell(at, VD_CODE_MAIL_FROM_VERIFIED, "MAIL FROM subdomain is set up");
    } else if (!vd_case_is_first(at) && was_bad) {
        vd_finding_set(&finding, VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO);
        vd_other_add(at, &finding, "MAIL FROM subdomain is complete now");
    } else if (!vd_case_is_first(at) &&
               (was->spf_set != now->spf_set ||
                (is_mx_known(was) && is_mx_known(now) && was->mx_set != now->mx_set))) {
        vd_other_add(at, &finding, "MAIL FROM subdomain changed");
    }
}

/* It is expected: what is bad about it is a finding whatever the baseline, for that may have been
   taken while the records were on their way. */
static void judge_mail_from(const struct vd_case *at)
{
    const struct vd_mail_from_facts *was = &at->was->mail_from;
    const struct vd_mail_from_facts *now = &at->now->mail_from;
    bool was_good = !vd_case_is_first(at) && !is_spf_bad(was) && !is_mx_bad(was);
    bool is_open = now->passes_all && (vd_case_is_first(at) || !was->passes_all);
    bool is_bad = is_spf_bad(now) || is_shut_out(at);

    if (is_open) {
        vd_other_tell(at, VD_CODE_MAIL_FROM_PASS_ALL,
                      "anybody passes SPF at the MAIL FROM subdomain");
    } else if (!is_bad && !is_mx_bad(now)) {
        judge_mail_from_good(at);
        return;
    }
    if (!is_open && vd_case_is_pending(at) && !was_good && now->slip == VD_SLIP_NONE) {
        vd_other_tell(at, VD_CODE_MAIL_FROM_PENDING, "MAIL FROM subdomain is not there yet");
        return;
    }
    if (is_bad) {
        find_mail_from_spf(at);
    }
    if (is_mx_bad(now)) {
        find_mail_from_mx(at);
    }
}

/* ---- verdicts ------------------------------------------------------------------------------- */

void vd_judge_other(const struct vd_case *at, uint8_t kind)
{
    switch (kind) {
    case VD_SUBJECT_MAIL_FROM:
        judge_mail_from(at);
        break;
    case VD_SUBJECT_NS:
        vd_judge_ns(at);
        break;
    case VD_SUBJECT_DS:
        vd_judge_ds(at);
        break;
    default:
        judge_text(at, kind);
        break;
    }
}

static bool is_enforcing(const struct vd_dmarc_facts *dmarc)
{
    return dmarc->standing == VD_STANDING_OK && (dmarc->legacy_self > 0 || dmarc->bis_self > 0);
}

/* At first contact: what a profile asks for and nobody looks at, and what Gmail and Yahoo advise
   those who send much. */
static void hint_at_profile(const struct vd_case *at)
{
    const struct vd_dmarc_facts *dmarc = &at->now->dmarc;

    if (at->watch->needs_dkim && at->watch->selectors_count == 0) {
        vd_case_hint(at, "no DKIM selector is watched");
    }
    if ((at->watch->profiles & VD_PROFILE_BULK) == 0) {
        return;
    }
    if (at->now->mx.standing == VD_STANDING_ABSENT && !at->watch->needs_mx) {
        vd_case_hint(at, "no MX");
    }
    if (dmarc->standing == VD_STANDING_OK && dmarc->rua == VD_RUA_NONE &&
        (dmarc->unknown & VD_FACET_BIT(VD_FACET_DMARC_RUA)) == 0) {
        vd_case_hint(at, "no DMARC reports (rua)");
    }
}

void vd_judge_providers(const struct vd_case *at)
{
    const struct vd_provider *provider;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_PROVIDER_UNSIGNED);
    char words[VD_SUMMARY_MAX];

    if (vd_case_is_first(at)) {
        hint_at_profile(at);
    }
    if (!is_enforcing(&at->now->dmarc)) {
        return; /* while it does, it is found at each look, and told once */
    }
    for (size_t i = 0; (provider = vd_provider_at(at->watch, i)) != NULL; i++) {
        if (provider->is_unsigned && vd_provider_is_configured(at->watch, provider)) {
            snprintf(words, sizeof words, "%.40s cannot sign, and DMARC enforces", provider->title);
            finding.subject_line = vd_words_subject(at, "%s", words);
            finding.new_text =
                vd_words_put(at->out,
                             "%s supports neither SPF nor DKIM, and the policy refuses "
                             "mail without them",
                             provider->title);
            finding.mend =
                vd_words_put(at->out, "send this mail through a service that signs, instead of %s",
                             provider->title);
            vd_finding_add(at, &finding);
            return;
        }
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static const char *text_summary(const struct vd_facts *facts, uint8_t kind,
                                char out[VD_SUMMARY_MAX])
{
    const struct vd_text_facts *text = text_facts(facts, kind);

    if (text->standing == VD_STANDING_ABSENT) {
        return vd_absent_words(text->detail, out);
    }
    if (text->standing == VD_STANDING_BROKEN) {
        snprintf(out, VD_SUMMARY_MAX, "broken (%.60s): %.100s", vd_facts_text(facts, text->fault),
                 vd_facts_text(facts, text->text));
    } else {
        snprintf(out, VD_SUMMARY_MAX, "%.180s", vd_facts_text(facts, text->text));
    }
    return out;
}

static const char *mail_from_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX])
{
    const struct vd_mail_from_facts *set = &facts->mail_from;
    const char *text = vd_facts_text(facts, set->text);
    const char *mx = vd_facts_text(facts, set->mx_text);

    snprintf(out, VD_SUMMARY_MAX, "SPF %.90s%s, MX %.60s",
             set->standing == VD_STANDING_ABSENT ? "absent" : text,
             set->standing == VD_STANDING_BROKEN ? " (broken)" : "",
             !is_mx_known(set)                        ? "unknown"
             : set->mx_standing == VD_STANDING_ABSENT ? "absent"
                                                      : mx);
    return out;
}

const char *vd_other_summary(const struct vd_facts *facts, uint8_t kind, char out[VD_SUMMARY_MAX])
{
    if (vd_facts_standing(facts, kind, 0) == VD_STANDING_UNKNOWN) {
        snprintf(out, VD_SUMMARY_MAX, "unknown (%s)",
                 vd_detail_str((enum vd_detail)vd_facts_detail(facts, kind, 0)));
        return out;
    }
    switch (kind) {
    case VD_SUBJECT_MAIL_FROM:
        return mail_from_summary(facts, out);
    case VD_SUBJECT_NS:
        return vd_ns_summary(facts, out);
    case VD_SUBJECT_DS:
        return vd_ds_summary(facts, out);
    default:
        return text_summary(facts, kind, out);
    }
}
