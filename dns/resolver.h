/*
 * The resolver: ask a question, try again elsewhere, give up in time.
 *
 * A state machine over the datagram contract.  Time and randomness come in as arguments, so that
 * tests run it without a network.  Not an iterating resolver: it asks the configured ones.
 *
 * RFC 5452: each try has a fresh random id and source port; a response counts only when server
 * address and port, id, and the question match.  Everything else is ignored, and the wait goes on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_RESOLVER_H
#define VD_RESOLVER_H

#include "dns/answer.h"
#include "port/port_datagram.h"

/* All configured servers may be asked. */
#define VD_SERVERS_ALL 0xffu

/* How a question ended. */
struct vd_reply {
    const struct vd_message *message; /* NULL when none was received, or none could be used */
    struct vd_gist gist;              /* presence, detail … */
    uint8_t rcode;                    /* of the last response, else VD_RCODE_NONE */
    uint8_t server;                   /* asked last */
    uint8_t tries;
    uint32_t rtt_ms;
};

/* One question in flight. */
struct vd_flight {
    struct vd_question question;
    uint64_t sent_ms;
    uint64_t deadline_ms;
    unsigned token;
    unsigned socket;
    uint16_t id;
    uint8_t server;
    uint8_t servers; /* set of servers that may be asked: bit i is servers[i] */
    uint8_t tries;
    uint8_t detail; /* of the last failed try */
    uint8_t rcode;
    bool is_used;
    bool is_open; /* socket holds a socket */
};

struct vd_resolver {
    const struct vd_datagram_port *port;
    enum vd_status (*random)(void *out, size_t len);
    /* Called from vd_resolver_poll when a question has ended.  reply and its message are gone when
       it returns, and the place of the question is free only then: ask new ones after poll. */
    void (*done)(void *ctx, unsigned token, const struct vd_question *question,
                 const struct vd_reply *reply);
    void *ctx;
    struct vd_endpoint servers[VD_SERVERS_MAX];
    size_t servers_count;
    struct vd_flight flights[VD_FLIGHTS_MAX];
};

/*
 * Set up.  servers (1 to VD_SERVERS_MAX of them) are copied; port, random and done stay the
 * caller's.
 */
void vd_resolver_init(struct vd_resolver *resolver, const struct vd_datagram_port *port,
                      enum vd_status (*random)(void *out, size_t len),
                      const struct vd_endpoint *servers, size_t servers_count);

/*
 * Ask.
 *
 * servers  set of those that may be asked (bit i: servers[i]), not empty.
 * first    the one to begin with; the next allowed one if it is not in the set.
 * token    comes back in done.
 *
 * VD_OK    in flight; done will be called, in a bounded time.
 * VD_AGAIN VD_FLIGHTS_MAX are in flight: ask again later.
 */
enum vd_status vd_resolver_ask(struct vd_resolver *resolver, const struct vd_question *question,
                               uint8_t servers, uint8_t first, unsigned token, uint64_t now_ms);

/* Take what has arrived, try again what is late, tell what has ended. */
void vd_resolver_poll(struct vd_resolver *resolver, uint64_t now_ms);

/* When poll is wanted at the latest; UINT64_MAX with nothing in flight. */
uint64_t vd_resolver_next_ms(const struct vd_resolver *resolver);

/* Drop all questions without telling done. */
void vd_resolver_cancel(struct vd_resolver *resolver);

#endif
