"""
Real name servers on loopback, and one that does a single wrong thing.

Each listens on one port of 127.0.0.1 and, where this machine has it, of ::1; UDP and TCP.

SPDX-License-Identifier: MIT
"""

import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import threading

from world import LOOPBACK, Problem, Process, find_program, has_ip6, tail, wait_until

RD = 0x0100


def loopback(port):
    """[(address, port)] of every address of loopback that this machine has."""
    return [(host, port) for host in (LOOPBACK if has_ip6() else LOOPBACK[:1])]


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def dns_question(name, rrtype, number):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part)
    return (struct.pack(">6H", number, RD, 1, 0, 0, 0) + labels + b"\0"
            + struct.pack(">2H", rrtype, 1))


def dns_read_question(message):
    """(id, name, type) of a message's question, or None when it is none."""
    try:
        number, _flags, count = struct.unpack_from(">3H", message)
        at, labels = 12, []
        while message[at]:
            labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
            at += 1 + message[at]
        rrtype, = struct.unpack_from(">H", message, at + 1)
        return (number, ".".join(labels).lower(), rrtype) if count == 1 else None
    except (struct.error, IndexError):
        return None


def dns_serial(server, zone):
    """SOA serial of a zone as a server (address, port) answers it; None without an answer."""
    number = random.randrange(65536)
    with socket.socket(family_of(server[0]), socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect(server)
            sock.send(dns_question(zone, 6, number))
            answer = sock.recv(4096)
        except OSError:
            return None
    if len(answer) < 12 or answer[:2] != struct.pack(">H", number) or answer[3] & 15:
        return None
    if struct.unpack_from(">H", answer, 6)[0] == 0:
        return None
    # The SOA's last five numbers end the answer section, and nothing follows it here.
    return struct.unpack(">5I", answer[-20:])[0]


class Knot:
    """
    One knotd as an authority of some zones, UDP and TCP.

    listen  [(address, port)]; one free port of all of loopback unless given.
    """

    def __init__(self, world, name, zones, listen=None):
        self.name = name
        self.listen = listen or loopback(world.port())
        self.port = self.listen[0][1]
        self.path = world.folder(name)
        self.log = os.path.join(self.path, "knotd.log")
        self.process = None
        self._zones = [zone.name for zone in zones]
        for zone in zones:
            self._write(zone)
        with open(os.path.join(self.path, "knot.conf"), "w", encoding="ascii") as file:
            file.write(self._config())
        world.own(self)
        self.start()

    def _config(self):
        listen = ", ".join(f"{address}@{port}" for address, port in self.listen)
        lines = ["server:", f"    rundir: {self.path}", f"    listen: [{listen}]",
                 "    udp-workers: 1", "    tcp-workers: 1", "    background-workers: 1",
                 "control:", f"    listen: {self.path}/sock", "log:", "  - target: stderr",
                 "    any: info", "database:", f"    storage: {self.path}", "template:",
                 "  - id: default", f"    storage: {self.path}", "    file: %s.zone",
                 "    zonefile-load: whole", "    zonefile-sync: -1", "    journal-content: none",
                 "zone:"]
        return "\n".join(lines + [f"  - domain: {name}" for name in self._zones]) + "\n"

    def _write(self, zone):
        path = os.path.join(self.path, zone.name + ".zone")
        with open(path + ".new", "w", encoding="ascii") as file:
            file.write(zone.text())
        os.replace(path + ".new", path)

    def _seen(self):
        alive = "" if self.process and self.process.is_alive() else " (knotd has ended)"
        return tail(self.log, title=f"log of {self.name}{alive}")

    def start(self):
        self.process = Process(self.name, ["knotd", "-c", os.path.join(self.path, "knot.conf")],
                               self.path, self.log)
        for name in self._zones:
            wait_until(f"{self.name} serves {name} on port {self.port}", 10,
                       lambda name=name: dns_serial(self.listen[0], name) is not None
                       or not self.process.is_alive(), self._seen)
            if not self.process.is_alive():
                raise Problem(f"{self.name} did not start", self._seen())

    def stop(self):
        if self.process:
            self.process.stop()

    def freeze(self):
        """Keep the port open and answer nothing, until thaw()."""
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def publish(self, zone):
        """Serve this content of a zone from now on; returns when it is being served."""
        self._write(zone)
        done = subprocess.run([find_program("knotc"), "-s", os.path.join(self.path, "sock"), "-b",
                               "-t", "5", "zone-reload", zone.name], capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise Problem(f"{self.name}: zone-reload {zone.name} failed",
                          (done.stdout + done.stderr).strip(), self._seen())
        wait_until(f"{self.name} serves {zone.name} with serial {zone.serial}", 5,
                   lambda: dns_serial(self.listen[0], zone.name) == zone.serial, self._seen)


class Unbound:
    """
    One unbound as the resolver before some knots, UDP and TCP, or DNS over TLS.

    zones        names that it asks the knot for; there is nothing else that it could resolve.
    certificate  what Pki.server returns: it speaks TLS, and nothing in clear.
    idle_ms      after which it closes a connection over TCP.
    """

    def __init__(self, world, name, knot, zones, certificate=None, listen=None, idle_ms=10000):
        self.name = name
        self.listen = listen or loopback(world.port())
        self.port = self.listen[0][1]
        self.path = world.folder(name)
        self.log = os.path.join(self.path, "log")
        self.process = None
        self._zones = [zone.name for zone in zones]
        self._certificate = certificate
        with open(os.path.join(self.path, "unbound.conf"), "w", encoding="ascii") as file:
            file.write("\n".join(self._config(knot, idle_ms)) + "\n")
        world.own(self)
        self.start()

    def _config(self, knot, idle_ms):
        yield from ("server:", '    username: ""', '    chroot: ""', '    pidfile: ""',
                    f'    directory: "{self.path}"', "    use-syslog: no", '    logfile: ""',
                    "    verbosity: 1", "    log-queries: yes", "    num-threads: 1",
                    "    do-not-query-localhost: no", "    cache-max-ttl: 1",
                    "    cache-max-negative-ttl: 1", '    module-config: "iterator"',
                    f"    tcp-idle-timeout: {idle_ms}")
        yield from (f"    interface: {address}@{port}" for address, port in self.listen)
        if self._certificate:
            yield from (f"    tls-port: {self.port}",
                        f'    tls-service-pem: "{self._certificate[0]}"',
                        f'    tls-service-key: "{self._certificate[1]}"')
        yield from ("remote-control:", "    control-enable: no")
        for zone in self._zones:
            yield from ("stub-zone:", f"    name: {zone}",
                        f"    stub-addr: {knot.listen[0][0]}@{knot.listen[0][1]}")

    def _seen(self):
        alive = "" if self.process and self.process.is_alive() else " (unbound has ended)"
        return tail(self.log, title=f"log of {self.name}{alive}")

    def _answers(self):
        if not self._certificate:
            return dns_serial(self.listen[0], self._zones[0]) is not None
        context = ssl._create_unverified_context()
        try:
            with socket.create_connection(self.listen[0], 1) as plain:
                with context.wrap_socket(plain):
                    return True
        except OSError:
            return False

    def start(self):
        self.process = Process(self.name, ["unbound", "-d", "-c",
                                           os.path.join(self.path, "unbound.conf")],
                               self.path, self.log)
        wait_until(f"{self.name} answers on port {self.port}", 10,
                   lambda: self._answers() or not self.process.is_alive(), self._seen)
        if not self.process.is_alive():
            raise Problem(f"{self.name} did not start", self._seen())

    def stop(self):
        if self.process:
            self.process.stop()

    def questions(self):
        """Names that it was asked for, as its log tells."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            found = (line.split(" info: ", 1)[-1].split() for line in file if " info: " in line)
            return [words[1].rstrip(".").lower() for words in found
                    if len(words) == 4 and words[3] == "IN"]


class FakeDns:
    """
    A name server over UDP that does one wrong thing, on a port that a knot has left.

    how  "servfail", "refused", "silent", "garbage" (noise), "empty" (NOERROR without the SOA
         that would prove anything), "portal" (its own address, whatever is asked).
    """

    RCODES = {"servfail": 2, "refused": 5, "empty": 0, "portal": 0}

    def __init__(self, world, port, how):
        self.how = how
        self.port = port
        self.asked = []
        self._over = threading.Event()
        self._threads = []
        self._sockets = []
        world.own(self)
        for address in loopback(port):
            sock = socket.socket(family_of(address[0]), socket.SOCK_DGRAM)
            self._sockets.append(sock)
            sock.bind(address)
            sock.settimeout(0.1)
            self._threads.append(threading.Thread(target=self._serve, args=(sock,), daemon=True))
        for thread in self._threads:
            thread.start()

    def _serve(self, sock):
        while not self._over.is_set():
            try:
                message, peer = sock.recvfrom(4096)
            except OSError:
                continue
            question = dns_read_question(message)
            self.asked.append(question)
            answer = self._answer(message, question)
            if answer:
                sock.sendto(answer, peer)

    def _answer(self, message, question):
        if self.how == "silent" or question is None:
            return None
        if self.how == "garbage":
            return message[:2] + os.urandom(60)
        number, _, rrtype = question
        end = message.index(b"\0", 12) + 5  # of the question; its name goes back letter by letter
        data = self.PORTAL.get(rrtype, self.PORTAL[1]) if self.how == "portal" else None
        record = data and struct.pack(">3HIH", 0xc00c, rrtype, 1, 60, len(data)) + data
        has_opt = message[10:12] == b"\0\1"
        return (struct.pack(">6H", number, 0x8180 | self.RCODES[self.how], 1, bool(record), 0,
                            has_opt) + message[12:end] + (record or b"")
                + (self.OPT if has_opt else b""))

    OPT = b"\0" + struct.pack(">2HIH", 41, 1232, 0, 0)
    PORTAL = {1: bytes((10, 0, 0, 1)), 2: b"\xc0\x0c", 15: b"\0\x0a\xc0\x0c", 16: b"\x05hello"}

    def stop(self):
        if not self._over.is_set():
            self._over.set()
            for thread in self._threads:
                thread.join(2)
            for sock in self._sockets:
                sock.close()


class SlowDns:
    """
    Stands before a server, over UDP, and keeps each answer back for a while.

    behind   a Knot or Unbound; this one listens where loopback(self.port) says.
    delay_s  between a question and its answer.
    """

    def __init__(self, world, behind, delay_s):
        self.port = world.port()
        self._behind, self._delay_s = behind, delay_s
        self._over = threading.Event()
        self._threads = []
        self._sockets = []
        world.own(self)
        for address in loopback(self.port):
            sock = socket.socket(family_of(address[0]), socket.SOCK_DGRAM)
            self._sockets.append(sock)
            sock.bind(address)
            sock.settimeout(0.1)
            self._threads.append(threading.Thread(target=self._serve, args=(sock,), daemon=True))
        for thread in self._threads:
            thread.start()

    def _serve(self, sock):
        while not self._over.is_set():
            try:
                message, peer = sock.recvfrom(4096)
            except OSError:
                continue
            late = threading.Timer(self._delay_s, self._pass_on, (sock, message, peer))
            late.daemon = True
            late.start()

    def _pass_on(self, sock, message, peer):
        server = self._behind.listen[0]
        with socket.socket(family_of(server[0]), socket.SOCK_DGRAM) as asking:
            asking.settimeout(1)
            try:
                asking.sendto(message, server)
                sock.sendto(asking.recv(4096), peer)
            except OSError:
                pass  # it is over, or the server is

    def stop(self):
        self._over.set()
        for thread in self._threads:
            thread.join(2)
        for sock in self._sockets:
            sock.close()
