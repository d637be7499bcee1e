/*
 * From the journal to the channels: connect, send, wait for arrival, back off, try again.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/dispatch.h"

#include "report/text.h"

#include <string.h>

/* How often a channel that waits for the network looks again. */
#define TICK_MS 20u

/* How often an idle connection is looked at, to notice its end. */
#define IDLE_TICK_MS 250u

/* The connection must stand after this part of a use, so that there is time to send. */
#define CONNECT_MAX_MS (VD_STREAM_USE_MAX_MS / 2u)

/* After this part of a use nothing new is begun, so that the rest can arrive in time. */
#define BEGIN_MAX_MS (VD_STREAM_USE_MAX_MS / 4u * 3u)

/* Longest wait for a free stream: every other channel may have a turn first. */
#define QUEUE_MAX_MS ((uint64_t)VD_STREAM_USE_MAX_MS * (VD_CHANNELS_MAX + 1u))

/* What a syslog collector says is nothing to us; read so that an end is seen. */
#define READS_MAX 4u

static void enter(struct vd_channel_run *run, enum vd_channel_state state, uint64_t now_ms)
{
    run->status.state = state;
    run->since_ms = now_ms;
    run->wake_ms = now_ms;
}

static unsigned number_of(const struct vd_dispatch *dispatch, const struct vd_channel_run *run)
{
    return (unsigned)(run - dispatch->runs);
}

enum vd_status vd_dispatch_init(struct vd_dispatch *dispatch, const struct vd_dispatch_setup *setup)
{
    unsigned i;

    if (setup->channels_count > VD_CHANNELS_MAX) {
        return VD_EFULL;
    }
    memset(dispatch, 0, sizeof *dispatch);
    dispatch->setup = *setup;
    for (i = 0; i < VD_CHANNELS_MAX; i++) {
        dispatch->runs[i].stream = -1;
        dispatch->runs[i].backoff_ms = VD_BACKOFF_FIRST_MS;
    }
    for (i = 0; i < setup->channels_count; i++) {
        vd_filter_init(&dispatch->runs[i].filter, setup->channels[i].min);
    }
    return VD_OK;
}

/* ---- which events ------------------------------------------------------------------------ */

static bool is_wanted(const struct vd_dispatch *dispatch, const struct vd_channel_run *run,
                      const struct vd_event *event)
{
    const struct vd_dispatch_setup *setup = &dispatch->setup;

    if (setup->is_for != NULL && !setup->is_for(setup->ctx, number_of(dispatch, run), event)) {
        return false;
    }
    return vd_filter_passes(&run->filter, event, run->window, run->window_count);
}

/*
 * Find the next event for this channel behind those already taken up; pass over the others.
 * VD_AGAIN: there is none.
 */
static enum vd_status find_next(const struct vd_dispatch *dispatch, struct vd_channel_run *run,
                                struct vd_event *event)
{
    uint32_t seq;

    while (vd_journal_next(dispatch->setup.journal, run->picked, &seq) == VD_OK) {
        if (vd_journal_read(dispatch->setup.journal, seq, event) == VD_OK &&
            is_wanted(dispatch, run, event)) {
            return VD_OK;
        }
        run->picked = seq;
    }
    return VD_AGAIN;
}

/* With nothing on the way, everything taken up or passed over is done. */
static void move_cursor(struct vd_channel_run *run)
{
    run->status.cursor = run->window_count == 0 ? run->picked : run->window[0].seq - 1;
}

/* ---- the end of a connection ------------------------------------------------------------- */

static void close_stream(struct vd_dispatch *dispatch, struct vd_channel_run *run)
{
    if (run->stream >= 0) {
        dispatch->setup.stream->close(dispatch->setup.stream->ctx, run->stream);
    }
    run->stream = -1;
    run->window_count = 0;
    run->line_len = 0;
    run->line_sent = 0;
    run->picked = run->status.cursor; /* what did not arrive is sent again */
}

static void close_in_order(struct vd_dispatch *dispatch, struct vd_channel_run *run,
                           uint64_t now_ms)
{
    close_stream(dispatch, run);
    enter(run, VD_CHANNEL_IDLE, now_ms);
}

