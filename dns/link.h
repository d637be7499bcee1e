/*
 * A connection to one server that carries many questions: DNS over TCP (RFC 7766) and over TLS
 * (RFC 7858).
 *
 * Messages have a two-byte length before them (RFC 1035, section 4.2.2).  Several questions are
 * outstanding at once and may be answered in any order (RFC 7766, section 6.2.1.1); the connection
 * is kept for the next ones and closed when idle for VD_LINK_IDLE_MS.
 *
 * Links never end a question: they write into a flight how its try failed (.fate), and flight.c
 * goes on from there.  Used by resolver.c and flight.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LINK_H
#define VD_LINK_H

#include "dns/message.h"
#include "dns/server.h"
#include "port/port_stream.h"
#include "port/port_tcp.h"

struct vd_resolver;
struct vd_flight;

#define VD_LINK_NONE 0xffu

struct vd_link {
    bool is_used;
    bool is_tls;
    bool is_up;
    uint8_t answers; /* that it has brought, up to 255 */
    uint8_t server;
    uint8_t mismatches; /* messages that answered nothing, since the last one that did */
    int stream;
    uint64_t opened_ms;
    uint64_t used_ms;  /* last time that something was asked or answered */
    uint64_t heard_ms; /* last time that a byte came */
    uint64_t look_ms;  /* when to offer the port again what it did not take */
    uint32_t in_have;  /* bytes read of length and message */
    uint16_t out_len, out_done;
    uint8_t in[2 + VD_TCP_MESSAGE_MAX];
    uint8_t out[VD_LINK_OUT_BYTES]; /* questions, each with its length, not yet taken by the port */
};

/*
 * Carry a flight's try to its server: over the link that there is, or over a new one.
 *
 * The flight is SENT then, or WAITING with the time to call again, or has a fate.
 */
void vd_link_carry(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms);

/* The flight's try is over.  A link that was silent since it was sent is closed: it is dead. */
void vd_link_leave(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms);

/* Connect, write, read, close what is idle.  Bounded: true when there may be more to read. */
bool vd_links_poll(struct vd_resolver *resolver, uint64_t now_ms);

/* When a link wants that at the latest. */
uint64_t vd_links_next_ms(const struct vd_resolver *resolver);

/* Close all links, those to one server, or the idle ones of one kind. */
void vd_links_close(struct vd_resolver *resolver);
void vd_links_close_server(struct vd_resolver *resolver, unsigned server);
bool vd_links_close_idle(struct vd_resolver *resolver, bool is_tls);

#endif
