/*
 * Answers out of tables, as a resolver gives them (RFC 1034, section 4.3.2; RFC 2308).
 *
 * SPDX-License-Identifier: MIT
 */
#include "tests/lattice/zones.h"

#include "dns/bytes.h"

#include <string.h>

#define CHAIN_MAX 10u

static bool is_below(const struct vd_name *name, const struct vd_name *zone)
{
    if (name->len < zone->len) {
        return false;
    }
    struct vd_name tail = {.len = zone->len};
    memcpy(tail.wire, name->wire + (name->len - zone->len), zone->len);
    size_t at = 0; /* only where a label begins */
    while (at < (size_t)(name->len - zone->len)) {
        at += name->wire[at] + 1u;
    }
    return at == (size_t)(name->len - zone->len) && vd_name_is_equal(&tail, zone);
}

static const struct vd_name *zone_of(const struct world *world, const struct vd_name *name)
{
    const struct vd_name *best = NULL;

    for (size_t i = 0; i < world->zones_count; i++) {
        const struct vd_name *zone = &world->zones[i];
        if (is_below(name, zone) && (best == NULL || zone->len > best->len)) {
            best = zone;
        }
    }
    return best;
}

static bool is_failing(const struct world *world, const struct vd_name *name)
{
    for (size_t i = 0; i < world->failing_count; i++) {
        if (is_below(name, &world->failing[i])) {
            return true;
        }
    }
    return false;
}

struct reply {
    struct vd_writer w;
    uint16_t counts[4];
};

static void put_record(struct reply *reply, unsigned section, const struct vd_name *owner,
                       const struct zone_record *record)
{
    vd_write_span(&reply->w, owner->wire, owner->len);
    vd_write_u16(&reply->w, record->type);
    vd_write_u16(&reply->w, 1);
    vd_write_u32(&reply->w, record->ttl);
    vd_write_u16(&reply->w, record->len);
    vd_write_span(&reply->w, record->rdata, record->len);
    reply->counts[section]++;
}

/* Records of one name and type; a wildcard's (RFC 4592) where the name itself is not there. */
static unsigned put_set(const struct world *world, struct reply *reply, const struct vd_name *name,
                        const struct vd_name *source, uint16_t type,
                        const struct zone_record **last)
{
    unsigned count = 0;

    for (size_t i = 0; i < world->records_count; i++) {
        const struct zone_record *record = &world->records[i];
        if (record->type == type && vd_name_is_equal(&record->owner, source)) {
            put_record(reply, 1, name, record);
            *last = record;
            count++;
        }
    }
    return count;
}

/* Is there a record at or below the name? */
static bool exists(const struct world *world, const struct vd_name *name)
{
    for (size_t i = 0; i < world->records_count; i++) {
        if (is_below(&world->records[i].owner, name)) {
            return true;
        }
    }
    return false;
}

/* Where the records of a name come from: itself, or the wildcard at its closest encloser.  false:
   there is no such name. */
static bool source_of(const struct world *world, const struct vd_name *name, struct vd_name *source)
{
    size_t at = 0;

    *source = *name;
    if (exists(world, name)) {
        return true;
    }
    while (name->wire[at] != 0) {
        at += name->wire[at] + 1u;
        struct vd_name parent = {.len = (uint8_t)(name->len - at)};
        memcpy(parent.wire, name->wire + at, parent.len);
        if (exists(world, &parent)) {
            source->wire[0] = 1;
            source->wire[1] = '*';
            memcpy(source->wire + 2, parent.wire, parent.len);
            source->len = (uint8_t)(parent.len + 2u);
            return exists(world, source);
        }
    }
    return false;
}

static void put_soa(const struct world *world, struct reply *reply, const struct vd_name *zone)
{
    for (size_t i = 0; zone != NULL && i < world->records_count; i++) {
        if (world->records[i].type == 6 && vd_name_is_equal(&world->records[i].owner, zone)) {
            put_record(reply, 2, zone, &world->records[i]);
            return;
        }
    }
}

/* Follow the aliases from a question to its end.  Returns the rcode. */
static unsigned resolve(const struct world *world, const struct vd_question *question,
                        struct reply *reply)
{
    struct vd_name name = question->name;
    struct vd_name source;
    const struct zone_record *last = NULL;

    for (size_t hops = 0; hops < CHAIN_MAX; hops++) {
        if (is_failing(world, &name)) {
            return 2;
        }
        const struct vd_name *zone = zone_of(world, &name);
        if (question->type == 43 && zone != NULL && vd_name_is_equal(zone, &name) &&
            zone->len > 1) {
            /* DS is the parent's (RFC 4035, section 3.1.4.1), kept at the name all the same */
            struct vd_name parent = {.len = (uint8_t)(name.len - name.wire[0] - 1u)};
            memcpy(parent.wire, name.wire + name.wire[0] + 1, parent.len);
            zone = zone_of(world, &parent);
        }
        if (!source_of(world, &name, &source)) {
            put_soa(world, reply, zone);
            return 3;
        }
        if (put_set(world, reply, &name, &source, question->type, &last) > 0) {
            return 0;
        }
        if (question->type == 5 || put_set(world, reply, &name, &source, 5, &last) == 0) {
            put_soa(world, reply, zone);
            return 0;
        }
        name.len = (uint8_t)last->len;
        memcpy(name.wire, last->rdata, last->len);
    }
    return 0;
}

size_t world_answer(const struct world *world, const uint8_t *query, size_t len, uint8_t *out,
                    size_t cap)
{
    struct vd_message message;
    struct reply reply = {.counts = {1, 0, 0, 0}};

    if (vd_message_open(query, len, &message) != VD_OK) {
        return 0;
    }
    vd_writer_init(&reply.w, out, cap);
    vd_write_span(&reply.w, query, 12);
    /* The question with the case in which it came. */
    size_t at = 12;
    while (query[at] != 0) {
        at += query[at] + 1u;
    }
    vd_write_span(&reply.w, query + 12, at + 5u - 12u);
    unsigned rcode = resolve(world, &message.question, &reply);
    vd_write_span(&reply.w, (const uint8_t *)"\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
    reply.counts[3]++;
    out[2] = 0x81;
    out[3] = (uint8_t)(0x80u | rcode);
    for (size_t i = 0; i < 4; i++) {
        out[4 + 2 * i] = (uint8_t)(reply.counts[i] >> 8);
        out[5 + 2 * i] = (uint8_t)reply.counts[i];
    }
    return reply.w.len;
}
