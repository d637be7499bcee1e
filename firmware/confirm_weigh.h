/*
 * What confirm.c and confirm_weigh.c share: inside them only.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_CONFIRM_WEIGH_H
#define VD_CONFIRM_WEIGH_H

#include "firmware/confirm.h"

/* All that the steps need to know of one look. */
struct vd_weighing {
    struct vd_confirm *confirm;
    const struct vd_watch *watch;
    const struct vd_judgement *judgement;
    const struct vd_look_sources *sources;
    uint64_t now_ms;
    vd_confirm_fn tell;
    void *ctx;
    struct vd_next_look *next;
    uint8_t watch_index;
};

/* The set of one source; of VD_SOURCE_NONE the empty one. */
static inline uint16_t vd_source_set(uint8_t source)
{
    return (uint16_t)(source < VD_PEERS_MAX ? 1u << source : 0);
}

static inline unsigned vd_authorities_in(unsigned set)
{
    return set & VD_AUTHORITIES_ALL;
}

/* Count one more; far above all bounds it stops. */
void vd_count_look(uint8_t *count);

bool vd_alert_is_of(const struct vd_alert *alert, uint8_t watch_index, uint8_t kind, uint8_t index);

/* Does the code open an alert, or is it told once? */
bool vd_alert_is_loud(uint8_t code);

/* ---- what sources have said -------------------------------------------------------------------- */

/* Begin to confirm anew.  What was asked for out of turn stays counted. */
void vd_alert_restart(struct vd_alert *alert, uint32_t candidate, uint64_t now_ms);

/* Nothing is to be confirmed: this is what was told. */
void vd_alert_settle(struct vd_alert *alert, uint32_t content, uint64_t now_ms);

/* A source has found it, or has not. */
void vd_alert_vote(struct vd_alert *alert, uint8_t source, bool is_found, uint64_t now_ms);

/* Some sources' good word is no more.  Agreement begins when nobody is left to contradict. */
void vd_alert_withdraw_good(struct vd_alert *alert, unsigned sources, uint64_t now_ms);

/* What these sources said is void. */
void vd_alert_void(struct vd_alert *alert, unsigned sources);

/* Was an authority to be asked about it at this look, and has one spoken? */
void vd_alert_count_miss(struct vd_alert *alert, uint8_t source, bool has_spoken);

/* A source could not say: its good word pales, and is gone the second time. */
void vd_alert_lapse(struct vd_alert *alert, uint8_t source, uint64_t now_ms);

/* Has one of these sources said so (counts) VD_CONFIRM_LOOKS_EACH times? */
bool vd_weigh_has_repeated(unsigned sources, const uint8_t counts[VD_PEERS_MAX]);

/* ---- one look ---------------------------------------------------------------------------- */

/* What a finding's facet says, in a number.  The same always for a facet that varies by itself, as a
   provider's address space does: only how bad it is matters there. */
uint32_t vd_weigh_facet(const struct vd_finding *finding);

/* The same with how bad it is. */
uint32_t vd_weigh_content(const struct vd_finding *finding);

/* Does the finding hang on another domain's record? */
bool vd_weigh_is_transitive(const struct vd_weighing *look, const struct vd_finding *finding);

/*
 * Who spoke for a subject at this look.  For what hangs on another domain's record it is who
 * answered for that: never an authority of this zone.
 */
uint8_t vd_weigh_source(const struct vd_weighing *look, size_t subject, bool is_transitive);

/* The authorities cannot speak for it: not known, no use, or it is not theirs. */
bool vd_weigh_is_mute(const struct vd_weighing *look, const struct vd_alert *alert);

/* By the rules (a) to (d) of confirm.h. */
bool vd_weigh_is_believed(const struct vd_weighing *look, const struct vd_alert *alert);

/* ---- the next look ------------------------------------------------------------------------ */

/* The time to let pass before somebody is asked again: confirm_wait; where normal rounds are shorter
   than that, less than one of them, lest they always come first. */
uint32_t vd_weigh_pause(const struct vd_weighing *look);

/* Ask for a look no later than this one; of two at the same time an authority's goes first, and
   one authority will do for both where it can. */
void vd_weigh_want(const struct vd_weighing *look, uint64_t wait_ms, enum vd_next_who who,
                   unsigned not_these);

/* Ask one of these again, an authority rather than a resolver. */
void vd_weigh_want_one_of(const struct vd_weighing *look, unsigned sources, uint64_t wait_ms);

/* Not believed yet: when to look again, and where. */
void vd_weigh_want_confirmation(const struct vd_weighing *look, struct vd_alert *alert);

#endif
