"""
Scenarios of resolvers that do not answer, or lie.

SPDX-License-Identifier: MIT
"""

import re

from nameservers import FakeDns
from scenario import ALERT_OPENED, require, require_nothing_readable, scenario
from story import WEAKENED, Stage
from world import wait_until

BLIND_CODES = ("agent.blind", "resolver.blind", "watch.blind")


def is_about_blindness(event):
    return bool({event["code"], event["restores"]} & set(BLIND_CODES))


def blindness_of(stage):
    """All events about blindness, in order."""
    kept, stage.may_come = stage.may_come, lambda event: not is_about_blindness(event)
    try:
        return stage.events()
    finally:
        stage.may_come = kept


def blind_line(way, words):
    return rf"resolver {re.escape(way.bare())} is blind: .*{words}"


def blind_raises_nothing(stage, break_them, mend_them, words):
    """
    Both resolvers fail for everything and come back: each is named with the reason, the agent says
    that it is blind and that it sees again; no alert about a record, ever.

    words  the reason, as the console has it.

    At the end the watch must still see: a real mishap is told.
    """
    board = stage.board
    stage.may_come = is_about_blindness
    stage.boot()
    break_them()
    for way in stage.ways:
        stage.wait_for(blind_line(way, words), 40)
    stage.wait_for("^the agent is blind", 75)  # three checks of each, and each is a time-out
    stage.expect_no_more(quiet_s=2)
    mark = len(board.lines)
    mend_them()
    stage.wait_for("^the agent can see again", 25, after=mark)
    opened = board.find(ALERT_OPENED)
    require(not opened, "no alert opened while the resolvers fail", stage.seen())
    stage.weaken_dmarc()
    stage.expect(WEAKENED, timeout_s=25)
    require_blindness_told(stage, words)
    require_nothing_readable(stage)


def require_blindness_told(stage, words):
    """What the admin got afterwards: when it was blind and why, and that it sees again."""
    def look():
        events = blindness_of(stage)
        return events if any(one["restores"] == "agent.blind" for one in events) else None

    told = wait_until("agent.blind and its end at the collector", 5, look, stage.seen)
    first = next((one for one in told if one["code"] == "agent.blind"), None)
    require(first and first["class"] == "UNKNOWN" and not first["domain"],
            "agent.blind, class UNKNOWN, of no domain", *[one.line for one in told])
    for way in stage.ways:
        require(re.search(re.escape(way.bare()) + ".*" + words, first["new"]),
                f"the event to name {way.bare()} and /{words}/", first.line)
    open_ = set()
    for one in told:
        scope = (one["restores"] or one["code"], one["record"])
        require((scope in open_) == (one["class"] == "RESTORED"),
                "each blindness told once, and its end after it", *[one.line for one in told])
        open_ ^= {scope}
    require(not open_, "each blindness to end", f"still open: {open_}")


def replace_knots(world, stage, how):
    """Functions to put wrong servers on the knots' ports, and to put the knots back."""
    fakes = []

    def break_them():
        for knot in stage.knots:
            knot.stop()
            fakes.append(FakeDns(world, knot.port, how))

    def mend_them():
        for fake, knot in zip(fakes, stage.knots):
            fake.stop()
            knot.start()
        for fake in fakes:
            require(len(fake.asked) >= 2, "each wrong server to be asked", f"asked: {fake.asked}")

    return break_them, mend_them


@scenario
def dns_stopped_is_unknown(world, board, on_line):
    """Nobody listens on the resolvers' ports."""
    stage = Stage(world, board, on_line)
    blind_raises_nothing(stage, lambda: [knot.stop() for knot in stage.knots],
                         lambda: [knot.start() for knot in stage.knots], ".")


@scenario
def dns_silent_is_unknown(world, board, on_line):
    """The resolvers are there and answer nothing: time-outs."""
    stage = Stage(world, board, on_line)
    blind_raises_nothing(stage, lambda: [knot.freeze() for knot in stage.knots],
                         lambda: [knot.thaw() for knot in stage.knots], "time")


@scenario
def dns_servfail_is_unknown(world, board, on_line):
    stage = Stage(world, board, on_line)
    blind_raises_nothing(stage, *replace_knots(world, stage, "servfail"), "SERVFAIL")


@scenario
def dns_refused_is_unknown(world, board, on_line):
    stage = Stage(world, board, on_line)
    blind_raises_nothing(stage, *replace_knots(world, stage, "refused"), "REFUSED")


@scenario
def dns_empty_without_proof_is_unknown(world, board, on_line):
    """NOERROR without answer and without SOA proves nothing (RFC 2308, section 2.2)."""
    stage = Stage(world, board, on_line)
    blind_raises_nothing(stage, *replace_knots(world, stage, "empty"), "absence not proved")


@scenario
def dns_garbage_is_unknown(world, board, on_line):
    """Noise with the right id, from the right address."""
    stage = Stage(world, board, on_line)
    blind_raises_nothing(stage, *replace_knots(world, stage, "garbage"), ".")


@scenario
def dns_portal_is_unknown(world, board, on_line):
    """A captive portal: every name, there or not, gets an answer of its making."""
    stage = Stage(world, board, on_line)
    blind_raises_nothing(stage, *replace_knots(world, stage, "portal"), "rewrites|captive portal")
