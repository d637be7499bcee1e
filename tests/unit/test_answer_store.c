/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/answer.h"
#include "tests/fakes/dns_fake.h"
#include "tests/unit/vectors.h"

#define RA 0x8180u

static struct fake_message m;
static struct vd_gist gist;
static struct vd_question question;

static void ask(const char *name, uint16_t type, uint16_t flags)
{
    assert_int_equal(vd_name_from_text(name, &question.name), VD_OK);
    question.type = type;
    fake_begin(&m, 7, flags, name, type);
}

/* Judge and keep. */
static enum vd_status store(const struct vd_message *in, struct vd_snapshot *snapshot, size_t index,
                            enum vd_keep how, uint8_t *limit)
{
    vd_answer_classify(in, &question, false, NULL, &gist);
    return vd_answer_store(in, &question, &gist, snapshot, index, how, limit);
}

static void test_answer_store_joins_strings_with_nothing_between(void **state)
{
    static const uint8_t rdata[] = "\x07v=spf1 \x04-all";
    static struct vd_snapshot snapshot;
    struct vd_message in;
    size_t index;
    uint8_t limit;

    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_rr(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_TXT, rdata, sizeof(rdata) - 1);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
    assert_int_equal(store(&in, &snapshot, index, VD_KEEP_ALL, &limit), VD_OK);
    const struct vd_record *record =
        vd_snapshot_record(&snapshot, &snapshot.answers[index], VD_TYPE_TXT, 0);
    assert_non_null(record);
    assert_int_equal(record->len, 11);
    assert_memory_equal(vd_snapshot_span(&snapshot, record).bytes, "v=spf1 -all", 11);
}

static void test_answer_store_over_the_byte_limit_is_full_not_cut(void **state)
{
    static struct vd_snapshot snapshot;
    struct vd_message in;
    size_t index;
    uint8_t limit;
    char text[500];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "example.com", text);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
    snapshot.bytes_len = VD_SURVEY_BYTES_MAX - 498;
    assert_int_equal(store(&in, &snapshot, index, VD_KEEP_ALL, &limit), VD_EFULL);
    assert_int_equal(limit, VD_LIMIT_BYTES);
    snapshot.bytes_len = VD_SURVEY_BYTES_MAX - 499;
    assert_int_equal(store(&in, &snapshot, index, VD_KEEP_ALL, &limit), VD_OK);
}

static void keep(enum vd_keep how, struct vd_snapshot *snapshot)
{
    struct vd_message in;
    size_t index;
    uint8_t limit;

    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(snapshot);
    assert_int_equal(vd_snapshot_ask(snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
    assert_int_equal(store(&in, snapshot, index, how, &limit), VD_OK);
    assert_int_equal(limit, VD_LIMIT_NONE);
}

static void test_answer_store_keeps_a_record_that_is_there_twice_once(void **state)
{
    static struct vd_snapshot snapshot;

    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "example.com", "v=spf1 -all");
    fake_txt(&m, "example.com", "something else");
    fake_txt(&m, "example.com", "v=spf1 -all");
    keep(VD_KEEP_ALL, &snapshot);
    assert_int_equal(snapshot.records_count, 2);
    assert_int_equal(snapshot.bytes_len, sizeof("example.com") + 11 + 14);
}

static void test_answer_store_of_a_strangers_name_keeps_two_spf_records_and_no_more(void **state)
{
    static struct vd_snapshot snapshot;

    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    for (char c = 'a'; c <= 'z'; c++) {
        const char text[] = {c, '\0'};
        fake_txt(&m, "example.com", text);
    }
    fake_txt(&m, "example.com", "V=SPF1 -all");
    fake_txt(&m, "example.com", "v=spf1 ~all");
    fake_txt(&m, "example.com", "v=spf1 ?all");
    keep(VD_KEEP_SPF, &snapshot);
    assert_int_equal(snapshot.records_count, 2);
}

static void test_answer_store_names_the_knob_that_is_reached(void **state)
{
    static struct vd_snapshot snapshot;
    static uint8_t rdata[(VD_TXT_LEN_MAX / 255 + 2) * 256];
    static uint8_t bytes[sizeof(rdata) + 100];
    struct vd_message in;
    size_t index;
    uint8_t limit;

    (void)state;
    for (size_t len = VD_TXT_LEN_MAX; len <= VD_TXT_LEN_MAX + 1; len++) {
        size_t used = 0;
        for (size_t left = len; left > 0;) {
            size_t n = left > 255 ? 255 : left;
            rdata[used] = (uint8_t)n;
            used += 1 + n;
            left -= n;
        }
        ask("example.com", VD_TYPE_TXT, RA);
        fake_rr(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_TXT, NULL, 0);
        m.bytes[m.w.len - 2] = (uint8_t)(used >> 8);
        m.bytes[m.w.len - 1] = (uint8_t)used;
        memcpy(bytes, m.bytes, m.w.len);
        memcpy(bytes + m.w.len, rdata, used);
        assert_int_equal(vd_message_open(bytes, m.w.len + used, &in), VD_OK);
        vd_snapshot_clear(&snapshot);
        assert_int_equal(vd_snapshot_ask(&snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
        assert_int_equal(store(&in, &snapshot, index, VD_KEEP_ALL, &limit),
                         len == VD_TXT_LEN_MAX ? VD_OK : VD_EFULL);
        assert_int_equal(limit, len == VD_TXT_LEN_MAX ? VD_LIMIT_NONE : VD_LIMIT_TXT);
    }
    ask("example.com", VD_TYPE_A, RA);
    for (unsigned i = 0; i < 2; i++) {
        fake_rr(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_A, i == 0 ? "abcd" : "abce", 4);
    }
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "example.com", VD_TYPE_A, &index), VD_OK);
    snapshot.records_count = VD_SURVEY_RECORDS_MAX - 1;
    assert_int_equal(store(&in, &snapshot, index, VD_KEEP_ALL, &limit), VD_EFULL);
    assert_int_equal(limit, VD_LIMIT_RECORDS);
}

static void test_answer_store_of_a_strangers_name_passes_over_a_text_that_is_too_long(void **state)
{
    static struct vd_snapshot snapshot;
    static char text[VD_TXT_LEN_MAX + 2];
    struct vd_message in;
    size_t index;
    uint8_t limit;

    (void)state;
    memset(text, 'x', sizeof(text) - 1u);
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "example.com", text);
    fake_txt(&m, "example.com", "v=spf1 -all");
    keep(VD_KEEP_SPF, &snapshot);
    assert_int_equal(snapshot.records_count, 1);
    memcpy(text, "v=spf1 ", 7); /* of an SPF record it is told */
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "example.com", text);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
    assert_int_equal(store(&in, &snapshot, index, VD_KEEP_SPF, &limit), VD_EFULL);
    assert_int_equal(limit, VD_LIMIT_TXT);
}

