"""
The world around the board: real servers on loopback, for the demo and for the QEMU tests.

A World owns a scratch folder, the ports and every process.  At its end, after an exception, and
on Ctrl-C or SIGTERM, all of it is gone.  VD_KEEP=1 in the environment keeps the folder.

Every wait has a bound; when it is over, Problem says what was expected and what was seen.

SPDX-License-Identifier: MIT
"""

import ctypes
import os
import random
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import warnings

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Problem(Exception):
    """What was expected, in one line; what was seen, in more."""

    def __init__(self, line, *seen):
        super().__init__(line)
        self.line = line
        self.seen = [text for text in seen if text]

    def __str__(self):
        return "\n".join([self.line] + self.seen)


def wait_until(expected, timeout_s, look, seen=lambda: ""):
    """Call look() until it gives something true, and return that; Problem after timeout_s."""
    end = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() >= end:
            raise Problem(f"expected within {timeout_s:g} s: {expected}", seen())
        time.sleep(0.02)


def tail(path, lines=12, title=None):
    """The last lines of a file, indented under a title, to be shown with a failure."""
    title = title or os.path.basename(path)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            last = file.read().splitlines()[-lines:]
    except OSError as error:
        return f"{title}: {error.strerror}"
    return "\n".join([f"{title} ends:"] + ["    " + line for line in last] if last
                     else [f"{title}: empty"])


def find_program(name):
    """Full path of a program; the sbin folders count too for an ordinary user."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/local/sbin")
    if not path:
        raise Problem(f"{name}: program not found; 'make packages' installs what is needed")
    return path


def end_on_signals():
    """SIGTERM and SIGHUP end like Ctrl-C does: through every 'with' and 'finally'."""

    def leave(number, _frame):
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


class Process:
    """One program of ours, in a session of its own; the kernel ends it should we die."""

    def __init__(self, name, args, cwd, log, **pipes):
        self.name = name
        self.log = log
        self.patience_s = 3
        parent = os.getpid()

        def follow_parent():
            _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

        with open(log, "ab") as out:
            pipes.setdefault("stdin", subprocess.DEVNULL)
            pipes.setdefault("stdout", out)
            self.popen = subprocess.Popen([find_program(args[0])] + args[1:], cwd=cwd, stderr=out,
                                          start_new_session=True, preexec_fn=follow_parent,
                                          **pipes)

    def is_alive(self):
        return self.popen.poll() is None

    def signal(self, number):
        if self.is_alive():
            os.killpg(self.popen.pid, number)

    def stop(self):
        """End it in order, after patience_s by force.  Returns its exit code."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            self.popen.wait(self.patience_s)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            self.popen.wait()
        return self.popen.returncode


