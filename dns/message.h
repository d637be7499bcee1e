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

/* EDNS options (RFC 6891) that we send or read. */
#define VD_OPTION_COOKIE  10u /* RFC 7873 */
#define VD_OPTION_PADDING 12u /* RFC 7830 */
#define VD_OPTION_EDE     15u /* RFC 8914 */

/* Queries over TLS are padded to a multiple of this (RFC 8467, section 4.1). */
#define VD_PADDING_BLOCK 128u

/* Room for any query that we write: header, question, OPT with cookie, padded to the block. */
#define VD_QUERY_MAX 512u

#define VD_CLASS_IN 1u

enum vd_rcode {
    VD_RCODE_NOERROR = 0,
    VD_RCODE_FORMERR = 1,
    VD_RCODE_SERVFAIL = 2,
    VD_RCODE_NXDOMAIN = 3,
    VD_RCODE_NOTIMP = 4,
    VD_RCODE_REFUSED = 5,
    VD_RCODE_BADVERS = 16,   /* RFC 6891 */
    VD_RCODE_BADCOOKIE = 23, /* RFC 7873 */
    VD_RCODE_NONE = 0xffff   /* nothing was received */
};

struct vd_question {
    struct vd_name name; /* in the case in which it is, or was, asked (0x20) */
    uint16_t type;       /* enum vd_rrtype */
};

/* What a query says beside its question. */
struct vd_query {
    const struct vd_question *question;
    uint16_t id;
    uint16_t edns_udp;     /* UDP size that is announced; 0: no OPT at all */
    bool is_recursive;     /* RD */
    bool is_unchecked;     /* CD (RFC 4035, section 3.2.2) */
    bool is_padded;        /* to VD_PADDING_BLOCK: over TLS */
    const uint8_t *cookie; /* client cookie, then the server's if known; NULL: none */
    size_t cookie_len;     /* 8, or 16 to 40 (RFC 7873, section 4) */
};

/*
 * Write a query: one question, AD=1 to be told of validation (RFC 6840, section 5.7).
 *
 * out has VD_QUERY_MAX bytes.  Returns the length.
 */
size_t vd_query_write(const struct vd_query *query, uint8_t *out);

/*
 * Draw the case of each letter of a name at random (0x20).
 *
 * bits  as many random bytes as name->len / 8 + 1.
 */
void vd_name_draw_case(struct vd_name *name, const uint8_t *bits);

/* What the OPT record of a response says (RFC 6891, section 6). */
struct vd_edns {
    bool has_opt;
    uint16_t udp;
    uint8_t version;
    uint16_t ede;            /* of the EDE that counts: the first decisive one, else the first;
                                VD_EDE_NONE: none */
    const uint8_t *ede_text; /* UTF-8, untrusted, not NUL-terminated */
    size_t ede_text_len;
    const uint8_t *cookie; /* NULL: none */
    size_t cookie_len;     /* as it came: 8 and 16 to 40 are valid (RFC 7873, section 4) */
};

/* Does this code of an extended DNS error say that the answer is stale (3, 19) or altered (4, 15 to
   17)?  RFC 8914, section 4. */
bool vd_ede_is_decisive(uint16_t ede);

enum vd_section { VD_SECTION_ANSWER = 0, VD_SECTION_AUTHORITY, VD_SECTION_ADDITIONAL };

/* The header and question of a response, and a reader that stands at its records. */
struct vd_message {
    uint16_t id;
    uint16_t rcode; /* with the extended bits of an OPT (RFC 6891, section 6.1.3) */
    bool is_response, is_aa, is_tc, is_rd, is_ra, is_ad, is_cd;
    bool has_question; /* false: a bare header, as some servers send with an error */
    struct vd_edns edns;
    uint8_t opcode;
    uint16_t counts[3]; /* whole records by enum vd_section */
    struct vd_question question;
    struct vd_reader records; /* at the first record */
};

/*
 * Read a whole message: header, question, and every record once, so that nothing behind this call
 * meets a broken one.  RDATA of the types that we know must fill its length exactly.
 *
 * VD_OK       in is filled; it points into bytes.
 * VD_OTHER    well-formed, but not one that can answer a query of ours: another number of
 *             questions than one (a bare error header excepted: has_question is false then), a
 *             class other than IN, an opcode other than QUERY.  Filled as far as it goes.
 * VD_EFORMAT  breaks RFC 1035: shorter than it says, bytes left over, a broken name or RDATA, two
 *             OPTs or one outside of the additional section, over 65535 octets.  A response with TC
 *             may break off between or in the middle of records (RFC 2181, section 9): that is no
 *             error, and counts tells how many are whole.
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

/*
 * One record alone, with nothing before or behind it.
 *
 * VD_OK, or VD_EFORMAT as vd_message_open.
 */
enum vd_status vd_rr_open(const uint8_t *bytes, size_t len, struct vd_rr *rr);

/* The name in a CNAME, NS or PTR.  VD_EFORMAT: broken, or it does not fill the RDATA. */
enum vd_status vd_rr_name(const struct vd_rr *rr, struct vd_name *out);

/* Preference and host of an MX (RFC 1035, section 3.3.9). */
enum vd_status vd_rr_mx(const struct vd_rr *rr, uint16_t *preference, struct vd_name *host);

/* An SOA (RFC 1035, section 3.3.13). */
struct vd_soa {
    struct vd_name mname;
    uint32_t serial;
    uint32_t minimum;
};
enum vd_status vd_rr_soa(const struct vd_rr *rr, struct vd_soa *out);

#endif
