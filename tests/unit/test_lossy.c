/*
 * 1,000 surveys over a network that loses, doubles, delays and reorders: each answer is right or
 * unknown, never wrong.
 *
 * Time is virtual; chance is seeded, each run is the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/survey.h"
#include "tests/fakes/dns_fake.h"
#include "tests/fakes/spf_follow.h"

#define SURVEYS 1000u

/* How bad the network is. */
struct weather {
    unsigned loss_percent; /* of each datagram or segment, each way */
    unsigned copy_percent;
    unsigned slow_percent; /* take up to slow_ms one way; the others up to 40 ms */
    unsigned slow_ms;
    unsigned reset_percent; /* of connections, at some time of their first seconds */
};

static struct weather weather;
static uint64_t now;
static uint32_t chance_state;

static uint32_t chance(uint32_t below)
{
    chance_state ^= chance_state << 13;
    chance_state ^= chance_state >> 17;
    chance_state ^= chance_state << 5;
    return (chance_state >> 3) % below;
}

static bool happens(unsigned percent)
{
    return chance(100) < percent;
}

static uint64_t one_way_ms(void)
{
    return happens(weather.slow_percent) ? chance(weather.slow_ms + 1) : 1 + chance(40);
}

/* ---- the world that is asked ------------------------------------------------------------------ */

struct fact {
    const char *name;
    uint16_t type;
    enum vd_presence presence;
    enum vd_detail detail;
    const char *alias; /* CNAME to it, the rest of the fact stands there */
    bool leaves;       /* the alias's target is not in the response */
    const char *text;
};

static char big[2400]; /* over what UDP carries */

static const struct fact facts[] = {
    {"example.com", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, NULL, false,
     "v=spf1 include:a.example include:big.example -all"},
    {"a.example", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, NULL, false,
     "v=spf1 include:c.example ip4:192.0.2.0/24 ~all"},
    {"big.example", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, NULL, false, big},
    {"c.example", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, NULL, false,
     "v=spf1 ip6:2001:db8::/32 -all"},
    {"_dmarc.example.com", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, NULL, false,
     "v=DMARC1; p=reject"},
    {"s1._domainkey.example.com", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, "s1.dkim.example", false,
     "v=DKIM1; p=MFkw"},
    {"s2._domainkey.example.com", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, "s2.dkim.example", true,
     "v=DKIM1; p=MFww"},
    {"s2.dkim.example", VD_TYPE_TXT, VD_PRESENT, VD_DETAIL_NONE, NULL, false, "v=DKIM1; p=MFww"},
    {"gone._domainkey.example.com", VD_TYPE_TXT, VD_ABSENT, VD_DETAIL_NXDOMAIN, NULL, false, NULL},
    {"example.com", VD_TYPE_MX, VD_ABSENT, VD_DETAIL_NODATA, NULL, false, NULL},
};

#define FACTS (sizeof(facts) / sizeof(facts[0]))

static const struct fact *find_fact(const char *name, uint16_t type)
{
    for (size_t i = 0; i < FACTS; i++) {
        if (strcmp(facts[i].name, name) == 0 && facts[i].type == type) {
            return &facts[i];
        }
    }
    return NULL;
}

/* What the server says.  Server 0 speaks cookies. */
static void serve(const struct fake_packet *query, unsigned server, bool is_udp,
                  struct fake_message *m)
{
    static const uint8_t server_cookie[8] = {7, 7, 7, 7, 7, 7, 7, 7};
    struct vd_message asked;
    char name[VD_NAME_TEXT_MAX];
    uint8_t cookie[16];

