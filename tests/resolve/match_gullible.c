/*
 * A resolver that can be fooled: linked in the place of dns/match.c, it looks at neither the id, nor
 * the case of the name, nor cookies.  The forger must win against it, or it is no forger.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/match.h"

enum vd_match vd_match_response(const struct vd_resolver *resolver, const struct vd_flight *flight,
                                const struct vd_endpoint *from, const uint8_t *bytes, size_t len,
                                struct vd_message *in)
{
    (void)resolver;
    (void)from;
    if (vd_message_open(bytes, len, in) != VD_OK || !in->is_response || !in->has_question) {
        return VD_MATCH_NO;
    }
    return in->question.type == flight->question.type &&
                   vd_name_is_equal(&in->question.name, &flight->question.name)
               ? VD_MATCH_YES
               : VD_MATCH_NO;
}
