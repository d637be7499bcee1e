/*
 * report/text, report/time_text: bounded writing, harmless text, dates.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/text.h"
#include "report/time_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A buffer of exactly cap bytes, so that the sanitizer sees a byte too many. */
static char *exactly(size_t cap)
{
    char *out = malloc(cap == 0 ? 1 : cap);

    assert_non_null(out);
    return out;
}

static void test_text_is_terminated_and_cut_at_every_size(void **state)
{
    static const char whole[] = "was \"reject\" 42 -7 00ff";
    size_t cap;

    (void)state;
    for (cap = 0; cap <= sizeof whole + 1; cap++) {
        char *out = exactly(cap);
        struct vd_text_writer w;

        vd_text_start(&w, out, cap);
        vd_text_put(&w, "was ");
        vd_text_put_char(&w, '"');
        vd_text_put_span(&w, "rejected", 6);
        vd_text_put(&w, "\" ");
        vd_text_put_unsigned(&w, 42);
        vd_text_put_char(&w, ' ');
        vd_text_put(&w, "-7");
        vd_text_put_char(&w, ' ');
        vd_text_put_hex(&w, 255, 4);
        assert_int_equal(w.is_cut, cap < sizeof whole);
        if (cap > 0) {
            assert_int_equal(strlen(out), w.len);
            assert_memory_equal(out, whole, w.len);
        }
        free(out);
    }
}

static void test_text_after_a_cut_nothing_more_is_written(void **state)
{
    char out[8];
    struct vd_text_writer w;

    (void)state;
    vd_text_start(&w, out, sizeof out);
    vd_text_put(&w, "abcdef");
    vd_text_put_unsigned(&w, 1234);
    assert_true(w.is_cut);
    vd_text_put_char(&w, 'x');
    vd_text_put(&w, "");
    assert_string_equal(out, "abcdef");
}

