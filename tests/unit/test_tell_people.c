/* Words of first contact, reminders, accept, plan and flapping.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/tell.h"

static struct vd_judgement judgement;
static struct vd_server servers[VD_PEERS_MAX];
static struct vd_event event;
static struct vd_alert alert;
static char domain[VD_DOMAIN_TEXT_MAX];
static char words[VD_TELL_FIRST_MIN + 16];

static uint16_t put(const char *text)
{
    uint16_t at = judgement.words_len;

    strcpy(judgement.words + at, text);
    judgement.words_len = (uint16_t)(at + strlen(text) + 1);
    return at;
}

static struct vd_finding a_finding(enum vd_code code, uint8_t subject, enum vd_severity severity,
                                   const char *now, const char *mend)
{
    return (struct vd_finding){.code = (uint8_t)code,
                               .subject = subject,
                               .class_ = VD_CLASS_BROKEN,
                               .severity = (uint8_t)severity,
                               .axis = VD_AXIS_SPOOF,
                               .rtype = VD_TYPE_TXT,
                               .new_text = put(now),
                               .mend = put(mend),
                               .subject_line = put("example.com: DMARC is wrong")};
}

/* DMARC and SPF of a domain of len characters (0: example.com), each with a finding. */
static struct vd_tell set_up(size_t len)
{
    memset(&judgement, 0, sizeof judgement);
    memset(&event, 0x55, sizeof event);
    memset(&alert, 0, sizeof alert);
    memset(words, 0x7f, sizeof words);
    judgement.words_len = 1;
    memset(domain, 'a', len);
    for (size_t i = 60; i < len; i += 61) {
        domain[i] = '.';
    }
    domain[len] = '\0';
    if (len == 0) {
        strcpy(domain, "example.com");
    }
    char record[VD_DOMAIN_TEXT_MAX + 8] = "_dmarc.";
    strcat(record, domain);
    judgement.subjects_count = 2;
    judgement.subjects[0] = (struct vd_subject){
        .kind = VD_SUBJECT_DMARC, .record = put(record), .summary = put("p=none, rua set")};
    judgement.subjects[1] =
        (struct vd_subject){.kind = VD_SUBJECT_SPF, .record = put(domain), .summary = put("-all")};
    judgement.findings_count = 2;
    judgement.findings[0] =
        a_finding(VD_CODE_DMARC_FLOOR, 0, VD_SEVERITY_WARNING, "p=none", "put p=reject");
    judgement.findings[1] =
        a_finding(VD_CODE_SPF_BROKEN, 1, VD_SEVERITY_CRITICAL, "two records", "keep one");
    alert = (struct vd_alert){.state = VD_ALERT_OPEN,
                              .code = VD_CODE_DMARC_FLOOR,
                              .kind = VD_SUBJECT_DMARC,
                              .severity = VD_SEVERITY_WARNING,
                              .rtype = VD_TYPE_TXT,
                              .number = 7,
                              .opened_s = 1000,
                              .seen_s = 90000};
    return (struct vd_tell){
        .domain = domain, .judgement = &judgement, .servers = servers, .now_ms = 91000000};
}

static void test_first_contact_lists_the_worst_first_with_what_to_type(void **state)
{
    struct vd_tell tell = set_up(0);
    const struct vd_finding *list[] = {&judgement.findings[1], &judgement.findings[0]};
    const struct vd_alert other = {.code = VD_CODE_SPF_BROKEN, .number = 8};
    const struct vd_alert *alerts[] = {&other, &alert};

    (void)state;
    vd_tell_first(&tell, list, alerts, 2, &event, words, VD_TELL_FIRST_MIN);
    assert_string_equal(event.code, VD_EVENT_FIRST);
    assert_string_equal(event.subject, "example.com: 2 things are wrong at first look");
    assert_string_equal(event.new_text, "alert 8 spf.record.broken example.com: two records; "
                                        "alert 7 dmarc.policy.floor _dmarc.example.com: p=none");
    assert_string_equal(event.mend, "keep one; then put p=reject");
    assert_int_equal(event.severity, VD_SEVERITY_CRITICAL);
    assert_string_equal(event.domain, "example.com");
    assert_string_equal(event.record, "example.com");
    assert_string_equal(event.old_text, "");
    assert_string_equal(event.restores, "");
}

static void test_first_contact_of_many_stays_inside_its_buffer_and_cuts_no_mend(void **state)
{
    struct vd_tell tell = set_up(253);
    const struct vd_finding *list[40];
    const struct vd_alert *alerts[40];
    static char mend[300];

    (void)state;
    memset(mend, 'm', sizeof mend - 1);
    judgement.findings[0].mend = put(mend);
    for (size_t i = 0; i < 40; i++) {
        list[i] = &judgement.findings[i % 2];
        alerts[i] = &alert;
    }
    vd_tell_first(&tell, list, alerts, 40, &event, words, VD_TELL_FIRST_MIN);
    assert_int_equal(words[VD_TELL_FIRST_MIN], 0x7f);
    assert_true(strlen(event.subject) < 100);
    assert_true(strlen(event.new_text) < VD_TELL_FIRST_MIN);
    size_t end = strlen(event.mend);
    assert_true(end == 0 || strcmp(event.mend + end - strlen("keep one"), "keep one") == 0 ||
                event.mend[end - 1] == 'm');
    const char *whole = strstr(event.mend, "m");
    assert_true(whole == NULL || strspn(whole, "m") == sizeof mend - 1);
}

