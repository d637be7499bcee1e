/*
 * What to type: MX, MAIL FROM, MTA-STS, TLS-RPT, BIMI, NS, DS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_others.h"
#include "firmware/judge/slips.h"

#include <string.h>

/* Longest list shown to be pasted, and octets of words around it. */
#define LIST_MAX   800u
#define LIST_FRAME 700u

/* ---- MX ------------------------------------------------------------------------------------ */

/* Is it one that is to go: a null MX beside real ones, or a host of an operator not known before? */
static bool is_to_go(const struct vd_bench *at, const char *host)
{
    bool is_dot = strcmp(host, ".") == 0;

    return at->finding->code == VD_CODE_MX_BROKEN ? is_dot
           : at->finding->code == VD_CODE_MX_OUTSIDE
               ? !is_dot && !vd_mx_is_known(at->was, host, at->watch)
               : false;
}

/* The first host that is to go, and how many there are; NULL: none. */
static const char *host_to_remove(const struct vd_bench *at, unsigned *count)
{
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, at->watch->domain, VD_TYPE_MX);
    const struct vd_record *record = NULL;
    const char *first = NULL;

    *count = 0;
    while (answer != NULL && (record = vd_host_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        if (is_to_go(at, host)) {
            first = first == NULL ? host : first;
            ++*count;
        }
    }
    return first;
}

/* Known whole, and there is room for it? */
static bool is_to_paste(const struct vd_bench *at, struct vd_text_ref text)
{
    return text.len > 0 && text.sound == text.len && text.len <= LIST_MAX &&
           (size_t)text.len + LIST_FRAME < sizeof at->out->words - at->out->words_len;
}

/* With the MX of the last good state: "; put MX: 10 mx.example.com". */
static uint16_t remove_hosts(const struct vd_bench *at, const char *host, unsigned count)
{
    struct vd_text_ref text = at->was->mx.text;
    bool is_whole = is_to_paste(at, text);

    return vd_words_put(at->out, "%sat %s remove the MX %s%s%s%s", at->lead, at->record, host,
                        count > 1 ? " and the others that are new" : "",
                        is_whole ? "; put MX: " : "", is_whole ? vd_facts_text(at->was, text) : "");
}

static uint16_t mend_gone(const struct vd_bench *at)
{
    const struct vd_mx_facts *now = &at->out->facts.mx;
    const char *host = vd_facts_text(&at->out->facts, now->fault);

    if (now->slip != VD_SLIP_NONE) {
        return vd_mend_slip(at, now->slip, now->fault);
    }
    return vd_words_put(at->out,
                        "give %s an A or AAAA record, or at %s put another host in the "
                        "MX's place",
                        host, at->record);
}

static uint16_t mend_alias(const struct vd_bench *at)
{
    const char *host;
    const char *end = vd_mx_alias(at->snapshot, at->watch->domain, &host);

    return end == NULL ? 0
                       : vd_words_put(at->out, "at %s put %s into the MX in the place of %s",
                                      at->record, end, host);
}

uint16_t vd_mend_mx(const struct vd_bench *at)
{
    const struct vd_mx_facts *was = &at->was->mx;
    const struct vd_mx_facts *now = &at->out->facts.mx;
    unsigned count;
    const char *host = host_to_remove(at, &count);

    if (host != NULL) {
        return remove_hosts(at, host, count);
    }
    switch (at->finding->code) {
    case VD_CODE_MX_GONE:
        return mend_gone(at);
    case VD_CODE_MX_TAKEOVER:
        return vd_words_put(at->out, "at %s remove the MX %s", at->record,
                            vd_facts_text(&at->out->facts, now->fault));
    case VD_CODE_MX_PARKED:
        return vd_words_put(at->out, "at %s remove every MX and put MX: 0 .", at->record);
    case VD_CODE_MX_ALIAS:
        return mend_alias(at);
    case VD_CODE_MX_MISSING:
        if (now->slip != VD_SLIP_NONE) {
            return vd_mend_slip(at, now->slip, now->fault);
        }
        break;
    default:
        break;
    }
    if (was->text.len > 0) {
        return vd_mend_put_back(at, "MX", was->text, true);
    }
    if (at->watch->needs_null_mx) {
        return vd_words_put(at->out, "at %s put MX: 0 .", at->record);
    }
    return at->finding->code == VD_CODE_MX_MISSING || at->finding->code == VD_CODE_MX_NULL
               ? vd_words_put(at->out, "at %s put the MX that your mail service shows for it",
                              at->record)
               : vd_mend_put_back(at, "MX", was->text, false);
}

/* ---- MAIL FROM ----------------------------------------------------------------------------- */

/* A host in the MX that was mistyped, for the advice; "" if none is. */
static const char *mistyped_host(const struct vd_bench *at)
{
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, at->record, VD_TYPE_MX);
    const struct vd_record *record = NULL;

    while (answer != NULL && (record = vd_host_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        if (vd_slip_of_target(host, at->watch->domain) != VD_SLIP_NONE) {
            return host;
        }
    }
    return "";
}

