/*
 * What is left of port/posix: start, sleep, clocks, console, files, name servers, identity.
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

#include "firmware/limits.h"
#include "firmware/version.h"
#include "port/port.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"
#include "port/port_files.h"
#include "port/posix/posix.h"
#include "tests/unit-posix/peer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/vedette-XXXXXX";
static int keyboard; /* the writing end of our standard input */
static struct vd_port the_port;

static void put_file(const char *name, const void *bytes, size_t len)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* ---- clocks ------------------------------------------------------------------------------ */

static void test_clock_counts_milliseconds_from_the_start(void **state)
{
    uint64_t start_ms = vd_clock_ms();

    (void)state;
    assert_true(start_ms < 60000);
    peer_sleep_ms(30);
    uint64_t passed_ms = vd_clock_ms() - start_ms;
    assert_true(passed_ms >= 30 && passed_ms < 2000);
}

static void test_calendar_of_the_machine_counts_as_synced(void **state)
{
    int64_t now = 0;

    (void)state;
    assert_true(time(NULL) >= vd_build_epoch);
    assert_int_equal(vd_clock_calendar(&now), VD_CALENDAR_SYNCED);
    assert_true(now >= vd_build_epoch && llabs(now - (int64_t)time(NULL)) <= 1);
}

/* ---- files ------------------------------------------------------------------------------- */

static void test_file_is_read_whole_or_not_at_all(void **state)
{
    uint8_t buf[16];
    size_t len = 0;

    (void)state;
    put_file("a.ini", "0123456789", 10);
    put_file("empty", "", 0);
    assert_int_equal(vd_files_read("a.ini", buf, sizeof(buf), &len), VD_OK);
    assert_int_equal(len, 10);
    assert_memory_equal(buf, "0123456789", 10);
    assert_int_equal(vd_files_read("a.ini", buf, 10, &len), VD_OK);
    assert_int_equal(vd_files_read("a.ini", buf, 9, &len), VD_EFULL);
    assert_int_equal(len, 10);
    assert_int_equal(vd_files_read("empty", buf, sizeof(buf), &len), VD_OK);
    assert_int_equal(len, 0);
}

static void test_names_that_leave_the_folder_are_refused(void **state)
{
    static const char *const names[] = {"", "/etc/passwd", "../a.ini", "sub/a.ini", ".", ".."};
    uint8_t buf[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(vd_files_read(names[i], buf, sizeof(buf), &len), VD_EINVAL);
    }
    assert_int_equal(vd_files_read("missing", buf, sizeof(buf), &len), VD_ENOTFOUND);
}

