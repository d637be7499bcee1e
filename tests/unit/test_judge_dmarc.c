/* DMARC's verdicts: the own record, facet by facet.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/judge_zone.h"

#define BASE "example.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1\n"
#define RUA  "; rua=mailto:a@example.com"

struct row {
    const char *why;
    const char
        *was; /* texts at _dmarc.example.com, '|' between two; "": none; NULL: first contact */
    const char *now;
    const char *wanted;
};

#define LOST       "dmarc.record.missing CRITICAL critical"
#define BROKE      "dmarc.record.broken CRITICAL critical"
#define POLICY     "dmarc.policy.weakened WEAKENED warning"
#define POLICY_LOW "dmarc.policy.weakened WEAKENED notice"
#define POLICY_END "dmarc.policy.weakened CRITICAL critical"
#define POLICY_UP  "dmarc.policy.strengthened STRENGTHENED notice"
#define POLICY_MIX "dmarc.policy.changed CHANGED notice"
#define SUB        "dmarc.subdomains.weakened WEAKENED warning"
#define SUB_LOW    "dmarc.subdomains.weakened WEAKENED notice"
#define SUB_END    "dmarc.subdomains.weakened CRITICAL critical"
#define SUB_UP     "dmarc.subdomains.strengthened STRENGTHENED notice"
#define ALIGN      "dmarc.alignment.weakened WEAKENED notice"
#define ALIGN_UP   "dmarc.alignment.strengthened STRENGTHENED notice"
#define RUA_GONE   "dmarc.rua.missing WEAKENED warning"
#define OTHER      "dmarc.record.changed CHANGED info"