    assert_int_equal(vd_message_open(query->bytes, query->len, &asked), VD_OK);
    assert_int_equal(vd_name_to_text(&asked.question.name, name, sizeof(name)), VD_OK);
    const struct fact *fact = find_fact(name, asked.question.type);
    assert_non_null(fact);
    fake_reply(m, query, fact->detail == VD_DETAIL_NXDOMAIN ? 0x8183 : 0x8180);
    if (fact->presence == VD_ABSENT) {
        fake_soa(m, "example.com");
    }
    if (fact->alias != NULL) {
        fake_target(m, VD_SECTION_ANSWER, fact->name, VD_TYPE_CNAME, fact->alias);
    }
    if (fact->text != NULL && !fact->leaves) {
        fake_txt(m, fact->alias != NULL ? fact->alias : fact->name, fact->text);
    }
    if (is_udp && m->w.len + 40 > VD_EDNS_UDP_MAX) {
        fake_reply(m, query, 0x8380);
    }
    if (asked.edns.has_opt) {
        fake_opt(m, 0);
        if (server == 0 && asked.edns.cookie != NULL) {
            memcpy(cookie, asked.edns.cookie, 8);
            memcpy(cookie + 8, server_cookie, 8);
            fake_option(m, VD_OPTION_COOKIE, cookie, sizeof(cookie));
        }
    }
}

/* ---- UDP --------------------------------------------------------------------------------------- */

#define SOCKETS (VD_FLIGHTS_MAX + 1u)
#define FLYING  1024u

struct sim_socket {
    bool is_open;
    bool has_asked;
    uint16_t local_port;
    struct vd_endpoint peer;
    struct fake_packet asked;
};

/* A response on its way to one of our ports. */
struct flying {
    bool is_used;
    uint64_t at_ms;
    uint16_t to_port;
    struct vd_endpoint from;
    size_t len;
    uint8_t bytes[VD_EDNS_UDP_MAX];
};

static struct sim_socket sockets[SOCKETS];
static struct flying flying[FLYING];
static uint8_t received[VD_EDNS_UDP_MAX];

static unsigned server_of(const struct vd_endpoint *at)
{
    return at->addr[3] - 1u; /* 192.0.2.1, 192.0.2.2 */
}

static enum vd_status sim_open(void *ctx, uint16_t local_port, const struct vd_endpoint *peer,
                               unsigned *socket)
{
    (void)ctx;
    for (unsigned i = 0; i < SOCKETS; i++) {
        if (!sockets[i].is_open) {
            sockets[i] =
                (struct sim_socket){.is_open = true, .local_port = local_port, .peer = *peer};
            *socket = i;
            return VD_OK;
        }
    }
    return VD_EFULL;
}

/* A response sets out, perhaps. */
static void fly(const struct sim_socket *s, const struct fake_message *m, uint64_t at_ms)
{
    if (happens(weather.loss_percent)) {
        return;
    }
    for (unsigned i = 0; i < FLYING; i++) {
        if (!flying[i].is_used) {
            flying[i] = (struct flying){.is_used = true,
                                        .at_ms = at_ms + one_way_ms(),
                                        .to_port = s->local_port,
                                        .from = s->peer,
                                        .len = m->w.len};
            assert_true(m->w.len <= sizeof(flying[i].bytes));
            memcpy(flying[i].bytes, m->bytes, m->w.len);
            return;
        }
    }
    fail_msg("more on their way than the simulation holds");
}

static enum vd_status sim_send(void *ctx, unsigned socket, const uint8_t *bytes, size_t len)
{
    static struct fake_message m;
    struct sim_socket *s = &sockets[socket];

    (void)ctx;
    assert_true(s->is_open && !s->has_asked);
    s->has_asked = true;
    s->asked.len = len;
    memcpy(s->asked.bytes, bytes, len);
    for (unsigned i = 0; i < SOCKETS; i++) { /* one outstanding copy of a question */
        assert_false(i != socket && sockets[i].is_open && sockets[i].has_asked &&
                     fake_is_same_question(&sockets[i].asked, &s->asked));
    }
    unsigned queries = 1 + happens(weather.copy_percent);
    for (unsigned i = 0; i < queries; i++) {
        if (happens(weather.loss_percent)) {
            continue;
        }
        uint64_t at_ms = now + one_way_ms();
        serve(&s->asked, server_of(&s->peer), true, &m);
        unsigned responses = 1 + happens(weather.copy_percent);
        for (unsigned j = 0; j < responses; j++) {
            fly(s, &m, at_ms);
        }
    }
    return VD_OK;
}

