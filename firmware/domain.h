/*
 * Domain names as a person writes them into the configuration.
 *
 * Strict where DNS would be lenient: a name that is misspelt must not be watched in silence.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_DOMAIN_H
#define VD_DOMAIN_H

#include "firmware/watchlist.h"
#include "port/port_status.h"
#include "report/text.h"

#include <stddef.h>

/*
 * Read a host name (RFC 1123, section 2.1): labels of letters, digits and inner hyphens, 1 to
 * 63 characters each, 253 in all; the last one not all digits.  One final dot is dropped.
 *
 * text, len   untrusted; not NUL-terminated.
 * out         has VD_DOMAIN_TEXT_MAX bytes; lower case on VD_OK, undefined otherwise.
 * why         on VD_EFORMAT gets the reason, as the rest of a sentence that began with the name.
 *             For a name that is not ASCII it tells the A-label (RFC 5890) where it can.
 */
enum vd_status vd_host_read(const char *text, size_t len, char *out, struct vd_text_writer *why);

/*
 * The same for a domain to watch: two labels at least, no www name, and not a domain of a
 * mail provider for everybody (gmail.com ...): nobody but the provider can mend its records.
 */
enum vd_status vd_domain_read(const char *text, size_t len, char *out, struct vd_text_writer *why);

#endif
