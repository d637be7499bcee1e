/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/judge_world.h"

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

static void test_summaries_of_the_table(void **state)
{
    struct world now = good;

    (void)state;
    judge_change(NULL, &now);
    assert_int_equal(judgement.subjects_count, 10);
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
        vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, kind, 0, true);
    }
    assert_memory_equal(&before, &baseline, sizeof before);
    judge_change(&good, &unasked);
    expect("never asked", NOTHING);
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
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DKIM, 0, true);
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
        vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DKIM, 0, true);
        vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_SPF, 0, true);
        vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_MX, 0, true);
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
        TEST(test_words_of_reject_to_none),
        TEST(test_summaries_of_the_table),
        TEST(test_a_long_domain_keeps_the_subject_line_short),
        TEST(test_unknown_everything_gives_no_finding_and_teaches_nothing),
        TEST(test_learning_takes_over_what_is_believed_and_nothing_else),
        TEST(test_learning_never_overwrites),
        TEST(test_adopting_moves_one_record_set_and_silences_it),
        TEST(test_adopting_for_ever_does_not_fill_the_store),
        TEST(test_a_text_that_does_not_fit_is_cut_and_still_compares),
        TEST(test_restored_is_silence),
        TEST(test_the_same_input_gives_the_same_output_to_the_byte),
        TEST(test_junk_is_judged_without_harm),
        TEST(test_more_findings_than_places_are_cut_and_said),
        TEST(test_every_code_has_its_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
