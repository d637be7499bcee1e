/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/judge_world.h"

/* ---- groups ------------------------------------------------------------------------------------------------- */

static void test_group_any_with_one_key_left_is_only_a_rotation(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = "!nxdomain";
    judge_change(&good, &now);
    expect("one of two", VD_CODE_DKIM_ROTATION, NOTABLE);
}

static void test_group_all_with_one_key_lost_is_broken(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(2);
    now.s1 = "!nxdomain";
    judge_change(&good, &now);
    expect("one of two that are both needed", VD_CODE_DKIM_MISSING, BROKEN_ERROR);
}

static void test_group_with_no_key_left_is_critical(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = "!nxdomain";
    now.s2 = "!dangling";
    judge_change(&good, &now);
    assert_int_equal(judgement.findings_count, 2);
    assert_int_equal(judgement.findings[0].class_, VD_CLASS_CRITICAL);
    assert_int_equal(judgement.findings[1].class_, VD_CLASS_CRITICAL);
}

static void test_group_member_waits_for_an_unknown_member(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = "!nxdomain";
    now.s2 = "!timeout";
    judge_change(&good, &now);
    expect("s2 may still hold a key", NOTHING);
    assert_int_equal(subject(VD_SUBJECT_DKIM, 0)->standing, VD_STANDING_UNKNOWN);
    assert_int_equal(subject(VD_SUBJECT_DKIM, 0)->detail, VD_DETAIL_TIMEOUT);
}

static void test_group_member_never_seen_good_is_silent_while_another_works(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = "v=DKIM1; p=; n=placeholder";
    judge_change(NULL, &now);
    expect("one live key of two", NOTHING);
    judge_change(&now, &now);
    expect("and later", NOTHING);
}

static void test_group_empty_at_first_contact_is_told_once(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = now.s2 = "!nxdomain";
    now.s2_alias = NULL;
    judge_change(NULL, &now);
    expect("none of two", VD_CODE_DKIM_MISSING, BROKEN_ERROR);
}

static void test_group_short_key_is_critical_even_if_the_group_works(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = DKIM_512;
    judge_change(&good, &now);
    expect("512 bits", VD_CODE_DKIM_BROKEN, CRITICAL);
}

/* ---- words ---------------------------------------------------------------------------------------------------- */

static void test_words_of_reject_to_none(void **state)
{
    struct world now = good;

    (void)state;
    now.dmarc = "v=DMARC1; p=none; rua=mailto:dmarc@example.com";
    judge_change(&good, &now);
    const struct vd_finding *finding = find(VD_CODE_DMARC_WEAKENED);
    assert_non_null(finding);
    assert_string_equal(words(finding->subject_line),
                        "example.com: DMARC weakened, reject \xe2\x86\x92 none: anyone can send as "
                        "you");
    assert_string_equal(words(finding->old_text), "p=reject");
    assert_string_equal(words(finding->new_text), "p=none");
    assert_string_equal(words(finding->mend), "at _dmarc.example.com put TXT: v=DMARC1; p=reject; "
                                              "rua=mailto:dmarc@example.com");
    assert_int_equal(finding->rtype, VD_TYPE_TXT);
    assert_int_equal(finding->axis, VD_AXIS_SPOOF);
    assert_string_equal(words(judgement.subjects[finding->subject].record), "_dmarc.example.com");
    assert_string_equal(words(judgement.subjects[finding->subject].summary), "p=none, rua set");
}

static void test_words_of_a_dangling_alias(void **state)
{
    struct world now = good;

    (void)state;
    now.s2 = "!dangling";
    judge_change(&good, &now);
    const struct vd_finding *finding = find(VD_CODE_DKIM_MISSING);
    assert_non_null(finding);
    assert_int_equal(finding->rtype, VD_TYPE_CNAME);
    assert_string_equal(words(finding->old_text), "RSA 2048 via CNAME s2.dkim.mailer.example");
    assert_string_equal(words(finding->new_text),
                        "absent (dangling alias) via CNAME s2.dkim.mailer.example");
    assert_string_equal(words(finding->path),
                        "s2._domainkey.example.com > CNAME s2.dkim.mailer.example");
    assert_non_null(strstr(words(finding->mend),
                           "at s2._domainkey.example.com leave CNAME: s2.dkim.mailer.example"));
}

