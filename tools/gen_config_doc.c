/*
 * Prints docs/config.md from the table of keys in firmware/config_keys.c; with the argument
 * "providers", docs/providers.md from the table in firmware/providers_table.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/config.h"
#include "firmware/limits.h"

#include <stdio.h>
#include <string.h>

static const char intro[] =
    "<!-- Made by tools/gen_config_doc.c (`make docs`) from the table of keys: edit there. -->\n"
    "# Configuration\n"
    "\n"
    "One INI file, `vedette.ini`, beside the image. [example.ini](example.ini) is one to copy.\n"
    "The file is checked as a whole: every mistake is told with its line, and with a single one\n"
    "left the agent does not start.\n";

static const char lines[] =
    "\n"
    "## How it is written\n"
    "\n"
    "- `[section]` lines, and under them `key = value` lines that begin at the margin. An\n"
    "  indented line is a mistake, never a continuation.\n"
    "- A comment begins with `;` or `#` at the start of a line, or with a blank and `;` behind a\n"
    "  value. A `#` behind something is part of the value.\n"
    "- UTF-8, with or without a byte order mark; lines end in LF or CRLF and have 1022 bytes at\n"
    "  most.\n"
    "- Sections come in any order. A section stands once; several domains may share a `[watch]`.\n"
    "- A list has blanks between its words. One that is too long for a line goes on in another\n"
    "  line with the same key, where \"several lines\" is said below.\n"
    "- `[defaults]` holds for all watches. A key of a `[watch]` replaces the same key of\n"
    "  `[defaults]`, with all of its lines.\n";

static const char resolvers[] =
    "\n"
    "## Resolvers\n"
    "\n"
    "| `server =` | how it is asked |\n"
    "| --- | --- |\n"
    "| `192.0.2.53`, `2001:db8::53`, `[2001:db8::53]:5353`, `udp://[2001:db8::53]` | UDP, and TCP "
    "for what does not fit; port 53 unless given. |\n"
    "| `tcp://192.0.2.53` | TCP only; port 53 unless given. |\n"
    "| `tls://192.0.2.53#dns.example.net` | DNS over TLS (RFC 7858), port 853 unless given. The "
    "certificate must bear the name behind the `#`, and lead to a CA in `ca =`. |\n"
    "| `tls://[2001:db8::53]#sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=` | DNS over TLS "
    "to the holder of this public key (SHA-256 of its SubjectPublicKeyInfo, base64). Needs no "
    "`ca`, and a new line when the server's key changes. |\n"
    "\n"
    "- An address, never a name: a resolver cannot be looked up. IPv6 stands in brackets behind\n"
    "  `://` and in front of a port. Refused: addresses that are not one server's, link-local\n"
    "  ones, IPv4 written as `::ffff:`.\n"
    "- A `tls://` server is verified or not asked; it is never asked in clear text instead. "
    "Neither\n"
    "  TLS on port 53 nor clear text on port 853 is taken (RFC 7858, section 3.1).\n"
    "- Name **two addresses of different operators**. A change is believed when independent\n"
    "  sources agree; several ports or transports of one address are one source. With a single "
    "one,\n"
    "  and where the domain's own name servers cannot be asked, alerts take longer and say\n"
    "  `single source`.\n"
    "- Without any `server` line, the resolvers are asked that the network names (DHCP, router\n"
    "  advertisements). Whoever runs that network then decides what the agent sees.\n"
    "- `authorities = yes` also asks the name servers of the watched domain, in clear text: they\n"
    "  offer nothing else. Alerts never travel that way. With `no`, only the resolvers speak.\n"
    "- The pin of a server that you trust at this moment, from a machine with OpenSSL:\n"
    "\n"
    "```\n"
    "openssl s_client -connect 192.0.2.53:853 </dev/null | openssl x509 -noout -pubkey |\n"
    "  openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64\n"
    "```\n";

static const char domains[] =
    "\n"
    "## Domains\n"
    "\n"
    "A domain in `[watch ...]` is the one behind the `@` of your addresses. Refused, with the\n"
    "reason: `www.` names (no mail comes from there), domains of mail providers for everybody\n"
    "such as `gmail.com` (only the provider can mend their records), IP addresses, single labels,\n"
    "names with `_`, and names that are not ASCII: write those as A-labels (`xn--...`; the\n"
    "complaint tells which).\n"
    "\n"
    "## DKIM selectors\n"
    "\n"
    "A selector is the part before `._domainkey` in the name of a key record. DNS cannot list\n"
    "them: they stand in the `s=` tag of the DKIM-Signature header of a message that you sent.\n"
    "Group the selectors of one mail provider on one line: `any:` for a provider that keeps a\n"
    "second one in reserve, `all:` for one that needs each of them, `2 of:` for in between.\n";

static const char expectations[] =
    "\n"
    "## Profiles\n"
    "\n"
    "A profile is a bundle of what must hold from the first look on; below it, the first look is\n"
    "already an alert. Without one, what is found at first is taken for normal, except what is\n"
    "dangerous or broken by itself. `dmarc =` and `spf =` override what the profile says of them,\n"
    "upwards and downwards. Of a profile in the `[watch]` and a `dmarc =` or `spf =` in "
    "`[defaults]`\n"
    "the stricter one holds.\n"
    "\n"
    "| profile | SPF | DKIM | DMARC | MX |\n"
    "| --- | --- | --- | --- | --- |\n"
    "| `plain` | a usable record | - | a record, `p=none` suffices | - |\n"
    "| `bulk`: what Gmail, Yahoo and Outlook ask of those who send much | a usable record that "
    "ends in `?all` or stricter | a usable key at least at one of the selectors | a record, "
    "`p=none` "
    "suffices; `rua` is advised | advised |\n"
    "| `enforcing` | a usable record that ends in `~all` or stricter | a usable key | "
    "`p=quarantine` "
    "or stricter, for all of the mail | - |\n"
    "| `parked`: a domain without mail | exactly `v=spf1 -all` | no key | `p=reject` | the null MX "
    "(`0 .`) |\n"
    "\n"
    "- `bulk enforcing` together ask for the stricter of each. `parked` stands alone, and without\n"
    "  `dkim`, `provider`, `senders`, `from`, `mail-from` and `mx`; those of `[defaults]` do not\n"
    "  count for it.\n"
    "- A usable DKIM key is looked for at the selectors that `dkim` and `provider` bring; with "
    "none,\n"
    "  the first summary says that no selector is watched. What is advised and missing stands "
    "there\n"
    "  too.\n"
    "- Not watched: the rules for bulk senders that DNS does not show (TLS, unsubscribing with "
    "one\n"
    "  click, few complaints), and the names of the sending addresses (PTR).\n"
    "\n"
    "## Providers\n"
    "\n"
    "`provider = NAME` names a service of [the table](providers.md). Its selectors are watched "
    "where\n"
    "every customer has the same ones. Where each has others (Amazon SES: three tokens), write "
    "them\n"
    "in a `dkim` line with the provider in front; then `provider =` is not needed:\n"
    "\n"
    "```\n"
    "dkim = amazon-ses all: TOKEN1 TOKEN2 TOKEN3\n"
    "dkim = microsoft-365 any: selector1 selector2\n"
    "provider = channel-talk\n"
    "```\n"
    "\n"
    "For a provider that has its customers publish CNAMEs, `all:` means that every CNAME is in "
    "place\n"
    "and leads to the provider, with a usable key behind one of them at least: the provider turns "
    "the\n"
    "keys over by itself.\n"
    "\n"
    "A `[provider NAME]` section adds a service that the table does not have. With the name of "
    "one\n"
    "that it has, the section's keys replace those of the table, and the others stay.\n"
    "\n"
    "## Expected changes\n"
    "\n"
    "A *facet* is the part of a record set that changed, as `dmarc.policy`, `spf.default` or\n"
    "`dkim.s1.key`; [alerts.md](alerts.md) names that of each alert.\n"
    "\n"
    "- `accept = FACET:VALUE` takes that over as the new normal. It holds for this value only:\n"
    "  the next change is an alert again. On the console, `accept N` does the same with alert N.\n"
    "- `plan = FACET VALUE FROM..UNTIL` tells a change to that value as planned while it lasts "
    "from\n"
    "  FROM to UNTIL (RFC 3339, with `Z` or an offset; seconds may be left out). Another value, "
    "or\n"
    "  the same one afterwards, is an alert.\n"
    "- `maintenance = Sun 02:00-04:00 +09:00`: the zone is part of it, since the agent's clock "
    "runs\n"
    "  in UTC; `Z` is UTC. An end before the beginning is past midnight.\n"
    "\n"
    "| facet | values |\n"
    "| --- | --- |\n"
    "| `dmarc.policy`, `dmarc.sp` | `none`, `quarantine`, `reject`, `absent`, `broken` |\n"
    "| `dmarc.alignment` | `relaxed`, `strict`, `strict-dkim`, `strict-spf`, `absent`, `broken` "
    "|\n"
    "| `spf.default` | `pass`, `neutral`, `softfail`, `fail`, `absent`, `broken` |\n"
    "| `spf.include` | the domain of the one include that was added, as `_spf.example.net` |\n"
    "| `mx.hosts` | the one host, as `mx.example.net`; `absent` |\n"
    "| `dkim.SELECTOR.key` | `absent`, `revoked`, `broken` |\n"
    "| all others, and those where it is more than one | what the alert says behind `accept =`: 8 "
    "hexadecimal digits that stand for the content, `absent` or `broken` |\n"
    "\n"
    "- A level means all of the mail: `dmarc.policy:quarantine` does not stand for a record with\n"
    "  `pct=50` or `t=y`. Those, and names that a stranger can register, only `accept N` takes.\n"
    "- A whole record set that is gone or unusable: `absent` or `broken` of `dmarc.policy`,\n"
    "  `spf.default`, `mx.hosts`, `dkim.SELECTOR.key`, or of the kind's first facet\n"
    "  (`spf.record`, `mta-sts.record`). `dmarc.rua:absent` gives up the reports, not DMARC.\n";

static const char providers_intro[] =
    "<!-- Made by tools/gen_config_doc.c (`make docs`) from the table of providers: edit there. "
    "-->\n"
    "# Providers\n"
    "\n"
    "What mail and marketing services have their customers publish, as of " VD_PROVIDERS_DATE
    ". It is\n"
    "used to name the service in an alert, to pick the rule for its keys, to tell a provider's own "
    "turn of "
    "keys\n"
    "from a take-over, and to see a service in use whose SPF include is gone. What is not known\n"
    "is left out. Names are compared label by label: `sendgrid.net.attacker.example` is not\n"
    "SendGrid.\n"
    "\n"
    "| name | service | selectors | keys | SPF include | mail hosts |\n"
    "| --- | --- | --- | --- | --- | --- |\n";

static const char providers_notes[] =
    "\n"
    "- **selectors**: `provider = NAME` watches them. \"Each customer's own\" cannot be guessed: "
    "a\n"
    "  `dkim = NAME all: ...` line must name them, instead of `provider`. So it does where you\n"
    "  chose another one than the usual (Google Workspace, Zoho Mail).\n"
    "- **keys**, **mail hosts**: names that end so. `*` is any one label: Amazon SES has zones of\n"
    "  their own (`dkim.REGION.amazonses.com`) in af-south-1, ap-northeast-3, ap-south-2,\n"
    "  ap-southeast-3, ap-southeast-5, ca-west-1, eu-central-2, eu-south-1, il-central-1 and\n"
    "  us-gov-east-1.\n"
    "- **SPF include**: this name; behind a `.`, all names below. The one of Amazon SES stands at\n"
    "  the MAIL FROM subdomain.\n"
    "- **cannot sign**: mail through these servers passes neither SPF nor DKIM. A domain that\n"
    "  enforces DMARC loses it.\n"
    "- Wrong, or one is missing? A `[provider NAME]` section of the configuration changes or adds\n"
    "  it: see [config.md](config.md#providers).\n";

static const char *title_of(const char *section)
{
    if (strcmp(section, "watch") == 0) {
        return "`[watch DOMAIN ...]`, and `[defaults]` for all of them";
    }
    if (strcmp(section, "report") == 0) {
        return "`[report NAME]`";
    }
    if (strcmp(section, "provider") == 0) {
        return "`[provider NAME]`";
    }
    return strcmp(section, "dns") == 0 ? "`[dns]`" : "`[device]`";
}

static void print_key(const struct vd_config_key *key)
{
    printf("| `%s` | %s%s | %s | %s |\n", key->key, key->form,
           key->is_repeated ? "; several lines" : "",
           key->fallback[0] == '\0' ? "**required**" : key->fallback, key->meaning);
}

static void print_keys(void)
{
    const char *section = "";
    const struct vd_config_key *key;
    size_t i;

    for (i = 0; (key = vd_config_keys(i)) != NULL; i++) {
        if (strcmp(section, key->section) != 0) {
            section = key->section;
            printf("\n## %s\n\n| key | value | without it | meaning |\n| --- | --- | --- | --- |\n",
                   title_of(section));
        }
        print_key(key);
    }
}

#define BOUND(what, knob)                                                                          \
    {                                                                                              \
        what, #knob, knob                                                                          \
    }

static const struct {
    const char *what, *knob;
    int most;
} bounds[] = {
    BOUND("watched domains", VD_WATCHES_MAX),
    BOUND("selectors of a watch", VD_SELECTORS_MAX),
    BOUND("`dkim` lines of a watch, and providers that bring selectors", VD_DKIM_GROUPS_MAX),
    BOUND("characters of a selector", VD_SELECTOR_LEN_MAX),
    BOUND("providers of a watch", VD_WATCH_PROVIDERS_MAX),
    BOUND("`senders` of a watch", VD_SENDERS_MAX),
    BOUND("`strangers` of a watch", VD_STRANGERS_MAX),
    BOUND("`plan` lines of a watch", VD_PLANS_MAX),
    BOUND("`accept` lines of a watch", VD_ACCEPTS_MAX),
    BOUND("`maintenance` windows of a watch", VD_WINDOWS_MAX),
    BOUND("bytes of the names and values of a watch, those of `[defaults]` among them",
          VD_WATCH_TEXT_MAX),
    BOUND("`[provider]` sections", VD_PROVIDERS_OWN_MAX),
    BOUND("bytes of the words of all `[provider]` sections", VD_PROVIDER_TEXT_MAX),
    BOUND("servers", VD_SERVERS_MAX),
    BOUND("`[report]` sections", VD_CHANNELS_MAX),
    BOUND("bytes of the file", VD_CONFIG_BYTES_MAX),
    BOUND("bytes of a CA file", VD_CA_BYTES_MAX),
};

static void print_bounds(void)
{
    printf(
        "\n## How much\n"
        "\n"
        "Every bound is a knob in `firmware/limits.h`, and a board may set its own; these are the\n"
        "defaults.\n"
        "\n"
        "| what | most | knob |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        printf("| %s | %d | `%s` |\n", bounds[i].what, bounds[i].most, bounds[i].knob);
    }
}

/* ---- docs/providers.md ------------------------------------------------------------------- */

