/*
 * UDP as the resolver needs it: many short-lived sockets, each connected to one server
 * from one port that the caller chose (RFC 5452, section 9.2).
 *
 * A port has a fixed number of sockets; a socket is named by a small number 0 .. sockets_max-1.
 * Received datagrams queue up in the port (bounded; the newest is dropped) until they are taken.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_DATAGRAM_H
#define VD_PORT_DATAGRAM_H

#include "port/port_net.h"

/* A datagram that has arrived.  bytes stay valid until the next call into the same port. */
struct vd_datagram_in {
    unsigned socket;
    struct vd_endpoint from;
    const uint8_t *bytes;
    size_t len;
};

struct vd_datagram_port {
    void *ctx;
    unsigned sockets_max;

    /*
     * Open a free socket from local_port, connected to peer.
     *
     * VD_OK      *socket is its number.
     * VD_AGAIN   that local port is in use here: choose another one.
     * VD_EFULL   all sockets are open.
     * VD_EIO     no route, no address yet, or the stack failed.
     */
    enum vd_status (*open)(void *ctx, uint16_t local_port, const struct vd_endpoint *peer,
                           unsigned *socket);

    /*
     * Send one datagram to the socket's peer.  Keeps no pointer to bytes.
     *
     * VD_OK   handed to the stack (it may still be lost).
     * VD_EIO  could not be sent now; the caller treats it as lost.
     */
    enum vd_status (*send)(void *ctx, unsigned socket, const uint8_t *bytes, size_t len);

    /*
     * Take the next datagram of any open socket.  One whose sender is not the socket's
     * peer is never handed over.
     *
     * VD_OK     in is filled.  in->len may exceed what the caller can use; never 65,535.
     * VD_AGAIN  none is waiting.
     * VD_EREFUSED  in->socket only: the peer's host says that nobody listens (ICMP).  A hint that
     *              may never come: lwIP hears no ICMP, and many hosts send none.
     */
    enum vd_status (*receive)(void *ctx, struct vd_datagram_in *in);

    /* Close a socket; what still arrives for it is dropped. */
    void (*close)(void *ctx, unsigned socket);
};

#endif
