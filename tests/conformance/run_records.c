/*
 * Records of public test suites against our readers: valid or not, case by case.
 *
 *     flatten.py DATA > records.tsv && run_records records.tsv
 *
 * Prints each case that comes out otherwise than its suite says, then "N passed, N failed".
 * Ends with 0 only if all passed and there was at least one of each kind.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dkim.h"
#include "dns/records/dmarc.h"
#include "dns/records/spf.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 65536

/* What a reader says, and why not. */
struct outcome {
    bool is_valid;
    const char *why;
};

static struct outcome read_spf(const uint8_t *text, size_t len)
{
    static struct vd_spf spf;
    enum vd_status status = vd_spf_parse(text, len, &spf);

    return (struct outcome){status == VD_OK, status == VD_EFORMAT ? spf.fault : "not SPF"};
}

/* A key that is revoked or short is a valid record; what it is worth is another question. */
static struct outcome read_dkim(const uint8_t *text, size_t len)
{
    struct vd_dkim dkim;

    if (vd_dkim_parse(text, len, &dkim) != VD_OK) {
        return (struct outcome){false, "not a key record"};
    }
    return (struct outcome){dkim.state != VD_DKIM_UNUSABLE, dkim.fault};
}

/* Valid: receivers get a policy out of it, p=none by the rule for unreadable ones included. */
static struct outcome read_dmarc(const uint8_t *text, size_t len)
{
    struct vd_dmarc dmarc;

    if (vd_dmarc_parse(text, len, &dmarc) != VD_OK) {
        return (struct outcome){false, "not DMARC"};
    }
    return (struct outcome){dmarc.legacy_self != VD_DMARC_NO_RECORD, dmarc.fault};
}

static const struct {
    const char *name;
    struct outcome (*read)(const uint8_t *text, size_t len);
} kinds[] = {{"spf", read_spf}, {"dkim", read_dkim}, {"dmarc", read_dmarc}};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* A block of exactly as many octets as the record has, so that sanitizers see a read past it. */
static uint8_t *unhex(const char *hex, size_t *len)
{
    *len = strlen(hex) / 2;
    uint8_t *out = malloc(*len > 0 ? *len : 1);

    for (size_t i = 0; out != NULL && i < *len; i++) {
        unsigned octet = 0;
        (void)sscanf(hex + 2 * i, "%2x", &octet);
        out[i] = (uint8_t)octet;
    }
    return out;
}

static bool run_case(size_t kind, const char *id, bool is_valid, const char *hex)
{
    size_t len;
    uint8_t *text = unhex(hex, &len);

    if (text == NULL) {
        return false;
    }
    struct outcome outcome = kinds[kind].read(text, len);
    bool is_right = outcome.is_valid == is_valid;
    if (!is_right) {
        printf("%s: expected %s, got %s (%s): %.*s\n", id, is_valid ? "valid" : "invalid",
               outcome.is_valid ? "valid" : "invalid", outcome.why, (int)len, (const char *)text);
    }
    free(text);
    return is_right;
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];
    unsigned passed[KINDS] = {0};
    unsigned failed = 0;
    unsigned total = 0;

    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (in == NULL) {
        fprintf(stderr, "usage: run_records records.tsv\n");
        return 2;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        const char *kind = strtok(line, "\t");
        const char *id = strtok(NULL, "\t");
        const char *valid = strtok(NULL, "\t");
        const char *hex = strtok(NULL, "\t\n");
        size_t k = 0;
        while (k < KINDS && (kind == NULL || strcmp(kinds[k].name, kind) != 0)) {
            k++;
        }
        if (k == KINDS || id == NULL || valid == NULL) {
            fprintf(stderr, "a line that is no case\n");
            fclose(in);
            return 2;
        }
        bool is_right = run_case(k, id, *valid == '1', hex == NULL ? "" : hex);
        passed[k] += is_right;
        failed += !is_right;
    }
    fclose(in);
    bool is_complete = true;
    for (size_t k = 0; k < KINDS; k++) {
        printf("%s: %u passed\n", kinds[k].name, passed[k]);
        total += passed[k];
        is_complete = is_complete && passed[k] > 0;
    }
    printf("%u passed, %u failed\n", total, failed);
    return failed == 0 && is_complete ? 0 : 1;
}