static void test_text_is_never_cut_inside_a_character(void **state)
{
    /* 1, 2, 3 and 4 bytes */
    static const char whole[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\xae";
    static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
    size_t cap;

    (void)state;
    for (cap = 1; cap <= sizeof whole; cap++) {
        char *out = exactly(cap);
        struct vd_text_writer w;

        vd_text_start(&w, out, cap);
        vd_text_put(&w, whole);
        assert_int_equal(w.len, ends[cap - 1]);
        free(out);
    }
}

static void test_text_clamp_of_broken_utf8_stays_in_bounds(void **state)
{
    static const char tails[] = "\x80\x80\x80\x80\x80\x80\x80\x80";
    size_t max;

    (void)state;
    for (max = 0; max <= 8; max++) {
        assert_true(vd_text_clamp(tails, 8, max) <= max);
    }
    assert_int_equal(vd_text_clamp("abc", 3, 9), 3);
}

static void test_text_numbers_at_their_edges(void **state)
{
    char out[120];
    struct vd_text_writer w;

    (void)state;
    vd_text_start(&w, out, sizeof out);
    vd_text_put_unsigned(&w, 0);
    vd_text_put_char(&w, ' ');
    vd_text_put_unsigned(&w, UINT64_MAX);
    vd_text_put_char(&w, ' ');
    vd_text_put_hex(&w, 0, 0);
    vd_text_put_char(&w, ' ');
    vd_text_put_hex(&w, UINT64_MAX, 1);
    assert_string_equal(out, "0 18446744073709551615 0 "
                             "ffffffffffffffff");
}

static void test_text_from_outside_is_made_harmless(void **state)
{
    static const struct {
        const char *why;
        const char *in;
        size_t len;
        const char *out;
    } rows[] = {
        {"plain text stays", "v=DMARC1; p=none", 16, "v=DMARC1; p=none"},
        {"a line end cannot begin another line", "a\r\nb", 4, "a\\x0d\\x0ab"},
        {"NUL does not end the text", "a\0b", 3, "a\\x00b"},
        {"an escape sequence reaches no terminal", "\x1b[2J", 4, "\\x1b[2J"},
        {"DEL", "\x7f", 1, "\\x7f"},
        {"C1 control CSI", "\xc2\x9b", 2, "\\xc2\\x9b"},
        {"the first character after C1 stays", "\xc2\xa0", 2, "\xc2\xa0"},
        {"good UTF-8 stays", "\xc3\xa9\xf0\x9f\x93\xae", 6, "\xc3\xa9\xf0\x9f\x93\xae"},
        {"a lone continuation byte", "\x80", 1, "\\x80"},
        {"an overlong slash", "\xc0\xaf", 2, "\\xc0\\xaf"},
        {"an overlong NUL of three bytes", "\xe0\x80\x80", 3, "\\xe0\\x80\\x80"},
        {"a surrogate", "\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
        {"over U+10FFFF", "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"},
        {"cut short at the end", "a\xe2\x82", 3, "a\\xe2\\x82"},
        {"the direction of writing cannot be turned", "\xe2\x80\xae", 3, "\\xe2\\x80\\xae"},
        {"a line separator", "\xe2\x80\xa8", 3, "\\xe2\\x80\\xa8"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[64];
        struct vd_text_writer w;

        vd_text_start(&w, out, sizeof out);
        vd_text_put_safe(&w, rows[i].in, rows[i].len, NULL);
        if (strcmp(out, rows[i].out) != 0) {
            fail_msg("%s: got %s", rows[i].why, out);
        }
    }
}

static void test_text_escapes_are_whole_or_left_out(void **state)
{
    static const char whole[] = "\\\"\\]\\\\\\\\x0a";
    size_t cap;

    (void)state;
    for (cap = 1; cap <= sizeof whole; cap++) {
        char *out = exactly(cap);
        struct vd_text_writer w;

        vd_text_start(&w, out, cap);
        vd_text_put_safe(&w, "\"]\\\n", 4, "\"\\]");
        assert_memory_equal(out, whole, w.len);
        assert_true(w.len == 0 || w.len == 2 || w.len == 4 || w.len == 6 || w.len == 11);
        free(out);
    }
}

static void test_fingerprint_is_fnv1a(void **state)
{
    (void)state;
    assert_true(vd_text_fingerprint("", 0) == 0xcbf29ce484222325u);
    assert_true(vd_text_fingerprint("a", 1) == 0xaf63dc4c8601ec8cu);
    assert_true(vd_text_fingerprint("foobar", 6) == 0x85944171f73967e8u);
}

static void test_time_at_the_edges_of_the_calendar(void **state)
{
    static const struct {
        int64_t unix_s;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {86399, "1970-01-01T23:59:59Z"},
        {951782399, "2000-02-28T23:59:59Z"},
        {951782400, "2000-02-29T00:00:00Z"}, /* 400: a leap year */
        {951868800, "2000-03-01T00:00:00Z"},
        {978307199, "2000-12-31T23:59:59Z"},
        {1709164800, "2024-02-29T00:00:00Z"},
        {1735603200, "2024-12-31T00:00:00Z"},
        {1795327200, "2026-11-22T06:00:00Z"},
        {2147483647, "2038-01-19T03:14:07Z"},
        {2147483648, "2038-01-19T03:14:08Z"},
        {4107542399, "2100-02-28T23:59:59Z"},
        {4107542400, "2100-03-01T00:00:00Z"}, /* 100: none */
        {4294967296, "2106-02-07T06:28:16Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {-62135596800, "0001-01-01T00:00:00Z"},
        {-2203891200, "1900-03-01T00:00:00Z"},
        {-2203891201, "1900-02-28T23:59:59Z"},
    };
    char out[VD_TIME_TEXT_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vd_time_text(rows[i].unix_s, out), VD_OK);
        assert_string_equal(out, rows[i].text);
    }
}

static void test_time_outside_the_calendar_has_no_text(void **state)
{
    static const int64_t rows[] = {253402300800, -62135596801, INT64_MAX, INT64_MIN};
    char out[VD_TIME_TEXT_MAX];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vd_time_text(rows[i], out), VD_EINVAL);
        assert_string_equal(out, "");
    }
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

/* Each day of 9999 years, counted up by hand. */
static void test_time_of_every_day(void **state)
{
    int64_t at = -62135596800;
    unsigned year, month, day;

    (void)state;
    for (year = 1; year <= 9999; year++) {
        for (month = 1; month <= 12; month++) {
            for (day = 1; day <= days_in(year, month); day++, at += 86400) {
                char out[VD_TIME_TEXT_MAX];
                char date[12] = {(char)('0' + year / 1000),
                                 (char)('0' + year / 100 % 10),
                                 (char)('0' + year / 10 % 10),
                                 (char)('0' + year % 10),
                                 '-',
                                 (char)('0' + month / 10),
                                 (char)('0' + month % 10),
                                 '-',
                                 (char)('0' + day / 10),
                                 (char)('0' + day % 10),
                                 'T',
                                 '\0'};

                assert_int_equal(vd_time_text(at, out), VD_OK);
                if (memcmp(out, date, 11) != 0) {
                    fail_msg("expected %s, got %s", date, out);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_terminated_and_cut_at_every_size),
        cmocka_unit_test(test_text_after_a_cut_nothing_more_is_written),
        cmocka_unit_test(test_text_is_never_cut_inside_a_character),
        cmocka_unit_test(test_text_clamp_of_broken_utf8_stays_in_bounds),
        cmocka_unit_test(test_text_numbers_at_their_edges),
        cmocka_unit_test(test_text_from_outside_is_made_harmless),
        cmocka_unit_test(test_text_escapes_are_whole_or_left_out),
        cmocka_unit_test(test_fingerprint_is_fnv1a),
        cmocka_unit_test(test_time_at_the_edges_of_the_calendar),
        cmocka_unit_test(test_time_outside_the_calendar_has_no_text),
        cmocka_unit_test(test_time_of_every_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
