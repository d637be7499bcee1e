/*
 * Responses of one round, so that what many watched domains include is asked once.
 *
 * A round is a run of surveys one after the other; whoever runs them clears the cache when the run
 * is over.  An entry is found again only by the same question to the same servers beginning with
 * the same one, so that a second opinion is always a fresh one.
 *
 * No I/O; time is an argument.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_CACHE_H
#define VD_CACHE_H

#include "dns/message.h"

struct vd_cache {
    uint16_t used;
    uint8_t bytes[VD_CACHE_BYTES + 1];
};

/* To whom a question goes, and who answered it. */
struct vd_cache_key {
    uint16_t servers;
    uint8_t first;
    uint8_t server;    /* who answered */
    uint8_t transport; /* and over what */
};

void vd_cache_clear(struct vd_cache *cache);

/*
 * Keep a response for ttl_s, VD_CACHE_MS at most.  The oldest give way; one that is larger than
 * the whole cache is not kept.
 *
 * bytes, len  a message that vd_message_open took.
 */
void vd_cache_put(struct vd_cache *cache, const struct vd_cache_key *key, const uint8_t *bytes,
                  size_t len, uint32_t ttl_s, uint64_t now_ms);

/*
 * Look a question up.
 *
 * key   servers and first are compared, server and transport filled.
 * out   on VD_OK the message; it points into the cache until the next put.
 *
 * VD_OTHER  not there, or too old.
 */
enum vd_status vd_cache_find(const struct vd_cache *cache, const struct vd_question *question,
                             struct vd_cache_key *key, uint64_t now_ms, struct vd_message *out);

#endif
