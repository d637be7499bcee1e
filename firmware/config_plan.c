/*
 * The configuration: changes that are expected (plan=, accept=), and hours in which alerts wait.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/judge/facets.h"
#include "firmware/nearest.h"

#include <string.h>

/* ---- facets ------------------------------------------------------------------------------ */

/* The levels of a facet, as vd_facet_word has them; "": it has none. */
static const char *levels_of(uint8_t facet)
{
    switch (facet) {
    case VD_FACET_DMARC_POLICY:
    case VD_FACET_DMARC_SP:
        return "none quarantine reject";
    case VD_FACET_DMARC_ALIGNMENT:
        return "relaxed strict strict-dkim strict-spf";
    case VD_FACET_SPF_DEFAULT:
        return "pass neutral softfail fail";
    default:
        return "";
    }
}

static void object_to_facet(struct vd_config_reader *reader, unsigned line,
                            const struct vd_config_span *name)
{
    struct vd_text_writer *w = vd_config_say_of(reader, name->text, name->len);
    unsigned edits, fewest = 99;
    const char *best = NULL;
    uint8_t facet;

    for (facet = 0; facet < VD_FACETS_END; facet++) {
        const char *known = vd_facet_str(facet);

        if (known[0] != '\0' && vd_nearest_is_close(name->text, name->len, known, &edits) &&
            edits < fewest) {
            fewest = edits;
            best = known;
        }
    }
    if (name->len > 5 && memcmp(name->text, "dkim.", 5) == 0) {
        vd_text_put(w, "is no facet of this watch: write dkim.SELECTOR.key, .flags or .alias, with "
                       "a selector that is watched");
    } else if (best != NULL && fewest > 0) {
        vd_text_put(w, "is no facet");
        vd_config_suggest(w, best);
    } else {
        vd_text_put(w, "is no facet: write one as dmarc.policy, spf.default, dkim.SELECTOR.key or "
                       "mx.hosts");
    }
    vd_config_said(reader, line);
}

static bool is_one_of(const char *value, const char *words)
{
    struct vd_config_span list = {words, strlen(words)}, word;

    while (vd_config_word(&list, &word)) {
        if (vd_config_is_word(&word, value)) {
            return true;
        }
    }
    return false;
}

/* Could the facet ever say so?  Without levels it says a number, or the one thing that it is
   (vd_attend_put_accept). */
static bool is_said(uint8_t facet, const char *value)
{
    const char *levels = levels_of(facet);

    if (is_one_of(value, "absent broken") || is_one_of(value, levels)) {
        return true;
    }
    if (levels[0] != '\0') {
        return false;
    }
    return (strlen(value) == 8 && strspn(value, "0123456789abcdef") == 8) ||
           (facet == VD_FACET_DKIM_KEY && strcmp(value, "revoked") == 0) ||
           ((facet == VD_FACET_SPF_INCLUDE || facet == VD_FACET_MX_HOSTS) &&
            strchr(value, '.') != NULL);
}

/* A value that the facet never says would be waited for in silence. */
static void check_value(struct vd_config_reader *reader, unsigned line,
                        const struct vd_config_span *name, uint8_t facet, const char *value)
{
    const char *levels = levels_of(facet);
    struct vd_text_writer *w;

    if (is_said(facet, value)) {
        return;
    }
    w = vd_config_say_of(reader, value, strlen(value));
    vd_text_put(w, "is nothing that ");
    vd_text_put_span(w, name->text, name->len);
    vd_text_put(w, " says: there are ");
    vd_text_put(w, levels);
    vd_text_put(w, levels[0] != '\0'
                       ? " absent broken"
                       : "absent, broken and what its alerts say behind \"accept =\"");
    vd_config_said(reader, line);
}

