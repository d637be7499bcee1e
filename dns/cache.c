/*
 * A queue of messages, each with a head before it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/cache.h"

#include <string.h>

struct entry {
    uint64_t until_ms;
    struct vd_cache_key key;
    uint16_t len; /* of the message that follows */
};

void vd_cache_clear(struct vd_cache *cache)
{
    cache->used = 0;
}

/* The entry at an offset.  Copied out: heads are not aligned. */
static struct entry entry_at(const struct vd_cache *cache, size_t at)
{
    struct entry entry;

    memcpy(&entry, cache->bytes + at, sizeof(entry));
    return entry;
}

static void drop_oldest(struct vd_cache *cache)
{
    size_t size = sizeof(struct entry) + entry_at(cache, 0).len;

    memmove(cache->bytes, cache->bytes + size, cache->used - size);
    cache->used = (uint16_t)(cache->used - size);
}

void vd_cache_put(struct vd_cache *cache, const struct vd_cache_key *key, const uint8_t *bytes,
                  size_t len, uint32_t ttl_s, uint64_t now_ms)
{
    uint64_t keep_ms = (uint64_t)ttl_s * 1000u;
    struct entry entry = {
        .until_ms = now_ms + (keep_ms < VD_CACHE_MS ? keep_ms : VD_CACHE_MS),
        .key = *key,
        .len = (uint16_t)len,
    };

    if (len > UINT16_MAX || sizeof(entry) + len > VD_CACHE_BYTES) {
        return;
    }
    while (cache->used + sizeof(entry) + len > VD_CACHE_BYTES) {
        drop_oldest(cache);
    }
    memcpy(cache->bytes + cache->used, &entry, sizeof(entry));
    memcpy(cache->bytes + cache->used + sizeof(entry), bytes, len);
    cache->used = (uint16_t)(cache->used + sizeof(entry) + len);
}

enum vd_status vd_cache_find(const struct vd_cache *cache, const struct vd_question *question,
                             struct vd_cache_key *key, uint64_t now_ms, struct vd_message *out)
{
    struct entry entry;

    for (size_t at = 0; at < cache->used; at += sizeof(entry) + entry.len) {
        entry = entry_at(cache, at);
        if (now_ms >= entry.until_ms || entry.key.servers != key->servers ||
            entry.key.first != key->first) {
            continue;
        }
        if (vd_message_open(cache->bytes + at + sizeof(entry), entry.len, out) == VD_OK &&
            out->question.type == question->type &&
            vd_name_is_equal(&out->question.name, &question->name)) {
            *key = entry.key;
            return VD_OK;
        }
    }
    return VD_OTHER;
}
