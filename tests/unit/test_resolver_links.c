/* SPDX-License-Identifier: MIT */
#include "tests/fakes/resolver_world.h"

/* ---- one connection, many questions ---------------------------------------------------------- */

static void test_resolver_questions_share_a_connection_and_are_answered_in_any_order(void **state)
{
    static const char *const names[3] = {"a.example", "b.example", "c.example"};
    struct fake_packet queries[3];

    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    for (unsigned i = 0; i < 3; i++) {
        ask_name(names[i], VD_SERVERS_ALL, 0, i);
    }
    poll_after(0);
    assert_int_equal(tcp.opened, 1);
    for (unsigned i = 0; i < 3; i++) {
        queries[i] = *stream_query(&tcp);
        for (unsigned j = 0; j < i; j++) {
            assert_int_not_equal(fake_id(&queries[i]), fake_id(&queries[j]));
        }
    }
    for (unsigned i = 3; i-- > 0;) {
        fake_reply(&m, &queries[i], RESPONSE);
        fake_txt(&m, names[i], names[i]);
        fake_net_answer(&net, &queries[i], &m);
        poll_after(1);
        assert_int_equal(done_count, 3 - i);
        assert_int_equal(done_token, i);
        assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    }
    assert_int_equal(net.sent_count, 0);
}

static void test_resolver_length_and_message_are_written_in_one_go(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    assert_int_equal(fake_stream_last(&tcp)->writes, 1);
    (void)stream_query(&tcp);
    assert_int_equal(fake_stream_last(&tcp)->sent_at, fake_stream_last(&tcp)->sent_len);
}

static void test_resolver_byte_by_byte_both_ways_is_put_together(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    tcp.first_state = VD_AGAIN;
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    fake_stream_last(&tcp)->state = VD_OK;
    fake_stream_last(&tcp)->write_max = 1;
    fake_stream_last(&tcp)->read_max = 1;
    poll_after(1);
    answer_good(stream_query(&tcp));
    for (unsigned i = 0; i < 200 && done_count == 0; i++) {
        poll_after(0);
        assert_true(done_count == 1 || vd_resolver_next_ms(&resolver) <= now ||
                    fake_stream_last(&tcp)->in_at == fake_stream_last(&tcp)->in_len);
    }
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_answer_in_pieces_over_time_is_put_together(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 40; cut++) {
        set_up(1, VD_TRANSPORT_TCP);
        ask(VD_SERVERS_ALL, 0);
        poll_after(0);
        answer_good(stream_query(&tcp));
        struct fake_stream *s = fake_stream_last(&tcp);
        size_t len = s->in_len;
        s->in_len = cut;
        poll_after(10);
        assert_int_equal(done_count, 0);
        s->in_len = len;
        poll_after(10);
        assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    }
}

static void test_resolver_full_out_buffer_keeps_questions_waiting_and_sends_all(void **state)
{
    static char names[VD_FLIGHTS_MAX][128];

    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    tcp.first_state = VD_AGAIN;
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        memset(names[i], 'a', sizeof(names[i]) - 1);
        names[i][0] = (char)('a' + i);
        names[i][40] = names[i][80] = '.';
        ask_name(names[i], VD_SERVERS_ALL, 0, i);
    }
    struct fake_stream *s = fake_stream_last(&tcp);
    s->state = VD_OK;
    s->is_stuffed = true;
    poll_after(1);
    assert_true(vd_resolver_next_ms(&resolver) <= now + 50);
    s->is_stuffed = false;
    s->write_max = 10;
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        poll_after(50);
    }
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        assert_non_null(fake_stream_query(&tcp, s));
    }
    assert_null(fake_stream_query(&tcp, s));
}

/* A question on the open connection, answered at once. */
static void answer_other(void)
{
    ask_name("example.org", 1, 0, 2);
    poll_after(0);
    const struct fake_packet *query = stream_query(&tcp);
    fake_reply(&m, query, RESPONSE);
    fake_txt(&m, "example.org", "x");
    fake_net_answer(&net, query, &m);
    poll_after(1);
}

