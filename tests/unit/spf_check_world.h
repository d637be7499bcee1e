/*
 * A small world for check_host(): zones as a few lines of text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_SPF_CHECK_WORLD_H
#define VD_TEST_SPF_CHECK_WORLD_H

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dns/spf_check.h"

/* Lines "name TYPE data"; a TXT's data goes to the end of the line.  Data "!timeout", "!servfail",
   "!limit": questions for that type fail.  What no line speaks of is not there. */
static const char *world;
static struct vd_snapshot snapshot;
static unsigned asked; /* questions of this round */
static unsigned rounds;

static inline void add_data(size_t index, uint16_t type, const char *data, size_t len)
{
    char text[VD_TXT_LEN_MAX];
    uint8_t address[16];
    unsigned preference = 0;
    int skip = 0;

    assert_true(len < sizeof text);
    memcpy(text, data, len);
    text[len] = '\0';
    if (type == VD_TYPE_A || type == VD_TYPE_AAAA) {
        assert_int_equal(inet_pton(type == VD_TYPE_A ? AF_INET : AF_INET6, text, address), 1);
        assert_int_equal(
            vd_snapshot_add(&snapshot, index, type, 0, address, type == VD_TYPE_A ? 4 : 16), VD_OK);
        return;
    }
    if (type == VD_TYPE_MX) {
        assert_int_equal(sscanf(text, "%u %n", &preference, &skip), 1);
    }
    assert_int_equal(vd_snapshot_add(&snapshot, index, type, (uint16_t)preference,
                                     (const uint8_t *)text + skip, len - (size_t)skip),
                     VD_OK);
}

static inline void settle_failure(struct vd_answer *answer, const char *how)
{
    answer->presence = VD_UNKNOWN;
    answer->detail = strncmp(how, "!timeout", 8) == 0    ? VD_DETAIL_TIMEOUT
                     : strncmp(how, "!servfail", 9) == 0 ? VD_DETAIL_SERVFAIL
                                                         : VD_DETAIL_LIMIT;
    answer->limit = answer->detail == VD_DETAIL_LIMIT ? VD_LIMIT_TXT : VD_LIMIT_NONE;
}

static inline void settle(size_t index)
{
    struct vd_answer *answer = &snapshot.answers[index];
    char head[300];

    int head_len = snprintf(head, sizeof head, "%s %s ", vd_snapshot_name(&snapshot, answer),
                            vd_rrtype_str(answer->type));
    answer->is_done = true;
    answer->presence = VD_ABSENT;
    answer->detail = VD_DETAIL_NXDOMAIN;
    for (const char *line = world; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        if (strncmp(line, head, (size_t)head_len) == 0) {
            const char *data = line + head_len;
            answer->presence = VD_PRESENT;
            answer->detail = VD_DETAIL_NONE;
            if (*data == '!') {
                settle_failure(answer, data);
                return;
            }
            add_data(index, answer->type, data, len - (size_t)head_len);
        }
        line += len + (line[len] == '\n');
    }
}

static inline const struct vd_answer *find(void *ctx, const char *name, uint16_t type)
{
    const struct vd_answer *answer = vd_snapshot_find(&snapshot, name, type);
    size_t index;

    assert_ptr_equal(ctx, &snapshot);
    if (answer == NULL && vd_snapshot_ask(&snapshot, name, type, &index) == VD_OK) {
        asked++;
    }
    return answer;
}

static inline struct vd_spf_mail mail_from(const char *address, const char *sender)
{
    struct vd_spf_mail mail = {.sender = sender, .helo = "mail.example.com"};

    mail.is_ip6 = strchr(address, ':') != NULL;
    assert_int_equal(inet_pton(mail.is_ip6 ? AF_INET6 : AF_INET, address, mail.address), 1);
    return mail;
}

static inline struct vd_spf_verdict run_mail(const char *zone, const char *domain,
                                             const struct vd_spf_mail *mail)
{
    const struct vd_spf_answers answers = {&snapshot, find, &snapshot, NULL};
    struct vd_spf_verdict verdict;
    size_t first = 0;

    world = zone;
    vd_snapshot_clear(&snapshot);
    for (rounds = 0; rounds < 40; rounds++) {
        memset(&verdict, 0xa5, sizeof verdict);
        asked = 0;
        vd_spf_check(&answers, domain, mail, &verdict);
        if (asked == 0) {
            return verdict;
        }
        assert_int_equal(verdict.result, VD_SPF_UNKNOWN);
        for (; first < snapshot.answers_count; first++) {
            settle(first);
        }
    }
    fail_msg("no end of questions");
    return verdict;
}

static inline struct vd_spf_verdict run(const char *zone, const char *address)
{
    struct vd_spf_mail mail = mail_from(address, "user@example.com");

    return run_mail(zone, "example.com", &mail);
}

struct row {
    const char *why;
    const char *zone;
    const char *address;
    enum vd_spf_result result;
    enum vd_spf_reason reason;
};

static inline void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vd_spf_verdict verdict = run(rows[i].zone, rows[i].address);
        if (verdict.result != rows[i].result || verdict.reason != rows[i].reason) {
            print_error("%s: wanted %s (%s), got %s (%s)\n", rows[i].why,
                        vd_spf_result_str((uint8_t)rows[i].result),
                        vd_spf_reason_str((uint8_t)rows[i].reason),
                        vd_spf_result_str(verdict.result), vd_spf_reason_str(verdict.reason));
            fail();
        }
    }
}

#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof(rows)[0])

#define NONE     VD_SPF_NONE, VD_SPF_REASON_NONE
#define NEUTRAL  VD_SPF_RESULT_NEUTRAL, VD_SPF_REASON_NONE
#define PASS     VD_SPF_RESULT_PASS, VD_SPF_REASON_NONE
#define FAIL     VD_SPF_RESULT_FAIL, VD_SPF_REASON_NONE
#define SOFTFAIL VD_SPF_RESULT_SOFTFAIL, VD_SPF_REASON_NONE
#define TEMP     VD_SPF_TEMPERROR, VD_SPF_REASON_NONE
#define PERM(r)  VD_SPF_PERMERROR, VD_SPF_REASON_##r

#define OUR4   "192.0.2.10"
#define OTHER4 "198.51.100.7"
#define OUR6   "2001:db8::25"
#define MAPPED "::ffff:192.0.2.10"
#define SPF    "example.com TXT v=spf1 "

#define PTR4 "10.2.0.192.in-addr.arpa PTR "
#define PTR6 "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR "

#endif
