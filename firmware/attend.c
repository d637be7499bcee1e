/*
 * Windows, plans, reminders, flapping.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/attend.h"

#include "dns/records/span.h"

#include <string.h>

#define MINUTES_OF_DAY 1440
#define DAY_S          86400u

/* 1970-01-01 was a Thursday. */
#define FIRST_WEEKDAY 4

/* ---- maintenance ------------------------------------------------------------------------- */

bool vd_attend_is_window(const struct vd_window *window, int64_t unix_s)
{
    if (unix_s == VD_NO_CALENDAR || unix_s < DAY_S) {
        return false;
    }
    int64_t local_min = unix_s / 60 + window->zone_min;
    unsigned minute = (unsigned)(local_min % MINUTES_OF_DAY);
    unsigned weekday = (unsigned)((local_min / MINUTES_OF_DAY + FIRST_WEEKDAY) % 7);
    unsigned yesterday = (weekday + 6u) % 7u;

    if (window->from_min < window->until_min) {
        return (window->days >> weekday & 1u) != 0 && minute >= window->from_min &&
               minute < window->until_min;
    }
    /* Past midnight: it begins on one of its days, and ends on the next. */
    return ((window->days >> weekday & 1u) != 0 && minute >= window->from_min) ||
           ((window->days >> yesterday & 1u) != 0 && minute < window->until_min);
}

bool vd_attend_is_maintenance(const struct vd_watch *watch, int64_t unix_s)
{
    for (uint8_t i = 0; i < watch->windows_count; i++) {
        if (vd_attend_is_window(&watch->windows[i], unix_s)) {
            return true;
        }
    }
    return false;
}

/* ---- accepted and planned ------------------------------------------------------------------ */

static struct vd_span span_of(const char *text)
{
    return (struct vd_span){(const uint8_t *)text, strlen(text)};
}

/* A finding that a whole record set is gone or unusable is named by the facet that stands for it: who
   gives up rua= has not given up DMARC. */
static bool stands_for_all(uint8_t facet)
{
    return VD_FACET_BIT(facet) == 1u || facet == VD_FACET_SPF_DEFAULT ||
           facet == VD_FACET_DMARC_POLICY || facet == VD_FACET_MX_HOSTS;
}

/* "dmarc.policy:quarantine" means it for all of the mail: with t=y, or a small pct=, it says more than
   its word. */
static bool is_more_than_its_word(const struct vd_facts *facts, uint8_t facet)
{
    const struct vd_dmarc_facts *dmarc = &facts->dmarc;

    switch (facet) {
    case VD_FACET_DMARC_POLICY:
        return dmarc->legacy_self < dmarc->p || dmarc->bis_self < dmarc->p;
    case VD_FACET_DMARC_SP:
        return dmarc->np < dmarc->sp || dmarc->legacy_sub < dmarc->sp ||
               dmarc->bis_sub < dmarc->sp || dmarc->bis_np < dmarc->sp;
    case VD_FACET_SPF_DEFAULT:
        return facts->spf.is_open;
    default:
        return false;
    }
}

/* "10 mx.example.net", the only host: its name. */
static struct vd_span only_host(const struct vd_facts *facts)
{
    const struct vd_mx_facts *mx = &facts->mx;
    const char *text = vd_facts_text(facts, mx->text);
    size_t skip = strcspn(text, " ");

    bool is_one = mx->standing == VD_STANDING_OK && mx->count == 1 &&
                  mx->text.sound == mx->text.len && text[skip] != '\0';
    return span_of(is_one ? text + skip + 1 : "");
}

/* "include:_spf.example.net", the only term that was added: the domain. */
static struct vd_span only_include(const char *added)
{
    static const char include[] = "include:";
    struct vd_span term = span_of(added[0] == '+' ? added + 1 : added);
    struct vd_span word = {term.bytes, sizeof include - 1};
    bool is_one = term.len >= sizeof include && vd_span_is_word(word, include) &&
                  strpbrk(added, ", ") == NULL;

