"""
The program `ask`, what it says, and rows of a table: situation, expected, seen.

SPDX-License-Identifier: MIT
"""

import os
import re
import subprocess
import sys
import threading

sys.dont_write_bytecode = True
sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "qemu"))

from world import ROOT, Problem  # noqa: E402

BIN = os.path.join(ROOT, "build", "resolve")

FIELDS = ("name type presence detail limit rcode server transport aa ad ede edetext ttl serial "
          "minimum tries ms").split()


class Answer:
    """One answer as `ask` printed it."""

    def __init__(self, fields):
        for key, value in zip(FIELDS, fields):
            setattr(self, key, value)
        for key in ("server", "tries", "ms"):
            setattr(self, key, int(getattr(self, key)))
        self.aa, self.ad = self.aa == "1", self.ad == "1"
        self.records = [record.partition("=")[::2] for record in fields[len(FIELDS):]]

    @property
    def state(self):
        """present, absent(nodata), unknown(limit VD_TXT_LEN_MAX)"""
        detail = self.detail + (" " + self.limit if self.limit else "")
        return self.presence if detail == "-" else f"{self.presence}({detail})"

    def values(self, rrtype):
        return [unescape(value) for kind, value in self.records if kind == rrtype]

    def __str__(self):
        about = [f"{self.name} {self.type}: {self.state}", f"rcode {self.rcode}",
                 f"{self.transport} tries {self.tries} {self.ms} ms"]
        if self.ede != "-":
            about.append(f"EDE {self.ede} {self.edetext}")
        return ", ".join(about + [f"{kind}={value[:80]}" for kind, value in self.records[:6]])


def unescape(text):
    return re.sub(r"\\(\d{3})", lambda m: chr(int(m[1])), text)


class Said:
    """All that one run of `ask` printed."""

    def __init__(self, out, err, code):
        self.out, self.err, self.code = out, err, code
        self.answers, self.raised, self.paths, self.end = [], [], {}, None
        for line in out.splitlines():
            kind, *fields = line.split("\t")
            if kind in ("answer", "raw"):
                self.answers.append(Answer(fields))
            elif kind == "raised":
                self.raised.append(Answer(fields))
            elif kind == "path":
                self.paths[int(fields[0])] = dict(zip(
                    ("troubles", "srtt", "sent", "answered", "mismatches"),
                    [fields[1].strip(), *map(int, fields[2:])]))
            elif kind == "end":
                self.end = dict(zip(("rounds", "ms", "turns"), map(int, fields)))

    def troubles(self, server=0):
        return self.paths.get(server, {}).get("troubles", "")

    def trouble(self):
        """Why this run cannot count: a sanitizer, a hang.  "" if nothing is wrong."""
        if self.code != 0 or self.err.strip() or self.end is None:
            return f"ask ended with {self.code}: " + self.err.strip()[-3000:]
        # A loop that spins is a fault too: some turns for each packet, and ten in a millisecond.
        if self.end["turns"] > 20000 + 10 * self.end["ms"]:
            return f"the loop spins: {self.end['turns']} turns in {self.end['ms']} ms"
        return ""

    def __str__(self):
        lines = [str(answer) for answer in self.answers[:8]]
        lines += [f"path {n}: {path}" for n, path in self.paths.items()]
        return "\n".join(lines)


def ask_command(servers, questions, *options, program="ask"):
    command = [os.path.join(BIN, program), *options, *servers, "--"]
    for name, rrtype in questions:
        command += [name, rrtype]
    return command


ENVIRONMENT = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1")


def ask(servers, questions, *options, program="ask", timeout_s=240):
    """Run it.  Raises Problem when it hangs."""
    command = ask_command(servers, questions, *options, program=program)
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL, timeout=timeout_s, check=False,
                              env=ENVIRONMENT)
    except subprocess.TimeoutExpired as late:
        raise Problem(f"ask is not done after {timeout_s} s", " ".join(command),
                      str(late.stdout)[-2000:]) from None
    return Said(done.stdout, done.stderr, done.returncode)


class Table:
    """Rows as they come in, from many threads."""

    def __init__(self, is_verbose=False):
        self.rows = []  # (part, situation, expected, seen, "passed" | "failed" | "skipped")
        self.is_verbose = is_verbose
        self._lock = threading.Lock()

    def add(self, part, situation, expected, seen, is_good, more=""):
        with self._lock:
            self.rows.append((part, situation, expected, seen, "passed" if is_good else "failed"))
            if not is_good:
                print(f"  FAILED {part}: {situation}\n    expected: {expected}\n    seen: {seen}")
                if more:
                    print("    " + more.replace("\n", "\n    "))
            elif self.is_verbose:
                print(f"  ok     {part}: {situation}: {seen}")

    def skip(self, part, situation, reason):
        with self._lock:
            self.rows.append((part, situation, "", reason, "skipped"))
            print(f"  skipped {part}: {situation}: {reason}")

    def count(self, result):
        return sum(row[4] == result for row in self.rows)

    def markdown(self, part, order=()):
        """The rows of one part, all of which have passed, as a table of fault and report."""
        chosen = [row for row in self.rows if row[0] == part]
        if order:
            chosen.sort(key=lambda row: order.index(row[1]))
        return "\n".join(["| fault | reported |", "| --- | --- |"]
                         + [f"| {row[1]} | {row[2]} |" for row in chosen]) + "\n"
