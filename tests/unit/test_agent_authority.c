/* SPDX-License-Identifier: MIT */
#include "tests/unit/agent_world.h"

#define ASKS "server=192.0.2.1\nserver=192.0.2.2\nauthority-check=20s\nconfirm-hold=60s\n"

static void set_everywhere(const char *text)
{
    dmarc[0] = dmarc[1] = dmarc_own[0] = dmarc_own[1] = text;
}

static void test_authority_change_everywhere_is_told_by_the_zones_own_servers(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    assert_int_equal(count_in(console, "2 name server addresses of example.com"), 1);
    assert_int_equal(received_len, 0);
    set_everywhere(WEAK);
    run(30);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_non_null(strstr(received, "192.0.2.11 and 192.0.2.12"));
    set_everywhere(REJECT);
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "code=\""), 2);
}

static void test_authority_change_is_seen_before_the_caches_let_go(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    dmarc_own[0] = dmarc_own[1] = NULL;
    run(30);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
}

static void test_authority_that_still_has_it_holds_the_alert_back(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    dmarc[0] = dmarc[1] = WEAK; /* both resolvers are poisoned, or an old edit was undone */
    run(1800);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
    assert_true(count_in(received, "code=\"watch.divergence\"") >= 1);
    assert_true(count_in(received, "severity=\"warning\"") >= 1);
    dmarc[0] = dmarc[1] = REJECT;
    run(120);
    assert_true(count_in(received, "restores=\"watch.divergence\"") >= 1);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
}

static void test_authority_one_stale_secondary_is_a_divergence(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    dmarc_own[1] = WEAK;
    run(1800);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
    assert_true(count_in(received, "code=\"watch.divergence\"") >= 1);
    dmarc_own[1] = REJECT;
    run(120);
    assert_true(count_in(received, "restores=\"watch.divergence\"") >= 1);
}

static void test_authority_out_of_reach_leaves_it_to_two_resolvers(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    authority_moods[0] = authority_moods[1] = SILENT;
    dmarc[0] = dmarc[1] = WEAK;
    run(120);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "code=\"watch.blind\""), 0);
}

static void test_authority_that_is_intercepted_is_not_counted(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    is_intercepted = true;
    dmarc_own[0] = dmarc_own[1] = NULL; /* what the interceptor says */
    run(600);
    assert_int_equal(count_in(received, "missing"), 0);
    dmarc[0] = dmarc[1] = WEAK;
    run(120);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
}

static void test_authority_never_asked_when_the_config_says_no(void **state)
{
    (void)state;
    set_up_with(ASKS "authorities=no\n");
    run(120);
    assert_int_equal(count_in(console, "name server addresses"), 0);
    assert_int_equal(agent.resolver.servers_set >> VD_SERVERS_MAX, 0);
}

static void test_authority_with_nothing_wrong_stays_quiet_for_a_day(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(86400);
    assert_int_equal(received_len, 0);
    assert_int_equal(agent.confirm.contradicted, 0);
}

/* The first resolver lies about where the zone's servers are; what stands there says p=none. */
static bool lie_about_servers(const char *name, unsigned host, uint16_t type,
                              struct fake_message *m)
{
    uint8_t address[] = {192, 0, 2, AUTHORITY_FIRST + 1u};

    if (host != 1 || type != VD_TYPE_A || strncmp(name, "ns", 2) != 0) {
        return false;
    }
    fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_A, address, 4);
    return true;
}

static void test_authority_list_of_one_liar_is_not_taken(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    hook = lie_about_servers;
    dmarc_own[1] = WEAK; /* the second one is the liar's now, and it alone */
    run(7200);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
}

static void test_authority_first_contact_with_a_stale_cache_is_no_baseline(void **state)
{
    (void)state;
    set_up_with(ASKS);
    dmarc[0] = REJECT; /* an old cache; everybody else has p=none, and always had */
    dmarc[1] = dmarc_own[0] = dmarc_own[1] = WEAK;
    run(7200);
    assert_int_equal(count_in(console, "baseline taken"), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
}

static void test_authority_stale_secondary_does_not_hide_a_change_for_ever(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    dmarc[0] = dmarc[1] = dmarc_own[0] = WEAK;
    run(30);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 0);
    run(300);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_non_null(strstr(received, "not seen at ns 192.0.2.12"));
}

static void test_authority_that_fell_silent_is_taken_at_its_last_word(void **state)
{
    (void)state;
    set_up_with(ASKS);
    run(60);
    dmarc_own[0] = dmarc_own[1] = WEAK; /* the resolvers' caches are old */
    run(40);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    authority_moods[0] = authority_moods[1] = SILENT;
    run(40);
    assert_int_equal(count_in(received, "restores="), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_authority_change_everywhere_is_told_by_the_zones_own_servers),
        cmocka_unit_test(test_authority_change_is_seen_before_the_caches_let_go),
        cmocka_unit_test(test_authority_that_still_has_it_holds_the_alert_back),
        cmocka_unit_test(test_authority_one_stale_secondary_is_a_divergence),
        cmocka_unit_test(test_authority_out_of_reach_leaves_it_to_two_resolvers),
        cmocka_unit_test(test_authority_that_is_intercepted_is_not_counted),
        cmocka_unit_test(test_authority_never_asked_when_the_config_says_no),
        cmocka_unit_test(test_authority_with_nothing_wrong_stays_quiet_for_a_day),
        cmocka_unit_test(test_authority_list_of_one_liar_is_not_taken),
        cmocka_unit_test(test_authority_first_contact_with_a_stale_cache_is_no_baseline),
        cmocka_unit_test(test_authority_stale_secondary_does_not_hide_a_change_for_ever),
        cmocka_unit_test(test_authority_that_fell_silent_is_taken_at_its_last_word),
    };
    return cmocka_run_group_tests_name("agent_authority", tests, NULL, NULL);
}
