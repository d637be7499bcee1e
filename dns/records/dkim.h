/*
 * DKIM key records (RFC 6376, section 3.6.1; RFC 8301; RFC 8463).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DKIM_H
#define VD_DKIM_H

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

struct vd_dkim {
    uint8_t state; /* enum vd_dkim_state */
    bool is_ed25519;
    bool is_testing;      /* t=y: mail is treated as if it were not signed */
    bool is_strict;       /* t=s: i= must be exactly d= */
    uint16_t bits;        /* of the key; 0 when there is none that can be read */
    uint32_t fingerprint; /* hash of the decoded key, whatever the blanks and tags around it */
    const char *fault;    /* why it is unusable: a static sentence; "" else */
};

/*
 * Read one TXT answer at <selector>._domainkey.<domain>.
 *
 * text, len   joined strings of ONE record; untrusted; not NUL-terminated.
 * out         filled on VD_OK.
 *
 * VD_OK     a key record; out->state tells what it is worth.
 * VD_OTHER  some other TXT record (no p=, or a v= that is not DKIM's): out is untouched.
 */
enum vd_status vd_dkim_parse(const uint8_t *text, size_t len, struct vd_dkim *out);

#endif
