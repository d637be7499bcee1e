/*
 * DKIM among the other records: words, room for texts, what is kept and compared.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/judge_world.h"

static const char *mend_of(enum vd_code code)
{
    assert_non_null(find(code));
    return words(find(code)->mend);
}

static const char *subject_line(enum vd_code code)
{
    assert_non_null(find(code));
    return words(find(code)->subject_line);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("\"%s\" lacks \"%s\"\n", text, part);
        fail();
    }
}

/* ---- groups among other records -------------------------------------------------------------- */

static void test_group_with_no_key_left_names_each_loss(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = "!nxdomain";
    now.s2 = "!dangling";
    judge_change(&good, &now);
    assert_int_equal(find(VD_CODE_DKIM_MISSING)->class_, VD_CLASS_CRITICAL);
    assert_int_equal(find(VD_CODE_DKIM_DANGLING)->class_, VD_CLASS_BROKEN);
    assert_int_equal(find(VD_CODE_DKIM_DANGLING)->severity, VD_SEVERITY_ERROR);
}

static void test_group_all_with_one_key_lost_is_an_error_where_dmarc_enforces(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(2);
    now.s1 = "!nxdomain";
    judge_change(&good, &now);
    assert_int_equal(find(VD_CODE_DKIM_MISSING)->class_, VD_CLASS_BROKEN);
    assert_int_equal(find(VD_CODE_DKIM_MISSING)->severity, VD_SEVERITY_ERROR);
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

/* ---- words ----------------------------------------------------------------------------------- */

static void test_words_of_a_dangling_alias(void **state)
{
    struct world now = good;

    (void)state;
    now.s2 = "!dangling";
    judge_change(&good, &now);
    const struct vd_finding *finding = find(VD_CODE_DKIM_DANGLING);
    assert_non_null(finding);
    assert_int_equal(finding->rtype, VD_TYPE_CNAME);
    assert_string_equal(words(finding->old_text), "RSA 2048 via CNAME s2.dkim.mailer.example");
    assert_string_equal(words(finding->new_text),
                        "absent (dangling alias) via CNAME s2.dkim.mailer.example");
    assert_string_equal(words(finding->path),
                        "s2._domainkey.example.com > CNAME s2.dkim.mailer.example");
    assert_has(words(finding->mend),
               "at s2._domainkey.example.com leave CNAME: s2.dkim.mailer.example");
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
                        "at s2._domainkey.example.com put CNAME: s2.dkim.mailer.example. (with the "
                        "dot at its end; see that your mail service still shows it)");
}

static void test_words_of_an_alias_to_another_operator(void **state)
{
    struct world now = good;

    (void)state;
    now.s2_alias = "s2.dkim.other.example";
    judge_change(&good, &now);
    expect("other operator", VD_CODE_DKIM_ALIAS, WEAKENED);
    assert_string_equal(mend_of(VD_CODE_DKIM_ALIAS),
                        "at s2._domainkey.example.com put CNAME: s2.dkim.mailer.example. (with the "
                        "dot at its end; see that your mail service still shows it)");
    now.s2_alias = "s9.mailer.example";
    judge_change(&good, &now);
    expect("same operator", VD_CODE_DKIM_ALIAS_CHANGED, CHANGED);
}

/* The same key in a stranger's hands: neither better nor worse yet, and not to be missed. */
static void test_text_that_becomes_an_alias_with_the_same_key_is_a_change(void **state)
{
    struct world was = good;
    struct world now = good;

    (void)state;
    was.s2_alias = NULL;
    now.s2_alias = "s2.dkim.other.example";
    judge_change(&was, &now);
    expect("to a stranger", VD_CODE_DKIM_ALIAS_CHANGED, NOTABLE);
    assert_has(mend_of(VD_CODE_DKIM_ALIAS_CHANGED), "remove the CNAME");
    now.s2_alias = "keys.example.com";
    judge_change(&was, &now);
    expect("to a name of our own", VD_CODE_DKIM_ALIAS_CHANGED, CHANGED);
    judge_change(&now, &was);
    expect("and back", VD_CODE_DKIM_ALIAS_CHANGED, CHANGED);
}

static void test_mend_of_two_keys_keeps_one(void **state)
{
    struct world now = good;

    (void)state;
    now.s1 = DKIM_2048 "|" DKIM_NEW;
    judge_change(&good, &now);
    assert_has(mend_of(VD_CODE_DKIM_BROKEN), "keep one TXT and remove the others; TXT: " DKIM_2048);
}

