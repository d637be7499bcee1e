/*
 * SPF: the static walk, senders and strangers, and what is unknown.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/spf_world.h"

#include "firmware/judge/facets.h"

#define DMARC "_dmarc TXT v=DMARC1; p=reject\n"

static void first(const char *text)
{
    judge_zones(NULL, text);
}

static bool is_unknown(enum vd_facet facet)
{
    return (spf()->unknown & VD_FACET_BIT(facet)) != 0;
}

/* ---- counting ----------------------------------------------------------------------------------- */

static void test_counts_table(void **state)
{
    static const struct {
        const char *why, *zone;
        unsigned lookups, voids4, voids6, standing;
    } rows[] = {
        {"ip4, ip6, all, exp cost nothing", "@ TXT v=spf1 ip4:192.0.2.1 ip6:::1 exp=e.example -all",
         0, 0, 0, VD_STANDING_OK},
        {"each of the six kinds",
         "@ TXT v=spf1 a mx ptr exists:no.example.com include:i redirect=r", 0, 0, 0,
         VD_STANDING_BROKEN},
        {"over the tree",
         "@ TXT v=spf1 a include:i.example redirect=r.example\n@ A 192.0.2.1\n@ AAAA ::1\n"
         "i.example. TXT v=spf1 a:example.com ptr -all\nr.example. TXT v=spf1 ptr -all",
         6, 0, 0, VD_STANDING_OK},
        {"behind all nothing counts", "@ TXT v=spf1 ptr -all a mx include:x.example", 1, 0, 0,
         VD_STANDING_OK},
        {"redirect beside all is none", "@ TXT v=spf1 redirect=x.example ptr -all", 1, 0, 0,
         VD_STANDING_OK},
        {"the same include twice counts twice",
         "@ TXT v=spf1 include:i.example include:i.example -all\ni.example. TXT v=spf1 ptr -all", 4,
         0, 0, VD_STANDING_OK},
        {"a host without IPv6", "@ TXT v=spf1 a -all\n@ A 192.0.2.1", 1, 0, 1, VD_STANDING_OK},
        {"a host without IPv4", "@ TXT v=spf1 a -all\n@ AAAA ::1", 1, 1, 0, VD_STANDING_OK},
        {"no such host", "@ TXT v=spf1 a:no.example.com -all", 1, 1, 1, VD_STANDING_OK},
        {"no MX", "@ TXT v=spf1 mx -all", 1, 1, 1, VD_STANDING_OK},
        {"a null MX is no void lookup", "@ TXT v=spf1 mx -all\n@ MX 0 .", 1, 0, 0, VD_STANDING_OK},
        {"MX hosts without addresses are none", "@ TXT v=spf1 mx -all\n@ MX 10 no.example.com.", 1,
         0, 0, VD_STANDING_OK},
        {"exists asks for IPv4 alone", "@ TXT v=spf1 exists:h.example.com -all\nh AAAA ::1", 1, 1,
         1, VD_STANDING_OK},
        {"three over IPv6 only",
         "@ TXT v=spf1 a a:h1.example.com a:h2.example.com -all\n@ A 192.0.2.1\nh1 A 192.0.2.2\n"
         "h2 A 192.0.2.3",
         3, 0, 3, VD_STANDING_OK},
        {"three over IPv4",
         "@ TXT v=spf1 a a:h1.example.com a:h2.example.com -all\n@ AAAA ::1\nh1 AAAA ::2\n"
         "h2 AAAA ::3",
         3, 3, 0, VD_STANDING_BROKEN},
        {"ten", "@ TXT v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr -all", 10, 0, 0,
         VD_STANDING_OK},
        {"eleven", "@ TXT v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr -all", 11, 0, 0,
         VD_STANDING_BROKEN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        first(rows[i].zone);
        bool is_right = spf()->standing == rows[i].standing &&
                        (rows[i].lookups == 0 || spf()->lookups == rows[i].lookups) &&
                        (rows[i].standing != VD_STANDING_OK ||
                         (spf()->voids4 == rows[i].voids4 && spf()->voids6 == rows[i].voids6));
        if (!is_right) {
            print_error("%s: standing %u, %u lookups, %u and %u voids\n", rows[i].why,
                        spf()->standing, spf()->lookups, spf()->voids4, spf()->voids6);
            fail();
        }
    }
}

static void test_counting_stops_at_twenty(void **state)
{
    (void)state;
    first("@ TXT v=spf1 include:d0.example include:d0.example -all\n"
          "d0.example. TXT v=spf1 include:d1.example include:d1.example -all\n"
          "d1.example. TXT v=spf1 include:d2.example include:d2.example -all\n"
          "d2.example. TXT v=spf1 include:d3.example include:d3.example -all\n"
          "d3.example. TXT v=spf1 include:d4.example include:d4.example -all\n"
          "d4.example. TXT v=spf1 -all\n");
    assert_int_equal(spf()->standing, VD_STANDING_BROKEN);
    assert_int_equal(spf()->lookups, 20);
    assert_string_equal(text_of(spf()->fault), "at least 20 lookups, the limit is 10");
    assert_non_null(strstr(words(find(VD_CODE_SPF_BROKEN)->why), "not matched early"));
}

static void test_ten_nested_includes_are_allowed(void **state)
{
    char text[2048];
    size_t len = (size_t)sprintf(text, "@ TXT v=spf1 include:n1.example -all\n");

    (void)state;
    for (unsigned i = 1; i < 10; i++) {
        len += (size_t)sprintf(text + len, "n%u.example. TXT v=spf1 include:n%u.example -all\n", i,
                               i + 1);
    }
    sprintf(text + len, "n10.example. TXT v=spf1 ip4:192.0.2.1 -all");
    first(text);
    assert_int_equal(spf()->standing, VD_STANDING_OK);
    assert_int_equal(spf()->lookups, 10);
    assert_int_equal(spf()->n4, 1);
    char summary[VD_SUMMARY_MAX];
    assert_string_equal(vd_spf_summary(&judgement.facts, summary), "-all, 10 of 10 lookups");
}

static void test_more_macros_than_we_fill_in_are_unknown(void **state)
{
    char text[1024];
    size_t len = (size_t)sprintf(text, "@ TXT v=spf1 include:");

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        len += (size_t)sprintf(text + len, "%%{d}");
    }
    first(text);
    assert_int_equal(spf()->standing, VD_STANDING_UNKNOWN);
    assert_int_equal(spf()->detail, VD_DETAIL_LIMIT);
}

