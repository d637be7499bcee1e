/*
 * The codes of DMARC.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/findings.h"

#define SPOOF      VD_AXIS_SPOOF
#define DELIVERY   VD_AXIS_DELIVERY
#define VISIBILITY VD_AXIS_VISIBILITY
#define PRIVACY    VD_AXIS_PRIVACY
#define DOC        VD_FINDINGS_DOC

static const char why_stricter[] =
    "Stricter than before: mail from senders that do not authenticate will now be refused.";
static const char why_gone[] =
    "Receivers no longer check whether mail from this domain is genuine.";

/* code, facet, class, severity, axis, is_whole, is_alert, why, cause, mend */
#define ROW(code) [VD_CODE_DMARC_##code - VD_CODES_DMARC_FIRST]
const struct vd_code_info vd_findings_dmarc[VD_CODES_OTHERS_FIRST - VD_CODES_DMARC_FIRST] = {
    ROW(MISSING) =
        {"dmarc.record.missing", VD_FACET_ALL, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, SPOOF, true,
         true, why_gone,
         DOC("The TXT at `_dmarc` was deleted, a hosted one's CNAME dangles, or the text "
             "no longer begins with `v=DMARC1`; no name above supplies a policy. After "
             "`p=none` it is WEAKENED, with the profile `bulk` BROKEN; where `dmarc =` "
             "or a profile asks for a record, it is told at first contact too."),
         DOC("Put the last good record back, as the alert shows it. For a domain that "
             "never had one, begin with `p=none` and an address in `rua=`.")},
    ROW(BROKEN) =
        {"dmarc.record.broken", VD_FACET_ALL, VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL, SPOOF, true,
         true, "Receivers act as if this domain had no DMARC policy.",
         DOC("Two DMARC records at one name, which cancel each other; a `p=`, `sp=` or "
             "`np=` that is none of `none`, `quarantine`, `reject`, which costs the whole "
             "record; or a text that was meant as DMARC and does not begin with "
             "`v=DMARC1`. Where nothing was enforced before it is BROKEN, two records at "
             "first contact CRITICAL."),
         DOC("Keep one record and correct the tag that the alert names.")},
    ROW(MISPLACED) = {"dmarc.record.misplaced", VD_FACET_ALL, VD_CLASS_BROKEN, VD_SEVERITY_WARNING,
                      SPOOF | VISIBILITY, true, true,
                      "Receivers look at _dmarc below the domain and nowhere else: what stands at "
                      "another name has no effect.",
                      DOC("The host field of the DNS host appends the domain by itself, so that it "
                          "is there twice; or the record was put at the domain itself, at "
                          "`_dmarc._dmarc`, under `www`, or without the underscore. CRITICAL when "
                          "the right one is gone and enforced before."),
                      DOC("Move the record to the name in the alert. At hosts that append the "
                          "domain type only `_dmarc` into the host field.")},
    ROW(PENDING) = {"dmarc.record.pending", VD_FACET_NONE, VD_CLASS_CHANGED, VD_SEVERITY_INFO, 0,
                    false, false, "New records take up to two days to be seen everywhere.",
                    DOC("The configuration asks for a DMARC record that was never seen yet. Told "
                        "once; after `pending =` it becomes `dmarc.record.missing`."),
                    DOC("If it has not been typed yet, put it there.")},
    ROW(VERIFIED) = {"dmarc.record.verified", VD_FACET_NONE, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE,
                     0, false, false, "The record that was waited for is there, and can be read.",
                     DOC("First seen good after `dmarc.record.pending`."),
                     DOC("Nothing has to be done.")},
    ROW(APPEARED) = {"dmarc.record.appeared", VD_FACET_ALL, VD_CLASS_STRENGTHENED,
                     VD_SEVERITY_NOTICE, DELIVERY, false, false, why_stricter,
                     DOC("There was no usable record, and now there is one."),
                     DOC("See to it that all of your senders pass SPF or DKIM for this domain.")},
    ROW(DUPLICATE_TAG) =
        {"dmarc.tag.duplicate", VD_FACET_DMARC_RECORD, VD_CLASS_BROKEN, VD_SEVERITY_WARNING, SPOOF,
         false, true,
         "Receivers take the first of the two, or the last, or none of the record: the weakest "
         "reading counts.",
         DOC("A tag stands in the record twice, often because a provider's example was pasted "
             "behind the old text."),
         DOC("Keep the tag once.")},
    ROW(CHANGED) = {"dmarc.record.changed", VD_FACET_DMARC_RECORD, VD_CLASS_CHANGED,
                    VD_SEVERITY_INFO, 0, false, false, "Neither stricter nor weaker than before.",
                    DOC("`fo=`, `rf=`, `ri=`, a size behind an address, or a tag that is not known "
                        "changed."),
                    DOC("Nothing has to be done.")},
    ROW(WEAKENED) =
        {"dmarc.policy.weakened", VD_FACET_DMARC_POLICY, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING,
         SPOOF, false, true, "Forged mail from this domain is treated more kindly than before.",
         DOC("`p=` was lowered, `t=y` or `pct=` was added, or the policy is inherited and the name "
             "above lowered it. CRITICAL when nothing is enforced any more by one generation of "
             "receivers, a notice when only the share (`pct=`) of one level shrank."),
         DOC("Put the last good record back, as the alert shows it; or accept the new one.")},
    ROW(STRENGTHENED) = {"dmarc.policy.strengthened", VD_FACET_DMARC_POLICY, VD_CLASS_STRENGTHENED,
                         VD_SEVERITY_NOTICE, DELIVERY, false, false, why_stricter,
                         DOC("`p=` or `pct=` was raised, or `t=y` taken out: the next step of a "
                             "roll-out."),
                         DOC("Watch the reports for senders of yours that do not authenticate.")},
    ROW(MIXED) =
        {"dmarc.policy.changed", VD_FACET_DMARC_POLICY, VD_CLASS_CHANGED, VD_SEVERITY_NOTICE, SPOOF,
         false, false, "Stricter for some receivers, weaker for others.",
         DOC("Receivers of RFC 7489 heed `pct=`, those of RFC 9989 heed `t=`: swapping one "
             "for the other raises one strength and lowers the other. The alert has both."),
         DOC("For the same treatment everywhere leave out both `pct=` and `t=`.")},
    ROW(FLOOR) = {"dmarc.policy.floor", VD_FACET_DMARC_POLICY, VD_CLASS_BROKEN, VD_SEVERITY_WARNING,
                  SPOOF, false, true, "The policy is weaker than the configuration asks for.",
                  DOC("`dmarc =` or a profile asks for more than the weaker reading of the record "
                      "gives: `pct=` under 100 and `t=y` count as one level less."),
                  DOC("Raise the record, as the alert shows it; or lower `dmarc =`.")},
    ROW(SUB_WEAKENED) =
        {"dmarc.subdomains.weakened", VD_FACET_DMARC_SP, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING,
         SPOOF, false, true,
         "Forged mail from subdomains, even invented ones, is treated more kindly.",
         DOC("`sp=` or `np=` was added below `p=`, or one that was above it taken out. CRITICAL "
             "when nothing is enforced below any more. At first contact: `sp=` or `np=` is weaker "
             "than a `p=` that enforces."),
         DOC("Take `sp=` and `np=` out: `p=` then holds for subdomains too.")},
    ROW(SUB_BETTER) =
        {"dmarc.subdomains.strengthened", VD_FACET_DMARC_SP, VD_CLASS_STRENGTHENED,
         VD_SEVERITY_NOTICE, DELIVERY, false, false, why_stricter,
         DOC("`sp=` or `np=` was raised, or a weak one taken out. `np=` has no effect "
             "where the zone's servers never answer NXDOMAIN (RFC 9824)."),
         DOC("Watch the reports for subdomains that do not authenticate.")},
    ROW(SUB_MIXED) = {"dmarc.subdomains.changed", VD_FACET_DMARC_SP, VD_CLASS_CHANGED,
                      VD_SEVERITY_NOTICE, SPOOF, false, false,
                      "Stricter for some receivers, weaker for others, below this domain.",
                      DOC("As `dmarc.policy.changed`, for subdomains alone."),
                      DOC("Leave out both `pct=` and `t=`.")},
    ROW(ALIGN_WEAKENED) =
        {"dmarc.alignment.weakened", VD_FACET_DMARC_ALIGNMENT, VD_CLASS_WEAKENED,
         VD_SEVERITY_NOTICE, SPOOF, false, true,
         "Any subdomain's SPF or DKIM can now vouch for this domain.",
         DOC("`adkim=s` or `aspf=s` was taken out, or its value is none: the default is relaxed."),
         DOC("Put the tag back, if no subdomain has to send in this domain's name.")},
    ROW(ALIGN_BETTER) = {"dmarc.alignment.strengthened", VD_FACET_DMARC_ALIGNMENT,
                         VD_CLASS_STRENGTHENED, VD_SEVERITY_NOTICE, DELIVERY, false, false,
                         "Stricter than before: mail that only a subdomain vouches for will now "
                         "fail.",
                         DOC("`adkim=s` or `aspf=s` was added."),
                         DOC("Services that sign or bounce under a subdomain may break: watch the "
                             "reports.")},
    ROW(RUA_LOST) = {"dmarc.rua.missing", VD_FACET_DMARC_RUA, VD_CLASS_WEAKENED,
                     VD_SEVERITY_WARNING, VISIBILITY, false, true,
                     "Receivers send no more reports: abuse and broken senders go unseen.",
                     DOC("`rua=` was taken out, or holds no `mailto:` address any more. It is also "
                         "what keeps a record with an invalid policy at `p=none`."),
                     DOC("Put `rua=mailto:` with an address back.")},
    ROW(RUA_REFUSED) =
        {"dmarc.rua.unauthorised", VD_FACET_DMARC_RUA, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING,
         VISIBILITY, false, true,
         "Receivers must not send reports to a third party that does not say that it expects them: "
         "they stop without any error.",
         DOC("The host of a `rua=` address is not ours, and there is no TXT `v=DMARC1` at "
             "`<domain>._report._dmarc.<host>`: the service was cancelled, or never set up."),
         DOC("Have the report service publish that record, or take the address out.")},
    ROW(RUA_DEAD) =
        {"dmarc.rua.dead", VD_FACET_DMARC_RUA, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING,
         VISIBILITY | PRIVACY, false, true,
         "Reports go nowhere; whoever sets that host up, or registers it, gets them.",
         DOC("The host of a `rua=` address is gone, or has neither MX nor address, or a "
             "null MX."),
         DOC("Name an address that takes mail.")},
    ROW(RUA_CHANGED) = {"dmarc.rua.changed", VD_FACET_DMARC_RUA, VD_CLASS_CHANGED,
                        VD_SEVERITY_NOTICE, PRIVACY, false, false,
                        "Reports on this domain's mail go to other readers.",
                        DOC("The addresses in `rua=` changed; they can get reports."),
                        DOC("Check that the new readers are yours.")},
    ROW(RUA_BETTER) = {"dmarc.rua.strengthened", VD_FACET_DMARC_RUA, VD_CLASS_STRENGTHENED,
                       VD_SEVERITY_INFO, VISIBILITY, false, false, "Receivers will send reports.",
                       DOC("`rua=` was added, or its host takes mail and expects them now."),
                       DOC("Nothing has to be done.")},
    ROW(RUF) = {"dmarc.ruf.foreign", VD_FACET_DMARC_RUF, VD_CLASS_CHANGED, VD_SEVERITY_WARNING,
                PRIVACY, false, true,
                "Failure reports can hold whole messages, and a third party gets them.",
                DOC("`ruf=` was added or moved, to an address at another organisation."),
                DOC("Take `ruf=` out, unless there is a contract about it. Few receivers send such "
                    "reports.")},
    ROW(RUF_CHANGED) = {"dmarc.ruf.changed", VD_FACET_DMARC_RUF, VD_CLASS_CHANGED, VD_SEVERITY_INFO,
                        PRIVACY, false, false, "Failure reports can hold whole messages.",
                        DOC("`ruf=` was added or moved inside the organisation, or taken out."),
                        DOC("Nothing has to be done.")},
    ROW(PSD) =
        {"dmarc.psd.added", VD_FACET_DMARC_PSD, VD_CLASS_BROKEN,
         VD_SEVERITY_WARNING, DELIVERY | SPOOF, false, true,
         "psd=y declares a public suffix: this domain's subdomains count as strangers to it.",
         DOC("`psd=y` was copied from an example. It is for registries."),
         DOC("Take `psd=y` out.")},
    ROW(DETACHED) =
        {"dmarc.psd.detached", VD_FACET_DMARC_SP, VD_CLASS_WEAKENED, VD_SEVERITY_WARNING, SPOOF,
         false, true,
         "psd=n cuts this subdomain and all below it off from the stricter policy above.",
         DOC("`psd=n` was added to a subdomain's record whose own `sp=` or `p=` is "
             "weaker than what was inherited."),
         DOC("Take `psd=n` out, or raise `p=` and `sp=` of this record.")},
    ROW(PSD_CHANGED) = {"dmarc.psd.changed", VD_FACET_DMARC_PSD, VD_CLASS_CHANGED, VD_SEVERITY_INFO,
                        0, false, false,
                        "psd= says where the organisation begins; no mail fares worse by it.",
                        DOC("`psd=` was added, changed or taken out, without a weaker policy for "
                            "anybody."),
                        DOC("Nothing has to be done.")},
    ROW(SOURCE) = {"dmarc.source.changed", VD_FACET_DMARC_SOURCE, VD_CLASS_CHANGED,
                   VD_SEVERITY_NOTICE, SPOOF, false, false,
                   "Another name decides how forged mail from this domain is treated.",
                   DOC("The own record is gone and one above applies, or the other way round; the "
                       "policy is no weaker by it."),
                   DOC("If the own record should be there, put it back.")},
    ROW(ALIAS) = {"dmarc.alias.moved", VD_FACET_DMARC_SOURCE, VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE,
                  SPOOF, false, true,
                  "Whoever runs the CNAME's target writes this domain's policy.",
                  DOC("`_dmarc` became a CNAME to a host of nobody that is known, or its target "
                      "moved there. Hosted DMARC services work like this."),
                  DOC("Accept it if the service is yours; else put the TXT back.")},
};
