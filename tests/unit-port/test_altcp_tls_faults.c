/*
 * The altcp TLS layer against peers and networks that do not do their part.
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

#include "tests/unit-port/tls_app.h"

#include "mbedtls/error.h"
#include "mbedtls/net_sockets.h"

/* ---- peers that do not do their part ---------------------------------------------------------------------- */

struct canned {
    const char *bytes;
    size_t len;
    bool ends;
    int code;
    const char *why;
};

static void test_peer_with_older_tls_or_none_is_named(void **state)
{
    static const char server_hello_11[] = "\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02"
                                          "01234567890123456789012345678901"
                                          "\x00\xc0\x09\x00";
    static const struct canned rows[] = {
        {"\x15\x03\x01\x00\x02\x02\x46", 7, true, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
         "peer speaks only an older TLS (below 1.2)"},
        {"\x15\x03\x02\x00\x02\x02\x28", 7, true, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
         "peer speaks only an older TLS (below 1.2)"},
        {server_hello_11, sizeof(server_hello_11) - 1, false, MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION,
         "peer speaks only an older TLS (below 1.2)"},
        {"\x15\x03\x03\x00\x02\x02\x28", 7, true, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
         "peer ended the handshake with the TLS alert handshake_failure"},
        {"\x15\x03\x03\x00\x02\x02\x70", 7, true, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
         "peer ended the handshake with the TLS alert unrecognized_name"},
        {"\x15\x03\x03\x00\x02\x02\xc8", 7, true, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE,
         "peer ended the handshake with the TLS alert 200"},
        {"220 mail.example ESMTP\r\n", 24, false, MBEDTLS_ERR_SSL_INVALID_RECORD,
         "peer does not speak TLS on this port"},
        {"", 0, true, MBEDTLS_ERR_SSL_CONN_EOF,
         "peer closed the connection as the handshake began: it may speak only an older TLS (below "
         "1.2)"},
    };
    const struct world_server how = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_reset(&how);
        app_trusts("root.crt", "collector.example");
        world_inject(rows[i].bytes, rows[i].len);
        if (rows[i].ends) {
            world_fin();
        }
        app_meets_error();
        assert_string_equal(app_why(), rows[i].why);
        assert_int_equal(vd_altcp_tls_error(app.config)->code, rows[i].code);
        assert_int_equal(vd_altcp_tls_error(app.config)->status, VD_EIO);
        app_ends();
    }
}

static void test_alert_before_a_reset_is_still_read(void **state)
{
    const struct world_server how = {0};

    (void)state;
    world_reset(&how);
    app_trusts("root.crt", "collector.example");
    world_inject("\x15\x03\x01\x00\x02\x02\x46", 7);
    world.faults.reset_after_in = 7;
    app_meets_error();
    assert_string_equal(app_why(), "peer speaks only an older TLS (below 1.2)");
    app_ends();
}

static void test_refused_and_unanswered_connects_are_told_apart(void **state)
{
    (void)state;
    world_serves("ec", 0);
    app_trusts("root.crt", "collector.example");
    world.faults.refuses = true;
    app_meets_error();
    assert_string_equal(app_why(), "connection refused");
    assert_int_equal(app.err, ERR_RST);
    assert_int_equal(vd_altcp_tls_error(app.config)->status, VD_EREFUSED);
    world_again();
    world.faults.refuses = false;
    world.faults.never_answers = true;
    app_meets_error();
    assert_string_equal(app_why(), "no answer to the connect");
    assert_int_equal(vd_altcp_tls_error(app.config)->status, VD_ETIMEOUT);
    app_ends();
}

static void test_chain_larger_than_the_buffer_is_named(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        world_serves("large", app_versions[v]);
        app_trusts("root.crt", "collector.example");
        app_meets_error();
        assert_string_equal(app_why(), "certificate chain larger than VD_TLS_IN_BYTES (4096)");
        app_ends();
    }
}

static void test_record_larger_than_the_buffer_ends_the_connection_at_once(void **state)
{
    static uint8_t record[6005] = {0x17, 0x03, 0x03, 0x17, 0x70};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        world_serves("ec", app_versions[v]);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        world_inject(record, sizeof(record));
        world_run(10);
        assert_int_equal(app.errors, 1);
        assert_string_equal(
            app_why(), "peer sent a TLS record of 6000 bytes, larger than VD_TLS_IN_BYTES (4096)");
        assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
        app_ends();
    }
}