static void test_more_than_ten_mx_hosts_are_a_permerror(void **state)
{
    char text[1024];
    size_t len = (size_t)sprintf(text, "@ TXT v=spf1 mx -all\n");

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        len += (size_t)sprintf(text + len, "@ MX 10 h%u\nh%u A 192.0.2.%u\n", i, i, i);
    }
    first(text);
    assert_int_equal(spf()->standing, VD_STANDING_OK);
    assert_int_equal(spf()->n4, 10);
    sprintf(text + len, "@ MX 20 h10\n");
    first(text);
    assert_int_equal(spf()->standing, VD_STANDING_BROKEN);
    assert_string_equal(text_of(spf()->fault), "mx: more than 10 MX hosts");
}

/* ---- networks ------------------------------------------------------------------------------------- */

static void test_ranges_table(void **state)
{
    static const struct {
        const char *why, *zone;
        uint32_t n4, n6;
        uint8_t prefix4, prefix6, any4;
    } rows[] = {
        {"nobody", "@ TXT v=spf1 -all", 0, 0, 33, 129, 33},
        {"own networks", "@ TXT v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/48 -all", 256, 65536, 24, 48,
         24},
        {"overlaps count once", "@ TXT v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.7 -all", 256, 0, 24, 129,
         24},
        {"only '+' passes", "@ TXT v=spf1 -ip4:10.0.0.0/8 ?ip4:11.0.0.0/8 ip4:192.0.2.1 -all", 1, 0,
         32, 129, 32},
        {"hosts",
         "@ TXT v=spf1 a mx/24 -all\n@ A 192.0.2.1\n@ AAAA 2001:db8::1\n@ MX 1 m\n"
         "m A 198.51.100.9\nm A 203.0.113.9",
         513, 1, 24, 128, 24},
        {"an unknown include counts",
         "@ TXT v=spf1 include:i.example -all\ni.example. TXT v=spf1 ip4:192.0.2.0/24 -all", 256, 0,
         24, 129, 24},
        {"what a denied include lets in does not",
         "@ TXT v=spf1 -include:i.example -all\ni.example. TXT v=spf1 ip4:192.0.2.0/24 -all", 0, 0,
         33, 129, 33},
        {"nor what stands behind an include's all",
         "@ TXT v=spf1 include:i.example -all\ni.example. TXT v=spf1 -all ip4:192.0.2.0/24", 0, 0,
         33, 129, 33},
        {"a known service's is apart",
         "@ TXT v=spf1 ip4:192.0.2.1 include:_spf.google.com -all\n"
         "_spf.google.com. TXT v=spf1 ip4:10.0.0.0/9 include:_netblocks.google.com ~all\n"
         "_netblocks.google.com. TXT v=spf1 ip4:35.190.247.0/24 ~all",
         1, 0, 32, 129, 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        first(rows[i].zone);
        if (spf()->n4 != rows[i].n4 || spf()->n6 != rows[i].n6 ||
            spf()->prefix4 != rows[i].prefix4 || spf()->prefix6 != rows[i].prefix6 ||
            spf()->any4 != rows[i].any4 || spf()->passes_all) {
            print_error("%s: n4 %u n6 %u prefixes %u %u, any %u\n", rows[i].why, spf()->n4,
                        spf()->n6, spf()->prefix4, spf()->prefix6, spf()->any4);
            fail();
        }
    }
}

static void test_macros_of_the_domain_are_filled_in_frame_by_frame(void **state)
{
    (void)state;
    first("@ TXT v=spf1 include:a.%{d}.i.example -all\n"
          "a.example.com.i.example. TXT v=spf1 a:%{o} a:h.%{d} -all\n"
          "@ A 192.0.2.1\nh.a.example.com.i.example. A 192.0.2.9\n");
    assert_int_equal(spf()->standing, VD_STANDING_OK);
    assert_int_equal(spf()->n4, 2);
    assert_int_equal(spf()->dynamic, 0);
}

static void test_default_goes_through_redirect(void **state)
{
    (void)state;
    first("@ TXT v=spf1 redirect=r.example\nr.example. TXT v=spf1 redirect=s.example\n"
          "s.example. TXT v=spf1 ~all");
    assert_int_equal(spf()->dflt, VD_SPF_SOFTFAIL);
    first("@ TXT v=spf1 include:r.example ?all\nr.example. TXT v=spf1 -all");
    assert_int_equal(spf()->dflt, VD_SPF_NEUTRAL);
    first("@ TXT v=spf1 redirect=%{i}.r.example");
    assert_true(spf()->is_open);
    first("@ TXT v=spf1 include:r.example -all\nr.example. TXT v=spf1 redirect=%{i}.s.example");
    assert_false(spf()->is_open);
    assert_int_equal(spf()->dflt, VD_SPF_FAIL);
    first("@ TXT v=spf1 ~include:o.example -all\no.example. TXT v=spf1 +all");
    assert_int_equal(spf()->dflt, VD_SPF_SOFTFAIL);
    assert_false(spf()->passes_all);
}

/* ---- others' records --------------------------------------------------------------------------------- */

#define OWN "@ TXT v=spf1 include:a.example -all\n" DMARC

static void test_transitive_table(void **state)
{
    static const struct {
        const char *why, *was, *now;
        enum vd_code code;
        enum vd_class class_;
        enum vd_severity severity;
        const char *path;
    } rows[] = {
        {"gone", "a.example. TXT v=spf1 -all", "", VD_CODE_SPF_BROKEN, BROKEN_ERROR,
         "example.com > include:a.example"},
        {"foreign text", "a.example. TXT v=spf1 -all", "a.example. TXT hello", VD_CODE_SPF_BROKEN,
         BROKEN_ERROR, "example.com > include:a.example"},
        {"two", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 -all\na.example. TXT v=spf1",
         VD_CODE_SPF_BROKEN, BROKEN_ERROR, "example.com > include:a.example"},
        {"syntax, two deep", "a.example. TXT v=spf1 -all",
         "a.example. TXT v=spf1 include:b.example -all\nb.example. TXT v=spf1 ip4:1.2.3 -all",
         VD_CODE_SPF_BROKEN, BROKEN_ERROR, "example.com > include:a.example > include:b.example"},
        {"leads back", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 include:example.com",
         VD_CODE_SPF_BROKEN, BROKEN_ERROR, "example.com > include:a.example > include:example.com"},
        {"+all", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 +all", VD_CODE_SPF_PASS_ALL,
         CRITICAL, "example.com > include:a.example"},
        {"+all by redirect", "a.example. TXT v=spf1 -all",
         "a.example. TXT v=spf1 redirect=b.example\nb.example. TXT v=spf1 mx +all",
         VD_CODE_SPF_PASS_ALL, CRITICAL, "example.com > include:a.example > redirect=b.example"},
        {"/0", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 ip4:0.0.0.0/0 -all",
         VD_CODE_SPF_PASS_ALL, CRITICAL, "example.com > include:a.example"},
        {"/8", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 ip4:10.0.0.0/8 -all",
         VD_CODE_SPF_WIDE, CRITICAL, "example.com > include:a.example"},
        {"/12", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 ip4:10.0.0.0/12 -all",
         VD_CODE_SPF_WIDE, WEAKENED, "example.com > include:a.example"},
        {"four times as many, two deep", "a.example. TXT v=spf1 ip4:192.0.2.0/24 -all",
         "a.example. TXT v=spf1 ip4:192.0.2.0/24 include:b.example -all\n"
         "b.example. TXT v=spf1 ip4:10.0.0.0/17 ip4:10.1.0.0/17 ip4:10.2.0.0/17 -all",
         VD_CODE_SPF_WIDE, WEAKENED, "example.com > include:a.example > include:b.example"},
        {"a /12 in halves", "a.example. TXT v=spf1 ip4:10.0.0.0/12 -all",
         "a.example. TXT v=spf1 ip4:10.0.0.0/13 ip4:10.8.0.0/13 -all", NOTHING, NULL},
        {"and whole again", "a.example. TXT v=spf1 ip4:10.0.0.0/13 ip4:10.8.0.0/13 -all",
         "a.example. TXT v=spf1 ip4:10.0.0.0/12 -all", NOTHING, NULL},
        {"more", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 ip4:192.0.2.0/24 -all",
         VD_CODE_SPF_GROWN, CHANGED, NULL},
        {"less", "a.example. TXT v=spf1 ip4:192.0.2.0/24 -all", "a.example. TXT v=spf1 -all",
         VD_CODE_SPF_SHRUNK, CHANGED, NULL},
        {"its own default", "a.example. TXT v=spf1 -all", "a.example. TXT v=spf1 ?all", NOTHING,
         NULL},
        {"other addresses, as many", "a.example. TXT v=spf1 ip4:192.0.2.1 -all",
         "a.example. TXT v=spf1 ip4:192.0.2.2 -all", NOTHING, NULL},
        {"too many lookups", "a.example. TXT v=spf1 -all",
         "a.example. TXT v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr ptr ptr -all", VD_CODE_SPF_BROKEN,
         BROKEN_ERROR, "example.com > include:a.example"},
        {"nine", "a.example. TXT v=spf1 -all",
         "a.example. TXT v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr -all", VD_CODE_SPF_TIGHT, NOTABLE,
         NULL},
        {"eight", "a.example. TXT v=spf1 -all",
         "a.example. TXT v=spf1 ptr ptr ptr ptr ptr ptr ptr -all", NOTHING, NULL},
        {"ten, and nine before", "a.example. TXT v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr -all",
         "a.example. TXT v=spf1 ptr ptr ptr ptr ptr ptr ptr ptr ptr -all", NOTHING, NULL},
        {"a macro more", "a.example. TXT v=spf1 -all",
         "a.example. TXT v=spf1 exists:%{i}.a.example -all", VD_CODE_SPF_DYNAMIC, NOTABLE, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char was[1024];
        char now[1024];
        snprintf(was, sizeof was, OWN "%s", rows[i].was);
        snprintf(now, sizeof now, OWN "%s", rows[i].now);
        judge_zones(was, now);
        expect(rows[i].why, rows[i].code, rows[i].class_, rows[i].severity);
        if (rows[i].path != NULL) {
            assert_string_equal(words(find(rows[i].code)->path), rows[i].path);
        }
    }
}

static void test_known_service_changes_as_it_likes(void **state)
{
#define KNOWN "@ TXT v=spf1 include:_spf.google.com -all\n" DMARC "_spf.google.com. TXT v=spf1 "
    static const char was[] = KNOWN "ip4:203.0.113.0/24 ip4:198.51.100.0/24 ~all";

    (void)state;
    judge_zones(was, KNOWN "ip4:203.0.113.0/24 ip4:10.0.0.0/9 ip4:198.51.100.0/24 -all");
    expect("a /9 more", NOTHING);
    judge_zones(was, KNOWN "ip4:203.0.113.0/24 exists:%{i}.x.google.com ?all");
    expect("less", VD_CODE_SPF_SHRUNK, CHANGED);
    judge_zones(was, KNOWN "ip4:10.0.0.0/8 ~all");
    expect("a /8", VD_CODE_SPF_WIDE, CRITICAL);
    judge_zones(was, KNOWN "ip4:0.0.0.0/0 ~all");
    expect("a /0", VD_CODE_SPF_PASS_ALL, CRITICAL);
    judge_zones(was, KNOWN "+all");
    expect("+all", VD_CODE_SPF_PASS_ALL, CRITICAL);
}

static void test_void_lookups_over_ip6_only_are_minor(void **state)
{
    static const char was[] =
        "@ TXT v=spf1 a a:h1.example.com a:h2.example.com ip6:2001:db8::7 -all\n" DMARC
        "@ A 192.0.2.1\n@ AAAA ::1\nh1 A 192.0.2.2\nh2 A 192.0.2.3";
    static const char now[] =
        "@ TXT v=spf1 a a:h1.example.com a:h2.example.com ip6:2001:db8::7 -all\n" DMARC
        "@ A 192.0.2.1\nh1 A 192.0.2.2\nh2 A 192.0.2.3";

    (void)state;
    judge_zones(was, now);
    assert_true(is_told(VD_CODE_SPF_VOIDS, MINOR));
    add_address(watch.senders, &watch.senders_count, "2001:db8::7");
    judge_zones(was, now);
    assert_true(is_told(VD_CODE_SPF_SENDER_FAILS, BROKEN_ERROR));
    assert_null(find(VD_CODE_SPF_VOIDS));
}

/* ---- unknown ------------------------------------------------------------------------------------------- */

static void test_unknown_include_makes_all_unknown_with_its_path(void **state)
{
    static const char was[] = "@ TXT v=spf1 include:a.example -all\na.example. TXT v=spf1 -all";

    (void)state;
    judge_zones(was, "@ TXT v=spf1 include:a.example ~all\na.example. FAIL TXT");
    expect("unknown", NOTHING);
    assert_int_equal(spf()->standing, VD_STANDING_UNKNOWN);
    assert_int_equal(spf()->detail, VD_DETAIL_TIMEOUT);
    assert_string_equal(text_of(spf()->path), "example.com > include:a.example");
    judge_zones(was, "@ TXT v=spf1 redirect=a.example\na.example. FAIL TXT");
    assert_int_equal(spf()->standing, VD_STANDING_UNKNOWN);
    judge_zones(was, "@ FAIL TXT");
    assert_int_equal(spf()->standing, VD_STANDING_UNKNOWN);
}

static void test_unknown_include_does_not_hide_what_is_certain(void **state)
{
    (void)state;
    first("@ TXT v=spf1 ip4:0.0.0.0/0 include:a.example -all\na.example. FAIL TXT");
    expect("decided before it", VD_CODE_SPF_PASS_ALL, CRITICAL);
    assert_true(is_unknown(VD_FACET_SPF_DEFAULT));
    assert_false(is_unknown(VD_FACET_SPF_RANGE));
    first("@ TXT v=spf1 include:a.example ip4:0.0.0.0/0 -all\na.example. FAIL TXT");
    expect("hangs on it", NOTHING);
    assert_int_equal(spf()->standing, VD_STANDING_UNKNOWN);
    first("@ TXT v=spf1 include:a.example include:b.example -all\na.example. FAIL TXT");
    expect("the other one is not there", VD_CODE_SPF_BROKEN, BROKEN);
    assert_string_equal(text_of(spf()->fault), "include:b.example: no such name (NXDOMAIN)");
}

static void test_unknown_host_leaves_the_rest_known(void **state)
{
    static const char was[] = "@ TXT v=spf1 a mx ip4:10.0.0.1 -all\n@ A 192.0.2.1\n@ AAAA ::1\n"
                              "@ MX 1 m\nm A 192.0.2.2\nm AAAA ::2";

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        static const char *const fails[] = {"@ FAIL AAAA", "@ FAIL MX", "m FAIL A"};
        char now[512];
        snprintf(now, sizeof now, "@ TXT v=spf1 a mx ip4:10.0.0.1 ~all\n%s\n%s%s%s", fails[i],
                 i == 0 ? "" : "@ AAAA ::1\n", i == 1 ? "" : "@ MX 1 m\n",
                 i == 2 ? "" : "m A 192.0.2.2\n");
        judge_zones(was, now);
        assert_int_equal(spf()->standing, VD_STANDING_OK);
        assert_true(is_unknown(VD_FACET_SPF_RANGE) && is_unknown(VD_FACET_SPF_LOOKUPS));
        assert_int_equal(spf()->unknown & ~(VD_FACET_BIT(VD_FACET_SPF_RANGE) |
                                            VD_FACET_BIT(VD_FACET_SPF_LOOKUPS)),
                         0);
        expect(fails[i], VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED);
    }
}

static void test_no_room_for_networks_makes_the_range_unknown(void **state)
{
    static char text[16000];
    size_t len = (size_t)sprintf(text, "@ TXT v=spf1");

    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        len += (size_t)sprintf(text + len, " include:i%u.example", i);
    }
    len += (size_t)sprintf(text + len, " -all\n");
    for (unsigned i = 0; i < 10; i++) {
        len += (size_t)sprintf(text + len, "i%u.example. TXT v=spf1", i);
        for (unsigned k = 0; k < 30; k++) {
            len += (size_t)sprintf(text + len, " ip4:10.%u.%u.1", i, k * 2);
        }
        len += (size_t)sprintf(text + len, "\n");
    }
    first(text);
    assert_int_equal(spf()->standing, VD_STANDING_OK);
    assert_true(is_unknown(VD_FACET_SPF_RANGE));
    assert_false(is_unknown(VD_FACET_SPF_DEFAULT));
}

