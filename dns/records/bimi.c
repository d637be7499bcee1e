/*
 * BIMI records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/bimi.h"

#include "dns/records/tags.h"
#include "dns/records/uri.h"

#define PREFIX_LEN_MAX 63u /* one item of lps= */

enum known_tag { TAG_V, TAG_L, TAG_A, TAG_AVP, TAG_LPS, TAGS_KNOWN };

static enum known_tag find_tag(struct vd_span name)
{
    static const char *const names[TAGS_KNOWN] = {"v", "l", "a", "avp", "lps"};
    unsigned tag = 0;

    while (tag < TAGS_KNOWN && !vd_span_is_word(name, names[tag])) {
        tag++;
    }
    return (enum known_tag)tag;
}

/* Nothing, or one https: address. */
static bool is_location(struct vd_span value)
{
    struct vd_uri uri;

    return value.len == 0 || (vd_uri_next(&value, &uri) == VD_OK && value.bytes == NULL &&
                              uri.size.len == 0 && vd_span_is_word(uri.scheme, "https"));
}

/* Fronts of local parts, separated by commas: letters, digits and hyphens each. */
static bool is_prefix_list(struct vd_span value)
{
    struct vd_span item;

    if (value.len == 0) {
        return true; /* any local part */
    }
    while (vd_span_next(&value, ',', &item)) {
        item = vd_span_trim(item);
        for (size_t i = 0; i < item.len; i++) {
            if (!vd_ascii_is_alpha(item.bytes[i]) && !vd_ascii_is_digit(item.bytes[i]) &&
                item.bytes[i] != '-') {
                return false;
            }
        }
        if (item.len == 0 || item.len > PREFIX_LEN_MAX) {
            return false;
        }
    }
    return true;
}

static const char *check_value(enum known_tag tag, struct vd_span value)
{
    switch (tag) {
    case TAG_L:
        return is_location(value) ? NULL : "l= is no https: address";
    case TAG_A:
        return is_location(value) ? NULL : "a= is no https: address";
    case TAG_AVP:
        return vd_span_is_word(value, "brand") || vd_span_is_word(value, "personal")
                   ? NULL
                   : "avp= is neither brand nor personal";
    case TAG_LPS:
        return is_prefix_list(value) ? NULL : "lps= is no list of fronts of local parts";
    default:
        return NULL; /* unknown ones are ignored */
    }
}

/* What is wrong, or NULL. */
static const char *read_tags(struct vd_span text, struct vd_span values[TAGS_KNOWN])
{
    struct vd_tags tags;
    struct vd_tag tag;

    vd_tags_start(&tags, text);
    while (vd_tags_next(&tags, &tag)) {
        if (!tag.is_well_formed) {
            return "a part that is no tag=value";
        }
        enum known_tag known = find_tag(tag.name);
        if (known == TAGS_KNOWN) {
            continue;
        }
        if (values[known].bytes != NULL) {
            return "a tag is written twice";
        }
        values[known] = tag.value;
        const char *fault = check_value(known, tag.value);
        if (fault != NULL) {
            return fault;
        }
    }
    return NULL;
}

enum vd_status vd_bimi_parse(struct vd_span text, struct vd_bimi *out)
{
    struct vd_span values[TAGS_KNOWN] = {{NULL, 0}};

    if (!vd_tags_is_version(text, "BIMI1")) {
        return VD_OTHER;
    }
    const char *fault = read_tags(text, values);
    bool is_empty = true;
    for (unsigned tag = TAG_L; tag < TAGS_KNOWN; tag++) {
        is_empty = is_empty && values[tag].bytes == NULL;
    }
    if (fault == NULL && is_empty) {
        fault = "nothing stands behind the version";
    }
    *out = (struct vd_bimi){
        .location = values[TAG_L], .authority = values[TAG_A], .fault = fault == NULL ? "" : fault};
    out->is_refusal = fault == NULL && values[TAG_L].bytes != NULL && values[TAG_L].len == 0 &&
                      values[TAG_A].len == 0;
    return VD_OK;
}
