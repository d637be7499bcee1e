/*
 * The TLS streams of port/posix: bytes, ends and bounds, and peers that are none.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/port.h"
#include "port/port_console.h"
#include "tests/unit-posix/tls_client.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- bytes ------------------------------------------------------------------------------- */

static void test_much_more_than_the_buffers_goes_both_ways(void **state)
{
    static uint8_t sent[200000];
    static uint8_t got[sizeof(sent)];
    struct vd_endpoint at;
    size_t given = 0;
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(sent); i++) {
        sent[i] = (uint8_t)(i % 100 == 99 ? '\n' : 'a' + i * 7 % 26);
    }
    peer_openssl("ec", both, &at);
    aim(&at, "root.crt", "collector.example");
    int stream = open_up();
    for (unsigned i = 0; i < 20000 && taken < sizeof(got); i++) {
        size_t n = 0;
        if (given < sizeof(sent) &&
            port->write(port->ctx, stream, sent + given, sizeof(sent) - given, &n) == VD_OK) {
            given += n;
        }
        /* In odd pieces, so that the ring wraps everywhere. */
        size_t want = sizeof(got) - taken < 977 ? sizeof(got) - taken : 977;
        if (port->read(port->ctx, stream, got + taken, want, &n) == VD_OK) {
            taken += n;
        } else {
            turn();
        }
    }
    assert_int_equal(taken, sizeof(got));
    for (size_t i = 0; i < sizeof(got); i++) {
        size_t line = i / 100 * 100;
        assert_int_equal(got[i], i % 100 == 99 ? '\n' : sent[line + 98 - i % 100]);
    }
    wait_acked(stream);
}

static void test_peer_that_closes_in_order_is_closed(void **state)
{
    struct vd_endpoint at;
    uint8_t byte;
    size_t n;

    (void)state;
    peer_openssl("ec", both, &at);
    aim(&at, "root.crt", "collector.example");
    int stream = open_up();
    exchange(stream);
    send_all(stream, "CLOSE\n", 6);
    for (unsigned i = 0; port->state(port->ctx, stream) == VD_OK && i < 1000; i++) {
        turn();
    }
    assert_int_equal(port->state(port->ctx, stream), VD_CLOSED);
    assert_int_equal(port->read(port->ctx, stream, &byte, 1, &n), VD_CLOSED);
    assert_int_equal(port->write(port->ctx, stream, &byte, 1, &n), VD_CLOSED);
}

static void test_reset_with_data_on_the_way_stays_unacked(void **state)
{
    static uint8_t block[65536];
    struct vd_endpoint at;
    enum vd_status status = VD_OK;

    (void)state;
    memset(block, 'x', sizeof(block)); /* a line without end: the server never answers */
    peer_openssl("ec", both, &at);
    aim(&at, "root.crt", "collector.example");
    int stream = open_up();
    peer_stop();
    for (unsigned i = 0; i < 4000 && status != VD_AGAIN; i++) {
        size_t n = 0;
        status = port->write(port->ctx, stream, block, sizeof(block), &n);
        vd_port_turn();
    }
    assert_int_equal(status, VD_AGAIN);
    size_t waiting = port->unacked(port->ctx, stream);
    assert_true(waiting > VD_TLS_OUT_BYTES / 2);
    peer_kill();
    for (unsigned i = 0; port->state(port->ctx, stream) == VD_OK && i < 1000; i++) {
        turn();
    }
    assert_int_equal(port->state(port->ctx, stream), VD_EREFUSED);
    assert_string_equal(port->why(port->ctx, stream), "peer reset the connection");
    assert_true(port->unacked(port->ctx, stream) >= waiting / 2);
}

/* The socket of our stream to that peer. */
static int find_socket(const struct vd_endpoint *peer)
{
    struct sockaddr_storage address;
    struct vd_endpoint at;

    for (int fd = 0; fd < 1024; fd++) {
        socklen_t len = sizeof(address);
        if (getpeername(fd, (struct sockaddr *)&address, &len) == 0 &&
            vd_posix_endpoint(&address, &at) && vd_endpoint_is_equal(&at, peer)) {
            return fd;
        }
    }
    fail_msg("no socket to the peer");
    return -1;
}

