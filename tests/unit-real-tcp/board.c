/*
 * The board of this world: a clock that is turned by hand, a console, the certificates' folder.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "port/lwip/net.h"
#include "port/port_board.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "tests/unit-port/tls_world.h"

#include "lwip/sys.h"

struct world world;

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
    va_list args;

    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

void vd_board_exit(int code)
{
    fprintf(stderr, "vd_board_exit(%d)\n", code);
    abort();
}

const uint8_t *world_file(const char *name, size_t *len)
{
    static uint8_t bytes[16384];
    char path[512];

    assert_non_null(getenv("VD_CERTS"));
    (void)snprintf(path, sizeof(path), "%s/%s", getenv("VD_CERTS"), name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t got = fread(bytes, 1, sizeof(bytes) - 1, file);
    (void)fclose(file);
    bytes[got] = '\0';
    *len = got + 1;
    return bytes;
}
