/*
 * DKIM: the verdict on a selector, facet by facet.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_dkim.h"

#include "dns/records/dkim.h"
#include "firmware/judge/slips.h"

#include <stdio.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------- */

const char *vd_dkim_key_words(const struct vd_dkim_facts *facts, char out[VD_SUMMARY_MAX])
{
    if (facts->is_ed25519) {
        snprintf(out, VD_SUMMARY_MAX, "Ed25519%s", facts->is_testing ? ", testing (t=y)" : "");
    } else {
        snprintf(out, VD_SUMMARY_MAX, "RSA %u%s", (unsigned)facts->bits,
                 facts->is_testing ? ", testing (t=y)" : "");
    }
    return out;
}

/* What stands there, without the way to it. */
static void state_words(const struct vd_facts *facts, const struct vd_dkim_facts *dkim,
                        char out[VD_SUMMARY_MAX])
{
    if (dkim->standing == VD_STANDING_UNKNOWN) {
        snprintf(out, VD_SUMMARY_MAX, "unknown (%s)", vd_detail_str((enum vd_detail)dkim->detail));
    } else if (dkim->standing == VD_STANDING_ABSENT) {
        vd_absent_words(dkim->detail, out);
    } else if (dkim->state == VD_KEY_REVOKED) {
        snprintf(out, VD_SUMMARY_MAX, "revoked (p= is empty)");
    } else if (dkim->state == VD_KEY_UNUSABLE) {
        snprintf(out, VD_SUMMARY_MAX, "unusable: %.80s", vd_facts_text(facts, dkim->fault));
    } else {
        vd_dkim_key_words(dkim, out);
    }
}

const char *vd_dkim_summary(const struct vd_facts *facts, uint8_t selector,
                            char out[VD_SUMMARY_MAX])
{
    const struct vd_dkim_facts *dkim = &facts->dkim[selector];
    const char *text = vd_facts_text(facts, dkim->text);
    const char *fault = vd_facts_text(facts, dkim->fault);
    char words[VD_SUMMARY_MAX];

    state_words(facts, dkim, words);
    if (dkim->where.len > 0) {
        snprintf(out, VD_SUMMARY_MAX, "%.60s, stands at %.110s", words,
                 vd_facts_text(facts, dkim->where));
    } else if (!dkim->is_alias) {
        bool is_any = dkim->is_wildcard != 0 && dkim->standing == VD_STANDING_OK;
        snprintf(out, VD_SUMMARY_MAX, "%.160s%s", words, is_any ? " (wildcard)" : "");
    } else {
        /* A longer chain ends elsewhere: say where. */
        bool is_far = dkim->standing == VD_STANDING_ABSENT && strstr(fault, text) == NULL;
        snprintf(out, VD_SUMMARY_MAX, "%.60s via CNAME %.60s%s%.60s", words, text,
                 is_far ? ", " : "", is_far ? fault : "");
    }
    return out;
}

/* ---- one finding ------------------------------------------------------------------------- */

/* Everything goes by this function: subject "DKIM s1 <what>", old and new. */
static void add(const struct vd_case *at, uint8_t index, struct vd_finding *finding,
                const char *what)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    char words[VD_SUMMARY_MAX];
    char name[VD_SHORT_NAME_MAX / 2];
    const char *label = index == VD_DKIM_WILDCARD
                            ? "wildcard"
                            : vd_short_name(at->watch->selectors[index], name, sizeof name);

    if (was->standing != VD_STANDING_UNKNOWN && finding->code != VD_CODE_DKIM_VERIFIED) {
        finding->old_text = vd_words_put(at->out, "%.160s", vd_dkim_summary(at->was, index, words));
    }
    finding->new_text = at->out->subjects[at->subject].summary;
    finding->subject_line = vd_words_subject(at, "DKIM %s %s", label, what);
    bool is_expected_alias = index != VD_DKIM_WILDCARD && was->standing == VD_STANDING_UNKNOWN &&
                             now->standing == VD_STANDING_ABSENT &&
                             vd_dkim_holder_of(at->watch, index, false) != NULL;
    if (now->is_alias || (was->is_alias && now->standing != VD_STANDING_OK) || is_expected_alias) {
        finding->rtype = VD_TYPE_CNAME;
    }
    vd_finding_add(at, finding);
}

/* One that needs no more than its code. */
static void add_code(const struct vd_case *at, uint8_t index, enum vd_code code, const char *what)
{
    struct vd_finding finding = vd_finding_of(at, code);

    add(at, index, &finding, what);
}

