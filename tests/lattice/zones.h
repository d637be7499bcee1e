/*
 * The worlds of a row: zones with their records, and answers out of them as a resolver gives them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LATTICE_ZONES_H
#define VD_LATTICE_ZONES_H

#include "dns/message.h"

#define WORLDS_MAX  12u
#define RECORDS_MAX 1024u
#define ZONES_MAX   128u

struct zone_record {
    struct vd_name owner;
    uint16_t type;
    uint32_t ttl;
    uint16_t len;
    uint8_t *rdata;
};

struct world {
    size_t records_count, zones_count, failing_count;
    struct zone_record records[RECORDS_MAX];
    struct vd_name zones[ZONES_MAX];
    struct vd_name failing[ZONES_MAX];
    uint16_t port; /* of the real server that serves it; 0: none */
};

/* Write the response to a query.  Returns its length; 0: none. */
size_t world_answer(const struct world *world, const uint8_t *query, size_t len, uint8_t *out,
                    size_t cap);

#endif