static void test_words_of_an_alias_that_is_gone_name_its_target(void **state)
{
    struct world now = good;

    (void)state;
    now.s2 = "!nxdomain";
    now.s2_alias = NULL;
    judge_change(&good, &now);
    const struct vd_finding *finding = find(VD_CODE_DKIM_MISSING);
    assert_non_null(finding);
    assert_int_equal(finding->rtype, VD_TYPE_CNAME);
    assert_string_equal(words(finding->new_text), "absent (NXDOMAIN)");
    assert_string_equal(words(finding->mend),
                        "at s2._domainkey.example.com put CNAME: s2.dkim.mailer.example");
}

static void test_words_of_an_alias_to_another_operator(void **state)
{
    struct world now = good;

    (void)state;
    now.s2_alias = "s2.dkim.other.example";
    judge_change(&good, &now);
    expect("other operator", VD_CODE_DKIM_ALIAS, WEAKENED);
    assert_string_equal(words(find(VD_CODE_DKIM_ALIAS)->mend),
                        "at s2._domainkey.example.com put CNAME: s2.dkim.mailer.example");
    now.s2_alias = "s9.mailer.example";
    judge_change(&good, &now);
    expect("same operator", VD_CODE_DKIM_ROLLED, CHANGED);
}

static void test_words_of_a_broken_include_name_the_path(void **state)
{
    struct world now = good;

    (void)state;
    now.include = "v=spf1 include:spf.second.example -all";
    now.second = "v=spf1 ip4:1.2.3.4.5 -all";
    judge_change(&good, &now);
    const struct vd_finding *finding = find(VD_CODE_SPF_BROKEN);
    assert_non_null(finding);
    assert_string_equal(words(finding->path),
                        "example.com > include:_spf.mailer.example > include:spf.second.example");
    assert_string_equal(words(finding->new_text), "permerror: not an IPv4 address: ip4:1.2.3.4.5");
    now.second = "v=spf1 mx mx mx mx mx mx mx mx mx -all";
    judge_change(&good, &now);
    assert_string_equal(words(find(VD_CODE_SPF_BROKEN)->new_text),
                        "permerror: 11 lookups, the limit is 10");
}

static void test_words_of_pass_all_in_an_include_name_the_path(void **state)
{
    struct world now = good;

    (void)state;
    now.include = "v=spf1 redirect=spf.second.example";
    now.second = "v=spf1 mx +all";
    judge_change(&good, &now);
    const struct vd_finding *finding = find(VD_CODE_SPF_PASS_ALL);
    assert_non_null(finding);
    assert_string_equal(words(finding->path),
                        "example.com > include:_spf.mailer.example > redirect=spf.second.example");
    assert_string_equal(words(finding->new_text), "+all");
}

static void test_summaries_of_the_table(void **state)
{
    struct world now = good;

    (void)state;
    judge_change(NULL, &now);
    assert_int_equal(judgement.subjects_count, 5);
    assert_string_equal(words(subject(VD_SUBJECT_SPF, 0)->summary), "-all, 1 of 10 lookups");
    assert_string_equal(words(subject(VD_SUBJECT_DKIM, 0)->summary), "RSA 2048");
    assert_string_equal(words(subject(VD_SUBJECT_DKIM, 1)->summary),
                        "RSA 2048 via CNAME s2.dkim.mailer.example");
    assert_string_equal(words(subject(VD_SUBJECT_DMARC, 0)->summary), "p=reject, rua set");
    assert_string_equal(words(subject(VD_SUBJECT_MX, 0)->summary),
                        "2 hosts: 10 mx1.example.com, 20 mx2.example.com");
    now.dmarc = "!nxdomain";
    now.spf = "!timeout";
    now.mx = "!nodata";
    judge_change(NULL, &now);
    assert_string_equal(words(subject(VD_SUBJECT_DMARC, 0)->summary), "absent (NXDOMAIN)");
    assert_string_equal(words(subject(VD_SUBJECT_SPF, 0)->summary), "unknown (timeout)");
    assert_string_equal(words(subject(VD_SUBJECT_MX, 0)->summary), "absent (NODATA)");
}

