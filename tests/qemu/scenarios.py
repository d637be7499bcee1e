"""
The QEMU tests: one board, real servers, and what can go wrong between them.

    scenarios.py --board mps2-an385 [--only NAME]... [-v] [-j N]

Each scenario is a function of this file and runs in a process and a world of its own.  Prints a
line for each and 'N passed, N failed, N skipped' at the end; exit code 0 only if none failed.

SPDX-License-Identifier: MIT
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True

from board import image_of
from story import (COLLECTOR, DMARC, DMARC_RESTORED, DOMAIN, KEY_MISSING, KEY_RESTORED, WEAKENED,
                   Expected, Stage)
from world import FakeDns, OldTls, Problem, Process, World, end_on_signals, wait_until

# What the console says, as patterns.
SAYS_UNKNOWN = rf"{re.escape(DOMAIN)}\b.*\bunknown\b"
SAYS_OTHER_OPENED = r"alert opened: (?!watch\.blind)"
SAYS_FAILED = r"channel soc: .*{}.*; next try in \d+ s"
SAYS_OPENED = r"alert opened: dmarc\.policy\.weakened " + re.escape(DMARC)

# Nothing of an event may ever be readable on the wire.  The collector's own name is, in SNI.
CLEAR_TEXT = re.compile(rb"dmarc\.policy|_dmarc|_domainkey|vedette@|demo-gw|p=none|p=reject|"
                        rb"(?<!collector\.)vedette\.example")

# A TLS 1.3 client ends a handshake that it does not believe by an encrypted alert, sent as a
# record of application data: 19 bytes.  The smallest event has more than ten times that.
ALERT_RECORDS_MAX = 64

SCENARIO_MAX_S = 45

scenarios = {}


class Skip(Exception):
    """This machine cannot play the scenario; the text says why."""


def scenario(function):
    scenarios[function.__name__] = function
    return function


def require(condition, expected, *seen):
    if not condition:
        raise Problem("expected: " + expected, *seen)


def require_nothing_readable(stage):
    """All that the board sent: DNS to the two servers, and nothing of an event in clear."""
    ports = {knot.port for knot in stage.knots}
    stray = {port for _, port, _ in stage.board.wire.questions()} - ports
    require(not stray, "datagrams to the configured resolvers only", f"seen to ports: {stray}")
    for (_, port, *_), stream in stage.board.wire.streams().items():
        require(port == stage.collector.port, "TCP to the collector only", f"seen to: {port}")
        found = CLEAR_TEXT.search(bytes(stream.sent))
        require(not found, "no word of an event in clear on the wire",
                f"seen at byte {found and found.start()}: {found and found[0]!r}")


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
    for stream in stage.board.wire.streams().values():
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
    streams = [stream for stream in board.wire.streams().values() if stream.sent]
    require(len(streams) >= 2, "two tries seen on the wire", stage.seen())
    for stream in streams:
        records = stream.records()
        require(records and records[0][0] == 22, "a TLS handshake on the wire",
                f"sent: {bytes(stream.sent[:40])!r}")
        sent = sum(length for kind, length in records if kind == 23)
        require(sent <= ALERT_RECORDS_MAX, "no application data sent to this collector",
                f"{sent} bytes in records {records}")


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


# ---- resolvers that do not answer, or lie -----------------------------------------------------


def is_about_blindness(event):
    return event["code"] == "watch.blind" or event["restores"] == "watch.blind"


def unknown_raises_nothing(stage, break_them, mend_them, rounds_s=0):
    """
    The resolvers fail for a round or more and come back: no alert about a record, ever.

    rounds_s  how long to go on after the first round; one of time-outs takes 12 s by itself.

    At the end the watch must still see: a real mishap is told.
    """
    stage.may_come = is_about_blindness
    stage.boot()
    mark = len(stage.board.lines)
    break_them()
    stage.wait_for(f"{SAYS_UNKNOWN}|{SAYS_OTHER_OPENED}", 20, after=mark)
    stage.expect_no_more(quiet_s=rounds_s)
    mend_them()
    stage.expect_no_more(quiet_s=1)
    opened = stage.board.find(SAYS_OTHER_OPENED)
    require(not opened, "no alert opened while the resolvers fail", stage.seen())
    stage.weaken_dmarc()
    stage.expect(WEAKENED, timeout_s=20)
    blind = [event["code"] for event in map_events(stage) if is_about_blindness(event)
             and event["class"] != "RESTORED"]
    restored = [event for event in map_events(stage) if event["class"] == "RESTORED"]
    require(len(restored) <= len(blind), "'restored' only after 'watch.blind'", stage.seen())


def map_events(stage):
    """All events, those about blindness too."""
    kept, stage.may_come = stage.may_come, lambda event: False
    try:
        return stage.events()
    finally:
        stage.may_come = kept


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
        require(sum(len(fake.asked) for fake in fakes) >= 4, "the wrong servers to be asked",
                f"asked: {[fake.asked for fake in fakes]}")

    return break_them, mend_them


@scenario
def dns_stopped_is_unknown(world, board, on_line):
    """Nobody listens on the resolvers' ports."""
    stage = Stage(world, board, on_line)
    unknown_raises_nothing(stage, lambda: [knot.stop() for knot in stage.knots],
                           lambda: [knot.start() for knot in stage.knots])


@scenario
def dns_silent_is_unknown(world, board, on_line):
    """The resolvers are there and answer nothing: time-outs."""
    stage = Stage(world, board, on_line)
    unknown_raises_nothing(stage, lambda: [knot.freeze() for knot in stage.knots],
                           lambda: [knot.thaw() for knot in stage.knots])


