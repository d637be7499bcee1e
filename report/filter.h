/*
 * Which events a channel gets: those severe enough, and the restoration of every alert that
 * it got.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_FILTER_H
#define VD_FILTER_H

#include "firmware/limits.h"
#include "report/event.h"

#include <stdbool.h>
#include <stdint.h>

/* An event on its way to a receiver. */
struct vd_in_flight {
    uint32_t seq;
    uint32_t key; /* names the alert that it opens or closes: domain, record and code */
    uint8_t class_;
};

/* The fields are the filter's own. */
struct vd_filter {
    enum vd_severity min;
    unsigned alerts_count;
    bool has_lost_alerts;           /* there were more: every restoration passes */
    uint32_t alerts[VD_ALERTS_MAX]; /* keys of the alerts that the channel got */
};

/* min: the least severe event that passes; VD_SEVERITY_NONE stands for notice. */
void vd_filter_init(struct vd_filter *filter, enum vd_severity min);

/* Note what must be known of an event while it is on its way. */
void vd_filter_take(struct vd_in_flight *out, const struct vd_event *event);

/*
 * Does the channel get this event?
 *
 * window   events on their way to it, oldest first: an alert among them counts as got.
 */
bool vd_filter_passes(const struct vd_filter *filter, const struct vd_event *event,
                      const struct vd_in_flight *window, unsigned window_count);

/* An event has arrived.  To be called in the order of numbers. */
void vd_filter_arrived(struct vd_filter *filter, const struct vd_in_flight *flight);

#endif
