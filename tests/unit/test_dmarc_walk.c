/* Whose DMARC policy applies.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/dmarc_walk.h"

static struct vd_dmarc_walk walk;

/* What stands at one name: "u", "y", "n" a record with that psd=, "2" two records, "?" not known. */
struct sign {
    const char *name;
    char what;
};

static void look(const char *domain, const struct sign *signs)
{
    vd_dmarc_walk_names(domain, &walk);
    for (size_t i = 0; i < walk.count; i++) {
        struct vd_dmarc_step *step = &walk.steps[i];
        step->sight = VD_DMARC_NOTHING;
        for (const struct sign *sign = signs; sign->name != NULL; sign++) {
            if (strcmp(sign->name, step->name) == 0) {
                step->sight = sign->what == '2'   ? VD_DMARC_SEVERAL
                              : sign->what == '?' ? VD_DMARC_UNSEEN
                                                  : VD_DMARC_ONE;
                step->psd = sign->what == 'y' || sign->what == 'n' ? sign->what : 'u';
            }
        }
    }
}

static const char *name_of(int8_t step)
{
    return step == VD_DMARC_NOBODY ? "-" : walk.steps[step].name;
}

static void test_walk_of_a_deep_name_asks_eight_and_ends_at_the_top(void **state)
{
    static const char *const names[] = {"a.b.c.d.e.f.g.h.i.j.mail.example.com",
                                        "g.h.i.j.mail.example.com",
                                        "h.i.j.mail.example.com",
                                        "i.j.mail.example.com",
                                        "j.mail.example.com",
                                        "mail.example.com",
                                        "example.com",
                                        "com"};

    (void)state;
    vd_dmarc_walk_names(names[0], &walk);
    assert_int_equal(walk.count, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_string_equal(walk.steps[i].name, names[i]);
    }
}

/* Eight labels lose one, nine lose two: both go on with seven (section 4.10, step 4). */
static void test_walk_around_the_jump(void **state)
{
    (void)state;
    vd_dmarc_walk_names("a.b.c.d.e.f.example.com", &walk);
    assert_int_equal(walk.count, 8);
    assert_string_equal(walk.steps[1].name, "b.c.d.e.f.example.com");
    vd_dmarc_walk_names("x.a.b.c.d.e.f.example.com", &walk);
    assert_int_equal(walk.count, 8);
    assert_string_equal(walk.steps[1].name, "b.c.d.e.f.example.com");
    vd_dmarc_walk_names("b.c.d.e.f.example.com", &walk);
    assert_int_equal(walk.count, 7);
    assert_string_equal(walk.steps[1].name, "c.d.e.f.example.com");
    vd_dmarc_walk_names("com", &walk);
    assert_int_equal(walk.count, 1);
}

struct row {
    const char *why;
    const char *domain;
    struct sign signs[4];
    const char *org;
    const char *self, *sub; /* who supplies the policy: RFC 9989 */
    const char *old,
        *old_sub; /* RFC 7489, with example.com, or bank.example, for its list's answer */
    unsigned len;
    bool is_open;
};

