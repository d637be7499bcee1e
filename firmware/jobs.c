/*
 * One survey at a time: what it is for, whom it asks, what becomes of it.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/jobs.h"

#include "firmware/blind.h"
#include "firmware/look.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include <limits.h>
#include <string.h>

/* Without a resolver there is nothing to do but wait for one; so long without one is told. */
#define NO_RESOLVER_POLL_MS 100u
#define NO_RESOLVER_TELL_MS 120000u

/* Resolvers that the network names may change at any time.  Not while one of them is asked. */
static void follow_network(struct vd_agent *agent, uint64_t now_ms)
{
    struct vd_endpoint named[VD_SERVERS_MAX];
    char text[VD_ENDPOINT_TEXT_MAX];
    size_t count = vd_port_dns_servers(named, VD_SERVERS_MAX);
    bool is_same = count == agent->paths.count;

    for (size_t i = 0; is_same && i < count; i++) {
        is_same = vd_endpoint_is_equal(&named[i], &agent->resolver.servers[i].at);
    }
    if (is_same) {
        return;
    }
    for (unsigned i = 0; i < VD_SERVERS_MAX; i++) {
        const struct vd_server server = {.transport = VD_TRANSPORT_UDP,
                                         .at = i < count ? named[i] : (struct vd_endpoint){0}};
        if (i < count && vd_endpoint_is_equal(&named[i], &agent->resolver.servers[i].at)) {
            continue; /* what is known of it stays */
        }
        vd_blind_end_resolver(agent, (uint8_t)i, now_ms);
        vd_resolver_set_server(&agent->resolver, i, i < count ? &server : NULL);
        vd_confirm_forget(&agent->confirm, -1, (uint16_t)(1u << i));
        if (i < count) {
            vd_console_line("resolver %s (named by the network)",
                            vd_endpoint_text(&named[i], true, text));
        }
    }
    agent->paths.count = (uint8_t)count;
}

static void start_job(struct vd_agent *agent, enum vd_job job, unsigned index, uint16_t servers,
                      uint8_t first, uint64_t now_ms)
{
    agent->job = (uint8_t)job;
    agent->job_index = (uint8_t)index;
    agent->job_first = first;
    vd_survey_start(&agent->survey, &agent->resolver, job == VD_JOB_WATCH ? &agent->cache : NULL,
                    servers, first, now_ms);
}

/* An address is needed before anything can be delivered: it goes first. */
static bool start_address(struct vd_agent *agent, uint64_t now_ms)
{
    uint16_t seeing = vd_paths_seeing(&agent->paths);

    for (unsigned i = 0; i < agent->config->channels_count; i++) {
        if (!agent->addresses[i].is_wanted) {
            continue;
        }
        /* A resolver that was found to lie may still be the only way out: the collector's
           certificate proves the address. */
        start_job(agent, VD_JOB_ADDRESS, i, seeing != 0 ? seeing : VD_SERVERS_ALL,
                  agent->next_server, now_ms);
        agent->next_server = (uint8_t)((agent->next_server + 1u) %
                                       (agent->paths.count > 0 ? agent->paths.count : 1));
        (void)vd_survey_want(&agent->survey, agent->channels[i].host, VD_TYPE_A, VD_ASK_OWN);
        (void)vd_survey_want(&agent->survey, agent->channels[i].host, VD_TYPE_AAAA, VD_ASK_OWN);
        return true;
    }
    return false;
}

/* The host's first address of a family.  false: it has none, or it is not known. */
static bool take_address(const struct vd_agent *agent, uint16_t type, struct vd_endpoint *at)
{
    const struct vd_snapshot *snapshot = &agent->survey.snapshot;
    const struct vd_answer *answer =
        vd_snapshot_find(snapshot, agent->channels[agent->job_index].host, type);
    const struct vd_record *record =
        answer == NULL ? NULL : vd_snapshot_record(snapshot, answer, type, 0);

    if (record == NULL) {
        return false;
    }
    memset(at, 0, sizeof(*at));
    at->family = type == VD_TYPE_A ? VD_FAMILY_IP4 : VD_FAMILY_IP6;
    memcpy(at->addr, vd_snapshot_span(snapshot, record).bytes, record->len);
    return true;
}