static uint32_t next_wait_ms(struct vd_dispatch *dispatch, struct vd_channel_run *run)
{
    const struct vd_dispatch_setup *setup = &dispatch->setup;
    uint32_t half = run->backoff_ms / 2u, wait = run->backoff_ms, random = 0;

    if (setup->random != NULL && setup->random(setup->ctx, &random, sizeof random) == VD_OK) {
        wait = half + random % (run->backoff_ms - half + 1u);
    }
    run->backoff_ms =
        run->backoff_ms > VD_BACKOFF_MAX_MS / 2u ? VD_BACKOFF_MAX_MS : run->backoff_ms * 2u;
    return wait;
}

static void note_failure(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint32_t wait_ms)
{
    char text[VD_NOTE_MAX];
    struct vd_text_writer w;

    vd_text_start(&w, text, sizeof text);
    vd_text_put(&w, run->status.why);
    vd_text_put(&w, "; next try in ");
    vd_text_put_unsigned(&w, ((uint64_t)wait_ms + 999u) / 1000u);
    vd_text_put(&w, " s");
    dispatch->setup.note(dispatch->setup.ctx, number_of(dispatch, run), text);
}

/* The words are in status.why: give the connection up and wait. */
static void back_off(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    uint32_t wait_ms = next_wait_ms(dispatch, run);

    close_stream(dispatch, run);
    run->status.failures++;
    enter(run, VD_CHANNEL_BACKOFF, now_ms);
    run->status.next_ms = now_ms + wait_ms;
    run->wake_ms = run->status.next_ms;
    note_failure(dispatch, run, wait_ms);
}

static void fail(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms,
                 const char *why)
{
    struct vd_text_writer w;

    vd_text_start(&w, run->status.why, sizeof run->status.why);
    vd_text_put(&w, why);
    back_off(dispatch, run, now_ms);
}

static void fail_in_time(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms,
                         const char *what, uint32_t bound_ms)
{
    struct vd_text_writer w;

    vd_text_start(&w, run->status.why, sizeof run->status.why);
    vd_text_put(&w, what);
    vd_text_put(&w, " within ");
    vd_text_put_unsigned(&w, bound_ms / 1000u);
    vd_text_put(&w, " s");
    back_off(dispatch, run, now_ms);
}

/* The layer below failed: its own words, else those of the status. */
static void fail_below(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms,
                       enum vd_status status)
{
    const struct vd_stream_port *port = dispatch->setup.stream;
    const char *why = port->why(port->ctx, run->stream);

    if (why == NULL || why[0] == '\0') {
        why = status == VD_CLOSED ? "the collector closed the connection before all had arrived"
                                  : vd_status_str(status);
    }
    fail(dispatch, run, now_ms, why);
}

/* The connection is over.  No failure if it had done its work and nothing was on the way. */
static void ended(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms,
                  enum vd_status status)
{
    if (run->window_count == 0 && run->has_delivered) {
        close_in_order(dispatch, run, now_ms);
        return;
    }
    fail_below(dispatch, run, now_ms, status);
}

/* ---- an open connection ------------------------------------------------------------------ */

static void note_delivered(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint32_t seq)
{
    char text[VD_NOTE_MAX];
    struct vd_text_writer w;

    vd_text_start(&w, text, sizeof text);
    vd_text_put(&w, "delivered ");
    vd_text_put_unsigned(&w, seq);
    dispatch->setup.note(dispatch->setup.ctx, number_of(dispatch, run), text);
}

/* All bytes given so far have arrived: the whole lines among them are delivered. */
static void confirm(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    unsigned whole = run->window_count - (run->line_sent < run->line_len ? 1u : 0u);
    unsigned i;

    if (run->window_count == 0 || (whole == 0 && run->line_sent == 0)) {
        return; /* nothing was given */
    }
    if (!run->has_arrived) {
        run->has_arrived = true;
        run->arrived_ms = now_ms;
    }
    if (whole == 0 || now_ms - run->arrived_ms < VD_CHANNEL_PROOF_MS) {
        return;
    }
    for (i = 0; i < whole; i++) {
        vd_filter_arrived(&run->filter, &run->window[i]);
        note_delivered(dispatch, run, run->window[i].seq);
    }
    run->window_count -= whole;
    memmove(run->window, run->window + whole, run->window_count * sizeof run->window[0]);
    move_cursor(run);
    run->status.delivered += whole;
    run->has_delivered = true;
    run->backoff_ms = VD_BACKOFF_FIRST_MS;
    run->idle_ms = now_ms;
}

