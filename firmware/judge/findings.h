/*
 * The table of codes: everything that can be found, with class, severity and words.
 *
 * Codes are stable: receivers filter by them.  docs/alerts.md is made from this table.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FINDINGS_H
#define VD_FINDINGS_H

#include "firmware/judge/facets.h"
#include "report/event.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * In families, one file with their rows each (findings_spf.c ...): a family ends where the next one's
 * first code stands.  Behind each the facet that accepting it rebases.
 */
enum vd_code {
    VD_CODE_NONE = 0,

    /* spf.*: findings_spf.c */
    VD_CODE_SPF_MISSING,          /* spf.record.missing, ALL */
    VD_CODE_SPF_BROKEN,           /* spf.record.broken, ALL: permerror */
    VD_CODE_SPF_MISPLACED,        /* spf.record.misplaced, ALL: stands at another name */
    VD_CODE_SPF_PENDING,          /* spf.record.pending, NONE: expected, not seen yet */
    VD_CODE_SPF_VERIFIED,         /* spf.record.verified, NONE: seen good for the first time */
    VD_CODE_SPF_APPEARED,         /* spf.record.appeared, ALL: none before */
    VD_CODE_SPF_TAKEOVER,         /* spf.include.takeover, RECORD: a target appears unregistered */
    VD_CODE_SPF_PASS_ALL,         /* spf.all.pass, RANGE */
    VD_CODE_SPF_WIDE,             /* spf.range.wide, RANGE: a large part of all addresses passes */
    VD_CODE_SPF_GROWN,            /* spf.range.grown, RANGE: more addresses pass; info */
    VD_CODE_SPF_SHRUNK,           /* spf.range.shrunk, RANGE: fewer do, not by our own hand; info */
    VD_CODE_SPF_DEFAULT_WEAKENED, /* spf.default.weakened, DEFAULT */
    VD_CODE_SPF_STRENGTHENED,     /* spf.default.strengthened, DEFAULT */
    VD_CODE_SPF_FLOOR,            /* spf.default.floor, DEFAULT: under spf = or a profile */
    VD_CODE_SPF_INCLUDE_ADDED,    /* spf.include.added, INCLUDE: of nobody that we know */
    VD_CODE_SPF_INCLUDE_KNOWN,    /* spf.include.known, INCLUDE: of a known service; told once */
    VD_CODE_SPF_INCLUDE_REMOVED,  /* spf.include.removed, INCLUDE: of nobody that we know */
    VD_CODE_SPF_INCLUDE_LOST,     /* spf.include.lost, INCLUDE: of a service that is in use */
    VD_CODE_SPF_INCLUDE_RETIRED,  /* spf.include.retired, INCLUDE: of a service not in use */
    VD_CODE_SPF_REDIRECT,         /* spf.redirect.changed, INCLUDE: told once */
    VD_CODE_SPF_DYNAMIC,          /* spf.dynamic.changed, INCLUDE: told once */
    VD_CODE_SPF_PTR_ADDED,        /* spf.ptr.added, PTR */
    VD_CODE_SPF_PTR_REMOVED,      /* spf.ptr.removed, PTR: better */
    VD_CODE_SPF_TERM_LOST,        /* spf.term.lost, TERMS: ip4, ip6, a or mx removed or narrowed */
    VD_CODE_SPF_TERM_ADDED,       /* spf.term.added, TERMS: told once */
    VD_CODE_SPF_SENDER_FAILS,     /* spf.sender.fails, SENDERS */
    VD_CODE_SPF_STRANGER_PASSES,  /* spf.stranger.passes, SENDERS */
    VD_CODE_SPF_TIGHT,            /* spf.lookups.tight, LOOKUPS: 9 or 10 */
    VD_CODE_SPF_VOIDS,            /* spf.lookups.void, LOOKUPS: over 2 for IPv6 senders only */
    VD_CODE_SPF_CHANGED,          /* spf.record.changed, RECORD: exp=, unknown modifiers */

