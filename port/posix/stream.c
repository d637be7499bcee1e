/*
 * struct vd_stream_port over kernel sockets: slots, and the life of a connection.  tls_io.c moves the
 * bytes, tls_destination.c keeps what outlives a connection.
 *
 * CONNECTING -> SHAKING -> OPEN -> (FAILED) -> close.  A close that cannot send all at once goes on
 * without its handle (DRAINING); then the socket lingers, so that a reset does not take the peer's
 * last record from it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/posix/tls_destination.h"
#include "port/posix/tls_io.h"

#include "port/port_clock.h"

#include "mbedtls/net_sockets.h"
#include "mbedtls/platform_util.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Steps of a handshake in one turn of the loop; each is at most some milliseconds of work. */
#define HANDSHAKE_STEPS_PER_TURN 8u

/* Bytes of a lingering socket that one turn throws away. */
#define LINGER_READS_PER_TURN 16u

/* A socket that waits for the peer's end. */
struct vd_posix_linger {
    int fd; /* with until_ms 0: unused */
    uint64_t until_ms;
};

static struct vd_posix_tls conns[VD_TLS_SLOTS];
static struct vd_posix_linger lingers[2 * VD_TLS_SLOTS];
static char open_why[VD_STREAM_WHY_MAX];

static void say(char *why, const char *words)
{
    (void)snprintf(why, VD_STREAM_WHY_MAX, "%s", words);
}

/* ---- the end of a connection ------------------------------------------------------------- */

/* Throw away what the peer still says.  True: there is no more to come. */
static bool is_ended(int fd)
{
    uint8_t sink[1024];

    for (unsigned i = 0; i < LINGER_READS_PER_TURN; i++) {
        ssize_t got = recv(fd, sink, sizeof(sink), 0);
        if (got <= 0) {
            return got == 0 || vd_posix_status(errno) != VD_AGAIN;
        }
    }
    return false;
}

static void end_linger(struct vd_posix_linger *at)
{
    (void)close(at->fd);
    *at = (struct vd_posix_linger){.fd = -1};
}

/* The one that has waited longest gives way. */
static void start_linger(int fd)
{
    struct vd_posix_linger *at = &lingers[0];

    for (size_t i = 0; i < 2 * VD_TLS_SLOTS; i++) {
        if (lingers[i].until_ms < at->until_ms) {
            at = &lingers[i];
        }
    }
    if (at->until_ms != 0) {
        end_linger(at);
    }
    (void)shutdown(fd, SHUT_WR);
    *at = (struct vd_posix_linger){.fd = fd, .until_ms = vd_clock_ms() + VD_TLS_LINGER_MS};
}

static void linger_turn(void)
{
    for (size_t i = 0; i < 2 * VD_TLS_SLOTS; i++) {
        struct vd_posix_linger *at = &lingers[i];
        if (at->until_ms != 0 && (is_ended(at->fd) || vd_clock_ms() >= at->until_ms)) {
            end_linger(at);
        }
    }
}

/* Free TLS and hand the socket on; the handle, if there is one, stays. */
static void release(struct vd_posix_tls *conn, bool is_connected)
{
    mbedtls_ssl_free(&conn->ssl);
    vd_posix_tls_leave(conn->peer.trust);
    conn->peer.trust = NULL;
    if (conn->fd >= 0 && is_connected) {
        start_linger(conn->fd);
    } else if (conn->fd >= 0) {
        (void)close(conn->fd);
    }
    conn->fd = -1;
}

static size_t count_unacked(const struct vd_posix_tls *conn)
{
    int queued = 0;

    if (conn->fd >= 0 && ioctl(conn->fd, SIOCOUTQ, &queued) != 0) {
        queued = 0;
    }
    return conn->tx_len + conn->lost + (queued > 0 ? (size_t)queued : 0);
}

/* A handshake that the arena could not hold: the next try has what another destination had saved.
   Called while the connection's own is still taken. */
static void make_room_after(int code)
{
    if (vd_tls_is_out_of_memory(code)) {
        (void)vd_posix_tls_forget_oldest();
    }
}

