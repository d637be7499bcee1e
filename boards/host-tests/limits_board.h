/*
 * Knobs of the unit tests' build: the defaults of firmware/limits.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LIMITS_BOARD_H
#define VD_LIMITS_BOARD_H

#endif
