/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/baseline.h"

static struct vd_judgement judgement;
static struct vd_look_sources sources;
static struct vd_shown shown;
static struct vd_facts baseline;
static struct vd_watch watch;

/* DMARC and one selector, as a source shows them. */
static uint32_t show(uint8_t source, int8_t p, uint32_t key)
{
    judgement.subjects_count = 2;
    judgement.subjects[0] =
        (struct vd_subject){.kind = VD_SUBJECT_DMARC, .standing = VD_STANDING_OK};
    judgement.subjects[1] =
        (struct vd_subject){.kind = VD_SUBJECT_DKIM, .index = 2, .standing = VD_STANDING_OK};
    judgement.facts.dmarc.standing = judgement.facts.dkim[2].standing = VD_STANDING_OK;
    judgement.facts.dmarc.p = p;
    judgement.facts.dkim[2].fingerprint = key;
    sources.of_subject[0] = sources.of_subject[1] = source;
    return vd_baseline_agreed(&shown, &judgement, &sources);
}

static void set_up(unsigned resolvers, unsigned authorities)
{
    memset(&judgement, 0, sizeof judgement);
    memset(&sources, 0, sizeof sources);
    memset(&shown, 0, sizeof shown);
    memset(&baseline, 0, sizeof baseline);
    memset(&watch, 0, sizeof watch);
    sources.resolvers = (uint16_t)resolvers;
    sources.authorities = (uint16_t)authorities;
}

#define DMARC (1u << VD_SUBJECT_DMARC)
#define S2    vd_subject_bit(VD_SUBJECT_DKIM, 2)

static void test_two_sources_alike_agree_and_one_twice_does_not(void **state)
{
    (void)state;
    set_up(3, 0);
    assert_int_equal(show(0, 2, 7), 0);
    assert_int_equal(show(0, 2, 7), 0);
    assert_int_equal(show(1, 2, 7), DMARC | S2);
}

static void test_record_sets_agree_one_by_one(void **state)
{
    (void)state;
    set_up(3, 0);
    assert_int_equal(show(0, 2, 7), 0);
    assert_int_equal(show(1, 2, 8), DMARC);
    assert_int_equal(show(0, 0, 8), S2);
}

static void test_single_source_agrees_with_itself_the_second_time(void **state)
{
    (void)state;
    set_up(1, 0);
    assert_int_equal(show(0, 2, 7), 0);
    assert_int_equal(show(0, 2, 7), DMARC | S2);
    set_up(1, 1u << VD_AUTHORITY(0)); /* an authority is a second source */
    assert_int_equal(show(0, 2, 7), 0);
    assert_int_equal(show(0, 2, 7), 0);
    assert_int_equal(show(VD_AUTHORITY(0), 2, 7), DMARC | S2);
}

static void test_unknown_and_nobody_agree_with_nothing(void **state)
{
    (void)state;
    set_up(3, 0);
    assert_int_equal(show(0, 2, 7), 0);
    assert_int_equal(show(VD_SOURCE_NONE, 2, 7), 0);
    assert_int_equal(show(1, 2, 7), DMARC | S2);
    judgement.subjects[0].standing = VD_STANDING_UNKNOWN;
    sources.of_subject[0] = 0;
    assert_int_equal(vd_baseline_agreed(&shown, &judgement, &sources) & DMARC, 0);
}

static void test_every_record_set_has_a_place_of_its_own(void **state)
{
    uint32_t seen = 0;

    (void)state;
    for (uint8_t kind = 0; kind < VD_SUBJECT_KINDS; kind++) {
        for (uint8_t i = 0; i < (kind == VD_SUBJECT_DKIM ? VD_DKIM_SETS_MAX : 1); i++) {
            size_t place = vd_subject_place(kind, i);
            assert_true(place < VD_SUBJECTS_MAX);
            assert_int_equal(seen & 1u << place, 0);
            seen |= 1u << place;
        }
    }
    assert_int_equal(seen, (1u << VD_SUBJECTS_MAX) - 1u);
}

/* ---- pending ----------------------------------------------------------------------------------- */

static void test_expected_are_the_keys_and_what_is_asked_for(void **state)
{
    (void)state;
    set_up(1, 0);
    watch.selectors_count = 2;
    assert_int_equal(vd_baseline_expected(&watch),
                     vd_subject_bit(VD_SUBJECT_DKIM, 0) | vd_subject_bit(VD_SUBJECT_DKIM, 1));
    watch.needs_spf = watch.needs_dmarc = true;
    watch.mail_from = 1;
    watch.needs_no_key = true;
    assert_int_equal(vd_baseline_expected(&watch), vd_subject_bit(VD_SUBJECT_SPF, 0) | DMARC |
                                                       vd_subject_bit(VD_SUBJECT_MAIL_FROM, 0));
}

/* One look at DMARC with this standing at this age.  Is it still pending? */
static bool is_pending(uint8_t standing, uint64_t age_ms)
{
    judgement.facts.dmarc.standing = standing;
    vd_baseline_weigh_pending(&baseline, &shown, &judgement.facts, &watch, age_ms);
    return (baseline.pending & DMARC) != 0;
}

static void test_pending_ends_with_the_first_good_look_or_with_its_time(void **state)
{
    (void)state;
    set_up(1, 0);
    baseline.pending = DMARC;
    assert_true(is_pending(VD_STANDING_UNKNOWN, 0));
    assert_false(is_pending(VD_STANDING_OK, 0)); /* there from the start: nothing to tell */

    baseline.pending = DMARC;
    assert_true(is_pending(VD_STANDING_ABSENT, 0));
    assert_true(is_pending(VD_STANDING_OK, 1)); /* until "verified" is told */
    assert_true(is_pending(VD_STANDING_BROKEN, VD_PENDING_MS - 1u));
    assert_false(is_pending(VD_STANDING_ABSENT, VD_PENDING_MS));

    baseline.pending = DMARC;
    watch.pending_ms = 1000;
    assert_true(is_pending(VD_STANDING_ABSENT, 999));
    assert_false(is_pending(VD_STANDING_ABSENT, 1000));
}

static void test_mail_from_is_there_when_both_of_its_records_are(void **state)
{
    uint32_t bit = vd_subject_bit(VD_SUBJECT_MAIL_FROM, 0);

    (void)state;
    set_up(1, 0);
    baseline.pending = bit;
    judgement.facts.mail_from.standing = VD_STANDING_OK;
    judgement.facts.mail_from.mx_standing = VD_STANDING_ABSENT;
    vd_baseline_weigh_pending(&baseline, &shown, &judgement.facts, &watch, 0);
    assert_int_equal(baseline.pending, bit);
    shown.awaited = 0;
    judgement.facts.mail_from.mx_standing = VD_STANDING_OK;
    vd_baseline_weigh_pending(&baseline, &shown, &judgement.facts, &watch, 0);
    assert_int_equal(baseline.pending, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_sources_alike_agree_and_one_twice_does_not),
        cmocka_unit_test(test_record_sets_agree_one_by_one),
        cmocka_unit_test(test_single_source_agrees_with_itself_the_second_time),
        cmocka_unit_test(test_unknown_and_nobody_agree_with_nothing),
        cmocka_unit_test(test_every_record_set_has_a_place_of_its_own),
        cmocka_unit_test(test_expected_are_the_keys_and_what_is_asked_for),
        cmocka_unit_test(test_pending_ends_with_the_first_good_look_or_with_its_time),
        cmocka_unit_test(test_mail_from_is_there_when_both_of_its_records_are),
    };
    return cmocka_run_group_tests_name("baseline", tests, NULL, NULL);
}
