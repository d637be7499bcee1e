"""
One board: its image in QEMU, and its console.

How a board is run is data: boards/<name>/qemu.args.  QEMU's user network lets the image reach
the host's 127.0.0.1:port as 10.0.2.2:port, and [::1]:port as [fec0::2]:port.

SPDX-License-Identifier: MIT
"""

import os
import re
import subprocess
import threading
import time

from capture import Wire
from world import ROOT, Problem, Process, tail, wait_until

# What an address of this machine's loopback is to the board.
SEEN_FROM_BOARD = {"127.0.0.1": "10.0.2.2", "::1": "fec0::2"}
SEED_BYTES = 48
NETWORK = "user,id=net0"


def seen_from_board(host):
    return SEEN_FROM_BOARD.get(host, host)


def address_text(host, port):
    """An address with its port as a config has it, and the console."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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
    network  more options of QEMU's user network ("ipv4=off").
    """

    def __init__(self, world, name, folder, on_line=None, is_long=False, network=None):
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
        if network:
            if NETWORK not in self._args:
                raise Problem(f"boards/{name}/qemu.args: expected an argument {NETWORK}")
            self._args[self._args.index(NETWORK)] += "," + network
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
