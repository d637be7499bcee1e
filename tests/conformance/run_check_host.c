/*
 * SPF scenarios of public test suites against check_host() and the judge's walk of a domain.
 *
 *     flatten_check_host.py FILE > cases.tsv && run_check_host cases.tsv
 *
 * Each case runs on a snapshot that is filled from the zone only with what was wanted, round by
 * round, as a survey does.  Prints "ok TAB id" or "not ok TAB id TAB why"; README.md has the rest.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/name.h"
#include "dns/spf_check.h"
#include "firmware/judge/reading.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES_MAX 65536u
#define FIELDS_MAX     9u
#define RECORDS_MAX    1024u
#define POOL_BYTES_MAX (1u << 20)
#define ROUNDS_MAX     64u /* a survey of more has no end */

/* ---- the zone ---------------------------------------------------------------------------- */

struct zone_record {
    const char *name;
    uint16_t type; /* 0: every type that the name has no record of */
    uint16_t preference;
    uint8_t failure; /* enum vd_detail: it is no record, questions for it fail */
    const uint8_t *bytes;
    size_t len;
};

static struct zone_record zone[RECORDS_MAX];
static size_t zone_count;
static uint8_t pool[POOL_BYTES_MAX];
static size_t pool_len;

static void *keep(const void *bytes, size_t len)
{
    if (len > sizeof pool - pool_len) {
        fprintf(stderr, "a zone that is too large\n");
        exit(2);
    }
    void *kept = pool + pool_len;
    memcpy(kept, bytes, len);
    pool_len += len;
    return kept;
}

/* Octets with dots to the text of a name; NULL: no domain name. */
static const char *name_text(const uint8_t *octets, size_t len)
{
    char text[VD_NAME_TEXT_MAX];
    struct vd_name name = {.len = 0};
    size_t label = 0; /* where it begins */

    len -= len > 0 && octets[len - 1] == '.';
    for (size_t i = 0; i <= len && len > 0; i++) {
        if (i < len && octets[i] != '.') {
            continue;
        }
        if (i == label || i - label > VD_LABEL_MAX ||
            name.len + (i - label) + 2u > VD_NAME_WIRE_MAX) {
            return NULL;
        }
        name.wire[name.len++] = (uint8_t)(i - label);
        memcpy(name.wire + name.len, octets + label, i - label);
        name.len = (uint8_t)(name.len + (i - label));
        label = i + 1;
    }
    name.wire[name.len++] = 0;
    return vd_name_to_text(&name, text, sizeof text) == VD_OK ? keep(text, strlen(text) + 1) : NULL;
}

static bool is_below(const char *name, const char *above)
{
    size_t name_len = strlen(name);
    size_t above_len = strlen(above);

    return name_len > above_len && name[name_len - above_len - 1] == '.' &&
           strcmp(name + name_len - above_len, above) == 0;
}

static const struct zone_record *find_record(const char *name, uint16_t type, bool is_failure)
{
    for (size_t i = 0; i < zone_count; i++) {
        if ((zone[i].failure != 0) == is_failure && zone[i].type == type &&
            strcmp(zone[i].name, name) == 0) {
            return &zone[i];
        }
    }
    return NULL;
}

static uint8_t failure_of(const char *name, uint16_t type)
{
    const struct zone_record *failure = find_record(name, type, true);

    if (strncmp(name, "error.", strlen("error.")) == 0) {
        return VD_DETAIL_TIMEOUT;
    }
    if (failure == NULL && find_record(name, type, false) == NULL) {
        failure = find_record(name, 0, true);
    }
    return failure == NULL ? VD_DETAIL_NONE : failure->failure;
}