static void test_too_many_terms_are_unknown_and_not_broken(void **state)
{
    char text[1024];
    size_t len = (size_t)sprintf(text, "@ TXT v=spf1");

    (void)state;
    for (unsigned i = 0; i <= VD_SPF_TERMS_MAX; i++) {
        len += (size_t)sprintf(text + len, " ip4:1.1.1.%u", i);
    }
    first(text);
    assert_int_equal(spf()->standing, VD_STANDING_UNKNOWN);
    assert_int_equal(spf()->detail, VD_DETAIL_LIMIT);
    expect("limit", NOTHING);
}

static void test_questions_come_level_by_level_and_all_at_once(void **state)
{
    (void)state;
    first("@ TXT v=spf1 a mx exists:e.example.com include:a.example include:b.example -all\n"
          "@ A 192.0.2.1\n@ MX 1 m\nm A 192.0.2.2\n"
          "a.example. FAIL TXT\nb.example. TXT v=spf1 a:h.b.example -all\n"
          "h.b.example. A 192.0.2.3");
    assert_non_null(
        vd_snapshot_find(&snapshot, "h.b.example", VD_TYPE_AAAA)); /* behind a failure */
    assert_true(rounds <= 3);
    first("@ TXT v=spf1 x include:a.example -all");
    assert_null(vd_snapshot_find(&snapshot, "a.example", VD_TYPE_TXT));
}

