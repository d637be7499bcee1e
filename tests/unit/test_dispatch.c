/*
 * report/dispatch: no event lost, none reordered, duplicates only with the same id; against a
 * stream that does everything a network can do.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/dispatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEP_MS      10u
#define RECEIVED_MAX 400u
#define CONNS        2u

/* ---- a collector behind a network ------------------------------------------------------------- */

struct conn {
    bool is_open;
    const char *host;
    enum vd_status status; /* what state says */
    unsigned polls_to_connect;
    size_t sent, acked; /* bytes taken from us, and acknowledged */
    size_t parsed;      /* bytes of whole frames */
    uint64_t opened_ms;
    uint8_t bytes[65536];
};

struct network {
    unsigned slots;
    struct conn conns[CONNS];

    /* behaviour */
    bool is_down;  /* the collector refuses */
    bool is_stuck; /* nothing is ever acknowledged */
    bool is_unverified;
    bool is_black_hole; /* connecting never ends */
    size_t chunk;       /* most bytes that one write takes */
    bool is_lazy;       /* every other write takes nothing */
    unsigned lazy_count;
    size_t ack_step;           /* bytes acknowledged in one step */
    size_t break_after;        /* break once, after so many bytes in all; SIZE_MAX: never */
    bool does_arrive_at_break; /* what was sent before the break arrives, its ACK does not */
    bool closes_at_break;      /* close_notify instead of a reset */
    size_t total;
    const char *greeting; /* what the collector says to us */

    /* what was seen */
    unsigned opens, closes;
    uint64_t longest_use_ms;
    unsigned received;
    uint32_t seqs[RECEIVED_MAX];
    char ids[RECEIVED_MAX][33];
    char hosts[RECEIVED_MAX][32];
};

static struct network net;
static struct vd_journal journal;
static struct vd_dispatch dispatch;
static uint64_t now_ms;

static unsigned lookups;
static enum vd_status lookup_answer;
static unsigned lookup_delay;
static enum vd_status random_answer;
static uint32_t random_value;
static char notes[64][VD_NOTE_MAX];
static unsigned notes_count;

static void receive_frames(struct conn *conn, size_t until)
{
    while (conn->parsed < until) {
        const char *at = (const char *)conn->bytes + conn->parsed;
        size_t head = strcspn(at, " ") + 1, len = (size_t)strtoul(at, NULL, 10);
        const char *seq, *id;

        if (conn->parsed + head + len > until) {
            return;
        }
        assert_int_equal(at[head], '<');
        seq = strstr(at, " seq=\"");
        id = strstr(at, " id=\"");
        assert_non_null(seq);
        assert_non_null(id);
        assert_true(net.received < RECEIVED_MAX);
        net.seqs[net.received] = (uint32_t)strtoul(seq + 6, NULL, 10);
        memcpy(net.ids[net.received], id + 5, 32);
        snprintf(net.hosts[net.received], sizeof net.hosts[0], "%s", conn->host);
        net.received++;
        conn->parsed += head + len;
    }
}

static void net_break(struct conn *conn)
{
    if (net.does_arrive_at_break) {
        receive_frames(conn, conn->sent);
    }
    conn->status = net.closes_at_break ? VD_CLOSED : VD_EREFUSED;
}

/* Time goes on: acknowledgements come in. */
static void net_step(void)
{
    unsigned i;

    now_ms += STEP_MS;
    for (i = 0; i < CONNS; i++) {
        struct conn *conn = &net.conns[i];

        if (conn->is_open && conn->status == VD_OK && !net.is_stuck && conn->acked < conn->sent) {
            conn->acked +=
                net.ack_step < conn->sent - conn->acked ? net.ack_step : conn->sent - conn->acked;
            receive_frames(conn, conn->acked);
        }
    }
}

static enum vd_status net_open(void *ctx, const struct vd_stream_target *to, int *stream)
{
    unsigned i;

    (void)ctx;
    assert_int_equal(to->at.port, 6514);
    for (i = 0; i < net.slots; i++) {
        struct conn *conn = &net.conns[i];

        if (!conn->is_open) {
            memset(conn, 0, offsetof(struct conn, bytes));
            conn->is_open = true;
            conn->host = to->host;
            conn->polls_to_connect = 3;
            conn->status = VD_OK;
            conn->opened_ms = now_ms;
            net.opens++;
            *stream = (int)i;
            return VD_OK;
        }
    }
    return VD_EFULL;
}

