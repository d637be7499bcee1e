/*
 * struct vd_tcp_port over kernel sockets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/posix/posix.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

struct slot {
    bool is_open;
    int fd; /* -1 once it failed */
    enum vd_status status;
    bool is_tx_blocked; /* the kernel took less than was offered */
    bool is_told;       /* poll has reported bytes that nobody has read since */
};

static struct slot slots[VD_LINKS_MAX];

static struct slot *slot_of(int stream)
{
    bool is_known = stream >= 0 && stream < (int)VD_LINKS_MAX && slots[stream].is_open;

    return is_known ? &slots[stream] : NULL;
}

static void fail(struct slot *slot, enum vd_status status)
{
    if (slot->fd >= 0) {
        (void)close(slot->fd);
    }
    slot->fd = -1;
    slot->status = status;
}

static enum vd_status tcp_open(void *ctx, const struct vd_endpoint *to, int *stream)
{
    int number = 0;
    int error;
    int fd;

    (void)ctx;
    while (number < (int)VD_LINKS_MAX && slots[number].is_open) {
        number++;
    }
    if (number == (int)VD_LINKS_MAX) {
        return VD_EFULL;
    }
    enum vd_status status = vd_posix_tcp_start(to, &fd, &error);
    if (status != VD_OK && status != VD_EREFUSED) {
        return VD_EIO;
    }
    slots[number] = (struct slot){
        .is_open = true, .fd = fd, .status = status == VD_OK ? VD_AGAIN : VD_EREFUSED};
    *stream = number;
    return VD_OK;
}

/* What the kernel knows of a connection that is up: its end is told once all was read. */
static void look(struct slot *slot)
{
    uint8_t byte;

    ssize_t got = recv(slot->fd, &byte, 1, MSG_PEEK);
    if (got == 0) {
        slot->status = VD_CLOSED;
    } else if (got < 0 && vd_posix_status(errno) != VD_AGAIN) {
        fail(slot, vd_posix_status(errno));
    }
}

static enum vd_status tcp_state(void *ctx, int stream)
{
    struct slot *slot = slot_of(stream);
    int error;

    (void)ctx;
    if (slot == NULL) {
        return VD_EINVAL;
    }
    if (slot->status == VD_AGAIN) {
        enum vd_status status = vd_posix_tcp_progress(slot->fd, &error);
        if (status == VD_OK) {
            slot->status = VD_OK;
        } else if (status != VD_AGAIN) {
            fail(slot, status);
        }
    } else if (slot->status == VD_OK) {
        look(slot);
    }
    return slot->status;
}

static enum vd_status tcp_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                size_t *taken)
{
    enum vd_status status = tcp_state(ctx, stream);
    if (status != VD_OK) {
        return status;
    }
    struct slot *slot = slot_of(stream);
    ssize_t sent = len > 0 ? send(slot->fd, bytes, len, MSG_NOSIGNAL) : 0;
    slot->is_tx_blocked = sent < 0 ? vd_posix_status(errno) == VD_AGAIN : (size_t)sent < len;
    if (sent > 0) {
        *taken = (size_t)sent;
        return VD_OK;
    }
    if (sent < 0 && !slot->is_tx_blocked) {
        fail(slot, vd_posix_status(errno));
        return slot->status;
    }
    return VD_AGAIN;
}

static enum vd_status tcp_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    enum vd_status status = tcp_state(ctx, stream);
    if (status != VD_OK) {
        return status;
    }
    struct slot *slot = slot_of(stream);
    slot->is_told = false;
    ssize_t n = cap > 0 ? recv(slot->fd, buf, cap, 0) : -1;
    if (n > 0) {
        *got = (size_t)n;
        return VD_OK;
    }
    return VD_AGAIN; /* an end or an error was found by tcp_state, or will be */
}

static void tcp_close(void *ctx, int stream)
{
    struct slot *slot = slot_of(stream);

    (void)ctx;
    if (slot == NULL) {
        return;
    }
    fail(slot, VD_EINVAL);
    memset(slot, 0, sizeof(*slot));
}

static const struct vd_tcp_port tcp_port = {
    .ctx = NULL,
    .streams_max = VD_LINKS_MAX,
    .open = tcp_open,
    .state = tcp_state,
    .write = tcp_write,
    .read = tcp_read,
    .close = tcp_close,
};

const struct vd_tcp_port *vd_posix_tcp_port(void)
{
    return &tcp_port;
}

/* Bytes that the owner does not want yet are told once, so that they do not keep the loop awake. */
void vd_posix_tcp_wait(struct vd_posix_wait *wait)
{
    for (size_t i = 0; i < VD_LINKS_MAX; i++) {
        struct slot *slot = &slots[i];
        if (!slot->is_open || slot->fd < 0) {
            continue;
        }
        bool wants_out = slot->status == VD_AGAIN || slot->is_tx_blocked;
        short events = (short)((wants_out ? POLLOUT : 0) | (slot->is_told ? 0 : POLLIN));
        if (events != 0 && slot->status != VD_CLOSED) {
            vd_posix_wait_add(wait, slot->fd, events, &slot->is_told);
        }
    }
}
