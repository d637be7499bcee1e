/*
 * DNS over TCP and TLS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/link.h"

#include "dns/flight.h"
#include "dns/resolver.h"

#include <string.h>

/* A connection that is not up by then will not be. */
#define OPEN_MS (VD_QUESTION_MAX_MS / 2)

/* A flight that waits for a connection, and bytes that wait for the port, look again after this. */
#define LOOK_MS 50u

/* Reads from one link in one poll: a flood must not starve the others. */
#define READS_MAX 64u

/* A server that closes after so few answers, with questions waiting, gets them one at a time. */
#define SINGLE_ANSWERS 2u

/* For so long. */
#define SINGLE_MS 3600000u

/* Draws of an id that is free on the link. */
#define ID_DRAWS_MAX 8u

static const char *const alpn_dot[] = {"dot", NULL}; /* RFC 7858, section 3.1, and IANA */

/* ---- the two ports, as one ------------------------------------------------------------------ */

static enum vd_status port_open(struct vd_resolver *resolver, struct vd_link *link)
{
    const struct vd_server *server = &resolver->servers[link->server];

    if (!link->is_tls) {
        const struct vd_tcp_port *tcp = resolver->setup.tcp;
        return tcp->open(tcp->ctx, &server->at, &link->stream);
    }
    struct vd_stream_target target = {.at = server->at, .pin = server->pin, .alpn = alpn_dot};
    if (server->pin == NULL) {
        target.host = server->name;
        target.ca = resolver->setup.ca;
        target.ca_len = resolver->setup.ca_len;
    }
    return resolver->setup.tls->open(resolver->setup.tls->ctx, &target, &link->stream);
}

static enum vd_status port_state(const struct vd_resolver *resolver, const struct vd_link *link)
{
    return link->is_tls ? resolver->setup.tls->state(resolver->setup.tls->ctx, link->stream)
                        : resolver->setup.tcp->state(resolver->setup.tcp->ctx, link->stream);
}

static enum vd_status port_write(const struct vd_resolver *resolver, const struct vd_link *link,
                                 const uint8_t *bytes, size_t len, size_t *taken)
{
    const struct vd_resolver_setup *setup = &resolver->setup;
    return link->is_tls ? setup->tls->write(setup->tls->ctx, link->stream, bytes, len, taken)
                        : setup->tcp->write(setup->tcp->ctx, link->stream, bytes, len, taken);
}

static enum vd_status port_read(const struct vd_resolver *resolver, const struct vd_link *link,
                                uint8_t *buf, size_t cap, size_t *got)
{
    const struct vd_resolver_setup *setup = &resolver->setup;
    return link->is_tls ? setup->tls->read(setup->tls->ctx, link->stream, buf, cap, got)
                        : setup->tcp->read(setup->tcp->ctx, link->stream, buf, cap, got);
}

static void close_link(struct vd_resolver *resolver, struct vd_link *link)
{
    if (link->is_tls) {
        resolver->setup.tls->close(resolver->setup.tls->ctx, link->stream);
    } else {
        resolver->setup.tcp->close(resolver->setup.tcp->ctx, link->stream);
    }
    link->is_used = false;
}

/* ---- a link and its flights ----------------------------------------------------------------- */

static unsigned index_of(const struct vd_resolver *resolver, const struct vd_link *link)
{
    return (unsigned)(link - resolver->links);
}

/* No flight waits for it or for an answer on it. */
static bool is_idle(const struct vd_resolver *resolver, const struct vd_link *link)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        const struct vd_flight *flight = &resolver->flights[i];
        if (flight->state != VD_FLIGHT_FREE && flight->link == index_of(resolver, link)) {
            return false;
        }
    }
    return true;
}

