/*
 * Facts: what a domain's records say, reduced to what can be compared.
 *
 * The judge makes them from a snapshot; the agent keeps the accepted ones as the baseline, facet by
 * facet (facets.h).  A fact that is not known is VD_UNKNOWN: it is never compared and never kept.
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

/* The record sets of a domain that get a verdict each. */
enum vd_subject_kind {
    VD_SUBJECT_SPF = 0,
    VD_SUBJECT_DKIM, /* index: selector, or VD_DKIM_WILDCARD */
    VD_SUBJECT_DMARC,
    VD_SUBJECT_MX,
    VD_SUBJECT_MAIL_FROM, /* SPF and MX of the MAIL FROM subdomain */
    VD_SUBJECT_MTA_STS,
    VD_SUBJECT_TLS_RPT,
    VD_SUBJECT_BIMI,
    VD_SUBJECT_NS,
    VD_SUBJECT_DS,
    VD_SUBJECT_KINDS
};

/* What a random label below _domainkey answers: a wildcard, kept like one more selector. */
#define VD_DKIM_WILDCARD ((uint8_t)VD_SELECTORS_MAX)
#define VD_DKIM_SETS_MAX (VD_SELECTORS_MAX + 1)

/* A record set as one bit of a set of them. */
static inline uint32_t vd_subject_bit(uint8_t kind, uint8_t index)
{
    return kind == VD_SUBJECT_DKIM ? 1u << (VD_SUBJECT_KINDS + index) : 1u << kind;
}

/* Every kind but DKIM once, and the selectors with the wildcard. */
#define VD_SUBJECTS_MAX (VD_SUBJECT_KINDS - 1 + VD_DKIM_SETS_MAX)

/* A text inside vd_facts.text; len 0: none, or no room was left for it. */
struct vd_text_ref {
    uint16_t offset;
    uint16_t len;
    uint16_t sound; /* octets at its front that are as published; len, if all of them are */
};

/*
 * In each struct of facts, what comes before `detail` is what the record set says: compared, and
 * hashed.  It lies facet by facet: each facet is the fields from the first one named in facets.c up
 * to the first one of the next.  Texts are for people; no comparison depends on them.
 *
 * unknown   set of facets (bit n of VD_FACET_…'s n) that could not be looked at, although the
 *           record set itself could: neither compared nor kept.
 * slip      enum vd_slip (slips.h): which mistake made it what it is; 0: none seen.
 */

/* How one record set stands. */
enum vd_standing {
    VD_STANDING_UNKNOWN = 0, /* could not look, at it or at what it needs */
    VD_STANDING_ABSENT,      /* proved gone, or only foreign content */
    VD_STANDING_BROKEN,      /* there, but receivers act as if it were not */
    VD_STANDING_OK
};

/* ---- DMARC (RFC 9989, RFC 7489) ------------------------------------------------------------ */

/* How far reports (rua=) arrive. */
enum vd_rua {
    VD_RUA_NONE = 0,     /* no usable address */
    VD_RUA_DEAD,         /* every address is at a host that takes no mail, or is not there */
    VD_RUA_UNAUTHORISED, /* every address is a third party's that does not expect them */
    VD_RUA_SOME,         /* some do, some do not */
    VD_RUA_OK
};

/* Where the policy comes from. */
enum vd_dmarc_source { VD_SOURCE_NO_RECORD = 0, VD_SOURCE_OWN, VD_SOURCE_ORG, VD_SOURCE_PSD };

