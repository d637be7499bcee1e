/*
 * The table of alerts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/confirm.h"

#include <string.h>

/* Looks are counted up to here: more changes nothing. */
#define COUNT_MAX 200u

/* All that the steps below need to know of one look. */
struct look {
    struct vd_confirm *confirm;
    const struct vd_watch *watch;
    const struct vd_judgement *judgement;
    const uint8_t *servers;
    uint64_t now_ms;
    vd_confirm_fn tell;
    void *ctx;
    struct vd_next_look *next;
    uint8_t watch_index;
};

void vd_confirm_init(struct vd_confirm *confirm, uint8_t servers_count)
{
    memset(confirm, 0, sizeof(*confirm));
    confirm->servers_count = servers_count;
}

static bool is_of(const struct vd_alert *alert, uint8_t watch_index, uint8_t kind, uint8_t index)
{
    return alert->state != VD_ALERT_FREE && alert->watch == watch_index && alert->kind == kind &&
           alert->index == index;
}

static bool is_alert(uint8_t code)
{
    return vd_code_info((enum vd_code)code)->is_alert;
}

static void bump(uint8_t *count)
{
    if (*count < COUNT_MAX) {
        (*count)++;
    }
}

/* Begin to confirm anew. */
static void restart(struct vd_alert *alert, uint32_t candidate, uint64_t now_ms)
{
    alert->candidate = candidate;
    alert->first_ms = now_ms;
    alert->looks = 0;
    alert->misses = 0;
    memset(alert->seen, 0, sizeof(alert->seen));
}

/* What a finding says, in a number: the record set's whole content, and how bad it is. */
static uint32_t content_of(const struct vd_finding *finding)
{
    return finding->content ^ (uint32_t)finding->severity << 24;
}

/* ---- the next look ------------------------------------------------------------------------ */

/* Ask for a look no later than this one. */
static void want(struct vd_next_look *next, uint64_t wait_ms, bool is_elsewhere)
{
    uint32_t wait = wait_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)wait_ms;

    if (!next->is_wanted || wait < next->wait_ms) {
        next->wait_ms = wait;
        next->is_elsewhere = is_elsewhere;
    }
    next->is_wanted = true;
}

/* True when only one resolver can be asked about it. */
static bool is_single_source(const struct look *look, const struct vd_alert *alert)
{
    return look->confirm->servers_count == 1 || alert->misses >= VD_CONFIRM_MISSES_MAX;
}

/* Not believed yet: when to look again.  With two resolvers the looks go A, B, wait, A, B. */
static void want_confirmation(const struct look *look, const struct vd_alert *alert)
{
    uint64_t wait_ms = look->watch->confirm_wait_ms;
    uint64_t gap_ms = wait_ms < VD_CONFIRM_GAP_MS ? wait_ms : VD_CONFIRM_GAP_MS;
    uint64_t since_ms = look->now_ms - alert->first_ms;

    if (alert->looks + alert->misses > VD_CONFIRM_LOOKS_MAX) {
        return;
    }
    if (is_single_source(look, alert)) {
        want(look->next, wait_ms * VD_CONFIRM_SINGLE_SPAN / (VD_CONFIRM_LOOKS_SINGLE - 1u), false);
    } else if (alert->looks % 2u == 1u || since_ms + gap_ms > wait_ms) {
        want(look->next, gap_ms, true);
    } else {
        want(look->next, wait_ms - since_ms, true);
    }
}

/* ---- belief ------------------------------------------------------------------------------------ */

static bool says_gone(uint8_t code)
{
    return code == VD_CODE_SPF_MISSING || code == VD_CODE_DKIM_MISSING ||
           code == VD_CODE_DMARC_MISSING || code == VD_CODE_MX_MISSING;
}

/* The looks that speak for an alert: its own, and for what is there in the record (not for "gone")
   also those that found the same record set worse in another way. */
