/*
 * port/lwip/tcp.c over lwIP's real TCP, with a peer in the same lwIP (see wire.h), over both
 * families.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/limits.h"
#include "port/lwip/net.h"
#include "tests/unit-lwip/peer.h"
#include "tests/unit-lwip/wire.h"

#include "lwip/priv/tcp_priv.h"
#include "lwip/tcp.h"

#define CLOSED_PORT 54u
#define BULK        20000u

static const char *const hosts[] = {"10.0.0.2", "2001:db8::2", "fe80::2", "9.9.9.9", "2620:fe::fe"};
enum { HOSTS = sizeof(hosts) / sizeof(hosts[0]) };

static const struct vd_tcp_port *port;
static size_t heap_before, pool_before;

/* ---- the product ----------------------------------------------------------------------------- */

static void run_ms(uint64_t ms)
{
    for (uint64_t end_ms = wire.ms + ms; wire.ms < end_ms;) {
        wire_turn();
        peer_send_some();
    }
}

static enum vd_status state_of(int stream)
{
    return port->state(NULL, stream);
}

static int start_to(const char *host, uint16_t to_port)
{
    struct vd_endpoint to = wire_endpoint(host, to_port);
    int stream = -1;

    assert_int_equal(port->open(NULL, &to, &stream), VD_OK);
    assert_int_equal(state_of(stream), VD_AGAIN);
    return stream;
}

static int connect_to(const char *host)
{
    int stream = start_to(host, PEER_PORT);

    run_ms(20);
    assert_int_equal(state_of(stream), VD_OK);
    assert_non_null(peer.pcb);
    return stream;
}

static void write_all(int stream, const char *text)
{
    size_t taken = 0;

    assert_int_equal(port->write(NULL, stream, (const uint8_t *)text, strlen(text), &taken), VD_OK);
    assert_int_equal(taken, strlen(text));
}

/* Read what the peer sends until there is nothing for a while, cap bytes at a time. */
static size_t read_all(int stream, size_t cap)
{
    uint8_t bytes[2048];
    size_t total = 0, got;

    for (unsigned idle = 0; idle < 500;) {
        if (port->read(NULL, stream, bytes, cap, &got) != VD_OK) {
            run_ms(1);
            idle++;
            continue;
        }
        assert_in_range(got, 1, cap);
        for (size_t i = 0; i < got; i++) {
            assert_int_equal(bytes[i], peer_byte(total + i));
        }
        total += got;
        idle = 0;
    }
    return total;
}

static enum vd_status read_status(int stream)
{
    uint8_t byte;
    size_t got;

    return port->read(NULL, stream, &byte, 1, &got);
}

static enum vd_status write_status(int stream)
{
    size_t taken;

    return port->write(NULL, stream, (const uint8_t *)"x", 1, &taken);
}

/* ---- in order -------------------------------------------------------------------------------- */

static void test_question_and_answer_with_peers_of_both_families(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HOSTS; i++) {
        int stream = connect_to(hosts[i]);
        assert_int_equal(read_status(stream), VD_AGAIN);
        write_all(stream, "question");
        run_ms(5);
        assert_int_equal(peer.got, 8);
        assert_memory_equal(peer.bytes, "question", 8);
        peer.to_send = 3000;
        assert_int_equal(read_all(stream, 100), 3000);
        peer_end();
        run_ms(5);
        assert_int_equal(state_of(stream), VD_CLOSED);
        assert_int_equal(read_status(stream), VD_CLOSED);
        assert_int_equal(write_status(stream), VD_CLOSED);
        port->close(NULL, stream);
        peer.got = peer.to_send = peer.sent = 0;
    }
}

static void test_data_before_the_end_is_read_first(void **state)
{
    (void)state;
    int stream = connect_to(hosts[0]);
    peer.to_send = 700;
    run_ms(10);
    peer_end();
    run_ms(10);
    assert_int_equal(state_of(stream), VD_OK);
    assert_int_equal(read_all(stream, 699), 700);
    assert_int_equal(state_of(stream), VD_CLOSED);
    port->close(NULL, stream);
}

static void test_data_before_a_reset_is_read_first(void **state)
{
    (void)state;
    int stream = connect_to(hosts[1]);
    peer.to_send = 700;
    run_ms(10);
    peer_reset();
    run_ms(10);
    assert_int_equal(state_of(stream), VD_OK);
    assert_int_equal(write_status(stream), VD_EREFUSED);
    assert_int_equal(read_all(stream, 100), 700);
    assert_int_equal(state_of(stream), VD_EREFUSED);
    assert_int_equal(read_status(stream), VD_EREFUSED);
    port->close(NULL, stream);
}

