/* SPDX-License-Identifier: MIT */
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

static void ask(const char *name, uint16_t type, uint16_t flags)
{
    assert_int_equal(vd_name_from_text(name, &question.name), VD_OK);
    question.type = type;
    fake_begin(&m, 7, flags, name, type);
}

static void classify(void)
{
    struct vd_message in;

    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_answer_classify(&in, &question, &gist);
}

static void expect(enum vd_presence presence, enum vd_detail detail)
{
    classify();
    assert_int_equal(gist.presence, presence);
    assert_int_equal(gist.detail, detail);
    assert_false(gist.leaves);
}

static void test_answer_with_wanted_type_is_present(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "Example.COM", "v=spf1 -all");
    expect(VD_PRESENT, VD_DETAIL_NONE);
    assert_int_equal(gist.ttl_s, 300);
}

static void test_answer_empty_with_soa_is_absent_nodata(void **state)
{
    (void)state;
    ask("mail.example.com", VD_TYPE_TXT, RA);
    fake_soa(&m, "example.com");
    expect(VD_ABSENT, VD_DETAIL_NODATA);
}

static void test_answer_nxdomain_with_soa_is_absent(void **state)
{
    (void)state;
    ask("_dmarc.example.com", VD_TYPE_TXT, RA | 3);
    fake_soa(&m, "example.com");
    expect(VD_ABSENT, VD_DETAIL_NXDOMAIN);
}

static void test_answer_absent_without_soa_is_only_suspect(void **state)
{
    (void)state;
    ask("_dmarc.example.com", VD_TYPE_TXT, RA | 3);
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
    ask("_dmarc.example.com", VD_TYPE_TXT, RA);
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
}

static void test_answer_soa_of_another_zone_proves_nothing(void **state)
{
    static const char *const strangers[] = {"example.net", "a.example.com", "xample.com"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        ask("example.com", VD_TYPE_TXT, RA | 3);
        fake_soa(&m, strangers[i]);
        expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
    }
    ask("example.com", VD_TYPE_TXT, RA | 3);
    fake_soa(&m, ".");
    expect(VD_ABSENT, VD_DETAIL_NXDOMAIN);
}

static void test_answer_soa_in_the_answer_section_proves_nothing(void **state)
{
    static const uint8_t rdata[22] = {0};

    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_rr(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_SOA, rdata, sizeof(rdata));
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
}

static void test_answer_error_rcodes_are_unknown(void **state)
{
    static const struct {
        uint16_t rcode;
        enum vd_detail detail;
    } rows[] = {{1, VD_DETAIL_RCODE},
                {2, VD_DETAIL_SERVFAIL},
                {4, VD_DETAIL_RCODE},
                {5, VD_DETAIL_REFUSED},
                {9, VD_DETAIL_RCODE}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask("example.com", VD_TYPE_TXT, (uint16_t)(RA | rows[i].rcode));
        fake_soa(&m, "example.com"); /* even so */
        expect(VD_UNKNOWN, rows[i].detail);
    }
}

static void test_answer_truncated_is_unknown_whatever_it_holds(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA | 0x0200u);
    fake_txt(&m, "example.com", "v=spf1 -all");
    expect(VD_UNKNOWN, VD_DETAIL_TRUNCATED);
}

static void test_answer_referral_is_lame(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, 0x8000u);
    fake_target(&m, VD_SECTION_AUTHORITY, "com", VD_TYPE_NS, "a.gtld.example");
    expect(VD_UNKNOWN, VD_DETAIL_LAME);
}

