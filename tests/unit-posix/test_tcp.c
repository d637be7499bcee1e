/*
 * TCP of port/posix against real sockets on loopback.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/port_entropy.h"
#include "port/posix/posix.h"
#include "tests/unit-posix/peer.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <unistd.h>

static const struct vd_tcp_port *port;
static const enum vd_family families[] = {VD_FAMILY_IP4, VD_FAMILY_IP6};

static int tidy(void **state)
{
    for (unsigned i = 0; i < port->streams_max; i++) {
        port->close(port->ctx, (int)i);
    }
    return peer_tidy(state);
}

static enum vd_status settle(int stream)
{
    enum vd_status status = VD_AGAIN;

    for (unsigned i = 0; status == VD_AGAIN && i < 500; i++) {
        status = port->state(port->ctx, stream);
        if (status == VD_AGAIN) {
            peer_sleep_ms(1);
        }
    }
    return status;
}

static int open_to(const struct vd_endpoint *at)
{
    int stream = -1;

    assert_int_equal(port->open(port->ctx, at, &stream), VD_OK);
    return stream;
}

/* Exactly len bytes, or the status that came instead. */
static enum vd_status read_all(int stream, uint8_t *buf, size_t len)
{
    size_t have = 0;

    for (unsigned i = 0; have < len && i < 2000; i++) {
        size_t n = 0;
        enum vd_status status = port->read(port->ctx, stream, buf + have, len - have, &n);
        if (status == VD_OK) {
            assert_true(n > 0);
            have += n;
        } else if (status != VD_AGAIN) {
            return status;
        } else {
            peer_sleep_ms(1);
        }
    }
    return have == len ? VD_OK : VD_AGAIN;
}

static uint16_t port_of_peer(int fd)
{
    struct sockaddr_storage address;
    struct vd_endpoint at;
    socklen_t len = sizeof(address);

    assert_int_equal(getpeername(fd, (struct sockaddr *)&address, &len), 0);
    assert_true(vd_posix_endpoint(&address, &at));
    return at.port;
}

static void test_bytes_both_ways_over_both_families(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct vd_endpoint at;
        uint8_t buf[16];
        size_t n = 0;

        if (families[f] == VD_FAMILY_IP6 && !peer_has_ip6()) {
            continue;
        }
        int listener = peer_listen(families[f], &at);
        int stream = open_to(&at);
        assert_int_equal(settle(stream), VD_OK);
        int peer = peer_accept(listener);
        assert_int_equal(port->read(port->ctx, stream, buf, sizeof(buf), &n), VD_AGAIN);
        assert_int_equal(port->write(port->ctx, stream, (const uint8_t *)"ask", 3, &n), VD_OK);
        assert_int_equal(n, 3);
        assert_int_equal(recv(peer, buf, sizeof(buf), 0), 3);
        assert_int_equal(send(peer, "answer", 6, 0), 6);
        assert_int_equal(read_all(stream, buf, 6), VD_OK);
        assert_memory_equal(buf, "answer", 6);
        port->close(port->ctx, stream);
        assert_int_equal(recv(peer, buf, sizeof(buf), 0), 0);
        assert_int_equal(port->state(port->ctx, stream), VD_EINVAL);
    }
}

static void test_local_ports_are_drawn_at_random(void **state)
{
    struct vd_endpoint at;
    uint16_t ports[24];
    size_t neighbours = 0;

    (void)state;
    int listener = peer_listen(VD_FAMILY_IP4, &at);
    for (size_t i = 0; i < 24; i++) {
        int stream = open_to(&at);
        assert_int_equal(settle(stream), VD_OK);
        ports[i] = port_of_peer(peer_accept(listener));
        assert_true(ports[i] >= 32768);
        for (size_t j = 0; j < i; j++) {
            int distance = ports[i] - ports[j];
            neighbours += distance > -16 && distance < 16;
        }
        port->close(port->ctx, stream);
    }
    /* 276 pairs, each with 1 chance in 1057: more than 8 come once in ten million million runs. */
    assert_true(neighbours <= 8);
}

static void test_refused_is_told_by_the_state(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        size_t n = 0;
        uint8_t byte = 0;

        if (families[f] == VD_FAMILY_IP6 && !peer_has_ip6()) {
            continue;
        }
        const struct vd_endpoint at = peer_nobody(families[f], SOCK_STREAM);
        int stream = open_to(&at);
        assert_int_equal(settle(stream), VD_EREFUSED);
        assert_int_equal(port->write(port->ctx, stream, &byte, 1, &n), VD_EREFUSED);
        assert_int_equal(port->read(port->ctx, stream, &byte, 1, &n), VD_EREFUSED);
        port->close(port->ctx, stream);
    }
}

static void reset(int fd)
{
    const struct linger none = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none)), 0);
    (void)shutdown(fd, SHUT_RD);
    assert_int_equal(dup3(STDIN_FILENO, fd, O_CLOEXEC), fd); /* closes it; peer_tidy still may */
}

static void test_reset_in_the_middle_gives_what_came_before_it(void **state)
{
    struct vd_endpoint at;
    uint8_t buf[16];

    (void)state;
    int listener = peer_listen(VD_FAMILY_IP4, &at);
    int stream = open_to(&at);
    assert_int_equal(settle(stream), VD_OK);
    int peer = peer_accept(listener);
    assert_int_equal(send(peer, "half", 4, 0), 4);
    reset(peer);
    peer_sleep_ms(5);
    assert_int_equal(read_all(stream, buf, 4), VD_OK);
    assert_int_equal(read_all(stream, buf, 1), VD_EREFUSED);
    assert_int_equal(port->state(port->ctx, stream), VD_EREFUSED);
}

