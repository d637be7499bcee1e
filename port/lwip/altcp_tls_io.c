/*
 * The altcp TLS layer's bytes: between TCP and mbedTLS, and between mbedTLS and the application.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/altcp_tls_conn.h"

#include "lwip/tcp.h"

#include "mbedtls/net_sockets.h"

#include <string.h>

/* Plaintext handed over at once: one small piece of lwIP's heap. */
#define CHUNK_BYTES 256u

/* Reads from TLS in one turn, so that a flood leaves time for others. */
#define READS_PER_TURN 16u

/* Buffers of received data that wait for TLS.  More stay with TCP, and close its window. */
#define QUEUED_PBUFS_MAX (PBUF_POOL_SIZE / 2)

/* ---- TCP to TLS -------------------------------------------------------------------------- */

/* Take off the first buffer of the queue. */
static void drop_first(struct vd_tls_conn *conn)
{
    struct pbuf *p = conn->rx;

    conn->rx = p->next;
    p->next = NULL;
    pbuf_free(p);
}

/* lwIP aborts a connection itself when data or keepalives were sent in vain often enough. */
int vd_tls_io_end_code(const struct vd_tls_conn *conn)
{
    return conn->inner_err == ERR_ABRT ? MBEDTLS_ERR_SSL_TIMEOUT : MBEDTLS_ERR_NET_CONN_RESET;
}

int vd_tls_io_recv(void *ctx, unsigned char *buf, size_t len)
{
    struct vd_tls_conn *conn = ctx;

    while (conn->rx != NULL && conn->rx->len == 0) {
        drop_first(conn);
    }
    if (conn->rx == NULL && conn->rx_eof) {
        return 0;
    }
    if (conn->rx == NULL) {
        return conn->inner == NULL ? vd_tls_io_end_code(conn) : MBEDTLS_ERR_SSL_WANT_READ;
    }
    u16_t n = (u16_t)LWIP_MIN(len, conn->rx->len);
    memcpy(buf, conn->rx->payload, n);
    (void)pbuf_remove_header(conn->rx, n);
    if (conn->inner != NULL) {
        altcp_recved(conn->inner, n); /* TCP's window opens by what TLS has read */
    }
    vd_tls_tap_feed(&conn->peer.tap, buf, n);
    return n;
}

void vd_tls_io_drop_rx(struct vd_tls_conn *conn)
{
    if (conn->rx == NULL) {
        return;
    }
    u16_t len = conn->rx->tot_len;
    pbuf_free(conn->rx);
    conn->rx = NULL;
    if (conn->inner != NULL && len > 0) {
        altcp_recved(conn->inner, len);
    }
}

/* ---- TLS to TCP -------------------------------------------------------------------------- */

/* As much as TCP takes now, halving while its pools are short.  0: nothing, *err says why. */
static size_t write_some(struct altcp_pcb *inner, const unsigned char *buf, size_t len, err_t *err)
{
    size_t n = LWIP_MIN(len, altcp_sndbuf(inner));

    *err = ERR_MEM;
    while (n > 0) {
        *err = altcp_write(inner, buf, (u16_t)n, TCP_WRITE_FLAG_COPY);
        if (*err == ERR_OK) {
            return n;
        }
        if (*err != ERR_MEM) {
            return 0;
        }
        n /= 2;
    }
    return 0;
}

int vd_tls_io_send(void *ctx, const unsigned char *buf, size_t len)
{
    struct vd_tls_conn *conn = ctx;
    err_t err;

    if (conn->inner == NULL) {
        /* Lost anyway.  Going on lets TLS read what the peer said last, perhaps an alert. */
        conn->is_tx_blocked = false;
        conn->wire_sent += (uint32_t)len; /* never acknowledged */
        return (int)len;
    }
    size_t n = write_some(conn->inner, buf, len, &err);
    conn->is_tx_blocked = n < len;
    if (n == 0) {
        return err == ERR_MEM ? MBEDTLS_ERR_SSL_WANT_WRITE : MBEDTLS_ERR_NET_SEND_FAILED;
    }
    conn->wire_sent += (uint32_t)n;
    return (int)n;
}

void vd_tls_io_flush(struct vd_tls_conn *conn)
{
    if (conn->inner != NULL) {
        (void)altcp_output(conn->inner); /* what it cannot send now, its timers will */
    }
}

/* ---- TCP's callbacks: notes only --------------------------------------------------------- */

static err_t on_recv(void *arg, struct altcp_pcb *inner, struct pbuf *p, err_t err)
{
    struct vd_tls_conn *conn = arg;

    (void)inner;
    (void)err;
    if (p == NULL) {
        conn->rx_eof = true;
        return ERR_OK;
    }
    if (conn->rx == NULL) {
        conn->rx = p;
        return ERR_OK;
    }
    if (pbuf_clen(conn->rx) + pbuf_clen(p) > QUEUED_PBUFS_MAX ||
        (u32_t)conn->rx->tot_len + p->tot_len > UINT16_MAX) {
        return ERR_MEM; /* lwIP keeps it and asks again */
    }
    pbuf_cat(conn->rx, p);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct altcp_pcb *inner, u16_t len)
{
    struct vd_tls_conn *conn = arg;

    (void)inner;
    conn->wire_acked += len;
    return ERR_OK;
}

static void on_err(void *arg, err_t err)
{
    struct vd_tls_conn *conn = arg;

    conn->inner = NULL; /* lwIP frees it */
    conn->inner_err = err;
    if (conn->outer != NULL) {
        conn->outer->inner_conn = NULL;
    }
}