static void test_answer_store_tells_spf_by_its_first_octets_however_they_are_split(void **state)
{
    static const struct {
        const char *rdata;
        size_t len;
        bool is_kept;
    } rows[] = {
        {"\x06v=spf1", 7, true},
        {"\x01v\x00\x05=sPF1", 9, true},
        {"\x05v=spf", 6, false},
        {"\x01\x56\x01=\x01s\x01p\x01"
         "f\x01"
         "1",
         12, true},
        {"\x06v=spf2", 7, false},
        {"\x00", 1, false},
        {"\x05v=spf\x01q", 8, false},
    };
    static struct vd_snapshot snapshot;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask("example.com", VD_TYPE_TXT, RA);
        fake_rr(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_TXT, rows[i].rdata, rows[i].len);
        keep(VD_KEEP_SPF, &snapshot);
        assert_int_equal(snapshot.records_count, rows[i].is_kept);
    }
}

static void test_answer_store_leaves_the_watchs_own_room_to_it(void **state)
{
    static struct vd_snapshot snapshot;
    struct vd_message in;
    size_t index;
    uint8_t limit;

    (void)state;
    ask("a.example", VD_TYPE_TXT, RA);
    fake_target(&m, VD_SECTION_ANSWER, "a.example", VD_TYPE_CNAME, "b.example");
    fake_txt(&m, "b.example", "v=spf1 -all");
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    for (int is_bytes = 0; is_bytes < 2; is_bytes++) {
        for (int own = 0; own < 2; own++) {
            vd_snapshot_clear(&snapshot);
            assert_int_equal(vd_snapshot_ask(&snapshot, "a.example", VD_TYPE_TXT, &index), VD_OK);
            if (is_bytes) {
                snapshot.bytes_len = VD_SURVEY_BYTES_MAX - VD_SURVEY_OWN_BYTES - 20;
            } else {
                snapshot.records_count = VD_SURVEY_RECORDS_MAX - VD_SURVEY_OWN_RECORDS - 1;
            }
            enum vd_keep how = own ? VD_KEEP_ALL : VD_KEEP_SPF;
            assert_int_equal(store(&in, &snapshot, index, how, &limit), own ? VD_OK : VD_EFULL);
            assert_int_equal(limit, own        ? VD_LIMIT_NONE
                                    : is_bytes ? VD_LIMIT_BYTES
                                               : VD_LIMIT_RECORDS);
        }
    }
}

