/*
 * SPF: the verdict.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_words.h"

#include <stdio.h>

/* From here on the next provider's edit may break the record. */
#define LOOKUPS_TIGHT 9u

static const char *default_str(uint8_t dflt)
{
    static const char *const words[] = {
        [VD_SPF_PASS] = "+all",
        [VD_SPF_NEUTRAL] = "?all",
        [VD_SPF_SOFTFAIL] = "~all",
        [VD_SPF_FAIL] = "-all",
    };

    return words[dflt <= VD_SPF_FAIL ? dflt : (uint8_t)VD_SPF_NEUTRAL];
}

const char *vd_spf_summary(const struct vd_facts *facts, char out[VD_SUMMARY_MAX])
{
    const struct vd_spf_facts *spf = &facts->spf;

    switch (spf->standing) {
    case VD_STANDING_UNKNOWN:
        snprintf(out, VD_SUMMARY_MAX, "unknown (%s)%s%.120s",
                 vd_detail_str((enum vd_detail)spf->detail), spf->path.len > 0 ? ": " : "",
                 vd_facts_text(facts, spf->path));
        break;
    case VD_STANDING_ABSENT:
        return vd_absent_words(spf->detail, out);
    case VD_STANDING_BROKEN:
        snprintf(out, VD_SUMMARY_MAX, "permerror: %.180s", vd_facts_text(facts, spf->fault));
        break;
    default:
        snprintf(out, VD_SUMMARY_MAX, "%s, %u of 10 lookups", default_str(spf->dflt),
                 (unsigned)spf->lookups);
        break;
    }
    return out;
}

static uint16_t put_summary(const struct vd_case *at, const struct vd_facts *facts)
{
    char words[VD_SUMMARY_MAX];

    return vd_words_put(at->out, "%s", vd_spf_summary(facts, words));
}

/* Old and new as short descriptions; nothing old at first contact. */
static void put_both(const struct vd_case *at, struct vd_finding *finding)
{
    if (at->was->spf.standing != VD_STANDING_UNKNOWN) {
        finding->old_text = put_summary(at, at->was);
    }
    finding->new_text = put_summary(at, at->now);
}

static void find_missing(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_MISSING);
    bool is_protecting = was->standing == VD_STANDING_OK && was->dflt >= VD_SPF_SOFTFAIL;

    if (!is_protecting || at->watch->selectors_count > 0) { /* DKIM is left to authenticate */
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
    }
    put_both(at, &finding);
    finding.subject_line = vd_words_subject(at, "SPF missing: no server is authorised to send");
    vd_finding_add(at, &finding);
}

static void find_broken(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_BROKEN);

    if (vd_case_is_enforcing(at)) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_ERROR);
    }
    put_both(at, &finding);
    finding.path = vd_words_put(at->out, "%s", vd_facts_text(at->now, at->now->spf.path));
    finding.subject_line =
        vd_words_subject(at, "SPF broken: %.60s", vd_facts_text(at->now, at->now->spf.fault));
    vd_finding_add(at, &finding);
}

static void find_pass_all(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_PASS_ALL);

    if (at->was->spf.standing != VD_STANDING_UNKNOWN) {
        finding.old_text = put_summary(at, at->was);
    }
    finding.new_text = vd_words_put(at->out, "%.80s", vd_facts_text(at->now, at->now->spf.fault));
    finding.path = vd_words_put(at->out, "%s", vd_facts_text(at->now, at->now->spf.path));
    finding.subject_line = vd_words_subject(at, "SPF passes everybody: anyone can send as you");
    vd_finding_add(at, &finding);
}

static void find_default_weaker(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_DEFAULT_WEAKENED);

    /* Under DMARC -all and ~all both mean "no pass". */
    if (now->dflt == VD_SPF_SOFTFAIL && vd_case_is_enforcing(at)) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE);
    }
    finding.old_text = vd_words_put(at->out, "%s", default_str(was->dflt));
    finding.new_text = vd_words_put(at->out, "%s", default_str(now->dflt));
    finding.subject_line = vd_words_subject(at, "SPF weakened, %s " VD_ARROW " %s",
                                            default_str(was->dflt), default_str(now->dflt));
    vd_finding_add(at, &finding);
}

static void find_stricter(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_STRENGTHENED);

    put_both(at, &finding);
    finding.subject_line =
        vd_words_subject(at, "SPF strengthened: %s", default_str(at->now->spf.dflt));
    vd_finding_add(at, &finding);
}

static void find_changed(const struct vd_case *at, bool is_notable, const char *what)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_CHANGED);

    if (is_notable) {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    }
    finding.old_text = vd_words_put(at->out, "%.300s", vd_facts_text(at->was, at->was->spf.text));
    finding.new_text = vd_words_put(at->out, "%.300s", vd_facts_text(at->now, at->now->spf.text));
    finding.subject_line = vd_words_subject(at, "SPF changed: %s", what);
    vd_finding_add(at, &finding);
}

/* Close to the limit, and it was not before. */
static void find_tight(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_CHANGED);

    vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    finding.axis = VD_AXIS_DELIVERY;
    finding.why = vd_words_put(at->out, "Over ten lookups SPF is a permanent error, and one "
                                        "provider's edit away from it.");
    put_both(at, &finding);
    finding.subject_line =
        vd_words_subject(at, "SPF needs %u of 10 lookups", (unsigned)at->now->spf.lookups);
    vd_finding_add(at, &finding);
}

static void compare(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;

    if (now->dflt < was->dflt) {
        find_default_weaker(at);
    } else if (now->dflt > was->dflt) {
        find_stricter(at);
    } else if (now->includes != was->includes) {
        find_changed(at, true, "other includes");
    } else if (now->lookups >= LOOKUPS_TIGHT && was->lookups < LOOKUPS_TIGHT) {
        find_tight(at);
    } else if (now->terms != was->terms) {
        find_changed(at, false, "other terms");
    }
}

void vd_judge_spf(const struct vd_case *at)
{
    uint8_t was = at->was->spf.standing;

    switch (at->now->spf.standing) {
    case VD_STANDING_BROKEN:
        find_broken(at); /* at first contact too */
        break;
    case VD_STANDING_ABSENT:
        if (was == VD_STANDING_OK || was == VD_STANDING_BROKEN) {
            find_missing(at);
        }
        break;
    default:
        if (at->now->spf.passes_all) {
            find_pass_all(at);
        } else if (was == VD_STANDING_OK) {
            compare(at);
        } else if (was != VD_STANDING_UNKNOWN) {
            find_stricter(at);
        }
        break;
    }
}
