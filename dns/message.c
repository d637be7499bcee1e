/*
 * DNS messages.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/message.h"

#include <string.h>

/* Header flags (RFC 1035, section 4.1.1; AD and CD of RFC 4035, section 3). */
#define FLAG_QR    0x8000u
#define FLAG_AA    0x0400u
#define FLAG_TC    0x0200u
#define FLAG_RD    0x0100u
#define FLAG_RA    0x0080u
#define FLAG_AD    0x0020u
#define FLAG_CD    0x0010u
#define RCODE_MASK 0x000fu

#define OPTION_HEAD_LEN 4u

/* Octets of padding that make a message of len a multiple of the block. */
static size_t padding_of(size_t len)
{
    return (VD_PADDING_BLOCK - len % VD_PADDING_BLOCK) % VD_PADDING_BLOCK;
}

static void write_opt(struct vd_writer *w, const struct vd_query *query)
{
    size_t options_len = query->cookie != NULL ? OPTION_HEAD_LEN + query->cookie_len : 0;
    size_t padding = 0;

    if (query->is_padded) {
        padding = padding_of(w->len + 11u + options_len + OPTION_HEAD_LEN);
        options_len += OPTION_HEAD_LEN + padding;
    }
    vd_write_u8(w, 0); /* root */
    vd_write_u16(w, VD_TYPE_OPT);
    vd_write_u16(w, query->edns_udp);
    vd_write_u32(w, 0); /* extended RCODE, version 0, no DO */
    vd_write_u16(w, (uint16_t)options_len);
    if (query->cookie != NULL) {
        vd_write_u16(w, VD_OPTION_COOKIE);
        vd_write_u16(w, (uint16_t)query->cookie_len);
        vd_write_span(w, query->cookie, query->cookie_len);
    }
    if (query->is_padded) {
        vd_write_u16(w, VD_OPTION_PADDING);
        vd_write_u16(w, (uint16_t)padding);
        for (size_t i = 0; i < padding; i++) {
            vd_write_u8(w, 0); /* RFC 7830, section 3 */
        }
    }
}

size_t vd_query_write(const struct vd_query *query, uint8_t *out)
{
    struct vd_writer w;

    vd_writer_init(&w, out, VD_QUERY_MAX);
    vd_write_u16(&w, query->id);
    vd_write_u16(&w, (uint16_t)((query->is_recursive ? FLAG_RD : 0) | FLAG_AD |
                                (query->is_unchecked ? FLAG_CD : 0)));
    vd_write_u16(&w, 1);                            /* QDCOUNT */
    vd_write_u32(&w, 0);                            /* ANCOUNT, NSCOUNT */
    vd_write_u16(&w, query->edns_udp != 0 ? 1 : 0); /* ARCOUNT */
    vd_write_span(&w, query->question->name.wire, query->question->name.len);
    vd_write_u16(&w, query->question->type);
    vd_write_u16(&w, VD_CLASS_IN);
    if (query->edns_udp != 0) {
        write_opt(&w, query);
    }
    return w.len;
}

void vd_name_draw_case(struct vd_name *name, const uint8_t *bits)
{
    for (size_t i = 0; i < name->len; i++) {
        uint8_t lower = (uint8_t)(name->wire[i] | 0x20u);
        /* Length octets are below 'A': they are never taken for a letter. */
        if (name->wire[i] >= 'A' && lower >= 'a' && lower <= 'z') {
            name->wire[i] = ((unsigned)bits[i / 8u] >> i % 8u & 1u) != 0 ? lower : lower & 0xdfu;
        }
    }
}

