/*
 * DKIM: each row of the lattice for one selector, key by key, flag by flag, alias by alias.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/message.h"
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "tests/unit/judge_world.h"

#define REVOKED "v=DKIM1; p="
#define INFO    VD_CLASS_CHANGED, VD_SEVERITY_INFO
#define BETTER  VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO

/* What one selector answers: NULL alias: a TXT of the domain's own. */
struct key {
    const char *alias;
    const char *what;
};

static void put(const char *name, struct key key)
{
    publish(name, VD_TYPE_TXT, key.alias, key.what);
}

/* The chain ends at an NXDOMAIN of the zone so many labels up. */
static void gone_below(const char *name, uint8_t soa_up)
{
    struct vd_answer *answer = NULL;

    for (size_t i = 0; i < snapshot.answers_count; i++) {
        if (strcmp(vd_snapshot_name(&snapshot, &snapshot.answers[i]), name) == 0) {
            answer = &snapshot.answers[i];
        }
    }
    assert_non_null(answer);
    answer->rcode = VD_RCODE_NXDOMAIN;
    answer->has_soa = true;
    answer->soa_up = soa_up;
}

static void judge_snapshot(void)
{
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

static void learn(void)
{
    judge_snapshot();
    memset(&baseline, 0, sizeof baseline);
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    vd_snapshot_clear(&snapshot);
}

static void watch_one(const char *selector)
{
    memset(&watch, 0, sizeof watch);
    strcpy(watch.domain, "example.com");
    strcpy(watch.selectors[0], selector);
    watch.selectors_count = 1;
    memset(&baseline, 0, sizeof baseline);
    vd_snapshot_clear(&snapshot);
}

#define S1 "s1._domainkey.example.com"

static const char *mend_of(enum vd_code code)
{
    assert_non_null(find(code));
    return words(find(code)->mend);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        print_error("\"%s\" lacks \"%s\"\n", text, part);
        fail();
    }
}

/* ---- one selector, old and new ------------------------------------------------------------- */

/* was.what NULL: first contact. */
struct row {
    const char *why;
    struct key was, now;
    enum vd_code code;
    enum vd_class class_;
    enum vd_severity severity;
    uint8_t axis;
};

#define TXT(text)                                                                                  \
    {                                                                                              \
        NULL, text                                                                                 \
    }
#define FIRST                                                                                      \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }
#define MAILER(text)                                                                               \
    {                                                                                              \
        "s1.dkim.mailer.example", text                                                             \
    }
#define SENDGRID(text)                                                                             \
    {                                                                                              \
        "s1.domainkey.u1.wl1.sendgrid.net", text                                                   \
    }

#define SPOOF    VD_AXIS_SPOOF
#define DELIVERY VD_AXIS_DELIVERY

