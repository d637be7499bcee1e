/* SPDX-License-Identifier: MIT */
#include "tests/fakes/resolver_world.h"

static bool was_asked(const struct fake_packet *sent, unsigned server)
{
    return vd_endpoint_is_equal(&sent->from, &servers[server].at);
}

static uint8_t troubles(unsigned server)
{
    return resolver.paths[server].troubles;
}

/* ---- asking and answering ------------------------------------------------------------------ */

static void test_resolver_good_answer_is_told_once(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_good(last_sent());
    answer_good(last_sent());
    poll_after(10);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_token, 42);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.rtt_ms, 10);
    assert_int_equal(done_reply.transport, VD_TRANSPORT_UDP);
    assert_int_equal(done_reply.tries, 1);
    assert_int_equal(resolver.paths[0].answered, 1);
    assert_int_equal(fake_net_open_count(&net), 0);
    assert_true(vd_resolver_next_ms(&resolver) == UINT64_MAX);
}

static void test_resolver_query_asks_recursion_edns_and_a_cookie(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    struct vd_message query = opened(last_sent());
    assert_true(query.is_rd && query.is_ad && !query.is_cd && !query.is_response);
    assert_int_equal(query.edns.udp, VD_EDNS_UDP_MAX);
    assert_int_equal(query.edns.cookie_len, 8);
}

static void test_resolver_authority_is_asked_without_recursion_and_judged_as_one(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    servers[0].is_authority = true;
    vd_resolver_set_server(&resolver, VD_AUTHORITY(0), &servers[0]);
    ask(VD_AUTHORITIES_ALL, VD_AUTHORITY(0));
    assert_false(opened(last_sent()).is_rd);
    answer_good(last_sent()); /* no AA, but RA: something in between */
    poll_after(1);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_INTERCEPTED);
    assert_int_equal(done_reply.tries, 1); /* and it is not asked again */
}

static void test_resolver_no_server_ends_as_unknown_network_at_the_next_poll(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(2, 0);
    assert_int_equal(done_count, 0);
    poll_after(0);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_NETWORK);
    assert_int_equal(done_reply.gist.evidence.rcode, VD_RCODE_NONE);
    assert_int_equal(done_reply.gist.evidence.ede, VD_EDE_NONE);
}

static void test_resolver_asks_only_servers_that_are_allowed(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(2, 0);
    poll_until_done();
    assert_int_equal(net.sent_count, VD_TRIES_MAX);
    for (size_t i = 0; i < net.sent_count; i++) {
        assert_true(was_asked(&net.sent[i], 1));
    }
}

static void test_resolver_same_server_keeps_what_was_learnt_another_one_does_not(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_good(last_sent());
    poll_after(30);
    vd_resolver_set_server(&resolver, 0, &servers[0]);
    assert_int_equal(resolver.paths[0].srtt_ms, 30);
    servers[0].at.port = 54;
    vd_resolver_set_server(&resolver, 0, &servers[0]);
    assert_int_equal(resolver.paths[0].srtt_ms, 0);
    vd_resolver_set_server(&resolver, 0, NULL);
    assert_int_equal(resolver.servers_set, 0);
}

static void test_resolver_full_says_again_and_leaks_nothing(void **state)
{
    struct vd_question question = {.type = VD_TYPE_TXT};

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        ask(VD_SERVERS_ALL, 0);
    }
    assert_int_equal(vd_name_from_text("example.net", &question.name), VD_OK);
    assert_int_equal(vd_resolver_ask(&resolver, &question, VD_SERVERS_ALL, 0, 1, 1000), VD_AGAIN);
    assert_int_equal(fake_net_open_count(&net), VD_FLIGHTS_MAX);
    vd_resolver_cancel(&resolver);
    assert_int_equal(fake_net_open_count(&net), 0);
    assert_true(vd_resolver_next_ms(&resolver) == UINT64_MAX);
}

static enum vd_status no_random(void *out, size_t len)
{
    memset(out, 0, len);
    return VD_ENOENTROPY;
}

static void test_resolver_without_random_numbers_sends_nothing(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    resolver.setup.random = no_random;
    ask(VD_SERVERS_ALL, 0);
    poll_until_done();
    assert_int_equal(net.sent_count, 0);
    assert_int_equal(net.opened, 0);
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
}

