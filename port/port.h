/*
 * The whole port in one handle: what main.c wires the agent to.
 *
 * Two implementations: port/lwip (boards) and port/posix (Linux process).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_H
#define VD_PORT_H

#include "port/port_datagram.h"
#include "port/port_stream.h"
#include "port/port_tcp.h"

#include <stdbool.h>

struct vd_port {
    const struct vd_datagram_port *datagram;
    const struct vd_tcp_port *tcp;
    const struct vd_stream_port *stream;
};

/*
 * Bring up console, clocks, entropy, network.  Says on the console what it found.
 *
 * VD_OK          the loop may start; the address may come later (vd_port_is_online).
 * VD_ENOENTROPY  no seed: the network is not started; the agent must stop.
 * VD_EIO         no NIC, or the stack failed.
 */
enum vd_status vd_port_start(struct vd_port *out);

/* True while there is an address to send from. */
bool vd_port_is_online(void);

/*
 * The resolvers that the network itself names: DHCP, router advertisements (RFC 8106), DHCPv6;
 * /etc/resolv.conf on Linux.  Port 53, in order of preference, no address twice.
 *
 * out   room for max of them.  Returns how many; 0 while none is known.  The list may change at
 *       any time: it is cheap to ask again.
 */
size_t vd_port_dns_servers(struct vd_endpoint *out, size_t max);

/* One turn: frames in, timers.  Bounded. */
void vd_port_turn(void);

/* Nothing to do before until_ms (vd_clock_ms): sleep, or return sooner when something came. */
void vd_port_idle(uint64_t until_ms);

/* This device's MAC address, as 12 hex digits. */
const char *vd_port_device_id(void);

/* Bytes of the TLS arena: most ever used, and its size.  For the console. */
void vd_port_tls_arena(size_t *peak, size_t *size);

#endif
