/* The verdict tables: was, now, verdict.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/judge_world.h"

struct row {
    const char *why;
    const char *was; /* NULL: first contact with that record set */
    const char *now;
    enum vd_code code;
    enum vd_class class_;
    enum vd_severity severity;
};

#define RUA "; rua=mailto:a@example.com"

static const struct row dmarc_rows[] = {
    {"the same", "v=DMARC1; p=reject", "v=DMARC1; p=reject", NOTHING},
    {"blanks and order of tags", "v=DMARC1; p=reject; sp=none" RUA,
     "v=DMARC1;sp=none;rua=mailto:a@example.com;  p = Reject ;", NOTHING},
    {"an unknown tag", "v=DMARC1; p=reject", "v=DMARC1; p=reject; x=y", NOTHING},
    {"defaults written out", "v=DMARC1; p=reject",
     "v=DMARC1; p=reject; sp=reject; pct=100; t=n; adkim=r; psd=u", NOTHING},
    {"foreign text beside it", "v=DMARC1; p=reject", "v=DMARC1; p=reject|v=spf1 -all", NOTHING},

    {"gone", "v=DMARC1; p=reject", "!nxdomain", VD_CODE_DMARC_MISSING, CRITICAL},
    {"gone, other proof", "v=DMARC1; p=quarantine", "!nodata", VD_CODE_DMARC_MISSING, CRITICAL},
    {"only sp enforced", "v=DMARC1; p=none; sp=reject", "!nodata", VD_CODE_DMARC_MISSING, CRITICAL},
    {"dangling alias", "v=DMARC1; p=reject", "!dangling", VD_CODE_DMARC_MISSING, CRITICAL},
    {"only foreign text", "v=DMARC1; p=reject", "hello|v=spf1 -all", VD_CODE_DMARC_MISSING,
     CRITICAL},
    {"version misspelt", "v=DMARC1; p=reject", "v=DMARC2; p=reject", VD_CODE_DMARC_MISSING,
     CRITICAL},
    {"version in lower case", "v=DMARC1; p=reject", "v=dmarc1; p=reject", VD_CODE_DMARC_MISSING,
     CRITICAL},
    {"blank in front", "v=DMARC1; p=reject", " v=DMARC1; p=reject", VD_CODE_DMARC_MISSING,
     CRITICAL},
    {"p=none gone", "v=DMARC1; p=none", "!nxdomain", VD_CODE_DMARC_MISSING, WEAKENED},
    {"NXDOMAIN to NODATA", "!nxdomain", "!nodata", NOTHING},
    {"broken, then gone", "v=DMARC1; p=x", "!nodata", VD_CODE_DMARC_MISSING, WEAKENED},

    {"two records", "v=DMARC1; p=reject", "v=DMARC1; p=reject|v=DMARC1; p=none",
     VD_CODE_DMARC_BROKEN, CRITICAL},
    {"two records, p=none before", "v=DMARC1; p=none", "v=DMARC1; p=none|v=DMARC1; p=none;",
     VD_CODE_DMARC_BROKEN, BROKEN},
    {"p misspelt", "v=DMARC1; p=reject", "v=DMARC1; p=rejct", VD_CODE_DMARC_BROKEN, CRITICAL},
    {"p misspelt, rua there", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=rejct" RUA,
     VD_CODE_DMARC_BROKEN, CRITICAL},
    {"sp invalid destroys all", "v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=off",
     VD_CODE_DMARC_BROKEN, CRITICAL},
    {"np invalid destroys all", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject; np=off" RUA,
     VD_CODE_DMARC_BROKEN, CRITICAL},
    {"p lost", "v=DMARC1; p=reject", "v=DMARC1; sp=reject", VD_CODE_DMARC_BROKEN, CRITICAL},
    {"p lost, rua there: acts as none", "v=DMARC1; p=reject" RUA, "v=DMARC1" RUA,
     VD_CODE_DMARC_WEAKENED, CRITICAL},
    {"a tag twice", "v=DMARC1; p=reject", "v=DMARC1; p=reject; p=reject", VD_CODE_DMARC_BROKEN,
     CRITICAL},

    {"reject to quarantine", "v=DMARC1; p=reject", "v=DMARC1; p=quarantine", VD_CODE_DMARC_WEAKENED,
     WEAKENED},
    {"reject to none", "v=DMARC1; p=reject", "v=DMARC1; p=none", VD_CODE_DMARC_WEAKENED, CRITICAL},
    {"quarantine to none", "v=DMARC1; p=quarantine", "v=DMARC1; p=none", VD_CODE_DMARC_WEAKENED,
     CRITICAL},
    {"none to quarantine", "v=DMARC1; p=none", "v=DMARC1; p=quarantine", VD_CODE_DMARC_STRENGTHENED,
     STRONGER},
    {"quarantine to reject", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject",
     VD_CODE_DMARC_STRENGTHENED, STRONGER},
    {"appears", "!nxdomain", "v=DMARC1; p=none", VD_CODE_DMARC_STRENGTHENED, STRONGER},
    {"mended", "v=DMARC1; p=x", "v=DMARC1; p=reject", VD_CODE_DMARC_STRENGTHENED, STRONGER},

    {"sp=none added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=none",
     VD_CODE_DMARC_SUB_WEAKENED, CRITICAL},
    {"sp=quarantine added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; sp=quarantine",
     VD_CODE_DMARC_SUB_WEAKENED, WEAKENED},
    {"weak sp removed", "v=DMARC1; p=reject; sp=none", "v=DMARC1; p=reject",
     VD_CODE_DMARC_STRENGTHENED, STRONGER},
    {"strong sp removed", "v=DMARC1; p=none; sp=reject", "v=DMARC1; p=none",
     VD_CODE_DMARC_SUB_WEAKENED, CRITICAL},
    {"np=none added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; np=none",
     VD_CODE_DMARC_SUB_WEAKENED, CRITICAL},
    {"np above sp added", "v=DMARC1; p=none", "v=DMARC1; p=none; np=reject",
     VD_CODE_DMARC_STRENGTHENED, STRONGER},

    {"pct at quarantine", "v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine; pct=50",
     VD_CODE_DMARC_WEAKENED, WEAKENED},
    {"pct=0 at quarantine", "v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine; pct=0",
     VD_CODE_DMARC_WEAKENED, CRITICAL},
    {"pct=0 at reject", "v=DMARC1; p=reject", "v=DMARC1; p=reject; pct=0", VD_CODE_DMARC_WEAKENED,
     WEAKENED},
    {"a step back inside a level", "v=DMARC1; p=quarantine; pct=50",
     "v=DMARC1; p=quarantine; pct=25", VD_CODE_DMARC_WEAKENED, MINOR},
    {"a step forward inside a level", "v=DMARC1; p=quarantine; pct=25",
     "v=DMARC1; p=quarantine; pct=50", VD_CODE_DMARC_STRENGTHENED, STRONGER},
    {"ladder: none to 5 %", "v=DMARC1; p=none", "v=DMARC1; p=quarantine; pct=5",
     VD_CODE_DMARC_STRENGTHENED, STRONGER},
    {"ladder: quarantine to reject 1 %", "v=DMARC1; p=quarantine", "v=DMARC1; p=reject; pct=1",
     VD_CODE_DMARC_STRENGTHENED, STRONGER},
    {"ladder restarted at none", "v=DMARC1; p=quarantine; pct=5", "v=DMARC1; p=none",
     VD_CODE_DMARC_WEAKENED, CRITICAL},
    {"pct falls where t=y goes", "v=DMARC1; p=quarantine; pct=50; t=y",
     "v=DMARC1; p=quarantine; pct=10", VD_CODE_DMARC_WEAKENED, MINOR},
    {"pct falls below only", "v=DMARC1; p=none; sp=reject; pct=50",
     "v=DMARC1; p=none; sp=reject; pct=10", VD_CODE_DMARC_SUB_WEAKENED, MINOR},
    {"np falls while sp rises", "v=DMARC1; p=reject; sp=none; np=reject",
     "v=DMARC1; p=reject; sp=quarantine; np=quarantine", VD_CODE_DMARC_SUB_WEAKENED, WEAKENED},
    {"np falls to none", "v=DMARC1; p=none; np=reject", "v=DMARC1; p=none; np=none",
     VD_CODE_DMARC_SUB_WEAKENED, CRITICAL},
    {"the same in other words", "v=DMARC1; p=reject; pct=50; t=y", "v=DMARC1; p=quarantine",
     VD_CODE_DMARC_CHANGED, NOTABLE},
    {"pct at p=none", "v=DMARC1; p=none", "v=DMARC1; p=none; pct=1; t=y", NOTHING},
    {"t=y at reject", "v=DMARC1; p=reject", "v=DMARC1; p=reject; t=y", VD_CODE_DMARC_WEAKENED,
     WEAKENED},
    {"t=y at quarantine", "v=DMARC1; p=quarantine", "v=DMARC1; p=quarantine; t=y",
     VD_CODE_DMARC_WEAKENED, CRITICAL},
    {"t=y removed", "v=DMARC1; p=reject; t=y", "v=DMARC1; p=reject", VD_CODE_DMARC_STRENGTHENED,
     STRONGER},
    {"pct=0 becomes t=y", "v=DMARC1; p=reject; pct=0", "v=DMARC1; p=reject; t=y",
     VD_CODE_DMARC_CHANGED, NOTABLE},

    {"strict to relaxed", "v=DMARC1; p=reject; adkim=s", "v=DMARC1; p=reject",
     VD_CODE_DMARC_ALIGN_WEAKENED, MINOR},
    {"strict to nonsense", "v=DMARC1; p=reject; aspf=s", "v=DMARC1; p=reject; aspf=x",
     VD_CODE_DMARC_ALIGN_WEAKENED, MINOR},
    {"relaxed to strict", "v=DMARC1; p=reject", "v=DMARC1; p=reject; aspf=s",
     VD_CODE_DMARC_STRENGTHENED, STRONGER},
    {"rua removed", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject", VD_CODE_DMARC_RUA_LOST,
     WEAKENED},
    {"rua without mailto:", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject; rua=a@example.com",
     VD_CODE_DMARC_RUA_LOST, WEAKENED},
    {"rua elsewhere", "v=DMARC1; p=reject" RUA, "v=DMARC1; p=reject; rua=mailto:b@example.net",
     VD_CODE_DMARC_RUA_CHANGED, NOTABLE},
    {"rua, case of scheme and host", "v=DMARC1; p=reject" RUA,
     "v=DMARC1; p=reject; rua=MailTo:a@Example.COM", NOTHING},
    {"fo=0 written out", "v=DMARC1; p=reject; ruf=mailto:x@example.net",
     "v=DMARC1; p=reject; ruf=mailto:x@example.net; fo=0", NOTHING},
    {"psd=y", "v=DMARC1; p=reject", "v=DMARC1; p=reject; psd=y", VD_CODE_DMARC_PSD, BROKEN},
    {"psd=y beside a rise", "v=DMARC1; p=none", "v=DMARC1; p=reject; psd=y", VD_CODE_DMARC_PSD,
     BROKEN},
    {"psd=n", "v=DMARC1; p=reject", "v=DMARC1; p=reject; psd=n", VD_CODE_DMARC_CHANGED, CHANGED},
    {"order of rua", "v=DMARC1; p=reject; rua=mailto:a@x.example,mailto:b@x.example",
     "v=DMARC1; p=reject; rua=mailto:b@x.example, mailto:a@x.example!10m", NOTHING},
    {"rua added", "v=DMARC1; p=reject", "v=DMARC1; p=reject" RUA, VD_CODE_DMARC_STRENGTHENED,
     VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO},
    {"ruf added", "v=DMARC1; p=reject", "v=DMARC1; p=reject; ruf=mailto:x@example.net",
     VD_CODE_DMARC_CHANGED, CHANGED},

    {"first contact, p=none", NULL, "v=DMARC1; p=none", NOTHING},
    {"first contact, absent", NULL, "!nxdomain", NOTHING},
    {"first contact, two records", NULL, "v=DMARC1; p=none|v=DMARC1; p=reject",
     VD_CODE_DMARC_BROKEN, CRITICAL},
    {"first contact, sp invalid", NULL, "v=DMARC1; p=reject; sp=x", VD_CODE_DMARC_BROKEN, BROKEN},
    {"two records since first contact", "v=DMARC1; p=none|v=DMARC1; p=reject",
     "v=DMARC1; p=none|v=DMARC1; p=reject", VD_CODE_DMARC_BROKEN, CRITICAL},

    {"unknown", "v=DMARC1; p=reject", "!timeout", NOTHING},
    {"unknown before", "!servfail", "v=DMARC1; p=none", NOTHING},
};

