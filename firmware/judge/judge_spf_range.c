/*
 * SPF: who may send.  Address space, own terms, others' records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_spf.h"
#include "firmware/judge/spf_terms.h"

#include <string.h>

/* ---- range ------------------------------------------------------------------------------------- */

static void find_pass_all(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_PASS_ALL);

    vd_spf_put_both(at, &finding);
    finding.new_text = vd_words_put(at->out, "%.80s", vd_facts_text(at->now, at->now->spf.fault));
    finding.subject_line = vd_words_subject(at, "SPF passes everybody: anyone can send as you");
    vd_finding_add(at, &finding);
}

static void put_sizes(const struct vd_case *at, struct vd_finding *finding)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    bool is_4 = was->n4 != now->n4 || was->n6 == now->n6;

    finding->old_text =
        is_4 ? vd_words_put(at->out, "%u IPv4 addresses pass", (unsigned)was->n4)
             : vd_words_put(at->out, "%u IPv6 networks (/64) pass", (unsigned)was->n6);
    finding->new_text =
        is_4 ? vd_words_put(at->out, "%u IPv4 addresses pass", (unsigned)now->n4)
             : vd_words_put(at->out, "%u IPv6 networks (/64) pass", (unsigned)now->n6);
}

/* The same addresses as before, in networks of other sizes: two halves for the whole, for one. */
static bool is_rewritten(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    struct vd_spf_difference difference = {.change = VD_SPF_CHANGE_NONE};

    if (now->n4 != was->n4 || now->n6 != was->n6 || now->known4 != was->known4 ||
        now->known6 != was->known6) {
        return false;
    }
    if (now->terms != was->terms) {
        vd_spf_compare_terms(at, &difference);
    }
    return difference.change == VD_SPF_CHANGE_NONE;
}

/* Wide networks, or many more addresses than before; true: told. */
static bool judge_width(const struct vd_case *at, const struct vd_spf_facts *was)
{
    static const char growth[] = "Many more servers than before pass SPF as this domain.";
    const struct vd_spf_facts *now = &at->now->spf;
    const struct vd_spf_widths widths = vd_spf_widths_of(at->watch);
    bool is_vast = now->vasts > was->vasts ||
                   (now->any4 < was->any4 && now->any4 <= widths.vast4) ||
                   (now->any6 < was->any6 && now->any6 <= widths.vast6);
    bool is_wide = now->wides > was->wides ||
                   (now->prefix4 < was->prefix4 && now->prefix4 <= widths.wide4) ||
                   (now->prefix6 < was->prefix6 && now->prefix6 <= widths.wide6);
    bool has_grown = vd_spf_has_grown(at->watch, was, now);
    const char *term = vd_facts_text(at->now, now->fault);
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_WIDE);
    char name[VD_SHORT_NAME_MAX];

    if ((!is_vast && !is_wide && !has_grown) || is_rewritten(at)) {
        return false;
    }
    if (!is_vast) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
    }
    if (is_vast || is_wide) {
        vd_spf_put_both(at, &finding);
        finding.new_text = vd_words_put(at->out, "%.80s", term);
        finding.subject_line = vd_words_subject(at, "SPF passes a vast network: %s",
                                                vd_short_name(term, name, sizeof name));
    } else {
        put_sizes(at, &finding);
        finding.sentence = growth;
        finding.subject_line = vd_words_subject(at, "SPF passes %u addresses more than before",
                                                (unsigned)(now->n4 - was->n4));
    }
    vd_finding_add(at, &finding);
    return true;
}

/* Other sizes than before; not said again where another facet says why. */
static void judge_sizes(const struct vd_case *at)
{
    static const char closed[] = "No longer does every server in the world pass: servers that are "
                                 "not listed may be refused now.";
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    bool is_explained =
        now->terms != was->terms || memcmp(now->includes, was->includes, sizeof now->includes) != 0;
    bool has_grown = now->n4 > was->n4 || now->n6 > was->n6;
    bool has_shrunk = now->n4 < was->n4 || now->n6 < was->n6 || now->known4 < was->known4 ||
                      now->known6 < was->known6;
    struct vd_finding finding =
        vd_finding_of(at, has_grown || !has_shrunk ? VD_CODE_SPF_GROWN : VD_CODE_SPF_SHRUNK);

    put_sizes(at, &finding);
    if (was->passes_all) {
        finding = vd_finding_of(at, VD_CODE_SPF_SHRUNK);
        vd_finding_set(&finding, VD_CLASS_STRENGTHENED, VD_SEVERITY_NOTICE);
        finding.sentence = closed;
        finding.is_silent = was->dflt == VD_SPF_PASS; /* the default says so */
        vd_spf_put_both(at, &finding);
    } else {
        finding.is_silent = is_explained || (!has_grown && !has_shrunk);
    }
    finding.subject_line = vd_words_subject(at, was->passes_all ? "SPF no longer passes everybody"
                                                : has_grown     ? "SPF: more addresses pass"
                                                                : "SPF: fewer addresses pass");
    vd_finding_add(at, &finding);
}