    return is_one ? vd_span_skip(term, sizeof include - 1) : span_of("");
}

/* What a facet without a word of its own says, when it is one thing: a host, a domain, "revoked".
   Empty where it is more than that. */
static struct vd_span only_thing(const struct vd_judgement *judgement,
                                 const struct vd_finding *finding, uint8_t facet, uint8_t index)
{
    const struct vd_facts *facts = &judgement->facts;

    switch (facet) {
    case VD_FACET_MX_HOSTS:
        return only_host(facts);
    case VD_FACET_SPF_INCLUDE: /* of the other codes, what is gone is the worse part */
        return only_include(finding->code == VD_CODE_SPF_INCLUDE_ADDED
                                ? vd_judgement_words(judgement, finding->new_text)
                                : "");
    case VD_FACET_DKIM_KEY:
        return span_of(facts->dkim[index].state == VD_KEY_REVOKED ? "revoked" : "");
    default:
        return span_of("");
    }
}

/* Could accept = take it over at all?  A name that a stranger can register is more than "absent". */
static bool can_be_named(const struct vd_judgement *judgement, const struct vd_finding *finding,
                         uint8_t facet)
{
    return finding->code != VD_CODE_DKIM_TAKEOVER &&
           !is_more_than_its_word(&judgement->facts, facet);
}

/* Does "facet:value" name what the finding's facet says now, and no more than that? */
static bool is_named(const struct vd_watch *watch, const struct vd_judgement *judgement,
                     const struct vd_finding *finding, uint8_t facet, uint8_t index, uint16_t value)
{
    const struct vd_subject *subject = &judgement->subjects[finding->subject];
    const char *text = vd_watch_text(watch, value);
    bool is_whole = finding->facet == VD_FACET_ALL && stands_for_all(facet);
    char word[VD_FACET_WORD_MAX];

    if (VD_FACET_KIND(facet) != subject->kind || index != subject->index ||
        !(finding->facet == facet || is_whole) || !can_be_named(judgement, finding, facet)) {
        return false;
    }
    return vd_span_is_word(only_thing(judgement, finding, facet, index), text) ||
           strcmp(vd_facet_word(&judgement->facts, facet, index, word), text) == 0;
}

bool vd_attend_is_accepted(const struct vd_watch *watch, const struct vd_judgement *judgement,
                           const struct vd_finding *finding)
{
    for (uint8_t i = 0; i < watch->accepts_count; i++) {
        const struct vd_accept *accept = &watch->accepts[i];
        if (is_named(watch, judgement, finding, accept->facet, accept->index, accept->value)) {
            return true;
        }
    }
    return false;
}

bool vd_attend_is_planned(const struct vd_watch *watch, const struct vd_judgement *judgement,
                          const struct vd_finding *finding, int64_t unix_s)
{
    for (uint8_t i = 0; unix_s != VD_NO_CALENDAR && i < watch->plans_count; i++) {
        const struct vd_plan *plan = &watch->plans[i];
        if (unix_s >= plan->from_s && unix_s < plan->until_s &&
            is_named(watch, judgement, finding, plan->facet, plan->index, plan->value)) {
            return true;
        }
    }
    return false;
}

