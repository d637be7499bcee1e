/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "report/filter.h"

static struct vd_filter filter;

static struct vd_event an_event(enum vd_class class_, enum vd_severity severity, const char *code,
                                const char *restores, const char *domain)
{
    return (struct vd_event){.class_ = class_,
                             .severity = severity,
                             .code = code,
                             .restores = restores,
                             .domain = domain,
                             .record =
                                 strcmp(code, VD_EVENT_FIRST) == 0 ? domain : "_dmarc.record"};
}

static struct vd_event restored(const char *domain)
{
    return an_event(VD_CLASS_RESTORED, VD_SEVERITY_NOTICE, "dmarc.policy.floor",
                    "dmarc.policy.floor", domain);
}

static bool passes(const struct vd_event *event)
{
    return vd_filter_passes(&filter, event, NULL, 0);
}

/* Several alerts in one event, and a restoration for each. */
static void test_restorations_follow_the_one_event_that_opened_several(void **state)
{
    struct vd_event first =
        an_event(VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, VD_EVENT_FIRST, "", "example.com");
    struct vd_event over = restored("example.com"), of_another = restored("example.net");
    struct vd_in_flight flight;

    (void)state;
    vd_filter_init(&filter, VD_SEVERITY_CRITICAL);
    assert_false(passes(&over));
    assert_true(passes(&first));
    vd_filter_take(&flight, &first);
    assert_true(vd_filter_passes(&filter, &over, &flight, 1)); /* it is on its way */
    vd_filter_arrived(&filter, &flight);
    assert_true(passes(&over));
    assert_false(passes(&of_another));
    /* One of them, and the next one too. */
    vd_filter_take(&flight, &over);
    vd_filter_arrived(&filter, &flight);
    over.restores = "spf.record.broken";
    assert_true(passes(&over));
}

static void test_restorations_of_what_was_too_quiet_to_be_sent_are_not_sent(void **state)
{
    struct vd_event first =
        an_event(VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, VD_EVENT_FIRST, "", "example.com");
    struct vd_event over = restored("example.com");

    (void)state;
    vd_filter_init(&filter, VD_SEVERITY_CRITICAL);
    assert_false(passes(&first));
    assert_false(passes(&over));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restorations_follow_the_one_event_that_opened_several),
        cmocka_unit_test(test_restorations_of_what_was_too_quiet_to_be_sent_are_not_sent),
    };
    return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