/* "dmarc.policy:none", as it was kept, into its parts: value moves on behind the colon. */
static void complete_facet(struct vd_config_reader *reader, unsigned line, struct vd_watch *watch,
                           uint8_t *facet, uint8_t *index, uint16_t *value)
{
    struct vd_config_span name;

    name.text = watch->text + *value;
    name.len = strcspn(name.text, ":");
    *value = (uint16_t)(*value + name.len + 1);
    if (vd_facet_find(watch, name.text, name.len, facet, index) != VD_OK) {
        object_to_facet(reader, line, &name);
    } else {
        check_value(reader, line, &name, *facet, watch->text + *value);
    }
}

void vd_config_plans_complete(struct vd_config_reader *reader, struct vd_watch *watch)
{
    unsigned i;

    for (i = 0; i < watch->plans_count; i++) {
        struct vd_plan *plan = &watch->plans[i];

        complete_facet(reader, reader->lines.plans[i], watch, &plan->facet, &plan->index,
                       &plan->value);
    }
    for (i = 0; i < watch->accepts_count; i++) {
        struct vd_accept *accept = &watch->accepts[i];

        complete_facet(reader, reader->lines.accepts[i], watch, &accept->facet, &accept->index,
                       &accept->value);
    }
}

/* Selectors are known when the section is complete: until then a facet is kept as it is written,
   with ":" and its value.  Returns where; 0 after a complaint. */
static uint16_t keep_facet(struct vd_config_reader *reader, const struct vd_config_span *name,
                           const struct vd_config_span *value)
{
    char text[VD_SELECTOR_LEN_MAX + 32u + VD_FACET_WORD_MAX];
    struct vd_config_pool pool = vd_config_watch_pool(reader->watch);

    if (name->len + 1 + value->len > sizeof text) {
        vd_text_put(vd_config_say_of(reader, value->text, value->len),
                    "is too long: no facet says so much");
        vd_config_said(reader, reader->line);
        return 0;
    }
    memcpy(text, name->text, name->len);
    text[name->len] = ':';
    memcpy(text + name->len + 1, value->text, value->len);
    return vd_config_keep(reader, &pool, 0, text, name->len + 1 + value->len);
}

static void object_to_number(struct vd_config_reader *reader, const char *key, unsigned most,
                             const char *knob)
{
    struct vd_text_writer *w = vd_config_say(reader);

    vd_text_put(w, "one ");
    vd_text_put(w, key);
    vd_text_put(w, " too many: a watch has ");
    vd_text_put_unsigned(w, most);
    vd_text_put(w, " at most (");
    vd_text_put(w, knob);
    vd_text_put(w, ")");
    vd_config_said(reader, reader->line);
}

void vd_config_read_accept(struct vd_config_reader *reader, const char *value)
{
    struct vd_watch *watch = reader->watch;
    struct vd_config_span list = {value, strlen(value)}, name, rest, more;
    uint16_t kept;

    watch->accepts_count = reader->is_again ? watch->accepts_count : 0;
    vd_config_word(&list, &name);
    rest.text = memchr(name.text, ':', name.len);
    if (rest.text == NULL || rest.text == name.text || rest.text + 1 == name.text + name.len ||
        vd_config_word(&list, &more)) {
        vd_config_object_to(reader, value,
                            "is not a facet, \":\" and its value: write dmarc.policy:none, one a "
                            "line");
        return;
    }
    if (watch->accepts_count == VD_ACCEPTS_MAX) {
        object_to_number(reader, "accept", VD_ACCEPTS_MAX, "VD_ACCEPTS_MAX");
        return;
    }
    rest.text++;
    rest.len = name.len - (size_t)(rest.text - name.text);
    name.len -= rest.len + 1;
    kept = keep_facet(reader, &name, &rest);
    if (kept != 0) {
        reader->lines.accepts[watch->accepts_count] = (uint16_t)reader->line;
        watch->accepts[watch->accepts_count++].value = kept;
    }
}

/* ---- plan= ------------------------------------------------------------------------------- */

static bool take_char(struct vd_config_span *from, const char *set)
{
    if (from->len == 0 || strchr(set, *from->text) == NULL) {
        return false;
    }
    from->text++;
    from->len--;
    return true;
}

