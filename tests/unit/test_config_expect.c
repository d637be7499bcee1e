/*
 * firmware/config: what is expected of a domain: profiles and floors, names, addresses, providers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facts.h"
#include "tests/unit/config_world.h"

static const struct vd_watch *watch_of(const char *lines)
{
    char text[4000];

    snprintf(text, sizeof text, "%s%s", GOOD, lines);
    parse_ok(text);
    return &config.watches[0];
}

static const char *text_of(uint16_t offset)
{
    return vd_watch_text(&config.watches[0], offset);
}

/* ---- profiles and floors ---------------------------------------------------------------------- */

static void test_watch_without_a_profile_asks_for_nothing(void **state)
{
    const struct vd_watch *watch = watch_of("");

    (void)state;
    assert_int_equal(watch->profiles, 0);
    assert_int_equal(watch->dmarc_floor, VD_FLOOR_NONE);
    assert_int_equal(watch->spf_floor, VD_FLOOR_NONE);
    assert_false(watch->needs_spf || watch->needs_dkim || watch->needs_dmarc || watch->needs_mx);
    assert_false(watch->needs_null_mx || watch->needs_no_key);
    assert_int_equal(watch->pending_ms, 48u * 3600u * 1000u);
    assert_int_equal(watch->spf_wide4, 16);
    assert_int_equal(watch->spf_wide6, 32);
    assert_int_equal(watch->spf_vast4, 8);
    assert_int_equal(watch->spf_vast6, 16);
    assert_int_equal(watch->spf_growth, 65536);
    assert_int_equal(watch->providers_count + watch->senders_count + watch->strangers_count, 0);
    assert_string_equal(text_of(watch->mx), "");
    assert_string_equal(text_of(watch->mail_from), "");
    assert_string_equal(text_of(watch->from), "");
    assert_string_equal(text_of(watch->registries), "");
}

static void test_profiles_become_floors(void **state)
{
    static const struct {
        const char *lines;
        int dmarc, spf;
        bool spf_needed, dkim, dmarc_needed, null_mx, no_key;
    } rows[] = {
        {"profile = plain\n", 0, VD_FLOOR_NONE, true, false, true, false, false},
        {"profile = bulk\n", 0, VD_SPF_NEUTRAL, true, true, true, false, false},
        {"profile = enforcing\n", 1, VD_SPF_SOFTFAIL, true, true, true, false, false},
        {"profile = parked\n", 2, VD_SPF_FAIL, true, false, true, true, true},
        {"profile = bulk enforcing\n", 1, VD_SPF_SOFTFAIL, true, true, true, false, false},
        {"profile = enforcing plain\n", 1, VD_SPF_SOFTFAIL, true, true, true, false, false},
        /* explicit keys win, upwards and downwards, wherever they stand */
        {"profile = enforcing\ndmarc = none\n", 0, VD_SPF_SOFTFAIL, true, true, true, false, false},
        {"dmarc = reject\nprofile = bulk\n", 2, VD_SPF_NEUTRAL, true, true, true, false, false},
        {"spf = neutral\nprofile = enforcing\n", 1, VD_SPF_NEUTRAL, true, true, true, false, false},
        {"profile = parked\nspf = softfail\n", 2, VD_SPF_SOFTFAIL, true, false, true, true, true},
        {"dmarc = quarantine\n", 1, VD_FLOOR_NONE, false, false, true, false, false},
        {"dmarc = none\n", 0, VD_FLOOR_NONE, false, false, true, false, false},
        {"spf = fail\n", VD_FLOOR_NONE, VD_SPF_FAIL, true, false, false, false, false},
        {"[defaults]\nprofile = bulk\n", 0, VD_SPF_NEUTRAL, true, true, true, false, false},
        {"dmarc = quarantine\n[defaults]\nprofile = bulk\nspf = fail\n", 1, VD_SPF_FAIL, true, true,
         true, false, false},
        /* of a profile of the section and a key of [defaults] the stricter one holds */
        {"profile = enforcing\n[defaults]\ndmarc = none\nspf = fail\n", 1, VD_SPF_FAIL, true, true,
         true, false, false},
        {"profile = bulk\n[defaults]\ndmarc = quarantine\n", 1, VD_SPF_NEUTRAL, true, true, true,
         false, false},
        {"profile = parked\n[defaults]\ndmarc = quarantine\n", 2, VD_SPF_FAIL, true, false, true,
         true, true},
        {"profile = plain\n[defaults]\nprofile = enforcing\n", 0, VD_FLOOR_NONE, true, false, true,
         false, false},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct vd_watch *watch = watch_of(rows[i].lines);

        if (watch->dmarc_floor != rows[i].dmarc || watch->spf_floor != rows[i].spf ||
            watch->needs_spf != rows[i].spf_needed || watch->needs_dkim != rows[i].dkim ||
            watch->needs_dmarc != rows[i].dmarc_needed || watch->needs_null_mx != rows[i].null_mx ||
            watch->needs_no_key != rows[i].no_key) {
            fail_msg("%s: dmarc %d, spf %d, needs spf %d dkim %d dmarc %d, null mx %d, no key %d",
                     rows[i].lines, watch->dmarc_floor, watch->spf_floor, watch->needs_spf,
                     watch->needs_dkim, watch->needs_dmarc, watch->needs_null_mx,
                     watch->needs_no_key);
        }
    }
}

