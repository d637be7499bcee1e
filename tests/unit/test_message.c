/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/message.h"
#include "tests/fakes/dns_fake.h"
#include "tests/unit/vectors.h"

static struct fake_message m;
static struct vd_message in;

/* The first record of the message in m. */
static enum vd_status first_rr(struct vd_rr *rr)
{
    struct vd_rr_walk walk;
    enum vd_section section;

    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_rr_walk_init(&walk, &in);
    return vd_rr_next(&walk, rr, &section);
}

static void with_rdata(uint16_t type, const void *rdata, size_t len)
{
    fake_begin(&m, 1, 0x8180, "example.com", type);
    fake_rr(&m, VD_SECTION_ANSWER, "example.com", type, rdata, len);
}

static void test_message_header_is_read(void **state)
{
    (void)state;
    fake_begin(&m, 0xbeef, 0x87a3, "Example.com", VD_TYPE_MX);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    assert_int_equal(in.id, 0xbeef);
    assert_true(in.is_response && in.is_aa && in.is_tc && in.is_rd && in.is_ra && in.is_ad);
    assert_false(in.is_cd || in.edns.has_opt);
    assert_true(in.has_question);
    assert_int_equal(in.edns.ede, VD_EDE_NONE);
    assert_int_equal(in.rcode, 3);
    assert_int_equal(in.opcode, 0);
    assert_int_equal(in.question.type, VD_TYPE_MX);
}

static void test_message_without_its_whole_question_is_malformed(void **state)
{
    (void)state;
    fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
    for (size_t len = 0; len < m.w.len; len++) {
        assert_int_equal(vd_message_open(m.bytes, len, &in), VD_EFORMAT);
    }
}

static void test_message_that_answers_nothing_of_ours_is_other(void **state)
{
    static const struct {
        const char *what;
        size_t at;
        uint8_t value;
    } rows[] = {
        {"opcode NOTIFY", 2, 0xa1},
        {"opcode 15", 2, 0xf9},
        {"class CH", 28, 3},
        {"class ANY", 28, 255},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
        m.bytes[rows[i].at] = rows[i].value;
        if (vd_message_open(m.bytes, m.w.len, &in) != VD_OTHER) {
            fail_msg("%s: accepted", rows[i].what);
        }
    }
    fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
    m.bytes[5] = 2; /* QDCOUNT, and there is one */
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
    m.bytes[5] = 0;
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT); /* bytes left over */
}

static void test_update_that_deletes_is_well_formed(void **state)
{
    (void)state;
    with_rdata(VD_TYPE_TXT, NULL, 0);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
    m.bytes[2] = 0xa8; /* opcode UPDATE (RFC 2136, section 2.5.2) */
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OTHER);
}