static const struct row rows[] = {
    /* no event */
    {"the same", TXT(DKIM_2048), TXT(DKIM_2048), NOTHING, 0},
    {"blanks, order of tags, no version", TXT(DKIM_2048),
     TXT("p = " KEY_RSA_2048 " ;k=rsa; n=note"), NOTHING, 0},
    {"a note added", TXT(DKIM_2048), TXT(DKIM_2048 "; n=hello"), NOTHING, 0},
    {"the same, behind an alias", MAILER(DKIM_2048), MAILER(DKIM_2048), NOTHING, 0},
    {"absent, and accepted so", TXT("!nxdomain"), TXT("!nxdomain"), NOTHING, 0},
    {"NXDOMAIN to NODATA, accepted", TXT("!nxdomain"), TXT("!nodata"), NOTHING, 0},
    {"unknown now", TXT(DKIM_2048), TXT("!timeout"), NOTHING, 0},
    {"unknown then", TXT("!servfail"), TXT(DKIM_2048), NOTHING, 0},
    /* the only usable key is lost */
    {"NXDOMAIN", TXT(DKIM_2048), TXT("!nxdomain"), VD_CODE_DKIM_MISSING, CRITICAL, DELIVERY},
    {"NODATA", TXT(DKIM_2048), TXT("!nodata"), VD_CODE_DKIM_MISSING, CRITICAL, DELIVERY},
    {"foreign text only", TXT(DKIM_2048), TXT("v=spf1 -all"), VD_CODE_DKIM_MISSING, CRITICAL,
     DELIVERY},
    {"a parked page's note", TXT(DKIM_2048), TXT("this domain is for sale"), VD_CODE_DKIM_MISSING,
     CRITICAL, DELIVERY},
    {"revoked", TXT(DKIM_2048), TXT(REVOKED), VD_CODE_DKIM_REVOKED, CRITICAL, DELIVERY},
    {"the CNAME itself is gone", MAILER(DKIM_2048), TXT("!nxdomain"), VD_CODE_DKIM_MISSING,
     CRITICAL, DELIVERY},
    {"foreign text behind the alias", MAILER(DKIM_2048), MAILER("hello"), VD_CODE_DKIM_MISSING,
     CRITICAL, DELIVERY},
    {"dangling", MAILER(DKIM_2048), MAILER("!dangling"), VD_CODE_DKIM_DANGLING, BROKEN_ERROR,
     DELIVERY | SPOOF},
    {"nothing of that type behind the alias", MAILER(DKIM_2048), MAILER("!nodata"),
     VD_CODE_DKIM_DANGLING, BROKEN_ERROR, DELIVERY | SPOOF},
    /* there, and unusable */
    {"wrong version", TXT(DKIM_2048), TXT("v=DKIM2; p=" KEY_RSA_2048), VD_CODE_DKIM_BROKEN,
     BROKEN_ERROR, DELIVERY},
    {"version not first", TXT(DKIM_2048), TXT("k=rsa; v=DKIM1; p=" KEY_RSA_2048),
     VD_CODE_DKIM_BROKEN, BROKEN_ERROR, DELIVERY},
    {"unknown kind", TXT(DKIM_2048), TXT("k=dsa; p=" KEY_RSA_2048), VD_CODE_DKIM_BROKEN,
     BROKEN_ERROR, DELIVERY},
    {"sha1 only", TXT(DKIM_2048), TXT("h=sha1; p=" KEY_RSA_2048), VD_CODE_DKIM_BROKEN, BROKEN_ERROR,
     DELIVERY},
    {"not for e-mail", TXT(DKIM_2048), TXT("s=tlsrpt; p=" KEY_RSA_2048), VD_CODE_DKIM_BROKEN,
     BROKEN_ERROR, DELIVERY},
    {"not base64", TXT(DKIM_2048), TXT("v=DKIM1; p=!!!!"), VD_CODE_DKIM_BROKEN, BROKEN_ERROR,
     DELIVERY},
    {"not the DER of a key", TXT(DKIM_2048), TXT("v=DKIM1; p=AAAAAAAAAAAAAAAA"),
     VD_CODE_DKIM_BROKEN, BROKEN_ERROR, DELIVERY},
    {"a tag twice", TXT(DKIM_2048), TXT(DKIM_2048 "; k=rsa"), VD_CODE_DKIM_BROKEN, BROKEN_ERROR,
     DELIVERY},
    {"two keys", TXT(DKIM_2048), TXT(DKIM_2048 "|" DKIM_NEW), VD_CODE_DKIM_BROKEN, BROKEN_ERROR,
     DELIVERY},
    {"other text beside the key", TXT(DKIM_2048), TXT(DKIM_2048 "|hello"), VD_CODE_DKIM_BROKEN,
     BROKEN_ERROR, DELIVERY},
    {"under 1024 bits", TXT(DKIM_2048), TXT(DKIM_512), VD_CODE_DKIM_SHORT, CRITICAL,
     SPOOF | DELIVERY},
    /* bits */
    {"2048 to 1024", TXT(DKIM_2048), TXT(DKIM_1024), VD_CODE_DKIM_WEAKENED, WEAKENED, SPOOF},
    {"4096 to 2048", TXT(DKIM_4096), TXT(DKIM_2048), VD_CODE_DKIM_WEAKENED, WEAKENED, SPOOF},
    {"2048 to 1024 behind the alias", MAILER(DKIM_2048), MAILER(DKIM_1024), VD_CODE_DKIM_WEAKENED,
     WEAKENED, SPOOF},
    {"the only RSA key becomes Ed25519", TXT(DKIM_2048), TXT(DKIM_ED), VD_CODE_DKIM_WEAKENED,
     WEAKENED, DELIVERY},
    {"4096 to Ed25519", TXT(DKIM_4096), TXT(DKIM_ED), VD_CODE_DKIM_WEAKENED, WEAKENED, DELIVERY},
    {"Ed25519 to 2048", TXT(DKIM_ED), TXT(DKIM_2048), VD_CODE_DKIM_WEAKENED, WEAKENED, SPOOF},
    /* another key */
    {"another key", TXT(DKIM_2048), TXT(DKIM_NEW), VD_CODE_DKIM_CHANGED, NOTABLE, SPOOF},
    {"another key of more bits", TXT(DKIM_1024), TXT(DKIM_2048), VD_CODE_DKIM_CHANGED, NOTABLE,
     SPOOF},
    {"another key behind an unknown operator's alias", MAILER(DKIM_2048), MAILER(DKIM_NEW),
     VD_CODE_DKIM_ROLLED, NOTABLE, SPOOF},
    {"another key behind a known service's alias", SENDGRID(DKIM_2048), SENDGRID(DKIM_NEW),
     VD_CODE_DKIM_ROLLED, INFO, SPOOF},
    {"a longer key behind a known service's alias", SENDGRID(DKIM_1024), SENDGRID(DKIM_2048),
     VD_CODE_DKIM_STRENGTHENED, BETTER, 0},
    {"appears", TXT("!nxdomain"), TXT(DKIM_2048), VD_CODE_DKIM_APPEARED, BETTER, 0},
    {"no longer revoked", TXT(REVOKED), TXT(DKIM_2048), VD_CODE_DKIM_APPEARED, BETTER, 0},
    /* flags */
    {"t=y added", TXT(DKIM_2048), TXT("t=y; p=" KEY_RSA_2048), VD_CODE_DKIM_TESTING, WEAKENED,
     SPOOF},
    {"t=y removed", TXT("t=y; p=" KEY_RSA_2048), TXT(DKIM_2048), VD_CODE_DKIM_FLAGS_BETTER, BETTER,
     DELIVERY},
    {"t=s removed", TXT("t=s; p=" KEY_RSA_2048), TXT(DKIM_2048), VD_CODE_DKIM_TESTING, MINOR,
     SPOOF},
    {"t=s added", TXT(DKIM_2048), TXT("t=s; p=" KEY_RSA_2048), VD_CODE_DKIM_FLAGS_BETTER, BETTER,
     DELIVERY},
    {"t=s becomes t=y", TXT("t=s; p=" KEY_RSA_2048), TXT("t=y; p=" KEY_RSA_2048),
     VD_CODE_DKIM_TESTING, WEAKENED, SPOOF},
    {"h= narrowed to sha256", TXT(DKIM_2048), TXT("h=sha256; p=" KEY_RSA_2048),
     VD_CODE_DKIM_FLAGS_BETTER, BETTER, DELIVERY},
    {"h= allows sha1 again", TXT("h=sha256; p=" KEY_RSA_2048),
     TXT("h=sha1:sha256; p=" KEY_RSA_2048), VD_CODE_DKIM_TESTING, MINOR, SPOOF},
    {"h= written out", TXT(DKIM_2048), TXT("h=sha1:sha256; p=" KEY_RSA_2048), NOTHING, 0},
    /* alias */
    {"another target of a known service",
     SENDGRID(DKIM_2048),
     {"s1.domainkey.u2.wl9.sendgrid.net", DKIM_2048},
     VD_CODE_DKIM_ALIAS_CHANGED,
     INFO,
     SPOOF},
    {"another target and key of a known service",
     SENDGRID(DKIM_2048),
     {"s1.domainkey.u2.wl9.sendgrid.net", DKIM_NEW},
     VD_CODE_DKIM_ALIAS_CHANGED,
     INFO,
     SPOOF},
    {"another target of the same unknown operator",
     MAILER(DKIM_2048),
     {"other.mailer.example", DKIM_2048},
     VD_CODE_DKIM_ALIAS_CHANGED,
     INFO,
     SPOOF},
    {"a target of another operator",
     MAILER(DKIM_2048),
     {"s1.dkim.evil.example", DKIM_2048},
     VD_CODE_DKIM_ALIAS,
     WEAKENED,
     SPOOF},
    {"the same with another key: one finding",
     MAILER(DKIM_2048),
     {"s1.dkim.evil.example", DKIM_NEW},
     VD_CODE_DKIM_ALIAS,
     WEAKENED,
     SPOOF},
    {"from a known service to another known one",
     SENDGRID(DKIM_2048),
     {"b1.example-com.dkim.brevo.com", DKIM_NEW},
     VD_CODE_DKIM_ALIAS,
     WEAKENED,
     SPOOF},
    {"a name that only looks like the service's",
     SENDGRID(DKIM_2048),
     {"s1.sendgrid.net.evil.example", DKIM_2048},
     VD_CODE_DKIM_ALIAS,
     WEAKENED,
     SPOOF},
    {"CNAME to TXT, the same key", MAILER(DKIM_2048), TXT(DKIM_2048), VD_CODE_DKIM_ALIAS_CHANGED,
     INFO, SPOOF},
    {"TXT to CNAME, the same key", TXT(DKIM_2048), MAILER(DKIM_2048), VD_CODE_DKIM_ALIAS_CHANGED,
     NOTABLE, SPOOF},
    {"TXT to CNAME of a known service, the same key", TXT(DKIM_2048), SENDGRID(DKIM_2048),
     VD_CODE_DKIM_ALIAS_CHANGED, INFO, SPOOF},
    {"TXT to CNAME of a service that nobody named, another key", TXT(DKIM_2048), SENDGRID(DKIM_NEW),
     VD_CODE_DKIM_ALIAS, WEAKENED, SPOOF},
    {"TXT to CNAME, another key", TXT(DKIM_2048), MAILER(DKIM_NEW), VD_CODE_DKIM_ALIAS, WEAKENED,
     SPOOF},
    /* first contact */
    {"first contact, good", FIRST, TXT(DKIM_2048), NOTHING, 0},
    {"first contact, 1024 bits", FIRST, TXT(DKIM_1024), NOTHING, 0},
    {"first contact, absent", FIRST, TXT("!nodata"), VD_CODE_DKIM_MISSING, BROKEN_ERROR, DELIVERY},
    {"first contact, revoked", FIRST, TXT("p="), VD_CODE_DKIM_REVOKED, BROKEN_ERROR, DELIVERY},
    {"first contact, unusable", FIRST, TXT("k=xyz; p=" KEY_RSA_2048), VD_CODE_DKIM_BROKEN,
     BROKEN_ERROR, DELIVERY},
    {"first contact, two records", FIRST, TXT(DKIM_2048 "|" DKIM_NEW), VD_CODE_DKIM_BROKEN,
     BROKEN_ERROR, DELIVERY},
    {"first contact, dangling", FIRST, MAILER("!dangling"), VD_CODE_DKIM_DANGLING, BROKEN_ERROR,
     DELIVERY | SPOOF},
    {"first contact, under 1024 bits", FIRST, TXT(DKIM_512), VD_CODE_DKIM_SHORT, CRITICAL,
     SPOOF | DELIVERY},
    {"first contact, unknown", FIRST, TXT("!servfail"), NOTHING, 0},
};

