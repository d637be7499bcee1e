/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dns/records/spf_macro.h"
#include "tests/unit/spf_check_world.h"

/* ---- limits (section 4.6.4) ---------------------------------------------------------------- */

#define A5 "a a a a a "

static void test_lookups_are_limited(void **state)
{
#define HERE "\nexample.com A 203.0.113.1\ninc.example.org A 203.0.113.1"
    static const struct row rows[] = {
        {"ten", SPF A5 A5 "-all" HERE, OUR4, FAIL},
        {"eleven", SPF A5 A5 "a -all" HERE, OUR4, PERM(LOOKUPS)},
        {"a match before the eleventh", SPF A5 A5 "ip4:192.0.2.10 a -all" HERE, OUR4, PASS},
        {"ten, one an include",
         SPF "include:inc.example.org a -all" HERE "\ninc.example.org TXT v=spf1 " A5 "a a a", OUR4,
         FAIL},
        {"eleven, some in an include",
         SPF "include:inc.example.org a a -all" HERE "\ninc.example.org TXT v=spf1 " A5 "a a a a",
         OUR4, PERM(LOOKUPS)},
        {"a redirect counts",
         SPF A5 A5 "redirect=inc.example.org" HERE "\ninc.example.org TXT v=spf1 -all", OUR4,
         PERM(LOOKUPS)},
        {"networks do not",
         SPF "ip4:1.1.1.1 ip4:1.1.1.1 ip4:1.1.1.1 ip4:1.1.1.1 " A5 A5
             "ip6:::1 ip6:::1 -all exp=e.example.org" HERE,
         OUR4, FAIL},
    };

    (void)state;
    EXPECT_ROWS(rows);
    assert_int_equal(run(rows[0].zone, OUR4).lookups, 10);
    assert_int_equal(run(rows[3].zone, OUR4).lookups, 10);
}

static void test_void_lookups_are_limited(void **state)
{
    static const struct row rows[] = {
        {"two", SPF "a:a.example.org mx:b.example.org -all", OUR4, FAIL},
        {"three", SPF "a:a.example.org mx:b.example.org exists:c.example.org -all", OUR4,
         PERM(VOIDS)},
        {"ptr is one", SPF "ptr a:a.example.org mx:b.example.org -all", OUR4, PERM(VOIDS)},
        {"a match before the third",
         SPF "a:a.example.org a:b.example.org ip4:192.0.2.10 a:c.example.org -all", OUR4, PASS},
        {"over an include",
         SPF "a:a.example.org include:i.example.org a:c.example.org "
             "-all\ni.example.org TXT v=spf1 a:b.example.org -all",
         OUR4, PERM(VOIDS)},
        {"by family: IPv4",
         SPF "a:a.example.org a:a.example.org a:a.example.org -all\na.example.org A 203.0.113.1",
         OUR4, FAIL},
        {"by family: IPv6",
         SPF "a:a.example.org a:a.example.org a:a.example.org -all\na.example.org A 203.0.113.1",
         OUR6, PERM(VOIDS)},
    };

    (void)state;
    EXPECT_ROWS(rows);
    assert_int_equal(run(rows[0].zone, OUR4).voids, 2);
}

static void test_chain_of_ten_includes_is_followed(void **state)
{
    static char zone[2000];

    (void)state;
    for (unsigned deep = 10; deep <= 11; deep++) {
        size_t len = (size_t)snprintf(zone, sizeof zone, SPF "include:i1.example.org -all\n");
        for (unsigned i = 1; i < deep; i++) {
            len += (size_t)snprintf(zone + len, sizeof zone - len,
                                    "i%u.example.org TXT v=spf1 include:i%u.example.org -all\n", i,
                                    i + 1);
        }
        snprintf(zone + len, sizeof zone - len, "i%u.example.org TXT v=spf1 +all\n", deep);
        struct vd_spf_verdict verdict = run(zone, OUR4);
        assert_int_equal(verdict.result, deep == 10 ? VD_SPF_RESULT_PASS : VD_SPF_PERMERROR);
        assert_int_equal(verdict.reason, deep == 10 ? VD_SPF_REASON_NONE : VD_SPF_REASON_LOOKUPS);
    }
}

/* ---- the mail ------------------------------------------------------------------------------ */

static void test_what_the_mail_spoils_does_not_match(void **state)
{
    struct vd_spf_mail mail = mail_from(OUR4, "a..b@example.com");

    (void)state;
    assert_int_equal(run_mail(SPF "exists:%{l}.example.org -all", "example.com", &mail).result,
                     VD_SPF_RESULT_FAIL);
    mail.helo = "";
    assert_int_equal(run_mail(SPF "a:%{h} -all", "example.com", &mail).result, VD_SPF_RESULT_FAIL);
}

static void test_empty_sender_is_the_postmaster_of_the_domain(void **state)
{
    struct vd_spf_mail mail = mail_from(OUR4, "");

    (void)state;
    assert_int_equal(run_mail(SPF "exists:%{l}.%{o} -all\npostmaster.example.com A 127.0.0.2",
                              "EXAMPLE.com", &mail)
                         .result,
                     VD_SPF_RESULT_PASS);
}