static struct conn *conn_of(int stream)
{
    assert_true(stream >= 0 && stream < (int)CONNS);
    assert_true(net.conns[stream].is_open);
    return &net.conns[stream];
}

static enum vd_status net_state(void *ctx, int stream)
{
    struct conn *conn = conn_of(stream);

    (void)ctx;
    if (net.is_black_hole) {
        return VD_AGAIN;
    }
    if (conn->polls_to_connect > 0) {
        conn->polls_to_connect--;
        return VD_AGAIN;
    }
    if (net.is_down && conn->sent == 0) {
        conn->status = VD_EREFUSED;
    }
    if (net.is_unverified) {
        conn->status = VD_EUNVERIFIED;
    }
    return conn->status;
}

static enum vd_status net_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                size_t *taken)
{
    struct conn *conn = conn_of(stream);
    size_t n = len < net.chunk ? len : net.chunk;

    (void)ctx;
    assert_true(len > 0);
    assert_int_equal(conn->polls_to_connect, 0);
    assert_false(net.is_unverified);
    if (conn->status != VD_OK) {
        return conn->status;
    }
    if (net.is_lazy && net.lazy_count++ % 2 == 0) {
        return VD_AGAIN;
    }
    if (n > net.break_after - net.total) {
        n = net.break_after - net.total;
    }
    assert_true(conn->sent + n <= sizeof conn->bytes);
    memcpy(conn->bytes + conn->sent, bytes, n);
    conn->sent += n;
    net.total += n;
    if (net.total == net.break_after) {
        net.break_after = SIZE_MAX;
        net_break(conn);
    }
    if (n == 0) {
        return conn->status;
    }
    *taken = n;
    return VD_OK;
}

static enum vd_status net_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    struct conn *conn = conn_of(stream);

    (void)ctx;
    if (conn->status != VD_OK) {
        return conn->status;
    }
    if (net.greeting == NULL) {
        return VD_AGAIN;
    }
    *got = strlen(net.greeting) < cap ? strlen(net.greeting) : cap;
    memcpy(buf, net.greeting, *got);
    net.greeting = NULL;
    return VD_OK;
}

static size_t net_unacked(void *ctx, int stream)
{
    struct conn *conn = conn_of(stream);

    (void)ctx;
    return conn->sent - conn->acked;
}

static void net_close(void *ctx, int stream)
{
    struct conn *conn = conn_of(stream);

    (void)ctx;
    if (now_ms - conn->opened_ms > net.longest_use_ms) {
        net.longest_use_ms = now_ms - conn->opened_ms;
    }
    conn->is_open = false;
    net.closes++;
}

static const char *net_why(void *ctx, int stream)
{
    (void)ctx;
    if (stream < 0) {
        return "";
    }
    switch (conn_of(stream)->status) {
    case VD_EREFUSED:
        return "connection refused";
    case VD_EUNVERIFIED:
        return "certificate expired on 2026-10-01";
    default:
        return "";
    }
}

/* ---- the dispatcher's surroundings ------------------------------------------------------------ */

static enum vd_status fake_lookup(void *ctx, unsigned channel, struct vd_endpoint *out)
{
    (void)ctx;
    (void)channel;
    lookups++;
    if (lookup_delay > 0) {
        lookup_delay--;
        return VD_AGAIN;
    }
    memset(out, 0, sizeof *out);
    out->family = VD_FAMILY_IP4;
    out->port = 9;
    return lookup_answer;
}

static enum vd_status fake_random(void *ctx, void *out, size_t len)
{
    (void)ctx;
    assert_int_equal(len, sizeof random_value);
    memcpy(out, &random_value, len);
    return random_answer;
}

static void fake_note(void *ctx, unsigned channel, const char *text)
{
    (void)ctx;
    (void)channel;
    snprintf(notes[notes_count % 64], VD_NOTE_MAX, "%s", text);
    notes_count++;
}

static bool fake_is_for(void *ctx, unsigned channel, const struct vd_event *event)
{
    (void)ctx;
    return channel == (strcmp(event->domain, "b.example") == 0 ? 1u : 0u);
}

static const struct vd_stream_port port = {
    NULL, CONNS, net_open, net_state, net_write, net_read, net_unacked, net_close, net_why,
};

