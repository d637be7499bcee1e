/*
 * SPF: what is said and what is to be typed; the texts of the baseline; properties.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/spf_world.h"

#include "firmware/judge/facets.h"

static void first(const char *text)
{
    judge_zones(NULL, text);
}

/* ---- take-over ----------------------------------------------------------------------------------------------- */

static void test_unregistered_targets(void **state)
{
    static const struct {
        const char *why, *zone;
        enum vd_code code;
        const char *path;
    } rows[] = {
        {"include", "@ TXT v=spf1 include:spf.gone-vendor.com -all\ngone-vendor.com. FREE -",
         VD_CODE_SPF_TAKEOVER, "example.com > include:spf.gone-vendor.com"},
        {"redirect", "@ TXT v=spf1 redirect=gone-vendor.com\ngone-vendor.com. FREE -",
         VD_CODE_SPF_TAKEOVER, "example.com > redirect=gone-vendor.com"},
        {"a", "@ TXT v=spf1 a:mail.gone-vendor.com -all\ngone-vendor.com. FREE -",
         VD_CODE_SPF_TAKEOVER, "example.com > a:mail.gone-vendor.com"},
        {"mx", "@ TXT v=spf1 mx:gone-vendor.com -all\ngone-vendor.com. FREE -",
         VD_CODE_SPF_TAKEOVER, "example.com > mx:gone-vendor.com"},
        {"in an include",
         "@ TXT v=spf1 include:i.example -all\ni.example. TXT v=spf1 "
         "a:x.gone-vendor.com -all\ngone-vendor.com. FREE -",
         VD_CODE_SPF_TAKEOVER, "example.com > include:i.example > a:x.gone-vendor.com"},
        {"behind another fault",
         "@ TXT v=spf1 include:i.example include:gone-vendor.com -all\n"
         "i.example. TXT v=spf1 ip4:1.2.3 -all\ngone-vendor.com. FREE -",
         VD_CODE_SPF_TAKEOVER, "example.com > include:gone-vendor.com"},
        {"denied: of no use to anybody",
         "@ TXT v=spf1 -a:mail.gone-vendor.com -all\ngone-vendor.com. FREE -", VD_CODE_NONE, NULL},
        {"gone in a domain that is registered", "@ TXT v=spf1 include:spf.gone-vendor.com -all",
         VD_CODE_SPF_BROKEN, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        first(rows[i].zone);
        if (rows[i].code == VD_CODE_SPF_TAKEOVER) {
            expect(rows[i].why, rows[i].code, CRITICAL);
            assert_int_equal(spf()->takeover, 1);
            assert_string_equal(words(find(rows[i].code)->path), rows[i].path);
            assert_string_equal(words(find(rows[i].code)->new_text),
                                "gone-vendor.com appears unregistered");
            assert_non_null(
                strstr(words(find(rows[i].code)->mend), strrchr(rows[i].path, '>') + 2));
            assert_non_null(strstr(words(find(rows[i].code)->subject_line), "gone-vendor.com"));
        } else if (rows[i].code == VD_CODE_SPF_BROKEN) {
            expect(rows[i].why, rows[i].code, BROKEN);
        } else {
            expect(rows[i].why, NOTHING);
        }
    }
}

/* ---- mending --------------------------------------------------------------------------------------------------- */

static const char *mend_of(enum vd_code code)
{
    return find(code) == NULL ? "" : words(find(code)->mend);
}

static void test_two_records_are_joined_ready_to_paste(void **state)
{
    (void)state;
    first("@ TXT v=spf1 mx include:a.example -all\n@ TXT v=spf1 include:b.example mx ~all");
    assert_string_equal(mend_of(VD_CODE_SPF_BROKEN),
                        "at example.com remove all SPF records but one, and put TXT: v=spf1 mx "
                        "include:a.example include:b.example -all");
    assert_int_equal(spf()->slip, VD_SLIP_TWO_RECORDS);
    first("@ TXT v=spf1 redirect=a.example\n@ TXT v=spf1 mx -all");
    assert_non_null(strstr(mend_of(VD_CODE_SPF_BROKEN), "put TXT: v=spf1 mx -all"));
    first("@ TXT v=spf1 mx exp=a.example ~all\n@ TXT v=spf1 exp=b.example");
    assert_non_null(strstr(mend_of(VD_CODE_SPF_BROKEN), "put TXT: v=spf1 mx exp=a.example ~all"));
    first("@ TXT v=spf1\n@ TXT v=spf1 redirect=a.example");
    assert_non_null(strstr(mend_of(VD_CODE_SPF_BROKEN), "put TXT: v=spf1 redirect=a.example"));
}

static void test_lost_record_comes_ready_to_paste(void **state)
{
    static const char was[] = "@ TXT v=spf1 ip4:192.0.2.1 -all";

    (void)state;
    judge_zones(was, "");
    assert_non_null(
        strstr(mend_of(VD_CODE_SPF_MISSING), "at example.com put TXT: v=spf1 ip4:192.0.2.1 -all"));
    judge_zones(was, "@ TXT v=spf1 ip4:192.0.2.1 ~all");
    assert_non_null(strstr(mend_of(VD_CODE_SPF_DEFAULT_WEAKENED), "v=spf1 ip4:192.0.2.1 -all"));
    judge_zones("@ TXT v=spf1 include:a.example -all\na.example. TXT v=spf1 -all",
                "@ TXT v=spf1 include:a.example -all\na.example. TXT v=spf1 +all");
    assert_string_equal(
        mend_of(VD_CODE_SPF_PASS_ALL),
        "at example.com take include:a.example out of the TXT, or have the owner of "
        "a.example mend it (+all)");
    judge_zones("@ TXT v=spf1 redirect=a.example\na.example. TXT v=spf1 -all",
                "@ TXT v=spf1 redirect=a.example\na.example. TXT v=spf1 ?all");
    assert_string_equal(words(find(VD_CODE_SPF_DEFAULT_WEAKENED)->path),
                        "example.com > redirect=a.example");
    assert_non_null(strstr(mend_of(VD_CODE_SPF_DEFAULT_WEAKENED), "redirect=a.example"));
}

static void test_default_weakened_by_redirect_keeps_its_path_beside_a_wide_network(void **state)
{
    (void)state;
    judge_zones("@ TXT v=spf1 redirect=a.example\na.example. TXT v=spf1 -all",
                "@ TXT v=spf1 redirect=a.example\n"
                "a.example. TXT v=spf1 include:b.example ?all\n"
                "b.example. TXT v=spf1 ip4:10.0.0.0/8 -all");
    assert_string_equal(words(find(VD_CODE_SPF_WIDE)->path),
                        "example.com > redirect=a.example > include:b.example");
    assert_string_equal(words(find(VD_CODE_SPF_DEFAULT_WEAKENED)->path),
                        "example.com > redirect=a.example");
}

static void test_our_own_record_is_shown_as_it_should_be(void **state)
{
    (void)state;
    first("@ TXT v=spf1 mx all ip4:192.0.2.1");
    assert_string_equal(mend_of(VD_CODE_SPF_PASS_ALL),
                        "at example.com put TXT: v=spf1 mx -all ip4:192.0.2.1");
    watch.spf_floor = VD_SPF_FAIL;
    first("@ TXT v=spf1  mx ~all");
    assert_string_equal(mend_of(VD_CODE_SPF_FLOOR), "at example.com put TXT: v=spf1 mx -all");
    first("@ TXT v=spf1 mx");
    assert_string_equal(mend_of(VD_CODE_SPF_FLOOR), "at example.com put TXT: v=spf1 mx -all");
    first("@ TXT v=spf1 redirect=a.example\na.example. TXT v=spf1 mx ~all");
    assert_non_null(strstr(mend_of(VD_CODE_SPF_FLOOR), "let the TXT end in -all: v=spf1 redirect"));
    watch.spf_floor = VD_FLOOR_NONE;
    add_address(watch.senders, &watch.senders_count, "192.0.2.9");
    add_address(watch.senders, &watch.senders_count, "192.0.2.10");
    add_address(watch.senders, &watch.senders_count, "2001:db8::25");
    first("@ TXT v=spf1 ip4:192.0.2.9 ~all");
    assert_string_equal(mend_of(VD_CODE_SPF_SENDER_FAILS),
                        "at example.com put TXT: v=spf1 ip4:192.0.2.10 ip6:2001:db8:0:0:0:0:0:25 "
                        "ip4:192.0.2.9 ~all");
    judge_zones("@ TXT v=spf1 ip4:192.0.2.9 ip4:192.0.2.10 ip6:2001:db8::25 ~all",
                "@ TXT v=spf1 ip4:192.0.2.9 ip4:192.0.2.10 ~all");
    assert_non_null(strstr(mend_of(VD_CODE_SPF_SENDER_FAILS),
                           "v=spf1 ip4:192.0.2.9 ip4:192.0.2.10 ip6:2001:db8::25 ~all"));
}

static void test_term_that_an_include_covers_already_is_no_event(void **state)
{
#define A "\na.example. TXT v=spf1 ip4:192.0.2.0/24 -all"
    (void)state;
    judge_zones("@ TXT v=spf1 include:a.example -all" A,
                "@ TXT v=spf1 ip4:192.0.2.7 include:a.example -all" A);
    expect("covered", NOTHING);
    judge_zones("@ TXT v=spf1 include:a.example -all" A,
                "@ TXT v=spf1 ip4:192.0.3.7 include:a.example -all" A);
    expect("not covered", VD_CODE_SPF_TERM_ADDED, CHANGED);
    judge_zones("@ TXT v=spf1 ip4:10.0.0.0/15 -all",
                "@ TXT v=spf1 ip4:10.2.0.0/16 ip4:10.3.0.0/16 -all");
    assert_true(is_told(VD_CODE_SPF_WIDE, WEAKENED)); /* as many, but others */
}

static void test_slips_are_named(void **state)
{
    (void)state;
    watch.needs_spf = true;
    first("@ TXT \"v=spf1 mx -all\"");
    expect("quotes", VD_CODE_SPF_MISSING, BROKEN);
    assert_int_equal(spf()->slip, VD_SLIP_QUOTED);
    assert_true(mend_of(VD_CODE_SPF_MISSING)[0] != '\0');
    first("example.com TXT v=spf1 mx -all");
    expect("the domain twice", VD_CODE_SPF_MISPLACED, BROKEN);
    assert_non_null(
        strstr(words(find(VD_CODE_SPF_MISPLACED)->subject_line), "example.com.example.com"));
    baseline.pending = vd_subject_bit(VD_SUBJECT_SPF, 0);
    judge_zone("example.com TXT v=spf1 mx -all");
    expect("waiting will not help", VD_CODE_SPF_MISPLACED, BROKEN);
    judge_zones("@ TXT v=spf1 include:_spf.example.com -all\n_spf TXT v=spf1 -all",
                "_spf TXT v=spf1 -all");
    assert_non_null(find(VD_CODE_SPF_MISSING)); /* it never stood there */
}

/* ---- the baseline's text ------------------------------------------------------------------------------------------ */

static void test_cut_baseline_text_tells_the_loss_without_naming_it(void **state)
{
    static char was[2700];
    static char now[2700];
    size_t len = (size_t)sprintf(was, "@ TXT v=spf1 ip4:192.0.2.1 ip4:198.51.100.1 -all");

    (void)state;
    while (len < 2400) {
        len += (size_t)sprintf(was + len, " x%u=%0200u", (unsigned)len, 0u);
    }
    strcpy(now, was);
    memcpy(strstr(now, "ip4:198.51.100.1"), "x=1             ", 16);
    judge_zones(was, now);
    assert_true(is_told(VD_CODE_SPF_TERM_LOST, MINOR));
    check_shape("cut");
}

static void test_facet_accepted_alone_is_compared_with_itself(void **state)
{
    (void)state;
    judge_zones("@ TXT v=spf1 ip4:192.0.2.1 ip4:198.51.100.1 -all",
                "@ TXT v=spf1 ip4:192.0.2.1 ?all");
    assert_true(is_told(VD_CODE_SPF_TERM_LOST, MINOR));
    assert_true(is_told(VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED));
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_SPF_TERMS, VD_SUBJECT_SPF, 0, true);
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_SPF_RANGE, VD_SUBJECT_SPF, 0, true);
    judge_zone("@ TXT v=spf1 ip4:192.0.2.1 ?all");
    expect("the other one stays open", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED);
    judge_zone("@ TXT v=spf1 ip4:192.0.2.1 ip4:203.0.113.1 ?all");
    assert_null(find(VD_CODE_SPF_TERM_LOST)); /* its text in the baseline is an older one */
    expect("it stays", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED);
}

