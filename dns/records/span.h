/*
 * Small tools for text that came from outside: runs of octets, never NUL-terminated.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPAN_H
#define VD_SPAN_H

#include "dns/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ASCII only, whatever the locale. */
uint8_t vd_ascii_lower(uint8_t c);
bool vd_ascii_is_digit(uint8_t c);
bool vd_ascii_is_alpha(uint8_t c);

/* Is it this word?  ASCII case is ignored; word is in lower case. */
bool vd_span_is_word(struct vd_span span, const char *word);

/* The same, case included. */
bool vd_span_is_exactly(struct vd_span span, const char *word);

/* All but the first count octets; count <= span.len. */
struct vd_span vd_span_skip(struct vd_span span, size_t count);

/* Octets before the first c; all of them when there is none. */
size_t vd_span_to(struct vd_span span, uint8_t c);

/* Without the blanks, tabs, carriage returns and line feeds at both ends. */
struct vd_span vd_span_trim(struct vd_span span);

/* One item of a list, moving on behind it: "a:b:c" gives a, b, c.  false: no more. */
bool vd_span_next(struct vd_span *list, uint8_t separator, struct vd_span *item);

/*
 * FNV-1a, 32 bits: to see that something changed.  No protection against somebody who looks for
 * two texts with one hash.
 */
#define VD_HASH_START 2166136261u
uint32_t vd_hash(uint32_t hash, const uint8_t *bytes, size_t len);

#endif
