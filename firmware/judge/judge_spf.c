/*
 * SPF: the verdict, facet by facet.
 *
 * What is ruinous (a permanent error, a pass for everybody, a target to be had) is found at first
 * contact too; what the watch asks for is found whatever the baseline says; all else by comparison.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_spf.h"
#include "firmware/judge/slips.h"
#include "firmware/judge/spf_terms.h"
#include "firmware/judge/spf_walk.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

/* From here on the next provider's edit may break the record (RFC 7208, section 4.6.4). */
#define LOOKUPS_TIGHT 9u

/* Steps of a path. */
#define REDIRECT " > redirect="
#define INCLUDE  " > include:"

/* ---- words ----------------------------------------------------------------------------------- */

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
        if (spf->passes_all) {
            snprintf(out, VD_SUMMARY_MAX, "passes everybody: %.100s",
                     vd_facts_text(facts, spf->fault));
        } else {
            snprintf(out, VD_SUMMARY_MAX, "%s, %u of 10 lookups", default_str(spf),
                     (unsigned)spf->lookups);
        }
        break;
    }
    return out;
}

void vd_spf_put_both(const struct vd_case *at, struct vd_finding *finding)
{
    char words[VD_SUMMARY_MAX];

    if (at->was->spf.standing != VD_STANDING_UNKNOWN) {
        finding->old_text = vd_words_put(at->out, "%s", vd_spf_summary(at->was, words));
    }
    finding->new_text = at->out->subjects[at->subject].summary;
}

/* ---- the case ---------------------------------------------------------------------------------- */

static bool is_parked(const struct vd_watch *watch)
{
    return (watch->profiles & VD_PROFILE_PARKED) != 0;
}

enum vd_severity vd_spf_broken_severity(const struct vd_case *at)
{
    bool is_bulk = (at->watch->profiles & VD_PROFILE_BULK) != 0;

    return is_bulk || vd_case_is_enforcing(at) ? VD_SEVERITY_ERROR : VD_SEVERITY_WARNING;
}

bool vd_spf_is_known(const struct vd_case *at, enum vd_facet facet)
{
    return (at->now->spf.unknown & VD_FACET_BIT(facet)) == 0;
}

bool vd_spf_is_comparable(const struct vd_case *at, enum vd_facet facet)
{
    return at->was->spf.standing == VD_STANDING_OK && vd_spf_is_known(at, facet) &&
           (at->was->spf.unknown & VD_FACET_BIT(facet)) == 0;
}

uint8_t vd_spf_new_failures(const struct vd_case *at)
{
    uint8_t known = vd_spf_is_comparable(at, VD_FACET_SPF_SENDERS) ? at->was->spf.senders_fail : 0;

    return vd_spf_is_known(at, VD_FACET_SPF_SENDERS)
               ? (uint8_t)(at->now->spf.senders_fail & ~(unsigned)known)
               : 0;
}

static bool has_fallen(const struct vd_case *at)
{
    for (size_t i = 0; i < at->out->findings_count; i++) {
        const struct vd_finding *finding = &at->out->findings[i];
        if (finding->subject == at->subject &&
            (finding->class_ == VD_CLASS_CRITICAL || finding->class_ == VD_CLASS_BROKEN ||
             finding->class_ == VD_CLASS_WEAKENED)) {
            return true;
        }
    }
    return false;
}

/* ---- gone, broken ------------------------------------------------------------------------------ */

/*
 * was_there: it is a loss.  Without DKIM beside it, nothing of the mail can be told from a forgery
 * any more.
 */