/* How many answers are awaited on it? */
static unsigned outstanding(const struct vd_resolver *resolver, const struct vd_link *link)
{
    unsigned count = 0;

    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        const struct vd_flight *flight = &resolver->flights[i];
        count += flight->state == VD_FLIGHT_SENT && flight->link == index_of(resolver, link) &&
                 flight->fate == VD_DETAIL_NONE;
    }
    return count;
}

/* Whoever waits for it may go on: its turn sends it. */
static void wake(struct vd_resolver *resolver, const struct vd_link *link, uint64_t now_ms)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->state == VD_FLIGHT_WAITING && flight->link == index_of(resolver, link)) {
            flight->deadline_ms = now_ms;
        }
    }
}

static struct vd_flight *flight_of_id(struct vd_resolver *resolver, const struct vd_link *link,
                                      uint16_t id)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->state == VD_FLIGHT_SENT && flight->link == index_of(resolver, link) &&
            flight->id == id && flight->fate == VD_DETAIL_NONE) {
            return flight;
        }
    }
    return NULL;
}

/* The link is gone, and with it what was asked on it: once more on a new one (RFC 7766, section
   6.2.4).  What had not been sent yet only waits on. */
static void lose(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    struct vd_path *path = &resolver->paths[link->server];

    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->state == VD_FLIGHT_FREE || flight->link != index_of(resolver, link)) {
            continue;
        }
        flight->link = VD_LINK_NONE;
        flight->deadline_ms = now_ms;
        if (flight->state == VD_FLIGHT_SENT && flight->fate == VD_DETAIL_NONE) {
            flight->is_lost = true;
            flight->is_shut = link->answers > 0;
            if (link->answers > 0 && link->answers <= SINGLE_ANSWERS) {
                path->single_until_ms = now_ms + SINGLE_MS;
            }
            vd_flight_fail(flight, VD_DETAIL_NETWORK, now_ms);
        }
    }
    close_link(resolver, link);
}

/* TLS with a server could not be had: not again at once, and keep the port's words. */
static void note_tls_failure(struct vd_resolver *resolver, unsigned server, int stream,
                             uint64_t now_ms)
{
    const struct vd_stream_port *tls = resolver->setup.tls;
    struct vd_path *path = &resolver->paths[server];
    const char *why = tls->why(tls->ctx, stream);
    size_t len = strlen(why);

    len = len < sizeof(path->tls_why) ? len : sizeof(path->tls_why) - 1u;
    memcpy(path->tls_why, why, len);
    path->tls_why[len] = '\0';
    vd_path_set_trouble(path, VD_TROUBLE_TLS, true);
    vd_path_back_off(path, now_ms);
}

/* It never came up: the tries of all that waited for it have failed. */
static void fail(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    for (size_t i = 0; i < VD_FLIGHTS_MAX; i++) {
        struct vd_flight *flight = &resolver->flights[i];
        if (flight->state != VD_FLIGHT_FREE && flight->link == index_of(resolver, link)) {
            flight->link = VD_LINK_NONE;
            vd_flight_fail(flight, link->is_tls ? VD_DETAIL_TLS : VD_DETAIL_NETWORK, now_ms);
        }
    }
    if (link->is_tls) {
        note_tls_failure(resolver, link->server, link->stream, now_ms);
    }
    close_link(resolver, link);
}

/* ---- opening -------------------------------------------------------------------------------- */

static struct vd_link *find_link(struct vd_resolver *resolver, unsigned server)
{
    for (size_t i = 0; i < VD_LINKS_MAX; i++) {
        if (resolver->links[i].is_used && resolver->links[i].server == server) {
            return &resolver->links[i];
        }
    }
    return NULL;
}

static struct vd_link *free_link(struct vd_resolver *resolver)
{
    for (size_t i = 0; i < VD_LINKS_MAX; i++) {
        if (!resolver->links[i].is_used) {
            return &resolver->links[i];
        }
    }
    return NULL;
}

