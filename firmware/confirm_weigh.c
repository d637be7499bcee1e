/*
 * Votes, belief, and whom to ask next.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/confirm_weigh.h"

#include <string.h>

/* Looks are counted up to here: more changes nothing. */
#define COUNT_MAX 200u

void vd_count_look(uint8_t *count)
{
    if (*count < COUNT_MAX) {
        (*count)++;
    }
}

bool vd_alert_is_of(const struct vd_alert *alert, uint8_t watch_index, uint8_t kind, uint8_t index)
{
    return alert->state != VD_ALERT_FREE && alert->watch == watch_index && alert->kind == kind &&
           alert->index == index;
}

bool vd_alert_is_loud(uint8_t code)
{
    return vd_code_info((enum vd_code)code)->is_alert;
}

/* ---- sources ----------------------------------------------------------------------------- */

static unsigned count_of(unsigned set)
{
    unsigned count = 0;

    for (; set != 0; set &= set - 1u) {
        count++;
    }
    return count;
}

uint8_t vd_weigh_source(const struct vd_weighing *look, size_t subject, bool is_transitive)
{
    uint8_t own = look->sources->of_subject[subject];
    uint8_t other = look->sources->resolver;

    if (!is_transitive) {
        return own;
    }
    other = other < VD_SERVERS_MAX ? other : own;
    return other < VD_SERVERS_MAX ? other : VD_SOURCE_NONE;
}

/* Codes that speak of names which a record leads to: of other domains, or of the parent's DS. */
static bool is_of_others(uint8_t code)
{
    switch (code) {
    case VD_CODE_SPF_TAKEOVER:
    case VD_CODE_DMARC_RUA_REFUSED:
    case VD_CODE_DMARC_RUA_DEAD:
    case VD_CODE_MX_GONE:
    case VD_CODE_MX_TAKEOVER:
    case VD_CODE_MX_ALIAS:
    case VD_CODE_DS_MISSING:
    case VD_CODE_DS_CHANGED:
    case VD_CODE_DS_APPEARED:
    case VD_CODE_DS_AD_LOST:
        return true;
    default:
        return false;
    }
}

/* What includes, redirect= and names above say of it, no authority of this zone has seen: it was asked
   for the own record, and one resolver for all the rest. */
static bool hangs_on_others(const struct vd_facts *facts, const struct vd_finding *finding,
                            uint8_t kind)
{
    switch (finding->facet) {
    case VD_FACET_SPF_SENDERS:
    case VD_FACET_SPF_LOOKUPS:
        return facts->spf.includes[0] != 0;
    case VD_FACET_SPF_DEFAULT:
        return strstr(vd_facts_text(facts, facts->spf.text), "redirect=") != NULL;
    default:
        return kind == VD_SUBJECT_DMARC && facts->dmarc.source > VD_SOURCE_OWN;
    }
}

/* Read from the facts: a finding's own path may have given way where words[] is short. */
bool vd_weigh_is_transitive(const struct vd_weighing *look, const struct vd_finding *finding)
{
    const struct vd_judgement *j = look->judgement;
    const struct vd_subject *subject = &j->subjects[finding->subject];

    if (is_of_others(finding->code) || hangs_on_others(&j->facts, finding, subject->kind) ||
        (subject->kind == VD_SUBJECT_DKIM && j->facts.dkim[subject->index].is_alias)) {
        return true;
    }
    if (subject->kind == VD_SUBJECT_SPF &&
        strstr(vd_facts_text(&j->facts, j->facts.spf.path), " > ") != NULL) {
        return true;
    }
    return strstr(vd_judgement_words(j, finding->path), " > ") != NULL;
}

bool vd_weigh_is_mute(const struct vd_weighing *look, const struct vd_alert *alert)
{
    return alert->is_transitive || vd_authorities_in(look->sources->authorities) == 0 ||
           alert->authority_misses >= VD_CONFIRM_MISSES_MAX;
}

