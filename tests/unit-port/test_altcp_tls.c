/*
 * The altcp TLS layer against a real TLS server: whom it talks to and whom not.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "port/mbedtls/tls_words.h"
#include "port/port_entropy.h"
#include "tests/unit-port/tls_app.h"

#include "mbedtls/net_sockets.h"
#include "mbedtls/x509.h"

/* ---- what must go well ------------------------------------------------------------------------------ */

static void meet(const char *cert, const char *root, int version)
{
    world_serves(cert, version);
    app_trusts(root, "collector.example");
    app_shakes_hands();
    app_exchanges();
    assert_string_equal(world.srv_name, "collector.example");
    assert_string_equal(app_why(), "");
    app_closes();
    world_run(5);
    /* Told in TLS and in TCP, and without a reset. */
    assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    assert_true(world.has_fin);
    world_fin();
    world_run(5);
    assert_false(world.was_aborted);
    app_ends();
}

static void test_handshake_and_data_both_ways_and_close_notify(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        meet("ec", "root.crt", app_versions[i]);
        meet("p384", "root.crt", app_versions[i]);
        meet("rsa", "rsaroot.crt", app_versions[i]);
    }
    meet("ec", "root.crt", 0);
}

static void test_handshake_over_tiny_writes_and_segments(void **state)
{
    static const struct world_faults faults[] = {
        {.segment = 1},
        {.write_max = 1},
        {.write_err_every = 2},
        {.segment = 7, .write_max = 3, .write_err_every = 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        for (size_t v = 0; v < 2; v++) {
            world_serves("ec", app_versions[v]);
            app_trusts("root.crt", "collector.example");
            world.faults = faults[i];
            app_shakes_hands();
            app_exchanges();
            app_closes();
            world_run(200);
            assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
            app_ends();
        }
    }
}

static void test_large_data_both_ways_with_tcp_short_of_room(void **state)
{
    static uint8_t block[12000];
    size_t given = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] = (uint8_t)(i * 7 + i / 256);
    }
    for (size_t v = 0; v < 2; v++) {
        world_serves("ec", app_versions[v]);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        world.faults.write_max = 100;
        world.faults.write_err_every = 3;
        world_server_write(block, sizeof(block));
        given = 0;
        /* The server takes one record at a turn: it may be behind. */
        for (unsigned i = 0; i < 1000 && world.srv_got_len < sizeof(block); i++) {
            u16_t room = altcp_sndbuf(app.pcb);
            u16_t n = (u16_t)LWIP_MIN(room, sizeof(block) - given);
            if (n > 0) {
                assert_int_equal(altcp_write(app.pcb, block + given, n, TCP_WRITE_FLAG_COPY),
                                 ERR_OK);
                given += n;
            }
            world_run(1);
        }
        world_run(2);
        assert_int_equal(app.sent, sizeof(block));
        assert_int_equal(vd_altcp_tls_unacked(app.pcb), 0);
        assert_int_equal(world.srv_got_len, sizeof(block));
        assert_memory_equal(world.srv_got, block, sizeof(block));
        assert_int_equal(app.got_len, sizeof(block));
        assert_memory_equal(app.got, block, sizeof(block));
        app_ends();
    }
}

static void test_sent_is_told_only_when_tcp_has_acknowledged(void **state)
{
    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", "collector.example");
    app_shakes_hands();
    world_run(3);
    world.faults.acks_late = true;
    assert_int_equal(altcp_write(app.pcb, "12345", 5, TCP_WRITE_FLAG_COPY), ERR_OK);
    world_run(5);
    assert_int_equal(world.srv_got_len, 5);
    assert_int_equal(app.sent, 0);
    assert_true(vd_altcp_tls_unacked(app.pcb) > 5);
    world.ack_now = true;
    world_run(2);
    assert_int_equal(app.sent, 5);
    assert_int_equal(vd_altcp_tls_unacked(app.pcb), 0);
    app_ends();
}

static void test_more_than_sndbuf_is_taken_not_at_all(void **state)
{
    static const uint8_t block[VD_TLS_OUT_BYTES + 1] = {0};

    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", "collector.example");
    assert_int_equal(altcp_sndbuf(NULL), 0);
    app_shakes_hands();
    assert_int_equal(altcp_sndbuf(app.pcb), VD_TLS_OUT_BYTES);
    assert_int_equal(altcp_write(app.pcb, block, sizeof(block), 0), ERR_MEM);
    assert_int_equal(vd_altcp_tls_unacked(app.pcb), 0);
    app_ends();
}

