"""
The demo: a domain's records weaken, and a board in QEMU tells its admin over verified TLS.

    demo.py --board mps2-an385                    the whole story on loopback, in under a minute
    demo.py --board mps2-an385 --config my.ini    the real thing: your domains, until Ctrl-C

Exit code 0 only if each expected alert arrived, in order, and no other.

SPDX-License-Identifier: MIT
"""

import argparse
import contextlib
import os
import re
import select
import shutil
import signal
import sys
import textwrap
import threading
import time

sys.dont_write_bytecode = True

from board import Board, address_text, seen_from_board
from story import (COLLECTOR, DMARC, DMARC_RESTORED, DOMAIN, KEY_MISPLACED, KEY_REVOKED,
                   NO_KEY_LEFT, PASSES_ALL, PROVIDER_KEY, PROVIDER_SPF, SELECTOR_1, SUB_WEAKENED,
                   WEAKENED, Stage, restored)
from world import LOOPBACK, NoNetwork, Problem, World, end_on_signals, has_ip6, own_network

TOTAL_S = 58


class Paper:
    """What the reader sees: numbered steps, console lines, received lines.  Thread-safe."""

    COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32"}

    def __init__(self):
        self._lock = threading.Lock()
        self._steps = 0
        self._has_colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self._width = min(shutil.get_terminal_size((100, 24)).columns, 120)

    def line(self, text="", colour=None):
        if colour and self._has_colour:
            text = f"\033[{self.COLOURS[colour]}m{text}\033[0m"
        with self._lock:
            print(text, flush=True)

    def step(self, title):
        self._steps += 1
        self.line()
        self.line(f"{self._steps}. {title}", "bold")

    def console(self, text):
        self.line(f"   board | {text}", "dim")

    def received(self, event, after_s):
        """A whole line of the collector's file, folded for reading."""
        self.line(f"   rsyslog received, {after_s:.1f} s later:", "green")
        self.line(textwrap.fill(event.line, self._width, break_on_hyphens=False,
                                initial_indent="      ", subsequent_indent="        "))


# ---- the story ------------------------------------------------------------------------------


def mishap(paper, stage, title, diff, edit, *expected):
    """One edit of the zone, and what must arrive because of it."""
    paper.step(title)
    for line in diff:
        paper.line("   " + line, {"-": "red", "+": "green"}.get(line[0]))
    began = time.monotonic()
    edit()
    for event in stage.expect(*expected):
        paper.received(event, time.monotonic() - began)
    return len(expected)


def tell_the_story(paper, world, board):
    """Every step of the demo.  Returns the number of alerts that arrived as expected."""
    paper.step("A world on loopback: two name servers and a log collector")
    stage = Stage(world, board, paper.console)
    hosts = LOOPBACK if has_ip6() else LOOPBACK[:1] * 2
    for host, knot in zip(hosts, stage.knots):
        paper.line(f"   knot     {address_text(host, knot.port):<15}   authority of "
                   f"{stage.zone.name} and {stage.provider.name}")
    paper.line(f"   rsyslog  {address_text(hosts[0], stage.collector.port):<15}   TLS, with a "
               f"certificate for {COLLECTOR} made just now")
    inside = " and its ".join(f"{host} is {seen_from_board(host)}" for host in dict.fromkeys(hosts))
    paper.line(f"   (inside QEMU, this machine's {inside})")
    if not has_ip6():
        paper.line("   (this machine has no ::1: for the board, both knots are one source)")

    paper.step(f"The board {board} boots in QEMU, and looks at {DOMAIN}")
    stage.boot()

    count = mishap(paper, stage, "Mishap: somebody sets DMARC to p=none",
                   [f"- {DMARC} TXT v=DMARC1; p=reject; ...",
                    f"+ {DMARC} TXT v=DMARC1; p=none; ..."],
                   stage.weaken_dmarc, WEAKENED)
    count += mishap(paper, stage, "It is mended, and sp=none slips in",
                    [f"- {DMARC} TXT v=DMARC1; p=none; ...",
                     f"+ {DMARC} TXT v=DMARC1; p=reject; sp=none; ..."],
                    stage.open_subdomains, DMARC_RESTORED, SUB_WEAKENED)
    count += mishap(paper, stage, "Mishap: what the mail provider has us include turns +all",
                    [f"- {PROVIDER_SPF} TXT v=spf1 ip4:198.51.100.0/24 -all",
                     f"+ {PROVIDER_SPF} TXT v=spf1 +all"],
                    stage.pass_everybody, PASSES_ALL)
    count += mishap(paper, stage, "Mishap: the provider revokes the key that s2._domainkey "
                    "points to", [f"- {PROVIDER_KEY} TXT v=DKIM1; k=rsa; p=...",
                                  f"+ {PROVIDER_KEY} TXT v=DKIM1; p="],
                    stage.revoke_key, KEY_REVOKED)
    count += mishap(paper, stage, "Mishap: the other key is typed anew, with the whole name, where "
                    "the DNS host appends the domain itself",
                    [f"- {SELECTOR_1} TXT v=DKIM1; k=rsa; p=...",
                     f"+ {SELECTOR_1}.{DOMAIN} TXT v=DKIM1; k=rsa; p=..."],
                    stage.double_the_name, KEY_MISPLACED, NO_KEY_LEFT)
    count += mishap(paper, stage, "Everything is put back", ["  (both zones as they were)"],
                    stage.put_all_back, *map(restored, (SUB_WEAKENED, PASSES_ALL, KEY_REVOKED,
                                                        KEY_MISPLACED)))
    stage.expect_no_more(quiet_s=1.5)

    paper.step("The board is halted from its console")
    code = stage.board.halt()
    if code != 0:
        raise Problem(f"expected the board to end with code 0, it ended with {code}",
                      stage.board.seen())
    stage.expect_no_more()
    arena = stage.board.wait_for(r"TLS arena: peak (\d+) of (\d+) bytes", 1)
    return count, f"{arena[1]} of {arena[2]} bytes at most"