/* The facet is taken over without a word: another finding tells. */
static void add_silent(const struct vd_case *at, uint8_t index, enum vd_code code)
{
    struct vd_finding finding = vd_finding_of(at, code);

    finding.is_silent = true;
    add(at, index, &finding, "changed");
}

/* ---- not usable -------------------------------------------------------------------------- */

/* No record, or one that says that there is no key: the last two steps of a rotation. */
static bool is_keyless(const struct vd_dkim_facts *facts)
{
    return facts->standing == VD_STANDING_ABSENT || facts->state == VD_KEY_REVOKED;
}

/* Of a service that wants every CNAME in place: this one was, and is not any more. */
static bool has_left_service(const struct vd_case *at, uint8_t index)
{
    const struct vd_provider *holder = vd_dkim_holder_of(at->watch, index, true);

    return holder != NULL && vd_dkim_is_held_by(&at->was->dkim[index], holder) &&
           !vd_dkim_is_held_by(&at->now->dkim[index], holder);
}

/* No better than it was accepted to be.  (What is not accepted never gets into a baseline while it
   is not good.) */
static bool is_as_accepted(const struct vd_case *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    bool is_same = vd_facet_content(at->was, VD_FACET_DKIM_KEY, VD_SUBJECT_DKIM, index) ==
                   vd_facet_content(at->now, VD_FACET_DKIM_KEY, VD_SUBJECT_DKIM, index);

    return ((was->unknown | now->unknown) & VD_FACET_BIT(VD_FACET_DKIM_KEY)) == 0 &&
           was->standing != VD_STANDING_UNKNOWN && !has_left_service(at, index) &&
           (is_same || (is_keyless(was) && is_keyless(now) && !now->takeover));
}

/* Is there a selector with a usable key, or one of which nobody knows? */
static bool is_any_left(const struct vd_case *at)
{
    for (uint8_t i = 0; i < at->watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        if (vd_dkim_is_usable(at->now, i) || vd_dkim_is_unknown(at->now, i)) {
            return true;
        }
    }
    return false;
}

static enum vd_code code_of_loss(const struct vd_dkim_facts *now)
{
    bool is_elsewhere = now->slip >= VD_SLIP_DOUBLED && now->slip <= VD_SLIP_SWAPPED;

    if (now->standing == VD_STANDING_ABSENT && now->is_alias && now->detail != VD_DETAIL_NONE) {
        return VD_CODE_DKIM_DANGLING; /* not only foreign content */
    }
    if (now->standing == VD_STANDING_ABSENT) {
        return is_elsewhere ? VD_CODE_DKIM_MISPLACED : VD_CODE_DKIM_MISSING;
    }
    return now->state == VD_KEY_REVOKED ? VD_CODE_DKIM_REVOKED : VD_CODE_DKIM_BROKEN;
}

static const char *loss_words(enum vd_code code)
{
    switch (code) {
    case VD_CODE_DKIM_DANGLING:
        return "has no key behind its CNAME";
    case VD_CODE_DKIM_MISPLACED:
        return "stands at a wrong name";
    case VD_CODE_DKIM_REVOKED:
        return "revoked";
    case VD_CODE_DKIM_BROKEN:
        return "broken";
    default:
        return "missing";
    }
}

static void find_lost(const struct vd_case *at, uint8_t index, const struct vd_dkim_need *need)
{
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    enum vd_code code = code_of_loss(now);
    struct vd_finding finding = vd_finding_of(at, code);
    bool is_gone = code == VD_CODE_DKIM_MISSING || code == VD_CODE_DKIM_MISPLACED ||
                   code == VD_CODE_DKIM_REVOKED;
    bool is_bulk = (at->watch->profiles & VD_PROFILE_BULK) != 0;
    char words[VD_SUBJECT_LINE_MAX];

    if (need->is_last && is_gone && vd_dkim_is_usable(at->was, index)) {
        vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    } else if (!need->is_last && !is_bulk && !vd_case_is_enforcing(at)) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_WARNING);
    }
    snprintf(words, sizeof words, "%s: %s", loss_words(code),
             now->slip != VD_SLIP_NONE ? vd_slip_str(now->slip)
             : is_any_left(at)         ? "mail signed with it fails"
                                       : "no usable key is left");
    add(at, index, &finding, words);
}

/* Expected, and nothing there yet: it may still be on its way, unless a mistake explains it. */
static bool is_on_its_way(const struct vd_case *at, uint8_t index)
{
    const struct vd_dkim_facts *now = &at->now->dkim[index];

    return vd_case_is_pending(at) && !vd_dkim_is_usable(at->was, index) &&
           now->standing == VD_STANDING_ABSENT && now->slip == VD_SLIP_NONE;
}

