/*
 * A network in memory.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit-lwip/wire.h"

#include "port/lwip/net.h"
#include "port/port_board.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include "lwip/mem.h"
#include "lwip/pbuf.h"

#define FRAMES_MAX 64u
#define ETH        14u
#define IP4        20u
#define IP6        40u

struct frame {
    size_t len;
    uint8_t bytes[VD_NIC_FRAME_MAX];
};

struct wire wire;

static const uint8_t own_mac[6] = {0x52, 0x54, 0, 0, 0, 1};
static const uint8_t own_ip4[4] = {10, 0, 0, 1};
static const uint8_t router_ip4[4] = {10, 0, 0, 254};
static const uint8_t router_ip6[16] = {0xfe, 0x80, [15] = 0xfe};
static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

static struct frame frames[FRAMES_MAX]; /* on their way to the product */
static unsigned frames_first, frames_count;

/* ---- the board ----------------------------------------------------------------------------- */

uint64_t vd_board_ms(void)
{
    return wire.ms;
}

uint64_t vd_clock_ms(void)
{
    return wire.ms;
}

void vd_console_line(const char *format, ...)
{
    size_t used = strlen(wire.console);
    va_list args;

    va_start(args, format);
    (void)vsnprintf(wire.console + used, sizeof(wire.console) - used, format, args);
    va_end(args);
    used = strlen(wire.console);
    (void)snprintf(wire.console + used, sizeof(wire.console) - used, "\n");
}

void vd_board_exit(int code)
{
    fprintf(stderr, "vd_board_exit(%d)\n", code);
    abort();
}

/* Of mbedTLS only the random generator is there, which has no memory of its own. */
void vd_tls_arena_free(void *block)
{
    (void)block;
    abort();
}

/* ---- bytes --------------------------------------------------------------------------------- */

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
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

/* RFC 1071 */
static uint16_t checksum(const uint8_t *at, size_t len, uint32_t sum)
{
    for (size_t i = 0; i < len; i++) {
        sum += i % 2 == 0 ? (uint32_t)at[i] << 8 : at[i];
    }
    while (sum > 0xffffu) {
        sum = (sum & 0xffffu) + (sum >> 16);
    }
    return (uint16_t)~sum;
}

/* Over the pseudo header of RFC 8200, section 8.1, too. */
static uint16_t checksum6(const uint8_t *ip, size_t len, uint8_t next)
{
    uint32_t sum = (uint32_t)len + next;

    return checksum(ip + 8, 32 + len, sum); /* addresses and payload lie side by side */
}

static void exchange(uint8_t *a, uint8_t *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint8_t t = a[i];
        a[i] = b[i];
        b[i] = t;
    }
}

static void put_peer_mac(uint8_t *out)
{
    const uint8_t mac[6] = {0x52, 0x54, 0, 0, 0, wire.mac};

    memcpy(out, mac, sizeof(mac));
}

static uint8_t *new_frame(size_t len, uint16_t type)
{
    assert_true(frames_count < FRAMES_MAX);
    struct frame *frame = &frames[(frames_first + frames_count++) % FRAMES_MAX];
    memset(frame->bytes, 0, len);
    frame->len = len;
    memcpy(frame->bytes, own_mac, 6);
    put_peer_mac(frame->bytes + 6);
    put16(frame->bytes + 12, type);
    return frame->bytes + ETH;
}

/* Heads of an IPv6 packet; the payload follows what is returned. */
static uint8_t *new_ip6(const uint8_t *from, const uint8_t *to, uint8_t next, size_t len)
{
    uint8_t *ip = new_frame(ETH + IP6 + len, 0x86dd);

    ip[0] = 0x60;
    put16(ip + 4, (uint32_t)len);
    ip[6] = next;
    ip[7] = 255;
    memcpy(ip + 8, from, 16);
    memcpy(ip + 24, to, 16);
    return ip + IP6;
}

/* ---- the router and the hosts -------------------------------------------------------------- */