static void find_missing(const struct vd_case *at, bool was_there)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    bool is_elsewhere = now->where.len > 0;
    bool was_protecting = was->standing == VD_STANDING_OK && was->dflt >= VD_SPF_SOFTFAIL;
    struct vd_finding finding =
        vd_finding_of(at, is_elsewhere ? VD_CODE_SPF_MISPLACED : VD_CODE_SPF_MISSING);
    char name[VD_SHORT_NAME_MAX];

    if (was_there &&
        (is_parked(at->watch) || (was_protecting && at->watch->selectors_count == 0))) {
        vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    } else if (at->watch->needs_spf || !was_there) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, vd_spf_broken_severity(at));
        finding.axis = VD_AXIS_DELIVERY;
    } else {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING);
    }
    vd_spf_put_both(at, &finding);
    if (is_elsewhere) {
        finding.new_text = vd_words_put(at->out, "at %.200s: %s",
                                        vd_facts_text(at->now, now->where), vd_slip_str(now->slip));
        finding.subject_line =
            vd_words_subject(at, "SPF stands at %s instead",
                             vd_short_name(vd_facts_text(at->now, now->where), name, sizeof name));
    } else if (now->slip != VD_SLIP_NONE) {
        finding.new_text = vd_words_put(at->out, "no SPF record, but %.150s: %s",
                                        vd_facts_text(at->now, now->text), vd_slip_str(now->slip));
        finding.subject_line =
            vd_words_subject(at, "SPF not recognised: %.50s", vd_slip_str(now->slip));
    } else {
        finding.subject_line = vd_words_subject(at, "SPF missing: no server is authorised to send");
    }
    vd_finding_add(at, &finding);
}

static void find_pending(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_PENDING);

    finding.new_text = at->out->subjects[at->subject].summary;
    finding.subject_line = vd_words_subject(at, "SPF not seen yet: waiting for it");
    vd_finding_add(at, &finding);
}

static void judge_absent(const struct vd_case *at)
{
    const struct vd_spf_facts *now = &at->now->spf;
    uint8_t was = at->was->spf.standing;

    bool is_typed = now->slip != VD_SLIP_NONE; /* somebody meant it to be there */

    if (was == VD_STANDING_OK || was == VD_STANDING_BROKEN) {
        find_missing(at, true);
    } else if (is_typed && (at->watch->needs_spf || vd_case_is_first(at))) {
        find_missing(at, false);
    } else if (!at->watch->needs_spf) {
        if (vd_case_is_first(at)) {
            vd_case_hint(at, "no SPF record");
        }
    } else if (vd_case_is_pending(at)) {
        find_pending(at);
    } else {
        find_missing(at, false);
    }
}

static void find_broken(const struct vd_case *at)
{
    static const char late[] = "Over ten lookups receivers answer a permanent error for senders "
                               "that are not matched early.";
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_BROKEN);

    if (at->was->spf.standing == VD_STANDING_BROKEN) {
        return; /* accepted, or told at first contact */
    }
    vd_finding_set(&finding, VD_CLASS_BROKEN, vd_spf_broken_severity(at));
    if (at->now->spf.lookups > VD_SPF_LOOKUPS_MAX) {
        finding.sentence = late;
    }
    vd_spf_put_both(at, &finding);
    finding.subject_line =
        vd_words_subject(at, "SPF broken: %.60s", vd_facts_text(at->now, at->now->spf.fault));
    vd_finding_add(at, &finding);
}

/* A target that a stranger can have: worse than a missing one, and told in its stead. */
static bool judge_takeover(const struct vd_case *at)
{
    const char *where = vd_facts_text(at->now, at->now->spf.where); /* "ZONE (PATH)" */
    int zone_len = (int)strcspn(where, " ");
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_TAKEOVER);

    bool is_accepted = at->was->spf.standing != VD_STANDING_UNKNOWN && at->was->spf.takeover &&
                       (at->was->spf.unknown & VD_FACET_BIT(VD_FACET_SPF_RECORD)) == 0;

    if (!at->now->spf.takeover || !vd_spf_is_known(at, VD_FACET_SPF_RECORD) || is_accepted) {
        return false;
    }
    if (at->now->spf.standing == VD_STANDING_BROKEN) {
        finding.axis |= VD_AXIS_DELIVERY;
    }
    vd_spf_put_both(at, &finding);
    finding.new_text = vd_words_put(at->out, "%.*s appears unregistered", zone_len, where);
    finding.subject_line =
        vd_words_subject(at, "SPF authorises %.*s, which appears unregistered", zone_len, where);
    where += zone_len + (int)strspn(where + zone_len, " (");
    finding.path = vd_words_put(at->out, "%.*s", (int)strcspn(where, ")"), where);
    vd_finding_add(at, &finding);
    return true;
}

/* ---- default ----------------------------------------------------------------------------------- */

