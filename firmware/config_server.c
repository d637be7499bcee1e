/*
 * The configuration: the server = lines of [dns].
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/domain.h"

#include <string.h>

/* RFC 1035, section 4.2; RFC 7858, section 3.1. */
#define DNS_PORT 53u
#define TLS_PORT 853u

/* Base64 of VD_PIN_LEN octets (RFC 7469, section 2.1.1), the one "=" at its end included. */
#define PIN_TEXT_LEN 44u

#define PIN_SCHEME "sha256/"

/* One line, cut into its parts. */
struct parts {
    struct vd_config_span scheme;
    struct vd_config_span at;    /* the address, with its port if it has one */
    struct vd_config_span proof; /* behind "#" */
    bool has_blank, has_scheme, has_proof;
};

static void cut(const char *value, struct parts *parts)
{
    const char *mark = strstr(value, "://");
    const char *hash = strchr(value, '#');

    parts->has_blank = value[strcspn(value, " \t")] != '\0';
    parts->has_scheme = mark != NULL && (hash == NULL || mark < hash);
    parts->scheme.text = value;
    parts->scheme.len = parts->has_scheme ? (size_t)(mark - value) : 0;
    parts->at.text = parts->has_scheme ? mark + 3 : value;
    parts->at.len = strcspn(parts->at.text, "#");
    parts->has_proof = hash != NULL;
    parts->proof.text = parts->has_proof ? hash + 1 : "";
    parts->proof.len = strlen(parts->proof.text);
}

/* Does the span begin with `word`, in any case (RFC 3986, section 3.1)?  word is lower case. */
static bool begins_with(const struct vd_config_span *span, const char *word)
{
    size_t i;

    for (i = 0; word[i] != '\0'; i++) {
        char c = i < span->len ? span->text[i] : '\0';

        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != word[i]) {
            return false;
        }
    }
    return true;
}

/* ---- transport --------------------------------------------------------------------------- */

/* Each reader below returns what is wrong, as the rest of a sentence that begins with the value;
   NULL when nothing is. */
static const char *read_transport(const struct parts *parts, uint8_t *transport)
{
    static const char words[][4] = {
        [VD_TRANSPORT_UDP] = "udp", [VD_TRANSPORT_TCP] = "tcp", [VD_TRANSPORT_TLS] = "tls"};
    uint8_t i;

    *transport = VD_TRANSPORT_UDP;
    if (!parts->has_scheme) {
        return NULL;
    }
    for (i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (parts->scheme.len == 3 && begins_with(&parts->scheme, words[i])) {
            *transport = i;
            return NULL;
        }
    }
    return "asks in a way that we do not know: there are udp://, tcp:// and tls://";
}

/* ---- address ----------------------------------------------------------------------------- */

/* A host name, with or without a port behind it? */
static bool is_host_name(const struct vd_config_span *at)
{
    char host[VD_DOMAIN_TEXT_MAX];
    struct vd_text_writer ignored;
    size_t len = at->len;

    while (len > 0 && at->text[len - 1] >= '0' && at->text[len - 1] <= '9') {
        len--;
    }
    len = len > 0 && at->text[len - 1] == ':' ? len - 1 : at->len;
    vd_text_start(&ignored, NULL, 0);
    return vd_host_read(at->text, len, host, &ignored) == VD_OK;
}

/* "2001:db8::1:53": well-formed, but hardly what was meant.  "2001:db8::53" is a usual address. */
static bool ends_like_a_port(const struct vd_config_span *at)
{
    static const char *const ports[] = {":53", ":853", ":5353"};
    size_t i;

    for (i = 0; i < sizeof ports / sizeof ports[0]; i++) {
        size_t len = strlen(ports[i]);

        if (at->len > len && memcmp(at->text + at->len - len, ports[i], len) == 0 &&
            at->text[at->len - len - 1] != ':') {
            return true;
        }
    }
    return false;
}

static const char link_local[] = "is a link-local address, and nothing says on which link: write "
                                 "the server's global or unique local address";
