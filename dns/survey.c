/*
 * The worklist of questions.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/survey.h"

#include "dns/records/spf.h"

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

/* A name that others led to turns out to be one of the watch's own: what was left out of its answer
   is asked for again. */
static void take_over(struct vd_survey *survey, size_t index)
{
    struct vd_answer *answer = &survey->snapshot.answers[index];
    bool is_filtered = (survey->notes[index] & VD_SURVEY_FILTERED) != 0;

    survey->notes[index] &= (uint8_t)~VD_SURVEY_RAISED;
    if (!is_filtered) {
        return; /* not answered yet: it will be kept whole */
    }
    survey->notes[index] &= VD_SURVEY_FOLLOW;
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
        survey->notes[*index] |= notes & VD_SURVEY_FOLLOW;
        if (!is_raised && (survey->notes[*index] & VD_SURVEY_RAISED) != 0) {
            take_over(survey, *index);
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

static enum vd_status want(struct vd_survey *survey, const char *name, uint16_t type, uint8_t notes)
{
    struct vd_name wire;
    size_t index;

    if (vd_name_from_text(name, &wire) != VD_OK) {
        return VD_EFORMAT;
    }
    return add(survey, name, type, notes, &index) == VD_EFULL ? VD_EFULL : VD_OK;
}

enum vd_status vd_survey_want(struct vd_survey *survey, const char *name, uint16_t type,
                              enum vd_follow follow)
{
    return want(survey, name, type, follow == VD_FOLLOW_SPF ? VD_SURVEY_FOLLOW : 0u);
}

static void settle(struct vd_answer *answer, enum vd_presence presence, enum vd_detail detail)
{
    answer->presence = (uint8_t)presence;
    answer->detail = (uint8_t)detail;
    answer->is_done = 1;
}

/* Raise the questions that an SPF record's text asks for. */
static void follow_spf(struct vd_survey *survey, const char *domain, struct vd_span text)
{
    struct vd_spf spf;
    char target[VD_NAME_TEXT_MAX];

    if (vd_spf_parse(text.bytes, text.len, &spf) != VD_OK) {
        return; /* foreign or broken: the judge says so */
    }
    for (size_t i = 0; i < spf.terms_count; i++) {
        const struct vd_spf_term *term = &spf.terms[i];
        if ((term->kind == VD_SPF_INCLUDE || term->kind == VD_SPF_REDIRECT) &&
            vd_spf_target(&spf, term, domain, target, sizeof(target)) == VD_OK) {
            (void)want(survey, target, VD_TYPE_TXT, VD_SURVEY_FOLLOW | VD_SURVEY_RAISED);
        }
    }
}

/* The domain whose record an answer is: an alias's own continuation keeps the asked name. */
static void follow_texts(struct vd_survey *survey, size_t index)
{
    const struct vd_snapshot *snapshot = &survey->snapshot;
    const struct vd_answer *answer = &snapshot->answers[index];
    char domain[VD_NAME_TEXT_MAX];

    /* A copy: new questions are appended to the same bytes while the texts are read. */
    const char *name = vd_snapshot_name(snapshot, answer);
    size_t len = strlen(name);
    if (len >= sizeof(domain)) {
        return;
    }
    memcpy(domain, name, len + 1);
    const struct vd_record *record;
    for (size_t i = 0; (record = vd_snapshot_record(snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        follow_spf(survey, domain, vd_snapshot_span(snapshot, record));
    }
}

/* Follow the texts of every answer that is settled since the last call.  true: there was one. */
static bool follow_settled(struct vd_survey *survey)
{
    bool has_followed = false;

    for (size_t i = 0; i < survey->snapshot.answers_count; i++) {
        const struct vd_answer *answer = &survey->snapshot.answers[i];
        if (answer->is_done && answer->presence == VD_PRESENT &&
            (survey->notes[i] & (VD_SURVEY_FOLLOW | VD_SURVEY_FOLLOWED)) == VD_SURVEY_FOLLOW) {
            survey->notes[i] |= VD_SURVEY_FOLLOWED;
            follow_texts(survey, i);
            has_followed = true;
        }
    }
    return has_followed;
}

/* The alias left the response: go on asking at its end, within VD_CHAIN_MAX hops in all. */
static void follow_alias(struct vd_survey *survey, size_t index, const struct vd_gist *gist)
{
    struct vd_snapshot *snapshot = &survey->snapshot;
    struct vd_answer *answer = &snapshot->answers[index];
    char end[VD_NAME_TEXT_MAX];
    size_t next;

    if (vd_name_to_text(&gist->end, end, sizeof(end)) != VD_OK) {
        settle(answer, VD_UNKNOWN, VD_DETAIL_MALFORMED);
        return;
    }
    unsigned hops = answer->hops + (unsigned)gist->hops;
    if (hops > VD_CHAIN_MAX) {
        answer->limit = VD_LIMIT_CHAIN;
        settle(answer, VD_UNKNOWN, VD_DETAIL_CHAIN);
        return;
    }
    uint8_t notes = survey->notes[index] & VD_SURVEY_RAISED;
    enum vd_status status = add(survey, end, answer->type, notes, &next);
    if (status == VD_EFULL) {
        answer->limit = limit_of(snapshot, notes != 0);
        settle(answer, VD_UNKNOWN, VD_DETAIL_LIMIT);
        return;
    }
    if (status == VD_OK) {
        snapshot->answers[next].hops = (uint8_t)hops;
    }
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
        enum vd_keep keep =
            (survey->notes[token] & VD_SURVEY_RAISED) != 0 ? VD_KEEP_SPF : VD_KEEP_ALL;
        uint8_t limit = VD_LIMIT_NONE;
        if (keep == VD_KEEP_SPF && reply->gist.presence != VD_ABSENT) {
            survey->notes[token] |= VD_SURVEY_FILTERED;
        }
        enum vd_status status =
            vd_answer_store(reply->message, question, &reply->gist, snapshot, token, keep, &limit);
        note_evidence(snapshot, answer, reply);
        if (status != VD_OK) {
            answer->limit = limit;
            settle(answer, VD_UNKNOWN, status == VD_EFULL ? VD_DETAIL_LIMIT : VD_DETAIL_MALFORMED);
            return;
        }
    } else {
        note_evidence(snapshot, answer, reply);
    }
    if (reply->gist.leaves) {
        follow_alias(survey, token, &reply->gist);
        return;
    }
    settle(answer, (enum vd_presence)reply->gist.presence, (enum vd_detail)reply->gist.detail);
}

/* Is a name to be asked of the zone's own servers? */
static bool is_zones(const struct vd_survey *survey, const char *name)
{
    size_t name_len = strlen(name);
    size_t zone_len = strlen(survey->zone);

    if (survey->zone_servers == 0 || name_len < zone_len) {
        return false;
    }
    const char *tail = name + (name_len - zone_len);
    return strcmp(tail, survey->zone) == 0 && (tail == name || tail[-1] == '.');
}

/* To whom a question of this survey goes. */
static uint16_t servers_for(const struct vd_survey *survey, const char *name)
{
    return is_zones(survey, name) ? survey->zone_servers : survey->servers;
}

/* May this question be answered from what another survey of the round was told?  Never for a zone's
   own servers: their places in the table hold others at each survey. */
static bool is_shared(const struct vd_survey *survey, unsigned token)
{
    const struct vd_snapshot *snapshot = &survey->snapshot;

    return survey->cache != NULL && (survey->notes[token] & VD_SURVEY_RAISED) != 0 &&
           !is_zones(survey, vd_snapshot_name(snapshot, &snapshot->answers[token]));
}

static void on_done(void *ctx, unsigned token, const struct vd_question *question,
                    const struct vd_reply *reply)
{
    struct vd_survey *survey = ctx;

    survey->open--;
    if (is_shared(survey, token) && reply->message != NULL &&
        (reply->gist.presence != VD_UNKNOWN || reply->gist.leaves)) {
        const struct vd_snapshot *snapshot = &survey->snapshot;
        const struct vd_cache_key key = {
            .servers = servers_for(survey, vd_snapshot_name(snapshot, &snapshot->answers[token])),
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
            settle(answer, VD_UNKNOWN, VD_DETAIL_MALFORMED);
            continue;
        }
        question.type = answer->type;
        uint16_t servers = servers_for(survey, name);
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
            settle(answer, VD_UNKNOWN, VD_DETAIL_CHAIN);
            continue;
        }
        settle(answer, (enum vd_presence)end->presence,
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
            settle(answer, VD_UNKNOWN, VD_DETAIL_CHAIN);
        }
    }
}

enum vd_status vd_survey_poll(struct vd_survey *survey, uint64_t now_ms)
{
    survey->now_ms = now_ms;
    vd_resolver_poll(survey->resolver, now_ms);
    bool is_moving = true;
    while (is_moving) {
        is_moving = settle_aliases(survey);
        is_moving |= follow_settled(survey);
        ask_next(survey);
    }
    if (survey->open > 0) {
        return VD_AGAIN;
    }
    cut_circles(survey);
    survey->snapshot.ended_ms = now_ms;
    return VD_OK;
}
