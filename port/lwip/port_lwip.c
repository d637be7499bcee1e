/*
 * The port for boards: lwIP, mbedTLS and what the board gives.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/lwip/dns_servers.h"
#include "port/lwip/net.h"
#include "port/mbedtls/arena.h"

#include "firmware/version.h"
#include "port/port.h"
#include "port/port_board.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

uint64_t vd_clock_ms(void)
{
    return vd_board_ms();
}

enum vd_calendar vd_clock_calendar(int64_t *unix_s)
{
    if (vd_board_rtc(unix_s) && *unix_s >= vd_build_epoch) {
        return VD_CALENDAR_RTC;
    }
    *unix_s = vd_build_epoch;
    return VD_CALENDAR_UNSET;
}

void vd_console_write(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            vd_board_putc('\r');
        }
        vd_board_putc(text[i]);
    }
}

void vd_console_line(const char *format, ...)
{
    char line[VD_CONSOLE_LINE_MAX];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(line, sizeof(line) - 1, format, args);
    va_end(args);
    if (len < 0) {
        return;
    }
    if ((size_t)len >= sizeof(line) - 1) {
        memcpy(line + sizeof(line) - 5, "...", 4);
    }
    size_t used = strlen(line);
    line[used++] = '\n';
    vd_console_write(line, used);
}

enum vd_status vd_console_read(char *c)
{
    return vd_board_getc(c) ? VD_OK : VD_AGAIN;
}

static enum vd_status seed_generator(void)
{
    uint8_t seed[VD_SEED_LEN];

    enum vd_status status = vd_board_seed(seed, sizeof(seed));
    if (status == VD_OK) {
        status = vd_entropy_seed(seed, sizeof(seed));
    }
    memset(seed, 0, sizeof(seed));
    __asm__ volatile("" : : "r"(seed) : "memory"); /* the wipe is not optimised away */
    return status;
}

enum vd_status vd_port_start(struct vd_port *out)
{
    vd_board_start();
    vd_tls_arena_start();
    vd_console_line("vedette %s (%s) on %s", vd_version, vd_build_id, vd_board_name);
    enum vd_status status = seed_generator();
    if (status != VD_OK) {
        vd_console_line("entropy: no seed for this boot: no TLS, and DNS ids could be guessed; "
                        "hand one over beside the image and start again");
        return VD_ENOENTROPY;
    }
    out->datagram = vd_lwip_datagram_port();
    out->tcp = vd_lwip_tcp_port();
    out->stream = vd_lwip_stream_port();
    return vd_lwip_start(vd_board_nic());
}

bool vd_port_is_online(void)
{
    return vd_lwip_is_online();
}

size_t vd_port_dns_servers(struct vd_endpoint *out, size_t max)
{
    return vd_lwip_dns_servers(out, max);
}

void vd_port_turn(void)
{
    vd_lwip_turn();
    vd_lwip_stream_turn();
}

void vd_port_idle(uint64_t until_ms)
{
    /* The NIC is polled: the tick ends the sleep within a millisecond. */
    if (vd_board_ms() < until_ms) {
        vd_board_wait();
    }
}

const char *vd_port_device_id(void)
{
    return vd_lwip_device_id();
}

void vd_port_tls_arena(size_t *peak, size_t *size)
{
    vd_tls_arena_usage(peak, size);
}
