/* SPDX-License-Identifier: MIT */
#include "tests/unit/agent_world.h"

static void test_agent_takes_a_baseline_and_stays_quiet(void **state)
{
    (void)state;
    set_up();
    run(600);
    assert_int_equal(count_in(console, "baseline taken"), 1);
    assert_int_equal(received_len, 0);
    assert_int_equal(count_in(console, "alert opened"), 0);
    assert_int_equal(count_in(console, "alert told: domain.first.summary"), 1);
    assert_int_equal(count_in(console, "alert told"), 1);
}

static void test_agent_tells_weakened_and_restored_once_each(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "old=\"p=reject\" new=\"p=none\""), 1);
    run(600);
    assert_int_equal(count_in(received, "code=\""), 1);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=reject; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"RESTORED\""), 1);
    assert_int_equal(count_in(received, "code=\""), 2);
}

static void test_agent_record_gone_is_told_with_its_text_to_paste(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = NULL;
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
    assert_non_null(strstr(received, "v=DMARC1; p=reject; rua=mailto:d@example.com"));
}

static void test_agent_one_resolver_that_lost_it_is_a_divergence_and_not_believed(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = NULL;
    run(3600);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 0);
    assert_true(count_in(received, "code=\"watch.divergence\"") >= 1);
    assert_true(count_in(received, "code=\"watch.divergence\"") <= 2);
    dmarc[0] = WEAK;
    run(3600);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
    dmarc[0] = REJECT;
    run(120);
    assert_true(count_in(received, "restores=\"watch.divergence\"") >= 1);
}

static void test_agent_dns_that_does_not_answer_never_makes_a_record_gone(void **state)
{
    static const enum mood all[] = {SILENT, SERVFAIL, TRUNCATES};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        set_up();
        run(60);
        moods[0] = moods[1] = all[i];
        run(3600);
        assert_int_equal(count_in(received, "missing"), 0);
        assert_int_equal(count_in(received, "code=\"agent.blind\""), 1);
        moods[0] = moods[1] = ANSWERS;
        run(600);
        assert_int_equal(count_in(received, "restores=\"agent.blind\""), 1);
        assert_int_equal(count_in(received, "code=\""), 2);
    }
}

static void test_agent_blind_from_the_start_learns_when_it_can_see(void **state)
{
    (void)state;
    set_up();
    moods[0] = moods[1] = SERVFAIL;
    run(300);
    assert_int_equal(count_in(console, "baseline taken"), 0);
    moods[0] = moods[1] = ANSWERS;
    run(60);
    dmarc[0] = dmarc[1] = NULL;
    run(1000); /* the collector's address was not known: the channel backs off in between */
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
}

static void test_agent_other_resolver_dead_tells_as_single_source(void **state)
{
    (void)state;
    set_up();
    run(60);
    moods[1] = SILENT;
    dmarc[0] = NULL;
    run(300);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
    assert_non_null(strstr(received, "single source"));
}

static void test_agent_alert_waits_for_a_collector_that_is_down(void **state)
{
    (void)state;
    set_up();
    run(60);
    is_collector_down = true;
    dmarc[0] = dmarc[1] = NULL;
    run(300);
    assert_int_equal(received_len, 0);
    assert_true(count_in(console, "channel soc: connection refused; next try in") > 1);
    is_collector_down = false;
    run(900);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
}

static void test_agent_permerror_at_first_contact_is_told(void **state)
{
    (void)state;
    set_up();
    spf = "v=spf1 include:_spf.mailer.example ipv4:192.0.2.1 -all";
    run(60);
    spf = "v=spf1 include:_spf.mailer.example -all";
    assert_int_equal(count_in(received, "code=\"spf.record.broken\""), 1);
    run(60);
    assert_int_equal(count_in(received, "restores=\"spf.record.broken\""), 1);
}

static void test_agent_stricter_policy_is_told_once_and_becomes_the_baseline(void **state)
{
    (void)state;
    set_up();
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=quarantine; rua=mailto:d@example.com";
    run(300);
    assert_int_equal(count_in(console, "alert told: dmarc.policy.strengthened"), 1);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
}

static void test_agent_worse_after_bad_is_told_too(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=quarantine; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"WEAKENED\""), 1);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
}

static void test_agent_resolvers_that_are_both_wrong_do_not_make_it_run_hot(void **state)
{
    (void)state;
    set_up();
    run(60);
    unsigned before = net.opened;
    run(60);
    unsigned quiet = net.opened - before;
    before = net.opened;
    dmarc[0] = NULL;
    dmarc[1] = "v=DMARC1; p=none";
    run(60);
    assert_true(net.opened - before < 5 * quiet);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 0);
}

static void test_agent_half_blind_still_tells_when_it_goes_blind(void **state)
{
    (void)state;
    set_up();
    spf = "v=spf1 include:silent.example -all"; /* one name that never answers */
    run(300);
    assert_int_equal(count_in(received, "code=\"watch.blind\""), 1);
    is_domain_failing = true;
    run(300);
    assert_int_equal(count_in(received, "code=\"domain.unresolvable\""), 1);
    is_domain_failing = false;
    spf = "v=spf1 include:_spf.mailer.example -all";
    run(300);
    assert_int_equal(count_in(received, "restores=\"watch.blind\""), 1);
    assert_int_equal(count_in(received, "restores=\"domain.unresolvable\""), 1);
}

static void test_agent_record_back_but_still_weak_is_no_all_clear(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    dmarc[0] = dmarc[1] = NULL;
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.record.missing\""), 1);
    assert_int_equal(count_in(received, "DMARC restored"), 0);
    assert_int_equal(count_in(received, "DMARC partly restored"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agent_takes_a_baseline_and_stays_quiet),
        cmocka_unit_test(test_agent_tells_weakened_and_restored_once_each),
        cmocka_unit_test(test_agent_record_gone_is_told_with_its_text_to_paste),
        cmocka_unit_test(test_agent_one_resolver_that_lost_it_is_a_divergence_and_not_believed),
        cmocka_unit_test(test_agent_dns_that_does_not_answer_never_makes_a_record_gone),
        cmocka_unit_test(test_agent_blind_from_the_start_learns_when_it_can_see),
        cmocka_unit_test(test_agent_other_resolver_dead_tells_as_single_source),
        cmocka_unit_test(test_agent_alert_waits_for_a_collector_that_is_down),
        cmocka_unit_test(test_agent_permerror_at_first_contact_is_told),
        cmocka_unit_test(test_agent_worse_after_bad_is_told_too),
        cmocka_unit_test(test_agent_resolvers_that_are_both_wrong_do_not_make_it_run_hot),
        cmocka_unit_test(test_agent_half_blind_still_tells_when_it_goes_blind),
        cmocka_unit_test(test_agent_record_back_but_still_weak_is_no_all_clear),
        cmocka_unit_test(test_agent_stricter_policy_is_told_once_and_becomes_the_baseline),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
