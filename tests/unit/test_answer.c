/* SPDX-License-Identifier: MIT */
#include "tests/fakes/answer_world.h"

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
    assert_int_equal(gist.evidence.rcode, VD_RCODE_NXDOMAIN);
    assert_int_equal(gist.evidence.soa_up, 1);
    ask("s1._domainkey.example.com", VD_TYPE_TXT, RA);
    fake_target(&m, VD_SECTION_ANSWER, "s1._domainkey.example.com", VD_TYPE_CNAME,
                "k.provider.example");
    fake_soa(&m, "provider.example");
    expect(VD_ABSENT, VD_DETAIL_DANGLING);
}

static void test_answer_nxdomain_of_an_alias_without_its_soa_is_only_suspect(void **state)
{
    (void)state;
    ask("s1._domainkey.example.com", VD_TYPE_TXT, RA | 3);
    fake_target(&m, VD_SECTION_ANSWER, "s1._domainkey.example.com", VD_TYPE_CNAME,
                "k.provider.example");
    fake_soa(&m, "example.com");
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
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

static void test_answer_alias_loop_ends_where_it_comes_round(void **state)
{
    (void)state;
    ask("a.example", VD_TYPE_TXT, RA);
    fake_target(&m, VD_SECTION_ANSWER, "a.example", VD_TYPE_CNAME, "b.example");
    fake_target(&m, VD_SECTION_ANSWER, "b.example", VD_TYPE_CNAME, "A.example");
    expect(VD_UNKNOWN, VD_DETAIL_CHAIN);
    assert_int_equal(gist.hops, 2);
    assert_int_equal(gist.limit, VD_LIMIT_NONE); /* a wider limit would not help */
    ask("a.example", VD_TYPE_TXT, RA);
    fake_target(&m, VD_SECTION_ANSWER, "a.example", VD_TYPE_CNAME, "a.example");
    fake_soa(&m, "example");
    expect(VD_UNKNOWN, VD_DETAIL_CHAIN);
    assert_int_equal(gist.hops, 1);
    ask("a.example", VD_TYPE_CNAME, RA);
    fake_target(&m, VD_SECTION_ANSWER, "a.example", VD_TYPE_CNAME, "a.example");
    expect(VD_PRESENT, VD_DETAIL_NONE); /* the alias itself was asked for */
}

static void test_answer_chain_has_a_bound_with_a_name(void **state)
{
    (void)state;
    for (unsigned hops = VD_CHAIN_MAX; hops <= VD_CHAIN_MAX + 1u; hops++) {
        char from[] = "a.example", to[] = "a.example";
        ask("a.example", VD_TYPE_TXT, RA);
        for (unsigned i = 0; i < hops; i++) {
            from[0] = (char)('a' + i);
            to[0] = (char)('b' + i);
            fake_target(&m, VD_SECTION_ANSWER, from, VD_TYPE_CNAME, to);
        }
        fake_txt(&m, to, "here");
        if (hops == VD_CHAIN_MAX) {
            expect(VD_PRESENT, VD_DETAIL_NONE);
        } else {
            expect(VD_UNKNOWN, VD_DETAIL_CHAIN);
            assert_int_equal(gist.limit, VD_LIMIT_CHAIN);
        }
    }
}

static void test_answer_records_of_other_names_do_not_count(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "www.example.com", "v=spf1 +all");
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
}

static void test_answer_cut_off_with_tc_is_truncated_wherever_it_ends(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA | 0x0200u);
    size_t head = m.w.len;
    fake_txt(&m, "example.com", "v=spf1 -all");
    for (size_t len = m.w.len; len >= head; len--) {
        m.w.len = len;
        expect(VD_UNKNOWN, VD_DETAIL_TRUNCATED);
    }
}

static void test_answer_header_alone_is_its_rcode(void **state)
{
    static const struct {
        uint16_t rcode;
        enum vd_detail detail;
    } rows[] = {{1, VD_DETAIL_RCODE},
                {2, VD_DETAIL_SERVFAIL},
                {3, VD_DETAIL_SUSPECT},
                {5, VD_DETAIL_REFUSED}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        ask("example.com", VD_TYPE_TXT, (uint16_t)(RA | rows[i].rcode));
        m.bytes[5] = 0;
        m.w.len = 12;
        expect(VD_UNKNOWN, rows[i].detail);
    }
}

