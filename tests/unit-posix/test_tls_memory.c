/*
 * The TLS streams of port/posix when the arena is short.
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

#include "tests/unit-posix/tls_client.h"

#include "mbedtls/platform.h"

#define OUT_OF_MEMORY "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)"

#define PIECE_BYTES 2048u
#define PIECES_MAX  120u
#define ROOM_MAX    (PIECES_MAX * PIECE_BYTES) /* less than the arena, with the pieces' heads */

static uint8_t bundle[6144];
static void *pieces[PIECES_MAX];

/* Anchors that take much room. */
static void enlarge_anchors(void)
{
    size_t len = target.ca_len - 1;
    size_t have = 0;

    while (have + len + 1 <= sizeof(bundle)) {
        memcpy(bundle + have, anchors, len);
        have += len;
    }
    bundle[have] = '\0';
    target.ca = bundle;
    target.ca_len = have + 1;
}

static enum vd_status try_once(char *why)
{
    int stream = -1;

    enum vd_status status = port->open(port->ctx, &target, &stream);
    if (status == VD_OK) {
        status = settle(stream);
    }
    (void)snprintf(why, VD_STREAM_WHY_MAX, "%s", port->why(port->ctx, stream));
    port->close(port->ctx, stream);
    settle_closing();
    return status;
}

/* Take so many bytes of the arena, in pieces: what is kept of a connection lies in the middle. */
static void take_room(size_t bytes)
{
    assert_null(pieces[0]);
    for (size_t i = 0; bytes > 0; i++) {
        size_t piece = bytes < PIECE_BYTES ? bytes : PIECE_BYTES;
        assert_true(i < PIECES_MAX);
        pieces[i] = mbedtls_calloc(1, piece);
        assert_non_null(pieces[i]);
        bytes -= piece;
    }
}

static void give_room_back(void)
{
    for (size_t i = 0; i < PIECES_MAX; i++) {
        mbedtls_free(pieces[i]);
        pieces[i] = NULL;
    }
}

/* A handshake while so many bytes of the arena are taken. */
static enum vd_status try_beside(size_t bytes, char *why)
{
    take_room(bytes);
    enum vd_status status = try_once(why);
    give_room_back();
    return status;
}

/* The largest hog beside which a handshake has room, with nothing kept from before. */
static size_t find_hog(void)
{
    char why[VD_STREAM_WHY_MAX];
    size_t low = 0;
    size_t high = ROOM_MAX;
    while (high - low > 128) {
        size_t middle = (low + high) / 2;
        bool has_room = try_beside(middle, why) == VD_OK;
        vd_posix_stream_forget();
        low = has_room ? middle : low;
        high = has_room ? high : middle;
    }
    return low;
}

static void test_no_room_to_check_a_certificate_is_not_a_bad_certificate(void **state)
{
    static const char *const *const one[] = {only_12, only_13};

    for (size_t v = 0; v < 2; v++) {
        struct vd_endpoint at;
        char why[VD_STREAM_WHY_MAX];

        peer_openssl("ec", one[v], &at);
        aim(&at, "root.crt", "collector.example");
        size_t hog = find_hog() + 128;
        for (unsigned i = 0; i < 120 && hog < ROOM_MAX; i++, hog += 192) {
            assert_int_equal(try_beside(hog, why), VD_EIO);
            assert_string_equal(why, OUT_OF_MEMORY);
            vd_posix_stream_forget();
        }
        (void)peer_tidy(state);
    }
}

static void test_handshake_without_room_gets_that_of_an_idle_destination(void **state)
{
    struct vd_endpoint at;
    char why[VD_STREAM_WHY_MAX];

    (void)state;
    peer_openssl("ec", both, &at);
    aim(&at, "root.crt", "collector.example");
    size_t bytes = find_hog() - 4096; /* what is kept takes more, and not in one piece */
    enlarge_anchors();
    assert_int_equal(try_once(why), VD_OK);
    aim(&at, "root.crt", "collector.example");
    take_room(bytes);
    assert_int_equal(try_once(why), VD_EIO);
    assert_string_equal(why, OUT_OF_MEMORY);
    assert_int_equal(try_once(why), VD_OK);
    give_room_back();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(test_no_room_to_check_a_certificate_is_not_a_bad_certificate),
        TLS_TEST(test_handshake_without_room_gets_that_of_an_idle_destination),
    };

    if (start_tls() != 0) {
        return 1;
    }
    return cmocka_run_group_tests_name("posix tls memory", tests, NULL, NULL);
}