def story(board):
    paper = Paper()
    began = time.monotonic()
    paper.line("vedette demo: mail records weaken, and an alert arrives over verified TLS", "bold")
    with World() as world:
        if not has_ip6():
            with contextlib.suppress(NoNetwork):
                own_network(world)  # there is ::1 in it
        count, arena = tell_the_story(paper, world, board)
    paper.line()
    paper.line(f"Summary: all {count} expected alerts arrived, in order, and no other", "bold")
    paper.line(f"   TLS memory  {arena}")
    paper.line(f"   time        {time.monotonic() - began:.0f} s")
    return 0


# ---- the real thing -------------------------------------------------------------------------


def ca_files(path):
    """[(line number, file name)] of every 'ca =' in a configuration."""
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        found = [(number, re.match(r"\s*ca\s*[=:]\s*(.*?)\s*(?:\s;.*)?$", line))
                 for number, line in enumerate(file, 1)]
    return [(number, match[1]) for number, match in found if match]


def copy_config(paper, path, folder):
    """The device's files: the configuration as vedette.ini, and what it names."""
    try:
        shutil.copyfile(path, os.path.join(folder, "vedette.ini"))
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from error
    for number, name in ca_files(path):
        if not name or os.path.basename(name) != name:
            raise Problem(f"{path}:{number}: ca = {name}: name a file that lies beside this one, "
                          "without a folder")
        if name in ("vedette.ini", "seed.bin"):
            raise Problem(f"{path}:{number}: ca = {name}: that name is the device's own")
        try:
            shutil.copyfile(os.path.join(os.path.dirname(path), name), os.path.join(folder, name))
        except OSError as error:
            raise Problem(f"{path}:{number}: ca = {name}: {error.strerror} "
                          "(it must lie beside this file)") from error
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if re.match(r"[^;#]*(127\.0\.0\.1|localhost|::1\b)", line):
                paper.line(f"   hint: {path}:{number}: inside QEMU this is the board itself; "
                           "this machine's 127.0.0.1 is "
                           f"{seen_from_board('127.0.0.1')} there, and its ::1 is "
                           f"{seen_from_board('::1')}")


def pass_on_typing(device):
    """Give what is typed here to the board's console, for a tenth of a second."""
    if not sys.stdin.isatty():
        time.sleep(0.1)
    elif select.select([sys.stdin], [], [], 0.1)[0]:
        for line in os.read(sys.stdin.fileno(), 1024).decode("utf-8", "replace").splitlines():
            device.type(line)


def real(board, config):
    paper = Paper()
    with World() as world:
        paper.line(f"vedette on {board} in QEMU, with {config} as its vedette.ini", "bold")
        paper.line("   what you type goes to its console; Ctrl-C ends it")
        device = Board(world, board, world.folder("device"), paper.console, is_long=True)
        copy_config(paper, config, device.folder)
        device.boot()
        try:
            while device.is_alive():
                pass_on_typing(device)
            code = device.wait_exit(1)
            if code != 0:
                raise Problem(f"the board ended with code {code}", *device.complaints())
            return 0
        except (KeyboardInterrupt, SystemExit) as asked:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            paper.line()
            try:
                device.halt(5)
            except Problem:
                paper.line("   the board did not halt within 5 s: power off")
            if isinstance(asked, SystemExit):
                raise
            return 0


def main():
    parser = argparse.ArgumentParser(description="vedette in QEMU")
    parser.add_argument("--board", required=True, help="a folder of boards/ with a qemu.args")
    parser.add_argument("--config", help="watch what this file says, until Ctrl-C")
    args = parser.parse_args()
    end_on_signals()
    sys.stdout.reconfigure(errors="backslashreplace")

    def too_long(_number, _frame):
        raise Problem(f"expected the demo to take at most {TOTAL_S} s, and it is not over yet")

    try:
        if args.config:
            return real(args.board, args.config)
        signal.signal(signal.SIGALRM, too_long)
        signal.alarm(TOTAL_S)
        return story(args.board)
    except Problem as problem:
        print(f"\nFAILED: {problem}", flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nstopped", flush=True)
        return 130


if __name__ == "__main__":
    sys.exit(main())
