/*
 * A response and what is made of it: what the tests of dns/answer.c share.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ANSWER_WORLD_H
#define VD_ANSWER_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/answer.h"
#include "tests/fakes/dns_fake.h"

#define AA 0x8400u
#define RA 0x8180u

static struct fake_message m;
static struct vd_gist gist;
static struct vd_question question;

static inline void ask(const char *name, uint16_t type, uint16_t flags)
{
    assert_int_equal(vd_name_from_text(name, &question.name), VD_OK);
    question.type = type;
    fake_begin(&m, 7, flags, name, type);
}

static inline void classify_in(bool is_authority, const struct vd_name *zone)
{
    struct vd_message in;

    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    memset(&gist, 0xa5, sizeof(gist));
    vd_answer_classify(&in, &question, is_authority, zone, &gist);
}

/* An authority is one of example.com. */
static inline void classify_as(bool is_authority)
{
    struct vd_name zone;

    assert_int_equal(vd_name_from_text("Example.com", &zone), VD_OK);
    classify_in(is_authority, &zone);
}

static inline void classify(void)
{
    classify_as(false);
}

static inline void expect(enum vd_presence presence, enum vd_detail detail)
{
    classify();
    assert_int_equal(gist.presence, presence);
    assert_int_equal(gist.detail, detail);
    assert_false(gist.leaves);
}

/* The same of a zone's own server. */
static inline void expect_of_authority(enum vd_presence presence, enum vd_detail detail)
{
    classify_as(true);
    assert_int_equal(gist.presence, presence);
    assert_int_equal(gist.detail, detail);
    assert_false(gist.leaves);
}

static inline void add_ede(uint16_t code, const char *text)
{
    uint8_t options[260] = {
        0, VD_OPTION_EDE, 0, (uint8_t)(2 + strlen(text)), (uint8_t)(code >> 8), (uint8_t)code};

    memcpy(options + 6, text, strlen(text));
    fake_rr(&m, VD_SECTION_ADDITIONAL, ".", VD_TYPE_OPT, options, 6 + strlen(text));
}

/* An SOA in the authority section, with a serial, a TTL and a MINIMUM. */
static inline void add_soa(const char *owner, uint32_t serial, uint32_t ttl_s, uint32_t minimum)
{
    uint8_t rdata[22] = {0};

    for (size_t i = 0; i < 4; i++) {
        rdata[2 + i] = (uint8_t)(serial >> (24 - 8 * i));
        rdata[18 + i] = (uint8_t)(minimum >> (24 - 8 * i));
    }
    fake_rr(&m, VD_SECTION_AUTHORITY, owner, VD_TYPE_SOA, rdata, sizeof(rdata));
    for (size_t i = 0; i < 4; i++) {
        m.bytes[m.w.len - sizeof(rdata) - 6 + i] = (uint8_t)(ttl_s >> (24 - 8 * i));
    }
}

#endif
