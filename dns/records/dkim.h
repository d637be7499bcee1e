/*
 * DKIM key records (RFC 6376, section 3.6.1; RFC 8301; RFC 8463).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DKIM_H
#define VD_DKIM_H

#include "dns/records/span.h"
#include "port/port_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Shorter RSA keys must not be accepted (RFC 8301, section 3.2). */
#define VD_DKIM_RSA_BITS_MIN 1024u

enum vd_dkim_state {
    VD_DKIM_UNUSABLE = 0, /* verifiers ignore the record: see fault */
    VD_DKIM_REVOKED,      /* p= is empty */
    VD_DKIM_SHORT,        /* an RSA key under VD_DKIM_RSA_BITS_MIN */
    VD_DKIM_USABLE
};

/* h=, in vd_dkim.hashes. */
#define VD_DKIM_SHA1       0x01u
#define VD_DKIM_SHA256     0x02u
#define VD_DKIM_HASH_OTHER 0x04u

/* s=, in vd_dkim.services. */
#define VD_DKIM_SERVICE_ANY   0x01u /* "*" */
#define VD_DKIM_SERVICE_EMAIL 0x02u
#define VD_DKIM_SERVICE_OTHER 0x04u

struct vd_dkim {
    uint8_t state; /* enum vd_dkim_state */
    bool is_ed25519;
    bool is_testing;       /* t=y: mail is treated as if it were not signed */
    bool is_strict;        /* t=s: i= must be exactly d= */
    bool has_other_flags;  /* t= holds others: ignored */
    uint8_t hashes;        /* set of VD_DKIM_SHA1 ...; 0: h= is not written, all are allowed */
    uint8_t services;      /* set of VD_DKIM_SERVICE_...; 0: s= is not written, all are */
    uint16_t bits;         /* of the key; 0 when there is none that can be read */
    uint32_t fingerprint;  /* hash of the decoded key, whatever the blanks and tags around it */
    const char *fault;     /* why it is unusable: a static sentence; "" else */
    struct vd_span guilty; /* the tag that is at fault, as written ("k=dsa"); len 0: none in
                              particular.  All spans are inside the text */
    bool is_duplicate;     /* of the faults: a tag is written twice */
    bool is_restricted;    /* of the faults: a well-formed key that h= or s= keeps from being used
                              for mail */
    struct vd_span kind;   /* k= as written; bytes NULL: absent, rsa is meant */
    struct vd_span note;   /* n=; bytes NULL: absent */
    struct vd_span granularity; /* g=, of RFC 4871 only: old verifiers mind, one that is empty
                                   matches nobody there; bytes NULL: absent */
};

/*
 * Read one TXT answer at <selector>._domainkey.<domain>.
 *
 * text, len   joined strings of ONE record; untrusted; not NUL-terminated.  Must outlive out.
 * out         filled on VD_OK.
 *
 * VD_OK     a key record; out->state tells what it is worth.
 * VD_OTHER  other content: a v= that is not DKIM's; neither v= nor p=; or a note (n=) and nothing
 *           that speaks of a key.  out is untouched.
 */
enum vd_status vd_dkim_parse(const uint8_t *text, size_t len, struct vd_dkim *out);

#endif
