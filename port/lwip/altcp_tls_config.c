/*
 * Destinations of the altcp TLS layer: trust, identity, saved session.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/altcp_tls_config.h"

#include "firmware/limits.h"
#include "port/mbedtls/random.h"

#include "mbedtls/platform_util.h"

#include <stdio.h>
#include <string.h>

static struct altcp_tls_config configs[VD_TLS_DESTINATIONS];
static int create_error;

/* ---- making and freeing ------------------------------------------------------------------ */

static struct altcp_tls_config *find_unused(void)
{
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        if (!configs[i].is_used) {
            return &configs[i];
        }
    }
    return NULL;
}

static void wipe(struct altcp_tls_config *config)
{
    vd_tls_trust_free(&config->trust);
    mbedtls_x509_crt_free(&config->own_cert);
    mbedtls_pk_free(&config->own_key);
    mbedtls_platform_zeroize(config, sizeof(*config));
}

/* pin NULL: proved by anchors and a host. */
static struct altcp_tls_config *create(const u8_t *ca, size_t ca_len, const u8_t *pin)
{
    /* Without a seed that is what is told, not that the places are used up. */
    create_error = vd_tls_trust_start();
    if (create_error != 0) {
        return NULL;
    }
    struct altcp_tls_config *config = find_unused();
    if (config == NULL) {
        create_error = VD_ALTCP_TLS_ALL_TAKEN;
        return NULL;
    }
    memset(config, 0, sizeof(*config));
    create_error = pin != NULL ? vd_tls_trust_init_pin(&config->trust, pin)
                               : vd_tls_trust_init(&config->trust, ca, ca_len);
    if (create_error != 0) {
        return NULL;
    }
    config->is_used = true;
    mbedtls_x509_crt_init(&config->own_cert);
    mbedtls_pk_init(&config->own_key);
    return config;
}

struct altcp_tls_config *altcp_tls_create_config_client(const u8_t *ca, size_t ca_len)
{
    return create(ca, ca_len, NULL);
}

struct altcp_tls_config *vd_altcp_tls_create_config_pinned(const u8_t *pin)
{
    return create(NULL, 0, pin);
}

struct altcp_tls_config *
altcp_tls_create_config_client_2wayauth(const u8_t *ca, size_t ca_len, const u8_t *privkey,
                                        size_t privkey_len, const u8_t *privkey_pass,
                                        size_t privkey_pass_len, const u8_t *cert, size_t cert_len)
{
    struct altcp_tls_config *config = altcp_tls_create_config_client(ca, ca_len);

    if (config == NULL) {
        return NULL;
    }
    create_error = mbedtls_x509_crt_parse(&config->own_cert, cert, cert_len);
    if (create_error == 0) {
        create_error = mbedtls_pk_parse_key(&config->own_key, privkey, privkey_len, privkey_pass,
                                            privkey_pass_len, vd_mbedtls_rng, NULL);
    }
    if (create_error == 0) {
        create_error =
            mbedtls_pk_check_pair(&config->own_cert.pk, &config->own_key, vd_mbedtls_rng, NULL);
    }
    if (create_error == 0) {
        create_error =
            mbedtls_ssl_conf_own_cert(&config->trust.ssl, &config->own_cert, &config->own_key);
    }
    if (create_error != 0) {
        wipe(config);
        return NULL;
    }
    return config;
}

int vd_altcp_tls_create_error(void)
{
    return create_error;
}

void vd_tls_config_hold(struct altcp_tls_config *config)
{
    config->holders++;
}

void vd_tls_config_release(struct altcp_tls_config *config)
{
    config->holders--;
    if (config->is_doomed && config->holders == 0) {
        wipe(config);
    }
}

void altcp_tls_free_config(struct altcp_tls_config *config)
{
    if (config == NULL || !config->is_used) {
        return;
    }
    config->is_doomed = true;
    if (config->holders == 0) {
        wipe(config);
    }
}

/* ---- whom to expect ---------------------------------------------------------------------- */

err_t vd_altcp_tls_set_host(struct altcp_tls_config *config, const char *host)
{
    if (config == NULL) {
        return ERR_VAL;
    }
    return vd_tls_trust_set_host(&config->trust, host, config->holders == 0) == VD_OK ? ERR_OK
                                                                                      : ERR_VAL;
}

int altcp_tls_configure_alpn_protocols(struct altcp_tls_config *config, const char **protocols)
{
    if (config == NULL || protocols == NULL) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    return mbedtls_ssl_conf_alpn_protocols(&config->trust.ssl, protocols);
}

/* ---- sessions ---------------------------------------------------------------------------- */

void altcp_tls_init_session(struct altcp_tls_session *session)
{
    if (session != NULL) {
        memset(session, 0, sizeof(*session));
        mbedtls_ssl_session_init(&session->data);
    }
}

void altcp_tls_free_session(struct altcp_tls_session *session)
{
    if (session != NULL) {
        mbedtls_ssl_session_free(&session->data);
    }
}

/* ---- failures ---------------------------------------------------------------------------- */

void vd_tls_config_fail(struct altcp_tls_config *config, enum vd_status status, const char *why)
{
    memset(&config->error, 0, sizeof(config->error));
    config->error.status = status;
    (void)snprintf(config->error.why, sizeof(config->error.why), "%s", why);
}

const struct vd_tls_error *vd_altcp_tls_error(const struct altcp_tls_config *config)
{
    return &config->error;
}

/* ---- what a client does not have --------------------------------------------------------- */

struct altcp_tls_config *altcp_tls_create_config_server(u8_t cert_count)
{
    (void)cert_count;
    return NULL;
}

err_t altcp_tls_config_server_add_privkey_cert(struct altcp_tls_config *config, const u8_t *privkey,
                                               size_t privkey_len, const u8_t *privkey_pass,
                                               size_t privkey_pass_len, const u8_t *cert,
                                               size_t cert_len)
{
    (void)config;
    (void)privkey;
    (void)privkey_len;
    (void)privkey_pass;
    (void)privkey_pass_len;
    (void)cert;
    (void)cert_len;
    return ERR_VAL;
}

struct altcp_tls_config *
altcp_tls_create_config_server_privkey_cert(const u8_t *privkey, size_t privkey_len,
                                            const u8_t *privkey_pass, size_t privkey_pass_len,
                                            const u8_t *cert, size_t cert_len)
{
    (void)privkey;
    (void)privkey_len;
    (void)privkey_pass;
    (void)privkey_pass_len;
    (void)cert;
    (void)cert_len;
    return NULL;
}

/* The generator is the agent's, not this layer's: it stays. */
void altcp_tls_free_entropy(void)
{
}
