"""
Scenarios of the ways to a resolver: UDP, TCP, DNS over TLS; IPv4, IPv6, and what DHCP and router
advertisements name.

SPDX-License-Identifier: MIT
"""

import re
import shutil
import struct

from board import seen_from_board
from capture import TCP, UDP
from nameservers import Unbound, loopback
from scenario import (ALERT_OPENED, move_to_own_network, require, require_no_application_data,
                      require_nothing_readable, scenario)
from scenarios_dns import blind_line, is_about_blindness, blindness_of
from story import (COLLECTOR, DMARC, DOMAIN, SELECTOR_1, WEAKENED, Stage, good_zones, quoted,
                   ways_to)
from world import Pki, wait_until

RESOLVER = "dns.operator.example"
# A name of the watch, as text or as labels.
NAME = re.compile(rb"vedette[.\x07]example", re.IGNORECASE)

TXT = 16
TLS_RECORDS = {20, 21, 22, 23}


# ---- the same firmware before unbound --------------------------------------------------------


def is_about_a_late_address(event):
    """The board has its IPv6 address seconds after the IPv4 one: until then there is no way."""
    return (event["code"] == "resolver.blind" and "no route" in event["new"]
            or event["restores"] == "resolver.blind" and "fec0::" in event["record"])


def before_unbound(world, board, on_line, scheme, proof="", certificate=None, **keys):
    """A stage whose board asks one unbound, by IPv4 and by IPv6; a mishap is told."""
    stage = Stage(world, board, on_line)
    speaks = certificate and stage.pki.server(certificate)
    unbound = Unbound(world, "unbound", stage.knots[0], stage.zones, speaks)
    if proof == "pin":
        proof = "#sha256/" + Pki.pin(speaks)
    stage.use(ways_to(unbound, scheme=scheme, proof=proof), **keys)
    stage.may_come = is_about_a_late_address
    stage.boot(timeout_s=25)
    stage.weaken_dmarc()
    stage.expect(WEAKENED, timeout_s=25)
    stage.expect_no_more(quiet_s=1)
    require(stage.board.halt() == 0, "exit code 0", stage.seen())
    require_nothing_readable(stage)  # also: nothing goes another way than this one
    streams = [stream for stream in stage.board.wire.streams() if stream.port == unbound.port]
    return stage, unbound, streams


@scenario
def resolver_unbound_udp(world, board, on_line):
    """unbound over UDP: all questions go there, by IPv4 and by IPv6."""
    stage, unbound, streams = before_unbound(world, board, on_line, "udp")
    asked = {question.server for question in stage.board.wire.questions()}
    require(asked == {way.host for way in stage.ways}, "both addresses to be asked", f"{asked}")
    require(not streams, "no TCP where nothing was truncated", f"seen: {len(streams)}")
    require(DMARC in unbound.questions(), f"unbound to be asked for {DMARC}")


def require_on_links(stage, streams, most):
    """Every question went over TCP or TLS, on few connections, by IPv4 and by IPv6."""
    require(not stage.board.wire.questions(), "not one question over UDP",
            f"seen: {stage.board.wire.questions()[:3]}")
    used = {stream.server for stream in streams}
    require(used == {way.host for way in stage.ways}, "both addresses to be asked", f"{used}")
    require(len(streams) <= most, f"connections to be used again: at most {most}",
            f"seen: {len(streams)}")


