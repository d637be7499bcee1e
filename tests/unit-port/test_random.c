/*
 * The CSPRNG, mbedTLS's clocks and TCP's initial sequence numbers.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "port/lwip/isn.h"
#include "port/mbedtls/random.h"
#include "port/port_entropy.h"
#include "tests/unit-port/tls_world.h"

#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"
#include "psa/crypto.h"

#define REQUESTS_PAST_ONE_INSTANCE ((1u << 20) + 10u)

static void seed_with(uint8_t value)
{
    uint8_t seed[VD_SEED_LEN + 8];

    for (size_t i = 0; i < sizeof(seed); i++) {
        seed[i] = (uint8_t)(value + i);
    }
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed)), VD_OK);
}

static void test_random_without_seed_fails_and_zeroes(void **state)
{
    uint8_t out[40];
    size_t len = 1;

    (void)state;
    memset(out, 0xaa, sizeof(out));
    assert_int_equal(vd_entropy_random(out, sizeof(out)), VD_ENOENTROPY);
    for (size_t i = 0; i < sizeof(out); i++) {
        assert_int_equal(out[i], 0);
    }
    assert_true(vd_mbedtls_rng(NULL, out, sizeof(out)) != 0);
    assert_int_equal(mbedtls_psa_external_get_random(NULL, out, sizeof(out), &len),
                     PSA_ERROR_INSUFFICIENT_ENTROPY);
    assert_int_equal(len, 0);
}

static void test_seed_that_is_short_or_of_one_byte_is_none(void **state)
{
    uint8_t seed[VD_SEED_LEN];

    (void)state;
    memset(seed, 0, sizeof(seed));
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed)), VD_ENOENTROPY);
    memset(seed, 0xff, sizeof(seed));
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed)), VD_ENOENTROPY);
    seed[0] = 1;
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed) - 1), VD_ENOENTROPY);
}

static void test_random_is_not_repeated_and_large_requests_are_served(void **state)
{
    static uint8_t one[5000];
    static uint8_t two[5000];
    static const uint8_t zeroes[64];

    (void)state;
    seed_with(1);
    assert_int_equal(vd_entropy_random(one, sizeof(one)), VD_OK);
    assert_int_equal(vd_entropy_random(two, sizeof(two)), VD_OK);
    assert_memory_not_equal(one, two, sizeof(one));
    assert_memory_not_equal(one + sizeof(one) - 64, zeroes, 64);
    assert_int_equal(vd_entropy_random(one, 0), VD_OK);
}

static void test_second_seed_is_mixed_with_what_was_known(void **state)
{
    uint8_t one[32];
    uint8_t two[32];

    (void)state;
    seed_with(7);
    assert_int_equal(vd_entropy_random(one, sizeof(one)), VD_OK);
    seed_with(7);
    assert_int_equal(vd_entropy_random(two, sizeof(two)), VD_OK);
    assert_memory_not_equal(one, two, sizeof(one));
}

static void test_random_goes_on_past_one_instance(void **state)
{
    uint8_t byte[2] = {0, 0};
    unsigned counts[256] = {0};

    (void)state;
    seed_with(3);
    for (uint32_t i = 0; i < REQUESTS_PAST_ONE_INSTANCE; i++) {
        assert_int_equal(vd_entropy_random(byte, 1), VD_OK);
        counts[byte[0]]++;
    }
    /* About 4096 each, 64 is one standard deviation. */
    for (size_t i = 0; i < 256; i++) {
        assert_in_range(counts[i], 4096 - 8 * 64, 4096 + 8 * 64);
    }
}

static void test_calendar_is_the_same_as_libc(void **state)
{
    (void)state;
    for (int64_t at = -2208988800; at < 16725225600; at += 86400 * 13 + 3601) {
        mbedtls_time_t ours_at = at;
        time_t libc_at = (time_t)at;
        struct tm ours;
        assert_non_null(mbedtls_platform_gmtime_r(&ours_at, &ours));
        const struct tm *libc = gmtime(&libc_at);
        assert_non_null(libc);
        assert_int_equal(ours.tm_year, libc->tm_year);
        assert_int_equal(ours.tm_mon, libc->tm_mon);
        assert_int_equal(ours.tm_mday, libc->tm_mday);
        assert_int_equal(ours.tm_hour, libc->tm_hour);
        assert_int_equal(ours.tm_min, libc->tm_min);
        assert_int_equal(ours.tm_sec, libc->tm_sec);
    }
}

static void test_clocks_of_mbedtls_are_the_ports(void **state)
{
    int64_t at = 0;

    (void)state;
    world.date = WORLD_DATE_OK;
    world.ms = 12345678901;
    assert_int_equal(vd_tls_time(&at), WORLD_DATE_OK);
    assert_int_equal(at, WORLD_DATE_OK);
    assert_int_equal(vd_tls_time(NULL), WORLD_DATE_OK);
    assert_int_equal(mbedtls_ms_time(), 12345678901);
}

static void test_sequence_number_differs_by_connection_and_counts_in_4_us(void **state)
{
    ip_addr_t here;
    ip_addr_t there;

    (void)state;
    seed_with(9);
    IP_ADDR4(&here, 10, 0, 2, 15);
    IP_ADDR4(&there, 10, 0, 2, 2);
    world.ms = 1000;
    u32_t first = vd_lwip_isn(&here, 50000, &there, 6514);
    assert_int_not_equal(first, vd_lwip_isn(&here, 50001, &there, 6514));
    assert_int_not_equal(first, vd_lwip_isn(&there, 50000, &here, 6514));
    assert_int_equal(first, vd_lwip_isn(&here, 50000, &there, 6514));
    world.ms = 1004;
    assert_int_equal(first + 1000, vd_lwip_isn(&here, 50000, &there, 6514));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_without_seed_fails_and_zeroes),
        cmocka_unit_test(test_seed_that_is_short_or_of_one_byte_is_none),
        cmocka_unit_test(test_random_is_not_repeated_and_large_requests_are_served),
        cmocka_unit_test(test_second_seed_is_mixed_with_what_was_known),
        cmocka_unit_test(test_random_goes_on_past_one_instance),
        cmocka_unit_test(test_calendar_is_the_same_as_libc),
        cmocka_unit_test(test_clocks_of_mbedtls_are_the_ports),
        cmocka_unit_test(test_sequence_number_differs_by_connection_and_counts_in_4_us),
    };

    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
