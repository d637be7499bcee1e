"""
Scenarios of the watch itself: what it costs, what it tells at first, what people say to it.

SPDX-License-Identifier: MIT
"""

import re

from nameservers import SlowDns
from scenario import require, require_nothing_readable, scenario
from story import (COLLECTOR, DMARC, DOMAIN, KEY_MISPLACED, OPEN_BELOW, SELECTOR_1, WEAKENED,
                   Expected, Stage, good_zones, quoted, restored, ways_to)
from world import wait_until

ROUNDS = 3  # of an unchanged domain
ASKED_MIN = 15  # questions of one round for the demo's domain, at least

A, NS, AAAA = 1, 2, 28
# What is asked beside the survey: the self-check of the resolvers, and where the collector is.
BESIDE = {(DOMAIN, NS), ("*." + DOMAIN, A), (COLLECTOR, A), (COLLECTOR, AAAA)}

FIRST = Expected(DOMAIN, code="domain.first.findings")
ACCEPTED = Expected(DMARC, restores=WEAKENED.code)


def without_chance(question):
    """The random label of a probe, in a question, as a star."""
    _, name, rrtype = question
    return re.sub(r"^[a-z]{10,}(?=[.])", "*", name), rrtype


@scenario
def unchanged_domain_costs_one_round_trip(world, board, on_line):
    """From the second round on, every question is on its way before the first answer comes."""
    stage = Stage(world, board, on_line)
    slow = SlowDns(world, stage.knots[0], delay_s=0.15)
    stage.use(ways_to(slow))
    stage.boot()
    wire = stage.board.wire

    def whole_bursts():
        return [burst for burst in wire.bursts() if len(burst) >= ASKED_MIN]

    wait_until(f"{ROUNDS} rounds in one burst each", 25, lambda: len(whole_bursts()) >= ROUNDS,
               lambda: f"bursts: {[len(burst) for burst in wire.bursts()]}\n" + stage.seen())
    stage.board.halt()
    bursts = wire.bursts()
    since = bursts.index(whole_bursts()[0])
    rounds = bursts[since:since + ROUNDS]
    asked = [sorted(map(without_chance, burst)) for burst in rounds]
    require(all(one == asked[0] for one in asked), "the same questions in each round, all at once",
            *[f"seen: {one}" for one in asked])
    require(len(set(asked[0])) == len(asked[0]), "no question twice in a round", f"{asked[0]}")
    before = {without_chance(one) for burst in bursts[:since] for one in burst}
    require(before <= set(asked[0]) | BESIDE, "all that the first round asked for",
            f"not asked again: {before - set(asked[0]) - BESIDE}")
    stage.expect_no_more()


@scenario
def doubled_host_name_is_recognised(world, board, on_line):
    """The DNS host has appended the domain: the alert says so, and what to type instead."""
    stage = Stage(world, board, on_line)
    stage.boot()
    stage.double_the_name()
    event, = stage.expect(KEY_MISPLACED)
    key = re.findall(r'"([^"]*)"', stage.zone.records[SELECTOR_1, "TXT"][0])
    for words in (f"{SELECTOR_1}.{DOMAIN}", "in the host field type only s1._domainkey",
                  "".join(key)):
        require(words in event["mend"], f"the mend line to have '{words}'", event.line)
    require("appended twice" in event.text, "the text to say what happened", event.line)
    stage.put_all_back()
    stage.expect(restored(KEY_MISPLACED))
    require_nothing_readable(stage)


@scenario
def first_findings_are_one_message(world, board, on_line):
    """A domain with two things wrong when it is first seen: one message that names both."""
    own, provider = good_zones()
    own = own.having(DMARC, "TXT", quoted(OPEN_BELOW))
    own = own.having(DOMAIN, "TXT", quoted("v=spf1 ip4:192.0.2.0/24 +all"))
    stage = Stage(world, board, on_line, zones=(own, provider))
    stage.boot()
    event, = stage.expect(FIRST)
    require(event["severity"] == "critical", "as loud as the worst of them", event.line)
    for words in ("spf.all.pass", "dmarc.subdomains.weakened", "+all", "sp=none"):
        require(words in event["new"], f"'{words}' to be named", event.line)
    stage.expect_no_more(quiet_s=3)
    stage.board.type("alerts")
    stage.board.wait_for("^2 alerts open", 5)
    require_nothing_readable(stage)


@scenario
def ack_and_accept_on_the_console(world, board, on_line):
    """ack: the alert stays, acknowledged.  accept: it is over, and what it was about is normal."""
    stage = Stage(world, board, on_line)
    stage.boot()
    stage.weaken_dmarc()
    stage.expect(WEAKENED)
    console = stage.board
    console.type("alerts")
    number = console.wait_for(r"^alert (\d+): dmarc\.policy\.weakened, critical", 5)[1]
    console.type(f"ack {number}")
    console.wait_for(f"^alert {number}: no more reminders", 5)
    console.type("alerts")
    console.wait_for(f"^alert {number}: .*, acknowledged$", 5)
    console.type("accept 999")
    console.wait_for("^no open alert 999", 5)
    stage.expect_no_more()
    console.type(f"accept {number}")
    event, = stage.expect(ACCEPTED)
    require(event["code"] == "baseline.accepted" and "p=none" in event["new"],
            "baseline.accepted, with what is normal now", event.line)
    require("console" in event["knownby"], "it to say where it was accepted", event.line)
    console.type("alerts")
    console.wait_for("^0 alerts open", 5)
    stage.expect_no_more(quiet_s=4)
    require_nothing_readable(stage)
