/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/resolver.h"
#include "tests/fakes/dns_fake.h"

static struct fake_net net;
static struct vd_resolver resolver;
static struct fake_message m;
static struct vd_endpoint servers[2];

/* What done was told last. */
static unsigned done_count;
static unsigned done_token;
static struct vd_reply done_reply;

static void on_done(void *ctx, unsigned token, const struct vd_question *question,
                    const struct vd_reply *reply)
{
    (void)ctx;
    (void)question;
    done_count++;
    done_token = token;
    done_reply = *reply;
}

static void set_up(size_t servers_count)
{
    fake_net_init(&net);
    assert_int_equal(vd_endpoint_parse("192.0.2.1", 9, 53, &servers[0]), VD_OK);
    assert_int_equal(vd_endpoint_parse("192.0.2.2:5353", 14, 53, &servers[1]), VD_OK);
    vd_resolver_init(&resolver, &net.port, fake_random, servers, servers_count);
    resolver.done = on_done;
    done_count = 0;
    memset(&done_reply, 0, sizeof(done_reply));
}

static void ask(uint8_t allowed, uint8_t first)
{
    struct vd_question question = {.type = VD_TYPE_TXT};

    assert_int_equal(vd_name_from_text("example.com", &question.name), VD_OK);
    assert_int_equal(vd_resolver_ask(&resolver, &question, allowed, first, 42, 1000), VD_OK);
}

static const struct fake_packet *last_sent(void)
{
    assert_true(net.sent_count > 0);
    return &net.sent[net.sent_count - 1];
}

static void good_answer(uint16_t id)
{
    fake_begin(&m, id, 0x8180, "example.com", VD_TYPE_TXT);
    fake_txt(&m, "example.com", "v=spf1 -all");
}

static void test_resolver_good_answer_is_told_once(void **state)
{
    (void)state;
    set_up(1);
    ask(VD_SERVERS_ALL, 0);
    good_answer(fake_id(last_sent()));
    fake_net_answer(&net, last_sent(), &m);
    fake_net_answer(&net, last_sent(), &m);
    vd_resolver_poll(&resolver, 1010);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_token, 42);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.rtt_ms, 10);
    assert_int_equal(fake_net_open_count(&net), 0);
    assert_true(vd_resolver_next_ms(&resolver) == UINT64_MAX);
}

static void test_resolver_query_asks_recursion_edns_1232_and_nothing_else(void **state)
{
    (void)state;
    set_up(1);
    ask(VD_SERVERS_ALL, 0);
    const struct fake_packet *sent = last_sent();
    assert_int_equal(sent->len, 12 + 13 + 4 + 11);
    assert_int_equal(sent->bytes[2], 0x01); /* RD */
    assert_int_equal(sent->bytes[3], 0x20); /* AD */
    assert_int_equal(sent->bytes[sent->len - 8], VD_EDNS_UDP_MAX >> 8);
    assert_int_equal(sent->bytes[sent->len - 7], VD_EDNS_UDP_MAX & 0xff);
}

