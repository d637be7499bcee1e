/*
 * The last parts of a finding, made when all of them have their essential words: why it matters,
 * the path to it, and what to type.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_words.h"
#include "firmware/judge/slips.h"

#include <string.h>

/* Longest record shown to be pasted; of a longer one only how it began. */
#define MEND_TEXT_MAX  800u
#define MEND_BEGIN_MAX 60

uint16_t vd_mend_put_back(const struct vd_bench *at, const char *type, struct vd_text_ref ref,
                          bool was_there)
{
    const char *text = vd_facts_text(at->was, ref);

    if (ref.len == 0) {
        return was_there
                   ? vd_words_put(at->out,
                                  "%sat %s put back the %s that your mail service shows for it",
                                  at->lead, at->record, type)
                   : vd_words_put(at->out, "if this was not planned, take the %s at %s away again",
                                  type, at->record);
    }
    if (ref.sound < ref.len || ref.len > MEND_TEXT_MAX) {
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

uint16_t vd_mend_correct(const struct vd_bench *at, const char *what, struct vd_text_ref fault,
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

uint16_t vd_mend_keep_one(const struct vd_bench *at, const char *what, bool was_good,
                          struct vd_text_ref ref)
{
    bool is_shown = was_good && ref.len > 0 && ref.sound == ref.len && ref.len <= MEND_TEXT_MAX;

    return vd_words_put(at->out, "at %s keep one %s and remove the others%s%s",
                        at->alias[0] != '\0' ? at->alias : at->record, what,
                        is_shown ? "; TXT: " : "", is_shown ? vd_facts_text(at->was, ref) : "");
}

uint16_t vd_mend_slip(const struct vd_bench *at, uint8_t slip, struct vd_text_ref where)
{
    char advice[VD_SLIP_ADVICE_MAX];

    return vd_words_put(at->out, "%s",
                        vd_slip_advice(slip, at->record, at->watch->domain,
                                       vd_facts_text(&at->out->facts, where), advice));
}

static uint16_t mend(const struct vd_bench *at, const struct vd_subject *subject)
{
    switch (subject->kind) {
    case VD_SUBJECT_SPF:
        return vd_mend_spf(at);
    case VD_SUBJECT_DKIM:
        return vd_mend_dkim(at, subject->index);
    case VD_SUBJECT_DMARC:
        return vd_mend_dmarc(at);
    case VD_SUBJECT_MX:
        return vd_mend_mx(at);
    default:
        return vd_mend_other(at, subject->kind);
    }
}

/* ---- all findings, worst first -------------------------------------------------------------- */

/* A sentence is kept once, however many findings need it. */
static void put_why(struct vd_judgement *out, struct vd_finding *finding)
{
    const char *why = finding->sentence != NULL ? finding->sentence
                                                : vd_code_info((enum vd_code)finding->code)->why;

    for (size_t i = 0; i < out->findings_count; i++) {
        uint16_t offset = out->findings[i].why;
        if (offset != 0 && strcmp(vd_judgement_words(out, offset), why) == 0) {
            finding->why = offset;
            return;
        }
    }
    finding->why = vd_words_put(out, "%s", why);
}

/* The path of another finding of the same record set; 0: none has one. */
static uint16_t path_of(const struct vd_judgement *out, uint8_t subject)
{
    for (size_t i = 0; i < out->findings_count; i++) {
        if (out->findings[i].subject == subject && out->findings[i].path != 0) {
            return out->findings[i].path;
        }
    }
    return 0;
}

/* Does it hang on the records of others? */
static bool is_transitive(const struct vd_finding *finding)
{
    return finding->code == VD_CODE_SPF_BROKEN || finding->code == VD_CODE_SPF_TAKEOVER ||
           finding->facet == VD_FACET_SPF_RANGE;
}

/* A verdict may have given the path itself; a key behind an alias has that way to it. */
static void put_path(struct vd_judgement *out, struct vd_finding *finding)
{
    const struct vd_subject *subject = &out->subjects[finding->subject];
    const struct vd_dkim_facts *key = &out->facts.dkim[subject->index];

    if (finding->path != 0) {
        return;
    }
    if (subject->kind == VD_SUBJECT_DKIM && key->is_alias) {
        finding->path = path_of(out, finding->subject);
        if (finding->path == 0) {
            finding->path =
                vd_words_put(out, "%s > CNAME %.200s", vd_judgement_words(out, subject->record),
                             vd_facts_text(&out->facts, key->text));
        }
    } else if (subject->kind == VD_SUBJECT_SPF && is_transitive(finding)) {
        finding->path =
            vd_words_put(out, "%.300s", vd_facts_text(&out->facts, out->facts.spf.path));
    }
}

/* No room for all of it: a record that is cut must not be pasted. */
static uint16_t put_short_mend(struct vd_judgement *out, const char *record, uint16_t before)
{
    out->words_len = before;
    out->is_cut = 0;
    uint16_t words = vd_words_put(out, "at %s put back what was there", record);

    out->words_len = out->is_cut ? before : out->words_len;
    return out->is_cut ? 0 : words;
}

/* Where another finding says the same, its words do; these, kept last, are given back. */
static void share_mend(struct vd_judgement *out, struct vd_finding *finding, uint16_t words,
                       uint16_t before)
{
    for (size_t i = 0; words >= before && i < out->findings_count; i++) {
        uint16_t other = out->findings[i].mend;
        if (other != 0 &&
            strcmp(vd_judgement_words(out, other), vd_judgement_words(out, words)) == 0) {
            out->words_len = before;
            words = other;
        }
    }
    finding->mend = words;
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
    const struct vd_bench at = {
        .snapshot = snapshot,
        .watch = watch,
        .out = out,
        .was = was,
        .finding = finding,
        .lead = finding->severity >= VD_SEVERITY_NOTICE ? "if this was not planned, " : "",
        .record = record,
        .alias = hop == NULL ? "" : vd_snapshot_target(snapshot, hop),
    };

    if (finding->mend == 0 && finding->class_ != VD_CLASS_STRENGTHENED &&
        finding->code != VD_CODE_DOMAIN_SUMMARY) {
        uint16_t before = out->words_len;
        out->is_cut = 0;
        uint16_t words = mend(&at, subject);
        words = out->is_cut ? put_short_mend(out, record, before) : words;
        share_mend(out, finding, words, before);
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