static void test_answer_extended_rcode_is_an_error(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_rr(&m, VD_SECTION_ADDITIONAL, ".", VD_TYPE_OPT, NULL, 0);
    m.bytes[m.w.len - 6] = 1; /* BADVERS, whose low bits say NOERROR */
    fake_txt(&m, "example.com", "v=spf1 -all");
    m.bytes[7] = 0;
    m.bytes[11] = 2; /* the TXT stands in the additional section: no matter */
    expect(VD_UNKNOWN, VD_DETAIL_RCODE);
    assert_int_equal(gist.evidence.rcode, VD_RCODE_BADVERS);
}

static void test_answer_record_of_another_class_does_not_count(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA);
    fake_txt(&m, "example.com", "x");
    m.bytes[m.w.len - 2 - 7] = 3;
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
    ask("example.com", VD_TYPE_TXT, RA | 3);
    fake_soa(&m, "example.com");
    m.bytes[m.w.len - 22 - 7] = 3;
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
}

static void test_answer_wanted_and_nxdomain_contradict_one_another(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, RA | 3);
    fake_txt(&m, "example.com", "v=spf1 -all");
    fake_soa(&m, "example.com");
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
}

static void test_answer_referral_needs_its_zone_to_be_above(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, 0x8000u);
    fake_target(&m, VD_SECTION_AUTHORITY, "example.net", VD_TYPE_NS, "ns.example.net");
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
    expect_of_authority(VD_UNKNOWN, VD_DETAIL_INTERCEPTED);
    ask("example.com", VD_TYPE_TXT, AA); /* its own zone, and it forgot the SOA */
    fake_target(&m, VD_SECTION_AUTHORITY, "example.com", VD_TYPE_NS, "ns.example.com");
    expect_of_authority(VD_UNKNOWN, VD_DETAIL_SUSPECT);
}

static void test_answer_negative_ttl_is_the_least_of_soa_and_minimum(void **state)
{
    (void)state;
    ask("a.b.example.com", VD_TYPE_TXT, RA | 3);
    add_soa("example.com", 0xfedcba98u, 600, 900);
    expect(VD_ABSENT, VD_DETAIL_NXDOMAIN);
    assert_int_equal(gist.ttl_s, 600);
    assert_true(gist.evidence.has_soa);
    assert_int_equal(gist.evidence.soa_serial, 0xfedcba98u);
    assert_int_equal(gist.evidence.soa_minimum, 900);
    assert_int_equal(gist.evidence.soa_up, 2);
    ask("example.com", VD_TYPE_TXT, RA);
    add_soa("example.com", 1, 900, 60);
    expect(VD_ABSENT, VD_DETAIL_NODATA);
    assert_int_equal(gist.ttl_s, 60);
    assert_int_equal(gist.evidence.soa_up, 0);
    ask("example.com", VD_TYPE_TXT, RA);
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
    assert_int_equal(gist.ttl_s, UINT32_MAX);
    assert_false(gist.evidence.has_soa);
}

static void test_answer_to_a_question_for_the_soa_gives_its_serial(void **state)
{
    static const uint8_t rdata[22] = {0, 0, 0x78, 0xb7, 0x4c, 0x81, [21] = 7};

    (void)state;
    ask("example.com", VD_TYPE_SOA, AA);
    fake_rr(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_SOA, rdata, sizeof(rdata));
    classify_as(true);
    assert_int_equal(gist.presence, VD_PRESENT);
    assert_true(gist.evidence.has_soa);
    assert_int_equal(gist.evidence.soa_serial, 2025278593u);
    assert_int_equal(gist.evidence.soa_minimum, 7);
}

static void test_answer_evidence_is_what_the_header_says(void **state)
{
    (void)state;
    ask("example.com", VD_TYPE_TXT, 0x8420u); /* AA, AD */
    fake_txt(&m, "example.com", "x");
    classify();
    assert_true(gist.evidence.is_aa && gist.evidence.is_ad && !gist.evidence.is_ra);
    assert_int_equal(gist.evidence.rcode, 0);
    assert_int_equal(gist.evidence.ede, VD_EDE_NONE);
    assert_string_equal(gist.evidence.ede_text, "");
    ask("example.com", VD_TYPE_TXT, RA | 5);
    classify();
    assert_true(!gist.evidence.is_aa && !gist.evidence.is_ad && gist.evidence.is_ra);
    assert_int_equal(gist.evidence.rcode, VD_RCODE_REFUSED);
}

