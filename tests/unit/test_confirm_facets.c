/* What is known and what is held, facet by facet.  SPDX-License-Identifier: MIT */
#include "tests/unit/confirm_world.h"

/* Two authorities, two looks: believed. */
static void open_it(void)
{
    set_up(R_2, A_2);
    bad(0, A0);
    bad(1000, A1);
}

static void test_alert_of_an_unknown_facet_neither_closes_nor_opens(void **state)
{
    (void)state;
    open_it();
    assert_string_equal(turns, "O");
    unknown_facets = VD_FACET_BIT(VD_FACET_DMARC_POLICY);
    for (uint64_t i = 2; i < 8; i++) {
        good(i * 1000, i % 2 ? A0 : A1);
    }
    assert_string_equal(turns, "O");
    unknown_facets = VD_FACET_BIT(VD_FACET_DMARC_RUA); /* that is another one */
    good(9000, A0);
    good(10000, A1);
    assert_string_equal(turns, "OC");
}

static void test_accepted_while_it_opens_is_no_alert_until_it_says_something_else(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    answer = VD_OTHER;
    bad(0, A0);
    bad(1000, A1);
    assert_string_equal(turns, "O");
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
    bad(2000, A0);
    bad(3000, A1);
    assert_string_equal(turns, "O");
    answer = VD_OK;
    content = 2;
    bad(4000, A0);
    bad(5000, A1);
    assert_string_equal(turns, "OO");
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 1);
}

static void test_held_alert_is_offered_at_every_look_that_finds_it(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    answer = VD_AGAIN;
    bad(0, A0);
    bad(1000, A1);
    bad(2000, A0);
    assert_string_equal(turns, "OO");
    assert_true(confirm.alerts[0].is_held);
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
    answer = VD_OK;
    bad(3000, A1);
    assert_string_equal(turns, "OOO");
    assert_false(confirm.alerts[0].is_held);
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 1);
}

static void test_held_alert_that_is_over_is_never_told(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    answer = VD_AGAIN;
    bad(0, A0);
    bad(1000, A1);
    confirm.alerts[0].is_planned = true;
    good(2000, A0);
    good(3000, A1);
    good(4000, A0);
    assert_string_equal(turns, "O");
    assert_int_equal(confirm.alerts[0].state, VD_ALERT_FREE);
}

static void test_numbers_are_stable_while_open_and_never_reused_at_once(void **state)
{
    (void)state;
    open_it();
    assert_ptr_equal(vd_confirm_numbered(&confirm, 1), &confirm.alerts[0]);
    content = 2; /* worse in another way: the same alert */
    bad(2000, A0);
    bad(3000, A1);
    assert_string_equal(turns, "OO");
    assert_non_null(vd_confirm_numbered(&confirm, 1));
    good(4000, A0);
    good(5000, A1);
    assert_string_equal(turns, "OOC");
    assert_null(vd_confirm_numbered(&confirm, 1));
    bad(6000, A0);
    bad(7000, A1);
    assert_null(vd_confirm_numbered(&confirm, 1));
    assert_non_null(vd_confirm_numbered(&confirm, 2));
    assert_null(vd_confirm_numbered(&confirm, 0));
}

static void test_alert_of_first_contact_stays_while_its_facet_says_the_same(void **state)
{
    (void)state;
    set_up(R_2, A_2);
    is_at_first = true;
    policy = 0;
    bad(0, A0);
    bad(1000, A1);
    assert_string_equal(turns, "O");
    /* It is in the baseline by now, and found no more. */
    for (uint64_t i = 2; i < 6; i++) {
        good(i * 1000, i % 2 ? A0 : A1);
    }
    assert_string_equal(turns, "O");
    policy = 2;
    good(7000, A0);
    good(8000, A1);
    assert_string_equal(turns, "OC");
}

static void test_alert_of_first_contact_closes_once_the_baseline_took_its_facet_over(void **state)
{
    const struct vd_subject dmarc = {.kind = VD_SUBJECT_DMARC};

    (void)state;
    set_up(R_2, A_2);
    is_at_first = true;
    bad(0, A0);
    bad(1000, A1);
    vd_confirm_moved(&confirm, 0, &dmarc, VD_FACET_DMARC_RUA); /* another one */
    good(2000, A0);
    good(3000, A1);
    assert_string_equal(turns, "O");
    vd_confirm_moved(&confirm, 0, &dmarc, VD_FACET_DMARC_POLICY);
    good(4000, A0);
    good(5000, A1);
    assert_string_equal(turns, "OC");
}

static void test_first_contact_is_in_doubt_until_believed_and_untold_until_told(void **state)
{
    const struct vd_subject dmarc = {.kind = VD_SUBJECT_DMARC}, spf = {.kind = VD_SUBJECT_SPF};

    (void)state;
    set_up(R_2, A_2);
    is_at_first = true;
    answer = VD_AGAIN;
    bad(0, A0);
    assert_true(vd_confirm_is_first_doubted(&confirm, 0));
    assert_true(vd_confirm_is_first_untold(&confirm, 0, &dmarc));
    assert_false(vd_confirm_is_first_untold(&confirm, 0, &spf));
    assert_false(vd_confirm_is_first_doubted(&confirm, 1));
    bad(1000, A1); /* believed, and held */
    assert_false(vd_confirm_is_first_doubted(&confirm, 0));
    assert_true(vd_confirm_is_first_untold(&confirm, 0, &dmarc));
    answer = VD_OK;
    bad(2000, A1);
    assert_false(vd_confirm_is_first_untold(&confirm, 0, &dmarc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alert_of_an_unknown_facet_neither_closes_nor_opens),
        cmocka_unit_test(test_accepted_while_it_opens_is_no_alert_until_it_says_something_else),
        cmocka_unit_test(test_held_alert_is_offered_at_every_look_that_finds_it),
        cmocka_unit_test(test_held_alert_that_is_over_is_never_told),
        cmocka_unit_test(test_numbers_are_stable_while_open_and_never_reused_at_once),
        cmocka_unit_test(test_alert_of_first_contact_stays_while_its_facet_says_the_same),
        cmocka_unit_test(test_alert_of_first_contact_closes_once_the_baseline_took_its_facet_over),
        cmocka_unit_test(test_first_contact_is_in_doubt_until_believed_and_untold_until_told),
    };
    return cmocka_run_group_tests_name("confirm_facets", tests, NULL, NULL);
}
