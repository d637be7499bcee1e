/*
 * What our readers make of records, line by line.
 *
 *     run_records records.tsv
 *
 * A line: kind TAB record in hexadecimal.  Kinds: spf, dkim, dmarc, mtasts, tlsrpt, bimi; any: all of
 * them read it, and nothing is said.  Prints for each line
 *
 *     verdict TAB why TAB tag=value TAB tag=value ...
 *
 * with values in hexadecimal.  Verdicts: other (no record of this kind), valid, revoked (a DKIM key that
 * is), invalid, and full (one of our bounds).  Built with sanitizers: a read past the end stops the run.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/name.h"
#include "dns/records/bimi.h"
#include "dns/records/dkim.h"
#include "dns/records/dmarc.h"
#include "dns/records/mta_sts.h"
#include "dns/records/spf.h"
#include "dns/records/tags.h"
#include "dns/records/tls_rpt.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 262144

/* ---- printing ------------------------------------------------------------------------------ */

static bool is_caseless; /* names of tags: DKIM's are not */

static void say(const char *verdict, const char *why)
{
    printf("%s\t%s", verdict, why);
}

static void say_tag(const char *name, size_t name_len, struct vd_span value)
{
    printf("\t");
    for (size_t i = 0; i < name_len; i++) {
        putchar(is_caseless ? vd_ascii_lower((uint8_t)name[i]) : name[i]);
    }
    putchar('=');
    for (size_t i = 0; i < value.len; i++) {
        printf("%02x", value.bytes[i]);
    }
}

static void say_word(const char *name, const char *word)
{
    say_tag(name, strlen(name), (struct vd_span){(const uint8_t *)word, strlen(word)});
}

static void say_span(const char *name, struct vd_span value)
{
    say_tag(name, strlen(name), value);
}

/* All tags of a list as written; what a reader makes of them is said behind, and wins. */
static void say_tags(struct vd_span text)
{
    struct vd_tags tags;
    struct vd_tag tag;

    vd_tags_start(&tags, text);
    while (vd_tags_next(&tags, &tag)) {
        if (tag.is_well_formed) {
            say_tag((const char *)tag.name.bytes, tag.name.len, tag.value);
        }
    }
}

/* ---- SPF ----------------------------------------------------------------------------------- */

static const char *const spf_names[] = {"?",   "all", "include", "a",        "mx",  "ptr",
                                        "ip4", "ip6", "exists",  "redirect", "exp", "modifier"};

static const char *qualifier_word(char qualifier)
{
    switch (qualifier) {
    case '-':
        return "fail";
    case '~':
        return "softfail";
    case '?':
        return "neutral";
    default:
        return "pass";
    }
}

/* All that can be asked of a term, for the sanitizers to watch. */
static void try_term(const struct vd_spf *spf, const struct vd_spf_term *term)
{
    static char name[VD_NAME_TEXT_MAX];
    struct vd_spf_network network;

    (void)vd_spf_network(spf, term, &network);
    for (size_t cap = 1; cap <= sizeof name; cap += sizeof name / 2) {
        (void)vd_spf_target(spf, term, "a.example.com", name, cap);
        (void)vd_spf_expand(spf, term, "a.example.com", "b.example.net", name, cap);
    }
}

static void say_terms(const struct vd_spf *spf)
{
    char words[16];
    unsigned lookups = 0;

    for (size_t i = 0; i < spf->terms_count; i++) {
        const struct vd_spf_term *term = &spf->terms[i];
        struct vd_span target = {spf->text + term->target, term->target_len};
        lookups += vd_spf_is_lookup(term);
        try_term(spf, term);
        if (term->kind >= VD_SPF_REDIRECT) {
            say_span(spf_names[term->kind], target);
            continue;
        }
        (void)snprintf(words, sizeof words, "%c%s", term->qualifier, spf_names[term->kind]);
        say_word("mechanism", words);
        if (term->kind == VD_SPF_ALL) {
            say_word("all", qualifier_word(term->qualifier));
        }
    }
    (void)snprintf(words, sizeof words, "%u", lookups);
    say_word("dns_lookups", words);
}

static void read_spf(struct vd_span text)
{
    static struct vd_spf spf;

    switch (vd_spf_parse(text.bytes, text.len, &spf)) {
    case VD_OK:
        say("valid", "");
        say_terms(&spf);
        return;
    case VD_OTHER:
        say("other", "not SPF");
        return;
    case VD_EFULL:
        say("full", "more than our bounds");
        return;
    default:
        say("invalid", spf.fault);
    }
}

/* ---- the others ---------------------------------------------------------------------------- */

/* A short key is a valid record, and so is one that h= or s= keeps from mail: what it is worth is
   another question. */