void vd_attend_put_accept(struct vd_text_writer *w, const struct vd_judgement *judgement,
                          const struct vd_finding *finding)
{
    const struct vd_subject *subject = &judgement->subjects[finding->subject];
    bool is_whole = finding->facet == VD_FACET_ALL;
    uint8_t facet = is_whole ? (uint8_t)VD_FACET(subject->kind, 0) : finding->facet;
    const char *name = vd_facet_str(facet);
    const char *record = vd_judgement_words(judgement, subject->record);
    const char *below = strstr(record, "._domainkey.");
    char word[VD_FACET_WORD_MAX];

    if (name[0] == '\0' || vd_facet_varies(facet) || !can_be_named(judgement, finding, facet)) {
        return;
    }
    vd_text_put(w, " (accept = ");
    size_t len = strcspn(name, ".");
    vd_text_put_span(w, name, len);
    if (subject->kind == VD_SUBJECT_DKIM && below != NULL) {
        vd_text_put(w, ".");
        vd_text_put_span(w, record, (size_t)(below - record));
    }
    vd_text_put(w, name + len);
    vd_text_put(w, ":");
    struct vd_span thing = only_thing(judgement, finding, facet, subject->index);
    if (thing.len > 0) {
        vd_text_put_span(w, (const char *)thing.bytes, thing.len);
    } else {
        vd_text_put(w, vd_facet_word(&judgement->facts, facet, subject->index, word));
    }
    vd_text_put(w, ")");
}

uint32_t vd_attend_remind_s(uint8_t severity)
{
    switch (severity) {
    case VD_SEVERITY_CRITICAL:
    case VD_SEVERITY_ERROR:
        return DAY_S;
    case VD_SEVERITY_WARNING:
        return 7u * DAY_S;
    default:
        return 0;
    }
}

/* ---- flapping ------------------------------------------------------------------------------ */

struct vd_flap *vd_flaps_find(struct vd_flaps *flaps, const struct vd_flap *key)
{
    for (size_t i = 0; i < VD_FLAPS_MAX; i++) {
        struct vd_flap *row = &flaps->rows[i];
        if (row->is_used && row->watch == key->watch && row->code == key->code &&
            row->kind == key->kind && row->index == key->index) {
            return row;
        }
    }
    return NULL;
}

static struct vd_flap *add(struct vd_flaps *flaps, const struct vd_flap *key)
{
    struct vd_flap *oldest = NULL;

    for (size_t i = 0; i < VD_FLAPS_MAX; i++) {
        struct vd_flap *row = &flaps->rows[i];
        if (!row->is_used) {
            oldest = row;
            break;
        }
        if (!row->is_flapping && (oldest == NULL || row->moved_s < oldest->moved_s)) {
            oldest = row;
        }
    }
    if (oldest != NULL) {
        *oldest = (struct vd_flap){.is_used = true,
                                   .watch = key->watch,
                                   .code = key->code,
                                   .kind = key->kind,
                                   .index = key->index};
    }
    return oldest;
}

struct vd_flap *vd_flaps_close(struct vd_flaps *flaps, const struct vd_flap *key, uint32_t now_s)
{
    struct vd_flap *row = vd_flaps_find(flaps, key);

    row = row == NULL ? add(flaps, key) : row;
    if (row == NULL) {
        return NULL; /* as many as there is room for flap already */
    }
    uint32_t first_s = row->closed_s[VD_FLAP_TURNS - 2u];
    bool begins = !row->is_flapping && first_s != 0 && now_s - first_s <= VD_FLAP_SPAN_S;

    memmove(row->closed_s + 1, row->closed_s, sizeof(row->closed_s) - sizeof(row->closed_s[0]));
    row->closed_s[0] = now_s != 0 ? now_s : 1u;
    row->moved_s = now_s;
    row->is_flapping |= begins;
    return begins ? row : NULL;
}

bool vd_flaps_move(struct vd_flaps *flaps, const struct vd_flap *key, uint32_t now_s)
{
    struct vd_flap *row = vd_flaps_find(flaps, key);

    if (row == NULL || !row->is_flapping) {
        return false;
    }
    row->moved_s = now_s;
    return true;
}

struct vd_flap *vd_flaps_steady(struct vd_flaps *flaps, uint8_t watch, uint32_t now_s)
{
    for (size_t i = 0; i < VD_FLAPS_MAX; i++) {
        struct vd_flap *row = &flaps->rows[i];
        if (row->is_used && row->is_flapping && row->watch == watch &&
            now_s - row->moved_s >= VD_FLAP_STEADY_S) {
            return row;
        }
    }
    return NULL;
}