static void test_answer_store_keeps_nothing_from_behind_the_end_of_the_zone(void **state)
{
    static struct vd_snapshot snapshot;
    struct vd_message in;
    struct vd_name zone;
    size_t index;
    uint8_t limit;

    (void)state;
    assert_int_equal(vd_name_from_text("example.com", &zone), VD_OK);
    ask("a.example.com", VD_TYPE_TXT, 0x8400u);
    fake_target(&m, VD_SECTION_ANSWER, "a.example.com", VD_TYPE_CNAME, "a.example.net");
    fake_target(&m, VD_SECTION_ANSWER, "a.example.net", VD_TYPE_CNAME, "b.example.net");
    fake_txt(&m, "a.example.net", "v=DKIM1; p=");
    fake_txt(&m, "b.example.net", "v=DKIM1; p=");
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "a.example.com", VD_TYPE_TXT, &index), VD_OK);
    vd_answer_classify(&in, &question, true, &zone, &gist);
    assert_int_equal(vd_answer_store(&in, &question, &gist, &snapshot, index, VD_KEEP_ALL, &limit),
                     VD_OK);
    assert_int_equal(snapshot.records_count, 1);
    assert_string_equal(vd_snapshot_target(&snapshot, &snapshot.records[0]), "a.example.net");
}

/* A real response, its question and its place in an empty snapshot. */
static size_t open_real(const char *name, struct vd_message *in, struct vd_snapshot *snapshot)
{
    char text[VD_NAME_TEXT_MAX];
    size_t index;

    m.w.len = vector_load(name, m.bytes, sizeof(m.bytes));
    assert_int_equal(vd_message_open(m.bytes, m.w.len, in), VD_OK);
    question = in->question;
    assert_int_equal(vd_name_to_text(&question.name, text, sizeof(text)), VD_OK);
    vd_snapshot_clear(snapshot);
    assert_int_equal(vd_snapshot_ask(snapshot, text, question.type, &index), VD_OK);
    return index;
}

static void test_real_responses_mean_what_their_server_meant(void **state)
{
    static const struct {
        const char *name;
        enum vd_presence presence;
        enum vd_detail detail;
        bool leaves;
        uint8_t hops;
        uint8_t records;
        const char *first; /* record, where it is text */
        const char *last;
    } rows[] = {
        {"answer-mx", VD_PRESENT, VD_DETAIL_NONE, false, 0, 2, "mx1.example.org",
         "mx2.mail.example.org"},
        {"answer-txt", VD_PRESENT, VD_DETAIL_NONE, false, 0, 2, NULL, NULL},
        {"answer-ns", VD_PRESENT, VD_DETAIL_NONE, false, 0, 2, "ns1.example.org",
         "ns2.example.org"},
        {"answer-soa", VD_PRESENT, VD_DETAIL_NONE, false, 0, 1, "ns1.example.org",
         "ns1.example.org"},
        {"answer-ptr", VD_PRESENT, VD_DETAIL_NONE, false, 0, 1, "host.example.org",
         "host.example.org"},
        {"answer-ds", VD_PRESENT, VD_DETAIL_NONE, false, 0, 1, NULL, NULL},
        {"answer-aaaa", VD_PRESENT, VD_DETAIL_NONE, false, 0, 1, NULL, NULL},
        {"alias-chain", VD_PRESENT, VD_DETAIL_NONE, false, 2, 3, "k1.dkim.example.org", NULL},
        {"alias-leaves", VD_UNKNOWN, VD_DETAIL_NOT_ASKED, true, 1, 1, "k1.provider.example",
         "k1.provider.example"},
        {"alias-dangling", VD_ABSENT, VD_DETAIL_DANGLING, false, 1, 1, "gone.dkim.example.org",
         "gone.dkim.example.org"},
        {"alias-loop", VD_UNKNOWN, VD_DETAIL_CHAIN, false, 2, 0, NULL, NULL},
        {"nxdomain", VD_ABSENT, VD_DETAIL_NXDOMAIN, false, 0, 0, NULL, NULL},
        {"nodata", VD_ABSENT, VD_DETAIL_NODATA, false, 0, 0, NULL, NULL},
        {"referral", VD_UNKNOWN, VD_DETAIL_LAME, false, 0, 0, NULL, NULL},
        {"refused", VD_UNKNOWN, VD_DETAIL_REFUSED, false, 0, 0, NULL, NULL},
        {"truncated", VD_UNKNOWN, VD_DETAIL_TRUNCATED, false, 0, 0, NULL, NULL},
    };
    static struct vd_snapshot snapshot;
    struct vd_message in;
    struct vd_name zone;
    uint8_t limit;

    (void)state;
    assert_int_equal(vd_name_from_text("example.org", &zone), VD_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t index = open_real(rows[i].name, &in, &snapshot);
        vd_answer_classify(&in, &question, true, &zone, &gist);
        if (gist.presence != rows[i].presence || gist.detail != rows[i].detail ||
            gist.leaves != rows[i].leaves || gist.hops != rows[i].hops) {
            fail_msg("%s: %s", rows[i].name, vd_detail_str((enum vd_detail)gist.detail));
        }
        if (gist.presence == VD_UNKNOWN && !gist.leaves) {
            continue;
        }
        assert_int_equal(
            vd_answer_store(&in, &question, &gist, &snapshot, index, VD_KEEP_ALL, &limit), VD_OK);
        assert_int_equal(snapshot.records_count, rows[i].records);
        if (rows[i].first != NULL) {
            assert_string_equal(vd_snapshot_target(&snapshot, &snapshot.records[0]), rows[i].first);
        }
        if (rows[i].last != NULL) {
            assert_string_equal(
                vd_snapshot_target(&snapshot, &snapshot.records[snapshot.records_count - 1u]),
                rows[i].last);
        }
    }
}