/* Until the peer, which is stopped, and both kernels are full. */
static void fill(int stream)
{
    static uint8_t block[65536];
    enum vd_status status = VD_OK;
    size_t n = 0;

    /* The kernels go on shifting bytes for a moment. */
    for (unsigned quiet = 0; quiet < 20; quiet++) {
        for (unsigned i = 0; i < 100000 && status != VD_AGAIN; i++) {
            status = port->write(port->ctx, stream, block, sizeof(block), &n);
            quiet = status == VD_OK ? 0 : quiet;
            vd_port_turn();
        }
        assert_int_equal(status, VD_AGAIN);
        status = VD_OK;
        peer_sleep_ms(5);
    }
}

static void test_peer_that_does_not_answer_any_more_is_a_timeout(void **state)
{
    const int short_ms = 100;
    struct vd_endpoint at;

    (void)state;
    peer_openssl("ec", both, &at);
    aim(&at, "root.crt", "collector.example");
    int stream = open_up();
    peer_stop();
    fill(stream);
    assert_int_equal(
        setsockopt(find_socket(&at), IPPROTO_TCP, TCP_USER_TIMEOUT, &short_ms, sizeof(short_ms)),
        0);
    for (unsigned i = 0; port->state(port->ctx, stream) == VD_OK && i < 5000; i++) {
        turn();
    }
    assert_int_equal(port->state(port->ctx, stream), VD_ETIMEOUT);
    assert_string_equal(port->why(port->ctx, stream), "no answer from the peer any more");
    assert_true(port->unacked(port->ctx, stream) > 0);
}

/* TLS reads nothing before the record in hand is sent: what waits must not keep the loop awake. */
static void test_record_that_cannot_be_sent_lets_the_loop_sleep(void **state)
{
    static uint8_t lines[2 * VD_STREAM_RX_BYTES];
    struct vd_endpoint at;
    size_t n = 0;
    char c;

    (void)state;
    peer_openssl("ec", both, &at);
    aim(&at, "root.crt", "collector.example");
    int stream = open_up();
    memset(lines, '\n', sizeof(lines));
    send_all(stream, lines, sizeof(lines));
    peer_sleep_ms(300); /* more answers are there than the stream has room for */
    peer_stop();
    fill(stream);
    assert_int_equal(port->read(port->ctx, stream, lines, 100, &n), VD_OK);
    while (vd_console_read(&c) == VD_OK) { /* nor may standard input keep it awake */
    }
    uint64_t start_ms = vd_clock_ms();
    vd_port_idle(start_ms + 60);
    assert_true(vd_clock_ms() - start_ms >= 59);
}

/* ---- peers that are none ----------------------------------------------------------------- */

static void test_nobody_listening_is_refused(void **state)
{
    const struct vd_endpoint at = peer_nobody(VD_FAMILY_IP4, SOCK_STREAM);

    (void)state;
    aim(&at, "root.crt", "collector.example");
    int stream = open_stream();
    assert_int_equal(settle(stream), VD_EREFUSED);
    assert_string_equal(port->why(port->ctx, stream), "connection refused");
    assert_int_equal(port->unacked(port->ctx, stream), 0);
}

/* A peer of plain TCP that has read the ClientHello. */
static int meet_plain(int *stream)
{
    struct vd_endpoint at;
    uint8_t hello[4096];

    int listener = peer_listen(VD_FAMILY_IP4, &at);
    aim(&at, "root.crt", "collector.example");
    *stream = open_stream();
    int peer = peer_accept(listener);
    for (unsigned i = 0; i < 10; i++) {
        turn();
    }
    assert_true(recv(peer, hello, sizeof(hello), 0) > 100);
    return peer;
}