static void test_resolver_ignores_what_does_not_match_and_still_takes_the_true_answer(void **state)
{
    struct vd_endpoint stranger;

    (void)state;
    set_up(1);
    ask(VD_SERVERS_ALL, 0);
    const struct fake_packet *sent = last_sent();
    uint16_t id = fake_id(sent);

    good_answer((uint16_t)(id + 1)); /* wrong id */
    fake_net_answer(&net, sent, &m);
    good_answer(id); /* wrong address */
    assert_int_equal(vd_endpoint_parse("192.0.2.99", 10, 53, &stranger), VD_OK);
    fake_net_deliver(&net, sent->socket, &stranger, m.bytes, m.w.len);
    stranger = servers[0];
    stranger.port = 54; /* wrong port */
    fake_net_deliver(&net, sent->socket, &stranger, m.bytes, m.w.len);
    fake_begin(&m, id, 0x8180, "example.net", VD_TYPE_TXT); /* another name */
    fake_net_answer(&net, sent, &m);
    fake_begin(&m, id, 0x8183, "example.com", VD_TYPE_MX); /* another type */
    fake_net_answer(&net, sent, &m);
    fake_begin(&m, id, 0x0100, "example.com", VD_TYPE_TXT); /* a query */
    fake_net_answer(&net, sent, &m);
    fake_begin(&m, id, 0xa180, "example.com", VD_TYPE_TXT); /* another opcode */
    fake_net_answer(&net, sent, &m);
    fake_net_deliver(&net, sent->socket, &servers[0], (const uint8_t *)"", 0);
    vd_resolver_poll(&resolver, 1010);
    assert_int_equal(done_count, 0);

    good_answer(id);
    fake_net_answer(&net, sent, &m);
    vd_resolver_poll(&resolver, 1020);
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_each_try_has_new_id_and_port(void **state)
{
    uint16_t ids[VD_TRIES_MAX], ports[VD_TRIES_MAX];

    (void)state;
    set_up(1);
    ask(VD_SERVERS_ALL, 0);
    for (size_t i = 0; i < VD_TRIES_MAX; i++) {
        assert_int_equal(net.sent_count, i + 1);
        ids[i] = fake_id(last_sent());
        ports[i] = net.sockets[last_sent()->socket].local_port;
        assert_true(ports[i] >= 1024);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(ids[i], ids[j]);
            assert_int_not_equal(ports[i], ports[j]);
        }
        vd_resolver_poll(&resolver, vd_resolver_next_ms(&resolver));
    }
    assert_int_equal(done_count, 1);
}

static void test_resolver_answer_to_an_earlier_try_is_dropped(void **state)
{
    (void)state;
    set_up(1);
    ask(VD_SERVERS_ALL, 0);
    good_answer(fake_id(last_sent()));
    vd_resolver_poll(&resolver, vd_resolver_next_ms(&resolver)); /* second try */
    fake_net_answer(&net, &net.sent[0], &m);
    vd_resolver_poll(&resolver, 2000);
    assert_int_equal(done_count, 0);
}

static void test_resolver_silence_ends_as_unknown_timeout_in_bounded_time(void **state)
{
    uint64_t now = 1000;

    (void)state;
    set_up(2);
    ask(VD_SERVERS_ALL, 0);
    while (done_count == 0) {
        now = vd_resolver_next_ms(&resolver);
        assert_true(now <= 1000 + VD_TRY_TIMEOUT_MS * ((1u << VD_TRIES_MAX) - 1u));
        vd_resolver_poll(&resolver, now);
    }
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TIMEOUT);
    assert_int_equal(done_reply.tries, VD_TRIES_MAX);
    assert_null(done_reply.message);
    assert_int_equal(fake_net_open_count(&net), 0);
}

static void test_resolver_servfail_goes_to_the_other_server_at_once(void **state)
{
    (void)state;
    set_up(2);
    ask(VD_SERVERS_ALL, 1);
    assert_true(vd_endpoint_is_equal(&last_sent()->from, &servers[1]));
    fake_begin(&m, fake_id(last_sent()), 0x8182, "example.com", VD_TYPE_TXT);
    fake_net_answer(&net, last_sent(), &m);
    vd_resolver_poll(&resolver, 1001);
    assert_int_equal(net.sent_count, 2);
    assert_true(vd_endpoint_is_equal(&last_sent()->from, &servers[0]));
    good_answer(fake_id(last_sent()));
    fake_net_answer(&net, last_sent(), &m);
    vd_resolver_poll(&resolver, 1002);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
    assert_int_equal(done_reply.server, 0);
}

static void test_resolver_servfail_everywhere_is_unknown_servfail(void **state)
{
    (void)state;
    set_up(2);
    ask(VD_SERVERS_ALL, 0);
    for (size_t i = 0; i < VD_TRIES_MAX; i++) {
        fake_begin(&m, fake_id(last_sent()), 0x8182, "example.com", VD_TYPE_TXT);
        fake_net_answer(&net, last_sent(), &m);
        vd_resolver_poll(&resolver, 1001 + i);
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_SERVFAIL);
    assert_int_equal(done_reply.rcode, VD_RCODE_SERVFAIL);
}

static void test_resolver_asks_only_servers_that_are_allowed(void **state)
{
    (void)state;
    set_up(2);
    ask(2, 0);
    while (done_count == 0) {
        vd_resolver_poll(&resolver, vd_resolver_next_ms(&resolver));
    }
    assert_int_equal(net.sent_count, VD_TRIES_MAX);
    for (size_t i = 0; i < net.sent_count; i++) {
        assert_true(vd_endpoint_is_equal(&net.sent[i].from, &servers[1]));
    }
}

