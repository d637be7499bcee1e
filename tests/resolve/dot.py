"""
DNS over TLS: verified or nothing, and nothing in clear (RFC 7858, RFC 8310).

SPDX-License-Identifier: MIT
"""

import base64
import hashlib
import ssl
import subprocess

import wire
from fakes import Fake, frame, reset, swallow
from parts import HONEST, NAME, text
from rows import ask
from world import Pki, Problem, World, find_program

PART = "dot"
WHO = "dns.test"


def pin_of(certificate):
    """sha256/BASE64 of the SubjectPublicKeyInfo."""
    openssl = find_program("openssl")
    pem = subprocess.run([openssl, "x509", "-in", certificate, "-noout", "-pubkey"],
                         capture_output=True, check=True).stdout
    der = subprocess.run([openssl, "pkey", "-pubin", "-outform", "DER"], input=pem,
                         capture_output=True, check=True).stdout
    return "sha256/" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def context(certificate, newest=ssl.TLSVersion.TLSv1_3, oldest=ssl.TLSVersion.TLSv1_2):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.minimum_version, made.maximum_version = oldest, newest
    made.load_cert_chain(certificate[0], certificate[1])
    return made


def self_signed(world):
    path = world.folder("self-signed")
    subprocess.run([find_program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", path + "/key", "-out",
                    path + "/cert", "-days", "30", "-subj", "/CN=" + WHO, "-addext",
                    "subjectAltName=DNS:" + WHO], capture_output=True, check=True)
    return path + "/cert", path + "/key"


def plain(query, _fake, _transport):
    return text(query)


def is_in_clear(fake):
    """A word of the question, or a query at all, where it can be read."""
    clear = b"".join(fake.clear).lower()
    return wire.name(NAME)[:7] in clear or b"victim" in clear


class Bench:
    """The rows, with what they share."""

    def __init__(self, table, world):
        self.table, self.world = table, world
        self.pki = Pki(world, "DNS CA")
        self.other = Pki(world, "Other CA")
        self.good = self.pki.server(WHO)

    def row(self, title, expect, fake, who, check=None, questions=((NAME, "TXT"),), options=(),
            ca=True, servers=()):
        """
        One fake, asked as tls://…#who.  Its UDP port is open too, and must not be asked in clear.
        """
        try:
            extra = ("--ca", self.pki.ca) if ca else ()
            said = ask([fake.url("tls") + "#" + who, *servers], questions, *extra, *options,
                       program="ask-quick", timeout_s=120)
            states = sorted({answer.state for answer in said.answers})
            wrong = said.trouble()
            if not wrong and len(said.answers) != len(questions):
                wrong = f"{len(said.answers)} answers"
            if not wrong and not set(states) <= {expect}:
                wrong = "not so"
            if not wrong and expect == "present" and any(
                    answer.transport != "TLS" for answer in said.answers):
                wrong = "not over TLS"
            if not wrong and is_in_clear(fake):
                wrong = "the question went out in clear"
            if not wrong and fake.count("UDP") + fake.count("TCP"):
                wrong = "asked in clear"
            if not wrong and expect != "present" and fake.count("TLS"):
                wrong = "asked a peer that was not verified"
            if not wrong and expect != "present" and "tls" not in said.troubles():
                wrong = "no trouble 'tls'"
            wrong = wrong or (check(said, fake) if check else "")
            self.table.add(PART, title, expect, ", ".join(states) + (f": {wrong}" if wrong else ""),
                           not wrong, str(said) if wrong else "")
        except Problem as problem:
            self.table.add(PART, title, expect, str(problem), False)

    def fake(self, certificate=None, on_tcp=None, tcp=plain, **versions):
        return Fake(self.world, udp=plain, tcp=None if on_tcp else tcp, on_tcp=on_tcp,
                    context=context(certificate, **versions) if certificate else None)


def is_padded(_said, fake):
    odd = [query for kind, query in fake.queries
           if wire.PADDING not in query.options or len(query.data) % 128]
    return f"{len(odd)} queries are not padded to 128 bytes" if odd else ""


def on_one_connection(_said, fake):
    return "" if len(fake.peers) == 1 else f"{len(fake.peers)} connections"


def out_of_order(connection, fake):
    connection.settimeout(0.15)
    queries = []
    while not fake.is_over:
        try:
            query = fake.read(connection)
            if query is None:
                return
            queries.append(query)
        except TimeoutError:
            for query in reversed(queries):
                connection.sendall(frame(text(query, query.name)))
            queries = []


def close_after_each(connection, fake):
    query = fake.read(connection)
    if query is not None:
        connection.sendall(frame(text(query, query.name)))
        connection.unwrap()


def reset_first(connection, fake):
    query = fake.read(connection)
    if query is None:
        return
    if len(fake.peers) == 1:
        connection.sendall(frame(text(query))[:20])
        reset(connection)
        return
    connection.sendall(frame(text(query)))
    swallow(connection, fake, 1)