static void test_application_that_holds_or_refuses_data_closes_the_window(void **state)
{
    static const uint8_t block[12000] = {1, 2, 3};

    (void)state;
    for (int refuses = 0; refuses < 2; refuses++) {
        world_serves("ec", TLS13);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        app.refuses = refuses == 1;
        app.holds = refuses == 0;
        world_server_write(block, sizeof(block));
        world_run(500);
        assert_true(app.got_len < sizeof(block));
        assert_true(world.in_total - world.in_recved > TCP_WND / 2);
        if (refuses == 0) {
            altcp_recved(app.pcb, (u16_t)app.got_len);
        }
        app.refuses = false;
        app.holds = false;
        world_run(500);
        assert_int_equal(app.got_len, sizeof(block));
        app_ends();
    }
}

static void test_ip_literal_is_compared_with_the_san_and_sends_no_sni(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        world_serves("ec", app_versions[v]);
        app_trusts("root.crt", "192.0.2.1");
        app_shakes_hands();
        app_exchanges();
        assert_string_equal(world.srv_name, "");
        app_ends();
    }
}

static void test_alpn_is_negotiated(void **state)
{
    static const char *ours[] = {"h2", "http/1.1", NULL};
    static const char *theirs[] = {"http/1.1", NULL};
    const struct world_server how = {.cert = "ec", .alpn = theirs};

    (void)state;
    world_reset(&how);
    app_trusts("root.crt", "collector.example");
    assert_int_equal(altcp_tls_configure_alpn_protocols(app.config, ours), 0);
    app_shakes_hands();
    assert_string_equal(mbedtls_ssl_get_alpn_protocol(altcp_tls_context(app.pcb)), "http/1.1");
    app_ends();
}

static void test_client_certificate_is_shown_when_asked_for(void **state)
{
    const struct world_server how = {.cert = "ec", .client_ca = "root.crt"};
    size_t ca_len;
    size_t cert_len;
    size_t key_len;

    (void)state;
    world_reset(&how);
    memset(&app, 0, sizeof(app));
    const uint8_t *ca = world_file("root.crt", &ca_len);
    const uint8_t *cert = world_file("purpose.crt", &cert_len);
    const uint8_t *key = world_file("purpose.key", &key_len);
    app.config =
        altcp_tls_create_config_client_2wayauth(ca, ca_len, key, key_len, NULL, 0, cert, cert_len);
    assert_non_null(app.config);
    assert_int_equal(vd_altcp_tls_set_host(app.config, "collector.example"), ERR_OK);
    app_shakes_hands();
    app_exchanges();
    assert_true(world.srv_saw_client_cert);
    app_ends();
}

/* ---- whom we do not talk to --------------------------------------------------------------------------- */

struct refusal {
    const char *cert;
    const char *root;
    const char *host;
    int64_t date;
    uint32_t flag;
    const char *why;
};

static void refuse(const struct refusal *row, int version)
{
    world_serves(row->cert, version);
    app_trusts(row->root, row->host);
    world.date = row->date;
    app_meets_error();
    const struct vd_tls_error *error = vd_altcp_tls_error(app.config);
    assert_string_equal(error->why, row->why);
    assert_int_equal(error->status, VD_EUNVERIFIED);
    assert_true((error->flags & row->flag) != 0);
    assert_true(error->code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED ||
                error->code == MBEDTLS_ERR_SSL_BAD_CERTIFICATE);
    /* The peer heard it from us, in TLS 1.3 under its keys (port/mbedtls/patches). */
    assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
    assert_int_equal(world.out_tap.is_alert, version == TLS12);
    app_ends();
}