void vd_judge_spf_range(const struct vd_case *at)
{
    static const struct vd_spf_facts nothing = {.prefix4 = VD_SPF_PREFIX4_NONE,
                                                .any4 = VD_SPF_PREFIX4_NONE,
                                                .prefix6 = VD_SPF_PREFIX6_NONE,
                                                .any6 = VD_SPF_PREFIX6_NONE};

    if (!vd_spf_is_known(at, VD_FACET_SPF_RANGE)) {
        return;
    }
    bool is_comparable = vd_spf_is_comparable(at, VD_FACET_SPF_RANGE);
    if (at->now->spf.passes_all) {
        if (!is_comparable || !at->was->spf.passes_all) {
            find_pass_all(at);
        }
    } else if (is_comparable) {
        if (vd_facet_content(at->now, VD_FACET_SPF_RANGE, VD_SUBJECT_SPF, 0) !=
                vd_facet_content(at->was, VD_FACET_SPF_RANGE, VD_SUBJECT_SPF, 0) &&
            !judge_width(at, &at->was->spf)) {
            judge_sizes(at);
        }
    } else if (at->was->spf.standing == VD_STANDING_ABSENT ||
               at->was->spf.standing == VD_STANDING_BROKEN) {
        (void)judge_width(at, &nothing); /* nobody passed before */
    }
}

/* ---- terms ------------------------------------------------------------------------------------- */

void vd_judge_spf_terms(const struct vd_case *at)
{
    struct vd_spf_difference difference;
    char name[VD_SHORT_NAME_MAX];

    if (!vd_spf_is_comparable(at, VD_FACET_SPF_TERMS) || at->now->spf.terms == at->was->spf.terms) {
        return;
    }
    vd_spf_compare_terms(at, &difference);
    bool is_lost = difference.change == VD_SPF_CHANGE_REMOVED;
    if (is_lost && vd_spf_new_failures(at) != 0) {
        return; /* a server of ours no longer passes: that is told, and is worse */
    }
    struct vd_finding finding =
        vd_finding_of(at, is_lost ? VD_CODE_SPF_TERM_LOST : VD_CODE_SPF_TERM_ADDED);
    finding.is_silent = difference.change == VD_SPF_CHANGE_NONE;
    finding.old_text = vd_words_put(
        at->out, "%s", difference.removed[0] != '\0' ? difference.removed : "not there");
    finding.new_text = vd_words_put(at->out, "%s",
                                    difference.added[0] != '\0' ? difference.added
                                    : is_lost                   ? "not there, or behind all"
                                                                : "written in another way");
    finding.subject_line =
        is_lost ? vd_words_subject(at, "SPF no longer has %s",
                                   vd_short_name(difference.removed, name, sizeof name))
        : difference.added[0] != '\0'
            ? vd_words_subject(at, "SPF has other terms: %s",
                               vd_short_name(difference.added, name, sizeof name))
            : vd_words_subject(at, "SPF has its terms written in another way");
    vd_finding_add(at, &finding);
}

/* ---- include ----------------------------------------------------------------------------------- */

void vd_judge_spf_includes(const struct vd_case *at)
{
    /* By enum vd_spf_change. */
    static const struct {
        uint8_t code;
        const char *format; /* of the subject line */
    } rows[] = {
        [VD_SPF_CHANGE_RETIRED] = {VD_CODE_SPF_INCLUDE_RETIRED, "SPF no longer trusts %s"},
        [VD_SPF_CHANGE_KNOWN] = {VD_CODE_SPF_INCLUDE_KNOWN, "SPF lets a known service in: %s"},
        [VD_SPF_CHANGE_DYNAMIC] = {VD_CODE_SPF_DYNAMIC, "SPF hangs on the mail in hand: %s"},
        [VD_SPF_CHANGE_REDIRECT] = {VD_CODE_SPF_REDIRECT, "SPF is decided elsewhere: %s"},
        [VD_SPF_CHANGE_REMOVED] = {VD_CODE_SPF_INCLUDE_REMOVED, "SPF no longer has %s"},
        [VD_SPF_CHANGE_ADDED] = {VD_CODE_SPF_INCLUDE_ADDED, "SPF lets another domain in: %s"},
        [VD_SPF_CHANGE_LOST] = {VD_CODE_SPF_INCLUDE_LOST, "SPF lost a service in use: %s"},
    };
    struct vd_spf_difference difference;
    char name[VD_SHORT_NAME_MAX];

    if (!vd_spf_is_comparable(at, VD_FACET_SPF_INCLUDE)) {
        return;
    }
    vd_spf_compare_parties(at, &difference);
    if (difference.change == VD_SPF_CHANGE_NONE) {
        return;
    }
    struct vd_finding finding = vd_finding_of(at, (enum vd_code)rows[difference.change].code);
    if (difference.change == VD_SPF_CHANGE_LOST) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, vd_spf_broken_severity(at));
    }
    finding.old_text = vd_words_put(
        at->out, "%s", difference.removed[0] != '\0' ? difference.removed : "not there");
    finding.new_text =
        vd_words_put(at->out, "%s",
                     difference.added[0] != '\0'     ? difference.added
                     : difference.removed[0] != '\0' ? "not there, or behind all"
                                                     : "other macros in an included record");
    finding.subject_line = vd_words_subject(
        at, rows[difference.change].format,
        vd_short_name(difference.worst[0] != '\0' ? difference.worst : "an included record", name,
                      sizeof name));
    vd_finding_add(at, &finding);
}

void vd_judge_spf_ptr(const struct vd_case *at)
{
    bool is_added = at->now->spf.has_ptr && !at->was->spf.has_ptr;

    if (!vd_spf_is_comparable(at, VD_FACET_SPF_PTR) ||
        at->now->spf.has_ptr == at->was->spf.has_ptr) {
        return;
    }
    struct vd_finding finding =
        vd_finding_of(at, is_added ? VD_CODE_SPF_PTR_ADDED : VD_CODE_SPF_PTR_REMOVED);
    finding.old_text = vd_words_put(at->out, is_added ? "no ptr" : "ptr");
    finding.new_text = vd_words_put(at->out, is_added ? "ptr" : "no ptr");
    finding.subject_line =
        vd_words_subject(at, is_added ? "SPF weakened by ptr" : "SPF: ptr is gone");
    vd_finding_add(at, &finding);
}
