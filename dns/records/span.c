/*
 * Runs of octets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/span.h"

#include <string.h>

uint8_t vd_ascii_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool vd_ascii_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool vd_ascii_is_alpha(uint8_t c)
{
    return vd_ascii_lower(c) >= 'a' && vd_ascii_lower(c) <= 'z';
}

bool vd_span_is_word(struct vd_span span, const char *word)
{
    if (span.len != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < span.len; i++) {
        if (vd_ascii_lower(span.bytes[i]) != (uint8_t)word[i]) {
            return false;
        }
    }
    return true;
}

bool vd_span_is_exactly(struct vd_span span, const char *word)
{
    return span.len == strlen(word) && (span.len == 0 || memcmp(span.bytes, word, span.len) == 0);
}

struct vd_span vd_span_skip(struct vd_span span, size_t count)
{
    if (count == 0) {
        return span;
    }
    return (struct vd_span){span.bytes + count, span.len - count};
}

size_t vd_span_to(struct vd_span span, uint8_t c)
{
    size_t len = 0;

    while (len < span.len && span.bytes[len] != c) {
        len++;
    }
    return len;
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct vd_span vd_span_trim(struct vd_span span)
{
    while (span.len > 0 && is_blank(span.bytes[0])) {
        span = vd_span_skip(span, 1);
    }
    while (span.len > 0 && is_blank(span.bytes[span.len - 1])) {
        span.len--;
    }
    return span;
}

bool vd_span_next(struct vd_span *list, uint8_t separator, struct vd_span *item)
{
    if (list->bytes == NULL) {
        return false;
    }
    size_t len = vd_span_to(*list, separator);

    *item = (struct vd_span){list->bytes, len};
    if (len == list->len) {
        *list = (struct vd_span){NULL, 0};
    } else {
        *list = vd_span_skip(*list, len + 1);
    }
    return true;
}

uint32_t vd_hash(uint32_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    return hash;
}
