/*
 * Slips: records at wrong names or typed wrongly, in zones as a DNS host serves them.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "tests/unit/zone_world.h"

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("\"%s\" lacks \"%s\"\n", text, part);
        fail();
    }
}

#define SPF   VD_SUBJECT_SPF
#define DMARC VD_SUBJECT_DMARC

/* ---- where it stands ------------------------------------------------------------------------- */

static void watch_channel(void)
{
    memset(&watch, 0, sizeof watch);
    memset(&baseline, 0, sizeof baseline);
    strcpy(watch.domain, "example.com");
    strcpy(watch.selectors[0], "channel");
    watch.selectors_count = 1;
    for (uint8_t i = 0; vd_provider_at(&watch, i) != NULL; i++) {
        if (strcmp(vd_provider_at(&watch, i)->name, "channel-talk") == 0) {
            watch.groups[0] = (struct vd_dkim_group){1, 1, (uint8_t)(i + 1)};
            watch.groups_count = 1;
        }
    }
    assert_int_equal(watch.groups_count, 1);
}

#define TARGET "0123456789abcdef0123.dkim.channel.io"
#define RIGHT  "channel._domainkey.example.com"
#define SERVICE                                                                                    \
    {                                                                                              \
        TARGET, VD_TYPE_TXT, DKIM_2048                                                             \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, NULL                                                                              \
    }

static const struct {
    const char *why;
    struct zone_record zone[5];
    enum vd_slip slip;
    const char *where;
    const char *field;
} places[] = {
    {"the domain doubled",
     {{"channel._domainkey.example.com.example.com", VD_TYPE_CNAME, TARGET}, SERVICE, END},
     VD_SLIP_DOUBLED,
     "channel._domainkey.example.com.example.com",
     "in the host field type only channel._domainkey"},
    {"the same as TXT",
     {{"channel._domainkey.example.com.example.com", VD_TYPE_TXT, DKIM_2048}, END},
     VD_SLIP_DOUBLED,
     "channel._domainkey.example.com.example.com",
     "in the host field type only channel._domainkey"},
    {"doubled, and the service has not made its end yet",
     {{"channel._domainkey.example.com.example.com", VD_TYPE_CNAME, TARGET}, END},
     VD_SLIP_DOUBLED,
     "channel._domainkey.example.com.example.com",
     "in the host field type only channel._domainkey"},
    {"doubled, and the target lacks its dot as well",
     {{"channel._domainkey.example.com.example.com", VD_TYPE_CNAME, TARGET ".example.com"}, END},
     VD_SLIP_DOUBLED,
     "channel._domainkey.example.com.example.com",
     "in the host field type only channel._domainkey"},
    {"under www",
     {{"channel._domainkey.www.example.com", VD_TYPE_CNAME, TARGET}, SERVICE, END},
     VD_SLIP_WWW,
     "channel._domainkey.www.example.com",
     "in the host field type channel._domainkey"},
    {"no underscore",
     {{"channel.domainkey.example.com", VD_TYPE_CNAME, TARGET}, SERVICE, END},
     VD_SLIP_UNDERSCORE,
     "channel.domainkey.example.com",
     "in the host field type channel._domainkey"},
    {"_domainkey twice",
     {{"channel._domainkey._domainkey.example.com", VD_TYPE_CNAME, TARGET}, SERVICE, END},
     VD_SLIP_LABEL_TWICE,
     "channel._domainkey._domainkey.example.com",
     "in the host field type only channel._domainkey"},
    {"the selector alone",
     {{"channel.example.com", VD_TYPE_CNAME, TARGET}, SERVICE, END},
     VD_SLIP_NO_MIDDLE,
     "channel.example.com",
     "in the host field type channel._domainkey"},
    {"the key at the domain itself",
     {{"example.com", VD_TYPE_TXT, DKIM_2048}, END},
     VD_SLIP_NO_LABEL,
     "example.com",
     "in the host field type channel._domainkey"},
    {"alias and target swapped",
     {{TARGET ".example.com", VD_TYPE_CNAME, RIGHT}, SERVICE, END},
     VD_SLIP_SWAPPED,
     "channel.io.example.com",
     "in the host field type channel._domainkey"},
};

