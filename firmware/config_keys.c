/*
 * The configuration: the table of keys, and how each value is read.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/domain.h"
#include "firmware/nearest.h"

#include <string.h>

#define DNS_PORT 53u

#define SECOND_MS 1000u
#define MINUTE_MS (60u * SECOND_MS)
#define HOUR_MS   (60u * MINUTE_MS)
#define DAY_MS    (24u * HOUR_MS)

#define INTERVAL_DEFAULT_MS     (15u * MINUTE_MS)
#define INTERVAL_MAX_MS         (7u * DAY_MS)
#define CONFIRM_WAIT_DEFAULT_MS (5u * MINUTE_MS)
#define CONFIRM_WAIT_MAX_MS     DAY_MS

typedef void (*key_reader)(struct vd_config_reader *reader, const char *value);

static void read_name(struct vd_config_reader *reader, const char *value);
static void read_server(struct vd_config_reader *reader, const char *value);
static void read_interval(struct vd_config_reader *reader, const char *value);
static void read_confirm_wait(struct vd_config_reader *reader, const char *value);

/* The one table: reading, "did you mean" and docs/config.md come from it. */
static const struct {
    struct vd_config_key key;
    key_reader read;
} table[] = {
    {{"device", "name", "up to 63 letters, digits, `-`, `_`, `.`", "the MAC address",
      "What alerts call this device: the HOSTNAME in syslog.", false},
     read_name},
    {{"dns", "server", "IPv4 address, or `address:port`", "",
      "A resolver to ask; port 53 unless given. Repeat the line for each one.", true},
     read_server},
    {{"watch", "dkim", "`all: s1 s2`, `any: s1 s2` or `2 of: s1 s2 s3`", "no selector is watched",
      "A group of DKIM selectors and how many of them must hold a usable key: all, any one, or so "
      "many. Repeat the line for each group.",
      true},
     vd_config_read_dkim},
    {{"watch", "interval", "`1s` to `7d`", "`15m`", "Time between two looks at the domain.", false},
     read_interval},
    {{"watch", "confirm-wait", "`1s` to `1d`", "`5m`",
      "Time between the looks that must agree before an alert opens or closes.", false},
     read_confirm_wait},
    {{"watch", "report", "name of a `[report]` section", "the only one",
      "Where alerts of these domains go.", false},
     vd_config_read_report},
    {{"report", "url", "`syslogs://host` or `syslogs://host:port`", "",
      "The collector: syslog over TLS (RFC 5425), port 6514 unless given. The certificate must "
      "bear this host name. There is no clear-text way to send an alert.",
      false},
     vd_config_read_url},
    {{"report", "ca", "a file name, without a folder", "",
      "PEM file with the CA certificates that the collector's certificate must lead to.", false},
     vd_config_read_ca},
    {{"report", "min", "`critical`, `error`, `warning`, `notice` or `info`", "`notice`",
      "The least severe event that is sent here. The restoration of an alert that was sent is "
      "always sent too.",
      false},
     vd_config_read_min},
};

#define KEYS (sizeof table / sizeof table[0])

_Static_assert(KEYS <= 32, "vd_config_reader.keys_seen has 32 bits");

const struct vd_config_key *vd_config_keys(size_t i)
{
    return i < KEYS ? &table[i].key : NULL;
}

/* ---- small values ------------------------------------------------------------------------ */

static void read_name(struct vd_config_reader *reader, const char *value)
{
    vd_config_plain(reader, value, "name", reader->config->device_name, VD_DEVICE_NAME_MAX);
}