static void test_parked_domain_leaves_the_mail_of_defaults_aside(void **state)
{
    const struct vd_watch *watch =
        watch_of("profile = parked\n[defaults]\ndkim = all: s1\nprovider = channel-talk\n"
                 "senders = 192.0.2.1\nmx = mail.example.net\nfrom = a@example.com\n");

    (void)state;
    assert_int_equal(watch->groups_count + watch->selectors_count + watch->providers_count, 0);
    assert_int_equal(watch->senders_count + watch->mx + watch->from, 0);
    assert_false(watch->needs_mx);
}

static void test_bad_floors(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\nprofile = strict\n", 8,
         "\"strict\" is no profile: there are plain, bulk, enforcing and parked"},
        {"[watch example.com]\nprofile = parked bulk\n", 8, "it stands alone"},
        {"[watch example.com]\ndkim = all: s1\nprofile = parked\n", 8,
         "dkim = contradicts profile parked"},
        {"[watch example.com]\nprofile = parked\nsenders = 192.0.2.1\n", 9,
         "senders = contradicts profile parked"},
        {"[watch example.com]\nprofile = parked\nprovider = sendgrid\n", 9,
         "provider = contradicts profile parked"},
        {"[watch example.com]\nmx = mail.example.net\n[defaults]\nprofile = parked\n", 8,
         "mx = contradicts profile parked"},
        {"[watch example.com]\ndmarc = monitor\n", 8, "is no policy: write none, quarantine"},
        {"[watch example.com]\ndmarc = Reject\n", 8, "is no policy"},
        {"[watch example.com]\nspf = pass\n", 8, "is no end of SPF: write neutral (?all)"},
        {"[watch example.com]\nspf = -all\n", 8, "is no end of SPF"},
        {"[watch example.com]\nspf-wide-ip4 = 33\n", 8, "is no number from 0 to 32"},
        {"[watch example.com]\nspf-wide-ip6 = 129\n", 8, "is no number from 0 to 128"},
        {"[watch example.com]\nspf-vast-ip4 = /8\n", 8, "is no number from 0 to 32"},
        {"[watch example.com]\nspf-growth = 0\n", 8, "is no number from 1 to 4294967295"},
        {"[watch example.com]\nspf-growth = 4294967296\n", 8, "is no number from 1"},
        {"[watch example.com]\nspf-growth = 99999999999\n", 8, "is no number from 1"},
        {"[watch example.com]\nspf-vast-ip4 = 17\n", 8,
         "spf-vast-ip4 = 17 is a smaller network than spf-wide-ip4 = 16"},
        {"[watch example.com]\nspf-wide-ip6 = 15\n", 8,
         "spf-vast-ip6 = 16 is a smaller network than spf-wide-ip6 = 15"},
        {"[watch example.com]\npending = 8d\n", 8, "is no time from 1s to 7d"},
    };

    (void)state;
    ROWS(rows);
}

static void test_thresholds(void **state)
{
    const struct vd_watch *watch =
        watch_of("spf-wide-ip4 = 20\nspf-wide-ip6 = 128\nspf-vast-ip4 = 0\nspf-vast-ip6 = 128\n"
                 "spf-growth = 4294967295\npending = 7d\n");

    (void)state;
    assert_int_equal(watch->spf_wide4, 20);
    assert_int_equal(watch->spf_wide6, 128);
    assert_int_equal(watch->spf_vast4, 0);
    assert_int_equal(watch->spf_vast6, 128);
    assert_true(watch->spf_growth == 4294967295u);
    assert_int_equal(watch->pending_ms, 7u * 86400u * 1000u);
}

