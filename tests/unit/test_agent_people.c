/* What people say of alerts, and what they are spared.  SPDX-License-Identifier: MIT */
#include "tests/unit/people_world.h"

/* ---- ack --------------------------------------------------------------------------------------- */

static void test_people_open_alert_is_told_again_every_day_until_it_is_acknowledged(void **state)
{
    (void)state;
    set_up_people();
    run(60);
    set_dmarc(WEAK);
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    slow_down();
    run(23 * HOUR);
    assert_int_equal(count_in(received, "still: "), 0);
    run(2 * HOUR);
    assert_int_equal(count_in(received, "\xbfstill: example.com: "), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 2);
    run(DAY);
    assert_int_equal(count_in(received, "\xbfstill: example.com: "), 2);
    assert_non_null(strstr(type("alerts\n"), "alert 1: dmarc.policy.weakened, critical: "
                                             "example.com DMARC, open for "));
    assert_non_null(strstr(type("ack 1\n"), "alert 1: no more reminders"));
    assert_non_null(strstr(type("alerts\n"), ", acknowledged\n1 alerts open"));
    assert_non_null(strstr(type("status\n"), "1 acknowledged, 0 held or planned"));
    run(3 * DAY);
    assert_int_equal(count_in(received, "\xbfstill: example.com: "), 2);
    set_dmarc(REJECT);
    run(HOUR);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.weakened\""), 1);
}

static void test_people_warning_is_told_again_after_a_week(void **state)
{
    (void)state;
    set_up_people();
    run(60);
    set_dmarc(QUARANTINE);
    run(60);
    slow_down();
    run(6 * DAY);
    assert_int_equal(count_in(received, "\xbfstill: "), 0);
    run(DAY + HOUR);
    assert_int_equal(count_in(received, "\xbfstill: "), 1);
}

static void test_people_acknowledged_alert_that_gets_worse_is_told_again(void **state)
{
    (void)state;
    set_up_people();
    run(60);
    set_dmarc(QUARANTINE);
    run(60);
    (void)type("ack 1\n");
    set_dmarc(WEAK);
    run(60);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
    assert_int_equal(count_in(type("alerts\n"), "acknowledged"), 0);
}

static void test_people_numbers_that_are_none_are_refused(void **state)
{
    static const char *const commands[] = {"ack 1\n", "accept 7\n", "ack\n",
                                           "ack x\n", "ack 0\n",    "ack 99999999999999999999\n"};

    (void)state;
    set_up_people();
    run(60);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        assert_non_null(strstr(type(commands[i]), "no open alert"));
    }
    assert_non_null(strstr(type("acknowledge 1\n"), "commands: "));
}

/* ---- accept ------------------------------------------------------------------------------------ */

static void test_people_accepted_facet_is_the_new_normal_and_the_others_are_not(void **state)
{
    (void)state;
    set_up_people();
    run(60);
    set_dmarc(NO_RUA); /* weaker, and nobody gets reports */
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.rua.missing\""), 1);
    for (uint16_t i = 1; i <= 2; i++) {
        const struct vd_alert *alert = vd_confirm_numbered(&agent.confirm, i);
        assert_non_null(alert);
        if (alert->code == VD_CODE_DMARC_WEAKENED) {
            (void)type(i == 1 ? "accept 1\n" : "accept 2\n");
        }
    }
    run(30);
    assert_int_equal(count_in(received, "code=\"baseline.accepted\""), 1);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.weakened\""), 1);
    assert_non_null(strstr(received, "accepted on the console"));
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 1);
    run(600);
    assert_int_equal(count_in(received, "code=\""), 3);
    /* From there on every step is seen. */
    set_dmarc("v=DMARC1; p=none");
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 2);
    set_dmarc(REJECT);
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.rua.missing\""), 1);
}

static void test_people_accept_is_refused_when_it_says_something_else_by_then(void **state)
{
    (void)state;
    set_up_people();
    run(60);
    set_dmarc(QUARANTINE);
    run(60);
    set_dmarc(WEAK);
    (void)type("accept 1\n");
    run(60);
    assert_int_equal(count_in(received, "code=\"baseline.accepted\""), 0);
    assert_int_equal(count_in(console, "accept 1: it says something else by now"), 1);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
}

static bool other_includes(const char *name, unsigned host, uint16_t rtype, struct fake_message *m)
{
    (void)host;
    if (rtype != VD_TYPE_TXT ||
        (strcmp(name, "_spf.example.net") != 0 && strcmp(name, "_spf.evil.example") != 0)) {
        return false;
    }
    fake_txt(m, name, "v=spf1 ip4:192.0.2.0/24 -all");
    return true;
}

