/*
 * Turns of alerts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/turns.h"

#include "firmware/baseline.h"
#include "firmware/tell.h"
#include "port/port_clock.h"
#include "port/port_console.h"

static uint32_t now_s(const struct vd_turns *turns)
{
    return (uint32_t)(turns->now_ms / 1000u);
}

static const struct vd_watch *watch_of(const struct vd_turns *turns)
{
    return &turns->agent->config->watches[turns->watch_index];
}

static struct vd_facts *baseline_of(const struct vd_turns *turns)
{
    return &turns->agent->baselines[turns->watch_index];
}

static int64_t calendar(void)
{
    int64_t unix_s;

    return vd_clock_calendar(&unix_s) != VD_CALENDAR_UNSET ? unix_s : VD_NO_CALENDAR;
}

/* Write an event down and show it. */
static enum vd_status write_down(const struct vd_turns *turns, const char *what,
                                 struct vd_event *event)
{
    enum vd_status status = vd_agent_write_down(turns->agent, event);

    if (status == VD_OK) {
        vd_console_line("alert %s: %s %s", what, event->code, event->record);
        vd_console_line("  %s", event->subject);
    }
    return status;
}

/* ---- the baseline ------------------------------------------------------------------------ */

/* Findings of a record set that are alerts. */
static unsigned count_worse(const struct vd_judgement *j, const struct vd_subject *subject)
{
    unsigned count = 0;

    for (size_t i = 0; i < j->findings_count; i++) {
        count += &j->subjects[j->findings[i].subject] == subject &&
                 vd_code_info((enum vd_code)j->findings[i].code)->is_alert;
    }
    return count;
}

static unsigned count_open(const struct vd_turns *turns, const struct vd_subject *subject)
{
    return vd_confirm_open_of(&turns->agent->confirm, turns->watch_index, subject->kind,
                              subject->index);
}

/* One facet becomes the baseline; with it the texts of a good record, when no more than `bad` findings
   and alerts of the record set are worse than accepted. */
static void adopt(const struct vd_turns *turns, uint8_t facet, const struct vd_subject *subject,
                  bool is_forced, unsigned bad)
{
    struct vd_facts *baseline = baseline_of(turns);
    const struct vd_facts *now = &turns->agent->judgement.facts;

    if (facet == VD_FACET_DMARC_POLICY && vd_baseline_is_following(baseline, now)) {
        vd_facts_adopt(baseline, now, VD_FACET_DMARC_SP, subject->kind, subject->index, is_forced);
    }
    vd_facts_adopt(baseline, now, facet, subject->kind, subject->index, is_forced);
    if (is_forced) {
        vd_confirm_moved(&turns->agent->confirm, turns->watch_index, subject, facet);
    }
    if (facet < VD_FACETS_END && subject->standing == VD_STANDING_OK &&
        count_worse(&turns->agent->judgement, subject) <= bad &&
        count_open(turns, subject) <= bad) {
        vd_facts_adopt_texts(baseline, now, subject->kind, subject->index);
    }
}

/* ---- one turn ---------------------------------------------------------------------------- */

static struct vd_flap flap_key(const struct vd_turns *turns, const struct vd_alert *alert)
{
    return (struct vd_flap){.watch = turns->watch_index,
                            .code = alert->code,
                            .kind = alert->kind,
                            .index = alert->index};
}

static bool is_maintained(const struct vd_turns *turns, uint8_t severity)
{
    return severity != VD_SEVERITY_CRITICAL &&
           vd_attend_is_maintenance(watch_of(turns), calendar());
}

