/*
 * Whom a TLS client talks to, and how it is proved.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/mbedtls/tls_trust.h"

#include "firmware/limits.h"
#include "port/mbedtls/arena.h"
#include "port/mbedtls/random.h"
#include "port/port_clock.h"
#include "port/port_entropy.h"
#include "port/port_net.h"

#include "mbedtls/constant_time.h"
#include "mbedtls/oid.h"
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

/* A pin is the admin's word for one key, but one that can be factored proves nothing. */
#define PINNED_RSA_BITS_MIN 1024u

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

/* ---- making and freeing ------------------------------------------------------------------ */

int vd_tls_trust_start(void)
{
    uint8_t probe;

    /* Without a seed nothing may be built on PSA, which would accept that for a while. */
    int ret = vd_mbedtls_rng(NULL, &probe, sizeof(probe));
    if (ret != 0) {
        return ret;
    }
    vd_tls_arena_start();
    return psa_crypto_init() == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_ALLOC_FAILED;
}

static int set_defaults(struct vd_tls_trust *trust)
{
    mbedtls_ssl_config *ssl = &trust->ssl;

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
    mbedtls_ssl_conf_ca_chain(ssl, &trust->ca, NULL);
    mbedtls_ssl_conf_session_tickets(ssl, MBEDTLS_SSL_SESSION_TICKETS_ENABLED);
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
        ssl, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
    return mbedtls_ssl_conf_max_frag_len(ssl, MAX_FRAGMENT_CODE);
}

static int init(struct vd_tls_trust *trust, const uint8_t *ca, size_t ca_len)
{
    memset(trust, 0, sizeof(*trust));
    int ret = vd_tls_trust_start();
    if (ret != 0) {
        return ret;
    }
    mbedtls_ssl_config_init(&trust->ssl);
    mbedtls_x509_crt_init(&trust->ca);
    if (ca != NULL) {
        ret = mbedtls_x509_crt_parse(&trust->ca, ca, ca_len);
        ret = ret > 0 ? MBEDTLS_ERR_X509_INVALID_FORMAT : ret;
    }
    if (ret == 0) {
        ret = set_defaults(trust);
    }
    if (ret != 0) {
        vd_tls_trust_free(trust);
    }
    return ret;
}

int vd_tls_trust_init(struct vd_tls_trust *trust, const uint8_t *ca, size_t ca_len)
{
    return ca == NULL || ca_len == 0 ? MBEDTLS_ERR_SSL_CA_CHAIN_REQUIRED : init(trust, ca, ca_len);
}

int vd_tls_trust_init_pin(struct vd_tls_trust *trust, const uint8_t pin[VD_TLS_PIN_LEN])
{
    int ret = init(trust, NULL, 0);

    if (ret == 0) {
        memcpy(trust->pin, pin, sizeof(trust->pin));
        trust->has_pin = true;
    }
    return ret;
}

void vd_tls_trust_free(struct vd_tls_trust *trust)
{
    vd_tls_trust_drop_session(trust);
    mbedtls_ssl_config_free(&trust->ssl);
    mbedtls_x509_crt_free(&trust->ca);
    mbedtls_platform_zeroize(trust, sizeof(*trust));
}

bool vd_tls_trust_is_complete(const struct vd_tls_trust *trust)
{
    return trust->has_pin || trust->host[0] != '\0';
}

/* ---- whom to expect ---------------------------------------------------------------------- */

enum vd_status vd_tls_trust_set_host(struct vd_tls_trust *trust, const char *host, bool may_replace)
{
    struct vd_endpoint literal = {.family = VD_FAMILY_NONE};
    size_t len = host != NULL ? strlen(host) : 0;

    if (len > 0 && host[len - 1] == '.') {
        len--; /* the root's dot is no part of SNI (RFC 6066, section 3) nor of a certificate */
    }
    if (trust->has_pin || len == 0 || len >= sizeof(trust->host)) {
        return VD_EINVAL;
    }
    size_t ip_len = 0;
    if (vd_endpoint_parse(host, len, 0, &literal) == VD_OK) {
        if (literal.port != 0 || host[0] == '[') {
            return VD_EINVAL;
        }
        ip_len = literal.family == VD_FAMILY_IP4 ? 4 : 16;
    }
    if (strlen(trust->host) != len || memcmp(trust->host, host, len) != 0) {
        if (!may_replace) {
            return VD_EINVAL; /* its session would be kept under the new name */
        }
        vd_tls_trust_drop_session(trust);
    }
    memcpy(trust->ip, literal.addr, ip_len);
    memcpy(trust->host, host, len);
    trust->host[len] = '\0';
    trust->ip_len = ip_len;
    return VD_OK;
}