static void end_address(struct vd_agent *agent, uint64_t now_ms)
{
    struct vd_address *address = &agent->addresses[agent->job_index];
    const struct vd_channel *channel = &agent->channels[agent->job_index];

    address->is_wanted = false;
    address->due_ms = now_ms + VD_ADDRESS_KEEP_MS;
    if (take_address(agent, VD_TYPE_A, &address->at) ||
        take_address(agent, VD_TYPE_AAAA, &address->at)) {
        address->has_failed = false;
        return;
    }
    /* The last address that was known stays in use: the certificate proves whether it is still the
       right one. */
    const struct vd_answer *answer =
        vd_snapshot_find(&agent->survey.snapshot, channel->host, VD_TYPE_A);
    address->has_failed = address->at.family == VD_FAMILY_NONE;
    vd_console_line("channel %s: %s: %s", channel->name, channel->host,
                    answer == NULL ? "not a host name"
                                   : vd_detail_str((enum vd_detail)vd_answer_detail(answer)));
}

static bool start_path(struct vd_agent *agent, uint64_t now_ms)
{
    uint8_t random[VD_PATH_RANDOM_LEN];
    int due = vd_paths_due(&agent->paths, now_ms);

    if (due < 0 || vd_entropy_random(random, sizeof(random)) != VD_OK) {
        return false;
    }
    start_job(agent, VD_JOB_PATH, (unsigned)due, (uint16_t)(1u << due), (uint8_t)due, now_ms);
    vd_paths_ask(&agent->survey, agent->config->dns.self_check_good,
                 agent->config->dns.self_check_bad, random);
    return true;
}

/* The time until a blind path is checked again: no longer than the shortest round. */
static uint32_t recheck_ms(const struct vd_agent *agent)
{
    uint32_t least = VD_PATH_RECHECK_MS;

    for (size_t i = 0; i < agent->config->watches_count; i++) {
        uint32_t interval = agent->config->watches[i].interval_ms;
        least = interval < least ? interval : least;
    }
    return least;
}

static void end_path(struct vd_agent *agent, uint64_t now_ms)
{
    vd_paths_weigh(&agent->paths, agent->job_index, &agent->survey.snapshot, recheck_ms(agent),
                   now_ms);
    vd_blind_weigh_path(agent, agent->job_index, now_ms);
}

/* The watch that has been due for longest. */
static struct vd_watch_run *due_watch(struct vd_agent *agent, unsigned *index, uint64_t now_ms)
{
    struct vd_watch_run *due = NULL;

    for (unsigned i = 0; i < agent->config->watches_count; i++) {
        struct vd_watch_run *run = &agent->watches[i];
        if (run->due_ms <= now_ms && (due == NULL || run->due_ms < due->due_ms)) {
            due = run;
            *index = i;
        }
    }
    return due;
}

static void start_watch(struct vd_agent *agent, unsigned index, uint16_t servers, uint8_t first,
                        uint16_t authority, uint64_t now_ms)
{
    const struct vd_watch *watch = &agent->config->watches[index];
    struct vd_watch_run *run = &agent->watches[index];

    agent->job_who = run->who;
    start_job(agent, VD_JOB_WATCH, index, servers, first, now_ms);
    if (authority != 0) {
        vd_survey_ask_zone(&agent->survey, watch->domain + agent->authorities[index].zone_at,
                           authority);
    }
    vd_look_ask(agent);
}

/*
 * The resolver of a look that asks elsewhere: one that may be asked, rather none of those that need
 * not be, and among these rather another source than at the last look.
 */