/* One record, its RDATA unseen.  On VD_EFORMAT r->is_short tells that the bytes end in it. */
static enum vd_status read_rr(struct vd_reader *r, struct vd_rr *rr)
{
    (void)vd_name_read(r, &rr->owner);
    rr->type = vd_read_u16(r);
    rr->class_ = vd_read_u16(r);
    rr->ttl_s = vd_read_u32(r);
    rr->rdata_len = vd_read_u16(r);
    rr->rdata = *r;
    if (vd_read_span(r, rr->rdata_len) == NULL) {
        return VD_EFORMAT;
    }
    if (rr->ttl_s > INT32_MAX && rr->type != VD_TYPE_OPT) {
        rr->ttl_s = 0; /* the sign bit set means zero (RFC 2181, section 8) */
    }
    /* Reading RDATA stops at its end, while pointers may still go back to the whole message. */
    rr->rdata.len = r->pos;
    return VD_OK;
}

/*
 * The grammar of RDATA, for the types whose content is read (RFC 1035, section 3.3; RFC 3596,
 * section 2.2; RFC 4034, section 5.1), and for all others in which names stand.  n: a name; c: a
 * string; s: strings to the end, one at least; r: all that is left; a digit: so many octets.
 */
static const struct {
    uint8_t type;
    char fields[7];
} grammars[] = {
    {VD_TYPE_A, "4"},   {VD_TYPE_NS, "n"},  {VD_TYPE_CNAME, "n"}, {VD_TYPE_SOA, "nn992"},
    {VD_TYPE_PTR, "n"}, {VD_TYPE_MX, "2n"}, {VD_TYPE_TXT, "s"},   {VD_TYPE_AAAA, "97"},
    {VD_TYPE_DS, "4r"}, {3, "n"}, /* MD */
    {4, "n"},                     /* MF */
    {7, "n"},                     /* MB */
    {8, "n"},                     /* MG */
    {9, "n"},                     /* MR */
    {14, "nn"},                   /* MINFO */
    {17, "nn"},                   /* RP, RFC 1183 */
    {18, "2n"},                   /* AFSDB, RFC 1183 */
    {21, "2n"},                   /* RT, RFC 1183 */
    {24, "99nr"},                 /* SIG, RFC 2535 */
    {30, "nr"},                   /* NXT, RFC 2535 */
    {33, "6n"},                   /* SRV, RFC 2782 */
    {35, "4cccn"},                /* NAPTR, RFC 3403 */
    {36, "2n"},                   /* KX, RFC 2230 */
    {39, "n"},                    /* DNAME, RFC 6672 */
    {46, "99nr"},                 /* RRSIG, RFC 4034 */
    {47, "nr"},                   /* NSEC, RFC 4034 */
    {64, "2nr"},                  /* SVCB, RFC 9460 */
    {65, "2nr"},                  /* HTTPS, RFC 9460 */
};

static void skip_field(struct vd_reader *r, char field)
{
    struct vd_name name;

    switch (field) {
    case 'n':
        (void)vd_name_read(r, &name);
        break;
    case 'c':
    case 's':
        do {
            (void)vd_read_span(r, vd_read_u8(r));
        } while (field == 's' && vd_reader_left(r) > 0);
        break;
    case 'r':
        (void)vd_read_span(r, vd_reader_left(r));
        break;
    default:
        (void)vd_read_span(r, (size_t)(field - '0'));
        break;
    }
}

static bool is_rdata_whole(const struct vd_rr *rr)
{
    struct vd_reader r = rr->rdata;

    if (rr->class_ != VD_CLASS_IN && (rr->type == VD_TYPE_A || rr->type == VD_TYPE_AAAA)) {
        return true; /* addresses of IN (RFC 1035, section 3.4): what others have is not known */
    }
    for (size_t i = 0; i < sizeof(grammars) / sizeof(grammars[0]); i++) {
        if (grammars[i].type != rr->type) {
            continue;
        }
        for (const char *field = grammars[i].fields; *field != '\0'; field++) {
            skip_field(&r, *field);
        }
        return !r.has_failed && vd_reader_left(&r) == 0;
    }
    return true;
}

bool vd_ede_is_decisive(uint16_t ede)
{
    return ede == 3 || ede == 4 || (ede >= 15 && ede <= 17) || ede == 19;
}

