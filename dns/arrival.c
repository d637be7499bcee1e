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

void vd_flight_mismatch(struct vd_resolver *resolver, struct vd_flight *flight, enum vd_match match,
                        uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[flight->server];

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

/* What a response tells of its server, whatever it says of the question. */
static void learn(struct vd_resolver *resolver, struct vd_flight *flight,
                  const struct vd_message *message, uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[flight->server];
    bool is_udp = flight->transport == VD_TRANSPORT_UDP;

    path->answered++;
    if (flight->transport == resolver->servers[flight->server].transport) {
        vd_path_measure(path, (uint32_t)(now_ms - flight->sent_ms));
    } else {
        vd_path_set_trouble(path, VD_TROUBLE_NO_TCP, false);
        if (flight->has_no_echo) {
            path->tcp_until_ms = now_ms + TCP_FIRST_MS;
        }
    }
    path->has_edns |= message->edns.has_opt;
    if (flight->has_edns) {
        vd_path_set_trouble(path, VD_TROUBLE_NO_EDNS, !message->edns.has_opt);
    } else if (is_udp && now_ms >= path->edns_off_until_ms) {
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
static bool is_another_way(struct vd_resolver *resolver, struct vd_flight *flight,
                           enum vd_match match, const struct vd_message *message, uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[flight->server];
    bool is_edns_error = message->rcode == VD_RCODE_FORMERR || message->rcode == VD_RCODE_NOTIMP ||
                         message->rcode == VD_RCODE_BADVERS;
    bool is_udp = flight->transport == VD_TRANSPORT_UDP;

    if (match == VD_MATCH_BARE || (is_edns_error && flight->has_edns)) {
        path->edns_off_until_ms = now_ms + VD_EDNS_OFF_MS;
        vd_path_set_trouble(path, VD_TROUBLE_NO_EDNS, true);
        flight->is_edns_retried = true;
        go_again(flight, VD_DETAIL_RCODE, now_ms);
        return true;
    }
    if (is_edns_error && flight->is_edns_retried) {
        path->edns_off_until_ms = 0; /* it was not EDNS that it did not like */
        vd_path_set_trouble(path, VD_TROUBLE_NO_EDNS, false);
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

    learn(resolver, flight, message, now_ms);
    if (flight->is_cd) {
        take_probe(resolver, flight, message);
        return;
    }
    if (is_another_way(resolver, flight, match, message, now_ms)) {
        return;
    }
    memset(&reply, 0, sizeof(reply));
    vd_answer_classify(message, &flight->question, resolver->servers[flight->server].is_authority,
                       &reply.gist);
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
    flight->limit = reply.gist.limit;
    vd_flight_fail(flight, (enum vd_detail)reply.gist.detail, now_ms);
}
