/* Name servers, DS and AD: was, now, verdict.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/judge_words.h"
#include "tests/unit/lines_world.h"

#define APEX   "example.com SOA\nexample.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1\n"
#define BETTER VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO

/* ---- NS ------------------------------------------------------------------------------------- */

#define NS(host)                       "example.com NS " host "\n"
#define NS3(a, b, c)                   NS(a ".ns.dns.example") NS(b ".ns.dns.example") NS(c ".ns.dns.example")
#define NS9(a, b, c, d, e, f, g, h, i) NS3(a, b, c) NS3(d, e, f) NS3(g, h, i)

static const struct change ns_rows[] = {
    {"the same, turned around",
     APEX NS("ns1.dns.example") NS("ns2.dns.example"),
     APEX NS("ns2.dns.example") NS("ns1.dns.example"),
     {{NOTHING}}},
    {"fewer",
     APEX NS("ns1.dns.example") NS("ns2.dns.example"),
     APEX NS("ns2.dns.example"),
     {{VD_CODE_NS_CHANGED, CHANGED}}},
    {"one more of the same operator",
     APEX NS("ns1.dns.example"),
     APEX NS("ns1.dns.example") NS("ns2.dns.example"),
     {{VD_CODE_NS_CHANGED, CHANGED}}},
    {"one more of a new operator",
     APEX NS("ns1.dns.example"),
     APEX NS("ns1.dns.example") NS("ns1.other.example"),
     {{VD_CODE_NS_REPLACED, WEAKENED}}},
    {"replaced as a whole",
     APEX NS("ns1.dns.example") NS("ns2.dns.example"),
     APEX NS("ns1.other.example") NS("ns2.other.example"),
     {{VD_CODE_NS_REPLACED, WEAKENED}}},
    {"another account of the same operator",
     APEX NS("ada.ns.cdn.example") NS("bob.ns.cdn.example"),
     APEX NS("cleo.ns.cdn.example") NS("dan.ns.cdn.example"),
     {{VD_CODE_NS_REPLACED, WEAKENED}}},
    {"our own",
     APEX NS("ns1.example.com") NS("ns1.dns.example"),
     APEX NS("ns2.example.com") NS("ns1.dns.example"),
     {{VD_CODE_NS_CHANGED, CHANGED}}},
    {"eight of nine replaced: not all of them are remembered",
     APEX NS9("a", "b", "c", "d", "e", "f", "g", "h", "i"),
     APEX NS9("i", "j", "k", "l", "m", "n", "o", "p", "q"),
     {{VD_CODE_NS_CHANGED, CHANGED}}},
    {"no zone of its own", APEX, APEX, {{NOTHING}}},
    {"delegated", APEX, APEX NS("ns1.dns.example"), {{VD_CODE_NS_REPLACED, WEAKENED}}},
    {"delegated no more", APEX NS("ns1.dns.example"), APEX, {{VD_CODE_NS_REPLACED, WEAKENED}}},
    {"unknown", APEX NS("ns1.dns.example"), APEX NS("!servfail"), {{NOTHING}}},
    {"first contact", NULL, APEX NS("ns1.dns.example"), {{NOTHING}}},
};

static void test_ns_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_NS, ns_rows);
}

static void test_ns_words(void **state)
{
    (void)state;
    judge_lines_change(APEX NS("ns1.dns.example") NS("ns2.dns.example"),
                       APEX NS("ns1.other.example"));
    const struct vd_finding *finding = find(VD_CODE_NS_REPLACED);
    assert_string_equal(words(finding->old_text), "ns1.dns.example, ns2.dns.example");
    assert_string_equal(words(finding->new_text), "ns1.other.example");
    assert_int_equal(finding->axis, VD_AXIS_INTERCEPT | VD_AXIS_SPOOF);
    assert_int_equal(finding->rtype, VD_TYPE_NS);
    assert_has(words(finding->mend), "ns1.dns.example, ns2.dns.example");
}

/* More name servers and operators than are remembered. */
static void test_ns_large_set_that_loses_one_is_no_alarm(void **state)
{
    static char was[1000];
    size_t len = (size_t)sprintf(was, APEX);

    (void)state;
    for (unsigned i = 0; i < 12; i++) {
        len += (size_t)sprintf(was + len, "example.com NS ns%02u.dns%u.example\n", i, i);
    }
    judge_lines_change(was, strstr(was, "example.com NS ns01"));
    assert_null(find(VD_CODE_NS_REPLACED));
    assert_non_null(find(VD_CODE_NS_CHANGED));
}

/* ---- DS, AD --------------------------------------------------------------------------------- */

#define DS(tag) "example.com DS " tag "0d02aabbccdd\n"

