/* SPDX-License-Identifier: MIT */
#include "tests/fakes/survey_world.h"

static void test_survey_follows_includes_and_costs_their_depth(void **state)
{
    static const struct row rows[] = {
        {"example.com", "v=spf1 include:a.example include:b.example -all"},
        {"a.example", "v=spf1 include:c.example -all"},
        {"b.example", "v=spf1 ip4:192.0.2.1 -all"},
        {"c.example", "v=spf1 redirect=d.example"},
        {"d.example", "v=spf1 -all"},
        {"_dmarc.example.com", "v=DMARC1; p=none"},
    };

    (void)state;
    set_up(rows, 6);
    want_spf("example.com");
    assert_int_equal(vd_survey_want(&survey, "_dmarc.example.com", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    assert_int_equal(run(), 4);
    assert_int_equal(survey.snapshot.answers_count, 6);
    assert_int_equal(find("d.example")->presence, VD_PRESENT);
    assert_int_equal(survey.is_cut, 0);
}

static void test_survey_include_loop_is_asked_once(void **state)
{
    static const struct row rows[] = {
        {"a.example", "v=spf1 include:b.example -all"},
        {"b.example", "v=spf1 include:a.example -all"},
    };

    (void)state;
    set_up(rows, 2);
    want_spf("A.example");
    assert_int_equal(run(), 2);
    assert_int_equal(survey.snapshot.answers_count, 2);
}

static void test_survey_alias_that_leaves_is_asked_on(void **state)
{
    static const struct row rows[] = {
        {"s1._domainkey.example.com", ">s1.provider.example"},
        {"s1.provider.example", ">s1.host.example"},
        {"s1.host.example", "v=DKIM1; p="},
    };

    (void)state;
    set_up(rows, 3);
    assert_int_equal(vd_survey_want(&survey, "s1._domainkey.example.com", VD_TYPE_TXT, VD_ASK_OWN),
                     VD_OK);
    run();
    const struct vd_answer *found = find("s1._domainkey.example.com");
    assert_int_equal(found->presence, VD_PRESENT);
    assert_string_equal(
        vd_snapshot_target(&survey.snapshot,
                           vd_snapshot_record(&survey.snapshot, found, VD_TYPE_CNAME, 1)),
        "s1.host.example");
    assert_non_null(vd_snapshot_record(&survey.snapshot, found, VD_TYPE_TXT, 0));
}

static void test_survey_alias_to_nothing_is_dangling_and_to_servfail_unknown(void **state)
{
    static const struct row rows[] = {
        {"a.example", ">gone.example"},
        {"b.example", ">bad.example"},
        {"bad.example", "!"},
    };

    (void)state;
    set_up(rows, 3);
    assert_int_equal(vd_survey_want(&survey, "a.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    assert_int_equal(vd_survey_want(&survey, "b.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    run();
    assert_int_equal(find("a.example")->presence, VD_ABSENT);
    assert_int_equal(find("a.example")->detail, VD_DETAIL_DANGLING);
    assert_int_equal(find("b.example")->presence, VD_UNKNOWN);
    assert_int_equal(find("b.example")->detail, VD_DETAIL_SERVFAIL);
}

static void test_survey_aliases_in_a_circle_end_as_unknown(void **state)
{
    static const struct row rows[] = {
        {"a.example", ">b.example"},
        {"b.example", ">a.example"},
    };

    (void)state;
    set_up(rows, 2);
    want_spf("a.example");
    run();
    assert_int_equal(find("a.example")->presence, VD_UNKNOWN);
    assert_int_equal(find("a.example")->detail, VD_DETAIL_CHAIN);
    assert_null(vd_snapshot_record(&survey.snapshot, find("a.example"), VD_TYPE_TXT, 0));
}

static void test_survey_spf_behind_an_alias_is_followed(void **state)
{
    static const struct row rows[] = {
        {"example.com", ">spf.host.example"},
        {"spf.host.example", "v=spf1 include:a.example -all"},
        {"a.example", "v=spf1 -all"},
    };

    (void)state;
    set_up(rows, 3);
    want_spf("example.com");
    run();
    assert_int_equal(find("a.example")->presence, VD_PRESENT);
}

static void test_survey_over_its_bound_is_cut_and_says_so(void **state)
{
    static char texts[VD_SURVEY_QUESTIONS_MAX + 4][64];
    static char names[VD_SURVEY_QUESTIONS_MAX + 4][16];
    static struct row rows[VD_SURVEY_QUESTIONS_MAX + 4];

    (void)state;
    for (size_t i = 0; i < VD_SURVEY_QUESTIONS_MAX + 4; i++) {
        char digits[3] = {(char)('a' + i / 26), (char)('a' + i % 26), '\0'};
        char next[3] = {(char)('a' + (i + 1) / 26), (char)('a' + (i + 1) % 26), '\0'};
        strcpy(names[i], digits);
        strcat(names[i], ".example");
        strcpy(texts[i], "v=spf1 include:");
        strcat(texts[i], next);
        strcat(texts[i], ".example -all");
        rows[i] = (struct row){names[i], texts[i]};
    }
    set_up(rows, VD_SURVEY_QUESTIONS_MAX + 4);
    want_spf("aa.example");
    run();
    assert_int_equal(survey.snapshot.answers_count,
                     VD_SURVEY_QUESTIONS_MAX - VD_SURVEY_OWN_QUESTIONS);
    assert_int_equal(survey.is_cut, 1);
}

static void test_survey_alias_chain_over_its_bound_is_unknown(void **state)
{
    static char names[VD_CHAIN_MAX + 3][16], texts[VD_CHAIN_MAX + 3][16];
    static struct row rows[VD_CHAIN_MAX + 3];

    (void)state;
    for (size_t i = 0; i < VD_CHAIN_MAX + 3; i++) {
        const char name[] = {(char)('a' + i), '\0'}, next[] = {'>', (char)('b' + i), '\0'};
        strcat(strcpy(names[i], name), ".example");
        strcat(strcpy(texts[i], next), ".example");
        rows[i] = (struct row){names[i], texts[i]};
    }
    rows[VD_CHAIN_MAX].text = "v=spf1 -all"; /* at the end of exactly VD_CHAIN_MAX aliases */
    set_up(rows, VD_CHAIN_MAX + 3);
    assert_int_equal(vd_survey_want(&survey, "a.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    run();
    assert_int_equal(find("a.example")->presence, VD_PRESENT);

    strcat(strcpy(texts[VD_CHAIN_MAX], ">z"), ".example");
    rows[VD_CHAIN_MAX].text = texts[VD_CHAIN_MAX];
    rows[VD_CHAIN_MAX + 1] = (struct row){"z.example", "v=spf1 -all"};
    set_up(rows, VD_CHAIN_MAX + 3);
    assert_int_equal(vd_survey_want(&survey, "a.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    run();
    assert_int_equal(find("a.example")->presence, VD_UNKNOWN);
    assert_int_equal(find("a.example")->detail, VD_DETAIL_CHAIN);
}

static void test_survey_name_asked_for_itself_is_followed_when_an_include_wants_it(void **state)
{
    static const struct row rows[] = {
        {"example.com", "v=spf1 include:s1._domainkey.example.com -all"},
        {"s1._domainkey.example.com", "v=spf1 include:a.example -all"},
        {"a.example", "v=spf1 -all"},
    };

    (void)state;
    set_up(rows, 3);
    assert_int_equal(vd_survey_want(&survey, "s1._domainkey.example.com", VD_TYPE_TXT, VD_ASK_OWN),
                     VD_OK);
    want_spf("example.com");
    run();
    assert_int_equal(find("a.example")->presence, VD_PRESENT);
}

static void test_survey_silence_settles_every_answer_as_unknown(void **state)
{
    (void)state;
    set_up(NULL, 0);
    want_spf("a.example");
    assert_int_equal(vd_survey_want(&survey, "a.example", VD_TYPE_MX, VD_ASK_OWN), VD_OK);
    while (vd_survey_poll(&survey, now) == VD_AGAIN) {
        now = vd_survey_next_ms(&survey);
    }
    assert_int_equal(find("a.example")->presence, VD_UNKNOWN);
    assert_int_equal(find("a.example")->detail, VD_DETAIL_TIMEOUT);
}

static void test_survey_refuses_what_is_no_name(void **state)
{
    (void)state;
    set_up(NULL, 0);
    assert_int_equal(vd_survey_want(&survey, "a..example", VD_TYPE_TXT, VD_ASK_OWN), VD_EFORMAT);
    assert_int_equal(vd_survey_poll(&survey, now), VD_OK);
}

/* ---- one round's cache ------------------------------------------------------------------------- */

static struct vd_cache cache;

/* Survey one domain; returns the datagrams that it took. */
static unsigned ask_domain(const char *domain, uint16_t servers, uint8_t first)
{
    unsigned before = net.opened;

    vd_survey_start(&survey, &resolver, &cache, servers, first, now);
    want_spf(domain);
    run();
    return net.opened - before;
}

static const struct row shared_rows[] = {
    {"one.example", "v=spf1 include:spf.mailer.example -all"},
    {"two.example", "v=spf1 include:spf.mailer.example ~all"},
    {"spf.mailer.example", "v=spf1 include:net.mailer.example -all"},
    {"net.mailer.example", "v=spf1 ip4:192.0.2.0/24 -all"},
};

static void test_survey_what_two_domains_include_is_asked_once_in_a_round(void **state)
{
    (void)state;
    set_up(shared_rows, 4);
    vd_cache_clear(&cache);
    assert_int_equal(ask_domain("one.example", 1, 0), 3);
    assert_int_equal(ask_domain("two.example", 1, 0), 1);
    const struct vd_answer *shared = find("net.mailer.example");
    assert_int_equal(shared->presence, VD_PRESENT);
    assert_int_equal(shared->server, 0);
    const struct vd_record *record = vd_snapshot_record(&survey.snapshot, shared, VD_TYPE_TXT, 0);
    assert_memory_equal(vd_snapshot_span(&survey.snapshot, record).bytes,
                        "v=spf1 ip4:192.0.2.0/24 -all", 28);
}

static void test_survey_cache_never_answers_for_the_watched_name_itself(void **state)
{
    (void)state;
    set_up(shared_rows, 4);
    vd_cache_clear(&cache);
    assert_int_equal(ask_domain("one.example", 1, 0), 3);
    assert_int_equal(ask_domain("one.example", 1, 0), 1);
    assert_int_equal(ask_domain("spf.mailer.example", 1, 0), 1);
}

static void test_survey_second_opinion_is_never_from_the_cache(void **state)
{
    (void)state;
    set_up(shared_rows, 4);
    vd_cache_clear(&cache);
    assert_int_equal(ask_domain("one.example", 1, 0), 3);
    assert_int_equal(ask_domain("one.example", 3, 0), 3);
    assert_int_equal(ask_domain("one.example", 1, 1), 3);
}

static void test_survey_cache_forgets_with_the_round_and_with_the_ttl(void **state)
{
    (void)state;
    set_up(shared_rows, 4);
    vd_cache_clear(&cache);
    assert_int_equal(ask_domain("one.example", 1, 0), 3);
    vd_cache_clear(&cache);
    assert_int_equal(ask_domain("two.example", 1, 0), 3);
    now += VD_CACHE_MS;
    assert_int_equal(ask_domain("one.example", 1, 0), 3);
}

static void test_survey_failure_is_not_cached(void **state)
{
    static const struct row rows[] = {
        {"one.example", "v=spf1 include:spf.mailer.example -all"},
        {"two.example", "v=spf1 include:spf.mailer.example ~all"},
        {"spf.mailer.example", "!"},
    };

    (void)state;
    set_up(rows, 3);
    vd_cache_clear(&cache);
    unsigned first = ask_domain("one.example", 1, 0);
    assert_int_equal(find("spf.mailer.example")->presence, VD_UNKNOWN);
    assert_int_equal(ask_domain("two.example", 1, 0), first);
}

static void test_survey_full_cache_drops_the_oldest_and_stays_right(void **state)
{
    static char names[24][24];
    static char texts[24][600];
    static struct row rows[25];

    (void)state;
    for (size_t i = 0; i < 24; i++) {
        snprintf(names[i], sizeof(names[i]), "n%u.example", (unsigned)i);
        memset(texts[i], 'x', 599);
        snprintf(texts[i], sizeof(texts[i]), "v=spf1 include:n%u.example x=%0200d", (unsigned)i + 1,
                 0);
        rows[i] = (struct row){names[i], texts[i]};
    }
    set_up(rows, 24);
    vd_cache_clear(&cache);
    for (unsigned turn = 0; turn < 3; turn++) {
        ask_domain("n0.example", 1, 0);
        assert_int_equal(find("n20.example")->presence, VD_PRESENT);
        assert_true(cache.used <= VD_CACHE_BYTES);
        assert_true(cache.used > VD_CACHE_BYTES / 2);
    }
}

/* ---- the follower ------------------------------------------------------------------------------ */

static unsigned calls;

static void follow_and_count(void *ctx, struct vd_survey *of)
{
    calls++;
    follow_spf(ctx, of);
}

static void test_survey_follower_is_called_once_per_turn_and_only_for_what_it_wants(void **state)
{
    static const struct row rows[] = {
        {"one.example", "v=spf1 include:spf.mailer.example -all"},
        {"spf.mailer.example", "v=spf1 include:net.mailer.example -all"},
        {"net.mailer.example", "v=spf1 ip4:192.0.2.0/24 -all"},
        {"other.example", "v=spf1 -all"},
    };
    struct spf_roots roots = {.names = {"one.example"}, .count = 1};

    (void)state;
    set_up(rows, 4);
    calls = 0;
    vd_survey_follow(&survey, follow_and_count, &roots);
    assert_int_equal(calls, 1);
    run();
    assert_int_equal(find("net.mailer.example")->presence, VD_PRESENT);
    assert_int_equal(calls, 4); /* once before, and once for each wave */
    /* A question that it does not ask for itself any more. */
    assert_int_equal(vd_survey_want(&survey, "other.example", VD_TYPE_TXT, VD_ASK_OTHER), VD_OK);
    survey.notes[3] &= (uint8_t)~VD_SURVEY_WANTED;
    run();
    assert_int_equal(find("other.example")->presence, VD_PRESENT);
    assert_int_equal(calls, 4);
}

static void test_survey_levels_from_the_cache_take_a_turn_each_and_no_datagram(void **state)
{
    static struct spf_roots roots = {.names = {"two.example"}, .count = 1};

    (void)state;
    set_up(shared_rows, 4);
    vd_cache_clear(&cache);
    assert_int_equal(ask_domain("one.example", 1, 0), 3);
    vd_survey_start(&survey, &resolver, &cache, 1, 0, now);
    calls = 0;
    vd_survey_follow(&survey, follow_and_count, &roots);
    for (unsigned before = calls; vd_survey_poll(&survey, now) == VD_AGAIN; before = calls) {
        assert_true(calls - before <= 1);
        assert_true(net.sent_count > 0 || vd_survey_next_ms(&survey) == now);
        for (size_t i = 0; i < net.sent_count; i++) {
            answer(&net.sent[i]);
        }
        net.sent_count = 0;
    }
    assert_int_equal(calls, 4);
    assert_int_equal(find("net.mailer.example")->presence, VD_PRESENT);
}

/* ---- who is asked, and what is shown ------------------------------------------------------------ */

static void test_survey_zone_names_go_to_its_own_servers_and_others_do_not(void **state)
{
    static const struct row rows[] = {
        {"example.com", "v=spf1 include:badexample.com include:spf.mailer.example -all"},
        {"_dmarc.example.com", "v=DMARC1; p=none"},
        {"badexample.com", "v=spf1 -all"},
        {"spf.mailer.example", "v=spf1 -all"},
    };
    struct vd_server authority = {.transport = VD_TRANSPORT_UDP, .is_authority = true};

    (void)state;
    set_up(rows, 4);
    assert_int_equal(vd_endpoint_parse("198.51.100.1", 12, 53, &authority.at), VD_OK);
    vd_resolver_set_server(&resolver, VD_AUTHORITY(1), &authority);
    vd_survey_ask_zone(&survey, "example.com", 1u << VD_AUTHORITY(1));
    want_spf("example.com");
    assert_int_equal(vd_survey_want(&survey, "_dmarc.example.com", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    run();
    assert_int_equal(find("example.com")->server, VD_AUTHORITY(1));
    assert_int_equal(find("_dmarc.example.com")->server, VD_AUTHORITY(1));
    assert_int_equal(find("badexample.com")->server, 0);
    assert_int_equal(find("spf.mailer.example")->server, 0);
    assert_true(find("example.com")->is_aa);
}

static void test_survey_answer_carries_its_evidence(void **state)
{
    static const struct row rows[] = {{"example.com", "v=spf1 -all"}};

    (void)state;
    set_up(rows, 1);
    assert_int_equal(vd_survey_want(&survey, "example.com", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    assert_int_equal(vd_survey_want(&survey, "gone.example", VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    run();
    const struct vd_answer *there = find("example.com");
    assert_int_equal(there->rcode, VD_RCODE_NOERROR);
    assert_int_equal(there->ttl_s, 300);
    assert_int_equal(there->transport, VD_TRANSPORT_UDP);
    assert_int_equal(there->tries, 1);
    assert_int_equal(there->rtt_ms, 20);
    assert_int_equal(there->ede, VD_EDE_NONE);
    const struct vd_answer *gone = find("gone.example");
    assert_int_equal(gone->rcode, VD_RCODE_NXDOMAIN);
    assert_true(gone->has_soa);
    assert_int_equal(gone->soa_up, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_survey_follows_includes_and_costs_their_depth),
        cmocka_unit_test(test_survey_include_loop_is_asked_once),
        cmocka_unit_test(test_survey_alias_that_leaves_is_asked_on),
        cmocka_unit_test(test_survey_alias_to_nothing_is_dangling_and_to_servfail_unknown),
        cmocka_unit_test(test_survey_aliases_in_a_circle_end_as_unknown),
        cmocka_unit_test(test_survey_spf_behind_an_alias_is_followed),
        cmocka_unit_test(test_survey_over_its_bound_is_cut_and_says_so),
        cmocka_unit_test(test_survey_alias_chain_over_its_bound_is_unknown),
        cmocka_unit_test(test_survey_name_asked_for_itself_is_followed_when_an_include_wants_it),
        cmocka_unit_test(test_survey_silence_settles_every_answer_as_unknown),
        cmocka_unit_test(test_survey_refuses_what_is_no_name),
        cmocka_unit_test(test_survey_what_two_domains_include_is_asked_once_in_a_round),
        cmocka_unit_test(test_survey_cache_never_answers_for_the_watched_name_itself),
        cmocka_unit_test(test_survey_second_opinion_is_never_from_the_cache),
        cmocka_unit_test(test_survey_cache_forgets_with_the_round_and_with_the_ttl),
        cmocka_unit_test(test_survey_failure_is_not_cached),
        cmocka_unit_test(test_survey_full_cache_drops_the_oldest_and_stays_right),
        cmocka_unit_test(test_survey_follower_is_called_once_per_turn_and_only_for_what_it_wants),
        cmocka_unit_test(test_survey_levels_from_the_cache_take_a_turn_each_and_no_datagram),
        cmocka_unit_test(test_survey_zone_names_go_to_its_own_servers_and_others_do_not),
        cmocka_unit_test(test_survey_answer_carries_its_evidence),
    };
    return cmocka_run_group_tests_name("survey", tests, NULL, NULL);
}