static const struct sim_socket *socket_of(const struct flying *f)
{
    for (unsigned i = 0; i < SOCKETS; i++) {
        if (sockets[i].is_open && sockets[i].local_port == f->to_port &&
            vd_endpoint_is_equal(&sockets[i].peer, &f->from)) {
            return &sockets[i];
        }
    }
    return NULL;
}

static struct flying *first_flying(void)
{
    struct flying *first = NULL;
    for (unsigned i = 0; i < FLYING; i++) {
        if (flying[i].is_used && (first == NULL || flying[i].at_ms < first->at_ms)) {
            first = &flying[i];
        }
    }
    return first;
}

static enum vd_status sim_receive(void *ctx, struct vd_datagram_in *in)
{
    struct flying *f;

    (void)ctx;
    while ((f = first_flying()) != NULL && f->at_ms <= now) {
        const struct sim_socket *s = socket_of(f);
        f->is_used = false;
        if (s != NULL) {
            memcpy(received, f->bytes, f->len);
            *in = (struct vd_datagram_in){.socket = (unsigned)(s - sockets),
                                          .from = f->from,
                                          .bytes = received,
                                          .len = f->len};
            return VD_OK;
        }
    }
    return VD_AGAIN;
}

static void sim_close(void *ctx, unsigned socket)
{
    (void)ctx;
    sockets[socket].is_open = false;
}

static const struct vd_datagram_port datagram = {.sockets_max = SOCKETS,
                                                 .open = sim_open,
                                                 .send = sim_send,
                                                 .receive = sim_receive,
                                                 .close = sim_close};

/* ---- TCP: nothing is lost for good, but everything may be late, and some connections break -------- */

#define STREAMS  VD_LINKS_MAX
#define MESSAGES 32u

struct sim_stream {
    bool is_open;
    struct vd_endpoint to;
    uint64_t up_ms, reset_ms, last_ms;
    struct fake_stream bytes;
    struct {
        uint64_t at_ms;
        size_t end; /* in bytes.in */
    } messages[MESSAGES];
    unsigned messages_count;
};

static struct sim_stream streams[STREAMS];
static unsigned connections;

/* There and back; each loss costs a retransmission. */
static uint64_t round_trip_ms(void)
{
    uint64_t ms = one_way_ms() + one_way_ms();
    for (uint64_t wait_ms = 1000; happens(weather.loss_percent) && wait_ms < 60000; wait_ms *= 2) {
        ms += wait_ms;
    }
    return ms;
}

static enum vd_status sim_tcp_open(void *ctx, const struct vd_endpoint *to, int *stream)
{
    (void)ctx;
    for (unsigned i = 0; i < STREAMS; i++) {
        if (!streams[i].is_open) {
            memset(&streams[i], 0, sizeof(streams[i]));
            streams[i].is_open = true;
            streams[i].to = *to;
            streams[i].bytes.to = *to;
            streams[i].up_ms = now + round_trip_ms();
            streams[i].reset_ms = UINT64_MAX;
            if (happens(weather.reset_percent)) {
                streams[i].reset_ms = now + chance(4000);
            }
            connections++;
            *stream = (int)i;
            return VD_OK;
        }
    }
    return VD_EFULL;
}

static enum vd_status sim_tcp_state(void *ctx, int stream)
{
    const struct sim_stream *s = &streams[stream];

    (void)ctx;
    if (now >= s->reset_ms) {
        return VD_EREFUSED;
    }
    return now >= s->up_ms ? VD_OK : VD_AGAIN;
}

static enum vd_status sim_tcp_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                    size_t *taken)
{
    static struct fake_streams all;
    static struct fake_message m;
    struct sim_stream *s = &streams[stream];
    const struct fake_packet *query;

    enum vd_status status = sim_tcp_state(ctx, stream);
    if (status != VD_OK) {
        return status;
    }
    *taken = 1 + chance((uint32_t)len);
    assert_true(s->bytes.sent_len + *taken <= sizeof(s->bytes.sent));
    memcpy(s->bytes.sent + s->bytes.sent_len, bytes, *taken);
    s->bytes.sent_len += *taken;
    while ((query = fake_stream_query(&all, &s->bytes)) != NULL) {
        serve(query, server_of(&s->to), false, &m);
        fake_stream_deliver(&s->bytes, m.bytes, m.w.len);
        uint64_t at_ms = now + round_trip_ms();
        s->last_ms = at_ms > s->last_ms ? at_ms : s->last_ms; /* in order */
        assert_true(s->messages_count < MESSAGES);
        s->messages[s->messages_count].at_ms = s->last_ms;
        s->messages[s->messages_count++].end = s->bytes.in_len;
    }
    return VD_OK;
}