static struct vd_channel channels[2];
static struct vd_dispatch_setup setup;

static void begin(unsigned channels_count)
{
    memset(&net, 0, sizeof net);
    net.slots = 1;
    net.chunk = SIZE_MAX;
    net.ack_step = SIZE_MAX;
    net.break_after = SIZE_MAX;
    vd_journal_init(&journal);
    now_ms = 1000;
    lookups = lookup_delay = notes_count = 0;
    lookup_answer = VD_OK;
    random_answer = VD_OK;
    random_value = UINT32_MAX; /* not the longest wait: the remainder counts */

    channels[0] = (struct vd_channel){"soc", "log.example", 6514, NULL, 0, VD_SEVERITY_NOTICE};
    channels[1] = (struct vd_channel){"noc", "noc.example", 6514, NULL, 0, VD_SEVERITY_NOTICE};
    setup = (struct vd_dispatch_setup){&port, &journal,    "gw1",       channels,  channels_count,
                                       NULL,  fake_lookup, fake_random, fake_note, NULL};
    assert_int_equal(vd_dispatch_init(&dispatch, &setup), VD_OK);
}

static uint32_t raise_full(enum vd_class class_, enum vd_severity severity, const char *code,
                           const char *restores, const char *domain)
{
    struct vd_event event;
    uint32_t seq;

    memset(&event, 0, sizeof event);
    event.class_ = class_;
    event.severity = severity;
    event.code = code;
    event.restores = restores;
    event.domain = domain;
    event.record = "_dmarc";
    event.subject = "something happened";
    event.old_text = "v=DMARC1; p=reject";
    snprintf(event.id, sizeof event.id, "%032u", (unsigned)journal.last_seq + 1);
    assert_int_equal(vd_journal_append(&journal, &event, &seq), VD_OK);
    return seq;
}

static uint32_t raise_alert(void)
{
    return raise_full(VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, "dmarc.policy.weakened", "",
                      "example.com");
}

/* Nothing counts as delivered that the collector does not have. */
static void check_cursor(void)
{
    uint32_t cursor = vd_dispatch_status(&dispatch, 0)->cursor, best = 0;
    unsigned i;

    for (i = 0; i < net.received; i++) {
        best = net.seqs[i] > best ? net.seqs[i] : best;
    }
    assert_true(cursor <= best || setup.channels_count > 1);
}

static void run_for(uint64_t ms)
{
    uint64_t end_ms = now_ms + ms;

    while (now_ms < end_ms) {
        uint64_t next_ms = vd_dispatch_poll(&dispatch, now_ms);

        assert_true(next_ms >= now_ms);
        net_step();
    }
}

/* Poll until all is delivered; false if that takes longer than ms. */
static bool run_until_drained(uint64_t ms)
{
    uint64_t end_ms = now_ms + ms;

    while (now_ms < end_ms) {
        vd_dispatch_poll(&dispatch, now_ms);
        check_cursor();
        if (vd_dispatch_is_drained(&dispatch)) {
            return true;
        }
        net_step();
    }
    return false;
}

/* Every number from 1 to last arrived, first arrivals in order, each with its own id. */
static void check_all_in_order(uint32_t last)
{
    uint32_t seen = 0;
    unsigned i;

    for (i = 0; i < net.received; i++) {
        char id[33];

        snprintf(id, sizeof id, "%032u", (unsigned)net.seqs[i]);
        assert_string_equal(net.ids[i], id);
        assert_true(net.seqs[i] <= seen + 1);
        seen = net.seqs[i] == seen + 1 ? seen + 1 : seen;
    }
    assert_int_equal(seen, last);
}

static const struct vd_channel_status *status_of(unsigned channel)
{
    return vd_dispatch_status(&dispatch, channel);
}

/* ---- tests ------------------------------------------------------------------------------------ */

static void test_nothing_to_send_wants_no_call(void **state)
{
    (void)state;
    begin(1);
    assert_true(vd_dispatch_poll(&dispatch, now_ms) == VD_DISPATCH_NEVER);
    assert_int_equal(net.opens, 0);
    assert_true(vd_dispatch_is_drained(&dispatch));
}

