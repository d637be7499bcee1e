/*
 * SPF: the verdict.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/span.h"

#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

/* RFC 7208, section 4.6.4; and from where on the next provider's edit may break the record. */
#define LOOKUPS_MAX   10u
#define LOOKUPS_TIGHT 9u

/* Networks at least this wide pass strangers without end; those of the second row, many. */
#define PREFIX4_CRITICAL 8u
#define PREFIX6_CRITICAL 16u
#define PREFIX4_WIDE     16u
#define PREFIX6_WIDE     32u

static const char *default_str(const struct vd_spf_facts *spf)
{
    static const char *const words[] = {
        [VD_SPF_PASS] = "+all",
        [VD_SPF_NEUTRAL] = "?all",
        [VD_SPF_SOFTFAIL] = "~all",
        [VD_SPF_FAIL] = "-all",
    };

    return spf->is_open ? "redirect= by the mail"
                        : words[spf->dflt <= VD_SPF_FAIL ? spf->dflt : (uint8_t)VD_SPF_NEUTRAL];
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
        snprintf(out, VD_SUMMARY_MAX, "%s, %u of 10 lookups", default_str(spf),
                 (unsigned)spf->lookups);
        break;
    }
    return out;
}

/* Old and new as short descriptions; nothing old at first contact. */
static void put_both(const struct vd_case *at, struct vd_finding *finding)
{
    char words[VD_SUMMARY_MAX];

    if (at->was->spf.standing != VD_STANDING_UNKNOWN) {
        finding->old_text = vd_words_put(at->out, "%s", vd_spf_summary(at->was, words));
    }
    finding->new_text = at->out->subjects[at->subject].summary;
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
    if (at->now->spf.lookups > LOOKUPS_MAX) {
        finding.reason = VD_REASON_SPF_LATE;
    }
    put_both(at, &finding);
    finding.subject_line =
        vd_words_subject(at, "SPF broken: %.60s", vd_facts_text(at->now, at->now->spf.fault));
    vd_finding_add(at, &finding);
}

/* Everybody passes, or (WIDE) a large part. */
static void find_open(const struct vd_case *at, enum vd_code code, bool is_minor)
{
    const char *term = vd_facts_text(at->now, at->now->spf.fault);
    struct vd_finding finding = vd_finding_of(at, code);
    char name[VD_SHORT_NAME_MAX];

    if (is_minor) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
    }
    put_both(at, &finding);
    finding.new_text = vd_words_put(at->out, "%.80s", term);
    finding.subject_line =
        code == VD_CODE_SPF_PASS_ALL
            ? vd_words_subject(at, "SPF passes everybody: anyone can send as you")
            : vd_words_subject(at, "SPF passes a vast network: %s",
                               vd_short_name(term, name, sizeof name));
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
    finding.old_text = vd_words_put(at->out, "%s", default_str(was));
    finding.new_text = vd_words_put(at->out, "%s", default_str(now));
    finding.subject_line = vd_words_subject(at, "SPF weakened, %s " VD_ARROW " %s",
                                            default_str(was), default_str(now));
    vd_finding_add(at, &finding);
}

static void find_stricter(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_STRENGTHENED);

    if (at->now->spf.dflt <= VD_SPF_NEUTRAL) {
        finding.reason = VD_REASON_APPEARED;
        finding.axis = 0;
    }
    put_both(at, &finding);
    finding.subject_line = vd_words_subject(at, "SPF strengthened: %s", default_str(&at->now->spf));
    vd_finding_add(at, &finding);
}

static void find_changed(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_CHANGED);

    finding.old_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->was, at->was->spf.text));
    finding.new_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->now, at->now->spf.text));
    finding.subject_line = vd_words_subject(at, "SPF changed: other terms");
    vd_finding_add(at, &finding);
}

/* Close to the limit, and it was not before. */
static void find_tight(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_CHANGED);

    vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
    finding.axis = VD_AXIS_DELIVERY;
    finding.reason = VD_REASON_SPF_TIGHT;
    put_both(at, &finding);
    finding.subject_line =
        vd_words_subject(at, "SPF needs %u of 10 lookups", (unsigned)at->now->spf.lookups);
    vd_finding_add(at, &finding);
}

/* ---- senders: include:, exists:, ptr, redirect= -------------------------------------------- */

static bool has_sender(const struct vd_spf_facts *spf, uint32_t sender)
{
    for (size_t i = 0; i < VD_SPF_SENDERS_MAX; i++) {
        if (spf->senders[i] == sender) {
            return true;
        }
    }
    return false;
}

/* The term of a record with this hash; empty when the text does not show it. */
static struct vd_span find_term(struct vd_span record, uint32_t hash)
{
    struct vd_span term;

    while (vd_span_next(&record, ' ', &term)) {
        if (vd_spf_term_hash(term) == hash) {
            return term;
        }
    }
    return (struct vd_span){NULL, 0};
}

