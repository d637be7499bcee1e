/*
 * Domain names: on the wire, and as text.
 *
 * A struct vd_name holds the uncompressed wire form (RFC 1035, section 3.1), at most 255 octets
 * with the root label.  Comparison ignores ASCII case (RFC 4343).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_NAME_H
#define VD_NAME_H

#include "dns/bytes.h"
#include "port/port_status.h"

#define VD_NAME_WIRE_MAX 255u
#define VD_LABEL_MAX     63u

/* Longest name as text with every octet escaped as \DDD, and its NUL. */
#define VD_NAME_TEXT_MAX 1017u

/* Compression pointers followed in one name.  Servers need two or three; each costs time in a message
   that was made to waste it. */
#define VD_NAME_HOPS_MAX 16u

struct vd_name {
    uint8_t len; /* of wire, the root label included; 1 for the root, 0 for "no name" */
    uint8_t wire[VD_NAME_WIRE_MAX];
};

/*
 * Read a name at the reader's place, following compression (RFC 1035, section 4.1.4).
 *
 * Pointers must go strictly backwards, each further than the one before: a loop cannot be
 * written down.  The reader ends up behind the name where it stood.
 *
 * VD_OK       out is filled.
 * VD_EFORMAT  past the end, forward pointer, reserved label type, over 255 octets.  The reader
 *             has failed; out is undefined.
 */
enum vd_status vd_name_read(struct vd_reader *reader, struct vd_name *out);

/*
 * From text: labels and dots, \DDD and \X escapes, with or without the final dot; "." is the
 * root.
 *
 * VD_EFORMAT  empty label, label over 63, name over 255 octets, bad escape.
 */
enum vd_status vd_name_from_text(const char *text, struct vd_name *out);

/*
 * To text: lower case, no final dot, odd octets as \DDD; the root is ".".
 *
 * VD_EFULL  cap is too small; out is "".
 */
enum vd_status vd_name_to_text(const struct vd_name *name, char *out, size_t cap);

bool vd_name_is_equal(const struct vd_name *a, const struct vd_name *b);

/* Octet for octet, case included: what a 0x20 echo must be. */
bool vd_name_is_identical(const struct vd_name *a, const struct vd_name *b);

#endif