/* True when only one source can be asked about it. */
static bool is_single_source(const struct vd_weighing *look, const struct vd_alert *alert)
{
    unsigned resolvers = count_of(look->sources->resolvers);
    unsigned authorities = vd_weigh_is_mute(look, alert)
                               ? count_of(vd_authorities_in((unsigned)alert->bad | alert->good))
                               : count_of(vd_authorities_in(look->sources->authorities));

    if (resolvers > 1 && alert->misses >= VD_CONFIRM_MISSES_MAX) {
        resolvers = 1;
    }
    return resolvers + authorities < 2;
}

/* ---- what sources have said -------------------------------------------------------------------- */

void vd_alert_restart(struct vd_alert *alert, uint32_t candidate, uint64_t now_ms)
{
    alert->candidate = candidate;
    alert->first_ms = now_ms;
    alert->looks = 0;
    alert->misses = 0;
    alert->authority_misses = 0;
    alert->is_transitive = false;
    alert->bad = alert->good = alert->vain = 0;
    memset(alert->seen, 0, sizeof(alert->seen));
    memset(alert->clear, 0, sizeof(alert->clear));
}

void vd_alert_settle(struct vd_alert *alert, uint32_t content, uint64_t now_ms)
{
    vd_alert_restart(alert, content, now_ms);
    alert->told = content;
    alert->wants = 0;
}

void vd_alert_withdraw_good(struct vd_alert *alert, unsigned sources, uint64_t now_ms)
{
    bool was_contradicted = alert->good != 0;

    alert->good = (uint16_t)(alert->good & ~sources);
    if (was_contradicted && alert->good == 0) {
        alert->first_ms = now_ms;
        alert->looks = 1;
    }
}

void vd_alert_vote(struct vd_alert *alert, uint8_t source, bool is_found, uint64_t now_ms)
{
    uint16_t set = vd_source_set(source);

    if (set == 0) {
        return;
    }
    if (!is_found) {
        alert->good |= set;
        alert->bad = (uint16_t)(alert->bad & ~set);
        alert->insisting = (uint16_t)(alert->insisting & ~set);
        alert->seen[source] = 0;
        vd_count_look(&alert->clear[source]);
        return;
    }
    if ((alert->good & set) != 0 && alert->wants > VD_CONFIRM_LOOKS_MAX - VD_CONFIRM_LOOKS_AGAIN) {
        alert->wants = VD_CONFIRM_LOOKS_MAX - VD_CONFIRM_LOOKS_AGAIN; /* news */
    }
    vd_alert_withdraw_good(alert, set, now_ms);
    alert->bad |= set;
    if (vd_authorities_in(set) != 0) {
        alert->insisting = (uint16_t)(alert->insisting | set);
        alert->insisted_ms = now_ms;
    }
    alert->clear[source] = 0;
    vd_count_look(&alert->seen[source]);
}

void vd_alert_void(struct vd_alert *alert, unsigned sources)
{
    alert->bad = (uint16_t)(alert->bad & ~sources);
    alert->good = (uint16_t)(alert->good & ~sources);
    alert->insisting = (uint16_t)(alert->insisting & ~sources);
    for (uint8_t i = 0; i < VD_PEERS_MAX; i++) {
        if ((sources & vd_source_set(i)) != 0) {
            alert->seen[i] = alert->clear[i] = 0;
        }
    }
}

void vd_alert_count_miss(struct vd_alert *alert, uint8_t source, bool has_spoken)
{
    bool is_authority = vd_authorities_in(vd_source_set(source)) != 0;

    if (!(has_spoken && is_authority) && (is_authority || alert->is_authority_due)) {
        vd_count_look(&alert->authority_misses);
        alert->vain = (uint16_t)(alert->vain | vd_authorities_in(vd_source_set(source)));
    } else if (!has_spoken) {
        vd_count_look(&alert->misses);
    }
    alert->is_authority_due = false;
}

