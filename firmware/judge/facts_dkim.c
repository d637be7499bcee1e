/*
 * DKIM: from answers to facts, selector by selector, and the wildcard beside them.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dkim.h"
#include "firmware/judge/facets.h"
#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_dkim.h"
#include "firmware/judge/slips.h"
#include "firmware/judge/takeover.h"

#include <string.h>

/* Room that a key's text leaves to each selector that comes after it: aliases and faults. */
#define TEXT_RESERVE 80u

#define ALL_FACETS                                                                                 \
    (VD_FACET_BIT(VD_FACET_DKIM_KEY) | VD_FACET_BIT(VD_FACET_DKIM_FLAGS) |                         \
     VD_FACET_BIT(VD_FACET_DKIM_ALIAS))

/* ---- the key --------------------------------------------------------------------------------- */

static void take_key(struct vd_facts *out, struct vd_dkim_facts *facts, const struct vd_dkim *key)
{
    static const uint8_t states[] = {
        [VD_DKIM_UNUSABLE] = VD_KEY_UNUSABLE,
        [VD_DKIM_REVOKED] = VD_KEY_REVOKED,
        [VD_DKIM_SHORT] = VD_KEY_UNUSABLE,
        [VD_DKIM_USABLE] = VD_KEY_USABLE,
    };

    facts->state = states[key->state];
    facts->standing = key->state == VD_DKIM_USABLE ? VD_STANDING_OK : VD_STANDING_BROKEN;
    facts->is_ed25519 = key->is_ed25519;
    facts->is_testing = key->is_testing;
    facts->is_strict = key->is_strict;
    facts->hashes = key->hashes & (VD_DKIM_SHA1 | VD_DKIM_SHA256);
    facts->bits = key->bits;
    facts->fingerprint = key->fingerprint;
    if (key->fault[0] != '\0') {
        vd_facts_write(out, &facts->fault, "%s", key->fault);
    }
}

/* A key is kept whole or not at all: a part of it is of no use. */
static void keep_key(struct vd_facts *out, struct vd_dkim_facts *facts, struct vd_span text)
{
    size_t later = VD_DKIM_SETS_MAX - 1u - (size_t)(facts - out->dkim);

    if (!facts->is_alias && text.len + later * TEXT_RESERVE <= vd_facts_room(out)) {
        vd_facts_write_span(out, &facts->text, text);
    }
}

/* What stands there is none that verifiers can use: was it typed wrongly? */
static void take_slip(struct vd_facts *out, struct vd_dkim_facts *facts, struct vd_span text)
{
    facts->slip = (uint8_t)vd_slip_of_text(text, VD_SUBJECT_DKIM);
    if (facts->slip != VD_SLIP_NONE) {
        facts->fault = (struct vd_text_ref){0, 0, 0};
        vd_facts_write(out, &facts->fault, "%s", vd_slip_str(facts->slip));
    }
}

/* No text of the answer is a key: foreign content, unless one was meant to be. */
static void take_foreign(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                         struct vd_facts *out, struct vd_dkim_facts *facts)
{
    const struct vd_record *record;

    facts->standing = VD_STANDING_ABSENT;
    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span text = vd_snapshot_span(snapshot, record);
        if (vd_slip_of_text(text, VD_SUBJECT_DKIM) != VD_SLIP_NONE) {
            facts->standing = VD_STANDING_BROKEN;
            facts->state = VD_KEY_UNUSABLE;
            facts->records = 1;
            take_slip(out, facts, text);
            keep_key(out, facts, text);
            return;
        }
    }
}

/* The texts at the end of the chain: exactly one may be there, and it must be a key. */
static void take_texts(const struct vd_snapshot *snapshot, const struct vd_answer *answer,
                       struct vd_facts *out, struct vd_dkim_facts *facts)
{
    const struct vd_record *record;
    struct vd_span text = {NULL, 0};
    struct vd_dkim key;
    unsigned keys = 0;
    unsigned texts = 0;

    for (; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, texts)) != NULL; texts++) {
        struct vd_span span = vd_snapshot_span(snapshot, record);
        if (vd_dkim_parse(span.bytes, span.len, &key) == VD_OK && keys++ == 0) {
            text = span;
        }
    }
    if (keys == 0) {
        take_foreign(snapshot, answer, out, facts);
        return;
    }
    facts->records = (uint8_t)(texts < UINT8_MAX ? texts : UINT8_MAX);
    if (texts > 1) { /* a verifier may take any of them (RFC 6376, section 6.1.2) */
        facts->standing = VD_STANDING_BROKEN;
        facts->state = VD_KEY_UNUSABLE;
        facts->slip = VD_SLIP_TWO_RECORDS;
        vd_facts_write(out, &facts->fault, "%u TXT records at one selector", texts);
    } else if (vd_dkim_parse(text.bytes, text.len, &key) == VD_OK) {
        take_key(out, facts, &key);
        if (facts->state == VD_KEY_UNUSABLE && facts->bits == 0) {
            take_slip(out, facts, text);
        }
    }
    keep_key(out, facts, text);
}

