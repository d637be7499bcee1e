/* What becomes of MX.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "tests/unit/lines_world.h"

/* Parts of zones. */
#define APEX                 "example.com SOA\n"
#define OWN(n)               "example.com MX 10 mx" #n ".example.com\nmx" #n ".example.com A 192.0.2." #n "\n"
#define AT(preference, host) "example.com MX " #preference " " host "\n"
#define A(host)              host " A 192.0.2.77\n"
#define NULL_MX              "example.com MX 0 .\n"

static const struct change record_rows[] = {
    {"the same", APEX OWN(1), APEX OWN(1), {{NOTHING}}},
    {"order of the answer", APEX OWN(1) OWN(2), APEX OWN(2) OWN(1), {{NOTHING}}},
    {"gone", APEX OWN(1), APEX, {{VD_CODE_MX_MISSING, BROKEN_ERROR}}},
    {"gone by NXDOMAIN", APEX OWN(1), "", {{VD_CODE_MX_MISSING, BROKEN_ERROR}}},
    {"real to null", APEX OWN(1), APEX NULL_MX, {{VD_CODE_MX_NULL, CRITICAL}}},
    {"null to real", APEX NULL_MX, APEX OWN(1), {{VD_CODE_MX_APPEARED, NOTABLE}}},
    {"null gone", APEX NULL_MX, APEX, {{VD_CODE_MX_MISSING, NOTABLE}}},
    {"null appears",
     APEX,
     APEX NULL_MX,
     {{VD_CODE_MX_APPEARED, VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO}}},
    {"appears", APEX, APEX OWN(1), {{VD_CODE_MX_APPEARED, NOTABLE}}},
    {"null beside real ones", APEX OWN(1), APEX NULL_MX OWN(1), {{VD_CODE_MX_BROKEN, BROKEN}}},
    {"null no longer beside real ones",
     APEX NULL_MX OWN(1),
     APEX OWN(1),
     {{VD_CODE_MX_MENDED, VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO}}},
    {"NXDOMAIN to NODATA", "", APEX, {{NOTHING}}},
    {"unknown", APEX OWN(1), APEX "example.com MX !servfail\n", {{NOTHING}}},
    {"first contact, whatever it is",
     NULL,
     APEX AT(10, "mx.mailer.example") A("mx.mailer.example"),
     {{NOTHING}}},
    {"first contact, none", NULL, APEX, {{NOTHING}}},
};

static void test_mx_record_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_MX, record_rows);
}

