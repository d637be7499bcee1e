/*
 * The other end of real TCP.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit-real-tcp/tcp_peer.h"

#include "firmware/limits.h"
#include "port/lwip/altcp_tls_linger.h"
#include "port/lwip/altcp_tls_vedette.h"
#include "port/lwip/net.h"
#include "port/lwip/stream.h"
#include "port/mbedtls/arena.h"
#include "port/port_entropy.h"
#include "tests/unit-port/tls_server.h"
#include "tests/unit-real-tcp/packet.h"

#include "lwip/init.h"
#include "lwip/ip4.h"
#include "lwip/mem.h"
#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/tcp.h"
#include "lwip/timeouts.h"

/* Short enough that no timer of the product is late by it, long enough for a fast test. */
#define TURN_MS 5u

#define SEGMENT (PACKET_MAX - PACKET_HEADS)
#define WINDOW  8192u

/* What a host has under way to the product at most. */
#define FLIGHT_MAX (2u * SEGMENT)

/* Packets of one turn, and connections that are remembered: both far more than lwIP's pools make. */
#define PACKETS_MAX 64u
#define CONNS_MAX   64u

/* 10.0.0.1 is the product, 10.0.0.2 the first host. */
#define PRODUCT_IP 0x0a000001u
#define HOST_IP    0x0a000002u

struct packet {
    size_t len;
    uint8_t bytes[PACKET_MAX];
};

/* A connection as its host sees it. */
struct conn {
    bool is_open;
    bool is_mute; /* answers no more */
    bool is_fin_in;
    bool is_fin_out;
    enum peer_mood mood;
    unsigned host;
    uint16_t port;   /* the product's */
    uint16_t listen; /* the host's */
    uint16_t window;
    uint32_t rcv_next;
    uint32_t snd_next;
    uint32_t snd_acked;
};

struct peer_host peer_hosts[PEER_HOSTS];

static struct netif netif;
static struct packet packets[PACKETS_MAX];
static unsigned packets_count;
static struct conn conns[CONNS_MAX];
static unsigned conns_made;
static struct conn *served; /* by the TLS server; NULL: none */
static size_t arena_before;

/* ---- to and from lwIP -------------------------------------------------------------------- */

/* lwIP sends: kept until the turn's end, for nothing may come in while it sends. */
static err_t on_output(struct netif *out, struct pbuf *p, const ip4_addr_t *ip)
{
    (void)out;
    (void)ip;
    assert_true(packets_count < PACKETS_MAX);
    struct packet *packet = &packets[packets_count++];
    packet->len = pbuf_copy_partial(p, packet->bytes, sizeof(packet->bytes), 0);
    return ERR_OK;
}

static void give_lwip(const uint8_t *bytes, size_t len)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);

    assert_non_null(p);
    assert_int_equal(pbuf_take(p, bytes, (u16_t)len), ERR_OK);
    assert_int_equal(ip4_input(p, &netif), ERR_OK);
}

static void answer(struct conn *conn, uint8_t flags, const uint8_t *data, size_t len)
{
    const struct segment out = {
        .from_ip = HOST_IP + conn->host,
        .to_ip = PRODUCT_IP,
        .from = conn->listen,
        .to = conn->port,
        .seq = conn->snd_next,
        .ack = conn->rcv_next,
        .flags = flags,
        .window = conn->window,
        .data = data,
        .len = len,
    };
    uint8_t bytes[PACKET_MAX];

    conn->snd_next += (uint32_t)len + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0);
    give_lwip(bytes, packet_build(&out, bytes));
}

/* ---- the hosts' TCP ---------------------------------------------------------------------- */

static unsigned host_of(const struct segment *in)
{
    return in->to_ip - HOST_IP;
}

static struct conn *find_conn(const struct segment *in)
{
    for (size_t i = 0; i < CONNS_MAX; i++) {
        struct conn *conn = &conns[i];
        if (conn->is_open && conn->host == host_of(in) && conn->port == in->from &&
            conn->listen == in->to) {
            return conn;
        }
    }
    return NULL;
}

static void forget_conn(struct conn *conn)
{
    conn->is_open = false;
    if (served == conn) {
        served = NULL;
    }
}