static void test_peer_that_ends_in_order_is_told_as_end_of_data(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        world_serves("ec", app_versions[v]);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        world_server_write("bye", 3);
        world_server_close();
        world_run(5);
        world_fin();
        world_run(5);
        assert_int_equal(app.got_len, 3);
        assert_int_equal(app.ends, 1);
        assert_int_equal(app.errors, 0);
        app_ends();
    }
}

static void test_peer_that_ends_without_close_notify_is_an_error(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        world_serves("ec", app_versions[v]);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        world_run(5);
        world_fin();
        world_run(5);
        assert_int_equal(app.ends, 0);
        assert_int_equal(app.errors, 1);
        assert_string_equal(app_why(), "peer closed the connection without TLS close_notify");
        app_ends();
    }
}

/* ---- sessions ------------------------------------------------------------------------------------------- */

static void meet_again(void)
{
    world_again();
    app_shakes_hands();
    world_run(10); /* TLS 1.3 tickets come behind the handshake */
    app_exchanges();
    app_closes();
    world_run(5);
    world_fin();
    world_run(5);
}

static void test_session_is_resumed_and_saved_session_ends_with_the_certificate(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        const struct world_server how = {
            .cert = "ec", .version = app_versions[v], .does_tickets = true};
        world_reset(&how);
        app_trusts("root.crt", "collector.example");
        meet_again();
        assert_int_equal(world.srv_resumed, 0);
        meet_again();
        assert_int_equal(world.srv_resumed, 1);
        meet_again();
        assert_int_equal(world.srv_resumed, 2);
        /* A resumed connection shows no certificate: what expired must not live on in a ticket. */
        world_again();
        world.date = WORLD_DATE_EXPIRED;
        app_meets_error();
        assert_int_equal(world.srv_resumed, 2);
        assert_string_equal(app_why(), "certificate expired on 2026-10-01");
        app_ends();
    }
}

static void test_session_is_forgotten_with_another_host_name(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        const struct world_server how = {
            .cert = "ec", .version = app_versions[v], .does_tickets = true};
        world_reset(&how);
        app_trusts("root.crt", "collector.example");
        meet_again();
        assert_int_equal(vd_altcp_tls_set_host(app.config, "a.example"), ERR_OK);
        world_again();
        app_meets_error();
        assert_int_equal(world.srv_resumed, 0);
        assert_int_equal(vd_altcp_tls_error(app.config)->status, VD_EUNVERIFIED);
        app_ends();
    }
}

static void test_application_can_take_and_give_sessions(void **state)
{
    struct altcp_tls_session session;

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        const struct world_server how = {
            .cert = "ec", .version = app_versions[v], .does_tickets = true};
        world_reset(&how);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        world_run(10);
        altcp_tls_init_session(&session);
        assert_int_equal(altcp_tls_get_session(app.pcb, &session), ERR_OK);
        app_closes();
        world_run(5);
        world_fin();
        world_run(5);
        altcp_tls_free_config(app.config);
        app_trusts("root.crt", "collector.example");
        app.session = &session;
        meet_again();
        assert_int_equal(world.srv_resumed, 1);
        altcp_tls_free_session(&session);
        app_ends();
    }
}

/* A session resumes without certificates: it must not carry trust to where it was not earned. */
static void test_session_of_another_host_or_trust_is_refused(void **state)
{
    static const struct {
        const char *root, *host;
    } rows[] = {
        {"root.crt", "a.example"}, {"other.crt", "collector.example"}, {"other.crt", "a.example"}};
    struct altcp_tls_session session;

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        const struct world_server how = {
            .cert = "ec", .version = app_versions[v], .does_tickets = true};
        world_reset(&how);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        world_run(10);
        altcp_tls_init_session(&session);
        assert_int_equal(altcp_tls_get_session(app.pcb, &session), ERR_OK);
        app_closes();
        world_run(5);
        world_fin();
        world_run(5);
        altcp_tls_free_config(app.config);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
            app_trusts(rows[i].root, rows[i].host);
            struct altcp_pcb *pcb = altcp_tls_new(app.config, IPADDR_TYPE_V4);
            assert_non_null(pcb);
            assert_int_equal(altcp_tls_set_session(pcb, &session), ERR_VAL);
            altcp_abort(pcb);
            world_run(2);
            altcp_tls_free_config(app.config);
        }
        app_trusts("root.crt", "collector.example");
        world.date = WORLD_DATE_EXPIRED;
        struct altcp_pcb *pcb = altcp_tls_new(app.config, IPADDR_TYPE_V4);
        assert_int_equal(altcp_tls_set_session(pcb, &session), ERR_VAL);
        altcp_abort(pcb);
        world_run(2);
        altcp_tls_free_session(&session);
        app_ends();
    }
}