static void read_dkim(struct vd_span text)
{
    struct vd_dkim dkim;

    if (vd_dkim_parse(text.bytes, text.len, &dkim) != VD_OK) {
        say("other", "not a key record");
        return;
    }
    bool is_valid = dkim.state != VD_DKIM_UNUSABLE || dkim.is_restricted;
    const char *verdict = is_valid ? "valid" : "invalid";
    say(dkim.state == VD_DKIM_REVOKED ? "revoked" : verdict, dkim.fault);
    say_tags(text);
    if (dkim.kind.bytes == NULL) {
        say_word("k", "rsa");
    }
}

/* Valid: receivers get a policy out of it, p=none by the rule for unreadable ones included. */
static void read_dmarc(struct vd_span text)
{
    static const struct {
        const char *name, *value;
    } defaults[] = {{"fo", "0"}, {"rf", "afrf"}, {"ri", "86400"}};
    struct vd_dmarc dmarc;
    char word[8];

    if (vd_dmarc_parse(text.bytes, text.len, &dmarc) != VD_OK) {
        say("other", "not DMARC");
        return;
    }
    say(dmarc.legacy_self != VD_DMARC_NO_RECORD ? "valid" : "invalid", dmarc.fault);
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        say_word(defaults[i].name, defaults[i].value);
    }
    say_tags(text);
    say_word("p", vd_dmarc_level_str(dmarc.p));
    say_word("sp", vd_dmarc_level_str(dmarc.sp));
    say_word("np", vd_dmarc_level_str(dmarc.np));
    say_word("adkim", dmarc.is_strict_dkim ? "s" : "r");
    say_word("aspf", dmarc.is_strict_spf ? "s" : "r");
    say_word("t", dmarc.is_testing ? "y" : "n");
    (void)snprintf(word, sizeof word, "%c", dmarc.psd);
    say_word("psd", word);
    (void)snprintf(word, sizeof word, "%u", (unsigned)dmarc.pct);
    say_word("pct", word);
    say_span("rua", dmarc.rua);
    say_span("ruf", dmarc.ruf);
}

static void read_mta_sts(struct vd_span text)
{
    struct vd_mta_sts sts;

    if (vd_mta_sts_parse(text, &sts) != VD_OK) {
        say("other", "not MTA-STS");
        return;
    }
    say(sts.fault[0] == '\0' ? "valid" : "invalid", sts.fault);
    say_tags(text);
    say_span("id", sts.id);
}

static void read_tls_rpt(struct vd_span text)
{
    struct vd_tls_rpt rpt;

    if (vd_tls_rpt_parse(text, &rpt) != VD_OK) {
        say("other", "not TLS-RPT");
        return;
    }
    say(rpt.fault[0] == '\0' ? "valid" : "invalid", rpt.fault);
    say_tags(text); /* rua= may stand there more than once */
}

static void read_bimi(struct vd_span text)
{
    struct vd_bimi bimi;

    if (vd_bimi_parse(text, &bimi) != VD_OK) {
        say("other", "not BIMI");
        return;
    }
    say(bimi.fault[0] == '\0' ? "valid" : "invalid", bimi.fault);
    say_tags(text);
    say_span("l", bimi.location);
    say_span("a", bimi.authority);
}

/* No verdict, no crash. */
static void read_any(struct vd_span text);

static const struct {
    const char *name;
    void (*read)(struct vd_span text);
} kinds[] = {{"spf", read_spf},        {"dkim", read_dkim},      {"dmarc", read_dmarc},
             {"mtasts", read_mta_sts}, {"tlsrpt", read_tls_rpt}, {"bimi", read_bimi},
             {"any", read_any}};

#define KINDS (sizeof kinds / sizeof kinds[0])

static void read_any(struct vd_span text)
{
    for (size_t kind = 0; kind + 1 < KINDS; kind++) {
        kinds[kind].read(text);
        printf("\t");
    }
}

/* ---- lines --------------------------------------------------------------------------------- */

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

static bool run_line(char *line)
{
    const char *kind = strtok(line, "\t\n");
    const char *hex = strtok(NULL, "\t\n");
    size_t k = 0;
    size_t len;

    while (k < KINDS && (kind == NULL || strcmp(kinds[k].name, kind) != 0)) {
        k++;
    }
    uint8_t *text = k < KINDS ? unhex(hex == NULL ? "" : hex, &len) : NULL;
    if (text == NULL) {
        return false;
    }
    is_caseless = strcmp(kind, "dkim") != 0;
    kinds[k].read((struct vd_span){text, len});
    printf("\n");
    fflush(stdout); /* what made it stop is the line behind the last one that is answered */
    free(text);
    return true;
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];
    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    bool is_good = in != NULL;

    if (in == NULL) {
        fprintf(stderr, "usage: run_records records.tsv\n");
        return 2;
    }
    while (is_good && fgets(line, sizeof line, in) != NULL) {
        is_good = run_line(line);
    }
    fclose(in);
    if (!is_good) {
        fprintf(stderr, "a line that is no record\n");
    }
    return is_good ? 0 : 2;
}
