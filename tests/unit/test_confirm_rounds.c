/*
 * Days of rounds, whoever lies, lags or is dead: false alarms, misses and noise are counted.
 *
 * The schedule is the agent's: rounds ask any resolver, an authority has its turn from time to
 * time, and what vd_confirm_look wants comes before both.
 *
 * SPDX-License-Identifier: MIT
 */
#include "confirm_world.h"

#define ROUND_S 900u
#define CHECK_S 3600u
#define NEVER   UINT32_MAX

/* What a source would say: bad from one time on until another one; or nothing at all. */
struct source {
    uint32_t bad_s, good_again_s;
    bool is_dead;
};

static struct source world[VD_PEERS_MAX];
static unsigned seed;
static uint32_t opened_s, closed_s; /* the last time of each turn */
static unsigned looks;

static unsigned rnd(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static bool is_allowed(unsigned set, unsigned not_these, unsigned place)
{
    return ((set & ~not_these) >> place & 1u) != 0;
}

/* A resolver: not one of not_these, rather another than the last; if none is left, any. */
static unsigned pick_resolver(unsigned not_these, unsigned last)
{
    unsigned any = last;

    for (unsigned i = 1; i <= VD_SERVERS_MAX; i++) {
        unsigned place = (last + i) % VD_SERVERS_MAX;
        if (is_allowed(sources.resolvers, not_these, place)) {
            return place;
        }
        any = is_allowed(sources.resolvers, 0, place) && any == last ? place : any;
    }
    return any;
}

static unsigned pick_authority(unsigned not_these)
{
    static unsigned turn;

    for (unsigned i = 0; i < VD_AUTHORITIES_MAX; i++) {
        unsigned place = VD_AUTHORITY(turn++ % VD_AUTHORITIES_MAX);
        if (is_allowed(sources.authorities, not_these, place)) {
            return place;
        }
    }
    return VD_SOURCE_NONE;
}

static void look_of(unsigned place, uint32_t now_s)
{
    const struct source *source = &world[place];
    size_t before = strlen(turns);
    bool is_bad = now_s >= source->bad_s && now_s < source->good_again_s;

    looks++;
    if (source->is_dead) {
        unknown(now_s * 1000ull, place);
    } else if (is_bad) {
        bad(now_s * 1000ull, place);
    } else {
        good(now_s * 1000ull, place);
    }
    for (; turns[before] != '\0'; before++) {
        opened_s = turns[before] == 'O' ? now_s : opened_s;
        closed_s = turns[before] == 'C' ? now_s : closed_s;
    }
}

/* Run from start to end.  Returns nothing: turns[], opened_s, closed_s and looks tell. */
static void run(uint32_t end_s)
{
    uint32_t now_s = 0, round_s = 0, check_s = CHECK_S;
    unsigned last = rnd(VD_SERVERS_MAX), not_these = 0;
    enum vd_next_who who = VD_NEXT_ANYONE;

    looks = 0;
    opened_s = closed_s = NEVER;
    while (now_s < end_s) {
        unsigned place = who == VD_NEXT_AUTHORITY ? pick_authority(not_these) : VD_SOURCE_NONE;
        if (place == VD_SOURCE_NONE) {
            place = pick_resolver(who == VD_NEXT_ANYONE ? 0 : not_these, last);
            for (unsigned i = 0; who == VD_NEXT_ANYONE && world[place].is_dead && i < 8; i++) {
                place = pick_resolver(0, place);
            }
            last = place;
        }
        look_of(place, now_s);
        if (who == VD_NEXT_ANYONE) {
            round_s = now_s + ROUND_S * 4 / 5 + rnd(ROUND_S * 2 / 5);
        }
        check_s = check_s <= now_s ? now_s + CHECK_S : check_s;
        uint32_t wanted_s = next.is_wanted ? now_s + next.wait_ms / 1000u + 1u : NEVER;
        who = VD_NEXT_ANYONE;
        now_s = round_s;
        if (wanted_s <= round_s) {
            now_s = wanted_s;
            who = (enum vd_next_who)next.who;
            not_these = next.not_these;
        } else if (check_s < round_s) {
            now_s = check_s;
            who = VD_NEXT_AUTHORITY;
            not_these = 0;
        }
    }
}

/* A world in which all tell the truth: good for ever. */
static void start(unsigned resolvers, unsigned authorities, unsigned new_seed)
{
    set_up(resolvers, authorities);
    seed = new_seed;
    for (size_t i = 0; i < VD_PEERS_MAX; i++) {
        world[i] = (struct source){.bad_s = NEVER, .good_again_s = NEVER};
    }
}

/* The records change at change_s and change back: each resolver sees it up to an hour later, each
   authority up to a minute. */
static void change(uint32_t change_s, uint32_t back_s)
{
    for (size_t i = 0; i < VD_PEERS_MAX; i++) {
        unsigned lag = i < VD_SERVERS_MAX ? 3600 : 60;
        world[i].bad_s = change_s + rnd(lag);
        world[i].good_again_s = back_s == NEVER ? NEVER : back_s + rnd(lag);
    }
}

static void kill_authorities(void)
{
    for (unsigned i = 0; i < VD_AUTHORITIES_MAX; i++) {
        world[VD_AUTHORITY(i)].is_dead = true;
    }
}

static unsigned count(char turn)
{
    unsigned found = 0;

    for (const char *at = turns; *at != '\0'; at++) {
        found += *at == turn;
    }
    return found;
}

static bool is_divergent(void)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        if (confirm.alerts[i].state != VD_ALERT_FREE && confirm.alerts[i].is_divergent) {
            return true;
        }
    }
    return false;
}

