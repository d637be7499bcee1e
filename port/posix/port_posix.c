/*
 * The port for a Linux process: kernel sockets, mbedTLS on top, one loop.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port.h"

#include "firmware/version.h"
#include "port/mbedtls/arena.h"
#include "port/port_board.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"
#include "port/posix/posix.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Addresses and name servers are looked up this often: each time is a handful of system calls. */
#define NETWORK_CHECK_MS 1000u

/* Longest sleep, so that a change of the network is seen. */
#define IDLE_MAX_MS 1000u

#define RESOLV_CONF "/etc/resolv.conf"

const char vd_board_name[] = "posix";

static char device_id[13];

static enum vd_status seed_generator(void)
{
    uint8_t seed[VD_SEED_LEN];

    enum vd_status status = VD_ENOENTROPY;
    if (getrandom(seed, sizeof(seed), 0) == (ssize_t)sizeof(seed)) {
        status = vd_entropy_seed(seed, sizeof(seed));
    }
    explicit_bzero(seed, sizeof(seed));
    return status;
}

enum vd_status vd_port_start(struct vd_port *out)
{
    if (vd_posix_console_start() != VD_OK) {
        return VD_EIO;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* a console whose reader is gone */
    (void)vd_clock_ms();
    vd_tls_arena_start();
    vd_console_line("vedette %s (%s) on %s", vd_version, vd_build_id, vd_board_name);
    enum vd_status status = seed_generator();
    if (status != VD_OK) {
        vd_console_line("entropy: the kernel gives no random numbers: no TLS, and DNS ids could be "
                        "guessed");
        return VD_ENOENTROPY;
    }
    vd_posix_find_device_id(device_id);
    out->datagram = vd_posix_datagram_port();
    out->tcp = vd_posix_tcp_port();
    out->stream = vd_posix_stream_port();
    return VD_OK;
}

bool vd_port_is_online(void)
{
    static uint64_t next_ms;
    static bool is_online;

    if (vd_clock_ms() >= next_ms) {
        is_online = vd_posix_has_address();
        next_ms = vd_clock_ms() + NETWORK_CHECK_MS;
    }
    return is_online;
}

size_t vd_port_dns_servers(struct vd_endpoint *out, size_t max)
{
    static struct vd_endpoint servers[VD_SERVERS_MAX];
    static size_t count;
    static uint64_t next_ms;

    if (vd_clock_ms() >= next_ms) {
        count = vd_posix_dns_servers_of(RESOLV_CONF, servers, VD_SERVERS_MAX);
        next_ms = vd_clock_ms() + NETWORK_CHECK_MS;
    }
    size_t n = count < max ? count : max;
    memcpy(out, servers, n * sizeof(*out));
    return n;
}

void vd_port_turn(void)
{
    vd_posix_stream_turn();
}

void vd_port_idle(uint64_t until_ms)
{
    static struct vd_posix_wait wait;
    uint64_t now_ms = vd_clock_ms();

    wait.count = 0;
    wait.until_ms = until_ms < now_ms + IDLE_MAX_MS ? until_ms : now_ms + IDLE_MAX_MS;
    vd_posix_datagram_wait(&wait);
    vd_posix_tcp_wait(&wait);
    vd_posix_stream_wait(&wait);
    vd_posix_console_wait(&wait);
    int ms = wait.until_ms > now_ms ? (int)(wait.until_ms - now_ms) : 0;
    if (poll(wait.fds, wait.count, ms) <= 0) {
        return;
    }
    for (nfds_t i = 0; i < wait.count; i++) {
        if (wait.told[i] != NULL && (wait.fds[i].revents & ~POLLOUT) != 0) {
            *wait.told[i] = true;
        }
    }
}

const char *vd_port_device_id(void)
{
    return device_id;
}

void vd_port_tls_arena(size_t *peak, size_t *size)
{
    vd_tls_arena_usage(peak, size);
}

/* mbedTLS's arena asks for this when it finds itself overwritten. */
void vd_board_exit(int code)
{
    vd_console_line("stopping: the memory of TLS is damaged (%d)", code);
    abort();
}
