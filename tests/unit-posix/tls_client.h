/*
 * The owner of a TLS stream, as the tests use it, with a calendar that fits the certificates.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TESTS_POSIX_TLS_CLIENT_H
#define VD_TESTS_POSIX_TLS_CLIENT_H

#include "firmware/limits.h"
#include "port/port_clock.h"
#include "port/posix/posix.h"
#include "tests/unit-posix/peer.h"

#define DATE_OK      1780272000 /* 2026-06-01 */
#define DATE_EARLY   1764547200 /* 2025-12-01: before every certificate */
#define DATE_EXPIRED 1793491200 /* 2026-11-01: after the leaves */

/* Arguments of openssl s_server: each line comes back reversed; all versions of TLS, or one. */
extern const char *const only_12[];
extern const char *const only_13[];
extern const char *const both[];
extern const char *const *const versions[3];

extern const struct vd_stream_port *port;
extern struct vd_stream_target target;
extern uint8_t anchors[4096];
extern int64_t date;
extern enum vd_calendar calendar;

/* Before all tests: seed and arena.  Not 0: no random numbers. */
int start_tls(void);

/* Before and after each test: afterwards no memory and no descriptor is left of it. */
int set_up(void **state);
int tear_down(void **state);

#define TLS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Fill target: anchors and a name, or a pin; file names in $VD_CERTS. */
void aim(const struct vd_endpoint *at, const char *root, const char *host);
void aim_pin(const struct vd_endpoint *at, const char *name);

/* One turn of the loop; turns until the handshake is over; until closed streams are gone. */
void turn(void);
enum vd_status settle(int stream);
void settle_closing(void);

int open_stream(void);

/* Also the handshake, which must go well. */
int open_up(void);

void send_all(int stream, const void *bytes, size_t len);

/* Until len bytes are there, or something else came (*end).  How many. */
size_t read_some(int stream, uint8_t *buf, size_t len, enum vd_status *end);

void wait_acked(int stream);

/* A line up, and back again. */
void exchange(int stream);

#endif