static void answer_arp(const uint8_t *arp)
{
    if (get16(arp + 6) != 1 || memcmp(arp + 24, own_ip4, 4) == 0) {
        return;
    }
    uint8_t *reply = new_frame(ETH + 28, 0x0806);
    memcpy(reply, arp, 8);
    put16(reply + 6, 2);
    put_peer_mac(reply + 8);
    memcpy(reply + 14, arp + 24, 4);
    memcpy(reply + 18, arp + 8, 10);
}

static void note_dhcp_options(const uint8_t *options, size_t len, uint8_t *type)
{
    for (size_t i = 0; i + 1 < len && options[i] != 255; i += 2u + options[i + 1]) {
        if (options[i] == 53) {
            *type = options[i + 2];
        } else if (options[i] == 55) {
            wire.asked_for_dns_servers = memchr(options + i + 2, 6, options[i + 1]) != NULL;
        }
    }
}

static size_t put_dhcp_options(uint8_t *out, uint8_t type)
{
    uint8_t fixed[] = {54, 4, 10,  0,   0,   254, 51, 4, 0,  0, 14, 16,
                       1,  4, 255, 255, 255, 0,   3,  4, 10, 0, 0,  254};
    const uint8_t kind[] = {53, 1, type};
    size_t n = 0;

    if (!wire.dhcp_type_is_last) {
        memcpy(out, kind, sizeof(kind));
        n += sizeof(kind);
    }
    memcpy(out + n, fixed, sizeof(fixed));
    n += sizeof(fixed);
    memcpy(out + n, wire.dhcp_options, wire.dhcp_options_len);
    n += wire.dhcp_options_len;
    if (wire.dhcp_type_is_last) {
        memcpy(out + n, kind, sizeof(kind));
        n += sizeof(kind);
    }
    out[n++] = 255;
    return n;
}

static void answer_dhcp(const uint8_t *in, size_t len)
{
    enum { OPTIONS = 240 };
    uint8_t type = 0;

    assert_true(len > OPTIONS);
    note_dhcp_options(in + OPTIONS, len - OPTIONS, &type);
    if (!wire.has_dhcp || (type != 1 && type != 3)) {
        return;
    }
    const size_t out_len = 400;
    uint8_t *ip = new_frame(ETH + IP4 + 8 + out_len, 0x0800);
    uint8_t *udp = ip + IP4;
    uint8_t *out = udp + 8;
    ip[0] = 0x45;
    put16(ip + 2, (uint32_t)(IP4 + 8 + out_len));
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, router_ip4, 4);
    memset(ip + 16, 255, 4);
    put16(ip + 10, checksum(ip, IP4, 0));
    put16(udp, 67);
    put16(udp + 2, 68);
    put16(udp + 4, (uint32_t)(8 + out_len));
    memcpy(out, in, OPTIONS); /* xid, hardware address, cookie */
    out[0] = 2;
    memcpy(out + 16, own_ip4, 4);
    (void)put_dhcp_options(out + OPTIONS, type == 1 ? 2 : 5);
}

static void answer_dhcp6(const uint8_t *ip, const uint8_t *in)
{
    enum { REPLY = 7, INFORMATION_REQUEST = 11 };
    size_t value = 16 * wire.dhcp6_servers_count;
    size_t len = 8 + 4 + 4 + value;

    wire.dhcp6_requests += in[0] == INFORMATION_REQUEST;
    if (!wire.has_dhcp6 || in[0] != INFORMATION_REQUEST) {
        return;
    }
    uint8_t *udp = new_ip6(router_ip6, ip + 8, 17, len);
    put16(udp, 547);
    put16(udp + 2, 546);
    put16(udp + 4, (uint32_t)len);
    memcpy(udp + 8, in, 4);
    udp[8] = REPLY;
    put16(udp + 12, 23);
    put16(udp + 14, (uint32_t)value);
    for (size_t i = 0; i < wire.dhcp6_servers_count; i++) {
        memcpy(udp + 16 + 16 * i, wire.dhcp6_servers[i].addr, 16);
    }
    put16(udp + 6, checksum6(udp - IP6, len, 17));
}