static void test_a_key_that_is_left_is_not_denied(void **state)
{
    struct world now = good;

    (void)state;
    now.s1 = "!nxdomain";
    judge_change(&good, &now);
    assert_null(strstr(subject_line(VD_CODE_DKIM_MISSING), "no usable key"));
    now.s2 = "!dangling";
    judge(&now);
    assert_has(subject_line(VD_CODE_DKIM_MISSING), "no usable key is left");
}

static void test_long_selector_is_marked_where_it_is_cut(void **state)
{
    char name[100];

    (void)state;
    memset(watch.selectors[0], 's', 60);
    watch.selectors[0][60] = '\0';
    watch.selectors_count = 1;
    vd_snapshot_clear(&snapshot);
    snprintf(name, sizeof name, "%s._domainkey.example.com", watch.selectors[0]);
    publish(name, VD_TYPE_TXT, NULL, "!nxdomain");
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_has(subject_line(VD_CODE_DKIM_MISSING), "DKIM ssssss...sss");
}

/* Whatever a DNS server answers at a selector: every line is short and every byte is plain. */
static void test_hostile_texts_and_targets_stay_out_of_the_lines(void **state)
{
    static const char *const texts[] = {"v=DKIM1; p=\x1b[31m",
                                        "\"v=DKIM1; p=%s%n%s\"",
                                        "v=DKIM1; k=\xff\xfe; p=x",
                                        "p=",
                                        "v=DKIM1; p=;;;;\x80;",
                                        "v=DKIM1\\",
                                        "\\",
                                        "v=DKIM1; p=\\999\\12"};
    static const char *const aliases[] = {NULL, "%s%n.evil.example",
                                          "a\\032b.\\010x.evil.example.com"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t k = 0; k < sizeof aliases / sizeof aliases[0]; k++) {
            struct world now = good;
            now.s2 = texts[i];
            now.s2_alias = aliases[k];
            judge_change(&good, &now);
            for (size_t f = 0; f < judgement.findings_count; f++) {
                const struct vd_finding *finding = &judgement.findings[f];
                assert_true(strlen(words(finding->subject_line)) < 100);
                for (const char *c = words(finding->mend); *c != '\0'; c++) {
                    assert_true((uint8_t)*c >= ' ' && (uint8_t)*c < 0x7f);
                }
            }
        }
    }
}

/* ---- content, baseline ----------------------------------------------------------------------- */

static void test_content_tells_what_the_words_do_not(void **state)
{
    struct world now = good;

    (void)state;
    now.s1 = DKIM_NEW;
    judge_change(&good, &now);
    uint32_t first = find(VD_CODE_DKIM_CHANGED)->content;
    now.s1 = "v=DKIM1; p=" KEY_RSA_4096;
    judge(&now);
    assert_int_not_equal(find(VD_CODE_DKIM_CHANGED)->content, first);
    now.s1 = "n=note; p=" KEY_RSA_2048_OTHER;
    judge(&now);
    assert_int_equal(find(VD_CODE_DKIM_CHANGED)->content, first);
}

static void test_rotation_is_not_adopted_and_the_next_key_is_compared(void **state)
{
    struct world now = good;

    (void)state;
    watch_example(1);
    now.s1 = "!nxdomain";
    judge_change(&good, &now);
    expect("gone", VD_CODE_DKIM_ROTATION, NOTABLE);
    vd_facts_adopt(&baseline, &judgement.facts, find(VD_CODE_DKIM_ROTATION)->facet, VD_SUBJECT_DKIM,
                   0, false);
    now.s1 = DKIM_NEW;
    judge(&now);
    expect("another one", VD_CODE_DKIM_CHANGED, NOTABLE);
    assert_true(vd_code_info(VD_CODE_DKIM_CHANGED)->is_alert);
}

/* A record that fills the store takes the texts' room, not the verdict. */
static void test_full_store_does_not_hide_an_alias_that_moves(void **state)
{
    static char spf[2900] = "v=spf1 -all";
    struct world was = good;
    struct world now = good;

    (void)state;
    while (strlen(spf) < 2700) {
        sprintf(spf + strlen(spf), " x%u=%0100u", (unsigned)strlen(spf), 0u);
    }
    was.spf = now.spf = spf;
    now.s2_alias = "s2.dkim.other.example";
    judge_change(&was, &now);
    assert_non_null(find(VD_CODE_DKIM_ALIAS));
    assert_null(strstr(mend_of(VD_CODE_DKIM_ALIAS), "take the"));
}

