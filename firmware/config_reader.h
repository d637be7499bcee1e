/*
 * Shared by the parts of the configuration reader (config*.c); nobody else's.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_CONFIG_READER_H
#define VD_CONFIG_READER_H

#include "firmware/config.h"
#include "report/text.h"

enum vd_config_section {
    VD_SECTION_NONE = 0, /* before the first one, or one that we do not know */
    VD_SECTION_DEVICE,
    VD_SECTION_DNS,
    VD_SECTION_DEFAULTS,
    VD_SECTION_WATCH,
    VD_SECTION_REPORT,
    VD_SECTION_PROVIDER,
    VD_SECTIONS
};

/* The file is read three times, so that its sections may come in any order: what a [watch] names
   must be known by then. */
enum vd_config_pass {
    VD_PASS_NAMES = 0, /* names of [report] sections; [provider] sections */
    VD_PASS_DEFAULTS,  /* [defaults] */
    VD_PASS_REST,      /* the keys of all other sections, and the lines themselves */
    VD_PASSES
};

/* Rows of the table of keys, at most. */
#define VD_CONFIG_KEYS_MAX 56u

/* In vd_watch.channel: no report= line yet. */
#define VD_CHANNEL_UNSET 0xffu

#define VD_SECOND_MS 1000u
#define VD_MINUTE_MS (60u * VD_SECOND_MS)
#define VD_HOUR_MS   (60u * VD_MINUTE_MS)
#define VD_DAY_MS    (24u * VD_HOUR_MS)

/* Bytes that are not NUL-terminated. */
struct vd_config_span {
    const char *text;
    size_t len;
};

/* Where words are kept that outlive the file: vd_watch.text, vd_config.provider_text. */
struct vd_config_pool {
    char *text;
    uint16_t *len;
    size_t cap;
    const char *knob;
};

/* Where the lines stand whose words are looked at when their section is complete. */
struct vd_config_lines {
    uint16_t plans[VD_PLANS_MAX];
    uint16_t accepts[VD_ACCEPTS_MAX];
};

struct vd_config_reader {
    /* the text, line by line */
    const char *text;
    size_t len, at;
    unsigned line;
    enum vd_config_pass pass;
    bool is_quiet; /* another pass complains of it */

    /* the section at work */
    enum vd_config_section section;
    unsigned section_line;
    struct vd_config_span section_head;     /* between the brackets of its line */
    struct vd_config_span head;             /* the same of the line that was read last */
    uint16_t key_lines[VD_CONFIG_KEYS_MAX]; /* by row of the table; 0: it does not have that key */
    bool is_again;                          /* the key at work stood there before */
    unsigned watch_first;                   /* its watches: from here to the end of the list */
    struct vd_watch *watch;                 /* where a watch's keys go */
    struct vd_config_lines lines;
    struct vd_config_channel *channel; /* where a report's keys go */
    struct vd_provider *provider;      /* where a provider's keys go */

    /* the whole */
    struct vd_config *config;
    struct vd_watch defaults;
    struct vd_watch spare_watch; /* for keys of a section that has no valid domain */
    struct vd_config_lines defaults_lines;
    struct vd_config_channel spare_channel;
    struct vd_provider spare_provider;
    uint16_t provider_lines[VD_PROVIDERS_OWN_MAX];
    unsigned first_line[VD_SECTIONS];
    unsigned named_line; /* of the first tls:// server with a name; 0: none */

    /* complaints */
    vd_config_complain complain;
    void *ctx;
    unsigned complaints;
    struct vd_text_writer words;
    char complaint[VD_COMPLAINT_MAX];
};

/* Begin a complaint; its words are put into what is returned. */
struct vd_text_writer *vd_config_say(struct vd_config_reader *reader);

/* The same, beginning with the key's value in quotes, or with given bytes. */
struct vd_text_writer *vd_config_say_of(struct vd_config_reader *reader, const char *text,
                                        size_t len);

/* The words are complete: tell them. */
void vd_config_said(struct vd_config_reader *reader, unsigned line);

/* A complaint of fixed words about the current line; object_to: about a value, quoted first. */
void vd_config_object(struct vd_config_reader *reader, const char *words);
void vd_config_object_to(struct vd_config_reader *reader, const char *value, const char *words);