static const struct row rows[] = {
    /* nothing happened */
    {"the same", "v=DMARC1; p=reject", "v=DMARC1; p=reject", ""},
    {"blanks, case and order of tags", "v=DMARC1; p=reject; sp=none" RUA,
     "v=DMARC1;sp=none;rua=mailto:a@example.com;  P = Reject ;", ""},
    {"defaults written out", "v=DMARC1; p=reject",
     "v=DMARC1; p=reject; sp=reject; np=reject; pct=100; t=n; adkim=r; aspf=r; psd=u; fo=0", ""},
    {"foreign text beside it", "v=DMARC1; p=reject", "v=DMARC1; p=reject|google-site=1", ""},
    {"order of records", "v=DMARC1; p=reject|x=1", "x=1|v=DMARC1; p=reject", ""},
    {"order of unknown tags", "v=DMARC1; p=reject; x=1; y=2", "v=DMARC1; p=reject; y=2; x=1", ""},
    {"order of rua", "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@example.com",
     "v=DMARC1; p=reject; rua=mailto:b@example.com, MAILTO:a@Example.com", ""},
    {"pct and t at p=none", "v=DMARC1; p=none", "v=DMARC1; p=none; pct=5; t=y", ""},

    /* gone: by content, not by rcode (rule 8) */
    {"gone", "v=DMARC1; p=reject", "", LOST},
    {"quarantine gone", "v=DMARC1; p=quarantine", "", LOST},
    {"only foreign text", "v=DMARC1; p=reject", "hello|v=spf1 -all", LOST},
    {"only sp enforced", "v=DMARC1; p=none; sp=reject", "", LOST},
    {"p=none gone", "v=DMARC1; p=none", "", "dmarc.record.missing WEAKENED warning"},
    {"still none", "", "", ""},
    {"v misspelt", "v=DMARC1; p=reject", "v=DMARC2; p=reject", LOST},
    {"v in lower case", "v=DMARC1; p=reject", "v=dmarc1; p=reject", LOST},
    {"v with a blank inside", "v=DMARC1; p=reject", "v=DMARC 1; p=reject", LOST},
    {"v not first", "v=DMARC1; p=reject", "p=reject; v=DMARC1", LOST},
    {"junk in front", "v=DMARC1; p=reject", "\xef\xbb\xbfv=DMARC1; p=reject", LOST},
    {"quotes typed", "v=DMARC1; p=reject", "\"v=DMARC1; p=reject\"", LOST},
    {"typed wrong, where none was", "", "v=dmarc1; p=reject", "dmarc.record.broken BROKEN warning"},
    {"typed wrong, as before", "v=dmarc1; p=reject", "v=dmarc1; p=reject", ""},
    {"an SPF record is no slip", "", "v=spf1 include:dmarc.example.com -all", ""},
    {"typed right at last", "v=dmarc1; p=reject", "v=DMARC1; p=reject",
     "dmarc.record.appeared STRENGTHENED notice"},
    {"broken, then gone", "v=DMARC1; p=x", "", "dmarc.record.missing WEAKENED warning"},

    /* there, and unusable (1.5) */
    {"two records", "v=DMARC1; p=reject", "v=DMARC1; p=reject|v=DMARC1; p=none", BROKE},
    {"two records, p=none before", "v=DMARC1; p=none", "v=DMARC1; p=none|v=DMARC1; p=reject",
     "dmarc.record.broken BROKEN warning"},
    {"p misspelt", "v=DMARC1; p=reject", "v=DMARC1; p=rejct", BROKE},
    {"p misspelt, rua there: acts as none", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=rejct" RUA,
     BROKE},
    {"sp invalid destroys all", "v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=off", BROKE},
    {"np invalid destroys all", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject; np=off" RUA, BROKE},
    {"p lost", "v=DMARC1; p=reject", "v=DMARC1; sp=reject", BROKE},
    {"p lost, rua there", "v=DMARC1; p=reject" RUA, "v=DMARC1" RUA, POLICY_END},
    {"broken before", "v=DMARC1; p=x", "v=DMARC1; p=x", ""},
    {"a tag twice", "v=DMARC1; p=reject", "v=DMARC1; p=reject; p=reject",
     POLICY_END "\ndmarc.tag.duplicate BROKEN error"},
    {"a tag twice, p=none before", "v=DMARC1; p=none", "v=DMARC1; p=none; p=reject",
     "dmarc.tag.duplicate BROKEN warning"},

    /* p= */
    {"reject to quarantine", "v=DMARC1; p=reject", "v=DMARC1; p=quarantine", POLICY},
    {"reject to none", "v=DMARC1; p=reject", "v=DMARC1; p=none", POLICY_END},
    {"quarantine to none", "v=DMARC1; p=quarantine", "v=DMARC1; p=none", POLICY_END},
    {"none to quarantine", "v=DMARC1; p=none", "v=DMARC1; p=quarantine", POLICY_UP},
    {"none to reject", "v=DMARC1; p=none", "v=DMARC1; p=reject", POLICY_UP},
    {"quarantine to reject", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject", POLICY_UP},
    {"up, and strict, and reported", "v=DMARC1; p=none", "v=DMARC1; p=reject; adkim=s" RUA,
     POLICY_UP},
    {"up, and down below", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject; sp=none", SUB_END},
    {"appears", "", "v=DMARC1; p=none", "dmarc.record.appeared STRENGTHENED notice"},
    {"appears with a weak sp", "", "v=DMARC1; p=reject; sp=none", SUB},
    {"mended", "v=DMARC1; p=x", "v=DMARC1; p=reject", "dmarc.record.appeared STRENGTHENED notice"},

    /* sp= and np= */
    {"sp=none added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=none", SUB_END},
    {"sp=quarantine added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=quarantine", SUB},
    {"weak sp removed", "v=DMARC1; p=reject; sp=none", "v=DMARC1; p=reject", SUB_UP},
    {"strong sp removed", "v=DMARC1; p=none; sp=reject", "v=DMARC1; p=none", SUB_END},
    {"strong sp removed, p left", "v=DMARC1; p=quarantine; sp=reject", "v=DMARC1; p=quarantine",
     SUB},
    {"np=none added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; np=none", SUB_END},
    {"np=quarantine added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; np=quarantine", SUB},
    {"np above sp added", "v=DMARC1; p=none", "v=DMARC1; p=none; np=reject", SUB_UP},
    {"np falls while sp rises", "v=DMARC1; p=reject; sp=none; np=reject",
     "v=DMARC1; p=reject; sp=quarantine; np=quarantine", SUB},
    {"p falls and sp stays", "v=DMARC1; p=reject; sp=reject", "v=DMARC1; p=none; sp=reject",
     POLICY_END},
    {"p falls and sp further", "v=DMARC1; p=reject", "v=DMARC1; p=quarantine; sp=none",
     POLICY "\n" SUB_END},

    /* pct= and t=, and the ladder of a roll-out */
    {"pct at quarantine", "v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine; pct=50", POLICY_LOW},
    {"pct at reject", "v=DMARC1; p=reject", "v=DMARC1; p=reject; pct=50", POLICY_LOW},
    {"a step back inside a level", "v=DMARC1; p=quarantine; pct=50",
     "v=DMARC1; p=quarantine; pct=25", POLICY_LOW},
    {"pct=0 at quarantine", "v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine; pct=0", POLICY_END},
    {"pct from 50 to 0 at quarantine", "v=DMARC1; p=quarantine; pct=50",
     "v=DMARC1; p=quarantine; pct=0", POLICY_END},
    {"pct=0 at reject: as quarantine", "v=DMARC1; p=reject", "v=DMARC1; p=reject; pct=0", POLICY},
    {"none to 5 %", "v=DMARC1; p=none", "v=DMARC1; p=quarantine; pct=5", POLICY_UP},
    {"5 to 10 %", "v=DMARC1; p=quarantine; pct=5", "v=DMARC1; p=quarantine; pct=10", POLICY_UP},
    {"10 to 25 %", "v=DMARC1; p=quarantine; pct=10", "v=DMARC1; p=quarantine; pct=25", POLICY_UP},
    {"25 to 50 %", "v=DMARC1; p=quarantine; pct=25", "v=DMARC1; p=quarantine; pct=50", POLICY_UP},
    {"50 to 100 %", "v=DMARC1; p=quarantine; pct=50", "v=DMARC1; p=quarantine", POLICY_UP},
    {"quarantine to reject 1 %", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject; pct=1", POLICY_UP},
    {"1 to 50 % of reject", "v=DMARC1; p=reject; pct=1", "v=DMARC1; p=reject; pct=50", POLICY_UP},
    {"reject complete", "v=DMARC1; p=reject; pct=50", "v=DMARC1; p=reject", POLICY_UP},
    {"restarted at none", "v=DMARC1; p=quarantine; pct=5", "v=DMARC1; p=none", POLICY_END},
    {"restarted at quarantine", "v=DMARC1; p=reject; pct=50", "v=DMARC1; p=quarantine; pct=50",
     POLICY},
    {"reject 1 % back to quarantine", "v=DMARC1; p=reject; pct=1", "v=DMARC1; p=quarantine",
     POLICY},
    {"pct falls where t=y goes", "v=DMARC1; p=quarantine; pct=50; t=y",
     "v=DMARC1; p=quarantine; pct=10", POLICY_LOW},
    {"pct falls below only", "v=DMARC1; p=none; sp=reject; pct=50",
     "v=DMARC1; p=none; sp=reject; pct=10", SUB_LOW},
    {"pct from 100 below only", "v=DMARC1; p=none; sp=reject",
     "v=DMARC1; p=none; sp=reject; pct=10", SUB_LOW},
    {"t=y at reject", "v=DMARC1; p=reject", "v=DMARC1; p=reject; t=y", POLICY},
    {"t=y at quarantine", "v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine; t=y", POLICY_END},
    {"t=y removed", "v=DMARC1; p=reject; t=y", "v=DMARC1; p=reject", POLICY_UP},
    {"pct=0 becomes t=y", "v=DMARC1; p=reject; pct=0", "v=DMARC1; p=reject; t=y", POLICY_MIX},
    {"t=y becomes pct=0", "v=DMARC1; p=reject; t=y", "v=DMARC1; p=reject; pct=0", POLICY_MIX},
    {"the same in other words", "v=DMARC1; p=reject; pct=50; t=y", "v=DMARC1; p=quarantine",
     POLICY_MIX},

    /* alignment */
    {"strict to relaxed", "v=DMARC1; p=reject; adkim=s", "v=DMARC1; p=reject", ALIGN},
    {"strict to nonsense", "v=DMARC1; p=reject; aspf=s", "v=DMARC1; p=reject; aspf=x", ALIGN},
    {"one up, one down", "v=DMARC1; p=reject; aspf=s", "v=DMARC1; p=reject; adkim=s", ALIGN},
    {"relaxed to strict", "v=DMARC1; p=reject", "v=DMARC1; p=reject; aspf=s; adkim=s", ALIGN_UP},
    {"relaxed to nonsense", "v=DMARC1; p=reject", "v=DMARC1; p=reject; aspf=x", ""},

    /* reports inside the organisation */
    {"rua removed", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject", RUA_GONE},
    {"rua empty", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject; rua=", RUA_GONE},
    {"rua without mailto:", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject; rua=a@example.com",
     RUA_GONE},
    {"rua elsewhere", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject; rua=mailto:b@example.com",
     "dmarc.rua.changed CHANGED notice"},
    {"rua added", "v=DMARC1; p=reject", "v=DMARC1; p=reject" RUA,
     "dmarc.rua.strengthened STRENGTHENED info"},
    {"rua at a name below", "v=DMARC1; p=reject" RUA,
     "v=DMARC1; p=reject; rua=mailto:a@mx.example.com", "dmarc.rua.changed CHANGED notice"},
    {"rua at a name below that is not there", "v=DMARC1; p=reject" RUA,
     "v=DMARC1; p=reject; rua=mailto:a@none.example.com", "dmarc.rua.dead WEAKENED warning"},
    {"ruf added at home", "v=DMARC1; p=reject", "v=DMARC1; p=reject; ruf=mailto:x@example.com",
     "dmarc.ruf.changed CHANGED info"},
    {"ruf added abroad", "v=DMARC1; p=reject", "v=DMARC1; p=reject; ruf=mailto:x@vendor.example",
     "dmarc.ruf.foreign CHANGED warning"},
    {"ruf moved abroad", "v=DMARC1; p=reject; ruf=mailto:x@vendor.example",
     "v=DMARC1; p=reject; ruf=mailto:x@other.example", "dmarc.ruf.foreign CHANGED warning"},
    {"ruf removed", "v=DMARC1; p=reject; ruf=mailto:x@vendor.example", "v=DMARC1; p=reject",
     "dmarc.ruf.changed CHANGED info"},
    {"p and rua fall", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=none", POLICY_END "\n" RUA_GONE},

    /* what carries no weight */
    {"fo changed", "v=DMARC1; p=reject; fo=0", "v=DMARC1; p=reject; fo=1", OTHER},
    {"rf and ri", "v=DMARC1; p=reject; ri=3600", "v=DMARC1; p=reject", OTHER},
    {"a size", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject" RUA "!10m", OTHER},

    /* psd= at the organisation itself */
    {"psd=y", "v=DMARC1; p=reject", "v=DMARC1; p=reject; psd=y", "dmarc.psd.added BROKEN error"},
    {"psd=y at p=none", "v=DMARC1; p=none", "v=DMARC1; p=none; psd=y",
     "dmarc.psd.added BROKEN warning"},
    {"psd=y beside a rise", "v=DMARC1; p=none", "v=DMARC1; p=reject; psd=y",
     "dmarc.psd.added BROKEN warning"},
    {"psd=n", "v=DMARC1; p=reject", "v=DMARC1; p=reject; psd=n", "dmarc.psd.changed CHANGED info"},

    /* first contact (semantics: only what the table lists) */
    {"p=none", NULL, "v=DMARC1; p=none", ""},
    {"none at all", NULL, "", ""},
    {"good", NULL, "v=DMARC1; p=reject" RUA, ""},
    {"two records at first", NULL, "v=DMARC1; p=none|v=DMARC1; p=reject", BROKE},
    {"sp invalid at first", NULL, "v=DMARC1; p=reject; sp=x", "dmarc.record.broken BROKEN warning"},
    {"v in lower case at first", NULL, "v=dmarc1; p=reject", "dmarc.record.broken BROKEN warning"},
    {"sp=none under reject", NULL, "v=DMARC1; p=reject; sp=none", SUB},
    {"np=none under reject", NULL, "v=DMARC1; p=reject; np=none", SUB},
    {"sp=none under none", NULL, "v=DMARC1; p=none; sp=none", ""},
    {"sp above p", NULL, "v=DMARC1; p=quarantine; sp=reject", ""},
    {"a tag twice at first", NULL, "v=DMARC1; p=reject; p=reject",
     "dmarc.tag.duplicate BROKEN warning"},
};

/* '|' between texts of one name. */
static const char *zone_of(const char *texts)
{
    static char zones[2][2000];
    static unsigned turn;
    char *zone = zones[turn++ % 2];

    snprintf(zone, sizeof zones[0], BASE);
    while (texts != NULL && *texts != '\0') {
        size_t len = strlen(zone);
        int text_len = (int)strcspn(texts, "|");
        snprintf(zone + len, sizeof zones[0] - len, "_dmarc.example.com TXT %.*s\n", text_len,
                 texts);
        texts += text_len + (texts[text_len] == '|');
    }
    return zone;
}

static void judge_texts(const char *was, const char *now)
{
    judge_zones(was == NULL ? NULL : zone_of(was), zone_of(now));
}

static int plain(void **state)
{
    set_up(state);
    watch.selectors_count = 0;
    watch.dmarc_floor = VD_FLOOR_NONE;
    watch.spf_floor = VD_FLOOR_NONE;
    return 0;
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        judge_texts(rows[i].was, rows[i].now);
        expect_of(rows[i].why, VD_SUBJECT_DMARC, rows[i].wanted);
    }
}

/* What fell and comes back leaves nothing behind; what is accepted facet by facet neither. */
static void test_restored_is_the_baseline_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].was != NULL) {
            judge_texts(rows[i].was, rows[i].now);
            judge_zone(zone_of(rows[i].was));
            expect_of(rows[i].why, VD_SUBJECT_DMARC, "");
        }
    }
}

static void test_accepting_every_finding_ends_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].was == NULL) {
            continue;
        }
        judge_texts(rows[i].was, rows[i].now);
        for (unsigned turn = 0; turn < 4; turn++) {
            for (size_t k = 0; k < judgement.findings_count; k++) {
                const struct vd_finding *finding = &judgement.findings[k];
                if (judgement.subjects[finding->subject].kind == VD_SUBJECT_DMARC) {
                    vd_facts_adopt(&baseline, &judgement.facts, finding->facet, VD_SUBJECT_DMARC, 0,
                                   true);
                }
            }
            judge_zone(zone_of(rows[i].now));
        }
        expect_of(rows[i].why, VD_SUBJECT_DMARC, "");
    }
}

