/* DMARC's verdicts: names above, other places, and where reports go.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/judge_zone.h"

/* The watch is news.example.com. */
#define SUB    "news.example.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1\n"
#define OWN    "_dmarc.news.example.com TXT v=DMARC1; "
#define ABOVE  "_dmarc.example.com TXT v=DMARC1; "
#define UNSEEN "_dmarc.example.com ! timeout\n"

#define LOST       "dmarc.record.missing CRITICAL critical"
#define POLICY     "dmarc.policy.weakened WEAKENED warning"
#define POLICY_END "dmarc.policy.weakened CRITICAL critical"
#define POLICY_UP  "dmarc.policy.strengthened STRENGTHENED notice"
#define SUB_LOW    "dmarc.subdomains.weakened WEAKENED warning"
#define SUB_END    "dmarc.subdomains.weakened CRITICAL critical"
#define SUB_UP     "dmarc.subdomains.strengthened STRENGTHENED notice"
#define SOURCE     "dmarc.source.changed CHANGED notice"

struct row {
    const char *why;
    const char *was; /* NULL: first contact */
    const char *now;
    const char *wanted;
};

static const struct row sub_rows[] = {
    {"inherited, the same", SUB ABOVE "p=reject", SUB ABOVE "p=reject", ""},
    {"a parent's change is an event for the child", SUB ABOVE "p=reject", SUB ABOVE "p=none",
     POLICY_END},
    {"a parent's sp", SUB ABOVE "p=reject", SUB ABOVE "p=reject; sp=quarantine", POLICY},
    {"a parent's p where sp stays", SUB ABOVE "p=reject; sp=reject", SUB ABOVE "p=none; sp=reject",
     ""},
    {"a parent's np: this name exists", SUB ABOVE "p=reject", SUB ABOVE "p=reject; np=none",
     SUB_END},
    {"a parent gets stricter", SUB ABOVE "p=none", SUB ABOVE "p=reject", POLICY_UP},
    {"a parent's record is gone", SUB ABOVE "p=reject", SUB, LOST},
    {"a parent's record is broken", SUB ABOVE "p=reject", SUB ABOVE "p=reject; sp=x",
     "dmarc.record.broken CRITICAL critical"},
    {"a parent has two records", SUB ABOVE "p=reject", SUB ABOVE "p=reject\n" ABOVE "p=reject",
     LOST},

    {"own record gone, as strict above", SUB OWN "p=reject\n" ABOVE "p=reject",
     SUB ABOVE "p=reject", SOURCE},
    {"own record gone, less above", SUB OWN "p=reject\n" ABOVE "p=quarantine",
     SUB ABOVE "p=quarantine", POLICY},
    {"own record gone, none above", SUB OWN "p=reject\n" ABOVE "p=none", SUB ABOVE "p=none",
     POLICY_END},
    {"own record gone, more above", SUB OWN "p=none\n" ABOVE "p=reject", SUB ABOVE "p=reject",
     POLICY_UP},
    {"own record gone, nothing above", SUB OWN "p=reject", SUB, LOST},
    {"own record added, as strict", SUB ABOVE "p=reject", SUB OWN "p=reject\n" ABOVE "p=reject",
     SOURCE},
    {"own record added, weaker", SUB ABOVE "p=reject", SUB OWN "p=quarantine\n" ABOVE "p=reject",
     POLICY},
    {"own record added, p=none", SUB ABOVE "p=reject", SUB OWN "p=none\n" ABOVE "p=reject",
     POLICY_END},
    {"own record added, stricter", SUB ABOVE "p=none", SUB OWN "p=reject\n" ABOVE "p=none",
     POLICY_UP},
    {"own record, its sp means nothing while there is one above",
     SUB OWN "p=reject\n" ABOVE "p=reject", SUB OWN "p=reject; sp=none\n" ABOVE "p=reject", ""},
    {"own record, and what is below hangs on the one above", SUB OWN "p=reject\n" ABOVE "p=reject",
     SUB OWN "p=reject\n" ABOVE "p=none", SUB_END},
    {"own record, the one above rises", SUB OWN "p=reject\n" ABOVE "p=none",
     SUB OWN "p=reject\n" ABOVE "p=reject", SUB_UP},
    {"the one above appears, weaker: rule 5", SUB OWN "p=reject",
     SUB OWN "p=reject\n" ABOVE "p=none", SUB_END},

    {"two own records: one generation goes on to the parent", SUB OWN "p=reject\n" ABOVE "p=reject",
     SUB OWN "p=reject\n" OWN "p=none\n" ABOVE "p=reject", "dmarc.record.broken CRITICAL critical"},

    {"psd=n under a stricter parent", SUB OWN "p=quarantine\n" ABOVE "p=reject",
     SUB OWN "p=quarantine; psd=n\n" ABOVE "p=reject", "dmarc.psd.detached WEAKENED warning"},
    {"psd=n under p=none of one's own", SUB OWN "p=none\n" ABOVE "p=reject",
     SUB OWN "p=none; psd=n\n" ABOVE "p=reject", "dmarc.psd.detached WEAKENED warning"},
    {"psd=n with a policy as strict", SUB OWN "p=reject\n" ABOVE "p=reject",
     SUB OWN "p=reject; psd=n\n" ABOVE "p=reject", "dmarc.psd.changed CHANGED notice"},
    {"psd=n, nothing above", SUB OWN "p=reject", SUB OWN "p=reject; psd=n",
     "dmarc.psd.changed CHANGED info"},
    {"psd=y on a subdomain", SUB OWN "p=reject\n" ABOVE "p=reject",
     SUB OWN "p=reject; psd=y\n" ABOVE "p=reject", "dmarc.psd.added BROKEN error"},

    {"own record unknown", SUB OWN "p=reject", SUB "_dmarc.news.example.com ! timeout\n", ""},
    {"own record gone, the one above unknown", SUB OWN "p=reject\n" ABOVE "p=reject", SUB UNSEEN,
     ""},
    {"inherited, and unknown", SUB ABOVE "p=reject", SUB UNSEEN, ""},
    {"own record falls, the one above unknown", SUB OWN "p=reject\n" ABOVE "p=reject",
     SUB OWN "p=none\n" UNSEEN, POLICY_END},
    {"the one above unknown before", SUB OWN "p=reject\n" UNSEEN,
     SUB OWN "p=reject\n" ABOVE "p=none", ""},
    {"a registry's name unknown hinders nothing", SUB OWN "p=reject", SUB "_dmarc.com ! timeout",
     LOST},

    {"first: nothing of one's own", NULL, SUB ABOVE "p=reject; sp=none", ""},
    {"first: own sp means nothing here", NULL, SUB OWN "p=reject; sp=none\n" ABOVE "p=reject", ""},
    {"first: own sp, alone", NULL, SUB OWN "p=reject; sp=none", SUB_LOW},
};

