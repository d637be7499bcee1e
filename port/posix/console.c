/*
 * port_console.h over standard output and standard input.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_console.h"

#include "port/posix/posix.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long one piece of output waits for whoever reads it. */
#define OUTPUT_WAIT_MS 1000

static char input[256];
static size_t input_first;
static size_t input_len;
static bool is_input_ended;

/* A reader that is gone, or does not read, loses text: the watch goes on without it. */
void vd_console_write(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, text, len);
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EAGAIN) {
            struct pollfd ask = {.fd = STDOUT_FILENO, .events = POLLOUT};
            if (poll(&ask, 1, OUTPUT_WAIT_MS) <= 0) {
                return;
            }
        } else if (n == 0 || errno != EINTR) {
            return;
        }
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

/* Standard input is shared with others: it is asked first, and never made non-blocking. */
static void fill_input(void)
{
    struct pollfd ask = {.fd = STDIN_FILENO, .events = POLLIN};

    if (poll(&ask, 1, 0) <= 0) {
        return;
    }
    ssize_t got = (ask.revents & POLLNVAL) != 0 ? 0 : read(STDIN_FILENO, input, sizeof(input));
    if (got > 0) {
        input_first = 0;
        input_len = (size_t)got;
    } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
        is_input_ended = true; /* it would be ready for ever, and keep the loop awake */
    }
}

enum vd_status vd_console_read(char *c)
{
    if (input_len == 0 && !is_input_ended) {
        fill_input();
    }
    if (input_len == 0) {
        return VD_AGAIN;
    }
    *c = input[input_first++];
    input_len--;
    return VD_OK;
}

void vd_posix_console_wait(struct vd_posix_wait *wait)
{
    if (input_len > 0) {
        wait->until_ms = 0;
    } else if (!is_input_ended) {
        vd_posix_wait_add(wait, STDIN_FILENO, POLLIN, NULL);
    }
}
