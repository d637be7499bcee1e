/*
 * The configuration: [provider] sections, and which providers a watch has.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/domain.h"
#include "firmware/nearest.h"

#include <string.h>

#define NAME_MAX  31u /* what vd_nearest_is_close compares, and a line of docs/providers.md holds */
#define TITLE_MAX 63u

/* ---- sections ---------------------------------------------------------------------------- */

static bool is_name(const struct vd_config_span *name)
{
    size_t i;

    for (i = 0; i < name->len; i++) {
        char c = name->text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return name->len > 0 && name->len <= NAME_MAX;
}

/* Where a [provider] of this name stands already; 0: it does not. */
static unsigned line_of_provider(const struct vd_config_reader *reader,
                                 const struct vd_config_span *name)
{
    unsigned i;

    for (i = 0; i < reader->config->providers_count; i++) {
        if (vd_config_is_word(name, reader->config->providers[i].name)) {
            return reader->provider_lines[i];
        }
    }
    return 0;
}

static const struct vd_provider blank = {"", "", "", "", "", "", '*', false, false};

/* A section that has the name of a built-in row begins as that row. */
static void add_provider(struct vd_config_reader *reader, const struct vd_config_span *name)
{
    struct vd_config *config = reader->config;
    struct vd_config_pool pool = vd_config_provider_pool(config);
    uint16_t kept = vd_config_keep(reader, &pool, 0, name->text, name->len);
    const struct vd_provider *built_in;
    struct vd_provider *provider;

    if (kept == 0) {
        return;
    }
    built_in = vd_provider_named(NULL, pool.text + kept);
    reader->provider_lines[config->providers_count] = (uint16_t)reader->line;
    provider = &config->providers[config->providers_count++];
    *provider = built_in == NULL ? blank : *built_in;
    provider->name = pool.text + kept;
    provider->title = built_in == NULL ? provider->name : built_in->title;
    reader->provider = provider;
}

void vd_config_begin_provider(struct vd_config_reader *reader, struct vd_config_span rest)
{
    struct vd_config_span name, more;
    bool has_name = vd_config_word(&rest, &name);
    struct vd_text_writer *w = vd_config_say_of(reader, name.text, name.len);
    unsigned line = line_of_provider(reader, &name);

    reader->spare_provider = blank;
    reader->provider = &reader->spare_provider;
    if (!has_name || vd_config_word(&rest, &more)) {
        vd_config_object(reader, "[provider] has one name: write [provider example-mailer]");
        return;
    }
    if (!is_name(&name)) {
        vd_text_put(w, "is no name for a [provider]: up to 31 small letters, digits and \"-\"");
    } else if (line != 0) {
        vd_text_put(w, "has a [provider] section already: see line ");
        vd_text_put_unsigned(w, line);
    } else if (reader->config->providers_count == VD_PROVIDERS_OWN_MAX) {
        vd_text_put(w, "is one [provider] too many: this image has ");
        vd_text_put_unsigned(w, VD_PROVIDERS_OWN_MAX);
        vd_text_put(w, " at most (VD_PROVIDERS_OWN_MAX)");
    } else {
        add_provider(reader, &name);
        return;
    }
    vd_config_said(reader, reader->line);
}

/* Set a text of the provider at work, as it is written. */
void vd_config_read_title(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_pool pool = vd_config_provider_pool(reader->config);
    size_t len = strlen(value);
    uint16_t kept;

    if (len > TITLE_MAX) {
        vd_config_object_to(reader, value, "is too long for a title: up to 63 bytes");
        return;
    }
    kept = vd_config_keep(reader, &pool, 0, value, len);
    if (kept != 0) {
        memcpy(pool.text + kept, value, len); /* its case, too */
        reader->provider->title = pool.text + kept;
    }
}

/* A name with "*" for a label, behind a dot or not.  RFC 1035 bounds it; "_" is in use. */
static const char *name_fault(const struct vd_config_span *word)
{
    size_t label = 0, labels = 1, i;

    for (i = word->text[0] == '.' ? 1 : 0; i < word->len; i++) {
        char c = word->text[i];

        if (c == '.') {
            if (label == 0 || i + 1 == word->len) {
                return "has an empty label: write it without a final dot";
            }
            label = 0;
            labels++;
            continue;
        }
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' ||
              (c == '*' && label == 0 && (i + 1 == word->len || word->text[i + 1] == '.')))) {
            return "is no name: labels of letters, digits, \"-\", \"_\", or a \"*\" alone";
        }
        label++;
    }
    if (labels < 2 || word->len >= VD_DOMAIN_TEXT_MAX) {
        return "is no name of two labels or more, up to 253 characters";
    }
    return NULL;
}

