/*
 * DKIM groups: enough keys, rotations, services that turn their keys over.
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
#define NOTE    "this selector is kept for later"
#define INFO    VD_CLASS_CHANGED, VD_SEVERITY_INFO
#define BETTER  VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL                                                                              \
    }

#define OWNER(selector) selector "._domainkey.example.com"
#define TXT(selector, text)                                                                        \
    {                                                                                              \
        OWNER(selector), VD_TYPE_TXT, text                                                         \
    }
/* A CNAME, and what stands behind it. */
#define ALIAS(selector, target)                                                                    \
    {                                                                                              \
        OWNER(selector), VD_TYPE_CNAME, target                                                     \
    }
#define BEHIND(target, text)                                                                       \
    {                                                                                              \
        target, VD_TYPE_TXT, text                                                                  \
    }

/* need 0: each alone.  provider NULL: none is named. */
static void watch_group(const char *provider, uint8_t need, const char *const *selectors)
{
    memset(&watch, 0, sizeof watch);
    memset(&baseline, 0, sizeof baseline);
    strcpy(watch.domain, "example.com");
    for (; selectors[watch.selectors_count] != NULL; watch.selectors_count++) {
        strcpy(watch.selectors[watch.selectors_count], selectors[watch.selectors_count]);
    }
    watch.groups[0] = (struct vd_dkim_group){
        .members = (uint16_t)((1u << watch.selectors_count) - 1u), .need = need};
    watch.groups_count = need > 0;
    for (uint8_t i = 0; provider != NULL && vd_provider_at(&watch, i) != NULL; i++) {
        if (strcmp(vd_provider_at(&watch, i)->name, provider) == 0) {
            watch.groups[0].provider = (uint8_t)(i + 1);
        }
    }
    assert_int_equal(watch.groups[0].provider != 0, provider != NULL);
}

static const char *const two[] = {"s1", "s2", NULL};
static const char *const three[] = {"s1", "s2", "s3", NULL};

/* What is expected of one selector; code NONE: nothing. */
struct want {
    enum vd_code code;
    enum vd_class class_;
    enum vd_severity severity;
};

#define NO                                                                                         \
    {                                                                                              \
        NOTHING                                                                                    \
    }

struct row {
    const char *why;
    const char *provider;
    uint8_t need;
    uint8_t selectors;         /* 2 or 3 */
    struct zone_record was[7]; /* begins with END: first contact */
    struct zone_record now[7];
    struct want wants[3];
};

static void check(const char *why, const struct want *wants)
{
    for (uint8_t i = 0; i < watch.selectors_count; i++) {
        size_t count = 0;
        bool is_right = wants[i].code == VD_CODE_NONE;
        for (size_t k = 0; k < judgement.findings_count; k++) {
            const struct vd_finding *finding = &judgement.findings[k];
            const struct vd_subject *of = &judgement.subjects[finding->subject];
            if (of->kind != VD_SUBJECT_DKIM || of->index != i || !is_told(finding)) {
                continue;
            }
            count++;
            is_right = finding->code == wants[i].code && finding->class_ == wants[i].class_ &&
                       finding->severity == wants[i].severity;
            if (!is_right || wants[i].code == VD_CODE_NONE) {
                print_error("%s: %s class %u severity %u\n", why, words(finding->subject_line),
                            finding->class_, finding->severity);
                fail();
            }
        }
        if (count != (wants[i].code != VD_CODE_NONE)) {
            print_error("%s: selector %u: %u findings\n", why, i, (unsigned)count);
            fail();
        }
    }
}

#define SES1 "t1.dkim.amazonses.com"
#define SES2 "t2.dkim.amazonses.com"
#define SES3 "t3.dkim.amazonses.com"
#define SES  ALIAS("s1", SES1), ALIAS("s2", SES2), ALIAS("s3", SES3)
#define MS1  "selector1-example-com._domainkey.contoso.onmicrosoft.com"
#define MS2  "selector2-example-com._domainkey.contoso.onmicrosoft.com"
#define FM1  "fm1.example.com.dkim.fmhosted.com"
#define FM2  "fm2.example.com.dkim.fmhosted.com"
#define FM3  "fm3.example.com.dkim.fmhosted.com"

