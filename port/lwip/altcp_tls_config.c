/*
 * Destinations of the altcp TLS layer: trust, identity, saved session.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/altcp_tls_config.h"

#include "firmware/limits.h"
#include "port/mbedtls/arena.h"
#include "port/mbedtls/random.h"
#include "port/port_net.h"

#include "mbedtls/platform.h"
#include "mbedtls/platform_util.h"
#include "mbedtls/sha256.h"
#include "psa/crypto.h"

#include <stdio.h>
#include <string.h>

/*
 * What max_fragment_length can say (RFC 6066, section 4); 16384 is said by leaving it out.  It holds
 * for both directions, so the lesser of both sizes counts: mbedTLS refuses more.
 */
#define FRAGMENT_BYTES (VD_TLS_IN_BYTES < VD_TLS_OUT_BYTES ? VD_TLS_IN_BYTES : VD_TLS_OUT_BYTES)
#if FRAGMENT_BYTES >= 16384
#define MAX_FRAGMENT_CODE MBEDTLS_SSL_MAX_FRAG_LEN_NONE
#elif FRAGMENT_BYTES >= 4096
#define MAX_FRAGMENT_CODE MBEDTLS_SSL_MAX_FRAG_LEN_4096
#elif FRAGMENT_BYTES >= 2048
#define MAX_FRAGMENT_CODE MBEDTLS_SSL_MAX_FRAG_LEN_2048
#elif FRAGMENT_BYTES >= 1024
#define MAX_FRAGMENT_CODE MBEDTLS_SSL_MAX_FRAG_LEN_1024
#else
#define MAX_FRAGMENT_CODE MBEDTLS_SSL_MAX_FRAG_LEN_512
#endif

/*
 * PKCS#1 v1.5 before PSS: a peer limited to TLS 1.2 otherwise picks PSS for its key exchange,
 * which mbedTLS's 1.2 client does not take.
 */
static const uint16_t signature_algorithms[] = {
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
    MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA256,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA384,
    MBEDTLS_TLS1_3_SIG_RSA_PSS_RSAE_SHA512,
    MBEDTLS_TLS1_3_SIG_NONE,
};

/* In TLS 1.2 this also limits the curves of certificates, so X25519 alone would refuse them all. */
static const uint16_t groups[] = {
    MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
    MBEDTLS_SSL_IANA_TLS_GROUP_NONE,
};

static struct altcp_tls_config configs[VD_TLS_DESTINATIONS];
static int create_error;

/* ---- making and freeing ------------------------------------------------------------------ */

static bool start_crypto(void)
{
    uint8_t probe;

    /* Without a seed nothing may be built on PSA, which would accept that for a while. */
    create_error = vd_mbedtls_rng(NULL, &probe, sizeof(probe));
    if (create_error != 0) {
        return false;
    }
    vd_tls_arena_start();
    if (psa_crypto_init() != PSA_SUCCESS) {
        create_error = MBEDTLS_ERR_SSL_ALLOC_FAILED;
        return false;
    }
    return true;
}

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
    vd_tls_config_drop_session(config);
    mbedtls_ssl_config_free(&config->ssl);
    mbedtls_x509_crt_free(&config->ca);
    mbedtls_x509_crt_free(&config->own_cert);
    mbedtls_pk_free(&config->own_key);
    mbedtls_platform_zeroize(config, sizeof(*config));
}

