/*
 * The altcp TLS layer: the life of a connection.
 *
 * Nothing here calls lwIP's output, or the application, from inside one of lwIP's callbacks:
 * tcp_output does nothing there, and a pcb freed there must be reported by the return code.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/altcp_tls_conn.h"

#include "port/lwip/altcp_tls_linger.h"
#include "port/lwip/altcp_tls_vedette.h"
#include "port/port_clock.h"

#include "lwip/priv/altcp_priv.h"

#include "mbedtls/net_sockets.h"
#include "mbedtls/platform_util.h"

#include <string.h>

static struct vd_tls_conn conns[VD_TLS_SLOTS];
static uint32_t last_id;

/* ---- the end of a connection ------------------------------------------------------------- */

size_t vd_tls_conn_unacked(const struct vd_tls_conn *conn)
{
    return conn->tx_len + (conn->wire_sent - conn->wire_acked);
}

/* Free all but the application's pcb and TCP's. */
static void release(struct vd_tls_conn *conn)
{
    vd_tls_io_drop_rx(conn);
    if (conn->refused != NULL) {
        pbuf_free(conn->refused);
    }
    mbedtls_ssl_free(&conn->ssl);
    vd_tls_config_release(conn->config);
    mbedtls_platform_zeroize(conn, sizeof(*conn));
}

static void detach_outer(struct vd_tls_conn *conn)
{
    struct altcp_pcb *outer = conn->outer;

    conn->outer = NULL;
    outer->inner_conn = NULL;
    outer->state = NULL;
    altcp_free(outer);
}

/*
 * True when TLS has nothing more to say, or nobody to say it to.  With bytes left over,
 * mbedtls_ssl_send_alert_message only sends those: the alert in its arguments is not made.
 */
static bool is_drained(struct vd_tls_conn *conn)
{
    if (conn->inner == NULL) {
        return true;
    }
    if (conn->tx_len > 0) {
        (void)vd_tls_io_pop_acked(conn);
        if (vd_tls_io_pump_tx(conn) != 0) {
            return true;
        }
        if (conn->tx_len > 0) {
            return false;
        }
    }
    if (conn->is_tx_blocked) {
        (void)mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                             MBEDTLS_SSL_ALERT_MSG_INTERNAL_ERROR);
        if (conn->is_tx_blocked) {
            return false;
        }
    }
    if (!conn->is_end_said) {
        conn->is_end_said = true;
        (void)mbedtls_ssl_close_notify(&conn->ssl);
    }
    return !conn->is_tx_blocked;
}

static void step_draining(struct vd_tls_conn *conn)
{
    vd_tls_io_drop_rx(conn);
    bool is_late = vd_clock_ms() >= conn->drain_until_ms;
    bool is_done = is_drained(conn);
    vd_tls_io_flush(conn);
    if (!is_done && !is_late) {
        return;
    }
    struct altcp_pcb *inner = conn->inner;
    bool has_eof = conn->rx_eof;
    release(conn);
    if (inner == NULL) {
        return;
    }
    if (is_done) {
        vd_tls_linger(inner, has_eof);
    } else {
        vd_tls_io_detach(inner);
        altcp_abort(inner);
    }
}

static void start_draining(struct vd_tls_conn *conn)
{
    conn->phase = VD_TLS_DRAINING;
    conn->drain_until_ms = vd_clock_ms() + VD_TLS_LINGER_MS;
    step_draining(conn);
}

/*
 * End a failed connection.  The application hears of it last, when as much as possible is free
 * again: it may connect anew from its callback.
 */
static void end_failed(struct vd_tls_conn *conn, err_t err)
{
    altcp_err_fn fn = conn->outer->err;
    void *arg = conn->outer->arg;

    detach_outer(conn);
    if (conn->phase == VD_TLS_SHAKING || conn->phase == VD_TLS_OPEN) {
        conn->tx_len = 0;
        conn->is_end_said = true;
        start_draining(conn);
    } else {
        release(conn);
    }
    if (fn != NULL) {
        fn(arg, err);
    }
}

