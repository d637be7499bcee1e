/*
 * The calendar as text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TIME_TEXT_H
#define VD_TIME_TEXT_H

#include "port/port_status.h"

#include <stdint.h>

/* Room for "2026-11-22T06:00:00Z" and its NUL. */
#define VD_TIME_TEXT_MAX 21u

/*
 * Write seconds since 1970-01-01T00:00:00Z as RFC 3339 text, always in UTC.
 *
 * out        has VD_TIME_TEXT_MAX bytes.
 *
 * VD_OK      "2026-11-22T06:00:00Z".
 * VD_EINVAL  before the year 1 or after 9999: RFC 3339 has no text for it.  out is "".
 */
enum vd_status vd_time_text(int64_t unix_s, char *out);

#endif