/* A list of the provider at work, checked word by word. */
static void read_list(struct vd_config_reader *reader, const char *value, const char **list,
                      const char *(*fault_of)(const struct vd_config_span *))
{
    struct vd_config_pool pool = vd_config_provider_pool(reader->config);
    struct vd_config_span words = {value, strlen(value)}, word;
    size_t at = (size_t)((uintptr_t)*list - (uintptr_t)pool.text);
    /* a list of the built-in row does not lie in the pool */
    uint16_t kept = reader->is_again && at < pool.cap ? (uint16_t)at : (uint16_t)0;

    while (vd_config_word(&words, &word)) {
        const char *fault = fault_of(&word);

        if (fault != NULL) {
            vd_text_put(vd_config_say_of(reader, word.text, word.len), fault);
            vd_config_said(reader, reader->line);
            return;
        }
        kept = vd_config_keep(reader, &pool, kept, word.text, word.len);
        if (kept == 0) {
            return;
        }
        *list = pool.text + kept;
    }
}

void vd_config_read_provider_selectors(struct vd_config_reader *reader, const char *value)
{
    read_list(reader, value, &reader->provider->selectors, vd_config_selector_fault);
}

void vd_config_read_targets(struct vd_config_reader *reader, const char *value)
{
    read_list(reader, value, &reader->provider->targets, name_fault);
}

void vd_config_read_includes(struct vd_config_reader *reader, const char *value)
{
    read_list(reader, value, &reader->provider->includes, name_fault);
}

void vd_config_read_hosts(struct vd_config_reader *reader, const char *value)
{
    read_list(reader, value, &reader->provider->hosts, name_fault);
}

void vd_config_read_need(struct vd_config_reader *reader, const char *value)
{
    if (strcmp(value, "all") == 0) {
        reader->provider->need = '*';
    } else if (strcmp(value, "any") == 0) {
        reader->provider->need = '1';
    } else {
        vd_config_object_to(reader, value, "is neither all nor any");
    }
}

void vd_config_read_text_keys(struct vd_config_reader *reader, const char *value)
{
    vd_config_yes(reader, value, &reader->provider->has_text_keys);
}

void vd_config_read_unsigned(struct vd_config_reader *reader, const char *value)
{
    vd_config_yes(reader, value, &reader->provider->is_unsigned);
}

/* ---- of a watch -------------------------------------------------------------------------- */

/* "google" for "google-workspace", "ses" for "amazon-ses". */
static bool is_part_of(const struct vd_config_span *word, const char *name)
{
    for (; word->len >= 3 && strlen(name) >= word->len; name++) {
        if (memcmp(name, word->text, word->len) == 0) {
            return true;
        }
    }
    return false;
}

const struct vd_provider *vd_config_provider(struct vd_config_reader *reader,
                                             const struct vd_config_span *name, uint8_t *row)
{
    const struct vd_provider *provider, *best = NULL;
    unsigned edits, fewest = 99;
    struct vd_text_writer *w;
    size_t i;

    for (i = 0; (provider = vd_provider_at(reader->watch, i)) != NULL; i++) {
        if (vd_config_is_word(name, provider->name)) {
            *row = (uint8_t)i;
            return provider;
        }
        if (vd_nearest_is_close(name->text, name->len, provider->name, &edits) && edits < fewest) {
            fewest = edits;
            best = provider;
        } else if (best == NULL && is_part_of(name, provider->name)) {
            best = provider;
        }
    }
    w = vd_config_say_of(reader, name->text, name->len);
    vd_text_put(w, "is no provider that we know");
    if (best != NULL) {
        vd_config_suggest(w, best->name);
    } else {
        vd_text_put(w, ": see docs/providers.md, or describe it in a [provider] section");
    }
    vd_config_said(reader, reader->line);
    return NULL;
}

bool vd_config_use_provider(struct vd_config_reader *reader, struct vd_watch *watch, uint8_t row)
{
    const struct vd_provider *provider = vd_provider_at(watch, row);
    struct vd_text_writer *w;

    if (memchr(watch->provider_rows, row, watch->providers_count) != NULL) {
        return true;
    }
    if (watch->providers_count < VD_WATCH_PROVIDERS_MAX) {
        watch->provider_rows[watch->providers_count++] = row;
        return true;
    }
    w = vd_config_say_of(reader, provider->name, strlen(provider->name));
    vd_text_put(w, "is one provider too many: a watch has ");
    vd_text_put_unsigned(w, VD_WATCH_PROVIDERS_MAX);
    vd_text_put(w, " at most (VD_WATCH_PROVIDERS_MAX)");
    vd_config_said(reader, reader->line);
    return false;
}

void vd_config_read_provider(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_span words = {value, strlen(value)}, word;
    struct vd_watch *watch = reader->watch;
    uint8_t row;

    watch->providers_count = reader->is_again ? watch->providers_count : 0;
    while (vd_config_word(&words, &word)) {
        if (vd_config_provider(reader, &word, &row) == NULL ||
            !vd_config_use_provider(reader, watch, row)) {
            return;
        }
    }
}
