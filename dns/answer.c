/*
 * Classify a response, and keep its records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/answer.h"

#include <string.h>

/* owner is name, or an ancestor of it. */
static bool is_at_or_above(const struct vd_name *owner, const struct vd_name *name)
{
    struct vd_name tail;
    size_t at = 0;

    while (name->len - at > owner->len && name->wire[at] != 0) {
        at += 1u + name->wire[at];
    }
    if (name->len - at != owner->len) {
        return false;
    }
    tail.len = owner->len;
    memcpy(tail.wire, name->wire + at, owner->len);
    return vd_name_is_equal(&tail, owner);
}

/* Find the CNAME of `at` in the answer section.  VD_OTHER: there is none. */
static enum vd_status next_hop(const struct vd_message *in, const struct vd_name *at,
                               struct vd_name *target, uint32_t *ttl_s)
{
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;
    enum vd_status status;

    vd_rr_walk_init(&walk, in);
    while ((status = vd_rr_next(&walk, &rr, &section)) == VD_OK && section == VD_SECTION_ANSWER) {
        if (rr.type == VD_TYPE_CNAME && rr.class_ == VD_CLASS_IN &&
            vd_name_is_equal(&rr.owner, at)) {
            *ttl_s = rr.ttl_s < *ttl_s ? rr.ttl_s : *ttl_s;
            return vd_rr_name(&rr, target);
        }
    }
    return status == VD_EFORMAT ? VD_EFORMAT : VD_OTHER;
}

/* Is it a record that the question asks for, at the end of the chain? */
static bool is_wanted(const struct vd_rr *rr, enum vd_section section, uint16_t type,
                      const struct vd_name *end)
{
    return section == VD_SECTION_ANSWER && rr->type == type && rr->class_ == VD_CLASS_IN &&
           vd_name_is_equal(&rr->owner, end);
}

/* Follow the aliases inside the response.  Fills hops, end, ttl_s; a status that is not VD_OK is
   told in detail. */
static enum vd_status follow(const struct vd_message *in, const struct vd_question *question,
                             struct vd_gist *out)
{
    out->end = question->name;
    if (question->type == VD_TYPE_CNAME) {
        return VD_OK;
    }
    for (;;) {
        struct vd_name target;
        enum vd_status status = next_hop(in, &out->end, &target, &out->ttl_s);
        if (status == VD_OTHER) {
            return VD_OK;
        }
        if (status != VD_OK) {
            out->detail = VD_DETAIL_MALFORMED;
            return status;
        }
        if (out->hops == VD_CHAIN_MAX) {
            out->detail = VD_DETAIL_CHAIN; /* a loop ends here too */
            return VD_EFULL;
        }
        out->hops++;
        out->end = target;
    }
}

/* What the records at the end of the chain amount to. */
struct tally {
    bool has_wanted;
    bool has_soa; /* that proves the absence of `end` */
    bool has_referral;
};

static enum vd_status count(const struct vd_message *in, const struct vd_question *question,
                            struct vd_gist *out, struct tally *tally)
{
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;
    enum vd_status status;

    memset(tally, 0, sizeof(*tally));
    vd_rr_walk_init(&walk, in);
    while ((status = vd_rr_next(&walk, &rr, &section)) == VD_OK) {
        if (is_wanted(&rr, section, question->type, &out->end)) {
            tally->has_wanted = true;
            out->ttl_s = rr.ttl_s < out->ttl_s ? rr.ttl_s : out->ttl_s;
        }
        if (section == VD_SECTION_AUTHORITY && rr.class_ == VD_CLASS_IN) {
            tally->has_soa |= rr.type == VD_TYPE_SOA && is_at_or_above(&rr.owner, &out->end);
            tally->has_referral |= rr.type == VD_TYPE_NS;
        }
    }
    return status == VD_OTHER ? VD_OK : status;
}

static uint8_t detail_of_rcode(uint8_t rcode)
{
    switch (rcode) {
    case VD_RCODE_SERVFAIL:
        return VD_DETAIL_SERVFAIL;
    case VD_RCODE_REFUSED:
        return VD_DETAIL_REFUSED;
    default:
        return VD_DETAIL_RCODE;
    }
}

static void set(struct vd_gist *out, enum vd_presence presence, enum vd_detail detail)
{
    out->presence = (uint8_t)presence;
    out->detail = (uint8_t)detail;
}

void vd_answer_classify(const struct vd_message *in, const struct vd_question *question,
                        struct vd_gist *out)
{
    struct tally tally;

