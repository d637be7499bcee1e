/*
 * From an ended survey to events and a baseline.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/look.h"

#include "firmware/blind.h"
#include "firmware/tell.h"
#include "firmware/turns.h"
#include "port/port_console.h"
#include "port/port_entropy.h"

#include <string.h>

/* The interval varies by this many percent each way, so that a fleet does not march in step. */
#define JITTER_PERCENT 20u

/* ---- questions --------------------------------------------------------------------------- */

static void on_want(void *ctx, const char *name, uint16_t type, enum vd_want want)
{
    static const enum vd_ask asks[] = {
        [VD_WANT_OWN] = VD_ASK_OWN, [VD_WANT_SPF] = VD_ASK_SPF, [VD_WANT_OTHER] = VD_ASK_OTHER};

    (void)vd_survey_want(ctx, name, type, asks[want]);
}

/* What the judge needs, as far as it can be told from the answers so far. */
static void follow(void *ctx, struct vd_survey *survey)
{
    struct vd_agent *agent = ctx;
    uint8_t watch_index = agent->job_index;

    vd_judge_wants(&survey->snapshot, &agent->baselines[watch_index],
                   &agent->config->watches[watch_index], &agent->judgement, on_want, survey);
}

/* A label that nobody has published. */
static void draw_probe(char probe[VD_PROBE_MAX])
{
    uint8_t random[VD_PROBE_MAX - 1u];

    if (vd_entropy_random(random, sizeof(random)) != VD_OK) {
        return; /* no probe at this look */
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        probe[i] = (char)('a' + random[i] % 26u);
    }
    probe[sizeof(random)] = '\0';
}

void vd_look_ask(struct vd_agent *agent)
{
    draw_probe(agent->survey.snapshot.probe);
    agent->survey.snapshot.ad_servers = vd_paths_validating(&agent->paths);
    vd_parent_tell(&agent->parent, &agent->survey.snapshot);
    vd_survey_follow(&agent->survey, follow, agent);
    vd_tree_ask(&agent->watches[agent->job_index].tree, &agent->survey);
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
        bool is_unseen = subject->kind == VD_SUBJECT_DS &&
                         (subject->unknown & VD_FACET_BIT(VD_FACET_DS_RECORD)) != 0;
        vd_console_line("  %-9s %-38s %-7s %s", vd_subject_kind_str(subject->kind),
                        vd_judgement_words(j, subject->record),
                        standing_str(is_unseen ? VD_STANDING_UNKNOWN : subject->standing),
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

/* First contact: what is agreed upon becomes the baseline; but a record set of which something is
   still to be told is not compared with itself. */
static void learn(struct vd_agent *agent, uint8_t watch_index,
                  const struct vd_look_sources *sources, const struct vd_turns *turns)
{
    struct vd_watch_run *run = &agent->watches[watch_index];
    const struct vd_judgement *j = &agent->judgement;
    uint32_t agreed = vd_baseline_agreed(&run->shown, j, sources);

    for (size_t i = 0; i < j->subjects_count; i++) {
        const struct vd_subject *subject = &j->subjects[i];
        if (vd_confirm_is_first_untold(&agent->confirm, watch_index, subject)) {
            agreed &= ~vd_subject_bit(subject->kind, subject->index);
        }
    }
    bool has_learned = vd_facts_learn(&agent->baselines[watch_index], &j->facts, agreed);

    if (has_learned && !run->has_baseline) {
        run->has_baseline = true;
        vd_console_line("%s: baseline taken", agent->config->watches[watch_index].domain);
        vd_turns_tell_summary(turns);
    }
}

/* All of the baseline's standings, exchanged with others. */
static void swap_standings(struct vd_facts *baseline, uint8_t standings[VD_SUBJECTS_MAX])
{
    for (uint8_t kind = 0; kind < VD_SUBJECT_KINDS; kind++) {
        uint8_t count = kind == VD_SUBJECT_DKIM ? VD_DKIM_SETS_MAX : 1;
        for (uint8_t i = 0; i < count; i++) {
            vd_facts_swap_standing(baseline, kind, i, &standings[vd_subject_place(kind, i)]);
        }
    }
}

/*
 * What was wrong at first contact is in the baseline, and is found no more.  Where it says something
 * else by now, it is judged once more as if nothing were known of it: is it wrong still?
 */
static void look_back(struct vd_agent *agent, uint8_t watch_index)
{
    struct vd_judgement *j = &agent->judgement;
    struct vd_facts *baseline = &agent->baselines[watch_index];
    uint8_t standings[VD_SUBJECTS_MAX] = {VD_STANDING_UNKNOWN};

    if (!vd_confirm_has_drifted(&agent->confirm, watch_index, &j->facts)) {
        return;
    }
    swap_standings(baseline, standings);
    vd_judge(&agent->survey.snapshot, baseline, &agent->config->watches[watch_index], j);
    swap_standings(baseline, standings);
    vd_confirm_take_first(&agent->confirm, watch_index, j);
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
        uint8_t notes = agent->survey.notes[i];
        if ((notes & (VD_SURVEY_RAISED | VD_SURVEY_LINKED)) == 0 ||
            (notes & (VD_SURVEY_WANTED | VD_SURVEY_LINKED)) == 0) {
            continue; /* one of the watch's own, or asked in vain */
        }
        uint8_t source = vd_agent_source_of(agent, snapshot->answers[i].server);
        if (found != VD_SOURCE_NONE && found != source) {
            return VD_SOURCE_NONE;
        }
        found = source;
    }
    return found != VD_SOURCE_NONE ? found : vd_agent_source_of(agent, agent->job_first);
}

/* What a record set is asked for. */
static uint16_t type_of(uint8_t kind)
{
    switch (kind) {
    case VD_SUBJECT_MX:
        return VD_TYPE_MX;
    case VD_SUBJECT_NS:
        return VD_TYPE_NS;
    case VD_SUBJECT_DS:
        return VD_TYPE_DS;
    default:
        return VD_TYPE_TXT;
    }
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
        uint8_t place =
            place_of(snapshot, vd_judgement_words(j, subject->record), type_of(subject->kind));
        sources->of_subject[i] =
            place == VD_SOURCE_NONE ? sources->resolver : vd_agent_source_of(agent, place);
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
    struct vd_turns turns = {.agent = agent, .watch_index = watch_index, .now_ms = now_ms};
    uint32_t lost = agent->confirm.lost;
    uint32_t contradicted = agent->confirm.contradicted;

    if (run->looks < UINT8_MAX) {
        run->looks++;
    }
    vd_tree_take(&run->tree, &agent->survey);
    /* The facts are those of the last call of follow: the whole snapshot's. */
    vd_baseline_weigh_pending(&agent->baselines[watch_index], &run->shown, &agent->judgement.facts,
                              watch, now_ms);
    look_back(agent, watch_index);
    vd_judge(&agent->survey.snapshot, &agent->baselines[watch_index], watch, &agent->judgement);
    show_look(agent, watch_index);
    vd_parent_see(&agent->parent, &agent->survey.snapshot, now_ms);
    find_sources(agent, &sources);
    vd_confirm_look(&agent->confirm, watch_index, watch, &agent->judgement, &sources, now_ms,
                    vd_turns_take, &turns, &next);
    vd_turns_end_look(&turns);
    show_doubts(agent, watch, lost, contradicted);
    if (is_round) { /* what one authority says does not make a resolver see */
        vd_blind_weigh_watch(agent, watch_index, now_ms);
    }
    learn(agent, watch_index, &sources, &turns);
    plan(agent, watch_index, &next, now_ms);
}
