/*
 * From an ended survey to events and a baseline.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/look.h"

#include "firmware/tell.h"
#include "port/port_clock.h"
#include "port/port_console.h"
#include "port/port_entropy.h"
#include "report/text.h"

#include <string.h>

/* The interval varies by this many percent each way, so that a fleet does not march in step. */
#define JITTER_PERCENT 20u

void vd_look_ask(struct vd_survey *survey, const struct vd_watch *watch)
{
    char name[VD_DOMAIN_TEXT_MAX + VD_SELECTOR_LEN_MAX + 16];
    struct vd_text_writer w;

    (void)vd_survey_want(survey, watch->domain, VD_TYPE_TXT, VD_FOLLOW_SPF);
    (void)vd_survey_want(survey, watch->domain, VD_TYPE_MX, VD_FOLLOW_NOTHING);
    vd_text_start(&w, name, sizeof(name));
    vd_text_put(&w, "_dmarc.");
    vd_text_put(&w, watch->domain);
    (void)vd_survey_want(survey, name, VD_TYPE_TXT, VD_FOLLOW_NOTHING);
    for (size_t i = 0; i < watch->selectors_count; i++) {
        vd_text_start(&w, name, sizeof(name));
        vd_text_put(&w, watch->selectors[i]);
        vd_text_put(&w, "._domainkey.");
        vd_text_put(&w, watch->domain);
        (void)vd_survey_want(survey, name, VD_TYPE_TXT, VD_FOLLOW_NOTHING);
    }
}

/* ---- events ------------------------------------------------------------------------------ */

static void give_id(const struct vd_agent *agent, struct vd_event *event)
{
    struct vd_text_writer w;

    vd_text_start(&w, event->id, sizeof(event->id));
    vd_text_put_hex(&w, agent->boot_random, 16);
    vd_text_put(&w, "-");
    vd_text_put_hex(&w, agent->journal.last_seq + 1u, 8);
}

static enum vd_status write_down(struct vd_agent *agent, struct vd_event *event)
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

static struct vd_tell tell_of(const struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms)
{
    return (struct vd_tell){
        .domain = agent->config->watches[watch_index].domain,
        .judgement = &agent->judgement,
        .servers = agent->config->servers,
        .servers_count = (uint8_t)agent->config->servers_count,
        .now_ms = now_ms,
    };
}

/* What on_turn needs to know. */
struct turn {
    struct vd_agent *agent;
    uint8_t watch_index;
    uint64_t now_ms;
};

static bool has_alert_finding(const struct vd_judgement *j, const struct vd_subject *subject)
{
    for (size_t i = 0; i < j->findings_count; i++) {
        if (&j->subjects[j->findings[i].subject] == subject &&
            vd_code_info((enum vd_code)j->findings[i].code)->is_alert) {
            return true;
        }
    }
    return false;
}

/* Is the subject free of anything worse than the baseline, so that it may become the baseline? */
static bool is_clean(const struct vd_agent *agent, uint8_t watch_index,
                     const struct vd_subject *subject)
{
    return !has_alert_finding(&agent->judgement, subject) &&
           vd_confirm_open_of(&agent->confirm, watch_index, subject->kind, subject->index) == 0;
}