static const char no_address[] = "is no address: write 192.0.2.53, 192.0.2.53:5353, 2001:db8::53 "
                                 "or [2001:db8::53]:5353, with a port from 1 to 65535";

static const char *check_ip4(const uint8_t *addr)
{
    return addr[0] == 0 || addr[0] >= 224 ? "is not the address of one server" : NULL;
}

static const char *check_ip6(const uint8_t *addr)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t zero[15];
    bool is_loopback = memcmp(addr, zero, 15) == 0 && addr[15] == 1;

    if (memcmp(addr, mapped, sizeof mapped) == 0) {
        return "is an IPv4 address in the form of IPv6: write it as 192.0.2.53";
    }
    if (addr[0] == 0xfe && (addr[1] & 0xc0) == 0x80) {
        return link_local;
    }
    /* multicast; unspecified, and the IPv4-compatible ones (RFC 4291, section 2.5.5.1) */
    if (addr[0] == 0xff || (memcmp(addr, zero, 12) == 0 && !is_loopback)) {
        return "is not the address of one server";
    }
    return NULL;
}

static const char *read_address(const struct parts *parts, struct vd_config_server *server)
{
    const struct vd_config_span *at = &parts->at;
    struct vd_endpoint *to = &server->at;
    uint16_t port = server->transport == VD_TRANSPORT_TLS ? TLS_PORT : DNS_PORT;

    if (memchr(at->text, '%', at->len) != NULL) {
        return begins_with(at, "fe80:") || begins_with(at, "[fe80:") ? link_local : no_address;
    }
    if (vd_endpoint_parse(at->text, at->len, port, to) != VD_OK) {
        return is_host_name(at)
                   ? "has a name where its address must stand: a resolver cannot be looked up, "
                     "write its address"
                   : no_address;
    }
    if (to->family == VD_FAMILY_IP4) {
        return check_ip4(to->addr);
    }
    if (at->text[0] != '[' && parts->has_scheme) {
        return "needs brackets around its IPv6 address, as udp://[2001:db8::53]";
    }
    if (at->text[0] != '[' && ends_like_a_port(at)) {
        return "may be an address, or an address and a port: write [ADDRESS] or [ADDRESS]:PORT";
    }
    return check_ip6(to->addr);
}

/* RFC 7858, section 3.1: no TLS on port 53, no clear text on port 853. */
static const char *check_port(const struct vd_config_server *server)
{
    bool is_tls = server->transport == VD_TRANSPORT_TLS;

    if (is_tls && server->at.port == DNS_PORT) {
        return "asks with TLS on port 53, which is the one for clear text: without a port it is "
               "853";
    }
    if (!is_tls && server->at.port == TLS_PORT) {
        return "asks in clear text on port 853, which is the one for TLS: write "
               "tls://ADDRESS#NAME";
    }
    return NULL;
}

/* ---- proof ------------------------------------------------------------------------------- */

static const char *check_proof(const struct parts *parts, const struct vd_config_server *server)
{
    if (server->transport != VD_TRANSPORT_TLS) {
        return parts->has_proof ? "has a \"#\", which only tls:// servers have: write "
                                  "tls://ADDRESS#NAME; a port stands behind \":\""
                                : NULL;
    }
    return parts->proof.len == 0
               ? "has no \"#\" part, and an address alone would verify nothing: write "
                 "tls://ADDRESS#NAME, with the name that the certificate must bear, or "
                 "tls://ADDRESS#sha256/PIN"
               : NULL;
}

/* The value of a base64 character (RFC 4648, section 4); 64: it is none. */
static unsigned sextet(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = memchr(alphabet, c, 64);

    return at == NULL ? 64u : (unsigned)(at - alphabet);
}

