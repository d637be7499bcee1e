/*
 * A small world to judge, as lines of zone files: the judge asks, and the lines answer.
 *
 * A line is "name TYPE data".  SOA (no data) marks an apex.  A, AAAA, MX, TXT, NS, CNAME as in a zone
 * file, names without a final dot; DS in hexadecimal.  "!timeout", "!servfail" as data: unknown.
 * What no line speaks of is not there: NODATA where another type is, NXDOMAIN else, in the zone of
 * the nearest apex.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_LINES_WORLD_H
#define VD_TEST_LINES_WORLD_H

#include <arpa/inet.h>
#include <stdlib.h>

#include "dns/message.h"
#include "tests/unit/judge_world.h"

/* Longest line. */
#define LINE_MAX_ 2100

/* Who answers, and whether validated. */
static uint8_t lines_server;
static bool lines_are_ad;

static const char *world_lines;
static const char *const world_tops = "com SOA\nnet SOA\norg SOA\nexample SOA\nkr SOA\njp SOA\n"
                                      "uk SOA\nio SOA\n";

/* The next line of a text, parted into its three words.  false: no more. */
static inline bool next_line(const char **text, char *line, const char **type, const char **data)
{
    size_t len = strcspn(*text, "\n");
    char *end;

    if (**text == '\0') {
        return false;
    }
    assert_true(len < LINE_MAX_);
    memcpy(line, *text, len);
    line[len] = '\0';
    *text += len + ((*text)[len] == '\n');
    end = strchr(line, ' ');
    assert_non_null(end);
    *end = '\0';
    *type = end + 1;
    *data = "";
    end = strchr(end + 1, ' ');
    if (end != NULL) {
        *end = '\0';
        *data = end + 1;
    }
    return true;
}

static inline uint16_t type_of_word(const char *word)
{
    static const uint16_t types[] = {VD_TYPE_A,  VD_TYPE_NS,  VD_TYPE_CNAME, VD_TYPE_SOA,
                                     VD_TYPE_MX, VD_TYPE_TXT, VD_TYPE_AAAA,  VD_TYPE_DS};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(vd_rrtype_str(types[i]), word) == 0) {
            return types[i];
        }
    }
    fail_msg("no such type: %s", word);
    return 0;
}