/* Take up the next event: its line is to be sent.  false: there is none, or no room for it. */
static bool begin_next(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    struct vd_in_flight *flight = &run->window[run->window_count];
    struct vd_event event;

    if (run->window_count == VD_CHANNEL_WINDOW || now_ms - run->since_ms >= BEGIN_MAX_MS ||
        find_next(dispatch, run, &event) != VD_OK) {
        return false;
    }
    vd_filter_take(flight, &event);
    run->window_count++;
    run->picked = event.seq;
    run->line_len = vd_syslog_frame(&event, dispatch->setup.device, run->line);
    run->line_sent = 0;
    return true;
}

/* Send what the stream takes.  VD_OK also when it takes nothing now. */
static enum vd_status send_some(struct vd_dispatch *dispatch, struct vd_channel_run *run,
                                uint64_t now_ms)
{
    const struct vd_stream_port *port = dispatch->setup.stream;

    while (run->line_sent < run->line_len || begin_next(dispatch, run, now_ms)) {
        size_t taken = 0;
        enum vd_status status = port->write(port->ctx, run->stream, run->line + run->line_sent,
                                            run->line_len - run->line_sent, &taken);

        if (status == VD_AGAIN || (status == VD_OK && taken == 0)) {
            return VD_OK;
        }
        if (status != VD_OK) {
            return status;
        }
        run->line_sent += taken;
    }
    return VD_OK;
}

/* Is the connection still in order, after all that has come from the peer? */
static enum vd_status look(struct vd_dispatch *dispatch, struct vd_channel_run *run)
{
    const struct vd_stream_port *port = dispatch->setup.stream;
    enum vd_status status = port->state(port->ctx, run->stream);
    uint8_t ignored[64];
    unsigned i;

    for (i = 0; i < READS_MAX && status == VD_OK; i++) {
        size_t got;

        status = port->read(port->ctx, run->stream, ignored, sizeof ignored, &got);
    }
    return status == VD_AGAIN ? VD_OK : status;
}

static bool is_awaited(const struct vd_dispatch *dispatch)
{
    unsigned i;

    for (i = 0; i < dispatch->setup.channels_count; i++) {
        if (dispatch->runs[i].status.state == VD_CHANNEL_QUEUED && dispatch->runs[i].is_refused) {
            return true;
        }
    }
    return false;
}

/* Nothing is on the way: how long may the connection stay? */
static void rest(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    uint64_t until_ms = run->idle_ms + VD_CHANNEL_IDLE_MS;

    move_cursor(run); /* past events that are not for this channel */
    if (until_ms > run->since_ms + BEGIN_MAX_MS) {
        until_ms = run->since_ms + BEGIN_MAX_MS;
    }
    if (now_ms >= until_ms || dispatch->is_yielding || is_awaited(dispatch)) {
        close_in_order(dispatch, run, now_ms);
        return;
    }
    run->wake_ms = now_ms + IDLE_TICK_MS < until_ms ? now_ms + IDLE_TICK_MS : until_ms;
}

static void turn_up(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    const struct vd_stream_port *port = dispatch->setup.stream;
    /* In this order: arrived, and after that still in order. */
    bool is_arrived = port->unacked(port->ctx, run->stream) == 0;
    enum vd_status status = look(dispatch, run);

    if (status == VD_OK) {
        if (is_arrived) {
            confirm(dispatch, run, now_ms);
        }
        status = send_some(dispatch, run, now_ms);
    }
    if (status != VD_OK) {
        ended(dispatch, run, now_ms, status);
    } else if (run->window_count == 0) {
        rest(dispatch, run, now_ms);
    } else if (now_ms - run->since_ms >= VD_STREAM_USE_MAX_MS) {
        fail_in_time(dispatch, run, now_ms, "what was sent did not arrive", VD_STREAM_USE_MAX_MS);
    } else {
        run->wake_ms = now_ms + TICK_MS;
    }
}