void vd_alert_lapse(struct vd_alert *alert, uint8_t source, uint64_t now_ms)
{
    if ((alert->good & vd_source_set(source)) == 0) {
        return;
    }
    if (alert->clear[source] > 1) {
        alert->clear[source] = 1;
    } else {
        vd_alert_withdraw_good(alert, vd_source_set(source), now_ms);
    }
}

uint32_t vd_weigh_facet(const struct vd_finding *finding)
{
    return vd_facet_varies(finding->facet) ? 0 : finding->content;
}

uint32_t vd_weigh_content(const struct vd_finding *finding)
{
    return vd_weigh_facet(finding) ^ (uint32_t)finding->severity << 24;
}

/* What speaks for an alert. */
struct support {
    uint16_t bad;
    uint8_t seen[VD_PEERS_MAX];
    uint64_t first_ms;
};

static struct support own_looks(const struct vd_alert *alert)
{
    struct support own = {.bad = alert->bad, .first_ms = alert->first_ms};

    memcpy(own.seen, alert->seen, sizeof(own.seen));
    return own;
}

/* The looks that speak for an alert: its own, and those that found the same record set worse in
   another way. */
static struct support sum_looks(const struct vd_weighing *look, const struct vd_alert *alert)
{
    struct support sum = own_looks(alert);

    for (size_t i = 0; vd_alert_is_loud(alert->code) && i < VD_ALERTS_MAX; i++) {
        const struct vd_alert *other = &look->confirm->alerts[i];
        if (other == alert || other->state != VD_ALERT_SUSPECTED ||
            !vd_alert_is_loud(other->code) ||
            !vd_alert_is_of(other, alert->watch, alert->kind, alert->index)) {
            continue;
        }
        sum.bad |= other->bad;
        for (size_t s = 0; s < VD_PEERS_MAX; s++) {
            sum.seen[s] = other->seen[s] > sum.seen[s] ? other->seen[s] : sum.seen[s];
        }
        sum.first_ms = other->first_ms < sum.first_ms ? other->first_ms : sum.first_ms;
    }
    return sum;
}

/* ---- the next look ------------------------------------------------------------------------ */

void vd_weigh_want(const struct vd_weighing *look, uint64_t wait_ms, enum vd_next_who who,
                   unsigned not_these)
{
    struct vd_next_look *next = look->next;
    uint32_t wait = wait_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)wait_ms;

    if (next->is_wanted && wait == next->wait_ms && who == VD_NEXT_AUTHORITY &&
        next->who == VD_NEXT_AUTHORITY) {
        unsigned both = next->not_these | not_these;
        if (vd_authorities_in(look->sources->authorities & ~both) != 0) {
            next->not_these = (uint16_t)both;
        }
        return;
    }
    if (!next->is_wanted || wait < next->wait_ms ||
        (wait == next->wait_ms && who == VD_NEXT_AUTHORITY)) {
        next->is_wanted = true;
        next->who = (uint8_t)who;
        next->not_these = (uint16_t)not_these;
        next->wait_ms = wait;
    }
}

bool vd_weigh_has_repeated(unsigned sources, const uint8_t counts[VD_PEERS_MAX])
{
    for (uint8_t i = 0; i < VD_PEERS_MAX; i++) {
        if ((sources & vd_source_set(i)) != 0 && counts[i] >= VD_CONFIRM_LOOKS_EACH) {
            return true;
        }
    }
    return false;
}

void vd_weigh_want_one_of(const struct vd_weighing *look, unsigned sources, uint64_t wait_ms)
{
    unsigned authorities = vd_authorities_in(sources & look->sources->authorities);

    if (authorities != 0) {
        vd_weigh_want(look, wait_ms, VD_NEXT_AUTHORITY, VD_AUTHORITIES_ALL & ~authorities);
    } else {
        vd_weigh_want(look, wait_ms, VD_NEXT_ELSEWHERE, VD_SERVERS_ALL & ~sources);
    }
}