static void judge_unusable(const struct vd_case *at, uint8_t index)
{
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    struct vd_dkim_need need;
    char words[VD_SUBJECT_LINE_MAX];

    if (is_as_accepted(at, index)) {
        return;
    }
    if (now->takeover) {
        add_code(at, index, VD_CODE_DKIM_TAKEOVER, "leads to a name that appears unregistered");
        return;
    }
    if (at->watch->needs_no_key) {
        return; /* as it should be */
    }
    if (vd_dkim_is_short(now)) {
        add_code(at, index, VD_CODE_DKIM_SHORT, "broken: RSA under 1024 bits");
        return;
    }
    need = vd_dkim_need_of(at->now, at->was, at->watch, index);
    if (need.is_failing && is_on_its_way(at, index)) {
        add_code(at, index, VD_CODE_DKIM_PENDING, "not seen yet: it may take up to 48 hours");
    } else if (need.is_failing) {
        find_lost(at, index, &need);
    } else if (vd_dkim_is_usable(at->was, index)) {
        snprintf(words, sizeof words, "%s, its group still works: rotation?",
                 loss_words(code_of_loss(now)));
        add_code(at, index, VD_CODE_DKIM_ROTATION, words);
    }
}

/* ---- usable: key ------------------------------------------------------------------------- */

static bool is_facet_known(const struct vd_case *at, uint8_t index, enum vd_facet facet)
{
    return ((at->was->dkim[index].unknown | at->now->dkim[index].unknown) & VD_FACET_BIT(facet)) ==
           0;
}

static bool is_same_key(const struct vd_case *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];

    return was->fingerprint == now->fingerprint && was->is_ed25519 == now->is_ed25519;
}

/* Another selector's key that every verifier can use. */
static bool has_other_rsa(const struct vd_case *at, uint8_t index)
{
    for (uint8_t i = 0; i < at->watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        if (i != index && vd_dkim_is_usable(at->now, i) && !at->now->dkim[i].is_ed25519) {
            return true;
        }
    }
    return false;
}

static void find_weaker(const struct vd_case *at, uint8_t index, bool is_unread)
{
    static const char ed25519[] =
        "Many receivers cannot verify Ed25519 yet: an RSA key should stay beside it.";
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_WEAKENED);
    char old_words[VD_SUMMARY_MAX];
    char new_words[VD_SUMMARY_MAX];
    char words[80];

    if (is_unread) {
        finding.axis = VD_AXIS_DELIVERY;
        finding.sentence = ed25519;
    }
    snprintf(words, sizeof words, "weakened, %.28s " VD_ARROW " %.28s",
             vd_dkim_key_words(&at->was->dkim[index], old_words),
             vd_dkim_key_words(&at->now->dkim[index], new_words));
    add(at, index, &finding, words);
}

/* Does the alias lead, in its first hop, to a service that we know? */
static bool is_known_holder(const struct vd_case *at, uint8_t index)
{
    const char *target = vd_facts_text(at->now, at->now->dkim[index].text);

    return at->now->dkim[index].is_alias && vd_provider_of_target(at->watch, target) != NULL;
}

/* Another key behind an alias that stayed, or stayed with its operator. */
static void find_rolled(const struct vd_case *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_ROLLED);

    if (now->alias != was->alias) {
        add_silent(at, index, VD_CODE_DKIM_ROLLED); /* the alias tells */
    } else if (!is_known_holder(at, index)) {
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE);
        add(at, index, &finding, "changed: its operator has another key");
    } else if (vd_dkim_strength(now) > vd_dkim_strength(was)) {
        add_code(at, index, VD_CODE_DKIM_STRENGTHENED, "strengthened by its operator");
    } else {
        add(at, index, &finding, "rolled over by its operator");
    }
}

static void compare_key(const struct vd_case *at, uint8_t index, bool is_moved)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    bool is_weaker = vd_dkim_strength(now) < vd_dkim_strength(was);
    bool is_unread = now->is_ed25519 && !was->is_ed25519 && !has_other_rsa(at, index);

    if (is_weaker || is_unread) {
        find_weaker(at, index, is_unread);
    } else if (is_same_key(at, index)) {
        if (now->is_wildcard != was->is_wildcard) {
            add_silent(at, index, VD_CODE_DKIM_ROLLED);
        }
    } else if (is_moved) {
        return; /* whoever holds it now has a key of his own: that he holds it is told */
    } else if (was->is_alias && now->is_alias) {
        find_rolled(at, index);
    } else { /* however many bits it has */
        add_code(at, index, VD_CODE_DKIM_CHANGED, "changed: another key");
    }
}

