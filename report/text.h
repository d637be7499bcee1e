/*
 * Writing text into a buffer of fixed size.
 *
 * The text is NUL-terminated after every call and never longer than the buffer.  What no
 * longer fits is left out and is_cut says so; after that nothing more is written, so that a
 * cut text is always a true beginning of the whole one.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TEXT_H
#define VD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vd_text_writer {
    char *out;
    size_t cap; /* bytes of out, the NUL counted */
    size_t len; /* bytes written, without the NUL */
    bool is_cut;
};

/* Begin an empty text.  out is the caller's; cap 0 is allowed: nothing is ever written. */
void vd_text_start(struct vd_text_writer *w, char *out, size_t cap);

/* Add a string, or as much of it as fits, cut between two UTF-8 characters. */
void vd_text_put(struct vd_text_writer *w, const char *text);

/* The same for bytes without a NUL. */
void vd_text_put_span(struct vd_text_writer *w, const char *bytes, size_t len);

/* Add one ASCII character. */
void vd_text_put_char(struct vd_text_writer *w, char c);

/* Add a number, all of its digits or none of them. */
void vd_text_put_unsigned(struct vd_text_writer *w, uint64_t value);

/* Add lower-case hexadecimal digits, at least `digits` of them (1..16), all or none. */
void vd_text_put_hex(struct vd_text_writer *w, uint64_t value, unsigned digits);

/*
 * Add bytes from outside so that they can do no harm on a line or a terminal.
 *
 * Well-formed UTF-8 (RFC 3629) stays.  Control characters (C0, DEL, C1), line and paragraph
 * separators, marks that turn the direction of writing, and bytes that are not UTF-8 become
 * the text \xHH, byte by byte.
 *
 * escape   characters that get a backslash in front, or NULL.  If the backslash is one of
 *          them, the backslash of \xHH is doubled too.
 */
void vd_text_put_safe(struct vd_text_writer *w, const char *bytes, size_t len, const char *escape);

/* The largest number of bytes, at most max, that does not end inside a UTF-8 character. */
size_t vd_text_clamp(const char *bytes, size_t len, size_t max);

/*
 * Look at the UTF-8 character at the start of bytes.
 *
 * Returns its length in bytes, with *code_point filled; 0 if there is none or it is not
 * well-formed (overlong, surrogate, over U+10FFFF, incomplete).
 */
size_t vd_text_utf8(const char *bytes, size_t len, uint32_t *code_point);

/*
 * A fingerprint of bytes (FNV-1a, 64 bits): the same text always has the same one.  To
 * recognise a text that was cut; no protection against someone who wants two texts to agree.
 */
uint64_t vd_text_fingerprint(const char *bytes, size_t len);

#endif
