/*
 * firmware/config: every mistake is told, with its line; nothing is half-configured.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config.h"

#include "firmware/punycode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct vd_config config;

static struct {
    unsigned count;
    unsigned lines[64];
    char texts[64][VD_COMPLAINT_MAX];
} told;

static void on_complaint(void *ctx, unsigned line, const char *text)
{
    const char *at;

    assert_ptr_equal(ctx, &told);
    assert_true(text[0] != '\0');
    for (at = text; *at != '\0'; at++) {
        assert_true((uint8_t)*at >= ' ' && *at != 0x7f); /* harmless on a console */
    }
    if (told.count < 64) {
        told.lines[told.count] = line;
        snprintf(told.texts[told.count], VD_COMPLAINT_MAX, "%s", text);
    }
    told.count++;
}

/* The text in memory of exactly its size, so that the sanitizer sees a read behind it. */
static enum vd_status parse_bytes(const char *text, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    enum vd_status status;

    assert_non_null(copy);
    memcpy(copy, text, len);
    memset(&told, 0, sizeof told);
    status = vd_config_parse(copy, len, &config, on_complaint, &told);
    free(copy);
    assert_int_equal(status, told.count == 0 ? VD_OK : VD_EFORMAT);
    return status;
}

static enum vd_status parse(const char *text)
{
    return parse_bytes(text, strlen(text));
}

static void print_complaints(void)
{
    unsigned i;

    for (i = 0; i < told.count && i < 64; i++) {
        print_message("  %u: %s\n", told.lines[i], told.texts[i]);
    }
}

static void parse_ok(const char *text)
{
    if (parse(text) != VD_OK) {
        print_complaints();
        fail_msg("refused");
    }
}

/* Exactly one complaint, at this line, with these words in it. */
static void expect_one(const char *text, size_t len, unsigned line, const char *words)
{
    parse_bytes(text, len);
    if (told.count != 1 || told.lines[0] != line || strstr(told.texts[0], words) == NULL) {
        print_complaints();
        fail_msg("expected one complaint, %u: ...%s...", line, words);
    }
}

static void expect_text(const char *text, unsigned line, const char *words)
{
    expect_one(text, strlen(text), line, words);
}

/* A good file around lines under test, which begin at line 7. */
#define HEAD                                                                                       \
    "[dns]\nserver = 192.0.2.53\n[report soc]\nurl = syslogs://log.example\nca = ca.pem\n\n"
#define GOOD HEAD "[watch example.com]\n"

static void expect_in_good(const char *lines, unsigned line, const char *words)
{
    char text[4000];

    snprintf(text, sizeof text, "%s%s", HEAD, lines);
    expect_text(text, line, words);
}

struct row {
    const char *lines; /* from line 7 on */
    unsigned line;
    const char *words;
};

static void expect_rows(const struct row *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        expect_in_good(rows[i].lines, rows[i].line, rows[i].words);
    }
}

#define ROWS(rows) expect_rows(rows, sizeof rows / sizeof rows[0])

/* ---- what a good file gives ------------------------------------------------------------------- */

static void test_smallest_file_gets_the_defaults(void **state)
{
    (void)state;
    parse_ok(GOOD);
    assert_string_equal(config.device_name, "");
    assert_int_equal(config.servers_count, 1);
    assert_int_equal(config.servers[0].port, 53);
    assert_int_equal(config.servers[0].addr[3], 53);
    assert_int_equal(config.watches_count, 1);
    assert_string_equal(config.watches[0].domain, "example.com");
    assert_int_equal(config.watches[0].interval_ms, 15 * 60 * 1000);
    assert_int_equal(config.watches[0].confirm_wait_ms, 5 * 60 * 1000);
    assert_int_equal(config.watches[0].groups_count, 0);
    assert_int_equal(config.watches[0].channel, 0);
    assert_int_equal(config.watch_lines[0], 7);
    assert_int_equal(config.channels_count, 1);
    assert_string_equal(config.channels[0].name, "soc");
    assert_string_equal(config.channels[0].host, "log.example");
    assert_int_equal(config.channels[0].port, 6514);
    assert_string_equal(config.channels[0].ca_file, "ca.pem");
    assert_int_equal(config.channels[0].ca_line, 5);
    assert_int_equal(config.channels[0].min, VD_SEVERITY_NOTICE);
}