static const struct change ds_rows[] = {
    {"the same", APEX DS("3039"), APEX DS("3039"), {{NOTHING}}},
    {"turned around", APEX DS("3039") DS("1111"), APEX DS("1111") DS("3039"), {{NOTHING}}},
    {"gone",
     APEX DS("3039"),
     "com SOA\nexample.com MX 10 mx.example.com\n",
     {{VD_CODE_DS_MISSING, WEAKENED}}},
    {"the child says that it is gone", APEX DS("3039"), APEX, {{NOTHING}}},
    {"another key", APEX DS("3039"), APEX DS("1111"), {{VD_CODE_DS_CHANGED, CHANGED}}},
    {"appeared",
     "example.com MX 10 mx.example.com\n",
     APEX DS("3039"),
     {{VD_CODE_DS_APPEARED, BETTER}}},
    {"unknown", APEX DS("3039"), APEX "example.com DS !servfail\n", {{NOTHING}}},
};

static void test_ds_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_DS, ds_rows);
    judge_lines_change(APEX DS("3039"), "example.com MX 10 mx.example.com\n");
    const struct vd_finding *finding = find(VD_CODE_DS_MISSING);
    assert_string_equal(words(finding->old_text), "key tag 12345, algorithm 13, no AD");
    assert_int_equal(finding->axis, VD_AXIS_INTERCEPT);
}

/* Learn `was`, then look again with another AD bit, another resolver, or a control name without AD. */
static void look_again(const char *was, const char *now, bool is_ad, uint8_t server,
                       uint16_t ad_servers)
{
    lines_are_ad = true;
    lines_server = 0;
    memset(&baseline, 0, sizeof baseline);
    judge_lines(was);
    vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    lines_are_ad = is_ad;
    lines_server = server;
    judge_lines(now);
    snapshot.ad_servers = ad_servers;
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

static void test_ad_is_compared_for_the_same_resolver_only(void **state)
{
    static const char zone[] = APEX DS("3039");

    (void)state;
    look_again(zone, zone, true, 0, 1);
    assert_null(find(VD_CODE_DS_AD_LOST));
    look_again(zone, zone, false, 0, 1);
    assert_int_equal(find(VD_CODE_DS_AD_LOST)->class_, VD_CLASS_WEAKENED);
    assert_int_equal(find(VD_CODE_DS_AD_LOST)->severity, VD_SEVERITY_WARNING);
    look_again(zone, zone, false, 1, 3); /* another resolver */
    assert_null(find(VD_CODE_DS_AD_LOST));
    assert_int_equal(subject(VD_SUBJECT_DS, 0)->unknown, VD_FACET_BIT(VD_FACET_DS_AD));
    look_again(zone, zone, false, 0, 0); /* nothing is validated at present */
    assert_null(find(VD_CODE_DS_AD_LOST));
    assert_int_equal(subject(VD_SUBJECT_DS, 0)->unknown, VD_FACET_BIT(VD_FACET_DS_AD));
}

/* One answer without AD among several of one resolver: not validated, at whichever one looks first. */
static void test_ad_counts_only_if_all_answers_have_it(void **state)
{
    static const char zone[] = APEX DS("3039") "example.com TXT v=spf1 -all\n";

    (void)state;
    lines_are_ad = true;
    judge_lines_change(zone, zone);
    for (size_t i = 0; i < snapshot.answers_count; i++) {
        if (snapshot.answers[i].type == VD_TYPE_MX) {
            snapshot.answers[i].is_ad = false;
        }
    }
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_non_null(find(VD_CODE_DS_AD_LOST));
    memset(&baseline, 0, sizeof baseline);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_null(find(VD_CODE_DS_AD_FOUND));
}

static void test_ad_goes_with_the_ds(void **state)
{
    (void)state;
    look_again(APEX DS("3039"), "example.com MX 10 mx.example.com\n", false, 0, 1);
    assert_non_null(find(VD_CODE_DS_MISSING));
    assert_null(find(VD_CODE_DS_AD_LOST));
}

static void test_ad_appears(void **state)
{
    static const char zone[] = APEX DS("3039");

    (void)state;
    judge_lines_change(zone, zone);
    lines_are_ad = true;
    judge_lines(zone);
    assert_int_equal(find(VD_CODE_DS_AD_FOUND)->class_, VD_CLASS_STRENGTHENED);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up_lines)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_ns_table),
        TEST(test_ns_words),
        TEST(test_ns_large_set_that_loses_one_is_no_alarm),
        TEST(test_ds_table),
        TEST(test_ad_is_compared_for_the_same_resolver_only),
        TEST(test_ad_counts_only_if_all_answers_have_it),
        TEST(test_ad_goes_with_the_ds),
        TEST(test_ad_appears),
    };

    return cmocka_run_group_tests_name("judge_zone", tests, NULL, NULL);
}