/* ---- what we cannot know ------------------------------------------------------------------- */

static void test_error_says_why(void **state)
{
    (void)state;
    assert_int_equal(run("example.com TXT !servfail", OUR4).detail, VD_DETAIL_SERVFAIL);
    assert_int_equal(run(SPF "a -all\nexample.com A !timeout", OUR4).detail, VD_DETAIL_TIMEOUT);
}

static void test_answer_over_a_knob_of_ours_is_unknown(void **state)
{
    static const char *const zones[] = {
        "example.com TXT !limit",
        SPF "include:i.example.org -all\ni.example.org TXT !limit",
        SPF "redirect=i.example.org\ni.example.org TXT !limit",
        SPF "a -all\nexample.com A !limit",
        SPF "ptr -all\n" PTR4 "!limit",
        SPF "exists:%{p}.example.org -all\n" PTR4 "!limit",
        SPF "redirect=%{p}.example.org\n" PTR4 "!limit",
    };

    (void)state;
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++) {
        struct vd_spf_verdict verdict = run(zones[i], OUR4);
        assert_int_equal(verdict.result, VD_SPF_UNKNOWN);
        assert_int_equal(verdict.detail, VD_DETAIL_LIMIT + VD_LIMIT_TXT);
        assert_in_range(verdict.lookups, 0, 1);
    }
    assert_int_equal(run(SPF "+all a\nexample.com A !limit", OUR4).result, VD_SPF_RESULT_PASS);
}

static void test_record_of_too_many_terms_is_unknown_unless_it_is_broken(void **state)
{
    static char zone[VD_SPF_TERMS_MAX * 12 + 100];

    (void)state;
    strcpy(zone, SPF);
    for (size_t i = 0; i <= VD_SPF_TERMS_MAX; i++) {
        strcat(zone, "ip4:1.1.1.1 ");
    }
    struct vd_spf_verdict verdict = run(zone, OUR4);
    assert_int_equal(verdict.result, VD_SPF_UNKNOWN);
    assert_int_equal(verdict.detail, VD_DETAIL_LIMIT);
    strcat(zone, "foo");
    assert_int_equal(run(zone, OUR4).result, VD_SPF_PERMERROR);
}

static void test_term_of_too_many_macros_is_unknown(void **state)
{
    static char zone[VD_SPF_MACROS_MAX * 4 + 100];

    (void)state;
    strcpy(zone, SPF "exists:");
    for (size_t i = 0; i <= VD_SPF_MACROS_MAX; i++) {
        strcat(zone, "%{v}");
    }
    struct vd_spf_verdict verdict = run(zone, OUR4);
    assert_int_equal(verdict.result, VD_SPF_UNKNOWN);
    assert_int_equal(verdict.detail, VD_DETAIL_LIMIT);
}

/* terms mechanisms "mx:x.example.org", each of ten hosts. */
static const char *zone_of_mx(unsigned terms)
{
    static char zone[12000];
    size_t len = (size_t)snprintf(zone, sizeof zone, SPF);

    for (unsigned i = 0; i < terms; i++) {
        len += (size_t)snprintf(zone + len, sizeof zone - len, "mx:m%u.example.org ", i);
    }
    len += (size_t)snprintf(zone + len, sizeof zone - len, "-all\n");
    for (unsigned i = 0; i < terms * 10; i++) {
        len += (size_t)snprintf(zone + len, sizeof zone - len,
                                "m%u.example.org MX 10 h%u.example.org\nh%u.example.org A "
                                "203.0.113.1\n",
                                i / 10, i, i);
    }
    assert_true(len < sizeof zone);
    return zone;
}

/* Ten terms of ten hosts are 111 questions: RFC 7208 allows them, a snapshot does not. */
static void test_more_questions_than_a_snapshot_holds_are_unknown(void **state)
{
    (void)state;
    assert_true(VD_SURVEY_QUESTIONS_MAX < 1 + 10 + 100);
    struct vd_spf_verdict verdict = run(zone_of_mx(10), OUR4);
    assert_int_equal(verdict.result, VD_SPF_UNKNOWN);
    assert_int_equal(verdict.detail, VD_DETAIL_LIMIT + VD_LIMIT_QUESTIONS);

    unsigned fits = (VD_SURVEY_QUESTIONS_MAX - 1) / 11;
    assert_int_equal(run(zone_of_mx(fits), OUR4).result, VD_SPF_RESULT_FAIL);
}

/* ---- how it asks ----------------------------------------------------------------------------- */

