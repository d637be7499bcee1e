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

/* A good answer with the query's client cookie (one octet changed by `flip`), and a server's. */
static void answer_with_cookie(const struct fake_packet *sent, uint8_t flip, uint8_t server_octet,
                               size_t server_len, unsigned flags, uint8_t extended_rcode)
{
    uint8_t cookie[64];
    struct vd_message query = opened(sent);

    assert_non_null(query.edns.cookie);
    memset(cookie, server_octet, sizeof(cookie));
    memcpy(cookie, query.edns.cookie, 8);
    cookie[7] ^= flip;
    fake_reply(&m, sent, (uint16_t)flags);
    if ((flags & 15u) == 0 && extended_rcode == 0) {
        fake_txt(&m, "example.com", "v=spf1 -all");
    }
    fake_opt(&m, extended_rcode);
    fake_option(&m, VD_OPTION_COOKIE, cookie, 8 + server_len);
    fake_net_answer(&net, sent, &m);
}

/* ---- hard to fool --------------------------------------------------------------------------- */

static void test_resolver_ignores_what_does_not_match_and_still_takes_the_true_answer(void **state)
{
    struct vd_endpoint stranger;

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    const struct fake_packet *sent = last_sent();

    good_answer(sent);
    m.bytes[1] ^= 1; /* wrong id */
    fake_net_deliver(&net, sent->socket, &sent->from, m.bytes, m.w.len);
    good_answer(sent); /* wrong address, wrong port */
    assert_int_equal(vd_endpoint_parse("192.0.2.99", 10, 53, &stranger), VD_OK);
    fake_net_deliver(&net, sent->socket, &stranger, m.bytes, m.w.len);
    stranger = servers[0].at;
    stranger.port = 54;
    fake_net_deliver(&net, sent->socket, &stranger, m.bytes, m.w.len);
    fake_begin(&m, fake_id(sent), RESPONSE, "example.net", VD_TYPE_TXT); /* another name */
    fake_net_deliver(&net, sent->socket, &sent->from, m.bytes, m.w.len);
    good_answer(sent);
    m.bytes[13] ^= 0x20; /* another case */
    fake_net_deliver(&net, sent->socket, &sent->from, m.bytes, m.w.len);
    fake_begin(&m, fake_id(sent), RESPONSE, "example.com", VD_TYPE_MX); /* another type */
    fake_net_answer(&net, sent, &m);
    answer_flags(sent, 0x0100);     /* a query */
    answer_flags(sent, 0xa180);     /* another opcode */
    fake_reply(&m, sent, RESPONSE); /* another class */
    m.bytes[m.w.len - 1] = 3;
    fake_net_deliver(&net, sent->socket, &sent->from, m.bytes, m.w.len);
    fake_net_deliver(&net, sent->socket, &sent->from, (const uint8_t *)"", 0);
    poll_after(10);
    assert_int_equal(done_count, 0);
    assert_int_equal(resolver.paths[0].mismatches, 10);

    answer_good(sent);
    poll_after(10);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_each_try_has_new_id_port_and_case_and_is_alone(void **state)
{
    uint16_t ids[VD_TRIES_MAX], ports[VD_TRIES_MAX];
    unsigned same_case = 0;

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    for (size_t i = 0; i < VD_TRIES_MAX; i++) {
        assert_int_equal(net.sent_count, i + 1);
        ids[i] = fake_id(last_sent());
        ports[i] = net.sockets[last_sent()->socket].local_port;
        assert_true(ports[i] >= 1024);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(ids[i], ids[j]);
            assert_int_not_equal(ports[i], ports[j]);
            same_case += memcmp(net.sent[i].bytes + 12, net.sent[j].bytes + 12, 13) == 0;
        }
        poll_next();
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(net.copies, 1);
    assert_int_equal(same_case, 0);
}

static void test_resolver_answer_to_an_earlier_try_is_dropped(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    poll_next(); /* second try */
    answer_good(&net.sent[0]);
    poll_after(10);
    assert_int_equal(done_count, 0);
}

static void forge(unsigned count)
{
    const struct fake_packet *sent = last_sent();

    good_answer(sent);
    m.bytes[0] ^= 0xff;
    for (unsigned i = 0; i < count; i++) {
        fake_net_deliver(&net, sent->socket, &sent->from, m.bytes, m.w.len);
    }
}

static void test_resolver_too_many_forgeries_move_the_question_to_tcp_at_once(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    forge(VD_MISMATCHES_MAX - 1);
    poll_after(1);
    assert_int_equal(tcp.opened, 0);
    assert_int_equal(troubles(0), 0);
    forge(1);
    answer_good(last_sent()); /* too late: nobody guesses any more */
    poll_after(1);
    poll_after(0);
    assert_int_equal(done_count, 0);
    assert_int_equal(fake_net_open_count(&net), 0);
    assert_int_equal(troubles(0), VD_TROUBLE_ATTACK);
    const struct fake_packet *query = stream_query(&tcp);
    assert_true(was_asked(query, 0));
    answer_good(query);
    poll_after(1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.transport, VD_TRANSPORT_TCP);
}

static void test_resolver_forgeries_without_tcp_end_as_unknown_attack(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    tcp.first_state = VD_EREFUSED;
    ask(VD_SERVERS_ALL, 0);
    forge(VD_MISMATCHES_MAX);
    poll_until_done();
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_ATTACK);
    assert_int_equal(net.sent_count, 1);

    set_up(1, VD_TRANSPORT_UDP);
    resolver.setup.tcp = NULL;
    ask(VD_SERVERS_ALL, 0);
    forge(VD_MISMATCHES_MAX);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_ATTACK);
    assert_int_equal(done_reply.tries, 1);
}