static void test_people_accept_in_the_config_opens_no_alert(void **state)
{
    (void)state;
    set_up_people();
    watch->accepts[0] =
        (struct vd_accept){.facet = VD_FACET_DMARC_POLICY, .value = put_word("quarantine")};
    watch->accepts_count = 1;
    run(60);
    set_dmarc(QUARANTINE);
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
    assert_int_equal(count_in(received, "code=\"baseline.accepted\""), 1);
    assert_non_null(strstr(received, "accepted in the configuration"));
    run(600);
    assert_int_equal(count_in(received, "code=\""), 1);
    set_dmarc(WEAK); /* that was not accepted */
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
}

/* ---- plan and maintenance ----------------------------------------------------------------------- */

/* plan = dmarc.policy quarantine, for so many minutes from the world's beginning on. */
static void plan(unsigned minutes)
{
    watch->plans[0] = (struct vd_plan){.facet = VD_FACET_DMARC_POLICY,
                                       .value = put_word("quarantine"),
                                       .from_s = SUNDAY,
                                       .until_s = SUNDAY + minutes * 60};
    watch->plans_count = 1;
}

static void test_people_accept_in_the_config_names_an_include(void **state)
{
    (void)state;
    set_up_people();
    watch->accepts[0] =
        (struct vd_accept){.facet = VD_FACET_SPF_INCLUDE, .value = put_word("_spf.example.net")};
    watch->accepts_count = 1;
    hook = other_includes;
    run(60);
    spf = "v=spf1 include:_spf.mailer.example include:_spf.example.net -all";
    run(60);
    assert_int_equal(count_in(received, "code=\"spf.include.added\""), 0);
    assert_int_equal(count_in(received, "code=\"baseline.accepted\""), 1);
    spf = "v=spf1 include:_spf.mailer.example include:_spf.example.net include:_spf.evil.example "
          "-all";
    run(60);
    assert_int_equal(count_in(received, "code=\"spf.include.added\""), 1);
    assert_int_equal(count_in(received, "knownby=\"alert "), 1);
    assert_int_equal(count_in(received, " (accept = spf.include:_spf.evil.example): "), 1);
}

static void test_people_planned_change_is_a_notice_and_an_alert_when_the_time_is_over(void **state)
{
    (void)state;
    set_up_people();
    plan(10);
    run(60);
    set_dmarc(QUARANTINE);
    run(300);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "class=\"CHANGED\" severity=\"notice\""), 1);
    assert_int_equal(count_in(received, "changed as planned"), 1);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 0);
    assert_non_null(strstr(type("status\n"), "0 acknowledged, 1 held or planned"));
    run(300);
    assert_int_equal(count_in(received, "class=\"WEAKENED\""), 1);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 1);
}

static void test_people_planned_change_that_is_taken_back_in_time_is_no_alert(void **state)
{
    (void)state;
    set_up_people();
    plan(10);
    run(60);
    set_dmarc(QUARANTINE);
    run(120);
    set_dmarc(REJECT);
    run(1200);
    assert_int_equal(count_in(received, "code=\""), 1);
}

static void test_people_other_change_than_the_planned_one_is_an_alert(void **state)
{
    (void)state;
    set_up_people();
    plan(60);
    run(60);
    set_dmarc(WEAK);
    run(60);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
}

static void test_people_plan_and_window_do_not_hold_while_the_time_is_unknown(void **state)
{
    (void)state;
    set_up_people();
    is_time_unknown = true;
    plan(60);
    watch->windows[0] = (struct vd_window){.days = 127, .from_min = 0, .until_min = 1440};
    watch->windows_count = 1;
    run(60);
    set_dmarc(QUARANTINE);
    run(60);
    assert_int_equal(count_in(received, "class=\"WEAKENED\""), 1);
    assert_non_null(strstr(type("status\n"), "the time is not known"));
}

static void test_people_maintenance_holds_back_all_but_critical_until_it_is_over(void **state)
{
    (void)state;
    set_up_people();
    watch->windows[0] = (struct vd_window){.days = 1, .from_min = 0, .until_min = 10};
    watch->windows_count = 1;
    run(60);
    set_dmarc(QUARANTINE);
    run(400);
    assert_int_equal(received_len, 0);
    assert_int_equal(count_in(console, "held back by maintenance"), 1);
    run(180); /* past 00:10 */
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "class=\"WEAKENED\""), 1);

    set_up_people();
    watch->windows[0] = (struct vd_window){.days = 1, .from_min = 0, .until_min = 10};
    watch->windows_count = 1;
    run(60);
    set_dmarc(QUARANTINE);
    run(120);
    set_dmarc(REJECT); /* over before the window is */
    run(1200);
    assert_int_equal(received_len, 0);

    set_up_people();
    watch->windows[0] = (struct vd_window){.days = 1, .from_min = 0, .until_min = 10};
    watch->windows_count = 1;
    run(60);
    set_dmarc(WEAK);
    run(60);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
}