/* ---- total, deterministic, monotone ---------------------------------------------------------------------------------- */

static void test_weaker_records_are_never_called_stronger(void **state)
{
    /* Each is weaker than, or equal to, the one before it. */
    static const char *const ladder[] = {
        "v=spf1 ip4:192.0.2.1 -all",        "v=spf1 ip4:192.0.2.1 ~all",
        "v=spf1 ip4:192.0.2.1 ?all",        "v=spf1 ip4:192.0.2.0/24 ?all",
        "v=spf1 ip4:192.0.2.0/24 ptr ?all", "v=spf1 ip4:192.0.0.0/12 ptr ?all",
        "v=spf1 ip4:192.0.0.0/6 ptr ?all",  "v=spf1 ip4:0.0.0.0/0 ptr ?all",
        "v=spf1 ip4:0.0.0.0/0 ptr +all",
    };
    static struct vd_judgement again;
    char was[256];
    char now[256];

    (void)state;
    for (size_t i = 0; i < sizeof ladder / sizeof ladder[0]; i++) {
        for (size_t k = i; k < sizeof ladder / sizeof ladder[0]; k++) {
            snprintf(was, sizeof was, "@ TXT %s", ladder[i]);
            snprintf(now, sizeof now, "@ TXT %s", ladder[k]);
            judge_zones(was, now);
            for (size_t n = 0; n < judgement.findings_count; n++) {
                const struct vd_finding *finding = &judgement.findings[n];
                if (is_spf(finding) && finding->class_ == VD_CLASS_STRENGTHENED) {
                    print_findings(now);
                    fail();
                }
            }
            assert_true(k == i || count_told() > 0);
            vd_judge(&snapshot, &baseline, &watch, &again);
            assert_memory_equal(&again, &judgement, sizeof again);
            judge_zones(now, was);
            for (size_t n = 0; n < judgement.findings_count; n++) {
                const struct vd_finding *finding = &judgement.findings[n];
                assert_true(!is_spf(finding) || finding->code == VD_CODE_SPF_TERM_LOST ||
                            ladder[i] == ladder[k] || finding->class_ == VD_CLASS_CHANGED ||
                            finding->class_ == VD_CLASS_STRENGTHENED ||
                            finding->code == VD_CODE_SPF_PASS_ALL);
            }
        }
    }
}

