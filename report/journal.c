/*
 * The journal: numbered events, kept until every channel has delivered them.
 *
 * Entries lie one after another from the start of the bytes: a head, then the strings with
 * their NULs.  One that goes leaves no hole: the rest moves up.  The bytes are few, and events
 * are rare.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/journal.h"

#include "report/text.h"

#include <string.h>

/* Strings of an event, in the order of storage. */
enum { CODE, RESTORES, DOMAIN, RECORD, RTYPE, SUBJECT, OLD, NEW, WHY, MEND, KNOWN_BY, PATH };

#define STRINGS (PATH + 1u)

/* Which strings give way first, and next, when an event is too large; bits. */
#define CUT_FIRST (1u << OLD | 1u << NEW | 1u << MEND)
#define CUT_NEXT  (1u << SUBJECT | 1u << WHY | 1u << KNOWN_BY | 1u << PATH)

/* Room for " [cut: 4294967295 bytes in all, fingerprint 0123456789abcdef]" and its NUL. */
#define CUT_MARK_MAX 64u

/* The numbers of an entry.  Copied in and out: entries are not aligned. */
struct head {
    uint32_t size; /* of the entry, head and strings */
    uint32_t seq;
    int64_t time_s;
    uint8_t class_, severity, axis;
    char id[VD_EVENT_ID_MAX];
};

_Static_assert(VD_JOURNAL_EVENT_BYTES_MAX > sizeof(struct head) + STRINGS * CUT_MARK_MAX,
               "VD_JOURNAL_BYTES_MAX must leave room for words (firmware/limits.h)");

struct strings {
    const char *text[STRINGS];
    size_t len[STRINGS];
    size_t kept_max[STRINGS]; /* most bytes that the entry has for it, a cut mark counted */
};

void vd_journal_init(struct vd_journal *journal)
{
    journal->last_seq = 0;
    journal->forgotten = 0;
    journal->dropped = 0;
    journal->len = 0;
}

static void gather(const struct vd_event *event, struct strings *out)
{
    unsigned i;

    out->text[CODE] = event->code;
    out->text[RESTORES] = event->restores;
    out->text[DOMAIN] = event->domain;
    out->text[RECORD] = event->record;
    out->text[RTYPE] = event->rtype;
    out->text[SUBJECT] = event->subject;
    out->text[OLD] = event->old_text;
    out->text[NEW] = event->new_text;
    out->text[WHY] = event->why;
    out->text[MEND] = event->mend;
    out->text[KNOWN_BY] = event->known_by;
    out->text[PATH] = event->path;
    for (i = 0; i < STRINGS; i++) {
        if (out->text[i] == NULL) {
            out->text[i] = "";
        }
        out->len[i] = strlen(out->text[i]);
        out->kept_max[i] = out->len[i];
    }
}

static void scatter(const char *const text[STRINGS], struct vd_event *event)
{
    event->code = text[CODE];
    event->restores = text[RESTORES];
    event->domain = text[DOMAIN];
    event->record = text[RECORD];
    event->rtype = text[RTYPE];
    event->subject = text[SUBJECT];
    event->old_text = text[OLD];
    event->new_text = text[NEW];
    event->why = text[WHY];
    event->mend = text[MEND];
    event->known_by = text[KNOWN_BY];
    event->path = text[PATH];
}

static size_t entry_size(const struct strings *strings)
{
    size_t size = sizeof(struct head);
    unsigned i;

    for (i = 0; i < STRINGS; i++) {
        size += strings->kept_max[i] + 1;
    }
    return size;
}

static void limit_to(struct strings *strings, unsigned which, size_t most)
{
    unsigned i;

    for (i = 0; i < STRINGS; i++) {
        if ((which >> i & 1u) != 0) {
            strings->kept_max[i] = strings->len[i] < most ? strings->len[i] : most;
        }
    }
}