    /* dkim.*: findings_dkim.c */
    VD_CODE_DKIM_MISSING,      /* dkim.key.missing, ALL */
    VD_CODE_DKIM_REVOKED,      /* dkim.key.revoked, ALL */
    VD_CODE_DKIM_BROKEN,       /* dkim.key.broken, ALL */
    VD_CODE_DKIM_SHORT,        /* dkim.key.short, ALL: RSA under 1024 bits */
    VD_CODE_DKIM_MISPLACED,    /* dkim.key.misplaced, ALL: stands at another name */
    VD_CODE_DKIM_PENDING,      /* dkim.key.pending, NONE */
    VD_CODE_DKIM_VERIFIED,     /* dkim.key.verified, NONE */
    VD_CODE_DKIM_APPEARED,     /* dkim.key.appeared, ALL: none before */
    VD_CODE_DKIM_DANGLING,     /* dkim.alias.dangling, ALL: nothing at the CNAME's target */
    VD_CODE_DKIM_TAKEOVER,     /* dkim.alias.takeover, ALL: and it appears unregistered */
    VD_CODE_DKIM_WEAKENED,     /* dkim.key.weakened, KEY: fewer bits, or Ed25519 only */
    VD_CODE_DKIM_CHANGED,      /* dkim.key.changed, KEY: another key, by our own hand or nobody's */
    VD_CODE_DKIM_ROLLED,       /* dkim.key.rolled, KEY: behind an unchanged alias; told once */
    VD_CODE_DKIM_STRENGTHENED, /* dkim.key.strengthened, KEY */
    VD_CODE_DKIM_TESTING,      /* dkim.flags.weakened, FLAGS: t=y, or no more t=s */
    VD_CODE_DKIM_FLAGS_BETTER, /* dkim.flags.strengthened, FLAGS */
    VD_CODE_DKIM_ALIAS,        /* dkim.alias.moved, ALIAS: leads to another operator */
    VD_CODE_DKIM_ALIAS_CHANGED, /* dkim.alias.changed, ALIAS: the same operator, or CNAME to TXT */
    VD_CODE_DKIM_ROTATION,      /* dkim.member.missing, NONE: the group's requirement still holds */
    VD_CODE_DKIM_PARKED,        /* dkim.parked.key, ALL: a key where none is to be */
    VD_CODE_DKIM_WILDCARD,      /* dkim.wildcard.key, NONE: what answers is a wildcard; told once */

    /* dmarc.*: findings_dmarc.c */
    VD_CODE_DMARC_MISSING,       /* dmarc.record.missing, ALL */
    VD_CODE_DMARC_BROKEN,        /* dmarc.record.broken, ALL */
    VD_CODE_DMARC_MISPLACED,     /* dmarc.record.misplaced, ALL */
    VD_CODE_DMARC_PENDING,       /* dmarc.record.pending, NONE */
    VD_CODE_DMARC_VERIFIED,      /* dmarc.record.verified, NONE */
    VD_CODE_DMARC_APPEARED,      /* dmarc.record.appeared, ALL */
    VD_CODE_DMARC_DUPLICATE_TAG, /* dmarc.tag.duplicate, RECORD */
    VD_CODE_DMARC_CHANGED,       /* dmarc.record.changed, RECORD: fo, rf, ri; info */
    VD_CODE_DMARC_WEAKENED,      /* dmarc.policy.weakened, POLICY */
    VD_CODE_DMARC_STRENGTHENED,  /* dmarc.policy.strengthened, POLICY */
    VD_CODE_DMARC_MIXED, /* dmarc.policy.changed, POLICY: up by one reading, down by the other */
    VD_CODE_DMARC_FLOOR, /* dmarc.policy.floor, POLICY: under dmarc = or a profile */
    VD_CODE_DMARC_SUB_WEAKENED,   /* dmarc.subdomains.weakened, SP */
    VD_CODE_DMARC_SUB_BETTER,     /* dmarc.subdomains.strengthened, SP */
    VD_CODE_DMARC_SUB_MIXED,      /* dmarc.subdomains.changed, SP */
    VD_CODE_DMARC_ALIGN_WEAKENED, /* dmarc.alignment.weakened, ALIGNMENT: strict to relaxed */
    VD_CODE_DMARC_ALIGN_BETTER,   /* dmarc.alignment.strengthened, ALIGNMENT */
    VD_CODE_DMARC_RUA_LOST,       /* dmarc.rua.missing, RUA */
    VD_CODE_DMARC_RUA_REFUSED, /* dmarc.rua.unauthorised, RUA: a third party does not expect them */
    VD_CODE_DMARC_RUA_DEAD,    /* dmarc.rua.dead, RUA: its domain takes no mail, or is not there */
    VD_CODE_DMARC_RUA_CHANGED, /* dmarc.rua.changed, RUA: other readers */
    VD_CODE_DMARC_RUA_BETTER,  /* dmarc.rua.strengthened, RUA */
    VD_CODE_DMARC_RUF,         /* dmarc.ruf.foreign, RUF: added or moved, to a third party */
    VD_CODE_DMARC_RUF_CHANGED, /* dmarc.ruf.changed, RUF: added, moved or removed; told once */
    VD_CODE_DMARC_PSD,         /* dmarc.psd.added, PSD: psd=y */
    VD_CODE_DMARC_DETACHED,    /* dmarc.psd.detached, SP: psd=n */
    VD_CODE_DMARC_PSD_CHANGED, /* dmarc.psd.changed, PSD: without effect; told once */
    VD_CODE_DMARC_SOURCE,      /* dmarc.source.changed, SOURCE: another name supplies the policy */
    VD_CODE_DMARC_ALIAS, /* dmarc.alias.moved, SOURCE: _dmarc is an unknown operator's CNAME */

