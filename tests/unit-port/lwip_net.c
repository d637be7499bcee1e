/*
 * What lwIP and the TLS streams ask of port/lwip/net.c, for tests that have no NIC.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/net.h"

#include <string.h>

enum vd_status vd_lwip_addr(const struct vd_endpoint *at, ip_addr_t *out)
{
    if (at->family == VD_FAMILY_IP6) {
        memset(out, 0, sizeof(*out));
        IP_SET_TYPE_VAL(*out, IPADDR_TYPE_V6);
        memcpy(ip_2_ip6(out)->addr, at->addr, 16);
        return VD_OK;
    }
    if (at->family != VD_FAMILY_IP4) {
        return VD_EINVAL;
    }
    IP_ADDR4(out, at->addr[0], at->addr[1], at->addr[2], at->addr[3]);
    return VD_OK;
}

void vd_lwip_endpoint(const ip_addr_t *ip, uint16_t port, struct vd_endpoint *out)
{
    *out = (struct vd_endpoint){.family = VD_FAMILY_IP4, .port = port};
    if (IP_IS_V6(ip)) {
        out->family = VD_FAMILY_IP6;
        memcpy(out->addr, ip_2_ip6(ip)->addr, 16);
    } else {
        memcpy(out->addr, &ip_2_ip4(ip)->addr, 4);
    }
}

bool vd_lwip_can_reach(const ip_addr_t *ip)
{
    (void)ip;
    return true;
}