static void test_full_file(void **state)
{
    const struct vd_watch *watch;

    (void)state;
    parse_ok("; a comment\n"
             "[device]\n"
             "name = gw-1.lab ; a comment behind a value\n"
             "[dns]\n"
             "server=192.0.2.1:5353\n"
             "server = 192.0.2.2\n"
             "[defaults]\n"
             "interval = 1h\n"
             "dkim = all: d1\n"
             "report = noc\n"
             "[watch Example.COM. example.net] ; two\n"
             "dkim = all: S1 s2\n"
             "dkim = 2 of: s1 k2 k3\n"
             "confirm-wait = 2s\n"
             "report = soc\n"
             "[watch example.org]\n"
             "interval = 7d\n"
             "[report soc]\n"
             "url = syslogs://192.0.2.9:16514/\n"
             "ca = ca.pem\n"
             "min = critical\n"
             "[report noc]\n"
             "url = syslogs://Log.Example.NET\n"
             "ca = other.pem\n");
    assert_string_equal(config.device_name, "gw-1.lab");
    assert_int_equal(config.servers_count, 2);
    assert_int_equal(config.servers[0].port, 5353);
    assert_int_equal(config.watches_count, 3);

    watch = &config.watches[1];
    assert_string_equal(config.watches[0].domain, "example.com");
    assert_string_equal(watch->domain, "example.net");
    assert_int_equal(watch->selectors_count, 4);
    assert_string_equal(watch->selectors[0], "s1");
    assert_string_equal(watch->selectors[3], "k3");
    assert_int_equal(watch->groups_count, 2);
    assert_int_equal(watch->groups[0].members, 3);
    assert_int_equal(watch->groups[0].need, 2);
    assert_int_equal(watch->groups[1].members, 1 | 4 | 8);
    assert_int_equal(watch->groups[1].need, 2);
    assert_int_equal(watch->interval_ms, 3600000);
    assert_int_equal(watch->confirm_wait_ms, 2000);
    assert_int_equal(watch->channel, 0);

    watch = &config.watches[2];
    assert_int_equal(watch->interval_ms, 604800000);
    assert_string_equal(watch->selectors[0], "d1");
    assert_int_equal(watch->groups[0].need, 1);
    assert_int_equal(watch->channel, 1);

    assert_string_equal(config.channels[0].host, "192.0.2.9");
    assert_int_equal(config.channels[0].port, 16514);
    assert_int_equal(config.channels[0].min, VD_SEVERITY_CRITICAL);
    assert_string_equal(config.channels[1].host, "log.example.net");
}

static void test_events_are_routed_by_domain(void **state)
{
    (void)state;
    parse_ok("[dns]\nserver=192.0.2.1\n[watch a.example]\nreport=x\n[watch b.example]\nreport=y\n"
             "[report x]\nurl=syslogs://x.example\nca=c\n[report y]\nurl=syslogs://y.example\n"
             "ca=c\n");
    assert_true(vd_config_is_for(&config, 0, "a.example"));
    assert_false(vd_config_is_for(&config, 1, "a.example"));
    assert_true(vd_config_is_for(&config, 1, "b.example"));
    assert_true(vd_config_is_for(&config, 0, ""));
    assert_true(vd_config_is_for(&config, 1, ""));
}

static void test_crlf_and_byte_order_mark_are_read(void **state)
{
    (void)state;
    parse_ok("\xef\xbb\xbf[dns]\r\nserver = 192.0.2.53\r\n\r\n[report soc]\r\n"
             "url = syslogs://log.example\r\nca = ca.pem\r\n[watch example.com]\r\n"
             "interval = 1m");
    assert_int_equal(config.watches[0].interval_ms, 60000);
    assert_string_equal(config.channels[0].ca_file, "ca.pem");
}

static void test_comment_in_a_value_begins_behind_a_blank(void **state)
{
    (void)state;
    parse_ok(GOOD
             "dkim = all: s1 s2 ; s3 is retired\n; dkim = all: x\n# and so on\n  ; indented\n");
    assert_int_equal(config.watches[0].selectors_count, 2);
    /* without the blank it belongs to the value, and is told */
    expect_in_good("[watch example.com]\ndkim = all: s1;x\n", 8, "\"s1;x\" is no selector");
}

/* ---- mistakes --------------------------------------------------------------------------------- */

