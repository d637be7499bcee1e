/*
 * firmware/config: what is planned, accepted, and when alerts wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facets.h"
#include "tests/unit/config_world.h"

static const struct vd_watch *watch_of(const char *lines)
{
    char text[4000];

    snprintf(text, sizeof text, "%s%s", GOOD, lines);
    parse_ok(text);
    return &config.watches[0];
}

static const char *text_of(uint16_t offset)
{
    return vd_watch_text(&config.watches[0], offset);
}

/* ---- accept= ---------------------------------------------------------------------------------- */

static void test_accepted_facets(void **state)
{
    /* a selector may be named before its dkim line */
    const struct vd_watch *watch = watch_of(
        "accept = dmarc.policy:None\naccept = spf.include:_spf.Example.net\n"
        "accept = dkim.s2.key:absent\naccept = mx.hosts:1a2b3c4d\ndkim = any: s1 s2 a.b\n");

    (void)state;
    assert_int_equal(watch->accepts_count, 4);
    assert_int_equal(watch->accepts[0].facet, VD_FACET_DMARC_POLICY);
    assert_string_equal(text_of(watch->accepts[0].value), "none");
    assert_int_equal(watch->accepts[1].facet, VD_FACET_SPF_INCLUDE);
    assert_string_equal(text_of(watch->accepts[1].value), "_spf.example.net");
    assert_int_equal(watch->accepts[2].facet, VD_FACET_DKIM_KEY);
    assert_int_equal(watch->accepts[2].index, 1);
    assert_string_equal(text_of(watch->accepts[2].value), "absent");
    assert_int_equal(watch->accepts[3].facet, VD_FACET_MX_HOSTS);
    watch = watch_of("accept = dkim.a.b.alias:absent\ndkim = all: a.b\n"
                     "accept = dkim.a.b.key:revoked\naccept = mx.hosts:Mx.example.net\n"
                     "accept = dmarc.rua:00Ff00fF\n");
    assert_string_equal(text_of(watch->accepts[1].value), "revoked");
    assert_string_equal(text_of(watch->accepts[2].value), "mx.example.net");
    assert_string_equal(text_of(watch->accepts[3].value), "00ff00ff");
    assert_int_equal(watch->accepts[0].facet, VD_FACET_DKIM_ALIAS);
    watch = watch_of("accept = dkim.channel.key:absent\n[defaults]\nprovider = channel-talk\n");
    assert_int_equal(watch->accepts[0].index, 0);
}

static void test_bad_accepts(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\naccept = dmarc.policy\n", 8, "is not a facet, \":\" and its value"},
        {"[watch example.com]\naccept = dmarc.policy: none\n", 8, "is not a facet"},
        {"[watch example.com]\naccept = dmarc.policy:\n", 8, "is not a facet"},
        {"[watch example.com]\naccept = :none\n", 8, "is not a facet"},
        {"[watch example.com]\naccept = dmarc.policy:none spf.default:fail\n", 8, "one a line"},
        {"[watch example.com]\naccept = dmarc.polcy:none\n", 8,
         "\"dmarc.polcy\" is no facet: did you mean \"dmarc.policy\"?"},
        {"[watch example.com]\naccept = policy:none\n", 8, "is no facet: write one as dmarc.pol"},
        {"[watch example.com]\naccept = dkim.s9.key:absent\ndkim = all: s1\n", 8,
         "with a selector that is watched"},
        {"[watch example.com]\naccept = dkim.key:absent\n", 8, "write dkim.SELECTOR.key"},
        {"[watch example.com]\n\n\naccept = dmarc.policy:nonne\n", 10,
         "\"nonne\" is nothing that dmarc.policy says: there are none quarantine reject"},
        {"[watch example.com]\naccept = spf.default:+all\n", 8, "there are pass neutral softfail"},
        /* a value that the facet never says: it would be waited for in silence */
        {"[watch example.com]\naccept = spf.include:sendgrid\n", 8,
         "is nothing that spf.include says: there are absent, broken and what its alerts say"},
        {"[watch example.com]\naccept = dmarc.rua:mailto:a@example.com\n", 8, "is nothing that"},
        {"[watch example.com]\naccept = dkim.s1.key:gone\ndkim = all: s1\n", 8,
         "is nothing that dkim.s1.key says"},
        {"[watch example.com]\naccept = dkim.s1.flags:revoked\ndkim = all: s1\n", 8,
         "is nothing that dkim.s1.flags says"},
        {"[watch example.com]\naccept = mx.hosts:1234567\n", 8, "is nothing that mx.hosts says"},
        {"[watch example.com]\naccept = mx.hosts:123456789\n", 8, "is nothing that mx.hosts says"},
        {"[watch example.com]\naccept = mx.hosts:1234567g\n", 8, "is nothing that mx.hosts says"},
        {"[watch example.com]\naccept = dmarc.policy:1a2b3c4d\n", 8,
         "is nothing that dmarc.policy"},
        {"[watch example.com]\n[defaults]\naccept = dkim.s1.key:absent\n", 9,
         "with a selector that is watched"},
        {"[watch example.com]\naccept = mx.hosts:00000001\naccept = mx.hosts:00000002\naccept = "
         "mx.hosts:00000003\n"
         "accept = mx.hosts:00000004\naccept = mx.hosts:00000005\n",
         12, "one accept too many: a watch has 4 at most (VD_ACCEPTS_MAX)"},
    };
    char text[400];

    (void)state;
    ROWS(rows);
    snprintf(text, sizeof text, "[watch example.com]\naccept = mx.hosts:%0200d\n", 1);
    expect_in_good(text, 8, "is too long: no facet says so much");
}

