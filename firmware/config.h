/*
 * The configuration: INI text, checked as a whole before any of it is used.
 *
 * docs/config.md is made from the table of keys; see vd_config_keys.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VD_CONFIG_H
#define VD_CONFIG_H

#include "dns/server.h"
#include "firmware/limits.h"
#include "firmware/watchlist.h"
#include "port/port_net.h"
#include "report/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest name of the device, of a [report] section, and of a file, each with its NUL. */
#define VD_DEVICE_NAME_MAX 64u
#define VD_REPORT_NAME_MAX 32u
#define VD_FILE_NAME_MAX   64u

/* Longest text of a complaint, with its NUL. */
#define VD_COMPLAINT_MAX 400u

/* One [report] section. */
struct vd_config_channel {
    char name[VD_REPORT_NAME_MAX];
    char host[VD_DOMAIN_TEXT_MAX]; /* DNS name, lower case, or IPv4 address */
    uint16_t port;
    char ca_file[VD_FILE_NAME_MAX];
    enum vd_severity min;
    uint16_t line;    /* of the section */
    uint16_t ca_line; /* of ca = */
};

/* One server = line of [dns]. */
struct vd_config_server {
    uint8_t transport; /* enum vd_transport */
    struct vd_endpoint at;
    char name[VD_DOMAIN_TEXT_MAX]; /* tls://…#name: what the certificate must bear; "" otherwise */
    bool has_pin;                  /* tls://…#sha256/… */
    uint8_t pin[VD_PIN_LEN];
};

/* [dns] beside its servers. */
struct vd_config_dns {
    char ca_file[VD_FILE_NAME_MAX]; /* trust anchors of tls:// servers with a name; "" if none */
    uint16_t ca_line;
    bool asks_authorities;
    uint32_t authority_check_ms;
    uint32_t confirm_hold_ms; /* how long authorities that disagree hold a change back */
    uint8_t blind_after;      /* rounds */
    /* "example.com" or ".": asked for NS, must be there */
    char self_check_good[VD_DOMAIN_TEXT_MAX];
    /* "com": a random label below it must not be there; one of 63 characters fits */
    char self_check_bad[VD_DOMAIN_TEXT_MAX];
};

struct vd_config {
    char device_name[VD_DEVICE_NAME_MAX]; /* "" when not given: the MAC address takes its place */
    unsigned servers_count;
    struct vd_config_server servers[VD_SERVERS_MAX]; /* in the order of the file; none: those that
                                                        the network names */
    struct vd_config_dns dns;
    unsigned watches_count;
    struct vd_watch watches[VD_WATCHES_MAX];
    uint16_t watch_lines[VD_WATCHES_MAX]; /* of their sections */
    unsigned channels_count;
    struct vd_config_channel channels[VD_CHANNELS_MAX];
    unsigned providers_count;
    struct vd_provider providers[VD_PROVIDERS_OWN_MAX]; /* the [provider] sections */
    uint16_t provider_text_len;
    char provider_text[VD_PROVIDER_TEXT_MAX]; /* their words */
};

/*
 * Told of one mistake.
 *
 * line   from 1; 0 when something is missing from the file as a whole.
 * text   a sentence without a full stop, harmless on a terminal; valid during the call.
 */
typedef void (*vd_config_complain)(void *ctx, unsigned line, const char *text);

/*
 * Read a whole configuration.
 *
 * text, len    the file; untrusted; UTF-8 with or without a byte order mark, lines ended by LF
 *              or CRLF.
 * out          all of it is written.  It points into itself (watches to providers, providers to
 *              their words): do not copy it.
 * complain     called once for every mistake in the file.
 *
 * VD_OK        no mistake: out may be used.
 * VD_EFORMAT   at least one complaint: out must not be used.
 *
 * Uses about 6 KiB of stack beside that of inih (INI_MAX_LINE).
 */
enum vd_status vd_config_parse(const char *text, size_t len, struct vd_config *out,
                               vd_config_complain complain, void *ctx);

/*
 * Independent resolvers: different addresses among the servers, whatever their ports and
 * transports.  0 without any: the network names them.  With one, a change is believed later, and
 * told as from a single source.
 */
unsigned vd_config_sources(const struct vd_config *config);

/*
 * Do events of this domain go to this channel?  Yes for the channel of its watch; for a name
 * that is not watched, "" among them (the agent itself), for every channel.
 */
bool vd_config_is_for(const struct vd_config *config, unsigned channel, const char *domain);

/* One row of the table of keys. */
struct vd_config_key {
    const char *section;  /* "watch" stands for [defaults] too */
    const char *key;      /* "interval" */
    const char *form;     /* what is written behind it: "30s, 15m, 1h"; "" in an image, unless it is
                             required */
    const char *fallback; /* what holds without it; "" when it is required */
    const char *meaning;  /* for docs/config.md; "" in an image */
    bool is_repeated;     /* may stand several times */
};

/* Row number i of the table; NULL behind the last. */
const struct vd_config_key *vd_config_keys(size_t i);

#endif
