/*
 * The table of servers, and the turn of all questions in flight.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/resolver.h"

#include "dns/flight.h"

#include <string.h>

/* Datagrams taken in one poll: a flood must not starve the timers. */
#define RECEIVE_MAX 64u

/* Turns of one flight in one poll: each try takes two, and some tries fail at once. */
#define TURNS_MAX (4u * VD_PEERS_MAX)

_Static_assert(VD_PEERS_MAX <= 16u, "sets of servers have 16 bits");
_Static_assert(2u + VD_QUERY_MAX <= VD_LINK_OUT_BYTES, "a link takes one question at least");

void vd_resolver_init(struct vd_resolver *resolver, const struct vd_resolver_setup *setup)
{
    memset(resolver, 0, sizeof(*resolver));
    resolver->setup = *setup;
}

void vd_resolver_set_server(struct vd_resolver *resolver, unsigned index,
                            const struct vd_server *server)
{
    uint16_t bit = vd_server_bit(index);

    if (server != NULL && (resolver->servers_set & bit) != 0 &&
        vd_server_is_equal(server, &resolver->servers[index])) {
        const struct vd_server *old = &resolver->servers[index];
        if (old->name != server->name || old->pin != server->pin) {
            vd_links_close_server(resolver, index); /* it points to the words at the old place */
        }
        resolver->servers[index] = *server;
        return;
    }
    vd_links_close_server(resolver, index);
    memset(&resolver->paths[index], 0, sizeof(resolver->paths[index]));
    resolver->servers_set &= (uint16_t)~bit;
    if (server != NULL) {
        resolver->servers[index] = *server;
        resolver->servers_set |= bit;
    } else {
        memset(&resolver->servers[index], 0, sizeof(resolver->servers[index]));
    }
}

enum vd_status vd_resolver_ask(struct vd_resolver *resolver, const struct vd_question *question,
                               uint16_t servers, uint8_t first, unsigned token, uint64_t now_ms)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->state == VD_FLIGHT_FREE) {
            memset(flight, 0, sizeof(*flight));
            flight->question = *question;
            flight->token = token;
            vd_flight_start(resolver, flight, servers, first, now_ms);
            return VD_OK;
        }
    }
    return VD_AGAIN;
}

/* The flight that waits for something on a socket. */
static struct vd_flight *flight_of_socket(struct vd_resolver *resolver, unsigned socket)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->state == VD_FLIGHT_SENT && flight->is_open && flight->socket == socket &&
            flight->fate == VD_DETAIL_NONE) {
            return flight;
        }
    }
    return NULL;
}

static void take(struct vd_resolver *resolver, struct vd_flight *flight,
                 const struct vd_datagram_in *in, uint64_t now_ms)
{
    struct vd_message message;

    enum vd_match match =
        vd_match_response(resolver, flight, &in->from, in->bytes, in->len, &message);
    if (match == VD_MATCH_YES || match == VD_MATCH_BARE) {
        vd_flight_take(resolver, flight, match, &message, now_ms);
    } else {
        vd_flight_mismatch(resolver, flight, match, &message, now_ms);
    }
}

/* true: there may be more. */
static bool receive(struct vd_resolver *resolver, uint64_t now_ms)
{
    const struct vd_datagram_port *port = resolver->setup.datagram;
    struct vd_datagram_in in;

    for (unsigned i = 0; i < RECEIVE_MAX; i++) {
        enum vd_status status = port->receive(port->ctx, &in);
        if (status != VD_OK && status != VD_EREFUSED) {
            return false;
        }
        struct vd_flight *flight = flight_of_socket(resolver, in.socket);
        if (flight == NULL) {
            continue;
        }
        if (status == VD_EREFUSED) {
            vd_flight_fail(flight, VD_DETAIL_NETWORK, now_ms);
        } else {
            take(resolver, flight, &in, now_ms);
        }
    }
    return true;
}

void vd_resolver_poll(struct vd_resolver *resolver, uint64_t now_ms)
{
    bool is_more = receive(resolver, now_ms);

    is_more |= vd_links_poll(resolver, now_ms);
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        for (unsigned turns = 0; turns < TURNS_MAX; turns++) {
            if (flight->state == VD_FLIGHT_FREE || flight->deadline_ms > now_ms) {
                break;
            }
            vd_flight_turn(resolver, flight, now_ms);
        }
    }
    resolver->is_behind = is_more;
}

uint64_t vd_resolver_next_ms(const struct vd_resolver *resolver)
{
    uint64_t next_ms = resolver->is_behind ? 0 : vd_links_next_ms(resolver);

    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        const struct vd_flight *flight = &resolver->flights[i];
        if (flight->state != VD_FLIGHT_FREE && flight->deadline_ms < next_ms) {
            next_ms = flight->deadline_ms;
        }
    }
    return next_ms;
}

void vd_resolver_cancel(struct vd_resolver *resolver)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->state != VD_FLIGHT_FREE) {
            vd_flight_close_socket(resolver, flight);
            flight->state = VD_FLIGHT_FREE;
        }
    }
    vd_links_close(resolver);
    resolver->is_behind = false;
}

bool vd_resolver_is_short_of_tls(const struct vd_resolver *resolver)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        const struct vd_flight *flight = &resolver->flights[i];
        if (flight->state == VD_FLIGHT_WAITING && flight->is_starved &&
            flight->transport == VD_TRANSPORT_TLS) {
            return true;
        }
    }
    return false;
}

void vd_resolver_yield_tls(struct vd_resolver *resolver)
{
    (void)vd_links_close_idle(resolver, true);
}
