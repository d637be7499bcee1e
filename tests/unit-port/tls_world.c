/*
 * A world for the TLS layer.
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

#include "tests/unit-port/tls_world.h"

#include "tests/unit-port/tls_server.h"

#include "port/lwip/altcp_tls_linger.h"
#include "port/lwip/net.h"
#include "port/mbedtls/arena.h"
#include "port/port_board.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include "lwip/altcp_tcp.h"
#include "lwip/init.h"
#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/priv/altcp_priv.h"
#include "lwip/sys.h"

#include "mbedtls/platform.h"

struct world world;

#define HOG_PIECE_BYTES 1024u
#define HOG_PIECES_MAX  (VD_TLS_ARENA_BYTES / HOG_PIECE_BYTES)

static bool fin_queued;
static void *hog[HOG_PIECES_MAX];

static size_t arena_before;

/* ---- the board ---------------------------------------------------------------------------------- */

uint64_t vd_clock_ms(void)
{
    return world.ms;
}

enum vd_calendar vd_clock_calendar(int64_t *unix_s)
{
    *unix_s = world.date;
    return world.calendar;
}

u32_t sys_now(void)
{
    return (u32_t)world.ms;
}

void vd_console_line(const char *format, ...)
{
    (void)format;
}

void vd_board_exit(int code)
{
    fprintf(stderr, "vd_board_exit(%d)\n", code);
    abort();
}