static void test_one_selector_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        watch_one("s1");
        if (row->was.what != NULL) {
            put(S1, row->was);
            learn();
        }
        put(S1, row->now);
        judge_snapshot();
        expect(row->why, row->code, row->class_, row->severity);
        if (row->code != VD_CODE_NONE && find(row->code)->axis != row->axis) {
            print_error("%s: axis %u, not %u\n", row->why, find(row->code)->axis, row->axis);
            fail();
        }
    }
}

/* What the table says, the other way round as well: back in the old state nothing is left to say. */
static void test_back_in_the_old_state_there_is_no_finding(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].was.what == NULL || rows[i].was.what[0] == '!') {
            continue;
        }
        watch_one("s1");
        put(S1, rows[i].was);
        learn();
        put(S1, rows[i].now);
        judge_snapshot();
        vd_snapshot_clear(&snapshot);
        put(S1, rows[i].was);
        judge_snapshot();
        expect(rows[i].why, NOTHING);
    }
}

/* An answer that says the same gives the same findings, to the byte. */
static void test_each_finding_has_words_and_an_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == VD_CODE_NONE) {
            continue;
        }
        watch_one("s1");
        if (rows[i].was.what != NULL) {
            put(S1, rows[i].was);
            learn();
        }
        put(S1, rows[i].now);
        judge_snapshot();
        const struct vd_finding *finding = find(rows[i].code);
        assert_has(words(finding->subject_line), "example.com: DKIM s1 ");
        assert_string_equal(words(judgement.subjects[finding->subject].record), S1);
        /* accepted, it is the new normal */
        vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DKIM, 0, true);
        judge_snapshot();
        expect(rows[i].why, NOTHING);
    }
}

