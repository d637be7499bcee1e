/*
 * report/journal: numbered events in bounded memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct vd_journal journal;

static char big[VD_JOURNAL_BYTES_MAX * 2];

static int setup(void **state)
{
    (void)state;
    memset(&journal, 0xa5, sizeof journal);
    vd_journal_init(&journal);
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    return 0;
}

static struct vd_event event_of(enum vd_severity severity)
{
    struct vd_event event;

    memset(&event, 0, sizeof event);
    strcpy(event.id, "0123456789abcdef0123456789abcdef");
    event.time_s = 1795327200;
    event.class_ = VD_CLASS_CRITICAL;
    event.severity = severity;
    event.axis = VD_AXIS_SPOOF | VD_AXIS_DELIVERY;
    event.code = "dmarc.policy.weakened";
    event.restores = "";
    event.domain = "example.com";
    event.record = "_dmarc.example.com";
    event.rtype = "TXT";
    event.subject = "DMARC policy of example.com weakened";
    event.old_text = "v=DMARC1; p=reject";
    event.new_text = "v=DMARC1; p=none";
    event.why = "Others can send as you.";
    event.mend = "Put p=reject back.";
    event.known_by = "two servers";
    event.path = "";
    return event;
}

static uint32_t append(enum vd_severity severity)
{
    struct vd_event event = event_of(severity);
    uint32_t seq;

    assert_int_equal(vd_journal_append(&journal, &event, &seq), VD_OK);
    return seq;
}

static void test_event_comes_back_as_it_was(void **state)
{
    struct vd_event in = event_of(VD_SEVERITY_CRITICAL), out;
    char old[] = "old text";
    uint32_t seq;

    (void)state;
    in.old_text = old;
    in.path = "a > b";
    in.restores = "r";
    assert_int_equal(vd_journal_append(&journal, &in, &seq), VD_OK);
    assert_int_equal(seq, 1);
    memset(old, '#', sizeof old - 1); /* the journal has its own copy */

    assert_int_equal(vd_journal_read(&journal, 1, &out), VD_OK);
    assert_int_equal(out.seq, 1);
    assert_string_equal(out.id, in.id);
    assert_int_equal(out.time_s, in.time_s);
    assert_int_equal(out.class_, in.class_);
    assert_int_equal(out.severity, in.severity);
    assert_int_equal(out.axis, in.axis);
    assert_string_equal(out.code, in.code);
    assert_string_equal(out.restores, "r");
    assert_string_equal(out.domain, in.domain);
    assert_string_equal(out.record, in.record);
    assert_string_equal(out.rtype, in.rtype);
    assert_string_equal(out.subject, in.subject);
    assert_string_equal(out.old_text, "old text");
    assert_string_equal(out.new_text, in.new_text);
    assert_string_equal(out.why, in.why);
    assert_string_equal(out.mend, in.mend);
    assert_string_equal(out.known_by, in.known_by);
    assert_string_equal(out.path, "a > b");
}

static void test_empty_journal_has_no_next(void **state)
{
    struct vd_event out;
    uint32_t seq;

    (void)state;
    assert_int_equal(vd_journal_next(&journal, 0, &seq), VD_AGAIN);
    assert_int_equal(vd_journal_read(&journal, 1, &out), VD_ENOTFOUND);
    assert_int_equal(vd_journal_dropped(&journal), 0);
}

static void test_cursor_walks_in_order(void **state)
{
    uint32_t seq = 0;
    uint32_t i;

    (void)state;
    for (i = 1; i <= 3; i++) {
        assert_int_equal(append(VD_SEVERITY_WARNING), i);
    }
    for (i = 1; i <= 3; i++) {
        assert_int_equal(vd_journal_next(&journal, seq, &seq), VD_OK);
        assert_int_equal(seq, i);
    }
    assert_int_equal(vd_journal_next(&journal, seq, &seq), VD_AGAIN);
}

static void test_missing_strings_count_as_empty(void **state)
{
    struct vd_event in, out;
    uint32_t seq;

    (void)state;
    memset(&in, 0, sizeof in);
    assert_int_equal(vd_journal_append(&journal, &in, &seq), VD_OK);
    assert_int_equal(vd_journal_read(&journal, seq, &out), VD_OK);
    assert_string_equal(out.code, "");
    assert_string_equal(out.path, "");
}

static void test_delivered_events_make_room_without_loss(void **state)
{
    uint32_t i, seq;

    (void)state;
    for (i = 1; i <= 1000; i++) {
        assert_int_equal(append(VD_SEVERITY_CRITICAL), i);
        vd_journal_forget(&journal, i);
    }
    assert_int_equal(vd_journal_dropped(&journal), 0);
    assert_int_equal(vd_journal_next(&journal, 999, &seq), VD_OK);
    assert_int_equal(seq, 1000);
}

