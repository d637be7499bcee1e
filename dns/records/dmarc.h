/*
 * DMARC records (RFC 9989, sections 4.7 and 4.8; RFC 7489, section 6.3).
 *
 * Receivers of both generations exist, and they read different tags: each record has two
 * strengths, "legacy" (RFC 7489 honours pct=, ignores t= and np=) and "bis" (RFC 9989, the
 * reverse).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DMARC_H
#define VD_DMARC_H

#include "dns/records/span.h"
#include "port/port_status.h"

#include <stdbool.h>
#include <stdint.h>

/* Enforcement. */
enum vd_dmarc_level {
    VD_DMARC_NO_RECORD = -1, /* no DMARC processing at all */
    VD_DMARC_NONE = 0,
    VD_DMARC_QUARANTINE = 1,
    VD_DMARC_REJECT = 2
};

struct vd_dmarc {
    /*
     * What p=, sp= and np= come to after defaults, pct= and t= left aside.  A record whose
     * policy cannot be read has 0 in all three when rua= names an address (receivers then act as
     * for p=none), else -1 (RFC 9989, section 4.10.1).
     */
    int8_t p, sp, np;
    bool has_p, has_sp, has_np; /* written and readable */

    uint8_t pct;         /* 0..100; 100 where it is not written or not readable */
    bool is_testing;     /* t=y */
    char psd;            /* 'y', 'n' or 'u' */
    bool is_strict_dkim; /* adkim=s */
    bool is_strict_spf;  /* aspf=s */

    bool has_rua;       /* rua= names at least one mailto: address */
    uint32_t rua_set;   /* order-free hash of the URIs of rua=, sizes ("!10m") left out */
    uint32_t extras;    /* hash of ruf=, fo= and psd=: what else a change of may matter */
    struct vd_span rua; /* values as written; len 0: absent or empty.  Inside the text. */
    struct vd_span ruf;

    bool is_ambiguous; /* a tag is written twice: receivers differ, see fault */
    const char *fault; /* why receivers act as if the policy were not there; "" if they do not */
    struct vd_span guilty; /* the tag that is at fault, as written */

    /*
     * Strengths, VD_DMARC_NO_RECORD .. VD_DMARC_REJECT, of the worst-treated share of the mail:
     * for the domain itself, its subdomains, and subdomains that do not exist.  All -1 for an
     * ambiguous record: some receivers take it for none.
     */
    int8_t legacy_self, bis_self;
    int8_t legacy_sub, bis_sub;
    int8_t bis_np;
};

/*
 * Read one TXT answer at _dmarc.<domain>.
 *
 * text, len   joined strings of ONE record; untrusted; not NUL-terminated.  Must outlive out.
 * out         filled on VD_OK.
 *
 * VD_OK     recognised: begins with v=DMARC1 (section 4.7).  What it is worth is in out.
 * VD_OTHER  some other TXT record, to be discarded; out is untouched.
 */
enum vd_status vd_dmarc_parse(const uint8_t *text, size_t len, struct vd_dmarc *out);

/* "none", "quarantine", "reject"; "no DMARC" for -1. */
const char *vd_dmarc_level_str(int level);

#endif
