/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/tls_rpt.h"

static struct vd_tls_rpt record;

/* A copy of exactly that many octets, so that a read past the end is seen. */
static enum vd_status parse(const char *text, size_t len)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return vd_tls_rpt_parse((struct vd_span){copy, len}, &record);
}

static const struct {
    const char *why;
    const char *text;
    const char *rua;   /* NULL: not looked at */
    const char *fault; /* "": valid; NULL: not recognised */
} rows[] = {
    {"a mailbox", "v=TLSRPTv1; rua=mailto:a@b.example;", "mailto:a@b.example", ""},
    {"https", "v=TLSRPTv1;rua=https://b.example/v1", "https://b.example/v1", ""},
    {"both", "v=TLSRPTv1; rua=mailto:a@b.example , https://b.example/v1",
     "mailto:a@b.example , https://b.example/v1", ""},
    {"several rua, which the grammar allows",
     "v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@b.example", "mailto:a@b.example", ""},
    {"an extension", "v=TLSRPTv1; rua=mailto:a@b.example; ext=yes", NULL, ""},
    {"a scheme beside that nobody knows", "v=TLSRPTv1; rua=ftp://x.example,mailto:a@b.example",
     NULL, ""},

    {"nothing", "", NULL, NULL},
    {"SPF", "v=spf1 -all", NULL, NULL},
    {"version alone", "v=TLSRPTv1", NULL, NULL},
    {"another version", "v=TLSRPTv2; rua=mailto:a@b.example", NULL, NULL},
    {"a longer version", "v=TLSRPTv10; rua=mailto:a@b.example", NULL, NULL},
    {"version in capitals", "V=TLSRPTV1; rua=mailto:a@b.example", NULL, NULL},
    {"a blank in front", " v=TLSRPTv1; rua=mailto:a@b.example", NULL, NULL},

    {"no rua", "v=TLSRPTv1;", NULL, "there is no rua="},
    {"only an extension", "v=TLSRPTv1; ext=1", NULL, "there is no rua="},
    {"RUA is another field", "v=TLSRPTv1; RUA=mailto:a@b.example", NULL, "there is no rua="},
    {"an empty rua", "v=TLSRPTv1; rua=", NULL, "a part that is no name=value"},
    {"no scheme", "v=TLSRPTv1; rua=noscheme", NULL, "rua= holds what is no URI"},
    {"a bare address", "v=TLSRPTv1; rua=a@b.example", NULL, "rua= holds what is no URI"},
    {"a bare address beside", "v=TLSRPTv1; rua=mailto:a@b.example,c@b.example", NULL,
     "rua= holds what is no URI"},
    {"an empty item", "v=TLSRPTv1; rua=mailto:a@b.example,", NULL, "rua= holds what is no URI"},
    {"words behind", "v=TLSRPTv1; rua=mailto:a@b.example other", NULL, "rua= holds what is no URI"},
    {"a bad percent sign", "v=TLSRPTv1; rua=https://b/%", NULL, "rua= holds what is no URI"},
    {"a size, which is DMARC's", "v=TLSRPTv1; rua=mailto:a@b.example!1m", NULL,
     "rua= holds what is no URI"},
    {"only a scheme that nobody knows", "v=TLSRPTv1; rua=ftp://x.example", NULL,
     "rua= is neither mailto: nor https:"},
    {"the second rua is bad", "v=TLSRPTv1; rua=mailto:a@b.example; rua=x", NULL,
     "rua= holds what is no URI"},
    {"a part without =", "v=TLSRPTv1; bad", NULL, "a part that is no name=value"},
    {"an empty value", "v=TLSRPTv1; rua=mailto:a@b.example; more=", NULL,
     "a part that is no name=value"},
    {"a bad name", "v=TLSRPTv1; rua=mailto:a@b.example; 1%=a", NULL,
     "a part that is no name=value"},
};

static void test_record_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum vd_status status = parse(rows[i].text, strlen(rows[i].text));
        bool is_right = status == (rows[i].fault == NULL ? VD_OTHER : VD_OK);
        if (is_right && status == VD_OK) {
            is_right = strcmp(record.fault, rows[i].fault) == 0 &&
                       (rows[i].rua == NULL || vd_span_is_exactly(record.rua, rows[i].rua));
        }
        if (!is_right) {
            print_error("%s: got %d (%s)\n", rows[i].why, status, record.fault);
            fail();
        }
    }
}

static void test_every_cut_and_every_octet_is_answered(void **state)
{
    static const char text[] = "v=TLSRPTv1; rua=mailto:a@b.example!1m,https://c.example:1/%20; x=y";
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

static void test_tls_rpt_every_rua_is_given(void **state)
{
    static const char text[] = "v=TLSRPTv1; rua=mailto:a@b.example; x=y; rua=mailto:c@d.example;";
    struct vd_span rua;

    (void)state;
    assert_int_equal(parse(text, sizeof text - 1), VD_OK);
    assert_true(vd_tls_rpt_next_rua(&record, &rua));
    assert_true(vd_span_is_exactly(rua, "mailto:a@b.example"));
    assert_true(vd_tls_rpt_next_rua(&record, &rua));
    assert_true(vd_span_is_exactly(rua, "mailto:c@d.example"));
    assert_false(vd_tls_rpt_next_rua(&record, &rua));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_rpt_every_rua_is_given),
        cmocka_unit_test(test_record_table),
        cmocka_unit_test(test_every_cut_and_every_octet_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