static enum vd_status sim_tcp_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    struct sim_stream *s = &streams[stream];
    size_t end = 0;

    enum vd_status status = sim_tcp_state(ctx, stream);
    if (status != VD_OK) {
        return status;
    }
    for (unsigned i = 0; i < s->messages_count && s->messages[i].at_ms <= now; i++) {
        end = s->messages[i].end;
    }
    if (s->bytes.in_at >= end) {
        return VD_AGAIN;
    }
    size_t n = 1 + chance(600);
    n = n > end - s->bytes.in_at ? end - s->bytes.in_at : n;
    *got = n > cap ? cap : n;
    memcpy(buf, s->bytes.in + s->bytes.in_at, *got);
    s->bytes.in_at += *got;
    return VD_OK;
}

static void sim_tcp_close(void *ctx, int stream)
{
    (void)ctx;
    streams[stream].is_open = false;
}

static const struct vd_tcp_port tcp = {.streams_max = STREAMS,
                                       .open = sim_tcp_open,
                                       .state = sim_tcp_state,
                                       .write = sim_tcp_write,
                                       .read = sim_tcp_read,
                                       .close = sim_tcp_close};

static uint64_t sooner(uint64_t next, uint64_t at_ms)
{
    return at_ms > now && at_ms < next ? at_ms : next;
}

/* When something arrives next: what a port would wake the loop for. */
static uint64_t arrival_ms(void)
{
    const struct flying *f = first_flying();
    uint64_t next = f != NULL ? f->at_ms : UINT64_MAX;

    for (unsigned i = 0; i < STREAMS; i++) {
        const struct sim_stream *s = &streams[i];
        if (!s->is_open) {
            continue;
        }
        next = sooner(next, s->up_ms);
        next = sooner(next, s->reset_ms);
        for (unsigned j = 0; j < s->messages_count; j++) {
            next = sooner(next, s->messages[j].at_ms);
        }
    }
    return next;
}

/* ---- surveys ------------------------------------------------------------------------------------- */

static struct vd_resolver resolver;
static struct vd_survey survey;

struct tally {
    unsigned answers, unknown, wrong;
    uint64_t longest_ms;
};

static void set_up(const struct weather *is, uint32_t seed)
{
    static const char *const addresses[2] = {"192.0.2.1", "192.0.2.2"};
    const struct vd_resolver_setup setup = {
        .datagram = &datagram, .tcp = &tcp, .random = fake_random};

    weather = *is;
    chance_state = fake_random_state = seed;
    now = 1000;
    connections = 0;
    memset(sockets, 0, sizeof(sockets));
    memset(flying, 0, sizeof(flying));
    memset(streams, 0, sizeof(streams));
    size_t len = (size_t)snprintf(big, sizeof(big), "v=spf1");
    for (unsigned i = 0; i < 100; i++) {
        len += (size_t)snprintf(big + len, sizeof(big) - len, " ip4:198.51.100.%u", i);
    }
    snprintf(big + len, sizeof(big) - len, " ~all");
    vd_resolver_init(&resolver, &setup);
    for (unsigned i = 0; i < 2; i++) {
        struct vd_server server = {.transport = VD_TRANSPORT_UDP};
        assert_int_equal(vd_endpoint_parse(addresses[i], 9, 53, &server.at), VD_OK);
        vd_resolver_set_server(&resolver, i, &server);
    }
}

static bool has_text(const struct vd_answer *answer, const char *text)
{
    const struct vd_snapshot *snapshot = &survey.snapshot;
    const struct vd_record *record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, 0);

    if (record == NULL || vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, 1) != NULL) {
        return false;
    }
    struct vd_span span = vd_snapshot_span(snapshot, record);
    return span.len == strlen(text) && memcmp(span.bytes, text, span.len) == 0;
}

