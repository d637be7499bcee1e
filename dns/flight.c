/*
 * One question, from try to try.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/flight.h"

#include <string.h>

/* Local ports are drawn from 1024 up (RFC 6056, section 3.2). */
#define PORT_FIRST 1024u

/* Draws of a local port before a try counts as failed. */
#define PORT_DRAWS_MAX 8u

/* An answer over a connection cannot be lost, only late: wait so many times longer. */
#define LINK_PATIENCE 4u

/* ---- time -------------------------------------------------------------------------------- */

uint64_t vd_flight_bound_ms(const struct vd_flight *flight)
{
    return flight->started_ms + VD_QUESTION_MAX_MS;
}

static uint64_t within_bound(const struct vd_flight *flight, uint64_t at_ms)
{
    uint64_t bound_ms = vd_flight_bound_ms(flight);
    return at_ms < bound_ms ? at_ms : bound_ms;
}

void vd_flight_fail(struct vd_flight *flight, enum vd_detail fate, uint64_t now_ms)
{
    flight->fate = (uint8_t)fate;
    flight->deadline_ms = now_ms;
}

/* ---- which server, and how --------------------------------------------------------------- */

/* The next server of a set from `from` on. */
static uint8_t next_server(uint16_t servers, unsigned from)
{
    for (unsigned i = 0; i < VD_PEERS_MAX; i++) {
        unsigned server = (from + i) % VD_PEERS_MAX;
        if ((servers & vd_server_bit(server)) != 0) {
            return (uint8_t)server;
        }
    }
    return 0;
}

/* TCP where this question cannot go over UDP (TC=1, forgeries), else as the server is configured.
   A tls:// server is never asked in clear. */
static uint8_t transport_of(const struct vd_resolver *resolver, const struct vd_flight *flight)
{
    uint8_t transport = resolver->servers[flight->server].transport;
    bool is_tcp = (flight->tcp & vd_server_bit(flight->server)) != 0;

    return transport == VD_TRANSPORT_UDP && is_tcp ? VD_TRANSPORT_TCP : transport;
}

/*
 * Choose whom to ask next.  A server that gave a useless answer comes after all others, and only
 * when some time has passed.
 *
 * Returns false when nobody is left, or no try, or no time.
 */
static bool choose(const struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    uint16_t left = (uint16_t)(flight->servers & resolver->servers_set & ~flight->barred);
    uint16_t fresh = (uint16_t)(left & ~flight->soft);

    flight->deadline_ms = now_ms;
    if (flight->is_again) {
        flight->is_again = false;
        return now_ms < vd_flight_bound_ms(flight);
    }
    if (left == 0 || flight->rounds >= VD_TRIES_MAX) {
        return false;
    }
    flight->server = next_server(fresh != 0 ? fresh : left, flight->server + 1u);
    if (fresh == 0) {
        flight->deadline_ms += vd_path_wait_ms(&resolver->paths[flight->server], 0);
    }
    flight->rounds++;
    return flight->deadline_ms < vd_flight_bound_ms(flight);
}

/* ---- sending ------------------------------------------------------------------------------ */

void vd_flight_close_socket(struct vd_resolver *resolver, struct vd_flight *flight)
{
    if (flight->is_open) {
        resolver->setup.datagram->close(resolver->setup.datagram->ctx, flight->socket);
        flight->is_open = false;
    }
}

/* Open a socket from a fresh random port. */
static enum vd_status open_socket(struct vd_resolver *resolver, struct vd_flight *flight)
{
    const struct vd_datagram_port *port = resolver->setup.datagram;

    for (unsigned i = 0; i < PORT_DRAWS_MAX; i++) {
        uint16_t drawn;
        enum vd_status status = resolver->setup.random(&drawn, sizeof(drawn));
        if (status != VD_OK) {
            return status;
        }
        if (drawn < PORT_FIRST) {
            continue; /* drawn again rather than folded: every port stays equally likely */
        }
        status =
            port->open(port->ctx, drawn, &resolver->servers[flight->server].at, &flight->socket);
        if (status != VD_AGAIN) {
            flight->is_open = status == VD_OK;
            return status;
        }
    }
    return VD_EIO;
}

