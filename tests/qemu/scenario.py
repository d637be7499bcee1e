"""
What the scenarios share: how they are registered, and what must hold in all of them.

SPDX-License-Identifier: MIT
"""

import re

from story import DMARC
from world import NoNetwork, Problem, own_network

# What the console says, as patterns.
ALERT_OPENED = r"alert (opened|told): (?!domain[.]first[.]summary)"
SAYS_FAILED = r"channel soc: .*{}.*; next try in \d+ s"
SAYS_OPENED = r"alert opened: dmarc\.policy\.weakened " + re.escape(DMARC)

# Nothing of an event may ever be readable on the wire.  The collector's own name is, in SNI.
CLEAR_TEXT = re.compile(rb"dmarc\.policy|_dmarc|_domainkey|vedette@|demo-gw|p=none|p=reject|"
                        rb"(?<!collector\.)vedette\.example")

# A TLS 1.3 client ends a handshake that it does not believe by an encrypted alert, sent as a
# record of application data: 19 bytes.  The smallest event has more than ten times that, the
# smallest padded question 128 bytes (RFC 8467).
ALERT_RECORDS_MAX = 64

scenarios = {}


class Skip(Exception):
    """This machine cannot play the scenario; the text says why."""


def scenario(function):
    scenarios[function.__name__] = function
    return function


def require(condition, expected, *seen):
    if not condition:
        raise Problem("expected: " + expected, *seen)


def move_to_own_network(world, *addresses, resolv_conf=None):
    """own_network(), or Skip."""
    try:
        own_network(world, addresses, resolv_conf)
    except NoNetwork as reason:
        raise Skip(f"this machine does not let a test have a network of its own: {reason}") \
            from reason


def streams_to_collector(stage):
    return [stream for stream in stage.board.wire.streams()
            if stream.port == stage.collector.port]


def require_nothing_readable(stage):
    """All that the board sent: questions to its resolvers, and nothing of an event in clear."""
    strangers = stage.board.wire.strangers(stage.flows())
    require(not strangers, "not a packet to anybody but resolvers and collector",
            f"seen: {strangers}")
    for stream in streams_to_collector(stage):
        found = CLEAR_TEXT.search(bytes(stream.sent))
        require(not found, "no word of an event in clear on the wire",
                f"seen at byte {found and found.start()}: {found and found[0]!r}")


def require_no_application_data(streams):
    """TLS handshakes that came to nothing: not a byte of ours was sent inside."""
    for stream in streams:
        records = stream.records()
        require(records and records[0][0] == 22, "a TLS handshake on the wire",
                f"sent: {bytes(stream.sent[:40])!r}")
        sent = sum(length for kind, length in records if kind == 23)
        require(sent <= ALERT_RECORDS_MAX, "no application data sent to this server",
                f"{sent} bytes in records {records}")