static void test_resolver_forgeries_over_several_tries_add_up(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    resolver.setup.tcp = NULL;
    ask(VD_SERVERS_ALL, 0);
    forge(VD_MISMATCHES_MAX / 2);
    answer_flags(last_sent(), 0x8182);
    poll_after(1);
    while (net.sent_count == 1) {
        poll_next();
    }
    forge(VD_MISMATCHES_MAX / 2);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_ATTACK);
}

static void test_resolver_attack_is_over_after_calm_answers(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    forge(VD_MISMATCHES_MAX);
    poll_after(1);
    vd_resolver_cancel(&resolver);
    for (unsigned i = 0; i < VD_MISMATCHES_MAX; i++) {
        assert_int_equal(troubles(0) & VD_TROUBLE_ATTACK, VD_TROUBLE_ATTACK);
        ask(VD_SERVERS_ALL, 0);
        answer_good(last_sent());
        poll_after(5);
    }
    assert_int_equal(troubles(0) & VD_TROUBLE_ATTACK, 0);
}

static void test_resolver_one_more_forgery_ends_the_calm(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    resolver.paths[0].troubles = VD_TROUBLE_ATTACK;
    resolver.paths[0].calm = VD_MISMATCHES_MAX - 1;
    ask(VD_SERVERS_ALL, 0);
    forge(1);
    answer_good(last_sent());
    poll_after(5);
    ask(VD_SERVERS_ALL, 0);
    answer_good(last_sent());
    poll_after(5);
    assert_int_equal(done_count, 2);
    assert_int_equal(troubles(0) & VD_TROUBLE_ATTACK, VD_TROUBLE_ATTACK);
}

/* Ports 80 and 1023 first, then others. */
static unsigned low_draws;
static enum vd_status low_ports_first(void *out, size_t len)
{
    static const uint16_t low[] = {80, 1023};

    if (len == 2 && low_draws < 3 && low_draws++ > 0) { /* the first draw is the id */
        memcpy(out, &low[low_draws - 2], 2);
        return VD_OK;
    }
    return fake_random(out, len);
}

static void test_resolver_never_sends_from_a_reserved_port(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    low_draws = 0;
    resolver.setup.random = low_ports_first;
    ask(VD_SERVERS_ALL, 0);
    assert_int_equal(low_draws, 3);
    assert_true(net.sockets[last_sent()->socket].local_port >= 1024);
}

static void test_resolver_server_that_changes_case_is_asked_over_tcp_after_its_time(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    const struct fake_packet *sent = last_sent();
    good_answer(sent);
    fake_begin(&m, fake_id(sent), RESPONSE, "example.com", VD_TYPE_TXT); /* all lower case */
    fake_txt(&m, "example.com", "v=spf1 -all");
    assert_memory_not_equal(sent->bytes + 12, m.bytes + 12, 13);
    fake_net_deliver(&net, sent->socket, &sent->from, m.bytes, m.w.len);
    poll_after(10);
    assert_int_equal(done_count, 0);
    assert_int_equal(tcp.opened, 0);
    poll_next(); /* the try's time is over */
    poll_after(0);
    const struct fake_packet *query = stream_query(&tcp);
    fake_begin(&m, fake_id(query), RESPONSE, "example.com", VD_TYPE_TXT);
    fake_txt(&m, "example.com", "v=spf1 -all");
    fake_stream_deliver(query->stream, m.bytes, m.w.len);
    poll_after(10);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.transport, VD_TRANSPORT_TCP);
    assert_int_equal(net.sent_count, 1);
}

static void test_resolver_broken_message_is_told_when_nothing_better_comes(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    resolver.setup.tcp = NULL;
    ask(VD_SERVERS_ALL, 0);
    good_answer(last_sent());
    fake_net_deliver(&net, last_sent()->socket, &last_sent()->from, m.bytes, m.w.len - 3);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_MALFORMED);
}