static void test_a_key_at_a_wrong_name_is_found_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        watch_channel();
        (void)zone_judge(places[i].zone);
        const struct vd_finding *finding = told(VD_CODE_DKIM_MISPLACED);
        if (finding == NULL || judgement.facts.dkim[0].slip != places[i].slip) {
            print_error("%s: \"%s\"\n", places[i].why, vd_slip_str(judgement.facts.dkim[0].slip));
            fail();
        }
        assert_int_equal(told_of(VD_SUBJECT_DKIM), 1);
        assert_int_equal(finding->class_, VD_CLASS_BROKEN);
        assert_int_equal(finding->severity, VD_SEVERITY_ERROR);
        assert_has(words(finding->subject_line), vd_slip_str((uint8_t)places[i].slip));
        assert_has(words(finding->mend), places[i].where);
        assert_has(words(finding->mend), places[i].field);
        assert_has(words(finding->new_text), "absent (NXDOMAIN)");
        /* told at once, however new the record is */
        baseline.pending = vd_subject_bit(VD_SUBJECT_DKIM, 0);
        (void)zone_judge(places[i].zone);
        assert_non_null(told(VD_CODE_DKIM_MISPLACED));
        assert_int_equal(told_of(VD_SUBJECT_DKIM), 1);
    }
}

static void test_the_zone_above_is_appended_for_a_subdomain(void **state)
{
    static const struct zone_record records[] = {
        {"channel._domainkey.news.example.com.example.com", VD_TYPE_CNAME, TARGET}, SERVICE, END};

    (void)state;
    watch_channel();
    strcpy(watch.domain, "news.example.com");
    (void)zone_judge(records);
    assert_non_null(told(VD_CODE_DKIM_MISPLACED));
    assert_int_equal(judgement.facts.dkim[0].slip, VD_SLIP_DOUBLED);
}

static void test_a_target_without_its_dot_is_told_with_the_right_one(void **state)
{
    static const struct zone_record records[] = {
        {RIGHT, VD_TYPE_CNAME, TARGET ".example.com"}, SERVICE, END};

    (void)state;
    watch_channel();
    baseline.pending = vd_subject_bit(VD_SUBJECT_DKIM, 0);
    (void)zone_judge(records);
    const struct vd_finding *finding = told(VD_CODE_DKIM_DANGLING);
    assert_non_null(finding);
    assert_int_equal(told_of(VD_SUBJECT_DKIM), 1);
    assert_has(words(finding->subject_line), "final dot");
    assert_has(words(finding->mend), "put CNAME: " TARGET ". (with the dot at its end)");
}

/* After it was good: the old target is known, wherever it leads. */
static void test_alias_and_target_swapped_later_are_found_by_the_old_target(void **state)
{
    static const struct zone_record good_zone[] = {
        {RIGHT, VD_TYPE_CNAME, "k.dkim.mailer.example"},
        {"k.dkim.mailer.example", VD_TYPE_TXT, DKIM_2048},
        END};
    static const struct zone_record bad_zone[] = {
        {"k.dkim.mailer.example.example.com", VD_TYPE_CNAME, RIGHT},
        {"k.dkim.mailer.example", VD_TYPE_TXT, DKIM_2048},
        END};

    (void)state;
    watch_channel();
    watch.groups_count = 0;
    zone_learn(good_zone);
    (void)zone_judge(bad_zone);
    const struct vd_finding *finding = told(VD_CODE_DKIM_MISPLACED);
    assert_non_null(finding);
    assert_int_equal(judgement.facts.dkim[0].slip, VD_SLIP_SWAPPED);
    assert_has(words(finding->mend), "k.dkim.mailer.example.example.com");
    assert_has(words(finding->mend), "; CNAME: k.dkim.mailer.example");
}

/* "*.example.com" answers for any name: that proves nothing. */
static void test_other_content_at_those_names_is_no_slip(void **state)
{
    static const struct zone_record records[] = {
        {"channel._domainkey.example.com.example.com", VD_TYPE_TXT, "parked"},
        {"channel.example.com", VD_TYPE_CNAME, "web.hosting.example"},
        {"channel._domainkey._domainkey.example.com", VD_TYPE_TXT, "v=spf1 -all"},
        {"web.hosting.example", VD_TYPE_TXT, "hello"},
        END};

    (void)state;
    watch_channel();
    (void)zone_judge(records);
    assert_non_null(told(VD_CODE_DKIM_MISSING));
    assert_int_equal(judgement.facts.dkim[0].slip, VD_SLIP_NONE);
}

