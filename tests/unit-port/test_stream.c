/*
 * struct vd_stream_port on lwIP: the contract of port/port_stream.h, against a real TLS server.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/lwip/net.h"
#include "port/lwip/stream.h"
#include "port/port_entropy.h"
#include "port/port_stream.h"
#include "tests/unit-port/tls_world.h"

static const struct vd_stream_port *port;
static struct vd_stream_target target;
static uint8_t anchors[4096];

static void aim(const char *root, const char *host)
{
    size_t len;
    const uint8_t *file = world_file(root, &len);

    assert_true(len <= sizeof(anchors));
    memcpy(anchors, file, len);
    memset(&target, 0, sizeof(target));
    target.at.family = VD_FAMILY_IP4;
    target.at.port = 6514;
    memcpy(target.at.addr, "\xc0\x00\x02\x01", 4);
    target.host = host;
    target.ca = anchors;
    target.ca_len = len;
}

/* The key of that certificate, and nothing else, is proof. */
static void aim_pin(const char *name)
{
    size_t len;
    const uint8_t *file = world_file(name, &len);

    assert_int_equal(len, 32 + 1);
    memcpy(anchors, file, 32);
    memset(&target, 0, sizeof(target));
    target.at = (struct vd_endpoint){
        .family = VD_FAMILY_IP4, .port = 853, .addr = {0xc0, 0x00, 0x02, 0x01}};
    target.pin = anchors;
}

static void serve_tickets(const char *cert, int version)
{
    const struct world_server how = {.cert = cert, .version = version, .does_tickets = true};

    vd_lwip_stream_forget();
    world_reset(&how);
}

static int tidy(void **state)
{
    (void)state;
    for (int i = 0; i < (int)port->streams_max; i++) {
        port->close(port->ctx, i);
    }
    world_drop();
    vd_lwip_stream_forget();
    return 0;
}

static int open_stream(void)
{
    int stream = -1;

    assert_int_equal(port->open(port->ctx, &target, &stream), VD_OK);
    assert_int_equal(port->state(port->ctx, stream), VD_AGAIN);
    assert_true(world.local_port >= 49152);
    for (unsigned i = 0; i < 200 && port->state(port->ctx, stream) == VD_AGAIN; i++) {
        world_run(1);
    }
    return stream;
}

static void close_stream(int stream)
{
    port->close(port->ctx, stream);
    world_run(5);
    world_fin();
    world_run(5);
}

static void expect_clean(void)
{
    vd_lwip_stream_forget();
    world_expect_clean();
}

static void test_stream_carries_data_both_ways_and_tells_when_all_has_arrived(void **state)
{
    uint8_t buf[100];
    size_t n = 0;

    (void)state;
    serve_tickets("ec", 0);
    aim("root.crt", "collector.example");
    int stream = open_stream();
    assert_int_equal(port->state(port->ctx, stream), VD_OK);
    assert_int_equal(port->read(port->ctx, stream, buf, sizeof(buf), &n), VD_AGAIN);
    assert_int_equal(port->write(port->ctx, stream, (const uint8_t *)"hello", 5, &n), VD_OK);
    assert_int_equal(n, 5);
    assert_true(port->unacked(port->ctx, stream) >= 5);
    world_server_write("answer", 6);
    world_run(10);
    assert_int_equal(port->unacked(port->ctx, stream), 0);
    assert_int_equal(world.srv_got_len, 5);
    assert_int_equal(port->read(port->ctx, stream, buf, 4, &n), VD_OK);
    assert_int_equal(n, 4);
    assert_int_equal(port->read(port->ctx, stream, buf + 4, 10, &n), VD_OK);
    assert_int_equal(n, 2);
    assert_memory_equal(buf, "answer", 6);
    assert_string_equal(port->why(port->ctx, stream), "");
    close_stream(stream);
    assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    assert_false(world.was_aborted);
    expect_clean();
}

