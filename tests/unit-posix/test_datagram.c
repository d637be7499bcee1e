/*
 * UDP of port/posix against real sockets on loopback.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/posix/posix.h"
#include "tests/unit-posix/peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

static const struct vd_datagram_port *port;
static const enum vd_family families[] = {VD_FAMILY_IP4, VD_FAMILY_IP6};

static int tidy(void **state)
{
    for (unsigned i = 0; i < port->sockets_max; i++) {
        port->close(port->ctx, i);
    }
    return peer_tidy(state);
}

/* From any free port; *local is which. */
static unsigned open_to(const struct vd_endpoint *at, uint16_t *local)
{
    unsigned socket = UINT16_MAX;
    enum vd_status status = VD_AGAIN;

    for (uint16_t i = 40000; status == VD_AGAIN && i < 40100; i++) {
        *local = i;
        status = port->open(port->ctx, i, at, &socket);
    }
    assert_int_equal(status, VD_OK);
    return socket;
}

static enum vd_status receive(struct vd_datagram_in *in)
{
    enum vd_status status = VD_AGAIN;

    memset(in, 0, sizeof(*in));
    for (unsigned i = 0; status == VD_AGAIN && i < 200; i++) {
        status = port->receive(port->ctx, in);
        if (status == VD_AGAIN) {
            peer_sleep_ms(1);
        }
    }
    return status;
}

static void send_from(int fd, const struct vd_endpoint *to, const void *bytes, size_t len)
{
    struct sockaddr_storage address;
    socklen_t address_len;

    assert_int_equal(vd_posix_sockaddr(to, &address, &address_len), VD_OK);
    assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&address, address_len), len);
}

static void test_question_and_answer_over_both_families(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct vd_endpoint at;
        struct vd_datagram_in in;
        struct sockaddr_storage from;
        struct vd_endpoint client;
        socklen_t from_len = sizeof(from);
        uint16_t local;
        uint8_t buf[16];

        if (families[f] == VD_FAMILY_IP6 && !peer_has_ip6()) {
            continue;
        }
        int peer = peer_bind(families[f], SOCK_DGRAM, &at);
        unsigned socket = open_to(&at, &local);
        assert_int_equal(port->receive(port->ctx, &in), VD_AGAIN);
        assert_int_equal(port->send(port->ctx, socket, (const uint8_t *)"ask", 3), VD_OK);
        assert_int_equal(recvfrom(peer, buf, sizeof(buf), 0, (struct sockaddr *)&from, &from_len),
                         3);
        assert_true(vd_posix_endpoint(&from, &client));
        assert_int_equal(client.port, local);
        send_from(peer, &client, "answer", 6);
        assert_int_equal(receive(&in), VD_OK);
        assert_int_equal(in.socket, socket);
        assert_int_equal(in.len, 6);
        assert_memory_equal(in.bytes, "answer", 6);
        assert_true(vd_endpoint_is_equal(&in.from, &at));
        port->close(port->ctx, socket);
    }
}

static void test_empty_and_largest_datagrams_arrive_whole(void **state)
{
    static uint8_t block[65507];
    struct vd_endpoint at;
    struct vd_datagram_in in;
    uint16_t local;

    (void)state;
    memset(block, 7, sizeof(block));
    int peer = peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &at);
    unsigned socket = open_to(&at, &local);
    const struct vd_endpoint client = peer_loopback(VD_FAMILY_IP4, local);
    send_from(peer, &client, block, sizeof(block));
    send_from(peer, &client, "", 0);
    assert_int_equal(receive(&in), VD_OK);
    assert_int_equal(in.len, sizeof(block));
    assert_memory_equal(in.bytes, block, sizeof(block));
    assert_int_equal(receive(&in), VD_OK);
    assert_int_equal(in.len, 0);
    port->close(port->ctx, socket);
}

static void test_datagram_of_a_stranger_is_never_handed_over(void **state)
{
    struct vd_endpoint at;
    struct vd_endpoint elsewhere;
    struct vd_datagram_in in;
    uint16_t local;

    (void)state;
    int peer = peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &at);
    int stranger = peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &elsewhere);
    unsigned socket = open_to(&at, &local);
    const struct vd_endpoint client = peer_loopback(VD_FAMILY_IP4, local);
    for (unsigned i = 0; i < 10; i++) {
        send_from(stranger, &client, "forged", 6);
    }
    send_from(peer, &client, "true", 4);
    assert_int_equal(receive(&in), VD_OK);
    assert_memory_equal(in.bytes, "true", 4);
    assert_int_equal(port->receive(port->ctx, &in), VD_AGAIN);
    port->close(port->ctx, socket);
}