/* Strict: one "=", and no bits left over (RFC 4648, sections 3.2 and 3.5). */
static bool read_pin(const char *text, size_t len, uint8_t *pin)
{
    unsigned bits = 0, count = 0, n = 0;
    size_t i;

    if (len != PIN_TEXT_LEN || text[PIN_TEXT_LEN - 1] != '=') {
        return false;
    }
    for (i = 0; i < PIN_TEXT_LEN - 1; i++) {
        unsigned value = sextet(text[i]);

        if (value == 64) {
            return false;
        }
        bits = (bits << 6 | value) & 0xfffu;
        count += 6;
        if (count >= 8) {
            count -= 8;
            pin[n++] = (uint8_t)(bits >> count);
        }
    }
    return (bits & ((1u << count) - 1u)) == 0;
}

/* The part behind "#" of a tls:// server.  false after a complaint. */
static bool read_proof(struct vd_config_reader *reader, const struct vd_config_span *proof,
                       struct vd_config_server *server)
{
    struct vd_text_writer *w = vd_config_say_of(reader, proof->text, proof->len);
    size_t head = strlen(PIN_SCHEME);

    if (begins_with(proof, PIN_SCHEME)) {
        server->has_pin = read_pin(proof->text + head, proof->len - head, server->pin);
        if (server->has_pin) {
            return true;
        }
        vd_text_put(w, "is no pin: write sha256/ and the 44 characters of base64, the last one "
                       "\"=\", of the SHA-256 of the server's public key");
    } else if (vd_host_read(proof->text, proof->len, server->name, w) == VD_OK) {
        return true;
    }
    vd_config_said(reader, reader->line);
    return false;
}

/* ---- the whole --------------------------------------------------------------------------- */

static bool is_listed(const struct vd_config *config, const struct vd_config_server *server)
{
    unsigned i;

    for (i = 0; i < config->servers_count; i++) {
        if (config->servers[i].transport == server->transport &&
            vd_endpoint_is_equal(&config->servers[i].at, &server->at)) {
            return true;
        }
    }
    return false;
}

static void add_server(struct vd_config_reader *reader, const char *value,
                       const struct vd_config_server *server)
{
    struct vd_config *config = reader->config;

    if (is_listed(config, server)) {
        vd_config_object_to(reader, value, "is listed twice: that adds no second opinion");
    } else if (config->servers_count == VD_SERVERS_MAX) {
        struct vd_text_writer *w = vd_config_say_of(reader, value, strlen(value));

        vd_text_put(w, "is one server too many: this image asks ");
        vd_text_put_unsigned(w, VD_SERVERS_MAX);
        vd_text_put(w, " at most (VD_SERVERS_MAX)");
        vd_config_said(reader, reader->line);
    } else {
        config->servers[config->servers_count++] = *server;
    }
}

void vd_config_read_server(struct vd_config_reader *reader, const char *value)
{
    struct vd_config_server server;
    struct parts parts;
    const char *fault;

    memset(&server, 0, sizeof server);
    cut(value, &parts);
    fault = parts.has_blank ? "has a blank in it: write one server a line; a comment behind it "
                              "begins with a blank and \";\""
                            : read_transport(&parts, &server.transport);
    if (fault == NULL) {
        fault = read_address(&parts, &server);
    }
    if (fault == NULL) {
        fault = check_port(&server);
    }
    if (fault == NULL) {
        fault = check_proof(&parts, &server);
    }
    if (fault != NULL) {
        vd_config_object_to(reader, value, fault);
        return;
    }
    if (server.transport == VD_TRANSPORT_TLS && !read_proof(reader, &parts.proof, &server)) {
        return;
    }
    if (server.name[0] != '\0' && reader->named_line == 0) {
        reader->named_line = reader->line;
    }
    add_server(reader, value, &server);
}

unsigned vd_config_sources(const struct vd_config *config)
{
    unsigned sources = 0, i, j;

    for (i = 0; i < config->servers_count; i++) {
        struct vd_endpoint at = config->servers[i].at;

        for (j = 0; j < i; j++) {
            at.port = config->servers[j].at.port;
            if (vd_endpoint_is_equal(&config->servers[j].at, &at)) {
                break;
            }
        }
        sources += j == i ? 1u : 0u;
    }
    return sources;
}
