/*
 * Ask, retry, give up.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/resolver.h"

#include <string.h>

/* Local ports are drawn from 1024 up (RFC 6056, section 3.2). */
#define PORT_FIRST 1024u

/* Draws of a local port before a try counts as failed. */
#define PORT_DRAWS_MAX 8u

/* Datagrams taken in one poll: a flood must not starve the timers. */
#define RECEIVE_MAX 64u

void vd_resolver_init(struct vd_resolver *resolver, const struct vd_datagram_port *port,
                      enum vd_status (*random)(void *out, size_t len),
                      const struct vd_endpoint *servers, size_t servers_count)
{
    memset(resolver, 0, sizeof(*resolver));
    resolver->port = port;
    resolver->random = random;
    resolver->servers_count = servers_count < VD_SERVERS_MAX ? servers_count : VD_SERVERS_MAX;
    memcpy(resolver->servers, servers, resolver->servers_count * sizeof(servers[0]));
}

static void close_socket(struct vd_resolver *resolver, struct vd_flight *flight)
{
    if (flight->is_open) {
        resolver->port->close(resolver->port->ctx, flight->socket);
        flight->is_open = false;
    }
}

/* Open a socket from a fresh random port. */
static enum vd_status open_socket(struct vd_resolver *resolver, struct vd_flight *flight)
{
    for (unsigned i = 0; i < PORT_DRAWS_MAX; i++) {
        uint16_t drawn;
        enum vd_status status = resolver->random(&drawn, sizeof(drawn));
        if (status != VD_OK) {
            return status;
        }
        if (drawn < PORT_FIRST) {
            continue; /* drawn again rather than folded: every port stays equally likely */
        }
        status = resolver->port->open(resolver->port->ctx, drawn,
                                      &resolver->servers[flight->server], &flight->socket);
        if (status != VD_AGAIN) {
            flight->is_open = status == VD_OK;
            return status;
        }
    }
    return VD_EIO;
}

/* The next allowed server from `from` on. */
static uint8_t next_server(const struct vd_resolver *resolver, uint8_t servers, unsigned from)
{
    for (unsigned i = 0; i < resolver->servers_count; i++) {
        unsigned server = (from + i) % (unsigned)resolver->servers_count;
        if (((unsigned)servers >> server & 1u) != 0) {
            return (uint8_t)server;
        }
    }
    return 0;
}

/* Send one try. */
static enum vd_status send_try(struct vd_resolver *resolver, struct vd_flight *flight)
{
    uint8_t query[VD_QUERY_MAX];

    enum vd_status status = resolver->random(&flight->id, sizeof(flight->id));
    if (status == VD_OK) {
        status = open_socket(resolver, flight);
    }
    if (status != VD_OK) {
        return status;
    }
    size_t len = vd_query_write(flight->id, &flight->question, VD_EDNS_UDP_MAX, query);
    return resolver->port->send(resolver->port->ctx, flight->socket, query, len);
}

/* Begin the next try, or a wait when it cannot be sent: a link that is down for a moment must not
   burn all tries at once. */
static void begin_try(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    uint64_t wait_ms = (uint64_t)VD_TRY_TIMEOUT_MS << flight->tries;

    flight->tries++;
    flight->sent_ms = now_ms;
    flight->deadline_ms = now_ms + wait_ms;
    if (send_try(resolver, flight) != VD_OK) {
        close_socket(resolver, flight);
        flight->detail = VD_DETAIL_NETWORK;
    }
}

enum vd_status vd_resolver_ask(struct vd_resolver *resolver, const struct vd_question *question,
                               uint8_t servers, uint8_t first, unsigned token, uint64_t now_ms)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->is_used) {
            continue;
        }
        memset(flight, 0, sizeof(*flight));
        flight->is_used = true;
        flight->question = *question;
        flight->token = token;
        flight->servers = servers;
        flight->server = next_server(resolver, servers, first);
        flight->detail = VD_DETAIL_TIMEOUT;
        flight->rcode = VD_RCODE_NONE;
        begin_try(resolver, flight, now_ms);
        return VD_OK;
    }
    return VD_AGAIN;
}

