/*
 * DKIM: facts and verdict, selector by selector within their groups.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dkim.h"
#include "dns/records/span.h"

#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"

#include <stdio.h>
#include <string.h>

/* ---- facts ------------------------------------------------------------------------------- */

static void take_key(struct vd_facts *out, struct vd_dkim_facts *facts, const struct vd_dkim *key)
{
    static const uint8_t states[] = {
        [VD_DKIM_UNUSABLE] = VD_KEY_UNUSABLE,
        [VD_DKIM_REVOKED] = VD_KEY_REVOKED,
        [VD_DKIM_SHORT] = VD_KEY_UNUSABLE,
        [VD_DKIM_USABLE] = VD_KEY_USABLE,
    };

    facts->state = states[key->state];
    facts->standing = key->state == VD_DKIM_USABLE ? VD_STANDING_OK : VD_STANDING_BROKEN;
    facts->is_ed25519 = key->is_ed25519;
    facts->is_testing = key->is_testing;
    facts->is_strict = key->is_strict;
    facts->bits = key->bits;
    facts->fingerprint = key->fingerprint;
    if (key->fault[0] != '\0') {
        vd_facts_write(out, &facts->fault, "%s", key->fault);
    }
}

/* Room that a key's text leaves to each selector that comes after it: aliases and faults. */
#define TEXT_RESERVE 80u

/* A key is kept whole or not at all: a part of it is of no use. */
static void keep_key(struct vd_facts *out, struct vd_dkim_facts *facts, struct vd_span text)
{
    size_t later = VD_SELECTORS_MAX - 1u - (size_t)(facts - out->dkim);

    if (!facts->is_alias && text.len + later * TEXT_RESERVE <= vd_facts_room(out)) {
        vd_facts_write_span(out, &facts->text, text);
    }
}

/* The texts at the end of the chain: exactly one may be there, and it must be a key. */
static void take_texts(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                       struct vd_facts *out, struct vd_dkim_facts *facts)
{
    const struct vd_record *record;
    struct vd_span text = {NULL, 0};
    struct vd_dkim key;
    unsigned keys = 0;
    unsigned texts = 0;

    for (; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, texts)) != NULL; texts++) {
        struct vd_span span = vd_snapshot_span(snapshot, record);
        if (vd_dkim_parse(span.bytes, span.len, &key) == VD_OK && keys++ == 0) {
            text = span;
        }
    }
    if (keys == 0) {
        facts->standing = VD_STANDING_ABSENT; /* only foreign content */
        return;
    }
    facts->records = (uint8_t)(texts < UINT8_MAX ? texts : UINT8_MAX);
    if (texts > 1) { /* a verifier may take any of them (RFC 6376, section 6.1.2) */
        facts->standing = VD_STANDING_BROKEN;
        facts->state = VD_KEY_UNUSABLE;
        vd_facts_write(out, &facts->fault, "%u TXT records at one selector", texts);
    } else if (vd_dkim_parse(text.bytes, text.len, &key) == VD_OK) {
        take_key(out, facts, &key);
    }
    keep_key(out, facts, text);
}

/* The first and the last hop of the alias chain. */
static void take_alias(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                       const char *domain, struct vd_facts *out, struct vd_dkim_facts *facts)
{
    const struct vd_record *hop = vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, 0);
    const struct vd_record *last = hop;
    const struct vd_record *record;

    if (hop == NULL) {
        return;
    }
    struct vd_span target = vd_snapshot_span(snapshot, hop);
    facts->is_alias = 1;
    facts->alias = vd_hash(VD_HASH_START, target.bytes, target.len);
    facts->operator_ = vd_operator_of(vd_snapshot_target(snapshot, hop), domain);
    vd_facts_write_span(out, &facts->text, target);
    for (size_t i = 1; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, i)) != NULL;
         i++) {
        last = record;
    }
    if (answer->presence == VD_ABSENT) {
        vd_facts_write(out, &facts->fault, "no key at ");
        vd_facts_write_span(out, &facts->fault, vd_snapshot_span(snapshot, last));
    }
}

void vd_facts_read_dkim(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                        uint8_t selector, struct vd_facts *out)
{
    char name[VD_OWNER_TEXT_MAX];
    struct vd_dkim_facts *facts = &out->dkim[selector];
    const struct vd_answer *answer = vd_snapshot_find(
        snapshot, vd_owner_text(name, watch->selectors[selector], "._domainkey.", watch->domain),
        VD_TYPE_TXT);

    if (answer == NULL) {
        facts->detail = VD_DETAIL_NOT_ASKED;
        return;
    }
    take_alias(snapshot, answer, watch->domain, out, facts);
    if (answer->presence == VD_PRESENT) {
        take_texts(snapshot, answer, out, facts);
        return;
    }
    facts->standing = answer->presence == VD_ABSENT ? VD_STANDING_ABSENT : VD_STANDING_UNKNOWN;
    facts->detail = vd_answer_detail(answer);
}