static void test_port_where_nobody_listens_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HOSTS; i++) {
        int stream = start_to(hosts[i], CLOSED_PORT);
        run_ms(20);
        assert_int_equal(state_of(stream), VD_EREFUSED);
        assert_int_equal(read_status(stream), VD_EREFUSED);
        assert_int_equal(write_status(stream), VD_EREFUSED);
        port->close(NULL, stream);
    }
}

/* ---- no answer ------------------------------------------------------------------------------- */

static void expect_timeout(const char *host)
{
    int stream = start_to(host, PEER_PORT);

    run_ms(8000);
    assert_int_equal(state_of(stream), VD_AGAIN);
    assert_int_equal(read_status(stream), VD_AGAIN);
    assert_int_equal(write_status(stream), VD_AGAIN);
    run_ms(3000);
    assert_int_equal(state_of(stream), VD_ETIMEOUT);
    port->close(NULL, stream);
}

static void test_host_that_does_not_answer_times_out(void **state)
{
    (void)state;
    wire.loses_segments = true;
    expect_timeout(hosts[0]);
    expect_timeout(hosts[1]);
}

static void test_host_without_a_mac_address_times_out_as_soon(void **state)
{
    (void)state;
    wire.is_cut = true;
    expect_timeout("10.0.0.99");
    expect_timeout("2001:db8::99");
}

static void test_lost_syn_is_sent_again_after_a_second(void **state)
{
    (void)state;
    wire.loses_segments = true;
    int stream = start_to(hosts[0], PEER_PORT);
    run_ms(500);
    wire.loses_segments = false;
    run_ms(1500);
    assert_int_equal(state_of(stream), VD_OK);
    port->close(NULL, stream);
}

/* ---- pressure -------------------------------------------------------------------------------- */

static void test_peer_that_sends_much_is_held_by_the_window(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        int stream = connect_to(hosts[i]);
        peer.to_send = BULK;
        peer.sent = 0;
        run_ms(3000);
        assert_true(peer.sent <= TCP_WND + TCP_SND_BUF);
        assert_int_equal(state_of(stream), VD_OK);
        assert_int_equal(read_all(stream, 777), BULK);
        peer_end();
        run_ms(5);
        assert_int_equal(state_of(stream), VD_CLOSED);
        port->close(NULL, stream);
    }
}

static void test_bytes_that_come_one_by_one_take_no_buffers(void **state)
{
    (void)state;
    int stream = connect_to(hosts[1]);
    peer.segment_max = 1;
    peer.to_send = 3000;
    for (unsigned i = 0; i < 10000 && peer.sent < peer.to_send; i++) {
        run_ms(1);
        assert_true(wire_pool_room() >= pool_before - 1);
    }
    run_ms(1000);
    assert_int_equal(peer.sent, 3000);
    assert_int_equal(read_all(stream, 2048), 3000);
    peer_end();
    run_ms(5);
    port->close(NULL, stream);
}

static void test_peer_that_acknowledges_nothing_takes_no_more_memory_than_planned(void **state)
{
    static const uint8_t bytes[600];
    size_t total = 0, taken;

    (void)state;
    int stream = connect_to(hosts[0]);
    wire.loses_segments = true;
    while (port->write(NULL, stream, bytes, sizeof(bytes), &taken) == VD_OK) {
        total += taken;
        run_ms(10);
    }
    assert_int_equal(total, VD_LINK_OUT_BYTES);
    assert_int_equal(port->write(NULL, stream, bytes, 1, &taken), VD_AGAIN);
    assert_true(wire_heap_room() + VD_LINK_OUT_BYTES + 512 >= heap_before);
    wire.loses_segments = false;
    run_ms(5000);
    assert_int_equal(peer.got, total);
    write_all(stream, "more");
    run_ms(10);
    assert_int_equal(peer.got, total + 4);
    port->close(NULL, stream);
}

