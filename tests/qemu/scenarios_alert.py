"""
Scenarios of the alert itself: the story, and collectors that must not be believed.

SPDX-License-Identifier: MIT
"""

import re
import time

from collector import OldTls
from scenario import (SAYS_FAILED, SAYS_OPENED, require, require_no_application_data,
                      require_nothing_readable, scenario, streams_to_collector)
from story import (COLLECTOR, DMARC_RESTORED, DOMAIN, KEY_MISSING, KEY_RESTORED, WEAKENED, Stage)
from world import wait_until

# ---- the story ------------------------------------------------------------------------------


def check_event(event, severity_number, **fields):
    """The fields that a receiver relies on."""
    for name, value in fields.items():
        require(re.search(value, event[name.rstrip("_")]),
                f"{name.rstrip('_')} matching /{value}/", "seen: " + event.line)
    require(event.severity_number == severity_number, f"PRI with severity {severity_number}",
            "seen: " + event.line)
    require((event.host, event.app, event.msgid, event.sdid)
            == ("demo-gw", "vedette", event["code"], "vedette@32473"),
            "HOST demo-gw, APP vedette, MSGID as the code, SD-ID vedette@32473",
            "seen: " + event.line)
    require(-5 < event.age_s() < 60, "the event's time to be now", f"age: {event.age_s():.0f} s",
            "seen: " + event.line)
    require(event["id"] and event["domain"] == DOMAIN and event.text,
            "an id, the domain and a sentence for a person", "seen: " + event.line)


@scenario
def story(world, board, on_line):
    """Weakened, missing, restored: each alert arrives, in order, with all its fields."""
    stage = Stage(world, board, on_line)
    stage.boot()
    require(not stage.board.has_seed(), "the seed to be destroyed as it is read", stage.seen())
    stage.weaken_dmarc()
    weakened, = stage.expect(WEAKENED)
    check_event(weakened, 2, class_="^CRITICAL$", severity="^critical$", axis="SPOOF", type="^TXT$",
                old="p=reject", new="p=none", mend="p=reject", knownby=".", restores="^$")
    stage.lose_key()
    missing, = stage.expect(KEY_MISSING)
    check_event(missing, missing.severity_number, class_="^(CRITICAL|BROKEN)$", axis="DELIVERY",
                mend=".", knownby=".", restores="^$")
    require(missing.severity_number <= 3, "severity error or critical", "seen: " + missing.line)
    stage.put_all_back()
    restored = stage.expect(DMARC_RESTORED, KEY_RESTORED)
    for event in restored:
        check_event(event, event.severity_number, class_="^RESTORED$", restores=".")
    stage.expect_no_more(quiet_s=3)

    numbers = [int(event["seq"]) for event in (weakened, missing, *restored)]
    require(numbers == sorted(set(numbers)), "rising journal numbers", f"seen: {numbers}")
    require(len({event["id"] for event in stage.events()}) == 4, "an id of its own for each event",
            *[event.line for event in stage.events()])
    require(stage.board.halt() == 0, "exit code 0", stage.board.seen())
    arena = stage.board.wait_for(r"TLS arena: peak (\d+) of (\d+) bytes", 1)
    require(0 < int(arena[1]) <= int(arena[2]), "a peak within the arena", "seen: " + arena[0])
    require_nothing_readable(stage)
    for stream in streams_to_collector(stage):
        require(stream.has_fin, "each connection to the collector ended in order (FIN)",
                stage.seen())


@scenario
def collector_with_rsa_over_tls13(world, board, on_line):
    """The other kind of key and the other version of TLS: the alert arrives as well."""
    stage = Stage(world, board, on_line, kind="rsa", priority="NORMAL:-VERS-ALL:+VERS-TLS1.3")
    require(stage.collector.speaks == "TLSv1.3", "a collector with TLS 1.3",
            f"it speaks {stage.collector.speaks}")
    stage.boot()
    stage.weaken_dmarc()
    stage.expect(WEAKENED)
    require_nothing_readable(stage)


# ---- collectors that must not be believed ----------------------------------------------------


def nothing_arrives(stage, words):
    """An alert is raised; the collector is refused twice, for this reason; nothing is sent."""
    stage.boot()
    stage.weaken_dmarc()
    board = stage.board
    stage.wait_for(SAYS_OPENED, 15)
    stage.wait_for(SAYS_FAILED.format(words), 10)
    wait_until("a second try", 10, lambda: 2 <= len(
        [1 for _, line in board.lines if re.search(SAYS_FAILED.format(words), line)]), board.seen)
    require(not stage.collector.has_received(), "nothing in the collector's file", stage.seen())
    require(not board.find("channel soc: delivered"), "no delivery claimed", stage.seen())
    require_nothing_readable(stage)
    streams = [stream for stream in streams_to_collector(stage) if stream.sent]
    require(len(streams) >= 2, "two tries seen on the wire", stage.seen())
    require_no_application_data(streams)


def day(unix_s):
    return time.strftime("%Y-%m-%d", time.gmtime(unix_s))


@scenario
def collector_unknown_ca(world, board, on_line):
    """Certificate for the right name, by another authority: nothing is sent."""
    nothing_arrives(Stage(world, board, on_line, foreign_ca=True), "unknown CA")


@scenario
def collector_wrong_host_name(world, board, on_line):
    """Right authority, certificate for another name: nothing is sent."""
    nothing_arrives(Stage(world, board, on_line, certificate=("elsewhere.example",)), "host name")


@scenario
def collector_expired_certificate(world, board, on_line):
    """Everything right but the date: nothing is sent, and the console tells the day."""
    stage = Stage(world, board, on_line, certificate=(COLLECTOR, -30, -2))
    nothing_arrives(stage, "expired on " + day(stage.certificate[3]))


@scenario
def collector_not_yet_valid(world, board, on_line):
    """A certificate of the future: nothing is sent, and the console tells the day."""
    stage = Stage(world, board, on_line, certificate=(COLLECTOR, 2, 30))
    nothing_arrives(stage, "not valid before " + day(stage.certificate[2]))


@scenario
def collector_tls11_only(world, board, on_line):
    """A collector that speaks only TLS 1.1: nothing is sent."""
    stage = Stage(world, board, on_line, priority="NORMAL:-VERS-ALL:+VERS-TLS1.1")
    require(stage.collector.speaks == "TLSv1.1", "a collector that speaks TLS 1.1 only",
            f"it speaks {stage.collector.speaks}")
    nothing_arrives(stage, "older TLS")


@scenario
def collector_tls11_only_by_openssl(world, board, on_line):
    """The same from a server that says why: a TLS alert instead of an end without a word."""
    stage = Stage(world, board, on_line)
    stage.collector.stop()
    stage.collector = OldTls(world, "s_server", stage.certificate)
    require(stage.collector.speaks == "TLSv1.1", "a collector that speaks TLS 1.1 only",
            f"it speaks {stage.collector.speaks}")
    stage.board.put("vedette.ini", stage.config())
    nothing_arrives(stage, "older TLS")


@scenario
def collector_down_then_up(world, board, on_line):
    """Down while the alert is raised: when it is back, the alert arrives, once."""
    stage = Stage(world, board, on_line)
    stage.boot()
    stage.collector.stop()
    stage.weaken_dmarc()
    stage.board.wait_for(SAYS_OPENED, 15)
    stage.board.wait_for(SAYS_FAILED.format(""), 10)
    stage.collector.start()
    stage.expect(WEAKENED, timeout_s=20)
    stage.board.wait_for(r"channel soc: delivered", 5)
    stage.expect_no_more(quiet_s=3)
