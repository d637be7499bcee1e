/*
 * The worklist of questions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/survey.h"

#include <string.h>

static void on_done(void *ctx, unsigned token, const struct vd_question *question,
                    const struct vd_reply *reply);

void vd_survey_start(struct vd_survey *survey, struct vd_resolver *resolver, struct vd_cache *cache,
                     uint16_t servers, uint8_t first, uint64_t now_ms)
{
    survey->resolver = resolver;
    survey->cache = cache;
    survey->now_ms = now_ms;
    survey->servers = servers;
    survey->zone_servers = 0;
    survey->zone = "";
    survey->first = first;
    survey->is_cut = 0;
    survey->has_news = false;
    survey->follow = NULL;
    survey->roots = 0;
    survey->next = 0;
    survey->open = 0;
    memset(survey->notes, 0, sizeof(survey->notes));
    vd_snapshot_clear(&survey->snapshot);
    survey->snapshot.started_ms = now_ms;
    resolver->done = on_done;
    resolver->ctx = survey;
}

void vd_survey_ask_zone(struct vd_survey *survey, const char *zone, uint16_t servers)
{
    survey->zone = zone;
    survey->zone_servers = servers;
}

/* More of an answer is wanted than before: a name that others led to turns out to be one of the
   watch's own, say.  What was left out of it is asked for again. */
static void widen(struct vd_survey *survey, size_t index, uint8_t notes)
{
    struct vd_answer *answer = &survey->snapshot.answers[index];
    uint8_t *noted = &survey->notes[index];

    *noted &= (uint8_t)(notes | ~(VD_SURVEY_RAISED | VD_SURVEY_SPF_ONLY));
    if ((*noted & VD_SURVEY_FILTERED) == 0) {
        return; /* not answered yet: it will be kept whole */
    }
    *noted &= (uint8_t) ~(VD_SURVEY_FILTERED | VD_SURVEY_ASKED);
    answer->is_done = false;
    answer->presence = VD_UNKNOWN;
    answer->detail = VD_DETAIL_NOT_ASKED;
    answer->next = VD_ANSWER_NONE;
    answer->count = 0;
    survey->next = (uint16_t)(index < survey->next ? index : survey->next);
}

/* Is there room for one more question that only a record led to?  The last places are for the
   aliases of the watch's own names. */
static bool has_room_for_raised(const struct vd_snapshot *snapshot)
{
    return snapshot->answers_count < VD_SURVEY_QUESTIONS_MAX - VD_SURVEY_OWN_QUESTIONS &&
           snapshot->bytes_len < VD_SURVEY_BYTES_MAX - VD_SURVEY_OWN_BYTES;
}

/* Add a question, or find it.  Asked for its own sake once, it stays so. */
static enum vd_status add(struct vd_survey *survey, const char *name, uint16_t type, uint8_t notes,
                          size_t *index)
{
    struct vd_snapshot *snapshot = &survey->snapshot;
    bool is_raised = (notes & VD_SURVEY_RAISED) != 0;

    enum vd_status status = VD_EFULL;
    if (!is_raised || has_room_for_raised(snapshot) ||
        vd_snapshot_find(snapshot, name, type) != NULL) {
        status = vd_snapshot_ask(snapshot, name, type, index);
    }
    if (status == VD_OK) {
        survey->notes[*index] = notes;
    } else if (status == VD_OTHER) {
        if ((survey->notes[*index] & (VD_SURVEY_RAISED | VD_SURVEY_SPF_ONLY) & ~notes) != 0) {
            widen(survey, *index, notes);
        }
    } else {
        survey->is_cut = 1;
    }
    return status;
}

/* Which knob kept a question out? */
static uint8_t limit_of(const struct vd_snapshot *snapshot, bool is_raised)
{
    size_t reserve = is_raised ? VD_SURVEY_OWN_QUESTIONS : 0;

    return snapshot->answers_count >= VD_SURVEY_QUESTIONS_MAX - reserve ? VD_LIMIT_QUESTIONS
                                                                        : VD_LIMIT_BYTES;
}

enum vd_status vd_survey_want(struct vd_survey *survey, const char *name, uint16_t type,
                              enum vd_ask ask)
{
    static const uint8_t notes[] = {[VD_ASK_OWN] = 0,
                                    [VD_ASK_SPF] = VD_SURVEY_RAISED | VD_SURVEY_SPF_ONLY,
                                    [VD_ASK_OTHER] = VD_SURVEY_RAISED};
    struct vd_name wire;
    size_t index;