/* Our client cookie for this server, then the server's own if it gave one.  Returns the length. */
static size_t write_cookie(struct vd_path *path, uint64_t now_ms, uint8_t *out)
{
    /* A server that gave up cookies must not stay out of reach for ever. */
    if (now_ms >= path->cookie_until_ms) {
        path->server_cookie_len = 0;
    }
    memcpy(out, path->client_cookie, VD_COOKIE_CLIENT_LEN);
    memcpy(out + VD_COOKIE_CLIENT_LEN, path->server_cookie, path->server_cookie_len);
    return VD_COOKIE_CLIENT_LEN + path->server_cookie_len;
}

enum vd_status vd_flight_write(struct vd_resolver *resolver, struct vd_flight *flight,
                               uint64_t now_ms, uint8_t *out, size_t *len)
{
    struct vd_path *path = &resolver->paths[flight->server];
    uint8_t cookie[VD_COOKIE_CLIENT_LEN + VD_COOKIE_SERVER_LEN_MAX];
    uint8_t bits[VD_NAME_WIRE_MAX / 8u + 1u];

    enum vd_status status = resolver->setup.random(&flight->id, sizeof(flight->id));
    if (status == VD_OK) {
        status = resolver->setup.random(bits, flight->question.name.len / 8u + 1u);
    }
    if (status == VD_OK && !path->has_client_cookie) {
        status = resolver->setup.random(path->client_cookie, sizeof(path->client_cookie));
        path->has_client_cookie = status == VD_OK;
    }
    if (status != VD_OK) {
        return status;
    }
    vd_name_draw_case(&flight->question.name, bits);
    /* Some boxes swallow what they do not know: a server that was silent, and is not known to speak
       EDNS, is asked without. */
    bool is_plain = vd_set_has(flight->plain, flight->server) ||
                    (!path->has_edns && flight->transport == VD_TRANSPORT_UDP &&
                     vd_set_has(flight->silent, flight->server));
    flight->has_edns = now_ms >= path->edns_off_until_ms && !is_plain;
    /* Over TLS a cookie would only tell who asks. */
    flight->has_cookie = flight->has_edns && flight->transport != VD_TRANSPORT_TLS;
    struct vd_query query = {.question = &flight->question,
                             .id = flight->id,
                             .edns_udp = flight->has_edns ? VD_EDNS_UDP_MAX : 0,
                             .is_recursive = !resolver->servers[flight->server].is_authority,
                             .is_unchecked = flight->is_cd,
                             .is_padded = flight->transport == VD_TRANSPORT_TLS};
    if (flight->has_cookie) {
        query.cookie = cookie;
        query.cookie_len = write_cookie(path, now_ms, cookie);
    }
    *len = vd_query_write(&query, out);
    return VD_OK;
}

void vd_flight_sent(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[flight->server];
    uint64_t wait_ms = vd_path_wait_ms(path, flight->rounds - 1u);

    if (flight->transport != VD_TRANSPORT_UDP) {
        wait_ms *= LINK_PATIENCE;
    }
    path->sent++;
    if (flight->tries < UINT8_MAX) {
        flight->tries++;
    }
    flight->state = VD_FLIGHT_SENT;
    flight->is_starved = false;
    flight->sent_ms = now_ms;
    flight->deadline_ms = within_bound(flight, now_ms + wait_ms);
}

/* Pacing, as a bucket of VD_PACE_BURST: when may the next question go? */
static uint64_t pace_next_ms(const struct vd_resolver *resolver)
{
    uint64_t burst_ms = (VD_PACE_BURST - 1u) * (uint64_t)VD_PACE_MS;
    return resolver->pace_ms > burst_ms ? resolver->pace_ms - burst_ms : 0;
}

