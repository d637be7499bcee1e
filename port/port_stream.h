/*
 * A verified TLS connection, as the report channels need it.
 *
 * There is no clear-text variant of this contract and no way to switch verification off:
 * a stream is usable only after the peer's chain, name and dates were proved.
 *
 * Nothing blocks.  open starts; state tells how far it is; write and read move what they
 * can.  A handle stays taken until close is called, also after a failure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_STREAM_H
#define VD_PORT_STREAM_H

#include "port/port_net.h"

/* Room for a sentence from why(), with its NUL. */
#define VD_STREAM_WHY_MAX 200u

/*
 * Where to connect and whom to accept there.  All pointers stay valid, and their content
 * unchanged, from open to close.
 */
struct vd_stream_target {
    struct vd_endpoint at; /* where to connect */
    const char *host;      /* what the certificate must bear, and SNI; DNS name or IP literal */
    const uint8_t *ca;     /* trust anchors: PEM (with its final NUL counted in ca_len) or DER */
    size_t ca_len;
    const uint8_t
        *pin; /* NULL, or 32 bytes: SHA-256 of the SubjectPublicKeyInfo that the peer's own
                           certificate must have (RFC 7858, section 4.2).  With a pin, host and ca
                           are NULL: the key alone is proof, dates and issuer do not matter */
    const char *const *alpn; /* NULL-terminated list, or NULL */
};

struct vd_stream_port {
    void *ctx;
    unsigned streams_max;

    /*
     * Start connecting: TCP, then the handshake.
     *
     * VD_OK          *stream is its number; go on with state.
     * VD_EFULL       all streams are taken.
     * VD_ENOENTROPY  the CSPRNG has no seed: no TLS.
     * VD_EINVAL      no pin, and no host name or no usable trust anchor: nothing would be verified.
     * VD_EIO         no memory, no route; why(ctx, -1) has the words.
     */
    enum vd_status (*open)(void *ctx, const struct vd_stream_target *to, int *stream);

    /*
     * VD_AGAIN        still connecting or shaking hands.
     * VD_OK           up and verified.
     * VD_CLOSED       the peer ended it in order (close_notify).
     * VD_EUNVERIFIED  wrong name, unknown CA, dates, another key than the pin: nothing was sent.
     *                 See why.
     * VD_EREFUSED     refused or reset.
     * VD_ETIMEOUT     no answer to the connect, or none any more.
     * VD_EIO          any other failure.
     */
    enum vd_status (*state)(void *ctx, int stream);

    /*
     * Give bytes to send.  Short writes are normal.
     *
     * VD_OK     *taken of them (at least 1) are copied and will be sent.
     * VD_AGAIN  none now.
     * other     as state.
     */
    enum vd_status (*write)(void *ctx, int stream, const uint8_t *bytes, size_t len, size_t *taken);

    /*
     * Take bytes that have arrived.
     *
     * VD_OK     *got (at least 1) bytes are in buf.
     * VD_AGAIN  none now.
     * other     as state.
     */
    enum vd_status (*read)(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got);

    /* Bytes on the wire or before it that the peer's TCP has not acknowledged; 0: all arrived. */
    size_t (*unacked)(void *ctx, int stream);

    /* End it: close_notify where the state allows it, then free the handle.  Never fails. */
    void (*close)(void *ctx, int stream);

    /*
     * The last failure of this handle in words for a person ("certificate expired on
     * 2026-10-01"), valid until the next call for this stream; "" if there was none.
     * stream -1: the last open that failed.
     */
    const char *(*why)(void *ctx, int stream);
};

#endif
