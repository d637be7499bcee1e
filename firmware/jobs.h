/*
 * The jobs of the agent's one survey, in order of urgency: a collector's address, the check of a
 * resolver's path, a look at a watch (and before it, where its authorities are).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_JOBS_H
#define VD_JOBS_H

#include "firmware/agent.h"

/* One turn.  Returns when it wants to be called again, beside when something arrives. */
uint64_t vd_jobs_turn(struct vd_agent *agent, uint64_t now_ms);

#endif