    if (vd_name_from_text(name, &wire) != VD_OK) {
        return VD_EFORMAT;
    }
    if (add(survey, name, type, notes[ask], &index) == VD_EFULL) {
        return VD_EFULL;
    }
    survey->notes[index] |= VD_SURVEY_WANTED;
    return VD_OK;
}

enum vd_ask vd_survey_ask_of(const struct vd_survey *survey, size_t index)
{
    uint8_t notes = survey->notes[index];

    return (notes & VD_SURVEY_RAISED) == 0     ? VD_ASK_OWN
           : (notes & VD_SURVEY_SPF_ONLY) != 0 ? VD_ASK_SPF
                                               : VD_ASK_OTHER;
}

/* Let the follower say what it needs now. */
static void call_follower(struct vd_survey *survey)
{
    survey->has_news = false;
    for (size_t i = 0; i < survey->snapshot.answers_count; i++) {
        survey->notes[i] &= (uint8_t)~VD_SURVEY_WANTED;
    }
    survey->follow(survey->ctx, survey);
}

void vd_survey_follow(struct vd_survey *survey, vd_survey_follow_fn follow, void *ctx)
{
    survey->follow = follow;
    survey->ctx = ctx;
    call_follower(survey);
    survey->roots = survey->snapshot.answers_count;
}

static void settle(struct vd_survey *survey, struct vd_answer *answer, enum vd_presence presence,
                   enum vd_detail detail)
{
    answer->presence = (uint8_t)presence;
    answer->detail = (uint8_t)detail;
    answer->is_done = 1;
    survey->has_news |= survey->follow != NULL &&
                        (survey->notes[answer - survey->snapshot.answers] & VD_SURVEY_WANTED) != 0;
}

/* The alias left the response: go on asking at its end, within VD_CHAIN_MAX hops in all. */
static void follow_alias(struct vd_survey *survey, size_t index, const struct vd_gist *gist)
{
    struct vd_snapshot *snapshot = &survey->snapshot;
    struct vd_answer *answer = &snapshot->answers[index];
    char end[VD_NAME_TEXT_MAX];
    size_t next;

    if (vd_name_to_text(&gist->end, end, sizeof(end)) != VD_OK) {
        settle(survey, answer, VD_UNKNOWN, VD_DETAIL_MALFORMED);
        return;
    }
    unsigned hops = answer->hops + (unsigned)gist->hops;
    if (hops > VD_CHAIN_MAX) {
        answer->limit = VD_LIMIT_CHAIN;
        settle(survey, answer, VD_UNKNOWN, VD_DETAIL_CHAIN);
        return;
    }
    uint8_t notes = survey->notes[index] & (VD_SURVEY_RAISED | VD_SURVEY_SPF_ONLY);
    enum vd_status status = add(survey, end, answer->type, notes, &next);
    if (status == VD_EFULL) {
        answer->limit = limit_of(snapshot, notes != 0);
        settle(survey, answer, VD_UNKNOWN, VD_DETAIL_LIMIT);
        return;
    }
    if (status == VD_OK) {
        snapshot->answers[next].hops = (uint8_t)hops;
    }
    survey->notes[next] |= VD_SURVEY_LINKED;
    answer->next = (uint8_t)next;
}

/* What the reply shows, beside the records. */
static void note_evidence(struct vd_snapshot *snapshot, struct vd_answer *answer,
                          const struct vd_reply *reply)
{
    const struct vd_evidence *evidence = &reply->gist.evidence;

    answer->rcode = evidence->rcode;
    answer->server = reply->server;
    answer->transport = reply->transport;
    answer->tries = reply->tries;
    answer->rtt_ms = reply->rtt_ms;
    answer->limit = reply->gist.limit;
    answer->ttl_s = reply->gist.ttl_s == UINT32_MAX ? 0 : reply->gist.ttl_s;
    answer->is_aa = evidence->is_aa;
    answer->is_ad = evidence->is_ad;
    answer->has_soa = evidence->has_soa;
    answer->soa_up = evidence->soa_up;
    answer->soa_serial = evidence->soa_serial;
    answer->soa_minimum = evidence->soa_minimum;
    answer->ede = evidence->ede;
    if (evidence->ede_text[0] != '\0') {
        answer->ede_text = vd_snapshot_keep_text(snapshot, evidence->ede_text);
    }
}