static int plain(void **state)
{
    set_up(state);
    watch.selectors_count = 0;
    watch.dmarc_floor = VD_FLOOR_NONE;
    watch.spf_floor = VD_FLOOR_NONE;
    return 0;
}

static void run(const struct row *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        judge_zones(table[i].was, table[i].now);
        expect_of(table[i].why, VD_SUBJECT_DMARC, table[i].wanted);
        if (table[i].was != NULL) {
            judge_zone(table[i].was);
            expect_of(table[i].why, VD_SUBJECT_DMARC, "");
        }
    }
}

static void test_subdomain_and_its_parents(void **state)
{
    (void)state;
    strcpy(watch.domain, "news.example.com");
    run(sub_rows, sizeof sub_rows / sizeof sub_rows[0]);
}

static void test_inherited_fall_says_whose(void **state)
{
    (void)state;
    strcpy(watch.domain, "news.example.com");
    judge_zones(SUB ABOVE "p=reject", SUB ABOVE "p=none");
    const struct vd_finding *finding = find(VD_CODE_DMARC_WEAKENED);
    assert_string_equal(words(finding->path), "news.example.com > _dmarc.example.com");
    assert_string_equal(words(finding->mend),
                        "have _dmarc.example.com mended, or at _dmarc.news.example.com put TXT: "
                        "v=DMARC1; p=reject; rua=mailto:dmarc@news.example.com");
    judge_zones(SUB OWN "p=reject\n" ABOVE "p=none", SUB ABOVE "p=none");
    assert_string_equal(words(find(VD_CODE_DMARC_WEAKENED)->mend),
                        "at _dmarc.news.example.com put TXT: v=DMARC1; p=reject");
}

