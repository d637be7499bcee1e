/*
 * DMARC: the verdict on the record set as a whole.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_dmarc.h"

#include "dns/records/dmarc.h"
#include "firmware/judge/slips.h"

#include <stdio.h>
#include <string.h>

/* Profiles for which an unusable record costs mail, whatever was there before. */
#define LOUD_PROFILES (VD_PROFILE_BULK | VD_PROFILE_ENFORCING | VD_PROFILE_PARKED)

static int8_t max(int8_t a, int8_t b)
{
    return a > b ? a : b;
}

bool vd_dmarc_is_compared(const struct vd_case *at, uint8_t facet)
{
    unsigned unknown = at->was->dmarc.unknown | at->now->dmarc.unknown;

    return at->was->dmarc.standing == VD_STANDING_OK && (unknown & VD_FACET_BIT(facet)) == 0;
}

bool vd_dmarc_is_new(const struct vd_case *at, uint8_t facet)
{
    return (at->now->dmarc.unknown & VD_FACET_BIT(facet)) == 0 && !vd_dmarc_is_compared(at, facet);
}

static bool is_self_enforcing(const struct vd_dmarc_facts *facts)
{
    return max(facts->legacy_self, facts->bis_self) > 0;
}

bool vd_dmarc_is_enforcing(const struct vd_dmarc_facts *facts)
{
    return is_self_enforcing(facts) ||
           max(max(facts->legacy_sub, facts->bis_sub), facts->bis_np) > 0;
}

int8_t vd_dmarc_strength(const struct vd_dmarc_facts *facts)
{
    return facts->legacy_self < facts->bis_self ? facts->legacy_self : facts->bis_self;
}

enum vd_severity vd_dmarc_broken_severity(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = vd_case_is_first(at) ? &at->now->dmarc : &at->was->dmarc;
    bool was_enforcing = was->standing == VD_STANDING_OK && vd_dmarc_strength(was) > 0;

    return was_enforcing || (at->watch->profiles & LOUD_PROFILES) != 0 ? VD_SEVERITY_ERROR
                                                                       : VD_SEVERITY_WARNING;
}

/* ---- words ------------------------------------------------------------------------------- */

const char *vd_dmarc_policy_words(const struct vd_dmarc_facts *facts, char out[VD_SUMMARY_MAX])
{
    char pct[12] = "";

    if (facts->pct < 100) {
        snprintf(pct, sizeof pct, "; pct=%u", (unsigned)facts->pct);
    }
    snprintf(out, VD_SUMMARY_MAX, "p=%s%s%s", vd_dmarc_level_str(facts->p), pct,
             facts->is_testing ? "; t=y" : "");
    return out;
}

const char *vd_dmarc_sub_words(const struct vd_dmarc_facts *facts, char out[VD_SUMMARY_MAX])
{
    int len = snprintf(out, VD_SUMMARY_MAX, "sp=%s", vd_dmarc_level_str(facts->sp));

    if (facts->sp != facts->np) {
        snprintf(out + len, VD_SUMMARY_MAX - (size_t)len, "; np=%s", vd_dmarc_level_str(facts->np));
    }
    return out;
}

static const char *rua_words(const struct vd_dmarc_facts *facts)
{
    static const char *const words[] = {[VD_RUA_NONE] = "no rua",
                                        [VD_RUA_DEAD] = "rua takes no mail",
                                        [VD_RUA_UNAUTHORISED] = "rua not authorised",
                                        [VD_RUA_SOME] = "rua set in part",
                                        [VD_RUA_OK] = "rua set"};

    if ((facts->unknown & VD_FACET_BIT(VD_FACET_DMARC_RUA)) != 0 || facts->rua > VD_RUA_OK) {
        return "rua not looked at";
    }
    return words[facts->rua];
}

const char *vd_dmarc_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX])
{
    const struct vd_dmarc_facts *dmarc = &facts->dmarc;
    char policy[VD_SUMMARY_MAX];
    char sub[VD_SUMMARY_MAX];
    char name[VD_SHORT_NAME_MAX];

    switch (dmarc->standing) {
    case VD_STANDING_UNKNOWN:
        snprintf(out, VD_SUMMARY_MAX, "unknown (%s)", vd_detail_str((enum vd_detail)dmarc->detail));
        return out;
    case VD_STANDING_ABSENT:
        return vd_absent_words(dmarc->detail, out);
    case VD_STANDING_BROKEN:
        snprintf(out, VD_SUMMARY_MAX, "unusable: %s", vd_facts_text(facts, dmarc->fault));
        return out;
    default:
        break;
    }
    bool has_sub = dmarc->sp != dmarc->p || dmarc->np != dmarc->p;
    bool is_above = dmarc->source != VD_SOURCE_OWN && dmarc->where.len > 0;
    snprintf(out, VD_SUMMARY_MAX, "%.40s%s%.40s%s%s, %s%s%s", vd_dmarc_policy_words(dmarc, policy),
             has_sub ? ", " : "", has_sub ? vd_dmarc_sub_words(dmarc, sub) : "",
             dmarc->is_strict_dkim ? ", adkim=s" : "", dmarc->is_strict_spf ? ", aspf=s" : "",
             rua_words(dmarc), is_above ? ", by " : "",
             is_above ? vd_short_name(vd_facts_text(facts, dmarc->where), name, sizeof name) : "");
    return out;
}

