/*
 * TCP segments as bytes (RFC 791, section 3.1; RFC 9293, section 3.1).
 *
 * SPDX-License-Identifier: MIT
 */
#include "tests/unit-real-tcp/packet.h"

#include <string.h>

#define IP_HEAD  20u
#define TCP_HEAD 20u
#define IP_TCP   6u
#define IP_TTL   64u

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

static uint32_t sum16(const uint8_t *at, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
    }
    return sum;
}

/* The Internet checksum (RFC 1071). */
static uint16_t checksum(uint32_t sum)
{
    while (sum > 0xffffu) {
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

size_t packet_build(const struct segment *segment, uint8_t *out)
{
    uint8_t *tcp = out + IP_HEAD;
    size_t tcp_len = TCP_HEAD + segment->len;

    memset(out, 0, PACKET_HEADS);
    out[0] = 4 << 4 | IP_HEAD / 4;
    put16(out + 2, (uint32_t)(IP_HEAD + tcp_len));
    out[8] = IP_TTL;
    out[9] = IP_TCP;
    put32(out + 12, segment->from_ip);
    put32(out + 16, segment->to_ip);
    put16(out + 10, checksum(sum16(out, IP_HEAD, 0)));
    put16(tcp, segment->from);
    put16(tcp + 2, segment->to);
    put32(tcp + 4, segment->seq);
    put32(tcp + 8, segment->ack);
    tcp[12] = TCP_HEAD / 4 << 4;
    tcp[13] = segment->flags;
    put16(tcp + 14, segment->window);
    if (segment->len > 0) {
        memcpy(tcp + TCP_HEAD, segment->data, segment->len);
    }
    uint32_t pseudo = sum16(out + 12, 8, IP_TCP + (uint32_t)tcp_len);
    put16(tcp + 16, checksum(sum16(tcp, tcp_len, pseudo)));
    return IP_HEAD + tcp_len;
}

bool packet_parse(const uint8_t *bytes, size_t len, struct segment *out)
{
    const uint8_t *tcp = bytes + IP_HEAD;

    if (len < PACKET_HEADS || bytes[0] != (4 << 4 | IP_HEAD / 4) || bytes[9] != IP_TCP) {
        return false;
    }
    size_t heads = IP_HEAD + (size_t)(tcp[12] >> 4) * 4;
    if (len < heads) {
        return false;
    }
    *out = (struct segment){
        .from_ip = get32(bytes + 12),
        .to_ip = get32(bytes + 16),
        .from = get16(tcp),
        .to = get16(tcp + 2),
        .seq = get32(tcp + 4),
        .ack = get32(tcp + 8),
        .flags = tcp[13] & 0x3f,
        .window = get16(tcp + 14),
        .data = bytes + heads,
        .len = len - heads,
    };
    return true;
}
