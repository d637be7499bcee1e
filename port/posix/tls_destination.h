/*
 * TLS destinations: trust and saved session outlive a connection, so that the next one resumes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_POSIX_TLS_DESTINATION_H
#define VD_POSIX_TLS_DESTINATION_H

#include "port/mbedtls/tls_trust.h"

/*
 * The destination of a target, for one connection alone: a known one, or a new one in the place of
 * the one that was used longest ago.
 *
 * why   VD_STREAM_WHY_MAX bytes; filled with words on a failure.
 *
 * VD_OK      *out is taken until vd_posix_tls_leave.
 * VD_EFULL   all are taken (VD_TLS_DESTINATIONS).
 * VD_EINVAL  anchors, name or ALPN cannot be used.
 * VD_EIO     no memory.
 */
enum vd_status vd_posix_tls_take_destination(const struct vd_stream_target *to,
                                             struct vd_tls_trust **out, char *why);

/* Forget the one that was used longest ago, of those that no stream uses.  False: there is none. */
bool vd_posix_tls_forget_oldest(void);

/* The connection is over. */
void vd_posix_tls_leave(const struct vd_tls_trust *trust);

#endif