/* The TLS server leaves what it did and is there for this connection. */
static void serve(struct conn *conn)
{
    world.srv_code = 0;
    world.srv_is_up = false;
    world.srv_got_len = 0;
    world.has_fin = false;
    to_server.len = 0;
    to_client.len = 0;
    server_start();
    served = conn;
}

/* was: what is left of an older connection from the same port, or NULL. */
static void take_syn(const struct segment *in, struct conn *was)
{
    struct conn *conn = was != NULL ? was : &conns[conns_made++ % CONNS_MAX];

    forget_conn(conn);
    *conn = (struct conn){
        .is_open = true,
        .mood = peer_hosts[host_of(in)].mood,
        .host = host_of(in),
        .port = in->from,
        .listen = in->to,
        .window = WINDOW,
        .rcv_next = in->seq + 1,
        .snd_next = 1000,
    };
    peer_hosts[host_of(in)].connections++;
    answer(conn, TCP_SYN | TCP_ACK, NULL, 0);
    conn->is_mute = conn->mood == PEER_ACKS_NOTHING;
    if (!conn->is_mute) {
        serve(conn);
    }
}

static void take_data(struct conn *conn, const struct segment *in)
{
    if (in->seq != conn->rcv_next || conn->window == 0) {
        return;
    }
    conn->rcv_next += (uint32_t)in->len;
    if (conn == served) {
        wire_put(&to_server, in->data, in->len);
    }
    if ((in->flags & TCP_FIN) != 0) {
        conn->rcv_next++;
        conn->is_fin_in = true;
        world.has_fin = world.has_fin || conn == served;
    }
}

static void take_segment(const struct segment *in)
{
    struct conn *conn = find_conn(in);

    if ((in->flags & TCP_SYN) != 0) {
        take_syn(in, conn);
        return;
    }
    if (conn != NULL && (in->flags & TCP_RST) != 0) {
        forget_conn(conn);
        return;
    }
    if (conn == NULL || conn->is_mute) {
        return;
    }
    conn->snd_acked = in->ack;
    if (in->len > 0 || (in->flags & TCP_FIN) != 0) {
        take_data(conn, in);
        answer(conn, TCP_ACK, NULL, 0);
    }
}

/* With the handshake done a bad host shows what it is. */
static void show_mood(struct conn *conn)
{
    if (!world.srv_is_up) {
        return;
    }
    conn->is_mute = conn->mood == PEER_STOPS_ACKNOWLEDGING;
    if (conn->mood == PEER_CLOSES_WINDOW) {
        conn->window = 0;
    }
}

/* What a host sends of its own accord: the server's bytes, then the end. */
static void send_some(struct conn *conn)
{
    uint8_t bytes[SEGMENT];

    while (conn == served && to_client.len > 0 && conn->snd_next - conn->snd_acked < FLIGHT_MAX) {
        answer(conn, TCP_ACK, bytes, wire_take(&to_client, bytes, sizeof(bytes)));
    }
    if (conn->is_fin_in && !conn->is_fin_out && (conn != served || to_client.len == 0)) {
        conn->is_fin_out = true;
        answer(conn, TCP_FIN | TCP_ACK, NULL, 0);
    }
}

/* ---- the collector ----------------------------------------------------------------------- */

static void take_event(struct peer_host *host, const char *frame)
{
    const char *at = strstr(frame, " seq=\"");

    assert_non_null(at);
    unsigned long seq = strtoul(at + strlen(" seq=\""), NULL, 10);
    assert_in_range(seq, 1, PEER_SEQS_MAX);
    if (host->got_ms[seq] == 0) {
        host->got_ms[seq] = world.ms;
        host->events++;
    }
}

