/*
 * Slips: what people type wrongly at their DNS host, and how it is told.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/slips.h"
#include "tests/unit/judge_world.h"

static struct vd_span span(const char *text)
{
    return (struct vd_span){(const uint8_t *)text, strlen(text)};
}

/* ---- texts ----------------------------------------------------------------------------------- */

#define SPF   VD_SUBJECT_SPF
#define DKIM  VD_SUBJECT_DKIM
#define DMARC VD_SUBJECT_DMARC

/* clean NULL: not looked at. */
static const struct {
    const char *why;
    uint8_t kind;
    const char *text;
    enum vd_slip slip;
    const char *clean;
} texts[] = {
    {"a good record", SPF, "v=spf1 -all", VD_SLIP_NONE, "v=spf1 -all"},
    {"a good key", DKIM, DKIM_2048, VD_SLIP_NONE, DKIM_2048},
    {"a good policy", DMARC, "v=DMARC1; p=none", VD_SLIP_NONE, "v=DMARC1; p=none"},
    {"blanks that do no harm", DMARC, "v = DMARC1 ; p = none", VD_SLIP_NONE, NULL},
    {"blanks inside a key that do none", DKIM, "v=DKIM1; p=MIGf MA0G CSqG", VD_SLIP_CUT_OFF, NULL},
    {"no such record", SPF, "google-site-verification=\"abc\"", VD_SLIP_NONE, NULL},
    {"nothing", SPF, "", VD_SLIP_NONE, NULL},
    {"another kind's record", SPF, "\"v=DMARC1; p=none\"", VD_SLIP_NONE, NULL},
    {"a word that begins alike", SPF, "v=spf10 -all", VD_SLIP_NONE, NULL},
    {"straight quotes", SPF, "\"v=spf1 include:_spf.google.com ~all\"", VD_SLIP_QUOTED,
     "v=spf1 include:_spf.google.com ~all"},
    {"doubled quotes", SPF, "\"\"v=spf1 -all\"\"", VD_SLIP_QUOTED, "v=spf1 -all"},
    {"escaped quotes", SPF, "\\\"v=spf1 -all\\\"", VD_SLIP_QUOTED, "v=spf1 -all"},
    {"quotes as decimals", SPF, "\\034v=spf1 -all\\034", VD_SLIP_QUOTED, "v=spf1 -all"},
    {"one quote at the end", DMARC, "v=DMARC1; p=reject\"", VD_SLIP_QUOTED, "v=DMARC1; p=reject"},
    {"quotes between the strings of a zone file", DKIM, "v=DKIM1; k=rsa; p=MIGfMA0G\" \"CSqGSIb3",
     VD_SLIP_QUOTED, "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3"},
    {"typographic quotes", SPF, "\xe2\x80\x9cv=spf1 -all\xe2\x80\x9d", VD_SLIP_TYPOGRAPHIC,
     "v=spf1 -all"},
    {"German ones", DMARC, "\xe2\x80\x9ev=DMARC1; p=none\xe2\x80\x9c", VD_SLIP_TYPOGRAPHIC,
     "v=DMARC1; p=none"},
    {"French ones", DMARC, "\xc2\xabv=DMARC1; p=none\xc2\xbb", VD_SLIP_TYPOGRAPHIC,
     "v=DMARC1; p=none"},
    {"Japanese ones", DMARC, "\xe3\x80\x8cv=DMARC1; p=none\xe3\x80\x8d", VD_SLIP_TYPOGRAPHIC,
     "v=DMARC1; p=none"},
    {"in code page 1252", SPF, "\x93v=spf1 -all\x94", VD_SLIP_TYPOGRAPHIC, "v=spf1 -all"},
    {"in code page 949", SPF, "\xa1\xb0v=spf1 -all\xa1\xb1", VD_SLIP_TYPOGRAPHIC, "v=spf1 -all"},
    {"as decimals from a zone file", SPF, "\\226\\128\\156v=spf1 -all\\226\\128\\157",
     VD_SLIP_TYPOGRAPHIC, "v=spf1 -all"},
    {"only at the end", DKIM, "v=DKIM1; p=MIGfMA0GCSqGSIb3\xe2\x80\x9d", VD_SLIP_TYPOGRAPHIC,
     "v=DKIM1; p=MIGfMA0GCSqGSIb3"},
    {"escaped semicolons", DMARC, "v=DMARC1\\; p=none\\; rua=mailto:a@example.com", VD_SLIP_ESCAPED,
     "v=DMARC1; p=none; rua=mailto:a@example.com"},
    {"semicolons as decimals", DMARC, "v=DMARC1\\059 p=none", VD_SLIP_ESCAPED, "v=DMARC1; p=none"},
    {"a line break", DMARC, "v=DMARC1;\r\n p=none", VD_SLIP_LINE_BREAK, "v=DMARC1; p=none"},
    {"a line break inside a key", DKIM, "v=DKIM1; p=MIGfMA0G\nCSqGSIb3", VD_SLIP_LINE_BREAK,
     "v=DKIM1; p=MIGfMA0GCSqGSIb3"},
    {"a line break that was typed", SPF, "v=spf1\\n-all", VD_SLIP_LINE_BREAK, "v=spf1 -all"},
    {"no-break blanks", SPF, "v=spf1\xc2\xa0-all", VD_SLIP_SPACES, "v=spf1 -all"},
    {"wide blanks", DMARC, "v=DMARC1;\xe3\x80\x80p=none", VD_SLIP_SPACES, "v=DMARC1; p=none"},
    {"a blank of no width", DMARC, "\xe2\x80\x8bv=DMARC1; p=none", VD_SLIP_SPACES,
     "v=DMARC1; p=none"},
    {"blanks as decimals", DKIM, "v=DKIM1; p=MIGfMA0G\\032CSqGSIb3", VD_SLIP_SPACES,
     "v=DKIM1; p=MIGfMA0GCSqGSIb3"},
    {"a blank in the version", DMARC, "v=DMARC 1; p=none", VD_SLIP_SPACES, "v=DMARC1; p=none"},
    {"a blank in SPF's version", SPF, "v = spf1 -all", VD_SLIP_SPACES, "v=spf1 -all"},
    {"a blank in front", SPF, " v=spf1 -all", VD_SLIP_SPACES, "v=spf1 -all"},
    {"two records in one text", SPF, "v=spf1 a -all v=spf1 include:x.example -all",
     VD_SLIP_TWO_RECORDS, NULL},
    {"two policies in one text", DMARC, "v=DMARC1; p=none;v=DMARC1; p=reject", VD_SLIP_TWO_RECORDS,
     NULL},
    {"an address that looks alike is none", DMARC,
     "v=DMARC1; p=none; rua=mailto:v=dmarc1@x.example", VD_SLIP_NONE, NULL},
    {"a key cut off at 255 characters", DKIM,
     "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAxTazNPWJmkiPdxY6g9Cls3Cfbq",
     VD_SLIP_CUT_OFF, NULL},
    {"one digit short", DKIM, "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC5", VD_SLIP_CUT_OFF, NULL},
    {"a bare key cut off", DKIM, "k=rsa; p=MIIBCgKCAQEAxTazNPWJmkiPdxY6", VD_SLIP_CUT_OFF, NULL},
    {"half an Ed25519 key", DKIM, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7T", VD_SLIP_CUT_OFF, NULL},
    {"revoked is not cut off", DKIM, "v=DKIM1; p=", VD_SLIP_NONE, NULL},
    {"quotes win over what follows from them", DKIM, "\"v=DKIM1; p=MIGfMA0G\"", VD_SLIP_QUOTED,
     NULL},
    {"MTA-STS in quotes", VD_SUBJECT_MTA_STS, "\"v=STSv1; id=1\"", VD_SLIP_QUOTED, "v=STSv1; id=1"},
    {"TLS-RPT in quotes of two kinds", VD_SUBJECT_TLS_RPT, "'\"v=TLSRPTv1; rua=mailto:a@x\"'",
     VD_SLIP_QUOTED, "v=TLSRPTv1; rua=mailto:a@x"},
    {"quotes of a command line", DMARC, "'v=DMARC1; p=none'", VD_SLIP_QUOTED, "v=DMARC1; p=none"},
    {"slanted ones, blanks around", SPF, " `v=spf1 -all` ", VD_SLIP_QUOTED, "v=spf1 -all"},
    {"an apostrophe in an address", DMARC, "v=DMARC1; p=none; rua=mailto:o'x@x.example",
     VD_SLIP_NONE, "v=DMARC1; p=none; rua=mailto:o'x@x.example"},
    {"nothing but a quote", DKIM, "'", VD_SLIP_NONE, NULL},
    {"a version behind other tags is one version", DKIM, "k=rsa; v=DKIM1; p=" KEY_RSA_2048,
     VD_SLIP_NONE, NULL},
    {"a kind of key whose length nobody knows", DKIM, "v=DKIM1; k=dsa; p=AAAA", VD_SLIP_NONE, NULL},
};

static void test_texts_are_recognised_and_put_right(void **state)
{
    char clean[1200];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        enum vd_slip slip = vd_slip_of_text(span(texts[i].text), texts[i].kind);
        if (slip != texts[i].slip) {
            print_error("%s: \"%s\", not \"%s\"\n", texts[i].why, vd_slip_str((uint8_t)slip),
                        vd_slip_str((uint8_t)texts[i].slip));
            fail();
        }
        size_t len = vd_slip_clean(span(texts[i].text), texts[i].kind, clean, sizeof clean);
        if (texts[i].clean != NULL) {
            assert_string_equal(clean, texts[i].clean);
            assert_int_equal(len, strlen(texts[i].clean));
        }
    }
}

