"""
Scenarios of start and end: seed, addresses, configuration, halt.

SPDX-License-Identifier: MIT
"""

import os
import re
import time

from scenario import SAYS_FAILED, require, scenario
from story import DOMAIN, Stage
from world import Problem

# ---- start and end --------------------------------------------------------------------------


def require_silence(board):
    """Not one question, not one connection; DHCP and its like are all that there may be."""
    strangers = board.wire.strangers(set())
    require(not strangers, "nothing sent but to find its place in the network",
            f"seen: {strangers}", board.seen())


@scenario
def no_seed(world, board, on_line):
    """Without a seed, with half of one, with a constant one: nothing is sent, not even DNS."""
    stage = Stage(world, board, on_line)
    for words, seed in (("no seed", b""), ("seed", os.urandom(24)), ("seed", b"\xff" * 48)):
        stage.board.boot(seed)
        stage.board.wait_for(r"entropy: .*" + words, 8)
        time.sleep(2)
        require_silence(stage.board)
    require(not stage.collector.has_received(), "nothing in the collector's file", stage.seen())


@scenario
def addresses_are_shown(world, board, on_line):
    """The console tells each address and where it is from: DHCP, and SLAAC with our MAC in it."""
    stage = Stage(world, board, on_line)
    stage.boot()
    stage.board.wait_for(r"^net: 10\.0\.2\.15 \(DHCP\)$", 5)
    stage.board.wait_for(r"^net: fec0::5054:ff:fe12:3456 \(SLAAC\)$", 5)
    lines = [text for _, text in stage.board.lines if text.startswith("net: ")]
    require(len(lines) == 2, "each address once, and no link-local one", f"seen: {lines}")
    stage.board.type("status")
    for way in stage.ways:
        stage.board.wait_for(rf"^resolver {re.escape(way.bare())} \(UDP\): .* answered", 5)


@scenario
def two_boots_differ(world, board, on_line):
    """Two boots of one image ask with other ids and from other ports (RFC 5452)."""
    stage = Stage(world, board, on_line)
    boots = []
    for _ in range(2):
        stage.boot()
        boots.append([(question[0], port) for port, _, _, question in stage.board.wire.questions()])
    first, second = boots
    for asked in boots:
        require(len(asked) >= 5, "five questions or more before the baseline", f"seen: {asked}")
        for what, values in zip(("ids", "ports"), zip(*asked)):
            steps = {(b - a) % 65536 for a, b in zip(values, values[1:])}
            require(len(set(values)) > len(values) // 2 and len(steps) > len(values) // 3,
                    f"{what} that cannot be guessed from one another", f"seen: {values}")
    require(not set(first) & set(second), "no pair of id and port the same in both boots",
            f"first:  {first}", f"second: {second}")
    same = {one[0] for one in first} & {one[0] for one in second}
    require(len(same) <= 1, "other ids in the second boot", f"in both: {same}")


# (what, text of the good configuration, text instead, the line that must be named is the one with
# this text (None: any line), pattern of the words)
BAD_CONFIGS = (
    ("unknown key", "interval = 2s", "intervall = 2s", "intervall", "intervall"),
    ("unknown section", "[dns]\n", "[dsn]\n", "[dsn]", "dsn"),
    ("malformed domain", f"[watch {DOMAIN}]", "[watch vedette..example]", "[watch", "vedette"),
    ("bad address", "server = 10.0.2.2:", "server = 10.0.2.256:", "10.0.2.256", r"10\.0\.2\.256"),
    ("collector that is not there", "report = soc", "report = sock", "report = sock", "sock"),
    ("collector without url", "url = ", ";url = ", None, "url"),
    ("clear-text collector", "syslogs://", "syslog://", "url = ", "."),
    ("CA file that is not there", "ca = collector-ca.pem", "ca = none.pem", "ca = ", r"none\.pem"),
)


@scenario
def bad_config(world, board, on_line):
    """Each mistake: file, line and what is wrong on the console; the agent does not start."""
    stage = Stage(world, board, on_line)
    good = stage.config()
    for what, old, new, marked, words in BAD_CONFIGS:
        text = good.replace(old, new, 1)
        require(text != good, f"the good configuration to contain '{old}'")
        number = r"\d+" if marked is None else 1 + next(
            at for at, line in enumerate(text.split("\n")) if marked in line)
        stage.board.put("vedette.ini", text)
        stage.board.boot()
        try:
            stage.board.wait_for(rf"vedette\.ini:{number}: .*{words}", 8)
            time.sleep(0.7)
            require(not stage.board.find("baseline taken"), "the agent not to start",
                    stage.board.seen())
            require_silence(stage.board)
        except Problem as problem:
            raise Problem(f"{what}: {problem.line}", *problem.seen) from problem
    require(not stage.collector.has_received(), "nothing in the collector's file", stage.seen())


@scenario
def halt_is_orderly(world, board, on_line):
    """halt on the console: quickly, with code 0 and the arena's figures; also in bad times."""
    stage = Stage(world, board, on_line)

    def halt(when):
        began = time.monotonic()
        code = stage.board.halt(5)
        require(code == 0, f"exit code 0 after halt {when}", f"seen: {code}", stage.board.seen())
        arena = stage.board.wait_for(r"TLS arena: peak (\d+) of (\d+) bytes", 1)
        require(int(arena[1]) <= int(arena[2]), "a peak within the arena", "seen: " + arena[0])
        return time.monotonic() - began

    stage.boot()
    halt("at rest")
    stage.boot()
    stage.collector.stop()
    stage.weaken_dmarc()
    stage.board.wait_for(SAYS_FAILED.format(""), 15)
    halt("while the collector is down")
    for knot in stage.knots:
        knot.freeze()
    stage.board.boot()
    stage.board.wait_for(r"net: ", 8)
    time.sleep(1)
    halt("while the resolvers are silent")
