/*
 * The configuration: the table of keys, and how each value is read.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config_reader.h"
#include "firmware/nearest.h"

#include <string.h>

typedef void (*key_reader)(struct vd_config_reader *reader, const char *value);

static void read_name(struct vd_config_reader *reader, const char *value);

/* Words for docs/config.md: an image goes without. */
#ifdef VD_HOST_TEST
#define DOC(text) text
#define OR(text)  text
#else
#define DOC(text) ""
#define OR(text)  "-" /* any text: the key is not required */
#endif

/* The one table: reading, "did you mean" and docs/config.md come from it. */
static const struct {
    struct vd_config_key key;
    key_reader read;
} table[] = {
    {{"device", "name", DOC("up to 63 letters, digits, `-`, `_`, `.`"), OR("the MAC address"),
      DOC("What alerts call this device: the HOSTNAME in syslog."), false},
     read_name},
    {{"dns", "server", DOC("an address, alone or behind `udp://`, `tcp://` or `tls://`"),
      OR("those that the network names"),
      DOC("A resolver to ask: see [Resolvers](#resolvers). Repeat the line for each one."), true},
     vd_config_read_server},
    {{"dns", "ca", DOC("a file name, without a folder"), OR("no `tls://` server with a name"),
      DOC("PEM file with the CA certificates that the certificates of `tls://ADDRESS#NAME` servers "
          "must lead to."),
      false},
     vd_config_read_dns_ca},
    {{"dns", "authorities", DOC("`yes` or `no`"), OR("`yes`"),
      DOC("Whether a change is checked with the name servers of the domain's own zone. They can be "
          "asked in clear text only, also where the resolvers are `tls://`. Before a name is told "
          "as "
          "unregistered, the servers of the registry above it are asked in the same way."),
      false},
     vd_config_read_authorities},
    {{"dns", "authority-check", DOC("`1s` to `7d`"), OR("`1h`"),
      DOC("Time between two direct looks at one of the domain's own name servers, each time at the "
          "next one: they show a change before the caches of the resolvers do."),
      false},
     vd_config_read_authority_check},
    {{"dns", "confirm-hold", DOC("`1s` to `1d`"), OR("`1h`"),
      DOC("How long a change is held back, as a divergence, while the domain's own name servers "
          "say otherwise."),
      false},
     vd_config_read_confirm_hold},
    {{"dns", "blind-after", DOC("`1` to `100`"), OR("`3`"),
      DOC("Rounds in a row with SERVFAIL from all resolvers, although their self-checks pass, "
          "after which the domain is told as unresolvable."),
      false},
     vd_config_read_blind_after},
    {{"dns", "self-check-good", DOC("a domain, or `.`"), OR("`.`"),
      DOC("Each resolver must have NS records for this name, or its path counts as blind."), false},
     vd_config_read_good},
    {{"dns", "self-check-bad", DOC("`*.` and a domain"), OR("`*.com`"),
      DOC("A random name of this form must not be there, or the resolver's path counts as blind: "
          "something on it makes answers up."),
      false},
     vd_config_read_bad},
    {{"watch", "profile", DOC("`plain`, `bulk`, `enforcing`, `parked`"), OR("none"),
      DOC("What the domain must live up to from the first look on: see [Profiles](#profiles). "
          "Several may be given, except with `parked`. Example: `profile = bulk enforcing`."),
      false},
     vd_config_read_profile},
    {{"watch", "dmarc", DOC("`none`, `quarantine` or `reject`"), OR("what the profile asks for"),
      DOC("The weakest DMARC policy that is accepted, also at the first look. With it, a domain "
          "without DMARC is an alert. Overrides the profile. Example: `dmarc = quarantine`."),
      false},
     vd_config_read_dmarc},
    {{"watch", "spf", DOC("`neutral`, `softfail` or `fail`"), OR("what the profile asks for"),
      DOC("The weakest end of the SPF record that is accepted: `?all`, `~all` or `-all`. With it, "
          "a domain without SPF is an alert. Overrides the profile. Example: `spf = softfail`."),
      false},
     vd_config_read_spf},
    {{"watch", "dkim",
      DOC("`all: s1 s2`, `any: s1 s2` or `2 of: s1 s2 s3`, behind a provider or not"),
      OR("no selector is watched, but those of `provider`"),
      DOC("A group of DKIM selectors and how many of them must hold a usable key: all, any one, or "
          "so many. Repeat the line for each group. With the provider in front its rules hold too: "
          "see [Providers](#providers). Example: `dkim = amazon-ses all: t1 t2 t3`."),
      true},
     vd_config_read_dkim},
    {{"watch", "provider", DOC("names from [the table](providers.md) or of `[provider]` sections"),
      OR("none"),
      DOC("Services that send or receive mail for the domain. Their selectors are watched, and "
          "their mail hosts are expected. Example: `provider = channel-talk`."),
      true},
     vd_config_read_provider},
    {{"watch", "mx", DOC("host names, or the domains above them"), OR("those seen at first"),
      DOC("Where mail for the domain may go, beside its own hosts and those of its providers: any "
          "other host is an alert. With it, a domain without MX is an alert. "
          "Example: `mx = mail.example.net`."),
      true},
     vd_config_read_mx},
    {{"watch", "mail-from", DOC("a name below the domain"), OR("none"),
      DOC("The subdomain for bounces that Amazon SES calls custom MAIL FROM: its own SPF and MX "
          "are watched too. Example: `mail-from = mail.example.com`."),
      false},
     vd_config_read_mail_from},
    {{"watch", "senders", DOC("addresses, IPv4 or IPv6"), OR("none"),
      DOC("Your own mail servers as receivers see them: an alert when one no longer passes SPF. "
          "Example: `senders = 192.0.2.10 2001:db8::25`."),
      true},
     vd_config_read_senders},
    {{"watch", "strangers", DOC("addresses, IPv4 or IPv6"),
      OR("one outside of all that is allowed"),
      DOC("Addresses that must never pass SPF: an alert when one does. "
          "Example: `strangers = 198.51.100.7`."),
      true},
     vd_config_read_strangers},
    {{"watch", "from", DOC("a mail address of the domain"), OR("`postmaster@` the domain"),
      DOC("The sender with which `senders` and `strangers` are tried: it matters where the SPF "
          "record has macros. Example: `from = news@example.com`."),
      false},
     vd_config_read_from},
    {{"watch", "spf-wide-ip4", DOC("`0` to `32`"), OR("`16`"),
      DOC("An IPv4 network in SPF with a prefix so short, or shorter, is a warning. "
          "Example: `spf-wide-ip4 = 20`."),
      false},
     vd_config_read_wide4},
    {{"watch", "spf-wide-ip6", DOC("`0` to `128`"), OR("`32`"), DOC("The same for IPv6."), false},
     vd_config_read_wide6},
    {{"watch", "spf-vast-ip4", DOC("`0` to `32`"), OR("`8`"),
      DOC("And with one so short, or shorter, it is critical: millions of hosts may send as you."),
      false},
     vd_config_read_vast4},
    {{"watch", "spf-vast-ip6", DOC("`0` to `128`"), OR("`16`"), DOC("The same for IPv6."), false},
     vd_config_read_vast6},
    {{"watch", "spf-growth", DOC("`1` to `4294967295`"), OR("`65536`"),
      DOC("So many IPv4 addresses more, and at least four times as many as before, are a warning. "
          "Example: `spf-growth = 1024`."),
      false},
     vd_config_read_growth},
    {{"watch", "registries", DOC("domains"), OR("those that we know"),
      DOC("More places below which anybody can register a name, as `com` or `co.uk`: to tell a "
          "name that a stranger could take over from one that is merely gone. "
          "Example: `registries = xx.example`."),
      true},
     vd_config_read_registries},
    {{"watch", "pending", DOC("`1s` to `7d`"), OR("`48h`"),
      DOC("How long a record that is expected may take to appear at first, as DNS hosts and "
          "services say \"up to 48 hours\". Example: `pending = 24h`."),
      false},
     vd_config_read_pending},
    {{"watch", "accept", DOC("a facet, `:` and its value"), OR("none"),
      DOC("This is the new normal: the same as accepting the alert on the console. An alert names "
          "the line that accepts it. A single include, MX host or revoked key may stand by its "
          "name: `spf.include:_spf.example.net`, `mx.hosts:mx.example.net`, `dkim.s1.key:revoked`. "
          "See [Expected changes](#expected-changes). Example: `accept = dmarc.policy:none`."),
      true},
     vd_config_read_accept},
    {{"watch", "plan", DOC("a facet, its value, and from when to when"), OR("none"),
      DOC("A change that you are going to make: within that time it is told as planned. "
          "Example: `plan = dmarc.policy none 2026-12-01T00:00Z..2026-12-02T00:00Z`."),
      true},
     vd_config_read_plan},
    {{"watch", "maintenance", DOC("weekday or weekdays, times, zone"), OR("none"),
      DOC("Hours of the week in which alerts wait, except critical ones; what is still true at "
          "the end is told then. Several windows stand behind commas, or in lines of their own. "
          "Example: `maintenance = Sun 02:00-04:00 +09:00, Mon-Fri 22:00-02:00 Z`."),
      true},
     vd_config_read_maintenance},
    {{"watch", "interval", DOC("`1s` to `7d`"), OR("`15m`"),
      DOC("Time between two looks at the domain. Example: `interval = 1h`."), false},
     vd_config_read_interval},
    {{"watch", "confirm-wait", DOC("`1s` to `1d`"), OR("`5m`"),
      DOC("Time between the looks that must agree before an alert opens or closes. "
          "Example: `confirm-wait = 10m`."),
      false},
     vd_config_read_confirm_wait},
    {{"watch", "report", DOC("name of a `[report]` section"), OR("the only one"),
      DOC("Where alerts of these domains go. Example: `report = soc`."), false},
     vd_config_read_report},
    {{"provider", "title", DOC("text"), OR("the section's name"),
      DOC("What alerts call it. Example: `title = Example Mailer`."), false},
     vd_config_read_title},
    {{"provider", "selectors", DOC("selectors"),
      OR("they cannot be guessed: `dkim` lines name them"),
      DOC("The selectors that every customer has. Example: `selectors = em1 em2`."), true},
     vd_config_read_provider_selectors},
    {{"provider", "targets", DOC("domains"), OR("none"),
      DOC("Where the CNAMEs of its selectors lead: names that end so are this provider's. `*` "
          "stands for one label, here and in the next two. "
          "Example: `targets = dkim.mailer.example`."),
      true},
     vd_config_read_targets},
    {{"provider", "includes", DOC("names, or domains behind a `.`"), OR("none"),
      DOC("Names in SPF `include:` that are this provider's; behind a `.`, all names below. "
          "Example: `includes = spf.mailer.example .spf.mailer.example`."),
      true},
     vd_config_read_includes},
    {{"provider", "mx", DOC("domains"), OR("none"),
      DOC("Mail hosts that end so are this provider's. Example: `mx = mx.mailer.example`."), true},
     vd_config_read_hosts},
    {{"provider", "need", DOC("`all` or `any`"), OR("`all`"),
      DOC("How many of its selectors must hold a usable key when `provider =` names it."), false},
     vd_config_read_need},
    {{"provider", "text-keys", DOC("`yes` or `no`"), OR("`no`"),
      DOC("Whether the customer publishes the keys as TXT, not as CNAME."), false},
     vd_config_read_text_keys},
    {{"provider", "unsigned", DOC("`yes` or `no`"), OR("`no`"),
      DOC("Whether its mail can be authenticated by neither SPF nor DKIM."), false},
     vd_config_read_unsigned},
    {{"report", "url", "`syslogs://host` or `syslogs://host:port`", "",
      DOC("The collector: syslog over TLS (RFC 5425), port 6514 unless given. The certificate must "
          "bear this host name. There is no clear-text way to send an alert."),
      false},
     vd_config_read_url},
    {{"report", "ca", "a file name, without a folder", "",
      DOC("PEM file with the CA certificates that the collector's certificate must lead to."),
      false},
     vd_config_read_ca},
    {{"report", "min", DOC("`critical`, `error`, `warning`, `notice` or `info`"), OR("`notice`"),
      DOC("The least severe event that is sent here. The restoration of an alert that was sent is "
          "always sent too."),
      false},
     vd_config_read_min},
};