static void take_reply(struct vd_survey *survey, unsigned token, const struct vd_question *question,
                       const struct vd_reply *reply)
{
    struct vd_snapshot *snapshot = &survey->snapshot;
    struct vd_answer *answer = &snapshot->answers[token];

    if (reply->message != NULL && (reply->gist.presence != VD_UNKNOWN || reply->gist.leaves)) {
        static const enum vd_keep keeps[] = {
            [VD_ASK_OWN] = VD_KEEP_ALL, [VD_ASK_SPF] = VD_KEEP_SPF, [VD_ASK_OTHER] = VD_KEEP_OTHER};
        enum vd_keep keep = keeps[vd_survey_ask_of(survey, token)];
        uint8_t limit = VD_LIMIT_NONE;
        enum vd_status status =
            vd_answer_store(reply->message, question, &reply->gist, snapshot, token, keep, &limit);
        if ((keep == VD_KEEP_SPF && reply->gist.presence != VD_ABSENT) ||
            (keep != VD_KEEP_ALL && status == VD_EFULL)) {
            survey->notes[token] |= VD_SURVEY_FILTERED;
        }
        note_evidence(snapshot, answer, reply);
        if (status != VD_OK) {
            answer->limit = limit;
            settle(survey, answer, VD_UNKNOWN,
                   status == VD_EFULL ? VD_DETAIL_LIMIT : VD_DETAIL_MALFORMED);
            return;
        }
    } else {
        note_evidence(snapshot, answer, reply);
    }
    if (reply->gist.leaves) {
        follow_alias(survey, token, &reply->gist);
        return;
    }
    settle(survey, answer, (enum vd_presence)reply->gist.presence,
           (enum vd_detail)reply->gist.detail);
}

/* Is a question for the zone's own servers? */
static bool is_zones(const struct vd_survey *survey, const struct vd_answer *answer)
{
    const char *name = vd_snapshot_name(&survey->snapshot, answer);
    size_t name_len = strlen(name);
    size_t zone_len = strlen(survey->zone);

    if (survey->zone_servers == 0 || name_len < zone_len) {
        return false;
    }
    const char *tail = name + (name_len - zone_len);
    if (strcmp(tail, survey->zone) != 0) {
        return false;
    }
    return tail == name ? answer->type != VD_TYPE_DS : tail[-1] == '.';
}

/* To whom a question of this survey goes. */
static uint16_t servers_for(const struct vd_survey *survey, const struct vd_answer *answer)
{
    return is_zones(survey, answer) ? survey->zone_servers : survey->servers;
}

/* May this question be answered from what another survey of the round was told?  Never for a zone's
   own servers: their places in the table hold others at each survey. */
static bool is_shared(const struct vd_survey *survey, unsigned token)
{
    return survey->cache != NULL && (survey->notes[token] & VD_SURVEY_RAISED) != 0 &&
           !is_zones(survey, &survey->snapshot.answers[token]);
}

static void on_done(void *ctx, unsigned token, const struct vd_question *question,
                    const struct vd_reply *reply)
{
    struct vd_survey *survey = ctx;

    survey->open--;
    if (is_shared(survey, token) && reply->message != NULL &&
        (reply->gist.presence != VD_UNKNOWN || reply->gist.leaves)) {
        const struct vd_cache_key key = {
            .servers = servers_for(survey, &survey->snapshot.answers[token]),
            .first = survey->first,
            .server = reply->server,
            .transport = reply->transport,
        };
        const struct vd_reader *whole = &reply->message->records;
        vd_cache_put(survey->cache, &key, whole->data, whole->len, reply->gist.ttl_s,
                     survey->now_ms);
    }
    take_reply(survey, token, question, reply);
}

/* Answer from the cache.  false: it is not there. */
static bool answer_from_cache(struct vd_survey *survey, unsigned token,
                              const struct vd_question *question, uint16_t servers)
{
    struct vd_cache_key key = {.servers = servers, .first = survey->first};
    struct vd_message message;
    struct vd_reply reply;

    if (!is_shared(survey, token) ||
        vd_cache_find(survey->cache, question, &key, survey->now_ms, &message) != VD_OK) {
        return false;
    }
    memset(&reply, 0, sizeof(reply));
    reply.message = &message;
    reply.server = key.server;
    reply.transport = key.transport;
    vd_answer_classify(&message, question, false, NULL, &reply.gist);
    take_reply(survey, token, question, &reply);
    return true;
}