static uint16_t mend_mail_from_mx(const struct vd_bench *at)
{
    const struct vd_mail_from_facts *now = &at->out->facts.mail_from;
    const struct vd_mail_from_facts *was = &at->was->mail_from;
    char advice[VD_SLIP_ADVICE_MAX];

    if (was->mx_standing == VD_STANDING_OK && was->mx_text.len > 0) {
        return vd_mend_put_back(at, "MX", was->mx_text, true);
    }
    if (now->mx_standing == VD_STANDING_BROKEN && now->slip != VD_SLIP_NONE &&
        now->standing == VD_STANDING_OK) {
        return vd_words_put(
            at->out, "%s",
            vd_slip_advice(now->slip, at->record, at->watch->domain, mistyped_host(at), advice));
    }
    return vd_words_put(at->out,
                        "at %s put the MX that your mail service shows for it (Amazon SES: 10 "
                        "feedback-smtp.<region>.amazonses.com)",
                        at->record);
}

static uint16_t mend_mail_from(const struct vd_bench *at)
{
    const struct vd_mail_from_facts *now = &at->out->facts.mail_from;
    const struct vd_mail_from_facts *was = &at->was->mail_from;
    bool is_misplaced = now->slip > VD_SLIP_NONE && now->slip <= VD_SLIP_SWAPPED;

    if (at->finding->code == VD_CODE_MAIL_FROM_MX) {
        return mend_mail_from_mx(at);
    }
    if (at->finding->code == VD_CODE_MAIL_FROM_SPF && now->slip != VD_SLIP_NONE) {
        return vd_mend_slip(at, now->slip,
                            is_misplaced ? now->fault : (struct vd_text_ref){0, 0, 0});
    }
    if (was->standing == VD_STANDING_OK && was->text.len > 0) {
        return vd_mend_put_back(at, "TXT", was->text, true);
    }
    if (now->passes_all) {
        return vd_words_put(at->out,
                            "at %s take out what anybody passes by, and end it in ~all: %.200s",
                            at->record, vd_facts_text(&at->out->facts, now->text));
    }
    return now->standing == VD_STANDING_BROKEN
               ? vd_mend_correct(at, "SPF", now->fault, now->text)
               : vd_words_put(at->out,
                              "at %s put TXT and MX as your mail service shows them (Amazon SES: "
                              "v=spf1 include:amazonses.com ~all)",
                              at->record);
}

/* ---- MTA-STS, TLS-RPT, BIMI ------------------------------------------------------------------ */

static uint16_t mend_text(const struct vd_bench *at, const char *what,
                          const struct vd_text_facts *was, const struct vd_text_facts *now)
{
    bool was_good = was->standing == VD_STANDING_OK && !was->is_refusal;
    bool is_misplaced = now->slip > VD_SLIP_NONE && now->slip <= VD_SLIP_SWAPPED;

    if (now->standing != VD_STANDING_OK && now->slip != VD_SLIP_NONE) {
        return vd_mend_slip(at, now->slip,
                            is_misplaced ? now->fault : (struct vd_text_ref){0, 0, 0});
    }
    if (now->records > 1) {
        return vd_mend_keep_one(at, what, was_good, was->text);
    }
    return was_good ? vd_mend_put_back(at, "TXT", was->text, true)
                    : vd_mend_correct(at, what, now->fault, now->text);
}

/* ---- NS, DS ---------------------------------------------------------------------------------- */

static uint16_t mend_ns(const struct vd_bench *at)
{
    struct vd_text_ref was = at->was->ns.text;
    bool is_small = at->finding->severity >= VD_SEVERITY_NOTICE;

    return was.len == 0
               ? vd_words_put(at->out, "%sat %s take the NS away again", at->lead, at->record)
               : vd_words_put(at->out, "%s%s: %s", at->lead,
                              is_small ? "set the name servers at the registrar"
                                       : "if it was not you, call the registrar, and have the name "
                                         "servers set back",
                              is_to_paste(at, was) ? vd_facts_text(at->was, was)
                                                   : "to those that your DNS host shows");
}

static uint16_t mend_ds(const struct vd_bench *at)
{
    const char *was = vd_facts_text(at->was, at->was->ds.text);

    if (at->finding->facet == VD_FACET_DS_AD) {
        return vd_words_put(at->out, "have the DNS host look at the signatures of %s", at->record);
    }
    return vd_words_put(at->out,
                        "%shave the DNS host sign the zone, then set its DS at the registrar%s%s",
                        at->lead, was[0] == '\0' ? "" : "; it was: ", was);
}

uint16_t vd_mend_other(const struct vd_bench *at, uint8_t kind)
{
    const struct vd_facts *was = at->was;
    const struct vd_facts *now = &at->out->facts;

    switch (kind) {
    case VD_SUBJECT_MAIL_FROM:
        return mend_mail_from(at);
    case VD_SUBJECT_MTA_STS:
        return mend_text(at, "MTA-STS", &was->mta_sts, &now->mta_sts);
    case VD_SUBJECT_TLS_RPT:
        return mend_text(at, "TLS-RPT", &was->tls_rpt, &now->tls_rpt);
    case VD_SUBJECT_BIMI:
        return mend_text(at, "BIMI", &was->bimi, &now->bimi);
    case VD_SUBJECT_NS:
        return mend_ns(at);
    default:
        return mend_ds(at);
    }
}
