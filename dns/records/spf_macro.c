/*
 * Macros and domain-specs of SPF.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/spf_macro.h"

#include "dns/name.h"

#include <string.h>

static const char fault_missing[] = "the domain is missing";
static const char fault_domain[] = "not a domain";
static const char fault_macro[] = "a macro that SPF does not know";

/* ---- macros (RFC 7208, section 7.1) ------------------------------------------------------ */

static const char letters[] = "slodipvh"; /* enum vd_spf_letter */

/* A macro-expand taken apart: "%{d2r.-}". */
struct macro {
    uint8_t letter;  /* enum vd_spf_letter; VD_SPF_LETTERS for %%, %_ and %- */
    uint8_t parts;   /* 0: all; labels kept on the right, at most 128 */
    bool is_escaped; /* written in upper case: URL escapes (section 7.3) */
    bool is_reversed;
    struct vd_span delimiters; /* empty: "." */
    size_t len;
};

static bool is_delimiter(uint8_t c)
{
    return c != '\0' && strchr(".-+,/_=", c) != NULL;
}

/* The digits of a transformer.  false: a zero, which section 7.3 forbids. */
static bool read_parts(struct vd_span text, size_t *pos, uint8_t *parts)
{
    unsigned value = 0;
    size_t start = *pos;

    for (; *pos < text.len && vd_ascii_is_digit(text.bytes[*pos]); (*pos)++) {
        value = value * 10u + (unsigned)(text.bytes[*pos] - '0');
        value = value > 128u ? 128u : value; /* more labels than a name can have */
    }
    *parts = (uint8_t)value;
    return *pos == start || value > 0;
}

/* Read the macro-expand that text begins with (section 7.1). */
static bool read_macro(struct vd_span text, struct macro *out)
{
    size_t pos = 3;

    *out = (struct macro){.letter = VD_SPF_LETTERS, .len = 2};
    if (text.len < 2) {
        return false;
    }
    if (text.bytes[1] != '{') {
        return text.bytes[1] == '%' || text.bytes[1] == '_' || text.bytes[1] == '-';
    }
    if (text.len < 4) {
        return false;
    }
    uint8_t letter = vd_ascii_lower(text.bytes[2]);
    const char *place = strchr(letters, letter);
    if (letter == '\0' || place == NULL) {
        return false; /* c, r and t: in the text of exp= only (section 7.2) */
    }
    out->letter = (uint8_t)(place - letters);
    out->is_escaped = letter != text.bytes[2];
    if (!read_parts(text, &pos, &out->parts)) {
        return false;
    }
    if (pos < text.len && vd_ascii_lower(text.bytes[pos]) == 'r') {
        out->is_reversed = true;
        pos++;
    }
    out->delimiters.bytes = text.bytes + pos;
    for (; pos < text.len && is_delimiter(text.bytes[pos]); pos++) {
        out->delimiters.len++;
    }
    out->len = pos + 1;
    return pos < text.len && text.bytes[pos] == '}';
}

/* Check a macro-string.  *tail: where the literals behind its last macro begin. */
static const char *check_macros(struct vd_span text, size_t *tail)
{
    *tail = 0;
    for (size_t pos = 0; pos < text.len;) {
        struct macro macro;
        if (text.bytes[pos] != '%') {
            pos++;
            continue;
        }
        if (!read_macro(vd_span_skip(text, pos), &macro)) {
            return fault_macro;
        }
        pos += macro.len;
        *tail = pos;
    }
    return NULL;
}

/* toplabel: letters, digits, inner hyphens; not digits alone (section 7.1). */
static bool is_toplabel(struct vd_span text)
{
    bool is_number = true;

    if (text.len == 0 || text.bytes[0] == '-' || text.bytes[text.len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!vd_ascii_is_digit(text.bytes[i]) && !vd_ascii_is_alpha(text.bytes[i]) &&
            text.bytes[i] != '-') {
            return false;
        }
        is_number = is_number && vd_ascii_is_digit(text.bytes[i]);
    }
    return !is_number;
}

const char *vd_spf_macro_fault(struct vd_span text)
{
    size_t tail;

    return check_macros(text, &tail);
}

