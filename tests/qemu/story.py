"""
The demo's domain, its mishaps and its alerts: what the demo and the QEMU tests share.

SPDX-License-Identifier: MIT
"""

import calendar
import itertools
import re
import shutil
import time
from typing import NamedTuple

from board import Board, address_text, seen_from_board
from capture import TCP, UDP
from collector import Rsyslog
from nameservers import Knot
from world import LOOPBACK, Pki, Problem, has_ip6, wait_until

DOMAIN = "vedette.example"
PROVIDER = "mailer.example"
PARENT = "example"
COLLECTOR = "collector." + DOMAIN
DMARC = "_dmarc." + DOMAIN
SELECTOR_1 = "s1._domainkey." + DOMAIN
SELECTOR_2 = "s2._domainkey." + DOMAIN
PROVIDER_KEY = "s2.dkim." + PROVIDER

PROVIDER_SPF = "_spf." + PROVIDER

GOOD_DMARC = f"v=DMARC1; p=reject; rua=mailto:dmarc@{DOMAIN}"
OPEN_BELOW = f"v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@{DOMAIN}"
WEAK_DMARC = f"v=DMARC1; p=none; rua=mailto:dmarc@{DOMAIN}"


def quoted(text):
    """A TXT value in zone file form, cut into strings of at most 255 bytes."""
    return " ".join('"' + text[at:at + 255] + '"' for at in range(0, len(text), 255))


class Zone:
    """The content of one zone: {(owner without final dot, type): [rdata, ...]}."""

    _serials = itertools.count(2026010101)

    def __init__(self, name, records):
        self.name = name
        self.records = dict(records)
        self.serial = next(Zone._serials)

    def having(self, owner, rrtype, *rdata):
        """The same zone, newer, with this record set instead; without rdata: with none."""
        zone = Zone(self.name, self.records)
        zone.records.pop((owner, rrtype), None)
        if rdata:
            zone.records[(owner, rrtype)] = list(rdata)
        return zone

    def text(self):
        lines = ["$TTL 2", f"{self.name}. SOA ns.{self.name}. hostmaster.{self.name}. "
                 f"{self.serial} 3600 600 86400 2"]
        for (owner, rrtype), values in self.records.items():
            lines += [f"{owner}. {rrtype} {value}" for value in values]
        return "\n".join(lines) + "\n"


def good_zones():
    """The two zones of the demo, with nothing wrong in them."""
    own = {
        (DOMAIN, "NS"): [f"ns.{DOMAIN}."],
        ("ns." + DOMAIN, "A"): ["192.0.2.53"],
        (DOMAIN, "MX"): [f"10 mx1.{DOMAIN}.", f"20 mx2.{DOMAIN}."],
        ("mx1." + DOMAIN, "A"): ["192.0.2.1"],
        ("mx2." + DOMAIN, "A"): ["192.0.2.2"],
        (DOMAIN, "TXT"): [quoted(f"v=spf1 include:_spf.{PROVIDER} ip4:192.0.2.0/24 -all")],
        (DMARC, "TXT"): [quoted(GOOD_DMARC)],
        (SELECTOR_1, "TXT"): [quoted("v=DKIM1; k=rsa; p=" + Pki.dkim_key())],
        (SELECTOR_2, "CNAME"): [PROVIDER_KEY + "."],
        (COLLECTOR, "A"): [seen_from_board("127.0.0.1")],
    }
    provider = {
        (PROVIDER, "NS"): [f"ns.{PROVIDER}."],
        ("ns." + PROVIDER, "A"): ["192.0.2.53"],
        ("_spf." + PROVIDER, "TXT"): [quoted("v=spf1 ip4:198.51.100.0/24 -all")],
        (PROVIDER_KEY, "TXT"): [quoted("v=DKIM1; k=rsa; p=" + Pki.dkim_key())],
    }
    return Zone(DOMAIN, own), Zone(PROVIDER, provider)


