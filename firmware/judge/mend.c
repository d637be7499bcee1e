/*
 * The last parts of a finding, made when all of them have their essential words: why it matters,
 * the path to it, and what to type.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_words.h"

#include <string.h>

/* Longest record shown to be pasted; of a longer one only how it began. */
#define MEND_TEXT_MAX  800u
#define MEND_BEGIN_MAX 60

/* Octets of words around the record. */
#define MEND_FRAME 160u

/* What all of them need. */
struct bench {
    const struct vd_snapshot *snapshot;
    const struct vd_watch *watch;
    struct vd_judgement *out;
    const struct vd_facts *was;
    const struct vd_finding *finding;
    const char *lead;   /* "", or what to ask oneself first */
    const char *record; /* owner name */
    const char *alias;  /* where a CNAME at that name leads now; "" if there is none */
};

/* "at NAME put TYPE: TEXT", with the last good text of the baseline. */
static uint16_t put_back(const struct bench *at, const char *type, struct vd_text_ref ref,
                         bool was_there)
{
    const char *text = vd_facts_text(at->was, ref);
    size_t room = sizeof at->out->words - at->out->words_len;

    if (ref.len == 0) {
        return was_there
                   ? vd_words_put(at->out,
                                  "%sat %s put back the %s that your mail service shows for it",
                                  at->lead, at->record, type)
                   : vd_words_put(at->out, "if this was not planned, take the %s at %s away again",
                                  type, at->record);
    }
    if (ref.sound < ref.len || ref.len > MEND_TEXT_MAX || ref.len + MEND_FRAME > room) {
        /* Not to be pasted as if it were whole. */
        return vd_words_put(at->out, "%sat %s put back the %s that began: %.*s...", at->lead,
                            at->record, type,
                            ref.sound < MEND_BEGIN_MAX ? (int)ref.sound : MEND_BEGIN_MAX, text);
    }
    if (at->alias[0] != '\0' && strcmp(type, "CNAME") != 0) {
        return vd_words_put(at->out,
                            "%s%s is a CNAME to %.100s: mend the %s there, or remove the CNAME and "
                            "put %s: %s",
                            at->lead, at->record, at->alias, type, type, text);
    }
    return vd_words_put(at->out, "%sat %s put %s: %s", at->lead, at->record, type, text);
}

/* Nothing good is known to put back: say what is wrong with what is there. */
static uint16_t correct(const struct bench *at, const char *what, struct vd_text_ref fault,
                        struct vd_text_ref text)
{
    const struct vd_facts *now = &at->out->facts;
    const char *place = at->alias[0] != '\0' ? at->alias : at->record;

    if (text.len == 0) {
        return vd_words_put(at->out, "at %.200s put a TXT with the %s record", place, what);
    }
    return vd_words_put(at->out, "at %.200s correct the TXT%s%.120s%s: %.200s", place,
                        fault.len > 0 ? " (" : "", vd_facts_text(now, fault),
                        fault.len > 0 ? ")" : "", vd_facts_text(now, text));
}

/* "keep one, remove the others", with the one to keep where it is known whole. */
static uint16_t keep_one(const struct bench *at, const char *what, bool was_good,
                         struct vd_text_ref ref)
{
    bool is_shown = was_good && ref.len > 0 && ref.sound == ref.len && ref.len <= MEND_TEXT_MAX;

    return vd_words_put(at->out, "at %s keep one %s and remove the others%s%s",
                        at->alias[0] != '\0' ? at->alias : at->record, what,
                        is_shown ? "; TXT: " : "", is_shown ? vd_facts_text(at->was, ref) : "");
}

/* The name behind redirect= in our own record; "" if it shows none. */
static struct vd_span redirect_of(const struct vd_facts *now)
{
    static const char mark[] = " redirect=";
    const char *found = strstr(vd_facts_text(now, now->spf.text), mark);

    if (found == NULL) {
        return (struct vd_span){NULL, 0};
    }
    found += sizeof mark - 1;
    return (struct vd_span){(const uint8_t *)found, strcspn(found, " ")};
}