static void test_header_alone_is_taken_when_it_says_an_error(void **state)
{
    static const struct {
        uint16_t flags;
        enum vd_status status;
    } rows[] = {
        {0x8181, VD_OK},    {0x8182, VD_OK},    {0x8185, VD_OK},
        {0x8180, VD_OTHER}, {0x0101, VD_OTHER}, {0xa181, VD_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t header[12] = {0x12, 0x34, (uint8_t)(rows[i].flags >> 8), (uint8_t)rows[i].flags};
        assert_int_equal(vd_message_open(header, 12, &in), rows[i].status);
        assert_false(in.has_question);
        assert_int_equal(in.id, 0x1234);
    }
}

static void test_bytes_behind_the_last_record_are_malformed(void **state)
{
    (void)state;
    with_rdata(VD_TYPE_TXT, "\0", 1);
    assert_int_equal(vd_message_open(m.bytes, m.w.len + 1, &in), VD_EFORMAT);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
}

static void test_message_over_65535_octets_is_malformed(void **state)
{
    static uint8_t bytes[65536];

    (void)state;
    fake_begin(&m, 1, 0x8180, "example.com", 65280);
    fake_rr(&m, VD_SECTION_ANSWER, ".", 65280, NULL, 0);
    for (size_t len = 65535; len <= 65536; len++) {
        memcpy(bytes, m.bytes, m.w.len);
        size_t rdata_len = len - m.w.len;
        bytes[m.w.len - 2] = (uint8_t)(rdata_len >> 8);
        bytes[m.w.len - 1] = (uint8_t)rdata_len;
        assert_int_equal(vd_message_open(bytes, len, &in), len == 65535 ? VD_OK : VD_EFORMAT);
    }
}

static void test_every_prefix_of_a_real_response_is_malformed(void **state)
{
    uint8_t bytes[600];

    (void)state;
    for (size_t i = 0; i < REAL_RESPONSES; i++) {
        size_t len = vector_load(real_responses[i], bytes, sizeof(bytes));
        assert_true(len > 12);
        assert_int_equal(vd_message_open(bytes, len, &in), VD_OK);
        bytes[2] &= 0xfd; /* TC */
        for (size_t cut = 0; cut < len; cut++) {
            uint8_t *exact = malloc(cut > 0 ? cut : 1); /* so that a read past it is seen */
            assert_non_null(exact);
            memcpy(exact, bytes, cut);
            assert_int_equal(vd_message_open(exact, cut, &in), VD_EFORMAT);
            free(exact);
        }
    }
}

static void test_truncated_response_may_end_anywhere_behind_its_question(void **state)
{
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;

    (void)state;
    fake_begin(&m, 1, 0x8380, "example.com", VD_TYPE_TXT);
    size_t question = m.w.len;
    fake_txt(&m, "example.com", "one");
    size_t first = m.w.len;
    fake_txt(&m, "example.com", "two");
    fake_soa(&m, "example.com");
    for (size_t len = 0; len < m.w.len; len++) {
        enum vd_status status = vd_message_open(m.bytes, len, &in);
        assert_int_equal(status, len < question ? VD_EFORMAT : VD_OK);
        if (status != VD_OK) {
            continue;
        }
        size_t whole = 0;
        vd_rr_walk_init(&walk, &in);
        while ((status = vd_rr_next(&walk, &rr, &section)) == VD_OK) {
            whole++;
        }
        assert_int_equal(status, VD_OTHER);
        assert_int_equal(whole, len < first ? 0 : (len < first + (first - question) ? 1 : 2));
    }
    m.bytes[2] &= 0x7f; /* a query with TC gets no such leave */
    assert_int_equal(vd_message_open(m.bytes, m.w.len - 1, &in), VD_EFORMAT);
}

static void test_truncation_excuses_no_broken_name(void **state)
{
    (void)state;
    fake_begin(&m, 1, 0x8380, "example.com", VD_TYPE_TXT);
    m.bytes[7] = 1;
    vd_write_u8(&m.w, 0x41);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
    m.bytes[m.w.len - 1] = 0xc0; /* half a pointer */
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_write_u8(&m.w, 0xff); /* a pointer past the end */
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
}

static void test_records_are_walked_through_all_sections(void **state)
{
    static const enum vd_section order[] = {VD_SECTION_ANSWER, VD_SECTION_ANSWER,
                                            VD_SECTION_AUTHORITY, VD_SECTION_ADDITIONAL};
    static const uint8_t address[4] = {192, 0, 2, 1};
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;

    (void)state;
    fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
    fake_txt(&m, "example.com", "one");
    fake_txt(&m, "example.com", "two");
    fake_soa(&m, "example.com");
    fake_rr(&m, VD_SECTION_ADDITIONAL, "ns.example.com", VD_TYPE_A, address, 4);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_rr_walk_init(&walk, &in);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(vd_rr_next(&walk, &rr, &section), VD_OK);
        assert_int_equal(section, order[i]);
    }
    assert_int_equal(vd_rr_next(&walk, &rr, &section), VD_OTHER);
}

static void test_record_that_is_promised_and_missing_is_malformed(void **state)
{
    (void)state;
    fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
    m.bytes[7] = 1; /* ANCOUNT */
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
}