static void test_resolver_bytes_that_the_port_did_not_take_are_offered_again(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    tcp.first_state = VD_AGAIN;
    ask(VD_SERVERS_ALL, 0);
    fake_stream_last(&tcp)->state = VD_OK;
    fake_stream_last(&tcp)->is_stuffed = true;
    poll_after(1);
    assert_true(vd_resolver_next_ms(&resolver) <= now + 50);
    fake_stream_last(&tcp)->is_stuffed = false;
    poll_next();
    (void)stream_query(&tcp);
}

static void test_resolver_server_that_goes_takes_its_connection_along(void **state)
{
    static char name[] = "dns.example";

    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    answer_good(stream_query(&tcp));
    poll_after(5);
    vd_resolver_set_server(&resolver, 0, &servers[0]);
    assert_int_equal(fake_streams_open(&tcp), 1); /* the same: kept */
    vd_resolver_set_server(&resolver, 0, NULL);
    assert_int_equal(fake_streams_open(&tcp), 0);

    set_up(1, VD_TRANSPORT_TLS);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    answer_good(stream_query(&tls));
    poll_after(5);
    servers[0].name = name; /* the connection points to the name at its old place */
    vd_resolver_set_server(&resolver, 0, &servers[0]);
    assert_int_equal(fake_streams_open(&tls), 0);
    assert_int_not_equal(resolver.paths[0].srtt_ms, 0);
}

/* ---- what a peer can do wrong ------------------------------------------------------------------ */

static void test_resolver_reset_with_a_question_outstanding_asks_once_more_at_once(void **state)
{
    static const enum vd_status ends[] = {VD_CLOSED, VD_EREFUSED, VD_EIO};

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        set_up(2, VD_TRANSPORT_TCP);
        ask(VD_SERVERS_ALL, 0);
        poll_after(0);
        answer_good(stream_query(&tcp));
        struct fake_stream *s = fake_stream_last(&tcp);
        s->in_len -= 5; /* in the middle of the answer */
        s->end = ends[i];
        poll_after(5);
        assert_int_equal(done_count, 0);
        assert_false(s->is_open);
        assert_int_equal(tcp.opened, 2);
        poll_after(0);
        const struct fake_packet *query = stream_query(&tcp);
        assert_true(vd_endpoint_is_equal(&query->from, &servers[0].at));
        answer_good(query);
        poll_after(5);
        assert_int_equal(done_reply.gist.presence, VD_PRESENT);
        assert_int_equal(done_reply.tries, 2);
    }
}

static void test_resolver_answer_before_the_close_counts(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    answer_good(stream_query(&tcp));
    fake_stream_last(&tcp)->end = VD_CLOSED;
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(fake_streams_open(&tcp), 0);
}

static void test_resolver_second_reset_goes_to_the_other_server(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    tcp.streams[0].end = VD_CLOSED;
    poll_after(5);
    tcp.streams[1].end = VD_CLOSED;
    poll_after(5);
    poll_after(5);
    assert_int_equal(tcp.opened, 3);
    assert_true(vd_endpoint_is_equal(&tcp.streams[1].to, &servers[0].at));
    assert_true(vd_endpoint_is_equal(&tcp.streams[2].to, &servers[1].at));
}

static void test_resolver_peer_that_always_closes_ends_as_unknown_network(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    for (unsigned i = 0; i < 500 && done_count == 0; i++) {
        for (unsigned j = 0; j < tcp.opened; j++) {
            tcp.streams[j].end = VD_EREFUSED;
        }
        poll_next();
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_NETWORK);
    assert_true(done_reply.tries <= VD_TRIES_MAX);
    assert_int_equal(fake_streams_open(&tcp), 0);
}

