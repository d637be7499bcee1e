/*
 * Public keys as DKIM writes them: base64 of DER, for dkim.c.
 *
 * Read as a stream of octets: no buffer for the decoded key.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_KEY_H
#define VD_KEY_H

#include "dns/records/span.h"

/*
 * Check base64 with blanks inside (RFC 4648, section 4; RFC 6376, section 2.10).  Verifiers read it
 * with or without its final '='.
 *
 * octets       length of what it decodes to.
 * fingerprint  vd_hash over that.
 *
 * VD_EFORMAT  not base64; both are untouched.
 */
enum vd_status vd_key_check(struct vd_span base64, size_t *octets, uint32_t *fingerprint);

/*
 * The size of an RSA key, from SubjectPublicKeyInfo or from a bare RSAPublicKey (both are in
 * use: RFC 6376, section 3.6.1).  Strict DER: no indefinite or padded lengths, nothing behind.
 *
 * base64      passed vd_key_check.
 *
 * VD_OK       *bits of the modulus.
 * VD_OTHER    DER, but of another kind of key.
 * VD_EFORMAT  not the DER of a key, or an exponent that is even or under 3.
 */
enum vd_status vd_key_rsa_bits(struct vd_span base64, size_t *bits);

#endif
