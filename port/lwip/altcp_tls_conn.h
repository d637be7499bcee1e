/*
 * Inside the altcp layer: one connection, shared by altcp_tls_io.c (bytes), altcp_tls_conn.c
 * (life) and altcp_tls_vedette.c (what lwIP calls).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ALTCP_TLS_CONN_H
#define VD_ALTCP_TLS_CONN_H

#include "firmware/limits.h"
#include "port/lwip/altcp_tls_config.h"

#include "lwip/altcp.h"
#include "lwip/pbuf.h"

#include "mbedtls/ssl.h"

/* Records sent and not yet acknowledged; more are not begun. */
#define VD_TLS_RECORDS_MAX 16u

/*
 * READY -> CONNECTING -> SHAKING -> OPEN -> DRAINING -> UNUSED.
 *
 * DRAINING has no application any more: it waits until TCP has room for what TLS still has to say
 * (rest of the data, close_notify, or the alert of a failure).
 */
enum vd_tls_phase {
    VD_TLS_UNUSED = 0,
    VD_TLS_READY,
    VD_TLS_CONNECTING,
    VD_TLS_SHAKING,
    VD_TLS_OPEN,
    VD_TLS_DRAINING
};

/* One record of application data: acknowledged when all up to wire_end is. */
struct vd_tls_record {
    uint32_t wire_end;
    uint16_t plain_len;
};

struct vd_tls_conn {
    enum vd_tls_phase phase;
    uint32_t id;             /* never the same twice: tells a reused slot from the old one */
    struct altcp_pcb *outer; /* the application's; NULL once it closed, or was told of an error */
    struct altcp_pcb *inner; /* TCP; NULL once lwIP freed it */
    err_t inner_err;         /* why it did */
    struct altcp_tls_config *config;
    mbedtls_ssl_context ssl;

    struct pbuf *rx;      /* received, not yet read by TLS; still counted in TCP's window */
    bool rx_eof;          /* TCP has ended in order */
    bool rx_closed;       /* TLS has */
    size_t unrecved;      /* plaintext that the application holds: not yet told by recved */
    struct pbuf *refused; /* plaintext that the application did not want yet */

    uint8_t tx[VD_TLS_OUT_BYTES]; /* plaintext to send; TLS needs it unchanged while it retries */
    size_t tx_len;
    size_t tx_offered;  /* bytes of tx that the record in hand was begun with; 0: none in hand */
    bool is_tx_blocked; /* TLS has bytes that TCP did not take */
    bool is_end_said;   /* close_notify or an alert is written, or none is wanted */
    struct vd_tls_record records[VD_TLS_RECORDS_MAX];
    size_t records_first;
    size_t records_count;
    uint32_t wire_sent;
    uint32_t wire_acked;

    bool is_poll_due;
    uint64_t drain_until_ms;
    struct vd_tls_peer peer;
};

/*
 * Take a slot, and set TLS up in it.  NULL: why stands in config's error; outer and inner stay
 * the caller's.
 */
struct vd_tls_conn *vd_tls_conn_begin(struct altcp_tls_config *config, struct altcp_pcb *outer,
                                      struct altcp_pcb *inner);

/* The application is done: say what is to be said, then free.  outer is freed at once. */
void vd_tls_conn_close(struct vd_tls_conn *conn);

/* Drop all at once, with a reset.  As tcp_abort does, this calls the err callback. */
void vd_tls_conn_abort(struct vd_tls_conn *conn);

/* Plaintext not yet sent, and bytes sent and not yet acknowledged. */
size_t vd_tls_conn_unacked(const struct vd_tls_conn *conn);

/* Take TCP's callbacks for this connection. */
void vd_tls_io_attach(struct vd_tls_conn *conn);

/* Leave TCP without any callback. */
void vd_tls_io_detach(struct altcp_pcb *inner);

/* mbedTLS's f_send and f_recv. */
int vd_tls_io_send(void *ctx, const unsigned char *buf, size_t len);
int vd_tls_io_recv(void *ctx, unsigned char *buf, size_t len);

/* After lwIP has freed TCP: mbedTLS's code for why. */
int vd_tls_io_end_code(const struct vd_tls_conn *conn);

/* Make records of what waits in tx.  0, or a fatal code. */
int vd_tls_io_pump_tx(struct vd_tls_conn *conn);

/* Plaintext of the records that TCP has had acknowledged since the last call. */
size_t vd_tls_io_pop_acked(struct vd_tls_conn *conn);

/*
 * Decrypt and hand up what came in; bounded.  0, or a fatal code.  The application may have
 * closed meanwhile, and the slot may be another connection's: compare id.
 */
int vd_tls_io_pump_rx(struct vd_tls_conn *conn);

/* Throw away what came in and was not read. */
void vd_tls_io_drop_rx(struct vd_tls_conn *conn);

/* Let TCP send.  Not from inside its callbacks. */
void vd_tls_io_flush(struct vd_tls_conn *conn);

#endif
