/*
 * Lists of report addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/uri.h"

#include <string.h>

/* Any number of so many digits has 64 bits. */
#define SIZE_DIGITS_MAX 19u

static bool is_alnum(uint8_t c)
{
    return vd_ascii_is_alpha(c) || vd_ascii_is_digit(c);
}

static bool is_hex(uint8_t c)
{
    return vd_ascii_is_digit(c) || (vd_ascii_lower(c) >= 'a' && vd_ascii_lower(c) <= 'f');
}

/* One of these octets? */
static bool is_any_of(uint8_t c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* Only what may stand in a URI (RFC 3986, section 2); "%" begins two hexadecimal digits. */
static bool has_uri_octets(struct vd_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.bytes[i];
        if (c == '%') {
            if (text.len - i < 3 || !is_hex(text.bytes[i + 1]) || !is_hex(text.bytes[i + 2])) {
                return false;
            }
        } else if (!is_alnum(c) && !is_any_of(c, "-._~:/?#[]@!$&'()*+,;=")) {
            return false;
        }
    }
    return true;
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )  (RFC 3986, section 3.1) */
static bool is_scheme(struct vd_span scheme)
{
    if (scheme.len == 0 || !vd_ascii_is_alpha(scheme.bytes[0])) {
        return false;
    }
    for (size_t i = 1; i < scheme.len; i++) {
        if (!is_alnum(scheme.bytes[i]) && !is_any_of(scheme.bytes[i], "+-.")) {
            return false;
        }
    }
    return true;
}

/* Octets before the first one of set; all of them when there is none. */
static struct vd_span before(struct vd_span text, const char *set)
{
    size_t len = 0;

    while (len < text.len && !is_any_of(text.bytes[len], set)) {
        len++;
    }
    return (struct vd_span){text.bytes, len};
}

/* A name that DNS could hold, or an address in brackets. */
static bool is_host(struct vd_span host)
{
    bool is_literal = host.len > 2 && host.bytes[0] == '[' && host.bytes[host.len - 1] == ']';

    for (size_t i = is_literal; i < host.len - is_literal; i++) {
        uint8_t c = host.bytes[i];
        bool is_dotted = c == '.' && i > 0 && host.bytes[i - 1] != '.';
        if (is_literal ? !is_any_of(c, ".:") && !is_alnum(c)
                       : !is_dotted && !is_alnum(c) && !is_any_of(c, "-_")) {
            return false;
        }
    }
    return host.len > 0;
}

/* mailto:local@domain?headers (RFC 6068, section 2) */
static struct vd_span mail_host(struct vd_span rest)
{
    struct vd_span address = before(rest, "?#");
    size_t at = 0;

    for (size_t i = 0; i < address.len; i++) {
        at = address.bytes[i] == '@' ? i : at;
    }
    return at > 0 ? vd_span_skip(address, at + 1) : (struct vd_span){rest.bytes, 0};
}

/* //user@host:port/path (RFC 3986, section 3.2) */
static struct vd_span authority_host(struct vd_span rest)
{
    if (rest.len < 2 || rest.bytes[0] != '/' || rest.bytes[1] != '/') {
        return (struct vd_span){rest.bytes, 0};
    }
    struct vd_span authority = before(vd_span_skip(rest, 2), "/?#");
    size_t user = vd_span_to(authority, '@');
    if (user < authority.len) {
        authority = vd_span_skip(authority, user + 1);
    }
    if (authority.len > 0 && authority.bytes[0] == '[') {
        size_t close = vd_span_to(authority, ']');
        return (struct vd_span){authority.bytes, close < authority.len ? close + 1 : 0};
    }
    return before(authority, ":");
}

/* 1*DIGIT [ "k" / "m" / "g" / "t" ], in 64 bits (RFC 7489, section 6.4). */
static bool is_size(struct vd_span size)
{
    size_t digits = 0;

    while (digits < size.len && vd_ascii_is_digit(size.bytes[digits])) {
        digits++;
    }
    struct vd_span unit = vd_span_trim(vd_span_skip(size, digits));
    return digits > 0 && digits <= SIZE_DIGITS_MAX &&
           (unit.len == 0 || (unit.len == 1 && is_any_of(vd_ascii_lower(unit.bytes[0]), "kmgt")));
}

enum vd_status vd_uri_next(struct vd_span *list, struct vd_uri *out)
{
    struct vd_span item;

    if (!vd_span_next(list, ',', &item)) {
        return VD_OTHER;
    }
    size_t len = vd_span_to(item, '!');
    struct vd_span size = vd_span_skip(item, len == item.len ? len : len + 1);
    *out = (struct vd_uri){.text = vd_span_trim((struct vd_span){item.bytes, len}),
                           .size = vd_span_trim(size)};
    struct vd_span scheme = {out->text.bytes, vd_span_to(out->text, ':')};
    if (scheme.len == out->text.len || !is_scheme(scheme) || !has_uri_octets(out->text)) {
        return VD_EFORMAT;
    }
    if (len < item.len && !is_size(out->size)) {
        return VD_EFORMAT; /* a "!" of the address itself would be percent-encoded */
    }
    struct vd_span rest = vd_span_skip(out->text, scheme.len + 1);
    bool is_mailto = vd_span_is_word(scheme, "mailto");
    struct vd_span host = is_mailto ? mail_host(rest) : authority_host(rest);
    if (!is_host(host)) {
        return VD_EFORMAT;
    }
    out->scheme = scheme;
    out->host = host;
    out->is_mailto = is_mailto;
    return VD_OK;
}

/* The mailbox and the path keep their case: they may mean it. */
uint32_t vd_uri_hash(const struct vd_uri *uri)
{
    uint32_t hash = VD_HASH_START;
    size_t host = uri->host.len > 0 ? (size_t)(uri->host.bytes - uri->text.bytes) : uri->text.len;

    for (size_t i = 0; i < uri->text.len; i++) {
        uint8_t c = uri->text.bytes[i];
        bool is_caseless = i < uri->scheme.len || (i >= host && i < host + uri->host.len);
        c = is_caseless ? vd_ascii_lower(c) : c;
        hash = vd_hash(hash, &c, 1);
    }
    return hash;
}