static void test_a_long_domain_keeps_the_subject_line_short(void **state)
{
    struct world now = good;

    (void)state;
    memset(watch.domain, 'a', 253);
    for (size_t i = 50; i < 250; i += 50) {
        watch.domain[i] = '.';
    }
    watch.domain[253] = '\0';
    vd_snapshot_clear(&snapshot);
    publish(watch.domain, VD_TYPE_TXT, NULL, "v=spf1 +all");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    (void)now;
    assert_non_null(find(VD_CODE_SPF_PASS_ALL));
    assert_int_equal(strlen(words(find(VD_CODE_SPF_PASS_ALL)->subject_line)), 99);
    assert_non_null(strstr(words(find(VD_CODE_SPF_PASS_ALL)->subject_line), "anyone can send"));
}

/* ---- unknown ---------------------------------------------------------------------------------------------------- */

static void test_unknown_everything_gives_no_finding_and_teaches_nothing(void **state)
{
    const struct world dark = {.spf = "!timeout",
                               .mx = "!servfail",
                               .dmarc = "!timeout",
                               .s1 = "!servfail",
                               .s2 = "!timeout"};
    const struct world unasked = {.spf = NULL};

    (void)state;
    judge_change(&good, &dark);
    expect("dark", NOTHING);
    for (size_t i = 0; i < judgement.subjects_count; i++) {
        assert_int_equal(judgement.subjects[i].standing, VD_STANDING_UNKNOWN);
    }
    struct vd_facts before = baseline;
    assert_false(vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX));
    for (uint8_t kind = VD_SUBJECT_SPF; kind <= VD_SUBJECT_MX; kind++) {
        vd_facts_adopt(&baseline, &judgement.facts, kind, 0);
    }
    assert_memory_equal(&before, &baseline, sizeof before);
    judge_change(&good, &unasked);
    expect("never asked", NOTHING);
}

static void test_unknown_include_makes_spf_unknown_with_its_path(void **state)
{
    struct world now = good;

    (void)state;
    now.include = "!timeout";
    judge_change(&good, &now);
    assert_int_equal(subject(VD_SUBJECT_SPF, 0)->standing, VD_STANDING_UNKNOWN);
    assert_int_equal(subject(VD_SUBJECT_SPF, 0)->detail, VD_DETAIL_TIMEOUT);
    assert_string_equal(words(subject(VD_SUBJECT_SPF, 0)->summary),
                        "unknown (timeout): example.com > include:_spf.mailer.example");
}

static void test_pass_all_before_an_unknown_include_is_certain(void **state)
{
    struct world now = good;

    (void)state;
    now.spf = "v=spf1 ip4:0.0.0.0/0 include:_spf.mailer.example -all";
    now.include = "!timeout";
    judge_change(&good, &now);
    expect("decided before it", VD_CODE_SPF_PASS_ALL, CRITICAL);
    now.spf = "v=spf1 include:_spf.mailer.example ip4:0.0.0.0/0 -all";
    judge_change(&good, &now);
    expect("hangs on it", NOTHING);
}

/* ---- baseline ----------------------------------------------------------------------------------------------------- */

