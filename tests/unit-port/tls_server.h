/*
 * The TLS server of the tests' world, and the two queues between it and the client.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_TLS_SERVER_H
#define VD_TESTS_TLS_SERVER_H

#include "tests/unit-port/tls_world.h"

#define WIRE_BYTES 65536u

struct wire {
    uint8_t bytes[WIRE_BYTES];
    size_t len;
};

extern struct wire to_server;
extern struct wire to_client;

size_t wire_take(struct wire *wire, void *out, size_t len);
void wire_put(struct wire *wire, const void *bytes, size_t len);

/* Read its files and start; how->cert NULL: there is no TLS server. */
void server_make(const struct world_server *how);
void server_free(void);

/* A new connection. */
void server_start(void);

/* One turn; results stand in world. */
void server_step(void);

#endif