/* RFC 8914, section 2.  A server may send several: the first one that is decisive, else the
   first. */
static enum vd_status take_ede(struct vd_edns *edns, const uint8_t *body, size_t len)
{
    if (len < 2) {
        return VD_EFORMAT;
    }
    uint16_t code = (uint16_t)(body[0] << 8 | body[1]);
    if (edns->ede == VD_EDE_NONE || (vd_ede_is_decisive(code) && !vd_ede_is_decisive(edns->ede))) {
        edns->ede = code;
        edns->ede_text = body + 2;
        edns->ede_text_len = len - 2u;
    }
    return VD_OK;
}

/* Read an OPT (RFC 6891, section 6.1). */
static enum vd_status read_opt(const struct vd_rr *rr, struct vd_edns *edns)
{
    struct vd_reader r = rr->rdata;
    enum vd_status status = VD_OK;

    if (edns->has_opt || rr->owner.len != 1) {
        return VD_EFORMAT;
    }
    edns->has_opt = true;
    edns->udp = rr->class_;
    edns->version = (uint8_t)(rr->ttl_s >> 16);
    while (vd_reader_left(&r) > 0 && status == VD_OK) {
        uint16_t code = vd_read_u16(&r);
        uint16_t len = vd_read_u16(&r);
        const uint8_t *body = vd_read_span(&r, len);
        if (body == NULL) {
            status = VD_EFORMAT;
        } else if (code == VD_OPTION_EDE) {
            status = take_ede(edns, body, len);
        } else if (code == VD_OPTION_COOKIE && edns->cookie == NULL) {
            edns->cookie = body; /* the first one counts (RFC 7873, section 5.2) */
            edns->cookie_len = len;
        }
    }
    return status;
}

static enum vd_status take_rr(struct vd_message *in, size_t section, const struct vd_rr *rr)
{
    if (rr->type != VD_TYPE_OPT) {
        /* In an update RDATA may be empty (RFC 2136, section 2.5). */
        return in->opcode != 0 || is_rdata_whole(rr) ? VD_OK : VD_EFORMAT;
    }
    in->rcode = (uint16_t)(in->rcode | rr->ttl_s >> 24 << 4);
    return section == VD_SECTION_ADDITIONAL ? read_opt(rr, &in->edns) : VD_EFORMAT;
}

/* Read every record once.  may_break: at the end of the bytes the counts are cut to what there is,
   so that a walk ends there. */
static enum vd_status check_records(struct vd_message *in, bool may_break)
{
    struct vd_reader r = in->records;
    struct vd_rr rr;

    for (size_t section = 0; section < 3; section++) {
        for (uint16_t i = 0; i < in->counts[section]; i++) {
            if (read_rr(&r, &rr) != VD_OK) {
                if (!may_break || !r.is_short) {
                    return VD_EFORMAT;
                }
                memset(&in->counts[section], 0, (3u - section) * sizeof(in->counts[0]));
                in->counts[section] = i;
                return VD_OK;
            }
            if (take_rr(in, section, &rr) != VD_OK) {
                return VD_EFORMAT;
            }
        }
    }
    return vd_reader_left(&r) == 0 ? VD_OK : VD_EFORMAT;
}

/* Header; returns QDCOUNT. */
static uint16_t read_header(struct vd_reader *r, struct vd_message *in)
{
    in->id = vd_read_u16(r);
    uint16_t flags = vd_read_u16(r);
    uint16_t questions = vd_read_u16(r);
    for (size_t i = 0; i < 3; i++) {
        in->counts[i] = vd_read_u16(r);
    }
    in->is_response = (flags & FLAG_QR) != 0;
    in->is_aa = (flags & FLAG_AA) != 0;
    in->is_tc = (flags & FLAG_TC) != 0;
    in->is_rd = (flags & FLAG_RD) != 0;
    in->is_ra = (flags & FLAG_RA) != 0;
    in->is_ad = (flags & FLAG_AD) != 0;
    in->is_cd = (flags & FLAG_CD) != 0;
    in->opcode = (uint8_t)(flags >> 11 & 0xfu);
    in->rcode = (uint16_t)(flags & RCODE_MASK);
    return questions;
}

