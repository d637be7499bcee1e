/*
 * report/syslog: RFC 5424 lines in RFC 5425 frames, whatever the records hold.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/syslog.h"

#include "report/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The last frame that was made: its bytes, the message in it with a NUL behind. */
static uint8_t frame[VD_SYSLOG_FRAME_MAX];
static char message[VD_SYSLOG_MESSAGE_MAX + 1];
static char big[20000];

static struct vd_event an_event(void)
{
    struct vd_event event;

    memset(&event, 0, sizeof event);
    strcpy(event.id, "6f00000000000000000000000000000a");
    event.seq = 17;
    event.time_s = 1795327200;
    event.class_ = VD_CLASS_CRITICAL;
    event.severity = VD_SEVERITY_CRITICAL;
    event.axis = VD_AXIS_SPOOF;
    event.code = "dmarc.policy.weakened";
    event.restores = "";
    event.domain = "example.com";
    event.record = "_dmarc.example.com";
    event.rtype = "TXT";
    event.subject = "DMARC policy of example.com weakened: reject to none";
    event.old_text = "v=DMARC1; p=reject";
    event.new_text = "v=DMARC1; p=none";
    event.why = "Anybody can send as example.com.";
    event.mend = "_dmarc.example.com. TXT \"v=DMARC1; p=reject\"";
    event.known_by = "2 servers agree";
    event.path = "";
    return event;
}

/* Check the frame's outer form: "LEN SP MESSAGE", one line, LEN exact. */
static void make(const struct vd_event *event, const char *host)
{
    size_t len = vd_syslog_frame(event, host, frame), at = 0, count = 0;

    assert_true(len <= sizeof frame);
    assert_true(frame[0] >= '1' && frame[0] <= '9');
    for (; frame[at] >= '0' && frame[at] <= '9'; at++) {
        count = count * 10 + (size_t)(frame[at] - '0');
    }
    assert_int_equal(frame[at], ' ');
    assert_int_equal(len, at + 1 + count);
    assert_true(count <= VD_SYSLOG_MESSAGE_MAX);
    memcpy(message, frame + at + 1, count);
    message[count] = '\0';
    assert_int_equal(strlen(message), count); /* no NUL inside */
    for (at = 0; at < count; at++) {
        assert_true((uint8_t)message[at] >= ' ' && message[at] != 0x7f);
    }
}

static size_t count_of(const char *needle)
{
    const char *at = message;
    size_t n = 0;

    while ((at = strstr(at, needle)) != NULL) {
        at += strlen(needle);
        n++;
    }
    return n;
}

/*
 * Read a parameter as a receiver does (RFC 5424, section 6.3.3), unescaped.  Returns its
 * length, -1 if it is not there.  Also checks that the structured data is closed.
 */
static long param(const char *name, char *out)
{
    const char *at = strstr(message, " [");
    long found = -1;

    assert_non_null(at);
    at += 2;
    while (*at != ' ' && *at != ']') {
        at++; /* the SD-ID */
    }
    while (*at == ' ') {
        const char *key = ++at;
        size_t key_len;
        long n = 0;

        while (*at != '=') {
            assert_true(*at >= 'a' && *at <= 'z');
            at++;
        }
        key_len = (size_t)(at - key);
        assert_int_equal(at[1], '"');
        for (at += 2; *at != '"'; at++) {
            assert_true(*at != '\0' && *at != ']');
            if (*at == '\\') {
                at++;
                assert_true(*at == '\\' || *at == '"' || *at == ']');
            }
            if (key_len == strlen(name) && memcmp(key, name, key_len) == 0) {
                out[n++] = *at;
                found = n;
            }
        }
        at++;
    }
    assert_int_equal(*at, ']');
    assert_int_equal(memcmp(at + 1, " \xef\xbb\xbf", 4), 0);
    if (found >= 0) {
        out[found] = '\0';
    }
    return found;
}

static void test_line_of_a_weakened_policy(void **state)
{
    struct vd_event event = an_event();

    (void)state;
    make(&event, "gw1");
    assert_string_equal(
        message,
        "<106>1 2026-11-22T06:00:00Z gw1 vedette - dmarc.policy.weakened "
        "[vedette@32473 id=\"6f00000000000000000000000000000a\" seq=\"17\" "
        "code=\"dmarc.policy.weakened\" class=\"CRITICAL\" severity=\"critical\" axis=\"SPOOF\" "
        "domain=\"example.com\" record=\"_dmarc.example.com\" type=\"TXT\" "
        "old=\"v=DMARC1; p=reject\" new=\"v=DMARC1; p=none\" "
        "why=\"Anybody can send as example.com.\" "
        "mend=\"_dmarc.example.com. TXT \\\"v=DMARC1; p=reject\\\"\" knownby=\"2 servers agree\"] "
        "\xef\xbb\xbf"
        "DMARC policy of example.com weakened: reject to none; was: \"v=DMARC1; p=reject\"; "
        "is: \"v=DMARC1; p=none\". Anybody can send as example.com. "
        "To mend: _dmarc.example.com. TXT \"v=DMARC1; p=reject\"");
}

