/*
 * struct vd_tcp_port over lwIP's raw TCP: fixed slots, a ring of received bytes in each.
 *
 * Callbacks only take notes.  Bytes are copied out of lwIP's buffers as they come, for a peer may
 * send them one by one; the window is opened as they are read, so that the ring, as long as the
 * window, holds all that may come.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/net.h"

#include "firmware/limits.h"
#include "port/port_clock.h"
#include "port/port_entropy.h"

#include "lwip/tcp.h"

#include <string.h>

/* Local ports: the dynamic range (RFC 6335), tried at random until one is free. */
#define LOCAL_PORT_FIRST 49152u
#define LOCAL_PORT_MASK  0x3fffu
#define LOCAL_PORT_TRIES 8u

/* lwIP counts SYNs, and sends none while the one before waits for a MAC address. */
#define CONNECT_MAX_MS 10000u

/* How long a closed connection may wait for the peer to end its side, in lwIP's half seconds. */
#define LINGER_HALF_S 4u

struct link {
    bool is_open;
    struct tcp_pcb *pcb;   /* NULL once it failed */
    enum vd_status status; /* to be told when everything received is read */
    uint64_t opened_ms;
    uint16_t first;
    uint16_t len;
    uint8_t rx[TCP_WND];
};

static struct link links[VD_LINKS_MAX];

/* ---- callbacks --------------------------------------------------------------------------- */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct link *link = arg;

    (void)pcb;
    (void)err;
    link->status = VD_OK;
    return ERR_OK;
}

static void ring_put(struct link *link, const struct pbuf *p)
{
    size_t at = ((size_t)link->first + link->len) % sizeof(link->rx);
    u16_t head = (u16_t)LWIP_MIN(p->tot_len, sizeof(link->rx) - at);

    (void)pbuf_copy_partial(p, link->rx + at, head, 0);
    (void)pbuf_copy_partial(p, link->rx, (u16_t)(p->tot_len - head), head);
    link->len = (uint16_t)(link->len + p->tot_len);
}

static err_t on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct link *link = arg;

    (void)pcb;
    (void)err;
    if (p == NULL) {
        link->status = VD_CLOSED;
        return ERR_OK;
    }
    if (p->tot_len > sizeof(link->rx) - link->len) {
        return ERR_MEM; /* more than the window: not to be; lwIP offers it again */
    }
    ring_put(link, p);
    pbuf_free(p);
    return ERR_OK;
}

/* lwIP has freed the pcb. */
static void on_error(void *arg, err_t err)
{
    struct link *link = arg;

    link->pcb = NULL;
    if (link->status == VD_CLOSED) {
        return;
    }
    if (err == ERR_RST) {
        link->status = VD_EREFUSED;
    } else if (err == ERR_ABRT) {
        link->status =
            VD_ETIMEOUT; /* the SYN, or data, was sent TCP_SYNMAXRTX or TCP_MAXRTX times */
    } else {
        link->status = VD_EIO;
    }
}

/* ---- the contract ------------------------------------------------------------------------ */

/* lwIP would count ports up from a random one; each at random is harder to guess (RFC 6056). */
static err_t bind_random_port(struct tcp_pcb *pcb, const ip_addr_t *any)
{
    err_t err = ERR_USE;

    for (unsigned i = 0; err == ERR_USE && i < LOCAL_PORT_TRIES; i++) {
        uint16_t random;
        if (vd_entropy_random(&random, sizeof(random)) != VD_OK) {
            return ERR_VAL;
        }
        err = tcp_bind(pcb, any, (u16_t)(LOCAL_PORT_FIRST + (random & LOCAL_PORT_MASK)));
    }
    return err;
}

static enum vd_status start_connect(struct link *link, const ip_addr_t *ip, uint16_t port)
{
    struct tcp_pcb *pcb = tcp_new_ip_type(IP_GET_TYPE(ip));

    if (pcb == NULL) {
        return VD_EFULL;
    }
    err_t err = bind_random_port(pcb, IP_IS_V6(ip) ? IP6_ADDR_ANY : IP4_ADDR_ANY);
    if (err == ERR_OK) {
        err = tcp_connect(pcb, ip, port, on_connected);
    }
    if (err != ERR_OK) {
        tcp_abort(pcb); /* without callbacks yet; tcp_close may fail */
        return VD_EIO;
    }
    tcp_arg(pcb, link);
    tcp_recv(pcb, on_receive);
    tcp_err(pcb, on_error);
    tcp_nagle_disable(pcb); /* a question must not wait for the answer to the one before */
    link->pcb = pcb;
    return VD_OK;
}