const uint8_t *world_file(const char *name, size_t *len)
{
    static uint8_t files[4][16384];
    static unsigned next;
    char path[512];
    uint8_t *at = files[next++ % 4];

    assert_non_null(getenv("VD_CERTS"));
    (void)snprintf(path, sizeof(path), "%s/%s", getenv("VD_CERTS"), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t got = fread(at, 1, sizeof(files[0]) - 1, file);
    (void)fclose(file);
    at[got] = '\0';
    *len = got + 1;
    return at;
}

/* ---- TCP ------------------------------------------------------------------------------------------ */

/* As lwIP: err is called, and with it the pcb is gone. */
static void tcp_fails(err_t err)
{
    struct altcp_pcb *pcb = world.tcp;

    if (pcb == NULL) {
        return;
    }
    world.tcp = NULL;
    world.is_connected = false;
    if (pcb->err != NULL) {
        pcb->err(pcb->arg, err);
    }
    altcp_free(pcb);
}

static void fake_set_poll(struct altcp_pcb *pcb, u8_t interval)
{
    (void)pcb;
    (void)interval;
}

static void fake_recved(struct altcp_pcb *pcb, u16_t len)
{
    assert_ptr_equal(pcb, world.tcp);
    world.in_recved += len;
    assert_true(world.in_recved <= world.in_total);
}

static err_t fake_bind(struct altcp_pcb *pcb, const ip_addr_t *ip, u16_t port)
{
    (void)pcb;
    world.is_local_ip6 = IP_IS_V6(ip);
    world.local_port = port;
    return ERR_OK;
}

static err_t fake_connect(struct altcp_pcb *pcb, const ip_addr_t *ip, u16_t port,
                          altcp_connected_fn connected)
{
    (void)port;
    world.is_ip6 = IP_IS_V6(ip);
    pcb->connected = connected;
    world.is_connecting = true;
    return ERR_OK;
}

static void fake_abort(struct altcp_pcb *pcb)
{
    assert_ptr_equal(pcb, world.tcp);
    world.was_aborted = true;
    tcp_fails(ERR_ABRT);
}

static err_t fake_close(struct altcp_pcb *pcb)
{
    assert_ptr_equal(pcb, world.tcp);
    if (world.faults.closes_fail) {
        return ERR_MEM;
    }
    if (world.is_connected && world.in_recved != world.in_total) {
        world.was_aborted = true; /* lwIP sends a reset when data was not taken */
    }
    world.has_fin = true;
    world.is_connected = false;
    world.is_connecting = false;
    world.tcp = NULL;
    altcp_free(pcb);
    return ERR_OK;
}

static err_t fake_shutdown(struct altcp_pcb *pcb, int shut_rx, int shut_tx)
{
    assert_ptr_equal(pcb, world.tcp);
    assert_int_equal(shut_rx, 0);
    assert_int_equal(shut_tx, 1);
    if (world.faults.closes_fail) {
        return ERR_MEM;
    }
    world.has_fin = true;
    return ERR_OK;
}

static u16_t fake_sndbuf(struct altcp_pcb *pcb)
{
    size_t room = 2920 > world.unacked ? 2920 - world.unacked : 0;

    (void)pcb;
    if (world.faults.write_max > 0 && room > world.faults.write_max) {
        room = world.faults.write_max;
    }
    return (u16_t)room;
}

static err_t fake_write(struct altcp_pcb *pcb, const void *data, u16_t len, u8_t flags)
{
    assert_ptr_equal(pcb, world.tcp);
    assert_true((flags & TCP_WRITE_FLAG_COPY) != 0);
    assert_false(world.has_fin);
    world.writes++;
    if (world.faults.write_err_every > 0 && world.writes % world.faults.write_err_every == 0) {
        return ERR_MEM;
    }
    assert_true(len <= fake_sndbuf(pcb));
    wire_put(&to_server, data, len);
    vd_tls_tap_feed(&world.out_tap, data, len);
    world.unacked += len;
    world.out_total += len;
    return ERR_OK;
}

static err_t fake_output(struct altcp_pcb *pcb)
{
    assert_ptr_equal(pcb, world.tcp);
    return ERR_OK;
}

static const struct altcp_functions fake_functions = {
    .set_poll = fake_set_poll,
    .recved = fake_recved,
    .bind = fake_bind,
    .connect = fake_connect,
    .abort = fake_abort,
    .close = fake_close,
    .shutdown = fake_shutdown,
    .write = fake_write,
    .output = fake_output,
    .sndbuf = fake_sndbuf,
};

struct altcp_pcb *altcp_tcp_new_ip_type(u8_t ip_type)
{
    struct altcp_pcb *pcb = altcp_alloc();

    (void)ip_type;
    assert_non_null(pcb);
    assert_null(world.tcp);
    pcb->fns = &fake_functions;
    world.tcp = pcb;
    world.opened++;
    return pcb;
}

/* ---- between client and server ----------------------------------------------------------------------- */

static void step_connect(void)
{
    if (world.tcp == NULL || !world.is_connecting) {
        return;
    }
    world.is_connecting = false;
    if (world.faults.refuses || world.faults.never_answers) {
        tcp_fails(world.faults.refuses ? ERR_RST : ERR_ABRT);
        return;
    }
    world.is_connected = true;
    assert_int_equal(world.tcp->connected(world.tcp->arg, world.tcp, ERR_OK), ERR_OK);
}

static void step_ack(void)
{
    if (world.tcp == NULL || world.unacked == 0 || (world.faults.acks_late && !world.ack_now)) {
        return;
    }
    u16_t len = (u16_t)world.unacked;
    world.unacked = 0;
    if (world.tcp->sent != NULL) {
        world.tcp->sent(world.tcp->arg, world.tcp, len);
    }
}

static bool give_client(size_t len)
{
    struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16_t)len, PBUF_POOL);

    assert_non_null(p);
    (void)pbuf_take(p, to_client.bytes, (u16_t)len);
    err_t err = ERR_OK;
    world.in_total += len;
    if (world.tcp->recv != NULL) {
        err = world.tcp->recv(world.tcp->arg, world.tcp, p, ERR_OK);
    } else {
        pbuf_free(p);
    }
    if (err != ERR_OK) {
        assert_int_equal(err, ERR_MEM);
        pbuf_free(p);
        world.in_total -= len;
        return false;
    }
    uint8_t gone[1460];
    (void)wire_take(&to_client, gone, len);
    return true;
}

static size_t cut(size_t len, size_t limit, size_t total)
{
    return limit > 0 && total + len > limit ? limit - total : len;
}

static void step_data_in(void)
{
    size_t segment = world.faults.segment > 0 ? world.faults.segment : 1460;

    while (world.tcp != NULL && world.is_connected && to_client.len > 0) {
        size_t window = TCP_WND - (world.in_total - world.in_recved);
        size_t len = to_client.len < segment ? to_client.len : segment;
        len = len < window ? len : window;
        len = cut(len, world.faults.reset_after_in, world.in_total);
        len = cut(len, world.faults.fin_after_in, world.in_total);
        if (world.faults.flip_at > world.in_total && world.faults.flip_at <= world.in_total + len) {
            to_client.bytes[world.faults.flip_at - world.in_total - 1] ^= 0x10;
        }
        if (len == 0 || !give_client(len)) {
            break;
        }
    }
}

