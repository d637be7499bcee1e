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

void vd_survey_start(struct vd_survey *survey, struct vd_resolver *resolver, uint8_t servers,
                     uint8_t first, uint64_t now_ms)
{
    survey->resolver = resolver;
    survey->servers = servers;
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

static enum vd_status want(struct vd_survey *survey, const char *name, uint16_t type, uint8_t notes)
{
    struct vd_name wire;
    size_t index;

    if (vd_name_from_text(name, &wire) != VD_OK) {
        return VD_EFORMAT;
    }
    enum vd_status status = vd_snapshot_ask(&survey->snapshot, name, type, &index);
    if (status == VD_EFULL) {
        survey->is_cut = 1;
        return VD_EFULL;
    }
    if (status == VD_OTHER) {
        /* Asked for its own sake once, it stays so. */
        notes = (uint8_t)((survey->notes[index] | (notes & VD_SURVEY_FOLLOW)) &
                          ~(notes & VD_SURVEY_RAISED ? 0u : VD_SURVEY_RAISED));
    }
    survey->notes[index] = notes;
    return VD_OK;
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
        settle(answer, VD_UNKNOWN, VD_DETAIL_CHAIN);
        return;
    }
    enum vd_status status = vd_snapshot_ask(snapshot, end, answer->type, &next);
    if (status == VD_EFULL) {
        survey->is_cut = 1;
        settle(answer, VD_UNKNOWN, VD_DETAIL_LIMIT);
        return;
    }
    if (status == VD_OK) {
        survey->notes[next] = survey->notes[index] & VD_SURVEY_RAISED;
        snapshot->answers[next].hops = (uint8_t)hops;
    }
    answer->next = (uint8_t)next;
}

static void on_done(void *ctx, unsigned token, const struct vd_question *question,
                    const struct vd_reply *reply)
{
    struct vd_survey *survey = ctx;
    struct vd_answer *answer = &survey->snapshot.answers[token];

    survey->open--;
    answer->rcode = reply->rcode;
    answer->server = reply->server;
    answer->tries = reply->tries;
    answer->rtt_ms = reply->rtt_ms;
    answer->ttl_s = reply->gist.ttl_s == UINT32_MAX ? 0 : reply->gist.ttl_s;
    answer->is_aa = reply->message != NULL && reply->message->is_aa;
    if (reply->message != NULL && (reply->gist.presence != VD_UNKNOWN || reply->gist.leaves)) {
        enum vd_keep keep =
            (survey->notes[token] & VD_SURVEY_RAISED) != 0 ? VD_KEEP_SPF : VD_KEEP_ALL;
        enum vd_status status =
            vd_answer_store(reply->message, question, &survey->snapshot, token, keep);
        if (status != VD_OK) {
            settle(answer, VD_UNKNOWN, status == VD_EFULL ? VD_DETAIL_LIMIT : VD_DETAIL_MALFORMED);
            return;
        }
    }
    if (reply->gist.leaves) {
        follow_alias(survey, token, &reply->gist);
        return;
    }
    settle(answer, (enum vd_presence)reply->gist.presence, (enum vd_detail)reply->gist.detail);
}

/* Give the worklist to the resolver, as much as it takes. */
static void ask_next(struct vd_survey *survey, uint64_t now_ms)
{
    struct vd_question question;

    while (survey->next < survey->snapshot.answers_count) {
        struct vd_answer *answer = &survey->snapshot.answers[survey->next];
        if (vd_name_from_text(vd_snapshot_name(&survey->snapshot, answer), &question.name) !=
            VD_OK) {
            settle(answer, VD_UNKNOWN, VD_DETAIL_MALFORMED);
            survey->next++;
            continue;
        }
        question.type = answer->type;
        if (vd_resolver_ask(survey->resolver, &question, survey->servers, survey->first,
                            survey->next, now_ms) != VD_OK) {
            return;
        }
        survey->open++;
        survey->next++;
    }
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
        settle(answer, (enum vd_presence)end->presence,
               is_gone ? VD_DETAIL_DANGLING : (enum vd_detail)end->detail);
        has_settled = true;
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
    vd_resolver_poll(survey->resolver, now_ms);
    bool is_moving = true;
    while (is_moving) {
        is_moving = settle_aliases(survey);
        is_moving |= follow_settled(survey);
        ask_next(survey, now_ms);
    }
    if (survey->open > 0) {
        return VD_AGAIN;
    }
    cut_circles(survey);
    survey->snapshot.ended_ms = now_ms;
    return VD_OK;
}
