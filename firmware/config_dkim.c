/*
 * The configuration: dkim= lines.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"

#include <string.h>

/* RFC 6376, section 3.1: labels with dots between them.  Names with "_" are in use, too. */
static const char *selector_fault(const struct vd_config_span *word)
{
    size_t label = 0, i;

    if (word->len > VD_SELECTOR_LEN_MAX) {
        return "is too long for a selector (VD_SELECTOR_LEN_MAX)";
    }
    for (i = 0; i < word->len; i++) {
        char c = word->text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.')) {
            return "is no selector: letters, digits, \"-\", \"_\" and \".\"";
        }
        label = c == '.' ? 0 : label + 1;
        if (label > 63 ||
            (label == 0 && (i == 0 || i + 1 == word->len || word->text[i - 1] == '.'))) {
            return "is no selector: labels of 1 to 63 characters, with one dot between";
        }
        if (c == '_' && word->len - i >= 10 && memcmp(word->text + i, "_domainkey", 10) == 0) {
            return "names the record: write only what stands before \"._domainkey\"";
        }
    }
    return NULL;
}

/* Index of a selector in the watch, added if it is new; VD_SELECTORS_MAX: no room. */
static unsigned selector_index(struct vd_watch *watch, const struct vd_config_span *word)
{
    char name[VD_SELECTOR_LEN_MAX + 1];
    unsigned i;
    size_t j;

    for (j = 0; j < word->len; j++) {
        char c = word->text[j];

        name[j] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    name[word->len] = '\0';
    for (i = 0; i < watch->selectors_count; i++) {
        if (strcmp(watch->selectors[i], name) == 0) {
            return i;
        }
    }
    if (i < VD_SELECTORS_MAX) {
        memcpy(watch->selectors[i], name, word->len + 1);
        watch->selectors_count++;
    }
    return i;
}

/* The selectors behind the colon.  Returns how many; 0 after a complaint. */
static unsigned read_selectors(struct vd_config_reader *reader, struct vd_config_span list,
                               uint16_t *members)
{
    struct vd_config_span word;
    unsigned count = 0;

    *members = 0;
    while (vd_config_word(&list, &word)) {
        struct vd_text_writer *w = vd_config_say_of(reader, word.text, word.len);
        const char *fault = selector_fault(&word);
        unsigned index;

        if (fault != NULL) {
            vd_text_put(w, fault);
            vd_config_said(reader, reader->line);
            return 0;
        }
        index = selector_index(reader->watch, &word);
        if (index == VD_SELECTORS_MAX) {
            vd_text_put(w, "is one selector too many: a watch has ");
            vd_text_put_unsigned(w, VD_SELECTORS_MAX);
            vd_text_put(w, " at most (VD_SELECTORS_MAX)");
            vd_config_said(reader, reader->line);
            return 0;
        }
        if (((unsigned)*members >> index & 1u) != 0) {
            vd_text_put(w, "stands twice in this group");
            vd_config_said(reader, reader->line);
            return 0;
        }
        *members = (uint16_t)(*members | (uint16_t)(1u << index));
        count++;
    }
    if (count == 0) {
        vd_config_object(reader, "dkim names no selector behind the \":\"");
    }
    return count;
}

/* "all", "any" or "N of" for a group of `count`.  0: none of these, or more than there are. */
static unsigned read_need(struct vd_config_span rule, unsigned count)
{
    struct vd_config_span word, of, more;
    unsigned need = 0;
    size_t i;

    if (!vd_config_word(&rule, &word)) {
        return 0;
    }
    if (!vd_config_word(&rule, &of)) {
        return vd_config_is_word(&word, "all") ? count : vd_config_is_word(&word, "any") ? 1 : 0;
    }
    for (i = 0; i < word.len && i < 3 && word.text[i] >= '0' && word.text[i] <= '9'; i++) {
        need = need * 10u + (unsigned)(word.text[i] - '0');
    }
    return i == word.len && vd_config_is_word(&of, "of") && !vd_config_word(&rule, &more) &&
                   need <= count
               ? need
               : 0;
}

void vd_config_read_dkim(struct vd_config_reader *reader, const char *value)
{
    struct vd_watch *watch = reader->watch;
    struct vd_dkim_group *group = &watch->groups[watch->groups_count];
    const char *colon = strchr(value, ':');
    struct vd_config_span rule, list;
    unsigned count, need;
    uint16_t members;

    if (watch->groups_count == VD_DKIM_GROUPS_MAX) {
        vd_text_put(vd_config_say(reader), "one dkim line too many: a watch has ");
        vd_text_put_unsigned(&reader->words, VD_DKIM_GROUPS_MAX);
        vd_text_put(&reader->words, " groups at most (VD_DKIM_GROUPS_MAX)");
        vd_config_said(reader, reader->line);
        return;
    }
    rule.text = value;
    rule.len = colon == NULL ? 0 : (size_t)(colon - value);
    list.text = colon == NULL ? "" : colon + 1;
    list.len = strlen(list.text);
    if (colon != NULL) {
        count = read_selectors(reader, list, &members);
        need = read_need(rule, count);
        if (count == 0) {
            return;
        }
        if (need > 0) {
            group->members = members;
            group->need = (uint8_t)need;
            watch->groups_count++;
            return;
        }
    }
    vd_text_put(vd_config_say_of(reader, value, strlen(value)),
                "is no DKIM group: write all: s1 s2, any: s1 s2 or 2 of: s1 s2 s3, with no more "
                "needed than listed");
    vd_config_said(reader, reader->line);
}
