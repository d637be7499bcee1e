/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/paths.h"

static struct vd_paths paths;
static struct vd_snapshot snapshot;

/* What came back: the name that exists, and the one that cannot. */
static void set_answers(enum vd_presence good, enum vd_detail why, enum vd_presence bad)
{
    size_t index;

    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, ".", VD_TYPE_NS, &index), VD_OK);
    snapshot.answers[index].presence = (uint8_t)good;
    snapshot.answers[index].detail = (uint8_t)why;
    assert_int_equal(vd_snapshot_ask(&snapshot, "qxqxqxqxqx.com", VD_TYPE_A, &index), VD_OK);
    snapshot.answers[index].presence = (uint8_t)bad;
}

static void weigh(unsigned index, uint64_t now_ms)
{
    snapshot.started_ms = now_ms;
    vd_paths_weigh(&paths, index, &snapshot, VD_PATH_RECHECK_MS, now_ms);
}

static const char *reason(unsigned index)
{
    static char text[VD_PATH_REASON_MAX];

    vd_paths_reason(&paths.checks[index], "certificate expired", text, sizeof(text));
    return text;
}

static void test_paths_unchecked_one_may_be_asked_and_is_due(void **state)
{
    (void)state;
    vd_paths_init(&paths, 2);
    assert_int_equal(vd_paths_seeing(&paths), 3);
    assert_int_equal(vd_paths_due(&paths, 0), 0);
    assert_int_equal(vd_paths_next_ms(&paths), 0);
}

static void test_paths_without_a_route_are_not_told_while_addresses_are_coming(void **state)
{
    uint64_t now_ms = 0;

    (void)state;
    vd_paths_init(&paths, 2);
    set_answers(VD_UNKNOWN, VD_DETAIL_NETWORK, VD_UNKNOWN);
    for (; now_ms < VD_PATH_SETTLE_MS; now_ms += 3000) {
        weigh(0, now_ms);
        assert_true(paths.checks[0].failures < VD_PATH_TELL_AFTER);
    }
    weigh(0, now_ms);
    assert_int_equal(paths.checks[0].failures, VD_PATH_TELL_AFTER);
    /* a server that is silent is, however early */
    set_answers(VD_UNKNOWN, VD_DETAIL_TIMEOUT, VD_UNKNOWN);
    for (unsigned i = 0; i < VD_PATH_TELL_AFTER; i++) {
        weigh(1, i);
    }
    assert_int_equal(paths.checks[1].failures, VD_PATH_TELL_AFTER);
}

static void test_paths_verdict_follows_both_names(void **state)
{
    static const struct {
        const char *what;
        enum vd_presence good, bad;
        enum vd_path_verdict verdict;
    } rows[] = {
        {"as it should", VD_PRESENT, VD_ABSENT, VD_PATH_SEES},
        {"the random name was not answered", VD_PRESENT, VD_UNKNOWN, VD_PATH_SEES},
        {"captive portal", VD_PRESENT, VD_PRESENT, VD_PATH_REWRITES},
        {"swallowed", VD_UNKNOWN, VD_UNKNOWN, VD_PATH_SILENT},
        {"swallowed, yet the random name is there", VD_UNKNOWN, VD_PRESENT, VD_PATH_SILENT},
        {"an empty root", VD_ABSENT, VD_ABSENT, VD_PATH_EMPTY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vd_paths_init(&paths, 1);
        set_answers(rows[i].good, VD_DETAIL_NONE, rows[i].bad);
        weigh(0, 5000);
        if (paths.checks[0].verdict != rows[i].verdict) {
            fail_msg("%s: verdict %u", rows[i].what, paths.checks[0].verdict);
        }
        assert_int_equal(vd_paths_seeing(&paths), rows[i].verdict == VD_PATH_SEES ? 1 : 0);
    }
}

static void test_paths_blind_one_is_checked_sooner_and_counted(void **state)
{
    (void)state;
    vd_paths_init(&paths, 1);
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_ABSENT);
    weigh(0, 1000);
    assert_int_equal(vd_paths_next_ms(&paths), 1000 + VD_PATH_CHECK_MS);
    set_answers(VD_UNKNOWN, VD_DETAIL_TIMEOUT, VD_UNKNOWN);
    weigh(0, 2000);
    assert_int_equal(paths.checks[0].failures, 1);
    assert_int_equal(vd_paths_next_ms(&paths), 2000 + VD_PATH_AGAIN_MS);
    weigh(0, 3000);
    assert_int_equal(vd_paths_next_ms(&paths), 3000 + 2 * VD_PATH_AGAIN_MS);
    assert_int_equal(paths.checks[0].failures, 2);
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_ABSENT);
    weigh(0, 4000);
    assert_int_equal(paths.checks[0].failures, 0);
    assert_int_equal(vd_paths_seeing(&paths), 1);
}