static const struct row rows[] = {
    /* any of two TXT keys */
    {"any: one lost, one left",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO}},
    {"any: one revoked, one left",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s1", REVOKED), TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO}},
    {"any: one unusable, one left",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s1", "v=DKIM1; p=!!"), TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO}},
    {"any: both lost",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {END},
     {{VD_CODE_DKIM_MISSING, CRITICAL}, {VD_CODE_DKIM_MISSING, CRITICAL}}},
    {"any: the only one lost",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), END},
     {END},
     {{VD_CODE_DKIM_MISSING, CRITICAL}, NO}},
    {"any: first contact, one is enough", NULL, 1, 2, {END}, {TXT("s2", DKIM_2048), END}, {NO, NO}},
    {"any: first contact, none",
     NULL,
     1,
     2,
     {END},
     {TXT("s2", REVOKED), END},
     {{VD_CODE_DKIM_MISSING, BROKEN_ERROR}, NO}},
    {"any: a short key is told whatever else is there",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s1", DKIM_512), TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_SHORT, CRITICAL}, NO}},
    {"any: unknown is not lost",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s2", "!servfail"), END},
     {NO, NO}},
    /* all */
    {"all: one lost, one left",
     NULL,
     2,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_MISSING, BROKEN}, NO}},
    {"all: one lost, the other unknown",
     NULL,
     2,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s2", "!servfail"), END},
     {{VD_CODE_DKIM_MISSING, BROKEN}, NO}},
    {"all: both lost",
     NULL,
     2,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {END},
     {{VD_CODE_DKIM_MISSING, CRITICAL}, {VD_CODE_DKIM_MISSING, CRITICAL}}},
    {"all: first contact, one absent",
     NULL,
     2,
     2,
     {END},
     {TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_MISSING, BROKEN}, NO}},
    /* n of */
    {"2 of 3: one lost",
     NULL,
     2,
     3,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), TXT("s3", DKIM_2048), END},
     {TXT("s2", DKIM_2048), TXT("s3", DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO, NO}},
    {"2 of 3: two lost",
     NULL,
     2,
     3,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), TXT("s3", DKIM_2048), END},
     {TXT("s3", DKIM_2048), END},
     {{VD_CODE_DKIM_MISSING, BROKEN}, {VD_CODE_DKIM_MISSING, BROKEN}, NO}},
    {"2 of 3: one lost, one unknown",
     NULL,
     2,
     3,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), TXT("s3", DKIM_2048), END},
     {TXT("s2", "!servfail"), TXT("s3", DKIM_2048), END},
     {NO, NO, NO}},
    /* rotation */
    {"a new selector beside the old one",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), END},
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_NEW), END},
     {NO, {VD_CODE_DKIM_APPEARED, BETTER}}},
    {"Ed25519 alongside RSA",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), END},
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_ED), END},
     {NO, {VD_CODE_DKIM_APPEARED, BETTER}}},
    {"a new selector, the old one revoked",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), END},
     {TXT("s1", REVOKED), TXT("s2", DKIM_NEW), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO}},
    {"a new selector of more bits, the old one removed",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_1024), END},
     {TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, {VD_CODE_DKIM_APPEARED, BETTER}}},
    {"RSA to Ed25519 while another RSA key stays",
     NULL,
     1,
     2,
     {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END},
     {TXT("s1", DKIM_ED), TXT("s2", DKIM_2048), END},
     {{VD_CODE_DKIM_CHANGED, NOTABLE}, NO}},
    /* Amazon SES: three CNAMEs */
    {"SES: all three",
     "amazon-ses",
     3,
     3,
     {END},
     {SES, BEHIND(SES1, DKIM_2048), BEHIND(SES2, DKIM_2048), BEHIND(SES3, DKIM_2048)},
     {NO, NO, NO}},
    {"SES: CNAMEs in place, one key behind them",
     "amazon-ses",
     3,
     3,
     {END},
     {SES, BEHIND(SES2, DKIM_2048), END},
     {NO, NO, NO}},
    {"SES: a key behind one goes",
     "amazon-ses",
     3,
     3,
     {SES, BEHIND(SES1, DKIM_2048), BEHIND(SES2, DKIM_2048), END},
     {SES, BEHIND(SES2, DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO, NO}},
    {"SES: a CNAME goes",
     "amazon-ses",
     3,
     3,
     {SES, BEHIND(SES1, DKIM_2048), BEHIND(SES2, DKIM_2048), BEHIND(SES3, DKIM_2048)},
     {ALIAS("s2", SES2), ALIAS("s3", SES3), BEHIND(SES2, DKIM_2048), BEHIND(SES3, DKIM_2048), END},
     {{VD_CODE_DKIM_MISSING, BROKEN}, NO, NO}},
    {"SES: a CNAME goes that had no key yet",
     "amazon-ses",
     3,
     3,
     {SES, BEHIND(SES2, DKIM_2048), END},
     {ALIAS("s2", SES2), ALIAS("s3", SES3), BEHIND(SES2, DKIM_2048), END},
     {{VD_CODE_DKIM_MISSING, BROKEN}, NO, NO}},
    {"SES: first contact, a CNAME missing",
     "amazon-ses",
     3,
     3,
     {END},
     {ALIAS("s2", SES2), ALIAS("s3", SES3), BEHIND(SES2, DKIM_2048), BEHIND(SES3, DKIM_2048), END},
     {{VD_CODE_DKIM_MISSING, BROKEN}, NO, NO}},
    {"SES: no key behind any",
     "amazon-ses",
     3,
     3,
     {SES, BEHIND(SES2, DKIM_2048), END},
     {SES, END},
     {NO, {VD_CODE_DKIM_DANGLING, BROKEN_ERROR}, NO}},
    {"SES: first contact, a CNAME into another service",
     "amazon-ses",
     3,
     3,
     {END},
     {ALIAS("s1", "x.evil.example"), ALIAS("s2", SES2), ALIAS("s3", SES3),
      BEHIND("x.evil.example", DKIM_2048), BEHIND(SES2, DKIM_2048), BEHIND(SES3, DKIM_2048)},
     {{VD_CODE_DKIM_ALIAS, WEAKENED}, NO, NO}},
    {"SES: keys of its own (TXT) do as well",
     "amazon-ses",
     3,
     3,
     {END},
     {TXT("s1", DKIM_2048), ALIAS("s2", SES2), ALIAS("s3", SES3), BEHIND(SES2, DKIM_2048), END},
     {NO, NO, NO}},
    /* Microsoft 365: one of two is in use */
    {"M365: one inactive",
     "microsoft-365",
     1,
     2,
     {END},
     {ALIAS("s1", MS1), ALIAS("s2", MS2), BEHIND(MS1, DKIM_2048), END},
     {NO, NO}},
    {"M365: rolled from one to the other",
     "microsoft-365",
     1,
     2,
     {ALIAS("s1", MS1), ALIAS("s2", MS2), BEHIND(MS1, DKIM_2048), END},
     {ALIAS("s1", MS1), ALIAS("s2", MS2), BEHIND(MS2, DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO}},
    {"M365: both gone",
     "microsoft-365",
     1,
     2,
     {ALIAS("s1", MS1), ALIAS("s2", MS2), BEHIND(MS1, DKIM_2048), END},
     {END},
     {{VD_CODE_DKIM_MISSING, CRITICAL}, NO}},
    {"M365: from the classic to the new names",
     "microsoft-365",
     1,
     2,
     {ALIAS("s1", MS1), BEHIND(MS1, DKIM_2048), END},
     {ALIAS("s1", "selector1-example-com._domainkey.contoso.n-v1.dkim.mail.microsoft"),
      BEHIND("selector1-example-com._domainkey.contoso.n-v1.dkim.mail.microsoft", DKIM_2048), END},
     {{VD_CODE_DKIM_ALIAS_CHANGED, INFO}, NO}},
    {"M365: the resting one becomes a stranger's",
     "microsoft-365",
     1,
     2,
     {ALIAS("s1", MS1), BEHIND(MS1, DKIM_2048), END},
     {ALIAS("s1", MS1), BEHIND(MS1, DKIM_2048), ALIAS("s2", "k.evil.example"),
      BEHIND("k.evil.example", DKIM_NEW), END},
     {NO, {VD_CODE_DKIM_ALIAS, WEAKENED}}},
    /* Fastmail: one live key, notes at the others */
    {"Fastmail: notes",
     "fastmail",
     1,
     3,
     {END},
     {ALIAS("s1", FM1), ALIAS("s2", FM2), ALIAS("s3", FM3), BEHIND(FM1, DKIM_2048),
      BEHIND(FM2, NOTE), BEHIND(FM3, NOTE)},
     {NO, NO, NO}},
    {"Fastmail: the key becomes a note, another comes",
     "fastmail",
     1,
     3,
     {ALIAS("s1", FM1), ALIAS("s2", FM2), BEHIND(FM1, DKIM_2048), BEHIND(FM2, NOTE), END},
     {ALIAS("s1", FM1), ALIAS("s2", FM2), BEHIND(FM1, NOTE), BEHIND(FM2, DKIM_2048), END},
     {{VD_CODE_DKIM_ROTATION, NOTABLE}, NO, NO}},
    {"Fastmail: nothing but notes",
     "fastmail",
     1,
     3,
     {ALIAS("s1", FM1), ALIAS("s2", FM2), BEHIND(FM1, DKIM_2048), BEHIND(FM2, NOTE), END},
     {ALIAS("s1", FM1), ALIAS("s2", FM2), BEHIND(FM1, NOTE), BEHIND(FM2, NOTE), END},
     {{VD_CODE_DKIM_MISSING, CRITICAL}, NO, NO}},
};

static void judge_row(const struct row *row)
{
    watch_group(row->provider, row->need, row->selectors == 2 ? two : three);
    if (row->was[0].name != NULL) {
        zone_learn(row->was);
    }
    (void)zone_judge(row->now);
}

static void test_groups_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        judge_row(&rows[i]);
        check(rows[i].why, rows[i].wants);
    }
}