struct vd_dmarc_facts {
    /* record */
    uint32_t extras;      /* hash of what else is written: fo, rf, ri, sizes, unknown tags */
    uint8_t standing;     /* enum vd_standing of the record at the domain's own name; OK too where
                         there is none and one above applies */
    uint8_t records;      /* DMARC records at the own name */
    uint8_t is_ambiguous; /* a tag stands twice */
    uint8_t is_meant;     /* there is none, and a text here or at another name was meant as one */
    /* source */
    uint32_t location; /* hash of the name that supplies the policy by RFC 9989; 0: none */
    uint32_t alias; /* operator (vd_operator_of) of the CNAME target at the own name; 0: no CNAME */
    uint8_t source; /* enum vd_dmarc_source */
    /* policy: for mail of the domain itself.  -1 no DMARC, 0 none, 1 quarantine, 2 reject */
    int8_t p;           /* as written, after defaults; -1 when broken or absent */
    int8_t legacy_self; /* as a receiver of RFC 7489 treats the worst-treated share */
    int8_t bis_self;    /* as one of RFC 9989 does */
    uint8_t pct;
    uint8_t is_testing; /* t=y */
    /* subdomains */
    int8_t sp, np;
    int8_t legacy_sub, bis_sub, bis_np;
    uint8_t sub_pct;
    uint8_t
        has_sub; /* they have a policy of their own: sp=, np=, or another record than the domain's.
                        0: they fare as the domain itself does */
    uint8_t
        is_sub_above; /* a name above supplies it, although the domain has a record of its own */
    /* alignment */
    uint8_t is_strict_dkim, is_strict_spf;
    /* rua */
    uint32_t rua_set;                           /* order-free hash of the report addresses */
    uint16_t rua_lost[VD_REPORT_ADDRESSES_MAX]; /* those that get nothing: of the hash of each 16
                                                   bits, in their order; 0: no more */
    uint8_t rua;                                /* enum vd_rua */
    /* ruf */
    uint32_t ruf_set;
    uint8_t is_ruf_foreign; /* one of its hosts is a third party's */
    /* psd */
    uint8_t psd; /* 'y', 'n' or 'u'; 0: no record that can be read */

    uint8_t detail; /* why unknown or how absent: enum vd_detail */
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text;
    struct vd_text_ref rua_text;
    struct vd_text_ref fault; /* what is broken, in words */
    struct vd_text_ref where; /* the name that supplies the policy, if not the own; or where a
                                 misplaced record was found */
};

/* ---- SPF (RFC 7208) ------------------------------------------------------------------------ */

/* Order of strength of the default result: pass < neutral < softfail < fail. */
enum vd_spf_default { VD_SPF_PASS = 0, VD_SPF_NEUTRAL, VD_SPF_SOFTFAIL, VD_SPF_FAIL };

/* Terms of one record that let another party's servers in: each costs one of the ten lookups. */
#define VD_SPF_INCLUDES_MAX 10u

/* Prefix lengths where no '+' term names a network. */
#define VD_SPF_PREFIX4_NONE 33u
#define VD_SPF_PREFIX6_NONE 129u

struct vd_spf_facts {
    /* record */
    uint32_t extras;  /* hash of exp= and unknown modifiers */
    uint8_t standing; /* BROKEN: permerror for senders that nothing matches early */
    uint8_t records;  /* SPF records at the name */
    uint8_t takeover; /* a target of include:, redirect=, a or mx appears unregistered */
    /* default */
    uint8_t dflt;    /* enum vd_spf_default, after redirect= */
    uint8_t is_open; /* redirect= leads where only a mail in hand can tell: dflt means nothing */
    /* range: who passes.  Networks of the own record and of includes that are no known provider's */
    uint32_t n4;              /* IPv4 addresses that pass (union); UINT32_MAX: that many or more */
    uint32_t n6;              /* /64 networks that pass, the same way */
    uint32_t known4, known6;  /* the same of known providers' includes, overlaps counted twice */
    uint8_t prefix4, prefix6; /* the widest of them: shortest length */
    uint8_t any4, any6;       /* the widest anywhere in the tree, known providers included */
    uint8_t wides;            /* networks as wide as watch->spf_wide4, spf_wide6 */
    uint8_t vasts;            /* as spf_vast4, spf_vast6: anywhere in the tree */
    uint8_t passes_all;       /* +all or its equal, here or in an include */
    /* terms: ip4:, ip6:, a and mx of the own record */
    uint32_t terms;     /* order-free hash of those with an effect, in lower case */
    uint8_t own4, own6; /* the widest */
    /* include: who else may say who passes */
    uint32_t includes[VD_SPF_INCLUDES_MAX]; /* vd_spf_term_hash of the own include:, exists: and
                                               redirect= that can pass mail; 0: none */
    uint32_t
        dynamic; /* order-free hash of the terms, in the whole tree, that need a mail in hand */
    /* ptr */
    uint8_t has_ptr;
    /* lookups */
    uint8_t lookups;        /* terms that cost a lookup, over the whole tree (RFC 7208, 4.6.4) */
    uint8_t voids4, voids6; /* lookups that find nothing, for a sender of either family */
    /* senders: bit i is watch->senders[i], watch->strangers[i] */
    uint8_t senders_pass, senders_fail; /* neither: not known */
    uint8_t strangers_pass;             /* bit 7: the built-in one */

