/*
 * What lwIP needs to know of compiler and platform.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LWIP_ARCH_CC_H
#define VD_LWIP_ARCH_CC_H

#include <stdint.h>

#ifdef __BYTE_ORDER__
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define BYTE_ORDER BIG_ENDIAN
#endif
#endif

/* Unguessable (port/lwip/platform.c). */
uint32_t vd_lwip_rand(void);
#define LWIP_RAND() vd_lwip_rand()

/* Does not return. */
void vd_lwip_assert_failed(const char *message, const char *file, int line);
#define LWIP_PLATFORM_ASSERT(message) vd_lwip_assert_failed(message, __FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(message)   ((void)0)

#endif
