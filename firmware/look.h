/*
 * One look: what the agent does with a survey that has ended.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LOOK_H
#define VD_LOOK_H

#include "firmware/agent.h"

/* Put the questions of a watch on the survey's worklist. */
void vd_look_ask(struct vd_survey *survey, const struct vd_watch *watch);

/* Judge the survey of a watch, confirm, write events, move the baseline, plan the next look. */
void vd_look_weigh(struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms);

#endif