static void test_answer_ede_text_is_made_printable_and_cut(void **state)
{
    static const struct {
        const char *text, *kept;
    } rows[] = {
        {"", ""},
        {"no DNSKEY for example.com", "no DNSKEY for example.com"},
        {"tab\tesc\x1b[31m del\x7f \xc3\xa9", "tab?esc?[31m del? ??"},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         "01234567890123456789012345678901234567890123456"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask("example.com", VD_TYPE_TXT, RA | 2);
        add_ede(9, rows[i].text);
        expect(VD_UNKNOWN, VD_DETAIL_DNSSEC);
        assert_int_equal(gist.evidence.ede, 9);
        assert_string_equal(gist.evidence.ede_text, rows[i].kept);
    }
}

/* What an info code makes of each rcode; SERVFAIL without one is SERVFAIL, and so on. */
static void test_answer_ede_explains_and_does_not_overrule(void **state)
{
    static const struct {
        uint16_t ede;
        bool is_decisive; /* it turns what was proved into unknown */
        enum vd_detail detail;
    } rows[] = {
        {0, false, VD_DETAIL_NONE},      {1, false, VD_DETAIL_DNSSEC},
        {2, false, VD_DETAIL_DNSSEC},    {3, true, VD_DETAIL_STALE},
        {4, true, VD_DETAIL_FILTERED},   {5, false, VD_DETAIL_DNSSEC},
        {6, false, VD_DETAIL_DNSSEC},    {7, false, VD_DETAIL_DNSSEC},
        {8, false, VD_DETAIL_DNSSEC},    {9, false, VD_DETAIL_DNSSEC},
        {10, false, VD_DETAIL_DNSSEC},   {11, false, VD_DETAIL_DNSSEC},
        {12, false, VD_DETAIL_DNSSEC},   {13, false, VD_DETAIL_UPSTREAM},
        {14, false, VD_DETAIL_UPSTREAM}, {15, true, VD_DETAIL_FILTERED},
        {16, true, VD_DETAIL_FILTERED},  {17, true, VD_DETAIL_FILTERED},
        {18, false, VD_DETAIL_FILTERED}, {19, true, VD_DETAIL_STALE},
        {20, false, VD_DETAIL_FILTERED}, {21, false, VD_DETAIL_FILTERED},
        {22, false, VD_DETAIL_UPSTREAM}, {23, false, VD_DETAIL_UPSTREAM},
        {24, false, VD_DETAIL_NONE},     {25, false, VD_DETAIL_DNSSEC},
        {26, false, VD_DETAIL_NONE},     {27, false, VD_DETAIL_DNSSEC},
        {28, false, VD_DETAIL_NONE},     {29, false, VD_DETAIL_NONE},
        {30, false, VD_DETAIL_NONE},     {49152, false, VD_DETAIL_NONE},
        {65534, false, VD_DETAIL_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum vd_detail why = rows[i].detail;
        bool is_decisive = rows[i].is_decisive;

        ask("example.com", VD_TYPE_TXT, RA | 2);
        add_ede(rows[i].ede, "");
        expect(VD_UNKNOWN, why != VD_DETAIL_NONE ? why : VD_DETAIL_SERVFAIL);
        ask("example.com", VD_TYPE_TXT, RA | 5);
        add_ede(rows[i].ede, "");
        expect(VD_UNKNOWN, why != VD_DETAIL_NONE ? why : VD_DETAIL_REFUSED);
        ask("example.com", VD_TYPE_TXT, RA | 4);
        add_ede(rows[i].ede, "");
        expect(VD_UNKNOWN, VD_DETAIL_RCODE);

        ask("example.com", VD_TYPE_TXT, RA); /* there, and the code does not take it away */
        fake_txt(&m, "example.com", "v=spf1 -all");
        add_ede(rows[i].ede, "");
        expect(is_decisive ? VD_UNKNOWN : VD_PRESENT, is_decisive ? why : VD_DETAIL_NONE);
        ask("example.com", VD_TYPE_TXT, RA); /* nodata */
        fake_soa(&m, "example.com");
        add_ede(rows[i].ede, "");
        expect(is_decisive ? VD_UNKNOWN : VD_ABSENT, is_decisive ? why : VD_DETAIL_NODATA);
        ask("example.com", VD_TYPE_TXT, RA | 3); /* no such name, proved */
        fake_soa(&m, "com");
        add_ede(rows[i].ede, "");
        /* "Not validated" is not "not true". */
        bool is_harmless = rows[i].ede == 1 || rows[i].ede == 2 || rows[i].ede == 5;
        bool is_proof = why == VD_DETAIL_NONE || is_harmless;
        expect(is_proof ? VD_ABSENT : VD_UNKNOWN, is_proof ? VD_DETAIL_NXDOMAIN : why);
        ask("a.example", VD_TYPE_TXT, RA | 3); /* no such name at the end of an alias, proved */
        fake_target(&m, VD_SECTION_ANSWER, "a.example", VD_TYPE_CNAME, "b.example");
        fake_soa(&m, "example");
        add_ede(rows[i].ede, "");
        expect(is_proof ? VD_ABSENT : VD_UNKNOWN, is_proof ? VD_DETAIL_DANGLING : why);
        ask("example.com", VD_TYPE_TXT, RA | 3); /* no such name, not proved */
        add_ede(rows[i].ede, "");
        expect(VD_UNKNOWN, why != VD_DETAIL_NONE ? why : VD_DETAIL_SUSPECT);
        ask("example.com", VD_TYPE_TXT, RA); /* nothing, not proved */
        add_ede(rows[i].ede, "");
        expect(VD_UNKNOWN, is_decisive ? why : VD_DETAIL_SUSPECT);
        ask("example.com", VD_TYPE_TXT, RA | 0x0200u);
        add_ede(rows[i].ede, "");
        expect(VD_UNKNOWN, VD_DETAIL_TRUNCATED);

        ask("example.com", VD_TYPE_TXT, RA); /* an alias that leaves */
        fake_target(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_CNAME, "a.example");
        add_ede(rows[i].ede, "");
        classify();
        assert_int_equal(gist.leaves, !is_decisive);
    }
}

static void test_answer_nxdomain_with_an_soa_of_that_very_name_contradicts_itself(void **state)
{
    (void)state;
    ask("_dmarc.example.com", VD_TYPE_TXT, RA | 3);
    fake_soa(&m, "_dmarc.example.com");
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
    ask("s1._domainkey.example.com", VD_TYPE_TXT, RA | 3);
    fake_target(&m, VD_SECTION_ANSWER, "s1._domainkey.example.com", VD_TYPE_CNAME,
                "s1.dkim.vendor.example");
    fake_soa(&m, "s1.dkim.vendor.example");
    expect(VD_UNKNOWN, VD_DETAIL_SUSPECT);
    ask("_dmarc.example.com", VD_TYPE_TXT, RA); /* nodata at an apex */
    fake_soa(&m, "_dmarc.example.com");
    expect(VD_ABSENT, VD_DETAIL_NODATA);
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
        cmocka_unit_test(test_answer_nxdomain_of_an_alias_without_its_soa_is_only_suspect),
        cmocka_unit_test(test_answer_alias_is_not_absent_by_the_soa_of_its_own_zone),
        cmocka_unit_test(test_answer_alias_out_of_the_response_leaves),
        cmocka_unit_test(test_answer_alias_loop_ends_where_it_comes_round),
        cmocka_unit_test(test_answer_chain_has_a_bound_with_a_name),
        cmocka_unit_test(test_answer_records_of_other_names_do_not_count),
        cmocka_unit_test(test_answer_cut_off_with_tc_is_truncated_wherever_it_ends),
        cmocka_unit_test(test_answer_header_alone_is_its_rcode),
        cmocka_unit_test(test_answer_extended_rcode_is_an_error),
        cmocka_unit_test(test_answer_record_of_another_class_does_not_count),
        cmocka_unit_test(test_answer_wanted_and_nxdomain_contradict_one_another),
        cmocka_unit_test(test_answer_referral_needs_its_zone_to_be_above),
        cmocka_unit_test(test_answer_negative_ttl_is_the_least_of_soa_and_minimum),
        cmocka_unit_test(test_answer_to_a_question_for_the_soa_gives_its_serial),
        cmocka_unit_test(test_answer_evidence_is_what_the_header_says),
        cmocka_unit_test(test_answer_ede_text_is_made_printable_and_cut),
        cmocka_unit_test(test_answer_ede_explains_and_does_not_overrule),
        cmocka_unit_test(test_answer_nxdomain_with_an_soa_of_that_very_name_contradicts_itself),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
