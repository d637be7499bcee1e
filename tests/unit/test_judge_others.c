/* What becomes of MAIL FROM, MTA-STS, TLS-RPT, BIMI, NS, DS and AD.  SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "tests/unit/lines_world.h"

#define BETTER VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO

static const char *hints(void)
{
    const struct vd_finding *finding = find(VD_CODE_DOMAIN_SUMMARY);

    return finding == NULL ? "" : words(finding->new_text);
}

/* ---- MTA-STS -------------------------------------------------------------------------------- */

#define APEX      "example.com SOA\nexample.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1\n"
#define STS(text) "_mta-sts.example.com TXT " text "\n"

static const struct change mta_sts_rows[] = {
    {"the same", APEX STS("v=STSv1; id=1;"), APEX STS("v=STSv1; id=1;"), {{NOTHING}}},
    {"blanks", APEX STS("v=STSv1; id=1;"), APEX STS("v=STSv1;id=1"), {{NOTHING}}},
    {"gone", APEX STS("v=STSv1; id=1;"), APEX, {{VD_CODE_MTA_STS_MISSING, WEAKENED}}},
    {"other content only",
     APEX STS("v=STSv1; id=1;"),
     APEX STS("v=spf1 -all"),
     {{VD_CODE_MTA_STS_MISSING, WEAKENED}}},
    {"invalid id",
     APEX STS("v=STSv1; id=1;"),
     APEX STS("v=STSv1; id=2026-11;"),
     {{VD_CODE_MTA_STS_MISSING, WEAKENED}}},
    {"two",
     APEX STS("v=STSv1; id=1;"),
     APEX STS("v=STSv1; id=1;") STS("v=STSv1; id=2;"),
     {{VD_CODE_MTA_STS_MISSING, WEAKENED}}},
    {"one beside other content",
     APEX STS("v=STSv1; id=1;"),
     APEX STS("hello") STS("v=STSv1; id=1;"),
     {{NOTHING}}},
    {"another id",
     APEX STS("v=STSv1; id=1;"),
     APEX STS("v=STSv1; id=2;"),
     {{VD_CODE_MTA_STS_CHANGED, CHANGED}}},
    {"appeared", APEX, APEX STS("v=STSv1; id=1;"), {{VD_CODE_MTA_STS_APPEARED, BETTER}}},
    {"mended",
     APEX STS("v=STSv1; id=a-b;"),
     APEX STS("v=STSv1; id=1;"),
     {{VD_CODE_MTA_STS_APPEARED, BETTER}}},
    {"broken, then gone", APEX STS("v=STSv1; id=a-b;"), APEX, {{NOTHING}}},
    {"unknown", APEX STS("v=STSv1; id=1;"), APEX STS("!servfail"), {{NOTHING}}},
    {"unknown before", APEX STS("!servfail"), APEX, {{NOTHING}}},
    {"an alias to nowhere",
     APEX STS("v=STSv1; id=1;"),
     APEX "_mta-sts.example.com CNAME sts.gone.example\n",
     {{VD_CODE_MTA_STS_MISSING, WEAKENED}}},
    {"behind an alias",
     APEX STS("v=STSv1; id=1;"),
     APEX "_mta-sts.example.com CNAME sts.mailer.example\nsts.mailer.example TXT v=STSv1; id=1;\n",
     {{NOTHING}}},
};

static void test_mta_sts_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_MTA_STS, mta_sts_rows);
}

static void test_mta_sts_words(void **state)
{
    (void)state;
    judge_lines_change(APEX STS("v=STSv1; id=1;"), APEX);
    const struct vd_finding *finding = find(VD_CODE_MTA_STS_MISSING);
    assert_string_equal(words(finding->subject_line), "example.com: MTA-STS record is missing");
    assert_string_equal(words(finding->old_text), "v=STSv1; id=1;");
    assert_string_equal(words(finding->new_text), "absent (NXDOMAIN)");
    assert_string_equal(words(finding->mend), "at _mta-sts.example.com put TXT: v=STSv1; id=1;");
    judge_lines_change(APEX STS("v=STSv1; id=1;"), APEX STS("v=STSv1; id=2;"));
    assert_has(words(find(VD_CODE_MTA_STS_CHANGED)->why), "cannot be seen from the TXT");
}

