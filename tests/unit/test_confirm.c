/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/confirm.h"

#define WAIT_MS 10000u

static struct vd_confirm confirm;
static struct vd_watch watch;
static struct vd_judgement judgement;
static struct vd_next_look next;
static unsigned opened, closed, told;
static uint8_t last_code;
static bool is_journal_full;

/* What the next finding says, and how loud. */
static uint32_t content;
static enum vd_severity severity;

static enum vd_status on_turn(void *ctx, enum vd_confirm_turn turn, const struct vd_alert *alert,
                              const struct vd_finding *finding, const struct vd_subject *subject)
{
    (void)ctx;
    (void)finding;
    (void)subject;
    if (is_journal_full) {
        return VD_EFULL;
    }
    opened += turn == VD_CONFIRM_OPENED;
    closed += turn == VD_CONFIRM_CLOSED;
    told += turn == VD_CONFIRM_TOLD;
    last_code = alert->code;
    return VD_OK;
}

static void set_up(uint8_t servers)
{
    vd_confirm_init(&confirm, servers);
    memset(&watch, 0, sizeof(watch));
    watch.confirm_wait_ms = WAIT_MS;
    opened = closed = told = 0;
    is_journal_full = false;
    content = 1;
    severity = VD_SEVERITY_CRITICAL;
}

/* One look of resolver `server` at DMARC: standing and at most one finding. */
static void look(uint64_t now_ms, uint8_t server, enum vd_standing standing, enum vd_code code)
{
    memset(&judgement, 0, sizeof(judgement));
    judgement.subjects_count = 1;
    judgement.subjects[0].kind = VD_SUBJECT_DMARC;
    judgement.subjects[0].standing = (uint8_t)standing;
    if (code != VD_CODE_NONE) {
        judgement.findings_count = 1;
        judgement.findings[0].code = (uint8_t)code;
        judgement.findings[0].subject = 0;
        judgement.findings[0].severity = (uint8_t)severity;
        judgement.findings[0].content = content;
    }
    vd_confirm_look(&confirm, 0, &watch, &judgement, &server, now_ms, on_turn, NULL, &next);
}

static void bad(uint64_t now_ms, uint8_t server)
{
    look(now_ms, server, VD_STANDING_OK, VD_CODE_DMARC_WEAKENED);
}

static void good(uint64_t now_ms, uint8_t server)
{
    look(now_ms, server, VD_STANDING_OK, VD_CODE_NONE);
}

static void unknown(uint64_t now_ms, uint8_t server)
{
    look(now_ms, server, VD_STANDING_UNKNOWN, VD_CODE_NONE);
}

static void test_confirm_two_resolvers_twice_over_the_wait_open_it(void **state)
{
    (void)state;
    set_up(2);
    bad(0, 0);
    assert_true(next.is_wanted && next.is_elsewhere && next.wait_ms == VD_CONFIRM_GAP_MS);
    bad(1000, 1);
    assert_true(next.is_wanted && next.is_elsewhere);
    assert_int_equal(next.wait_ms, WAIT_MS - 1000);
    bad(10000, 0);
    assert_int_equal(next.wait_ms, VD_CONFIRM_GAP_MS);
    assert_int_equal(opened, 0);
    bad(11000, 1);
    assert_int_equal(opened, 1);
    assert_false(next.is_wanted);
    bad(20000, 0);
    assert_int_equal(opened, 1);
}

static void test_confirm_too_soon_is_not_believed(void **state)
{
    (void)state;
    set_up(2);
    bad(0, 0);
    bad(1, 1);
    bad(2, 0);
    bad(WAIT_MS - 1, 1);
    assert_int_equal(opened, 0);
    assert_true(next.is_wanted);
    bad(WAIT_MS, 0);
    assert_int_equal(opened, 1);
}

static void test_confirm_one_look_that_contradicts_drops_it(void **state)
{
    (void)state;
    set_up(2);
    for (uint64_t round = 0; round < 50; round++) {
        bad(round * 5000, 0);
        good(round * 5000 + 10, 1);
    }
    assert_int_equal(opened + closed, 0);
}

static void test_confirm_one_lying_resolver_of_two_never_opens(void **state)
{
    (void)state;
    set_up(2);
    for (uint64_t t = 0; t < 20000; t += 100) {
        bad(t, 0);
    }
    /* Resolver 1 was never asked in vain: it is no single source. */
    assert_int_equal(opened, 0);
}