/* ---- words ------------------------------------------------------------------------------- */

/* "RSA 2048", "Ed25519, testing (t=y)" */
static const char *key_words(const struct vd_dkim_facts *facts, char out[VD_SUMMARY_MAX])
{
    if (facts->is_ed25519) {
        snprintf(out, VD_SUMMARY_MAX, "Ed25519%s", facts->is_testing ? ", testing (t=y)" : "");
    } else {
        snprintf(out, VD_SUMMARY_MAX, "RSA %u%s", (unsigned)facts->bits,
                 facts->is_testing ? ", testing (t=y)" : "");
    }
    return out;
}

const char *vd_dkim_summary(const struct vd_facts *facts, uint8_t selector,
                            char out[VD_SUMMARY_MAX])
{
    const struct vd_dkim_facts *dkim = &facts->dkim[selector];
    const char *text = vd_facts_text(facts, dkim->text);
    const char *fault = vd_facts_text(facts, dkim->fault);
    char words[VD_SUMMARY_MAX];

    if (dkim->standing == VD_STANDING_UNKNOWN) {
        snprintf(words, sizeof words, "unknown (%s)", vd_detail_str((enum vd_detail)dkim->detail));
    } else if (dkim->standing == VD_STANDING_ABSENT) {
        vd_absent_words(dkim->detail, words);
    } else if (dkim->state == VD_KEY_REVOKED) {
        snprintf(words, sizeof words, "revoked (p= is empty)");
    } else if (dkim->state == VD_KEY_UNUSABLE) {
        snprintf(words, sizeof words, "unusable: %.80s", fault);
    } else {
        key_words(dkim, words);
    }
    if (!dkim->is_alias) {
        snprintf(out, VD_SUMMARY_MAX, "%.190s", words);
        return out;
    }
    /* A longer chain ends elsewhere: say where. */
    bool is_far = dkim->standing == VD_STANDING_ABSENT && strstr(fault, text) == NULL;
    snprintf(out, VD_SUMMARY_MAX, "%.60s via CNAME %.60s%s%.60s", words, text, is_far ? ", " : "",
             is_far ? fault : "");
    return out;
}

/* ---- groups ------------------------------------------------------------------------------ */

static bool is_usable(const struct vd_facts *facts, uint8_t selector)
{
    return facts->dkim[selector].standing == VD_STANDING_OK;
}

static bool is_unknown(const struct vd_facts *facts, uint8_t selector)
{
    return facts->dkim[selector].standing == VD_STANDING_UNKNOWN;
}

static bool is_member(const struct vd_dkim_group *group, uint8_t selector)
{
    return (group->members >> selector & 1u) != 0;
}

/* What is left of a group. */
struct group_state {
    unsigned members;
    unsigned need;
    unsigned usable;
    unsigned unknown;
    uint8_t first_unusable; /* known, and not usable */
    uint8_t unknown_detail;
    bool had_usable_loss; /* a member that was usable by the baseline is known not to be any more */
};

static struct group_state look_at(const struct vd_facts *now, const struct vd_facts *was,
                                  const struct vd_watch *watch, const struct vd_dkim_group *group)
{
    struct group_state state = {.need = group->need, .first_unusable = UINT8_MAX};

    for (uint8_t i = 0; i < watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        if (!is_member(group, i)) {
            continue;
        }
        state.members++;
        if (is_usable(now, i)) {
            state.usable++;
        } else if (is_unknown(now, i)) {
            state.unknown++;
            state.unknown_detail = now->dkim[i].detail;
        } else {
            state.first_unusable = state.first_unusable == UINT8_MAX ? i : state.first_unusable;
            state.had_usable_loss |= was != NULL && is_usable(was, i);
        }
    }
    return state;
}

/* A selector that stands in no group is a group of its own. */
static struct vd_dkim_group group_at(const struct vd_watch *watch, uint8_t selector, uint8_t *index)
{
    struct vd_dkim_group alone = {.members = (uint16_t)(1u << selector), .need = 1};
    bool is_in_any = false;

    for (uint8_t i = 0; i < watch->groups_count && i < VD_DKIM_GROUPS_MAX; i++) {
        is_in_any |= is_member(&watch->groups[i], selector);
    }
    for (; *index < watch->groups_count && *index < VD_DKIM_GROUPS_MAX; (*index)++) {
        if (is_member(&watch->groups[*index], selector)) {
            return watch->groups[(*index)++];
        }
    }
    if (!is_in_any && *index != UINT8_MAX) {
        *index = UINT8_MAX;
        return alone;
    }
    return (struct vd_dkim_group){.members = 0};
}