/* Less than the watch asks for.  A parked domain authorises nobody. */
static bool is_under_floor(const struct vd_case *at)
{
    const struct vd_spf_facts *now = &at->now->spf;
    bool lets_in = now->terms != 0 || now->includes[0] != 0 || now->has_ptr;

    return !now->passes_all && (now->dflt < at->watch->spf_floor ||
                                (is_parked(at->watch) && (lets_in || now->dflt != VD_SPF_FAIL)));
}

static void find_floor(const struct vd_case *at)
{
    static const char parked[] =
        "The domain is to send no mail, and its SPF record does not say so.";
    const struct vd_spf_facts *now = &at->now->spf;
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_FLOOR);

    vd_finding_set(&finding, VD_CLASS_BROKEN, vd_spf_broken_severity(at));
    if (is_parked(at->watch)) {
        finding.sentence = parked;
    }
    vd_spf_put_both(at, &finding);
    finding.new_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->now, now->text));
    finding.subject_line =
        is_parked(at->watch)
            ? vd_words_subject(at, "parked, but SPF is not v=spf1 -all")
            : vd_words_subject(at, "SPF %s is less than the watch asks for", default_str(now));
    vd_finding_add(at, &finding);
}

static void find_weaker(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    const char *path = vd_facts_text(at->now, now->path); /* redirect= led on; or to a network */
    const char *redirect = path + strcspn(path, " ");
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_DEFAULT_WEAKENED);

    /* Under DMARC -all and ~all both mean "no pass". */
    if (now->dflt == VD_SPF_SOFTFAIL && vd_case_is_enforcing(at)) {
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE);
    }
    finding.old_text = vd_words_put(at->out, "%s", default_str(was));
    finding.new_text = vd_words_put(at->out, "%s", default_str(now));
    if (strncmp(redirect, REDIRECT, sizeof REDIRECT - 1) == 0) {
        const char *include = strstr(path, INCLUDE);
        finding.path =
            vd_words_put(at->out, "%.*s", include == NULL ? 300 : (int)(include - path), path);
    }
    finding.subject_line = vd_words_subject(at, "SPF weakened, %s " VD_ARROW " %s",
                                            default_str(was), default_str(now));
    vd_finding_add(at, &finding);
}

static void find_stricter(const struct vd_case *at)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_STRENGTHENED);

    vd_spf_put_both(at, &finding);
    finding.subject_line = vd_words_subject(at, "SPF strengthened: %s", default_str(&at->now->spf));
    vd_finding_add(at, &finding);
}

static void judge_default(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;

    if (!vd_spf_is_known(at, VD_FACET_SPF_DEFAULT) || now->is_open) {
        return; /* who sends it on, the facet of includes tells */
    }
    if (is_under_floor(at)) {
        find_floor(at);
    } else if (!vd_spf_is_comparable(at, VD_FACET_SPF_DEFAULT)) {
        return;
    } else if (was->is_open || now->dflt > was->dflt) {
        find_stricter(at);
    } else if (now->dflt < was->dflt && (now->dflt != VD_SPF_PASS || was->passes_all)) {
        find_weaker(at); /* of a new pass for everybody its own code speaks */
    }
}

/* ---- senders and strangers ------------------------------------------------------------------- */

const char *vd_spf_address_text(const struct vd_sender *sender, char out[VD_SPF_ADDRESS_MAX])
{
    const uint8_t *a = sender->address;
    int len = 0;

    if (!sender->is_ip6) {
        snprintf(out, VD_SPF_ADDRESS_MAX, "%u.%u.%u.%u", (unsigned)a[0], (unsigned)a[1],
                 (unsigned)a[2], (unsigned)a[3]);
        return out;
    }
    for (unsigned i = 0; i < 16; i += 2) {
        len += snprintf(out + len, VD_SPF_ADDRESS_MAX - (size_t)len, "%s%x", i > 0 ? ":" : "",
                        (unsigned)a[i] << 8 | a[i + 1]);
    }
    return out;
}