@scenario
def resolver_unbound_tcp(world, board, on_line):
    """unbound over TCP: not one question over UDP."""
    stage, _, streams = before_unbound(world, board, on_line, "tcp")
    asked = [question for stream in streams for question in stream.questions()]
    names = {question[1] for question in asked if question}
    require({DMARC, DOMAIN, SELECTOR_1} <= names, "the names of the watch over TCP", f"{names}")
    require_on_links(stage, streams, len(asked) // 4)


def require_encrypted(stage, streams):
    """TLS from the first byte to the last, and not one name in clear."""
    for stream in streams:
        records = stream.records()
        require(records and records[0][0] == 22 and {kind for kind, _ in records} <= TLS_RECORDS,
                "nothing but TLS records to the resolver", f"sent: {bytes(stream.sent[:60])!r}")
        require(sum(length + 5 for _, length in records) == len(stream.sent),
                "whole records up to the end", f"{len(stream.sent)} bytes in {records}")
        for data in (stream.sent, stream.received):
            found = NAME.search(bytes(data))
            require(not found, "no name of the watch in clear", f"seen: {found}")
    require_on_links(stage, streams, 20)


@scenario
def resolver_unbound_dot_name(world, board, on_line):
    """DNS over TLS with a certificate for a name: not one byte of DNS in clear."""
    stage, unbound, streams = before_unbound(world, board, on_line, "tls", "#" + RESOLVER, RESOLVER,
                                             ca="collector-ca.pem")
    require_encrypted(stage, streams)
    require(DMARC in unbound.questions(), f"unbound to be asked for {DMARC}")


@scenario
def resolver_unbound_dot_pin(world, board, on_line):
    """DNS over TLS to the holder of a key, without CA and name: the same."""
    stage, unbound, streams = before_unbound(world, board, on_line, "tls", "pin", "some.example")
    require_encrypted(stage, streams)
    require(DMARC in unbound.questions(), f"unbound to be asked for {DMARC}")


# ---- resolvers over TLS that must not be believed --------------------------------------------


TLS_FAILED = "TLS failed"


def not_one_question(world, board, on_line, why, certificate=(RESOLVER,), foreign_ca=False,
                     proof="#" + RESOLVER):
    """Both ways lead to a server that is not the one: the agent says why, and asks nothing."""
    stage = Stage(world, board, on_line)
    stage.may_come = is_about_blindness
    pki = Pki(world, "Other CA") if foreign_ca else stage.pki
    unbound = Unbound(world, "unbound", stage.knots[0], stage.zones,
                      pki.server(*certificate))
    shutil.copy(stage.pki.ca, stage.board.folder + "/dns-ca.pem")
    stage.use(ways_to(unbound, scheme="tls", proof=proof), ca="dns-ca.pem")
    stage.board.boot()
    for way in stage.ways:
        stage.wait_for(blind_line(way, TLS_FAILED), 20)
    stage.wait_for("^the agent is blind", 20)
    stage.wait_for("no answer [(]TLS failed: .*" + why, 20)
    stage.expect_no_more(quiet_s=3)
    require(not stage.board.find(ALERT_OPENED) and not stage.board.find("baseline taken"),
            "no alert and no baseline", stage.seen())
    require(not unbound.questions(), "not one question at the resolver", f"{unbound.questions()}")
    require(not stage.board.wire.questions(), "not one question over UDP")
    require_nothing_readable(stage)
    streams = [stream for stream in stage.board.wire.streams() if stream.sent]
    require({stream.server for stream in streams} == {way.host for way in stage.ways},
            "a try by each way", stage.seen())
    require_no_application_data(streams)


@scenario
def dot_wrong_name(world, board, on_line):
    """Right CA, certificate for another name: not one question is asked."""
    not_one_question(world, board, on_line, "host name", certificate=("elsewhere.example",))


@scenario
def dot_wrong_pin(world, board, on_line):
    """The key is not the one of the pin: the same, however good the certificate is."""
    not_one_question(world, board, on_line, "another key than the pin",
                     proof="#sha256/" + "A" * 43 + "=")


@scenario
def dot_unknown_ca(world, board, on_line):
    """The right name, signed by somebody else."""
    not_one_question(world, board, on_line, "unknown CA", foreign_ca=True)


@scenario
def dot_expired(world, board, on_line):
    """Everything right but the date."""
    not_one_question(world, board, on_line, "expired on", certificate=(RESOLVER, -30, -2))


@scenario
def dot_one_of_two_is_refused(world, board, on_line):
    """Only one of two has a wrong certificate: it is told as blind, the other one is enough."""
    stage = Stage(world, board, on_line)
    stage.may_come = is_about_blindness
    unbound = Unbound(world, "unbound", stage.knots[0], stage.zones,
                      stage.pki.server("elsewhere.example"))
    good, _ = ways_to(*stage.knots)
    _, bad = ways_to(unbound, scheme="tls", proof="#" + RESOLVER)
    stage.use([good, bad], ca="collector-ca.pem")
    stage.boot()
    stage.wait_for(blind_line(bad, TLS_FAILED), 15)
    told = wait_until("resolver.blind at the collector", 15, lambda: [
        event for event in blindness_of(stage) if event["code"] == "resolver.blind"], stage.seen)
    require(len(told) == 1 and bad.bare() in told[0]["record"] and TLS_FAILED in told[0].line,
            "resolver.blind once, with address and reason", *[event.line for event in told])
    stage.weaken_dmarc()
    weakened, = stage.expect(WEAKENED, timeout_s=25)
    require("single source" in weakened["knownby"], "one resolver left: a single source",
            weakened.line)
    require(not unbound.questions(), "not one question at the refused one",
            f"{unbound.questions()}")
    require_nothing_readable(stage)
    asked = {(question.server, question.port) for question in stage.board.wire.questions()}
    require(asked == {(good.host, good.port)}, "clear text to the clear-text resolver only",
            f"seen: {asked}")


# ---- long answers ----------------------------------------------------------------------------


@scenario
def big_txt_needs_tcp(world, board, on_line):
    """A key of 4096 bits, and more TXT at the apex than a datagram holds: TC, then TCP; all ok."""
    own, provider = good_zones()
    tokens = [quoted(f"token-{number:02}=" + "x" * 180) for number in range(12)]
    own = own.having(DOMAIN, "TXT", *own.records[DOMAIN, "TXT"], *tokens)
    own = own.having(SELECTOR_1, "TXT", quoted("v=DKIM1; k=rsa; p=" + Pki.dkim_key(4096)))
    stage = Stage(world, board, on_line, zones=(own, provider))
    stage.boot()
    stage.wait_for(rf"SPF +{re.escape(DOMAIN)} +ok ", 5)
    stage.wait_for(rf"DKIM +{re.escape(SELECTOR_1)} +ok +RSA 4096", 5)
    wire = stage.board.wire
    cut = {answer.server for answer in wire.answers()
           if answer.is_truncated and answer.question and answer.question[1:] == (DOMAIN, TXT)}
    require(cut, f"a truncated answer to {DOMAIN} TXT", stage.seen())
    whole = [message for stream in wire.streams() if stream.server in cut
             for message in stream.answers() if len(message) > 1232 + 512]
    require(whole, "the whole answer over TCP", stage.seen())
    flags, _, count = struct.unpack_from(">3H", whole[0], 2)
    require(not flags & 0x020f and count >= 13, "13 TXT records in it", f"{flags:04x} {count}")
    require(max((len(answer) for answer in wire.datagrams_in()), default=0) <= 1232,
            "no datagram longer than EDNS allowed (1232)")
    stage.weaken_dmarc()
    stage.expect(WEAKENED)
    require_nothing_readable(stage)


# ---- the network's own resolvers, and IPv6 ---------------------------------------------------


@scenario
def servers_from_network(world, board, on_line):
    """No server line: DHCP's and the router advertisement's resolvers are asked, and named."""
    move_to_own_network(world, resolv_conf="nameserver 127.0.0.1\nnameserver ::1\n")
    stage = Stage(world, board, on_line)
    Unbound(world, "unbound", stage.knots[0], stage.zones, listen=loopback(53))
    stage.use([])
    named = {"10.0.2.3": "10.0.2.3:53", "fec0::3": "[fec0::3]:53"}
    stage.also = {(protocol, host, 53) for protocol in (UDP, TCP) for host in named}
    stage.boot()
    for text in named.values():
        stage.wait_for(rf"resolver {re.escape(text)} .*network", 10)
    stage.weaken_dmarc()
    weakened, = stage.expect(WEAKENED, timeout_s=25)
    for host in named:
        require(host in weakened["knownby"], f"known by {host}", weakened.line)
    require_nothing_readable(stage)
    asked = {question.server for question in stage.board.wire.questions()}
    require(asked == set(named), "both to be asked", f"seen: {asked}")


@scenario
def ipv6_only(world, board, on_line):
    """A network without IPv4: resolver, collector and its address record are IPv6 alone."""
    own, provider = good_zones()
    own = own.having(COLLECTOR, "A").having(COLLECTOR, "AAAA", seen_from_board("::1"))
    stage = Stage(world, board, on_line, zones=(own, provider), hosts=("::1",), network="ipv4=off")
    stage.use(ways_to(*stage.knots)[1:])
    stage.boot()
    require(not stage.board.find(r"net: .*DHCP\)"), "no address by DHCP", stage.seen())
    stage.weaken_dmarc()
    weakened, = stage.expect(WEAKENED, timeout_s=30)
    require("single source" in weakened["knownby"], "one address: a single source", weakened.line)
    require_nothing_readable(stage)
    require(all(":" in packet.target for packet in stage.board.wire.packets() if packet.is_sent
                and packet.protocol == TCP), "TCP over IPv6 alone")
