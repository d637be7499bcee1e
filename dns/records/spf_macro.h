/*
 * Macros and domain-specs of SPF (RFC 7208, section 7), for spf.c.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_MACRO_H
#define VD_SPF_MACRO_H

#include "dns/records/span.h"

/* Macros that are filled in in one domain-spec: each takes its time. */
#define VD_SPF_MACROS_MAX 8u

/* What is wrong with a macro-string, a static sentence; NULL: nothing. */
const char *vd_spf_macro_fault(struct vd_span text);

/* The same for a domain-spec = macro-string domain-end. */
const char *vd_spf_domain_fault(struct vd_span text);

/*
 * Fill in a checked domain-spec.  See vd_spf_expand in spf.h; here out is "" unless VD_OK.
 */
enum vd_status vd_spf_macro_expand(struct vd_span text, const char *current_domain,
                                   const char *sender_domain, char *out, size_t cap);

#endif
