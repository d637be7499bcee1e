"""
The world of one row: a zone on two name servers, two resolvers, a collector, and the agent as a
Linux process, all in a network of their own.

SPDX-License-Identifier: MIT
"""

import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path[1:1] = [os.path.join(HERE, "..", "qemu"), os.path.join(HERE, "..", "resolve")]

from fakes import Fake, frame, reset  # noqa: E402
from nameservers import Knot, Unbound, dns_serial  # noqa: E402
from story import Event, Zone, quoted  # noqa: E402
from world import ROOT, Problem, Process, tail, wait_until  # noqa: E402

AGENT = os.path.join(ROOT, "build", "faults", "vedette")

DOMAIN = "example.test"
DMARC = "_dmarc." + DOMAIN
KEY = "s1._domainkey." + DOMAIN
COLLECTOR = "collector." + DOMAIN
DNS_NAME = "dns." + DOMAIN  # what the certificates of tls:// resolvers bear

NAME_SERVERS = ("127.0.0.53", "127.0.0.54")
RESOLVERS = ("127.0.1.1", "127.0.2.1")
BEHIND = {address: address[:-1] + "2" for address in RESOLVERS}
BEHIND.update({address: address.replace("0.0", "0.4") for address in NAME_SERVERS})
VIEWS = ("127.0.3.1", "127.0.3.2")  # where a resolver looks that must not ask the name servers
COLLECTOR_AT = "127.0.9.1"

GOOD_DMARC = f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}"
WEAK_DMARC = f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"
GOOD_SPF = "v=spf1 ip4:192.0.2.0/24 -all"

EVENT_MAX_S = 40
QUIET_S = 3


def good_zone(key):
    """The watched zone with nothing wrong in it.  key: p= of its DKIM key."""
    return Zone(DOMAIN, {
        (DOMAIN, "NS"): [f"ns1.{DOMAIN}.", f"ns2.{DOMAIN}."],
        ("ns1." + DOMAIN, "A"): [NAME_SERVERS[0]],
        ("ns2." + DOMAIN, "A"): [NAME_SERVERS[1]],
        (DOMAIN, "MX"): [f"10 mx1.{DOMAIN}."],
        ("mx1." + DOMAIN, "A"): ["192.0.2.1"],
        (DOMAIN, "TXT"): [quoted(GOOD_SPF)],
        (DMARC, "TXT"): [quoted(GOOD_DMARC)],
        (KEY, "TXT"): [quoted("v=DKIM1; k=rsa; p=" + key)],
        (COLLECTOR, "A"): [COLLECTOR_AT],
    })


# ---- servers ---------------------------------------------------------------------------------


class Resolver(Unbound):
    """
    unbound for the watched zone, with a root of its own: it knows that no other name exists.

    upstream  addresses of the name servers that it asks.
    more      lines of its server: clause.
    """

    ROOT_ZONE = (". 60 SOA ns.invalid. root.invalid. 1 3600 600 86400 60\n"
                 ". 60 NS ns.invalid.\nns.invalid. 60 A 127.0.0.1\n")

    def __init__(self, world, name, at, upstream, zone, certificate=None, more=()):
        self._upstream, self._more = upstream, more
        knot = types.SimpleNamespace(listen=[(upstream[0], 53)])
        super().__init__(world, name, knot, [zone], certificate=certificate,
                         listen=[(at, 853 if certificate else 53)])

    def _answers(self):
        return (super()._answers() if self._certificate
                else dns_serial(self.listen[0], ".") is not None)

    def _config(self, knot, idle_ms):
        root = os.path.join(self.path, "root.zone")
        with open(root, "w", encoding="ascii") as file:
            file.write(self.ROOT_ZONE)
        yield from super()._config(knot, idle_ms)
        yield from (f"    stub-addr: {address}@53" for address in self._upstream[1:])
        yield from ("server:", '    local-zone: "test." nodefault', "    infra-host-ttl: 1",
                    "    infra-keep-probing: yes", *("    " + line for line in self._more),
                    "auth-zone:", '    name: "."', f'    zonefile: "{root}"',
                    "    for-upstream: yes", "    for-downstream: no", "    fallback-enabled: no")


