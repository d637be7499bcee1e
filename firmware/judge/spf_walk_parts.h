/*
 * What the files of the static walk share: spf_walk.c and spf_walk_parts.c only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_SPF_WALK_PARTS_H
#define VD_SPF_WALK_PARTS_H

#include "firmware/judge/facts_write.h"
#include "firmware/judge/spf_terms.h"
#include "firmware/judge/spf_walk.h"

/* A record on the way from our own one. */
struct vd_walk_step {
    const struct vd_answer *answer;
    uint8_t entry; /* how we came here: 0, VD_SPF_INCLUDE or VD_SPF_REDIRECT */
};

/* One record that is being evaluated. */
struct vd_walk_frame {
    struct vd_span text;
    uint32_t size;     /* IPv4 addresses that its own terms let in */
    uint16_t next;     /* term to go on with */
    char qualifier;    /* of the include: that led here */
    uint8_t denied;    /* halves of IPv4 and IPv6 that are decided otherwise: bits 0, 1 and 2, 3 */
    uint8_t denied_as; /* the kindest of those results */
    bool is_granting;  /* a pass here is one of the whole record */
    bool is_known;     /* a known service's */
};

struct vd_walk {
    const struct vd_reading *at;
    struct vd_spf_facts *spf;
    struct vd_spf_walked *walked;
    const char *sender_domain;
    uint8_t depth; /* frames in use */
    bool is_over;
    bool is_broken;
    bool is_late; /* broken by the number of lookups */
    bool is_unknown;
    bool is_open; /* the result for all who are left hangs on the mail */
    struct vd_spf_widths widths;
    struct vd_walk_frame frames[VD_SPF_DEPTH_MAX + 1];
    struct vd_walk_step steps[VD_SPF_DEPTH_MAX + 1]; /* of the same depth */
    struct vd_walk_step shown[VD_SPF_DEPTH_MAX + 1]; /* the way to the widest network; where none
                                                        is wide, to the record that lets most in */
    uint8_t shown_depth;                             /* 0: nothing to show */
    struct vd_span wide_term;                        /* empty: no wide network was seen */
    uint32_t largest;                                /* size of that record */
    struct vd_spf record;                            /* of the top frame */
};

/* ---- what decides: the first in the order of evaluation -------------------------------------- */

/* Append to a text: the names from our own record to the last of these steps. */
void vd_walk_write_way(struct vd_walk *walk, struct vd_text_ref *to,
                       const struct vd_walk_step *steps, uint8_t depth);

/* Take back a text; its room too, when it was the last one. */
void vd_walk_forget(struct vd_facts *out, struct vd_text_ref *ref);

/* Forget path and fault, and write the path to the top frame. */
void vd_walk_begin_path(struct vd_walk *walk);

/* A term of the top frame's record, as written. */
struct vd_span vd_walk_span_of(const struct vd_walk *walk, const struct vd_spf_term *term);

/* A permanent error for whoever comes so far.  term NULL: the caller writes spf.fault. */
void vd_walk_fail_at(struct vd_walk *walk, const struct vd_spf_term *term, const char *what);

/* What a term needs is not known, and without it nothing is.  term may be NULL. */
void vd_walk_give_up(struct vd_walk *walk, uint8_t detail, const struct vd_spf_term *term);

/* Everybody passes, of one address family at least.  term may be NULL. */
void vd_walk_pass_all(struct vd_walk *walk, const struct vd_spf_term *term);

/* A host's address is not known: the rest of the verdict stays in force. */
void vd_walk_doubt_host(struct vd_walk *walk);

bool vd_walk_is_missing(const struct vd_answer *answer);
uint8_t vd_walk_why_missing(const struct vd_answer *answer);

/* A target that is not there: could a stranger have it? */
void vd_walk_look_for_owner(struct vd_walk *walk, const struct vd_spf_term *term,
                            const struct vd_answer *answer);

/* ---- limits (RFC 7208, section 4.6.4) -------------------------------------------------------- */

void vd_walk_count_lookup(struct vd_walk *walk);

/* A lookup that found nothing, for senders of one family or of both. */
void vd_walk_count_void(struct vd_walk *walk, const struct vd_spf_term *term, bool is_4, bool is_6);

/* ---- terms ----------------------------------------------------------------------------------- */

/* enum vd_spf_default of a qualifier. */
uint8_t vd_walk_default_of(char qualifier);

void vd_walk_see_ip(struct vd_walk *walk, const struct vd_spf_term *term);
void vd_walk_see_a(struct vd_walk *walk, const struct vd_spf_term *term, const char *name);
void vd_walk_see_mx(struct vd_walk *walk, const struct vd_spf_term *term, const char *name);

#endif
