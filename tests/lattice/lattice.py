#!/usr/bin/env python3
"""
The lattice: rows of (config, old zone, new zone, what must be told) through the whole agent.

    lattice.py [DATA] [--only TEXT] [--way real|direct] [-v]

See README.md beside this file for the shape of a row.  Needs build/lattice/run_lattice.

SPDX-License-Identifier: MIT
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
import dns.rdata
import dns.ttl

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RUNNER = ROOT / "build" / "lattice" / "run_lattice"
CLASSES = ("UNKNOWN", "CRITICAL", "BROKEN", "WEAKENED", "CHANGED", "STRENGTHENED", "RESTORED")
FIELDS = ("code", "class", "severity", "axis", "record", "mend", "path", "old", "new")
FREE = {"domain.first.summary", "agent.started"}
RESOLVERS = ("127.0.0.1", "127.0.0.2")
# The names that are asked for to see whether a resolver can be trusted, and the usual places.
TOP_LEVEL = ("com", "net", "org", "io", "example", "test", "jp", "kr", "uk", "microsoft")
DEFAULT_TTL = 300


class Mistake(Exception):
    """A row that cannot be run as it is written."""


# ---- zones ----------------------------------------------------------------------------------


def logical_lines(text):
    """Lines of a zone file with parentheses joined and comments cut off: [(begins with a blank, words)]."""
    line, depth, quoted = "", 0, False
    for raw in text.replace("\r\n", "\n").split("\n"):
        at = 0
        while at < len(raw):
            c = raw[at]
            if c == "\\" and at + 1 < len(raw):
                line += raw[at:at + 2]
                at += 2
                continue
            if c == '"':
                quoted = not quoted
            elif c == ";" and not quoted:
                break
            elif c in "()" and not quoted:
                depth += 1 if c == "(" else -1
                c = " "
            line += c
            at += 1
        if quoted:
            line += "\n"
        elif depth > 0:
            line += " "
        else:
            if line.strip():
                yield line
            line = ""
    if line.strip():
        raise Mistake(f"a zone ends inside quotes or parentheses: {line.strip()[:60]!r}")


class World:
    """All records of one moment: {(name, type): (ttl, [rdata])}, apexes, names that fail."""

    def __init__(self, texts, domain):
        self.records = {}
        self.failing = set()
        for origin, text in texts:
            self._read(text, dns.name.from_text(origin or domain))
        self.apexes = {name for name, rrtype in self.records
                       if rrtype in (dns.rdatatype.SOA, dns.rdatatype.NS)}
        self._complete(dns.name.from_text(domain))

    def _read(self, text, origin):
        owner, ttl = origin, DEFAULT_TTL
        for line in logical_lines(text):
            words = line.split()
            if words[0].upper() == "$ORIGIN":
                origin = owner = dns.name.from_text(words[1], origin)
                continue
            if words[0].upper() == "$TTL":
                ttl = dns.ttl.from_text(words[1])
                continue
            if words[0].startswith("$"):
                raise Mistake(f"{words[0]} is not understood")
            rest = line
            if not line[0].isspace():
                rest = line.lstrip()[len(words[0]):]
                owner = origin if words[0] == "@" else dns.name.from_text(words[0], origin)
            self._add(owner, rest, origin, ttl)

    def _add(self, owner, rest, origin, ttl):
        while True:
            word, _, after = rest.strip().partition(" ") if " " in rest.strip() else (
                rest.strip(), "", "")
            word = word.split("\t")[0]
            after = rest.strip()[len(word):]
            if word.upper() in ("IN", "CH"):
                rest = after
            elif re.fullmatch(r"(\d+[smhdw]?)+", word, re.I):
                ttl, rest = dns.ttl.from_text(word), after
            else:
                break
        if word.upper() == "SERVFAIL":
            self.failing.add(owner)
            return
        try:
            rrtype = dns.rdatatype.from_text(word)
            rdata = dns.rdata.from_text(dns.rdataclass.IN, rrtype, after.strip(), origin, False)
        except Exception as error:
            raise Mistake(f"{owner} {word}{after}: {error}") from error
        have = self.records.setdefault((owner, rrtype), (ttl, []))
        if rdata not in have[1]:
            have[1].append(rdata)

    def _zone_of(self, name):
        """The deepest apex at or above a name; None."""
        while True:
            if name in self.apexes:
                return name
            if name == dns.name.root:
                return None
            name = name.parent()

    def _names(self):
        """Every name that occurs, as owner or inside rdata."""
        for (owner, _), (_, values) in self.records.items():
            yield owner
            for rdata in values:
                for word in re.findall(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+", rdata.to_text()):
                    if not re.fullmatch(r"[\d.]+", word):
                        yield dns.name.from_text(word)

    def _make_apex(self, name):
        self.apexes.add(name)
        soa = f"ns.invalid. hostmaster.invalid. 1 3600 600 86400 300"
        self.records.setdefault((name, dns.rdatatype.SOA), (DEFAULT_TTL, [dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.SOA, soa)]))
        if (name, dns.rdatatype.NS) not in self.records:
            self.records[(name, dns.rdatatype.NS)] = (DEFAULT_TTL, [dns.rdata.from_text(
                dns.rdataclass.IN, dns.rdatatype.NS, "ns.invalid.")])

    def _complete(self, domain):
        tops = {dns.name.from_text(name) for name in TOP_LEVEL}
        names = set(self._names()) | {domain}
        tops |= {dns.name.Name(name.labels[-2:]) for name in names if len(name.labels) > 1}
        tops |= {dns.name.from_text(name) for name in ("co.kr", "or.kr", "co.jp", "ne.jp",
                                                       "com.au", "co.uk", "com.br", "com.cn")}
        owners = sorted({owner for owner, _ in self.records}, key=lambda name: len(name.labels))
        for owner in owners + [domain]:
            if self._zone_of(owner) is None and len(owner.labels) > 1:
                count = 4 if dns.name.Name(owner.labels[-3:]) in tops else 3
                self._make_apex(dns.name.Name(owner.labels[-count:]))
        for name in tops | {dns.name.root} | self.apexes:
            self._make_apex(name)

    def rows(self):
        """[(apex, owner, type, ttl, rdata)]; a DS belongs to the zone above (RFC 4034, section 5)."""
        for (owner, rrtype), (ttl, values) in self.records.items():
            is_above = rrtype == dns.rdatatype.DS and owner in self.apexes
            apex = self._zone_of(owner.parent() if is_above else owner)
            for rdata in values:
                yield apex, owner, rrtype, ttl, rdata

    def delegations(self):
        """[(apex, owner)] of names in a zone that lead to one with a DS."""
        return [(self._zone_of(owner.parent()), owner) for owner, rrtype in self.records
                if rrtype == dns.rdatatype.DS and owner in self.apexes]

    def flat(self, number):
        """Lines for the runner."""
        yield f"world\t{number}"
        for apex in sorted(self.apexes):
            yield f"zone\t{apex.to_wire().hex()}"
        for _, owner, rrtype, ttl, rdata in self.rows():
            yield (f"rr\t{owner.to_wire().hex()}\t{int(rrtype)}\t{ttl}\t"
                   f"{rdata.to_wire(None).hex()}")
        for name in sorted(self.failing):
            yield f"fail\t{name.to_wire().hex()}"


def texts_of(zone):
    """[(origin or None, text)] of a zone field."""
    if zone is None or zone == "":
        return []
    if isinstance(zone, str):
        return [(None, zone)]
    if isinstance(zone, dict):
        return list(zone.items())
    if isinstance(zone, list):
        return [one for part in zone for one in texts_of(part)]
    raise Mistake(f"a zone is a text, an object or a list, not {type(zone).__name__}")


# ---- rows -----------------------------------------------------------------------------------


def text_of_config(config):
    if config is None:
        return ""
    if isinstance(config, dict):
        lines = []
        for key, value in config.items():
            values = value if isinstance(value, list) else [value]
            lines += [f"{key} = {one}" for one in values]
        return "\n".join(lines)
    return "\n".join(config) if isinstance(config, list) else config


def domain_of(row, config):
    match = re.search(r"^\[watch ([^\s\]]+)", config, re.M)
    if match:
        return match[1].lower()
    if row.get("domain"):
        return row["domain"]
    for zone in (row.get("old_zone"), row.get("new_zone")):
        for origin, text in texts_of(zone):
            match = re.search(r"^(\S+)\s+(?:\d+\s+)?(?:IN\s+)?(?:\d+\s+)?SOA\b", text, re.M | re.I)
            if match and match[1] not in ("@", "") and match[1].endswith("."):
                return match[1].rstrip(".").lower()
            match = re.search(r"^\$ORIGIN\s+(\S+)", text, re.M | re.I)
            if match:
                return match[1].rstrip(".").lower()
            if origin:
                return origin.rstrip(".").lower()
    return "example.com"


def whole_config(config, domain):
    """A complete configuration: sections that the row leaves out are put around it."""
    head = re.split(r"^\[", config, maxsplit=1, flags=re.M)[0]
    rest = config[len(head):]
    parts = []
    if not re.search(r"^\[dns\]", rest, re.M):
        parts.append("[dns]\nauthorities = no\n" + "".join(f"server = {one}\n" for one in RESOLVERS))
    elif not re.search(r"^server\s*=", rest, re.M):
        rest = re.sub(r"^\[dns\]", "[dns]\n" + "\n".join(f"server = {one}" for one in RESOLVERS),
                      rest, count=1, flags=re.M)
    if not re.search(r"^\[watch ", rest, re.M):
        parts.append(f"[watch {domain}]\n{head}")
        head = ""
    elif head.strip():
        rest = re.sub(r"^(\[watch [^\]]*\])", lambda found: found[1] + "\n" + head, rest, count=1,
                      flags=re.M)
    parts.append(rest if rest.endswith("\n") or not rest else rest + "\n")
    if not re.search(r"^\[report", rest, re.M):
        parts.append("[report soc]\nurl = syslogs://collector.invalid\nca = ca.pem\nmin = info\n")
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part.strip())


class Row:
    """One row, ready to run."""

    def __init__(self, data):
        self.id = data["id"]
        self.rule = data.get("row", "")
        self.expect = data["expect"]
        self.first = bool(data.get("first"))
        self.hours = float(data.get("hours", 3))
        self.at = data.get("at", "2026-11-22T00:00Z")
        if not isinstance(self.expect, list):
            raise Mistake("expect is no list")
        for one in self.expect:
            unknown = set(one) - set(FIELDS)
            if unknown:
                raise Mistake(f"unknown field in expect: {', '.join(sorted(unknown))}")
        config = text_of_config(data.get("config"))
        domain = domain_of(data, config)
        self.config = whole_config(config, domain)
        zones = [zone for zone in [data.get("old_zone")] + list(data.get("via", []))
                 if texts_of(zone)] + [data.get("new_zone", "")]
        self.worlds = [World(texts_of(zone), domain) for zone in zones]

    def flat(self, ports=None):
        seconds = int(time.mktime(time.strptime(self.at, "%Y-%m-%dT%H:%MZ"))) - time.timezone
        lines = [f"row\t{self.id}", f"config\t{self.config.encode().hex()}",
                 f"hours\t{int(self.hours * 60)}", f"at\t{seconds}"]
        for number, world in enumerate(self.worlds):
            lines += world.flat(number)
            if ports:
                lines.append(f"server\t{number}\t{ports[number]}")
        return "\n".join(lines + ["end", ""])


# ---- judging --------------------------------------------------------------------------------


def axes(value):
    words = value if isinstance(value, list) else re.split(r"[\s,|]+", value)
    return {word.upper() for word in words if word}


def fits(expected, event):
    for field, value in expected.items():
        seen = event[field]
        if value is None:
            continue
        if field == "axis":
            if axes(value) != axes(seen):
                return False
        elif field == "record":
            name, _, rrtype = str(value).rstrip(".").lower().partition("/")
            if name.rstrip(".") != seen or (rrtype and rrtype.upper() != event["rtype"]):
                return False
        elif field in ("mend", "path", "old", "new"):
            if str(value).lower() not in seen.lower():
                return False
        elif str(value).lower() != seen.lower():
            return False
    return True


def complaints(row, events):
    """What is wrong with the events of a row; []: nothing."""
    told = [event for event in events
            if row.first or event["world"] == str(len(row.worlds) - 1)]
    wrong = []
    for expected in row.expect:
        if not any(fits(expected, event) for event in told):
            wrong.append("not told: " + json.dumps(expected))
    opened = {(event["code"], event["record"]) for event in events if event["world"] == "0"}
    for event in told:
        is_free = event["code"] in FREE or (
            event["class"] == "RESTORED" and (event["code"], event["record"]) in opened)
        if is_free and not any(fits(one, event) for one in row.expect):
            continue
        if not any(fits(expected, event) for expected in row.expect):
            wrong.append("not expected: " + " ".join(
                [event["class"], event["severity"], event["axis"] or "-", event["code"],
                 event["record"], "|", event["old"][:60], "->", event["new"][:90]]))
    return wrong


EVENT = ("world", "code", "class", "severity", "axis", "record", "rtype", "old", "new", "mend",
         "path")


def run(text):
    """{row id: [event]} of a runner's output, and its complaints."""
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    done = subprocess.run([RUNNER], input=text, capture_output=True, text=True, env=env,
                          check=False, errors="replace")
    found, failed = {}, {}
    for line in done.stdout.splitlines():
        words = line.split("\t")
        if words[0] == "row":
            found[words[1]] = []
            row = words[1]
        elif words[0] == "event":
            found[row].append(dict(zip(EVENT, words[1:] + [""] * len(EVENT))))
        elif words[0] == "failed":
            failed[row] = words[1]
        elif words[0] == "done":
            failed.setdefault(row, None)
    return found, failed, done.stderr if done.returncode else ""


