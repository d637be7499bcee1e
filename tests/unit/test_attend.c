/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/attend.h"

/* 2026-11-22T00:00:00Z, a Sunday. */
#define SUNDAY              INT64_C(1795305600)
#define MIN(hours, minutes) ((hours)*60 + (minutes))

static void test_window_holds_on_its_day_from_its_first_to_before_its_last_minute(void **state)
{
    static const struct {
        const char *says;
        struct vd_window window;
        int64_t at_s;
        bool is_in;
    } rows[] = {
        {"Sun 02:00-04:00, at its begin", {1, 120, 240, 0}, SUNDAY + 7200, true},
        {"a second before", {1, 120, 240, 0}, SUNDAY + 7199, false},
        {"its last second", {1, 120, 240, 0}, SUNDAY + 14399, true},
        {"at its end", {1, 120, 240, 0}, SUNDAY + 14400, false},
        {"the next day", {1, 120, 240, 0}, SUNDAY + 86400 + 7200, false},
        {"a week later", {1, 120, 240, 0}, SUNDAY + 7 * 86400 + 7200, true},
        {"02:00 in Seoul is 17:00 of Saturday in UTC", {1, 120, 240, 540}, SUNDAY - 7 * 3600, true},
        {"and 02:00 UTC is 11:00 there", {1, 120, 240, 540}, SUNDAY + 7200, false},
        {"west of Greenwich", {1, 120, 240, -300}, SUNDAY + 7 * 3600, true},
        {"past midnight: the evening", {1, MIN(22, 0), 120, 0}, SUNDAY + 22 * 3600, true},
        {"past midnight: the morning after", {1, MIN(22, 0), 120, 0}, SUNDAY + 25 * 3600, true},
        {"but not its own morning", {1, MIN(22, 0), 120, 0}, SUNDAY + 3600, false},
        {"past midnight, on Saturday", {64, MIN(22, 0), 120, 0}, SUNDAY + 3600, true},
        {"the whole day", {1, 0, 1440, 0}, SUNDAY + 86399, true},
        {"no day", {0, 0, 1440, 0}, SUNDAY, false},
        {"the time is not known", {127, 0, 1440, 0}, VD_NO_CALENDAR, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (vd_attend_is_window(&rows[i].window, rows[i].at_s) != rows[i].is_in) {
            fail_msg("%s", rows[i].says);
        }
    }
}

/* ---- accepted and planned ---------------------------------------------------------------------- */

static struct vd_watch watch;
static struct vd_judgement judgement;
static struct vd_finding finding;

/* DMARC at p=none, a finding about its policy, and "none" and "reject" in the watch's text. */
static void set_up(void)
{
    memset(&watch, 0, sizeof watch);
    memset(&judgement, 0, sizeof judgement);
    memset(&finding, 0, sizeof finding);
    memcpy(watch.text, "\0none\0reject\0absent", 19);
    judgement.subjects_count = 1;
    judgement.subjects[0].kind = VD_SUBJECT_DMARC;
    judgement.facts.dmarc.standing = VD_STANDING_OK;
    judgement.facts.dmarc.p = 0;
    finding.facet = VD_FACET_DMARC_POLICY;
}

#define NONE   1u
#define REJECT 6u
#define ABSENT 13u

static void test_accept_names_the_facet_and_what_it_says(void **state)
{
    static const struct {
        const char *says;
        struct vd_accept accept;
        bool is_gone, is_accepted;
    } rows[] = {
        {"the same", {VD_FACET_DMARC_POLICY, 0, NONE}, false, true},
        {"another value", {VD_FACET_DMARC_POLICY, 0, REJECT}, false, false},
        {"another facet", {VD_FACET_DMARC_SP, 0, NONE}, false, false},
        {"of a selector", {VD_FACET_DMARC_POLICY, 1, NONE}, false, false},
        {"the record is gone", {VD_FACET_DMARC_POLICY, 0, ABSENT}, true, true},
        {"by the record", {VD_FACET_DMARC_RECORD, 0, ABSENT}, true, true},
        {"of that kind", {VD_FACET_SPF_RECORD, 0, ABSENT}, true, false},
        {"gone is not none", {VD_FACET_DMARC_POLICY, 0, NONE}, true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up();
        watch.accepts[0] = rows[i].accept;
        watch.accepts_count = 1;
        if (rows[i].is_gone) {
            judgement.facts.dmarc.standing = VD_STANDING_ABSENT;
            judgement.facts.dmarc.p = -1;
            finding.facet = VD_FACET_ALL;
        }
        if (vd_attend_is_accepted(&watch, &judgement, &finding) != rows[i].is_accepted) {
            fail_msg("%s", rows[i].says);
        }
    }
    set_up();
    assert_false(vd_attend_is_accepted(&watch, &judgement, &finding));
}

/* What is found in a test of words. */
enum thing { INCLUDE, INCLUDE_GONE, HOSTS, KEY_REVOKED, KEY_GONE, KEY_TAKEN, RUA_AND_ALL, POLICY };

static uint16_t judged(const char *text)
{
    uint16_t at = judgement.words_len;

    strcpy(judgement.words + at, text);
    judgement.words_len = (uint16_t)(at + strlen(text) + 1);
    return at;
}

static void set_up_thing(enum thing thing, const char *text)
{
    static const uint8_t kinds[] = {
        [INCLUDE] = VD_SUBJECT_SPF,       [INCLUDE_GONE] = VD_SUBJECT_SPF,
        [HOSTS] = VD_SUBJECT_MX,          [KEY_REVOKED] = VD_SUBJECT_DKIM,
        [KEY_GONE] = VD_SUBJECT_DKIM,     [KEY_TAKEN] = VD_SUBJECT_DKIM,
        [RUA_AND_ALL] = VD_SUBJECT_DMARC, [POLICY] = VD_SUBJECT_DMARC};
    struct vd_facts *facts = &judgement.facts;

    set_up();
    judgement.words_len = 1;
    judgement.subjects[0].kind = kinds[thing];
    judgement.subjects[0].record = judged("s1._domainkey.example.com");
    facts->spf.standing = facts->mx.standing = VD_STANDING_OK;
    facts->mx.count = strchr(text, ',') != NULL ? 2 : 1;
    strcpy(facts->text, text);
    facts->mx.text = (struct vd_text_ref){0, (uint16_t)strlen(text), (uint16_t)strlen(text)};
    finding.new_text = judged(text);
    finding.facet = thing == POLICY         ? VD_FACET_DMARC_POLICY
                    : thing == HOSTS        ? VD_FACET_MX_HOSTS
                    : thing <= INCLUDE_GONE ? VD_FACET_SPF_INCLUDE
                                            : VD_FACET_ALL;
    finding.code = thing == INCLUDE        ? VD_CODE_SPF_INCLUDE_ADDED
                   : thing == INCLUDE_GONE ? VD_CODE_SPF_INCLUDE_LOST
                   : thing == KEY_TAKEN    ? VD_CODE_DKIM_TAKEOVER
                                           : VD_CODE_NONE;
    facts->dkim[0].standing = thing == KEY_REVOKED ? VD_STANDING_BROKEN : VD_STANDING_ABSENT;
    facts->dkim[0].state = thing == KEY_REVOKED ? VD_KEY_REVOKED : VD_KEY_NONE;
    if (thing == RUA_AND_ALL) {
        facts->dmarc.standing = VD_STANDING_ABSENT;
        facts->dmarc.p = -1;
    }
    if (thing == POLICY) { /* p=quarantine; pct=1 */
        facts->dmarc.p = 1;
    }
}

static void test_accept_names_one_thing_and_never_more(void **state)
{
    static const struct {
        const char *says;
        enum thing thing;
        const char *text; /* what the finding says */
        uint8_t facet;
        const char *value;
        bool is_accepted;
    } rows[] = {
        {"the include", INCLUDE, "include:_spf.example.net", VD_FACET_SPF_INCLUDE,
         "_spf.example.net", true},
        {"in other letters", INCLUDE, "+Include:_SPF.example.net", VD_FACET_SPF_INCLUDE,
         "_spf.example.net", true},
        {"another domain", INCLUDE, "include:_spf.example.net.evil.example", VD_FACET_SPF_INCLUDE,
         "_spf.example.net", false},
        {"two of them", INCLUDE, "include:_spf.example.net, include:evil.example",
         VD_FACET_SPF_INCLUDE, "_spf.example.net", false},
        {"a redirect to it", INCLUDE, "redirect=_spf.example.net", VD_FACET_SPF_INCLUDE,
         "_spf.example.net", false},
        {"while a service in use went", INCLUDE_GONE, "include:_spf.example.net",
         VD_FACET_SPF_INCLUDE, "_spf.example.net", false},
        {"the host", HOSTS, "10 mx.example.net", VD_FACET_MX_HOSTS, "mx.example.net", true},
        {"a host below it", HOSTS, "10 a.mx.example.net", VD_FACET_MX_HOSTS, "mx.example.net",
         false},
        {"two hosts", HOSTS, "10 mx.example.net, 20 evil.example", VD_FACET_MX_HOSTS,
         "mx.example.net", false},
        {"revoked", KEY_REVOKED, "", VD_FACET_DKIM_KEY, "revoked", true},
        {"which is broken too", KEY_REVOKED, "", VD_FACET_DKIM_KEY, "broken", true},
        {"and not gone", KEY_REVOKED, "", VD_FACET_DKIM_KEY, "absent", false},
        {"gone", KEY_GONE, "", VD_FACET_DKIM_KEY, "absent", true},
        {"and not revoked", KEY_GONE, "", VD_FACET_DKIM_KEY, "revoked", false},
        {"no alias is not no key", KEY_GONE, "", VD_FACET_DKIM_ALIAS, "absent", false},
        {"a stranger can take its name", KEY_TAKEN, "", VD_FACET_DKIM_KEY, "absent", false},
        {"no rua is not no DMARC", RUA_AND_ALL, "", VD_FACET_DMARC_RUA, "absent", false},
        {"no DMARC is", RUA_AND_ALL, "", VD_FACET_DMARC_POLICY, "absent", true},
        {"a hundredth of quarantine", POLICY, "", VD_FACET_DMARC_POLICY, "quarantine", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up_thing(rows[i].thing, rows[i].text);
        strcpy(watch.text + 1, rows[i].value);
        watch.accepts[0] = (struct vd_accept){.facet = rows[i].facet, .value = 1};
        watch.accepts_count = 1;
        if (vd_attend_is_accepted(&watch, &judgement, &finding) != rows[i].is_accepted) {
            fail_msg("%s", rows[i].says);
        }
    }
}

static void test_accept_line_that_an_alert_names_accepts_it(void **state)
{
    static const struct {
        enum thing thing;
        const char *text, *words;
    } rows[] = {
        {INCLUDE, "include:_spf.example.net", " (accept = spf.include:_spf.example.net)"},
        {HOSTS, "10 mx.example.net", " (accept = mx.hosts:mx.example.net)"},
        {KEY_REVOKED, "", " (accept = dkim.s1.key:revoked)"},
        {KEY_GONE, "", " (accept = dkim.s1.key:absent)"},
        {KEY_TAKEN, "", ""},
        {RUA_AND_ALL, "", " (accept = dmarc.record:absent)"},
        {POLICY, "", ""},
    };
    char line[128];
    struct vd_text_writer w;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        set_up_thing(rows[i].thing, rows[i].text);
        vd_text_start(&w, line, sizeof line);
        vd_attend_put_accept(&w, &judgement, &finding);
        assert_string_equal(line, rows[i].words);
    }
    /* Two hosts have a number. */
    set_up_thing(HOSTS, "10 mx.example.net, 20 evil.example");
    vd_text_start(&w, line, sizeof line);
    vd_attend_put_accept(&w, &judgement, &finding);
    assert_int_equal(strncmp(line, " (accept = mx.hosts:", 20), 0);
    *strchr(line, ')') = '\0';
    strcpy(watch.text + 1, line + 20);
    watch.accepts[0] = (struct vd_accept){.facet = VD_FACET_MX_HOSTS, .value = 1};
    watch.accepts_count = 1;
    assert_true(vd_attend_is_accepted(&watch, &judgement, &finding));
}

static void test_plan_holds_from_its_begin_to_before_its_end(void **state)
{
    (void)state;
    set_up();
    watch.plans[0] = (struct vd_plan){
        .facet = VD_FACET_DMARC_POLICY, .value = NONE, .from_s = SUNDAY, .until_s = SUNDAY + 100};
    watch.plans_count = 1;
    assert_false(vd_attend_is_planned(&watch, &judgement, &finding, SUNDAY - 1));
    assert_true(vd_attend_is_planned(&watch, &judgement, &finding, SUNDAY));
    assert_true(vd_attend_is_planned(&watch, &judgement, &finding, SUNDAY + 99));
    assert_false(vd_attend_is_planned(&watch, &judgement, &finding, SUNDAY + 100));
    assert_false(vd_attend_is_planned(&watch, &judgement, &finding, VD_NO_CALENDAR));
    watch.plans[0].value = REJECT;
    assert_false(vd_attend_is_planned(&watch, &judgement, &finding, SUNDAY));
}

static void test_reminders_follow_the_severity(void **state)
{
    (void)state;
    assert_int_equal(vd_attend_remind_s(VD_SEVERITY_CRITICAL), 86400);
    assert_int_equal(vd_attend_remind_s(VD_SEVERITY_ERROR), 86400);
    assert_int_equal(vd_attend_remind_s(VD_SEVERITY_WARNING), 7 * 86400);
    assert_int_equal(vd_attend_remind_s(VD_SEVERITY_NOTICE), 0);
    assert_int_equal(vd_attend_remind_s(VD_SEVERITY_INFO), 0);
}

/* ---- flapping ---------------------------------------------------------------------------------- */

static struct vd_flaps flaps;
static const struct vd_flap dmarc = {.code = VD_CODE_DMARC_WEAKENED, .kind = VD_SUBJECT_DMARC};

static void test_three_turns_in_a_day_flap_and_two_or_slower_ones_do_not(void **state)
{
    static const struct {
        uint32_t closed_s[3];
        bool is_flapping;
    } rows[] = {
        {{100, 200, 300}, true},
        {{100, 200, 86500}, true},
        {{100, 200, 86501}, false},
        {{0, 0, 1}, true}, /* at the very start */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        memset(&flaps, 0, sizeof flaps);
        assert_null(vd_flaps_close(&flaps, &dmarc, rows[i].closed_s[0]));
        assert_null(vd_flaps_close(&flaps, &dmarc, rows[i].closed_s[1]));
        assert_false(vd_flaps_move(&flaps, &dmarc, rows[i].closed_s[2]));
        assert_int_equal(vd_flaps_close(&flaps, &dmarc, rows[i].closed_s[2]) != NULL,
                         rows[i].is_flapping);
    }
    /* The oldest goes out of sight: 0, then three within a day. */
    memset(&flaps, 0, sizeof flaps);
    assert_null(vd_flaps_close(&flaps, &dmarc, 100));
    assert_null(vd_flaps_close(&flaps, &dmarc, 90000));
    assert_null(vd_flaps_close(&flaps, &dmarc, 100000));
    assert_non_null(vd_flaps_close(&flaps, &dmarc, 110000));
}

static void test_flapping_is_steady_six_hours_after_the_last_turn(void **state)
{
    (void)state;
    memset(&flaps, 0, sizeof flaps);
    for (uint32_t i = 1; i <= 3; i++) {
        (void)vd_flaps_close(&flaps, &dmarc, i * 100);
    }
    assert_true(vd_flaps_move(&flaps, &dmarc, 1000)); /* it opens again */
    assert_null(vd_flaps_steady(&flaps, 0, 1000 + VD_FLAP_STEADY_S - 1));
    assert_null(vd_flaps_steady(&flaps, 1, 1000 + VD_FLAP_STEADY_S));
    assert_ptr_equal(vd_flaps_steady(&flaps, 0, 1000 + VD_FLAP_STEADY_S),
                     vd_flaps_find(&flaps, &dmarc));
}

static void test_flapping_alerts_keep_their_place_when_there_are_many(void **state)
{
    struct vd_flap other = {.code = VD_CODE_MX_GONE, .kind = VD_SUBJECT_MX};

    (void)state;
    memset(&flaps, 0, sizeof flaps);
    for (uint32_t i = 1; i <= 3; i++) {
        (void)vd_flaps_close(&flaps, &dmarc, i);
    }
    for (unsigned i = 0; i < VD_FLAPS_MAX + 2u; i++) {
        other.watch = (uint8_t)i;
        assert_null(vd_flaps_close(&flaps, &other, 100 + i));
    }
    assert_non_null(vd_flaps_find(&flaps, &dmarc));
    other.watch = 0; /* the oldest of the others gave way */
    assert_null(vd_flaps_find(&flaps, &other));
    other.watch = VD_FLAPS_MAX + 1u;
    assert_non_null(vd_flaps_find(&flaps, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_holds_on_its_day_from_its_first_to_before_its_last_minute),
        cmocka_unit_test(test_accept_names_the_facet_and_what_it_says),
        cmocka_unit_test(test_accept_names_one_thing_and_never_more),
        cmocka_unit_test(test_accept_line_that_an_alert_names_accepts_it),
        cmocka_unit_test(test_plan_holds_from_its_begin_to_before_its_end),
        cmocka_unit_test(test_reminders_follow_the_severity),
        cmocka_unit_test(test_three_turns_in_a_day_flap_and_two_or_slower_ones_do_not),
        cmocka_unit_test(test_flapping_is_steady_six_hours_after_the_last_turn),
        cmocka_unit_test(test_flapping_alerts_keep_their_place_when_there_are_many),
    };
    return cmocka_run_group_tests_name("attend", tests, NULL, NULL);
}
