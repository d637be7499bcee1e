/*
 * Who says so, and who says otherwise: scenarios.
 *
 * SPDX-License-Identifier: MIT
 */
#include "confirm_world.h"

/* What a look found. */
enum what { END = 0, BAD, GOOD, DARK, GONE };

/* Whom the next look is to ask; its wait in seconds goes with it. */
enum who { QUIET = 0, ANY, ELSE, AUTH };

struct step {
    uint32_t at_s;
    unsigned source;
    enum what what;
    const char *turns; /* of this look */
    enum who who;
    uint32_t wait_s;
    unsigned may; /* sources that not_these leaves, of those that there are */
};

struct scenario {
    const char *what;
    unsigned resolvers, authorities;
    bool is_of_others;
    struct step steps[18];
};

#define W 300u

static const struct scenario scenarios[] = {
    /* (a) */
    {"a real change: two authorities say so, at once, though a resolver lags",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, BAD, "", AUTH, 0, 1u << A1},
      {2, A1, BAD, "O", QUIET, 0, 0},
      {10, R1, GOOD, "", AUTH, W, A_2}}},
    {"gone goes the same way",
     R_2,
     A_2,
     false,
     {{0, R0, GONE, "", AUTH, 0, A_2},
      {1, A0, GONE, "", AUTH, 0, 1u << A1},
      {2, A1, GONE, "O", QUIET, 0, 0}}},
    {"an authority finds it before any resolver",
     R_2,
     A_2,
     false,
     {{0, A1, BAD, "", AUTH, 0, 1u << A0}, {1, A0, BAD, "O", QUIET, 0, 0}}},
    {"a resolver that says good meanwhile does not hold it",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, R1, GOOD, "", AUTH, 0, A_2},
      {2, A0, BAD, "", AUTH, 0, 1u << A1},
      {3, A1, BAD, "O", QUIET, 0, 0}}},
    {"a zone with one authority: it and a resolver",
     R_2,
     A_1,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_1}, {1, A0, BAD, "O", QUIET, 0, 0}}},
    {"but never on one look",
     R_2,
     A_1,
     false,
     {{0, A0, BAD, "", ELSE, 1, R_2}, {1, R0, BAD, "O", QUIET, 0, 0}}},
    {"its one authority forged once, resolvers good: nothing",
     R_2,
     A_1,
     false,
     {{0, A0, BAD, "", ELSE, 1, R_2},
      {1, R0, GOOD, "", AUTH, W, A_1},
      {301, A0, GOOD, "", QUIET, 0, 0}}},
    {"one of two authorities is not enough",
     R_2,
     A_2,
     false,
     {{0, A0, BAD, "", AUTH, 0, 1u << A1}, {1, A0, BAD, "", AUTH, 0, 1u << A1}}},
    {"what hangs on another domain: authorities are not asked, and not counted",
     R_2,
     A_2,
     true,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1},
      {1, A0, BAD, "", ELSE, 1, 1u << R1},
      {2, A1, BAD, "", ELSE, 1, 1u << R1},
      {3, R1, BAD, "", ELSE, 297, 1u << R1},
      {300, R1, BAD, "O", QUIET, 0, 0}}},
    /* (b) */
    {"one stale or forged resolver: the authority says otherwise, dropped when it turns",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, GOOD, "", ELSE, W, 1u << R0},
      {301, R0, GOOD, "", QUIET, 0, 0}}},
    {"a hijacked resolver for ever: told once, told loudly once, never an alert",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, GOOD, "", ELSE, W, 1u << R0},
      {301, R0, BAD, "", AUTH, W, 1u << A0},
      {601, A0, GOOD, "D", ELSE, W, 1u << R0},
      {901, R0, BAD, "", AUTH, W, 1u << A0},
      {1201, R1, GOOD, "", ELSE, W, 1u << R0},
      {3599, R0, BAD, "", AUTH, W, 1u << A0},
      {3600, R0, BAD, "D", ELSE, W, 1u << R0},
      {7200, R0, BAD, "", AUTH, W, 1u << A0},
      {90000, A1, GOOD, "", ELSE, W, 1u << R0},
      {90001, R0, BAD, "", AUTH, W, A_2},
      {90002, R0, BAD, "", ELSE, W, 1u << R0},
      {90003, R0, BAD, "", QUIET, 0, 0},
      {90004, R0, GOOD, "A", QUIET, 0, 0}}},
    {"both resolvers hijacked, both authorities good: the authorities win",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, GOOD, "", ELSE, W, 1u << R0},
      {301, R0, BAD, "", AUTH, W, 1u << A0},
      {302, R1, BAD, "", AUTH, W, 1u << A0},
      {602, R1, BAD, "", AUTH, W, 1u << A0},
      {902, A0, GOOD, "D", ELSE, W, R_2},
      {1202, A1, GOOD, "", AUTH, W, 0},
      {9000, R0, BAD, "D", ELSE, W, R_2},
      {9001, R1, BAD, "", AUTH, W, 0},
      {9002, R0, GOOD, "", ELSE, W, 1u << R1},
      {9003, R1, GOOD, "A", QUIET, 0, 0}}},
    {"a stale secondary: authorities disagree, it is told, and opens when the last one follows",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, BAD, "", AUTH, 0, 1u << A1},
      {2, A1, GOOD, "", AUTH, W, 1u << A0},
      {302, A0, BAD, "", AUTH, W, 1u << A1},
      {602, A1, GOOD, "D", AUTH, W, 0},
      {902, R1, BAD, "", AUTH, W, 0},
      {903, R1, BAD, "", AUTH, W, 0},
      {904, R0, BAD, "", AUTH, W, 0},
      {1202, A1, BAD, "AO", QUIET, 0, 0}}},
    {"an edit that spreads: resolvers see the old for a while, nothing is told but the alert",
     R_2,
     A_2,
     false,
     {{0, A0, BAD, "", AUTH, 0, 1u << A1},
      {1, A1, BAD, "O", QUIET, 0, 0},
      {900, R0, GOOD, "", AUTH, W, A_2},
      {901, R1, GOOD, "", AUTH, W, A_2},
      {1200, A0, BAD, "", QUIET, 0, 0},
      {1800, R0, GOOD, "", AUTH, W, A_2},
      {2100, A0, BAD, "", QUIET, 0, 0},
      {2700, R0, BAD, "", QUIET, 0, 0}}},
    {"resolvers that disagree, no authority known: a divergence; dropped when all say good",
     R_2,
     0,
     false,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1},
      {1, R1, GOOD, "", ELSE, W, 1u << R0},
      {301, R0, BAD, "", ELSE, W, 1u << R1},
      {601, R1, GOOD, "D", ELSE, W, 0},
      {602, R0, GOOD, "A", QUIET, 0, 0}}},
    {"resolvers disagree until the lagging one follows: agreement counts from then",
     R_2,
     0,
     false,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1},
      {1, R1, GOOD, "", ELSE, W, 1u << R0},
      {301, R0, BAD, "", ELSE, W, 1u << R1},
      {601, R1, BAD, "", ELSE, W, 1u << R1},
      {602, R1, BAD, "", ELSE, 299, 0},
      {900, R0, BAD, "", ELSE, 1, 0},
      {901, R0, BAD, "O", QUIET, 0, 0}}},
    {"not a divergence before each side has repeated itself",
     R_2,
     0,
     false,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1},
      {301, R0, BAD, "", ELSE, 1, 1u << R1},
      {302, R1, GOOD, "", ELSE, W, 1u << R1},
      {303, R1, GOOD, "D", ELSE, W, 0}}},
    {"nor before confirm_wait",
     R_2,
     0,
     false,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1},
      {1, R0, BAD, "", ELSE, 1, 1u << R1},
      {2, R1, GOOD, "", ELSE, W, 1u << R1},
      {299, R1, GOOD, "", ELSE, W, 0},
      {300, R1, GOOD, "D", ELSE, W, 0}}},
    {"first told when it has lasted already: loudly, and not a second time",
     R_2,
     0,
     false,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1},
      {1, R1, GOOD, "", ELSE, W, 1u << R0},
      {4000, R0, BAD, "", ELSE, W, 1u << R1},
      {4001, R1, GOOD, "D", ELSE, W, 0},
      {9000, R0, BAD, "", ELSE, W, 0}}},
    {"a resolver that flaps, no authority: never an alert, never a divergence",
     R_2,
     0,
     false,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1},
      {1, R1, GOOD, "", ELSE, W, 1u << R0},
      {301, R0, GOOD, "", QUIET, 0, 0},
      {900, R0, BAD, "", ELSE, 1, 1u << R1},
      {901, R1, GOOD, "", ELSE, W, 1u << R0},
      {1201, R0, GOOD, "", QUIET, 0, 0}}},
    /* (c) */
    {"authorities unreachable: two looks in vain, then two resolvers twice over the wait",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, DARK, "", AUTH, 0, 1u << A1},
      {2, A1, DARK, "", ELSE, 1, 1u << R1},
      {3, R1, BAD, "", ELSE, 297, 0},
      {300, R0, BAD, "", ELSE, 1, 1u << R1},
      {301, R1, BAD, "O", QUIET, 0, 0}}},
    {"the only authority does not answer: it is asked twice",
     R_2,
     A_1,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_1},
      {1, A0, DARK, "", AUTH, 1, A_1},
      {2, A0, DARK, "", ELSE, 1, 1u << R1},
      {3, R1, BAD, "", ELSE, 297, 0}}},
    {"the answer that came in an authority's place was a resolver's: that is in vain too",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, R0, BAD, "", AUTH, 0, A_2},
      {2, R0, BAD, "", ELSE, 1, 1u << R1}}},
    {"not while authorities could still be asked",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, DARK, "", AUTH, 0, 1u << A1},
      {300, R0, BAD, "", ELSE, 1, 1u << R1}}},
    {"one authority says so and the other cannot: a resolver is the second source",
     R_1,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, BAD, "", AUTH, 0, 1u << A1},
      {2, A1, DARK, "", AUTH, 1, 1u << A1},
      {3, A1, DARK, "", ELSE, 297, 1u << R0},
      {300, R0, BAD, "", AUTH, 1, 1u << A0},
      {301, A0, BAD, "O", QUIET, 0, 0}}},
    {"three resolvers, one says otherwise: held",
     R_3,
     0,
     false,
     {{0, R0, BAD, "", ELSE, 1, 1u << R1 | 1u << R2},
      {1, R1, BAD, "", ELSE, 299, 0},
      {300, R0, BAD, "", ELSE, 1, 1u << R1},
      {301, R2, GOOD, "", ELSE, W, 1u << R2},
      {302, R1, BAD, "", ELSE, W, 1u << R2},
      {602, R2, GOOD, "D", ELSE, W, 0}}},
    {"an authority that said good and is then unreachable twice: resolvers decide",
     R_2,
     A_1,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_1},
      {1, A0, GOOD, "", ELSE, W, 1u << R0},
      {301, R0, BAD, "", AUTH, W, A_1},
      {302, R1, BAD, "", AUTH, W, A_1},
      {303, R1, BAD, "", AUTH, W, A_1},
      {601, A0, GOOD, "D", ELSE, W, R_2},
      {901, A0, DARK, "", AUTH, W, 0},
      {1201, A0, DARK, "", ELSE, W, 0},
      {1300, R0, BAD, "", ELSE, 201, 0},
      {1501, R1, BAD, "AO", QUIET, 0, 0}}},
    /* (d) */
    {"one address only, authorities not asked: three looks over six waits",
     R_1,
     0,
     false,
     {{0, R0, BAD, "", ANY, 3 * W, 0},
      {900, R0, BAD, "", ANY, 3 * W, 0},
      {1799, R0, BAD, "", ANY, 3 * W, 0},
      {1800, R0, BAD, "O", QUIET, 0, 0}}},
    {"one address, and something answers in the authorities' place: single source",
     R_1,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, DARK, "", AUTH, 0, 1u << A1},
      {2, A1, DARK, "", ANY, 3 * W, 0},
      {902, R0, BAD, "", ANY, 3 * W, 0},
      {1802, R0, BAD, "O", QUIET, 0, 0}}},
    {"one address, and the authorities can speak: it is no single source",
     R_1,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, GOOD, "", ELSE, W, 1u << R0},
      {1000, R0, BAD, "", AUTH, W, 1u << A0},
      {2000, R0, BAD, "", AUTH, W, 1u << A0},
      {3000, R0, BAD, "", AUTH, W, 1u << A0}}},
    /* closing */
    {"an authority that insists keeps it open; its own clean looks close it",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, BAD, "", AUTH, 0, 1u << A1},
      {2, A1, BAD, "O", QUIET, 0, 0},
      {900, R0, GOOD, "", AUTH, W, A_2},
      {901, R1, GOOD, "", AUTH, W, A_2},
      {1200, A0, GOOD, "", AUTH, W, 1u << A1},
      {1500, A1, GOOD, "C", QUIET, 0, 0}}},
    {"authorities that insisted and cannot be reached any more: resolvers close it, after the hold",
     R_2,
     A_1,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_1},
      {1, A0, BAD, "O", QUIET, 0, 0},
      {900, R0, GOOD, "", AUTH, W, A_1},
      {1200, A0, DARK, "", QUIET, 0, 0},
      {1800, R1, GOOD, "", AUTH, W, A_1},
      {2100, A0, DARK, "", QUIET, 0, 0},
      {2700, R0, GOOD, "", AUTH, W, A_1},
      {3700, R0, GOOD, "", ELSE, W, 0},
      {4000, R1, GOOD, "C", QUIET, 0, 0}}},
    {"one stale secondary beside resolvers that all see it: believed after the hold",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, BAD, "", AUTH, 0, 1u << A1},
      {2, A1, GOOD, "", AUTH, W, 1u << A0},
      {302, A0, BAD, "", AUTH, W, 1u << A1},
      {602, A1, GOOD, "D", AUTH, W, 0},
      {903, R1, BAD, "", AUTH, W, 0},
      {904, R0, BAD, "", AUTH, W, 0},
      {905, R1, BAD, "", AUTH, W, 0},
      {906, R0, BAD, "", AUTH, W, 0},
      {3700, R1, BAD, "AO", QUIET, 0, 0}}},
    {"a resolver that still finds it keeps it open too",
     R_2,
     A_2,
     false,
     {{0, R0, BAD, "", AUTH, 0, A_2},
      {1, A0, BAD, "", AUTH, 0, 1u << A1},
      {2, A1, BAD, "O", QUIET, 0, 0},
      {900, A0, GOOD, "", AUTH, W, 1u << A1},
      {1000, R0, BAD, "", QUIET, 0, 0},
      {1200, A1, GOOD, "", ELSE, W, 0},
      {1500, R1, GOOD, "C", QUIET, 0, 0}}},
};

