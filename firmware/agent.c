/*
 * The agent's turn: one job at a time, and the channels beside it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/agent.h"

#include "firmware/jobs.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"
#include "report/text.h"

#include <string.h>

/* Without an address there is nothing to do but wait for one. */
#define OFFLINE_POLL_MS 100u

static enum vd_status lookup(void *ctx, unsigned channel, struct vd_endpoint *out)
{
    struct vd_agent *agent = ctx;
    struct vd_address *address = &agent->addresses[channel];

    if (address->has_failed) {
        address->has_failed = false;
        return VD_ENOTFOUND;
    }
    if (address->at.family != VD_FAMILY_NONE) {
        *out = address->at;
        return VD_OK;
    }
    address->is_wanted = true;
    return VD_AGAIN;
}

static enum vd_status random_bytes(void *ctx, void *out, size_t len)
{
    (void)ctx;
    return vd_entropy_random(out, len);
}

static void note(void *ctx, unsigned channel, const char *text)
{
    const struct vd_agent *agent = ctx;
    vd_console_line("channel %s: %s", agent->channels[channel].name, text);
}

static bool is_for(void *ctx, unsigned channel, const struct vd_event *event)
{
    const struct vd_agent *agent = ctx;
    return vd_config_is_for(agent->config, channel, event->domain);
}

static enum vd_status start_channels(struct vd_agent *agent, const struct vd_trust *trusts,
                                     const struct vd_port *port)
{
    const struct vd_config *config = agent->config;

    for (size_t i = 0; i < config->channels_count; i++) {
        agent->channels[i] = (struct vd_channel){
            .name = config->channels[i].name,
            .host = config->channels[i].host,
            .port = config->channels[i].port,
            .ca = trusts[i].bytes,
            .ca_len = trusts[i].len,
            .min = config->channels[i].min,
        };
        struct vd_endpoint literal;
        agent->addresses[i].is_literal =
            vd_endpoint_parse(config->channels[i].host, strlen(config->channels[i].host), 0,
                              &literal) == VD_OK;
    }
    vd_journal_init(&agent->journal);
    const struct vd_dispatch_setup setup = {
        .stream = port->stream,
        .journal = &agent->journal,
        .device = agent->device,
        .channels = agent->channels,
        .channels_count = config->channels_count,
        .ctx = agent,
        .lookup = lookup,
        .random = random_bytes,
        .note = note,
        .is_for = is_for,
    };
    return vd_dispatch_init(&agent->dispatch, &setup);
}

/* The resolvers of the config go into the table once. */
static void set_configured(struct vd_agent *agent)
{
    for (unsigned i = 0; i < agent->config->servers_count; i++) {
        const struct vd_config_server *from = &agent->config->servers[i];
        const struct vd_server server = {
            .transport = from->transport,
            .at = from->at,
            .name = from->name[0] != '\0' ? from->name : NULL,
            .pin = from->has_pin ? from->pin : NULL,
        };
        vd_resolver_set_server(&agent->resolver, i, &server);
    }
    vd_paths_init(&agent->paths, (uint8_t)agent->config->servers_count);
}

enum vd_status vd_agent_init(struct vd_agent *agent, const struct vd_config *config,
                             const struct vd_trust *trusts, const struct vd_trust *dns_trust,
                             const struct vd_port *port)
{
    memset(agent, 0, sizeof(*agent));
    agent->config = config;
    agent->device = config->device_name[0] != '\0' ? config->device_name : vd_port_device_id();
    enum vd_status status = vd_entropy_random(&agent->boot_random, sizeof(agent->boot_random));
    if (status != VD_OK) {
        return status;
    }
    const struct vd_resolver_setup setup = {
        .datagram = port->datagram,
        .tcp = port->tcp,
        .tls = port->stream,
        .random = vd_entropy_random,
        .ca = dns_trust != NULL ? dns_trust->bytes : NULL,
        .ca_len = dns_trust != NULL ? dns_trust->len : 0,
    };
    vd_resolver_init(&agent->resolver, &setup);
    set_configured(agent);
    vd_confirm_init(&agent->confirm, config->dns.confirm_hold_ms);
    for (size_t i = 0; i < config->watches_count; i++) {
        agent->baselines[i].pending = vd_baseline_expected(&config->watches[i]);
    }
    return start_channels(agent, trusts, port);
}

