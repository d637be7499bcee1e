/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"

static enum vd_status read_at(const uint8_t *bytes, size_t len, size_t pos, struct vd_name *out,
                              size_t *end)
{
    struct vd_reader r;

    vd_reader_init(&r, bytes, len);
    r.pos = pos;
    enum vd_status status = vd_name_read(&r, out);
    if (end != NULL) {
        *end = r.pos;
    }
    return status;
}

static void assert_text(const struct vd_name *name, const char *expected)
{
    char text[VD_NAME_TEXT_MAX];

    assert_int_equal(vd_name_to_text(name, text, sizeof(text)), VD_OK);
    assert_string_equal(text, expected);
}

static void test_name_plain_is_read(void **state)
{
    static const uint8_t bytes[] = "\x03www\x07"
                                   "Example\x03"
                                   "com";
    struct vd_name name;
    size_t end;

    (void)state;
    assert_int_equal(read_at(bytes, sizeof(bytes), 0, &name, &end), VD_OK);
    assert_text(&name, "www.example.com");
    assert_int_equal(end, sizeof(bytes));
}

static void test_name_pointer_backwards_is_followed(void **state)
{
    static const uint8_t bytes[] = {3, 'c', 'o', 'm', 0, 2, 'a', 'b', 0xc0, 0, 99};
    struct vd_name name;
    size_t end;

    (void)state;
    assert_int_equal(read_at(bytes, sizeof(bytes), 5, &name, &end), VD_OK);
    assert_text(&name, "ab.com");
    assert_int_equal(end, 10);
}

static void test_name_broken_on_the_wire_is_rejected(void **state)
{
    static const struct {
        const char *what;
        size_t pos;
        size_t len;
        uint8_t bytes[12];
    } rows[] = {
        {"pointer to itself", 0, 2, {0xc0, 0}},
        {"pointer forward", 0, 5, {0xc0, 3, 0, 0, 0}},
        {"pointer into the same name", 0, 4, {1, 'a', 0xc0, 0}},
        {"two pointers in a circle", 2, 4, {0xc0, 2, 0xc0, 0}},
        {"pointer cut in half", 1, 2, {0, 0xc0}},
        {"label runs over the end", 0, 3, {5, 'a', 'b'}},
        {"no root", 0, 2, {1, 'a'}},
        {"reserved label type 01", 0, 2, {0x41, 0}},
        {"reserved label type 10", 0, 2, {0x81, 0}},
        {"empty", 0, 0, {0}},
    };
    struct vd_name name;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (read_at(rows[i].bytes, rows[i].len, rows[i].pos, &name, NULL) != VD_EFORMAT) {
            fail_msg("%s: accepted", rows[i].what);
        }
    }
}

static void test_name_of_255_octets_is_accepted_256_is_not(void **state)
{
    uint8_t bytes[300];
    struct vd_name name;

    (void)state;
    for (size_t last = 61; last <= 62; last++) {
        size_t len = 0;
        for (unsigned i = 0; i < 3; i++) {
            bytes[len] = 63;
            memset(bytes + len + 1, 'a', 63);
            len += 64;
        }
        bytes[len] = (uint8_t)last;
        memset(bytes + len + 1, 'b', last);
        len += 1 + last;
        bytes[len++] = 0;
        assert_int_equal(len, last == 61 ? 255 : 256);
        assert_int_equal(read_at(bytes, len, 0, &name, NULL), last == 61 ? VD_OK : VD_EFORMAT);
    }
}

static void test_name_chain_of_backward_pointers_ends(void **state)
{
    /* 0: root; then each two octets point at the two before. */
    uint8_t bytes[2 + 2 * 200];
    struct vd_name name;

    (void)state;
    memset(bytes, 0, sizeof(bytes));
    for (size_t i = 1; i < sizeof(bytes) / 2; i++) {
        size_t target = 2 * (i - 1);
        bytes[2 * i] = (uint8_t)(0xc0 | target >> 8);
        bytes[2 * i + 1] = (uint8_t)target;
    }
    assert_int_equal(read_at(bytes, sizeof(bytes), 2 * VD_NAME_HOPS_MAX, &name, NULL), VD_OK);
    assert_int_equal(read_at(bytes, sizeof(bytes), 2 * VD_NAME_HOPS_MAX + 2, &name, NULL),
                     VD_EFORMAT);
}

