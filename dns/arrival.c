/*
 * What arrives for a flight: learn from it, go another way, or be done.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/flight.h"

#include <string.h>

/* A server that does not echo the case of a name is asked over TCP at once for so long. */
#define TCP_FIRST_MS 3600000u

/* The same server once more, another way. */
static void go_again(struct vd_flight *flight, enum vd_detail fate, uint64_t now_ms)
{
    flight->is_again = true;
    vd_flight_fail(flight, fate, now_ms);
}

/* The same server over TCP; `why` is what stands if that fails. */
static void go_tcp(struct vd_flight *flight, uint16_t servers, enum vd_detail why, uint64_t now_ms)
{
    flight->tcp |= servers;
    flight->tcp_why = (uint8_t)why;
    go_again(flight, why, now_ms);
}

/* What a response says of the flight's question. */
static void classify(const struct vd_resolver *resolver, const struct vd_flight *flight,
                     const struct vd_message *message, struct vd_gist *out)
{
    const struct vd_server *server = &resolver->servers[flight->server];

    vd_answer_classify(message, &flight->question, server->is_authority, server->zone, out);
}

void vd_flight_mismatch(struct vd_resolver *resolver, struct vd_flight *flight, enum vd_match match,
                        const struct vd_message *message, uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[flight->server];
    struct vd_gist gist;

    if (match == VD_MATCH_ERROR) {
        classify(resolver, flight, message, &gist);
        flight->said = gist.detail;
    }

    path->mismatches++;
    path->calm = 0;
    flight->has_mismatch = true;
    flight->is_broken |= match == VD_MATCH_BROKEN;
    flight->is_cookieless |= match == VD_MATCH_COOKIELESS;
    if (++flight->mismatches < VD_MISMATCHES_MAX) {
        return;
    }
    /* Somebody guesses: no more guesses for this question, wherever it goes. */
    vd_path_set_trouble(path, VD_TROUBLE_ATTACK, true);
    go_tcp(flight, UINT16_MAX, VD_DETAIL_ATTACK, now_ms);
}

/* Does the server say that it does not take EDNS?  (RFC 6891, section 7) */
static bool is_edns_error(const struct vd_message *message)
{
    return message->rcode == VD_RCODE_FORMERR || message->rcode == VD_RCODE_NOTIMP ||
           message->rcode == VD_RCODE_BADVERS;
}

/* What a response tells of its server, whatever it says of the question. */
static void learn(struct vd_resolver *resolver, struct vd_flight *flight, enum vd_match match,
                  const struct vd_message *message, uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[flight->server];
    bool is_udp = flight->transport == VD_TRANSPORT_UDP;

    path->answered++;
    flight->heard |= vd_server_bit(flight->server);
    if (flight->transport == resolver->servers[flight->server].transport) {
        vd_path_measure(path, (uint32_t)(now_ms - flight->sent_ms));
    } else {
        vd_path_set_trouble(path, VD_TROUBLE_NO_TCP, false);
        if (flight->has_no_echo) {
            path->tcp_until_ms = now_ms + TCP_FIRST_MS;
        }
    }
    bool is_error = is_edns_error(message);
    if (message->edns.has_opt && !is_error) {
        vd_path_answered_edns(path);
    }
    if (flight->has_edns && (match == VD_MATCH_YES || !is_udp)) {
        vd_path_set_trouble(path, VD_TROUBLE_NO_EDNS, !message->edns.has_opt || is_error);
    } else if (is_error && !flight->has_edns && vd_set_has(flight->plain, flight->server)) {
        vd_path_set_trouble(path, VD_TROUBLE_NO_EDNS, false); /* it was not EDNS then */
    } else if (!flight->has_edns && !is_error && now_ms >= path->edns_off_until_ms) {
        vd_path_answered_plain(path, now_ms);
    }
    if (flight->has_cookie && message->edns.cookie_len > VD_COOKIE_CLIENT_LEN &&
        now_ms >= path->cookie_off_until_ms) {
        vd_path_learn_cookie(path, message->edns.cookie + VD_COOKIE_CLIENT_LEN,
                             message->edns.cookie_len - VD_COOKIE_CLIENT_LEN, now_ms);
    } else if (flight->has_cookie && !is_udp) {
        vd_path_learn_cookie(path, NULL, 0, now_ms);
    }
    if (is_udp && flight->mismatches == 0 && path->calm < VD_MISMATCHES_MAX &&
        ++path->calm == VD_MISMATCHES_MAX) {
        vd_path_set_trouble(path, VD_TROUBLE_ATTACK, false);
    }
}