# ---- a real server --------------------------------------------------------------------------


PORTS = range(12000, 32000)  # below those that the kernel gives away
_taken = set()
_taking = threading.Lock()


def free_port():
    """A port that is free on both addresses, and that no other thread was given."""
    with _taking:
        while True:
            port = random.choice(PORTS)
            if port in _taken:
                continue
            _taken.add(port)
            try:
                for host in RESOLVERS:
                    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                        with socket.socket(socket.AF_INET, kind) as probe:
                            probe.bind((host, port))
                return port
            except OSError:
                continue  # somebody else's


class Knot:
    """One knotd that serves a world."""

    def __init__(self, world, folder):
        self.port = free_port()
        os.makedirs(folder)
        self.log = open(os.path.join(folder, "log"), "wb")
        zones = {}
        for apex, owner, rrtype, ttl, rdata in world.rows():
            zones.setdefault(apex, []).append(
                f"{owner} {ttl} {dns.rdatatype.to_text(rrtype)} {rdata.to_text()}")
        for apex, owner in world.delegations():
            zones[apex].append(f"{owner} 300 NS ns.invalid.")
        names = []
        for number, (apex, lines) in enumerate(zones.items()):
            lines.sort(key=lambda line: " SOA " not in line)
            with open(os.path.join(folder, f"{number}.zone"), "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            names.append((apex, f"{number}.zone"))
        names += [(name, "missing") for name in world.failing]
        listen = ", ".join(f"{one}@{self.port}" for one in RESOLVERS)
        conf = ["server:", f"    rundir: {folder}", f"    listen: [{listen}]", "    udp-workers: 1",
                "    tcp-workers: 1", "    background-workers: 1", "control:",
                f"    listen: {folder}/sock", "log:", "  - target: stderr", "    any: info",
                "database:", f"    storage: {folder}", "template:", "  - id: default",
                f"    storage: {folder}", "    zonefile-load: whole", "    zonefile-sync: -1",
                "    journal-content: none", "    semantic-checks: off", "zone:"]
        for name, file in names:
            conf += [f'  - domain: "{name}"', f"    file: {file}"]
        with open(os.path.join(folder, "knot.conf"), "w", encoding="ascii") as file:
            file.write("\n".join(conf) + "\n")
        knotd = shutil.which("knotd") or "/usr/sbin/knotd"
        self.process = subprocess.Popen([knotd, "-c", os.path.join(folder, "knot.conf")],
                                        stdout=self.log, stderr=self.log)
        self._wait(folder)

    def _wait(self, folder):
        query = bytes.fromhex("123400000001000000000000" "0000060001")  # . SOA
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                udp.settimeout(0.05)
                try:
                    udp.connect((RESOLVERS[1], self.port))
                    udp.send(query)
                    answer = udp.recv(512)
                    if answer[3] & 15 == 0 and answer[7]:
                        return
                except OSError:
                    time.sleep(0.01)
        raise Mistake("knotd does not serve: " + open(os.path.join(folder, "log"),
                                                      errors="replace").read()[-600:])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def run_real(row):
    """The row with its worlds in real servers: (events, failure)."""
    with tempfile.TemporaryDirectory(prefix="lattice-") as folder:
        knots = []
        try:
            for number, world in enumerate(row.worlds):
                knots.append(Knot(world, os.path.join(folder, str(number))))
            found, failed, stderr = run(row.flat([knot.port for knot in knots]))
            return found.get(row.id, []), failed.get(row.id, stderr or "the runner ended")
        except Mistake as mistake:
            return [], str(mistake)
        finally:
            for knot in knots:
                knot.stop()


# ---- the whole ------------------------------------------------------------------------------


def load(folder, only):
    """[Row], [(id, mistake)]"""
    rows, wrong, seen = [], [], set()
    for path in sorted(pathlib.Path(folder).glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            where = f"{path.name}:{number}"
            try:
                data = json.loads(line)
                if "new_zone" not in data or "expect" not in data:
                    continue  # a file of another shape
                data.setdefault("id", where)
                if only and only not in data["id"]:
                    continue
                if data["id"] in seen:
                    data["id"] += "@" + where
                seen.add(data["id"])
                rows.append(Row(data))
            except (Mistake, ValueError, KeyError, TypeError, AttributeError) as error:
                wrong.append((where, str(error)))
    return rows, wrong


def report(way, row, events, failure, verbose):
    wrong = [failure] if failure else complaints(row, events)
    if wrong:
        print(f"FAILED {row.id} ({way}): {row.rule}")
        for line in wrong:
            print("    " + line)
    elif verbose:
        print(f"ok     {row.id} ({way})")
    if verbose:
        for event in events:
            print("    " + " | ".join(f"{field}={event[field]}" for field in EVENT if event[field]))
    return not wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="?", default=str(ROOT / "tests" / "data"))
    parser.add_argument("--only", help="rows whose id holds this text")
    parser.add_argument("--way", choices=("real", "direct"))
    parser.add_argument("-v", "--verbose", action="store_true")
    args = parser.parse_args()
    rows, mistakes = load(args.data, args.only)
    for where, mistake in mistakes:
        print(f"FAILED {where}: {mistake}")
    passed, failed = 0, len(mistakes)
    if not rows and not mistakes:
        print(f"no rows in {args.data}")
        failed += 1
    if args.way != "real":
        found, failures, stderr = run("".join(row.flat() for row in rows))
        for row in rows:
            failure = failures.get(row.id, stderr[-3000:] or "the runner did not get there")
            ok = report("direct", row, found.get(row.id, []), failure, args.verbose)
            passed, failed = passed + ok, failed + (not ok)
    if args.way != "direct":
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            for row, (events, failure) in zip(rows, pool.map(run_real, rows)):
                ok = report("real server", row, events, failure, args.verbose)
                passed, failed = passed + ok, failed + (not ok)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