static void test_name_that_is_cut_is_told_from_one_that_is_broken(void **state)
{
    static const struct {
        size_t pos, len;
        bool is_short;
        uint8_t bytes[8];
    } rows[] = {
        {0, 0, true, {0}},       {0, 2, true, {1, 'a'}},      {0, 2, true, {5, 'a'}},
        {1, 2, true, {0, 0xc0}}, {1, 3, false, {0, 0xc0, 1}}, {0, 1, false, {0x40}},
    };
    struct vd_name name;
    struct vd_reader r;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        vd_reader_init(&r, rows[i].bytes, rows[i].len);
        r.pos = rows[i].pos;
        assert_int_equal(vd_name_read(&r, &name), VD_EFORMAT);
        assert_true(r.has_failed);
        assert_int_equal(r.is_short, rows[i].is_short);
        assert_int_equal(vd_name_read(&r, &name), VD_EFORMAT); /* and stays so */
    }
}

static void test_name_blown_up_by_compression_stops_at_255_octets(void **state)
{
    /* 0: root; then a label of 15 and a pointer to the one before: n labels in 18 n octets. */
    uint8_t bytes[1 + 18 * 40] = {0};
    struct vd_name name;

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        size_t at = 1 + 18 * i, target = i == 0 ? 0 : at - 18;
        bytes[at] = 15;
        memset(bytes + at + 1, 'a', 15);
        bytes[at + 16] = (uint8_t)(0xc0 | target >> 8);
        bytes[at + 17] = (uint8_t)target;
    }
    assert_int_equal(read_at(bytes, sizeof(bytes), 1 + 18 * 14, &name, NULL), VD_OK);
    assert_int_equal(name.len, 241); /* 15 labels */
    assert_int_equal(read_at(bytes, sizeof(bytes), 1 + 18 * 15, &name, NULL), VD_EFORMAT);
    assert_int_equal(read_at(bytes, sizeof(bytes), 1 + 18 * 39, &name, NULL), VD_EFORMAT);
}

static void test_name_text_goes_there_and_back(void **state)
{
    static const char *const same[] = {".",
                                       "com",
                                       "example.com",
                                       "_dmarc.example.com",
                                       "a\\.b.example",
                                       "a\\000b.example",
                                       "\\\"q\\\".example"};
    struct vd_name name;

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_int_equal(vd_name_from_text(same[i], &name), VD_OK);
        assert_text(&name, same[i]);
    }
    assert_int_equal(vd_name_from_text("Example.COM.", &name), VD_OK);
    assert_text(&name, "example.com");
}

static void test_name_text_that_is_none_is_rejected(void **state)
{
    static const char *const bad[] = {
        "",
        "..",
        "a..b",
        ".a",
        "a\\",
        "a\\25",
        "a\\256",
        "a\\2x5",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com" /* 64 */};
    struct vd_name name;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (vd_name_from_text(bad[i], &name) != VD_EFORMAT) {
            fail_msg("accepted: \"%s\"", bad[i]);
        }
    }
}

static void test_name_text_without_room_is_refused(void **state)
{
    struct vd_name name;
    char text[12];

    (void)state;
    assert_int_equal(vd_name_from_text("example.com", &name), VD_OK);
    assert_int_equal(vd_name_to_text(&name, text, 12), VD_OK);
    for (size_t cap = 0; cap < 12; cap++) {
        assert_int_equal(vd_name_to_text(&name, text, cap), VD_EFULL);
    }
}

static void test_name_equal_ignores_case_identical_does_not(void **state)
{
    struct vd_name a, b, c;

    (void)state;
    assert_int_equal(vd_name_from_text("eXample.com", &a), VD_OK);
    assert_int_equal(vd_name_from_text("Example.Com", &b), VD_OK);
    assert_int_equal(vd_name_from_text("example.co", &c), VD_OK);
    assert_true(vd_name_is_equal(&a, &b));
    assert_false(vd_name_is_identical(&a, &b));
    assert_true(vd_name_is_identical(&a, &a));
    assert_false(vd_name_is_equal(&a, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_plain_is_read),
        cmocka_unit_test(test_name_pointer_backwards_is_followed),
        cmocka_unit_test(test_name_broken_on_the_wire_is_rejected),
        cmocka_unit_test(test_name_of_255_octets_is_accepted_256_is_not),
        cmocka_unit_test(test_name_chain_of_backward_pointers_ends),
        cmocka_unit_test(test_name_that_is_cut_is_told_from_one_that_is_broken),
        cmocka_unit_test(test_name_blown_up_by_compression_stops_at_255_octets),
        cmocka_unit_test(test_name_text_goes_there_and_back),
        cmocka_unit_test(test_name_text_that_is_none_is_rejected),
        cmocka_unit_test(test_name_text_without_room_is_refused),
        cmocka_unit_test(test_name_equal_ignores_case_identical_does_not),
    };
    return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