static void test_event_is_delivered_and_noted(void **state)
{
    (void)state;
    begin(1);
    raise_alert();
    assert_false(vd_dispatch_is_drained(&dispatch));
    assert_true(run_until_drained(5000));
    check_all_in_order(1);
    assert_int_equal(net.received, 1);
    assert_int_equal(notes_count, 1);
    assert_string_equal(notes[0], "delivered 1");
    assert_int_equal(status_of(0)->delivered, 1);
    assert_int_equal(status_of(0)->failures, 0);
    assert_string_equal(status_of(0)->why, "");
}

static void test_several_events_share_a_connection(void **state)
{
    unsigned i;

    (void)state;
    begin(1);
    for (i = 0; i < 12; i++) {
        raise_alert();
    }
    assert_true(run_until_drained(5000));
    raise_alert();
    assert_true(run_until_drained(5000));
    check_all_in_order(13);
    assert_int_equal(net.received, 13);
    assert_int_equal(net.opens, 1);
}

static void test_idle_connection_is_closed_in_order(void **state)
{
    (void)state;
    begin(1);
    raise_alert();
    assert_true(run_until_drained(5000));
    run_for(VD_CHANNEL_IDLE_MS - 100);
    assert_int_equal(net.closes, 0);
    run_for(400);
    assert_int_equal(net.closes, 1);
    assert_int_equal(status_of(0)->state, VD_CHANNEL_IDLE);
    assert_int_equal(status_of(0)->failures, 0);
}

static void test_short_writes_of_every_size(void **state)
{
    size_t chunk;

    (void)state;
    for (chunk = 1; chunk <= 700; chunk = chunk < 40 ? chunk + 1 : chunk + 37) {
        begin(1);
        net.chunk = chunk;
        net.is_lazy = true;
        net.ack_step = chunk;
        raise_alert();
        raise_alert();
        assert_true(run_until_drained(300000));
        check_all_in_order(2);
    }
}

/* The heart: a connection that breaks after byte n, for every n of the whole exchange. */
static void break_everywhere(size_t chunk, size_t ack_step, bool does_arrive, bool closes)
{
    size_t n, whole;

    begin(1);
    raise_alert();
    raise_alert();
    raise_alert();
    assert_true(run_until_drained(60000));
    whole = net.total;
    assert_true(whole > 500);

    for (n = 0; n <= whole; n++) {
        begin(1);
        net.chunk = chunk;
        net.ack_step = ack_step;
        net.break_after = n;
        net.does_arrive_at_break = does_arrive;
        net.closes_at_break = closes;
        raise_alert();
        raise_alert();
        raise_alert();
        assert_true(run_until_drained(120000));
        check_all_in_order(3);
        assert_true(net.received <= 6);
        assert_int_equal(status_of(0)->delivered, 3);
    }
}

static void test_break_after_every_byte_loses_nothing(void **state)
{
    (void)state;
    break_everywhere(SIZE_MAX, SIZE_MAX, false, false);
    break_everywhere(97, 60, false, false);
}

static void test_break_with_the_ack_lost_only_repeats(void **state)
{
    (void)state;
    break_everywhere(SIZE_MAX, SIZE_MAX, true, false);
    break_everywhere(97, 60, true, false);
}

static void test_close_by_the_peer_after_every_byte_loses_nothing(void **state)
{
    (void)state;
    break_everywhere(SIZE_MAX, SIZE_MAX, false, true);
    break_everywhere(97, 60, true, true);
}

static void test_events_that_come_during_the_break_follow_in_order(void **state)
{
    size_t n;

    (void)state;
    for (n = 0; n < 1200; n += 7) {
        unsigned i;

        begin(1);
        net.break_after = n;
        net.chunk = 50;
        for (i = 0; i < 6; i++) {
            raise_alert();
            run_for(170);
        }
        assert_true(run_until_drained(120000));
        check_all_in_order(6);
    }
}

static void test_refusal_right_after_the_handshake_is_no_delivery(void **state)
{
    (void)state;
    begin(1);
    raise_alert();
    run_for(100); /* connected, sent, acknowledged: but not proved yet */
    assert_int_equal(net.received, 1);
    assert_int_equal(status_of(0)->delivered, 0);
    net.conns[0].status = VD_EUNVERIFIED;
    run_for(100);
    assert_int_equal(status_of(0)->failures, 1);
    assert_int_equal(status_of(0)->delivered, 0);
    assert_true(run_until_drained(5000));
    assert_int_equal(net.received, 2);
    check_all_in_order(1);
}

