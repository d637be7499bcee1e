/*
 * DMARC: what to type.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_dmarc.h"

#include "dns/records/dmarc.h"
#include "dns/records/tags.h"
#include "firmware/judge/dmarc_reports.h"
#include "firmware/judge/slips.h"

#include <stdio.h>
#include <string.h>

/* Longest record that is written anew, with its NUL. */
#define RECORD_MAX 512u

/* ---- a record, written anew -------------------------------------------------------------------- */

/* What becomes of the tags. */
struct edit {
    const char *drop; /* names of tags to leave out: " sp np " */
    const char *p;    /* the new p=, without pct= and t=; NULL: as it is */
};

/* Of sp= and np= those that let off what lies below more lightly than this level. */
static const char *weak_below(const struct vd_dmarc_facts *facts, int level)
{
    return facts->sp >= level   ? facts->np < level ? " np " : " "
           : facts->np >= level ? " sp "
                                : " sp np ";
}

/* Does a list of words, each between blanks, hold it? */
static bool is_listed(const char *words, struct vd_span name)
{
    char word[10];

    if (name.len + 3 > sizeof word) {
        return false;
    }
    snprintf(word, sizeof word, " %.*s ", (int)name.len, (const char *)name.bytes);
    for (char *c = word; *c != '\0'; c++) {
        *c = (char)vd_ascii_lower((uint8_t)*c);
    }
    return strstr(words, word) != NULL;
}

/* Has a tag of this name come before? */
static bool is_repeated(struct vd_span record, const struct vd_tag *tag)
{
    struct vd_tags tags;
    struct vd_tag before;

    vd_tags_start(&tags, record);
    while (vd_tags_next(&tags, &before) && before.name.bytes < tag->name.bytes) {
        size_t i = 0;
        while (i < before.name.len && i < tag->name.len &&
               vd_ascii_lower(before.name.bytes[i]) == vd_ascii_lower(tag->name.bytes[i])) {
            i++;
        }
        if (i == before.name.len && i == tag->name.len) {
            return true;
        }
    }
    return false;
}

/* Append "; name=value".  false: no room. */
static bool put_tag(char *out, const char *name, size_t name_len, const char *value,
                    size_t value_len)
{
    size_t len = strlen(out);
    int more = snprintf(out + len, RECORD_MAX - len, "%s%.*s=%.*s", len == 0 ? "" : "; ",
                        (int)name_len, name, (int)value_len, value);

    return more > 0 && (size_t)more < RECORD_MAX - len;
}

/* false: what comes out is no record that receivers would read. */
static bool rewrite(struct vd_span record, const struct edit *edit, char out[RECORD_MAX])
{
    struct vd_tags tags;
    struct vd_tag tag;
    struct vd_dmarc dmarc;
    bool has_p = edit->p == NULL, fits = true;

    out[0] = '\0';
    vd_tags_start(&tags, record);
    while (fits && vd_tags_next(&tags, &tag)) {
        bool is_p = vd_span_is_word(tag.name, "p");
        if (!tag.is_well_formed || is_listed(edit->drop, tag.name) || is_repeated(record, &tag) ||
            (edit->p != NULL && (is_p || is_listed(" pct t ", tag.name)))) {
            continue;
        }
        fits = put_tag(out, (const char *)tag.name.bytes, tag.name.len,
                       (const char *)tag.value.bytes, tag.value.len);
        if (fits && !has_p) { /* right behind v=, where old readers want it */
            fits = put_tag(out, "p", 1, edit->p, strlen(edit->p));
            has_p = true;
        }
    }
    return fits && vd_dmarc_parse((const uint8_t *)out, strlen(out), &dmarc) == VD_OK &&
           dmarc.fault[0] == '\0';
}

/*
 * A text that was meant as a record: without quotes, backslashes and what is not ASCII, and with its
 * beginning as it has to be.
 */
