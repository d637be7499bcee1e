/*
 * Bounded reader and writer.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/bytes.h"

#include <string.h>

void vd_reader_init(struct vd_reader *reader, const uint8_t *data, size_t len)
{
    reader->data = data;
    reader->len = len;
    reader->pos = 0;
    reader->has_failed = false;
    reader->is_short = false;
}

size_t vd_reader_left(const struct vd_reader *reader)
{
    return reader->has_failed ? 0 : reader->len - reader->pos;
}

const uint8_t *vd_read_span(struct vd_reader *reader, size_t len)
{
    if (reader->has_failed) {
        return NULL;
    }
    if (len > reader->len - reader->pos) {
        reader->has_failed = reader->is_short = true;
        return NULL;
    }
    const uint8_t *span = reader->data + reader->pos;
    reader->pos += len;
    return span;
}

uint8_t vd_read_u8(struct vd_reader *reader)
{
    const uint8_t *b = vd_read_span(reader, 1);
    return b == NULL ? 0 : b[0];
}

uint16_t vd_read_u16(struct vd_reader *reader)
{
    const uint8_t *b = vd_read_span(reader, 2);
    return (uint16_t)(b == NULL ? 0 : b[0] << 8 | b[1]);
}

uint32_t vd_read_u32(struct vd_reader *reader)
{
    const uint8_t *b = vd_read_span(reader, 4);
    return b == NULL
               ? 0
               : (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
}

void vd_writer_init(struct vd_writer *writer, uint8_t *data, size_t cap)
{
    writer->data = data;
    writer->cap = cap;
    writer->len = 0;
    writer->has_failed = false;
}

void vd_write_span(struct vd_writer *writer, const uint8_t *bytes, size_t len)
{
    if (writer->has_failed || len > writer->cap - writer->len) {
        writer->has_failed = true;
        return;
    }
    if (len > 0) {
        memcpy(writer->data + writer->len, bytes, len);
    }
    writer->len += len;
}

void vd_write_u8(struct vd_writer *writer, uint8_t value)
{
    vd_write_span(writer, &value, 1);
}

void vd_write_u16(struct vd_writer *writer, uint16_t value)
{
    const uint8_t b[2] = {(uint8_t)(value >> 8), (uint8_t)value};
    vd_write_span(writer, b, sizeof(b));
}

void vd_write_u32(struct vd_writer *writer, uint32_t value)
{
    const uint8_t b[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                          (uint8_t)value};
    vd_write_span(writer, b, sizeof(b));
}
