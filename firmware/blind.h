/*
 * Not seeing is told too: by record set, by domain, by resolver, and for the agent as a whole.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_BLIND_H
#define VD_BLIND_H

#include "firmware/agent.h"

/* After a round at a watch: a look that may ask all resolvers. */
void vd_blind_weigh_watch(struct vd_agent *agent, uint8_t watch_index, uint64_t now_ms);

/* After a check of a resolver's path. */
void vd_blind_weigh_path(struct vd_agent *agent, uint8_t place, uint64_t now_ms);

/* After each job: what troubles did the servers' paths show in it?  is_round: at a round of a watch,
   where they are counted. */
void vd_blind_weigh_troubles(struct vd_agent *agent, bool is_round, uint64_t now_ms);

/* A resolver leaves the table: what was told of it is over. */
void vd_blind_end_resolver(struct vd_agent *agent, uint8_t place, uint64_t now_ms);

/* No resolver is known at all: none in the config, none from the network. */
void vd_blind_weigh_none(struct vd_agent *agent, uint64_t now_ms);

#endif
