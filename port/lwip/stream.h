/*
 * What port/lwip/stream.c offers beside struct vd_stream_port (net.h has the rest).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LWIP_STREAM_H
#define VD_LWIP_STREAM_H

/* Forget all destinations that no stream uses now: trust anchors and saved sessions. */
void vd_lwip_stream_forget(void);

#endif
