/*
 * Configuration of mbedTLS 3.6 (MBEDTLS_CONFIG_FILE), for every board and the host.
 *
 * A TLS 1.2 and 1.3 client with forward secrecy and AEAD only: no CBC, no static RSA, no
 * renegotiation, no 0-RTT, no SHA-1.  Certificates are judged by the library's default profile:
 * RSA of at least 2048 bits, SHA-2.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MBEDTLS_CONFIG_H
#define VD_MBEDTLS_CONFIG_H

#include "firmware/limits.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h> /* snprintf: PLATFORM_NO_STD_FUNCTIONS keeps the library from including it */

/* ---- platform: nothing of libc's heap, clock, exit or files ------------------------------ */

#define MBEDTLS_HAVE_ASM

#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_SNPRINTF_MACRO snprintf

/* port/mbedtls/arena.c.  MEMORY_DEBUG only for its counters: what it would print is dropped. */
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_ALIGN_MULTIPLE 8
#define MBEDTLS_MEMORY_DEBUG
#define MBEDTLS_PLATFORM_FPRINTF_MACRO(...) ((void)0)
void vd_tls_arena_broken(int code) __attribute__((noreturn));
#define MBEDTLS_PLATFORM_EXIT_MACRO vd_tls_arena_broken
/* Through arena.c, which counts what fails: the library forgets why it could not check something.
   With these two its allocator has nobody to announce itself to; arena.c takes that part. */
void *vd_tls_arena_calloc(size_t count, size_t size);
void vd_tls_arena_free(void *block);
int vd_tls_arena_take(void *(*calloc_fn)(size_t, size_t), void (*free_fn)(void *));
#define MBEDTLS_PLATFORM_CALLOC_MACRO    vd_tls_arena_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO      vd_tls_arena_free
#define mbedtls_platform_set_calloc_free vd_tls_arena_take

/* port/mbedtls/tls_time.c.  64 bits on every board: certificates outlive 2038. */
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO int64_t
int64_t vd_tls_time(int64_t *out);
#define MBEDTLS_PLATFORM_TIME_MACRO vd_tls_time
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_GMTIME_R_ALT

/* port/mbedtls/random.c: one generator, seeded once.  The library has no source of its own. */
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_CTR_DRBG_C
#define MBEDTLS_CTR_DRBG_ENTROPY_LEN 48 /* VD_SEED_LEN: key and counter of AES-256 */

/* ---- primitives -------------------------------------------------------------------------- */

#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT /* GCM and CTR only encrypt */
#define MBEDTLS_CIPHER_C
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C

#define MBEDTLS_MD_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_HKDF_C

#define MBEDTLS_BIGNUM_C
#define MBEDTLS_MPI_MAX_SIZE    512 /* RSA-4096: many a root has it */
#define MBEDTLS_MPI_WINDOW_SIZE 1   /* public exponents are short: a wider window only costs RAM */
#define MBEDTLS_RSA_C
#define MBEDTLS_PKCS1_V15
#define MBEDTLS_PKCS1_V21

#define MBEDTLS_ECP_C
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_SECP384R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
/* A handshake is 88 M instructions with these three, 143 M with a smaller window, 760 M without. */
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_WINDOW_SIZE       4
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 1

/* TLS 1.3 needs PSA; the few keys of a handshake live in its slots. */
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_KEY_SLOT_COUNT (8 * VD_TLS_SLOTS)

/* ---- certificates ------------------------------------------------------------------------ */

#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_BASE64_C
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_RSASSA_PSS_SUPPORT
#define MBEDTLS_X509_REMOVE_INFO /* port/mbedtls/tls_words.c has the words that a person needs */

/* ---- TLS --------------------------------------------------------------------------------- */

#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_2
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED /* tickets */
#define MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED
#define MBEDTLS_KEY_EXCHANGE_ECDHE_RSA_ENABLED
#define MBEDTLS_SSL_EXTENDED_MASTER_SECRET
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE /* TLS 1.3 needs it */
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
#define MBEDTLS_SSL_ALPN
#define MBEDTLS_SSL_SESSION_TICKETS
#define MBEDTLS_SSL_ALL_ALERT_MESSAGES

/* Ask the peer for short records: MAX_FRAGMENT_LENGTH in TLS 1.2, RECORD_SIZE_LIMIT in 1.3. */
#define MBEDTLS_SSL_MAX_FRAGMENT_LENGTH
#define MBEDTLS_SSL_RECORD_SIZE_LIMIT
#ifndef MBEDTLS_SSL_IN_CONTENT_LEN
#define MBEDTLS_SSL_IN_CONTENT_LEN VD_TLS_IN_BYTES
#endif
#ifndef MBEDTLS_SSL_OUT_CONTENT_LEN
#define MBEDTLS_SSL_OUT_CONTENT_LEN VD_TLS_OUT_BYTES
#endif

/* AES-256 stays beside SHA-384: without it a peer that picks an AES-256 suite cannot be met. */
#define MBEDTLS_SSL_CIPHERSUITES                                                                   \
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256, MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,                    \
        MBEDTLS_TLS1_3_AES_256_GCM_SHA384, MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,        \
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,                                             \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,                                     \
        MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,                                       \
        MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,                                           \
        MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384

#endif
