/*
 * TCP segments as bytes: IPv4 without options, checksums filled in and not looked at.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_PACKET_H
#define VD_TESTS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKET_MAX   1500u
#define PACKET_HEADS 40u

/* Numbers in the host's order. */
struct segment {
    uint32_t from_ip;
    uint32_t to_ip;
    uint16_t from; /* port */
    uint16_t to;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    uint16_t window;
    const uint8_t *data;
    size_t len;
};

/* out has PACKET_HEADS + segment->len bytes, which is what is returned. */
size_t packet_build(const struct segment *segment, uint8_t *out);

/* false: not a TCP segment.  out->data points into bytes; options are passed over. */
bool packet_parse(const uint8_t *bytes, size_t len, struct segment *out);

#endif
