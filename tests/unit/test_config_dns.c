/*
 * firmware/config: [dns] beside its servers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "tests/unit/config_world.h"

/* ---- the other keys --------------------------------------------------------------------------- */

static void test_dns_defaults(void **state)
{
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        if (i == 0) {
            parse_ok(REST);
        } else {
            parse_dns_ok("");
        }
        assert_int_equal(config.servers_count, 0);
        assert_string_equal(config.dns.ca_file, "");
        assert_true(config.dns.asks_authorities);
        assert_int_equal(config.dns.authority_check_ms, 3600000);
        assert_int_equal(config.dns.confirm_hold_ms, 3600000);
        assert_int_equal(config.dns.blind_after, 3);
        assert_string_equal(config.dns.self_check_good, ".");
        assert_string_equal(config.dns.self_check_bad, "com");
    }
}

static void test_dns_keys(void **state)
{
    (void)state;
    parse_dns_ok(
        "authorities = no\nauthority-check = 7d\nconfirm-hold = 1d\nblind-after = 100\n"
        "self-check-good = Example.COM.\nself-check-bad = *.Bad.Example.\nca = a-b_c.pem\n");
    assert_false(config.dns.asks_authorities);
    assert_int_equal(config.dns.authority_check_ms, 604800000);
    assert_int_equal(config.dns.confirm_hold_ms, 86400000);
    assert_int_equal(config.dns.blind_after, 100);
    assert_string_equal(config.dns.self_check_good, "example.com");
    assert_string_equal(config.dns.self_check_bad, "bad.example");
    assert_string_equal(config.dns.ca_file, "a-b_c.pem");

    parse_dns_ok("authorities = yes\nauthority-check = 1s\nconfirm-hold = 1s\nblind-after = 1\n"
                 "self-check-good = .\nself-check-bad = *.net\n");
    assert_true(config.dns.asks_authorities);
    assert_int_equal(config.dns.authority_check_ms, 1000);
    assert_int_equal(config.dns.confirm_hold_ms, 1000);
    assert_int_equal(config.dns.blind_after, 1);
    assert_string_equal(config.dns.self_check_good, ".");
    assert_string_equal(config.dns.self_check_bad, "net");

    parse_dns_ok("self-check-good = com\nblind-after = 007\n");
    assert_string_equal(config.dns.self_check_good, "com");
    assert_int_equal(config.dns.blind_after, 7);
}

static void test_dns_keys_that_are_refused(void **state)
{
    static const char *const rows[][2] = {
        {"server =", "\"server\" has no value"},
        {"ca =", "\"ca\" has no value"},
        {"ca = ../x.pem", "is no plain file name: the file lies beside the configuration"},
        {"ca = C:\\x.pem", "is no plain file name"},
        {"ca = .x", "is no plain file name"},
        {"ca = a b", "is no file name: up to 63 letters"},
        {"ca = abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl",
         "is no file name: up to 63 letters"},
        {"authorities = Yes", "\"Yes\" is neither yes nor no"},
        {"authorities = true", "is neither yes nor no"},
        {"authorities = 0", "is neither yes nor no"},
        {"authorities = now", "is neither yes nor no"},
        {"authority-check = 8d", "is no time from 1s to 7d: write a number and its unit"},
        {"authority-check = 0s", "is no time from 1s to 7d"},
        {"authority-check = 60", "is no time from 1s to 7d"},
        {"confirm-hold = 2d", "is no time from 1s to 1d"},
        {"confirm-hold = 86401s", "is no time from 1s to 1d"},
        {"confirm-hold = 0m", "is no time from 1s to 1d"},
        {"blind-after = 0", "\"0\" is no number from 1 to 100"},
        {"blind-after = 101", "is no number from 1 to 100"},
        {"blind-after = 256", "is no number from 1 to 100"},
        {"blind-after = 4294967297", "is no number from 1 to 100"},
        {"blind-after = -1", "is no number from 1 to 100"},
        {"blind-after = 3 rounds", "is no number from 1 to 100"},
        {"blind-after = three", "is no number from 1 to 100"},
        {"self-check-good = *.com", "\"*.com\" has a \"*\""},
        {"self-check-good = ..", "has an empty label"},
        {"self-check-good = 192.0.2.1", "is an IP address, not a name"},
        {"self-check-bad = com", "\"com\" is not *. and a domain: write *.com"},
        {"self-check-bad = *", "is not *. and a domain"},
        {"self-check-bad = *.", "is not *. and a domain"},
        {"self-check-bad = no", "is not *. and a domain"},
        {"self-check-bad = *..", "has an empty label"},
        {"self-check-bad = *.*.com", "\"*.com\" has a \"*\""},
        {"self-check-bad = *.a_b", "has a \"_\""},
        {"serverr = 9.9.9.9", "unknown key \"serverr\" in [dns]: did you mean \"server\"?"},
        {"Server = 9.9.9.9", "did you mean \"server\"?"},
        {"authority = yes", ": there are server, ca, authorities, authority-check, confirm-hold, "
                            "blind-after, self-check-good, self-check-bad"},
        {"autorities = yes", "did you mean \"authorities\"?"},
        {"confirm_hold = 1h", "did you mean \"confirm-hold\"?"},
        {"blindafter = 3", "did you mean \"blind-after\"?"},
        {"self-check-god = .", "did you mean \"self-check-good\"?"},
        {"confirm-wait = 5m", "unknown key \"confirm-wait\" in [dns]: it belongs in [watch]"},
        {"tls://9.9.9.9#dns.quad9.net", "where the \"=\" of key = value must stand"},
    };
    char line[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(line, sizeof line, "; the line under test\n%s\n", rows[i][0]);
        expect_dns(line, 9, rows[i][1]);
    }
}

