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

/* A text inside vd_facts.text; len 0: none, or no room was left for it. */
struct vd_text_ref {
    uint16_t offset;
    uint16_t len;
    uint16_t sound; /* octets at its front that are as published; len, if all of them are */
};

/*
 * In each struct of facts, what comes before `detail` is what the record set says: compared, and
 * hashed by vd_facts_content.  Texts are for people; no comparison depends on them.
 */

/* How one record set stands. */
enum vd_standing {
    VD_STANDING_UNKNOWN = 0, /* could not look, at it or at what it needs */
    VD_STANDING_ABSENT,      /* proved gone, or only foreign content */
    VD_STANDING_BROKEN,      /* there, but receivers act as if it were not */
    VD_STANDING_OK
};

/* Enforcement, -1 no DMARC, 0 none, 1 quarantine, 2 reject (RFC 9989, RFC 7489). */
struct vd_dmarc_facts {
    uint32_t rua_set;   /* order-free hash of the report addresses */
    uint32_t extras;    /* hash of what else is written: ruf, fo, psd */
    uint8_t standing;   /* enum vd_standing */
    int8_t p, sp, np;   /* as written, after defaults; -1 when broken or absent */
    int8_t legacy_self; /* as a receiver of RFC 7489 treats the worst-treated share */
    int8_t bis_self;    /* as one of RFC 9989 does */
    int8_t legacy_sub, bis_sub, bis_np;
    uint8_t pct;
    uint8_t is_testing; /* t=y */
    uint8_t is_strict_dkim, is_strict_spf;
    uint8_t has_rua; /* at least one usable report address */
    uint8_t records; /* DMARC records at the name */
    uint8_t psd;     /* 'y', 'n' or 'u'; 0: no record that can be read */
    uint8_t detail;  /* why unknown or how absent: enum vd_detail */
    struct vd_text_ref text;
    struct vd_text_ref rua;
    struct vd_text_ref fault; /* what is broken, in words */
};

/* Order of strength of the default result: pass < neutral < softfail < fail. */
enum vd_spf_default { VD_SPF_PASS = 0, VD_SPF_NEUTRAL, VD_SPF_SOFTFAIL, VD_SPF_FAIL };

/* Terms of one record that let another party's servers in: each costs one of the ten lookups. */
#define VD_SPF_SENDERS_MAX 10u

/* Prefix lengths where no '+' term names a network. */
#define VD_SPF_PREFIX4_NONE 33u
#define VD_SPF_PREFIX6_NONE 129u

struct vd_spf_facts {
    uint32_t terms; /* order-free hash of all own terms that have an effect, in lower case */
    uint32_t senders[VD_SPF_SENDERS_MAX]; /* vd_spf_term_hash of the own include:, exists:, ptr and
                                             redirect= that can pass mail; 0: none */
    uint8_t standing;
    uint8_t dflt;       /* enum vd_spf_default, after redirect= */
    uint8_t lookups;    /* terms that cost a lookup, over the whole tree (RFC 7208, 4.6.4) */
    uint8_t passes_all; /* +all or its equal, here or in an include */
    uint8_t records;    /* SPF records at the name */
    uint8_t is_open;    /* redirect= leads where only a mail in hand can tell: dflt means nothing */
    uint8_t prefix4, prefix6; /* widest networks that pass, includes and all: shortest lengths */
    uint8_t own4, own6;       /* the same of the own record alone */
    uint8_t detail;
    struct vd_text_ref text;
    struct vd_text_ref path;  /* where it sits: "a > include:b" */
    struct vd_text_ref fault; /* what is broken, in words; or the +all or the widest network */
};

enum vd_key_state {
    VD_KEY_NONE = 0,
    VD_KEY_USABLE,
    VD_KEY_REVOKED, /* p= empty */
    VD_KEY_UNUSABLE /* v, k, h, s, base64, DER, too short, two records */
};

struct vd_dkim_facts {
    uint32_t fingerprint; /* hash of the decoded key bytes */
    uint32_t alias;       /* hash of the first CNAME target, 0 without */
    uint32_t operator_;   /* whose that target is: vd_operator_of */
    uint16_t bits;
    uint8_t standing;
    uint8_t state;      /* enum vd_key_state */
    uint8_t is_ed25519; /* else RSA */
    uint8_t is_testing; /* t=y */
    uint8_t is_strict;  /* t=s */
    uint8_t is_alias;   /* reached through a CNAME */
    uint8_t records;    /* TXT records at its end */
    uint8_t detail;
    struct vd_text_ref text; /* the key record, if there was room for all of it; or, for an alias,
                                the first CNAME target */
    struct vd_text_ref fault;
};

/* Operators of mail hosts that are remembered of one domain. */
#define VD_MX_OPERATORS_MAX 8u

struct vd_mx_facts {
    uint32_t hosts; /* order-free hash of the host names, a null one left out */
    uint32_t set;   /* the same with preferences */
    uint32_t operators[VD_MX_OPERATORS_MAX]; /* vd_operator_of each, the best first; 0: none */
    uint8_t standing;
    uint8_t is_null;        /* MX 0 . (RFC 7505) */
    uint8_t is_null_beside; /* one beside real ones: a mistake */
    uint8_t count;
    uint8_t detail;
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
 * Read a snapshot (pure).  A text that does not fit is cut at its end, a key is left out; facts
 * are compared by numbers and hashes, so that comparing still works.
 */
void vd_facts_read(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                   struct vd_facts *out);

/*
 * Move the baseline (semantics: unknown never writes).  For each record set of which the
 * baseline knows nothing yet and now knows something, take it over, with its texts.
 *
 * believed   set of vd_subject_bit: what is believed.
 *
 * Returns true if something was taken.
 */
bool vd_facts_learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed);

/*
 * The record set became better or changed harmlessly, confirmed: take its facts over.
 * subject: see enum vd_subject_kind and vd_finding in judge.h.
 *
 * Not taken over: what is unknown, and a DKIM key that is gone or unusable over one that was good,
 * so that the key which later stands there is compared with the good one.
 */
void vd_facts_adopt(struct vd_facts *baseline, const struct vd_facts *now, uint8_t subject_kind,
                    uint8_t subject_index);

/* What a record set says, in a number: the same for the same facts, whatever room texts had. */
uint32_t vd_facts_content(const struct vd_facts *facts, uint8_t subject_kind,
                          uint8_t subject_index);

#endif
