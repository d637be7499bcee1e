/*
 * Knobs of the comfortable board: 4 MiB of RAM.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LIMITS_BOARD_H
#define VD_LIMITS_BOARD_H

#define VD_FLIGHTS_MAX     16
#define VD_TCP_MESSAGE_MAX 16384
#define VD_LINKS_MAX       2

/* A channel and both DNS connections at once; a destination for each resolver and each channel. */
#define VD_TLS_SLOTS        3
#define VD_TLS_DESTINATIONS 6
#define VD_TLS_ARENA_BYTES  131072

#endif
