/*
 * What lwIP calls of ours: LWIP_HOOK_FILENAME.  lwIP includes it last in each file that has hooks.
 *
 * lwIP's own resolver is not part of the image (LWIP_DNS 0, no dns.c), so that nothing is declared
 * of the functions to which it would hand over resolvers' addresses: they are given here.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LWIP_HOOKS_H
#define VD_LWIP_HOOKS_H

#include "port/lwip/dns_servers.h"
#include "port/lwip/isn.h"

#define LWIP_HOOK_TCP_ISN(local_ip, local_port, remote_ip, remote_port)                            \
    vd_lwip_isn(local_ip, local_port, remote_ip, remote_port)

#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, msg, msg_type, option, len, pbuf, offset)  \
    do {                                                                                           \
        LWIP_UNUSED_ARG(msg);                                                                      \
        vd_lwip_dhcp_option(state, msg_type, option, len, pbuf, offset);                           \
    } while (0)

#ifdef LWIP_HDR_PROT_DHCP6_H
/* In dhcp6.c, which asks for resolvers only if there is one to hand them to. */
#undef LWIP_DNS
#define LWIP_DNS                 1
#define dns_setserver(place, ip) vd_lwip_dhcp6_server(place, ip)

#elif defined LWIP_HDR_PROT_ND6_H
/* In nd6.c, whose calls lack the lifetime; both names are its locals, where the option is read.
   The search for one to remove always finds it at once: with lifetime 0 it goes. */
#define dns_setserver(place, ip) vd_lwip_ra_server(&rdnss_address, lwip_ntohl(rdnss_opt->lifetime))
#define dns_getserver(place)     (&rdnss_address)
#endif

#endif