#define SEEDS 200u
#define DAYS  86400u

static void test_lying_resolvers_never_open_while_authorities_say_good(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SEEDS; s++) {
        start(s % 2 == 0 ? R_2 : R_3, s % 3 == 0 ? A_1 : A_2, s);
        world[R0].bad_s = rnd(DAYS);
        world[R1].bad_s = s % 5 == 0 ? rnd(DAYS) : NEVER;
        run(3 * DAYS);
        assert_int_equal(count('O'), 0);
        assert_int_equal(count('D'), 2); /* once, and once loudly */
        assert_int_equal(count('A'), 0);
        assert_true(looks < 3 * DAYS / ROUND_S * 5 / 4 + 3 * 24 + 40);
    }
}

static void test_one_lying_resolver_without_authorities_never_opens(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SEEDS; s++) {
        start(s % 2 == 0 ? R_2 : R_3, s % 3 == 0 ? A_2 : 0, s);
        kill_authorities();
        world[R0].bad_s = rnd(DAYS);
        run(3 * DAYS);
        assert_int_equal(count('O'), 0);
        assert_true(count('D') >= 1 && count('D') <= 2);
    }
}

static void test_change_opens_once_and_closes_once_with_authorities(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SEEDS; s++) {
        start(s % 2 == 0 ? R_2 : R_3, s % 3 == 0 ? A_1 : A_2, s);
        uint32_t change_s = 5000 + rnd(DAYS);
        uint32_t back_s = change_s + 20000 + rnd(DAYS);
        change(change_s, back_s);
        run(back_s + DAYS);
        assert_int_equal(count('O'), 1);
        assert_int_equal(count('C'), 1);
        assert_in_range(opened_s, change_s, change_s + CHECK_S + 900);
        assert_in_range(closed_s, back_s, back_s + 3 * CHECK_S);
        assert_false(is_divergent());
        assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
    }
}

static void test_change_opens_once_and_closes_once_without_authorities(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SEEDS; s++) {
        start(s % 2 == 0 ? R_2 : R_3, s % 3 == 0 ? A_2 : 0, s);
        uint32_t change_s = 5000 + rnd(DAYS);
        change(change_s, NEVER);
        kill_authorities();
        run(change_s + DAYS);
        assert_int_equal(count('O'), 1);
        assert_int_equal(count('C'), 0);
        assert_in_range(opened_s, change_s, change_s + 3600 + 3 * ROUND_S);
        assert_false(is_divergent());
    }
}

static void test_single_source_opens_in_time_and_not_before_six_waits(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SEEDS; s++) {
        start(s % 2 == 0 ? R_1 : R_2, s % 3 == 0 ? A_2 : 0, s);
        uint32_t change_s = 5000 + rnd(DAYS);
        change(change_s, NEVER);
        kill_authorities();
        world[R1].is_dead = true;
        run(change_s + DAYS);
        assert_int_equal(count('O'), 1);
        assert_in_range(opened_s, world[R0].bad_s + 6 * WAIT_MS / 1000,
                        world[R0].bad_s + 6 * WAIT_MS / 1000 + 3 * ROUND_S);
    }
}

/* A blip at one resolver, up to confirm_wait. */
static void test_blip_at_one_resolver_is_never_told(void **state)
{
    (void)state;
    for (unsigned s = 0; s < SEEDS; s++) {
        start(R_2, s % 2 == 0 ? A_2 : 0, s);
        world[R0].bad_s = rnd(DAYS);
        world[R0].good_again_s = world[R0].bad_s + 1 + rnd(299);
        run(2 * DAYS);
        assert_string_equal(turns, "");
        assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lying_resolvers_never_open_while_authorities_say_good),
        cmocka_unit_test(test_one_lying_resolver_without_authorities_never_opens),
        cmocka_unit_test(test_change_opens_once_and_closes_once_with_authorities),
        cmocka_unit_test(test_change_opens_once_and_closes_once_without_authorities),
        cmocka_unit_test(test_single_source_opens_in_time_and_not_before_six_waits),
        cmocka_unit_test(test_blip_at_one_resolver_is_never_told),
    };
    return cmocka_run_group_tests_name("confirm_rounds", tests, NULL, NULL);
}
