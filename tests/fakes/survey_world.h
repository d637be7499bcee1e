/*
 * A survey, its resolver, and one server that knows a few names: what the survey's tests share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SURVEY_WORLD_H
#define VD_SURVEY_WORLD_H

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

static struct fake_net net;
static struct vd_resolver resolver;
static struct vd_survey survey;
static uint64_t now;

/* A zone: what is served for a name.  text NULL: NXDOMAIN; a text that begins with '>' is an alias
   whose target the server does not know; '!' SERVFAIL. */
struct row {
    const char *name;
    const char *text;
};

static const struct row *zone;
static size_t zone_len;

static inline const char *serve(const char *name)
{
    for (size_t i = 0; i < zone_len; i++) {
        if (strcmp(zone[i].name, name) == 0) {
            return zone[i].text;
        }
    }
    return NULL;
}

static inline void answer(const struct fake_packet *sent)
{
    static struct fake_message m;
    struct vd_message query;
    char name[VD_NAME_TEXT_MAX];

    assert_int_equal(vd_message_open(sent->bytes, sent->len, &query), VD_OK);
    assert_int_equal(vd_name_to_text(&query.question.name, name, sizeof(name)), VD_OK);
    const char *text = serve(name);
    uint16_t flags = 0x8400;
    flags = (uint16_t)(flags | (text == NULL ? 3 : text[0] == '!' ? 2 : 0));
    fake_reply(&m, sent, flags);
    if (text == NULL) {
        fake_soa(&m, ".");
    } else if (text[0] == '>') {
        fake_target(&m, VD_SECTION_ANSWER, name, VD_TYPE_CNAME, text + 1);
    } else if (text[0] != '!') {
        fake_txt(&m, name, text);
    }
    fake_net_answer(&net, sent, &m);
}

static inline void set_up(const struct row *rows, size_t len)
{
    const struct vd_resolver_setup setup = {.datagram = &net.port, .random = fake_random};
    struct vd_server server = {.transport = VD_TRANSPORT_UDP};

    fake_net_init(&net);
    zone = rows;
    zone_len = len;
    now = 5000;
    vd_resolver_init(&resolver, &setup);
    assert_int_equal(vd_endpoint_parse("192.0.2.1", 9, 53, &server.at), VD_OK);
    vd_resolver_set_server(&resolver, 0, &server);
    vd_survey_start(&survey, &resolver, NULL, VD_SERVERS_ALL, 0, now);
}

/* Want a name, and what its SPF record leads to.  One per survey. */
static inline void want_spf(const char *name)
{
    static struct spf_roots roots;

    roots = (struct spf_roots){.names = {name}, .count = 1};
    vd_survey_follow(&survey, follow_spf, &roots);
    assert_non_null(vd_snapshot_find(&survey.snapshot, name, VD_TYPE_TXT));
}

/* Run to the end.  Returns the round trips that it took. */
static inline unsigned run(void)
{
    unsigned waves = 0;

    while (vd_survey_poll(&survey, now) == VD_AGAIN) {
        size_t count = net.sent_count;
        if (count == 0) {
            now = vd_survey_next_ms(&survey);
            continue;
        }
        waves++;
        for (size_t i = 0; i < count; i++) {
            answer(&net.sent[i]);
        }
        net.sent_count = 0;
        now += 20;
    }
    return waves;
}

static inline const struct vd_answer *find(const char *name)
{
    const struct vd_answer *found = vd_snapshot_find(&survey.snapshot, name, VD_TYPE_TXT);
    assert_non_null(found);
    assert_true(found->is_done);
    return found;
}

#endif
