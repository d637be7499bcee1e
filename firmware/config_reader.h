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
    VD_SECTIONS
};

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

struct vd_config_reader {
    /* the text, line by line */
    const char *text;
    size_t len, at;
    unsigned line;
    bool is_first_pass; /* collects the names of [report] sections, complains of nothing */

    /* the section at work */
    enum vd_config_section section;
    unsigned section_line;
    struct vd_config_span section_head; /* between the brackets of its line */
    struct vd_config_span head;         /* the same of the line that was read last */
    uint32_t keys_seen;                 /* bit: row of the table */
    unsigned watch_first;               /* its watches: from here to the end of the list */
    struct vd_watch *watch;             /* where a watch's keys go */
    struct vd_config_channel *channel;  /* where a report's keys go */

    /* the whole */
    struct vd_config *config;
    struct vd_watch defaults;
    struct vd_watch spare_watch; /* for keys of a section that has no valid domain */
    struct vd_config_channel spare_channel;
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

/* Give a watch what its section did not say: from [defaults], else our own. */
void vd_config_watch_complete(struct vd_config_reader *reader, struct vd_watch *watch);

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

/* least..most, which is 255 at most. */
void vd_config_number(struct vd_config_reader *reader, const char *value, unsigned least,
                      unsigned most, uint8_t *out);

/* yes or no. */
void vd_config_yes(struct vd_config_reader *reader, const char *value, bool *out);

/* Values that have a file of their own (config_server.c, config_dns.c, config_dkim.c,
   config_report.c). */
void vd_config_read_server(struct vd_config_reader *reader, const char *value);
void vd_config_read_dns_ca(struct vd_config_reader *reader, const char *value);
void vd_config_read_authorities(struct vd_config_reader *reader, const char *value);
void vd_config_read_authority_check(struct vd_config_reader *reader, const char *value);
void vd_config_read_confirm_hold(struct vd_config_reader *reader, const char *value);
void vd_config_read_blind_after(struct vd_config_reader *reader, const char *value);
void vd_config_read_good(struct vd_config_reader *reader, const char *value);
void vd_config_read_bad(struct vd_config_reader *reader, const char *value);
void vd_config_read_dkim(struct vd_config_reader *reader, const char *value);
void vd_config_read_report(struct vd_config_reader *reader, const char *value);
void vd_config_read_url(struct vd_config_reader *reader, const char *value);
void vd_config_read_ca(struct vd_config_reader *reader, const char *value);
void vd_config_read_min(struct vd_config_reader *reader, const char *value);

#endif