class World:
    """Scratch folder, ports, processes and threads; use it in a 'with'."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="vedette-")
        self._owned = []
        self._reserved = []

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def own(self, thing):
        """thing.stop() will be called at the end, the youngest first."""
        self._owned.append(thing)
        return thing

    def close(self):
        """Stop everything.  A second Ctrl-C must not leave half of it behind."""
        kept = {number: signal.signal(number, signal.SIG_IGN)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)}
        try:
            while self._owned:
                try:
                    self._owned.pop().stop()
                except Exception as error:  # one that will not stop must not spare the others
                    print(f"while stopping: {error}")
            for reserved in self._reserved:
                reserved.close()
            if os.environ.get("VD_KEEP") == "1":
                print(f"VD_KEEP=1: files are in {self.path}")
            else:
                shutil.rmtree(self.path, ignore_errors=True)
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    def folder(self, name):
        path = os.path.join(self.path, name)
        os.makedirs(path, exist_ok=True)
        return path

    def port(self):
        """
        A loopback port, free for UDP and TCP, ours until the end.

        Below the kernel's ephemeral range, so that no outgoing connection takes it while its
        server is stopped; an abstract socket of that name keeps parallel tests apart.
        """
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
            below = int(file.read().split()[0])
        low, high = (10240, below) if below > 12000 else (61000, 65535)
        for _ in range(200):
            port = random.randrange(low, high)
            mark = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                mark.bind(f"\0vedette-port-{port}")
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    with socket.socket(socket.AF_INET, kind) as probe:
                        probe.bind(("127.0.0.1", port))
            except OSError:
                mark.close()
                continue
            self._reserved.append(mark)
            return port
        raise Problem("no free loopback port found in 200 tries")


# ---- certificates ---------------------------------------------------------------------------


class Pki:
    """A certificate authority made on the spot, by the openssl command line."""

    CONFIG = """\
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = none
[none]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
"""

    def __init__(self, world, name="Demo CA", kind="ec"):
        self.kind = kind
        self.path = world.folder("pki-" + name.lower().replace(" ", "-"))
        self.ca = os.path.join(self.path, "ca.pem")
        with open(os.path.join(self.path, "index.txt"), "w", encoding="ascii"):
            pass
        self._write("openssl.cnf", self.CONFIG)
        self._key("ca.key")
        self._openssl("req", "-x509", "-config", "openssl.cnf", "-extensions", "authority", "-key",
                      "ca.key", "-subj", f"/CN=vedette {name}", "-days", "30", "-out", "ca.pem")

    def server(self, host, from_days=-1, to_days=30):
        """
        A certificate for a host name, valid from and to so many days from now.

        Returns (certificate file, key file, start, end), the times in seconds since 1970.
        """
        stem = f"{host}-{from_days}-{to_days}"
        start, end = time.time() + from_days * 86400, time.time() + to_days * 86400
        self._write(stem + ".ext", "basicConstraints = critical, CA:FALSE\n"
                    "keyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth\n"
                    f"subjectAltName = DNS:{host}\n")
        self._key(stem + ".key")
        self._openssl("req", "-new", "-config", "openssl.cnf", "-key", stem + ".key", "-subj",
                      f"/CN={host}", "-out", stem + ".csr")
        self._openssl("ca", "-batch", "-notext", "-config", "openssl.cnf", "-cert", "ca.pem",
                      "-keyfile", "ca.key", "-extfile", stem + ".ext", "-in", stem + ".csr",
                      "-startdate", self._date(start), "-enddate", self._date(end), "-out",
                      stem + ".pem")
        return (os.path.join(self.path, stem + ".pem"), os.path.join(self.path, stem + ".key"),
                start, end)

    @staticmethod
    def dkim_key():
        """The p= of a fresh 2048-bit RSA key."""
        private = subprocess.run([find_program("openssl"), "genrsa", "2048"], capture_output=True,
                                 check=True).stdout
        public = subprocess.run([find_program("openssl"), "rsa", "-pubout"], input=private,
                                capture_output=True, check=True).stdout.decode()
        return "".join(line for line in public.splitlines() if not line.startswith("-"))

    @staticmethod
    def _date(unix_s):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(unix_s))

    def _write(self, name, text):
        with open(os.path.join(self.path, name), "w", encoding="ascii") as file:
            file.write(text)

    def _key(self, name):
        how = (["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if self.kind == "rsa"
               else ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"])
        self._openssl("genpkey", "-algorithm", *how, "-out", name)

    def _openssl(self, *args):
        done = subprocess.run([find_program("openssl"), *args], cwd=self.path, text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise Problem(f"openssl {args[0]} failed with {done.returncode}", done.stderr.strip())


# ---- name servers ---------------------------------------------------------------------------


def dns_question(name, rrtype, number):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part)
    return (struct.pack(">6H", number, 0, 1, 0, 0, 0) + labels + b"\0"
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


def dns_serial(port, zone):
    """SOA serial of a zone as the server on that port answers it; None without an answer."""
    number = random.randrange(65536)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect(("127.0.0.1", port))
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
    """One knotd as an authority of some zones, on one port of loopback, UDP and TCP."""

    def __init__(self, world, name, zones):
        self.name = name
        self.port = world.port()
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
        lines = ["server:", f"    rundir: {self.path}", f"    listen: 127.0.0.1@{self.port}",
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
                       lambda name=name: dns_serial(self.port, name) is not None
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
                   lambda: dns_serial(self.port, zone.name) == zone.serial, self._seen)


class FakeDns:
    """
    A name server that does one wrong thing, on a port that a knot has left.

    how  "servfail", "refused", "silent", "garbage" (noise), "empty" (NOERROR without the SOA
         that would prove anything).
    """

    RCODES = {"servfail": 2, "refused": 5, "empty": 0}

    def __init__(self, world, port, how):
        self.how = how
        self.port = port
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(0.1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        world.own(self)

    def _serve(self):
        while not self._over.is_set():
            try:
                message, peer = self._socket.recvfrom(4096)
            except OSError:
                continue
            question = dns_read_question(message)
            self.asked.append(question)
            answer = self._answer(message, question)
            if answer:
                self._socket.sendto(answer, peer)

    def _answer(self, message, question):
        if self.how == "silent" or question is None:
            return None
        if self.how == "garbage":
            return message[:2] + os.urandom(60)
        number, name, rrtype = question
        flags = 0x8080 | self.RCODES[self.how]  # QR, RA
        return struct.pack(">6H", number, flags, 1, 0, 0, 0) + dns_question(name, rrtype, 0)[12:]

    def stop(self):
        if not self._over.is_set():
            self._over.set()
            self._thread.join(2)
            self._socket.close()


# ---- the admin's collector ------------------------------------------------------------------


class Collector:
    """A TLS server on one port of loopback that writes what it receives to a file."""

    def __init__(self, world, name):
        self.name = name
        self.port = world.port()
        self.path = world.folder(name)
        self.file = os.path.join(self.path, "received")
        self.log = os.path.join(self.path, "log")
        self.speaks = None  # version of TLS, as a client that accepts all of them got it
        self.process = None
        world.own(self)

    def _launch(self):
        """Start the program.  Returns its Process."""
        raise NotImplementedError

    def _seen(self):
        alive = "" if self.process and self.process.is_alive() else " (it has ended)"
        return tail(self.log, title=f"log of {self.name}{alive}")

    def seen(self):
        """What to show with a failure."""
        return tail(self.file, title="received by " + self.name) + "\n" + self._seen()

    def start(self):
        self.process = self._launch()
        self.speaks = wait_until(
            f"{self.name} answers TLS on port {self.port}", 10,
            lambda: self._handshake() or (not self.process.is_alive() and "dead"), self._seen)
        if not self.process.is_alive():
            raise Problem(f"{self.name} did not start", self._seen())

    def _handshake(self):
        """The TLS version that the collector settles on with a client that takes anything."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as plain:
                with context.wrap_socket(plain) as tls:
                    version = tls.version()
                    tls.unwrap()
                    return version
        except OSError:
            return None

    def stop(self):
        if self.process:
            self.process.stop()

    def has_received(self):
        """True if so much as one byte came through TLS."""
        return os.path.exists(self.file) and os.path.getsize(self.file) > 0

    def lines(self):
        """Whole lines received so far."""
        try:
            with open(self.file, encoding="utf-8", errors="replace") as file:
                return [line[:-1] for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []


class OldTls(Collector):
    """A server of OpenSSL that speaks TLS 1.1 only, and says so (rsyslog just hangs up)."""

    def __init__(self, world, name, certificate):
        super().__init__(world, name)
        self._certificate = certificate
        self.start()

    def _launch(self):
        with open(self.file, "ab") as out:
            return Process(self.name, [
                "openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-tls1_1", "-cipher",
                "ALL:@SECLEVEL=0", "-quiet", "-cert", self._certificate[0], "-key",
                self._certificate[1]], self.path, self.log, stdin=subprocess.PIPE, stdout=out)


class Rsyslog(Collector):
    """
    One rsyslogd with its gnutls driver: RFC 5425, TLS, octet counting; raw messages to a file.

    certificate  what Pki.server returns.
    priority     a GnuTLS priority string, for a collector of one version of TLS only.
    """

    def __init__(self, world, name, pki, certificate, priority=None):
        super().__init__(world, name)
        with open(os.path.join(self.path, "rsyslog.conf"), "w", encoding="ascii") as file:
            file.write(self._config(pki.ca, certificate[0], certificate[1], priority))
        self.start()

    def _config(self, ca, certificate, key, priority):
        old = f' gnutlsPriorityString="{priority}"' if priority else ""
        return f"""\
global(workDirectory="{self.path}" defaultNetstreamDriver="gtls" maxMessageSize="64k"
       defaultNetstreamDriverCAFile="{ca}"
       defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
       streamDriver.authMode="anon"{old})
template(name="raw" type="string" string="%rawmsg%\\n")
input(type="imtcp" address="127.0.0.1" port="{self.port}" ruleset="received")
ruleset(name="received") {{ action(type="omfile" file="{self.file}" template="raw") }}
action(type="omfile" file="{self.log}")
"""

    def _launch(self):
        return Process(self.name, ["rsyslogd", "-n", "-i", os.path.join(self.path, "pid"), "-f",
                                   os.path.join(self.path, "rsyslog.conf")], self.path, self.log)
