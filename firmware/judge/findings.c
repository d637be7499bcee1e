/*
 * The table of codes: its families, and the rows that speak of the watch itself.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/findings.h"

#include <stddef.h>
#include <string.h>

#define SPOOF      VD_AXIS_SPOOF
#define DELIVERY   VD_AXIS_DELIVERY
#define VISIBILITY VD_AXIS_VISIBILITY
#define DOC        VD_FINDINGS_DOC

static const struct vd_code_info none = {
    "none", VD_FACET_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_NONE, 0, false, false, "", "", ""};

/* code, facet, class, severity, axis, is_whole, is_alert, why, cause, mend */
#define ROW(code) [VD_CODE_##code - VD_CODES_AGENT_FIRST]
static const struct vd_code_info of_agent[VD_CODES_COUNT - VD_CODES_AGENT_FIRST] = {
    ROW(DOMAIN_SUMMARY) = {"domain.first.summary", VD_FACET_NONE, VD_CLASS_CHANGED,
                           VD_SEVERITY_INFO, 0, false, false,
                           "Nothing is wrong with these, and each could protect more.",
                           DOC("Told once, when a domain is looked at for the first time."),
                           DOC("Nothing has to be done. Each item is explained in this page.")},
    ROW(DOMAIN_FIRST) = {"domain.first.findings", VD_FACET_NONE, VD_CLASS_BROKEN,
                         VD_SEVERITY_WARNING, 0, false, false,
                         "These records were like this before the watch began.",
                         DOC("All that is wrong with a domain at the first look, in one message. "
                             "Its class and severity are those of the worst item; each item is an "
                             "alert of its own and is restored under its own code."),
                         DOC("Mend the items one by one, the worst first.")},
    ROW(BASELINE_ACCEPTED) = {"baseline.accepted", VD_FACET_NONE, VD_CLASS_CHANGED,
                              VD_SEVERITY_NOTICE, 0, false, false,
                              "From now on this is the state that changes are compared with.",
                              DOC("`accept N` on the console, or an `accept =` line of the "
                                  "configuration."),
                              DOC("If nobody of yours accepted it, find out who did.")},
    ROW(ALERT_FLAPPING) = {"alert.flapping", VD_FACET_NONE, VD_CLASS_CHANGED, VD_SEVERITY_WARNING,
                           VISIBILITY, false, true,
                           "It opened and closed three times within a day: its next turns are not "
                           "told until it is steady.",
                           DOC("Somebody edits the record again and again, a script puts it back, "
                               "or the name servers of the zone hold different versions."),
                           DOC("Compare the name servers of the zone with one another.")},
    ROW(ALERT_STEADY) = {"alert.steady", VD_FACET_NONE, VD_CLASS_RESTORED, VD_SEVERITY_NOTICE,
                         VISIBILITY, false, false,
                         "It has not changed for six hours: its turns are told again.",
                         DOC("Ends `alert.flapping`."), DOC("Nothing has to be done.")},
    ROW(WATCH_BLIND) =
        {"watch.blind", VD_FACET_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false,
         true, "While the watch cannot look, a record may be gone and nobody is told.",
         DOC("The resolvers fail, filter, or cannot be reached; or an answer is over a limit of "
             "this box."),
         DOC("See `known by` for who answered what; `status` on the console shows each resolver.")},
    ROW(WATCH_DIVERGENCE) =
        {"watch.divergence", VD_FACET_NONE, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE, SPOOF | DELIVERY,
         false, true, "Receivers see different records, depending on the server that they ask.",
         DOC("A change that has not reached all name servers of the zone yet, or caches that still "
             "hold the old record. It solves itself within the record's TTL, unless a secondary is "
             "stuck."),
         DOC("If it lasts, compare the serial of the zone on each of its name servers.")},
    ROW(DOMAIN_UNRESOLVABLE) =
        {"domain.unresolvable", VD_FACET_NONE, VD_CLASS_BROKEN, VD_SEVERITY_ERROR, DELIVERY, false,
         true,
         "No resolver gets an answer about this domain: mail from and to it is delayed, then "
         "returned.",
         DOC("The name servers of the domain are down, the delegation is wrong, or its DNSSEC "
             "signatures have expired (the alert says which)."),
         DOC("Ask whoever runs the name servers; with DNSSEC, sign the zone again or take the DS "
             "away at the registrar.")},
    ROW(RESOLVER_BLIND) =
        {"resolver.blind", VD_FACET_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false,
         true,
         "What comes back over this resolver's path cannot be trusted: it is not asked meanwhile.",
         DOC("The resolver is down, or something on the path to it makes answers up (a captive "
             "portal, a filter, a provider's search page)."),
         DOC("Use another resolver, best over TLS (`tls://`).")},
    ROW(RESOLVER_DEGRADED) =
        {"resolver.degraded", VD_FACET_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_NOTICE, VISIBILITY,
         false, true,
         "Some records cannot be seen through this resolver: the watch leans on the others.",
         DOC("TCP port 53 is blocked, or the resolver drops large answers."),
         DOC("Let TCP through, or use a resolver over TLS.")},
    ROW(RESOLVER_ATTACK) =
        {"resolver.attack", VD_FACET_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false,
         true, "Somebody sends forged responses in this server's name; none of them was believed.",
         DOC("Somebody sends forged responses, or a broken middlebox does."),
         DOC("Use a resolver over TLS.")},
    ROW(AGENT_BLIND) =
        {"agent.blind", VD_FACET_NONE, VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false,
         true, "No domain is watched at present: a record may be gone and nobody is told.",
         DOC("The box has lost its network, or all resolvers fail their self-checks."),
         DOC("Restore the network; the watch goes on by itself.")},
    ROW(AGENT_STARTED) = {"agent.started", VD_FACET_NONE, VD_CLASS_CHANGED, VD_SEVERITY_INFO, 0,
                          false, false, "The watch has begun.", DOC("The box was switched on."),
                          DOC("Nothing has to be done.")},
};

static const struct vd_code_info *row_of(size_t code)
{
    if (code == VD_CODE_NONE || code >= VD_CODES_COUNT) {
        return &none;
    }
    return code < VD_CODES_DKIM_FIRST     ? &vd_findings_spf[code - VD_CODES_SPF_FIRST]
           : code < VD_CODES_DMARC_FIRST  ? &vd_findings_dkim[code - VD_CODES_DKIM_FIRST]
           : code < VD_CODES_OTHERS_FIRST ? &vd_findings_dmarc[code - VD_CODES_DMARC_FIRST]
           : code < VD_CODES_AGENT_FIRST  ? &vd_findings_others[code - VD_CODES_OTHERS_FIRST]
                                          : &of_agent[code - VD_CODES_AGENT_FIRST];
}

const struct vd_code_info *vd_code_info(enum vd_code code)
{
    return row_of((size_t)code);
}

enum vd_code vd_code_named(const char *name)
{
    for (size_t i = VD_CODE_NONE + 1; i < VD_CODES_COUNT; i++) {
        if (strcmp(row_of(i)->code, name) == 0) {
            return (enum vd_code)i;
        }
    }
    return VD_CODE_NONE;
}