void vd_tls_io_attach(struct vd_tls_conn *conn)
{
    altcp_arg(conn->inner, conn);
    altcp_recv(conn->inner, on_recv);
    altcp_sent(conn->inner, on_sent);
    altcp_err(conn->inner, on_err);
}

void vd_tls_io_detach(struct altcp_pcb *inner)
{
    altcp_arg(inner, NULL);
    altcp_recv(inner, NULL);
    altcp_sent(inner, NULL);
    altcp_err(inner, NULL);
    altcp_poll(inner, NULL, 0);
}

/* ---- application to TLS ------------------------------------------------------------------ */

static void push_record(struct vd_tls_conn *conn, size_t plain_len)
{
    size_t at = (conn->records_first + conn->records_count) % VD_TLS_RECORDS_MAX;

    conn->records[at].wire_end = conn->wire_sent;
    conn->records[at].plain_len = (uint16_t)plain_len;
    conn->records_count++;
}

size_t vd_tls_io_pop_acked(struct vd_tls_conn *conn)
{
    size_t plain = 0;

    while (conn->records_count > 0) {
        const struct vd_tls_record *record = &conn->records[conn->records_first];
        if ((int32_t)(conn->wire_acked - record->wire_end) < 0) {
            break;
        }
        plain += record->plain_len;
        conn->records_first = (conn->records_first + 1) % VD_TLS_RECORDS_MAX;
        conn->records_count--;
    }
    return plain;
}

int vd_tls_io_pump_tx(struct vd_tls_conn *conn)
{
    while (conn->tx_len > 0 && conn->records_count < VD_TLS_RECORDS_MAX) {
        if (conn->tx_offered == 0) {
            conn->tx_offered = conn->tx_len;
        }
        /* After WANT_WRITE the same bytes again, though more may stand behind them by now. */
        int ret = mbedtls_ssl_write(&conn->ssl, conn->tx, conn->tx_offered);
        if (ret == MBEDTLS_ERR_SSL_WANT_WRITE || ret == MBEDTLS_ERR_SSL_WANT_READ ||
            ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
            return 0;
        }
        if (ret < 0) {
            return ret;
        }
        conn->tx_offered = 0;
        conn->tx_len -= (size_t)ret;
        memmove(conn->tx, conn->tx + ret, conn->tx_len);
        push_record(conn, (size_t)ret);
    }
    return 0;
}

/* ---- TLS to application ------------------------------------------------------------------ */

/* Hand plaintext up.  false: the application does not want it yet, or is gone. */
static bool hand_up(struct vd_tls_conn *conn, struct pbuf *p)
{
    struct altcp_pcb *outer = conn->outer;
    uint32_t id = conn->id;
    u16_t len = p->tot_len;

    if (outer->recv == NULL) {
        pbuf_free(p);
        return true;
    }
    conn->unrecved += len; /* first: recved may be called from within */
    err_t err = outer->recv(outer->arg, outer, p, ERR_OK);
    if (conn->id != id || conn->outer == NULL) {
        return false;
    }
    if (err != ERR_OK) {
        conn->unrecved -= LWIP_MIN(conn->unrecved, len);
        conn->refused = p;
        return false;
    }
    return true;
}

static void tell_end(struct vd_tls_conn *conn)
{
    struct altcp_pcb *outer = conn->outer;

    conn->rx_closed = true;
    if (outer->recv != NULL) {
        (void)outer->recv(outer->arg, outer, NULL, ERR_OK);
    }
}

/*
 * One read from TLS.  0: something was read, go on; WANT_READ: nothing there; other: fatal.
 * A new ticket and other messages of TLS's own are no data, but what follows them may be.
 */
static int read_once(struct vd_tls_conn *conn)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, CHUNK_BYTES, PBUF_RAM);

    if (p == NULL) {
        return MBEDTLS_ERR_SSL_WANT_READ; /* lwIP's heap is short: next turn */
    }
    int ret = mbedtls_ssl_read(&conn->ssl, p->payload, CHUNK_BYTES);
    if (ret > 0) {
        pbuf_realloc(p, (u16_t)ret);
        return hand_up(conn, p) ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    }
    pbuf_free(p);
    if (ret == 0) {
        return MBEDTLS_ERR_SSL_CONN_EOF;
    }
    if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        vd_tls_peer_save_session(&conn->peer, &conn->ssl);
        return 0;
    }
    if (ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE) {
        bool has_more = conn->rx != NULL || mbedtls_ssl_check_pending(&conn->ssl) != 0;
        return has_more ? 0 : MBEDTLS_ERR_SSL_WANT_READ;
    }
    return ret;
}

static bool may_read(const struct vd_tls_conn *conn)
{
    return conn->phase == VD_TLS_OPEN && conn->outer != NULL && !conn->rx_closed &&
           conn->refused == NULL && conn->unrecved < VD_TLS_IN_BYTES;
}

int vd_tls_io_pump_rx(struct vd_tls_conn *conn)
{
    uint32_t id = conn->id;

    if (conn->refused != NULL) {
        struct pbuf *p = conn->refused;
        conn->refused = NULL;
        (void)hand_up(conn, p);
    }
    for (unsigned i = 0; i < READS_PER_TURN && conn->id == id && may_read(conn); i++) {
        int ret = read_once(conn);
        if (ret == MBEDTLS_ERR_SSL_WANT_READ) {
            return 0;
        }
        if (ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
            tell_end(conn);
            return 0;
        }
        if (ret != 0) {
            return ret;
        }
    }
    return 0;
}
