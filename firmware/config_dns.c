/*
 * The configuration: [dns] beside its servers.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/domain.h"

#include <string.h>

#define AUTHORITY_CHECK_MAX_DAYS 7u
#define CONFIRM_HOLD_MAX_DAYS    1u
#define BLIND_AFTER_MAX          100u

/* A random label of up to 63 characters and its dot must fit in front of self-check-bad. */
#define BAD_LEN_MAX (VD_DOMAIN_TEXT_MAX - 1u - 64u)

void vd_config_dns_start(struct vd_config_dns *dns)
{
    dns->asks_authorities = true;
    dns->authority_check_ms = VD_HOUR_MS;
    dns->confirm_hold_ms = VD_HOUR_MS;
    dns->blind_after = 3;
    memcpy(dns->self_check_good, ".", sizeof ".");
    memcpy(dns->self_check_bad, "com", sizeof "com");
}

void vd_config_read_dns_ca(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_dns *dns = &reader->config->dns;

    vd_config_file(reader, value, dns->ca_file, &dns->ca_line);
}

void vd_config_read_authorities(struct vd_config_reader *reader, const char *value)
{
    vd_config_yes(reader, value, &reader->config->dns.asks_authorities);
}

void vd_config_read_authority_check(struct vd_config_reader *reader, const char *value)
{
    vd_config_duration(reader, value, AUTHORITY_CHECK_MAX_DAYS,
                       &reader->config->dns.authority_check_ms);
}

void vd_config_read_confirm_hold(struct vd_config_reader *reader, const char *value)
{
    vd_config_duration(reader, value, CONFIRM_HOLD_MAX_DAYS, &reader->config->dns.confirm_hold_ms);
}

void vd_config_read_blind_after(struct vd_config_reader *reader, const char *value)
{
    vd_config_octet(reader, value, 1, BLIND_AFTER_MAX, &reader->config->dns.blind_after);
}

/* A name up to len_max; out is untouched after a complaint. */
static void read_domain(struct vd_config_reader *reader, const char *value, size_t len_max,
                        char *out)
{
    struct vd_text_writer *w = vd_config_say_of(reader, value, strlen(value));
    char domain[VD_DOMAIN_TEXT_MAX];

    if (vd_host_read(value, strlen(value), domain, w) != VD_OK) {
        vd_config_said(reader, reader->line);
    } else if (strlen(domain) > len_max) {
        vd_text_put(w, "is too long: no room for a random label in front");
        vd_config_said(reader, reader->line);
    } else {
        memcpy(out, domain, sizeof domain);
    }
}

void vd_config_read_good(struct vd_config_reader *reader, const char *value)
{
    char *out = reader->config->dns.self_check_good;

    if (strcmp(value, ".") == 0) {
        memcpy(out, ".", sizeof ".");
    } else {
        read_domain(reader, value, VD_DOMAIN_TEXT_MAX - 1u, out);
    }
}

void vd_config_read_bad(struct vd_config_reader *reader, const char *value)
{
    if (strncmp(value, "*.", 2) != 0 || value[2] == '\0') {
        vd_config_object_to(reader, value, "is not *. and a domain: write *.com");
        return;
    }
    read_domain(reader, value + 2, BAD_LEN_MAX, reader->config->dns.self_check_bad);
}

void vd_config_dns_check(struct vd_config_reader *reader)
{
    if (reader->named_line != 0 && reader->config->dns.ca_line == 0) {
        reader->line = reader->named_line;
        vd_config_object(reader, "a tls:// server with a name needs ca = FILE in [dns]: the CAs "
                                 "that its certificate must lead to");
    }
}
