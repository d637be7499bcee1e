/*
 * The configuration: where alerts go.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/domain.h"
#include "firmware/nearest.h"

#include <string.h>

#define SYSLOGS_PORT 6514u

void vd_config_read_ca(struct vd_config_reader *reader, const char *value)
{
    vd_config_file(reader, value, reader->channel->ca_file, &reader->channel->ca_line);
}

void vd_config_read_min(struct vd_config_reader *reader, const char *value)
{
    struct vd_text_writer *w;
    unsigned i;

    for (i = VD_SEVERITY_CRITICAL; i <= VD_SEVERITY_INFO; i++) {
        if (strcmp(value, vd_severity_str((enum vd_severity)i)) == 0) {
            reader->channel->min = (enum vd_severity)i;
            return;
        }
    }
    w = vd_config_say_of(reader, value, strlen(value));
    vd_text_put(w, "is no severity: critical, error, warning, notice or info");
    vd_config_said(reader, reader->line);
}

void vd_config_read_report(struct vd_config_reader *reader, const char *value)
{
    const struct vd_config *config = reader->config;
    struct vd_config_span name;
    struct vd_text_writer *w;
    unsigned i, edits;
    int index;

    name.text = value;
    name.len = strlen(value);
    index = vd_config_channel_find(config, &name);
    if (index >= 0) {
        reader->watch->channel = (uint8_t)index;
        return;
    }
    w = vd_config_say(reader);
    vd_text_put(w, "there is no [report] section ");
    vd_config_quote(w, value, strlen(value));
    for (i = 0; i < config->channels_count; i++) {
        if (vd_nearest_is_close(value, name.len, config->channels[i].name, &edits)) {
            vd_config_suggest(w, config->channels[i].name);
            break;
        }
    }
    vd_config_said(reader, reader->line);
}

/* ---- url= -------------------------------------------------------------------------------- */

static bool is_one_of(const struct vd_config_span *word, const char *const *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (vd_config_is_word(word, list[i])) {
            return true;
        }
    }
    return false;
}

/* Complains of any scheme but syslogs. */
static bool check_scheme(struct vd_config_reader *reader, const struct vd_config_span *scheme)
{
    static const char *const clear[] = {"syslog", "syslog+tcp", "syslog+udp", "tcp",  "udp",
                                        "http",   "mqtt",       "ws",         "smtp", "ftp"};
    static const char *const later[] = {"https", "mqtts"};
    struct vd_text_writer *w;

    if (vd_config_is_word(scheme, "syslogs")) {
        return true;
    }
    w = vd_config_say_of(reader, scheme->text, scheme->len);
    if (is_one_of(scheme, clear, sizeof clear / sizeof clear[0])) {
        vd_text_put(w, "is clear text: alerts never travel in clear; write syslogs://host");
    } else if (is_one_of(scheme, later, sizeof later / sizeof later[0])) {
        vd_text_put(w, "is not supported yet: this version has syslogs://host (syslog over TLS)");
    } else {
        vd_text_put(w, "is no scheme that we know: write syslogs://host (syslog over TLS)");
    }
    vd_config_said(reader, reader->line);
    return false;
}

/* Digits from 1 to 65535; 0: not a port. */
static uint16_t port_of(const struct vd_config_span *digits)
{
    uint32_t port = 0;
    size_t i;

    for (i = 0; i < digits->len; i++) {
        if (digits->text[i] < '0' || digits->text[i] > '9' || port > 6553) {
            return 0;
        }
        port = port * 10u + (uint32_t)(digits->text[i] - '0');
    }
    return port <= 65535u ? (uint16_t)port : 0;
}

static void read_host(struct vd_config_reader *reader, const struct vd_config_span *host)
{
    struct vd_text_writer *w = vd_config_say_of(reader, host->text, host->len);
    struct vd_config_channel *channel = reader->channel;
    struct vd_endpoint address;

    if (vd_endpoint_parse(host->text, host->len, SYSLOGS_PORT, &address) == VD_OK) {
        if (address.family == VD_FAMILY_IP4) {
            memcpy(channel->host, host->text, host->len);
            channel->host[host->len] = '\0';
            return;
        }
        vd_text_put(w, "cannot be reached: IPv6 collectors are not supported yet");
    } else if (vd_host_read(host->text, host->len, channel->host, w) == VD_OK) {
        return;
    }
    vd_config_said(reader, reader->line);
}

/* "host", "host:port" */
static void read_authority(struct vd_config_reader *reader, struct vd_config_span at)
{
    const char *colon = memchr(at.text, ':', at.len);
    struct vd_config_span port;

    if (colon == NULL || at.text[0] == '[' ||
        memchr(colon + 1, ':', at.len - (size_t)(colon - at.text) - 1) != NULL) {
        reader->channel->port = SYSLOGS_PORT;
        read_host(reader, &at);
        return;
    }
    port.text = colon + 1;
    port.len = at.len - (size_t)(colon - at.text) - 1;
    at.len -= port.len + 1;
    reader->channel->port = port_of(&port);
    if (reader->channel->port == 0) {
        vd_text_put(vd_config_say_of(reader, port.text, port.len), "is no port: 1 to 65535");
        vd_config_said(reader, reader->line);
    }
    read_host(reader, &at);
}

void vd_config_read_url(struct vd_config_reader *reader, const char *value)
{
    const char *mark = strstr(value, "://");
    struct vd_config_span scheme, at;
    const char *rest;

    if (mark == NULL) {
        vd_config_object(reader, "url has no scheme: write syslogs://host or syslogs://host:6514");
        return;
    }
    scheme.text = value;
    scheme.len = (size_t)(mark - value);
    at.text = mark + 3;
    at.len = strcspn(at.text, "/?#");
    rest = at.text + at.len;
    if (!check_scheme(reader, &scheme)) {
        return;
    }
    if (strchr(at.text, '@') != NULL) {
        /* The value is not repeated: it may hold a password. */
        vd_config_object(reader, "url holds a user name: syslog over TLS has none");
    } else if (rest[0] != '\0' && strcmp(rest, "/") != 0) {
        vd_config_object(reader, "url goes on behind the host: syslogs://host:6514 is all of it");
    } else {
        read_authority(reader, at);
    }
}