static bool clean(const char *text, char out[RECORD_MAX])
{
    static const char begin[] = "v=DMARC1; ";
    static const struct edit nothing = {.drop = " "};
    char raw[RECORD_MAX];
    size_t len = 0, at = 0;

    while (*text != '\0' && len + 1 < sizeof raw) {
        if (strchr("\"'\\?", *text) == NULL) {
            raw[len++] = *text;
        }
        text++;
    }
    raw[len] = '\0';
    while (at + 5 <= len &&
           !vd_span_is_word((struct vd_span){(const uint8_t *)raw + at, 5}, "dmarc")) {
        at++;
    }
    at += at + 5 <= len ? 5 : 0;
    while (at < len && strchr(" 0123456789;", raw[at]) != NULL) {
        at++;
    }
    if (sizeof begin - 1 + len - at >= sizeof raw) {
        return false;
    }
    memmove(raw + sizeof begin - 1, raw + at, len - at + 1);
    memcpy(raw, begin, sizeof begin - 1);
    return rewrite((struct vd_span){(const uint8_t *)raw, strlen(raw)}, &nothing, out);
}

/* ---- by finding -------------------------------------------------------------------------------- */

static const char *place_of(const struct vd_bench *at)
{
    return at->alias[0] != '\0' ? at->alias : at->record;
}

/* The record that is there now, edited; 0: it cannot be. */
static uint16_t put_edited(const struct vd_bench *at, const struct edit *edit)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    char record[RECORD_MAX];
    struct vd_span text = {(const uint8_t *)vd_facts_text(&at->out->facts, now->text),
                           now->text.len};

    if (now->text.len == 0 || now->text.sound < now->text.len || !rewrite(text, edit, record)) {
        return 0;
    }
    return vd_words_put(at->out, "at %.200s put TXT: %s", place_of(at), record);
}

/* For a domain that has none of its own. */
static uint16_t put_fresh(const struct vd_bench *at, int level)
{
    return vd_words_put(at->out, "%sat %.200s put TXT: v=DMARC1; p=%s; rua=mailto:dmarc@%.200s",
                        at->lead, at->record, vd_dmarc_level_str(level < 0 ? 0 : level),
                        at->watch->domain);
}

static uint16_t put_clean(const struct vd_bench *at)
{
    const struct vd_facts *now = &at->out->facts;
    char record[RECORD_MAX];

    return clean(vd_facts_text(now, now->dmarc.text), record)
               ? vd_words_put(at->out, "at %.200s put TXT: %s", place_of(at), record)
               : 0;
}

/* Is the last good record, of the domain itself, at hand and another one than now? */
static bool has_last_good(const struct vd_bench *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_facts *now = &at->out->facts;

    return was->standing == VD_STANDING_OK && was->source == VD_SOURCE_OWN && was->text.len > 0 &&
           strcmp(vd_facts_text(at->was, was->text), vd_facts_text(now, now->dmarc.text)) != 0;
}

static uint16_t mend_absent(const struct vd_bench *at)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    uint16_t words = 0;

    if (now->where.len > 0) {
        return vd_mend_slip(at, now->slip, now->where);
    }
    if (has_last_good(at)) {
        return vd_mend_put_back(at, "TXT", at->was->dmarc.text, true);
    }
    if (now->text.len > 0) {
        words = put_clean(at);
    }
    return words != 0 ? words : put_fresh(at, at->watch->dmarc_floor);
}

/* Somebody above lowered what is inherited: one's own record does not hang on that. */
static uint16_t mend_inherited(const struct vd_bench *at)
{
    const struct vd_facts *now = &at->out->facts;
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    int level = was->p > at->watch->dmarc_floor ? was->p : at->watch->dmarc_floor;

    return vd_words_put(at->out,
                        "%shave _dmarc.%.200s mended, or at %.200s put TXT: v=DMARC1; p=%s%s%s; "
                        "rua=mailto:dmarc@%.200s",
                        at->lead, vd_facts_text(now, now->dmarc.where), at->record,
                        vd_dmarc_level_str(level < 0 ? 0 : level),
                        was->is_strict_dkim ? "; adkim=s" : "",
                        was->is_strict_spf ? "; aspf=s" : "", at->watch->domain);
}

/* p=, sp= or np= is at fault, and no good record is known. */
static uint16_t mend_broken(const struct vd_bench *at)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    static const struct edit below = {.drop = " sp np "};

    if (now->records == 0) {
        return mend_inherited(at);
    }
    uint16_t words = put_clean(at); /* marks that were typed too much */
    if (words == 0) {
        words = put_edited(at, &below);
    }
    return words != 0 ? words : vd_mend_correct(at, "DMARC", now->fault, now->text);
}

