/*
 * The table of alerts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/confirm.h"

#include "firmware/confirm_weigh.h"

#include <string.h>

void vd_confirm_init(struct vd_confirm *confirm, uint32_t confirm_hold_ms)
{
    memset(confirm, 0, sizeof(*confirm));
    confirm->confirm_hold_ms = confirm_hold_ms;
}

/* ---- divergence -------------------------------------------------------------------------- */

static bool is_mixed(const struct vd_alert *alert)
{
    return alert->state == VD_ALERT_SUSPECTED && vd_alert_is_loud(alert->code) &&
           !alert->is_planned && alert->bad != 0 && alert->good != 0;
}

/* Another alert of the same record set: one told as a divergence, or one that could be. */
static struct vd_alert *find_divergent(const struct vd_weighing *look, const struct vd_alert *alert,
                                       bool is_told)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *other = &look->confirm->alerts[i];
        if (other != alert && vd_alert_is_of(other, alert->watch, alert->kind, alert->index) &&
            (is_told ? other->is_divergent : is_mixed(other))) {
            return other;
        }
    }
    return NULL;
}

/* Tell a divergence, once of each record set, and once more when it has lasted. */
static void weigh_divergence(const struct vd_weighing *look, struct vd_alert *alert,
                             const struct vd_finding *finding, const struct vd_subject *subject)
{
    uint64_t since_ms = look->now_ms - alert->first_ms;
    bool is_overdue = since_ms >= look->confirm->confirm_hold_ms;

    if (!is_mixed(alert)) {
        return;
    }
    if (alert->is_divergent ? alert->is_overdue || !is_overdue
                            : since_ms < look->watch->confirm_wait_ms ||
                                  !vd_weigh_has_repeated(alert->bad, alert->seen) ||
                                  !vd_weigh_has_repeated(alert->good, alert->clear) ||
                                  find_divergent(look, alert, true) != NULL) {
        return;
    }
    alert->is_overdue = is_overdue;
    if (look->tell(look->ctx, VD_CONFIRM_DIVERGED, alert, finding, subject) == VD_OK) {
        alert->is_divergent = true;
    } else {
        alert->is_overdue = false;
    }
}

/* It is decided, one way or the other.  False: that could not be written down. */
static bool end_divergence(const struct vd_weighing *look, struct vd_alert *alert,
                           const struct vd_subject *subject)
{
    struct vd_alert *heir = find_divergent(look, alert, false);

    if (!alert->is_divergent) {
        return true;
    }
    if (heir != NULL) { /* about the same record set, and not decided yet */
        heir->is_divergent = true;
        heir->is_overdue = alert->is_overdue;
    } else if (look->tell(look->ctx, VD_CONFIRM_AGREED, alert, NULL, subject) != VD_OK) {
        return false;
    }
    alert->is_divergent = alert->is_overdue = false;
    return true;
}

/* ---- what a look found -------------------------------------------------------------------------- */

/* A place for a new alert: a free one, else that of a suspicion that matters less. */
static struct vd_alert *find_room(const struct vd_weighing *look, const struct vd_finding *finding)
{
    struct vd_alert *least = NULL;

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &look->confirm->alerts[i];
        if (alert->state == VD_ALERT_FREE) {
            return alert;
        }
        if (alert->state != VD_ALERT_OPEN && !alert->is_divergent &&
            alert->severity > finding->severity &&
            (least == NULL || alert->severity > least->severity)) {
            least = alert;
        }
    }
    look->confirm->lost++;
    return least;
}

static struct vd_alert *find_or_add(const struct vd_weighing *look,
                                    const struct vd_finding *finding,
                                    const struct vd_subject *subject)
{
    struct vd_alert *alert =
        vd_confirm_of(look->confirm, look->watch_index, look->judgement, finding);
    if (alert != NULL) {
        return alert;
    }
    alert = find_room(look, finding);
    if (alert == NULL) {
        return NULL;
    }
    memset(alert, 0, sizeof(*alert));
    alert->state = VD_ALERT_SUSPECTED;
    alert->watch = look->watch_index;
    alert->code = finding->code;
    alert->kind = subject->kind;
    alert->index = subject->index;
    alert->is_first = finding->is_first;
    alert->first_content = finding->content;
    vd_alert_restart(alert, vd_weigh_content(finding), look->now_ms);
    return alert;
}