static void test_resolver_refused_tcp_server_is_unknown_network(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    tcp.on_open = VD_EIO;
    ask(VD_SERVERS_ALL, 0);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_NETWORK);
    assert_int_equal(net.sent_count, 0);
}

static void test_resolver_silent_connection_is_given_up_for_a_new_one(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    while (tcp.opened == 1) {
        poll_next();
    }
    assert_false(tcp.streams[0].is_open);
    poll_after(0);
    answer_good(stream_query(&tcp));
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_silent_connection_is_closed_though_others_wait_on_it(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask_name("a.example", VD_SERVERS_ALL, 0, 1);
    poll_after(0);
    poll_after(500);
    ask_name("b.example", VD_SERVERS_ALL, 0, 2);
    poll_after(0);
    while (resolver.flights[0].state == VD_FLIGHT_SENT) {
        poll_next();
    }
    assert_true(now < 1000 + 500 + 4 * VD_TRY_TIMEOUT_MS);
    assert_false(tcp.streams[0].is_open);
    assert_int_equal(tcp.opened, 2); /* for the second question, at once */
}

/* The first three draws of two octets are the same. */
static unsigned same_draws;
static enum vd_status same_id_first(void *out, size_t len)
{
    if (len == 2 && same_draws++ < 3) {
        memset(out, 0x42, 2);
        return VD_OK;
    }
    return fake_random(out, len);
}

static void test_resolver_id_that_is_taken_on_the_connection_is_drawn_again(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    same_draws = 0;
    resolver.setup.random = same_id_first;
    ask_name("aaaaaaaa.example", VD_SERVERS_ALL, 0, 1);
    ask_name("bbbbbbbb.example", VD_SERVERS_ALL, 0, 2);
    poll_after(0);
    assert_int_equal(fake_id(stream_query(&tcp)), 0x4242);
    assert_int_not_equal(fake_id(stream_query(&tcp)), 0x4242);
    assert_int_equal(same_draws, 4);
}

static void deliver_big(const struct fake_packet *query, size_t len)
{
    static const uint8_t filler[1000];

    fake_reply(&m, query, RESPONSE);
    fake_txt(&m, "example.com", "v=spf1 -all");
    while (len - m.w.len > 1100) {
        fake_rr(&m, VD_SECTION_ADDITIONAL, "example.com", 65280, filler, sizeof(filler));
    }
    size_t left = len - m.w.len - 13 - 10;
    fake_rr(&m, VD_SECTION_ADDITIONAL, "example.com", 65280, filler, left > 1000 ? 1000 : left);
    fake_net_answer(&net, query, &m);
}

static void test_resolver_message_over_the_bound_is_limit_and_the_connection_stays(void **state)
{
    static const size_t lens[] = {VD_TCP_MESSAGE_MAX, VD_TCP_MESSAGE_MAX + 1, 61440, 65000};

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        set_up(2, VD_TRANSPORT_TCP);
        ask_name("example.com", 1, 0, 1);
        poll_after(0);
        struct fake_packet first = *stream_query(&tcp);
        ask_name("example.net", 1, 0, 2);
        poll_after(0);
        struct fake_packet second = *stream_query(&tcp);
        deliver_big(&first, lens[i]);
        assert_int_equal(m.w.len, lens[i]);
        fake_reply(&m, &second, RESPONSE);
        fake_txt(&m, "example.net", "v=spf1 -all");
        fake_net_answer(&net, &second, &m);
        fake_stream_last(&tcp)->read_max = 700;
        for (unsigned j = 0; j < 50 && done_count < 2; j++) {
            poll_after(0);
        }
        assert_int_equal(done_count, 2);
        bool is_over = lens[i] > VD_TCP_MESSAGE_MAX;
        assert_int_equal(done_gists[1].presence, is_over ? VD_UNKNOWN : VD_PRESENT);
        assert_int_equal(done_gists[1].detail, is_over ? VD_DETAIL_LIMIT : VD_DETAIL_NONE);
        assert_int_equal(done_gists[1].limit, is_over ? VD_LIMIT_TCP_MESSAGE : VD_LIMIT_NONE);
        assert_int_equal(done_gists[2].presence, VD_PRESENT);
        assert_int_equal(tcp.opened, 1);
    }
}