class Front(Fake):
    """
    Stands before a real server on port 53 of `address`, and passes everything on until it is told
    otherwise.

    rule  None, or a function (query, honest, transport) that gives what Fake's handlers give;
          honest() is the real server's answer.
    tcp   False: connections are refused.
    """

    def __init__(self, world, address, behind, tcp=True):
        self.address, self.behind, self.rule = address, behind, None
        super().__init__(world, udp=self._handle, tcp=self._handle if tcp else None)

    def _open(self, kind):
        sock = socket.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.address, 53))
        sock.settimeout(0.2)
        return sock

    def _handle(self, query, _fake, transport):
        if self.rule is None:
            return self._pass_on(query.data, transport)
        return self.rule(query, lambda: self._pass_on(query.data, transport), transport)

    def _pass_on(self, data, transport):
        is_udp = transport == "UDP"
        kind = socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as sock:
            sock.settimeout(3)
            try:
                sock.connect((self.behind, 53))
                sock.sendall(data if is_udp else frame(data))
                if is_udp:
                    return sock.recv(65535)
                size = self._read_all(sock, 2)
                return size and self._read_all(sock, int.from_bytes(size, "big"))
            except OSError:
                return None


class Witness(Fake):
    """Listens in clear on port 53 of an address that must only be asked over TLS."""

    def __init__(self, world, address):
        self.address = address
        super().__init__(world, udp=lambda *_: None, on_tcp=lambda *_: None)

    _open = Front._open

    def seen(self):
        """Datagrams and connections that came."""
        with self.lock:
            return len(self.clear) + len(self.peers)


class Resetting(Fake):
    """Takes connections on port 853, and resets each at the first bytes."""

    def __init__(self, world, address):
        self.address = address
        super().__init__(world, on_tcp=self._be_rude)

    @staticmethod
    def _be_rude(connection, _fake):
        connection.recv(1)
        reset(connection)

    def _open(self, kind):
        sock = socket.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.address, 853))
        sock.settimeout(0.2)
        return sock


class Collector:
    """A syslog receiver over TLS (RFC 5425) that keeps the messages."""

    def __init__(self, world, certificate):
        self.lines = []
        self._is_over = False
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate[:2])
        self._listener = socket.create_server((COLLECTOR_AT, 6514))
        self._listener.settimeout(0.2)
        threading.Thread(target=self._serve, daemon=True).start()
        world.own(self)

    def stop(self):
        self._is_over = True

    def _serve(self):
        while not self._is_over:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                continue
            threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection):
        data = b""
        try:
            with self._context.wrap_socket(connection, server_side=True) as tls:
                while more := tls.recv(65536):
                    data = self._take(data + more)
        except OSError:
            pass

    def _take(self, data):
        while match := re.match(rb"(\d+) ", data):
            end = match.end() + int(match[1])
            if len(data) < end:
                break
            self.lines.append(data[match.end():end].decode("utf-8"))
            data = data[end:]
        return data