static void read_server(struct vd_config_reader *reader, const char *value)
{
    struct vd_config *config = reader->config;
    struct vd_text_writer *w = vd_config_say_of(reader, value, strlen(value));
    struct vd_endpoint at;
    unsigned i;

    memset(&at, 0, sizeof at);
    reader->has_server = true;
    if (vd_endpoint_parse(value, strlen(value), DNS_PORT, &at) != VD_OK || at.port == 0) {
        vd_text_put(w, "is no address: write 192.0.2.53 or 192.0.2.53:5353");
    } else if (at.family != VD_FAMILY_IP4) {
        vd_text_put(w, "cannot be asked: IPv6 servers are not supported yet");
    } else if (at.addr[0] == 0 || at.addr[0] >= 224) {
        vd_text_put(w, "is not the address of one server");
    } else if (config->servers_count == VD_SERVERS_MAX) {
        vd_text_put(w, "is one server too many: this image asks ");
        vd_text_put_unsigned(w, VD_SERVERS_MAX);
        vd_text_put(w, " at most (VD_SERVERS_MAX)");
    } else {
        for (i = 0; i < config->servers_count; i++) {
            if (vd_endpoint_is_equal(&config->servers[i], &at)) {
                vd_text_put(w, "is listed twice: that adds no second opinion");
                vd_config_said(reader, reader->line);
                return;
            }
        }
        config->servers[config->servers_count++] = at;
        return;
    }
    vd_config_said(reader, reader->line);
}

/* ---- durations --------------------------------------------------------------------------- */

/* "90s", "15m", "1h", "7d".  0: not one, or over seven days. */
static uint32_t duration_ms(const char *value)
{
    static const struct {
        char unit;
        uint32_t ms;
    } units[] = {{'s', SECOND_MS}, {'m', MINUTE_MS}, {'h', HOUR_MS}, {'d', DAY_MS}};
    uint32_t number = 0;
    size_t at, i;

    for (at = 0; value[at] >= '0' && value[at] <= '9'; at++) {
        number = number * 10u + (uint32_t)(value[at] - '0');
        if (number > INTERVAL_MAX_MS / SECOND_MS) {
            return 0;
        }
    }
    for (i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (at > 0 && value[at] == units[i].unit && value[at + 1] == '\0' &&
            number <= INTERVAL_MAX_MS / units[i].ms) {
            return number * units[i].ms;
        }
    }
    return 0;
}

static void read_duration(struct vd_config_reader *reader, const char *value, uint32_t most_ms,
                          const char *range, uint32_t *out)
{
    uint32_t ms = duration_ms(value);

    if (ms >= SECOND_MS && ms <= most_ms) {
        *out = ms;
        return;
    }
    vd_text_put(vd_config_say_of(reader, value, strlen(value)), "is no time from ");
    vd_text_put(&reader->words, range);
    vd_text_put(&reader->words, ": write a number and its unit, as 30s, 15m, 1h or 1d");
    vd_config_said(reader, reader->line);
}

static void read_interval(struct vd_config_reader *reader, const char *value)
{
    read_duration(reader, value, INTERVAL_MAX_MS, "1s to 7d", &reader->watch->interval_ms);
}

static void read_confirm_wait(struct vd_config_reader *reader, const char *value)
{
    read_duration(reader, value, CONFIRM_WAIT_MAX_MS, "1s to 1d", &reader->watch->confirm_wait_ms);
}

/* ---- the whole --------------------------------------------------------------------------- */

void vd_config_watch_complete(struct vd_config_reader *reader, struct vd_watch *watch)
{
    const struct vd_watch *defaults = &reader->defaults;
    unsigned i;

    if (watch->interval_ms == 0) {
        watch->interval_ms =
            defaults->interval_ms == 0 ? INTERVAL_DEFAULT_MS : defaults->interval_ms;
    }
    if (watch->confirm_wait_ms == 0) {
        watch->confirm_wait_ms =
            defaults->confirm_wait_ms == 0 ? CONFIRM_WAIT_DEFAULT_MS : defaults->confirm_wait_ms;
    }
    if (watch->groups_count == 0) {
        memcpy(watch->selectors, defaults->selectors, sizeof watch->selectors);
        memcpy(watch->groups, defaults->groups, sizeof watch->groups);
        watch->selectors_count = defaults->selectors_count;
        watch->groups_count = defaults->groups_count;
    }
    if (watch->channel == VD_CHANNEL_UNSET) {
        watch->channel = defaults->channel == VD_CHANNEL_UNSET ? 0 : defaults->channel;
        if (defaults->channel == VD_CHANNEL_UNSET && reader->config->channels_count > 1) {
            vd_text_put(vd_config_say_of(reader, watch->domain, strlen(watch->domain)),
                        "needs report = NAME: there are several [report] sections");
            vd_config_said(reader, reader->line);
        }
    }
    for (i = 0; i < watch->selectors_count; i++) {
        if (strlen(watch->selectors[i]) + strlen("._domainkey.") + strlen(watch->domain) >=
            VD_DOMAIN_TEXT_MAX) {
            vd_text_put(vd_config_say_of(reader, watch->selectors[i], strlen(watch->selectors[i])),
                        "is too long with its domain: the name of the record would exceed 253 "
                        "characters");
            vd_config_said(reader, reader->line);
        }
    }
}