static void test_paths_first_failure_makes_the_others_suspect_unless_they_are_fresh(void **state)
{
    (void)state;
    vd_paths_init(&paths, 3);
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_ABSENT);
    weigh(0, 1000);
    weigh(1, 70000 - VD_PATH_AGAIN_MS + 1);
    weigh(2, 60000);
    set_answers(VD_UNKNOWN, VD_DETAIL_TIMEOUT, VD_UNKNOWN);
    weigh(2, 70000);
    assert_int_equal(vd_paths_due(&paths, 70000), 0);
    assert_int_equal(paths.checks[1].due_ms, 70000 - VD_PATH_AGAIN_MS + 1 + VD_PATH_CHECK_MS);
}

static void test_paths_blind_one_is_never_left_alone_for_longer_than_the_bound(void **state)
{
    (void)state;
    vd_paths_init(&paths, 1);
    set_answers(VD_UNKNOWN, VD_DETAIL_TIMEOUT, VD_UNKNOWN);
    for (unsigned i = 0; i < 300; i++) {
        weigh(0, 1000);
        assert_true(vd_paths_next_ms(&paths) <= 1000 + VD_PATH_RECHECK_MS);
        assert_true(vd_paths_next_ms(&paths) > 1000);
    }
    assert_int_equal(vd_paths_next_ms(&paths), 1000 + VD_PATH_RECHECK_MS);
}

static void test_paths_check_that_takes_long_leaves_time_for_others(void **state)
{
    (void)state;
    vd_paths_init(&paths, 3);
    set_answers(VD_UNKNOWN, VD_DETAIL_TIMEOUT, VD_UNKNOWN);
    snapshot.started_ms = 1000;
    vd_paths_weigh(&paths, 0, &snapshot, 10000, 13000); /* it took 12 s */
    assert_true(paths.checks[0].due_ms >= 13000 + 2 * 3 * 12000);
}

static void test_paths_doubt_asks_for_checks_that_are_not_fresh(void **state)
{
    (void)state;
    vd_paths_init(&paths, 2);
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_ABSENT);
    weigh(0, 1000);
    weigh(1, 3000);
    assert_false(vd_paths_are_checked_since(&paths, 2000));
    vd_paths_doubt(&paths, 500, 3400);
    assert_int_equal(vd_paths_due(&paths, 3400), 0);
    assert_true(paths.checks[1].due_ms > 3400);
    weigh(0, 3400);
    assert_true(vd_paths_are_checked_since(&paths, 2000));
}

static void test_paths_reason_names_what_is_wrong(void **state)
{
    (void)state;
    vd_paths_init(&paths, 1);
    set_answers(VD_UNKNOWN, VD_DETAIL_TIMEOUT, VD_UNKNOWN);
    weigh(0, 1);
    assert_non_null(strstr(reason(0), "timeout"));
    assert_null(strstr(reason(0), "certificate"));
    set_answers(VD_UNKNOWN, VD_DETAIL_TLS, VD_UNKNOWN);
    weigh(0, 1);
    assert_string_equal(reason(0), "no answer (TLS failed: certificate expired)");
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_PRESENT);
    weigh(0, 2);
    assert_non_null(strstr(reason(0), "captive portal"));
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_ABSENT);
    weigh(0, 3);
    assert_string_equal(reason(0), "it answers as it should");
}

static void test_paths_validates_while_the_control_name_comes_with_ad(void **state)
{
    (void)state;
    vd_paths_init(&paths, 2);
    assert_int_equal(vd_paths_validating(&paths), 0); /* not checked yet */
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_ABSENT);
    weigh(0, 1);
    snapshot.answers[0].is_ad = true;
    weigh(1, 1);
    assert_int_equal(vd_paths_validating(&paths), 2);
    set_answers(VD_PRESENT, VD_DETAIL_NONE, VD_PRESENT); /* it rewrites: its AD means nothing */
    snapshot.answers[0].is_ad = true;
    weigh(1, 2);
    assert_int_equal(vd_paths_validating(&paths), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_unchecked_one_may_be_asked_and_is_due),
        cmocka_unit_test(test_paths_without_a_route_are_not_told_while_addresses_are_coming),
        cmocka_unit_test(test_paths_verdict_follows_both_names),
        cmocka_unit_test(test_paths_blind_one_is_checked_sooner_and_counted),
        cmocka_unit_test(test_paths_first_failure_makes_the_others_suspect_unless_they_are_fresh),
        cmocka_unit_test(test_paths_blind_one_is_never_left_alone_for_longer_than_the_bound),
        cmocka_unit_test(test_paths_check_that_takes_long_leaves_time_for_others),
        cmocka_unit_test(test_paths_doubt_asks_for_checks_that_are_not_fresh),
        cmocka_unit_test(test_paths_reason_names_what_is_wrong),
        cmocka_unit_test(test_paths_validates_while_the_control_name_comes_with_ad),
    };
    return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
