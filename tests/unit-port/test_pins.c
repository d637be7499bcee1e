/*
 * The altcp TLS layer with a pin: the peer's key is the proof, and nothing else.
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

#include "tests/unit-port/tls_app.h"

#define ALERT_ACCESS_DENIED 49

/* The pin of that certificate, as openssl has computed it. */
static const uint8_t *pin_of(const char *cert)
{
    char name[64];
    size_t len;

    (void)snprintf(name, sizeof(name), "%s.pin", cert);
    const uint8_t *file = world_file(name, &len);
    assert_int_equal(len, 32 + 1);
    return file;
}

static void app_pins(const char *cert)
{
    memset(&app, 0, sizeof(app));
    app.config = vd_altcp_tls_create_config_pinned(pin_of(cert));
    assert_non_null(app.config);
}

/* ---- the right key ----------------------------------------------------------------------- */

static void meet(const char *cert, int64_t date, int version)
{
    world_serves(cert, version);
    world.date = date;
    app_pins(cert);
    app_shakes_hands();
    app_exchanges();
    assert_string_equal(world.srv_name, "");
    assert_string_equal(app_why(), "");
    app_ends();
}

static void test_pinned_key_is_enough_of_every_kind(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        meet("ec", WORLD_DATE_OK, app_versions[v]);
        meet("p384", WORLD_DATE_OK, app_versions[v]);
        meet("rsa", WORLD_DATE_OK, app_versions[v]);
    }
}

static void test_issuer_name_and_dates_do_not_matter_with_a_pin(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        meet("selfsigned", WORLD_DATE_OK, app_versions[v]);
        meet("stranger", WORLD_DATE_OK, app_versions[v]);
        meet("cnonly", WORLD_DATE_OK, app_versions[v]);
        meet("weak", WORLD_DATE_OK, app_versions[v]); /* RSA with 1024 bits */
        meet("ec", WORLD_DATE_EXPIRED, app_versions[v]);
        meet("ec", WORLD_DATE_EARLY, app_versions[v]);
    }
}

/* ---- another key ------------------------------------------------------------------------- */

static void refuse(const char *cert, const char *pin, int version, uint32_t flag)
{
    world_serves(cert, version);
    app_pins(pin);
    app_meets_error();
    const struct vd_tls_error *error = vd_altcp_tls_error(app.config);
    assert_int_equal(error->status, VD_EUNVERIFIED);
    assert_true((error->flags & flag) != 0);
    /* The peer heard it from us, in TLS 1.3 under its keys. */
    assert_int_equal(world.srv_code, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE);
    assert_int_equal(world.out_tap.is_alert, version == TLS12);
}

static void test_another_key_than_the_pin_gets_an_alert_and_no_data(void **state)
{
    /* Same issuer and names; an issuer's key; a key that differs in kind. */
    static const char *const pins[] = {"purpose", "inter", "root", "rsa"};

    (void)state;
    for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
        for (size_t v = 0; v < 2; v++) {
            refuse("ec", pins[i], app_versions[v], MBEDTLS_X509_BADCERT_OTHER);
            assert_memory_equal(app_why(), "peer has another key than the pin: sha256/", 42);
            assert_int_equal(strlen(app_why()), 42 + 44);
            assert_true(v == 1 || world.out_tap.alert == ALERT_ACCESS_DENIED);
            app_ends();
        }
    }
}

static void test_every_bit_of_the_pin_counts(void **state)
{
    static const size_t bits[] = {0, 7, 100, 255};

    (void)state;
    for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
        uint8_t pin[32];
        world_serves("ec", TLS13);
        memcpy(pin, pin_of("ec"), sizeof(pin));
        pin[bits[i] / 8] ^= (uint8_t)(1u << bits[i] % 8);
        memset(&app, 0, sizeof(app));
        app.config = vd_altcp_tls_create_config_pinned(pin);
        app_meets_error();
        assert_int_equal(vd_altcp_tls_error(app.config)->status, VD_EUNVERIFIED);
        app_ends();
    }
}

static void test_pinned_key_that_can_be_factored_is_refused(void **state)
{
    (void)state;
    for (size_t v = 0; v < 2; v++) {
        refuse("tiny", "tiny", app_versions[v], MBEDTLS_X509_BADCERT_BAD_KEY);
        assert_string_equal(app_why(), "key too small: RSA with 768 bits");
        app_ends();
    }
}

/* ---- configs and sessions ---------------------------------------------------------------- */

static void test_pinned_config_takes_no_host(void **state)
{
    (void)state;
    world_serves("ec", TLS13);
    app_pins("ec");
    assert_int_equal(vd_altcp_tls_set_host(app.config, "collector.example"), ERR_VAL);
    assert_null(vd_altcp_tls_create_config_pinned(NULL));
    app_shakes_hands();
    app_ends();
}

/* Try to give the session to a connection under another proof. */
static void offer(struct altcp_tls_config *config, struct altcp_tls_session *session,
                  err_t expected)
{
    assert_non_null(config);
    world_again();
    struct altcp_pcb *pcb = altcp_tls_new(config, IPADDR_TYPE_V4);
    assert_non_null(pcb);
    assert_int_equal(altcp_tls_set_session(pcb, session), expected);
    assert_int_equal(altcp_close(pcb), ERR_OK);
}

static void test_session_under_a_pin_is_taken_under_the_same_pin_only(void **state)
{
    const struct world_server how = {.cert = "ec", .version = TLS12, .does_tickets = true};
    struct altcp_tls_session session;
    size_t len;

    (void)state;
    world_reset(&how);
    app_pins("ec");
    app_shakes_hands();
    app_exchanges();
    altcp_tls_init_session(&session);
    assert_int_equal(altcp_tls_get_session(app.pcb, &session), ERR_OK);
    app_closes();
    world_run(5);
    world_fin();
    world_run(5);
    altcp_tls_free_config(app.config);

    app.config = vd_altcp_tls_create_config_pinned(pin_of("other"));
    offer(app.config, &session, ERR_VAL);
    altcp_tls_free_config(app.config);

    const uint8_t *root = world_file("root.crt", &len);
    app.config = altcp_tls_create_config_client(root, len);
    assert_int_equal(vd_altcp_tls_set_host(app.config, "collector.example"), ERR_OK);
    offer(app.config, &session, ERR_VAL);
    altcp_tls_free_config(app.config);

    world_again();
    app.config = vd_altcp_tls_create_config_pinned(pin_of("ec"));
    app.session = &session;
    app_shakes_hands();
    app_exchanges();
    assert_int_equal(world.srv_resumed, 1);
    altcp_tls_free_session(&session);
    app_ends();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pinned_key_is_enough_of_every_kind, app_tidies),
        cmocka_unit_test_setup(test_issuer_name_and_dates_do_not_matter_with_a_pin, app_tidies),
        cmocka_unit_test_setup(test_another_key_than_the_pin_gets_an_alert_and_no_data, app_tidies),
        cmocka_unit_test_setup(test_every_bit_of_the_pin_counts, app_tidies),
        cmocka_unit_test_setup(test_pinned_key_that_can_be_factored_is_refused, app_tidies),
        cmocka_unit_test_setup(test_pinned_config_takes_no_host, app_tidies),
        cmocka_unit_test_setup(test_session_under_a_pin_is_taken_under_the_same_pin_only,
                               app_tidies),
    };

    world_start();
    return cmocka_run_group_tests_name("pins", tests, NULL, NULL);
}
