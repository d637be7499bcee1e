"""
The fault matrix: servers that lie, break and stall, and what the resolver makes of each.

SPDX-License-Identifier: MIT
"""

import concurrent.futures
import os
import re
import socket
import struct

import wire
from fakes import Fake, frame, reset, swallow
from parts import (EVIL, HONEST, NAME, QUESTION, always, evil, honest, nxdomain, silent, text,
                   then_honest, truncated)
from rows import Said, ask
from wire import (AA, BADCOOKIE, BADVERS, COOKIE, FORMERR, NOTIMP, NXDOMAIN, QR, RA, RD, REFUSED,
                  SERVFAIL, TC, ede, opt, reply, rr, soa, txt)
from world import Problem, World

PART = "hostile"
rows = []


class Row:
    """
    One fault.

    expect   pattern of the state that `ask` must report ("present", r"unknown\\((timeout|x)\\)").
    udp, tcp, on_tcp   as Fake.
    check    called with (said, fakes); gives what is wrong, or "".
    """

    def __init__(self, title, expect, udp=None, tcp=None, on_tcp=None, questions=(QUESTION,),
                 scheme="udp", options=(), check=None, more=(), program="ask-quick"):
        self.title, self.expect, self.check = title, expect, check
        self.udp, self.tcp, self.on_tcp = udp, tcp, on_tcp
        self.questions, self.scheme, self.options = questions, scheme, options
        self.more, self.program = more, program


def row(*args, **words):
    rows.append(Row(*args, **words))


def lower(query):
    return bytes(query.question).lower()


def evil_question(query, name=None, rrtype=None, klass=1):
    return ((wire.name(name) if name else query.name_wire)
            + struct.pack(">HH", rrtype or query.type, klass))


# ---- not ours --------------------------------------------------------------------------------

for title, make in (
        ("wrong name in the question",
         lambda q: evil(q, question=evil_question(q, "other.test"))),
        ("wrong type in the question", lambda q: evil(q, question=evil_question(q, rrtype=1))),
        ("wrong class in the question", lambda q: evil(q, question=evil_question(q, klass=3))),
        ("question in another case", lambda q: evil(q, question=bytes(
            q.question[:1]) + bytes(q.question[1:7].swapcase()) + bytes(q.question[7:]))),
        ("wrong id", lambda q: evil(q, id=q.id ^ 0x0100)),
        ("a query instead of a response (QR=0)", lambda q: evil(q, flags=RD)),
        ("another opcode", lambda q: evil(q, opcode=5)),
        ("no question at all, NOERROR", lambda q: evil(q, question=b"")),
        ("two questions", lambda q: evil(q, question=q.question * 2, counts=(2, 1, 0, 1))),
        ("a client cookie that is not ours",
         lambda q: evil(q, options=wire.option(COOKIE, b"12345678" + b"s" * 16))),
        ("noise", lambda q: os.urandom(80)),
        ("an empty datagram", lambda q: b""),
        ("three bytes", lambda q: q.data[:3]),
        ("a header cut short", lambda q: struct.pack(">H", q.id ^ 1) + b"\x81\x80\0\1"),
):
    row(f"{title}, then the honest answer", "present", udp=then_honest(make), tcp=honest,
        check=lambda said, fakes: "" if said.answers[0].transport == "UDP" else "not over UDP")
    row(f"{title}, and nothing else; no TCP", r"unknown\((timeout|malformed)\)",
        udp=always(make))
    row(f"{title}, 40 times at once; TCP is honest", r"present",
        udp=lambda q, f, t, make=make: [make(q) for _ in range(40)], tcp=honest)


def from_elsewhere(address, same_port):
    def send(query, fake, _transport):
        def spray(peer):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.bind((address, fake.port if same_port else 0))
                for _ in range(3):
                    sock.sendto(evil(query), peer)
        return [spray, 0.05, text(query)]
    return send


row("perfect answer from another port", "present", udp=from_elsewhere("127.0.0.1", False))
row("perfect answer from another address", "present", udp=from_elsewhere("127.0.0.2", True))
row("a server that lowercases names; TCP works", "present", tcp=honest,
    udp=always(lambda q: text(q, question=lower(q))))
row("a server that lowercases names; no TCP", r"unknown\(timeout\)",
    udp=always(lambda q: text(q, question=lower(q))))
row("17 wrong ids, no TCP", r"unknown\(attack\)",
    udp=lambda q, f, t: [evil(q, id=q.id ^ n) for n in range(1, 30)],
    check=lambda said, fakes: "" if "attack" in said.troubles() else "no trouble 'attack'")