static void send_udp(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    const struct vd_datagram_port *port = resolver->setup.datagram;
    uint8_t query[VD_QUERY_MAX];
    size_t len;

    uint64_t free_ms = pace_next_ms(resolver);
    if (free_ms > now_ms) {
        flight->deadline_ms = within_bound(flight, free_ms);
        return;
    }
    resolver->pace_ms = (resolver->pace_ms > now_ms ? resolver->pace_ms : now_ms) + VD_PACE_MS;
    enum vd_status status = vd_flight_write(resolver, flight, now_ms, query, &len);
    if (status == VD_OK) {
        status = open_socket(resolver, flight);
    }
    if (status == VD_OK) {
        status = port->send(port->ctx, flight->socket, query, len);
    }
    vd_flight_sent(resolver, flight, now_ms);
    if (status != VD_OK) {
        /* Not at once: a network that is down for a moment must not burn all tries. */
        vd_flight_close_socket(resolver, flight);
        flight->fate = VD_DETAIL_NETWORK;
    }
}

static const uint8_t no_way[] = {VD_DETAIL_TIMEOUT, VD_DETAIL_NETWORK, VD_DETAIL_TLS};

/* Begin a try, or go on waiting for its turn. */
static void begin(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    flight->state = VD_FLIGHT_WAITING;
    flight->transport = transport_of(resolver, flight);
    if (now_ms >= vd_flight_bound_ms(flight)) {
        vd_flight_fail(flight, (enum vd_detail)no_way[flight->transport], now_ms);
    } else if (flight->transport == VD_TRANSPORT_UDP) {
        send_udp(resolver, flight, now_ms);
    } else {
        vd_link_carry(resolver, flight, now_ms);
    }
}

void vd_flight_start(struct vd_resolver *resolver, struct vd_flight *flight, uint16_t servers,
                     uint8_t first, uint64_t now_ms)
{
    flight->state = VD_FLIGHT_WAITING;
    flight->link = VD_LINK_NONE;
    flight->started_ms = now_ms;
    flight->deadline_ms = now_ms;
    flight->servers = servers & resolver->servers_set;
    flight->server = next_server(flight->servers, first);
    flight->rounds = 1;
    flight->evidence.rcode = VD_RCODE_NONE;
    flight->evidence.ede = VD_EDE_NONE;
    for (unsigned i = 0; i < VD_PEERS_MAX; i++) {
        flight->tcp |= now_ms < resolver->paths[i].tcp_until_ms ? vd_server_bit(i) : 0u;
    }
    if (flight->servers == 0) {
        flight->fate = VD_DETAIL_NETWORK;
    } else {
        begin(resolver, flight, now_ms);
    }
}

/* ---- the end ------------------------------------------------------------------------------ */

/* Servers that only were silent may be behind a box that has begun to swallow EDNS: the next question
   may find out. */
static void forget_edns(struct vd_resolver *resolver, const struct vd_flight *flight)
{
    for (unsigned i = 0; i < VD_PEERS_MAX; i++) {
        if (vd_set_has(flight->silent, i) && !vd_set_has(flight->heard, i)) {
            resolver->paths[i].has_edns = false;
        }
    }
}

/* Tell how it ended.  Socket and link are let go afterwards: the message lies in a buffer of
   theirs. */
void vd_flight_finish(struct vd_resolver *resolver, struct vd_flight *flight,
                      struct vd_reply *reply)
{
    forget_edns(resolver, flight);
    reply->tries = flight->tries;
    resolver->done(resolver->ctx, flight->token, &flight->question, reply);
    vd_flight_close_socket(resolver, flight);
    flight->link = VD_LINK_NONE;
    flight->state = VD_FLIGHT_FREE;
}

