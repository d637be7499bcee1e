/*
 * From an ended survey to events and a baseline.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/look.h"

#include "firmware/blind.h"
#include "firmware/tell.h"
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
    static const char *const words_of[] = {[VD_CONFIRM_OPENED] = "opened",
                                           [VD_CONFIRM_CLOSED] = "closed",
                                           [VD_CONFIRM_TOLD] = "told",
                                           [VD_CONFIRM_DIVERGED] = "divergent",
                                           [VD_CONFIRM_AGREED] = "agreed"};
    struct turn *turn = ctx;
    struct vd_agent *agent = turn->agent;
    struct vd_tell tell = vd_agent_tell(agent, turn->watch_index, turn->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    /* Closing one alert of a record that is bad in another way is no all-clear. */
    tell.is_still_bad =
        what == VD_CONFIRM_CLOSED &&
        (has_alert_finding(&agent->judgement, subject) ||
         vd_confirm_open_of(&agent->confirm, turn->watch_index, subject->kind, subject->index) > 1);
    vd_tell_turn(&tell, what, alert, finding, subject, &event, words);
    enum vd_status status = vd_agent_write_down(agent, &event);
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
            vd_console_line("%s: %s %s: %s", watch->domain, vd_subject_kind_str(subject->kind),
                            vd_judgement_words(j, subject->record),
                            vd_judgement_words(j, subject->summary));
        }
    }
}

/* ---- baseline and schedule ---------------------------------------------------------------- */

/*
 * Record sets that two sources have shown alike, one after the other; with a single source, that it
 * has shown twice.  Until then nothing becomes a baseline: the first one asked may be stale.
 */
static uint32_t agreed_subjects(struct vd_agent *agent, struct vd_watch_run *run,
                                const struct vd_look_sources *sources)
{
    const struct vd_judgement *j = &agent->judgement;
    unsigned all = (unsigned)sources->resolvers | sources->authorities;
    bool is_single = (all & (all - 1u)) == 0;
    uint32_t agreed = 0;

    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        uint32_t content = vd_facts_content(&j->facts, subject->kind, subject->index);
        uint8_t source = sources->of_subject[i];
        if (subject->standing == VD_STANDING_UNKNOWN || source == VD_SOURCE_NONE) {
            continue;
        }
        bool is_first = run->shown_by[i] == 0;
        if (!is_first && run->shown[i] == content &&
            (is_single || run->shown_by[i] != source + 1u)) {
            agreed |= vd_subject_bit(subject->kind, subject->index);
        }
        run->shown[i] = content;
        run->shown_by[i] = (uint8_t)(source + 1u);
    }
    return agreed;
}

/* First contact: what is agreed upon becomes the baseline. */
static void learn(struct vd_agent *agent, uint8_t watch_index,
                  const struct vd_look_sources *sources)
{
    struct vd_watch_run *run = &agent->watches[watch_index];
    uint32_t agreed = agreed_subjects(agent, run, sources);
    bool has_learned =
        vd_facts_learn(&agent->baselines[watch_index], &agent->judgement.facts, agreed);

    if (has_learned && !run->has_baseline) {
        run->has_baseline = true;
        vd_console_line("%s: baseline taken", agent->config->watches[watch_index].domain);
    }
}

/* Between `least` and `most` percent of it. */
static uint64_t jittered(uint32_t interval_ms, uint32_t least, uint32_t most)
{
    uint32_t drawn = 0;
    uint32_t unit = interval_ms / 100u;

    if (unit == 0 || vd_entropy_random(&drawn, sizeof(drawn)) != VD_OK) {
        return interval_ms;
    }
    return (uint64_t)unit * least + drawn % (unit * (most - least) + 1u);
}

/* The place whose answers a subject rests on: an authority's only if the whole alias chain is its. */
static uint8_t place_of(const struct vd_snapshot *snapshot, const char *record, uint16_t type)
{
    const struct vd_answer *answer = vd_snapshot_find(snapshot, record, type);
    uint8_t place = answer == NULL ? VD_SOURCE_NONE : answer->server;

    for (unsigned hops = 0; answer != NULL && answer->next != VD_ANSWER_NONE && hops < VD_CHAIN_MAX;
         hops++) {
        answer = &snapshot->answers[answer->next];
        place = answer->server != place ? answer->server : place;
    }
    return place;
}

/*
 * Who answered for the names that records of others led to: one resolver, or VD_SOURCE_NONE where
 * several did.
 */
static uint8_t resolver_of_others(const struct vd_agent *agent)
{
    const struct vd_snapshot *snapshot = &agent->survey.snapshot;
    uint8_t found = VD_SOURCE_NONE;

    for (size_t i = 0; i < snapshot->answers_count; i++) {
        if ((agent->survey.notes[i] & VD_SURVEY_RAISED) == 0 && snapshot->answers[i].hops == 0) {
            continue;
        }
        uint8_t source = vd_agent_source_of(agent, snapshot->answers[i].server);
        if (found != VD_SOURCE_NONE && found != source) {
            return VD_SOURCE_NONE;
        }
        found = source;
    }
    return found != VD_SOURCE_NONE ? found : vd_agent_source_of(agent, agent->job_first);
}