static uint32_t gap_of(const struct vd_weighing *look)
{
    uint32_t wait_ms = look->watch->confirm_wait_ms;

    return wait_ms < VD_CONFIRM_GAP_MS ? wait_ms : VD_CONFIRM_GAP_MS;
}

uint32_t vd_weigh_pause(const struct vd_weighing *look)
{
    uint32_t wait_ms = look->watch->confirm_wait_ms;
    uint32_t half_ms = look->watch->interval_ms / 2u;

    return half_ms != 0 && half_ms < wait_ms ? half_ms : wait_ms;
}

/* Sources contradict each other: let each side repeat itself, then watch both in turn. */
static void want_recheck(const struct vd_weighing *look, const struct vd_alert *alert)
{
    bool is_bad_firm = vd_weigh_has_repeated(alert->bad, alert->seen);
    bool is_good_firm = vd_weigh_has_repeated(alert->good, alert->clear);
    bool asks_good = is_bad_firm && (!is_good_firm || alert->wants % 2u == 1u);

    vd_weigh_want_one_of(look, asks_good ? alert->good : alert->bad, vd_weigh_pause(look));
}

/* Nobody contradicts: with two resolvers the looks go A, B, wait, A, B. */
static void want_ladder(const struct vd_weighing *look, const struct vd_alert *alert)
{
    uint64_t wait_ms = look->watch->confirm_wait_ms;
    uint64_t gap_ms = gap_of(look);
    struct support sum = sum_looks(look, alert);
    uint64_t since_ms = look->now_ms - sum.first_ms;
    unsigned unheard = look->sources->resolvers & ~(unsigned)sum.bad;
    unsigned weak = 0; /* those that have not yet said so twice */

    for (uint8_t i = 0; i < VD_PEERS_MAX; i++) {
        if (sum.seen[i] < VD_CONFIRM_LOOKS_EACH) {
            weak |= sum.bad & vd_source_set(i);
        }
    }
    if (count_of(sum.bad) < 2 && unheard != 0) {
        vd_weigh_want(look, gap_ms, VD_NEXT_ELSEWHERE, sum.bad & VD_SERVERS_ALL);
        return;
    }
    if (since_ms + gap_ms < wait_ms) {
        gap_ms = wait_ms - since_ms;
    }
    if ((weak & VD_SERVERS_ALL) != 0 || vd_authorities_in(weak) == 0) {
        vd_weigh_want(look, gap_ms, VD_NEXT_ELSEWHERE, VD_SERVERS_ALL & ~weak);
    } else {
        vd_weigh_want_one_of(look, weak, gap_ms);
    }
}

void vd_weigh_want_confirmation(const struct vd_weighing *look, struct vd_alert *alert)
{
    uint32_t wait_ms = look->watch->confirm_wait_ms;
    unsigned spoken = (unsigned)alert->bad | alert->good;
    unsigned unheard = vd_authorities_in(look->sources->authorities) & ~spoken;

    if (alert->wants >= VD_CONFIRM_LOOKS_MAX) {
        return;
    }
    alert->wants++;
    if (!vd_weigh_is_mute(look, alert) && vd_authorities_in(alert->good) == 0 && unheard != 0) {
        unsigned fresh = unheard & ~(unsigned)alert->vain;
        alert->is_authority_due = true;
        vd_weigh_want(look, fresh != 0 ? 0 : gap_of(look), VD_NEXT_AUTHORITY,
                      VD_AUTHORITIES_ALL & ~(fresh != 0 ? fresh : unheard));
    } else if (alert->bad != 0 && alert->good != 0) {
        want_recheck(look, alert);
    } else if (is_single_source(look, alert)) {
        vd_weigh_want(look,
                      (uint64_t)wait_ms * VD_CONFIRM_SINGLE_SPAN / (VD_CONFIRM_LOOKS_SINGLE - 1u),
                      look->sources->resolvers != 0 ? VD_NEXT_ANYONE : VD_NEXT_AUTHORITY, 0);
    } else {
        want_ladder(look, alert);
    }
}

