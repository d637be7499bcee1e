/*
 * struct vd_stream_port over the altcp TLS layer: fixed slots, a small receive queue in each.
 *
 * Destinations (trust, saved session) outlive a stream: the next one to the same host with the
 * same anchors, or to the same pin, resumes, for a hundredth of a full handshake's work in TLS 1.2, a third in 1.3.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/stream.h"

#include "firmware/limits.h"
#include "port/lwip/altcp_tls_vedette.h"
#include "port/lwip/net.h"
#include "port/mbedtls/tls_trust.h"
#include "port/port_entropy.h"
#include "port/port_stream.h"

#include "lwip/altcp.h"

#include <stdio.h>
#include <string.h>

/* Local ports: the dynamic range (RFC 6335), tried at random until one is free. */
#define LOCAL_PORT_FIRST 49152u
#define LOCAL_PORT_MASK  0x3fffu
#define LOCAL_PORT_TRIES 8u

/* A dead peer is noticed after 60 s and 4 times 10 s. */
#define KEEPALIVE_IDLE_MS     60000u
#define KEEPALIVE_INTERVAL_MS 10000u
#define KEEPALIVE_COUNT       4u

struct destination {
    struct altcp_tls_config *config; /* NULL: unused */
    uint8_t key[32];                 /* vd_tls_target_key */
    bool is_taken;                   /* by a stream */
    uint32_t last_use;
};

struct slot {
    bool is_open;
    struct altcp_pcb *pcb; /* NULL once it failed */
    struct destination *to;
    enum vd_status status;
    size_t unacked; /* when it failed */
    char why[VD_STREAM_WHY_MAX];
    uint8_t rx[VD_STREAM_RX_BYTES]; /* ring */
    size_t rx_first;
    size_t rx_len;
};

static struct destination destinations[VD_TLS_DESTINATIONS];
static struct slot slots[VD_TLS_SLOTS];
static uint32_t uses;
static char open_why[VD_STREAM_WHY_MAX];

static const char all_taken[] = "all destinations are in use (VD_TLS_DESTINATIONS)";

static void say(char *why, const char *words)
{
    (void)snprintf(why, VD_STREAM_WHY_MAX, "%s", words);
}

/* ---- destinations ------------------------------------------------------------------------ */

/* The idle one that was used longest ago, or NULL. */
static struct destination *find_oldest(void)
{
    struct destination *oldest = NULL;

    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        struct destination *at = &destinations[i];
        if (at->config == NULL || at->is_taken) {
            continue;
        }
        if (oldest == NULL || (int32_t)(at->last_use - oldest->last_use) < 0) {
            oldest = at;
        }
    }
    return oldest;
}

static void forget(struct destination *at)
{
    altcp_tls_free_config(at->config);
    memset(at, 0, sizeof(*at));
}

static bool forget_oldest(void)
{
    struct destination *oldest = find_oldest();

    if (oldest != NULL) {
        forget(oldest);
    }
    return oldest != NULL;
}

void vd_lwip_stream_forget(void)
{
    while (forget_oldest()) {
    }
}

static struct destination *find_known(const uint8_t key[32])
{
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        struct destination *at = &destinations[i];
        if (at->config != NULL && !at->is_taken && memcmp(at->key, key, sizeof(at->key)) == 0) {
            return at;
        }
    }
    return NULL;
}

static struct destination *find_place(void)
{
    for (size_t i = 0; i < VD_TLS_DESTINATIONS; i++) {
        if (destinations[i].config == NULL) {
            return &destinations[i];
        }
    }
    struct destination *oldest = find_oldest();
    if (oldest != NULL) {
        forget(oldest);
    }
    return oldest;
}

static struct altcp_tls_config *try_config(const struct vd_stream_target *to)
{
    return to->pin != NULL ? vd_altcp_tls_create_config_pinned(to->pin)
                           : altcp_tls_create_config_client(to->ca, to->ca_len);
}

