/*
 * Is this the response to that try?  All that keeps a forger out, in one place.
 *
 * No I/O, no state.  A file of its own: a test build links another one in its place, to show that
 * a forger wins without these checks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_MATCH_H
#define VD_MATCH_H

#include "dns/resolver.h"

enum vd_match {
    VD_MATCH_NO = 0,
    VD_MATCH_BROKEN, /* our id, but it breaks RFC 1035: not an answer, but told when none comes */
    VD_MATCH_COOKIELESS, /* all fits, but the cookie that this server is known to send is not there:
                            not an answer.  It may have given up cookies */
    VD_MATCH_ERROR, /* our id, and an error without a question, over UDP: anybody could have sent it.
                       Not an answer, but told when none comes */
    VD_MATCH_BARE,  /* FORMERR or NOTIMP without a question, to a query with EDNS: not an answer,
                        but a reason to ask without (RFC 6891, section 7) */
    VD_MATCH_YES
};

/*
 * Read what arrived, and compare it with a flight's try (RFC 5452, section 9.1):
 *
 *   sender    the server's address and port, over UDP
 *   header    a response to a QUERY, with the id of the try
 *   question  type and name; over UDP in the case that was sent (0x20), over TCP and TLS in any
 *   cookie    where one was sent: one that comes back must have a valid length and our client
 *             part; over UDP it must come back from a server that is known to speak cookies
 *             (RFC 7873, section 5.3)
 *
 * An error without a question (SERVFAIL, say) counts only on a connection.
 *
 * from   the sender; NULL on a connection.
 * bytes  untrusted.
 * in     filled with VD_MATCH_ERROR, VD_MATCH_BARE and VD_MATCH_YES; points into bytes.
 */
enum vd_match vd_match_response(const struct vd_resolver *resolver, const struct vd_flight *flight,
                                const struct vd_endpoint *from, const uint8_t *bytes, size_t len,
                                struct vd_message *in);

#endif