    /* mx.*, mail-from.*, mta-sts.*, tls-rpt.*, bimi.*, ns.*, ds.*: findings_others.c */
    VD_CODE_MX_MISSING,         /* mx.record.missing, ALL */
    VD_CODE_MX_NULL,            /* mx.record.null, ALL: real to null */
    VD_CODE_MX_BROKEN,          /* mx.record.broken, RECORD: a null MX beside real ones */
    VD_CODE_MX_APPEARED,        /* mx.record.appeared, ALL: none or null before */
    VD_CODE_MX_PARKED,          /* mx.parked.host, ALL: a parked domain takes mail */
    VD_CODE_MX_OUTSIDE,         /* mx.host.outside, HOSTS: an operator not known before */
    VD_CODE_MX_CHANGED,         /* mx.record.changed, HOSTS: info */
    VD_CODE_MX_GONE,            /* mx.host.gone, TARGETS */
    VD_CODE_MX_TAKEOVER,        /* mx.host.takeover, TARGETS */
    VD_CODE_MX_ALIAS,           /* mx.host.alias, TARGETS: an MX that is a CNAME; info */
    VD_CODE_MX_MENDED,          /* mx.record.strengthened, RECORD: no null MX beside real ones */
    VD_CODE_MX_BETTER,          /* mx.host.strengthened, TARGETS: found where they were not */
    VD_CODE_MAIL_FROM_SPF,      /* mail-from.spf.missing, SPF: missing or broken */
    VD_CODE_MAIL_FROM_MX,       /* mail-from.mx.missing, MX */
    VD_CODE_MAIL_FROM_PASS_ALL, /* mail-from.all.pass, SPF */
    VD_CODE_MAIL_FROM_CHANGED,  /* mail-from.record.changed, ALL */
    VD_CODE_MAIL_FROM_PENDING,  /* mail-from.record.pending, NONE */
    VD_CODE_MAIL_FROM_VERIFIED, /* mail-from.record.verified, NONE */
    VD_CODE_MTA_STS_MISSING,    /* mta-sts.record.missing, ALL: gone, invalid or two */
    VD_CODE_MTA_STS_CHANGED,    /* mta-sts.record.changed, CONTENT: id=; info */
    VD_CODE_MTA_STS_APPEARED,   /* mta-sts.record.appeared, ALL */
    VD_CODE_TLS_RPT_MISSING,    /* tls-rpt.record.missing, ALL */
    VD_CODE_TLS_RPT_CHANGED,    /* tls-rpt.record.changed, CONTENT */
    VD_CODE_TLS_RPT_APPEARED,   /* tls-rpt.record.appeared, ALL */
    VD_CODE_BIMI_MISSING,       /* bimi.record.missing, ALL: gone, broken, or a refusal */
    VD_CODE_BIMI_CHANGED,       /* bimi.record.changed, CONTENT */
    VD_CODE_BIMI_APPEARED,      /* bimi.record.appeared, ALL */
    VD_CODE_NS_REPLACED,        /* ns.set.replaced, HOSTS: as a whole, or a new operator */
    VD_CODE_NS_CHANGED,         /* ns.set.changed, HOSTS: info */
    VD_CODE_DS_MISSING,         /* ds.record.missing, RECORD */
    VD_CODE_DS_CHANGED,         /* ds.record.changed, RECORD: info */
    VD_CODE_DS_APPEARED,        /* ds.record.appeared, RECORD */
    VD_CODE_DS_AD_LOST,         /* ds.ad.missing, AD */
    VD_CODE_DS_AD_FOUND,        /* ds.ad.appeared, AD: info */
    VD_CODE_PROVIDER_UNSIGNED, /* provider.mail.unsigned, NONE: it cannot sign, and DMARC enforces */