static void test_learning_takes_over_what_is_believed_and_nothing_else(void **state)
{
    struct world now = good;

    (void)state;
    now.dmarc = "!nxdomain";
    now.spf = "v=spf1 x";
    judge_change(NULL, &now);
    assert_false(vd_facts_learn(&baseline, &judgement.facts, 0));
    assert_int_equal(baseline.mx.standing, VD_STANDING_UNKNOWN);
    assert_true(vd_facts_learn(&baseline, &judgement.facts, vd_subject_bit(VD_SUBJECT_MX, 0)));
    assert_int_equal(baseline.dmarc.standing, VD_STANDING_UNKNOWN);
    assert_int_equal(baseline.spf.standing, VD_STANDING_UNKNOWN);
    assert_int_equal(baseline.mx.standing, VD_STANDING_OK);
    assert_true(vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX));
    assert_int_equal(baseline.dmarc.standing, VD_STANDING_ABSENT);
    assert_int_equal(baseline.spf.standing, VD_STANDING_BROKEN);
    assert_false(vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX));
}

static void test_learning_never_overwrites(void **state)
{
    struct world now = good;

    (void)state;
    now.dmarc = "v=DMARC1; p=none";
    judge_change(&good, &now);
    assert_false(vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX));
    assert_int_equal(baseline.dmarc.p, 2);
}

static void test_adopting_moves_one_record_set_and_silences_it(void **state)
{
    struct world now = good;

    (void)state;
    now.s1 = DKIM_NEW;
    now.dmarc = "v=DMARC1; p=none";
    judge_change(&good, &now);
    vd_facts_adopt(&baseline, &judgement.facts, VD_SUBJECT_DKIM, 0);
    judge(&now);
    assert_null(find(VD_CODE_DKIM_CHANGED));
    assert_non_null(find(VD_CODE_DMARC_WEAKENED));
    assert_string_equal(vd_facts_text(&baseline, baseline.dkim[0].text), DKIM_NEW);
    assert_string_equal(vd_facts_text(&baseline, baseline.dmarc.text), good.dmarc);
    assert_string_equal(vd_facts_text(&baseline, baseline.dkim[1].text), good.s2_alias);
}

static void test_adopting_for_ever_does_not_fill_the_store(void **state)
{
    struct world now = good;

    (void)state;
    judge_change(&good, &good);
    for (unsigned i = 0; i < 2000; i++) {
        now.s1 = i % 3 == 0 ? DKIM_4096 : i % 3 == 1 ? DKIM_NEW : DKIM_ED;
        now.spf = i % 2 == 0 ? good.spf : "v=spf1 a:a.example.com mx ip4:192.0.2.0/24 -all";
        judge(&now);
        vd_facts_adopt(&baseline, &judgement.facts, VD_SUBJECT_DKIM, 0);
        vd_facts_adopt(&baseline, &judgement.facts, VD_SUBJECT_SPF, 0);
        vd_facts_adopt(&baseline, &judgement.facts, VD_SUBJECT_MX, 0);
        assert_string_equal(vd_facts_text(&baseline, baseline.dkim[0].text), now.s1);
        assert_string_equal(vd_facts_text(&baseline, baseline.spf.text), now.spf);
        assert_string_equal(vd_facts_text(&baseline, baseline.dmarc.text), good.dmarc);
    }
}

static void test_a_text_that_does_not_fit_is_cut_and_still_compares(void **state)
{
    static char long_spf[2400];
    struct world now = good;
    size_t len = (size_t)sprintf(long_spf, "v=spf1 -all");

    (void)state;
    while (len < 2150) {
        len += (size_t)sprintf(long_spf + len, " x%u=%0200u", (unsigned)len, 0u);
    }
    now.spf = long_spf;
    now.s1 = DKIM_4096;
    judge_change(&now, &now);
    expect("cut, and the same", NOTHING);
    assert_true(baseline.text_len <= VD_BASELINE_TEXT_MAX);
    long_spf[len - 1] = '1';
    judge(&now);
    expect("cut, and different behind the cut", VD_CODE_SPF_CHANGED, CHANGED);
}