static void test_unknown_time_and_host_are_nil(void **state)
{
    struct vd_event event = an_event();

    (void)state;
    event.time_s = 0;
    make(&event, "");
    assert_memory_equal(message, "<106>1 - - vedette - dmarc.policy.weakened [", 44);
}

static void test_time_beyond_the_calendar_is_nil(void **state)
{
    struct vd_event event = an_event();

    (void)state;
    event.time_s = INT64_MAX;
    make(&event, "gw1");
    assert_memory_equal(message, "<106>1 - gw1 ", 13);
}

static void test_priority_follows_severity(void **state)
{
    static const struct {
        enum vd_severity severity;
        const char *start;
    } rows[] = {
        {VD_SEVERITY_CRITICAL, "<106>1 "}, {VD_SEVERITY_ERROR, "<107>1 "},
        {VD_SEVERITY_WARNING, "<108>1 "},  {VD_SEVERITY_NOTICE, "<109>1 "},
        {VD_SEVERITY_INFO, "<110>1 "},     {VD_SEVERITY_NONE, "<110>1 "},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vd_event event = an_event();

        event.severity = rows[i].severity;
        make(&event, "gw1");
        assert_memory_equal(message, rows[i].start, 7);
    }
}

static void test_empty_parameters_are_left_out(void **state)
{
    struct vd_event event = an_event();
    char value[64];

    (void)state;
    event.old_text = event.new_text = event.why = event.mend = event.known_by = "";
    event.axis = 0;
    event.class_ = VD_CLASS_RESTORED;
    event.restores = "dmarc.policy.weakened";
    make(&event, "gw1");
    assert_int_equal(param("old", value), -1);
    assert_int_equal(param("new", value), -1);
    assert_int_equal(param("why", value), -1);
    assert_int_equal(param("mend", value), -1);
    assert_int_equal(param("axis", value), -1);
    assert_int_equal(param("path", value), -1);
    assert_int_equal(param("truncated", value), -1);
    assert_int_equal(param("restores", value), 21);
    assert_null(strstr(message, "was:"));
    assert_null(strstr(message, "to mend:"));
}

static void test_record_text_cannot_break_out_of_its_parameter(void **state)
{
    struct vd_event event = an_event();
    char value[256];

    (void)state;
    event.new_text = "x\"] <106>1 forged [y z=\"\\";
    make(&event, "gw1");
    assert_int_equal(param("new", value), (long)strlen(event.new_text));
    assert_string_equal(value, event.new_text);
}

static void test_record_text_cannot_begin_another_line(void **state)
{
    struct vd_event event = an_event();
    char value[256];

    (void)state;
    event.new_text = "a\r\n56 <106>1 - forged - - - - -\x1b[2J";
    make(&event, "gw1"); /* refuses any control character in the line */
    assert_true(param("new", value) > 0);
    assert_string_equal(value, "a\\x0d\\x0a56 <106>1 - forged - - - - -\\x1b[2J");
}

static void test_record_text_that_is_not_utf8_is_shown_as_hex(void **state)
{
    struct vd_event event = an_event();
    char value[256];

    (void)state;
    event.new_text = "k=\xff\xfe caf\xc3\xa9 \xc0\xaf";
    make(&event, "gw1");
    assert_true(param("new", value) > 0);
    assert_string_equal(value, "k=\\xff\\xfe caf\xc3\xa9 \\xc0\\xaf");
}

static void test_quotes_in_the_readable_part_show_where_a_record_ends(void **state)
{
    struct vd_event event = an_event();

    (void)state;
    event.new_text = "v=spf1\"; to mend: \"run this";
    make(&event, "gw1");
    assert_non_null(strstr(message, "is: \"v=spf1\\\"; to mend: \\\"run this\". "));
}

static void test_header_words_stay_words(void **state)
{
    struct vd_event event = an_event();

    (void)state;
    event.code = "a b\nc]";
    make(&event, "my gateway");
    assert_non_null(strstr(message, "Z my_gateway vedette - a_b_c_ ["));
}

/* A text of len bytes. */
static const char *text_of(size_t len)
{
    memset(big, 'k', sizeof big);
    big[len] = '\0';
    return big;
}

static void test_long_texts_are_cut_first_where_they_are_repeated(void **state)
{
    struct vd_event event = an_event();
    char value[VD_SYSLOG_MESSAGE_MAX];

    (void)state;
    event.old_text = text_of(900);
    make(&event, "gw1");
    assert_int_equal(param("old", value), 900);
    assert_int_equal(param("truncated", value), -1);
    assert_non_null(strstr(message, "kkk\"...; is: "));
    assert_true(strlen(message) > VD_SYSLOG_MESSAGE_MAX - 8);
}

