/*
 * The syslog channel's words: RFC 5424 in the frame of RFC 5425.
 *
 * SPDX-License-Identifier: MIT
 */
#include "report/syslog.h"

#include "report/text.h"
#include "report/time_text.h"

#include <string.h>

#define FACILITY 13u /* log audit */

/* Longest device name, and longest code (RFC 5424, section 6: a MSGID has 32 at most). */
#define HOST_MAX 63u
#define WORD_MAX 32u

/* RFC 5424, section 6.3.3: what a parameter's value escapes. */
#define ESCAPE_PARAM "\"\\]"
/* Old and new are quoted in the readable part, so that nobody takes their text for ours. */
#define ESCAPE_QUOTED "\"\\"

#define FULL 0xffffffffu

/* The texts that may be cut, each with the most bytes it gets. */
enum limited {
    MSG_OLD,
    MSG_NEW,
    MSG_WHY,
    MSG_MEND,
    MSG_SUBJECT,
    OLD,
    NEW,
    WHY,
    MEND,
    KNOWN_BY,
    PATH,
    RECORD,
    DOMAIN,
    LIMITS
};

/* Which texts give way, one set after the other, and to how few bytes at least. */
static const struct {
    uint16_t which; /* bits: enum limited */
    uint16_t least;
} stages[] = {
    {1u << MSG_OLD | 1u << MSG_NEW, 48},
    {1u << OLD | 1u << NEW, 64},
    {1u << MSG_WHY | 1u << MSG_MEND, 0},
    {1u << WHY | 1u << MEND, 0},
    {1u << MSG_OLD | 1u << MSG_NEW | 1u << OLD | 1u << NEW, 0},
    {1u << KNOWN_BY | 1u << PATH, 0},
    {1u << MSG_SUBJECT | 1u << RECORD | 1u << DOMAIN, 0},
};

struct message {
    const struct vd_event *event;
    const char *host;
    uint32_t most[LIMITS];
};

/* Our own short words (codes, ids, names): printable ASCII that needs no escape anywhere. */
static void put_word(struct vd_text_writer *w, const char *word, size_t most)
{
    size_t i;

    for (i = 0; word[i] != '\0' && i < most; i++) {
        bool is_plain = word[i] > ' ' && word[i] < 0x7f && strchr(ESCAPE_PARAM, word[i]) == NULL;

        vd_text_put_char(w, is_plain ? word[i] : '_');
    }
}

/* A field of the header; "-" for none. */
static void put_field(struct vd_text_writer *w, const char *word, size_t most)
{
    vd_text_put_char(w, ' ');
    put_word(w, word[0] == '\0' ? "-" : word, most);
}

static void put_header(struct vd_text_writer *w, const struct message *message)
{
    const struct vd_event *event = message->event;
    unsigned severity = event->severity == VD_SEVERITY_NONE ? VD_SEVERITY_INFO : event->severity;
    char time[VD_TIME_TEXT_MAX] = "";

    if (event->time_s != 0) {
        vd_time_text(event->time_s, time);
    }
    vd_text_put_char(w, '<');
    vd_text_put_unsigned(w, FACILITY * 8u + (severity & 7u));
    vd_text_put(w, ">1");
    put_field(w, time, VD_TIME_TEXT_MAX);
    put_field(w, message->host, HOST_MAX);
    vd_text_put(w, " vedette -");
    put_field(w, event->code, WORD_MAX);
}

static void put_name(struct vd_text_writer *w, const char *name, const char *suffix)
{
    vd_text_put_char(w, ' ');
    vd_text_put(w, name);
    vd_text_put(w, suffix);
    vd_text_put(w, "=\"");
}

/* A parameter that is one of our own words; nothing when it has no value. */
static void put_param(struct vd_text_writer *w, const char *name, const char *word, size_t most)
{
    if (word[0] != '\0') {
        put_name(w, name, "");
        put_word(w, word, most);
        vd_text_put_char(w, '"');
    }
}

/* A parameter with at most `most` bytes of its value (before escaping).  Returns true if cut. */
static bool put_limited(struct vd_text_writer *w, const char *name, const char *value, size_t most)
{
    size_t len = strlen(value);
    size_t kept = vd_text_clamp(value, len, most);

    if (kept > 0) {
        put_name(w, name, "");
        vd_text_put_safe(w, value, kept, ESCAPE_PARAM);
        vd_text_put_char(w, '"');
    }
    if (kept == len) {
        return false;
    }
    put_name(w, name, "len");
    vd_text_put_unsigned(w, len);
    vd_text_put_char(w, '"');
    put_name(w, name, "fp");
    vd_text_put_hex(w, vd_text_fingerprint(value, len), 16);
    vd_text_put_char(w, '"');
    return true;
}

static void put_number_param(struct vd_text_writer *w, const char *name, uint64_t value)
{
    put_name(w, name, "");
    vd_text_put_unsigned(w, value);
    vd_text_put_char(w, '"');
}

