"""
What a Front does to answers: rules for Front.rule.

SPDX-License-Identifier: MIT
"""

import os
import socket
import struct

import wire
from stage import DMARC, DOMAIN, WEAK_DMARC
from wire import AA, CD, FORMERR, NXDOMAIN, QR, RA, RD, SERVFAIL, TC, ede, reply, rr, soa, txt


def always(make):
    """make(query) for everything."""
    return lambda query, honest, transport: make(query)


def for_domain(make):
    """make(query) for names of the watched domain, the truth for others."""
    return lambda query, honest, transport: make(query) if query.name.endswith(DOMAIN) else honest()


def for_record(make, name=DMARC):
    """make(query) for the TXT of one name."""
    return lambda query, honest, transport: (
        make(query) if query.name == name and query.type_word == "TXT" else honest())


def over_udp(make):
    """make(query, honest) over UDP, the truth over TCP."""
    return lambda query, honest, transport: (
        make(query, honest) if transport == "UDP" else honest())


def over_udp_only(rule):
    """A whole rule over UDP, the truth over TCP."""
    return lambda query, honest, transport: (
        rule(query, honest, transport) if transport == "UDP" else honest())


def silent(_query):
    return None


def weak(query):
    return reply(query, [rr(query.name_wire, "TXT", txt(WEAK_DMARC))])


def gone(query):
    return reply(query, [], [soa(DOMAIN)], rcode=NXDOMAIN)


def gone_without_proof(query):
    return reply(query, rcode=NXDOMAIN)


def empty_without_proof(query):
    return reply(query)


def failing(rcode, code=None, text=""):
    options = b"" if code is None else ede(code, text)
    return lambda query: reply(query, rcode=rcode, options=options)


def bogus(query):
    """A validating resolver without EDE: it answers only who asks it not to validate."""
    return weak(query) if query.flags & CD else reply(query, rcode=SERVFAIL)


def referral(query):
    return reply(query, [], [rr(b"\0", "NS", wire.name("a.root"))], flags=QR)


def portal(query):
    """An address of its own for every name, and something for every type."""
    data = {"A": b"\x0a\0\0\1", "AAAA": b"\xfd" + b"\0" * 14 + b"\1", "NS": wire.name("portal.lan"),
            "SOA": wire.name("portal.lan") * 2 + bytes(20),
            "MX": b"\0\x0a" + wire.name("portal.lan"),
            "TXT": txt("please log in")}.get(query.type_word, b"\x0a\0\0\1")
    return reply(query, [rr(query.name_wire, query.type, data)])


def rewriting(query, honest, _transport):
    """An advertisement instead of NXDOMAIN."""
    answer = honest()
    if answer and answer[3] & 15 == NXDOMAIN and query.type_word == "A":
        return reply(query, [rr(query.name_wire, "A", b"\x0a\0\0\1")])
    return answer


def with_option(options):
    """The truth, with an EDE beside it."""
    def rule(query, honest, _transport):
        answer = honest()
        if not query.name.endswith(DOMAIN) or query.edns is None or not answer:
            return answer
        counts = struct.unpack_from(">4H", answer, 4)
        bare, has_opt = strip_opt(answer)
        head = struct.pack(">4H", *counts[:3], counts[3] - has_opt + 1)
        return bare[:4] + head + bare[12:] + wire.opt(options)
    return rule


def strip_opt(answer):
    """(an answer without the OPT that ends it, 1 if it had one)."""
    at = answer.rfind(b"\0\0\x29")
    return (answer[:at], 1) if at > 0 else (answer, 0)


def without_edns(query, honest, _transport):
    """A middlebox that strips EDNS from both ways."""
    answer = honest()
    if not answer:
        return answer
    counts = struct.unpack_from(">4H", answer, 4)
    bare, has_opt = strip_opt(answer)
    return bare[:4] + struct.pack(">4H", *counts[:3], counts[3] - has_opt) + bare[12:]


def formerr_to_edns(query, honest, _transport):
    return reply(query, rcode=FORMERR, edns=False) if query.edns is not None else honest()


def flags(put, clear):
    """The truth with other flags."""
    def rule(_query, honest, _transport):
        answer = honest()
        if not answer:
            return answer
        old, = struct.unpack_from(">H", answer, 2)
        return answer[:2] + struct.pack(">H", (old | put) & ~clear & 0xffff) + answer[4:]
    return rule


def intercepted(query, _honest, _transport):
    """A resolver that answers in a name server's place, and knows of no DMARC record."""
    if query.name == DMARC:
        return reply(query, [], [soa(DOMAIN)], rcode=NXDOMAIN, flags=QR | AA | RA)
    return flags(RA, 0)(query, _honest, _transport)


truncating = over_udp(lambda query, honest: reply(query, flags=QR | RD | RA | TC)
                      if query.name.endswith(DOMAIN) and query.type_word == "TXT" else honest())


def noise(query):
    return query.data[:2] + os.urandom(60)


def wrong_id(query, honest, transport):
    answer = honest()
    return answer and bytes([answer[0] ^ 1]) + answer[1:]


def lower_case(query, honest, transport):
    answer = honest()
    return answer and answer[:12] + query.question.lower() + answer[12 + len(query.question):]


def from_another_port(address):
    """Over UDP the answer comes from a port that nobody asked."""
    def rule(query, honest, transport):
        def send(peer):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind((address, 0))
                sock.sendto(weak(query) if query.name == DMARC else honest(), peer)
        return [send] if transport == "UDP" else honest()
    return rule


def flood(query, honest, transport):
    """Before each answer, forged ones from the right address and port, with a guessed id."""
    if transport != "UDP":
        return honest()
    forged = [reply(query, [rr(query.name_wire, "TXT", txt(WEAK_DMARC))], id=(query.id + n) & 65535)
              for n in range(1, 40)]
    return [*forged, honest()]