static void sum_looks(const struct look *look, const struct vd_alert *alert, uint8_t *seen,
                      uint64_t *first_ms)
{
    memcpy(seen, alert->seen, VD_SERVERS_MAX);
    *first_ms = alert->first_ms;
    if (!is_alert(alert->code) || says_gone(alert->code)) {
        return;
    }
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *other = &look->confirm->alerts[i];
        if (other == alert || other->state != VD_ALERT_SUSPECTED || !is_alert(other->code) ||
            !is_of(other, alert->watch, alert->kind, alert->index)) {
            continue;
        }
        for (size_t s = 0; s < VD_SERVERS_MAX; s++) {
            seen[s] = other->seen[s] > seen[s] ? other->seen[s] : seen[s];
        }
        *first_ms = other->first_ms < *first_ms ? other->first_ms : *first_ms;
    }
}

static bool is_believed(const struct look *look, const struct vd_alert *alert)
{
    uint8_t seen[VD_SERVERS_MAX];
    uint64_t first_ms;
    unsigned agreeing = 0;
    uint8_t most = 0;

    sum_looks(look, alert, seen, &first_ms);
    for (size_t i = 0; i < VD_SERVERS_MAX; i++) {
        agreeing += seen[i] >= VD_CONFIRM_LOOKS_EACH;
        most = seen[i] > most ? seen[i] : most;
    }
    uint64_t span_ms = look->now_ms - first_ms;
    if (agreeing >= 2) {
        return span_ms >= look->watch->confirm_wait_ms;
    }
    return is_single_source(look, alert) && most >= VD_CONFIRM_LOOKS_SINGLE &&
           span_ms >= (uint64_t)VD_CONFIRM_SINGLE_SPAN * look->watch->confirm_wait_ms;
}

/* ---- what a look found -------------------------------------------------------------------------- */

/* A place for a new alert: a free one, else that of a suspicion that matters less. */
static struct vd_alert *find_room(const struct look *look, const struct vd_finding *finding)
{
    struct vd_alert *least = NULL;

    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &look->confirm->alerts[i];
        if (alert->state == VD_ALERT_FREE) {
            return alert;
        }
        if (alert->state != VD_ALERT_OPEN && alert->severity > finding->severity &&
            (least == NULL || alert->severity > least->severity)) {
            least = alert;
        }
    }
    look->confirm->lost++;
    return least;
}

static struct vd_alert *find_or_add(const struct look *look, const struct vd_finding *finding,
                                    const struct vd_subject *subject)
{
    for (size_t i = 0; i < VD_ALERTS_MAX; i++) {
        struct vd_alert *alert = &look->confirm->alerts[i];
        if (is_of(alert, look->watch_index, subject->kind, subject->index) &&
            alert->code == finding->code) {
            return alert;
        }
    }
    struct vd_alert *alert = find_room(look, finding);
    if (alert == NULL) {
        return NULL;
    }
    memset(alert, 0, sizeof(*alert));
    alert->state = VD_ALERT_SUSPECTED;
    alert->watch = look->watch_index;
    alert->code = finding->code;
    alert->kind = subject->kind;
    alert->index = subject->index;
    restart(alert, content_of(finding), look->now_ms);
    return alert;
}

