/*
 * Prints docs/alerts.md from the table of codes in firmware/judge/findings*.c.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/findings.h"

#include <stdio.h>
#include <string.h>

static const char intro[] =
    "<!-- Made by tools/gen_alerts_doc.c (`make docs`) from the table of codes: edit there. -->\n"
    "# Alerts\n"
    "\n"
    "Every alert carries one of these codes; they stay the same from release to release, and\n"
    "receivers can filter by them. An alert stays open until the record is back, or until the new\n"
    "state is accepted; what is only told once says so here.\n"
    "\n"
    "**Class**: CRITICAL (authentication is gone, or anybody can pass), BROKEN (there, but\n"
    "unusable), WEAKENED (less protection, visibility or margin), CHANGED (neither better nor\n"
    "worse), STRENGTHENED, RESTORED (closes an alert), UNKNOWN (could not look; never mixed with\n"
    "the others). Class and severity below are the usual ones: where more or less is at stake,\n"
    "the alert says so itself.\n"
    "\n"
    "**At stake**: SPOOF (others can send as you), DELIVERY (your mail is refused), INTERCEPT\n"
    "(mail to you can be read by others), VISIBILITY (you get no reports), PRIVACY, COSMETIC.\n"
    "\n"
    "**Facet**: what `accept` takes for the new normal, and nothing else; `accept =` and `plan =`\n"
    "lines of the [configuration](config.md) name it.\n";

/* What the codes of a family speak of: by the word before the first dot. */
static const struct {
    const char *word;
    const char *title;
} families[] = {
    {"spf", "SPF"},
    {"dkim", "DKIM"},
    {"dmarc", "DMARC"},
    {"mx", "MX"},
    {"mail-from", "MAIL FROM subdomain"},
    {"mta-sts", "MTA-STS"},
    {"tls-rpt", "TLS-RPT"},
    {"bimi", "BIMI"},
    {"ns", "Name servers"},
    {"ds", "DNSSEC"},
    {"provider", "Services"},
    {"domain", "The domain as a whole"},
    {"baseline", "The baseline"},
    {"alert", "Alerts themselves"},
    {"watch", "The watch"},
    {"resolver", "Resolvers"},
    {"agent", "The agent"},
};

#define FAMILIES (sizeof families / sizeof families[0])

static int is_of(const char *code, const char *word)
{
    size_t len = strlen(word);

    return strncmp(code, word, len) == 0 && code[len] == '.';
}

static void print_code(const struct vd_code_info *info)
{
    char axes[VD_AXIS_TEXT_MAX];
    const char *facet = vd_facet_str(info->facet);

    printf("\n### `%s`\n\n", info->code);
    printf("%s, %s%s%s. %s", vd_class_str((enum vd_class)info->class_),
           vd_severity_str((enum vd_severity)info->severity), info->axis != 0 ? "; at stake: " : "",
           vd_axis_text(info->axis, axes), info->is_alert ? "Stays open." : "Told once.");
    if (facet[0] != '\0') {
        printf(" Facet `%s`.", facet);
    } else if (info->facet == VD_FACET_ALL) {
        printf(" Facet: the whole record set.");
    }
    printf("\n\n- **Meaning**: %s\n- **Cause**: %s\n- **Mend**: %s\n", info->why, info->cause,
           info->mend);
}

static void print_family(const char *word, const char *title)
{
    printf("\n## %s\n", title);
    for (int i = VD_CODE_NONE + 1; i < VD_CODES_COUNT; i++) {
        const struct vd_code_info *info = vd_code_info((enum vd_code)i);
        if (is_of(info->code, word)) {
            print_code(info);
        }
    }
}

int main(void)
{
    fputs(intro, stdout);
    for (size_t i = 0; i < FAMILIES; i++) {
        print_family(families[i].word, families[i].title);
    }
    return 0;
}