static void print_list(const char *list)
{
    size_t len;

    if (*list == '\0') {
        fputs("-", stdout);
    }
    for (; *list != '\0'; list += len) {
        len = strcspn(list, " ");
        printf("`%.*s`", (int)len, list);
        if (list[len] == ' ') {
            putchar(' ');
            len++;
        }
    }
}

static void print_provider(const struct vd_provider *row)
{
    printf("| `%s` | %s | ", row->name, row->title);
    if (row->is_unsigned) {
        fputs("cannot sign", stdout);
    } else if (row->selectors[0] == '\0') {
        fputs("each customer's own", stdout);
    } else {
        if (strchr(row->selectors, ' ') != NULL) {
            fputs(row->need == '*' ? "all of " : "any of ", stdout);
        }
        print_list(row->selectors);
    }
    fputs(row->is_unsigned ? " | -" : row->has_text_keys ? " | TXT" : " | CNAME to ", stdout);
    if (!row->has_text_keys && !row->is_unsigned) {
        print_list(row->targets);
    }
    fputs(" | ", stdout);
    print_list(row->includes);
    fputs(" | ", stdout);
    print_list(row->hosts);
    fputs(" |\n", stdout);
}

static void print_providers(void)
{
    const struct vd_provider *row;
    size_t i;

    fputs(providers_intro, stdout);
    for (i = 0; (row = vd_provider_at(NULL, i)) != NULL; i++) {
        print_provider(row);
    }
    fputs(providers_notes, stdout);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "providers") == 0) {
        print_providers();
        return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
    }
    fputs(intro, stdout);
    fputs(lines, stdout);
    print_keys();
    fputs(resolvers, stdout);
    fputs(domains, stdout);
    fputs(expectations, stdout);
    print_bounds();
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
