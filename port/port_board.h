/*
 * What a board gives.  boards/<name>/ implements these functions; nothing has a default:
 * a board without a clock, a seed or a NIC does not link.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_BOARD_H
#define VD_PORT_BOARD_H

#include "port/port_nic.h"
#include "port/port_status.h"

#include <stdbool.h>
#include <stdint.h>

/* Name for the version line ("mps2-an385"). */
extern const char vd_board_name[];

/* Clocks, console, tick.  First call after start-up. */
void vd_board_start(void);

/* The board's Ethernet chip. */
const struct vd_nic *vd_board_nic(void);

/* Milliseconds since vd_board_start.  Safe against the tick interrupt. */
uint64_t vd_board_ms(void);

/* The real-time clock, in seconds since 1970.  false: this board has none, or it is not set. */
bool vd_board_rtc(int64_t *unix_s);

/*
 * A seed for this boot, VD_SEED_LEN bytes of full entropy that no other boot gets: from a
 * TRNG, or handed over beside the image and destroyed as it is read.
 *
 * VD_OK          out is filled.
 * VD_ENOENTROPY  none there, or it could not be destroyed (a later boot might get it again).
 */
enum vd_status vd_board_seed(uint8_t *out, size_t len);

/* One character to and from the console UART. */
void vd_board_putc(char c);
bool vd_board_getc(char *c);

/* Sleep until an interrupt; the tick ends it within 1 ms. */
void vd_board_wait(void);

/* End: the emulator exits with code; a device restarts. */
void vd_board_exit(int code) __attribute__((noreturn));

#endif
