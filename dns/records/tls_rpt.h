/*
 * TLS-RPT records (RFC 8460, section 3).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TLS_RPT_H
#define VD_TLS_RPT_H

#include "dns/records/span.h"
#include "port/port_status.h"

struct vd_tls_rpt {
    struct vd_span rua;  /* value of the first rua= as written; see uri.h for its items */
    struct vd_span rest; /* the fields that vd_tls_rpt_next_rua has not come to yet */
    const char *fault;   /* why it is not valid; "" if it is */
};

/* VD_OK: begins with v=TLSRPTv1;.  VD_OTHER: some other TXT record. */
enum vd_status vd_tls_rpt_parse(struct vd_span text, struct vd_tls_rpt *out);

/* The value of the next rua=: the grammar allows several, and a sender may read any of them.  false:
   no more. */
bool vd_tls_rpt_next_rua(struct vd_tls_rpt *record, struct vd_span *rua);

#endif
