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
    if (!reader->is_quiet) {
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

void vd_config_suggest(struct vd_text_writer *w, const char *known)
{
    vd_text_put(w, ": did you mean ");
    vd_config_quote(w, known, strlen(known));
    vd_text_put(w, "?");
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

/* ---- words that are kept ----------------------------------------------------------------- */

struct vd_config_pool vd_config_watch_pool(struct vd_watch *watch)
{
    struct vd_config_pool pool = {watch->text, &watch->text_len, sizeof watch->text,
                                  "VD_WATCH_TEXT_MAX"};

    return pool;
}

struct vd_config_pool vd_config_provider_pool(struct vd_config *config)
{
    struct vd_config_pool pool = {config->provider_text, &config->provider_text_len,
                                  sizeof config->provider_text, "VD_PROVIDER_TEXT_MAX"};

    return pool;
}

static uint16_t object_to_fullness(struct vd_config_reader *reader,
                                   const struct vd_config_pool *pool)
{
    struct vd_text_writer *w = vd_config_say(reader);

    vd_text_put(w, "too many words: this image keeps ");
    vd_text_put_unsigned(w, pool->cap);
    vd_text_put(w, " bytes of them (");
    vd_text_put(w, pool->knob);
    vd_text_put(w, ")");
    vd_config_said(reader, reader->line);
    return 0;
}

uint16_t vd_config_keep(struct vd_config_reader *reader, const struct vd_config_pool *pool,
                        uint16_t list, const char *word, size_t len)
{
    size_t head = list == 0 ? 0 : strlen(pool->text + list) + 1;
    bool is_last = head > 0 && list + head == *pool->len; /* it can grow where it stands */
    size_t start = is_last ? list : *pool->len, at = start + head, i;

    if (at + len + 1 > pool->cap) {
        return object_to_fullness(reader, pool);
    }
    if (head > 0) {
        memmove(pool->text + start, pool->text + list, head);
        pool->text[at - 1] = ' ';
    }
    for (i = 0; i < len; i++) {
        char c = word[i];

        pool->text[at + i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    pool->text[at + len] = '\0';
    *pool->len = (uint16_t)(at + len + 1);
    return (uint16_t)start;
}
