/*
 * Whose name is it?
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/providers.h"

#include "firmware/providers_table.h"
#include "firmware/watchlist.h"

#include <string.h>

/* The lists of a row that names are looked up in. */
enum list { LIST_TARGETS, LIST_INCLUDES, LIST_HOSTS };

/* ---- rows -------------------------------------------------------------------------------- */

static size_t own_count(const struct vd_watch *watch)
{
    return watch == NULL ? 0 : watch->own_providers_count;
}

static const struct vd_provider *own_named(const struct vd_watch *watch, const char *name)
{
    size_t i;

    for (i = 0; i < own_count(watch); i++) {
        if (strcmp(watch->own_providers[i].name, name) == 0) {
            return &watch->own_providers[i];
        }
    }
    return NULL;
}

const struct vd_provider *vd_provider_at(const struct vd_watch *watch, size_t i)
{
    const struct vd_provider *built_in, *own;

    if (i < own_count(watch)) {
        return &watch->own_providers[i];
    }
    i -= own_count(watch);
    if (i >= VD_PROVIDERS_TABLE_ROWS) {
        return NULL;
    }
    built_in = &vd_providers_table[i];
    own = own_named(watch, built_in->name);
    return own == NULL ? built_in : own;
}

const struct vd_provider *vd_provider_named(const struct vd_watch *watch, const char *name)
{
    const struct vd_provider *provider;
    size_t i;

    for (i = 0; (provider = vd_provider_at(watch, i)) != NULL; i++) {
        if (strcmp(provider->name, name) == 0) {
            return provider;
        }
    }
    return NULL;
}

bool vd_provider_is_configured(const struct vd_watch *watch, const struct vd_provider *provider)
{
    unsigned i;

    for (i = 0; provider != NULL && i < watch->providers_count; i++) {
        const struct vd_provider *row = vd_provider_at(watch, watch->provider_rows[i]);

        if (row != NULL && strcmp(row->title, provider->title) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- names ------------------------------------------------------------------------------- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* How much of the name's end an entry covers, label by label: "*" stands for any one.  0: it does
   not end so. */
static size_t covered(const char *name, size_t name_len, const char *entry, size_t len)
{
    size_t at = name_len;

    while (len > 0) {
        len--;
        if (entry[len] == '*') {
            size_t end = at;

            while (at > 0 && name[at - 1] != '.') {
                at--;
            }
            if (at == end) {
                return 0;
            }
        } else if (at == 0 || lower(name[--at]) != entry[len]) {
            return 0;
        }
    }
    return name_len - at;
}

/* The same on label boundaries, as the list has it. */
static size_t match(const char *name, size_t name_len, const char *entry, size_t len,
                    enum list list)
{
    size_t part = covered(name, name_len, entry, len);

    if (part == 0 || entry[0] == '.') {
        return part < name_len ? part : 0; /* below it */
    }
    if (part == name_len) {
        return part;
    }
    return list != LIST_INCLUDES && name[name_len - part - 1] == '.' ? part : 0;
}

static const char *list_of(const struct vd_provider *provider, enum list list)
{
    switch (list) {
    case LIST_TARGETS:
        return provider->targets;
    case LIST_INCLUDES:
        return provider->includes;
    case LIST_HOSTS:
        break;
    }
    return provider->hosts;
}

static size_t longest(const char *name, size_t name_len, const char *entries, enum list list)
{
    size_t best = 0, len, part;

    for (; *entries != '\0'; entries += entries[len] == ' ' ? len + 1 : len) {
        len = strcspn(entries, " ");
        part = match(name, name_len, entries, len, list);
        best = part > best ? part : best;
    }
    return best;
}

/* The first row of a service that has several: so that what a target and an include lead to can be
   compared. */
static const struct vd_provider *first_of(const struct vd_watch *watch,
                                          const struct vd_provider *provider)
{
    const struct vd_provider *row = NULL;
    size_t i;

    for (i = 0; provider != NULL && (row = vd_provider_at(watch, i)) != NULL; i++) {
        if (strcmp(row->title, provider->title) == 0) {
            break;
        }
    }
    return row;
}

static const struct vd_provider *provider_of(const struct vd_watch *watch, const char *name,
                                             enum list list)
{
    const struct vd_provider *provider, *best = NULL;
    size_t len = strlen(name), most = 0, part, i;

    if (len > 0 && name[len - 1] == '.') {
        len--;
    }
    for (i = 0; (provider = vd_provider_at(watch, i)) != NULL; i++) {
        part = longest(name, len, list_of(provider, list), list);
        if (part > most) {
            most = part;
            best = provider;
        }
    }
    return first_of(watch, best);
}

const struct vd_provider *vd_provider_of_target(const struct vd_watch *watch, const char *name)
{
    return provider_of(watch, name, LIST_TARGETS);
}

const struct vd_provider *vd_provider_of_include(const struct vd_watch *watch, const char *name)
{
    return provider_of(watch, name, LIST_INCLUDES);
}

const struct vd_provider *vd_provider_of_host(const struct vd_watch *watch, const char *name)
{
    return provider_of(watch, name, LIST_HOSTS);
}
