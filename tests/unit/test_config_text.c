/*
 * firmware/config: what inih alone would let pass, and bytes that are no text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tests/unit/config_world.h"

static void test_crlf_and_byte_order_mark_are_read(void **state)
{
    (void)state;
    parse_ok("\xef\xbb\xbf[dns]\r\nserver = 192.0.2.53\r\n\r\n[report soc]\r\n"
             "url = syslogs://log.example\r\nca = ca.pem\r\n[watch example.com]\r\n"
             "interval = 1m");
    assert_int_equal(config.watches[0].interval_ms, 60000);
    assert_string_equal(config.channels[0].ca_file, "ca.pem");
}

/* Two marks, as when files are put together: the first section is still read. */
static void test_second_byte_order_mark_hides_no_section(void **state)
{
    (void)state;
    parse_ok("\xef\xbb\xbf\xef\xbb\xbf[device]\nname = gw1\n[report soc]\n"
             "url = syslogs://log.example\nca = ca.pem\n[watch example.com]\n[provider x]\n");
    assert_string_equal(config.device_name, "gw1");
}

static void test_comment_in_a_value_begins_behind_a_blank(void **state)
{
    (void)state;
    parse_ok(GOOD
             "dkim = all: s1 s2 ; s3 is retired\n; dkim = all: x\n# and so on\n  ; indented\n");
    assert_int_equal(config.watches[0].selectors_count, 2);
    parse_ok(GOOD "accept = dmarc.policy:none ; x\nmx = a.example.net ; b.example.net\n");
    assert_string_equal(vd_watch_text(&config.watches[0], config.watches[0].accepts[0].value),
                        "none");
    assert_string_equal(vd_watch_text(&config.watches[0], config.watches[0].mx), "a.example.net");
    /* without the blank it belongs to the value, and is told */
    expect_in_good("[watch example.com]\nmx = a.example.net;b\n", 8, "has a \";\"");
    expect_in_good("[watch example.com]\ndkim = all: s1;x\n", 8, "\"s1;x\" is no selector");
}

/* What a comment leaves of a record that was pasted is no value of any key. */
static void test_record_cut_by_its_semicolon_is_told(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\ndmarc = p=none ; x\n", 8, "\"p=none\" is no policy"},
        {"[watch example.com]\ndmarc = v=DMARC1 ; p=reject\n", 8, "\"v=DMARC1\" is no policy"},
        {"[watch example.com]\naccept = dmarc.policy:p=none ; x\n", 8,
         "\"p=none\" is nothing that dmarc.policy says"},
        {"[watch example.com]\ndmarc = ; none\n", 8, "\"dmarc\" has no value"},
    };

    (void)state;
    ROWS(rows);
}

static void test_colon_is_no_equals_sign(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\ndkim: all: s1\n", 8, "where the \"=\" of key = value"},
        {"[watch example.com]\naccept dmarc.policy:none\n", 8, "where the \"=\""},
        {"[watch example.com]\nmaintenance: Sun 02:00-04:00 Z = x\n", 8, "where the \"=\""},
        {"[watch example.com]\ndkim ; all: s1 = x\n", 8, "is neither a section nor key"},
    };

    (void)state;
    ROWS(rows);
    parse_ok(GOOD "dkim=any: s1 s2\nmaintenance =Sun 02:00-04:00 Z\n; a: b\n# a: b\n");
}

/* ---- mistakes --------------------------------------------------------------------------------- */

