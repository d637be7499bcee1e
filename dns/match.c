/*
 * What keeps a forger out.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/match.h"

#include <string.h>

/* Did a server that is known to send cookies send none?  (RFC 7873, section 5.3) */
static bool is_cookieless(const struct vd_flight *flight, const struct vd_path *path,
                          const struct vd_edns *edns)
{
    return flight->has_cookie && flight->transport == VD_TRANSPORT_UDP && edns->cookie == NULL &&
           path->server_cookie_len > 0;
}

static bool is_cookie_wrong(const struct vd_flight *flight, const struct vd_path *path,
                            const struct vd_edns *edns)
{
    if (!flight->has_cookie || edns->cookie == NULL) {
        return false;
    }
    /* Ours alone, or with the server's 8 to 32 octets (RFC 7873, section 4). */
    bool is_len = edns->cookie_len == VD_COOKIE_CLIENT_LEN ||
                  (edns->cookie_len >= 2u * VD_COOKIE_CLIENT_LEN &&
                   edns->cookie_len <= VD_COOKIE_CLIENT_LEN + VD_COOKIE_SERVER_LEN_MAX);
    return !is_len || memcmp(edns->cookie, path->client_cookie, VD_COOKIE_CLIENT_LEN) != 0;
}

static bool is_name_right(const struct vd_flight *flight, const struct vd_name *name)
{
    return flight->transport == VD_TRANSPORT_UDP
               ? vd_name_is_identical(name, &flight->question.name)
               : vd_name_is_equal(name, &flight->question.name);
}

/* A response without a question. */
static enum vd_match match_bare(const struct vd_flight *flight, uint16_t rcode)
{
    if (flight->has_edns && (rcode == VD_RCODE_FORMERR || rcode == VD_RCODE_NOTIMP)) {
        return VD_MATCH_BARE;
    }
    if (rcode == VD_RCODE_NOERROR || rcode == VD_RCODE_NXDOMAIN) {
        return VD_MATCH_NO;
    }
    return flight->transport == VD_TRANSPORT_UDP ? VD_MATCH_ERROR : VD_MATCH_YES;
}

enum vd_match vd_match_response(const struct vd_resolver *resolver, const struct vd_flight *flight,
                                const struct vd_endpoint *from, const uint8_t *bytes, size_t len,
                                struct vd_message *in)
{
    const struct vd_path *path = &resolver->paths[flight->server];

    if (from != NULL && !vd_endpoint_is_equal(from, &resolver->servers[flight->server].at)) {
        return VD_MATCH_NO;
    }
    /* First, as it costs least: of a flood nearly all ends here. */
    if (len < 2 || (bytes[0] << 8 | bytes[1]) != flight->id) {
        return VD_MATCH_NO;
    }
    enum vd_status status = vd_message_open(bytes, len, in);
    if (status == VD_EFORMAT) {
        return VD_MATCH_BROKEN;
    }
    if (status != VD_OK || !in->is_response || in->opcode != 0 ||
        is_cookie_wrong(flight, path, &in->edns)) {
        return VD_MATCH_NO;
    }
    bool has_none = is_cookieless(flight, path, &in->edns);
    if (!in->has_question && !has_none) {
        return match_bare(flight, in->rcode);
    }
    if (!in->has_question || in->question.type != flight->question.type ||
        !is_name_right(flight, &in->question.name)) {
        return VD_MATCH_NO;
    }
    return has_none ? VD_MATCH_COOKIELESS : VD_MATCH_YES;
}