static void test_real_addresses_and_ds_are_kept_octet_by_octet(void **state)
{
    static const uint8_t aaaa[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
    static const uint8_t ds[6] = {0x30, 0x39, 13, 2, 0x01, 0x23};
    static struct vd_snapshot snapshot;
    struct vd_message in;
    uint8_t limit;

    (void)state;
    size_t index = open_real("answer-aaaa", &in, &snapshot);
    assert_int_equal(store(&in, &snapshot, index, VD_KEEP_ALL, &limit), VD_OK);
    assert_int_equal(snapshot.records[0].len, 16);
    assert_memory_equal(vd_snapshot_span(&snapshot, &snapshot.records[0]).bytes, aaaa, 16);
    index = open_real("answer-ds", &in, &snapshot);
    assert_int_equal(store(&in, &snapshot, index, VD_KEEP_ALL, &limit), VD_OK);
    assert_int_equal(snapshot.records[0].len, 36);
    assert_memory_equal(vd_snapshot_span(&snapshot, &snapshot.records[0]).bytes, ds, 6);
}

/* What must hold of a response whatever it is. */
static void check_any(const uint8_t *bytes, size_t len, bool is_authority)
{
    static struct vd_snapshot snapshot;
    struct vd_message in;
    size_t index;
    uint8_t limit;

    if (vd_message_open(bytes, len, &in) != VD_OK) {
        return;
    }
    vd_answer_classify(&in, &question, is_authority, NULL, &gist);
    assert_true(gist.presence != VD_ABSENT || gist.evidence.has_soa);
    assert_true(gist.presence == VD_UNKNOWN || !in.is_tc);
    assert_true(gist.presence != VD_UNKNOWN || gist.detail != VD_DETAIL_NONE);
    assert_int_not_equal(gist.detail, VD_DETAIL_MALFORMED);
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "x", question.type, &index), VD_OK);
    assert_int_equal(vd_answer_store(&in, &question, &gist, &snapshot, index, VD_KEEP_ALL, &limit),
                     VD_OK);
    assert_true(gist.presence != VD_PRESENT || snapshot.answers[index].count > 0);
}

static void test_real_responses_with_any_octet_changed_are_refused_or_understood(void **state)
{
    static struct vd_snapshot snapshot;
    struct vd_message in;

    (void)state;
    for (size_t i = 0; i < REAL_RESPONSES; i++) {
        (void)open_real(real_responses[i], &in, &snapshot);
        uint8_t *bytes = malloc(m.w.len); /* of just that size: a read past it is seen */
        assert_non_null(bytes);
        memcpy(bytes, m.bytes, m.w.len);
        for (size_t at = 0; at < m.w.len; at++) {
            for (unsigned value = 0; value < 256; value++) {
                bytes[at] = (uint8_t)value;
                check_any(bytes, m.w.len, value % 2 == 0);
            }
            bytes[at] = m.bytes[at];
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_store_joins_strings_with_nothing_between),
        cmocka_unit_test(test_answer_store_over_the_byte_limit_is_full_not_cut),
        cmocka_unit_test(test_answer_store_keeps_a_record_that_is_there_twice_once),
        cmocka_unit_test(test_answer_store_of_a_strangers_name_keeps_two_spf_records_and_no_more),
        cmocka_unit_test(test_answer_store_of_a_strangers_name_passes_over_a_text_that_is_too_long),
        cmocka_unit_test(test_answer_store_tells_spf_by_its_first_octets_however_they_are_split),
        cmocka_unit_test(test_answer_store_leaves_the_watchs_own_room_to_it),
        cmocka_unit_test(test_answer_store_keeps_nothing_from_behind_the_end_of_the_zone),
        cmocka_unit_test(test_answer_store_names_the_knob_that_is_reached),
        cmocka_unit_test(test_real_responses_mean_what_their_server_meant),
        cmocka_unit_test(test_real_addresses_and_ds_are_kept_octet_by_octet),
        cmocka_unit_test(test_real_responses_with_any_octet_changed_are_refused_or_understood),
    };
    return cmocka_run_group_tests_name("answer_store", tests, NULL, NULL);
}
