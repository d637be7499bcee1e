/*
 * The TLS streams of port/posix against openssl's server: whom they talk to and whom not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit-posix/tls_client.h"

/* ---- whom we talk to --------------------------------------------------------------------- */

static void test_right_name_in_every_version_and_kind_of_key(void **state)
{
    static const char *const certs[][2] = {
        {"ec", "root.crt"}, {"p384", "root.crt"}, {"rsa", "rsaroot.crt"}};

    (void)state;
    for (size_t v = 0; v < 3; v++) {
        for (size_t c = 0; c < 3; c++) {
            struct vd_endpoint at;
            peer_openssl(certs[c][0], versions[v], &at);
            aim(&at, certs[c][1], "collector.example");
            int stream = open_up();
            exchange(stream);
            port->close(port->ctx, stream);
            settle_closing();
            (void)peer_tidy(NULL);
            vd_posix_stream_forget();
        }
    }
}

static void test_pinned_key_without_name_anchor_or_good_date(void **state)
{
    (void)state;
    for (size_t v = 0; v < 3; v++) {
        struct vd_endpoint at;
        peer_openssl("selfsigned", versions[v], &at);
        aim_pin(&at, "selfsigned.pin");
        date = DATE_EXPIRED;
        int stream = open_up();
        exchange(stream);
        port->close(port->ctx, stream);
        settle_closing();
        (void)peer_tidy(NULL);
        vd_posix_stream_forget();
    }
}

static void test_without_calendar_not_before_is_not_checked(void **state)
{
    struct vd_endpoint at;

    (void)state;
    peer_openssl("ec", both, &at);
    aim(&at, "root.crt", "collector.example");
    date = DATE_EARLY;
    int stream = open_stream();
    assert_int_equal(settle(stream), VD_EUNVERIFIED);
    port->close(port->ctx, stream);
    calendar = VD_CALENDAR_UNSET;
    stream = open_up();
    exchange(stream);
}

/* ---- whom we do not ---------------------------------------------------------------------- */

struct refusal {
    const char *cert;
    const char *proof; /* anchors, or a pin */
    const char *host;  /* NULL: a pin */
    int64_t date;
    const char *why; /* how it begins */
};

static void refuse(const struct refusal *row, const char *const *args)
{
    struct vd_endpoint at;
    size_t n = 0;

    peer_openssl(row->cert, args, &at);
    if (row->host != NULL) {
        aim(&at, row->proof, row->host);
    } else {
        aim_pin(&at, row->proof);
    }
    date = row->date;
    int stream = open_stream();
    assert_int_equal(settle(stream), VD_EUNVERIFIED);
    if (strncmp(port->why(port->ctx, stream), row->why, strlen(row->why)) != 0) {
        fail_msg("%s, not: %s", port->why(port->ctx, stream), row->why);
    }
    assert_int_equal(port->write(port->ctx, stream, anchors, 1, &n), VD_EUNVERIFIED);
    assert_int_equal(port->read(port->ctx, stream, anchors, 1, &n), VD_EUNVERIFIED);
    port->close(port->ctx, stream);
    assert_int_equal(port->state(port->ctx, stream), VD_EINVAL);
    settle_closing();
    (void)peer_tidy(NULL);
}

static void test_peer_that_cannot_be_verified_is_refused_and_the_words_say_why(void **state)
{
    static const struct refusal rows[] = {
        {"ec", "root.crt", "a.example", DATE_OK,
         "host name is a.example, certificate says collector.example, second.example, 192.0.2.1"},
        {"ec", "root.crt", "127.0.0.1", DATE_OK, "host name is 127.0.0.1, certificate says "},
        {"ec", "root.crt", "collector.example", DATE_EXPIRED, "certificate expired on 2026-10-01"},
        {"selfsigned", "root.crt", "collector.example", DATE_OK, "certificate is self-signed"},
        {"stranger", "root.crt", "collector.example", DATE_OK, "unknown CA: CN=Other CA"},
        {"purpose", "root.crt", "collector.example", DATE_OK,
         "certificate is not meant for a TLS server"},
        {"ec", "p384.pin", NULL, DATE_OK, "peer has another key than the pin: sha256/"},
        {"ec", "root.pin", NULL, DATE_OK, "peer has another key than the pin: sha256/"},
        {"purpose", "purpose.pin", NULL, DATE_OK, "certificate is not meant for a TLS server"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        refuse(&rows[i], only_12);
        refuse(&rows[i], only_13);
    }
}

static void test_peer_with_an_older_tls_is_refused(void **state)
{
    static const char *const old[] = {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-rev", NULL};
    struct vd_endpoint at;

    (void)state;
    peer_openssl("ec", old, &at);
    aim(&at, "root.crt", "collector.example");
    int stream = open_stream();
    assert_int_equal(settle(stream), VD_EIO);
    assert_string_equal(port->why(port->ctx, stream), "peer speaks only an older TLS (below 1.2)");
}

static void test_target_that_would_not_be_verified_is_refused(void **state)
{
    struct vd_endpoint at = peer_loopback(VD_FAMILY_IP4, 1);
    int stream;

    (void)state;
    aim(&at, "root.crt", "");
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    assert_string_equal(port->why(port->ctx, -1), "no host name to verify the peer against");
    aim(&at, "root.crt", "collector.example");
    target.ca = NULL;
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    aim(&at, "ec.key", "collector.example");
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    assert_memory_equal(port->why(port->ctx, -1), "trust anchors cannot be read", 28);
    aim_pin(&at, "ec.pin");
    target.host = "collector.example";
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EINVAL);
    at.family = VD_FAMILY_NONE;
    aim_pin(&at, "ec.pin");
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_EIO);
    assert_string_not_equal(port->why(port->ctx, -1), "");
}

