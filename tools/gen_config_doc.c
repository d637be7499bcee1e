/*
 * Prints docs/config.md from the table of keys in firmware/config_keys.c.
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
    "- Sections come in any order. A section stands once; several domains may share a `[watch]`.\n";

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

static const char *title_of(const char *section)
{
    if (strcmp(section, "watch") == 0) {
        return "`[watch DOMAIN ...]`, and `[defaults]` for all of them";
    }
    if (strcmp(section, "report") == 0) {
        return "`[report NAME]`";
    }
    return strcmp(section, "dns") == 0 ? "`[dns]`" : "`[device]`";
}

static void print_key(const struct vd_config_key *key)
{
    printf("| `%s` | %s | %s | %s |\n", key->key, key->form,
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

static void print_bounds(void)
{
    printf(
        "\n## How much\n"
        "\n"
        "Every bound is a knob in `firmware/limits.h`, and a board may set its own; these are the\n"
        "defaults.\n"
        "\n"
        "| what | most | knob |\n| --- | --- | --- |\n");
    printf("| watched domains | %d | `VD_WATCHES_MAX` |\n", VD_WATCHES_MAX);
    printf("| selectors of a watch | %d | `VD_SELECTORS_MAX` |\n", VD_SELECTORS_MAX);
    printf("| `dkim` lines of a watch | %d | `VD_DKIM_GROUPS_MAX` |\n", VD_DKIM_GROUPS_MAX);
    printf("| characters of a selector | %d | `VD_SELECTOR_LEN_MAX` |\n", VD_SELECTOR_LEN_MAX);
    printf("| servers | %d | `VD_SERVERS_MAX` |\n", VD_SERVERS_MAX);
    printf("| `[report]` sections | %d | `VD_CHANNELS_MAX` |\n", VD_CHANNELS_MAX);
    printf("| bytes of the file | %d | `VD_CONFIG_BYTES_MAX` |\n", VD_CONFIG_BYTES_MAX);
    printf("| bytes of a CA file | %d | `VD_CA_BYTES_MAX` |\n", VD_CA_BYTES_MAX);
}

int main(void)
{
    fputs(intro, stdout);
    print_keys();
    fputs(resolvers, stdout);
    fputs(domains, stdout);
    fputs(lines, stdout);
    print_bounds();
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