static void test_collector_down_backs_off_and_delivers_when_it_is_back(void **state)
{
    (void)state;
    begin(1);
    net.is_down = true;
    raise_alert();
    run_for(60000);
    assert_int_equal(net.received, 0);
    assert_true(status_of(0)->failures >= 5 && status_of(0)->failures < 20);
    assert_string_equal(status_of(0)->why, "connection refused");
    net.is_down = false;
    assert_true(run_until_drained(70000));
    check_all_in_order(1);
}

static void test_backoff_doubles_up_to_its_bound(void **state)
{
    uint64_t wait_ms = VD_BACKOFF_FIRST_MS;
    unsigned i;

    (void)state;
    begin(1);
    net.is_down = true;
    random_answer = VD_ENOENTROPY; /* no jitter: the whole wait */
    raise_alert();
    for (i = 0; i < 14; i++) {
        while (status_of(0)->failures == i) {
            vd_dispatch_poll(&dispatch, now_ms);
            net_step();
        }
        assert_true(status_of(0)->next_ms - (now_ms - STEP_MS) == wait_ms);
        wait_ms = wait_ms * 2 > VD_BACKOFF_MAX_MS ? VD_BACKOFF_MAX_MS : wait_ms * 2;
        now_ms = status_of(0)->next_ms;
    }
    assert_true(wait_ms == VD_BACKOFF_MAX_MS);
    assert_string_equal(notes[0], "connection refused; next try in 1 s");
    assert_string_equal(notes[2], "connection refused; next try in 4 s");
    assert_string_equal(notes[13], "connection refused; next try in 900 s");
}

static void test_jitter_stays_between_half_and_all_of_the_wait(void **state)
{
    static const uint32_t values[] = {0, 1, 499, 500, 501, 1000000, UINT32_MAX};
    size_t i;

    (void)state;
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        begin(1);
        net.is_down = true;
        random_value = values[i];
        raise_alert();
        while (status_of(0)->failures == 0) {
            vd_dispatch_poll(&dispatch, now_ms);
            net_step();
        }
        assert_in_range(status_of(0)->next_ms - (now_ms - STEP_MS), VD_BACKOFF_FIRST_MS / 2,
                        VD_BACKOFF_FIRST_MS);
    }
}

static void test_backoff_starts_again_after_a_delivery(void **state)
{
    (void)state;
    begin(1);
    random_answer = VD_ENOENTROPY;
    net.is_down = true;
    raise_alert();
    run_for(20000);
    net.is_down = false;
    assert_true(run_until_drained(60000));
    run_for(10000);
    net.is_down = true;
    notes_count = 0;
    raise_alert();
    run_for(500);
    assert_int_equal(notes_count, 1);
    assert_string_equal(notes[0], "connection refused; next try in 1 s");
}

static void test_unverified_peer_gets_nothing_and_the_reason_is_told(void **state)
{
    (void)state;
    begin(1);
    net.is_unverified = true; /* the fake fails the test on any write */
    raise_alert();
    run_for(400);
    assert_int_equal(net.total, 0);
    assert_true(notes_count >= 1);
    assert_string_equal(notes[0], "certificate expired on 2026-10-01; next try in 1 s");
}

static void test_connecting_has_a_bound(void **state)
{
    (void)state;
    begin(1);
    net.is_black_hole = true;
    raise_alert();
    run_for(VD_STREAM_USE_MAX_MS);
    assert_true(status_of(0)->failures >= 1);
    assert_string_equal(status_of(0)->why, "no verified connection within 10 s");
    assert_true(net.longest_use_ms <= VD_STREAM_USE_MAX_MS);
}

static void test_arrival_has_a_bound(void **state)
{
    (void)state;
    begin(1);
    net.is_stuck = true;
    raise_alert();
    run_for(VD_STREAM_USE_MAX_MS + 500);
    assert_int_equal(status_of(0)->failures, 1);
    assert_string_equal(status_of(0)->why, "what was sent did not arrive within 20 s");
    assert_true(net.longest_use_ms <= VD_STREAM_USE_MAX_MS + 2 * STEP_MS);
    net.is_stuck = false;
    assert_true(run_until_drained(30000));
    check_all_in_order(1);
}