static inline bool is_apex(const char *text, const char *name)
{
    char line[LINE_MAX_];
    const char *type, *data;

    while (next_line(&text, line, &type, &data)) {
        if (strcmp(type, "SOA") == 0 && strcmp(line, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Labels from the name up to the nearest apex at or above it. */
static inline bool find_apex(const char *name, uint8_t *up)
{
    for (*up = 0; name != NULL; ++*up) {
        if (is_apex(world_lines, name) || is_apex(world_tops, name)) {
            return true;
        }
        name = strchr(name, '.');
        name = name == NULL ? NULL : name + 1;
    }
    return false;
}

static inline void add_data(size_t index, uint16_t type, const char *data)
{
    uint8_t bytes[512];
    unsigned preference = 0;
    int skip = 0;
    size_t len = strlen(data);

    if (type == VD_TYPE_A || type == VD_TYPE_AAAA) {
        len = type == VD_TYPE_A ? 4 : 16;
        assert_int_equal(inet_pton(type == VD_TYPE_A ? AF_INET : AF_INET6, data, bytes), 1);
        data = (const char *)bytes;
    } else if (type == VD_TYPE_DS) {
        for (size_t i = 0; i < len / 2; i++) {
            char digits[3] = {data[2 * i], data[2 * i + 1], '\0'};
            bytes[i] = (uint8_t)strtoul(digits, NULL, 16);
        }
        len /= 2;
        data = (const char *)bytes;
    } else if (type == VD_TYPE_MX) {
        assert_int_equal(sscanf(data, "%u %n", &preference, &skip), 1);
        len -= (size_t)skip;
    }
    assert_int_equal(vd_snapshot_add(&snapshot, index, type, (uint16_t)preference,
                                     (const uint8_t *)data + skip, len),
                     VD_OK);
}

/* What the lines say of one name. */
struct said {
    size_t count;
    bool is_there;   /* with any type, or a name below it is */
    bool is_unknown; /* "!timeout" */
    char alias[300]; /* "": none */
};

static inline bool is_name_below(const char *name, const char *above)
{
    size_t len = strlen(name);
    size_t above_len = strlen(above);

    return len > above_len && name[len - above_len - 1] == '.' &&
           strcmp(name + len - above_len, above) == 0;
}

static inline void take_lines(size_t index, const char *name, uint16_t type, struct said *said)
{
    char line[LINE_MAX_];
    const char *text = world_lines;
    const char *word, *data;

    memset(said, 0, sizeof *said);
    while (next_line(&text, line, &word, &data)) {
        said->is_there |= is_name_below(line, name);
        if (strcmp(line, name) != 0) {
            continue;
        }
        uint16_t one = type_of_word(word);
        said->is_there = true;
        if (one == type && data[0] == '!') {
            settle(&snapshot.answers[index], data);
            said->is_unknown = true;
        } else if (one == VD_TYPE_CNAME && type != VD_TYPE_CNAME) {
            snprintf(said->alias, sizeof said->alias, "%s", data);
            add_data(index, VD_TYPE_CNAME, data);
        } else if (one == type && one != VD_TYPE_SOA) {
            add_data(index, type, data);
            said->count++;
        }
    }
}

static inline void answer_from_lines(size_t index, const char *asked, uint16_t type)
{
    struct vd_answer *answer = &snapshot.answers[index];
    char name[300];
    unsigned hops = 0;
    struct said said;

    snprintf(name, sizeof name, "%s", asked);
    answer->is_done = true;
    answer->server = lines_server;
    answer->is_ad = lines_are_ad;
    take_lines(index, name, type, &said);
    for (; said.alias[0] != '\0' && hops < 8; hops++) {
        memcpy(name, said.alias, sizeof name);
        take_lines(index, name, type, &said);
    }
    if (said.is_unknown) {
        return;
    }
    answer->presence = said.count > 0 ? VD_PRESENT : VD_ABSENT;
    answer->rcode = said.is_there ? VD_RCODE_NOERROR : VD_RCODE_NXDOMAIN;
    if (said.count == 0) {
        answer->has_soa = find_apex(name, &answer->soa_up);
        answer->detail = hops > 0        ? VD_DETAIL_DANGLING
                         : said.is_there ? VD_DETAIL_NODATA
                                         : VD_DETAIL_NXDOMAIN;
    }
}

/* A vd_want_fn; ctx: a bool that is set for a question that is new. */
static inline void want_from_lines(void *ctx, const char *name, uint16_t type, enum vd_want want)
{
    size_t index;

    (void)want;
    if (vd_snapshot_ask(&snapshot, name, type, &index) == VD_OK) {
        answer_from_lines(index, name, type);
        *(bool *)ctx = true;
    }
}

/* Ask until nothing new is wanted, then judge. */
static inline void judge_lines(const char *lines)
{
    unsigned rounds = 0;
    bool is_new;

    world_lines = lines;
    vd_snapshot_clear(&snapshot);
    snapshot.ad_servers = 1;
    do {
        is_new = false;
        vd_judge_wants(&snapshot, &baseline, &watch, &judgement, want_from_lines, &is_new);
        assert_true(++rounds < 20);
    } while (is_new);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
}

/* Judge `now` against a baseline learned from `was` (NULL: first contact). */
static inline void judge_lines_change(const char *was, const char *now)
{
    uint32_t pending = baseline.pending;

    memset(&baseline, 0, sizeof baseline);
    if (was != NULL) {
        judge_lines(was);
        vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
    }
    baseline.pending = pending;
    judge_lines(now);
}

/* Give the watch a text: *offset is one of its fields. */
static inline void watch_text(uint16_t *offset, const char *text)
{
    size_t len = strlen(text) + 1;

    watch.text_len = watch.text_len == 0 ? 1 : watch.text_len;
    assert_true(watch.text_len + len <= sizeof watch.text);
    memcpy(watch.text + watch.text_len, text, len);
    *offset = watch.text_len;
    watch.text_len = (uint16_t)(watch.text_len + len);
}

/* One finding that is wanted; VD_CODE_NONE ends a list. */
struct wanted {
    enum vd_code code;
    enum vd_class class_;
    enum vd_severity severity;
};

static inline void check_finding(const char *row, const struct vd_finding *finding,
                                 const struct wanted *wanted)
{
    if (finding->code != wanted->code || finding->class_ != wanted->class_ ||
        finding->severity != wanted->severity) {
        fail_msg("%s: %s class %u severity %u: %s", row,
                 vd_code_info((enum vd_code)finding->code)->code, finding->class_,
                 finding->severity, words(finding->subject_line));
    }
    assert_true(strlen(words(finding->subject_line)) > 0);
    assert_true(strlen(words(finding->subject_line)) < 100);
    assert_true(strlen(words(finding->new_text)) > 0);
    assert_true(strlen(words(finding->why)) > 0);
    assert_true(finding->class_ == VD_CLASS_STRENGTHENED || strlen(words(finding->mend)) > 0);
}

/* Of one kind of record set exactly these findings, worst first. */
static inline void expect_all(const char *row, enum vd_subject_kind kind,
                              const struct wanted *wanted)
{
    for (size_t i = 0; i < judgement.findings_count; i++) {
        const struct vd_finding *finding = &judgement.findings[i];
        if (is_told(finding) && judgement.subjects[finding->subject].kind == kind) {
            check_finding(row, finding, wanted);
            wanted++;
        }
    }
    if (wanted->code != VD_CODE_NONE) {
        fail_msg("%s: no %s", row, vd_code_info(wanted->code)->code);
    }
    assert_int_equal(judgement.is_cut, 0);
}

/* A change, and what it comes to. */
struct change {
    const char *why;
    const char *was; /* NULL: first contact */
    const char *now;
    struct wanted wanted[4]; /* the last one is always VD_CODE_NONE */
};

static inline void expect_changes(enum vd_subject_kind kind, const struct change *rows,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        judge_lines_change(rows[i].was, rows[i].now);
        expect_all(rows[i].why, kind, rows[i].wanted);
    }
}

#define EXPECT_CHANGES(kind, rows) expect_changes(kind, rows, sizeof(rows) / sizeof((rows)[0]))

#define assert_has(text, part)                                                                     \
    do {                                                                                           \
        if (strstr(text, part) == NULL) {                                                          \
            fail_msg("\"%s\" is not in: %s", part, text);                                          \
        }                                                                                          \
    } while (0)

#define assert_lacks(text, part)                                                                   \
    do {                                                                                           \
        if (strstr(text, part) != NULL) {                                                          \
            fail_msg("\"%s\" is in: %s", part, text);                                              \
        }                                                                                          \
    } while (0)

/* A watch of example.com without selectors. */
static inline int set_up_lines(void **state)
{
    (void)state;
    memset(&watch, 0, sizeof watch);
    memset(&baseline, 0, sizeof baseline);
    strcpy(watch.domain, "example.com");
    lines_server = 0;
    lines_are_ad = false;
    return 0;
}

#endif