static void test_back_in_the_old_state_there_is_no_finding(void **state)
{
    static const struct want none[3] = {NO, NO, NO};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].was[0].name != NULL) {
            judge_row(&rows[i]);
            (void)zone_judge(rows[i].was);
            check(rows[i].why, none);
        }
    }
}

static void test_an_absent_key_whose_group_hangs_on_an_unknown_one_is_unknown(void **state)
{
    static const struct zone_record good_zone[] = {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END};
    static const struct zone_record bad_zone[] = {TXT("s2", "!servfail"), END};

    (void)state;
    watch_group(NULL, 1, two);
    zone_learn(good_zone);
    (void)zone_judge(bad_zone);
    assert_int_equal(subject(VD_SUBJECT_DKIM, 0)->standing, VD_STANDING_UNKNOWN);
    assert_int_equal(subject(VD_SUBJECT_DKIM, 0)->detail, VD_DETAIL_SERVFAIL);
    assert_int_equal(judgement.facts.dkim[0].standing, VD_STANDING_ABSENT);
}

static void test_a_short_key_is_told_whatever_an_unknown_member_holds(void **state)
{
    static const struct zone_record zone_of[] = {TXT("s1", DKIM_512), TXT("s2", "!servfail"), END};

    (void)state;
    watch_group(NULL, 1, two);
    (void)zone_judge(zone_of);
    check("s2 changes nothing about it", (struct want[]){{VD_CODE_DKIM_SHORT, CRITICAL}, NO});
}