static void test_mta_sts_slips_are_recognised(void **state)
{
    (void)state;
    judge_lines_change(APEX STS("v=STSv1; id=1;"), APEX STS("\"v=STSv1; id=1;\""));
    assert_has(words(find(VD_CODE_MTA_STS_MISSING)->new_text), vd_slip_str(VD_SLIP_QUOTED));
    judge_lines_change(APEX STS("v=STSv1; id=1;"),
                       APEX "_mta-sts.example.com.example.com TXT v=STSv1; id=1;\n");
    assert_has(words(find(VD_CODE_MTA_STS_MISSING)->new_text), "_mta-sts.example.com.example.com");
    assert_has(words(find(VD_CODE_MTA_STS_MISSING)->mend), "_mta-sts.example.com.example.com");
}

/* ---- TLS-RPT -------------------------------------------------------------------------------- */

#define RPT(text) "_smtp._tls.example.com TXT " text "\n"

static const struct change tls_rpt_rows[] = {
    {"the same",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX RPT("v=TLSRPTv1;rua=mailto:a@example.com"),
     {{NOTHING}}},
    {"order of addresses",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com,mailto:b@example.com"),
     APEX RPT("v=TLSRPTv1; rua=mailto:b@example.com,mailto:a@example.com"),
     {{NOTHING}}},
    {"gone",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX,
     {{VD_CODE_TLS_RPT_MISSING, WEAKENED}}},
    {"two",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com") RPT("v=TLSRPTv1; rua=mailto:b@example.com"),
     {{VD_CODE_TLS_RPT_MISSING, WEAKENED}}},
    {"no address",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX RPT("v=TLSRPTv1; rua="),
     {{VD_CODE_TLS_RPT_MISSING, WEAKENED}}},
    {"another address of ours",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX RPT("v=TLSRPTv1; rua=mailto:b@tls.example.com"),
     {{VD_CODE_TLS_RPT_CHANGED, CHANGED}}},
    {"to another operator",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX RPT("v=TLSRPTv1; rua=mailto:a@reports.example"),
     {{VD_CODE_TLS_RPT_CHANGED, NOTABLE}}},
    {"to another operator as well",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com,https://reports.example/x"),
     {{VD_CODE_TLS_RPT_CHANGED, NOTABLE}}},
    {"appeared",
     APEX,
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     {{VD_CODE_TLS_RPT_APPEARED, BETTER}}},
    {"unknown",
     APEX RPT("v=TLSRPTv1; rua=mailto:a@example.com"),
     APEX RPT("!timeout"),
     {{NOTHING}}},
};

static void test_tls_rpt_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_TLS_RPT, tls_rpt_rows);
}

/* ---- BIMI ----------------------------------------------------------------------------------- */

#define BIMI(text) "default._bimi.example.com TXT " text "\n"
#define LOGO       "v=BIMI1; l=https://example.com/logo.svg; a="

static const struct change bimi_rows[] = {
    {"the same", APEX BIMI(LOGO), APEX BIMI(LOGO), {{NOTHING}}},
    {"gone", APEX BIMI(LOGO), APEX, {{VD_CODE_BIMI_MISSING, MINOR}}},
    {"a refusal", APEX BIMI(LOGO), APEX BIMI("v=BIMI1; l=; a=;"), {{VD_CODE_BIMI_MISSING, MINOR}}},
    {"broken",
     APEX BIMI(LOGO),
     APEX BIMI("v=BIMI1; l=http://example.com/logo.svg"),
     {{VD_CODE_BIMI_MISSING, MINOR}}},
    {"another host",
     APEX BIMI(LOGO),
     APEX BIMI("v=BIMI1; l=https://cdn.example/logo.svg; a="),
     {{VD_CODE_BIMI_CHANGED, CHANGED}}},
    {"a certificate",
     APEX BIMI(LOGO),
     APEX BIMI(LOGO "https://example.com/vmc.pem"),
     {{VD_CODE_BIMI_CHANGED, CHANGED}}},
    {"appeared", APEX, APEX BIMI(LOGO), {{VD_CODE_BIMI_APPEARED, BETTER}}},
    {"a refusal taken back",
     APEX BIMI("v=BIMI1; l=; a=;"),
     APEX BIMI(LOGO),
     {{VD_CODE_BIMI_APPEARED, BETTER}}},
    {"none to a refusal", APEX, APEX BIMI("v=BIMI1; l=; a=;"), {{NOTHING}}},
};

