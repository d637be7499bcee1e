/* The table of codes: every code has all of its words.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/judge/findings.h"

/* Words before the first dot that docs/alerts.md has a chapter for. */
static const char families[] = " spf dkim dmarc mx mail-from mta-sts tls-rpt bimi ns ds provider "
                               "domain baseline alert watch resolver agent ";

static const struct vd_code_info *info_of(int code)
{
    const struct vd_code_info *info = vd_code_info((enum vd_code)code);

    if (info->code == NULL) {
        fail_msg("code number %d has no row", code);
    }
    return info;
}

static void assert_sentence(const char *code, const char *what, const char *text)
{
    size_t len = text == NULL ? 0 : strlen(text);

    if (len < 10 || text[len - 1] != '.') {
        fail_msg("%s: its %s is no sentence: \"%s\"", code, what, text == NULL ? "" : text);
    }
}

static void test_each_code_says_what_it_means_whence_it_comes_and_what_to_do(void **state)
{
    (void)state;
    for (int i = VD_CODE_NONE + 1; i < VD_CODES_COUNT; i++) {
        const struct vd_code_info *info = info_of(i);
        assert_sentence(info->code, "why", info->why);
        assert_sentence(info->code, "cause", info->cause);
        assert_sentence(info->code, "mend", info->mend);
    }
}

static void test_each_code_is_a_word_of_a_known_family_and_stands_once(void **state)
{
    (void)state;
    for (int i = VD_CODE_NONE + 1; i < VD_CODES_COUNT; i++) {
        const char *code = info_of(i)->code;
        const char *dot = strchr(code, '.');
        char word[40];
        assert_non_null(dot);
        snprintf(word, sizeof word, " %.*s ", (int)(dot - code), code);
        if (strstr(families, word) == NULL) {
            fail_msg("%s: no chapter in docs/alerts.md", code);
        }
        assert_int_equal(vd_code_named(code), i);
    }
    assert_int_equal(vd_code_named("no.such.code"), VD_CODE_NONE);
    assert_int_equal(vd_code_named("none"), VD_CODE_NONE);
}

static void test_class_and_severity_of_each_code_fit_together(void **state)
{
    (void)state;
    for (int i = VD_CODE_NONE + 1; i < VD_CODES_COUNT; i++) {
        const struct vd_code_info *info = info_of(i);
        if (info->class_ == VD_CLASS_CRITICAL) {
            assert_int_equal(info->severity, VD_SEVERITY_CRITICAL);
            assert_true(info->is_alert);
        }
        assert_in_range(info->severity, VD_SEVERITY_CRITICAL, VD_SEVERITY_INFO);
        if (info->severity < VD_SEVERITY_WARNING) {
            assert_true(info->is_alert); /* loud ones are never told only once */
        }
        if (info->class_ == VD_CLASS_STRENGTHENED || info->class_ == VD_CLASS_RESTORED) {
            assert_false(info->is_alert);
        }
    }
}

static void test_a_code_of_a_whole_record_set_has_no_facet_of_its_own(void **state)
{
    (void)state;
    for (int i = VD_CODE_NONE + 1; i < VD_CODES_COUNT; i++) {
        const struct vd_code_info *info = info_of(i);
        assert_true(info->facet < VD_FACETS_END ? vd_facet_str(info->facet)[0] != '\0'
                                                : info->facet >= VD_FACET_ALL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_code_says_what_it_means_whence_it_comes_and_what_to_do),
        cmocka_unit_test(test_each_code_is_a_word_of_a_known_family_and_stands_once),
        cmocka_unit_test(test_class_and_severity_of_each_code_fit_together),
        cmocka_unit_test(test_a_code_of_a_whole_record_set_has_no_facet_of_its_own),
    };

    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
