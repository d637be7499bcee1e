/*
 * SPF: facts.
 *
 * SPDX-License-Identifier: MIT
 */
#include "dns/records/span.h"
#include "dns/records/spf.h"
#include "dns/spf_check.h"

#include "firmware/judge/facets.h"
#include "firmware/judge/facts_write.h"
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"
#include "firmware/judge/spf_terms.h"
#include "firmware/judge/spf_walk.h"

#include <stdio.h>
#include <string.h>

/* Bit of strangers_pass for the built-in one. */
#define BUILT_IN_BIT 7u

/* Longest sender address: a local part, '@' and a domain. */
#define SENDER_TEXT_MAX (VD_DOMAIN_TEXT_MAX + VD_SPF_LOCAL_MAX + 1u)

/* ---- the own record ---------------------------------------------------------------------- */

/* In ascending order: order in the record does not matter. */
static void add_include(struct vd_spf_facts *spf, uint32_t hash)
{
    size_t place = VD_SPF_INCLUDES_MAX;

    if (spf->includes[VD_SPF_INCLUDES_MAX - 1] != 0) {
        return; /* over the limit of lookups anyhow */
    }
    while (place > 1 && (spf->includes[place - 2] == 0 || spf->includes[place - 2] > hash)) {
        spf->includes[place - 1] = spf->includes[place - 2];
        place--;
    }
    spf->includes[place - 1] = hash;
}

static void keep_shorter(uint8_t *kept, uint8_t bits)
{
    *kept = bits < *kept ? bits : *kept;
}

static void note_own(struct vd_spf_facts *spf, const struct vd_spf_term *term)
{
    bool is_host = term->kind == VD_SPF_A || term->kind == VD_SPF_MX;

    if (term->qualifier == '+' && (is_host || term->kind == VD_SPF_IP4)) {
        keep_shorter(&spf->own4, term->prefix4);
    }
    if (term->qualifier == '+' && (is_host || term->kind == VD_SPF_IP6)) {
        keep_shorter(&spf->own6, term->prefix6);
    }
}

/*
 * What our own record says, without a look at others'.
 */
static void read_terms(const struct vd_spf *record, struct vd_spf_facts *spf)
{
    bool is_over = false;

    for (size_t i = 0; i < record->terms_count; i++) {
        const struct vd_spf_term *term = &record->terms[i];
        uint32_t hash = vd_spf_term_hash((struct vd_span){record->text + term->offset, term->len});
        if (term->kind == VD_SPF_EXP || term->kind == VD_SPF_MODIFIER) {
            spf->extras += hash;
        } else if (is_over) {
            continue; /* RFC 7208, section 5.1 */
        } else if (term->kind == VD_SPF_ALL) {
            is_over = true;
        } else if (term->kind == VD_SPF_PTR && term->qualifier == '+') {
            spf->has_ptr = 1;
        } else if (vd_spf_is_party(term)) {
            if (term->kind != VD_SPF_REDIRECT || !vd_spf_has_all(record)) {
                add_include(spf, hash == 0 ? 1 : hash);
            }
        } else {
            note_own(spf, term);
        }
    }
    spf->terms = vd_spf_terms_hash(record);
}

/* ---- senders and strangers ----------------------------------------------------------------- */

static const struct vd_answer *find_for_check(void *ctx, const char *name, uint16_t type)
{
    return vd_reading_find(ctx, name, type, type == VD_TYPE_TXT ? VD_WANT_SPF : VD_WANT_OTHER);
}

/* What a receiver says to mail from this address: VD_SPF_UNKNOWN, or whether it passes. */
static uint8_t check(const struct vd_reading *at, const uint8_t *address, bool is_ip6)
{
    const struct vd_watch *watch = at->watch;
    const char *from = vd_watch_text(watch, watch->from);
    struct vd_reading reading = *at; /* find_for_check may not change it, but is not told so */
    const struct vd_spf_answers answers = {at->snapshot, find_for_check, &reading,
                                           &at->scratch->shelf};
    struct vd_spf_mail mail = {.is_ip6 = is_ip6, .helo = watch->domain};
    char sender[SENDER_TEXT_MAX];
    struct vd_spf_verdict verdict;

    memcpy(mail.address, address, is_ip6 ? 16 : 4);
    snprintf(sender, sizeof sender, "postmaster@%s", watch->domain);
    mail.sender = from[0] != '\0' ? from : sender;
    vd_spf_check(&answers, watch->domain, &mail, &verdict);
    return verdict.result == VD_SPF_TEMPERROR ? (uint8_t)VD_SPF_UNKNOWN : verdict.result;
}

