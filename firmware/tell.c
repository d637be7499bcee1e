/*
 * Words around a finding: who says so, since when, what is restored.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/tell.h"

#include "firmware/judge/judge_words.h"
#include "report/text.h"

#include <string.h>

const char *vd_subject_kind_str(uint8_t kind)
{
    switch (kind) {
    case VD_SUBJECT_SPF:
        return "SPF";
    case VD_SUBJECT_DKIM:
        return "DKIM";
    case VD_SUBJECT_DMARC:
        return "DMARC";
    default:
        return "MX";
    }
}

static void clear(struct vd_event *event, const char *domain)
{
    memset(event, 0, sizeof(*event));
    event->domain = domain;
    event->code = event->restores = event->record = event->rtype = event->subject = "";
    event->old_text = event->new_text = event->why = event->mend = "";
    event->known_by = event->path = "";
}

/* Room for a subject line, and for the domain in it: less than 100 characters in all. */
#define SUBJECT_MAX 100u
#define DOMAIN_MAX  38u

/* Begin a subject line with "example.com: ". */
static void put_lead(struct vd_text_writer *w, const char *domain)
{
    char name[DOMAIN_MAX];

    w->cap = w->cap < SUBJECT_MAX ? w->cap : SUBJECT_MAX;
    vd_text_put(w, vd_short_name(domain, name, sizeof(name)));
    vd_text_put(w, ": ");
}

/* Begin the next of several texts in one buffer; where it is full, on its final NUL. */
static char *next_text(struct vd_text_writer *w, char *words)
{
    size_t used = w->out == NULL ? 0 : (size_t)(w->out - words) + w->len + 1u;

    if (used >= VD_TELL_WORDS_MAX) {
        used = VD_TELL_WORDS_MAX - 1u;
    }
    vd_text_start(w, words + used, VD_TELL_WORDS_MAX - used);
    return words + used;
}

/* "10.0.2.2:5301 and 10.0.2.2:5302 agree, 4 looks in 12 s". */
static void put_known_by(struct vd_text_writer *w, const struct vd_tell *tell,
                         const struct vd_alert *alert)
{
    char text[VD_ENDPOINT_TEXT_MAX];
    unsigned named = 0;

    for (size_t i = 0; i < tell->servers_count && i < VD_SERVERS_MAX; i++) {
        if (alert->seen[i] == 0) {
            continue;
        }
        if (named++ > 0) {
            vd_text_put(w, " and ");
        }
        vd_text_put(w, vd_endpoint_text(&tell->servers[i], true, text));
    }
    vd_text_put(w, named > 1 ? " agree, " : " alone (single source), ");
    vd_text_put_unsigned(w, alert->looks);
    vd_text_put(w, " looks in ");
    vd_text_put_unsigned(w, (tell->now_ms - alert->first_ms + 999u) / 1000u);
    vd_text_put(w, " s");
}

static void tell_finding(const struct vd_tell *tell, const struct vd_alert *alert,
                         const struct vd_finding *finding, struct vd_event *event, char *words)
{
    const struct vd_judgement *j = tell->judgement;
    struct vd_text_writer w = {0};

    event->class_ = (enum vd_class)finding->class_;
    event->severity = (enum vd_severity)finding->severity;
    event->axis = finding->axis;
    event->code = vd_code_info((enum vd_code)finding->code)->code;
    event->rtype = vd_rrtype_str(finding->rtype);
    event->subject = vd_judgement_words(j, finding->subject_line);
    event->old_text = vd_judgement_words(j, finding->old_text);
    event->new_text = vd_judgement_words(j, finding->new_text);
    event->why = vd_judgement_words(j, finding->why);
    event->mend = vd_judgement_words(j, finding->mend);
    event->path = vd_judgement_words(j, finding->path);
    event->known_by = next_text(&w, words);
    put_known_by(&w, tell, alert);
}

