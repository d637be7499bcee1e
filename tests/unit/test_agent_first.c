/* First contact, records on their way, and round trips.  SPDX-License-Identifier: MIT */
#include "tests/unit/people_world.h"

/* ---- first contact, pending --------------------------------------------------------------------- */

static void test_first_contact_what_is_wrong_comes_in_one_message(void **state)
{
    (void)state;
    set_up_people();
    watch->needs_dmarc = true;
    watch->dmarc_floor = 2;
    spf = "v=spf1 include:_spf.mailer.example ipv4:192.0.2.1 -all";
    set_dmarc(WEAK);
    run(60);
    assert_int_equal(count_in(received, "code=\"domain.first.findings\""), 1);
    assert_int_equal(count_in(received, "code=\""), 1);
    assert_non_null(strstr(received, "example.com: 2 things are wrong at first look"));
    assert_non_null(strstr(received, "dmarc.policy.floor _dmarc.example.com: "));
    assert_non_null(strstr(received, "spf.record.broken example.com: "));
    /* They stay open though the baseline says so by now, and close one by one. */
    run(900);
    assert_int_equal(count_in(received, "code=\""), 1);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 2);
    spf = "v=spf1 include:_spf.mailer.example -all";
    run(60);
    assert_int_equal(count_in(received, "restores=\"spf.record.broken\""), 1);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.floor\""), 0);
    set_dmarc(REJECT);
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.floor\""), 1);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 0);
}

/* The second resolver has the broken include only after ten seconds. */
static bool include_that_breaks(const char *name, unsigned host, uint16_t rtype,
                                struct fake_message *m)
{
    if (rtype != VD_TYPE_TXT || strcmp(name, "bad.mailer.example") != 0) {
        return false;
    }
    fake_txt(m, name,
             host == 1 || now > 10000 ? "v=spf1 ipv4:192.0.2.1 -all" : "v=spf1 ip4:192.0.2.1 -all");
    return true;
}

static void test_first_contact_waits_for_what_takes_longer_to_believe(void **state)
{
    (void)state;
    set_up_people();
    watch->needs_dmarc = true;
    watch->dmarc_floor = 2;
    watch->confirm_wait_ms = 5000;
    hook = include_that_breaks;
    spf = "v=spf1 include:bad.mailer.example -all";
    set_dmarc(WEAK);
    run(120);
    assert_int_equal(count_in(received, "code=\"domain.first.findings\""), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.floor\""), 0);
    assert_int_equal(count_in(received, "code=\"spf.record.broken\""), 0);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 2);
}

static void test_first_contact_during_maintenance_is_told_when_it_is_over(void **state)
{
    (void)state;
    set_up_people();
    watch->windows[0] = (struct vd_window){.days = 1, .from_min = 0, .until_min = 10};
    watch->windows_count = 1;
    set_dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com");
    run(500);
    assert_int_equal(received_len, 0);
    run(200);
    assert_int_equal(count_in(received, "code=\"dmarc.subdomains.weakened\""), 1);
}

/* A weakness of one facet only: it is part of the baseline soon, and must not close for that. */
static void test_first_weak_facet_of_first_contact_stays_open_until_it_is_mended(void **state)
{
    (void)state;
    set_up_people();
    set_dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com");
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.subdomains.weakened\""), 1);
    assert_int_equal(count_in(console, "baseline taken"), 1);
    run(900);
    assert_int_equal(count_in(received, "code=\""), 1);
    /* Meanwhile the rest of the record is watched. */
    set_dmarc("v=DMARC1; p=none; sp=none; rua=mailto:d@example.com");
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    set_dmarc(REJECT);
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.subdomains.weakened\""), 1);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 0);
}

/* What was wrong is wrong still, though the facet does not say the same any more. */
static void test_first_alert_stays_open_while_its_facet_says_other_things_as_wrong(void **state)
{
    (void)state;
    set_up_people();
    set_dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com");
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.subdomains.weakened\""), 1);
    set_dmarc("v=DMARC1; p=reject; sp=none; np=quarantine; rua=mailto:d@example.com");
    run(600);
    assert_int_equal(count_in(received, "code=\"dmarc.subdomains.strengthened\""), 1);
    assert_int_equal(count_in(received, "restores=\"dmarc.subdomains.weakened\""), 0);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 1);
    set_dmarc(REJECT);
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.subdomains.weakened\""), 1);
    assert_int_equal(vd_confirm_open_count(&agent.confirm, -1), 0);
}

/* Hosts of the MX that lead nowhere: one, and from some time on two, then one again. */
static bool hosts_that_are_gone(const char *name, unsigned host, uint16_t rtype,
                                struct fake_message *m)
{
    static uint8_t mx[] = "\0\x0a\x01?\x07"
                          "example\x03"
                          "com";

    (void)host;
    if (rtype != VD_TYPE_MX || strcmp(name, "example.com") != 0) {
        return false;
    }
    for (size_t i = 0; i < 1 + now / 60000 % 2; i++) {
        mx[3] = (uint8_t)('a' + i);
        fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_MX, mx, sizeof mx);
    }
    return true;
}