static void test_steady_flow_stays_within_the_bound_of_a_use(void **state)
{
    unsigned i;

    (void)state;
    begin(1);
    for (i = 0; i < 300; i++) {
        raise_alert();
        run_for(200);
    }
    assert_true(run_until_drained(30000));
    check_all_in_order(300);
    assert_int_equal(net.received, 300); /* no failure, so no duplicate */
    assert_int_equal(status_of(0)->failures, 0);
    assert_true(net.opens >= 3);
    assert_true(net.longest_use_ms <= VD_STREAM_USE_MAX_MS);
}

static void test_lookup_is_awaited(void **state)
{
    (void)state;
    begin(1);
    lookup_delay = 20;
    raise_alert();
    assert_true(run_until_drained(5000));
    assert_int_equal(lookups, 21);
}

static void test_lookup_that_fails_backs_off(void **state)
{
    (void)state;
    begin(1);
    lookup_answer = VD_ENOTFOUND;
    raise_alert();
    run_for(300);
    assert_int_equal(net.opens, 0);
    assert_string_equal(notes[0],
                        "the collector's address could not be looked up; next try in 1 s");
    lookup_answer = VD_OK;
    assert_true(run_until_drained(5000));
}

static void test_lookup_has_a_bound(void **state)
{
    (void)state;
    begin(1);
    lookup_delay = UINT32_MAX;
    raise_alert();
    run_for(VD_STREAM_USE_MAX_MS + 100);
    assert_int_equal(status_of(0)->failures, 1);
}

static void test_address_needs_no_lookup(void **state)
{
    (void)state;
    begin(1);
    channels[0].host = "192.0.2.7";
    raise_alert();
    assert_true(run_until_drained(5000));
    assert_int_equal(lookups, 0);
}

static void test_less_severe_than_min_is_passed_over(void **state)
{
    (void)state;
    begin(1);
    raise_full(VD_CLASS_CHANGED, VD_SEVERITY_INFO, "spf.record.changed", "", "example.com");
    run_for(1000);
    assert_int_equal(net.opens, 0);
    assert_true(vd_dispatch_is_drained(&dispatch));
    raise_alert();
    raise_full(VD_CLASS_CHANGED, VD_SEVERITY_INFO, "spf.record.changed", "", "example.com");
    raise_alert();
    run_for(1000);
    assert_true(vd_dispatch_is_drained(&dispatch));
    assert_int_equal(net.received, 2);
    assert_int_equal(net.seqs[0], 2);
    assert_int_equal(net.seqs[1], 4);
}

static void begin_with_min(enum vd_severity min)
{
    begin(1);
    channels[0].min = min;
    assert_int_equal(vd_dispatch_init(&dispatch, &setup), VD_OK);
}

static void test_restoration_follows_an_alert_that_was_sent(void **state)
{
    (void)state;
    begin_with_min(VD_SEVERITY_ERROR);
    raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "spf.record.broken", "", "example.com");
    run_for(2000);
    raise_full(VD_CLASS_RESTORED, VD_SEVERITY_NOTICE, "spf.record.restored", "spf.record.broken",
               "example.com");
    run_for(2000);
    assert_int_equal(net.received, 2);
    /* and only once */
    raise_full(VD_CLASS_RESTORED, VD_SEVERITY_NOTICE, "spf.record.restored", "spf.record.broken",
               "example.com");
    run_for(2000);
    assert_int_equal(net.received, 2);
}

static void test_restoration_of_an_alert_that_was_not_sent_is_passed_over(void **state)
{
    (void)state;
    begin_with_min(VD_SEVERITY_ERROR);
    raise_alert(); /* a warning */
    raise_full(VD_CLASS_RESTORED, VD_SEVERITY_NOTICE, "dmarc.policy.restored",
               "dmarc.policy.weakened", "example.com");
    raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "spf.record.broken", "", "example.com");
    raise_full(VD_CLASS_RESTORED, VD_SEVERITY_NOTICE, "spf.record.restored", "spf.record.broken",
               "example.net"); /* of another domain */
    run_for(2000);
    assert_int_equal(net.received, 1);
    assert_int_equal(net.seqs[0], 3);
}

