/*
 * Blindness: counted, told once, and told when it is over.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/blind.h"

#include "firmware/tell.h"
#include "port/port_console.h"
#include "report/text.h"

#include <string.h>

/* Room for the reasons of all paths. */
#define REASONS_MAX 400u

/* Write an event down and show it.  false: the journal is full; tried again later. */
static bool told(struct vd_agent *agent, struct vd_event *event)
{
    if (vd_agent_write_down(agent, event) != VD_OK) {
        return false;
    }
    vd_console_line("%s", event->subject);
    if (event->new_text[0] != '\0') {
        vd_console_line("  %s", event->new_text);
    }
    return true;
}

/* ---- a watch ------------------------------------------------------------------------------- */

/* Count the rounds in which each record set was unknown.  Returns those that are blind by now. */
static uint32_t count_unknowns(const struct vd_agent *agent, struct vd_watch_run *run,
                               bool is_round)
{
    const struct vd_judgement *j = &agent->judgement;
    uint8_t blind_after = agent->config->dns.blind_after;
    uint32_t blind = 0;

    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        uint8_t *rounds = &run->unknown_rounds[i];
        if (subject->standing != VD_STANDING_UNKNOWN) {
            *rounds = 0;
        } else if (is_round && *rounds < UINT8_MAX) {
            (*rounds)++;
        }
        if (*rounds >= blind_after) {
            blind |= vd_subject_bit(subject->kind, subject->index);
        }
    }
    /* More findings than fit: alerts can be neither opened nor closed for sure. */
    run->cut_rounds =
        (uint8_t)(!j->is_cut ? 0 : run->cut_rounds + (is_round && run->cut_rounds < UINT8_MAX));
    return run->cut_rounds >= blind_after ? blind | VD_BLIND_CUT : blind;
}

/* Does every resolver fail for the whole domain, in a way that is the domain's own fault? */
static bool is_unresolvable(const struct vd_judgement *j, bool *is_dnssec)
{
    *is_dnssec = j->subjects_count > 0;
    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        bool is_failing =
            subject->standing == VD_STANDING_UNKNOWN &&
            (subject->detail == VD_DETAIL_SERVFAIL || subject->detail == VD_DETAIL_DNSSEC ||
             subject->detail == VD_DETAIL_UPSTREAM);
        if (!is_failing) {
            return false;
        }
        *is_dnssec &= subject->detail == VD_DETAIL_DNSSEC;
    }
    return j->subjects_count > 0;
}