/* What strangers can do once the policy is gone. */
static const char *loss_words(const struct vd_dmarc_facts *was)
{
    return is_self_enforcing(was) ? ": anyone can send as you"
                                  : ": anyone can send as your subdomains";
}

/* ---- gone ---------------------------------------------------------------------------------- */

/* Something stands there, or elsewhere, that was meant as the record. */
static void tell_slip(const struct vd_case *at, struct vd_finding *finding)
{
    const struct vd_facts *now = at->now;
    const struct vd_dmarc_facts *dmarc = &now->dmarc;
    char name[VD_SHORT_NAME_MAX];

    if (dmarc->where.len > 0) {
        finding->new_text =
            vd_words_put(at->out, "absent; a record stands at %.200s: %s",
                         vd_facts_text(now, dmarc->where), vd_slip_str(dmarc->slip));
        finding->subject_line =
            vd_words_subject(at, "DMARC record is misplaced, at %s",
                             vd_short_name(vd_facts_text(now, dmarc->where), name, sizeof name));
    } else if (dmarc->text.len > 0) {
        finding->new_text =
            vd_words_put(at->out, "%.100s: %.160s", vd_facts_text(now, dmarc->fault),
                         vd_facts_text(now, dmarc->text));
    }
}

/* How bad it is that there is none: by what the last one did, or by what is asked for. */
static void weigh_loss(const struct vd_case *at, struct vd_finding *finding)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    bool was_there = was->standing == VD_STANDING_OK || was->standing == VD_STANDING_BROKEN;
    bool is_bulk = (at->watch->profiles & VD_PROFILE_BULK) != 0;

    if (was_there && vd_dmarc_is_enforcing(was)) {
        finding->sentence =
            is_self_enforcing(was)
                ? NULL
                : "Receivers no longer check whether mail from subdomains is genuine.";
        return;
    }
    if (is_bulk || !was_there) {
        vd_finding_set(finding, VD_CLASS_BROKEN, vd_dmarc_broken_severity(at));
        finding->axis = is_bulk ? VD_AXIS_DELIVERY : VD_AXIS_SPOOF | VD_AXIS_VISIBILITY;
        finding->sentence = is_bulk ? "Large receivers refuse bulk mail of a domain without DMARC."
                                    : "Receivers do not check whether mail from this domain is "
                                      "genuine, and send no reports.";
        return;
    }
    vd_finding_set(finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
    finding->axis = VD_AXIS_VISIBILITY;
    finding->sentence = "The policy stopped nothing, but receivers sent reports for it, and large "
                        "ones want one to be there.";
}

static void find_missing(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool was_there = was->standing == VD_STANDING_OK || was->standing == VD_STANDING_BROKEN;
    bool is_lost = was_there && vd_dmarc_is_enforcing(was);
    enum vd_code code = now->where.len > 0                ? VD_CODE_DMARC_MISPLACED
                        : now->text.len > 0 && !was_there ? VD_CODE_DMARC_BROKEN
                                                          : VD_CODE_DMARC_MISSING;
    struct vd_finding finding = vd_finding_of(at, code);
    char words[VD_SUMMARY_MAX];

    vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    finding.axis = VD_AXIS_SPOOF;
    weigh_loss(at, &finding);
    if (was_there) {
        finding.old_text = vd_words_put(at->out, "%s", vd_dmarc_summary(at->was, words));
    }
    tell_slip(at, &finding);
    if (finding.subject_line == 0) {
        finding.subject_line = vd_words_subject(
            at, "DMARC %s%s", code == VD_CODE_DMARC_BROKEN ? "record is not read" : "missing",
            is_lost ? loss_words(was) : "");
    }
    vd_finding_add(at, &finding);
}

static void find_pending(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_PENDING);

    finding.subject_line = vd_words_subject(at, "DMARC record not seen yet");
    vd_finding_add(at, &finding);
}

static void judge_absence(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    bool was_there = was->standing == VD_STANDING_OK || was->standing == VD_STANDING_BROKEN;
    bool is_needed = at->watch->needs_dmarc || at->watch->dmarc_floor > VD_DMARC_NONE;
    bool is_new = now->is_meant && (is_needed || !was->is_meant); /* somebody has typed something */

    if (was_there || is_new) {
        find_missing(at);
    } else if (is_needed) {
        if (vd_case_is_pending(at)) {
            find_pending(at);
        } else {
            find_missing(at);
        }
    } else if (vd_case_is_first(at)) {
        vd_case_hint(at, "no DMARC record");
    }
}

/* ---- unusable ------------------------------------------------------------------------------ */

