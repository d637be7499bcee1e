/*
 * Options of lwIP 2.2: NO_SYS, raw API, IPv4 and IPv6, fixed pools.
 *
 * A board may override what stands in #ifndef in its limits_board.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LWIPOPTS_H
#define VD_LWIPOPTS_H

#include "firmware/limits.h"

#include <stdint.h>

/* ---- one loop, no OS; interrupts never enter the stack ----------------------------------- */

#define NO_SYS               1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TIMERS          1
#define LWIP_SOCKET          0
#define LWIP_NETCONN         0
#define LWIP_RAW             0
#define LWIP_STATS           0
#define LWIP_SINGLE_NETIF    1

#ifndef VD_LWIP_ASSERTS
#define LWIP_NOASSERT 1
#endif

/* ---- memory: pools and one small heap, none of it libc's --------------------------------- */

#if UINTPTR_MAX > 0xffffffffu
#define MEM_ALIGNMENT 8
#else
#define MEM_ALIGNMENT 4
#endif
#define MEM_LIBC_MALLOC     0
#define MEMP_MEM_MALLOC     0
#define MEMP_OVERFLOW_CHECK 0

/* The heap holds what TCP has not yet had acknowledged (copies, headers) and outgoing UDP, which
   may have to wait until the gateway's MAC address is known. */
#ifndef MEM_SIZE
#define MEM_SIZE                                                                                   \
    (1536 + VD_FLIGHTS_MAX * 256 + VD_TLS_SLOTS * (TCP_SND_BUF + 2048) +                           \
     VD_LINKS_MAX * (VD_LINK_OUT_BYTES + 512))
#endif

/* Received frames that wait: one TCP window of full segments, and the answers to a burst of
   questions (what finds no buffer is asked again, a second later).  Connections for DNS copy. */
#ifndef PBUF_POOL_SIZE
#define PBUF_POOL_SIZE (VD_FLIGHTS_MAX + 4 * VD_TLS_SLOTS)
#endif

/* DHCP and DHCPv6 have one each; one is for a channel over UDP. */
#define MEMP_NUM_UDP_PCB (VD_FLIGHTS_MAX + 3)
/* Connections, those that linger after close, and two in TIME_WAIT. */
#define MEMP_NUM_TCP_PCB        (2 * VD_TLS_SLOTS + 2 * VD_LINKS_MAX + 2)
#define MEMP_NUM_TCP_PCB_LISTEN 1
/* Two layers for each connection, one for each that lingers. */
#define MEMP_NUM_ALTCP_PCB (3 * VD_TLS_SLOTS + 1)
#define MEMP_NUM_TCP_SEG   (TCP_SND_QUEUELEN * (VD_TLS_SLOTS + VD_LINKS_MAX) + 4)
#define MEMP_NUM_PBUF      8
#define PBUF_POOL_BUFSIZE  1520 /* a whole frame: the receive path takes no chains */

/* ---- IPv4 -------------------------------------------------------------------------------- */

#define LWIP_IPV4 1
#define LWIP_ARP  1
/* A survey's questions go out in one burst, the first of all before the gateway's MAC address is
   known: all of them wait for it.  8 B each. */
#define ARP_QUEUEING       1
#define ARP_QUEUE_LEN      (VD_FLIGHTS_MAX + 1)
#define MEMP_NUM_ARP_QUEUE (VD_FLIGHTS_MAX + 1)
#define LWIP_ICMP          1
#define IP_REASSEMBLY      0 /* EDNS asks for answers that fit (VD_EDNS_UDP_MAX) */
#define IP_FRAG            0
#define IP_FORWARD         0
#define LWIP_IGMP          0
#define LWIP_AUTOIP        0
#define LWIP_ACD           0
#define LWIP_UDP           1
#define LWIP_DNS           0 /* dns/ is ours */
#define LWIP_DHCP          1
/* With the check an address takes 7 s instead of milliseconds. */
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_DHCP_GET_NTP_SRV    0