void vd_flight_finish_unknown(struct vd_resolver *resolver, struct vd_flight *flight)
{
    struct vd_reply reply;

    memset(&reply, 0, sizeof(reply));
    reply.gist.presence = VD_UNKNOWN;
    reply.gist.detail = flight->why;
    reply.gist.limit = flight->why == VD_DETAIL_LIMIT ? flight->limit : VD_LIMIT_NONE;
    reply.gist.ttl_s = UINT32_MAX;
    reply.gist.end = flight->question.name;
    reply.gist.evidence = flight->evidence;
    reply.server = flight->why_server;
    reply.transport = flight->why_transport;
    vd_flight_finish(resolver, flight, &reply);
}

/*
 * Nobody is left.  A plain SERVFAIL is asked once more with CD=1: when that answers, validation is
 * what failed (standard practice; RFC 4035, section 3.2.2 allows it).  Its data are not used.
 */
static void give_up(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    bool is_plain =
        flight->why == VD_DETAIL_SERVFAIL && flight->evidence.rcode == VD_RCODE_SERVFAIL;

    if (flight->is_cd || !is_plain || resolver->servers[flight->why_server].is_authority ||
        now_ms >= vd_flight_bound_ms(flight)) {
        vd_flight_finish_unknown(resolver, flight);
        return;
    }
    flight->is_cd = true;
    flight->server = flight->why_server;
    flight->rounds = 1;
    flight->deadline_ms = now_ms;
    flight->state = VD_FLIGHT_WAITING;
}

/* ---- a try is over ------------------------------------------------------------------------ */

static bool is_weak(uint8_t detail)
{
    return detail == VD_DETAIL_NONE || detail == VD_DETAIL_TIMEOUT || detail == VD_DETAIL_NETWORK;
}

/* Keep the best reason: the last one that says something; silence explains nothing, and over a limit
   there was an answer. */
static void note(struct vd_flight *flight, uint8_t detail)
{
    if (!flight->is_cd && flight->why != VD_DETAIL_LIMIT &&
        (is_weak(flight->why) || !is_weak(detail))) {
        flight->why = detail;
        flight->why_server = flight->server;
        flight->why_transport = flight->transport;
    }
}

/* How the try failed, in the end. */
static uint8_t fate_of(struct vd_resolver *resolver, const struct vd_flight *flight)
{
    struct vd_path *path = &resolver->paths[flight->server];
    uint8_t fate = flight->fate;

    if (fate == VD_DETAIL_NONE) {
        fate = flight->said != VD_DETAIL_NONE ? flight->said
               : flight->is_broken            ? (uint8_t)VD_DETAIL_MALFORMED
                                              : (uint8_t)VD_DETAIL_TIMEOUT;
    }
    bool is_fallback = flight->transport == VD_TRANSPORT_TCP &&
                       resolver->servers[flight->server].transport == VD_TRANSPORT_UDP;
    if (!is_fallback || !is_weak(fate) || flight->tcp_why == VD_DETAIL_NONE) {
        return fate;
    }
    /* TCP was the way out, and it is none. */
    if (flight->tcp_why == VD_DETAIL_TRUNCATED && !flight->is_starved) {
        vd_path_set_trouble(path, VD_TROUBLE_NO_TCP, true);
    }
    return flight->tcp_why;
}

/* Shall this server be asked again, after this? */
static void bar(struct vd_resolver *resolver, struct vd_flight *flight, uint8_t fate)
{
    uint16_t bit = vd_server_bit(flight->server);

    switch (fate) {
    case VD_DETAIL_TIMEOUT:
    case VD_DETAIL_NETWORK:
        /* Silence may have been a loss; a connection that failed is tried after the others. */
        if (flight->transport != VD_TRANSPORT_UDP || fate == VD_DETAIL_NETWORK) {
            flight->soft |= bit;
        }
        return;
    case VD_DETAIL_REFUSED:
    case VD_DETAIL_LAME:
    case VD_DETAIL_INTERCEPTED:
    case VD_DETAIL_TLS:
    case VD_DETAIL_LIMIT: /* another one may leave out what made it so long */
        flight->barred |= bit;
        return;
    default:
        if ((flight->soft & bit) != 0 ||
            (flight->transport == VD_TRANSPORT_TCP && resolver->setup.tcp == NULL)) {
            flight->barred |= bit;
        }
        flight->soft |= bit;
    }
}