def parent_of(*zones):
    """The zone above these, from which they are delegated."""
    records = {(PARENT, "NS"): [f"ns.{PARENT}."], ("ns." + PARENT, "A"): ["192.0.2.53"]}
    for zone in zones:
        records[zone.name, "NS"] = names = zone.records[zone.name, "NS"]
        records.update({key: data for key, data in zone.records.items()
                        if key[0] + "." in names and key[1] in ("A", "AAAA")})
    return Zone(PARENT, records)


# ---- events ---------------------------------------------------------------------------------

SYSLOG = re.compile(r"<(?P<pri>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<proc>\S+) "
                    r"(?P<msgid>\S+) \[(?P<sdid>[^ =\]\"]+)(?P<params>(?: [^ =\]\"]+="
                    r'"(?:[^"\\\]]|\\.)*")*)\](?: (?P<text>.*))?')
PARAM = re.compile(r' ([^ =\]"]+)="((?:[^"\\\]]|\\.)*)"')


class Event:
    """One received line, read by RFC 5424; a field that is not there is ''."""

    def __init__(self, line):
        match = SYSLOG.fullmatch(line)
        if not match:
            raise Problem("expected a message of RFC 5424 with one SD-ELEMENT", "seen: " + line)
        self.line = line
        self.severity_number = int(match["pri"]) % 8
        self.time, self.host, self.app = match["time"], match["host"], match["app"]
        self.msgid, self.sdid, self.text = match["msgid"], match["sdid"], match["text"] or ""
        self.text = self.text.lstrip("\ufeff")  # says only that UTF-8 follows
        self.params = {name: re.sub(r"\\(.)", r"\1", value)
                       for name, value in PARAM.findall(match["params"])}

    def __getitem__(self, name):
        return self.params.get(name, "")

    def __str__(self):
        closes = f" restores {self['restores']}" if self["restores"] else ""
        return f"{self['class']} {self['code']}{closes} {self['record'] or self['domain']}"

    def age_s(self):
        """Seconds between the event's own time and now."""
        stamp = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", self.time)
        if not stamp:
            raise Problem("expected a time in UTC (RFC 5424, section 6.2.3)", "seen: " + self.line)
        return time.time() - calendar.timegm(time.strptime(stamp[1], "%Y-%m-%dT%H:%M:%S"))


class Expected:
    """What an event must say: code, record, perhaps class; for a restoration what it closes."""

    def __init__(self, record, code=None, restores=None, class_=None):
        self.record = record
        self.code = code
        self.restores = restores
        self.class_ = class_

    def fits(self, event):
        if event["record"] != self.record:
            return False
        if self.restores:
            return event["class"] == "RESTORED" and event["restores"] == self.restores
        return event["code"] == self.code and self.class_ in (None, event["class"])

    def __str__(self):
        what = f"RESTORED, restores={self.restores}" if self.restores else self.code
        return (f"{self.class_} " if self.class_ else "") + f"{what} for {self.record}"


WEAKENED = Expected(DMARC, code="dmarc.policy.weakened")
SUB_WEAKENED = Expected(DMARC, code="dmarc.subdomains.weakened")
KEY_MISSING = Expected(SELECTOR_2, code="dkim.alias.dangling")
KEY_REVOKED = Expected(SELECTOR_2, code="dkim.key.revoked")
# The same alert, louder, once no other key is left: mail is signed with none.
NO_KEY_LEFT = Expected(SELECTOR_2, code="dkim.key.revoked", class_="CRITICAL")
KEY_MISPLACED = Expected(SELECTOR_1, code="dkim.key.misplaced")
PASSES_ALL = Expected(DOMAIN, code="spf.all.pass")


def restored(alert):
    """The event that closes an alert."""
    return Expected(alert.record, restores=alert.code)


DMARC_RESTORED = restored(WEAKENED)
KEY_RESTORED = restored(KEY_MISSING)


# ---- the stage ------------------------------------------------------------------------------