static void test_resolver_message_over_the_bound_before_the_close_is_limit(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    deliver_big(stream_query(&tcp), VD_TCP_MESSAGE_MAX + 1);
    fake_stream_last(&tcp)->end = VD_CLOSED;
    poll_after(5);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_LIMIT);
}

static void test_resolver_answers_to_nothing_are_ignored_then_the_connection_is_closed(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    struct fake_packet query = *stream_query(&tcp);
    struct fake_stream *s = fake_stream_last(&tcp);
    fake_stream_deliver(s, (const uint8_t *)"", 0);
    for (unsigned i = 0; i < VD_MISMATCHES_MAX - 2; i++) {
        good_answer(&query);
        m.bytes[0] ^= 0x80;
        fake_net_answer(&net, &query, &m);
    }
    poll_after(5);
    assert_int_equal(done_count, 0);
    assert_true(s->is_open);
    answer_other(); /* an answer to something: the count begins anew */
    for (unsigned i = 0; i < VD_MISMATCHES_MAX - 1; i++) {
        fake_stream_deliver(s, (const uint8_t *)"", 0);
    }
    poll_after(5);
    assert_true(s->is_open);
    fake_reply(&m, &query, RESPONSE);
    m.bytes[13] ^= 1; /* the id is right, the name is not */
    fake_stream_deliver(s, m.bytes, m.w.len);
    poll_after(5);
    assert_false(s->is_open);
    assert_int_equal(resolver.paths[0].mismatches, 2 * VD_MISMATCHES_MAX - 1);
}

static void test_resolver_late_answer_on_a_connection_is_dropped(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask_name("example.com", 1, 0, 1);
    poll_after(0);
    struct fake_packet late = *stream_query(&tcp);
    poll_after(1000);
    answer_other(); /* the connection lives, so it is kept when the first question's time is over */
    while (resolver.flights[0].tries == 1) {
        poll_next();
    }
    assert_int_equal(tcp.opened, 1);
    struct fake_packet second = *stream_query(&tcp);
    assert_int_not_equal(fake_id(&late), fake_id(&second));
    fake_reply(&m, &late, RESPONSE);
    fake_txt(&m, "example.com", "late");
    fake_net_answer(&net, &late, &m);
    poll_after(1);
    assert_int_equal(done_count, 1);
    answer_good(&second);
    poll_after(1);
    assert_int_equal(done_count, 2);
    assert_int_equal(done_token, 1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(resolver.paths[0].mismatches, 1);
}

static void test_resolver_broken_message_over_tcp_is_unknown_malformed(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TCP);
    ask(VD_SERVERS_ALL, 0);
    for (unsigned i = 0; i < 500 && done_count == 0; i++) {
        poll_next();
        struct fake_stream *s = fake_stream_last(&tcp);
        const struct fake_packet *query = s != NULL ? fake_stream_query(&tcp, s) : NULL;
        if (query != NULL) {
            good_answer(query);
            fake_stream_deliver(s, m.bytes, m.w.len - 3);
        }
    }
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_MALFORMED);
}

