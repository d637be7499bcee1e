/*
 * DKIM: what to type.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/dkim.h"
#include "firmware/judge/judge_dkim.h"
#include "firmware/judge/slips.h"

#include <stdio.h>
#include <string.h>

/* Longest key record that is put right and shown. */
#define CLEAN_MAX 800u

/* "the CNAME that Amazon SES shows for it". */
static uint16_t put_new(const struct vd_bench *at, uint8_t index)
{
    const struct vd_provider *provider = vd_dkim_provider_of(at->watch, index);
    const struct vd_provider *holder = vd_dkim_holder_of(at->watch, index, false);

    if (holder != NULL) {
        int first = (int)strcspn(holder->targets, " ");
        const char *second = holder->targets + first;
        second += *second == ' ';
        return vd_words_put(at->out,
                            "at %s put the CNAME that %s shows for it (to a name in %.*s%s%.*s)",
                            at->record, holder->title, first, holder->targets,
                            *second == '\0' ? "" : " or ", (int)strcspn(second, " "), second);
    }
    return vd_words_put(at->out, "at %s put the %s that %s shows for it", at->record,
                        provider != NULL ? "TXT" : "record",
                        provider != NULL ? provider->title : "your mail service");
}

/* The target as it was meant, where the domain was appended to it. */
static uint16_t mend_target(const struct vd_bench *at)
{
    const char *domain = at->watch->domain;
    size_t len = strlen(at->alias);

    for (; domain != NULL; domain = strchr(domain, '.') == NULL ? NULL : strchr(domain, '.') + 1) {
        size_t end = strlen(domain);
        if (end > 0 && len > end + 1 && at->alias[len - end - 1] == '.' &&
            strcmp(at->alias + len - end, domain) == 0) {
            return vd_words_put(at->out,
                                "your DNS host appended the domain to the value: at %s put CNAME: "
                                "%.*s. (with the dot at its end)",
                                at->record, (int)(len - end - 1), at->alias);
        }
    }
    return vd_words_put(at->out, "at %s put the CNAME's target with a dot at its end", at->record);
}

/* The text that is meant as a key, as the zone has it. */
static struct vd_span text_of(const struct vd_bench *at)
{
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, at->record, VD_TYPE_TXT);
    const struct vd_record *record;

    for (size_t i = 0; answer != NULL &&
                       (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span text = vd_snapshot_span(at->snapshot, record);
        if (vd_slip_is_meant(text, VD_SUBJECT_DKIM)) {
            return text;
        }
    }
    return (struct vd_span){NULL, 0};
}

/* Is it known whole, and short enough to be pasted?  Then it is shown. */
static bool is_whole(struct vd_text_ref text)
{
    return text.len > 0 && text.sound == text.len && text.len <= CLEAN_MAX;
}

static bool is_shown(const struct vd_dkim_facts *was)
{
    return was->standing == VD_STANDING_OK && is_whole(was->text);
}

/* What was typed wrongly, put right where that gives a good key; else the last good one. */
static uint16_t mend_typed(const struct vd_bench *at, const struct vd_dkim_facts *was, uint8_t slip)
{
    char clean[CLEAN_MAX];
    char advice[VD_SLIP_ADVICE_MAX];
    struct vd_dkim key;
    size_t len = vd_slip_clean(text_of(at), VD_SUBJECT_DKIM, clean, sizeof clean);
    const char *text = clean;

    (void)vd_slip_advice(slip, at->record, at->watch->domain, "", advice);
    if (len == 0 || vd_dkim_parse((const uint8_t *)clean, len, &key) != VD_OK ||
        key.state != VD_DKIM_USABLE) {
        bool is_text = is_shown(was) && !was->is_alias;
        text = vd_facts_text(at->was, was->text);
        len = is_text ? was->text.len : 0;
    }
    if (len > 0 && len + 200u < sizeof at->out->words - at->out->words_len) {
        return vd_words_put(at->out, "%s; at %s put TXT: %s", advice, at->record, text);
    }
    return vd_words_put(at->out, "at %s: %s", at->record, advice);
}

/* What is wrong stands at the end of a CNAME, where others may hold the pen. */
static uint16_t mend_behind(const struct vd_bench *at, const struct vd_dkim_facts *now)
{
    return vd_words_put(at->out,
                        "have the TXT mended at %.200s, where the CNAME at %s leads: %.120s",
                        at->alias, at->record, vd_facts_text(&at->out->facts, now->fault));
}

/* The CNAME as it was.  Whoever has just removed one that strangers can have is not to put it back. */
static uint16_t put_alias(const struct vd_bench *at, const struct vd_dkim_facts *was)
{
    if (!is_whole(was->text)) {
        return vd_mend_put_back(at, "CNAME", was->text, true);
    }
    return vd_words_put(at->out,
                        "%sat %s put CNAME: %s. (with the dot at its end; see that your mail "
                        "service still shows it)",
                        at->lead, at->record, vd_facts_text(at->was, was->text));
}

/* A key has to go, for good. */
static uint16_t mend_parked(const struct vd_bench *at)
{
    return vd_words_put(at->out,
                        "if nobody of yours put it there, change the password of the DNS host; at "
                        "%s remove the record; at *._domainkey.%s put TXT: v=DKIM1; p=",
                        at->record, at->watch->domain);
}

/* It has not arrived: neither the record, nor the key behind it. */
static uint16_t mend_pending(const struct vd_bench *at, const struct vd_dkim_facts *now)
{
    if (now->is_alias) {
        return vd_words_put(at->out,
                            "wait until your mail service has put the key at %.200s; if it is "
                            "still missing tomorrow, compare the CNAME at %s with what the service "
                            "shows for it",
                            at->alias, at->record);
    }
    return vd_words_put(at->out,
                        "wait until it has spread; if it is still missing tomorrow, look whether "
                        "%s is the whole name that your DNS host shows for it",
                        at->record);
}

