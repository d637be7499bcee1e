/*
 * A small DNS for judge tests: a few records, asked for whatever the judge wants to know.
 *
 * Names that only have names below them are NODATA, all others NXDOMAIN, as a DNS host serves
 * them (RFC 8020).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEST_ZONE_WORLD_H
#define VD_TEST_ZONE_WORLD_H

#include "dns/message.h"
#include "tests/unit/judge_world.h"

/* type VD_TYPE_TXT, _CNAME or _MX ("10 host"; VD_TYPE_MX).  name NULL ends the list.  text
   "!servfail": the name cannot be asked. */
struct zone_record {
    const char *name;
    uint16_t type;
    const char *text;
};

static const struct zone_record *zone;
static unsigned zone_asked; /* questions of the last look */

static inline bool zone_is_below(const char *name, const char *above)
{
    size_t len = strlen(name);
    size_t above_len = strlen(above);

    return len > above_len && name[len - above_len - 1] == '.' &&
           strcmp(name + len - above_len, above) == 0;
}

/* The owner that answers for a name: itself, or "*._domainkey.example.com" where nothing stands at
   or below the name (RFC 4592; only wildcards one label up are known here). */
static inline const char *zone_owner(const char *name, char out[VD_DOMAIN_TEXT_MAX])
{
    const char *dot = strchr(name, '.');

    for (const struct zone_record *r = zone; r->name != NULL; r++) {
        if (strcmp(r->name, name) == 0 || zone_is_below(r->name, name)) {
            return name;
        }
    }
    snprintf(out, VD_DOMAIN_TEXT_MAX, "*%s", dot == NULL ? "" : dot);
    return out;
}

static inline void zone_fill(size_t index, const char *asked, uint16_t type, unsigned hops)
{
    char wildcard[VD_DOMAIN_TEXT_MAX];
    const char *name = zone_owner(asked, wildcard);
    struct vd_answer *answer = &snapshot.answers[index];
    bool is_there = false;
    bool is_found = false;

    for (const struct zone_record *r = zone; r->name != NULL; r++) {
        unsigned preference = 0;
        int skip = 0;
        is_there |= strcmp(r->name, name) == 0 || zone_is_below(r->name, name);
        if (strcmp(r->name, name) != 0) {
            continue;
        }
        if (strcmp(r->text, "!servfail") == 0) {
            answer->presence = VD_UNKNOWN;
            answer->detail = VD_DETAIL_SERVFAIL;
            return;
        }
        if (r->type == VD_TYPE_CNAME && type != VD_TYPE_CNAME && hops < VD_CHAIN_MAX) {
            (void)vd_snapshot_add(&snapshot, index, VD_TYPE_CNAME, 0, (const uint8_t *)r->text,
                                  strlen(r->text));
            zone_fill(index, r->text, type, hops + 1);
            return;
        }
        if (r->type == type) {
            if (type == VD_TYPE_MX) {
                assert_int_equal(sscanf(r->text, "%u %n", &preference, &skip), 1);
            }
            is_found = vd_snapshot_add(&snapshot, index, type, (uint16_t)preference,
                                       (const uint8_t *)r->text + skip,
                                       strlen(r->text) - (size_t)skip) == VD_OK;
        }
    }
    answer->presence = is_found || answer->presence == VD_PRESENT ? VD_PRESENT : VD_ABSENT;
    answer->detail = VD_DETAIL_NONE;
    if (answer->presence == VD_ABSENT) {
        answer->rcode = is_there ? VD_RCODE_NOERROR : VD_RCODE_NXDOMAIN;
        answer->detail = hops > 0   ? VD_DETAIL_DANGLING
                         : is_there ? VD_DETAIL_NODATA
                                    : VD_DETAIL_NXDOMAIN;
    }
}

static inline void zone_answer(void *ctx, const char *name, uint16_t type, enum vd_want want)
{
    size_t index;

    (void)want;
    if (vd_snapshot_ask(&snapshot, name, type, &index) == VD_OK) {
        snapshot.answers[index].is_done = true;
        zone_fill(index, name, type, 0);
        ++*(unsigned *)ctx;
    }
}

/* Look at the zone until nothing more is wanted, then judge.  Returns the rounds that it took. */
static inline unsigned zone_judge(const struct zone_record *records)
{
    char probe[VD_PROBE_MAX];
    unsigned rounds = 0;
    unsigned before;

    zone = records;
    strcpy(probe, "x1y2z3");
    vd_snapshot_clear(&snapshot);
    strcpy(snapshot.probe, probe);
    zone_asked = 0;
    do {
        before = zone_asked;
        vd_judge_wants(&snapshot, &baseline, &watch, &judgement, zone_answer, &zone_asked);
        rounds++;
    } while (zone_asked > before && rounds < 20);
    vd_judge(&snapshot, &baseline, &watch, &judgement);
    return rounds - 1;
}

/* The same, and what it says is believed from now on. */
static inline void zone_learn(const struct zone_record *records)
{
    memset(&baseline, 0, sizeof baseline);
    (void)zone_judge(records);
    (void)vd_facts_learn(&baseline, &judgement.facts, UINT32_MAX);
}

/* The finding with this code, of a selector; NULL: none that is told. */
static inline const struct vd_finding *told(enum vd_code code)
{
    for (size_t i = 0; i < judgement.findings_count; i++) {
        if (judgement.findings[i].code == code && is_told(&judgement.findings[i])) {
            return &judgement.findings[i];
        }
    }
    return NULL;
}

/* How many findings of this kind of record set are told. */
static inline size_t told_of(enum vd_subject_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < judgement.findings_count; i++) {
        const struct vd_finding *finding = &judgement.findings[i];
        count += judgement.subjects[finding->subject].kind == kind && is_told(finding);
    }
    return count;
}

#endif
