/* Where the judge was once wrong, one test each.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/judge_words.h"
#include "tests/unit/judge_world.h"

static const char *subject_line(enum vd_code code)
{
    return find(code) == NULL ? "(no such finding)" : words(find(code)->subject_line);
}

static const char *mend_of(enum vd_code code)
{
    return find(code) == NULL ? "(no such finding)" : words(find(code)->mend);
}

static const char *why_of(enum vd_code code)
{
    return find(code) == NULL ? "(no such finding)" : words(find(code)->why);
}

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (strstr(text, part) == NULL) {                                                          \
            print_error("\"%s\" is not in: %s\n", part, text);                                     \
            fail();                                                                                \
        }                                                                                          \
    } while (0)

#define assert_lacks(text, part) assert_null(strstr(text, part))

/* ---- a store that is full ---------------------------------------------------------------------- */

/* An SPF record that leaves no room for any other text. */
static const char *huge_spf(void)
{
    static char text[VD_BASELINE_TEXT_MAX + 400];
    size_t len = (size_t)sprintf(text, "v=spf1 -all");

    while (len < VD_BASELINE_TEXT_MAX + 100) {
        len += (size_t)sprintf(text + len, " x%u=%0120u", (unsigned)len, 0u);
    }
    return text;
}

/* More mail hosts than any store of texts holds. */
static const char *many_hosts(const char *rest)
{
    static char text[5000];
    size_t len = 0;

    for (unsigned i = 0; i < 20; i++) {
        len += (size_t)sprintf(text + len, "%s10 h%060u.%060u.%060u.mailer.example",
                               i == 0 ? "" : "|", i, i, i);
    }
    strcpy(text + len, rest);
    return text;
}

static void test_full_store_does_not_hide_an_mx_that_moves_to_a_stranger(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.spf = now.spf = huge_spf();
    was.mx = many_hosts("");
    judge_change(NULL, &was);
    vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    assert_true(baseline.mx.text.sound < baseline.mx.text.len);
    now.mx = many_hosts("|5 mx.attacker.example");
    judge(&now);
    assert_int_equal(find(VD_CODE_MX_OUTSIDE)->class_, VD_CLASS_CRITICAL);
    assert_has(subject_line(VD_CODE_MX_OUTSIDE), "mx.attacker.example");
    assert_has(mend_of(VD_CODE_MX_OUTSIDE), "remove the MX mx.attacker.example");
}

static void test_keys_give_way_to_the_texts_of_other_records(void **state)
{
    struct world now = good;
    static char spf[1500] = "v=spf1 -all";

    (void)state;
    while (strlen(spf) < 1300) {
        sprintf(spf + strlen(spf), " x%u=%0100u", (unsigned)strlen(spf), 0u);
    }
    now.s1 = DKIM_4096;
    now.s2 = DKIM_4096;
    now.s2_alias = NULL;
    judge_change(&now, &now);
    assert_int_not_equal(baseline.dkim[0].text.len, 0);
    now.spf = spf;
    judge(&now);
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_SPF, 0, true);
    assert_string_equal(vd_facts_text(&baseline, baseline.spf.text), spf);
    assert_int_equal(baseline.spf.text.sound, baseline.spf.text.len);
    judge(&now);
    expect("comparing needs no text", NOTHING);
}

/* ---- several findings of one record -------------------------------------------------------------- */

static void test_other_readers_are_named_beside_a_rise_and_a_fall(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.dmarc = "v=DMARC1; p=none; rua=mailto:a@example.com";
    now.dmarc = "v=DMARC1; p=reject; rua=mailto:b@example.com";
    judge_change(&was, &now);
    assert_non_null(find(VD_CODE_DMARC_STRENGTHENED));
    assert_has(words(find(VD_CODE_DMARC_RUA_CHANGED)->new_text), "b@example.com");
    assert_int_equal(find(VD_CODE_DMARC_RUA_CHANGED)->axis, VD_AXIS_PRIVACY);
    judge_change(&now, &was);
    assert_non_null(find(VD_CODE_DMARC_WEAKENED));
    assert_non_null(find(VD_CODE_DMARC_RUA_CHANGED));
}