/* np= is for names that do not exist: the watched one may be one of them. */
static void test_np_holds_for_a_domain_that_does_not_exist(void **state)
{
    (void)state;
    strcpy(watch.domain, "ghost.example.com");
    judge_zones("example.com A 192.0.2.1\n" ABOVE "p=reject; sp=quarantine",
                "example.com A 192.0.2.1\n" ABOVE "p=reject; sp=quarantine; np=none");
    expect_of("it is a ghost", VD_SUBJECT_DMARC, POLICY_END);
    assert_int_equal(judgement.facts.dmarc.bis_self, 0);
    assert_int_equal(judgement.facts.dmarc.legacy_self, 1); /* RFC 7489 knows no np= */
    judge_zones("ghost.example.com ! timeout\n" ABOVE "p=reject",
                "ghost.example.com ! timeout\n" ABOVE "p=reject; np=none");
    assert_true(judgement.facts.dmarc.unknown & VD_FACET_BIT(VD_FACET_DMARC_POLICY));
    expect_of("not known whether", VD_SUBJECT_DMARC, SUB_END);
}

static void test_generations_find_different_records(void **state)
{
    (void)state;
    strcpy(watch.domain, "a.b.example.com");
    judge_zones(NULL, "_dmarc.b.example.com TXT v=DMARC1; p=reject\na.b.example.com A 192.0.2.1");
    assert_int_equal(judgement.facts.dmarc.bis_self, 2);
    assert_int_equal(judgement.facts.dmarc.legacy_self, -1);
    assert_int_equal(judgement.facts.dmarc.source, VD_SOURCE_ORG);
    strcpy(watch.domain, "giant.bank.example");
    judge_zones(NULL, "_dmarc.bank.example TXT v=DMARC1; p=reject; psd=y\n"
                      "giant.bank.example A 192.0.2.1");
    assert_int_equal(judgement.facts.dmarc.source, VD_SOURCE_PSD);
    assert_int_equal(judgement.facts.dmarc.bis_self, 2);
    strcpy(watch.domain, "shop.example.co.kr");
    judge_zones(NULL, "_dmarc.example.co.kr TXT v=DMARC1; p=quarantine\n"
                      "shop.example.co.kr A 192.0.2.1");
    assert_int_equal(judgement.facts.dmarc.legacy_self, 1);
}

/* An unchanged domain costs one round trip, once its questions are known; a new one a second. */
static void test_names_of_the_walk_are_asked_at_once(void **state)
{
    static const char *const names[] = {"_dmarc.a.b.example.com", "_dmarc.b.example.com",
                                        "_dmarc.example.com", "_dmarc.com"};

    (void)state;
    strcpy(watch.domain, "a.b.example.com");
    for (size_t i = 0; i < 4; i++) {
        bool is_new = false;
        zone_count = 0;
        vd_snapshot_clear(&snapshot);
        vd_judge_wants(&snapshot, &baseline, &watch, &judgement, zone_want, &is_new);
        assert_non_null(vd_snapshot_find(&snapshot, names[i], VD_TYPE_TXT));
    }
    strcpy(watch.domain, "example.com");
    judge_zones(NULL, "_dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:a@v.example\n");
    assert_true(zone_rounds <= 3);
}

/* ---- reports --------------------------------------------------------------------------------- */

