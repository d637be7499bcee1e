/*
 * firmware/providers: whose is a name, on label boundaries, the longest suffix first.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/providers.h"
#include "firmware/watchlist.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef const struct vd_provider *(*lookup)(const struct vd_watch *watch, const char *name);

struct row {
    const char *name, *provider; /* provider: its name; "": nobody's */
};

static void expect(lookup of, const struct row *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const struct vd_provider *found = of(NULL, rows[i].name);
        const char *name = found == NULL ? "" : found->name;

        if (strcmp(name, rows[i].provider) != 0) {
            fail_msg("%s is \"%s\", not \"%s\"", rows[i].name, name, rows[i].provider);
        }
    }
}

#define EXPECT(of, rows) expect(of, rows, sizeof rows / sizeof rows[0])

/* ---- the table -------------------------------------------------------------------------------- */

static void test_every_target_has_its_provider(void **state)
{
    static const struct row rows[] = {
        {"selector1-example-com._domainkey.tenant.onmicrosoft.com", "microsoft-365"},
        {"selector2-example-com03i._domainkey.tenant.n-v1.dkim.mail.microsoft", "microsoft-365"},
        {"t1.dkim.amazonses.com", "amazon-ses"},
        {"t1.dkim.af-south-1.amazonses.com", "amazon-ses"},
        {"t1.dkim.ap-northeast-3.amazonses.com", "amazon-ses"},
        {"t1.dkim.ap-south-2.amazonses.com", "amazon-ses"},
        {"t1.dkim.ap-southeast-3.amazonses.com", "amazon-ses"},
        {"t1.dkim.ap-southeast-5.amazonses.com", "amazon-ses"},
        {"t1.dkim.ca-west-1.amazonses.com", "amazon-ses"},
        {"t1.dkim.eu-central-2.amazonses.com", "amazon-ses"},
        {"t1.dkim.eu-south-1.amazonses.com", "amazon-ses"},
        {"t1.dkim.il-central-1.amazonses.com", "amazon-ses"},
        {"t1.dkim.us-gov-east-1.amazonses.com", "amazon-ses"},
        {"0123456789abcdef0123.dkim.channel.io", "channel-talk"},
        {"s1.domainkey.u1234.wl005.sendgrid.net", "sendgrid"},
        {"pdk1._domainkey.0a1b2c.dkim1.mailgun.com", "mailgun"},
        {"pdk2._domainkey.0a1b2c.dkim1.eu.mgsend.org", "mailgun"},
        {"dkim.mcsv.net", "mailchimp"},
        {"dkim2.mcsv.net", "mailchimp"},
        {"dkim3.mcsv.net", "mailchimp"},
        {"dkim1.mandrillapp.com", "mandrill"},
        {"dkim2.mandrillapp.com", "mandrill"},
        {"example-com.hs12a.dkim.hubspotemail.net", "hubspot"},
        {"example-com.hs12b.dkim.hubspotemail.net", "hubspot"},
        {"key1.abc123.custdkim.salesforce.com", "salesforce"},
        {"zendesk1._domainkey.zendesk.com", "zendesk"},
        {"b1.example-com.dkim.brevo.com", "brevo"},
        {"fm1.example.com.dkim.fmhosted.com", "fastmail"},
        {"protonmail.domainkey.dabc.domains.proton.ch", "proton"},
        {"abc.dkim.intercom.io", "intercom"},
        {"strong1._domainkey.helpscout.net", "help-scout"},
        {"s1.dkim.ionos.com", "ionos"},
        {"100._domainkey.dkim1.ccsend.com", "constant-contact"},
        {"mail-example-com.dkim1._domainkey.firebasemail.com", "firebase"},
        {"x.klaviyo.com", "klaviyo"},
        {"kl1.domainkey.1.klaviyodns.com", "klaviyo"},
    };

    (void)state;
    EXPECT(vd_provider_of_target, rows);
}