static void test_answer_alias_chain_is_followed_in_any_order(void **state)
{
    (void)state;
    ask("s1._domainkey.example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "k.provider.example", "v=DKIM1; p=");
    fake_target(&m, VD_SECTION_ANSWER, "b.provider.example", VD_TYPE_CNAME, "k.provider.example");
    fake_target(&m, VD_SECTION_ANSWER, "s1._domainkey.example.com", VD_TYPE_CNAME,
                "b.provider.example");
    expect(VD_PRESENT, VD_DETAIL_NONE);
    assert_int_equal(gist.hops, 2);
}

static void test_answer_alias_to_nothing_is_dangling(void **state)
{
    (void)state;
    ask("s1._domainkey.example.com", VD_TYPE_TXT, RA | 3);
    fake_target(&m, VD_SECTION_ANSWER, "s1._domainkey.example.com", VD_TYPE_CNAME,
                "k.provider.example");
    fake_soa(&m, "provider.example");
    expect(VD_ABSENT, VD_DETAIL_DANGLING);
}

static void test_answer_alias_is_not_absent_by_the_soa_of_its_own_zone(void **state)
{
    (void)state;
    ask("s1._domainkey.example.com", VD_TYPE_TXT, AA);
    fake_target(&m, VD_SECTION_ANSWER, "s1._domainkey.example.com", VD_TYPE_CNAME,
                "k.provider.example");
    fake_soa(&m, "example.com");
    classify();
    assert_int_equal(gist.presence, VD_UNKNOWN);
    assert_true(gist.leaves);
}

static void test_answer_alias_out_of_the_response_leaves(void **state)
{
    char text[VD_NAME_TEXT_MAX];

    (void)state;
    ask("s1._domainkey.example.com", VD_TYPE_TXT, AA);
    fake_target(&m, VD_SECTION_ANSWER, "s1._domainkey.example.com", VD_TYPE_CNAME,
                "k.provider.example");
    classify();
    assert_int_equal(gist.presence, VD_UNKNOWN);
    assert_true(gist.leaves);
    assert_int_equal(vd_name_to_text(&gist.end, text, sizeof(text)), VD_OK);
    assert_string_equal(text, "k.provider.example");
}

static void test_answer_alias_loop_is_unknown(void **state)
{
    (void)state;
    ask("a.example", VD_TYPE_TXT, RA);
    fake_target(&m, VD_SECTION_ANSWER, "a.example", VD_TYPE_CNAME, "b.example");
    fake_target(&m, VD_SECTION_ANSWER, "b.example", VD_TYPE_CNAME, "a.example");
    expect(VD_UNKNOWN, VD_DETAIL_CHAIN);
}

static void test_answer_records_of_other_names_do_not_count(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "www.example.com", "v=spf1 +all");
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
}

static void test_answer_cut_off_is_unknown(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "example.com", "v=spf1 -all");
    for (size_t len = m.w.len - 1; len > 12 + 17; len--) {
        m.w.len = len;
        expect(VD_UNKNOWN, VD_DETAIL_MALFORMED);
    }
}

static void test_answer_store_joins_strings_with_nothing_between(void **state)
{
    static const uint8_t rdata[] = "\x07v=spf1 \x04-all";
    static struct vd_snapshot snapshot;
    struct vd_message in;
    size_t index;

    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_rr(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_TXT, rdata, sizeof(rdata) - 1);
    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
    assert_int_equal(vd_answer_store(&in, &question, &snapshot, index, VD_KEEP_ALL), VD_OK);
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
    assert_int_equal(vd_answer_store(&in, &question, &snapshot, index, VD_KEEP_ALL), VD_EFULL);
    snapshot.bytes_len = VD_SURVEY_BYTES_MAX - 499;
    assert_int_equal(vd_answer_store(&in, &question, &snapshot, index, VD_KEEP_ALL), VD_OK);
}

static void keep(enum vd_keep how, struct vd_snapshot *snapshot)
{
    struct vd_message in;
    size_t index;

    assert_int_equal(vd_message_open(m.bytes, m.w.len, &in), VD_OK);
    vd_snapshot_clear(snapshot);
    assert_int_equal(vd_snapshot_ask(snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
    assert_int_equal(vd_answer_store(&in, &question, snapshot, index, how), VD_OK);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_with_wanted_type_is_present),
        cmocka_unit_test(test_answer_empty_with_soa_is_absent_nodata),
        cmocka_unit_test(test_answer_nxdomain_with_soa_is_absent),
        cmocka_unit_test(test_answer_absent_without_soa_is_only_suspect),
        cmocka_unit_test(test_answer_soa_of_another_zone_proves_nothing),
        cmocka_unit_test(test_answer_soa_in_the_answer_section_proves_nothing),
        cmocka_unit_test(test_answer_error_rcodes_are_unknown),
        cmocka_unit_test(test_answer_truncated_is_unknown_whatever_it_holds),
        cmocka_unit_test(test_answer_referral_is_lame),
        cmocka_unit_test(test_answer_alias_chain_is_followed_in_any_order),
        cmocka_unit_test(test_answer_alias_to_nothing_is_dangling),
        cmocka_unit_test(test_answer_alias_is_not_absent_by_the_soa_of_its_own_zone),
        cmocka_unit_test(test_answer_alias_out_of_the_response_leaves),
        cmocka_unit_test(test_answer_alias_loop_is_unknown),
        cmocka_unit_test(test_answer_records_of_other_names_do_not_count),
        cmocka_unit_test(test_answer_cut_off_is_unknown),
        cmocka_unit_test(test_answer_store_joins_strings_with_nothing_between),
        cmocka_unit_test(test_answer_store_over_the_byte_limit_is_full_not_cut),
        cmocka_unit_test(test_answer_store_keeps_a_record_that_is_there_twice_once),
        cmocka_unit_test(test_answer_store_of_a_strangers_name_keeps_two_spf_records_and_no_more),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