row("17 wrong ids, TCP is honest", "present",
    udp=lambda q, f, t: [evil(q, id=q.id ^ n) for n in range(1, 30)] + [0.2], tcp=honest,
    check=lambda said, fakes: "" if said.answers[0].transport == "TCP" else "not over TCP")
row("the answer five times", "present", udp=lambda q, f, t: [text(q)] * 5,
    questions=[(f"{n}.victim.test", "TXT") for n in range(12)])


def late(query, _fake, _transport):
    """The answer to the first try comes while the second one waits."""
    if query.number == 0:
        return [0.5, evil(query)]
    return [0.4, text(query)]


row("the answer to a try that was given up, then that to the next", "present", udp=late,
    check=lambda said, fakes: "" if said.answers[0].tries > 1 else "there was one try only")
row("wrong id over TCP, then the honest answer", "present", scheme="tcp",
    tcp=lambda q, f, t: [evil(q, id=q.id ^ 1), text(q)])
row("wrong question over TCP, then the honest answer", "present", scheme="tcp",
    tcp=lambda q, f, t: [evil(q, question=evil_question(q, "other.test")), text(q)])

# ---- records that do not belong --------------------------------------------------------------

row("records of other names in answer, authority and additional", "present",
    udp=always(lambda q: reply(
        q, [rr(q.name_wire, "TXT", txt(HONEST)), rr("evil.test", "TXT", txt(EVIL)),
            rr("_dmarc." + NAME, "TXT", txt(EVIL))],
        [rr("com", "NS", wire.name("ns.evil.test"))],
        [rr("_dmarc." + NAME, "TXT", txt(EVIL)), rr("ns.evil.test", "A", b"\x7f\0\0\1")])
        if q.name == NAME else text(q)),
    questions=[QUESTION, ("_dmarc." + NAME, "TXT"), ("evil.test", "TXT")])
row("only records of another name, and no SOA", r"unknown\(suspect\)",
    udp=always(lambda q: reply(q, [rr("evil.test", "TXT", txt(EVIL))])))
row("class CH in the answer's record", r"unknown\(suspect\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", txt(EVIL), klass=3)])))
row("the same record five times", "present",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", txt(HONEST))] * 5)),
    check=lambda said, fakes: "" if len(said.answers[0].records) == 1 else "kept more than once")
row("a record of another type only, and no SOA", r"unknown\(suspect\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "A", b"\1\2\3\4")])))
row("TTL with the top bit set (RFC 2181)", "present",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", txt(HONEST), ttl=0xffffffff)])),
    check=lambda said, fakes: "" if said.answers[0].ttl == "0" else "TTL is not taken as 0")

# ---- aliases ---------------------------------------------------------------------------------


def chain(length, end="TXT"):
    """The whole chain in one message."""
    def answer(query):
        records, owner = [], query.name_wire
        for n in range(length):
            target = wire.name(f"c{n}.test")
            records.append(rr(owner, "CNAME", target))
            owner = target
        return reply(query, records + [rr(owner, end, txt(HONEST))])
    return answer


def chain_by_one(length):
    """One alias in each message."""
    def answer(query):
        at = int(query.name[1:].split(".")[0]) if re.match(r"c\d+\.", query.name) else 0
        if at >= length:
            return text(query)
        return reply(query, [rr(query.name_wire, "CNAME", wire.name(f"c{at + 1}.test"))])
    return answer


row("alias loop in one message", r"unknown\(chain\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "CNAME", wire.name("b.test")),
                                   rr("b.test", "CNAME", wire.name(NAME))])))
row("alias to itself", r"unknown\(chain\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "CNAME", wire.name(q.name))])))
row("alias loop over two messages", r"unknown\(chain\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "CNAME", wire.name(
        "b.test" if q.name == NAME else NAME))])))
row("two aliases for one name", r"present|unknown\(.*\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "CNAME", wire.name("a.test")),
                                   rr(q.name_wire, "CNAME", wire.name("b.test")),
                                   rr("a.test", "TXT", txt(HONEST))])))
row("chain of 8 in one message", "present", udp=always(chain(8)))
row("chain of 9 in one message", r"unknown\(chain VD_CHAIN_MAX\)", udp=always(chain(9)))
row("chain of 20 in one message", r"unknown\(chain VD_CHAIN_MAX\)", udp=always(chain(20)),
    tcp=always(chain(20)))