static enum vd_status link_open(void *ctx, const struct vd_endpoint *to, int *stream)
{
    ip_addr_t ip;

    (void)ctx;
    if (vd_lwip_addr(to, &ip) != VD_OK || !vd_lwip_can_reach(&ip)) {
        return VD_EIO;
    }
    for (int i = 0; i < (int)VD_LINKS_MAX; i++) {
        struct link *link = &links[i];
        if (link->is_open) {
            continue;
        }
        *link = (struct link){.status = VD_AGAIN, .opened_ms = vd_clock_ms()};
        enum vd_status status = start_connect(link, &ip, to->port);
        link->is_open = status == VD_OK;
        *stream = i;
        return status;
    }
    return VD_EFULL;
}

static struct link *link_of(int stream)
{
    bool is_known = stream >= 0 && stream < (int)VD_LINKS_MAX && links[stream].is_open;

    return is_known ? &links[stream] : NULL;
}

/* Gives up on_error's way: with ETIMEOUT. */
static void give_up_if_late(struct link *link)
{
    if (link->status == VD_AGAIN && vd_clock_ms() - link->opened_ms > CONNECT_MAX_MS) {
        tcp_abort(link->pcb);
    }
}

static enum vd_status link_state(void *ctx, int stream)
{
    struct link *link = link_of(stream);

    (void)ctx;
    if (link == NULL) {
        return VD_EINVAL;
    }
    give_up_if_late(link);
    return link->len > 0 ? VD_OK : link->status;
}

/* What was written and is not acknowledged counts against VD_LINK_OUT_BYTES: lwIP's heap is there
   for others, too. */
static size_t room_of(const struct link *link)
{
    size_t free_bytes = tcp_sndbuf(link->pcb);
    size_t taken = TCP_SND_BUF - free_bytes;

    return taken < VD_LINK_OUT_BYTES ? LWIP_MIN(free_bytes, VD_LINK_OUT_BYTES - taken) : 0;
}

static enum vd_status link_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                 size_t *taken)
{
    struct link *link = link_of(stream);

    (void)ctx;
    if (link == NULL) {
        return VD_EINVAL;
    }
    if (link->status != VD_OK) {
        return link->status;
    }
    size_t n = LWIP_MIN(len, room_of(link));
    if (n == 0 || tcp_write(link->pcb, bytes, (u16_t)n, TCP_WRITE_FLAG_COPY) != ERR_OK) {
        return VD_AGAIN;
    }
    (void)tcp_output(link->pcb); /* what cannot go now goes with lwIP's timer */
    *taken = n;
    return VD_OK;
}

static enum vd_status link_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    struct link *link = link_of(stream);

    (void)ctx;
    if (link == NULL) {
        return VD_EINVAL;
    }
    if (link->len == 0) {
        return link->status == VD_OK ? VD_AGAIN : link->status;
    }
    size_t n = LWIP_MIN(LWIP_MIN(cap, link->len), sizeof(link->rx) - link->first);
    if (n == 0) {
        return VD_AGAIN;
    }
    memcpy(buf, link->rx + link->first, n);
    link->first = (uint16_t)((link->first + n) % sizeof(link->rx));
    link->len = (uint16_t)(link->len - n);
    if (link->pcb != NULL) {
        tcp_recved(link->pcb, (u16_t)n);
    }
    *got = n;
    return VD_OK;
}

static err_t on_linger_over(void *arg, struct tcp_pcb *pcb)
{
    (void)arg;
    tcp_abort(pcb);
    return ERR_ABRT;
}

static void link_close(void *ctx, int stream)
{
    struct link *link = link_of(stream);

    (void)ctx;
    if (link == NULL) {
        return;
    }
    link->is_open = false;
    if (link->pcb == NULL) {
        return;
    }
    tcp_arg(link->pcb, NULL);
    tcp_recv(link->pcb, NULL);
    tcp_err(link->pcb, NULL);
    if (tcp_sndqueuelen(link->pcb) > 0) {
        tcp_abort(link->pcb); /* questions nobody waits for: not to be sent again for minutes */
    } else {
        tcp_poll(link->pcb, on_linger_over, LINGER_HALF_S);
        if (tcp_close(link->pcb) != ERR_OK) {
            tcp_abort(link->pcb);
        }
    }
    link->pcb = NULL;
}

const struct vd_tcp_port *vd_lwip_tcp_port(void)
{
    static const struct vd_tcp_port port = {
        .ctx = NULL,
        .streams_max = VD_LINKS_MAX,
        .open = link_open,
        .state = link_state,
        .write = link_write,
        .read = link_read,
        .close = link_close,
    };
    return &port;
}
