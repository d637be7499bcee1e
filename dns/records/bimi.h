/*
 * BIMI records (draft-brand-indicators-for-message-identification): not an RFC, cosmetic.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_BIMI_H
#define VD_BIMI_H

#include "dns/records/span.h"
#include "port/port_status.h"

#include <stdbool.h>

struct vd_bimi {
    struct vd_span location;  /* l= */
    struct vd_span authority; /* a= */
    bool is_refusal;          /* both are empty: the domain says that it takes no part */
    const char *fault;        /* why it is not valid; "" if it is */
};

/* VD_OK: begins with v=BIMI1.  VD_OTHER: some other TXT record. */
enum vd_status vd_bimi_parse(struct vd_span text, struct vd_bimi *out);

#endif