static void check_stranger(const struct vd_reading *at, const uint8_t *address, bool is_ip6,
                           unsigned bit)
{
    struct vd_spf_facts *spf = &at->out->spf;
    uint8_t result = check(at, address, is_ip6);

    if (result == VD_SPF_UNKNOWN) {
        spf->unknown |= VD_FACET_BIT(VD_FACET_SPF_SENDERS);
    } else if (result == VD_SPF_RESULT_PASS) {
        spf->strangers_pass |= (uint8_t)(1u << bit);
    }
}

/*
 * Our own servers, strangers that the watch names, and one of ours.  The last is outside of every
 * network: only where the mail decides (macros, ptr) can it pass at all.
 */
static void check_all(const struct vd_reading *at, const struct vd_spf_walked *walked)
{
    const struct vd_watch *watch = at->watch;
    struct vd_spf_facts *spf = &at->out->spf;
    unsigned pick = 0;

    at->scratch->shelf.terms_count = at->scratch->shelf.records_count = 0;
    for (unsigned i = 0; i < watch->senders_count && i < VD_SENDERS_MAX; i++) {
        uint8_t result = check(at, watch->senders[i].address, watch->senders[i].is_ip6);
        if (result == VD_SPF_UNKNOWN) {
            spf->unknown |= VD_FACET_BIT(VD_FACET_SPF_SENDERS);
        } else if (result == VD_SPF_RESULT_PASS) {
            spf->senders_pass |= (uint8_t)(1u << i);
        } else {
            spf->senders_fail |= (uint8_t)(1u << i);
        }
    }
    for (unsigned i = 0; i < watch->strangers_count && i < VD_STRANGERS_MAX; i++) {
        check_stranger(at, watch->strangers[i].address, watch->strangers[i].is_ip6, i);
    }
    while (vd_spf_stranger(pick) != NULL && (walked->strangers & 1u << pick) == 0) {
        pick++;
    }
    if (walked->is_by_mail && !spf->passes_all && vd_spf_stranger(pick) != NULL) {
        check_stranger(at, vd_spf_stranger(pick), false, BUILT_IN_BIT);
    }
}

/* ---- slips ----------------------------------------------------------------------------------- */

