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

/* Texts: at most four of each record set (facets.c). */
#define REFS_MAX (4u * VD_SUBJECTS_MAX)

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

/* ---- reading ----------------------------------------------------------------------------- */

const struct vd_answer *vd_reading_find(const struct vd_reading *at, const char *name,
                                        uint16_t type, enum vd_want want)
{
    if (at->want != NULL && name[0] != '\0') {
        at->want(at->ctx, name, type, want);
    }
    return vd_snapshot_find(at->snapshot, name, type);
}

void vd_facts_read(const struct vd_reading *at)
{
    memset(at->out, 0, sizeof *at->out);
    vd_facts_read_dmarc(at);
    vd_facts_read_mx(at);
    for (uint8_t i = 0; i < at->watch->selectors_count && i < VD_SELECTORS_MAX; i++) {
        vd_facts_read_dkim(at, i);
    }
    vd_facts_read_dkim(at, VD_DKIM_WILDCARD);
    vd_facts_read_spf(at); /* which services are in use, the selectors tell */
    vd_facts_read_mail_from(at);
    vd_facts_read_mta_sts(at);
    vd_facts_read_tls_rpt(at);
    vd_facts_read_bimi(at);
    vd_facts_read_ns(at);
    vd_facts_read_ds(at);
}

/* ---- the texts of a record set ------------------------------------------------------------ */

static struct vd_text_ref *ref_at(struct vd_facts *facts, size_t offset)
{
    return (struct vd_text_ref *)(void *)((char *)facts + offset);
}

/* All texts that the facts refer to, empty ones left out.  Returns their number. */
static size_t list_refs(struct vd_facts *facts, struct vd_text_ref *refs[REFS_MAX])
{
    size_t count = 0;
    size_t offset;

    for (uint8_t kind = 0; kind < VD_SUBJECT_KINDS; kind++) {
        uint8_t sets = kind == VD_SUBJECT_DKIM ? VD_DKIM_SETS_MAX : 1;
        for (uint8_t i = 0; i < sets; i++) {
            for (size_t k = 0; (offset = vd_facts_text_offset(kind, i, k)) != 0; k++) {
                struct vd_text_ref *ref = ref_at(facts, offset);
                if (ref->len > 0) {
                    refs[count++] = ref;
                }
            }
        }
    }
    return count;
}

void vd_facts_pack(struct vd_facts *facts)
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

/* ---- what gives way ------------------------------------------------------------------------ */

/* Keys are long, and the mail service has them too: they give way first.  false: there is none. */
static bool drop_key(struct vd_facts *facts)
{
    struct vd_text_ref *longest = NULL;

    for (size_t i = 0; i < VD_DKIM_SETS_MAX; i++) {
        struct vd_text_ref *text = &facts->dkim[i].text;
        if (!facts->dkim[i].is_alias && text->len > (longest == NULL ? 0 : longest->len)) {
            longest = text;
        }
    }
    if (longest == NULL) {
        return false;
    }
    *longest = (struct vd_text_ref){0, 0, 0};
    vd_facts_pack(facts);
    return true;
}

/* Drop keys until so many octets fit, or no key is left. */
static void make_room(struct vd_facts *facts, size_t len)
{
    while (vd_facts_room(facts) < len && drop_key(facts)) {
    }
}

void vd_facts_write_record(struct vd_facts *facts, struct vd_text_ref *ref, struct vd_span record)
{
    static const size_t reserve = sizeof facts->text / 4;

    if (ref->len == 0) {
        make_room(facts, record.len + reserve);
    }
    write_span(facts, ref, record, reserve);
}

void vd_facts_bring(struct vd_facts *facts, struct vd_text_ref *ref, const struct vd_facts *from,
                    struct vd_text_ref theirs, bool is_key)
{
    if (!is_key) {
        make_room(facts, theirs.len);
    }
    if (theirs.len == 0 || (is_key && vd_facts_room(facts) < theirs.len)) {
        return;
    }
    vd_facts_write_span(facts, ref,
                        (struct vd_span){(const uint8_t *)vd_facts_text(from, theirs), theirs.len});
    ref->sound = theirs.sound < ref->sound ? theirs.sound : ref->sound;
}