/* Exactly two digits. */
static bool take_two(struct vd_config_span *from, unsigned most, unsigned *out)
{
    return vd_config_digits(from, 2, out) == 2 && *out <= most;
}

/* "Z" or "+09:00": minutes east of UTC (RFC 3339, section 4.2). */
static bool take_zone(struct vd_config_span *from, int *minutes)
{
    unsigned hour, minute;
    bool is_west;

    *minutes = 0;
    if (take_char(from, "Zz")) {
        return true;
    }
    is_west = from->len > 0 && *from->text == '-';
    if (!take_char(from, "+-") || !take_two(from, 14, &hour) || !take_char(from, ":") ||
        !take_two(from, 59, &minute)) {
        return false;
    }
    *minutes = (int)(hour * 60u + minute) * (is_west ? -1 : 1);
    return true;
}

static unsigned days_of(unsigned year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && is_leap ? 1u : 0u);
}

static bool take_date(struct vd_config_span *from, int64_t *days)
{
    unsigned year, month, day, i;

    if (vd_config_digits(from, 4, &year) != 4 || year < 1970 || !take_char(from, "-") ||
        !take_two(from, 12, &month) || month == 0 || !take_char(from, "-") ||
        !take_two(from, 31, &day) || day == 0 || day > days_of(year, month)) {
        return false;
    }
    *days = (int64_t)day - 1;
    for (i = 1970; i < year; i++) {
        *days += 337 + days_of(i, 2);
    }
    for (i = 1; i < month; i++) {
        *days += days_of(year, i);
    }
    return true;
}

/* All of the span as RFC 3339, section 5.6, has it; seconds may be left out. */
static bool read_time(struct vd_config_span at, int64_t *out)
{
    unsigned hour, minute, second = 0;
    int64_t days;
    int zone;

    if (!take_date(&at, &days) || !take_char(&at, "Tt") || !take_two(&at, 23, &hour) ||
        !take_char(&at, ":") || !take_two(&at, 59, &minute) ||
        (take_char(&at, ":") && !take_two(&at, 59, &second)) || !take_zone(&at, &zone) ||
        at.len > 0) {
        return false;
    }
    *out = days * 86400 + (int64_t)(hour * 3600u + minute * 60u + second) - (int64_t)zone * 60;
    return true;
}

/* "FROM..UNTIL"; false after a complaint. */
static bool read_period(struct vd_config_reader *reader, const struct vd_config_span *period,
                        struct vd_plan *plan)
{
    struct vd_config_span from = *period, until;
    const char *fault = NULL;

    for (from.len = 0; from.len + 2 < period->len && memcmp(from.text + from.len, "..", 2) != 0;
         from.len++) {
    }
    if (from.len + 2 >= period->len) {
        fault = "is no time from..until: write 2026-12-01T00:00Z..2026-12-02T00:00Z";
    } else {
        until.text = from.text + from.len + 2;
        until.len = period->len - from.len - 2;
        if (!read_time(from, &plan->from_s) || !read_time(until, &plan->until_s)) {
            fault = "has no such date or time: write each as 2026-12-01T00:00Z or "
                    "2026-12-01T09:00+09:00";
        } else if (plan->until_s <= plan->from_s) {
            fault = "ends before it begins";
        }
    }
    if (fault != NULL) {
        vd_text_put(vd_config_say_of(reader, period->text, period->len), fault);
        vd_config_said(reader, reader->line);
    }
    return fault == NULL;
}

void vd_config_read_plan(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_span list = {value, strlen(value)}, name, what, period, more;
    struct vd_watch *watch = reader->watch;
    struct vd_plan plan = {0};

    watch->plans_count = reader->is_again ? watch->plans_count : 0;
    if (!vd_config_word(&list, &name) || !vd_config_word(&list, &what) ||
        !vd_config_word(&list, &period) || vd_config_word(&list, &more) ||
        memchr(name.text, ':', name.len) != NULL) {
        vd_config_object_to(reader, value,
                            "is no plan: write a facet, its value and the time, as dmarc.policy "
                            "none 2026-12-01T00:00Z..2026-12-02T00:00Z");
        return;
    }
    if (!read_period(reader, &period, &plan)) {
        return;
    }
    if (watch->plans_count == VD_PLANS_MAX) {
        object_to_number(reader, "plan", VD_PLANS_MAX, "VD_PLANS_MAX");
        return;
    }
    plan.value = keep_facet(reader, &name, &what);
    if (plan.value != 0) {
        reader->lines.plans[watch->plans_count] = (uint16_t)reader->line;
        watch->plans[watch->plans_count++] = plan;
    }
}

