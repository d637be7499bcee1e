/*
 * Shorter waits for the fault matrix: a fault that takes minutes in the field shows in seconds.
 *
 * Included before all else (-include).  What is judged, counted and told is not touched; the bound
 * of a TCP message is that of a small board.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FAULTS_WAITS_H
#define VD_FAULTS_WAITS_H

#define VD_TRY_TIMEOUT_MS      300
#define VD_TRY_TIMEOUT_MIN_MS  200
#define VD_QUESTION_MAX_MS     4000
#define VD_LINK_RETRY_FIRST_MS 100
#define VD_LINK_RETRY_MAX_MS   500

#include "limits_board.h"

#undef VD_TCP_MESSAGE_MAX
#define VD_TCP_MESSAGE_MAX 8192

#define VD_PATH_CHECK_MS 4000

#endif
