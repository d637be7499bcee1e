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

#include "dns/records/span.h"

#include <stdarg.h>
#include <stddef.h>
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

size_t vd_facts_room(const struct vd_facts *facts)
{
    return facts->text_len + 1u < sizeof facts->text ? sizeof facts->text - facts->text_len - 1u
                                                     : 0;
}

/* Where the next octet of ref goes, and how many fit there besides the NUL. */
static char *room_of(struct vd_facts *facts, struct vd_text_ref *ref, size_t *room)
{
    if (ref->len == 0) {
        ref->offset = facts->text_len;
        ref->sound = 0;
    }
    size_t end = (size_t)ref->offset + ref->len;
    *room = end + 1 < sizeof facts->text ? sizeof facts->text - end - 1 : 0;
    return facts->text + (end < sizeof facts->text ? end : sizeof facts->text - 1);
}

/*
 * len octets were written at the end of ref, or would have been, had there been room; the first
 * `sound` of them are as they came.
 */
static void close_text(struct vd_facts *facts, struct vd_text_ref *ref, size_t len, size_t room,
                       size_t sound)
{
    size_t written = len < room ? len : room;

    if (ref->sound == ref->len) {
        ref->sound = (uint16_t)(ref->sound + (sound < written ? sound : written));
    }
    ref->len = (uint16_t)(ref->len + written);
    if (ref->len == 0) {
        return;
    }
    char *end = facts->text + ref->offset + ref->len;
    *end = '\0';
    if (len > room) {
        uint16_t mark = (uint16_t)(sizeof cut_mark - 1 < ref->len ? sizeof cut_mark - 1 : ref->len);
        uint16_t kept = (uint16_t)(ref->len - mark);
        memcpy(end - mark, cut_mark, mark);
        ref->sound = ref->sound < kept ? ref->sound : kept;
    }
    facts->text_len = (uint16_t)(ref->offset + ref->len + 1u);
}

void vd_facts_write(struct vd_facts *facts, struct vd_text_ref *ref, const char *format, ...)
{
    size_t room;
    char *at = room_of(facts, ref, &room);
    va_list words;

    va_start(words, format);
    int len = vsnprintf(at, room + 1, format, words);
    va_end(words);
    close_text(facts, ref, len > 0 ? (size_t)len : 0, room, SIZE_MAX);
}

static void write_span(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span span,
                       size_t reserve)
{
    size_t room;
    char *at = room_of(facts, ref, &room);
    size_t sound = SIZE_MAX;

    room = room > reserve ? room - reserve : 0;
    for (size_t i = 0; i < span.len && i < room; i++) {
        uint8_t c = span.bytes[i];
        if (c == '\t' || c == '\r' || c == '\n') {
            c = ' ';
        } else if (c < ' ' || c >= 0x7f) {
            c = '?';
            sound = i < sound ? i : sound;
        }
        at[i] = (char)c;
    }
    close_text(facts, ref, span.len, room, sound);
}

void vd_facts_write_span(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span span)
{
    write_span(facts, ref, span, 0);
}