static void test_what_is_no_plain_file_is_refused_and_blocks_nobody(void **state)
{
    char path[128];
    uint8_t buf[16];
    size_t len;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/pipe", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(vd_files_read("pipe", buf, sizeof(buf), &len), VD_EIO);
    (void)snprintf(path, sizeof(path), "%s/sub", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(vd_files_read("sub", buf, sizeof(buf), &len), VD_EIO);
    assert_int_equal(setenv("VEDETTE_DIR", "/nonexistent", 1), 0);
    assert_int_equal(vd_files_read("a.ini", buf, sizeof(buf), &len), VD_ENOTFOUND);
    assert_int_equal(setenv("VEDETTE_DIR", folder, 1), 0);
}

/* ---- name servers ------------------------------------------------------------------------ */

static void test_name_servers_are_read_in_order_and_once(void **state)
{
    static const char text[] = "# nameserver 192.0.2.9\n"
                               "search example.net\n"
                               "nameserver 192.0.2.1\n"
                               "nameserver\t2001:db8::1  \n"
                               "nameserver 192.0.2.1\n"
                               "nameserver fe80::1%eth0\n"
                               "nameserver not-an-address\n"
                               "nameserver\n"
                               "nameservers 192.0.2.8\n"
                               "options edns0\n"
                               "  nameserver 127.0.0.53";
    static const char *const expected[] = {"192.0.2.1:53", "[2001:db8::1]:53", "127.0.0.53:53"};
    struct vd_endpoint at[4];
    char words[VD_ENDPOINT_TEXT_MAX];
    char path[128];

    (void)state;
    put_file("resolv.conf", text, sizeof(text) - 1);
    (void)snprintf(path, sizeof(path), "%s/resolv.conf", folder);
    assert_int_equal(vd_posix_dns_servers_of(path, at, 4), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(vd_endpoint_text(&at[i], true, words), expected[i]);
    }
    assert_int_equal(vd_posix_dns_servers_of(path, at, 2), 2);
    assert_int_equal(vd_posix_dns_servers_of(path, at, 0), 0);
    assert_int_equal(vd_posix_dns_servers_of("/nonexistent", at, 4), 0);
    assert_true(vd_port_dns_servers(at, 4) <= 4);
}

static void test_endless_or_binary_resolv_conf_is_bounded(void **state)
{
    static char noise[100000];
    struct vd_endpoint at[4];
    char path[128];

    (void)state;
    memset(noise, 'x', sizeof(noise));
    put_file("noise", noise, sizeof(noise));
    (void)snprintf(path, sizeof(path), "%s/noise", folder);
    assert_int_equal(vd_posix_dns_servers_of(path, at, 4), 0);
    assert_int_equal(vd_posix_dns_servers_of("/dev/zero", at, 4), 0);
}

/* ---- identity ---------------------------------------------------------------------------- */

static void test_device_id_is_twelve_hex_digits_and_stays(void **state)
{
    char again[13];

    (void)state;
    const char *id = vd_port_device_id();
    assert_int_equal(strlen(id), 12);
    assert_int_equal(strspn(id, "0123456789abcdef"), 12);
    vd_posix_find_device_id(again);
    assert_string_equal(id, again);
}

/* ---- console and sleep ------------------------------------------------------------------- */

static void test_console_gives_what_was_typed_and_then_nothing(void **state)
{
    char c = '\0';

    (void)state;
    assert_int_equal(vd_console_read(&c), VD_AGAIN);
    assert_int_equal(write(keyboard, "hi", 2), 2);
    assert_int_equal(vd_console_read(&c), VD_OK);
    assert_int_equal(c, 'h');
    /* The second one waits already: no sleep. */
    uint64_t start_ms = vd_clock_ms();
    vd_port_idle(start_ms + 900);
    assert_true(vd_clock_ms() - start_ms < 400);
    assert_int_equal(vd_console_read(&c), VD_OK);
    assert_int_equal(c, 'i');
    assert_int_equal(vd_console_read(&c), VD_AGAIN);
}

/* Sleep until something comes; how long it was.  The bounds allow for a busy machine. */
static uint64_t sleep_for(unsigned ms)
{
    uint64_t start_ms = vd_clock_ms();

    vd_port_idle(start_ms + ms);
    return vd_clock_ms() - start_ms;
}

static void test_idle_sleeps_until_the_time_and_no_longer_than_a_second(void **state)
{
    (void)state;
    uint64_t slept_ms = sleep_for(50);
    assert_true(slept_ms >= 49 && slept_ms < 900);
    slept_ms = sleep_for(60000);
    assert_true(slept_ms >= 900 && slept_ms < 5000);
    vd_port_idle(0);
}

static void test_idle_ends_when_something_comes(void **state)
{
    struct vd_endpoint at;
    struct vd_endpoint tcp_at;
    struct vd_datagram_in in;
    struct sockaddr_storage address;
    socklen_t len;
    unsigned socket;
    int stream;
    char c;

    (void)state;
    assert_int_equal(write(keyboard, "x", 1), 1);
    assert_true(sleep_for(900) < 400);
    assert_int_equal(vd_console_read(&c), VD_OK);

    int peer = peer_bind(VD_FAMILY_IP4, SOCK_DGRAM, &at);
    uint16_t local = 40400;
    while (the_port.datagram->open(NULL, local, &at, &socket) == VD_AGAIN) {
        local++;
    }
    const struct vd_endpoint client = peer_loopback(VD_FAMILY_IP4, local);
    assert_int_equal(vd_posix_sockaddr(&client, &address, &len), VD_OK);
    assert_int_equal(sendto(peer, "x", 1, 0, (struct sockaddr *)&address, len), 1);
    assert_true(sleep_for(900) < 400);
    assert_int_equal(the_port.datagram->receive(NULL, &in), VD_OK);
    the_port.datagram->close(NULL, socket);

    int listener = peer_listen(VD_FAMILY_IP4, &tcp_at);
    assert_int_equal(the_port.tcp->open(NULL, &tcp_at, &stream), VD_OK);
    assert_true(sleep_for(900) < 400); /* it is up */
    assert_int_equal(the_port.tcp->state(NULL, stream), VD_OK);
    assert_int_equal(send(peer_accept(listener), "x", 1, 0), 1);
    assert_true(sleep_for(900) < 400);
    /* Told once: an owner that does not want it yet does not keep the loop awake. */
    assert_true(sleep_for(50) >= 49);
    the_port.tcp->close(NULL, stream);
    (void)peer_tidy(NULL);
}

static void test_end_of_standard_input_does_not_keep_the_loop_awake(void **state)
{
    char c;

    (void)state;
    assert_int_equal(close(keyboard), 0);
    peer_sleep_ms(2);
    assert_int_equal(vd_console_read(&c), VD_AGAIN);
    assert_true(sleep_for(50) >= 49);
}

/* ---- a console that nobody reads --------------------------------------------------------- */

#define NOTICE "console: %lu bytes were not read in time: lost\n"

/* Standard output into a pipe that holds 32 KiB.  Its reading end, which does not block. */
static int catch_output(int *stdout_was)
{
    int fds[2];

    (void)fflush(stdout);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_true(fcntl(fds[1], F_SETPIPE_SZ, 32768) >= 32768);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    *stdout_was = dup(STDOUT_FILENO);
    assert_int_equal(dup2(fds[1], STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(close(fds[1]), 0);
    return fds[0];
}

/* What is in the pipe now, as text. */
static size_t drain(int reader, char *out, size_t cap)
{
    size_t len = 0;
    ssize_t n;

    while (len + 1 < cap && (n = read(reader, out + len, cap - 1 - len)) > 0) {
        len += (size_t)n;
    }
    out[len] = '\0';
    return len;
}

static void test_console_that_nobody_reads_loses_text_and_says_so_later(void **state)
{
    static char seen[3 * 65536];
    static char text[65536];
    unsigned long lost = 0;
    int stdout_was;

    (void)state;
    memset(text, 'x', sizeof(text));
    int reader = catch_output(&stdout_was);
    uint64_t start_ms = vd_clock_ms();
    vd_console_write(text, sizeof(text)); /* waits once, shortly */
    for (unsigned i = 0; i < 200; i++) {
        vd_console_line("in vain %03u", i);
    }
    uint64_t took_ms = vd_clock_ms() - start_ms;
    size_t early = drain(reader, seen, sizeof(seen));
    vd_console_line("read again");
    (void)drain(reader, seen, sizeof(seen));
    vd_console_line("and no word of it twice");
    size_t len = strlen(seen);
    (void)drain(reader, seen + len, sizeof(seen) - len);
    assert_int_equal(dup2(stdout_was, STDOUT_FILENO), STDOUT_FILENO);
    (void)close(stdout_was);
    (void)close(reader);

    assert_true(took_ms < 900); /* by far less than 200 waits */
    assert_true(early >= 4096 && early < sizeof(text));
    assert_int_equal(sscanf(seen, "\n" NOTICE, &lost), 1);
    assert_int_equal(lost, sizeof(text) - early + 200 * strlen("in vain 000\n"));
    assert_non_null(strstr(seen, "lost\nread again\nand no word of it twice\n"));
}

static void test_console_whose_reader_is_gone_costs_no_time(void **state)
{
    int stdout_was;

    (void)state;
    int reader = catch_output(&stdout_was);
    (void)close(reader);
    uint64_t start_ms = vd_clock_ms();
    for (unsigned i = 0; i < 200; i++) {
        vd_console_line("nobody hears %u", i);
    }
    uint64_t took_ms = vd_clock_ms() - start_ms;
    assert_int_equal(dup2(stdout_was, STDOUT_FILENO), STDOUT_FILENO);
    (void)close(stdout_was);
    assert_true(took_ms < 900);
}

/* ---- started without standard descriptors ------------------------------------------------ */

static bool is_dev_null(int fd)
{
    struct stat is;

    return fstat(fd, &is) == 0 && S_ISCHR(is.st_mode) && is.st_rdev == makedev(1, 3);
}

/* In a process of its own; how that ended. */
static int start_without_standard_fds(bool has_room)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    const struct vd_endpoint at = peer_nobody(VD_FAMILY_IP4, SOCK_DGRAM);
    struct vd_port other;
    unsigned socket;
    int end;

    pid_t child = fork();
    if (child == 0) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
            (void)close(fd);
        }
        if (!has_room && setrlimit(RLIMIT_NOFILE, &none) != 0) {
            _exit(100);
        }
        enum vd_status status = vd_port_start(&other);
        if (status != VD_OK) {
            _exit(-status);
        }
        while (other.datagram->open(NULL, 40500, &at, &socket) == VD_AGAIN) {
            peer_sleep_ms(10);
        }
        _exit(is_dev_null(STDIN_FILENO) && is_dev_null(STDOUT_FILENO) && is_dev_null(STDERR_FILENO)
                  ? 0
                  : 101);
    }
    assert_int_equal(waitpid(child, &end, 0), child);
    return WIFEXITED(end) ? WEXITSTATUS(end) : -1;
}

