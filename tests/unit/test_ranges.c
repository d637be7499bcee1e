/*
 * Sets of networks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware/judge/ranges.h"

static struct vd_ranges ranges;

/* "192.0.2.0/24", "2001:db8::/32" */
static bool parse(const char *text, uint8_t address[16], uint8_t *bits)
{
    char copy[64];
    bool is_ip6 = strchr(text, ':') != NULL;

    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(text, "/"), text);
    *bits = (uint8_t)atoi(strchr(text, '/') + 1);
    assert_int_equal(inet_pton(is_ip6 ? AF_INET6 : AF_INET, copy, address), 1);
    return is_ip6;
}

static void add(const char *text)
{
    uint8_t address[16];
    uint8_t bits;
    bool is_ip6 = parse(text, address, &bits);

    vd_ranges_add(&ranges, address, is_ip6, bits);
}

static bool has(const char *text)
{
    uint8_t address[16];
    uint8_t bits;
    bool is_ip6 = parse(text, address, &bits);

    return vd_ranges_has(&ranges, address, is_ip6, bits);
}

static int set_up(void **state)
{
    (void)state;
    memset(&ranges, 0xa5, sizeof ranges);
    vd_ranges_clear(&ranges);
    return 0;
}

static void test_empty_set_has_nothing(void **state)
{
    (void)state;
    assert_int_equal(vd_ranges_count4(&ranges), 0);
    assert_int_equal(vd_ranges_count6(&ranges), 0);
    assert_false(has("192.0.2.0/24"));
    assert_false(has("0.0.0.0/0"));
    assert_false(has("::/0"));
}