static void fail_tls(struct vd_posix_tls *conn, int code)
{
    uint32_t flags;

    enum vd_status status = vd_tls_peer_explain(&conn->peer, &conn->ssl, code,
                                                conn->phase == VD_POSIX_SHAKING, &flags, conn->why);
    vd_tls_trust_drop_session(conn->peer.trust);
    /* mbedTLS has told the peer of most failures; of a record that does not fit it has not. */
    if (code == MBEDTLS_ERR_SSL_BAD_INPUT_DATA && !conn->is_tx_blocked) {
        (void)mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_FATAL,
                                             MBEDTLS_SSL_ALERT_MSG_RECORD_OVERFLOW);
    }
    conn->unacked = count_unacked(conn);
    conn->status = conn->status == VD_CLOSED ? VD_CLOSED : status;
    conn->phase = VD_POSIX_FAILED;
    make_room_after(code);
    release(conn, true);
}

static void fail_connect(struct vd_posix_tls *conn, enum vd_status status, int error)
{
    say(conn->why, vd_posix_words(error));
    conn->status = status;
    conn->phase = VD_POSIX_FAILED;
    release(conn, false);
}

/* True when TLS has nothing more to say, or nobody to say it to. */
static bool is_drained(struct vd_posix_tls *conn)
{
    int ret = vd_posix_tls_pump_tx(conn);

    if (ret != 0) {
        return true;
    }
    if (conn->tx_len > 0) {
        return false;
    }
    if (!conn->is_end_said) {
        conn->is_end_said = true;
        ret = mbedtls_ssl_close_notify(&conn->ssl);
    } else if (conn->is_tx_blocked) {
        ret = mbedtls_ssl_send_alert_message(&conn->ssl, MBEDTLS_SSL_ALERT_LEVEL_WARNING,
                                             MBEDTLS_SSL_ALERT_MSG_CLOSE_NOTIFY);
    }
    return ret != MBEDTLS_ERR_SSL_WANT_WRITE;
}

static void step_draining(struct vd_posix_tls *conn)
{
    bool is_done = is_drained(conn);

    if (is_done || vd_clock_ms() >= conn->drain_until_ms) {
        release(conn, is_done);
        mbedtls_platform_zeroize(conn, sizeof(*conn));
    }
}

/* ---- one turn ---------------------------------------------------------------------------- */

static void step_connecting(struct vd_posix_tls *conn)
{
    int error;

    enum vd_status status = vd_posix_tcp_progress(conn->fd, &error);
    if (status == VD_OK) {
        conn->phase = VD_POSIX_SHAKING;
    } else if (status != VD_AGAIN) {
        fail_connect(conn, status, error);
    }
}

static void begin_open(struct vd_posix_tls *conn)
{
    /* mbedTLS has refused anything else long before; this must hold, so it is asked for. */
    if (mbedtls_ssl_get_verify_result(&conn->ssl) != 0) {
        fail_tls(conn, MBEDTLS_ERR_X509_CERT_VERIFY_FAILED);
        return;
    }
    conn->phase = VD_POSIX_OPEN;
    conn->status = VD_OK;
    if (mbedtls_ssl_get_version_number(&conn->ssl) == MBEDTLS_SSL_VERSION_TLS1_2) {
        vd_tls_peer_save_session(&conn->peer, &conn->ssl);
    }
}

static void step_handshake(struct vd_posix_tls *conn)
{
    conn->has_more = false;
    for (unsigned i = 0; i < HANDSHAKE_STEPS_PER_TURN; i++) {
        int ret = vd_tls_handshake_step(&conn->ssl);
        if (ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE) {
            return;
        }
        if (ret != 0) {
            fail_tls(conn, ret);
            return;
        }
        if (mbedtls_ssl_is_handshake_over(&conn->ssl)) {
            begin_open(conn);
            return;
        }
    }
    conn->has_more = true;
}

static void step_open(struct vd_posix_tls *conn)
{
    /* A record in hand first: reading may make TLS send it, and it would be made once more. */
    int ret = vd_posix_tls_pump_tx(conn);

    if (ret == 0 && conn->tx_offered == 0 && conn->status == VD_OK) {
        ret = vd_posix_tls_pump_rx(conn);
    }
    if (ret == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY) {
        conn->status = VD_CLOSED;
        ret = 0;
    }
    if (ret != 0) {
        fail_tls(conn, ret);
    }
}

