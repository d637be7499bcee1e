/*
 * The CSPRNG of port/port_entropy.h, in the shape that mbedTLS asks for.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MBEDTLS_RANDOM_H
#define VD_MBEDTLS_RANDOM_H

#include <stddef.h>

/* An f_rng: ctx is not used.  0, or an mbedTLS error; then nothing of out may be used. */
int vd_mbedtls_rng(void *ctx, unsigned char *out, size_t len);

#endif
