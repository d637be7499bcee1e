/*
 * Domain names.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/name.h"

#include <string.h>

/* The two top bits of a length octet (RFC 1035, section 4.1.4). */
#define LABEL_KIND    0xc0u
#define LABEL_POINTER 0xc0u

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* at: the reader that met the cause. */
static enum vd_status fail(struct vd_reader *reader, const struct vd_reader *at)
{
    reader->has_failed = true;
    reader->is_short = at->is_short;
    return VD_EFORMAT;
}

/* Append one label with its length octet, leaving room for the root. */
static enum vd_status append_label(struct vd_name *name, const uint8_t *label, size_t len)
{
    if (len > VD_LABEL_MAX || name->len + 1u + len > VD_NAME_WIRE_MAX - 1u) {
        return VD_EFORMAT;
    }
    name->wire[name->len] = (uint8_t)len;
    memcpy(name->wire + name->len + 1, label, len);
    name->len = (uint8_t)(name->len + 1u + len);
    return VD_OK;
}

enum vd_status vd_name_read(struct vd_reader *reader, struct vd_name *out)
{
    struct vd_reader at = *reader; /* moves; the caller's reader stays behind the first pointer */
    size_t least = reader->pos;    /* pointers must point below this */
    bool has_jumped = false;

    out->len = 0;
    for (unsigned hops = 0;;) {
        uint8_t first = vd_read_u8(&at);
        if (at.has_failed) {
            return fail(reader, &at);
        }
        if ((first & LABEL_KIND) == LABEL_POINTER) {
            size_t target = (size_t)(first & ~LABEL_KIND) << 8 | vd_read_u8(&at);
            if (at.has_failed || target >= least || ++hops > VD_NAME_HOPS_MAX) {
                return fail(reader, &at);
            }
            if (!has_jumped) {
                reader->pos = at.pos;
                has_jumped = true;
            }
            at.pos = least = target;
            continue;
        }
        if ((first & LABEL_KIND) != 0) {
            return fail(reader, &at); /* 01 and 10 are reserved (RFC 6891, section 5) */
        }
        if (first == 0) {
            break;
        }
        const uint8_t *label = vd_read_span(&at, first);
        if (label == NULL || append_label(out, label, first) != VD_OK) {
            return fail(reader, &at);
        }
    }
    out->wire[out->len++] = 0;
    if (!has_jumped) {
        reader->pos = at.pos;
    }
    return VD_OK;
}

/* One character of a label, escapes undone.  Returns characters eaten, 0 for a bad escape. */
static size_t unescape(const char *text, uint8_t *out)
{
    if (text[0] != '\\') {
        *out = (uint8_t)text[0];
        return 1;
    }
    if (text[1] == '\0') {
        return 0;
    }
    if (text[1] < '0' || text[1] > '9') {
        *out = (uint8_t)text[1];
        return 2;
    }
    unsigned value = 0;
    for (size_t i = 1; i <= 3; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        value = value * 10u + (unsigned)(text[i] - '0');
    }
    if (value > 255u) {
        return 0;
    }
    *out = (uint8_t)value;
    return 4;
}

enum vd_status vd_name_from_text(const char *text, struct vd_name *out)
{
    uint8_t label[VD_LABEL_MAX];
    size_t len = 0;

    out->len = 0;
    if (text[0] == '.' && text[1] == '\0') {
        text++;
    } else if (text[0] == '\0') {
        return VD_EFORMAT;
    }
    while (*text != '\0') {
        if (*text == '.') {
            if (len == 0 || append_label(out, label, len) != VD_OK) {
                return VD_EFORMAT;
            }
            len = 0;
            text++;
            continue;
        }
        if (len == VD_LABEL_MAX) {
            return VD_EFORMAT;
        }
        size_t eaten = unescape(text, &label[len]);
        if (eaten == 0) {
            return VD_EFORMAT;
        }
        text += eaten;
        len++;
    }
    if (len > 0 && append_label(out, label, len) != VD_OK) {
        return VD_EFORMAT;
    }
    out->wire[out->len++] = 0;
    return VD_OK;
}

/* Write one octet of a label; false when there is no room for it and a NUL. */
static bool put_octet(uint8_t c, char *out, size_t cap, size_t *len)
{
    static const char special[] = "\"$().;@\\";
    c = lower(c);
    if (c > ' ' && c < 0x7f) {
        bool has_escape = strchr(special, (char)c) != NULL;
        if (*len + 1u + (has_escape ? 1u : 0u) >= cap) {
            return false;
        }
        if (has_escape) {
            out[(*len)++] = '\\';
        }
        out[(*len)++] = (char)c;
        return true;
    }
    if (*len + 4u >= cap) {
        return false;
    }
    out[(*len)++] = '\\';
    out[(*len)++] = (char)('0' + c / 100);
    out[(*len)++] = (char)('0' + c / 10 % 10);
    out[(*len)++] = (char)('0' + c % 10);
    return true;
}

enum vd_status vd_name_to_text(const struct vd_name *name, char *out, size_t cap)
{
    size_t len = 0;

    if (cap < 2) {
        if (cap == 1) {
            out[0] = '\0';
        }
        return VD_EFULL;
    }
    for (size_t at = 0; at < name->len && name->wire[at] != 0; at += 1u + name->wire[at]) {
        bool is_room = len == 0 || len + 1u < cap;
        if (is_room && len > 0) {
            out[len++] = '.';
        }
        for (size_t i = 1; is_room && i <= name->wire[at]; i++) {
            is_room = put_octet(name->wire[at + i], out, cap, &len);
        }
        if (!is_room) {
            out[0] = '\0';
            return VD_EFULL;
        }
    }
    if (len == 0) {
        out[len++] = '.';
    }
    out[len] = '\0';
    return VD_OK;
}

bool vd_name_is_equal(const struct vd_name *a, const struct vd_name *b)
{
    if (a->len != b->len) {
        return false;
    }
    /* Length octets are below 'A': lowering them changes nothing. */
    for (size_t i = 0; i < a->len; i++) {
        if (lower(a->wire[i]) != lower(b->wire[i])) {
            return false;
        }
    }
    return true;
}

bool vd_name_is_identical(const struct vd_name *a, const struct vd_name *b)
{
    return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}
