/* SPDX-License-Identifier: MIT */
#include "firmware/tree.h"
#include "tests/fakes/survey_world.h"

static struct vd_tree tree;

/* Survey example.com as the agent does.  Returns the round trips. */
static unsigned look(void)
{
    vd_survey_start(&survey, &resolver, NULL, VD_SERVERS_ALL, 0, now);
    want_spf("example.com");
    vd_tree_ask(&tree, &survey);
    unsigned waves = run();
    vd_tree_take(&tree, &survey);
    return waves;
}

static struct row deep[] = {
    {"example.com", "v=spf1 include:a.example -all"},
    {"a.example", "v=spf1 include:b.example -all"},
    {"b.example", "v=spf1 include:c.example -all"},
    {"c.example", "v=spf1 include:d.example -all"},
    {"d.example", "v=spf1 ip4:192.0.2.0/24 -all"},
    {"new.example", "v=spf1 -all"},
};

static void set_up_deep(void)
{
    set_up(deep, 6);
    deep[2].text = "v=spf1 include:c.example -all";
    memset(&tree, 0, sizeof tree);
}

static void test_unchanged_domain_costs_one_round_trip_however_deep(void **state)
{
    (void)state;
    set_up_deep();
    assert_int_equal(look(), 5);
    for (unsigned i = 0; i < 3; i++) {
        unsigned before = net.opened;
        assert_int_equal(look(), 1);
        assert_int_equal(net.opened - before, 5);
        assert_int_equal(find("d.example")->presence, VD_PRESENT);
    }
}

static void test_what_nothing_wants_any_more_is_asked_once_in_vain_and_then_left_out(void **state)
{
    (void)state;
    set_up_deep();
    (void)look();
    deep[2].text = "v=spf1 include:new.example -all";
    assert_int_equal(look(), 2);
    assert_int_equal(survey.snapshot.answers_count, 6);
    assert_int_equal(look(), 1);
    assert_int_equal(survey.snapshot.answers_count, 4);
}

static void test_what_led_on_to_more_and_is_unknown_now_keeps_its_branch(void **state)
{
    (void)state;
    set_up_deep();
    (void)look();
    deep[2].text = "!"; /* SERVFAIL for b.example: c and d are not wanted meanwhile */
    (void)look();
    deep[2].text = "v=spf1 include:c.example -all";
    assert_int_equal(look(), 1);
}

static void test_alias_that_leaves_its_answer_is_remembered_too(void **state)
{
    static const struct row rows[] = {
        {"example.com", ">spf.host.example"},
        {"spf.host.example", ">end.host.example"},
        {"end.host.example", "v=spf1 include:a.example -all"},
        {"a.example", "v=spf1 -all"},
    };

    (void)state;
    set_up(rows, 4);
    memset(&tree, 0, sizeof tree);
    assert_int_equal(look(), 4);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(look(), 1);
        assert_int_equal(find("example.com")->presence, VD_PRESENT);
        assert_int_equal(find("a.example")->presence, VD_PRESENT);
    }
}

static void test_tree_that_does_not_fit_costs_round_trips_and_nothing_else(void **state)
{
    static char names[12][200], texts[12][256];
    static struct row rows[13];

    (void)state;
    rows[0] = (struct row){"example.com", texts[11]};
    for (unsigned i = 0; i < 12; i++) {
        char label[61];
        memset(label, 'a' + (int)i, 60);
        label[60] = '\0';
        snprintf(names[i], sizeof names[i], "%s.%s.example", label, label);
        rows[i + 1] = (struct row){names[i], texts[i]};
    }
    for (unsigned i = 0; i < 11; i++) {
        snprintf(texts[i], sizeof texts[i], "v=spf1 include:%s -all", names[i + 1]);
    }
    snprintf(texts[11], sizeof texts[11], "v=spf1 include:%s -all", names[0]); /* and a circle */
    set_up(rows, 13);
    memset(&tree, 0, sizeof tree);
    assert_int_equal(look(), 13);
    unsigned cut = look();
    assert_true(cut > 1 && cut < 13);
    assert_true(tree.len <= VD_TREE_BYTES);
    assert_int_equal(look(), cut);
    assert_int_equal(find(names[11])->presence, VD_PRESENT);
}

static void test_types_and_purposes_come_back_as_they_were(void **state)
{
    static const struct {
        const char *name;
        uint16_t type;
        enum vd_ask ask;
    } wants[] = {
        {"mx.example", VD_TYPE_A, VD_ASK_OTHER},  {"mx.example", VD_TYPE_AAAA, VD_ASK_OTHER},
        {"spf.example", VD_TYPE_TXT, VD_ASK_SPF}, {"own.example", VD_TYPE_TXT, VD_ASK_OWN},
        {".", VD_TYPE_NS, VD_ASK_OTHER},          {"mx.example", VD_TYPE_DS, VD_ASK_OTHER},
    };

    (void)state;
    set_up(NULL, 0);
    memset(&tree, 0, sizeof tree);
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        assert_int_equal(vd_survey_want(&survey, wants[i].name, wants[i].type, wants[i].ask),
                         VD_OK);
        survey.snapshot.answers[i].presence = VD_ABSENT;
    }
    vd_tree_take(&tree, &survey);
    vd_survey_start(&survey, &resolver, NULL, VD_SERVERS_ALL, 0, now);
    vd_tree_ask(&tree, &survey);
    assert_int_equal(survey.snapshot.answers_count, sizeof wants / sizeof wants[0]);
    for (size_t i = 0; i < sizeof wants / sizeof wants[0]; i++) {
        const struct vd_answer *answer = &survey.snapshot.answers[i];
        assert_string_equal(vd_snapshot_name(&survey.snapshot, answer), wants[i].name);
        assert_int_equal(answer->type, wants[i].type);
        assert_int_equal(vd_survey_ask_of(&survey, i), wants[i].ask);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unchanged_domain_costs_one_round_trip_however_deep),
        cmocka_unit_test(test_what_nothing_wants_any_more_is_asked_once_in_vain_and_then_left_out),
        cmocka_unit_test(test_what_led_on_to_more_and_is_unknown_now_keeps_its_branch),
        cmocka_unit_test(test_alias_that_leaves_its_answer_is_remembered_too),
        cmocka_unit_test(test_tree_that_does_not_fit_costs_round_trips_and_nothing_else),
        cmocka_unit_test(test_types_and_purposes_come_back_as_they_were),
    };
    return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
