/*
 * A resolver between two servers and a fake network: what the resolver's tests share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_RESOLVER_WORLD_H
#define VD_RESOLVER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/resolver.h"
#include "tests/fakes/dns_fake.h"

#define RESPONSE  0x8180u /* QR RD RA */
#define TRUNCATED 0x8380u

static struct fake_net net;
static struct fake_streams tcp, tls;
static struct vd_resolver resolver;
static struct fake_message m;
static struct vd_server servers[2];
static uint64_t now;

/* What done was told last. */
static unsigned done_count;
static unsigned done_token;
static struct vd_reply done_reply;
static struct vd_gist done_gists[8]; /* by token, of small ones */

static inline void on_done(void *ctx, unsigned token, const struct vd_question *question,
                           const struct vd_reply *reply)
{
    (void)ctx;
    (void)question;
    done_count++;
    done_token = token;
    done_reply = *reply;
    if (token < sizeof(done_gists) / sizeof(done_gists[0])) {
        done_gists[token] = reply->gist;
    }
}

static inline void set_up(unsigned servers_count, uint8_t transport)
{
    static const uint8_t anchors[] = "anchors";
    static const char *const addresses[2] = {"192.0.2.1", "192.0.2.2"};
    struct vd_resolver_setup setup = {.datagram = &net.port,
                                      .tcp = &tcp.tcp,
                                      .tls = &tls.tls,
                                      .random = fake_random,
                                      .ca = anchors,
                                      .ca_len = sizeof(anchors)};

    fake_net_init(&net);
    fake_streams_init(&tcp);
    fake_streams_init(&tls);
    vd_resolver_init(&resolver, &setup);
    for (unsigned i = 0; i < servers_count; i++) {
        memset(&servers[i], 0, sizeof(servers[i]));
        assert_int_equal(vd_endpoint_parse(addresses[i], 9, 53, &servers[i].at), VD_OK);
        servers[i].transport = transport;
        servers[i].name = transport == VD_TRANSPORT_TLS ? "dns.example" : NULL;
        vd_resolver_set_server(&resolver, i, &servers[i]);
    }
    resolver.done = on_done;
    done_count = 0;
    memset(&done_reply, 0, sizeof(done_reply));
    now = 1000;
}

static inline void ask_name(const char *name, uint16_t allowed, uint8_t first, unsigned token)
{
    struct vd_question question = {.type = VD_TYPE_TXT};

    assert_int_equal(vd_name_from_text(name, &question.name), VD_OK);
    assert_int_equal(vd_resolver_ask(&resolver, &question, allowed, first, token, now), VD_OK);
}

static inline void ask(uint16_t allowed, uint8_t first)
{
    ask_name("example.com", allowed, first, 42);
}

static inline void poll_after(uint64_t ms)
{
    now += ms;
    vd_resolver_poll(&resolver, now);
}

/* Let time go to the next deadline. */
static inline void poll_next(void)
{
    uint64_t next = vd_resolver_next_ms(&resolver);

    assert_true(next != UINT64_MAX);
    now = next > now ? next : now;
    vd_resolver_poll(&resolver, now);
}

static inline void poll_until_done(void)
{
    for (unsigned i = 0; i < 2000 && done_count == 0; i++) {
        poll_next();
    }
    assert_int_equal(done_count, 1);
}

static inline const struct fake_packet *last_sent(void)
{
    assert_true(net.sent_count > 0);
    return &net.sent[net.sent_count - 1];
}

static inline void good_answer(const struct fake_packet *sent)
{
    fake_reply(&m, sent, RESPONSE);
    fake_txt(&m, "example.com", "v=spf1 -all");
}

static inline void answer_good(const struct fake_packet *sent)
{
    good_answer(sent);
    fake_net_answer(&net, sent, &m);
}

/* Answer with an rcode (or any flags) and no records. */
static inline void answer_flags(const struct fake_packet *sent, unsigned flags)
{
    fake_reply(&m, sent, (uint16_t)flags);
    fake_net_answer(&net, sent, &m);
}

/* The next query on the connection that was opened last. */
static inline const struct fake_packet *stream_query(struct fake_streams *all)
{
    struct fake_stream *s = fake_stream_last(all);
    assert_non_null(s);
    const struct fake_packet *query = fake_stream_query(all, s);
    assert_non_null(query);
    return query;
}

static inline struct vd_message opened(const struct fake_packet *sent)
{
    struct vd_message message;
    assert_int_equal(vd_message_open(sent->bytes, sent->len, &message), VD_OK);
    return message;
}

#endif
