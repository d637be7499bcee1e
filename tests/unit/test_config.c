/*
 * firmware/config: every mistake is told, with its line; nothing is half-configured.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tests/unit/config_world.h"

/* ---- what a good file gives ------------------------------------------------------------------- */

static void test_smallest_file_gets_the_defaults(void **state)
{
    (void)state;
    parse_ok(GOOD);
    assert_string_equal(config.device_name, "");
    assert_int_equal(config.servers_count, 1);
    assert_int_equal(config.servers[0].at.port, 53);
    assert_int_equal(config.servers[0].at.addr[3], 53);
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
    assert_int_equal(config.servers[0].at.port, 5353);
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
        {"[watch example.com]\nca = x\n", 8, ": it belongs in [dns] or [report]"},
        {"[watch example.com]\nfrequency = 1h\n", 8,
         ": there are profile, dmarc, spf, dkim, provider, mx, mail-from, senders, strangers, "
         "from, "
         "spf-wide-ip4, spf-wide-ip6, spf-vast-ip4, spf-vast-ip6, spf-growth, registries, pending, "
         "accept, plan, maintenance, interval, confirm-wait, report"},
        {"[watch example.com]\nproflie = bulk\n", 8, "did you mean \"profile\"?"},
        {"[watch example.com]\nmailfrom = mail.example.com\n", 8, "did you mean \"mail-from\"?"},
        {"[watch example.com]\nheartbeat = 1h\n", 8, "unknown key \"heartbeat\""},
        {"[watch example.com]\nunsigned = yes\n", 8, ": it belongs in [provider]"},
        {"[watch example.com]\n[provider x]\nincldues = spf.x.example\n", 9,
         "unknown key \"incldues\" in [provider x]: did you mean \"includes\"?"},
        {"[watch example.com]\ndkim all = s1\n", 8, "unknown key \"dkim all\""},
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
        {"[watch example.com]\n[network]\nfoo = 1\n", 8,
         "there are [device], [dns], [defaults], [watch ...], [provider ...] and [report ...]"},
        {"[watch example.com]\n[net]\naddress = 192.0.2.1\n", 8, "unknown section \"net\""},
        {"[watch example.com]\n[povider x]\n", 8, "did you mean [provider]?"},
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

static void test_what_is_missing_is_told(void **state)
{
    (void)state;
    parse("");
    assert_int_equal(told.count, 2); /* no server: the network names them */
    assert_int_equal(told.lines[0], 0);
    assert_non_null(strstr(told.texts[0], "nothing to watch"));
    assert_non_null(strstr(told.texts[1], "no collector"));

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

/* ---- the docs --------------------------------------------------------------------------------- */

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
    assert_int_equal(i, 43);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smallest_file_gets_the_defaults),
        cmocka_unit_test(test_full_file),
        cmocka_unit_test(test_events_are_routed_by_domain),
        cmocka_unit_test(test_unknown_key_names_the_nearest),
        cmocka_unit_test(test_unknown_section),
        cmocka_unit_test(test_malformed_section_line),
        cmocka_unit_test(test_what_is_missing_is_told),
        cmocka_unit_test(test_repetitions),
        cmocka_unit_test(test_several_reports_need_a_choice),
        cmocka_unit_test(test_more_than_the_image_holds),
        cmocka_unit_test(test_key_before_the_first_section),
        cmocka_unit_test(test_all_mistakes_are_told_at_once),
        cmocka_unit_test(test_example_in_the_docs_is_good),
        cmocka_unit_test(test_table_of_keys_is_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
