/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/name.h"
#include "dns/records/spf_macro.h"

static const uint8_t address4[4] = {192, 0, 2, 3};
static const uint8_t address6[16] = {0x20, 0x01, 0x0d, 0xb8, [14] = 0xcb, [15] = 0x01};

/* The mail of the examples in RFC 7208, section 7.4. */
static struct vd_spf_values values_of(const char *sender, bool is_ip6)
{
    static char dotted[VD_SPF_DOTTED_MAX];
    struct vd_spf_values values = {.names = 0};

    vd_spf_value_address(&values, is_ip6 ? address6 : address4, is_ip6, dotted);
    vd_spf_value_sender(&values, sender, "helo.example.net");
    vd_spf_value_name(&values, VD_SPF_LETTER_D, "email.example.com");
    vd_spf_value_name(&values, VD_SPF_LETTER_P, "mx.example.org");
    values.of[VD_SPF_LETTER_H] = (struct vd_span){(const uint8_t *)"mx.example.org", 14};
    return values;
}

/* Expand a copy of exactly that many octets, so that a read past the end is seen. */
static enum vd_status expand(const char *spec, const struct vd_spf_values *values, char *out,
                             size_t cap)
{
    size_t len = strlen(spec);
    uint8_t *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, spec, len);
    enum vd_status status = vd_spf_macro_expand((struct vd_span){copy, len}, values, out, cap);
    free(copy);
    return status;
}

struct row {
    const char *spec;
    const char *name; /* NULL: no domain name */
};

static void expect_rows(const struct row *rows, size_t count, const struct vd_spf_values *values)
{
    for (size_t i = 0; i < count; i++) {
        char name[VD_NAME_TEXT_MAX];
        enum vd_status want = rows[i].name == NULL ? VD_EFORMAT : VD_OK;
        enum vd_status status = expand(rows[i].spec, values, name, sizeof name);
        if (status != want || strcmp(name, want == VD_OK ? rows[i].name : "") != 0) {
            print_error("%s: wanted %s, got %d \"%s\"\n", rows[i].spec,
                        rows[i].name == NULL ? "no name" : rows[i].name, status, name);
            fail();
        }
    }
}

