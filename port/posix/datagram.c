/*
 * struct vd_datagram_port over kernel sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* A burst of answers waits in the kernel while the loop does something else. */
#define RECEIVE_BUFFER_BYTES 262144

/* More than any UDP payload (65,507 bytes over IPv4). */
#define DATAGRAM_BYTES_MAX 65534u

/* Datagrams of strangers that one call throws away before it lets the loop go on. */
#define STRANGERS_PER_CALL 64u

struct slot {
    bool is_open;
    int fd;
    struct vd_endpoint peer;
    bool is_ready;   /* the kernel may have something */
    bool is_refused; /* found by send; receive tells it */
};

static struct slot slots[VD_FLIGHTS_MAX];
static size_t next_slot; /* where receive goes on: one busy socket must not hide the others */

static struct slot *find_free(unsigned *number)
{
    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        if (!slots[i].is_open) {
            *number = i;
            return &slots[i];
        }
    }
    return NULL;
}

static struct slot *slot_of(unsigned socket)
{
    return socket < VD_FLIGHTS_MAX && slots[socket].is_open ? &slots[socket] : NULL;
}

static void enlarge_receive_buffer(int fd)
{
    int bytes = 0;
    socklen_t len = sizeof(bytes);

    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &len) == 0 && bytes < RECEIVE_BUFFER_BYTES) {
        bytes = RECEIVE_BUFFER_BYTES;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    }
}

static enum vd_status bind_and_connect(int fd, uint16_t local_port, const struct vd_endpoint *peer)
{
    struct sockaddr_storage address;
    socklen_t len;

    if (vd_posix_sockaddr(peer, &address, &len) != VD_OK) {
        return VD_EIO;
    }
    if (!vd_posix_bind(fd, peer, local_port)) {
        return errno == EADDRINUSE ? VD_AGAIN : VD_EIO;
    }
    return connect(fd, (const struct sockaddr *)&address, len) == 0 ? VD_OK : VD_EIO;
}

static enum vd_status datagram_open(void *ctx, uint16_t local_port, const struct vd_endpoint *peer,
                                    unsigned *socket)
{
    unsigned number = 0;
    struct slot *slot = find_free(&number);

    (void)ctx;
    if (slot == NULL) {
        return VD_EFULL;
    }
    int fd = vd_posix_socket(peer, SOCK_DGRAM);
    if (fd < 0) {
        return VD_EIO;
    }
    enlarge_receive_buffer(fd);
    enum vd_status status = bind_and_connect(fd, local_port, peer);
    if (status != VD_OK) {
        (void)close(fd);
        return status;
    }
    *slot = (struct slot){.is_open = true, .fd = fd, .peer = *peer};
    *socket = number;
    return VD_OK;
}

static enum vd_status datagram_send(void *ctx, unsigned socket, const uint8_t *bytes, size_t len)
{
    struct slot *slot = slot_of(socket);

    (void)ctx;
    if (slot == NULL) {
        return VD_EIO;
    }
    ssize_t sent = send(slot->fd, bytes, len, MSG_NOSIGNAL);
    if (sent < 0 && errno == ECONNREFUSED) {
        /* That is the answer to an earlier datagram, told once: keep it, and send this one. */
        slot->is_refused = true;
        sent = send(slot->fd, bytes, len, MSG_NOSIGNAL);
    }
    return sent >= 0 && (size_t)sent == len ? VD_OK : VD_EIO;
}

/* Ask the kernel once which sockets have something. */
static bool find_ready(void)
{
    struct pollfd ask[VD_FLIGHTS_MAX];
    unsigned which[VD_FLIGHTS_MAX];
    nfds_t count = 0;

    for (unsigned i = 0; i < VD_FLIGHTS_MAX; i++) {
        if (slots[i].is_open) {
            ask[count] = (struct pollfd){.fd = slots[i].fd, .events = POLLIN};
            which[count] = i;
            count++;
        }
    }
    if (count == 0 || poll(ask, count, 0) <= 0) {
        return false;
    }
    for (nfds_t i = 0; i < count; i++) {
        slots[which[i]].is_ready = ask[i].revents != 0;
    }
    return true;
}

/*
 * VD_OTHER: a stranger's, or too large.  A connected socket takes none from others, but one may
 * have come in between bind and connect.
 */
static enum vd_status receive_one(struct slot *slot, struct vd_datagram_in *in)
{
    static uint8_t buf[DATAGRAM_BYTES_MAX];
    struct sockaddr_storage from;
    socklen_t from_len = sizeof(from);

    ssize_t got =
        recvfrom(slot->fd, buf, sizeof(buf), MSG_TRUNC, (struct sockaddr *)&from, &from_len);
    if (got < 0) {
        slot->is_ready = errno == EINTR;
        return errno == ECONNREFUSED ? VD_EREFUSED : VD_AGAIN;
    }
    if ((size_t)got > sizeof(buf) || !vd_posix_endpoint(&from, &in->from) ||
        !vd_endpoint_is_equal(&in->from, &slot->peer)) {
        return VD_OTHER;
    }
    in->bytes = buf;
    in->len = (size_t)got;
    return VD_OK;
}

/* What the ready sockets have, in turn. */
static enum vd_status receive_ready(struct vd_datagram_in *in, unsigned *strangers)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        size_t number = (next_slot + i) % VD_FLIGHTS_MAX;
        struct slot *slot = &slots[number];
        while (slot->is_open && (slot->is_ready || slot->is_refused)) {
            in->socket = (unsigned)number;
            enum vd_status status = slot->is_refused ? VD_EREFUSED : receive_one(slot, in);
            slot->is_refused = false;
            if (status == VD_OK || status == VD_EREFUSED) {
                next_slot = number + 1;
                return status;
            }
            if (status == VD_OTHER && ++*strangers >= STRANGERS_PER_CALL) {
                next_slot = number + 1;
                return VD_OTHER;
            }
        }
    }
    return VD_AGAIN;
}

static enum vd_status datagram_receive(void *ctx, struct vd_datagram_in *in)
{
    unsigned strangers = 0;

    (void)ctx;
    enum vd_status status = receive_ready(in, &strangers);
    if (status == VD_AGAIN && find_ready()) {
        status = receive_ready(in, &strangers);
    }
    return status == VD_OTHER ? VD_AGAIN : status;
}

static void datagram_close(void *ctx, unsigned socket)
{
    struct slot *slot = slot_of(socket);

    (void)ctx;
    if (slot != NULL) {
        (void)close(slot->fd);
        memset(slot, 0, sizeof(*slot));
    }
}

static const struct vd_datagram_port datagram_port = {
    .ctx = NULL,
    .sockets_max = VD_FLIGHTS_MAX,
    .open = datagram_open,
    .send = datagram_send,
    .receive = datagram_receive,
    .close = datagram_close,
};

const struct vd_datagram_port *vd_posix_datagram_port(void)
{
    return &datagram_port;
}

/* What is not taken stays with the kernel, which then tells it again: no wait misses it. */
void vd_posix_datagram_wait(struct vd_posix_wait *wait)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        if (!slots[i].is_open) {
            continue;
        }
        vd_posix_wait_add(wait, slots[i].fd, POLLIN, &slots[i].is_ready);
        if (slots[i].is_refused) {
            wait->until_ms = 0;
        }
    }
}
