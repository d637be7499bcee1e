/*
 * The lwIP side of the port: what its files tell each other.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LWIP_NET_H
#define VD_LWIP_NET_H

#include "lwip/ip_addr.h"
#include "port/port_datagram.h"
#include "port/port_nic.h"
#include "port/port_stream.h"
#include "port/port_tcp.h"

/* Start lwIP on a NIC: netif, DHCP, IPv6 autoconfiguration.  VD_EIO: the NIC does not answer. */
enum vd_status vd_lwip_start(const struct vd_nic *nic);

/* Frames in, timers. */
void vd_lwip_turn(void);

/* True with an IPv4 address that DHCP has confirmed on this link, or an IPv6 address of more than this link. */
bool vd_lwip_is_online(void);
const char *vd_lwip_device_id(void);

const struct vd_datagram_port *vd_lwip_datagram_port(void);

/* stream.c */
const struct vd_stream_port *vd_lwip_stream_port(void);
void vd_lwip_stream_turn(void);

/* tcp.c */
const struct vd_tcp_port *vd_lwip_tcp_port(void);

/*
 * One host's address for lwIP.  There is one link, so that a link-local address needs no zone.
 *
 * VD_EINVAL  not an address of one host: unspecified, multicast, broadcast, an IPv4 address dressed
 *            as IPv6 (RFC 4291, section 2.5.5), no family.
 */
enum vd_status vd_lwip_addr(const struct vd_endpoint *at, ip_addr_t *out);

/* The way back, with a port. */
void vd_lwip_endpoint(const ip_addr_t *ip, uint16_t port, struct vd_endpoint *out);

/*
 * Is there an address to send to ip from?  Each family has its own; a link-local one reaches only
 * link-local peers.
 */
bool vd_lwip_can_reach(const ip_addr_t *ip);

#endif
