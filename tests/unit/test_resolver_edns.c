/* Servers that refuse EDNS, and errors without a question.  SPDX-License-Identifier: MIT */
#include "tests/fakes/resolver_world.h"

static uint8_t troubles(unsigned server)
{
    return resolver.paths[server].troubles;
}

static bool was_asked(const struct fake_packet *sent, unsigned server)
{
    return vd_endpoint_is_equal(&sent->from, &servers[server].at);
}

/* Answer the last query with an error that blames EDNS. */
static void blame_edns(unsigned flags, uint8_t extended_rcode, bool is_bare)
{
    fake_reply(&m, last_sent(), (uint16_t)flags);
    if (extended_rcode != 0) {
        fake_opt(&m, extended_rcode);
    }
    if (is_bare) {
        m.bytes[5] = 0;
        m.w.len = 12;
    }
    fake_net_answer(&net, last_sent(), &m);
    poll_after(5);
}

static void answer_with_edns(void)
{
    good_answer(last_sent());
    fake_opt(&m, 0);
    fake_net_answer(&net, last_sent(), &m);
    poll_after(5);
}

static void check_edns_is_left_out(unsigned flags, uint8_t extended_rcode, bool is_bare)
{
    set_up(2, VD_TRANSPORT_UDP);
    for (unsigned i = 1; i <= VD_PLAIN_ANSWERS_MAX; i++) {
        ask(VD_SERVERS_ALL, 0);
        size_t sent = net.sent_count;
        assert_true(opened(last_sent()).edns.has_opt);
        blame_edns(flags, extended_rcode, is_bare);
        assert_int_equal(net.sent_count, sent + 1);
        assert_true(was_asked(last_sent(), 0));
        assert_false(opened(last_sent()).edns.has_opt);
        assert_int_equal(resolver.paths[0].edns_off_until_ms > now, false); /* not by that alone */
        answer_good(last_sent());
        poll_after(5);
        assert_int_equal(done_reply.gist.presence, VD_PRESENT);
        bool is_told = !is_bare || i == VD_PLAIN_ANSWERS_MAX;
        assert_int_equal(troubles(0), is_told ? VD_TROUBLE_NO_EDNS : 0);
        ask(1, 0);
        assert_false(opened(last_sent()).edns.has_opt);
        answer_good(last_sent());
        poll_after(5);
        now += 61000;
        net.sent_count = 0;
    }
    ask(1, 0); /* remembered for a day, and tried again then */
    assert_false(opened(last_sent()).edns.has_opt);
    now += VD_EDNS_OFF_MS;
    ask(1, 0);
    assert_true(opened(last_sent()).edns.has_opt);
    answer_with_edns();
    assert_int_equal(troubles(0), 0);
}

static void test_resolver_one_bare_formerr_is_forgotten_in_a_minute(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_with_edns();
    for (unsigned i = 0; i < 2u * VD_PLAIN_ANSWERS_MAX; i++) {
        ask(VD_SERVERS_ALL, 0);
        blame_edns(0x8181, 0, true); /* neither name nor case nor cookie to guess */
        answer_good(last_sent());
        poll_after(5);
        assert_true(resolver.paths[0].has_edns); /* it answers with an OPT in between */
        now += 61000;
        net.sent_count = 0;
        ask(VD_SERVERS_ALL, 0);
        assert_true(opened(last_sent()).edns.has_opt);
        assert_int_equal(troubles(0), 0);
        answer_with_edns();
    }
}

static void test_resolver_server_that_refuses_edns_is_asked_without(void **state)
{
    (void)state;
    check_edns_is_left_out(0x8181, 0, false); /* FORMERR */
    check_edns_is_left_out(0x8184, 0, false); /* NOTIMP */
    check_edns_is_left_out(0x8180, 1, false); /* BADVERS */
    check_edns_is_left_out(0x8181, 0, true);  /* FORMERR, a bare header */
    check_edns_is_left_out(0x8184, 0, true);
}

static void test_resolver_formerr_without_edns_too_was_not_edns(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_flags(last_sent(), 0x8181);
    poll_after(1);
    answer_flags(last_sent(), 0x8181);
    poll_after(1);
    assert_int_equal(net.sent_count, 3);
    assert_true(was_asked(last_sent(), 1));
    assert_true(opened(last_sent()).edns.has_opt);
    ask(1, 0);
    assert_true(opened(last_sent()).edns.has_opt);
    assert_int_equal(troubles(0), 0);
}

static void test_resolver_bare_error_is_never_an_answer(void **state)
{
    static const uint8_t rcodes[] = {2, 3, 5, 0};

    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    for (size_t i = 0; i < sizeof(rcodes); i++) {
        fake_reply(&m, last_sent(), (uint16_t)(RESPONSE | rcodes[i]));
        m.bytes[5] = 0;
        fake_net_deliver(&net, last_sent()->socket, &last_sent()->from, m.bytes, 12);
    }
    poll_after(1);
    assert_int_equal(done_count, 0);
    assert_int_equal(net.sent_count, 1);
    assert_int_equal(resolver.paths[0].mismatches, 4);
}