static const struct row rows[] = {
    {"own record",
     "example.com",
     {{"example.com", 'u'}},
     "example.com",
     "example.com",
     "example.com",
     "example.com",
     "example.com",
     2,
     false},
    {"nothing anywhere",
     "mail.example.com",
     {{NULL, 0}},
     "mail.example.com",
     "-",
     "-",
     "-",
     "-",
     3,
     false},
    {"inherited",
     "mail.example.com",
     {{"example.com", 'u'}},
     "example.com",
     "example.com",
     "example.com",
     "example.com",
     "example.com",
     3,
     false},
    {"own record: names below it still belong to the shortest",
     "mail.example.com",
     {{"mail.example.com", 'u'}, {"example.com", 'u'}},
     "example.com",
     "mail.example.com",
     "example.com",
     "mail.example.com",
     "example.com",
     3,
     false},
    {"own record only: it is its own organisation (4.10.2, rule 3)",
     "mail.example.com",
     {{"mail.example.com", 'u'}},
     "mail.example.com",
     "mail.example.com",
     "mail.example.com",
     "mail.example.com",
     "-",
     3,
     false},
    {"the shortest wins, not the nearest",
     "a.b.example.com",
     {{"b.example.com", 'u'}, {"example.com", 'u'}},
     "example.com",
     "example.com",
     "example.com",
     "example.com",
     "example.com",
     4,
     false},
    {"psd=n stops the walk",
     "a.b.example.com",
     {{"b.example.com", 'n'}, {"example.com", 'u'}},
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "example.com",
     "example.com",
     2,
     false},
    {"psd=n at the domain itself",
     "b.example.com",
     {{"b.example.com", 'n'}, {"example.com", 'u'}},
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "example.com",
     1,
     false},
    {"psd=y above: one label below is the organisation",
     "giant.bank.example",
     {{"giant.bank.example", 'u'}, {"bank.example", 'y'}},
     "giant.bank.example",
     "giant.bank.example",
     "giant.bank.example",
     "giant.bank.example",
     "-",
     2,
     false},
    {"psd=y above and nothing else: the suffix's own policy",
     "mail.giant.bank.example",
     {{"bank.example", 'y'}},
     "giant.bank.example",
     "bank.example",
     "bank.example",
     "-",
     "-",
     3,
     false},
    {"psd=y two above, a record between",
     "mail.giant.bank.example",
     {{"giant.bank.example", 'u'}, {"bank.example", 'y'}},
     "giant.bank.example",
     "giant.bank.example",
     "giant.bank.example",
     "-",
     "-",
     3,
     false},
    {"psd=y, two records between: the suffix speaks",
     "mail.giant.bank.example",
     {{"giant.bank.example", '2'}, {"bank.example", 'y'}},
     "giant.bank.example",
     "bank.example",
     "bank.example",
     "-",
     "-",
     3,
     false},
    {"psd=y at the domain itself",
     "bank.example",
     {{"bank.example", 'y'}},
     "bank.example",
     "bank.example",
     "bank.example",
     "bank.example",
     "bank.example",
     1,
     false},
    {"psd=y at the domain, another above",
     "b.example.com",
     {{"b.example.com", 'y'}, {"example.com", 'u'}},
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "example.com",
     1,
     false},
    {"two records: 7489 ends, the walk goes on",
     "mail.example.com",
     {{"mail.example.com", '2'}, {"example.com", 'u'}},
     "example.com",
     "example.com",
     "example.com",
     "-",
     "example.com",
     3,
     false},
    {"two records at the organisation",
     "mail.example.com",
     {{"example.com", '2'}},
     "mail.example.com",
     "-",
     "-",
     "-",
     "-",
     3,
     false},
    {"a name between is known to the walk only",
     "a.b.example.com",
     {{"b.example.com", 'u'}},
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "-",
     "-",
     4,
     false},
    {"not seen, and it matters",
     "mail.example.com",
     {{"example.com", '?'}},
     "mail.example.com",
     "-",
     "-",
     "-",
     "-",
     3,
     true},
    {"not seen behind the end of the walk",
     "b.example.com",
     {{"b.example.com", 'n'}, {"example.com", '?'}},
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "b.example.com",
     "-",
     1,
     false},
};

static void test_whose_policy_applies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        look(row->domain, row->signs);
        const char *org = strstr(row->domain, "example.com");
        org = org != NULL ? org : strstr(row->domain, "bank.example");
        assert_string_equal(vd_dmarc_walk_org(&walk), row->org);
        assert_string_equal(name_of(vd_dmarc_walk_policy(&walk, false)), row->self);
        assert_string_equal(name_of(vd_dmarc_walk_policy(&walk, true)), row->sub);
        if (strstr(row->domain, "giant") == NULL) {
            assert_string_equal(name_of(vd_dmarc_walk_policy_7489(&walk, org, false)), row->old);
            assert_string_equal(name_of(vd_dmarc_walk_policy_7489(&walk, org, true)), row->old_sub);
        }
        assert_int_equal(vd_dmarc_walk_len(&walk), row->len);
        assert_int_equal(vd_dmarc_walk_is_open(&walk), row->is_open);
    }
}

/* Behind the jump the name below a suffix was never looked at. */
static void test_suffix_right_behind_the_jump(void **state)
{
    static const struct sign signs[] = {{"c.d.e.f.g.example.com", 'y'}, {NULL, 0}};

    (void)state;
    look("x.a.b.c.d.e.f.g.example.com", signs);
    assert_string_equal(vd_dmarc_walk_org(&walk), "b.c.d.e.f.g.example.com");
    assert_string_equal(name_of(vd_dmarc_walk_policy(&walk, false)), "c.d.e.f.g.example.com");
    static const struct sign more[] = {{"d.e.f.g.example.com", 'y'}, {NULL, 0}};
    look("x.a.b.c.d.e.f.g.example.com", more);
    assert_string_equal(vd_dmarc_walk_org(&walk), "c.d.e.f.g.example.com");
    static const struct sign jump[] = {{"b.c.d.e.f.example.com", 'y'}, {NULL, 0}};
    look("x.a.b.c.d.e.f.example.com", jump);
    assert_string_equal(vd_dmarc_walk_org(&walk), "a.b.c.d.e.f.example.com");
    assert_string_equal(name_of(vd_dmarc_walk_policy(&walk, false)), "b.c.d.e.f.example.com");
}

#define TEST(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_walk_of_a_deep_name_asks_eight_and_ends_at_the_top),
        TEST(test_walk_around_the_jump),
        TEST(test_whose_policy_applies),
        TEST(test_suffix_right_behind_the_jump),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
