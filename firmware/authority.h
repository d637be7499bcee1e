/*
 * The zone's own name servers: who they are for a watched domain.
 *
 * Found through the resolvers: the SOA names the zone (its own owner, or that of the negative
 * answer), NS its servers, A and AAAA their addresses.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_AUTHORITY_H
#define VD_AUTHORITY_H

#include "dns/survey.h"

/* A list that is this old is looked up again before it is believed about a change: a domain that
   moved or expired leaves its old servers behind, and they go on answering. */
#define VD_AUTHORITY_FRESH_MS 60000u

struct vd_authorities {
    uint64_t found_ms; /* of the last look-up; 0: never */
    uint64_t check_ms; /* when one of them is to be asked for the watched names */
    uint8_t zone_at;   /* offset of the zone in the domain's text */
    uint8_t count;
    uint8_t turn;         /* the one to ask next */
    uint8_t said_by;      /* the source, plus one, that named another list than this one: */
    uint8_t said_zone_at; /* it is taken when another source names the same */
    uint8_t said_count;
    struct vd_endpoint at[VD_AUTHORITIES_MAX];
    struct vd_endpoint said[VD_AUTHORITIES_MAX];
};

/* What became of a look-up. */
enum vd_authority_turn {
    VD_AUTHORITY_KEPT = 0, /* the list is what it was */
    VD_AUTHORITY_CHANGED,  /* it is another one, or none */
    VD_AUTHORITY_DOUBTED   /* another source must say the same before it is taken */
};

/* Put the first questions on the worklist. */
void vd_authority_ask(struct vd_survey *survey, const char *domain);

/* The survey is over: put on what follows from its answers.  false: nothing does. */
bool vd_authority_go_on(struct vd_survey *survey, const char *domain);

/*
 * Take the addresses from an ended survey: one of each server first, then the others.  Where the
 * survey could not look, the list stays as it was.  A list that is new must be named by two sources
 * in a row; two that contradict each other leave none: whoever is to be believed about the
 * records must not be chosen by one liar.
 *
 * source     who was asked.
 * is_single  there is no other source to ask.
 */
enum vd_authority_turn vd_authority_take(const struct vd_snapshot *snapshot, const char *domain,
                                         uint8_t source, bool is_single,
                                         struct vd_authorities *list, uint64_t now_ms);

#endif