static enum who next_who(void)
{
    static const enum who of[] = {
        [VD_NEXT_ANYONE] = ANY, [VD_NEXT_ELSEWHERE] = ELSE, [VD_NEXT_AUTHORITY] = AUTH};

    return next.is_wanted ? of[next.who] : QUIET;
}

/* The sources that the next look may ask. */
static unsigned next_may(const struct scenario *scenario)
{
    unsigned all = next.who == VD_NEXT_AUTHORITY ? scenario->authorities : scenario->resolvers;

    return all & ~(unsigned)next.not_these;
}

static unsigned run_step(const struct scenario *scenario, size_t row)
{
    const struct step *step = &scenario->steps[row];

    turns[0] = '\0';
    look(step->at_s * 1000ull, step->source,
         step->what == DARK   ? VD_STANDING_UNKNOWN
         : step->what == GONE ? VD_STANDING_ABSENT
                              : VD_STANDING_OK,
         step->what == BAD    ? VD_CODE_DMARC_WEAKENED
         : step->what == GONE ? VD_CODE_DMARC_MISSING
                              : VD_CODE_NONE);
    enum who who = next_who();
    bool is_may_wrong = who != QUIET && step->may != 0 && next_may(scenario) != step->may;
    if (strcmp(turns, step->turns) == 0 && who == step->who &&
        (who == QUIET || next.wait_ms == step->wait_s * 1000u) && !is_may_wrong) {
        return 0;
    }
    print_error("%s, look %u: wanted \"%s\" who %d in %u s of %x; got \"%s\" who %d in %u ms of "
                "%x\n",
                scenario->what, (unsigned)row, step->turns, (int)step->who, step->wait_s, step->may,
                turns, (int)who, next.wait_ms, next_may(scenario));
    return 1;
}

