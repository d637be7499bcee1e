/*
 * Words for what people have said of alerts, and for what they are spared.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/tell_words.h"

#include <string.h>

static const char *words_of(const struct vd_tell *tell, uint16_t offset)
{
    return vd_judgement_words(tell->judgement, offset);
}

/* ---- first contact ----------------------------------------------------------------------- */

/* "alert 1 dmarc.policy.floor _dmarc.example.com: p=none; ..." */
static void put_list(struct vd_text_writer *w, const struct vd_tell *tell,
                     const struct vd_finding *const *findings, const struct vd_alert *const *alerts,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct vd_subject *subject = &tell->judgement->subjects[findings[i]->subject];
        vd_text_put(w, i > 0 ? "; alert " : "alert ");
        vd_text_put_unsigned(w, alerts[i]->number);
        vd_text_put(w, " ");
        vd_text_put(w, vd_code_info((enum vd_code)findings[i]->code)->code);
        vd_text_put(w, " ");
        vd_text_put(w, words_of(tell, subject->record));
        vd_text_put(w, ": ");
        vd_text_put(w, words_of(tell, findings[i]->new_text));
    }
}

/* What to type for each, whole or not at all. */
static void put_mends(struct vd_text_writer *w, const struct vd_tell *tell,
                      const struct vd_finding *const *findings, size_t count)
{
    static const char then[] = "; then ";

    for (size_t i = 0; i < count; i++) {
        const char *mend = words_of(tell, findings[i]->mend);
        size_t need = strlen(mend) + (w->len > 0 ? sizeof then - 1 : 0);
        if (mend[0] == '\0' || w->len + need >= w->cap) {
            continue;
        }
        vd_text_put(w, w->len > 0 ? then : "");
        vd_text_put(w, mend);
    }
}

void vd_tell_first(const struct vd_tell *tell, const struct vd_finding *const *findings,
                   const struct vd_alert *const *alerts, size_t count, struct vd_event *event,
                   char *words, size_t cap)
{
    struct vd_text_writer w;

    vd_tell_clear(event, tell->domain);
    vd_tell_finding(tell, alerts[0], findings[0], false, event,
                    words); /* its known_by comes first */
    size_t used = strlen(event->known_by) + 1u;
    event->code = vd_code_info(VD_CODE_DOMAIN_FIRST)->code;
    event->record = tell->domain;
    event->old_text = event->path = "";
    event->why = vd_code_info(VD_CODE_DOMAIN_FIRST)->why;
    event->axis = 0;
    for (size_t i = 0; i < count; i++) {
        event->axis |= findings[i]->axis;
    }
    vd_text_start(&w, words + used, VD_TELL_SUBJECT_MAX);
    event->subject = w.out;
    vd_tell_put_lead(&w, tell->domain);
    vd_text_put_unsigned(&w, count);
    vd_text_put(&w, " things are wrong at first look");
    used += w.len + 1u;
    vd_text_start(&w, words + used, (cap - used) / 2u);
    event->new_text = w.out;
    put_list(&w, tell, findings, alerts, count);
    used += w.len + 1u;
    vd_text_start(&w, words + used, cap - used);
    event->mend = w.out;
    put_mends(&w, tell, findings, count);
}

void vd_tell_summary(const struct vd_tell *tell, const struct vd_finding *finding,
                     struct vd_event *event)
{
    vd_tell_clear(event, tell->domain);
    vd_tell_finding(tell, NULL, finding, false, event, NULL);
    event->record = tell->domain;
}

/* ---- reminders --------------------------------------------------------------------------- */

/* Begin the subject line of an alert of which only the record set is at hand. */
static void start_line(struct vd_text_writer *w, const struct vd_tell *tell,
                       const struct vd_subject *subject, char *words)
{
    (void)vd_tell_next(w, words);
    vd_tell_put_lead(w, tell->domain);
    vd_tell_put_subject(w, subject, words_of(tell, subject->record));
}

void vd_tell_still(const struct vd_tell *tell, bool is_reminder, const struct vd_alert *alert,
                   const struct vd_finding *finding, const struct vd_subject *subject,
                   struct vd_event *event, char *words)
{
    struct vd_text_writer w = {0};
    char *line = vd_tell_next(&w, words);