/* ---- trying again --------------------------------------------------------------------------- */

static void test_resolver_silence_ends_as_unknown_timeout_in_bounded_time(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    poll_until_done();
    assert_true(now == 1000 + VD_TRY_TIMEOUT_MS * ((1u << VD_TRIES_MAX) - 1u));
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TIMEOUT);
    assert_int_equal(done_reply.tries, VD_TRIES_MAX);
    assert_null(done_reply.message);
    assert_int_equal(fake_net_open_count(&net), 0);
    for (size_t i = 0; i < VD_TRIES_MAX; i++) {
        assert_true(was_asked(&net.sent[i], i % 2));
    }
}

static void test_resolver_slow_server_is_waited_for_within_the_questions_bound(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    resolver.paths[0].srtt_ms = 4000;
    resolver.paths[0].rttvar_ms = 1000;
    ask(VD_SERVERS_ALL, 0);
    assert_true(vd_resolver_next_ms(&resolver) == 9000);
    poll_until_done();
    assert_true(now == 1000 + VD_QUESTION_MAX_MS);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TIMEOUT);
}

static void test_resolver_wait_follows_the_servers_round_trip_time(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    assert_true(vd_resolver_next_ms(&resolver) == now + VD_TRY_TIMEOUT_MS);
    answer_good(last_sent());
    poll_after(300);
    ask(VD_SERVERS_ALL, 0); /* RFC 6298: R + 4 * R/2 */
    assert_true(vd_resolver_next_ms(&resolver) == now + 900);
    answer_good(last_sent());
    poll_after(300);
    for (unsigned i = 0; i < 12; i++) {
        ask(VD_SERVERS_ALL, 0);
        answer_good(last_sent());
        poll_after(5); /* fast now: the wait shrinks, to its least */
    }
    uint32_t before = resolver.paths[0].srtt_ms;
    assert_true(before < 120);
    for (unsigned i = 0; i < 30; i++) {
        ask(VD_SERVERS_ALL, 0);
        answer_good(last_sent());
        poll_after(2);
    }
    ask(VD_SERVERS_ALL, 0);
    assert_true(vd_resolver_next_ms(&resolver) == now + VD_TRY_TIMEOUT_MIN_MS);
}

static void test_resolver_late_try_is_measured_by_its_own_time(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    poll_next();
    answer_good(last_sent());
    poll_after(70);
    assert_int_equal(resolver.paths[0].srtt_ms, 70);
    assert_int_equal(done_reply.rtt_ms, 70);
}

static void test_resolver_port_unreachable_goes_to_the_other_server_at_once(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    fake_net_refuse(&net, last_sent());
    poll_after(1);
    assert_int_equal(net.sent_count, 2);
    assert_true(was_asked(last_sent(), 1));
}

static void test_resolver_port_unreachable_alone_waits_and_ends_as_unknown_network(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    for (size_t refused = 0; done_count == 0;) {
        for (; refused < net.sent_count; refused++) {
            fake_net_refuse(&net, &net.sent[refused]);
        }
        poll_next();
    }
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_NETWORK);
    assert_int_equal(net.sent_count, VD_TRIES_MAX);
    assert_true(now >= 1000 + (VD_TRIES_MAX - 1) * VD_TRY_TIMEOUT_MS);
}