/* ---- names ------------------------------------------------------------------------------------ */

static void test_names_are_kept_in_lower_case(void **state)
{
    const struct vd_watch *watch =
        watch_of("mx = Mail.Example.NET. mx.example.org\nmail-from = Bounce.Example.com\n"
                 "from = News.Letter+x@Example.com\nregistries = kr co.xx\nmx = mx3.example.org\n");

    (void)state;
    assert_string_equal(text_of(watch->mx), "mail.example.net mx.example.org mx3.example.org");
    assert_string_equal(text_of(watch->mail_from), "bounce.example.com");
    assert_string_equal(text_of(watch->from), "News.Letter+x@example.com");
    assert_string_equal(text_of(watch->registries), "kr co.xx");
    assert_true(watch->needs_mx);
}

static void test_each_domain_of_a_section_gets_the_expectations(void **state)
{
    (void)state;
    parse_ok(HEAD "[watch example.com example.net]\nmx = mail.example.org\nprovider = sendgrid\n"
                  "accept = dkim.s2.key:absent\n");
    assert_string_equal(vd_watch_text(&config.watches[1], config.watches[1].mx),
                        "mail.example.org");
    assert_int_equal(config.watches[1].groups_count, 1);
    assert_int_equal(config.watches[1].selectors_count, 2);
    assert_string_equal(vd_watch_text(&config.watches[1], config.watches[1].accepts[0].value),
                        "absent");
}

static void test_key_of_a_watch_replaces_all_lines_of_defaults(void **state)
{
    (void)state;
    parse_ok(HEAD "[watch example.com]\nmx = a.example.org\nsenders = 192.0.2.9\n"
                  "[watch example.net]\n[defaults]\nmx = b.example.org\nmx = c.example.org\n"
                  "senders = 192.0.2.1 192.0.2.2\n");
    assert_string_equal(vd_watch_text(&config.watches[0], config.watches[0].mx), "a.example.org");
    assert_int_equal(config.watches[0].senders_count, 1);
    assert_string_equal(vd_watch_text(&config.watches[1], config.watches[1].mx),
                        "b.example.org c.example.org");
    assert_int_equal(config.watches[1].senders_count, 2);
}

static void test_bad_names(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\nmx = 10 mail.example.net\n", 8, "\"10\" ends in a label of digits"},
        {"[watch example.com]\nmx = com\n", 8, "mail could go anywhere below it"},
        {"[watch example.com]\nmx = 192.0.2.1\n", 8, "is an IP address, not a name"},
        {"[watch example.com]\nmx = .example.net\n", 8, "has an empty label"},
        {"[watch example.com]\nmail-from = example.com\n", 8,
         "\"example.com\" is no MAIL FROM subdomain: it must be below \"example.com\""},
        {"[watch example.com]\nmail-from = mail.example.net\n", 8, "is no MAIL FROM subdomain"},
        {"[watch example.com]\nmail-from = mailexample.com\n", 8, "is no MAIL FROM subdomain"},
        {"[watch example.com]\nmail-from = mail\n", 8, "is no MAIL FROM subdomain"},
        {"[watch example.com]\nmail-from = a.example.com b.example.com\n", 8, "has a \" \""},
        {"[watch example.com a.example.net]\nmail-from = m.example.com\n", 8,
         "it must be below \"a.example.net\""},
        {"[watch example.com]\n[defaults]\nmail-from = m.example.net\n", 7,
         "it must be below \"example.com\""},
        {"[watch example.com]\nfrom = news@example.net\n", 8,
         "\"news@example.net\" is no address of the watched domain \"example.com\""},
        {"[watch example.com]\nfrom = news@notexample.com\n", 8, "is no address of the watched"},
        {"[watch example.com]\nfrom = example.com\n", 8, "is no mail address"},
        {"[watch example.com]\nfrom = @example.com\n", 8, "is no mail address"},
        {"[watch example.com]\nfrom = a b@example.com\n", 8, "is no mail address"},
        {"[watch example.com]\nfrom = .a@example.com\n", 8, "is no mail address"},
        {"[watch example.com]\nfrom = a..b@example.com\n", 8, "is no mail address"},
        {"[watch example.com]\nfrom = a@b@example.com\n", 8, "is a mail address: write what"},
        {"[watch example.com]\nfrom = a@\n", 8, "\"\" is empty"},
        {"[watch example.com]\nregistries = k_r\n", 8, "has a \"_\""},
    };

    (void)state;
    ROWS(rows);
    watch_of("from = a@sub.example.com\nmail-from = a.b.example.com\n");
}

