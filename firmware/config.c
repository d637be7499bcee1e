/*
 * The configuration: lines and sections.  inih splits a line into key and value; this file
 * hands it one clean line after the other, so that none of its liberties (cut names, cut lines,
 * continued values) ever comes to pass.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config.h"

#include "firmware/config_reader.h"
#include "firmware/domain.h"
#include "firmware/nearest.h"
#include "ini.h"

#include <string.h>

/* The flags with which all of inih is compiled: see there what each one keeps away. */
#if INI_ALLOW_MULTILINE || !INI_CALL_HANDLER_ON_NEW_SECTION || !INI_ALLOW_NO_VALUE ||              \
    !INI_USE_STACK || INI_HANDLER_LINENO || INI_STOP_ON_FIRST_ERROR
#error "compile with the flags in port/inih.flags"
#endif

static const char *const section_names[VD_SECTIONS] = {"",      "device", "dns",     "defaults",
                                                       "watch", "report", "provider"};

/* In which pass the keys of a section are read. */
static const enum vd_config_pass pass_of[VD_SECTIONS] = {
    [VD_SECTION_NONE] = VD_PASS_REST,      [VD_SECTION_DEVICE] = VD_PASS_REST,
    [VD_SECTION_DNS] = VD_PASS_REST,       [VD_SECTION_DEFAULTS] = VD_PASS_DEFAULTS,
    [VD_SECTION_WATCH] = VD_PASS_REST,     [VD_SECTION_REPORT] = VD_PASS_REST,
    [VD_SECTION_PROVIDER] = VD_PASS_NAMES,
};

/* ---- sections ---------------------------------------------------------------------------- */

static void object_to_repetition(struct vd_config_reader *reader, unsigned first_line)
{
    struct vd_text_writer *w = vd_config_say(reader);

    vd_text_put(w, "section ");
    vd_config_put_head(reader, w);
    vd_text_put(w, " is repeated: it stands in line ");
    vd_text_put_unsigned(w, first_line);
    vd_text_put(w, " already");
    vd_config_said(reader, reader->line);
}

/* [device], [dns] and [defaults] stand once, without a name. */
static void begin_plain(struct vd_config_reader *reader, unsigned first_line,
                        struct vd_config_span rest)
{
    struct vd_config_span word;

    if (vd_config_word(&rest, &word)) {
        vd_text_put(vd_config_say_of(reader, word.text, word.len),
                    "is too much: this section has no name");
        vd_config_said(reader, reader->line);
    } else if (first_line != 0) {
        object_to_repetition(reader, first_line);
    }
}

/* Line of the section in which a domain is watched already; 0: it is not. */
static unsigned line_of_watch(const struct vd_config *config, const char *domain)
{
    unsigned i;

    for (i = 0; i < config->watches_count; i++) {
        if (strcmp(config->watches[i].domain, domain) == 0) {
            return config->watch_lines[i];
        }
    }
    return 0;
}

static void add_watch(struct vd_config_reader *reader, const struct vd_config_span *name)
{
    struct vd_config *config = reader->config;
    struct vd_text_writer *w = vd_config_say_of(reader, name->text, name->len);
    char domain[VD_DOMAIN_TEXT_MAX];
    struct vd_watch *watch;

    if (vd_domain_read(name->text, name->len, domain, w) != VD_OK) {
        vd_config_said(reader, reader->line);
        return;
    }
    if (line_of_watch(config, domain) != 0) {
        vd_text_put(w, "is watched already: see line ");
        vd_text_put_unsigned(w, line_of_watch(config, domain));
        vd_config_said(reader, reader->line);
        return;
    }
    if (config->watches_count == VD_WATCHES_MAX) {
        vd_text_put(w, "is one domain too many: this image watches ");
        vd_text_put_unsigned(w, VD_WATCHES_MAX);
        vd_text_put(w, " at most (VD_WATCHES_MAX)");
        vd_config_said(reader, reader->line);
        return;
    }
    config->watch_lines[config->watches_count] = (uint16_t)reader->line;
    watch = &config->watches[config->watches_count++];
    memset(watch, 0, sizeof *watch);
    memcpy(watch->domain, domain, sizeof domain);
}

