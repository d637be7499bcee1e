/*
 * The configuration: words and complaints.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"

#include <string.h>

/* Longest piece of the file in a complaint. */
#define QUOTE_MAX 64u

/* ---- complaints -------------------------------------------------------------------------- */

struct vd_text_writer *vd_config_say(struct vd_config_reader *reader)
{
    vd_text_start(&reader->words, reader->complaint, sizeof reader->complaint);
    return &reader->words;
}

struct vd_text_writer *vd_config_say_of(struct vd_config_reader *reader, const char *text,
                                        size_t len)
{
    struct vd_text_writer *w = vd_config_say(reader);

    vd_config_quote(w, text, len);
    vd_text_put_char(w, ' ');
    return w;
}

void vd_config_said(struct vd_config_reader *reader, unsigned line)
{
    if (!reader->is_first_pass) {
        reader->complaints++;
        reader->complain(reader->ctx, line, reader->complaint);
    }
}

void vd_config_object(struct vd_config_reader *reader, const char *words)
{
    vd_text_put(vd_config_say(reader), words);
    vd_config_said(reader, reader->line);
}

void vd_config_object_to(struct vd_config_reader *reader, const char *value, const char *words)
{
    vd_text_put(vd_config_say_of(reader, value, strlen(value)), words);
    vd_config_said(reader, reader->line);
}

void vd_config_quote(struct vd_text_writer *w, const char *text, size_t len)
{
    size_t kept = vd_text_clamp(text, len, QUOTE_MAX);

    vd_text_put_char(w, '"');
    vd_text_put_safe(w, text, kept, NULL);
    vd_text_put(w, kept < len ? "...\"" : "\"");
}

void vd_config_put_head(const struct vd_config_reader *reader, struct vd_text_writer *w)
{
    const struct vd_config_span *head = &reader->section_head;
    size_t kept = vd_text_clamp(head->text, head->len, QUOTE_MAX);

    vd_text_put_char(w, '[');
    vd_text_put_safe(w, head->text, kept, NULL);
    vd_text_put(w, kept < head->len ? "...]" : "]");
}

/* ---- words ------------------------------------------------------------------------------- */

bool vd_config_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool vd_config_word(struct vd_config_span *from, struct vd_config_span *word)
{
    while (from->len > 0 && vd_config_is_blank(*from->text)) {
        from->text++;
        from->len--;
    }
    word->text = from->text;
    word->len = 0;
    while (word->len < from->len && !vd_config_is_blank(from->text[word->len])) {
        word->len++;
    }
    from->text += word->len;
    from->len -= word->len;
    return word->len > 0;
}

bool vd_config_is_word(const struct vd_config_span *span, const char *word)
{
    return span->len == strlen(word) && memcmp(span->text, word, span->len) == 0;
}