/* The event that opens an alert names its number: it has one before. */
static void give_number(struct vd_confirm *confirm, struct vd_alert *alert)
{
    while (alert->number == 0) {
        uint16_t next = ++confirm->last_number;
        alert->number = vd_confirm_numbered(confirm, next) == NULL ? next : 0;
    }
}

void vd_confirm_settle(struct vd_confirm *confirm, struct vd_alert *alert,
                       const struct vd_finding *finding, enum vd_alert_state state, uint64_t now_ms)
{
    if (state != VD_ALERT_OPEN) {
        alert->number = 0;
    } else if (alert->state != VD_ALERT_OPEN) {
        give_number(confirm, alert);
        alert->opened_s = (uint32_t)(now_ms / 1000u);
    }
    alert->state = (uint8_t)state;
    alert->is_held = alert->is_planned = alert->is_acked = alert->is_accepting = false;
    alert->told_s = (uint32_t)(now_ms / 1000u);
    vd_alert_settle(alert, finding != NULL ? vd_weigh_content(finding) : alert->told, now_ms);
}

/* It is believed. */
static void believe(const struct vd_weighing *look, struct vd_alert *alert,
                    const struct vd_finding *finding, const struct vd_subject *subject)
{
    enum vd_confirm_turn turn = vd_alert_is_loud(alert->code) ? VD_CONFIRM_OPENED : VD_CONFIRM_TOLD;

    if (!end_divergence(look, alert, subject)) {
        return;
    }
    if (turn == VD_CONFIRM_OPENED) {
        give_number(look->confirm, alert);
    }
    enum vd_status status = look->tell(look->ctx, turn, alert, finding, subject);
    if (status == VD_AGAIN) {
        alert->is_held = true;
    } else if (status == VD_OK || status == VD_OTHER) {
        bool opens = turn == VD_CONFIRM_OPENED && status == VD_OK;
        vd_confirm_settle(look->confirm, alert, finding, opens ? VD_ALERT_OPEN : VD_ALERT_TOLD,
                          look->now_ms);
    }
}

/* This look found it. */
static void weigh_finding(const struct vd_weighing *look, const struct vd_finding *finding)
{
    const struct vd_subject *subject = &look->judgement->subjects[finding->subject];
    uint32_t content = vd_weigh_content(finding);
    bool is_of_others = vd_weigh_is_transitive(look, finding);
    uint8_t source = vd_weigh_source(look, finding->subject, is_of_others);
    struct vd_alert *alert = find_or_add(look, finding, subject);

    if (alert == NULL) {
        return;
    }
    alert->clean = 0;
    alert->seen_s = (uint32_t)(look->now_ms / 1000u);
    alert->severity = finding->severity;
    alert->rtype = finding->rtype;
    if (finding->is_first) {
        alert->is_first = true;
        alert->first_content = finding->content;
    }
    /* Worse is worse, whatever the words; but what is told again, or becomes the baseline, must
       have been the same each time. */
    if (content != alert->candidate &&
        (alert->state != VD_ALERT_SUSPECTED || !vd_alert_is_loud(alert->code))) {
        vd_alert_restart(alert, content, look->now_ms);
    }
    alert->candidate = content;
    if (is_of_others && !alert->is_transitive) {
        alert->is_transitive = true;
        vd_alert_void(alert, VD_AUTHORITIES_ALL);
    }
    vd_count_look(&alert->looks);
    vd_alert_count_miss(alert, source, true);
    vd_alert_vote(alert, source, true, look->now_ms);
    if (alert->state != VD_ALERT_SUSPECTED && content == alert->told) {
        vd_alert_settle(alert, content, look->now_ms);
    } else if (vd_weigh_is_believed(look, alert)) {
        believe(look, alert, finding, subject);
    } else {
        alert->is_held = false;
        weigh_divergence(look, alert, finding, subject);
        vd_weigh_want_confirmation(look, alert);
    }
}

/* ---- what a look did not find -------------------------------------------------------------------- */