static bool is_key_of(size_t row, enum vd_config_section section)
{
    static const char *const names[VD_SECTIONS] = {"", "device", "dns", "watch", "watch", "report"};

    return strcmp(table[row].key.section, names[section]) == 0;
}

static void name_key_elsewhere(struct vd_text_writer *w, size_t row)
{
    vd_text_put(w, ": it belongs in [");
    vd_text_put(w, table[row].key.section);
    vd_text_put(w, "]");
}

static void list_keys(struct vd_text_writer *w, enum vd_config_section section)
{
    const char *between = ": there are ";
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, section)) {
            vd_text_put(w, between);
            vd_text_put(w, table[i].key.key);
            between = ", ";
        }
    }
}

/* The known key that an unknown one most likely means: of this section, else of another one. */
static void suggest(struct vd_config_reader *reader, const char *key, struct vd_text_writer *w)
{
    unsigned edits, fewest = 99;
    size_t best = KEYS, i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, reader->section) &&
            vd_nearest_is_close(key, strlen(key), table[i].key.key, &edits) && edits < fewest) {
            fewest = edits;
            best = i;
        }
    }
    if (best < KEYS) {
        vd_text_put(w, ": did you mean ");
        vd_config_quote(w, table[best].key.key, strlen(table[best].key.key));
        vd_text_put(w, "?");
        return;
    }
    for (i = 0; i < KEYS; i++) {
        if (strcmp(key, table[i].key.key) == 0) {
            name_key_elsewhere(w, i);
            return;
        }
    }
    list_keys(w, reader->section);
}

static void object_to_key(struct vd_config_reader *reader, const char *key)
{
    struct vd_text_writer *w = vd_config_say(reader);

    vd_text_put(w, "unknown key ");
    vd_config_quote(w, key, strlen(key));
    vd_text_put(w, " in ");
    vd_config_put_head(reader, w);
    suggest(reader, key, w);
    vd_config_said(reader, reader->line);
}

static void read_row(struct vd_config_reader *reader, size_t row, const char *value)
{
    const struct vd_config_key *key = &table[row].key;
    bool is_again = (reader->keys_seen >> row & 1u) != 0;
    struct vd_text_writer *w;

    reader->keys_seen |= (uint32_t)1 << row;
    if (is_again && !key->is_repeated) {
        w = vd_config_say_of(reader, key->key, strlen(key->key));
        vd_text_put(w, "stands twice in ");
        vd_config_put_head(reader, w);
        vd_config_said(reader, reader->line);
        return;
    }
    if (value[0] == '\0') {
        w = vd_config_say_of(reader, key->key, strlen(key->key));
        vd_text_put(w, "has no value");
        vd_config_said(reader, reader->line);
        return;
    }
    table[row].read(reader, value);
}

void vd_config_key_read(struct vd_config_reader *reader, const char *key, const char *value)
{
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, reader->section) && strcmp(key, table[i].key.key) == 0) {
            read_row(reader, i, value);
            return;
        }
    }
    object_to_key(reader, key);
}

void vd_config_required_check(struct vd_config_reader *reader)
{
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, reader->section) && table[i].key.fallback[0] == '\0' &&
            (reader->keys_seen >> i & 1u) == 0) {
            struct vd_text_writer *w = vd_config_say(reader);

            vd_config_put_head(reader, w);
            vd_text_put(w, " needs ");
            vd_text_put(w, table[i].key.key);
            vd_text_put(w, " = ");
            vd_text_put(w, table[i].key.form);
            vd_config_said(reader, reader->section_line);
        }
    }
}
