/*
 * Inside the altcp layer: a destination, shared by altcp_tls_config.c and altcp_tls_vedette.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ALTCP_TLS_CONFIG_H
#define VD_ALTCP_TLS_CONFIG_H

#include "port/lwip/altcp_tls_vedette.h"
#include "port/mbedtls/tls_trust.h"

#include "mbedtls/pk.h"
#include "mbedtls/x509_crt.h"

struct altcp_tls_config {
    bool is_used;
    bool is_doomed;   /* freed by its owner while connections still need it */
    unsigned holders; /* connections that point to it */
    struct vd_tls_trust trust;
    mbedtls_x509_crt own_cert;
    mbedtls_pk_context own_key;
    struct vd_tls_error error;
};

void vd_tls_config_hold(struct altcp_tls_config *config);
void vd_tls_config_release(struct altcp_tls_config *config);

/* Note a failure without a TLS cause. */
void vd_tls_config_fail(struct altcp_tls_config *config, enum vd_status status, const char *why);

#endif
