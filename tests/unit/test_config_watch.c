/*
 * firmware/config: domains, and the keys of [watch], [defaults] and [report].
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/punycode.h"
#include "tests/unit/config_world.h"

static void test_malformed_domain(void **state)
{
    static const struct row rows[] = {
        {"[watch example..com]\n", 7, "\"example..com\" has an empty label"},
        {"[watch .example.com]\n", 7, "has an empty label"},
        {"[watch example.com..]\n", 7, "has an empty label"},
        {"[watch .]\n", 7, "has an empty label"},
        {"[watch exa_mple.com]\n", 7, "has a \"_\": a name has letters"},
        {"[watch _dmarc.example.com]\n", 7, "has a \"_\""},
        {"[watch -example.com]\n", 7, "begins or ends with \"-\""},
        {"[watch example-.com]\n", 7, "begins or ends with \"-\""},
        {"[watch example.123]\n", 7, "digits only"},
        {"[watch 192.0.2.1]\n", 7, "is an IP address"},
        {"[watch 2001:db8::1]\n", 7, "is an IP address"},
        {"[watch localhost]\n", 7, "is a single label"},
        {"[watch me@example.com]\n", 7, "is a mail address"},
        {"[watch https://example.com]\n", 7, "has a \":\""},
        {"[watch example.com,example.net]\n", 7, "has a \",\""},
        {"[watch aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234.com]\n", 7,
         "longer than 63 characters"},
        {"[watch www.example.com]\n", 7, "watch \"example.com\""},
        {"[watch WWW.mail.example.com]\n", 7, "watch \"mail.example.com\""},
        {"[watch gmail.com]\n", 7, "belongs to a mail provider"},
        {"[watch hanmail.net]\n", 7, "belongs to a mail provider"},
        {"[watch Mail.GoogleMail.com]\n", 7, "(googlemail.com)"},
    };

    (void)state;
    ROWS(rows);
    parse_ok(HEAD "[watch notgmail.com aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
                  "ffffffffff123.com 4.example www.example]\n");
}

static void test_name_that_is_not_ascii_gets_its_a_label(void **state)
{
    static const struct row rows[] = {
        {"[watch b\xc3\xbc"
         "cher.example]\n",
         7, "is not ASCII: write its A-label, \"xn--bcher-kva.example\""},
        {"[watch B\xc3\x9c"
         "CHER.Example]\n",
         7, "\"xn--bcher-kva.example\""},
        {"[watch \xed\x95\x9c\xea\xb5\xad.kr]\n", 7, "\"xn--3e0b707e.kr\""},
        {"[watch \xd0\x9f\xd0\xa0\xd0\x98\xd0\x9c\xd0\x95\xd0\xa0.com]\n", 7,
         "\"xn--e1afmkfd.com\""},
        {"[watch \xff\xfe.example]\n", 7, "(xn--...)"},
        {"[watch u\xcc\x88.example]\n", 7, "(xn--...)"}, /* a mark to compose: no guess */
        /* great letters of Latin Extended-A, on either side of the turn of their order */
        {"[watch \xc5\x81\xc3\x93"
         "D\xc5\xb9.example]\n",
         7, "\"xn--d-uga0v4h.example\""},
        {"[watch \xc4\x90\xc4\xb6\xc5\x81\xc5\x8a\xc5\xbb.example]\n", 7,
         "\"xn--fea0f7aybyr.example\""},
        /* hangul and kana as a Mac writes file names: pieces to compose */
        {"[watch \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab.example]\n", 7, "(xn--...)"},
        {"[watch \xe3\x81\x8b\xe3\x82\x99.example]\n", 7, "(xn--...)"},
        {"[watch \xef\xbd\x81.example]\n", 7, "(xn--...)"}, /* full width */
        {"[watch \xc4\xb0.example]\n", 7, "(xn--...)"},     /* I with a dot: two letters */
    };

    (void)state;
    ROWS(rows);
}

static void test_long_domains(void **state)
{
    char domain[300], text[600];

    (void)state;
    domain_of(246, domain);
    snprintf(text, sizeof text, HEAD "[watch %s]\n", domain);
    parse_ok(text);
    assert_string_equal(config.watches[0].domain, domain);

    domain_of(247, domain);
    snprintf(text, sizeof text, "[watch %s]\n", domain);
    expect_in_good(text, 7, "no room for \"_dmarc.\" in front");

    domain_of(253, domain);
    snprintf(text, sizeof text, "[watch %s]\n", domain);
    expect_in_good(text, 7, "no room for \"_dmarc.\" in front");

    domain_of(254, domain);
    snprintf(text, sizeof text, "[watch %s]\n", domain);
    expect_in_good(text, 7, "is longer than 253 characters");
}

