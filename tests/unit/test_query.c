/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/message.h"

static struct vd_message in;

/* A query as the resolver writes it to a server that it does not know. */
static struct vd_query query_of(struct vd_question *question, const char *name)
{
    question->type = VD_TYPE_TXT;
    assert_int_equal(vd_name_from_text(name, &question->name), VD_OK);
    return (struct vd_query){
        .question = question, .id = 0x1234, .edns_udp = 1232, .is_recursive = true};
}

static void test_query_is_what_rfc_1035_and_6891_draw(void **state)
{
    static const uint8_t expected[] = {
        0x12, 0x34, 0x01, 0x20, 0,    1,   0,   0,   0, 0,   0,   1, /* RD, AD, one question, OPT */
        7,    'e',  'x',  'a',  'm',  'p', 'l', 'e', 3, 'c', 'o', 'm', 0, 0, 16, 0, 1, /* TXT IN */
        0,    0,    41,   0x04, 0xd0, 0,   0,   0,   0, 0,   0, /* OPT, 1232, DO is not set */
    };
    struct vd_question question;
    uint8_t out[VD_QUERY_MAX];

    (void)state;
    struct vd_query query = query_of(&question, "example.com");
    assert_int_equal(vd_query_write(&query, out), sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
    query.edns_udp = 0;
    assert_int_equal(vd_query_write(&query, out), sizeof(expected) - 11);
    assert_int_equal(out[11], 0);
}

static void test_query_to_an_authority_has_no_rd_and_a_probe_has_cd(void **state)
{
    struct vd_question question;
    uint8_t out[VD_QUERY_MAX];

    (void)state;
    struct vd_query query = query_of(&question, "example.com");
    query.is_recursive = false;
    query.is_unchecked = true;
    size_t len = vd_query_write(&query, out);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], 0x30); /* AD, CD */
    assert_int_equal(vd_message_open(out, len, &in), VD_OK);
    assert_true(in.is_cd && in.is_ad && !in.is_rd && !in.is_response);
}

static void test_query_carries_its_cookie(void **state)
{
    static const uint8_t cookie[40] = "01234567abcdefghijklmnopqrstuvwxyzABCDE";
    static const size_t lens[] = {8, 16, 24, 40};
    struct vd_question question;
    uint8_t out[VD_QUERY_MAX];

    (void)state;
    struct vd_query query = query_of(&question, "example.com");
    query.cookie = cookie;
    for (size_t i = 0; i < 4; i++) {
        query.cookie_len = lens[i];
        size_t len = vd_query_write(&query, out);
        assert_int_equal(len, 29 + 11 + 4 + lens[i]);
        assert_int_equal(vd_message_open(out, len, &in), VD_OK);
        assert_int_equal(in.edns.cookie_len, lens[i]);
        assert_memory_equal(in.edns.cookie, cookie, lens[i]);
        assert_int_equal(in.edns.udp, 1232);
    }
}

static void test_query_over_tls_fills_whole_blocks_and_padding_is_last(void **state)
{
    static const uint8_t cookie[8] = "cookie";
    struct vd_question question;
    uint8_t out[VD_QUERY_MAX];
    char name[200] = "a";

    (void)state;
    for (size_t n = 1; n < 150; n++) {
        name[n - 1] = n % 20 == 0 ? '.' : 'a';
        name[n] = 'a';
        struct vd_query query = query_of(&question, name);
        query.is_padded = true;
        query.cookie = n % 2 == 0 ? cookie : NULL;
        query.cookie_len = sizeof(cookie);
        size_t len = vd_query_write(&query, out);
        assert_int_equal(len % VD_PADDING_BLOCK, 0);
        assert_int_equal(vd_message_open(out, len, &in), VD_OK);
        assert_int_equal(in.edns.cookie != NULL, n % 2 == 0);
        size_t at = 12 + question.name.len + 4u + 11u + (n % 2 == 0 ? 12u : 0u);
        assert_int_equal(out[at] << 8 | out[at + 1], VD_OPTION_PADDING);
        assert_int_equal(out[at + 2] << 8 | out[at + 3], len - at - 4);
        while (at + 4 < len) {
            assert_int_equal(out[--len], 0);
        }
    }
}

static void test_query_without_opt_has_nowhere_to_put_padding(void **state)
{
    struct vd_question question;
    uint8_t out[VD_QUERY_MAX];

    (void)state;
    struct vd_query query = query_of(&question, "example.com");
    query.is_padded = true;
    query.edns_udp = 0;
    assert_int_equal(vd_query_write(&query, out), 29);
}

static void test_query_of_the_longest_name_fits(void **state)
{
    static const uint8_t cookie[40];
    struct vd_question question = {.type = VD_TYPE_TXT};
    struct vd_query query = {.question = &question,
                             .edns_udp = 1232,
                             .is_padded = true,
                             .cookie = cookie,
                             .cookie_len = sizeof(cookie)};
    uint8_t out[VD_QUERY_MAX];

    (void)state;
    question.name.len = VD_NAME_WIRE_MAX;
    memset(question.name.wire, 0, sizeof(question.name.wire));
    assert_int_equal(vd_query_write(&query, out), 384);
    query.is_padded = false;
    assert_int_equal(vd_query_write(&query, out), 12 + 255 + 4 + 11 + 4 + 40);
}

static void test_case_is_drawn_for_letters_only(void **state)
{
    static const uint8_t ones[33] = {0xff, 0xff, 0xff, 0xff};
    static const uint8_t zeros[33] = {0};
    static const uint8_t mixed[33] = {0x02, 0x01};
    struct vd_name name, was;

    (void)state;
    assert_int_equal(vd_name_from_text("_az@[`{Z9.AZ-z", &name), VD_OK);
    was = name;
    vd_name_draw_case(&name, zeros);
    assert_memory_equal(name.wire,
                        "\x09_AZ@[`{Z9\x04"
                        "AZ-Z",
                        name.len);
    vd_name_draw_case(&name, ones);
    assert_memory_equal(name.wire,
                        "\x09_az@[`{z9\x04"
                        "az-z",
                        name.len);
    assert_true(vd_name_is_equal(&name, &was));
    assert_int_equal(vd_name_from_text("aaaaaaaaaa", &name), VD_OK);
    vd_name_draw_case(&name, mixed); /* octets 1 and 8 */
    assert_memory_equal(name.wire,
                        "\x0a"
                        "aAAAAAAaAA",
                        name.len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_is_what_rfc_1035_and_6891_draw),
        cmocka_unit_test(test_query_to_an_authority_has_no_rd_and_a_probe_has_cd),
        cmocka_unit_test(test_query_carries_its_cookie),
        cmocka_unit_test(test_query_over_tls_fills_whole_blocks_and_padding_is_last),
        cmocka_unit_test(test_query_without_opt_has_nowhere_to_put_padding),
        cmocka_unit_test(test_query_of_the_longest_name_fits),
        cmocka_unit_test(test_case_is_drawn_for_letters_only),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