static void test_dmarc_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof dmarc_rows / sizeof dmarc_rows[0]; i++) {
        const struct row *row = &dmarc_rows[i];
        struct world was = good;
        struct world now = good;
        was.dmarc = row->was;
        now.dmarc = row->now;
        judge_change(&was, &now);
        expect(row->why, row->code, row->class_, row->severity);
    }
}

#define IN "include:_spf.mailer.example "

static const struct row spf_rows[] = {
    {"the same", "v=spf1 " IN "-all", "v=spf1 " IN "-all", NOTHING},
    {"blanks, case, order", "v=spf1 mx " IN "-all", "V=SPF1  Include:_spf.MAILER.example +mx -ALL ",
     NOTHING},
    {"foreign text beside it", "v=spf1 " IN "-all", "x=y|v=spf1 " IN "-all", NOTHING},

    {"gone, DKIM is left", "v=spf1 -all", "!nxdomain", VD_CODE_SPF_MISSING, WEAKENED},
    {"only foreign text", "v=spf1 -all", "v=spf10 -all|abc", VD_CODE_SPF_MISSING, WEAKENED},
    {"NXDOMAIN to NODATA", "!nxdomain", "!nodata", NOTHING},
    {"broken, then gone", "v=spf1 x", "!nodata", VD_CODE_SPF_MISSING, WEAKENED},

    {"two records", "v=spf1 -all", "v=spf1 -all|v=spf1 mx -all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"unknown mechanism", "v=spf1 -all", "v=spf1 ipv4:192.0.2.1 -all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"error behind all", "v=spf1 -all", "v=spf1 -all ipv4:192.0.2.1", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"include that was never there", "v=spf1 -all", "v=spf1 include:spf.second.example -all",
     VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"includes itself", "v=spf1 -all", "v=spf1 include:example.com -all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"redirects to itself", "v=spf1 -all", "v=spf1 redirect=example.com", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"eleven lookups", "v=spf1 mx mx mx mx mx mx mx mx -all",
     "v=spf1 mx mx mx mx mx mx mx mx mx mx mx -all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"eleven, the last behind all", "v=spf1 mx mx mx mx mx mx mx mx mx -all",
     "v=spf1 mx mx mx mx mx mx mx mx mx -all mx mx", NOTHING},
    {"nine lookups", "v=spf1 mx mx mx mx mx mx mx mx -all",
     "v=spf1 mx mx mx mx mx mx mx mx mx -all", VD_CODE_SPF_CHANGED, NOTABLE},

    {"+all", "v=spf1 -all", "v=spf1 +all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"all without a sign", "v=spf1 -all", "v=spf1 mx all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"all of IPv4", "v=spf1 -all", "v=spf1 ip4:0.0.0.0/0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"all of IPv4 in two halves", "v=spf1 -all", "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all",
     VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"half of IPv4", "v=spf1 -all", "v=spf1 ip4:0.0.0.0/1 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"four quarters", "v=spf1 -all",
     "v=spf1 ip4:0.0.0.0/2 ip4:64.0.0.0/2 ip4:128.0.0.0/2 ip4:192.0.0.0/2 -all", VD_CODE_SPF_WIDE,
     CRITICAL},
    {"a half and two quarters", "v=spf1 -all",
     "v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/2 ip4:192.0.0.0/2 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"a /8", "v=spf1 -all", "v=spf1 ip4:10.0.0.0/8 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"a /9", "v=spf1 -all", "v=spf1 ip4:10.0.0.0/9 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"a /16", "v=spf1 -all", "v=spf1 ip4:10.0.0.0/16 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"a /17", "v=spf1 -all", "v=spf1 ip4:10.0.0.0/17 -all", VD_CODE_SPF_CHANGED, CHANGED},
    {"a /16 of IPv6", "v=spf1 -all", "v=spf1 ip6:2001::/16 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"a /17 of IPv6", "v=spf1 -all", "v=spf1 ip6:2001::/17 -all", VD_CODE_SPF_WIDE, WEAKENED},
    {"a /33 of IPv6", "v=spf1 -all", "v=spf1 ip6:2001::/33 -all", VD_CODE_SPF_CHANGED, CHANGED},
    {"mx/8", "v=spf1 mx -all", "v=spf1 mx/8 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"a denied /8", "v=spf1 -all", "v=spf1 -ip4:10.0.0.0/8 -all", VD_CODE_SPF_CHANGED, CHANGED},
    {"a /8 as before", "v=spf1 ip4:10.0.0.0/8 -all", "v=spf1 ip4:11.0.0.0/8 -all",
     VD_CODE_SPF_CHANGED, CHANGED},
    {"a /8 in a record that appears", "!nodata", "v=spf1 ip4:10.0.0.0/8 -all", VD_CODE_SPF_WIDE,
     CRITICAL},
    {"a /8 beside a rise", "v=spf1 ~all", "v=spf1 ip4:10.0.0.0/8 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"denied to all, then +all", "v=spf1 -all", "v=spf1 -ip4:0.0.0.0/0 -ip6:::/0 +all",
     VD_CODE_SPF_CHANGED, CHANGED},
    {"half denied, then +all", "v=spf1 -all", "v=spf1 -ip4:0.0.0.0/0 +all", VD_CODE_SPF_PASS_ALL,
     CRITICAL},
    {"all of IPv6", "v=spf1 -all", "v=spf1 ip6:::/0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"mx/0", "v=spf1 -all", "v=spf1 mx/0 -all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"a denied /0 is no pass", "v=spf1 -all", "v=spf1 -ip4:0.0.0.0/0 -all", VD_CODE_SPF_CHANGED,
     CHANGED},
    {"+all, then a missing include: never reached", "v=spf1 -all",
     "v=spf1 +all include:spf.second.example", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"+all since the baseline", "v=spf1 +all", "v=spf1 +all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"+all taken away", "v=spf1 +all", "v=spf1 -all", VD_CODE_SPF_STRENGTHENED, STRONGER},

    {"-all to ~all under DMARC", "v=spf1 -all", "v=spf1 ~all", VD_CODE_SPF_DEFAULT_WEAKENED, MINOR},
    {"-all to ?all", "v=spf1 -all", "v=spf1 ?all", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED},
    {"all removed", "v=spf1 mx ~all", "v=spf1 mx", VD_CODE_SPF_DEFAULT_WEAKENED, WEAKENED},
    {"~all to -all", "v=spf1 ~all", "v=spf1 -all", VD_CODE_SPF_STRENGTHENED, STRONGER},
    {"appears", "!nodata", "v=spf1 -all", VD_CODE_SPF_STRENGTHENED, STRONGER},
    {"mended", "v=spf1 x", "v=spf1 -all", VD_CODE_SPF_STRENGTHENED, STRONGER},
    {"include added", "v=spf1 -all", "v=spf1 " IN "-all", VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"include added beside a rise", "v=spf1 ~all", "v=spf1 " IN "-all", VD_CODE_SPF_INCLUDE_ADDED,
     MINOR},
    {"include removed", "v=spf1 " IN "-all", "v=spf1 -all", VD_CODE_SPF_INCLUDE_REMOVED, MINOR},
    {"all moved in front of it", "v=spf1 " IN "-all", "v=spf1 -all " IN,
     VD_CODE_SPF_INCLUDE_REMOVED, MINOR},
    {"include that is denied", "v=spf1 -all", "v=spf1 -" IN "-all", VD_CODE_SPF_CHANGED, CHANGED},
    {"exists added", "v=spf1 -all", "v=spf1 exists:%{i}.spf.other.example -all",
     VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"ptr added", "v=spf1 -all", "v=spf1 ptr -all", VD_CODE_SPF_PTR_ADDED, MINOR},
    {"redirect gives the default", "v=spf1 -all", "v=spf1 redirect=_spf.mailer.example",
     VD_CODE_SPF_INCLUDE_ADDED, MINOR},
    {"redirect beside all has no effect", "v=spf1 -all", "v=spf1 -all redirect=spf.second.example",
     NOTHING},
    {"redirect that hangs on the mail", "v=spf1 -all", "v=spf1 redirect=%{i}.spf.other.example",
     VD_CODE_SPF_INCLUDE_ADDED, NOTABLE},
    {"appears and refuses nothing", "!nodata", "v=spf1 ?all", VD_CODE_SPF_STRENGTHENED, STRONGER},
    {"an address added", "v=spf1 -all", "v=spf1 ip4:192.0.2.1 -all", VD_CODE_SPF_CHANGED, CHANGED},
    {"a dynamic include is not resolved", "v=spf1 -all",
     "v=spf1 include:%{ir}.%{v}.spf.has.example -all", VD_CODE_SPF_INCLUDE_ADDED, MINOR},

    {"first contact, ?all", NULL, "v=spf1 ?all", NOTHING},
    {"first contact, +all", NULL, "v=spf1 +all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"first contact, permerror", NULL, "v=spf1 foo -all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"first contact, absent", NULL, "!nodata", NOTHING},
    {"unknown", "v=spf1 -all", "!servfail", NOTHING},
};

static void test_spf_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spf_rows / sizeof spf_rows[0]; i++) {
        const struct row *row = &spf_rows[i];
        struct world was = good;
        struct world now = good;
        was.spf = row->was;
        now.spf = row->now;
        now.second = "!nxdomain";
        judge_change(&was, &now);
        expect(row->why, row->code, row->class_, row->severity);
    }
}

/* The own record stays; what it includes changes. */
static const struct row include_rows[] = {
    {"gone", "v=spf1 -all", "!nxdomain", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"foreign text only", "v=spf1 -all", "hello", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"two records", "v=spf1 -all", "v=spf1 -all|v=spf1 ?all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"syntax", "v=spf1 -all", "v=spf1 ip4:1.2.3 -all", VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"passes everybody", "v=spf1 -all", "v=spf1 +all", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"passes all of IPv4", "v=spf1 -all", "v=spf1 ip4:0.0.0.0/0", VD_CODE_SPF_PASS_ALL, CRITICAL},
    {"passes a /8", "v=spf1 -all", "v=spf1 ip4:10.0.0.0/8 -all", VD_CODE_SPF_WIDE, CRITICAL},
    {"passes a /9", "v=spf1 -all", "v=spf1 ip4:10.0.0.0/9 -all", NOTHING},
    {"softer default is not ours", "v=spf1 -all", "v=spf1 ?all", NOTHING},
    {"leads back", "v=spf1 -all", "v=spf1 include:example.com -all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"nested, gone", "v=spf1 -all", "v=spf1 include:spf.second.example -all", VD_CODE_SPF_BROKEN,
     BROKEN_ERROR},
    {"too many lookups below", "v=spf1 -all", "v=spf1 mx mx mx mx mx mx mx mx mx mx -all",
     VD_CODE_SPF_BROKEN, BROKEN_ERROR},
    {"unknown makes all unknown", "v=spf1 -all", "!timeout", NOTHING},
    {"was never asked", "v=spf1 -all", NULL, NOTHING},
    {"other addresses", "v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.2 -all", NOTHING},
};

static void test_spf_include_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof include_rows / sizeof include_rows[0]; i++) {
        const struct row *row = &include_rows[i];
        struct world was = good;
        struct world now = good;
        was.include = row->was;
        now.include = row->now;
        now.second = "!nxdomain";
        judge_change(&was, &now);
        expect(row->why, row->code, row->class_, row->severity);
    }
}