static const struct vd_subject *subject_of(const struct vd_weighing *look,
                                           const struct vd_alert *alert)
{
    for (size_t i = 0; i < look->judgement->subjects_count; i++) {
        const struct vd_subject *subject = &look->judgement->subjects[i];
        if (alert->kind == subject->kind && alert->index == subject->index) {
            return subject;
        }
    }
    return NULL;
}

/* What this look found of a subject that concerns an alert. */
struct bearing {
    bool has_it;    /* the very finding */
    bool has_worse; /* some finding that is an alert */
    bool has_whole; /* the whole record set is gone or unusable: nothing can be said of its parts */
};

static struct bearing bearing_of(const struct vd_weighing *look, const struct vd_alert *alert,
                                 const struct vd_subject *subject)
{
    struct bearing bearing = {false, false, false};

    for (size_t i = 0; i < look->judgement->findings_count; i++) {
        const struct vd_finding *finding = &look->judgement->findings[i];
        if (&look->judgement->subjects[finding->subject] != subject) {
            continue;
        }
        bearing.has_it |= finding->code == alert->code;
        bearing.has_worse |= vd_alert_is_loud(finding->code);
        bearing.has_whole |= vd_code_info((enum vd_code)finding->code)->is_whole;
    }
    return bearing;
}

/* A clean look at an open alert.  While an authority insists on it, resolvers' clean looks do not
   count: they may be old. */
static void weigh_clean(const struct vd_weighing *look, struct vd_alert *alert,
                        const struct vd_subject *subject, uint8_t source)
{
    uint32_t wait_ms = vd_weigh_pause(look);
    /* Authorities that fell silent are taken at their last word for a while: what resolvers say
       meanwhile may be older. */
    bool is_over = vd_weigh_is_mute(look, alert) &&
                   look->now_ms - alert->insisted_ms >= look->confirm->confirm_hold_ms;
    unsigned insisting = is_over ? 0 : (unsigned)alert->insisting & look->sources->authorities;

    if (insisting == 0 || vd_authorities_in(vd_source_set(source)) != 0) {
        vd_count_look(&alert->clean);
    }
    if (insisting != 0) {
        vd_weigh_want_one_of(look, insisting, wait_ms);
        return;
    }
    if (alert->clean < VD_CONFIRM_CLEAN_LOOKS) {
        vd_weigh_want(look, wait_ms, VD_NEXT_ELSEWHERE, 0);
        return;
    }
    if (look->tell(look->ctx, VD_CONFIRM_CLOSED, alert, NULL, subject) == VD_OK) {
        alert->state = VD_ALERT_FREE;
    }
}

/* A look that found nothing worse, at a suspicion. */
static void weigh_doubt(const struct vd_weighing *look, struct vd_alert *alert,
                        const struct vd_subject *subject)
{
    if (alert->bad != 0) {
        weigh_divergence(look, alert, NULL, subject);
        vd_weigh_want_confirmation(look, alert);
    } else if (end_divergence(look, alert, subject)) {
        look->confirm->contradicted += !alert->is_planned;
        alert->state = VD_ALERT_FREE;
    }
}

/* A look in vain. */
static void weigh_unknown(const struct vd_weighing *look, struct vd_alert *alert, uint8_t source)
{
    bool is_moving = alert->state == VD_ALERT_OPEN && alert->candidate != alert->told;

    vd_alert_count_miss(alert, source, false);
    if (alert->state == VD_ALERT_SUSPECTED || is_moving) {
        vd_alert_lapse(alert, source, look->now_ms);
        vd_weigh_want_confirmation(look, alert);
    }
}

/* Found at first contact, and still as it was then: it is the baseline now, and found no more. */
static bool is_as_at_first(const struct vd_weighing *look, const struct vd_alert *alert,
                           const struct vd_subject *subject)
{
    uint8_t facet = vd_code_info((enum vd_code)alert->code)->facet;

    if (alert->state != VD_ALERT_OPEN || !alert->is_first || facet == VD_FACET_NONE) {
        return false;
    }
    if (facet == VD_FACET_ALL && subject->standing != VD_STANDING_OK) {
        return true;
    }
    return vd_facet_content(&look->judgement->facts, facet, subject->kind, subject->index) ==
           alert->first_content;
}

