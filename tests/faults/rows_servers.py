"""
Rows about the zone's own name servers.

SPDX-License-Identifier: MIT
"""

import rules
from row import AGAIN, row
from stage import DMARC, DOMAIN, KEY, NAME_SERVERS, RESOLVERS
from wire import REFUSED, SERVFAIL

GROUP = "servers"


@row(GROUP, "the record is deleted at the name servers; resolvers still have it in their caches",
     "it later than the caches let it go")
def servers_before_caches(s):
    s.serve(views=True)
    s.boot()
    s.publish(s.without_dmarc(), *s.name_servers)
    s.expect("dmarc.record.missing", DMARC, show=["knownby"], knownby="zone's own servers")
    s.publish(s.without_dmarc(), *s.views)


@row(GROUP, "one name server is stale: it lacks the record that the other one has",
     "that the record is gone")
def server_stale(s):
    s.serve(views=True)
    s.boot()
    s.publish(s.without_dmarc(), s.name_servers[1])
    s.expect("watch.divergence", DMARC, severity="notice")
    s.expect("watch.divergence", DMARC, severity="warning")
    s.fact(AGAIN)
    s.publish(s.healthy(), s.name_servers[1])
    s.expect("watch.divergence", DMARC, restored=True)


@row(GROUP, "the policy falls at one name server and at all resolvers; the other name server keeps "
     "the old one", "that the policy is weaker, before `confirm-hold` is over")
def server_holds_old(s):
    s.serve(views=True)
    s.boot()
    s.publish(s.weak_dmarc(), s.name_servers[0], *s.views)
    s.expect("watch.divergence", DMARC, severity="notice")
    s.may("watch.divergence")  # as a warning, where the last look before was at the good one
    s.expect("watch.divergence", DMARC, restored=True)
    s.expect("dmarc.policy.weakened", DMARC)
    s.fact("The alert comes when it has lasted for `confirm-hold`, and names the server that "
           "still says otherwise.")


def change_seen_by_resolvers(s):
    s.publish(s.weak_dmarc(), *s.views)
    s.expect("dmarc.policy.weakened", DMARC, show=["knownby"], knownby=RESOLVERS[0])


@row(GROUP, "a firewall drops what goes to the name servers; then the policy falls",
     "that the name servers fail: the resolvers reach them")
def servers_dropped(s):
    s.serve(views=True)
    s.boot()
    for knot in s.name_servers:
        knot.freeze()
    s.settle()
    s.require_no_strangers()
    change_seen_by_resolvers(s)
    for knot in s.name_servers:
        knot.thaw()


@row(GROUP, "nothing answers at the name servers' addresses (port unreachable); then the policy "
     "falls", "that the name servers fail: the resolvers reach them")
def servers_unreachable(s):
    s.serve(views=True)
    s.boot()
    for knot in s.name_servers:
        knot.stop()
    s.settle()
    s.require_no_strangers()
    change_seen_by_resolvers(s)


@row(GROUP, "one of two name servers is down; then the policy falls", "that it is gone")
def one_server_down(s):
    s.serve(views=True)
    s.boot()
    s.name_servers[1].freeze()
    s.settle()
    s.require_no_strangers()
    s.publish(s.weak_dmarc(), s.name_servers[0], *s.views)
    s.expect("dmarc.policy.weakened", DMARC)
    s.name_servers[1].thaw()
    s.publish(s.weak_dmarc(), s.name_servers[1])


@row(GROUP, "a middlebox answers in the name servers' place (RA=1), and says that the record does "
     "not exist", "that the record is gone")
def servers_intercepted(s):
    s.serve(front=NAME_SERVERS, views=True)
    s.boot()
    s.rule(rules.intercepted)
    s.settle()
    s.settle()


@row(GROUP, "answers of the name servers arrive without AA; then the policy falls",
     "that the name servers agree: they do not count")
def servers_not_authoritative(s):
    s.serve(front=NAME_SERVERS, views=True)
    s.boot()
    s.rule(rules.flags(0, rules.AA))
    change_seen_by_resolvers(s)


@row(GROUP, "the name servers refuse the zone (REFUSED) when they are asked directly; then the "
     "policy falls", "that the record is gone")