/* What others have saved gives way when the arena is short. */
static struct altcp_tls_config *create_config(const struct vd_stream_target *to)
{
    struct altcp_tls_config *config = try_config(to);

    while (config == NULL && vd_tls_is_out_of_memory(vd_altcp_tls_create_error()) &&
           forget_oldest()) {
        config = try_config(to);
    }
    return config;
}

static enum vd_status say_no_config(void)
{
    int code = vd_altcp_tls_create_error();

    if (code == VD_ALTCP_TLS_ALL_TAKEN) {
        say(open_why, all_taken);
        return VD_EFULL;
    }
    if (vd_tls_is_out_of_memory(code)) {
        say(open_why, "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)");
        return VD_EIO;
    }
    (void)snprintf(open_why, sizeof(open_why), "trust anchors cannot be read (-0x%04x)",
                   (unsigned)-code);
    return VD_EINVAL;
}

static enum vd_status set_target(struct altcp_tls_config *config, const struct vd_stream_target *to)
{
    if (to->pin == NULL && vd_altcp_tls_set_host(config, to->host) != ERR_OK) {
        say(open_why, "the host name cannot be used");
        return VD_EINVAL;
    }
    /* mbedTLS does not change the list; its type only says it might. */
    if (to->alpn != NULL &&
        altcp_tls_configure_alpn_protocols(config, (const char **)(uintptr_t)to->alpn) != 0) {
        say(open_why, "the list of ALPN names cannot be used");
        return VD_EINVAL;
    }
    return VD_OK;
}

static enum vd_status take_destination(const struct vd_stream_target *to, struct destination **out)
{
    uint8_t key[32];

    if (!vd_tls_target_key(to, key)) {
        say(open_why, "out of memory in the TLS arena (VD_TLS_ARENA_BYTES)");
        return VD_EIO;
    }
    struct destination *at = find_known(key);
    if (at == NULL) {
        at = find_place();
        if (at == NULL) {
            say(open_why, all_taken);
            return VD_EFULL;
        }
        at->config = create_config(to);
        if (at->config == NULL) {
            return say_no_config();
        }
        memcpy(at->key, key, sizeof(key));
    }
    enum vd_status status = set_target(at->config, to);
    if (status != VD_OK) {
        forget(at);
        return status;
    }
    at->is_taken = true;
    at->last_use = ++uses;
    *out = at;
    return VD_OK;
}

/* ---- callbacks --------------------------------------------------------------------------- */

static err_t on_connected(void *arg, struct altcp_pcb *pcb, err_t err)
{
    struct slot *slot = arg;

    (void)pcb;
    (void)err;
    slot->status = VD_OK;
    return ERR_OK;
}

static void ring_put(struct slot *slot, const struct pbuf *p)
{
    size_t at = (slot->rx_first + slot->rx_len) % sizeof(slot->rx);
    u16_t head = (u16_t)LWIP_MIN(p->tot_len, sizeof(slot->rx) - at);

    (void)pbuf_copy_partial(p, slot->rx + at, head, 0);
    (void)pbuf_copy_partial(p, slot->rx, (u16_t)(p->tot_len - head), head);
    slot->rx_len += p->tot_len;
}