row("chain of 8 over as many messages", "present", udp=always(chain_by_one(8)))
row("chain of 20 over as many messages", r"unknown\(chain VD_CHAIN_MAX\)",
    udp=always(chain_by_one(20)))
row("alias whose target is NXDOMAIN", r"absent\(dangling\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "CNAME", wire.name("gone.other"))],
                               [soa("other")], rcode=NXDOMAIN)))
row("alias whose target is NXDOMAIN, SOA of the alias's zone", r"unknown\(suspect\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "CNAME", wire.name("gone.other"))],
                               [soa("victim.test")], rcode=NXDOMAIN)))
row("alias to another name, whose server fails", r"unknown\(servfail\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "CNAME", wire.name("b.test"))])
               if q.name == NAME else reply(q, rcode=SERVFAIL)))

# ---- is it gone? -----------------------------------------------------------------------------

row("NXDOMAIN with SOA", r"absent\(nxdomain\)", udp=always(nxdomain))
row("NXDOMAIN with the SOA of that very name", r"unknown\(suspect\)",
    udp=always(lambda q: nxdomain(q, "victim.test")))
row("NODATA with SOA", r"absent\(nodata\)", udp=always(lambda q: reply(q, [], [soa("test")])))
row("NXDOMAIN without SOA", r"unknown\(suspect\)", udp=always(lambda q: reply(q, rcode=NXDOMAIN)))
row("NOERROR, nothing in it", r"unknown\(suspect\)", udp=always(reply))
row("NXDOMAIN with the SOA of another zone", r"unknown\(suspect\)",
    udp=always(lambda q: nxdomain(q, "elsewhere.example")))
row("NXDOMAIN with an SOA in the additional section", r"unknown\(suspect\)",
    udp=always(lambda q: reply(q, [], [], [soa("test")], rcode=NXDOMAIN)))
row("NXDOMAIN with the very record in the answer", r"unknown\(suspect\)",
    udp=always(lambda q: text(q, rcode=NXDOMAIN)))
row("SERVFAIL", r"unknown\(servfail\)", udp=always(lambda q: reply(q, rcode=SERVFAIL)),
    tcp=always(lambda q: reply(q, rcode=SERVFAIL)))
row("SERVFAIL with the record in the answer", r"unknown\(servfail\)",
    udp=always(lambda q: evil(q, rcode=SERVFAIL)))
row("SERVFAIL, but CD=1 is answered", r"unknown\(dnssec\)",
    udp=always(lambda q: evil(q) if q.flags & wire.CD else reply(q, rcode=SERVFAIL)))
row("REFUSED", r"unknown\(refused\)", udp=always(lambda q: reply(q, rcode=REFUSED)))
row("NOTIMP to everything", r"unknown\(rcode\)", udp=always(lambda q: reply(q, rcode=NOTIMP)))
row("rcode 15", r"unknown\(rcode\)", udp=always(lambda q: reply(q, rcode=15)))
row("referral downwards", r"unknown\(lame\)",
    udp=always(lambda q: reply(q, [], [rr(q.name_wire, "NS", wire.name("ns.test"))],
                               [rr("ns.test", "A", b"\x7f\0\0\1")], flags=QR)))
row("referral to the root", r"unknown\(lame\)",
    udp=always(lambda q: reply(q, [], [rr(b"\0", "NS", wire.name("a.root"))], flags=QR)))
for code, rcode, with_data, expect in (
        (0, wire.NOERROR, True, "present"), (22, wire.NOERROR, True, "present"),
        (6, wire.NOERROR, True, "present"), (3, wire.NOERROR, True, r"unknown\(stale\)"),
        (19, NXDOMAIN, False, r"unknown\(stale\)"), (4, wire.NOERROR, True, r"unknown\(filtered\)"),
        (15, NXDOMAIN, False, r"unknown\(filtered\)"), (16, NXDOMAIN, False,
                                                        r"unknown\(filtered\)"),
        (17, wire.NOERROR, False, r"unknown\(filtered\)"), (18, REFUSED, False,
                                                           r"unknown\(filtered\)"),
        (20, REFUSED, False, r"unknown\(filtered\)"), (6, SERVFAIL, False, r"unknown\(dnssec\)"),
        (7, SERVFAIL, False, r"unknown\(dnssec\)"), (9, SERVFAIL, False, r"unknown\(dnssec\)"),
        (22, SERVFAIL, False, r"unknown\(upstream\)"), (23, SERVFAIL, False,
                                                       r"unknown\(upstream\)"),
        (13, SERVFAIL, False, r"unknown\(upstream\)"), (29, NXDOMAIN, False, r"absent\(nxdomain\)"),
        (4711, SERVFAIL, False, r"unknown\(servfail\)"),
        (4711, NXDOMAIN, False, r"absent\(nxdomain\)")):
    def explained(query, _fake, _transport, code=code, rcode=rcode, with_data=with_data):
        if with_data:
            return text(query, rcode=rcode, options=ede(code, "why\x1b[31m"))
        return reply(query, [], [soa("test")] if rcode in (0, NXDOMAIN) else [], rcode=rcode,
                     options=ede(code, "why\x1b[31m"))
    row(f"EDE {code} with rcode {rcode}{' and the record' if with_data else ''}", expect,
        udp=explained, check=lambda said, fakes, code=code:
        "" if said.answers[0].ede == str(code) and "\x1b" not in said.out else "EDE is not told")

