/*
 * DNS messages, records and names from the wire against our decoder, file by file.
 *
 *     corpus.py DATA > corpus.tsv && run_corpus corpus.tsv
 *
 * A malformed one must be refused; a well-formed one accepted, or refused for a limit of ours that
 * has a name; whatever a file holds, it is read in bounded time, and what is accepted goes through
 * classification and storage.  Built with sanitizers: a read past the end stops the run.
 *
 * Prints each failure, a table of verdicts, then "N passed, N failed, N skipped".  Ends with 0 only
 * if nothing failed and something passed.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* CPU time for one file, with sanitizers.  The worst that was found, 64 KiB of records whose owners
   are 127 pointers long and eight aliases behind them, takes one second. */
#define FILE_MAX_MS 5000.0

/* Longest file: some are longer than any message, and must be refused for that. */
#define FILE_BYTES_MAX 1048576u

#define LINE_MAX_BYTES 4096

/* How a file was taken. */
enum verdict { ACCEPTED, MALFORMED, OPCODE, QUESTIONS, CLASS, BROKEN_PROMISE, VERDICTS };

static const char *const verdict_words[VERDICTS] = {
    [ACCEPTED] = "accepted",
    [MALFORMED] = "refused: malformed",
    [OPCODE] = "refused: opcode is not QUERY",
    [QUESTIONS] = "refused: not exactly one question",
    [CLASS] = "refused: class is not IN",
    [BROKEN_PROMISE] = "accepted, and then broken",
};

enum grade { WELL_FORMED, BAD, DISPUTED, GRADES };

static const char *const grade_words[GRADES] = {
    [WELL_FORMED] = "well-formed", [BAD] = "malformed", [DISPUTED] = "disputed"};

/* ---- what must hold of everything that was accepted -------------------------------------------- */

static const char *promise; /* the one that was broken */

static bool holds(bool is_so, const char *what)
{
    if (!is_so) {
        promise = what;
    }
    return is_so;
}

/* A name goes to text and back. */
static bool check_name(const struct vd_name *name)
{
    char text[VD_NAME_TEXT_MAX];
    struct vd_name back;

    return holds(vd_name_to_text(name, text, sizeof text) == VD_OK, "a name has no text") &&
           holds(vd_name_from_text(text, &back) == VD_OK, "a name's text is none") &&
           holds(vd_name_is_equal(name, &back), "a name changes on its way to text and back");
}

static bool check_rr(const struct vd_rr *rr)
{
    static uint8_t text[UINT16_MAX];
    struct vd_soa soa;
    size_t len;

    if (!check_name(&rr->owner)) {
        return false;
    }
    if (rr->class_ != VD_CLASS_IN) {
        return true;
    }
    switch (rr->type) {
    case VD_TYPE_TXT:
        return holds(vd_rr_txt(rr, text, sizeof text, &len) == VD_OK, "TXT");
    case VD_TYPE_MX: {
        uint16_t preference;
        return holds(vd_rr_mx(rr, &preference, &soa.mname) == VD_OK, "MX") &&
               check_name(&soa.mname);
    }
    case VD_TYPE_CNAME:
    case VD_TYPE_NS:
    case VD_TYPE_PTR:
        return holds(vd_rr_name(rr, &soa.mname) == VD_OK, "name in RDATA") &&
               check_name(&soa.mname);
    case VD_TYPE_SOA:
        return holds(vd_rr_soa(rr, &soa) == VD_OK, "SOA") && check_name(&soa.mname);
    case VD_TYPE_A:
        return holds(rr->rdata_len == 4, "A");
    case VD_TYPE_AAAA:
        return holds(rr->rdata_len == 16, "AAAA");
    default:
        return true;
    }
}

