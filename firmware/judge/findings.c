/*
 * The table of codes.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/findings.h"

#include <stddef.h>

#define SPOOF      VD_AXIS_SPOOF
#define DELIVERY   VD_AXIS_DELIVERY
#define INTERCEPT  VD_AXIS_INTERCEPT
#define VISIBILITY VD_AXIS_VISIBILITY
#define PRIVACY    VD_AXIS_PRIVACY

static const char why_stricter[] =
    "Stricter than before: mail from senders that do not authenticate may now be refused.";

/* code, class, severity, axis, is_whole, is_alert, why */
static const struct vd_code_info table[VD_CODES_COUNT] = {
    [VD_CODE_NONE] = {"none", VD_CLASS_UNKNOWN, VD_SEVERITY_NONE, 0, false, false, ""},

    [VD_CODE_SPF_MISSING] =
        {"spf.record.missing", VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, SPOOF | DELIVERY, true,
         true,
         "Without an SPF record no server is known to send for this domain: SPF never passes."},
    [VD_CODE_SPF_BROKEN] =
        {"spf.record.broken", VD_CLASS_BROKEN, VD_SEVERITY_WARNING, DELIVERY, true, true,
         "Receivers answer a permanent error: SPF never passes, and DMARC relies on DKIM alone."},
    [VD_CODE_SPF_PASS_ALL] = {"spf.all.pass", VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, SPOOF, false,
                              true, "Every server in the world passes SPF as this domain."},
    [VD_CODE_SPF_DEFAULT_WEAKENED] =
        {"spf.default.weakened", VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, SPOOF, false, true,
         "Receivers without DMARC will treat mail from servers that are not listed more kindly."},
    [VD_CODE_SPF_WIDE] = {"spf.range.wide", VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, SPOOF, false,
                          true,
                          "A network this wide holds strangers: their servers pass SPF as this "
                          "domain."},
    [VD_CODE_SPF_INCLUDE_ADDED] =
        {"spf.include.added", VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE, SPOOF, false, true,
         "Whoever runs the other domain can let any server send as this one."},
    [VD_CODE_SPF_INCLUDE_REMOVED] =
        {"spf.include.removed", VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE, DELIVERY, false, true,
         "Mail that is still sent through that service no longer passes SPF."},
    [VD_CODE_SPF_PTR_ADDED] =
        {"spf.ptr.added", VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE, SPOOF, false, true,
         "ptr is slow and unreliable, and receivers may skip it: it should not be used."},
    [VD_CODE_SPF_STRENGTHENED] = {"spf.default.strengthened", VD_CLASS_STRENGTHENED,
                                  VD_SEVERITY_NOTICE, DELIVERY, false, false, why_stricter},
    [VD_CODE_SPF_CHANGED] = {"spf.record.changed", VD_CLASS_CHANGED, VD_SEVERITY_INFO, SPOOF, false,
                             false, "Other servers than before may send as this domain."},

    [VD_CODE_DKIM_MISSING] = {"dkim.key.missing", VD_CLASS_BROKEN, VD_SEVERITY_ERROR, DELIVERY,
                              true, true, "Mail signed with this selector no longer verifies."},
    [VD_CODE_DKIM_REVOKED] = {"dkim.key.revoked", VD_CLASS_BROKEN, VD_SEVERITY_ERROR, DELIVERY,
                              true, true,
                              "The key is withdrawn: mail signed with this selector is refused."},
    [VD_CODE_DKIM_BROKEN] = {"dkim.key.broken", VD_CLASS_BROKEN, VD_SEVERITY_ERROR, DELIVERY, true,
                             true, "Verifiers ignore a key record that they cannot use."},
    [VD_CODE_DKIM_WEAKENED] = {"dkim.key.weakened", VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, SPOOF,
                               false, true, "The signature proves less than it did."},
    [VD_CODE_DKIM_ALIAS] = {"dkim.alias.moved", VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, SPOOF,
                            false, true,
                            "Whoever holds the alias's target can sign as this domain."},
    [VD_CODE_DKIM_CHANGED] = {"dkim.key.changed", VD_CLASS_CHANGED, VD_SEVERITY_NOTICE, SPOOF,
                              false, true,
                              "A planned rotation looks like this, and so does an intruder's key."},
    [VD_CODE_DKIM_ROLLED] = {"dkim.alias.changed", VD_CLASS_CHANGED, VD_SEVERITY_NOTICE, SPOOF,
                             false, false,
                             "The operator behind the alias has another key there, or moved it."},
    [VD_CODE_DKIM_STRENGTHENED] = {"dkim.key.strengthened", VD_CLASS_STRENGTHENED,
                                   VD_SEVERITY_NOTICE, 0, false, false,
                                   "The signature proves more than it did."},
    [VD_CODE_DKIM_ROTATION] = {"dkim.member.missing", VD_CLASS_CHANGED, VD_SEVERITY_NOTICE,
                               DELIVERY, false, false,
                               "Enough keys of the group are left: a rotation, if it was planned."},

    [VD_CODE_DMARC_MISSING] =
        {"dmarc.record.missing", VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, SPOOF, true, true,
         "Receivers no longer check whether mail from this domain is genuine."},
    [VD_CODE_DMARC_BROKEN] = {"dmarc.record.broken", VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, SPOOF,
                              true, true, "Receivers act as if this domain had no DMARC policy."},
    [VD_CODE_DMARC_WEAKENED] = {"dmarc.policy.weakened", VD_CLASS_WEAKENED, VD_SEVERITY_WARNING,
                                SPOOF, false, true,
                                "Forged mail from this domain is treated more kindly than before."},
    [VD_CODE_DMARC_SUB_WEAKENED] =
        {"dmarc.subdomains.weakened", VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, SPOOF, false, true,
         "Forged mail from subdomains, even invented ones, is treated more kindly than before."},
    [VD_CODE_DMARC_ALIGN_WEAKENED] = {"dmarc.alignment.weakened", VD_CLASS_WEAKENED,
                                      VD_SEVERITY_NOTICE, SPOOF, false, true,
                                      "Any subdomain's SPF or DKIM can now vouch for this domain."},
    [VD_CODE_DMARC_PSD] =
        {"dmarc.psd.added", VD_CLASS_BROKEN, VD_SEVERITY_WARNING, DELIVERY | SPOOF, false, true,
         "psd=y declares a public suffix: this domain's subdomains count as strangers to it."},
    [VD_CODE_DMARC_RUA_CHANGED] = {"dmarc.rua.changed", VD_CLASS_CHANGED, VD_SEVERITY_NOTICE,
                                   PRIVACY, false, false,
                                   "Reports on this domain's mail go to other readers."},
    [VD_CODE_DMARC_RUA_LOST] =
        {"dmarc.rua.missing", VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, VISIBILITY, false, true,
         "Receivers send no more reports: abuse and broken senders go unseen."},
    [VD_CODE_DMARC_CHANGED] = {"dmarc.record.changed", VD_CLASS_CHANGED, VD_SEVERITY_INFO, 0, false,
                               false, "Neither stricter nor weaker than before."},
    [VD_CODE_DMARC_STRENGTHENED] = {"dmarc.policy.strengthened", VD_CLASS_STRENGTHENED,
                                    VD_SEVERITY_NOTICE, DELIVERY, false, false, why_stricter},

    [VD_CODE_MX_MISSING] =
        {"mx.record.missing", VD_CLASS_BROKEN, VD_SEVERITY_ERROR, DELIVERY, true, true,
         "Mail to this domain is sent to its web server's address, or returned."},
    [VD_CODE_MX_NULL] = {"mx.record.null", VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, DELIVERY, true,
                         true,
                         "The domain declares that it takes no mail: everything is returned."},
    [VD_CODE_MX_BROKEN] =
        {"mx.record.broken", VD_CLASS_BROKEN, VD_SEVERITY_WARNING, DELIVERY, false, true,
         "A null MX must stand alone: beside real hosts it makes senders return mail."},
    [VD_CODE_MX_OUTSIDE] =
        {"mx.host.outside", VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, INTERCEPT, false, true,
         "Mail to this domain goes to a host that is none of those known so far."},
    [VD_CODE_MX_CHANGED] = {"mx.record.changed", VD_CLASS_CHANGED, VD_SEVERITY_INFO, INTERCEPT,
                            false, false, "Mail to this domain takes another way than before."},

    [VD_CODE_WATCH_BLIND] =
        {"watch.blind", VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false, true,
         "While the watch cannot look, a record may be gone and nobody is told."},
    [VD_CODE_WATCH_DIVERGENCE] =
        {"watch.divergence", VD_CLASS_CHANGED, VD_SEVERITY_NOTICE, SPOOF | DELIVERY, false, true,
         "Receivers see different records, depending on the server that they ask."},
    [VD_CODE_DOMAIN_UNRESOLVABLE] =
        {"domain.unresolvable", VD_CLASS_BROKEN, VD_SEVERITY_ERROR, DELIVERY, false, true,
         "No resolver gets an answer about this domain: mail from and to it is delayed, then "
         "returned."},
    [VD_CODE_RESOLVER_BLIND] =
        {"resolver.blind", VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false, true,
         "What comes back over this resolver's path cannot be trusted: it is not asked meanwhile."},
    [VD_CODE_RESOLVER_DEGRADED] =
        {"resolver.degraded", VD_CLASS_UNKNOWN, VD_SEVERITY_NOTICE, VISIBILITY, false, true,
         "Some records cannot be seen through this resolver: the watch leans on the others."},
    [VD_CODE_RESOLVER_ATTACK] =
        {"resolver.attack", VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false, true,
         "Somebody sends forged responses in this server's name; none of them was believed."},
    [VD_CODE_AGENT_BLIND] =
        {"agent.blind", VD_CLASS_UNKNOWN, VD_SEVERITY_WARNING, VISIBILITY, false, true,
         "No domain is watched at present: a record may be gone and nobody is told."},
    [VD_CODE_AGENT_STARTED] = {"agent.started", VD_CLASS_CHANGED, VD_SEVERITY_INFO, 0, false, false,
                               "The watch has begun."},
};

const struct vd_code_info *vd_code_info(enum vd_code code)
{
    size_t index = (size_t)code;

    return &table[index < VD_CODES_COUNT ? index : (size_t)VD_CODE_NONE];
}
