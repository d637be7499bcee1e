/*
 * The whole agent on this machine: real survey, judge, confirmation, journal and dispatch, between
 * name servers made of tables and a collector made of an array.  One test program includes it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_AGENT_WORLD_H
#define VD_AGENT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/agent.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"
#include "tests/fakes/dns_fake.h"
#include "tests/unit/keys.h"

#define KEY    "v=DKIM1; k=rsa; p=" KEY_RSA_2048
#define REJECT "v=DMARC1; p=reject; rua=mailto:d@example.com"
#define WEAK   "v=DMARC1; p=none; rua=mailto:d@example.com"

/* ---- the port --------------------------------------------------------------------------------- */

static uint64_t now;
static bool is_time_unknown;
static char console[65536];

uint64_t vd_clock_ms(void)
{
    return now;
}

enum vd_calendar vd_clock_calendar(int64_t *unix_s)
{
    *unix_s = 1795305600 + (int64_t)(now / 1000);
    return is_time_unknown ? VD_CALENDAR_UNSET : VD_CALENDAR_RTC;
}

void vd_console_line(const char *format, ...)
{
    size_t used = strlen(console);
    va_list args;

    va_start(args, format);
    vsnprintf(console + used, sizeof(console) - used, format, args);
    va_end(args);
    strncat(console, "\n", sizeof(console) - strlen(console) - 1);
}

enum vd_status vd_entropy_random(void *out, size_t len)
{
    return fake_random(out, len);
}

static struct vd_endpoint named[VD_SERVERS_MAX];
static size_t named_count; /* resolvers that the network names */

size_t vd_port_dns_servers(struct vd_endpoint *out, size_t max)
{
    size_t count = named_count < max ? named_count : max;
    memcpy(out, named, count * sizeof(out[0]));
    return count;
}

const char *vd_port_device_id(void)
{
    return "020000000001";
}

/* ---- the collector ---------------------------------------------------------------------------- */

static char received[65536];
static size_t received_len;
static bool is_collector_down;

static enum vd_status stream_open(void *ctx, const struct vd_stream_target *to, int *stream)
{
    (void)ctx;
    assert_non_null(to->ca);
    assert_string_equal(to->host, "collector.example.com");
    *stream = 0;
    return VD_OK;
}

static enum vd_status stream_state(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return is_collector_down ? VD_EREFUSED : VD_OK;
}

static enum vd_status stream_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                   size_t *taken)
{
    (void)ctx;
    (void)stream;
    assert_true(received_len + len < sizeof(received));
    memcpy(received + received_len, bytes, len);
    received_len += len;
    received[received_len] = '\0';
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
    return is_collector_down ? "connection refused" : "";
}

static const struct vd_stream_port streams = {
    .streams_max = 1,
    .open = stream_open,
    .state = stream_state,
    .write = stream_write,
    .read = stream_read,
    .unacked = stream_unacked,
    .close = stream_close,
    .why = stream_why,
};

static inline unsigned count_in(const char *text, const char *word)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        count++;
    }
    return count;
}

/* ---- the name servers -------------------------------------------------------------------------- */

/* How a server fails, if it does.  LYING: every name has an address, as behind a captive portal. */
enum mood { ANSWERS, SILENT, SERVFAIL, TRUNCATES, LYING };

/* 192.0.2.1 and .2 are resolvers, 192.0.2.11 and .12 the zone's own servers. */
#define AUTHORITY_FIRST 11u

static enum mood moods[2];
static enum mood authority_moods[2];
static bool is_domain_failing;   /* SERVFAIL for the watched domain alone */
static bool is_domain_bogus;     /* and with CD=1 it answers */
static bool is_intercepted;      /* something else answers for the authorities */
static const char *dmarc[2];     /* at the resolvers; NULL: NXDOMAIN */
static const char *dmarc_own[2]; /* at the zone's own servers */
static const char *spf;
static const char *key; /* of s1 */

