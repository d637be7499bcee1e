/*
 * TLS for lwIP's altcp, over mbedTLS 3.6's public API.  A client only.
 *
 * Offers the interface of lwip/altcp_tls.h, so that lwIP's own applications run on it unmodified,
 * and what that interface lacks.  What is different from lwIP's bundled layer:
 *
 *   - A struct altcp_tls_config belongs to ONE destination: host name and trust anchors (or a pin),
 *     client certificate, ALPN and the saved session live in it.  altcp_tls_new makes no connection
 *     for a config with neither host nor pin.  The peer is always verified; there is no way to say
 *     no.  port/mbedtls/tls_trust.h has the rules.
 *   - The work is done in vd_altcp_tls_turn, called from the loop: at most one step of a handshake
 *     for each connection and turn.  lwIP's callbacks only take notes.  All callbacks to the
 *     application come from the turn, so it may close or abort in any of them.
 *   - A fatal error ends the connection at once with the err callback; why stands in the config.
 *   - altcp_close sends what was written, then close_notify, then lingers shortly so that a reset
 *     does not take the peer's last record from it.  It never fails.
 *
 * Bounded: VD_TLS_SLOTS connections, VD_TLS_DESTINATIONS configs.  No heap but the arena.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ALTCP_TLS_VEDETTE_H
#define VD_ALTCP_TLS_VEDETTE_H

#include "port/port_status.h"
#include "port/port_stream.h"

#include "lwip/altcp_tls.h"

#include "mbedtls/ssl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Complete here what lwip/altcp_tls.h declares. */
struct altcp_tls_session {
    mbedtls_ssl_session data;
    uint8_t trust[32]; /* SHA-256 over host and anchors, or the pin: it resumes nothing else */
    mbedtls_x509_time until; /* when the first certificate behind it ends */
};

/* The last failure of a destination. */
struct vd_tls_error {
    enum vd_status status;       /* VD_OK: there was none */
    int code;                    /* mbedTLS's, 0 if TLS was not at fault */
    uint32_t flags;              /* MBEDTLS_X509_BADCERT_..., as mbedTLS left them */
    size_t unacked;              /* bytes that were not acknowledged when it failed */
    char why[VD_STREAM_WHY_MAX]; /* one sentence */
};

/*
 * A config for the peer whose certificate has this key, whoever signed it (port_stream.h).
 *
 * pin   32 bytes: SHA-256 of its SubjectPublicKeyInfo; copied.
 *
 * NULL: see vd_altcp_tls_create_error.
 */
struct altcp_tls_config *vd_altcp_tls_create_config_pinned(const u8_t *pin);

/*
 * Whom the peer must be.  Needed before altcp_tls_new, unless the config is pinned.
 *
 * host   DNS name (SNI is sent) or IP literal (it is not; the certificate must bear the address).
 *
 * ERR_OK   set; a session saved for another host is dropped.
 * ERR_VAL  empty, too long for a domain name, an address with a port; or the config is pinned.
 */
err_t vd_altcp_tls_set_host(struct altcp_tls_config *config, const char *host);

/* What vd_altcp_tls_create_error says of places that are all taken; no code of mbedTLS's. */
#define VD_ALTCP_TLS_ALL_TAKEN 1

/*
 * mbedTLS's code for the last altcp_tls_create_config_... that returned NULL; or
 * VD_ALTCP_TLS_ALL_TAKEN: VD_TLS_DESTINATIONS configs are there, among them those that were freed
 * while a connection needs them to close.
 */
int vd_altcp_tls_create_error(void);

/* Never NULL. */
const struct vd_tls_error *vd_altcp_tls_error(const struct altcp_tls_config *config);

/* Plaintext that waits here plus bytes that TCP has sent and the peer has not acknowledged. */
size_t vd_altcp_tls_unacked(const struct altcp_pcb *conn);

/* Do what there is to do for every connection.  From the loop; never from a callback of lwIP. */
void vd_altcp_tls_turn(void);

/* Connections that hold a slot now, also those that are still closing. */
unsigned vd_altcp_tls_busy(void);

#endif
