/*
 * DKIM key records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dkim.h"

#include "dns/records/key.h"
#include "dns/records/tags.h"

#define ED25519_OCTETS 32u /* the raw key, no DER around it (RFC 8463, section 4.2) */

/* Tags that are compared when looking for one written twice; more of them are no key record. */
#define TAGS_COMPARED_MAX 64u

enum known_tag { TAG_V, TAG_P, TAG_K, TAG_H, TAG_S, TAG_T, TAGS_KNOWN };

static const char *const tag_names[TAGS_KNOWN] = {"v", "p", "k", "h", "s", "t"};

/* Which of the known tags, or TAGS_KNOWN.  Names are case-sensitive (RFC 6376, section 3.2). */
static enum known_tag find_tag(struct vd_span name)
{
    unsigned tag = 0;

    while (tag < TAGS_KNOWN && !vd_span_is_exactly(name, tag_names[tag])) {
        tag++;
    }
    return (enum known_tag)tag;
}

/* "DKIM1", but also "dkim1" or "DKIM2": somebody meant a key record. */
static bool is_meant_as_version(struct vd_span value)
{
    return value.len >= 4 && vd_span_is_word((struct vd_span){value.bytes, 4}, "dkim");
}

/* v= is optional, so p= alone makes a key record; a v= of something else makes none. */
static bool is_key_record(struct vd_span text)
{
    struct vd_tags tags;
    struct vd_tag tag;
    bool is_key = false;

    vd_tags_start(&tags, text);
    while (vd_tags_next(&tags, &tag)) {
        if (!tag.is_well_formed) {
            continue;
        }
        if (find_tag(tag.name) == TAG_V) {
            return is_meant_as_version(tag.value);
        }
        is_key = is_key || find_tag(tag.name) == TAG_P;
    }
    return is_key;
}

static bool is_name_before(struct vd_span text, const struct vd_tag *tag)
{
    struct vd_tags tags;
    struct vd_tag other;

    vd_tags_start(&tags, text);
    for (size_t i = 0; i < TAGS_COMPARED_MAX && vd_tags_next(&tags, &other); i++) {
        if (other.name.bytes == tag->name.bytes) {
            return false;
        }
        if (other.is_well_formed && other.name.len == tag->name.len) {
            size_t same = 0;
            while (same < tag->name.len && other.name.bytes[same] == tag->name.bytes[same]) {
                same++;
            }
            if (same == tag->name.len) {
                return true;
            }
        }
    }
    return false;
}

static bool has_control(struct vd_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.bytes[i];
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Collect the values of the known tags.  Returns what is wrong with the list, or NULL. */
static const char *read_tags(struct vd_span text, struct vd_span values[TAGS_KNOWN])
{
    struct vd_tags tags;
    struct vd_tag tag;

    vd_tags_start(&tags, text);
    for (size_t i = 0; vd_tags_next(&tags, &tag); i++) {
        if (!tag.is_well_formed) {
            return "a part that is no tag=value";
        }
        enum known_tag known = find_tag(tag.name);
        if (known == TAG_V && i > 0) {
            return "v= is not the first tag";
        }
        if ((known < TAGS_KNOWN && values[known].bytes != NULL) || is_name_before(text, &tag)) {
            return "a tag is written twice";
        }
        if (known < TAGS_KNOWN) {
            values[known] = tag.value;
        }
    }
    return has_control(text) ? "a control character" : NULL;
}

/* Is word an item of the colon-separated list?  Blanks around items do not count. */
static bool has_item(struct vd_span list, const char *word)
{
    struct vd_span item;

    while (vd_span_next(&list, ':', &item)) {
        if (vd_span_is_word(vd_span_trim(item), word)) {
            return true;
        }
    }
    return false;
}

/* What is wrong with the tags around the key, or NULL. */
static const char *check_tags(const struct vd_span values[TAGS_KNOWN])
{
    if (values[TAG_V].bytes != NULL && !vd_span_is_exactly(values[TAG_V], "DKIM1")) {
        return "v= is not DKIM1";
    }
    if (values[TAG_P].bytes == NULL) {
        return "there is no p=";
    }
    if (values[TAG_K].bytes != NULL && !vd_span_is_word(values[TAG_K], "rsa") &&
        !vd_span_is_word(values[TAG_K], "ed25519")) {
        return "k= is a kind of key that is not known";
    }
    if (values[TAG_H].bytes != NULL && !has_item(values[TAG_H], "sha256")) {
        return "h= allows no sha256"; /* sha1 must not be used: RFC 8301, section 3.1 */
    }
    if (values[TAG_S].bytes != NULL && !has_item(values[TAG_S], "*") &&
        !has_item(values[TAG_S], "email")) {
        return "s= does not allow e-mail";
    }
    return NULL;
}

/* What is wrong with p=, or NULL; fills bits and fingerprint. */
static const char *read_key(struct vd_span base64, struct vd_dkim *out)
{
    size_t octets;
    size_t bits;

    if (vd_key_check(base64, &octets, &out->fingerprint) != VD_OK) {
        return "p= is not base64";
    }
    if (out->is_ed25519) {
        out->bits = octets == ED25519_OCTETS ? 256 : 0;
        return octets == ED25519_OCTETS ? NULL : "p= is not the 32 octets of an Ed25519 key";
    }
    if (vd_key_rsa_bits(base64, &bits) != VD_OK) {
        return "p= is not an RSA key";
    }
    out->bits = (uint16_t)(bits > UINT16_MAX ? UINT16_MAX : bits);
    return NULL;
}

enum vd_status vd_dkim_parse(const uint8_t *text, size_t len, struct vd_dkim *out)
{
    struct vd_span all = {text, len};
    struct vd_span values[TAGS_KNOWN] = {{NULL, 0}};

    if (!is_key_record(all)) {
        return VD_OTHER;
    }
    *out = (struct vd_dkim){.state = VD_DKIM_UNUSABLE, .fault = ""};
    const char *fault = read_tags(all, values);
    if (fault == NULL) {
        fault = check_tags(values);
    }
    if (fault != NULL) {
        out->fault = fault;
        return VD_OK;
    }
    out->is_testing = values[TAG_T].bytes != NULL && has_item(values[TAG_T], "y");
    out->is_strict = values[TAG_T].bytes != NULL && has_item(values[TAG_T], "s");
    out->is_ed25519 = vd_span_is_word(values[TAG_K], "ed25519");
    if (values[TAG_P].len == 0) {
        out->state = VD_DKIM_REVOKED;
        return VD_OK;
    }
    fault = read_key(values[TAG_P], out);
    if (fault != NULL) {
        out->fault = fault;
        return VD_OK;
    }
    if (!out->is_ed25519 && out->bits < VD_DKIM_RSA_BITS_MIN) {
        out->state = VD_DKIM_SHORT;
        out->fault = "the RSA key has less than 1024 bits";
        return VD_OK;
    }
    out->state = VD_DKIM_USABLE;
    return VD_OK;
}
