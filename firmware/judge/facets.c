/*
 * Which fields make which facet, and how facets move into a baseline.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facets.h"

#include "dns/records/span.h"
#include "firmware/judge/facts_write.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* From the facet's first field up to the first one behind it, both within struct vd_facts. */
struct row {
    const char *name;
    uint16_t begin, end;
    bool varies; /* by itself, from look to look: others' address space, what a resolver adds */
};

#define FIELD(set, field) ((uint16_t)offsetof(struct vd_facts, set.field))
#define FACET(name, set, first, behind)                                                            \
    {                                                                                              \
        name, FIELD(set, first), FIELD(set, behind), false                                         \
    }
#define VARYING(name, set, first, behind)                                                          \
    {                                                                                              \
        name, FIELD(set, first), FIELD(set, behind), true                                          \
    }

static const struct row rows[VD_FACETS_END] = {
    [VD_FACET_SPF_RECORD] = FACET("spf.record", spf, extras, dflt),
    [VD_FACET_SPF_DEFAULT] = FACET("spf.default", spf, dflt, n4),
    [VD_FACET_SPF_RANGE] = VARYING("spf.range", spf, n4, terms),
    [VD_FACET_SPF_TERMS] = FACET("spf.terms", spf, terms, includes),
    [VD_FACET_SPF_INCLUDE] = FACET("spf.include", spf, includes, has_ptr),
    [VD_FACET_SPF_PTR] = FACET("spf.ptr", spf, has_ptr, lookups),
    [VD_FACET_SPF_LOOKUPS] = VARYING("spf.lookups", spf, lookups, senders_pass),
    [VD_FACET_SPF_SENDERS] = FACET("spf.senders", spf, senders_pass, detail),
    [VD_FACET_DKIM_KEY] = FACET("dkim.key", dkim[0], fingerprint, is_testing),
    [VD_FACET_DKIM_FLAGS] = FACET("dkim.flags", dkim[0], is_testing, is_alias),
    [VD_FACET_DKIM_ALIAS] = FACET("dkim.alias", dkim[0], is_alias, detail),
    [VD_FACET_DMARC_RECORD] = FACET("dmarc.record", dmarc, extras, location),
    [VD_FACET_DMARC_SOURCE] = FACET("dmarc.source", dmarc, location, p),
    [VD_FACET_DMARC_POLICY] = FACET("dmarc.policy", dmarc, p, sp),
    [VD_FACET_DMARC_SP] = FACET("dmarc.sp", dmarc, sp, is_strict_dkim),
    [VD_FACET_DMARC_ALIGNMENT] = FACET("dmarc.alignment", dmarc, is_strict_dkim, rua_set),
    [VD_FACET_DMARC_RUA] = FACET("dmarc.rua", dmarc, rua_set, ruf_set),
    [VD_FACET_DMARC_RUF] = FACET("dmarc.ruf", dmarc, ruf_set, psd),
    [VD_FACET_DMARC_PSD] = FACET("dmarc.psd", dmarc, psd, detail),
    [VD_FACET_MX_RECORD] = FACET("mx.record", mx, standing, hosts),
    [VD_FACET_MX_HOSTS] = FACET("mx.hosts", mx, hosts, gone),
    [VD_FACET_MX_TARGETS] = VARYING("mx.targets", mx, gone, detail),
    [VD_FACET_MAIL_FROM_SPF] = FACET("mail-from.spf", mail_from, spf_set, mx_set),
    [VD_FACET_MAIL_FROM_MX] = FACET("mail-from.mx", mail_from, mx_set, detail),
    [VD_FACET_MTA_STS_RECORD] = FACET("mta-sts.record", mta_sts, standing, id),
    [VD_FACET_MTA_STS_CONTENT] = FACET("mta-sts.content", mta_sts, id, detail),
    [VD_FACET_TLS_RPT_RECORD] = FACET("tls-rpt.record", tls_rpt, standing, id),
    [VD_FACET_TLS_RPT_CONTENT] = FACET("tls-rpt.content", tls_rpt, id, detail),
    [VD_FACET_BIMI_RECORD] = FACET("bimi.record", bimi, standing, id),
    [VD_FACET_BIMI_CONTENT] = FACET("bimi.content", bimi, id, detail),
    [VD_FACET_NS_HOSTS] = FACET("ns.hosts", ns, hosts, detail),
    [VD_FACET_DS_RECORD] = FACET("ds.record", ds, set, is_ad),
    [VD_FACET_DS_AD] = VARYING("ds.ad", ds, is_ad, detail),
};