static void test_confirm_single_source_needs_three_looks_and_six_waits(void **state)
{
    (void)state;
    set_up(1);
    bad(0, 0);
    assert_true(next.is_wanted && !next.is_elsewhere);
    assert_int_equal(next.wait_ms, 3 * WAIT_MS);
    bad(30000, 0);
    bad(59999, 0);
    assert_int_equal(opened, 0);
    bad(60000, 0);
    assert_int_equal(opened, 1);
}

static void test_confirm_other_resolver_dead_falls_back_to_single_source(void **state)
{
    (void)state;
    set_up(2);
    bad(0, 0);
    unknown(10, 1);
    assert_true(next.is_wanted);
    unknown(20, 1);
    bad(30000, 0);
    assert_int_equal(opened, 0);
    bad(60000, 0);
    assert_int_equal(opened, 1);
}

static void test_confirm_unknown_neither_opens_nor_closes(void **state)
{
    (void)state;
    set_up(2);
    for (uint64_t t = 0; t < 100; t++) {
        unknown(t * 1000, (uint8_t)(t % 2));
    }
    assert_int_equal(opened + closed, 0);
    bad(200000, 0), bad(200010, 1), bad(210000, 0), bad(210020, 1);
    assert_int_equal(opened, 1);
    for (uint64_t t = 300; t < 400; t++) {
        unknown(t * 1000, (uint8_t)(t % 2));
    }
    assert_int_equal(closed, 0);
    assert_int_equal(vd_confirm_open_count(&confirm, 0), 1);
}

static void open_it(void)
{
    bad(0, 0), bad(10, 1), bad(10000, 0), bad(10020, 1);
    assert_int_equal(opened, 1);
}

static void test_confirm_two_clean_looks_close_one_does_not(void **state)
{
    (void)state;
    set_up(2);
    open_it();
    good(20000, 0);
    assert_int_equal(closed, 0);
    assert_true(next.is_wanted);
    assert_int_equal(next.wait_ms, WAIT_MS);
    bad(30000, 1);
    good(40000, 0);
    assert_int_equal(closed, 0);
    good(50000, 1);
    assert_int_equal(closed, 1);
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
}