    uint8_t detail;
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text;
    struct vd_text_ref path;  /* where it sits: "a > include:b" */
    struct vd_text_ref fault; /* what is broken, in words; or the +all or the widest network */
    struct vd_text_ref where; /* where a misplaced record was found; or what appears unregistered */
};

/* ---- DKIM (RFC 6376, 8301, 8463) ----------------------------------------------------------- */

enum vd_key_state {
    VD_KEY_NONE = 0,
    VD_KEY_USABLE,
    VD_KEY_REVOKED, /* p= empty */
    VD_KEY_UNUSABLE /* v, k, h, s, base64, DER, too short, two records */
};

struct vd_dkim_facts {
    /* key */
    uint32_t fingerprint; /* hash of the decoded key bytes */
    uint16_t bits;
    uint8_t standing;
    uint8_t state;       /* enum vd_key_state */
    uint8_t is_ed25519;  /* else RSA */
    uint8_t records;     /* TXT records at its end */
    uint8_t is_wildcard; /* a random label beside it answers the same */
    uint8_t takeover;    /* absent, and its CNAME's target appears unregistered */
    /* flags */
    uint8_t is_testing; /* t=y */
    uint8_t is_strict;  /* t=s */
    uint8_t hashes;     /* h=: bit 0 sha1, bit 1 sha256; 0: not written, all */
    /* alias.  No octet of padding before it: this struct is assigned whole */
    uint8_t is_alias;      /* reached through a CNAME */
    uint32_t alias;        /* hash of the first CNAME target, 0 without */
    uint32_t end;          /* hash of the last one */
    uint32_t operator_;    /* whose the first one is: hash of the known service's title, else
                           vd_operator_of */
    uint32_t end_operator; /* whose the last one is, the same way */

    uint8_t detail;
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text; /* the key record, if there was room for all of it; or, for an alias,
                                the first CNAME target */
    struct vd_text_ref fault;
    struct vd_text_ref where; /* where a misplaced record was found */
};

/* ---- MX (RFC 5321, 7505) ------------------------------------------------------------------- */

/* Operators of mail hosts that are remembered of one domain. */
#define VD_MX_OPERATORS_MAX 8u

struct vd_mx_facts {
    /* record */
    uint8_t standing;
    uint8_t is_null;        /* MX 0 . (RFC 7505) */
    uint8_t is_null_beside; /* one beside real ones: a mistake */
    uint8_t count;
    /* hosts */
    uint32_t hosts; /* order-free hash of the host names, a null one left out */
    uint32_t set;   /* the same with preferences */
    uint32_t operators[VD_MX_OPERATORS_MAX]; /* vd_operator_of each, the best first; 0: none */
    /* targets: do the hosts have addresses? */
    uint8_t gone;     /* hosts without any, or that are not there */
    uint8_t takeover; /* one of them appears unregistered */
    uint8_t aliases;  /* hosts that are a CNAME (RFC 2181, section 10.3) */

