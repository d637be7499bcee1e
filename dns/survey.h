/*
 * A survey: one round of questions for one domain, into a snapshot.
 *
 * A worklist.  What can be asked at once is asked at once; answers raise new questions: aliases that
 * leave an answer by themselves, all others through whoever follows the survey (vd_survey_follow).
 * Over when no question is open and nobody wants more.
 *
 * What only records of others led to leaves room for the watch's own names and their aliases:
 * VD_SURVEY_OWN_QUESTIONS, _RECORDS and _BYTES.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SURVEY_H
#define VD_SURVEY_H

#include "dns/cache.h"
#include "dns/resolver.h"
#include "dns/snapshot.h"

/* For whom is it asked?  Decides what of the answer is kept. */
enum vd_ask {
    VD_ASK_OWN = 0, /* a name of the watch itself: everything, and the room that is kept for it */
    VD_ASK_SPF,     /* another's SPF record: of its texts only those */
    VD_ASK_OTHER    /* any other name that a record led to */
};

/* What is noted of an answer; bits. */
#define VD_SURVEY_ASKED    1u  /* it was given to the resolver, or answered from the cache */
#define VD_SURVEY_RAISED   2u  /* only a record led to this name */
#define VD_SURVEY_SPF_ONLY 4u  /* VD_ASK_SPF */
#define VD_SURVEY_FILTERED 8u  /* something of its answer was left out */
#define VD_SURVEY_WANTED   16u /* wanted since its follower was called last */
#define VD_SURVEY_LINKED   32u /* an alias that left another answer leads here */

struct vd_survey;

/* Look at what has been answered, and put on the worklist (vd_survey_want) all that is needed: what
   is there already and is not wanted any more counts as asked in vain. */
typedef void (*vd_survey_follow_fn)(void *ctx, struct vd_survey *survey);

struct vd_survey {
    struct vd_resolver *resolver; /* not owned; its done belongs to the survey while it runs */
    struct vd_cache *cache;       /* not owned; NULL: every question is asked */
    uint64_t now_ms;              /* of this turn */
    uint16_t servers;             /* set that may be asked */
    uint16_t zone_servers;        /* set that is asked for names in `zone` instead; 0: none */
    const char *zone;             /* apex; not owned */
    uint8_t first;                /* the one to begin with */
    uint8_t is_cut;               /* a knob was reached: questions were left out */
    bool has_news;                /* something that it wants was settled since the follower was
                                     called */
    uint16_t roots;               /* answers before it were wanted before anything was known */
    uint16_t next;                /* no answer before it is still to be asked */
    uint16_t open;                /* in flight */
    vd_survey_follow_fn follow;   /* NULL: nobody */
    void *ctx;
    uint8_t notes[VD_SURVEY_QUESTIONS_MAX]; /* VD_SURVEY_… of each answer */
    struct vd_snapshot snapshot;
};

/*
 * Begin an empty survey.
 *
 * resolver  set up; nothing of another survey in flight.
 * cache     for names that records of others lead to; NULL: none.
 * servers   set of resolvers that may be asked (VD_SERVERS_ALL), first: where to begin.
 */
void vd_survey_start(struct vd_survey *survey, struct vd_resolver *resolver, struct vd_cache *cache,
                     uint16_t servers, uint8_t first, uint64_t now_ms);

/*
 * Ask these servers, and no others, for names at or below the apex of a zone: its authorities.  Not
 * for the DS of the apex, which its parent has (RFC 4035, section 3.1.4.1).
 *
 * zone  text as in a snapshot; stays valid until the survey is over.
 */
void vd_survey_ask_zone(struct vd_survey *survey, const char *zone, uint16_t servers);

/*
 * Whom to call when answers have arrived: at once, and then at most once per poll, when something was
 * settled that it wanted the last time.
 */
void vd_survey_follow(struct vd_survey *survey, vd_survey_follow_fn follow, void *ctx);

/*
 * Put a question on the worklist; a second time is the same as once.
 *
 * VD_EFULL    no room: the survey is cut, its answer will be missing, hence unknown.
 * VD_EFORMAT  not a domain name.
 */
enum vd_status vd_survey_want(struct vd_survey *survey, const char *name, uint16_t type,
                              enum vd_ask ask);

/* For whom an answer was asked. */
enum vd_ask vd_survey_ask_of(const struct vd_survey *survey, size_t index);

/*
 * One turn.
 *
 * VD_AGAIN  questions are open; call again by vd_survey_next_ms or when something arrives.
 * VD_OK     over: snapshot is complete, each answer settled.
 */
enum vd_status vd_survey_poll(struct vd_survey *survey, uint64_t now_ms);

/* When the next turn is due: at once, while the follower is to hear of something. */
uint64_t vd_survey_next_ms(const struct vd_survey *survey);

#endif
