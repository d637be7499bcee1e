/* SPDX-License-Identifier: MIT */
#include "tests/unit/agent_world.h"

static void test_blind_domain_that_fails_everywhere_is_unresolvable_not_blind(void **state)
{
    (void)state;
    set_up();
    run(60);
    is_domain_failing = true;
    run(600);
    assert_int_equal(count_in(received, "code=\"domain.unresolvable\""), 1);
    assert_int_equal(count_in(received, "class=\"BROKEN\""), 1);
    assert_int_equal(count_in(received, "DNSSEC"), 0);
    assert_int_equal(count_in(received, "code=\"watch.blind\""), 0);
    is_domain_failing = false;
    run(60);
    assert_int_equal(count_in(received, "restores=\"domain.unresolvable\""), 1);
    assert_int_equal(count_in(received, "code=\""), 2);
}

static void test_blind_domain_that_answers_only_unchecked_names_dnssec(void **state)
{
    (void)state;
    set_up();
    run(60);
    is_domain_bogus = true;
    run(600);
    assert_int_equal(count_in(received, "code=\"domain.unresolvable\""), 1);
    assert_true(count_in(received, "DNSSEC") > 0);
    assert_int_equal(count_in(received, "missing"), 0);
}

static void test_blind_one_resolver_dead_is_told_and_named_and_the_watch_goes_on(void **state)
{
    (void)state;
    set_up();
    run(60);
    moods[1] = SILENT;
    run(1200);
    assert_int_equal(count_in(received, "code=\"resolver.blind\""), 1);
    assert_non_null(strstr(received, "192.0.2.2"));
    assert_int_equal(count_in(received, "code=\"agent.blind\""), 0);
    assert_int_equal(count_in(received, "code=\"watch.blind\""), 0);
    dmarc[0] = dmarc[1] = WEAK;
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    moods[1] = ANSWERS;
    run(120);
    assert_int_equal(count_in(received, "restores=\"resolver.blind\""), 1);
}

static void test_blind_captive_portal_makes_no_finding(void **state)
{
    (void)state;
    set_up();
    run(60);
    moods[0] = moods[1] = LYING;
    dmarc[0] = dmarc[1] = NULL; /* what the portal says of TXT */
    spf = NULL;
    run(1800);
    assert_int_equal(count_in(received, "missing"), 0);
    assert_int_equal(count_in(received, "code=\"agent.blind\""), 1);
    assert_non_null(strstr(received, "captive portal"));
    dmarc[0] = dmarc[1] = REJECT;
    spf = "v=spf1 include:_spf.mailer.example -all";
    moods[0] = moods[1] = ANSWERS;
    run(120);
    assert_int_equal(count_in(received, "restores=\"agent.blind\""), 1);
    assert_int_equal(count_in(received, "code=\""), 2);
}

static void test_blind_what_a_resolver_said_before_it_was_found_blind_counts_no_more(void **state)
{
    (void)state;
    set_up_with(TWO_RESOLVERS "authorities=no\n");
    run(60);
    dmarc[0] = NULL;
    run(2); /* a suspicion */
    moods[0] = LYING;
    run(600);
    moods[0] = ANSWERS;
    dmarc[0] = REJECT;
    run(600);
    assert_int_equal(count_in(received, "missing"), 0);
}

static void test_blind_stripped_edns_is_half_blind_and_changes_no_record(void **state)
{
    (void)state;
    set_up();
    is_edns_stripped = true;
    run(300);
    assert_int_equal(count_in(received, "code=\"resolver.degraded\""), 2);
    assert_true(count_in(received, "EDNS") > 0);
    is_edns_stripped = false;
    run(300);
    assert_int_equal(count_in(received, "restores=\"resolver.degraded\""), 2);
    assert_int_equal(count_in(received, "code=\""), 4);
}

static void test_blind_resolvers_from_the_network_are_used_and_followed(void **state)
{
    (void)state;
    set_up_with("authorities=no\n");
    run(60);
    assert_int_equal(count_in(console, "baseline taken"), 0);
    assert_int_equal(vd_endpoint_parse("192.0.2.1", 9, 53, &named[0]), VD_OK);
    named_count = 1;
    run(60);
    assert_int_equal(count_in(console, "resolver 192.0.2.1:53 (named by the network)"), 1);
    assert_int_equal(count_in(console, "baseline taken"), 1);
    assert_int_equal(vd_endpoint_parse("192.0.2.2", 9, 53, &named[0]), VD_OK);
    moods[0] = SILENT;
    run(60);
    assert_int_equal(count_in(console, "resolver 192.0.2.2:53 (named by the network)"), 1);
    dmarc[0] = dmarc[1] = WEAK;
    run(120);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_non_null(strstr(received, "single source"));
}