static void test_resolver_link_down_waits_between_tries(void **state)
{
    (void)state;
    set_up(1);
    net.fails_to_send = true;
    ask(VD_SERVERS_ALL, 0);
    assert_true(vd_resolver_next_ms(&resolver) >= 1000 + VD_TRY_TIMEOUT_MS);
    vd_resolver_poll(&resolver, 1001);
    assert_int_equal(done_count, 0);
    net.fails_to_send = false;
    vd_resolver_poll(&resolver, vd_resolver_next_ms(&resolver));
    assert_int_equal(net.sent_count, 1);
    good_answer(fake_id(last_sent()));
    fake_net_answer(&net, last_sent(), &m);
    vd_resolver_poll(&resolver, 1900);
    assert_int_equal(done_reply.gist.presence, VD_PRESENT);
}

static void test_resolver_truncated_asks_the_other_and_ends_as_unknown_truncated(void **state)
{
    (void)state;
    set_up(2);
    ask(VD_SERVERS_ALL, 0);
    for (unsigned i = 0; i < VD_TRIES_MAX; i++) {
        assert_int_equal(done_count, 0);
        fake_begin(&m, fake_id(last_sent()), 0x8380, "example.com", VD_TYPE_TXT);
        fake_net_answer(&net, last_sent(), &m);
        vd_resolver_poll(&resolver, 1001 + i);
    }
    assert_int_equal(done_count, 1);
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
    assert_int_equal(done_reply.gist.detail, VD_DETAIL_TRUNCATED);
}

static void test_resolver_full_says_again_and_leaks_nothing(void **state)
{
    struct vd_question question = {.type = VD_TYPE_TXT};

    (void)state;
    set_up(1);
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        ask(VD_SERVERS_ALL, 0);
    }
    assert_int_equal(vd_name_from_text("example.net", &question.name), VD_OK);
    assert_int_equal(vd_resolver_ask(&resolver, &question, VD_SERVERS_ALL, 0, 1, 1000), VD_AGAIN);
    assert_int_equal(fake_net_open_count(&net), VD_FLIGHTS_MAX);
    vd_resolver_cancel(&resolver);
    assert_int_equal(fake_net_open_count(&net), 0);
}

static enum vd_status no_random(void *out, size_t len)
{
    memset(out, 0, len);
    return VD_ENOENTROPY;
}

static void test_resolver_without_random_numbers_sends_nothing(void **state)
{
    (void)state;
    set_up(1);
    resolver.random = no_random;
    ask(VD_SERVERS_ALL, 0);
    while (done_count == 0) {
        vd_resolver_poll(&resolver, vd_resolver_next_ms(&resolver));
    }
    assert_int_equal(net.sent_count, 0);
    assert_int_equal(net.opened, 0);
    assert_int_equal(done_reply.gist.presence, VD_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolver_good_answer_is_told_once),
        cmocka_unit_test(test_resolver_query_asks_recursion_edns_1232_and_nothing_else),
        cmocka_unit_test(test_resolver_ignores_what_does_not_match_and_still_takes_the_true_answer),
        cmocka_unit_test(test_resolver_each_try_has_new_id_and_port),
        cmocka_unit_test(test_resolver_answer_to_an_earlier_try_is_dropped),
        cmocka_unit_test(test_resolver_silence_ends_as_unknown_timeout_in_bounded_time),
        cmocka_unit_test(test_resolver_servfail_goes_to_the_other_server_at_once),
        cmocka_unit_test(test_resolver_servfail_everywhere_is_unknown_servfail),
        cmocka_unit_test(test_resolver_asks_only_servers_that_are_allowed),
        cmocka_unit_test(test_resolver_link_down_waits_between_tries),
        cmocka_unit_test(test_resolver_truncated_asks_the_other_and_ends_as_unknown_truncated),
        cmocka_unit_test(test_resolver_full_says_again_and_leaks_nothing),
        cmocka_unit_test(test_resolver_without_random_numbers_sends_nothing),
    };
    return cmocka_run_group_tests_name("resolver", tests, NULL, NULL);
}