static void test_peer_that_cannot_be_verified_gets_an_alert_and_no_data(void **state)
{
    static const struct refusal rows[] = {
        {"ec", "root.crt", "a.example", WORLD_DATE_OK, MBEDTLS_X509_BADCERT_CN_MISMATCH,
         "host name is a.example, certificate says collector.example, second.example, 192.0.2.1"},
        {"ec", "root.crt", "192.0.2.2", WORLD_DATE_OK, MBEDTLS_X509_BADCERT_CN_MISMATCH,
         "host name is 192.0.2.2, certificate says collector.example, second.example, 192.0.2.1"},
        {"ec", "root.crt", "collector", WORLD_DATE_OK, MBEDTLS_X509_BADCERT_CN_MISMATCH,
         "host name is collector, certificate says collector.example, second.example, 192.0.2.1"},
        {"ec", "other.crt", "collector.example", WORLD_DATE_OK, MBEDTLS_X509_BADCERT_NOT_TRUSTED,
         "unknown CA: CN=Vedette Test Root"},
        {"stranger", "root.crt", "collector.example", WORLD_DATE_OK,
         MBEDTLS_X509_BADCERT_NOT_TRUSTED, "unknown CA: CN=Other CA"},
        {"selfsigned", "root.crt", "collector.example", WORLD_DATE_OK,
         MBEDTLS_X509_BADCERT_NOT_TRUSTED,
         "certificate is self-signed and not among the trusted ones: CN=collector"},
        {"ec", "root.crt", "collector.example", WORLD_DATE_EXPIRED, MBEDTLS_X509_BADCERT_EXPIRED,
         "certificate expired on 2026-10-01"},
        {"p384", "root.crt", "collector.example", WORLD_DATE_EARLY, MBEDTLS_X509_BADCERT_FUTURE,
         "certificate is not valid before 2026-01-01"},
        {"cnonly", "root.crt", "collector.example", WORLD_DATE_OK, MBEDTLS_X509_BADCERT_CN_MISMATCH,
         "host name is collector.example, certificate says collector.example in its CN only (it "
         "needs a subjectAltName)"},
        {"weak", "root.crt", "collector.example", WORLD_DATE_OK, MBEDTLS_X509_BADCERT_BAD_KEY,
         "key too small: RSA with 1024 bits"},
        {"stranger", "root.crt", "a.example", WORLD_DATE_EXPIRED, MBEDTLS_X509_BADCERT_EXPIRED,
         "host name is a.example, certificate says collector.example, second.example, 192.0.2.1; "
         "unknown CA: CN=Other CA; certificate expired on 2026-10-01"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t v = 0; v < 2; v++) {
            refuse(&rows[i], app_versions[v]);
        }
    }
}

struct wording {
    int code;
    uint32_t flags;
    enum vd_status status;
    const char *words;
};

/* What mbedTLS's server never does, so that it cannot be met here. */
static void test_words_and_status_of_rare_failures(void **state)
{
    static const struct wording rows[] = {
        {MBEDTLS_ERR_SSL_BAD_CERTIFICATE, MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, VD_EUNVERIFIED,
         "certificate is not meant for a TLS server"},
        {MBEDTLS_ERR_X509_CERT_VERIFY_FAILED, MBEDTLS_X509_BADCERT_BAD_MD, VD_EUNVERIFIED,
         "certificate is signed with a method that is too weak"},
        {MBEDTLS_ERR_X509_CERT_VERIFY_FAILED, MBEDTLS_X509_BADCERT_OTHER, VD_EUNVERIFIED,
         "certificate is not acceptable (flags 0x100)"},
        {-0x262e, 0, VD_EUNVERIFIED,
         "certificate is signed with a method that is not accepted (-0x262e)"},
        {MBEDTLS_ERR_X509_INVALID_DATE, 0, VD_EUNVERIFIED, "certificate cannot be read (-0x2400)"},
        {MBEDTLS_ERR_X509_ALLOC_FAILED, 0, VD_EIO,
         "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)"},
        {MBEDTLS_ERR_SSL_ALLOC_FAILED, 0, VD_EIO,
         "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)"},
        {-0x4e90, 0, VD_EIO, "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)"},
        {MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, 0, VD_EIO,
         "peer ended the connection with a TLS alert"},
        {MBEDTLS_ERR_NET_CONN_RESET, 0, VD_EREFUSED, "peer reset the connection"},
        {MBEDTLS_ERR_SSL_TIMEOUT, 0, VD_ETIMEOUT, "no answer from the peer any more"},
        {MBEDTLS_ERR_SSL_INVALID_MAC, 0, VD_EIO, "TLS error -0x7180"},
    };
    const struct vd_tls_notes notes = {0};
    const struct vd_tls_tap tap = {0};
    char words[VD_STREAM_WHY_MAX];
    char cut[8];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct vd_tls_failure failure = {
            .code = rows[i].code, .flags = rows[i].flags, .notes = &notes, .tap = &tap};
        vd_tls_words(&failure, words, sizeof(words));
        assert_string_equal(words, rows[i].words);
        assert_int_equal(vd_tls_status(rows[i].code), rows[i].status);
        vd_tls_words(&failure, cut, sizeof(cut));
        assert_int_equal(strlen(cut), sizeof(cut) - 1);
    }
}

/* mbedTLS is built without SHA-1: it cannot even load such a certificate, on neither side. */
static void test_sha1_signature_is_refused(void **state)
{
    size_t len;
    const uint8_t *file = world_file("sha1.crt", &len);

    (void)state;
    assert_null(altcp_tls_create_config_client(file, len));
    assert_int_equal(vd_altcp_tls_create_error(), -0x262e);
}

