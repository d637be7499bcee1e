/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/tell.h"

static struct vd_judgement judgement;
static struct vd_server servers[VD_PEERS_MAX];
static struct vd_event event;
static char words[VD_TELL_WORDS_MAX];
static char domain[VD_DOMAIN_TEXT_MAX];

/* Put words into the judgement; returns their offset. */
static uint16_t put(const char *text)
{
    uint16_t at = judgement.words_len;

    strcpy(judgement.words + at, text);
    judgement.words_len = (uint16_t)(at + strlen(text) + 1);
    return at;
}

/* A domain of len characters, and as many selectors as there may be, all unknown. */
static struct vd_tell a_tell(size_t len)
{
    memset(&judgement, 0, sizeof(judgement));
    judgement.words_len = 1;
    memset(domain, 'a', len);
    for (size_t i = 60; i < len; i += 61) {
        domain[i] = '.';
    }
    domain[len] = '\0';
    judgement.subjects_count = VD_SUBJECTS_MAX;
    for (uint8_t i = 0; i < VD_SUBJECTS_MAX; i++) {
        char name[320] = "selector._domainkey.";
        strcat(name, domain);
        judgement.subjects[i] = (struct vd_subject){.kind = VD_SUBJECT_DKIM,
                                                    .index = i,
                                                    .detail = VD_DETAIL_TIMEOUT,
                                                    .record = put(name),
                                                    .summary = put("RSA 2048 via CNAME of a host")};
    }
    return (struct vd_tell){.domain = domain,
                            .judgement = &judgement,
                            .servers = servers,
                            .confirm_hold_ms = 3600000,
                            .now_ms = 5000};
}

static void put_server(unsigned place, const char *text, enum vd_transport transport)
{
    servers[place] = (struct vd_server){.transport = (uint8_t)transport,
                                        .is_authority = place >= VD_SERVERS_MAX};
    assert_int_equal(vd_endpoint_parse(text, strlen(text), transport == VD_TRANSPORT_TLS ? 853 : 53,
                                       &servers[place].at),
                     VD_OK);
}

/* Two resolvers, two authorities, and DMARC of example.com at p=none. */
static struct vd_tell a_table(void)
{
    struct vd_tell tell = a_tell(1);

    strcpy(domain, "example.com");
    memset(servers, 0, sizeof servers);
    put_server(0, "9.9.9.9", VD_TRANSPORT_TLS);
    put_server(1, "1.1.1.1", VD_TRANSPORT_UDP);
    put_server(VD_AUTHORITY(0), "192.0.2.1", VD_TRANSPORT_UDP);
    put_server(VD_AUTHORITY(1), "192.0.2.2", VD_TRANSPORT_UDP);
    judgement.subjects_count = 1;
    judgement.subjects[0] = (struct vd_subject){.kind = VD_SUBJECT_DMARC,
                                                .standing = VD_STANDING_OK,
                                                .record = put("_dmarc.example.com"),
                                                .summary = put("p=none, rua set")};
    return tell;
}

#define R0 1u
#define R1 2u
#define A0 (1u << VD_AUTHORITY(0))
#define A1 (1u << VD_AUTHORITY(1))

static void test_known_by_names_who_says_so(void **state)
{
    static const struct {
        unsigned bad, good;
        uint8_t looks, authority_misses;
        uint32_t ms;
        const char *words;
    } rows[] = {
        {A0 | A1, 0, 2, 0, 3000,
         "ns 192.0.2.1 and 192.0.2.2 (the zone's own servers) agree, 2 looks in 3 s"},
        {A0 | A1 | R0, 0, 3, 0, 2001,
         "ns 192.0.2.1 and 192.0.2.2 (the zone's own servers) and 9.9.9.9 (TLS) agree, 3 looks in "
         "3 s"},
        {A0 | A1, R1, 2, 0, 3000,
         "ns 192.0.2.1 and 192.0.2.2 (the zone's own servers) agree, 2 looks in 3 s; not seen "
         "at 1.1.1.1"},
        {R0 | R1, 0, 4, 0, 300000, "9.9.9.9 (TLS) and 1.1.1.1 agree, 4 looks in 300 s"},
        {R0, 0, 3, 0, 1800000,
         "9.9.9.9 (TLS) alone (single source), 3 looks in 1800 s; no word from 1.1.1.1; not asked: "
         "the zone's own servers"},
        {R0, 0, 3, 2, 1800000,
         "9.9.9.9 (TLS) alone (single source), 3 looks in 1800 s; no word from 1.1.1.1; no word "
         "from the zone's own servers"},
        {A0, 0, 1, 0, 0,
         "ns 192.0.2.1 (the zone's own server) alone (single source), 1 look in 0 s; no word from "
         "9.9.9.9 (TLS) and 1.1.1.1"},
    };
    const struct vd_finding finding = {.code = VD_CODE_DMARC_WEAKENED};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vd_tell tell = a_table();
        const struct vd_alert alert = {.code = VD_CODE_DMARC_WEAKENED,
                                       .bad = (uint16_t)rows[i].bad,
                                       .good = (uint16_t)rows[i].good,
                                       .looks = rows[i].looks,
                                       .authority_misses = rows[i].authority_misses,
                                       .first_ms = 1000};
        tell.now_ms = 1000 + rows[i].ms;
        vd_tell_turn(&tell, VD_CONFIRM_OPENED, &alert, &finding, &judgement.subjects[0], &event,
                     words);
        assert_string_equal(event.known_by, rows[i].words);
    }
}