static void test_unknown_key_names_the_nearest(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\nintervall = 1h\n", 8,
         "unknown key \"intervall\" in [watch example.com]: did you mean \"interval\"?"},
        {"[watch example.com]\nconfirm_wait = 1h\n", 8, "did you mean \"confirm-wait\"?"},
        {"[watch example.com]\nDKIM = all: s1\n", 8, "did you mean \"dkim\"?"},
        {"[watch example.com]\ndikm = all: s1\n", 8, "did you mean \"dkim\"?"},
        {"[watch example.com]\nserver = 192.0.2.1\n", 8, ": it belongs in [dns]"},
        {"[watch example.com]\nfrequency = 1h\n", 8,
         ": there are dkim, interval, confirm-wait, report"},
        {"[watch example.com]\ndkim all: s1\n", 8, "unknown key \"dkim all\""},
        {"[watch example.com]\n[defaults]\nreprot = soc\n", 9, "in [defaults]: did you mean"},
        {"[watch example.com]\n[device]\nnmae = x\n", 9, "did you mean \"name\"?"},
    };

    (void)state;
    ROWS(rows);
}

static void test_unknown_section(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\n[wacth example.net]\ninterval = 1h\n", 8,
         "unknown section \"wacth\": did you mean [watch]?"},
        {"[watch example.com]\n[Watch example.net]\n", 8, "did you mean [watch]?"},
        {"[watch example.com]\n[network]\nfoo = 1\n", 8, "there are [device], [dns]"},
        {"[watch example.com]\n[]\n", 8, "unknown section \"\""},
        {"[watch example.com]\n[ ]\n", 8, "unknown section \"\""},
    };

    (void)state;
    ROWS(rows);
}

static void test_malformed_section_line(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\n[watch example.net\ninterval = 0\n", 8,
         "a section without its \"]\""},
        {"[watch example.com]\n[watch example.net] interval = 1h\n", 8,
         "stands behind the section's \"]\""},
        {"[watch example.com]\n[watch example.net ; x]\n", 8, "a comment begins before"},
        {"[watch example.com]\n[device gw1]\n", 8, "\"gw1\" is too much"},
        {"[watch example.com]\n[watch]\ninterval = 1h\n", 8, "[watch] names no domain"},
        {"[watch example.com]\n[report]\n", 8, "[report] has one name"},
        {"[watch example.com]\n[report a b]\n", 8, "[report] has one name"},
        {"[watch example.com]\n[report a/b]\n", 8, "is no name for a [report]"},
        {"[watch example.com]\n[report abcdefghijabcdefghijabcdefghij12]\n", 8, "up to 31"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[2000];

        /* a bad [report] also lacks its keys: look at the first complaint only */
        snprintf(text, sizeof text, "%s%s", HEAD, rows[i].lines);
        parse(text);
        assert_true(told.count >= 1);
        if (told.lines[0] != rows[i].line || strstr(told.texts[0], rows[i].words) == NULL) {
            print_complaints();
            fail_msg("expected %u: %s", rows[i].line, rows[i].words);
        }
    }
}

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
        {"[watch gmail.com]\n", 7, "belongs to a mail provider"},
        {"[watch hanmail.net]\n", 7, "belongs to a mail provider"},
        {"[watch Mail.GoogleMail.com]\n", 7, "(googlemail.com)"},
    };

    (void)state;
    ROWS(rows);
    parse_ok(HEAD "[watch notgmail.com aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
                  "ffffffffff123.com 4.example wwww.example]\n");
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
    };

    (void)state;
    ROWS(rows);
}

static void test_addresses_of_servers(void **state)
{
    static const char *const rows[][2] = {
        {"resolver.example", "is no address"}, {"192.0.2", "is no address"},
        {"192.0.2.256", "is no address"},      {"192.0.2.1:0", "is no address"},
        {"192.0.2.1:65536", "is no address"},  {"192.0.2.1 192.0.2.2", "is no address"},
        {"tls://192.0.2.1", "is no address"},  {"0.0.0.0", "not the address of one server"},
        {"224.0.0.1", "not the address"},      {"2001:db8::1", "IPv6 servers are not supported"},
        {"[2001:db8::1]:53", "IPv6 servers"},  {"192.0.2.9", "is listed twice"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1000];

        snprintf(text, sizeof text,
                 "[dns]\nserver = 192.0.2.9\nserver = %s\n[watch example.com]\n[report soc]\n"
                 "url = syslogs://log.example\nca = ca.pem\n",
                 rows[i][0]);
        expect_text(text, 3, rows[i][1]);
    }
}