/* ---- what to type ---------------------------------------------------------------------------------- */

static void test_mend_never_shows_a_damaged_text_whole(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.dmarc = "v=DMARC1;\tp=reject";
    now.dmarc = "v=DMARC1; p=none";
    judge_change(&was, &now);
    assert_string_equal(mend_of(VD_CODE_DMARC_WEAKENED),
                        "at _dmarc.example.com put TXT: v=DMARC1; p=reject");
    was.dmarc = "v=DMARC1; p=reject; x=\xc3\xa4; rua=mailto:a@example.com";
    now.dmarc = "v=DMARC1; p=none; rua=mailto:a@example.com";
    judge_change(&was, &now);
    assert_string_equal(
        mend_of(VD_CODE_DMARC_WEAKENED),
        "at _dmarc.example.com put back the TXT that began: v=DMARC1; p=reject; x=...");
}

/* Little room is left for the words of the last findings: a record stands there whole, or not. */
static void test_mend_shows_a_record_whole_or_not_at_all(void **state)
{
    static const char *const good_dmarc = "v=DMARC1; p=reject; rua=mailto:dmarc@example.com";
    struct world now = good;
    unsigned shown = 0, left_out = 0;

    (void)state;
    now.dmarc = "v=DMARC1; p=none; rua=mailto:dmarc@example.com";
    judge_change(&good, &now);
    for (size_t room = 2; room < 300; room++) {
        judge(&now);
        struct vd_finding *finding = &judgement.findings[0];
        finding->mend = 0;
        judgement.words_len = (uint16_t)(sizeof judgement.words - room);
        vd_finish_findings(&snapshot, &baseline, &watch, &judgement);
        const char *mend = words(finding->mend);
        bool is_shown = strstr(mend, "TXT: ") != NULL;
        shown += is_shown;
        left_out += !is_shown;
        assert_true(!is_shown || strcmp(strstr(mend, "TXT: ") + 5, good_dmarc) == 0);
        assert_lacks(mend, "...");
        assert_int_equal(judgement.is_cut, 0);
    }
    assert_true(shown > 0 && left_out > 0);
}

/* ---- what rises beside a fall ------------------------------------------------------------------ */

static void test_a_rise_beside_a_fall_is_not_told(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.dmarc = "v=DMARC1; p=reject; rua=mailto:a@example.com";
    now.dmarc = "v=DMARC1; p=none; aspf=s; rua=mailto:a@example.com";
    judge_change(&was, &now);
    assert_false(find(VD_CODE_DMARC_WEAKENED)->is_silent);
    assert_true(find(VD_CODE_DMARC_ALIGN_BETTER)->is_silent);
}

static void test_a_rise_beside_what_has_been_bad_since_the_baseline_is_told(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    watch.dmarc_floor = 2;
    was.dmarc = "v=DMARC1; p=none; rua=mailto:a@example.com";
    now.dmarc = "v=DMARC1; p=none; aspf=s; rua=mailto:a@example.com";
    judge_change(&was, &now);
    assert_non_null(find(VD_CODE_DMARC_FLOOR));
    assert_false(find(VD_CODE_DMARC_ALIGN_BETTER)->is_silent);
}

/* ---- what becomes the baseline ----------------------------------------------------------------- */

/* The record that appears is adopted as a whole once told: not while a part of it is an alert. */
static void test_a_record_that_appears_with_a_tag_twice_stays_an_alert(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.dmarc = "!nxdomain";
    now.dmarc = "v=DMARC1; p=reject; p=none; rua=mailto:a@example.com";
    judge_change(&was, &now);
    assert_non_null(find(VD_CODE_DMARC_DUPLICATE_TAG));
    assert_null(find(VD_CODE_DMARC_APPEARED));
}

