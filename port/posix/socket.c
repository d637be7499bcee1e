/*
 * Kernel sockets, as the files of this port share them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/posix/socket.h"

#include "port/port_entropy.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

/* Local ports of TCP, tried at random until one is free.  15 bits, above what servers listen on. */
#define LOCAL_PORT_FIRST 32768u
#define LOCAL_PORT_MASK  0x7fffu
#define LOCAL_PORT_TRIES 32u

/* SYNs sent again: no answer is told after 15 s (1 + 2 + 4 + 8), before VD_STREAM_USE_MAX_MS. */
#define SYN_RETRIES 3

/* A dead peer is noticed after 60 s and 4 times 10 s, as on a board. */
#define KEEPALIVE_IDLE_S     60
#define KEEPALIVE_INTERVAL_S 10
#define KEEPALIVE_COUNT      4
#define UNACKED_MAX_MS       100000

/* ---- addresses --------------------------------------------------------------------------- */

enum vd_status vd_posix_sockaddr(const struct vd_endpoint *at, struct sockaddr_storage *out,
                                 socklen_t *len)
{
    struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_port = htons(at->port)};
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = htons(at->port)};

    memset(out, 0, sizeof(*out));
    if (at->family == VD_FAMILY_IP4) {
        memcpy(&ip4.sin_addr, at->addr, 4);
        memcpy(out, &ip4, sizeof(ip4));
        *len = sizeof(ip4);
        return VD_OK;
    }
    if (at->family == VD_FAMILY_IP6) {
        memcpy(&ip6.sin6_addr, at->addr, 16);
        memcpy(out, &ip6, sizeof(ip6));
        *len = sizeof(ip6);
        return VD_OK;
    }
    return VD_EINVAL;
}

bool vd_posix_endpoint(const struct sockaddr_storage *from, struct vd_endpoint *out)
{
    memset(out, 0, sizeof(*out));
    if (from->ss_family == AF_INET) {
        struct sockaddr_in ip4;
        memcpy(&ip4, from, sizeof(ip4));
        out->family = VD_FAMILY_IP4;
        out->port = ntohs(ip4.sin_port);
        memcpy(out->addr, &ip4.sin_addr, 4);
        return true;
    }
    if (from->ss_family == AF_INET6) {
        struct sockaddr_in6 ip6;
        memcpy(&ip6, from, sizeof(ip6));
        out->family = VD_FAMILY_IP6;
        out->port = ntohs(ip6.sin6_port);
        memcpy(out->addr, &ip6.sin6_addr, 16);
        return true;
    }
    return false;
}

/* ---- sockets ----------------------------------------------------------------------------- */

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

static void close_keeping_errno(int fd)
{
    int error = errno;

    (void)close(fd);
    errno = error;
}

int vd_posix_socket(const struct vd_endpoint *peer, int type)
{
    bool is_ip6 = peer->family == VD_FAMILY_IP6;

    int fd = socket(is_ip6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && is_ip6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
        close_keeping_errno(fd);
        return -1;
    }
    return fd;
}

bool vd_posix_bind(int fd, const struct vd_endpoint *peer, uint16_t local_port)
{
    const struct vd_endpoint any = {.family = peer->family, .port = local_port};
    struct sockaddr_storage address;
    socklen_t len;

    if (vd_posix_sockaddr(&any, &address, &len) != VD_OK) {
        errno = EAFNOSUPPORT;
        return false;
    }
    return bind(fd, (const struct sockaddr *)&address, len) == 0;
}

/* ---- TCP --------------------------------------------------------------------------------- */

static enum vd_status bind_random_port(int fd, const struct vd_endpoint *to)
{
    errno = EADDRINUSE;
    for (unsigned i = 0; errno == EADDRINUSE && i < LOCAL_PORT_TRIES; i++) {
        uint16_t random;
        if (vd_entropy_random(&random, sizeof(random)) != VD_OK) {
            errno = 0;
            return VD_EIO;
        }
        uint16_t port = (uint16_t)(LOCAL_PORT_FIRST + (random & LOCAL_PORT_MASK));
        if (vd_posix_bind(fd, to, port)) {
            return VD_OK;
        }
    }
    return VD_EIO;
}

/* All but the first are comfort: a kernel without one of them is no reason to stay silent. */
static bool set_tcp_options(int fd)
{
    if (!set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1)) {
        return false;
    }
    (void)set_option(fd, IPPROTO_TCP, TCP_SYNCNT, SYN_RETRIES);
    (void)set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    (void)set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
    (void)set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT);
    (void)set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    return true;
}

static enum vd_status connect_from_random_port(int fd, const struct vd_endpoint *to)
{
    struct sockaddr_storage address;
    socklen_t len;

    if (vd_posix_sockaddr(to, &address, &len) != VD_OK) {
        errno = EAFNOSUPPORT;
        return VD_EIO;
    }
    if (!set_tcp_options(fd) || bind_random_port(fd, to) != VD_OK) {
        return VD_EIO;
    }
    if (connect(fd, (const struct sockaddr *)&address, len) == 0 || errno == EINPROGRESS ||
        errno == EINTR) {
        return VD_OK;
    }
    return vd_posix_status(errno);
}

enum vd_status vd_posix_tcp_start(const struct vd_endpoint *to, int *fd, int *error)
{
    enum vd_status status = VD_EIO;

    *error = 0;
    *fd = vd_posix_socket(to, SOCK_STREAM);
    if (*fd >= 0) {
        status = connect_from_random_port(*fd, to);
    }
    if (status != VD_OK) {
        *error = errno;
        if (*fd >= 0) {
            (void)close(*fd);
        }
        *fd = -1;
    }
    return status;
}

enum vd_status vd_posix_tcp_progress(int fd, int *error)
{
    struct pollfd ask = {.fd = fd, .events = POLLOUT};
    socklen_t len = sizeof(*error);

    *error = 0;
    if (poll(&ask, 1, 0) <= 0 || (ask.revents & (POLLOUT | POLLERR | POLLHUP)) == 0) {
        return VD_AGAIN;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, error, &len) != 0) {
        *error = errno;
    }
    if (*error != 0) {
        return vd_posix_status(*error);
    }
    /* Not while connecting: it would end the wait for the SYN's answer, too. */
    (void)set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MAX_MS);
    return VD_OK;
}

/* ---- errors ------------------------------------------------------------------------------ */

enum vd_status vd_posix_status(int error)
{
    switch (error) {
    case EAGAIN:
    case EINTR:
        return VD_AGAIN;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
        return VD_EREFUSED;
    case ETIMEDOUT:
        return VD_ETIMEOUT;
    default:
        return VD_EIO;
    }
}

/* Given up after UNACKED_MAX_MS, the kernel tells what routers said last, if any said something. */
bool vd_posix_is_vanished(int error)
{
    return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH ||
           error == EHOSTDOWN;
}

const char *vd_posix_words(int error)
{
    switch (error) {
    case 0:
        return "no random numbers";
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
    case EPIPE:
        return "peer reset the connection";
    case ETIMEDOUT:
        return "no answer to the connect";
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
        return "no route to the peer";
    case EMFILE:
    case ENFILE:
        return "out of file descriptors";
    default:
        return strerror(error);
    }
}

/* ---- waiting ----------------------------------------------------------------------------- */

void vd_posix_wait_add(struct vd_posix_wait *wait, int fd, short events, bool *told)
{
    if (fd < 0 || wait->count >= VD_POSIX_FDS_MAX) {
        return;
    }
    wait->fds[wait->count] = (struct pollfd){.fd = fd, .events = events};
    wait->told[wait->count] = told;
    wait->count++;
}