/* ---- what others need of the agent --------------------------------------------------------------- */

static void give_id(const struct vd_agent *agent, struct vd_event *event)
{
    struct vd_text_writer w;

    vd_text_start(&w, event->id, sizeof(event->id));
    vd_text_put_hex(&w, agent->boot_random, 16);
    vd_text_put(&w, "-");
    vd_text_put_hex(&w, agent->journal.last_seq + 1u, 8);
}

enum vd_status vd_agent_write_down(struct vd_agent *agent, struct vd_event *event)
{
    uint32_t seq;
    int64_t unix_s;

    event->time_s = vd_clock_calendar(&unix_s) == VD_CALENDAR_UNSET ? 0 : unix_s;
    give_id(agent, event);
    enum vd_status status = vd_journal_append(&agent->journal, event, &seq);
    if (status != VD_OK) {
        vd_console_line("journal full: not yet written down: %s", event->subject);
    }
    return status;
}

struct vd_tell vd_agent_tell(const struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms)
{
    return (struct vd_tell){
        .domain = agent->config->watches[watch_index].domain,
        .judgement = &agent->judgement,
        .servers = agent->resolver.servers,
        .confirm_hold_ms = agent->config->dns.confirm_hold_ms,
        .now_ms = now_ms,
    };
}

uint8_t vd_agent_source_of(const struct vd_agent *agent, uint8_t place)
{
    if (place >= VD_SERVERS_MAX) {
        return place; /* a zone's addresses are distinct already */
    }
    for (uint8_t i = 0; i < place; i++) {
        struct vd_endpoint a = agent->resolver.servers[i].at;
        struct vd_endpoint b = agent->resolver.servers[place].at;
        a.port = b.port = 0;
        if (vd_endpoint_is_equal(&a, &b)) {
            return i;
        }
    }
    return place;
}

/*
 * Collectors are looked up before they are needed, and again from time to time: the alert that DNS
 * does not answer could not be sent otherwise.
 */
static void age_addresses(struct vd_agent *agent, uint64_t now_ms)
{
    for (size_t i = 0; i < agent->config->channels_count; i++) {
        struct vd_address *address = &agent->addresses[i];
        if (!address->is_literal && now_ms >= address->due_ms) {
            address->is_wanted = true;
        }
    }
}

uint64_t vd_agent_poll(struct vd_agent *agent, bool is_online, uint64_t now_ms)
{
    if (!is_online) {
        return now_ms + OFFLINE_POLL_MS;
    }
    age_addresses(agent, now_ms);
    uint64_t next_work = vd_jobs_turn(agent, now_ms);
    /* TLS connections are few: what one side holds idle goes to the other that is short of one. */
    vd_dispatch_yield(&agent->dispatch, vd_resolver_is_short_of_tls(&agent->resolver));
    uint64_t next_send = vd_dispatch_poll(&agent->dispatch, now_ms);
    if (vd_dispatch_is_short(&agent->dispatch)) {
        vd_resolver_yield_tls(&agent->resolver);
    }
    return next_work < next_send ? next_work : next_send;
}

void vd_agent_check(struct vd_agent *agent, int watch_index, uint64_t now_ms)
{
    for (size_t i = 0; i < agent->config->watches_count; i++) {
        if (watch_index < 0 || (size_t)watch_index == i) {
            agent->watches[i].due_ms = now_ms;
            agent->watches[i].who = VD_NEXT_ANYONE;
        }
    }
}

enum vd_status vd_agent_ack(struct vd_agent *agent, uint32_t number)
{
    struct vd_alert *alert = vd_confirm_numbered(&agent->confirm, number);

    if (alert == NULL) {
        return VD_ENOTFOUND;
    }
    alert->is_acked = true;
    return VD_OK;
}

enum vd_status vd_agent_accept(struct vd_agent *agent, uint32_t number, uint64_t now_ms)
{
    struct vd_alert *alert = vd_confirm_numbered(&agent->confirm, number);

    if (alert == NULL) {
        return VD_ENOTFOUND;
    }
    alert->is_accepting = true;
    vd_agent_check(agent, alert->watch, now_ms);
    return VD_OK;
}

void vd_agent_stop(struct vd_agent *agent)
{
    vd_resolver_cancel(&agent->resolver);
    vd_dispatch_stop(&agent->dispatch);
}