/* Both edges of the grammar of each type that is read. */
static void test_rdata_must_fill_its_length_exactly(void **state)
{
    static const struct {
        uint16_t type;
        bool is_good;
        size_t len;
        const char *rdata;
    } rows[] = {
        {VD_TYPE_A, true, 4, "\1\2\3\4"},
        {VD_TYPE_A, false, 3, "\1\2\3"},
        {VD_TYPE_A, false, 5, "\1\2\3\4\5"},
        {VD_TYPE_AAAA, true, 16, "0123456789abcdef"},
        {VD_TYPE_AAAA, false, 15, "0123456789abcdef"},
        {VD_TYPE_AAAA, false, 4, "0123456789abcdef"},
        {VD_TYPE_AAAA, false, 17, "0123456789abcdefg"},
        {VD_TYPE_NS, true, 3, "\1a\0"},
        {VD_TYPE_NS, false, 2, "\1a"},
        {VD_TYPE_NS, false, 4, "\1a\0\0"},
        {VD_TYPE_CNAME, true, 2, "\xc0\x0c"},
        {VD_TYPE_CNAME, false, 0, ""},
        {VD_TYPE_CNAME, false, 1, "\xc0"},
        {VD_TYPE_CNAME, false, 3, "\xc0\x0c\0"},
        {VD_TYPE_PTR, true, 1, "\0"},
        {VD_TYPE_PTR, false, 2, "\0\0"},
        {VD_TYPE_MX, true, 3, "\0\x0a\0"},
        {VD_TYPE_MX, false, 2, "\0\x0a"},
        {VD_TYPE_MX, false, 4, "\0\x0a\0\0"},
        {VD_TYPE_SOA, true, 22, "\0\0xxxxxxxxxxxxxxxxxxxx"},
        {VD_TYPE_SOA, false, 21, "\0\0xxxxxxxxxxxxxxxxxxx"},
        {VD_TYPE_SOA, false, 23, "\0\0xxxxxxxxxxxxxxxxxxxxx"},
        {VD_TYPE_TXT, true, 1, "\0"},
        {VD_TYPE_TXT, true, 4, "\1a\1b"},
        {VD_TYPE_TXT, false, 0, ""},
        {VD_TYPE_TXT, false, 3, "\5ab"},
        {VD_TYPE_TXT, false, 4, "\1a\3b"},
        {VD_TYPE_DS, true, 5, "\0\1\x0d\2x"},
        {VD_TYPE_DS, false, 3, "\0\1\x0d"},
        {33, true, 7, "\0\0\0\0\0\0\0"}, /* SRV */
        {33, false, 6, "\0\0\0\0\0\0"},
        {35, true, 8, "\0\0\0\0\0\0\0\0"}, /* NAPTR */
        {35, false, 8, "\0\0\0\0\0\0\1\0"},
        {46, true, 20, "xxxxxxxxxxxxxxxxxx\0s"}, /* RRSIG */
        {46, false, 18, "xxxxxxxxxxxxxxxxxx"},
        {47, true, 1, "\0"}, /* NSEC */
        {47, false, 1, "\x3f"},
        {65280, true, 0, ""}, /* unknown (RFC 3597) */
        {65280, true, 3, "\xff\xff\xff"},
        {VD_TYPE_A + 256, true, 3, "abc"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        with_rdata(rows[i].type, rows[i].rdata, rows[i].len);
        fake_txt(&m, "example.com", "what follows must not be read as part of it");
        enum vd_status status = vd_message_open(m.bytes, m.w.len, &in);
        if (status != (rows[i].is_good ? VD_OK : VD_EFORMAT)) {
            fail_msg("row %u, type %u: %d", (unsigned)i, rows[i].type, status);
        }
    }
}

static void test_name_in_rdata_does_not_run_on_into_the_next_record(void **state)
{
    (void)state;
    with_rdata(VD_TYPE_NS, "\3abc", 4); /* the root label is missing, and the next octet is 0 */
    fake_rr(&m, VD_SECTION_ANSWER, ".", VD_TYPE_A, "\1\2\3\4", 4);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
}

static void test_addresses_of_other_classes_have_no_known_form(void **state)
{
    (void)state;
    with_rdata(VD_TYPE_A, "\1a\0\1\2", 5);
    m.bytes[m.w.len - 5 - 7] = 3; /* class CH */
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
}

static void opt(const char *owner, uint32_t ttl, const void *options, size_t len)
{
    fake_begin(&m, 1, 0x8182, "example.com", VD_TYPE_TXT);
    fake_rr(&m, VD_SECTION_ADDITIONAL, owner, VD_TYPE_OPT, options, len);
    size_t at = m.w.len - len - 8;
    m.bytes[at] = 0x10; /* 4096 octets of UDP */
    m.bytes[at + 1] = 0;
    for (size_t i = 0; i < 4; i++) {
        m.bytes[at + 2 + i] = (uint8_t)(ttl >> (24 - 8 * i));
    }
}

static void test_opt_extends_the_rcode(void **state)
{
    static const struct {
        uint32_t ttl;
        uint16_t rcode;
        uint8_t version;
    } rows[] = {
        {0x00000000, 2, 0},    {0x01000000, 0x12, 0},
        {0x01020000, 0x12, 2}, {0xff000000, 0xff2, 0}, /* not taken for a TTL with the sign bit */
        {0x00008000, 2, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        opt(".", rows[i].ttl, NULL, 0);
        assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
        assert_int_equal(in.rcode, rows[i].rcode);
        assert_int_equal(in.edns.version, rows[i].version);
        assert_int_equal(in.edns.udp, 4096);
        assert_true(in.edns.has_opt);
    }
}

static void test_opt_where_it_must_not_be_is_malformed(void **state)
{
    static const enum vd_section sections[] = {VD_SECTION_ANSWER, VD_SECTION_AUTHORITY};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
        fake_rr(&m, sections[i], ".", VD_TYPE_OPT, NULL, 0);
        assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
    }
    opt("example.com", 0, NULL, 0);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
    opt(".", 0, NULL, 0);
    fake_rr(&m, VD_SECTION_ADDITIONAL, ".", VD_TYPE_OPT, NULL, 0);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
}

static void test_opt_options_are_read_and_broken_ones_are_malformed(void **state)
{
    static const struct {
        const char *what;
        size_t len;
        const char *options;
        enum vd_status status;
        uint16_t ede;
        size_t text_len, cookie_len;
    } rows[] = {
        {"none", 0, "", VD_OK, VD_EDE_NONE, 0, 0},
        {"EDE", 6, "\0\x0f\0\2\0\x16", VD_OK, 22, 0, 0},
        {"EDE with text", 9,
         "\0\x0f\0\5\0\x09"
         "why",
         VD_OK, 9, 3, 0},
        {"EDE of a large code", 6, "\0\x0f\0\2\xc0\0", VD_OK, 0xc000, 0, 0},
        {"two EDEs: the first", 13, "\0\x0f\0\3\0\x16x\0\x0f\0\2\0\x17", VD_OK, 22, 1, 0},
        {"two EDEs: the decisive", 13, "\0\x0f\0\3\0\x16x\0\x0f\0\2\0\3", VD_OK, 3, 0, 0},
        {"two decisive EDEs", 12, "\0\x0f\0\2\0\x11\0\x0f\0\2\0\3", VD_OK, 17, 0, 0},
        {"unknown, then EDE", 11, "\xff\xfe\0\1x\0\x0f\0\2\0\6", VD_OK, 6, 0, 0},
        {"cookie", 12,
         "\0\x0a\0\x08"
         "clientXX",
         VD_OK, VD_EDE_NONE, 0, 8},
        {"first cookie", 19,
         "\0\x0a\0\x08"
         "clientXX\0\x0a\0\3two",
         VD_OK, VD_EDE_NONE, 0, 8},
        {"EDE of one octet", 5, "\0\x0f\0\1x", VD_EFORMAT, 0, 0, 0},
        {"EDE of none", 4, "\0\x0f\0\0", VD_EFORMAT, 0, 0, 0},
        {"head cut", 3, "\0\x0f\0", VD_EFORMAT, 0, 0, 0},
        {"body cut", 7,
         "\0\x0a\0\x08"
         "cli",
         VD_EFORMAT, 0, 0, 0},
        {"one octet left over", 7, "\0\x0f\0\2\0\x16\0", VD_EFORMAT, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        opt(".", 0, rows[i].options, rows[i].len);
        if (vd_message_open(m.bytes, m.w.len, &in) != rows[i].status) {
            fail_msg("%s", rows[i].what);
        }
        if (rows[i].status == VD_OK &&
            (in.edns.ede != rows[i].ede || in.edns.ede_text_len != rows[i].text_len ||
             (in.edns.cookie == NULL ? 0 : in.edns.cookie_len) != rows[i].cookie_len)) {
            fail_msg("%s: EDE %u", rows[i].what, in.edns.ede);
        }
    }
}

static void test_decisive_extended_errors_are_those_of_stale_and_altered_answers(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 70000; code++) {
        bool is_one = code == 3 || code == 4 || code == 15 || code == 16 || code == 17 ||
                      code == 19 || code == 65536 + 3 || code == 65536 + 4 ||
                      (code >= 65536 + 15 && code <= 65536 + 17) || code == 65536 + 19;
        assert_int_equal(vd_ede_is_decisive((uint16_t)code), is_one);
    }
}

static void test_record_alone_is_opened_whole_or_not_at_all(void **state)
{
    static const uint8_t mx[] = {1, 'a', 0, 0, 15, 0, 1, 0, 0, 0, 9, 0, 5, 0, 10, 1, 'b', 0};
    struct vd_rr rr;
    struct vd_name host;
    uint16_t preference;

    (void)state;
    assert_int_equal(vd_rr_open(mx, sizeof(mx), &rr), VD_OK);
    assert_int_equal(rr.ttl_s, 9);
    assert_int_equal(vd_rr_mx(&rr, &preference, &host), VD_OK);
    assert_int_equal(preference, 10);
    for (size_t len = 0; len < sizeof(mx); len++) {
        assert_int_equal(vd_rr_open(mx, len, &rr), VD_EFORMAT);
    }
    uint8_t more[sizeof(mx) + 1] = {0};
    memcpy(more, mx, sizeof(mx));
    assert_int_equal(vd_rr_open(more, sizeof(more), &rr), VD_EFORMAT);
    more[12] = 6; /* and now the octet is RDATA, of a broken MX */
    assert_int_equal(vd_rr_open(more, sizeof(more), &rr), VD_EFORMAT);
}

static void test_soa_gives_its_server_serial_and_minimum(void **state)
{
    static const uint8_t rdata[] = {2, 'n', 's', 0xc0, 12, 0, 0x78, 0xb7, 0x4c, 0x81, 0, 0, 0,
                                    1, 0,   0,   0,    2,  0, 0,    0,    3,    0,    0, 3, 0x84};
    struct vd_rr rr;
    struct vd_soa soa;
    char text[VD_NAME_TEXT_MAX];

    (void)state;
    with_rdata(VD_TYPE_SOA, rdata, sizeof(rdata));
    assert_int_equal(first_rr(&rr), VD_OK);
    assert_int_equal(vd_rr_soa(&rr, &soa), VD_OK);
    assert_int_equal(soa.serial, 2025278593u);
    assert_int_equal(soa.minimum, 900);
    assert_int_equal(vd_name_to_text(&soa.mname, text, sizeof(text)), VD_OK);
    assert_string_equal(text, "ns.example.com");
}

static void test_txt_reader_alone_refuses_what_leaves_the_rdata(void **state)
{
    static const uint8_t bytes[] = {5, 'a', 'b', 'c', 'd', 'e', 'f'};
    struct vd_rr rr = {.rdata_len = 3};
    uint8_t out[16];
    size_t len;

    (void)state;
    vd_reader_init(&rr.rdata, bytes, 3);
    assert_int_equal(vd_rr_txt(&rr, out, sizeof(out), &len), VD_EFORMAT);
    rr.rdata_len = 0;
    vd_reader_init(&rr.rdata, bytes, 0);
    assert_int_equal(vd_rr_txt(&rr, out, sizeof(out), &len), VD_EFORMAT);
}

static void test_txt_over_its_room_tells_its_length_and_writes_no_further(void **state)
{
    struct vd_rr rr;
    uint8_t out[12] = {[8] = 0xee};
    size_t len;

    (void)state;
    with_rdata(VD_TYPE_TXT,
               "\x04"
               "abcd\x05"
               "efghi\x02jk",
               14);
    assert_int_equal(first_rr(&rr), VD_OK);
    assert_int_equal(vd_rr_txt(&rr, out, 8, &len), VD_EFULL);
    assert_int_equal(len, 11);
    assert_int_equal(out[8], 0xee);
    assert_int_equal(vd_rr_txt(&rr, out, 11, &len), VD_OK);
    assert_memory_equal(out, "abcdefghijk", 11);
}

static void test_empty_string_is_an_empty_text(void **state)
{
    struct vd_rr rr;
    uint8_t out[1];
    size_t len = 9;

    (void)state;
    with_rdata(VD_TYPE_TXT, "\0", 1);
    assert_int_equal(first_rr(&rr), VD_OK);
    assert_int_equal(vd_rr_txt(&rr, out, sizeof(out), &len), VD_OK);
    assert_int_equal(len, 0);
}

static void test_mx_host_may_be_compressed(void **state)
{
    static const uint8_t compressed[] = {0, 10, 2, 'm', 'x', 0xc0, 12};
    struct vd_rr rr;
    struct vd_name host;
    uint16_t preference;
    char text[VD_NAME_TEXT_MAX];

    (void)state;
    with_rdata(VD_TYPE_MX, compressed, sizeof(compressed));
    assert_int_equal(first_rr(&rr), VD_OK);
    assert_int_equal(vd_rr_mx(&rr, &preference, &host), VD_OK);
    assert_int_equal(preference, 10);
    assert_int_equal(vd_name_to_text(&host, text, sizeof(text)), VD_OK);
    assert_string_equal(text, "mx.example.com");
}

static void test_ttl_with_the_sign_bit_is_zero(void **state)
{
    struct vd_rr rr;

    (void)state;
    with_rdata(VD_TYPE_TXT, "\0", 1);
    m.bytes[m.w.len - 7] = 0x80; /* the TTL stands before the length and one octet of RDATA */
    assert_int_equal(first_rr(&rr), VD_OK);
    assert_int_equal(rr.ttl_s, 0);
}

static void test_any_octet_of_a_message_may_be_anything(void **state)
{
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;
    uint8_t text[64];
    size_t len;

    (void)state;
    fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
    fake_target(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_CNAME, "a.example.com");
    fake_txt(&m, "a.example.com", "v=spf1 -all");
    fake_soa(&m, "example.com");
    for (size_t at = 0; at < m.w.len; at++) {
        uint8_t was = m.bytes[at];
        for (unsigned value = 0; value < 256; value++) {
            m.bytes[at] = (uint8_t)value;
            if (vd_message_open(m.bytes, m.w.len, &in) != VD_OK) {
                continue;
            }
            vd_rr_walk_init(&walk, &in);
            enum vd_status status;
            while ((status = vd_rr_next(&walk, &rr, &section)) == VD_OK) {
                struct vd_name name;
                (void)vd_rr_txt(&rr, text, sizeof(text), &len);
                (void)vd_rr_name(&rr, &name);
            }
            assert_int_equal(status, VD_OTHER);
        }
        m.bytes[at] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_header_is_read),
        cmocka_unit_test(test_message_without_its_whole_question_is_malformed),
        cmocka_unit_test(test_message_that_answers_nothing_of_ours_is_other),
        cmocka_unit_test(test_update_that_deletes_is_well_formed),
        cmocka_unit_test(test_header_alone_is_taken_when_it_says_an_error),
        cmocka_unit_test(test_bytes_behind_the_last_record_are_malformed),
        cmocka_unit_test(test_message_over_65535_octets_is_malformed),
        cmocka_unit_test(test_every_prefix_of_a_real_response_is_malformed),
        cmocka_unit_test(test_truncated_response_may_end_anywhere_behind_its_question),
        cmocka_unit_test(test_truncation_excuses_no_broken_name),
        cmocka_unit_test(test_records_are_walked_through_all_sections),
        cmocka_unit_test(test_record_that_is_promised_and_missing_is_malformed),
        cmocka_unit_test(test_rdata_must_fill_its_length_exactly),
        cmocka_unit_test(test_name_in_rdata_does_not_run_on_into_the_next_record),
        cmocka_unit_test(test_addresses_of_other_classes_have_no_known_form),
        cmocka_unit_test(test_opt_extends_the_rcode),
        cmocka_unit_test(test_opt_where_it_must_not_be_is_malformed),
        cmocka_unit_test(test_opt_options_are_read_and_broken_ones_are_malformed),
        cmocka_unit_test(test_decisive_extended_errors_are_those_of_stale_and_altered_answers),
        cmocka_unit_test(test_record_alone_is_opened_whole_or_not_at_all),
        cmocka_unit_test(test_soa_gives_its_server_serial_and_minimum),
        cmocka_unit_test(test_txt_reader_alone_refuses_what_leaves_the_rdata),
        cmocka_unit_test(test_txt_over_its_room_tells_its_length_and_writes_no_further),
        cmocka_unit_test(test_empty_string_is_an_empty_text),
        cmocka_unit_test(test_mx_host_may_be_compressed),
        cmocka_unit_test(test_ttl_with_the_sign_bit_is_zero),
        cmocka_unit_test(test_any_octet_of_a_message_may_be_anything),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