static void test_people_maintenance_holds_back_what_is_no_alert_too(void **state)
{
    (void)state;
    set_up_people();
    watch->windows[0] = (struct vd_window){.days = 1, .from_min = 0, .until_min = 10};
    watch->windows_count = 1;
    set_dmarc(QUARANTINE);
    run(60);
    set_dmarc(REJECT);
    run(400);
    assert_int_equal(count_in(console, "alert told: dmarc.policy.strengthened"), 0);
    run(180);
    assert_int_equal(count_in(console, "alert told: dmarc.policy.strengthened"), 1);
}

static bool second_key;

static bool serve_second(const char *name, unsigned host, uint16_t rtype, struct fake_message *m)
{
    (void)host;
    if (!second_key || rtype != VD_TYPE_TXT || strcmp(name, "s2._domainkey.example.com") != 0) {
        return false;
    }
    fake_txt(m, name, "v=DKIM1; k=rsa; p=" KEY_RSA_1024);
    return true;
}

/* What is told once without moving the baseline leaves the last good text alone. */
static void test_people_member_missed_first_and_needed_later_has_its_key_to_paste(void **state)
{
    (void)state;
    set_up_people();
    strcpy(watch->selectors[1], "s2");
    watch->selectors_count = 2;
    watch->groups[0] = (struct vd_dkim_group){.members = 3, .need = 1};
    hook = serve_second;
    second_key = true;
    run(60);
    key = NULL;
    run(60);
    assert_int_equal(count_in(console, "alert told: dkim.member.missing"), 1);
    second_key = false;
    run(60);
    const char *missing = strstr(received, "code=\"dkim.key.missing\"");
    assert_non_null(missing);
    assert_non_null(strstr(missing, "at s1._domainkey.example.com put TXT: " KEY));
}

/* ---- flapping ------------------------------------------------------------------------------------ */

static void turn_once(void)
{
    set_dmarc(QUARANTINE);
    run(60);
    set_dmarc(REJECT);
    run(60);
}

static void test_people_what_flaps_is_told_once_and_then_silent_until_it_is_steady(void **state)
{
    (void)state;
    set_up_people();
    run(60);
    turn_once();
    turn_once();
    assert_int_equal(count_in(received, "code=\"alert.flapping\""), 0);
    turn_once();
    assert_int_equal(count_in(received, "code=\"alert.flapping\""), 1);
    assert_int_equal(count_in(received, "class=\"WEAKENED\""), 3);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.weakened\""), 3);
    unsigned told = count_in(received, "code=\"");
    turn_once();
    turn_once();
    set_dmarc(QUARANTINE); /* and so it stays */
    run(60);
    assert_int_equal(count_in(received, "code=\""), told);
    slow_down();
    run(5 * HOUR);
    assert_int_equal(count_in(received, "code=\""), told);
    run(2 * HOUR);
    assert_int_equal(count_in(received, "restores=\"alert.flapping\""), 1);
    assert_int_equal(count_in(received, "class=\"WEAKENED\""), 4);
    set_dmarc(REJECT);
    run(HOUR);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.weakened\""), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_people_open_alert_is_told_again_every_day_until_it_is_acknowledged),
        T(test_people_warning_is_told_again_after_a_week),
        T(test_people_acknowledged_alert_that_gets_worse_is_told_again),
        T(test_people_numbers_that_are_none_are_refused),
        T(test_people_accepted_facet_is_the_new_normal_and_the_others_are_not),
        T(test_people_accept_is_refused_when_it_says_something_else_by_then),
        T(test_people_accept_in_the_config_opens_no_alert),
        T(test_people_accept_in_the_config_names_an_include),
        T(test_people_planned_change_is_a_notice_and_an_alert_when_the_time_is_over),
        T(test_people_planned_change_that_is_taken_back_in_time_is_no_alert),
        T(test_people_other_change_than_the_planned_one_is_an_alert),
        T(test_people_plan_and_window_do_not_hold_while_the_time_is_unknown),
        T(test_people_maintenance_holds_back_all_but_critical_until_it_is_over),
        T(test_people_maintenance_holds_back_what_is_no_alert_too),
        T(test_people_member_missed_first_and_needed_later_has_its_key_to_paste),
        T(test_people_what_flaps_is_told_once_and_then_silent_until_it_is_steady),
#undef T
    };
    return cmocka_run_group_tests_name("agent_people", tests, NULL, NULL);
}