/* Must the same server be asked another way before its answer can be judged?  true: it will be. */
static bool is_another_way(struct vd_flight *flight, enum vd_match match,
                           const struct vd_message *message, uint64_t now_ms)
{
    bool is_udp = flight->transport == VD_TRANSPORT_UDP;

    /* Once without, in this question: only an answer to that is learnt from. */
    if (match == VD_MATCH_BARE || (is_edns_error(message) && flight->has_edns)) {
        flight->plain |= vd_server_bit(flight->server);
        go_again(flight, VD_DETAIL_RCODE, now_ms);
        return true;
    }
    if (message->rcode == VD_RCODE_BADCOOKIE && is_udp) {
        if (flight->is_cookie_retried) {
            go_tcp(flight, vd_server_bit(flight->server), VD_DETAIL_RCODE, now_ms);
        } else {
            flight->is_cookie_retried = true;
            go_again(flight, VD_DETAIL_RCODE, now_ms);
        }
        return true;
    }
    if (message->is_tc && is_udp) {
        go_tcp(flight, vd_server_bit(flight->server), VD_DETAIL_TRUNCATED, now_ms);
        return true;
    }
    return false;
}

/* The CD=1 probe was answered. */
static void take_probe(struct vd_resolver *resolver, struct vd_flight *flight,
                       const struct vd_message *message)
{
    if (message->rcode == VD_RCODE_NOERROR || message->rcode == VD_RCODE_NXDOMAIN) {
        flight->why = VD_DETAIL_DNSSEC;
    }
    vd_flight_finish_unknown(resolver, flight);
}

/* An answer that settles the question. */
static void settle(struct vd_resolver *resolver, struct vd_flight *flight, struct vd_reply *reply,
                   uint64_t now_ms)
{
    for (unsigned i = 0; i < VD_PEERS_MAX; i++) {
        if (i != flight->server && (flight->servfails & vd_server_bit(i)) != 0) {
            vd_path_set_trouble(&resolver->paths[i], VD_TROUBLE_SERVFAIL, true);
        }
    }
    reply->server = flight->server;
    reply->transport = flight->transport;
    reply->rtt_ms = (uint32_t)(now_ms - flight->sent_ms);
    vd_flight_finish(resolver, flight, reply);
}

void vd_flight_take(struct vd_resolver *resolver, struct vd_flight *flight, enum vd_match match,
                    const struct vd_message *message, uint64_t now_ms)
{
    struct vd_reply reply;

    learn(resolver, flight, match, message, now_ms);
    if (flight->is_cd) {
        take_probe(resolver, flight, message);
        return;
    }
    if (is_another_way(flight, match, message, now_ms)) {
        return;
    }
    memset(&reply, 0, sizeof(reply));
    classify(resolver, flight, message, &reply.gist);
    if (reply.gist.presence != VD_UNKNOWN || reply.gist.leaves ||
        reply.gist.detail == VD_DETAIL_CHAIN) {
        reply.message = message;
        settle(resolver, flight, &reply, now_ms);
        return;
    }
    if (message->rcode == VD_RCODE_SERVFAIL) {
        flight->servfails |= vd_server_bit(flight->server);
    }
    flight->evidence = reply.gist.evidence;
    vd_flight_fail(flight, (enum vd_detail)reply.gist.detail, now_ms);
}
