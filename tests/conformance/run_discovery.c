/*
 * Whose DMARC policy applies, by cases that other projects wrote.
 *
 *     flatten_discovery.py FILE > cases.tsv && run_discovery cases.tsv
 *
 * Each case goes through the judge's own reader, as a survey would feed it.  What it finds by RFC 9989
 * is compared; README.md says what is printed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dmarc.h"
#include "dns/records/dmarc_walk.h"
#include "firmware/judge/dmarc_reports.h"
#include "firmware/judge/slips.h"

#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 65536
#define LINES_MAX      64u
#define WORDS_MAX      16u

/* One line about a name. */
struct fact {
    char what; /* 't' a TXT, 'o' some other type, 'f' a failure */
    char name[VD_DOMAIN_TEXT_MAX];
    char how[12];
    uint8_t value[2048];
    size_t len;
};

static struct fact facts[LINES_MAX];
static size_t facts_count;
static struct vd_snapshot snapshot;
static struct vd_watch watch;
static struct vd_facts found, nothing;
static struct vd_reading_scratch scratch;

/* What is expected and got, for the one line that is printed. */
static char expected_words[512], got_words[512];

static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len && i < cap; i++) {
        unsigned octet = 0;
        (void)sscanf(hex + 2 * i, "%2x", &octet);
        out[i] = (uint8_t)octet;
    }
    return len < cap ? len : cap;
}

static void unhex_name(const char *hex, char out[VD_DOMAIN_TEXT_MAX])
{
    size_t len = unhex(hex, (uint8_t *)out, VD_DOMAIN_TEXT_MAX - 1);

    out[len] = '\0';
}

/* ---- the world ----------------------------------------------------------------------------------- */

static void read_fact(char what, char *words[WORDS_MAX])
{
    if (facts_count == LINES_MAX) {
        return; /* its case fails */
    }
    struct fact *fact = &facts[facts_count++];

    *fact = (struct fact){.what = what};
    unhex_name(words[1], fact->name);
    if (what == 't') {
        fact->len = unhex(words[2], fact->value, sizeof fact->value);
    } else if (what == 'f') {
        snprintf(fact->how, sizeof fact->how, "%s", words[2]);
    }
}

static bool is_within(const char *name, const char *domain)
{
    size_t len = strlen(name), end = strlen(domain);

    return len >= end && strcmp(name + len - end, domain) == 0 &&
           (len == end || name[len - end - 1] == '.');
}

static void settle(size_t index, const char *name, uint16_t type)
{
    struct vd_answer *answer = &snapshot.answers[index];
    bool exists = false, is_there = false;
    const char *how = "";

    for (size_t i = 0; i < facts_count; i++) {
        const struct fact *fact = &facts[i];
        bool is_it = strcmp(fact->name, name) == 0;
        how = is_it && fact->what == 'f' ? fact->how : how;
        exists |= fact->what != 'f' && is_within(fact->name, name);
        if (is_it && fact->what == 't' && type == VD_TYPE_TXT) {
            is_there |= vd_snapshot_add(&snapshot, index, type, 0, fact->value, fact->len) == VD_OK;
        }
    }
    answer->is_done = true;
    answer->presence = is_there ? VD_PRESENT : VD_ABSENT;
    answer->detail = is_there ? VD_DETAIL_NONE : exists ? VD_DETAIL_NODATA : VD_DETAIL_NXDOMAIN;
    if (strcmp(how, "TIMEOUT") == 0 || strcmp(how, "SERVFAIL") == 0) {
        answer->presence = VD_UNKNOWN;
        answer->detail = how[0] == 'T' ? VD_DETAIL_TIMEOUT : VD_DETAIL_SERVFAIL;
    } else if (strcmp(how, "NODATA") == 0) {
        answer->detail = VD_DETAIL_NODATA;
    }
}

static void want(void *ctx, const char *name, uint16_t type, enum vd_want why)
{
    size_t index;
    bool *is_new = ctx;

    (void)why;
    if (vd_snapshot_ask(&snapshot, name, type, &index) == VD_OK) {
        settle(index, name, type);
        *is_new = true;
    }
}

static struct vd_reading reading_of(bool *is_new)
{
    return (struct vd_reading){.snapshot = &snapshot,
                               .watch = &watch,
                               .was = &nothing,
                               .out = &found,
                               .scratch = &scratch,
                               .want = want,
                               .ctx = is_new};
}

static void begin(const char *domain_hex)
{
    memset(&watch, 0, sizeof watch);
    unhex_name(domain_hex, watch.domain);
    vd_snapshot_clear(&snapshot);
}

/* ---- a search -------------------------------------------------------------------------------------- */