/* ---- senders and strangers ------------------------------------------------------------------------------- */

static void test_own_sender_that_does_not_pass_is_broken(void **state)
{
    static const char good[] = "@ TXT v=spf1 ip4:192.0.2.10 ip6:2001:db8::/64 -all";

    (void)state;
    add_address(watch.senders, &watch.senders_count, "192.0.2.10");
    add_address(watch.senders, &watch.senders_count, "2001:db8::25");
    first(good);
    expect("both pass", NOTHING);
    assert_int_equal(spf()->senders_pass, 3);
    first("@ TXT v=spf1 ip4:192.0.2.10 ~all");
    expect("first contact", VD_CODE_SPF_SENDER_FAILS, BROKEN_ERROR);
    assert_int_equal(spf()->senders_fail, 2);
    assert_non_null(strstr(words(find(VD_CODE_SPF_SENDER_FAILS)->new_text), "2001:db8:"));
    judge_zones(good, "@ TXT v=spf1 ip6:2001:db8::/64 -all");
    expect("its term is gone: that is told once", VD_CODE_SPF_SENDER_FAILS, BROKEN_ERROR);
    assert_non_null(strstr(words(find(VD_CODE_SPF_SENDER_FAILS)->subject_line), "192.0.2.10"));
    judge_zones(good, "@ TXT v=spf1 -ip4:192.0.2.0/24 ip4:192.0.2.10 ip6:2001:db8::/64 -all");
    expect("denied in front", VD_CODE_SPF_SENDER_FAILS, BROKEN_ERROR);
    judge_zones(good, "@ TXT v=spf1 ip4:192.0.2.0/28 ip6:2001:db8::/64 -all");
    expect("still passes", VD_CODE_SPF_TERM_ADDED, CHANGED);
}

