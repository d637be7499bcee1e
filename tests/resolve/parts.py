"""
What fake servers answer with.

SPDX-License-Identifier: MIT
"""

from wire import NXDOMAIN, QR, RA, RD, TC, reply, rr, soa, txt

NAME = "victim.test"
QUESTION = (NAME, "TXT")
HONEST = "v=spf1 -all honest"
EVIL = "v=spf1 +all evil"


def text(query, *strings, **instead):
    """A present answer to the question."""
    return reply(query, [rr(query.name_wire, "TXT", txt(*(strings or (HONEST,))))], **instead)


def honest(query, _fake, _transport):
    return text(query)


def evil(query, **instead):
    return text(query, EVIL, **instead)


def nxdomain(query, zone="test", **instead):
    return reply(query, [], [soa(zone)], rcode=NXDOMAIN, **instead)


def always(make):
    """The same answer over UDP and TCP."""
    return lambda query, fake, transport: make(query)


def then_honest(make, pause=0.03):
    """A wrong response first, the right one behind it."""
    return lambda query, fake, transport: [make(query), pause, text(query)]


def truncated(query, _fake=None, _transport=None):
    return reply(query, flags=QR | RD | RA | TC)


def silent(_query, _fake, _transport):
    return None