/* A key is cut off at every length but its own; padding may be missing as a whole. */
static void test_a_key_is_cut_off_at_every_length_but_its_own(void **state)
{
    static const char whole[] = "v=DKIM1; p=" KEY_RSA_1024;
    struct vd_span text = {(const uint8_t *)whole, sizeof whole - 1};

    (void)state;
    assert_int_equal(vd_slip_of_text(text, VD_SUBJECT_DKIM), VD_SLIP_NONE);
    for (text.len--; text.len > sizeof "v=DKIM1; p=" - 1; text.len--) {
        assert_int_equal(vd_slip_of_text(text, VD_SUBJECT_DKIM), VD_SLIP_CUT_OFF);
    }
}

/* Whatever comes, it ends, and nothing is written behind the buffer. */
static void test_any_text_of_any_length_is_survived(void **state)
{
    static const char heap[] =
        "\\\"v=DKIM1\\; k=rsa\xe2\x80\x9d; p=MIG\xc2\xa0v=spf1 \r\n\\032\\9\x93";
    char clean[64];

    (void)state;
    for (size_t from = 0; from < sizeof heap; from++) {
        for (size_t len = 0; from + len <= sizeof heap; len++) {
            struct vd_span text = {(const uint8_t *)heap + from, len};
            for (uint8_t kind = 0; kind < VD_SUBJECT_KINDS; kind++) {
                enum vd_slip slip = vd_slip_of_text(text, kind);
                assert_true(slip == VD_SLIP_NONE || vd_slip_is_meant(text, kind));
                assert_true(vd_slip_str((uint8_t)slip) != NULL);
                for (size_t cap = 0; cap <= sizeof clean; cap += 16) {
                    assert_true(vd_slip_clean(text, kind, clean, cap) < sizeof clean);
                }
            }
        }
    }
}