static uint16_t mend_reports(const struct vd_bench *at)
{
    const struct vd_reading reading = {
        .snapshot = at->snapshot, .watch = at->watch, .was = at->was};
    struct vd_report_home home;
    struct vd_reports reports;

    if (!vd_reports_of_watch(&reading, &home, &reports)) {
        return 0;
    }
    if (reports.state == VD_REPORT_REFUSED) {
        return vd_words_put(
            at->out,
            "have %.100s put at %.200s._report._dmarc.%.100s TXT: v=DMARC1; or take "
            "its address out of rua= at _dmarc.%.200s",
            reports.host, home.domain, reports.host, home.domain);
    }
    return has_last_good(at)
               ? vd_mend_put_back(at, "TXT", at->was->dmarc.text, true)
               : vd_words_put(at->out,
                              "at _dmarc.%.200s put another address than that at %.100s into rua=",
                              home.domain, reports.host);
}

static uint16_t mend_alias(const struct vd_bench *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    bool is_whole = was->text.len > 0 && was->text.sound == was->text.len;

    if (at->alias[0] == '\0') {
        return vd_words_put(at->out, "if this was not planned, put back the CNAME at %.200s",
                            at->record);
    }
    return vd_words_put(
        at->out, "if this was not planned, remove the CNAME at %.200s%s%s", at->record,
        was->source != VD_SOURCE_OWN ? ""
        : is_whole                   ? " and put TXT: "
                                     : " and put back what was there",
        was->source == VD_SOURCE_OWN && is_whole ? vd_facts_text(at->was, was->text) : "");
}

/* From what is there now; 0: no such way. */
static uint16_t mend_by_edit(const struct vd_bench *at)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    const int8_t floor = at->watch->dmarc_floor;
    const struct edit raise = {.drop = weak_below(now, floor), .p = vd_dmarc_level_str(floor)};
    const struct edit below = {.drop = weak_below(now, now->p)};
    const struct edit once = {.drop = " "};
    const struct edit psd = {.drop = " psd "};

    switch (at->finding->code) {
    case VD_CODE_DMARC_FLOOR:
        return put_edited(at, &raise);
    case VD_CODE_DMARC_SUB_WEAKENED:
        return put_edited(at, &below);
    case VD_CODE_DMARC_DUPLICATE_TAG:
        return put_edited(at, &once);
    case VD_CODE_DMARC_PSD:
    case VD_CODE_DMARC_DETACHED:
        return put_edited(at, &psd);
    default:
        return 0;
    }
}

static uint16_t mend_present(const struct vd_bench *at)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    uint16_t words = 0;

    if (at->finding->code == VD_CODE_DMARC_FLOOR || !has_last_good(at)) {
        words = mend_by_edit(at);
    }
    if (words != 0) {
        return words;
    }
    if (has_last_good(at)) {
        return vd_mend_put_back(at, "TXT", was->text, true);
    }
    if (now->source != VD_SOURCE_OWN) {
        return at->finding->code == VD_CODE_DMARC_FLOOR ? put_fresh(at, at->watch->dmarc_floor)
                                                        : mend_inherited(at);
    }
    return vd_mend_put_back(at, "TXT", (struct vd_text_ref){0, 0, 0}, false);
}

uint16_t vd_mend_dmarc(const struct vd_bench *at)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    const struct vd_dmarc_facts *was = &at->was->dmarc;

    switch (at->finding->code) {
    case VD_CODE_DMARC_VERIFIED:
        return 0;
    case VD_CODE_DMARC_RUA_REFUSED:
    case VD_CODE_DMARC_RUA_DEAD:
        return mend_reports(at);
    default:
        break;
    }
    if (at->finding->rtype == VD_TYPE_CNAME) {
        return mend_alias(at);
    }
    if (now->records > 1) {
        return vd_mend_keep_one(at, "TXT", was->standing == VD_STANDING_OK, was->text);
    }
    if (now->standing == VD_STANDING_ABSENT) {
        return mend_absent(at);
    }
    return now->standing == VD_STANDING_BROKEN && !has_last_good(at) ? mend_broken(at)
                                                                     : mend_present(at);
}
