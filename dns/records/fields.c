/*
 * Fields of MTA-STS and TLS-RPT records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/fields.h"

#include <string.h>

#define NAME_LEN_MAX 32u /* sts-ext-name, tlsrpt-ext-name */

/* *WSP */
static struct vd_span skip_blanks(struct vd_span text)
{
    while (text.len > 0 && (text.bytes[0] == ' ' || text.bytes[0] == '\t')) {
        text = vd_span_skip(text, 1);
    }
    return text;
}

bool vd_fields_start(struct vd_span text, const char *version, struct vd_span *rest)
{
    size_t len = strlen(version);

    if (text.len < len || !vd_span_is_exactly((struct vd_span){text.bytes, len}, version)) {
        return false;
    }
    text = skip_blanks(vd_span_skip(text, len));
    if (text.len == 0 || text.bytes[0] != ';') {
        return false;
    }
    *rest = skip_blanks(vd_span_skip(text, 1));
    return true;
}

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
static bool is_name(struct vd_span name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.bytes[i];
        bool is_inner = i > 0 && (c == '_' || c == '-' || c == '.');
        if (!vd_ascii_is_alpha(c) && !vd_ascii_is_digit(c) && !is_inner) {
            return false;
        }
    }
    return name.len > 0 && name.len <= NAME_LEN_MAX;
}

enum vd_status vd_fields_next(struct vd_span *rest, struct vd_field *out)
{
    if (rest->len == 0) {
        return VD_OTHER;
    }
    size_t len = vd_span_to(*rest, ';');
    struct vd_span field = {rest->bytes, len};
    bool is_last = len == rest->len;
    *rest = skip_blanks(vd_span_skip(*rest, is_last ? len : len + 1));
    while (!is_last && field.len > 0 &&
           (field.bytes[field.len - 1] == ' ' || field.bytes[field.len - 1] == '\t')) {
        field.len--; /* blanks belong to the semicolon; where there is none, to nothing */
    }
    len = vd_span_to(field, '=');
    out->name = (struct vd_span){field.bytes, len};
    if (len == field.len || len + 1 == field.len || !is_name(out->name)) {
        return VD_EFORMAT;
    }
    out->value = vd_span_skip(field, len + 1);
    return VD_OK;
}

bool vd_fields_is_value(struct vd_span value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.bytes[i];
        if (c <= ' ' || c > 0x7e || c == '=' || c == ';') {
            return false;
        }
    }
    return value.len > 0;
}