static err_t on_recv(void *arg, struct altcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct slot *slot = arg;

    (void)err;
    if (p == NULL) {
        slot->status = VD_CLOSED;
        return ERR_OK;
    }
    if (p->tot_len > sizeof(slot->rx) - slot->rx_len) {
        return ERR_MEM; /* offered again when there is room */
    }
    ring_put(slot, p);
    altcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

/* A handshake that the arena could not hold: the next try has what another destination had saved. */
static void make_room_after(const struct vd_tls_error *error)
{
    if (vd_tls_is_out_of_memory(error->code)) {
        (void)forget_oldest();
    }
}

static void on_err(void *arg, err_t err)
{
    struct slot *slot = arg;
    const struct vd_tls_error *error = vd_altcp_tls_error(slot->to->config);

    (void)err;
    slot->pcb = NULL;
    slot->unacked = error->unacked;
    if (slot->status != VD_CLOSED) {
        slot->status = error->status;
        say(slot->why, error->why);
    }
    make_room_after(error);
}

/* ---- the contract ------------------------------------------------------------------------ */

static enum vd_status check_target(const struct vd_stream_target *to, ip_addr_t *ip)
{
    enum vd_status status = vd_tls_target_check(to, open_why);

    if (status != VD_OK) {
        return status;
    }
    if (vd_lwip_addr(&to->at, ip) != VD_OK) {
        say(open_why, "no route: this build does not have the peer's kind of address");
        return VD_EIO;
    }
    if (!vd_lwip_can_reach(ip)) {
        say(open_why, "no route to the peer");
        return VD_EIO;
    }
    return VD_OK;
}

static struct slot *find_slot(int *number)
{
    for (int i = 0; i < (int)VD_TLS_SLOTS; i++) {
        if (!slots[i].is_open) {
            *number = i;
            return &slots[i];
        }
    }
    return NULL;
}

/* A pcb is of one family, and binds to no address of the other. */
static const ip_addr_t *any_address(u8_t ip_type)
{
#if LWIP_IPV6
    if (ip_type == IPADDR_TYPE_V6) {
        return IP6_ADDR_ANY;
    }
#endif
    (void)ip_type;
    return IP4_ADDR_ANY;
}

/* lwIP would count ports up from a random one; each at random is harder to guess (RFC 6056). */
static err_t bind_random_port(struct altcp_pcb *pcb, u8_t ip_type)
{
    err_t err = ERR_USE;

    for (unsigned i = 0; err == ERR_USE && i < LOCAL_PORT_TRIES; i++) {
        uint16_t random;
        if (vd_entropy_random(&random, sizeof(random)) != VD_OK) {
            return ERR_VAL;
        }
        u16_t port = (u16_t)(LOCAL_PORT_FIRST + (random & LOCAL_PORT_MASK));
        err = altcp_bind(pcb, any_address(ip_type), port);
    }
    return err;
}

static enum vd_status start_connect(struct slot *slot, const ip_addr_t *ip, uint16_t port)
{
    struct altcp_pcb *pcb = altcp_tls_new(slot->to->config, IP_GET_TYPE(ip));

    if (pcb == NULL) {
        const struct vd_tls_error *error = vd_altcp_tls_error(slot->to->config);
        say(open_why, error->why);
        make_room_after(error);
        return error->status;
    }
    altcp_arg(pcb, slot);
    altcp_recv(pcb, on_recv);
    err_t err = bind_random_port(pcb, IP_GET_TYPE(ip));
    if (err == ERR_OK) {
        err = altcp_connect(pcb, ip, port, on_connected);
    }
    if (err != ERR_OK) {
        (void)snprintf(open_why, sizeof(open_why), "%s (lwIP error %d)",
                       err == ERR_RTE ? "no route to the peer" : "no TCP connection to be had",
                       err);
        (void)altcp_close(pcb);
        return VD_EIO;
    }
    altcp_err(pcb, on_err);
    altcp_keepalive_enable(pcb, KEEPALIVE_IDLE_MS, KEEPALIVE_INTERVAL_MS, KEEPALIVE_COUNT);
    slot->pcb = pcb;
    return VD_OK;
}

static enum vd_status stream_open(void *ctx, const struct vd_stream_target *to, int *stream)
{
    ip_addr_t ip;
    int number = -1;

    (void)ctx;
    open_why[0] = '\0';
    struct slot *slot = find_slot(&number);
    /* Also one that still closes: no destination is to be forgotten for a connection that fails. */
    if (slot == NULL || vd_altcp_tls_busy() == VD_TLS_SLOTS) {
        say(open_why, "all TLS connections are in use (VD_TLS_SLOTS)");
        return VD_EFULL;
    }
    enum vd_status status = check_target(to, &ip);
    if (status != VD_OK) {
        return status;
    }
    memset(slot, 0, sizeof(*slot));
    slot->status = VD_AGAIN;
    status = take_destination(to, &slot->to);
    if (status != VD_OK) {
        return status;
    }
    status = start_connect(slot, &ip, to->at.port);
    if (status != VD_OK) {
        slot->to->is_taken = false;
        return status;
    }
    slot->is_open = true;
    *stream = number;
    return VD_OK;
}

static struct slot *slot_of(int stream)
{
    bool is_known = stream >= 0 && stream < (int)VD_TLS_SLOTS && slots[stream].is_open;

    return is_known ? &slots[stream] : NULL;
}

static enum vd_status stream_state(void *ctx, int stream)
{
    const struct slot *slot = slot_of(stream);

    (void)ctx;
    return slot != NULL ? slot->status : VD_EINVAL;
}

static enum vd_status stream_write(void *ctx, int stream, const uint8_t *bytes, size_t len,
                                   size_t *taken)
{
    struct slot *slot = slot_of(stream);

    (void)ctx;
    if (slot == NULL) {
        return VD_EINVAL;
    }
    if (slot->status != VD_OK) {
        return slot->status;
    }
    size_t n = LWIP_MIN(len, altcp_sndbuf(slot->pcb));
    if (n == 0 || altcp_write(slot->pcb, bytes, (u16_t)n, TCP_WRITE_FLAG_COPY) != ERR_OK) {
        return VD_AGAIN;
    }
    *taken = n;
    return VD_OK;
}

static enum vd_status stream_read(void *ctx, int stream, uint8_t *buf, size_t cap, size_t *got)
{
    struct slot *slot = slot_of(stream);

    (void)ctx;
    if (slot == NULL) {
        return VD_EINVAL;
    }
    if (slot->rx_len == 0) {
        return slot->status == VD_OK ? VD_AGAIN : slot->status;
    }
    size_t n = LWIP_MIN(LWIP_MIN(cap, slot->rx_len), sizeof(slot->rx) - slot->rx_first);
    if (n == 0) {
        return VD_AGAIN;
    }
    memcpy(buf, slot->rx + slot->rx_first, n);
    slot->rx_first = (slot->rx_first + n) % sizeof(slot->rx);
    slot->rx_len -= n;
    *got = n;
    return VD_OK;
}

static size_t stream_unacked(void *ctx, int stream)
{
    const struct slot *slot = slot_of(stream);

    (void)ctx;
    if (slot == NULL) {
        return 0;
    }
    return slot->pcb != NULL ? vd_altcp_tls_unacked(slot->pcb) : slot->unacked;
}

static void stream_close(void *ctx, int stream)
{
    struct slot *slot = slot_of(stream);

    (void)ctx;
    if (slot == NULL) {
        return;
    }
    if (slot->pcb != NULL) {
        altcp_recv(slot->pcb, NULL);
        altcp_err(slot->pcb, NULL);
        (void)altcp_close(slot->pcb);
    }
    slot->to->is_taken = false;
    memset(slot, 0, sizeof(*slot));
}

static const char *stream_why(void *ctx, int stream)
{
    const struct slot *slot = slot_of(stream);

    (void)ctx;
    if (stream == -1) {
        return open_why;
    }
    return slot != NULL ? slot->why : "";
}

static const struct vd_stream_port stream_port = {
    .ctx = NULL,
    .streams_max = VD_TLS_SLOTS,
    .open = stream_open,
    .state = stream_state,
    .write = stream_write,
    .read = stream_read,
    .unacked = stream_unacked,
    .close = stream_close,
    .why = stream_why,
};

const struct vd_stream_port *vd_lwip_stream_port(void)
{
    return &stream_port;
}

void vd_lwip_stream_turn(void)
{
    vd_altcp_tls_turn();
}
