/*
 * One look: what the agent does with a survey that has ended.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_LOOK_H
#define VD_LOOK_H

#include "firmware/agent.h"

/* Put what the judge needs of the job's watch on the worklist of the agent's survey, now and as answers
   arrive; and what it needed at the last look. */
void vd_look_ask(struct vd_agent *agent);

/* Judge the survey of a watch, confirm, write events, move the baseline, plan the next look. */
void vd_look_weigh(struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms);

#endif