# ---- an authority, asked without recursion ---------------------------------------------------

AUTHORITY = ("--authority",)
row("authority: AA=1, RA=0", "present", options=AUTHORITY, udp=always(
    lambda q: text(q, flags=QR | AA)),
    check=lambda said, fakes: "" if not fakes[0].queries[0][1].flags & RD else "asked with RD=1")
row("authority: AA=0", r"unknown\(intercepted\)", options=AUTHORITY,
    udp=always(lambda q: evil(q, flags=QR)))
row("authority: AA=1, but RA=1", r"unknown\(intercepted\)", options=AUTHORITY,
    udp=always(lambda q: evil(q, flags=QR | AA | RA)))
row("authority: NXDOMAIN with AA=0", r"unknown\(intercepted\)", options=AUTHORITY,
    udp=always(lambda q: nxdomain(q, flags=QR)))
IN_ZONE = AUTHORITY + ("--zone", "victim.test")
row("authority: NXDOMAIN by the SOA of the zone above", r"unknown\(lame\)", options=IN_ZONE,
    udp=always(lambda q: nxdomain(q, "test", flags=QR | AA)))
row("authority: NODATA by its own SOA", r"absent\(nodata\)", options=IN_ZONE,
    udp=always(lambda q: reply(q, [], [soa("victim.test")], flags=QR | AA)))
row("authority: a question from outside of its zone", r"unknown\(lame\)",
    options=AUTHORITY + ("--zone", "other.test"), udp=always(lambda q: text(q, flags=QR | AA)))
row("authority: a referral", r"unknown\(lame\)", options=AUTHORITY,
    udp=always(lambda q: reply(q, [], [rr(q.name_wire, "NS", wire.name("ns.test"))], flags=QR)))

# ---- EDNS and cookies ------------------------------------------------------------------------


def no_edns(make):
    """make(query) for queries with an OPT, the honest answer for those without."""
    return lambda query, fake, transport: make(query) if query.edns is not None else text(query)


def is_left_out(said, fakes):
    """After the first question, no query has an OPT."""
    late_ones = [q for _, q in fakes[0].queries if q.name.startswith("later")]
    if not late_ones or any(q.edns is not None for q in late_ones):
        return "EDNS is tried again at once"
    return ""


def is_remembered(said, fakes):
    """And it is told."""
    return is_left_out(said, fakes) or (
        "" if "no-edns" in said.troubles() else "no trouble 'no-edns'")


def is_bare(rcode):
    """An error that says nothing of what was asked."""
    return lambda q: struct.pack(">6H", q.id, QR | rcode, 0, 0, 0, 0)


TWICE = dict(questions=(QUESTION, ("later.victim.test", "TXT")), check=is_remembered,
             options=("--raw",))
# Anybody could have sent it: it is told only when it comes again and again.
row("FORMERR to EDNS, a bare header", "present", **{**TWICE, "check": is_left_out},
    udp=no_edns(is_bare(FORMERR)))
row("REFUSED, a bare header", r"unknown\(refused\)", udp=always(is_bare(REFUSED)),
    tcp=always(is_bare(REFUSED)))
row("REFUSED, a bare header, and no TCP", r"unknown\(refused\)", udp=always(is_bare(REFUSED)))
row("FORMERR to EDNS, with the question", "present", **TWICE, udp=no_edns(
    lambda q: reply(q, rcode=FORMERR, edns=False)))
row("NOTIMP to EDNS", "present", **TWICE,
    udp=no_edns(lambda q: reply(q, rcode=NOTIMP, edns=False)))