static void test_words_that_do_not_fit_are_told_not_cut(void **state)
{
    char line[600], text[2000];
    unsigned i;
    size_t len = 0;

    (void)state;
    for (i = 0; i < 30; i++) {
        len += (size_t)snprintf(line + len, sizeof line - len, " mx%02u.example.net", i);
    }
    snprintf(text, sizeof text, "[watch example.com]\nmx =%s\n", line);
    expect_in_good(text, 8, "this image keeps 320 bytes of them (VD_WATCH_TEXT_MAX)");
}

/* A list that does not fit in one line goes on in another one of the same key. */
static void test_long_list_is_split_by_repetition(void **state)
{
    const struct vd_watch *watch;
    char text[4000];
    size_t len;
    unsigned i;

    (void)state;
    len = (size_t)snprintf(text, sizeof text, "%s", GOOD);
    for (i = 0; i < 4; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len,
                                "mx = m%u.example.net\nregistries = r%u.example\n", i, i);
    }
    parse_ok(text);
    watch = &config.watches[0];
    assert_string_equal(text_of(watch->mx),
                        "m0.example.net m1.example.net m2.example.net m3.example.net");
    assert_string_equal(text_of(watch->registries), "r0.example r1.example r2.example r3.example");
}

/* ---- addresses -------------------------------------------------------------------------------- */

static void test_senders_and_strangers(void **state)
{
    const struct vd_watch *watch = watch_of(
        "senders = 192.0.2.10 2001:db8::25\nsenders = 198.51.100.1\nstrangers = 8.8.8.8\n");
    static const uint8_t ip6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x25};

    (void)state;
    assert_int_equal(watch->senders_count, 3);
    assert_false(watch->senders[0].is_ip6);
    assert_memory_equal(watch->senders[0].address, "\xc0\x00\x02\x0a", 4);
    assert_true(watch->senders[1].is_ip6);
    assert_memory_equal(watch->senders[1].address, ip6, 16);
    assert_memory_equal(watch->senders[2].address, "\xc6\x33\x64\x01", 4);
    assert_int_equal(watch->strangers_count, 1);
    assert_memory_equal(watch->strangers[0].address, "\x08\x08\x08\x08", 4);
}

static void test_addresses_that_no_receiver_sees(void **state)
{
    static const char *const rows[][2] = {
        {"10.0.0.1", "is a private address (RFC 1918)"},
        {"172.16.0.1", "(RFC 1918)"},
        {"172.31.255.255", "(RFC 1918)"},
        {"192.168.1.1", "(RFC 1918)"},
        {"100.64.0.1", "(RFC 6598)"},
        {"100.127.0.1", "(RFC 6598)"},
        {"169.254.1.1", "link-local"},
        {"127.0.0.1", "loopback"},
        {"0.0.0.0", "is not the address of a host"},
        {"224.0.0.1", "is not the address of a host"},
        {"255.255.255.255", "is not the address of a host"},
        {"fd00::1", "(RFC 4193)"},
        {"fe80::1", "link-local"},
        {"ff02::1", "is not the address of a host"},
        {"::1", "is not an IPv6 address of the Internet"},
        {"::", "is not an IPv6 address of the Internet"},
        {"::ffff:192.0.2.1", "IPv4 is written as 192.0.2.10"},
        {"192.0.2.0/24", "is a network: write the addresses"},
        {"192.0.2.1:25", "without brackets and port"},
        {"192.0.2.1:1", "without brackets and port"},
        {"[2001:db8::1]", "without brackets and port"},
        {"[2001:db8::1]:25", "without brackets and port"},
        {"mail.example.com", "is no address"},
        {"192.0.2.1,192.0.2.2", "is no address"},
        {"192.0.2.256", "is no address"},
        {"192.0.2.1 192.0.2.1", "is listed twice"},
        {"2001:db8::1 2001:DB8:0::1", "is listed twice"},
        {"1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5", "4 at most (VD_SENDERS_MAX)"},
    };
    char text[200];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "[watch example.com]\nsenders = %s\n", rows[i][0]);
        expect_in_good(text, 8, rows[i][1]);
    }
    expect_in_good("[watch example.com]\nstrangers = 1.1.1.1 1.1.1.2 1.1.1.3\n", 8,
                   "2 at most (VD_STRANGERS_MAX)");
    /* the neighbours of what is refused */
    watch_of("senders = 11.0.0.1 172.32.0.1 172.15.0.1 192.169.0.1\n");
    watch_of("senders = 100.128.0.1 100.63.0.1 223.0.0.1 2001:db8::1\n");
}