static void test_any_text_gets_an_answer(void **state)
{
    static const char alphabet[] = "v=spf1 +-~?all:include.redirect/=%{di}ip46mx0123 \"a";
    uint32_t seed = 7;

    (void)state;
    for (unsigned turn = 0; turn < 400; turn++) {
        char text[300];
        size_t len = (size_t)sprintf(text, "@ TXT v=spf1 ");
        for (unsigned i = 0; i < 8 + turn % 120; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[len++] = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
        }
        text[len] = '\0';
        judge_zones("@ TXT v=spf1 mx -all", text);
        check_shape(text);
        assert_true(spf()->standing <= VD_STANDING_OK);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unregistered_targets),
        TEST(test_two_records_are_joined_ready_to_paste),
        TEST(test_lost_record_comes_ready_to_paste),
        TEST(test_default_weakened_by_redirect_keeps_its_path_beside_a_wide_network),
        TEST(test_our_own_record_is_shown_as_it_should_be),
        TEST(test_term_that_an_include_covers_already_is_no_event),
        TEST(test_slips_are_named),
        TEST(test_cut_baseline_text_tells_the_loss_without_naming_it),
        TEST(test_facet_accepted_alone_is_compared_with_itself),
        TEST(test_weaker_records_are_never_called_stronger),
        TEST(test_any_text_gets_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