static void test_what_is_missing_is_told(void **state)
{
    (void)state;
    parse("");
    assert_int_equal(told.count, 3);
    assert_int_equal(told.lines[0], 0);
    assert_non_null(strstr(told.texts[0], "no DNS server"));
    assert_non_null(strstr(told.texts[1], "nothing to watch"));
    assert_non_null(strstr(told.texts[2], "no collector"));

    expect_text("[dns]\n[watch example.com]\n[report soc]\nurl=syslogs://a.example\nca=c\n", 0,
                "no DNS server");
    expect_in_good("", 0, "nothing to watch");
    expect_in_good("[watch example.com]\n[report noc]\nca = x\n[defaults]\nreport = soc\n", 8,
                   "[report noc] needs url = ");
    expect_in_good("[watch example.com]\n[defaults]\nreport = soc\n[report noc]\n"
                   "url = syslogs://x.example\n",
                   10, "[report noc] needs ca = ");
}

static void test_repetitions(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\n[watch example.net Example.com.]\n", 8,
         "is watched already: see line 7"},
        {"[watch example.com example.com]\n", 7, "is watched already: see line 7"},
        {"[watch example.com]\ninterval = 1h\ninterval = 2h\n", 9,
         "\"interval\" stands twice in [watch example.com]"},
        {"[watch example.com]\n[dns]\nserver = 192.0.2.1\n", 8,
         "section [dns] is repeated: it stands in line 1 already"},
        {"[watch example.com]\n[report soc]\nurl = syslogs://x.example\nca = x\n", 8,
         "section [report soc] is repeated: it stands in line 3 already"},
        {"[watch example.com]\n[defaults]\n[defaults]\n", 9, "section [defaults] is repeated"},
        {"[device]\nname = a\n[watch example.com]\n[device]\n", 10,
         "section [device] is repeated: it stands in line 7 already"},
    };

    (void)state;
    ROWS(rows);
}