/* A signer that denies each name by NODATA (RFC 9824), or a wildcard without TXT: the service's
   suffix is "there" like any other name. */
static void answer_nodata(void *ctx, const char *name, uint16_t type, enum vd_want want)
{
    size_t index;

    (void)want;
    if (vd_snapshot_ask(&snapshot, name, type, &index) == VD_OK) {
        settle(&snapshot.answers[index], "!nodata");
        ++*(unsigned *)ctx;
    }
}

static void test_a_wildcard_alias_into_the_service_is_no_slip(void **state)
{
    static const struct zone_record records[] = {
        {RIGHT, VD_TYPE_CNAME, "u1.channel.io"},
        {"x1y2z3._domainkey.example.com", VD_TYPE_CNAME, "u1.channel.io"},
        {"channel.example.com", VD_TYPE_CNAME, "u1.channel.io"},
        {"channel._domainkey.www.example.com", VD_TYPE_CNAME, "u1.channel.io"},
        END};

    (void)state;
    watch_channel();
    (void)zone_judge(records);
    assert_int_equal(judgement.facts.dkim[0].slip, VD_SLIP_NONE);
    assert_non_null(told(VD_CODE_DKIM_MISSING));
}

static void test_names_that_are_all_there_prove_nothing(void **state)
{
    unsigned asked = 0;

    (void)state;
    watch_channel();
    vd_snapshot_clear(&snapshot);
    for (unsigned round = 0; round < 4; round++) {
        vd_judge_wants(&snapshot, &baseline, &watch, &judgement, answer_nodata, &asked);
    }
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    assert_non_null(told(VD_CODE_DKIM_MISSING));
    assert_int_equal(judgement.facts.dkim[0].slip, VD_SLIP_NONE);
}

static void test_a_place_that_cannot_be_asked_does_not_hold_the_verdict_up(void **state)
{
    static const struct zone_record records[] = {
        {"channel._domainkey.www.example.com", VD_TYPE_TXT, "!servfail"}, END};

    (void)state;
    watch_channel();
    (void)zone_judge(records);
    assert_non_null(told(VD_CODE_DKIM_MISSING));
}

/* A good domain costs not one question more; many lost selectors do not eat up the survey. */
static void test_slips_cost_questions_only_while_a_record_is_absent(void **state)
{
    static const struct zone_record records[] = {{RIGHT, VD_TYPE_CNAME, TARGET}, SERVICE, END};
    static const struct zone_record nothing[] = {END};

    (void)state;
    watch_channel();
    (void)zone_judge(records);
    for (size_t i = 0; i < snapshot.answers_count; i++) {
        const char *name = vd_snapshot_name(&snapshot, &snapshot.answers[i]);
        assert_true(strncmp(name, "channel", 7) != 0 || strcmp(name, RIGHT) == 0);
    }
    watch_channel();
    watch.groups_count = 0;
    for (uint8_t i = 0; i < VD_SELECTORS_MAX; i++) {
        snprintf(watch.selectors[i], sizeof watch.selectors[i], "s%u", i);
    }
    watch.selectors_count = VD_SELECTORS_MAX;
    (void)zone_judge(nothing);
    unsigned looked = 0;
    for (size_t i = 0; i < snapshot.answers_count; i++) {
        looked += strstr(vd_snapshot_name(&snapshot, &snapshot.answers[i]), ".domainkey.") != NULL;
    }
    assert_int_equal(looked, VD_SLIP_SELECTORS_MAX);
    assert_true(snapshot.answers_count < VD_SURVEY_QUESTIONS_MAX);
}

/* All of them are asked in one go, after the right name is known to be absent. */
static void test_slips_cost_one_round_trip(void **state)
{
    static const struct zone_record nothing[] = {END};

    (void)state;
    watch_channel();
    assert_in_range(zone_judge(nothing), 1, 2);
}

/* ---- the other kinds, straight through vd_slip_look ------------------------------------------ */

