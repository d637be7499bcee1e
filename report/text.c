/*
 * Writing text into a buffer of fixed size.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/text.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

void vd_text_start(struct vd_text_writer *w, char *out, size_t cap)
{
    w->out = out;
    w->cap = cap;
    w->len = 0;
    w->is_cut = cap == 0;
    if (cap > 0) {
        out[0] = '\0';
    }
}

static size_t room(const struct vd_text_writer *w)
{
    return w->cap == 0 ? 0 : w->cap - 1 - w->len;
}

/* All of the bytes, or none of them and the text is cut. */
static void put_whole(struct vd_text_writer *w, const char *bytes, size_t len)
{
    if (w->is_cut || len > room(w)) {
        w->is_cut = true;
        return;
    }
    memcpy(w->out + w->len, bytes, len);
    w->len += len;
    w->out[w->len] = '\0';
}

void vd_text_put_span(struct vd_text_writer *w, const char *bytes, size_t len)
{
    size_t fits = vd_text_clamp(bytes, len, w->is_cut ? 0 : room(w));

    if (fits > 0) {
        put_whole(w, bytes, fits);
    }
    w->is_cut = w->is_cut || fits < len;
}

void vd_text_put(struct vd_text_writer *w, const char *text)
{
    vd_text_put_span(w, text, strlen(text));
}

void vd_text_put_char(struct vd_text_writer *w, char c)
{
    put_whole(w, &c, 1);
}

void vd_text_put_unsigned(struct vd_text_writer *w, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value > 0);
    put_whole(w, digits + at, sizeof digits - at);
}

void vd_text_put_hex(struct vd_text_writer *w, uint64_t value, unsigned digits)
{
    char text[16];
    size_t at = sizeof text;

    do {
        text[--at] = hex_digits[value & 15u];
        value >>= 4;
    } while (at > 0 && (value > 0 || sizeof text - at < digits));
    put_whole(w, text + at, sizeof text - at);
}

/* Length that a lead byte announces (RFC 3629, section 3); 0: not a lead byte. */
static size_t utf8_len(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t vd_text_utf8(const char *bytes, size_t len, uint32_t *code_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = len > 0 ? utf8_len((uint8_t)bytes[0]) : 0;
    uint32_t cp;
    size_t i;

    if (n == 0 || n > len) {
        return 0;
    }
    cp = n == 1 ? (uint8_t)bytes[0] : (uint32_t)(uint8_t)bytes[0] & (0x7fu >> n);
    for (i = 1; i < n; i++) {
        if (((uint8_t)bytes[i] & 0xc0u) != 0x80u) {
            return 0;
        }
        cp = cp << 6 | ((uint8_t)bytes[i] & 0x3fu);
    }
    if (cp < least[n] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
        return 0;
    }
    *code_point = cp;
    return n;
}

static bool is_harmful(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f)) {
        return true; /* C0, DEL, C1 */
    }
    if (cp == 0x61c || cp == 0xfeff || (cp >= 0x200e && cp <= 0x200f)) {
        return true; /* direction marks, byte order mark */
    }
    return (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

static void put_byte_as_hex(struct vd_text_writer *w, uint8_t byte, bool is_doubled)
{
    char text[5] = {'\\', '\\', 'x', hex_digits[byte >> 4], hex_digits[byte & 15u]};

    if (is_doubled) {
        put_whole(w, text, 5);
    } else {
        put_whole(w, text + 1, 4);
    }
}

void vd_text_put_safe(struct vd_text_writer *w, const char *bytes, size_t len, const char *escape)
{
    bool is_doubled = escape != NULL && strchr(escape, '\\') != NULL;
    size_t at = 0;

    while (at < len && !w->is_cut) {
        uint32_t cp = 0;
        size_t n = vd_text_utf8(bytes + at, len - at, &cp);

        if (n == 0 || is_harmful(cp)) {
            size_t i;

            for (i = 0; i < (n == 0 ? 1 : n); i++) {
                put_byte_as_hex(w, (uint8_t)bytes[at + i], is_doubled);
            }
        } else if (n == 1 && escape != NULL && strchr(escape, (int)cp) != NULL) {
            char pair[2] = {'\\', bytes[at]};

            put_whole(w, pair, 2);
        } else {
            put_whole(w, bytes + at, n);
        }
        at += n == 0 ? 1 : n;
    }
}

size_t vd_text_clamp(const char *bytes, size_t len, size_t max)
{
    size_t back;

    if (len <= max) {
        return len;
    }
    /* Step back over continuation bytes, at most as many as one character can have. */
    for (back = 0; back < 4 && back < max; back++) {
        if (((uint8_t)bytes[max - back] & 0xc0u) != 0x80u) {
            return max - back;
        }
    }
    return max < 4 && back == max ? 0 : max; /* no character that long: not UTF-8, cut anywhere */
}

uint64_t vd_text_fingerprint(const char *bytes, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t i;

    for (i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)bytes[i]) * 0x100000001b3u;
    }
    return hash;
}