class Agent:
    """The agent under test."""

    def __init__(self, world, ca):
        self.path = world.folder("agent")
        self.log = os.path.join(self.path, "console")
        self.process = None
        self._world = world
        with open(ca, encoding="ascii") as source:
            self.put("ca.pem", source.read())

    def put(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
            file.write(text)

    def start(self):
        env = dict(os.environ, VEDETTE_DIR=self.path, UBSAN_OPTIONS="print_stacktrace=1")
        self.process = self._world.own(Process("vedette", [AGENT], self.path, self.log, env=env,
                                               stdin=subprocess.PIPE))

    def console(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_for(self, pattern, timeout_s=EVENT_MAX_S):
        def look():
            match = re.search(pattern, self.console(), re.M)
            if not match and not self.process.is_alive():
                raise Problem(f"expected /{pattern}/ on the console, but the agent ended",
                              self.seen())
            return match

        return wait_until(f"/{pattern}/ on the console", timeout_s, look, self.seen)

    def type(self, line):
        self.process.popen.stdin.write(line.encode() + b"\n")
        self.process.popen.stdin.flush()

    def halt(self):
        """End it in order.  Problem when it does not, or a sanitizer has something to say."""
        self.type("halt")
        try:
            code = self.process.popen.wait(10)
        except subprocess.TimeoutExpired:
            raise Problem("the agent does not halt", self.seen()) from None
        if code != 0 or re.search("Sanitizer|runtime error", self.console()):
            raise Problem(f"the agent ended with code {code}", self.seen(60))

    def seen(self, lines=30):
        return tail(self.log, lines, "console")


# ---- the stage -------------------------------------------------------------------------------


class Reported:
    """An event that was expected and came, as the table has it."""

    def __init__(self, event, shown, is_aside):
        text = event.text
        for mark in ('; was: "', '; is: "', ". " + event["why"] if event["why"] else "\0",
                     ". To mend: "):
            text = text.split(mark)[0]
        self.words = {"code": event["code"], "class": event["class"],
                      "severity": event["severity"], "sentence": plain(text),
                      "more": [plain(event[key]) for key in shown], "aside": is_aside}


def plain(text):
    """Without what differs from run to run: addresses, times, counts."""
    for addresses, word in ((RESOLVERS, "RESOLVER"), (NAME_SERVERS, "NAME-SERVER")):
        for address in addresses:
            text = re.sub(rf"(?<![\d.]){re.escape(address)}(?!\d)(:\d+)?", word, text)
    text = re.sub(r"\b\d+ looks? in \d+ s", "N looks in T s", text)
    text = re.sub(r"^alert \d+( [(]accept = [^)]*[)])?: ", "", text)
    # It depends on whose turn it was.
    text = re.sub(r"; not seen at .*", "", text)
    text = re.sub(r"(the zone's own servers?\)) and (RESOLVER( and )?)+", r"\1", text)
    text = re.sub(r"(servers disagree about [^:]+:) \d+ of \d+", r"\1 N of M", text)
    text = re.sub(r"over \d+ s", "over T s", text)
    text = re.sub(r"sha256/[A-Za-z0-9+/=]+", "sha256/PIN", text)
    text = re.sub(r"^RESOLVER: (.*); RESOLVER: \1$", r"each RESOLVER: \1", text)
    parts = re.findall(r"(\S+)(?: \S+)? \(([^)]*)\)(?:, |$)", text.removeprefix("unknown: "))
    if text.startswith("unknown: ") and len(parts) > 1 and len({why for _, why in parts}) == 1:
        text = f"unknown: {', '.join(kind for kind, _ in parts)} ({parts[0][1]})"
    return text


class Stage:
    """
    kit  what all rows share (see run.py): certificates and a DKIM key.
    """

    def __init__(self, world, kit):
        self.world, self.kit = world, kit
        self.zone = good_zone(kit["dkim"])
        self.name_servers, self.views, self.resolvers = [], [], []
        self.fronts = {}
        self.witnesses = {}
        self.collector = Collector(world, kit["collector"])
        self.agent = Agent(world, kit["ca"])
        self.reported = []  # Reported, in the order of expect()
        self.facts = []  # further sentences for the table, each of them checked
        self._taken = set()  # numbers of events that were expected
        self._may = []

    # ---- setting up

    def serve(self, front=(), views=False, no_tcp=(), tls=None, count=2):
        """
        Start name servers and resolvers.

        front   addresses (of RESOLVERS, NAME_SERVERS) before which a Front stands.
        views   True: each resolver asks a name server of its own, that nobody else knows.
        no_tcp  those of front that refuse TCP.
        tls     {address: name of a certificate in the kit}: that resolver speaks TLS only.
        """
        for n, address in enumerate(NAME_SERVERS):
            at = self._stand_before(address, front, no_tcp)
            self.name_servers.append(Knot(self.world, f"ns{n + 1}", [self.zone], [(at, 53)]))
        if views:
            self.views = [Knot(self.world, f"view{n + 1}", [self.zone], [(address, 53)])
                          for n, address in enumerate(VIEWS)]
        for n, address in enumerate(RESOLVERS[:count]):
            certificate = (tls or {}).get(address)
            at = self._stand_before(address, front, no_tcp)
            if certificate:
                self.witnesses[address] = Witness(self.world, address)
            self.resolvers.append(self.resolver(n, at, certificate))

    def _stand_before(self, address, front, no_tcp):
        if address not in front:
            return address
        self.fronts[address] = Front(self.world, address, BEHIND[address], address not in no_tcp)
        return BEHIND[address]

    def resolver(self, number, at, certificate=None, more=()):
        upstream = [VIEWS[number]] if self.views else [
            knot.listen[0][0] for knot in self.name_servers]
        return Resolver(self.world, f"resolver{number + 1}-{len(self.resolvers)}", at, upstream,
                        self.zone, self.kit[certificate] if certificate else None, more)

    def replace_resolver(self, number, certificate=None, more=()):
        """End one resolver, and start another one in its place."""
        old = self.resolvers[number]
        old.stop()
        self.resolvers[number] = self.resolver(number, old.listen[0][0], certificate, more)

    def boot(self, servers=RESOLVERS, ca=None, baseline=True, **keys):
        """Start the agent, and wait until it knows what is normal.  keys: of [dns]."""
        dns = [f"server = {server}" for server in servers]
        settings = {"authority-check": "2s", "confirm-hold": "5s",
                    **{key.replace("_", "-"): value for key, value in keys.items()}}
        if ca:
            with open(self.kit[ca], encoding="ascii") as source:
                self.agent.put("dns-ca.pem", source.read())
            settings["ca"] = "dns-ca.pem"
        dns += [f"{key} = {value}" for key, value in settings.items()]
        self.agent.put("vedette.ini", "[device]\nname = gw1\n\n[dns]\n" + "\n".join(dns) + f"""

[watch {DOMAIN}]
dkim = all: s1
interval = 1s
confirm-wait = 1s

[report soc]
url = syslogs://{COLLECTOR}
ca = ca.pem
min = notice
""")
        self.agent.start()
        if baseline:
            self.agent.wait_for(r"baseline taken")
            if settings.get("authorities") != "no":
                self.agent.wait_for(r"name server addresses of ")

    # ---- the mishaps

    def publish(self, zone, *servers):
        """Serve this content: on the servers given, or on all that there are."""
        for knot in servers or self.name_servers + self.views:
            knot.publish(zone)

    def without_dmarc(self):
        return self.zone.having(DMARC, "TXT")

    def weak_dmarc(self):
        return self.zone.having(DMARC, "TXT", quoted(WEAK_DMARC))

    def healthy(self):
        """The first content again, with a new serial."""
        return Zone(DOMAIN, self.zone.records)

    def rule(self, rule, *addresses):
        for address in addresses or self.fronts:
            self.fronts[address].rule = rule

    def hold(self):
        """The fault lasts: what was told is not told again, and not taken back."""
        self.settle()
        self.settle()
        self.require_no_strangers()

    def settle(self):
        """So long that any wrong alert would have come."""
        time.sleep(QUIET_S)

    # ---- what is reported

    def events(self):
        return [Event(line) for line in list(self.collector.lines)]

    def may(self, code, restored=False):
        """An event that may come and is not told in the table: a matter of the order of things."""
        self._may.append((code, restored))

    def expect(self, code, record=None, restored=False, show=(), aside=False, **patterns):
        """
        Wait for an event that has not been expected yet.

        show      parameters of it that the table quotes, too.
        aside     True: it is not about the row's fault.
        patterns  text= or the name of a parameter: what must be found there.
        """
        def fits(event):
            return (event["code"] == code and (event["class"] == "RESTORED") == restored
                    and (record is None or event["record"] == record)
                    and all(re.search(pattern, event.text if key == "text" else event[key])
                            for key, pattern in patterns.items()))

        def look():
            for number, event in enumerate(self.events()):
                if number not in self._taken and fits(event):
                    self._taken.add(number)
                    return event
            if not self.agent.process.is_alive():
                raise Problem(f"expected {wanted}, but the agent ended", self.seen())
            return None

        wanted = " ".join(filter(None, ["RESTORED" * restored, code, record, *patterns.values()]))
        event = wait_until(wanted, EVENT_MAX_S, look, self.seen)
        self.reported.append(Reported(event, show, aside))
        return event

    def expect_console(self, pattern):
        self.agent.wait_for(pattern)

    def fact(self, sentence):
        """Say something in the table that the row has checked."""
        self.facts.append(sentence)

    def strangers(self):
        """Events that nobody expected."""
        return [event for number, event in enumerate(self.events())
                if number not in self._taken and event["code"] != "agent.started"
                and (event["code"], event["class"] == "RESTORED") not in self._may]

    def require_no_strangers(self):
        found = self.strangers()
        if found:
            raise Problem("an event that must not come", *[event.line for event in found],
                          self.agent.seen(40))

    def finish(self):
        """Nothing else was told, and the agent ends in order."""
        self.settle()
        self.require_no_strangers()
        self.agent.halt()
        self.require_no_strangers()

    def seen(self):
        lines = [("    " if n in self._taken else "  ! ") + event.line
                 for n, event in enumerate(self.events())]
        return "\n".join(["events:"] + lines + [self.agent.seen(40)])

    def require(self, condition, expected):
        if not condition:
            raise Problem("expected: " + expected, self.seen())