#define KEYS (sizeof table / sizeof table[0])

_Static_assert(KEYS <= VD_CONFIG_KEYS_MAX, "vd_config_reader.key_lines holds them");

const struct vd_config_key *vd_config_keys(size_t i)
{
    return i < KEYS ? &table[i].key : NULL;
}

/* ---- small values ------------------------------------------------------------------------ */

static void read_name(struct vd_config_reader *reader, const char *value)
{
    vd_config_plain(reader, value, "name", reader->config->device_name, VD_DEVICE_NAME_MAX);
}

/* ---- the table --------------------------------------------------------------------------- */

static bool is_key_of(size_t row, enum vd_config_section section)
{
    static const char *const names[VD_SECTIONS] = {"",      "device", "dns",     "watch",
                                                   "watch", "report", "provider"};

    return strcmp(table[row].key.section, names[section]) == 0;
}

/* The sections that have such a key.  false: none. */
static bool name_sections(struct vd_text_writer *w, const char *key)
{
    const char *between = ": it belongs in [";
    bool is_known = false;
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (strcmp(key, table[i].key.key) == 0) {
            vd_text_put(w, between);
            vd_text_put(w, table[i].key.section);
            vd_text_put(w, "]");
            between = " or [";
            is_known = true;
        }
    }
    return is_known;
}