const char *vd_spf_domain_fault(struct vd_span text)
{
    size_t tail;
    const char *fault = check_macros(text, &tail);

    if (text.len == 0) {
        return fault_missing;
    }
    if (fault != NULL || tail == text.len) {
        return fault; /* it ends in a macro: good */
    }
    if (text.bytes[text.len - 1] == '.') {
        text.len--;
    }
    size_t start = text.len;
    while (start > tail && text.bytes[start - 1] != '.') {
        start--;
    }
    return start > tail && is_toplabel(vd_span_skip(text, start)) ? NULL : fault_domain;
}

/* ---- names ------------------------------------------------------------------------------- */

/* Octets of a name that grows at its right end; on its left, labels may have been cut. */
struct growing {
    uint8_t octets[2 * VD_NAME_WIRE_MAX];
    size_t len;
    bool has_failed; /* one label alone is longer than all of octets */
};

/* Cut whole labels from the left until at most max octets are left, or one label (section 7.3). */
static void cut_left(struct growing *name, size_t max)
{
    struct vd_span rest = {name->octets, name->len};

    while (rest.len > max) {
        size_t label = vd_span_to(rest, '.');
        if (label == rest.len) {
            break;
        }
        rest = vd_span_skip(rest, label + 1);
    }
    memmove(name->octets, rest.bytes, rest.len);
    name->len = rest.len;
}

static void grow(struct growing *name, const uint8_t *octets, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (name->len == sizeof name->octets) { /* what is cut now would be cut at the end too */
            cut_left(name, VD_NAME_WIRE_MAX);
        }
        if (name->len == sizeof name->octets) {
            name->has_failed = true;
            return;
        }
        name->octets[name->len++] = octets[i];
    }
}

static bool is_between(uint8_t c, struct vd_span delimiters)
{
    return memchr(delimiters.bytes, c, delimiters.len) != NULL;
}

/* Take the first or the last part off a domain with delimiters; false: none is left. */
static bool take_part(struct vd_span *rest, struct vd_span delimiters, bool is_last,
                      struct vd_span *part)
{
    size_t len = 0;

    if (rest->bytes == NULL) {
        return false;
    }
    while (len < rest->len &&
           !is_between(rest->bytes[is_last ? rest->len - 1 - len : len], delimiters)) {
        len++;
    }
    *part = (struct vd_span){rest->bytes + (is_last ? rest->len - len : 0), len};
    if (len == rest->len) {
        *rest = (struct vd_span){NULL, 0};
    } else {
        rest->bytes += is_last ? 0 : len + 1;
        rest->len -= len + 1;
    }
    return true;
}

/* unreserved (RFC 3986, section 2.3) */
static bool is_unreserved(uint8_t c)
{
    return vd_ascii_is_alpha(c) || vd_ascii_is_digit(c) || (c != '\0' && strchr("-._~", c) != NULL);
}

static void grow_escaped(struct growing *name, struct vd_span part)
{
    static const char hex[] = "0123456789ABCDEF";

    for (size_t i = 0; i < part.len; i++) {
        uint8_t c = part.bytes[i];
        uint8_t escape[] = {'%', (uint8_t)hex[c >> 4], (uint8_t)hex[c & 15u]};
        if (is_unreserved(c)) {
            grow(name, &c, 1);
        } else {
            grow(name, escape, sizeof escape);
        }
    }
}

/*
 * A value with its transformers: split at the delimiters, reversed, the last parts of it, joined
 * with dots (section 7.3).
 */
static void grow_value(struct growing *name, const struct macro *macro, struct vd_span value)
{
    static const uint8_t dot[] = {'.'};
    struct vd_span delimiters =
        macro->delimiters.len > 0 ? macro->delimiters : (struct vd_span){dot, 1};
    struct vd_span part;
    size_t count = 1;

    for (size_t i = 0; i < value.len; i++) {
        count += is_between(value.bytes[i], delimiters);
    }
    size_t dropped = macro->parts == 0 || macro->parts > count ? 0 : count - macro->parts;
    for (size_t i = 0; take_part(&value, delimiters, macro->is_reversed, &part); i++) {
        if (i < dropped) {
            continue;
        }
        grow(name, dot, i > dropped ? 1 : 0);
        if (macro->is_escaped) {
            grow_escaped(name, part);
        } else {
            grow(name, part.bytes, part.len);
        }
    }
}