static uint8_t another_resolver(const struct vd_agent *agent, const struct vd_watch_run *run,
                                uint16_t seeing)
{
    unsigned count = agent->paths.count;
    unsigned best_rank = UINT_MAX;
    uint8_t best = run->first;

    for (unsigned i = 0; i < count; i++) {
        uint8_t place = (uint8_t)((run->first + i) % count);
        uint8_t source = vd_agent_source_of(agent, place);
        unsigned rank = vd_set_has(run->not_these, source) ? 2u : source == run->last;
        if (vd_set_has(seeing, place) && rank < best_rank) {
            best_rank = rank;
            best = place;
        }
    }
    return best;
}

/* The next authority in turn that need not be passed over; 0: none. */
static uint16_t next_authority(struct vd_agent *agent, unsigned index)
{
    struct vd_authorities *list = &agent->authorities[index];

    for (unsigned i = 0; i < list->count; i++) {
        unsigned place = VD_AUTHORITY((list->turn + i) % list->count);
        if (!vd_set_has(agent->watches[index].not_these, place)) {
            list->turn = (uint8_t)((place - VD_SERVERS_MAX + 1u) % list->count);
            return (uint16_t)(1u << place);
        }
    }
    return 0;
}

/* The table's places for authorities hold those of one domain at a time. */
static void set_authorities(struct vd_agent *agent, const struct vd_authorities *list,
                            const char *domain)
{
    const char *apex = domain + list->zone_at;

    if (vd_name_from_text(apex, &agent->zone) != VD_OK) {
        agent->zone.len = 0;
    }
    for (unsigned i = 0; i < VD_AUTHORITIES_MAX; i++) {
        const struct vd_server server = {
            .transport = VD_TRANSPORT_UDP,
            .is_authority = true,
            .at = list->at[i],
            .zone = agent->zone.len > 0 ? &agent->zone : NULL,
        };
        vd_resolver_set_server(&agent->resolver, VD_AUTHORITY(i), i < list->count ? &server : NULL);
    }
}

/* Several sources can be asked. */
static bool has_two_sources(const struct vd_agent *agent, uint16_t seeing)
{
    unsigned sources = 0;

    for (uint8_t i = 0; i < agent->paths.count; i++) {
        sources |= vd_set_has(seeing, i) ? 1u << vd_agent_source_of(agent, i) : 0u;
    }
    return (sources & (sources - 1u)) != 0;
}

/* Whom does this look need that is not known yet?  One resolver at a time is asked about that. */
static bool start_authorities(struct vd_agent *agent, unsigned index, uint64_t now_ms)
{
    const struct vd_authorities *list = &agent->authorities[index];
    struct vd_watch_run asker = {.first = agent->watches[index].first, .last = UINT8_MAX};
    bool is_fresh = list->found_ms != 0 && list->said_by == 0 &&
                    now_ms < list->found_ms + VD_AUTHORITY_FRESH_MS;

    if (agent->watches[index].who != VD_NEXT_AUTHORITY || is_fresh) {
        return false;
    }
    if (list->said_by != 0) {
        asker.last = (uint8_t)(list->said_by - 1u);
    }
    uint8_t first = another_resolver(agent, &asker, vd_paths_seeing(&agent->paths));
    start_job(agent, VD_JOB_AUTHORITIES, index, (uint16_t)(1u << first), first, now_ms);
    vd_authority_ask(&agent->survey, agent->config->watches[index].domain);
    return true;
}

static void end_authorities(struct vd_agent *agent, uint64_t now_ms)
{
    const char *domain = agent->config->watches[agent->job_index].domain;
    struct vd_authorities *list = &agent->authorities[agent->job_index];
    bool is_single = !has_two_sources(agent, vd_paths_seeing(&agent->paths));
    enum vd_authority_turn turn =
        vd_authority_take(&agent->survey.snapshot, domain,
                          vd_agent_source_of(agent, agent->job_first), is_single, list, now_ms);

    if (turn == VD_AUTHORITY_CHANGED) {
        vd_confirm_forget(&agent->confirm, agent->job_index, VD_AUTHORITIES_ALL);
        vd_console_line("%s: %u name server addresses of %s", domain, list->count,
                        domain + list->zone_at);
    }
}

