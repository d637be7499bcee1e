/*
 * The agent's turn: one job at a time, and the channels beside it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/agent.h"

#include "firmware/look.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

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

enum vd_status vd_agent_init(struct vd_agent *agent, const struct vd_config *config,
                             const struct vd_trust *trusts, const struct vd_port *port)
{
    memset(agent, 0, sizeof(*agent));
    agent->config = config;
    agent->device = config->device_name[0] != '\0' ? config->device_name : vd_port_device_id();
    enum vd_status status = vd_entropy_random(&agent->boot_random, sizeof(agent->boot_random));
    if (status != VD_OK) {
        return status;
    }
    vd_resolver_init(&agent->resolver, port->datagram, vd_entropy_random, config->servers,
                     config->servers_count);
    vd_confirm_init(&agent->confirm, (uint8_t)config->servers_count);
    for (size_t i = 0; i < VD_WATCHES_MAX; i++) {
        agent->watches[i].servers = VD_SERVERS_ALL;
    }
    return start_channels(agent, trusts, port);
}

/* An address is needed before anything can be delivered: it goes first. */
static bool start_address(struct vd_agent *agent, uint64_t now_ms)
{
    for (unsigned i = 0; i < agent->config->channels_count; i++) {
        if (!agent->addresses[i].is_wanted) {
            continue;
        }
        agent->job = VD_JOB_ADDRESS;
        agent->job_index = (uint8_t)i;
        vd_survey_start(&agent->survey, &agent->resolver, VD_SERVERS_ALL, agent->next_server++,
                        now_ms);
        (void)vd_survey_want(&agent->survey, agent->channels[i].host, VD_TYPE_A, VD_FOLLOW_NOTHING);
        return true;
    }
    return false;
}

static void end_address(struct vd_agent *agent, uint64_t now_ms)
{
    struct vd_address *address = &agent->addresses[agent->job_index];
    const struct vd_snapshot *snapshot = &agent->survey.snapshot;
    const struct vd_answer *answer =
        vd_snapshot_find(snapshot, agent->channels[agent->job_index].host, VD_TYPE_A);
    const struct vd_record *record =
        answer == NULL ? NULL : vd_snapshot_record(snapshot, answer, VD_TYPE_A, 0);

    address->is_wanted = false;
    address->due_ms = now_ms + VD_ADDRESS_KEEP_MS;
    if (record == NULL || record->len != 4) {
        /* The last address that was known stays in use: the certificate proves whether it is still
           the right one. */
        address->has_failed = address->at.family == VD_FAMILY_NONE;
        vd_console_line("channel %s: %s: %s", agent->channels[agent->job_index].name,
                        agent->channels[agent->job_index].host,
                        answer == NULL ? "not a host name"
                                       : vd_detail_str((enum vd_detail)answer->detail));
        return;
    }
    address->has_failed = false;
    address->at.family = VD_FAMILY_IP4;
    memcpy(address->at.addr, vd_snapshot_span(snapshot, record).bytes, 4);
}

/* The watch that has been due for longest. */
static bool start_watch(struct vd_agent *agent, uint64_t now_ms)
{
    struct vd_watch_run *due = NULL;

    for (size_t i = 0; i < agent->config->watches_count; i++) {
        struct vd_watch_run *run = &agent->watches[i];
        if (run->due_ms <= now_ms && (due == NULL || run->due_ms < due->due_ms)) {
            due = run;
            agent->job_index = (uint8_t)i;
        }
    }
    if (due == NULL) {
        return false;
    }
    agent->job = VD_JOB_WATCH;
    vd_survey_start(&agent->survey, &agent->resolver, due->servers, due->first, now_ms);
    vd_look_ask(&agent->survey, &agent->config->watches[agent->job_index]);
    return true;
}

static uint64_t next_due_ms(const struct vd_agent *agent)
{
    uint64_t next = UINT64_MAX;

    for (size_t i = 0; i < agent->config->watches_count; i++) {
        next = agent->watches[i].due_ms < next ? agent->watches[i].due_ms : next;
    }
    return next;
}

/* Go on with the job.  Returns when it wants to be called again. */
static uint64_t work(struct vd_agent *agent, uint64_t now_ms)
{
    if (agent->job == VD_JOB_NONE && !start_address(agent, now_ms) && !start_watch(agent, now_ms)) {
        return next_due_ms(agent);
    }
    if (vd_survey_poll(&agent->survey, now_ms) != VD_OK) {
        return vd_resolver_next_ms(&agent->resolver);
    }
    if (agent->job == VD_JOB_ADDRESS) {
        end_address(agent, now_ms);
    } else {
        vd_look_weigh(agent, agent->job_index, now_ms);
    }
    agent->job = VD_JOB_NONE;
    return now_ms;
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
    uint64_t next_work = work(agent, now_ms);
    uint64_t next_send = vd_dispatch_poll(&agent->dispatch, now_ms);
    return next_work < next_send ? next_work : next_send;
}

void vd_agent_check(struct vd_agent *agent, int watch_index, uint64_t now_ms)
{
    for (size_t i = 0; i < agent->config->watches_count; i++) {
        if (watch_index < 0 || (size_t)watch_index == i) {
            agent->watches[i].due_ms = now_ms;
        }
    }
}

void vd_agent_stop(struct vd_agent *agent)
{
    vd_resolver_cancel(&agent->resolver);
    vd_dispatch_stop(&agent->dispatch);
}