/* ---- targets --------------------------------------------------------------------------------- */

static const struct {
    const char *target;
    const char *domain;
    enum vd_slip slip;
} targets[] = {
    {"abc.dkim.channel.io", "example.com", VD_SLIP_NONE},
    {"abc.dkim.channel.io.example.com", "example.com", VD_SLIP_NO_DOT},
    {"abc.dkim.channel.io.example.com", "news.example.com", VD_SLIP_NO_DOT},
    {"t1.dkim.amazonses.com.example.co.kr", "example.co.kr", VD_SLIP_NO_DOT},
    {"aspmx.l.google.com.example.com", "example.com", VD_SLIP_NO_DOT},
    {"mail.vendor.co.kr.example.com", "example.com", VD_SLIP_NO_DOT},
    {"mail.example.com.example.com", "example.com", VD_SLIP_NO_DOT},
    {"example.com.example.com", "example.com", VD_SLIP_NO_DOT},
    {"mail.example.com", "example.com", VD_SLIP_NONE},
    {"example.com", "example.com", VD_SLIP_NONE},
    {"mail.kr.example.com", "example.com", VD_SLIP_NONE}, /* a branch, not a country's domain */
    {"mx1.notexample.com", "example.com", VD_SLIP_NONE},
    {"10\\032feedback-smtp.eu-west-1.amazonses.com", "example.com", VD_SLIP_PRIORITY},
    {"10 feedback-smtp.eu-west-1.amazonses.com", "example.com", VD_SLIP_PRIORITY},
    {"10.feedback-smtp.eu-west-1.amazonses.com", "example.com", VD_SLIP_PRIORITY},
    {"10\\009mx.example.net.example.com", "example.com", VD_SLIP_PRIORITY},
    {"10mx.example.net", "example.com", VD_SLIP_NONE},
    {"163.com", "example.com", VD_SLIP_NONE},
    {".", "example.com", VD_SLIP_NONE},
    {"", "example.com", VD_SLIP_NONE},
};