static void test_sender_that_was_accepted_is_not_told_again(void **state)
{
    (void)state;
    add_address(watch.senders, &watch.senders_count, "192.0.2.10");
    add_address(watch.senders, &watch.senders_count, "192.0.2.11");
    judge_zones("@ TXT v=spf1 ip4:192.0.2.11 -all", "@ TXT v=spf1 ip4:192.0.2.11 -all");
    expect("as in the baseline", NOTHING);
    judge_zone("@ TXT v=spf1 ip4:192.0.2.0/31 -all");
    assert_true(is_told(VD_CODE_SPF_SENDER_FAILS, BROKEN_ERROR));
    assert_non_null(strstr(words(find(VD_CODE_SPF_SENDER_FAILS)->new_text), "192.0.2.11 "));
    judge_zone("@ TXT v=spf1 ip4:192.0.2.10/31 -all");
    expect("better", VD_CODE_SPF_TERM_ADDED, CHANGED);
    bool is_taken = false;
    for (size_t i = 0; i < judgement.findings_count; i++) {
        is_taken |=
            judgement.findings[i].is_silent && judgement.findings[i].facet == VD_FACET_SPF_SENDERS;
    }
    assert_true(is_taken);
}

static void test_stranger_that_passes_is_critical(void **state)
{
    (void)state;
    add_address(watch.strangers, &watch.strangers_count, "203.0.113.9");
    first("@ TXT v=spf1 ip4:192.0.2.0/24 -all");
    expect("does not", NOTHING);
    first("@ TXT v=spf1 ip4:192.0.2.0/24 ip4:203.0.113.0/24 -all");
    expect("does", VD_CODE_SPF_STRANGER_PASSES, CRITICAL);
    assert_non_null(strstr(words(find(VD_CODE_SPF_STRANGER_PASSES)->subject_line), "203.0.113.9"));
    first("@ TXT v=spf1 +all");
    expect("everybody does", VD_CODE_SPF_PASS_ALL, CRITICAL);
}