/* Events of each severity, oldest first; how many fit. */
static uint32_t fill(enum vd_severity severity)
{
    uint32_t last = 0;

    while (vd_journal_dropped(&journal) == 0) {
        last = append(severity);
    }
    return last;
}

static void test_full_journal_drops_the_oldest(void **state)
{
    uint32_t last = fill(VD_SEVERITY_WARNING), seq;

    (void)state;
    assert_true(last > 10);
    assert_int_equal(vd_journal_dropped(&journal), 1);
    assert_int_equal(vd_journal_next(&journal, 0, &seq), VD_OK);
    assert_int_equal(seq, 2);
}

static void test_full_journal_drops_the_least_severe_first(void **state)
{
    struct vd_event out;
    uint32_t seq;

    (void)state;
    append(VD_SEVERITY_ERROR);    /* 1 */
    append(VD_SEVERITY_INFO);     /* 2 */
    append(VD_SEVERITY_NOTICE);   /* 3 */
    append(VD_SEVERITY_INFO);     /* 4 */
    append(VD_SEVERITY_CRITICAL); /* 5 */
    fill(VD_SEVERITY_WARNING);
    assert_int_equal(vd_journal_read(&journal, 2, &out), VD_ENOTFOUND);
    append(VD_SEVERITY_WARNING);
    assert_int_equal(vd_journal_read(&journal, 4, &out), VD_ENOTFOUND);
    append(VD_SEVERITY_WARNING);
    assert_int_equal(vd_journal_read(&journal, 3, &out), VD_ENOTFOUND);
    append(VD_SEVERITY_WARNING);
    assert_int_equal(vd_journal_read(&journal, 1, &out), VD_OK);
    assert_int_equal(vd_journal_read(&journal, 5, &out), VD_OK);
    assert_int_equal(vd_journal_dropped(&journal), 4);
    assert_int_equal(vd_journal_next(&journal, 1, &seq), VD_OK);
    assert_int_equal(seq, 5);
}

static void test_delivered_critical_goes_before_undelivered_info(void **state)
{
    struct vd_event out;

    (void)state;
    append(VD_SEVERITY_CRITICAL);
    append(VD_SEVERITY_INFO);
    vd_journal_forget(&journal, 1);
    while (vd_journal_read(&journal, 1, &out) == VD_OK) {
        append(VD_SEVERITY_WARNING);
    }
    assert_int_equal(vd_journal_read(&journal, 2, &out), VD_OK);
    assert_int_equal(vd_journal_dropped(&journal), 0);
}

static void test_info_does_not_push_out_what_is_worse(void **state)
{
    struct vd_event event = event_of(VD_SEVERITY_INFO), out;
    uint32_t last = fill(VD_SEVERITY_CRITICAL), seq;

    (void)state;
    assert_int_equal(vd_journal_append(&journal, &event, &seq), VD_EFULL);
    assert_int_equal(seq, last + 1);
    assert_int_equal(vd_journal_dropped(&journal), 2);
    assert_int_equal(vd_journal_read(&journal, 2, &out), VD_OK);
    assert_int_equal(append(VD_SEVERITY_CRITICAL), last + 2); /* the number is not used again */
}

static void test_too_large_event_is_cut_and_says_so(void **state)
{
    struct vd_event in = event_of(VD_SEVERITY_ERROR), out;
    uint32_t seq;

    (void)state;
    in.old_text = big;
    assert_int_equal(vd_journal_append(&journal, &in, &seq), VD_OK);
    assert_int_equal(vd_journal_read(&journal, seq, &out), VD_OK);
    assert_true(strlen(out.old_text) > 2000);
    assert_non_null(strstr(out.old_text, "xx [cut: 16383 bytes in all, fingerprint "));
    assert_string_equal(out.new_text, in.new_text);
    assert_string_equal(out.mend, in.mend);
    assert_string_equal(out.why, in.why);
    assert_true(journal.len <= VD_JOURNAL_EVENT_BYTES_MAX);
}

static void test_cut_event_keeps_short_texts_whole(void **state)
{
    struct vd_event in = event_of(VD_SEVERITY_ERROR), out;
    uint32_t seq;

    (void)state;
    in.old_text = in.new_text = in.mend = big;
    assert_int_equal(vd_journal_append(&journal, &in, &seq), VD_OK);
    assert_int_equal(vd_journal_read(&journal, seq, &out), VD_OK);
    assert_int_equal(strlen(out.old_text), strlen(out.new_text));
    assert_string_equal(out.subject, in.subject);
    assert_true(journal.len > VD_JOURNAL_EVENT_BYTES_MAX - 8);
}

