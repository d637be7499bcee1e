/*
 * Codes of SPF.
 *
 * SPDX-License-Identifier: MIT
 */
#include "firmware/judge/findings.h"

#define ROW(code) [(code)-VD_CODES_SPF_FIRST]
#define DOC(text) VD_FINDINGS_DOC(text)

#define SPOOF    VD_AXIS_SPOOF
#define DELIVERY VD_AXIS_DELIVERY

#define CRITICAL     VD_CLASS_CRITICAL, VD_SEVERITY_CRITICAL
#define BROKEN       VD_CLASS_BROKEN, VD_SEVERITY_WARNING
#define BROKEN_ERROR VD_CLASS_BROKEN, VD_SEVERITY_ERROR
#define WEAKENED     VD_CLASS_WEAKENED, VD_SEVERITY_WARNING
#define MINOR        VD_CLASS_WEAKENED, VD_SEVERITY_NOTICE
#define NOTABLE      VD_CLASS_CHANGED, VD_SEVERITY_NOTICE
#define CHANGED      VD_CLASS_CHANGED, VD_SEVERITY_INFO
#define STRONGER     VD_CLASS_STRENGTHENED, VD_SEVERITY_NOTICE
#define BETTER       VD_CLASS_STRENGTHENED, VD_SEVERITY_INFO

/* Of the whole record set; opens an alert or is told once. */
#define WHOLE true, true
#define ALERT false, true
#define ONCE  false, false

static const char put_back[] =
    DOC("Put the record back as it was (the alert shows it); or, if this was planned, accept it.");

