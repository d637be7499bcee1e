/*
 * TCP in clear, for DNS questions and nothing else (RFC 7766).
 *
 * Alerts and secrets never go this way: report/ has no business with this header, and a test
 * keeps it so.  A server that is configured as tls:// is never asked over it either.
 *
 * Nothing blocks.  Local ports are drawn at random, initial sequence numbers cannot be guessed
 * (RFC 6056, RFC 6528).  A handle stays taken until close is called, also after a failure.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_TCP_H
#define VD_PORT_TCP_H

#include "port/port_net.h"

struct vd_tcp_port {
    void *ctx;
    unsigned streams_max;

    /*
     * Start connecting.
     *
     * VD_OK     *stream is its number; go on with state.
     * VD_EFULL  all are taken.
     * VD_EIO    no route, no memory, no random numbers.
     */
    enum vd_status (*open)(void *ctx, const struct vd_endpoint *to, int *stream);

    /*
     * VD_AGAIN     still connecting.
     * VD_OK        up.
     * VD_CLOSED    the peer has ended its side in order; all it sent was read.
     * VD_EREFUSED  refused or reset.
     * VD_ETIMEOUT  no answer, or none any more.
     * VD_EIO       any other failure.
     */
    enum vd_status (*state)(void *ctx, int stream);

    /* As in port_stream.h: VD_OK with *taken >= 1, VD_AGAIN, else as state. */
    enum vd_status (*write)(void *ctx, int stream, const uint8_t *bytes, size_t len, size_t *taken);
    enum vd_status (*read)(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got);

    /* End it and free the handle.  Never fails. */
    void (*close)(void *ctx, int stream);
};

#endif
