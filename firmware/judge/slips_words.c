/*
 * Slips: their names, and what to do about each.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/slips.h"

#include <stdio.h>
#include <string.h>

const char *vd_slip_str(uint8_t slip)
{
    static const char *const words[VD_SLIPS_COUNT] = {
        [VD_SLIP_NONE] = "",
        [VD_SLIP_DOUBLED] = "the domain was appended twice",
        [VD_SLIP_WWW] = "it stands under www",
        [VD_SLIP_UNDERSCORE] = "the underscore is missing in its name",
        [VD_SLIP_NO_LABEL] = "it stands at the domain itself",
        [VD_SLIP_LABEL_TWICE] = "a part of its name stands there twice",
        [VD_SLIP_OWN_NAME] = "it stands at a name of its own",
        [VD_SLIP_NO_MIDDLE] = "._domainkey is missing in its name",
        [VD_SLIP_SWAPPED] = "name and target of the CNAME were swapped",
        [VD_SLIP_NO_DOT] = "the target lacks its final dot",
        [VD_SLIP_QUOTED] = "quotes are part of the text",
        [VD_SLIP_TYPOGRAPHIC] = "typographic quotes or other marks are part of the text",
        [VD_SLIP_ESCAPED] = "backslashes are part of the text",
        [VD_SLIP_LINE_BREAK] = "a line break is part of the text",
        [VD_SLIP_SPACES] = "blanks stand where none may be",
        [VD_SLIP_CUT_OFF] = "the key is cut off",
        [VD_SLIP_TWO_RECORDS] = "two records stand where one must",
        [VD_SLIP_PRIORITY] = "the priority is part of the host name",
    };

    return slip < VD_SLIPS_COUNT ? words[slip] : "";
}

static bool has_end(const char *text, size_t len, const char *end)
{
    size_t end_len = strlen(end);

    return len > end_len + 1 && text[len - end_len - 1] == '.' &&
           memcmp(text + len - end_len, end, end_len) == 0;
}

/* What belongs into the host field of a DNS host that appends the domain by itself. */
static const char *host_field(const char *record, const char *domain, char *out, size_t cap)
{
    size_t len = strlen(record);

    if (strcmp(record, domain) == 0) {
        return "@";
    }
    if (!has_end(record, len, domain)) {
        return record;
    }
    size_t kept = len - strlen(domain) - 1;
    int size = snprintf(out, cap, "%.*s", (int)kept, record);
    return size > 0 && (size_t)size < cap ? out : record;
}

/* A format: where it stands, and what belongs into the host field. */
static const char *moved_words(uint8_t slip)
{
    switch (slip) {
    case VD_SLIP_DOUBLED:
        return "your DNS host appends the domain by itself, so the record stands at %.180s: in the "
               "host field type only %.120s";
    case VD_SLIP_SWAPPED:
        return "name and target of the CNAME were swapped, it stands at or below %.180s: in the "
               "host field type %.120s, and as the value what your mail service shows as the value";
    case VD_SLIP_WWW:
        return "the record stands at %.180s; it belongs to the domain without www: in the host "
               "field type %.120s";
    case VD_SLIP_UNDERSCORE:
        return "the record stands at %.180s, where the underscore is missing: in the host field "
               "type %.120s";
    case VD_SLIP_LABEL_TWICE:
        return "the record stands at %.180s, where a part of the name is doubled: in the host "
               "field "
               "type only %.120s";
    default:
        return "the record stands at %.180s, where nobody looks for it: in the host field type "
               "%.120s";
    }
}

static const char *typed_words(uint8_t slip)
{
    switch (slip) {
    case VD_SLIP_QUOTED:
        return "type the value again without any quotes: your DNS host stores them as text";
    case VD_SLIP_TYPOGRAPHIC:
        return "type the value again without the typographic quotes or marks that came with "
               "copying "
               "it, best from a plain text editor";
    case VD_SLIP_ESCAPED:
        return "type the value again with a plain ; and no backslash: your DNS host stores it as "
               "text";
    case VD_SLIP_LINE_BREAK:
        return "type the value again as one line, without line breaks";
    case VD_SLIP_SPACES:
        return "type the value again without the blanks that came with copying it";
    case VD_SLIP_CUT_OFF:
        return "copy the whole key again, down to its end: a value over 255 characters may have to "
               "be split into several quoted strings";
    case VD_SLIP_TWO_RECORDS:
        return "keep one record and remove the other";
    default:
        return "";
    }
}

const char *vd_slip_advice(uint8_t slip, const char *record, const char *domain, const char *where,
                           char *out)
{
    char host[VD_DOMAIN_TEXT_MAX];
    const char *field = host_field(record, domain, host, sizeof host);
    const char *target = where[0] != '\0' ? where : "the target";

    out[0] = '\0';
    if (slip >= VD_SLIP_DOUBLED && slip <= VD_SLIP_SWAPPED) {
        snprintf(out, VD_SLIP_ADVICE_MAX, moved_words(slip), where, field);
    } else if (slip == VD_SLIP_NO_DOT) {
        snprintf(out, VD_SLIP_ADVICE_MAX,
                 "your DNS host appended the domain to the value (%.180s): type the target with a "
                 "dot at its end",
                 target);
    } else if (slip == VD_SLIP_PRIORITY) {
        snprintf(out, VD_SLIP_ADVICE_MAX,
                 "the priority is part of the host name (%.180s): type the number into the field "
                 "for the priority, and only the host into the value",
                 target);
    } else {
        snprintf(out, VD_SLIP_ADVICE_MAX, "%s", typed_words(slip));
    }
    return out;
}