static void find_sources(const struct vd_agent *agent, struct vd_look_sources *sources)
{
    const struct vd_judgement *j = &agent->judgement;
    const struct vd_snapshot *snapshot = &agent->survey.snapshot;
    uint16_t seeing = vd_paths_seeing(&agent->paths);

    memset(sources, 0, sizeof(*sources));
    sources->resolver = resolver_of_others(agent);
    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        uint8_t place = place_of(snapshot, vd_judgement_words(j, subject->record),
                                 subject->kind == VD_SUBJECT_MX ? VD_TYPE_MX : VD_TYPE_TXT);
        sources->of_subject[i] = place == VD_SOURCE_NONE ? place : vd_agent_source_of(agent, place);
    }
    for (uint8_t i = 0; i < agent->paths.count; i++) {
        if (vd_set_has(seeing, i)) {
            sources->resolvers =
                (uint16_t)(sources->resolvers | 1u << vd_agent_source_of(agent, i));
        }
    }
    for (unsigned i = 0;
         agent->config->dns.asks_authorities && i < agent->authorities[agent->job_index].count;
         i++) {
        sources->authorities = (uint16_t)(sources->authorities | 1u << VD_AUTHORITY(i));
    }
}

/* When one of the zone's own servers is to be asked next: right after first contact, so that it is
   known who they are, then from time to time. */
static void plan_authority(struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms)
{
    struct vd_authorities *list = &agent->authorities[watch_index];

    if (!agent->config->dns.asks_authorities) {
        list->check_ms = UINT64_MAX;
    } else if (now_ms >= list->check_ms && list->found_ms != 0) {
        list->check_ms =
            now_ms + jittered(agent->config->dns.authority_check_ms, 100u - JITTER_PERCENT, 100u);
    }
}

static bool has_unknown(const struct vd_judgement *j)
{
    for (size_t i = 0; i < j->subjects_count; i++) {
        if (j->subjects[i].standing == VD_STANDING_UNKNOWN) {
            return true;
        }
    }
    return false;
}

/* How old the check of a path may be that something odd was seen through: it must come between the
   first look and the one that believes it. */
static uint32_t fresh_ms(const struct vd_watch *watch)
{
    uint32_t least = VD_PATH_FRESH_MS;

    least = watch->confirm_wait_ms / 2u < least ? watch->confirm_wait_ms / 2u : least;
    return watch->interval_ms / 2u < least ? watch->interval_ms / 2u : least;
}

/* Plan the next look: what confirms something goes before the normal round, and the turn of an
   authority beside it. */
static void plan(struct vd_agent *agent, uint8_t watch_index, const struct vd_next_look *next,
                 uint64_t now_ms)
{
    const struct vd_watch *watch = &agent->config->watches[watch_index];
    const struct vd_authorities *list = &agent->authorities[watch_index];
    struct vd_watch_run *run = &agent->watches[watch_index];
    bool is_second = run->looks == 1;

    plan_authority(agent, watch_index, now_ms);
    run->not_these = 0;
    run->last = vd_agent_source_of(agent, agent->job_first);
    if (agent->job_who == VD_NEXT_ANYONE) {
        /* While something cannot be seen, no later than promised. */
        uint32_t most = has_unknown(&agent->judgement) ? 100u : 100u + JITTER_PERCENT;
        run->round_ms =
            now_ms + (is_second ? 0 : jittered(watch->interval_ms, 100u - JITTER_PERCENT, most));
        run->first = (uint8_t)((agent->job_first + 1u) % agent->paths.count);
    }
    run->due_ms = run->round_ms;
    run->who = VD_NEXT_ANYONE;
    if (next->is_wanted && !is_second && now_ms + next->wait_ms <= run->due_ms) {
        run->due_ms = now_ms + next->wait_ms;
        run->who = next->who;
        run->not_these = next->not_these;
    } else if (list->check_ms < run->due_ms && !is_second) {
        run->due_ms = list->check_ms;
        run->who = VD_NEXT_AUTHORITY;
    }
    if (next->is_wanted || has_unknown(&agent->judgement)) {
        vd_paths_doubt(&agent->paths, fresh_ms(watch), now_ms);
    }
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
    bool is_round = agent->job_who == VD_NEXT_ANYONE;
    struct vd_next_look next;
    struct vd_look_sources sources;
    struct turn turn = {.agent = agent, .watch_index = watch_index, .now_ms = now_ms};
    uint32_t lost = agent->confirm.lost;
    uint32_t contradicted = agent->confirm.contradicted;

    if (run->looks < UINT8_MAX) {
        run->looks++;
    }
    vd_judge(&agent->survey.snapshot, &agent->baselines[watch_index], watch, &agent->judgement);
    show_look(agent, watch_index);
    find_sources(agent, &sources);
    vd_confirm_look(&agent->confirm, watch_index, watch, &agent->judgement, &sources, now_ms,
                    on_turn, &turn, &next);
    show_doubts(agent, watch, lost, contradicted);
    if (is_round) { /* what one authority says does not make a resolver see */
        vd_blind_weigh_watch(agent, watch_index, now_ms);
    }
    learn(agent, watch_index, &sources);
    plan(agent, watch_index, &next, now_ms);
}