void vd_posix_stream_turn(void)
{
    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        struct vd_posix_tls *conn = &conns[i];
        switch (conn->phase) {
        case VD_POSIX_UNUSED:
        case VD_POSIX_FAILED:
            break;
        case VD_POSIX_CONNECTING:
            step_connecting(conn);
            break;
        case VD_POSIX_SHAKING:
            step_handshake(conn);
            break;
        case VD_POSIX_OPEN:
            step_open(conn);
            break;
        case VD_POSIX_DRAINING:
            step_draining(conn);
            break;
        }
    }
    linger_turn();
}

/* ---- the contract ------------------------------------------------------------------------ */

static enum vd_status start(struct vd_posix_tls *conn, const struct vd_stream_target *to)
{
    int error;

    int code = vd_tls_peer_start(&conn->peer, &conn->ssl);
    if (code != 0) {
        uint32_t flags;
        enum vd_status status =
            vd_tls_peer_explain(&conn->peer, &conn->ssl, code, true, &flags, open_why);
        make_room_after(code);
        release(conn, false);
        return status == VD_EUNVERIFIED ? VD_EINVAL : status;
    }
    mbedtls_ssl_set_bio(&conn->ssl, conn, vd_posix_tls_send, vd_posix_tls_recv, NULL);
    enum vd_status status = vd_posix_tcp_start(&to->at, &conn->fd, &error);
    if (status == VD_EREFUSED) {
        fail_connect(conn, status, error);
        return VD_OK;
    }
    if (status != VD_OK) {
        say(open_why, vd_posix_words(error));
        release(conn, false);
        return VD_EIO;
    }
    return VD_OK;
}

static enum vd_status stream_open(void *ctx, const struct vd_stream_target *to, int *stream)
{
    struct vd_tls_trust *trust = NULL;
    int number = 0;

    (void)ctx;
    open_why[0] = '\0';
    while (number < (int)VD_TLS_SLOTS && conns[number].phase != VD_POSIX_UNUSED) {
        number++;
    }
    if (number == (int)VD_TLS_SLOTS) {
        say(open_why, "all TLS connections are in use (VD_TLS_SLOTS)");
        return VD_EFULL;
    }
    enum vd_status status = vd_tls_target_check(to, open_why);
    if (status == VD_OK) {
        status = vd_posix_tls_take_destination(to, &trust, open_why);
    }
    if (status != VD_OK) {
        return status;
    }
    struct vd_posix_tls *conn = &conns[number];
    memset(conn, 0, sizeof(*conn));
    conn->fd = -1;
    conn->peer.trust = trust;
    conn->phase = VD_POSIX_CONNECTING;
    conn->status = VD_AGAIN;
    status = start(conn, to);
    if (status != VD_OK) {
        mbedtls_platform_zeroize(conn, sizeof(*conn));
        return status;
    }
    *stream = number;
    return VD_OK;
}

static struct vd_posix_tls *conn_of(int stream)
{
    if (stream < 0 || stream >= (int)VD_TLS_SLOTS) {
        return NULL;
    }
    struct vd_posix_tls *conn = &conns[stream];
    return conn->phase != VD_POSIX_UNUSED && conn->phase != VD_POSIX_DRAINING ? conn : NULL;
}

static enum vd_status stream_state(void *ctx, int stream)
{
    const struct vd_posix_tls *conn = conn_of(stream);

    (void)ctx;
    return conn != NULL ? conn->status : VD_EINVAL;
}

static enum vd_status stream_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                   size_t *taken)
{
    struct vd_posix_tls *conn = conn_of(stream);

    (void)ctx;
    if (conn == NULL) {
        return VD_EINVAL;
    }
    if (conn->status != VD_OK) {
        return conn->status;
    }
    size_t room = sizeof(conn->tx) - conn->tx_len;
    size_t n = len < room ? len : room;
    if (n == 0) {
        return VD_AGAIN;
    }
    memcpy(conn->tx + conn->tx_len, bytes, n);
    conn->tx_len += n;
    *taken = n;
    /* At once: the loop may sleep before the next turn.  A failure is told by the next call. */
    int ret = vd_posix_tls_pump_tx(conn);
    if (ret != 0) {
        fail_tls(conn, ret);
    }
    return VD_OK;
}