static void test_bimi_table(void **state)
{
    (void)state;
    EXPECT_CHANGES(VD_SUBJECT_BIMI, bimi_rows);
    judge_lines_change(APEX BIMI(LOGO), APEX);
    assert_int_equal(find(VD_CODE_BIMI_MISSING)->axis, VD_AXIS_COSMETIC);
}

static void test_first_contact_hints_at_what_could_be_better(void **state)
{
    (void)state;
    judge_lines_change(NULL, "example.com MX 10 mx.example.com\nmx.example.com A 192.0.2.1\n"
                             "example.com NS ns1.example.net\n");
    assert_has(hints(), "no MTA-STS");
    assert_has(hints(), "no TLS-RPT");
    assert_has(hints(), "no BIMI");
    assert_has(hints(), "no DNSSEC");
    judge_lines_change(NULL, APEX STS("v=STSv1; id=a-b") RPT("v=TLSRPTv1; rua=mailto:a@example.com")
                                 BIMI("v=BIMI1; l=; a=;"));
    assert_has(hints(), "MTA-STS is broken");
    assert_lacks(hints(), "TLS-RPT");
    assert_lacks(hints(), "BIMI");
    assert_lacks(hints(), "DNSSEC"); /* it is no zone of its own here */
    /* Where no mail arrives there is nothing to protect. */
    judge_lines_change(NULL, "example.com SOA\nexample.com MX 0 .\n");
    assert_lacks(hints(), "MTA-STS");
    assert_lacks(hints(), "TLS-RPT");
}

static void test_bulk_profile_hints_at_what_is_advised_or_not_watched(void **state)
{
    static const char bare[] = "_dmarc.example.com TXT v=DMARC1; p=none\n";

    (void)state;
    judge_lines_change(NULL, bare);
    assert_lacks(hints(), "no DKIM selector");
    assert_lacks(hints(), "no MX");
    assert_lacks(hints(), "(rua)");
    watch.profiles = VD_PROFILE_BULK;
    watch.needs_dkim = true;
    judge_lines_change(NULL, bare);
    assert_has(hints(), "no DKIM selector is watched");
    assert_has(hints(), "no MX");
    assert_has(hints(), "no DMARC reports (rua)");
    watch.selectors_count = 1;
    strcpy(watch.selectors[0], "s1");
    judge_lines_change(NULL,
                       APEX "_dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:a@example.com"
                            "\n");
    assert_lacks(hints(), "no DKIM selector");
    assert_lacks(hints(), "no MX");
    assert_lacks(hints(), "(rua)");
}

/* ---- MAIL FROM ------------------------------------------------------------------------------ */

#define M_SPF(text) "mail.example.com TXT " text "\n"
#define M_MX(text)  "mail.example.com MX " text "\n"
#define SES_SPF     M_SPF("v=spf1 include:amazonses.com ~all")
#define SES_MX      M_MX("10 feedback-smtp.us-east-1.amazonses.com")