static void test_stream_moves_much_more_than_its_buffers(void **state)
{
    static uint8_t block[12000];
    static uint8_t got[12000];
    size_t given = 0;
    size_t taken = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] = (uint8_t)(i * 13 + i / 256);
    }
    serve_tickets("ec", 0);
    aim("root.crt", "collector.example");
    int stream = open_stream();
    world_server_write(block, sizeof(block));
    for (unsigned i = 0; i < 5000 && (given < sizeof(block) || taken < sizeof(got)); i++) {
        size_t n = 0;
        if (port->write(port->ctx, stream, block + given, sizeof(block) - given, &n) == VD_OK) {
            given += n;
        }
        /* In odd pieces, so that the ring wraps everywhere. */
        if (port->read(port->ctx, stream, got + taken, LWIP_MIN(sizeof(got) - taken, 97), &n) ==
            VD_OK) {
            taken += n;
        }
        world_run(1);
    }
    for (unsigned i = 0; i < 1000 && world.srv_got_len < sizeof(block); i++) {
        world_run(1); /* the server takes one record at a turn */
    }
    world_run(2);
    assert_memory_equal(got, block, sizeof(block));
    assert_int_equal(world.srv_got_len, sizeof(block));
    assert_memory_equal(world.srv_got, block, sizeof(block));
    assert_int_equal(port->unacked(port->ctx, stream), 0);
    close_stream(stream);
    expect_clean();
}

static void test_stream_end_in_order_gives_the_rest_and_then_closed(void **state)
{
    uint8_t buf[10];
    size_t n = 0;

    (void)state;
    serve_tickets("ec", 0);
    aim("root.crt", "collector.example");
    int stream = open_stream();
    world_server_write("bye", 3);
    world_server_close();
    world_run(5);
    assert_int_equal(port->state(port->ctx, stream), VD_CLOSED);
    assert_int_equal(port->read(port->ctx, stream, buf, sizeof(buf), &n), VD_OK);
    assert_int_equal(n, 3);
    assert_int_equal(port->read(port->ctx, stream, buf, sizeof(buf), &n), VD_CLOSED);
    assert_int_equal(port->write(port->ctx, stream, buf, 1, &n), VD_CLOSED);
    world_fin();
    world_run(5);
    assert_int_equal(port->state(port->ctx, stream), VD_CLOSED);
    close_stream(stream);
    expect_clean();
}

static void test_stream_to_unverified_peer_fails_and_says_why(void **state)
{
    size_t n = 0;

    (void)state;
    serve_tickets("ec", 0);
    aim("root.crt", "a.example");
    int stream = open_stream();
    assert_int_equal(port->state(port->ctx, stream), VD_EUNVERIFIED);
    assert_int_equal(port->write(port->ctx, stream, anchors, 10, &n), VD_EUNVERIFIED);
    assert_int_equal(port->read(port->ctx, stream, anchors, 10, &n), VD_EUNVERIFIED);
    assert_string_equal(
        port->why(port->ctx, stream),
        "host name is a.example, certificate says collector.example, second.example, 192.0.2.1");
    assert_int_equal(world.srv_got_len, 0);
    close_stream(stream);
    assert_int_equal(port->state(port->ctx, stream), VD_EINVAL);
    expect_clean();
}

static void test_stream_reset_with_data_on_the_way_stays_unacked(void **state)
{
    size_t n = 0;

    (void)state;
    serve_tickets("ec", 0);
    aim("root.crt", "collector.example");
    int stream = open_stream();
    world_run(5);
    world.faults.acks_late = true;
    assert_int_equal(port->write(port->ctx, stream, (const uint8_t *)"lost", 4, &n), VD_OK);
    world_run(2);
    world.faults.reset_after_out = 1;
    world_run(2);
    assert_int_equal(port->state(port->ctx, stream), VD_EREFUSED);
    assert_string_equal(port->why(port->ctx, stream), "peer reset the connection");
    assert_true(port->unacked(port->ctx, stream) > 4);
    close_stream(stream);
    expect_clean();
}

static void test_stream_to_a_peer_that_vanished_ends_in_a_timeout_and_says_so(void **state)
{
    static const unsigned turns[] = {2, 20}; /* in the handshake, and after it */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int stream = -1;

        serve_tickets("ec", 0);
        aim("root.crt", "collector.example");
        assert_int_equal(port->open(port->ctx, &target, &stream), VD_OK);
        world_run(turns[i]);
        assert_int_equal(port->state(port->ctx, stream), i == 0 ? VD_AGAIN : VD_OK);
        world_vanish();
        world_run(3);
        assert_int_equal(port->state(port->ctx, stream), VD_ETIMEOUT);
        assert_string_equal(port->why(port->ctx, stream), "no answer from the peer any more");
        close_stream(stream);
        expect_clean();
    }
}

