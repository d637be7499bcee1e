/*
 * The resolvers that the network names: DHCP, router advertisements, stateless DHCPv6.
 *
 * Each source has its own list, DNS_MAX_SERVERS long (lwipopts.h); what a source says replaces only
 * what it said before.  lwIP calls the first three through hooks.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LWIP_DNS_SERVERS_H
#define VD_LWIP_DNS_SERVERS_H

#include "lwip/ip_addr.h"
#include "lwip/pbuf.h"

#include "port/port_net.h"

/*
 * An option of a DHCP message that lwIP does not know.  Option 6 (RFC 2132, section 3.8) of an
 * acknowledgement that answers us is taken; all others are passed over.
 *
 * state      of lwIP's client (lwip/prot/dhcp.h).
 * msg_type   option 53, 0 if it has not come yet.
 * p, offset  where the option's value is; untrusted.
 */
void vd_lwip_dhcp_option(u8_t state, u8_t msg_type, u8_t option, u8_t len, const struct pbuf *p,
                         u16_t offset);

/*
 * RFC 8106, section 5.1: one address with its lifetime; 0: it is withdrawn; 2^32-1: for ever.
 * Where all places are taken, one that lives longer takes that of the one that ends first.
 */
void vd_lwip_ra_server(const ip_addr_t *ip, u32_t lifetime_s);

/* RFC 3646, section 3: number place of a reply; the first one drops those of earlier replies. */
void vd_lwip_dhcp6_server(u8_t place, const ip_addr_t *ip);

/* The DHCP lease is over. */
void vd_lwip_dns_servers_drop_lease(void);

/* The link is down: nothing of what was said holds on the next network. */
void vd_lwip_dns_servers_drop_all(void);

/*
 * Those that can be asked now (there is an address of their family to send from): the first of each
 * source, then the second of each.  As vd_port_dns_servers.
 */
size_t vd_lwip_dns_servers(struct vd_endpoint *out, size_t max);

#endif