/* Every address of a set, ", " between. */
static void list_addresses(const struct vd_sender *senders, uint8_t count, uint8_t set,
                           char out[VD_SUMMARY_MAX])
{
    char address[VD_SPF_ADDRESS_MAX];
    struct vd_text_writer w;

    vd_text_start(&w, out, VD_SUMMARY_MAX);
    for (unsigned i = 0; i < count; i++) {
        if ((set & 1u << i) != 0) {
            vd_text_put(&w, w.len > 0 ? ", " : "");
            vd_text_put(&w, vd_spf_address_text(&senders[i], address));
        }
    }
}

/* A silent one that takes a facet over: what was bad in the baseline is so no more. */
static void take_over(const struct vd_case *at, enum vd_facet facet)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_CHANGED);

    finding.facet = (uint8_t)facet;
    finding.is_silent = true;
    vd_finding_add(at, &finding);
}

static void find_sender(const struct vd_case *at, bool is_stranger, uint8_t set)
{
    const struct vd_watch *watch = at->watch;
    struct vd_finding finding =
        vd_finding_of(at, is_stranger ? VD_CODE_SPF_STRANGER_PASSES : VD_CODE_SPF_SENDER_FAILS);
    char list[VD_SUMMARY_MAX];
    char name[VD_SHORT_NAME_MAX];

    if (is_stranger) {
        list_addresses(watch->strangers, watch->strangers_count, set, list);
    } else {
        list_addresses(watch->senders, watch->senders_count, set, list);
    }
    if (list[0] == '\0') {
        snprintf(list, sizeof list, "an address of nobody");
    }
    vd_spf_put_both(at, &finding);
    finding.new_text = vd_words_put(at->out, is_stranger ? "%s passes" : "%s does not pass", list);
    finding.subject_line =
        vd_words_subject(at, is_stranger ? "SPF passes a stranger: %s" : "SPF refuses our own %s",
                         vd_short_name(list, name, sizeof name));
    vd_finding_add(at, &finding);
}

/* Those of the baseline, accepted or told at first contact, are not told again. */
static void judge_senders(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    bool has_baseline = vd_spf_is_comparable(at, VD_FACET_SPF_SENDERS);
    uint8_t fail = vd_spf_new_failures(at);
    unsigned pass = now->passes_all ? 0 : now->strangers_pass;

    pass &= has_baseline ? ~(unsigned)was->strangers_pass : UINT8_MAX;
    if (!vd_spf_is_known(at, VD_FACET_SPF_SENDERS)) {
        return;
    }
    if (pass != 0) {
        find_sender(at, true, (uint8_t)pass);
    } else if (fail != 0) {
        find_sender(at, false, fail);
    } else if (has_baseline &&
               vd_facet_content(at->now, VD_FACET_SPF_SENDERS, VD_SUBJECT_SPF, 0) !=
                   vd_facet_content(at->was, VD_FACET_SPF_SENDERS, VD_SUBJECT_SPF, 0)) {
        take_over(at, VD_FACET_SPF_SENDERS);
    }
}

/* ---- lookups, the rest ------------------------------------------------------------------------- */

static void find_lookups(const struct vd_case *at, enum vd_code code)
{
    const struct vd_spf_facts *now = &at->now->spf;
    struct vd_finding finding = vd_finding_of(at, code);

    vd_spf_put_both(at, &finding);
    if (code == VD_CODE_SPF_VOIDS) {
        finding.new_text = vd_words_put(at->out, "%u lookups find nothing for a sender with IPv6",
                                        (unsigned)now->voids6);
        finding.subject_line =
            vd_words_subject(at, "SPF: %u lookups find nothing over IPv6", (unsigned)now->voids6);
    } else {
        finding.subject_line =
            vd_words_subject(at, "SPF needs %u of 10 lookups", (unsigned)now->lookups);
    }
    vd_finding_add(at, &finding);
}

static void judge_lookups(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;
    bool is_tight = now->lookups >= LOOKUPS_TIGHT;
    bool is_void = now->voids6 > VD_SPF_VOIDS_MAX;
    bool was_tight = was->lookups >= LOOKUPS_TIGHT;
    bool was_void = was->voids6 > VD_SPF_VOIDS_MAX;

    if (!vd_spf_is_comparable(at, VD_FACET_SPF_LOOKUPS)) {
        return;
    }
    if (is_void && !was_void && vd_spf_new_failures(at) == 0) {
        find_lookups(at, VD_CODE_SPF_VOIDS);
    } else if (is_tight && !was_tight) {
        find_lookups(at, VD_CODE_SPF_TIGHT);
    } else if ((was_tight && !is_tight) || (was_void && !is_void)) {
        take_over(at, VD_FACET_SPF_LOOKUPS); /* out of danger: the next time it is told again */
    }
}