static void test_opening_names_its_number_and_the_line_that_accepts_it(void **state)
{
    static const struct {
        uint8_t facet;
        uint16_t number;
        const char *words;
    } rows[] = {
        {VD_FACET_DMARC_POLICY, 12, "alert 12 (accept = dmarc.policy:none): 1.1.1.1 alone"},
        {VD_FACET_NONE, 12, "alert 12: 1.1.1.1 alone"},
        {VD_FACET_DMARC_POLICY, 0, "1.1.1.1 alone"}, /* told, and no alert */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vd_tell tell = a_table();
        const struct vd_finding finding = {.code = VD_CODE_DMARC_WEAKENED, .facet = rows[i].facet};
        const struct vd_alert alert = {
            .code = VD_CODE_DMARC_WEAKENED, .bad = R1, .looks = 3, .number = rows[i].number};
        judgement.facts.dmarc.standing = VD_STANDING_OK;
        vd_tell_turn(&tell, VD_CONFIRM_OPENED, &alert, &finding, &judgement.subjects[0], &event,
                     words);
        assert_int_equal(strncmp(event.known_by, rows[i].words, strlen(rows[i].words)), 0);
    }
}

static void test_divergence_says_who_says_what(void **state)
{
    struct vd_tell tell = a_table();
    const struct vd_finding finding = {.code = VD_CODE_DMARC_WEAKENED};
    const struct vd_alert alert = {.code = VD_CODE_DMARC_WEAKENED,
                                   .rtype = VD_TYPE_TXT,
                                   .bad = R0,
                                   .good = A0 | R1,
                                   .first_ms = 1000};

    (void)state;
    tell.now_ms = 1000 + 600000;
    vd_tell_turn(&tell, VD_CONFIRM_DIVERGED, &alert, &finding, &judgement.subjects[0], &event,
                 words);
    assert_string_equal(event.subject, "example.com: servers disagree about DMARC: 1 of 3 find "
                                       "it worse than accepted");
    assert_string_equal(event.new_text, "p=none, rua set at 9.9.9.9 (TLS)");
    assert_string_equal(event.old_text, "as accepted, or better, at ns 192.0.2.1 (the zone's own "
                                        "server) and 1.1.1.1");
    assert_string_equal(event.code, "watch.divergence");
    assert_string_equal(event.record, "_dmarc.example.com");
    assert_string_equal(event.known_by, "asked again over 600 s");
    assert_int_equal(event.class_, VD_CLASS_CHANGED);
    assert_int_equal(event.severity, VD_SEVERITY_NOTICE);
    assert_int_equal(event.axis, VD_AXIS_SPOOF);
    assert_non_null(strstr(event.mend, "TTL"));

    /* Seen from the other side, and by now too long. */
    tell.now_ms = 1000 + 3600000;
    vd_tell_turn(&tell, VD_CONFIRM_DIVERGED, &alert, NULL, &judgement.subjects[0], &event, words);
    assert_string_equal(event.new_text, "dmarc.policy.weakened at 9.9.9.9 (TLS)");
    assert_string_equal(event.old_text,
                        "p=none, rua set at ns 192.0.2.1 (the zone's own server) and 1.1.1.1");
    assert_int_equal(event.severity, VD_SEVERITY_WARNING);
    assert_non_null(strstr(event.mend, "serial"));
}

static void test_agreement_restores_the_divergence(void **state)
{
    struct vd_tell tell = a_table();
    struct vd_alert alert = {.code = VD_CODE_DMARC_WEAKENED, .good = A0 | R0};

    (void)state;
    vd_tell_turn(&tell, VD_CONFIRM_AGREED, &alert, NULL, &judgement.subjects[0], &event, words);
    assert_string_equal(event.subject, "example.com: servers agree again about DMARC");
    assert_string_equal(event.restores, "watch.divergence");
    assert_string_equal(event.code, "watch.divergence");
    assert_int_equal(event.class_, VD_CLASS_RESTORED);
    assert_string_equal(event.known_by, "ns 192.0.2.1 (the zone's own server) and 9.9.9.9 (TLS)");
    alert.bad = A0 | A1;
    alert.good = R0;
    vd_tell_turn(&tell, VD_CONFIRM_AGREED, &alert, NULL, &judgement.subjects[0], &event, words);
    assert_string_equal(event.subject, "example.com: the zone's own servers agree about DMARC");
}

