/*
 * Slips in what was typed: texts and targets, and what to do about each.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/slips.h"

#include "dns/records/key.h"
#include "dns/records/tags.h"
#include "firmware/providers.h"
#include "report/text.h"

#include <stdio.h>
#include <string.h>

/* ---- marks inside a text ------------------------------------------------------------------- */

/* What one mark is; several octets may make one. */
enum mark { MARK_NONE = 0, MARK_QUOTE, MARK_TYPOGRAPHIC, MARK_ESCAPE, MARK_BREAK, MARK_BLANK };

/*
 * Octets that copy and paste brings along: as they are, and as \DDD that somebody took from a zone
 * file.  Quotes in UTF-8, in the Windows code page 1252, and in the Korean one (949).
 */
static const struct {
    const char *octets;
    uint8_t mark;
} marks[] = {
    {"\xe2\x80\x98", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x99", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x9a", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x9b", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x9c", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x9d", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x9e", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x9f", MARK_TYPOGRAPHIC},
    {"\xe2\x80\xb3", MARK_TYPOGRAPHIC},
    {"\xef\xbc\x82", MARK_TYPOGRAPHIC},
    {"\xe3\x80\x8c", MARK_TYPOGRAPHIC},
    {"\xe3\x80\x8d", MARK_TYPOGRAPHIC},
    {"\xe3\x80\x8e", MARK_TYPOGRAPHIC},
    {"\xe3\x80\x8f", MARK_TYPOGRAPHIC},
    {"\xc2\xab", MARK_TYPOGRAPHIC},
    {"\xc2\xbb", MARK_TYPOGRAPHIC},
    {"\xa1\xae", MARK_TYPOGRAPHIC},
    {"\xa1\xaf", MARK_TYPOGRAPHIC},
    {"\xa1\xb0", MARK_TYPOGRAPHIC},
    {"\xa1\xb1", MARK_TYPOGRAPHIC},
    {"\xe2\x80\x8b", MARK_BLANK},
    {"\xe3\x80\x80", MARK_BLANK},
    {"\xef\xbb\xbf", MARK_BLANK},
    {"\xc2\xa0", MARK_BLANK},
    {"\x91", MARK_TYPOGRAPHIC},
    {"\x92", MARK_TYPOGRAPHIC},
    {"\x93", MARK_TYPOGRAPHIC},
    {"\x94", MARK_TYPOGRAPHIC},
    {"\xa0", MARK_BLANK},
    {"\"", MARK_QUOTE},
    {"\r", MARK_BREAK},
    {"\n", MARK_BREAK},
};

/* The octet at the front, written as itself or as \DDD; *len: octets of text that it takes. */
static uint8_t octet_at(struct vd_span text, size_t *len)
{
    *len = 1;
    if (text.len >= 4 && text.bytes[0] == '\\' && vd_ascii_is_digit(text.bytes[1]) &&
        vd_ascii_is_digit(text.bytes[2]) && vd_ascii_is_digit(text.bytes[3])) {
        unsigned value = (text.bytes[1] - '0') * 100u + (text.bytes[2] - '0') * 10u +
                         (unsigned)(text.bytes[3] - '0');
        *len = value <= 255 ? 4 : 1;
        return value <= 255 ? (uint8_t)value : text.bytes[0];
    }
    return text.bytes[0];
}

/* Octets of text that the mark takes at the front of it; 0: it does not stand there. */
static size_t mark_len(struct vd_span text, const char *octets)
{
    size_t used = 0;
    size_t len;

    for (; *octets != '\0'; octets++, used += len) {
        if (used >= text.len || octet_at(vd_span_skip(text, used), &len) != (uint8_t)*octets) {
            return 0;
        }
    }
    return used;
}

/* The mark at the front of a text; *len: octets that it takes, 1 where there is none. */
static enum mark mark_at(struct vd_span text, size_t *len)
{
    uint8_t c = octet_at(text, len);

    if (*len == 4 && c >= ' ' && c < 0x7f && c != '"' && c != ' ') {
        return MARK_ESCAPE; /* \059 */
    }
    if (*len == 4 && (c == ' ' || c == '\t')) {
        return MARK_BLANK;
    }
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t taken = mark_len(text, marks[i].octets);
        if (taken > 0) {
            *len = taken;
            return (enum mark)marks[i].mark;
        }
    }
    *len = 1;
    if (text.bytes[0] == '\\' && text.len > 1) {
        uint8_t next = text.bytes[1];
        *len = 2;
        return next == '"' ? MARK_QUOTE : next == 'n' || next == 'r' ? MARK_BREAK : MARK_ESCAPE;
    }
    return MARK_NONE;
}

