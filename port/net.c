/*
 * Addresses as text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_net.h"

#include <string.h>

bool vd_endpoint_is_equal(const struct vd_endpoint *a, const struct vd_endpoint *b)
{
    size_t len = a->family == VD_FAMILY_IP4 ? 4 : 16;
    return a->family == b->family && a->port == b->port && memcmp(a->addr, b->addr, len) == 0;
}

/* Decimal number up to max, without a leading zero.  Returns characters eaten, 0: none. */
static size_t read_number(const char *text, size_t len, unsigned max, unsigned *out)
{
    unsigned value = 0;
    size_t i = 0;

    for (; i < len && text[i] >= '0' && text[i] <= '9'; i++) {
        value = value * 10u + (unsigned)(text[i] - '0');
        if (value > max || (i > 0 && text[0] == '0')) {
            return 0;
        }
    }
    *out = value;
    return i;
}

/* "192.0.2.1" in full.  Returns characters eaten, 0: no such address. */
static size_t read_ip4(const char *text, size_t len, uint8_t *addr)
{
    size_t at = 0;

    for (size_t i = 0; i < 4; i++) {
        unsigned octet;
        if (i > 0 && (at >= len || text[at++] != '.')) {
            return 0;
        }
        size_t eaten = read_number(text + at, len - at, 255, &octet);
        if (eaten == 0) {
            return 0;
        }
        addr[i] = (uint8_t)octet;
        at += eaten;
    }
    return at;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One group of an IPv6 address.  Returns characters eaten, 0: none. */
static size_t read_group(const char *text, size_t len, uint8_t *out)
{
    unsigned value = 0;
    size_t i = 0;

    for (; i < len && i < 5 && hex_value(text[i]) >= 0; i++) {
        value = value << 4 | (unsigned)hex_value(text[i]);
    }
    if (i > 4) {
        return 0;
    }
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return i;
}

/* All of text as an IPv6 address (RFC 4291, section 2.2). */
static enum vd_status read_ip6(const char *text, size_t len, uint8_t *addr)
{
    uint8_t groups[16];
    size_t filled = 0;
    size_t gap = SIZE_MAX; /* where "::" stands, in octets */
    size_t at = 0;

    if (len >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        at = 2;
    }
    while (at < len) {
        size_t eaten;
        if (filled <= 12 && memchr(text + at, ':', len - at) == NULL &&
            (eaten = read_ip4(text + at, len - at, groups + filled)) == len - at) {
            filled += 4;
            at = len;
            break;
        }
        if (filled > 14 || (eaten = read_group(text + at, len - at, groups + filled)) == 0) {
            return VD_EFORMAT;
        }
        filled += 2;
        at += eaten;
        if (at == len) {
            break;
        }
        if (text[at++] != ':' || at == len) {
            return VD_EFORMAT;
        }
        if (text[at] == ':') {
            if (gap != SIZE_MAX) {
                return VD_EFORMAT;
            }
            gap = filled;
            at++;
        }
    }
    if (gap == SIZE_MAX ? filled != 16 : filled > 14) {
        return VD_EFORMAT;
    }
    memset(addr, 0, 16);
    size_t head = gap == SIZE_MAX ? 16 : gap;
    memcpy(addr, groups, head);
    memcpy(addr + 16 - (filled - head), groups + head, filled - head);
    return VD_OK;
}

/* ":5353" or nothing. */
static enum vd_status read_port(const char *text, size_t len, uint16_t *port)
{
    unsigned value;

    if (len == 0) {
        return VD_OK;
    }
    if (text[0] != ':' || len < 2 || read_number(text + 1, len - 1, 65535, &value) != len - 1 ||
        value == 0) {
        return VD_EFORMAT;
    }
    *port = (uint16_t)value;
    return VD_OK;
}

enum vd_status vd_endpoint_parse(const char *text, size_t len, uint16_t default_port,
                                 struct vd_endpoint *out)
{
    struct vd_endpoint at = {.port = default_port};
    enum vd_status status;

    size_t eaten = read_ip4(text, len, at.addr);
    if (eaten > 0) {
        at.family = VD_FAMILY_IP4;
        status = read_port(text + eaten, len - eaten, &at.port);
    } else if (len > 0 && text[0] == '[') {
        const char *end = memchr(text, ']', len);
        if (end == NULL) {
            return VD_EFORMAT;
        }
        size_t inside = (size_t)(end - text) - 1;
        at.family = VD_FAMILY_IP6;
        status = read_ip6(text + 1, inside, at.addr);
        if (status == VD_OK) {
            status = read_port(end + 1, len - inside - 2, &at.port);
        }
    } else {
        at.family = VD_FAMILY_IP6;
        status = len == 0 ? VD_EFORMAT : read_ip6(text, len, at.addr);
    }
    if (status == VD_OK) {
        *out = at;
    }
    return status;
}

static char *put_number(char *out, unsigned value)
{
    char digits[5];
    size_t n = 0;

    do {
        digits[n++] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    while (n > 0) {
        *out++ = digits[--n];
    }
    return out;
}

static char *put_group(char *out, unsigned value)
{
    static const char hex[] = "0123456789abcdef";
    bool has_started = false;

    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = value >> shift & 0xfu;
        has_started |= digit != 0 || shift == 0;
        if (has_started) {
            *out++ = hex[digit];
        }
    }
    return out;
}

/* The longest run of zero groups, at least two long (RFC 5952, section 4.2). */
static void find_gap(const uint8_t *addr, unsigned *start, unsigned *count)
{
    *start = 8;
    *count = 1;
    for (unsigned i = 0; i < 8;) {
        unsigned n = 0;
        while (i + n < 8 && addr[2 * (i + n)] == 0 && addr[2 * (i + n) + 1] == 0) {
            n++;
        }
        if (n > *count) {
            *start = i;
            *count = n;
        }
        i += n + 1;
    }
}

static char *put_ip6(char *out, const uint8_t *addr)
{
    unsigned gap, gap_len;

    find_gap(addr, &gap, &gap_len);
    for (unsigned i = 0; i < 8; i++) {
        if (i == gap) {
            *out++ = ':';
            *out++ = ':';
            i += gap_len - 1;
            continue;
        }
        if (i > 0 && i != gap + gap_len) {
            *out++ = ':';
        }
        out = put_group(out, (unsigned)addr[2 * i] << 8 | addr[2 * i + 1]);
    }
    return out;
}

char *vd_endpoint_text(const struct vd_endpoint *at, bool with_port, char *out)
{
    char *p = out;

    if (at->family == VD_FAMILY_IP4) {
        for (unsigned i = 0; i < 4; i++) {
            if (i > 0) {
                *p++ = '.';
            }
            p = put_number(p, at->addr[i]);
        }
    } else if (at->family == VD_FAMILY_IP6) {
        if (with_port) {
            *p++ = '[';
        }
        p = put_ip6(p, at->addr);
        if (with_port) {
            *p++ = ']';
        }
    } else {
        *p++ = '-';
        with_port = false;
    }
    if (with_port) {
        *p++ = ':';
        p = put_number(p, at->port);
    }
    *p = '\0';
    return out;
}