/* This look found it. */
static void weigh_finding(const struct look *look, const struct vd_finding *finding)
{
    const struct vd_subject *subject = &look->judgement->subjects[finding->subject];
    uint8_t server = look->servers[finding->subject];
    uint32_t content = content_of(finding);
    struct vd_alert *alert = find_or_add(look, finding, subject);

    if (alert == NULL) {
        return;
    }
    alert->clean = 0;
    alert->severity = finding->severity;
    alert->rtype = finding->rtype;
    if (alert->state != VD_ALERT_SUSPECTED && content == alert->told) {
        restart(alert, content, look->now_ms);
        return;
    }
    /* Worse is worse, whatever the words; but what is told again, or becomes the baseline, must
       have been the same each time. */
    if (content != alert->candidate &&
        (alert->state != VD_ALERT_SUSPECTED || !is_alert(alert->code))) {
        restart(alert, content, look->now_ms);
    }
    alert->candidate = content;
    bump(&alert->looks);
    if (server < VD_SERVERS_MAX) {
        bump(&alert->seen[server]);
    }
    if (!is_believed(look, alert)) {
        want_confirmation(look, alert);
        return;
    }
    enum vd_confirm_turn turn = is_alert(alert->code) ? VD_CONFIRM_OPENED : VD_CONFIRM_TOLD;
    if (look->tell(look->ctx, turn, alert, finding, subject) == VD_OK) {
        alert->state = turn == VD_CONFIRM_OPENED ? VD_ALERT_OPEN : VD_ALERT_TOLD;
        alert->told = content;
        restart(alert, content, look->now_ms);
    }
}

/* ---- what a look did not find -------------------------------------------------------------------- */

static const struct vd_subject *subject_of(const struct look *look, const struct vd_alert *alert)
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

static struct bearing bearing_of(const struct look *look, const struct vd_alert *alert,
                                 const struct vd_subject *subject)
{
    struct bearing bearing = {false, false, false};

    for (size_t i = 0; i < look->judgement->findings_count; i++) {
        const struct vd_finding *finding = &look->judgement->findings[i];
        if (&look->judgement->subjects[finding->subject] != subject) {
            continue;
        }
        bearing.has_it |= finding->code == alert->code;
        bearing.has_worse |= is_alert(finding->code);
        bearing.has_whole |= vd_code_info((enum vd_code)finding->code)->is_whole;
    }
    return bearing;
}

/* A clean look at an open alert. */
static void weigh_clean(const struct look *look, struct vd_alert *alert,
                        const struct vd_subject *subject)
{
    bump(&alert->clean);
    if (alert->clean < VD_CONFIRM_CLEAN_LOOKS) {
        want(look->next, look->watch->confirm_wait_ms, true);
        return;
    }
    if (look->tell(look->ctx, VD_CONFIRM_CLOSED, alert, NULL, subject) == VD_OK) {
        alert->state = VD_ALERT_FREE;
    }
}

/* An alert of this watch, seen from a look that may not have found it. */
static void weigh_absence(const struct look *look, struct vd_alert *alert)
{
    const struct vd_subject *subject = subject_of(look, alert);

    if (subject == NULL) {
        alert->state = VD_ALERT_FREE; /* the selector left the config */
        return;
    }
    if (subject->standing == VD_STANDING_UNKNOWN || look->judgement->is_cut) {
        if (alert->state == VD_ALERT_SUSPECTED) {
            bump(&alert->misses);
            want_confirmation(look, alert);
        }
        return;
    }
    struct bearing bearing = bearing_of(look, alert, subject);
    if (bearing.has_it) {
        return;
    }
    if (alert->state == VD_ALERT_OPEN) {
        if (!bearing.has_whole) {
            weigh_clean(look, alert, subject);
        }
    } else if (alert->state == VD_ALERT_TOLD) {
        alert->state = VD_ALERT_FREE;
    } else if (!bearing.has_worse) {
        look->confirm->contradicted++;
        alert->state = VD_ALERT_FREE;
    }
}

void vd_confirm_look(struct vd_confirm *confirm, uint8_t watch_index, const struct vd_watch *watch,
                     const struct vd_judgement *judgement, const uint8_t *servers, uint64_t now_ms,
                     vd_confirm_fn tell, void *ctx, struct vd_next_look *next)
{
    const struct look look = {
        .confirm = confirm,
        .watch = watch,
        .judgement = judgement,
        .servers = servers,
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
            weigh_absence(&look, alert);
        }
    }
    for (size_t i = 0; i < judgement->findings_count; i++) {
        weigh_finding(&look, &judgement->findings[i]);
    }
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
        count += alert->state == VD_ALERT_OPEN && is_of(alert, watch_index, kind, index);
    }
    return count;
}
