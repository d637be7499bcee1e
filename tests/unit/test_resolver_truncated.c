/* SPDX-License-Identifier: MIT */
#include "tests/fakes/resolver_world.h"

static uint8_t troubles(void)
{
    return resolver.paths[0].troubles;
}

/* Ask over UDP, get TC=1, and take the question off the TCP connection. */
static const struct fake_packet *truncate(void)
{
    ask(VD_SERVERS_ALL, 0);
    answer_flags(last_sent(), TRUNCATED);
    poll_after(5);
    poll_after(0);
    return stream_query(&tcp);
}

/* ---- TCP after UDP -------------------------------------------------------------------------- */

static void test_resolver_truncated_answer_is_fetched_over_tcp(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    const struct fake_packet *query = truncate();
    assert_true(vd_endpoint_is_equal(&query->from, &servers[0].at));
    assert_int_not_equal(fake_id(query), fake_id(last_sent()));
    assert_true(opened(query).edns.has_opt);
    assert_int_equal(fake_net_open_count(&net), 0); /* one outstanding copy */
    answer_good(query);
    poll_after(7);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.transport, VD_TRANSPORT_TCP);
    assert_int_equal(done_reply.tries, 2);
    assert_int_equal(troubles() & VD_TROUBLE_NO_TCP, 0);
    assert_int_equal(resolver.paths[0].srtt_ms, 5); /* of UDP alone */
}

static void test_resolver_truncated_content_is_not_used(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    good_answer(last_sent());
    m.bytes[2] |= 2; /* TC, with a record in it */
    fake_net_answer(&net, last_sent(), &m);
    poll_after(5);
    assert_int_equal(done_count, 0);
}

static void check_no_tcp(void)
{
    for (unsigned i = 0, answered = 0; i < 500 && done_count == 0; i++) {
        for (; answered < net.sent_count; answered++) {
            answer_flags(&net.sent[answered], TRUNCATED);
        }
        poll_next();
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TRUNCATED);
    assert_int_equal(troubles() & VD_TROUBLE_NO_TCP, VD_TROUBLE_NO_TCP);
    assert_true(now <= 1000 + VD_QUESTION_MAX_MS);
    poll_after(VD_QUESTION_MAX_MS); /* what nobody waits for is not kept */
    assert_int_equal(fake_streams_open(&tcp), 0);
}

static void test_resolver_truncated_without_usable_tcp_is_unknown_truncated(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    tcp.first_state = VD_EREFUSED;
    ask(VD_SERVERS_ALL, 0);
    check_no_tcp();

    set_up(1, VD_TRANSPORT_UDP);
    tcp.first_state = VD_AGAIN; /* SYNs are dropped */
    ask(VD_SERVERS_ALL, 0);
    check_no_tcp();

    set_up(1, VD_TRANSPORT_UDP); /* connects, and then says nothing */
    ask(VD_SERVERS_ALL, 0);
    answer_flags(last_sent(), TRUNCATED);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TRUNCATED);

    set_up(1, VD_TRANSPORT_UDP);
    resolver.setup.tcp = NULL;
    ask(VD_SERVERS_ALL, 0);
    check_no_tcp();
    assert_int_equal(net.sent_count, 1);

    /* TCP works again: the condition is over. */
    resolver.setup.tcp = &tcp.tcp;
    answer_good(truncate());
    poll_after(5);
    assert_int_equal(troubles() & VD_TROUBLE_NO_TCP, 0);
}

static void test_resolver_truncated_without_tcp_asks_the_other_server(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_UDP);
    tcp.first_state = VD_EREFUSED;
    ask(VD_SERVERS_ALL, 0);
    answer_flags(last_sent(), TRUNCATED);
    poll_after(5);
    poll_after(0);
    assert_int_equal(net.sent_count, 2);
    assert_true(vd_endpoint_is_equal(&last_sent()->from, &servers[1].at));
    answer_good(last_sent());
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_truncated_over_tcp_too_ends(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    ask(VD_SERVERS_ALL, 0);
    answer_flags(last_sent(), TRUNCATED);
    for (unsigned i = 0; i < 200 && done_count == 0; i++) {
        poll_next();
        const struct fake_packet *query =
            tcp.opened > 0 ? fake_stream_query(&tcp, fake_stream_last(&tcp)) : NULL;
        if (query != NULL) {
            answer_flags(query, TRUNCATED);
        }
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TRUNCATED);
    assert_int_equal(net.sent_count, 1);
    assert_true(done_reply.tries <= 1 + VD_TRIES_MAX);
}

static void
test_resolver_connection_is_kept_for_the_next_question_and_closed_when_idle(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_UDP);
    answer_good(truncate());
    poll_after(5);
    answer_good(truncate());
    poll_after(5);
    assert_int_equal(done_count, 2);
    assert_int_equal(tcp.opened, 1);
    assert_true(vd_resolver_next_ms(&resolver) == now + VD_LINK_IDLE_MS);
    poll_after(VD_LINK_IDLE_MS - 1);
    assert_int_equal(fake_streams_open(&tcp), 1);
    poll_after(1);
    assert_int_equal(fake_streams_open(&tcp), 0);
    assert_true(vd_resolver_next_ms(&resolver) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_resolver_truncated_answer_is_fetched_over_tcp),
        T(test_resolver_truncated_content_is_not_used),
        T(test_resolver_truncated_without_usable_tcp_is_unknown_truncated),
        T(test_resolver_truncated_without_tcp_asks_the_other_server),
        T(test_resolver_truncated_over_tcp_too_ends),
        T(test_resolver_connection_is_kept_for_the_next_question_and_closed_when_idle),
    };
    return cmocka_run_group_tests_name("resolver_truncated", tests, NULL, NULL);
}
