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

static void test_full_store_does_not_hide_an_alias_that_moves(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.spf = now.spf = huge_spf();
    now.s2_alias = "s2.dkim.other.example";
    judge_change(&was, &now);
    assert_non_null(find(VD_CODE_DKIM_ALIAS));
    assert_lacks(mend_of(VD_CODE_DKIM_ALIAS), "take the");
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
    vd_facts_adopt(&baseline, &judgement.facts, VD_SUBJECT_SPF, 0);
    assert_string_equal(vd_facts_text(&baseline, baseline.spf.text), spf);
    assert_int_equal(baseline.spf.text.sound, baseline.spf.text.len);
    judge(&now);
    expect("comparing needs no text", NOTHING);
}

static void test_text_alias_of_a_stranger_is_an_alias_that_moved(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.s2_alias = NULL;
    now.s2_alias = "s2.dkim.other.example";
    judge_change(&was, &now);
    expect("TXT to CNAME", VD_CODE_DKIM_ALIAS, WEAKENED);
    assert_has(mend_of(VD_CODE_DKIM_ALIAS), "remove the CNAME");
    now.s2_alias = "keys.example.com";
    judge_change(&was, &now);
    expect("to a name of our own", VD_CODE_DKIM_ROLLED, CHANGED);
}

/* ---- content ------------------------------------------------------------------------------------- */

static void test_content_tells_what_the_words_do_not(void **state)
{
    struct world now = good;

    (void)state;
    now.s1 = "t=y; p=" KEY_RSA_2048;
    judge_change(&good, &now);
    uint32_t first = find(VD_CODE_DKIM_WEAKENED)->content;
    now.s1 = "t=y; p=" KEY_RSA_2048_OTHER;
    judge(&now);
    assert_int_not_equal(find(VD_CODE_DKIM_WEAKENED)->content, first);
    now.s1 = "n=note; t=y; p=" KEY_RSA_2048;
    now.dmarc = "!nxdomain";
    judge(&now);
    assert_int_equal(find(VD_CODE_DKIM_WEAKENED)->content, first);
    first = find(VD_CODE_DMARC_MISSING)->content;
    now.dmarc = "!nodata";
    judge(&now);
    assert_int_equal(find(VD_CODE_DMARC_MISSING)->content, first); /* one kind of gone */
}

static void test_rotation_is_not_adopted_and_the_next_key_is_compared(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = "!nxdomain";
    judge_change(&good, &now);
    expect("gone", VD_CODE_DKIM_ROTATION, NOTABLE);
    vd_facts_adopt(&baseline, &judgement.facts, VD_SUBJECT_DKIM, 0);
    now.s1 = DKIM_NEW;
    judge(&now);
    expect("another one", VD_CODE_DKIM_CHANGED, NOTABLE);
    assert_true(vd_code_info(VD_CODE_DKIM_CHANGED)->is_alert);
}

/* ---- several findings of one record -------------------------------------------------------------- */

static void test_other_readers_are_named_beside_a_rise_and_a_fall(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.dmarc = "v=DMARC1; p=none; rua=mailto:a@example.com";
    now.dmarc = "v=DMARC1; p=reject; rua=mailto:a@example.net";
    judge_change(&was, &now);
    assert_non_null(find(VD_CODE_DMARC_STRENGTHENED));
    assert_has(words(find(VD_CODE_DMARC_RUA_CHANGED)->new_text), "example.net");
    assert_int_equal(find(VD_CODE_DMARC_RUA_CHANGED)->axis, VD_AXIS_PRIVACY);
    judge_change(&now, &was);
    assert_non_null(find(VD_CODE_DMARC_WEAKENED));
    assert_non_null(find(VD_CODE_DMARC_RUA_CHANGED));
}