/* Where nothing else is written, what lies below follows the policy. */
static void test_accepted_policy_is_accepted_for_what_lies_below(void **state)
{
    (void)state;
    judge_texts("v=DMARC1; p=reject", "v=DMARC1; p=none");
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_DMARC_POLICY, VD_SUBJECT_DMARC, 0, true);
    judge_zone(zone_of("v=DMARC1; p=none"));
    expect_of("accepted", VD_SUBJECT_DMARC, "");
    vd_facts_adopt(&baseline, &judgement.facts, find(VD_CODE_DMARC_SUB_MIXED)->facet,
                   VD_SUBJECT_DMARC, 0, false); /* it is silent */
    judge_zone(zone_of("v=DMARC1; p=none; sp=none"));
    expect_of("the same, written out", VD_SUBJECT_DMARC, "");
    judge_zone(zone_of("v=DMARC1; p=reject; sp=none"));
    expect_of("but not everything", VD_SUBJECT_DMARC, POLICY_UP);
}

static const char *mend_of(const char *was, const char *now)
{
    judge_texts(was, now);
    for (size_t i = 0; i < judgement.findings_count; i++) {
        if (judgement.subjects[judgement.findings[i].subject].kind == VD_SUBJECT_DMARC) {
            return words(judgement.findings[i].mend);
        }
    }
    return "";
}