/* An alert of this watch, seen from a look that may not have found it. */
static void weigh_absence(const struct vd_weighing *look, struct vd_alert *alert)
{
    const struct vd_subject *subject = subject_of(look, alert);

    if (subject == NULL) {
        alert->state = VD_ALERT_FREE; /* the selector left the config */
        return;
    }
    struct bearing bearing = bearing_of(look, alert, subject);
    if (bearing.has_it) {
        return;
    }
    uint8_t source =
        vd_weigh_source(look, (size_t)(subject - look->judgement->subjects), alert->is_transitive);
    if (vd_judgement_is_unknown(subject, (enum vd_code)alert->code) || look->judgement->is_cut) {
        weigh_unknown(look, alert, source);
        return;
    }
    vd_alert_count_miss(alert, source, true);
    if (is_as_at_first(look, alert, subject)) {
        alert->clean = 0;
        alert->seen_s = (uint32_t)(look->now_ms / 1000u);
    } else if (alert->state == VD_ALERT_TOLD) {
        alert->state = VD_ALERT_FREE;
    } else if (alert->state == VD_ALERT_OPEN && !bearing.has_whole) {
        vd_alert_vote(alert, source, false, look->now_ms);
        weigh_clean(look, alert, subject, source);
    } else if (alert->state == VD_ALERT_SUSPECTED && bearing.has_worse) {
        /* Worse in another way: no word for this one, and none against it. */
        vd_alert_withdraw_good(alert, vd_source_set(source), look->now_ms);
        alert->bad = (uint16_t)(alert->bad & ~vd_source_set(source));
    } else if (alert->state == VD_ALERT_SUSPECTED) {
        vd_alert_vote(alert, source, false, look->now_ms);
        weigh_doubt(look, alert, subject);
    }
}

/* A resolver that turned out to be blind has said nothing. */
static void void_blind(const struct vd_weighing *look, struct vd_alert *alert)
{
    unsigned blind = VD_SERVERS_ALL & ~(unsigned)look->sources->resolvers;

    vd_alert_withdraw_good(alert, blind, look->now_ms);
    vd_alert_void(alert, blind);
}

void vd_confirm_look(struct vd_confirm *confirm, uint8_t watch_index, const struct vd_watch *watch,
                     const struct vd_judgement *judgement, const struct vd_look_sources *sources,
                     uint64_t now_ms, vd_confirm_fn tell, void *ctx, struct vd_next_look *next)
{
    const struct vd_weighing look = {
        .confirm = confirm,
        .watch = watch,
        .judgement = judgement,
        .sources = sources,
        .now_ms = now_ms,
        .tell = tell,
        .ctx = ctx,
        .next = next,
        .watch_index = watch_index,
    };

    memset(next, 0, sizeof(*next));
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &confirm->alerts[i];
        if (alert->state != VD_ALERT_FREE && alert->watch == watch_index) {
            void_blind(&look, alert);
            weigh_absence(&look, alert);
        }
    }
    for (size_t i = 0; i < judgement->findings_count; i++) {
        if (judgement->findings[i].code != VD_CODE_DOMAIN_SUMMARY) { /* told with the baseline */
            weigh_finding(&look, &judgement->findings[i]);
        }
    }
}

/* ---- from outside ------------------------------------------------------------------------- */

struct vd_alert *vd_confirm_of(struct vd_confirm *confirm, uint8_t watch_index,
                               const struct vd_judgement *judgement,
                               const struct vd_finding *finding)
{
    const struct vd_subject *subject = &judgement->subjects[finding->subject];

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &confirm->alerts[i];
        if (vd_alert_is_of(alert, watch_index, subject->kind, subject->index) &&
            alert->code == finding->code) {
            return alert;
        }
    }
    return NULL;
}

struct vd_alert *vd_confirm_numbered(struct vd_confirm *confirm, uint32_t number)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        if (confirm->alerts[i].state == VD_ALERT_OPEN && confirm->alerts[i].number == number) {
            return &confirm->alerts[i];
        }
    }
    return NULL;
}

/* Open, and found at first contact. */
static bool is_open_first(const struct vd_alert *alert, uint8_t watch_index)
{
    return alert->state == VD_ALERT_OPEN && alert->is_first && alert->watch == watch_index;
}

