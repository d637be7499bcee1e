/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/mta_sts.h"

static struct vd_mta_sts record;

/* A copy of exactly that many octets, so that a read past the end is seen. */
static enum vd_status parse(const char *text, size_t len)
{
    static uint8_t *copy;

    free(copy);
    copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    return vd_mta_sts_parse((struct vd_span){copy, len}, &record);
}

#define LONGEST "abcdefghijklmnopqrstuvwxyz012345"

static const struct {
    const char *why;
    const char *text;
    const char *id;    /* NULL: not recognised */
    const char *fault; /* "": valid */
} rows[] = {
    {"as the RFC writes it", "v=STSv1; id=20160831085700Z;", "20160831085700Z", ""},
    {"without the last semicolon", "v=STSv1;id=1", "1", ""},
    {"blanks around semicolons", "v=STSv1 ;\t id=1 \t; ", "1", ""},
    {"an extension", "v=STSv1; id=1; more=a", "1", ""},
    {"an extension in front", "v=STSv1; x.y-z_0=!~; id=1", "1", ""},
    {"the longest id and name", "v=STSv1; id=" LONGEST "; " LONGEST "=1", LONGEST, ""},
    {"ID is another field", "v=STSv1; ID=x; id=1", "1", ""},

    {"nothing", "", NULL, NULL},
    {"SPF", "v=spf1 -all", NULL, NULL},
    {"version alone", "v=STSv1", NULL, NULL},
    {"version without a semicolon", "v=STSv1 id=1", NULL, NULL},
    {"version in lower case", "v=stsv1; id=1", NULL, NULL},
    {"V", "V=STSv1; id=1", NULL, NULL},
    {"another version", "v=STSv2; id=1", NULL, NULL},
    {"a longer version", "v=STSv10; id=1", NULL, NULL},
    {"a blank in front", " v=STSv1; id=1", NULL, NULL},
    {"a quote in front", "\"v=STSv1; id=1;\"", NULL, NULL},
    {"blanks in the version", "v = STSv1; id=1", NULL, NULL},

    {"no id", "v=STSv1;", "", "there is no id="},
    {"only an extension", "v=STSv1; ext=1", "", "there is no id="},
    {"an empty id", "v=STSv1; id=", "", "a part that is no name=value"},
    {"a dash in the id", "v=STSv1; id=test-123", NULL, "id= is not 1 to 32 letters and digits"},
    {"an id too long", "v=STSv1; id=" LONGEST "6", NULL, "id= is not 1 to 32 letters and digits"},
    {"blanks around =", "v=STSv1; id = 1", NULL, "a part that is no name=value"},
    {"a blank in the id", "v=STSv1; id=1 2", NULL, "id= is not 1 to 32 letters and digits"},
    {"id twice", "v=STSv1; id=1; id=1", NULL, "id= is written twice"},
    {"a part without =", "v=STSv1; id=1; bogus", NULL, "a part that is no name=value"},
    {"an empty part", "v=STSv1; id=1;; x=y", NULL, "a part that is no name=value"},
    {"an empty value", "v=STSv1; id=1; more=", NULL, "a part that is no name=value"},
    {"a name too long", "v=STSv1; id=1; " LONGEST "6=1", NULL, "a part that is no name=value"},
    {"a name with %", "v=STSv1; id=1; 1%=a", NULL, "a part that is no name=value"},
    {"a name with a dash in front", "v=STSv1; id=1; -a=a", NULL, "a part that is no name=value"},
    {"a value with =", "v=STSv1; id=1; a=b=c", NULL, "an extension's value is none"},
    {"a value with a blank", "v=STSv1; id=1; a=b c", NULL, "an extension's value is none"},
    {"a value beyond ASCII", "v=STSv1; id=1; a=\xc3\xbc", NULL, "an extension's value is none"},
};

static void test_record_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum vd_status status = parse(rows[i].text, strlen(rows[i].text));
        bool is_right = status == (rows[i].fault == NULL ? VD_OTHER : VD_OK);
        if (is_right && status == VD_OK) {
            is_right = strcmp(record.fault, rows[i].fault) == 0 &&
                       (rows[i].id == NULL || vd_span_is_exactly(record.id, rows[i].id));
        }
        if (!is_right) {
            print_error("%s: got %d (%s)\n", rows[i].why, status, record.fault);
            fail();
        }
    }
}

static void test_every_cut_and_every_octet_is_answered(void **state)
{
    static const char text[] = "v=STSv1; id=1; more=a;";
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
        cmocka_unit_test(test_every_cut_and_every_octet_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
