/*
 * The other side of the tests of port/posix.
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

#include "tests/unit-posix/peer.h"

#include "port/posix/socket.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX  64
#define ARGS_MAX 32

static int fds[FDS_MAX];
static size_t fds_count;
static pid_t child;

static int keep(int fd)
{
    assert_true(fd >= 0);
    assert_true(fds_count < FDS_MAX);
    fds[fds_count++] = fd;
    return fd;
}

int peer_tidy(void **state)
{
    (void)state;
    while (fds_count > 0) {
        (void)close(fds[--fds_count]);
    }
    peer_kill();
    return 0;
}

void peer_kill(void)
{
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    child = 0;
}

void peer_stop(void)
{
    assert_true(child > 0);
    assert_int_equal(kill(child, SIGSTOP), 0);
}

void peer_sleep_ms(unsigned ms)
{
    const struct timespec rest = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)nanosleep(&rest, NULL);
}

struct vd_endpoint peer_loopback(enum vd_family family, uint16_t port)
{
    struct vd_endpoint at = {.family = (uint8_t)family, .port = port};

    if (family == VD_FAMILY_IP6) {
        at.addr[15] = 1;
    } else {
        at.addr[0] = 127;
        at.addr[3] = 1;
    }
    return at;
}

static int bind_loopback(enum vd_family family, int type, struct vd_endpoint *at)
{
    struct vd_endpoint any = peer_loopback(family, 0);
    struct sockaddr_storage address;
    socklen_t len;

    assert_int_equal(vd_posix_sockaddr(&any, &address, &len), VD_OK);
    int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, len) != 0) {
        (void)close(fd);
        fd = -1;
    }
    if (fd >= 0 && at != NULL) {
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
        assert_true(vd_posix_endpoint(&address, at));
    }
    return fd;
}

bool peer_has_ip6(void)
{
    int fd = bind_loopback(VD_FAMILY_IP6, SOCK_DGRAM, NULL);

    if (fd >= 0) {
        (void)close(fd);
    }
    return fd >= 0;
}

int peer_bind(enum vd_family family, int type, struct vd_endpoint *at)
{
    const struct timeval second = {.tv_sec = 1};

    int fd = keep(bind_loopback(family, type, at));
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)), 0);
    return fd;
}

int peer_listen(enum vd_family family, struct vd_endpoint *at)
{
    int fd = peer_bind(family, SOCK_STREAM, at);

    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

int peer_accept(int listener)
{
    const struct timeval second = {.tv_sec = 1};

    int fd = keep(accept(listener, NULL, NULL));
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)), 0);
    return fd;
}

struct vd_endpoint peer_nobody(enum vd_family family, int type)
{
    struct vd_endpoint at;

    int fd = bind_loopback(family, type, &at);
    assert_true(fd >= 0);
    (void)close(fd);
    return at;
}

/* ---- openssl ----------------------------------------------------------------------------- */

static void exec_openssl(const char *cert, const char *const *args, int out)
{
    char chain[64];
    char key[64];
    const char *argv[ARGS_MAX] = {"openssl", "s_server",    "-accept", "127.0.0.1:0", "-cert",
                                  chain,     "-cert_chain", chain,     "-key",        key};
    size_t argc = 10;

    (void)snprintf(chain, sizeof(chain), "%s.pem", cert);
    (void)snprintf(key, sizeof(key), "%s.key", cert);
    while (*args != NULL && argc < ARGS_MAX - 1) {
        argv[argc++] = *args++;
    }
    (void)dup2(open("/dev/null", O_RDWR), STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(STDIN_FILENO, STDERR_FILENO);
    if (chdir(getenv("VD_CERTS")) == 0) {
        (void)execvp("openssl", (char *const *)(uintptr_t)argv);
    }
    _exit(127);
}

/* "ACCEPT 127.0.0.1:40123" */
static uint16_t read_port(int fd)
{
    char line[256];
    size_t len = 0;

    while (len < sizeof(line) - 1 && read(fd, line + len, 1) == 1) {
        if (line[len] != '\n') {
            len++;
            continue;
        }
        line[len] = '\0';
        const char *colon = strrchr(line, ':');
        if (strncmp(line, "ACCEPT", 6) == 0 && colon != NULL) {
            return (uint16_t)strtoul(colon + 1, NULL, 10);
        }
        len = 0;
    }
    return 0;
}

void peer_openssl(const char *cert, const char *const *args, struct vd_endpoint *at)
{
    int pipe_fds[2];

    assert_non_null(getenv("VD_CERTS"));
    assert_int_equal(child, 0);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        exec_openssl(cert, args, pipe_fds[1]);
    }
    (void)close(pipe_fds[1]);
    keep(pipe_fds[0]); /* it writes on: nobody must be gone there */
    uint16_t port = read_port(pipe_fds[0]);
    if (port == 0) {
        fail_msg("openssl s_server did not start");
    }
    *at = peer_loopback(VD_FAMILY_IP4, port);
}

const uint8_t *peer_file(const char *name, size_t *len)
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