static void test_terms_of_a_record_are_asked_at_once(void **state)
{
    static const char zone[] =
        SPF "a:a.example.org mx:b.example.org include:c.example.org exists:%{i}.d.example.org "
            "redirect=e.example.org\n"
            "a.example.org A 203.0.113.1\nb.example.org MX 1 h1.example.org\nb.example.org MX 2 "
            "h2.example.org\nh1.example.org A 203.0.113.1\nh2.example.org A "
            "203.0.113.1\nc.example.org TXT v=spf1 include:f.example.org -all\nf.example.org TXT "
            "v=spf1 -all\ne.example.org TXT v=spf1 -all";

    (void)state;
    assert_int_equal(run(zone, OUR4).result, VD_SPF_RESULT_FAIL);
    assert_int_equal(rounds, 3); /* the record; its terms; hosts of the mx and the inner include */
    assert_int_equal(snapshot.answers_count, 9);
}

static void test_half_known_name_is_not_filled_in(void **state)
{
    static const char zone[] =
        SPF "exists:%{p}.e.example.org -all\n" PTR4 "m.example.org\nm.example.org A 192.0.2.10";

    (void)state;
    assert_int_equal(run(zone, OUR4).result, VD_SPF_RESULT_FAIL);
    assert_int_equal(rounds, 4); /* the record, names of the address, their addresses, exists: */
    assert_int_equal(snapshot.answers_count, 4);
}

static void test_nothing_behind_a_match_is_asked(void **state)
{
    (void)state;
    assert_int_equal(run(SPF "ip4:192.0.2.10 a mx include:a.example.org -all", OUR4).result,
                     VD_SPF_RESULT_PASS);
    assert_int_equal(snapshot.answers_count, 1);
}

static void test_open_question_is_a_missing_answer(void **state)
{
    const struct vd_spf_answers answers = {&snapshot, find, &snapshot, NULL};
    struct vd_spf_mail mail = mail_from(OUR4, "user@example.com");
    struct vd_spf_verdict verdict;
    size_t index;

    (void)state;
    vd_snapshot_clear(&snapshot);
    assert_int_equal(vd_snapshot_ask(&snapshot, "example.com", VD_TYPE_TXT, &index), VD_OK);
    vd_spf_check(&answers, "example.com", &mail, &verdict);
    assert_int_equal(verdict.result, VD_SPF_UNKNOWN);
    assert_int_equal(verdict.detail, VD_DETAIL_NOT_ASKED);
}

/* ---- hostile records ------------------------------------------------------------------------- */

static void test_any_record_gets_an_answer(void **state)
{
    static const char *const parts[] = {
        "a ",     "mx ",       "ptr ",      "ptr:%{p} ", "include:%{l}.x.example.org ",
        "a:%{p}", "/24 ",      "%{s1r-.}",  ".%{H}",     "include:example.com ",
        "~",      "exists:",   "%{ir}",     "%%%_%-",    "redirect=%{d2}.example.org ",
        "-all ",  "a.b.c.org", "ip6:::1 ",  "?mx//0 ",   "include:%{v}.%{d} ",
        ":",      "%{L9R+-_}", "exp=%{d} ", "-",         "mx:%{h}.%{o} ",
    };
    static const char *const senders[] = {"user@example.com", "", "@", "a@b@c..d", "\xff\x01@x.y"};
    static char zone[2000];
    uint32_t seed = 11;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        strcpy(zone, PTR4 "m.example.com\nm.example.com A 192.0.2.10\nin-addr.example.com TXT "
                          "v=spf1 mx\nexample.com MX 1 m.example.com\n" SPF);
        for (unsigned i = 0; i < 1 + round % 12; i++) {
            seed = seed * 1103515245u + 12345u;
            strcat(zone, parts[(seed >> 16) % (sizeof parts / sizeof parts[0])]);
        }
        struct vd_spf_mail mail = mail_from(round % 2 == 0 ? OUR4 : OUR6, senders[round % 5]);
        struct vd_spf_verdict verdict = run_mail(zone, "example.com", &mail);
        assert_in_range(verdict.result, VD_SPF_RESULT_NEUTRAL, VD_SPF_PERMERROR);
        assert_true((verdict.reason != 0) == (verdict.result == VD_SPF_PERMERROR));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookups_are_limited),
        cmocka_unit_test(test_void_lookups_are_limited),
        cmocka_unit_test(test_chain_of_ten_includes_is_followed),
        cmocka_unit_test(test_what_the_mail_spoils_does_not_match),
        cmocka_unit_test(test_empty_sender_is_the_postmaster_of_the_domain),
        cmocka_unit_test(test_error_says_why),
        cmocka_unit_test(test_answer_over_a_knob_of_ours_is_unknown),
        cmocka_unit_test(test_record_of_too_many_terms_is_unknown_unless_it_is_broken),
        cmocka_unit_test(test_term_of_too_many_macros_is_unknown),
        cmocka_unit_test(test_more_questions_than_a_snapshot_holds_are_unknown),
        cmocka_unit_test(test_terms_of_a_record_are_asked_at_once),
        cmocka_unit_test(test_half_known_name_is_not_filled_in),
        cmocka_unit_test(test_nothing_behind_a_match_is_asked),
        cmocka_unit_test(test_open_question_is_a_missing_answer),
        cmocka_unit_test(test_any_record_gets_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
