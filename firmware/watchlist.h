/*
 * What is watched, and what is expected of it: one struct per [watch] domain, filled by config*.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_WATCHLIST_H
#define VD_WATCHLIST_H

#include "firmware/limits.h"
#include "firmware/providers.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest domain name as text, with its NUL (RFC 1035, section 2.3.4). */
#define VD_DOMAIN_TEXT_MAX 254u

/* "all", "any" or "N of": how many selectors of a group must hold a usable key. */
struct vd_dkim_group {
    uint16_t members; /* bit i: selectors[i] */
    uint8_t need;     /* usable keys needed; for "all" the number of members */
    uint8_t provider; /* row of vd_provider_at plus one; 0: none was named.  With one whose keys are
                         CNAMEs, "all" means: every CNAME in place with the provider's suffix, and a
                         usable key behind at least one */
};

/* Bundles of floors; bits. */
enum vd_profile {
    VD_PROFILE_PLAIN = 1,     /* a record each, nothing more */
    VD_PROFILE_BULK = 2,      /* what Gmail, Yahoo and Outlook ask of bulk senders */
    VD_PROFILE_ENFORCING = 4, /* DMARC quarantine or reject, SPF softfail or fail */
    VD_PROFILE_PARKED = 8     /* no mail: null MX, v=spf1 -all, no key, reject */
};

/* Least that is accepted, or "not asked for". */
#define VD_FLOOR_NONE ((int8_t)-2)

/* One address of senders = or strangers =. */
struct vd_sender {
    uint8_t address[16]; /* network order: 4 octets, or 16 */
    bool is_ip6;
};

/* plan =: a change that is expected. */
struct vd_plan {
    uint8_t facet;           /* enum vd_facet */
    uint8_t index;           /* selector, for DKIM */
    uint16_t value;          /* offset in text[] of what it will say (vd_facet_word) */
    int64_t from_s, until_s; /* calendar, seconds since 1970 UTC */
};

/* accept =: this is the new normal. */
struct vd_accept {
    uint8_t facet;
    uint8_t index;
    uint16_t value;
};

/* maintenance =: a weekly window. */
struct vd_window {
    uint8_t days;                 /* bit 0 is Sunday */
    uint16_t from_min, until_min; /* minutes of the day; until before from: past midnight */
    int16_t zone_min;             /* minutes east of UTC */
};

/* 1360 B on a 32-bit board with the default knobs, of which selectors[] takes 512 and text[] 320. */
struct vd_watch {
    char domain[VD_DOMAIN_TEXT_MAX]; /* A-labels, lower case, no final dot */
    char selectors[VD_SELECTORS_MAX][VD_SELECTOR_LEN_MAX + 1];
    uint8_t selectors_count;
    struct vd_dkim_group groups[VD_DKIM_GROUPS_MAX];
    uint8_t groups_count;
    uint32_t interval_ms;     /* between surveys */
    uint32_t confirm_wait_ms; /* between the looks that believe or close an alert */
    uint32_t pending_ms;      /* how long an expected record may take to appear at first */
    uint8_t channel;          /* where its events go: index into vd_config.channels */

    uint8_t profiles;   /* set of enum vd_profile; what they ask for is in the floors already */
    int8_t dmarc_floor; /* 0 none, 1 quarantine, 2 reject, or VD_FLOOR_NONE */
    int8_t spf_floor;   /* enum vd_spf_default, or VD_FLOOR_NONE */
    bool needs_spf, needs_dkim, needs_dmarc, needs_mx; /* must be there, and be usable */
    bool needs_null_mx, needs_no_key;                  /* parked */
    uint8_t spf_wide4, spf_wide6;                      /* a prefix so short is a warning (16, 32) */
    uint8_t spf_vast4, spf_vast6;                      /* so short, critical (8, 16) */
    uint32_t spf_growth; /* addresses more, and four times as many: a warning */
    uint8_t provider_rows[VD_WATCH_PROVIDERS_MAX];
    uint8_t providers_count;
    struct vd_sender senders[VD_SENDERS_MAX];
    uint8_t senders_count;
    struct vd_sender strangers[VD_STRANGERS_MAX];
    uint8_t strangers_count;
    struct vd_plan plans[VD_PLANS_MAX];
    uint8_t plans_count;
    struct vd_accept accepts[VD_ACCEPTS_MAX];
    uint8_t accepts_count;
    struct vd_window windows[VD_WINDOWS_MAX];
    uint8_t windows_count;
    const struct vd_provider
        *own_providers; /* [provider] sections of the configuration; may be NULL */
    uint8_t own_providers_count;

    /* Offsets in text[]; 0: "". */
    uint16_t mx;         /* allowed suffixes, one blank between them */
    uint16_t mail_from;  /* MAIL FROM subdomain */
    uint16_t from;       /* sender address for check_host(): "news@example.com" */
    uint16_t registries; /* more names below which strangers register, one blank between them */
    uint16_t text_len;
    char text[VD_WATCH_TEXT_MAX]; /* text[0] is NUL */
};

/* A text of the watch.  Never NULL. */
static inline const char *vd_watch_text(const struct vd_watch *watch, uint16_t offset)
{
    return watch->text + offset;
}

#endif
