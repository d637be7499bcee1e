/*
 * The configuration: the table of keys, and how each value is read.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/nearest.h"

#include <string.h>

#define INTERVAL_DEFAULT_MS     (15u * VD_MINUTE_MS)
#define INTERVAL_MAX_DAYS       7u
#define CONFIRM_WAIT_DEFAULT_MS (5u * VD_MINUTE_MS)
#define CONFIRM_WAIT_MAX_DAYS   1u

typedef void (*key_reader)(struct vd_config_reader *reader, const char *value);

static void read_name(struct vd_config_reader *reader, const char *value);
static void read_interval(struct vd_config_reader *reader, const char *value);
static void read_confirm_wait(struct vd_config_reader *reader, const char *value);

/* Words for docs/config.md: an image goes without. */
#ifdef VD_HOST_TEST
#define DOC(text) text
#else
#define DOC(text) ""
#endif

/* The one table: reading, "did you mean" and docs/config.md come from it. */
static const struct {
    struct vd_config_key key;
    key_reader read;
} table[] = {
    {{"device", "name", "up to 63 letters, digits, `-`, `_`, `.`", "the MAC address",
      DOC("What alerts call this device: the HOSTNAME in syslog."), false},
     read_name},
    {{"dns", "server", "an address, alone or behind `udp://`, `tcp://` or `tls://`",
      "those that the network names",
      DOC("A resolver to ask: see [Resolvers](#resolvers). Repeat the line for each one."), true},
     vd_config_read_server},
    {{"dns", "ca", "a file name, without a folder", "no `tls://` server with a name",
      DOC("PEM file with the CA certificates that the certificates of `tls://ADDRESS#NAME` servers "
          "must lead to."),
      false},
     vd_config_read_dns_ca},
    {{"dns", "authorities", "`yes` or `no`", "`yes`",
      DOC("Whether a change is checked with the name servers of the domain's own zone. They can be "
          "asked in clear text only, also where the resolvers are `tls://`."),
      false},
     vd_config_read_authorities},
    {{"dns", "authority-check", "`1s` to `7d`", "`1h`",
      DOC("Time between two direct looks at one of the domain's own name servers, each time at the "
          "next one: they show a change before the caches of the resolvers do."),
      false},
     vd_config_read_authority_check},
    {{"dns", "confirm-hold", "`1s` to `1d`", "`1h`",
      DOC("How long a change is held back, as a divergence, while the domain's own name servers "
          "say otherwise."),
      false},
     vd_config_read_confirm_hold},
    {{"dns", "blind-after", "`1` to `100`", "`3`",
      DOC("Rounds in a row with SERVFAIL from all resolvers, although their self-checks pass, "
          "after which the domain is told as unresolvable."),
      false},
     vd_config_read_blind_after},
    {{"dns", "self-check-good", "a domain, or `.`", "`.`",
      DOC("Each resolver must have NS records for this name, or its path counts as blind."), false},
     vd_config_read_good},
    {{"dns", "self-check-bad", "`*.` and a domain", "`*.com`",
      DOC("A random name of this form must not be there, or the resolver's path counts as blind: "
          "something on it makes answers up."),
      false},
     vd_config_read_bad},
    {{"watch", "dkim", "`all: s1 s2`, `any: s1 s2` or `2 of: s1 s2 s3`", "no selector is watched",
      DOC("A group of DKIM selectors and how many of them must hold a usable key: all, any one, or "
          "so many. Repeat the line for each group."),
      true},
     vd_config_read_dkim},
    {{"watch", "interval", "`1s` to `7d`", "`15m`", DOC("Time between two looks at the domain."),
      false},
     read_interval},
    {{"watch", "confirm-wait", "`1s` to `1d`", "`5m`",
      DOC("Time between the looks that must agree before an alert opens or closes."), false},
     read_confirm_wait},
    {{"watch", "report", "name of a `[report]` section", "the only one",
      DOC("Where alerts of these domains go."), false},
     vd_config_read_report},
    {{"report", "url", "`syslogs://host` or `syslogs://host:port`", "",
      DOC("The collector: syslog over TLS (RFC 5425), port 6514 unless given. The certificate must "
          "bear this host name. There is no clear-text way to send an alert."),
      false},
     vd_config_read_url},
    {{"report", "ca", "a file name, without a folder", "",
      DOC("PEM file with the CA certificates that the collector's certificate must lead to."),
      false},
     vd_config_read_ca},
    {{"report", "min", "`critical`, `error`, `warning`, `notice` or `info`", "`notice`",
      DOC("The least severe event that is sent here. The restoration of an alert that was sent is "
          "always sent too."),
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

static void read_interval(struct vd_config_reader *reader, const char *value)
{
    vd_config_duration(reader, value, INTERVAL_MAX_DAYS, &reader->watch->interval_ms);
}

static void read_confirm_wait(struct vd_config_reader *reader, const char *value)
{
    vd_config_duration(reader, value, CONFIRM_WAIT_MAX_DAYS, &reader->watch->confirm_wait_ms);
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

/* The sections that have such a key.  false: none. */
static bool name_sections(struct vd_text_writer *w, const char *key)
{
    const char *between = ": it belongs in [";
    bool is_known = false;
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (strcmp(key, table[i].key.key) == 0) {
            vd_text_put(w, between);
            vd_text_put(w, table[i].key.section);
            vd_text_put(w, "]");
            between = " or [";
            is_known = true;
        }
    }
    return is_known;
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
    if (!name_sections(w, key)) {
        list_keys(w, reader->section);
    }
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
