/*
 * DNS messages: write a query, walk through a response (RFC 1035, section 4; RFC 6891).
 *
 * No I/O, no state.  All bytes of a response are untrusted and read through the bounded reader.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MESSAGE_H
#define VD_MESSAGE_H

#include "dns/bytes.h"
#include "dns/name.h"
#include "dns/snapshot.h"
#include "port/port_status.h"

/* Room for any query that we write: header, question, OPT. */
#define VD_QUERY_MAX (12u + VD_NAME_WIRE_MAX + 4u + 11u)

#define VD_CLASS_IN 1u

enum vd_rcode {
    VD_RCODE_NOERROR = 0,
    VD_RCODE_FORMERR = 1,
    VD_RCODE_SERVFAIL = 2,
    VD_RCODE_NXDOMAIN = 3,
    VD_RCODE_NOTIMP = 4,
    VD_RCODE_REFUSED = 5,
    VD_RCODE_NONE = 0xff /* nothing was received */
};

struct vd_question {
    struct vd_name name; /* in the case in which it is, or was, asked (0x20) */
    uint16_t type;       /* enum vd_rrtype */
};

/*
 * Write a query: RD=1, one question, EDNS0 with the given UDP size (0: no OPT).
 *
 * out has VD_QUERY_MAX bytes.  Returns the length.
 */
size_t vd_query_write(uint16_t id, const struct vd_question *question, uint16_t edns_udp,
                      uint8_t *out);

enum vd_section { VD_SECTION_ANSWER = 0, VD_SECTION_AUTHORITY, VD_SECTION_ADDITIONAL };

/* The header and question of a response, and a reader that stands at its records. */
struct vd_message {
    uint16_t id;
    uint8_t rcode; /* without the extended bits of an OPT */
    bool is_response, is_aa, is_tc, is_ra, is_ad;
    uint8_t opcode;
    uint16_t counts[3]; /* records by enum vd_section */
    struct vd_question question;
    struct vd_reader records; /* at the first record */
};

/*
 * Read header and question.
 *
 * VD_OK       in is filled; it points into bytes.
 * VD_EFORMAT  shorter than a header, not exactly one question, or a broken name.
 */
enum vd_status vd_message_open(const uint8_t *bytes, size_t len, struct vd_message *in);

/* One resource record.  rdata is a reader over the whole message that stands at the RDATA, so
   that names in it can be decompressed; rdata_len is its length. */
struct vd_rr {
    struct vd_name owner;
    uint16_t type;
    uint16_t class_;
    uint32_t ttl_s;
    uint16_t rdata_len;
    struct vd_reader rdata;
};

/* A walk through the records of one section after the other. */
struct vd_rr_walk {
    struct vd_reader reader;
    uint8_t section;
    uint16_t left[3];
};

void vd_rr_walk_init(struct vd_rr_walk *walk, const struct vd_message *message);

/*
 * The next record; *section tells where it stands.
 *
 * VD_OK       rr is filled.
 * VD_OTHER    there are no more.
 * VD_EFORMAT  the message breaks off or breaks the grammar.
 */
enum vd_status vd_rr_next(struct vd_rr_walk *walk, struct vd_rr *rr, enum vd_section *section);

/*
 * The strings of a TXT record joined with nothing in between (RFC 7208, section 3.3; RFC 6376,
 * section 3.6.2.2; RFC 9989, section 4.5).
 *
 * VD_EFORMAT  a string runs over the RDATA, or there is none (RFC 1035, section 3.3.14).
 * VD_EFULL    longer than cap; *len is the true length.
 */
enum vd_status vd_rr_txt(const struct vd_rr *rr, uint8_t *out, size_t cap, size_t *len);

/* The name in a CNAME or NS.  VD_EFORMAT: broken, or it does not fill the RDATA. */
enum vd_status vd_rr_name(const struct vd_rr *rr, struct vd_name *out);

/* Preference and host of an MX (RFC 1035, section 3.3.9). */
enum vd_status vd_rr_mx(const struct vd_rr *rr, uint16_t *preference, struct vd_name *host);

#endif