/* The watch is example.com; the third party is vendor.example. */
#define BASE   "example.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1\n"
#define HOME   "_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:a@example.com\n"
#define VENDOR "_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:a@vendor.example\n"
#define BOTH                                                                                       \
    "_dmarc.example.com TXT v=DMARC1; p=reject; "                                                  \
    "rua=mailto:a@example.com,mailto:a@vendor.example\n"
#define MORE(list) "_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:" list "\n"
#define LABEL_64   "a123456789b123456789c123456789d123456789e123456789f123456789abcd"
#define MAIL       "vendor.example MX 10 mx.vendor.example\n"
#define LEAVE      "example.com._report._dmarc.vendor.example TXT v=DMARC1\n"
#define WILD                                                                                       \
    "example.com._report._dmarc.vendor.example CNAME all.vendor.example\n"                         \
    "all.vendor.example TXT v=DMARC1;\n"

#define AT_HOST       "_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:a@in.example.com\n"
#define OWN_HOST      AT_HOST "in.example.com MX 10 mx.example.com\n"
#define OWN_HOST_GONE AT_HOST "in.example.com MX 0 .\n"

#define REFUSED "dmarc.rua.unauthorised WEAKENED warning"
#define DEAD    "dmarc.rua.dead WEAKENED warning"
#define MOVED   "dmarc.rua.changed CHANGED notice"
#define BETTER  "dmarc.rua.strengthened STRENGTHENED info"

static const struct row rua_rows[] = {
    {"to a third party that expects them", BASE HOME, BASE VENDOR MAIL LEAVE, MOVED},
    {"to one that does not", BASE HOME, BASE VENDOR MAIL, REFUSED},
    {"to one as well", BASE HOME, BASE BOTH MAIL, REFUSED},
    {"leave is withdrawn", BASE VENDOR MAIL LEAVE, BASE VENDOR MAIL, REFUSED},
    {"leave through an alias", BASE VENDOR MAIL LEAVE, BASE VENDOR MAIL WILD, ""},
    {"leave beside foreign text", BASE VENDOR MAIL LEAVE,
     BASE VENDOR MAIL LEAVE "example.com._report._dmarc.vendor.example TXT hello\n", ""},
    {"leave with nonsense behind it", BASE VENDOR MAIL LEAVE,
     BASE VENDOR MAIL "example.com._report._dmarc.vendor.example TXT v=DMARC1; p=none; bogus;\n",
     REFUSED},
    {"leave that is misspelt", BASE VENDOR MAIL LEAVE,
     BASE VENDOR MAIL "example.com._report._dmarc.vendor.example TXT v=dmarc1\n", REFUSED},
    {"leave that leads to another address at the host", BASE VENDOR MAIL LEAVE,
     BASE VENDOR MAIL
     "example.com._report._dmarc.vendor.example TXT v=DMARC1; rua=mailto:b@vendor.example\n",
     ""},
    {"leave that leads to another host", BASE VENDOR MAIL LEAVE,
     BASE VENDOR MAIL
     "example.com._report._dmarc.vendor.example TXT v=DMARC1; rua=mailto:b@other.example\n",
     REFUSED},
    {"leave unknown", BASE VENDOR MAIL LEAVE,
     BASE VENDOR MAIL "example.com._report._dmarc.vendor.example ! timeout\n", ""},
    {"leave is given", BASE VENDOR MAIL, BASE VENDOR MAIL LEAVE, BETTER},
    {"the vendor's domain is gone", BASE VENDOR MAIL LEAVE, BASE VENDOR, DEAD},
    {"it has a null MX", BASE VENDOR MAIL LEAVE, BASE VENDOR "vendor.example MX 0 .\n" LEAVE, DEAD},
    {"it has an address only", BASE VENDOR MAIL LEAVE,
     BASE VENDOR "vendor.example A 192.0.2.1\n" LEAVE, ""},
    {"it has an IPv6 address only", BASE VENDOR MAIL LEAVE,
     BASE VENDOR "vendor.example AAAA 2001:db8::1\n" LEAVE, ""},
    {"it has neither", BASE VENDOR MAIL LEAVE, BASE VENDOR "vendor.example TXT x\n" LEAVE, DEAD},
    {"it cannot be looked at", BASE VENDOR MAIL LEAVE,
     BASE VENDOR "vendor.example ! timeout\n" LEAVE, ""},
    {"our own MX is gone: told as that", BASE HOME, HOME "example.com TXT x\n", ""},
    {"that of a host below is gone", BASE OWN_HOST, BASE OWN_HOST_GONE, DEAD},
    {"policy falls while reports are unknown", BASE VENDOR MAIL LEAVE,
     BASE "vendor.example ! timeout\n" LEAVE
          "_dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:a@vendor.example\n",
     "dmarc.policy.weakened CRITICAL critical"},
    {"one more that is fine, beside one that never was", BASE BOTH MAIL,
     BASE MORE("a@example.com,mailto:a@vendor.example,mailto:b@example.com") MAIL, MOVED},
    {"the same ones in another order", BASE BOTH MAIL,
     BASE MORE("a@vendor.example,mailto:a@example.com") MAIL, ""},
    {"one more that is refused, beside one that never took mail", BASE BOTH LEAVE,
     BASE MORE("a@example.com,mailto:a@vendor.example,mailto:a@other.example") LEAVE
     "other.example MX 10 mx.vendor.example\n",
     REFUSED},
    {"one that was dead is only refused now", BASE VENDOR, BASE VENDOR MAIL, ""},
    {"a host that no name can have", BASE HOME, BASE MORE("a@" LABEL_64 ".example"), DEAD},
    {"first: not expected", NULL, BASE VENDOR MAIL, REFUSED},
    {"first: dead", NULL, BASE VENDOR, DEAD},
    {"first: unknown", NULL, BASE VENDOR "vendor.example ! timeout\n" LEAVE, ""},
    {"first: good", NULL, BASE VENDOR MAIL LEAVE, ""},
};