/* TCP was to tell why the server's cookie does not come back any more, and TCP does not work: the
   server would be out of reach until the cookie is forgotten. */
static bool is_dead_end(const struct vd_resolver *resolver, const struct vd_flight *flight)
{
    return flight->is_cookieless && flight->transport == VD_TRANSPORT_TCP &&
           resolver->servers[flight->server].transport == VD_TRANSPORT_UDP &&
           is_weak(flight->fate) && flight->tcp_why != VD_DETAIL_ATTACK &&
           flight->tcp_why != VD_DETAIL_TRUNCATED && !flight->is_again;
}

/* Take the try apart, and learn from how it failed. */
static void end_try(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[flight->server];
    uint16_t bit = vd_server_bit(flight->server);
    uint8_t fate = fate_of(resolver, flight);

    vd_flight_close_socket(resolver, flight);
    if (flight->link != VD_LINK_NONE) {
        vd_link_leave(resolver, flight, now_ms);
    }
    /* A server that does not echo the case, or a forger in between: TCP tells (RFC 5452, 9.2). */
    if (flight->fate == VD_DETAIL_NONE && flight->transport == VD_TRANSPORT_UDP &&
        flight->has_mismatch) {
        flight->tcp |= bit;
        flight->tcp_why = fate;
        flight->has_no_echo =
            !flight->is_cookieless && !flight->is_broken && flight->said == VD_DETAIL_NONE;
    }
    if (flight->fate == VD_DETAIL_NONE && flight->transport == VD_TRANSPORT_UDP) {
        flight->silent |= bit;
    }
    if (flight->is_lost && flight->is_shut) {
        flight->is_again = true; /* each connection answers one at least: it ends */
    } else if (flight->is_lost && !flight->is_relinked && flight->rounds < VD_TRIES_MAX) {
        flight->is_relinked = true;
        flight->is_again = true;
        flight->rounds++;
    }
    if (flight->transport == VD_TRANSPORT_TCP && flight->tcp_why == VD_DETAIL_NONE &&
        is_weak(flight->fate)) {
        path->tcp_until_ms = 0; /* then UDP again, with all its waits */
        flight->tcp = (uint16_t)(flight->tcp & ~bit);
    }
    if (is_dead_end(resolver, flight)) {
        vd_path_forget_cookie(path, now_ms);
        flight->tcp = (uint16_t)(flight->tcp & ~bit);
        flight->is_cookieless = false;
        flight->is_again = true;
    }
    if (now_ms >= vd_flight_bound_ms(flight)) {
        flight->is_again = false;
    }
    if (!flight->is_again) {
        note(flight, fate);
        /* What anybody could have said costs a server no more than silence: TCP will tell. */
        bar(resolver, flight, flight->said != VD_DETAIL_NONE ? VD_DETAIL_TIMEOUT : fate);
    }
    flight->fate = flight->said = VD_DETAIL_NONE;
    flight->has_mismatch = flight->is_broken = flight->is_lost = flight->is_shut = false;
    flight->state = VD_FLIGHT_WAITING;
}

void vd_flight_turn(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    if (flight->state == VD_FLIGHT_SENT || flight->fate != VD_DETAIL_NONE) {
        end_try(resolver, flight, now_ms);
        bool is_over = flight->is_cd && !flight->is_again;
        if (is_over || !choose(resolver, flight, now_ms)) {
            give_up(resolver, flight, now_ms);
        }
        return; /* what was chosen begins with the next turn, when its deadline has come */
    }
    begin(resolver, flight, now_ms);
}