/* ---- usable: flags ----------------------------------------------------------------------- */

/* Only sha256, where anything was allowed before (RFC 8301, section 3.1). */
static bool is_narrow(uint8_t hashes)
{
    return hashes == VD_DKIM_SHA256;
}

static void compare_flags(const struct vd_case *at, uint8_t index)
{
    static const char loose[] = "Without t=s a subdomain's name passes under this signature.";
    static const char old_hash[] = "Signatures with SHA-1 count again where a verifier still knows "
                                   "it.";
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_TESTING);
    const char *what = "is in test mode: t=y";

    if (now->is_testing && !was->is_testing) {
        add(at, index, &finding, what);
        return;
    }
    vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE);
    if (was->is_strict && !now->is_strict) {
        finding.sentence = loose;
        add(at, index, &finding, "weakened, t=s is gone");
    } else if (is_narrow(was->hashes) && !is_narrow(now->hashes)) {
        finding.sentence = old_hash;
        add(at, index, &finding, "weakened, h= allows SHA-1 again");
    } else if (was->is_testing != now->is_testing) {
        add_code(at, index, VD_CODE_DKIM_FLAGS_BETTER, "no longer in test mode");
    } else if (was->is_strict != now->is_strict) {
        add_code(at, index, VD_CODE_DKIM_FLAGS_BETTER, "strengthened, t=s");
    } else if (is_narrow(now->hashes) != is_narrow(was->hashes)) {
        add_code(at, index, VD_CODE_DKIM_FLAGS_BETTER, "strengthened, h=sha256");
    } else {
        add_silent(at, index, VD_CODE_DKIM_FLAGS_BETTER);
    }
}

/* ---- usable: alias ----------------------------------------------------------------------- */

static bool is_own(const struct vd_case *at, uint32_t operator_)
{
    return operator_ == vd_operator_of(at->watch->domain, at->watch->domain);
}

/* Does another operator than before hold the key?  What we hold ourselves has no alias. */
static bool is_moved_away(const struct vd_case *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    const struct vd_provider *holder = vd_dkim_holder_of(at->watch, index, false);

    if (!now->is_alias || (now->alias == was->alias && now->end == was->end)) {
        return false;
    }
    if (!was->is_alias) { /* control goes to somebody who was named for it, or with the same key */
        const char *target = vd_facts_text(at->now, now->text);
        const struct vd_provider *provider = vd_provider_of_target(at->watch, target);
        return !is_same_key(at, index) && !is_own(at, now->operator_) &&
               (holder == NULL || !vd_dkim_is_held_by(now, holder)) &&
               (provider == NULL || !vd_provider_is_configured(at->watch, provider));
    }
    if (now->operator_ != was->operator_) {
        return true;
    }
    return now->end_operator != was->end_operator && !is_known_holder(at, index);
}

static void compare_alias(const struct vd_case *at, uint8_t index, bool is_moved)
{
    static const char same_key[] = "The same key; another place holds it.";
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_ALIAS_CHANGED);

    if (is_moved) {
        add_code(at, index, VD_CODE_DKIM_ALIAS, "alias leads to another operator");
        return;
    }
    if (now->alias == was->alias && is_known_holder(at, index)) {
        add_silent(at, index,
                   VD_CODE_DKIM_ALIAS_CHANGED); /* how a service arranges its own names */
        return;
    }
    finding.sentence = is_same_key(at, index) ? same_key : NULL;
    if (!was->is_alias && !is_known_holder(at, index) && !is_own(at, now->operator_)) {
        vd_finding_set(&finding, VD_CLASS_CHANGED,
                       VD_SEVERITY_NOTICE); /* control went to a stranger */
    }
    add(at, index, &finding,
        !now->is_alias   ? "is a TXT record now, no CNAME"
        : !was->is_alias ? "is a CNAME now, no TXT record"
                         : "alias changed, the same operator");
}

/* ---- usable ------------------------------------------------------------------------------ */

static bool differs(const struct vd_case *at, uint8_t index, enum vd_facet facet)
{
    return is_facet_known(at, index, facet) &&
           vd_facet_content(at->was, (uint8_t)facet, VD_SUBJECT_DKIM, index) !=
               vd_facet_content(at->now, (uint8_t)facet, VD_SUBJECT_DKIM, index);
}