/* Its keys go to the first of its domains; end_watch gives them to the others. */
static void begin_watch(struct vd_config_reader *reader, struct vd_config_span rest)
{
    struct vd_config *config = reader->config;
    struct vd_config_span name;
    bool has_name = false;

    reader->watch_first = config->watches_count;
    while (vd_config_word(&rest, &name)) {
        has_name = true;
        add_watch(reader, &name);
    }
    if (!has_name) {
        vd_config_object(reader, "[watch] names no domain: write [watch example.com]");
    }
    reader->watch = &reader->spare_watch;
    if (config->watches_count > reader->watch_first) {
        reader->watch = &config->watches[reader->watch_first];
    }
    memcpy(reader->defaults.domain, reader->watch->domain, sizeof reader->watch->domain);
    *reader->watch = reader->defaults;
    reader->lines = reader->defaults_lines;
}

int vd_config_channel_find(const struct vd_config *config, const struct vd_config_span *name)
{
    unsigned i;

    for (i = 0; i < config->channels_count; i++) {
        if (vd_config_is_word(name, config->channels[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

/* First pass: keep the names, so that report= may stand above the section that it names. */
static void collect_channel(struct vd_config_reader *reader, const struct vd_config_span *name)
{
    struct vd_config *config = reader->config;

    if (vd_config_channel_find(config, name) < 0 && config->channels_count < VD_CHANNELS_MAX) {
        struct vd_config_channel *channel = &config->channels[config->channels_count++];

        memset(channel, 0, sizeof *channel);
        channel->min = VD_SEVERITY_NOTICE;
        memcpy(channel->name, name->text, name->len);
    }
}

static void find_channel(struct vd_config_reader *reader, const struct vd_config_span *name)
{
    int index = vd_config_channel_find(reader->config, name);
    struct vd_text_writer *w;

    if (index < 0) {
        w = vd_config_say_of(reader, name->text, name->len);
        vd_text_put(w, "is one [report] too many: this image has ");
        vd_text_put_unsigned(w, VD_CHANNELS_MAX);
        vd_text_put(w, " channels at most (VD_CHANNELS_MAX)");
        vd_config_said(reader, reader->line);
    } else if (reader->config->channels[index].line != 0) {
        object_to_repetition(reader, reader->config->channels[index].line);
    } else {
        reader->channel = &reader->config->channels[index];
        reader->channel->line = (uint16_t)reader->line;
    }
}

static bool is_report_name(const struct vd_config_span *name)
{
    size_t i;

    for (i = 0; i < name->len; i++) {
        char c = name->text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_' || c == '.')) {
            return false;
        }
    }
    return name->len > 0 && name->len < VD_REPORT_NAME_MAX;
}

static void begin_report(struct vd_config_reader *reader, struct vd_config_span rest)
{
    struct vd_config_span name, more;
    bool has_name = vd_config_word(&rest, &name);

    memset(&reader->spare_channel, 0, sizeof reader->spare_channel);
    reader->channel = &reader->spare_channel;
    if (!has_name || vd_config_word(&rest, &more)) {
        vd_config_object(reader, "[report] has one name: write [report soc]");
    } else if (!is_report_name(&name)) {
        vd_text_put(vd_config_say_of(reader, name.text, name.len),
                    "is no name for a [report]: up to 31 letters, digits, \"-\", \"_\" and \".\"");
        vd_config_said(reader, reader->line);
    } else if (reader->pass == VD_PASS_NAMES) {
        collect_channel(reader, &name);
    } else if (reader->pass == VD_PASS_REST) {
        find_channel(reader, &name);
    }
}

static void object_to_section(struct vd_config_reader *reader, const struct vd_config_span *kind)
{
    struct vd_text_writer *w = vd_config_say(reader);
    unsigned i, edits;

    vd_text_put(w, "unknown section ");
    vd_config_quote(w, kind->text, kind->len);
    for (i = 1; i < VD_SECTIONS; i++) {
        if (vd_nearest_is_close(kind->text, kind->len, section_names[i], &edits)) {
            vd_text_put(w, ": did you mean [");
            vd_text_put(w, section_names[i]);
            vd_text_put(w, "]?");
            vd_config_said(reader, reader->line);
            return;
        }
    }
    vd_text_put(w, ": there are [device], [dns], [defaults], [watch ...], [provider ...] and "
                   "[report ...]");
    vd_config_said(reader, reader->line);
}

/* The section's keys hold for each of its domains. */
static void end_watch(struct vd_config_reader *reader)
{
    struct vd_config *config = reader->config;
    unsigned line = reader->line, i;

    reader->line = reader->section_line;
    vd_config_watch_complete(reader, reader->watch);
    for (i = reader->watch_first + 1; i < config->watches_count; i++) {
        char domain[VD_DOMAIN_TEXT_MAX];

        memcpy(domain, config->watches[i].domain, sizeof domain);
        config->watches[i] = config->watches[reader->watch_first];
        memcpy(config->watches[i].domain, domain, sizeof domain);
    }
    for (i = reader->watch_first; i < config->watches_count; i++) {
        vd_config_watch_check(reader, &config->watches[i]);
    }
    reader->line = line;
}

static void end_section(struct vd_config_reader *reader)
{
    if (reader->section == VD_SECTION_WATCH && reader->pass == VD_PASS_REST) {
        end_watch(reader);
    } else if (reader->section == VD_SECTION_REPORT) {
        vd_config_required_check(reader);
    } else if (reader->section == VD_SECTION_DEFAULTS && reader->pass == VD_PASS_DEFAULTS) {
        reader->defaults_lines = reader->lines;
    }
}

static enum vd_config_section section_of(const struct vd_config_span *kind)
{
    unsigned i;

    for (i = 1; i < VD_SECTIONS; i++) {
        if (vd_config_is_word(kind, section_names[i])) {
            return (enum vd_config_section)i;
        }
    }
    return VD_SECTION_NONE;
}

static void begin_section(struct vd_config_reader *reader)
{
    struct vd_config_span rest = reader->head, kind;
    unsigned first_line;

    end_section(reader);
    reader->section_head = reader->head;
    vd_config_word(&rest, &kind);
    reader->section = section_of(&kind);
    reader->section_line = reader->line;
    memset(reader->key_lines, 0, sizeof reader->key_lines);
    first_line = reader->first_line[reader->section];
    if (first_line == 0) {
        reader->first_line[reader->section] = reader->line;
    }
    switch (reader->section) {
    case VD_SECTION_DEVICE:
    case VD_SECTION_DNS:
    case VD_SECTION_DEFAULTS:
        reader->watch = &reader->defaults;
        begin_plain(reader, first_line, rest);
        break;
    case VD_SECTION_WATCH:
        if (reader->pass == VD_PASS_REST) {
            begin_watch(reader, rest);
        }
        break;
    case VD_SECTION_REPORT:
        begin_report(reader, rest);
        break;
    case VD_SECTION_PROVIDER:
        if (reader->pass == VD_PASS_NAMES) {
            reader->is_quiet = false;
            vd_config_begin_provider(reader, rest);
            reader->is_quiet = true;
        }
        break;
    case VD_SECTION_NONE:
    case VD_SECTIONS:
        object_to_section(reader, &kind);
        break;
    }
}

/* ---- lines ------------------------------------------------------------------------------- */

static bool check_bytes(struct vd_config_reader *reader, const char *line, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        uint8_t c = (uint8_t)line[i];

        if (c == '\0') {
            vd_config_object(reader, "a NUL byte: the file must be UTF-8 text");
            return false;
        }
        if (c == '\r') {
            vd_config_object(reader, "a carriage return inside the line: end lines with LF or "
                                     "CRLF");
            return false;
        }
        if ((c < ' ' && c != '\t') || c == 0x7f) {
            vd_text_put(vd_config_say_of(reader, line + i, 1), "is a control character");
            vd_config_said(reader, reader->line);
            return false;
        }
    }
    return true;
}

static bool is_comment(const char *text, size_t len)
{
    return len == 0 || *text == ';' || *text == '#';
}

/* "[...]" and at most a comment behind it.  Keeps what stands between: inih cuts it at 49. */
static bool check_section(struct vd_config_reader *reader, const char *line, size_t len)
{
    const char *end = memchr(line, ']', len);
    size_t at;

    if (end == NULL) {
        vd_config_object(reader, "a section without its \"]\"");
        return false;
    }
    reader->head.text = line + 1;
    reader->head.len = (size_t)(end - line) - 1;
    for (at = 1; at < reader->head.len; at++) {
        if (line[at + 1] == ';' && vd_config_is_blank(line[at])) {
            vd_config_object(reader, "a comment begins before the section's \"]\"");
            return false;
        }
    }
    for (at = reader->head.len + 2; at < len && vd_config_is_blank(line[at]); at++) {
    }
    if (!is_comment(line + at, len - at)) {
        vd_text_put(vd_config_say_of(reader, line + at, len - at),
                    "stands behind the section's \"]\"");
        vd_config_said(reader, reader->line);
        return false;
    }
    return true;
}

/* inih takes "key: value", too; "accept dmarc.policy:none" would become a key of that name. */
static bool is_colon_first(const char *line, size_t len)
{
    size_t at;

    for (at = 0; at < len && line[at] != '=' && line[at] != ':' && line[at] != ';'; at++) {
    }
    return at < len && line[at] == ':';
}

/* A section line that cannot be read: the keys below it are not taken for another section's. */
static void leave_section(struct vd_config_reader *reader)
{
    end_section(reader);
    reader->section = VD_SECTION_NONE;
    reader->section_line = reader->line;
}

/* Is this a line that inih reads as we mean it? */
static bool check_line(struct vd_config_reader *reader, const char *line, size_t len, size_t cap)
{
    size_t at;

    for (at = 0; at < len && vd_config_is_blank(line[at]); at++) {
    }
    if (len + 2 > cap) {
        struct vd_text_writer *w = vd_config_say(reader);

        vd_text_put(w, "a line of ");
        vd_text_put_unsigned(w, len);
        vd_text_put(w, " bytes: ");
        vd_text_put_unsigned(w, cap - 2);
        vd_text_put(w, " are the most (INI_MAX_LINE)");
        vd_config_said(reader, reader->line);
        return false;
    }
    if (!check_bytes(reader, line, len)) {
        return false;
    }
    if (is_comment(line + at, len - at)) {
        return true;
    }
    if (at > 0) {
        vd_config_object(reader, "an indented line: a value does not go on in the next line, and "
                                 "keys begin at the margin");
        return false;
    }
    if (line[0] == '[' && !check_section(reader, line, len)) {
        leave_section(reader);
        return false;
    }
    if (line[0] != '[' && is_colon_first(line, len)) {
        vd_config_object(reader, "a \":\" where the \"=\" of key = value must stand");
        return false;
    }
    return true;
}

/* inih's reader: one line each time, an empty one in place of a bad one. */
static char *next_line(char *out, int cap, void *stream)
{
    struct vd_config_reader *reader = stream;
    const char *line = reader->text + reader->at;
    size_t left = reader->len - reader->at, len;
    const char *end;

    if (left == 0 || cap < 2) {
        return NULL;
    }
    end = memchr(line, '\n', left);
    len = end == NULL ? left : (size_t)(end - line);
    reader->at += end == NULL ? left : len + 1;
    reader->line++;
    if (len > 0 && line[len - 1] == '\r' && end != NULL) {
        len--;
    }
    while (reader->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3;
        len -= 3;
    }
    if (!check_line(reader, line, len, (size_t)cap)) {
        len = 0;
    }
    memcpy(out, line, len);
    out[len] = '\n';
    out[len + 1] = '\0';
    return out;
}

/* inih's handler: a new section (no key), or a key with its value (NULL: no "="). */
static int take(void *ctx, const char *section, const char *key, const char *value)
{
    struct vd_config_reader *reader = ctx;

    (void)section;
    if (key == NULL) {
        begin_section(reader);
    } else if (value == NULL) {
        vd_text_put(vd_config_say_of(reader, key, strlen(key)),
                    "is neither a section nor key = value");
        vd_config_said(reader, reader->line);
    } else if (reader->first_line[VD_SECTION_NONE] == 0 && reader->section_line == 0) {
        vd_text_put(vd_config_say_of(reader, key, strlen(key)), "stands before the first section");
        vd_config_said(reader, reader->line);
    } else if (reader->section != VD_SECTION_NONE && reader->pass == pass_of[reader->section]) {
        reader->is_quiet = false;
        vd_config_key_read(reader, key, value); /* the unknown section has been told already */
        reader->is_quiet = reader->pass != VD_PASS_REST;
    }
    return 1;
}

/* ---- the whole --------------------------------------------------------------------------- */

static void read_all(struct vd_config_reader *reader, enum vd_config_pass pass)
{
    reader->at = 0;
    reader->line = 0;
    reader->pass = pass;
    reader->is_quiet = pass != VD_PASS_REST;
    reader->section = VD_SECTION_NONE;
    reader->section_line = 0;
    memset(reader->first_line, 0, sizeof reader->first_line);
    ini_parse_stream(next_line, reader, take, reader);
    end_section(reader);
}

static void object_to_gaps(struct vd_config_reader *reader)
{
    reader->line = 0;
    if (reader->first_line[VD_SECTION_WATCH] == 0) {
        vd_config_object(reader, "nothing to watch: write [watch example.com]");
    }
    if (reader->first_line[VD_SECTION_REPORT] == 0) {
        vd_config_object(reader, "no collector: write [report NAME] with url = syslogs://HOST and "
                                 "ca = FILE");
    }
}

enum vd_status vd_config_parse(const char *text, size_t len, struct vd_config *out,
                               vd_config_complain complain, void *ctx)
{
    struct vd_config_reader reader;
    unsigned i;

    memset(out, 0, sizeof *out);
    out->provider_text_len = 1; /* provider_text[0] is NUL: 0 is no word */
    memset(&reader, 0, sizeof reader);
    reader.text = text;
    reader.len = len;
    reader.config = out;
    reader.complain = complain;
    reader.ctx = ctx;
    reader.watch = &reader.spare_watch;
    vd_config_dns_start(&out->dns);
    for (i = 0; i < VD_PASSES; i++) {
        if (i == VD_PASS_DEFAULTS) {
            vd_config_watch_start(out, &reader.defaults); /* all providers are known now */
        }
        read_all(&reader, (enum vd_config_pass)i);
    }
    vd_config_dns_check(&reader);
    object_to_gaps(&reader);
    return reader.complaints == 0 ? VD_OK : VD_EFORMAT;
}

bool vd_config_is_for(const struct vd_config *config, unsigned channel, const char *domain)
{
    unsigned i;

    for (i = 0; i < config->watches_count; i++) {
        if (strcmp(config->watches[i].domain, domain) == 0) {
            return config->watches[i].channel == channel;
        }
    }
    return true;
}