static void test_host_cannot_change_under_a_connection(void **state)
{
    const struct world_server how = {.cert = "ec", .version = TLS13, .does_tickets = true};

    (void)state;
    world_reset(&how);
    app_trusts("root.crt", "collector.example");
    app_shakes_hands();
    assert_int_equal(vd_altcp_tls_set_host(app.config, "victim.example"), ERR_VAL);
    assert_int_equal(vd_altcp_tls_set_host(app.config, "collector.example"), ERR_OK);
    app_ends();
}

static void test_ticket_and_data_in_one_segment_both_arrive(void **state)
{
    const struct world_server how = {.cert = "ec", .version = TLS13, .does_tickets = true};

    (void)state;
    world_reset(&how);
    app_trusts("root.crt", "collector.example");
    world_server_write("data", 4);
    app_shakes_hands();
    world_server_write("data", 4);
    world_run(10);
    assert_true(app.got_len >= 4);
    app_ends();
}

/* ---- closing at any time ------------------------------------------------------------------------------------ */

static void test_close_and_abort_at_every_turn_leave_nothing(void **state)
{
    (void)state;
    for (unsigned turns = 0; turns < 40; turns++) {
        for (int aborts = 0; aborts < 2; aborts++) {
            world_serves("ec", app_versions[turns % 2]);
            app_trusts("root.crt", "collector.example");
            app_connects();
            world_run(turns);
            assert_int_equal(app.errors, 0);
            if (aborts == 1) {
                altcp_abort(app.pcb);
                assert_int_equal(app.errors, 1);
                assert_int_equal(app.err, ERR_ABRT);
            }
            app_ends();
        }
    }
}

static void test_close_from_the_recv_callback_leaves_nothing(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        world_serves("ec", app_versions[v]);
        app_trusts("root.crt", "collector.example");
        app_shakes_hands();
        app.closes_early = true;
        world_server_write("now", 3);
        world_run(10);
        assert_null(app.pcb);
        assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
        app_ends();
    }
}

static void test_config_freed_while_connected_lives_until_the_end(void **state)
{
    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", "collector.example");
    app_shakes_hands();
    altcp_tls_free_config(app.config);
    app.config = NULL;
    app_exchanges();
    app_closes();
    world_run(5);
    world_fin();
    world_run(5);
    world_expect_clean();
}

static void test_close_sends_what_was_written_even_when_tcp_is_slow(void **state)
{
    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", "collector.example");
    app_shakes_hands();
    world.faults.write_max = 5;
    world.faults.write_err_every = 2;
    assert_int_equal(altcp_write(app.pcb, "the last words", 14, TCP_WRITE_FLAG_COPY), ERR_OK);
    app_closes();
    world_run(100);
    assert_int_equal(world.srv_got_len, 14);
    assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY);
    app_ends();
}

static void test_close_ends_by_itself_when_the_peer_takes_nothing(void **state)
{
    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", "collector.example");
    app_shakes_hands();
    world.faults.write_err_every = 1;
    assert_int_equal(altcp_write(app.pcb, "never", 5, TCP_WRITE_FLAG_COPY), ERR_OK);
    app_closes();
    assert_int_equal(vd_altcp_tls_busy(), 1);
    world.ms += VD_TLS_LINGER_MS;
    world_run(2);
    assert_int_equal(vd_altcp_tls_busy(), 0);
    assert_true(world.was_aborted);
    app_ends();
}

static void test_end_of_tcp_that_fails_is_tried_again(void **state)
{
    (void)state;
    world_serves("ec", TLS13);
    app_trusts("root.crt", "collector.example");
    app_shakes_hands();
    world.faults.closes_fail = true;
    app_closes();
    world_run(5);
    assert_false(world.has_fin);
    world.faults.closes_fail = false;
    world_run(5);
    assert_true(world.has_fin);
    app_ends();
}

/* ---- breaking everywhere once ------------------------------------------------------------------------------- */

/*
 * One connection that breaks: it ends with exactly one error, or is up, and never hangs.  Only a
 * turned bit may leave it waiting, for the rest of a record that has become longer.
 */
