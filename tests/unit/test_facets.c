/* Facets: which fields, and how they move into a baseline.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/judge/facets.h"
#include "firmware/judge/facts_write.h"

static struct vd_facts was, now;
static struct vd_watch watch;

static int set_up(void **state)
{
    (void)state;
    memset(&was, 0, sizeof was);
    memset(&now, 0, sizeof now);
    memset(&watch, 0, sizeof watch);
    strcpy(watch.selectors[0], "s1");
    strcpy(watch.selectors[1], "mail.2026");
    watch.selectors_count = 2;
    return 0;
}

static void put_text(struct vd_facts *facts, struct vd_text_ref *ref, const char *text)
{
    vd_facts_write_span(facts, ref, (struct vd_span){(const uint8_t *)text, strlen(text)});
}

/* Every octet that is compared belongs to exactly one facet: a change of it is seen there only. */
static void assert_one_facet_sees(uint8_t kind, uint8_t index, size_t offset)
{
    uint8_t *octet = (uint8_t *)&now + offset;
    unsigned seen = 0;
    uint32_t before[VD_FACETS_OF_KIND_MAX];

    for (unsigned n = 0; n < VD_FACETS_OF_KIND_MAX; n++) {
        before[n] = vd_facet_content(&now, (uint8_t)VD_FACET(kind, n), kind, index);
    }
    *octet ^= 0x55;
    for (unsigned n = 0; n < VD_FACETS_OF_KIND_MAX; n++) {
        seen += before[n] != vd_facet_content(&now, (uint8_t)VD_FACET(kind, n), kind, index);
    }
    *octet ^= 0x55;
    if (seen != 1) {
        fail_msg("octet %u of kind %u is in %u facets", (unsigned)offset, kind, seen);
    }
}

