/*
 * Lists of tags.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/tags.h"

#include <string.h>

static size_t skip_blanks(struct vd_span text, size_t pos)
{
    while (pos < text.len && (text.bytes[pos] == ' ' || text.bytes[pos] == '\t')) {
        pos++;
    }
    return pos;
}

bool vd_tags_is_version(struct vd_span text, const char *version)
{
    size_t version_len = strlen(version);

    if (text.len == 0 || vd_ascii_lower(text.bytes[0]) != 'v') {
        return false;
    }
    size_t pos = skip_blanks(text, 1);
    if (pos == text.len || text.bytes[pos] != '=') {
        return false;
    }
    pos = skip_blanks(text, pos + 1);
    if (text.len - pos < version_len ||
        !vd_span_is_exactly((struct vd_span){text.bytes + pos, version_len}, version)) {
        return false;
    }
    pos = skip_blanks(text, pos + version_len);
    return pos == text.len || text.bytes[pos] == ';';
}

void vd_tags_start(struct vd_tags *tags, struct vd_span text)
{
    tags->rest = text;
    tags->is_over = text.len == 0;
}

/* tag-name = ALPHA *( ALPHA / DIGIT / "_" )  (RFC 6376, section 3.2) */
static bool is_tag_name(struct vd_span name)
{
    if (name.len == 0 || !vd_ascii_is_alpha(name.bytes[0])) {
        return false;
    }
    for (size_t i = 1; i < name.len; i++) {
        if (!vd_ascii_is_alpha(name.bytes[i]) && !vd_ascii_is_digit(name.bytes[i]) &&
            name.bytes[i] != '_') {
            return false;
        }
    }
    return true;
}

static void read_tag(struct vd_span segment, struct vd_tag *out)
{
    size_t len = vd_span_to(segment, '=');

    *out = (struct vd_tag){.name = segment, .value = {segment.bytes + segment.len, 0}};
    if (len == segment.len) {
        return;
    }
    struct vd_span name = vd_span_trim((struct vd_span){segment.bytes, len});
    if (is_tag_name(name)) {
        out->name = name;
        out->value = vd_span_trim(vd_span_skip(segment, len + 1));
        out->is_well_formed = true;
    }
}

bool vd_tags_next(struct vd_tags *tags, struct vd_tag *out)
{
    while (!tags->is_over) {
        size_t len = vd_span_to(tags->rest, ';');
        struct vd_span segment = vd_span_trim((struct vd_span){tags->rest.bytes, len});
        tags->is_over = len == tags->rest.len;
        tags->rest = vd_span_skip(tags->rest, tags->is_over ? len : len + 1);
        if (segment.len > 0) {
            read_tag(segment, out);
            return true;
        }
    }
    return false;
}
