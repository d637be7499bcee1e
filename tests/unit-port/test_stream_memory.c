/*
 * Streams on lwIP and what is kept between them: destinations, and the arena's room.
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

#include "firmware/limits.h"
#include "port/lwip/net.h"
#include "port/lwip/stream.h"
#include "port/port_stream.h"
#include "tests/unit-port/tls_world.h"

#define OUT_OF_MEMORY "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)"

static const struct vd_stream_port *port;
static struct vd_stream_target target;
static uint8_t anchors[16384];

static void serve(int version)
{
    const struct world_server how = {.cert = "ec", .version = version, .does_tickets = true};

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

/* A destination of its own for each number: the server does not ask for ALPN. */
static void aim(size_t number)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    static const char *list[2];
    size_t len;
    const uint8_t *file = world_file("root.crt", &len);

    assert_true(len <= sizeof(anchors) && number < sizeof(names) / sizeof(names[0]));
    memcpy(anchors, file, len);
    list[0] = names[number];
    target = (struct vd_stream_target){
        .at = {.family = VD_FAMILY_IP4, .port = 6514, .addr = {192, 0, 2, 1}},
        .host = "collector.example",
        .ca = anchors,
        .ca_len = len,
        .alpn = list,
    };
}

/* The same with a bundle of anchors that takes much room. */
static void aim_large(size_t number)
{
    aim(number);
    size_t len = target.ca_len - 1;
    while (target.ca_len + len <= sizeof(anchors)) {
        memcpy(anchors + target.ca_len - 1, anchors, len);
        target.ca_len += len;
    }
    anchors[target.ca_len - 1] = '\0';
}

static int open_stream(void)
{
    int stream = -1;

    assert_int_equal(port->open(port->ctx, &target, &stream), VD_OK);
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

/* ---- destinations ------------------------------------------------------------------------ */

static void test_stream_in_vain_while_one_closes_costs_no_destination_its_session(void **state)
{
    int stream = -1;

    (void)state;
    serve(0);
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        aim(i);
        stream = open_stream();
        assert_int_equal(port->state(port->ctx, stream), VD_OK);
        world_run(10);
        if (i + 1 < VD_TLS_DESTINATIONS) {
            close_stream(stream);
            world_again();
        }
    }
    world.faults.write_err_every = 1; /* close_notify finds no room */
    port->close(port->ctx, stream);
    assert_int_equal(vd_altcp_tls_busy(), 1);
    for (size_t i = 0; i < 3; i++) {
        aim(VD_TLS_DESTINATIONS + i);
        assert_int_equal(port->open(port->ctx, &target, &stream), VD_EFULL);
        assert_string_equal(port->why(port->ctx, -1),
                            "all TLS connections are in use (VD_TLS_SLOTS)");
    }
    world.faults.write_err_every = 0;
    world_run(5);
    world_fin();
    world_run(5);
    for (unsigned i = 0; i < VD_TLS_DESTINATIONS; i++) {
        world_again();
        aim(i);
        stream = open_stream();
        assert_int_equal(port->state(port->ctx, stream), VD_OK);
        assert_int_equal(world.srv_resumed, i + 1);
        close_stream(stream);
    }
    expect_clean();
}

static void test_config_that_finds_no_place_is_not_out_of_memory(void **state)
{
    struct altcp_tls_config *configs[VD_TLS_DESTINATIONS];
    size_t len;
    const uint8_t *root = world_file("root.crt", &len);

    (void)state;
    serve(0);
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        configs[i] = altcp_tls_create_config_client(root, len);
        assert_non_null(configs[i]);
    }
    assert_null(altcp_tls_create_config_client(root, len));
    assert_int_equal(vd_altcp_tls_create_error(), VD_ALTCP_TLS_ALL_TAKEN);
    int stream = -1;
    aim(0);
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EFULL);
    assert_string_equal(port->why(port->ctx, -1),
                        "all destinations are in use (VD_TLS_DESTINATIONS)");
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        altcp_tls_free_config(configs[i]);
    }
    expect_clean();
}

/* ---- memory ------------------------------------------------------------------------------ */

static enum vd_status try_once(size_t number, char *why)
{
    world_again();
    aim(number);
    int stream = open_stream();
    enum vd_status status = port->state(port->ctx, stream);
    (void)snprintf(why, VD_STREAM_WHY_MAX, "%s", port->why(port->ctx, stream));
    world_run(5);
    close_stream(stream);
    world.ms += VD_TLS_LINGER_MS;
    world_run(3);
    return status;
}

/* The largest hog beside which a handshake has room, with nothing kept from before. */
static size_t find_hog(void)
{
    size_t low = 0;
    size_t high = VD_TLS_ARENA_BYTES;
    char why[VD_STREAM_WHY_MAX];

    while (high - low > 128) {
        size_t middle = (low + high) / 2;
        world.faults.hog = middle;
        enum vd_status status = try_once(0, why);
        vd_lwip_stream_forget();
        low = status == VD_OK ? middle : low;
        high = status == VD_OK ? high : middle;
    }
    world.faults.hog = 0;
    return low;
}

static const int versions[] = {MBEDTLS_SSL_VERSION_TLS1_2, MBEDTLS_SSL_VERSION_TLS1_3};

static void test_stream_without_room_gets_that_of_an_idle_destination(void **state)
{
    char why[VD_STREAM_WHY_MAX];

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        serve(versions[v]);
        size_t hog =
            find_hog() - 4096; /* what is kept takes more, and not all of it in one piece */
        world_again();
        aim_large(1);
        int stream = open_stream();
        assert_int_equal(port->state(port->ctx, stream), VD_OK);
        close_stream(stream);
        world.faults.hog = hog;
        assert_int_equal(try_once(0, why), VD_EIO);
        assert_string_equal(why, OUT_OF_MEMORY);
        assert_int_equal(try_once(0, why), VD_OK);
        expect_clean();
    }
}

static void test_stream_without_room_to_check_a_certificate_calls_it_no_bad_one(void **state)
{
    char why[VD_STREAM_WHY_MAX];

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        serve(versions[v]);
        size_t hog = find_hog() + 128;
        for (unsigned i = 0; i < 120; i++) {
            world.faults.hog = hog + 128 * i;
            assert_int_equal(try_once(0, why), VD_EIO);
            assert_string_equal(why, OUT_OF_MEMORY);
            vd_lwip_stream_forget();
        }
        expect_clean();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            test_stream_in_vain_while_one_closes_costs_no_destination_its_session, tidy),
        cmocka_unit_test_setup(test_config_that_finds_no_place_is_not_out_of_memory, tidy),
        cmocka_unit_test_setup(test_stream_without_room_gets_that_of_an_idle_destination, tidy),
        cmocka_unit_test_setup(test_stream_without_room_to_check_a_certificate_calls_it_no_bad_one,
                               tidy),
    };

    port = vd_lwip_stream_port();
    world_start();
    return cmocka_run_group_tests_name("stream memory", tests, NULL, NULL);
}