void vd_facts_write_record(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span record)
{
    write_span(facts, ref, record, sizeof facts->text / 4);
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

/* ---- the texts of a record set ------------------------------------------------------------ */

/* Where the index-th text of a record set stands in struct vd_facts; 0: there are no more. */
static size_t ref_offset(uint8_t kind, uint8_t index, size_t number)
{
    static const size_t offsets[][4] = {
        [VD_SUBJECT_SPF] = {offsetof(struct vd_facts, spf.text),
                            offsetof(struct vd_facts, spf.path),
                            offsetof(struct vd_facts, spf.fault)},
        [VD_SUBJECT_DKIM] = {offsetof(struct vd_facts, dkim[0].text),
                             offsetof(struct vd_facts, dkim[0].fault)},
        [VD_SUBJECT_DMARC] = {offsetof(struct vd_facts, dmarc.text),
                              offsetof(struct vd_facts, dmarc.rua),
                              offsetof(struct vd_facts, dmarc.fault)},
        [VD_SUBJECT_MX] = {offsetof(struct vd_facts, mx.text)},
    };
    size_t offset = offsets[kind][number];

    return offset == 0 ? 0 : offset + index * sizeof(struct vd_dkim_facts);
}

static struct vd_text_ref *ref_at(struct vd_facts *facts, size_t offset)
{
    return (struct vd_text_ref *)(void *)((char *)facts + offset);
}

/* All texts that the facts refer to, empty ones left out.  Returns their number. */
static size_t list_refs(struct vd_facts *facts, struct vd_text_ref *refs[REFS_MAX])
{
    size_t count = 0;
    size_t offset;

    for (uint8_t kind = VD_SUBJECT_SPF; kind <= VD_SUBJECT_MX; kind++) {
        uint8_t sets = kind == VD_SUBJECT_DKIM ? VD_SELECTORS_MAX : 1;
        for (uint8_t i = 0; i < sets; i++) {
            for (size_t k = 0; (offset = ref_offset(kind, i, k)) != 0; k++) {
                struct vd_text_ref *ref = ref_at(facts, offset);
                if (ref->len > 0) {
                    refs[count++] = ref;
                }
            }
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

/* ---- the baseline ------------------------------------------------------------------------ */

/* Keys are long, and the mail service has them too: they give way first.  false: there is none. */
static bool drop_key(struct vd_facts *facts)
{
    struct vd_text_ref *longest = NULL;

    for (size_t i = 0; i < VD_SELECTORS_MAX; i++) {
        struct vd_text_ref *text = &facts->dkim[i].text;
        if (!facts->dkim[i].is_alias && text->len > (longest == NULL ? 0 : longest->len)) {
            longest = text;
        }
    }
    if (longest == NULL) {
        return false;
    }
    *longest = (struct vd_text_ref){0, 0, 0};
    pack(facts);
    return true;
}

/* Give ref a copy, in facts' own store, of a text in from's. */
static void bring(struct vd_facts *facts, struct vd_text_ref *ref, const struct vd_facts *from,
                  struct vd_text_ref theirs, bool is_key)
{
    while (!is_key && vd_facts_room(facts) < theirs.len && drop_key(facts)) {
    }
    if (theirs.len == 0 || (is_key && vd_facts_room(facts) < theirs.len)) {
        return;
    }
    vd_facts_write_span(facts, ref,
                        (struct vd_span){(const uint8_t *)vd_facts_text(from, theirs), theirs.len});
    ref->sound = theirs.sound < ref->sound ? theirs.sound : ref->sound;
}

static void forget_texts(struct vd_facts *facts, uint8_t kind, uint8_t index)
{
    size_t offset;

    for (size_t k = 0; (offset = ref_offset(kind, index, k)) != 0; k++) {
        *ref_at(facts, offset) = (struct vd_text_ref){0, 0, 0};
    }
}

static void take_over(struct vd_facts *to, const struct vd_facts *from, uint8_t kind, uint8_t index)
{
    size_t offset;

    forget_texts(to, kind, index);
    pack(to);
    switch (kind) {
    case VD_SUBJECT_SPF:
        to->spf = from->spf;
        break;
    case VD_SUBJECT_DMARC:
        to->dmarc = from->dmarc;
        break;
    case VD_SUBJECT_MX:
        to->mx = from->mx;
        break;
    default:
        to->dkim[index] = from->dkim[index];
        break;
    }
    forget_texts(to, kind, index); /* the copies still speak of from's store */
    for (size_t k = 0; (offset = ref_offset(kind, index, k)) != 0; k++) {
        const struct vd_text_ref *theirs =
            (const struct vd_text_ref *)(const void *)((const char *)from + offset);
        bring(to, ref_at(to, offset), from, *theirs,
              kind == VD_SUBJECT_DKIM && k == 0 && !from->dkim[index].is_alias);
    }
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
    uint8_t standing = standing_of(now, subject_kind, subject_index);

    if (standing == VD_STANDING_UNKNOWN) {
        return; /* unknown never writes */
    }
    if (subject_kind == VD_SUBJECT_DKIM && standing != VD_STANDING_OK &&
        standing_of(baseline, subject_kind, subject_index) == VD_STANDING_OK) {
        return;
    }
    take_over(baseline, now, subject_kind, subject_index);
}

uint32_t vd_facts_content(const struct vd_facts *facts, uint8_t subject_kind, uint8_t subject_index)
{
    const void *start = &facts->spf;
    size_t len = offsetof(struct vd_spf_facts, detail);

    if (subject_kind == VD_SUBJECT_DMARC) {
        start = &facts->dmarc;
        len = offsetof(struct vd_dmarc_facts, detail);
    } else if (subject_kind == VD_SUBJECT_MX) {
        start = &facts->mx;
        len = offsetof(struct vd_mx_facts, detail);
    } else if (subject_kind == VD_SUBJECT_DKIM) {
        start = &facts->dkim[subject_index];
        len = offsetof(struct vd_dkim_facts, detail);
    }
    return vd_hash(VD_HASH_START, start, len);
}

static bool learn(struct vd_facts *baseline, const struct vd_facts *now, uint32_t believed,
                  uint8_t kind, uint8_t index)
{
    uint8_t standing = standing_of(now, kind, index);

    if (standing_of(baseline, kind, index) != VD_STANDING_UNKNOWN ||
        standing == VD_STANDING_UNKNOWN || (believed & vd_subject_bit(kind, index)) == 0) {
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