static void tell_unresolvable(struct vd_agent *agent, uint8_t watch_index, bool is_dnssec,
                              bool closes, uint64_t now_ms)
{
    struct vd_watch_run *run = &agent->watches[watch_index];
    struct vd_tell tell = vd_agent_tell(agent, watch_index, now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    vd_tell_unresolvable(&tell, is_dnssec, agent->config->dns.blind_after, closes, &event, words);
    if (told(agent, &event)) {
        run->is_unresolvable = !closes;
    }
}

void vd_blind_weigh_watch(struct vd_agent *agent, uint8_t watch_index, bool is_round,
                          uint64_t now_ms)
{
    struct vd_watch_run *run = &agent->watches[watch_index];
    struct vd_tell tell = vd_agent_tell(agent, watch_index, now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];
    bool is_dnssec;
    uint32_t blind = count_unknowns(agent, run, is_round);
    bool is_failing = is_unresolvable(&agent->judgement, &is_dnssec);

    if (run->is_unresolvable && !is_failing && blind == 0) {
        tell_unresolvable(agent, watch_index, false, true, now_ms);
        return;
    }
    if ((blind & ~run->blind) == 0 && (blind != 0 || run->blind == 0)) {
        return; /* nothing new, or some are still blind */
    }
    if (is_failing && blind != 0) {
        if (!run->is_unresolvable && vd_paths_seeing(&agent->paths) != 0) {
            tell_unresolvable(agent, watch_index, is_dnssec, false, now_ms);
        }
        return;
    }
    vd_tell_blind(&tell, blind == 0, agent->config->dns.blind_after, &event, words);
    if (told(agent, &event)) {
        run->blind = blind;
    }
}

/* ---- resolvers -------------------------------------------------------------------------------- */

/* Tell something about one resolver, or of all of them (place VD_SOURCE_NONE). */
static bool tell_resolver(struct vd_agent *agent, uint8_t place, enum vd_code code, bool closes,
                          const char *reason, uint64_t now_ms)
{
    struct vd_tell tell = vd_agent_tell(agent, 0, now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    tell.domain = "";
    vd_tell_resolver(&tell, place, code, closes, reason, &event, words);
    return told(agent, &event);
}

static bool are_all_blind(const struct vd_agent *agent)
{
    return agent->paths.count > 0 && vd_paths_seeing(&agent->paths) == 0;
}

/* Why no resolver can be used: the reason of each. */
static void gather_reasons(const struct vd_agent *agent, char *out)
{
    char text[VD_ENDPOINT_TEXT_MAX];
    char reason[VD_PATH_REASON_MAX];
    struct vd_text_writer w;

    vd_text_start(&w, out, REASONS_MAX);
    for (unsigned i = 0; i < agent->paths.count; i++) {
        vd_paths_reason(&agent->paths.checks[i], reason, sizeof(reason));
        vd_text_put(&w, i > 0 ? "; " : "");
        vd_text_put(&w, vd_endpoint_text(&agent->resolver.servers[i].at, true, text));
        vd_text_put(&w, ": ");
        vd_text_put(&w, reason);
    }
}

/* The agent as a whole: told once when no path is left, and when there is one again. */
static void weigh_agent(struct vd_agent *agent, uint8_t place, uint64_t now_ms)
{
    char reasons[REASONS_MAX];

    if (are_all_blind(agent) && !agent->is_blind_told) {
        if (agent->paths.checks[place].failures < VD_PATH_TELL_AFTER) {
            return;
        }
        gather_reasons(agent, reasons);
        agent->is_blind_told =
            tell_resolver(agent, VD_SOURCE_NONE, VD_CODE_AGENT_BLIND, false, reasons, now_ms);
    } else if (!are_all_blind(agent) && agent->is_blind_told) {
        agent->is_blind_told = !tell_resolver(agent, VD_SOURCE_NONE, VD_CODE_AGENT_BLIND, true,
                                              "a resolver answers as it should again", now_ms);
    }
}

void vd_blind_weigh_path(struct vd_agent *agent, uint8_t place, uint64_t now_ms)
{
    struct vd_path_check *check = &agent->paths.checks[place];
    bool is_blind = check->verdict > VD_PATH_SEES;
    char reason[VD_PATH_REASON_MAX];

    vd_paths_reason(check, reason, sizeof(reason));
    if (is_blind && check->failures == 1) {
        char text[VD_ENDPOINT_TEXT_MAX];
        vd_console_line("resolver %s is blind: %s",
                        vd_endpoint_text(&agent->resolver.servers[place].at, true, text), reason);
        /* What it said before is worth no more than what it says now. */
        vd_confirm_forget(&agent->confirm, -1, (uint16_t)(1u << place));
    }
    weigh_agent(agent, place, now_ms);
    if (!is_blind && check->is_told) {
        check->is_told = !tell_resolver(agent, place, VD_CODE_RESOLVER_BLIND, true, reason, now_ms);
    } else if (is_blind && !check->is_told && !agent->is_blind_told &&
               check->failures >= VD_PATH_TELL_AFTER) {
        check->is_told = tell_resolver(agent, place, VD_CODE_RESOLVER_BLIND, false, reason, now_ms);
    }
}

void vd_blind_weigh_none(struct vd_agent *agent, uint64_t now_ms)
{
    if (!agent->is_blind_told) {
        agent->is_blind_told = tell_resolver(
            agent, VD_SOURCE_NONE, VD_CODE_AGENT_BLIND, false,
            "no resolver is known: none in the config, none from the network", now_ms);
    }
}

/* ---- half-blind -------------------------------------------------------------------------------- */

static const struct {
    uint8_t bit; /* enum vd_trouble */
    uint8_t code;
    bool is_at_once; /* told at the first round that shows it */
    const char *words;
} troubles[] = {
    {VD_TROUBLE_NO_TCP, VD_CODE_RESOLVER_DEGRADED, false,
     "long answers are truncated, and TCP does not work"},
    {VD_TROUBLE_NO_EDNS, VD_CODE_RESOLVER_DEGRADED, false, "EDNS is stripped or refused"},
    {VD_TROUBLE_ATTACK, VD_CODE_RESOLVER_ATTACK, true,
     "responses arrive that belong to no question"},
    {VD_TROUBLE_SERVFAIL, VD_CODE_RESOLVER_DEGRADED, false,
     "it fails for names that another one answers"},
};

#define TROUBLES (sizeof troubles / sizeof troubles[0])

void vd_blind_clear_troubles(struct vd_agent *agent)
{
    for (unsigned i = 0; i < agent->paths.count; i++) {
        agent->resolver.paths[i].troubles &=
            (uint8_t)(0xffu ^ (VD_TROUBLE_SERVFAIL | VD_TROUBLE_ATTACK | VD_TROUBLE_NO_TCP));
    }
}

static void count(uint8_t *counter, bool is_counted)
{
    if (is_counted && *counter < UINT8_MAX) {
        (*counter)++;
    }
}

static void weigh_trouble(struct vd_agent *agent, uint8_t place, size_t row, uint64_t now_ms)
{
    struct vd_path_check *check = &agent->paths.checks[place];
    uint8_t after = troubles[row].is_at_once ? 1 : agent->config->dns.blind_after;
    bool is_there = (agent->resolver.paths[place].troubles & troubles[row].bit) != 0;
    bool is_told = (check->troubles_told & troubles[row].bit) != 0;
    enum vd_code code = (enum vd_code)troubles[row].code;

    count(&check->rounds[row], is_there);
    count(&check->quiet[row], !is_there);
    if (is_there) {
        check->quiet[row] = 0;
    } else if (check->quiet[row] > agent->paths.count) {
        check->rounds[row] = 0; /* each round begins with another resolver: one had its turn */
    }
    if (is_there && !is_told && check->rounds[row] >= after) {
        if (tell_resolver(agent, place, code, false, troubles[row].words, now_ms)) {
            check->troubles_told |= troubles[row].bit;
        }
    } else if (is_told &&
               check->quiet[row] >= agent->config->dns.blind_after + agent->paths.count) {
        if (tell_resolver(agent, place, code, true, troubles[row].words, now_ms)) {
            check->troubles_told &= (uint8_t)(0xffu ^ troubles[row].bit);
        }
    }
}

void vd_blind_weigh_troubles(struct vd_agent *agent, uint64_t now_ms)
{
    _Static_assert(TROUBLES <= sizeof agent->paths.checks[0].rounds, "one counter for each");

    for (uint8_t place = 0; place < agent->paths.count; place++) {
        for (size_t row = 0; row < TROUBLES; row++) {
            weigh_trouble(agent, place, row, now_ms);
        }
    }
}
