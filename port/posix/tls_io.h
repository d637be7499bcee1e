/*
 * Inside the TLS streams of this port: one connection, shared by stream.c (life) and tls_io.c
 * (bytes).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_POSIX_TLS_IO_H
#define VD_POSIX_TLS_IO_H

#include "port/mbedtls/tls_trust.h"
#include "port/posix/posix.h"

#include "mbedtls/ssl.h"

enum vd_posix_phase {
    VD_POSIX_UNUSED = 0,
    VD_POSIX_CONNECTING,
    VD_POSIX_SHAKING,
    VD_POSIX_OPEN,
    VD_POSIX_FAILED,  /* TLS and the socket are gone; the handle tells why */
    VD_POSIX_DRAINING /* the handle is gone; TLS still has something to say */
};

struct vd_posix_tls {
    enum vd_posix_phase phase;
    enum vd_status status;
    int fd;
    mbedtls_ssl_context ssl;
    struct vd_tls_peer peer;
    char why[VD_STREAM_WHY_MAX];

    uint8_t tx[VD_TLS_OUT_BYTES]; /* plaintext to send; TLS needs it unchanged while it retries */
    size_t tx_len;
    size_t tx_offered;  /* bytes of tx that the record in hand was begun with; 0: none in hand */
    bool is_tx_blocked; /* TLS has bytes that the kernel did not take */
    bool is_reset;      /* the kernel has said so while sending */
    bool is_end_said;   /* close_notify is written, or none is wanted */
    size_t lost;        /* bytes of TLS that came after the reset */
    size_t unacked;     /* when it failed */

    uint8_t rx[VD_STREAM_RX_BYTES]; /* plaintext for the owner: a ring */
    size_t rx_first;
    size_t rx_len;
    bool has_more; /* TLS may have more without a byte from the kernel */
    uint64_t drain_until_ms;
};

/* mbedTLS's f_send and f_recv. */
int vd_posix_tls_send(void *ctx, const unsigned char *buf, size_t len);
int vd_posix_tls_recv(void *ctx, unsigned char *buf, size_t len);

/* Make records of what waits in tx.  0, or a fatal code. */
int vd_posix_tls_pump_tx(struct vd_posix_tls *conn);

/* Decrypt what came in, as far as rx has room; bounded.  0, or a code. */
int vd_posix_tls_pump_rx(struct vd_posix_tls *conn);

/* Take up to cap bytes of rx.  How many. */
size_t vd_posix_tls_take(struct vd_posix_tls *conn, uint8_t *buf, size_t cap);

#endif