static uint16_t mend_spf(const struct bench *at)
{
    const struct vd_facts *facts = &at->out->facts;
    const struct vd_spf_facts *now = &facts->spf;
    const struct vd_spf_facts *was = &at->was->spf;
    const char *path = vd_facts_text(facts, now->path);
    bool was_good = was->standing == VD_STANDING_OK && !was->passes_all;
    bool has_path = at->finding->code == VD_CODE_SPF_BROKEN ||
                    at->finding->code == VD_CODE_SPF_PASS_ALL ||
                    at->finding->code == VD_CODE_SPF_WIDE;

    if (now->standing == VD_STANDING_BROKEN && now->records > 1) {
        return was_good
                   ? keep_one(at, "SPF record", true, was->text)
                   : vd_words_put(at->out, "at %s join the SPF records into one TXT", at->record);
    }
    if (was_good && was->terms != now->terms) {
        return put_back(at, "TXT", was->text, true);
    }
    if (has_path && strchr(path, '>') != NULL) { /* the fault lies in what is included */
        return vd_words_put(
            at->out, "at %s take out of the TXT, or have its owner mend: %.200s%s%.100s",
            at->record, path, now->fault.len > 0 ? ": " : "", vd_facts_text(facts, now->fault));
    }
    struct vd_span redirect = redirect_of(facts);
    if (!has_path && redirect.len > 0) {
        return vd_words_put(
            at->out, "at %s put another redirect= into the TXT, or have its owner mend: %.*s",
            at->record, (int)redirect.len, (const char *)redirect.bytes);
    }
    return correct(at, "SPF", now->fault, now->text);
}

static uint16_t mend_dkim(const struct bench *at, uint8_t selector)
{
    const struct vd_dkim_facts *was = &at->was->dkim[selector];
    const struct vd_dkim_facts *now = &at->out->facts.dkim[selector];
    bool was_good = was->standing == VD_STANDING_OK;

    if (now->records > 1 && now->standing == VD_STANDING_BROKEN) {
        return keep_one(at, "TXT", was_good && !was->is_alias, was->text);
    }
    if (!was_good) {
        return vd_words_put(at->out, "at %s put the record that your mail service shows for it",
                            at->record);
    }
    if (was->is_alias && now->is_alias && now->alias == was->alias) {
        return vd_words_put(at->out,
                            "%sat %s leave CNAME: %s in place, and have its operator put the key "
                            "back there",
                            at->lead, at->record, at->alias);
    }
    return put_back(at, was->is_alias ? "CNAME" : "TXT", was->text, true);
}

static uint16_t mend_dmarc(const struct bench *at)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    bool was_good = was->standing == VD_STANDING_OK;

    if (now->records > 1) {
        return keep_one(at, "TXT", was_good, was->text);
    }
    return was_good ? put_back(at, "TXT", was->text, true)
                    : correct(at, "DMARC", now->fault, now->text);
}

/* Which host is to go, where one is the matter. */
static const char *host_to_remove(const struct bench *at)
{
    const struct vd_answer *answer = vd_snapshot_find(at->snapshot, at->watch->domain, VD_TYPE_MX);
    const struct vd_record *record = NULL;
    bool is_null = at->finding->code == VD_CODE_MX_BROKEN;

    while (answer != NULL && (is_null || at->finding->code == VD_CODE_MX_OUTSIDE) &&
           (record = vd_mx_next(at->snapshot, answer, record)) != NULL) {
        const char *host = vd_snapshot_target(at->snapshot, record);
        bool is_dot = strcmp(host, ".") == 0;
        if (is_null ? is_dot : !is_dot && !vd_mx_is_known(at->was, host, at->watch->domain)) {
            return host;
        }
    }
    return NULL;
}

static uint16_t mend_mx(const struct bench *at)
{
    const struct vd_mx_facts *was = &at->was->mx;
    const char *host = host_to_remove(at);

    if (host == NULL) {
        return put_back(at, "MX", was->text, was->standing == VD_STANDING_OK);
    }
    if (was->text.len == 0 || was->text.sound < was->text.len || was->text.len > MEND_TEXT_MAX) {
        return vd_words_put(at->out, "at %s remove the MX %s", at->record, host);
    }
    return vd_words_put(at->out, "at %s remove the MX %s; put MX: %s", at->record, host,
                        vd_facts_text(at->was, was->text));
}

static uint16_t mend(const struct bench *at, const struct vd_subject *subject)
{
    switch (subject->kind) {
    case VD_SUBJECT_SPF:
        return mend_spf(at);
    case VD_SUBJECT_DKIM:
        return mend_dkim(at, subject->index);
    case VD_SUBJECT_DMARC:
        return mend_dmarc(at);
    default:
        return mend_mx(at);
    }
}