static void test_selector_must_fit_before_its_domain(void **state)
{
    char domain[300], text[900];

    (void)state;
    domain_of(240, domain);
    snprintf(text, sizeof text, HEAD "[watch example.com %s]\ndkim = all: s1 s\n", domain);
    expect_text(text, 7, "\"s1\" is too long with its domain");
}

static void test_dkim_lines(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\ndkim = s1 s2\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = some: s1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = : s1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = 0 of: s1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = any of: s1\n", 8, "is no DKIM group: write all: s1 s2, any:"},
        {"[watch example.com]\ndkim = all of: s1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = 3 of: s1 s2\n", 8, "no more needed than listed"},
        {"[watch example.com]\ndkim = 2 s1: s1 s2\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = 2 of three: s1 s2\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = 99999999999 of: s1 s2\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = all:\n", 8, "names no selector"},
        {"[watch example.com]\ndkim =\n", 8, "\"dkim\" has no value"},
        {"[watch example.com]\ndkim = all: s1, s2\n", 8, "\"s1,\" is no selector"},
        {"[watch example.com]\ndkim = all: s1 s1\n", 8, "stands twice in this group"},
        {"[watch example.com]\ndkim = all: s1 S1\n", 8, "stands twice in this group"},
        {"[watch example.com]\ndkim = all: s1..x\n", 8, "with one dot between"},
        {"[watch example.com]\ndkim = all: .s1\n", 8, "with one dot between"},
        {"[watch example.com]\ndkim = all: s1.\n", 8, "with one dot between"},
        {"[watch example.com]\ndkim = all: s1._domainkey.example.com\n", 8,
         "write only what stands before"},
        {"[watch example.com]\ndkim = all: "
         "a123456789a123456789a123456789a123456789a123456789a123456789abcd\n",
         8, "(VD_SELECTOR_LEN_MAX)"},
        {"[watch example.com]\ndkim = all: 1 2 3 4 5 6 7 8 9\n", 8,
         "\"9\" is one selector too many: a watch has 8 at most (VD_SELECTORS_MAX)"},
        {"[watch example.com]\ndkim = all: 1\ndkim = all: 2\ndkim = all: 3\ndkim = all: 4\n"
         "dkim = all: 5\n",
         12, "4 groups at most (VD_DKIM_GROUPS_MAX)"},
    };

    (void)state;
    ROWS(rows);
    parse_ok(GOOD "dkim=any:s1 a.b-c _x 20260101\ndkim = 1 of: s1\n");
    parse_ok(GOOD "dkim = 3mail 1 of: s1\n[provider 3mail]\ntargets = 3mail.example\n");
    assert_int_equal(config.watches[0].groups[0].provider, 1);
}

static void test_durations(void **state)
{
    static const char *const bad[] = {"15",
                                      "m",
                                      "0s",
                                      "-1s",
                                      "1.5h",
                                      "1 h",
                                      "1h30m",
                                      "8d",
                                      "169h",
                                      "604801s",
                                      "99999999999999999s",
                                      "1w",
                                      "1H",
                                      "1hh"};
    char text[400];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(text, sizeof text, "[watch example.com]\ninterval = %s\n", bad[i]);
        expect_in_good(text, 8, "is no time from 1s to 7d: write a number and its unit");
    }
    expect_in_good("[watch example.com]\nconfirm-wait = 2d\n", 8, "is no time from 1s to 1d");
    parse_ok(GOOD "interval = 604800s\nconfirm-wait = 24h\n");
    parse_ok(GOOD "interval = 1s\nconfirm-wait = 1s\n");
}

static void test_urls(void **state)
{
    static const char *const rows[][2] = {
        {"log.example", "url has no scheme"},
        {"log.example:6514", "url has no scheme"},
        {"syslog://log.example", "\"syslog\" is clear text: alerts never travel in clear"},
        {"http://log.example", "never travel in clear"},
        {"tcp://log.example", "never travel in clear"},
        {"https://log.example", "is not supported yet: this version has syslogs://host"},
        {"mqtts://log.example", "is not supported yet"},
        {"gopher://log.example", "is no scheme that we know"},
        {"://log.example", "is no scheme that we know"},
        {"syslogs://", "\"\" is empty"},
        {"syslogs://:6514", "\"\" is empty"},
        {"syslogs://log.example:", "is no port"},
        {"syslogs://log.example:0", "is no port"},
        {"syslogs://log.example:65536", "is no port"},
        {"syslogs://log.example:6514x", "is no port"},
        {"syslogs://log.example:99999999999", "is no port"},
        {"syslogs://log.example/path", "goes on behind the host"},
        {"syslogs://log.example?x", "goes on behind the host"},
        {"syslogs://user:secret@log.example", "url holds a user name"},
        {"syslogs://lo_g.example", "has a \"_\""},
        {"syslogs://log..example", "has an empty label"},
        {"syslogs://192.0.2.300", "digits only"},
        {"syslogs://[2001:db8::1]:6514", "IPv6 collectors are not supported yet"},
        {"syslogs://2001:db8::1", "IPv6 collectors are not supported yet"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1000];

        snprintf(text, sizeof text,
                 "[dns]\nserver = 192.0.2.9\n[watch example.com]\n[report soc]\nurl = %s\n"
                 "ca = ca.pem\n",
                 rows[i][0]);
        expect_text(text, 5, rows[i][1]);
        assert_null(strstr(told.texts[0], "secret"));
    }
}