static const struct row s1_rows[] = {
    {"the same", DKIM_2048, DKIM_2048, NOTHING},
    {"blanks, order of tags, no version", DKIM_2048, "p = " KEY_RSA_2048 " ;k=rsa; n=note",
     NOTHING},
    {"bare RSAPublicKey of the same size", DKIM_2048, "p=" KEY_RSA_2048_BARE, VD_CODE_DKIM_CHANGED,
     NOTABLE},
    {"gone", DKIM_2048, "!nxdomain", VD_CODE_DKIM_MISSING, CRITICAL},
    {"foreign text only", DKIM_2048, "v=spf1 -all", VD_CODE_DKIM_MISSING, CRITICAL},
    {"revoked", DKIM_2048, "v=DKIM1; p=", VD_CODE_DKIM_REVOKED, CRITICAL},
    {"wrong version", DKIM_2048, "v=DKIM2; p=" KEY_RSA_2048, VD_CODE_DKIM_BROKEN, CRITICAL},
    {"two records", DKIM_2048, DKIM_2048 "|" DKIM_NEW, VD_CODE_DKIM_BROKEN, CRITICAL},
    {"sha1 only", DKIM_2048, "h=sha1; p=" KEY_RSA_2048, VD_CODE_DKIM_BROKEN, CRITICAL},
    {"under 1024 bits", DKIM_2048, DKIM_512, VD_CODE_DKIM_BROKEN, CRITICAL},
    {"fewer bits", DKIM_2048, DKIM_1024, VD_CODE_DKIM_WEAKENED, WEAKENED},
    {"another key of more bits", DKIM_1024, DKIM_2048, VD_CODE_DKIM_CHANGED, NOTABLE},
    {"another key, t=y removed", "t=y; p=" KEY_RSA_2048, DKIM_NEW, VD_CODE_DKIM_CHANGED, NOTABLE},
    {"t=s removed", "t=s; p=" KEY_RSA_2048, DKIM_2048, VD_CODE_DKIM_WEAKENED, MINOR},
    {"t=s added", DKIM_2048, "t=s; p=" KEY_RSA_2048, VD_CODE_DKIM_STRENGTHENED, STRONGER},
    {"another key", DKIM_2048, DKIM_NEW, VD_CODE_DKIM_CHANGED, NOTABLE},
    {"t=y added", DKIM_2048, "t=y; p=" KEY_RSA_2048, VD_CODE_DKIM_WEAKENED, WEAKENED},
    {"t=y removed", "t=y; p=" KEY_RSA_2048, DKIM_2048, VD_CODE_DKIM_STRENGTHENED, STRONGER},
    {"RSA replaced by Ed25519", DKIM_2048, DKIM_ED, VD_CODE_DKIM_WEAKENED, WEAKENED},
    {"4096 to Ed25519", DKIM_4096, DKIM_ED, VD_CODE_DKIM_WEAKENED, WEAKENED},
    {"appears", "!nxdomain", DKIM_2048, VD_CODE_DKIM_STRENGTHENED, STRONGER},
    {"first contact, good", NULL, DKIM_1024, NOTHING},
    {"first contact, absent", NULL, "!nodata", VD_CODE_DKIM_MISSING, BROKEN_ERROR},
    {"absent since first contact", "!nxdomain", "!nodata", VD_CODE_DKIM_MISSING, BROKEN_ERROR},
    {"first contact, revoked", NULL, "p=", VD_CODE_DKIM_REVOKED, BROKEN_ERROR},
    {"first contact, unusable", NULL, "k=xyz; p=" KEY_RSA_2048, VD_CODE_DKIM_BROKEN, BROKEN_ERROR},
    {"first contact, under 1024 bits", NULL, DKIM_512, VD_CODE_DKIM_BROKEN, CRITICAL},
    {"unknown", DKIM_2048, "!timeout", NOTHING},
};