static void test_short_of_heap_a_write_waits(void **state)
{
    (void)state;
    int stream = connect_to(hosts[0]);
    void *block = mem_malloc((mem_size_t)wire_heap_room());
    assert_non_null(block);
    assert_int_equal(write_status(stream), VD_AGAIN);
    mem_free(block);
    assert_int_equal(write_status(stream), VD_OK);
    run_ms(10);
    assert_int_equal(peer.got, 1);
    port->close(NULL, stream);
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void test_one_connection_too_many_is_told_and_a_close_makes_room(void **state)
{
    struct vd_endpoint to = wire_endpoint(hosts[0], PEER_PORT);
    int streams[VD_LINKS_MAX], other = -1;

    (void)state;
    assert_int_equal(port->streams_max, VD_LINKS_MAX);
    for (unsigned i = 0; i < VD_LINKS_MAX; i++) {
        streams[i] = connect_to(hosts[i % HOSTS]);
    }
    assert_int_equal(port->open(NULL, &to, &other), VD_EFULL);
    port->close(NULL, streams[0]);
    assert_int_equal(port->open(NULL, &to, &other), VD_OK);
    port->close(NULL, other);
    for (unsigned i = 1; i < VD_LINKS_MAX; i++) {
        port->close(NULL, streams[i]);
    }
}

static void test_failed_connection_keeps_its_handle_until_it_is_closed(void **state)
{
    struct vd_endpoint to = wire_endpoint(hosts[0], PEER_PORT);
    int streams[VD_LINKS_MAX], other = -1;

    (void)state;
    for (unsigned i = 0; i < VD_LINKS_MAX; i++) {
        streams[i] = start_to(hosts[0], CLOSED_PORT);
    }
    run_ms(20);
    assert_int_equal(port->open(NULL, &to, &other), VD_EFULL);
    for (unsigned i = 0; i < VD_LINKS_MAX; i++) {
        port->close(NULL, streams[i]);
        port->close(NULL, streams[i]); /* twice does no harm */
        assert_int_equal(state_of(streams[i]), VD_EINVAL);
    }
    assert_int_equal(state_of(-1), VD_EINVAL);
    assert_int_equal(state_of((int)VD_LINKS_MAX), VD_EINVAL);
}

static void test_short_of_lwip_connections_open_fails_and_recovers(void **state)
{
    struct vd_endpoint to = wire_endpoint(hosts[0], PEER_PORT);
    struct tcp_pcb *taken[MEMP_NUM_TCP_PCB + 1];
    size_t count = 0;
    int stream = -1;

    (void)state;
    while (count <= MEMP_NUM_TCP_PCB && (taken[count] = tcp_new()) != NULL) {
        count++;
    }
    assert_in_range(count, 2 * VD_LINKS_MAX, MEMP_NUM_TCP_PCB);
    assert_int_equal(port->open(NULL, &to, &stream), VD_EFULL);
    while (count > 0) {
        tcp_abort(taken[--count]);
    }
    port->close(NULL, connect_to(hosts[0]));
}

static void test_no_address_of_the_family_is_told_at_once(void **state)
{
    struct vd_endpoint mapped = wire_endpoint("::ffff:10.0.0.2", PEER_PORT);
    struct vd_endpoint to = wire_endpoint(hosts[1], PEER_PORT);
    int stream = -1;

    (void)state;
    assert_int_equal(port->open(NULL, &mapped, &stream), VD_EIO);
    wire.is_link_up = false;
    run_ms(500);
    assert_int_equal(port->open(NULL, &to, &stream), VD_EIO);
    wire.is_link_up = true;
    run_ms(6000);
    port->close(NULL, connect_to(hosts[1]));
}

/* ---- closing --------------------------------------------------------------------------------- */

static void test_close_ends_in_order_when_all_is_acknowledged(void **state)
{
    (void)state;
    int stream = connect_to(hosts[0]);
    wire.resets = 0;
    write_all(stream, "question");
    run_ms(300); /* the peer's TCP delays its acknowledgement */
    port->close(NULL, stream);
    run_ms(10);
    assert_true(peer.has_fin);
    assert_int_equal(wire.resets, 0);
    peer_end();
}

static void test_close_with_data_unread_or_unsent_resets(void **state)
{
    (void)state;
    int stream = connect_to(hosts[0]);
    wire.resets = 0;
    peer.to_send = 100;
    run_ms(10);
    port->close(NULL, stream);
    run_ms(10);
    assert_true(peer.was_reset);

    peer.was_reset = false;
    stream = connect_to(hosts[1]);
    wire.loses_segments = true;
    write_all(stream, "lost");
    port->close(NULL, stream);
    assert_int_equal(wire.resets, 2);
    wire.loses_segments = false;
    peer_reset();
}

static void test_close_while_connecting_leaves_nothing(void **state)
{
    (void)state;
    wire.loses_segments = true;
    int stream = start_to(hosts[0], PEER_PORT);
    run_ms(100);
    port->close(NULL, stream);
    assert_null(tcp_active_pcbs);
}

static void test_peer_that_never_ends_its_side_is_dropped(void **state)
{
    (void)state;
    int stream = connect_to(hosts[0]);
    port->close(NULL, stream);
    run_ms(4000);
    assert_true(peer.has_fin);
    assert_true(peer.was_reset);
}

static void test_peer_that_falls_silent_holds_no_connection_after_close(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3 * MEMP_NUM_TCP_PCB; i++) {
        wire.loses_segments = false;
        int stream = connect_to(hosts[i % HOSTS]);
        wire.loses_segments = true;
        tcp_abort(peer.pcb); /* it does not hear of our end, nor we of its own */
        port->close(NULL, stream);
        run_ms(3000);
    }
    assert_null(tcp_active_pcbs);
}

