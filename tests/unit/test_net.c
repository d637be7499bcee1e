/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/port_net.h"

static void test_endpoint_text_goes_there_and_back(void **state)
{
    static const struct {
        const char *in;
        const char *out;
    } rows[] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:DB8::1]:853", "[2001:db8::1]:853"},
        {"::", "[::]:53"},
        {"::1", "[::1]:53"},
        {"1::", "[1::]:53"},
        {"2001:db8:0:0:1:0:0:1", "[2001:db8::1:0:0:1]:53"},
        {"2001:0:0:1:0:0:0:1", "[2001:0:0:1::1]:53"},
        {"2001:db8:0:1:1:1:1:1", "[2001:db8:0:1:1:1:1:1]:53"},
        {"::ffff:192.0.2.1", "[::ffff:c000:201]:53"},
        {"1:2:3:4:5:6:192.0.2.1", "[1:2:3:4:5:6:c000:201]:53"},
    };
    struct vd_endpoint at;
    char text[VD_ENDPOINT_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (vd_endpoint_parse(rows[i].in, strlen(rows[i].in), 53, &at) != VD_OK) {
            fail_msg("refused: %s", rows[i].in);
        }
        assert_string_equal(vd_endpoint_text(&at, true, text), rows[i].out);
    }
}

static void test_endpoint_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {"",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "1.2.3.4:",
                                      "1.2.3.4:0",
                                      "1.2.3.4:70000",
                                      "1.2.3.4:1x",
                                      "example.com",
                                      ":",
                                      ":::",
                                      "1::2::3",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "12345::",
                                      "g::",
                                      "[::1",
                                      "[::1]x",
                                      "[::1]:",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "::1%eth0",
                                      "1.2.3.4 ",
                                      "[1.2.3.4]"};
    struct vd_endpoint at;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (vd_endpoint_parse(bad[i], strlen(bad[i]), 53, &at) != VD_EFORMAT) {
            fail_msg("accepted: \"%s\"", bad[i]);
        }
    }
}

static void test_endpoint_equal_compares_all_parts(void **state)
{
    struct vd_endpoint a, b;

    (void)state;
    assert_int_equal(vd_endpoint_parse("192.0.2.1", 9, 53, &a), VD_OK);
    b = a;
    assert_true(vd_endpoint_is_equal(&a, &b));
    b.port = 54;
    assert_false(vd_endpoint_is_equal(&a, &b));
    b = a;
    b.addr[3] = 2;
    assert_false(vd_endpoint_is_equal(&a, &b));
    b = a;
    b.addr[7] = 1; /* not part of an IPv4 address */
    assert_true(vd_endpoint_is_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoint_text_goes_there_and_back),
        cmocka_unit_test(test_endpoint_that_is_none_is_refused),
        cmocka_unit_test(test_endpoint_equal_compares_all_parts),
    };
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
