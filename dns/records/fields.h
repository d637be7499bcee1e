/*
 * "v=STSv1; name=value; name=value": the list of fields that MTA-STS and TLS-RPT share (RFC 8461,
 * section 3.1; RFC 8460, section 3).  Stricter than tags.h: case counts, no blanks around "=", no
 * empty field, no empty value.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FIELDS_H
#define VD_FIELDS_H

#include "dns/records/span.h"
#include "port/port_status.h"

struct vd_field {
    struct vd_span name;
    struct vd_span value;
};

/*
 * Is it a record of this version ("v=STSv1")?
 *
 * rest  what stands behind "v=STSv1;": to be taken apart by vd_fields_next.
 */
bool vd_fields_start(struct vd_span text, const char *version, struct vd_span *rest);

/*
 * The next field, moving on behind it.
 *
 * VD_OK       *out is filled; the value may hold anything but ";".
 * VD_EFORMAT  what stands there is no name=value: the record is not valid.
 * VD_OTHER    no more.
 */
enum vd_status vd_fields_next(struct vd_span *rest, struct vd_field *out);

/* What an extension may have as its value: printing octets but "=" and ";". */
bool vd_fields_is_value(struct vd_span value);

#endif