static void test_reminder_says_what_is_there_and_how_long(void **state)
{
    struct vd_tell tell = set_up(0);

    (void)state;
    vd_tell_still(&tell, true, &alert, &judgement.findings[0], &judgement.subjects[0], &event,
                  words);
    assert_string_equal(event.subject, "still: example.com: DMARC is wrong");
    assert_string_equal(event.code, "dmarc.policy.floor");
    assert_string_equal(event.record, "_dmarc.example.com");
    assert_string_equal(event.mend, "put p=reject");
    assert_string_equal(event.known_by, "alert 7, open for 25 h, last confirmed 16 min ago");
    set_up(0);
    vd_tell_still(&tell, true, &alert, NULL, &judgement.subjects[0], &event, words);
    assert_string_equal(event.subject, "still: example.com: DMARC: p=none, rua set");
    assert_string_equal(event.new_text, "p=none, rua set");
    assert_int_equal(event.severity, VD_SEVERITY_WARNING);
    vd_tell_still(&tell, false, &alert, NULL, &judgement.subjects[0], &event, words);
    assert_string_equal(event.subject, "example.com: DMARC: p=none, rua set");
}

static void test_accepted_closes_an_open_alert_and_only_that(void **state)
{
    struct vd_tell tell = set_up(0);

    (void)state;
    vd_tell_accepted(&tell, &alert, "on the console", &judgement.subjects[0], &event, words);
    assert_string_equal(event.code, "baseline.accepted");
    assert_int_equal(event.class_, VD_CLASS_RESTORED);
    assert_string_equal(event.restores, "dmarc.policy.floor");
    assert_string_equal(event.subject, "example.com: DMARC accepted as it is: p=none, rua set");
    assert_string_equal(event.known_by, "accepted on the console, in place of dmarc.policy.floor");
    set_up(0);
    alert.state = VD_ALERT_SUSPECTED;
    vd_tell_accepted(&tell, &alert, "in the configuration", &judgement.subjects[0], &event, words);
    assert_true(event.class_ != VD_CLASS_RESTORED);
    assert_string_equal(event.restores, "");
    assert_int_equal(event.severity, VD_SEVERITY_NOTICE);
}

static void test_planned_is_a_notice_that_keeps_how_it_is_known(void **state)
{
    struct vd_tell tell = set_up(0);

    (void)state;
    alert.looks = 2;
    vd_tell_planned(&tell, &alert, &judgement.findings[1], &judgement.subjects[1], &event, words);
    assert_int_equal(event.class_, VD_CLASS_CHANGED);
    assert_int_equal(event.severity, VD_SEVERITY_NOTICE);
    assert_string_equal(event.code, "spf.record.broken");
    assert_string_equal(event.subject, "example.com: SPF changed as planned: -all");
    assert_non_null(strstr(event.known_by, "2 looks in "));
    assert_string_equal(event.mend, "keep one");
}

static void test_flapping_opens_and_steady_closes_the_same(void **state)
{
    struct vd_tell tell = set_up(0);
    char record[64];

    (void)state;
    vd_tell_flapping(&tell, false, VD_CODE_DMARC_FLOOR, &judgement.subjects[0], &event, words);
    assert_string_equal(event.code, "alert.flapping");
    assert_true(event.class_ != VD_CLASS_RESTORED);
    strcpy(record, event.record);
    vd_tell_flapping(&tell, true, VD_CODE_DMARC_FLOOR, &judgement.subjects[0], &event, words);
    assert_string_equal(event.code, "alert.steady");
    assert_int_equal(event.class_, VD_CLASS_RESTORED);
    assert_string_equal(event.restores, "alert.flapping");
    assert_string_equal(event.record, record);
}

static void test_subject_lines_stay_under_100_characters_for_any_domain(void **state)
{
    const struct vd_finding *list[2];
    const struct vd_alert *alerts[] = {&alert, &alert};

    (void)state;
    for (size_t len = 1; len <= 253; len += 4) {
        struct vd_tell tell = set_up(len);
        const struct vd_subject *subject = &judgement.subjects[0];
        list[0] = &judgement.findings[0];
        list[1] = &judgement.findings[1];
        vd_tell_first(&tell, list, alerts, 2, &event, words, VD_TELL_FIRST_MIN);
        assert_true(strlen(event.subject) < 100);
        vd_tell_still(&tell, true, &alert, list[0], subject, &event, words);
        assert_true(strlen(event.subject) < 100);
        vd_tell_still(&tell, true, &alert, NULL, subject, &event, words);
        assert_true(strlen(event.subject) < 100);
        vd_tell_accepted(&tell, &alert, "on the console", subject, &event, words);
        assert_true(strlen(event.subject) < 100);
        vd_tell_planned(&tell, &alert, list[0], subject, &event, words);
        assert_true(strlen(event.subject) < 100);
        vd_tell_flapping(&tell, false, alert.code, subject, &event, words);
        assert_true(strlen(event.subject) < 100);
        assert_int_equal(words[VD_TELL_FIRST_MIN], 0x7f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_contact_lists_the_worst_first_with_what_to_type),
        cmocka_unit_test(test_first_contact_of_many_stays_inside_its_buffer_and_cuts_no_mend),
        cmocka_unit_test(test_reminder_says_what_is_there_and_how_long),
        cmocka_unit_test(test_accepted_closes_an_open_alert_and_only_that),
        cmocka_unit_test(test_planned_is_a_notice_that_keeps_how_it_is_known),
        cmocka_unit_test(test_flapping_opens_and_steady_closes_the_same),
        cmocka_unit_test(test_subject_lines_stay_under_100_characters_for_any_domain),
    };
    return cmocka_run_group_tests_name("tell_people", tests, NULL, NULL);
}