static bool check_store(const struct vd_message *in, const struct vd_gist *gist)
{
    static struct vd_snapshot snapshot;
    char name[VD_NAME_TEXT_MAX];
    size_t index;
    uint8_t limit;

    vd_snapshot_clear(&snapshot);
    if (vd_name_to_text(&in->question.name, name, sizeof name) != VD_OK ||
        vd_snapshot_ask(&snapshot, name, in->question.type, &index) != VD_OK) {
        return holds(false, "the question has no place in a snapshot");
    }
    enum vd_status status =
        vd_answer_store(in, &in->question, gist, &snapshot, index, VD_KEEP_ALL, &limit);
    if (status == VD_EFULL) {
        return holds(limit != VD_LIMIT_NONE, "full, and no knob is named");
    }
    return holds(status == VD_OK, "a classified answer cannot be stored") &&
           holds(gist->presence != VD_PRESENT || snapshot.answers[index].count > 0 ||
                     strcmp(vd_rrtype_str(in->question.type), "?") == 0 ||
                     in->question.type == VD_TYPE_OPT,
                 "present, and nothing to store");
}

static bool check_classes(const struct vd_message *in)
{
    struct vd_gist gist;

    for (int is_authority = 0; is_authority < 2; is_authority++) {
        /* Of a zone, too, that begins at the question. */
        vd_answer_classify(in, &in->question, is_authority != 0, &in->question.name, &gist);
        if (!holds(gist.presence != VD_ABSENT || gist.evidence.has_soa, "absent without SOA") ||
            !holds(gist.presence == VD_UNKNOWN || !in->is_tc, "truncated, and yet used") ||
            !holds(gist.presence != VD_UNKNOWN || gist.detail != VD_DETAIL_NONE,
                   "unknown without a reason") ||
            !holds(gist.detail != VD_DETAIL_MALFORMED, "open let a broken record through") ||
            !check_name(&gist.end)) {
            return false;
        }
        if ((gist.presence != VD_UNKNOWN || gist.leaves) && !check_store(in, &gist)) {
            return false;
        }
    }
    return true;
}

static bool check_message(const struct vd_message *in)
{
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;
    enum vd_status status;

    vd_rr_walk_init(&walk, in);
    while ((status = vd_rr_next(&walk, &rr, &section)) == VD_OK) {
        if (!check_rr(&rr)) {
            return false;
        }
    }
    return holds(status == VD_OTHER, "the walk breaks off") &&
           (!in->has_question || (check_name(&in->question.name) && check_classes(in)));
}

/* ---- the formats ------------------------------------------------------------------------------- */

static enum verdict run_message(const uint8_t *bytes, size_t len)
{
    struct vd_message in;

    switch (vd_message_open(bytes, len, &in)) {
    case VD_OK:
        return check_message(&in) ? ACCEPTED : BROKEN_PROMISE;
    case VD_OTHER:
        if (in.opcode != 0) {
            return OPCODE;
        }
        return in.has_question ? CLASS : QUESTIONS;
    default:
        return MALFORMED;
    }
}

static enum verdict run_rr(const uint8_t *bytes, size_t len)
{
    struct vd_rr rr;

    if (vd_rr_open(bytes, len, &rr) != VD_OK) {
        return MALFORMED;
    }
    return check_rr(&rr) ? ACCEPTED : BROKEN_PROMISE;
}

/* One octet that only BIND's own reader has a use for; then the name begins in the middle of the
   rest, so that pointers have something to point back to. */
static enum verdict run_name(const uint8_t *bytes, size_t len)
{
    struct vd_reader r;
    struct vd_name name;

    vd_reader_init(&r, bytes, len);
    (void)vd_read_u8(&r);
    vd_reader_init(&r, bytes + r.pos, len - r.pos);
    (void)vd_read_span(&r, r.len / 2);
    if (vd_name_read(&r, &name) != VD_OK) {
        return MALFORMED;
    }
    return check_name(&name) ? ACCEPTED : BROKEN_PROMISE;
}

static const struct {
    const char *name;
    enum verdict (*run)(const uint8_t *bytes, size_t len);
} formats[] = {
    {"dns-message", run_message}, {"dns-rr", run_rr}, {"bind-name-fromwire-input", run_name}};

#define FORMATS (sizeof formats / sizeof formats[0])

/* ---- files ------------------------------------------------------------------------------------- */

