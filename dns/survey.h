/*
 * A survey: one round of questions for one domain, into a snapshot.
 *
 * What only records led to (includes of others) leaves room for the aliases of the names that were
 * wanted: VD_SURVEY_OWN_QUESTIONS.
 *
 * A worklist.  What can be asked at once is asked at once; answers raise new questions (include:
 * and redirect= of SPF records, aliases that leave an answer).  Over when no question is open.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SURVEY_H
#define VD_SURVEY_H

#include "dns/cache.h"
#include "dns/resolver.h"
#include "dns/snapshot.h"

/* What follows from the texts of an answer. */
enum vd_follow {
    VD_FOLLOW_NOTHING = 0,
    VD_FOLLOW_SPF /* ask for the targets of include: and redirect= too (RFC 7208, 5.2 and 6.1) */
};

/* What survey.c notes of an answer; bits. */
#define VD_SURVEY_FOLLOW   1u  /* its texts are to be followed */
#define VD_SURVEY_FOLLOWED 2u  /* they were */
#define VD_SURVEY_RAISED   4u  /* only a record led to this name */
#define VD_SURVEY_ASKED    8u  /* it was given to the resolver, or answered from the cache */
#define VD_SURVEY_FILTERED 16u /* of its texts only SPF records were kept */

struct vd_survey {
    struct vd_resolver *resolver; /* not owned; its done belongs to the survey while it runs */
    struct vd_cache *cache;       /* not owned; NULL: every question is asked */
    uint64_t now_ms;              /* of this turn */
    uint16_t servers;             /* set that may be asked */
    uint16_t zone_servers;        /* set that is asked for names in `zone` instead; 0: none */
    const char *zone;             /* apex; not owned */
    uint8_t first;                /* the one to begin with */
    uint8_t is_cut;               /* a knob was reached: questions were left out */
    uint16_t next;                /* no answer before it is still to be asked */
    uint16_t open;                /* in flight */
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
 * Ask these servers, and no others, for names at or below the apex of a zone: its authorities.
 *
 * zone  text as in a snapshot; stays valid until the survey is over.
 */
void vd_survey_ask_zone(struct vd_survey *survey, const char *zone, uint16_t servers);

/*
 * Put a question on the worklist; a second time is the same as once.
 *
 * VD_EFULL    no room: the survey is cut, its answer will be missing, hence unknown.
 * VD_EFORMAT  not a domain name.
 */
enum vd_status vd_survey_want(struct vd_survey *survey, const char *name, uint16_t type,
                              enum vd_follow follow);

/*
 * One turn.
 *
 * VD_AGAIN  questions are open; call again by vd_resolver_next_ms or when something arrives.
 * VD_OK     over: snapshot is complete, each answer settled.
 */
enum vd_status vd_survey_poll(struct vd_survey *survey, uint64_t now_ms);

#endif