enum vd_status vd_message_open(const uint8_t *bytes, size_t len, struct vd_message *in)
{
    struct vd_reader r;
    uint16_t class_ = VD_CLASS_IN;

    memset(in, 0, sizeof(*in));
    in->edns.ede = VD_EDE_NONE;
    vd_reader_init(&r, bytes, len);
    uint16_t questions = read_header(&r, in);
    for (uint16_t i = 0; i < questions && !r.has_failed; i++) {
        (void)vd_name_read(&r, &in->question.name);
        in->question.type = vd_read_u16(&r);
        class_ = vd_read_u16(&r);
    }
    in->records = r;
    in->has_question = questions == 1;
    bool is_ours = in->opcode == 0 && class_ == VD_CLASS_IN;
    bool may_break = in->is_tc && in->is_response && is_ours && in->has_question;
    if (len > UINT16_MAX || r.has_failed || check_records(in, may_break) != VD_OK) {
        return VD_EFORMAT;
    }
    bool is_bare_error = questions == 0 && in->is_response && in->rcode != VD_RCODE_NOERROR;
    return is_ours && (in->has_question || is_bare_error) ? VD_OK : VD_OTHER;
}

void vd_rr_walk_init(struct vd_rr_walk *walk, const struct vd_message *message)
{
    walk->reader = message->records;
    walk->section = VD_SECTION_ANSWER;
    memcpy(walk->left, message->counts, sizeof(walk->left));
}

enum vd_status vd_rr_next(struct vd_rr_walk *walk, struct vd_rr *rr, enum vd_section *section)
{
    while (walk->left[walk->section] == 0) {
        if (walk->section == VD_SECTION_ADDITIONAL) {
            return VD_OTHER;
        }
        walk->section++;
    }
    walk->left[walk->section]--;
    *section = (enum vd_section)walk->section;
    return read_rr(&walk->reader, rr);
}

enum vd_status vd_rr_open(const uint8_t *bytes, size_t len, struct vd_rr *rr)
{
    struct vd_reader r;
    struct vd_edns edns;

    memset(&edns, 0, sizeof(edns));
    vd_reader_init(&r, bytes, len);
    if (len > UINT16_MAX || read_rr(&r, rr) != VD_OK || vd_reader_left(&r) != 0) {
        return VD_EFORMAT;
    }
    if (rr->type == VD_TYPE_OPT) {
        return read_opt(rr, &edns);
    }
    return is_rdata_whole(rr) ? VD_OK : VD_EFORMAT;
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

/* Is RDATA read to its end, and no further? */
static enum vd_status finish(const struct vd_reader *r)
{
    return r->has_failed || vd_reader_left(r) != 0 ? VD_EFORMAT : VD_OK;
}

enum vd_status vd_rr_name(const struct vd_rr *rr, struct vd_name *out)
{
    struct vd_reader r = rr->rdata;

    (void)vd_name_read(&r, out);
    return finish(&r);
}

enum vd_status vd_rr_mx(const struct vd_rr *rr, uint16_t *preference, struct vd_name *host)
{
    struct vd_reader r = rr->rdata;

    *preference = vd_read_u16(&r);
    (void)vd_name_read(&r, host);
    return finish(&r);
}

enum vd_status vd_rr_soa(const struct vd_rr *rr, struct vd_soa *out)
{
    struct vd_reader r = rr->rdata;

    (void)vd_name_read(&r, &out->mname);
    skip_field(&r, 'n'); /* RNAME */
    out->serial = vd_read_u32(&r);
    (void)vd_read_span(&r, 12); /* REFRESH, RETRY, EXPIRE */
    out->minimum = vd_read_u32(&r);
    return finish(&r);
}
