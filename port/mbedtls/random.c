/*
 * The CSPRNG: CTR_DRBG with AES-256 (NIST SP 800-90A), seeded once by the board.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/mbedtls/random.h"

#include "port/port_entropy.h"

#include "mbedtls/ctr_drbg.h"
#include "mbedtls/platform_util.h"
#include "psa/crypto.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/*
 * There is no second seed to reseed from, and the library's default of 10,000 requests would end
 * the agent after a day.  SP 800-90A allows 2^48 requests for one instance, the library counts
 * them in an int.  So a new instance is made from the old one's output every 2^20 requests: the
 * counter never gets near its end, and the agent runs for years.  Each request already replaces
 * key and counter, so an earlier output cannot be computed back from the state.
 */
#define VD_RANDOM_REQUESTS_PER_INSTANCE (1u << 20)

/* What mbedtls_ctr_drbg_seed takes from its entropy callback; handed out once. */
struct vd_seed_box {
    const uint8_t *seed;
    size_t left;
};

static mbedtls_ctr_drbg_context drbg;
static bool is_seeded;
static uint32_t requests;

_Static_assert(MBEDTLS_CTR_DRBG_ENTROPY_LEN == VD_SEED_LEN, "one seed fills one instance");

static int take_seed(void *ctx, unsigned char *out, size_t len)
{
    struct vd_seed_box *box = ctx;

    if (len > box->left) {
        return MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
    }
    memcpy(out, box->seed, len);
    box->seed += len;
    box->left -= len;
    return 0;
}

static bool is_plausible_seed(const uint8_t *seed, size_t len)
{
    if (len < VD_SEED_LEN) {
        return false;
    }
    for (size_t i = 1; i < len; i++) {
        if (seed[i] != seed[0]) {
            return true;
        }
    }
    return false;
}

/* A fresh instance; extra is mixed in beside the seed and needs no secrecy. */
static bool instantiate(const uint8_t *seed, size_t seed_len, const uint8_t *extra,
                        size_t extra_len)
{
    struct vd_seed_box box = {.seed = seed, .left = seed_len};

    mbedtls_ctr_drbg_free(&drbg);
    mbedtls_ctr_drbg_init(&drbg);
    int ret = mbedtls_ctr_drbg_seed(&drbg, take_seed, &box, extra, extra_len);
    /* box is gone after this call: a reseed must never ask for it. */
    mbedtls_ctr_drbg_set_reseed_interval(&drbg, INT_MAX);
    requests = 0;
    is_seeded = ret == 0;
    return is_seeded;
}

enum vd_status vd_entropy_seed(const uint8_t *seed, size_t len)
{
    uint8_t old[VD_SEED_LEN] = {0};
    size_t old_len = 0;

    if (!is_plausible_seed(seed, len)) {
        return VD_ENOENTROPY;
    }
    /* A later seed renews the generator: what it knew is kept in the mix, never thrown away. */
    if (is_seeded && vd_entropy_random(old, sizeof(old)) == VD_OK) {
        old_len = sizeof(old);
    }
    bool ok = instantiate(seed, VD_SEED_LEN, old, old_len);
    if (ok && len > VD_SEED_LEN) {
        size_t rest = len - VD_SEED_LEN;
        rest = rest < MBEDTLS_CTR_DRBG_MAX_INPUT ? rest : MBEDTLS_CTR_DRBG_MAX_INPUT;
        ok = mbedtls_ctr_drbg_update(&drbg, seed + VD_SEED_LEN, rest) == 0;
    }
    mbedtls_platform_zeroize(old, sizeof(old));
    is_seeded = ok;
    return ok ? VD_OK : VD_EIO;
}

static bool draw(uint8_t *out, size_t len)
{
    while (len > 0) {
        size_t n = len < MBEDTLS_CTR_DRBG_MAX_REQUEST ? len : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        if (mbedtls_ctr_drbg_random(&drbg, out, n) != 0) {
            return false;
        }
        requests++;
        out += n;
        len -= n;
    }
    return true;
}

static bool renew_instance(void)
{
    uint8_t next[VD_SEED_LEN];

    bool ok = draw(next, sizeof(next)) && instantiate(next, sizeof(next), NULL, 0);
    mbedtls_platform_zeroize(next, sizeof(next));
    return ok;
}

enum vd_status vd_entropy_random(void *out, size_t len)
{
    if (!is_seeded) {
        memset(out, 0, len);
        return VD_ENOENTROPY;
    }
    if (requests >= VD_RANDOM_REQUESTS_PER_INSTANCE && !renew_instance()) {
        is_seeded = false;
    }
    if (!is_seeded || !draw(out, len)) {
        memset(out, 0, len);
        return VD_EIO;
    }
    return VD_OK;
}

int vd_mbedtls_rng(void *ctx, unsigned char *out, size_t len)
{
    (void)ctx;
    return vd_entropy_random(out, len) == VD_OK ? 0 : MBEDTLS_ERR_CTR_DRBG_ENTROPY_SOURCE_FAILED;
}

/* PSA's source of random bytes (MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG). */
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context,
                                             uint8_t *output, size_t output_size,
                                             size_t *output_length)
{
    (void)context;
    if (vd_entropy_random(output, output_size) != VD_OK) {
        *output_length = 0;
        return PSA_ERROR_INSUFFICIENT_ENTROPY;
    }
    *output_length = output_size;
    return PSA_SUCCESS;
}