static uint16_t mend_takeover(const struct vd_bench *at, const struct vd_dkim_facts *was,
                              const struct vd_dkim_facts *now)
{
    bool is_known = was->is_alias && was->alias != now->alias && is_shown(was);

    return vd_words_put(at->out,
                        "at %s remove the CNAME to %.150s now: whoever registers that domain can "
                        "sign as you%s%s%s",
                        at->record, at->alias, is_known ? "; put back CNAME: " : "",
                        is_known ? vd_facts_text(at->was, was->text) : "", is_known ? "." : "");
}

/* The record is there, and what is behind it or in it is not good; nothing good is known. */
static uint16_t mend_unproved(const struct vd_bench *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->out->facts.dkim[index];
    const struct vd_provider *holder = vd_dkim_holder_of(at->watch, index, false);

    if (holder != NULL && vd_dkim_is_held_by(was, holder) && !vd_dkim_is_held_by(now, holder)) {
        return put_alias(at, was); /* the service had no key there yet, and wants the CNAME */
    }
    if (at->finding->code == VD_CODE_DKIM_SHORT) {
        return vd_words_put(at->out,
                            "make a key of 2048 bits at your mail service, put its record at a new "
                            "selector, and take %s away once mail is signed with that",
                            at->record);
    }
    if (at->finding->code == VD_CODE_DKIM_DANGLING) {
        return vd_words_put(at->out,
                            "compare the CNAME at %s with what your mail service shows for it, and "
                            "see there that the domain is still set up: nothing is at %.200s",
                            at->record, at->alias);
    }
    if (now->state == VD_KEY_UNUSABLE && now->is_alias) {
        return mend_behind(at, now);
    }
    if (now->state == VD_KEY_UNUSABLE) {
        return vd_mend_correct(at, "DKIM", now->fault, now->text);
    }
    return put_new(at, index);
}

/* Where it belongs; with the record itself, if it was good once and is known whole. */
static uint16_t mend_misplaced(const struct vd_bench *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->out->facts.dkim[index];
    char advice[VD_SLIP_ADVICE_MAX];

    if (!is_shown(was)) {
        return vd_mend_slip(at, now->slip, now->where);
    }
    (void)vd_slip_advice(now->slip, at->record, at->watch->domain,
                         vd_facts_text(&at->out->facts, now->where), advice);
    return vd_words_put(at->out, "%s; %s: %s%s", advice, was->is_alias ? "CNAME" : "TXT",
                        vd_facts_text(at->was, was->text), was->is_alias ? "." : "");
}

/* By the mistake that was made; 0: none, or no words for it. */
static uint16_t mend_by_slip(const struct vd_bench *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->out->facts.dkim[index];

    if (now->slip == VD_SLIP_NO_DOT) {
        return mend_target(at);
    }
    if (now->is_alias) {
        return 0;
    }
    if (now->slip == VD_SLIP_TWO_RECORDS && now->records > 1) {
        return vd_mend_keep_one(at, "TXT", was->standing == VD_STANDING_OK && !was->is_alias,
                                was->text);
    }
    return at->finding->code == VD_CODE_DKIM_MISPLACED ? mend_misplaced(at, index)
           : at->finding->code == VD_CODE_DKIM_BROKEN  ? mend_typed(at, was, now->slip)
                                                       : 0;
}

static uint16_t mend(const struct vd_bench *at, uint8_t index)
{
    const struct vd_dkim_facts *was = &at->was->dkim[index];
    const struct vd_dkim_facts *now = &at->out->facts.dkim[index];
    uint16_t words = 0;

    if (now->slip != VD_SLIP_NONE) {
        words = mend_by_slip(at, index);
    }
    if (words != 0) {
        return words;
    }
    if (was->standing != VD_STANDING_OK || was->state != VD_KEY_USABLE) {
        return mend_unproved(at, index);
    }
    if (was->is_alias && now->is_alias && now->alias == was->alias) {
        return at->finding->code == VD_CODE_DKIM_BROKEN
                   ? mend_behind(at, now)
                   : vd_words_put(at->out,
                                  "%sat %s leave CNAME: %s in place, and have its operator put "
                                  "the key back there",
                                  at->lead, at->record, at->alias);
    }
    return was->is_alias ? put_alias(at, was) : vd_mend_put_back(at, "TXT", was->text, true);
}

uint16_t vd_mend_dkim(const struct vd_bench *bench, uint8_t index)
{
    const struct vd_dkim_facts *was = &bench->was->dkim[index];
    const struct vd_dkim_facts *now = &bench->out->facts.dkim[index];
    struct vd_bench at = *bench;

    if (!now->is_alias) {
        at.alias = ""; /* a wildcard's: there is none to mend at this name */
    }
    switch (at.finding->code) {
    case VD_CODE_DKIM_PARKED:
        return mend_parked(&at);
    case VD_CODE_DKIM_PENDING:
        return mend_pending(&at, now);
    case VD_CODE_DKIM_VERIFIED:
        return vd_words_put(at.out, "nothing has to be done");
    case VD_CODE_DKIM_TAKEOVER:
        return mend_takeover(&at, was, now);
    case VD_CODE_DKIM_WILDCARD:
        return vd_words_put(at.out,
                            "at *._domainkey.%s remove the wildcard, and put a record of its own "
                            "for each selector that is in use",
                            at.watch->domain);
    default:
        return mend(&at, index);
    }
}