static bool is_right(const struct vd_answer *answer)
{
    const struct fact *fact = find_fact(vd_snapshot_name(&survey.snapshot, answer), answer->type);

    return fact != NULL && answer->presence == fact->presence &&
           (fact->presence == VD_PRESENT ? has_text(answer, fact->text)
                                         : answer->detail == fact->detail);
}

static void run_survey(uint8_t first, struct tally *tally)
{
    static const char *const wanted[] = {"example.com", "_dmarc.example.com",
                                         "s1._domainkey.example.com", "s2._domainkey.example.com",
                                         "gone._domainkey.example.com"};
    struct spf_roots roots = {.names = {wanted[0]}, .count = 1};
    uint64_t began = now;

    vd_survey_start(&survey, &resolver, NULL, VD_SERVERS_ALL, first, now);
    vd_survey_follow(&survey, follow_spf, &roots);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_int_equal(vd_survey_want(&survey, wanted[i], VD_TYPE_TXT, VD_ASK_OWN), VD_OK);
    }
    assert_int_equal(vd_survey_want(&survey, "example.com", VD_TYPE_MX, VD_ASK_OWN), VD_OK);
    for (unsigned turns = 0; vd_survey_poll(&survey, now) == VD_AGAIN; turns++) {
        assert_true(turns < 100000);
        uint64_t timer = vd_survey_next_ms(&survey), arrival = arrival_ms();
        uint64_t next = timer < arrival ? timer : arrival;
        assert_true(next != UINT64_MAX);
        now = next > now ? next : now;
    }
    for (size_t i = 0; i < survey.snapshot.answers_count; i++) {
        const struct vd_answer *answer = &survey.snapshot.answers[i];
        tally->answers++;
        if (answer->presence == VD_UNKNOWN) {
            tally->unknown++;
        } else if (!is_right(answer)) {
            tally->wrong++;
        }
    }
    /* Three questions deep at most, each within its bound. */
    assert_true(now - began <= 4ull * VD_QUESTION_MAX_MS);
    tally->longest_ms = now - began > tally->longest_ms ? now - began : tally->longest_ms;
    now += 60000;
}

static struct tally run(const struct weather *is, uint32_t seed)
{
    struct tally tally = {0};

    set_up(is, seed);
    for (unsigned i = 0; i < SURVEYS; i++) {
        run_survey((uint8_t)(i % 2), &tally);
    }
    vd_resolver_cancel(&resolver);
    print_message("loss %u %%, up to %u ms: %u surveys, %u answers, %u unknown, %u wrong; "
                  "%u connections, longest survey %u ms\n",
                  is->loss_percent, 2 * is->slow_ms, SURVEYS, tally.answers, tally.unknown,
                  tally.wrong, connections, (unsigned)tally.longest_ms);
    return tally;
}

static void test_lossy_clear_weather_answers_everything(void **state)
{
    static const struct weather clear = {.slow_ms = 1};

    (void)state;
    struct tally tally = run(&clear, 1);
    assert_int_equal(tally.answers, SURVEYS * FACTS);
    assert_int_equal(tally.unknown, 0);
    assert_int_equal(tally.wrong, 0);
}

static void test_lossy_storm_gives_right_answers_or_unknown_never_wrong_ones(void **state)
{
    static const struct weather storm = {.loss_percent = 30,
                                         .copy_percent = 20,
                                         .slow_percent = 40,
                                         .slow_ms = 1000,
                                         .reset_percent = 20};

    (void)state;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct tally tally = run(&storm, seed * 2654435761u);
        assert_int_equal(tally.wrong, 0);
        /* Not right by saying nothing: nine in ten are known. */
        assert_true(tally.answers >= SURVEYS * 6);
        assert_true(tally.unknown * 10 <= tally.answers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lossy_clear_weather_answers_everything),
        cmocka_unit_test(test_lossy_storm_gives_right_answers_or_unknown_never_wrong_ones),
    };
    return cmocka_run_group_tests_name("lossy", tests, NULL, NULL);
}