/* ---- IPv6: addresses from router advertisements ------------------------------------------ */

#define LWIP_IPV6            1
#define LWIP_IPV6_FRAG       0
#define LWIP_IPV6_REASS      0
#define LWIP_IPV6_FORWARD    0
#define LWIP_ICMP6           1
#define LWIP_IPV6_AUTOCONFIG 1
/* Switches that watch MLD send a neighbour's question only to those that have reported. */
#define LWIP_IPV6_MLD 1
/* The link-local address and one each of two prefixes (global and unique local: RFC 4193). */
#define LWIP_IPV6_NUM_ADDRESSES 3
#define MEMP_NUM_MLD6_GROUP     (LWIP_IPV6_NUM_ADDRESSES + 1)
/* As ARP: the questions of a burst wait for the router's MAC address. */
#define LWIP_ND6_QUEUEING     1
#define MEMP_NUM_ND6_QUEUE    (VD_FLIGHTS_MAX + 1)
#define LWIP_ND6_NUM_ROUTERS  2
#define LWIP_ND6_NUM_PREFIXES 3
/* Routers, and hosts of our own link (resolvers, collectors).  What does not fit takes the place of
   the one not used longest: slower, no failure.  40 B each. */
#ifndef LWIP_ND6_NUM_NEIGHBORS
#define LWIP_ND6_NUM_NEIGHBORS 6
#endif
/* Hosts that packets were last sent to.  40 B each. */
#ifndef LWIP_ND6_NUM_DESTINATIONS
#define LWIP_ND6_NUM_DESTINATIONS 8
#endif
#define LWIP_IPV6_DHCP6           1
#define LWIP_IPV6_DHCP6_STATELESS 1
#define LWIP_IPV6_DHCP6_STATEFUL  0

/* Resolvers that the network names, kept of each source (dns_servers.h).  32 B each. */
#define DNS_MAX_SERVERS                3
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS DNS_MAX_SERVERS
/* Option 6: asked for here, read by a hook. */
#define DHCP_ADD_EXTRA_REQUEST_OPTIONS , 6

/* ---- TCP --------------------------------------------------------------------------------- */

#define LWIP_TCP 1
#ifndef TCP_MSS
#define TCP_MSS 1460
#endif
#ifndef TCP_WND
#define TCP_WND (4 * TCP_MSS)
#endif
#ifndef TCP_SND_BUF
#define TCP_SND_BUF (2 * TCP_MSS)
#endif
/* First wait for an acknowledgement (RFC 6298, section 2); a SYN is sent again each time, so many
   times: an address that does not answer is given up after 9 s. */
#define LWIP_TCP_RTO_TIME   1000
#define TCP_SYNMAXRTX       8
#define TCP_SND_QUEUELEN    8
#define TCP_QUEUE_OOSEQ     0
#define TCP_LISTEN_BACKLOG  0
#define LWIP_TCP_KEEPALIVE  1
#define LWIP_TCP_TIMESTAMPS 0
#define LWIP_WND_SCALE      0

#define LWIP_ALTCP             1
#define LWIP_ALTCP_TLS         1
#define LWIP_ALTCP_TLS_MBEDTLS 0 /* port/lwip/altcp_tls_vedette.c instead */

/* ---- what an attacker must not guess ----------------------------------------------------- */

#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1
/* LWIP_RAND: arch/cc.h.  Initial sequence numbers per RFC 6528: isn.c.  Local ports are bound one by
   one (tcp.c, stream.c, the resolver), the identification of IPv4 packets is set in net.c. */
#define LWIP_HOOK_FILENAME "port/lwip/hooks.h"

/* ---- the rest ---------------------------------------------------------------------------- */

#define LWIP_CHKSUM_ALGORITHM      2
#define LWIP_NETIF_HOSTNAME        0
#define LWIP_NETIF_API             0
#define LWIP_NETIF_LINK_CALLBACK   0
#define LWIP_NETIF_STATUS_CALLBACK 1
#define ETH_PAD_SIZE               0

#endif
