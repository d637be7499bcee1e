/*
 * The resolver: ask a question, try again elsewhere, give up in time.
 *
 * A state machine over the port's datagram and stream contracts.  Time and randomness come in as
 * arguments, so that tests run it without a network.  Not an iterating resolver: it asks the
 * servers that it was given.
 *
 * Hard to fool (RFC 5452, section 9; RFC 7873; RFC 9018).  Each try over UDP has a fresh random id
 * and source port, random case in the name (0x20) and a cookie; a response counts only when server
 * address and port, id, the question with its case, and the cookie match.  Everything else is
 * ignored, counted, and the wait goes on; VD_MISMATCHES_MAX of them move the question to TCP, and
 * where TCP does not work it ends as unknown(attack).  A question is outstanding once at most.
 *
 * Nothing in clear for a server that is asked over TLS: when TLS fails, so does the try.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_RESOLVER_H
#define VD_RESOLVER_H

#include "dns/answer.h"
#include "dns/link.h"
#include "dns/server.h"
#include "port/port_datagram.h"

/* Servers are named by their place in the table: resolvers first, authorities behind them. */
#define VD_PEERS_MAX (VD_SERVERS_MAX + VD_AUTHORITIES_MAX)

/* Sets of servers: bit i is server i. */
#define VD_SERVERS_ALL     ((1u << VD_SERVERS_MAX) - 1u)
#define VD_AUTHORITY(i)    (VD_SERVERS_MAX + (i))
#define VD_AUTHORITIES_ALL (((1u << VD_AUTHORITIES_MAX) - 1u) << VD_SERVERS_MAX)

/* How a question ended. */
struct vd_reply {
    const struct vd_message *message; /* NULL when none was received, or none could be used */
    struct vd_gist gist;              /* presence, detail, evidence; always filled */
    uint8_t server;    /* that answered; of an unknown, the one that gave its reason */
    uint8_t transport; /* enum vd_transport of that try */
    uint8_t tries;     /* questions sent in all */
    uint32_t rtt_ms;
};

/* How far the try of a flight is. */
enum vd_flight_state {
    VD_FLIGHT_FREE = 0,
    VD_FLIGHT_WAITING, /* for its turn to be sent: pacing, or a link that is not up */
    VD_FLIGHT_SENT
};

/* One question in flight.  flight.h says how it goes on. */
struct vd_flight {
    struct vd_question question; /* in the case that was drawn for the last try (0x20) */
    uint64_t started_ms;
    uint64_t sent_ms;
    uint64_t deadline_ms; /* of this try; or when to go on waiting */
    unsigned token;
    unsigned socket;
    uint16_t id;
    uint16_t servers;   /* sets of servers: that may be asked, */
    uint16_t soft;      /* that gave a useless answer once: after all others, */
    uint16_t barred;    /* that are not asked again, */
    uint16_t tcp;       /* that are asked over TCP instead of UDP, */
    uint16_t silent;    /* that let a try over UDP time out, */
    uint16_t heard;     /* that answered, whatever it was, */
    uint16_t plain;     /* that are asked without EDNS: they answered it with an error, */
    uint16_t servfails; /* that answered SERVFAIL */
    uint8_t state;      /* enum vd_flight_state */
    uint8_t server;
    uint8_t transport;  /* enum vd_transport of this try */
    uint8_t link;       /* that carries it, or VD_LINK_NONE */
    uint8_t rounds;     /* tries as VD_TRIES_MAX counts them: steps that the protocol asks for, TCP
                          after TC=1 say, are part of their try */
    uint8_t tries;      /* questions sent */
    uint8_t fate;       /* enum vd_detail: how this try failed; VD_DETAIL_NONE while it goes on */
    uint8_t limit;      /* enum vd_limit, with VD_DETAIL_LIMIT */
    uint8_t tcp_why;    /* enum vd_detail that stands when TCP fails: why UDP would not do */
    uint8_t said;       /* enum vd_detail: an error without a question that came over UDP in this
                           try; stands when nothing better comes */
    uint8_t mismatches; /* over all tries */
    uint8_t why;        /* enum vd_detail: the best reason so far for an unknown, */
    uint8_t why_server; /* and who gave it */
    uint8_t why_transport;  /* enum vd_transport */
    bool is_open;           /* socket holds a socket */
    bool has_edns;          /* this try went out with an OPT, */
    bool has_cookie;        /* and with a cookie */
    bool has_mismatch;      /* a response arrived in this try that could not be ours */
    bool is_broken;         /* one with our id that breaks RFC 1035 */
    bool is_cookieless;     /* one that lacks but the cookie */
    bool has_no_echo;       /* it went to TCP because a response lacked the case, or was forged */
    bool is_shut;           /* the connection brought answers to others before it went */
    bool is_again;          /* the try goes on at the same server, another way */
    bool is_starved;        /* the port has no connection to spare */
    bool is_lost;           /* the connection went while the answer was awaited */
    bool is_relinked;       /* that happened once: it is forgiven (RFC 7766, section 6.2.4) */
    bool is_cookie_retried; /* BADCOOKIE was answered once */
    bool is_cd;             /* this try is the CD=1 probe after a SERVFAIL (RFC 4035, 3.2.2) */
    struct vd_evidence evidence; /* of the last response that could not be used */
};

