/*
 * An application on the altcp TLS layer, as the tests use it.
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

const int app_versions[2] = {TLS12, TLS13};

struct app app;

static err_t on_connected(void *arg, struct altcp_pcb *pcb, err_t err)
{
    assert_ptr_equal(arg, &app);
    assert_ptr_equal(pcb, app.pcb);
    assert_int_equal(err, ERR_OK);
    app.connected++;
    return ERR_OK;
}

static err_t on_recv(void *arg, struct altcp_pcb *pcb, struct pbuf *p, err_t err)
{
    assert_ptr_equal(arg, &app);
    assert_int_equal(err, ERR_OK);
    if (p == NULL) {
        app.ends++;
        return ERR_OK;
    }
    if (app.refuses) {
        return ERR_MEM;
    }
    assert_true(app.got_len + p->tot_len <= sizeof(app.got));
    (void)pbuf_copy_partial(p, app.got + app.got_len, p->tot_len, 0);
    app.got_len += p->tot_len;
    if (!app.holds) {
        altcp_recved(pcb, p->tot_len);
    }
    pbuf_free(p);
    if (app.closes_early) {
        app.pcb = NULL;
        assert_int_equal(altcp_close(pcb), ERR_OK);
    }
    return ERR_OK;
}

static err_t on_sent(void *arg, struct altcp_pcb *pcb, u16_t len)
{
    assert_ptr_equal(arg, &app);
    assert_ptr_equal(pcb, app.pcb);
    app.sent += len;
    return ERR_OK;
}

static void on_err(void *arg, err_t err)
{
    assert_ptr_equal(arg, &app);
    app.errors++;
    app.err = err;
    app.pcb = NULL;
}

void app_trusts(const char *root, const char *host)
{
    size_t len;
    const uint8_t *file = world_file(root, &len);

    memset(&app, 0, sizeof(app));
    app.config = altcp_tls_create_config_client(file, len);
    assert_non_null(app.config);
    if (host != NULL) {
        assert_int_equal(vd_altcp_tls_set_host(app.config, host), ERR_OK);
    }
}

void app_connects(void)
{
    ip_addr_t ip;

    IP_ADDR4(&ip, 192, 0, 2, 1);
    app.connected = 0;
    app.errors = 0;
    app.ends = 0;
    app.got_len = 0;
    app.sent = 0;
    app.pcb = altcp_tls_new(app.config, IPADDR_TYPE_V4);
    assert_non_null(app.pcb);
    altcp_arg(app.pcb, &app);
    altcp_recv(app.pcb, on_recv);
    altcp_sent(app.pcb, on_sent);
    altcp_err(app.pcb, on_err);
    if (app.session != NULL) {
        assert_int_equal(altcp_tls_set_session(app.pcb, app.session), ERR_OK);
    }
    assert_int_equal(altcp_connect(app.pcb, &ip, 6514, on_connected), ERR_OK);
}

void app_closes(void)
{
    if (app.pcb != NULL) {
        assert_int_equal(altcp_close(app.pcb), ERR_OK);
        app.pcb = NULL;
    }
}

void app_ends(void)
{
    app_closes();
    world_run(5);
    world_fin();
    world_run(5);
    altcp_tls_free_config(app.config);
    app.config = NULL;
    world_expect_clean();
}

const char *app_why(void)
{
    return vd_altcp_tls_error(app.config)->why;
}

/* A test that failed has left things behind: they must not fail the next one. */
int app_tidies(void **state)
{
    (void)state;
    world_drop();
    altcp_tls_free_config(app.config);
    memset(&app, 0, sizeof(app));
    return 0;
}

void app_exchanges(void)
{
    static const char up[] = "<13>1 the line";
    static const char down[] = "and an answer";

    assert_int_equal(altcp_write(app.pcb, up, sizeof(up), TCP_WRITE_FLAG_COPY), ERR_OK);
    world_server_write(down, sizeof(down));
    for (unsigned i = 0; i < 4000 && (app.sent < sizeof(up) || app.got_len < sizeof(down)); i++) {
        world_run(1);
    }
    assert_int_equal(world.srv_got_len, sizeof(up));
    assert_memory_equal(world.srv_got, up, sizeof(up));
    assert_int_equal(app.got_len, sizeof(down));
    assert_memory_equal(app.got, down, sizeof(down));
    assert_int_equal(app.sent, sizeof(up));
}

void app_shakes_hands(void)
{
    app_connects();
    for (unsigned i = 0; i < 30000 && app.connected == 0 && app.errors == 0; i++) {
        world_run(1);
    }
    if (app.connected != 1) {
        fail_msg("no handshake: %s", app_why());
    }
}

void world_serves(const char *cert, int version)
{
    const struct world_server how = {.cert = cert, .version = version};

    world_reset(&how);
}

void app_meets_error(void)
{
    app_connects();
    for (unsigned i = 0; i < 3000 && app.errors == 0; i++) {
        world_run(1);
        assert_int_equal(app.connected, 0);
    }
    assert_int_equal(app.errors, 1);
    world_run(10);
    assert_int_equal(world.srv_got_len, 0);
    assert_false(world.was_aborted);
}
