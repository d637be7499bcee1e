/*
 * TCP's initial sequence numbers (RFC 6528, section 3): ISN = M + F(both ends, secret).
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/isn.h"

#include "port/port_board.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include "mbedtls/sha256.h"

#include <stdbool.h>
#include <string.h>

/* The key takes the hash's first block whole, so that no input can be exchanged against it. */
#define VD_ISN_SECRET_LEN 64u

#define END_LEN 19u

static uint8_t secret[VD_ISN_SECRET_LEN];
static bool has_secret;

static void stop(void)
{
    vd_console_line("network: no random numbers, stopping");
    vd_board_exit(1);
}

/* One end: port, family, address.  Always END_LEN, zeros after an IPv4 address; not the ip_addr_t
   itself, which has holes. */
static size_t put_end(uint8_t *out, const ip_addr_t *ip, u16_t port)
{
    memset(out, 0, END_LEN);
    out[0] = (uint8_t)(port >> 8);
    out[1] = (uint8_t)port;
    out[2] = IP_IS_V6(ip) ? 6 : 4;
    if (IP_IS_V6(ip)) {
        memcpy(out + 3, ip_2_ip6(ip)->addr, 16);
    } else {
        memcpy(out + 3, &ip_2_ip4(ip)->addr, 4);
    }
    return END_LEN;
}

u32_t vd_lwip_isn(const ip_addr_t *local_ip, u16_t local_port, const ip_addr_t *remote_ip,
                  u16_t remote_port)
{
    uint8_t input[VD_ISN_SECRET_LEN + 2 * END_LEN];
    uint8_t hash[32];
    size_t len = sizeof(secret);

    if (!has_secret) {
        if (vd_entropy_random(secret, sizeof(secret)) != VD_OK) {
            stop();
        }
        has_secret = true;
    }
    memcpy(input, secret, sizeof(secret));
    len += put_end(input + len, local_ip, local_port);
    len += put_end(input + len, remote_ip, remote_port);
    if (mbedtls_sha256(input, len, hash, 0) != 0) {
        stop();
    }
    uint32_t f = (uint32_t)hash[0] << 24 | (uint32_t)hash[1] << 16 | (uint32_t)hash[2] << 8 |
                 (uint32_t)hash[3];
    return (u32_t)(vd_clock_ms() * 250u) + f;
}
