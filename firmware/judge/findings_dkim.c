/*
 * The table of codes: dkim.*
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/findings.h"

#define SPOOF    VD_AXIS_SPOOF
#define DELIVERY VD_AXIS_DELIVERY
#define DOC      VD_FINDINGS_DOC

#define ALL   VD_FACET_ALL
#define NONE  VD_FACET_NONE
#define KEY   VD_FACET_DKIM_KEY
#define FLAGS VD_FACET_DKIM_FLAGS
#define ALIAS VD_FACET_DKIM_ALIAS

#define CRITICAL     VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL
#define BROKEN       VD_CLASS_BROKEN, VD_SEVERITY_ERROR
#define WEAKENED     VD_CLASS_WEAKENED, VD_SEVERITY_WARNING
#define NOTABLE      VD_CLASS_CHANGED, VD_SEVERITY_NOTICE
#define CHANGED      VD_CLASS_CHANGED, VD_SEVERITY_INFO
#define STRENGTHENED VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO

/* code, facet, class, severity, axis, is_whole, is_alert, why, cause, mend */
#define ROW(code) [VD_CODE_##code - VD_CODES_DKIM_FIRST]
const struct vd_code_info vd_findings_dkim[VD_CODES_DMARC_FIRST - VD_CODES_DKIM_FIRST] = {
    ROW(DKIM_MISSING) =
        {"dkim.key.missing", ALL, BROKEN, DELIVERY, true, true,
         "Mail signed with this selector no longer verifies.",
         DOC("The record was deleted, lost when the domain moved to another DNS host, or replaced "
             "by other text. CRITICAL when it was the last usable key that its group asks for. "
             "Verifiers look at content: a name that answers only foreign text has no key either."),
         DOC("Put the record back as shown. If the selector was given up on purpose, `accept` it, "
             "or take it out of the configuration.")},
    ROW(DKIM_REVOKED) =
        {"dkim.key.revoked", ALL, BROKEN, DELIVERY, true, true,
         "The key is withdrawn: mail signed with this selector is treated as not signed.",
         DOC("`p=` is empty (RFC 6376, section 3.6.1): right at the end of a rotation, wrong while "
             "mail is still signed with the key."),
         DOC("Put the key back, or have mail signed with another selector and `accept` it.")},
    ROW(DKIM_BROKEN) =
        {"dkim.key.broken", ALL, BROKEN, DELIVERY, true, true,
         "Verifiers ignore a key record that they cannot use: its signatures do not count.",
         DOC("Quotes or line breaks were stored as part of the text, the key was cut off when it "
             "was pasted, a second TXT record stands beside it, or a tag has a value that is not "
             "defined (RFC 6376, section 3.6.1; RFC 8301)."),
         DOC("Type the value again as shown; exactly one TXT record may stand at a selector.")},
    ROW(DKIM_SHORT) =
        {"dkim.key.short", ALL, CRITICAL, SPOOF | DELIVERY, true, true,
         "An RSA key under 1024 bits can be computed by anybody, and verifiers must refuse it.",
         DOC("A key from long ago, or a test key (RFC 8301, section 3.2)."),
         DOC("Make a new key of 2048 bits at a new selector, sign with it, then remove this one.")},
    ROW(DKIM_MISPLACED) =
        {"dkim.key.misplaced", ALL, BROKEN, DELIVERY, true, true,
         "Verifiers look at the selector's own name only: there is no key for them.",
         DOC("The host field of the DNS host appends the domain by itself and the full name was "
             "typed, the name was typed without its underscore or without `._domainkey`, under "
             "`www`, or alias and target were swapped."),
         DOC("Move the record to the name shown; what belongs into the host field is shown too.")},
    ROW(DKIM_PENDING) = {"dkim.key.pending", NONE, CHANGED, DELIVERY, false, false,
                         "A new record may take up to two days until every server has it.",
                         DOC("The selector is configured and has never been seen good yet. After "
                             "48 hours (a key of "
                             "the configuration) its absence is `dkim.key.missing`."),
                         DOC("Wait; or check the name and the value at the DNS host.")},
    ROW(DKIM_VERIFIED) = {"dkim.key.verified", NONE, NOTABLE, DELIVERY, false, false,
                          "The new record has arrived: from now on its loss is an alert.",
                          DOC("An expected key was seen good for the first time."),
                          DOC("Nothing has to be done.")},
    ROW(DKIM_APPEARED) = {"dkim.key.appeared", ALL, STRENGTHENED, 0, false, false,
                          "There is one more usable key than before.",
                          DOC("A new selector, the first step of a rotation, or a key put back."),
                          DOC("Nothing has to be done if it was planned.")},
    ROW(DKIM_DANGLING) =
        {"dkim.alias.dangling", ALL, BROKEN, DELIVERY | SPOOF, true, true,
         "Mail does not verify, and whoever gets that name at the service can sign as this domain.",
         DOC("The account at the mail service was closed or the domain removed there; the CNAME "
             "was "
             "copied wrongly; or its target lacks the final dot and got the domain appended."),
         DOC("Set the domain up again at the service, or remove the CNAME.")},
    ROW(DKIM_TAKEOVER) =
        {"dkim.alias.takeover", ALL, CRITICAL, SPOOF | DELIVERY, true, true,
         "The CNAME leads into a domain that appears unregistered: a stranger who buys it can sign "
         "as this domain.",
         DOC("The mail service is gone, or its domain has expired."),
         DOC("Remove the CNAME at once.")},
    ROW(DKIM_WEAKENED) =
        {"dkim.key.weakened", KEY, WEAKENED, SPOOF, false, true,
         "The signature proves less than it did.",
         DOC("A shorter key, or an Ed25519 key where the only RSA key stood (RFC 8463: many "
             "verifiers do not know it yet)."),
         DOC("Put the old key back, or make a new one at least as strong; Ed25519 beside RSA.")},
    ROW(DKIM_CHANGED) =
        {"dkim.key.changed", KEY, NOTABLE, SPOOF, false, true,
         "A planned rotation looks like this, and so does an intruder's key.",
         DOC("The key in the domain's own TXT record was replaced. Good practice is a new "
             "selector, "
             "which leaves the old key in place while mail is on its way."),
         DOC("If it was planned, `accept` it; if not, put the old key back and find out who can "
             "edit the zone.")},
    ROW(DKIM_ROLLED) = {"dkim.key.rolled", KEY, CHANGED, SPOOF, false, false,
                        "The operator behind the CNAME has another key there.",
                        DOC("Mail services turn their keys over. Notice instead of info where the "
                            "operator is none "
                            "of the known services."),
                        DOC("Nothing has to be done for a known service.")},
    ROW(DKIM_STRENGTHENED) = {"dkim.key.strengthened", KEY, STRENGTHENED, 0, false, false,
                              "The signature proves more than it did.",
                              DOC("A mail service moved to a longer key."),
                              DOC("Nothing has to be done.")},
    ROW(DKIM_TESTING) =
        {"dkim.flags.weakened", FLAGS, WEAKENED, SPOOF, false, true,
         "In test mode (t=y) verifiers treat the mail as if it were not signed.",
         DOC("`t=y` was added, `t=s` was removed, or `h=` allows SHA-1 again (RFC 6376, section "
             "3.6.1; RFC 8301)."),
         DOC("Put the tags back as shown.")},
    ROW(DKIM_FLAGS_BETTER) = {"dkim.flags.strengthened", FLAGS, STRENGTHENED, DELIVERY, false,
                              false, "The signature counts for more than before.",
                              DOC("`t=y` is gone, `t=s` was added (mail signed for a subdomain's "
                                  "address then fails), or `h=` was narrowed to sha256."),
                              DOC("Nothing has to be done if it was planned.")},
    ROW(DKIM_ALIAS) =
        {"dkim.alias.moved", ALIAS, WEAKENED, SPOOF, false, true,
         "Whoever holds the CNAME's target can sign as this domain.",
         DOC("The CNAME leads to another operator than before, or than its group names. A change "
             "of "
             "the mail service looks like this, and so does a hijack."),
         DOC("If it was planned, `accept` it; if not, put the old target back and find out who can "
             "edit the zone.")},
    ROW(DKIM_ALIAS_CHANGED) =
        {"dkim.alias.changed", ALIAS, CHANGED, SPOOF, false, false,
         "The key is held at another place than before, by the same hands.",
         DOC("The service gave out another name, or the record turned from CNAME to TXT or back."),
         DOC("Nothing has to be done if it was planned.")},
    ROW(DKIM_ROTATION) =
        {"dkim.member.missing", NONE, NOTABLE, DELIVERY, false, false,
         "Enough keys of the group are left: a rotation, if it was planned.",
         DOC("A member of an `any` or `N of` group, or one of a service that turns its keys over, "
             "is gone, revoked or unusable while the group's requirement still holds."),
         DOC("If no rotation was planned, put the record back as shown.")},
    ROW(DKIM_PARKED) =
        {"dkim.parked.key", ALL, CRITICAL, SPOOF, false, true,
         "This domain sends no mail: whoever holds this key can send signed mail in its name.",
         DOC("The profile `parked` expects no key; one appeared, at a selector or as a wildcard."),
         DOC("Remove it, and look who can edit the zone. `*._domainkey` with `v=DKIM1; p=` revokes "
             "all keys.")},
    ROW(DKIM_WILDCARD) =
        {"dkim.wildcard.key", NONE, CHANGED, SPOOF, false, false,
         "Any selector answers with this key: the loss of a selector's own record is not seen.",
         DOC("A wildcard record at `*._domainkey` or above it. Found by asking for a random "
             "label."),
         DOC("Publish a record of its own for each selector, and no wildcard.")},
};
