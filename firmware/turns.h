/*
 * What becomes of the turns of alerts: events, a baseline that moves, and silence where people asked
 * for it (accept, plan, maintenance, ack, flapping).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_TURNS_H
#define VD_TURNS_H

#include "firmware/agent.h"

/* The look whose turns are taken. */
struct vd_turns {
    struct vd_agent *agent;
    uint8_t watch_index;
    uint64_t now_ms;
};

/* For vd_confirm_look; ctx is a struct vd_turns. */
enum vd_status vd_turns_take(void *ctx, enum vd_confirm_turn what, const struct vd_alert *alert,
                             const struct vd_finding *finding, const struct vd_subject *subject);

/*
 * After vd_confirm_look: what was found at first contact, in one message as soon as nothing of it is
 * in doubt any more; what was accepted; reminders; what flapped and is steady.
 */
void vd_turns_end_look(const struct vd_turns *turns);

/* The first record sets became a baseline: what could be better is told, once. */
void vd_turns_tell_summary(const struct vd_turns *turns);

#endif
