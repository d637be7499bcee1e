/*
 * Sets of IPv4 addresses and of IPv6 /64 networks, as sorted runs that do not touch.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_RANGES_H
#define VD_RANGES_H

#include "firmware/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Both ends are in it.  IPv4: the address.  IPv6: the upper 64 bits. */
struct vd_range4 {
    uint32_t first, last;
};
struct vd_range6 {
    uint64_t first, last;
};

struct vd_ranges {
    uint16_t count4, count6;
    bool is_full; /* a run found no room (VD_RANGES4_MAX, VD_RANGES6_MAX): the set is not known */
    struct vd_range4 runs4[VD_RANGES4_MAX];
    struct vd_range6 runs6[VD_RANGES6_MAX];
};

void vd_ranges_clear(struct vd_ranges *ranges);

/*
 * Add a network.
 *
 * address  4 or 16 octets in network order; bits beyond the prefix are ignored.
 * bits     0..32 or 0..128; an IPv6 prefix longer than 64 counts as its /64.
 */
void vd_ranges_add(struct vd_ranges *ranges, const uint8_t *address, bool is_ip6, uint8_t bits);

/* Is the whole network in it? */
bool vd_ranges_has(const struct vd_ranges *ranges, const uint8_t *address, bool is_ip6,
                   uint8_t bits);

/* Addresses, and /64 networks.  UINT32_MAX: that many or more. */
uint32_t vd_ranges_count4(const struct vd_ranges *ranges);
uint32_t vd_ranges_count6(const struct vd_ranges *ranges);

#endif
