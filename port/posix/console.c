/*
 * port_console.h over standard output and standard input.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_console.h"

#include "port/posix/posix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* How long one piece of output waits for whoever reads it; after that, nothing waits until he does. */
#define OUTPUT_WAIT_MS 100

static size_t lost;         /* bytes that nobody has read in time, and nobody was told of */
static bool is_inside_line; /* the last byte that was written did not end one */
static char input[256];
static size_t input_first;
static size_t input_len;
static bool is_input_ended;

enum vd_status vd_posix_console_start(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            return VD_EIO; /* open gives the lowest number that is free */
        }
    }
    return VD_OK;
}

/* ---- out --------------------------------------------------------------------------------- */

/*
 * Write what is read in time; how much that was.  Standard output is shared with others, and never
 * made non-blocking: it is asked first, and then takes PIPE_BUF bytes without blocking (pipe(7)).
 */
static size_t put(const char *text, size_t len, int wait_ms)
{
    struct pollfd ask = {.fd = STDOUT_FILENO, .events = POLLOUT};
    size_t done = 0;

    while (done < len && poll(&ask, 1, wait_ms) > 0) {
        size_t left = len - done;
        ssize_t n = write(STDOUT_FILENO, text + done, left < PIPE_BUF ? left : PIPE_BUF);
        if (n > 0) {
            done += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            break;
        }
    }
    if (done > 0) {
        is_inside_line = text[done - 1] != '\n';
    }
    return done;
}

/* True once the reader knows of the gap. */
static bool tell_lost(void)
{
    char notice[80];

    int len = snprintf(notice, sizeof(notice), "%sconsole: %lu bytes were not read in time: lost\n",
                       is_inside_line ? "\n" : "", (unsigned long)lost);
    if (put(notice, (size_t)len, 0) != (size_t)len) {
        return false;
    }
    lost = 0;
    return true;
}

/* A reader that is gone, or does not read, loses text: the watch goes on without it. */
void vd_console_write(const char *text, size_t len)
{
    bool is_read = lost == 0 || tell_lost();

    lost += len - (is_read ? put(text, len, OUTPUT_WAIT_MS) : 0);
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

/* ---- in ---------------------------------------------------------------------------------- */

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