static void test_targets_are_recognised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        enum vd_slip slip = vd_slip_of_target(targets[i].target, targets[i].domain);
        if (slip != targets[i].slip) {
            print_error("%s: \"%s\"\n", targets[i].target, vd_slip_str((uint8_t)slip));
            fail();
        }
    }
}

/* ---- advice ---------------------------------------------------------------------------------- */

static void test_each_slip_has_a_name_and_advice_that_fits(void **state)
{
    char name[VD_DOMAIN_TEXT_MAX];
    char advice[VD_SLIP_ADVICE_MAX];

    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (uint8_t slip = 1; slip < VD_SLIPS_COUNT; slip++) {
        assert_true(vd_slip_str(slip)[0] != '\0');
        assert_ptr_equal(vd_slip_advice(slip, name, name, name, advice), advice);
        assert_in_range(strlen(advice), 20, sizeof advice - 1);
        (void)vd_slip_advice(slip, "s1._domainkey.example.com", "example.com", "", advice);
        assert_in_range(strlen(advice), 20, sizeof advice - 1);
    }
    assert_string_equal(vd_slip_str(VD_SLIPS_COUNT), "");
    assert_string_equal(vd_slip_str(VD_SLIP_NONE), "");
    (void)vd_slip_advice(VD_SLIP_NONE, name, name, name, advice);
    assert_string_equal(advice, "");
}

static void test_the_host_field_is_spelt_out(void **state)
{
    char advice[VD_SLIP_ADVICE_MAX];

    (void)state;
    (void)vd_slip_advice(VD_SLIP_DOUBLED, "channel._domainkey.example.com", "example.com",
                         "channel._domainkey.example.com.example.com", advice);
    assert_string_equal(advice,
                        "your DNS host appends the domain by itself, so the record stands at "
                        "channel._domainkey.example.com.example.com: in the host field type "
                        "only channel._domainkey");
    (void)vd_slip_advice(VD_SLIP_OWN_NAME, "example.com", "example.com", "spf.example.com", advice);
    assert_string_equal(advice,
                        "the record stands at spf.example.com, where nobody looks for it: in "
                        "the host field type @");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_texts_are_recognised_and_put_right),
        TEST(test_a_key_is_cut_off_at_every_length_but_its_own),
        TEST(test_any_text_of_any_length_is_survived),
        TEST(test_targets_are_recognised),
        TEST(test_each_slip_has_a_name_and_advice_that_fits),
        TEST(test_the_host_field_is_spelt_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
