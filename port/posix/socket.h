/*
 * Kernel sockets, as the files of this port share them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_POSIX_SOCKET_H
#define VD_POSIX_SOCKET_H

#include "firmware/limits.h"
#include "port/port_net.h"

#include <poll.h>
#include <sys/socket.h>

/* Room for every file descriptor that the loop may wait for. */
#define VD_POSIX_FDS_MAX (VD_FLIGHTS_MAX + VD_LINKS_MAX + 3 * VD_TLS_SLOTS + 1)

/* VD_EINVAL: no family, or one that no socket has. */
enum vd_status vd_posix_sockaddr(const struct vd_endpoint *at, struct sockaddr_storage *out,
                                 socklen_t *len);

/* False for an address of another family. */
bool vd_posix_endpoint(const struct sockaddr_storage *from, struct vd_endpoint *out);

/*
 * A socket of the right family that does not block, is not inherited, and takes no IPv4 on IPv6.
 * -1: see errno.
 */
int vd_posix_socket(const struct vd_endpoint *peer, int type);

/* Bind to a local port of any address.  False: see errno. */
bool vd_posix_bind(int fd, const struct vd_endpoint *peer, uint16_t local_port);

/*
 * Start a TCP connection from a local port drawn at random (RFC 6056).  The kernel's initial
 * sequence numbers are those of RFC 6528.
 *
 * VD_OK        *fd is connecting, or connected.
 * VD_EREFUSED  refused at once, as on the machine itself; *fd is -1.
 * other        *error is the errno (0: no random numbers); *fd is -1.
 */
enum vd_status vd_posix_tcp_start(const struct vd_endpoint *to, int *fd, int *error);

/*
 * How far a connection is that was started.
 *
 * VD_AGAIN  still connecting.
 * VD_OK     up.
 * other     failed; *error is the errno.
 */
enum vd_status vd_posix_tcp_progress(int fd, int *error);

/* VD_AGAIN, VD_EREFUSED, VD_ETIMEOUT or VD_EIO for an errno. */
enum vd_status vd_posix_status(int error);

/* True for an errno by which the kernel says that a connection's peer does not answer any more. */
bool vd_posix_is_vanished(int error);

/* A few words for an errno of a connection that failed. */
const char *vd_posix_words(int error);

/* A list of descriptors for poll(2), filled by the files that have some. */
struct vd_posix_wait {
    struct pollfd fds[VD_POSIX_FDS_MAX];
    bool *told[VD_POSIX_FDS_MAX]; /* set when poll reports the descriptor; may be NULL */
    nfds_t count;
    uint64_t until_ms; /* of vd_clock_ms: when to be back at the latest */
};

void vd_posix_wait_add(struct vd_posix_wait *wait, int fd, short events, bool *told);

#endif