/* A name's octets with dots between the labels.  Returns their number, 0 for no name. */
static size_t name_octets(const char *text, uint8_t out[VD_NAME_WIRE_MAX])
{
    struct vd_name name;
    size_t len = 0;

    if (vd_name_from_text(text, &name) != VD_OK) {
        return 0;
    }
    for (size_t at = 0; name.wire[at] != 0; at += 1u + name.wire[at]) {
        if (len > 0) {
            out[len++] = '.';
        }
        memcpy(out + len, name.wire + at + 1, name.wire[at]);
        len += name.wire[at];
    }
    return len;
}

/* Octets of one letter's value; a name's are put into room. */
static enum vd_status value_octets(const struct vd_spf_values *values, unsigned letter,
                                   uint8_t room[VD_NAME_WIRE_MAX], struct vd_span *out)
{
    *out = values->of[letter];
    if (out->bytes == NULL) {
        return VD_OTHER;
    }
    if ((values->names >> letter & 1u) != 0) {
        *out = (struct vd_span){room, name_octets((const char *)out->bytes, room)};
        return out->len > 0 ? VD_OK : VD_EFORMAT;
    }
    return VD_OK;
}

/* <sender> where only its two parts are known. */
static enum vd_status sender_octets(const struct vd_spf_values *values,
                                    uint8_t room[VD_SPF_LOCAL_MAX + 1 + VD_NAME_WIRE_MAX],
                                    struct vd_span *out)
{
    struct vd_span local = values->of[VD_SPF_LETTER_L];
    struct vd_span domain;

    if (local.bytes == NULL || local.len > VD_SPF_LOCAL_MAX) {
        return local.bytes == NULL ? VD_OTHER : VD_EFULL;
    }
    enum vd_status status =
        value_octets(values, VD_SPF_LETTER_O, room + VD_SPF_LOCAL_MAX + 1, &domain);
    if (status != VD_OK || domain.len > VD_NAME_WIRE_MAX) {
        return status != VD_OK ? status : VD_EFORMAT;
    }
    memmove(room + local.len + 1, domain.bytes, domain.len);
    memcpy(room, local.bytes, local.len);
    room[local.len] = '@';
    *out = (struct vd_span){room, local.len + 1 + domain.len};
    return VD_OK;
}

/* sign: the character behind the '%'. */
static enum vd_status grow_macro(struct growing *name, const struct macro *macro, uint8_t sign,
                                 const struct vd_spf_values *values)
{
    static const uint8_t url_space[] = {'%', '2', '0'};
    static const uint8_t space[] = {' '};
    uint8_t room[VD_SPF_LOCAL_MAX + 1 + VD_NAME_WIRE_MAX];
    struct vd_span value;
    enum vd_status status;

    if (macro->letter == VD_SPF_LETTERS) {
        grow(name, sign == '_' ? space : url_space, sign == '-' ? sizeof url_space : 1);
        return VD_OK;
    }
    if (macro->letter == VD_SPF_LETTER_S && values->of[VD_SPF_LETTER_S].bytes == NULL) {
        status = sender_octets(values, room, &value);
    } else {
        status = value_octets(values, macro->letter, room, &value);
    }
    if (status == VD_OK) {
        grow_value(name, macro, value);
    }
    return status;
}

/* Octets with dots to a name; a dot at the end is allowed. */
static enum vd_status finish_name(struct growing *grown, struct vd_name *out)
{
    struct vd_span rest;
    struct vd_span label;

    if (grown->len > 0 && grown->octets[grown->len - 1] == '.') {
        grown->len--;
    }
    cut_left(grown, VD_NAME_WIRE_MAX - 2u);
    if (grown->has_failed || grown->len > VD_NAME_WIRE_MAX - 2u) {
        return VD_EFORMAT;
    }
    out->len = 0;
    rest = (struct vd_span){grown->octets, grown->len};
    while (vd_span_next(&rest, '.', &label)) {
        if (label.len == 0 || label.len > VD_LABEL_MAX) {
            return VD_EFORMAT;
        }
        out->wire[out->len++] = (uint8_t)label.len;
        memcpy(out->wire + out->len, label.bytes, label.len);
        out->len = (uint8_t)(out->len + label.len);
    }
    out->wire[out->len++] = 0;
    return VD_OK;
}

