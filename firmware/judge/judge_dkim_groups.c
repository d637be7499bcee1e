/*
 * DKIM groups: how many keys are enough.
 *
 * There is no way to enumerate selectors, and many services keep some of theirs empty: a verdict
 * is about what the group asks for, not about each of its members.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_dkim.h"

#include "dns/records/dkim.h"
#include "dns/records/span.h"

#include <string.h>

bool vd_dkim_is_usable(const struct vd_facts *facts, uint8_t selector)
{
    return facts->dkim[selector].standing == VD_STANDING_OK &&
           facts->dkim[selector].state == VD_KEY_USABLE;
}

bool vd_dkim_is_unknown(const struct vd_facts *facts, uint8_t selector)
{
    return facts->dkim[selector].standing == VD_STANDING_UNKNOWN;
}

bool vd_dkim_is_short(const struct vd_dkim_facts *facts)
{
    return facts->standing == VD_STANDING_BROKEN && facts->records == 1 && facts->bits > 0 &&
           !facts->is_ed25519 && facts->bits < VD_DKIM_RSA_BITS_MIN;
}

unsigned vd_dkim_strength(const struct vd_dkim_facts *facts)
{
    return facts->is_ed25519 ? 3072u : facts->bits;
}

static bool is_member(const struct vd_dkim_group *group, uint8_t selector)
{
    return (group->members >> selector & 1u) != 0;
}

static unsigned members_of(const struct vd_dkim_group *group)
{
    unsigned count = 0;

    for (unsigned set = group->members; set != 0; set &= set - 1u) {
        count++;
    }
    return count;
}

/* ---- services ------------------------------------------------------------------------------- */

static const struct vd_provider *provider_of(const struct vd_watch *watch,
                                             const struct vd_dkim_group *group)
{
    return group->provider == 0 ? NULL : vd_provider_at(watch, group->provider - 1u);
}

/* The service that holds the keys of the group, behind CNAMEs; NULL: the domain does, or nobody
   was named. */
static const struct vd_provider *holder_of(const struct vd_watch *watch,
                                           const struct vd_dkim_group *group)
{
    const struct vd_provider *provider = provider_of(watch, group);

    return provider == NULL || provider->has_text_keys || provider->targets[0] == '\0' ? NULL
                                                                                       : provider;
}

const struct vd_provider *vd_dkim_provider_of(const struct vd_watch *watch, uint8_t selector)
{
    for (uint8_t i = 0; i < watch->groups_count && i < VD_DKIM_GROUPS_MAX; i++) {
        if (is_member(&watch->groups[i], selector) && watch->groups[i].provider != 0) {
            return provider_of(watch, &watch->groups[i]);
        }
    }
    return NULL;
}

const struct vd_provider *vd_dkim_holder_of(const struct vd_watch *watch, uint8_t selector,
                                            bool is_all)
{
    for (uint8_t i = 0; i < watch->groups_count && i < VD_DKIM_GROUPS_MAX; i++) {
        const struct vd_dkim_group *group = &watch->groups[i];
        if (is_member(group, selector) && holder_of(watch, group) != NULL &&
            (!is_all || group->need >= members_of(group))) {
            return holder_of(watch, group);
        }
    }
    return NULL;
}

bool vd_dkim_is_held_by(const struct vd_dkim_facts *facts, const struct vd_provider *provider)
{
    return facts->is_alias &&
           facts->operator_ ==
               vd_hash(VD_HASH_START, (const uint8_t *)provider->title, strlen(provider->title));
}

/* ---- groups ---------------------------------------------------------------------------------- */

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
        if (vd_dkim_is_usable(now, i)) {
            state.usable++;
        } else if (vd_dkim_is_unknown(now, i)) {
            state.unknown++;
            state.unknown_detail = now->dkim[i].detail;
        } else {
            state.first_unusable = state.first_unusable == UINT8_MAX ? i : state.first_unusable;
            state.had_usable_loss |= was != NULL && vd_dkim_is_usable(was, i);
        }
    }
    return state;
}