static void test_a_cname_that_the_service_wants_back_is_put_back(void **state)
{
    static const struct zone_record was[] = {SES, BEHIND(SES2, DKIM_2048), END};
    static const struct zone_record now[] = {ALIAS("s2", SES2), ALIAS("s3", SES3),
                                             BEHIND(SES2, DKIM_2048), END};

    (void)state;
    watch_group("amazon-ses", 3, three);
    zone_learn(was);
    (void)zone_judge(now);
    assert_non_null(told(VD_CODE_DKIM_MISSING));
    assert_non_null(strstr(words(told(VD_CODE_DKIM_MISSING)->mend), "put CNAME: " SES1 ". "));
    /* accepted, it is the new normal */
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DKIM, 0, true);
    (void)zone_judge(now);
    check("accepted", (struct want[]){NO, NO, NO});
}

static void test_a_loss_is_an_error_where_dmarc_enforces_or_in_bulk(void **state)
{
    static const struct zone_record good_zone[] = {TXT("s1", DKIM_2048), TXT("s2", DKIM_2048), END};
    static const struct zone_record bad_zone[] = {TXT("s2", DKIM_2048), END};

    (void)state;
    watch_group(NULL, 2, two);
    watch.profiles = VD_PROFILE_BULK;
    zone_learn(good_zone);
    (void)zone_judge(bad_zone);
    assert_int_equal(told(VD_CODE_DKIM_MISSING)->severity, VD_SEVERITY_ERROR);
}

static void test_first_contact_names_the_service_that_shows_the_record(void **state)
{
    static const struct zone_record zone_of[] = {ALIAS("s2", SES2), ALIAS("s3", SES3),
                                                 BEHIND(SES2, DKIM_2048), END};

    (void)state;
    watch_group("amazon-ses", 3, three);
    (void)zone_judge(zone_of);
    const struct vd_finding *finding = told(VD_CODE_DKIM_MISSING);
    assert_non_null(finding);
    assert_non_null(strstr(words(finding->mend), "put the CNAME that Amazon SES shows for it"));
    assert_int_equal(finding->rtype, VD_TYPE_CNAME);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_groups_table),
        TEST(test_back_in_the_old_state_there_is_no_finding),
        TEST(test_an_absent_key_whose_group_hangs_on_an_unknown_one_is_unknown),
        TEST(test_a_short_key_is_told_whatever_an_unknown_member_holds),
        TEST(test_a_cname_that_the_service_wants_back_is_put_back),
        TEST(test_a_loss_is_an_error_where_dmarc_enforces_or_in_bulk),
        TEST(test_first_contact_names_the_service_that_shows_the_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