static void test_blind_no_resolver_at_all_is_told(void **state)
{
    (void)state;
    set_up_with("authorities=no\n");
    run(300);
    assert_int_equal(count_in(console, "no resolver is known"), 1);
}

static void test_blind_two_ports_of_one_address_are_one_source(void **state)
{
    (void)state;
    set_up_with("server=192.0.2.1\nserver=192.0.2.1:5353\nauthorities=no\n");
    run(60);
    dmarc[0] = WEAK;
    run(4); /* confirm-wait is 1 s: two sources would have been enough by now */
    assert_int_equal(received_len, 0);
    run(30);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_non_null(strstr(received, "single source"));
}

static void test_blind_network_that_names_resolvers_again_is_used_again(void **state)
{
    (void)state;
    set_up_with("authorities=no\n");
    assert_int_equal(vd_endpoint_parse("192.0.2.1", 9, 53, &named[0]), VD_OK);
    assert_int_equal(vd_endpoint_parse("192.0.2.2", 9, 53, &named[1]), VD_OK);
    named_count = 2;
    run(600);
    named_count = 0;
    run(11);
    named_count = 2;
    run(60);
    assert_int_equal(count_in(received, "agent.blind"), 0); /* a gap is no blindness */
    dmarc[0] = dmarc[1] = WEAK;
    run(120);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "code=\"resolver.blind\""), 0);
}

static void test_blind_resolver_that_leaves_takes_its_event_along(void **state)
{
    (void)state;
    set_up_with("authorities=no\n");
    assert_int_equal(vd_endpoint_parse("192.0.2.1", 9, 53, &named[0]), VD_OK);
    assert_int_equal(vd_endpoint_parse("192.0.2.2", 9, 53, &named[1]), VD_OK);
    named_count = 2;
    moods[1] = SILENT;
    run(600);
    assert_int_equal(count_in(received, "code=\"resolver.blind\""), 1);
    named_count = 1;
    run(60);
    assert_int_equal(count_in(received, "restores=\"resolver.blind\""), 1);
}

static bool fail_at_the_first(const char *name, unsigned host, uint16_t type,
                              struct fake_message *m)
{
    (void)type;
    if (host != 1 || !is_of_the_domain(name)) {
        return false;
    }
    m->bytes[3] |= 2; /* SERVFAIL */
    return true;
}

static void test_blind_resolver_that_fails_alone_is_told_beside_other_watches(void **state)
{
    (void)state;
    set_up_with(TWO_RESOLVERS "authorities=no\n[watch mailer.example]\ninterval=10s\n");
    run(60);
    hook = fail_at_the_first;
    run(600);
    assert_int_equal(count_in(received, "code=\"resolver.degraded\""), 1);
    hook = NULL;
    run(600);
    assert_int_equal(count_in(received, "restores=\"resolver.degraded\""), 1);
}

static void test_blind_silence_then_servfail_is_unresolvable(void **state)
{
    (void)state;
    set_up();
    run(60);
    spf = "v=spf1 include:silent.example -all";
    run(120);
    is_domain_failing = true;
    run(120);
    assert_int_equal(count_in(received, "code=\"domain.unresolvable\""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blind_domain_that_fails_everywhere_is_unresolvable_not_blind),
        cmocka_unit_test(test_blind_domain_that_answers_only_unchecked_names_dnssec),
        cmocka_unit_test(test_blind_one_resolver_dead_is_told_and_named_and_the_watch_goes_on),
        cmocka_unit_test(test_blind_captive_portal_makes_no_finding),
        cmocka_unit_test(test_blind_what_a_resolver_said_before_it_was_found_blind_counts_no_more),
        cmocka_unit_test(test_blind_stripped_edns_is_half_blind_and_changes_no_record),
        cmocka_unit_test(test_blind_resolvers_from_the_network_are_used_and_followed),
        cmocka_unit_test(test_blind_no_resolver_at_all_is_told),
        cmocka_unit_test(test_blind_two_ports_of_one_address_are_one_source),
        cmocka_unit_test(test_blind_network_that_names_resolvers_again_is_used_again),
        cmocka_unit_test(test_blind_resolver_that_leaves_takes_its_event_along),
        cmocka_unit_test(test_blind_resolver_that_fails_alone_is_told_beside_other_watches),
        cmocka_unit_test(test_blind_silence_then_servfail_is_unresolvable),
    };
    return cmocka_run_group_tests_name("agent_blind", tests, NULL, NULL);
}
