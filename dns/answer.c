/*
 * Classify a response, and keep its records.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/answer.h"

#include <string.h>

/* Labels from name up to owner; -1: owner is neither name nor an ancestor of it. */
static int labels_up(const struct vd_name *owner, const struct vd_name *name)
{
    struct vd_name tail;
    size_t at = 0;
    int up = 0;

    while (name->len - at > owner->len && name->wire[at] != 0) {
        at += 1u + name->wire[at];
        up++;
    }
    if (name->len - at != owner->len) {
        return -1;
    }
    tail.len = owner->len;
    memcpy(tail.wire, name->wire + at, owner->len);
    return vd_name_is_equal(&tail, owner) ? up : -1;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* The CNAME of `at` in the answer section.  VD_OTHER: there is none.  Always the same one for the
   same name. */
static enum vd_status next_hop(const struct vd_message *in, const struct vd_name *at,
                               struct vd_rr *rr)
{
    struct vd_rr_walk walk;
    enum vd_section section;
    enum vd_status status;

    vd_rr_walk_init(&walk, in);
    while ((status = vd_rr_next(&walk, rr, &section)) == VD_OK && section == VD_SECTION_ANSWER) {
        if (rr->type == VD_TYPE_CNAME && rr->class_ == VD_CLASS_IN &&
            vd_name_is_equal(&rr->owner, at)) {
            return VD_OK;
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

/* About whom the server that answered is believed. */
struct scope {
    bool is_authority;
    const struct vd_name *zone; /* NULL: not known */
};

/* Is it believed about an alias's target? */
static bool is_inside(const struct scope *scope, const struct vd_name *name)
{
    return !scope->is_authority || (scope->zone != NULL && labels_up(scope->zone, name) >= 0);
}

/* Follow the aliases inside the response.  Fills hops, end, ttl_s, leaves; a status that is not
   VD_OK is told in detail. */
static enum vd_status follow(const struct vd_message *in, const struct vd_question *question,
                             const struct scope *scope, struct vd_gist *out)
{
    size_t used[VD_CHAIN_MAX]; /* where the RDATA of each hop stands: the same again is a loop */
    struct vd_rr rr;
    enum vd_status status = VD_OTHER;

    out->end = question->name;
    while (question->type != VD_TYPE_CNAME && !out->leaves &&
           (status = next_hop(in, &out->end, &rr)) == VD_OK) {
        out->detail = VD_DETAIL_CHAIN;
        for (size_t i = 0; i < out->hops; i++) {
            if (used[i] == rr.rdata.pos) {
                return VD_EFULL;
            }
        }
        if (out->hops == VD_CHAIN_MAX) {
            out->limit = VD_LIMIT_CHAIN;
            return VD_EFULL;
        }
        used[out->hops++] = rr.rdata.pos;
        out->ttl_s = least(out->ttl_s, rr.ttl_s);
        status = vd_rr_name(&rr, &out->end);
        if (status != VD_OK) {
            break;
        }
        out->leaves = !is_inside(scope, &out->end);
    }
    bool is_ok = status == VD_OTHER || out->leaves;
    out->detail = is_ok ? VD_DETAIL_NONE : VD_DETAIL_MALFORMED;
    return is_ok ? VD_OK : status;
}

/* What the records at the end of the chain amount to. */
struct tally {
    bool has_wanted;
    bool has_referral;
    bool has_foreign_soa; /* an authority's, of a zone that is not its own */
    uint32_t soa_ttl_s;   /* of the SOA that proves the absence of `end` */
};

static enum vd_status take_soa(const struct vd_rr *rr, int up, struct vd_evidence *evidence)
{
    struct vd_soa soa;

    if (vd_rr_soa(rr, &soa) != VD_OK) {
        return VD_EFORMAT;
    }
    evidence->has_soa = true;
    evidence->soa_up = (uint8_t)up;
    evidence->soa_serial = soa.serial;
    evidence->soa_minimum = soa.minimum;
    return VD_OK;
}

/* May this server prove an absence by the SOA of that owner? */
static bool is_own_soa(const struct scope *scope, const struct vd_name *owner)
{
    if (!scope->is_authority) {
        return true;
    }
    return scope->zone != NULL ? labels_up(scope->zone, owner) >= 0 : owner->len > 1u;
}

/* A record of the authority section. */
static enum vd_status take_authority(const struct vd_rr *rr, const struct scope *scope,
                                     struct vd_gist *out, struct tally *tally)
{
    int up = labels_up(&rr->owner, &out->end);

    if (up < 0 || rr->class_ != VD_CLASS_IN) {
        return VD_OK;
    }
    tally->has_referral |= rr->type == VD_TYPE_NS;
    if (rr->type != VD_TYPE_SOA || out->evidence.has_soa) {
        return VD_OK;
    }
    if (!is_own_soa(scope, &rr->owner)) {
        tally->has_foreign_soa = true;
        return VD_OK;
    }
    tally->soa_ttl_s = rr->ttl_s;
    return take_soa(rr, up, &out->evidence);
}

static enum vd_status count(const struct vd_message *in, const struct vd_question *question,
                            const struct scope *scope, struct vd_gist *out, struct tally *tally)
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
            out->ttl_s = least(out->ttl_s, rr.ttl_s);
            status = rr.type == VD_TYPE_SOA ? take_soa(&rr, 0, &out->evidence) : VD_OK;
        } else if (section == VD_SECTION_AUTHORITY && !tally->has_wanted) {
            status = take_authority(&rr, scope, out, tally);
        }
        if (status != VD_OK) {
            return status;
        }
    }
    return status == VD_OTHER ? VD_OK : status;
}

static uint8_t detail_of_rcode(uint16_t rcode)
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

/* What an extended error says of why there is no answer (RFC 8914, section 4); VD_DETAIL_NONE for
   those that say nothing of it. */
static uint8_t detail_of_ede(uint16_t ede)
{
    /* By info code. */
    static const uint8_t details[] = {
        [1] = VD_DETAIL_DNSSEC,    [2] = VD_DETAIL_DNSSEC,    [3] = VD_DETAIL_STALE,
        [4] = VD_DETAIL_FILTERED,  [5] = VD_DETAIL_DNSSEC,    [6] = VD_DETAIL_DNSSEC,
        [7] = VD_DETAIL_DNSSEC,    [8] = VD_DETAIL_DNSSEC,    [9] = VD_DETAIL_DNSSEC,
        [10] = VD_DETAIL_DNSSEC,   [11] = VD_DETAIL_DNSSEC,   [12] = VD_DETAIL_DNSSEC,
        [13] = VD_DETAIL_UPSTREAM, [14] = VD_DETAIL_UPSTREAM, [15] = VD_DETAIL_FILTERED,
        [16] = VD_DETAIL_FILTERED, [17] = VD_DETAIL_FILTERED, [18] = VD_DETAIL_FILTERED,
        [19] = VD_DETAIL_STALE,    [20] = VD_DETAIL_FILTERED, [21] = VD_DETAIL_FILTERED,
        [22] = VD_DETAIL_UPSTREAM, [23] = VD_DETAIL_UPSTREAM, [25] = VD_DETAIL_DNSSEC,
        [27] = VD_DETAIL_DNSSEC,
    };

    return ede < sizeof(details) ? details[ede] : (uint8_t)VD_DETAIL_NONE;
}

static void set(struct vd_gist *out, enum vd_presence presence, enum vd_detail detail)
{
    out->presence = (uint8_t)presence;
    out->detail = (uint8_t)detail;
}

static void take_evidence(const struct vd_message *in, struct vd_evidence *out)
{
    size_t i = 0;

    out->rcode = in->rcode;
    out->ede = in->edns.ede;
    out->is_aa = in->is_aa;
    out->is_ra = in->is_ra;
    out->is_ad = in->is_ad;
    /* The text may come with a NUL at its end (RFC 8914, section 2). */
    while (i < in->edns.ede_text_len && i + 1u < sizeof(out->ede_text) &&
           in->edns.ede_text[i] != 0) {
        uint8_t c = in->edns.ede_text[i];
        out->ede_text[i++] = c >= ' ' && c < 0x7f ? (char)c : '?';
    }
    out->ede_text[i] = '\0';
}

/* NOERROR or NXDOMAIN, and the chain ends at out->end: is it there? */
static void judge(const struct vd_message *in, const struct tally *tally, struct vd_gist *out)
{
    bool is_nxdomain = in->rcode == VD_RCODE_NXDOMAIN;
    /* "No such name", and yet here is a record of it: its own SOA, say. */
    bool is_there = tally->has_wanted || (out->evidence.has_soa && out->evidence.soa_up == 0);

    if (tally->has_wanted && !is_nxdomain) {
        set(out, VD_PRESENT, VD_DETAIL_NONE);
    } else if (is_nxdomain && is_there) {
        set(out, VD_UNKNOWN, VD_DETAIL_SUSPECT);
    } else if (out->evidence.has_soa) {
        set(out, VD_ABSENT,
            out->hops > 0 ? VD_DETAIL_DANGLING
            : is_nxdomain ? VD_DETAIL_NXDOMAIN
                          : VD_DETAIL_NODATA);
        out->ttl_s = least(out->ttl_s, least(tally->soa_ttl_s, out->evidence.soa_minimum));
    } else if (is_nxdomain) {
        set(out, VD_UNKNOWN, VD_DETAIL_SUSPECT);
    } else if (out->hops > 0) {
        out->leaves = true;
        set(out, VD_UNKNOWN, VD_DETAIL_NOT_ASKED);
    } else {
        set(out, VD_UNKNOWN,
            tally->has_referral && !in->is_aa ? VD_DETAIL_LAME : VD_DETAIL_SUSPECT);
    }
}

/* Was an authority asked, and is this not its own answer?  A referral is its own, and tells that it
   does not serve the zone. */
static bool is_intercepted(const struct vd_gist *out)
{
    return out->evidence.is_ra || (!out->evidence.is_aa && out->detail != VD_DETAIL_LAME);
}

/* Does an extended error say only that the resolver could not validate?  (RFC 8914, sections 4.2,
   4.3 and 4.6)  It takes the zone for an unsigned one, and the answer is as good as from one. */
static bool is_unvalidated(uint16_t ede)
{
    return ede == 1 || ede == 2 || ede == 5;
}

/* What the extended error makes of it: see answer.h. */
static void refine(bool is_authority, struct vd_gist *out)
{
    uint8_t detail = detail_of_ede(out->evidence.ede);
    bool is_nxdomain = out->evidence.rcode == VD_RCODE_NXDOMAIN && !out->leaves;
    bool is_open =
        out->detail == VD_DETAIL_SERVFAIL ||
        /* An authority's REFUSED means that it does not serve the zone, whatever it
                      adds: RFC 8914, section 4.21 gives "Not Authoritative" for that. */
        (out->detail == VD_DETAIL_REFUSED && !is_authority) ||
        (out->detail == VD_DETAIL_SUSPECT && is_nxdomain) ||
        (out->presence == VD_ABSENT && is_nxdomain && !is_unvalidated(out->evidence.ede));
    bool is_answer =
        out->evidence.rcode == VD_RCODE_NOERROR || out->evidence.rcode == VD_RCODE_NXDOMAIN;

    if (detail != VD_DETAIL_NONE &&
        (is_open || (is_answer && vd_ede_is_decisive(out->evidence.ede)))) {
        out->leaves = false;
        set(out, VD_UNKNOWN, (enum vd_detail)detail);
    }
}

/* NOERROR or NXDOMAIN: follow, count and judge.  false: all is said. */
static bool look_into(const struct vd_message *in, const struct vd_question *question,
                      const struct scope *scope, struct vd_gist *out)
{
    struct tally tally = {.has_wanted = false};

    if (scope->zone != NULL && !is_inside(scope, &question->name)) {
        set(out, VD_UNKNOWN, VD_DETAIL_LAME);
        return false;
    }
    if (follow(in, question, scope, out) != VD_OK) {
        return true;
    }
    if (out->leaves) {
        set(out, VD_UNKNOWN, VD_DETAIL_NOT_ASKED);
    } else if (count(in, question, scope, out, &tally) != VD_OK) {
        set(out, VD_UNKNOWN, VD_DETAIL_MALFORMED);
        return false;
    } else {
        judge(in, &tally, out);
    }
    if (scope->is_authority && is_intercepted(out)) {
        out->leaves = false;
        set(out, VD_UNKNOWN, VD_DETAIL_INTERCEPTED);
        return false;
    }
    if (tally.has_foreign_soa && !tally.has_wanted && !out->evidence.has_soa) {
        out->leaves = false;
        set(out, VD_UNKNOWN, VD_DETAIL_LAME);
    }
    return true;
}

void vd_answer_classify(const struct vd_message *in, const struct vd_question *question,
                        bool is_authority, const struct vd_name *zone, struct vd_gist *out)
{
    const struct scope scope = {.is_authority = is_authority, .zone = is_authority ? zone : NULL};

    memset(out, 0, sizeof(*out));
    out->ttl_s = UINT32_MAX;
    out->end = question->name;
    take_evidence(in, &out->evidence);
    if (in->is_tc) {
        set(out, VD_UNKNOWN, VD_DETAIL_TRUNCATED);
        return;
    }
    if (in->rcode != VD_RCODE_NOERROR && in->rcode != VD_RCODE_NXDOMAIN) {
        set(out, VD_UNKNOWN, (enum vd_detail)detail_of_rcode(in->rcode));
    } else if (!look_into(in, question, &scope, out)) {
        return;
    }
    refine(is_authority, out);
}

/* Add a name as the text that the snapshot keeps. */
static enum vd_status add_name(struct vd_snapshot *snapshot, size_t index, uint16_t type,
                               uint16_t preference, const struct vd_name *name)
{
    char *room = (char *)snapshot->bytes + snapshot->bytes_len;

    /* Written in place: vd_snapshot_add then finds the bytes where it would put them. */
    if (vd_name_to_text(name, room, VD_SURVEY_BYTES_MAX - (size_t)snapshot->bytes_len) != VD_OK) {
        return VD_EFULL;
    }
    return vd_snapshot_add(snapshot, index, type, preference, (const uint8_t *)room, strlen(room));
}

/* Does a TXT begin like an SPF record?  (RFC 7208, section 4.5; the version is case-insensitive) */
static bool is_spf(const struct vd_rr *rr)
{
    static const char version[] = "v=spf1";
    struct vd_reader r = rr->rdata;
    size_t have = 0;

    while (vd_reader_left(&r) > 0) {
        uint8_t len = vd_read_u8(&r);
        const uint8_t *text = vd_read_span(&r, len);
        for (size_t i = 0; text != NULL && i < len && version[have] != '\0'; i++, have++) {
            if ((text[i] | (version[have] >= 'a' ? 0x20 : 0)) != (uint8_t)version[have]) {
                return false;
            }
        }
    }
    return version[have] == '\0';
}

/* Has keeping what somebody else's record led to come to what is reserved for the watch's own? */
static bool is_reserved(const struct vd_snapshot *snapshot, enum vd_keep keep, uint8_t *limit)
{
    if (keep == VD_KEEP_ALL) {
        return false;
    }
    if (snapshot->records_count >= VD_SURVEY_RECORDS_MAX - VD_SURVEY_OWN_RECORDS) {
        *limit = VD_LIMIT_RECORDS;
    } else if (snapshot->bytes_len >= VD_SURVEY_BYTES_MAX - VD_SURVEY_OWN_BYTES) {
        *limit = VD_LIMIT_BYTES;
    }
    return *limit != VD_LIMIT_NONE;
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
                              enum vd_keep keep, uint8_t *limit)
{
    uint8_t *room = snapshot->bytes + snapshot->bytes_len;
    size_t cap = VD_SURVEY_BYTES_MAX - snapshot->bytes_len;
    size_t len = 0;

    if (keep == VD_KEEP_SPF && (!is_spf(rr) || count_txt(snapshot, index) >= 2)) {
        return VD_OTHER;
    }
    if (is_reserved(snapshot, keep, limit)) {
        return VD_EFULL;
    }
    cap -= keep != VD_KEEP_ALL ? VD_SURVEY_OWN_BYTES : 0;
    /* In place here too. */
    enum vd_status status = vd_rr_txt(rr, room, cap < VD_TXT_LEN_MAX ? cap : VD_TXT_LEN_MAX, &len);
    if (status != VD_OK) {
        *limit = len > VD_TXT_LEN_MAX ? VD_LIMIT_TXT : VD_LIMIT_NONE;
        return status;
    }
    return vd_snapshot_add(snapshot, index, VD_TYPE_TXT, 0, room, len);
}

static enum vd_status add_rr(struct vd_snapshot *snapshot, size_t index, const struct vd_rr *rr,
                             enum vd_keep keep, uint8_t *limit)
{
    struct vd_soa soa; /* of the other types only the name */
    uint16_t preference = 0;
    struct vd_reader r = rr->rdata;
    enum vd_status status;

    if (rr->type == VD_TYPE_TXT) {
        return add_txt(snapshot, index, rr, keep, limit);
    }
    if (is_reserved(snapshot, keep, limit)) {
        return VD_EFULL;
    }
    switch (rr->type) {
    case VD_TYPE_MX:
        status = vd_rr_mx(rr, &preference, &soa.mname);
        break;
    case VD_TYPE_CNAME:
    case VD_TYPE_NS:
    case VD_TYPE_PTR:
        status = vd_rr_name(rr, &soa.mname);
        break;
    case VD_TYPE_SOA:
        status = vd_rr_soa(rr, &soa);
        break;
    case VD_TYPE_A:
    case VD_TYPE_AAAA:
    case VD_TYPE_DS:
        /* Of the right length: vd_message_open saw to it. */
        return vd_snapshot_add(snapshot, index, rr->type, 0, vd_read_span(&r, rr->rdata_len),
                               rr->rdata_len);
    default:
        return VD_OTHER; /* a type that nobody asks for */
    }
    return status != VD_OK ? status : add_name(snapshot, index, rr->type, preference, &soa.mname);
}

/* The aliases that the judgement followed, in order. */
static enum vd_status add_chain(const struct vd_message *in, const struct vd_question *question,
                                unsigned hops, struct vd_snapshot *snapshot, size_t index,
                                enum vd_keep keep, uint8_t *limit)
{
    struct vd_name end = question->name;
    struct vd_rr rr;

    for (unsigned i = 0; i < hops && next_hop(in, &end, &rr) == VD_OK; i++) {
        if (is_reserved(snapshot, keep, limit)) {
            return VD_EFULL;
        }
        enum vd_status status = vd_rr_name(&rr, &end);
        if (status == VD_OK) {
            status = add_name(snapshot, index, VD_TYPE_CNAME, 0, &end);
        }
        if (status != VD_OK) {
            return status;
        }
    }
    return VD_OK;
}

/* The records at the end of the chain. */
static enum vd_status add_wanted(const struct vd_message *in, uint16_t type,
                                 const struct vd_name *end, struct vd_snapshot *snapshot,
                                 size_t index, enum vd_keep keep, uint8_t *limit)
{
    struct vd_rr_walk walk;
    struct vd_rr rr;
    enum vd_section section;
    enum vd_status status;

    vd_rr_walk_init(&walk, in);
    while ((status = vd_rr_next(&walk, &rr, &section)) == VD_OK) {
        if (!is_wanted(&rr, section, type, end)) {
            continue;
        }
        status = add_rr(snapshot, index, &rr, keep, limit);
        if (status < 0) {
            return status;
        }
        if (status == VD_OK) {
            vd_snapshot_drop_duplicate(snapshot, index);
        }
    }
    return status == VD_OTHER ? VD_OK : status;
}

enum vd_status vd_answer_store(const struct vd_message *in, const struct vd_question *question,
                               const struct vd_gist *gist, struct vd_snapshot *snapshot,
                               size_t index, enum vd_keep keep, uint8_t *limit)
{
    *limit = VD_LIMIT_NONE;
    enum vd_status status = add_chain(in, question, gist->hops, snapshot, index, keep, limit);
    if (status == VD_OK && !gist->leaves) {
        status = add_wanted(in, question->type, &gist->end, snapshot, index, keep, limit);
    }
    if (status == VD_EFULL && *limit == VD_LIMIT_NONE) {
        *limit =
            snapshot->records_count >= VD_SURVEY_RECORDS_MAX ? VD_LIMIT_RECORDS : VD_LIMIT_BYTES;
    }
    return status;
}