static void tell_restored(const struct vd_tell *tell, const struct vd_alert *alert,
                          const struct vd_subject *subject, struct vd_event *event, char *words)
{
    const struct vd_judgement *j = tell->judgement;
    struct vd_text_writer w = {0};

    event->class_ = VD_CLASS_RESTORED;
    event->severity = VD_SEVERITY_NOTICE;
    event->code = vd_code_info((enum vd_code)alert->code)->code;
    event->axis = vd_code_info((enum vd_code)alert->code)->axis;
    event->restores = event->code;
    event->rtype = vd_rrtype_str(alert->rtype);
    event->new_text = vd_judgement_words(j, subject->summary);
    event->why = tell->is_still_bad
                     ? "This alert is over, but another one of the same record is still open."
                     : "The record is back to the accepted state, or better.";
    event->subject = next_text(&w, words);
    put_lead(&w, tell->domain);
    vd_text_put(&w, vd_subject_kind_str(subject->kind));
    if (subject->kind == VD_SUBJECT_DKIM) {
        vd_text_put(&w, " ");
        vd_text_put_span(&w, event->record, strcspn(event->record, "."));
    }
    vd_text_put(&w, tell->is_still_bad ? " is there again, not yet as accepted: " : " restored: ");
    vd_text_put(&w, event->new_text);
    event->known_by = next_text(&w, words);
    vd_text_put_unsigned(&w, alert->clean);
    vd_text_put(&w, " clean looks");
}

void vd_tell_turn(const struct vd_tell *tell, enum vd_confirm_turn turn,
                  const struct vd_alert *alert, const struct vd_finding *finding,
                  const struct vd_subject *subject, struct vd_event *event, char *words)
{
    clear(event, tell->domain);
    event->record = vd_judgement_words(tell->judgement, subject->record);
    if (turn == VD_CONFIRM_CLOSED) {
        tell_restored(tell, alert, subject, event, words);
    } else {
        tell_finding(tell, alert, finding, event, words);
    }
}

/* "DMARC (timeout), DKIM s1._domainkey.example.com (servfail)". */
static void put_unknowns(struct vd_text_writer *w, const struct vd_judgement *judgement)
{
    unsigned named = 0;

    for (size_t i = 0; i < judgement->subjects_count; i++) {
        const struct vd_subject *subject = &judgement->subjects[i];
        if (subject->standing != VD_STANDING_UNKNOWN) {
            continue;
        }
        if (named++ > 0) {
            vd_text_put(w, ", ");
        }
        vd_text_put(w, vd_subject_kind_str(subject->kind));
        if (subject->kind == VD_SUBJECT_DKIM) {
            vd_text_put(w, " ");
            vd_text_put(w, vd_judgement_words(judgement, subject->record));
        }
        vd_text_put(w, " (");
        vd_text_put(w, vd_detail_str((enum vd_detail)subject->detail));
        vd_text_put(w, ")");
    }
}

void vd_tell_blind(const struct vd_tell *tell, bool closes, uint32_t rounds, struct vd_event *event,
                   char *words)
{
    const struct vd_code_info *info = vd_code_info(VD_CODE_WATCH_BLIND);
    struct vd_text_writer w = {0};

    clear(event, tell->domain);
    event->code = info->code;
    event->record = tell->domain;
    event->axis = info->axis;
    event->class_ = closes ? VD_CLASS_RESTORED : VD_CLASS_UNKNOWN;
    event->severity = closes ? VD_SEVERITY_NOTICE : VD_SEVERITY_WARNING;
    event->restores = closes ? info->code : "";
    event->subject = next_text(&w, words);
    put_lead(&w, tell->domain);
    vd_text_put(&w, closes ? "the watch can see again" : "the watch is blind");
    if (closes) {
        event->new_text = "all records answered";
        return;
    }
    event->why = info->why;
    event->mend = "check that the resolvers in the config answer, and that the domain's own name "
                  "servers do";
    event->known_by = next_text(&w, words);
    vd_text_put_unsigned(&w, rounds);
    vd_text_put(&w, " rounds in a row");
    event->new_text = next_text(&w, words); /* last: it may be cut */
    vd_text_put(&w, "unknown: ");
    put_unknowns(&w, tell->judgement);
    if (tell->judgement->is_cut) {
        vd_text_put(&w, "; more findings than fit (VD_FINDINGS_MAX, VD_JUDGEMENT_BYTES_MAX)");
    }
}
