/*
 * The owner of a TLS stream, as the tests use it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit-posix/tls_client.h"

#include "port/mbedtls/arena.h"
#include "port/port.h"
#include "port/port_entropy.h"

#include <dirent.h>
#include <sys/random.h>
#include <time.h>

const char *const only_12[] = {"-tls1_2", "-rev", NULL};
const char *const only_13[] = {"-tls1_3", "-rev", NULL};
const char *const both[] = {"-rev", NULL};
const char *const *const versions[3] = {only_12, only_13, both};

const struct vd_stream_port *port;
struct vd_stream_target target;
uint8_t anchors[4096];
int64_t date;
enum vd_calendar calendar;
static size_t arena_before;
static size_t fds_before;

/* The real monotonic clock, and a calendar that fits the certificates. */
uint64_t vd_clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

enum vd_calendar vd_clock_calendar(int64_t *unix_s)
{
    *unix_s = date;
    return calendar;
}

/* ---- tools ------------------------------------------------------------------------------- */

static size_t count_fds(void)
{
    size_t count = 0;

    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count;
}

void turn(void)
{
    vd_port_turn();
    peer_sleep_ms(1);
}

/* Nothing open, no destination known, a good date. */
int set_up(void **state)
{
    (void)state;
    date = DATE_OK;
    calendar = VD_CALENDAR_SYNCED;
    arena_before = vd_tls_arena_used();
    fds_before = count_fds();
    return 0;
}

void settle_closing(void)
{
    for (unsigned i = 0; vd_posix_stream_closing() > 0 && i < 3 * VD_TLS_LINGER_MS; i++) {
        turn();
    }
    assert_int_equal(vd_posix_stream_closing(), 0);
}

/* Whatever happened, nothing of it is left: no memory, no descriptor. */
int tear_down(void **state)
{
    for (unsigned i = 0; i < port->streams_max; i++) {
        port->close(port->ctx, (int)i);
    }
    (void)peer_tidy(state);
    settle_closing();
    vd_posix_stream_forget();
    assert_int_equal(vd_tls_arena_used(), arena_before);
    assert_int_equal(count_fds(), fds_before);
    return 0;
}

void aim(const struct vd_endpoint *at, const char *root, const char *host)
{
    size_t len;
    const uint8_t *file = peer_file(root, &len);

    assert_true(len <= sizeof(anchors));
    memcpy(anchors, file, len);
    memset(&target, 0, sizeof(target));
    target.at = *at;
    target.host = host;
    target.ca = anchors;
    target.ca_len = len;
}

/* The key of that certificate, and nothing else, is proof. */
void aim_pin(const struct vd_endpoint *at, const char *name)
{
    size_t len;
    const uint8_t *file = peer_file(name, &len);

    assert_int_equal(len, 32 + 1);
    memcpy(anchors, file, 32);
    memset(&target, 0, sizeof(target));
    target.at = *at;
    target.pin = anchors;
}

enum vd_status settle(int stream)
{
    enum vd_status status = VD_AGAIN;

    for (unsigned i = 0; status == VD_AGAIN && i < 3000; i++) {
        turn();
        status = port->state(port->ctx, stream);
    }
    return status;
}

int open_stream(void)
{
    int stream = -1;

    enum vd_status status = port->open(port->ctx, &target, &stream);
    if (status != VD_OK) {
        fail_msg("open: %s", port->why(port->ctx, -1));
    }
    return stream;
}

int open_up(void)
{
    int stream = open_stream();

    if (settle(stream) != VD_OK) {
        fail_msg("no handshake: %s", port->why(port->ctx, stream));
    }
    assert_string_equal(port->why(port->ctx, stream), "");
    return stream;
}

void send_all(int stream, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    for (unsigned i = 0; len > 0 && i < 3000; i++) {
        size_t n = 0;
        enum vd_status status = port->write(port->ctx, stream, at, len, &n);
        assert_true(status == VD_OK || status == VD_AGAIN);
        at += status == VD_OK ? n : 0;
        len -= status == VD_OK ? n : 0;
        turn();
    }
    assert_int_equal(len, 0);
}

/* Until len bytes are there, or something else came.  How many. */
size_t read_some(int stream, uint8_t *buf, size_t len, enum vd_status *end)
{
    size_t have = 0;

    *end = VD_AGAIN;
    for (unsigned i = 0; have < len && i < 3000; i++) {
        size_t n = 0;
        *end = port->read(port->ctx, stream, buf + have, len - have, &n);
        if (*end == VD_OK) {
            assert_true(n > 0);
            have += n;
        } else if (*end != VD_AGAIN) {
            break;
        } else {
            turn();
        }
    }
    return have;
}

void wait_acked(int stream)
{
    for (unsigned i = 0; port->unacked(port->ctx, stream) > 0 && i < 1000; i++) {
        turn();
    }
    assert_int_equal(port->unacked(port->ctx, stream), 0);
}

/* The server sends each line back, reversed. */
void exchange(int stream)
{
    uint8_t buf[6];
    enum vd_status end;

    send_all(stream, "hello\n", 6);
    assert_int_equal(read_some(stream, buf, 6, &end), 6);
    assert_memory_equal(buf, "olleh\n", 6);
    wait_acked(stream);
}

int start_tls(void)
{
    uint8_t seed[VD_SEED_LEN];

    if (getrandom(seed, sizeof(seed), 0) != (ssize_t)sizeof(seed) ||
        vd_entropy_seed(seed, sizeof(seed)) != VD_OK) {
        return -1;
    }
    vd_tls_arena_start();
    port = vd_posix_stream_port();
    return 0;
}