static void test_nobody_listening_is_refused_and_the_socket_goes_on(void **state)
{
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct vd_datagram_in in;
        uint16_t local;

        if (families[f] == VD_FAMILY_IP6 && !peer_has_ip6()) {
            continue;
        }
        const struct vd_endpoint at = peer_nobody(families[f], SOCK_DGRAM);
        unsigned socket = open_to(&at, &local);
        assert_int_equal(port->send(port->ctx, socket, (const uint8_t *)"ask", 3), VD_OK);
        assert_int_equal(receive(&in), VD_EREFUSED);
        assert_int_equal(in.socket, socket);
        /* The next send meets the error of the one before: it is neither lost nor fatal. */
        assert_int_equal(port->send(port->ctx, socket, (const uint8_t *)"ask", 3), VD_OK);
        peer_sleep_ms(5);
        assert_int_equal(port->send(port->ctx, socket, (const uint8_t *)"ask", 3), VD_OK);
        assert_int_equal(receive(&in), VD_EREFUSED);
        port->close(port->ctx, socket);
    }
}

static void test_local_port_in_use_says_again_and_takes_no_socket(void **state)
{
    struct vd_endpoint at;
    struct vd_endpoint taken;
    unsigned socket;
    uint16_t local;

    (void)state;
    (void)peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &at);
    (void)peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &taken);
    assert_int_equal(port->open(port->ctx, taken.port, &at, &socket), VD_AGAIN);
    (void)open_to(&at, &local);
    assert_int_equal(port->open(port->ctx, local, &at, &socket), VD_AGAIN);
    if (peer_has_ip6()) {
        /* The families do not share ports. */
        const struct vd_endpoint at6 = peer_loopback(VD_FAMILY_IP6, at.port);
        assert_int_equal(port->open(port->ctx, local, &at6, &socket), VD_OK);
    }
}

static void test_sockets_are_bounded_and_come_back(void **state)
{
    struct vd_endpoint at;
    unsigned socket;
    uint16_t local;

    (void)state;
    (void)peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &at);
    for (unsigned i = 0; i < port->sockets_max; i++) {
        assert_int_equal(open_to(&at, &local), i);
    }
    assert_int_equal(port->open(port->ctx, 40200, &at, &socket), VD_EFULL);
    port->close(port->ctx, 3);
    assert_int_equal(open_to(&at, &local), 3);
    /* What is closed twice, or never was open, harms nobody. */
    port->close(port->ctx, 3);
    port->close(port->ctx, 3);
    port->close(port->ctx, port->sockets_max);
    assert_int_equal(port->send(port->ctx, 3, (const uint8_t *)"x", 1), VD_EIO);
}

static void test_busy_socket_does_not_hide_the_others(void **state)
{
    struct vd_endpoint at;
    struct vd_datagram_in in;
    uint16_t local[2];
    unsigned got[2] = {0};

    (void)state;
    int peer = peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &at);
    unsigned first = open_to(&at, &local[0]);
    unsigned second = open_to(&at, &local[1]);
    const struct vd_endpoint busy = peer_loopback(VD_FAMILY_IP4, local[0]);
    const struct vd_endpoint quiet = peer_loopback(VD_FAMILY_IP4, local[1]);
    for (unsigned i = 0; i < 100; i++) {
        send_from(peer, &busy, "flood", 5);
    }
    send_from(peer, &quiet, "one", 3);
    peer_sleep_ms(5);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(receive(&in), VD_OK);
        got[in.socket == second]++;
        assert_true(in.socket == first || in.socket == second);
    }
    assert_int_equal(got[1], 1);
}

static void test_no_route_and_no_family_are_errors(void **state)
{
    struct vd_endpoint at = peer_loopback(VD_FAMILY_NONE, 53);
    unsigned socket;

    (void)state;
    assert_int_equal(port->open(port->ctx, 40300, &at, &socket), VD_EIO);
    at = peer_loopback(VD_FAMILY_IP6, 53);
    memcpy(at.addr, "\xfe\x80", 2); /* a link-local address without its zone */
    assert_int_equal(port->open(port->ctx, 40300, &at, &socket), VD_EIO);
}

static void test_sockets_are_not_inherited_and_do_not_block(void **state)
{
    struct vd_endpoint at;

    (void)state;
    (void)peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &at);
    int fd = vd_posix_socket(&at, SOCK_DGRAM);
    assert_true(fd >= 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_question_and_answer_over_both_families, tidy),
        cmocka_unit_test_setup(test_empty_and_largest_datagrams_arrive_whole, tidy),
        cmocka_unit_test_setup(test_datagram_of_a_stranger_is_never_handed_over, tidy),
        cmocka_unit_test_setup(test_nobody_listening_is_refused_and_the_socket_goes_on, tidy),
        cmocka_unit_test_setup(test_local_port_in_use_says_again_and_takes_no_socket, tidy),
        cmocka_unit_test_setup(test_sockets_are_bounded_and_come_back, tidy),
        cmocka_unit_test_setup(test_busy_socket_does_not_hide_the_others, tidy),
        cmocka_unit_test_setup(test_no_route_and_no_family_are_errors, tidy),
        cmocka_unit_test_setup(test_sockets_are_not_inherited_and_do_not_block, tidy),
    };

    port = vd_posix_datagram_port();
    return cmocka_run_group_tests_name("posix datagram", tests, NULL, peer_tidy);
}