static enum vd_status on_turn(void *ctx, enum vd_confirm_turn what, const struct vd_alert *alert,
                              const struct vd_finding *finding, const struct vd_subject *subject)
{
    static const char *const words_of[] = {
        [VD_CONFIRM_OPENED] = "opened", [VD_CONFIRM_CLOSED] = "closed", [VD_CONFIRM_TOLD] = "told"};
    struct turn *turn = ctx;
    struct vd_agent *agent = turn->agent;
    struct vd_tell tell = tell_of(agent, turn->watch_index, turn->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    /* Closing one alert of a record that is bad in another way is no all-clear. */
    tell.is_still_bad =
        what == VD_CONFIRM_CLOSED &&
        (has_alert_finding(&agent->judgement, subject) ||
         vd_confirm_open_of(&agent->confirm, turn->watch_index, subject->kind, subject->index) > 1);
    vd_tell_turn(&tell, what, alert, finding, subject, &event, words);
    enum vd_status status = write_down(agent, &event);
    if (status != VD_OK) {
        return status;
    }
    vd_console_line("alert %s: %s %s", words_of[what], event.code, event.record);
    vd_console_line("  %s", event.subject);
    if (what == VD_CONFIRM_TOLD && is_clean(agent, turn->watch_index, subject)) {
        vd_facts_adopt(&agent->baselines[turn->watch_index], &agent->judgement.facts, subject->kind,
                       subject->index);
    }
    return VD_OK;
}

/* ---- blindness --------------------------------------------------------------------------- */

/* Count the rounds in which each record set was unknown.  Returns those that are blind by now. */
static uint32_t count_unknowns(const struct vd_judgement *j, struct vd_watch_run *run,
                               bool is_round)
{
    uint32_t blind = 0;

    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        uint8_t *rounds = &run->unknown_rounds[i];
        if (subject->standing != VD_STANDING_UNKNOWN) {
            *rounds = 0;
        } else if (is_round && *rounds < UINT8_MAX) {
            (*rounds)++;
        }
        if (*rounds >= VD_BLIND_AFTER) {
            blind |= vd_subject_bit(subject->kind, subject->index);
        }
    }
    /* More findings than fit: alerts can be neither opened nor closed for sure. */
    run->cut_rounds =
        (uint8_t)(!j->is_cut ? 0 : run->cut_rounds + (is_round && run->cut_rounds < UINT8_MAX));
    return run->cut_rounds >= VD_BLIND_AFTER ? blind | VD_BLIND_CUT : blind;
}

/* Tell when a record set cannot be looked at any more, each one that joins, and when all can. */
static void weigh_blindness(struct vd_agent *agent, uint8_t watch_index, bool is_round,
                            uint64_t now_ms)
{
    struct vd_watch_run *run = &agent->watches[watch_index];
    struct vd_tell tell = tell_of(agent, watch_index, now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];
    uint32_t blind = count_unknowns(&agent->judgement, run, is_round);

    if ((blind & ~run->blind) == 0 && (blind != 0 || run->blind == 0)) {
        return; /* nothing new, or some are still blind */
    }
    vd_tell_blind(&tell, blind == 0, VD_BLIND_AFTER, &event, words);
    if (write_down(agent, &event) != VD_OK) {
        return; /* told at the next look */
    }
    run->blind = blind;
    vd_console_line("%s", event.subject);
    vd_console_line("  %s", event.new_text);
}

/* ---- console ----------------------------------------------------------------------------- */

static const char *standing_str(uint8_t standing)
{
    switch (standing) {
    case VD_STANDING_OK:
        return "ok";
    case VD_STANDING_ABSENT:
        return "absent";
    case VD_STANDING_BROKEN:
        return "BROKEN";
    default:
        return "unknown";
    }
}

static void show_table(const struct vd_agent *agent, const struct vd_watch *watch)
{
    const struct vd_judgement *j = &agent->judgement;
    const struct vd_snapshot *snapshot = &agent->survey.snapshot;

    vd_console_line("%s: %u questions, %lu ms", watch->domain, snapshot->answers_count,
                    (unsigned long)(snapshot->ended_ms - snapshot->started_ms));
    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        vd_console_line("  %-5s %-38s %-7s %s", vd_subject_kind_str(subject->kind),
                        vd_judgement_words(j, subject->record), standing_str(subject->standing),
                        vd_judgement_words(j, subject->summary));
    }
}

/* The first looks, and every one at which something could not be seen, are worth a table. */
static void show_look(const struct vd_agent *agent, uint8_t watch_index)
{
    const struct vd_watch *watch = &agent->config->watches[watch_index];
    const struct vd_judgement *j = &agent->judgement;

    if (agent->watches[watch_index].looks == 1) {
        show_table(agent, watch);
        return;
    }
    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        if (subject->standing == VD_STANDING_UNKNOWN) {
            vd_console_line(
                "%s: %s %s is unknown: %s", watch->domain, vd_subject_kind_str(subject->kind),
                vd_judgement_words(j, subject->record), vd_judgement_words(j, subject->summary));
        }
    }
}

/* ---- baseline and schedule ---------------------------------------------------------------- */

/*
 * First contact.  A record that is there and good is taken over at once; that one is absent or
 * broken is believed only when it was seen before, so that another resolver has said so too.
 */
