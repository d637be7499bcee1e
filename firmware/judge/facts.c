/*
 * Facts and their texts.
 *
 * The texts of all record sets share one small store.  It is packed whenever a record set's texts
 * are replaced, so it holds only what is referred to and cannot fill up over time.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/facts_write.h"

#include "firmware/judge/judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Texts: three of DMARC, three of SPF, one of MX, two of each selector. */
#define REFS_MAX (7u + 2u * VD_SELECTORS_MAX)

static const char cut_mark[] = "...";

const char *vd_facts_text(const struct vd_facts *facts, struct vd_text_ref ref)
{
    return ref.len == 0 ? "" : facts->text + ref.offset;
}

const char *vd_owner_text(char *out, const char *prefix, const char *middle, const char *domain)
{
    int len = snprintf(out, VD_OWNER_TEXT_MAX, "%s%s%s", prefix, middle, domain);

    if (len < 0 || (size_t)len >= VD_OWNER_TEXT_MAX) {
        out[0] = '\0'; /* no such name is ever asked */
    }
    return out;
}

/* ---- writing ----------------------------------------------------------------------------- */

/* Where the next octet of ref goes, and how many fit there besides the NUL. */
static char *room_of(struct vd_facts *facts, struct vd_text_ref *ref, size_t *room)
{
    if (ref->len == 0) {
        ref->offset = facts->text_len;
    }
    size_t end = (size_t)ref->offset + ref->len;
    *room = end + 1 < sizeof facts->text ? sizeof facts->text - end - 1 : 0;
    return facts->text + (end < sizeof facts->text ? end : sizeof facts->text - 1);
}

/* len octets were written at the end of ref, or would have been, had there been room. */
static void close_text(struct vd_facts *facts, struct vd_text_ref *ref, size_t len, size_t room)
{
    bool is_cut = len > room;

    ref->len = (uint16_t)(ref->len + (is_cut ? room : len));
    if (ref->len == 0) {
        return;
    }
    char *end = facts->text + ref->offset + ref->len;
    *end = '\0';
    if (is_cut) {
        size_t mark = sizeof cut_mark - 1 < ref->len ? sizeof cut_mark - 1 : ref->len;
        memcpy(end - mark, cut_mark, mark);
    }
    facts->text_len = (uint16_t)(ref->offset + ref->len + 1u);
}

void vd_facts_write(struct vd_facts *facts, struct vd_text_ref *ref, const char *format, ...)
{
    size_t room;
    char *at = room_of(facts, ref, &room);
    va_list words;

    if (room == 0) {
        return;
    }
    va_start(words, format);
    int len = vsnprintf(at, room + 1, format, words);
    va_end(words);
    close_text(facts, ref, len > 0 ? (size_t)len : 0, room);
}

void vd_facts_write_span(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span span)
{
    size_t room;
    char *at = room_of(facts, ref, &room);

    for (size_t i = 0; i < span.len && i < room; i++) {
        uint8_t c = span.bytes[i];
        at[i] = c >= ' ' && c < 0x7f ? (char)c : '?';
    }
    close_text(facts, ref, span.len, room);
}

void vd_facts_read(const struct vd_snapshot *snapshot, const struct vd_watch *watch,
                   struct vd_facts *out)
{
    memset(out, 0, sizeof *out);
    vd_facts_read_dmarc(snapshot, watch, out);
    vd_facts_read_spf(snapshot, watch, out);
    vd_facts_read_mx(snapshot, watch, out);
    for (uint8_t i = 0; i < watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        vd_facts_read_dkim(snapshot, watch, i, out);
    }
}

/* ---- the baseline ------------------------------------------------------------------------ */

/* All texts that the facts refer to, empty ones left out.  Returns their number. */
static size_t list_refs(struct vd_facts *facts, struct vd_text_ref *refs[REFS_MAX])
{
    struct vd_text_ref *all[REFS_MAX] = {
        &facts->dmarc.text, &facts->dmarc.rua, &facts->dmarc.fault, &facts->spf.text,
        &facts->spf.path,   &facts->spf.fault, &facts->mx.text,
    };
    size_t count = 0;

    for (size_t i = 0; i < VD_SELECTORS_MAX; i++) {
        all[7 + 2 * i] = &facts->dkim[i].text;
        all[8 + 2 * i] = &facts->dkim[i].fault;
    }
    for (size_t i = 0; i < REFS_MAX; i++) {
        if (all[i]->len > 0) {
            refs[count++] = all[i];
        }
    }
    return count;
}

