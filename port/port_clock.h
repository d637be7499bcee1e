/*
 * The two clocks of the agent.
 *
 * Inside, everything is counted in monotonic milliseconds.  The calendar is used
 * for two things only: to check certificates and to date events.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_CLOCK_H
#define VD_PORT_CLOCK_H

#include <stdint.h>

/* How far the calendar can be trusted. */
enum vd_calendar {
    VD_CALENDAR_UNSET = 0, /* no source has answered: only the build date is a floor */
    VD_CALENDAR_RTC,       /* the board's own clock */
    VD_CALENDAR_SYNCED     /* set from the network since start */
};

/* Milliseconds since start.  Monotonic, 64 bits, never wraps in practice. */
uint64_t vd_clock_ms(void);

/*
 * The calendar, in seconds since 1970-01-01 UTC.
 *
 * unix_s   filled always: with VD_CALENDAR_UNSET it is the build date (a floor).
 *
 * Returns how the value is known.
 */
enum vd_calendar vd_clock_calendar(int64_t *unix_s);

#endif