row("BADVERS to EDNS", "present", **TWICE, udp=no_edns(lambda q: reply(q, rcode=BADVERS)))
row("FORMERR to EDNS over TCP", "present", scheme="tcp",
    tcp=no_edns(lambda q: reply(q, rcode=FORMERR, edns=False)))
row("FORMERR to everything", r"unknown\(rcode\)",
    udp=always(lambda q: reply(q, rcode=FORMERR, edns=False)))
row("silence to EDNS (a middlebox drops it)", r"present|unknown\(timeout\)",
    udp=no_edns(lambda q: None))
row("the OPT is stripped from responses", "present", udp=always(lambda q: text(q, edns=False)),
    check=lambda said, fakes: "" if "no-edns" in said.troubles() else "no trouble 'no-edns'")
row("two OPTs", r"unknown\(malformed\)",
    udp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", txt(EVIL))], [], [opt()])))
row("an OPT in the answer section", r"unknown\(malformed\)",
    udp=always(lambda q: reply(q, [opt(), rr(q.name_wire, "TXT", txt(EVIL))], edns=False)))
row("an EDNS option that runs over the OPT", r"unknown\(malformed\)",
    udp=always(lambda q: text(q, options=struct.pack(">HH", COOKIE, 400) + b"12345678")))


def server_cookie(query):
    return wire.option(COOKIE, query.options[COOKIE][:8] + b"server-cookie-16")


def cookie_once(query, _fake, _transport):
    if len(query.options.get(COOKIE, b"")) < 16:
        return reply(query, rcode=BADCOOKIE, options=server_cookie(query))
    return text(query, options=server_cookie(query))


row("BADCOOKIE, and content with the server's cookie", "present", udp=cookie_once,
    check=lambda said, fakes: "" if fakes[0].count() == 2 else f"{fakes[0].count()} queries")
row("BADCOOKIE for ever, TCP is honest", "present", tcp=honest,
    udp=always(lambda q: reply(q, rcode=BADCOOKIE, options=server_cookie(q))),
    check=lambda said, fakes: "" if fakes[0].count("UDP") <= 4 else "asked on and on over UDP")
row("BADCOOKIE for ever, no TCP", r"unknown\(rcode\)",
    udp=always(lambda q: reply(q, rcode=BADCOOKIE, options=server_cookie(q))),
    check=lambda said, fakes: "" if fakes[0].count() <= 8 else "asked on and on")
row("a server that speaks cookies; a forger without, then the honest one", "present",
    questions=(QUESTION, ("later.victim.test", "TXT")), options=("--raw",),
    udp=lambda q, f, t: [*([] if q.number == 0 else [evil(q), 0.02]),
                         text(q, options=server_cookie(q))],
    check=lambda said, fakes: "" if said.paths[0]["mismatches"] == 1
    else "the answer without a cookie was taken")
row("a server that spoke cookies once, and no more (a forwarder); TCP works", "present",
    questions=(QUESTION, *[(f"l{n}.victim.test", "TXT") for n in range(6)]), options=("--raw",),
    udp=lambda q, f, t: text(q, options=server_cookie(q)) if q.number == 0 else text(q),
    tcp=honest)
row("a server that spoke cookies once, and no more (a forwarder); no TCP", "present",
    questions=(QUESTION, *[(f"l{n}.victim.test", "TXT") for n in range(6)]), options=("--raw",),
    udp=lambda q, f, t: text(q, options=server_cookie(q))
    if q.number == 0 else text(q))
row("a server cookie of 3 bytes", r"unknown\(timeout\)", udp=always(
    lambda q: text(q, options=wire.option(COOKIE, q.options[COOKIE][:8] + b"abc")
                   if COOKIE in q.options else b"")))

# ---- truncation and TCP ----------------------------------------------------------------------

NO_TCP = dict(check=lambda said, fakes:
              "" if "no-tcp" in said.troubles() else "no trouble 'no-tcp'")
row("TC, and TCP is refused", r"unknown\(truncated\)", udp=truncated, **NO_TCP)
row("TC, and TCP is silent", r"unknown\(truncated\)", udp=truncated,
    on_tcp=lambda c, f: swallow(c, f, 8), **NO_TCP)
row("TC with a part of the records, TCP is honest", "present", tcp=honest,
    udp=always(lambda q: evil(q, flags=QR | RD | RA | TC)))
row("TC with a part of the records, no TCP", r"unknown\(truncated\)",
    udp=always(lambda q: evil(q, flags=QR | RD | RA | TC)))
row("TC, and the message breaks off in the middle of a record", "present", tcp=honest,
    udp=always(lambda q: evil(q, flags=QR | RD | RA | TC, edns=False)[:-9]))
row("TC and NXDOMAIN with SOA, no TCP", r"unknown\(truncated\)",
    udp=always(lambda q: nxdomain(q, flags=QR | RD | RA | TC)))
row("TC over TCP too", r"unknown\(truncated\)", udp=truncated, tcp=truncated)
row("TCP alone, not TC, 40 times", "present", udp=truncated, tcp=honest,
    questions=[(f"{n}.victim.test", "TXT") for n in range(40)])


def write_slowly(connection, fake):
    while True:
        query = fake.read(connection)
        if query is None:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in frame(text(query, HONEST, "x" * 200)):
            connection.sendall(bytes([byte]))


def reset_in_the_middle(connection, fake):
    query = fake.read(connection)
    if query is not None:
        connection.sendall(frame(evil(query))[:30])
        reset(connection)


def reset_once(connection, fake):
    if len(fake.peers) == 1:
        return reset_in_the_middle(connection, fake)
    query = fake.read(connection)
    if query is not None:
        connection.sendall(frame(text(query)))
        swallow(connection, fake, 1)
    return None


def close_after_each(connection, fake):
    query = fake.read(connection)
    if query is not None:
        connection.sendall(frame(text(query, query.name)))


def backwards(connection, fake):
    """Take what there is, answer the last one first."""
    connection.settimeout(0.15)
    queries = []
    while not fake.is_over:
        try:
            query = fake.read(connection)
            if query is None:
                return
            queries.append(query)
        except TimeoutError:
            connection.sendall(b"".join(frame(text(q, q.name)) for q in reversed(queries)))
            queries = []


def own_text(said, _fakes):
    wrong = [str(a) for a in said.answers if a.values("TXT") != [a.name]]
    return f"answers of others: {wrong}" if wrong else ""


MANY = [(f"{n}.victim.test", "TXT") for n in range(30)]
row("byte by byte over TCP", "present", udp=truncated, on_tcp=write_slowly)
row("TCP reset in the middle of a message, always", r"unknown\(truncated\)",
    udp=truncated, on_tcp=reset_in_the_middle)
row("TCP reset in the middle of a message, once", "present", udp=truncated, on_tcp=reset_once)
row("tcp://, reset in the middle of a message, once", "present", scheme="tcp", on_tcp=reset_once)
row("tcp://, closed after each answer", "present", scheme="tcp", on_tcp=close_after_each,
    questions=MANY, check=own_text)
row("TC for six at once, and TCP is closed after each answer", "present", udp=truncated,
    on_tcp=close_after_each, questions=MANY[:6], check=lambda said, fakes:
    own_text(said, fakes) or ("TCP is said not to work" if "no-tcp" in said.troubles() else ""))
row("tcp://, answers in reverse order", "present", scheme="tcp", on_tcp=backwards, questions=MANY,
    check=own_text)
row("tcp://, many questions on few connections", "present", scheme="tcp", questions=MANY,
    tcp=always(lambda q: text(q, q.name)), check=lambda said, fakes: own_text(said, fakes) or (
        "" if len(fakes[0].peers) <= 4 else f"{len(fakes[0].peers)} connections"))
row("tcp://, closed as soon as it is open", r"unknown\((network|timeout)\)", scheme="tcp",
    on_tcp=lambda c, f: None)
row("tcp://, refused", r"unknown\(network\)", scheme="tcp", udp=silent,
    check=lambda said, fakes: "" if not fakes[0].count("UDP") else "asked over UDP")
row("tcp://, a message of length 0, then the honest answer", r"present",
    scheme="tcp", tcp=lambda q, f, t: [b"", text(q)])
row("tcp://, a length of 65535 and silence", r"unknown\((timeout|network|limit .*)\)", scheme="tcp",
    on_tcp=lambda c, f: (f.read(c), c.sendall(b"\xff\xff" + b"\0" * 100), swallow(c, f, 8)))
row("tcp://, 4 MB of noise", r"unknown\(.*\)", scheme="tcp",
    on_tcp=lambda c, f: (f.read(c), c.sendall(os.urandom(4 << 20))))
row("60 KiB over TCP", r"unknown\(limit VD_\w+\)", udp=truncated,
    tcp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", wire.long_txt(f"{n:03d}" + "y" * 2900))
                                   for n in range(20)])))