/* Octets in hexadecimal with blanks between, in place; # begins a comment. */
static size_t unhex(uint8_t *bytes, size_t len)
{
    size_t digits = 0;
    bool is_comment = false;

    for (size_t i = 0; i < len; i++) {
        static const char hex[] = "0123456789abcdef";
        is_comment = bytes[i] == '#' || (is_comment && bytes[i] != '\n');
        const char *at = bytes[i] == '\0' || is_comment ? NULL : strchr(hex, bytes[i]);
        if (at == NULL) {
            continue;
        }
        uint8_t nibble = (uint8_t)(at - hex);
        bytes[digits / 2] = (uint8_t)(digits % 2 == 0 ? nibble << 4 : bytes[digits / 2] | nibble);
        digits++;
    }
    return digits / 2;
}

/* A block of exactly as many octets as the file holds, so that sanitizers see a read past it. */
static uint8_t *load(const char *path, size_t *len)
{
    static uint8_t room[FILE_BYTES_MAX];
    const char *suffix = strrchr(path, '.');

    FILE *in = fopen(path, "rb");
    if (in == NULL) {
        return NULL;
    }
    *len = fread(room, 1, sizeof room, in);
    bool is_whole = feof(in) != 0;
    fclose(in);
    if (suffix != NULL && strcmp(suffix, ".hex") == 0) {
        *len = unhex(room, *len);
    }
    uint8_t *out = is_whole ? malloc(*len > 0 ? *len : 1) : NULL;
    if (out != NULL) {
        memcpy(out, room, *len);
    }
    return out;
}

static bool is_right(enum grade grade, enum verdict verdict)
{
    if (verdict == BROKEN_PROMISE || (grade == BAD && verdict == ACCEPTED)) {
        return false;
    }
    return grade != WELL_FORMED || verdict != MALFORMED;
}

static unsigned table[FORMATS][GRADES][VERDICTS];

static bool run_file(const char *path, size_t format, enum grade grade)
{
    size_t len;
    uint8_t *bytes = load(path, &len);

    if (bytes == NULL) {
        printf("%s: cannot be read\n", path);
        return false;
    }
    promise = "";
    clock_t begun = clock();
    enum verdict verdict = formats[format].run(bytes, len);
    double ms = (double)(clock() - begun) * 1000.0 / CLOCKS_PER_SEC;
    free(bytes);
    table[format][grade][verdict]++;
    bool is_good = is_right(grade, verdict);
    if (!is_good) {
        printf("%s: %s, but %s %s\n", path, grade_words[grade], verdict_words[verdict], promise);
    }
    if (ms > FILE_MAX_MS) {
        printf("%s: took %.0f ms\n", path, ms);
    }
    return is_good && ms <= FILE_MAX_MS;
}

static void print_table(void)
{
    for (size_t f = 0; f < FORMATS; f++) {
        for (size_t g = 0; g < GRADES; g++) {
            for (size_t v = 0; v < VERDICTS; v++) {
                if (table[f][g][v] > 0) {
                    printf("  %-24s  %-11s  %5u  %s\n", formats[f].name, grade_words[g],
                           table[f][g][v], verdict_words[v]);
                }
            }
        }
    }
}

/* The place of a word in a table of them, or its size. */
static size_t find_format(const char *word)
{
    size_t i = 0;
    while (i < FORMATS && (word == NULL || strcmp(formats[i].name, word) != 0)) {
        i++;
    }
    return i;
}

static size_t find_grade(const char *word)
{
    size_t i = 0;
    while (i < GRADES && (word == NULL || strcmp(grade_words[i], word) != 0)) {
        i++;
    }
    return i;
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];
    unsigned passed = 0, failed = 0, skipped = 0;

    FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (in == NULL) {
        fprintf(stderr, "usage: run_corpus corpus.tsv\n");
        return 2;
    }
    while (fgets(line, sizeof line, in) != NULL) {
        const char *path = strtok(line, "\t");
        size_t format = find_format(strtok(NULL, "\t"));
        size_t grade = find_grade(strtok(NULL, "\t"));
        if (path == NULL || grade == GRADES) {
            fprintf(stderr, "a line that is no case\n");
            fclose(in);
            return 2;
        }
        if (format == FORMATS) {
            printf("%s: a format that is not known\n", path);
            skipped++;
        } else if (run_file(path, format, (enum grade)grade)) {
            passed++;
        } else {
            failed++;
        }
    }
    fclose(in);
    print_table();
    printf("%u passed, %u failed, %u skipped\n", passed, failed, skipped);
    return failed == 0 && passed > 0 ? 0 : 1;
}