static bool is_authority(unsigned host)
{
    return host >= AUTHORITY_FIRST;
}

static const char *text_of(const char *name, unsigned host)
{
    if (strcmp(name, "example.com") == 0) {
        return spf;
    }
    if (strcmp(name, "_spf.mailer.example") == 0) {
        return "v=spf1 ip4:192.0.2.0/24 -all";
    }
    if (strcmp(name, "_dmarc.example.com") == 0) {
        return is_authority(host) ? dmarc_own[host - AUTHORITY_FIRST] : dmarc[host - 1];
    }
    return strcmp(name, "s1._domainkey.example.com") == 0 ? key : NULL;
}

/* Records that are not TXT.  false: there is none. */
static bool add_other(struct fake_message *m, const char *name, uint16_t type)
{
    static const uint8_t mx[] = "\0\x0a\x02mx\x07"
                                "example\x03"
                                "com";
    static const uint8_t collector[] = {10, 0, 2, 2};
    uint8_t own[] = {192, 0, 2, AUTHORITY_FIRST};
    static const uint8_t soa[22] = {0};

    if (type == VD_TYPE_MX && strcmp(name, "example.com") == 0) {
        fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_MX, mx, sizeof(mx));
    } else if (type == VD_TYPE_NS && strcmp(name, ".") == 0) {
        fake_target(m, VD_SECTION_ANSWER, name, VD_TYPE_NS, "a.root.example");
    } else if (type == VD_TYPE_NS && strcmp(name, "example.com") == 0) {
        fake_target(m, VD_SECTION_ANSWER, name, VD_TYPE_NS, "ns1.example.com");
        fake_target(m, VD_SECTION_ANSWER, name, VD_TYPE_NS, "ns2.example.com");
    } else if (type == VD_TYPE_SOA && strcmp(name, "example.com") == 0) {
        fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_SOA, soa, sizeof(soa));
    } else if (type == VD_TYPE_A && strcmp(name, "collector.example.com") == 0) {
        fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_A, collector, 4);
    } else if (type == VD_TYPE_A && strcmp(name, "mx.example.com") == 0) {
        fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_A, own, 4);
    } else if (type == VD_TYPE_A && strncmp(name, "ns", 2) == 0) {
        own[3] = (uint8_t)(AUTHORITY_FIRST + (unsigned)(name[2] - '1'));
        fake_rr(m, VD_SECTION_ANSWER, name, VD_TYPE_A, own, 4);
    } else {
        return false;
    }
    return true;
}

static bool is_of_the_domain(const char *name)
{
    size_t len = strlen(name), tail = strlen("example.com");
    return len >= tail && strcmp(name + len - tail, "example.com") == 0 &&
           strncmp(name, "collector", 9) != 0;
}

static bool is_edns_stripped;

/* A server of the test's own: true when it has answered. */
static bool (*hook)(const char *name, unsigned host, uint16_t type, struct fake_message *m);

static void send_reply(struct fake_net *net, const struct fake_packet *sent, struct fake_message *m)
{
    if (!is_edns_stripped) {
        fake_opt(m, 0);
    }
    fake_net_answer(net, sent, m);
}