static void test_dkim_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof s1_rows / sizeof s1_rows[0]; i++) {
        const struct row *row = &s1_rows[i];
        struct world was = good;
        struct world now = good;
        was.s1 = row->was;
        now.s1 = row->now;
        judge_change(&was, &now);
        expect(row->why, row->code, row->class_, row->severity);
    }
}

static const struct row mx_rows[] = {
    {"the same", "10 mx1.example.com", "10 mx1.example.com", NOTHING},
    {"order of the answer", "10 a.example.com|20 b.example.com",
     "20 b.example.com|10 a.example.com", NOTHING},
    {"gone", "10 mx1.example.com", "!nodata", VD_CODE_MX_MISSING, BROKEN_ERROR},
    {"null", "10 mx1.example.com", "0 .", VD_CODE_MX_NULL, CRITICAL},
    {"null to real", "0 .", "10 mx1.example.com", VD_CODE_MX_CHANGED, NOTABLE},
    {"null gone", "0 .", "!nodata", VD_CODE_MX_CHANGED, NOTABLE},
    {"other preferences", "10 a.example.com|20 b.example.com", "20 a.example.com|10 b.example.com",
     VD_CODE_MX_CHANGED, CHANGED},
    {"other host of the domain", "10 mx1.example.com", "10 mx9.example.com", VD_CODE_MX_CHANGED,
     NOTABLE},
    {"other host of the provider", "1 aspmx.l.google.example", "1 smtp.google.example",
     VD_CODE_MX_CHANGED, NOTABLE},
    {"outside", "10 mx1.example.com", "10 mx.attacker.example", VD_CODE_MX_OUTSIDE, CRITICAL},
    {"outside, preferred", "10 mx1.example.com", "5 mx.attacker.example|10 mx1.example.com",
     VD_CODE_MX_OUTSIDE, CRITICAL},
    {"outside, beside equals", "10 mx1.example.com", "10 mx1.example.com|10 zz.other.example",
     VD_CODE_MX_OUTSIDE, CRITICAL},
    {"a null MX beside real ones", "10 mx1.example.com", "0 .|10 mx1.example.com",
     VD_CODE_MX_BROKEN, BROKEN},
    {"outside under id.au", "10 mx.mailer.id.au", "10 mx.other.id.au", VD_CODE_MX_OUTSIDE,
     CRITICAL},
    {"outside under gouv.fr", "10 mx.mailer.gouv.fr", "10 mx.other.gouv.fr", VD_CODE_MX_OUTSIDE,
     CRITICAL},
    {"inside under a short name", "10 mx1.gmx.de", "10 mx2.gmx.de", VD_CODE_MX_CHANGED, NOTABLE},
    {"outside, as the last resort", "10 mx1.example.com", "10 mx1.example.com|20 mx.other.example",
     VD_CODE_MX_OUTSIDE, WEAKENED},
    {"outside under co.kr", "10 mx.mailer.co.kr", "10 mx.other.co.kr", VD_CODE_MX_OUTSIDE,
     CRITICAL},
    {"inside under co.kr", "10 mx.mailer.co.kr", "10 mx2.mailer.co.kr", VD_CODE_MX_CHANGED,
     NOTABLE},
    {"appears", "!nodata", "10 mx1.example.com", VD_CODE_MX_CHANGED, NOTABLE},
    {"unknown", "10 mx1.example.com", "!servfail", NOTHING},
    {"first contact", NULL, "10 anything.example", NOTHING},
};

static void test_mx_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mx_rows / sizeof mx_rows[0]; i++) {
        const struct row *row = &mx_rows[i];
        struct world was = good;
        struct world now = good;
        was.mx = row->was;
        now.mx = row->now;
        judge_change(&was, &now);
        expect(row->why, row->code, row->class_, row->severity);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dmarc_table), TEST(test_spf_table), TEST(test_spf_include_table),
        TEST(test_dkim_table),  TEST(test_mx_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
