/*
 * TCP's initial sequence numbers (RFC 6528).  lwIP calls this through hooks.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LWIP_ISN_H
#define VD_LWIP_ISN_H

#include "lwip/ip_addr.h"

/*
 * The sequence number to start a connection with: a clock of 4 us plus a keyed hash of the two
 * ends.  The key is drawn at the first call.
 */
u32_t vd_lwip_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
                  u16_t remote_port);

#endif
