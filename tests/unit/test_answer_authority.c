/* Responses of a zone's own servers.  SPDX-License-Identifier: MIT */
#include "tests/fakes/answer_world.h"

static void test_answer_of_an_authority_counts_only_with_aa_and_without_ra(void **state)
{
    static const struct {
        uint16_t flags;
        bool is_own;
    } rows[] = {{0x8400u, true}, {0x8000u, false}, {0x8480u, false}, {0x8080u, false}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool is_own = rows[i].is_own;
        ask("example.com", VD_TYPE_TXT, rows[i].flags);
        fake_txt(&m, "example.com", "v=spf1 -all");
        expect_of_authority(is_own ? VD_PRESENT : VD_UNKNOWN,
                            is_own ? VD_DETAIL_NONE : VD_DETAIL_INTERCEPTED);
        ask("example.com", VD_TYPE_TXT, rows[i].flags);
        fake_soa(&m, "example.com");
        expect_of_authority(is_own ? VD_ABSENT : VD_UNKNOWN,
                            is_own ? VD_DETAIL_NODATA : VD_DETAIL_INTERCEPTED);
        ask("_dmarc.example.com", VD_TYPE_TXT, rows[i].flags | 3);
        fake_soa(&m, "example.com");
        expect_of_authority(is_own ? VD_ABSENT : VD_UNKNOWN,
                            is_own ? VD_DETAIL_NXDOMAIN : VD_DETAIL_INTERCEPTED);
        ask("example.com", VD_TYPE_TXT, rows[i].flags);
        expect_of_authority(VD_UNKNOWN, is_own ? VD_DETAIL_SUSPECT : VD_DETAIL_INTERCEPTED);
        ask("example.com", VD_TYPE_TXT, rows[i].flags);
        fake_target(&m, VD_SECTION_ANSWER, "example.com", VD_TYPE_CNAME, "a.example");
        classify_as(true);
        assert_int_equal(gist.leaves, is_own);
        assert_int_equal(gist.detail, is_own ? VD_DETAIL_NOT_ASKED : VD_DETAIL_INTERCEPTED);
    }
}

static void test_answer_of_an_authority_that_refers_elsewhere_is_lame_unless_it_has_ra(void **state)
{
    static const char *const zones[] = {".", "com", "example.com", "EXAMPLE.com"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        ask("example.com", VD_TYPE_TXT, 0x8000u);
        fake_target(&m, VD_SECTION_AUTHORITY, zones[i], VD_TYPE_NS, "ns.example.net");
        expect_of_authority(VD_UNKNOWN, VD_DETAIL_LAME);
        m.bytes[3] |= 0x80; /* RA */
        expect_of_authority(VD_UNKNOWN, VD_DETAIL_INTERCEPTED);
        expect(VD_UNKNOWN, VD_DETAIL_LAME); /* of a resolver */
    }
    ask("example.com", VD_TYPE_TXT, 0x8000u);
    fake_txt(&m, "example.com", "x");
    fake_target(&m, VD_SECTION_AUTHORITY, "com", VD_TYPE_NS, "ns.example.net");
    expect_of_authority(VD_UNKNOWN, VD_DETAIL_INTERCEPTED); /* it has an answer: no referral */
}

static void test_answer_of_an_authority_that_refuses_stays_refused(void **state)
{
    static const uint16_t codes[] = {4, 9, 15, 18, 20, 21, 22};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        ask("example.com", VD_TYPE_TXT, 0x8005u);
        add_ede(codes[i], "");
        expect_of_authority(VD_UNKNOWN, VD_DETAIL_REFUSED);
    }
    ask("example.com", VD_TYPE_TXT, 0x8002u);
    expect_of_authority(VD_UNKNOWN, VD_DETAIL_SERVFAIL);
    ask("example.com", VD_TYPE_TXT, 0x8600u);
    expect_of_authority(VD_UNKNOWN, VD_DETAIL_TRUNCATED);
}

/* ---- what an authority is believed about ------------------------------------------------------- */

#define SELECTOR "s1._domainkey.example.com"
#define VENDOR   "s1.dkim.vendor.example"

static void expect_leaves(const char *end, unsigned hops)
{
    char text[VD_NAME_TEXT_MAX];

    assert_int_equal(gist.presence, VD_UNKNOWN);
    assert_int_equal(gist.detail, VD_DETAIL_NOT_ASKED);
    assert_true(gist.leaves);
    assert_int_equal(gist.hops, hops);
    assert_int_equal(vd_name_to_text(&gist.end, text, sizeof(text)), VD_OK);
    assert_string_equal(text, end);
}