/* code, facet, class, severity, axis, is_whole, is_alert, why, cause, mend */
const struct vd_code_info vd_findings_spf[VD_CODES_DKIM_FIRST - VD_CODES_SPF_FIRST] = {
    ROW(VD_CODE_SPF_MISSING) =
        {"spf.record.missing", VD_FACET_ALL, CRITICAL, SPOOF | DELIVERY, WHOLE,
         "Without an SPF record no server is known to send for this domain: SPF never passes.",
         DOC("The record was deleted, the zone was moved without it, or what stands there is not "
             "recognised any more. WEAKENED while DKIM selectors are configured; CRITICAL for a "
             "parked domain."),
         DOC("Put the TXT record back at the domain itself; the alert shows the last good one.")},
    ROW(VD_CODE_SPF_BROKEN) =
        {"spf.record.broken", VD_FACET_ALL, BROKEN, DELIVERY, WHOLE,
         "Receivers answer a permanent error: SPF never passes, and DMARC relies on DKIM alone.",
         DOC("Two SPF records after a service was added, a typing error, an include: of a name "
             "without an SPF record, more than 10 lookups, more than 2 lookups that find nothing, "
             "or an include: that leads back to itself. A fault may lie in a record that ours "
             "includes: the path shows where."),
         DOC("Join several records into one; correct or remove the term that the alert names.")},
    ROW(VD_CODE_SPF_MISPLACED) =
        {"spf.record.misplaced", VD_FACET_ALL, BROKEN, DELIVERY, WHOLE,
         "Receivers look for SPF at the domain itself: what stands elsewhere counts for nothing.",
         DOC("The host field of the DNS host appended the domain once more, or the record was "
             "given "
             "a name of its own."),
         DOC("Enter the same text with the domain itself as host: an empty field, or @.")},
    ROW(VD_CODE_SPF_PENDING) = {"spf.record.pending", VD_FACET_NONE, CHANGED, DELIVERY, ONCE,
                                "A new record takes up to two days to spread.",
                                DOC("The watch expects SPF, and it was not seen yet."),
                                DOC("Nothing, if the record was entered: wait.")},
    ROW(VD_CODE_SPF_VERIFIED) = {"spf.record.verified", VD_FACET_NONE, NOTABLE, 0, ONCE,
                                 "The record that the watch waited for is there, and is good.",
                                 DOC("It was published, and has spread."),
                                 DOC("Nothing has to be done.")},
    ROW(VD_CODE_SPF_APPEARED) =
        {"spf.record.appeared", VD_FACET_ALL, STRONGER, DELIVERY, ONCE,
         "Servers that the new record does not list may be refused now.",
         DOC("An SPF record was published, or a broken one was mended."),
         DOC("Check that all services that send for the domain are in it.")},
    ROW(VD_CODE_SPF_TAKEOVER) =
        {"spf.include.takeover", VD_FACET_SPF_RECORD, CRITICAL, SPOOF, ALERT,
         "Whoever registers that domain can let any server send as this one.",
         DOC("The record still names a service that has given up its domain, or a name was "
             "mistyped. The domain appears unregistered: the registry itself says that it is not "
             "there."),
         DOC("Take the term out of the record at once.")},
    ROW(VD_CODE_SPF_PASS_ALL) =
        {"spf.all.pass", VD_FACET_SPF_RANGE, CRITICAL, SPOOF, ALERT,
         "Every server in the world passes SPF as this domain.",
         DOC("+all or a bare all, a /0 network, two halves of one, a/0 or mx/0, an exists: without "
             "a macro that resolves; here or in an included record."),
         DOC("Take the term out, or have the owner of the included record do so; end in -all.")},
    ROW(VD_CODE_SPF_WIDE) =
        {"spf.range.wide", VD_FACET_SPF_RANGE, CRITICAL, SPOOF, ALERT,
         "A network this wide holds strangers: their servers pass SPF as this domain.",
         DOC("A prefix length was mistyped, or a service lists whole address blocks. CRITICAL for "
             "a "
             "/8 and IPv6 /16 (spf-vast-ip4, spf-vast-ip6), WEAKENED for a /16 and IPv6 /32 "
             "(spf-wide-ip4, spf-wide-ip6), and when four times as many addresses pass as before, "
             "and more than spf-growth."),
         DOC("List only the servers that send; or accept it.")},
    ROW(VD_CODE_SPF_GROWN) =
        {"spf.range.grown", VD_FACET_SPF_RANGE, CHANGED, SPOOF, ONCE,
         "More servers than before pass SPF as this domain.",
         DOC("A network was added in the own record, or in one that it includes."),
         DOC("Nothing, if it is known what was added.")},
    ROW(VD_CODE_SPF_SHRUNK) =
        {"spf.range.shrunk", VD_FACET_SPF_RANGE, CHANGED, DELIVERY, ONCE,
         "Servers that passed SPF before no longer do.",
         DOC("A service gave up networks in its own record, or a host has other addresses."),
         DOC("Check that all mail still passes; name own servers with senders =.")},
    ROW(VD_CODE_SPF_DEFAULT_WEAKENED) =
        {"spf.default.weakened", VD_FACET_SPF_DEFAULT, WEAKENED, SPOOF, ALERT,
         "Receivers without DMARC will treat mail from servers that are not listed more kindly.",
         DOC("-all was changed to ~all or ?all, or all was lost. From -all to ~all it is a notice "
             "while DMARC enforces."),
         put_back},
    ROW(VD_CODE_SPF_STRENGTHENED) =
        {"spf.default.strengthened", VD_FACET_SPF_DEFAULT, STRONGER, DELIVERY, ONCE,
         "Stricter than before: mail from senders that do not authenticate may now be refused.",
         DOC("~all was changed to -all, for one."),
         DOC("Check that all services that send for the domain are listed.")},
    ROW(VD_CODE_SPF_FLOOR) = {"spf.default.floor", VD_FACET_SPF_DEFAULT, BROKEN, SPOOF, ALERT,
                              "SPF does not say what the watch expects of it: servers that are not "
                              "listed fare too well.",
                              DOC("spf = or a profile of the watch asks for more than the record "
                                  "says; a parked domain's "
                                  "must be v=spf1 -all."),
                              DOC("End the record in what the watch asks for, or lower spf =.")},
    ROW(VD_CODE_SPF_INCLUDE_ADDED) =
        {"spf.include.added", VD_FACET_SPF_INCLUDE, MINOR, SPOOF, ALERT,
         "Whoever runs the other domain can let any server send as this one.",
         DOC("A service was added; or somebody with access to the zone prepares to send as you."),
         DOC("If it is yours, accept it, or name the service with provider =; else take it out.")},
    ROW(VD_CODE_SPF_INCLUDE_KNOWN) =
        {"spf.include.known", VD_FACET_SPF_INCLUDE, CHANGED, SPOOF, ONCE,
         "A known service's servers pass SPF as this domain.",
         DOC("An include: of a known mail service was added or changed."),
         DOC("Nothing, if the service is yours.")},
    ROW(VD_CODE_SPF_INCLUDE_REMOVED) =
        {"spf.include.removed", VD_FACET_SPF_INCLUDE, MINOR, DELIVERY, ALERT,
         "Mail that is still sent through that service no longer passes SPF.",
         DOC("An include: or exists: was removed, or all was moved in front of it."), put_back},
    ROW(VD_CODE_SPF_INCLUDE_LOST) =
        {"spf.include.lost", VD_FACET_SPF_INCLUDE, BROKEN, DELIVERY, ALERT,
         "The service is in use, and its mail no longer passes SPF.",
         DOC("The include: of a service was removed that provider = or a dkim = names, or to which "
             "a key of the domain still leads."),
         put_back},
    ROW(VD_CODE_SPF_INCLUDE_RETIRED) =
        {"spf.include.retired", VD_FACET_SPF_INCLUDE, BETTER, SPOOF, ONCE,
         "One service less can send as this domain.",
         DOC("The include: of a known service that is not in use was removed."),
         DOC("Nothing has to be done.")},
    ROW(VD_CODE_SPF_REDIRECT) = {"spf.redirect.changed", VD_FACET_SPF_INCLUDE, NOTABLE, SPOOF, ONCE,
                                 "Another record than before decides who may send as this domain.",
                                 DOC("redirect= was added, removed, or leads elsewhere."),
                                 put_back},
    ROW(VD_CODE_SPF_DYNAMIC) =
        {"spf.dynamic.changed", VD_FACET_SPF_INCLUDE, NOTABLE, SPOOF, ONCE,
         "The term decides from mail to mail who passes: it cannot be judged statically.",
         DOC("A term with a macro such as %{i} was added, changed or removed, here or in an "
             "included "
             "record."),
         DOC("Name addresses that must pass, and must not, with senders = and strangers =.")},
    ROW(VD_CODE_SPF_PTR_ADDED) =
        {"spf.ptr.added", VD_FACET_SPF_PTR, MINOR, SPOOF, ALERT,
         "ptr is slow and unreliable, and receivers may skip it: it should not be used.",
         DOC("ptr was added to the record (RFC 7208, section 5.5, advises against it)."),
         DOC("List the servers with ip4:, ip6: or a instead.")},
    ROW(VD_CODE_SPF_PTR_REMOVED) = {"spf.ptr.removed", VD_FACET_SPF_PTR, BETTER, SPOOF, ONCE,
                                    "The names that reverse DNS gives no longer decide who passes.",
                                    DOC("ptr was taken out of the record."),
                                    DOC("Nothing has to be done.")},
    ROW(VD_CODE_SPF_TERM_LOST) =
        {"spf.term.lost", VD_FACET_SPF_TERMS, MINOR, DELIVERY, ALERT,
         "Mail from servers that the lost term let in no longer passes SPF.",
         DOC("An ip4:, ip6:, a or mx was removed or narrowed, and no other term covers all of it."),
         put_back},
    ROW(VD_CODE_SPF_TERM_ADDED) = {"spf.term.added", VD_FACET_SPF_TERMS, CHANGED, SPOOF, ONCE,
                                   "Other servers than before may send as this domain.",
                                   DOC("An ip4:, ip6:, a or mx was added or changed."),
                                   DOC("Nothing, if the servers are yours.")},
    ROW(VD_CODE_SPF_SENDER_FAILS) =
        {"spf.sender.fails", VD_FACET_SPF_SENDERS, BROKEN_ERROR, DELIVERY, ALERT,
         "Mail from this server of ours no longer passes SPF.",
         DOC("An address of senders = does not pass, by the rules that receivers follow: its term "
             "was removed, or something in front of it fails."),
         DOC("Add ip4: or ip6: with the address in front of all, or correct senders =.")},
    ROW(VD_CODE_SPF_STRANGER_PASSES) =
        {"spf.stranger.passes", VD_FACET_SPF_SENDERS, CRITICAL, SPOOF, ALERT,
         "A server that has nothing to do with this domain passes SPF as it.",
         DOC("A network is too wide, or an exists: or include: with a macro answers for everybody; "
             "checked with strangers = and with an address that belongs to nobody."),
         DOC("Take out the term that lets it pass.")},
    ROW(VD_CODE_SPF_TIGHT) =
        {"spf.lookups.tight", VD_FACET_SPF_LOOKUPS, NOTABLE, DELIVERY, ALERT,
         "Over ten lookups SPF is a permanent error, and one provider's edit away from it.",
         DOC("A service was added, or one of those included needs more lookups (9 or 10 now)."),
         DOC("Remove services that are not in use; write networks instead of a and mx.")},
    ROW(VD_CODE_SPF_VOIDS) =
        {"spf.lookups.void", VD_FACET_SPF_LOOKUPS, MINOR, DELIVERY, ALERT,
         "For senders with IPv6 more than two lookups find nothing: a permanent error.",
         DOC("Several a or mx name hosts without an IPv6 address, or that are gone."),
         DOC("Remove terms for hosts that are gone; write ip4: for those without IPv6.")},
    ROW(VD_CODE_SPF_CHANGED) = {"spf.record.changed", VD_FACET_SPF_RECORD, CHANGED, 0, ONCE,
                                "Neither stricter nor weaker than before.",
                                DOC("exp= or an unknown modifier changed."),
                                DOC("Nothing has to be done.")},
};