static void test_reports(void **state)
{
    (void)state;
    run(rua_rows, sizeof rua_rows / sizeof rua_rows[0]);
}

static void test_refused_reports_say_what_the_third_party_must_publish(void **state)
{
    (void)state;
    judge_zones(BASE VENDOR MAIL LEAVE, BASE VENDOR MAIL);
    const struct vd_finding *finding = find(VD_CODE_DMARC_RUA_REFUSED);
    assert_string_equal(words(finding->subject_line),
                        "example.com: DMARC reports lost: vendor.example does not expect them");
    assert_string_equal(words(finding->mend),
                        "have vendor.example put at example.com._report._dmarc.vendor.example TXT: "
                        "v=DMARC1; or take its address out of rua= at _dmarc.example.com");
    assert_non_null(strchr(words(finding->path), '>'));
}

/* The policy domain is the one that supplies the record, and so is its organisation. */
static void test_reports_of_an_inherited_policy(void **state)
{
    (void)state;
    strcpy(watch.domain, "news.example.com");
    judge_zones(NULL, SUB VENDOR MAIL LEAVE);
    expect_of("leave for the parent", VD_SUBJECT_DMARC, "");
    judge_zones(NULL,
                SUB VENDOR MAIL "news.example.com._report._dmarc.vendor.example TXT v=DMARC1");
    expect_of("leave for the child", VD_SUBJECT_DMARC, REFUSED);
    judge_zones(NULL, SUB "example.com MX 10 mx.example.com\n" OWN
                          "p=none; rua=mailto:a@example.com\n" ABOVE "p=none");
    expect_of("the organisation's own host", VD_SUBJECT_DMARC, "");
}

/* ---- aliases and misplaced records ------------------------------------------------------------- */

#define PLAIN "_dmarc.example.com TXT v=DMARC1; p=reject\n"
#define HOSTED                                                                                     \
    "_dmarc.example.com CNAME example.com.hosted.example\n"                                        \
    "example.com.hosted.example TXT v=DMARC1; p=reject\n"