/* Alert, restoration and the alert again, all on the way at once, with a break after byte n. */
static void test_restoration_follows_an_alert_on_its_way(void **state)
{
    size_t n;

    (void)state;
    for (n = 0; n < 2000; n += 11) {
        unsigned i;

        begin_with_min(VD_SEVERITY_ERROR);
        net.break_after = n;
        for (i = 0; i < 2; i++) {
            raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "spf.record.broken", "", "example.com");
            raise_full(VD_CLASS_RESTORED, VD_SEVERITY_NOTICE, "spf.record.restored",
                       "spf.record.broken", "example.com");
        }
        assert_true(run_until_drained(60000));
        check_all_in_order(4);
    }
}

static void test_events_go_to_their_own_channel(void **state)
{
    unsigned i;

    (void)state;
    begin(2);
    setup.is_for = fake_is_for;
    assert_int_equal(vd_dispatch_init(&dispatch, &setup), VD_OK);
    raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "c", "", "a.example");
    raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "c", "", "b.example");
    raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "c", "", "a.example");
    run_for(5000);
    assert_int_equal(net.received, 3);
    for (i = 0; i < 3; i++) {
        assert_string_equal(net.hosts[i], net.seqs[i] == 2 ? "noc.example" : "log.example");
    }
}

static void test_two_channels_take_turns_in_one_slot(void **state)
{
    unsigned i, soc = 0;
    uint64_t start_ms;

    (void)state;
    begin(2);
    start_ms = now_ms;
    for (i = 0; i < 5; i++) {
        raise_alert();
    }
    assert_true(run_until_drained(10000));
    /* the first yields as soon as it is idle: nobody waits for VD_CHANNEL_IDLE_MS */
    assert_true(now_ms - start_ms < VD_CHANNEL_IDLE_MS / 2);
    assert_int_equal(net.received, 10);
    for (i = 0; i < net.received; i++) {
        soc += strcmp(net.hosts[i], "log.example") == 0 ? 1 : 0;
    }
    assert_int_equal(soc, 5);
    assert_int_equal(status_of(0)->failures + status_of(1)->failures, 0);
}

static void test_busy_channel_does_not_starve_the_other(void **state)
{
    unsigned i;
    uint64_t waited_ms = 0;

    (void)state;
    begin(2);
    setup.is_for = fake_is_for;
    assert_int_equal(vd_dispatch_init(&dispatch, &setup), VD_OK);
    run_for(100);
    for (i = 0; i < 350; i++) {
        raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "c", "", "a.example");
        if (i == 20) {
            raise_full(VD_CLASS_BROKEN, VD_SEVERITY_ERROR, "c", "", "b.example");
        }
        run_for(100);
        waited_ms += status_of(1)->delivered == 0 && i >= 20 ? 100 : 0;
    }
    assert_int_equal(status_of(1)->delivered, 1);
    assert_true(waited_ms <= VD_STREAM_USE_MAX_MS);
    assert_int_equal(status_of(0)->failures, 0);
}

static void test_collector_that_is_down_holds_up_nobody_else(void **state)
{
    (void)state;
    begin(2);
    channels[0].host = "192.0.2.7";
    lookup_answer = VD_EIO; /* noc is not to be found */
    raise_alert();
    run_for(3000);
    assert_int_equal(status_of(0)->delivered, 1);
    assert_int_equal(status_of(1)->delivered, 0);
    assert_false(vd_dispatch_is_drained(&dispatch));
    lookup_answer = VD_OK;
    run_for(10000);
    assert_int_equal(status_of(1)->delivered, 1);
    assert_true(vd_dispatch_is_drained(&dispatch));
}

static void test_all_streams_taken_by_others_is_told_in_the_end(void **state)
{
    (void)state;
    begin(1);
    net.slots = 0;
    raise_alert();
    run_for((uint64_t)VD_STREAM_USE_MAX_MS * (VD_CHANNELS_MAX + 1) + 200);
    assert_int_equal(status_of(0)->failures, 1);
    assert_string_equal(status_of(0)->why, "no TLS connection became free");
    net.slots = 1;
    assert_true(run_until_drained(5000));
}

static void test_idle_connection_that_breaks_is_no_failure(void **state)
{
    (void)state;
    begin(1);
    raise_alert();
    assert_true(run_until_drained(5000));
    net.conns[0].status = VD_EREFUSED;
    run_for(500);
    assert_int_equal(status_of(0)->failures, 0);
    assert_int_equal(net.closes, 1);
    raise_alert();
    assert_true(run_until_drained(5000));
    check_all_in_order(2);
    assert_int_equal(net.received, 2);
}

