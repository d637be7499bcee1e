"""
Scenarios of what an attacker off the path would have to guess: ids, ports, sequence numbers
(RFC 5452, RFC 6056, RFC 6528).

SPDX-License-Identifier: MIT
"""

import guess
from nameservers import Unbound
from scenario import require, require_nothing_readable, scenario
from story import Stage, ways_to
from world import wait_until

DATAGRAMS, CONNECTIONS = 100, 30
ID, UDP_PORT, TCP_PORT, ISN = (0, 65535), (1024, 65535), (49152, 65535), (0, 0xffffffff)


def numbers_of(board):
    """{what: (values in the order of their use, range)} of the present boot."""
    asked = [one for one in board.wire.questions() if one.question]
    opened = [stream for stream in board.wire.streams() if stream.isn is not None]
    over_tcp = [question[0] for stream in opened for question in stream.questions() if question]
    return {"ids over UDP": ([one.question[0] for one in asked], ID),
            "source ports of UDP": ([one.source_port for one in asked], UDP_PORT),
            "ids over TCP": (over_tcp, ID),
            "source ports of TCP": ([stream.source_port for stream in opened], TCP_PORT),
            "initial sequence numbers": ([stream.isn for stream in opened], ISN)}


def require_unpredictable(board):
    for what, (values, (low, high)) in numbers_of(board).items():
        missed = guess.misjudged(low, high, len(values))
        require(not missed, f"a statistic that tells counters from chance by {len(values)} values",
                *missed)
        found = guess.weaknesses(values, low, high)
        require(not found, f"{what} that cannot be guessed from one another", *found,
                f"seen: {values}")


def shared(boots, what):
    """Values that occur in more than one boot."""
    sets = [set(boot[what][0]) for boot in boots]
    pairs = ((one, other) for at, one in enumerate(sets) for other in sets[at + 1:])
    return set().union(*(one & other for one, other in pairs))


@scenario
def ports_and_isns_are_unpredictable(world, board, on_line):
    """Ids, source ports and ISNs of 100 questions and 30 connections; and of three boots."""
    stage = Stage(world, board, on_line)
    # One resolver over UDP, the other over TCP, which ends each connection as soon as it is idle;
    # both by IPv4, which the board has at once.
    unbound = Unbound(world, "unbound", stage.knots[1], stage.zones, idle_ms=20)
    stage.use([ways_to(*stage.knots)[0], ways_to(unbound, scheme="tcp")[0]])
    device = stage.board
    boots = []
    for _ in range(2):
        stage.boot()
        device.type("check")
        device.wait_for("baseline taken", 5)
        boots.append(numbers_of(device))
    stage.boot()

    def has_enough():
        device.type("check")
        udp, tcp = len(device.wire.questions()), len(device.wire.streams())
        return udp >= DATAGRAMS and tcp >= CONNECTIONS

    wait_until(f"{DATAGRAMS} datagrams and {CONNECTIONS} connections", 45,
               lambda: has_enough() or stage.expect_no_more(quiet_s=0.1), stage.seen)
    device.halt()
    require_unpredictable(device)
    require_nothing_readable(stage)
    boots.append(numbers_of(device))
    require(not shared(boots, "initial sequence numbers"), "other ISNs in each boot",
            f"in several: {shared(boots, 'initial sequence numbers')}")
    firsts = [[boot[what][0][0] for what in boot if boot[what][0]] for boot in boots]
    require(len({tuple(one[:2]) for one in firsts}) == len(boots), "another start in each boot",
            f"seen: {firsts}")
    for what in ("ids over UDP", "source ports of UDP"):
        few = min(len(boot[what][0]) for boot in boots)
        same = shared(boots, what)
        require(len(same) <= 2 + few // 8, f"other {what} in each boot", f"in several: {same}")
