/*
 * The datagram contract over lwIP's raw UDP.
 *
 * The receive callback only takes notes: it keeps the buffer.  Bytes are read in place, from
 * the buffer that the driver filled.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/net.h"

#include "firmware/limits.h"

#include "lwip/udp.h"

#include <string.h>

/* Datagrams kept per socket until they are taken.  Each holds one buffer of the pool. */
#define QUEUE_LEN 2u

/* IPv4's length field holds the two heads, too; nothing is sent in fragments anyway. */
#define DATAGRAM_BYTES_MAX 65507u

struct udp_socket {
    struct udp_pcb *pcb; /* NULL: free */
    struct vd_endpoint peer;
    struct pbuf *queue[QUEUE_LEN];
    uint8_t queued;
};

static struct udp_socket sockets[VD_FLIGHTS_MAX];
static unsigned next_socket; /* where receive goes on: one busy socket must not hide the others */
static struct pbuf *taken;   /* what the caller reads from until its next call */

/* Buffers may be chained when a datagram was put together from fragments; those are not asked for
   (EDNS 1232) and reassembly is off, so one that is chained is dropped. */
static void on_receive(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *addr,
                       u16_t port)
{
    struct udp_socket *socket = arg;

    (void)pcb;
    (void)addr; /* a connected pcb gets its peer's datagrams only */
    (void)port;
    if (p == NULL) {
        return;
    }
    if (socket->queued == QUEUE_LEN || p->next != NULL) {
        pbuf_free(p);
        return;
    }
    socket->queue[socket->queued++] = p;
}

static struct udp_socket *socket_of(unsigned socket)
{
    return socket < VD_FLIGHTS_MAX && sockets[socket].pcb != NULL ? &sockets[socket] : NULL;
}

static void release_taken(void)
{
    if (taken != NULL) {
        pbuf_free(taken);
        taken = NULL;
    }
}

static enum vd_status udp_open(void *ctx, uint16_t local_port, const struct vd_endpoint *peer,
                               unsigned *socket)
{
    ip_addr_t to;

    (void)ctx;
    if (vd_lwip_addr(peer, &to) != VD_OK || !vd_lwip_can_reach(&to)) {
        return VD_EIO;
    }
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct udp_socket *s = &sockets[i];
        if (s->pcb != NULL) {
            continue;
        }
        s->pcb = udp_new_ip_type(IP_GET_TYPE(&to));
        if (s->pcb == NULL) {
            return VD_EFULL;
        }
        err_t err = udp_bind(s->pcb, IP_IS_V6(&to) ? IP6_ADDR_ANY : IP4_ADDR_ANY, local_port);
        if (err == ERR_OK) {
            err = udp_connect(s->pcb, &to, peer->port);
        }
        if (err != ERR_OK) {
            udp_remove(s->pcb);
            s->pcb = NULL;
            return err == ERR_USE ? VD_AGAIN : VD_EIO;
        }
        udp_recv(s->pcb, on_receive, s);
        s->peer = *peer;
        s->queued = 0;
        *socket = i;
        return VD_OK;
    }
    return VD_EFULL;
}

static enum vd_status udp_send_bytes(void *ctx, unsigned socket, const uint8_t *bytes, size_t len)
{
    const struct udp_socket *s = socket_of(socket);

    (void)ctx;
    if (s == NULL || len > DATAGRAM_BYTES_MAX) {
        return VD_EIO;
    }
    struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
    if (p == NULL) {
        return VD_EIO;
    }
    memcpy(p->payload, bytes, len);
    err_t err = udp_send(s->pcb, p);
    pbuf_free(p);
    return err == ERR_OK ? VD_OK : VD_EIO;
}

static enum vd_status udp_receive(void *ctx, struct vd_datagram_in *in)
{
    (void)ctx;
    release_taken();
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        unsigned number = (next_socket + i) % VD_FLIGHTS_MAX;
        struct udp_socket *s = &sockets[number];
        if (s->pcb == NULL || s->queued == 0) {
            continue;
        }
        next_socket = number + 1;
        taken = s->queue[0];
        s->queued--;
        memmove(&s->queue[0], &s->queue[1], s->queued * sizeof(s->queue[0]));
        in->socket = number;
        in->from = s->peer;
        in->bytes = taken->payload;
        in->len = taken->len;
        return VD_OK;
    }
    return VD_AGAIN;
}

static void udp_close(void *ctx, unsigned socket)
{
    struct udp_socket *s = socket_of(socket);

    (void)ctx;
    if (s == NULL) {
        return;
    }
    /* Not release_taken: the caller may close while it reads the datagram that ended the wait. */
    for (unsigned i = 0; i < s->queued; i++) {
        pbuf_free(s->queue[i]);
    }
    s->queued = 0;
    udp_remove(s->pcb);
    s->pcb = NULL;
}

const struct vd_datagram_port *vd_lwip_datagram_port(void)
{
    static const struct vd_datagram_port port = {
        .ctx = NULL,
        .sockets_max = VD_FLIGHTS_MAX,
        .open = udp_open,
        .send = udp_send_bytes,
        .receive = udp_receive,
        .close = udp_close,
    };
    return &port;
}