static void test_every_include_has_its_provider(void **state)
{
    static const struct row rows[] = {
        {"_spf.google.com", "google-workspace"},
        {"spf.protection.outlook.com", "microsoft-365"},
        {"amazonses.com", "amazon-ses"},
        {"sendgrid.net", "sendgrid"},
        {"u1234.wl005.sendgrid.net", "sendgrid"},
        {"sparkpostmail.com", "sparkpost"},
        {"_netblocks.sparkpostmail.com", "sparkpost"},
        {"mailgun.org", "mailgun"},
        {"eu.mailgun.org", "mailgun"},
        {"servers.mcsv.net", "mailchimp"},
        {"spf.mandrillapp.com", "mandrill"},
        {"mktomail.com", "marketo"},
        {"12345.spf06.hubspotemail.net", "hubspot"},
        {"_spf.salesforce.com", "salesforce"},
        {"mail.zendesk.com", "zendesk"},
        {"zohomail.com", "zoho"},
        {"zoho.eu", "zoho"},
        {"one.zoho.com", "zoho"},
        {"zohomail.eu", "zoho"},
        {"zohomail.in", "zoho"},
        {"zoho.in", "zoho"},
        {"_spf-eu.ionos.com", "ionos"},
        {"_spf-us.ionos.com", "ionos"},
        {"%{ir}.%{v}.%{d}.spf.has.pphosted.com", "proofpoint"},
        {"dispatch-us.ppe-hosted.com", "proofpoint"},
        {"_netblocks.mimecast.com", "mimecast"},
        {"eu._netblocks.mimecast.com", "mimecast"},
        {"spf.mtasv.net", "postmark"},
        {"spf.brevo.com", "brevo"},
        {"spf.sendinblue.com", "brevo"},
        {"spf.messagingengine.com", "fastmail"},
        {"_spf.protonmail.ch", "proton"},
        {"_spf.mx.cloudflare.net", "cloudflare"},
        {"_spf.firebasemail.com", "firebase"},
    };

    (void)state;
    EXPECT(vd_provider_of_include, rows);
}

static void test_every_mail_host_has_its_provider(void **state)
{
    static const struct row rows[] = {
        {"smtp.google.com", "google-workspace"},
        {"aspmx.l.google.com", "google-workspace"},
        {"alt4.aspmx.l.google.com", "google-workspace"},
        {"aspmx3.googlemail.com", "google-workspace"},
        {"example-com.mail.protection.outlook.com", "microsoft-365"},
        {"example-com.n-v1.mx.microsoft", "microsoft-365"},
        {"feedback-smtp.ap-northeast-2.amazonses.com", "amazon-ses"},
        {"inbound-smtp.us-west-2.amazonaws.com", "amazon-ses"},
        {"mxa.mailgun.org", "mailgun"},
        {"mxb.eu.mailgun.org", "mailgun"},
        {"mx2.zoho.com", "zoho"},
        {"mx.zoho.com.au", "zoho"},
        {"mx00.ionos.de", "ionos"},
        {"mx01.ionos.co.uk", "ionos"},
        {"mxa-0001.gslb.pphosted.com", "proofpoint"},
        {"mx1-us1.ppe-hosted.com", "proofpoint"},
        {"us-smtp-inbound-1.mimecast.com", "mimecast"},
        {"in1-smtp.messagingengine.com", "fastmail"},
        {"mail.protonmail.ch", "proton"},
        {"mailsec.protonmail.ch", "proton"},
        {"route1.mx.cloudflare.net", "cloudflare"},
    };

    (void)state;
    EXPECT(vd_provider_of_host, rows);
}

/* ---- boundaries ------------------------------------------------------------------------------- */