static void test_nobody_s_address_finds_a_term_that_answers_for_all(void **state)
{
    static const char *const names[] = {"192.0.2.217", "198.51.100.217", "203.0.113.217"};
    char text[512];
    size_t len;

    (void)state;
    first("@ TXT v=spf1 ip4:192.0.2.1 exists:%{i}.ok.example.com -all\n1.2.0.192.ok A 127.0.0.2");
    expect("answers for one", NOTHING);
    assert_int_equal(spf()->strangers_pass, 0);
    first("@ TXT v=spf1 ip4:192.0.2.1 exists:%{i}.ok.example.com -all\n"
          "192.0.2.217.ok A 127.0.0.2");
    expect("answers for all", VD_CODE_SPF_STRANGER_PASSES, CRITICAL);
    assert_int_equal(spf()->strangers_pass, 0x80);
    /* One that is authorised is no stranger: the next is taken. */
    len = (size_t)sprintf(text, "@ TXT v=spf1 exists:%%{i}.ok.example.com");
    for (size_t i = 0; i < 3; i++) {
        len += (size_t)sprintf(text + len, " ip4:%s/24", names[i]);
    }
    sprintf(text + len, " -all\n192.0.2.217.ok A 127.0.0.2");
    first(text);
    expect("it is authorised", NOTHING);
}