static void serve(struct fake_net *net, const struct fake_packet *sent)
{
    static struct fake_message m;
    static const uint8_t portal[] = {10, 1, 1, 1};
    struct vd_message query;
    char name[VD_NAME_TEXT_MAX];
    unsigned host = sent->from.addr[3];
    enum mood mood = is_authority(host) ? authority_moods[host - AUTHORITY_FIRST] : moods[host - 1];

    assert_int_equal(vd_message_open(sent->bytes, sent->len, &query), VD_OK);
    assert_int_equal(vd_name_to_text(&query.question.name, name, sizeof(name)), VD_OK);
    assert_int_equal(query.is_rd, !is_authority(host));
    if (mood == SILENT || strcmp(name, "silent.example") == 0) {
        return;
    }
    uint16_t flags = is_authority(host) ? 0x8400 : 0x8180;
    flags = is_authority(host) && is_intercepted ? 0x8180 : flags;
    /* The DS is the parent's, who answers. */
    bool is_its_own = is_of_the_domain(name) && query.question.type != VD_TYPE_DS;
    if (mood == SERVFAIL || (is_domain_failing && is_its_own) ||
        (is_domain_bogus && is_its_own && !query.is_cd)) {
        fake_reply(&m, sent, (uint16_t)(flags | 2));
        send_reply(net, sent, &m);
        return;
    }
    if (mood == TRUNCATES) {
        fake_reply(&m, sent, (uint16_t)(flags | 0x200));
        send_reply(net, sent, &m);
        return;
    }
    const char *text = query.question.type == VD_TYPE_TXT ? text_of(name, host) : NULL;
    fake_reply(&m, sent, flags);
    if (hook != NULL && hook(name, host, query.question.type, &m)) {
        send_reply(net, sent, &m);
        return;
    }
    if (mood == LYING && query.question.type == VD_TYPE_A) {
        fake_rr(&m, VD_SECTION_ANSWER, name, VD_TYPE_A, portal, 4);
    } else if (text != NULL) {
        fake_txt(&m, name, text);
    } else if (!add_other(&m, name, query.question.type)) {
        fake_reply(&m, sent, (uint16_t)(flags | 3));
        fake_soa(&m, is_its_own ? "example.com" : "com");
    }
    send_reply(net, sent, &m);
}

/* ---- the world ---------------------------------------------------------------------------------- */

static struct fake_net net;
static struct vd_config config;
static struct vd_trust trusts[VD_CHANNELS_MAX];
static struct vd_agent agent;

static void on_error(void *ctx, unsigned line, const char *text)
{
    (void)ctx;
    fail_msg("config:%u: %s", line, text);
}

static void set_up_with(const char *dns)
{
    static const char rest[] = "[watch example.com]\ndkim=all: s1\ninterval=10s\nconfirm-wait=1s\n"
                               "[report soc]\nurl=syslogs://collector.example.com\nca=ca.pem\n";
    char text[1024];
    struct vd_port port;

    fake_net_init(&net);
    port = (struct vd_port){.datagram = &net.port, .stream = &streams};
    now = 1000;
    console[0] = received[0] = '\0';
    received_len = 0;
    is_collector_down = false;
    moods[0] = moods[1] = authority_moods[0] = authority_moods[1] = ANSWERS;
    is_domain_failing = is_domain_bogus = is_intercepted = is_edns_stripped = false;
    named_count = 0;
    hook = NULL;
    dmarc[0] = dmarc[1] = dmarc_own[0] = dmarc_own[1] = REJECT;
    spf = "v=spf1 include:_spf.mailer.example -all";
    key = KEY;
    is_time_unknown = false;
    snprintf(text, sizeof(text), "[dns]\n%s%s", dns, rest);
    assert_int_equal(vd_config_parse(text, strlen(text), &config, on_error, NULL), VD_OK);
    trusts[0].len = 1;
    assert_int_equal(vd_agent_init(&agent, &config, trusts, NULL, &port), VD_OK);
}

#define TWO_RESOLVERS "server=192.0.2.1\nserver=192.0.2.2\n"

/* Two resolvers, and nobody else to ask. */
static inline void set_up(void)
{
    set_up_with(TWO_RESOLVERS "authorities=no\n");
}

/* Let the world turn for so many seconds. */
static void run(unsigned seconds)
{
    uint64_t end = now + seconds * 1000u;

    while (now < end) {
        uint64_t next = vd_agent_poll(&agent, true, now);
        for (size_t i = 0; i < net.sent_count; i++) {
            serve(&net, &net.sent[i]);
        }
        next = net.sent_count > 0 ? now + 5 : next;
        net.sent_count = 0;
        now = next <= now ? now + 1 : next < end ? next : end;
    }
}

#endif
