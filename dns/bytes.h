/*
 * The only way to bytes that came from outside: a bounded reader; and the writer beside it.
 *
 * Both remember a failure: a parser is a list of fields in wire order, checked once at the end.
 * After a failure a read gives zeros and a write does nothing.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_BYTES_H
#define VD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vd_reader {
    const uint8_t *data; /* not owned */
    size_t len;
    size_t pos;
    bool has_failed; /* a read went past the end, or a parser gave up */
    bool is_short;   /* it failed because the bytes end */
};

void vd_reader_init(struct vd_reader *reader, const uint8_t *data, size_t len);
size_t vd_reader_left(const struct vd_reader *reader);

/* Numbers are big-endian (RFC 1035, section 2.3.2). */
uint8_t vd_read_u8(struct vd_reader *reader);
uint16_t vd_read_u16(struct vd_reader *reader);
uint32_t vd_read_u32(struct vd_reader *reader);

/* The next len bytes, or NULL when there are not as many (which is a failure). */
const uint8_t *vd_read_span(struct vd_reader *reader, size_t len);

struct vd_writer {
    uint8_t *data; /* not owned */
    size_t cap;
    size_t len;
    bool has_failed; /* a write did not fit; len tells what did */
};

void vd_writer_init(struct vd_writer *writer, uint8_t *data, size_t cap);
void vd_write_u8(struct vd_writer *writer, uint8_t value);
void vd_write_u16(struct vd_writer *writer, uint16_t value);
void vd_write_u32(struct vd_writer *writer, uint32_t value);
void vd_write_span(struct vd_writer *writer, const uint8_t *bytes, size_t len);

#endif
