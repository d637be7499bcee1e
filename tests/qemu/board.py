"""
One board: its image in QEMU, its console, and what it sent and received on its wire.

How a board is run is data: boards/<name>/qemu.args.  QEMU's user network lets the image reach
the host's 127.0.0.1:port as 10.0.2.2:port.

SPDX-License-Identifier: MIT
"""

import os
import re
import struct
import subprocess
import threading
import time

from world import ROOT, Problem, Process, dns_read_question, tail, wait_until

HOST_SEEN_FROM_GUEST = "10.0.2.2"
GUEST = "10.0.2.15"  # what QEMU's DHCP gives
SEED_BYTES = 48


def image_of(board):
    """The image to run; the scenarios all run one copy, whatever is built meanwhile."""
    return os.environ.get("VD_IMAGE") or os.path.join(ROOT, "build", board, "vedette.elf")


def qemu_args(board, image):
    """Program and arguments from boards/<board>/qemu.args."""
    path = os.path.join(ROOT, "boards", board, "qemu.args")
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip() for line in file]
    except OSError as error:
        raise Problem(f"{os.path.relpath(path, ROOT)}: {error.strerror}; "
                      "which board is this, and does QEMU have it?") from error
    return [line.replace("{image}", image) for line in lines if line and line[0] != "#"]