static void test_section_name_over_50_bytes_is_read_whole(void **state)
{
    (void)state;
    parse_ok(HEAD "[watch aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example "
                  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbb.example]\n");
    assert_int_equal(config.watches_count, 2);
    assert_string_equal(config.watches[1].domain,
                        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbbbbbbbbbbbbbbbb.example");
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

static void test_value_of_300_bytes_is_told_not_cut(void **state)
{
    char value[301], text[600];

    (void)state;
    memset(value, 'x', 300);
    value[300] = '\0';
    snprintf(text, sizeof text, "[watch example.com]\n[device]\nname = %s\n", value);
    expect_in_good(text, 9, "is no name: up to 63");
}

static void test_value_of_300_bytes_is_read_whole(void **state)
{
    char domains[2][200], text[700];

    (void)state;
    domain_of(149, domains[0]);
    domain_of(150, domains[1]);
    snprintf(text, sizeof text, "%smx = %s %s\n", GOOD, domains[0], domains[1]);
    parse_ok(text);
    snprintf(text, sizeof text, "%s %s", domains[0], domains[1]);
    assert_int_equal(strlen(text), 300);
    assert_string_equal(vd_watch_text(&config.watches[0], config.watches[0].mx), text);
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

/* Whatever the file held, what is kept lies within its bounds. */
static void check_bounds(void)
{
    unsigned i;

    assert_true(config.watches_count <= VD_WATCHES_MAX);
    assert_true(config.providers_count <= VD_PROVIDERS_OWN_MAX);
    assert_in_range(config.provider_text_len, 1, VD_PROVIDER_TEXT_MAX);
    for (i = 0; i < config.watches_count; i++) {
        const struct vd_watch *watch = &config.watches[i];

        assert_in_range(watch->text_len, 1, VD_WATCH_TEXT_MAX);
        assert_int_equal(watch->text[0], '\0');
        assert_true(watch->mx < watch->text_len && watch->from < watch->text_len);
        assert_true(watch->mail_from < watch->text_len && watch->registries < watch->text_len);
        assert_true(watch->selectors_count <= VD_SELECTORS_MAX);
        assert_true(watch->groups_count <= VD_DKIM_GROUPS_MAX);
        assert_true(watch->providers_count <= VD_WATCH_PROVIDERS_MAX);
        assert_true(watch->plans_count <= VD_PLANS_MAX && watch->accepts_count <= VD_ACCEPTS_MAX);
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
                                         "interval = 1h",
                                         "tls://",
                                         "#",
                                         "192.0.2.1",
                                         "[2001:db8::1]",
                                         "sha256/",
                                         "self-check-bad = *.",
                                         "%",
                                         "::ffff:",
                                         "tcp://",
                                         "blind-after = 9",
                                         "[provider x]\n",
                                         "targets = ",
                                         "selectors = ",
                                         "provider = ",
                                         "channel-talk",
                                         "amazon-ses all: ",
                                         "profile = parked",
                                         "accept = ",
                                         "plan = ",
                                         "dmarc.policy",
                                         "none",
                                         "2026-12-01T00:00Z..",
                                         "maintenance = ",
                                         "Sun 02:00-04:00 Z",
                                         ",",
                                         "senders = ",
                                         "from = ",
                                         "a@",
                                         "mx = ",
                                         "mail-from = ",
                                         "*."};
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
        check_bounds();
    }
}

/* Every single byte of a good file changed to something else. */
static void test_one_wrong_byte_anywhere_does_no_harm(void **state)
{
    static const char good[] = GOOD
        "dkim = amazon-ses 2 of: s1 s2\ninterval = 1h\nreport = soc\nprofile = bulk\n"
        "senders = 192.0.2.1\nfrom = a@example.com\nmail-from = m.example.com\nmx = x.example\n"
        "plan = dmarc.policy none 2026-12-01T00:00Z..2026-12-02T00:00Z\n"
        "accept = dkim.s1.key:absent\nmaintenance = Sun 02:00-04:00 +09:00\nprovider = px\n"
        "[provider px]\nselectors = s9\ntargets = *.px.example\nneed = any\n";
    static const char bytes[] = "\0\n\r []=:;#\xff\x80\"x";
    char text[sizeof good];
    size_t i, j;

    (void)state;
    parse_ok(good);
    for (i = 0; i < sizeof good - 1; i++) {
        for (j = 0; j < sizeof bytes; j++) {
            memcpy(text, good, sizeof good);
            text[i] = bytes[j];
            parse_bytes(text, sizeof good - 1);
            check_bounds();
        }
        parse_bytes(good, i); /* and cut short */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crlf_and_byte_order_mark_are_read),
        cmocka_unit_test(test_second_byte_order_mark_hides_no_section),
        cmocka_unit_test(test_comment_in_a_value_begins_behind_a_blank),
        cmocka_unit_test(test_record_cut_by_its_semicolon_is_told),
        cmocka_unit_test(test_colon_is_no_equals_sign),
        cmocka_unit_test(test_section_name_over_50_bytes_is_read_whole),
        cmocka_unit_test(test_collector_of_253_characters_is_read_whole),
        cmocka_unit_test(test_value_of_300_bytes_is_told_not_cut),
        cmocka_unit_test(test_value_of_300_bytes_is_read_whole),
        cmocka_unit_test(test_line_over_the_bound_is_told_not_cut),
        cmocka_unit_test(test_indented_line_is_no_continuation),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_random_bytes_do_no_harm),
        cmocka_unit_test(test_one_wrong_byte_anywhere_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
