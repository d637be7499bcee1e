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

static void count(uint8_t *counter, bool is_counted)
{
    if (is_counted && *counter < UINT8_MAX) {
        (*counter)++;
    }
}

/* ---- a watch ------------------------------------------------------------------------------- */

/* Count the rounds in which each record set was unknown.  Returns those that are blind by now. */
static uint32_t count_unknowns(const struct vd_agent *agent, struct vd_watch_run *run,
                               uint64_t now_ms)
{
    const struct vd_judgement *j = &agent->judgement;
    uint8_t blind_after = agent->config->dns.blind_after;
    uint32_t blind = 0;
    bool has_unknown = false;

    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        uint8_t *rounds = &run->unknown_rounds[vd_subject_place(subject->kind, subject->index)];
        if (subject->standing != VD_STANDING_UNKNOWN) {
            *rounds = 0;
        } else {
            has_unknown = true;
            count(rounds, true);
        }
        if (*rounds >= blind_after) {
            blind |= vd_subject_bit(subject->kind, subject->index);
        }
    }
    /* More findings than fit: alerts can be neither opened nor closed for sure. */
    run->cut_rounds = j->is_cut ? run->cut_rounds : 0;
    count(&run->cut_rounds, j->is_cut);
    run->unknown_ms = !has_unknown ? 0 : run->unknown_ms != 0 ? run->unknown_ms : now_ms;
    return run->cut_rounds >= blind_after ? blind | VD_BLIND_CUT : blind;
}

/* Does every resolver fail for the whole domain, in a way that is the domain's own fault?  What the
   parent's servers answer for, its DS and its delegation, does not count. */
static bool is_unresolvable(const struct vd_judgement *j, bool *is_dnssec)
{
    *is_dnssec = j->subjects_count > 0;
    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        if (subject->kind == VD_SUBJECT_DS || subject->kind == VD_SUBJECT_NS) {
            continue;
        }
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

void vd_blind_weigh_watch(struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms)
{
    struct vd_watch_run *run = &agent->watches[watch_index];
    struct vd_tell tell = vd_agent_tell(agent, watch_index, now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];
    bool is_dnssec;
    uint32_t blind = count_unknowns(agent, run, now_ms);
    bool is_failing = is_unresolvable(&agent->judgement, &is_dnssec);

    /* Whose fault is it?  That is known once the resolvers were checked meanwhile. */
    if (blind != 0 && !vd_paths_are_checked_since(&agent->paths, run->unknown_ms)) {
        return;
    }
    if (run->is_unresolvable && !is_failing && blind == 0) {
        tell_unresolvable(agent, watch_index, false, true, now_ms);
        return;
    }
    if (is_failing && blind != 0) {
        if (!run->is_unresolvable && vd_paths_seeing(&agent->paths) != 0) {
            tell_unresolvable(agent, watch_index, is_dnssec, false, now_ms);
        }
        return;
    }
    if ((blind & ~run->blind) == 0 && (blind != 0 || run->blind == 0)) {
        return; /* nothing new, or some are still blind */
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
    char reason[VD_PATH_REASON_MAX];
    struct vd_text_writer w;

    vd_text_start(&w, out, REASONS_MAX);
    for (unsigned i = 0; i < agent->paths.count; i++) {
        vd_paths_reason(&agent->paths.checks[i], agent->resolver.paths[i].tls_why, reason,
                        sizeof(reason));
        vd_text_put(&w, i > 0 ? "; " : "");
        vd_tell_put_server(&w, &agent->resolver.servers[i]);
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

    vd_paths_reason(check, agent->resolver.paths[place].tls_why, reason, sizeof(reason));
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
    bool is_at_once; /* told the first time */
    const char *words;
} troubles[VD_PATH_TROUBLES] = {
    {VD_TROUBLE_NO_TCP, VD_CODE_RESOLVER_DEGRADED, false,
     "long answers are truncated, and TCP does not work"},
    {VD_TROUBLE_NO_EDNS, VD_CODE_RESOLVER_DEGRADED, false, "EDNS is stripped or refused"},
    {VD_TROUBLE_ATTACK, VD_CODE_RESOLVER_ATTACK, true,
     "responses arrive that belong to no question"},
    {VD_TROUBLE_SERVFAIL, VD_CODE_RESOLVER_DEGRADED, false,
     "it fails for names that another one answers"},
};

/* Those that stand for what happened since they were last weighed. */
#define MOMENTARY (VD_TROUBLE_SERVFAIL | VD_TROUBLE_ATTACK | VD_TROUBLE_NO_TCP)

/* Each round begins with another resolver: one that is in trouble shows it when its turn comes, in
   the rounds of the watch that it concerns.  So long after the last time it may come again. */
static uint64_t window_ms(const struct vd_agent *agent)
{
    uint32_t longest_ms = 0;

    for (size_t i = 0; i < agent->config->watches_count; i++) {
        uint32_t interval_ms = agent->config->watches[i].interval_ms;
        longest_ms = interval_ms > longest_ms ? interval_ms : longest_ms;
    }
    return (uint64_t)longest_ms * 5u / 4u * (agent->paths.count + 1u);
}

static void weigh_trouble(struct vd_agent *agent, uint8_t place, size_t row, bool is_round,
                          uint64_t now_ms)
{
    struct vd_trouble_run *run = &agent->paths.troubles[place][row];
    bool is_at_once = troubles[row].is_at_once;
    bool is_there = (agent->resolver.paths[place].troubles & troubles[row].bit) != 0 &&
                    vd_set_has(agent->resolver.servers_set, place);
    uint64_t quiet_ms = now_ms - run->seen_ms;
    enum vd_code code = (enum vd_code)troubles[row].code;

    if (!run->is_told && quiet_ms > window_ms(agent)) {
        run->rounds = 0;
    }
    if (is_there && (is_round || is_at_once)) {
        run->seen_ms = now_ms;
        count(&run->rounds, true);
        if (!run->is_told && (is_at_once || run->rounds >= agent->config->dns.blind_after)) {
            run->is_told = tell_resolver(agent, place, code, false, troubles[row].words, now_ms);
        }
    } else if (run->is_told &&
               quiet_ms > window_ms(agent) + (uint64_t)agent->config->dns.blind_after *
                                                 window_ms(agent) / (agent->paths.count + 1u)) {
        run->is_told = !tell_resolver(agent, place, code, true, troubles[row].words, now_ms);
    }
}

void vd_blind_weigh_troubles(struct vd_agent *agent, bool is_round, uint64_t now_ms)
{
    for (uint8_t place = 0; place < VD_PEERS_MAX; place++) {
        for (size_t row = 0; row < VD_PATH_TROUBLES; row++) {
            weigh_trouble(agent, place, row, is_round, now_ms);
        }
        agent->resolver.paths[place].troubles &= (uint8_t)(0xffu ^ MOMENTARY);
    }
}

void vd_blind_end_resolver(struct vd_agent *agent, uint8_t place, uint64_t now_ms)
{
    if (agent->paths.checks[place].is_told) {
        (void)tell_resolver(agent, place, VD_CODE_RESOLVER_BLIND, true, "it is no longer used",
                            now_ms);
    }
    for (size_t row = 0; row < VD_PATH_TROUBLES; row++) {
        if (agent->paths.troubles[place][row].is_told) {
            (void)tell_resolver(agent, place, (enum vd_code)troubles[row].code, true,
                                "it is no longer used", now_ms);
        }
    }
    memset(&agent->paths.checks[place], 0, sizeof(agent->paths.checks[place]));
    memset(agent->paths.troubles[place], 0, sizeof(agent->paths.troubles[place]));
}
