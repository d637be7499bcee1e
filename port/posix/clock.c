/*
 * port_clock.h from the kernel's clocks.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_clock.h"

#include "firmware/version.h"

#include <time.h>

uint64_t vd_clock_ms(void)
{
    static time_t first_s;
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (first_s == 0) {
        first_s = now.tv_sec > 0 ? now.tv_sec : 1;
    }
    int64_t ms = (int64_t)(now.tv_sec - first_s) * 1000 + now.tv_nsec / 1000000;
    return ms > 0 ? (uint64_t)ms : 0;
}

/* Who runs the machine keeps its clock; one that stands before this build was never set. */
enum vd_calendar vd_clock_calendar(int64_t *unix_s)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) == 0 && (int64_t)now.tv_sec >= vd_build_epoch) {
        *unix_s = now.tv_sec;
        return VD_CALENDAR_SYNCED;
    }
    *unix_s = vd_build_epoch;
    return VD_CALENDAR_UNSET;
}
