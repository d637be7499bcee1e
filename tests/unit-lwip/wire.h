/*
 * A network in memory, below port/lwip: an Ethernet chip, a router with DHCP, router
 * advertisements and DHCPv6, and hosts at every other address.
 *
 * A host's TCP is lwIP's own: a segment to any address comes back with the two addresses exchanged
 * (which leaves all checksums as they are), so that a listener of the test in the same lwIP is the
 * peer.  A UDP datagram comes back as it is, ports exchanged too.  The clock is turned by hand;
 * random numbers come from a fixed seed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_WIRE_H
#define VD_TESTS_WIRE_H

#include "port/port_net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_SYNS_MAX 64u

/* The product is 10.0.0.1 and fe80::, 2001:db8::5054:ff:fe00:1; the router 10.0.0.254 and fe80::fe. */
#define WIRE_OWN_IP4    "10.0.0.1"
#define WIRE_OWN_IP6    "2001:db8::5054:ff:fe00:1"
#define WIRE_OWN_GLOBAL "net: " WIRE_OWN_IP6 " (SLAAC)"

struct wire {
    uint64_t ms;
    bool is_link_up;
    bool is_cut;         /* nothing that is sent arrives */
    bool loses_segments; /* only TCP and UDP do not arrive */
    bool has_dhcp;
    bool has_router6;
    bool has_dhcp6;
    uint8_t dhcp_options[32]; /* further options of offer and acknowledgement */
    size_t dhcp_options_len;
    bool dhcp_type_is_last;
    uint8_t ra_flags;
    uint8_t ra_options[96]; /* further options of an advertisement, whole eights */
    size_t ra_options_len;
    uint8_t prefix; /* the advertised one is 2001:db8:0:<prefix>::/64 */
    uint8_t mac;    /* the last byte of everybody else's; frames to another one are lost */
    struct vd_endpoint dhcp6_servers[2];
    size_t dhcp6_servers_count;

    char console[512]; /* lines since the test began */
    unsigned ip_ids_count;
    uint16_t ip_ids[WIRE_SYNS_MAX]; /* of IPv4 packets with a sound header checksum */
    unsigned bad_checksums;
    unsigned syns; /* to other ports than those that were answered with a reset */
    uint32_t syn_seq[WIRE_SYNS_MAX];
    uint16_t syn_port[WIRE_SYNS_MAX];
    unsigned resets;              /* sent by the product */
    struct vd_endpoint sent_from; /* of the last datagram over IPv6 */
    unsigned dhcp6_requests;      /* information requests */
    bool asked_for_dns_servers;   /* option 6 in the last DHCP message's list */
};

extern struct wire wire;

/* Once: random numbers, lwIP on the chip.  The link is down. */
void wire_start(void);

/* A millisecond: frames and timers. */
void wire_turn(void);
void wire_run_ms(uint64_t ms);

/* Send an advertisement now (wire.ra_flags, wire.ra_options). */
void wire_advertise(void);

/* Append an RDNSS option (RFC 8106, section 5.1) with one server to wire.ra_options. */
void wire_add_rdnss(const char *server, uint32_t lifetime_s);

/* Link up, DHCP and router there, both addresses given. */
void wire_bring_up(void);

/* "192.0.2.1" or "2001:db8::1". */
struct vd_endpoint wire_endpoint(const char *text, uint16_t port);

/* Bytes that one block of lwIP's heap can have now, and buffers that its pool can give. */
size_t wire_heap_room(void);
size_t wire_pool_room(void);

#endif
