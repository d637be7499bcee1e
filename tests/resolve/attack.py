"""
An off-path forger against the resolver, and how hard to guess what it sends is.

Every run is bounded by packets or by questions, never by the speed of this machine.

SPDX-License-Identifier: MIT
"""

import collections
import os
import socket
import subprocess

from fakes import Fake, frame
from parts import EVIL, HONEST, NAME, text
from rows import BIN, ENVIRONMENT, Said, ask, ask_command
from world import Problem, World, wait_until

PART = "forger"
SERVER = "127.0.0.9"
SLOW_S = 0.6  # how long the honest server keeps the window open

# Generous: packets in a second on the slowest machine that still counts.
PACKETS_A_SECOND = 5000
BATCHES_A_SECOND = 0.3


class Slow(Fake):
    """An honest server on an address of its own, that takes its time."""

    def _open(self, kind):
        sock = socket.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((SERVER, self.port))
        sock.settimeout(0.2)
        return sock

    def url(self, scheme="udp"):
        return f"{scheme}://{SERVER}:{self.port}"


def slow(query, _fake, _transport):
    return [SLOW_S, text(query)]


def prompt(query, _fake, _transport):
    return text(query)


def attack(world, fake, packets, how, program="ask", until=None):
    """
    Ask over and over while `packets` forged responses come in.

    until   pattern in what `ask` prints that ends it early.
    Returns (Said, packets sent).
    """
    log = open(os.path.join(world.path, "ask.out"), "w+", encoding="utf-8", errors="replace")
    asker = subprocess.Popen(
        ask_command([fake.url()], [(NAME, "TXT")], "--repeat", "0", program=program),
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    forger = None
    try:
        wait_until("a first question", 30, lambda: fake.queries or asker.poll() is not None)
        forger = subprocess.Popen([os.path.join(BIN, "forger"), SERVER, str(fake.port), NAME,
                                   str(packets), how], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def is_over():
            if forger.poll() is not None or asker.poll() is not None:
                return True
            if until:
                with open(log.name, encoding="utf-8", errors="replace") as file:
                    return until in file.read()
            return False

        # One that knows the port has a target only while a question is open: a batch for each.
        limit_s = 60 + packets / (PACKETS_A_SECOND if how == "any" else BATCHES_A_SECOND * 64)
        wait_until(f"{packets} packets to be sent", limit_s, is_over)
        out, err = forger.communicate(timeout=30)  # closes its stdin: it ends
        if forger.returncode != 0 or not out.strip():
            raise Problem("the forger cannot forge", err.strip())
        asker.terminate()  # it ends after this round
        _, complaints = asker.communicate(timeout=90)
        log.seek(0)
        return Said(log.read(), complaints, asker.returncode), int(out)
    except subprocess.TimeoutExpired as late:
        raise Problem("a program does not end", str(late)) from None
    finally:
        for process in (asker, forger):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        log.close()


def summary(said):
    states = collections.Counter(f"{a.state} by {a.transport}" for a in said.answers)
    return ", ".join(f"{count} {state}" for state, count in states.most_common())


def is_fooled(said):
    return any(EVIL in value for a in said.answers for value in a.values("TXT"))


def row(table, title, expected, said, packets, wrong):
    wrong = said.trouble() or wrong
    mismatches = said.paths.get(0, {}).get("mismatches", "?")
    table.add(PART, title, expected, f"{packets} packets; {len(said.answers)} questions: "
              f"{summary(said)}; {mismatches} mismatches" + (f": {wrong}" if wrong else ""),
              not wrong, str(said)[-2000:] if wrong else "")


def forged(table, packets):
    """Ids and ports at random: none is believed."""
    with World() as world:
        fake = Slow(world, slow, prompt)
        said, sent = attack(world, fake, packets, "any")
        wrong = ("a forged answer was believed" if is_fooled(said) else
                 f"only {sent} packets" if sent < packets else
                 "the honest answer never came" if not any(HONEST in a.values("TXT")
                                                           for a in said.answers) else "")
        row(table, "id and port sprayed", "none accepted", said, sent, wrong)


def forged_known_port(table, packets, has_tcp):
    """The forger knows the port too: the question goes to TCP, or ends as an attack."""
    with World() as world:
        fake = Slow(world, slow, prompt if has_tcp else None)
        said, sent = attack(world, fake, packets, "known")
        attacked = [a for a in said.answers if (a.transport == "TCP" and a.presence == "present"
                                                if has_tcp else a.state == "unknown(attack)")]
        wrong = ("a forged answer was believed" if is_fooled(said) else
                 f"only {sent} packets" if sent < packets else
                 "no question was moved" if 2 * len(attacked) < len(said.answers) else
                 "no trouble 'attack'" if "attack" not in said.troubles() else "")
        row(table, "port known, id sprayed, TCP " + ("works" if has_tcp else "does not work"),
            "none accepted, asked over TCP" if has_tcp else "none accepted, unknown(attack)",
            said, sent, wrong)


def control(table, packets):
    """Without the checks the same forger wins; else it proves nothing."""
    with World() as world:
        fake = Slow(world, slow, prompt)
        said, sent = attack(world, fake, packets, "any", program="ask-gullible", until=EVIL)
        row(table, "control: a build that checks neither id nor case nor cookie", "it is fooled",
            said, sent, "" if is_fooled(said) else "the forger could not fool it")


# ---- ids and ports ------------------------------------------------------------------------------

QUESTIONS = 400  # more than 200


def unlike_chance(what, values, bits, low_bits_only=False):
    """
    What a forger could use, or "".  The bounds are so far out that chance crosses them less than
    once in 10^9 runs: with 400 draws a bit that is set with p = 1/2 has a deviation of 10.
    """
    pairs = len(values) - len(set(values))
    if pairs > 16:
        return f"{what}: {pairs} of {len(values)} came again"
    steps = collections.Counter((b - a) % 65536 for a, b in zip(values, values[1:]))
    step, times = steps.most_common(1)[0]
    if times > 8:
        return f"{what}: rose by {step} {times} times"
    close = sum(0 < abs(b - a) <= 64 for a, b in zip(values, values[1:]))
    if close > len(values) // 10:
        return f"{what}: the next one is near the last one {close} times"
    for bit in range(bits):
        count = sum(value >> bit & 1 for value in values)
        if abs(count - len(values) / 2) > len(values) * 0.16:
            return f"{what}: bit {bit} is set {count} of {len(values)} times"
    if not low_bits_only:
        return ""
    spread = max(values) - min(values)
    return "" if spread > 16000 else f"{what}: all within {spread}"


def unguessable(table):
    """Ids, source ports and case of the names, as the server receives them."""
    part = "capture"
    with World() as world:
        fake = Fake(world, prompt, prompt)
        questions = [(f"q{n}.unguessable.victim.test", "TXT") for n in range(40)]
        said = ask([fake.url()], questions, "--raw", "--parallel", "4", "--repeat",
                   str(QUESTIONS // 40))
        queries = [query for _, query in fake.queries]
        ports = [query.peer[1] for query in queries]
        ids = [query.id for query in queries]
        cases = [sum(c.isupper() << n for n, c in enumerate(query.cased.split(".", 1)[1]
                                                            .replace(".", "")))
                 for query in queries]
        cookies = {query.options.get(10, b"") for query in queries}
        for what, wrong in (
                ("UDP source ports", unlike_chance("port", ports, 10, True)),
                ("ids", unlike_chance("id", ids, 16)),
                ("case of names (0x20)", unlike_chance("case", [c % 65536 for c in cases], 16)),
                ("one client cookie for one server, of 8 bytes at least",
                 "" if len(cookies) == 1 and len(min(cookies)) >= 8 else f"cookies: {cookies}")):
            wrong = said.trouble() or wrong or ("" if len(queries) >= QUESTIONS else
                                                f"{len(queries)} queries")
            table.add(part, what, "no pattern", wrong or f"none in {len(queries)} queries",
                      not wrong)

    with World() as world:
        fakes = [Fake(world, prompt, prompt) for _ in range(2)]
        for fake in fakes:
            ask([fake.url()], [(NAME, "TXT")])
        again = ask([fakes[0].url(), fakes[1].url()], [(NAME, "TXT")])
        cookies = [[query.options.get(10, b"") for _, query in fake.queries] for fake in fakes]
        told = [cookie for group in cookies for cookie in group]
        wrong = again.trouble() or ("" if len(set(told)) == len(told)
                                    else "a cookie is the same for two servers or two starts")
        table.add(part, "client cookies of two servers, and of two starts", "all differ",
                  wrong or "all differ", not wrong)

    with World() as world:
        def one_answer(connection, fake):
            query = fake.read(connection)
            if query is not None:
                connection.sendall(frame(text(query)))
        fake = Fake(world, on_tcp=one_answer)
        said = ask([fake.url("tcp")], [(f"q{n}.victim.test", "TXT") for n in range(40)], "--raw",
                   "--repeat", str(QUESTIONS // 40))
        wrong = said.trouble() or ("" if len(fake.peers) >= QUESTIONS else
                                   f"{len(fake.peers)} connections") or \
            unlike_chance("port", fake.peers, 10, True)
        table.add(part, "TCP source ports", "no pattern",
                  wrong or f"none in {len(fake.peers)} connections", not wrong)


def run(table, is_long, can_forge):
    unguessable(table)
    if not can_forge:
        for title in ("id and port sprayed", "port known", "control"):
            table.skip(PART, title, "no network namespace with raw sockets on this machine")
        return
    forged(table, 5_000_000 if is_long else 300_000)
    forged_known_port(table, 400_000 if is_long else 20_000, True)
    # Each question costs a wait for TCP here.
    forged_known_port(table, 15_000 if is_long else 4_000, False)
    control(table, 5_000_000)
