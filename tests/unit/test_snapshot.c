/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/message.h"
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
    assert_false(answer->is_done);
    assert_int_equal(answer->rcode, VD_RCODE_NONE);
    assert_int_equal(answer->ede, VD_EDE_NONE);
    assert_int_equal(answer->ede_text, 0);
    assert_int_equal(answer->limit, VD_LIMIT_NONE);
    assert_false(answer->has_soa || answer->is_aa || answer->is_ad);
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

static void test_a_kept_text_is_printable_and_found_again(void **state)
{
    (void)state;
    (void)ask("a.example", VD_TYPE_TXT);
    uint16_t offset = vd_snapshot_keep_text(&snapshot, "no\nDNSKEY \x1b[31m\xc3\xa9 ~\x7f");
    assert_int_not_equal(offset, 0);
    assert_string_equal((const char *)snapshot.bytes + offset, "no?DNSKEY ?[31m?? ~?");
    assert_string_equal(vd_snapshot_name(&snapshot, &snapshot.answers[0]), "a.example");
    uint16_t len = snapshot.bytes_len;
    assert_int_equal(vd_snapshot_keep_text(&snapshot, ""), 0);
    assert_int_equal(snapshot.bytes_len, len);
}

static void test_a_text_without_room_is_not_kept(void **state)
{
    (void)state;
    (void)ask("a.example", VD_TYPE_TXT);
    snapshot.bytes_len = VD_SURVEY_BYTES_MAX - 4;
    assert_int_equal(vd_snapshot_keep_text(&snapshot, "four"), 0);
    assert_int_equal(snapshot.bytes_len, VD_SURVEY_BYTES_MAX - 4);
    assert_int_equal(vd_snapshot_keep_text(&snapshot, "tri"), VD_SURVEY_BYTES_MAX - 4);
}

static void test_names_end_in_a_nul_whatever_the_type(void **state)
{
    static const uint16_t types[] = {VD_TYPE_CNAME, VD_TYPE_NS, VD_TYPE_MX, VD_TYPE_PTR,
                                     VD_TYPE_SOA};

    (void)state;
    size_t index = ask("a.example", VD_TYPE_TXT);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        add(index, types[i], "b.example");
        add(index, VD_TYPE_TXT, "x");
        const struct vd_record *record =
            vd_snapshot_record(&snapshot, &snapshot.answers[index], types[i], 0);
        assert_string_equal(vd_snapshot_target(&snapshot, record), "b.example");
    }
}

static void test_every_detail_type_and_limit_has_its_own_words(void **state)
{
    static const uint16_t types[] = {VD_TYPE_A,   VD_TYPE_NS, VD_TYPE_CNAME, VD_TYPE_SOA,
                                     VD_TYPE_PTR, VD_TYPE_MX, VD_TYPE_TXT,   VD_TYPE_AAAA,
                                     VD_TYPE_OPT, VD_TYPE_DS};

    (void)state;
    for (int detail = VD_DETAIL_NODATA; detail <= VD_DETAIL_LIMIT + VD_LIMIT_CHAIN; detail++) {
        assert_true(strlen(vd_detail_str((enum vd_detail)detail)) > 0);
        for (int other = VD_DETAIL_NONE; other < detail; other++) {
            assert_string_not_equal(vd_detail_str((enum vd_detail)detail),
                                    vd_detail_str((enum vd_detail)other));
        }
    }
    assert_string_equal(vd_detail_str(VD_DETAIL_NONE), "");
    assert_string_equal(vd_detail_str((enum vd_detail)(VD_DETAIL_LIMIT + VD_LIMIT_CHAIN + 1)), "");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        assert_string_not_equal(vd_rrtype_str(types[i]), "?");
    }
    assert_string_equal(vd_rrtype_str(VD_TYPE_PTR), "PTR");
    assert_string_equal(vd_rrtype_str(VD_TYPE_DS), "DS");
    assert_string_equal(vd_rrtype_str(999), "?");
    for (uint8_t limit = VD_LIMIT_TXT; limit <= VD_LIMIT_CHAIN; limit++) {
        assert_memory_equal(vd_limit_str(limit), "VD_", 3);
    }
    assert_string_equal(vd_limit_str(VD_LIMIT_TCP_MESSAGE), "VD_TCP_MESSAGE_MAX");
    assert_string_equal(vd_limit_str(VD_LIMIT_NONE), "");
    assert_string_equal(vd_limit_str(250), "");
    const struct vd_answer over = {.detail = VD_DETAIL_LIMIT, .limit = VD_LIMIT_TXT};
    const struct vd_answer chain = {.detail = VD_DETAIL_CHAIN, .limit = VD_LIMIT_CHAIN};
    const struct vd_answer late = {.detail = VD_DETAIL_TIMEOUT};
    assert_string_equal(vd_detail_str((enum vd_detail)vd_answer_detail(&over)),
                        "over VD_TXT_LEN_MAX");
    assert_string_equal(vd_detail_str((enum vd_detail)vd_answer_detail(&chain)),
                        "over VD_CHAIN_MAX");
    assert_string_equal(vd_detail_str((enum vd_detail)vd_answer_detail(&late)), "timeout");
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
        TEST(test_a_kept_text_is_printable_and_found_again),
        TEST(test_a_text_without_room_is_not_kept),
        TEST(test_names_end_in_a_nul_whatever_the_type),
        TEST(test_every_detail_type_and_limit_has_its_own_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