static void step_ends(void)
{
    const struct world_faults *faults = &world.faults;

    if (world.tcp == NULL) {
        return;
    }
    if ((faults->reset_after_in > 0 && world.in_total >= faults->reset_after_in) ||
        (faults->reset_after_out > 0 && world.out_total >= faults->reset_after_out)) {
        tcp_fails(ERR_RST);
        return;
    }
    bool is_end = (fin_queued && to_client.len == 0) ||
                  (faults->fin_after_in > 0 && world.in_total >= faults->fin_after_in);
    if (is_end && !world.fin_told && world.is_connected) {
        world.fin_told = true;
        world.tcp->recv(world.tcp->arg, world.tcp, NULL, ERR_OK);
    }
}

void world_inject(const void *bytes, size_t len)
{
    wire_put(&to_client, bytes, len);
}

void world_fin(void)
{
    fin_queued = true;
}

void world_vanish(void)
{
    tcp_fails(ERR_ABRT);
}

/* ---- the world ------------------------------------------------------------------------------------------- */

/* In pieces: what is kept of a connection lies in the middle.  What is not there cannot be taken. */
static void take_hog(void)
{
    size_t bytes = world.faults.hog;

    for (size_t i = 0; bytes > 0 && i < HOG_PIECES_MAX; i++) {
        size_t piece = bytes < HOG_PIECE_BYTES ? bytes : HOG_PIECE_BYTES;
        hog[i] = mbedtls_calloc(1, piece);
        bytes -= piece;
    }
}

static void give_hog_back(void)
{
    for (size_t i = 0; i < HOG_PIECES_MAX; i++) {
        mbedtls_free(hog[i]);
        hog[i] = NULL;
    }
}

void world_run(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        world.ms++;
        take_hog();
        vd_altcp_tls_turn();
        give_hog_back();
        step_connect();
        server_step();
        step_ack();
        step_data_in();
        step_ends();
    }
}

void world_start(void)
{
    uint8_t seed[VD_SEED_LEN];

    FILE *file = fopen("/dev/urandom", "rb");
    assert_non_null(file);
    assert_int_equal(fread(seed, 1, sizeof(seed), file), sizeof(seed));
    (void)fclose(file);
    assert_int_equal(vd_entropy_seed(seed, sizeof(seed)), VD_OK);
    lwip_init();
    vd_tls_arena_start();
}

/* A new TCP connection may be made; faults, clock and server stay. */
static void forget_tcp(void)
{
    struct world was = world;

    assert_null(world.tcp);
    memset(&world, 0, sizeof(world));
    world.faults = was.faults;
    world.date = was.date;
    world.calendar = was.calendar;
    world.ms = was.ms;
    world.opened = was.opened;
    world.srv_resumed = was.srv_resumed;
    to_server.len = 0;
    to_client.len = 0;
    fin_queued = false;
}

void world_again(void)
{
    forget_tcp();
    server_start();
}

void world_reset(const struct world_server *how)
{
    arena_before = vd_tls_arena_used();
    forget_tcp();
    memset(&world.faults, 0, sizeof(world.faults));
    world.opened = 0;
    world.srv_resumed = 0;
    world.date = WORLD_DATE_OK;
    world.calendar = VD_CALENDAR_RTC;
    server_make(how);
}

void world_drop(void)
{
    tcp_fails(ERR_RST);
    world.ms += VD_TLS_LINGER_MS;
    world_run(3);
    server_free();
}

void world_expect_clean(void)
{
    memset(&world.faults, 0, sizeof(world.faults));
    world.ms += VD_TLS_LINGER_MS;
    world_run(3);
    assert_int_equal(vd_altcp_tls_busy(), 0);
    assert_int_equal(vd_tls_linger_count(), 0);
    assert_null(world.tcp);
    server_free();
    assert_int_equal(vd_tls_arena_used(), arena_before);
    /* lwIP without LWIP_STATS: all of its buffers can be had. */
    struct pbuf *all[PBUF_POOL_SIZE];
    for (size_t i = 0; i < PBUF_POOL_SIZE; i++) {
        all[i] = pbuf_alloc(PBUF_RAW, 1, PBUF_POOL);
        assert_non_null(all[i]);
    }
    for (size_t i = 0; i < PBUF_POOL_SIZE; i++) {
        pbuf_free(all[i]);
    }
    void *heap = mem_malloc((mem_size_t)(MEM_SIZE - 64));
    assert_non_null(heap);
    mem_free(heap);
    struct altcp_pcb *pcbs[MEMP_NUM_ALTCP_PCB];
    for (size_t i = 0; i < MEMP_NUM_ALTCP_PCB; i++) {
        pcbs[i] = altcp_alloc();
        assert_non_null(pcbs[i]);
    }
    for (size_t i = 0; i < MEMP_NUM_ALTCP_PCB; i++) {
        altcp_free(pcbs[i]);
    }
}
