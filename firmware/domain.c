/*
 * Domain names as a person writes them into the configuration.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/domain.h"

#include "firmware/punycode.h"
#include "port/port_net.h"

#include <string.h>

#define LABEL_MAX 63u

/* Mail providers for everybody, and their subdomains.  Looked at 2026-11. */
static const char *const free_mail[] = {
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com",  "msn.com",
    "yahoo.com", "ymail.com",      "aol.com",     "icloud.com",  "me.com",    "mac.com",
    "gmx.com",   "gmx.de",         "gmx.net",     "web.de",      "mail.com",  "proton.me",
    "naver.com", "daum.net",       "hanmail.net", "nate.com",    "kakao.com", "protonmail.com",
    "qq.com",    "163.com",        "126.com",     "mail.ru",     "yandex.ru", "yahoo.co.jp",
    "pm.me",     "fastmail.com",   "orange.fr",   "t-online.de", "yahoo.fr",  "yahoo.co.uk",
    "tuta.com",  "hotmail.co.uk",  "hotmail.fr",
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static enum vd_status refuse(struct vd_text_writer *why, const char *reason)
{
    vd_text_put(why, reason);
    return VD_EFORMAT;
}

/* ---- names that are not ASCII ------------------------------------------------------------ */

enum letter_case { AS_IT_IS, PLUS_32, PLUS_80, SMALL_IS_ODD, SMALL_IS_EVEN };

/* The letters that domains have most (RFC 5892), and how to make them small: Latin, Greek, Cyrillic,
   Hebrew, Arabic, Thai, kana, Han, hangul.  What is not here IDNA (RFC 5895) may map or compose. */
static const struct {
    uint16_t first, last;
    uint8_t letter_case; /* enum letter_case */
} letters[] = {
    {0x00c0, 0x00d6, PLUS_32},       {0x00d8, 0x00de, PLUS_32},
    {0x00df, 0x00f6, AS_IT_IS},      {0x00f8, 0x00ff, AS_IT_IS},
    {0x0100, 0x012f, SMALL_IS_ODD},  {0x0134, 0x0137, SMALL_IS_ODD},
    {0x0139, 0x013e, SMALL_IS_EVEN}, {0x0141, 0x0148, SMALL_IS_EVEN},
    {0x014a, 0x0177, SMALL_IS_ODD},  {0x0179, 0x017e, SMALL_IS_EVEN},
    {0x0391, 0x03a1, PLUS_32},       {0x03a3, 0x03a9, PLUS_32},
    {0x03ac, 0x03ce, AS_IT_IS},      {0x0400, 0x040f, PLUS_80},
    {0x0410, 0x042f, PLUS_32},       {0x0430, 0x045f, AS_IT_IS},
    {0x05d0, 0x05ea, AS_IT_IS},      {0x0620, 0x063a, AS_IT_IS},
    {0x0641, 0x064a, AS_IT_IS},      {0x0679, 0x06d3, AS_IT_IS},
    {0x0e01, 0x0e32, AS_IT_IS},      {0x0e34, 0x0e3a, AS_IT_IS},
    {0x0e40, 0x0e4e, AS_IT_IS},      {0x3041, 0x3096, AS_IT_IS},
    {0x30a1, 0x30fa, AS_IT_IS},      {0x30fc, 0x30fe, AS_IT_IS},
    {0x3400, 0x4dbf, AS_IT_IS},      {0x4e00, 0x9fff, AS_IT_IS},
    {0xac00, 0xd7a3, AS_IT_IS},
};

/* The small letter; 0: a character of which we do not know what IDNA would make. */
static uint32_t fold(uint32_t cp)
{
    size_t i;

    if (cp < 0x80) {
        return (uint32_t)lower((char)cp);
    }
    for (i = 0; i < sizeof letters / sizeof letters[0]; i++) {
        if (cp < letters[i].first || cp > letters[i].last) {
            continue;
        }
        switch ((enum letter_case)letters[i].letter_case) {
        case AS_IT_IS:
            return cp;
        case PLUS_32:
            return cp + 32;
        case PLUS_80:
            return cp + 80;
        case SMALL_IS_ODD:
            return cp | 1u;
        case SMALL_IS_EVEN:
            return cp + (cp & 1u);
        }
    }
    return 0;
}

static bool put_a_label(struct vd_text_writer *w, const char *label, size_t len)
{
    uint32_t code_points[LABEL_MAX];
    size_t count = 0, at = 0, start = w->len;
    bool is_ascii = true;

    while (at < len) {
        uint32_t cp = 0;
        size_t n = vd_text_utf8(label + at, len - at, &cp);

        cp = n > 0 ? fold(cp) : 0;
        if (cp == 0 || count == LABEL_MAX) {
            return false;
        }
        is_ascii = is_ascii && cp < 0x80;
        code_points[count++] = cp;
        at += n;
    }
    if (is_ascii) {
        vd_text_put_span(w, label, len);
    } else {
        vd_text_put(w, "xn--");
        if (vd_punycode_encode(code_points, count, w) != VD_OK) {
            return false;
        }
    }
    return !w->is_cut && w->len - start <= LABEL_MAX;
}

static bool put_a_labels(struct vd_text_writer *w, const char *text, size_t len)
{
    size_t start = 0, at;

    for (at = 0; at <= len; at++) {
        if (at < len && text[at] != '.') {
            continue;
        }
        if (at == start || !put_a_label(w, text + start, at - start)) {
            return false;
        }
        if (at < len) {
            vd_text_put_char(w, '.');
        }
        start = at + 1;
    }
    return !w->is_cut;
}

/* ---- host names -------------------------------------------------------------------------- */

static bool is_ascii(const char *text, size_t len)
{
    size_t i;

    for (i = 0; i < len && (uint8_t)text[i] < 0x80; i++) {
    }
    return i == len;
}

static enum vd_status check_characters(const char *text, size_t len, struct vd_text_writer *why)
{
    size_t i;

    for (i = 0; i < len; i++) {
        if (is_letter_or_digit(text[i]) || text[i] == '-' || text[i] == '.') {
            continue;
        }
        if (text[i] == '@') {
            return refuse(why, "is a mail address: write what stands behind its \"@\"");
        }
        vd_text_put(why, "has a \"");
        vd_text_put_safe(why, text + i, 1, NULL);
        return refuse(why, "\": a name has letters, digits, \"-\" and \".\"");
    }
    return VD_OK;
}

static enum vd_status check_label(const char *label, size_t len, struct vd_text_writer *why)
{
    if (len == 0) {
        return refuse(why, "has an empty label: two dots, or one in front");
    }
    if (len > LABEL_MAX) {
        return refuse(why, "has a label longer than 63 characters");
    }
    if (label[0] == '-' || label[len - 1] == '-') {
        return refuse(why, "has a label that begins or ends with \"-\"");
    }
    return VD_OK;
}

static enum vd_status check_labels(const char *text, size_t len, struct vd_text_writer *why)
{
    size_t start = 0, at;
    bool has_letter = false;

    for (at = 0; at <= len; at++) {
        if (at < len && text[at] != '.') {
            has_letter = has_letter || text[at] < '0' || text[at] > '9';
            continue;
        }
        if (check_label(text + start, at - start, why) != VD_OK) {
            return VD_EFORMAT;
        }
        if (at == len && !has_letter) {
            return refuse(why, "ends in a label of digits only: no such top-level domain");
        }
        start = at + 1;
        has_letter = false;
    }
    return VD_OK;
}

static enum vd_status read_ascii(const char *text, size_t len, char *out,
                                 struct vd_text_writer *why)
{
    size_t i;

    if (check_characters(text, len, why) != VD_OK || check_labels(text, len, why) != VD_OK) {
        return VD_EFORMAT;
    }
    if (len >= VD_DOMAIN_TEXT_MAX) {
        return refuse(why, "is longer than 253 characters");
    }
    for (i = 0; i < len; i++) {
        out[i] = lower(text[i]);
    }
    out[len] = '\0';
    return VD_OK;
}

static enum vd_status refuse_non_ascii(const char *text, size_t len, struct vd_text_writer *why)
{
    char out[VD_DOMAIN_TEXT_MAX];
    char checked[VD_DOMAIN_TEXT_MAX];
    struct vd_text_writer w, ignored;

    vd_text_put(why, "is not ASCII: write its A-label");
    vd_text_start(&w, out, sizeof out);
    vd_text_start(&ignored, NULL, 0);
    if (put_a_labels(&w, text, len) && read_ascii(out, w.len, checked, &ignored) == VD_OK) {
        vd_text_put(why, ", \"");
        vd_text_put(why, checked);
        vd_text_put(why, "\"");
    } else {
        vd_text_put(why, " (xn--...)");
    }
    return VD_EFORMAT;
}

enum vd_status vd_host_read(const char *text, size_t len, char *out, struct vd_text_writer *why)
{
    struct vd_endpoint address;

    if (len > 1 && text[len - 1] == '.') {
        len--;
    }
    if (len == 0) {
        return refuse(why, "is empty");
    }
    if (!is_ascii(text, len)) {
        return refuse_non_ascii(text, len, why);
    }
    if (vd_endpoint_parse(text, len, 1, &address) == VD_OK) {
        return refuse(why, "is an IP address, not a name");
    }
    return read_ascii(text, len, out, why);
}

/* ---- domains to watch -------------------------------------------------------------------- */

/* Is name the domain, or below it? */
static bool is_within(const char *name, const char *domain)
{
    size_t name_len = strlen(name), len = strlen(domain);

    return name_len >= len && strcmp(name + name_len - len, domain) == 0 &&
           (name_len == len || name[name_len - len - 1] == '.');
}

enum vd_status vd_domain_read(const char *text, size_t len, char *out, struct vd_text_writer *why)
{
    enum vd_status status = vd_host_read(text, len, out, why);
    size_t i;

    if (status != VD_OK) {
        return status;
    }
    if (strlen(out) + strlen("_dmarc.") >= VD_DOMAIN_TEXT_MAX) {
        return refuse(why, "is longer than 246 characters: no room for \"_dmarc.\" in front");
    }
    if (strchr(out, '.') == NULL) {
        return refuse(why, "is a single label: a domain has two at least, as example.com");
    }
    if (strncmp(out, "www.", 4) == 0 && strchr(out + 4, '.') != NULL) {
        vd_text_put(why, "is the name of a web site, no mail comes from there: watch \"");
        vd_text_put(why, out + 4);
        return refuse(why, "\"");
    }
    for (i = 0; i < sizeof free_mail / sizeof free_mail[0]; i++) {
        if (is_within(out, free_mail[i])) {
            vd_text_put(why, "belongs to a mail provider for everybody (");
            vd_text_put(why, free_mail[i]);
            return refuse(why, "): only the provider can mend its records; watch your own domain");
        }
    }
    return VD_OK;
}