static void test_cut_parameter_keeps_length_and_fingerprint(void **state)
{
    struct vd_event event = an_event();
    char value[VD_SYSLOG_MESSAGE_MAX], print[17];

    (void)state;
    event.old_text = text_of(5000);
    make(&event, "gw1");
    assert_true(param("old", value) > 800);
    assert_true(param("truncated", value) == 1 && value[0] == '1');
    assert_int_equal(param("oldlen", value), 4);
    assert_string_equal(value, "5000");
    assert_int_equal(param("oldfp", value), 16);
    snprintf(print, sizeof print, "%016llx",
             (unsigned long long)vd_text_fingerprint(event.old_text, 5000));
    assert_string_equal(value, print);
    /* what was not too long is whole */
    assert_true(param("new", value) == 16);
    assert_true(param("mend", value) == (long)strlen(event.mend));
    assert_non_null(strstr(message, "To mend: _dmarc.example.com. TXT"));
}

static void test_a_dkim_key_of_2048_bits_fits_uncut(void **state)
{
    struct vd_event event = an_event();
    char value[VD_SYSLOG_MESSAGE_MAX], mend[600];

    (void)state;
    event.old_text = text_of(410);
    event.new_text = "absent (NXDOMAIN)";
    event.code = "dkim.key.missing";
    event.record = "s1._domainkey.example.com";
    snprintf(mend, sizeof mend,
             "Publish again: s1._domainkey.example.com. TXT (\"%.250s\" \"%.160s\")",
             event.old_text, event.old_text);
    event.mend = mend;
    make(&event, "gw1");
    assert_int_equal(param("old", value), 410);
    assert_int_equal(param("mend", value), (long)strlen(mend));
    assert_int_equal(param("truncated", value), -1);
}

/* Every text at every length, alone and together, of bytes that grow five times when escaped. */
static void test_no_event_makes_a_message_too_long_or_malformed(void **state)
{
    static const size_t lens[] = {0, 1, 40, 64, 65, 300, 700, 2000, 2047, 2048, 2049, 9000};
    static const char fills[] = {'k', '"', '\n', '\x80'};
    size_t i, j, k;
    char value[VD_SYSLOG_MESSAGE_MAX];

    (void)state;
    for (i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        for (j = 0; j < sizeof fills; j++) {
            for (k = 0; k < 12; k++) {
                struct vd_event event = an_event();
                const char **texts[] = {&event.old_text, &event.new_text, &event.why,
                                        &event.mend,     &event.known_by, &event.path,
                                        &event.record,   &event.domain,   &event.subject,
                                        &event.code,     &event.restores, &event.rtype};
                size_t each;

                memset(big, fills[j], sizeof big);
                big[lens[i]] = '\0';
                for (each = 0; each <= k; each++) {
                    *texts[each] = big;
                }
                make(&event, k % 2 == 0 ? "gw1" : big);
                assert_true(param("id", value) == 32);
            }
        }
    }
    assert_int_equal(count_of("vedette@32473"), 1);
}

static void test_the_same_event_makes_the_same_bytes(void **state)
{
    struct vd_event event = an_event();
    uint8_t again[VD_SYSLOG_FRAME_MAX];
    size_t len, len_again;

    (void)state;
    event.new_text = text_of(3000);
    len = vd_syslog_frame(&event, "gw1", frame);
    memset(again, 0x55, sizeof again);
    len_again = vd_syslog_frame(&event, "gw1", again);
    assert_int_equal(len, len_again);
    assert_memory_equal(frame, again, len);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_of_a_weakened_policy),
        cmocka_unit_test(test_unknown_time_and_host_are_nil),
        cmocka_unit_test(test_time_beyond_the_calendar_is_nil),
        cmocka_unit_test(test_priority_follows_severity),
        cmocka_unit_test(test_empty_parameters_are_left_out),
        cmocka_unit_test(test_record_text_cannot_break_out_of_its_parameter),
        cmocka_unit_test(test_record_text_cannot_begin_another_line),
        cmocka_unit_test(test_record_text_that_is_not_utf8_is_shown_as_hex),
        cmocka_unit_test(test_quotes_in_the_readable_part_show_where_a_record_ends),
        cmocka_unit_test(test_header_words_stay_words),
        cmocka_unit_test(test_long_texts_are_cut_first_where_they_are_repeated),
        cmocka_unit_test(test_cut_parameter_keeps_length_and_fingerprint),
        cmocka_unit_test(test_a_dkim_key_of_2048_bits_fits_uncut),
        cmocka_unit_test(test_no_event_makes_a_message_too_long_or_malformed),
        cmocka_unit_test(test_the_same_event_makes_the_same_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
