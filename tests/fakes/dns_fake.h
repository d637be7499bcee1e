/*
 * A DNS server and its network, made of arrays: messages are built by hand, and the datagram
 * contract is fulfilled without a socket.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DNS_FAKE_H
#define VD_DNS_FAKE_H

#include "dns/bytes.h"
#include "dns/message.h"
#include "port/port_datagram.h"

#include <string.h>

#define FAKE_SOCKETS 16u
#define FAKE_QUEUE   64u

/* ---- messages ---------------------------------------------------------------------------- */

struct fake_message {
    struct vd_writer w;
    uint8_t bytes[4096];
};

static inline void fake_name(struct fake_message *m, const char *text)
{
    struct vd_name name;
    if (vd_name_from_text(text, &name) == VD_OK) {
        vd_write_span(&m->w, name.wire, name.len);
    }
}

/* Flags: 0x8400 is an authoritative response; the rcode is or-ed in. */
static inline void fake_begin(struct fake_message *m, uint16_t id, uint16_t flags, const char *name,
                              uint16_t type)
{
    vd_writer_init(&m->w, m->bytes, sizeof(m->bytes));
    vd_write_u16(&m->w, id);
    vd_write_u16(&m->w, flags);
    vd_write_u16(&m->w, 1);
    vd_write_u16(&m->w, 0);
    vd_write_u16(&m->w, 0);
    vd_write_u16(&m->w, 0);
    fake_name(m, name);
    vd_write_u16(&m->w, type);
    vd_write_u16(&m->w, 1);
}

/* Begin a record in a section; the count in the header goes up.  rdata of len follows. */
static inline void fake_rr(struct fake_message *m, enum vd_section section, const char *owner,
                           uint16_t type, const void *rdata, size_t len)
{
    size_t at = 6u + 2u * (size_t)section;
    uint16_t count = (uint16_t)((m->bytes[at] << 8 | m->bytes[at + 1]) + 1);
    m->bytes[at] = (uint8_t)(count >> 8);
    m->bytes[at + 1] = (uint8_t)count;
    fake_name(m, owner);
    vd_write_u16(&m->w, type);
    vd_write_u16(&m->w, 1);
    vd_write_u32(&m->w, 300);
    vd_write_u16(&m->w, (uint16_t)len);
    vd_write_span(&m->w, rdata, len);
}

static inline void fake_txt(struct fake_message *m, const char *owner, const char *text)
{
    uint8_t rdata[600];
    size_t len = 0, left = strlen(text);
    do {
        size_t n = left > 255 ? 255 : left;
        rdata[len++] = (uint8_t)n;
        memcpy(rdata + len, text, n);
        len += n;
        text += n;
        left -= n;
    } while (left > 0);
    fake_rr(m, VD_SECTION_ANSWER, owner, VD_TYPE_TXT, rdata, len);
}

static inline void fake_target(struct fake_message *m, enum vd_section section, const char *owner,
                               uint16_t type, const char *target)
{
    struct vd_name name;
    if (vd_name_from_text(target, &name) == VD_OK) {
        fake_rr(m, section, owner, type, name.wire, name.len);
    }
}

static inline void fake_soa(struct fake_message *m, const char *owner)
{
    static const uint8_t rdata[22] = {0}; /* two roots and five numbers */
    fake_rr(m, VD_SECTION_AUTHORITY, owner, VD_TYPE_SOA, rdata, sizeof(rdata));
}

/* ---- network ----------------------------------------------------------------------------- */

struct fake_packet {
    unsigned socket;
    bool is_refusal; /* "port unreachable" */
    struct vd_endpoint from;
    size_t len;
    uint8_t bytes[4096];
};

struct fake_socket {
    bool is_open;
    uint16_t local_port;
    struct vd_endpoint peer;
};

struct fake_net {
    struct vd_datagram_port port;
    struct fake_socket sockets[FAKE_SOCKETS];
    struct fake_packet sent[FAKE_QUEUE]; /* from = the server asked */
    size_t sent_count;
    struct fake_packet queue[FAKE_QUEUE];
    size_t queue_count, queue_at;
    unsigned opened;    /* sockets opened in all */
    bool fails_to_send; /* the link is down */
    bool fails_to_open;
};

