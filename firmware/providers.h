/*
 * Mail and marketing services: what their customers' records look like.
 *
 * Dated data (VD_PROVIDERS_DATE), to name a service, to pick the rule for its keys, to tell a
 * rotation from a take-over, and to see a service in use whose include is gone.  [provider NAME]
 * sections of the configuration add to it or replace a row.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PROVIDERS_H
#define VD_PROVIDERS_H

#include "firmware/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vd_watch;

#define VD_PROVIDERS_DATE "2026-11-22"

/* Lists are words with one blank between them; "" for an empty one.  All lower case, no final dot;
   "*" stands for any one label. */
struct vd_provider {
    const char *name;      /* as in the configuration: "amazon-ses" */
    const char *title;     /* for people: "Amazon SES" */
    const char *selectors; /* that every customer has; "": they cannot be guessed */
    const char *targets;   /* suffixes of the CNAME targets of its selectors */
    const char *includes;  /* names, or suffixes behind a dot, of its SPF include: */
    const char *hosts;     /* suffixes of its MX */
    char need;             /* '*' all, '1' any, of the selectors: the usual group rule */
    bool has_text_keys;    /* the customer publishes the keys as TXT, not as CNAME */
    bool is_unsigned;      /* supports neither SPF nor DKIM: its mail cannot be authenticated */
};

/* Row i, the configuration's own ones of this watch first; NULL behind the last.  A built-in row that
   the configuration replaces is that one, in both places.  watch may be NULL: only the built-in
   ones. */
const struct vd_provider *vd_provider_at(const struct vd_watch *watch, size_t i);

/* By name; NULL: none. */
const struct vd_provider *vd_provider_named(const struct vd_watch *watch, const char *name);

/*
 * Whose is it?  On label boundaries, the longest suffix wins.  NULL: nobody's that we know.
 *
 * name   in any case, with or without a final dot; may hold macros.
 *
 * Rows with one title are one service, and the first of them is given: two names are of one service
 * when the pointers are equal.  A row that was found otherwise (vd_provider_named, a group's) is
 * compared by its title.
 */
const struct vd_provider *vd_provider_of_target(const struct vd_watch *watch, const char *name);
const struct vd_provider *vd_provider_of_include(const struct vd_watch *watch, const char *name);
const struct vd_provider *vd_provider_of_host(const struct vd_watch *watch, const char *name);

/* Is it, or its other row, configured for the watch (provider =, dkim = NAME all: ...)?  NULL: no. */
bool vd_provider_is_configured(const struct vd_watch *watch, const struct vd_provider *provider);

#endif