static const struct {
    const char *why;
    uint8_t kind;
    struct zone_record zone[3];
    enum vd_slip slip;
    const char *where;
} others[] = {
    {"DMARC at the domain itself",
     DMARC,
     {{"example.com", VD_TYPE_TXT, "v=DMARC1; p=none"}, END},
     VD_SLIP_NO_LABEL,
     "example.com"},
    {"DMARC beside SPF there",
     DMARC,
     {{"example.com", VD_TYPE_TXT, "v=spf1 -all"},
      {"example.com", VD_TYPE_TXT, "v=DMARC1; p=none"},
      END},
     VD_SLIP_NO_LABEL,
     "example.com"},
    {"_dmarc twice",
     DMARC,
     {{"_dmarc._dmarc.example.com", VD_TYPE_TXT, "v=DMARC1; p=none"}, END},
     VD_SLIP_LABEL_TWICE,
     "_dmarc._dmarc.example.com"},
    {"DMARC doubled",
     DMARC,
     {{"_dmarc.example.com.example.com", VD_TYPE_TXT, "v=DMARC1; p=none"}, END},
     VD_SLIP_DOUBLED,
     "_dmarc.example.com.example.com"},
    {"DMARC without its underscore",
     DMARC,
     {{"dmarc.example.com", VD_TYPE_TXT, "v=DMARC1; p=none"}, END},
     VD_SLIP_UNDERSCORE,
     "dmarc.example.com"},
    {"DMARC under www",
     DMARC,
     {{"_dmarc.www.example.com", VD_TYPE_TXT, "v=DMARC1; p=none"}, END},
     VD_SLIP_WWW,
     "_dmarc.www.example.com"},
    {"DMARC, nowhere", DMARC, {{"example.com", VD_TYPE_TXT, "v=spf1 -all"}, END}, VD_SLIP_NONE, ""},
    {"SPF at spf.",
     SPF,
     {{"spf.example.com", VD_TYPE_TXT, "v=spf1 -all"}, END},
     VD_SLIP_OWN_NAME,
     "spf.example.com"},
    {"SPF at _spf.",
     SPF,
     {{"_spf.example.com", VD_TYPE_TXT, "v=spf1 -all"}, END},
     VD_SLIP_OWN_NAME,
     "_spf.example.com"},
    {"SPF under www",
     SPF,
     {{"www.example.com", VD_TYPE_TXT, "v=spf1 -all"}, END},
     VD_SLIP_WWW,
     "www.example.com"},
    {"SPF doubled, in quotes too",
     SPF,
     {{"example.com.example.com", VD_TYPE_TXT, "\"v=spf1 -all\""}, END},
     VD_SLIP_DOUBLED,
     "example.com.example.com"},
    {"MX doubled",
     VD_SUBJECT_MX,
     {{"example.com.example.com", VD_TYPE_MX, "10 mx.x.example"}, END},
     VD_SLIP_DOUBLED,
     "example.com.example.com"},
    {"MX under www",
     VD_SUBJECT_MX,
     {{"www.example.com", VD_TYPE_MX, "10 mx.x.example"}, END},
     VD_SLIP_WWW,
     "www.example.com"},
    {"MAIL FROM doubled",
     VD_SUBJECT_MAIL_FROM,
     {{"mail.example.com.example.com", VD_TYPE_TXT, "v=spf1 include:amazonses.com ~all"}, END},
     VD_SLIP_DOUBLED,
     "mail.example.com.example.com"},
    {"MTA-STS without its underscore",
     VD_SUBJECT_MTA_STS,
     {{"mta-sts.example.com", VD_TYPE_TXT, "v=STSv1; id=1"}, END},
     VD_SLIP_UNDERSCORE,
     "mta-sts.example.com"},
    {"TLS-RPT without an underscore",
     VD_SUBJECT_TLS_RPT,
     {{"_smtp.tls.example.com", VD_TYPE_TXT, "v=TLSRPTv1; rua=mailto:a@x"}, END},
     VD_SLIP_UNDERSCORE,
     "_smtp.tls.example.com"},
    {"NS: nothing to look for", VD_SUBJECT_NS, {END}, VD_SLIP_NONE, ""},
};

