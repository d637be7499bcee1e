/*
 * Which events a channel gets.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/filter.h"

#include "report/text.h"

#include <string.h>

void vd_filter_init(struct vd_filter *filter, enum vd_severity min)
{
    filter->min = min == VD_SEVERITY_NONE ? VD_SEVERITY_NOTICE : min;
    filter->alerts_count = 0;
    filter->has_lost_alerts = false;
}

static uint32_t hash_word(uint32_t hash, const char *word)
{
    uint64_t print = vd_text_fingerprint(word, strlen(word));

    return (hash ^ (uint32_t)print ^ (uint32_t)(print >> 32)) * 0x01000193u;
}

static uint32_t key_of(const char *domain, const char *record, const char *code)
{
    return hash_word(hash_word(hash_word(1, domain), record), code);
}

/* The alert that an event opens or closes. */
static uint32_t alert_key(const struct vd_event *event)
{
    return key_of(event->domain, event->record,
                  event->class_ == VD_CLASS_RESTORED ? event->restores : event->code);
}

/* The one event that may have opened it together with others of its domain. */
static uint32_t first_key(const struct vd_event *event)
{
    return key_of(event->domain, event->domain, VD_EVENT_FIRST);
}

void vd_filter_take(struct vd_in_flight *out, const struct vd_event *event)
{
    out->seq = event->seq;
    out->key = alert_key(event);
    out->class_ = (uint8_t)event->class_;
}

/* Did the channel get the alert, or is it on its way there?  The newest word counts. */
static bool has_alert(const struct vd_filter *filter, uint32_t key,
                      const struct vd_in_flight *window, unsigned window_count)
{
    unsigned i;

    for (i = window_count; i > 0; i--) {
        if (window[i - 1].key == key) {
            return window[i - 1].class_ != VD_CLASS_RESTORED;
        }
    }
    for (i = 0; i < filter->alerts_count; i++) {
        if (filter->alerts[i] == key) {
            return true;
        }
    }
    return filter->has_lost_alerts;
}

bool vd_filter_passes(const struct vd_filter *filter, const struct vd_event *event,
                      const struct vd_in_flight *window, unsigned window_count)
{
    unsigned severity =
        event->severity == VD_SEVERITY_NONE ? (unsigned)VD_SEVERITY_INFO : event->severity;

    return severity <= (unsigned)filter->min ||
           (event->class_ == VD_CLASS_RESTORED &&
            (has_alert(filter, alert_key(event), window, window_count) ||
             has_alert(filter, first_key(event), window, window_count)));
}

static void remove_alert(struct vd_filter *filter, uint32_t key)
{
    unsigned i;

    for (i = 0; i < filter->alerts_count; i++) {
        if (filter->alerts[i] == key) {
            filter->alerts[i] = filter->alerts[--filter->alerts_count];
            return;
        }
    }
}

void vd_filter_arrived(struct vd_filter *filter, const struct vd_in_flight *flight)
{
    remove_alert(filter, flight->key);
    if (flight->class_ == VD_CLASS_RESTORED || flight->class_ == VD_CLASS_STRENGTHENED) {
        return;
    }
    if (filter->alerts_count == VD_ALERTS_MAX) {
        filter->has_lost_alerts = true; /* rather one restoration too many than one too few */
        return;
    }
    filter->alerts[filter->alerts_count++] = flight->key;
}