static void note_failure(struct vd_tls_conn *conn, int code)
{
    struct vd_tls_error *error = &conn->config->error;

    error->status = vd_tls_peer_explain(&conn->peer, &conn->ssl, code,
                                        conn->phase == VD_TLS_SHAKING, &error->flags, error->why);
    error->code = code;
    error->unacked = vd_tls_conn_unacked(conn);
}

static void fail_tls(struct vd_tls_conn *conn, int code)
{
    note_failure(conn, code);
    vd_tls_trust_drop_session(&conn->config->trust);
    /* mbedTLS has told the peer of most failures; of a record that does not fit it has not. */
    if (code == MBEDTLS_ERR_SSL_BAD_INPUT_DATA && !conn->is_tx_blocked) {
        (void)mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                             MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW);
    }
    end_failed(conn, code == MBEDTLS_ERR_NET_CONN_RESET ? ERR_RST
                     : code == MBEDTLS_ERR_SSL_TIMEOUT  ? ERR_ABRT
                                                        : ERR_CLSD);
}

/* TCP never got there. */
static void fail_connect(struct vd_tls_conn *conn)
{
    if (conn->inner_err == ERR_RST) {
        vd_tls_config_fail(conn->config, VD_EREFUSED, "connection refused");
    } else {
        vd_tls_config_fail(conn->config, VD_ETIMEOUT, "no answer to the connect");
    }
    end_failed(conn, conn->inner_err);
}

/* ---- one turn ---------------------------------------------------------------------------- */

static void begin_open(struct vd_tls_conn *conn)
{
    struct altcp_pcb *outer = conn->outer;

    /* mbedTLS has refused anything else long before; this must hold, so it is asked for. */
    if (mbedtls_ssl_get_verify_result(&conn->ssl) != 0) {
        fail_tls(conn, MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
        return;
    }
    conn->phase = VD_TLS_OPEN;
    if (mbedtls_ssl_get_version_number(&conn->ssl) == MBEDTLS_SSL_VERSION_TLS1_2) {
        vd_tls_peer_save_session(&conn->peer, &conn->ssl);
    }
    if (outer->connected != NULL) {
        (void)outer->connected(outer->arg, outer, ERR_OK);
    }
}

static void step_handshake(struct vd_tls_conn *conn)
{
    int ret = vd_tls_handshake_step(&conn->ssl);

    vd_tls_io_flush(conn);
    if (ret != 0 && ret != MBEDTLS_ERR_SSL_WANT_READ && ret != MBEDTLS_ERR_SSL_WANT_WRITE) {
        fail_tls(conn, ret);
    } else if (mbedtls_ssl_is_handshake_over(&conn->ssl)) {
        begin_open(conn);
    }
}

/* At most VD_TLS_RECORDS_MAX records of VD_TLS_OUT_BYTES: may take more than one call of 16 bits.
 */
static void tell_sent(struct vd_tls_conn *conn)
{
    size_t plain = vd_tls_io_pop_acked(conn);
    struct altcp_pcb *outer = conn->outer;
    uint32_t id = conn->id;

    while (plain > 0 && conn->id == id && conn->outer != NULL) {
        u16_t len = (u16_t)LWIP_MIN(plain, UINT16_MAX);
        plain -= len;
        if (outer->sent != NULL) {
            (void)outer->sent(outer->arg, outer, len);
        }
    }
}

static void step_open(struct vd_tls_conn *conn)
{
    uint32_t id = conn->id;

    tell_sent(conn);
    if (conn->id != id || conn->outer == NULL) {
        return;
    }
    /* A record in hand first: reading may make TLS send it, and it would be made once more. */
    int ret = conn->tx_offered != 0 ? vd_tls_io_pump_tx(conn) : 0;
    if (ret == 0 && conn->tx_offered == 0) {
        ret = vd_tls_io_pump_rx(conn);
        if (conn->id != id || conn->outer == NULL) {
            return; /* closed from a callback */
        }
    }
    if (ret == 0) {
        ret = vd_tls_io_pump_tx(conn);
    }
    if (ret == 0 && conn->inner == NULL) {
        ret = vd_tls_io_end_code(conn);
    }
    vd_tls_io_flush(conn);
    if (ret != 0) {
        fail_tls(conn, ret);
    }
}

static void step_poll(struct vd_tls_conn *conn)
{
    struct altcp_pcb *outer = conn->outer;

    conn->is_poll_due = false;
    if (outer != NULL && outer->poll != NULL) {
        (void)outer->poll(outer->arg, outer);
    }
}

static void step(struct vd_tls_conn *conn)
{
    if (conn->is_poll_due) {
        step_poll(conn);
    }
    switch (conn->phase) {
    case VD_TLS_UNUSED:
        break;
    case VD_TLS_READY:
    case VD_TLS_CONNECTING:
        if (conn->inner == NULL) {
            fail_connect(conn);
        }
        break;
    case VD_TLS_SHAKING:
        step_handshake(conn);
        break;
    case VD_TLS_OPEN:
        step_open(conn);
        break;
    case VD_TLS_DRAINING:
        step_draining(conn);
        break;
    }
}

void vd_altcp_tls_turn(void)
{
    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        step(&conns[i]);
    }
    vd_tls_linger_turn();
}