/* Our record as it is now: the kept text may be cut. */
static struct vd_span find_record(const struct vd_case *at)
{
    static const char version[] = "v=spf1";
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, at->watch->domain, VD_TYPE_TXT);
    const struct vd_record *record;

    for (size_t i = 0; answer != NULL &&
                       (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span span = vd_snapshot_span(at->snapshot, record);
        size_t len = vd_span_to(span, ' ');
        if (vd_span_is_word((struct vd_span){span.bytes, len}, version)) {
            return span;
        }
    }
    return (struct vd_span){NULL, 0};
}

/* Of the senders in `of` that `other` does not have: those that are ptr, or those that are not. */
static unsigned list_senders(const struct vd_spf_facts *of, const struct vd_spf_facts *other,
                             struct vd_span record, bool is_ptr, char out[VD_SUMMARY_MAX])
{
    struct vd_text_writer w;
    unsigned count = 0;

    vd_text_start(&w, out, VD_SUMMARY_MAX);
    for (size_t i = 0; i < VD_SPF_SENDERS_MAX && of->senders[i] != 0; i++) {
        struct vd_span term = find_term(record, of->senders[i]);
        struct vd_span word = {term.bytes, term.len < 3 ? term.len : 3};
        if (has_sender(other, of->senders[i]) || vd_span_is_word(word, "ptr") != is_ptr) {
            continue;
        }
        vd_text_put(&w, count++ > 0 ? ", " : "");
        vd_text_put(&w, term.len == 0 ? "a term not kept" : "");
        vd_text_put_span(&w, (const char *)term.bytes, term.len);
    }
    return count;
}

static void find_senders(const struct vd_case *at, enum vd_code code, const char *format,
                         const char *terms)
{
    struct vd_finding finding = vd_finding_of(at, code);
    char name[VD_SHORT_NAME_MAX];
    bool is_gone = code == VD_CODE_SPF_INCLUDE_REMOVED;

    if (code == VD_CODE_SPF_INCLUDE_ADDED && at->now->spf.is_open && !at->was->spf.is_open) {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
        finding.reason = VD_REASON_SPF_OPEN;
    }
    finding.old_text = vd_words_put(at->out, "%s", is_gone ? terms : "not there");
    finding.new_text = vd_words_put(at->out, "%s", is_gone ? "not there, or behind all" : terms);
    finding.subject_line = vd_words_subject(at, format, vd_short_name(terms, name, sizeof name));
    vd_finding_add(at, &finding);
}

static void compare_senders(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    struct vd_span old_record = {(const uint8_t *)vd_facts_text(at->was, was->text), was->text.len};
    struct vd_span new_record = find_record(at);
    char terms[VD_SUMMARY_MAX];

    if (list_senders(now, was, new_record, false, terms) > 0) {
        find_senders(at, VD_CODE_SPF_INCLUDE_ADDED, "SPF lets another domain in: %s", terms);
    }
    if (list_senders(now, was, new_record, true, terms) > 0) {
        find_senders(at, VD_CODE_SPF_PTR_ADDED, "SPF weakened by %s", terms);
    }
    if (list_senders(was, now, old_record, false, terms) > 0) {
        find_senders(at, VD_CODE_SPF_INCLUDE_REMOVED, "SPF no longer has %s", terms);
    }
}

/* ---- verdict ------------------------------------------------------------------------------- */

/* Is a network let in that is wider than before, and too wide?  Tells so. */
static bool compare_width(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    bool is_critical = (now->prefix4 < was->prefix4 && now->prefix4 <= PREFIX4_CRITICAL) ||
                       (now->prefix6 < was->prefix6 && now->prefix6 <= PREFIX6_CRITICAL);
    bool is_wide = (now->own4 < was->own4 && now->own4 <= PREFIX4_WIDE) ||
                   (now->own6 < was->own6 && now->own6 <= PREFIX6_WIDE);

    if (is_critical || is_wide) {
        find_open(at, VD_CODE_SPF_WIDE, !is_critical);
    }
    return is_critical || is_wide;
}

/* Both good: part by part; any fall outweighs every rise. */
static void compare(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    bool is_comparable = !now->is_open && !was->is_open && !was->passes_all;

    (void)compare_width(at);
    if (is_comparable && now->dflt < was->dflt) {
        find_default_weaker(at);
    }
    compare_senders(at);
    if (vd_finding_is_any(at)) {
        return;
    }
    if (was->passes_all || (is_comparable && now->dflt > was->dflt)) {
        find_stricter(at);
    } else if (now->lookups >= LOOKUPS_TIGHT && was->lookups < LOOKUPS_TIGHT) {
        find_tight(at);
    } else if (now->terms != was->terms) {
        find_changed(at);
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
            find_open(at, VD_CODE_SPF_PASS_ALL, false);
        } else if (was == VD_STANDING_OK) {
            compare(at);
        } else if (was != VD_STANDING_UNKNOWN && !compare_width(at)) {
            find_stricter(at);
        }
        break;
    }
}