    /* watch.*, domain.*, resolver.*, agent.* ...: findings.c */
    VD_CODE_DOMAIN_SUMMARY,      /* domain.first.summary, NONE: what could be better; info */
    VD_CODE_DOMAIN_FIRST,        /* domain.first.findings: all that is wrong at first contact */
    VD_CODE_BASELINE_ACCEPTED,   /* baseline.accepted */
    VD_CODE_ALERT_FLAPPING,      /* alert.flapping: opens and closes again and again */
    VD_CODE_ALERT_STEADY,        /* alert.steady: it no longer does */
    VD_CODE_WATCH_BLIND,         /* watch.blind: unknown for too long */
    VD_CODE_WATCH_DIVERGENCE,    /* watch.divergence: servers keep disagreeing about a record */
    VD_CODE_DOMAIN_UNRESOLVABLE, /* domain.unresolvable: every resolver fails, for this domain only */
    VD_CODE_RESOLVER_BLIND,      /* resolver.blind: its path fails the self-check */
    VD_CODE_RESOLVER_DEGRADED,   /* resolver.degraded: it can be asked, but not everything */
    VD_CODE_RESOLVER_ATTACK,     /* resolver.attack: forged responses arrive */
    VD_CODE_AGENT_BLIND,         /* agent.blind: no resolver can be trusted at present */
    VD_CODE_AGENT_STARTED,       /* agent.started */
    VD_CODES_COUNT
};

#define VD_CODES_SPF_FIRST    VD_CODE_SPF_MISSING
#define VD_CODES_DKIM_FIRST   VD_CODE_DKIM_MISSING
#define VD_CODES_DMARC_FIRST  VD_CODE_DMARC_MISSING
#define VD_CODES_OTHERS_FIRST VD_CODE_MX_MISSING
#define VD_CODES_AGENT_FIRST  VD_CODE_DOMAIN_SUMMARY

struct vd_code_info {
    const char *code; /* "dmarc.policy.weakened" */
    uint8_t facet;  /* enum vd_facet, VD_FACET_ALL or VD_FACET_NONE: what accepting it rebases, and
                         what has to be known for it to be found or closed */
    uint8_t class_; /* the usual one; the judge may change it where the lattice says so */
    uint8_t severity;
    uint8_t axis;
    bool is_whole;   /* the whole record set is gone or unusable: while it is open, other alerts of
                        the same subject can be neither opened nor closed */
    bool is_alert;   /* opens an alert that stays open until restored; else told once */
    const char *why; /* one sentence: why it matters */
    /* for docs/alerts.md and `explain`; "" in an image (VD_FINDINGS_DOC) */
    const char *cause; /* how it usually comes about */
    const char *mend;  /* what to do */
};

/* Words that an image goes without. */
#ifdef VD_HOST_TEST
#define VD_FINDINGS_DOC(text) text
#else
#define VD_FINDINGS_DOC(text) ""
#endif

/* Never NULL: VD_CODE_NONE's row for a number that is none. */
const struct vd_code_info *vd_code_info(enum vd_code code);

/* By name; VD_CODE_NONE for one that is none. */
enum vd_code vd_code_named(const char *name);

/* The rows of a family, in the order of the enum: for findings.c. */
extern const struct vd_code_info vd_findings_spf[VD_CODES_DKIM_FIRST - VD_CODES_SPF_FIRST];
extern const struct vd_code_info vd_findings_dkim[VD_CODES_DMARC_FIRST - VD_CODES_DKIM_FIRST];
extern const struct vd_code_info vd_findings_dmarc[VD_CODES_OTHERS_FIRST - VD_CODES_DMARC_FIRST];
extern const struct vd_code_info vd_findings_others[VD_CODES_AGENT_FIRST - VD_CODES_OTHERS_FIRST];

#endif
