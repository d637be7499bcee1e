/*
 * Alerts over lwIP's real TCP to collectors whose TCP is bad: the others get theirs in time, and
 * the bad one gets its own as soon as it is well.
 *
 * Such a peer costs memory for as long as TCP keeps what it has not acknowledged.  There is little:
 * a few connections that TCP goes on to keep after we have given them up leave none for anybody.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "port/lwip/net.h"
#include "port/port_clock.h"
#include "port/port_entropy.h"
#include "report/dispatch.h"
#include "tests/unit-port/tls_world.h"
#include "tests/unit-real-tcp/tcp_peer.h"

#define EVENTS         30u
#define EVENT_EVERY_MS 30000u

/* To connect, shake hands, send and be sure of it, with nobody in the way. */
#define DELIVERY_MS 2000u

/* The other channel's use of the one TLS connection, and its end, may come first. */
#define TURN_TAKING_MS (VD_STREAM_USE_MAX_MS + 2u * VD_TLS_LINGER_MS)

enum { FIRST, SECOND };

static struct vd_journal journal;
static struct vd_dispatch dispatch;
static struct vd_channel channels[PEER_HOSTS];
static uint8_t anchors[4096];
static uint64_t born_ms[PEER_SEQS_MAX + 1];

/* ---- an agent that only reports -------------------------------------------------------------- */

static enum vd_status lookup(void *ctx, unsigned channel, struct vd_endpoint *out)
{
    (void)ctx;
    peer_address(channel, out);
    return VD_OK;
}

static enum vd_status jitter(void *ctx, void *out, size_t len)
{
    (void)ctx;
    return vd_entropy_random(out, len);
}

static void note(void *ctx, unsigned channel, const char *text)
{
    (void)ctx;
    (void)channel;
    (void)text;
}

static void start(unsigned channels_count)
{
    const struct vd_dispatch_setup setup = {
        .stream = vd_lwip_stream_port(),
        .journal = &journal,
        .device = "gateway",
        .channels = channels,
        .channels_count = channels_count,
        .lookup = lookup,
        .random = jitter,
        .note = note,
    };
    size_t len;
    const uint8_t *file = world_file("root.crt", &len);

    assert_true(len <= sizeof(anchors));
    memcpy(anchors, file, len);
    for (unsigned i = 0; i < channels_count; i++) {
        channels[i] = (struct vd_channel){
            .name = i == FIRST ? "first" : "second",
            .host = "collector.example",
            .port = 6514,
            .ca = anchors,
            .ca_len = len,
        };
    }
    vd_journal_init(&journal);
    memset(born_ms, 0, sizeof(born_ms));
    assert_int_equal(vd_dispatch_init(&dispatch, &setup), VD_OK);
}

static void append_event(void)
{
    struct vd_event event = {
        .class_ = VD_CLASS_WEAKENED,
        .severity = VD_SEVERITY_ERROR,
        .axis = VD_AXIS_SPOOF,
        .code = "dmarc.policy.weakened",
        .domain = "a.example",
        .record = "_dmarc.a.example",
        .rtype = "TXT",
        .subject = "DMARC of a.example fell from p=reject to p=none",
    };
    uint32_t seq;

    (void)snprintf(event.id, sizeof(event.id), "%032u", (unsigned)journal.last_seq + 1);
    assert_int_equal(vd_journal_append(&journal, &event, &seq), VD_OK);
    assert_true(seq <= PEER_SEQS_MAX);
    born_ms[seq] = vd_clock_ms();
}

static void run_ms(uint64_t ms)
{
    for (uint64_t end_ms = vd_clock_ms() + ms; vd_clock_ms() < end_ms;) {
        peer_turn();
        (void)vd_dispatch_poll(&dispatch, vd_clock_ms());
    }
}

static void report_events(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        append_event();
        run_ms(EVENT_EVERY_MS);
    }
}

/* Each event came, none later than bound_ms after it was appended. */
static void expect_all_in_time(unsigned host, uint64_t bound_ms)
{
    assert_int_equal(peer_hosts[host].events, journal.last_seq);
    for (unsigned seq = 1; seq <= journal.last_seq; seq++) {
        assert_in_range(peer_hosts[host].got_ms[seq], born_ms[seq], born_ms[seq] + bound_ms);
    }
}

