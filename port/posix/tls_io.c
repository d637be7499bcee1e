/*
 * The bytes of the TLS streams: between the kernel and mbedTLS, and between mbedTLS and the owner.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/posix/tls_io.h"

#include "mbedtls/net_sockets.h"

#include <errno.h>
#include <string.h>

/* Reads from TLS in one turn, so that a flood leaves time for others. */
#define READS_PER_TURN 16u

/* ---- the kernel and TLS ------------------------------------------------------------------ */

/* The code for an errno that is neither "nothing now" nor a reset. */
static int code_of(int error, int other)
{
    return vd_posix_is_vanished(error) ? MBEDTLS_ERR_SSL_TIMEOUT : other;
}

/*
 * After a reset all is lost anyway, and TLS is told that it was sent: going on lets it read what
 * the peer said last, perhaps an alert.
 */
int vd_posix_tls_send(void *ctx, const unsigned char *buf, size_t len)
{
    struct vd_posix_tls *conn = ctx;

    ssize_t sent = conn->is_reset ? -1 : send(conn->fd, buf, len, MSG_NOSIGNAL);
    conn->is_tx_blocked = sent >= 0 && (size_t)sent < len;
    if (sent >= 0) {
        return (int)sent;
    }
    enum vd_status status = conn->is_reset ? VD_EREFUSED : vd_posix_status(errno);
    if (status == VD_AGAIN) {
        conn->is_tx_blocked = true;
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    }
    if (status != VD_EREFUSED) {
        return code_of(errno, MBEDTLS_ERR_NET_SEND_FAILED);
    }
    conn->is_reset = true;
    conn->lost += len;
    return (int)len;
}

int vd_posix_tls_recv(void *ctx, unsigned char *buf, size_t len)
{
    struct vd_posix_tls *conn = ctx;

    ssize_t got = recv(conn->fd, buf, len, 0);
    if (got > 0) {
        vd_tls_tap_feed(&conn->peer.tap, buf, (size_t)got);
        return (int)got;
    }
    if (got == 0) {
        /* The error of a reset is told once, and send has had it. */
        return conn->is_reset ? MBEDTLS_ERR_NET_CONN_RESET : 0;
    }
    switch (vd_posix_status(errno)) {
    case VD_AGAIN:
        return MBEDTLS_ERR_SSL_WANT_READ;
    case VD_EREFUSED:
        return MBEDTLS_ERR_NET_CONN_RESET;
    default:
        return code_of(errno, MBEDTLS_ERR_NET_RECV_FAILED);
    }
}

/* ---- the owner to TLS -------------------------------------------------------------------- */

int vd_posix_tls_pump_tx(struct vd_posix_tls *conn)
{
    while (conn->tx_len > 0) {
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
    }
    return 0;
}

/* ---- TLS to the owner -------------------------------------------------------------------- */

/*
 * One read from TLS.  0: something was read, go on; WANT_READ: nothing there; other: fatal.
 * A new ticket and other messages of TLS's own are no data, but what follows them may be.
 */
static int read_once(struct vd_posix_tls *conn)
{
    size_t at = (conn->rx_first + conn->rx_len) % sizeof(conn->rx);
    size_t room = sizeof(conn->rx) - conn->rx_len;
    size_t straight = sizeof(conn->rx) - at;

    int ret = mbedtls_ssl_read(&conn->ssl, conn->rx + at, room < straight ? room : straight);
    if (ret > 0) {
        conn->rx_len += (size_t)ret;
        return 0;
    }
    if (ret == 0) {
        return MBEDTLS_ERR_SSL_CONN_EOF;
    }
    if (ret == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
        vd_tls_peer_save_session(&conn->peer, &conn->ssl);
        return 0;
    }
    return ret == MBEDTLS_ERR_SSL_WANT_WRITE ? MBEDTLS_ERR_SSL_WANT_READ : ret;
}

int vd_posix_tls_pump_rx(struct vd_posix_tls *conn)
{
    conn->has_more = true;
    for (unsigned i = 0; i < READS_PER_TURN && conn->rx_len < sizeof(conn->rx); i++) {
        int ret = read_once(conn);
        if (ret == MBEDTLS_ERR_SSL_WANT_READ) {
            conn->has_more = mbedtls_ssl_check_pending(&conn->ssl) != 0;
            return 0;
        }
        if (ret != 0) {
            return ret;
        }
    }
    return 0;
}

size_t vd_posix_tls_take(struct vd_posix_tls *conn, uint8_t *buf, size_t cap)
{
    size_t n = cap < conn->rx_len ? cap : conn->rx_len;
    size_t straight = sizeof(conn->rx) - conn->rx_first;

    n = n < straight ? n : straight;
    memcpy(buf, conn->rx + conn->rx_first, n);
    conn->rx_first = (conn->rx_first + n) % sizeof(conn->rx);
    conn->rx_len -= n;
    return n;
}