/* Networks added one after the other; how many runs and addresses they make. */
static void test_union_table(void **state)
{
    static const struct {
        const char *why;
        const char *networks[6];
        unsigned runs;
        uint32_t count;
    } rows[] = {
        {"one", {"192.0.2.0/24"}, 1, 256},
        {"the same twice", {"192.0.2.0/24", "192.0.2.0/24"}, 1, 256},
        {"bits beyond the prefix", {"192.0.2.77/24"}, 1, 256},
        {"inside", {"192.0.2.0/24", "192.0.2.128/25"}, 1, 256},
        {"around", {"192.0.2.128/25", "192.0.2.0/24"}, 1, 256},
        {"touching, upwards", {"192.0.2.0/25", "192.0.2.128/25"}, 1, 256},
        {"touching, downwards", {"192.0.2.128/25", "192.0.2.0/25"}, 1, 256},
        {"apart by one", {"192.0.2.0/32", "192.0.2.2/32"}, 2, 2},
        {"the gap is filled", {"192.0.2.0/32", "192.0.2.2/32", "192.0.2.1/32"}, 1, 3},
        {"one swallows three",
         {"192.0.2.1/32", "192.0.2.9/32", "192.0.2.200/32", "192.0.2.0/24"},
         1,
         256},
        {"in any order", {"10.0.0.0/32", "30.0.0.0/32", "20.0.0.0/32"}, 3, 3},
        {"all but one", {"0.0.0.0/1", "128.0.0.0/2"}, 1, 0xc0000000u},
        {"everything", {"0.0.0.0/0"}, 1, UINT32_MAX},
        {"two halves", {"128.0.0.0/1", "0.0.0.0/1"}, 1, UINT32_MAX},
        {"both ends", {"0.0.0.0/32", "255.255.255.255/32"}, 2, 2},
        {"something beside everything", {"0.0.0.0/0", "10.0.0.0/8"}, 1, UINT32_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vd_ranges_clear(&ranges);
        for (size_t k = 0; k < 6 && rows[i].networks[k] != NULL; k++) {
            add(rows[i].networks[k]);
        }
        if (ranges.count4 != rows[i].runs || vd_ranges_count4(&ranges) != rows[i].count) {
            print_error("%s: %u runs, %u addresses\n", rows[i].why, ranges.count4,
                        vd_ranges_count4(&ranges));
            fail();
        }
        assert_int_equal(ranges.count6, 0);
    }
}

static void test_whole_networks_only_are_in_it(void **state)
{
    (void)state;
    add("192.0.2.0/25");
    add("192.0.2.128/26");
    assert_true(has("192.0.2.0/25"));
    assert_true(has("192.0.2.127/32"));
    assert_true(has("192.0.2.130/32"));
    assert_true(has("192.0.2.96/27"));
    assert_false(has("192.0.2.0/24"));
    assert_false(has("192.0.2.192/32"));
    assert_false(has("192.0.1.255/32"));
    assert_false(has("0.0.0.0/0"));
    add("255.255.255.255/32");
    assert_true(has("255.255.255.255/32"));
    assert_false(has("255.255.255.254/31"));
}

static void test_ip6_is_counted_in_64s(void **state)
{
    (void)state;
    add("2001:db8::/64");
    assert_int_equal(vd_ranges_count6(&ranges), 1);
    add("2001:db8::5/128"); /* its /64 is there */
    assert_int_equal(vd_ranges_count6(&ranges), 1);
    add("2001:db8:0:1::/64");
    assert_int_equal(ranges.count6, 1);
    assert_int_equal(vd_ranges_count6(&ranges), 2);
    add("2001:db8:1::/48");
    assert_int_equal(vd_ranges_count6(&ranges), 65538);
    assert_true(has("2001:db8:1:ffff::1/128"));
    assert_false(has("2001:db8:2::/64"));
    add("2001::/33");
    assert_true(vd_ranges_count6(&ranges) < UINT32_MAX);
    add("2002::/32");
    assert_int_equal(vd_ranges_count6(&ranges), UINT32_MAX);
    add("::/1");
    add("8000::/1");
    assert_int_equal(ranges.count6, 1);
    assert_int_equal(vd_ranges_count6(&ranges), UINT32_MAX);
    assert_true(has("::/0"));
    assert_int_equal(ranges.count4, 0);
}

static void test_no_room_is_told(void **state)
{
    char text[32];

    (void)state;
    for (unsigned i = 0; i < VD_RANGES4_MAX; i++) {
        snprintf(text, sizeof text, "10.%u.%u.0/32", i / 256, i % 256);
        add(text);
    }
    assert_false(ranges.is_full);
    add("10.0.1.0/32"); /* there already */
    add("10.0.1.1/32"); /* touches */
    assert_false(ranges.is_full);
    add("192.0.2.1/32");
    assert_true(ranges.is_full);
    assert_int_equal(ranges.count4, VD_RANGES4_MAX);
    vd_ranges_clear(&ranges);
    for (unsigned i = 0; i <= VD_RANGES6_MAX; i++) {
        assert_false(ranges.is_full);
        snprintf(text, sizeof text, "2001:db8:%x::/64", i);
        add(text);
    }
    assert_true(ranges.is_full);
    assert_int_equal(ranges.count6, VD_RANGES6_MAX);
}

/* Against a plain list of bits: every /24 to /32 of 10.0.0.0/24, in an order by chance. */
static void test_any_order_gives_the_same_as_a_bitmap(void **state)
{
    bool bitmap[256];
    uint32_t seed = 4;

    (void)state;
    for (unsigned turn = 0; turn < 300; turn++) {
        memset(bitmap, 0, sizeof bitmap);
        vd_ranges_clear(&ranges);
        for (unsigned i = 0; i < 1 + turn % 40; i++) {
            seed = seed * 1664525u + 1013904223u;
            uint8_t bits = (uint8_t)(27 + (seed >> 24) % 6);
            uint8_t address[4] = {10, 0, 0, (uint8_t)(seed >> 16)};
            vd_ranges_add(&ranges, address, false, bits);
            unsigned size = 1u << (32 - bits);
            unsigned first = address[3] & ~(size - 1);
            memset(bitmap + first, 1, size);
        }
        uint32_t count = 0;
        for (unsigned i = 0; i < 256; i++) {
            uint8_t address[4] = {10, 0, 0, (uint8_t)i};
            count += bitmap[i];
            assert_int_equal(vd_ranges_has(&ranges, address, false, 32), bitmap[i]);
        }
        assert_int_equal(vd_ranges_count4(&ranges), count);
        for (unsigned i = 1; i < ranges.count4; i++) {
            assert_true(ranges.runs4[i].first > ranges.runs4[i - 1].last + 1);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_empty_set_has_nothing),
        TEST(test_union_table),
        TEST(test_whole_networks_only_are_in_it),
        TEST(test_ip6_is_counted_in_64s),
        TEST(test_no_room_is_told),
        TEST(test_any_order_gives_the_same_as_a_bitmap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