static void compare(const struct vd_case *at, uint8_t index)
{
    bool is_alias_known = is_facet_known(at, index, VD_FACET_DKIM_ALIAS);
    bool is_moved = is_alias_known && is_moved_away(at, index);

    if (differs(at, index, VD_FACET_DKIM_KEY)) {
        compare_key(at, index, is_moved);
    }
    if (differs(at, index, VD_FACET_DKIM_FLAGS)) {
        compare_flags(at, index);
    }
    if (differs(at, index, VD_FACET_DKIM_ALIAS)) {
        compare_alias(at, index, is_moved);
    }
}

static const char astray[] = "alias does not lead to its service";

/* Is it a CNAME that does not lead to the service named for its group?  is_all: see
   vd_dkim_holder_of. */
static bool is_astray(const struct vd_case *at, uint8_t index, bool is_all)
{
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    const struct vd_provider *holder = vd_dkim_holder_of(at->watch, index, is_all);

    return holder != NULL && now->is_alias && !vd_dkim_is_held_by(now, holder);
}

/* At first contact: what could be better, and a CNAME that its own service does not hold. */
static void judge_first(const struct vd_case *at, uint8_t index)
{
    const struct vd_dkim_facts *now = &at->now->dkim[index];
    char name[VD_SHORT_NAME_MAX / 2];
    char words[VD_SHORT_NAME_MAX + 24u];
    const char *label = vd_short_name(at->watch->selectors[index], name, sizeof name);

    if (is_astray(at, index, true)) {
        add_code(at, index, VD_CODE_DKIM_ALIAS, astray);
    }
    if (!now->is_ed25519 && now->bits < 2048) {
        snprintf(words, sizeof words, "DKIM %s %u bits", label, (unsigned)now->bits);
        vd_case_hint(at, words);
    }
    if (now->is_testing) {
        snprintf(words, sizeof words, "DKIM %s t=y", label);
        vd_case_hint(at, words);
    }
}

/* Expected, and not seen good so far? */
static bool is_awaited(const struct vd_case *at, uint8_t index)
{
    return vd_case_is_pending(at) && !vd_dkim_is_spare(at->was, at->watch, index);
}

/* A key where none was, or none that could be used. */
static void judge_new(const struct vd_case *at, uint8_t index)
{
    bool is_first = vd_case_is_first(at);

    if (is_first) {
        judge_first(at, index);
    } else if (is_astray(at, index, false) && differs(at, index, VD_FACET_DKIM_ALIAS)) {
        add_code(at, index, VD_CODE_DKIM_ALIAS, astray); /* until accepted, no key of ours */
    } else if (is_awaited(at, index) || vd_dkim_replaces(at, index)) {
        add_silent(at, index, VD_CODE_DKIM_APPEARED); /* the rotation is told where a key goes */
    } else {
        add_code(at, index, VD_CODE_DKIM_APPEARED, "has a usable key now");
    }
}

/* Is it the first of those that any label would answer like? */
static bool is_first_wildcard(const struct vd_case *at, uint8_t index)
{
    for (uint8_t i = 0; i < index; i++) {
        if (vd_dkim_is_usable(at->now, i) && at->now->dkim[i].is_wildcard) {
            return false;
        }
    }
    return at->now->dkim[index].is_wildcard != 0;
}

static void judge_usable(const struct vd_case *at, uint8_t index)
{
    /* Until that is believed, be the key part of the baseline by then. */
    if (is_awaited(at, index)) {
        add_code(at, index, VD_CODE_DKIM_VERIFIED, "verified: seen good for the first time");
    }
    if (vd_dkim_is_usable(at->was, index)) {
        compare(at, index);
    } else {
        judge_new(at, index);
    }
    if (is_first_wildcard(at, index)) {
        add_code(at, index, VD_CODE_DKIM_WILDCARD, "is a wildcard: any selector answers so");
    }
}

void vd_judge_dkim(const struct vd_case *at, uint8_t index)
{
    bool is_key = vd_dkim_is_usable(at->now, index) || vd_dkim_is_short(&at->now->dkim[index]);

    if (at->watch->needs_no_key && is_key) {
        if (!is_as_accepted(at, index)) {
            add_code(at, index, VD_CODE_DKIM_PARKED, "has a key, and the domain sends no mail");
        }
    } else if (index == VD_DKIM_WILDCARD && !at->watch->needs_no_key) {
        return; /* it only explains what selectors say */
    } else if (vd_dkim_is_usable(at->now, index)) {
        judge_usable(at, index);
    } else {
        judge_unusable(at, index);
    }
}
