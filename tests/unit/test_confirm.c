/* SPDX-License-Identifier: MIT */
#include "confirm_world.h"

/* ---- without authorities: resolvers only ------------------------------------------------------- */

static void test_two_resolvers_twice_over_the_wait_open_it(void **state)
{
    (void)state;
    set_up(R_2, 0);
    bad(0, R0);
    assert_true(next.is_wanted && next.who == VD_NEXT_ELSEWHERE);
    assert_int_equal(next.wait_ms, VD_CONFIRM_GAP_MS);
    assert_int_equal(next.not_these, 1u << R0);
    bad(1000, R1);
    assert_true(next.is_wanted && next.who == VD_NEXT_ELSEWHERE);
    assert_int_equal(next.wait_ms, WAIT_MS - 1000);
    bad(WAIT_MS, R0);
    assert_int_equal(next.wait_ms, VD_CONFIRM_GAP_MS);
    assert_int_equal(next.not_these & R_2, 1u << R0);
    assert_string_equal(turns, "");
    bad(WAIT_MS + 1000, R1);
    assert_string_equal(turns, "O");
    assert_false(next.is_wanted);
    bad(2 * WAIT_MS, R0);
    assert_string_equal(turns, "O");
    assert_false(next.is_wanted);
}

static void test_too_soon_is_not_believed(void **state)
{
    (void)state;
    set_up(R_2, 0);
    bad(0, R0);
    bad(1, R1);
    bad(2, R0);
    bad(WAIT_MS - 1, R1);
    assert_string_equal(turns, "");
    assert_true(next.is_wanted);
    bad(WAIT_MS, R0);
    assert_string_equal(turns, "O");
}

static void test_one_lying_resolver_of_two_never_opens(void **state)
{
    (void)state;
    set_up(R_2, 0);
    for (uint64_t t = 0; t < 400; t++) {
        bad(t * WAIT_MS, R0);
    }
    /* The other one was never asked in vain: this is no single source. */
    assert_string_equal(turns, "");
}

static void test_single_source_needs_three_looks_and_six_waits(void **state)
{
    (void)state;
    set_up(R_1, 0);
    bad(0, R0);
    assert_true(next.is_wanted && next.who == VD_NEXT_ANYONE);
    assert_int_equal(next.wait_ms, 3 * WAIT_MS);
    bad(3 * WAIT_MS, R0);
    bad(6 * WAIT_MS - 1, R0);
    assert_string_equal(turns, "");
    bad(6 * WAIT_MS, R0);
    assert_string_equal(turns, "O");
}

static void test_single_source_that_takes_one_look_back_begins_again(void **state)
{
    (void)state;
    set_up(R_1, 0);
    bad(0, R0);
    bad(3 * WAIT_MS, R0);
    good(5 * WAIT_MS, R0);
    assert_int_equal(confirm.contradicted, 1);
    bad(6 * WAIT_MS, R0);
    bad(9 * WAIT_MS, R0);
    assert_string_equal(turns, "");
}

static void test_other_resolver_dead_falls_back_to_single_source(void **state)
{
    (void)state;
    set_up(R_2, 0);
    bad(0, R0);
    unknown(10, R1);
    assert_true(next.is_wanted);
    assert_int_equal(next.wait_ms, VD_CONFIRM_GAP_MS);
    unknown(20, R1);
    assert_int_equal(next.wait_ms, 3 * WAIT_MS);
    bad(3 * WAIT_MS, R0);
    assert_string_equal(turns, "");
    bad(6 * WAIT_MS, R0);
    assert_string_equal(turns, "O");
}

static void test_unknown_neither_opens_nor_closes(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    for (uint64_t t = 0; t < 100; t++) {
        unknown(t * 1000, t % 2 == 0 ? R0 : A0);
        assert_false(next.is_wanted);
    }
    bad(200000, R0), bad(200010, A0), bad(200020, A1);
    assert_string_equal(turns, "O");
    for (uint64_t t = 300; t < 400; t++) {
        unknown(t * 1000, t % 2 == 0 ? R0 : A0);
    }
    assert_string_equal(turns, "O");
    assert_int_equal(vd_confirm_open_count(&confirm, 0), 1);
}

/* ---- open alerts --------------------------------------------------------------------------- */

static void open_it(void)
{
    bad(0, R0), bad(10, R1), bad(WAIT_MS, R0), bad(WAIT_MS + 20, R1);
    assert_string_equal(turns, "O");
}