static void test_what_to_type(void **state)
{
    static const struct {
        const char *was, *now, *mend;
    } cases[] = {
        {"v=DMARC1; p=reject" RUA, "v=DMARC1; p=none",
         "at _dmarc.example.com put TXT: v=DMARC1; p=reject; rua=mailto:a@example.com"},
        {"v=DMARC1; p=reject", "", "at _dmarc.example.com put TXT: v=DMARC1; p=reject"},
        {"v=DMARC1; p=reject", "v=DMARC1; p=reject|v=DMARC1; p=none",
         "at _dmarc.example.com keep one TXT and remove the others; TXT: v=DMARC1; p=reject"},
        {NULL, "v=DMARC1; p=none|v=DMARC1; p=reject",
         "at _dmarc.example.com keep one TXT and remove the others"},
        {NULL, "v=DMARC1; p=reject; sp=none" RUA,
         "at _dmarc.example.com put TXT: v=DMARC1; p=reject; rua=mailto:a@example.com"},
        {NULL, "v=DMARC1; p=reject; sp=x", "at _dmarc.example.com put TXT: v=DMARC1; p=reject"},
        {NULL, "v=DMARC1; p=reject; p=none", "at _dmarc.example.com put TXT: v=DMARC1; p=reject"},
        {NULL, "v=dmarc1; p=reject" RUA,
         "at _dmarc.example.com put TXT: v=DMARC1; p=reject; rua=mailto:a@example.com"},
        {NULL, "v=DMARC 1 p=reject; sp=none",
         "at _dmarc.example.com put TXT: v=DMARC1; p=reject; sp=none"},
        {NULL, "\"v=DMARC1; p=reject\"", "at _dmarc.example.com put TXT: v=DMARC1; p=reject"},
        {NULL, "\xe2\x80\x9cv=DMARC1; p=reject\xe2\x80\x9d",
         "at _dmarc.example.com put TXT: v=DMARC1; p=reject"},
        {NULL, "v=DMARC1\\; p=reject\\; pct=50",
         "at _dmarc.example.com put TXT: v=DMARC1; p=reject; pct=50"},
        {NULL, "v=DMARC1; p=\"reject\"", "at _dmarc.example.com put TXT: v=DMARC1; p=reject"},
        {NULL, "v=DMARC1; p=rejct; rua=mailto:a@example.com",
         "at _dmarc.example.com correct the TXT (p= is none of none, quarantine, reject: p=rejct): "
         "v=DMARC1; p=rejct; rua=mailto:a@example.com"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(mend_of(cases[i].was, cases[i].now), cases[i].mend);
    }
}

static void test_fault_is_named(void **state)
{
    (void)state;
    judge_texts("v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=off");
    assert_non_null(strstr(words(find(VD_CODE_DMARC_BROKEN)->new_text), "sp=off"));
    judge_texts("v=DMARC1; p=reject", "v=DMARC1; p=reject|v=DMARC1; p=none");
    assert_non_null(strstr(words(find(VD_CODE_DMARC_BROKEN)->new_text), "p=reject\""));
    assert_non_null(strstr(words(find(VD_CODE_DMARC_BROKEN)->new_text), "p=none\""));
    judge_texts("v=DMARC1; p=reject", "v=DMARC1; p=none; p=reject");
    assert_non_null(strstr(words(find(VD_CODE_DMARC_DUPLICATE_TAG)->new_text), "p="));
    judge_texts("v=DMARC1; p=reject", "v=dmarc1; p=reject");
    assert_non_null(strstr(words(find(VD_CODE_DMARC_MISSING)->new_text), "v=dmarc1; p=reject"));
    judge_texts("v=DMARC1; p=reject" RUA, "v=DMARC1" RUA);
    assert_non_null(strstr(words(find(VD_CODE_DMARC_WEAKENED)->new_text), "there is no p="));
    judge_texts("v=DMARC1; p=reject; pct=0", "v=DMARC1; p=reject; t=y");
    assert_non_null(strstr(words(find(VD_CODE_DMARC_MIXED)->new_text),
                           "strength 2 by RFC 7489, 1 by RFC 9989"));
}

/* ---- what the configuration asks for ------------------------------------------------------------ */

static void test_floor_is_judged_on_the_weaker_reading(void **state)
{
    static const struct {
        int8_t floor;
        const char *was, *now, *wanted;
    } cases[] = {
        {1, NULL, "v=DMARC1; p=none", "dmarc.policy.floor BROKEN warning"},
        {1, NULL, "v=DMARC1; p=quarantine", ""},
        {1, NULL, "v=DMARC1; p=quarantine; pct=50", "dmarc.policy.floor BROKEN warning"},
        {1, NULL, "v=DMARC1; p=quarantine; t=y", "dmarc.policy.floor BROKEN warning"},
        {1, NULL, "v=DMARC1; p=reject; t=y", ""},
        {2, NULL, "v=DMARC1; p=reject; t=y", "dmarc.policy.floor BROKEN error"},
        {2, "v=DMARC1; p=reject", "v=DMARC1; p=quarantine", "dmarc.policy.floor BROKEN error"},
        {2, "v=DMARC1; p=reject", "v=DMARC1; p=none", POLICY_END},
        {2, "v=DMARC1; p=none", "v=DMARC1; p=quarantine", "dmarc.policy.floor BROKEN warning"},
        {2, "v=DMARC1; p=none", "v=DMARC1; p=none", "dmarc.policy.floor BROKEN warning"},
        {0, NULL, "v=DMARC1; p=none", ""},
        {1, NULL, "", "dmarc.record.missing BROKEN warning"},
        {1, "", "", "dmarc.record.missing BROKEN warning"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        watch.dmarc_floor = cases[i].floor;
        judge_texts(cases[i].was, cases[i].now);
        expect_of(cases[i].now, VD_SUBJECT_DMARC, cases[i].wanted);
    }
    watch.dmarc_floor = 2;
    assert_string_equal(mend_of(NULL, "v=DMARC1; p=none; pct=5; sp=none" RUA),
                        "at _dmarc.example.com put TXT: v=DMARC1; p=reject; "
                        "rua=mailto:a@example.com");
    watch.dmarc_floor = 1; /* what is stricter below stays */
    assert_string_equal(mend_of(NULL, "v=DMARC1; p=none; sp=reject; np=none"),
                        "at _dmarc.example.com put TXT: v=DMARC1; p=quarantine; sp=reject");
    watch.dmarc_floor = 2;
    assert_string_equal(mend_of(NULL, ""), "at _dmarc.example.com put TXT: v=DMARC1; p=reject; "
                                           "rua=mailto:dmarc@example.com");
}

static void test_bulk_wants_a_record(void **state)
{
    (void)state;
    watch.profiles = VD_PROFILE_BULK;
    watch.needs_dmarc = true;
    watch.dmarc_floor = 0;
    judge_texts("v=DMARC1; p=none", "");
    expect_of("p=none gone", VD_SUBJECT_DMARC, "dmarc.record.missing BROKEN error");
    assert_int_equal(find(VD_CODE_DMARC_MISSING)->axis, VD_AXIS_DELIVERY);
    judge_texts(NULL, "");
    expect_of("never there", VD_SUBJECT_DMARC, "dmarc.record.missing BROKEN error");
    judge_texts("v=DMARC1; p=reject", "");
    expect_of("reject gone", VD_SUBJECT_DMARC, LOST);
    judge_texts(NULL, "v=DMARC1; p=none");
    expect_of("p=none is enough", VD_SUBJECT_DMARC, "");
    judge_texts(NULL, "v=DMARC1; p=none; sp=x");
    expect_of("unusable", VD_SUBJECT_DMARC, "dmarc.record.broken BROKEN error");
}

static void test_expected_record_is_pending_then_verified(void **state)
{
    (void)state;
    watch.needs_dmarc = true;
    memset(&baseline, 0, sizeof baseline);
    baseline.pending = vd_subject_bit(VD_SUBJECT_DMARC, 0);
    judge_zone(zone_of(""));
    expect_of("on its way", VD_SUBJECT_DMARC, "dmarc.record.pending CHANGED info");
    vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    judge_zone(zone_of(""));
    expect_of("still", VD_SUBJECT_DMARC, "dmarc.record.pending CHANGED info");
    judge_zone(zone_of("v=dmarc1; p=none"));
    expect_of("typed wrong", VD_SUBJECT_DMARC, "dmarc.record.broken BROKEN warning");
    judge_zone(zone_of("v=DMARC1; p=none"));
    expect_of("there", VD_SUBJECT_DMARC, "dmarc.record.verified CHANGED notice");
    assert_non_null(find(VD_CODE_DMARC_APPEARED)); /* silent: taken over, and not told again */
    vd_facts_adopt(&baseline, &judgement.facts, VD_FACET_ALL, VD_SUBJECT_DMARC, 0, false);
    judge_zone(zone_of("v=DMARC1; p=none"));
    expect_of("the day after", VD_SUBJECT_DMARC, "");
    baseline.pending = 0;
    memset(&baseline, 0, sizeof baseline);
    judge_zone(zone_of(""));
    expect_of("not pending any more", VD_SUBJECT_DMARC, "dmarc.record.missing BROKEN warning");
    memset(&baseline, 0, sizeof baseline);
    baseline.pending = vd_subject_bit(VD_SUBJECT_DMARC, 0);
    judge_zone(zone_of("v=DMARC1; p=none"));
    expect_of("there from the start", VD_SUBJECT_DMARC, "");
}

static void test_hints_are_collected(void **state)
{
    (void)state;
    judge_texts(NULL, "v=DMARC1; p=none");
    assert_non_null(strstr(judgement.hints, "DMARC p=none"));
    judge_texts(NULL, "v=DMARC1; p=reject; t=y");
    assert_non_null(strstr(judgement.hints, "DMARC t=y"));
    judge_texts(NULL, "");
    assert_non_null(strstr(judgement.hints, "no DMARC record"));
    judge_texts(NULL, "v=DMARC1; p=reject");
    assert_null(strstr(judgement.hints, "DMARC"));
    judge_texts("v=DMARC1; p=none", "v=DMARC1; p=none");
    assert_null(strstr(judgement.hints, "DMARC"));
}

#define TEST(name) cmocka_unit_test_setup(name, plain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_table),
        TEST(test_restored_is_the_baseline_again),
        TEST(test_accepting_every_finding_ends_them),
        TEST(test_accepted_policy_is_accepted_for_what_lies_below),
        TEST(test_what_to_type),
        TEST(test_fault_is_named),
        TEST(test_floor_is_judged_on_the_weaker_reading),
        TEST(test_bulk_wants_a_record),
        TEST(test_expected_record_is_pending_then_verified),
        TEST(test_hints_are_collected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