static void test_numbers_dropped_from_a_full_journal_are_passed_over(void **state)
{
    unsigned i;

    (void)state;
    begin(1);
    net.is_down = true;
    for (i = 0; i < 100; i++) {
        raise_alert();
        run_for(50);
    }
    assert_true(vd_journal_dropped(&journal) > 0);
    net.is_down = false;
    run_for(30000);
    assert_true(vd_dispatch_is_drained(&dispatch));
    assert_int_equal(net.received + vd_journal_dropped(&journal), 100);
    assert_int_equal(net.seqs[net.received - 1], 100);
    assert_int_equal(net.seqs[0], vd_journal_dropped(&journal) + 1);
}

static void test_what_the_collector_says_is_ignored(void **state)
{
    (void)state;
    begin(1);
    net.greeting = "220 hello, who are you? And here is a lot more text than fits into one read";
    raise_alert();
    assert_true(run_until_drained(5000));
    assert_int_equal(status_of(0)->failures, 0);
}

static void test_stop_closes_what_is_open(void **state)
{
    (void)state;
    begin(1);
    raise_alert();
    run_for(100);
    assert_int_equal(net.opens, 1);
    vd_dispatch_stop(&dispatch);
    assert_int_equal(net.closes, 1);
    assert_true(run_until_drained(5000)); /* polled again, it starts again */
    check_all_in_order(1);
}

static void test_too_many_channels_are_refused(void **state)
{
    (void)state;
    begin(1);
    setup.channels_count = VD_CHANNELS_MAX + 1;
    assert_int_equal(vd_dispatch_init(&dispatch, &setup), VD_EFULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_send_wants_no_call),
        cmocka_unit_test(test_event_is_delivered_and_noted),
        cmocka_unit_test(test_several_events_share_a_connection),
        cmocka_unit_test(test_idle_connection_is_closed_in_order),
        cmocka_unit_test(test_short_writes_of_every_size),
        cmocka_unit_test(test_break_after_every_byte_loses_nothing),
        cmocka_unit_test(test_break_with_the_ack_lost_only_repeats),
        cmocka_unit_test(test_close_by_the_peer_after_every_byte_loses_nothing),
        cmocka_unit_test(test_events_that_come_during_the_break_follow_in_order),
        cmocka_unit_test(test_refusal_right_after_the_handshake_is_no_delivery),
        cmocka_unit_test(test_collector_down_backs_off_and_delivers_when_it_is_back),
        cmocka_unit_test(test_backoff_doubles_up_to_its_bound),
        cmocka_unit_test(test_jitter_stays_between_half_and_all_of_the_wait),
        cmocka_unit_test(test_backoff_starts_again_after_a_delivery),
        cmocka_unit_test(test_unverified_peer_gets_nothing_and_the_reason_is_told),
        cmocka_unit_test(test_connecting_has_a_bound),
        cmocka_unit_test(test_arrival_has_a_bound),
        cmocka_unit_test(test_steady_flow_stays_within_the_bound_of_a_use),
        cmocka_unit_test(test_lookup_is_awaited),
        cmocka_unit_test(test_lookup_that_fails_backs_off),
        cmocka_unit_test(test_lookup_has_a_bound),
        cmocka_unit_test(test_address_needs_no_lookup),
        cmocka_unit_test(test_less_severe_than_min_is_passed_over),
        cmocka_unit_test(test_restoration_follows_an_alert_that_was_sent),
        cmocka_unit_test(test_restoration_of_an_alert_that_was_not_sent_is_passed_over),
        cmocka_unit_test(test_restoration_follows_an_alert_on_its_way),
        cmocka_unit_test(test_events_go_to_their_own_channel),
        cmocka_unit_test(test_two_channels_take_turns_in_one_slot),
        cmocka_unit_test(test_busy_channel_does_not_starve_the_other),
        cmocka_unit_test(test_collector_that_is_down_holds_up_nobody_else),
        cmocka_unit_test(test_all_streams_taken_by_others_is_told_in_the_end),
        cmocka_unit_test(test_idle_connection_that_breaks_is_no_failure),
        cmocka_unit_test(test_numbers_dropped_from_a_full_journal_are_passed_over),
        cmocka_unit_test(test_what_the_collector_says_is_ignored),
        cmocka_unit_test(test_stop_closes_what_is_open),
        cmocka_unit_test(test_too_many_channels_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