/* Give the worklist to the resolver, as much as it takes. */
static void ask_next(struct vd_survey *survey)
{
    struct vd_question question;

    while (survey->next < survey->snapshot.answers_count) {
        uint16_t token = survey->next++; /* what is done with it may set `next` back */
        struct vd_answer *answer = &survey->snapshot.answers[token];
        const char *name = vd_snapshot_name(&survey->snapshot, answer);
        if ((survey->notes[token] & VD_SURVEY_ASKED) != 0) {
            continue;
        }
        survey->notes[token] |= VD_SURVEY_ASKED;
        if (vd_name_from_text(name, &question.name) != VD_OK) {
            settle(survey, answer, VD_UNKNOWN, VD_DETAIL_MALFORMED);
            continue;
        }
        question.type = answer->type;
        uint16_t servers = servers_for(survey, answer);
        if (answer_from_cache(survey, token, &question, servers)) {
            continue;
        }
        if (vd_resolver_ask(survey->resolver, &question, servers, survey->first, token,
                            survey->now_ms) == VD_OK) {
            survey->open++;
        } else {
            survey->notes[token] &= (uint8_t)~VD_SURVEY_ASKED;
            survey->next = token;
            return;
        }
    }
}

/* Aliases from an answer on, over all that continue it. */
static size_t chain_len(const struct vd_snapshot *snapshot, const struct vd_answer *answer)
{
    size_t len = 0;

    while (vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, len) != NULL) {
        len++;
    }
    return len;
}

/*
 * Carry the outcome at the end of each alias chain back to where it began.  Settles at least one
 * answer per call, or there is none left that can be; a chain that comes back to itself never
 * settles and is cut by the caller.
 */
static bool settle_aliases(struct vd_survey *survey)
{
    struct vd_snapshot *snapshot = &survey->snapshot;
    bool has_settled = false;

    for (size_t i = 0; i < snapshot->answers_count; i++) {
        struct vd_answer *answer = &snapshot->answers[i];
        if (answer->is_done || answer->next == VD_ANSWER_NONE) {
            continue;
        }
        const struct vd_answer *end = &snapshot->answers[answer->next];
        if (!end->is_done) {
            continue;
        }
        bool is_gone = end->presence == VD_ABSENT;
        answer->limit = end->limit;
        has_settled = true;
        if (chain_len(snapshot, answer) > VD_CHAIN_MAX) {
            answer->limit = VD_LIMIT_CHAIN;
            settle(survey, answer, VD_UNKNOWN, VD_DETAIL_CHAIN);
            continue;
        }
        settle(survey, answer, (enum vd_presence)end->presence,
               is_gone ? VD_DETAIL_DANGLING : (enum vd_detail)end->detail);
    }
    return has_settled;
}

/* Nothing is in flight, and yet some answers wait: their aliases run in a circle. */
static void cut_circles(struct vd_survey *survey)
{
    for (size_t i = 0; i < survey->snapshot.answers_count; i++) {
        struct vd_answer *answer = &survey->snapshot.answers[i];
        if (!answer->is_done) {
            settle(survey, answer, VD_UNKNOWN, VD_DETAIL_CHAIN);
        }
    }
}

enum vd_status vd_survey_poll(struct vd_survey *survey, uint64_t now_ms)
{
    survey->now_ms = now_ms;
    vd_resolver_poll(survey->resolver, now_ms);
    while (settle_aliases(survey)) {
    }
    if (survey->has_news) {
        call_follower(survey);
    }
    ask_next(survey); /* what the cache answers is news, for the next turn */
    while (settle_aliases(survey)) {
    }
    if (!survey->has_news && survey->open == 0) {
        cut_circles(survey);
    }
    if (survey->has_news || survey->open > 0) {
        return VD_AGAIN;
    }
    survey->snapshot.ended_ms = now_ms;
    return VD_OK;
}

uint64_t vd_survey_next_ms(const struct vd_survey *survey)
{
    return survey->has_news ? survey->now_ms : vd_resolver_next_ms(survey->resolver);
}