/* ---- what it was meant to be ----------------------------------------------------------------- */

/* How a record of a kind begins, in lower case; NULL: it is no text. */
static const char *version_of(uint8_t kind)
{
    switch (kind) {
    case VD_SUBJECT_SPF:
    case VD_SUBJECT_MAIL_FROM:
        return "v=spf1";
    case VD_SUBJECT_DKIM:
        return "v=dkim1";
    case VD_SUBJECT_DMARC:
        return "v=dmarc1";
    case VD_SUBJECT_MTA_STS:
        return "v=stsv1";
    case VD_SUBJECT_TLS_RPT:
        return "v=tlsrptv1";
    case VD_SUBJECT_BIMI:
        return "v=bimi1";
    default:
        return NULL;
    }
}

/* Does it say this word, marks and blanks left aside?  *used: octets up to its end, 0 if not. */
static void find_word(struct vd_span text, const char *word, size_t *used)
{
    size_t at = 0;
    size_t len;

    for (; at < text.len && *word != '\0'; at += len) {
        enum mark mark = mark_at(vd_span_skip(text, at), &len);
        uint8_t c = octet_at(vd_span_skip(text, at), &len);
        if (mark == MARK_ESCAPE && len == 1) {
            continue; /* the backslash; what it escapes comes next */
        }
        if (mark != MARK_NONE && mark != MARK_ESCAPE) {
            (void)mark_at(vd_span_skip(text, at), &len);
        } else if (c != ' ' && c != '\t') {
            if (vd_ascii_lower(c) != (uint8_t)*word) {
                *used = 0;
                return;
            }
            word++;
        }
    }
    *used = *word == '\0' ? at : 0;
}

/* A text without the ' or ` around it that some copy along from a command line.  Inside, they may be
   part of an address. */
static struct vd_span bare_of(struct vd_span text)
{
    struct vd_span bare = vd_span_trim(text);

    if (bare.len > 0 && (bare.bytes[0] == '\'' || bare.bytes[0] == '`')) {
        uint8_t quote = bare.bytes[0];
        bare = vd_span_trim(vd_span_skip(bare, 1));
        bare.len -= bare.len > 0 && bare.bytes[bare.len - 1] == quote;
        return bare;
    }
    return text;
}

/* A key record may leave out its version (RFC 6376, section 3.6.1). */
static size_t front_of(struct vd_span text, uint8_t kind)
{
    static const char *const bare[] = {"k=rsa", "k=ed25519", "p=mi"};
    const char *version = version_of(kind);
    size_t used = 0;

    if (version != NULL) {
        find_word(text, version, &used);
    }
    for (size_t i = 0; used == 0 && kind == VD_SUBJECT_DKIM && i < sizeof bare / sizeof bare[0];
         i++) {
        find_word(text, bare[i], &used);
    }
    return used;
}

bool vd_slip_is_meant(struct vd_span text, uint8_t kind)
{
    return front_of(bare_of(text), kind) > 0;
}