/* What the groups say of a selector that is known and not usable. */
struct need {
    bool is_failing;   /* a group has fewer usable keys than it needs, and misses this one */
    bool is_undecided; /* it hangs on a member that is unknown */
    bool is_last;      /* no usable key is left in a group */
    uint8_t detail;    /* of the unknown member */
};

static struct need need_of(const struct vd_facts *now, const struct vd_facts *was,
                           const struct vd_watch *watch, uint8_t selector)
{
    struct need need = {false, false, false, 0};
    uint8_t index = 0;

    for (;;) {
        struct vd_dkim_group group = group_at(watch, selector, &index);
        if (group.members == 0) {
            return need;
        }
        struct group_state state = look_at(now, was, watch, &group);
        if (state.usable >= state.need) {
            continue;
        }
        if (state.usable + state.unknown >= state.need) {
            need.is_undecided = true;
            need.detail = state.unknown_detail;
            continue;
        }
        /* Of an "any" group the members that were lost are told; with none, the first. */
        bool is_told = state.need == state.members || (was != NULL && is_usable(was, selector)) ||
                       (!state.had_usable_loss && state.first_unusable == selector);
        need.is_failing |= is_told;
        need.is_last |= is_told && state.usable + state.unknown == 0;
    }
}

bool vd_dkim_is_undecided(const struct vd_facts *now, const struct vd_watch *watch,
                          uint8_t selector, uint8_t *detail)
{
    if (is_usable(now, selector) || is_unknown(now, selector)) {
        return false;
    }
    struct need need = need_of(now, NULL, watch, selector);
    *detail = need.detail;
    return need.is_undecided && !need.is_failing;
}

/* ---- verdict: not usable ----------------------------------------------------------------- */

/* Everything that goes by this function: subject "DKIM s1 <what>", old and new. */
static void add(const struct vd_case *at, uint8_t selector, struct vd_finding *finding,
                const char *what)
{
    char words[VD_SUMMARY_MAX];

    char name[VD_SHORT_NAME_MAX / 2];

    if (at->was->dkim[selector].standing != VD_STANDING_UNKNOWN) {
        finding->old_text =
            vd_words_put(at->out, "%.100s", vd_dkim_summary(at->was, selector, words));
    }
    finding->new_text = at->out->subjects[at->subject].summary;
    finding->subject_line = vd_words_subject(
        at, "DKIM %s %s", vd_short_name(at->watch->selectors[selector], name, sizeof name), what);
    if (at->now->dkim[selector].is_alias ||
        (at->was->dkim[selector].is_alias && at->now->dkim[selector].standing != VD_STANDING_OK)) {
        finding->rtype = VD_TYPE_CNAME;
    }
    vd_finding_add(at, finding);
}

/* Is there a selector with a usable key, or one of which nobody knows? */
static bool is_any_left(const struct vd_case *at)
{
    for (uint8_t i = 0; i < at->watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        if (is_usable(at->now, i) || is_unknown(at->now, i)) {
            return true;
        }
    }
    return false;
}

static void find_lost(const struct vd_case *at, uint8_t selector, const struct need *need)
{
    const struct vd_dkim_facts *now = &at->now->dkim[selector];
    enum vd_code code = now->standing == VD_STANDING_ABSENT ? VD_CODE_DKIM_MISSING
                        : now->state == VD_KEY_REVOKED      ? VD_CODE_DKIM_REVOKED
                                                            : VD_CODE_DKIM_BROKEN;
    const char *what = code == VD_CODE_DKIM_MISSING   ? "missing"
                       : code == VD_CODE_DKIM_REVOKED ? "revoked"
                                                      : "broken";
    struct vd_finding finding = vd_finding_of(at, code);
    char words[60];

    if (need->is_last && is_usable(at->was, selector)) {
        vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    } else if (!need->is_last && !vd_case_is_enforcing(at)) {
        vd_finding_set(&finding, VD_CLASS_BROKEN, VD_SEVERITY_WARNING);
    }
    snprintf(words, sizeof words, "%s: %s", what,
             is_any_left(at) ? "mail signed with it fails" : "no usable key is left");
    add(at, selector, &finding, words);
}

/* Under 1024 bits: anybody can compute the private key, whatever the rest of the group does. */
static void find_short(const struct vd_case *at, uint8_t selector)
{
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_BROKEN);

    vd_finding_set(&finding, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL);
    finding.axis = VD_AXIS_SPOOF | VD_AXIS_DELIVERY;
    finding.reason = VD_REASON_DKIM_SHORT;
    add(at, selector, &finding, "broken: RSA under 1024 bits");
}

