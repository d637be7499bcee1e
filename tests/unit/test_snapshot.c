/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/snapshot.h"

static struct vd_snapshot snapshot;

static int set_up(void **state)
{
    (void)state;
    memset(&snapshot, 0xa5, sizeof snapshot);
    vd_snapshot_clear(&snapshot);
    return 0;
}

static size_t ask(const char *name, uint16_t type)
{
    size_t index = SIZE_MAX;

    assert_int_equal(vd_snapshot_ask(&snapshot, name, type, &index), VD_OK);
    return index;
}

static void add(size_t answer, uint16_t type, const char *text)
{
    assert_int_equal(
        vd_snapshot_add(&snapshot, answer, type, 0, (const uint8_t *)text, strlen(text)), VD_OK);
}

static void test_a_question_is_unknown_until_it_is_settled(void **state)
{
    (void)state;
    size_t index = ask("Example.COM", VD_TYPE_TXT);
    const struct vd_answer *answer = vd_snapshot_find(&snapshot, "eXample.com", VD_TYPE_TXT);
    assert_ptr_equal(answer, &snapshot.answers[index]);
    assert_int_equal(answer->presence, VD_UNKNOWN);
    assert_int_equal(answer->detail, VD_DETAIL_NOT_ASKED);
    assert_int_equal(answer->next, VD_ANSWER_NONE);
    assert_int_equal(answer->is_done, 0);
    assert_string_equal(vd_snapshot_name(&snapshot, answer), "example.com");
}

static void test_a_question_is_found_by_name_and_type(void **state)
{
    size_t index;

    (void)state;
    ask("example.com", VD_TYPE_TXT);
    ask("example.com", VD_TYPE_MX);
    assert_int_equal(vd_snapshot_ask(&snapshot, "EXAMPLE.com", VD_TYPE_MX, &index), VD_OTHER);
    assert_int_equal(index, 1);
    assert_null(vd_snapshot_find(&snapshot, "example.com", VD_TYPE_A));
    assert_null(vd_snapshot_find(&snapshot, "example.co", VD_TYPE_TXT));
    assert_null(vd_snapshot_find(&snapshot, "example.comm", VD_TYPE_TXT));
    assert_null(vd_snapshot_find(&snapshot, "", VD_TYPE_TXT));
}

static void test_records_are_walked_along_the_alias_chain(void **state)
{
    (void)state;
    size_t first = ask("a.example", VD_TYPE_TXT);
    size_t second = ask("c.example", VD_TYPE_TXT);
    add(first, VD_TYPE_CNAME, "b.example");
    add(first, VD_TYPE_CNAME, "c.example");
    snapshot.answers[first].next = (uint8_t)second;
    add(second, VD_TYPE_CNAME, "d.example");
    add(second, VD_TYPE_TXT, "one");
    add(second, VD_TYPE_TXT, "two");
    const struct vd_answer *answer = &snapshot.answers[first];
    const struct vd_record *record = vd_snapshot_record(&snapshot, answer, VD_TYPE_CNAME, 2);
    assert_non_null(record);
    assert_string_equal(vd_snapshot_target(&snapshot, record), "d.example");
    assert_null(vd_snapshot_record(&snapshot, answer, VD_TYPE_CNAME, 3));
    record = vd_snapshot_record(&snapshot, answer, VD_TYPE_TXT, 1);
    assert_non_null(record);
    struct vd_span span = vd_snapshot_span(&snapshot, record);
    assert_int_equal(span.len, 3);
    assert_memory_equal(span.bytes, "two", 3);
    assert_null(vd_snapshot_record(&snapshot, answer, VD_TYPE_TXT, 2));
    assert_null(vd_snapshot_record(&snapshot, answer, VD_TYPE_MX, 0));
}

static void test_a_chain_in_a_circle_ends(void **state)
{
    (void)state;
    size_t first = ask("a.example", VD_TYPE_TXT);
    size_t second = ask("b.example", VD_TYPE_TXT);
    add(first, VD_TYPE_CNAME, "b.example");
    add(second, VD_TYPE_CNAME, "a.example");
    snapshot.answers[first].next = (uint8_t)second;
    snapshot.answers[second].next = (uint8_t)first;
    assert_null(vd_snapshot_record(&snapshot, &snapshot.answers[first], VD_TYPE_TXT, 0));
    snapshot.answers[first].next = 200; /* names no answer */
    assert_null(vd_snapshot_record(&snapshot, &snapshot.answers[first], VD_TYPE_TXT, 0));
}

