/*
 * The datagram contract on lwIP: sockets, bursts, order.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/limits.h"
#include "port/lwip/net.h"
#include "tests/unit-lwip/wire.h"

static enum vd_status open_to(const char *text, uint16_t local_port, unsigned *socket)
{
    struct vd_endpoint to = wire_endpoint(text, 53);

    return vd_lwip_datagram_port()->open(NULL, local_port, &to, socket);
}

static void test_port_in_use_is_told_in_each_family(void **state)
{
    const struct vd_datagram_port *port = vd_lwip_datagram_port();
    unsigned four, six, other;

    (void)state;
    assert_int_equal(open_to("10.0.0.2", 50002, &four), VD_OK);
    assert_int_equal(open_to("2001:db8::2", 50002, &six), VD_OK); /* another family, another port */
    assert_int_equal(open_to("10.0.0.3", 50002, &other), VD_AGAIN);
    assert_int_equal(open_to("2001:db8::3", 50002, &other), VD_AGAIN);
    port->close(NULL, four);
    port->close(NULL, six);
}

static void expect_burst(const char *text)
{
    const struct vd_datagram_port *port = vd_lwip_datagram_port();
    unsigned socket[VD_FLIGHTS_MAX], other;
    struct vd_datagram_in in;
    unsigned answers = 0;

    for (uint16_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        assert_int_equal(open_to(text, (uint16_t)(51000 + i), &socket[i]), VD_OK);
        assert_int_equal(port->send(NULL, socket[i], (const uint8_t *)"question", 8), VD_OK);
    }
    assert_int_equal(open_to(text, 52000, &other), VD_EFULL);
    for (unsigned i = 0; i < 10; i++) {
        wire_turn();
        while (port->receive(NULL, &in) == VD_OK) {
            answers++;
        }
    }
    assert_int_equal(answers, VD_FLIGHTS_MAX);
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        port->close(NULL, socket[i]);
    }
}

static void test_all_questions_of_a_burst_wait_for_the_mac_address(void **state)
{
    (void)state;
    expect_burst("10.0.0.77");
    expect_burst("2001:db8::77");
}

static void test_ip_identification_does_not_count_up(void **state)
{
    const struct vd_datagram_port *port = vd_lwip_datagram_port();
    unsigned in_order = 0, socket;

    (void)state;
    wire.ip_ids_count = 0;
    wire.bad_checksums = 0;
    assert_int_equal(open_to("10.0.0.2", 50003, &socket), VD_OK);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(port->send(NULL, socket, (const uint8_t *)"question", 8), VD_OK);
        wire_run_ms(2);
    }
    port->close(NULL, socket);
    assert_int_equal(wire.bad_checksums, 0);
    assert_true(wire.ip_ids_count >= 40);
    for (unsigned i = 1; i < wire.ip_ids_count; i++) {
        in_order += (uint16_t)(wire.ip_ids[i] - wire.ip_ids[i - 1]) < 64;
    }
    assert_true(in_order <= 2);
}

static void test_socket_that_is_not_open_takes_no_datagram(void **state)
{
    static uint8_t block[65535];
    const struct vd_datagram_port *port = vd_lwip_datagram_port();
    unsigned socket;

    (void)state;
    assert_int_equal(open_to("10.0.0.2", 50004, &socket), VD_OK);
    assert_int_equal(port->send(NULL, socket, block, 65508), VD_EIO);
    assert_int_equal(port->send(NULL, socket, block, (size_t)65536 + 8), VD_EIO);
    port->close(NULL, socket);
    assert_int_equal(port->send(NULL, socket, block, 8), VD_EIO);
    assert_int_equal(port->send(NULL, VD_FLIGHTS_MAX, block, 8), VD_EIO);
    port->close(NULL, socket);
    port->close(NULL, VD_FLIGHTS_MAX);
}

static void test_busy_socket_does_not_hide_the_others(void **state)
{
    const struct vd_datagram_port *port = vd_lwip_datagram_port();
    unsigned socket[2];
    struct vd_datagram_in in;

    (void)state;
    assert_int_equal(open_to("10.0.0.2", 50005, &socket[0]), VD_OK);
    assert_int_equal(open_to("10.0.0.2", 50006, &socket[1]), VD_OK);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(port->send(NULL, socket[i % 2], (const uint8_t *)"question", 8), VD_OK);
        wire_run_ms(2);
    }
    assert_int_equal(port->receive(NULL, &in), VD_OK);
    unsigned first = in.socket;
    for (unsigned i = 1; i < 4; i++) {
        assert_int_equal(port->receive(NULL, &in), VD_OK);
        assert_int_equal(in.socket == first, i % 2 == 0);
    }
    assert_int_equal(port->receive(NULL, &in), VD_AGAIN);
    port->close(NULL, socket[0]);
    port->close(NULL, socket[1]);
}

static int start(void **state)
{
    (void)state;
    wire_start();
    wire_bring_up();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_port_in_use_is_told_in_each_family),
        cmocka_unit_test(test_all_questions_of_a_burst_wait_for_the_mac_address),
        cmocka_unit_test(test_ip_identification_does_not_count_up),
        cmocka_unit_test(test_socket_that_is_not_open_takes_no_datagram),
        cmocka_unit_test(test_busy_socket_does_not_hide_the_others),
    };

    return cmocka_run_group_tests_name("lwip datagram", tests, start, NULL);
}