#define HOSTED_ELSEWHERE                                                                           \
    "_dmarc.example.com CNAME x.other.example\nx.other.example TXT v=DMARC1; p=reject\n"
#define HOSTED_HOME                                                                                \
    "_dmarc.example.com CNAME dmarc.example.com\ndmarc.example.com TXT v=DMARC1; p=reject\n"
#define HOSTED_SAME                                                                                \
    "_dmarc.example.com CNAME y.hosted.example\ny.hosted.example TXT v=DMARC1; p=reject\n"

static const struct row alias_rows[] = {
    {"TXT to CNAME", BASE PLAIN, BASE HOSTED, "dmarc.alias.moved WEAKENED notice"},
    {"CNAME to another operator", BASE HOSTED, BASE HOSTED_ELSEWHERE,
     "dmarc.alias.moved WEAKENED notice"},
    {"CNAME inside one operator", BASE HOSTED, BASE HOSTED_SAME, ""},
    {"TXT to CNAME inside the own domain", BASE PLAIN, BASE HOSTED_HOME,
     "dmarc.source.changed CHANGED info"},
    {"CNAME to TXT", BASE HOSTED, BASE PLAIN, "dmarc.source.changed CHANGED info"},
    {"CNAME and a fall", BASE PLAIN,
     BASE "_dmarc.example.com CNAME a.hosted.example\na.hosted.example TXT v=DMARC1; p=none\n",
     "dmarc.alias.moved WEAKENED notice\ndmarc.policy.weakened CRITICAL critical"},
    {"CNAME dangles", BASE HOSTED, BASE "_dmarc.example.com CNAME gone.hosted.example\n", LOST},
    {"hosted from the start", NULL, BASE HOSTED, ""},
};

static void test_aliases(void **state)
{
    (void)state;
    run(alias_rows, sizeof alias_rows / sizeof alias_rows[0]);
    judge_zones(BASE PLAIN, BASE HOSTED);
    assert_string_equal(words(find(VD_CODE_DMARC_ALIAS)->mend),
                        "if this was not planned, remove the CNAME at _dmarc.example.com and put "
                        "TXT: v=DMARC1; p=reject");
    assert_int_equal(find(VD_CODE_DMARC_ALIAS)->rtype, VD_TYPE_CNAME);
}

static void test_mistakes_of_the_host_field_are_recognised(void **state)
{
    static const char *const places[] = {
        "_dmarc.example.com.example.com",
        "_dmarc._dmarc.example.com",
        "_dmarc.www.example.com",
        "dmarc.example.com",
        "example.com",
    };
    char zone[600];

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(zone, sizeof zone, BASE "%s TXT v=DMARC1; p=reject\n", places[i]);
        judge_zones(NULL, zone);
        expect_of(places[i], VD_SUBJECT_DMARC, "dmarc.record.misplaced BROKEN warning");
        const struct vd_finding *finding = find(VD_CODE_DMARC_MISPLACED);
        assert_non_null(strstr(words(finding->new_text), places[i]));
        assert_true(strlen(words(finding->mend)) > 0);
        judge_zones(BASE PLAIN, zone);
        expect_of(places[i], VD_SUBJECT_DMARC, "dmarc.record.misplaced CRITICAL critical");
    }
}

#define TEST(name) cmocka_unit_test_setup(name, plain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_subdomain_and_its_parents),
        TEST(test_inherited_fall_says_whose),
        TEST(test_np_holds_for_a_domain_that_does_not_exist),
        TEST(test_generations_find_different_records),
        TEST(test_names_of_the_walk_are_asked_at_once),
        TEST(test_reports),
        TEST(test_refused_reports_say_what_the_third_party_must_publish),
        TEST(test_reports_of_an_inherited_policy),
        TEST(test_aliases),
        TEST(test_mistakes_of_the_host_field_are_recognised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