static uint32_t content_now(const struct vd_alert *alert, const struct vd_facts *facts)
{
    return vd_facet_content(facts, vd_code_info((enum vd_code)alert->code)->facet, alert->kind,
                            alert->index);
}

bool vd_confirm_has_drifted(const struct vd_confirm *confirm, uint8_t watch_index,
                            const struct vd_facts *facts)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &confirm->alerts[i];
        if (is_open_first(alert, watch_index) &&
            content_now(alert, facts) != alert->first_content) {
            return true;
        }
    }
    return false;
}

void vd_confirm_take_first(struct vd_confirm *confirm, uint8_t watch_index,
                           const struct vd_judgement *judgement)
{
    for (size_t i = 0; i < judgement->findings_count; i++) {
        const struct vd_finding *finding = &judgement->findings[i];
        struct vd_alert *alert = vd_confirm_of(confirm, watch_index, judgement, finding);
        if (alert != NULL && is_open_first(alert, watch_index)) {
            alert->first_content = finding->content;
        }
    }
}

void vd_confirm_moved(struct vd_confirm *confirm, uint8_t watch_index,
                      const struct vd_subject *subject, uint8_t facet)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &confirm->alerts[i];
        if (vd_alert_is_of(alert, watch_index, subject->kind, subject->index) &&
            (facet == VD_FACET_ALL || facet == vd_code_info((enum vd_code)alert->code)->facet)) {
            alert->is_first = false;
        }
    }
}

/* Found at first contact, and neither told nor given up. */
static bool is_first_pending(const struct vd_alert *alert)
{
    return alert->state == VD_ALERT_SUSPECTED && alert->is_first && vd_alert_is_loud(alert->code) &&
           (alert->is_held || alert->wants < VD_CONFIRM_LOOKS_MAX);
}

bool vd_confirm_is_first_doubted(const struct vd_confirm *confirm, uint8_t watch_index)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &confirm->alerts[i];
        if (alert->watch == watch_index && is_first_pending(alert) && !alert->is_held) {
            return true;
        }
    }
    return false;
}

bool vd_confirm_is_first_untold(const struct vd_confirm *confirm, uint8_t watch_index,
                                const struct vd_subject *subject)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &confirm->alerts[i];
        if (vd_alert_is_of(alert, watch_index, subject->kind, subject->index) &&
            is_first_pending(alert)) {
            return true;
        }
    }
    return false;
}

void vd_confirm_forget(struct vd_confirm *confirm, int watch_index, uint16_t sources)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &confirm->alerts[i];
        if (alert->state == VD_ALERT_FREE ||
            (watch_index >= 0 && alert->watch != (unsigned)watch_index)) {
            continue;
        }
        vd_alert_void(alert, sources);
        if (vd_authorities_in(sources) != 0) {
            alert->authority_misses = 0;
            alert->is_authority_due = false;
        }
    }
}

/* Fewer say "good" than say "bad": the few are those that lag. */
static unsigned lagging(const struct vd_alert *alert)
{
    unsigned good = vd_authorities_in(alert->good);
    unsigned bad = vd_authorities_in(alert->bad);

    for (; good != 0 && bad != 0; good &= good - 1u) {
        bad &= bad - 1u;
    }
    return bad != 0 ? vd_authorities_in(alert->good) : 0;
}

uint16_t vd_confirm_contradicting(const struct vd_confirm *confirm, uint8_t watch_index)
{
    unsigned sources = 0;

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &confirm->alerts[i];
        if (alert->state == VD_ALERT_SUSPECTED && alert->watch == watch_index) {
            sources |= lagging(alert);
        }
    }
    return (uint16_t)sources;
}

unsigned vd_confirm_open_count(const struct vd_confirm *confirm, int watch_index)
{
    unsigned count = 0;

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &confirm->alerts[i];
        count += alert->state == VD_ALERT_OPEN &&
                 (watch_index < 0 || alert->watch == (unsigned)watch_index);
    }
    return count;
}

unsigned vd_confirm_open_of(const struct vd_confirm *confirm, uint8_t watch_index, uint8_t kind,
                            uint8_t index)
{
    unsigned count = 0;

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *alert = &confirm->alerts[i];
        count += alert->state == VD_ALERT_OPEN && vd_alert_is_of(alert, watch_index, kind, index);
    }
    return count;
}