/* ---- pending ------------------------------------------------------------------------------- */

static void watch_one(void)
{
    memset(&watch, 0, sizeof watch);
    memset(&baseline, 0, sizeof baseline);
    strcpy(watch.domain, "example.com");
    strcpy(watch.selectors[0], "s1");
    watch.selectors_count = 1;
}

/* All that is published: the text of one selector. */
static void judge_text(const char *text)
{
    vd_snapshot_clear(&snapshot);
    publish("s1._domainkey.example.com", VD_TYPE_TXT, NULL, text);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

static void test_an_expected_key_is_pending_until_it_is_seen(void **state)
{
    (void)state;
    watch_one();
    baseline.pending = vd_subject_bit(VD_SUBJECT_DKIM, 0);
    judge_text("!nxdomain");
    expect("on its way", VD_CODE_DKIM_PENDING, CHANGED);
    /* a look that is believed leaves nothing to compare with */
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    judge_text("!nodata");
    expect("still on its way", VD_CODE_DKIM_PENDING, CHANGED);
    baseline.pending = 0;
    judge_text("!nxdomain");
    expect("too late", VD_CODE_DKIM_MISSING, BROKEN_ERROR);
}

static void test_an_expected_key_that_arrives_is_verified(void **state)
{
    (void)state;
    watch_one();
    baseline.pending = vd_subject_bit(VD_SUBJECT_DKIM, 0);
    judge_text("!nxdomain");
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    judge_text(DKIM_2048);
    expect("arrived", VD_CODE_DKIM_VERIFIED, NOTABLE);
    assert_int_equal(find(VD_CODE_DKIM_VERIFIED)->old_text, 0);
    /* found again until it is believed, even when the key is part of the baseline by then */
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    judge_text(DKIM_2048);
    expect("seen again", VD_CODE_DKIM_VERIFIED, NOTABLE);
    baseline.pending = 0;
    judge_text(DKIM_2048);
    expect("known", NOTHING);
    judge_text("!nxdomain");
    expect("lost", VD_CODE_DKIM_MISSING, CRITICAL);
}

static void test_a_key_that_arrives_unusable_is_told_while_pending(void **state)
{
    (void)state;
    watch_one();
    baseline.pending = vd_subject_bit(VD_SUBJECT_DKIM, 0);
    judge_text("v=DKIM1; k=dsa; p=" KEY_RSA_2048);
    expect("unusable", VD_CODE_DKIM_BROKEN, BROKEN_ERROR);
}

static void test_a_revoked_key_that_was_accepted_may_go_altogether(void **state)
{
    (void)state;
    watch_one();
    judge_text(DKIM_2048);
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    judge_text("v=DKIM1; p=");
    expect("revoked", VD_CODE_DKIM_REVOKED, CRITICAL);
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DKIM, 0, true);
    judge_text("!nxdomain");
    expect("the last step of a rotation", NOTHING);
    judge_text("v=DKIM1; k=dsa; p=AAAA");
    expect("something else again", VD_CODE_DKIM_BROKEN, BROKEN_ERROR);
}

static void test_a_key_cut_off_is_mended_with_the_last_good_one(void **state)
{
    (void)state;
    watch_one();
    judge_text(DKIM_2048);
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    judge_text("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A");
    expect("cut off", VD_CODE_DKIM_BROKEN, BROKEN_ERROR);
    assert_has(mend_of(VD_CODE_DKIM_BROKEN), "copy the whole key again");
    assert_has(mend_of(VD_CODE_DKIM_BROKEN), "put TXT: " DKIM_2048);
}

static void test_what_is_wrong_behind_an_alias_is_mended_there(void **state)
{
    static const char *const bad[] = {"v=DKIM1; k=dsa; p=AAAA", DKIM_2048 "|" DKIM_NEW,
                                      "\"v=DKIM1; p=" KEY_RSA_2048 "\""};
    struct world now = good;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        now.s2 = bad[i];
        for (unsigned was_good = 0; was_good < 2; was_good++) {
            judge_change(was_good ? &good : NULL, &now);
            assert_has(mend_of(VD_CODE_DKIM_BROKEN),
                       "have the TXT mended at s2.dkim.mailer.example, where the CNAME at "
                       "s2._domainkey.example.com leads: ");
        }
    }
}