static void test_first_alert_stays_open_while_a_number_in_its_facet_drifts(void **state)
{
    (void)state;
    set_up_people();
    watch->needs_mx = true;
    hook = hosts_that_are_gone;
    run(50);
    assert_int_equal(count_in(received, "code=\"mx.host.gone\""), 1);
    run(900);
    assert_int_equal(count_in(received, "restores=\"mx.host.gone\""), 0);
    hook = NULL;
    run(60);
    assert_int_equal(count_in(received, "restores=\"mx.host.gone\""), 1);
}

static void test_first_reminder_of_first_contact_says_what_is_there_now(void **state)
{
    (void)state;
    set_up_people();
    set_dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com");
    run(60);
    slow_down();
    run(7 * DAY + HOUR);
    assert_int_equal(count_in(received, "\xbfstill: example.com: DMARC: p=reject"), 1);
    assert_int_equal(count_in(received, "knownby=\"alert 1, open for 168 h, last confirmed 0 min"),
                     1);
    assert_int_equal(count_in(received, "code=\""), 2);
}

static void test_first_accepted_weakness_of_first_contact_is_told_no_more(void **state)
{
    (void)state;
    set_up_people();
    set_dmarc("v=DMARC1; p=reject; sp=none; rua=mailto:d@example.com");
    run(60);
    (void)type("accept 1\n");
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.subdomains.weakened\""), 1);
    assert_int_equal(count_in(received, "code=\"baseline.accepted\""), 1);
    run(900);
    assert_int_equal(count_in(received, "code=\""), 2);
}

static void test_first_key_on_its_way_is_pending_then_verified_once_then_missed(void **state)
{
    (void)state;
    set_up_people();
    key = NULL;
    run(60);
    assert_int_equal(count_in(console, "dkim.key.pending"), 1);
    assert_int_equal(count_in(received, "code=\"dkim.key.missing\""), 0);
    assert_non_null(strstr(type("status\n"), "1 records still pending"));
    key = KEY;
    run(120);
    assert_int_equal(count_in(console, "alert told: dkim.key.verified"), 1);
    assert_non_null(strstr(type("status\n"), "0 records still pending"));
    key = NULL;
    run(60);
    assert_int_equal(count_in(received, "code=\"dkim.key.missing\""), 1);
    key = KEY;
    run(120);
    assert_int_equal(count_in(console, "alert told: dkim.key.verified"), 1);
}

static void test_first_key_that_does_not_come_in_time_is_missed(void **state)
{
    (void)state;
    set_up_people();
    watch->pending_ms = 600000;
    key = NULL;
    run(500);
    assert_int_equal(count_in(received, "code=\"dkim.key.missing\""), 0);
    run(200);
    assert_int_equal(count_in(received, "code=\"dkim.key.missing\""), 1);
}

/* ---- round trips ---------------------------------------------------------------------------------- */

static bool include_chain(const char *name, unsigned host, uint16_t rtype, struct fake_message *m)
{
    char text[64];

    (void)host;
    if (rtype != VD_TYPE_TXT || strstr(name, ".deep.example") == NULL) {
        return false;
    }
    if (name[0] == 'd') {
        fake_txt(m, name, "v=spf1 ip4:192.0.2.0/24 -all");
    } else {
        snprintf(text, sizeof text, "v=spf1 include:%c.deep.example -all", name[0] + 1);
        fake_txt(m, name, text);
    }
    return true;
}

static void test_first_unchanged_domain_asks_everything_at_once(void **state)
{
    (void)state;
    set_up_people();
    hook = include_chain;
    spf = "v=spf1 include:a.deep.example -all";
    run(60);
    uint8_t looks = agent.watches[0].looks;
    while (agent.watches[0].looks == looks) {
        run(1);
        if (agent.job == VD_JOB_WATCH) {
            break;
        }
    }
    /* Between two looks: begin the next one, and let no answer through. */
    while (agent.job != VD_JOB_WATCH) {
        (void)vd_agent_poll(&agent, true, now++);
    }
    uint16_t asked = agent.survey.snapshot.answers_count;
    assert_non_null(vd_snapshot_find(&agent.survey.snapshot, "d.deep.example", VD_TYPE_TXT));
    assert_non_null(vd_snapshot_find(&agent.survey.snapshot, "mx.example.com", VD_TYPE_A));
    run(5);
    assert_int_equal(agent.survey.snapshot.answers_count, asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_first_contact_what_is_wrong_comes_in_one_message),
        T(test_first_contact_waits_for_what_takes_longer_to_believe),
        T(test_first_contact_during_maintenance_is_told_when_it_is_over),
        T(test_first_weak_facet_of_first_contact_stays_open_until_it_is_mended),
        T(test_first_alert_stays_open_while_its_facet_says_other_things_as_wrong),
        T(test_first_alert_stays_open_while_a_number_in_its_facet_drifts),
        T(test_first_reminder_of_first_contact_says_what_is_there_now),
        T(test_first_accepted_weakness_of_first_contact_is_told_no_more),
        T(test_first_key_on_its_way_is_pending_then_verified_once_then_missed),
        T(test_first_key_that_does_not_come_in_time_is_missed),
        T(test_first_unchanged_domain_asks_everything_at_once),
#undef T
    };
    return cmocka_run_group_tests_name("agent_first", tests, NULL, NULL);
}
