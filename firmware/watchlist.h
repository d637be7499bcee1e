/*
 * What is watched: one struct per [watch] domain, filled by config.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_WATCHLIST_H
#define VD_WATCHLIST_H

#include "firmware/limits.h"

#include <stddef.h>
#include <stdint.h>

/* Longest domain name as text, with its NUL (RFC 1035, section 2.3.4). */
#define VD_DOMAIN_TEXT_MAX 254u

/* "all", "any" or "N of": how many selectors of a group must hold a usable key. */
struct vd_dkim_group {
    uint16_t members; /* bit i: selectors[i] */
    uint8_t need;     /* usable keys needed; for "all" the number of members */
};

struct vd_watch {
    char domain[VD_DOMAIN_TEXT_MAX]; /* A-labels, lower case, no final dot */
    char selectors[VD_SELECTORS_MAX][VD_SELECTOR_LEN_MAX + 1];
    uint8_t selectors_count;
    struct vd_dkim_group groups[VD_DKIM_GROUPS_MAX];
    uint8_t groups_count;
    uint32_t interval_ms;     /* between surveys */
    uint32_t confirm_wait_ms; /* between the looks that believe or close an alert */
    uint8_t channel;          /* where its events go: index into vd_config.channels */
};

#endif
