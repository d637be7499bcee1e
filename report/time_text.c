/*
 * The calendar as text.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/time_text.h"

#define DAY_S      86400
#define YEAR_ONE_S (-62135596800) /* 0001-01-01T00:00:00Z */
#define YEAR_END_S 253402300799   /* 9999-12-31T23:59:59Z */

#define DAYS_OF_4_YEARS   1461u
#define DAYS_OF_100_YEARS 36524u
#define DAYS_OF_400_YEARS 146097u
/* From 0000-03-01 to 1970-01-01: years are counted from March, so that a leap day ends them. */
#define DAYS_TO_1970 719468

struct civil {
    unsigned year, month, day;
};

/* Days since 0000-03-01 in the Gregorian calendar. */
static struct civil civil_from_days(uint32_t days)
{
    uint32_t in_400 = days % DAYS_OF_400_YEARS;
    uint32_t centuries = in_400 / DAYS_OF_100_YEARS;
    uint32_t in_100, years, in_year, month;
    struct civil out;

    if (centuries == 4) {
        centuries = 3; /* the leap day that ends 400 years */
    }
    in_100 = in_400 - centuries * DAYS_OF_100_YEARS;
    years = in_100 % DAYS_OF_4_YEARS / 365u;
    if (years == 4) {
        years = 3; /* the leap day that ends 4 years */
    }
    in_year = in_100 % DAYS_OF_4_YEARS - years * 365u;
    years += days / DAYS_OF_400_YEARS * 400u + centuries * 100u + in_100 / DAYS_OF_4_YEARS * 4u;

    /* From March on, months have 31 30 31 30 31 days, again and again: 153 for five. */
    month = (5u * in_year + 2u) / 153u;
    out.day = in_year - (153u * month + 2u) / 5u + 1u;
    out.month = month < 10u ? month + 3u : month - 9u;
    out.year = out.month <= 2u ? years + 1u : years;
    return out;
}

static char *put_digits(char *out, uint32_t value, unsigned digits)
{
    unsigned i;

    for (i = digits; i > 0; i--) {
        out[i - 1] = (char)('0' + (int)(value % 10u));
        value /= 10u;
    }
    return out + digits;
}

static char *put_part(char *out, uint32_t value, char after)
{
    out = put_digits(out, value, 2);
    *out++ = after;
    return out;
}

enum vd_status vd_time_text(int64_t unix_s, char *out)
{
    uint32_t days, second;
    struct civil date;
    int64_t since;

    out[0] = '\0';
    if (unix_s < YEAR_ONE_S || unix_s > YEAR_END_S) {
        return VD_EINVAL;
    }
    since = unix_s + (int64_t)DAYS_TO_1970 * DAY_S; /* never negative in this range */
    days = (uint32_t)(since / DAY_S);
    second = (uint32_t)(since % DAY_S);
    date = civil_from_days(days);

    out = put_digits(out, date.year, 4);
    *out++ = '-';
    out = put_part(out, date.month, '-');
    out = put_part(out, date.day, 'T');
    out = put_part(out, second / 3600u, ':');
    out = put_part(out, second / 60u % 60u, ':');
    out = put_part(out, second % 60u, 'Z');
    *out = '\0';
    return VD_OK;
}
