/*
 * Random bytes that an attacker cannot guess.
 *
 * One CSPRNG (CTR_DRBG) feeds DNS ids and ports (RFC 5452), TLS and event ids.
 * It is seeded once at start from the board.  There is no weaker source behind it:
 * without a seed every call fails, and the caller must not go on.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_ENTROPY_H
#define VD_PORT_ENTROPY_H

#include "port/port_status.h"

#include <stddef.h>
#include <stdint.h>

/* Bytes of full entropy that one seed must have. */
#define VD_SEED_LEN 48u

/*
 * Seed the generator; called once by the port at start.
 *
 * seed, len   fresh for this boot, never used before and never again; the callee
 *             keeps no pointer to it.  The caller wipes its copy.
 *
 * VD_OK          ready.
 * VD_ENOENTROPY  len < VD_SEED_LEN, or all bytes equal: not a seed.
 * VD_EIO         the generator did not start.
 */
enum vd_status vd_entropy_seed(const uint8_t *seed, size_t len);

/*
 * Fill out with len unguessable bytes.
 *
 * VD_OK          done.
 * VD_ENOENTROPY  never seeded; out is zeroed.
 * VD_EIO         the generator failed; out is zeroed.
 */
enum vd_status vd_entropy_random(void *out, size_t len);

#endif