static void test_confirm_record_gone_holds_the_alerts_of_its_parts(void **state)
{
    (void)state;
    set_up(2);
    open_it();
    for (uint64_t t = 0; t < 4; t++) {
        look(20000 + t * 6000, (uint8_t)(t % 2), VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
    }
    assert_int_equal(opened, 2);
    assert_int_equal(closed, 0);
    good(80000, 0);
    good(90000, 1);
    assert_int_equal(closed, 2);
}

static void test_confirm_harmless_change_is_told_once(void **state)
{
    (void)state;
    set_up(2);
    for (uint64_t t = 0; t < 20; t++) {
        look(t * 6000, (uint8_t)(t % 2), VD_STANDING_OK, VD_CODE_DMARC_STRENGTHENED);
    }
    assert_int_equal(told, 1);
    assert_int_equal(opened + closed, 0);
    good(200000, 0);
    assert_int_equal(closed, 0);
    assert_int_equal(vd_confirm_open_count(&confirm, -1), 0);
}

static void test_confirm_open_alert_that_gets_worse_is_told_again(void **state)
{
    (void)state;
    set_up(2);
    content = 2;
    severity = VD_SEVERITY_WARNING;
    open_it();
    content = 1;
    severity = VD_SEVERITY_CRITICAL;
    bad(100000, 0);
    assert_true(next.is_wanted);
    bad(101000, 1);
    bad(111000, 0);
    assert_int_equal(opened, 1);
    bad(112000, 1);
    assert_int_equal(opened, 2);
    bad(200000, 0);
    assert_int_equal(opened, 2);
    assert_int_equal(vd_confirm_open_count(&confirm, 0), 1);
}

static void test_confirm_two_ways_of_worse_tell_what_is_there_and_not_gone(void **state)
{
    unsigned looks = 0;

    (void)state;
    set_up(2);
    for (uint64_t t = 0; t < 200000 && opened == 0; t += next.is_wanted ? next.wait_ms : 60000) {
        uint8_t server = (uint8_t)(looks++ % 2);
        look(t, server, server == 0 ? VD_STANDING_ABSENT : VD_STANDING_OK,
             server == 0 ? VD_CODE_DMARC_MISSING : VD_CODE_DMARC_WEAKENED);
    }
    assert_int_equal(opened, 1);
    assert_int_equal(last_code, VD_CODE_DMARC_WEAKENED);
    assert_true(looks <= 8);
}

static void test_confirm_never_settled_falls_back_to_the_normal_rounds(void **state)
{
    unsigned out_of_turn = 0;

    (void)state;
    set_up(2);
    for (uint64_t t = 0; t < 100; t++) { /* only ever one resolver says so, the other is unknown */
        look(t, 0, VD_STANDING_ABSENT, VD_CODE_DMARC_MISSING);
        out_of_turn += next.is_wanted;
    }
    assert_true(out_of_turn <= VD_CONFIRM_LOOKS_MAX + 1);
}

static void test_confirm_full_journal_is_tried_again(void **state)
{
    (void)state;
    set_up(2);
    is_journal_full = true;
    bad(0, 0), bad(10, 1), bad(10000, 0), bad(10020, 1);
    assert_int_equal(opened, 0);
    is_journal_full = false;
    bad(20000, 0);
    assert_int_equal(opened, 1);
    is_journal_full = true;
    good(30000, 0), good(40000, 1);
    assert_int_equal(closed, 0);
    is_journal_full = false;
    good(50000, 0);
    assert_int_equal(closed, 1);
}

static void test_confirm_cut_judgement_closes_nothing(void **state)
{
    uint8_t server = 0;

    (void)state;
    set_up(2);
    open_it();
    for (uint64_t t = 2; t < 10; t++) {
        memset(&judgement, 0, sizeof(judgement));
        judgement.subjects_count = 1;
        judgement.subjects[0].kind = VD_SUBJECT_DMARC;
        judgement.subjects[0].standing = VD_STANDING_OK;
        judgement.is_cut = 1;
        vd_confirm_look(&confirm, 0, &watch, &judgement, &server, t * 10000, on_turn, NULL, &next);
    }
    assert_int_equal(closed, 0);
}

/* One look at SPF of a watch of its own. */
static void look_at(uint8_t watch_index, enum vd_code code, enum vd_severity how)
{
    uint8_t server = 0;

    memset(&judgement, 0, sizeof(judgement));
    judgement.subjects_count = 1;
    judgement.subjects[0].standing = VD_STANDING_OK;
    judgement.findings_count = 1;
    judgement.findings[0].code = (uint8_t)code;
    judgement.findings[0].severity = (uint8_t)how;
    vd_confirm_look(&confirm, watch_index, &watch, &judgement, &server, 0, on_turn, NULL, &next);
}

static void test_confirm_table_full_is_counted_and_the_worst_stays(void **state)
{
    (void)state;
    set_up(2);
    for (unsigned w = 0; w < VD_ALERTS_MAX + 3; w++) {
        look_at((uint8_t)w, VD_CODE_SPF_DEFAULT_WEAKENED, VD_SEVERITY_WARNING);
    }
    assert_int_equal(confirm.lost, 3);
    look_at(VD_ALERTS_MAX + 4, VD_CODE_SPF_PASS_ALL, VD_SEVERITY_CRITICAL);
    unsigned critical = 0;
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        critical += confirm.alerts[i].code == VD_CODE_SPF_PASS_ALL;
    }
    assert_int_equal(critical, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirm_two_resolvers_twice_over_the_wait_open_it),
        cmocka_unit_test(test_confirm_too_soon_is_not_believed),
        cmocka_unit_test(test_confirm_one_look_that_contradicts_drops_it),
        cmocka_unit_test(test_confirm_one_lying_resolver_of_two_never_opens),
        cmocka_unit_test(test_confirm_single_source_needs_three_looks_and_six_waits),
        cmocka_unit_test(test_confirm_other_resolver_dead_falls_back_to_single_source),
        cmocka_unit_test(test_confirm_unknown_neither_opens_nor_closes),
        cmocka_unit_test(test_confirm_two_clean_looks_close_one_does_not),
        cmocka_unit_test(test_confirm_record_gone_holds_the_alerts_of_its_parts),
        cmocka_unit_test(test_confirm_harmless_change_is_told_once),
        cmocka_unit_test(test_confirm_open_alert_that_gets_worse_is_told_again),
        cmocka_unit_test(test_confirm_two_ways_of_worse_tell_what_is_there_and_not_gone),
        cmocka_unit_test(test_confirm_never_settled_falls_back_to_the_normal_rounds),
        cmocka_unit_test(test_confirm_full_journal_is_tried_again),
        cmocka_unit_test(test_confirm_cut_judgement_closes_nothing),
        cmocka_unit_test(test_confirm_table_full_is_counted_and_the_worst_stays),
    };
    return cmocka_run_group_tests_name("confirm", tests, NULL, NULL);
}