    memset(out, 0, sizeof(*out));
    out->ttl_s = UINT32_MAX;
    if (in->is_tc) {
        set(out, VD_UNKNOWN, VD_DETAIL_TRUNCATED);
        return;
    }
    if (in->rcode != VD_RCODE_NOERROR && in->rcode != VD_RCODE_NXDOMAIN) {
        set(out, VD_UNKNOWN, detail_of_rcode(in->rcode));
        return;
    }
    if (follow(in, question, out) != VD_OK) {
        return;
    }
    if (count(in, question, out, &tally) != VD_OK) {
        set(out, VD_UNKNOWN, VD_DETAIL_MALFORMED);
        return;
    }
    if (tally.has_wanted && in->rcode == VD_RCODE_NOERROR) {
        set(out, VD_PRESENT, VD_DETAIL_NONE);
    } else if (tally.has_wanted) {
        set(out, VD_UNKNOWN, VD_DETAIL_SUSPECT); /* "no such name", and yet here it is */
    } else if (tally.has_soa && out->hops > 0) {
        set(out, VD_ABSENT, VD_DETAIL_DANGLING);
    } else if (tally.has_soa) {
        set(out, VD_ABSENT, in->rcode == VD_RCODE_NXDOMAIN ? VD_DETAIL_NXDOMAIN : VD_DETAIL_NODATA);
    } else if (out->hops > 0) {
        out->leaves = true;
        set(out, VD_UNKNOWN, VD_DETAIL_NOT_ASKED);
    } else if (tally.has_referral && !in->is_aa) {
        set(out, VD_UNKNOWN, VD_DETAIL_LAME);
    } else {
        set(out, VD_UNKNOWN, VD_DETAIL_SUSPECT);
    }
}

/* Add a name as the text that the snapshot keeps. */
static enum vd_status add_name(struct vd_snapshot *snapshot, size_t index, uint16_t type,
                               uint16_t preference, const struct vd_name *name)
{
    char text[VD_NAME_TEXT_MAX];

    if (vd_name_to_text(name, text, sizeof(text)) != VD_OK) {
        return VD_EFULL;
    }
    return vd_snapshot_add(snapshot, index, type, preference, (const uint8_t *)text, strlen(text));
}

/* Does a TXT begin like an SPF record?  (RFC 7208, section 4.5; the version is case-insensitive) */
static bool is_spf(const uint8_t *text, size_t len)
{
    static const char version[] = "v=spf1";

    for (size_t i = 0; i < sizeof(version) - 1u; i++) {
        if (i >= len || (text[i] | (version[i] >= 'a' ? 0x20 : 0)) != (uint8_t)version[i]) {
            return false;
        }
    }
    return true;
}

/* TXT records of an answer so far. */
static size_t count_txt(const struct vd_snapshot *snapshot, size_t index)
{
    const struct vd_answer *answer = &snapshot->answers[index];
    size_t count = 0;

    for (size_t i = 0; i < answer->count; i++) {
        count += snapshot->records[answer->first + i].type == VD_TYPE_TXT;
    }
    return count;
}

static enum vd_status add_txt(struct vd_snapshot *snapshot, size_t index, const struct vd_rr *rr,
                              enum vd_keep keep)
{
    uint8_t *room = snapshot->bytes + snapshot->bytes_len;
    size_t cap = VD_SURVEY_BYTES_MAX - snapshot->bytes_len;
    size_t len;

    /* Joined in place: vd_snapshot_add then finds the bytes where it would put them. */
    enum vd_status status = vd_rr_txt(rr, room, cap < VD_TXT_LEN_MAX ? cap : VD_TXT_LEN_MAX, &len);
    if (status != VD_OK) {
        return status;
    }
    if (keep == VD_KEEP_SPF && (!is_spf(room, len) || count_txt(snapshot, index) >= 2)) {
        return VD_OTHER;
    }
    return vd_snapshot_add(snapshot, index, VD_TYPE_TXT, 0, room, len);
}

static enum vd_status add_rr(struct vd_snapshot *snapshot, size_t index, const struct vd_rr *rr,
                             enum vd_keep keep)
{
    struct vd_name name;
    uint16_t preference = 0;
    struct vd_reader r = rr->rdata;
    enum vd_status status;

    switch (rr->type) {
    case VD_TYPE_TXT:
        return add_txt(snapshot, index, rr, keep);
    case VD_TYPE_MX:
        status = vd_rr_mx(rr, &preference, &name);
        break;
    case VD_TYPE_CNAME:
    case VD_TYPE_NS:
        status = vd_rr_name(rr, &name);
        break;
    case VD_TYPE_A:
        return rr->rdata_len != 4
                   ? VD_EFORMAT
                   : vd_snapshot_add(snapshot, index, rr->type, 0, vd_read_span(&r, 4), 4);
    default:
        return VD_OTHER; /* a type that nobody asks for yet */
    }
    return status != VD_OK ? status : add_name(snapshot, index, rr->type, preference, &name);
}

enum vd_status vd_answer_store(const struct vd_message *in, const struct vd_question *question,
                               struct vd_snapshot *snapshot, size_t index, enum vd_keep keep)
{
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;
    struct vd_name at = question->name;
    struct vd_name target;
    uint32_t ttl_s = UINT32_MAX;
    enum vd_status status;

    for (unsigned hops = 0; question->type != VD_TYPE_CNAME && hops < VD_CHAIN_MAX; hops++) {
        if (next_hop(in, &at, &target, &ttl_s) != VD_OK) {
            break;
        }
        status = add_name(snapshot, index, VD_TYPE_CNAME, 0, &target);
        if (status != VD_OK) {
            return status;
        }
        at = target;
    }
    vd_rr_walk_init(&walk, in);
    while ((status = vd_rr_next(&walk, &rr, &section)) == VD_OK) {
        if (is_wanted(&rr, section, question->type, &at)) {
            status = add_rr(snapshot, index, &rr, keep);
            if (status < 0) {
                return status;
            }
            if (status == VD_OK) {
                vd_snapshot_drop_duplicate(snapshot, index);
            }
        }
    }
    return status == VD_OTHER ? VD_OK : status;
}
