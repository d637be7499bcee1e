/*
 * The whole agent on this machine: real survey, judge, confirmation, journal and dispatch, between a
 * name server made of a table and a collector made of an array.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/agent.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"
#include "tests/fakes/dns_fake.h"
#include "tests/unit/keys.h"

#define KEY "v=DKIM1; k=rsa; p=" KEY_RSA_2048

/* ---- the port --------------------------------------------------------------------------------- */

static uint64_t now;
static char console[65536];

uint64_t vd_clock_ms(void)
{
    return now;
}

enum vd_calendar vd_clock_calendar(int64_t *unix_s)
{
    *unix_s = 1795305600 + (int64_t)(now / 1000);
    return VD_CALENDAR_RTC;
}

void vd_console_line(const char *format, ...)
{
    size_t used = strlen(console);
    va_list args;

    va_start(args, format);
    vsnprintf(console + used, sizeof(console) - used, format, args);
    va_end(args);
    strncat(console, "\n", sizeof(console) - strlen(console) - 1);
}

enum vd_status vd_entropy_random(void *out, size_t len)
{
    return fake_random(out, len);
}

const char *vd_port_device_id(void)
{
    return "020000000001";
}

/* ---- the collector ---------------------------------------------------------------------------- */

static char received[65536];
static size_t received_len;
static bool is_collector_down;

static enum vd_status stream_open(void *ctx, const struct vd_stream_target *to, int *stream)
{
    (void)ctx;
    assert_non_null(to->ca);
    assert_string_equal(to->host, "collector.example.com");
    *stream = 0;
    return VD_OK;
}

static enum vd_status stream_state(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return is_collector_down ? VD_EREFUSED : VD_OK;
}

static enum vd_status stream_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                   size_t *taken)
{
    (void)ctx;
    (void)stream;
    assert_true(received_len + len < sizeof(received));
    memcpy(received + received_len, bytes, len);
    received_len += len;
    received[received_len] = '\0';
    *taken = len;
    return VD_OK;
}

static enum vd_status stream_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    (void)ctx;
    (void)stream;
    (void)buf;
    (void)cap;
    *got = 0;
    return VD_AGAIN;
}

static size_t stream_unacked(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return 0;
}

static void stream_close(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
}

static const char *stream_why(void *ctx, int stream)
{
    (void)ctx;
    (void)stream;
    return is_collector_down ? "connection refused" : "";
}

static const struct vd_stream_port streams = {
    .streams_max = 1,
    .open = stream_open,
    .state = stream_state,
    .write = stream_write,
    .read = stream_read,
    .unacked = stream_unacked,
    .close = stream_close,
    .why = stream_why,
};

static unsigned count_in(const char *text, const char *word)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word)) {
        count++;
    }
    return count;
}

/* ---- the name servers -------------------------------------------------------------------------- */

enum mood { ANSWERS, SILENT, SERVFAIL, TRUNCATES };

static enum mood moods[2];
static const char *dmarc[2]; /* NULL: NXDOMAIN */
static const char *spf = "v=spf1 include:_spf.mailer.example -all";

static const char *text_of(const char *name, unsigned server)
{
    if (strcmp(name, "example.com") == 0) {
        return spf;
    }
    if (strcmp(name, "_spf.mailer.example") == 0) {
        return "v=spf1 ip4:192.0.2.0/24 -all";
    }
    if (strcmp(name, "_dmarc.example.com") == 0) {
        return dmarc[server];
    }
    return strcmp(name, "s1._domainkey.example.com") == 0 ? KEY : NULL;
}

static void serve(struct fake_net *net, const struct fake_packet *sent)
{
    static struct fake_message m;
    static const uint8_t mx[] = "\0\x0a\x02mx\x07"
                                "example\x03"
                                "com";
    static const uint8_t address[] = {10, 0, 2, 2};
    struct vd_message query;
    char name[VD_NAME_TEXT_MAX];
    unsigned server = sent->from.addr[3] - 1u;

    if (moods[server] == SILENT) {
        return;
    }
    assert_int_equal(vd_message_open(sent->bytes, sent->len, &query), VD_OK);
    assert_int_equal(vd_name_to_text(&query.question.name, name, sizeof(name)), VD_OK);
    if (strcmp(name, "silent.example") == 0) {
        return;
    }
    const char *text = query.question.type == VD_TYPE_TXT ? text_of(name, server) : NULL;
    bool is_mx = query.question.type == VD_TYPE_MX;
    bool is_a = query.question.type == VD_TYPE_A;
    uint16_t flags = text == NULL && !is_mx && !is_a ? 0x8183 : 0x8180;
    flags = moods[server] == SERVFAIL ? 0x8182 : flags;
    flags = moods[server] == TRUNCATES ? 0x8380 : flags;
    fake_begin(&m, query.id, flags, name, query.question.type);
    if (moods[server] != ANSWERS) {
        /* nothing in it */
    } else if (is_mx) {
        fake_rr(&m, VD_SECTION_ANSWER, name, VD_TYPE_MX, mx, sizeof(mx));
    } else if (is_a) {
        fake_rr(&m, VD_SECTION_ANSWER, name, VD_TYPE_A, address, 4);
    } else if (text != NULL) {
        fake_txt(&m, name, text);
    } else {
        fake_soa(&m, "com");
    }
    fake_net_answer(net, sent, &m);
}