/* ---- registries ---------------------------------------------------------------------------------- */

/* Ask about a domain that appears unregistered: resolvers, one at a time, for the servers of its
   parent, then each of these in turn. */
static bool start_parent(struct vd_agent *agent, uint64_t now_ms)
{
    struct vd_parent *parent = &agent->parent;
    uint16_t servers = vd_paths_seeing(&agent->paths);
    const char *domain = servers == 0 ? NULL : vd_parent_next(parent);
    struct vd_watch_run asker = {.last = UINT8_MAX};

    if (domain == NULL) {
        return false;
    }
    asker.first = (uint8_t)(parent->lookups % agent->paths.count);
    if (parent->list.said_by != 0) {
        asker.last = (uint8_t)(parent->list.said_by - 1u);
    }
    uint8_t first = another_resolver(agent, &asker, servers);
    if (vd_parent_needs_list(parent)) {
        start_job(agent, VD_JOB_REGISTRY, 0, (uint16_t)(1u << first), first, now_ms);
        vd_authority_ask(&agent->survey, domain);
        return true;
    }
    int place = vd_parent_place(parent);
    set_authorities(agent, &parent->list, domain);
    start_job(agent, VD_JOB_PARENT, 0, (uint16_t)(1u << first), first, now_ms);
    if (place >= 0) {
        vd_survey_ask_zone(&agent->survey, domain + parent->list.zone_at, (uint16_t)(1u << place));
        (void)vd_survey_want(&agent->survey, domain, VD_PARENT_TYPE, VD_ASK_OWN);
    }
    return true;
}

static void end_registry(struct vd_agent *agent, uint64_t now_ms)
{
    bool is_single = !has_two_sources(agent, vd_paths_seeing(&agent->paths));

    (void)vd_authority_take(&agent->survey.snapshot, vd_parent_next(&agent->parent),
                            vd_agent_source_of(agent, agent->job_first), is_single,
                            &agent->parent.list, now_ms);
}

static void end_parent(struct vd_agent *agent, uint64_t now_ms)
{
    struct vd_parent *parent = &agent->parent;
    const char *domain = vd_parent_next(parent);

    if (vd_parent_place(parent) >= 0) {
        vd_parent_take(parent, &agent->survey.snapshot);
    }
    if (vd_parent_place(parent) >= 0) {
        return;
    }
    enum vd_parent_verdict verdict = vd_parent_end(parent, now_ms);
    vd_console_line("%s: %s", domain,
                    verdict == VD_PARENT_CONFIRMED ? "its registry has no such domain"
                    : verdict == VD_PARENT_REFUTED ? "it is there, by its registry"
                                                   : "its registry could not be asked");
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &agent->confirm.alerts[i];
        if (alert->state == VD_ALERT_FREE || alert->parent != VD_PARENT_AWAITED ||
            (alert->parent_at != parent->at && alert->parent_at != VD_PARENTS_MAX)) {
            continue;
        }
        vd_agent_check(agent, alert->watch, now_ms);
        if (verdict == VD_PARENT_REFUTED && alert->parent_at == parent->at &&
            alert->state == VD_ALERT_SUSPECTED) {
            alert->state = VD_ALERT_FREE; /* the judge finds the record broken instead */
        }
    }
}

/* Begin a look at the watch that is due, or find out first whom to ask. */
static bool start_look(struct vd_agent *agent, uint64_t now_ms)
{
    unsigned index = 0;
    struct vd_watch_run *run = due_watch(agent, &index, now_ms);
    uint16_t servers = vd_paths_seeing(&agent->paths);
    uint16_t authority = 0;

    if (run == NULL || servers == 0) {
        return false;
    }
    uint8_t first = run->first;
    if (start_authorities(agent, index, now_ms)) {
        return true;
    }
    set_authorities(agent, &agent->authorities[index], agent->config->watches[index].domain);
    if (run->who == VD_NEXT_AUTHORITY) {
        uint16_t contradicting = vd_confirm_contradicting(&agent->confirm, (uint8_t)index);
        if (run->not_these == 0 && contradicting != 0) {
            run->not_these = (uint16_t)(VD_AUTHORITIES_ALL & ~contradicting);
        }
        authority = next_authority(agent, index);
        /* None is known any more: another resolver is the next best. */
        run->who = authority != 0 ? VD_NEXT_AUTHORITY : VD_NEXT_ELSEWHERE;
    }
    if (run->who == VD_NEXT_ELSEWHERE) {
        first = another_resolver(agent, run, servers);
        servers = (uint16_t)(1u << first);
    }
    start_watch(agent, index, servers, first, authority, now_ms);
    return true;
}