void wire_advertise(void)
{
    /* On-link and autonomous. */
    static const uint8_t prefix[32] = {3, 4, 64, 0xc0, 0, 0, 0x0e, 0x10, 0,    0,
                                       7, 8, 0,  0,    0, 0, 0x20, 0x01, 0x0d, 0xb8};
    size_t len = 16 + 8 + 32 + wire.ra_options_len;
    uint8_t *ra = new_ip6(router_ip6, all_nodes, 58, len);

    ra[0] = 134;
    ra[4] = 64;
    ra[5] = wire.ra_flags;
    put16(ra + 6, 1800);
    ra[16] = 1;
    ra[17] = 1;
    put_peer_mac(ra + 18);
    memcpy(ra + 24, prefix, sizeof(prefix));
    ra[24 + 16 + 7] = wire.prefix;
    memcpy(ra + 56, wire.ra_options, wire.ra_options_len);
    put16(ra + 2, checksum6(ra - IP6, len, 58));
}

void wire_add_rdnss(const char *server, uint32_t lifetime_s)
{
    uint8_t *at = wire.ra_options + wire.ra_options_len;
    struct vd_endpoint endpoint = wire_endpoint(server, 53);

    assert_true(wire.ra_options_len + 24 <= sizeof(wire.ra_options));
    memset(at, 0, 24);
    at[0] = 25;
    at[1] = 3;
    put32(at + 4, lifetime_s);
    memcpy(at + 8, endpoint.addr, 16);
    wire.ra_options_len += 24;
}

static void answer_icmp6(const uint8_t *ip, const uint8_t *icmp)
{
    static const uint8_t nobody[16];

    if (icmp[0] == 133 && wire.has_router6) {
        wire_advertise();
    }
    /* A question for an address of its own is duplicate detection (RFC 4862, section 5.4). */
    if (icmp[0] != 135 || memcmp(ip + 8, nobody, 16) == 0) {
        return;
    }
    uint8_t *na = new_ip6(icmp + 8, ip + 8, 58, 32);
    na[0] = 136;
    na[4] = 0x60;
    memcpy(na + 8, icmp + 8, 16);
    na[24] = 2;
    na[25] = 1;
    put_peer_mac(na + 26);
    put16(na + 2, checksum6(na - IP6, 32, 58));
}

/* A segment or datagram comes back: all checksums are sums, whose terms may change places. */
static void send_back(const uint8_t *bytes, size_t len, size_t ip_len)
{
    uint8_t *ip = new_frame(len, get16(bytes + 12));

    memcpy(ip, bytes + ETH, len - ETH);
    bool is_udp = ip[ip_len == IP4 ? 9 : 6] == 17;
    if (ip_len == IP4) {
        exchange(ip + 12, ip + 16, 4);
    } else {
        exchange(ip + 8, ip + 24, 16);
    }
    if (is_udp) {
        exchange(ip + ip_len, ip + ip_len + 2, 2);
    }
}

static void note_segment(const uint8_t *tcp)
{
    enum { RST = 4, SYN = 2, ACK = 16 };
    uint32_t seq = (uint32_t)get16(tcp + 4) << 16 | get16(tcp + 6);

    wire.resets += (tcp[13] & RST) != 0;
    if ((tcp[13] & (SYN | ACK)) == SYN && wire.syns < WIRE_SYNS_MAX) {
        wire.syn_port[wire.syns] = get16(tcp);
        wire.syn_seq[wire.syns++] = seq;
    }
}

static void take_ip4(const uint8_t *bytes, size_t len)
{
    const uint8_t *ip = bytes + ETH;
    const uint8_t *above = ip + IP4;

    wire.bad_checksums += checksum(ip, IP4, 0) != 0;
    if (wire.ip_ids_count < WIRE_SYNS_MAX) {
        wire.ip_ids[wire.ip_ids_count++] = get16(ip + 4);
    }
    if (ip[9] == 17 && get16(above + 2) == 67) {
        answer_dhcp(above + 8, len - ETH - IP4 - 8);
        return;
    }
    if (ip[9] == 6) {
        note_segment(above);
    }
    if (!wire.loses_segments) {
        send_back(bytes, len, IP4);
    }
}