/* Tell how it ended.  The socket is closed afterwards: the message lies in the port's buffer, which
   is good until the next call into the port. */
static void finish(struct vd_resolver *resolver, struct vd_flight *flight, struct vd_reply *reply)
{
    reply->server = flight->server;
    reply->tries = flight->tries;
    resolver->done(resolver->ctx, flight->token, &flight->question, reply);
    close_socket(resolver, flight);
    flight->is_used = false;
}

/* A try has failed: ask the next server, or give up. */
static void fail_try(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    close_socket(resolver, flight);
    if (flight->tries < VD_TRIES_MAX) {
        flight->server = next_server(resolver, flight->servers, flight->server + 1u);
        begin_try(resolver, flight, now_ms);
        return;
    }
    struct vd_reply reply;
    memset(&reply, 0, sizeof(reply));
    reply.rcode = flight->rcode;
    reply.gist.presence = VD_UNKNOWN;
    reply.gist.detail = flight->detail;
    finish(resolver, flight, &reply);
}

/* Is it the response to this flight's try?  (RFC 5452, section 9.1) */
static bool is_mine(const struct vd_resolver *resolver, const struct vd_flight *flight,
                    const struct vd_datagram_in *in, const struct vd_message *message)
{
    return vd_endpoint_is_equal(&in->from, &resolver->servers[flight->server]) &&
           message->is_response && message->opcode == 0 && message->id == flight->id &&
           message->question.type == flight->question.type &&
           vd_name_is_equal(&message->question.name, &flight->question.name);
}

static struct vd_flight *flight_of_socket(struct vd_resolver *resolver, unsigned socket)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->is_used && flight->is_open && flight->socket == socket) {
            return flight;
        }
    }
    return NULL;
}

static void take(struct vd_resolver *resolver, struct vd_flight *flight,
                 const struct vd_datagram_in *in, uint64_t now_ms)
{
    struct vd_message message;
    struct vd_reply reply;

    /* What cannot be matched to the question may be forged: ignored, the wait goes on. */
    if (vd_message_open(in->bytes, in->len, &message) != VD_OK ||
        !is_mine(resolver, flight, in, &message)) {
        return;
    }
    memset(&reply, 0, sizeof(reply));
    vd_answer_classify(&message, &flight->question, &reply.gist);
    flight->rcode = message.rcode;
    if (reply.gist.presence == VD_UNKNOWN && !reply.gist.leaves &&
        reply.gist.detail != VD_DETAIL_CHAIN) {
        flight->detail = reply.gist.detail;
        fail_try(resolver, flight, now_ms);
        return;
    }
    reply.message = &message;
    reply.rcode = message.rcode;
    reply.rtt_ms = (uint32_t)(now_ms - flight->sent_ms);
    finish(resolver, flight, &reply);
}

void vd_resolver_poll(struct vd_resolver *resolver, uint64_t now_ms)
{
    struct vd_datagram_in in;

    for (unsigned i = 0; i < RECEIVE_MAX; i++) {
        enum vd_status status = resolver->port->receive(resolver->port->ctx, &in);
        if (status != VD_OK && status != VD_EREFUSED) {
            break;
        }
        struct vd_flight *flight = flight_of_socket(resolver, in.socket);
        if (flight == NULL) {
            continue;
        }
        if (status == VD_EREFUSED) {
            flight->detail = VD_DETAIL_NETWORK;
            fail_try(resolver, flight, now_ms);
        } else {
            take(resolver, flight, &in, now_ms);
        }
    }
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->is_used && now_ms >= flight->deadline_ms) {
            fail_try(resolver, flight, now_ms);
        }
    }
}

uint64_t vd_resolver_next_ms(const struct vd_resolver *resolver)
{
    uint64_t next = UINT64_MAX;

    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        const struct vd_flight *flight = &resolver->flights[i];
        if (flight->is_used && flight->deadline_ms < next) {
            next = flight->deadline_ms;
        }
    }
    return next;
}

void vd_resolver_cancel(struct vd_resolver *resolver)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->is_used) {
            close_socket(resolver, flight);
            flight->is_used = false;
        }
    }
}
