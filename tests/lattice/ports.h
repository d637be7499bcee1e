/*
 * The network of the lattice: datagrams that the tables of a world answer, or the server that serves
 * it; and a collector that takes everything.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LATTICE_PORTS_H
#define VD_LATTICE_PORTS_H

#include "port/port_datagram.h"
#include "port/port_stream.h"
#include "tests/lattice/zones.h"

#include <stdbool.h>

/* The present one. */
extern const struct world *lattice_world;

extern const struct vd_datagram_port lattice_direct; /* out of its tables */
extern const struct vd_datagram_port lattice_real;   /* from its server */
extern const struct vd_stream_port lattice_collector;

/* A connection to its server; the rest is vd_posix_tcp_port's. */
enum vd_status lattice_tcp_open(void *ctx, const struct vd_endpoint *to, int *stream);

/* Answers of the tables are waiting. */
bool lattice_has_answers(void);

/* Close all sockets, drop all answers of the tables. */
void lattice_forget(void);

#endif