/* ---- plan= ------------------------------------------------------------------------------------ */

static void test_plans(void **state)
{
    const struct vd_watch *watch =
        watch_of("plan = dmarc.policy none 2026-12-01T00:00Z..2026-12-02T00:00Z\n"
                 "plan = dkim.s1.key absent 2024-02-29T23:59:59+09:00..2024-03-01T00:30-05:30\n"
                 "dkim = all: s1\n");

    (void)state;
    assert_int_equal(watch->plans_count, 2);
    assert_int_equal(watch->plans[0].facet, VD_FACET_DMARC_POLICY);
    assert_string_equal(text_of(watch->plans[0].value), "none");
    assert_true(watch->plans[0].from_s == 1796083200);
    assert_true(watch->plans[0].until_s == 1796083200 + 86400);
    assert_int_equal(watch->plans[1].facet, VD_FACET_DKIM_KEY);
    assert_int_equal(watch->plans[1].index, 0);
    assert_true(watch->plans[1].from_s == 1709218799);
    assert_true(watch->plans[1].until_s == 1709272800);
    watch = watch_of("plan = mx.hosts absent 1970-01-01T00:00Z..1970-01-01T00:01z\n");
    assert_true(watch->plans[0].from_s == 0 && watch->plans[0].until_s == 60);
    watch = watch_of("plan = mx.hosts absent 2100-02-28T00:00Z..9999-12-31T23:59Z\n");
    assert_true(watch->plans[0].from_s == 4107456000);
    assert_true(watch->plans[0].until_s == 253402300740);
}

static void test_bad_periods(void **state)
{
    static const char *const rows[][2] = {
        {"2026-12-01T00:00Z", "is no time from..until"},
        {"2026-12-01T00:00Z..", "is no time from..until"},
        {"..2026-12-01T00:00Z", "has no such date"},
        {"..", "is no time from..until"},
        {"2026-12-01T00:00Z-2026-12-02T00:00Z", "is no time from..until"},
        {"2026-12-02T00:00Z..2026-12-01T00:00Z", "ends before it begins"},
        {"2026-12-01T00:00Z..2026-12-01T00:00Z", "ends before it begins"},
        {"2026-12-01T09:00+09:00..2026-12-01T00:00Z", "ends before it begins"},
        {"2026-12-01T00:00..2026-12-02T00:00", "has no such date"}, /* no zone */
        {"2026-12-01..2026-12-02", "has no such date"},
        {"2026-13-01T00:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-00-01T00:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-11-31T00:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-11-00T00:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-02-29T00:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2100-02-29T00:00Z..2101-01-02T00:00Z", "has no such date"},
        {"1969-12-31T00:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-12-01T24:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-12-01T00:60Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-12-01T00:00+15:00..2027-01-02T00:00Z", "has no such date"},
        {"2026-12-01T00:00+9:00..2027-01-02T00:00Z", "has no such date"},
        {"2026-12-01T00:00ZZ..2027-01-02T00:00Z", "has no such date"},
        {"2026-12-1T00:00Z..2027-01-02T00:00Z", "has no such date"},
        {"2026-12-01T00:00Z...2027-01-02T00:00Z", "has no such date"},
    };
    char text[300];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "[watch example.com]\nplan = mx.hosts absent %s\n", rows[i][0]);
        expect_in_good(text, 8, rows[i][1]);
    }
}