static void test_scenarios(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        set_up(scenarios[i].resolvers, scenarios[i].authorities);
        is_of_others = scenarios[i].is_of_others;
        for (size_t row = 0; scenarios[i].steps[row].what != END; row++) {
            wrong += run_step(&scenarios[i], row);
        }
    }
    assert_int_equal(wrong, 0);
}

/* ---- what a table does not show ------------------------------------------------------------ */

static void
test_divergence_is_told_with_both_sides_and_with_a_finding_only_where_there_is_one(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    bad(0, R0), good(1, A0), good(2, A0);
    assert_string_equal(turns, "");
    bad(W * 1000, R0);
    assert_string_equal(turns, "D");
    assert_true(last_has_finding);
    assert_int_equal(last_alert.bad, 1u << R0);
    assert_int_equal(last_alert.good, 1u << A0);
    good(HOLD_MS, R1);
    assert_string_equal(turns, "DD");
    assert_false(last_has_finding);
    assert_int_equal(last_alert.good, 1u << A0 | 1u << R1);
}

/* Gone at one resolver, weaker at the other, good at the authority: one record set, one divergence,
   over when the last of its alerts is. */
static void test_one_divergence_for_one_record_set(void **state)
{
    (void)state;
    set_up(R_2, A_1);
    for (uint64_t t = 0; t < 4; t++) {
        look(t * W * 1000, R0, VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
        bad(t * W * 1000 + 1, R1);
        good(t * W * 1000 + 2, A0);
    }
    assert_string_equal(turns, "D");
    good(2000000, R0);
    assert_string_equal(turns, "D");
    good(2000001, R1);
    assert_string_equal(turns, "DA");
    assert_int_equal(confirm.contradicted, 2);
}

static void test_words_of_a_resolver_found_blind_are_void(void **state)
{
    (void)state;
    set_up(R_3, 0);
    bad(0, R0), bad(1, R1), bad(W * 1000, R0);
    sources.resolvers = R_3 & ~(1u << R1);
    unknown(W * 1000 + 1, R2);
    sources.resolvers = R_3;
    bad(W * 1000 + 2, R1);
    assert_string_equal(turns, ""); /* its first word does not count any more */
    bad(W * 1000 + 3, R1);
    assert_string_equal(turns, "O");
}

static void test_good_word_of_a_resolver_found_blind_holds_nothing(void **state)
{
    (void)state;
    set_up(R_3, 0);
    bad(0, R0), bad(1, R1), good(2, R2), bad(W * 1000, R0), bad(W * 1000 + 1, R1);
    assert_string_equal(turns, "");
    sources.resolvers = R_2;
    bad(W * 1000 + 2, R0);
    assert_string_equal(turns, ""); /* they agree from now on */
    bad(2 * W * 1000 + 2, R1);
    assert_string_equal(turns, "O");
}

static void test_forgotten_authorities_neither_open_nor_hold(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    bad(0, R0), bad(1, A0);
    vd_confirm_forget(&confirm, 0, VD_AUTHORITIES_ALL);
    bad(2, A1);
    assert_string_equal(turns, "");
    assert_int_equal(next.not_these & A_2, 1u << A1);
    vd_confirm_forget(&confirm, 1, VD_AUTHORITIES_ALL); /* of another watch */
    bad(3, A0);
    assert_string_equal(turns, "O");

    set_up(R_2, A_2);
    bad(0, R0), good(1, A0);
    vd_confirm_forget(&confirm, -1, VD_AUTHORITIES_ALL);
    bad(2, R0);
    assert_int_equal(next.who, VD_NEXT_AUTHORITY);
    assert_int_equal(next.not_these & A_2, 0);
}

static void test_authorities_unknown_decide_nothing(void **state)
{
    (void)state;
    set_up(R_2, 0); /* or the config says that they are not asked */
    bad(0, A0), bad(1, A1), bad(2, A0), bad(3, A1);
    assert_string_equal(turns, "");
}

/* After all looks out of turn are used up, a source that turns is worth some more. */
static void test_news_is_followed_up_though_looks_were_used_up(void **state)
{
    unsigned more = 0;

    (void)state;
    set_up(R_2, A_1);
    for (unsigned i = 0; i < 20; i++) {
        bad(i * 1000, R0), good(i * 1000 + 1, A0), good(i * 1000 + 2, R1);
    }
    assert_false(next.is_wanted);
    bad(100000, R1);
    for (unsigned i = 0; i < 20; i++) {
        more += next.is_wanted;
        bad(100001 + i, R1);
    }
    assert_int_equal(more, VD_CONFIRM_LOOKS_AGAIN);
}

/* Two alerts of one watch, one ahead of the other: one authority does for both. */
static void test_two_suspicions_share_the_next_authority(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    memset(&judgement, 0, sizeof(judgement));
    judgement.subjects_count = 2;
    for (uint8_t i = 0; i < 2; i++) {
        judgement.subjects[i].kind = i == 0 ? VD_SUBJECT_DMARC : VD_SUBJECT_MX;
        judgement.subjects[i].standing = VD_STANDING_OK;
        judgement.findings[i].subject = i;
        judgement.findings[i].code = i == 0 ? VD_CODE_DMARC_WEAKENED : VD_CODE_MX_OUTSIDE;
        sources.of_subject[i] = (uint8_t)(i == 0 ? A0 : VD_SOURCE_NONE);
    }
    judgement.findings_count = 2;
    vd_confirm_look(&confirm, 0, &watch, &judgement, &sources, 0, on_turn, NULL, &next);
    assert_int_equal(next.who, VD_NEXT_AUTHORITY);
    assert_int_equal(next.wait_ms, 0);
    assert_int_equal(next.not_these & A_2, 1u << A0);
}

/* The path of a finding may be cut where words are short: the facts tell. */
static void test_alias_and_include_are_known_from_the_facts(void **state)
{
    static const char path[] = "example.com > include:x";
    unsigned transitive = 0;

    (void)state;
    set_up(R_2, A_2);
    memset(&judgement, 0, sizeof(judgement));
    memcpy(judgement.facts.text + 1, path, sizeof path);
    judgement.facts.text_len = 1 + sizeof path;
    judgement.facts.spf.path = (struct vd_text_ref){.offset = 1, .len = sizeof path - 1};
    judgement.facts.dkim[1].is_alias = 1;
    judgement.subjects_count = judgement.findings_count = 3;
    for (uint8_t i = 0; i < 3; i++) {
        judgement.subjects[i].kind = i == 0 ? VD_SUBJECT_SPF : VD_SUBJECT_DKIM;
        judgement.subjects[i].index = i == 2;
        judgement.subjects[i].standing = VD_STANDING_BROKEN;
        judgement.findings[i].subject = i;
        judgement.findings[i].code = i == 0 ? VD_CODE_SPF_BROKEN : VD_CODE_DKIM_BROKEN;
    }
    vd_confirm_look(&confirm, 0, &watch, &judgement, &sources, 0, on_turn, NULL, &next);
    for (size_t i = 0; i < 3; i++) {
        transitive |= (unsigned)confirm.alerts[i].is_transitive << i;
    }
    assert_int_equal(transitive, 5);
}

/* What an include, a redirect or the name above brought about is not the authorities' to confirm. */
static void test_cause_that_may_lie_with_others_is_known_from_the_facts(void **state)
{
    static const struct {
        uint8_t kind, code, facet;
        bool has_include, has_redirect, is_inherited, is_transitive;
    } rows[] = {
        {VD_SUBJECT_SPF, VD_CODE_SPF_SENDER_FAILS, VD_FACET_SPF_SENDERS, true, false, false, true},
        {VD_SUBJECT_SPF, VD_CODE_SPF_SENDER_FAILS, VD_FACET_SPF_SENDERS, false, false, false,
         false},
        {VD_SUBJECT_SPF, VD_CODE_SPF_VOIDS, VD_FACET_SPF_LOOKUPS, true, false, false, true},
        {VD_SUBJECT_SPF, VD_CODE_SPF_DEFAULT_WEAKENED, VD_FACET_SPF_DEFAULT, true, true, false,
         true},
        {VD_SUBJECT_SPF, VD_CODE_SPF_DEFAULT_WEAKENED, VD_FACET_SPF_DEFAULT, true, false, false,
         false},
        {VD_SUBJECT_DMARC, VD_CODE_DMARC_SUB_WEAKENED, VD_FACET_DMARC_SP, false, false, true, true},
        {VD_SUBJECT_DMARC, VD_CODE_DMARC_SUB_WEAKENED, VD_FACET_DMARC_SP, false, false, false,
         false},
    };
    static const char text[] = "v=spf1 redirect=a.example";

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up(R_2, A_2);
        memset(&judgement, 0, sizeof judgement);
        judgement.subjects_count = judgement.findings_count = 1;
        judgement.subjects[0].kind = rows[i].kind;
        judgement.subjects[0].standing = VD_STANDING_OK;
        judgement.findings[0].code = rows[i].code;
        judgement.findings[0].facet = rows[i].facet;
        judgement.facts.spf.includes[0] = rows[i].has_include;
        memcpy(judgement.facts.text, text, sizeof text);
        judgement.facts.spf.text.len = rows[i].has_redirect ? sizeof text - 1 : 0;
        judgement.facts.dmarc.source = rows[i].is_inherited ? VD_SOURCE_ORG : VD_SOURCE_OWN;
        vd_confirm_look(&confirm, 0, &watch, &judgement, &sources, 0, on_turn, NULL, &next);
        assert_int_equal(confirm.alerts[0].is_transitive, rows[i].is_transitive);
    }
}

static void test_rounds_shorter_than_the_wait_do_not_starve_a_recheck(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    watch.interval_ms = 60000;
    bad(0, R0), good(1, A0);
    assert_int_equal(next.wait_ms, 30000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(
            test_divergence_is_told_with_both_sides_and_with_a_finding_only_where_there_is_one),
        cmocka_unit_test(test_one_divergence_for_one_record_set),
        cmocka_unit_test(test_words_of_a_resolver_found_blind_are_void),
        cmocka_unit_test(test_good_word_of_a_resolver_found_blind_holds_nothing),
        cmocka_unit_test(test_forgotten_authorities_neither_open_nor_hold),
        cmocka_unit_test(test_authorities_unknown_decide_nothing),
        cmocka_unit_test(test_news_is_followed_up_though_looks_were_used_up),
        cmocka_unit_test(test_two_suspicions_share_the_next_authority),
        cmocka_unit_test(test_alias_and_include_are_known_from_the_facts),
        cmocka_unit_test(test_cause_that_may_lie_with_others_is_known_from_the_facts),
        cmocka_unit_test(test_rounds_shorter_than_the_wait_do_not_starve_a_recheck),
    };
    return cmocka_run_group_tests_name("confirm_sources", tests, NULL, NULL);
}
