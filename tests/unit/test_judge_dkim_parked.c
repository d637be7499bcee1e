/*
 * DKIM: parked domains, and wildcards.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/judge_words.h"
#include "tests/unit/zone_world.h"

#define REVOKED "v=DKIM1; p="
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL                                                                              \
    }

#define OWNER(selector) selector "._domainkey.example.com"
#define TXT(selector, text)                                                                        \
    {                                                                                              \
        OWNER(selector), VD_TYPE_TXT, text                                                         \
    }
#define ALIAS(selector, target)                                                                    \
    {                                                                                              \
        OWNER(selector), VD_TYPE_CNAME, target                                                     \
    }

static void watch_selectors(const char *const *selectors)
{
    memset(&watch, 0, sizeof watch);
    memset(&baseline, 0, sizeof baseline);
    strcpy(watch.domain, "example.com");
    for (; selectors[watch.selectors_count] != NULL; watch.selectors_count++) {
        strcpy(watch.selectors[watch.selectors_count], selectors[watch.selectors_count]);
    }
}

/* ---- parked ---------------------------------------------------------------------------------- */

static const char *const nobody[] = {NULL};
static const char *const one[] = {"s1", NULL};
static const char *const two[] = {"s1", "s2", NULL};

static const struct {
    const char *why;
    const char *const *selectors;
    struct zone_record was[3], now[3];
    enum vd_code code;
    enum vd_class class_;
    enum vd_severity severity;
} parked[] = {
    {"first contact, locked", nobody, {END}, {TXT("*", REVOKED), END}, NOTHING},
    {"first contact, nothing at all", nobody, {END}, {END}, NOTHING},
    {"locked as before", nobody, {TXT("*", REVOKED), END}, {TXT("*", REVOKED), END}, NOTHING},
    {"a key appears under the lock",
     nobody,
     {TXT("*", REVOKED), END},
     {TXT("*", DKIM_2048), END},
     VD_CODE_DKIM_PARKED,
     CRITICAL},
    {"a short one too",
     nobody,
     {TXT("*", REVOKED), END},
     {TXT("*", DKIM_512), END},
     VD_CODE_DKIM_PARKED,
     CRITICAL},
    {"first contact, a wildcard key",
     nobody,
     {END},
     {TXT("*", DKIM_2048), END},
     VD_CODE_DKIM_PARKED,
     CRITICAL},
    {"a key at a selector",
     one,
     {TXT("*", REVOKED), END},
     {TXT("*", REVOKED), TXT("s1", DKIM_2048), END},
     VD_CODE_DKIM_PARKED,
     CRITICAL},
    {"no key at a selector", one, {END}, {END}, NOTHING},
    {"first contact, other text", nobody, {END}, {TXT("*", "v=spf1 -all"), END}, NOTHING},
};

static void test_parked_domains_want_no_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof parked / sizeof parked[0]; i++) {
        watch_selectors(parked[i].selectors);
        watch.needs_no_key = true;
        if (parked[i].was[0].name != NULL) {
            zone_learn(parked[i].was);
        }
        (void)zone_judge(parked[i].now);
        if (told_of(VD_SUBJECT_DKIM) != (parked[i].code != VD_CODE_NONE)) {
            print_error("%s: %u findings\n", parked[i].why, (unsigned)told_of(VD_SUBJECT_DKIM));
            fail();
        }
        if (parked[i].code == VD_CODE_NONE) {
            continue;
        }
        const struct vd_finding *finding = told(parked[i].code);
        assert_non_null(finding);
        assert_int_equal(finding->class_, parked[i].class_);
        assert_int_equal(finding->severity, parked[i].severity);
        assert_int_equal(finding->axis, VD_AXIS_SPOOF);
        assert_non_null(
            strstr(words(finding->mend), "at *._domainkey.example.com put TXT: v=DKIM1; p="));
        /* accepted, it is quiet; another key is not */
        vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DKIM,
                       judgement.subjects[finding->subject].index, true);
        (void)zone_judge(parked[i].now);
        assert_int_equal(told_of(VD_SUBJECT_DKIM), 0);
    }
}

