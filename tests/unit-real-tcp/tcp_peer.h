/*
 * The other end of real TCP: two hosts behind lwIP's netif, packet by packet, with a real TLS
 * server on them and a clock that is turned by hand.
 *
 * The product's side is all of it: dispatch, stream, the altcp TLS layer, lwIP's TCP.  The TLS
 * server is tests/unit-port/tls_server.c; it serves the connection that was made last, for the
 * product has one at a time.  Random numbers come from a fixed seed: each run is the same.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_TCP_PEER_H
#define VD_TESTS_TCP_PEER_H

#include "port/port_stream.h"

#include <stdint.h>

#define PEER_HOSTS    2u
#define PEER_SEQS_MAX 64u

/* How a host's TCP treats a connection, from its SYN to its end. */
enum peer_mood {
    PEER_HEALTHY = 0,
    PEER_ACKS_NOTHING,       /* answers the SYN, then never again */
    PEER_CLOSES_WINDOW,      /* after the handshake it has no room for data, and never will */
    PEER_STOPS_ACKNOWLEDGING /* after the handshake it never answers again */
};

/* One collector: what it is to do, and what it has got. */
struct peer_host {
    enum peer_mood mood;                /* of the connections that are made from now on */
    unsigned connections;               /* made to it */
    unsigned events;                    /* different ones that came in */
    uint64_t got_ms[PEER_SEQS_MAX + 1]; /* when event number n first came in; 0: not yet */
};

extern struct peer_host peer_hosts[PEER_HOSTS];

/* Once: clock, random numbers, lwIP and its netif, the arena. */
void peer_start(void);

/* All hosts healthy, with nothing received, and a fresh TLS server (certificate "ec"). */
void peer_reset(void);

/* Where host number n is; the port is left to the caller. */
void peer_address(unsigned host, struct vd_endpoint *out);

/* A turn of the clock, the hosts, lwIP's timers and the streams. */
void peer_turn(void);

/* Break what is open, wait until nothing is left, and give everything back. */
void peer_drop(void);

/* lwIP's TCP, heap and buffers and the TLS layer hold nothing; the arena is as at peer_reset. */
void peer_expect_clean(void);

#endif
