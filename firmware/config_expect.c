/*
 * The configuration: names and addresses that a watch expects.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/domain.h"

#include <string.h>

/* RFC 5321, section 4.5.3.1.1. */
#define LOCAL_PART_MAX 64u

/* ---- names ------------------------------------------------------------------------------- */

/* A list of domains, several labels each unless one will do. */
static void read_domains(struct vd_config_reader *reader, const char *value, uint16_t *list,
                         const char *single_label_fault)
{
    struct vd_config_pool pool = vd_config_watch_pool(reader->watch);
    struct vd_config_span words = {value, strlen(value)}, word;
    char domain[VD_DOMAIN_TEXT_MAX];

    *list = reader->is_again ? *list : 0;
    while (vd_config_word(&words, &word)) {
        struct vd_text_writer *w = vd_config_say_of(reader, word.text, word.len);

        if (vd_host_read(word.text, word.len, domain, w) != VD_OK) {
            vd_config_said(reader, reader->line);
            return;
        }
        if (single_label_fault != NULL && strchr(domain, '.') == NULL) {
            vd_text_put(w, single_label_fault);
            vd_config_said(reader, reader->line);
            return;
        }
        *list = vd_config_keep(reader, &pool, *list, domain, strlen(domain));
        if (*list == 0) {
            return;
        }
    }
}

void vd_config_read_mx(struct vd_config_reader *reader, const char *value)
{
    read_domains(reader, value, &reader->watch->mx,
                 "is a single label: mail could go anywhere below it");
}

void vd_config_read_registries(struct vd_config_reader *reader, const char *value)
{
    read_domains(reader, value, &reader->watch->registries, NULL);
}

void vd_config_read_mail_from(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_pool pool = vd_config_watch_pool(reader->watch);
    struct vd_text_writer *w = vd_config_say_of(reader, value, strlen(value));
    char domain[VD_DOMAIN_TEXT_MAX];

    if (vd_host_read(value, strlen(value), domain, w) != VD_OK) {
        vd_config_said(reader, reader->line);
        return;
    }
    reader->watch->mail_from = vd_config_keep(reader, &pool, 0, domain, strlen(domain));
}

/* RFC 5321, section 4.1.2: an atom or several with dots.  Quoted local parts are not needed here. */
static bool is_local_part(const char *text, size_t len)
{
    static const char others[] = "!#$%&'*+-/=?^_`{|}~.";
    size_t i;

    for (i = 0; i < len; i++) {
        char c = text[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr(others, c) != NULL) ||
            (c == '.' && (i == 0 || i + 1 == len || text[i - 1] == '.'))) {
            return false;
        }
    }
    return len > 0 && len <= LOCAL_PART_MAX;
}

void vd_config_read_from(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_pool pool = vd_config_watch_pool(reader->watch);
    char address[LOCAL_PART_MAX + 1 + VD_DOMAIN_TEXT_MAX];
    const char *at = strchr(value, '@');
    size_t local_len = at == NULL ? 0 : (size_t)(at - value);
    struct vd_text_writer *w;

    if (!is_local_part(value, local_len)) {
        vd_config_object_to(reader, value, "is no mail address: write news@example.com");
        return;
    }
    w = vd_config_say_of(reader, at + 1, strlen(at + 1));
    memcpy(address, value, local_len + 1);
    if (vd_host_read(at + 1, strlen(at + 1), address + local_len + 1, w) != VD_OK) {
        vd_config_said(reader, reader->line);
        return;
    }
    reader->watch->from = vd_config_keep(reader, &pool, 0, address, strlen(address));
    if (reader->watch->from != 0) {
        memcpy(pool.text + reader->watch->from, value, local_len); /* its case may matter */
    }
}

/* ---- addresses --------------------------------------------------------------------------- */