unsigned vd_altcp_tls_busy(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        count += conns[i].phase != VD_TLS_UNUSED;
    }
    return count;
}

/* ---- beginning and end, for lwIP's functions --------------------------------------------- */

static int set_up_tls(struct vd_tls_conn *conn)
{
    conn->peer.trust = &conn->config->trust;
    int ret = vd_tls_peer_start(&conn->peer, &conn->ssl);
    mbedtls_ssl_set_bio(&conn->ssl, conn, vd_tls_io_send, vd_tls_io_recv, NULL);
    return ret;
}

static struct vd_tls_conn *find_slot(void)
{
    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        if (conns[i].phase == VD_TLS_UNUSED) {
            return &conns[i];
        }
    }
    return NULL;
}

struct vd_tls_conn *vd_tls_conn_begin(struct altcp_tls_config *config, struct altcp_pcb *outer,
                                      struct altcp_pcb *inner)
{
    struct vd_tls_conn *conn = find_slot();

    if (conn == NULL) {
        vd_tls_config_fail(config, VD_EFULL, "all TLS connections are in use (VD_TLS_SLOTS)");
        return NULL;
    }
    vd_tls_config_fail(config, VD_OK, "");
    conn->phase = VD_TLS_READY;
    conn->id = ++last_id;
    conn->config = config;
    vd_tls_config_hold(config);
    int code = set_up_tls(conn);
    if (code != 0) {
        note_failure(conn, code);
        release(conn);
        return NULL;
    }
    conn->outer = outer;
    conn->inner = inner;
    vd_tls_io_attach(conn);
    return conn;
}

static void close_unused_inner(struct vd_tls_conn *conn)
{
    struct altcp_pcb *inner = conn->inner;

    conn->inner = NULL;
    if (inner == NULL) {
        return;
    }
    vd_tls_io_detach(inner);
    if (altcp_close(inner) != ERR_OK) {
        altcp_abort(inner);
    }
}

void vd_tls_conn_close(struct vd_tls_conn *conn)
{
    detach_outer(conn);
    if (conn->phase == VD_TLS_READY || conn->phase == VD_TLS_CONNECTING) {
        close_unused_inner(conn);
        release(conn);
        return;
    }
    if (conn->phase == VD_TLS_SHAKING) {
        conn->is_end_said = true; /* close_notify ends data, and there was none */
    }
    start_draining(conn);
}

void vd_tls_conn_abort(struct vd_tls_conn *conn)
{
    altcp_err_fn fn = conn->outer->err;
    void *arg = conn->outer->arg;
    struct altcp_pcb *inner = conn->inner;

    detach_outer(conn);
    conn->inner = NULL;
    release(conn);
    if (inner != NULL) {
        vd_tls_io_detach(inner);
        altcp_abort(inner);
    }
    if (fn != NULL) {
        fn(arg, ERR_ABRT);
    }
}