static void test_stream_refused_and_unanswered(void **state)
{
    (void)state;
    serve_tickets("ec", 0);
    aim("root.crt", "collector.example");
    world.faults.refuses = true;
    int stream = open_stream();
    assert_int_equal(port->state(port->ctx, stream), VD_EREFUSED);
    assert_string_equal(port->why(port->ctx, stream), "connection refused");
    close_stream(stream);
    world_again();
    world.faults.refuses = false;
    world.faults.never_answers = true;
    stream = open_stream();
    assert_int_equal(port->state(port->ctx, stream), VD_ETIMEOUT);
    close_stream(stream);
    expect_clean();
}

static void test_stream_open_refuses_what_could_not_be_verified(void **state)
{
    int stream = -1;

    (void)state;
    serve_tickets("ec", 0);
    aim("root.crt", "");
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    assert_string_equal(port->why(port->ctx, -1), "no host name to verify the peer against");
    aim("root.crt", "collector.example");
    target.ca = NULL;
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    aim("ec.key", "collector.example");
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    assert_memory_equal(port->why(port->ctx, -1), "trust anchors cannot be read", 28);
    aim("root.crt", "collector.example");
    target.at.family = VD_FAMILY_NONE;
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EIO);
    aim_pin("ec.pin");
    target.host = "collector.example";
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    assert_string_equal(port->why(port->ctx, -1), "a pin beside a host name or trust anchors");
    target.host = NULL;
    target.ca = anchors;
    target.ca_len = 32;
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    assert_int_equal(world.opened, 0);
    expect_clean();
}

static void test_stream_binds_in_the_family_of_its_peer(void **state)
{
    (void)state;
    for (int ip6 = 0; ip6 < 2; ip6++) {
        serve_tickets("ec", 0);
        aim("root.crt", "collector.example");
        target.at.family = ip6 != 0 ? VD_FAMILY_IP6 : VD_FAMILY_IP4;
        int stream = open_stream();
        assert_int_equal(port->state(port->ctx, stream), VD_OK);
        assert_int_equal(world.is_ip6, ip6);
        assert_int_equal(world.is_local_ip6, ip6);
        close_stream(stream);
        expect_clean();
    }
}

static void test_stream_to_the_pinned_key_needs_no_name_and_no_anchor(void **state)
{
    size_t n = 0;

    (void)state;
    serve_tickets("selfsigned", 0);
    aim_pin("selfsigned.pin");
    world.date = WORLD_DATE_EXPIRED;
    int stream = open_stream();
    assert_string_equal(port->why(port->ctx, stream), "");
    assert_int_equal(port->state(port->ctx, stream), VD_OK);
    assert_int_equal(port->write(port->ctx, stream, (const uint8_t *)"hello", 5, &n), VD_OK);
    world_run(10);
    assert_int_equal(world.srv_got_len, 5);
    close_stream(stream);
    expect_clean();
}

static void test_stream_to_another_key_than_the_pin_fails_and_says_so(void **state)
{
    size_t n = 0;

    (void)state;
    serve_tickets("ec", 0);
    aim_pin("other.pin");
    int stream = open_stream();
    assert_int_equal(port->state(port->ctx, stream), VD_EUNVERIFIED);
    assert_int_equal(port->write(port->ctx, stream, anchors, 10, &n), VD_EUNVERIFIED);
    assert_memory_equal(port->why(port->ctx, stream), "peer has another key than the pin: sha256/",
                        42);
    assert_int_equal(world.srv_got_len, 0);
    close_stream(stream);
    expect_clean();
}

static void test_stream_slots_are_bounded(void **state)
{
    int first = -1;
    int second = -1;

    (void)state;
    serve_tickets("ec", 0);
    aim("root.crt", "collector.example");
    assert_int_equal(port->open(port->ctx, &target, &first), VD_OK);
    assert_int_equal(port->open(port->ctx, &target, &second), VD_EFULL);
    close_stream(first);
    expect_clean();
}

