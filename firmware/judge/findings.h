/*
 * The table of codes: everything that can be found, with class, severity and words.
 *
 * Codes are stable: receivers filter by them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FINDINGS_H
#define VD_FINDINGS_H

#include "report/event.h"

#include <stdbool.h>
#include <stdint.h>

enum vd_code {
    VD_CODE_NONE = 0,
    VD_CODE_SPF_MISSING,          /* spf.record.missing */
    VD_CODE_SPF_BROKEN,           /* spf.record.broken */
    VD_CODE_SPF_PASS_ALL,         /* spf.all.pass */
    VD_CODE_SPF_WIDE,             /* spf.range.wide: a large part of all addresses passes */
    VD_CODE_SPF_DEFAULT_WEAKENED, /* spf.default.weakened */
    VD_CODE_SPF_INCLUDE_ADDED,    /* spf.include.added: include:, exists:, redirect= */
    VD_CODE_SPF_INCLUDE_REMOVED,  /* spf.include.removed */
    VD_CODE_SPF_PTR_ADDED,        /* spf.ptr.added */
    VD_CODE_SPF_STRENGTHENED,     /* spf.default.strengthened */
    VD_CODE_SPF_CHANGED,          /* spf.record.changed */
    VD_CODE_DKIM_MISSING,         /* dkim.key.missing */
    VD_CODE_DKIM_REVOKED,         /* dkim.key.revoked */
    VD_CODE_DKIM_BROKEN,          /* dkim.key.broken */
    VD_CODE_DKIM_WEAKENED,        /* dkim.key.weakened: fewer bits, t=y, or no more t=s */
    VD_CODE_DKIM_ALIAS,           /* dkim.alias.moved: its CNAME leads to another operator */
    VD_CODE_DKIM_CHANGED,         /* dkim.key.changed: another key, by our own hand or nobody's */
    VD_CODE_DKIM_ROLLED,        /* dkim.alias.changed: an operator's alias, or the key behind it */
    VD_CODE_DKIM_STRENGTHENED,  /* dkim.key.strengthened */
    VD_CODE_DKIM_ROTATION,      /* dkim.member.missing: the group's requirement still holds */
    VD_CODE_DMARC_MISSING,      /* dmarc.record.missing */
    VD_CODE_DMARC_BROKEN,       /* dmarc.record.broken */
    VD_CODE_DMARC_WEAKENED,     /* dmarc.policy.weakened */
    VD_CODE_DMARC_SUB_WEAKENED, /* dmarc.subdomains.weakened: sp or np */
    VD_CODE_DMARC_ALIGN_WEAKENED, /* dmarc.alignment.weakened: strict to relaxed */
    VD_CODE_DMARC_PSD,            /* dmarc.psd.added: psd=y */
    VD_CODE_DMARC_RUA_LOST,       /* dmarc.rua.missing */
    VD_CODE_DMARC_RUA_CHANGED,    /* dmarc.rua.changed */
    VD_CODE_DMARC_CHANGED,        /* dmarc.record.changed */
    VD_CODE_DMARC_STRENGTHENED,   /* dmarc.policy.strengthened */
    VD_CODE_MX_MISSING,           /* mx.record.missing */
    VD_CODE_MX_NULL,              /* mx.record.null: real to null */
    VD_CODE_MX_BROKEN,            /* mx.record.broken: a null MX beside real ones */
    VD_CODE_MX_OUTSIDE,           /* mx.host.outside: a host of an operator not known before */
    VD_CODE_MX_CHANGED,           /* mx.record.changed */
    VD_CODE_WATCH_BLIND,          /* watch.blind: unknown for too long */
    VD_CODE_WATCH_DIVERGENCE,     /* watch.divergence: servers keep disagreeing about a record */
    VD_CODE_DOMAIN_UNRESOLVABLE, /* domain.unresolvable: every resolver fails, for this domain only */
    VD_CODE_RESOLVER_BLIND,      /* resolver.blind: its path fails the self-check */
    VD_CODE_RESOLVER_DEGRADED,   /* resolver.degraded: it can be asked, but not everything */
    VD_CODE_RESOLVER_ATTACK,     /* resolver.attack: forged responses arrive */
    VD_CODE_AGENT_BLIND,         /* agent.blind: no resolver can be trusted at present */
    VD_CODE_AGENT_STARTED,       /* agent.started */
    VD_CODES_COUNT
};

struct vd_code_info {
    const char *code; /* "dmarc.policy.weakened" */
    uint8_t class_;   /* the usual one; the judge may raise it where the lattice says so */
    uint8_t severity;
    uint8_t axis;
    bool is_whole;   /* the whole record set is gone or unusable: while it is open, other alerts of
                        the same subject can be neither opened nor closed */
    bool is_alert;   /* opens an alert that stays open until restored; else told once */
    const char *why; /* one sentence: why it matters */
};

/* Never NULL: VD_CODE_NONE's row for a number that is none. */
const struct vd_code_info *vd_code_info(enum vd_code code);

#endif
