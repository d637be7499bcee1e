/*
 * What to type: the last part of a finding, made when all the others have their words.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_words.h"

#include <string.h>

/* What all of them need. */
struct bench {
    struct vd_judgement *out;
    const struct vd_facts *was;
    const char *lead;   /* "", or what to ask oneself first */
    const char *record; /* owner name */
};

/* "at NAME put TYPE: TEXT", with the last good text of the baseline. */
static uint16_t put_back(const struct bench *at, const char *type, struct vd_text_ref ref)
{
    const char *text = vd_facts_text(at->was, ref);

    if (ref.len == 0) {
        return vd_words_put(at->out, "if this was not planned, take the %s at %s away again", type,
                            at->record);
    }
    if (ref.len >= 3 && strcmp(text + ref.len - 3, "...") == 0) {
        /* Cut when it was kept: not to be pasted as if it were whole. */
        return vd_words_put(at->out, "%sat %s put back the %s that began: %s", at->lead, at->record,
                            type, text);
    }
    return vd_words_put(at->out, "%sat %s put %s: %s", at->lead, at->record, type, text);
}

/* Nothing good is known to put back: say what is wrong with what is there. */
static uint16_t correct(const struct bench *at, const char *what, struct vd_text_ref fault,
                        struct vd_text_ref text)
{
    const struct vd_facts *now = &at->out->facts;

    if (text.len == 0) {
        return vd_words_put(at->out, "at %s put a TXT with the %s record", at->record, what);
    }
    return vd_words_put(at->out, "at %s correct the TXT (%s): %s", at->record,
                        vd_facts_text(now, fault), vd_facts_text(now, text));
}

static uint16_t mend_spf(const struct bench *at)
{
    const struct vd_spf_facts *now = &at->out->facts.spf;
    const struct vd_spf_facts *was = &at->was->spf;
    const char *path = vd_facts_text(&at->out->facts, now->path);
    bool was_good = was->standing == VD_STANDING_OK && !was->passes_all;

    if (now->standing == VD_STANDING_BROKEN && now->records > 1) {
        return was_good
                   ? vd_words_put(at->out,
                                  "at %s keep one SPF record, remove the others; "
                                  "TXT: %s",
                                  at->record, vd_facts_text(at->was, was->text))
                   : vd_words_put(at->out, "at %s join the SPF records into one TXT", at->record);
    }
    if (was_good && was->terms != now->terms) {
        return put_back(at, "TXT", was->text);
    }
    if (strchr(path, '>') != NULL) { /* the fault lies in what is included */
        return vd_words_put(at->out, "at %s take out of the TXT, or have its owner mend: %s (%s)",
                            at->record, path, vd_facts_text(&at->out->facts, now->fault));
    }
    return correct(at, "SPF", now->fault, now->text);
}

static uint16_t mend_dkim(const struct bench *at, uint8_t selector)
{
    const struct vd_dkim_facts *was = &at->was->dkim[selector];
    const struct vd_dkim_facts *now = &at->out->facts.dkim[selector];

    if (was->standing != VD_STANDING_OK) {
        return vd_words_put(at->out, "at %s put the record that your mail service shows for it",
                            at->record);
    }
    if (was->is_alias && now->is_alias && now->alias == was->alias) {
        return vd_words_put(at->out,
                            "%sat %s leave CNAME: %s in place, and have its operator put the key "
                            "back there",
                            at->lead, at->record, vd_facts_text(at->was, was->text));
    }
    return put_back(at, was->is_alias ? "CNAME" : "TXT", was->text);
}

static uint16_t mend_dmarc(const struct bench *at)
{
    const struct vd_dmarc_facts *now = &at->out->facts.dmarc;
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    bool was_good = was->standing == VD_STANDING_OK;

    if (now->records > 1) {
        return vd_words_put(at->out, "at %s keep one TXT and remove the others%s%s", at->record,
                            was_good ? "; TXT: " : "",
                            was_good ? vd_facts_text(at->was, was->text) : "");
    }
    if (was_good) {
        return put_back(at, "TXT", was->text);
    }
    return correct(at, "DMARC", now->fault, now->text);
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
        return put_back(at, "MX", at->was->mx.text);
    }
}

void vd_mend_all(const struct vd_facts *was, struct vd_judgement *out)
{
    uint8_t is_cut = out->is_cut;

    for (size_t i = 0; i < out->findings_count; i++) {
        struct vd_finding *finding = &out->findings[i];
        const struct vd_subject *subject = &out->subjects[finding->subject];
        const struct bench at = {
            .out = out,
            .was = was,
            .lead = finding->class_ == VD_CLASS_CHANGED ? "if this was not planned, " : "",
            .record = vd_judgement_words(out, subject->record),
        };
        if (finding->mend == 0 && finding->class_ != VD_CLASS_STRENGTHENED) {
            finding->mend = mend(&at, subject);
        }
    }
    out->is_cut = is_cut;
}