/* The next group that the selector stands in; one that is in none is a group of its own. */
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

/* One group's word on a selector that is known and not usable. */
static void ask_group(struct vd_dkim_need *need, const struct vd_facts *now,
                      const struct vd_facts *was, const struct vd_watch *watch,
                      const struct vd_dkim_group *group, uint8_t selector)
{
    struct group_state state = look_at(now, was, watch, group);
    const struct vd_provider *holder = holder_of(watch, group);
    bool is_all = state.need >= state.members;
    bool is_misplaced = false;

    if (holder != NULL && is_all) {
        /* The service turns its keys over: every CNAME in place, a key behind one of them. */
        is_misplaced = !vd_dkim_is_held_by(&now->dkim[selector], holder);
        state.need = 1;
        is_all = state.members == 1;
    }
    if (state.usable >= state.need && !is_misplaced) {
        return;
    }
    if (state.usable + state.unknown >= state.need && !is_misplaced) {
        need->is_undecided = true;
        need->detail = state.unknown_detail;
        return;
    }
    /* Of an "any" group the members that were lost are told; with none, the first. */
    bool is_told = is_all || is_misplaced || (was != NULL && vd_dkim_is_usable(was, selector)) ||
                   (!state.had_usable_loss && state.first_unusable == selector);
    need->is_failing |= is_told;
    need->is_last |= is_told && state.usable + state.unknown == 0;
}

struct vd_dkim_need vd_dkim_need_of(const struct vd_facts *now, const struct vd_facts *was,
                                    const struct vd_watch *watch, uint8_t selector)
{
    struct vd_dkim_need need = {false, false, false, 0};
    uint8_t index = 0;

    for (;;) {
        struct vd_dkim_group group = group_at(watch, selector, &index);
        if (group.members == 0) {
            return need;
        }
        ask_group(&need, now, was, watch, &group, selector);
    }
}

bool vd_dkim_is_spare(const struct vd_facts *facts, const struct vd_watch *watch, uint8_t selector)
{
    uint8_t index = 0;

    for (;;) {
        struct vd_dkim_group group = group_at(watch, selector, &index);
        if (group.members == 0) {
            return true;
        }
        struct group_state state = look_at(facts, NULL, watch, &group);
        unsigned others = state.usable - vd_dkim_is_usable(facts, selector);
        if (others < state.need) { /* of an "all" group each is asked for, whoever holds its keys */
            return false;
        }
    }
}

bool vd_dkim_is_undecided(const struct vd_facts *now, const struct vd_watch *watch,
                          uint8_t selector, uint8_t *detail)
{
    const struct vd_dkim_facts *facts = &now->dkim[selector];

    if (vd_dkim_is_usable(now, selector) || vd_dkim_is_unknown(now, selector) ||
        watch->needs_no_key || facts->takeover || vd_dkim_is_short(facts)) {
        return false; /* that others can sign is bad, whatever the group has */
    }
    struct vd_dkim_need need = vd_dkim_need_of(now, NULL, watch, selector);
    *detail = need.detail;
    return need.is_undecided && !need.is_failing;
}

bool vd_dkim_replaces(const struct vd_case *at, uint8_t selector)
{
    unsigned own = vd_dkim_strength(&at->now->dkim[selector]);
    bool has_lost = false;

    for (uint8_t g = 0; g < at->watch->groups_count && g < VD_DKIM_GROUPS_MAX; g++) {
        const struct vd_dkim_group *group = &at->watch->groups[g];
        for (uint8_t i = 0; is_member(group, selector) && i < VD_SELECTORS_MAX; i++) {
            bool is_lost = is_member(group, i) && vd_dkim_is_usable(at->was, i) &&
                           !vd_dkim_is_usable(at->now, i) && !vd_dkim_is_unknown(at->now, i);
            if (is_lost && own > vd_dkim_strength(&at->was->dkim[i])) {
                return false;
            }
            has_lost |= is_lost;
        }
    }
    return has_lost;
}