static void test_two_clean_looks_close_one_does_not(void **state)
{
    (void)state;
    set_up(R_2, 0);
    open_it();
    good(400000, R0);
    assert_string_equal(turns, "O");
    assert_true(next.is_wanted && next.who == VD_NEXT_ELSEWHERE);
    assert_int_equal(next.wait_ms, WAIT_MS);
    bad(500000, R1);
    good(600000, R0);
    assert_string_equal(turns, "O");
    good(700000, R1);
    assert_string_equal(turns, "OC");
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
}

static void test_record_gone_holds_the_alerts_of_its_parts(void **state)
{
    (void)state;
    set_up(R_2, 0);
    open_it();
    for (uint64_t t = 0; t < 4; t++) {
        look(400000 + t * 200000, t % 2 == 0 ? R0 : R1, VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
    }
    assert_string_equal(turns, "OO");
    good(2000000, R0);
    good(3000000, R1);
    assert_string_equal(turns, "OOCC");
}

static void test_harmless_change_is_told_once_and_never_as_a_divergence(void **state)
{
    (void)state;
    set_up(R_2, 0);
    for (uint64_t t = 0; t < 20; t++) {
        look(t * WAIT_MS, R0, VD_STANDING_OK, VD_CODE_DMARC_STRENGTHENED);
        good(t * WAIT_MS + 5, R1);
    }
    assert_string_equal(turns, "");
    for (uint64_t t = 20; t < 40; t++) {
        look(t * WAIT_MS, t % 2 == 0 ? R0 : R1, VD_STANDING_OK, VD_CODE_DMARC_STRENGTHENED);
    }
    assert_string_equal(turns, "T");
    good(41 * WAIT_MS, R0);
    assert_string_equal(turns, "T");
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
}

static void test_harmless_change_must_be_the_same_at_two_authorities(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    look(0, A0, VD_STANDING_OK, VD_CODE_DMARC_STRENGTHENED);
    content = 2;
    look(10, A1, VD_STANDING_OK, VD_CODE_DMARC_STRENGTHENED);
    assert_string_equal(turns, "");
    look(20, A0, VD_STANDING_OK, VD_CODE_DMARC_STRENGTHENED);
    assert_string_equal(turns, "T");
}

/* Each look says something else: no hot loop comes of it. */
static void test_content_that_never_settles_is_not_asked_for_ever(void **state)
{
    unsigned out_of_turn = 0;

    (void)state;
    set_up(R_2, A_2);
    for (unsigned i = 0; i < 100; i++) {
        content = i;
        look(i, i % 2 == 0 ? A0 : A1, VD_STANDING_OK, VD_CODE_DMARC_CHANGED);
        out_of_turn += next.is_wanted;
    }
    assert_string_equal(turns, "");
    assert_int_equal(out_of_turn, VD_CONFIRM_LOOKS_MAX);
}

static void test_open_alert_that_gets_worse_is_told_again(void **state)
{
    (void)state;
    set_up(R_2, 0);
    content = 2;
    severity = VD_SEVERITY_WARNING;
    open_it();
    content = 1;
    severity = VD_SEVERITY_CRITICAL;
    bad(1000000, R0);
    assert_true(next.is_wanted);
    bad(1001000, R1);
    bad(1301000, R0);
    assert_string_equal(turns, "O");
    bad(1302000, R1);
    assert_string_equal(turns, "OO");
    bad(2000000, R0);
    assert_string_equal(turns, "OO");
    assert_int_equal(vd_confirm_open_count(&confirm, 0), 1);
}

static void test_open_alert_that_gets_worse_at_two_authorities_is_told_at_once(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    bad(0, R0), bad(1, A0), bad(2, A1);
    assert_string_equal(turns, "O");
    content = 2;
    bad(1000, R0);
    assert_int_equal(next.who, VD_NEXT_AUTHORITY);
    bad(1001, A0), bad(1002, A1);
    assert_string_equal(turns, "OO");
}

static void test_two_ways_of_worse_tell_what_is_there_and_not_gone(void **state)
{
    unsigned looks = 0;

    (void)state;
    set_up(R_2, 0);
    for (uint64_t t = 0; t < 9000000 && turns[0] == '\0';
         t += next.is_wanted ? next.wait_ms : 900000) {
        bool is_first = looks++ % 2 == 0;
        look(t, is_first ? R0 : R1, is_first ? VD_STANDING_ABSENT : VD_STANDING_OK,
             is_first ? VD_CODE_DMARC_MISSING : VD_CODE_DMARC_WEAKENED);
    }
    assert_string_equal(turns, "O");
    assert_int_equal(last_alert.code, VD_CODE_DMARC_WEAKENED);
    assert_true(looks <= 8);
}

static void test_two_authorities_worse_in_two_ways_tell_what_is_there(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    look(0, A0, VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
    bad(10, A1);
    assert_string_equal(turns, "O");
    assert_int_equal(last_alert.code, VD_CODE_DMARC_WEAKENED);
}

static void test_never_settled_falls_back_to_the_normal_rounds(void **state)
{
    unsigned out_of_turn = 0;

    (void)state;
    set_up(R_2, 0);
    for (uint64_t t = 0; t < 100; t++) { /* only ever one resolver says so, the other is unknown */
        look(t, R0, VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
        out_of_turn += next.is_wanted;
    }
    assert_int_equal(out_of_turn, VD_CONFIRM_LOOKS_MAX);
}

/* ---- what a source said last -------------------------------------------------------------- */

static void test_one_authority_of_three_that_says_good_holds_it(void **state)
{
    (void)state;
    set_up(R_2, A_2 | 1u << VD_AUTHORITY(2));
    bad(0, A0), good(1, VD_AUTHORITY(2)), bad(2, A1);
    assert_string_equal(turns, "");
    bad(3, A0), bad(WAIT_MS, R0), bad(WAIT_MS, R0), bad(WAIT_MS, R1), bad(2 * WAIT_MS, R1);
    assert_string_equal(turns, "");
    bad(3 * WAIT_MS, VD_AUTHORITY(2));
    assert_string_equal(turns, "O");
}

static void test_source_that_takes_its_word_back_has_not_said_it_twice(void **state)
{
    (void)state;
    set_up(R_2, 0);
    bad(0, R0), bad(1, R1), good(2, R0), bad(WAIT_MS, R0), bad(WAIT_MS + 1, R1);
    bad(2 * WAIT_MS, R1);
    assert_string_equal(turns, "");
    bad(2 * WAIT_MS + 1, R0);
    assert_string_equal(turns, "O");
}

static void test_source_that_turned_in_between_has_not_said_good_twice(void **state)
{
    (void)state;
    set_up(R_2, 0);
    bad(0, R0), good(1, R1), bad(WAIT_MS, R1), bad(WAIT_MS + 1, R0);
    good(3 * WAIT_MS, R1);
    assert_string_equal(turns, "");
    good(3 * WAIT_MS + 1, R1);
    assert_string_equal(turns, "D");
}

static void test_gone_at_one_authority_and_weaker_at_the_other_is_not_gone(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    bad(0, A1);
    look(10, A0, VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
    assert_string_equal(turns, "");
    bad(20, A1);
    assert_string_equal(turns, "O");
    assert_int_equal(last_alert.code, VD_CODE_DMARC_WEAKENED);
}

static void test_worse_in_another_way_is_no_good_word(void **state)
{
    (void)state;
    set_up(R_2, 0);
    look(0, R0, VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
    good(1, R1);
    assert_int_equal(confirm.alerts[0].good, 1u << R1);
    bad(2, R1);
    assert_int_equal(confirm.alerts[0].good, 0);
    assert_int_equal(confirm.alerts[0].bad, 1u << R0);
}

static void test_authority_has_no_word_once_another_domain_is_behind_it(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    bad(0, A0);
    is_of_others = true;
    bad(1, R0);
    assert_int_equal(confirm.alerts[0].bad, 1u << R0);
    is_of_others = false;
    bad(2, A1);
    assert_string_equal(turns, "");
}

/* ---- the journal and the table ----------------------------------------------------------------- */

static void test_full_journal_is_tried_again(void **state)
{
    (void)state;
    set_up(R_2, 0);
    is_journal_full = true;
    bad(0, R0), bad(10, R1), bad(WAIT_MS, R0), bad(WAIT_MS + 20, R1);
    assert_string_equal(turns, "");
    is_journal_full = false;
    bad(400000, R0);
    assert_string_equal(turns, "O");
    is_journal_full = true;
    good(500000, R0), good(900000, R1);
    assert_string_equal(turns, "O");
    is_journal_full = false;
    good(1000000, R0);
    assert_string_equal(turns, "OC");
}

static void test_full_journal_delays_divergence_and_agreement(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    bad(0, R0), good(1, A0), bad(WAIT_MS, R0);
    is_journal_full = true;
    good(2 * WAIT_MS, A0);
    assert_string_equal(turns, "");
    is_journal_full = false;
    bad(3 * WAIT_MS, R0);
    assert_string_equal(turns, "D");
    is_journal_full = true;
    good(4 * WAIT_MS, R0);
    assert_string_equal(turns, "D");
    is_journal_full = false;
    good(5 * WAIT_MS, R0);
    assert_string_equal(turns, "DA");
    good(6 * WAIT_MS, R0);
    assert_string_equal(turns, "DA");
}

static void test_cut_judgement_closes_nothing(void **state)
{
    (void)state;
    set_up(R_2, 0);
    open_it();
    for (uint64_t t = 2; t < 10; t++) {
        memset(&judgement, 0, sizeof(judgement));
        judgement.subjects_count = 1;
        judgement.subjects[0].kind = VD_SUBJECT_DMARC;
        judgement.subjects[0].standing = VD_STANDING_OK;
        judgement.is_cut = 1;
        vd_confirm_look(&confirm, 0, &watch, &judgement, &sources, t * WAIT_MS, on_turn, NULL,
                        &next);
    }
    assert_string_equal(turns, "O");
}

/* One look at SPF of a watch of its own. */
static void look_at(uint8_t watch_index, enum vd_code code, enum vd_severity how)
{
    memset(&judgement, 0, sizeof(judgement));
    judgement.subjects_count = 1;
    judgement.subjects[0].standing = VD_STANDING_OK;
    judgement.findings_count = 1;
    judgement.findings[0].code = (uint8_t)code;
    judgement.findings[0].severity = (uint8_t)how;
    vd_confirm_look(&confirm, watch_index, &watch, &judgement, &sources, 0, on_turn, NULL, &next);
}

static void test_table_full_is_counted_and_the_worst_stays(void **state)
{
    unsigned critical = 0, divergent = 0;

    (void)state;
    set_up(R_2, 0);
    for (unsigned w = 0; w < VD_ALERTS_MAX + 3; w++) {
        look_at((uint8_t)w, VD_CODE_SPF_DEFAULT_WEAKENED, VD_SEVERITY_WARNING);
    }
    assert_int_equal(confirm.lost, 3);
    confirm.alerts[0].is_divergent = true; /* what was told must be taken back some day */
    for (unsigned w = 0; w < VD_ALERTS_MAX + 3; w++) {
        look_at((uint8_t)w, VD_CODE_SPF_PASS_ALL, VD_SEVERITY_CRITICAL);
    }
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        critical += confirm.alerts[i].code == VD_CODE_SPF_PASS_ALL;
        divergent += confirm.alerts[i].is_divergent;
    }
    assert_int_equal(critical, VD_ALERTS_MAX - 1);
    assert_int_equal(divergent, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_resolvers_twice_over_the_wait_open_it),
        cmocka_unit_test(test_too_soon_is_not_believed),
        cmocka_unit_test(test_one_lying_resolver_of_two_never_opens),
        cmocka_unit_test(test_single_source_needs_three_looks_and_six_waits),
        cmocka_unit_test(test_single_source_that_takes_one_look_back_begins_again),
        cmocka_unit_test(test_other_resolver_dead_falls_back_to_single_source),
        cmocka_unit_test(test_unknown_neither_opens_nor_closes),
        cmocka_unit_test(test_two_clean_looks_close_one_does_not),
        cmocka_unit_test(test_record_gone_holds_the_alerts_of_its_parts),
        cmocka_unit_test(test_harmless_change_is_told_once_and_never_as_a_divergence),
        cmocka_unit_test(test_harmless_change_must_be_the_same_at_two_authorities),
        cmocka_unit_test(test_content_that_never_settles_is_not_asked_for_ever),
        cmocka_unit_test(test_open_alert_that_gets_worse_is_told_again),
        cmocka_unit_test(test_open_alert_that_gets_worse_at_two_authorities_is_told_at_once),
        cmocka_unit_test(test_two_ways_of_worse_tell_what_is_there_and_not_gone),
        cmocka_unit_test(test_two_authorities_worse_in_two_ways_tell_what_is_there),
        cmocka_unit_test(test_never_settled_falls_back_to_the_normal_rounds),
        cmocka_unit_test(test_one_authority_of_three_that_says_good_holds_it),
        cmocka_unit_test(test_source_that_takes_its_word_back_has_not_said_it_twice),
        cmocka_unit_test(test_source_that_turned_in_between_has_not_said_good_twice),
        cmocka_unit_test(test_gone_at_one_authority_and_weaker_at_the_other_is_not_gone),
        cmocka_unit_test(test_worse_in_another_way_is_no_good_word),
        cmocka_unit_test(test_authority_has_no_word_once_another_domain_is_behind_it),
        cmocka_unit_test(test_full_journal_is_tried_again),
        cmocka_unit_test(test_full_journal_delays_divergence_and_agreement),
        cmocka_unit_test(test_cut_judgement_closes_nothing),
        cmocka_unit_test(test_table_full_is_counted_and_the_worst_stays),
    };
    return cmocka_run_group_tests_name("confirm", tests, NULL, NULL);
}