static const struct change mail_from_rows[] = {
    {"the same", APEX SES_SPF SES_MX, APEX SES_SPF SES_MX, {{NOTHING}}},
    {"blanks and case",
     APEX SES_SPF SES_MX,
     APEX M_SPF("v=spf1  include:AmazonSES.com   ~all") SES_MX,
     {{NOTHING}}},
    {"no SPF", APEX SES_SPF SES_MX, APEX SES_MX, {{VD_CODE_MAIL_FROM_SPF, BROKEN}}},
    {"other content only",
     APEX SES_SPF SES_MX,
     APEX M_SPF("hello") SES_MX,
     {{VD_CODE_MAIL_FROM_SPF, BROKEN}}},
    {"SPF with a mistake",
     APEX SES_SPF SES_MX,
     APEX M_SPF("v=spf1 inclde:amazonses.com") SES_MX,
     {{VD_CODE_MAIL_FROM_SPF, BROKEN}}},
    {"two SPF records",
     APEX SES_SPF SES_MX,
     APEX SES_SPF M_SPF("v=spf1 -all") SES_MX,
     {{VD_CODE_MAIL_FROM_SPF, BROKEN}}},
    {"no MX", APEX SES_SPF SES_MX, APEX SES_SPF, {{VD_CODE_MAIL_FROM_MX, BROKEN}}},
    {"MX of another service",
     APEX SES_SPF SES_MX,
     APEX SES_SPF M_MX("10 mx.mailer.example"),
     {{VD_CODE_MAIL_FROM_MX, BROKEN}}},
    {"null MX", APEX SES_SPF SES_MX, APEX SES_SPF M_MX("0 ."), {{VD_CODE_MAIL_FROM_MX, BROKEN}}},
    {"priority in the host",
     APEX SES_SPF SES_MX,
     APEX SES_SPF M_MX("10 10\\032feedback-smtp.us-east-1.amazonses.com"),
     {{VD_CODE_MAIL_FROM_MX, BROKEN}}},
    {"another region",
     APEX SES_SPF SES_MX,
     APEX SES_SPF M_MX("10 feedback-smtp.eu-west-1.amazonses.com"),
     {{VD_CODE_MAIL_FROM_CHANGED, CHANGED}}},
    {"nothing at all",
     APEX SES_SPF SES_MX,
     APEX,
     {{VD_CODE_MAIL_FROM_SPF, BROKEN}, {VD_CODE_MAIL_FROM_MX, BROKEN}}},
    {"mended", APEX SES_MX, APEX SES_SPF SES_MX, {{VD_CODE_MAIL_FROM_CHANGED, BETTER}}},
    {"SPF unknown", APEX SES_SPF SES_MX, APEX M_SPF("!timeout"), {{NOTHING}}},
    {"MX unknown, SPF gone",
     APEX SES_SPF SES_MX,
     APEX M_MX("!timeout"),
     {{VD_CODE_MAIL_FROM_SPF, BROKEN}}},
    {"MX unknown", APEX SES_SPF SES_MX, APEX SES_SPF M_MX("!timeout"), {{NOTHING}}},
    {"a service that we do not know: any host",
     APEX M_SPF("v=spf1 ip4:192.0.2.1 -all") SES_MX,
     APEX M_SPF("v=spf1 ip4:192.0.2.1 -all") M_MX("10 mx.mailer.example"),
     {{VD_CODE_MAIL_FROM_CHANGED, CHANGED}}},
    {"everybody passes",
     APEX SES_SPF SES_MX,
     APEX M_SPF("v=spf1 include:amazonses.com all") SES_MX,
     {{VD_CODE_MAIL_FROM_PASS_ALL, CRITICAL}}},
    {"a network of everybody",
     APEX SES_SPF SES_MX,
     APEX M_SPF("v=spf1 include:amazonses.com ip4:0.0.0.0/0 -all") SES_MX,
     {{VD_CODE_MAIL_FROM_PASS_ALL, CRITICAL}}},
    {"nobody of everybody",
     APEX SES_SPF SES_MX,
     APEX M_SPF("v=spf1 include:amazonses.com -ip4:0.0.0.0/0 -all") SES_MX,
     {{VD_CODE_MAIL_FROM_CHANGED, CHANGED}}},
    {"everybody passes no more",
     APEX M_SPF("v=spf1 include:amazonses.com +all") SES_MX,
     APEX SES_SPF SES_MX,
     {{VD_CODE_MAIL_FROM_CHANGED, BETTER}}},
    {"its service is let in no more",
     APEX SES_SPF SES_MX,
     APEX M_SPF("v=spf1 -all") SES_MX,
     {{VD_CODE_MAIL_FROM_SPF, BROKEN}}},
    {"to another service, as a whole",
     APEX SES_SPF SES_MX,
     APEX M_SPF("v=spf1 include:_spf.mailer.example -all") M_MX("10 mx.mailer.example"),
     {{VD_CODE_MAIL_FROM_CHANGED, CHANGED}}},
    {"SPF is back, MX unknown", APEX SES_MX, APEX SES_SPF M_MX("!timeout"), {{NOTHING}}},
    {"first contact, everybody passes",
     NULL,
     APEX M_SPF("v=spf1 +all") SES_MX,
     {{VD_CODE_MAIL_FROM_PASS_ALL, CRITICAL}}},
    {"first contact, good", NULL, APEX SES_SPF SES_MX, {{NOTHING}}},
    {"first contact, no MX", NULL, APEX SES_SPF, {{VD_CODE_MAIL_FROM_MX, BROKEN}}},
    {"first contact, no SPF", NULL, APEX SES_MX, {{VD_CODE_MAIL_FROM_SPF, BROKEN}}},
};

static void test_mail_from_table(void **state)
{
    (void)state;
    watch_text(&watch.mail_from, "mail.example.com");
    EXPECT_CHANGES(VD_SUBJECT_MAIL_FROM, mail_from_rows);
}

