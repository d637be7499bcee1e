/*
 * A world to judge that is written as a zone: lines "name TYPE value".
 *
 * Whatever the judge wants is answered, as often as it wants something new: as a survey would.
 * What no line speaks of does not exist.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_JUDGE_ZONE_H
#define VD_TEST_JUDGE_ZONE_H

#include "tests/unit/judge_world.h"

#define ZONE_LINES_MAX 40u

/* type "!": every question about that name ends so: "_dmarc.example.com ! timeout". */
struct zone_line {
    char name[VD_DOMAIN_TEXT_MAX];
    char type[8];
    char value[600];
};

static struct zone_line zone_lines[ZONE_LINES_MAX];
static size_t zone_count;
static unsigned zone_rounds; /* in which something new was wanted */

static inline void zone_read(const char *text)
{
    while (*text != '\0') {
        struct zone_line *line = &zone_lines[zone_count];
        int len = (int)strcspn(text, "\n");
        int skip = 0;
        assert_true(zone_count < ZONE_LINES_MAX);
        assert_int_equal(sscanf(text, "%253s %7s %n", line->name, line->type, &skip), 2);
        snprintf(line->value, sizeof line->value, "%.*s", len - skip, text + skip);
        zone_count++;
        text += len + (text[len] == '\n');
    }
}

static inline bool zone_is_within(const char *name, const char *domain)
{
    size_t len = strlen(name), end = strlen(domain);

    return len >= end && strcmp(name + len - end, domain) == 0 &&
           (len == end || name[len - end - 1] == '.');
}

static inline void zone_add(size_t index, uint16_t type, const char *value)
{
    uint8_t octets[16] = {192, 0, 2, 1};
    unsigned preference = 0;
    int skip = 0;
    bool is_address = type == VD_TYPE_A || type == VD_TYPE_AAAA;

    if (type == VD_TYPE_MX) {
        assert_int_equal(sscanf(value, "%u %n", &preference, &skip), 1);
    }
    assert_int_equal(vd_snapshot_add(&snapshot, index, type, (uint16_t)preference,
                                     is_address ? octets : (const uint8_t *)value + skip,
                                     is_address            ? (type == VD_TYPE_A ? 4 : 16)
                                     : type == VD_TYPE_TXT ? strlen(value)
                                                           : strlen(value + skip)),
                     VD_OK);
}

/* All of one name and type; false: there is none. */
static inline bool zone_answer(size_t index, const char *name, uint16_t type)
{
    struct vd_answer *answer = &snapshot.answers[index];
    bool is_there = false;

    for (size_t i = 0; i < zone_count; i++) {
        const struct zone_line *line = &zone_lines[i];
        if (strcmp(line->name, name) != 0) {
            continue;
        }
        if (strcmp(line->type, "!") == 0) {
            answer->presence = VD_UNKNOWN;
            answer->detail = VD_DETAIL_TIMEOUT;
            return true;
        }
        if (strcmp(line->type, vd_rrtype_str(type)) == 0) {
            zone_add(index, type, line->value);
            is_there = true;
        }
    }
    return is_there;
}

static inline void zone_settle(size_t index, const char *name, uint16_t type)
{
    struct vd_answer *answer = &snapshot.answers[index];
    const char *end = name;
    bool exists = false;

    answer->is_done = true;
    answer->presence = VD_PRESENT;
    for (unsigned hops = 0; hops < 4; hops++) {
        const struct zone_line *alias = NULL;
        for (size_t i = 0; i < zone_count; i++) {
            if (strcmp(zone_lines[i].name, end) == 0 && strcmp(zone_lines[i].type, "CNAME") == 0) {
                alias = &zone_lines[i];
            }
        }
        if (alias == NULL) {
            break;
        }
        end = alias->value;
        zone_add(index, VD_TYPE_CNAME, end);
    }
    if (zone_answer(index, end, type)) {
        return;
    }
    for (size_t i = 0; i < zone_count; i++) {
        exists |= zone_is_within(zone_lines[i].name, end);
    }
    answer->presence = VD_ABSENT;
    answer->detail = end != name ? VD_DETAIL_DANGLING
                     : exists    ? VD_DETAIL_NODATA
                                 : VD_DETAIL_NXDOMAIN;
    answer->rcode = exists ? 0 : 3;
}

static inline void zone_want(void *ctx, const char *name, uint16_t type, enum vd_want want)
{
    size_t index;
    bool *is_new = ctx;

    (void)want;
    enum vd_status status = vd_snapshot_ask(&snapshot, name, type, &index);
    assert_true(status == VD_OK || status == VD_OTHER);
    if (status == VD_OK) {
        zone_settle(index, name, type);
        *is_new = true;
    }
}

/* Survey and judge what the zone says now, against `baseline`. */
static inline void judge_zone(const char *zone)
{
    static struct vd_judgement wanting;
    bool is_new = true;

    zone_count = 0;
    zone_rounds = 0;
    zone_read(zone);
    vd_snapshot_clear(&snapshot);
    while (is_new) {
        is_new = false;
        vd_judge_wants(&snapshot, &baseline, &watch, &wanting, zone_want, &is_new);
        zone_rounds += is_new;
    }
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

/* Against a baseline learned from another zone; NULL: first contact. */
static inline void judge_zones(const char *was, const char *now)
{
    memset(&baseline, 0, sizeof baseline);
    if (was != NULL) {
        judge_zone(was);
        vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    }
    judge_zone(now);
}

/* Exactly these findings of one kind of record set, silent ones left out: "code CLASS severity",
   one a line, in any order. */
static inline void expect_of(const char *why, uint8_t kind, const char *wanted)
{
    static const char *const classes[] = {"UNKNOWN", "CRITICAL",     "BROKEN",  "WEAKENED",
                                          "CHANGED", "STRENGTHENED", "RESTORED"};
    static const char *const severities[] = {"-",       "-",      "critical", "error",
                                             "warning", "notice", "info"};
    char line[120];
    size_t count = 0, lines = 0;
    bool is_right = true;

    for (const char *at = wanted; *at != '\0';
         at += strcspn(at, "\n") + (at[strcspn(at, "\n")] != 0)) {
        lines++;
    }
    for (size_t i = 0; i < judgement.findings_count; i++) {
        const struct vd_finding *finding = &judgement.findings[i];
        if (judgement.subjects[finding->subject].kind != kind || !is_told(finding)) {
            continue;
        }
        snprintf(line, sizeof line, "%s %s %s", vd_code_info((enum vd_code)finding->code)->code,
                 classes[finding->class_], severities[finding->severity]);
        is_right &= strstr(wanted, line) != NULL;
        count++;
        assert_true(strlen(words(finding->subject_line)) > 0);
        assert_true(strlen(words(finding->subject_line)) < 100);
        assert_true(strlen(words(finding->why)) > 0);
        assert_true(strlen(words(finding->new_text)) > 0);
    }
    if (!is_right || count != lines) {
        print_error("%s: wanted\n%s\ngot\n", why, wanted);
        for (size_t i = 0; i < judgement.findings_count; i++) {
            const struct vd_finding *finding = &judgement.findings[i];
            if (judgement.subjects[finding->subject].kind == kind) {
                print_error("  %s %s %s%s: %s\n", vd_code_info((enum vd_code)finding->code)->code,
                            classes[finding->class_], severities[finding->severity],
                            finding->is_silent ? " (silent)" : "", words(finding->subject_line));
            }
        }
        fail();
    }
    assert_int_equal(judgement.is_cut, 0);
}

#endif
