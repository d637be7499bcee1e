/*
 * The other side of the tests of port/posix: sockets of this program, and openssl's server.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_POSIX_PEER_H
#define VD_TESTS_POSIX_PEER_H

#include "port/port_net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Sockets and processes that a test has opened; peer_tidy ends all that is left. */
int peer_tidy(void **state);

/* Loopback of that family, with a port. */
struct vd_endpoint peer_loopback(enum vd_family family, uint16_t port);

/* True where the machine has ::1. */
bool peer_has_ip6(void);

/* A bound socket of this type on loopback; *at is where.  It does not block longer than a second. */
int peer_bind(enum vd_family family, int type, struct vd_endpoint *at);

/* The same, listening for TCP. */
int peer_listen(enum vd_family family, struct vd_endpoint *at);

/* Take one connection; peer_tidy closes it. */
int peer_accept(int listener);

/* A port of loopback where nobody listens, as far as anyone can know. */
struct vd_endpoint peer_nobody(enum vd_family family, int type);

void peer_sleep_ms(unsigned ms);

/*
 * Start openssl s_server with this certificate (a name in $VD_CERTS) and these further arguments,
 * NULL-terminated; *at is where it listens.
 */
void peer_openssl(const char *cert, const char *const *args, struct vd_endpoint *at);

/* Stop it where it is: its kernel still takes bytes, as long as there is room. */
void peer_stop(void);

/* End it; the kernel resets its connections. */
void peer_kill(void);

/* A file from $VD_CERTS, NUL-terminated; len counts the NUL.  Valid until the fourth call after. */
const uint8_t *peer_file(const char *name, size_t *len);

#endif
