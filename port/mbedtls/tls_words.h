/*
 * Why a TLS connection failed, as one sentence for a person.
 *
 * Two things take notes while a connection runs, because afterwards the evidence is gone: the
 * notes of the certificates, filled by the verify callback, and the tap, which reads along the
 * record headers that come in.  vd_tls_words joins them with mbedTLS's code.
 *
 * Names from certificates are untrusted: what is not plain ASCII is shown as '?'.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MBEDTLS_TLS_WORDS_H
#define VD_MBEDTLS_TLS_WORDS_H

#include "port/port_status.h"

#include "mbedtls/x509_crt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for a list of names, or a distinguished name's essence, with its NUL. */
#define VD_TLS_NAME_MAX 80u

/* What the verify callback saw of the peer's chain.  Zero: nothing yet. */
struct vd_tls_notes {
    uint32_t flags;               /* MBEDTLS_X509_BADCERT_..., over the whole chain */
    mbedtls_x509_time ended;      /* with EXPIRED: when */
    mbedtls_x509_time begins;     /* with FUTURE: when */
    mbedtls_x509_time until;      /* when the first certificate of the chain ends; year 0: none */
    bool is_ended_ca;             /* with EXPIRED: a CA's, not the peer's own */
    bool is_begins_ca;            /* with FUTURE: likewise */
    bool is_self_signed;          /* with NOT_TRUSTED: the peer vouches for itself */
    unsigned weak_bits;           /* with BAD_KEY: bits of the key */
    bool is_weak_rsa;             /* with BAD_KEY: it is an RSA key */
    bool is_pinned;               /* its key was compared with a pin; names is "sha256/..." of it */
    char names[VD_TLS_NAME_MAX];  /* whom the peer's own certificate is for */
    char issuer[VD_TLS_NAME_MAX]; /* with NOT_TRUSTED: who signed the last one of the chain */
};

/*
 * Note one certificate; for the verify callback.
 *
 * depth   0: the peer's own.
 * flags   what is wrong with this one, after the callback's own changes.
 */
void vd_tls_notes_take(struct vd_tls_notes *notes, const mbedtls_x509_crt *crt, int depth,
                       uint32_t flags);

/*
 * The same where a pin decides.  The chain's dates do not end a session that is kept then.
 *
 * hash    SHA-256 of the key that the peer's own certificate has.
 * flags   BADCERT_OTHER if that is not the pin.
 */
void vd_tls_notes_take_pinned(struct vd_tls_notes *notes, const mbedtls_x509_crt *crt,
                              const uint8_t hash[32], uint32_t flags);

/* True if the certificate bears the IP address (iPAddress of the SAN; RFC 9525, section 6.5). */
bool vd_tls_has_ip(const mbedtls_x509_crt *crt, const uint8_t *ip, size_t ip_len);

/* Reads along what comes in from the peer.  Zero to start. */
struct vd_tls_tap {
    uint8_t head[5]; /* of the record that is coming in, or came last */
    uint8_t head_len;
    uint8_t body[2]; /* its first bytes */
    uint8_t body_len;
    uint16_t left;    /* bytes of it still to come */
    bool is_alert;    /* an alert in the clear came ... */
    uint8_t alert;    /* ... this one (RFC 8446, section 6) */
    bool is_not_tls;  /* the very first bytes were no TLS record */
    uint16_t longest; /* longest record announced */
    bool has_record;  /* at least one header was read */
};

void vd_tls_tap_feed(struct vd_tls_tap *tap, const uint8_t *bytes, size_t len);

/* One failure, for vd_tls_words. */
struct vd_tls_failure {
    int code;          /* mbedTLS's */
    uint32_t flags;    /* of mbedtls_ssl_get_verify_result */
    bool in_handshake; /* it had not ended yet */
    const char *host;  /* whom we expected */
    const struct vd_tls_notes *notes;
    const struct vd_tls_tap *tap;
};

/* Write the sentence; out has cap bytes, is always terminated, and is cut if need be. */
void vd_tls_words(const struct vd_tls_failure *failure, char *out, size_t cap);

/* VD_EUNVERIFIED if the peer's identity was at fault, VD_EREFUSED for a reset,
   VD_ETIMEOUT when TCP has given the peer up, else VD_EIO. */
enum vd_status vd_tls_status(int code);

/* True if the arena could not hold what was asked for. */
bool vd_tls_is_out_of_memory(int code);

#endif