static void break_once(const struct world_faults *faults)
{
    world_again();
    world.faults = *faults;
    app_connects();
    for (unsigned i = 0; i < 200 && app.errors == 0 && app.ends == 0; i++) {
        world_run(1);
        if (app.connected == 1 && i > 60) {
            break;
        }
    }
    assert_true(app.errors <= 1);
    assert_true(app.errors == 1 || app.connected == 1 || app.ends == 1 || faults->flip_at > 0);
    assert_int_equal(app.got_len, 0);
    memset(&world.faults, 0, sizeof(world.faults));
    app_closes();
    world_run(3);
    world_fin();
    world_run(3);
    assert_null(world.tcp);
    assert_int_equal(vd_altcp_tls_busy(), 0);
}

/* Bytes of a whole handshake each way. */
static void measure(size_t *out, size_t *in)
{
    world_again();
    memset(&world.faults, 0, sizeof(world.faults));
    app_shakes_hands();
    world_run(10);
    *out = world.out_total;
    *in = world.in_total;
    app_closes();
    world_run(3);
    world_fin();
    world_run(3);
}

static void break_everywhere(int version, bool tickets)
{
    const struct world_server how = {.cert = "ec", .version = version, .does_tickets = tickets};
    size_t out;
    size_t in;

    world_reset(&how);
    app_trusts("root.crt", "collector.example");
    measure(&out, &in);
    for (size_t n = 1; n <= out; n++) {
        const struct world_faults faults = {.reset_after_out = n};
        break_once(&faults);
    }
    for (size_t n = 1; n <= in; n++) {
        const struct world_faults faults = {.reset_after_in = n};
        break_once(&faults);
    }
    for (size_t n = 1; n <= in; n += 3) {
        const struct world_faults faults = {.fin_after_in = n};
        break_once(&faults);
    }
    for (size_t n = 1; n <= in; n += 3) {
        const struct world_faults faults = {.flip_at = n};
        break_once(&faults);
    }
    app_ends();
}

static void test_break_after_every_byte_of_a_tls12_handshake(void **state)
{
    (void)state;
    break_everywhere(TLS12, false);
}

static void test_break_after_every_byte_of_a_tls13_handshake(void **state)
{
    (void)state;
    break_everywhere(TLS13, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_peer_with_older_tls_or_none_is_named, app_tidies),
        cmocka_unit_test_setup(test_alert_before_a_reset_is_still_read, app_tidies),
        cmocka_unit_test_setup(test_refused_and_unanswered_connects_are_told_apart, app_tidies),
        cmocka_unit_test_setup(test_chain_larger_than_the_buffer_is_named, app_tidies),
        cmocka_unit_test_setup(test_record_larger_than_the_buffer_ends_the_connection_at_once,
                               app_tidies),
        cmocka_unit_test_setup(test_peer_that_ends_in_order_is_told_as_end_of_data, app_tidies),
        cmocka_unit_test_setup(test_peer_that_ends_without_close_notify_is_an_error, app_tidies),
        cmocka_unit_test_setup(test_session_is_resumed_and_saved_session_ends_with_the_certificate,
                               app_tidies),
        cmocka_unit_test_setup(test_session_is_forgotten_with_another_host_name, app_tidies),
        cmocka_unit_test_setup(test_application_can_take_and_give_sessions, app_tidies),
        cmocka_unit_test_setup(test_session_of_another_host_or_trust_is_refused, app_tidies),
        cmocka_unit_test_setup(test_host_cannot_change_under_a_connection, app_tidies),
        cmocka_unit_test_setup(test_ticket_and_data_in_one_segment_both_arrive, app_tidies),
        cmocka_unit_test_setup(test_close_and_abort_at_every_turn_leave_nothing, app_tidies),
        cmocka_unit_test_setup(test_close_from_the_recv_callback_leaves_nothing, app_tidies),
        cmocka_unit_test_setup(test_config_freed_while_connected_lives_until_the_end, app_tidies),
        cmocka_unit_test_setup(test_close_sends_what_was_written_even_when_tcp_is_slow, app_tidies),
        cmocka_unit_test_setup(test_close_ends_by_itself_when_the_peer_takes_nothing, app_tidies),
        cmocka_unit_test_setup(test_end_of_tcp_that_fails_is_tried_again, app_tidies),
        cmocka_unit_test_setup(test_break_after_every_byte_of_a_tls12_handshake, app_tidies),
        cmocka_unit_test_setup(test_break_after_every_byte_of_a_tls13_handshake, app_tidies),
    };

    world_start();
    return cmocka_run_group_tests_name("altcp_tls_faults", tests, NULL, NULL);
}
