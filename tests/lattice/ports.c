/*
 * Datagrams and streams.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tests/lattice/ports.h"

#include "port/posix/posix.h"

#include <string.h>

#define QUEUE_MAX 512u
#define SOCKETS   VD_FLIGHTS_MAX

const struct world *lattice_world;

/* ---- datagrams: out of the tables, or to the server of the present world --------------------------- */

struct waiting {
    unsigned socket;
    size_t len;
    uint8_t bytes[8192];
};

static struct vd_endpoint peers[SOCKETS];
static bool is_open[SOCKETS];
static struct waiting queue[QUEUE_MAX];
static size_t queue_first, queue_count;

static enum vd_status direct_open(void *ctx, uint16_t local_port, const struct vd_endpoint *peer,
                                  unsigned *socket)
{
    (void)ctx;
    (void)local_port;
    for (unsigned i = 0; i < SOCKETS; i++) {
        if (!is_open[i]) {
            is_open[i] = true;
            peers[i] = *peer;
            *socket = i;
            return VD_OK;
        }
    }
    return VD_EFULL;
}

static enum vd_status direct_send(void *ctx, unsigned socket, const uint8_t *bytes, size_t len)
{
    (void)ctx;
    if (queue_count == QUEUE_MAX) {
        return VD_EIO;
    }
    struct waiting *to = &queue[(queue_first + queue_count) % QUEUE_MAX];
    to->socket = socket;
    to->len = world_answer(lattice_world, bytes, len, to->bytes, sizeof to->bytes);
    queue_count += to->len > 0;
    return VD_OK;
}

static enum vd_status direct_receive(void *ctx, struct vd_datagram_in *in)
{
    (void)ctx;
    while (queue_count > 0) {
        struct waiting *from = &queue[queue_first];
        queue_first = (queue_first + 1) % QUEUE_MAX;
        queue_count--;
        if (is_open[from->socket]) {
            *in = (struct vd_datagram_in){.socket = from->socket,
                                          .from = peers[from->socket],
                                          .bytes = from->bytes,
                                          .len = from->len};
            return VD_OK;
        }
    }
    return VD_AGAIN;
}

static void direct_close(void *ctx, unsigned socket)
{
    (void)ctx;
    is_open[socket] = false;
}

const struct vd_datagram_port lattice_direct = {
    .sockets_max = SOCKETS,
    .open = direct_open,
    .send = direct_send,
    .receive = direct_receive,
    .close = direct_close,
};

/* To the same address, where the present world's server listens. */
static enum vd_status real_open(void *ctx, uint16_t local_port, const struct vd_endpoint *peer,
                                unsigned *socket)
{
    struct vd_endpoint there = *peer;

    (void)ctx;
    there.port = lattice_world->port;
    const struct vd_datagram_port *below = vd_posix_datagram_port();
    return below->open(below->ctx, local_port, &there, socket);
}

static enum vd_status real_send(void *ctx, unsigned socket, const uint8_t *bytes, size_t len)
{
    const struct vd_datagram_port *below = vd_posix_datagram_port();

    (void)ctx;
    return below->send(below->ctx, socket, bytes, len);
}

static enum vd_status real_receive(void *ctx, struct vd_datagram_in *in)
{
    const struct vd_datagram_port *below = vd_posix_datagram_port();
    enum vd_status status = below->receive(below->ctx, in);

    (void)ctx;
    in->from.port = 53;
    return status;
}

static void real_close(void *ctx, unsigned socket)
{
    const struct vd_datagram_port *below = vd_posix_datagram_port();

    (void)ctx;
    below->close(below->ctx, socket);
}

const struct vd_datagram_port lattice_real = {
    .sockets_max = SOCKETS,
    .open = real_open,
    .send = real_send,
    .receive = real_receive,
    .close = real_close,
};

enum vd_status lattice_tcp_open(void *ctx, const struct vd_endpoint *to, int *stream)
{
    struct vd_endpoint there = *to;

    (void)ctx;
    there.port = lattice_world->port;
    return vd_posix_tcp_port()->open(vd_posix_tcp_port()->ctx, &there, stream);
}

/* ---- a collector that takes everything -------------------------------------------------------------- */

static enum vd_status stream_open(void *ctx, const struct vd_stream_target *to, int *stream)
{
    (void)ctx;
    (void)to;
    *stream = 0;
    return VD_OK;
}

static enum vd_status stream_state(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return VD_OK;
}

static enum vd_status stream_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                   size_t *taken)
{
    (void)ctx;
    (void)stream;
    (void)bytes;
    *taken = len;
    return VD_OK;
}

static enum vd_status stream_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    (void)ctx;
    (void)stream;
    (void)buf;
    (void)cap;
    *got = 0;
    return VD_AGAIN;
}

static size_t stream_unacked(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return 0;
}

static void stream_close(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
}

static const char *stream_why(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return "";
}

const struct vd_stream_port lattice_collector = {
    .streams_max = 1,
    .open = stream_open,
    .state = stream_state,
    .write = stream_write,
    .read = stream_read,
    .unacked = stream_unacked,
    .close = stream_close,
    .why = stream_why,
};

bool lattice_has_answers(void)
{
    return queue_count > 0;
}

void lattice_forget(void)
{
    memset(is_open, 0, sizeof is_open);
    queue_count = 0;
}