static void judge_unusable(const struct vd_case *at, uint8_t selector)
{
    const struct vd_dkim_facts *now = &at->now->dkim[selector];
    struct need need = need_of(at->now, at->was, at->watch, selector);

    if (now->state == VD_KEY_UNUSABLE && now->bits > 0 && now->bits < VD_DKIM_RSA_BITS_MIN) {
        find_short(at, selector);
    } else if (need.is_failing) {
        find_lost(at, selector, &need);
    } else if (is_usable(at->was, selector)) {
        struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_ROTATION);
        add(at, selector, &finding, "gone, its group still works: rotation?");
    }
}

/* ---- verdict: usable --------------------------------------------------------------------- */

/* Ed25519 is about as strong as RSA 3072. */
static unsigned strength_of(const struct vd_dkim_facts *facts)
{
    return facts->is_ed25519 ? 3072u : facts->bits;
}

static void find_weaker(const struct vd_case *at, uint8_t selector)
{
    const struct vd_dkim_facts *was = &at->was->dkim[selector];
    const struct vd_dkim_facts *now = &at->now->dkim[selector];
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_WEAKENED);
    char old_words[VD_SUMMARY_MAX];
    char new_words[VD_SUMMARY_MAX];
    char words[80];

    if (strength_of(now) >= strength_of(was) && !now->is_testing) {
        finding.axis = VD_AXIS_DELIVERY;
        finding.reason = VD_REASON_DKIM_ED25519;
    }
    snprintf(words, sizeof words, "weakened, %.28s " VD_ARROW " %.28s", key_words(was, old_words),
             key_words(now, new_words));
    add(at, selector, &finding, words);
}

/* Does another operator than before hold the key?  Our own name, without alias, is one of ours. */
static bool is_moved_away(const struct vd_case *at, uint8_t selector)
{
    const struct vd_dkim_facts *was = &at->was->dkim[selector];
    const struct vd_dkim_facts *now = &at->now->dkim[selector];
    uint32_t holder =
        was->is_alias ? was->operator_ : vd_operator_of(at->watch->domain, at->watch->domain);

    return now->is_alias && now->alias != was->alias && now->operator_ != holder;
}

/* Neither weaker nor moved away: is it the same key, and what is better or other about it? */
static void compare_rest(const struct vd_case *at, uint8_t selector)
{
    const struct vd_dkim_facts *was = &at->was->dkim[selector];
    const struct vd_dkim_facts *now = &at->now->dkim[selector];
    struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_STRENGTHENED);

    if (now->fingerprint != was->fingerprint && now->is_alias && was->is_alias) {
        finding = vd_finding_of(at, VD_CODE_DKIM_ROLLED);
        add(at, selector, &finding, "changed: its operator has another key");
    } else if (now->fingerprint != was->fingerprint) { /* however many bits it has */
        finding = vd_finding_of(at, VD_CODE_DKIM_CHANGED);
        add(at, selector, &finding, "changed: another key");
    } else if (was->is_testing > now->is_testing || was->is_strict < now->is_strict) {
        add(at, selector, &finding, "strengthened");
    } else if (now->alias != was->alias) {
        finding = vd_finding_of(at, VD_CODE_DKIM_ROLLED);
        finding.reason = VD_REASON_SAME_KEY;
        vd_finding_set(&finding, VD_CLASS_CHANGED, VD_SEVERITY_INFO);
        add(at, selector, &finding, "changed: same key, elsewhere");
    }
}

static void compare(const struct vd_case *at, uint8_t selector)
{
    const struct vd_dkim_facts *was = &at->was->dkim[selector];
    const struct vd_dkim_facts *now = &at->now->dkim[selector];
    bool is_rsa_lost = !was->is_ed25519 && now->is_ed25519;
    bool is_tested = now->is_testing && !was->is_testing;
    struct vd_finding finding;

    if (strength_of(now) < strength_of(was) || is_tested || is_rsa_lost) {
        find_weaker(at, selector);
    } else if (was->is_strict && !now->is_strict) {
        finding = vd_finding_of(at, VD_CODE_DKIM_WEAKENED);
        finding.reason = VD_REASON_DKIM_LOOSE;
        vd_finding_set(&finding, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE);
        add(at, selector, &finding, "weakened, t=s is gone");
    }
    if (is_moved_away(at, selector)) {
        finding = vd_finding_of(at, VD_CODE_DKIM_ALIAS);
        add(at, selector, &finding, "alias leads to another operator");
    }
    if (!vd_finding_is_any(at)) {
        compare_rest(at, selector);
    }
}

void vd_judge_dkim(const struct vd_case *at, uint8_t selector)
{
    uint8_t was = at->was->dkim[selector].standing;

    if (!is_usable(at->now, selector)) {
        judge_unusable(at, selector);
    } else if (was == VD_STANDING_OK) {
        compare(at, selector);
    } else if (was != VD_STANDING_UNKNOWN) {
        struct vd_finding finding = vd_finding_of(at, VD_CODE_DKIM_STRENGTHENED);
        add(at, selector, &finding, "has a usable key now");
    }
}
