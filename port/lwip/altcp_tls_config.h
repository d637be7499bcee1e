/*
 * Inside the altcp layer: a destination, shared by altcp_tls_config.c and altcp_tls_vedette.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ALTCP_TLS_CONFIG_H
#define VD_ALTCP_TLS_CONFIG_H

#include "port/lwip/altcp_tls_vedette.h"

#include "mbedtls/pk.h"
#include "mbedtls/ssl.h"
#include "mbedtls/x509_crt.h"

/* Longest domain name as text, with its NUL (RFC 1035, section 2.3.4). */
#define VD_TLS_HOST_MAX 254u

struct altcp_tls_config {
    bool is_used;
    bool is_doomed;   /* freed by its owner while connections still need it */
    unsigned holders; /* connections that point to it */
    mbedtls_ssl_config ssl;
    mbedtls_x509_crt ca;
    mbedtls_x509_crt own_cert;
    mbedtls_pk_context own_key;
    char host[VD_TLS_HOST_MAX];
    uint8_t ip[16]; /* the host, if it is an IP literal */
    size_t ip_len;  /* 0: a DNS name */
    bool has_session;
    mbedtls_ssl_session session;     /* verified against this host and these anchors */
    mbedtls_x509_time session_until; /* when the first certificate behind it ends */
    struct vd_tls_error error;
};

void vd_tls_config_hold(struct altcp_tls_config *config);
void vd_tls_config_release(struct altcp_tls_config *config);

/* Keep the session of a verified connection for the next one.  until: see session_until. */
void vd_tls_config_save_session(struct altcp_tls_config *config, const mbedtls_ssl_context *ssl,
                                const mbedtls_x509_time *until);

/* Offer the saved session, if it is still good, to a connection that has not begun. */
void vd_tls_config_offer_session(struct altcp_tls_config *config, mbedtls_ssl_context *ssl);

void vd_tls_config_drop_session(struct altcp_tls_config *config);

/* SHA-256 over the host and the trust anchors: what a session was verified against. */
int vd_tls_config_trust(const struct altcp_tls_config *config, uint8_t out[32]);

/* Note a failure without a TLS cause. */
void vd_tls_config_fail(struct altcp_tls_config *config, enum vd_status status, const char *why);

#endif
