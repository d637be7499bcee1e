/*
 * What is learnt of a server.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/server.h"

#include <string.h>

/* Without EDNS for so long when that may have been a loss. */
#define EDNS_AGAIN_MS 60000u

const char *vd_transport_str(uint8_t transport)
{
    static const char *const words[] = {"UDP", "TCP", "TLS"};

    return transport < sizeof(words) / sizeof(words[0]) ? words[transport] : "?";
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_pin(const uint8_t *a, const uint8_t *b)
{
    return a == b || (a != NULL && b != NULL && memcmp(a, b, VD_PIN_LEN) == 0);
}

bool vd_server_is_equal(const struct vd_server *a, const struct vd_server *b)
{
    return a->transport == b->transport && a->is_authority == b->is_authority &&
           vd_endpoint_is_equal(&a->at, &b->at) && is_same_text(a->name, b->name) &&
           is_same_pin(a->pin, b->pin);
}

uint32_t vd_path_wait_ms(const struct vd_path *path, unsigned doublings)
{
    uint32_t wait_ms = VD_TRY_TIMEOUT_MS;

    if (path->srtt_ms != 0) {
        wait_ms = path->srtt_ms + 4u * path->rttvar_ms;
    }
    if (wait_ms < VD_TRY_TIMEOUT_MIN_MS) {
        wait_ms = VD_TRY_TIMEOUT_MIN_MS;
    }
    /* Held below the bound first, so that doubling it ten times and more cannot overflow. */
    if (wait_ms > VD_QUESTION_MAX_MS) {
        wait_ms = VD_QUESTION_MAX_MS;
    }
    return wait_ms << doublings;
}

void vd_path_measure(struct vd_path *path, uint32_t rtt_ms)
{
    if (rtt_ms == 0) {
        rtt_ms = 1; /* zero means "not measured" */
    }
    if (path->srtt_ms == 0) {
        path->srtt_ms = rtt_ms;
        path->rttvar_ms = rtt_ms / 2;
        return;
    }
    uint32_t off_ms = rtt_ms > path->srtt_ms ? rtt_ms - path->srtt_ms : path->srtt_ms - rtt_ms;
    path->rttvar_ms = (3u * path->rttvar_ms + off_ms) / 4u;
    path->srtt_ms = (7u * path->srtt_ms + rtt_ms + 7u) / 8u; /* rounded up: never back to zero */
}

void vd_path_learn_cookie(struct vd_path *path, const uint8_t *cookie, size_t cookie_len,
                          uint64_t now_ms)
{
    if (cookie_len > sizeof(path->server_cookie)) {
        cookie_len = 0;
    }
    path->server_cookie_len = (uint8_t)cookie_len;
    path->cookie_until_ms = now_ms + VD_EDNS_OFF_MS;
    if (cookie_len > 0) {
        memcpy(path->server_cookie, cookie, cookie_len);
    }
}

void vd_path_forget_cookie(struct vd_path *path, uint64_t now_ms)
{
    path->server_cookie_len = 0;
    path->cookie_off_until_ms = now_ms + VD_EDNS_OFF_MS;
}

void vd_path_answered_plain(struct vd_path *path, uint64_t now_ms)
{
    bool is_often = ++path->plain_answers >= VD_PLAIN_ANSWERS_MAX;
    bool is_sure = is_often && !path->has_edns;

    if (is_often) {
        path->plain_answers = 0;
        path->has_edns = false;
    }
    path->edns_off_until_ms = now_ms + (is_sure ? VD_EDNS_OFF_MS : EDNS_AGAIN_MS);
    if (is_sure) {
        vd_path_set_trouble(path, VD_TROUBLE_NO_EDNS, true);
    }
}

void vd_path_answered_edns(struct vd_path *path)
{
    path->has_edns = true;
    path->plain_answers = 0;
}

void vd_path_back_off(struct vd_path *path, uint64_t now_ms)
{
    uint64_t wait_ms = VD_LINK_RETRY_FIRST_MS;

    for (unsigned i = 0; i < path->link_failures && wait_ms < VD_LINK_RETRY_MAX_MS; i++) {
        wait_ms *= 2u;
    }
    if (wait_ms > VD_LINK_RETRY_MAX_MS) {
        wait_ms = VD_LINK_RETRY_MAX_MS;
    }
    if (path->link_failures < UINT8_MAX) {
        path->link_failures++;
    }
    path->link_retry_ms = now_ms + wait_ms;
}

void vd_path_set_trouble(struct vd_path *path, enum vd_trouble trouble, bool is_there)
{
    if (is_there) {
        path->troubles |= (uint8_t)trouble;
    } else {
        path->troubles &= (uint8_t) ~(unsigned)trouble;
    }
}