/* Which tag decides: p= of the own record, else sp= or np=. */
static const char *tag_of(const char *location)
{
    char name[VD_DOMAIN_TEXT_MAX + 8];
    struct vd_dmarc dmarc;
    const struct vd_answer *self = vd_snapshot_find(&snapshot, watch.domain, VD_TYPE_TXT);

    snprintf(name, sizeof name, "_dmarc.%s", location);
    const struct vd_answer *answer = vd_snapshot_find(&snapshot, name, VD_TYPE_TXT);
    if (strcmp(location, watch.domain) == 0 || answer == NULL) {
        return "p";
    }
    for (size_t i = 0;; i++) {
        const struct vd_record *record = vd_snapshot_record(&snapshot, answer, VD_TYPE_TXT, i);
        if (record == NULL) {
            return "p";
        }
        struct vd_span text = vd_snapshot_span(&snapshot, record);
        if (vd_dmarc_parse(text.bytes, text.len, &dmarc) == VD_OK) {
            bool is_ghost = self != NULL && self->detail == VD_DETAIL_NXDOMAIN;
            return is_ghost && dmarc.has_np ? "np" : dmarc.has_sp ? "sp" : "p";
        }
    }
}

/* The walk's names, as far as it goes, and the Organizational Domain. */
static const char *walk_words(char *queries, size_t cap)
{
    static struct vd_dmarc_walk walk;
    char name[VD_DOMAIN_TEXT_MAX + 8];
    struct vd_dmarc dmarc;

    vd_dmarc_walk_names(watch.domain, &walk);
    for (size_t i = 0; i < walk.count; i++) {
        unsigned records = 0;
        snprintf(name, sizeof name, "_dmarc.%s", walk.steps[i].name);
        const struct vd_answer *answer = vd_snapshot_find(&snapshot, name, VD_TYPE_TXT);
        const struct vd_record *record;
        for (size_t k = 0; answer != NULL &&
                           (record = vd_snapshot_record(&snapshot, answer, VD_TYPE_TXT, k)) != NULL;
             k++) {
            struct vd_span text = vd_snapshot_span(&snapshot, record);
            if (vd_dmarc_parse(text.bytes, text.len, &dmarc) == VD_OK) {
                records++;
                walk.steps[i].psd = dmarc.psd;
            }
        }
        walk.steps[i].sight = records == 0   ? VD_DMARC_NOTHING
                              : records == 1 ? VD_DMARC_ONE
                                             : VD_DMARC_SEVERAL;
    }
    queries[0] = '\0';
    for (size_t i = 0; i < vd_dmarc_walk_len(&walk); i++) {
        size_t len = strlen(queries);
        snprintf(queries + len, cap - len, "%s_dmarc.%s", i == 0 ? "" : ",", walk.steps[i].name);
    }
    return vd_dmarc_walk_org(&walk);
}

static const char *result_of(const struct vd_dmarc_facts *dmarc)
{
    if (dmarc->standing == VD_STANDING_UNKNOWN) {
        return "temperror";
    }
    if (dmarc->standing == VD_STANDING_ABSENT && dmarc->slip != VD_SLIP_NONE) {
        return "error";
    }
    /* A record is found when it supplies a policy, be it the p=none of a damaged one. */
    return dmarc->source != VD_SOURCE_NO_RECORD && dmarc->bis_self >= VD_DMARC_NONE ? "found"
                                                                                    : "none";
}

/* One expected word "key=value" against what was found. */
static bool is_met(const char *word)
{
    static char queries[2400];
    const struct vd_dmarc_facts *dmarc = &found.dmarc;
    const char *value = strchr(word, '=') + 1;
    const char *location =
        dmarc->where.len > 0 ? vd_facts_text(&found, dmarc->where) : watch.domain;
    const char *got = value;

    if (strncmp(word, "result=", 7) == 0) {
        got = result_of(dmarc);
        bool is_fault = dmarc->standing == VD_STANDING_BROKEN &&
                        (strcmp(value, "error") == 0 || strcmp(value, "permerror") == 0);
        /* To a receiver a misplaced record is no record; checkers call two of them an error. */
        bool is_misplaced = strcmp(got, "error") == 0 && strcmp(value, "none") == 0;
        got = is_fault || is_misplaced ? value : got;
    } else if (strncmp(word, "reason=", 7) == 0) {
        got = dmarc->records > 1                ? "multiple-records"
              : dmarc->slip == VD_SLIP_NO_LABEL ? "wrong-location"
                                                : "";
    } else if (strncmp(word, "location=", 9) == 0) {
        got = location;
    } else if (strncmp(word, "policy=", 7) == 0) {
        got = vd_dmarc_level_str(dmarc->p);
    } else if (strncmp(word, "effective=", 10) == 0) {
        got = vd_dmarc_level_str(dmarc->bis_self);
    } else if (strncmp(word, "applies=", 8) == 0) {
        got = tag_of(location);
    } else if (strncmp(word, "org=", 4) == 0) {
        got = walk_words(queries, sizeof queries);
    } else if (strncmp(word, "queries=", 8) == 0) {
        walk_words(queries, sizeof queries);
        got = queries;
    }
    size_t len = strlen(got_words);
    snprintf(got_words + len, sizeof got_words - len, " %.400s", got);
    len = strlen(expected_words);
    snprintf(expected_words + len, sizeof expected_words - len, " %.400s", word);
    return strcmp(got, value) == 0;
}