static void test_resolver_trouble_names_the_resolver(void **state)
{
    struct vd_tell tell = a_table();

    (void)state;
    tell.domain = "";
    vd_tell_resolver(&tell, 0, VD_CODE_RESOLVER_BLIND, false, "a name that cannot exist was there",
                     &event, words);
    assert_string_equal(event.subject,
                        "resolver 9.9.9.9 (TLS) is blind: a name that cannot exist was there");
    assert_string_equal(event.record, "9.9.9.9 (TLS)");
    assert_string_equal(event.code, "resolver.blind");
    assert_int_equal(event.class_, VD_CLASS_UNKNOWN);
    assert_int_equal(event.severity, VD_SEVERITY_WARNING);
    assert_string_equal(event.new_text, "a name that cannot exist was there");
    vd_tell_resolver(&tell, 0, VD_CODE_RESOLVER_BLIND, true, "", &event, words);
    assert_string_equal(event.subject, "resolver 9.9.9.9 (TLS) can be trusted again");
    assert_string_equal(event.restores, "resolver.blind");
    assert_int_equal(event.class_, VD_CLASS_RESTORED);
    vd_tell_resolver(&tell, 1, VD_CODE_RESOLVER_DEGRADED, false, "TCP does not work", &event,
                     words);
    assert_string_equal(event.subject, "resolver 1.1.1.1 is half-blind: TCP does not work");
    assert_int_equal(event.severity, VD_SEVERITY_NOTICE);
    vd_tell_resolver(&tell, 1, VD_CODE_RESOLVER_ATTACK, false, "16 of them", &event, words);
    assert_string_equal(event.subject, "resolver 1.1.1.1: forged responses arrive");
    vd_tell_resolver(&tell, VD_SOURCE_NONE, VD_CODE_AGENT_BLIND, false, "9.9.9.9: timeout", &event,
                     words);
    assert_string_equal(event.subject, "the agent is blind");
    assert_string_equal(event.new_text, "9.9.9.9: timeout");
    assert_string_equal(event.record, "");
    vd_tell_resolver(&tell, VD_SOURCE_NONE, VD_CODE_AGENT_BLIND, true, "", &event, words);
    assert_string_equal(event.subject, "the agent can see again");
}

static void test_unresolvable_names_dnssec_where_it_is_to_blame(void **state)
{
    struct vd_tell tell = a_table();

    (void)state;
    judgement.subjects[0].standing = VD_STANDING_UNKNOWN;
    judgement.subjects[0].detail = VD_DETAIL_DNSSEC;
    vd_tell_unresolvable(&tell, true, 3, false, &event, words);
    assert_string_equal(event.subject, "example.com: unresolvable: its DNSSEC is broken");
    assert_string_equal(event.known_by, "3 rounds in a row; without validation there are answers");
    assert_int_equal(strncmp(event.new_text, "unknown: DMARC (", 16), 0);
    assert_int_equal(event.class_, VD_CLASS_BROKEN);
    assert_int_equal(event.severity, VD_SEVERITY_ERROR);
    assert_int_equal(event.axis, VD_AXIS_DELIVERY);
    assert_non_null(strstr(event.mend, "DS"));
    vd_tell_unresolvable(&tell, false, 3, false, &event, words);
    assert_string_equal(event.subject, "example.com: unresolvable: every resolver fails for it");
    assert_null(strstr(event.mend, "DS"));
    vd_tell_unresolvable(&tell, false, 3, true, &event, words);
    assert_string_equal(event.restores, "domain.unresolvable");
    assert_string_equal(event.mend, "");
}

static bool is_inside(const char *text)
{
    bool is_own = text >= words && text < words + sizeof words;

    return !is_own || text + strlen(text) < words + sizeof words;
}

