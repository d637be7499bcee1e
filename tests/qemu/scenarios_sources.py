"""
Scenarios of sources that disagree: resolvers among themselves, and with the zone's own servers.

SPDX-License-Identifier: MIT
"""

import re

from capture import TCP, UDP
from nameservers import Knot
from scenario import (ALERT_OPENED, move_to_own_network, require, require_nothing_readable,
                      scenario)
from story import (DMARC, DOMAIN, WEAK_DMARC, WEAKENED, Expected, Stage, Zone, good_zones,
                   quoted)
from world import wait_until

DIVERGENT = Expected(DMARC, code="watch.divergence")
MISSING = Expected(DMARC, code="dmarc.record.missing")
TXT, NXDOMAIN = 16, 3
AUTHORITIES = ("192.0.2.53", "2001:db8::53")


def is_about_divergence(event):
    return "watch.divergence" in (event["code"], event["restores"])


def count_answers(wire, server, rcode):
    """How often a server has answered so about the DMARC record."""
    return len([1 for answer in wire.answers() if answer.port == server.port
                and answer.rcode == rcode and answer.question
                and answer.question[1:] == (DMARC, TXT)])


@scenario
def one_resolver_lies(world, board, on_line):
    """One of two loses the record: a divergence, no alert.  Then the other does too: now one."""
    stage = Stage(world, board, on_line)
    stage.boot()
    without = stage.zone.having(DMARC, "TXT")
    liar, honest = stage.knots
    liar.publish(without)
    divergent, = stage.expect(DIVERGENT)
    for way in stage.ways:
        require(way.bare() in divergent["old"] + divergent["new"] + divergent.text,
                f"{way.bare()} to be named", divergent.line)
    wait_until("three NXDOMAIN for the DMARC record from the lying resolver", 15,
               lambda: count_answers(stage.board.wire, liar, NXDOMAIN) >= 3, stage.seen)
    stage.expect_no_more(quiet_s=3)
    require(not stage.board.find(ALERT_OPENED), "no alert opened", stage.board.seen())
    honest.publish(without)
    stage.may_come = is_about_divergence
    stage.taken = 0
    stage.expect(MISSING, timeout_s=20)
    require_nothing_readable(stage)


def with_authorities(world, board, on_line, **keys):
    """
    A stage with the zone's two own servers on port 53, one by IPv4 and one by IPv6, in a network of
    its own.  Returns (stage, the authorities); the stage's knots are its resolvers.
    """
    move_to_own_network(world, *AUTHORITIES)
    names = [f"{number}.ns.{DOMAIN}" for number in ("a", "b")]
    own, provider = good_zones()
    own = own.having("ns." + DOMAIN, "A").having(DOMAIN, "NS", *[name + "." for name in names])
    for name, address in zip(names, AUTHORITIES):
        own = own.having(name, "AAAA" if ":" in address else "A", address)
    stage = Stage(world, board, on_line, zones=(own, provider))
    authorities = [Knot(world, f"authority{number}", (own,), listen=[(address, 53)])
                   for number, address in enumerate(AUTHORITIES, 1)]
    stage.also = {(protocol, address, 53) for protocol in (UDP, TCP) for address in AUTHORITIES}
    stage.use(stage.ways, authorities="yes", authority_check="2s", **keys)
    stage.boot()
    stage.wait_for(rf"{re.escape(DOMAIN)}: 2 name server addresses of {re.escape(DOMAIN)}", 15)
    return stage, authorities


@scenario
def authorities_confirm(world, board, on_line):
    """Changed at both of the zone's own servers, still good at the resolvers: told at once."""
    stage, authorities = with_authorities(world, board, on_line)
    weak = stage.zone.having(DMARC, "TXT", quoted(WEAK_DMARC))
    for authority in authorities:
        authority.publish(weak)
    stage.may_come = is_about_divergence
    weakened, = stage.expect(WEAKENED, timeout_s=25)
    for address in AUTHORITIES:
        require(address in weakened["knownby"], f"known by {address}", weakened.line)
    for way in stage.ways:
        require(way.host not in weakened["knownby"], f"not by {way.host}, which has the old record",
                weakened.line)
    require_nothing_readable(stage)

    # The resolvers' caches let go of the old record, and then it is mended everywhere.
    stage.zone = weak
    stage.publish(weak)
    stage.expect_no_more(quiet_s=5)
    good = Zone(DOMAIN, {**weak.records, (DMARC, "TXT"): good_zones()[0].records[DMARC, "TXT"]})
    for server in authorities + stage.knots:
        server.publish(good)
    stage.expect(Expected(DMARC, restores="dmarc.policy.weakened"), timeout_s=25)
    require_nothing_readable(stage)


@scenario
def hijacked_resolvers_do_not_win(world, board, on_line):
    """Both resolvers say p=none, the zone's own servers p=reject: a divergence, never an alert."""
    stage, _ = with_authorities(world, board, on_line)
    stage.weaken_dmarc()
    divergent, = stage.expect(DIVERGENT, timeout_s=20)
    require("p=none" in divergent["new"] or "dmarc.policy.weakened" in divergent["new"],
            "what the resolvers say to be named", divergent.line)
    require(any(way.bare() in divergent.text + divergent["new"] for way in stage.ways)
            and any(address in divergent.text + divergent["old"] for address in AUTHORITIES),
            "who says so and who does not to be named", divergent.line)
    stage.may_come = is_about_divergence
    stage.taken = 0
    stage.expect_no_more(quiet_s=12)
    require(not stage.board.find(ALERT_OPENED), "no alert opened", stage.board.seen())
    stage.put_all_back()
    stage.expect_no_more(quiet_s=4)
    require_nothing_readable(stage)


@scenario
def one_stale_authority_holds_back(world, board, on_line):
    """One of the zone's own servers has the change, the other has not: a divergence, no alert."""
    stage, authorities = with_authorities(world, board, on_line)
    weak = stage.zone.having(DMARC, "TXT", quoted(WEAK_DMARC))
    authorities[0].publish(weak)
    stage.expect(DIVERGENT, timeout_s=20)
    stage.may_come = is_about_divergence
    stage.taken = 0
    stage.expect_no_more(quiet_s=8)
    require(not stage.board.find(ALERT_OPENED), "no alert opened", stage.board.seen())
    authorities[1].publish(weak)
    stage.expect(WEAKENED, timeout_s=25)
    require_nothing_readable(stage)