static bool has_name(const char *name)
{
    for (size_t i = 0; i < zone_count; i++) {
        if (strcmp(zone[i].name, name) == 0 || is_below(zone[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* ---- the survey -------------------------------------------------------------------------- */

static struct vd_snapshot snapshot;

static void add_records(size_t index, const char *name, uint16_t type)
{
    for (size_t i = 0; i < zone_count; i++) {
        const struct zone_record *record = &zone[i];
        if (record->failure == 0 && record->type == type && strcmp(record->name, name) == 0 &&
            vd_snapshot_add(&snapshot, index, type, record->preference, record->bytes,
                            record->len) != VD_OK) {
            snapshot.answers[index].presence = VD_UNKNOWN;
            snapshot.answers[index].detail = VD_DETAIL_LIMIT;
        }
    }
}

/* What a resolver would say, aliases followed. */
static void settle(size_t index)
{
    struct vd_answer *answer = &snapshot.answers[index];
    const char *name = vd_snapshot_name(&snapshot, answer);
    const struct zone_record *alias;

    answer->is_done = true;
    for (unsigned hops = 0; hops <= VD_CHAIN_MAX; hops++) {
        answer->detail = failure_of(name, answer->type);
        if (answer->detail != VD_DETAIL_NONE) {
            return;
        }
        if (find_record(name, answer->type, false) != NULL) {
            answer->presence = VD_PRESENT;
            add_records(index, name, answer->type);
            return;
        }
        alias = find_record(name, VD_TYPE_CNAME, false);
        if (alias == NULL) {
            answer->presence = VD_ABSENT;
            answer->detail = has_name(name) ? VD_DETAIL_NODATA
                             : hops > 0     ? VD_DETAIL_DANGLING
                                            : VD_DETAIL_NXDOMAIN;
            return;
        }
        if (vd_snapshot_add(&snapshot, index, VD_TYPE_CNAME, 0, alias->bytes, alias->len) !=
            VD_OK) {
            answer->detail = VD_DETAIL_LIMIT;
            return;
        }
        name = (const char *)alias->bytes;
    }
    answer->detail = VD_DETAIL_CHAIN;
}

/* Settle what was asked in this round.  Returns how many that were. */
static size_t settle_all(void)
{
    size_t count = 0;

    for (size_t i = 0; i < snapshot.answers_count; i++) {
        if (!snapshot.answers[i].is_done) {
            settle(i);
            count++;
        }
    }
    return count;
}

/* The question is asked, and answered in the next round. */
static const struct vd_answer *find(void *ctx, const char *name, uint16_t type)
{
    const struct vd_answer *answer = vd_snapshot_find(&snapshot, name, type);
    size_t index;

    (void)ctx;
    if (answer == NULL) {
        (void)vd_snapshot_ask(&snapshot, name, type, &index);
    }
    return answer;
}

static void want(void *ctx, const char *name, uint16_t type, enum vd_want who)
{
    size_t index;

    (void)ctx;
    (void)who;
    (void)vd_snapshot_ask(&snapshot, name, type, &index);
}

/* ---- cases ------------------------------------------------------------------------------- */

static uint8_t *unhex(const char *hex, size_t *len)
{
    *len = strlen(hex) / 2;
    uint8_t *out = keep("", 1); /* so that the empty one has a place too */

    for (size_t i = 0; i < *len; i++) {
        unsigned octet = 0;
        (void)sscanf(hex + 2 * i, "%2x", &octet);
        uint8_t byte = (uint8_t)octet;
        (void)keep(&byte, 1);
        out[i] = byte;
    }
    out[*len] = '\0';
    return out;
}

static const char *unhex_text(const char *hex)
{
    size_t len;

    return (const char *)unhex(hex, &len);
}

/* As a domain, if it is one; else as it is. */
static const char *unhex_name(const char *hex)
{
    size_t len;
    const uint8_t *octets = unhex(hex, &len);
    const char *name = name_text(octets, len);

    return name != NULL ? name : (const char *)octets;
}

/* Evaluate, round by round.  A static sentence says what is wrong with the way; NULL: nothing. */
static const char *check(const char *domain, const struct vd_spf_mail *mail,
                         struct vd_spf_verdict *out)
{
    const struct vd_spf_answers answers = {.snapshot = &snapshot, .find = find};

    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        vd_spf_check(&answers, domain, mail, out);
        if (settle_all() == 0) {
            return NULL;
        }
        if (out->result != VD_SPF_UNKNOWN) {
            return "a result while answers are missing";
        }
    }
    return "no end of questions";
}

static bool is_in_list(const char *word, const char *list)
{
    size_t len = strlen(word);

    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool is_reason(uint8_t reason, const char *word)
{
    static const struct {
        const char *word;
        enum vd_spf_reason reason;
    } rows[] = {
        {"syntax", VD_SPF_REASON_SYNTAX},
        {"syntax", VD_SPF_REASON_NAME},
        {"multiple-records", VD_SPF_REASON_RECORDS},
        {"dns-lookup-limit", VD_SPF_REASON_LOOKUPS},
        {"void-lookup-limit", VD_SPF_REASON_VOIDS},
        {"mx-limit", VD_SPF_REASON_MX},
        {"include-without-record", VD_SPF_REASON_INCLUDE},
        {"redirect-without-record", VD_SPF_REASON_REDIRECT},
        {"include-loop", VD_SPF_REASON_LOOP},
        {"redirect-loop", VD_SPF_REASON_LOOP},
        {"include-target-syntax", VD_SPF_REASON_SYNTAX},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].word, word) == 0 && rows[i].reason == reason) {
            return true;
        }
    }
    return word[0] == '\0';
}

/* host: id ip domain helo sender results reason.  any: the same without the last two. */
static void run_host(char **field, bool is_graded)
{
    size_t len;
    struct vd_spf_mail mail = {.sender = unhex_text(field[5]), .helo = unhex_text(field[4])};
    struct vd_spf_verdict verdict;

    const uint8_t *address = unhex(field[2], &len);
    memcpy(mail.address, address, len < 16 ? len : 16);
    mail.is_ip6 = len == 16;
    vd_snapshot_clear(&snapshot);
    const char *fault = check(unhex_name(field[3]), &mail, &verdict);
    const char *result = vd_spf_result_str(verdict.result);
    if (fault != NULL) {
        printf("not ok\t%s\t%s\n", field[1], fault);
    } else if (!is_graded ||
               (is_in_list(result, field[6]) &&
                (verdict.result != VD_SPF_PERMERROR || is_reason(verdict.reason, field[7])))) {
        printf("ok\t%s\n", field[1]);
    } else {
        printf("not ok\t%s\texpected %s (%s), got %s (%s%s)\n", field[1], field[6], field[7],
               result, vd_spf_reason_str(verdict.reason),
               vd_detail_str((enum vd_detail)verdict.detail));
    }
}

/* The judge's walk: what it makes of the record set, whoever sends. */
static const char *walk(const char *domain)
{
    static struct vd_facts facts, was;
    static struct vd_watch watch;
    static struct vd_reading_scratch scratch;
    const struct vd_reading reading = {.snapshot = &snapshot,
                                       .watch = &watch,
                                       .was = &was,
                                       .out = &facts,
                                       .scratch = &scratch,
                                       .want = want};

    struct vd_name name;

    memset(&watch, 0, sizeof watch);
    if (vd_name_from_text(domain, &name) != VD_OK || strchr(domain, '.') == NULL ||
        strlen(domain) >= sizeof watch.domain) {
        return "none"; /* nothing that can be watched: the configuration refuses it */
    }
    strcpy(watch.domain, domain);
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        memset(&facts, 0, sizeof facts);
        vd_facts_read_spf(&reading);
        if (settle_all() == 0) {
            break;
        }
    }
    switch (facts.spf.standing) {
    case VD_STANDING_ABSENT:
        return "none";
    case VD_STANDING_BROKEN:
        return "permerror";
    case VD_STANDING_OK:
        return facts.spf.unknown == 0 ? "ok" : "temperror"; /* good as far as it could be seen */
    default:
        return "temperror";
    }
}

/* domain: id domain result */
static void run_domain(char **field)
{
    vd_snapshot_clear(&snapshot);
    const char *got = walk(unhex_name(field[2]));
    if (strcmp(field[3], "input-dependent") == 0 || strcmp(field[3], got) == 0) {
        printf("ok\t%s\n", field[1]);
    } else {
        printf("not ok\t%s\texpected %s, got %s\n", field[1], field[3], got);
    }
}

/* ---- lines ------------------------------------------------------------------------------- */

static uint16_t type_of(const char *word)
{
    static const uint16_t types[] = {VD_TYPE_A,  VD_TYPE_AAAA, VD_TYPE_CNAME, VD_TYPE_MX,
                                     VD_TYPE_NS, VD_TYPE_PTR,  VD_TYPE_TXT};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(vd_rrtype_str(types[i]), word) == 0) {
            return types[i];
        }
    }
    return 0;
}