static bool run_search(char *words[WORDS_MAX], size_t count)
{
    bool is_new = true, is_right = true;

    begin(words[2]);
    while (is_new) {
        is_new = false;
        struct vd_reading reading = reading_of(&is_new);
        memset(&found, 0, sizeof found);
        vd_facts_read_dmarc(&reading);
    }
    for (size_t i = 3; i < count; i++) {
        is_right &= is_met(words[i]);
    }
    return is_right;
}

/* ---- a report's destination -------------------------------------------------------------------------- */

static bool run_report(char *words[WORDS_MAX])
{
    static const char mail[] = "mx.example";
    char list[VD_DOMAIN_TEXT_MAX + 16], host[VD_DOMAIN_TEXT_MAX];
    struct vd_reports reports;
    bool is_new = true;
    size_t index;

    begin(words[2]);
    unhex_name(words[3], host);
    snprintf(list, sizeof list, "mailto:a@%s", host);
    if (vd_snapshot_ask(&snapshot, host, VD_TYPE_MX, &index) == VD_OK) { /* it takes mail */
        (void)vd_snapshot_add(&snapshot, index, VD_TYPE_MX, 10, (const uint8_t *)mail,
                              sizeof mail - 1);
        snapshot.answers[index].presence = VD_PRESENT;
    }
    const struct vd_report_home home = {watch.domain, watch.domain, watch.domain};
    while (is_new) {
        is_new = false;
        struct vd_reading reading = reading_of(&is_new);
        vd_reports_look(&reading, &home, (struct vd_span){(const uint8_t *)list, strlen(list)},
                        &reports);
    }
    const char *got = reports.counts[VD_REPORT_FINE] > 0      ? "authorised"
                      : reports.counts[VD_REPORT_REFUSED] > 0 ? "not-authorised"
                                                              : "temperror";
    snprintf(expected_words, sizeof expected_words, " %s", words[4]);
    snprintf(got_words, sizeof got_words, " %s", got);
    return strcmp(got, words[4]) == 0;
}

/* ---- lines ----------------------------------------------------------------------------------------- */

/* false: a line that is none. */
static bool run_line(char *words[WORDS_MAX], size_t count)
{
    bool is_search = strcmp(words[0], "found") == 0;

    expected_words[0] = got_words[0] = '\0';
    if (strcmp(words[0], "zone") == 0) {
        facts_count = 0;
    } else if (count == 3 && strcmp(words[0], "txt") == 0) {
        read_fact('t', words);
    } else if (count == 2 && strcmp(words[0], "txt") == 0) {
        words[2] = words[1] + strlen(words[1]); /* an empty record */
        read_fact('t', words);
    } else if (count == 2 && strcmp(words[0], "other") == 0) {
        read_fact('o', words);
    } else if (count == 3 && strcmp(words[0], "fails") == 0) {
        read_fact('f', words);
    } else if ((is_search && count >= 4) || (count == 5 && strcmp(words[0], "report") == 0)) {
        bool is_right = is_search ? run_search(words, count) : run_report(words);
        if (is_right) {
            printf("ok\t%s\n", words[1]);
        } else {
            printf("not ok\t%s\texpected%s, got%s\n", words[1], expected_words, got_words);
        }
        return true;
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];

    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (in == NULL) {
        fprintf(stderr, "usage: run_discovery cases.tsv\n");
        return 2;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        char *words[WORDS_MAX];
        size_t count = 0;
        for (char *word = strtok(line, "\t\n"); word != NULL && count < WORDS_MAX;
             word = strtok(NULL, "\t\n")) {
            words[count++] = word;
        }
        if (count == 0 || !run_line(words, count)) {
            fprintf(stderr, "a line that is no case\n");
            fclose(in);
            return 2;
        }
    }
    fclose(in);
    return 0;
}