/* ---- providers -------------------------------------------------------------------------------- */

static const char *provider_of(const struct vd_watch *watch, unsigned group)
{
    uint8_t row = watch->groups[group].provider;

    return row == 0 ? "" : vd_provider_at(watch, row - 1u)->name;
}

static void test_provider_expands_to_its_selectors(void **state)
{
    const struct vd_watch *watch = watch_of("provider = channel-talk microsoft-365\n");

    (void)state;
    assert_int_equal(watch->selectors_count, 3);
    assert_string_equal(watch->selectors[0], "channel");
    assert_string_equal(watch->selectors[1], "selector1");
    assert_int_equal(watch->groups_count, 2);
    assert_int_equal(watch->groups[0].members, 1);
    assert_int_equal(watch->groups[0].need, 1);
    assert_string_equal(provider_of(watch, 0), "channel-talk");
    assert_int_equal(watch->groups[1].members, 6);
    assert_int_equal(watch->groups[1].need, 1); /* one of the two is asleep */
    assert_string_equal(provider_of(watch, 1), "microsoft-365");
    assert_int_equal(watch->providers_count, 2);
    watch = watch_of("provider = sendgrid\n");
    assert_int_equal(watch->groups[0].need, 2);
}

static void test_dkim_line_with_a_provider(void **state)
{
    const struct vd_watch *watch =
        watch_of("dkim = amazon-ses all: t1 t2 t3\ndkim = microsoft-365 any: selector1 selector2\n"
                 "dkim = google-workspace 1 of: google\nprovider = amazon-ses\n");

    (void)state;
    assert_int_equal(watch->groups_count, 3);
    assert_string_equal(provider_of(watch, 0), "amazon-ses");
    assert_int_equal(watch->groups[0].need, 3);
    assert_string_equal(provider_of(watch, 1), "microsoft-365");
    assert_int_equal(watch->groups[1].need, 1);
    assert_string_equal(provider_of(watch, 2), "google-workspace");
    assert_int_equal(watch->providers_count, 3); /* each once */
    assert_true(vd_provider_is_configured(watch, vd_provider_named(watch, "google-workspace")));
}

static void test_provider_of_defaults_is_kept_beside_dkim_lines(void **state)
{
    const struct vd_watch *watch =
        watch_of("dkim = any: k1 k2\n[defaults]\nprovider = channel-talk\ndkim = all: old\n");

    (void)state;
    assert_int_equal(watch->groups_count, 2);
    assert_string_equal(watch->selectors[0], "k1");
    assert_string_equal(watch->selectors[2], "channel");
}

static void test_other_row_of_the_service_in_a_dkim_line_will_do(void **state)
{
    const struct vd_watch *watch =
        watch_of("provider = amazon-ses\ndkim = amazon-ses-byodkim all: own1\n");

    (void)state;
    assert_int_equal(watch->groups_count, 1);
    assert_string_equal(provider_of(watch, 0), "amazon-ses-byodkim");
}

static void test_unsigned_provider_brings_no_selectors(void **state)
{
    const struct vd_watch *watch = watch_of("provider = marketo-msc\n");

    (void)state;
    assert_int_equal(watch->groups_count, 0);
    assert_int_equal(watch->providers_count, 1);
    expect_in_good("[watch example.com]\ndkim = marketo-msc all: m1\n", 8, "signs nothing");
}