struct vd_resolver_setup {
    const struct vd_datagram_port *datagram;
    const struct vd_tcp_port *tcp;    /* NULL: truncated answers stay unknown(no TCP) */
    const struct vd_stream_port *tls; /* NULL: tls:// servers cannot be asked */
    enum vd_status (*random)(void *out, size_t len);
    const uint8_t *ca; /* trust anchors for all tls:// servers with a name; stays valid */
    size_t ca_len;
};

struct vd_resolver {
    struct vd_resolver_setup setup;
    /* Called from vd_resolver_poll when a question has ended.  question is the one that was asked,
       in the case of its last try (0x20).  reply and its message are gone when it returns, and the
       place of the question is free only then: ask new ones after poll. */
    void (*done)(void *ctx, unsigned token, const struct vd_question *question,
                 const struct vd_reply *reply);
    void *ctx;
    struct vd_server servers[VD_PEERS_MAX];
    struct vd_path paths[VD_PEERS_MAX];
    uint16_t servers_set; /* those that are filled in */
    uint64_t pace_ms;     /* when the whole burst may go at once again */
    bool is_behind;       /* the last poll left work: call again at once */
    struct vd_link links[VD_LINKS_MAX];
    struct vd_flight flights[VD_FLIGHTS_MAX];
};

/* Set up with an empty table.  What setup points to stays the caller's and valid. */
void vd_resolver_init(struct vd_resolver *resolver, const struct vd_resolver_setup *setup);

/*
 * Fill place `index` (0 .. VD_PEERS_MAX-1) of the table; NULL empties it.  What was learnt of the
 * place before is forgotten unless it is the same server.  Not while a question to it is in
 * flight.
 */
void vd_resolver_set_server(struct vd_resolver *resolver, unsigned index,
                            const struct vd_server *server);

/*
 * Ask.
 *
 * servers  set of those that may be asked.  Places that are empty are skipped; when none is left,
 *          the question ends at the next poll as unknown(network).
 * first    the one to begin with; the next allowed one if it is not in the set.
 * token    comes back in done.
 *
 * VD_OK    in flight; done will be called within VD_QUESTION_MAX_MS.
 * VD_AGAIN VD_FLIGHTS_MAX are in flight: ask again later.
 */
enum vd_status vd_resolver_ask(struct vd_resolver *resolver, const struct vd_question *question,
                               uint16_t servers, uint8_t first, unsigned token, uint64_t now_ms);

/* Take what has arrived, try again what is late, tell what has ended.  Bounded work. */
void vd_resolver_poll(struct vd_resolver *resolver, uint64_t now_ms);

/* When poll is wanted at the latest, beside when something arrives; UINT64_MAX for never, 0 for at
   once: the last poll left work. */
uint64_t vd_resolver_next_ms(const struct vd_resolver *resolver);

/* Drop all questions without telling done, and close all links. */
void vd_resolver_cancel(struct vd_resolver *resolver);

/* Is a question waiting for a TLS connection that the port has no room for?  Whoever else holds
   one idle should let it go. */
bool vd_resolver_is_short_of_tls(const struct vd_resolver *resolver);

/* Close TLS links on which nothing is outstanding: somebody else is short of them. */
void vd_resolver_yield_tls(struct vd_resolver *resolver);

#endif