static void test_added_include_is_named(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.spf = "v=spf1 ~all";
    now.spf = "v=spf1 mx Include:_spf.mailer.example -all";
    judge_change(&was, &now);
    expect("beside a rise", VD_CODE_SPF_INCLUDE_ADDED, MINOR);
    assert_string_equal(words(find(VD_CODE_SPF_INCLUDE_ADDED)->new_text),
                        "Include:_spf.mailer.example");
    assert_has(subject_line(VD_CODE_SPF_INCLUDE_ADDED), "_spf.mailer.example");
    assert_true(vd_code_info(VD_CODE_SPF_INCLUDE_ADDED)->is_alert);
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

static void test_mend_of_two_keys_keeps_one(void **state)
{
    struct world now = good;

    (void)state;
    now.s1 = DKIM_2048 "|" DKIM_NEW;
    judge_change(&good, &now);
    assert_has(mend_of(VD_CODE_DKIM_BROKEN), "keep one TXT and remove the others");
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

static void test_mend_of_a_weaker_redirect_names_its_target(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.spf = now.spf = "v=spf1 redirect=_spf.mailer.example";
    now.include = "v=spf1 ?all";
    judge_change(&was, &now);
    expect("weaker there", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED);
    assert_has(mend_of(VD_CODE_SPF_DEFAULT_WEAKENED), "have its owner mend: _spf.mailer.example");
    assert_lacks(mend_of(VD_CODE_SPF_DEFAULT_WEAKENED), "()");
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
    assert_lacks(why_of(VD_CODE_SPF_STRENGTHENED), "will now be refused");
    assert_lacks(why_of(VD_CODE_SPF_STRENGTHENED), "Stricter");
    assert_lacks(why_of(VD_CODE_DMARC_STRENGTHENED), "Stricter");
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
    assert_lacks(why_of(VD_CODE_DMARC_CHANGED), "weaker for others");
}

static void test_a_key_that_is_left_is_not_denied(void **state)
{
    struct world now = good;

    (void)state;
    now.s1 = "!nxdomain";
    judge_change(&good, &now);
    assert_lacks(subject_line(VD_CODE_DKIM_MISSING), "no usable key");
    now.s2 = "!dangling";
    judge(&now);
    assert_has(subject_line(VD_CODE_DKIM_MISSING), "no usable key is left");
}

static void test_subdomain_may_have_its_parents_policy(void **state)
{
    (void)state;
    strcpy(watch.domain, "news.example.co.kr");
    vd_snapshot_clear(&snapshot);
    publish("_dmarc.news.example.co.kr", VD_TYPE_TXT, NULL, "v=DMARC1; p=reject");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    vd_snapshot_clear(&snapshot);
    publish("_dmarc.news.example.co.kr", VD_TYPE_TXT, NULL, "!nxdomain");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_has(subject_line(VD_CODE_DMARC_MISSING), "unless a parent domain's record applies");
    assert_has(why_of(VD_CODE_DMARC_MISSING), "Unless a parent domain's record applies");
}

static void test_too_many_lookups_hit_only_those_not_matched_early(void **state)
{
    struct world now = good;

    (void)state;
    now.spf = "v=spf1 mx mx mx mx mx mx mx mx mx mx mx -all";
    judge_change(&good, &now);
    assert_has(why_of(VD_CODE_SPF_BROKEN), "not matched early");
}

static void test_redirect_by_the_mail_is_not_called_weaker(void **state)
{
    struct world now = good;

    (void)state;
    now.spf = "v=spf1 redirect=%{i}.spf.other.example";
    judge_change(&good, &now);
    assert_null(find(VD_CODE_SPF_DEFAULT_WEAKENED));
    assert_has(why_of(VD_CODE_SPF_INCLUDE_ADDED), "cannot be judged");
    assert_int_equal(find(VD_CODE_SPF_INCLUDE_ADDED)->class_, VD_CLASS_CHANGED);
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

static void test_long_selector_is_marked_where_it_is_cut(void **state)
{
    (void)state;
    memset(watch.selectors[0], 's', 60);
    watch.selectors[0][60] = '\0';
    watch.selectors_count = 1;
    vd_snapshot_clear(&snapshot);
    char name[100];
    snprintf(name, sizeof name, "%s._domainkey.example.com", watch.selectors[0]);
    publish(name, VD_TYPE_TXT, NULL, "!nxdomain");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_has(subject_line(VD_CODE_DKIM_MISSING), "DKIM ssssss...sss");
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
    assert_int_equal(judgement.findings_count, 2 * VD_SELECTORS_MAX + 4);
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

static void test_hostile_macros_and_includes_cost_little(void **state)
{
    static char text[1800];
    char name[260] = "";

    (void)state;
    for (size_t i = 0; i < 120; i++) {
        strcat(name, "a.");
    }
    strcat(name, "example");
    strcpy(text, "v=spf1 include:");
    for (size_t i = 0; i < 270; i++) {
        strcat(text, "%{d}");
    }
    strcpy(watch.domain, name);
    vd_snapshot_clear(&snapshot);
    publish(name, VD_TYPE_TXT, NULL, text);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_int_equal(judgement.facts.spf.standing, VD_STANDING_UNKNOWN);
    assert_int_equal(judgement.facts.spf.detail, VD_DETAIL_LIMIT);
    strcpy(text, "v=spf1");
    for (size_t i = 0; i < 60; i++) {
        strcat(text, " mx");
    }
    vd_snapshot_clear(&snapshot);
    publish(name, VD_TYPE_TXT, NULL, text);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_int_equal(judgement.facts.spf.lookups, 20);
    assert_has(words(find(VD_CODE_SPF_BROKEN)->new_text), "more than 20 lookups");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_full_store_does_not_hide_an_mx_that_moves_to_a_stranger),
        TEST(test_full_store_does_not_hide_an_alias_that_moves),
        TEST(test_keys_give_way_to_the_texts_of_other_records),
        TEST(test_text_alias_of_a_stranger_is_an_alias_that_moved),
        TEST(test_content_tells_what_the_words_do_not),
        TEST(test_rotation_is_not_adopted_and_the_next_key_is_compared),
        TEST(test_other_readers_are_named_beside_a_rise_and_a_fall),
        TEST(test_added_include_is_named),
        TEST(test_mend_never_shows_a_damaged_text_whole),
        TEST(test_mend_of_two_keys_keeps_one),
        TEST(test_mend_of_a_hosted_policy_names_the_alias),
        TEST(test_mend_of_a_weaker_redirect_names_its_target),
        TEST(test_a_record_that_refuses_nothing_is_not_called_strict),
        TEST(test_policy_for_subdomains_alone_is_missed_by_them_alone),
        TEST(test_fall_through_pct_or_t_names_it),
        TEST(test_another_wording_with_the_same_effect_is_called_that),
        TEST(test_a_key_that_is_left_is_not_denied),
        TEST(test_subdomain_may_have_its_parents_policy),
        TEST(test_too_many_lookups_hit_only_those_not_matched_early),
        TEST(test_redirect_by_the_mail_is_not_called_weaker),
        TEST(test_short_name_keeps_both_ends),
        TEST(test_long_selector_is_marked_where_it_is_cut),
        TEST(test_crowd_of_findings_never_takes_the_words_of_the_worst),
        TEST(test_hostile_macros_and_includes_cost_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