static void take_ip6(const uint8_t *bytes, size_t len)
{
    const uint8_t *ip = bytes + ETH;
    const uint8_t *above = ip + IP6;

    if (ip[6] == 58) {
        answer_icmp6(ip, above);
    } else if (ip[6] == 17 && get16(above + 2) == 547) {
        answer_dhcp6(ip, above + 8);
    } else if (ip[6] == 17 || ip[6] == 6) {
        if (ip[6] == 6) {
            note_segment(above);
        } else {
            wire.sent_from = (struct vd_endpoint){.family = VD_FAMILY_IP6, .port = get16(above)};
            memcpy(wire.sent_from.addr, ip + 8, 16);
        }
        if (!wire.loses_segments) {
            send_back(bytes, len, IP6);
        }
    }
}

/* ---- the chip ------------------------------------------------------------------------------ */

static enum vd_status nic_start(void *ctx, uint8_t mac[6])
{
    (void)ctx;
    memcpy(mac, own_mac, 6);
    return VD_OK;
}

static bool nic_is_link_up(void *ctx)
{
    (void)ctx;
    return wire.is_link_up;
}

static size_t nic_pending(void *ctx)
{
    (void)ctx;
    return frames_count > 0 ? frames[frames_first].len : 0;
}

static void nic_receive(void *ctx, uint8_t *buf, size_t len)
{
    (void)ctx;
    assert_int_equal(len, nic_pending(NULL));
    memcpy(buf, frames[frames_first].bytes, len);
    frames_first = (frames_first + 1) % FRAMES_MAX;
    frames_count--;
}

static enum vd_status nic_send(void *ctx, const uint8_t *frame, size_t len)
{
    (void)ctx;
    assert_in_range(len, ETH, VD_NIC_FRAME_MAX);
    bool is_for_all = (frame[0] & 1) != 0;
    if (wire.is_cut || !wire.is_link_up || (!is_for_all && frame[5] != wire.mac)) {
        return VD_OK;
    }
    if (get16(frame + 12) == 0x0806) {
        answer_arp(frame + ETH);
    } else if (get16(frame + 12) == 0x0800) {
        take_ip4(frame, len);
    } else if (get16(frame + 12) == 0x86dd) {
        take_ip6(frame, len);
    }
    return VD_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

void wire_start(void)
{
    static const struct vd_nic nic = {
        .start = nic_start,
        .is_link_up = nic_is_link_up,
        .pending = nic_pending,
        .receive = nic_receive,
        .send = nic_send,
    };
    uint8_t seed[VD_SEED_LEN];

    for (size_t i = 0; i < sizeof(seed); i++) {
        seed[i] = (uint8_t)(i * 7 + 1);
    }
    wire.ms = 1000;
    wire.mac = 2;
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed)), VD_OK);
    assert_int_equal(vd_lwip_start(&nic), VD_OK);
}

void wire_turn(void)
{
    wire.ms++;
    vd_lwip_turn();
}

void wire_run_ms(uint64_t ms)
{
    for (uint64_t end_ms = wire.ms + ms; wire.ms < end_ms;) {
        wire_turn();
    }
}

void wire_bring_up(void)
{
    wire.is_link_up = true;
    wire.has_dhcp = true;
    wire.has_router6 = true;
    wire_run_ms(6000);
    assert_non_null(strstr(wire.console, WIRE_OWN_IP4));
    assert_non_null(strstr(wire.console, WIRE_OWN_IP6));
}

struct vd_endpoint wire_endpoint(const char *text, uint16_t port)
{
    struct vd_endpoint at;

    assert_int_equal(vd_endpoint_parse(text, strlen(text), port, &at), VD_OK);
    return at;
}

size_t wire_heap_room(void)
{
    for (size_t size = MEM_SIZE; size > 0; size -= 4) {
        void *block = mem_malloc((mem_size_t)size);
        if (block != NULL) {
            mem_free(block);
            return size;
        }
    }
    return 0;
}

size_t wire_pool_room(void)
{
    static struct pbuf *held[PBUF_POOL_SIZE + 1];
    size_t count = 0;

    while (count <= PBUF_POOL_SIZE && (held[count] = pbuf_alloc(PBUF_RAW, 64, PBUF_POOL)) != NULL) {
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        pbuf_free(held[i]);
    }
    return count;
}
