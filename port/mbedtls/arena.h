/*
 * The fixed arena that mbedTLS allocates from.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MBEDTLS_ARENA_H
#define VD_MBEDTLS_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* Hand the arena to mbedTLS.  Before anything of TLS; later calls do nothing. */
void vd_tls_arena_start(void);

/*
 * How full it is, in bytes, the allocator's own headers included.
 *
 * peak   most at any time since start (an upper bound: blocks and bytes may have peaked apart).
 * size   VD_TLS_ARENA_BYTES.
 */
void vd_tls_arena_usage(size_t *peak, size_t *size);

/* Bytes in use now, headers included. */
size_t vd_tls_arena_used(void);

/* How often there was no room for what was asked for, since start; wraps. */
uint32_t vd_tls_arena_failures(void);

#endif