/* Every place filled with the longest address there is, for any domain and any summary. */
static void test_all_words_stay_inside_their_buffer(void **state)
{
    static const enum vd_confirm_turn turns[] = {VD_CONFIRM_OPENED, VD_CONFIRM_DIVERGED,
                                                 VD_CONFIRM_AGREED};
    char summary[200];

    (void)state;
    for (size_t len = 1; len < 247; len++) {
        struct vd_tell tell = a_tell(len);
        const struct vd_finding finding = {.code = VD_CODE_DKIM_MISSING};
        const struct vd_alert alert = {.code = VD_CODE_DKIM_MISSING,
                                       .bad = len % 3 == 0 ? 0x33 : 0x55,
                                       .good = len % 3 == 0 ? 0xcc : 0xaa,
                                       .looks = 200};
        for (unsigned i = 0; i < VD_PEERS_MAX; i++) {
            put_server(i, "[2001:db8:1111:2222:3333:4444:5555:6666]:65535", VD_TRANSPORT_TLS);
        }
        memset(summary, 's', sizeof summary);
        summary[len % sizeof summary] = '\0';
        judgement.subjects[0].summary = put(summary);
        for (size_t i = 0; i < 6; i++) {
            vd_tell_turn(&tell, turns[i / 2], &alert, i % 2 == 0 && i < 4 ? &finding : NULL,
                         &judgement.subjects[0], &event, words);
            if (i == 0) {
                i++; /* OPENED has a finding always */
            }
            assert_true(strlen(event.subject) < 100);
            assert_true(is_inside(event.subject) && is_inside(event.known_by));
            assert_true(is_inside(event.new_text) && is_inside(event.old_text));
            assert_null(strchr(event.subject, '\n'));
        }
        vd_tell_unresolvable(&tell, true, 3, false, &event, words);
        assert_true(strlen(event.subject) < 100 && is_inside(event.new_text));
        vd_tell_resolver(&tell, 0, VD_CODE_RESOLVER_DEGRADED, false, summary, &event, words);
        assert_true(strlen(event.subject) < 100 && is_inside(event.record));
    }
}

static void test_restored_names_the_selector(void **state)
{
    struct vd_tell tell = a_tell(11);
    const struct vd_alert alert = {
        .code = VD_CODE_DKIM_MISSING, .rtype = VD_TYPE_CNAME, .clean = 2};

    (void)state;
    vd_tell_turn(&tell, VD_CONFIRM_CLOSED, &alert, NULL, &judgement.subjects[0], &event, words);
    assert_string_equal(event.subject,
                        "aaaaaaaaaaa: DKIM selector restored: RSA 2048 via CNAME of a host");
    assert_string_equal(event.rtype, "CNAME");
    assert_string_equal(event.restores, "dkim.key.missing");
}

static void test_subject_stays_under_100_characters_for_any_domain(void **state)
{
    const struct vd_alert alert = {.code = VD_CODE_DKIM_MISSING, .rtype = VD_TYPE_TXT};

    (void)state;
    for (size_t len = 1; len < 247; len++) {
        for (unsigned bad = 0; bad < 2; bad++) {
            struct vd_tell tell = a_tell(len);
            tell.is_still_bad = bad != 0;
            vd_tell_turn(&tell, VD_CONFIRM_CLOSED, &alert, NULL, &judgement.subjects[0], &event,
                         words);
            assert_true(strlen(event.subject) < 100);
            assert_non_null(strstr(event.subject, "DKIM selector"));
        }
    }
}

/* The list of what is unknown may fill the buffer to its last byte and beyond. */
static void test_blind_words_stay_inside_their_buffer_for_any_domain(void **state)
{
    (void)state;
    for (size_t len = 1; len < 247; len++) {
        struct vd_tell tell = a_tell(len);
        judgement.is_cut = len % 2 == 0;
        vd_tell_blind(&tell, false, 3, &event, words);
        assert_true(strlen(event.subject) < 100);
        assert_string_equal(event.known_by, "3 rounds in a row");
        assert_true(event.new_text + strlen(event.new_text) < words + sizeof(words));
        assert_int_equal(strncmp(event.new_text, "unknown: DKIM selector", 22), 0);
        vd_tell_blind(&tell, true, 3, &event, words);
        assert_string_equal(event.restores, "watch.blind");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restored_names_the_selector),
        cmocka_unit_test(test_subject_stays_under_100_characters_for_any_domain),
        cmocka_unit_test(test_known_by_names_who_says_so),
        cmocka_unit_test(test_opening_names_its_number_and_the_line_that_accepts_it),
        cmocka_unit_test(test_divergence_says_who_says_what),
        cmocka_unit_test(test_agreement_restores_the_divergence),
        cmocka_unit_test(test_resolver_trouble_names_the_resolver),
        cmocka_unit_test(test_unresolvable_names_dnssec_where_it_is_to_blame),
        cmocka_unit_test(test_all_words_stay_inside_their_buffer),
        cmocka_unit_test(test_blind_words_stay_inside_their_buffer_for_any_domain),
    };
    return cmocka_run_group_tests_name("tell", tests, NULL, NULL);
}