/* Add bytes from the file in quotes, cut when they are long. */
void vd_config_quote(struct vd_text_writer *w, const char *text, size_t len);

/* A space or a tab. */
bool vd_config_is_blank(char c);

/* Take the next word (between blanks) of a span; false: there is none. */
bool vd_config_word(struct vd_config_span *from, struct vd_config_span *word);

bool vd_config_is_word(const struct vd_config_span *span, const char *word);

/* A key with its value, in a section that we know. */
void vd_config_key_read(struct vd_config_reader *reader, const char *key, const char *value);

/* Complain of required keys that the section which has ended did not have. */
void vd_config_required_check(struct vd_config_reader *reader);

/* Add the section at work, as "[watch example.com]". */
void vd_config_put_head(const struct vd_config_reader *reader, struct vd_text_writer *w);

/* Line of a key in the section at work; 0: it does not stand there. */
unsigned vd_config_line_of(const struct vd_config_reader *reader, const char *key);

/* Add "did you mean ...?" */
void vd_config_suggest(struct vd_text_writer *w, const char *known);

/* The words of a watch, and of the [provider] sections. */
struct vd_config_pool vd_config_watch_pool(struct vd_watch *watch);
struct vd_config_pool vd_config_provider_pool(struct vd_config *config);

/*
 * Keep a word, in lower case; behind those at `list` with one blank between, unless that is 0.
 *
 * Returns where it, or the list, stands in the pool; 0 after a complaint that there is no room.
 */
uint16_t vd_config_keep(struct vd_config_reader *reader, const struct vd_config_pool *pool,
                        uint16_t list, const char *word, size_t len);

/*
 * config_watch.c.  start: a watch that knows nothing.  complete: the keys of the section at work are
 * all there, for the first of its domains; expands profiles and providers, and checks what holds for
 * each of its domains.  check: what depends on the domain.
 */
void vd_config_watch_start(const struct vd_config *config, struct vd_watch *watch);
void vd_config_watch_complete(struct vd_config_reader *reader, struct vd_watch *watch);
void vd_config_watch_check(struct vd_config_reader *reader, struct vd_watch *watch);

/* Of those, the parts that have a file of their own. */
void vd_config_dkim_complete(struct vd_config_reader *reader, struct vd_watch *watch);
void vd_config_plans_complete(struct vd_config_reader *reader, struct vd_watch *watch);

/* A [provider NAME] line. */
void vd_config_begin_provider(struct vd_config_reader *reader, struct vd_config_span rest);

/* A provider by its name in the file.  NULL after a complaint; row: see vd_provider_at. */
const struct vd_provider *vd_config_provider(struct vd_config_reader *reader,
                                             const struct vd_config_span *name, uint8_t *row);

/* Note that a watch uses a provider.  false after a complaint that there are too many. */
bool vd_config_use_provider(struct vd_config_reader *reader, struct vd_watch *watch, uint8_t row);

/* Index of a [report] section by name; -1: there is none. */
int vd_config_channel_find(const struct vd_config *config, const struct vd_config_span *name);

/* Give [dns] what holds without its keys. */
void vd_config_dns_start(struct vd_config_dns *dns);

/* Complain of a tls:// server that cannot be verified for want of ca =. */
void vd_config_dns_check(struct vd_config_reader *reader);

/*
 * Take over a word of letters, digits, "-", "_" and "."; false after a complaint that it is no
 * `what`.
 */
bool vd_config_plain(struct vd_config_reader *reader, const char *value, const char *what,
                     char *out, size_t cap);

/* Kinds of values; out is untouched after a complaint.  config_values.c. */

/* A file beside the configuration; out has VD_FILE_NAME_MAX bytes.  line is filled always. */
void vd_config_file(struct vd_config_reader *reader, const char *value, char *out, uint16_t *line);

/* From one second to most_days (1..7), in ms. */
void vd_config_duration(struct vd_config_reader *reader, const char *value, uint32_t most_days,
                        uint32_t *out);

