/*
 * DNS messages.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/message.h"

#include <string.h>

/* Header flags (RFC 1035, section 4.1.1; AD of RFC 6840). */
#define FLAG_QR    0x8000u
#define FLAG_AA    0x0400u
#define FLAG_TC    0x0200u
#define FLAG_RD    0x0100u
#define FLAG_RA    0x0080u
#define FLAG_AD    0x0020u
#define RCODE_MASK 0x000fu

size_t vd_query_write(uint16_t id, const struct vd_question *question, uint16_t edns_udp,
                      uint8_t *out)
{
    struct vd_writer w;

    vd_writer_init(&w, out, VD_QUERY_MAX);
    vd_write_u16(&w, id);
    /* AD asks to be told whether the answer was validated (RFC 6840, section 5.7). */
    vd_write_u16(&w, FLAG_RD | FLAG_AD);
    vd_write_u16(&w, 1);                     /* QDCOUNT */
    vd_write_u16(&w, 0);                     /* ANCOUNT */
    vd_write_u16(&w, 0);                     /* NSCOUNT */
    vd_write_u16(&w, edns_udp != 0 ? 1 : 0); /* ARCOUNT */
    vd_write_span(&w, question->name.wire, question->name.len);
    vd_write_u16(&w, question->type);
    vd_write_u16(&w, VD_CLASS_IN);
    if (edns_udp != 0) {
        vd_write_u8(&w, 0); /* root */
        vd_write_u16(&w, VD_TYPE_OPT);
        vd_write_u16(&w, edns_udp);
        vd_write_u32(&w, 0); /* extended RCODE, version 0, no DO */
        vd_write_u16(&w, 0); /* no options */
    }
    return w.len;
}

enum vd_status vd_message_open(const uint8_t *bytes, size_t len, struct vd_message *in)
{
    struct vd_reader r;

    vd_reader_init(&r, bytes, len);
    in->id = vd_read_u16(&r);
    uint16_t flags = vd_read_u16(&r);
    uint16_t questions = vd_read_u16(&r);
    for (size_t i = 0; i < 3; i++) {
        in->counts[i] = vd_read_u16(&r);
    }
    if (r.has_failed || questions != 1) {
        return VD_EFORMAT;
    }
    if (vd_name_read(&r, &in->question.name) != VD_OK) {
        return VD_EFORMAT;
    }
    in->question.type = vd_read_u16(&r);
    uint16_t class_ = vd_read_u16(&r);
    if (r.has_failed || class_ != VD_CLASS_IN) {
        return VD_EFORMAT;
    }
    in->is_response = (flags & FLAG_QR) != 0;
    in->is_aa = (flags & FLAG_AA) != 0;
    in->is_tc = (flags & FLAG_TC) != 0;
    in->is_ra = (flags & FLAG_RA) != 0;
    in->is_ad = (flags & FLAG_AD) != 0;
    in->opcode = (uint8_t)(flags >> 11 & 0xfu);
    in->rcode = (uint8_t)(flags & RCODE_MASK);
    in->records = r;
    return VD_OK;
}

void vd_rr_walk_init(struct vd_rr_walk *walk, const struct vd_message *message)
{
    walk->reader = message->records;
    walk->section = VD_SECTION_ANSWER;
    memcpy(walk->left, message->counts, sizeof(walk->left));
}

enum vd_status vd_rr_next(struct vd_rr_walk *walk, struct vd_rr *rr, enum vd_section *section)
{
    struct vd_reader *r = &walk->reader;

    while (walk->left[walk->section] == 0) {
        if (walk->section == VD_SECTION_ADDITIONAL) {
            return VD_OTHER;
        }
        walk->section++;
    }
    walk->left[walk->section]--;
    if (vd_name_read(r, &rr->owner) != VD_OK) {
        return VD_EFORMAT;
    }
    rr->type = vd_read_u16(r);
    rr->class_ = vd_read_u16(r);
    rr->ttl_s = vd_read_u32(r);
    rr->rdata_len = vd_read_u16(r);
    rr->rdata = *r;
    if (vd_read_span(r, rr->rdata_len) == NULL) {
        return VD_EFORMAT;
    }
    if (rr->ttl_s > INT32_MAX) {
        rr->ttl_s = 0; /* the sign bit set means zero (RFC 2181, section 8) */
    }
    /* Reading RDATA stops at its end, while pointers may still go back to the whole message. */
    rr->rdata.len = r->pos;
    *section = (enum vd_section)walk->section;
    return VD_OK;
}

enum vd_status vd_rr_txt(const struct vd_rr *rr, uint8_t *out, size_t cap, size_t *len)
{
    struct vd_reader r = rr->rdata;
    size_t total = 0;

    if (rr->rdata_len == 0) {
        return VD_EFORMAT;
    }
    while (vd_reader_left(&r) > 0) {
        uint8_t n = vd_read_u8(&r);
        const uint8_t *text = vd_read_span(&r, n);
        if (text == NULL) {
            return VD_EFORMAT;
        }
        if (total <= cap && n <= cap - total) {
            memcpy(out + total, text, n);
        }
        total += n;
    }
    *len = total;
    return total > cap ? VD_EFULL : VD_OK;
}

enum vd_status vd_rr_name(const struct vd_rr *rr, struct vd_name *out)
{
    struct vd_reader r = rr->rdata;

    if (vd_name_read(&r, out) != VD_OK || vd_reader_left(&r) != 0) {
        return VD_EFORMAT;
    }
    return VD_OK;
}

enum vd_status vd_rr_mx(const struct vd_rr *rr, uint16_t *preference, struct vd_name *host)
{
    struct vd_reader r = rr->rdata;

    *preference = vd_read_u16(&r);
    if (vd_name_read(&r, host) != VD_OK || vd_reader_left(&r) != 0) {
        return VD_EFORMAT;
    }
    return VD_OK;
}