static void test_pending_never_hides_the_loss_of_a_key_that_was_good(void **state)
{
    (void)state;
    watch_one();
    judge_text(DKIM_2048);
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    baseline.pending = vd_subject_bit(VD_SUBJECT_DKIM, 0);
    judge_text("!nxdomain");
    expect("lost", VD_CODE_DKIM_MISSING, CRITICAL);
}

/* ---- order ----------------------------------------------------------------------------------- */

/* A key with these properties; the larger, the stronger. */
struct strength {
    unsigned bits, is_live, is_strict, is_narrow;
};

static const char *write_key(struct strength key, char *out, size_t cap)
{
    static const char *const keys[] = {KEY_RSA_1024, KEY_RSA_2048, KEY_RSA_4096};

    snprintf(out, cap, "v=DKIM1;%s t=%s%s; p=%s", key.is_narrow ? " h=sha256;" : "",
             key.is_live ? "x" : "y", key.is_strict ? ":s" : "", keys[key.bits]);
    return out;
}

static struct strength strength_at(unsigned i)
{
    return (struct strength){i % 3, i / 3 % 2, i / 6 % 2, i / 12 % 2};
}

static bool is_nowhere_stronger(struct strength a, struct strength b)
{
    return a.bits <= b.bits && a.is_live <= b.is_live && a.is_strict <= b.is_strict &&
           a.is_narrow <= b.is_narrow;
}

/* Each pair of keys: what is weaker somewhere and nowhere stronger is told as a fall, and never as a
   rise; what is nowhere weaker is never told as a fall. */
static void test_a_key_that_is_nowhere_stronger_is_never_called_stronger(void **state)
{
    char text[1200];

    (void)state;
    for (unsigned i = 0; i < 24 * 24; i++) {
        struct strength was = strength_at(i / 24);
        struct strength now = strength_at(i % 24);
        unsigned falls = 0;
        unsigned rises = 0;
        watch_one();
        judge_text(write_key(was, text, sizeof text));
        (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
        judge_text(write_key(now, text, sizeof text));
        for (size_t k = 0; k < judgement.findings_count; k++) {
            const struct vd_finding *finding = &judgement.findings[k];
            falls += is_told(finding) && finding->class_ == VD_CLASS_WEAKENED;
            rises += is_told(finding) && finding->class_ == VD_CLASS_STRENGTHENED;
        }
        if (is_nowhere_stronger(now, was)) {
            assert_int_equal(rises, 0);
            assert_int_equal(falls > 0, i / 24 != i % 24);
        }
        if (is_nowhere_stronger(was, now)) {
            assert_int_equal(falls, 0);
        }
        assert_true(falls == 0 || rises == 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_group_with_no_key_left_names_each_loss),
        TEST(test_group_all_with_one_key_lost_is_an_error_where_dmarc_enforces),
        TEST(test_group_member_waits_for_an_unknown_member),
        TEST(test_group_member_never_seen_good_is_silent_while_another_works),
        TEST(test_words_of_a_dangling_alias),
        TEST(test_words_of_an_alias_that_is_gone_name_its_target),
        TEST(test_words_of_an_alias_to_another_operator),
        TEST(test_text_that_becomes_an_alias_with_the_same_key_is_a_change),
        TEST(test_mend_of_two_keys_keeps_one),
        TEST(test_a_key_that_is_left_is_not_denied),
        TEST(test_long_selector_is_marked_where_it_is_cut),
        TEST(test_hostile_texts_and_targets_stay_out_of_the_lines),
        TEST(test_content_tells_what_the_words_do_not),
        TEST(test_rotation_is_not_adopted_and_the_next_key_is_compared),
        TEST(test_full_store_does_not_hide_an_alias_that_moves),
        TEST(test_an_expected_key_is_pending_until_it_is_seen),
        TEST(test_an_expected_key_that_arrives_is_verified),
        TEST(test_a_key_that_arrives_unusable_is_told_while_pending),
        TEST(test_a_revoked_key_that_was_accepted_may_go_altogether),
        TEST(test_a_key_cut_off_is_mended_with_the_last_good_one),
        TEST(test_what_is_wrong_behind_an_alias_is_mended_there),
        TEST(test_pending_never_hides_the_loss_of_a_key_that_was_good),
        TEST(test_a_key_that_is_nowhere_stronger_is_never_called_stronger),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