/* Networks whose addresses no receiver on the Internet ever sees as a sender's. */
static const struct {
    uint8_t bytes[2];
    uint8_t bits; /* 16 at most */
    bool is_ip6;
    const char *fault;
} closed_nets[] = {
    {{10, 0}, 8, false, "is a private address (RFC 1918): receivers see another one"},
    {{172, 16}, 12, false, "is a private address (RFC 1918): receivers see another one"},
    {{192, 168}, 16, false, "is a private address (RFC 1918): receivers see another one"},
    {{100, 64}, 10, false, "is a provider's inner address (RFC 6598): receivers see another one"},
    {{169, 254}, 16, false, "is a link-local address: no receiver sees it"},
    {{127, 0}, 8, false, "is a loopback address: no receiver sees it"},
    {{0, 0}, 8, false, "is not the address of a host"},
    {{224, 0}, 3, false, "is not the address of a host"},
    {{0xfc, 0}, 7, true, "is a private address (RFC 4193): receivers see another one"},
    {{0xfe, 0x80}, 10, true, "is a link-local address: no receiver sees it"},
    {{0xff, 0}, 8, true, "is not the address of a host"},
    {{0, 0}, 16, true, "is not an IPv6 address of the Internet; IPv4 is written as 192.0.2.10"},
};

static const char *fault_of(const struct vd_endpoint *at)
{
    unsigned first = (unsigned)at->addr[0] << 8 | at->addr[1];
    bool is_ip6 = at->family == VD_FAMILY_IP6;
    size_t i;

    for (i = 0; i < sizeof closed_nets / sizeof closed_nets[0]; i++) {
        unsigned net = (unsigned)closed_nets[i].bytes[0] << 8 | closed_nets[i].bytes[1];

        if (closed_nets[i].is_ip6 == is_ip6 && (first ^ net) >> (16 - closed_nets[i].bits) == 0) {
            return closed_nets[i].fault;
        }
    }
    return NULL;
}

/* What is wrong with a word, as the rest of a sentence that begins with it; NULL: nothing. */
static const char *read_address(const struct vd_config_span *word, struct vd_sender *out)
{
    struct vd_endpoint at;

    if (memchr(word->text, '/', word->len) != NULL) {
        return "is a network: write the addresses of your servers one by one";
    }
    if (vd_endpoint_parse(word->text, word->len, 1, &at) != VD_OK) {
        return "is no address: write 192.0.2.10 or 2001:db8::25, several with blanks between";
    }
    if (word->text[0] == '[' || (at.family == VD_FAMILY_IP4 && at.port != 1) ||
        (at.family == VD_FAMILY_IP4 && memchr(word->text, ':', word->len) != NULL)) {
        return "has more than an address: write it without brackets and port";
    }
    memset(out, 0, sizeof *out);
    out->is_ip6 = at.family == VD_FAMILY_IP6;
    memcpy(out->address, at.addr, out->is_ip6 ? 16 : 4);
    return fault_of(&at);
}

static bool is_listed(const struct vd_sender *list, size_t count, const struct vd_sender *sender)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (list[i].is_ip6 == sender->is_ip6 &&
            memcmp(list[i].address, sender->address, sizeof sender->address) == 0) {
            return true;
        }
    }
    return false;
}

static void read_addresses(struct vd_config_reader *reader, const char *value,
                           struct vd_sender *list, uint8_t *count, unsigned most, const char *knob)
{
    struct vd_config_span words = {value, strlen(value)}, word;
    struct vd_sender sender;

    *count = reader->is_again ? *count : 0;
    while (vd_config_word(&words, &word)) {
        const char *fault = read_address(&word, &sender);
        struct vd_text_writer *w = vd_config_say_of(reader, word.text, word.len);

        if (fault == NULL && is_listed(list, *count, &sender)) {
            fault = "is listed twice";
        }
        if (fault == NULL && *count < most) {
            list[(*count)++] = sender;
            continue;
        }
        if (fault != NULL) {
            vd_text_put(w, fault);
        } else {
            vd_text_put(w, "is one address too many: a watch has ");
            vd_text_put_unsigned(w, most);
            vd_text_put(w, " at most (");
            vd_text_put(w, knob);
            vd_text_put(w, ")");
        }
        vd_config_said(reader, reader->line);
        return;
    }
}

void vd_config_read_senders(struct vd_config_reader *reader, const char *value)
{
    read_addresses(reader, value, reader->watch->senders, &reader->watch->senders_count,
                   VD_SENDERS_MAX, "VD_SENDERS_MAX");
}

void vd_config_read_strangers(struct vd_config_reader *reader, const char *value)
{
    read_addresses(reader, value, reader->watch->strangers, &reader->watch->strangers_count,
                   VD_STRANGERS_MAX, "VD_STRANGERS_MAX");
}