/* Take whole frames (RFC 5425: length, space, message) from what the server has read. */
static void take_frames(struct peer_host *host)
{
    char frame[VD_SYSLOG_MESSAGE_MAX + 1];

    for (;;) {
        const uint8_t *space = memchr(world.srv_got, ' ', world.srv_got_len);
        if (space == NULL) {
            return;
        }
        size_t head = (size_t)(space - world.srv_got) + 1;
        size_t len = (size_t)strtoul((const char *)world.srv_got, NULL, 10);
        assert_in_range(len, 1, sizeof(frame) - 1);
        if (world.srv_got_len < head + len) {
            return;
        }
        memcpy(frame, world.srv_got + head, len);
        frame[len] = '\0';
        take_event(host, frame);
        world.srv_got_len -= head + len;
        memmove(world.srv_got, world.srv_got + head + len, world.srv_got_len);
    }
}

/* ---- the whole --------------------------------------------------------------------------- */

static void hosts_turn(void)
{
    static struct packet sent[PACKETS_MAX];
    unsigned count = packets_count;

    memcpy(sent, packets, count * sizeof(sent[0]));
    packets_count = 0;
    for (unsigned i = 0; i < count; i++) {
        struct segment in;
        assert_true(packet_parse(sent[i].bytes, sent[i].len, &in));
        assert_true(host_of(&in) < PEER_HOSTS);
        take_segment(&in);
    }
    if (served != NULL) {
        server_step();
        take_frames(&peer_hosts[served->host]);
        show_mood(served);
    }
    for (size_t i = 0; i < CONNS_MAX; i++) {
        if (conns[i].is_open && !conns[i].is_mute) {
            send_some(&conns[i]);
        }
    }
}

void peer_turn(void)
{
    world.ms += TURN_MS;
    hosts_turn();
    sys_check_timeouts();
    vd_lwip_stream_turn();
}

void peer_address(unsigned host, struct vd_endpoint *out)
{
    memset(out, 0, sizeof(*out));
    out->family = VD_FAMILY_IP4;
    out->addr[0] = HOST_IP >> 24;
    out->addr[3] = (uint8_t)(HOST_IP + host);
}

static err_t netif_starts(struct netif *starting)
{
    starting->name[0] = 't';
    starting->name[1] = 'p';
    starting->output = on_output;
    starting->mtu = PACKET_MAX;
    starting->flags = NETIF_FLAG_LINK_UP;
    return ERR_OK;
}

void peer_start(void)
{
    uint8_t seed[VD_SEED_LEN];
    ip4_addr_t ip = {.addr = PP_HTONL(PRODUCT_IP)};
    ip4_addr_t mask = {.addr = PP_HTONL(0xff000000u)};
    ip4_addr_t gateway = {.addr = 0};

    for (size_t i = 0; i < sizeof(seed); i++) {
        seed[i] = (uint8_t)(i * 7 + 1); /* the same at each run, on purpose */
    }
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed)), VD_OK);
    world.date = WORLD_DATE_OK;
    world.calendar = VD_CALENDAR_RTC;
    lwip_init();
    vd_tls_arena_start();
    assert_non_null(netif_add(&netif, &ip, &mask, &gateway, NULL, netif_starts, ip4_input));
    netif_set_default(&netif);
    netif_set_up(&netif);
}

void peer_reset(void)
{
    const struct world_server how = {.cert = "ec", .does_tickets = true};

    arena_before = vd_tls_arena_used();
    memset(peer_hosts, 0, sizeof(peer_hosts));
    memset(conns, 0, sizeof(conns));
    packets_count = 0;
    served = NULL;
    server_make(&how);
}

void peer_drop(void)
{
    while (tcp_active_pcbs != NULL) {
        tcp_abort(tcp_active_pcbs);
    }
    while (tcp_tw_pcbs != NULL) {
        tcp_abort(tcp_tw_pcbs);
    }
    for (unsigned i = 0; i < 2 * VD_TLS_LINGER_MS / TURN_MS; i++) {
        peer_turn();
    }
    vd_lwip_stream_forget();
    server_free();
}

void peer_expect_clean(void)
{
    assert_null(tcp_active_pcbs);
    assert_int_equal(vd_altcp_tls_busy(), 0);
    assert_int_equal(vd_tls_linger_count(), 0);
    vd_lwip_stream_forget();
    server_free();
    assert_int_equal(vd_tls_arena_used(), arena_before);
    void *heap = mem_malloc((mem_size_t)(MEM_SIZE - 64));
    assert_non_null(heap);
    mem_free(heap);
}
