/*
 * Knobs of the comfortable board: 4 MiB of RAM.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LIMITS_BOARD_H
#define VD_LIMITS_BOARD_H

#define VD_FLIGHTS_MAX 16
#define VD_TLS_SLOTS   2

#endif
