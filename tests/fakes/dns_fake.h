/*
 * A DNS server and its network, made of arrays: messages are built by hand, and the contracts of
 * datagrams, TCP and TLS are fulfilled without a socket.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DNS_FAKE_H
#define VD_DNS_FAKE_H

#include "dns/bytes.h"
#include "dns/message.h"
#include "port/port_datagram.h"
#include "port/port_stream.h"
#include "port/port_tcp.h"

#include <string.h>

#define FAKE_SOCKETS 16u
#define FAKE_QUEUE   64u
#define FAKE_STREAMS 32u /* over the whole test; a closed one is not used again */

/* ---- messages ---------------------------------------------------------------------------- */

struct fake_message {
    struct vd_writer w;
    uint8_t bytes[65535];
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
    uint8_t rdata[4400]; /* a text of 4300 at most */
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

/* Begin an OPT record: options are written behind it with fake_option. */
static inline void fake_opt(struct fake_message *m, uint8_t extended_rcode)
{
    m->bytes[11]++;
    vd_write_u8(&m->w, 0);
    vd_write_u16(&m->w, VD_TYPE_OPT);
    vd_write_u16(&m->w, 1232);
    vd_write_u32(&m->w, (uint32_t)extended_rcode << 24);
    vd_write_u16(&m->w, 0);
}

/* An option of an OPT that has none yet. */
static inline void fake_option(struct fake_message *m, uint16_t code, const uint8_t *body,
                               size_t len)
{
    m->bytes[m->w.len - 2] = (uint8_t)((len + 4) >> 8);
    m->bytes[m->w.len - 1] = (uint8_t)(len + 4);
    vd_write_u16(&m->w, code);
    vd_write_u16(&m->w, (uint16_t)len);
    vd_write_span(&m->w, body, len);
}

/* ---- network ----------------------------------------------------------------------------- */

struct fake_stream;

struct fake_packet {
    unsigned socket;
    struct fake_stream *stream; /* that a query came over; NULL: UDP */
    bool is_refusal;            /* "port unreachable" */
    struct vd_endpoint from;
    size_t len;
    uint8_t bytes[4096];
};

struct fake_socket {
    bool is_open;
    uint16_t local_port;
    struct vd_endpoint peer;
    const struct fake_packet *asked; /* what was sent from it last */
};

struct fake_net {
    struct vd_datagram_port port;
    struct fake_socket sockets[FAKE_SOCKETS];
    struct fake_packet sent[FAKE_QUEUE]; /* from = the server asked */
    size_t sent_count;
    struct fake_packet queue[FAKE_QUEUE];
    size_t queue_count, queue_at;
    unsigned opened;    /* sockets opened in all */
    unsigned copies;    /* most copies of one question that were outstanding at once */
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

/* Do two queries ask the same?  Header and id set apart. */
static inline bool fake_is_same_question(const struct fake_packet *a, const struct fake_packet *b)
{
    struct vd_message ma, mb;
    return vd_message_open(a->bytes, a->len, &ma) == VD_OK &&
           vd_message_open(b->bytes, b->len, &mb) == VD_OK &&
           ma.question.type == mb.question.type &&
           vd_name_is_equal(&ma.question.name, &mb.question.name);
}

static inline unsigned fake_net_copies(const struct fake_net *net, const struct fake_packet *sent)
{
    unsigned copies = 0;
    for (unsigned i = 0; i < FAKE_SOCKETS; i++) {
        const struct fake_socket *s = &net->sockets[i];
        copies += s->is_open && s->asked != NULL && fake_is_same_question(s->asked, sent);
    }
    return copies;
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
        memset(p, 0, sizeof(*p));
        p->socket = socket;
        p->from = net->sockets[socket].peer;
        p->len = len;
        memcpy(p->bytes, bytes, len);
        net->sockets[socket].asked = p;
        unsigned copies = fake_net_copies(net, p);
        net->copies = copies > net->copies ? copies : net->copies;
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
    if (net->queue_count < FAKE_QUEUE && len <= sizeof(net->queue[0].bytes)) {
        struct fake_packet *p = &net->queue[net->queue_count++];
        memset(p, 0, sizeof(*p));
        p->socket = socket;
        p->from = *from;
        p->len = len;
        memcpy(p->bytes, bytes, len);
    }
}

/* "Nobody listens", as ICMP says it. */
static inline void fake_net_refuse(struct fake_net *net, const struct fake_packet *sent)
{
    fake_net_deliver(net, sent->socket, &sent->from, (const uint8_t *)"", 0);
    net->queue[net->queue_count - 1].is_refusal = true;
}

/* The id of a sent query. */
static inline uint16_t fake_id(const struct fake_packet *sent)
{
    return (uint16_t)(sent->bytes[0] << 8 | sent->bytes[1]);
}

/* Begin the response to a query: its id, and its question octet for octet. */
static inline void fake_reply(struct fake_message *m, const struct fake_packet *sent,
                              uint16_t flags)
{
    size_t len = 12;
    while (sent->bytes[len] != 0) {
        len += 1u + sent->bytes[len];
    }
    vd_writer_init(&m->w, m->bytes, sizeof(m->bytes));
    vd_write_u16(&m->w, fake_id(sent));
    vd_write_u16(&m->w, flags);
    vd_write_u16(&m->w, 1);
    vd_write_u16(&m->w, 0);
    vd_write_u32(&m->w, 0);
    vd_write_span(&m->w, sent->bytes + 12, len + 5 - 12);
}

/* ---- connections ---------------------------------------------------------------------------- */

struct fake_stream {
    bool is_open; /* our side holds it */
    struct vd_endpoint to;
    const char *host; /* TLS: what was asked of the certificate */
    const uint8_t *pin;
    bool is_dot;          /* TLS: ALPN "dot" */
    enum vd_status state; /* VD_AGAIN: connecting; VD_OK: up; else how it failed */
    enum vd_status end;   /* how reading ends when all was read; VD_AGAIN: it does not */
    size_t read_max;      /* bytes that one read gives at most; 0: all */
    size_t write_max;     /* bytes that one write takes at most; 0: all */
    bool is_stuffed;      /* takes nothing now */
    unsigned writes;
    uint8_t sent[16384];
    size_t sent_len, sent_at; /* what was written, and how far the queries in it were taken */
    uint8_t in[70000];
    size_t in_len, in_at;
};

/* One port's connections: TCP or TLS. */
struct fake_streams {
    struct vd_tcp_port tcp;
    struct vd_stream_port tls;
    struct fake_stream streams[FAKE_STREAMS];
    unsigned opened;
    unsigned max;               /* open at once, then VD_EFULL */
    enum vd_status on_open;     /* VD_OK, or why none can be opened */
    enum vd_status first_state; /* of a new one */
    size_t bytes;               /* written in all */
    struct fake_packet query;   /* the last one that was taken */
};

static inline unsigned fake_streams_open(const struct fake_streams *all)
{
    unsigned count = 0;
    for (unsigned i = 0; i < all->opened; i++) {
        count += all->streams[i].is_open;
    }
    return count;
}

static inline enum vd_status fake_stream_open(void *ctx, const struct vd_endpoint *to, int *stream)
{
    struct fake_streams *all = ctx;
    if (all->on_open != VD_OK) {
        return all->on_open;
    }
    if (all->opened == FAKE_STREAMS || fake_streams_open(all) >= all->max) {
        return VD_EFULL;
    }
    struct fake_stream *s = &all->streams[all->opened];
    memset(s, 0, sizeof(*s));
    s->is_open = true;
    s->to = *to;
    s->state = all->first_state;
    s->end = VD_AGAIN;
    *stream = (int)all->opened++;
    return VD_OK;
}

static inline enum vd_status fake_tls_open(void *ctx, const struct vd_stream_target *to,
                                           int *stream)
{
    struct fake_streams *all = ctx;
    if (to->pin == NULL && (to->host == NULL || to->ca == NULL || to->ca_len == 0)) {
        return VD_EINVAL;
    }
    enum vd_status status = fake_stream_open(ctx, &to->at, stream);
    if (status == VD_OK) {
        struct fake_stream *s = &all->streams[*stream];
        s->host = to->host;
        s->pin = to->pin;
        s->is_dot = to->alpn != NULL && to->alpn[0] != NULL && strcmp(to->alpn[0], "dot") == 0;
    }
    return status;
}

static inline enum vd_status fake_stream_state(void *ctx, int stream)
{
    struct fake_streams *all = ctx;
    return all->streams[stream].state;
}

static inline enum vd_status fake_stream_write(void *ctx, int stream, const uint8_t *bytes,
                                               size_t len, size_t *taken)
{
    struct fake_streams *all = ctx;
    struct fake_stream *s = &all->streams[stream];
    if (s->state != VD_OK) {
        return s->state;
    }
    size_t n = s->write_max != 0 && len > s->write_max ? s->write_max : len;
    if (n > sizeof(s->sent) - s->sent_len) {
        n = sizeof(s->sent) - s->sent_len;
    }
    if (n == 0 || s->is_stuffed) {
        return VD_AGAIN;
    }
    memcpy(s->sent + s->sent_len, bytes, n);
    s->sent_len += n;
    s->writes++;
    all->bytes += n;
    *taken = n;
    return VD_OK;
}

static inline enum vd_status fake_stream_read(void *ctx, int stream, uint8_t *buf, size_t cap,
                                              size_t *got)
{
    struct fake_streams *all = ctx;
    struct fake_stream *s = &all->streams[stream];
    if (s->state != VD_OK) {
        return s->state;
    }
    size_t n = s->in_len - s->in_at;
    if (n == 0) {
        return s->end;
    }
    n = n > cap ? cap : n;
    n = s->read_max != 0 && n > s->read_max ? s->read_max : n;
    memcpy(buf, s->in + s->in_at, n);
    s->in_at += n;
    *got = n;
    return VD_OK;
}

static inline size_t fake_stream_unacked(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return 0;
}

static inline const char *fake_stream_why(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return "";
}

static inline void fake_stream_close(void *ctx, int stream)
{
    struct fake_streams *all = ctx;
    all->streams[stream].is_open = false;
}

static inline void fake_streams_init(struct fake_streams *all)
{
    memset(all, 0, sizeof(*all));
    all->max = FAKE_STREAMS;
    all->first_state = VD_OK;
    all->tcp = (struct vd_tcp_port){.ctx = all,
                                    .streams_max = FAKE_STREAMS,
                                    .open = fake_stream_open,
                                    .state = fake_stream_state,
                                    .write = fake_stream_write,
                                    .read = fake_stream_read,
                                    .close = fake_stream_close};
    all->tls = (struct vd_stream_port){.ctx = all,
                                       .streams_max = FAKE_STREAMS,
                                       .open = fake_tls_open,
                                       .state = fake_stream_state,
                                       .write = fake_stream_write,
                                       .read = fake_stream_read,
                                       .unacked = fake_stream_unacked,
                                       .close = fake_stream_close,
                                       .why = fake_stream_why};
}

/* The connection that was opened last. */
static inline struct fake_stream *fake_stream_last(struct fake_streams *all)
{
    return all->opened > 0 ? &all->streams[all->opened - 1] : NULL;
}

/* Take the next whole query off a connection; NULL: there is none. */
static inline const struct fake_packet *fake_stream_query(struct fake_streams *all,
                                                          struct fake_stream *s)
{
    const uint8_t *at = s->sent + s->sent_at;
    size_t left = s->sent_len - s->sent_at;
    if (left < 2 || left - 2 < (size_t)(at[0] << 8 | at[1])) {
        return NULL;
    }
    struct fake_packet *p = &all->query;
    memset(p, 0, sizeof(*p));
    p->stream = s;
    p->from = s->to;
    p->len = (size_t)(at[0] << 8 | at[1]);
    memcpy(p->bytes, at + 2, p->len);
    s->sent_at += 2 + p->len;
    return p;
}

/* Put bytes on the way to us, without a length before them. */
static inline void fake_stream_push(struct fake_stream *s, const uint8_t *bytes, size_t len)
{
    if (len <= sizeof(s->in) - s->in_len) {
        memcpy(s->in + s->in_len, bytes, len);
        s->in_len += len;
    }
}

static inline void fake_stream_deliver(struct fake_stream *s, const uint8_t *bytes, size_t len)
{
    uint8_t head[2] = {(uint8_t)(len >> 8), (uint8_t)len};
    fake_stream_push(s, head, sizeof(head));
    fake_stream_push(s, bytes, len);
}

/*
 * Answer a query with a message, over whatever it came.  A question that differs in case only is
 * given the case of the query, as any server echoes it.
 */
static inline void fake_net_answer(struct fake_net *net, const struct fake_packet *sent,
                                   const struct fake_message *m)
{
    static struct fake_message echo;
    struct vd_message asked, told;

    echo = *m;
    if (vd_message_open(sent->bytes, sent->len, &asked) == VD_OK &&
        vd_message_open(m->bytes, m->w.len, &told) == VD_OK && told.has_question &&
        vd_name_is_equal(&asked.question.name, &told.question.name)) {
        memcpy(echo.bytes + 12, asked.question.name.wire, asked.question.name.len);
    }
    if (sent->stream != NULL) {
        fake_stream_deliver(sent->stream, echo.bytes, m->w.len);
    } else {
        fake_net_deliver(net, sent->socket, &sent->from, echo.bytes, m->w.len);
    }
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
