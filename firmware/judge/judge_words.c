/*
 * Words of a judgement.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_words.h"

#include "dns/records/span.h"
#include "firmware/judge/takeover.h"
#include "report/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *vd_judgement_words(const struct vd_judgement *judgement, uint16_t offset)
{
    return offset < judgement->words_len ? judgement->words + offset : "";
}

/* A text was cut at its end: no half character there, and a mark. */
static void mark_cut(char *text, size_t len)
{
    static const char mark[] = "...";
    size_t keep = len > sizeof mark - 1 ? len - (sizeof mark - 1) : 0;

    while (keep > 0 && ((uint8_t)text[keep] & 0xc0u) == 0x80u) {
        keep--;
    }
    if (len >= sizeof mark - 1) {
        memcpy(text + keep, mark, sizeof mark);
    } else {
        text[0] = '\0';
    }
}

static uint16_t put(struct vd_judgement *out, const char *format, va_list words)
{
    size_t room = sizeof out->words - out->words_len;
    char *at = out->words + out->words_len;

    if (room < 2) {
        out->is_cut = 1;
        return 0;
    }
    int len = vsnprintf(at, room, format, words);
    if (len <= 0) {
        at[0] = '\0';
        return 0;
    }
    if ((size_t)len >= room) {
        mark_cut(at, room - 1);
        out->is_cut = 1;
    }
    uint16_t offset = out->words_len;
    out->words_len = (uint16_t)(out->words_len + strlen(at) + 1);
    return offset;
}

uint16_t vd_words_put(struct vd_judgement *out, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    uint16_t offset = put(out, format, words);
    va_end(words);
    return offset;
}

const char *vd_short_name(const char *name, char *out, size_t cap)
{
    static const char mark[] = "...";
    size_t len = strlen(name);
    size_t front = (cap - sizeof mark) / 3;
    size_t back = cap - sizeof mark - front;

    if (len < cap) {
        return name;
    }
    front = vd_text_clamp(name, len, front);
    while (((uint8_t)name[len - back] & 0xc0u) == 0x80u) {
        back--;
    }
    memcpy(out, name, front);
    memcpy(out + front, mark, sizeof mark - 1);
    memcpy(out + front + sizeof mark - 1, name + len - back, back + 1);
    return out;
}

uint16_t vd_words_subject(const struct vd_case *at, const char *format, ...)
{
    char rest[VD_SUBJECT_LINE_MAX - 20u]; /* so much of the domain is always there */
    char domain[VD_SUBJECT_LINE_MAX];
    va_list words;

    va_start(words, format);
    int len = vsnprintf(rest, sizeof rest, format, words);
    va_end(words);
    if (len < 0) {
        return 0;
    }
    if ((size_t)len >= sizeof rest) {
        mark_cut(rest, sizeof rest - 1);
    }
    return vd_words_put(
        at->out, "%s: %s",
        vd_short_name(at->watch->domain, domain, VD_SUBJECT_LINE_MAX - 2u - strlen(rest)), rest);
}

struct vd_finding vd_finding_of(const struct vd_case *at, enum vd_code code)
{
    const struct vd_code_info *info = vd_code_info(code);

    return (struct vd_finding){
        .code = (uint8_t)code,
        .subject = at->subject,
        .facet = info->facet,
        .is_first = vd_case_is_first(at),
        .class_ = info->class_,
        .severity = info->severity,
        .axis = info->axis,
        .rtype = VD_TYPE_TXT,
    };
}

void vd_finding_set(struct vd_finding *finding, enum vd_class class_, enum vd_severity severity)
{
    finding->class_ = (uint8_t)class_;
    finding->severity = (uint8_t)severity;
}

/* Full: leave out the least severe, be it the new one.  Returns whether there is a place now. */
static bool make_place(struct vd_judgement *out, uint8_t severity)
{
    size_t least = 0;

    if (out->findings_count < VD_FINDINGS_MAX) {
        return true;
    }
    out->is_cut = 1;
    for (size_t i = 1; i < out->findings_count; i++) {
        least = out->findings[i].severity > out->findings[least].severity ? i : least;
    }
    if (out->findings[least].severity <= severity) {
        return false;
    }
    out->findings_count--;
    memmove(&out->findings[least], &out->findings[least + 1],
            (out->findings_count - least) * sizeof out->findings[0]);
    return true;
}