/* Give the strings in `which` the same greatest length, the longest with which it all fits. */
static bool cut_until_it_fits(struct strings *strings, unsigned which)
{
    size_t fits = CUT_MARK_MAX, too_long = VD_JOURNAL_EVENT_BYTES_MAX + 1;

    while (too_long - fits > 1) {
        size_t middle = fits + (too_long - fits) / 2;

        limit_to(strings, which, middle);
        if (entry_size(strings) <= VD_JOURNAL_EVENT_BYTES_MAX) {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    limit_to(strings, which, fits);
    return entry_size(strings) <= VD_JOURNAL_EVENT_BYTES_MAX;
}

static bool does_fit(struct strings *strings)
{
    return entry_size(strings) <= VD_JOURNAL_EVENT_BYTES_MAX ||
           cut_until_it_fits(strings, CUT_FIRST) || cut_until_it_fits(strings, CUT_NEXT);
}

/* Write one string with its NUL; returns the bytes used. */
static size_t write_string(uint8_t *to, const char *text, size_t len, size_t kept_max)
{
    char mark[CUT_MARK_MAX];
    struct vd_text_writer w;
    size_t kept;

    if (len <= kept_max) {
        memcpy(to, text, len + 1);
        return len + 1;
    }
    vd_text_start(&w, mark, sizeof mark);
    vd_text_put(&w, " [cut: ");
    vd_text_put_unsigned(&w, len);
    vd_text_put(&w, " bytes in all, fingerprint ");
    vd_text_put_hex(&w, vd_text_fingerprint(text, len), 16);
    vd_text_put_char(&w, ']');
    kept = vd_text_clamp(text, len, kept_max - w.len);
    memcpy(to, text, kept);
    memcpy(to + kept, mark, w.len + 1);
    return kept + w.len + 1;
}

static void head_read(const struct vd_journal *journal, size_t at, struct head *out)
{
    memcpy(out, journal->bytes + at, sizeof *out);
}

/* Severity in the order of giving way; an event without one counts as the least. */
static unsigned rank(unsigned severity)
{
    return severity == VD_SEVERITY_NONE ? 8u : severity;
}

/* May this entry give way to an event of severity `to`? */
static bool gives_way(const struct vd_journal *journal, const struct head *head, unsigned to)
{
    return head->seq <= journal->forgotten || rank(head->severity) >= rank(to);
}

static bool is_room_possible(const struct vd_journal *journal, size_t size, unsigned severity)
{
    size_t staying = 0, at = 0;
    struct head head;

    while (at < journal->len) {
        head_read(journal, at, &head);
        staying += gives_way(journal, &head, severity) ? 0 : head.size;
        at += head.size;
    }
    return staying + size <= sizeof journal->bytes;
}

/* The entry that goes next: delivered everywhere, else the oldest of the least severe. */
static size_t find_victim(const struct vd_journal *journal)
{
    size_t at = 0, victim = 0;
    unsigned worst = 0;
    struct head head;

    while (at < journal->len) {
        head_read(journal, at, &head);
        if (head.seq <= journal->forgotten) {
            return at;
        }
        if (rank(head.severity) > worst) {
            worst = rank(head.severity);
            victim = at;
        }
        at += head.size;
    }
    return victim;
}

static void remove_at(struct vd_journal *journal, size_t at)
{
    struct head head;

    head_read(journal, at, &head);
    memmove(journal->bytes + at, journal->bytes + at + head.size, journal->len - at - head.size);
    journal->len -= head.size;
    if (head.seq > journal->forgotten) {
        journal->dropped++;
    }
}

static void write_entry(struct vd_journal *journal, const struct vd_event *event,
                        const struct strings *strings)
{
    size_t at = journal->len + sizeof(struct head);
    struct head head;
    unsigned i;

    memset(&head, 0, sizeof head);
    for (i = 0; i < STRINGS; i++) {
        at += write_string(journal->bytes + at, strings->text[i], strings->len[i],
                           strings->kept_max[i]);
    }
    head.size = (uint32_t)(at - journal->len);
    head.seq = journal->last_seq;
    head.time_s = event->time_s;
    head.class_ = (uint8_t)event->class_;
    head.severity = (uint8_t)event->severity;
    head.axis = event->axis;
    memcpy(head.id, event->id, sizeof head.id - 1);
    memcpy(journal->bytes + journal->len, &head, sizeof head);
    journal->len = at;
}

enum vd_status vd_journal_append(struct vd_journal *journal, const struct vd_event *event,
                                 uint32_t *seq)
{
    struct strings strings;

    *seq = ++journal->last_seq;
    gather(event, &strings);
    if (!does_fit(&strings)) {
        journal->dropped++;
        return VD_EINVAL;
    }
    if (!is_room_possible(journal, entry_size(&strings), event->severity)) {
        journal->dropped++;
        return VD_EFULL;
    }
    while (journal->len + entry_size(&strings) > sizeof journal->bytes) {
        remove_at(journal, find_victim(journal));
    }
    write_entry(journal, event, &strings);
    return VD_OK;
}

enum vd_status vd_journal_next(const struct vd_journal *journal, uint32_t after_seq, uint32_t *seq)
{
    struct head head;
    size_t at = 0;

    while (at < journal->len) {
        head_read(journal, at, &head);
        if (head.seq > after_seq) {
            *seq = head.seq;
            return VD_OK;
        }
        at += head.size;
    }
    return VD_AGAIN;
}

enum vd_status vd_journal_read(const struct vd_journal *journal, uint32_t seq, struct vd_event *out)
{
    const char *text[STRINGS];
    struct head head;
    size_t at = 0;
    unsigned i;

    do {
        if (at >= journal->len) {
            return VD_ENOTFOUND;
        }
        head_read(journal, at, &head);
        at += head.size;
    } while (head.seq != seq);

    at -= head.size;
    at += sizeof head;
    for (i = 0; i < STRINGS; i++) {
        text[i] = (const char *)journal->bytes + at;
        at += strlen(text[i]) + 1;
    }
    scatter(text, out);
    out->seq = head.seq;
    out->time_s = head.time_s;
    out->class_ = (enum vd_class)head.class_;
    out->severity = (enum vd_severity)head.severity;
    out->axis = head.axis;
    memcpy(out->id, head.id, sizeof out->id);
    return VD_OK;
}

void vd_journal_forget(struct vd_journal *journal, uint32_t up_to_seq)
{
    if (up_to_seq > journal->forgotten) {
        journal->forgotten = up_to_seq;
    }
}

uint32_t vd_journal_dropped(const struct vd_journal *journal)
{
    return journal->dropped;
}
