/*
 * Facts: what a domain's records say, reduced to what can be compared.
 *
 * The judge makes them from a snapshot; the agent keeps the accepted ones as the baseline.
 * A fact that is not known is VD_UNKNOWN: it is never compared and never kept.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FACTS_H
#define VD_FACTS_H

#include "dns/snapshot.h"
#include "firmware/limits.h"
#include "firmware/watchlist.h"

#include <stdbool.h>
#include <stdint.h>

/* A text inside vd_facts.text; len 0: none. */
struct vd_text_ref {
    uint16_t offset;
    uint16_t len;
};

/* How one record set stands. */
enum vd_standing {
    VD_STANDING_UNKNOWN = 0, /* could not look, at it or at what it needs */
    VD_STANDING_ABSENT,      /* proved gone, or only foreign content */
    VD_STANDING_BROKEN,      /* there, but receivers act as if it were not */
    VD_STANDING_OK
};

/* Enforcement, -1 no DMARC, 0 none, 1 quarantine, 2 reject (RFC 9989, RFC 7489). */
struct vd_dmarc_facts {
    uint8_t standing;   /* enum vd_standing */
    uint8_t detail;     /* why unknown or how absent: enum vd_detail */
    int8_t p, sp, np;   /* as written, after defaults; -1 when broken or absent */
    int8_t legacy_self; /* as a receiver of RFC 7489 treats the worst-treated share */
    int8_t bis_self;    /* as one of RFC 9989 does */
    int8_t legacy_sub, bis_sub, bis_np;
    uint8_t pct;
    uint8_t is_testing; /* t=y */
    uint8_t is_strict_dkim, is_strict_spf;
    uint8_t has_rua;  /* at least one usable report address */
    uint8_t records;  /* DMARC records at the name */
    uint32_t rua_set; /* order-free hash of the report addresses */
    uint32_t extras;  /* hash of what else is written: ruf, fo, psd */
    struct vd_text_ref text;
    struct vd_text_ref rua;
    struct vd_text_ref fault; /* what is broken, in words */
};

/* Order of strength of the default result: pass < neutral < softfail < fail. */
enum vd_spf_default { VD_SPF_PASS = 0, VD_SPF_NEUTRAL, VD_SPF_SOFTFAIL, VD_SPF_FAIL };

struct vd_spf_facts {
    uint8_t standing;
    uint8_t detail;
    uint8_t dflt;       /* enum vd_spf_default, after redirect= */
    uint8_t lookups;    /* terms that cost a lookup, over the whole tree (RFC 7208, 4.6.4) */
    uint8_t passes_all; /* +all or its equal, here or in an include */
    uint8_t records;    /* SPF records at the name */
    uint32_t includes;  /* order-free hash of the own include: and redirect= targets */
    uint32_t terms;     /* order-free hash of all own terms, in lower case */
    struct vd_text_ref text;
    struct vd_text_ref path;  /* where the fault or the +all sits: "a > include:b" */
    struct vd_text_ref fault; /* what is broken or unknown, in words */
};

enum vd_key_state {
    VD_KEY_NONE = 0,
    VD_KEY_USABLE,
    VD_KEY_REVOKED, /* p= empty */
    VD_KEY_UNUSABLE /* v, k, h, s, base64, DER, too short, two records */
};

struct vd_dkim_facts {
    uint8_t standing;
    uint8_t detail;
    uint8_t state;      /* enum vd_key_state */
    uint8_t is_ed25519; /* else RSA */
    uint8_t is_testing; /* t=y */
    uint8_t is_alias;   /* reached through a CNAME */
    uint16_t bits;
    uint32_t fingerprint;    /* hash of the decoded key bytes */
    uint32_t alias;          /* hash of the first CNAME target, 0 without */
    struct vd_text_ref text; /* the key record, or for an alias the first CNAME target */
    struct vd_text_ref fault;
};

struct vd_mx_facts {
    uint8_t standing;
    uint8_t detail;
    uint8_t is_null; /* MX 0 . (RFC 7505) */
    uint8_t count;
    uint32_t hosts;          /* order-free hash of the host names */
    uint32_t set;            /* the same with preferences */
    struct vd_text_ref text; /* "10 mx1.example.com, 20 mx2.example.com" */
};

struct vd_facts {
    struct vd_dmarc_facts dmarc;
    struct vd_spf_facts spf;
    struct vd_mx_facts mx;
    struct vd_dkim_facts dkim[VD_SELECTORS_MAX]; /* in the order of vd_watch.selectors */
    uint16_t text_len;
    char text[VD_BASELINE_TEXT_MAX]; /* each entry NUL-terminated; the NUL is not in its len */
};

/* A text of the facts; "" for none.  Never NULL. */
const char *vd_facts_text(const struct vd_facts *facts, struct vd_text_ref ref);

/*
 * Read a snapshot (pure).  What does not fit in the text is cut at its end and keeps its hash,
 * so that comparing still works.
 */
void vd_facts_read(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                   struct vd_facts *out);

/*
 * Move the baseline (semantics: unknown never writes).  For each record set of which the
 * baseline knows nothing yet and now knows something, take it over, with its texts.
 *
 * believed   set of vd_subject_bit: where "absent" and "broken" are believed; what stands well
 *            (VD_STANDING_OK) is taken over in any case.
 *
 * Returns true if something was taken.
 */
bool vd_facts_learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed);

/*
 * The record set became better or changed harmlessly, confirmed: take its facts over.
 * subject: see enum vd_subject_kind and vd_finding in judge.h.
 */
void vd_facts_adopt(struct vd_facts *baseline, const struct vd_facts *now, uint8_t subject_kind,
                    uint8_t subject_index);

#endif