    uint8_t detail;
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text;  /* "10 mx1.example.com, 20 mx2.example.com" */
    struct vd_text_ref fault; /* the host that is the matter, or where a misplaced record
                                 was found */
};

/* ---- the others ---------------------------------------------------------------------------- */

/* The MAIL FROM subdomain of a mail service: its SPF record and its MX. */
struct vd_mail_from_facts {
    /* spf */
    uint32_t spf_set; /* hash of the record */
    uint8_t
        standing; /* of its SPF record: ABSENT, BROKEN or OK.  OK too where the watch has none */
    uint8_t passes_all;  /* +all, or a network of everybody */
    uint8_t has_service; /* it lets a service in that we know */
    /* mx */
    uint32_t mx_set;
    uint8_t mx_standing;

    uint8_t detail;
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text; /* its SPF record */
    struct vd_text_ref mx_text;
    struct vd_text_ref fault;
};

/* MTA-STS, TLS-RPT and BIMI: one TXT record each. */
struct vd_text_facts {
    /* record */
    uint8_t standing;
    uint8_t records;    /* recognised ones */
    uint8_t is_refusal; /* BIMI: l= and a= are empty */
    /* content */
    uint32_t id; /* MTA-STS: hash of id=.  TLS-RPT: order-free hash of rua=.  BIMI: of l= and a= */
    uint32_t hosts; /* order-free hash of the operators of its URIs */

    uint8_t detail;
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text;
    struct vd_text_ref fault;
};

/* Name servers, and their operators, that are remembered of one domain. */
#define VD_NS_NAMES_MAX     8u
#define VD_NS_OPERATORS_MAX 8u

/* NS of the domain, where it is a zone of its own. */
struct vd_ns_facts {
    /* hosts */
    uint32_t hosts;                  /* order-free hash of the names */
    uint32_t names[VD_NS_NAMES_MAX]; /* hash of each; 0: none.  Of more, the first by name */
    uint32_t operators[VD_NS_OPERATORS_MAX];
    uint8_t standing; /* OK, or ABSENT: the domain is no zone of its own */
    uint8_t count;

    uint8_t detail;
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text; /* "ns1.example.net, ns2.example.net" */
    struct vd_text_ref fault;
};

/* DNSSEC: DS at the parent (RFC 4034, section 5), and what the resolver says of it. */
struct vd_ds_facts {
    /* ds */
    uint32_t set;     /* order-free hash of the DS records */
    uint8_t standing; /* OK, or ABSENT: not signed */
    /* ad */
    uint8_t is_ad;     /* the domain's own answers came with AD */
    uint8_t ad_server; /* from this resolver, plus one.  0: none whose control name gets AD */

    uint8_t detail;
    uint8_t unknown;
    uint8_t slip;
    struct vd_text_ref text; /* "key tag 12345, algorithm 13" */
};

struct vd_facts {
    struct vd_dmarc_facts dmarc;
    struct vd_spf_facts spf;
    struct vd_mx_facts mx;
    struct vd_mail_from_facts mail_from;
    struct vd_text_facts mta_sts;
    struct vd_text_facts tls_rpt;
    struct vd_text_facts bimi;
    struct vd_ns_facts ns;
    struct vd_ds_facts ds;
    struct vd_dkim_facts dkim[VD_DKIM_SETS_MAX]; /* in the order of vd_watch.selectors; then the
                                                    wildcard */
    uint32_t pending; /* of a baseline: set of vd_subject_bit.  Expected, never seen good yet, and
                         new enough that it may still be on its way.  The agent keeps it */
    uint16_t text_len;
    char text[VD_BASELINE_TEXT_MAX]; /* each entry NUL-terminated; the NUL is not in its len */
};

/* A text of the facts; "" for none.  Never NULL. */
const char *vd_facts_text(const struct vd_facts *facts, struct vd_text_ref ref);

#endif