static void test_bad_plans(void **state)
{
#define DAY " 2026-12-01T00:00Z..2026-12-02T00:00Z"
    static const struct row rows[] = {
        {"[watch example.com]\nplan = dmarc.policy none\n", 8, "is no plan: write a facet"},
        {"[watch example.com]\nplan = dmarc.policy" DAY "\n", 8, "is no plan"},
        {"[watch example.com]\nplan = dmarc.policy:none" DAY "\n", 8, "is no plan"},
        {"[watch example.com]\nplan = dmarc.policy none x" DAY "\n", 8, "is no plan"},
        {"[watch example.com]\nplan = dmarc.policy none" DAY " x\n", 8, "is no plan"},
        {"[watch example.com]\nplan = dmarc.polici none" DAY "\n", 8,
         "did you mean \"dmarc.policy\"?"},
        {"[watch example.com]\nplan = dmarc.policy weak" DAY "\n", 8, "is nothing that"},
        {"[watch example.com]\nplan = mx.hosts absent" DAY "\nplan = mx.hosts broken" DAY
         "\nplan = mx.hosts 00000001" DAY "\n",
         10, "one plan too many: a watch has 2 at most (VD_PLANS_MAX)"},
    };

    (void)state;
    ROWS(rows);
}

/* ---- maintenance= ----------------------------------------------------------------------------- */

static void test_maintenance_windows(void **state)
{
    static const struct {
        const char *value;
        unsigned days, from, until;
        int zone;
    } rows[] = {
        {"Sun 02:00-04:00 +09:00", 0x01, 120, 240, 540},
        {"Mon-Fri 22:00-02:00 Z", 0x3e, 1320, 120, 0},
        {"sat-MON 00:00-24:00 -03:30", 0x43, 0, 1440, -210},
        {"Mon-Sun 00:01-00:00 +14:00", 0x7f, 1, 0, 840},
        {"Wed-Wed 23:59-24:00 z", 0x08, 1439, 1440, 0},
        {"Sat\t01:00-01:30   Z", 0x40, 60, 90, 0},
    };
    const struct vd_watch *watch;
    char text[100];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "maintenance = %s\n", rows[i].value);
        watch = watch_of(text);
        assert_int_equal(watch->windows_count, 1);
        assert_int_equal(watch->windows[0].days, rows[i].days);
        assert_int_equal(watch->windows[0].from_min, rows[i].from);
        assert_int_equal(watch->windows[0].until_min, rows[i].until);
        assert_int_equal(watch->windows[0].zone_min, rows[i].zone);
    }
    watch = watch_of("maintenance = Sun 02:00-04:00 Z, Tue 01:00-02:00 Z\n");
    assert_int_equal(watch->windows_count, 2);
    watch = watch_of("maintenance = Sun 02:00-04:00 Z\nmaintenance = Tue 01:00-02:00 Z\n");
    assert_int_equal(watch->windows_count, 2);
    assert_int_equal(watch->windows[1].days, 0x04);
}

static void test_bad_windows(void **state)
{
    static const char *const rows[] = {
        "Sun",
        "Sun 02:00-04:00", /* no zone: whose night? */
        "02:00-04:00 Z",
        "Sunday 02:00-04:00 Z",
        "Su 02:00-04:00 Z",
        "Sun- 02:00-04:00 Z",
        "-Sun 02:00-04:00 Z",
        "Sun-Mon-Tue 02:00-04:00 Z",
        "Xxx 02:00-04:00 Z",
        "Sun 2:00-4:00 Z",
        "Sun 02:00 Z",
        "Sun 02:00-02:00 Z",
        "Sun 24:00-02:00 Z",
        "Sun 02:60-03:00 Z",
        "Sun 02:00-24:01 Z",
        "Sun 02:00-25:00 Z",
        "Sun 02:00-04:00 KST",
        "Sun 02:00-04:00 +0900",
        "Sun 02:00-04:00 +15:00",
        "Sun 02:00-04:00 +09:60",
        "Sun 02:00-04:00 Z x",
        "Sun 02:00-04:00 Z,",
        ", Sun 02:00-04:00 Z",
    };
    char text[200];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "[watch example.com]\nmaintenance = %s\n", rows[i]);
        expect_in_good(text, 8, "is no window: write weekdays, times and the zone");
    }
    expect_in_good("[watch example.com]\nmaintenance = Sun 02:00-04:00 Z, Mon 02:00-04:00 Z, "
                   "Tue 02:00-04:00 Z\n",
                   8, "one maintenance window too many: a watch has 2 at most (VD_WINDOWS_MAX)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted_facets), cmocka_unit_test(test_bad_accepts),
        cmocka_unit_test(test_plans),           cmocka_unit_test(test_bad_periods),
        cmocka_unit_test(test_bad_plans),       cmocka_unit_test(test_maintenance_windows),
        cmocka_unit_test(test_bad_windows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