/* ---- the way there ----------------------------------------------------------------------- */

static void turn_idle(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    struct vd_event event;

    run->wake_ms = VD_DISPATCH_NEVER;
    if (find_next(dispatch, run, &event) == VD_OK) {
        enter(run, VD_CHANNEL_LOOKING, now_ms);
    }
    move_cursor(run);
}

static void turn_looking(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    const struct vd_dispatch_setup *setup = &dispatch->setup;
    unsigned number = number_of(dispatch, run);
    const struct vd_channel *channel = &setup->channels[number];
    struct vd_endpoint *at = &run->target.at;
    enum vd_status status =
        vd_endpoint_parse(channel->host, strlen(channel->host), channel->port, at);

    if (status != VD_OK) {
        status = setup->lookup(setup->ctx, number, at);
    }
    if (status == VD_OK) {
        at->port = channel->port;
        run->ticket = ++dispatch->last_ticket;
        run->is_refused = false;
        enter(run, VD_CHANNEL_QUEUED, now_ms);
    } else if (status < 0) {
        fail(dispatch, run, now_ms, "the collector's address could not be looked up");
    } else if (now_ms - run->since_ms >= VD_STREAM_USE_MAX_MS) {
        fail_in_time(dispatch, run, now_ms, "the collector's address was not found",
                     VD_STREAM_USE_MAX_MS);
    } else {
        run->wake_ms = now_ms + TICK_MS;
    }
}

static void turn_connecting(struct vd_dispatch *dispatch, struct vd_channel_run *run,
                            uint64_t now_ms)
{
    const struct vd_stream_port *port = dispatch->setup.stream;
    enum vd_status status = port->state(port->ctx, run->stream);

    if (status == VD_OK) {
        run->status.state = VD_CHANNEL_UP; /* since_ms stays: a use is counted from its open */
        run->idle_ms = now_ms;
        run->wake_ms = now_ms;
    } else if (status != VD_AGAIN) {
        fail_below(dispatch, run, now_ms, status);
    } else if (now_ms - run->since_ms >= CONNECT_MAX_MS) {
        fail_in_time(dispatch, run, now_ms, "no verified connection", CONNECT_MAX_MS);
    } else {
        run->wake_ms = now_ms + TICK_MS;
    }
}

static void turn(struct vd_dispatch *dispatch, struct vd_channel_run *run, uint64_t now_ms)
{
    switch (run->status.state) {
    case VD_CHANNEL_IDLE:
        turn_idle(dispatch, run, now_ms);
        break;
    case VD_CHANNEL_LOOKING:
        turn_looking(dispatch, run, now_ms);
        break;
    case VD_CHANNEL_QUEUED:
        run->wake_ms = now_ms + TICK_MS; /* see open_queued */
        break;
    case VD_CHANNEL_CONNECTING:
        turn_connecting(dispatch, run, now_ms);
        break;
    case VD_CHANNEL_UP:
        turn_up(dispatch, run, now_ms);
        break;
    case VD_CHANNEL_BACKOFF:
        if (now_ms >= run->status.next_ms) {
            enter(run, VD_CHANNEL_IDLE, now_ms);
        }
        break;
    }
}

/* ---- the queue for a stream -------------------------------------------------------------- */

static struct vd_channel_run *first_in_queue(struct vd_dispatch *dispatch)
{
    struct vd_channel_run *first = NULL;
    unsigned i;

    for (i = 0; i < dispatch->setup.channels_count; i++) {
        struct vd_channel_run *run = &dispatch->runs[i];

        if (run->status.state == VD_CHANNEL_QUEUED &&
            (first == NULL || run->ticket < first->ticket)) {
            first = run;
        }
    }
    return first;
}

