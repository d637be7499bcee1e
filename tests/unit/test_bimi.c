/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/bimi.h"

static struct vd_bimi record;

/* A copy of exactly that many octets, so that a read past the end is seen. */
static enum vd_status parse(const char *text, size_t len)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return vd_bimi_parse((struct vd_span){copy, len}, &record);
}

#define L63 "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz-"

static const struct {
    const char *why;
    const char *text;
    const char *fault; /* "": valid; NULL: not recognised */
    bool is_refusal;
} rows[] = {
    {"logo and proof", "v=BIMI1; l=https://a.example/l.svg; a=https://a.example/c.pem", "", false},
    {"logo alone", "v=BIMI1;l=https://a.example/l.svg", "", false},
    {"an empty proof", "v=BIMI1; l=https://a.example/l.svg; a=;", "", false},
    {"proof alone", "v=BIMI1; l=; a=https://a.example/c.pem", "", false},
    {"refused", "v=BIMI1; l=; a=;", "", true},
    {"refused in short", "v=BIMI1; l=", "", true},
    {"blanks", "v = BIMI1 ; l = ; a = ", "", true},
    {"preference", "v=BIMI1; avp=brand", "", false},
    {"preference in capitals", "v=BIMI1; avp=Personal", "", false},
    {"local parts", "v=BIMI1; lps=news, billing,a-1", "", false},
    {"a long local part", "v=BIMI1; lps=" L63, "", false},
    {"any local part", "v=BIMI1; l=; lps=", "", true},
    {"an unknown tag beside", "v=BIMI1; l=; xyz=foo", "", true},

    {"nothing", "", NULL, false},
    {"another version", "v=BIMI2; l=", NULL, false},
    {"version in lower case", "v=bimi1; l=", NULL, false},
    {"no semicolon", "v=BIMI1 garbage", NULL, false},
    {"a blank in front", " v=BIMI1; l=", NULL, false},
    {"version not first", "l=; v=BIMI1", NULL, false},

    {"version alone", "v=BIMI1", "nothing stands behind the version", false},
    {"only an unknown tag", "v=BIMI1; xyz=foo", "nothing stands behind the version", false},
    {"a part without =", "v=BIMI1; l=; garbage", "a part that is no tag=value", false},
    {"l twice", "v=BIMI1; l=; l=", "a tag is written twice", false},
    {"http", "v=BIMI1; l=http://a.example/l.svg", "l= is no https: address", false},
    {"no address", "v=BIMI1; l=a.example/l.svg", "l= is no https: address", false},
    {"two addresses", "v=BIMI1; l=https://a.example/,https://b.example/", "l= is no https: address",
     false},
    {"a size", "v=BIMI1; l=https://a.example/!1m", "l= is no https: address", false},
    {"a mailbox as proof", "v=BIMI1; l=; a=mailto:a@b.example", "a= is no https: address", false},
    {"another preference", "v=BIMI1; avp=foo", "avp= is neither brand nor personal", false},
    {"an underscore", "v=BIMI1; lps=help_desk", "lps= is no list of fronts of local parts", false},
    {"a dot", "v=BIMI1; lps=info.support", "lps= is no list of fronts of local parts", false},
    {"an empty item", "v=BIMI1; lps=news,", "lps= is no list of fronts of local parts", false},
    {"too long an item", "v=BIMI1; lps=" L63 "x", "lps= is no list of fronts of local parts",
     false},
};

static void test_record_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum vd_status status = parse(rows[i].text, strlen(rows[i].text));
        bool is_right = status == (rows[i].fault == NULL ? VD_OTHER : VD_OK);
        if (is_right && status == VD_OK) {
            is_right =
                strcmp(record.fault, rows[i].fault) == 0 && record.is_refusal == rows[i].is_refusal;
        }
        if (!is_right) {
            print_error("%s: got %d (%s), refusal %d\n", rows[i].why, status, record.fault,
                        record.is_refusal);
            fail();
        }
    }
}

static void test_addresses_are_kept(void **state)
{
    static const char text[] = "v=BIMI1; a = https://a.example/c.pem ; l=https://a.example/l.svg";

    (void)state;
    assert_int_equal(parse(text, strlen(text)), VD_OK);
    assert_true(vd_span_is_exactly(record.location, "https://a.example/l.svg"));
    assert_true(vd_span_is_exactly(record.authority, "https://a.example/c.pem"));
}

static void test_every_cut_and_every_octet_is_answered(void **state)
{
    static const char text[] = "v=BIMI1; l=https://a.example/l.svg; a=; avp=brand; lps=a,b;";
    char changed[sizeof text];

    (void)state;
    for (size_t len = 0; len < sizeof text; len++) {
        (void)parse(text, len);
    }
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        for (int octet = 0; octet < 256; octet++) {
            memcpy(changed, text, sizeof text);
            changed[i] = (char)octet;
            enum vd_status status = parse(changed, sizeof text - 1);
            assert_true(status == VD_OTHER || (status == VD_OK && record.fault != NULL));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_table),
        cmocka_unit_test(test_addresses_are_kept),
        cmocka_unit_test(test_every_cut_and_every_octet_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