static void
test_a_domain_under_its_floor_stays_so_when_a_tag_that_stands_twice_is_accepted(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    watch.dmarc_floor = 2;
    was.dmarc = "!nxdomain";
    now.dmarc = "v=DMARC1; p=reject; p=none; rua=mailto:a@example.com";
    judge_change(&was, &now);
    assert_non_null(find(VD_CODE_DMARC_FLOOR));
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_DMARC_RECORD, VD_SUBJECT_DMARC, 0, true);
    judge(&now);
    assert_null(find(VD_CODE_DMARC_DUPLICATE_TAG));
    assert_non_null(find(VD_CODE_DMARC_FLOOR));
}

static void test_mend_of_a_hosted_policy_names_the_alias(void **state)
{
    struct world now = good;

    (void)state;
    judge_change(&good, &good);
    now.dmarc = NULL;
    build(&now);
    publish("_dmarc.example.com", VD_TYPE_TXT, "example-com.hosted.example", "v=DMARC1; p=none");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_has(mend_of(VD_CODE_DMARC_WEAKENED), "is a CNAME to example-com.hosted.example");
    assert_has(mend_of(VD_CODE_DMARC_WEAKENED), "remove the CNAME");
}

/* ---- sentences that must be true --------------------------------------------------------------- */

static void test_a_record_that_refuses_nothing_is_not_called_strict(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.spf = was.dmarc = "!nodata";
    now.spf = "v=spf1 ?all";
    now.dmarc = "v=DMARC1; p=none; rua=mailto:a@example.com";
    judge_change(&was, &now);
    assert_lacks(why_of(VD_CODE_SPF_APPEARED), "may be refused");
    assert_lacks(why_of(VD_CODE_SPF_APPEARED), "Stricter");
    assert_lacks(why_of(VD_CODE_DMARC_APPEARED), "Stricter");
}

static void test_policy_for_subdomains_alone_is_missed_by_them_alone(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.dmarc = "v=DMARC1; p=none; sp=reject";
    now.dmarc = "!nodata";
    judge_change(&was, &now);
    assert_string_equal(subject_line(VD_CODE_DMARC_MISSING),
                        "example.com: DMARC missing: anyone can send as your subdomains");
}

static void test_fall_through_pct_or_t_names_it(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    now.dmarc = "v=DMARC1; p=quarantine; pct=0; rua=mailto:dmarc@example.com";
    judge_change(&was, &now);
    assert_has(subject_line(VD_CODE_DMARC_WEAKENED), "pct=0");
    assert_lacks(subject_line(VD_CODE_DMARC_WEAKENED), "anyone");
    now.dmarc = "v=DMARC1; p=quarantine; t=y; rua=mailto:dmarc@example.com";
    judge_change(&was, &now);
    assert_has(subject_line(VD_CODE_DMARC_WEAKENED), "t=y");
    assert_lacks(subject_line(VD_CODE_DMARC_WEAKENED), "anyone");
}

static void test_another_wording_with_the_same_effect_is_called_that(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.dmarc = "v=DMARC1; p=reject; pct=50; t=y";
    now.dmarc = "v=DMARC1; p=quarantine";
    judge_change(&was, &now);
    assert_lacks(why_of(VD_CODE_DMARC_MIXED), "weaker for others");
}

/* ---- names, bounds ----------------------------------------------------------------------------- */

static void test_short_name_keeps_both_ends(void **state)
{
    char out[24];
    char long_name[300];

    (void)state;
    assert_string_equal(vd_short_name("example.com", out, sizeof out), "example.com");
    memset(long_name, 'a', sizeof long_name);
    strcpy(long_name + 200, ".example.co.kr");
    const char *name = vd_short_name(long_name, out, sizeof out);
    assert_true(strlen(name) == 23);
    assert_string_equal(name, "aaaaaa....example.co.kr" + 0);
    /* Two octets each: no half of one is left at either side of the gap. */
    for (size_t cap = 16; cap < 24; cap++) {
        name = vd_short_name("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6"
                             "\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc",
                             out, cap);
        const char *gap = strstr(name, "...");
        assert_non_null(gap);
        assert_int_equal((gap - name) % 2, 0);
        assert_int_equal(strlen(gap + 3) % 2, 0);
        assert_true(strlen(name) < cap);
    }
}

