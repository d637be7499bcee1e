/* SPDX-License-Identifier: MIT */
#include "tests/fakes/resolver_world.h"

static uint8_t troubles(void)
{
    return resolver.paths[0].troubles;
}

static unsigned clear_bytes(void)
{
    return (unsigned)(tcp.bytes + net.sent_count);
}

/* ---- room for connections ------------------------------------------------------------------- */

static void test_resolver_port_without_room_is_waited_for_and_said(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TLS);
    tls.max = 0;
    ask(VD_SERVERS_ALL, 0);
    poll_after(100);
    assert_true(vd_resolver_is_short_of_tls(&resolver));
    assert_int_equal(done_count, 0);
    tls.max = 1;
    poll_next();
    poll_next();
    assert_false(vd_resolver_is_short_of_tls(&resolver));
    answer_good(stream_query(&tls));
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    vd_resolver_yield_tls(&resolver);
    assert_int_equal(fake_streams_open(&tls), 0);

    done_count = 0; /* no room to the end: unknown, in time */
    tls.max = 0;
    uint64_t began = now;
    ask(VD_SERVERS_ALL, 0);
    poll_until_done();
    assert_true(now == began + VD_QUESTION_MAX_MS);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TLS);
    assert_int_equal(done_reply.tries, 0);
}

static void test_resolver_yield_leaves_a_busy_connection(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TLS);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    vd_resolver_yield_tls(&resolver);
    assert_int_equal(fake_streams_open(&tls), 1);
    vd_resolver_cancel(&resolver);
    assert_int_equal(fake_streams_open(&tls), 0);
}

/* ---- TLS -------------------------------------------------------------------------------------- */

static void test_resolver_tls_question_is_padded_named_and_without_cookie(void **state)
{
    static const uint8_t pin[VD_PIN_LEN] = {1};

    (void)state;
    set_up(1, VD_TRANSPORT_TLS);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    const struct fake_packet *query = stream_query(&tls);
    assert_int_equal(query->len % VD_PADDING_BLOCK, 0);
    assert_true(opened(query).edns.has_opt);
    assert_null(opened(query).edns.cookie);
    assert_string_equal(query->stream->host, "dns.example");
    assert_null(query->stream->pin);
    assert_true(query->stream->is_dot);
    answer_good(query);
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.transport, VD_TRANSPORT_TLS);

    set_up(1, VD_TRANSPORT_TLS);
    servers[0].name = NULL;
    servers[0].pin = pin;
    vd_resolver_set_server(&resolver, 0, &servers[0]);
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    assert_null(fake_stream_last(&tls)->host);
    assert_ptr_equal(fake_stream_last(&tls)->pin, pin);
}

static void test_resolver_tls_failure_is_unknown_tls_and_nothing_goes_in_clear(void **state)
{
    static const enum vd_status ends[] = {VD_EUNVERIFIED, VD_EREFUSED, VD_ETIMEOUT, VD_EIO,
                                          VD_CLOSED};

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        set_up(1, VD_TRANSPORT_TLS);
        tls.first_state = VD_AGAIN;
        ask(VD_SERVERS_ALL, 0);
        poll_after(0);
        fake_stream_last(&tls)->state = ends[i];
        poll_after(5);
        poll_after(0);
        assert_int_equal(done_count, 1);
        assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
        assert_int_equal(done_reply.gist.detail, VD_DETAIL_TLS);
        assert_int_equal(troubles(), VD_TROUBLE_TLS);
        assert_int_equal(fake_streams_open(&tls), 0);
        assert_int_equal(tls.bytes, 0);
        assert_int_equal(tcp.opened, 0);
        assert_int_equal(clear_bytes(), 0);
    }
}

static void test_resolver_tls_server_is_never_asked_in_clear_whatever_it_answers(void **state)
{
    static const unsigned flags[] = {TRUNCATED, 0x8181, 0x8182, 0x8184, 0x8185};

    (void)state;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        set_up(1, VD_TRANSPORT_TLS);
        ask(VD_SERVERS_ALL, 0);
        for (unsigned turn = 0; turn < 300 && done_count == 0; turn++) {
            poll_next();
            struct fake_stream *s = fake_stream_last(&tls);
            const struct fake_packet *query = s != NULL ? fake_stream_query(&tls, s) : NULL;
            if (query != NULL) {
                answer_flags(query, flags[i]);
            }
        }
        assert_int_equal(done_count, 1);
        assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
        assert_int_equal(done_reply.transport, VD_TRANSPORT_TLS);
        assert_int_equal(clear_bytes(), 0);
        assert_int_equal(tcp.opened, 0);
    }
}

