"""
DNS messages for the tests: read a query, build a response, also a broken one (RFC 1035).

SPDX-License-Identifier: MIT
"""

import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28,
         "OPT": 41, "DS": 43}
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS, BADCOOKIE = 0, 1, 2, 3, 4, 5, 16, 23
QR, AA, TC, RD, RA, AD, CD = 0x8000, 0x400, 0x200, 0x100, 0x80, 0x20, 0x10
COOKIE, PADDING, EDE = 10, 12, 15


def name(text):
    """Wire form of a name; \\-escapes are not needed here."""
    return b"".join(bytes([len(part)]) + part.encode("latin-1")
                    for part in text.split(".") if part) + b"\0"


def txt(*strings):
    strings = [s.encode("latin-1") if isinstance(s, str) else s for s in strings]
    return b"".join(bytes([len(s)]) + s for s in strings)


def long_txt(text):
    """A text in strings of 255."""
    return txt(*[text[i:i + 255] for i in range(0, len(text), 255)])


def rr(owner, rrtype, rdata, ttl=300, klass=1):
    """One record; owner is text, or bytes as they stand on the wire."""
    owner = name(owner) if isinstance(owner, str) else owner
    number = TYPES[rrtype] if isinstance(rrtype, str) else rrtype
    return owner + struct.pack(">HHIH", number, klass, ttl, len(rdata)) + rdata


def soa(zone, serial=7, minimum=60, ttl=300):
    numbers = struct.pack(">5I", serial, 3600, 600, 86400, minimum)
    return rr(zone, "SOA", name("ns." + zone) + name("admin." + zone) + numbers, ttl)


def option(code, data):
    return struct.pack(">HH", code, len(data)) + data


def opt(options=b"", udp=1232, version=0, rcode=0):
    """The OPT record with the upper bits of an extended rcode."""
    return (b"\0" + struct.pack(">HHBBHH", TYPES["OPT"], udp, rcode >> 4, version, 0, len(options))
            + options)


def ede(code, text=""):
    return option(EDE, struct.pack(">H", code) + text.encode("latin-1"))


class Query:
    """A query as it came in; name_wire keeps the case."""

    def __init__(self, data, peer=None):
        self.data = data
        self.peer = peer
        self.id, self.flags, self.questions, _an, _ns, extra = struct.unpack_from(">6H", data)
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]])
            at += 1 + data[at]
        at += 1
        self.name_wire = data[12:at]
        self.cased = b".".join(labels).decode("latin-1")
        self.name = self.cased.lower()
        self.type, self.klass = struct.unpack_from(">HH", data, at)
        self.question = data[12:at + 4]
        self.edns, self.options = None, {}
        at += 4
        if extra:
            _zero, rrtype, self.edns, _ttl, size = struct.unpack_from(">BHHIH", data, at)
            assert rrtype == TYPES["OPT"]
            at += 11
            end = at + size
            while at < end:
                code, size = struct.unpack_from(">HH", data, at)
                self.options[code] = data[at + 4:at + 4 + size]
                at += 4 + size
        self.left = len(data) - at

    @property
    def type_word(self):
        return next((word for word, n in TYPES.items() if n == self.type), str(self.type))


def reply(query, answer=(), authority=(), additional=(), rcode=NOERROR, flags=QR | RD | RA,
          options=b"", edns=True, **instead):
    """
    A response to a query.

    instead  id=, question= (bytes), counts= (four numbers), opcode=, tail= (bytes behind the end)
    """
    additional = list(additional)
    if edns and query.edns is not None:
        additional.append(opt(options, rcode=rcode))
    question = instead.get("question", query.question)
    counts = instead.get("counts") or (1 if question else 0, len(answer), len(authority),
                                       len(additional))
    head = struct.pack(">6H", instead.get("id", query.id),
                       flags | (instead.get("opcode", 0) << 11) | (rcode & 15), *counts)
    return (head + question + b"".join(answer) + b"".join(authority) + b"".join(additional)
            + instead.get("tail", b""))