static void stop(void)
{
    vd_dispatch_stop(&dispatch);
    for (uint64_t end_ms = vd_clock_ms() + 3u * VD_TLS_LINGER_MS; vd_clock_ms() < end_ms;) {
        peer_turn();
    }
    peer_expect_clean();
}

static int set_up(void **state)
{
    (void)state;
    peer_reset();
    return 0;
}

static int tidy(void **state)
{
    (void)state;
    vd_dispatch_stop(&dispatch);
    peer_drop();
    return 0;
}

static int start_world(void **state)
{
    (void)state;
    peer_start();
    return 0;
}

/* ---- one bad collector, one healthy one ------------------------------------------------------ */

static void test_two_healthy_collectors_get_every_event_at_once(void **state)
{
    (void)state;
    start(2);
    report_events(EVENTS);
    expect_all_in_time(FIRST, 2 * DELIVERY_MS);
    expect_all_in_time(SECOND, 2 * DELIVERY_MS);
    stop();
}

static void expect_second_is_not_held_up(enum peer_mood mood)
{
    start(2);
    peer_hosts[FIRST].mood = mood;
    report_events(EVENTS);
    expect_all_in_time(SECOND, TURN_TAKING_MS + DELIVERY_MS);
    assert_int_equal(peer_hosts[FIRST].events, 0);
    assert_true(peer_hosts[FIRST].connections >= 5);
    stop();
}

static void test_peer_that_acknowledges_nothing_does_not_hold_up_another_collector(void **state)
{
    (void)state;
    expect_second_is_not_held_up(PEER_ACKS_NOTHING);
}

static void test_peer_with_a_closed_window_does_not_hold_up_another_collector(void **state)
{
    (void)state;
    expect_second_is_not_held_up(PEER_CLOSES_WINDOW);
}

static void test_peer_that_stops_acknowledging_does_not_hold_up_another_collector(void **state)
{
    (void)state;
    expect_second_is_not_held_up(PEER_STOPS_ACKNOWLEDGING);
}

/* ---- one collector, bad and then healthy ----------------------------------------------------- */

/* The first try after the back-off it was in must do. */
static void expect_it_recovers_within_its_back_off(enum peer_mood mood)
{
    start(1);
    peer_hosts[FIRST].mood = mood;
    report_events(EVENTS / 2);
    while (vd_dispatch_status(&dispatch, FIRST)->state != VD_CHANNEL_BACKOFF) {
        run_ms(1);
    }
    assert_int_equal(peer_hosts[FIRST].events, 0);
    assert_true(vd_dispatch_status(&dispatch, FIRST)->failures >= 5);

    peer_hosts[FIRST].mood = PEER_HEALTHY;
    unsigned connections = peer_hosts[FIRST].connections;
    run_ms(vd_dispatch_status(&dispatch, FIRST)->next_ms - vd_clock_ms() + DELIVERY_MS);
    assert_int_equal(peer_hosts[FIRST].connections, connections + 1);
    assert_int_equal(peer_hosts[FIRST].events, EVENTS / 2);
    assert_true(vd_dispatch_is_drained(&dispatch));
    assert_int_equal(vd_journal_dropped(&journal), 0);
    stop();
}

static void test_collector_that_acknowledged_nothing_recovers_within_its_back_off(void **state)
{
    (void)state;
    expect_it_recovers_within_its_back_off(PEER_ACKS_NOTHING);
}

static void test_collector_that_had_closed_its_window_recovers_within_its_back_off(void **state)
{
    (void)state;
    expect_it_recovers_within_its_back_off(PEER_CLOSES_WINDOW);
}

static void test_collector_that_stopped_acknowledging_recovers_within_its_back_off(void **state)
{
    (void)state;
    expect_it_recovers_within_its_back_off(PEER_STOPS_ACKNOWLEDGING);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tidy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_two_healthy_collectors_get_every_event_at_once),
        TEST(test_peer_that_acknowledges_nothing_does_not_hold_up_another_collector),
        TEST(test_peer_with_a_closed_window_does_not_hold_up_another_collector),
        TEST(test_peer_that_stops_acknowledging_does_not_hold_up_another_collector),
        TEST(test_collector_that_acknowledged_nothing_recovers_within_its_back_off),
        TEST(test_collector_that_had_closed_its_window_recovers_within_its_back_off),
        TEST(test_collector_that_stopped_acknowledging_recovers_within_its_back_off),
    };

    return cmocka_run_group_tests(tests, start_world, NULL);
}