/* ---- maintenance= ------------------------------------------------------------------------ */

/* "Sun" is 0; 7: none of them. */
static unsigned take_day(struct vd_config_span *from)
{
    static const char names[7][4] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    unsigned day;
    size_t i;

    for (day = 0; day < 7 && from->len >= 3; day++) {
        for (i = 0; i < 3 && (from->text[i] | 0x20) == names[day][i]; i++) {
        }
        if (i == 3) {
            from->text += 3;
            from->len -= 3;
            return day;
        }
    }
    return 7;
}

/* "Sun", "Mon-Fri", "Sat-Mon": a set of bits; 0: none of these. */
static uint8_t read_days(struct vd_config_span word)
{
    unsigned first = take_day(&word), last = first, set;

    if (first < 7 && take_char(&word, "-")) {
        last = take_day(&word);
    }
    if (first == 7 || last == 7 || word.len > 0) {
        return 0;
    }
    for (set = 1u << first; first != last; set |= 1u << first) {
        first = (first + 1) % 7;
    }
    return (uint8_t)set;
}

/* "02:00-04:00"; 24:00 is the end of the day. */
static bool read_hours(struct vd_config_span word, struct vd_window *out)
{
    unsigned hour, minute, end_hour, end_minute;

    if (!take_two(&word, 23, &hour) || !take_char(&word, ":") || !take_two(&word, 59, &minute) ||
        !take_char(&word, "-") || !take_two(&word, 24, &end_hour) || !take_char(&word, ":") ||
        !take_two(&word, end_hour == 24 ? 0 : 59, &end_minute) || word.len > 0) {
        return false;
    }
    out->from_min = (uint16_t)(hour * 60u + minute);
    out->until_min = (uint16_t)(end_hour * 60u + end_minute);
    return out->from_min != out->until_min;
}

static bool read_window(struct vd_config_span list, struct vd_window *out)
{
    struct vd_config_span days, hours, zone, more;
    int minutes;

    if (!vd_config_word(&list, &days) || !vd_config_word(&list, &hours) ||
        !vd_config_word(&list, &zone) || vd_config_word(&list, &more)) {
        return false;
    }
    out->days = read_days(days);
    if (out->days == 0 || !read_hours(hours, out) || !take_zone(&zone, &minutes) || zone.len > 0) {
        return false;
    }
    out->zone_min = (int16_t)minutes;
    return true;
}

void vd_config_read_maintenance(struct vd_config_reader *reader, const char *value)
{
    struct vd_watch *watch = reader->watch;
    const char *at = value;

    watch->windows_count = reader->is_again ? watch->windows_count : 0;
    for (;;) {
        struct vd_config_span part = {at, strcspn(at, ",")};
        struct vd_window window = {0};

        if (!read_window(part, &window)) {
            vd_text_put(vd_config_say_of(reader, part.text, part.len),
                        "is no window: write weekdays, times and the zone, as Sun 02:00-04:00 "
                        "+09:00 or Mon-Fri 22:00-02:00 Z");
            vd_config_said(reader, reader->line);
            return;
        }
        if (watch->windows_count == VD_WINDOWS_MAX) {
            object_to_number(reader, "maintenance window", VD_WINDOWS_MAX, "VD_WINDOWS_MAX");
            return;
        }
        watch->windows[watch->windows_count++] = window;
        at += part.len;
        if (*at == '\0') {
            return;
        }
        at++;
    }
}