static const struct change host_rows[] = {
    {"other preferences",
     APEX AT(10, "a.example.com") AT(20, "b.example.com") A("a.example.com") A("b.example.com"),
     APEX AT(20, "a.example.com") AT(10, "b.example.com") A("a.example.com") A("b.example.com"),
     {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"other host of the domain", APEX OWN(1), APEX OWN(9), {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"fewer hosts", APEX OWN(1) OWN(2), APEX OWN(1), {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"other host of the operator",
     APEX AT(1, "mx1.mailer.example") A("mx1.mailer.example"),
     APEX AT(1, "mx2.mailer.example") A("mx2.mailer.example"),
     {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"the same service's other domain",
     APEX AT(1, "aspmx.l.google.com") A("aspmx.l.google.com"),
     APEX AT(1, "aspmx.l.google.com") AT(5, "aspmx2.googlemail.com") A("aspmx.l.google.com")
         A("aspmx2.googlemail.com"),
     {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"outside",
     APEX OWN(1),
     APEX AT(10, "mx.attacker.example") A("mx.attacker.example"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"outside, a service that is not configured",
     APEX OWN(1),
     APEX AT(1, "smtp.google.com") A("smtp.google.com"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"outside, preferred",
     APEX OWN(1),
     APEX AT(5, "mx.attacker.example") OWN(1) A("mx.attacker.example"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"outside, beside equals",
     APEX OWN(1),
     APEX OWN(1) AT(10, "zz.other.example") A("zz.other.example"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"outside, as the last resort",
     APEX OWN(1),
     APEX OWN(1) AT(20, "mx.other.example") A("mx.other.example"),
     {{VD_CODE_MX_OUTSIDE, WEAKENED}}},
    {"outside, behind one of ours that is not there",
     APEX OWN(1),
     APEX AT(5, "dead.example.com") AT(20, "mx.other.example") A("mx.other.example"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}, {VD_CODE_MX_GONE, BROKEN}}},
    {"outside, with a name that ends like ours",
     APEX OWN(1),
     APEX AT(10, "mx.notexample.com") A("mx.notexample.com"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"outside under co.kr",
     APEX AT(10, "mx.mailer.co.kr") A("mx.mailer.co.kr"),
     APEX AT(10, "mx.other.co.kr") A("mx.other.co.kr"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"inside under co.kr",
     APEX AT(10, "mx.mailer.co.kr") A("mx.mailer.co.kr"),
     APEX AT(10, "mx2.mailer.co.kr") A("mx2.mailer.co.kr"),
     {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"outside under id.au",
     APEX AT(10, "mx.mailer.id.au") A("mx.mailer.id.au"),
     APEX AT(10, "mx.other.id.au") A("mx.other.id.au"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"outside under gouv.fr",
     APEX AT(10, "mx.mailer.gouv.fr") A("mx.mailer.gouv.fr"),
     APEX AT(10, "mx.other.gouv.fr") A("mx.other.gouv.fr"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}}},
    {"inside under a short name",
     APEX AT(10, "mx1.gmx.de") A("mx1.gmx.de"),
     APEX AT(10, "mx2.gmx.de") A("mx2.gmx.de"),
     {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"the second one's operator is known too",
     APEX OWN(1) AT(10, "mx.one.example") AT(20, "mx.two.example") A("mx.one.example")
         A("mx.two.example"),
     APEX AT(10, "mx2.two.example") A("mx2.two.example"),
     {{VD_CODE_MX_CHANGED, CHANGED}}},
    {"back among the known ones",
     APEX AT(10, "mx.mailer.example") A("mx.mailer.example"),
     APEX OWN(1),
     {{VD_CODE_MX_CHANGED, CHANGED}}},
};

static void test_mx_host_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_MX, host_rows);
}

static void test_mx_host_that_the_configuration_allows_is_inside(void **state)
{
    static const char now[] = APEX AT(10, "in.filter.example") A("in.filter.example");

    (void)state;
    judge_lines_change(APEX OWN(1), now);
    assert_non_null(find(VD_CODE_MX_OUTSIDE));
    watch_text(&watch.mx, "mx.other.example filter.example");
    judge_lines_change(APEX OWN(1), now);
    assert_null(find(VD_CODE_MX_OUTSIDE));
    assert_non_null(find(VD_CODE_MX_CHANGED));
    watch_text(&watch.mx, "ilter.example");
    judge_lines_change(APEX OWN(1), now);
    assert_non_null(find(VD_CODE_MX_OUTSIDE));
}

static void test_mx_of_a_configured_service_is_inside(void **state)
{
    static const char now[] = APEX AT(1, "smtp.google.com") A("smtp.google.com");

    (void)state;
    for (uint8_t i = 0; vd_provider_at(&watch, i) != NULL; i++) {
        if (strcmp(vd_provider_at(&watch, i)->name, "google-workspace") == 0) {
            watch.provider_rows[watch.providers_count++] = i;
        }
    }
    assert_int_equal(watch.providers_count, 1);
    judge_lines_change(APEX OWN(1), now);
    assert_null(find(VD_CODE_MX_OUTSIDE));
    assert_non_null(find(VD_CODE_MX_CHANGED));
}

#define TWO AT(10, "a.example.com") AT(20, "b.example.com")

static const struct change target_rows[] = {
    {"only IPv6",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com") "mx1.example.com AAAA 2001:db8::1\n",
     {{NOTHING}}},
    {"the host is gone",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com"),
     {{VD_CODE_MX_GONE, BROKEN_ERROR}}},
    {"the host has no address",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com") "mx1.example.com TXT x\n",
     {{VD_CODE_MX_GONE, BROKEN_ERROR}}},
    {"one of two is gone",
     APEX TWO A("a.example.com") A("b.example.com"),
     APEX TWO A("a.example.com"),
     {{VD_CODE_MX_GONE, BROKEN}}},
    {"both are gone",
     APEX TWO A("a.example.com") A("b.example.com"),
     APEX TWO,
     {{VD_CODE_MX_GONE, BROKEN_ERROR}}},
    {"the second one too",
     APEX TWO A("a.example.com"),
     APEX TWO,
     {{VD_CODE_MX_GONE, BROKEN_ERROR}}},
    {"back",
     APEX TWO A("a.example.com"),
     APEX TWO A("a.example.com") A("b.example.com"),
     {{VD_CODE_MX_BETTER, VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO}}},
    {"one is not known",
     APEX TWO A("a.example.com") A("b.example.com"),
     APEX TWO "a.example.com A !timeout\nb.example.com TXT x\n",
     {{NOTHING}}},
    {"one address is not known, the other is there",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com") A("mx1.example.com") "mx1.example.com AAAA !servfail\n",
     {{NOTHING}}},
    {"a private address proves nothing",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com") "mx1.example.com A 10.1.2.3\n",
     {{NOTHING}}},
    {"a private address beside a public one",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com") "mx1.example.com A 192.168.1.1\nmx1.example.com A 192.0.2.1\n",
     {{NOTHING}}},
    {"appears unregistered",
     APEX AT(10, "mx.vendor.com") "vendor.com SOA\n" A("mx.vendor.com"),
     APEX AT(10, "mx.vendor.com"),
     {{VD_CODE_MX_TAKEOVER, CRITICAL}}},
    {"gone, its domain is somebody's",
     APEX AT(10, "mx.vendor.com") "vendor.com SOA\n" A("mx.vendor.com"),
     APEX AT(10, "mx.vendor.com") "vendor.com SOA\n",
     {{VD_CODE_MX_GONE, BROKEN_ERROR}}},
    {"whether strangers can have it is not known",
     APEX AT(10, "mx.vendor.com") "vendor.com SOA\n" A("mx.vendor.com"),
     APEX AT(10, "mx.vendor.com") "vendor.com SOA\n_dmarc.vendor.com TXT !timeout\n",
     {{NOTHING}}},
    {"one that strangers can have is enough",
     APEX AT(10, "mx.vendor.com") OWN(1) A("mx.vendor.com"),
     APEX AT(10, "mx.vendor.com") AT(10, "mx1.example.com") "mx1.example.com A !timeout\n",
     {{VD_CODE_MX_TAKEOVER, CRITICAL}}},
    {"outside and unregistered",
     APEX OWN(1),
     APEX AT(10, "mx.gone-vendor.com"),
     {{VD_CODE_MX_OUTSIDE, CRITICAL}, {VD_CODE_MX_TAKEOVER, CRITICAL}}},
    {"from null to an unregistered one",
     APEX NULL_MX,
     APEX AT(10, "mx.gone-vendor.com"),
     {{VD_CODE_MX_TAKEOVER, CRITICAL}, {VD_CODE_MX_APPEARED, NOTABLE}}},
    {"an alias",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com") "mx1.example.com CNAME h.example.com\n" A("h.example.com"),
     {{VD_CODE_MX_ALIAS, CHANGED}}},
    {"an alias, seen by one of its addresses",
     APEX AT(10, "mx1.example.com") "mx1.example.com CNAME h.example.com\n" A(
         "h.example.com") "h.example.com AAAA 2001:db8::1\n",
     APEX AT(10, "mx1.example.com") "mx1.example.com CNAME h.example.com\n"
                                    "h.example.com A !timeout\nh.example.com AAAA 2001:db8::1\n",
     {{NOTHING}}},
    {"another host, and it is not there",
     APEX TWO A("a.example.com") A("b.example.com"),
     APEX AT(10, "a.example.com") AT(20, "c.example.com") A("a.example.com"),
     {{VD_CODE_MX_GONE, BROKEN}}}, /* that it is another one is beside the point */
    {"an alias to nowhere",
     APEX OWN(1),
     APEX AT(10, "mx1.example.com") "mx1.example.com CNAME h.gone-vendor.com\n",
     {{VD_CODE_MX_TAKEOVER, CRITICAL}}},
    {"first contact, unregistered",
     NULL,
     APEX AT(10, "mx.gone-vendor.com"),
     {{VD_CODE_MX_TAKEOVER, CRITICAL}}},
    {"first contact, no address", NULL, APEX AT(10, "mx1.example.com"), {{NOTHING}}},
};

static void test_mx_target_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_MX, target_rows);
}

static void test_mx_target_unknown_then_is_not_compared(void **state)
{
    (void)state;
    judge_lines_change(APEX AT(10, "mx1.example.com") "mx1.example.com A !timeout\n",
                       APEX AT(10, "mx1.example.com"));
    assert_null(find(VD_CODE_MX_GONE));
    assert_int_equal(subject(VD_SUBJECT_MX, 0)->unknown, 0);
    /* ... but what nobody should start with is told as at first contact */
    judge_lines_change(APEX AT(10, "mx.gone-vendor.com") "mx.gone-vendor.com A !timeout\n",
                       APEX AT(10, "mx.gone-vendor.com"));
    assert_non_null(find(VD_CODE_MX_TAKEOVER));
}

static void test_mx_needed_by_a_profile(void **state)
{
    static const struct change rows[] = {
        {"none", NULL, APEX, {{VD_CODE_MX_MISSING, BROKEN_ERROR}}},
        {"null", NULL, APEX NULL_MX, {{VD_CODE_MX_NULL, BROKEN_ERROR}}},
        {"no host has an address",
         NULL,
         APEX AT(10, "mx1.example.com"),
         {{VD_CODE_MX_GONE, BROKEN_ERROR}}},
        {"one host has", NULL, APEX TWO A("b.example.com"), {{NOTHING}}},
        {"good", NULL, APEX OWN(1), {{NOTHING}}},
    };

    (void)state;
    watch.needs_mx = true;
    EXPECT_CHANGES(VD_SUBJECT_MX, rows);
}

static void test_mx_of_a_parked_domain(void **state)
{
    static const struct change rows[] = {
        {"null, as it is to be", NULL, APEX NULL_MX, {{NOTHING}}},
        {"none at first contact", NULL, APEX, {{VD_CODE_MX_MISSING, BROKEN}}},
        {"a host at first contact", NULL, APEX OWN(1), {{VD_CODE_MX_PARKED, CRITICAL}}},
        {"null to a host", APEX NULL_MX, APEX OWN(1), {{VD_CODE_MX_PARKED, CRITICAL}}},
        {"none to a host", APEX, APEX OWN(1), {{VD_CODE_MX_PARKED, CRITICAL}}},
        {"null gone", APEX NULL_MX, APEX, {{VD_CODE_MX_MISSING, BROKEN}}},
    };

    (void)state;
    watch.needs_null_mx = true;
    EXPECT_CHANGES(VD_SUBJECT_MX, rows);
    judge_lines_change(NULL, APEX OWN(1));
    assert_string_equal(words(find(VD_CODE_MX_PARKED)->mend),
                        "at example.com remove every MX and put MX: 0 .");
}

/* ---- words ---------------------------------------------------------------------------------- */

static void test_mx_words_name_the_host_and_the_domain_to_register(void **state)
{
    (void)state;
    judge_lines_change(APEX OWN(1), APEX OWN(1) AT(20, "mx.gone-vendor.co.kr"));
    const struct vd_finding *finding = find(VD_CODE_MX_TAKEOVER);
    assert_non_null(finding);
    assert_string_equal(words(finding->subject_line),
                        "example.com: MX leads to gone-vendor.co.kr, which appears unregistered");
    assert_string_equal(words(finding->new_text),
                        "mx.gone-vendor.co.kr: gone-vendor.co.kr appears unregistered");
    assert_string_equal(words(finding->path), "example.com > MX mx.gone-vendor.co.kr");
    assert_string_equal(words(finding->mend), "at example.com remove the MX mx.gone-vendor.co.kr");
    assert_int_equal(finding->axis, VD_AXIS_INTERCEPT);
    assert_int_equal(finding->rtype, VD_TYPE_MX);
}

static void test_mx_mend_pastes_the_last_good_ones(void **state)
{
    (void)state;
    judge_lines_change(APEX OWN(1) AT(20, "b.example.com") A("b.example.com"), APEX);
    assert_string_equal(words(find(VD_CODE_MX_MISSING)->mend),
                        "at example.com put MX: 10 mx1.example.com, 20 b.example.com");
    judge_lines_change(APEX OWN(1), APEX AT(5, "mx.attacker.example") A("mx.attacker.example"));
    assert_string_equal(words(find(VD_CODE_MX_OUTSIDE)->mend),
                        "at example.com remove the MX mx.attacker.example; put MX: 10 "
                        "mx1.example.com");
    assert_string_equal(words(find(VD_CODE_MX_OUTSIDE)->old_text), "1 host: 10 mx1.example.com");
    judge_lines_change(APEX OWN(1), APEX AT(5, "a.attacker.example") AT(6, "b.attacker.example"));
    assert_string_equal(words(find(VD_CODE_MX_OUTSIDE)->mend),
                        "at example.com remove the MX a.attacker.example and the others that are "
                        "new; put MX: 10 mx1.example.com");
}

static void test_mx_alias_names_what_to_put_instead(void **state)
{
    (void)state;
    judge_lines_change(
        APEX OWN(1),
        APEX AT(10, "mx1.example.com") "mx1.example.com CNAME h.example.com\n" A("h.example.com"));
    assert_string_equal(words(find(VD_CODE_MX_ALIAS)->new_text),
                        "mx1.example.com is a CNAME to h.example.com");
    assert_string_equal(words(find(VD_CODE_MX_ALIAS)->mend),
                        "at example.com put h.example.com into the MX in the place of "
                        "mx1.example.com");
    judge_lines_change(
        APEX OWN(1),
        APEX AT(10, "mx1.example.com") "mx1.example.com CNAME g.example.com\n"
                                       "g.example.com CNAME h.example.com\n" A("h.example.com"));
    assert_string_equal(words(find(VD_CODE_MX_ALIAS)->mend),
                        "at example.com put h.example.com into the MX in the place of "
                        "mx1.example.com");
}

/* A long list is not pasted as if it were whole, and leaves room for other records' texts. */
static void test_mx_long_list_is_kept_in_part(void **state)
{
    static char was[12000];
    size_t len = (size_t)sprintf(was, APEX);

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        len += (size_t)sprintf(was + len, "example.com MX 10 h%040u.mailer.example\n", i);
    }
    judge_lines_change(was, APEX);
    assert_true(baseline.mx.text.sound < baseline.mx.text.len);
    assert_true(baseline.mx.text.len < sizeof baseline.text / 3);
    assert_has(words(find(VD_CODE_MX_MISSING)->mend), "put back the MX that began: 10 h");
}

static void test_mx_priority_in_the_host_name_is_recognised(void **state)
{
    (void)state;
    judge_lines_change(APEX OWN(1), APEX AT(10, "10\\032mx1.example.com"));
    const struct vd_finding *finding = find(VD_CODE_MX_GONE);
    assert_non_null(finding);
    assert_int_equal(judgement.facts.mx.slip, VD_SLIP_PRIORITY);
    assert_non_null(strstr(words(finding->mend), "priority"));
}

static void test_mx_without_final_dot_is_recognised(void **state)
{
    (void)state;
    judge_lines_change(APEX AT(1, "smtp.google.com") A("smtp.google.com"),
                       APEX AT(1, "smtp.google.com.example.com"));
    const struct vd_finding *finding = find(VD_CODE_MX_GONE);
    assert_non_null(finding);
    assert_int_equal(judgement.facts.mx.slip, VD_SLIP_NO_DOT);
    assert_non_null(strstr(words(finding->mend), "dot"));
}

static void test_mx_at_a_doubled_name_is_recognised(void **state)
{
    (void)state;
    judge_lines_change(APEX OWN(1),
                       APEX "example.com.example.com MX 10 mx1.example.com\n" A("mx1.example.com"));
    const struct vd_finding *finding = find(VD_CODE_MX_MISSING);
    assert_non_null(finding);
    assert_int_equal(judgement.facts.mx.slip, VD_SLIP_DOUBLED);
    assert_non_null(strstr(words(finding->new_text), "example.com.example.com"));
    assert_non_null(strstr(words(finding->mend), "example.com.example.com"));
}

static void test_mx_never_missed_is_not_looked_for(void **state)
{
    (void)state;
    judge_lines_change(NULL, APEX);
    assert_null(vd_snapshot_find(&snapshot, "example.com.example.com", VD_TYPE_MX));
}

static void test_mx_long_names_fit_the_subject_line(void **state)
{
    static char was[600];
    static char now[900];
    static const char label[] = "a23456789-a23456789-a23456789-a23456789-a23456789-a23456789";

    (void)state;
    snprintf(watch.domain, sizeof watch.domain, "%s.%s.example.com", label, label);
    snprintf(was, sizeof was, "%s SOA\n%s MX 10 mx.mailer.example\nmx.mailer.example A 192.0.2.1\n",
             watch.domain, watch.domain);
    snprintf(now, sizeof now, "%s SOA\n%s MX 10 %s.%s.gone.com\n", watch.domain, watch.domain,
             label, label);
    judge_lines_change(was, now);
    assert_non_null(find(VD_CODE_MX_OUTSIDE));
    assert_non_null(find(VD_CODE_MX_TAKEOVER));
    for (size_t i = 0; i < judgement.findings_count; i++) {
        assert_true(strlen(words(judgement.findings[i].subject_line)) < 100);
    }
}

/* Of very many hosts the first ones by preference are looked at, and two questions go out for each. */
static void test_mx_questions_are_bounded(void **state)
{
    static char now[8000];
    size_t len = (size_t)sprintf(now, APEX);
    size_t asked = 0;

    (void)state;
    for (unsigned i = 0; i < 40; i++) {
        len += (size_t)sprintf(now + len, "example.com MX %u h%u.mailer.example\n", i, i);
    }
    judge_lines_change(NULL, now);
    for (size_t i = 0; i < snapshot.answers_count; i++) {
        asked += snapshot.answers[i].type == VD_TYPE_A &&
                 strstr(vd_snapshot_name(&snapshot, &snapshot.answers[i]), ".mailer.") != NULL;
    }
    assert_int_equal(asked, VD_MX_HOSTS_MAX);
    assert_int_equal(judgement.facts.mx.gone, VD_MX_HOSTS_MAX);
}

/* Every address is asked for as soon as the hosts are known: one round trip more, not two. */
static void test_mx_addresses_are_wanted_at_once(void **state)
{
    (void)state;
    judge_lines_change(NULL, APEX TWO A("a.example.com") A("b.example.com"));
    assert_non_null(vd_snapshot_find(&snapshot, "a.example.com", VD_TYPE_AAAA));
    assert_non_null(vd_snapshot_find(&snapshot, "b.example.com", VD_TYPE_AAAA));
}

#define TEST(name) cmocka_unit_test_setup(name, set_up_lines)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mx_record_table),
        TEST(test_mx_host_table),
        TEST(test_mx_host_that_the_configuration_allows_is_inside),
        TEST(test_mx_of_a_configured_service_is_inside),
        TEST(test_mx_target_table),
        TEST(test_mx_target_unknown_then_is_not_compared),
        TEST(test_mx_needed_by_a_profile),
        TEST(test_mx_of_a_parked_domain),
        TEST(test_mx_words_name_the_host_and_the_domain_to_register),
        TEST(test_mx_mend_pastes_the_last_good_ones),
        TEST(test_mx_alias_names_what_to_put_instead),
        TEST(test_mx_long_list_is_kept_in_part),
        TEST(test_mx_priority_in_the_host_name_is_recognised),
        TEST(test_mx_without_final_dot_is_recognised),
        TEST(test_mx_at_a_doubled_name_is_recognised),
        TEST(test_mx_never_missed_is_not_looked_for),
        TEST(test_mx_long_names_fit_the_subject_line),
        TEST(test_mx_questions_are_bounded),
        TEST(test_mx_addresses_are_wanted_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
