/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/bytes.h"

static void test_reader_gives_numbers_in_network_order(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7};
    struct vd_reader r;

    (void)state;
    vd_reader_init(&r, bytes, sizeof(bytes));
    assert_int_equal(vd_read_u8(&r), 1);
    assert_int_equal(vd_read_u16(&r), 0x0203);
    assert_int_equal(vd_read_u32(&r), 0x04050607);
    assert_int_equal(vd_reader_left(&r), 0);
    assert_false(r.has_failed);
}

static void test_reader_past_the_end_fails_and_stays_failed(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct vd_reader r;

    (void)state;
    vd_reader_init(&r, bytes, sizeof(bytes));
    assert_int_equal(vd_read_u32(&r), 0);
    assert_true(r.has_failed && r.is_short);
    assert_int_equal(vd_read_u8(&r), 0);
    assert_int_equal(vd_reader_left(&r), 0);
    assert_null(vd_read_span(&r, 0));
}

static void test_reader_that_was_failed_by_its_parser_is_not_short(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct vd_reader r;

    (void)state;
    vd_reader_init(&r, bytes, sizeof(bytes));
    r.has_failed = true;
    assert_null(vd_read_span(&r, 9));
    assert_false(r.is_short);
}

static void test_reader_span_of_huge_length_fails(void **state)
{
    static const uint8_t bytes[] = {1, 2, 3};
    struct vd_reader r;

    (void)state;
    vd_reader_init(&r, bytes, sizeof(bytes));
    (void)vd_read_u8(&r);
    assert_null(vd_read_span(&r, SIZE_MAX));
    assert_true(r.has_failed);
}

static void test_writer_stops_at_its_end(void **state)
{
    uint8_t out[5] = {0, 0, 0, 0, 0xee};
    struct vd_writer w;

    (void)state;
    vd_writer_init(&w, out, 4);
    vd_write_u16(&w, 0x0102);
    vd_write_u32(&w, 0x03040506);
    assert_true(w.has_failed);
    assert_int_equal(w.len, 2);
    vd_write_u8(&w, 9);
    assert_int_equal(w.len, 2);
    assert_int_equal(out[4], 0xee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_gives_numbers_in_network_order),
        cmocka_unit_test(test_reader_past_the_end_fails_and_stays_failed),
        cmocka_unit_test(test_reader_that_was_failed_by_its_parser_is_not_short),
        cmocka_unit_test(test_reader_span_of_huge_length_fails),
        cmocka_unit_test(test_writer_stops_at_its_end),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