/* ---- what must not be guessed ---------------------------------------------------------------- */

static void test_ports_and_sequence_numbers_do_not_count_up(void **state)
{
    unsigned near_port = 0, near_seq = 0;

    (void)state;
    wire.syns = 0;
    for (unsigned i = 0; i < 40; i++) {
        int stream = start_to(hosts[i % 2], CLOSED_PORT);
        run_ms(10);
        port->close(NULL, stream);
    }
    assert_int_equal(wire.syns, 40);
    for (unsigned i = 0; i < wire.syns; i++) {
        assert_in_range(wire.syn_port[i], 49152, 65535);
        if (i >= 2) {
            near_port += abs(wire.syn_port[i] - wire.syn_port[i - 2]) < 16;
            near_seq += wire.syn_seq[i] - wire.syn_seq[i - 2] < 1u << 24;
        }
    }
    assert_true(near_port <= 2);
    assert_true(near_seq <= 2);
}

/* ---- world ----------------------------------------------------------------------------------- */

static int start(void **state)
{
    (void)state;
    wire_start();
    wire_bring_up();
    port = vd_lwip_tcp_port();
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    wire.is_cut = false;
    wire.loses_segments = false;
    heap_before = wire_heap_room();
    pool_before = wire_pool_room();
    peer_start();
    return 0;
}

/* Whatever happened, lwIP holds nothing of it a few seconds later. */
static int expect_clean(void **state)
{
    (void)state;
    wire.is_cut = false;
    wire.loses_segments = false;
    if (peer.pcb != NULL) {
        tcp_abort(peer.pcb);
    }
    run_ms(8000);
    peer_stop();
    assert_null(tcp_active_pcbs);
    assert_null(tcp_bound_pcbs);
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
    assert_int_equal(wire_heap_room(), heap_before);
    assert_int_equal(wire_pool_room(), pool_before);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, expect_clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_question_and_answer_with_peers_of_both_families),
        TEST(test_data_before_the_end_is_read_first),
        TEST(test_data_before_a_reset_is_read_first),
        TEST(test_port_where_nobody_listens_is_refused),
        TEST(test_host_that_does_not_answer_times_out),
        TEST(test_host_without_a_mac_address_times_out_as_soon),
        TEST(test_lost_syn_is_sent_again_after_a_second),
        TEST(test_peer_that_sends_much_is_held_by_the_window),
        TEST(test_bytes_that_come_one_by_one_take_no_buffers),
        TEST(test_peer_that_acknowledges_nothing_takes_no_more_memory_than_planned),
        TEST(test_short_of_heap_a_write_waits),
        TEST(test_one_connection_too_many_is_told_and_a_close_makes_room),
        TEST(test_failed_connection_keeps_its_handle_until_it_is_closed),
        TEST(test_short_of_lwip_connections_open_fails_and_recovers),
        TEST(test_no_address_of_the_family_is_told_at_once),
        TEST(test_close_ends_in_order_when_all_is_acknowledged),
        TEST(test_close_with_data_unread_or_unsent_resets),
        TEST(test_close_while_connecting_leaves_nothing),
        TEST(test_peer_that_never_ends_its_side_is_dropped),
        TEST(test_peer_that_falls_silent_holds_no_connection_after_close),
        TEST(test_ports_and_sequence_numbers_do_not_count_up),
    };

    return cmocka_run_group_tests_name("lwip tcp", tests, start, NULL);
}
