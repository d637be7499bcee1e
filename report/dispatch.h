/*
 * From the journal to the channels: connect, send, wait for arrival, back off, try again.
 *
 * Each channel has a cursor of its own, so that a collector that is down holds up nobody else.
 * An event counts as delivered when its last byte was acknowledged by the peer's TCP and the
 * connection still stands in order (a new connection: for VD_CHANNEL_PROOF_MS).  Until then it
 * is sent again on the next connection, with the same id: at least once, never reordered.
 *
 * A channel's connection is kept while events flow and closed in order after
 * VD_CHANNEL_IDLE_MS, or at once when another channel waits for it.  No use lasts longer than
 * VD_STREAM_USE_MAX_MS.  Waiting channels are served in the order in which they came.
 *
 * Nothing blocks and nothing reads a clock: time comes in as an argument.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DISPATCH_H
#define VD_DISPATCH_H

#include "firmware/limits.h"
#include "port/port_stream.h"
#include "report/filter.h"
#include "report/journal.h"
#include "report/syslog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returned by vd_dispatch_poll when there is nothing to wait for. */
#define VD_DISPATCH_NEVER UINT64_MAX

/* Longest text of a note, with its NUL: a reason, and when the next try is. */
#define VD_NOTE_MAX (VD_STREAM_WHY_MAX + 40u)

/* Where events go.  All pointers stay valid, and their content unchanged. */
struct vd_channel {
    const char *name; /* of the [report] section */
    const char *host; /* DNS name or IP literal; what the certificate must bear */
    uint16_t port;
    const uint8_t *ca; /* trust anchors, as struct vd_stream_target has them */
    size_t ca_len;
    enum vd_severity min; /* least severe event that goes here; NONE: notice */
};

/* What the dispatcher works with.  The callbacks are called from vd_dispatch_poll only. */
struct vd_dispatch_setup {
    const struct vd_stream_port *stream;
    struct vd_journal *journal;
    const char *device; /* the syslog HOSTNAME */
    const struct vd_channel *channels;
    unsigned channels_count; /* at most VD_CHANNELS_MAX */
    void *ctx;               /* handed to each callback */

    /*
     * Find the address of a channel's host.  Called again and again until it does not say
     * VD_AGAIN.  Not called when the host is an IP literal.
     *
     * VD_OK       out is filled; its port is ignored.
     * VD_AGAIN    still looking.
     * negative    not found now: the channel backs off.
     */
    enum vd_status (*lookup)(void *ctx, unsigned channel, struct vd_endpoint *out);

    /* Random bytes for the jitter; a failure means no jitter. */
    enum vd_status (*random)(void *ctx, void *out, size_t len);

    /* A line for the console: "delivered 3" (the event's number), "connection refused; next try
     * in 4 s". */
    void (*note)(void *ctx, unsigned channel, const char *text);

    /* Does this event belong to this channel (by its domain)?  NULL: every event does. */
    bool (*is_for)(void *ctx, unsigned channel, const struct vd_event *event);
};

enum vd_channel_state {
    VD_CHANNEL_IDLE = 0,   /* nothing to send */
    VD_CHANNEL_LOOKING,    /* for the host's address */
    VD_CHANNEL_QUEUED,     /* waiting for a free stream */
    VD_CHANNEL_CONNECTING, /* TCP and TLS */
    VD_CHANNEL_UP,         /* sending, waiting for arrival, or idle on an open connection */
    VD_CHANNEL_BACKOFF     /* waiting for the next try */
};

/* For the status command. */
struct vd_channel_status {
    enum vd_channel_state state;
    uint32_t delivered; /* events */
    uint32_t failures;  /* connections that failed */
    uint32_t cursor;    /* every event up to here was delivered, or is not for this channel */
    uint64_t next_ms;   /* while backing off: when the next try is */
    char why[VD_STREAM_WHY_MAX]; /* the last failure; "" before the first */
};

/* One channel at work.  The fields are the dispatcher's own. */
struct vd_channel_run {
    struct vd_channel_status status;
    struct vd_stream_target target;
    int stream;
    uint32_t picked; /* every event up to here was taken up or passed over */
    uint32_t ticket; /* place in the queue for a stream */
    uint32_t backoff_ms;
    bool is_refused;    /* asked for a stream, and all were taken */
    bool has_arrived;   /* bytes of this connection were acknowledged */
    bool has_delivered; /* events of this connection were */
    uint64_t since_ms;  /* of the state, for its time bound */
    uint64_t arrived_ms;
    uint64_t idle_ms; /* since when nothing is on the way */
    uint64_t wake_ms;
    struct vd_in_flight window[VD_CHANNEL_WINDOW];
    unsigned window_count;
    struct vd_filter filter;
    size_t line_len, line_sent;
    uint8_t line[VD_SYSLOG_FRAME_MAX];
};

struct vd_dispatch {
    struct vd_dispatch_setup setup;
    uint32_t last_ticket;
    bool is_yielding; /* somebody else waits for a connection */
    struct vd_channel_run runs[VD_CHANNELS_MAX];
};

/*
 * setup   copied; what it points to stays valid.  Channels begin with the oldest event.
 *
 * VD_OK      ready.
 * VD_EFULL   more than VD_CHANNELS_MAX channels.
 */
enum vd_status vd_dispatch_init(struct vd_dispatch *dispatch,
                                const struct vd_dispatch_setup *setup);

/*
 * One turn, a bounded amount of work.
 *
 * Returns when it wants to be called again (never before now_ms), or VD_DISPATCH_NEVER.
 * Call it also after an event was appended.
 */
uint64_t vd_dispatch_poll(struct vd_dispatch *dispatch, uint64_t now_ms);

/*
 * Connections are few, and somebody else may need one: while is_wanted, a channel's connection is
 * closed in order as soon as nothing is on the way over it.
 */
void vd_dispatch_yield(struct vd_dispatch *dispatch, bool is_wanted);

/* Does a channel wait because all connections are taken? */
bool vd_dispatch_is_short(const struct vd_dispatch *dispatch);

/* True when every channel has delivered all that the journal holds for it. */
bool vd_dispatch_is_drained(const struct vd_dispatch *dispatch);

/* Close all connections in order.  What was not acknowledged is sent again if polled again. */
void vd_dispatch_stop(struct vd_dispatch *dispatch);

/* channel < channels_count.  Valid until the next call. */
const struct vd_channel_status *vd_dispatch_status(const struct vd_dispatch *dispatch,
                                                   unsigned channel);

/* "idle", "connecting", ...  Never NULL. */
const char *vd_channel_state_str(enum vd_channel_state state);

#endif