static void test_resolver_tls_failure_moves_to_the_next_server_at_once(void **state)
{
    (void)state;
    set_up(2, VD_TRANSPORT_TLS);
    tls.first_state = VD_AGAIN;
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    fake_stream_last(&tls)->state = VD_EUNVERIFIED;
    tls.first_state = VD_OK;
    poll_after(5);
    poll_after(0);
    const struct fake_packet *query = stream_query(&tls);
    assert_true(vd_endpoint_is_equal(&query->from, &servers[1].at));
    answer_good(query);
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_tls_back_off_doubles_and_ends_with_a_success(void **state)
{
    uint64_t wait = VD_LINK_RETRY_FIRST_MS;

    (void)state;
    set_up(1, VD_TRANSPORT_TLS);
    tls.first_state = VD_EUNVERIFIED;
    for (unsigned i = 0; i < 9; i++) {
        unsigned opens = tls.opened;
        done_count = 0;
        ask(VD_SERVERS_ALL, 0);
        poll_until_done();
        assert_int_equal(tls.opened, opens + 1);
        done_count = 0;
        now += wait - 1;
        ask(VD_SERVERS_ALL, 0); /* too early: fails at once, nothing is opened */
        poll_after(0);
        assert_int_equal(done_count, 1);
        assert_int_equal(done_reply.gist.detail, VD_DETAIL_TLS);
        assert_int_equal(tls.opened, opens + 1);
        now += 1;
        wait = wait * 2 < VD_LINK_RETRY_MAX_MS ? wait * 2 : VD_LINK_RETRY_MAX_MS;
    }
    tls.first_state = VD_OK;
    ask(VD_SERVERS_ALL, 0);
    poll_after(0);
    answer_good(stream_query(&tls));
    poll_after(5);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(troubles() & VD_TROUBLE_TLS, 0);
    assert_int_equal(resolver.paths[0].link_failures, 0);
}

static void test_resolver_servfail_stays_when_the_probe_finds_no_connection(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TLS);
    ask(VD_SERVERS_ALL, 0);
    for (unsigned i = 0, answered = 0; i < 300 && done_count == 0; i++) {
        poll_after(10);
        struct fake_stream *s = fake_stream_last(&tls);
        const struct fake_packet *query = fake_stream_query(&tls, s);
        if (query != NULL && ++answered <= 2) {
            answer_flags(query, 0x8182);
            poll_after(1);
        } else if (query != NULL) {
            assert_true(opened(query).is_cd);
            tls.first_state = VD_EUNVERIFIED;
            s->end = VD_CLOSED;
            poll_after(1);
        }
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(tls.opened, 2);
    assert_int_equal(troubles(), VD_TROUBLE_TLS | VD_TROUBLE_NO_EDNS);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_SERVFAIL);
}

static void test_resolver_tls_that_never_comes_up_is_given_up(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TLS);
    tls.first_state = VD_AGAIN;
    ask(VD_SERVERS_ALL, 0);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TLS);
    assert_true(now <= 1000 + VD_QUESTION_MAX_MS);
    assert_int_equal(fake_streams_open(&tls), 0);
    assert_int_equal(clear_bytes(), 0);
}

static void test_resolver_without_tls_port_or_anchors_tls_is_unknown(void **state)
{
    (void)state;
    set_up(1, VD_TRANSPORT_TLS);
    resolver.setup.tls = NULL;
    ask(VD_SERVERS_ALL, 0);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TLS);

    set_up(1, VD_TRANSPORT_TLS);
    resolver.setup.ca = NULL;
    ask(VD_SERVERS_ALL, 0);
    poll_until_done();
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TLS);
    assert_int_equal(clear_bytes(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test(name)
        T(test_resolver_port_without_room_is_waited_for_and_said),
        T(test_resolver_yield_leaves_a_busy_connection),
        T(test_resolver_tls_question_is_padded_named_and_without_cookie),
        T(test_resolver_tls_failure_is_unknown_tls_and_nothing_goes_in_clear),
        T(test_resolver_tls_server_is_never_asked_in_clear_whatever_it_answers),
        T(test_resolver_tls_failure_moves_to_the_next_server_at_once),
        T(test_resolver_tls_back_off_doubles_and_ends_with_a_success),
        T(test_resolver_servfail_stays_when_the_probe_finds_no_connection),
        T(test_resolver_tls_that_never_comes_up_is_given_up),
        T(test_resolver_without_tls_port_or_anchors_tls_is_unknown),
    };
    return cmocka_run_group_tests_name("resolver_tls", tests, NULL, NULL);
}