/* ---- the world ---------------------------------------------------------------------------------- */

static struct fake_net net;
static struct vd_config config;
static struct vd_trust trusts[VD_CHANNELS_MAX];
static struct vd_agent agent;

static void on_error(void *ctx, unsigned line, const char *text)
{
    (void)ctx;
    fail_msg("config:%u: %s", line, text);
}

static void set_up(void)
{
    static const char text[] = "[dns]\nserver=192.0.2.1\nserver=192.0.2.2\n"
                               "[watch example.com]\ndkim=all: s1\ninterval=10s\nconfirm-wait=1s\n"
                               "[report soc]\nurl=syslogs://collector.example.com\nca=ca.pem\n";
    struct vd_port port;

    fake_net_init(&net);
    port = (struct vd_port){.datagram = &net.port, .stream = &streams};
    now = 1000;
    console[0] = received[0] = '\0';
    received_len = 0;
    is_collector_down = false;
    moods[0] = moods[1] = ANSWERS;
    dmarc[0] = dmarc[1] = "v=DMARC1; p=reject; rua=mailto:d@example.com";
    assert_int_equal(vd_config_parse(text, sizeof(text) - 1, &config, on_error, NULL), VD_OK);
    trusts[0].len = 1;
    assert_int_equal(vd_agent_init(&agent, &config, trusts, &port), VD_OK);
}

/* Let the world turn for so many seconds. */
static void run(unsigned seconds)
{
    uint64_t end = now + seconds * 1000u;

    while (now < end) {
        uint64_t next = vd_agent_poll(&agent, true, now);
        for (size_t i = 0; i < net.sent_count; i++) {
            serve(&net, &net.sent[i]);
        }
        next = net.sent_count > 0 ? now + 5 : next;
        net.sent_count = 0;
        now = next <= now ? now + 1 : next < end ? next : end;
    }
}

static void test_agent_takes_a_baseline_and_stays_quiet(void **state)
{
    (void)state;
    set_up();
    run(600);
    assert_int_equal(count_in(console, "baseline taken"), 1);
    assert_int_equal(received_len, 0);
    assert_int_equal(count_in(console, "alert"), 0);
}

static void test_agent_tells_weakened_and_restored_once_each(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "old=\"p=reject\" new=\"p=none\""), 1);
    run(600);
    assert_int_equal(count_in(received, "code=\""), 1);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=reject; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"RESTORED\""), 1);
    assert_int_equal(count_in(received, "code=\""), 2);
}

static void test_agent_record_gone_is_told_with_its_text_to_paste(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = NULL;
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
    assert_non_null(strstr(received, "v=DMARC1; p=reject; rua=mailto:d@example.com"));
}

static void test_agent_one_resolver_that_lost_it_is_not_believed(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = NULL;
    run(3600);
    assert_int_equal(received_len, 0);
    dmarc[0] = "v=DMARC1; p=none";
    run(3600);
    assert_int_equal(received_len, 0);
}

static void test_agent_dns_that_does_not_answer_never_makes_a_record_gone(void **state)
{
    static const enum mood all[] = {SILENT, SERVFAIL, TRUNCATES};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        set_up();
        run(60);
        moods[0] = moods[1] = all[i];
        run(3600);
        assert_int_equal(count_in(received, "missing"), 0);
        assert_int_equal(count_in(received, "code=\"watch.blind\""), 1);
        moods[0] = moods[1] = ANSWERS;
        run(600);
        assert_int_equal(count_in(received, "restores=\"watch.blind\""), 1);
        assert_int_equal(count_in(received, "code=\""), 2);
    }
}

static void test_agent_blind_from_the_start_learns_when_it_can_see(void **state)
{
    (void)state;
    set_up();
    moods[0] = moods[1] = SERVFAIL;
    run(300);
    assert_int_equal(count_in(console, "baseline taken"), 0);
    moods[0] = moods[1] = ANSWERS;
    run(60);
    dmarc[0] = dmarc[1] = NULL;
    run(1000); /* the collector's address was not known: the channel backs off in between */
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
}