static void test_mail_from_not_configured_is_no_subject(void **state)
{
    (void)state;
    judge_lines_change(NULL, APEX);
    assert_null(subject(VD_SUBJECT_MAIL_FROM, 0));
}

static void test_mail_from_pending_then_verified(void **state)
{
    (void)state;
    watch_text(&watch.mail_from, "mail.example.com");
    baseline.pending = vd_subject_bit(VD_SUBJECT_MAIL_FROM, 0);
    judge_lines_change(NULL, APEX);
    const struct wanted pending[] = {{VD_CODE_MAIL_FROM_PENDING, CHANGED}, {NOTHING}};
    expect_all("not there yet", VD_SUBJECT_MAIL_FROM, pending);
    judge_lines_change(NULL, APEX SES_SPF);
    expect_all("half of it", VD_SUBJECT_MAIL_FROM, pending);
    judge_lines_change(NULL, APEX SES_SPF SES_MX);
    const struct wanted verified[] = {{VD_CODE_MAIL_FROM_VERIFIED, NOTABLE}, {NOTHING}};
    expect_all("there", VD_SUBJECT_MAIL_FROM, verified);
    judge_lines_change(NULL, APEX SES_SPF M_MX("!timeout"));
    assert_null(find(VD_CODE_MAIL_FROM_VERIFIED));
    /* When the time is over, it is a finding; however often it was seen so before. */
    baseline.pending = 0;
    judge_lines_change(APEX, APEX);
    assert_non_null(find(VD_CODE_MAIL_FROM_SPF));
    assert_non_null(find(VD_CODE_MAIL_FROM_MX));
    baseline.pending = vd_subject_bit(VD_SUBJECT_MAIL_FROM, 0);
    /* A mistake is told at once, and so is what was good before. */
    judge_lines_change(NULL, APEX SES_SPF M_MX("10 10\\032feedback-smtp.us-east-1.amazonses.com"));
    assert_non_null(find(VD_CODE_MAIL_FROM_MX));
    judge_lines_change(APEX SES_SPF SES_MX, APEX);
    assert_non_null(find(VD_CODE_MAIL_FROM_SPF));
}

static void test_mail_from_costs_more_where_dmarc_enforces(void **state)
{
#define REJECT "_dmarc.example.com TXT v=DMARC1; p=reject\n"
    (void)state;
    watch_text(&watch.mail_from, "mail.example.com");
    judge_lines_change(APEX REJECT SES_SPF SES_MX, APEX REJECT SES_MX);
    assert_int_equal(find(VD_CODE_MAIL_FROM_SPF)->severity, VD_SEVERITY_ERROR);
}

static void test_mail_from_mends(void **state)
{
    (void)state;
    watch_text(&watch.mail_from, "mail.example.com");
    judge_lines_change(APEX SES_SPF SES_MX, APEX);
    assert_string_equal(words(find(VD_CODE_MAIL_FROM_SPF)->mend),
                        "at mail.example.com put TXT: v=spf1 include:amazonses.com ~all");
    assert_string_equal(words(find(VD_CODE_MAIL_FROM_MX)->mend),
                        "at mail.example.com put MX: 10 feedback-smtp.us-east-1.amazonses.com");
    assert_int_equal(find(VD_CODE_MAIL_FROM_MX)->rtype, VD_TYPE_MX);
    judge_lines_change(NULL, APEX SES_SPF M_MX("10 10\\032feedback-smtp.us-east-1.amazonses.com"));
    assert_has(words(find(VD_CODE_MAIL_FROM_MX)->mend), "priority");
    judge_lines_change(NULL,
                       APEX SES_SPF M_MX("10 feedback-smtp.us-east-1.amazonses.com.example.com"));
    assert_has(words(find(VD_CODE_MAIL_FROM_MX)->mend), "dot");
    judge_lines_change(NULL,
                       APEX SES_MX "mail.example.com.example.com TXT v=spf1 include:amazonses.com "
                                   "~all\n");
    assert_has(words(find(VD_CODE_MAIL_FROM_SPF)->mend), "mail.example.com.example.com");
    judge_lines_change(NULL, APEX M_SPF("\"v=spf1 include:amazonses.com ~all\"") SES_MX);
    assert_has(words(find(VD_CODE_MAIL_FROM_SPF)->new_text), vd_slip_str(VD_SLIP_QUOTED));
}

/* ---- services that cannot sign -------------------------------------------------------------- */