static void test_name_that_only_looks_like_a_provider_is_nobodys(void **state)
{
    static const struct row targets[] = {
        {"sendgrid.net.attacker.example", ""},
        {"notsendgrid.net", ""},
        {"s1.notsendgrid.net", ""},
        {"net", ""},
        {"", ""},
        {".", ""},
        {"t1.dkim.amazonses.com.example.com", ""}, /* a final dot forgotten */
        {"t1.dkim.amazonses.net", ""},
        {"dkim.x.y.amazonses.com", ""}, /* "*" is one label */
        {"dkim..amazonses.com", ""},
        {"t1.xdkim.eu-south-1.amazonses.com", ""},
        {"T1.DKIM.AmazonSES.com.", "amazon-ses"},
        {"sendgrid.net", "sendgrid"},
    };
    static const struct row includes[] = {
        {"sub.amazonses.com", ""}, /* its own name only */
        {"amazonses.com.attacker.example", ""},
        {"hubspotemail.net", ""}, /* below it only */
        {".hubspotemail.net", ""},
        {"xhubspotemail.net", ""},
        {"a.hubspotemail.net.", "hubspot"},
        {"AMAZONSES.COM", "amazon-ses"},
        {"xamazonses.com", ""},
    };
    static const struct row hosts[] = {
        {"aspmx.l.google.com.attacker.example", ""},
        {"mail.google.com", ""},
        {"example-com.mail.protection.outlook.com.", "microsoft-365"},
        {"protection.outlook.com", ""},
        {"feedback-smtp.amazonses.com", ""},
    };

    (void)state;
    EXPECT(vd_provider_of_target, targets);
    EXPECT(vd_provider_of_include, includes);
    EXPECT(vd_provider_of_host, hosts);
}

static void test_longest_suffix_wins(void **state)
{
    static const struct vd_provider own[] = {
        {"wide", "Wide", "", "example", "", "", '*', false, false},
        {"narrow", "Narrow", "", "b.example", "", "", '*', false, false},
        {"middle", "Middle", "", "example *.example", "", "", '*', false, false},
    };
    static struct vd_watch watch;

    (void)state;
    watch.own_providers = own;
    watch.own_providers_count = 3;
    assert_string_equal(vd_provider_of_target(&watch, "x.b.example")->name, "narrow");
    assert_string_equal(vd_provider_of_target(&watch, "x.c.example")->name, "middle");
    assert_string_equal(vd_provider_of_target(&watch, "example")->name, "wide");
    assert_string_equal(vd_provider_of_target(&watch, "t.dkim.amazonses.com")->name, "amazon-ses");
}

static void test_row_of_the_configuration_replaces_the_built_in_one(void **state)
{
    static const struct vd_provider own[] = {
        {"sendgrid", "Our SendGrid", "em1", "em.example", "", "", '1', false, false}};
    static struct vd_watch watch;
    const struct vd_provider *row;
    size_t i, count;

    (void)state;
    watch.own_providers = own;
    watch.own_providers_count = 1;
    assert_ptr_equal(vd_provider_named(&watch, "sendgrid"), own);
    assert_ptr_equal(vd_provider_of_target(&watch, "x.em.example"), own);
    assert_null(vd_provider_of_target(&watch, "s1.domainkey.u1.wl1.sendgrid.net"));
    assert_non_null(vd_provider_of_target(NULL, "s1.domainkey.u1.wl1.sendgrid.net"));
    for (count = 0; vd_provider_at(NULL, count) != NULL; count++) {
    }
    for (i = 0; (row = vd_provider_at(&watch, i)) != NULL; i++) {
        assert_true(strcmp(row->name, "sendgrid") != 0 || row == own);
    }
    assert_int_equal(i, count + 1);
}

static void test_both_rows_of_a_service_count_as_configured(void **state)
{
    static struct vd_watch watch;
    size_t row;

    (void)state;
    for (row = 0; strcmp(vd_provider_at(NULL, row)->name, "amazon-ses-byodkim") != 0; row++) {
    }
    assert_false(vd_provider_is_configured(&watch, vd_provider_named(NULL, "amazon-ses")));
    watch.provider_rows[0] = (uint8_t)row;
    watch.providers_count = 1;
    assert_true(vd_provider_is_configured(&watch, vd_provider_named(NULL, "amazon-ses")));
    assert_true(vd_provider_is_configured(&watch, vd_provider_named(NULL, "amazon-ses-byodkim")));
    assert_false(vd_provider_is_configured(&watch, vd_provider_named(NULL, "sendgrid")));
    assert_false(vd_provider_is_configured(&watch, NULL));
    assert_ptr_equal(vd_provider_of_target(NULL, "pdk1._domainkey.0a1b2c.dkim1.mailgun.com"),
                     vd_provider_of_include(NULL, "mailgun.org"));
}