/* Does the version stand in it once more, at the beginning of a word? */
static bool is_twice(struct vd_span text, uint8_t kind, size_t front)
{
    size_t used;

    find_word(text, version_of(kind), &used);
    for (size_t i = used == front ? front : text.len; i < text.len; i++) {
        uint8_t before = text.bytes[i - 1];
        bool is_apart = before == ' ' || before == ';' || before == '"';
        if (is_apart && vd_ascii_lower(text.bytes[i]) == 'v') {
            find_word(vd_span_skip(text, i), version_of(kind), &used);
            if (used > 0) {
                return true;
            }
        }
    }
    return false;
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* The value of p=, and whether k= says ed25519; len 0: none of a kind that is known. */
static struct vd_span key_of(struct vd_span text, bool *is_ed25519)
{
    struct vd_tags tags;
    struct vd_tag tag;
    struct vd_span key = {NULL, 0};
    bool is_known = true;

    *is_ed25519 = false;
    vd_tags_start(&tags, text);
    while (vd_tags_next(&tags, &tag)) {
        if (tag.is_well_formed && vd_span_is_word(tag.name, "p")) {
            key = tag.value;
        } else if (tag.is_well_formed && vd_span_is_word(tag.name, "k")) {
            *is_ed25519 = vd_span_is_word(tag.value, "ed25519");
            is_known = *is_ed25519 || vd_span_is_word(tag.value, "rsa");
        }
    }
    return is_known ? key : (struct vd_span){NULL, 0};
}

static int base64_digit(uint8_t c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/*
 * Does it end before the length that its first octets announce (X.690, section 8.1.3), or where
 * base64 cannot end?
 */
static bool is_cut_off(struct vd_span key, bool is_ed25519)
{
    uint64_t head = 0; /* the first eight digits: six octets */
    size_t digits = 0;

    for (size_t i = 0; i < key.len; i++) {
        int value = base64_digit(key.bytes[i]);
        if (value >= 0 && digits++ < 8) {
            head = head << 6 | (uint64_t)value;
        } else if (value < 0 && memchr(" \t\r\n=", key.bytes[i], 5) == NULL) {
            return false; /* something else is wrong with it */
        }
    }
    size_t octets = digits * 6 / 8;
    if (is_ed25519) { /* RFC 8463, section 4.2 */
        return octets < 32;
    }
    if (digits < 8 || (head >> 40 & 0xff) != 0x30) {
        return digits < 8;
    }
    size_t announced = (head >> 32 & 0xff) == 0x82   ? 4 + (size_t)(head >> 16 & 0xffff)
                       : (head >> 32 & 0xff) == 0x81 ? 3 + (size_t)(head >> 24 & 0xff)
                                                     : 2 + (size_t)(head >> 32 & 0x7f);
    return octets < announced;
}

/* ---- a text ---------------------------------------------------------------------------------- */

/* Which kinds of marks stand in it: a set of 1 << enum mark. */
static unsigned marks_in(struct vd_span text)
{
    unsigned seen = 0;
    size_t len;

    for (size_t i = 0; i < text.len; i += len) {
        seen |= 1u << mark_at(vd_span_skip(text, i), &len);
    }
    return seen;
}

/* Blanks where a word breaks: inside the version, or in front of all.  SPF takes none around its
   '=' (RFC 7208, section 4.5). */
static bool is_spaced(struct vd_span text, uint8_t kind)
{
    const char *version = version_of(kind);
    size_t len = strlen(version);

    if (text.len > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        return true;
    }
    if (vd_span_to(text, '=') >= text.len) {
        return false;
    }
    struct vd_span head = {text.bytes, text.len < len ? text.len : len};
    struct vd_span value = vd_span_trim(vd_span_skip(text, vd_span_to(text, '=') + 1));
    bool is_strict = kind == VD_SUBJECT_SPF || kind == VD_SUBJECT_MAIL_FROM;
    head =
        is_strict ? head : (struct vd_span){value.bytes, value.len < len - 2 ? value.len : len - 2};
    return vd_ascii_lower(text.bytes[0]) == 'v' &&
           !vd_span_is_word(head, is_strict ? version : version + 2);
}

enum vd_slip vd_slip_of_text(struct vd_span text, uint8_t kind)
{
    struct vd_span bare = bare_of(text);
    size_t front = front_of(bare, kind);
    bool is_ed25519;

    if (front == 0) {
        return VD_SLIP_NONE;
    }
    if (bare.bytes != text.bytes) {
        return VD_SLIP_QUOTED;
    }
    unsigned seen = marks_in(text);
    if ((seen & 1u << MARK_TYPOGRAPHIC) != 0) {
        return VD_SLIP_TYPOGRAPHIC;
    }
    if ((seen & 1u << MARK_QUOTE) != 0) {
        return VD_SLIP_QUOTED;
    }
    if (is_twice(text, kind, front)) {
        return VD_SLIP_TWO_RECORDS;
    }
    if ((seen & 1u << MARK_ESCAPE) != 0) {
        return VD_SLIP_ESCAPED;
    }
    if ((seen & 1u << MARK_BREAK) != 0) {
        return VD_SLIP_LINE_BREAK;
    }
    if ((seen & 1u << MARK_BLANK) != 0 || is_spaced(text, kind)) {
        return VD_SLIP_SPACES;
    }
    if (kind == VD_SUBJECT_DKIM) {
        struct vd_span key = key_of(text, &is_ed25519);
        if (key.len > 0 && is_cut_off(key, is_ed25519)) {
            return VD_SLIP_CUT_OFF;
        }
    }
    return VD_SLIP_NONE;
}

/* Blanks inside a version are none of the text's own. */
static size_t clean_front(uint8_t kind, struct vd_span text, size_t front, char *out, size_t cap)
{
    static const char *const written[VD_SUBJECT_KINDS] = {
        [VD_SUBJECT_SPF] = "v=spf1",      [VD_SUBJECT_MAIL_FROM] = "v=spf1",
        [VD_SUBJECT_DKIM] = "v=DKIM1",    [VD_SUBJECT_DMARC] = "v=DMARC1",
        [VD_SUBJECT_MTA_STS] = "v=STSv1", [VD_SUBJECT_TLS_RPT] = "v=TLSRPTv1",
        [VD_SUBJECT_BIMI] = "v=BIMI1",
    };
    size_t used = 0;

    find_word(text, version_of(kind), &used);
    if (used != front || strlen(written[kind]) + 1 > cap) {
        return 0; /* a key record that begins with another tag */
    }
    return (size_t)snprintf(out, cap, "%s", written[kind]);
}

size_t vd_slip_clean(struct vd_span text, uint8_t kind, char *out, size_t cap)
{
    struct vd_text_writer w;
    size_t len;
    bool is_key = false;

    text = bare_of(text);
    size_t front = front_of(text, kind);
    if (front == 0 || cap < 16) {
        return 0;
    }
    size_t begun = clean_front(kind, text, front, out, cap);
    vd_text_start(&w, out + begun, cap - begun);
    for (size_t i = begun > 0 ? front : 0; i < text.len; i += len) {
        struct vd_span rest = vd_span_skip(text, i);
        enum mark mark = mark_at(rest, &len);
        size_t plain;
        uint8_t c = octet_at(rest, &plain);
        if (mark == MARK_ESCAPE && plain == 1) {
            c = rest.bytes[1];
        }
        is_key = kind == VD_SUBJECT_DKIM && c != ';' &&
                 (is_key || (c == '=' && w.len > 0 && w.out[w.len - 1] == 'p'));
        bool is_quote = mark == MARK_QUOTE || mark == MARK_TYPOGRAPHIC;
        bool is_blank = mark == MARK_BLANK || mark == MARK_BREAK || c == ' ' || c == '\t';
        bool is_apart = begun + w.len == 0 || out[begun + w.len - 1] == ' ';
        if (!is_quote && (!is_blank || (!is_key && !is_apart))) {
            vd_text_put_char(&w, is_blank ? ' ' : (char)c);
        }
    }
    while (w.len > 0 && w.out[w.len - 1] == ' ') {
        w.out[--w.len] = '\0';
    }
    return w.is_cut ? 0 : begun + w.len;
}

/* ---- a target -------------------------------------------------------------------------------- */

/* "10\032host", "10.mx.example.net": a number, then what looks like the host. */
static bool has_priority(const char *target)
{
    size_t digits = strspn(target, "0123456789");
    const char *rest = target + digits;

    if (digits == 0 || digits > 5) {
        return false;
    }
    if (strncmp(rest, "\\032", 4) == 0 || strncmp(rest, "\\009", 4) == 0 || *rest == ' ') {
        return true;
    }
    const char *dot = *rest == '.' ? strchr(rest + 1, '.') : NULL;
    return dot != NULL && strchr(dot + 1, '.') != NULL;
}

/* Could a host name end here?  Top levels that services use; a country's needs one label more, for
   people name their own hosts after countries too. */
static bool is_whole_name(const char *name, size_t len)
{
    static const char common[] = " com net org io co biz info app dev email cloud microsoft tech ";
    char word[12];
    size_t labels = 1;
    size_t last = 0;

    for (size_t i = 0; i < len; i++) {
        if (name[i] == '.') {
            labels++;
            last = i + 1;
        }
    }
    if (labels < 2 || len - last > sizeof word - 3) {
        return false;
    }
    int size = snprintf(word, sizeof word, " %.*s ", (int)(len - last), name + last);
    return size > 0 && (strstr(common, word) != NULL || (len - last == 2 && labels > 2));
}

static bool has_end(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);

    return len > end_len + 1 && text[len - end_len - 1] == '.' &&
           memcmp(text + len - end_len, end, end_len) == 0;
}

enum vd_slip vd_slip_of_target(const char *target, const char *domain)
{
    char front[VD_DOMAIN_TEXT_MAX];
    size_t len = strlen(target);
    const char *zone = domain;

    if (has_priority(target)) {
        return VD_SLIP_PRIORITY;
    }
    while (zone != NULL && strchr(zone, '.') != NULL) {
        if (has_end(target, len, zone)) {
            size_t kept = len - strlen(zone) - 1;
            int size = snprintf(front, sizeof front, "%.*s", (int)kept, target);
            bool is_sound = size > 0 && (size_t)size < sizeof front;
            if (is_sound &&
                (is_whole_name(front, kept) || strcmp(front, zone) == 0 ||
                 has_end(front, kept, zone) || vd_provider_of_target(NULL, front) != NULL ||
                 vd_provider_of_host(NULL, front) != NULL)) {
                return VD_SLIP_NO_DOT;
            }
        }
        zone = strchr(zone, '.');
        zone = zone == NULL ? NULL : zone + 1;
    }
    return VD_SLIP_NONE;
}