static void test_dns_keys_that_stand_twice(void **state)
{
    static const char *const values[] = {
        "ca = x",          "authorities = no",    "authority-check = 1h",  "confirm-hold = 1h",
        "blind-after = 3", "self-check-good = .", "self-check-bad = *.com"};
    char line[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof values / sizeof values[0]; i++) {
        snprintf(line, sizeof line, "%s\n%s\n", values[i], values[i]);
        expect_dns(line, 9, "stands twice in [dns]");
    }
}

static void test_room_for_a_random_label(void **state)
{
    char domain[300], line[600];

    (void)state;
    domain_of(189, domain);
    snprintf(line, sizeof line, "self-check-bad = *.%s\n", domain);
    parse_dns_ok(line);
    assert_string_equal(config.dns.self_check_bad, domain);
    domain_of(190, domain);
    snprintf(line, sizeof line, "self-check-bad = *.%s\n", domain);
    expect_dns(line, 8, "is too long: no room for a random label in front");
    domain_of(253, domain);
    snprintf(line, sizeof line, "self-check-good = %s\n", domain);
    parse_dns_ok(line);
    assert_string_equal(config.dns.self_check_good, domain);
}

static void test_all_mistakes_of_dns_are_told_at_once(void **state)
{
    static const unsigned lines[] = {8, 9, 10, 11, 12, 13, 14, 15, 16};
    size_t i;

    (void)state;
    parse(DNS "server = tls://9.9.9.9\n"          /* 8 */
              "server = 9.9.9.9#x\n"              /* 9 */
              "server = tls://9.9.9.9#sha256/x\n" /* 10 */
              "server = fe80::1\n"                /* 11 */
              "ca = /x\n"                         /* 12 */
              "authorities = maybe\n"             /* 13 */
              "blind-after = 0\n"                 /* 14 */
              "self-check-bad = com\n"            /* 15 */
              "confirm-hlod = 1h\n"               /* 16 */
              "server = 192.0.2.1\n");
    assert_int_equal(told.count, 9);
    for (i = 0; i < told.count; i++) {
        assert_int_equal(told.lines[i], lines[i]);
    }
    assert_int_equal(config.servers_count, 1);
}

/* ---- any bytes at all ------------------------------------------------------------------------- */

/* What was accepted is something that can be asked, and proved where it says TLS. */
static void check_servers(void)
{
    unsigned i;

    for (i = 0; i < config.servers_count; i++) {
        const struct vd_config_server *server = &config.servers[i];
        bool has_name = server->name[0] != '\0';

        assert_true(server->at.family != VD_FAMILY_NONE && server->at.port != 0);
        assert_int_equal(has_name || server->has_pin, server->transport == VD_TRANSPORT_TLS);
        assert_false(has_name && server->has_pin);
        assert_true(!has_name || config.dns.ca_line != 0 || told.count > 0);
    }
    assert_true(vd_config_sources(&config) <= config.servers_count);
    assert_true(config.dns.self_check_good[0] != '\0' && config.dns.self_check_bad[0] != '\0');
}

static void test_one_wrong_byte_in_dns_does_no_harm(void **state)
{
    static const char good[] = DNS
        "ca = x\nserver = tls://[2001:db8::1]:853#" PIN "\nserver = tls://9.9.9.9#dns.quad9.net\n"
        "server = udp://9.9.9.9\nblind-after = 3\nself-check-bad = *.com\nself-check-good = .\n";
    static const char bytes[] = "\0\n\r []=:;#\xff\x80\"x./%*0";
    char text[sizeof good];
    size_t i, j;

    (void)state;
    for (i = 0; i < sizeof good - 1; i++) {
        for (j = 0; j < sizeof bytes; j++) {
            memcpy(text, good, sizeof good);
            text[i] = bytes[j];
            parse_bytes(text, sizeof good - 1);
            check_servers();
        }
        parse_bytes(good, i); /* and cut short */
        check_servers();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dns_defaults),
        cmocka_unit_test(test_dns_keys),
        cmocka_unit_test(test_dns_keys_that_are_refused),
        cmocka_unit_test(test_dns_keys_that_stand_twice),
        cmocka_unit_test(test_room_for_a_random_label),
        cmocka_unit_test(test_all_mistakes_of_dns_are_told_at_once),
        cmocka_unit_test(test_one_wrong_byte_in_dns_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