static void test_restored_is_silence(void **state)
{
    struct world other = good;

    (void)state;
    judge_change(&good, &good);
    expect("good", NOTHING);
    other.dmarc = "v=DMARC1; p=none; rua=mailto:dmarc@example.com";
    other.s2 = "!dangling";
    judge(&other);
    assert_int_equal(judgement.findings_count, 2);
    judge(&good);
    expect("back", NOTHING);
}

/* ---- determinism, hostile input ------------------------------------------------------------------------------------ */

static void test_the_same_input_gives_the_same_output_to_the_byte(void **state)
{
    static struct vd_judgement first;
    struct world now = good;

    (void)state;
    now.dmarc = "v=DMARC1; p=none";
    now.spf = "v=spf1 include:_spf.mailer.example ?all";
    memset(&judgement, 0xa5, sizeof judgement);
    judge_change(&good, &now);
    memcpy(&first, &judgement, sizeof first);
    memset(&judgement, 0x5a, sizeof judgement);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_memory_equal(&first, &judgement, sizeof first);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Junk of len octets in every TXT of the domain, behind a true beginning. */
static void judge_junk(const char *prefix, size_t len, uint32_t *seed)
{
    static const char *const names[] = {"example.com", "_dmarc.example.com",
                                        "s1._domainkey.example.com", "s2._domainkey.example.com"};
    static uint8_t junk[VD_TXT_LEN_MAX];
    size_t prefix_len = strlen(prefix);
    size_t index;

    vd_snapshot_clear(&snapshot);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        memcpy(junk, prefix, prefix_len < len ? prefix_len : len);
        for (size_t k = prefix_len; k < len; k++) {
            junk[k] = (uint8_t)next_random(seed);
        }
        assert_int_equal(vd_snapshot_ask(&snapshot, names[i], VD_TYPE_TXT, &index), VD_OK);
        settle(&snapshot.answers[index], "");
        (void)vd_snapshot_add(&snapshot, index, VD_TYPE_TXT, 0, junk, len);
    }
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

static void test_junk_is_judged_without_harm(void **state)
{
    static const char *const prefixes[] = {"", "v=spf1 ", "v=DMARC1; p=", "v=DKIM1; p=", "v=DKIM1"};
    static const size_t lens[] = {0, 1, 7, 64, 1000, VD_TXT_LEN_MAX / 2};
    uint32_t seed = 1;

    (void)state;
    judge_change(&good, &good);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        for (size_t k = 0; k < sizeof lens / sizeof lens[0]; k++) {
            judge_junk(prefixes[i], lens[k], &seed);
            for (size_t at = 0; at < judgement.words_len; at++) {
                uint8_t c = (uint8_t)judgement.words[at];
                assert_true(c == 0 || (c >= ' ' && c != 0x7f));
            }
        }
    }
}

static void test_a_tree_of_includes_that_doubles_is_counted_and_left(void **state)
{
    char name[40];
    char text[200];

    (void)state;
    vd_snapshot_clear(&snapshot);
    publish("example.com", VD_TYPE_TXT, NULL, "v=spf1 include:d0.example include:d0.example -all");
    for (unsigned i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "d%u.example", i);
        snprintf(text, sizeof text, "v=spf1 include:d%u.example include:d%u.example -all", i + 1,
                 i + 1);
        publish(name, VD_TYPE_TXT, NULL, text);
    }
    publish("d12.example", VD_TYPE_TXT, NULL, "v=spf1 -all");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    const struct vd_finding *finding = find(VD_CODE_SPF_BROKEN);
    assert_non_null(finding);
    assert_non_null(strstr(words(finding->new_text), "the limit is 10"));
}