static void test_end_in_order_is_told_after_the_last_byte(void **state)
{
    struct vd_endpoint at;
    uint8_t buf[16];
    size_t n = 0;

    (void)state;
    int listener = peer_listen(VD_FAMILY_IP4, &at);
    int stream = open_to(&at);
    assert_int_equal(settle(stream), VD_OK);
    int peer = peer_accept(listener);
    assert_int_equal(send(peer, "bye", 3, 0), 3);
    assert_int_equal(shutdown(peer, SHUT_WR), 0);
    peer_sleep_ms(5);
    assert_int_equal(port->state(port->ctx, stream), VD_OK);
    assert_int_equal(read_all(stream, buf, 3), VD_OK);
    assert_int_equal(port->state(port->ctx, stream), VD_CLOSED);
    assert_int_equal(port->read(port->ctx, stream, buf, 1, &n), VD_CLOSED);
    assert_int_equal(port->write(port->ctx, stream, buf, 1, &n), VD_CLOSED);
}

static void test_bytes_that_come_one_by_one_all_arrive(void **state)
{
    static const char text[] = "slowly, byte by byte";
    struct vd_endpoint at;
    uint8_t buf[sizeof(text)];

    (void)state;
    int listener = peer_listen(VD_FAMILY_IP4, &at);
    int stream = open_to(&at);
    assert_int_equal(settle(stream), VD_OK);
    int peer = peer_accept(listener);
    for (size_t i = 0; i < sizeof(text); i++) {
        assert_int_equal(send(peer, text + i, 1, 0), 1);
        assert_int_equal(read_all(stream, buf + i, 1), VD_OK);
    }
    assert_memory_equal(buf, text, sizeof(text));
}

static void test_peer_that_reads_nothing_makes_writes_wait(void **state)
{
    static uint8_t block[65536];
    struct vd_endpoint at;
    size_t given = 0;
    size_t taken = 0;
    size_t n = 0;

    (void)state;
    int listener = peer_listen(VD_FAMILY_IP4, &at);
    int stream = open_to(&at);
    assert_int_equal(settle(stream), VD_OK);
    int peer = peer_accept(listener);
    enum vd_status status = VD_OK;
    while (status == VD_OK && given < 256 * sizeof(block)) {
        status = port->write(port->ctx, stream, block, sizeof(block), &n);
        given += status == VD_OK ? n : 0;
    }
    assert_int_equal(status, VD_AGAIN);
    assert_int_equal(port->state(port->ctx, stream), VD_OK);
    while (taken < given) {
        ssize_t got = recv(peer, block, sizeof(block), 0);
        assert_true(got > 0);
        taken += (size_t)got;
    }
    assert_int_equal(taken, given);
    assert_int_equal(port->write(port->ctx, stream, block, 10, &n), VD_OK);
}

static void test_streams_are_bounded_and_come_back(void **state)
{
    struct vd_endpoint at;
    int stream;

    (void)state;
    (void)peer_listen(VD_FAMILY_IP4, &at);
    for (unsigned i = 0; i < port->streams_max; i++) {
        assert_int_equal(open_to(&at), i);
    }
    assert_int_equal(port->open(port->ctx, &at, &stream), VD_EFULL);
    port->close(port->ctx, 1);
    assert_int_equal(open_to(&at), 1);
    port->close(port->ctx, -1);
    port->close(port->ctx, (int)port->streams_max);
    assert_int_equal(port->state(port->ctx, -1), VD_EINVAL);
}

static void test_no_route_is_told_by_open(void **state)
{
    struct vd_endpoint at = peer_loopback(VD_FAMILY_NONE, 53);
    int stream;

    (void)state;
    assert_int_equal(port->open(port->ctx, &at, &stream), VD_EIO);
    at = peer_loopback(VD_FAMILY_IP6, 53);
    memcpy(at.addr, "\xfe\x80", 2); /* a link-local address without its zone */
    assert_int_equal(port->open(port->ctx, &at, &stream), VD_EIO);
}

static void test_without_random_numbers_there_is_no_connection(void **state)
{
    const struct vd_endpoint at = peer_nobody(VD_FAMILY_IP4, SOCK_STREAM);
    int stream;

    (void)state;
    assert_int_equal(port->open(port->ctx, &at, &stream), VD_EIO);
}

int main(void)
{
    const struct CMUnitTest before[] = {
        cmocka_unit_test(test_without_random_numbers_there_is_no_connection),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_bytes_both_ways_over_both_families, tidy),
        cmocka_unit_test_setup(test_local_ports_are_drawn_at_random, tidy),
        cmocka_unit_test_setup(test_refused_is_told_by_the_state, tidy),
        cmocka_unit_test_setup(test_reset_in_the_middle_gives_what_came_before_it, tidy),
        cmocka_unit_test_setup(test_end_in_order_is_told_after_the_last_byte, tidy),
        cmocka_unit_test_setup(test_bytes_that_come_one_by_one_all_arrive, tidy),
        cmocka_unit_test_setup(test_peer_that_reads_nothing_makes_writes_wait, tidy),
        cmocka_unit_test_setup(test_streams_are_bounded_and_come_back, tidy),
        cmocka_unit_test_setup(test_no_route_is_told_by_open, tidy),
    };
    uint8_t seed[VD_SEED_LEN];

    port = vd_posix_tcp_port();
    int failed = cmocka_run_group_tests_name("posix tcp before a seed", before, NULL, NULL);
    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed) ||
        vd_entropy_seed(seed, sizeof(seed)) != VD_OK) {
        return 1;
    }
    return failed + cmocka_run_group_tests_name("posix tcp", tests, NULL, tidy);
}
