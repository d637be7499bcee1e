/*
 * The console: lines of text out, lines of commands in.
 *
 * Never carries key material, seeds or credentials.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_CONSOLE_H
#define VD_PORT_CONSOLE_H

#include "port/port_status.h"

#include <stddef.h>

/* Longest line that vd_console_line writes; the rest is cut and marked "...". */
#define VD_CONSOLE_LINE_MAX 400u

/* Write len bytes as they are.  May block for as long as the UART needs. */
void vd_console_write(const char *text, size_t len);

/*
 * Write one line, printf-like, with a line end.
 *
 * Only what newlib-nano prints: %s %.*s %c %d %u %x with width, zero fill and l.  No %ll, no
 * %z, no floating point.
 */
void vd_console_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Take one character that came in.
 *
 * VD_OK     *c is filled.
 * VD_AGAIN  nothing there; also on a board whose console is output only.
 */
enum vd_status vd_console_read(char *c);

#endif