/* Accepting one facet leaves the other finding where it is. */
static void test_accept_rebases_one_facet_only(void **state)
{
    (void)state;
    watch_one("s1");
    put(S1, (struct key)TXT(DKIM_2048));
    learn();
    put(S1, (struct key)TXT("t=y; p=" KEY_RSA_2048_OTHER));
    judge_snapshot();
    assert_non_null(find(VD_CODE_DKIM_CHANGED));
    assert_non_null(find(VD_CODE_DKIM_TESTING));
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_DKIM_KEY, VD_SUBJECT_DKIM, 0, true);
    judge_snapshot();
    expect("the key is accepted", VD_CODE_DKIM_TESTING, WEAKENED);
}

static void test_key_and_flag_fall_and_rise_beside_it_is_silent(void **state)
{
    (void)state;
    watch_one("s1");
    put(S1, (struct key)TXT("t=y; p=" KEY_RSA_2048));
    learn();
    put(S1, (struct key)TXT(DKIM_1024));
    judge_snapshot();
    expect("fewer bits, t=y gone", VD_CODE_DKIM_WEAKENED, WEAKENED);
    assert_non_null(find(VD_CODE_DKIM_FLAGS_BETTER));
    assert_true(find(VD_CODE_DKIM_FLAGS_BETTER)->is_silent);
}

