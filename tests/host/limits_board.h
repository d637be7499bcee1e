/*
 * Knobs of the agent as a Linux process, under sanitizers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LIMITS_BOARD_H
#define VD_LIMITS_BOARD_H

#define VD_FLIGHTS_MAX      64
#define VD_SERVERS_MAX      8
#define VD_LINKS_MAX        4
#define VD_TCP_MESSAGE_MAX  65535
#define VD_LINK_OUT_BYTES   4096
#define VD_CACHE_BYTES      65535
#define VD_TLS_SLOTS        4
#define VD_TLS_DESTINATIONS 8
#define VD_TLS_ARENA_BYTES  262144
#define VD_TLS_IN_BYTES     16384
#define VD_TLS_OUT_BYTES    4096
#define VD_STREAM_RX_BYTES  16384

#endif
