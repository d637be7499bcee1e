"""
What QEMU recorded of the board's frames: who was asked what, and every byte that was sent.

SPDX-License-Identifier: MIT
"""

import ipaddress
import struct
from typing import NamedTuple

from nameservers import dns_read_question

BOARDS_MAC = b"\x52\x54\x00"  # as QEMU gives it; its own network has others

IP4, ARP, IP6 = 0x0800, 0x0806, 0x86dd
ICMP, TCP, UDP, ICMP6 = 1, 6, 17, 58
HOP_BY_HOP = 0

# What a node on the network must say to live there: (source port, target port), ICMPv6 types.
HOUSEKEEPING_PORTS = {(68, 67), (546, 547)}  # DHCP, DHCPv6
HOUSEKEEPING_ICMP6 = {131, 132, 133, 135, 136, 143}  # MLD, router and neighbour discovery
UNREACHABLE = {ICMP: 3, ICMP6: 1}  # what answers a datagram that came too late


class Packet(NamedTuple):
    """One IP packet."""
    is_sent: bool  # by the board
    protocol: int
    source: str
    target: str
    data: bytes  # behind the IP header


class Question(NamedTuple):
    """A datagram that the board sent, housekeeping apart."""
    source_port: int
    server: str
    port: int
    question: tuple  # what dns_read_question says: (id, name, type), or None


class Answer(NamedTuple):
    """A datagram that came, housekeeping apart."""
    server: str
    port: int
    rcode: int
    is_truncated: bool
    question: tuple


class Stream:
    """One TCP connection of the board: the bytes both ways, in order, each byte once."""

    def __init__(self, source_port, server, port):
        self.source_port = source_port
        self.server = server
        self.port = port
        self.isn = None
        self.sent = bytearray()
        self.received = bytearray()
        self.has_fin = False  # the board ended its direction in order
        self._next = {}

    def add(self, is_sent, sequence, flags, data):
        if flags & 0x02:  # SYN
            self._next[is_sent] = (sequence + 1) & 0xffffffff
            if is_sent:
                self.isn = sequence
            return
        ahead = (sequence - self._next.get(is_sent, sequence)) & 0xffffffff
        if ahead > 0x7fffffff:  # sent again: keep only what is new
            data = data[(1 << 32) - ahead:]
        elif ahead:
            return  # a gap; what fills it comes with a retransmission
        self._next[is_sent] = (self._next.get(is_sent, sequence) + len(data)) & 0xffffffff
        (self.sent if is_sent else self.received).extend(data)
        if is_sent and flags & 0x01:
            self.has_fin = True

    def records(self):
        """The TLS records that the board sent: [(type, length)].  22 handshake, 23 data."""
        found, at = [], 0
        while at + 5 <= len(self.sent):
            length, = struct.unpack_from(">H", self.sent, at + 3)
            found.append((self.sent[at], length))
            at += 5 + length
        return found

    @staticmethod
    def _messages(data):
        at = 0
        while at + 2 <= len(data):
            length, = struct.unpack_from(">H", data, at)
            yield bytes(data[at + 2:at + 2 + length])
            at += 2 + length

    def questions(self):
        """[(id, name, type)] that the board asked, if this is DNS over TCP."""
        return [dns_read_question(message) for message in self._messages(self.sent)]

    def answers(self):
        """Whole messages that it received, if this is DNS over TCP."""
        return list(self._messages(self.received))