/* Literals and macros to octets.  VD_EFULL: more macros than anybody needs, or we fill in. */
static enum vd_status grow_all(struct vd_span text, const struct vd_spf_values *values,
                               struct growing *out)
{
    unsigned macros = 0;

    while (text.len > 0) {
        struct macro macro;
        size_t literals = vd_span_to(text, '%');
        grow(out, text.bytes, literals);
        text = vd_span_skip(text, literals);
        if (text.len == 0) {
            break;
        }
        if (!read_macro(text, &macro)) {
            return VD_EFORMAT;
        }
        if (++macros > VD_SPF_MACROS_MAX) {
            return VD_EFULL;
        }
        enum vd_status status = grow_macro(out, &macro, text.bytes[1], values);
        if (status != VD_OK) {
            return status;
        }
        text = vd_span_skip(text, macro.len);
    }
    return VD_OK;
}

void vd_spf_value_name(struct vd_spf_values *values, enum vd_spf_letter letter, const char *name)
{
    values->of[letter] = (struct vd_span){(const uint8_t *)name, name == NULL ? 0 : strlen(name)};
    values->names = (uint8_t)(values->names | 1u << letter);
}

static size_t put_decimal(char *out, unsigned value)
{
    size_t len = value >= 100u ? 3 : value >= 10u ? 2 : 1;

    for (size_t i = len; i-- > 0; value /= 10u) {
        out[i] = (char)('0' + value % 10u);
    }
    return len;
}

static struct vd_span octets_of(const char *text)
{
    return (struct vd_span){(const uint8_t *)text, strlen(text)};
}

void vd_spf_value_address(struct vd_spf_values *values, const uint8_t *address, bool is_ip6,
                          char dotted[VD_SPF_DOTTED_MAX])
{
    static const char hex[] = "0123456789abcdef";
    size_t len = 0;

    for (size_t i = 0; i < (is_ip6 ? 16u : 4u); i++) {
        if (i > 0) {
            dotted[len++] = '.';
        }
        if (is_ip6) { /* section 7.3 */
            dotted[len++] = hex[address[i] >> 4];
            dotted[len++] = '.';
            dotted[len++] = hex[address[i] & 15u];
        } else {
            len += put_decimal(dotted + len, address[i]);
        }
    }
    dotted[len] = '\0';
    values->of[VD_SPF_LETTER_I] = octets_of(dotted);
    values->of[VD_SPF_LETTER_V] = octets_of(is_ip6 ? "ip6" : "in-addr");
}

void vd_spf_value_sender(struct vd_spf_values *values, const char *sender, const char *domain)
{
    const char *at = strrchr(sender, '@');

    if (sender[0] == '\0') {
        vd_spf_value_name(values, VD_SPF_LETTER_O, domain);
    } else {
        values->of[VD_SPF_LETTER_O] = octets_of(at == NULL ? sender : at + 1);
    }
    if (at == NULL || at == sender) {
        values->of[VD_SPF_LETTER_L] = octets_of("postmaster");
        return; /* S is put together */
    }
    values->of[VD_SPF_LETTER_L] = (struct vd_span){(const uint8_t *)sender, (size_t)(at - sender)};
    values->of[VD_SPF_LETTER_S] = octets_of(sender);
}

enum vd_status vd_spf_macro_expand(struct vd_span text, const struct vd_spf_values *values,
                                   char *out, size_t cap)
{
    struct growing grown = {.len = 0};
    struct vd_name name;
    enum vd_status status = grow_all(text, values, &grown);

    if (cap > 0) {
        out[0] = '\0';
    }
    if (status == VD_OK) {
        status = finish_name(&grown, &name);
    }
    return status == VD_OK ? vd_name_to_text(&name, out, cap) : status;
}
