/*
 * The configuration: kinds of values that several keys have.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"

#include <string.h>

bool vd_config_plain(struct vd_config_reader *reader, const char *value, const char *what,
                     char *out, size_t cap)
{
    size_t len = strlen(value), i;

    for (i = 0; i < len; i++) {
        char c = value[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.')) {
            break;
        }
    }
    if (i < len || len >= cap) {
        struct vd_text_writer *w = vd_config_say_of(reader, value, len);

        vd_text_put(w, "is no ");
        vd_text_put(w, what);
        vd_text_put(w, ": up to ");
        vd_text_put_unsigned(w, cap - 1);
        vd_text_put(w, " letters, digits, \"-\", \"_\" and \".\"");
        vd_config_said(reader, reader->line);
        return false;
    }
    memcpy(out, value, len + 1);
    return true;
}

void vd_config_file(struct vd_config_reader *reader, const char *value, char *out, uint16_t *line)
{
    *line = (uint16_t)reader->line;
    if (strchr(value, '/') != NULL || strchr(value, '\\') != NULL || value[0] == '.') {
        vd_config_object_to(reader, value,
                            "is no plain file name: the file lies beside the configuration");
        return;
    }
    vd_config_plain(reader, value, "file name", out, VD_FILE_NAME_MAX);
}

/* "90s", "15m", "1h", "7d".  0: not one, or over seven days. */
static uint32_t duration_ms(const char *value)
{
    static const struct {
        char unit;
        uint32_t ms;
    } units[] = {{'s', VD_SECOND_MS}, {'m', VD_MINUTE_MS}, {'h', VD_HOUR_MS}, {'d', VD_DAY_MS}};
    const uint32_t most_ms = 7u * VD_DAY_MS;
    uint32_t number = 0;
    size_t at, i;

    for (at = 0; value[at] >= '0' && value[at] <= '9'; at++) {
        number = number * 10u + (uint32_t)(value[at] - '0');
        if (number > most_ms / VD_SECOND_MS) {
            return 0;
        }
    }
    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (at > 0 && value[at] == units[i].unit && value[at + 1] == '\0' &&
            number <= most_ms / units[i].ms) {
            return number * units[i].ms;
        }
    }
    return 0;
}

void vd_config_duration(struct vd_config_reader *reader, const char *value, uint32_t most_days,
                        uint32_t *out)
{
    uint32_t ms = duration_ms(value);
    struct vd_text_writer *w;

    if (ms >= VD_SECOND_MS && ms <= most_days * VD_DAY_MS) {
        *out = ms;
        return;
    }
    w = vd_config_say_of(reader, value, strlen(value));
    vd_text_put(w, "is no time from 1s to ");
    vd_text_put_unsigned(w, most_days);
    vd_text_put(w, "d: write a number and its unit, as 30s, 15m, 1h or 1d");
    vd_config_said(reader, reader->line);
}

size_t vd_config_digits(struct vd_config_span *from, size_t most_digits, unsigned *out)
{
    size_t at = 0;

    *out = 0;
    while (at < from->len && at < most_digits && from->text[at] >= '0' && from->text[at] <= '9') {
        *out = *out * 10u + (unsigned)(from->text[at] - '0');
        at++;
    }
    from->text += at;
    from->len -= at;
    return at;
}

void vd_config_number(struct vd_config_reader *reader, const char *value, uint32_t least,
                      uint32_t most, uint32_t *out)
{
    struct vd_text_writer *w;
    uint64_t number = 0;
    size_t at;

    for (at = 0; at < 10 && value[at] >= '0' && value[at] <= '9'; at++) {
        number = number * 10u + (uint64_t)(value[at] - '0');
    }
    if (at > 0 && value[at] == '\0' && number >= least && number <= most) {
        *out = (uint32_t)number;
        return;
    }
    w = vd_config_say_of(reader, value, strlen(value));
    vd_text_put(w, "is no number from ");
    vd_text_put_unsigned(w, least);
    vd_text_put(w, " to ");
    vd_text_put_unsigned(w, most);
    vd_config_said(reader, reader->line);
}

void vd_config_octet(struct vd_config_reader *reader, const char *value, uint8_t least,
                     uint8_t most, uint8_t *out)
{
    uint32_t number = *out;

    vd_config_number(reader, value, least, most, &number);
    *out = (uint8_t)number;
}

void vd_config_yes(struct vd_config_reader *reader, const char *value, bool *out)
{
    bool is_yes = strcmp(value, "yes") == 0;

    if (is_yes || strcmp(value, "no") == 0) {
        *out = is_yes;
    } else {
        vd_config_object_to(reader, value, "is neither yes nor no");
    }
}