/* Each part with its length before it, so that no two targets give the same bytes. */
static int hash_part(mbedtls_sha256_context *sha, const void *bytes, size_t len)
{
    const uint8_t head[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8),
                             (uint8_t)len};

    int ret = mbedtls_sha256_update(sha, head, sizeof(head));
    return ret == 0 && len > 0 ? mbedtls_sha256_update(sha, bytes, len) : ret;
}

int vd_tls_trust_hash(const struct vd_tls_trust *trust, uint8_t out[32])
{
    mbedtls_sha256_context sha;

    mbedtls_sha256_init(&sha);
    int ret = mbedtls_sha256_starts(&sha, 0);
    if (ret == 0) {
        ret = hash_part(&sha, trust->host, strlen(trust->host));
    }
    if (ret == 0) {
        ret = hash_part(&sha, trust->pin, trust->has_pin ? sizeof(trust->pin) : 0);
    }
    for (const mbedtls_x509_crt *ca = &trust->ca; ret == 0 && ca != NULL; ca = ca->next) {
        ret = hash_part(&sha, ca->raw.p, ca->raw.len);
    }
    if (ret == 0) {
        ret = mbedtls_sha256_finish(&sha, out);
    }
    mbedtls_sha256_free(&sha);
    return ret;
}

bool vd_tls_target_key(const struct vd_stream_target *to, uint8_t key[32])
{
    mbedtls_sha256_context sha;

    mbedtls_sha256_init(&sha);
    int ret = mbedtls_sha256_starts(&sha, 0);
    if (ret == 0) {
        ret = hash_part(&sha, to->host, to->host != NULL ? strlen(to->host) : 0);
    }
    if (ret == 0) {
        ret = hash_part(&sha, to->ca, to->ca_len);
    }
    if (ret == 0) {
        ret = hash_part(&sha, to->pin, to->pin != NULL ? VD_TLS_PIN_LEN : 0);
    }
    for (const char *const *name = to->alpn; ret == 0 && name != NULL && *name != NULL; name++) {
        ret = hash_part(&sha, *name, strlen(*name));
    }
    if (ret == 0) {
        ret = mbedtls_sha256_finish(&sha, key);
    }
    mbedtls_sha256_free(&sha);
    return ret == 0;
}

enum vd_status vd_tls_target_check(const struct vd_stream_target *to, char *why)
{
    const char *words = NULL;
    uint8_t probe;

    if (vd_entropy_random(&probe, sizeof(probe)) != VD_OK) {
        (void)snprintf(why, VD_STREAM_WHY_MAX, "no seed for random numbers: no TLS");
        return VD_ENOENTROPY;
    }
    bool has_host = to->host != NULL && to->host[0] != '\0';
    bool has_ca = to->ca != NULL && to->ca_len > 0;
    if (to->pin != NULL) {
        /* Which of them would count?  Neither reading is what the other one's writer meant. */
        words = has_host || has_ca ? "a pin beside a host name or trust anchors" : NULL;
    } else if (!has_host) {
        words = "no host name to verify the peer against";
    } else if (!has_ca) {
        words = "no trust anchors to verify the peer against";
    }
    if (words == NULL) {
        return VD_OK;
    }
    (void)snprintf(why, VD_STREAM_WHY_MAX, "%s", words);
    return VD_EINVAL;
}

/* ---- certificates ------------------------------------------------------------------------ */

/*
 * With a pin only the peer's own key counts.  Its certificate was signed by whomever: what mbedTLS
 * found wrong with the chain says nothing.  A key that does not fit is told as BADCERT_OTHER, for
 * which the peer gets access_denied.
 */
static int judge_pinned(struct vd_tls_peer *peer, const mbedtls_x509_crt *crt, int depth,
                        uint32_t *flags)
{
    uint8_t hash[VD_TLS_PIN_LEN];

    *flags = 0;
    if (depth != 0) {
        return 0;
    }
    int ret = mbedtls_sha256(crt->pk_raw.p, crt->pk_raw.len, hash, 0);
    if (ret != 0) {
        return ret;
    }
    if (mbedtls_ct_memcmp(hash, peer->trust->pin, sizeof(hash)) != 0) {
        *flags |= MBEDTLS_X509_BADCERT_OTHER;
    }
    if (mbedtls_pk_can_do(&crt->pk, MBEDTLS_PK_RSA) != 0 &&
        mbedtls_pk_get_bitlen(&crt->pk) < PINNED_RSA_BITS_MIN) {
        *flags |= MBEDTLS_X509_BADCERT_BAD_KEY;
    }
    vd_tls_notes_take_pinned(&peer->notes, crt, hash, *flags);
    return 0;
}