/* ---- cookies -------------------------------------------------------------------------------- */

static void test_resolver_server_cookie_is_learnt_and_sent_back(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_with_cookie(last_sent(), 0, 0x5a, 16, RESPONSE, 0);
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    uint8_t first[8];
    memcpy(first, opened(last_sent()).edns.cookie, 8);
    ask(VD_SERVERS_ALL, 0);
    struct vd_message query = opened(last_sent());
    assert_int_equal(query.edns.cookie_len, 24);
    assert_memory_equal(query.edns.cookie, first, 8);
    for (size_t i = 8; i < 24; i++) {
        assert_int_equal(query.edns.cookie[i], 0x5a);
    }
}

static void test_resolver_two_servers_are_sent_different_cookies(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(1, 0);
    ask(2, 1);
    assert_memory_not_equal(opened(&net.sent[0]).edns.cookie, opened(&net.sent[1]).edns.cookie, 8);
}

static void test_resolver_wrong_cookie_is_not_ours(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_with_cookie(last_sent(), 1, 0x5a, 16, RESPONSE, 0); /* another client's */
    answer_with_cookie(last_sent(), 0, 0x5a, 4, RESPONSE, 0);  /* bad lengths */
    answer_with_cookie(last_sent(), 0, 0x5a, 33, RESPONSE, 0);
    poll_after(5);
    assert_int_equal(done_count, 0);
    assert_int_equal(resolver.paths[0].mismatches, 3);
    assert_int_equal(resolver.paths[0].server_cookie_len, 0);
}

static void test_resolver_known_server_must_send_a_cookie_over_udp_but_not_over_tcp(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_with_cookie(last_sent(), 0, 0x5a, 16, RESPONSE, 0);
    poll_after(5);
    done_count = 0;
    ask(VD_SERVERS_ALL, 0);
    answer_good(last_sent()); /* without */
    poll_after(5);
    assert_int_equal(done_count, 0);
    poll_next();
    poll_after(0);
    answer_good(stream_query(&tcp));
    poll_after(5);
    assert_int_equal(done_count, 1);
    /* It has given up cookies, as TCP shows: the next answer without one counts. */
    done_count = 0;
    ask(VD_SERVERS_ALL, 0);
    answer_good(last_sent());
    poll_after(5);
    assert_int_equal(done_count, 1);
}

static void test_resolver_cookies_are_forgotten_when_none_came_for_a_day(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_with_cookie(last_sent(), 0, 0x5a, 16, RESPONSE, 0);
    poll_after(5);
    now += VD_EDNS_OFF_MS;
    ask(VD_SERVERS_ALL, 0);
    assert_int_equal(opened(last_sent()).edns.cookie_len, 8);
    done_count = 0;
    answer_good(last_sent());
    poll_after(5);
    assert_int_equal(done_count, 1);
}

