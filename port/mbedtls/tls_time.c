/*
 * mbedTLS's clocks, from port/port_clock.h.
 *
 * Without a calendar (VD_CALENDAR_UNSET) the time given is a floor, the build date: a certificate
 * that ended before it is expired for sure.  That one began after it proves nothing; the verify
 * callback of tls_trust.c takes that back.
 *
 * SPDX-License-Identifier: MIT
 */
#include "port/port_clock.h"

#include "mbedtls/platform_time.h"
#include "mbedtls/platform_util.h"

#include <string.h>
#include <time.h>

int64_t vd_tls_time(int64_t *out)
{
    int64_t now = 0;

    (void)vd_clock_calendar(&now);
    if (out != NULL) {
        *out = now;
    }
    return now;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return (mbedtls_ms_time_t)vd_clock_ms();
}

/* Days since 1970-01-01 to year, month, day, in the proleptic Gregorian calendar. */
static void civil_from_days(int64_t days, struct tm *out)
{
    /* Counted from 0000-03-01, so that a leap day is the last day of its year. */
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march < 10 ? month_from_march + 2 : month_from_march - 10;
    int64_t year = era * 400 + year_of_era + (month <= 1 ? 1 : 0);

    out->tm_mday = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    out->tm_mon = (int)month;
    out->tm_year = (int)(year - 1900);
}

struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *tt, struct tm *tm_buf)
{
    int64_t days = *tt / 86400;
    int64_t seconds = *tt % 86400;

    if (seconds < 0) {
        seconds += 86400;
        days--;
    }
    memset(tm_buf, 0, sizeof(*tm_buf));
    civil_from_days(days, tm_buf);
    tm_buf->tm_hour = (int)(seconds / 3600);
    tm_buf->tm_min = (int)(seconds / 60 % 60);
    tm_buf->tm_sec = (int)(seconds % 60);
    return tm_buf;
}
