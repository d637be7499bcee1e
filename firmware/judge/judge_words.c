/*
 * Words of a judgement.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/judge_words.h"

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

uint16_t vd_words_subject(const struct vd_case *at, const char *format, ...)
{
    char rest[VD_SUBJECT_LINE_MAX - 20u]; /* so much of the domain is always there */
    const char *domain = at->watch->domain;
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
    size_t room = VD_SUBJECT_LINE_MAX - 1 - strlen(rest) - 2; /* for the domain */
    if (strlen(domain) <= room) {
        return vd_words_put(at->out, "%s: %s", domain, rest);
    }
    return vd_words_put(at->out, "%.*s...: %s", (int)room - 3, domain, rest);
}

struct vd_finding vd_finding_of(const struct vd_case *at, enum vd_code code)
{
    const struct vd_code_info *info = vd_code_info(code);

    return (struct vd_finding){
        .code = (uint8_t)code,
        .subject = at->subject,
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

/* The code's sentence, kept once however many findings need it. */
static uint16_t put_why(struct vd_judgement *out, uint8_t code)
{
    for (size_t i = 0; i < out->findings_count; i++) {
        if (out->findings[i].code == code && out->findings[i].why != 0) {
            return out->findings[i].why;
        }
    }
    return vd_words_put(out, "%s", vd_code_info((enum vd_code)code)->why);
}

void vd_finding_add(const struct vd_case *at, const struct vd_finding *finding)
{
    struct vd_judgement *out = at->out;

    if (out->findings_count >= VD_FINDINGS_MAX) {
        out->is_cut = 1;
        return;
    }
    struct vd_finding added = *finding;
    if (added.why == 0) {
        added.why = put_why(out, added.code);
    }
    /* Worst first within one subject; the numbers of syslog grow as severity falls. */
    size_t place = out->findings_count;
    while (place > 0 && out->findings[place - 1].subject == added.subject &&
           out->findings[place - 1].severity > added.severity) {
        out->findings[place] = out->findings[place - 1];
        place--;
    }
    out->findings[place] = added;
    out->findings_count++;
}

bool vd_finding_is_any(const struct vd_case *at)
{
    const struct vd_judgement *out = at->out;

    return out->findings_count > 0 && out->findings[out->findings_count - 1].subject == at->subject;
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

    return (was->standing == VD_STANDING_OK && was->p > 0) ||
           (now->standing == VD_STANDING_OK && now->p > 0);
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

/* co.kr, com.au, ne.jp: strangers register below them.  As of 2026. */
static bool is_open_second_level(const char *tail)
{
    static const char *const words[] = {"co.",  "com.", "or.", "ne.",  "net.",
                                        "org.", "ac.",  "go.", "gov.", "edu."};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t len = strlen(words[i]);
        if (strncmp(tail, words[i], len) == 0 && strlen(tail + len) == 2) {
            return true;
        }
    }
    return false;
}

bool vd_is_same_operator(const char *a, const char *b)
{
    unsigned labels = is_open_second_level(tail_of(a, 2)) ? 3 : 2;

    return strcmp(tail_of(a, labels), tail_of(b, labels)) == 0;
}
