/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "port/lwip/isn.h"
#include "port/port_entropy.h"
#include "tests/unit-lwip/wire.h"

static ip_addr_t ip(const char *text)
{
    ip_addr_t out;

    memset(&out, 0xa5, sizeof(out)); /* what lies beside the address is anything */
    assert_int_equal(ipaddr_aton(text, &out), 1);
    return out;
}

static u32_t isn(const char *local, u16_t local_port, const char *remote, u16_t remote_port)
{
    ip_addr_t a = ip(local), b = ip(remote);

    return vd_lwip_isn(&a, local_port, &b, remote_port);
}

static void test_same_ends_at_the_same_time_give_the_same_number(void **state)
{
    ip_addr_t a = ip("10.0.0.1"), b = ip("10.0.0.2");

    (void)state;
    u32_t first = vd_lwip_isn(&a, 1, &b, 2);
    memset((uint8_t *)&a + 4, 0x5a, 12); /* the part of an IPv6 address that IPv4 lacks */
    assert_int_equal(vd_lwip_isn(&a, 1, &b, 2), first);
    assert_int_equal(isn("fe80::1", 1, "fe80::2", 2), isn("fe80::1", 1, "fe80::2", 2));
}

static void test_number_grows_by_one_each_4_us(void **state)
{
    u32_t first = isn("10.0.0.1", 1, "10.0.0.2", 2);
    u32_t first6 = isn("fe80::1", 1, "fe80::2", 2);

    (void)state;
    wire.ms += 1000;
    assert_int_equal(isn("10.0.0.1", 1, "10.0.0.2", 2) - first, 250000);
    assert_int_equal(isn("fe80::1", 1, "fe80::2", 2) - first6, 250000);
}

static void test_each_part_of_an_end_counts(void **state)
{
    static const struct {
        const char *local;
        u16_t local_port;
        const char *remote;
        u16_t remote_port;
    } rows[] = {
        {"10.0.0.1", 1, "10.0.0.2", 2},
        {"10.0.0.1", 2, "10.0.0.2", 2},
        {"10.0.0.1", 1, "10.0.0.2", 3},
        {"10.0.0.1", 1, "10.0.0.3", 2},
        {"10.0.0.3", 1, "10.0.0.2", 2},
        {"10.0.0.2", 2, "10.0.0.1", 1}, /* ends exchanged */
        {"2001:db8::1", 1, "2001:db8::2", 2},
        {"2001:db8::1", 1, "2001:db8::3", 2},
        {"2001:db8::1", 1, "2001:db8:1::2", 2},
        {"2001:db8::1:0:0:1", 1, "2001:db8::2", 2},
        {"2001:db8::2", 2, "2001:db8::1", 1},
        {"a00:1::", 1, "a00:2::", 2}, /* the first row's bytes, of the other family */
    };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    u32_t seen[ROWS];

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        seen[i] = isn(rows[i].local, rows[i].local_port, rows[i].remote, rows[i].remote_port);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(seen[i], seen[j]);
        }
    }
}

static int start(void **state)
{
    uint8_t seed[VD_SEED_LEN];

    (void)state;
    for (size_t i = 0; i < sizeof(seed); i++) {
        seed[i] = (uint8_t)i;
    }
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed)), VD_OK);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_ends_at_the_same_time_give_the_same_number),
        cmocka_unit_test(test_number_grows_by_one_each_4_us),
        cmocka_unit_test(test_each_part_of_an_end_counts),
    };

    return cmocka_run_group_tests_name("isn", tests, start, NULL);
}