static void test_bad_providers(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\nprovider = amazon-ses\n", 8,
         "\"amazon-ses\" has selectors that cannot be guessed: write dkim = amazon-ses all: and "
         "those that it shows for this domain"},
        {"[watch example.com]\nprovider = salesforce\n", 8, "write dkim = salesforce any: "},
        {"[watch example.com]\n[defaults]\nprovider = hubspot\n", 7, "cannot be guessed"},
        {"[watch example.com example.net]\nprovider = hubspot\n", 8, "cannot be guessed"},
        {"[watch example.com]\nprovider = amazn-ses\n", 8, "did you mean \"amazon-ses\"?"},
        {"[watch example.com]\nprovider = Sendgrid\n", 8, "did you mean \"sendgrid\"?"},
        {"[watch example.com]\nprovider = google\n", 8, "did you mean \"google-workspace\"?"},
        {"[watch example.com]\nprovider = ses\n", 8, "did you mean \"amazon-ses\"?"},
        {"[watch example.com]\nprovider = smoke-signals\n", 8,
         "is no provider that we know: see docs/providers.md"},
        {"[watch example.com]\ndkim = amazonses all: t1\n", 8, "did you mean \"amazon-ses\"?"},
        {"[watch example.com]\ndkim = amazon-ses: t1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = amazon-ses some: t1\n", 8, "is no DKIM group"},
        {"[watch example.com]\ndkim = amazon-ses 2 of: t1\n", 8, "no more needed than listed"},
        {"[watch example.com]\ndkim = amazon-ses all of: t1\n", 8, "is no DKIM group"},
        {"[watch example.com]\nprovider = channel-talk intercom zendesk firebase brevo\n", 8,
         "4 groups at most (VD_DKIM_GROUPS_MAX)"},
        {"[watch example.com]\nprovider = marketo-msc channel-talk intercom zendesk firebase "
         "brevo fastmail\n",
         8, "6 at most (VD_WATCH_PROVIDERS_MAX)"},
        {"[watch example.com]\ndkim = all: 1 2 3 4 5 6\nprovider = fastmail\n", 9,
         "8 at most (VD_SELECTORS_MAX)"},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1000];

        snprintf(text, sizeof text, "%s%s", HEAD, rows[i].lines);
        parse(text);
        if (told.count < 1 || told.lines[0] != rows[i].line ||
            strstr(told.texts[0], rows[i].words) == NULL ||
            (told.count > 1 && strstr(rows[i].words, "6 at most") == NULL)) {
            print_complaints();
            fail_msg("expected %u: %s", rows[i].line, rows[i].words);
        }
    }
}

static void test_provider_section_adds_a_row(void **state)
{
    const struct vd_watch *watch =
        watch_of("provider = our-mailer\n[provider our-mailer]\ntitle = Our Mailer\n"
                 "selectors = Em1 em2\ntargets = dkim.mailer.example dkim.*.mailer.example\n"
                 "includes = spf.mailer.example\nincludes = .spf.mailer.example\n"
                 "mx = mx.mailer.example\nneed = any\ntext-keys = yes\n");
    const struct vd_provider *row = vd_provider_named(watch, "our-mailer");

    (void)state;
    assert_non_null(row);
    assert_string_equal(row->title, "Our Mailer");
    assert_string_equal(row->selectors, "em1 em2");
    assert_string_equal(row->targets, "dkim.mailer.example dkim.*.mailer.example");
    assert_string_equal(row->includes, "spf.mailer.example .spf.mailer.example");
    assert_string_equal(row->hosts, "mx.mailer.example");
    assert_int_equal(row->need, '1');
    assert_true(row->has_text_keys);
    assert_false(row->is_unsigned);
    assert_ptr_equal(vd_provider_of_target(watch, "x.dkim.eu.mailer.example"), row);
    assert_ptr_equal(vd_provider_of_include(watch, "a.spf.mailer.example"), row);
    assert_int_equal(watch->groups[0].provider, 1);
    assert_int_equal(watch->selectors_count, 2);
    watch = watch_of("[provider bare]\n");
    row = vd_provider_named(watch, "bare");
    assert_string_equal(row->title, "bare");
    assert_int_equal(row->need, '*');
    assert_string_equal(row->selectors, "");
}