static enum vd_status stream_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    struct vd_posix_tls *conn = conn_of(stream);

    (void)ctx;
    if (conn == NULL) {
        return VD_EINVAL;
    }
    size_t n = vd_posix_tls_take(conn, buf, cap);
    if (n > 0) {
        *got = n;
        return VD_OK;
    }
    return conn->rx_len > 0 || conn->status == VD_OK ? VD_AGAIN : conn->status;
}

static size_t stream_unacked(void *ctx, int stream)
{
    const struct vd_posix_tls *conn = conn_of(stream);

    (void)ctx;
    if (conn == NULL) {
        return 0;
    }
    return conn->phase == VD_POSIX_FAILED ? conn->unacked : count_unacked(conn);
}

static void stream_close(void *ctx, int stream)
{
    struct vd_posix_tls *conn = conn_of(stream);

    (void)ctx;
    if (conn == NULL) {
        return;
    }
    if (conn->phase == VD_POSIX_OPEN || conn->phase == VD_POSIX_SHAKING) {
        /* close_notify ends data, and before the handshake's end there was none. */
        conn->is_end_said = conn->phase == VD_POSIX_SHAKING;
        conn->phase = VD_POSIX_DRAINING;
        conn->drain_until_ms = vd_clock_ms() + VD_TLS_LINGER_MS;
        step_draining(conn);
        return;
    }
    if (conn->phase == VD_POSIX_CONNECTING) {
        release(conn, false);
    }
    mbedtls_platform_zeroize(conn, sizeof(*conn));
}

static const char *stream_why(void *ctx, int stream)
{
    const struct vd_posix_tls *conn = conn_of(stream);

    (void)ctx;
    if (stream == -1) {
        return open_why;
    }
    return conn != NULL ? conn->why : "";
}

static const struct vd_stream_port stream_port = {
    .ctx = NULL,
    .streams_max = VD_TLS_SLOTS,
    .open = stream_open,
    .state = stream_state,
    .write = stream_write,
    .read = stream_read,
    .unacked = stream_unacked,
    .close = stream_close,
    .why = stream_why,
};

const struct vd_stream_port *vd_posix_stream_port(void)
{
    return &stream_port;
}

/* ---- waiting and tests ------------------------------------------------------------------- */

static void wait_until(struct vd_posix_wait *wait, uint64_t ms)
{
    if (ms < wait->until_ms) {
        wait->until_ms = ms;
    }
}

static void wait_for(struct vd_posix_wait *wait, const struct vd_posix_tls *conn)
{
    short events = conn->is_tx_blocked || conn->phase == VD_POSIX_CONNECTING ? POLLOUT : 0;
    /* step_open reads nothing before a record in hand is gone. */
    bool is_reading = conn->tx_offered == 0 || !conn->is_tx_blocked;

    if (conn->phase == VD_POSIX_DRAINING) {
        wait_until(wait, conn->drain_until_ms);
    } else if (is_reading && conn->status != VD_CLOSED && conn->rx_len < sizeof(conn->rx)) {
        events |= POLLIN;
        if (conn->has_more) {
            wait->until_ms = 0;
        }
    }
    if (events != 0) {
        vd_posix_wait_add(wait, conn->fd, events, NULL);
    }
}

void vd_posix_stream_wait(struct vd_posix_wait *wait)
{
    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        if (conns[i].phase != VD_POSIX_UNUSED && conns[i].phase != VD_POSIX_FAILED) {
            wait_for(wait, &conns[i]);
        }
    }
    for (size_t i = 0; i < 2 * VD_TLS_SLOTS; i++) {
        if (lingers[i].until_ms != 0) {
            vd_posix_wait_add(wait, lingers[i].fd, POLLIN, NULL);
            wait_until(wait, lingers[i].until_ms);
        }
    }
}

unsigned vd_posix_stream_closing(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < VD_TLS_SLOTS; i++) {
        count += conns[i].phase == VD_POSIX_DRAINING;
    }
    for (size_t i = 0; i < 2 * VD_TLS_SLOTS; i++) {
        count += lingers[i].until_ms != 0;
    }
    return count;
}
