"""
Rows about resolvers that fail or lie.

SPDX-License-Identifier: MIT
"""

import rules
from row import AGAIN, row
from stage import DOMAIN, RESOLVERS
from wire import NOERROR, NXDOMAIN, REFUSED, SERVFAIL, ede

GROUP = "resolvers"
FIRST, SECOND = RESOLVERS


def break_all(s, rule, reason):
    """Both resolvers become useless, and come back."""
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rule)
    for address in RESOLVERS:
        s.expect_console(rf"resolver {address}\S* is blind: .*{reason}")
    s.expect("agent.blind", new=reason, show=["new"])
    s.rule(None)
    s.may("resolver.blind")
    s.may("resolver.blind", restored=True)
    s.may("watch.blind")
    s.may("watch.blind", restored=True)
    s.expect("agent.blind", restored=True)


def break_one(s, rule, reason):
    """The second one does; the watch goes on with the first one."""
    s.serve(front=[SECOND])
    s.boot()
    s.rule(rule)
    s.expect("resolver.blind", SECOND, text=reason)
    s.publish(s.without_dmarc())
    s.expect("dmarc.record.missing", aside=True)
    s.rule(None)
    s.expect("resolver.blind", SECOND, restored=True)
    s.fact("The deletion of the DMARC record meanwhile was seen, as always.")


@row(GROUP, "one resolver is silent, then back", "that the agent is blind")
def one_silent(s):
    break_one(s, rules.always(rules.silent), "timeout")


@row(GROUP, "one resolver is gone: nobody listens there, then back", "that the agent is blind")
def one_gone(s):
    s.serve()
    s.boot()
    s.resolvers[1].stop()
    s.expect("resolver.blind", SECOND)
    s.resolvers[1].start()
    s.expect("resolver.blind", SECOND, restored=True)


@row(GROUP, "all resolvers are silent, then back", "that any record is gone")
def all_silent(s):
    break_all(s, rules.always(rules.silent), "timeout")


@row(GROUP, "no resolver answers when the agent starts; they come later", "that any record is gone")
def silent_from_the_start(s):
    s.serve(front=RESOLVERS)
    s.rule(rules.always(rules.silent))
    s.boot(baseline=False)
    s.agent.wait_for("^the agent is blind")
    s.rule(None)
    s.expect("agent.blind", show=["new"])
    s.expect("agent.blind", restored=True)
    s.agent.wait_for("baseline taken")
    s.fact("Both arrive when the resolvers are back: the collector's address was not known before.")


@row(GROUP, "one resolver says at the first look that the DMARC record does not exist; everybody "
     "else has it", "that the record is gone")
def forged_at_first_look(s):
    s.serve(front=RESOLVERS)
    s.rule(rules.for_record(rules.gone), FIRST)
    s.boot()
    s.expect("watch.divergence", severity="notice")
    s.expect("watch.divergence", severity="warning")
    s.fact(AGAIN)
    s.rule(None)
    s.expect("watch.divergence", restored=True)


@row(GROUP, "nobody listens at the resolvers' addresses (port unreachable), then they are back",
     "that any record is gone")
def all_gone(s):
    s.serve()
    s.boot()
    for resolver in s.resolvers:
        resolver.stop()
    s.expect("agent.blind", show=["new"])
    for resolver in s.resolvers:
        resolver.start()
    s.may("resolver.blind")
    s.may("resolver.blind", restored=True)
    s.expect("agent.blind", restored=True)


@row(GROUP, "all resolvers say SERVFAIL to everything", "that any record is gone, or the domain "
     "unresolvable: it is not the domain")
def all_servfail(s):
    break_all(s, rules.always(rules.failing(SERVFAIL)), "SERVFAIL")


@row(GROUP, "one resolver says SERVFAIL for the domain, the other one answers",
     "that any record is gone, or the domain unresolvable")
def one_servfail(s):
    s.serve(front=[SECOND])
    s.boot()
    s.rule(rules.for_domain(rules.failing(SERVFAIL)))
    s.expect("resolver.degraded", SECOND)
    s.rule(None)
    s.expect("resolver.degraded", SECOND, restored=True)


@row(GROUP, "all resolvers refuse (REFUSED): the access list was changed",
     "that any record is gone")
def all_refuse(s):
    break_all(s, rules.always(rules.failing(REFUSED)), "REFUSED")


@row(GROUP, "one resolver refuses", "that any record is gone")
def one_refuses(s):
    break_one(s, rules.always(rules.failing(REFUSED)), "REFUSED")


@row(GROUP, "all resolvers give referrals: they do not recurse any more", "that any record is gone")
def all_refer(s):
    break_all(s, rules.always(rules.referral), "")


@row(GROUP, "a captive portal: every name has an address", "that any record is gone, or weaker")
def portal(s):
    break_all(s, rules.always(rules.portal), "cannot exist")


@row(GROUP, "one resolver rewrites NXDOMAIN into the address of an advertisement",
     "that any record is gone, or weaker")
def one_rewrites(s):
    break_one(s, rules.rewriting, "cannot exist")


@row(GROUP, "all resolvers say NXDOMAIN to the watched names, without the SOA that proves it",
     "that any record is gone")
def all_nxdomain_without_soa(s):
    blind_for_domain(s, rules.for_domain(rules.gone_without_proof))


@row(GROUP, "all resolvers give empty answers for the watched names, without SOA",
     "that any record is gone")
def all_empty_without_soa(s):
    blind_for_domain(s, rules.for_domain(rules.empty_without_proof))


def blind_for_domain(s, rule):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rule)
    s.expect("watch.blind", DOMAIN, show=["new"])
    s.hold()
    s.rule(None)
    s.expect("watch.blind", DOMAIN, restored=True)


@row(GROUP, "a filter for malware blocks the domain at all resolvers: NXDOMAIN with the extended "
     "DNS error 15 (blocked)", "that any record is gone")
def filtered_blocked(s):
    blind_for_domain(s, rules.for_domain(rules.failing(NXDOMAIN, 15, "malware")))


@row(GROUP, "a filter blocks the domain at all resolvers: an empty NOERROR with error 17 "
     "(filtered)",
     "that any record is gone")
def filtered_filtered(s):
    blind_for_domain(s, rules.for_domain(rules.failing(NOERROR, 17)))


@row(GROUP, "a filter blocks the domain at all resolvers: REFUSED with error 18 (prohibited)",
     "that any record is gone")
def filtered_prohibited(s):
    blind_for_domain(s, rules.for_domain(rules.failing(REFUSED, 18)))


@row(GROUP, "all resolvers serve old data, and say so (extended DNS error 3, stale answer)",
     "that any record is gone")
def stale(s):
    blind_for_domain(s, rules.with_option(ede(3)))


@row(GROUP, "a right answer with another extended DNS error (4711) beside it", "anything")
def unknown_ede(s):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rules.with_option(ede(4711, "nobody knows")))
    s.settle()


@row(GROUP, "all resolvers send noise", "that any record is gone")
def noise(s):
    break_all(s, rules.always(rules.noise), "")


@row(GROUP, "a resolver that answers in lower case, whatever case it was asked in", "anything")
def lower_case(s):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rules.over_udp_only(rules.lower_case))
    s.settle()
    s.settle()
    s.require_no_strangers()
    s.publish(s.without_dmarc())
    s.expect("dmarc.record.missing", aside=True)
    s.fact("That is told because the record was then deleted: the question goes over TCP, which "
           "needs no such proof.")