static void test_provider_section_changes_only_what_it_says(void **state)
{
    const struct vd_watch *watch =
        watch_of("provider = amazon-ses\n[provider amazon-ses]\nselectors = a b\n");
    const struct vd_provider *row = vd_provider_named(watch, "amazon-ses");

    (void)state;
    assert_string_equal(row->selectors, "a b");
    assert_string_equal(row->title, "Amazon SES");
    assert_ptr_equal(vd_provider_of_target(watch, "a.dkim.eu-south-1.amazonses.com"), row);
    assert_int_equal(watch->groups[0].need, 2);
    assert_string_equal(provider_of(watch, 0), "amazon-ses");
}

static void test_bad_provider_sections(void **state)
{
    static const struct row rows[] = {
        {"[watch example.com]\n[provider]\n", 8, "[provider] has one name"},
        {"[watch example.com]\n[provider a b]\n", 8, "[provider] has one name"},
        {"[watch example.com]\n[provider Our_Mailer]\ntargets = a.example\ntargets = b.example\n",
         8, "is no name for a [provider]"},
        {"[watch example.com]\n[provider abcdefghijabcdefghijabcdefghij12]\n", 8, "up to 31"},
        {"[watch example.com]\n[provider x]\n[provider x]\nneed = all\n", 9,
         "\"x\" has a [provider] section already: see line 8"},
        {"[watch example.com]\n[provider a]\n[provider b]\n[provider c]\n[provider d]\n"
         "[provider e]\n",
         12, "4 at most (VD_PROVIDERS_OWN_MAX)"},
        {"[watch example.com]\n[provider x]\nneed = 2\n", 9, "is neither all nor any"},
        {"[watch example.com]\n[provider x]\ntext-keys = maybe\n", 9, "is neither yes nor no"},
        {"[watch example.com]\n[provider x]\ntargets = example.com.\n", 9, "without a final dot"},
        {"[watch example.com]\n[provider amazon-ses]\ntargets = x/y\ntargets = a.example\n"
         "targets = b.example\n",
         9, "is no name"},
        {"[watch example.com]\n[provider amazon-ses]\ntargets =\ntargets = a.example\n", 9,
         "\"targets\" has no value"},
        {"[watch example.com]\n[provider x]\ntargets = com\n", 9, "two labels or more"},
        {"[watch example.com]\n[provider x]\ntargets = .com\n", 9, "two labels or more"},
        {"[watch example.com]\n[provider x]\ntargets = a*.example.com\n", 9, "a \"*\" alone"},
        {"[watch example.com]\n[provider x]\ntargets = *a.example.com\n", 9, "a \"*\" alone"},
        {"[watch example.com]\n[provider x]\nincludes = a..example.com\n", 9, "an empty label"},
        {"[watch example.com]\n[provider x]\nmx = a/b.example\n", 9, "is no name"},
        {"[watch example.com]\n[provider x]\nselectors = s1._domainkey.x.example\n", 9,
         "write only what stands before"},
        {"[watch example.com]\n[provider x]\ntitle = a\ntitle = b\n", 10, "stands twice"},
    };

    (void)state;
    ROWS(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watch_without_a_profile_asks_for_nothing),
        cmocka_unit_test(test_profiles_become_floors),
        cmocka_unit_test(test_parked_domain_leaves_the_mail_of_defaults_aside),
        cmocka_unit_test(test_bad_floors),
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_names_are_kept_in_lower_case),
        cmocka_unit_test(test_each_domain_of_a_section_gets_the_expectations),
        cmocka_unit_test(test_key_of_a_watch_replaces_all_lines_of_defaults),
        cmocka_unit_test(test_bad_names),
        cmocka_unit_test(test_words_that_do_not_fit_are_told_not_cut),
        cmocka_unit_test(test_long_list_is_split_by_repetition),
        cmocka_unit_test(test_senders_and_strangers),
        cmocka_unit_test(test_addresses_that_no_receiver_sees),
        cmocka_unit_test(test_provider_expands_to_its_selectors),
        cmocka_unit_test(test_dkim_line_with_a_provider),
        cmocka_unit_test(test_provider_of_defaults_is_kept_beside_dkim_lines),
        cmocka_unit_test(test_other_row_of_the_service_in_a_dkim_line_will_do),
        cmocka_unit_test(test_unsigned_provider_brings_no_selectors),
        cmocka_unit_test(test_bad_providers),
        cmocka_unit_test(test_provider_section_adds_a_row),
        cmocka_unit_test(test_provider_section_changes_only_what_it_says),
        cmocka_unit_test(test_bad_provider_sections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
