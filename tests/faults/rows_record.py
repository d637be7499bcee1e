"""
Rows about the record itself: it is gone, or weaker, and somebody says otherwise or cannot say.

SPDX-License-Identifier: MIT
"""

import rules
from row import AGAIN, row
from stage import DMARC, DOMAIN, GOOD_SPF, KEY, NAME_SERVERS, RESOLVERS, quoted

GROUP = "record"


@row(GROUP, "nothing is wrong", "anything")
def quiet(s):
    s.serve()
    s.boot()
    s.settle()


@row(GROUP, "the DMARC record is deleted, and put back", "the other records")
def record_deleted(s):
    s.serve()
    s.boot()
    s.publish(s.without_dmarc())
    s.expect("dmarc.record.missing", DMARC, show=["knownby"], knownby="zone's own servers")
    s.publish(s.healthy())
    s.expect("dmarc.record.missing", DMARC, restored=True)


@row(GROUP, "the DMARC policy falls from `reject` to `none`", "that it is gone")
def policy_weakened(s):
    s.serve()
    s.boot()
    s.publish(s.weak_dmarc())
    s.expect("dmarc.policy.weakened", DMARC, show=["knownby"], knownby="zone's own servers")


@row(GROUP, "the DMARC policy falls; `authorities = no`", "that it is gone")
def policy_weakened_without_authorities(s):
    s.serve()
    s.boot(authorities="no")
    s.publish(s.weak_dmarc())
    event = s.expect("dmarc.policy.weakened", DMARC, show=["knownby"], knownby="agree")
    s.require(not any(address in event["knownby"] for address in NAME_SERVERS),
              "no name server to be asked")


@row(GROUP, "the DMARC policy falls; `authorities = no`, and one resolver only", "that it is gone")
def policy_weakened_single_source(s):
    s.serve(count=1)
    s.boot(RESOLVERS[:1], authorities="no")
    s.expect_console("warning: one resolver address only")
    s.publish(s.weak_dmarc())
    s.expect("dmarc.policy.weakened", DMARC, show=["knownby"], knownby="single source")
    s.fact("It says so after three looks, over six times `confirm-wait`.")


@row(GROUP, "the policy falls; one resolver still has the old record in its cache",
     "that servers disagree, as long as it is only that")
def policy_weakened_lag(s):
    s.serve(views=True)
    s.boot()
    s.publish(s.weak_dmarc(), *s.name_servers, s.views[0])
    s.may("watch.divergence")
    s.may("watch.divergence", restored=True)
    s.expect("dmarc.policy.weakened", DMARC, show=["knownby"])


@row(GROUP, "one resolver says that the record does not exist; everybody else has it",
     "that the record is gone")
def one_resolver_forges_absence(s):
    s.serve(front=RESOLVERS[1:])
    s.boot()
    s.rule(rules.for_record(rules.gone))
    s.expect("watch.divergence", DMARC, severity="notice")
    s.expect("watch.divergence", DMARC, severity="warning")
    s.fact(AGAIN)
    s.rule(None)
    s.expect("watch.divergence", DMARC, restored=True)


@row(GROUP, "all resolvers that are asked tell a forged, weaker policy; the zone's own servers "
     "have the right one", "that the policy is weaker")
def all_resolvers_forge(s):
    s.serve(front=RESOLVERS)
    s.boot()
    s.rule(rules.for_record(rules.weak))
    s.expect("watch.divergence", DMARC, severity="notice")
    s.expect("watch.divergence", DMARC, severity="warning")
    s.fact(AGAIN)
    s.rule(None)
    s.expect("watch.divergence", DMARC, restored=True)


@row(GROUP, "a TXT record of 5,000 bytes appears beside the SPF record", "that SPF is missing")
def record_over_limit(s):
    s.serve()
    s.boot()
    s.publish(s.zone.having(DOMAIN, "TXT", quoted(GOOD_SPF), quoted("x" * 5000)))
    s.expect("watch.blind", DOMAIN, show=["new"])
    s.hold()
    s.publish(s.healthy())
    s.expect("watch.blind", DOMAIN, restored=True)


@row(GROUP, "so many TXT records beside the SPF record that the answer is over 8 KiB "
     "(`VD_TCP_MESSAGE_MAX`)", "that SPF is missing")
def answer_over_limit(s):
    s.serve()
    s.boot()
    s.publish(s.zone.having(DOMAIN, "TXT", quoted(GOOD_SPF),
                            *[quoted(f"{n:02d}" + "x" * 1000) for n in range(12)]))
    s.expect("watch.blind", DOMAIN, show=["new"])


@row(GROUP, "so many TXT records beside the SPF record that the answer needs TCP", "anything")
def answer_over_tcp(s):
    s.serve()
    s.boot()
    s.publish(s.zone.having(DOMAIN, "TXT", quoted(GOOD_SPF),
                            *[quoted(f"{n:02d}" + "x" * 400) for n in range(8)]))
    s.settle()
    s.require_no_strangers()
    s.publish(s.zone.having(DOMAIN, "TXT", quoted(GOOD_SPF.replace("-all", "+all")),
                            *[quoted(f"{n:02d}" + "x" * 400) for n in range(8)]))
    s.expect("spf.all.pass", DOMAIN, aside=True)
    s.fact("That is told because `-all` then became `+all`: the long answer is read, not skipped.")


@row(GROUP, "a DKIM key becomes an alias that points to itself in a circle",
     "that the key is missing")
def alias_loop(s):
    s.serve()
    s.boot()
    s.publish(s.zone.having(KEY, "TXT").having(KEY, "CNAME", "a." + DOMAIN + ".").having(
        "a." + DOMAIN, "CNAME", KEY + "."))
    s.expect("watch.blind", DOMAIN, show=["new"])


@row(GROUP, "a DKIM key moves behind twelve aliases, one behind the other",
     "that the key is missing")
def alias_chain(s):
    s.serve()
    s.boot()
    zone = s.zone.having(KEY, "TXT").having(KEY, "CNAME", f"c1.{DOMAIN}.")
    for n in range(1, 12):
        zone = zone.having(f"c{n}.{DOMAIN}", "CNAME", f"c{n + 1}.{DOMAIN}.")
    s.publish(zone.having(f"c12.{DOMAIN}", "TXT", *s.zone.records[KEY, "TXT"]))
    s.expect("watch.blind", DOMAIN, show=["new"])