static void test_service_that_cannot_sign_is_told_when_dmarc_enforces(void **state)
{
#define NONE       "_dmarc.example.com TXT v=DMARC1; p=none\n"
#define QUARANTINE "_dmarc.example.com TXT v=DMARC1; p=quarantine\n"
    (void)state;
    judge_lines_change(NULL, APEX QUARANTINE);
    assert_null(find(VD_CODE_PROVIDER_UNSIGNED));
    for (uint8_t i = 0; vd_provider_at(&watch, i) != NULL; i++) {
        if (vd_provider_at(&watch, i)->is_unsigned) {
            watch.provider_rows[0] = i;
            watch.providers_count = 1;
        }
    }
    assert_int_equal(watch.providers_count, 1);
    judge_lines_change(NULL, APEX NONE);
    assert_null(find(VD_CODE_PROVIDER_UNSIGNED));
    judge_lines_change(NULL, APEX QUARANTINE);
    const struct vd_finding *finding = find(VD_CODE_PROVIDER_UNSIGNED);
    assert_non_null(finding);
    assert_int_equal(finding->class_, VD_CLASS_BROKEN);
    assert_int_equal(finding->severity, VD_SEVERITY_WARNING);
    assert_has(words(finding->mend), vd_provider_at(&watch, watch.provider_rows[0])->title);
    judge_lines_change(APEX NONE, APEX QUARANTINE);
    assert_non_null(find(VD_CODE_PROVIDER_UNSIGNED));
    judge_lines_change(APEX QUARANTINE, APEX QUARANTINE);
    assert_non_null(find(VD_CODE_PROVIDER_UNSIGNED)); /* who tells it once is the agent */
}

/* ---- the table ------------------------------------------------------------------------------ */

static void test_every_row_of_the_family_is_complete(void **state)
{
    (void)state;
    for (int code = VD_CODES_OTHERS_FIRST; code < VD_CODES_AGENT_FIRST; code++) {
        const struct vd_code_info *row = vd_code_info((enum vd_code)code);
        assert_non_null(row->code);
        assert_int_equal(vd_code_named(row->code), code);
        assert_true(row->class_ != VD_CLASS_UNKNOWN && row->severity >= VD_SEVERITY_CRITICAL);
        assert_true(row->axis != 0);
        assert_true(strlen(row->why) > 20 && strlen(row->cause) > 10 && strlen(row->mend) > 10);
        assert_true(!row->is_whole || row->facet == VD_FACET_ALL);
        assert_true(!row->is_whole || row->is_alert);
    }
}

/* An unchanged domain: everything is asked at once, but for what MX and the rest lead to. */
static void test_own_names_are_wanted_in_the_first_turn(void **state)
{
    bool is_new = false;

    (void)state;
    watch_text(&watch.mail_from, "mail.example.com");
    world_lines = APEX;
    vd_snapshot_clear(&snapshot);
    vd_judge_wants(&snapshot, &baseline, &watch, &judgement, want_from_lines, &is_new);
    static const struct {
        const char *name;
        uint16_t type;
    } wanted[] = {
        {"example.com", VD_TYPE_MX},
        {"example.com", VD_TYPE_NS},
        {"example.com", VD_TYPE_DS},
        {"_mta-sts.example.com", VD_TYPE_TXT},
        {"_smtp._tls.example.com", VD_TYPE_TXT},
        {"default._bimi.example.com", VD_TYPE_TXT},
        {"mail.example.com", VD_TYPE_TXT},
        {"mail.example.com", VD_TYPE_MX},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (vd_snapshot_find(&snapshot, wanted[i].name, wanted[i].type) == NULL) {
            fail_msg("%s", wanted[i].name);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, set_up_lines)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_mta_sts_table),
        TEST(test_mta_sts_words),
        TEST(test_mta_sts_slips_are_recognised),
        TEST(test_tls_rpt_table),
        TEST(test_bimi_table),
        TEST(test_first_contact_hints_at_what_could_be_better),
        TEST(test_bulk_profile_hints_at_what_is_advised_or_not_watched),
        TEST(test_mail_from_table),
        TEST(test_mail_from_not_configured_is_no_subject),
        TEST(test_mail_from_pending_then_verified),
        TEST(test_mail_from_costs_more_where_dmarc_enforces),
        TEST(test_mail_from_mends),
        TEST(test_service_that_cannot_sign_is_told_when_dmarc_enforces),
        TEST(test_every_row_of_the_family_is_complete),
        TEST(test_own_names_are_wanted_in_the_first_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