static void test_agent_other_resolver_dead_tells_as_single_source(void **state)
{
    (void)state;
    set_up();
    run(60);
    moods[1] = SILENT;
    dmarc[0] = NULL;
    run(300);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
    assert_non_null(strstr(received, "single source"));
}

static void test_agent_alert_waits_for_a_collector_that_is_down(void **state)
{
    (void)state;
    set_up();
    run(60);
    is_collector_down = true;
    dmarc[0] = dmarc[1] = NULL;
    run(300);
    assert_int_equal(received_len, 0);
    assert_true(count_in(console, "channel soc: connection refused; next try in") > 1);
    is_collector_down = false;
    run(900);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 1);
}

static void test_agent_permerror_at_first_contact_is_told(void **state)
{
    (void)state;
    set_up();
    spf = "v=spf1 include:_spf.mailer.example ipv4:192.0.2.1 -all";
    run(60);
    spf = "v=spf1 include:_spf.mailer.example -all";
    assert_int_equal(count_in(received, "code=\"spf.record.broken\""), 1);
    run(60);
    assert_int_equal(count_in(received, "restores=\"spf.record.broken\""), 1);
}

static void test_agent_stricter_policy_is_told_once_and_becomes_the_baseline(void **state)
{
    (void)state;
    set_up();
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=quarantine; rua=mailto:d@example.com";
    run(300);
    assert_int_equal(count_in(console, "alert told: dmarc.policy.strengthened"), 1);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
}

static void test_agent_worse_after_bad_is_told_too(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=quarantine; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"WEAKENED\""), 1);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "class=\"CRITICAL\""), 1);
}

static void test_agent_resolvers_that_are_both_wrong_do_not_make_it_run_hot(void **state)
{
    (void)state;
    set_up();
    run(60);
    unsigned before = net.opened;
    dmarc[0] = NULL;
    dmarc[1] = "v=DMARC1; p=none";
    run(60);
    assert_true(net.opened - before < 150);
    assert_int_equal(count_in(received, "code=\"dmarc.policy.weakened\""), 1);
    assert_int_equal(count_in(received, "code=\"dmarc.record.missing\""), 0);
}

static void test_agent_half_blind_still_tells_when_it_goes_blind(void **state)
{
    (void)state;
    set_up();
    spf = "v=spf1 include:silent.example -all"; /* one name that never answers */
    run(300);
    assert_int_equal(count_in(received, "code=\"watch.blind\""), 1);
    moods[0] = moods[1] = SERVFAIL;
    run(300);
    assert_int_equal(count_in(received, "code=\"watch.blind\""), 2);
    moods[0] = moods[1] = ANSWERS;
    spf = "v=spf1 include:_spf.mailer.example -all";
    run(300);
    assert_int_equal(count_in(received, "restores=\"watch.blind\""), 1);
}

static void test_agent_record_back_but_still_weak_is_no_all_clear(void **state)
{
    (void)state;
    set_up();
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    dmarc[0] = dmarc[1] = NULL;
    run(60);
    dmarc[0] = dmarc[1] = "v=DMARC1; p=none; rua=mailto:d@example.com";
    run(60);
    assert_int_equal(count_in(received, "restores=\"dmarc.record.missing\""), 1);
    assert_int_equal(count_in(received, "DMARC restored"), 0);
    assert_int_equal(count_in(received, "DMARC is there again, not yet as accepted"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_agent_takes_a_baseline_and_stays_quiet),
        cmocka_unit_test(test_agent_tells_weakened_and_restored_once_each),
        cmocka_unit_test(test_agent_record_gone_is_told_with_its_text_to_paste),
        cmocka_unit_test(test_agent_one_resolver_that_lost_it_is_not_believed),
        cmocka_unit_test(test_agent_dns_that_does_not_answer_never_makes_a_record_gone),
        cmocka_unit_test(test_agent_blind_from_the_start_learns_when_it_can_see),
        cmocka_unit_test(test_agent_other_resolver_dead_tells_as_single_source),
        cmocka_unit_test(test_agent_alert_waits_for_a_collector_that_is_down),
        cmocka_unit_test(test_agent_permerror_at_first_contact_is_told),
        cmocka_unit_test(test_agent_worse_after_bad_is_told_too),
        cmocka_unit_test(test_agent_resolvers_that_are_both_wrong_do_not_make_it_run_hot),
        cmocka_unit_test(test_agent_half_blind_still_tells_when_it_goes_blind),
        cmocka_unit_test(test_agent_record_back_but_still_weak_is_no_all_clear),
        cmocka_unit_test(test_agent_stricter_policy_is_told_once_and_becomes_the_baseline),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