bool vd_links_close_idle(struct vd_resolver *resolver, bool is_tls)
{
    bool has_closed = false;

    for (size_t i = 0; i < VD_LINKS_MAX; i++) {
        struct vd_link *link = &resolver->links[i];
        if (link->is_used && link->is_tls == is_tls && is_idle(resolver, link)) {
            close_link(resolver, link);
            has_closed = true;
        }
    }
    return has_closed;
}

/* A place for a new link: a free one, or that of an idle one. */
static struct vd_link *make_room(struct vd_resolver *resolver, bool is_tls)
{
    struct vd_link *link = free_link(resolver);

    if (link == NULL &&
        (vd_links_close_idle(resolver, is_tls) || vd_links_close_idle(resolver, !is_tls))) {
        link = free_link(resolver);
    }
    return link;
}

/* Open a link for a flight.  NULL: the flight waits, or has its fate. */
static struct vd_link *open_link(struct vd_resolver *resolver, struct vd_flight *flight,
                                 uint64_t now_ms)
{
    bool is_tls = flight->transport == VD_TRANSPORT_TLS;
    struct vd_path *path = &resolver->paths[flight->server];

    if (is_tls ? resolver->setup.tls == NULL || now_ms < path->link_retry_ms
               : resolver->setup.tcp == NULL) {
        vd_flight_fail(flight, is_tls ? VD_DETAIL_TLS : VD_DETAIL_NETWORK, now_ms);
        return NULL;
    }
    struct vd_link *link = make_room(resolver, is_tls);
    if (link == NULL) {
        return NULL;
    }
    link->server = flight->server;
    link->is_tls = is_tls;
    link->is_up = false;
    link->mismatches = link->answers = 0;
    link->opened_ms = link->used_ms = link->heard_ms = now_ms;
    link->in_have = 0;
    link->out_len = link->out_done = 0;
    enum vd_status status = port_open(resolver, link);
    if (status == VD_EFULL && vd_links_close_idle(resolver, is_tls)) {
        status = port_open(resolver, link);
    }
    flight->is_starved = status == VD_EFULL;
    if (status == VD_EFULL) {
        return NULL;
    }
    if (status != VD_OK) {
        if (is_tls) {
            note_tls_failure(resolver, flight->server, -1, now_ms);
        }
        vd_flight_fail(flight, is_tls ? VD_DETAIL_TLS : VD_DETAIL_NETWORK, now_ms);
        return NULL;
    }
    link->is_used = true;
    return link;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Give the port what it takes.  false: the link is gone. */
static bool flush(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    while (link->out_done < link->out_len) {
        size_t taken = 0;
        enum vd_status status = port_write(resolver, link, link->out + link->out_done,
                                           (size_t)(link->out_len - link->out_done), &taken);
        if (status == VD_AGAIN || (status == VD_OK && taken == 0)) {
            link->look_ms = now_ms + LOOK_MS;
            break;
        }
        if (status != VD_OK) {
            lose(resolver, link, now_ms);
            return false;
        }
        link->out_done = (uint16_t)(link->out_done + taken);
    }
    memmove(link->out, link->out + link->out_done, (size_t)(link->out_len - link->out_done));
    link->out_len = (uint16_t)(link->out_len - link->out_done);
    link->out_done = 0;
    return true;
}

/* Write a query whose id is free on the link. */
static enum vd_status write_query(struct vd_resolver *resolver, const struct vd_link *link,
                                  struct vd_flight *flight, uint64_t now_ms, uint8_t *out,
                                  size_t *len)
{
    for (unsigned i = 0; i < ID_DRAWS_MAX; i++) {
        enum vd_status status = vd_flight_write(resolver, flight, now_ms, out, len);
        /* The flight itself is not SENT yet: what is found is another one. */
        if (status != VD_OK || flight_of_id(resolver, link, flight->id) == NULL) {
            return status;
        }
    }
    return VD_EIO;
}

void vd_link_carry(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    uint64_t look_ms = now_ms + LOOK_MS;
    uint64_t bound_ms = vd_flight_bound_ms(flight);
    size_t len;

    flight->deadline_ms = look_ms < bound_ms ? look_ms : bound_ms;
    struct vd_link *link = find_link(resolver, flight->server);
    if (link == NULL) {
        link = open_link(resolver, flight, now_ms);
    }
    if (link == NULL) {
        return;
    }
    flight->is_starved = false;
    flight->link = (uint8_t)index_of(resolver, link);
    bool is_busy =
        now_ms < resolver->paths[link->server].single_until_ms && outstanding(resolver, link) > 0;
    if (!link->is_up || is_busy || link->out_len + 2u + VD_QUERY_MAX > sizeof(link->out)) {
        return;
    }
    uint8_t *frame = link->out + link->out_len;
    if (write_query(resolver, link, flight, now_ms, frame + 2, &len) != VD_OK) {
        vd_flight_fail(flight, VD_DETAIL_NETWORK, now_ms);
        return;
    }
    frame[0] = (uint8_t)(len >> 8);
    frame[1] = (uint8_t)len;
    link->out_len = (uint16_t)(link->out_len + 2u + len);
    link->used_ms = now_ms;
    vd_flight_sent(resolver, flight, now_ms);
    /* Length and message in one go (RFC 7766, section 8). */
    (void)flush(resolver, link, now_ms);
}

void vd_link_leave(struct vd_resolver *resolver, struct vd_flight *flight, uint64_t now_ms)
{
    struct vd_link *link = &resolver->links[flight->link];

    flight->link = VD_LINK_NONE;
    if (flight->state == VD_FLIGHT_SENT && link->heard_ms <= flight->sent_ms &&
        flight->fate == VD_DETAIL_NONE) {
        lose(resolver, link, now_ms);
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Length of the message that comes in; both octets are there. */
static size_t in_len(const struct vd_link *link)
{
    return (size_t)(link->in[0] << 8 | link->in[1]);
}

/* What came answers nothing: a late answer, or garbage.  false: too much of it, the link is gone. */
static bool count_mismatch(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    resolver->paths[link->server].mismatches++;
    if (++link->mismatches < VD_MISMATCHES_MAX) {
        return true;
    }
    lose(resolver, link, now_ms);
    return false;
}

/* A whole message is there.  false: the link is gone. */
static bool take(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    struct vd_message message;
    const uint8_t *bytes = link->in + 2;
    size_t len = in_len(link);

    link->in_have = 0;
    struct vd_flight *flight =
        len < 2 ? NULL : flight_of_id(resolver, link, (uint16_t)(bytes[0] << 8 | bytes[1]));
    if (flight == NULL) {
        return count_mismatch(resolver, link, now_ms);
    }
    if (len > VD_TCP_MESSAGE_MAX) {
        link->used_ms = now_ms;
        flight->limit = VD_LIMIT_TCP_MESSAGE;
        vd_flight_fail(flight, VD_DETAIL_LIMIT, now_ms);
        return true;
    }
    enum vd_match match = vd_match_response(resolver, flight, NULL, bytes, len, &message);
    if (match == VD_MATCH_NO) {
        return count_mismatch(resolver, link, now_ms);
    }
    link->used_ms = now_ms;
    link->mismatches = 0;
    link->answers = (uint8_t)(link->answers + (link->answers < UINT8_MAX));
    if (link->answers > SINGLE_ANSWERS) {
        resolver->paths[link->server].single_until_ms = 0;
    }
    wake(resolver, link, now_ms);
    if (match == VD_MATCH_BROKEN) {
        vd_flight_fail(flight, VD_DETAIL_MALFORMED, now_ms);
    } else {
        vd_flight_take(resolver, flight, match, &message, now_ms);
    }
    return true;
}

/* Read on, never past the end of a message: what follows it stays with the port. */
static enum vd_status read_on(struct vd_resolver *resolver, struct vd_link *link)
{
    size_t have = link->in_have, got = 0;
    size_t want = have < 2 ? 2 - have : 2 + in_len(link) - have;

    /* What is over the bound is dropped; its id stays, in the first octets. */
    size_t at = have < sizeof(link->in) ? have : 4;
    size_t room = sizeof(link->in) - at;
    enum vd_status status =
        port_read(resolver, link, link->in + at, want < room ? want : room, &got);
    if (status == VD_OK) {
        link->in_have += (uint32_t)got;
    }
    return status;
}

/* true: there may be more. */
static bool read_link(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    for (unsigned i = 0; i < READS_MAX; i++) {
        enum vd_status status = read_on(resolver, link);
        if (status == VD_AGAIN) {
            return false;
        }
        if (status != VD_OK) {
            /* It may have answered one, and the reset for those that it did not read took that. */
            if (link->answers == 0 && outstanding(resolver, link) > 1) {
                resolver->paths[link->server].single_until_ms = now_ms + SINGLE_MS;
            }
            lose(resolver, link, now_ms);
            return false;
        }
        link->heard_ms = now_ms;
        if (link->in_have >= 2 && link->in_have == 2 + in_len(link) &&
            !take(resolver, link, now_ms)) {
            return false;
        }
    }
    return true;
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void come_up(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    link->is_up = true;
    link->used_ms = now_ms;
    if (link->is_tls) {
        resolver->paths[link->server].link_failures = 0;
        vd_path_set_trouble(&resolver->paths[link->server], VD_TROUBLE_TLS, false);
    }
    wake(resolver, link, now_ms);
}

static bool poll_link(struct vd_resolver *resolver, struct vd_link *link, uint64_t now_ms)
{
    if (!link->is_up) {
        enum vd_status status = port_state(resolver, link);
        if (status == VD_OK) {
            come_up(resolver, link, now_ms);
        } else if (status != VD_AGAIN || now_ms - link->opened_ms >= OPEN_MS) {
            fail(resolver, link, now_ms);
        }
        return false;
    }
    if (!flush(resolver, link, now_ms)) {
        return false;
    }
    bool is_more = read_link(resolver, link, now_ms);
    if (link->is_used && is_idle(resolver, link) && now_ms - link->used_ms >= VD_LINK_IDLE_MS) {
        close_link(resolver, link);
        return false;
    }
    return is_more;
}

bool vd_links_poll(struct vd_resolver *resolver, uint64_t now_ms)
{
    bool is_more = false;

    for (size_t i = 0; i < VD_LINKS_MAX; i++) {
        if (resolver->links[i].is_used && poll_link(resolver, &resolver->links[i], now_ms)) {
            is_more = true;
        }
    }
    return is_more;
}

uint64_t vd_links_next_ms(const struct vd_resolver *resolver)
{
    uint64_t next_ms = UINT64_MAX;

    for (size_t i = 0; i < VD_LINKS_MAX; i++) {
        const struct vd_link *link = &resolver->links[i];
        uint64_t at_ms = UINT64_MAX;
        if (link->is_used && !link->is_up) {
            at_ms = link->opened_ms + OPEN_MS;
        } else if (link->is_used && is_idle(resolver, link)) {
            at_ms = link->used_ms + VD_LINK_IDLE_MS;
        } else if (link->is_used && link->out_len > 0) {
            at_ms = link->look_ms;
        }
        next_ms = at_ms < next_ms ? at_ms : next_ms;
    }
    return next_ms;
}

void vd_links_close_server(struct vd_resolver *resolver, unsigned server)
{
    struct vd_link *link = find_link(resolver, server);

    if (link != NULL) {
        close_link(resolver, link);
    }
}

void vd_links_close(struct vd_resolver *resolver)
{
    for (size_t i = 0; i < VD_LINKS_MAX; i++) {
        if (resolver->links[i].is_used) {
            close_link(resolver, &resolver->links[i]);
        }
    }
}
