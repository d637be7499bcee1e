/* Who could register a name that is gone.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/takeover.h"
#include "tests/unit/lines_world.h"

static char zone[VD_DOMAIN_TEXT_MAX];

/* Ask for an address of the name, and for whatever the verdict needs besides. */
static enum vd_takeover takeover_of(const char *lines, const char *name)
{
    bool is_new = false;
    const struct vd_reading reading = {.snapshot = &snapshot,
                                       .watch = &watch,
                                       .was = &baseline,
                                       .out = &judgement.facts,
                                       .want = want_from_lines,
                                       .ctx = &is_new};
    enum vd_takeover takeover;

    world_lines = lines;
    vd_snapshot_clear(&snapshot);
    want_from_lines(&is_new, name, VD_TYPE_A, VD_WANT_OTHER);
    do {
        is_new = false;
        takeover = vd_takeover_of(&reading, vd_snapshot_find(&snapshot, name, VD_TYPE_A), zone);
    } while (is_new);
    return takeover;
}

static const struct {
    const char *why;
    const char *lines;
    const char *name;
    enum vd_takeover takeover;
    const char *zone;
} rows[] = {
    {"nothing below com", "", "mx.gone-vendor.com", VD_TAKEOVER_YES, "gone-vendor.com"},
    {"the domain itself", "", "gone-vendor.com", VD_TAKEOVER_YES, "gone-vendor.com"},
    {"three labels down", "", "a.b.gone-vendor.com", VD_TAKEOVER_YES, "gone-vendor.com"},
    {"it is there", "mx.vendor.com A 192.0.2.1\n", "mx.vendor.com", VD_TAKEOVER_NO, ""},
    {"there, without an address", "mx.vendor.com TXT x\n", "mx.vendor.com", VD_TAKEOVER_NO, ""},
    {"gone, and the zone is somebody's", "vendor.com SOA\n", "mx.vendor.com", VD_TAKEOVER_NO, ""},
    {"unknown", "mx.vendor.com A !timeout\n", "mx.vendor.com", VD_TAKEOVER_NO, ""},
    {"an alias to nowhere", "mx.example.com CNAME mx.gone-vendor.com\n", "mx.example.com",
     VD_TAKEOVER_YES, "gone-vendor.com"},
    {"an alias to a name without addresses",
     "mx.example.com CNAME mx.vendor.com\nmx.vendor.com TXT x\n", "mx.example.com", VD_TAKEOVER_NO,
     ""},
    {"two aliases", "mx.example.com CNAME a.vendor.com\na.vendor.com CNAME b.gone-vendor.com\n",
     "mx.example.com", VD_TAKEOVER_YES, "gone-vendor.com"},
    {"below co.kr, a zone of its own", "co.kr SOA\n", "mx.gone.co.kr", VD_TAKEOVER_YES,
     "gone.co.kr"},
    {"below co.kr, of kr's zone", "", "mx.gone.co.kr", VD_TAKEOVER_YES, "gone.co.kr"},
    {"below co.jp, which is no zone", "", "gone.co.jp", VD_TAKEOVER_YES, "gone.co.jp"},
    {"co.jp itself", "", "co.jp", VD_TAKEOVER_NO, ""},
    {"below go.jp: offices only", "", "mx.gone.go.jp", VD_TAKEOVER_NO, ""},
    {"below gov.uk, a zone of its own", "gov.uk SOA\n", "mx.gone.gov.uk", VD_TAKEOVER_NO, ""},
    {"below co.uk", "co.uk SOA\n", "gone.co.uk", VD_TAKEOVER_YES, "gone.co.uk"},
    {"psd=y", "hosting.example SOA\n_dmarc.hosting.example TXT v=DMARC1; p=none; psd=y\n",
     "mx.gone.hosting.example", VD_TAKEOVER_YES, "gone.hosting.example"},
    {"psd=n", "hosting.example SOA\n_dmarc.hosting.example TXT v=DMARC1; p=none; psd=n\n",
     "mx.gone.hosting.example", VD_TAKEOVER_NO, ""},
    {"other text where psd would be", "hosting.example SOA\n_dmarc.hosting.example TXT hello\n",
     "mx.gone.hosting.example", VD_TAKEOVER_NO, ""},
    {"whether psd=y is unknown", "hosting.example SOA\n_dmarc.hosting.example TXT !servfail\n",
     "mx.gone.hosting.example", VD_TAKEOVER_UNKNOWN, ""},
    {"below our own domain", "example.com SOA\n_dmarc.example.com TXT !servfail\n",
     "mx.example.com", VD_TAKEOVER_NO, ""},
    {"no such top level", "", "mx.vendor.invalid", VD_TAKEOVER_NO, ""},
    {"a top level", "", "com", VD_TAKEOVER_NO, ""},
    {"a top level of offices", "gov SOA\n", "mx.gone.gov", VD_TAKEOVER_NO, ""},
    {"the root", "", ".", VD_TAKEOVER_NO, ""},
    {"np has only such second levels", "np SOA\n", "mx.gone.any.np", VD_TAKEOVER_YES,
     "gone.any.np"},
    {"below a state", "us SOA\n", "mx.gone.il.us", VD_TAKEOVER_YES, "gone.il.us"},
    {"a resolver's own zone for a name that no registry has", "test SOA\n", "mx.gone.test",
     VD_TAKEOVER_NO, ""},
    {"another one", "local SOA\n", "mx.local", VD_TAKEOVER_NO, ""},
    {"named by the configuration, deep inside a zone", "example SOA\n", "mx.gone.eu.shop.example",
     VD_TAKEOVER_YES, "gone.eu.shop.example"},
    {"named by the configuration", "shop.example SOA\n", "mx.gone.shop.example", VD_TAKEOVER_YES,
     "gone.shop.example"},
};