static void test_records_of_other_kinds_at_wrong_names(void **state)
{
    (void)state;
    watch_channel();
    strcpy(watch.text + 1, "mail.example.com");
    watch.mail_from = 1;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        static struct vd_facts out;
        struct vd_text_ref where = {0, 0, 0};
        unsigned asked = 0;
        struct vd_reading reading = {.snapshot = &snapshot,
                                     .watch = &watch,
                                     .was = &baseline,
                                     .out = &out,
                                     .want = zone_answer,
                                     .ctx = &asked};
        bool is_open;

        memset(&out, 0, sizeof out);
        zone = others[i].zone;
        vd_snapshot_clear(&snapshot);
        assert_int_equal(vd_slip_look(&reading, others[i].kind, 0, &where, &is_open) ==
                             VD_SLIP_NONE,
                         others[i].slip == VD_SLIP_NONE);
        where = (struct vd_text_ref){0, 0, 0};
        enum vd_slip slip = vd_slip_look(&reading, others[i].kind, 0, &where, &is_open);
        if (slip != others[i].slip) {
            print_error("%s: \"%s\"\n", others[i].why, vd_slip_str((uint8_t)slip));
            fail();
        }
        assert_string_equal(vd_facts_text(&out, where), others[i].where);
        assert_false(is_open);
        /* nothing answered yet: that is said */
        vd_snapshot_clear(&snapshot);
        reading.want = NULL;
        assert_int_equal(vd_slip_look(&reading, others[i].kind, 0, &where, &is_open), VD_SLIP_NONE);
        assert_int_equal(is_open, others[i].kind != VD_SUBJECT_NS);
    }
}

/* ---- what stands at the right name ------------------------------------------------------------ */

static const struct {
    const char *why;
    const char *text;
    enum vd_slip slip;
    const char *mend; /* is part of it */
} typed[] = {
    {"quotes", "\"" DKIM_2048 "\"", VD_SLIP_QUOTED, "put TXT: " DKIM_2048},
    {"typographic quotes", "\xe2\x80\x9c" DKIM_2048 "\xe2\x80\x9d", VD_SLIP_TYPOGRAPHIC,
     "put TXT: " DKIM_2048},
    {"escaped semicolons", "v=DKIM1\\; k=rsa\\; p=" KEY_RSA_2048, VD_SLIP_ESCAPED,
     "put TXT: " DKIM_2048},
    {"no-break blanks in the key", "v=DKIM1; k=rsa; p=\xc2\xa0" KEY_RSA_2048, VD_SLIP_SPACES,
     "put TXT: " DKIM_2048},
    {"cut off", "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxTazNPWJmkiPdxY6",
     VD_SLIP_CUT_OFF, "copy the whole key again"},
    {"two records", DKIM_2048 "|" DKIM_NEW, VD_SLIP_TWO_RECORDS, "keep one TXT"},
};

static void test_a_key_typed_wrongly_is_shown_as_it_should_be(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof typed / sizeof typed[0]; i++) {
        watch_channel();
        watch.groups_count = 0;
        vd_snapshot_clear(&snapshot);
        publish(RIGHT, VD_TYPE_TXT, NULL, typed[i].text);
        vd_judge(&snapshot, &baseline, &watch, &judgement);
        expect(typed[i].why, VD_CODE_DKIM_BROKEN, BROKEN_ERROR);
        assert_int_equal(judgement.facts.dkim[0].slip, typed[i].slip);
        assert_has(words(find(VD_CODE_DKIM_BROKEN)->mend), typed[i].mend);
        assert_has(words(find(VD_CODE_DKIM_BROKEN)->subject_line),
                   vd_slip_str((uint8_t)typed[i].slip));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_a_key_at_a_wrong_name_is_found_there),
        TEST(test_the_zone_above_is_appended_for_a_subdomain),
        TEST(test_a_target_without_its_dot_is_told_with_the_right_one),
        TEST(test_alias_and_target_swapped_later_are_found_by_the_old_target),
        TEST(test_other_content_at_those_names_is_no_slip),
        TEST(test_a_wildcard_alias_into_the_service_is_no_slip),
        TEST(test_names_that_are_all_there_prove_nothing),
        TEST(test_a_place_that_cannot_be_asked_does_not_hold_the_verdict_up),
        TEST(test_slips_cost_questions_only_while_a_record_is_absent),
        TEST(test_slips_cost_one_round_trip),
        TEST(test_records_of_other_kinds_at_wrong_names),
        TEST(test_a_key_typed_wrongly_is_shown_as_it_should_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