/* Where a kind's struct lies, and its fields that every kind has. */
struct set {
    uint16_t begin, size;
    uint16_t standing, detail, unknown;
    uint16_t texts[5]; /* its struct vd_text_ref; 0: no more */
};

#define SET(member, ...)                                                                           \
    {                                                                                              \
        (uint16_t) offsetof(struct vd_facts, member),                                              \
            (uint16_t)sizeof(((struct vd_facts *)0)->member), FIELD(member, standing),             \
            FIELD(member, detail), FIELD(member, unknown),                                         \
        {                                                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    }

static const struct set sets[VD_SUBJECT_KINDS] = {
    [VD_SUBJECT_SPF] =
        SET(spf, FIELD(spf, text), FIELD(spf, path), FIELD(spf, fault), FIELD(spf, where)),
    [VD_SUBJECT_DKIM] =
        SET(dkim[0], FIELD(dkim[0], text), FIELD(dkim[0], fault), FIELD(dkim[0], where)),
    [VD_SUBJECT_DMARC] = SET(dmarc, FIELD(dmarc, text), FIELD(dmarc, rua_text), FIELD(dmarc, fault),
                             FIELD(dmarc, where)),
    [VD_SUBJECT_MX] = SET(mx, FIELD(mx, text), FIELD(mx, fault)),
    [VD_SUBJECT_MAIL_FROM] =
        SET(mail_from, FIELD(mail_from, text), FIELD(mail_from, mx_text), FIELD(mail_from, fault)),
    [VD_SUBJECT_MTA_STS] = SET(mta_sts, FIELD(mta_sts, text), FIELD(mta_sts, fault)),
    [VD_SUBJECT_TLS_RPT] = SET(tls_rpt, FIELD(tls_rpt, text), FIELD(tls_rpt, fault)),
    [VD_SUBJECT_BIMI] = SET(bimi, FIELD(bimi, text), FIELD(bimi, fault)),
    [VD_SUBJECT_NS] = SET(ns, FIELD(ns, text), FIELD(ns, fault)),
    [VD_SUBJECT_DS] = SET(ds, FIELD(ds, text)),
};

/* How far behind a kind's first struct that of an index lies. */
static size_t step_of(uint8_t kind, uint8_t index)
{
    return kind == VD_SUBJECT_DKIM ? index * sizeof(struct vd_dkim_facts) : 0;
}

static bool is_one(uint8_t kind, uint8_t index)
{
    return kind < VD_SUBJECT_KINDS && index < (kind == VD_SUBJECT_DKIM ? VD_DKIM_SETS_MAX : 1);
}

static const uint8_t *byte_at(const struct vd_facts *facts, size_t offset)
{
    return (const uint8_t *)(const void *)facts + offset;
}

/* ---- names and words ----------------------------------------------------------------------- */

const char *vd_facet_str(uint8_t facet)
{
    return facet < VD_FACETS_END && rows[facet].name != NULL ? rows[facet].name : "";
}

bool vd_facet_varies(uint8_t facet)
{
    return facet < VD_FACETS_END && rows[facet].varies;
}

/* "dkim.SELECTOR.key": selectors may hold dots. */
static enum vd_status find_dkim(const struct vd_watch *watch, struct vd_span name, uint8_t *facet,
                                uint8_t *index)
{
    for (uint8_t f = VD_FACET_DKIM_KEY; f <= VD_FACET_DKIM_ALIAS; f++) {
        const char *word = rows[f].name + sizeof "dkim" - 1; /* ".key" */
        size_t len = strlen(word);
        if (name.len <= len || memcmp(name.bytes + name.len - len, word, len) != 0) {
            continue;
        }
        for (uint8_t i = 0; i < watch->selectors_count; i++) {
            if (vd_span_is_word((struct vd_span){name.bytes, name.len - len},
                                watch->selectors[i])) {
                *facet = f;
                *index = i;
                return VD_OK;
            }
        }
    }
    return VD_OTHER;
}

enum vd_status vd_facet_find(const struct vd_watch *watch, const char *name, size_t len,
                             uint8_t *facet, uint8_t *index)
{
    static const char dkim[] = "dkim.";
    struct vd_span span = {(const uint8_t *)name, len};

    if (len > sizeof dkim - 1 && memcmp(name, dkim, sizeof dkim - 1) == 0) {
        return find_dkim(watch, vd_span_skip(span, sizeof dkim - 1), facet, index);
    }
    for (uint8_t f = 0; f < VD_FACETS_END; f++) {
        if (rows[f].name != NULL && vd_span_is_exactly(span, rows[f].name)) {
            *facet = f;
            *index = 0;
            return VD_OK;
        }
    }
    return VD_OTHER;
}

static const char *standing_word(uint8_t standing)
{
    return standing == VD_STANDING_ABSENT   ? "absent"
           : standing == VD_STANDING_BROKEN ? "broken"
           : standing == VD_STANDING_OK     ? NULL
                                            : "unknown";
}

/* A level as accept= writes it; NULL: the facet has no word for it. */
static const char *level_word(const struct vd_facts *facts, uint8_t facet)
{
    static const char *const levels[] = {"absent", "none", "quarantine", "reject"};
    static const char *const defaults[] = {"pass", "neutral", "softfail", "fail"};

    switch (facet) {
    case VD_FACET_DMARC_POLICY:
        return levels[facts->dmarc.p + 1];
    case VD_FACET_DMARC_SP:
        return levels[facts->dmarc.sp + 1];
    case VD_FACET_SPF_DEFAULT:
        return facts->spf.dflt <= VD_SPF_FAIL ? defaults[facts->spf.dflt] : NULL;
    case VD_FACET_DMARC_ALIGNMENT:
        return facts->dmarc.is_strict_dkim && facts->dmarc.is_strict_spf ? "strict"
               : facts->dmarc.is_strict_dkim                             ? "strict-dkim"
               : facts->dmarc.is_strict_spf                              ? "strict-spf"
                                                                         : "relaxed";
    default:
        return NULL;
    }
}

const char *vd_facet_word(const struct vd_facts *facts, uint8_t facet, uint8_t index, char *out)
{
    uint8_t kind = VD_FACET_KIND(facet);
    const char *word = NULL;

    out[0] = '\0';
    if (facet >= VD_FACETS_END || rows[facet].name == NULL || !is_one(kind, index)) {
        return out;
    }
    word = (vd_facts_unknown(facts, kind, index) & VD_FACET_BIT(facet)) != 0
               ? standing_word(VD_STANDING_UNKNOWN)
               : standing_word(vd_facts_standing(facts, kind, index));
    word = word == NULL ? level_word(facts, facet) : word;
    if (word != NULL) {
        snprintf(out, VD_FACET_WORD_MAX, "%s", word);
    } else {
        snprintf(out, VD_FACET_WORD_MAX, "%08x",
                 (unsigned)vd_facet_content(facts, facet, kind, index));
    }
    return out;
}

/* ---- values ---------------------------------------------------------------------------------- */

uint8_t vd_facts_standing(const struct vd_facts *facts, uint8_t kind, uint8_t index)
{
    return is_one(kind, index) ? *byte_at(facts, sets[kind].standing + step_of(kind, index))
                               : (uint8_t)VD_STANDING_UNKNOWN;
}

uint8_t vd_facts_unknown(const struct vd_facts *facts, uint8_t kind, uint8_t index)
{
    return is_one(kind, index) ? *byte_at(facts, sets[kind].unknown + step_of(kind, index)) : 0xff;
}

uint8_t vd_facts_detail(const struct vd_facts *facts, uint8_t kind, uint8_t index)
{
    return is_one(kind, index) ? *byte_at(facts, sets[kind].detail + step_of(kind, index)) : 0;
}

void vd_facts_swap_standing(struct vd_facts *facts, uint8_t kind, uint8_t index, uint8_t *standing)
{
    uint8_t *at = (uint8_t *)(void *)facts + sets[kind].standing + step_of(kind, index);
    uint8_t was = *at;

    *at = *standing;
    *standing = was;
}

static uint32_t hash_facet(uint32_t hash, const struct vd_facts *facts, const struct row *row,
                           size_t step)
{
    return vd_hash(hash, byte_at(facts, row->begin + step), (size_t)(row->end - row->begin));
}

uint32_t vd_facet_content(const struct vd_facts *facts, uint8_t facet, uint8_t subject_kind,
                          uint8_t index)
{
    if (facet >= VD_FACETS_END) {
        return vd_facts_content(facts, subject_kind, index);
    }
    return hash_facet(VD_HASH_START, facts, &rows[facet], step_of(subject_kind, index));
}

uint32_t vd_facts_content(const struct vd_facts *facts, uint8_t kind, uint8_t index)
{
    uint32_t hash = VD_HASH_START;

    for (size_t n = 0; is_one(kind, index) && n < VD_FACETS_OF_KIND_MAX; n++) {
        const struct row *row = &rows[VD_FACET(kind, n)];
        bool is_known = (vd_facts_unknown(facts, kind, index) & 1u << n) == 0;
        if (row->name != NULL && !row->varies && is_known) {
            hash = hash_facet(hash, facts, row, step_of(kind, index));
        }
    }
    return hash;
}

/* ---- into the baseline ----------------------------------------------------------------------- */

static struct vd_text_ref *ref_at(struct vd_facts *facts, size_t offset)
{
    return (struct vd_text_ref *)(void *)((char *)facts + offset);
}

size_t vd_facts_text_offset(uint8_t kind, uint8_t index, size_t number)
{
    size_t offset = is_one(kind, index) && number < sizeof sets[0].texts / sizeof sets[0].texts[0]
                        ? sets[kind].texts[number]
                        : 0;

    return offset == 0 ? 0 : offset + step_of(kind, index);
}

void vd_facts_adopt_texts(struct vd_facts *baseline, const struct vd_facts *now, uint8_t kind,
                          uint8_t index)
{
    size_t offset;

    for (size_t k = 0; (offset = vd_facts_text_offset(kind, index, k)) != 0; k++) {
        *ref_at(baseline, offset) = (struct vd_text_ref){0, 0, 0};
    }
    vd_facts_pack(baseline);
    for (size_t k = 0; (offset = vd_facts_text_offset(kind, index, k)) != 0; k++) {
        const struct vd_text_ref *theirs =
            (const struct vd_text_ref *)(const void *)byte_at(now, offset);
        bool is_key = kind == VD_SUBJECT_DKIM && k == 0 && !now->dkim[index].is_alias;
        vd_facts_bring(baseline, ref_at(baseline, offset), now, *theirs, is_key);
    }
}

/* One facet, known now, with its mark. */
static void take_facet(struct vd_facts *baseline, const struct vd_facts *now, uint8_t facet,
                       uint8_t index)
{
    const struct row *row = &rows[facet];
    uint8_t kind = VD_FACET_KIND(facet);
    size_t step = step_of(kind, index);
    uint8_t *unknown = (uint8_t *)(void *)baseline + sets[kind].unknown + step;

    memcpy((uint8_t *)(void *)baseline + row->begin + step, byte_at(now, row->begin + step),
           (size_t)(row->end - row->begin));
    *unknown = (uint8_t)(*unknown & ~VD_FACET_BIT(facet));
}

/* What the baseline says of single facets is no measure for a record set of another standing. */
static void forget(struct vd_facts *baseline, uint8_t kind, uint8_t index)
{
    *((uint8_t *)(void *)baseline + sets[kind].unknown + step_of(kind, index)) = 0xff;
}

/* All facets that are known now; those that are not stay as they are. */
static void take_known(struct vd_facts *baseline, const struct vd_facts *now, uint8_t kind,
                       uint8_t index)
{
    if (vd_facts_standing(baseline, kind, index) != vd_facts_standing(now, kind, index)) {
        forget(baseline, kind, index);
    }
    for (size_t n = 0; n < VD_FACETS_OF_KIND_MAX; n++) {
        uint8_t facet = (uint8_t)VD_FACET(kind, n);
        if (rows[facet].name != NULL && (vd_facts_unknown(now, kind, index) & 1u << n) == 0) {
            take_facet(baseline, now, facet, index);
        }
    }
    *((uint8_t *)(void *)baseline + sets[kind].detail + step_of(kind, index)) =
        vd_facts_detail(now, kind, index);
}

void vd_facts_adopt(struct vd_facts *baseline, const struct vd_facts *now, uint8_t facet,
                    uint8_t kind, uint8_t index, bool is_forced)
{
    uint8_t was = vd_facts_standing(baseline, kind, index);
    uint8_t standing = vd_facts_standing(now, kind, index);

    if (standing == VD_STANDING_UNKNOWN || facet == VD_FACET_NONE) {
        return; /* unknown never writes */
    }
    if (facet != VD_FACET_ALL) {
        if (facet < VD_FACETS_END && rows[facet].name != NULL && VD_FACET_KIND(facet) == kind &&
            (vd_facts_unknown(now, kind, index) & VD_FACET_BIT(facet)) == 0) {
            if (was == VD_STANDING_UNKNOWN) {
                forget(baseline, kind, index);
            }
            take_facet(baseline, now, facet, index);
        }
        return;
    }
    if (kind == VD_SUBJECT_DKIM && !is_forced && standing != VD_STANDING_OK &&
        was == VD_STANDING_OK) {
        return;
    }
    take_known(baseline, now, kind, index);
    vd_facts_adopt_texts(baseline, now, kind, index);
}

/* Facets of which nothing was known, of a record set that stands as it did. */
static bool learn_facets(struct vd_facts *baseline, const struct vd_facts *now, uint8_t kind,
                         uint8_t index)
{
    uint8_t missing = vd_facts_unknown(baseline, kind, index);
    bool has_learned = false;

    for (size_t n = 0; n < VD_FACETS_OF_KIND_MAX; n++) {
        uint8_t facet = (uint8_t)VD_FACET(kind, n);
        bool is_wanted = (missing & VD_FACET_BIT(facet)) != 0 && rows[facet].name != NULL;
        if (is_wanted && (vd_facts_unknown(now, kind, index) & VD_FACET_BIT(facet)) == 0) {
            take_facet(baseline, now, facet, index);
            has_learned = true;
        }
    }
    return has_learned;
}

static bool learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed,
                  uint8_t kind, uint8_t index)
{
    uint8_t was = vd_facts_standing(baseline, kind, index);
    uint8_t standing = vd_facts_standing(now, kind, index);

    if (standing == VD_STANDING_UNKNOWN || (believed & vd_subject_bit(kind, index)) == 0) {
        return false;
    }
    if (was != VD_STANDING_UNKNOWN) {
        return was == standing && learn_facets(baseline, now, kind, index);
    }
    vd_facts_adopt(baseline, now, VD_FACET_ALL, kind, index, false);
    return vd_facts_standing(baseline, kind, index) != VD_STANDING_UNKNOWN;
}

bool vd_facts_learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed)
{
    bool has_learned = false;

    for (uint8_t kind = 0; kind < VD_SUBJECT_KINDS; kind++) {
        uint8_t count = kind == VD_SUBJECT_DKIM ? VD_DKIM_SETS_MAX : 1;
        for (uint8_t i = 0; i < count; i++) {
            has_learned |= learn(baseline, now, believed, kind, i);
        }
    }
    return has_learned;
}
