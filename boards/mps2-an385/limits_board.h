/*
 * Knobs of the comfortable board: 4 MiB of RAM.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LIMITS_BOARD_H
#define VD_LIMITS_BOARD_H

/* A look asks all that it knows of at once: 15 to 30 questions for most domains.  The LAN9118 holds
   10 KiB of answers until they are taken; what does not fit is asked again. */
#define VD_FLIGHTS_MAX     32
#define VD_TCP_MESSAGE_MAX 16384
#define VD_LINKS_MAX       2

/* Some services' SPF records hold a kilobyte each. */
#define VD_SURVEY_BYTES_MAX 32768

/* A channel and both DNS connections at once; a destination for each resolver and each channel. */
#define VD_TLS_SLOTS        3
#define VD_TLS_DESTINATIONS 6
#define VD_TLS_ARENA_BYTES  131072

#endif
