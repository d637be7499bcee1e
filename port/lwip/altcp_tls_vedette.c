/*
 * TLS for lwIP's altcp, over mbedTLS 3.6's public API: the functions that lwIP calls.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/altcp_tls_vedette.h"

#include "port/lwip/altcp_tls_config.h"
#include "port/lwip/altcp_tls_conn.h"

#include "lwip/altcp_tcp.h"
#include "lwip/priv/altcp_priv.h"

#include "mbedtls/platform.h"
#include "mbedtls/platform_util.h"

#include <string.h>

/* ---- lwIP's functions of a connection ---------------------------------------------------- */

static err_t on_poll(void *arg, struct altcp_pcb *inner)
{
    struct vd_tls_conn *conn = arg;

    (void)inner;
    conn->is_poll_due = true;
    return ERR_OK;
}

static err_t on_connected(void *arg, struct altcp_pcb *inner, err_t err)
{
    struct vd_tls_conn *conn = arg;

    (void)inner;
    (void)err; /* lwIP 2.2: always ERR_OK; failures come to the err callback */
    conn->phase = VD_TLS_SHAKING;
    return ERR_OK;
}

static void tls_set_poll(struct altcp_pcb *outer, u8_t interval)
{
    if (outer->inner_conn != NULL) {
        altcp_poll(outer->inner_conn, on_poll, interval);
    }
}

static void tls_recved(struct altcp_pcb *outer, u16_t len)
{
    struct vd_tls_conn *conn = outer->state;

    if (conn != NULL) {
        conn->unrecved -= LWIP_MIN(conn->unrecved, len);
    }
}

static err_t tls_connect(struct altcp_pcb *outer, const ip_addr_t *ip, u16_t port,
                         altcp_connected_fn connected)
{
    struct vd_tls_conn *conn = outer->state;

    if (conn == NULL || conn->inner == NULL || conn->phase != VD_TLS_READY) {
        return ERR_VAL;
    }
    outer->connected = connected;
    err_t err = altcp_connect(conn->inner, ip, port, on_connected);
    if (err == ERR_OK && conn->phase == VD_TLS_READY) {
        conn->phase = VD_TLS_CONNECTING;
    }
    return err;
}

static err_t tls_close(struct altcp_pcb *outer)
{
    struct vd_tls_conn *conn = outer->state;

    if (conn == NULL) {
        return ERR_VAL;
    }
    vd_tls_conn_close(conn);
    return ERR_OK;
}

static void tls_abort(struct altcp_pcb *outer)
{
    struct vd_tls_conn *conn = outer->state;

    if (conn != NULL) {
        vd_tls_conn_abort(conn);
    }
}

static err_t tls_shutdown(struct altcp_pcb *outer, int shut_rx, int shut_tx)
{
    return shut_rx != 0 && shut_tx != 0 ? tls_close(outer) : ERR_VAL;
}

/* All or nothing, as tcp_write; data is always copied. */
static err_t tls_write(struct altcp_pcb *outer, const void *data, u16_t len, u8_t flags)
{
    struct vd_tls_conn *conn = outer->state;

    (void)flags;
    if (conn == NULL || conn->phase != VD_TLS_OPEN || conn->inner == NULL) {
        return ERR_CONN;
    }
    if (len > sizeof(conn->tx) - conn->tx_len) {
        return ERR_MEM;
    }
    memcpy(conn->tx + conn->tx_len, data, len);
    conn->tx_len += len;
    return ERR_OK;
}

/* A failure is left for the turn, which finds it again. */
static err_t tls_output(struct altcp_pcb *outer)
{
    struct vd_tls_conn *conn = outer->state;

    if (conn == NULL || conn->phase != VD_TLS_OPEN) {
        return ERR_CONN;
    }
    if (vd_tls_io_pump_tx(conn) == 0) {
        vd_tls_io_flush(conn);
    }
    return ERR_OK;
}

static u16_t tls_sndbuf(struct altcp_pcb *outer)
{
    const struct vd_tls_conn *conn = outer->state;

    if (conn == NULL || conn->phase != VD_TLS_OPEN || conn->inner == NULL) {
        return 0;
    }
    return (u16_t)(sizeof(conn->tx) - conn->tx_len);
}

static const struct altcp_functions tls_functions = {
    tls_set_poll,
    tls_recved,
    altcp_default_bind,
    tls_connect,
    NULL, /* listen: a client only */
    tls_abort,
    tls_close,
    tls_shutdown,
    tls_write,
    tls_output,
    altcp_default_mss,
    tls_sndbuf,
    altcp_default_sndqueuelen,
    altcp_default_nagle_disable,
    altcp_default_nagle_enable,
    altcp_default_nagle_disabled,
    altcp_default_setprio,
    altcp_default_dealloc,
    altcp_default_get_tcp_addrinfo,
    altcp_default_get_ip,
    altcp_default_get_port,
#if LWIP_TCP_KEEPALIVE
    altcp_default_keepalive_disable,
    altcp_default_keepalive_enable,
#endif
#ifdef LWIP_DEBUG
    altcp_default_dbg_get_tcp_state,
#endif
};

