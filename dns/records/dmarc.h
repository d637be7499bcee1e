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

/* What a strict or an old reader minds, in vd_dmarc.lints.  None of it costs the policy. */
#define VD_DMARC_LINT_P_NOT_SECOND 0x01u /* RFC 7489's grammar wants p= right behind v= */
#define VD_DMARC_LINT_NAME_CASE    0x02u /* a tag's name is not in lower case (RFC 6376, 3.2) */
#define VD_DMARC_LINT_FO           0x04u /* fo=: 0 or 1 beside others, or an option that is none */
#define VD_DMARC_LINT_HISTORIC     0x08u /* pct=, rf= or ri=, which RFC 9989 took out */
#define VD_DMARC_LINT_SIZE         0x10u /* a report address with a size ("!10m"): obsolete */
#define VD_DMARC_LINT_NO_VALUE     0x20u /* a part that is no tag=value: stepped over */
#define VD_DMARC_LINT_URI          0x40u /* an item of rua= or ruf= that is no URI with a host */

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
    bool has_ruf;       /* the same of ruf= */
    uint32_t rua_set;   /* order-free hash of the URIs of rua= (vd_uri_hash), sizes left out */
    uint32_t ruf_set;   /* the same of ruf=; 0: none */
    uint32_t extras;    /* order-free hash of fo=, rf=, ri=, sizes of addresses ("!10m") and unknown
                           tags.  Blanks, case and a default that is spelled out do not count */
    struct vd_span rua; /* values as written; len 0: absent or empty.  Inside the text. */
    struct vd_span ruf;
    uint8_t lints; /* set of VD_DMARC_LINT_... */

    /*
     * A known tag is written twice.  Receivers take the first one, or the last one, or none of the
     * record (the rule of tag lists: RFC 6376, section 3.2).  The strengths below are those of the
     * weakest reading: of no record.  All above is the weaker of first and last.
     */
    bool is_ambiguous;
    const char *fault; /* why receivers act as if the policy were not there; "" if they do not */
    struct vd_span guilty; /* the tag that is at fault, as written: "sp=invalid" */

    /*
     * Strengths, VD_DMARC_NO_RECORD .. VD_DMARC_REJECT, of the worst-treated share of the mail:
     * for the domain itself, its subdomains, and subdomains that do not exist.
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
 * VD_OTHER  some other TXT record, to be discarded; out is untouched.  Blanks before v= make one,
 *           too.
 */
enum vd_status vd_dmarc_parse(const uint8_t *text, size_t len, struct vd_dmarc *out);

/* "none", "quarantine", "reject"; "no DMARC" for -1. */
const char *vd_dmarc_level_str(int level);

#endif
