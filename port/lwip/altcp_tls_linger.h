/*
 * Inside the altcp layer: what is left of a connection when its owner and TLS are done with it.
 *
 * TCP is told that we have ended; what the peer still sends is thrown away, until it ends too or
 * VD_TLS_LINGER_MS are over.  Closing at once would answer such bytes with a reset, and a reset
 * takes from the peer the alert or close_notify that it has not read yet.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_ALTCP_TLS_LINGER_H
#define VD_ALTCP_TLS_LINGER_H

#include "lwip/altcp.h"

/*
 * Take over a TCP connection on which nothing more will be sent.
 *
 * inner     all that came in has been acknowledged with altcp_recved; callbacks are replaced.
 * has_eof   the peer has ended already: close without waiting.
 */
void vd_tls_linger(struct altcp_pcb *inner, int has_eof);

/* From the loop. */
void vd_tls_linger_turn(void);

/* Connections lingering now. */
unsigned vd_tls_linger_count(void);

#endif