/* Lost, and back with another key: compared with the good one, not with nothing. */
static void test_another_key_after_a_gap_is_told(void **state)
{
    (void)state;
    watch_one("s1");
    put(S1, (struct key)TXT(DKIM_2048));
    learn();
    put(S1, (struct key)TXT("!nxdomain"));
    judge_snapshot();
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DKIM, 0, false);
    vd_snapshot_clear(&snapshot);
    put(S1, (struct key)TXT(DKIM_NEW));
    judge_snapshot();
    expect("after a gap", VD_CODE_DKIM_CHANGED, NOTABLE);
}

/* ---- chains ---------------------------------------------------------------------------------- */

/* A chain of two hops. */
static void put_chain(const char *first, const char *last, const char *what)
{
    size_t index;

    assert_int_equal(vd_snapshot_ask(&snapshot, S1, VD_TYPE_TXT, &index), VD_OK);
    settle(&snapshot.answers[index], what);
    assert_int_equal(
        vd_snapshot_add(&snapshot, index, VD_TYPE_CNAME, 0, (const uint8_t *)first, strlen(first)),
        VD_OK);
    assert_int_equal(
        vd_snapshot_add(&snapshot, index, VD_TYPE_CNAME, 0, (const uint8_t *)last, strlen(last)),
        VD_OK);
    if (what[0] != '!') {
        assert_int_equal(
            vd_snapshot_add(&snapshot, index, VD_TYPE_TXT, 0, (const uint8_t *)what, strlen(what)),
            VD_OK);
    }
}

static const struct {
    const char *why;
    const char *was[2];
    const char *now[2];
    enum vd_code code;
    enum vd_class class_;
    enum vd_severity severity;
} chains[] = {
    {"the same",
     {"a.mailer.example", "b.host.example"},
     {"a.mailer.example", "b.host.example"},
     NOTHING},
    {"our own name leads elsewhere",
     {"k.example.com", "b.host.example"},
     {"k.example.com", "b.evil.example"},
     VD_CODE_DKIM_ALIAS,
     WEAKENED},
    {"the last hop changes, the same operator",
     {"k.example.com", "b.host.example"},
     {"k.example.com", "c.host.example"},
     VD_CODE_DKIM_ALIAS_CHANGED,
     INFO},
    {"how a known service arranges its own names",
     {"s1.sendgrid.net", "b.host.example"},
     {"s1.sendgrid.net", "c.cloud.example"},
     NOTHING},
};

static void test_each_hop_of_a_chain_is_watched(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof chains / sizeof chains[0]; i++) {
        watch_one("s1");
        put_chain(chains[i].was[0], chains[i].was[1], DKIM_2048);
        learn();
        put_chain(chains[i].now[0], chains[i].now[1], DKIM_2048);
        judge_snapshot();
        expect(chains[i].why, chains[i].code, chains[i].class_, chains[i].severity);
    }
}