/* Returns VD_EFULL when no stream is free: the queue stands as it is. */
static enum vd_status open_stream(struct vd_dispatch *dispatch, struct vd_channel_run *run,
                                  uint64_t now_ms)
{
    const struct vd_stream_port *port = dispatch->setup.stream;
    const struct vd_channel *channel = &dispatch->setup.channels[number_of(dispatch, run)];
    enum vd_status status;

    run->target.host = channel->host;
    run->target.ca = channel->ca;
    run->target.ca_len = channel->ca_len;
    run->target.pin = NULL;
    run->target.alpn = NULL;
    status = port->open(port->ctx, &run->target, &run->stream);
    if (status == VD_OK) {
        run->has_arrived = false;
        run->has_delivered = false;
        enter(run, VD_CHANNEL_CONNECTING, now_ms);
        return VD_OK;
    }
    run->stream = -1;
    if (status != VD_EFULL) {
        fail_below(dispatch, run, now_ms, status);
        return VD_OK;
    }
    run->is_refused = true;
    if (now_ms - run->since_ms >= QUEUE_MAX_MS) {
        fail(dispatch, run, now_ms, "no TLS connection became free");
    }
    return VD_EFULL;
}

static void open_queued(struct vd_dispatch *dispatch, uint64_t now_ms)
{
    unsigned i;

    for (i = 0; i < dispatch->setup.channels_count; i++) {
        struct vd_channel_run *run = first_in_queue(dispatch);

        if (run == NULL || open_stream(dispatch, run, now_ms) == VD_EFULL) {
            return;
        }
    }
}

void vd_dispatch_yield(struct vd_dispatch *dispatch, bool is_wanted)
{
    dispatch->is_yielding = is_wanted;
}

bool vd_dispatch_is_short(const struct vd_dispatch *dispatch)
{
    return is_awaited(dispatch);
}

/* ---- the whole --------------------------------------------------------------------------- */

uint64_t vd_dispatch_poll(struct vd_dispatch *dispatch, uint64_t now_ms)
{
    uint64_t next_ms = VD_DISPATCH_NEVER;
    uint32_t done = UINT32_MAX;
    unsigned i;

    for (i = 0; i < dispatch->setup.channels_count; i++) {
        turn(dispatch, &dispatch->runs[i], now_ms);
    }
    open_queued(dispatch, now_ms);

    for (i = 0; i < dispatch->setup.channels_count; i++) {
        const struct vd_channel_run *run = &dispatch->runs[i];

        next_ms = run->wake_ms < next_ms ? run->wake_ms : next_ms;
        done = run->status.cursor < done ? run->status.cursor : done;
    }
    if (dispatch->setup.channels_count > 0) {
        vd_journal_forget(dispatch->setup.journal, done);
    }
    return next_ms < now_ms ? now_ms : next_ms;
}

bool vd_dispatch_is_drained(const struct vd_dispatch *dispatch)
{
    unsigned i;
    uint32_t seq;

    for (i = 0; i < dispatch->setup.channels_count; i++) {
        if (vd_journal_next(dispatch->setup.journal, dispatch->runs[i].status.cursor, &seq) ==
            VD_OK) {
            return false;
        }
    }
    return true;
}

void vd_dispatch_stop(struct vd_dispatch *dispatch)
{
    unsigned i;

    for (i = 0; i < dispatch->setup.channels_count; i++) {
        close_in_order(dispatch, &dispatch->runs[i], 0);
    }
}

const struct vd_channel_status *vd_dispatch_status(const struct vd_dispatch *dispatch,
                                                   unsigned channel)
{
    return &dispatch->runs[channel].status;
}

const char *vd_channel_state_str(enum vd_channel_state state)
{
    switch (state) {
    case VD_CHANNEL_IDLE:
        return "idle";
    case VD_CHANNEL_LOOKING:
        return "looking up";
    case VD_CHANNEL_QUEUED:
        return "waiting for a connection";
    case VD_CHANNEL_CONNECTING:
        return "connecting";
    case VD_CHANNEL_UP:
        return "up";
    case VD_CHANNEL_BACKOFF:
        return "backing off";
    }
    return "unknown";
}