static void test_takeover_table(void **state)
{
    (void)state;
    watch_text(&watch.registries, "free.example shop.example eu.shop.example");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum vd_takeover takeover = takeover_of(rows[i].lines, rows[i].name);
        if (takeover != rows[i].takeover || strcmp(zone, rows[i].zone) != 0) {
            fail_msg("%s: %u \"%s\"", rows[i].why, (unsigned)takeover, zone);
        }
    }
}

static void test_nobody_was_asked_is_no_takeover(void **state)
{
    const struct vd_reading reading = {.snapshot = &snapshot, .watch = &watch, .was = &baseline};

    (void)state;
    assert_int_equal(vd_takeover_of(&reading, NULL, zone), VD_TAKEOVER_NO);
    assert_int_equal(vd_takeover_of(&reading, NULL, NULL), VD_TAKEOVER_NO);
}

/* While the question is on its way; and which question it is. */
static void test_psd_is_asked_only_where_it_decides(void **state)
{
    (void)state;
    takeover_of("vendor.com SOA\n", "mx.vendor.com");
    assert_non_null(vd_snapshot_find(&snapshot, "_dmarc.vendor.com", VD_TYPE_TXT));
    takeover_of("", "mx.gone-vendor.com");
    assert_int_equal(snapshot.answers_count, 1);
    takeover_of("co.kr SOA\n", "mx.gone.co.kr");
    assert_int_equal(snapshot.answers_count, 1);
}

/* Evidence that no server sends: the verdict is total all the same. */
static void test_any_soa_depth_gets_an_answer(void **state)
{
    const struct vd_reading reading = {.snapshot = &snapshot, .watch = &watch, .was = &baseline};

    (void)state;
    takeover_of("", "mx.gone.co.kr");
    for (unsigned up = 0; up < 256; up++) {
        snapshot.answers[0].soa_up = (uint8_t)up;
        enum vd_takeover takeover = vd_takeover_of(&reading, &snapshot.answers[0], zone);
        if (up == 0 || up > 3) {
            assert_int_equal(takeover, VD_TAKEOVER_NO);
        }
    }
    snapshot.answers[0].soa_up = 3;
    snapshot.answers[0].has_soa = false;
    assert_int_equal(vd_takeover_of(&reading, &snapshot.answers[0], zone), VD_TAKEOVER_NO);
}

static void test_registry_by_the_list(void **state)
{
    static const char *const registries[] = {"com",    "kr",      "co.kr",  "or.kr", "co.jp",
                                             "ne.jp",  "com.au",  "id.au",  "co.uk", "gov.uk",
                                             "com.br", "gouv.fr", "com.cn", "co.nz", "com.xx",
                                             "co.mu",  "bj.cn",   "ca.us",  "any.ck"};
    static const char *const others[] = {"gmx.de",     "vk.me",  "example.com",  "t.co",
                                         "co.example", "co.com", "vendor.co.kr", "com.vendor.kr"};

    (void)state;
    for (size_t i = 0; i < sizeof registries / sizeof registries[0]; i++) {
        if (!vd_is_registry(registries[i])) {
            fail_msg("%s", registries[i]);
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (vd_is_registry(others[i])) {
            fail_msg("%s", others[i]);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up_lines)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_takeover_table),
        TEST(test_nobody_was_asked_is_no_takeover),
        TEST(test_psd_is_asked_only_where_it_decides),
        TEST(test_any_soa_depth_gets_an_answer),
        TEST(test_registry_by_the_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