void vd_finding_add(const struct vd_case *at, const struct vd_finding *finding)
{
    struct vd_judgement *out = at->out;
    const struct vd_subject *subject = &out->subjects[at->subject];
    struct vd_finding added = *finding;

    if (!make_place(out, added.severity)) {
        return;
    }
    added.content = vd_facet_content(at->now, added.facet, subject->kind, subject->index);
    if (added.subject_line == 0) {
        added.subject_line = subject->record; /* no room: it is cut, but never without a word */
    }
    if (added.new_text == 0) {
        added.new_text = subject->summary;
    }
    /* By subject, worst first within one; the numbers of syslog grow as severity falls. */
    size_t place = out->findings_count++;
    for (; place > 0; place--) {
        const struct vd_finding *before = &out->findings[place - 1];
        if (before->subject < added.subject ||
            (before->subject == added.subject && before->severity <= added.severity)) {
            break;
        }
        out->findings[place] = *before;
    }
    out->findings[place] = added;
}

bool vd_case_is_first(const struct vd_case *at)
{
    const struct vd_subject *subject = &at->out->subjects[at->subject];

    return vd_facts_standing(at->was, subject->kind, subject->index) == VD_STANDING_UNKNOWN;
}

bool vd_case_is_pending(const struct vd_case *at)
{
    const struct vd_subject *subject = &at->out->subjects[at->subject];

    return (at->was->pending & vd_subject_bit(subject->kind, subject->index)) != 0;
}

void vd_case_hint(const struct vd_case *at, const char *words)
{
    struct vd_text_writer w;
    char *hints = at->out->hints;
    size_t len = strlen(hints);

    if (len + strlen(words) + 2 < VD_HINTS_MAX) {
        vd_text_start(&w, hints + len, VD_HINTS_MAX - len);
        vd_text_put(&w, len == 0 ? "" : ", ");
        vd_text_put(&w, words);
    }
}

bool vd_finding_is_any(const struct vd_case *at)
{
    for (size_t i = 0; i < at->out->findings_count; i++) {
        if (at->out->findings[i].subject == at->subject) {
            return true;
        }
    }
    return false;
}

const char *vd_absent_words(uint8_t detail, char out[VD_SUMMARY_MAX])
{
    const char *how = vd_detail_str((enum vd_detail)detail);

    snprintf(out, VD_SUMMARY_MAX, "absent (%s)", how[0] == '\0' ? "other content" : how);
    return out;
}

bool vd_case_is_enforcing(const struct vd_case *at)
{
    const struct vd_dmarc_facts *was = &at->was->dmarc;
    const struct vd_dmarc_facts *now = &at->now->dmarc;

    return (was->standing == VD_STANDING_OK && was->bis_self > 0) ||
           (now->standing == VD_STANDING_OK && now->bis_self > 0);
}

/* ---- operators --------------------------------------------------------------------------- */

/* Where the last `labels` labels of a name begin. */
static const char *tail_of(const char *name, unsigned labels)
{
    const char *at = name + strlen(name);

    while (at > name) {
        if (at[-1] == '.' && --labels == 0) {
            break;
        }
        at--;
    }
    return at;
}

/* Where the name of a host's operator begins. */
static const char *operator_at(const char *host)
{
    const char *tail = tail_of(host, 2);

    return vd_is_registry(tail) ? tail_of(host, 3) : tail;
}

uint32_t vd_operator_of(const char *host, const char *domain)
{
    const char *name = operator_at(vd_is_within(host, domain) ? domain : host);
    uint32_t hash = vd_hash(VD_HASH_START, (const uint8_t *)name, strlen(name));

    return hash == 0 ? 1 : hash;
}

bool vd_is_subdomain(const char *domain)
{
    return operator_at(domain) != domain;
}