/* No record of ours: does it stand at another name, or is there one that nobody takes for it? */
static void look_for_slip(const struct vd_reading *at, const struct vd_answer *answer)
{
    struct vd_spf_facts *spf = &at->out->spf;
    const struct vd_record *record;
    bool is_open = false;

    for (size_t i = 0; spf->slip == VD_SLIP_NONE &&
                       (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span text = vd_snapshot_span(at->snapshot, record);
        spf->slip = (uint8_t)vd_slip_of_text(text, VD_SUBJECT_SPF);
        if (spf->slip != VD_SLIP_NONE) {
            vd_facts_write_record(at->out, &spf->text, text);
        }
    }
    if (spf->slip == VD_SLIP_NONE) {
        spf->slip = (uint8_t)vd_slip_look(at, VD_SUBJECT_SPF, 0, &spf->where, &is_open);
    }
    /* A record that ours included stands where it should. */
    if (spf->where.len > 0 && at->was->spf.standing == VD_STANDING_OK &&
        strstr(vd_facts_text(at->was, at->was->spf.text), vd_facts_text(at->out, spf->where)) !=
            NULL) {
        spf->slip = VD_SLIP_NONE;
        spf->where = (struct vd_text_ref){0, 0, 0};
    }
}

/* ---- all of it --------------------------------------------------------------------------------- */

/* The SPF records of our own answer; *text is the last one (RFC 7208, section 4.5). */
static unsigned count_records(const struct vd_reading *at, const struct vd_answer *answer,
                              struct vd_span *text)
{
    const struct vd_record *record;
    unsigned count = 0;

    for (size_t i = 0; (record = vd_snapshot_record(at->snapshot, answer, VD_TYPE_TXT, i)) != NULL;
         i++) {
        struct vd_span span = vd_snapshot_span(at->snapshot, record);
        if (vd_spf_is_record(span)) {
            *text = span;
            count++;
        }
    }
    return count;
}

/* Terms that the own record has lost: are their hosts' addresses still let in by others? */
static void want_lost_hosts(const struct vd_reading *at, const struct vd_spf *record)
{
    char name[VD_DOMAIN_TEXT_MAX];

    for (size_t i = 0; i < record->terms_count; i++) {
        const struct vd_spf_term *term = &record->terms[i];
        if (term->kind == VD_SPF_A && term->qualifier == '+' &&
            vd_spf_target(record, term, at->watch->domain, name, sizeof name) == VD_OK) {
            (void)vd_reading_find(at, name, VD_TYPE_A, VD_WANT_OTHER);
            (void)vd_reading_find(at, name, VD_TYPE_AAAA, VD_WANT_OTHER);
        }
    }
}

/* The texts of a record that is there, and what its own terms say.  VD_OK: it can be walked. */
static void read_own(const struct vd_reading *at, struct vd_span text)
{
    const struct vd_spf_facts *was = &at->was->spf;
    struct vd_spf_facts *spf = &at->out->spf;
    struct vd_spf record;

    if (vd_spf_parse(text.bytes, text.len, &record) != VD_OK) {
        spf->slip = (uint8_t)vd_slip_of_text(text, VD_SUBJECT_SPF);
        return;
    }
    read_terms(&record, spf);
    if (was->standing == VD_STANDING_OK && was->terms != spf->terms &&
        was->text.sound == was->text.len &&
        vd_spf_parse((const uint8_t *)vd_facts_text(at->was, was->text), was->text.len, &record) ==
            VD_OK) {
        want_lost_hosts(at, &record);
    }
}

static void read_present(const struct vd_reading *at, const struct vd_answer *answer)
{
    struct vd_facts *out = at->out;
    struct vd_spf_facts *spf = &out->spf;
    struct vd_span text = {NULL, 0};
    struct vd_spf_walked walked;
    unsigned records = count_records(at, answer, &text);

    spf->records = (uint8_t)(records > UINT8_MAX ? UINT8_MAX : records);
    if (records == 0) {
        spf->standing = VD_STANDING_ABSENT;
        look_for_slip(at, answer);
        return;
    }
    vd_facts_write_record(out, &spf->text, text);
    if (records > 1) {
        spf->standing = VD_STANDING_BROKEN; /* RFC 7208, section 4.5 */
        spf->slip = VD_SLIP_TWO_RECORDS;
        vd_facts_write(out, &spf->fault, "%u SPF records at one name", records);
        return;
    }
    read_own(at, text);
    vd_spf_walk(at, answer, text, &walked);
    if (spf->standing != VD_STANDING_BROKEN) { /* of a broken one the verdict is made */
        check_all(at, &walked);
    }
}

void vd_facts_read_spf(const struct vd_reading *at)
{
    const struct vd_answer *answer =
        vd_reading_find(at, at->watch->domain, VD_TYPE_TXT, VD_WANT_OWN);
    struct vd_spf_facts *spf = &at->out->spf;

    spf->dflt = VD_SPF_NEUTRAL;
    spf->prefix4 = spf->own4 = spf->any4 = VD_SPF_PREFIX4_NONE;
    spf->prefix6 = spf->own6 = spf->any6 = VD_SPF_PREFIX6_NONE;
    if (answer == NULL || answer->presence == VD_UNKNOWN) {
        spf->detail = answer == NULL ? (uint8_t)VD_DETAIL_NOT_ASKED : vd_answer_detail(answer);
        return;
    }
    if (answer->presence == VD_ABSENT) {
        spf->standing = VD_STANDING_ABSENT;
        spf->detail = answer->detail;
        look_for_slip(at, answer);
        return;
    }
    read_present(at, answer);
}