class Wire:
    """What QEMU recorded of the board's frames (pcap, Ethernet).  Read anew at each call."""

    def __init__(self, path):
        self._path = path

    def _frames(self):
        try:
            with open(self._path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            return
        at = 24
        while at + 16 <= len(data):
            _, _, length, _ = struct.unpack_from("<4I", data, at)
            frame = data[at + 16:at + 16 + length]
            if len(frame) >= 14:
                yield frame[6:9] == BOARDS_MAC, struct.unpack_from(">H", frame, 12)[0], frame[14:]
            at += 16 + length

    @staticmethod
    def _read(is_sent, kind, data):
        """The Packet in a frame; None where there is none."""
        if kind == IP4 and len(data) >= 20:
            header = (data[0] & 15) * 4
            total, = struct.unpack_from(">H", data, 2)
            return Packet(is_sent, data[9], str(ipaddress.IPv4Address(data[12:16])),
                          str(ipaddress.IPv4Address(data[16:20])), data[header:total])
        if kind == IP6 and len(data) >= 40:
            length, protocol = struct.unpack_from(">HB", data, 4)
            body = data[40:40 + length]
            if protocol == HOP_BY_HOP and len(body) >= 8:  # before MLD
                protocol, body = body[0], body[8 + 8 * body[1]:]
            return Packet(is_sent, protocol, str(ipaddress.IPv6Address(data[8:24])),
                          str(ipaddress.IPv6Address(data[24:40])), body)
        return None

    def packets(self):
        """Each IP packet."""
        for frame in self._frames():
            packet = self._read(*frame)
            if packet:
                yield packet

    def strangers(self, servers):
        """
        What the board sent that is neither housekeeping nor for one of these servers, in words.

        servers  {(protocol, address, port)}
        """
        known = {(protocol, address) for protocol, address, _ in servers}
        return sorted({found for found in (self._stranger(servers, known, frame)
                                           for frame in self._frames() if frame[0]) if found})

    def _stranger(self, servers, known, frame):
        packet = self._read(*frame)
        if not packet:
            return None if frame[1] == ARP else f"a frame of type {frame[1]:04x}"
        to = f"protocol {packet.protocol} to {packet.target}"
        if packet.protocol in (TCP, UDP) and len(packet.data) >= 8:
            ports = struct.unpack_from(">2H", packet.data)
            is_fine = ((packet.protocol, packet.target, ports[1]) in servers
                       or packet.protocol == UDP and ports in HOUSEKEEPING_PORTS)
            return None if is_fine else f"{to} port {ports[1]}"
        kind = packet.data[0] if packet.data else None
        is_fine = (packet.protocol == ICMP6 and kind in HOUSEKEEPING_ICMP6
                   or kind == UNREACHABLE.get(packet.protocol) and (UDP, packet.target) in known)
        return None if is_fine else f"{to}, type {kind}"

    def _datagrams(self):
        for packet in self.packets():
            if packet.protocol == UDP and len(packet.data) >= 8:
                ports = struct.unpack_from(">2H", packet.data)
                if not {ports, ports[::-1]} & HOUSEKEEPING_PORTS:
                    yield packet, *ports, packet.data[8:]

    def questions(self):
        """[Question], in the order in which they were sent."""
        return [Question(source_port, packet.target, target_port, dns_read_question(data))
                for packet, source_port, target_port, data in self._datagrams() if packet.is_sent]

    def answers(self):
        """[Answer], in the order in which they came."""
        return [Answer(packet.source, source_port, data[3] & 15, bool(data[2] & 2),
                       dns_read_question(data))
                for packet, source_port, _, data in self._datagrams()
                if not packet.is_sent and len(data) > 3]

    def bursts(self):
        """
        [[question]] over UDP: what was asked before the first answer to any of it came.

        A question that is answered late, or never, joins the burst of those that follow.
        """
        found, is_answered = [], True
        for packet, _, _, data in self._datagrams():
            if packet.is_sent and is_answered:
                found.append([])
            if packet.is_sent:
                found[-1].append(dns_read_question(data))
            is_answered = not packet.is_sent
        return found

    def datagrams_in(self):
        """The bytes of each datagram that came, housekeeping apart."""
        return [data for packet, _, _, data in self._datagrams() if not packet.is_sent]

    def streams(self):
        """[Stream] of each TCP connection that the board opened, in order."""
        found, latest = [], {}
        for packet in self.packets():
            if packet.protocol != TCP or len(packet.data) < 20:
                continue
            source_port, target_port, sequence = struct.unpack_from(">2HI", packet.data)
            key = ((source_port, packet.target, target_port) if packet.is_sent
                   else (target_port, packet.source, source_port))
            flags = packet.data[13]
            stream = latest.get(key)
            is_new = packet.is_sent and flags & 0x12 == 0x02 and stream and stream.isn != sequence
            if stream is None or is_new:  # also: the same port pair again
                stream = latest[key] = Stream(*key)
                found.append(stream)
            stream.add(packet.is_sent, sequence, flags,
                       packet.data[(packet.data[12] >> 4) * 4:])
        return found