static void test_resolver_link_down_waits_between_tries(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    net.fails_to_send = true;
    ask(VD_SERVERS_ALL, 0);
    assert_true(vd_resolver_next_ms(&resolver) >= 1000 + VD_TRY_TIMEOUT_MS);
    poll_after(1);
    assert_int_equal(done_count, 0);
    net.fails_to_send = false;
    while (net.sent_count == 0) {
        poll_next();
    }
    answer_good(last_sent());
    poll_after(1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_servfail_goes_to_the_other_server_at_once(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 1);
    assert_true(was_asked(last_sent(), 1));
    answer_flags(last_sent(), 0x8182);
    poll_after(1);
    assert_int_equal(net.sent_count, 2);
    assert_true(was_asked(last_sent(), 0));
    answer_good(last_sent());
    poll_after(1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.server, 0);
    assert_int_equal(troubles(1) & VD_TROUBLE_SERVFAIL, VD_TROUBLE_SERVFAIL);
    assert_int_equal(troubles(0) & VD_TROUBLE_SERVFAIL, 0);
    ask(2, 1);
    answer_good(last_sent());
    poll_after(1);
    /* Whoever counts rounds takes it back; other questions do not. */
    assert_int_equal(troubles(1) & VD_TROUBLE_SERVFAIL, VD_TROUBLE_SERVFAIL);
}

/* Answer every query by an rcode of its server (CD=1: another one) until the question ends. */
static void play(const unsigned *flags, const unsigned *flags_cd)
{
    size_t answered = 0;

    for (unsigned i = 0; i < 200 && done_count == 0; i++) {
        for (; answered < net.sent_count; answered++) {
            const struct fake_packet *sent = &net.sent[answered];
            unsigned server = was_asked(sent, 0) ? 0 : 1;
            answer_flags(sent, opened(sent).is_cd ? flags_cd[server] : flags[server]);
        }
        poll_after(1);
        if (done_count == 0 && answered == net.sent_count) {
            poll_next();
        }
    }
    assert_int_equal(done_count, 1);
}

static unsigned count_sent(unsigned server, bool is_cd)
{
    unsigned count = 0;
    for (size_t i = 0; i < net.sent_count; i++) {
        count += was_asked(&net.sent[i], server) && opened(&net.sent[i]).is_cd == is_cd;
    }
    return count;
}

static void test_resolver_servfail_everywhere_is_unknown_servfail_after_one_probe(void **state)
{
    static const unsigned fail[2] = {0x8182, 0x8182};

    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    play(fail, fail);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_SERVFAIL);
    assert_int_equal(done_reply.gist.evidence.rcode, VD_RCODE_SERVFAIL);
    assert_int_equal(count_sent(0, false) + count_sent(1, false), VD_TRIES_MAX);
    assert_int_equal(count_sent(0, true) + count_sent(1, true), 1);
    assert_true(was_asked(&net.sent[0], 0) && was_asked(&net.sent[1], 1));
}

static void test_resolver_one_server_is_asked_once_more_after_servfail_and_later(void **state)
{
    static const unsigned fail[2] = {0x8182, 0x8182};

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_flags(last_sent(), 0x8182);
    poll_after(1);
    assert_int_equal(net.sent_count, 1);
    assert_true(vd_resolver_next_ms(&resolver) >= now + VD_TRY_TIMEOUT_MIN_MS);
    poll_next();
    assert_int_equal(net.sent_count, 2);
    play(fail, fail);
    assert_int_equal(count_sent(0, false), 2);
}

static void test_resolver_answer_with_cd_shows_that_validation_failed(void **state)
{
    static const unsigned fail[2] = {0x8182, 0x8182};
    static const unsigned good[2] = {0x8190, 0x8193};

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    play(fail, good);
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_DNSSEC);
    assert_null(done_reply.message);
    assert_int_equal(done_reply.gist.evidence.rcode, VD_RCODE_SERVFAIL);

    set_up(1, VD_TRANSPORT_UDP); /* silence at the probe changes nothing */
    ask(VD_SERVERS_ALL, 0);
    for (unsigned i = 0; i < 2; i++) {
        answer_flags(last_sent(), 0x8182);
        poll_after(1);
        poll_next();
    }
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_SERVFAIL);
}

static void test_resolver_authority_that_fails_is_not_probed_with_cd(void **state)
{
    static const unsigned fail[2] = {0x8002, 0x8002};

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    servers[0].is_authority = true;
    vd_resolver_set_server(&resolver, VD_AUTHORITY(1), &servers[0]);
    ask(VD_AUTHORITIES_ALL, 0);
    play(fail, fail);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_SERVFAIL);
    assert_int_equal(count_sent(0, true), 0);
    assert_int_equal(done_reply.server, VD_AUTHORITY(1));
}

static void test_resolver_refusing_server_is_not_asked_again(void **state)
{
    static const unsigned refuse[2] = {0x8185, 0x8185};

    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    play(refuse, refuse);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_REFUSED);
    assert_int_equal(net.sent_count, 2);
    assert_int_equal(done_reply.tries, 2);
}