static inline enum vd_status fake_net_open(void *ctx, uint16_t local_port,
                                           const struct vd_endpoint *peer, unsigned *socket)
{
    struct fake_net *net = ctx;
    if (net->fails_to_open) {
        return VD_EIO;
    }
    for (unsigned i = 0; i < FAKE_SOCKETS; i++) {
        if (!net->sockets[i].is_open) {
            net->sockets[i] =
                (struct fake_socket){.is_open = true, .local_port = local_port, .peer = *peer};
            net->opened++;
            *socket = i;
            return VD_OK;
        }
    }
    return VD_EFULL;
}

static inline enum vd_status fake_net_send(void *ctx, unsigned socket, const uint8_t *bytes,
                                           size_t len)
{
    struct fake_net *net = ctx;
    if (net->fails_to_send) {
        return VD_EIO;
    }
    if (net->sent_count < FAKE_QUEUE) {
        struct fake_packet *p = &net->sent[net->sent_count++];
        p->socket = socket;
        p->from = net->sockets[socket].peer;
        p->len = len;
        memcpy(p->bytes, bytes, len);
    }
    return VD_OK;
}

static inline enum vd_status fake_net_receive(void *ctx, struct vd_datagram_in *in)
{
    struct fake_net *net = ctx;
    while (net->queue_at < net->queue_count) {
        struct fake_packet *p = &net->queue[net->queue_at++];
        if (!net->sockets[p->socket].is_open) {
            continue;
        }
        in->socket = p->socket;
        in->from = p->from;
        in->bytes = p->bytes;
        in->len = p->len;
        return p->is_refusal ? VD_EREFUSED : VD_OK;
    }
    return VD_AGAIN;
}

static inline void fake_net_close(void *ctx, unsigned socket)
{
    struct fake_net *net = ctx;
    net->sockets[socket].is_open = false;
}

static inline void fake_net_init(struct fake_net *net)
{
    memset(net, 0, sizeof(*net));
    net->port = (struct vd_datagram_port){.ctx = net,
                                          .sockets_max = FAKE_SOCKETS,
                                          .open = fake_net_open,
                                          .send = fake_net_send,
                                          .receive = fake_net_receive,
                                          .close = fake_net_close};
}

static inline unsigned fake_net_open_count(const struct fake_net *net)
{
    unsigned count = 0;
    for (unsigned i = 0; i < FAKE_SOCKETS; i++) {
        count += net->sockets[i].is_open;
    }
    return count;
}

/* Put bytes on the way to a socket, as if `from` had sent them. */
static inline void fake_net_deliver(struct fake_net *net, unsigned socket,
                                    const struct vd_endpoint *from, const uint8_t *bytes,
                                    size_t len)
{
    if (net->queue_at == net->queue_count) {
        net->queue_at = net->queue_count = 0;
    }
    if (net->queue_count < FAKE_QUEUE) {
        struct fake_packet *p = &net->queue[net->queue_count++];
        memset(p, 0, sizeof(*p));
        p->socket = socket;
        p->from = *from;
        p->len = len;
        memcpy(p->bytes, bytes, len);
    }
}

/* The id of a sent query. */
static inline uint16_t fake_id(const struct fake_packet *sent)
{
    return (uint16_t)(sent->bytes[0] << 8 | sent->bytes[1]);
}

/* Answer a sent query with a message. */
static inline void fake_net_answer(struct fake_net *net, const struct fake_packet *sent,
                                   const struct fake_message *m)
{
    fake_net_deliver(net, sent->socket, &sent->from, m->bytes, m->w.len);
}

/* Numbers that look random and are the same each run (xorshift). */
static uint32_t fake_random_state = 2463534242u;

static inline enum vd_status fake_random(void *out, size_t len)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < len; i++) {
        fake_random_state ^= fake_random_state << 13;
        fake_random_state ^= fake_random_state >> 17;
        fake_random_state ^= fake_random_state << 5;
        bytes[i] = (uint8_t)(fake_random_state >> 11);
    }
    return VD_OK;
}

#endif