/* It serves a copy of the vendor's zone too: an old one, or somebody else's. */
static void test_answer_of_an_authority_is_not_believed_about_an_aliases_target(void **state)
{
    (void)state;
    ask(SELECTOR, VD_TYPE_TXT, AA | 3);
    fake_target(&m, VD_SECTION_ANSWER, SELECTOR, VD_TYPE_CNAME, VENDOR);
    fake_soa(&m, "vendor.example");
    classify_as(true);
    expect_leaves(VENDOR, 1);
    assert_false(gist.evidence.has_soa);
    classify_in(true, NULL);
    expect_leaves(VENDOR, 1);
    add_ede(20, ""); /* of the target as well */
    classify_as(true);
    expect_leaves(VENDOR, 1);
    ask(SELECTOR, VD_TYPE_TXT, AA);
    fake_target(&m, VD_SECTION_ANSWER, SELECTOR, VD_TYPE_CNAME, VENDOR);
    fake_target(&m, VD_SECTION_ANSWER, VENDOR, VD_TYPE_CNAME, "k.host.example");
    fake_txt(&m, "k.host.example", "v=DKIM1; p=AAAA");
    classify_as(true);
    expect_leaves(VENDOR, 1);
    classify();
    assert_int_equal(gist.presence, VD_PRESENT); /* of a resolver */
    ask(SELECTOR, VD_TYPE_TXT, AA);
    fake_target(&m, VD_SECTION_ANSWER, SELECTOR, VD_TYPE_CNAME, "x.notexample.com");
    fake_soa(&m, "example.com");
    classify_as(true);
    expect_leaves("x.notexample.com", 1);
}

static void test_answer_of_an_authority_follows_aliases_inside_its_zone(void **state)
{
    (void)state;
    ask(SELECTOR, VD_TYPE_TXT, AA);
    fake_target(&m, VD_SECTION_ANSWER, SELECTOR, VD_TYPE_CNAME, "k.Example.COM");
    fake_txt(&m, "k.example.com", "v=DKIM1; p=AAAA");
    expect_of_authority(VD_PRESENT, VD_DETAIL_NONE);
    classify_in(true, NULL); /* the apex is not known: nor is what is inside */
    expect_leaves("k.example.com", 1);
    ask(SELECTOR, VD_TYPE_TXT, AA | 3);
    fake_target(&m, VD_SECTION_ANSWER, SELECTOR, VD_TYPE_CNAME, "k.example.com");
    fake_soa(&m, "example.com");
    expect_of_authority(VD_ABSENT, VD_DETAIL_DANGLING);
    ask(SELECTOR, VD_TYPE_TXT, AA);
    fake_target(&m, VD_SECTION_ANSWER, SELECTOR, VD_TYPE_CNAME, "k.example.com");
    fake_target(&m, VD_SECTION_ANSWER, "k.example.com", VD_TYPE_CNAME, VENDOR);
    fake_txt(&m, VENDOR, "v=DKIM1; p=AAAA");
    classify_as(true);
    expect_leaves(VENDOR, 2);
}

static void test_answer_of_an_authority_with_the_soa_of_a_zone_above_is_lame(void **state)
{
    static const char *const above[] = {".", "com"};
    static const uint16_t rcodes[] = {0, 3};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < 2; j++) {
            ask("_dmarc.example.com", VD_TYPE_TXT, (uint16_t)(AA | rcodes[j]));
            fake_soa(&m, above[i]);
            expect_of_authority(VD_UNKNOWN, VD_DETAIL_LAME);
            m.bytes[2] &= (uint8_t)~0x04u; /* without AA it is not even its own */
            expect_of_authority(VD_UNKNOWN, VD_DETAIL_INTERCEPTED);
        }
    }
    ask("_dmarc.example.com", VD_TYPE_TXT, AA | 3);
    fake_soa(&m, ".");
    classify_in(true, NULL);
    assert_int_equal(gist.detail, VD_DETAIL_LAME);
    ask("_dmarc.a.example.com", VD_TYPE_TXT, AA | 3); /* it serves the zone below as well */
    fake_soa(&m, "a.example.com");
    expect_of_authority(VD_ABSENT, VD_DETAIL_NXDOMAIN);
}

static void test_answer_of_an_authority_to_a_question_from_outside_is_lame(void **state)
{
    (void)state;
    ask("example.net", VD_TYPE_TXT, AA);
    fake_txt(&m, "example.net", "v=spf1 -all");
    expect_of_authority(VD_UNKNOWN, VD_DETAIL_LAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_of_an_authority_counts_only_with_aa_and_without_ra),
        cmocka_unit_test(
            test_answer_of_an_authority_that_refers_elsewhere_is_lame_unless_it_has_ra),
        cmocka_unit_test(test_answer_of_an_authority_that_refuses_stays_refused),
        cmocka_unit_test(test_answer_of_an_authority_is_not_believed_about_an_aliases_target),
        cmocka_unit_test(test_answer_of_an_authority_follows_aliases_inside_its_zone),
        cmocka_unit_test(test_answer_of_an_authority_with_the_soa_of_a_zone_above_is_lame),
        cmocka_unit_test(test_answer_of_an_authority_to_a_question_from_outside_is_lame),
    };
    return cmocka_run_group_tests_name("answer_authority", tests, NULL, NULL);
}