@scenario
def dns_servfail_is_unknown(world, board, on_line):
    stage = Stage(world, board, on_line)
    unknown_raises_nothing(stage, *replace_knots(world, stage, "servfail"), rounds_s=7)


@scenario
def dns_refused_is_unknown(world, board, on_line):
    stage = Stage(world, board, on_line)
    unknown_raises_nothing(stage, *replace_knots(world, stage, "refused"), rounds_s=7)


@scenario
def dns_empty_without_proof_is_unknown(world, board, on_line):
    """NOERROR without answer and without SOA proves nothing (RFC 2308, section 2.2)."""
    stage = Stage(world, board, on_line)
    unknown_raises_nothing(stage, *replace_knots(world, stage, "empty"), rounds_s=7)


@scenario
def dns_garbage_is_unknown(world, board, on_line):
    """Noise with the right id, from the right address."""
    stage = Stage(world, board, on_line)
    unknown_raises_nothing(stage, *replace_knots(world, stage, "garbage"))


@scenario
def one_resolver_lies(world, board, on_line):
    """One of two loses the record: no alert.  Then the other does too: now there is one."""
    stage = Stage(world, board, on_line)
    stage.boot()
    without = stage.zone.having(DMARC, "TXT")
    liar, honest = stage.knots
    liar.publish(without)
    wait_until("three NXDOMAIN for the DMARC record from the lying resolver", 12, lambda: 3 <= len(
        [1 for port, rcode, question in stage.board.wire.answers()
         if port == liar.port and rcode == 3 and question and question[1] == DMARC]), stage.seen)
    stage.expect_no_more(quiet_s=2)
    require(not stage.board.find("alert opened: "), "no alert opened", stage.board.seen())
    honest.publish(without)
    stage.expect(Expected(DMARC, code="dmarc.record.missing"))


# ---- start and end --------------------------------------------------------------------------


def require_silence(board):
    """Not one question, not one connection; DHCP is all that there may be."""
    require(not board.wire.questions(), "no datagram sent",
            f"seen: {board.wire.questions()[:5]}", board.seen())
    require(not board.wire.streams(), "no connection opened",
            f"seen: {list(board.wire.streams())[:5]}", board.seen())


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
def two_boots_differ(world, board, on_line):
    """Two boots of one image ask with other ids and from other ports (RFC 5452)."""
    stage = Stage(world, board, on_line)
    boots = []
    for _ in range(2):
        stage.boot()
        boots.append([(question[0], port) for port, _, question in stage.board.wire.questions()])
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


# ---- running them ---------------------------------------------------------------------------

PASSED, FAILED, SKIPPED = 0, 1, 77


def run_here(name, board, is_verbose):
    """Run one scenario in this process.  Returns PASSED, FAILED or SKIPPED."""
    on_line = (lambda line: print("    board | " + line, flush=True)) if is_verbose else None
    try:
        with World() as world:
            scenarios[name](world, board, on_line)
        return PASSED
    except Skip as reason:
        print(reason)
        return SKIPPED
    except Problem as problem:
        print(problem)
        return FAILED


def run_apart(world, name, args):
    """Run one scenario in a process of its own.  Returns (result, seconds, its output)."""
    began = time.monotonic()
    log = os.path.join(world.path, name)
    child = Process(name, [sys.executable, os.path.abspath(__file__), "--board", args.board,
                           "--alone", name] + (["-v"] if args.verbose else []), world.path, log)
    child.patience_s = 15  # it has a world of its own to take down
    world.own(child)
    try:
        code = child.popen.wait(SCENARIO_MAX_S)
    except subprocess.TimeoutExpired:
        child.stop()
        code = FAILED
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"expected the scenario to take at most {SCENARIO_MAX_S} s\n")
    with open(log, encoding="utf-8", errors="replace") as file:
        return code, time.monotonic() - began, file.read().rstrip()


def run_all(names, args):
    """Run scenarios, so many at a time; a line for each.  Returns the number that failed."""
    counts = {PASSED: 0, FAILED: 0, SKIPPED: 0}
    words = {PASSED: "ok  ", FAILED: "FAIL", SKIPPED: "skip"}
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool, World() as world:
        running = {pool.submit(run_apart, world, name, args): name for name in names}
        try:
            for done in concurrent.futures.as_completed(running):
                code, seconds, output = done.result()
                result = code if code in counts else FAILED
                counts[result] += 1
                print(f"{words[result]}  qemu/{running[done]:<36} {seconds:5.1f} s", flush=True)
                if output and (result != PASSED or args.verbose):
                    print("\n".join("      " + line for line in output.split("\n")), flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # then the world stops what runs
            raise
    print(f"{counts[PASSED]} passed, {counts[FAILED]} failed, {counts[SKIPPED]} skipped",
          flush=True)
    return counts[FAILED]


def main():
    parser = argparse.ArgumentParser(description="vedette's QEMU tests")
    parser.add_argument("--board", required=True, help="a folder of boards/ with a qemu.args")
    parser.add_argument("--only", action="append", metavar="NAME", choices=sorted(scenarios))
    parser.add_argument("-v", "--verbose", action="store_true", help="show the console too")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="boards at a time (2)")
    parser.add_argument("--alone", choices=sorted(scenarios), help=argparse.SUPPRESS)
    args = parser.parse_args()
    end_on_signals()
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if args.alone:
            return run_here(args.alone, args.board, args.verbose)
        with tempfile.TemporaryDirectory(prefix="vedette-image-") as folder:
            if os.path.exists(image_of(args.board)):
                os.environ["VD_IMAGE"] = shutil.copy(image_of(args.board), folder)
            return 1 if run_all(args.only or list(scenarios), args) else 0
    except KeyboardInterrupt:
        print("stopped", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