    vd_tell_start(event, tell, (enum vd_code)alert->code, false);
    if (finding != NULL) {
        vd_tell_finding(tell, NULL, finding, false, event, NULL);
    } else {
        event->new_text = words_of(tell, subject->summary);
        event->rtype = vd_rrtype_str(alert->rtype);
    }
    event->severity = (enum vd_severity)alert->severity;
    event->record = words_of(tell, subject->record);
    w.cap = VD_TELL_SUBJECT_MAX;
    vd_text_put(&w, is_reminder ? "still: " : "");
    if (finding != NULL) {
        vd_text_put(&w, words_of(tell, finding->subject_line));
    } else {
        vd_tell_put_lead(&w, tell->domain);
        vd_tell_put_subject(&w, subject, event->record);
        vd_text_put(&w, ": ");
        vd_text_put(&w, event->new_text);
    }
    event->subject = line;
    event->known_by = vd_tell_next(&w, words);
    vd_text_put(&w, "alert ");
    vd_text_put_unsigned(&w, alert->number);
    vd_text_put(&w, ", open for ");
    vd_text_put_unsigned(&w, (tell->now_ms / 1000u - alert->opened_s) / 3600u);
    vd_text_put(&w, " h, last confirmed ");
    vd_text_put_unsigned(&w, (tell->now_ms / 1000u - alert->seen_s) / 60u);
    vd_text_put(&w, " min ago");
}

/* ---- accepted, planned ------------------------------------------------------------------- */

void vd_tell_accepted(const struct vd_tell *tell, const struct vd_alert *alert, const char *by,
                      const struct vd_subject *subject, struct vd_event *event, char *words)
{
    struct vd_text_writer w = {0};
    const char *code = vd_code_info((enum vd_code)alert->code)->code;

    vd_tell_start(event, tell, VD_CODE_BASELINE_ACCEPTED, false);
    event->severity = VD_SEVERITY_NOTICE;
    if (alert->state == VD_ALERT_OPEN) {
        event->class_ = VD_CLASS_RESTORED;
        event->restores = code;
    }
    event->axis = vd_code_info((enum vd_code)alert->code)->axis;
    event->record = words_of(tell, subject->record);
    event->rtype = vd_rrtype_str(alert->rtype);
    event->new_text = words_of(tell, subject->summary);
    start_line(&w, tell, subject, words);
    event->subject = w.out;
    vd_text_put(&w, " accepted as it is: ");
    vd_text_put(&w, event->new_text);
    event->known_by = vd_tell_next(&w, words);
    vd_text_put(&w, "accepted ");
    vd_text_put(&w, by);
    vd_text_put(&w, ", in place of ");
    vd_text_put(&w, code);
}

void vd_tell_planned(const struct vd_tell *tell, const struct vd_alert *alert,
                     const struct vd_finding *finding, const struct vd_subject *subject,
                     struct vd_event *event, char *words)
{
    vd_tell_clear(event, tell->domain);
    event->record = words_of(tell, subject->record);
    vd_tell_finding(tell, alert, finding, false, event, words);
    event->class_ = VD_CLASS_CHANGED;
    event->severity = VD_SEVERITY_NOTICE;
    event->why =
        "This change was announced (plan =): it becomes an alert if it is still so when the "
        "planned time is over.";
    struct vd_text_writer w = {.out = words, .len = strlen(event->known_by)};
    start_line(&w, tell, subject, words);
    event->subject = w.out;
    vd_text_put(&w, " changed as planned: ");
    vd_text_put(&w, words_of(tell, subject->summary));
}

/* ---- flapping ---------------------------------------------------------------------------- */

void vd_tell_flapping(const struct vd_tell *tell, bool closes, uint8_t code,
                      const struct vd_subject *subject, struct vd_event *event, char *words)
{
    struct vd_text_writer w = {0};

    vd_tell_start(event, tell, VD_CODE_ALERT_FLAPPING, closes);
    if (closes) {
        event->code = vd_code_info(VD_CODE_ALERT_STEADY)->code;
        event->why = vd_code_info(VD_CODE_ALERT_STEADY)->why;
    }
    event->axis = vd_code_info((enum vd_code)code)->axis;
    event->record = words_of(tell, subject->record);
    event->new_text = words_of(tell, subject->summary);
    start_line(&w, tell, subject, words);
    event->subject = w.out;
    vd_text_put(&w, closes ? " is steady again: " : " breaks and comes back, again and again: ");
    vd_text_put(&w, event->new_text);
    event->known_by = vd_tell_next(&w, words);
    vd_text_put(&w, vd_code_info((enum vd_code)code)->code);
    vd_text_put(&w, closes ? ": no turn in 6 h"
                           : ": three turns in 24 h; silent until 6 h without one");
}