row("60 KiB over TCP, and other questions on the same connection",
    r"unknown\(limit VD_\w+\)", scheme="tcp",
    questions=[QUESTION] + MANY[:10],
    tcp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", wire.long_txt(f"{n:03d}" + "y" * 2900))
                                   for n in range(20)]) if q.name == NAME else text(q, q.name)),
    check=lambda said, fakes: "" if all(a.values("TXT") == [a.name] for a in said.answers[1:])
    else "the other questions were not answered")
row("one TXT of 20,000 bytes over TCP", r"unknown\(limit VD_\w+\)", udp=truncated,
    tcp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", wire.long_txt("z" * 20000))])))
row("400 records", r"unknown\(limit VD_\w+\)", udp=truncated,
    tcp=always(lambda q: reply(q, [rr(q.name_wire, "TXT", txt(f"record {n}"))
                                   for n in range(400)])))
row("a datagram larger than was announced", r"present|unknown\(.*\)", tcp=honest,
    udp=always(lambda q: text(q, HONEST, *["w" * 250] * 12)))

# ---- broken messages -------------------------------------------------------------------------


def raw_rr(owner, rrtype, rdata, size):
    """A record that says that its RDATA has `size` bytes."""
    return owner + struct.pack(">HHIH", wire.TYPES[rrtype], 1, 300, size) + rdata


QNAME = b"\xc0\x0c"
LONG = b"".join(bytes([63]) + b"a" * 63 for _ in range(3))
for title, make in (
        ("a name that points to itself",
         lambda q: reply(q, [rr(struct.pack(">H", 0xc000 | (12 + len(q.question))), "TXT",
                                txt(EVIL))])),
        ("a name that points forward", lambda q: reply(q, [rr(b"\xc0\xff", "TXT", txt(EVIL))])),
        ("two names that point to each other",
         lambda q: reply(q, [rr(b"\1a" + struct.pack(">H", 0xc000 | (12 + len(q.question))),
                                "CNAME", struct.pack(">H", 0xc000 | (12 + len(q.question))))])),
        ("a pointer past the end", lambda q: reply(q, [rr(b"\xff\xff", "TXT", txt(EVIL))])),
        ("a name over 255 octets", lambda q: reply(q, [
            rr(LONG + LONG + b"\0", "TXT", txt(EVIL))])),
        ("a label type that does not exist", lambda q: reply(q, [rr(b"\x40a\0", "TXT",
                                                                    txt(EVIL))])),
        ("RDATA longer than the message",
         lambda q: reply(q, [raw_rr(q.name_wire, "TXT", txt(EVIL), 5000)], edns=False)),
        ("a string longer than its RDATA",
         lambda q: reply(q, [rr(q.name_wire, "TXT", b"\xff" + EVIL.encode())])),
        ("TXT without a string", lambda q: reply(q, [rr(q.name_wire, "TXT", b"")])),
        ("65535 answers that are not there",
         lambda q: reply(q, [rr(q.name_wire, "TXT", txt(EVIL))], counts=(1, 65535, 0, 1))),
        ("fewer records than are there",
         lambda q: reply(q, [rr(q.name_wire, "TXT", txt(EVIL))] * 3, counts=(1, 1, 0, 0))),
        ("bytes behind the end", lambda q: evil(q, tail=b"tail")),
        ("an alias whose RDATA is longer than its name", lambda q: reply(q, [
            rr(q.name_wire, "CNAME", wire.name("b.test") + b"xx"),
            rr("b.test", "TXT", txt(EVIL))])),
        ("an SOA that breaks off", lambda q: reply(q, [], [
            rr("test", "SOA", wire.name("ns.test") + wire.name("a.test") + b"\0\0\0\1")],
                                                 rcode=NXDOMAIN)),
):
    for scheme in ("udp", "tcp"):
        row(f"{title} ({scheme})", r"unknown\(malformed\)", scheme=scheme, udp=always(make),
            tcp=always(make))
row("compression bomb: 700 records of pointers over TCP", r"unknown\(suspect\)", scheme="tcp",
    tcp=always(lambda q: reply(q, [
        rr(struct.pack(">H", 0xc00c), "NS",
           b"\x3f" + b"b" * 63 + struct.pack(">H", 0xc00c)) for _ in range(700)])))
row("an A of 5 bytes", r"unknown\(malformed\)", questions=((NAME, "A"),),
    udp=always(lambda q: reply(q, [rr(q.name_wire, "A", b"12345")])))
row("an MX of 2 bytes", r"unknown\(malformed\)", questions=((NAME, "MX"),),
    udp=always(lambda q: reply(q, [rr(q.name_wire, "MX", b"\0\1")])))
row("a DS of 3 bytes", r"unknown\(malformed\)", questions=((NAME, "DS"),),
    udp=always(lambda q: reply(q, [rr(q.name_wire, "DS", b"\0\1\2")])))
row("escape sequences and NULs in a text", "present",
    udp=always(lambda q: text(q, "\x1b]0;owned\x07\0\r\n" + HONEST)),
    check=lambda said, fakes: "" if "\x1b" not in said.out and
    said.answers[0].values("TXT") == ["\x1b]0;owned\x07\0\r\n" + HONEST] else "text is altered")

# ---- several servers -------------------------------------------------------------------------

row("silence, and nobody else to ask", r"unknown\(timeout\)", udp=silent,
    check=lambda said, fakes: "" if fakes[0].count() > 1 else "asked once only")
row("nobody listens", r"unknown\(network\)")
row("the first server is silent, the second is honest", "present", udp=silent,
    more=[dict(udp=honest)])
row("the first server fails, the second is honest", "present",
    udp=always(lambda q: reply(q, rcode=SERVFAIL)), more=[dict(udp=honest)],
    check=lambda said, fakes: "" if "servfail" in said.troubles(0) else "no trouble 'servfail'")
row("the first server refuses, the second is honest", "present",
    udp=always(lambda q: reply(q, rcode=REFUSED)), more=[dict(udp=honest)])
row("the first server is lame, the second is honest", "present",
    udp=always(lambda q: reply(q, [], [rr(b"\0", "NS", wire.name("a.root"))], flags=QR)),
    more=[dict(udp=honest)])
row("the first truncates without TCP, the second is honest", "present", udp=truncated,
    more=[dict(udp=honest)], **NO_TCP)
row("nobody listens at the first, the second is honest", "present", more=[dict(udp=honest)])
row("the first one's absence has no SOA, the second is honest", r"present",
    udp=always(lambda q: reply(q, rcode=NXDOMAIN)), more=[dict(udp=honest)])


# ---- running them ----------------------------------------------------------------------------


def play(one, table, world):
    fakes = [Fake(world, one.udp, one.tcp, one.on_tcp)]
    fakes += [Fake(world, **other) for other in one.more]
    urls = [fakes[0].url(one.scheme)] + [fake.url() for fake in fakes[1:]]
    try:
        said = ask(urls, one.questions, *one.options, program=one.program, timeout_s=120)
    except Problem as problem:
        table.add(PART, one.title, readable(one.expect), str(problem), False)
        return
    finally:
        for fake in fakes:
            fake.stop()
    wrong = judge(one, said, fakes)
    at = said.troubles(min(said.paths, default=0))
    seen = ", ".join(sorted({answer.state for answer in said.answers}))
    seen += f"; path: {at}" if at else ""
    queries = " ".join(kind for kind, _ in fakes[0].queries[:12])
    table.add(PART, one.title, readable(one.expect), seen + (f": {wrong}" if wrong else ""),
              not wrong, f"{said}\nqueries: {queries}" if wrong else "")


def readable(pattern):
    """A pattern of states as a person writes it."""
    for old, new in ((r"VD_\w+", "a knob"), (r"\(.*\)", ""), ("\\", ""), ("((", "("), ("))", ")")):
        pattern = pattern.replace(old, new)
    return pattern.replace("|", " or ")


def judge(one, said: Said, fakes):
    """What is wrong, or ""."""
    if said.trouble():
        return said.trouble()
    if len(said.answers) != len(one.questions):
        return f"{len(said.answers)} answers to {len(one.questions)} questions"
    if "evil" in said.out.replace("evil.test", "") and "evil" in "".join(
            value for a in said.answers for value in a.values("TXT")):
        return "a forged record was taken"
    for n, answer in enumerate(said.answers):
        # A limit that one answer is over is no reason for the others.
        pattern = one.expect if n == 0 or "limit" not in one.expect else "present"
        if not re.fullmatch(pattern, answer.state):
            return f"{answer.name} is {answer.state}"
    if any(answer.presence == "present" and not answer.records and "--raw" not in one.options
           for answer in said.answers):
        return "present without a record"
    return one.check(said, fakes) if one.check else ""


def run(table, jobs, only=None):
    chosen = [one for one in rows if not only or re.search(only, one.title)]
    with World() as world, concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done in [pool.submit(play, one, table, world) for one in chosen]:
            done.result()