static void test_ten_nested_includes_are_allowed(void **state)
{
    char name[40];
    char text[100];

    (void)state;
    vd_snapshot_clear(&snapshot);
    publish("example.com", VD_TYPE_TXT, NULL, "v=spf1 include:n1.example -all");
    for (unsigned i = 1; i < 10; i++) {
        snprintf(name, sizeof name, "n%u.example", i);
        snprintf(text, sizeof text, "v=spf1 include:n%u.example -all", i + 1);
        publish(name, VD_TYPE_TXT, NULL, text);
    }
    publish("n10.example", VD_TYPE_TXT, NULL, "v=spf1 ip4:192.0.2.1 -all");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_int_equal(judgement.facts.spf.standing, VD_STANDING_OK);
    assert_int_equal(judgement.facts.spf.lookups, 10);
}

static void test_more_findings_than_places_are_cut_and_said(void **state)
{
    (void)state;
    memset(&watch, 0, sizeof watch);
    strcpy(watch.domain, "example.com");
    vd_snapshot_clear(&snapshot);
    for (uint8_t i = 0; i < VD_SELECTORS_MAX; i++) {
        char name[60];
        snprintf(watch.selectors[i], sizeof watch.selectors[i], "sel%u", i);
        snprintf(name, sizeof name, "sel%u._domainkey.example.com", i);
        publish(name, VD_TYPE_TXT, NULL, DKIM_512);
    }
    watch.selectors_count = VD_SELECTORS_MAX;
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_int_equal(judgement.findings_count, VD_SELECTORS_MAX);
    assert_int_equal(judgement.is_cut, 0);
}

static void test_every_code_has_its_row(void **state)
{
    (void)state;
    for (int code = VD_CODE_NONE + 1; code < VD_CODES_COUNT; code++) {
        const struct vd_code_info *info = vd_code_info((enum vd_code)code);
        assert_non_null(info->code);
        assert_non_null(strchr(info->code, '.'));
        assert_true(info->severity >= VD_SEVERITY_CRITICAL);
        assert_true(strlen(info->why) > 10);
        for (int other = VD_CODE_NONE; other < code; other++) {
            assert_string_not_equal(info->code, vd_code_info((enum vd_code)other)->code);
        }
    }
    assert_string_equal(vd_code_info((enum vd_code)200)->code, "none");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_group_any_with_one_key_left_is_only_a_rotation),
        TEST(test_group_all_with_one_key_lost_is_broken),
        TEST(test_group_with_no_key_left_is_critical),
        TEST(test_group_member_waits_for_an_unknown_member),
        TEST(test_group_member_never_seen_good_is_silent_while_another_works),
        TEST(test_group_empty_at_first_contact_is_told_once),
        TEST(test_group_short_key_is_critical_even_if_the_group_works),
        TEST(test_words_of_reject_to_none),
        TEST(test_words_of_a_dangling_alias),
        TEST(test_summaries_of_the_table),
        TEST(test_words_of_an_alias_that_is_gone_name_its_target),
        TEST(test_words_of_an_alias_to_another_operator),
        TEST(test_words_of_a_broken_include_name_the_path),
        TEST(test_words_of_pass_all_in_an_include_name_the_path),
        TEST(test_a_long_domain_keeps_the_subject_line_short),
        TEST(test_unknown_everything_gives_no_finding_and_teaches_nothing),
        TEST(test_unknown_include_makes_spf_unknown_with_its_path),
        TEST(test_pass_all_before_an_unknown_include_is_certain),
        TEST(test_learning_takes_over_what_is_believed_and_nothing_else),
        TEST(test_learning_never_overwrites),
        TEST(test_adopting_moves_one_record_set_and_silences_it),
        TEST(test_adopting_for_ever_does_not_fill_the_store),
        TEST(test_a_text_that_does_not_fit_is_cut_and_still_compares),
        TEST(test_restored_is_silence),
        TEST(test_the_same_input_gives_the_same_output_to_the_byte),
        TEST(test_junk_is_judged_without_harm),
        TEST(test_a_tree_of_includes_that_doubles_is_counted_and_left),
        TEST(test_ten_nested_includes_are_allowed),
        TEST(test_more_findings_than_places_are_cut_and_said),
        TEST(test_every_code_has_its_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
