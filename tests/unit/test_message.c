/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/message.h"
#include "tests/fakes/dns_fake.h"

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

static void test_query_is_what_rfc_1035_and_6891_draw(void **state)
{
    static const uint8_t expected[] = {
        0x12, 0x34, 0x01, 0x20, 0,    1,   0,   0,   0, 0,   0,   1, /* RD, AD, one question, OPT */
        7,    'e',  'x',  'a',  'm',  'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 16, 0, 1, /* TXT IN */
        0,    0,    41,   0x04, 0xd0, 0,   0,   0,   0, 0,   0, /* OPT, 1232 */
    };
    struct vd_question question = {.type = VD_TYPE_TXT};
    uint8_t out[VD_QUERY_MAX];

    (void)state;
    assert_int_equal(vd_name_from_text("example.com", &question.name), VD_OK);
    assert_int_equal(vd_query_write(0x1234, &question, 1232, out), sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
    assert_int_equal(vd_query_write(0x1234, &question, 0, out), sizeof(expected) - 11);
    assert_int_equal(out[11], 0);
}

static void test_query_of_the_longest_name_fits(void **state)
{
    struct vd_question question = {.type = VD_TYPE_TXT};
    uint8_t out[VD_QUERY_MAX];

    (void)state;
    question.name.len = VD_NAME_WIRE_MAX;
    memset(question.name.wire, 0, sizeof(question.name.wire));
    assert_int_equal(vd_query_write(1, &question, 1232, out), VD_QUERY_MAX);
}

static void test_message_header_is_read(void **state)
{
    (void)state;
    fake_begin(&m, 0xbeef, 0x87a3, "Example.com", VD_TYPE_MX);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    assert_int_equal(in.id, 0xbeef);
    assert_true(in.is_response && in.is_aa && in.is_tc && in.is_ra && in.is_ad);
    assert_int_equal(in.rcode, 3);
    assert_int_equal(in.opcode, 0);
    assert_int_equal(in.question.type, VD_TYPE_MX);
}

static void test_message_without_exactly_one_whole_question_is_refused(void **state)
{
    (void)state;
    fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
    for (size_t len = 0; len < m.w.len; len++) {
        assert_int_equal(vd_message_open(m.bytes, len, &in), VD_EFORMAT);
    }
    m.bytes[5] = 0;
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
    m.bytes[5] = 2;
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_EFORMAT);
    m.bytes[5] = 1;
    m.bytes[m.w.len - 1] = 3; /* class CH */
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
    struct vd_rr rr;

    (void)state;
    fake_begin(&m, 1, 0x8180, "example.com", VD_TYPE_TXT);
    m.bytes[7] = 1; /* ANCOUNT */
    assert_int_equal(first_rr(&rr), VD_EFORMAT);
}

static void test_txt_strings_that_leave_the_rdata_are_malformed(void **state)
{
    static const struct {
        const char *what;
        size_t len;
        uint8_t rdata[6];
    } rows[] = {
        {"no string at all", 0, {0}},
        {"string longer than the rdata", 3, {5, 'a', 'b'}},
        {"second string longer than the rdata", 4, {1, 'a', 3, 'b'}},
    };
    struct vd_rr rr;
    uint8_t out[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        with_rdata(VD_TYPE_TXT, rows[i].rdata, rows[i].len);
        fake_txt(&m, "example.com", "what follows must not be read as part of it");
        assert_int_equal(first_rr(&rr), VD_OK);
        if (vd_rr_txt(&rr, out, sizeof(out), &len) != VD_EFORMAT) {
            fail_msg("%s: accepted", rows[i].what);
        }
    }
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

static void test_mx_host_may_be_compressed_and_must_fill_the_rdata(void **state)
{
    static const uint8_t compressed[] = {0, 10, 2, 'm', 'x', 0xc0, 12};
    static const uint8_t trailing[] = {0, 10, 0, 99};
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

    with_rdata(VD_TYPE_MX, trailing, sizeof(trailing));
    assert_int_equal(first_rr(&rr), VD_OK);
    assert_int_equal(vd_rr_mx(&rr, &preference, &host), VD_EFORMAT);
    with_rdata(VD_TYPE_MX, compressed, 4); /* cut inside the label */
    assert_int_equal(first_rr(&rr), VD_OK);
    assert_int_equal(vd_rr_mx(&rr, &preference, &host), VD_EFORMAT);
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
            while (vd_rr_next(&walk, &rr, &section) == VD_OK) {
                struct vd_name name;
                (void)vd_rr_txt(&rr, text, sizeof(text), &len);
                (void)vd_rr_name(&rr, &name);
            }
        }
        m.bytes[at] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_is_what_rfc_1035_and_6891_draw),
        cmocka_unit_test(test_query_of_the_longest_name_fits),
        cmocka_unit_test(test_message_header_is_read),
        cmocka_unit_test(test_message_without_exactly_one_whole_question_is_refused),
        cmocka_unit_test(test_records_are_walked_through_all_sections),
        cmocka_unit_test(test_record_that_is_promised_and_missing_is_malformed),
        cmocka_unit_test(test_txt_strings_that_leave_the_rdata_are_malformed),
        cmocka_unit_test(test_txt_over_its_room_tells_its_length_and_writes_no_further),
        cmocka_unit_test(test_empty_string_is_an_empty_text),
        cmocka_unit_test(test_mx_host_may_be_compressed_and_must_fill_the_rdata),
        cmocka_unit_test(test_ttl_with_the_sign_bit_is_zero),
        cmocka_unit_test(test_any_octet_of_a_message_may_be_anything),
    };
    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