static void test_a_target_that_appears_unregistered_is_critical(void **state)
{
    (void)state;
    watch_one("s1");
    put(S1, (struct key){"s1.gone-vendor.com", DKIM_2048});
    learn();
    put(S1, (struct key){"s1.gone-vendor.com", "!dangling"});
    gone_below(S1, 2);
    judge_snapshot();
    expect("take-over", VD_CODE_DKIM_TAKEOVER, CRITICAL);
    assert_has(words(subject(VD_SUBJECT_DKIM, 0)->summary), "absent");
    assert_has(mend_of(VD_CODE_DKIM_TAKEOVER), "remove the CNAME to s1.gone-vendor.com");
    assert_has(words(find(VD_CODE_DKIM_TAKEOVER)->subject_line), "appears unregistered");
    /* at first contact, and in a group that could do without it, too */
    memset(&baseline, 0, sizeof baseline);
    judge_snapshot();
    expect("take-over at first contact", VD_CODE_DKIM_TAKEOVER, CRITICAL);
}

static void test_a_target_gone_in_a_zone_that_exists_is_broken(void **state)
{
    (void)state;
    watch_one("s1");
    put(S1, (struct key){"abc.dkim.vendor.com", DKIM_2048});
    learn();
    put(S1, (struct key){"abc.dkim.vendor.com", "!dangling"});
    gone_below(S1, 2); /* SOA of vendor.com */
    publish("_dmarc.vendor.com", VD_TYPE_TXT, NULL, "!nxdomain");
    judge_snapshot();
    expect("provider's zone exists", VD_CODE_DKIM_DANGLING, BROKEN_ERROR);
    assert_has(mend_of(VD_CODE_DKIM_DANGLING),
               "at s1._domainkey.example.com leave CNAME: abc.dkim.vendor.com");
    assert_string_equal(words(find(VD_CODE_DKIM_DANGLING)->path),
                        "s1._domainkey.example.com > CNAME abc.dkim.vendor.com");
}

/* ---- hints, mend --------------------------------------------------------------------------- */

static void test_first_contact_hints_at_short_keys_and_test_mode(void **state)
{
    (void)state;
    watch_one("s1");
    put(S1, (struct key)TXT("t=y; p=" KEY_RSA_1024));
    judge_snapshot();
    const struct vd_finding *finding = find(VD_CODE_DOMAIN_SUMMARY);
    assert_non_null(finding);
    assert_has(words(finding->new_text), "DKIM s1 1024 bits");
    assert_has(words(finding->new_text), "DKIM s1 t=y");
    /* known, it is not said again */
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    judge_snapshot();
    expect("known", NOTHING);
    assert_null(find(VD_CODE_DOMAIN_SUMMARY));
}

static void test_a_lost_record_is_mended_with_the_last_good_text(void **state)
{
    (void)state;
    watch_one("s1");
    put(S1, (struct key)TXT(DKIM_2048));
    learn();
    put(S1, (struct key)TXT("!nxdomain"));
    judge_snapshot();
    assert_string_equal(mend_of(VD_CODE_DKIM_MISSING), "at " S1 " put TXT: " DKIM_2048);
    assert_string_equal(words(find(VD_CODE_DKIM_MISSING)->old_text), "RSA 2048");
    assert_int_equal(find(VD_CODE_DKIM_MISSING)->rtype, VD_TYPE_TXT);

    watch_one("s1");
    put(S1, (struct key)SENDGRID(DKIM_2048));
    learn();
    put(S1, (struct key)TXT("!nxdomain"));
    judge_snapshot();
    assert_string_equal(mend_of(VD_CODE_DKIM_MISSING),
                        "at " S1
                        " put CNAME: s1.domainkey.u1.wl1.sendgrid.net. (with the dot at its end; "
                        "see that your mail service still shows it)");
    assert_int_equal(find(VD_CODE_DKIM_MISSING)->rtype, VD_TYPE_CNAME);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(test_one_selector_table),
        TEST(test_back_in_the_old_state_there_is_no_finding),
        TEST(test_each_finding_has_words_and_an_end),
        TEST(test_accept_rebases_one_facet_only),
        TEST(test_key_and_flag_fall_and_rise_beside_it_is_silent),
        TEST(test_another_key_after_a_gap_is_told),
        TEST(test_each_hop_of_a_chain_is_watched),
        TEST(test_a_target_that_appears_unregistered_is_critical),
        TEST(test_a_target_gone_in_a_zone_that_exists_is_broken),
        TEST(test_first_contact_hints_at_short_keys_and_test_mode),
        TEST(test_a_lost_record_is_mended_with_the_last_good_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