static void put_params(struct vd_text_writer *w, const struct message *message)
{
    const struct vd_event *event = message->event;
    char axis[VD_AXIS_TEXT_MAX];
    bool is_cut = false;

    vd_text_put(w, " [vedette@");
    vd_text_put_unsigned(w, VD_PEN);
    put_param(w, "id", event->id, WORD_MAX);
    put_number_param(w, "seq", event->seq);
    put_param(w, "code", event->code, WORD_MAX);
    put_param(w, "class", vd_class_str(event->class_), WORD_MAX);
    put_param(w, "severity", vd_severity_str(event->severity), WORD_MAX);
    put_param(w, "axis", vd_axis_text(event->axis, axis), VD_AXIS_TEXT_MAX);
    is_cut |= put_limited(w, "domain", event->domain, message->most[DOMAIN]);
    is_cut |= put_limited(w, "record", event->record, message->most[RECORD]);
    put_param(w, "type", event->rtype, WORD_MAX);
    is_cut |= put_limited(w, "old", event->old_text, message->most[OLD]);
    is_cut |= put_limited(w, "new", event->new_text, message->most[NEW]);
    is_cut |= put_limited(w, "why", event->why, message->most[WHY]);
    is_cut |= put_limited(w, "mend", event->mend, message->most[MEND]);
    is_cut |= put_limited(w, "knownby", event->known_by, message->most[KNOWN_BY]);
    is_cut |= put_limited(w, "path", event->path, message->most[PATH]);
    put_param(w, "restores", event->restores, WORD_MAX);
    if (is_cut) {
        put_param(w, "truncated", "1", WORD_MAX);
    }
    vd_text_put_char(w, ']');
}

/* One part of the readable text: "; is: ..."; nothing when it has no value. */
static void put_part(struct vd_text_writer *w, const char *lead, const char *value, size_t most,
                     bool is_quoted)
{
    size_t len = strlen(value);
    size_t kept = vd_text_clamp(value, len, most);

    if (len == 0 || (kept == 0 && most == 0)) {
        return;
    }
    vd_text_put(w, lead);
    vd_text_put(w, is_quoted ? "\"" : "");
    vd_text_put_safe(w, value, kept, is_quoted ? ESCAPE_QUOTED : NULL);
    vd_text_put(w, is_quoted ? "\"" : "");
    vd_text_put(w, kept < len ? "..." : "");
}

static void put_readable(struct vd_text_writer *w, const struct message *message)
{
    const struct vd_event *event = message->event;
    const uint32_t *most = message->most;

    vd_text_put(w, " \xef\xbb\xbf"); /* the mark that says UTF-8 (RFC 5424, section 6.4) */
    put_part(w, "", event->subject, most[MSG_SUBJECT], false);
    put_part(w, "; was: ", event->old_text, most[MSG_OLD], true);
    put_part(w, "; is: ", event->new_text, most[MSG_NEW], true);
    put_part(w, ". ", event->why, most[MSG_WHY], false); /* a sentence, with its full stop */
    put_part(w, event->why[0] != '\0' ? " To mend: " : ". To mend: ", event->mend, most[MSG_MEND],
             false);
}

/* Write the message with the limits as they stand.  Returns false if it is too long. */
static bool write_message(const struct message *message, struct vd_text_writer *w, char *out)
{
    vd_text_start(w, out, VD_SYSLOG_MESSAGE_MAX + 1u);
    put_header(w, message);
    put_params(w, message);
    put_readable(w, message);
    return !w->is_cut;
}

static void limit_to(struct message *message, unsigned which, uint32_t most)
{
    unsigned i;

    for (i = 0; i < LIMITS; i++) {
        if ((which >> i & 1u) != 0) {
            message->most[i] = most;
        }
    }
}

/* Find the longest limit for one set of texts that lets the message fit; false: none does. */
static bool shorten(struct message *message, unsigned which, uint32_t least, char *out)
{
    uint32_t fits = least, too_long = VD_SYSLOG_MESSAGE_MAX;
    struct vd_text_writer w;

    limit_to(message, which, least);
    if (!write_message(message, &w, out)) {
        return false;
    }
    while (too_long - fits > 1) {
        uint32_t middle = fits + (too_long - fits) / 2;

        limit_to(message, which, middle);
        if (write_message(message, &w, out)) {
            fits = middle;
        } else {
            too_long = middle;
        }
    }
    limit_to(message, which, fits);
    return write_message(message, &w, out);
}

size_t vd_syslog_frame(const struct vd_event *event, const char *host, uint8_t *out)
{
    /* The message is written behind the longest count, then moved up to the real one. */
    char *text = (char *)out + (VD_SYSLOG_FRAME_MAX - VD_SYSLOG_MESSAGE_MAX - 1u);
    struct message message = {event, host, {0}};
    struct vd_text_writer w, count;
    char digits[8];
    unsigned i;

    limit_to(&message, FULL, FULL);
    for (i = 0; !write_message(&message, &w, text) && i < sizeof stages / sizeof stages[0]; i++) {
        if (shorten(&message, stages[i].which, stages[i].least, text)) {
            write_message(&message, &w, text);
            break;
        }
    }
    vd_text_start(&count, digits, sizeof digits);
    vd_text_put_unsigned(&count, w.len);
    vd_text_put_char(&count, ' ');
    memmove(out + count.len, text, w.len);
    memcpy(out, digits, count.len);
    return count.len + w.len;
}