/*
 * mbedTLS's verify callback: takes notes, checks pins and IP literals, and takes back "not valid
 * yet" while the calendar is only a floor.  Without a pin it never takes back anything else.
 */
static int on_certificate(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags)
{
    struct vd_tls_peer *peer = ctx;
    const struct vd_tls_trust *trust = peer->trust;
    int64_t now;

    if (trust->has_pin) {
        return judge_pinned(peer, crt, depth, flags);
    }
    if (vd_clock_calendar(&now) == VD_CALENDAR_UNSET &&
        (*flags & MBEDTLS_X509_BADCERT_FUTURE) != 0) {
        *flags &= ~(uint32_t)MBEDTLS_X509_BADCERT_FUTURE;
        peer->is_date_waived = true;
    }
    /* An IP literal is looked for in the SAN; the name in the subject (CN) counts for neither
       (RFC 9525, section 6.3), though mbedTLS falls back to it. */
    if (depth == 0 && (trust->ip_len > 0 ? !vd_tls_has_ip(crt, trust->ip, trust->ip_len)
                                         : !mbedtls_x509_crt_has_ext_type(
                                               crt, MBEDTLS_X509_EXT_SUBJECT_ALT_NAME))) {
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    }
    vd_tls_notes_take(&peer->notes, crt, depth, *flags);
    return 0;
}

/* ---- one connection ---------------------------------------------------------------------- */

static void offer_session(struct vd_tls_trust *trust, mbedtls_ssl_context *ssl)
{
    if (!trust->has_session) {
        return;
    }
    /* Resuming skips the certificates: it must not outlive them. */
    if (mbedtls_x509_time_is_past(&trust->session_until) ||
        mbedtls_ssl_set_session(ssl, &trust->session) != 0) {
        vd_tls_trust_drop_session(trust);
    }
}

/*
 * For an IP literal or a pin mbedTLS gets no name: it would send SNI.  on_certificate checks the
 * address, or the key.
 */
int vd_tls_peer_start(struct vd_tls_peer *peer, mbedtls_ssl_context *ssl)
{
    struct vd_tls_trust *trust = peer->trust;
    const char *name = trust->has_pin || trust->ip_len > 0 ? NULL : trust->host;

    mbedtls_ssl_init(ssl);
    if (!vd_tls_trust_is_complete(trust)) {
        return MBEDTLS_ERR_SSL_CERTIFICATE_VERIFICATION_WITHOUT_HOSTNAME;
    }
    int ret = mbedtls_ssl_setup(ssl, &trust->ssl);
    if (ret == 0) {
        ret = mbedtls_ssl_set_hostname(ssl, name);
    }
    if (ret != 0) {
        return ret;
    }
    mbedtls_ssl_set_verify(ssl, on_certificate, peer);
    offer_session(trust, ssl);
    return 0;
}

int vd_tls_handshake_step(mbedtls_ssl_context *ssl)
{
    uint32_t failures = vd_tls_arena_failures();

    int ret = mbedtls_ssl_handshake_step(ssl);
    if (ret == 0 || ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE) {
        return ret;
    }
    return vd_tls_arena_failures() != failures ? MBEDTLS_ERR_SSL_ALLOC_FAILED : ret;
}

void vd_tls_trust_drop_session(struct vd_tls_trust *trust)
{
    if (trust->has_session) {
        mbedtls_ssl_session_free(&trust->session);
        trust->has_session = false;
    }
}

void vd_tls_peer_save_session(struct vd_tls_peer *peer, const mbedtls_ssl_context *ssl)
{
    struct vd_tls_trust *trust = peer->trust;

    if (peer->is_date_waived) {
        return;
    }
    vd_tls_trust_drop_session(trust);
    mbedtls_ssl_session_init(&trust->session);
    if (mbedtls_ssl_get_session(ssl, &trust->session) != 0) {
        /* Out of arena, or already taken by the application: the next handshake is a full one. */
        mbedtls_ssl_session_free(&trust->session);
        return;
    }
    trust->has_session = true;
    /* A resumed connection shows no certificates: the dates of the first one go on counting. */
    if (peer->notes.until.year != 0) {
        trust->session_until = peer->notes.until;
    }
}

enum vd_status vd_tls_peer_explain(const struct vd_tls_peer *peer, const mbedtls_ssl_context *ssl,
                                   int code, bool in_handshake, uint32_t *flags, char *why)
{
    const struct vd_tls_failure failure = {
        .code = code,
        .flags = mbedtls_ssl_get_verify_result(ssl),
        .in_handshake = in_handshake,
        .host = peer->trust->host,
        .notes = &peer->notes,
        .tap = &peer->tap,
    };

    *flags = failure.flags;
    vd_tls_words(&failure, why, VD_STREAM_WHY_MAX);
    return vd_tls_status(code);
}