/* ---- the alias ------------------------------------------------------------------------------- */

static uint32_t operator_of(const struct vd_watch *watch, const char *target)
{
    const struct vd_provider *provider = vd_provider_of_target(watch, target);

    return provider != NULL
               ? vd_hash(VD_HASH_START, (const uint8_t *)provider->title, strlen(provider->title))
               : vd_operator_of(target, watch->domain);
}

static uint32_t hash_of(const char *name)
{
    return vd_hash(VD_HASH_START, (const uint8_t *)name, strlen(name));
}

/* The chain ends where nothing is: can a stranger have that place? */
static void take_dangling(const struct vd_reading *at, const struct vd_answer *answer,
                          const char *end, struct vd_dkim_facts *facts)
{
    char zone[VD_DOMAIN_TEXT_MAX] = "";
    enum vd_takeover takeover = vd_takeover_of(at, answer, zone);

    facts->takeover = takeover == VD_TAKEOVER_YES;
    if (takeover == VD_TAKEOVER_UNKNOWN) {
        facts->unknown |= VD_FACET_BIT(VD_FACET_DKIM_KEY);
    }
    vd_facts_write(at->out, &facts->fault, "no key at %s", end);
    if (facts->takeover) {
        vd_facts_write(at->out, &facts->fault, ", and %s appears unregistered", zone);
    }
}

/* The first and the last hop of the chain. */
static void take_alias(const struct vd_reading *at, const struct vd_answer *answer,
                       struct vd_dkim_facts *facts)
{
    const struct vd_snapshot *snapshot = at->snapshot;
    const struct vd_record *hop = vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, 0);
    const struct vd_record *last = hop;
    const struct vd_record *record;

    if (hop == NULL) {
        return;
    }
    for (size_t i = 1; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, i)) != NULL;
         i++) {
        last = record;
    }
    const char *first = vd_snapshot_target(snapshot, hop);
    const char *end = vd_snapshot_target(snapshot, last);
    facts->is_alias = 1;
    facts->alias = hash_of(first);
    facts->end = hash_of(end);
    facts->operator_ = operator_of(at->watch, first);
    facts->end_operator = operator_of(at->watch, end);
    vd_facts_write_span(at->out, &facts->text, vd_snapshot_span(snapshot, hop));
    if (answer->presence == VD_ABSENT) {
        facts->slip = (uint8_t)vd_slip_of_target(first, at->watch->domain);
        take_dangling(at, answer, end, facts);
    }
}

/* ---- wildcard, slips ------------------------------------------------------------------------- */

static const char *name_of(const struct vd_reading *at, uint8_t index, char out[VD_OWNER_TEXT_MAX])
{
    const struct vd_watch *watch = at->watch;
    bool is_wanted = watch->selectors_count > 0 || watch->needs_no_key;

    if (index != VD_DKIM_WILDCARD) {
        return vd_owner_text(out, watch->selectors[index], "._domainkey.", watch->domain);
    }
    if (at->snapshot->probe[0] == '\0' || !is_wanted) {
        out[0] = '\0';
        return out;
    }
    return vd_owner_text(out, at->snapshot->probe, "._domainkey.", watch->domain);
}

/* Do both answers hold the same records of this type, in whatever order? */
static bool holds_same(const struct vd_snapshot *snapshot, const struct vd_answer *a,
                       const struct vd_answer *b, uint16_t type)
{
    const struct vd_record *one;
    const struct vd_record *other;
    size_t i = 0;

    for (; (one = vd_snapshot_record(snapshot, a, type, i)) != NULL; i++) {
        struct vd_span span = vd_snapshot_span(snapshot, one);
        bool is_there = false;
        for (size_t k = 0; (other = vd_snapshot_record(snapshot, b, type, k)) != NULL; k++) {
            struct vd_span theirs = vd_snapshot_span(snapshot, other);
            is_there |= theirs.len == span.len && memcmp(theirs.bytes, span.bytes, span.len) == 0;
        }
        if (!is_there) {
            return false;
        }
    }
    return vd_snapshot_record(snapshot, b, type, i) == NULL;
}