static void test_resolver_answer_without_opt_is_told_as_stripped_edns(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_good(last_sent());
    poll_after(1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(troubles(0), VD_TROUBLE_NO_EDNS);
    ask(VD_SERVERS_ALL, 0);
    good_answer(last_sent());
    fake_opt(&m, 0);
    fake_net_answer(&net, last_sent(), &m);
    poll_after(1);
    assert_int_equal(troubles(0), 0);
}

/* ---- errors without a question ------------------------------------------------------------------ */

static void answer_bare(const struct fake_packet *sent, unsigned rcode)
{
    fake_reply(&m, sent, (uint16_t)(RESPONSE | rcode));
    m.bytes[5] = 0;
    m.w.len = 12;
    fake_net_answer(&net, sent, &m);
}

/* Answer every query of the servers with a bare error until the question is over. */
static void answer_all_bare(unsigned rcode)
{
    size_t seen = 0;

    for (unsigned i = 0; i < 200 && done_count == 0; i++) {
        bool is_udp = seen < net.sent_count;
        for (; seen < net.sent_count; seen++) {
            answer_bare(&net.sent[seen], rcode);
        }
        struct fake_stream *stream = fake_stream_last(&tcp);
        const struct fake_packet *query =
            stream != NULL && stream->is_open ? fake_stream_query(&tcp, stream) : NULL;
        if (query != NULL) {
            answer_bare(query, rcode);
        }
        if (is_udp || query != NULL) {
            poll_after(1);
        } else {
            poll_next();
        }
    }
    assert_int_equal(done_count, 1);
}

static const struct {
    unsigned rcode;
    enum vd_detail detail;
} rows[] = {{2, VD_DETAIL_SERVFAIL}, {5, VD_DETAIL_REFUSED}, {9, VD_DETAIL_RCODE}};

static void test_resolver_bare_error_over_a_connection_is_its_rcode(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        set_up(1, VD_TRANSPORT_TCP);
        ask(VD_SERVERS_ALL, 0);
        poll_after(0);
        uint64_t began_ms = now;
        answer_all_bare(rows[i].rcode);
        assert_int_equal(done_reply.gist.detail, rows[i].detail);
        assert_int_equal(done_reply.gist.evidence.rcode, rows[i].rcode);
        assert_true(now - began_ms < 5000);
    }
    set_up(1, VD_TRANSPORT_TLS);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    answer_bare(stream_query(&tls), 5);
    poll_after(5);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_REFUSED);
}

static void test_resolver_bare_error_over_udp_is_the_reason_when_nothing_better_comes(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (int has_tcp = 0; has_tcp < 2; has_tcp++) {
            set_up(2, VD_TRANSPORT_UDP);
            tcp.on_open = has_tcp ? VD_OK : VD_EIO;
            ask(VD_SERVERS_ALL, 0);
            uint64_t began_ms = now;
            answer_all_bare(rows[i].rcode);
            assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
            assert_int_equal(done_reply.gist.detail, rows[i].detail);
            assert_true(now - began_ms < VD_QUESTION_MAX_MS);
            assert_int_equal(resolver.paths[0].tcp_until_ms, 0);
        }
    }
}

static void test_resolver_bare_error_over_udp_never_ends_the_wait(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    for (size_t i = 0; i < 3; i++) {
        answer_bare(last_sent(), rows[i].rcode);
        poll_after(1);
        assert_int_equal(done_count, 0);
        assert_int_equal(net.sent_count, 1);
    }
    answer_good(last_sent()); /* the true one comes behind it */
    poll_after(1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_bare_error_with_another_id_says_nothing(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    tcp.on_open = VD_EIO;
    ask(VD_SERVERS_ALL, 0);
    fake_reply(&m, last_sent(), RESPONSE | 5);
    m.bytes[1] ^= 1;
    m.bytes[5] = 0;
    m.w.len = 12;
    fake_net_answer(&net, last_sent(), &m);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TIMEOUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolver_one_bare_formerr_is_forgotten_in_a_minute),
        cmocka_unit_test(test_resolver_server_that_refuses_edns_is_asked_without),
        cmocka_unit_test(test_resolver_formerr_without_edns_too_was_not_edns),
        cmocka_unit_test(test_resolver_bare_error_is_never_an_answer),
        cmocka_unit_test(test_resolver_answer_without_opt_is_told_as_stripped_edns),
        cmocka_unit_test(test_resolver_bare_error_over_a_connection_is_its_rcode),
        cmocka_unit_test(test_resolver_bare_error_over_udp_is_the_reason_when_nothing_better_comes),
        cmocka_unit_test(test_resolver_bare_error_over_udp_never_ends_the_wait),
        cmocka_unit_test(test_resolver_bare_error_with_another_id_says_nothing),
    };
    return cmocka_run_group_tests_name("resolver_edns", tests, NULL, NULL);
}