class Way(NamedTuple):
    """A way to a resolver, as a `server =` line of the config."""
    scheme: str
    host: str  # as the board sees it
    port: int
    proof: str = ""  # of tls: "#name" or "#sha256/pin"

    def __str__(self):
        return self.bare() if self.scheme == "udp" else f"{self.scheme}://{self.bare()}{self.proof}"

    def bare(self):
        return address_text(self.host, self.port)

    def flows(self):
        """{(protocol, address, port)} that questions may take."""
        return {(protocol, self.host, self.port)
                for protocol in ((UDP, TCP) if self.scheme == "udp" else (TCP,))}


def ways_to(*servers, scheme="udp", proof=""):
    """
    One Way for each server, and two for a single one: by IPv4 and by IPv6.

    Two ports of one address are one source for the board.  A machine without ::1 has only that.
    """
    servers = servers * 2 if len(servers) == 1 else servers
    hosts = LOOPBACK if has_ip6() else LOOPBACK[:1] * 2
    return [Way(scheme, seen_from_board(host), server.port, proof)
            for host, server in zip(hosts, servers)]


class Stage:
    """
    The whole world of one device: two knots, a collector, a board with its configuration.

    The board asks the first knot by IPv4 and the second by IPv6.  use() has it ask otherwise.

    zones        what good_zones() returns, where that is not what the knots serve.
    certificate  arguments of Pki.server, where the collector's is not the right one.
    foreign_ca   True: the collector's certificate comes from a CA that the board does not know.
    priority     of Rsyslog.
    kind         "ec" or "rsa": the keys of CA and collector.
    hosts        where the collector listens; all of loopback unless given.
    network      of Board.
    """

    def __init__(self, world, board, on_line=None, zones=None, certificate=(COLLECTOR,),
                 foreign_ca=False, priority=None, kind="ec", hosts=None, network=None):
        self.world = world
        self.zone, self.provider = zones or good_zones()
        self.zones = (self.zone, self.provider, parent_of(self.zone, self.provider))  # at first
        self.knots = [Knot(world, name, self.zones) for name in ("knot1", "knot2")]
        self.pki = Pki(world, kind=kind)
        signer = Pki(world, "Other CA", kind) if foreign_ca else self.pki
        self.certificate = signer.server(*certificate)
        self.collector = Rsyslog(world, "rsyslog", signer, self.certificate, priority, hosts)
        self.served = {zone.name: zone for zone in self.zones}  # latest content
        self.taken = 0  # events that expect() has consumed
        self.may_come = lambda event: False  # events that count neither way
        self.board = Board(world, board, world.folder("device"), on_line, network=network)
        shutil.copy(self.pki.ca, self.board.folder + "/collector-ca.pem")
        self.also = set()  # flows that the board may take beside those to its resolvers
        self.use(ways_to(*self.knots))

    def use(self, ways, authorities="no", **keys):
        """Have the board ask by these ways; keys of [dns], with _ for -, in its configuration."""
        self.ways = list(ways)
        self.dns_keys = {"authorities": authorities, "self-check-good": DOMAIN,
                         "self-check-bad": "*." + DOMAIN,
                         **{key.replace("_", "-"): value for key, value in keys.items()}}
        self.board.put("vedette.ini", self.config())

    def config(self):
        dns = [f"server = {way}" for way in self.ways] + [
            f"{key} = {value}" for key, value in self.dns_keys.items()]
        return ("[device]\nname = demo-gw\n\n[dns]\n" + "\n".join(dns) + f"\n\n[watch {DOMAIN}]\n"
                "dkim = all: s1 s2\ninterval = 2s\nconfirm-wait = 1s\nreport = soc\n\n"
                f"[report soc]\nurl = syslogs://{COLLECTOR}:{self.collector.port}\n"
                "ca = collector-ca.pem\nmin = notice\n")

    def flows(self):
        """{(protocol, address, port)} of all that the board may send."""
        collector = {(TCP, seen_from_board(host), self.collector.port)
                     for host in self.collector.hosts}
        return collector.union(self.also, *(way.flows() for way in self.ways))

    def publish(self, *zones):
        """Serve newer content of some zones, on both knots."""
        for zone in zones:
            self.served[zone.name] = zone
            for knot in self.knots:
                knot.publish(zone)

    def weaken_dmarc(self):
        self.publish(self.zone.having(DMARC, "TXT", quoted(WEAK_DMARC)))

    def open_subdomains(self):
        self.publish(self.zone.having(DMARC, "TXT", quoted(OPEN_BELOW)))

    def pass_everybody(self):
        self.publish(self.served[PROVIDER].having(PROVIDER_SPF, "TXT", quoted("v=spf1 +all")))

    def revoke_key(self):
        self.publish(self.served[PROVIDER].having(PROVIDER_KEY, "TXT", quoted("v=DKIM1; p=")))

    def double_the_name(self):
        """The first key is typed anew, where the DNS host appends the domain itself."""
        key = self.zone.records[(SELECTOR_1, "TXT")]
        zone = self.served[DOMAIN].having(SELECTOR_1, "TXT")
        self.publish(zone.having(f"{SELECTOR_1}.{DOMAIN}", "TXT", *key))

    def lose_key(self):
        self.publish(self.provider.having(PROVIDER_KEY, "TXT"))

    def put_all_back(self):
        self.zone = Zone(DOMAIN, self.zone.records)  # the same content needs a new serial
        self.provider = Zone(PROVIDER, self.provider.records)
        self.publish(self.zone, self.provider)

    def events(self):
        """Every event in the collector's file, except those that count neither way."""
        return [event for event in map(Event, self.collector.lines())
                if event["code"] != "agent.started" and not self.may_come(event)]

    def seen(self):
        return self.board.seen() + "\n" + self.collector.seen()

    def boot(self, timeout_s=15):
        """Boot, and wait for the baseline."""
        self.board.boot()
        self.board.wait_for(rf"{re.escape(DOMAIN)}: baseline taken", timeout_s)

    def expect(self, *wanted, timeout_s=15):
        """
        Wait until the next events are exactly these, in any order among themselves.

        Returns them in the order in which they arrived.  An event that is none of them is a
        failure at once.
        """
        def look():
            if not self.board.is_alive():
                raise Problem(f"expected: {names}, but QEMU ended", self.seen())
            fresh = self.events()[self.taken:][:len(wanted)]
            open_ = list(wanted)
            for event in fresh:
                fitting = [one for one in open_ if one.fits(event)]
                if not fitting:
                    raise Problem(f"expected at the collector: {names}", f"arrived: {event}",
                                  "line: " + event.line, self.board.seen())
                open_.remove(fitting[0])
            return fresh if not open_ else None

        names = " and ".join(map(str, wanted))
        fresh = wait_until(f"at the collector: {names}", timeout_s, look, self.seen)
        self.taken += len(fresh)
        return fresh

    def wait_for(self, pattern, timeout_s, after=0):
        """As Board.wait_for, and any event that arrives meanwhile is a failure at once."""
        def look():
            self.expect_no_more()
            return self.board.find(pattern, after) or (
                not self.board.is_alive() and self.board.wait_for(pattern, 1, after))

        return wait_until(f"a console line /{pattern}/", timeout_s, look, self.board.seen)

    def expect_no_more(self, quiet_s=0):
        """Nothing but what expect() has consumed is, and for so long comes, in the file."""
        end = time.monotonic() + quiet_s
        while True:
            extra = self.events()[self.taken:]
            if extra:
                raise Problem(f"expected no further event, {len(extra)} arrived",
                              *[f"arrived: {event}\nline: {event.line}" for event in extra],
                              self.board.seen())
            if time.monotonic() >= end:
                return
            time.sleep(0.1)
