/*
 * Macros and domain-specs of SPF (RFC 7208, section 7), for spf.c and spf_check.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_MACRO_H
#define VD_SPF_MACRO_H

#include "dns/records/span.h"

/* Macros that are filled in in one domain-spec: each takes its time. */
#define VD_SPF_MACROS_MAX 32u

/* What a macro stands for (RFC 7208, section 7.2); in the order of "slodipvh". */
enum vd_spf_letter {
    VD_SPF_LETTER_S = 0, /* <sender> */
    VD_SPF_LETTER_L,     /* its local part */
    VD_SPF_LETTER_O,     /* its domain */
    VD_SPF_LETTER_D,     /* <domain> */
    VD_SPF_LETTER_I,     /* <ip> with dots: octets, or nibbles */
    VD_SPF_LETTER_P,     /* the validated name of <ip> */
    VD_SPF_LETTER_V,     /* "in-addr" or "ip6" */
    VD_SPF_LETTER_H,     /* the HELO name */
    VD_SPF_LETTERS
};

/*
 * Values for the macros; nothing is owned.
 *
 * of     by enum vd_spf_letter.  bytes NULL: not known, the macro is dynamic.  An unknown S is put
 *        together from L and O where both are known.
 * names  set of the letters (1u << letter) whose value is a domain name as text: NUL-terminated,
 *        its escapes are undone.  All others are octets as they are.
 */
struct vd_spf_values {
    struct vd_span of[VD_SPF_LETTERS];
    uint8_t names;
};

/* Longest local part that is put together with a domain (RFC 5321, section 4.5.3.1.1). */
#define VD_SPF_LOCAL_MAX 64u

/* Set a letter to a domain name as text; NULL: not known. */
void vd_spf_value_name(struct vd_spf_values *values, enum vd_spf_letter letter, const char *name);

/* Longest %{i}, with its NUL: 32 nibbles. */
#define VD_SPF_DOTTED_MAX 64u

/*
 * Set I and V.
 *
 * address  4 or 16 octets in network order.
 * dotted   is written, and must stay where it is.
 */
void vd_spf_value_address(struct vd_spf_values *values, const uint8_t *address, bool is_ip6,
                          char dotted[VD_SPF_DOTTED_MAX]);

/*
 * Set S, L and O (RFC 7208, section 4.3).
 *
 * sender  "local@domain", octets as they are; without a local part it is "postmaster".
 * domain  as text, for an empty sender.
 */
void vd_spf_value_sender(struct vd_spf_values *values, const char *sender, const char *domain);

/* What is wrong with a macro-string, a static sentence; NULL: nothing. */
const char *vd_spf_macro_fault(struct vd_span text);

/* The same for a domain-spec = macro-string domain-end. */
const char *vd_spf_domain_fault(struct vd_span text);

/*
 * Fill in a checked domain-spec.  See vd_spf_expand in spf.h; out is "" unless VD_OK.
 *
 * VD_OTHER  a macro in it is not known.
 */
enum vd_status vd_spf_macro_expand(struct vd_span text, const struct vd_spf_values *values,
                                   char *out, size_t cap);

#endif
