/*
 * Whom a TLS client talks to, and how it is proved: the same policy for every port.
 *
 * A struct vd_tls_trust is ONE destination: either a host name (or IP literal) with trust anchors,
 * or a pin, the hash of the peer's public key.  It also keeps the session saved for that
 * destination.  A struct vd_tls_peer is one connection to it.  The peer is always verified; there
 * is no way to say no.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MBEDTLS_TLS_TRUST_H
#define VD_MBEDTLS_TLS_TRUST_H

#include "port/mbedtls/tls_words.h"
#include "port/port_stream.h"

#include "mbedtls/ssl.h"
#include "mbedtls/x509_crt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest domain name as text, with its NUL (RFC 1035, section 2.3.4). */
#define VD_TLS_HOST_MAX 254u

/* SHA-256 over a SubjectPublicKeyInfo. */
#define VD_TLS_PIN_LEN 32u

struct vd_tls_trust {
    mbedtls_ssl_config ssl;
    mbedtls_x509_crt ca; /* empty with a pin */
    char host[VD_TLS_HOST_MAX];
    uint8_t ip[16]; /* the host, if it is an IP literal */
    size_t ip_len;  /* 0: a DNS name */
    bool has_pin;
    uint8_t pin[VD_TLS_PIN_LEN];
    bool has_session;
    mbedtls_ssl_session session;     /* verified against this host and these anchors, or this pin */
    mbedtls_x509_time session_until; /* when the first certificate behind it ends */
};

/*
 * Seed the library, and hand it its arena.  Before anything else of TLS; later calls are cheap.
 *
 * 0, or mbedTLS's code: no seed, no memory.
 */
int vd_tls_trust_start(void);

/*
 * A destination that is proved by its certificate's chain, name and dates.  The name follows.
 *
 * ca, ca_len   anchors: PEM (with its final NUL counted) or DER.  One that cannot be read fails
 *              all: which one a peer will need is not known yet.
 *
 * 0, or mbedTLS's code; then trust holds nothing and needs no free.
 */
int vd_tls_trust_init(struct vd_tls_trust *trust, const uint8_t *ca, size_t ca_len);

/*
 * A destination that is proved by its public key (RFC 7858, section 4.2): the TLS handshake shows
 * that the peer has the private half.  Issuer, name and dates do not count, and no SNI is sent.
 * What remains: TLS 1.2 or higher, the suites and signatures of vd_tls_trust_init, a certificate
 * that may be used for a server, and RSA of at least 1024 bits.
 *
 * 0, or mbedTLS's code; then trust holds nothing and needs no free.
 */
int vd_tls_trust_init_pin(struct vd_tls_trust *trust, const uint8_t pin[VD_TLS_PIN_LEN]);

void vd_tls_trust_free(struct vd_tls_trust *trust);

/* True once it is known what the peer must prove: a host, or a pin. */
bool vd_tls_trust_is_complete(const struct vd_tls_trust *trust);

/*
 * Whom the peer must be.
 *
 * host          DNS name (SNI is sent) or IP literal (it is not; the certificate must bear the
 *               address).
 * may_replace   false: connections run under the present name; only the same again is allowed.
 *
 * VD_OK      set; a session saved for another host is dropped.
 * VD_EINVAL  empty, too long for a domain name, an address with a port; or there is a pin.
 */
enum vd_status vd_tls_trust_set_host(struct vd_tls_trust *trust, const char *host,
                                     bool may_replace);

void vd_tls_trust_drop_session(struct vd_tls_trust *trust);

/* SHA-256 over what a session was verified against: host and anchors, or the pin.  0, or a code. */
int vd_tls_trust_hash(const struct vd_tls_trust *trust, uint8_t out[32]);

/*
 * A hash that two targets share only if they ask for the same proof and the same ALPN.
 *
 * false: out of memory in the arena.
 */
bool vd_tls_target_key(const struct vd_stream_target *to, uint8_t key[32]);

/*
 * May this target be connected to at all?
 *
 * why   VD_STREAM_WHY_MAX bytes; filled with words when not.
 *
 * VD_OK          yes, as far as can be seen.
 * VD_ENOENTROPY  no random numbers.
 * VD_EINVAL      nothing would be verified, or a pin stands beside a host or anchors.
 */
enum vd_status vd_tls_target_check(const struct vd_stream_target *to, char *why);

/* One connection.  Zero to start. */
struct vd_tls_peer {
    struct vd_tls_trust *trust;
    struct vd_tls_notes notes;
    struct vd_tls_tap tap; /* to be fed with all that comes in */
    bool is_date_waived;   /* a certificate is not valid yet by the floor that the calendar is */
};

/*
 * Set up ssl for a connection of peer to peer->trust, and offer the saved session.  ssl is to be
 * freed in any case.  0, or mbedTLS's code.
 */
int vd_tls_peer_start(struct vd_tls_peer *peer, mbedtls_ssl_context *ssl);

/*
 * As mbedtls_ssl_handshake_step, which says of a signature that it had no memory to check that it
 * is wrong: a step that failed while the arena was short fails with MBEDTLS_ERR_SSL_ALLOC_FAILED.
 */
int vd_tls_handshake_step(mbedtls_ssl_context *ssl);

/*
 * Keep the session of a verified connection for the next one, unless a date was waived for it.
 * After the handshake in TLS 1.2, with each new ticket in 1.3.
 */
void vd_tls_peer_save_session(struct vd_tls_peer *peer, const mbedtls_ssl_context *ssl);

/*
 * Words and status for a failure.
 *
 * code          mbedTLS's.
 * flags         filled with mbedTLS's verify result.
 * why           VD_STREAM_WHY_MAX bytes.
 */
enum vd_status vd_tls_peer_explain(const struct vd_tls_peer *peer, const mbedtls_ssl_context *ssl,
                                   int code, bool in_handshake, uint32_t *flags, char *why);

#endif