/* accept = says so: no alert. */
static enum vd_status take_accepted(const struct vd_turns *turns, const struct vd_alert *alert,
                                    const struct vd_finding *finding,
                                    const struct vd_subject *subject)
{
    struct vd_tell tell = vd_agent_tell(turns->agent, turns->watch_index, turns->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    vd_tell_accepted(&tell, alert, "in the configuration", subject, &event, words);
    enum vd_status status = write_down(turns, "accepted", &event);
    if (status != VD_OK) {
        return status;
    }
    adopt(turns, finding->facet, subject, true, 1);
    return VD_OTHER;
}

/* plan = says so: no alert yet. */
static enum vd_status take_planned(const struct vd_turns *turns, struct vd_alert *alert,
                                   const struct vd_finding *finding,
                                   const struct vd_subject *subject)
{
    struct vd_tell tell = vd_agent_tell(turns->agent, turns->watch_index, turns->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    if (!alert->is_planned) {
        vd_tell_planned(&tell, alert, finding, subject, &event, words);
        enum vd_status status = write_down(turns, "planned", &event);
        if (status != VD_OK) {
            return status;
        }
        alert->is_planned = true;
    }
    return VD_AGAIN;
}

/* What can be bought must be so by its registry, too.  false: that is not known yet. */
static bool is_parent_heard(const struct vd_turns *turns, const struct vd_finding *finding,
                            struct vd_alert *alert)
{
    struct vd_agent *agent = turns->agent;
    char zone[VD_DOMAIN_TEXT_MAX] = "";

    if (!vd_parent_concerns(finding->code)) {
        return true;
    }
    alert->parent = VD_PARENT_SILENT;
    vd_parent_domain_of(&agent->survey.snapshot, &agent->judgement, watch_of(turns),
                        baseline_of(turns), finding, zone);
    if (zone[0] == '\0' || !agent->config->dns.asks_authorities) {
        return true;
    }
    switch (vd_parent_ask(&agent->parent, zone, alert, turns->now_ms)) {
    case VD_PARENT_CONFIRMED:
    case VD_PARENT_SILENT:
        return true;
    default:
        return false;
    }
}

static enum vd_status take_opened(const struct vd_turns *turns, const struct vd_finding *finding,
                                  const struct vd_subject *subject)
{
    struct vd_agent *agent = turns->agent;
    struct vd_alert *alert =
        vd_confirm_of(&agent->confirm, turns->watch_index, &agent->judgement, finding);
    struct vd_tell tell = vd_agent_tell(agent, turns->watch_index, turns->now_ms);
    struct vd_flap key = flap_key(turns, alert);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    if (vd_attend_is_accepted(watch_of(turns), &agent->judgement, finding)) {
        return take_accepted(turns, alert, finding, subject);
    }
    if (!is_parent_heard(turns, finding, alert)) {
        return VD_ENOTFOUND; /* once more at the next look: vd_jobs_turn sees to it */
    }
    if (vd_flaps_move(&agent->flaps, &key, now_s(turns))) {
        return VD_OK; /* in silence */
    }
    bool is_new = alert->state == VD_ALERT_SUSPECTED;
    if (is_new && vd_attend_is_planned(watch_of(turns), &agent->judgement, finding, calendar())) {
        return take_planned(turns, alert, finding, subject);
    }
    if (is_maintained(turns, finding->severity)) {
        if (!alert->is_held) {
            vd_console_line("held back by maintenance =: %s",
                            vd_judgement_words(&agent->judgement, finding->subject_line));
        }
        return VD_AGAIN;
    }
    if (is_new && finding->is_first && !alert->is_planned) {
        return VD_AGAIN; /* until all of first contact is believed: vd_turns_end_look */
    }
    vd_tell_turn(&tell, VD_CONFIRM_OPENED, alert, finding, subject, &event, words);
    return write_down(turns, "opened", &event);
}

static enum vd_status take_closed(const struct vd_turns *turns, const struct vd_alert *alert,
                                  const struct vd_subject *subject)
{
    struct vd_agent *agent = turns->agent;
    struct vd_tell tell = vd_agent_tell(agent, turns->watch_index, turns->now_ms);
    struct vd_flap key = flap_key(turns, alert);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    if (vd_flaps_move(&agent->flaps, &key, now_s(turns))) {
        return VD_OK; /* in silence */
    }
    /* Closing one alert of a record that is bad in another way is no all-clear. */
    tell.is_still_bad =
        count_worse(&agent->judgement, subject) > 0 || count_open(turns, subject) > 1;
    vd_tell_turn(&tell, VD_CONFIRM_CLOSED, alert, NULL, subject, &event, words);
    enum vd_status status = write_down(turns, "closed", &event);
    struct vd_flap *flap =
        status == VD_OK ? vd_flaps_close(&agent->flaps, &key, now_s(turns)) : NULL;
    if (flap != NULL) {
        vd_tell_flapping(&tell, false, alert->code, subject, &event, words);
        flap->is_flapping = write_down(turns, "flapping", &event) == VD_OK;
    }
    return status;
}

static enum vd_status take_told(const struct vd_turns *turns, const struct vd_alert *alert,
                                const struct vd_finding *finding, const struct vd_subject *subject)
{
    struct vd_tell tell = vd_agent_tell(turns->agent, turns->watch_index, turns->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    if (!finding->is_silent && is_maintained(turns, finding->severity)) {
        return VD_AGAIN;
    }
    if (!finding->is_silent) {
        vd_tell_turn(&tell, VD_CONFIRM_TOLD, alert, finding, subject, &event, words);
        enum vd_status status = write_down(turns, "told", &event);
        if (status != VD_OK) {
            return status;
        }
    }
    if (vd_baseline_is_verified((enum vd_code)finding->code)) {
        baseline_of(turns)->pending &= ~vd_subject_bit(subject->kind, subject->index);
    }
    adopt(turns, finding->facet, subject, false, 0);
    return VD_OK;
}

enum vd_status vd_turns_take(void *ctx, enum vd_confirm_turn what, const struct vd_alert *alert,
                             const struct vd_finding *finding, const struct vd_subject *subject)
{
    const struct vd_turns *turns = ctx;
    struct vd_tell tell = vd_agent_tell(turns->agent, turns->watch_index, turns->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    switch (what) {
    case VD_CONFIRM_OPENED:
        return take_opened(turns, finding, subject);
    case VD_CONFIRM_CLOSED:
        return take_closed(turns, alert, subject);
    case VD_CONFIRM_TOLD:
        return take_told(turns, alert, finding, subject);
    default:
        break;
    }
    if (what == VD_CONFIRM_DIVERGED && is_maintained(turns, VD_SEVERITY_NOTICE)) {
        return VD_AGAIN;
    }
    vd_tell_turn(&tell, what, alert, finding, subject, &event, words);
    return write_down(turns, what == VD_CONFIRM_DIVERGED ? "divergent" : "agreed", &event);
}

/* ---- first contact ----------------------------------------------------------------------- */

/* What is believed of first contact and waits for the rest of it; the worst first. */
static size_t list_first(const struct vd_turns *turns, const struct vd_finding *list[],
                         const struct vd_alert *alerts[])
{
    struct vd_agent *agent = turns->agent;
    const struct vd_judgement *j = &agent->judgement;
    size_t count = 0;

    for (size_t i = 0; i < j->findings_count; i++) {
        const struct vd_finding *finding = &j->findings[i];
        const struct vd_alert *alert =
            vd_confirm_of(&agent->confirm, turns->watch_index, j, finding);
        if (alert == NULL || alert->state != VD_ALERT_SUSPECTED || !alert->is_held ||
            !finding->is_first || alert->is_planned || is_maintained(turns, finding->severity)) {
            continue;
        }
        size_t at = count++;
        for (; at > 0 && list[at - 1]->severity > finding->severity; at--) {
            list[at] = list[at - 1];
            alerts[at] = alerts[at - 1];
        }
        list[at] = finding;
        alerts[at] = alert;
    }
    return count;
}

/* Everything in one message.  The words stand behind those of the judgement. */
static enum vd_status tell_first(const struct vd_turns *turns, const struct vd_finding *const *list,
                                 const struct vd_alert *const *alerts, size_t count)
{
    struct vd_agent *agent = turns->agent;
    struct vd_judgement *j = &agent->judgement;
    struct vd_tell tell = vd_agent_tell(agent, turns->watch_index, turns->now_ms);
    struct vd_event event;

    vd_tell_first(&tell, list, alerts, count, &event, j->words + j->words_len,
                  sizeof(j->words) - j->words_len);
    return write_down(turns, "opened", &event);
}

static enum vd_status tell_itself(const struct vd_turns *turns, const struct vd_alert *alert,
                                  const struct vd_finding *finding)
{
    struct vd_agent *agent = turns->agent;
    struct vd_tell tell = vd_agent_tell(agent, turns->watch_index, turns->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    vd_tell_turn(&tell, VD_CONFIRM_OPENED, alert, finding,
                 &agent->judgement.subjects[finding->subject], &event, words);
    return write_down(turns, "opened", &event);
}

/* The others have had their time: a source that is lost must not hold the message up for ever. */
static bool is_late(const struct vd_turns *turns, const struct vd_alert *alert)
{
    return turns->now_ms - alert->first_ms >=
           (uint64_t)VD_CONFIRM_SINGLE_SPAN * watch_of(turns)->confirm_wait_ms;
}

static void open_first(const struct vd_turns *turns)
{
    struct vd_agent *agent = turns->agent;
    struct vd_judgement *j = &agent->judgement;
    const struct vd_finding *list[VD_FINDINGS_MAX];
    const struct vd_alert *alerts[VD_FINDINGS_MAX];
    size_t count = list_first(turns, list, alerts);

    if (count == 0 || (!is_late(turns, alerts[0]) &&
                       vd_confirm_is_first_doubted(&agent->confirm, turns->watch_index))) {
        return;
    }
    bool is_one = count > 1 && sizeof(j->words) - j->words_len >= VD_TELL_FIRST_MIN;
    if (is_one && tell_first(turns, list, alerts, count) != VD_OK) {
        return; /* again at the next look */
    }
    for (size_t i = 0; i < count; i++) {
        struct vd_alert *alert = vd_confirm_of(&agent->confirm, turns->watch_index, j, list[i]);
        if (is_one || tell_itself(turns, alert, list[i]) == VD_OK) {
            vd_confirm_settle(&agent->confirm, alert, list[i], VD_ALERT_OPEN, turns->now_ms);
        }
    }
}

void vd_turns_tell_summary(const struct vd_turns *turns)
{
    const struct vd_judgement *j = &turns->agent->judgement;
    struct vd_tell tell = vd_agent_tell(turns->agent, turns->watch_index, turns->now_ms);
    struct vd_event event;

    for (size_t i = 0; i < j->findings_count; i++) {
        if (j->findings[i].code == VD_CODE_DOMAIN_SUMMARY) {
            vd_tell_summary(&tell, &j->findings[i], &event);
            (void)write_down(turns, "told", &event);
        }
    }
}

/* ---- what is open ------------------------------------------------------------------------ */

static const struct vd_subject *subject_of(const struct vd_judgement *j, uint8_t kind,
                                           uint8_t index)
{
    for (size_t i = 0; i < j->subjects_count; i++) {
        if (j->subjects[i].kind == kind && j->subjects[i].index == index) {
            return &j->subjects[i];
        }
    }
    return NULL;
}

static const struct vd_finding *finding_of(const struct vd_judgement *j,
                                           const struct vd_subject *subject, uint8_t code)
{
    for (size_t i = 0; i < j->findings_count; i++) {
        if (j->findings[i].code == code && &j->subjects[j->findings[i].subject] == subject) {
            return &j->findings[i];
        }
    }
    return NULL;
}

/* accept N. */
static void accept(const struct vd_turns *turns, struct vd_alert *alert,
                   const struct vd_subject *subject)
{
    struct vd_agent *agent = turns->agent;
    const struct vd_code_info *info = vd_code_info((enum vd_code)alert->code);
    struct vd_tell tell = vd_agent_tell(agent, turns->watch_index, turns->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    if (vd_judgement_is_unknown(subject, (enum vd_code)alert->code)) {
        return; /* unknown never writes */
    }
    if (alert->candidate != alert->told) {
        vd_console_line("accept %u: it says something else by now: not accepted", alert->number);
        alert->is_accepting = false;
        return;
    }
    vd_tell_accepted(&tell, alert, "on the console", subject, &event, words);
    if (write_down(turns, "accepted", &event) == VD_OK) {
        adopt(turns, info->facet, subject, true, 1);
        vd_confirm_settle(&agent->confirm, alert, NULL, VD_ALERT_TOLD, turns->now_ms);
    }
}

static void tell_still(const struct vd_turns *turns, struct vd_alert *alert,
                       const struct vd_subject *subject, bool is_reminder)
{
    const struct vd_judgement *j = &turns->agent->judgement;
    struct vd_tell tell = vd_agent_tell(turns->agent, turns->watch_index, turns->now_ms);
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    vd_tell_still(&tell, is_reminder, alert, finding_of(j, subject, alert->code), subject, &event,
                  words);
    if (write_down(turns, is_reminder ? "still open" : "opened", &event) == VD_OK) {
        alert->told_s = now_s(turns);
    }
}

/* Open alerts of this watch: accepted now, or to be told again? */
static void attend_open(const struct vd_turns *turns)
{
    struct vd_agent *agent = turns->agent;

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &agent->confirm.alerts[i];
        const struct vd_subject *subject = subject_of(&agent->judgement, alert->kind, alert->index);
        if (alert->state != VD_ALERT_OPEN || alert->watch != turns->watch_index ||
            subject == NULL) {
            continue;
        }
        struct vd_flap key = flap_key(turns, alert);
        const struct vd_flap *flap = vd_flaps_find(&agent->flaps, &key);
        uint32_t remind_s = vd_attend_remind_s(alert->severity);
        if (alert->is_accepting) {
            accept(turns, alert, subject);
        } else if (remind_s != 0 && !alert->is_acked && (flap == NULL || !flap->is_flapping) &&
                   now_s(turns) - alert->told_s >= remind_s) {
            tell_still(turns, alert, subject, true);
        }
    }
}

/* What flapped has been steady for long: from now on it is told again. */
static void end_flapping(const struct vd_turns *turns)
{
    struct vd_agent *agent = turns->agent;
    struct vd_tell tell = vd_agent_tell(agent, turns->watch_index, turns->now_ms);
    struct vd_flap *flap = vd_flaps_steady(&agent->flaps, turns->watch_index, now_s(turns));
    struct vd_event event;
    char words[VD_TELL_WORDS_MAX];

    if (flap == NULL) {
        return; /* of several, one per look */
    }
    const struct vd_subject *subject = subject_of(&agent->judgement, flap->kind, flap->index);
    if (subject != NULL) {
        vd_tell_flapping(&tell, true, flap->code, subject, &event, words);
        if (write_down(turns, "steady", &event) != VD_OK) {
            return;
        }
    }
    flap->is_used = false;
    for (size_t i = 0; subject != NULL && i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &agent->confirm.alerts[i];
        if (alert->state == VD_ALERT_OPEN && alert->watch == flap->watch &&
            alert->code == flap->code && alert->kind == flap->kind && alert->index == flap->index) {
            tell_still(turns, alert, subject, false);
        }
    }
}

void vd_turns_end_look(const struct vd_turns *turns)
{
    open_first(turns);
    attend_open(turns);
    end_flapping(turns);
}