/* Move the texts together at the front, in their order. */
static void pack(struct vd_facts *facts)
{
    struct vd_text_ref *refs[REFS_MAX];
    size_t count = list_refs(facts, refs);

    facts->text_len = 0;
    while (count > 0) {
        size_t least = 0;
        for (size_t i = 1; i < count; i++) {
            if (refs[i]->offset < refs[least]->offset) {
                least = i;
            }
        }
        struct vd_text_ref *ref = refs[least];
        memmove(facts->text + facts->text_len, facts->text + ref->offset, ref->len + 1u);
        ref->offset = facts->text_len;
        facts->text_len = (uint16_t)(facts->text_len + ref->len + 1u);
        refs[least] = refs[--count];
    }
    memset(facts->text + facts->text_len, 0, sizeof facts->text - facts->text_len);
}

/* Give ref, which still speaks of from's store, a copy in facts' own. */
static void bring(struct vd_facts *facts, struct vd_text_ref *ref, const struct vd_facts *from)
{
    struct vd_text_ref theirs = *ref;

    *ref = (struct vd_text_ref){0, 0};
    if (theirs.len > 0) {
        vd_facts_write_span(
            facts, ref, (struct vd_span){(const uint8_t *)vd_facts_text(from, theirs), theirs.len});
    }
}

static void adopt_dmarc(struct vd_facts *to, const struct vd_facts *from)
{
    to->dmarc.text.len = to->dmarc.rua.len = to->dmarc.fault.len = 0;
    pack(to);
    to->dmarc = from->dmarc;
    bring(to, &to->dmarc.text, from);
    bring(to, &to->dmarc.rua, from);
    bring(to, &to->dmarc.fault, from);
}

static void adopt_spf(struct vd_facts *to, const struct vd_facts *from)
{
    to->spf.text.len = to->spf.path.len = to->spf.fault.len = 0;
    pack(to);
    to->spf = from->spf;
    bring(to, &to->spf.text, from);
    bring(to, &to->spf.path, from);
    bring(to, &to->spf.fault, from);
}

static void adopt_mx(struct vd_facts *to, const struct vd_facts *from)
{
    to->mx.text.len = 0;
    pack(to);
    to->mx = from->mx;
    bring(to, &to->mx.text, from);
}

static void adopt_dkim(struct vd_facts *to, const struct vd_facts *from, uint8_t index)
{
    to->dkim[index].text.len = to->dkim[index].fault.len = 0;
    pack(to);
    to->dkim[index] = from->dkim[index];
    bring(to, &to->dkim[index].text, from);
    bring(to, &to->dkim[index].fault, from);
}

static uint8_t standing_of(const struct vd_facts *facts, uint8_t kind, uint8_t index)
{
    switch (kind) {
    case VD_SUBJECT_SPF:
        return facts->spf.standing;
    case VD_SUBJECT_DMARC:
        return facts->dmarc.standing;
    case VD_SUBJECT_MX:
        return facts->mx.standing;
    case VD_SUBJECT_DKIM:
        return index < VD_SELECTORS_MAX ? facts->dkim[index].standing
                                        : (uint8_t)VD_STANDING_UNKNOWN;
    default:
        return VD_STANDING_UNKNOWN;
    }
}

void vd_facts_adopt(struct vd_facts *baseline, const struct vd_facts *now, uint8_t subject_kind,
                    uint8_t subject_index)
{
    if (standing_of(now, subject_kind, subject_index) == VD_STANDING_UNKNOWN) {
        return; /* unknown never writes */
    }
    switch (subject_kind) {
    case VD_SUBJECT_SPF:
        adopt_spf(baseline, now);
        break;
    case VD_SUBJECT_DMARC:
        adopt_dmarc(baseline, now);
        break;
    case VD_SUBJECT_MX:
        adopt_mx(baseline, now);
        break;
    default:
        adopt_dkim(baseline, now, subject_index);
        break;
    }
}

static bool learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed,
                  uint8_t kind, uint8_t index)
{
    uint8_t standing = standing_of(now, kind, index);

    if (standing_of(baseline, kind, index) != VD_STANDING_UNKNOWN ||
        standing == VD_STANDING_UNKNOWN ||
        (standing != VD_STANDING_OK && (believed & vd_subject_bit(kind, index)) == 0)) {
        return false;
    }
    vd_facts_adopt(baseline, now, kind, index);
    return true;
}

bool vd_facts_learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed)
{
    bool has_learned = learn(baseline, now, believed, VD_SUBJECT_DMARC, 0);

    has_learned |= learn(baseline, now, believed, VD_SUBJECT_SPF, 0);
    has_learned |= learn(baseline, now, believed, VD_SUBJECT_MX, 0);
    for (uint8_t i = 0; i < VD_SELECTORS_MAX; i++) {
        has_learned |= learn(baseline, now, believed, VD_SUBJECT_DKIM, i);
    }
    return has_learned;
}
