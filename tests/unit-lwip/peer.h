/*
 * The other end of a TCP connection over the wire: lwIP's raw API, used as a DNS server's host would
 * use its own.  One connection at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_LWIP_PEER_H
#define VD_TESTS_LWIP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lwip/tcp.h"

#define PEER_PORT 53u

struct peer {
    struct tcp_pcb *listener;
    struct tcp_pcb *pcb; /* of the connection that came last; NULL: none, or it is gone */
    size_t got;
    uint8_t bytes[4096];
    bool has_fin; /* the product's */
    bool was_reset;
    size_t to_send;
    size_t sent;
    size_t segment_max; /* bytes of one write; 0: as many as fit */
};

extern struct peer peer;

/* Nothing received or sent; listening on PEER_PORT.  peer_stop ends that. */
void peer_start(void);
void peer_stop(void);

/* What is sent: byte number i of a connection. */
uint8_t peer_byte(size_t i);

/* Send on, as far as TCP takes it, until peer.to_send. */
void peer_send_some(void);

/* End the connection in order, or by a reset. */
void peer_end(void);
void peer_reset(void);

#endif