static void test_stream_to_the_same_destination_resumes(void **state)
{
    static const int versions[] = {MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        serve_tickets("ec", versions[v]);
        for (unsigned i = 0; i < 4; i++) {
            aim("root.crt", "collector.example");
            int stream = open_stream();
            assert_int_equal(port->state(port->ctx, stream), VD_OK);
            world_run(10);
            close_stream(stream);
            assert_int_equal(world.srv_resumed, i);
            world_again();
        }
        /* Another trust anchor is another destination, and this one does not know the peer. */
        aim("other.crt", "collector.example");
        int stream = open_stream();
        assert_int_equal(port->state(port->ctx, stream), VD_EUNVERIFIED);
        assert_int_equal(world.srv_resumed, 3);
        close_stream(stream);
        expect_clean();
    }
}

static void test_stream_to_the_same_pin_resumes_and_to_another_does_not(void **state)
{
    static const int versions[] = {MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        serve_tickets("ec", versions[v]);
        world.date = WORLD_DATE_EXPIRED; /* the certificate's dates end no session either */
        for (unsigned i = 0; i < 3; i++) {
            aim_pin("ec.pin");
            int stream = open_stream();
            assert_int_equal(port->state(port->ctx, stream), VD_OK);
            world_run(10);
            close_stream(stream);
            assert_int_equal(world.srv_resumed, i);
            world_again();
        }
        aim_pin("other.pin");
        int stream = open_stream();
        assert_int_equal(port->state(port->ctx, stream), VD_EUNVERIFIED);
        assert_int_equal(world.srv_resumed, 2);
        close_stream(stream);
        /* A name is another destination than a pin, though the peer is the same. */
        world_again();
        aim("root.crt", "collector.example");
        world.date = WORLD_DATE_OK;
        stream = open_stream();
        assert_int_equal(port->state(port->ctx, stream), VD_OK);
        assert_int_equal(world.srv_resumed, 2);
        close_stream(stream);
        expect_clean();
    }
}

static void test_stream_without_seed_is_refused(void **state)
{
    int stream = -1;

    (void)state;
    aim("root.crt", "collector.example");
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_ENOENTROPY);
    assert_string_equal(port->why(port->ctx, -1), "no seed for random numbers: no TLS");
}

int main(void)
{
    const struct CMUnitTest before[] = {
        cmocka_unit_test(test_stream_without_seed_is_refused),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_stream_carries_data_both_ways_and_tells_when_all_has_arrived,
                               tidy),
        cmocka_unit_test_setup(test_stream_moves_much_more_than_its_buffers, tidy),
        cmocka_unit_test_setup(test_stream_end_in_order_gives_the_rest_and_then_closed, tidy),
        cmocka_unit_test_setup(test_stream_to_unverified_peer_fails_and_says_why, tidy),
        cmocka_unit_test_setup(test_stream_reset_with_data_on_the_way_stays_unacked, tidy),
        cmocka_unit_test_setup(test_stream_to_a_peer_that_vanished_ends_in_a_timeout_and_says_so,
                               tidy),
        cmocka_unit_test_setup(test_stream_refused_and_unanswered, tidy),
        cmocka_unit_test_setup(test_stream_open_refuses_what_could_not_be_verified, tidy),
        cmocka_unit_test_setup(test_stream_binds_in_the_family_of_its_peer, tidy),
        cmocka_unit_test_setup(test_stream_to_the_pinned_key_needs_no_name_and_no_anchor, tidy),
        cmocka_unit_test_setup(test_stream_to_another_key_than_the_pin_fails_and_says_so, tidy),
        cmocka_unit_test_setup(test_stream_to_the_same_pin_resumes_and_to_another_does_not, tidy),
        cmocka_unit_test_setup(test_stream_slots_are_bounded, tidy),
        cmocka_unit_test_setup(test_stream_to_the_same_destination_resumes, tidy),
    };

    port = vd_lwip_stream_port();
    int failed = cmocka_run_group_tests_name("stream before a seed", before, NULL, NULL);
    world_start();
    return failed + cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