def servers_refuse(s):
    s.serve(front=NAME_SERVERS, views=True)
    s.boot()
    s.rule(rules.always(rules.failing(REFUSED)))
    change_seen_by_resolvers(s)


@row(GROUP, "the name servers are lame: a referral instead of an answer; then the policy falls",
     "that the record is gone")
def servers_lame(s):
    s.serve(front=NAME_SERVERS, views=True)
    s.boot()
    s.rule(rules.always(rules.referral))
    change_seen_by_resolvers(s)


@row(GROUP, "all name servers are down: every resolver says SERVFAIL",
     "that any record is gone")
def servers_down(s):
    s.serve()
    s.boot()
    for knot in s.name_servers:
        knot.stop()
    s.may("watch.blind")  # as long as the resolvers still try
    s.may("watch.blind", restored=True)
    s.may("resolver.degraded")  # one of them finds them again before the other one does
    s.may("resolver.degraded", restored=True)
    s.expect("domain.unresolvable", DOMAIN, show=["new"])
    s.hold()
    for knot in s.name_servers:
        knot.start()
    s.expect("domain.unresolvable", DOMAIN, restored=True)


@row(GROUP, "the delegation is broken: every resolver says SERVFAIL at once",
     "that any record is gone")
def delegation_broken(s):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rules.for_domain(rules.failing(SERVFAIL)))
    s.expect("domain.unresolvable", DOMAIN, show=["new"])
    s.hold()
    s.rule(None)
    s.expect("domain.unresolvable", DOMAIN, restored=True)


@row(GROUP, "the name servers go down slowly: the resolvers are silent about the domain, then say "
     "SERVFAIL", "that any record is gone")
def servers_fade(s):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rules.for_domain(rules.silent))
    s.expect("watch.blind", DOMAIN, show=["new"])
    s.rule(rules.for_domain(rules.failing(SERVFAIL)))
    s.expect("domain.unresolvable", DOMAIN)
    s.hold()
    s.rule(None)
    s.expect("domain.unresolvable", DOMAIN, restored=True)
    s.expect("watch.blind", DOMAIN, restored=True)


WRONG_DS = f'trust-anchor: "{DOMAIN}. DS 12345 13 2 {"0123456789abcdef" * 4}"'
VALIDATING = ('module-config: "validator iterator"', WRONG_DS)


def dnssec_breaks(s, *more):
    s.serve()
    s.boot()
    for number in range(2):
        s.replace_resolver(number, more=VALIDATING + more)
    s.expect("domain.unresolvable", DOMAIN, text="DNSSEC", show=["new"])
    s.hold()
    for number in range(2):
        s.replace_resolver(number)
    s.expect("domain.unresolvable", DOMAIN, restored=True)


@row(GROUP, "DNSSEC of the domain is broken; the resolvers validate, and say SERVFAIL and no more",
     "that any record is gone")
def dnssec_bogus(s):
    s.may("resolver.degraded")
    s.may("resolver.degraded", restored=True)
    dnssec_breaks(s)


@row(GROUP, "DNSSEC of the domain is broken; the resolvers validate, and explain it (extended DNS "
     "error)",
     "that any record is gone")
def dnssec_bogus_explained(s):
    s.may("resolver.degraded")
    s.may("resolver.degraded", restored=True)
    dnssec_breaks(s, "ede: yes")


@row(GROUP, "SERVFAIL with the extended DNS error 6 (DNSSEC bogus) from every resolver",
     "that any record is gone")
def dnssec_bogus_ede6(s):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rules.for_domain(rules.failing(SERVFAIL, 6, "signature expired")))
    s.expect("domain.unresolvable", DOMAIN, text="DNSSEC", show=["new"])
    s.hold()


@row(GROUP, "one record fails everywhere (SERVFAIL), the others are there",
     "that the record is gone, or the domain unresolvable")
def one_record_fails(s):
    s.serve(front=RESOLVERS + NAME_SERVERS)
    s.boot()
    s.rule(rules.for_record(rules.failing(SERVFAIL), KEY))
    s.expect("watch.blind", DOMAIN, show=["new"])
    s.hold()
    s.rule(None)
    s.expect("watch.blind", DOMAIN, restored=True)