static void test_a_locked_domain_stands_well(void **state)
{
    static const struct zone_record locked[] = {TXT("*", REVOKED), END};

    (void)state;
    watch_selectors(nobody);
    watch.needs_no_key = true;
    (void)zone_judge(locked);
    const struct vd_subject *of = subject(VD_SUBJECT_DKIM, VD_DKIM_WILDCARD);
    assert_non_null(of);
    assert_int_equal(of->standing, VD_STANDING_OK);
    assert_string_equal(words(of->summary), "revoked (p= is empty)");
    assert_string_equal(words(of->record), "*._domainkey.example.com");
}

/* ---- wildcards ------------------------------------------------------------------------------- */

static void test_a_key_that_any_selector_answers_is_told_once_for_all(void **state)
{
    static const struct zone_record zone_of[] = {TXT("*", DKIM_2048), END};

    (void)state;
    watch_selectors(two);
    watch.groups[0] = (struct vd_dkim_group){.members = 3, .need = 1};
    watch.groups_count = 1;
    (void)zone_judge(zone_of);
    assert_int_equal(told_of(VD_SUBJECT_DKIM), 1);
    const struct vd_finding *finding = told(VD_CODE_DKIM_WILDCARD);
    assert_non_null(finding);
    assert_int_equal(finding->class_, VD_CLASS_CHANGED);
    assert_false(vd_code_info(VD_CODE_DKIM_WILDCARD)->is_alert);
    assert_int_equal(judgement.facts.dkim[0].is_wildcard, 1);
    assert_string_equal(words(subject(VD_SUBJECT_DKIM, 0)->summary), "RSA 2048 (wildcard)");
}

static void test_a_key_of_its_own_beside_a_wildcard_is_no_wildcard(void **state)
{
    static const struct zone_record zone_of[] = {TXT("*", REVOKED), TXT("s1", DKIM_2048), END};

    (void)state;
    watch_selectors(one);
    (void)zone_judge(zone_of);
    assert_int_equal(told_of(VD_SUBJECT_DKIM), 0);
    assert_int_equal(judgement.facts.dkim[0].is_wildcard, 0);
}

/* "*._domainkey" with other text: the selector's key is gone all the same. */
static void test_a_wildcard_that_is_no_key_hides_no_absence(void **state)
{
    static const struct zone_record good_zone[] = {TXT("s1", DKIM_2048), END};
    static const struct zone_record bad_zone[] = {TXT("*", "parked"), END};

    (void)state;
    watch_selectors(one);
    zone_learn(good_zone);
    (void)zone_judge(bad_zone);
    const struct vd_finding *finding = told(VD_CODE_DKIM_MISSING);
    assert_non_null(finding);
    assert_int_equal(finding->class_, VD_CLASS_CRITICAL);
    assert_string_equal(words(finding->new_text), "absent (other content)");
}

/* "*" leads all names to a web host: a selector that is gone has no CNAME of its own. */
static void test_a_wildcard_alias_hides_no_absence(void **state)
{
    static const struct zone_record good_zone[] = {TXT("s1", DKIM_2048), END};
    static const struct zone_record bad_zone[] = {
        ALIAS("*", "web.hosting.example"), {"a.web.hosting.example", VD_TYPE_TXT, "hello"}, END};

    (void)state;
    watch_selectors(one);
    zone_learn(good_zone);
    (void)zone_judge(bad_zone);
    const struct vd_finding *finding = told(VD_CODE_DKIM_MISSING);
    assert_non_null(finding);
    assert_int_equal(finding->class_, VD_CLASS_CRITICAL);
    assert_int_equal(finding->rtype, VD_TYPE_TXT);
}

/* While the probe cannot be asked, what is known of it stays. */
static void test_a_probe_without_answer_changes_nothing(void **state)
{
    static const struct zone_record zone_of[] = {TXT("s1", DKIM_2048), TXT("x1y2z3", "!servfail"),
                                                 END};

    (void)state;
    watch_selectors(one);
    zone_learn(zone_of);
    (void)zone_judge(zone_of);
    assert_int_equal(told_of(VD_SUBJECT_DKIM), 0);
    assert_int_equal(subject(VD_SUBJECT_DKIM, 0)->standing, VD_STANDING_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_parked_domains_want_no_key),
        TEST(test_a_locked_domain_stands_well),
        TEST(test_a_key_that_any_selector_answers_is_told_once_for_all),
        TEST(test_a_key_of_its_own_beside_a_wildcard_is_no_wildcard),
        TEST(test_a_wildcard_that_is_no_key_hides_no_absence),
        TEST(test_a_wildcard_alias_hides_no_absence),
        TEST(test_a_probe_without_answer_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
