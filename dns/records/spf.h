/*
 * SPF records (RFC 7208): text to terms.
 *
 * The whole grammar of sections 4.5, 4.6.1, 5, 6, 7.1 and 12 is checked, for a syntax error
 * anywhere in a record is a permanent error for all of it (section 4.6).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_H
#define VD_SPF_H

#include "dns/records/spf_macro.h"
#include "firmware/limits.h"
#include "port/port_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vd_spf_kind {
    VD_SPF_ALL = 1,
    VD_SPF_INCLUDE,
    VD_SPF_A,
    VD_SPF_MX,
    VD_SPF_PTR,
    VD_SPF_IP4,
    VD_SPF_IP6,
    VD_SPF_EXISTS,
    VD_SPF_REDIRECT, /* modifiers from here on */
    VD_SPF_EXP,
    VD_SPF_MODIFIER /* an unknown one: ignored by receivers */
};

/* One directive or modifier.  Offsets are into vd_spf.text. */
struct vd_spf_term {
    uint8_t kind;    /* enum vd_spf_kind */
    char qualifier;  /* '+', '-', '~' or '?'; '+' where none is written */
    uint8_t prefix4; /* 0..32, 32 where none is written */
    uint8_t prefix6; /* 0..128, 128 where none is written */
    uint16_t offset; /* the term as written, qualifier included */
    uint16_t len;
    uint16_t target;     /* domain-spec, or the address of ip4: and ip6: */
    uint16_t target_len; /* 0: none; a, mx and ptr then mean the record's own domain */
};

struct vd_spf {
    const uint8_t *text; /* as given to vd_spf_parse; not owned */
    size_t text_len;
    uint16_t terms_count;
    struct vd_spf_term terms[VD_SPF_TERMS_MAX]; /* in the order of the record */

    /* after VD_EFORMAT: what is wrong, a static sentence, and where */
    const char *fault;
    uint16_t fault_offset; /* the term that is wrong */
    uint16_t fault_len;
};

/*
 * Read one TXT answer as an SPF record (RFC 7208, section 4.5).
 *
 * text, len   joined strings of ONE record; untrusted; not NUL-terminated.  Must outlive out.
 * out         terms on VD_OK; fault, fault_offset and fault_len on VD_EFORMAT.
 *
 * VD_OK       a well-formed SPF record.
 * VD_OTHER    some other TXT record: not an error, go on to the next.
 * VD_EFORMAT  says v=spf1 but breaks the grammar.
 * VD_EFULL    longer than 65,535 octets or more than VD_SPF_TERMS_MAX terms: neither valid nor
 *             broken, the caller must say "unknown".
 */
enum vd_status vd_spf_parse(const uint8_t *text, size_t len, struct vd_spf *out);

/* Does it say v=spf1?  Whatever vd_spf_parse does not answer with VD_OTHER does. */
bool vd_spf_is_record(struct vd_span text);

/*
 * The name that a term speaks of, for include:, redirect=, a, mx, ptr, exists: and exp=.
 *
 * spf, term       of one vd_spf_parse that said VD_OK.
 * current_domain  the domain whose record this is (RFC 7208, section 4.1: <domain>): %{d}.
 * out, cap        the name as text: lower case, no final dot, odd octets as \DDD, NUL-terminated.
 *                 254 bytes hold any name without odd octets, VD_NAME_TEXT_MAX any at all.
 *                 "" unless VD_OK.
 *
 * VD_OK       out is filled.  A name of more than 253 octets lost labels on its left (section 7.3).
 * VD_OTHER    dynamic: holds a macro that only a mail in hand can fill (%{i}, %{s} ...), or %{o},
 *             see vd_spf_expand.
 * VD_EFORMAT  expands to what is no domain name (an empty label, one of more than 63 octets), or
 *             the term has no name at all (ip4, ip6, all, an unknown modifier).
 * VD_EFULL    cap is too small, or more macros stand in it than we fill in: the name is not known.
 */
enum vd_status vd_spf_target(const struct vd_spf *spf, const struct vd_spf_term *term,
                             const char *current_domain, char *out, size_t cap);

/*
 * The same, with %{o} filled in as well.
 *
 * sender_domain   the domain of the envelope sender: the same in every include; NULL: %{o} is
 *                 dynamic.
 */
enum vd_status vd_spf_expand(const struct vd_spf *spf, const struct vd_spf_term *term,
                             const char *current_domain, const char *sender_domain, char *out,
                             size_t cap);

/*
 * The same for a mail in hand.
 *
 * values  of the macros, D for <domain> among them.
 */
enum vd_status vd_spf_fill(const struct vd_spf *spf, const struct vd_spf_term *term,
                           const struct vd_spf_values *values, char *out, size_t cap);

struct vd_spf_network {
    uint8_t address[16]; /* network order: 4 octets, or 16 */
    uint8_t bits;        /* length of the prefix */
    bool is_ip6;
};

/*
 * The network of an ip4: or ip6: term.  One of IPv4-mapped addresses, ip6:::ffff:192.0.2.0/120, is
 * IPv4 (RFC 7208, section 5).
 *
 * VD_OK     filled.
 * VD_OTHER  a term of another kind; out is untouched.
 */
enum vd_status vd_spf_network(const struct vd_spf *spf, const struct vd_spf_term *term,
                              struct vd_spf_network *out);

/* ::ffff:0:0/96 (RFC 4291, section 2.5.5.2): is this one of 16 octets in it? */
bool vd_spf_is_mapped(const uint8_t address[16]);

/* True for a term that costs one of the ten lookups (RFC 7208, section 4.6.4). */
bool vd_spf_is_lookup(const struct vd_spf_term *term);

#endif