static void judge_extras(const struct vd_case *at)
{
    const struct vd_spf_facts *was = &at->was->spf;
    const struct vd_spf_facts *now = &at->now->spf;

    if (!vd_spf_is_comparable(at, VD_FACET_SPF_RECORD) ||
        (now->extras == was->extras && now->takeover == was->takeover)) {
        return;
    }
    if (now->extras == was->extras) {
        take_over(at, VD_FACET_SPF_RECORD);
        return;
    }
    struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_CHANGED);
    finding.old_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->was, was->text));
    finding.new_text = vd_words_put(at->out, "%.200s", vd_facts_text(at->now, now->text));
    finding.subject_line = vd_words_subject(at, "SPF changed: other modifiers");
    vd_finding_add(at, &finding);
}

/* ---- verdict ------------------------------------------------------------------------------------- */

/* What could be better, at the first look. */
static void hint(const struct vd_case *at)
{
    const struct vd_spf_facts *now = &at->now->spf;
    char words[48];

    if (now->dflt == VD_SPF_NEUTRAL && !now->is_open && !has_fallen(at)) {
        vd_case_hint(at, "SPF refuses nobody (?all)");
    }
    if (vd_spf_is_known(at, VD_FACET_SPF_LOOKUPS) && now->lookups >= LOOKUPS_TIGHT) {
        snprintf(words, sizeof words, "SPF needs %u of 10 lookups", (unsigned)now->lookups);
        vd_case_hint(at, words);
    }
    if (vd_spf_is_known(at, VD_FACET_SPF_LOOKUPS) && now->voids6 > VD_SPF_VOIDS_MAX) {
        vd_case_hint(at, "SPF lookups that find nothing over IPv6");
    }
}

/* Seen good for the first time; or there again, after a baseline without one. */
static void find_arrival(const struct vd_case *at)
{
    static const char refuses_nothing[] = "A record is there now; it refuses nothing yet.";
    bool is_pending = vd_case_is_pending(at);

    if (is_pending) {
        struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_VERIFIED);
        finding.new_text = at->out->subjects[at->subject].summary;
        finding.subject_line = vd_words_subject(at, "SPF verified: the record is there");
        vd_finding_add(at, &finding);
    }
    if (at->was->spf.standing == VD_STANDING_ABSENT ||
        at->was->spf.standing == VD_STANDING_BROKEN) {
        struct vd_finding finding = vd_finding_of(at, VD_CODE_SPF_APPEARED);
        finding.is_silent = is_pending;
        if (at->now->spf.dflt <= VD_SPF_NEUTRAL) {
            finding.sentence = refuses_nothing;
            finding.axis = 0;
        }
        vd_spf_put_both(at, &finding);
        finding.subject_line =
            vd_words_subject(at, "SPF record is there: %s", default_str(&at->now->spf));
        vd_finding_add(at, &finding);
    }
}

static void judge_ok(const struct vd_case *at)
{
    bool has_takeover = judge_takeover(at);

    vd_judge_spf_range(at);
    judge_default(at);
    judge_senders(at);
    vd_judge_spf_terms(at);
    vd_judge_spf_includes(at);
    vd_judge_spf_ptr(at);
    judge_lookups(at);
    if (!has_takeover) {
        judge_extras(at);
    }
    if (vd_case_is_first(at)) {
        hint(at);
    }
    if ((at->was->spf.standing != VD_STANDING_OK || vd_case_is_pending(at)) && !has_fallen(at)) {
        find_arrival(at);
    }
}

void vd_judge_spf(const struct vd_case *at)
{
    switch (at->now->spf.standing) {
    case VD_STANDING_BROKEN:
        if (!judge_takeover(at)) {
            find_broken(at); /* at first contact too */
        }
        break;
    case VD_STANDING_ABSENT:
        judge_absent(at);
        break;
    default:
        judge_ok(at);
        break;
    }
}
