/*
 * What the files of this port have for each other, and for its tests.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_POSIX_H
#define VD_POSIX_H

#include "port/posix/socket.h"

#include "port/port_datagram.h"
#include "port/port_stream.h"
#include "port/port_tcp.h"

const struct vd_datagram_port *vd_posix_datagram_port(void);
const struct vd_tcp_port *vd_posix_tcp_port(void);
const struct vd_stream_port *vd_posix_stream_port(void);

/* What each of them waits for. */
void vd_posix_datagram_wait(struct vd_posix_wait *wait);
void vd_posix_tcp_wait(struct vd_posix_wait *wait);
void vd_posix_stream_wait(struct vd_posix_wait *wait);
void vd_posix_console_wait(struct vd_posix_wait *wait);

/*
 * Before any other descriptor is opened.  A standard one that is closed is opened on /dev/null: else
 * the first socket would get its number, and what a resolver sends would be commands.
 *
 * VD_EIO  it cannot be opened.
 */
enum vd_status vd_posix_console_start(void);

/* Move the bytes of all TLS connections.  Bounded. */
void vd_posix_stream_turn(void);

/* Forget all TLS destinations that no stream uses now: trust anchors and saved sessions. */
void vd_posix_stream_forget(void);

/* TLS connections that still close, without a handle. */
unsigned vd_posix_stream_closing(void);

/* The name servers of a file like /etc/resolv.conf; see vd_port_dns_servers. */
size_t vd_posix_dns_servers_of(const char *path, struct vd_endpoint *out, size_t max);

/* True while some network interface has an address to send from. */
bool vd_posix_has_address(void);

/* 12 hex digits and a NUL: a NIC's MAC address, or a hash of the machine's id. */
void vd_posix_find_device_id(char out[13]);

#endif
