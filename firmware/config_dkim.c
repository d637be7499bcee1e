/*
 * The configuration: dkim= lines, and the selectors that providers bring.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"

#include <string.h>

/* RFC 6376, section 3.1: labels with dots between them.  Names with "_" are in use, too. */
const char *vd_config_selector_fault(const struct vd_config_span *word)
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
        const char *fault = vd_config_selector_fault(&word);
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
    unsigned need;

    if (!vd_config_word(&rule, &word)) {
        return 0;
    }
    if (!vd_config_word(&rule, &of)) {
        return vd_config_is_word(&word, "all") ? count : vd_config_is_word(&word, "any") ? 1 : 0;
    }
    vd_config_digits(&word, 3, &need);
    return word.len == 0 && vd_config_is_word(&of, "of") && !vd_config_word(&rule, &more) &&
                   need <= count
               ? need
               : 0;
}

static bool is_number(const struct vd_config_span *word)
{
    struct vd_config_span rest = *word;
    unsigned number;

    vd_config_digits(&rest, rest.len, &number);
    return rest.len == 0;
}

/* A provider's name in front of the rule, if there is one: something is left behind it, and it is no
   part of a rule itself ("2 of", and "any of", which is told as such). */
static bool take_provider(struct vd_config_span *rule, struct vd_config_span *name)
{
    struct vd_config_span rest = *rule, more;

    if (!vd_config_word(&rest, name) || vd_config_is_word(name, "all") ||
        vd_config_is_word(name, "any") || is_number(name)) {
        return false;
    }
    more = rest;
    if (!vd_config_word(&rest, &more)) {
        return false;
    }
    rule->len = (size_t)(rest.text + rest.len - more.text);
    rule->text = more.text;
    return true;
}

static void object_to_groups(struct vd_config_reader *reader)
{
    struct vd_text_writer *w = vd_config_say(reader);

    vd_text_put(w, "one dkim line too many: a watch has ");
    vd_text_put_unsigned(w, VD_DKIM_GROUPS_MAX);
    vd_text_put(w, " groups at most (VD_DKIM_GROUPS_MAX)");
    vd_config_said(reader, reader->line);
}

static void add_group(struct vd_watch *watch, uint16_t members, unsigned need, uint8_t provider)
{
    struct vd_dkim_group *group = &watch->groups[watch->groups_count++];

    group->members = members;
    group->need = (uint8_t)need;
    group->provider = provider;
}

/* The name of a service in front of a rule: its row plus one; 0 after a complaint. */
static uint8_t read_provider(struct vd_config_reader *reader, const struct vd_config_span *name)
{
    uint8_t row;
    const struct vd_provider *provider = vd_config_provider(reader, name, &row);

    if (provider != NULL && provider->is_unsigned) {
        vd_text_put(vd_config_say_of(reader, name->text, name->len),
                    "signs nothing: it has no selectors; write provider = only");
        vd_config_said(reader, reader->line);
        return 0;
    }
    return provider == NULL ? (uint8_t)0 : (uint8_t)(row + 1);
}

void vd_config_read_dkim(struct vd_config_reader *reader, const char *value)
{
    struct vd_watch *watch = reader->watch;
    const char *colon = strchr(value, ':');
    struct vd_config_span rule, list, name;
    unsigned count, need;
    uint8_t provider = 0;
    uint16_t members;

    if (!reader->is_again) {
        watch->groups_count = 0;
        watch->selectors_count = 0;
    }
    if (watch->groups_count == VD_DKIM_GROUPS_MAX) {
        object_to_groups(reader);
        return;
    }
    rule.text = value;
    rule.len = colon == NULL ? 0 : (size_t)(colon - value);
    list.text = colon == NULL ? "" : colon + 1;
    list.len = strlen(list.text);
    if (colon != NULL) {
        if (take_provider(&rule, &name) && (provider = read_provider(reader, &name)) == 0) {
            return;
        }
        count = read_selectors(reader, list, &members);
        need = read_need(rule, count);
        if (count == 0) {
            return;
        }
        if (need > 0) {
            add_group(watch, members, need, provider);
            return;
        }
    }
    vd_config_object_to(reader, value,
                        "is no DKIM group: write all: s1 s2, any: s1 s2 or 2 of: s1 s2 s3, with no "
                        "more needed than listed; a provider may stand in front");
}

/* ---- providers --------------------------------------------------------------------------- */

/* Does a dkim line name this service, by this row of it or another one? */
static bool has_group(const struct vd_watch *watch, uint8_t row)
{
    const char *title = vd_provider_at(watch, row)->title;
    unsigned i;

    for (i = 0; i < watch->groups_count; i++) {
        uint8_t other = watch->groups[i].provider;

        if (other != 0 && strcmp(vd_provider_at(watch, other - 1u)->title, title) == 0) {
            return true;
        }
    }
    return false;
}

/* The group of a provider that no dkim line names. */
static void expand(struct vd_config_reader *reader, struct vd_watch *watch, uint8_t row)
{
    const struct vd_provider *provider = vd_provider_at(watch, row);
    struct vd_config_span list = {provider->selectors, strlen(provider->selectors)};
    unsigned count;
    uint16_t members;

    if (provider->is_unsigned) {
        return;
    }
    if (list.len == 0) {
        struct vd_text_writer *w = vd_config_say_of(reader, provider->name, strlen(provider->name));

        vd_text_put(w, "has selectors that cannot be guessed: write dkim = ");
        vd_text_put(w, provider->name);
        vd_text_put(w, provider->need == '*' ? " all:" : " any:");
        vd_text_put(w, " and those that it shows for this domain");
        vd_config_said(reader, reader->line);
    } else if (watch->groups_count == VD_DKIM_GROUPS_MAX) {
        object_to_groups(reader);
    } else {
        count = read_selectors(reader, list, &members);
        if (count > 0) {
            add_group(watch, members, provider->need == '*' ? count : 1, (uint8_t)(row + 1));
        }
    }
}

void vd_config_dkim_complete(struct vd_config_reader *reader, struct vd_watch *watch)
{
    unsigned line = vd_config_line_of(reader, "provider"), i;

    reader->line = line == 0 ? reader->section_line : line;
    for (i = 0; i < watch->providers_count; i++) {
        if (!has_group(watch, watch->provider_rows[i])) {
            expand(reader, watch, watch->provider_rows[i]);
        }
    }
    for (i = 0; i < watch->groups_count; i++) {
        if (watch->groups[i].provider != 0) {
            vd_config_use_provider(reader, watch, (uint8_t)(watch->groups[i].provider - 1u));
        }
    }
    reader->line = reader->section_line;
}
