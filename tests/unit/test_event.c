/*
 * report/event: words.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_class_words(void **state)
{
    (void)state;
    assert_string_equal(vd_class_str(VD_CLASS_UNKNOWN), "UNKNOWN");
    assert_string_equal(vd_class_str(VD_CLASS_CRITICAL), "CRITICAL");
    assert_string_equal(vd_class_str(VD_CLASS_BROKEN), "BROKEN");
    assert_string_equal(vd_class_str(VD_CLASS_WEAKENED), "WEAKENED");
    assert_string_equal(vd_class_str(VD_CLASS_CHANGED), "CHANGED");
    assert_string_equal(vd_class_str(VD_CLASS_STRENGTHENED), "STRENGTHENED");
    assert_string_equal(vd_class_str(VD_CLASS_RESTORED), "RESTORED");
}

static void test_severity_words(void **state)
{
    (void)state;
    assert_string_equal(vd_severity_str(VD_SEVERITY_CRITICAL), "critical");
    assert_string_equal(vd_severity_str(VD_SEVERITY_ERROR), "error");
    assert_string_equal(vd_severity_str(VD_SEVERITY_WARNING), "warning");
    assert_string_equal(vd_severity_str(VD_SEVERITY_NOTICE), "notice");
    assert_string_equal(vd_severity_str(VD_SEVERITY_INFO), "info");
    assert_string_equal(vd_severity_str(VD_SEVERITY_NONE), "none");
}

static void test_axes_are_listed_in_order(void **state)
{
    char out[VD_AXIS_TEXT_MAX];

    (void)state;
    assert_string_equal(vd_axis_text(0, out), "");
    assert_string_equal(vd_axis_text(VD_AXIS_SPOOF, out), "SPOOF");
    assert_string_equal(vd_axis_text(VD_AXIS_DELIVERY | VD_AXIS_SPOOF, out), "SPOOF,DELIVERY");
}

static void test_all_axes_fit(void **state)
{
    char out[VD_AXIS_TEXT_MAX];

    (void)state;
    assert_string_equal(vd_axis_text(0xff, out),
                        "SPOOF,DELIVERY,INTERCEPT,VISIBILITY,PRIVACY,COSMETIC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_class_words),
        cmocka_unit_test(test_severity_words),
        cmocka_unit_test(test_axes_are_listed_in_order),
        cmocka_unit_test(test_all_axes_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