static void test_other_values(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\nreport = sok\n", 8,
         "there is no [report] section \"sok\": did you mean \"soc\"?"},
        {"[watch example.com]\nreport = elsewhere\n", 8, "there is no [report] section"},
        {"[watch example.com]\n[device]\nname = my gateway\n", 9, "is no name: up to 63"},
        {"[watch example.com]\n[device]\nname = \"gw1\"\n", 9, "is no name"},
        {"[watch example.com]\njust words\n", 8, "is neither a section nor key = value"},
        {"[watch example.com]\n= 15m\n", 8, "unknown key \"\""},
    };
    static const char *const values[][2] = {
        {"ca = /etc/ca.pem", "is no plain file name"},
        {"ca = ../ca.pem", "is no plain file name"},
        {"ca = .hidden", "is no plain file name"},
        {"ca = a b", "is no file name"},
        {"ca =", "\"ca\" has no value"},
        {"ca = ca.pem\nmin = warn", "is no severity: critical, error"},
    };
    size_t i;

    (void)state;
    ROWS(rows);
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[1000];

        snprintf(text, sizeof text,
                 "[dns]\nserver = 192.0.2.9\n[watch example.com]\n[report soc]\n"
                 "url = syslogs://log.example\n%s\n",
                 values[i][0]);
        expect_text(text, i == 5 ? 7 : 6, values[i][1]);
    }
}

/* ---- A-labels --------------------------------------------------------------------------------- */

/* RFC 3492, section 7.1. */
static void test_punycode_of_the_rfc(void **state)
{
    static const struct {
        size_t count;
        uint32_t code_points[40];
        const char *text;
    } rows[] = {
        {17,
         {0x644, 0x64a, 0x647, 0x645, 0x627, 0x628, 0x62a, 0x643, 0x644, 0x645, 0x648, 0x634, 0x639,
          0x631, 0x628, 0x64a, 0x61f},
         "egbpdaj6bu4bxfgehfvwxn"},
        {9,
         {0x4ed6, 0x4eec, 0x4e3a, 0x4ec0, 0x4e48, 0x4e0d, 0x8bf4, 0x4e2d, 0x6587},
         "ihqwcrb4cv8a8dqg056pqjye"},
        {8,
         {0x33, 0x5e74, 0x42, 0x7d44, 0x91d1, 0x516b, 0x5148, 0x751f},
         "3B-ww4c5e180e575a65lsy2b"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[100];
        struct vd_text_writer w;

        vd_text_start(&w, out, sizeof out);
        assert_int_equal(vd_punycode_encode(rows[i].code_points, rows[i].count, &w), VD_OK);
        assert_string_equal(out, rows[i].text);
    }
}

static void test_punycode_refuses_what_could_overflow(void **state)
{
    uint32_t code_points[64] = {0};
    char out[400];
    struct vd_text_writer w;
    size_t i;

    (void)state;
    vd_text_start(&w, out, sizeof out);
    assert_int_equal(vd_punycode_encode(code_points, 64, &w), VD_EINVAL);
    code_points[0] = 0x110000;
    assert_int_equal(vd_punycode_encode(code_points, 1, &w), VD_EINVAL);
    for (i = 0; i < 63; i++) {
        code_points[i] = 0x10ffff;
    }
    assert_int_equal(vd_punycode_encode(code_points, 63, &w), VD_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_malformed_domain),
        cmocka_unit_test(test_name_that_is_not_ascii_gets_its_a_label),
        cmocka_unit_test(test_long_domains),
        cmocka_unit_test(test_selector_must_fit_before_its_domain),
        cmocka_unit_test(test_dkim_lines),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_other_values),
        cmocka_unit_test(test_punycode_of_the_rfc),
        cmocka_unit_test(test_punycode_refuses_what_could_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