/* ---- the data are well-formed ----------------------------------------------------------------- */

/* Lists are words with single blanks between, lower case, no final dot. */
static void check_list(const char *list)
{
    size_t len = strlen(list);

    assert_null(strstr(list, "  "));
    assert_true(len == 0 || (list[0] != ' ' && list[len - 1] != ' ' && list[len - 1] != '.'));
    assert_int_equal(strspn(list, "abcdefghijklmnopqrstuvwxyz0123456789-_.* "), len);
    assert_null(strstr(list, ". "));
}

static void test_rows_are_well_formed(void **state)
{
    const struct vd_provider *row;
    size_t i;

    (void)state;
    for (i = 0; (row = vd_provider_at(NULL, i)) != NULL; i++) {
        assert_ptr_equal(vd_provider_named(NULL, row->name), row); /* no name stands twice */
        assert_true(strlen(row->name) <= 31 && row->title[0] != '\0');
        assert_true(row->need == '*' || row->need == '1');
        check_list(row->name);
        check_list(row->selectors);
        check_list(row->targets);
        check_list(row->includes);
        check_list(row->hosts);
        assert_true(!row->has_text_keys || row->targets[0] == '\0');
        assert_true(!row->is_unsigned || (row->selectors[0] == '\0' && row->includes[0] == '\0'));
    }
    assert_null(vd_provider_named(NULL, "nobody"));
    assert_true(vd_provider_named(NULL, "marketo-msc")->is_unsigned);
    assert_string_equal(vd_provider_named(NULL, "channel-talk")->includes, "");
}

/* Every word of a list stands in the line, in backquotes. */
static void check_line(const char *line, const char *list)
{
    char word[100];
    size_t len;

    for (; *list != '\0'; list += list[len] == ' ' ? len + 1 : len) {
        len = strcspn(list, " ");
        snprintf(word, sizeof word, "`%.*s`", (int)len, list);
        if (strstr(line, word) == NULL) {
            fail_msg("docs/providers.md lacks %s in: %s (make docs)", word, line);
        }
    }
}

static void test_page_for_people_says_what_the_table_says(void **state)
{
    const struct vd_provider *row;
    char line[1000], head[100];
    FILE *file = fopen("docs/providers.md", "r");
    size_t count = 0;

    (void)state;
    if (file == NULL) {
        skip(); /* not run from the root of the repository */
    }
    while (fgets(line, sizeof line, file) != NULL) {
        row = strncmp(line, "| `", 3) == 0 ? vd_provider_at(NULL, count++) : NULL;
        if (row != NULL) {
            snprintf(head, sizeof head, "| `%s` | %s |", row->name, row->title);
            assert_int_equal(strncmp(line, head, strlen(head)), 0);
            check_line(line, row->selectors);
            check_line(line, row->targets);
            check_line(line, row->includes);
            check_line(line, row->hosts);
        }
    }
    fclose(file);
    assert_null(vd_provider_at(NULL, count));
    assert_true(count > 0 && vd_provider_at(NULL, count - 1) != NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_target_has_its_provider),
        cmocka_unit_test(test_every_include_has_its_provider),
        cmocka_unit_test(test_every_mail_host_has_its_provider),
        cmocka_unit_test(test_name_that_only_looks_like_a_provider_is_nobodys),
        cmocka_unit_test(test_longest_suffix_wins),
        cmocka_unit_test(test_row_of_the_configuration_replaces_the_built_in_one),
        cmocka_unit_test(test_both_rows_of_a_service_count_as_configured),
        cmocka_unit_test(test_rows_are_well_formed),
        cmocka_unit_test(test_page_for_people_says_what_the_table_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