/* Everything is wrong at once, in the longest words: the short essentials of all survive. */
static void test_crowd_of_findings_never_takes_the_words_of_the_worst(void **state)
{
    struct world now = {.spf = "v=spf1 include:_spf.mailer.example ip4:0.0.0.0/0 ?all",
                        .include = good.include,
                        .mx = "10 mx.attacker.example",
                        .dmarc = "v=DMARC1; p=none; sp=none; rua=mailto:x@stranger.example"};
    char name[80];
    char alias[120];

    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        const struct world *world = round == 0 ? &good : &now;
        memset(&watch, 0, sizeof watch);
        strcpy(watch.domain, "example.com");
        struct world rest = *world;
        rest.s1 = rest.s2 = rest.s2_alias = NULL;
        build(&rest);
        for (uint8_t i = 0; i < VD_SELECTORS_MAX; i++) {
            snprintf(watch.selectors[i], sizeof watch.selectors[i], "sel%u", i);
            snprintf(name, sizeof name, "sel%u._domainkey.example.com", i);
            snprintf(alias, sizeof alias, "%090u.%s.example", i, round == 0 ? "mailer" : "other");
            publish(name, VD_TYPE_TXT, alias, round == 0 ? DKIM_4096 : DKIM_1024);
        }
        watch.selectors_count = VD_SELECTORS_MAX;
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        vd_facts_learn(&baseline, &judgement.facts, round == 0 ? UINT32_MAX : 0);
    }
    assert_true(judgement.findings_count >= 2 * VD_SELECTORS_MAX + 4);
    for (size_t i = 0; i < judgement.findings_count; i++) {
        const struct vd_finding *finding = &judgement.findings[i];
        assert_true(strlen(words(finding->subject_line)) > 0);
        assert_true(strlen(words(finding->new_text)) > 0);
        assert_true(strlen(words(finding->subject_line)) < 100);
        if (finding->severity == VD_SEVERITY_CRITICAL) {
            assert_true(strlen(words(finding->old_text)) > 0);
            assert_true(strlen(words(finding->why)) > 0);
            assert_true(strlen(words(finding->mend)) > 0);
        }
    }
    assert_int_equal(judgement.is_cut, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_full_store_does_not_hide_an_mx_that_moves_to_a_stranger),
        TEST(test_keys_give_way_to_the_texts_of_other_records),
        TEST(test_other_readers_are_named_beside_a_rise_and_a_fall),
        TEST(test_mend_never_shows_a_damaged_text_whole),
        TEST(test_mend_shows_a_record_whole_or_not_at_all),
        TEST(test_a_rise_beside_a_fall_is_not_told),
        TEST(test_a_rise_beside_what_has_been_bad_since_the_baseline_is_told),
        TEST(test_a_record_that_appears_with_a_tag_twice_stays_an_alert),
        TEST(test_a_domain_under_its_floor_stays_so_when_a_tag_that_stands_twice_is_accepted),
        TEST(test_mend_of_a_hosted_policy_names_the_alias),
        TEST(test_a_record_that_refuses_nothing_is_not_called_strict),
        TEST(test_policy_for_subdomains_alone_is_missed_by_them_alone),
        TEST(test_fall_through_pct_or_t_names_it),
        TEST(test_another_wording_with_the_same_effect_is_called_that),
        TEST(test_short_name_keeps_both_ends),
        TEST(test_crowd_of_findings_never_takes_the_words_of_the_worst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
