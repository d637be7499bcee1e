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

/* Start lwIP on a NIC: netif and DHCP.  VD_EIO: the NIC does not answer. */
enum vd_status vd_lwip_start(const struct vd_nic *nic);

/* Frames in, timers. */
void vd_lwip_turn(void);

bool vd_lwip_is_online(void);
const char *vd_lwip_device_id(void);

const struct vd_datagram_port *vd_lwip_datagram_port(void);

/* stream.c */
const struct vd_stream_port *vd_lwip_stream_port(void);
void vd_lwip_stream_turn(void);

/* VD_EINVAL: a family that this build of lwIP does not have. */
enum vd_status vd_lwip_addr(const struct vd_endpoint *at, ip_addr_t *out);

#endif