static void test_dkim_lines(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\ndkim = s1 s2\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = some: s1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = : s1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = 0 of: s1\n", 8, "is no DKIM group"},
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

static void test_several_reports_need_a_choice(void **state)
{
    (void)state;
    expect_in_good("[watch example.com]\n[report noc]\nurl = syslogs://x.example\nca = x\n", 7,
                   "\"example.com\" needs report = NAME");
}

static void test_more_than_the_image_holds(void **state)
{
    (void)state;
    expect_in_good("[watch a.example b.example c.example]\n[watch d.example e.example]\n", 8,
                   "\"e.example\" is one domain too many: this image watches 4 at most "
                   "(VD_WATCHES_MAX)");
    expect_in_good("[defaults]\nreport = soc\n[watch a.example]\n[report b]\n"
                   "url = syslogs://x.example\nca = x\n[report c]\nurl = syslogs://x.example\n"
                   "ca = x\n",
                   13,
                   "\"c\" is one [report] too many: this image has 2 channels at most "
                   "(VD_CHANNELS_MAX)");
    expect_text("[dns]\nserver=192.0.2.1\nserver=192.0.2.2\nserver=192.0.2.3\nserver=192.0.2.4\n"
                "server=192.0.2.5\n[watch a.example]\n[report a]\nurl=syslogs://a.example\nca=c\n",
                6, "4 at most (VD_SERVERS_MAX)");
}

static void test_key_before_the_first_section(void **state)
{
    (void)state;
    expect_text("name = x\n" GOOD, 1, "stands before the first section");
}

/* ---- what inih alone would let pass ----------------------------------------------------------- */

static void test_section_name_over_50_bytes_is_read_whole(void **state)
{
    (void)state;
    parse_ok(HEAD "[watch aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example "
                  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbb.example]\n");
    assert_int_equal(config.watches_count, 2);
    assert_string_equal(config.watches[1].domain,
                        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbb.example");
}

/* A domain of exactly len characters. */
static void domain_of(size_t len, char *out)
{
    size_t i;

    for (i = 0; i < len; i++) {
        out[i] = i % 50 == 49 && i + 1 < len ? '.' : 'a';
    }
    out[len] = '\0';
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

static void test_collector_of_253_characters_is_read_whole(void **state)
{
    char domain[300], text[600];

    (void)state;
    domain_of(253, domain);
    snprintf(text, sizeof text,
             "[dns]\nserver = 192.0.2.1\n[watch example.com]\n[report r]\nurl = syslogs://%s\n"
             "ca = x\n",
             domain);
    parse_ok(text);
    assert_string_equal(config.channels[0].host, domain);
}

static void test_selector_must_fit_before_its_domain(void **state)
{
    char domain[300], text[900];

    (void)state;
    domain_of(240, domain);
    snprintf(text, sizeof text, HEAD "[watch example.com %s]\ndkim = all: s1 s\n", domain);
    expect_text(text, 7, "\"s1\" is too long with its domain");
}

static void test_value_of_300_bytes_is_told_not_cut(void **state)
{
    char value[301], text[600];

    (void)state;
    memset(value, 'x', 300);
    value[300] = '\0';
    snprintf(text, sizeof text, "[watch example.com]\n[device]\nname = %s\n", value);
    expect_in_good(text, 9, "is no name: up to 63");
}

static void test_line_over_the_bound_is_told_not_cut(void **state)
{
    char text[4000], line[1100];
    size_t len;

    (void)state;
    for (len = 1020; len <= 1030; len++) {
        memset(line, ' ', sizeof line);
        memcpy(line, "dkim = all:", 11);
        memcpy(line + len - 2, "s1", 2);
        line[len] = '\0';
        snprintf(text, sizeof text, "%s%s\ninterval = 1h\n", GOOD, line);
        if (len <= 1022) {
            parse_ok(text);
            assert_string_equal(config.watches[0].selectors[0], "s1");
        } else {
            expect_text(text, 8, "1022 are the most (INI_MAX_LINE)");
        }
        assert_int_equal(config.watches[0].interval_ms, 3600000);
    }
}

static void test_indented_line_is_no_continuation(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\ndkim = all: s1\n  s2 s3\n", 9, "an indented line"},
        {"[watch example.com]\n\tinterval = 1h\n", 8, "an indented line"},
        {"[watch example.com]\n [defaults]\n", 8, "an indented line"},
    };

    (void)state;
    ROWS(rows);
}

static void test_bytes_that_are_no_text(void **state)
{
    static const char nul[] = GOOD "interval = 1h\0 x\n";
    static const char cr[] = GOOD "interval = 1h\rdkim = all: s1\n";
    static const char cr_at_end[] = GOOD "interval = 1h\r";
    static const char control[] = GOOD "interval = 1h\x1b[0m\n";
    static const char utf16[] = "\xff\xfe[\0d\0n\0s\0]\0\n\0";

    (void)state;
    expect_one(nul, sizeof nul - 1, 8, "a NUL byte");
    expect_one(cr, sizeof cr - 1, 8, "a carriage return inside the line");
    expect_one(cr_at_end, sizeof cr_at_end - 1, 8, "a carriage return");
    expect_one(control, sizeof control - 1, 8, "\"\\x1b\" is a control character");
    parse_bytes(utf16, sizeof utf16 - 1);
    assert_int_equal(told.lines[0], 1);
    assert_non_null(strstr(told.texts[0], "a NUL byte"));
}

static void test_all_mistakes_are_told_at_once(void **state)
{
    static const unsigned lines[] = {2, 3, 4, 6, 7, 5, 8, 8};
    size_t i;

    (void)state;
    parse("[dns]\n"
          "server = nowhere\n"            /* 2 */
          "sever = 192.0.2.1\n"           /* 3 */
          "[watch www.example.com]\n"     /* 4 */
          "[report soc]\n"                /* 5: no ca */
          "url = http://log.example\n"    /* 6 */
          "min = loud\n"                  /* 7 */
          "[watch gmail.com foo_bar.org]" /* 8, twice */
    );
    assert_int_equal(told.count, 8);
    for (i = 0; i < told.count; i++) {
        unsigned j, n = 0;

        for (j = 0; j < told.count; j++) {
            n += told.lines[j] == lines[i] ? 1 : 0;
        }
        assert_int_equal(n, lines[i] == 8 ? 2 : 1);
    }
}

static void test_random_bytes_do_no_harm(void **state)
{
    static const char *const pieces[] = {"[watch ",
                                         "]\n",
                                         "dkim = ",
                                         "all: ",
                                         "example.com",
                                         "\n",
                                         "[report soc]\n",
                                         "url = ",
                                         "syslogs://",
                                         "[dns]\n",
                                         "server=",
                                         "=",
                                         ":",
                                         ";",
                                         " ",
                                         "\xc3\xbc",
                                         "\r\n",
                                         "[defaults]\n",
                                         "2 of: ",
                                         "interval = 1h"};
    char text[1500];
    unsigned round;

    (void)state;
    srand(7);
    for (round = 0; round < 4000; round++) {
        size_t len = 0, want = (size_t)rand() % 1200;

        while (len < want) {
            if (rand() % 4 == 0) {
                text[len++] = (char)(rand() % 256);
            } else {
                const char *piece = pieces[(size_t)rand() % (sizeof pieces / sizeof pieces[0])];

                memcpy(text + len, piece, strlen(piece));
                len += strlen(piece);
            }
        }
        parse_bytes(text, len);
        assert_true(config.watches_count <= VD_WATCHES_MAX);
    }
}

/* Every single byte of a good file changed to something else. */
static void test_one_wrong_byte_anywhere_does_no_harm(void **state)
{
    static const char good[] = GOOD "dkim = 2 of: s1 s2\ninterval = 1h\nreport = soc\n";
    static const char bytes[] = "\0\n\r []=:;#\xff\x80\"x";
    char text[sizeof good];
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof good - 1; i++) {
        for (j = 0; j < sizeof bytes; j++) {
            memcpy(text, good, sizeof good);
            text[i] = bytes[j];
            parse_bytes(text, sizeof good - 1);
        }
        parse_bytes(good, i); /* and cut short */
    }
}

static void test_example_in_the_docs_is_good(void **state)
{
    static char text[8000];
    FILE *file = fopen("docs/example.ini", "rb");
    size_t len;

    (void)state;
    if (file == NULL) {
        skip(); /* not run from the root of the repository */
    }
    len = fread(text, 1, sizeof text, file);
    fclose(file);
    assert_true(len < VD_CONFIG_BYTES_MAX);
    if (parse_bytes(text, len) != VD_OK) {
        print_complaints();
        fail();
    }
}

static void test_table_of_keys_is_complete(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; vd_config_keys(i) != NULL; i++) {
        const struct vd_config_key *key = vd_config_keys(i);

        assert_true(key->section[0] != '\0' && key->key[0] != '\0');
        assert_true(key->form[0] != '\0' && key->meaning[0] != '\0');
    }
    assert_int_equal(i, 9);
}

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
        cmocka_unit_test(test_smallest_file_gets_the_defaults),
        cmocka_unit_test(test_full_file),
        cmocka_unit_test(test_events_are_routed_by_domain),
        cmocka_unit_test(test_crlf_and_byte_order_mark_are_read),
        cmocka_unit_test(test_comment_in_a_value_begins_behind_a_blank),
        cmocka_unit_test(test_unknown_key_names_the_nearest),
        cmocka_unit_test(test_unknown_section),
        cmocka_unit_test(test_malformed_section_line),
        cmocka_unit_test(test_malformed_domain),
        cmocka_unit_test(test_name_that_is_not_ascii_gets_its_a_label),
        cmocka_unit_test(test_addresses_of_servers),
        cmocka_unit_test(test_what_is_missing_is_told),
        cmocka_unit_test(test_repetitions),
        cmocka_unit_test(test_dkim_lines),
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_other_values),
        cmocka_unit_test(test_several_reports_need_a_choice),
        cmocka_unit_test(test_more_than_the_image_holds),
        cmocka_unit_test(test_key_before_the_first_section),
        cmocka_unit_test(test_section_name_over_50_bytes_is_read_whole),
        cmocka_unit_test(test_long_domains),
        cmocka_unit_test(test_collector_of_253_characters_is_read_whole),
        cmocka_unit_test(test_selector_must_fit_before_its_domain),
        cmocka_unit_test(test_value_of_300_bytes_is_told_not_cut),
        cmocka_unit_test(test_line_over_the_bound_is_told_not_cut),
        cmocka_unit_test(test_indented_line_is_no_continuation),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_all_mistakes_are_told_at_once),
        cmocka_unit_test(test_random_bytes_do_no_harm),
        cmocka_unit_test(test_one_wrong_byte_anywhere_does_no_harm),
        cmocka_unit_test(test_example_in_the_docs_is_good),
        cmocka_unit_test(test_table_of_keys_is_complete),
        cmocka_unit_test(test_punycode_of_the_rfc),
        cmocka_unit_test(test_punycode_refuses_what_could_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