static uint64_t next_due_ms(const struct vd_agent *agent)
{
    uint64_t next = vd_paths_next_ms(&agent->paths);

    for (size_t i = 0; vd_paths_seeing(&agent->paths) != 0 && i < agent->config->watches_count;
         i++) {
        next = agent->watches[i].due_ms < next ? agent->watches[i].due_ms : next;
    }
    return next;
}

static void end_job(struct vd_agent *agent, uint64_t now_ms)
{
    switch (agent->job) {
    case VD_JOB_ADDRESS:
        end_address(agent, now_ms);
        break;
    case VD_JOB_PATH:
        end_path(agent, now_ms);
        break;
    case VD_JOB_AUTHORITIES:
        end_authorities(agent, now_ms);
        break;
    case VD_JOB_REGISTRY:
        end_registry(agent, now_ms);
        break;
    case VD_JOB_PARENT:
        end_parent(agent, now_ms);
        break;
    default:
        vd_look_weigh(agent, agent->job_index, now_ms);
        break;
    }
    vd_blind_weigh_troubles(agent, agent->job == VD_JOB_WATCH && agent->job_who == VD_NEXT_ANYONE,
                            now_ms);
    agent->job = VD_JOB_NONE;
}

/* Nothing to do: the round is over.  The resolver may still have idle connections to close. */
static uint64_t rest(struct vd_agent *agent, uint64_t now_ms)
{
    uint64_t due_ms = next_due_ms(agent);

    vd_cache_clear(&agent->cache);
    vd_resolver_poll(&agent->resolver, now_ms);
    uint64_t idle_ms = vd_resolver_next_ms(&agent->resolver);
    return idle_ms < due_ms ? idle_ms : due_ms;
}

/* No resolver is known: wait for the network to name one. */
static uint64_t wait_for_resolver(struct vd_agent *agent, uint64_t now_ms)
{
    if (agent->alone_ms == 0) {
        agent->alone_ms = now_ms + 1u; /* never zero */
    } else if (now_ms > agent->alone_ms + NO_RESOLVER_TELL_MS) {
        vd_blind_weigh_none(agent, now_ms);
    }
    return now_ms + NO_RESOLVER_POLL_MS;
}

uint64_t vd_jobs_turn(struct vd_agent *agent, uint64_t now_ms)
{
    if (agent->job == VD_JOB_NONE) {
        if (agent->config->servers_count == 0) {
            follow_network(agent, now_ms);
        }
        if (agent->paths.count == 0) {
            return wait_for_resolver(agent, now_ms);
        }
        agent->alone_ms = 0;
        if (!start_address(agent, now_ms) && !start_path(agent, now_ms) &&
            !start_parent(agent, now_ms) && !start_look(agent, now_ms)) {
            return rest(agent, now_ms);
        }
    }
    if (vd_survey_poll(&agent->survey, now_ms) != VD_OK) {
        return vd_survey_next_ms(&agent->survey);
    }
    if (agent->job == VD_JOB_AUTHORITIES &&
        vd_authority_go_on(&agent->survey, agent->config->watches[agent->job_index].domain)) {
        return now_ms; /* what was found raised more questions */
    }
    if (agent->job == VD_JOB_REGISTRY &&
        vd_authority_go_on(&agent->survey, vd_parent_next(&agent->parent))) {
        return now_ms;
    }
    end_job(agent, now_ms);
    return now_ms;
}