static void test_closed_standard_descriptors_never_become_sockets(void **state)
{
    (void)state;
    assert_int_equal(start_without_standard_fds(true), 0);
    assert_int_equal(start_without_standard_fds(false), -VD_EIO);
}

static int start(void **state)
{
    int fds[2];

    (void)state;
    if (mkdtemp(folder) == NULL || setenv("VEDETTE_DIR", folder, 1) != 0 ||
        pipe2(fds, O_CLOEXEC) != 0 || dup2(fds[0], STDIN_FILENO) != STDIN_FILENO) {
        return -1;
    }
    keyboard = fds[1];
    (void)close(fds[0]);
    return vd_port_start(&the_port) == VD_OK ? 0 : -1;
}

static int finish(void **state)
{
    char command[64];

    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    (void)peer_tidy(state);
    return system(command);
}

static void test_start_gives_all_contracts_and_random_numbers(void **state)
{
    uint8_t random[8] = {0};
    size_t peak;
    size_t size;

    (void)state;
    assert_non_null(the_port.datagram);
    assert_non_null(the_port.tcp);
    assert_non_null(the_port.stream);
    assert_int_equal(vd_entropy_random(random, sizeof(random)), VD_OK);
    vd_port_tls_arena(&peak, &size);
    assert_int_equal(size, VD_TLS_ARENA_BYTES);
    assert_true(peak <= size);
    assert_int_equal(vd_port_is_online(), vd_posix_has_address());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_gives_all_contracts_and_random_numbers),
        cmocka_unit_test(test_clock_counts_milliseconds_from_the_start),
        cmocka_unit_test(test_calendar_of_the_machine_counts_as_synced),
        cmocka_unit_test(test_file_is_read_whole_or_not_at_all),
        cmocka_unit_test(test_names_that_leave_the_folder_are_refused),
        cmocka_unit_test(test_what_is_no_plain_file_is_refused_and_blocks_nobody),
        cmocka_unit_test(test_name_servers_are_read_in_order_and_once),
        cmocka_unit_test(test_endless_or_binary_resolv_conf_is_bounded),
        cmocka_unit_test(test_device_id_is_twelve_hex_digits_and_stays),
        cmocka_unit_test(test_console_gives_what_was_typed_and_then_nothing),
        cmocka_unit_test(test_idle_sleeps_until_the_time_and_no_longer_than_a_second),
        cmocka_unit_test(test_idle_ends_when_something_comes),
        cmocka_unit_test(test_console_that_nobody_reads_loses_text_and_says_so_later),
        cmocka_unit_test(test_console_whose_reader_is_gone_costs_no_time),
        cmocka_unit_test(test_closed_standard_descriptors_never_become_sockets),
        cmocka_unit_test(test_end_of_standard_input_does_not_keep_the_loop_awake),
    };

    return cmocka_run_group_tests_name("posix host", tests, start, finish);
}