/* ---- all findings, worst first -------------------------------------------------------------- */

/* A sentence is kept once, however many findings need it. */
static void put_why(struct vd_judgement *out, struct vd_finding *finding)
{
    const char *why = vd_reason_str(finding);

    for (size_t i = 0; i < out->findings_count; i++) {
        uint16_t offset = out->findings[i].why;
        if (offset != 0 && strcmp(vd_judgement_words(out, offset), why) == 0) {
            finding->why = offset;
            return;
        }
    }
    finding->why = vd_words_put(out, "%s", why);
}

/* Another finding of the same record set, as loud, that has a path or a mend already: shared. */
static const struct vd_finding *find_sibling(const struct vd_judgement *out,
                                             const struct vd_finding *finding)
{
    for (size_t i = 0; i < out->findings_count; i++) {
        const struct vd_finding *other = &out->findings[i];
        if (other != finding && other->subject == finding->subject &&
            (other->severity >= VD_SEVERITY_NOTICE) == (finding->severity >= VD_SEVERITY_NOTICE) &&
            (other->path != 0 || other->mend != 0)) {
            return other;
        }
    }
    return NULL;
}

static void put_path(struct vd_judgement *out, struct vd_finding *finding)
{
    const struct vd_subject *subject = &out->subjects[finding->subject];
    const struct vd_dkim_facts *dkim = &out->facts.dkim[subject->index];
    const struct vd_finding *sibling = find_sibling(out, finding);

    if (subject->kind == VD_SUBJECT_DKIM && dkim->is_alias) {
        finding->path = sibling != NULL ? sibling->path
                                        : vd_words_put(out, "%s > CNAME %.200s",
                                                       vd_judgement_words(out, subject->record),
                                                       vd_facts_text(&out->facts, dkim->text));
    } else if (finding->code == VD_CODE_SPF_BROKEN || finding->code == VD_CODE_SPF_PASS_ALL ||
               finding->code == VD_CODE_SPF_WIDE) {
        finding->path =
            vd_words_put(out, "%.300s", vd_facts_text(&out->facts, out->facts.spf.path));
    }
}

static void put_mend(const struct vd_snapshot *snapshot, const struct vd_facts *was,
                     const struct vd_watch *watch, struct vd_judgement *out,
                     struct vd_finding *finding)
{
    const struct vd_subject *subject = &out->subjects[finding->subject];
    const char *record = vd_judgement_words(out, subject->record);
    const struct vd_answer *answer = vd_snapshot_find(
        snapshot, record, subject->kind == VD_SUBJECT_MX ? VD_TYPE_MX : VD_TYPE_TXT);
    const struct vd_record *hop =
        answer == NULL ? NULL : vd_snapshot_record(snapshot, answer, VD_TYPE_CNAME, 0);
    const struct bench at = {
        .snapshot = snapshot,
        .watch = watch,
        .out = out,
        .was = was,
        .finding = finding,
        .lead = finding->severity >= VD_SEVERITY_NOTICE ? "if this was not planned, " : "",
        .record = record,
        .alias = hop == NULL ? "" : vd_snapshot_target(snapshot, hop),
    };

    const struct vd_finding *sibling = find_sibling(out, finding);
    bool is_shared = sibling != NULL && sibling->mend != 0 &&
                     (subject->kind == VD_SUBJECT_DKIM || subject->kind == VD_SUBJECT_DMARC);

    if (finding->class_ != VD_CLASS_STRENGTHENED) {
        finding->mend = is_shared ? sibling->mend : mend(&at, subject);
    }
}

void vd_finish_findings(const struct vd_snapshot *snapshot, const struct vd_facts *was,
                        const struct vd_watch *watch, struct vd_judgement *out)
{
    uint8_t is_cut = out->is_cut;

    for (size_t i = 0; i < out->findings_count; i++) {
        put_why(out, &out->findings[i]);
    }
    for (uint8_t severity = VD_SEVERITY_CRITICAL; severity <= VD_SEVERITY_INFO; severity++) {
        for (size_t i = 0; i < out->findings_count; i++) {
            struct vd_finding *finding = &out->findings[i];
            if (finding->severity == severity) {
                put_path(out, finding);
                put_mend(snapshot, was, watch, out, finding);
            }
        }
    }
    out->is_cut = is_cut;
}
