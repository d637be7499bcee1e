/*
 * Lists of report addresses: "mailto:a@b.example!10m, https://c.example/x" (RFC 9989, section 4.8;
 * RFC 8460, section 3).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_URI_H
#define VD_URI_H

#include "dns/records/span.h"
#include "port/port_status.h"

#include <stdbool.h>
#include <stdint.h>

struct vd_uri {
    struct vd_span text;   /* as written, a size ("!10m") left out, blanks around it cut off */
    struct vd_span size;   /* "10m"; len 0: none */
    struct vd_span scheme; /* "mailto" */
    struct vd_span host;   /* domain of a mailto: address, host of another URI; len 0: none */
    bool is_mailto;
};

/*
 * The next item of a list, moving on behind it.
 *
 * VD_OK       *out is filled.
 * VD_EFORMAT  an item that is no URI with a host (a bare address, a blank inside), or whose size is
 *             none: skipped, call on; out->text holds it.
 * VD_OTHER    no more.
 */
enum vd_status vd_uri_next(struct vd_span *list, struct vd_uri *out);

/* Equal for equal addresses: scheme and host in any case (RFC 3986, section 6.2.2.1). */
uint32_t vd_uri_hash(const struct vd_uri *uri);

#endif