/* ---- belief ------------------------------------------------------------------------------------ */

static bool says_gone(uint8_t code)
{
    static const uint8_t codes[] = {
        VD_CODE_SPF_MISSING,  VD_CODE_DKIM_MISSING,    VD_CODE_DMARC_MISSING,
        VD_CODE_MX_MISSING,   VD_CODE_MAIL_FROM_SPF,   VD_CODE_MAIL_FROM_MX,
        VD_CODE_DS_MISSING,   VD_CODE_MTA_STS_MISSING, VD_CODE_TLS_RPT_MISSING,
        VD_CODE_BIMI_MISSING,
    };

    return memchr(codes, code, sizeof codes) != NULL;
}

/* What may be believed: of "gone" only what was said of just that. */
static struct support support_of(const struct vd_weighing *look, const struct vd_alert *alert)
{
    return says_gone(alert->code) ? own_looks(alert) : sum_looks(look, alert);
}

/*
 * A change that was held back for all of confirm_hold is believed when authorities carry it: one of
 * them and two resolvers, with no resolver against it; or those of them that can still be heard.
 * One stale secondary, or one that is dead beside caches that are old, must not hide it for ever.
 */
static bool is_carried(const struct vd_weighing *look, const struct vd_alert *alert,
                       const struct support *sum, unsigned agreeing)
{
    unsigned authorities = vd_authorities_in(sum->bad);
    unsigned silent = vd_authorities_in(look->sources->authorities) & ~authorities;

    if (alert->is_transitive || authorities == 0 ||
        !vd_weigh_has_repeated(authorities, sum->seen)) {
        return false;
    }
    if (vd_authorities_in(alert->good) == 0) {
        return (silent & ~(unsigned)alert->vain) == 0;
    }
    return (alert->good & VD_SERVERS_ALL) == 0 && (sum->bad & VD_SERVERS_ALL) != 0 && agreeing >= 3;
}

bool vd_weigh_is_believed(const struct vd_weighing *look, const struct vd_alert *alert)
{
    struct support sum = support_of(look, alert);
    unsigned known = count_of(vd_authorities_in(look->sources->authorities));
    unsigned authorities = count_of(vd_authorities_in(sum.bad));
    unsigned looks = 0, agreeing = 0, most = 0;
    uint64_t span_ms = look->now_ms - sum.first_ms;
    uint32_t wait_ms = look->watch->confirm_wait_ms;

    for (uint8_t i = 0; i < VD_PEERS_MAX; i++) {
        unsigned seen = (sum.bad & vd_source_set(i)) != 0 ? sum.seen[i] : 0;
        looks += seen;
        agreeing += seen >= VD_CONFIRM_LOOKS_EACH;
        most = seen > most ? seen : most;
    }
    bool is_held_out = look->now_ms - alert->first_ms >= look->confirm->confirm_hold_ms;
    if (is_held_out && is_carried(look, alert, &sum, agreeing)) {
        return true;
    }
    if (vd_authorities_in(alert->good) != 0) {
        return false; /* (b) */
    }
    /* (a), but never on one look. */
    if (!alert->is_transitive && known > 0 && authorities >= (known < 2 ? known : 2) &&
        looks >= 2) {
        return true;
    }
    if (alert->good != 0 || !(vd_weigh_is_mute(look, alert) || authorities > 0)) {
        return false;
    }
    if (agreeing >= 2) {
        return span_ms >= wait_ms; /* (c) */
    }
    return is_single_source(look, alert) && most >= VD_CONFIRM_LOOKS_SINGLE &&
           span_ms >= (uint64_t)VD_CONFIRM_SINGLE_SPAN * wait_ms; /* (d) */
}
