/*
 * Named files that were put beside the image: configuration, certificates.
 *
 * Read-only and small.  Names are plain ("vedette.ini", "ca.pem"): no folder, no "..".
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_PORT_FILES_H
#define VD_PORT_FILES_H

#include "port/port_status.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Read a whole file.
 *
 * buf, cap   caller's; filled from the start.
 * len        bytes read, on VD_OK.
 *
 * VD_OK         all of it is in buf.
 * VD_ENOTFOUND  no such file.
 * VD_EFULL      longer than cap; *len is its length, buf is undefined.
 * VD_EINVAL     a name with a slash, or empty.
 * VD_EIO        the store failed.
 */
enum vd_status vd_files_read(const char *name, uint8_t *buf, size_t cap, size_t *len);

#endif