static void test_resolver_failed_server_comes_after_a_silent_one(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_flags(last_sent(), 0x8182);
    poll_after(1);
    poll_next(); /* server 1 is silent: asked again, for server 0 has said its word */
    assert_int_equal(net.sent_count, 3);
    assert_true(was_asked(&net.sent[1], 1) && was_asked(&net.sent[2], 1));
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_SERVFAIL); /* silence explains nothing */
    assert_int_equal(done_reply.server, 0);
}

static void test_resolver_alias_loop_ends_the_question_with_its_message(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    fake_reply(&m, last_sent(), RESPONSE);
    fake_target(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_CNAME, "example.com");
    fake_net_answer(&net, last_sent(), &m);
    poll_after(1);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_CHAIN);
    assert_non_null(done_reply.message);
}

/* ---- pacing --------------------------------------------------------------------------------- */

static void test_resolver_burst_is_paced(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    for (unsigned i = 0; i < VD_PACE_BURST; i++) {
        ask(VD_SERVERS_ALL, 0);
    }
    assert_int_equal(net.sent_count, VD_PACE_BURST);
    for (unsigned i = 0; i < VD_PACE_BURST; i++) {
        answer_good(&net.sent[i]);
    }
    poll_after(0);
    assert_int_equal(done_count, VD_PACE_BURST);
    ask(VD_SERVERS_ALL, 0);
    ask(VD_SERVERS_ALL, 0);
    assert_int_equal(net.sent_count, VD_PACE_BURST);
    assert_true(vd_resolver_next_ms(&resolver) == now + VD_PACE_MS);
    poll_after(VD_PACE_MS);
    assert_int_equal(net.sent_count, VD_PACE_BURST + 1);
    poll_after(VD_PACE_MS - 1);
    assert_int_equal(net.sent_count, VD_PACE_BURST + 1);
    poll_after(1);
    assert_int_equal(net.sent_count, VD_PACE_BURST + 2);
}

static void test_resolver_flood_is_taken_in_bounded_portions(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        ask(VD_SERVERS_ALL, 0);
    }
    for (unsigned i = 0; i < FAKE_QUEUE; i++) {
        const struct fake_packet *sent = &net.sent[i % net.sent_count];
        fake_net_deliver(&net, sent->socket, &sent->from, (const uint8_t *)"", 0);
    }
    poll_after(1);
    assert_int_equal(resolver.paths[0].mismatches, 64);
    assert_true(vd_resolver_next_ms(&resolver) <= now); /* there may be more */
    poll_after(0);
    assert_true(vd_resolver_next_ms(&resolver) > now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_resolver_good_answer_is_told_once),
        T(test_resolver_query_asks_recursion_edns_and_a_cookie),
        T(test_resolver_authority_is_asked_without_recursion_and_judged_as_one),
        T(test_resolver_no_server_ends_as_unknown_network_at_the_next_poll),
        T(test_resolver_asks_only_servers_that_are_allowed),
        T(test_resolver_same_server_keeps_what_was_learnt_another_one_does_not),
        T(test_resolver_full_says_again_and_leaks_nothing),
        T(test_resolver_without_random_numbers_sends_nothing),
        T(test_resolver_silence_ends_as_unknown_timeout_in_bounded_time),
        T(test_resolver_slow_server_is_waited_for_within_the_questions_bound),
        T(test_resolver_wait_follows_the_servers_round_trip_time),
        T(test_resolver_late_try_is_measured_by_its_own_time),
        T(test_resolver_port_unreachable_goes_to_the_other_server_at_once),
        T(test_resolver_port_unreachable_alone_waits_and_ends_as_unknown_network),
        T(test_resolver_link_down_waits_between_tries),
        T(test_resolver_servfail_goes_to_the_other_server_at_once),
        T(test_resolver_servfail_everywhere_is_unknown_servfail_after_one_probe),
        T(test_resolver_one_server_is_asked_once_more_after_servfail_and_later),
        T(test_resolver_answer_with_cd_shows_that_validation_failed),
        T(test_resolver_authority_that_fails_is_not_probed_with_cd),
        T(test_resolver_refusing_server_is_not_asked_again),
        T(test_resolver_failed_server_comes_after_a_silent_one),
        T(test_resolver_alias_loop_ends_the_question_with_its_message),
        T(test_resolver_burst_is_paced),
        T(test_resolver_flood_is_taken_in_bounded_portions),
    };
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
