/*
 * MTA-STS records (RFC 8461, section 3.1): the TXT only; the policy itself is behind https.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MTA_STS_H
#define VD_MTA_STS_H

#include "dns/records/span.h"
#include "port/port_status.h"

struct vd_mta_sts {
    struct vd_span id; /* inside the text: 1 to 32 letters and digits */
    const char *fault; /* why it is not valid, a static sentence; "" if it is */
};

/*
 * text  joined strings of ONE record; untrusted.
 *
 * VD_OK     recognised: begins with v=STSv1;.  out->fault tells whether it is valid.
 * VD_OTHER  some other TXT record, to be discarded; out is untouched.
 */
enum vd_status vd_mta_sts_parse(struct vd_span text, struct vd_mta_sts *out);

#endif