static void test_without_calendar_not_before_is_not_checked_but_not_after_is(void **state)
{
    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", "collector.example");
    world.calendar = VD_CALENDAR_UNSET;
    world.date = WORLD_DATE_EARLY;
    app_shakes_hands();
    app_exchanges();
    app_ends();

    world_serves("ec", TLS12);
    app_trusts("root.crt", "collector.example");
    world.calendar = VD_CALENDAR_UNSET;
    world.date = WORLD_DATE_EXPIRED;
    app_meets_error();
    assert_string_equal(app_why(), "certificate expired on 2026-10-01");
    app_ends();
}

static void test_without_host_name_there_is_no_connection(void **state)
{
    char long_name[300];

    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", NULL);
    assert_null(altcp_tls_new(app.config, IPADDR_TYPE_V4));
    assert_string_equal(app_why(), "no host name to verify the peer against");
    assert_null(world.tcp);
    assert_int_equal(vd_altcp_tls_set_host(app.config, ""), ERR_VAL);
    assert_int_equal(vd_altcp_tls_set_host(app.config, "."), ERR_VAL);
    assert_int_equal(vd_altcp_tls_set_host(app.config, NULL), ERR_VAL);
    assert_int_equal(vd_altcp_tls_set_host(app.config, "192.0.2.1:6514"), ERR_VAL);
    memset(long_name, 'a', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    assert_int_equal(vd_altcp_tls_set_host(app.config, long_name), ERR_VAL);
    assert_null(altcp_tls_new(app.config, IPADDR_TYPE_V4));
    app_ends();
}

static void test_without_trust_anchors_there_is_no_config(void **state)
{
    size_t len;
    const uint8_t *file = world_file("ec.key", &len);

    (void)state;
    assert_null(altcp_tls_create_config_client(NULL, 0));
    assert_null(altcp_tls_create_config_client(file, len));
    assert_true(vd_altcp_tls_create_error() != 0);
    assert_null(altcp_tls_create_config_server(1));
}

/* ---- without a seed ------------------------------------------------------------------------------------------- */

static void test_without_seed_there_is_no_tls(void **state)
{
    uint8_t same[VD_SEED_LEN] = {0};
    uint8_t random[8];
    size_t len;
    const uint8_t *file = world_file("root.crt", &len);

    (void)state;
    memset(random, 1, sizeof(random));
    assert_int_equal(vd_entropy_random(random, sizeof(random)), VD_ENOENTROPY);
    assert_int_equal(random[0], 0);
    assert_int_equal(vd_entropy_seed(same, sizeof(same)), VD_ENOENTROPY);
    assert_int_equal(vd_entropy_seed(file, VD_SEED_LEN - 1), VD_ENOENTROPY);
    assert_null(altcp_tls_create_config_client(file, len));
}

int main(void)
{
    const struct CMUnitTest before[] = {
        cmocka_unit_test(test_without_seed_there_is_no_tls),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_handshake_and_data_both_ways_and_close_notify, app_tidies),
        cmocka_unit_test_setup(test_handshake_over_tiny_writes_and_segments, app_tidies),
        cmocka_unit_test_setup(test_large_data_both_ways_with_tcp_short_of_room, app_tidies),
        cmocka_unit_test_setup(test_sent_is_told_only_when_tcp_has_acknowledged, app_tidies),
        cmocka_unit_test_setup(test_more_than_sndbuf_is_taken_not_at_all, app_tidies),
        cmocka_unit_test_setup(test_application_that_holds_or_refuses_data_closes_the_window,
                               app_tidies),
        cmocka_unit_test_setup(test_ip_literal_is_compared_with_the_san_and_sends_no_sni,
                               app_tidies),
        cmocka_unit_test_setup(test_alpn_is_negotiated, app_tidies),
        cmocka_unit_test_setup(test_client_certificate_is_shown_when_asked_for, app_tidies),
        cmocka_unit_test_setup(test_peer_that_cannot_be_verified_gets_an_alert_and_no_data,
                               app_tidies),
        cmocka_unit_test_setup(test_words_and_status_of_rare_failures, app_tidies),
        cmocka_unit_test_setup(test_sha1_signature_is_refused, app_tidies),
        cmocka_unit_test_setup(test_without_calendar_not_before_is_not_checked_but_not_after_is,
                               app_tidies),
        cmocka_unit_test_setup(test_without_host_name_there_is_no_connection, app_tidies),
        cmocka_unit_test_setup(test_without_trust_anchors_there_is_no_config, app_tidies),
    };

    int failed = cmocka_run_group_tests_name("altcp_tls before a seed", before, NULL, NULL);
    world_start();
    return failed + cmocka_run_group_tests_name("altcp_tls", tests, NULL, NULL);
}
