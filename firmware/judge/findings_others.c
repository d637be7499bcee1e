/*
 * The table of codes: MX, MAIL FROM, MTA-STS, TLS-RPT, BIMI, NS, DS.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/findings.h"

#define SPOOF      VD_AXIS_SPOOF
#define DELIVERY   VD_AXIS_DELIVERY
#define INTERCEPT  VD_AXIS_INTERCEPT
#define VISIBILITY VD_AXIS_VISIBILITY
#define PRIVACY    VD_AXIS_PRIVACY
#define COSMETIC   VD_AXIS_COSMETIC
#define DOC        VD_FINDINGS_DOC

#define CRITICAL VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL
#define ERROR    VD_CLASS_BROKEN, VD_SEVERITY_ERROR
#define BROKEN   VD_CLASS_BROKEN, VD_SEVERITY_WARNING
#define WEAKENED VD_CLASS_WEAKENED, VD_SEVERITY_WARNING
#define MINOR    VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE
#define NOTABLE  VD_CLASS_CHANGED, VD_SEVERITY_NOTICE
#define CHANGED  VD_CLASS_CHANGED, VD_SEVERITY_INFO
#define STRONGER VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO

static const char nothing_to_do[] = DOC("Nothing has to be done, if you or your mail service did "
                                        "it.");

/* code, facet, class, severity, axis, is_whole, is_alert, why, cause, mend */
#define ROW(code) [VD_CODE_##code - VD_CODES_OTHERS_FIRST]
const struct vd_code_info vd_findings_others[VD_CODES_AGENT_FIRST - VD_CODES_OTHERS_FIRST] = {
    ROW(MX_MISSING) =
        {"mx.record.missing", VD_FACET_ALL, ERROR, DELIVERY, true, true,
         "Mail to this domain is sent to its web server's address, or returned.",
         DOC("The MX records were deleted, often with a move to another DNS host. For a domain "
             "that "
             "had a null MX: it was taken away, and senders fall back to A and AAAA."),
         DOC("Put the MX records of the last good state back; the alert shows them.")},
    ROW(MX_NULL) =
        {"mx.record.null", VD_FACET_ALL, CRITICAL, DELIVERY, true, true,
         "The domain declares that it takes no mail: everything is returned.",
         DOC("A null MX (`0 .`, RFC 7505) stands where mail hosts stood: a template for parked "
             "domains was applied to the wrong one, or somebody wants your mail to stop."),
         DOC("Remove the null MX and put the mail hosts back.")},
    ROW(MX_BROKEN) = {"mx.record.broken", VD_FACET_MX_RECORD, BROKEN, DELIVERY, false, true,
                      "A null MX must stand alone: beside real hosts it makes senders return mail.",
                      DOC("A null MX (`0 .`) was left in place when mail hosts were added."),
                      DOC("Remove the MX with the target `.`.")},
    ROW(MX_APPEARED) = {"mx.record.appeared", VD_FACET_ALL, NOTABLE, INTERCEPT, false, false,
                        "The domain takes mail now: whoever runs the hosts receives it.",
                        DOC("MX records were added to a domain that had none, or a null MX."),
                        nothing_to_do},
    ROW(MX_PARKED) =
        {"mx.parked.host", VD_FACET_ALL, CRITICAL, INTERCEPT, false, true,
         "Nobody should receive mail for a parked domain: whoever runs this host reads it, and can "
         "answer, reset passwords and obtain certificates.",
         DOC("MX records at a domain with `profile = parked`."),
         DOC("Put back `MX 0 .` as the only one. If the domain is in use now, take `parked` out of "
             "the configuration.")},
    ROW(MX_OUTSIDE) =
        {"mx.host.outside", VD_FACET_MX_HOSTS, CRITICAL, INTERCEPT, false, true,
         "Mail to this domain goes to a host that is none of those known so far.",
         DOC("An MX that is neither of the domain itself, nor of an operator seen before, nor of a "
             "service in the configuration, nor below a name of `mx =`. A move to another mail "
             "service looks like this, and so does somebody who reads your mail. WEAKENED where "
             "the known hosts are all preferred to it."),
         DOC("If it was not you, remove that MX and change the password of the DNS host's account. "
             "If it was: `accept`, or name the service by `provider =` or `mx =`.")},
    ROW(MX_CHANGED) = {"mx.record.changed", VD_FACET_MX_HOSTS, CHANGED, INTERCEPT, false, false,
                       "Mail to this domain takes another way than before, at the same operators.",
                       DOC("Other preferences, fewer hosts, or other hosts of the same operator."),
                       nothing_to_do},
    ROW(MX_GONE) =
        {"mx.host.gone", VD_FACET_MX_TARGETS, ERROR, DELIVERY, false, true,
         "Senders cannot reach that host: mail is delayed, and returned when it is the only one.",
         DOC("The name of an MX has neither A nor AAAA: a host that was renamed or removed, a "
             "target typed without its final dot (it then ends in your own domain), or the "
             "priority typed into the host name. A warning while other hosts are left."),
         DOC("Correct the MX, or give its host an address.")},
    ROW(MX_TAKEOVER) =
        {"mx.host.takeover", VD_FACET_MX_TARGETS, CRITICAL, INTERCEPT, false, true,
         "Whoever registers that domain receives your mail: password resets and invoices too.",
         DOC("The host is below a domain that appears unregistered: there is no such name, and the "
             "place above it is one where anybody registers. A mail service that has closed down, "
             "a domain that expired, or a slip of the pen."),
         DOC("Remove that MX at once. Where mail still depends on it, register the domain "
             "yourself. That the alert closes means that the domain is registered: make sure that "
             "it was not by a stranger.")},
    ROW(MX_ALIAS) =
        {"mx.host.alias", VD_FACET_MX_TARGETS, CHANGED, DELIVERY, false, false,
         "An MX must not lead to an alias (RFC 2181, section 10.3): some senders refuse "
         "it.",
         DOC("The name of an MX is a CNAME."),
         DOC("Put the name that the CNAME leads to into the MX.")},
    ROW(MX_MENDED) = {"mx.record.strengthened", VD_FACET_MX_RECORD, STRONGER, DELIVERY, false,
                      false, "The null MX beside real ones is gone.",
                      DOC("Somebody took the null MX away."), nothing_to_do},
    ROW(MX_BETTER) = {"mx.host.strengthened", VD_FACET_MX_TARGETS, STRONGER, DELIVERY, false, false,
                      "Mail hosts that could not be reached before have an address now.",
                      DOC("An address was added, or the MX was corrected."), nothing_to_do},

    ROW(MAIL_FROM_SPF) =
        {"mail-from.spf.missing", VD_FACET_MAIL_FROM_SPF, BROKEN, DELIVERY, false, true,
         "Mail with this envelope domain no longer passes SPF, and its service may stop using it.",
         DOC("The SPF record of the MAIL FROM subdomain is missing, is broken, stands there twice, "
             "or "
             "no longer lets the service in that the MX belongs to. Often the host field appended "
             "the domain once more, or the record went to "
             "the domain itself."),
         DOC("Put the TXT that your mail service shows for the MAIL FROM subdomain at exactly that "
             "name.")},
    ROW(MAIL_FROM_MX) =
        {"mail-from.mx.missing", VD_FACET_MAIL_FROM_MX, BROKEN, DELIVERY, false, true,
         "Bounces are lost, and the service may fall back to its own domain or refuse to send.",
         DOC("The MX of the MAIL FROM subdomain is missing, or is not the host that the service "
             "asks for (Amazon SES: `10 feedback-smtp.<region>.amazonses.com`). Often the priority "
             "was typed into the host name."),
         DOC("Put the MX that your mail service shows; the priority has a field of its own.")},
    ROW(MAIL_FROM_PASS_ALL) =
        {"mail-from.all.pass", VD_FACET_MAIL_FROM_SPF, CRITICAL, SPOOF, false, true,
         "Anybody passes SPF with this envelope domain, and with relaxed alignment DMARC as well.",
         DOC("The SPF record of the MAIL FROM subdomain ends in `+all` or `all`, or lists a "
             "network "
             "of everybody (`/0`). The subdomain aligns with the domain unless the DMARC record "
             "says `aspf=s`."),
         DOC("Take that term out, and end the record in `~all` or `-all`.")},
    ROW(MAIL_FROM_CHANGED) = {"mail-from.record.changed", VD_FACET_ALL, CHANGED, DELIVERY, false,
                              false, "The envelope domain is set up in another way than before.",
                              DOC("SPF or MX of the MAIL FROM subdomain were edited and still "
                                  "work."),
                              nothing_to_do},
    ROW(MAIL_FROM_PENDING) = {"mail-from.record.pending", VD_FACET_NONE, CHANGED, DELIVERY, false,
                              false, "New records take up to 48 hours to be seen everywhere.",
                              DOC("The MAIL FROM subdomain is new in the configuration and not in "
                                  "DNS yet."),
                              DOC("Wait; check the record if it is not there after two days.")},
    ROW(MAIL_FROM_VERIFIED) = {"mail-from.record.verified", VD_FACET_NONE, NOTABLE, DELIVERY, false,
                               false, "SPF and MX of the MAIL FROM subdomain are in place.",
                               DOC("Seen good for the first time."), nothing_to_do},

    ROW(MTA_STS_MISSING) =
        {"mta-sts.record.missing", VD_FACET_ALL, WEAKENED, INTERCEPT, true, true,
         "Senders that do not know the policy yet no longer insist on TLS to your mail hosts.",
         DOC("The TXT at `_mta-sts` is gone, is not valid, or stands there twice (RFC 8461, "
             "section "
             "3.1). Senders that fetched the policy before keep it up to its max_age."),
         DOC("Put one TXT `v=STSv1; id=...;` there. To end MTA-STS, first publish a policy with "
             "`mode: none`.")},
    ROW(MTA_STS_CHANGED) =
        {"mta-sts.record.changed", VD_FACET_MTA_STS_CONTENT, CHANGED, INTERCEPT, false, false,
         "Senders fetch the policy again. Its mode cannot be seen from the TXT record.",
         DOC("id= is another one: somebody published another policy."),
         DOC("See `https://mta-sts.<domain>/.well-known/mta-sts.txt` for mode and hosts.")},
    ROW(MTA_STS_APPEARED) =
        {"mta-sts.record.appeared", VD_FACET_ALL, STRONGER, INTERCEPT, false, false,
         "Senders fetch the policy. Its mode cannot be seen from the TXT record.",
         DOC("A valid MTA-STS record where there was none."), nothing_to_do},
    ROW(TLS_RPT_MISSING) =
        {"tls-rpt.record.missing", VD_FACET_ALL, WEAKENED, VISIBILITY, true, true,
         "Senders no longer report when TLS to your mail hosts fails.",
         DOC("The TXT at `_smtp._tls` is gone, is not valid, or stands there twice (RFC 8460, "
             "section 3)."),
         DOC("Put one TXT `v=TLSRPTv1; rua=mailto:...` there.")},
    ROW(TLS_RPT_CHANGED) =
        {"tls-rpt.record.changed", VD_FACET_TLS_RPT_CONTENT, CHANGED, VISIBILITY | PRIVACY, false,
         false, "Reports on TLS to your mail hosts go to other addresses.",
         DOC("rua= was edited. A notice where the addresses are at another operator."),
         nothing_to_do},
    ROW(TLS_RPT_APPEARED) = {"tls-rpt.record.appeared", VD_FACET_ALL, STRONGER, VISIBILITY, false,
                             false, "Senders report when TLS to your mail hosts fails.",
                             DOC("A valid TLS-RPT record where there was none."), nothing_to_do},
    ROW(BIMI_MISSING) =
        {"bimi.record.missing", VD_FACET_ALL, MINOR, COSMETIC, true, true,
         "Mail programs no longer show your logo.",
         DOC("The TXT at `default._bimi` is gone or broken, or names no logo (`l=` empty, which "
             "refuses). BIMI also stops when DMARC is weaker than quarantine."),
         DOC("Put the TXT of the last good state back; the alert shows it.")},
    ROW(BIMI_CHANGED) = {"bimi.record.changed", VD_FACET_BIMI_CONTENT, CHANGED, COSMETIC, false,
                         false, "Another logo, or another proof that it is yours.",
                         DOC("l= or a= was edited."), nothing_to_do},
    ROW(BIMI_APPEARED) = {"bimi.record.appeared", VD_FACET_ALL, STRONGER, COSMETIC, false, false,
                          "Mail programs may show your logo.",
                          DOC("A valid BIMI record where there was none."), nothing_to_do},

    ROW(NS_REPLACED) =
        {"ns.set.replaced", VD_FACET_NS_HOSTS, WEAKENED, INTERCEPT | SPOOF, false, true,
         "Whoever runs the name servers decides every record: mail, web and certificates.",
         DOC("All name servers are others than before, or one belongs to an operator that had "
             "none, or there are none any more: the domain lapsed, or became a part of the zone "
             "above it. "
             "A move to another DNS host looks like this, and so does a hijacked domain."),
         DOC("If it was not you, call the registrar. If it was: `accept`.")},
    ROW(NS_CHANGED) = {"ns.set.changed", VD_FACET_NS_HOSTS, CHANGED, INTERCEPT, false, false,
                       "Other servers of the same operators answer for the domain.",
                       DOC("The DNS host added, renamed or removed a server."), nothing_to_do},
    ROW(DS_MISSING) =
        {"ds.record.missing", VD_FACET_DS_RECORD, WEAKENED, INTERCEPT, false, true,
         "Forged DNS answers for this domain are no longer recognised, and DANE stops.",
         DOC("The DS was taken out of the parent zone: DNSSEC was switched off, or the domain "
             "moved "
             "to another DNS host or registrar."),
         DOC("Have the DNS host sign the zone, then put its DS back at the registrar. Never a DS "
             "for keys that no longer sign: the domain would vanish.")},
    ROW(DS_CHANGED) = {"ds.record.changed", VD_FACET_DS_RECORD, CHANGED, INTERCEPT, false, false,
                       "Another key vouches for the zone.", DOC("The key of the zone was rolled."),
                       nothing_to_do},
    ROW(DS_APPEARED) = {"ds.record.appeared", VD_FACET_DS_RECORD, STRONGER, INTERCEPT, false, false,
                        "Forged DNS answers for this domain are recognised.",
                        DOC("DNSSEC was switched on."), nothing_to_do},
    ROW(DS_AD_LOST) =
        {"ds.ad.missing", VD_FACET_DS_AD, WEAKENED, INTERCEPT, false, true,
         "The resolver no longer finds this domain's answers signed, though it still validates "
         "others.",
         DOC("Signatures are missing, or the chain above the domain is broken off in a way that "
             "resolvers take for unsigned. Told only while a signed control name still gets AD "
             "from "
             "the same resolver."),
         DOC("Have the DNS host look at the signatures of the zone (`delv`, `dnsviz`).")},
    ROW(DS_AD_FOUND) = {"ds.ad.appeared", VD_FACET_DS_AD, STRONGER, INTERCEPT, false, false,
                        "The resolver finds this domain's answers signed.",
                        DOC("The zone is signed now, as far as this resolver sees."),
                        nothing_to_do},
    ROW(PROVIDER_UNSIGNED) =
        {"provider.mail.unsigned", VD_FACET_NONE, BROKEN, DELIVERY, false, false,
         "Mail through this service passes neither SPF nor DKIM: the policy has it refused.",
         DOC("A service that supports neither SPF nor DKIM is configured for the domain, and the "
             "domain's DMARC policy is quarantine or reject."),
         DOC("Send that mail through a service that signs, or from another domain.")},
};
