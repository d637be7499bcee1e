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

/* Those that speak of a key come first. */
enum known_tag { TAG_P, TAG_K, TAG_H, TAG_S, TAG_T, TAG_V, TAG_N, TAG_G, TAGS_KNOWN };

#define TAGS_OF_KEY TAG_V

static const char *const tag_names[TAGS_KNOWN] = {"p", "k", "h", "s", "t", "v", "n", "g"};

/* Values as written; bytes NULL: not there. */
struct reading {
    struct vd_span values[TAGS_KNOWN];
    struct vd_span segments[TAGS_KNOWN]; /* "k=dsa" */
};

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

/*
 * v= is optional, so p= alone makes a key record; a v= of something else makes none.  Neither does a
 * v= with no more than a note behind it: senders leave those at selectors that rest.
 */
static bool is_key_record(struct vd_span text)
{
    struct vd_tags tags;
    struct vd_tag tag;
    bool has_key = false, has_version = false, has_note = false, has_more = false;

    vd_tags_start(&tags, text);
    while (vd_tags_next(&tags, &tag)) {
        enum known_tag known = tag.is_well_formed ? find_tag(tag.name) : TAGS_KNOWN;
        if (known == TAG_V && !is_meant_as_version(tag.value)) {
            return false;
        }
        has_version = has_version || known == TAG_V;
        has_key = has_key || known == TAG_P;
        has_note = has_note || known == TAG_N;
        has_more = has_more || known < TAGS_OF_KEY || !tag.is_well_formed;
    }
    return has_key || (has_version && (has_more || !has_note));
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
static const char *read_tags(struct vd_span text, struct reading *reading, struct vd_dkim *out)
{
    struct vd_tags tags;
    struct vd_tag tag;

    vd_tags_start(&tags, text);
    for (size_t i = 0; vd_tags_next(&tags, &tag); i++) {
        out->guilty = (struct vd_span){tag.name.bytes,
                                       (size_t)(tag.value.bytes - tag.name.bytes) + tag.value.len};
        if (!tag.is_well_formed) {
            return "a part that is no tag=value";
        }
        enum known_tag known = find_tag(tag.name);
        if (known == TAG_V && i > 0) {
            return "v= is not the first tag";
        }
        if ((known < TAGS_KNOWN && reading->values[known].bytes != NULL) ||
            is_name_before(text, &tag)) {
            out->is_duplicate = true;
            return "a tag is written twice";
        }
        if (known < TAGS_KNOWN) {
            reading->values[known] = tag.value;
            reading->segments[known] = out->guilty;
        }
    }
    out->guilty = (struct vd_span){NULL, 0};
    return has_control(text) ? "a control character" : NULL;
}

/* The items of a colon-separated list as bits: the first word's is bit 0; others, one behind the
   last.  An absent list has none. */
static uint8_t read_list(struct vd_span list, const char *const words[2])
{
    struct vd_span item;
    uint8_t bits = 0;

    while (vd_span_next(&list, ':', &item)) {
        unsigned i = 0;
        while (i < 2 && !vd_span_is_word(vd_span_trim(item), words[i])) {
            i++;
        }
        bits = (uint8_t)(bits | 1u << i);
    }
    return bits;
}

static void read_lists(const struct reading *reading, struct vd_dkim *out)
{
    static const char *const hashes[] = {"sha1", "sha256"};
    static const char *const services[] = {"*", "email"};
    static const char *const flags[] = {"y", "s"};
    uint8_t bits = read_list(reading->values[TAG_T], flags);

    out->is_testing = (bits & 1u) != 0;
    out->is_strict = (bits & 2u) != 0;
    out->has_other_flags = (bits & 4u) != 0;
    out->hashes = read_list(reading->values[TAG_H], hashes);
    out->services = read_list(reading->values[TAG_S], services);
    out->is_ed25519 = vd_span_is_word(reading->values[TAG_K], "ed25519");
    out->kind = reading->values[TAG_K];
    out->note = reading->values[TAG_N];
    out->granularity = reading->values[TAG_G];
}

static const char *blame(const struct reading *reading, enum known_tag tag, struct vd_dkim *out,
                         const char *fault)
{
    out->guilty = reading->segments[tag];
    return fault;
}

/* What is wrong with the tags around the key, or NULL. */
static const char *check_tags(const struct reading *reading, struct vd_dkim *out)
{
    if (reading->values[TAG_V].bytes != NULL &&
        !vd_span_is_exactly(reading->values[TAG_V], "DKIM1")) {
        return blame(reading, TAG_V, out, "v= is not DKIM1");
    }
    if (reading->values[TAG_P].bytes == NULL) {
        return "there is no p=";
    }
    if (out->kind.bytes != NULL && !vd_span_is_word(out->kind, "rsa") && !out->is_ed25519) {
        return blame(reading, TAG_K, out, "k= is a kind of key that is not known");
    }
    return NULL;
}

/* Why a good key is not to be used for mail, or NULL. */
static const char *check_restrictions(const struct reading *reading, struct vd_dkim *out)
{
    out->is_restricted = true;
    if (out->hashes != 0 && (out->hashes & VD_DKIM_SHA256) == 0) {
        /* sha1 must not be used: RFC 8301, section 3.1 */
        return blame(reading, TAG_H, out, "h= allows no sha256");
    }
    if (out->services != 0 &&
        (out->services & (VD_DKIM_SERVICE_ANY | VD_DKIM_SERVICE_EMAIL)) == 0) {
        return blame(reading, TAG_S, out, "s= does not allow e-mail");
    }
    out->is_restricted = false;
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

/* Fills all but fault.  Returns it, or NULL. */
static const char *read_record(struct vd_span text, struct vd_dkim *out)
{
    struct reading reading = {.values = {{NULL, 0}}};
    const char *fault = read_tags(text, &reading, out);

    if (fault != NULL) {
        return fault;
    }
    read_lists(&reading, out);
    fault = check_tags(&reading, out);
    if (fault != NULL) {
        return fault;
    }
    if (reading.values[TAG_P].len == 0) {
        out->state = VD_DKIM_REVOKED;
        return NULL;
    }
    fault = read_key(reading.values[TAG_P], out);
    if (fault != NULL) {
        return blame(&reading, TAG_P, out, fault);
    }
    fault = check_restrictions(&reading, out);
    if (fault == NULL && !out->is_ed25519 && out->bits < VD_DKIM_RSA_BITS_MIN) {
        out->state = VD_DKIM_SHORT;
        return "the RSA key has less than 1024 bits";
    }
    out->state = fault == NULL ? VD_DKIM_USABLE : VD_DKIM_UNUSABLE;
    return fault;
}

enum vd_status vd_dkim_parse(const uint8_t *text, size_t len, struct vd_dkim *out)
{
    struct vd_span all = {text, len};

    if (!is_key_record(all)) {
        return VD_OTHER;
    }
    *out = (struct vd_dkim){.state = VD_DKIM_UNUSABLE};
    const char *fault = read_record(all, out);
    out->fault = fault == NULL ? "" : fault;
    return VD_OK;
}