def own_text(said, _fake):
    wrong = [str(a) for a in said.answers if a.values("TXT") != [a.name]]
    return f"answers of others: {wrong}" if wrong else ""


def rude(greeting):
    """A peer that does not speak TLS: says something, then keeps what it gets."""
    def serve(connection, fake):
        connection.sendall(greeting)
        swallow(connection, fake, 3)
    return serve


def echo(connection, fake):
    """What was sent comes back."""
    data = connection.recv(65535)
    with fake.lock:
        fake.clear.append(data)
    connection.sendall(data)
    swallow(connection, fake, 2)


MANY = [(f"{n}.victim.test", "TXT") for n in range(24)]


def good_rows(bench):
    right = pin_of(bench.good[0])
    bench.row("right name", "present", bench.fake(bench.good), WHO, is_padded)
    bench.row("right pin, no CA", "present", bench.fake(bench.good), right, is_padded, ca=False)
    old = bench.pki.server(WHO, -10, -1)
    bench.row("right pin of an expired certificate", "present", bench.fake(old), pin_of(old[0]),
              ca=False)
    for name, version in (("TLS 1.2", ssl.TLSVersion.TLSv1_2), ("TLS 1.3", ssl.TLSVersion.TLSv1_3)):
        bench.row(f"{name} only", "present", bench.fake(bench.good, newest=version, oldest=version),
                  WHO)
    bench.row("24 questions, one connection", "present",
              bench.fake(bench.good, tcp=lambda q, f, t: text(q, q.name)), WHO,
              lambda said, fake: own_text(said, fake) or on_one_connection(said, fake), MANY)
    bench.row("answers out of order", "present", bench.fake(bench.good, on_tcp=out_of_order), WHO,
              own_text, MANY)
    bench.row("closed after each answer", "present", bench.fake(
        bench.good, on_tcp=close_after_each), WHO, own_text, MANY[:6])
    bench.row("reset in the middle of the first answer", "present",
              bench.fake(bench.good, on_tcp=reset_first), WHO)


def bad_rows(bench):
    bad = "unknown(tls)"
    right = pin_of(bench.good[0])
    bench.row("wrong name", bad, bench.fake(bench.pki.server("other.test")), WHO)
    bench.row("wrong pin", bad, bench.fake(bench.good), pin_of(bench.other.server(WHO)[0]),
              ca=False)
    bench.row("right pin, but another key is used", bad, bench.fake(bench.other.server(WHO)), right,
              ca=False)
    bench.row("expired", bad, bench.fake(bench.pki.server(WHO, -20, -2)), WHO)
    bench.row("not yet valid", bad, bench.fake(bench.pki.server(WHO, 5, 20)), WHO)
    bench.row("self-signed", bad, bench.fake(self_signed(bench.world)), WHO)
    bench.row("another CA", bad, bench.fake(bench.other.server(WHO)), WHO)
    bench.row("TLS 1.1 only", bad, bench.fake(bench.good, newest=ssl.TLSVersion.TLSv1_1,
                                              oldest=ssl.TLSVersion.TLSv1), WHO)
    bench.row("no TLS: DNS over TCP in clear", bad, bench.fake(on_tcp=rude(frame(b"\0" * 20))), WHO)
    bench.row("no TLS: HTTP", bad,
              bench.fake(on_tcp=rude(b"HTTP/1.1 400 Bad Request\r\n\r\n")), WHO)
    bench.row("no TLS: all that is sent comes back", bad, bench.fake(on_tcp=echo), WHO)
    bench.row("no TLS: closed at once", bad, bench.fake(on_tcp=lambda c, f: None), WHO)
    bench.row("nobody listens on TCP", bad, Fake(bench.world, udp=plain), WHO)


def slow_rows(bench):
    silent = Fake(bench.world, udp=plain, on_tcp=lambda c, f: swallow(c, f, 15))
    bench.row("no TLS: silence", "unknown(tls)", silent, WHO)
    honest = Fake(bench.world, udp=plain)
    wrong = bench.fake(bench.pki.server("other.test"))

    def by_second(said, _fake):
        return "" if said.answers[0].server == 1 and said.answers[0].transport == "UDP" and \
            said.answers[0].values("TXT") == [HONEST] else "not by the second server"

    said = ask([wrong.url("tls") + "#" + WHO, honest.url()], [(NAME, "TXT")], "--ca",
               bench.pki.ca, program="ask-quick")
    fault = said.trouble() or by_second(said, None) or (
        "asked in clear" if wrong.count() or is_in_clear(wrong) else "")
    bench.table.add(PART, "a TLS server that is not who it must be, and a second server over UDP",
                    "present, by the second", str(said.answers and said.answers[0]), not fault,
                    fault)


def run(table):
    with World() as world:
        bench = Bench(table, world)
        good_rows(bench)
        bad_rows(bench)
        slow_rows(bench)