static void test_resolver_badcookie_is_retried_once_then_over_tcp(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_with_cookie(last_sent(), 0, 0x11, 8, 0x8187, 1); /* 23 = 1 * 16 + 7 */
    poll_after(5);
    assert_int_equal(net.sent_count, 2);
    assert_true(was_asked(last_sent(), 0));
    assert_int_equal(opened(last_sent()).edns.cookie_len, 16);
    assert_int_equal(opened(last_sent()).edns.cookie[8], 0x11);
    answer_with_cookie(last_sent(), 0, 0x22, 8, 0x8187, 1);
    poll_after(5);
    poll_after(0);
    assert_int_equal(net.sent_count, 2);
    const struct fake_packet *query = stream_query(&tcp);
    assert_int_equal(opened(query).edns.cookie[8], 0x22);
    answer_with_cookie(query, 0, 0x22, 8, RESPONSE, 0);
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_cookie_that_stays_away_is_forgotten_where_tcp_does_not_work(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    tcp.first_state = VD_EREFUSED;
    ask(VD_SERVERS_ALL, 0);
    answer_with_cookie(last_sent(), 0, 0x5a, 16, RESPONSE, 0);
    poll_after(5);
    for (unsigned turn = 0; turn < 3; turn++) {
        done_count = 0;
        ask(VD_SERVERS_ALL, 0);
        for (unsigned i = 0; i < 20 && done_count == 0; i++) {
            if (net.sent_count > 0) {
                answer_good(last_sent()); /* without a cookie */
                net.sent_count = 0;
            }
            poll_after(5);
            if (done_count == 0) {
                poll_next();
            }
        }
        assert_int_equal(done_count, 1);
        assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    }
    assert_int_equal(resolver.paths[0].server_cookie_len, 0);
}

static void test_resolver_server_that_does_not_echo_the_case_is_asked_over_tcp_at_once(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    struct fake_packet folded = *last_sent();
    for (size_t i = 12; i < folded.len; i++) {
        folded.bytes[i] = folded.bytes[i] >= 'A' && folded.bytes[i] <= 'Z'
                              ? (uint8_t)(folded.bytes[i] + 32)
                              : folded.bytes[i];
    }
    good_answer(&folded);
    fake_net_deliver(&net, folded.socket, &folded.from, m.bytes, m.w.len);
    poll_after(5);
    if (done_count == 1) {
        return; /* the case drawn had no capital */
    }
    poll_next();
    poll_after(0);
    answer_good(stream_query(&tcp));
    poll_after(5);
    assert_int_equal(done_count, 1);
    unsigned sent = (unsigned)net.sent_count;
    done_count = 0;
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    assert_int_equal(net.sent_count, sent);
    answer_good(stream_query(&tcp));
    poll_after(5);
    assert_int_equal(done_reply.transport, VD_TRANSPORT_TCP);
    /* And when TCP stops to work, UDP is not forgotten. */
    tcp.on_open = VD_EIO;
    fake_stream_last(&tcp)->end = VD_CLOSED;
    poll_after(5);
    done_count = 0;
    ask(VD_SERVERS_ALL, 0);
    for (unsigned i = 0; i < 20 && net.sent_count == sent; i++) {
        poll_next();
    }
    assert_true(net.sent_count > sent);
    answer_good(last_sent());
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_box_that_swallows_edns_is_asked_without(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    for (unsigned turn = 0; turn < VD_PLAIN_ANSWERS_MAX + 1u; turn++) {
        done_count = 0;
        ask(VD_SERVERS_ALL, 0);
        for (unsigned i = 0; i < 20 && done_count == 0; i++) {
            if (net.sent_count > 0 && !opened(last_sent()).edns.has_opt) {
                answer_good(last_sent());
            }
            net.sent_count = 0;
            poll_after(5);
            if (done_count == 0) {
                poll_next();
            }
        }
        assert_int_equal(done_reply.gist.presence, VD_PRESENT);
        bool is_sure = turn + 1u >= VD_PLAIN_ANSWERS_MAX;
        assert_int_equal((resolver.paths[0].troubles & VD_TROUBLE_NO_EDNS) != 0, is_sure);
        now += 61000;
    }
}

/* It spoke EDNS once; from then on a box swallows queries with an OPT. */
static void test_resolver_box_that_begins_to_swallow_edns_is_found_out(void **state)
{
    unsigned answered = 0;

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    good_answer(last_sent());
    fake_opt(&m, 0);
    fake_net_answer(&net, last_sent(), &m);
    poll_after(10);
    for (unsigned day = 0; day < 10; day++) {
        now += 86400000u;
        done_count = 0;
        net.sent_count = 0;
        ask(VD_SERVERS_ALL, 0);
        for (size_t seen = 0; done_count == 0; poll_next()) {
            for (; seen < net.sent_count; seen++) {
                if (!opened(&net.sent[seen]).edns.has_opt) {
                    answer_good(&net.sent[seen]);
                }
            }
        }
        answered += done_reply.gist.presence == VD_PRESENT;
    }
    assert_int_equal(answered, 9); /* the first one only finds it out */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_resolver_ignores_what_does_not_match_and_still_takes_the_true_answer),
        T(test_resolver_each_try_has_new_id_port_and_case_and_is_alone),
        T(test_resolver_answer_to_an_earlier_try_is_dropped),
        T(test_resolver_too_many_forgeries_move_the_question_to_tcp_at_once),
        T(test_resolver_forgeries_without_tcp_end_as_unknown_attack),
        T(test_resolver_forgeries_over_several_tries_add_up),
        T(test_resolver_attack_is_over_after_calm_answers),
        T(test_resolver_one_more_forgery_ends_the_calm),
        T(test_resolver_never_sends_from_a_reserved_port),
        T(test_resolver_server_that_changes_case_is_asked_over_tcp_after_its_time),
        T(test_resolver_broken_message_is_told_when_nothing_better_comes),
        T(test_resolver_server_cookie_is_learnt_and_sent_back),
        T(test_resolver_two_servers_are_sent_different_cookies),
        T(test_resolver_wrong_cookie_is_not_ours),
        T(test_resolver_known_server_must_send_a_cookie_over_udp_but_not_over_tcp),
        T(test_resolver_cookies_are_forgotten_when_none_came_for_a_day),
        T(test_resolver_badcookie_is_retried_once_then_over_tcp),
        T(test_resolver_cookie_that_stays_away_is_forgotten_where_tcp_does_not_work),
        T(test_resolver_server_that_does_not_echo_the_case_is_asked_over_tcp_at_once),
        T(test_resolver_box_that_swallows_edns_is_asked_without),
        T(test_resolver_box_that_begins_to_swallow_edns_is_found_out),
    };
    return cmocka_run_group_tests_name("resolver_forgery", tests, NULL, NULL);
}