static void test_sentences_give_way_when_that_is_not_enough(void **state)
{
    struct vd_event in = event_of(VD_SEVERITY_ERROR), out;
    uint32_t seq;

    (void)state;
    in.old_text = in.new_text = in.mend = in.why = in.path = big;
    assert_int_equal(vd_journal_append(&journal, &in, &seq), VD_OK);
    assert_int_equal(vd_journal_read(&journal, seq, &out), VD_OK);
    assert_non_null(strstr(out.why, "[cut: "));
    assert_string_equal(out.domain, "example.com");
}

static void test_cut_is_between_characters(void **state)
{
    struct vd_event in = event_of(VD_SEVERITY_ERROR), out;
    uint32_t seq;
    size_t shift, i;

    (void)state;
    for (i = 0; i + 3 < sizeof big; i += 3) {
        memcpy(big + i, "\xe2\x82\xac", 3);
    }
    big[i] = '\0';
    for (shift = 0; shift < 3; shift++) {
        in.why = &"ab"[shift]; /* one byte less each time */
        in.old_text = big;
        assert_int_equal(vd_journal_append(&journal, &in, &seq), VD_OK);
        assert_int_equal(vd_journal_read(&journal, seq, &out), VD_OK);
        i = (size_t)(strstr(out.old_text, " [cut") - out.old_text);
        assert_int_equal(i % 3, 0);
    }
}

static void test_event_whose_names_are_too_long_is_refused_and_counted(void **state)
{
    struct vd_event in = event_of(VD_SEVERITY_ERROR);
    uint32_t seq;

    (void)state;
    in.record = big;
    assert_int_equal(vd_journal_append(&journal, &in, &seq), VD_EINVAL);
    assert_int_equal(vd_journal_dropped(&journal), 1);
    assert_int_equal(append(VD_SEVERITY_ERROR), 2);
}

/* Random sizes and severities: order, bounds and content hold, and the count is exact. */
static void test_random_use_keeps_order_and_count(void **state)
{
    uint32_t appended = 0, kept = 0, seq = 0, last = 0, i;
    struct vd_event out;

    (void)state;
    srand(1);
    for (i = 0; i < 3000; i++) {
        struct vd_event in = event_of((enum vd_severity)(2 + rand() % 5));

        in.old_text = big + sizeof big - 1 - (size_t)rand() % 900;
        in.mend = big + sizeof big - 1 - (size_t)rand() % 900;
        (void)vd_journal_append(&journal, &in, &seq);
        assert_int_equal(seq, ++appended);
        if (rand() % 10 == 0) {
            vd_journal_forget(&journal, seq - (uint32_t)(rand() % 2));
        }
        assert_true(journal.len <= VD_JOURNAL_BYTES_MAX);
    }
    seq = 0;
    while (vd_journal_next(&journal, seq, &seq) == VD_OK) {
        assert_true(seq > last);
        assert_int_equal(vd_journal_read(&journal, seq, &out), VD_OK);
        assert_string_equal(out.record, "_dmarc.example.com");
        assert_string_equal(out.path, "");
        last = seq;
        kept++;
    }
    assert_true(kept > 0 && kept + vd_journal_dropped(&journal) <= appended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_event_comes_back_as_it_was, setup),
        cmocka_unit_test_setup(test_empty_journal_has_no_next, setup),
        cmocka_unit_test_setup(test_cursor_walks_in_order, setup),
        cmocka_unit_test_setup(test_missing_strings_count_as_empty, setup),
        cmocka_unit_test_setup(test_delivered_events_make_room_without_loss, setup),
        cmocka_unit_test_setup(test_full_journal_drops_the_oldest, setup),
        cmocka_unit_test_setup(test_full_journal_drops_the_least_severe_first, setup),
        cmocka_unit_test_setup(test_delivered_critical_goes_before_undelivered_info, setup),
        cmocka_unit_test_setup(test_info_does_not_push_out_what_is_worse, setup),
        cmocka_unit_test_setup(test_too_large_event_is_cut_and_says_so, setup),
        cmocka_unit_test_setup(test_cut_event_keeps_short_texts_whole, setup),
        cmocka_unit_test_setup(test_sentences_give_way_when_that_is_not_enough, setup),
        cmocka_unit_test_setup(test_cut_is_between_characters, setup),
        cmocka_unit_test_setup(test_event_whose_names_are_too_long_is_refused_and_counted, setup),
        cmocka_unit_test_setup(test_random_use_keeps_order_and_count, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