/* The answer to a random label; NULL: none is known. */
static const struct vd_answer *wildcard_of(const struct vd_reading *at)
{
    char name[VD_OWNER_TEXT_MAX];
    const struct vd_answer *any =
        vd_snapshot_find(at->snapshot, name_of(at, VD_DKIM_WILDCARD, name), VD_TYPE_TXT);

    return any == NULL || any->presence == VD_UNKNOWN ? NULL : any;
}

/* Would any label answer the same?  While nobody knows, it is as it was. */
static void take_wildcard(const struct vd_reading *at, const struct vd_answer *answer,
                          uint8_t index, struct vd_dkim_facts *facts)
{
    const struct vd_answer *any = wildcard_of(at);

    if (facts->standing == VD_STANDING_ABSENT) {
        return;
    }
    facts->is_wildcard = any == NULL ? at->was->dkim[index].is_wildcard
                                     : any->presence == VD_PRESENT &&
                                           holds_same(at->snapshot, answer, any, VD_TYPE_TXT) &&
                                           holds_same(at->snapshot, answer, any, VD_TYPE_CNAME);
}

/* No key, and an alias that any label has: nobody made one for this selector. */
static void drop_wild_alias(const struct vd_reading *at, const struct vd_answer *answer,
                            struct vd_dkim_facts *facts)
{
    const struct vd_answer *any = wildcard_of(at);
    uint8_t detail = facts->detail;

    if (facts->standing == VD_STANDING_ABSENT && facts->is_alias && any != NULL &&
        holds_same(at->snapshot, answer, any, VD_TYPE_CNAME)) {
        *facts = (struct vd_dkim_facts){.standing = VD_STANDING_ABSENT, .detail = detail};
    }
}

/* How many selectors before this one are absent, and were looked for elsewhere. */
static unsigned looked_for(const struct vd_facts *out, uint8_t index)
{
    unsigned count = 0;

    for (uint8_t i = 0; i < index; i++) {
        count += out->dkim[i].standing == VD_STANDING_ABSENT && !out->dkim[i].is_alias;
    }
    return count;
}

static void look_elsewhere(const struct vd_reading *at, uint8_t index, struct vd_dkim_facts *facts)
{
    bool is_open;

    if (facts->standing == VD_STANDING_ABSENT && !facts->is_alias && index != VD_DKIM_WILDCARD &&
        !at->watch->needs_no_key && looked_for(at->out, index) < VD_SLIP_SELECTORS_MAX) {
        facts->slip = (uint8_t)vd_slip_look(at, VD_SUBJECT_DKIM, index, &facts->where, &is_open);
    }
}

/* On its way: nothing yet that could be what later looks are compared with.  For when all selectors
   are read: others may do instead. */
static void mark_awaited(const struct vd_reading *at)
{
    for (uint8_t i = 0; i < at->watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        struct vd_dkim_facts *facts = &at->out->dkim[i];
        bool is_expected = (at->was->pending & vd_subject_bit(VD_SUBJECT_DKIM, i)) != 0 &&
                           !vd_dkim_is_spare(at->out, at->watch, i);
        if (is_expected && facts->standing != VD_STANDING_OK &&
            at->was->dkim[i].standing == VD_STANDING_UNKNOWN) {
            facts->unknown = ALL_FACETS;
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void read_one(const struct vd_reading *at, uint8_t index)
{
    char name[VD_OWNER_TEXT_MAX];
    struct vd_dkim_facts *facts = &at->out->dkim[index];
    const struct vd_answer *answer =
        vd_reading_find(at, name_of(at, index, name), VD_TYPE_TXT, VD_WANT_OWN);

    if (answer == NULL) {
        facts->detail = VD_DETAIL_NOT_ASKED;
        return;
    }
    facts->detail = vd_answer_detail(answer);
    if (answer->presence == VD_UNKNOWN) {
        return;
    }
    take_alias(at, answer, facts);
    if (answer->presence == VD_PRESENT) {
        take_texts(at->snapshot, answer, at->out, facts);
    } else {
        facts->standing = VD_STANDING_ABSENT;
    }
    if (index != VD_DKIM_WILDCARD) {
        take_wildcard(at, answer, index, facts);
        drop_wild_alias(at, answer, facts);
    }
    look_elsewhere(at, index, facts);
    if (at->watch->needs_no_key && facts->state == VD_KEY_REVOKED) {
        facts->standing = VD_STANDING_OK; /* the lock of a domain that sends no mail */
    }
}

void vd_facts_read_dkim(const struct vd_reading *at, uint8_t index)
{
    read_one(at, index);
    if (index == VD_DKIM_WILDCARD) { /* the last one */
        mark_awaited(at);
    }
}