static void find_broken(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_BROKEN);
    char words[VD_SUMMARY_MAX];
    bool is_lost = was->standing == VD_STANDING_OK && vd_dmarc_is_enforcing(was);
    bool is_double = vd_case_is_first(at) && now->records > 1;

    if (was->standing == VD_STANDING_BROKEN) {
        return; /* accepted, or told at first contact */
    }
    /* Two records are how a domain loses everything by accident: at first contact too. */
    if (!is_lost && !is_double) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, vd_dmarc_broken_severity(at));
    }
    if (was->standing != VD_STANDING_UNKNOWN) {
        finding.old_text = vd_words_put(at->out, "%s", vd_dmarc_summary(at->was, words));
    }
    finding.new_text =
        vd_words_put(at->out, "unusable: %.280s", vd_facts_text(at->now, now->fault));
    finding.subject_line =
        vd_words_subject(at, "DMARC broken%s%s", now->records > 1 ? ", two records" : "",
                         is_lost ? loss_words(was) : "");
    vd_finding_add(at, &finding);
}

/* ---- there --------------------------------------------------------------------------------- */

/* None that could be used, before. */
static void find_appeared(const struct vd_case *at)
{
    bool is_verified = at->was->dmarc.standing == VD_STANDING_ABSENT && vd_case_is_pending(at);
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_APPEARED);
    char words[VD_SUMMARY_MAX];

    if (!vd_dmarc_is_enforcing(&at->now->dmarc)) {
        finding.axis = VD_AXIS_VISIBILITY;
        finding.sentence = "A record is there now; it refuses nothing yet.";
    }
    finding.old_text = vd_words_put(at->out, "%s", vd_dmarc_summary(at->was, words));
    vd_dmarc_summary(at->now, words);
    finding.subject_line = vd_words_subject(at, "DMARC there now: %.50s", words);
    finding.is_silent = is_verified;
    vd_finding_add(at, &finding);
    if (is_verified) {
        finding = vd_finding_of(at, VD_CODE_DMARC_VERIFIED);
        finding.subject_line = vd_words_subject(at, "DMARC verified: %.50s", words);
        vd_finding_add(at, &finding);
    }
}

static void find_ambiguous(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DMARC_DUPLICATE_TAG);
    const char *fault = vd_facts_text(at->now, at->now->dmarc.fault);

    vd_finding_set(&finding, VD_CLASS_BROKEN, vd_dmarc_broken_severity(at));
    finding.new_text = vd_words_put(at->out, "%.200s", fault);
    finding.subject_line = vd_words_subject(at, "DMARC broken, %.60s", fault);
    vd_finding_add(at, &finding);
}

static void hint(const struct vd_case *at)
{
    const struct vd_dmarc_facts *now = &at->now->dmarc;

    if (now->p == VD_DMARC_NONE) {
        vd_case_hint(at, "DMARC p=none");
    } else if (now->is_testing) {
        vd_case_hint(at, "DMARC t=y");
    }
    if (now->psd == 'y') {
        vd_case_hint(at, "DMARC psd=y");
    }
}

/* Facet by facet: each has one finding at most.  Of what rose by one edit, the first is told. */
static void judge_facets(const struct vd_case *at)
{
    enum vd_trend policy = vd_dmarc_weigh_policy(at);
    enum vd_detached detached = vd_dmarc_weigh_psd(at);
    enum vd_trend sub = detached == VD_DETACHED_WEAKER
                            ? VD_TREND_DOWN
                            : vd_dmarc_weigh_subdomains(at, policy, detached == VD_DETACHED);
    bool is_told = policy == VD_TREND_UP || sub == VD_TREND_UP;

    is_told |= vd_dmarc_weigh_alignment(at, is_told) == VD_TREND_UP;
    enum vd_move move = vd_dmarc_weigh_source(at, policy, sub);
    vd_dmarc_weigh_rua(at, is_told, move);
    vd_dmarc_weigh_ruf(at, move);
    vd_dmarc_weigh_extras(at, move);
}

static void judge_presence(const struct vd_case *at)
{
    uint8_t was = at->was->dmarc.standing;
    bool was_ambiguous = was == VD_STANDING_OK && at->was->dmarc.is_ambiguous;

    if (at->now->dmarc.is_ambiguous && !was_ambiguous) {
        find_ambiguous(at);
    }
    if (was == VD_STANDING_ABSENT || was == VD_STANDING_BROKEN) {
        if (!at->now->dmarc.is_ambiguous) { /* else it would take the alert into the baseline */
            find_appeared(at);
        }
    } else if (was == VD_STANDING_UNKNOWN) {
        hint(at);
    }
    judge_facets(at);
}

void vd_judge_dmarc(const struct vd_case *at)
{
    switch (at->now->dmarc.standing) {
    case VD_STANDING_BROKEN:
        find_broken(at);
        break;
    case VD_STANDING_ABSENT:
        judge_absence(at);
        break;
    default:
        judge_presence(at);
        break;
    }
}