static void test_examples_of_the_rfc(void **state)
{
    static const struct row rows[] = {
        {"%{s}", "strong-bad\\@email.example.com"},
        {"%{o}", "email.example.com"},
        {"%{d}", "email.example.com"},
        {"%{d4}", "email.example.com"},
        {"%{d3}", "email.example.com"},
        {"%{d2}", "example.com"},
        {"%{d1}", "com"},
        {"%{dr}", "com.example.email"},
        {"%{d2r}", "example.email"},
        {"%{l}", "strong-bad"},
        {"%{l-}", "strong.bad"},
        {"%{lr}", "strong-bad"},
        {"%{lr-}", "bad.strong"},
        {"%{l1r-}", "strong"},
        {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
        {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
        {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
        {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
        {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
    };
    struct vd_spf_values values = values_of("strong-bad@email.example.com", false);

    (void)state;
    expect_rows(rows, sizeof rows / sizeof rows[0], &values);
}

static void test_ip6_is_nibbles(void **state)
{
    static const struct row rows[] = {
        {"%{ir}.%{v}._spf.%{d2}", "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
                                  "ip6._spf.example.com"},
        {"%{i4}.x.net", "c.b.0.1.x.net"},
    };
    struct vd_spf_values values = values_of("strong-bad@email.example.com", true);

    (void)state;
    expect_rows(rows, sizeof rows / sizeof rows[0], &values);
}

static void test_upper_case_is_url_escaped(void **state)
{
    static const struct row rows[] = {
        {"%{s}.x.net", "jack&jill=up\\@email.example.com.x.net"},
        {"%{S}.x.net", "jack%26jill%3dup%40email.example.com.x.net"},
        {"%{L}.x.net", "jack%26jill%3dup.x.net"},
        {"%{L=}.x.net", "jack%26jill.up.x.net"},
        {"%{D2R}.x.net", "example.email.x.net"},
    };
    struct vd_spf_values values = values_of("jack&jill=up@email.example.com", false);

    (void)state;
    expect_rows(rows, sizeof rows / sizeof rows[0], &values);
}

static void test_sender_without_a_local_part_is_the_postmaster(void **state)
{
    static const struct row rows[] = {
        {"%{l}.%{o}", "postmaster.email.example.com"},
        {"%{s}", "postmaster\\@email.example.com"},
        {"%{sr}", "com.example.postmaster\\@email"},
    };
    static const struct row helo_rows[] = {
        {"%{l}.%{o}", "postmaster.helo.example.net"},
        {"%{s}", "postmaster\\@helo.example.net"},
    };
    struct vd_spf_values values = values_of("@email.example.com", false);

    (void)state;
    expect_rows(rows, sizeof rows / sizeof rows[0], &values);
    values = values_of("email.example.com", false);
    expect_rows(rows, sizeof rows / sizeof rows[0], &values);
    values = values_of("", false);
    expect_rows(helo_rows, sizeof helo_rows / sizeof helo_rows[0], &values);
}

static void test_local_part_ends_at_the_last_at_sign(void **state)
{
    static const struct row rows[] = {{"%{l}.%{o}", "\\\"a\\@b\\\".example.com"}};
    struct vd_spf_values values = values_of("\"a@b\"@example.com", false);

    (void)state;
    expect_rows(rows, 1, &values);
}

static void test_values_of_a_mail_may_make_no_name(void **state)
{
    static const struct row rows[] = {
        {"%{l}.x.net", NULL}, /* a..b */
        {"%{l1}.x.net", "b.x.net"},
        {"%{h}.x.net", NULL}, /* empty */
        {"%{h}", NULL},
    };
    struct vd_spf_values values = values_of("a..b@email.example.com", false);

    (void)state;
    values.of[VD_SPF_LETTER_H].len = 0;
    expect_rows(rows, sizeof rows / sizeof rows[0], &values);
}

static void test_escapes_of_a_name_are_undone_and_made_again(void **state)
{
    static const struct row rows[] = {
        {"%{d}", "a\\032b.example.com"},
        {"%{D}", "a%20b.example.com"},
        {"%{d1r}.x.net", "a\\032b.x.net"},
    };
    struct vd_spf_values values = values_of("x@y.example", false);

    (void)state;
    vd_spf_value_name(&values, VD_SPF_LETTER_D, "a\\032b.example.com");
    expect_rows(rows, sizeof rows / sizeof rows[0], &values);
}

static void test_unknown_letters_are_dynamic(void **state)
{
    static const char *const specs[] = {"%{s}", "%{l}", "%{o}", "%{d}",
                                        "%{i}", "%{p}", "%{v}", "%{h}.x.net"};
    char name[VD_NAME_TEXT_MAX];

    (void)state;
    for (size_t letter = 0; letter < VD_SPF_LETTERS; letter++) {
        struct vd_spf_values values = values_of("a@b.example", false);
        assert_int_equal(expand(specs[letter], &values, name, sizeof name), VD_OK);
        values.of[letter].bytes = NULL;
        if (letter == VD_SPF_LETTER_S) {
            values.of[VD_SPF_LETTER_L].bytes = NULL; /* it could be put together */
        }
        assert_int_equal(expand(specs[letter], &values, name, sizeof name), VD_OTHER);
        assert_string_equal(name, "");
    }
}

static void test_long_local_part_is_cut_on_the_left(void **state)
{
    static char sender[400];
    char name[VD_NAME_TEXT_MAX];

    (void)state;
    memset(sender, 'a', 300);
    for (size_t i = 20; i < 300; i += 20) {
        sender[i] = '.';
    }
    strcpy(sender + 300, "@b.example");
    struct vd_spf_values values = values_of(sender, false);
    assert_int_equal(expand("%{l}.end.example", &values, name, sizeof name), VD_OK);
    assert_true(strlen(name) <= 253 && strlen(name) > 220);
    assert_string_equal(name + strlen(name) - strlen("aaa.end.example"), "aaa.end.example");
    assert_int_equal(expand("%{L}.end.example", &values, name, sizeof name), VD_OK);
}

static void test_name_without_room_is_full(void **state)
{
    struct vd_spf_values values = values_of("a@b.example", false);
    char name[8];

    (void)state;
    assert_int_equal(expand("%{d}", &values, name, sizeof name), VD_EFULL);
    assert_string_equal(name, "");
}

static void test_macros_up_to_the_bound_are_filled_in(void **state)
{
    char spec[4 * (VD_SPF_MACROS_MAX + 1) + 16] = "";
    char name[VD_NAME_TEXT_MAX];
    struct vd_spf_values values = values_of("a@b.example", false);

    (void)state;
    for (size_t i = 0; i < VD_SPF_MACROS_MAX; i++) {
        strcat(spec, "%{l}");
    }
    assert_int_equal(expand(spec, &values, name, sizeof name), VD_OK);
    assert_int_equal(strlen(name), VD_SPF_MACROS_MAX);
    strcat(spec, "%{l}");
    assert_int_equal(expand(spec, &values, name, sizeof name), VD_EFULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_the_rfc),
        cmocka_unit_test(test_ip6_is_nibbles),
        cmocka_unit_test(test_upper_case_is_url_escaped),
        cmocka_unit_test(test_sender_without_a_local_part_is_the_postmaster),
        cmocka_unit_test(test_local_part_ends_at_the_last_at_sign),
        cmocka_unit_test(test_values_of_a_mail_may_make_no_name),
        cmocka_unit_test(test_escapes_of_a_name_are_undone_and_made_again),
        cmocka_unit_test(test_unknown_letters_are_dynamic),
        cmocka_unit_test(test_long_local_part_is_cut_on_the_left),
        cmocka_unit_test(test_name_without_room_is_full),
        cmocka_unit_test(test_macros_up_to_the_bound_are_filled_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