static void learn(struct vd_agent *agent, uint8_t watch_index)
{
    struct vd_watch_run *run = &agent->watches[watch_index];
    const struct vd_judgement *j = &agent->judgement;
    bool is_first = run->known == 0;

    bool has_learned =
        vd_facts_learn(&agent->baselines[watch_index], &agent->judgement.facts, run->known);
    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        if (subject->standing != VD_STANDING_UNKNOWN) {
            run->known |= vd_subject_bit(subject->kind, subject->index);
        }
    }
    if (has_learned && is_first) {
        vd_console_line("%s: baseline taken", agent->config->watches[watch_index].domain);
    }
}

static uint64_t jittered(uint32_t interval_ms)
{
    uint32_t drawn = 0;
    uint32_t span = interval_ms / 100u * (2u * JITTER_PERCENT);

    if (span == 0 || vd_entropy_random(&drawn, sizeof(drawn)) != VD_OK) {
        return interval_ms;
    }
    return (uint64_t)interval_ms - span / 2u + drawn % (span + 1u);
}

/* The resolver that answered each subject. */
static void answering_servers(const struct vd_agent *agent, uint8_t *servers)
{
    const struct vd_judgement *j = &agent->judgement;

    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        const struct vd_answer *answer =
            vd_snapshot_find(&agent->survey.snapshot, vd_judgement_words(j, subject->record),
                             subject->kind == VD_SUBJECT_MX ? VD_TYPE_MX : VD_TYPE_TXT);
        servers[i] = answer == NULL ? UINT8_MAX : answer->server;
    }
}

/* Plan the next survey: the normal round asks anyone, a confirming look one other resolver. */
static void plan(struct vd_agent *agent, uint8_t watch_index, const struct vd_next_look *next,
                 uint64_t now_ms)
{
    const struct vd_watch *watch = &agent->config->watches[watch_index];
    struct vd_watch_run *run = &agent->watches[watch_index];
    uint8_t count = (uint8_t)agent->config->servers_count;
    uint8_t asked = agent->survey.first % count;
    bool is_second = run->looks == 1;

    run->first = (uint8_t)((asked + 1u) % count);
    run->servers = VD_SERVERS_ALL;
    if (next->is_wanted && next->is_elsewhere && count > 1) {
        run->servers = (uint8_t)(1u << run->first);
    }
    run->due_ms = now_ms + (is_second         ? 0
                            : next->is_wanted ? next->wait_ms
                                              : jittered(watch->interval_ms));
}

/* What went on in the table of alerts and makes no event of its own. */
static void show_doubts(const struct vd_agent *agent, const struct vd_watch *watch, uint32_t lost,
                        uint32_t contradicted)
{
    if (agent->confirm.lost != lost) {
        vd_console_line("%s: findings without room: VD_ALERTS_MAX is %u", watch->domain,
                        (unsigned)VD_ALERTS_MAX);
    }
    if (agent->confirm.contradicted != contradicted) {
        vd_console_line("%s: resolvers disagree: a change was not believed", watch->domain);
    }
}

void vd_look_weigh(struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms)
{
    const struct vd_watch *watch = &agent->config->watches[watch_index];
    struct vd_watch_run *run = &agent->watches[watch_index];
    bool is_round = run->servers == VD_SERVERS_ALL;
    struct vd_next_look next;
    uint8_t servers[VD_SUBJECTS_MAX];
    struct turn turn = {.agent = agent, .watch_index = watch_index, .now_ms = now_ms};
    uint32_t lost = agent->confirm.lost;
    uint32_t contradicted = agent->confirm.contradicted;

    if (run->looks < UINT8_MAX) {
        run->looks++;
    }
    vd_judge(&agent->survey.snapshot, &agent->baselines[watch_index], watch, &agent->judgement);
    show_look(agent, watch_index);
    answering_servers(agent, servers);
    vd_confirm_look(&agent->confirm, watch_index, watch, &agent->judgement, servers, now_ms,
                    on_turn, &turn, &next);
    show_doubts(agent, watch, lost, contradicted);
    weigh_blindness(agent, watch_index, is_round, now_ms);
    learn(agent, watch_index);
    plan(agent, watch_index, &next, now_ms);
}