static void test_peer_that_closes_early_is_told(void **state)
{
    int stream;
    int peer = meet_plain(&stream);

    (void)state;
    (void)shutdown(peer, SHUT_RDWR);
    assert_int_equal(settle(stream), VD_EIO);
    assert_string_equal(port->why(port->ctx, stream),
                        "peer closed the connection as the handshake began: it may speak only an "
                        "older TLS (below 1.2)");
}

static void test_peer_that_resets_in_the_handshake_is_told(void **state)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};
    int stream;
    int peer = meet_plain(&stream);

    (void)state;
    assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
    assert_int_equal(dup3(STDIN_FILENO, peer, O_CLOEXEC), peer); /* closes it */
    assert_int_equal(settle(stream), VD_EREFUSED);
    assert_string_equal(port->why(port->ctx, stream),
                        "peer reset the connection during the handshake");
}

static void test_peer_that_speaks_no_tls_is_told(void **state)
{
    int stream;
    int peer = meet_plain(&stream);

    (void)state;
    assert_int_equal(send(peer, "220 mail.example ESMTP\r\n", 24, 0), 24);
    assert_int_equal(settle(stream), VD_EIO);
    assert_string_equal(port->why(port->ctx, stream), "peer does not speak TLS on this port");
}

static void test_peer_that_never_answers_leaves_it_to_the_owner_to_give_up(void **state)
{
    uint8_t byte;
    int stream;
    int peer = meet_plain(&stream);

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        turn();
        assert_int_equal(port->state(port->ctx, stream), VD_AGAIN);
    }
    port->close(port->ctx, stream);
    assert_int_equal(recv(peer, &byte, 1, 0), 0);
}

/* ---- bounds ------------------------------------------------------------------------------ */

static void test_streams_are_bounded_and_all_work_at_once(void **state)
{
    struct vd_endpoint at;
    int streams[VD_TLS_SLOTS];
    int extra;

    (void)state;
    int listener = peer_listen(VD_FAMILY_IP4, &at);
    aim(&at, "root.crt", "collector.example");
    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        streams[i] = open_stream();
        (void)peer_accept(listener);
        assert_int_equal(streams[i], i);
    }
    for (unsigned i = 0; i < 20; i++) {
        turn();
    }
    assert_int_equal(port->open(port->ctx, &target, &extra), VD_EFULL);
    assert_string_equal(port->why(port->ctx, -1), "all TLS connections are in use (VD_TLS_SLOTS)");
    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        assert_int_equal(port->state(port->ctx, streams[i]), VD_AGAIN);
    }
    port->close(port->ctx, streams[1]);
    assert_int_equal(open_stream(), streams[1]);
}

static void test_closed_stream_gives_its_handle_back_at_once(void **state)
{
    struct vd_endpoint at;

    (void)state;
    peer_openssl("ec", both, &at);
    for (unsigned i = 0; i < 3 * VD_TLS_SLOTS; i++) {
        aim(&at, "root.crt", "collector.example");
        int stream = open_up();
        assert_int_equal(stream, 0);
        port->close(port->ctx, stream); /* and the socket may still linger */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(test_much_more_than_the_buffers_goes_both_ways),
        TLS_TEST(test_peer_that_closes_in_order_is_closed),
        TLS_TEST(test_reset_with_data_on_the_way_stays_unacked),
        TLS_TEST(test_peer_that_does_not_answer_any_more_is_a_timeout),
        TLS_TEST(test_record_that_cannot_be_sent_lets_the_loop_sleep),
        TLS_TEST(test_nobody_listening_is_refused),
        TLS_TEST(test_peer_that_closes_early_is_told),
        TLS_TEST(test_peer_that_resets_in_the_handshake_is_told),
        TLS_TEST(test_peer_that_speaks_no_tls_is_told),
        TLS_TEST(test_peer_that_never_answers_leaves_it_to_the_owner_to_give_up),
        TLS_TEST(test_streams_are_bounded_and_all_work_at_once),
        TLS_TEST(test_closed_stream_gives_its_handle_back_at_once),
    };

    if (start_tls() != 0) {
        return 1;
    }
    return cmocka_run_group_tests_name("posix tls bytes", tests, NULL, NULL);
}
