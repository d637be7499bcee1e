/*
 * TLS destinations: trust and saved session outlive a connection, so that the next one resumes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/posix/tls_destination.h"

#include "port/mbedtls/tls_words.h"
#include "port/posix/posix.h"

#include <stdio.h>
#include <string.h>

struct destination {
    bool is_used;
    bool is_taken; /* by a stream */
    uint8_t key[32];
    uint32_t last_use;
    struct vd_tls_trust trust;
};

static struct destination destinations[VD_TLS_DESTINATIONS];
static uint32_t uses;

static void say(char *why, const char *words)
{
    (void)snprintf(why, VD_STREAM_WHY_MAX, "%s", words);
}

/* The idle one that was used longest ago, or NULL. */
static struct destination *find_oldest(void)
{
    struct destination *oldest = NULL;

    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        struct destination *at = &destinations[i];
        if (at->is_used && !at->is_taken &&
            (oldest == NULL || (int32_t)(at->last_use - oldest->last_use) < 0)) {
            oldest = at;
        }
    }
    return oldest;
}

static void forget(struct destination *at)
{
    vd_tls_trust_free(&at->trust);
    memset(at, 0, sizeof(*at));
}

bool vd_posix_tls_forget_oldest(void)
{
    struct destination *oldest = find_oldest();

    if (oldest != NULL) {
        forget(oldest);
    }
    return oldest != NULL;
}

void vd_posix_stream_forget(void)
{
    while (vd_posix_tls_forget_oldest()) {
    }
}

static struct destination *find_known(const uint8_t key[32])
{
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        struct destination *at = &destinations[i];
        if (at->is_used && !at->is_taken && memcmp(at->key, key, sizeof(at->key)) == 0) {
            return at;
        }
    }
    return NULL;
}

static struct destination *find_place(void)
{
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        if (!destinations[i].is_used) {
            return &destinations[i];
        }
    }
    struct destination *oldest = find_oldest();
    if (oldest != NULL) {
        forget(oldest);
    }
    return oldest;
}

static int init_trust(struct vd_tls_trust *trust, const struct vd_stream_target *to)
{
    return to->pin != NULL ? vd_tls_trust_init_pin(trust, to->pin)
                           : vd_tls_trust_init(trust, to->ca, to->ca_len);
}

/* What others have saved gives way when the arena is short. */
static enum vd_status make_trust(struct vd_tls_trust *trust, const struct vd_stream_target *to,
                                 char *why)
{
    int code = init_trust(trust, to);

    while (vd_tls_is_out_of_memory(code) && vd_posix_tls_forget_oldest()) {
        code = init_trust(trust, to);
    }
    if (code == 0) {
        return VD_OK;
    }
    if (vd_tls_is_out_of_memory(code)) {
        say(why, "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)");
        return VD_EIO;
    }
    (void)snprintf(why, VD_STREAM_WHY_MAX, "trust anchors cannot be read (-0x%04x)",
                   (unsigned)-code);
    return VD_EINVAL;
}

static enum vd_status aim(struct vd_tls_trust *trust, const struct vd_stream_target *to, char *why)
{
    if (to->pin == NULL && vd_tls_trust_set_host(trust, to->host, true) != VD_OK) {
        say(why, "the host name cannot be used");
        return VD_EINVAL;
    }
    /* mbedTLS does not change the list; its type only says it might. */
    if (to->alpn != NULL &&
        mbedtls_ssl_conf_alpn_protocols(&trust->ssl, (const char **)(uintptr_t)to->alpn) != 0) {
        say(why, "the list of ALPN names cannot be used");
        return VD_EINVAL;
    }
    return VD_OK;
}

enum vd_status vd_posix_tls_take_destination(const struct vd_stream_target *to,
                                             struct vd_tls_trust **out, char *why)
{
    uint8_t key[32];

    if (!vd_tls_target_key(to, key)) {
        say(why, "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)");
        return VD_EIO;
    }
    struct destination *at = find_known(key);
    if (at == NULL) {
        at = find_place();
        if (at == NULL) {
            say(why, "all destinations are in use (VD_TLS_DESTINATIONS)");
            return VD_EFULL;
        }
        enum vd_status status = make_trust(&at->trust, to, why);
        if (status != VD_OK) {
            return status;
        }
        at->is_used = true;
        memcpy(at->key, key, sizeof(key));
    }
    enum vd_status status = aim(&at->trust, to, why);
    if (status != VD_OK) {
        forget(at);
        return status;
    }
    at->is_taken = true;
    at->last_use = ++uses;
    *out = &at->trust;
    return VD_OK;
}

void vd_posix_tls_leave(const struct vd_tls_trust *trust)
{
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        if (trust == &destinations[i].trust) {
            destinations[i].is_taken = false;
        }
    }
}