static void test_each_field_that_is_compared_is_in_one_facet(void **state)
{
    static const struct {
        uint8_t kind, index;
        size_t begin, end;
    } sets[] = {
        {VD_SUBJECT_SPF, 0, offsetof(struct vd_facts, spf), offsetof(struct vd_facts, spf.detail)},
        {VD_SUBJECT_DMARC, 0, offsetof(struct vd_facts, dmarc),
         offsetof(struct vd_facts, dmarc.detail)},
        {VD_SUBJECT_DKIM, 1, offsetof(struct vd_facts, dkim[1]),
         offsetof(struct vd_facts, dkim[1].detail)},
        {VD_SUBJECT_MX, 0, offsetof(struct vd_facts, mx), offsetof(struct vd_facts, mx.detail)},
        {VD_SUBJECT_MAIL_FROM, 0, offsetof(struct vd_facts, mail_from),
         offsetof(struct vd_facts, mail_from.detail)},
        {VD_SUBJECT_MTA_STS, 0, offsetof(struct vd_facts, mta_sts),
         offsetof(struct vd_facts, mta_sts.detail)},
        {VD_SUBJECT_NS, 0, offsetof(struct vd_facts, ns), offsetof(struct vd_facts, ns.detail)},
        {VD_SUBJECT_DS, 0, offsetof(struct vd_facts, ds), offsetof(struct vd_facts, ds.detail)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        for (size_t at = sets[i].begin; at < sets[i].end; at++) {
            assert_one_facet_sees(sets[i].kind, sets[i].index, at);
        }
    }
}

static void test_a_facet_is_taken_over_alone(void **state)
{
    (void)state;
    was.dmarc.standing = now.dmarc.standing = VD_STANDING_OK;
    was.dmarc.p = 2;
    was.dmarc.sp = 2;
    now.dmarc.p = 0;
    now.dmarc.sp = 1;
    vd_facts_adopt(&was, &now, VD_FACET_DMARC_SP, VD_SUBJECT_DMARC, 0, false);
    assert_int_equal(was.dmarc.p, 2);
    assert_int_equal(was.dmarc.sp, 1);
}

static void test_what_is_unknown_is_not_taken_over(void **state)
{
    (void)state;
    was.dmarc.standing = VD_STANDING_OK;
    was.dmarc.rua = VD_RUA_OK;
    vd_facts_adopt(&was, &now, VD_FACET_ALL, VD_SUBJECT_DMARC, 0, true);
    assert_int_equal(was.dmarc.standing, VD_STANDING_OK);
    now.dmarc.standing = VD_STANDING_OK;
    now.dmarc.unknown = VD_FACET_BIT(VD_FACET_DMARC_RUA);
    vd_facts_adopt(&was, &now, VD_FACET_DMARC_RUA, VD_SUBJECT_DMARC, 0, true);
    assert_int_equal(was.dmarc.rua, VD_RUA_OK);
    vd_facts_adopt(&was, &now, VD_FACET_ALL, VD_SUBJECT_DMARC, 0, true);
    assert_int_equal(was.dmarc.rua, VD_RUA_OK);
}

static void test_a_facet_that_becomes_known_later_is_learned_then(void **state)
{
    (void)state;
    now.dmarc.standing = VD_STANDING_OK;
    now.dmarc.p = 2;
    now.dmarc.rua = VD_RUA_OK;
    now.dmarc.unknown = VD_FACET_BIT(VD_FACET_DMARC_RUA);
    assert_true(vd_facts_learn(&was, &now, UINT32_MAX));
    assert_int_equal(was.dmarc.rua, VD_RUA_NONE);
    assert_int_not_equal(was.dmarc.unknown & VD_FACET_BIT(VD_FACET_DMARC_RUA), 0);
    now.dmarc.unknown = 0;
    now.dmarc.p = 0; /* a facet that is known already is not touched */
    assert_true(vd_facts_learn(&was, &now, UINT32_MAX));
    assert_int_equal(was.dmarc.rua, VD_RUA_OK);
    assert_int_equal(was.dmarc.p, 2);
    assert_false(vd_facts_learn(&was, &now, UINT32_MAX));
}

static void test_a_facet_is_not_learned_from_a_record_set_that_stands_otherwise(void **state)
{
    (void)state;
    now.dmarc.standing = VD_STANDING_OK;
    now.dmarc.rua = VD_RUA_OK;
    now.dmarc.unknown = VD_FACET_BIT(VD_FACET_DMARC_RUA);
    assert_true(vd_facts_learn(&was, &now, UINT32_MAX));
    memset(&now, 0, sizeof now);
    now.dmarc.standing = VD_STANDING_ABSENT; /* it has no rua, and says nothing of what there was */
    assert_false(vd_facts_learn(&was, &now, UINT32_MAX));
    assert_int_not_equal(was.dmarc.unknown & VD_FACET_BIT(VD_FACET_DMARC_RUA), 0);
}

static void test_what_is_unknown_of_a_new_record_is_not_left_from_the_old_one(void **state)
{
    (void)state;
    was.dmarc.standing = VD_STANDING_ABSENT;
    now.dmarc.standing = VD_STANDING_OK;
    now.dmarc.unknown = VD_FACET_BIT(VD_FACET_DMARC_RUA);
    vd_facts_adopt(&was, &now, VD_FACET_ALL, VD_SUBJECT_DMARC, 0, false);
    assert_int_not_equal(was.dmarc.unknown & VD_FACET_BIT(VD_FACET_DMARC_RUA), 0);
    assert_int_equal(was.dmarc.unknown & VD_FACET_BIT(VD_FACET_DMARC_POLICY), 0);
}

static void test_one_facet_does_not_make_the_others_of_a_record_set_known(void **state)
{
    (void)state;
    now.dmarc.standing = VD_STANDING_OK;
    vd_facts_adopt(&was, &now, VD_FACET_DMARC_RECORD, VD_SUBJECT_DMARC, 0, true);
    assert_int_equal(was.dmarc.standing, VD_STANDING_OK);
    assert_int_not_equal(was.dmarc.unknown & VD_FACET_BIT(VD_FACET_DMARC_POLICY), 0);
    assert_int_equal(was.dmarc.unknown & VD_FACET_BIT(VD_FACET_DMARC_RECORD), 0);
}

static void test_only_record_sets_that_are_believed_are_learned(void **state)
{
    (void)state;
    now.dmarc.standing = now.mx.standing = VD_STANDING_OK;
    assert_true(vd_facts_learn(&was, &now, vd_subject_bit(VD_SUBJECT_MX, 0)));
    assert_int_equal(was.mx.standing, VD_STANDING_OK);
    assert_int_equal(was.dmarc.standing, VD_STANDING_UNKNOWN);
}

static void test_a_good_key_stays_when_the_record_set_is_taken_without_force(void **state)
{
    (void)state;
    was.dkim[1].standing = VD_STANDING_OK;
    was.dkim[1].fingerprint = 7;
    now.dkim[1].standing = VD_STANDING_ABSENT;
    vd_facts_adopt(&was, &now, VD_FACET_ALL, VD_SUBJECT_DKIM, 1, false);
    assert_int_equal(was.dkim[1].fingerprint, 7);
    vd_facts_adopt(&was, &now, VD_FACET_ALL, VD_SUBJECT_DKIM, 1, true);
    assert_int_equal(was.dkim[1].standing, VD_STANDING_ABSENT);
}

static void test_texts_move_with_the_whole_and_old_ones_make_room(void **state)
{
    (void)state;
    now.dmarc.standing = VD_STANDING_OK;
    put_text(&now, &now.dmarc.text, "v=DMARC1; p=reject");
    vd_facts_adopt(&was, &now, VD_FACET_ALL, VD_SUBJECT_DMARC, 0, false);
    assert_string_equal(vd_facts_text(&was, was.dmarc.text), "v=DMARC1; p=reject");
    uint16_t used = was.text_len;
    memset(&now, 0, sizeof now);
    now.dmarc.standing = VD_STANDING_OK;
    put_text(&now, &now.mx.text, "10 elsewhere");
    put_text(&now, &now.dmarc.text, "v=DMARC1; p=none");
    for (int i = 0; i < 5; i++) {
        vd_facts_adopt_texts(&was, &now, VD_SUBJECT_DMARC, 0);
    }
    assert_string_equal(vd_facts_text(&was, was.dmarc.text), "v=DMARC1; p=none");
    assert_true(was.text_len <= used);
}

static void test_names_of_facets_are_read_and_written_alike(void **state)
{
    uint8_t facet = 0, index = 9;

    (void)state;
    for (uint8_t f = 0; f < VD_FACETS_END; f++) {
        const char *name = vd_facet_str(f);
        if (name[0] != '\0' && VD_FACET_KIND(f) != VD_SUBJECT_DKIM) {
            assert_int_equal(vd_facet_find(&watch, name, strlen(name), &facet, &index), VD_OK);
            assert_int_equal(facet, f);
            assert_int_equal(index, 0);
        }
    }
    assert_int_equal(vd_facet_find(&watch, "dkim.mail.2026.alias", 20, &facet, &index), VD_OK);
    assert_int_equal(facet, VD_FACET_DKIM_ALIAS);
    assert_int_equal(index, 1);
    assert_int_equal(vd_facet_find(&watch, "dkim.s3.key", 11, &facet, &index), VD_OTHER);
    assert_int_equal(vd_facet_find(&watch, "dkim.key", 8, &facet, &index), VD_OTHER);
    assert_int_equal(vd_facet_find(&watch, "dmarc.nothing", 13, &facet, &index), VD_OTHER);
    assert_int_equal(vd_facet_find(&watch, "", 0, &facet, &index), VD_OTHER);
}

static void test_words_of_facets(void **state)
{
    char word[VD_FACET_WORD_MAX];

    (void)state;
    assert_string_equal(vd_facet_word(&now, VD_FACET_DMARC_POLICY, 0, word), "unknown");
    now.dmarc.standing = VD_STANDING_OK;
    now.dmarc.p = 1;
    assert_string_equal(vd_facet_word(&now, VD_FACET_DMARC_POLICY, 0, word), "quarantine");
    now.dmarc.unknown = VD_FACET_BIT(VD_FACET_DMARC_POLICY);
    assert_string_equal(vd_facet_word(&now, VD_FACET_DMARC_POLICY, 0, word), "unknown");
    now.dmarc.unknown = 0;
    now.dmarc.standing = VD_STANDING_ABSENT;
    assert_string_equal(vd_facet_word(&now, VD_FACET_DMARC_POLICY, 0, word), "absent");
    now.spf.standing = VD_STANDING_OK;
    now.spf.dflt = VD_SPF_SOFTFAIL;
    assert_string_equal(vd_facet_word(&now, VD_FACET_SPF_DEFAULT, 0, word), "softfail");
    now.dkim[0].standing = VD_STANDING_OK;
    assert_int_equal(strlen(vd_facet_word(&now, VD_FACET_DKIM_KEY, 0, word)), 8);
    assert_string_equal(vd_facet_word(&now, VD_FACET_NONE, 0, word), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_each_field_that_is_compared_is_in_one_facet, set_up),
        cmocka_unit_test_setup(test_a_facet_is_taken_over_alone, set_up),
        cmocka_unit_test_setup(test_what_is_unknown_is_not_taken_over, set_up),
        cmocka_unit_test_setup(test_a_facet_that_becomes_known_later_is_learned_then, set_up),
        cmocka_unit_test_setup(test_a_facet_is_not_learned_from_a_record_set_that_stands_otherwise,
                               set_up),
        cmocka_unit_test_setup(test_what_is_unknown_of_a_new_record_is_not_left_from_the_old_one,
                               set_up),
        cmocka_unit_test_setup(test_one_facet_does_not_make_the_others_of_a_record_set_known,
                               set_up),
        cmocka_unit_test_setup(test_only_record_sets_that_are_believed_are_learned, set_up),
        cmocka_unit_test_setup(test_a_good_key_stays_when_the_record_set_is_taken_without_force,
                               set_up),
        cmocka_unit_test_setup(test_texts_move_with_the_whole_and_old_ones_make_room, set_up),
        cmocka_unit_test_setup(test_names_of_facets_are_read_and_written_alike, set_up),
        cmocka_unit_test_setup(test_words_of_facets, set_up),
    };

    return cmocka_run_group_tests_name("facets", tests, NULL, NULL);
}