static void list_keys(struct vd_text_writer *w, enum vd_config_section section)
{
    const char *between = ": there are ";
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, section)) {
            vd_text_put(w, between);
            vd_text_put(w, table[i].key.key);
            between = ", ";
        }
    }
}

/* The known key that an unknown one most likely means: of this section, else of another one. */
static void suggest(struct vd_config_reader *reader, const char *key, struct vd_text_writer *w)
{
    unsigned edits, fewest = 99;
    size_t best = KEYS, i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, reader->section) &&
            vd_nearest_is_close(key, strlen(key), table[i].key.key, &edits) && edits < fewest) {
            fewest = edits;
            best = i;
        }
    }
    if (best < KEYS) {
        vd_config_suggest(w, table[best].key.key);
        return;
    }
    if (!name_sections(w, key)) {
        list_keys(w, reader->section);
    }
}

static void object_to_key(struct vd_config_reader *reader, const char *key)
{
    struct vd_text_writer *w = vd_config_say(reader);

    vd_text_put(w, "unknown key ");
    vd_config_quote(w, key, strlen(key));
    vd_text_put(w, " in ");
    vd_config_put_head(reader, w);
    suggest(reader, key, w);
    vd_config_said(reader, reader->line);
}

static void read_row(struct vd_config_reader *reader, size_t row, const char *value)
{
    const struct vd_config_key *key = &table[row].key;
    struct vd_text_writer *w;

    reader->is_again = reader->key_lines[row] != 0;
    reader->key_lines[row] = (uint16_t)reader->line;
    if (reader->is_again && !key->is_repeated) {
        w = vd_config_say_of(reader, key->key, strlen(key->key));
        vd_text_put(w, "stands twice in ");
        vd_config_put_head(reader, w);
        vd_config_said(reader, reader->line);
        return;
    }
    if (value[0] == '\0') {
        w = vd_config_say_of(reader, key->key, strlen(key->key));
        vd_text_put(w, "has no value");
        vd_config_said(reader, reader->line);
        return;
    }
    table[row].read(reader, value);
}

unsigned vd_config_line_of(const struct vd_config_reader *reader, const char *key)
{
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, reader->section) && strcmp(key, table[i].key.key) == 0) {
            return reader->key_lines[i];
        }
    }
    return 0;
}

void vd_config_key_read(struct vd_config_reader *reader, const char *key, const char *value)
{
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, reader->section) && strcmp(key, table[i].key.key) == 0) {
            read_row(reader, i, value);
            return;
        }
    }
    object_to_key(reader, key);
}

void vd_config_required_check(struct vd_config_reader *reader)
{
    size_t i;

    for (i = 0; i < KEYS; i++) {
        if (is_key_of(i, reader->section) && table[i].key.fallback[0] == '\0' &&
            reader->key_lines[i] == 0) {
            struct vd_text_writer *w = vd_config_say(reader);

            vd_config_put_head(reader, w);
            vd_text_put(w, " needs ");
            vd_text_put(w, table[i].key.key);
            vd_text_put(w, " = ");
            vd_text_put(w, table[i].key.form);
            vd_config_said(reader, reader->section_line);
        }
    }
}