/* ---- making a connection ----------------------------------------------------------------- */

struct altcp_pcb *altcp_tls_wrap(struct altcp_tls_config *config, struct altcp_pcb *inner)
{
    if (config == NULL || inner == NULL) {
        return NULL;
    }
    if (!vd_tls_trust_is_complete(&config->trust)) {
        vd_tls_config_fail(config, VD_EINVAL, "no host name to verify the peer against");
        return NULL;
    }
    struct altcp_pcb *outer = altcp_alloc();
    if (outer == NULL) {
        vd_tls_config_fail(config, VD_EIO, "out of lwIP's connections (MEMP_NUM_ALTCP_PCB)");
        return NULL;
    }
    struct vd_tls_conn *conn = vd_tls_conn_begin(config, outer, inner);
    if (conn == NULL) {
        altcp_free(outer);
        return NULL;
    }
    outer->fns = &tls_functions;
    outer->inner_conn = inner;
    outer->state = conn;
    altcp_nagle_disable(inner); /* records are made whole here: waiting would cost a round trip */
    return outer;
}

struct altcp_pcb *altcp_tls_new(struct altcp_tls_config *config, u8_t ip_type)
{
    if (config == NULL) {
        return NULL;
    }
    struct altcp_pcb *inner = altcp_tcp_new_ip_type(ip_type);
    if (inner == NULL) {
        vd_tls_config_fail(config, VD_EIO, "out of lwIP's connections (MEMP_NUM_TCP_PCB)");
        return NULL;
    }
    struct altcp_pcb *outer = altcp_tls_wrap(config, inner);
    if (outer == NULL) {
        (void)altcp_close(inner);
    }
    return outer;
}

struct altcp_pcb *altcp_tls_alloc(void *arg, u8_t ip_type)
{
    return altcp_tls_new(arg, ip_type);
}

/* ---- what else altcp_tls.h offers -------------------------------------------------------- */

static struct vd_tls_conn *conn_of(const struct altcp_pcb *outer)
{
    return outer != NULL && outer->fns == &tls_functions ? outer->state : NULL;
}

void *altcp_tls_context(struct altcp_pcb *outer)
{
    struct vd_tls_conn *conn = conn_of(outer);

    return conn != NULL ? &conn->ssl : NULL;
}

size_t vd_altcp_tls_unacked(const struct altcp_pcb *outer)
{
    const struct vd_tls_conn *conn = conn_of(outer);

    return conn != NULL ? vd_tls_conn_unacked(conn) : 0;
}

/* mbedTLS has no copy of sessions in public: through the serialised form. */
static int copy_session(const mbedtls_ssl_session *from, mbedtls_ssl_session *to)
{
    size_t len = 0;

    (void)mbedtls_ssl_session_save(from, NULL, 0, &len);
    unsigned char *buf = mbedtls_calloc(1, len);
    if (buf == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    int ret = mbedtls_ssl_session_save(from, buf, len, &len);
    if (ret == 0) {
        ret = mbedtls_ssl_session_load(to, buf, len);
    }
    mbedtls_platform_zeroize(buf, len);
    mbedtls_free(buf);
    return ret;
}

/* The layer has usually taken the session out of mbedTLS already, for its own next connection. */
err_t altcp_tls_get_session(struct altcp_pcb *outer, struct altcp_tls_session *to)
{
    struct vd_tls_conn *conn = conn_of(outer);

    if (conn == NULL || to == NULL) {
        return ERR_ARG;
    }
    if (conn->phase != VD_TLS_OPEN || conn->peer.is_date_waived) {
        return ERR_VAL;
    }
    const struct vd_tls_trust *trust = &conn->config->trust;
    int ret = vd_tls_trust_hash(trust, to->trust);
    to->until = trust->has_session ? trust->session_until : conn->peer.notes.until;
    if (ret == 0) {
        ret = trust->has_session ? copy_session(&trust->session, &to->data)
                                 : mbedtls_ssl_get_session(&conn->ssl, &to->data);
    }
    return ret == 0 ? ERR_OK : ERR_VAL;
}

err_t altcp_tls_set_session(struct altcp_pcb *outer, struct altcp_tls_session *from)
{
    struct vd_tls_conn *conn = conn_of(outer);

    if (conn == NULL || from == NULL || conn->phase != VD_TLS_READY) {
        return ERR_ARG;
    }
    /* Resuming skips the certificates: only what they were verified against may be resumed, and
       only for as long as they are good. */
    struct vd_tls_trust *trust = &conn->config->trust;
    uint8_t hash[32];
    if (vd_tls_trust_hash(trust, hash) != 0 || memcmp(hash, from->trust, sizeof(hash)) != 0 ||
        mbedtls_x509_time_is_past(&from->until) ||
        mbedtls_ssl_set_session(&conn->ssl, &from->data) != 0) {
        return ERR_VAL;
    }
    vd_tls_trust_drop_session(trust); /* the new date must not prolong the old one */
    trust->session_until = from->until;
    return ERR_OK;
}