/* rr: name type preference value.  fails: name type how.  What is no domain name is left out. */
static bool add_line(char **field, bool is_failure)
{
    struct zone_record record = {.type = type_of(field[2])};
    size_t len;
    const uint8_t *name = unhex(field[1], &len);

    record.name = name_text(name, len);
    if (zone_count == RECORDS_MAX || (record.type == 0 && strcmp(field[2], "*") != 0)) {
        return false;
    }
    if (is_failure) {
        record.failure = strcmp(field[3], "TIMEOUT") == 0 ? VD_DETAIL_TIMEOUT : VD_DETAIL_SERVFAIL;
    } else {
        record.preference = (uint16_t)strtoul(field[3], NULL, 10);
        record.bytes = unhex(field[4], &record.len);
    }
    if (record.type == VD_TYPE_MX || record.type == VD_TYPE_PTR || record.type == VD_TYPE_CNAME) {
        const char *target = is_failure ? "" : name_text(record.bytes, record.len);
        record.bytes = (const uint8_t *)target;
        record.len = target == NULL ? 0 : strlen(target);
        record.name = target == NULL ? NULL : record.name;
    }
    if (record.name != NULL) {
        zone[zone_count++] = record;
    }
    return true;
}

static bool run_line(char **field, size_t count)
{
    const char *kind = field[0];

    if (strcmp(kind, "zone") == 0) {
        zone_count = pool_len = 0;
    } else if (strcmp(kind, "rr") == 0 && count == 5) {
        return add_line(field, false);
    } else if (strcmp(kind, "fails") == 0 && count == 4) {
        return add_line(field, true);
    } else if (strcmp(kind, "host") == 0 && count == 8) {
        run_host(field, true);
    } else if (strcmp(kind, "any") == 0 && count == 6) {
        run_host(field, false);
    } else if (strcmp(kind, "domain") == 0 && count == 4) {
        run_domain(field);
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static char line[LINE_BYTES_MAX];

    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (in == NULL) {
        fprintf(stderr, "usage: run_check_host cases.tsv\n");
        return 2;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        char *field[FIELDS_MAX];
        size_t count = 0;
        line[strcspn(line, "\n")] = '\0';
        for (char *at = line; at != NULL && count < FIELDS_MAX;) {
            char *tab = strchr(at, '\t');
            field[count++] = at;
            if (tab != NULL) {
                *tab++ = '\0';
            }
            at = tab;
        }
        if (!run_line(field, count)) {
            fprintf(stderr, "a line that is no case: %s\n", field[0]);
            fclose(in);
            return 2;
        }
    }
    fclose(in);
    return 0;
}