static void test_resolver_idle_connection_gives_way_a_busy_one_does_not(void **state)
{
    struct vd_server more = {.transport = VD_TRANSPORT_TCP};

    (void)state;
    set_up(2, VD_TRANSPORT_TCP);
    assert_int_equal(VD_LINKS_MAX, 2);
    assert_int_equal(vd_endpoint_parse("192.0.2.3", 9, 53, &more.at), VD_OK);
    vd_resolver_set_server(&resolver, 2, &more);
    ask_name("a.example", 1, 0, 0);
    poll_after(0);
    struct fake_packet first = *stream_query(&tcp);
    ask_name("b.example", 2, 1, 1);
    ask_name("c.example", 4, 2, 2);
    poll_after(0);
    assert_int_equal(tcp.opened, 2);
    poll_after(50);
    assert_int_equal(tcp.opened, 2); /* both are busy: it waits */
    fake_reply(&m, &first, RESPONSE);
    fake_txt(&m, "a.example", "x");
    fake_net_answer(&net, &first, &m);
    poll_after(0);
    assert_int_equal(done_count, 1);
    poll_after(50);
    assert_int_equal(tcp.opened, 3);
    assert_false(tcp.streams[0].is_open);
    assert_true(tcp.streams[1].is_open);
}

/* What one server says at too great a length, another one may say shorter. */
static void test_resolver_message_over_the_bound_bars_only_its_server(void **state)
{
    (void)state;
    for (int is_other_good = 0; is_other_good < 2; is_other_good++) {
        set_up(2, VD_TRANSPORT_TCP);
        ask(VD_SERVERS_ALL, 0);
        poll_after(0);
        deliver_big(stream_query(&tcp), VD_TCP_MESSAGE_MAX + 1);
        for (unsigned i = 0; i < 10 && tcp.opened < 2; i++) {
            poll_after(1);
        }
        assert_int_equal(tcp.opened, 2);
        poll_after(1);
        if (is_other_good) {
            answer_good(stream_query(&tcp));
        } else {
            answer_flags(stream_query(&tcp), RESPONSE | 5);
        }
        poll_after(5);
        assert_int_equal(done_count, 1);
        assert_int_equal(done_reply.gist.presence, is_other_good ? VD_PRESENT : VD_UNKNOWN);
        assert_int_equal(done_reply.gist.detail, is_other_good ? VD_DETAIL_NONE : VD_DETAIL_LIMIT);
        assert_int_equal(done_reply.gist.limit,
                         is_other_good ? VD_LIMIT_NONE : VD_LIMIT_TCP_MESSAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_resolver_questions_share_a_connection_and_are_answered_in_any_order),
        T(test_resolver_length_and_message_are_written_in_one_go),
        T(test_resolver_byte_by_byte_both_ways_is_put_together),
        T(test_resolver_answer_in_pieces_over_time_is_put_together),
        T(test_resolver_full_out_buffer_keeps_questions_waiting_and_sends_all),
        T(test_resolver_bytes_that_the_port_did_not_take_are_offered_again),
        T(test_resolver_server_that_goes_takes_its_connection_along),
        T(test_resolver_reset_with_a_question_outstanding_asks_once_more_at_once),
        T(test_resolver_answer_before_the_close_counts),
        T(test_resolver_second_reset_goes_to_the_other_server),
        T(test_resolver_peer_that_always_closes_ends_as_unknown_network),
        T(test_resolver_refused_tcp_server_is_unknown_network),
        T(test_resolver_silent_connection_is_given_up_for_a_new_one),
        T(test_resolver_silent_connection_is_closed_though_others_wait_on_it),
        T(test_resolver_id_that_is_taken_on_the_connection_is_drawn_again),
        T(test_resolver_message_over_the_bound_is_limit_and_the_connection_stays),
        T(test_resolver_message_over_the_bound_before_the_close_is_limit),
        T(test_resolver_answers_to_nothing_are_ignored_then_the_connection_is_closed),
        T(test_resolver_late_answer_on_a_connection_is_dropped),
        T(test_resolver_broken_message_over_tcp_is_unknown_malformed),
        T(test_resolver_idle_connection_gives_way_a_busy_one_does_not),
        T(test_resolver_message_over_the_bound_bars_only_its_server),
    };
    return cmocka_run_group_tests_name("resolver_links", tests, NULL, NULL);
}