class Board:
    """
    One device: a folder with its files (vedette.ini, CA), and QEMU as often as it is booted.

    on_line  called with each console line as it comes, from a thread of its own.
    is_long  it may run for days: no recording of its wire, and only the latest console lines.
    """

    def __init__(self, world, name, folder, on_line=None, is_long=False):
        self.name = name
        self.folder = folder
        self.lines = []  # (monotonic seconds, text), of this boot
        self.wire = None
        self._on_line = on_line
        self._is_long = is_long
        self._process = None
        self._reader = None
        self._boots = 0
        self._log = os.path.join(folder, "qemu.log")
        self._image = image_of(name)
        self._args = qemu_args(name, self._image)
        if not os.path.exists(self._image):
            raise Problem(f"build/{name}/vedette.elf is not there: make firmware BOARD={name}")
        world.own(self)

    def put(self, name, text):
        """Write a file that the firmware can open."""
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def boot(self, seed=None):
        """Start, with a seed that no other boot ever gets; or with b"" for none, or a bad one."""
        self.stop()
        self._boots += 1
        self.lines = []
        self._put_seed(os.urandom(SEED_BYTES) if seed is None else seed)
        capture = os.path.join(self.folder, f"wire-{self._boots}.pcap")
        self.wire = Wire(capture)
        record = ["-object", f"filter-dump,id=wire,netdev=net0,file={capture}"]
        self._process = Process("qemu", self._args + ([] if self._is_long else record),
                                self.folder, self._log, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
        self._reader = threading.Thread(target=self._read, args=(self._process, self.lines),
                                        daemon=True)
        self._reader.start()

    def _put_seed(self, seed):
        path = os.path.join(self.folder, "seed.bin")
        if os.path.exists(path):
            os.unlink(path)
        if seed:
            with open(path, "wb") as file:
                file.write(seed)

    def has_seed(self):
        """True while the seed of this boot lies there unread."""
        return os.path.exists(os.path.join(self.folder, "seed.bin"))

    def _read(self, process, lines):
        for raw in process.popen.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            lines.append((time.monotonic(), line))
            if self._is_long:
                del lines[:-100]
            if self._on_line:
                self._on_line(line)

    def is_alive(self):
        return self._process is not None and self._process.is_alive()

    def stop(self):
        """Pull the plug."""
        if self._process:
            self._process.stop()
            self._drain()

    def _drain(self):
        self._reader.join(2)
        self._process.popen.stdin.close()

    def type(self, line):
        """Type a line on the console."""
        try:
            self._process.popen.stdin.write(line.encode() + b"\n")
            self._process.popen.stdin.flush()
        except OSError as error:
            raise Problem(f"console: could not type '{line}': {error.strerror}",
                          self.seen()) from error

    def seen(self, count=14):
        """What to show with a failure: how the console ends, unless it was shown all along."""
        last = ["    " + text for _, text in self.lines[-count:]]
        state = "" if self.is_alive() else self._ended()
        heading = f"console ends{state}:" if last else f"console: nothing{state}"
        if self._on_line:
            heading, last = f"console{state}: see above", []
        return "\n".join([heading] + last + self.complaints())

    def complaints(self):
        """What QEMU itself had to say: a list of no or one text."""
        has_some = os.path.exists(self._log) and os.path.getsize(self._log) > 0
        return [tail(self._log, title="QEMU's own output")] if has_some else []

    def _ended(self):
        return f" (QEMU has ended with code {self._process.popen.returncode})" \
            if self._process else " (not booted)"

    def find(self, pattern, after=0):
        """The first console line, from number 'after' on, that matches; None if there is none."""
        for _, text in list(self.lines)[after:]:
            match = re.search(pattern, text)
            if match:
                return match
        return None

    def wait_for(self, pattern, timeout_s, after=0):
        """Wait for a console line.  Ends early when QEMU ends."""
        def look():
            ended = not self.is_alive()
            if ended:
                self._reader.join(2)
            match = self.find(pattern, after)
            if not match and ended:
                raise Problem(f"expected on the console: /{pattern}/, but QEMU ended", self.seen())
            return match

        return wait_until(f"a console line /{pattern}/", timeout_s, look, self.seen)

    def wait_exit(self, timeout_s):
        """Wait until QEMU ends by itself.  Returns its exit code."""
        wait_until("the board to end", timeout_s, lambda: not self.is_alive(), self.seen)
        self._drain()
        return self._process.popen.returncode

    def halt(self, timeout_s=8):
        """End it in order from the console.  Returns QEMU's exit code."""
        self.type("halt")
        return self.wait_exit(timeout_s)


# ---- the wire -------------------------------------------------------------------------------


class Stream:
    """One TCP connection of the board: the bytes both ways, in order, each byte once."""

    def __init__(self):
        self.sent = bytearray()
        self.received = bytearray()
        self.has_fin = False  # the board ended its direction in order
        self._next = {}

    def add(self, is_sent, sequence, flags, data):
        if flags & 0x02:  # SYN
            self._next[is_sent] = (sequence + 1) & 0xffffffff
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
            yield data[at + 16:at + 16 + length]
            at += 16 + length

    def packets(self):
        """(protocol, source address, destination address, payload) of each IPv4 packet."""
        for frame in self._frames():
            if len(frame) < 34 or frame[12:14] != b"\x08\x00":
                continue
            header = (frame[14] & 15) * 4
            total, = struct.unpack_from(">H", frame, 16)
            yield (frame[23], ".".join(map(str, frame[26:30])), ".".join(map(str, frame[30:34])),
                   frame[14 + header:14 + total])

    def _datagrams(self):
        for protocol, source, target, data in self.packets():
            if protocol == 17 and len(data) >= 8:
                source_port, target_port = struct.unpack_from(">2H", data)
                if target_port not in (67, 68):  # DHCP
                    yield source, source_port, target, target_port, data[8:]

    def questions(self):
        """Every datagram that the board sent, DHCP apart: (source port, server port, question)."""
        return [(source_port, target_port, dns_read_question(data))
                for source, source_port, _, target_port, data in self._datagrams()
                if source == GUEST]

    def answers(self):
        """Every datagram that came, DHCP apart: (server port, rcode, question)."""
        return [(source_port, data[3] & 15, dns_read_question(data))
                for source, source_port, _, _, data in self._datagrams()
                if source != GUEST and len(data) > 3]

    def streams(self):
        """Each TCP connection that the board opened: {(its port, server port): Stream}."""
        found = {}
        for protocol, source, _, data in self.packets():
            if protocol != 6 or len(data) < 20:
                continue
            source_port, target_port, sequence = struct.unpack_from(">2HI", data)
            is_sent = source == GUEST
            key = (source_port, target_port) if is_sent else (target_port, source_port)
            flags = data[13]
            if is_sent and flags & 0x02 and key in found and found[key].sent:
                found[key + (len(found),)] = found.pop(key)  # the same port pair again
            found.setdefault(key, Stream()).add(is_sent, sequence, flags,
                                                data[(data[12] >> 4) * 4:])
        return found
