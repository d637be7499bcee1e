/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/tell.h"

static struct vd_judgement judgement;
static struct vd_endpoint servers[2];
static struct vd_event event;
static char words[VD_TELL_WORDS_MAX];
static char domain[VD_DOMAIN_TEXT_MAX];

/* Put words into the judgement; returns their offset. */
static uint16_t put(const char *text)
{
    uint16_t at = judgement.words_len;

    strcpy(judgement.words + at, text);
    judgement.words_len = (uint16_t)(at + strlen(text) + 1);
    return at;
}

/* A domain of len characters, and as many selectors as there may be, all unknown. */
static struct vd_tell a_tell(size_t len)
{
    memset(&judgement, 0, sizeof(judgement));
    judgement.words_len = 1;
    memset(domain, 'a', len);
    for (size_t i = 60; i < len; i += 61) {
        domain[i] = '.';
    }
    domain[len] = '\0';
    judgement.subjects_count = VD_SUBJECTS_MAX;
    for (uint8_t i = 0; i < VD_SUBJECTS_MAX; i++) {
        char name[320] = "selector._domainkey.";
        strcat(name, domain);
        judgement.subjects[i] = (struct vd_subject){.kind = VD_SUBJECT_DKIM,
                                                    .index = i,
                                                    .detail = VD_DETAIL_TIMEOUT,
                                                    .record = put(name),
                                                    .summary = put("RSA 2048 via CNAME of a host")};
    }
    return (struct vd_tell){.domain = domain,
                            .judgement = &judgement,
                            .servers = servers,
                            .servers_count = 2,
                            .now_ms = 5000};
}

static void test_restored_names_the_selector(void **state)
{
    struct vd_tell tell = a_tell(11);
    const struct vd_alert alert = {
        .code = VD_CODE_DKIM_MISSING, .rtype = VD_TYPE_CNAME, .clean = 2};

    (void)state;
    vd_tell_turn(&tell, VD_CONFIRM_CLOSED, &alert, NULL, &judgement.subjects[0], &event, words);
    assert_string_equal(event.subject,
                        "aaaaaaaaaaa: DKIM selector restored: RSA 2048 via CNAME of a host");
    assert_string_equal(event.rtype, "CNAME");
    assert_string_equal(event.restores, "dkim.key.missing");
}

static void test_subject_stays_under_100_characters_for_any_domain(void **state)
{
    const struct vd_alert alert = {.code = VD_CODE_DKIM_MISSING, .rtype = VD_TYPE_TXT};

    (void)state;
    for (size_t len = 1; len < 247; len++) {
        for (unsigned bad = 0; bad < 2; bad++) {
            struct vd_tell tell = a_tell(len);
            tell.is_still_bad = bad != 0;
            vd_tell_turn(&tell, VD_CONFIRM_CLOSED, &alert, NULL, &judgement.subjects[0], &event,
                         words);
            assert_true(strlen(event.subject) < 100);
            assert_non_null(strstr(event.subject, "DKIM selector"));
        }
    }
}

/* The list of what is unknown may fill the buffer to its last byte and beyond. */
static void test_blind_words_stay_inside_their_buffer_for_any_domain(void **state)
{
    (void)state;
    for (size_t len = 1; len < 247; len++) {
        struct vd_tell tell = a_tell(len);
        judgement.is_cut = len % 2 == 0;
        vd_tell_blind(&tell, false, 3, &event, words);
        assert_true(strlen(event.subject) < 100);
        assert_string_equal(event.known_by, "3 rounds in a row");
        assert_true(event.new_text + strlen(event.new_text) < words + sizeof(words));
        assert_int_equal(strncmp(event.new_text, "unknown: DKIM selector", 22), 0);
        vd_tell_blind(&tell, true, 3, &event, words);
        assert_string_equal(event.restores, "watch.blind");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restored_names_the_selector),
        cmocka_unit_test(test_subject_stays_under_100_characters_for_any_domain),
        cmocka_unit_test(test_blind_words_stay_inside_their_buffer_for_any_domain),
    };
    return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