static void test_check_that_cannot_be_finished_is_unknown(void **state)
{
    (void)state;
    add_address(watch.senders, &watch.senders_count, "192.0.2.10");
    first("@ TXT v=spf1 exists:%{i}.x.example.com ip4:192.0.2.10 -all\n192.0.2.10.x FAIL A");
    assert_int_equal(spf()->standing, VD_STANDING_OK);
    assert_true(is_unknown(VD_FACET_SPF_SENDERS));
    expect("not known", NOTHING);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_counts_table),
        TEST(test_counting_stops_at_twenty),
        TEST(test_ten_nested_includes_are_allowed),
        TEST(test_more_macros_than_we_fill_in_are_unknown),
        TEST(test_more_than_ten_mx_hosts_are_a_permerror),
        TEST(test_ranges_table),
        TEST(test_macros_of_the_domain_are_filled_in_frame_by_frame),
        TEST(test_default_goes_through_redirect),
        TEST(test_transitive_table),
        TEST(test_known_service_changes_as_it_likes),
        TEST(test_void_lookups_over_ip6_only_are_minor),
        TEST(test_unknown_include_makes_all_unknown_with_its_path),
        TEST(test_unknown_include_does_not_hide_what_is_certain),
        TEST(test_unknown_host_leaves_the_rest_known),
        TEST(test_no_room_for_networks_makes_the_range_unknown),
        TEST(test_too_many_terms_are_unknown_and_not_broken),
        TEST(test_questions_come_level_by_level_and_all_at_once),
        TEST(test_own_sender_that_does_not_pass_is_broken),
        TEST(test_sender_that_was_accepted_is_not_told_again),
        TEST(test_stranger_that_passes_is_critical),
        TEST(test_nobody_s_address_finds_a_term_that_answers_for_all),
        TEST(test_check_that_cannot_be_finished_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