static int set_defaults(struct altcp_tls_config *config)
{
    mbedtls_ssl_config *ssl = &config->ssl;

    int ret = mbedtls_ssl_config_defaults(ssl, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                          MBEDTLS_SSL_PRESET_DEFAULT);
    if (ret != 0) {
        return ret;
    }
    mbedtls_ssl_conf_authmode(ssl, MBEDTLS_SSL_VERIFY_REQUIRED);
    mbedtls_ssl_conf_min_tls_version(ssl, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(ssl, MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_rng(ssl, vd_mbedtls_rng, NULL);
    mbedtls_ssl_conf_sig_algs(ssl, signature_algorithms);
    mbedtls_ssl_conf_groups(ssl, groups);
    mbedtls_ssl_conf_ca_chain(ssl, &config->ca, NULL);
    mbedtls_ssl_conf_session_tickets(ssl, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        ssl, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
    return mbedtls_ssl_conf_max_frag_len(ssl, MAX_FRAGMENT_CODE);
}

/* Some anchor that cannot be read is an error: which one a peer will need is not known yet. */
static int parse_anchors(struct altcp_tls_config *config, const u8_t *ca, size_t ca_len)
{
    int ret = mbedtls_x509_crt_parse(&config->ca, ca, ca_len);

    return ret > 0 ? MBEDTLS_ERR_X509_INVALID_FORMAT : ret;
}

struct altcp_tls_config *altcp_tls_create_config_client(const u8_t *ca, size_t ca_len)
{
    create_error = MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED;
    if (ca == NULL || ca_len == 0 || !start_crypto()) {
        return NULL;
    }
    struct altcp_tls_config *config = find_unused();
    if (config == NULL) {
        create_error = MBEDTLS_ERR_SSL_ALLOC_FAILED;
        return NULL;
    }
    memset(config, 0, sizeof(*config));
    config->is_used = true;
    mbedtls_ssl_config_init(&config->ssl);
    mbedtls_x509_crt_init(&config->ca);
    mbedtls_x509_crt_init(&config->own_cert);
    mbedtls_pk_init(&config->own_key);
    create_error = parse_anchors(config, ca, ca_len);
    if (create_error == 0) {
        create_error = set_defaults(config);
    }
    if (create_error != 0) {
        wipe(config);
        return NULL;
    }
    return config;
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
        create_error = mbedtls_ssl_conf_own_cert(&config->ssl, &config->own_cert, &config->own_key);
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
    struct vd_endpoint literal = {.family = VD_FAMILY_NONE};
    size_t len = host != NULL ? strlen(host) : 0;

    if (len > 0 && host[len - 1] == '.') {
        len--; /* the root's dot is no part of SNI (RFC 6066, section 3) nor of a certificate */
    }
    if (config == NULL || len == 0 || len >= sizeof(config->host)) {
        return ERR_VAL;
    }
    size_t ip_len = 0;
    if (vd_endpoint_parse(host, len, 0, &literal) == VD_OK) {
        if (literal.port != 0 || host[0] == '[') {
            return ERR_VAL;
        }
        ip_len = literal.family == VD_FAMILY_IP4 ? 4 : 16;
    }
    if (strlen(config->host) != len || memcmp(config->host, host, len) != 0) {
        if (config->holders > 0) {
            return ERR_VAL; /* its session would be kept under the new name */
        }
        vd_tls_config_drop_session(config);
    }
    memcpy(config->ip, literal.addr, ip_len);
    memcpy(config->host, host, len);
    config->host[len] = '\0';
    config->ip_len = ip_len;
    return ERR_OK;
}

int altcp_tls_configure_alpn_protocols(struct altcp_tls_config *config, const char **protocols)
{
    if (config == NULL || protocols == NULL) {
        return MBEDTLS_ERR_SSL_BAD_INPUT_DATA;
    }
    return mbedtls_ssl_conf_alpn_protocols(&config->ssl, protocols);
}

/* ---- sessions ---------------------------------------------------------------------------- */

void vd_tls_config_drop_session(struct altcp_tls_config *config)
{
    if (config->has_session) {
        mbedtls_ssl_session_free(&config->session);
        config->has_session = false;
    }
}

void vd_tls_config_save_session(struct altcp_tls_config *config, const mbedtls_ssl_context *ssl,
                                const mbedtls_x509_time *until)
{
    vd_tls_config_drop_session(config);
    mbedtls_ssl_session_init(&config->session);
    if (mbedtls_ssl_get_session(ssl, &config->session) != 0) {
        /* Out of arena, or already taken by the application: the next handshake is a full one. */
        mbedtls_ssl_session_free(&config->session);
        return;
    }
    config->has_session = true;
    /* A resumed connection shows no certificates: the dates of the first one go on counting. */
    if (until->year != 0) {
        config->session_until = *until;
    }
}

void vd_tls_config_offer_session(struct altcp_tls_config *config, mbedtls_ssl_context *ssl)
{
    if (!config->has_session) {
        return;
    }
    /* Resuming skips the certificates: it must not outlive them. */
    if (mbedtls_x509_time_is_past(&config->session_until) ||
        mbedtls_ssl_set_session(ssl, &config->session) != 0) {
        vd_tls_config_drop_session(config);
    }
}

int vd_tls_config_trust(const struct altcp_tls_config *config, uint8_t out[32])
{
    mbedtls_sha256_context sha;

    mbedtls_sha256_init(&sha);
    int ret = mbedtls_sha256_starts(&sha, 0);
    if (ret == 0) {
        ret = mbedtls_sha256_update(&sha, (const unsigned char *)config->host,
                                    strlen(config->host) + 1u);
    }
    for (const mbedtls_x509_crt *ca = &config->ca; ret == 0 && ca != NULL; ca = ca->next) {
        ret = mbedtls_sha256_update(&sha, ca->raw.p, ca->raw.len);
    }
    if (ret == 0) {
        ret = mbedtls_sha256_finish(&sha, out);
    }
    mbedtls_sha256_free(&sha);
    return ret;
}

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