static void test_texts_may_be_empty_and_hold_any_octet(void **state)
{
    static const uint8_t octets[] = {'a', 0, 0xff, '"'};

    (void)state;
    size_t index = ask("a.example", VD_TYPE_TXT);
    assert_int_equal(vd_snapshot_add(&snapshot, index, VD_TYPE_TXT, 0, NULL, 0), VD_OK);
    assert_int_equal(vd_snapshot_add(&snapshot, index, VD_TYPE_TXT, 0, octets, sizeof octets),
                     VD_OK);
    const struct vd_answer *answer = &snapshot.answers[index];
    const struct vd_record *record = vd_snapshot_record(&snapshot, answer, VD_TYPE_TXT, 0);
    assert_int_equal(vd_snapshot_span(&snapshot, record).len, 0);
    record = vd_snapshot_record(&snapshot, answer, VD_TYPE_TXT, 1);
    assert_int_equal(vd_snapshot_span(&snapshot, record).len, sizeof octets);
    assert_memory_equal(vd_snapshot_span(&snapshot, record).bytes, octets, sizeof octets);
}

static void test_records_of_one_answer_are_added_in_one_go(void **state)
{
    (void)state;
    size_t first = ask("a.example", VD_TYPE_TXT);
    size_t second = ask("b.example", VD_TYPE_TXT);
    add(first, VD_TYPE_TXT, "one");
    add(second, VD_TYPE_TXT, "two");
    assert_int_equal(vd_snapshot_add(&snapshot, first, VD_TYPE_TXT, 0, NULL, 0), VD_EINVAL);
    assert_int_equal(vd_snapshot_add(&snapshot, 99, VD_TYPE_TXT, 0, NULL, 0), VD_EINVAL);
}

static void test_questions_have_a_bound(void **state)
{
    char name[30];
    size_t index;

    (void)state;
    for (unsigned i = 0; i < VD_SURVEY_QUESTIONS_MAX; i++) {
        snprintf(name, sizeof name, "n%u.example", i);
        ask(name, VD_TYPE_TXT);
    }
    assert_int_equal(vd_snapshot_ask(&snapshot, "x.example", VD_TYPE_TXT, &index), VD_EFULL);
    assert_int_equal(vd_snapshot_ask(&snapshot, "n0.example", VD_TYPE_TXT, &index), VD_OTHER);
}

static void test_records_have_a_bound(void **state)
{
    (void)state;
    size_t index = ask("a.example", VD_TYPE_TXT);
    for (unsigned i = 0; i < VD_SURVEY_RECORDS_MAX; i++) {
        add(index, VD_TYPE_TXT, "");
    }
    assert_int_equal(vd_snapshot_add(&snapshot, index, VD_TYPE_TXT, 0, NULL, 0), VD_EFULL);
    assert_int_equal(snapshot.answers[index].count, VD_SURVEY_RECORDS_MAX);
}

static void test_bytes_have_a_bound_and_it_can_be_reached(void **state)
{
    static const uint8_t bytes[VD_SURVEY_BYTES_MAX];
    size_t index;

    (void)state;
    index = ask("a.example", VD_TYPE_TXT);
    size_t room = VD_SURVEY_BYTES_MAX - snapshot.bytes_len;
    assert_int_equal(vd_snapshot_add(&snapshot, index, VD_TYPE_TXT, 0, bytes, room + 1), VD_EFULL);
    assert_int_equal(vd_snapshot_add(&snapshot, index, VD_TYPE_CNAME, 0, bytes, room), VD_EFULL);
    assert_int_equal(snapshot.records_count, 0);
    assert_int_equal(vd_snapshot_add(&snapshot, index, VD_TYPE_TXT, 0, bytes, room), VD_OK);
    assert_int_equal(vd_snapshot_ask(&snapshot, "", VD_TYPE_TXT, &index), VD_EFULL);
}

static void test_clearing_forgets(void **state)
{
    (void)state;
    add(ask("a.example", VD_TYPE_TXT), VD_TYPE_TXT, "x");
    vd_snapshot_clear(&snapshot);
    assert_null(vd_snapshot_find(&snapshot, "a.example", VD_TYPE_TXT));
    assert_int_equal(snapshot.bytes_len, 0);
}

static void test_every_detail_and_type_has_words(void **state)
{
    (void)state;
    for (int detail = VD_DETAIL_NODATA; detail <= VD_DETAIL_NETWORK; detail++) {
        assert_true(strlen(vd_detail_str((enum vd_detail)detail)) > 0);
    }
    assert_string_equal(vd_detail_str(VD_DETAIL_NONE), "");
    assert_string_equal(vd_detail_str((enum vd_detail)250), "");
    assert_string_equal(vd_rrtype_str(VD_TYPE_TXT), "TXT");
    assert_string_equal(vd_rrtype_str(999), "?");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_question_is_unknown_until_it_is_settled),
        TEST(test_a_question_is_found_by_name_and_type),
        TEST(test_records_are_walked_along_the_alias_chain),
        TEST(test_a_chain_in_a_circle_ends),
        TEST(test_texts_may_be_empty_and_hold_any_octet),
        TEST(test_records_of_one_answer_are_added_in_one_go),
        TEST(test_questions_have_a_bound),
        TEST(test_records_have_a_bound),
        TEST(test_bytes_have_a_bound_and_it_can_be_reached),
        TEST(test_clearing_forgets),
        TEST(test_every_detail_and_type_has_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