/* A number from least to most.  vd_config_octet: most is 255 at most. */
void vd_config_number(struct vd_config_reader *reader, const char *value, uint32_t least,
                      uint32_t most, uint32_t *out);
void vd_config_octet(struct vd_config_reader *reader, const char *value, uint8_t least,
                     uint8_t most, uint8_t *out);

/* yes or no. */
void vd_config_yes(struct vd_config_reader *reader, const char *value, bool *out);

/* Digits at the front of a span, at most `most_digits` of them.  Returns how many were taken. */
size_t vd_config_digits(struct vd_config_span *from, size_t most_digits, unsigned *out);

/* Values that have a file of their own (config_server.c, config_dns.c, config_dkim.c,
   config_watch.c, config_expect.c, config_plan.c, config_provider.c, config_report.c). */
void vd_config_read_server(struct vd_config_reader *reader, const char *value);
void vd_config_read_dns_ca(struct vd_config_reader *reader, const char *value);
void vd_config_read_authorities(struct vd_config_reader *reader, const char *value);
void vd_config_read_authority_check(struct vd_config_reader *reader, const char *value);
void vd_config_read_confirm_hold(struct vd_config_reader *reader, const char *value);
void vd_config_read_blind_after(struct vd_config_reader *reader, const char *value);
void vd_config_read_good(struct vd_config_reader *reader, const char *value);
void vd_config_read_bad(struct vd_config_reader *reader, const char *value);
void vd_config_read_interval(struct vd_config_reader *reader, const char *value);
void vd_config_read_confirm_wait(struct vd_config_reader *reader, const char *value);
void vd_config_read_pending(struct vd_config_reader *reader, const char *value);
void vd_config_read_profile(struct vd_config_reader *reader, const char *value);
void vd_config_read_dmarc(struct vd_config_reader *reader, const char *value);
void vd_config_read_spf(struct vd_config_reader *reader, const char *value);
void vd_config_read_wide4(struct vd_config_reader *reader, const char *value);
void vd_config_read_wide6(struct vd_config_reader *reader, const char *value);
void vd_config_read_vast4(struct vd_config_reader *reader, const char *value);
void vd_config_read_vast6(struct vd_config_reader *reader, const char *value);
void vd_config_read_growth(struct vd_config_reader *reader, const char *value);
void vd_config_read_mx(struct vd_config_reader *reader, const char *value);
void vd_config_read_mail_from(struct vd_config_reader *reader, const char *value);
void vd_config_read_from(struct vd_config_reader *reader, const char *value);
void vd_config_read_registries(struct vd_config_reader *reader, const char *value);
void vd_config_read_senders(struct vd_config_reader *reader, const char *value);
void vd_config_read_strangers(struct vd_config_reader *reader, const char *value);
void vd_config_read_plan(struct vd_config_reader *reader, const char *value);
void vd_config_read_accept(struct vd_config_reader *reader, const char *value);
void vd_config_read_maintenance(struct vd_config_reader *reader, const char *value);
void vd_config_read_provider(struct vd_config_reader *reader, const char *value);
void vd_config_read_title(struct vd_config_reader *reader, const char *value);
void vd_config_read_provider_selectors(struct vd_config_reader *reader, const char *value);
void vd_config_read_targets(struct vd_config_reader *reader, const char *value);
void vd_config_read_includes(struct vd_config_reader *reader, const char *value);
void vd_config_read_hosts(struct vd_config_reader *reader, const char *value);
void vd_config_read_need(struct vd_config_reader *reader, const char *value);
void vd_config_read_text_keys(struct vd_config_reader *reader, const char *value);
void vd_config_read_unsigned(struct vd_config_reader *reader, const char *value);
void vd_config_read_dkim(struct vd_config_reader *reader, const char *value);

/* What is wrong with a selector, as the rest of a sentence that begins with it; NULL: nothing. */
const char *vd_config_selector_fault(const struct vd_config_span *word);
void vd_config_read_report(struct vd_config_reader *reader, const char *value);
void vd_config_read_url(struct vd_config_reader *reader, const char *value);
void vd_config_read_ca(struct vd_config_reader *reader, const char *value);
void vd_config_read_min(struct vd_config_reader *reader, const char *value);

#endif