/* ---- sessions ---------------------------------------------------------------------------- */

/* True if the server says that this connection resumed an earlier one. */
static bool is_resumed(void)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    static uint8_t page[32768];
    enum vd_status end;

    int stream = open_up();
    send_all(stream, request, sizeof(request) - 1);
    size_t len = read_some(stream, page, sizeof(page) - 1, &end);
    page[len] = '\0';
    port->close(port->ctx, stream);
    settle_closing();
    bool is_new = strstr((char *)page, "New, TLS") != NULL;
    assert_true(is_new != (strstr((char *)page, "Reused, TLS") != NULL));
    return !is_new;
}

static void test_same_destination_resumes_and_another_proof_does_not(void **state)
{
    static const char *const pages[][3] = {{"-tls1_2", "-www", NULL}, {"-tls1_3", "-www", NULL}};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct vd_endpoint at;
        peer_openssl("ec", pages[v], &at);
        aim(&at, "root.crt", "collector.example");
        assert_false(is_resumed());
        assert_true(is_resumed());
        assert_true(is_resumed());
        aim_pin(&at, "ec.pin");
        assert_false(is_resumed());
        assert_true(is_resumed());
        aim(&at, "root.crt", "second.example");
        assert_false(is_resumed());
        aim_pin(&at, "rsa.pin");
        int stream = open_stream();
        assert_int_equal(settle(stream), VD_EUNVERIFIED);
        port->close(port->ctx, stream);
        settle_closing();
        (void)peer_tidy(NULL);
        vd_posix_stream_forget();
    }
}

/* mbedTLS offers a saved session together with its version only.  The failure drops the session. */
static void test_server_that_gave_up_the_saved_session_s_version_fails_once(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct vd_endpoint at;
        peer_openssl("ec", versions[v], &at);
        aim(&at, "root.crt", "collector.example");
        int stream = open_up();
        exchange(stream);
        port->close(port->ctx, stream);
        settle_closing();
        (void)peer_tidy(NULL);
        peer_openssl("ec", versions[1 - v], &at);
        target.at = at;
        stream = open_stream();
        assert_int_equal(settle(stream), VD_EIO);
        port->close(port->ctx, stream);
        stream = open_up();
        exchange(stream);
        port->close(port->ctx, stream);
        settle_closing();
        (void)peer_tidy(NULL);
        vd_posix_stream_forget();
    }
}

/* ---- without a seed ---------------------------------------------------------------------- */

static void test_without_seed_there_is_no_tls(void **state)
{
    const struct vd_endpoint at = peer_loopback(VD_FAMILY_IP4, 1);
    int stream = -1;

    (void)state;
    aim(&at, "root.crt", "collector.example");
    assert_int_equal(port->open(port->ctx, &target, &stream), VD_ENOENTROPY);
    assert_string_equal(port->why(port->ctx, -1), "no seed for random numbers: no TLS");
}

int main(void)
{
    const struct CMUnitTest before[] = {
        cmocka_unit_test(test_without_seed_there_is_no_tls),
    };
    const struct CMUnitTest tests[] = {
        TLS_TEST(test_right_name_in_every_version_and_kind_of_key),
        TLS_TEST(test_pinned_key_without_name_anchor_or_good_date),
        TLS_TEST(test_without_calendar_not_before_is_not_checked),
        TLS_TEST(test_peer_that_cannot_be_verified_is_refused_and_the_words_say_why),
        TLS_TEST(test_peer_with_an_older_tls_is_refused),
        TLS_TEST(test_target_that_would_not_be_verified_is_refused),
        TLS_TEST(test_same_destination_resumes_and_another_proof_does_not),
        TLS_TEST(test_server_that_gave_up_the_saved_session_s_version_fails_once),
    };

    port = vd_posix_stream_port();
    int failed = cmocka_run_group_tests_name("posix tls before a seed", before, NULL, NULL);
    if (start_tls() != 0) {
        return 1;
    }
    return failed + cmocka_run_group_tests_name("posix tls", tests, NULL, NULL);
}
