"""
The world around the board: scratch folder, ports, processes, certificates, for the demo and for
the QEMU tests.

A World owns a scratch folder, the ports and every process.  At its end, after an exception, and
on Ctrl-C or SIGTERM, all of it is gone.  VD_KEEP=1 in the environment keeps the folder.

Every wait has a bound; when it is over, Problem says what was expected and what was seen.

SPDX-License-Identifier: MIT
"""

import base64
import contextlib
import ctypes
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

LOOPBACK = ("127.0.0.1", "::1")

PR_SET_PDEATHSIG = 1
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
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


def has_ip6():
    """Does this machine have ::1?"""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


# ---- a network of one's own ------------------------------------------------------------------


class NoNetwork(Exception):
    """This machine does not allow it; the text says what it said."""


def _call(what, *args):
    if getattr(_libc, what)(*args) != 0:
        raise NoNetwork(f"{what}: {os.strerror(ctypes.get_errno())}")


def own_network(world, addresses=(), resolv_conf=None):
    """
    Move this process into a network namespace where every port is free, 53 too.

    addresses    of its loopback, beside 127.0.0.1 and ::1.
    resolv_conf  what /etc/resolv.conf says from now on, for this process and its children.

    Raises NoNetwork where the kernel does not let an ordinary user do that.  There is no way
    back: for a process that ends afterwards.  It must not have started threads yet.
    """
    uid, gid = os.getuid(), os.getgid()
    find_program("ip")
    _call("unshare", CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"),
                           ("gid_map", f"0 {gid} 1")):
            with open("/proc/self/" + name, "w", encoding="ascii") as file:
                file.write(text)
    except OSError as error:
        raise NoNetwork(f"user namespace: {error.strerror}") from error
    _ip("link", "set", "lo", "up")
    for address in addresses:
        _ip("address", "add", address, "dev", "lo")
    if not has_ip6():
        raise NoNetwork("a new network has no ::1: IPv6 is off")
    if resolv_conf is not None:
        path = os.path.join(world.path, "resolv.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(resolv_conf)
        _call("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        _call("mount", path.encode(), b"/etc/resolv.conf", None, MS_BIND, None)


def _ip(*words):
    done = subprocess.run([find_program("ip"), *words], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise NoNetwork(f"ip {' '.join(words)}: {done.stderr.strip()}")


# ---- processes -------------------------------------------------------------------------------


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
        A port of 127.0.0.1 and ::1, free for UDP and TCP, ours until the end.

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
                self._probe(port)
            except OSError:
                mark.close()
                continue
            self._reserved.append(mark)
            return port
        raise Problem("no free loopback port found in 200 tries")

    @staticmethod
    def _probe(port):
        families = [(socket.AF_INET, "127.0.0.1")]
        if has_ip6():
            families.append((socket.AF_INET6, "::1"))
        with contextlib.ExitStack() as open_ones:
            for family, address in families:
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    probe = open_ones.enter_context(socket.socket(family, kind))
                    probe.bind((address, port))


# ---- certificates ----------------------------------------------------------------------------


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
    def pin(certificate):
        """Base64 of the SHA-256 of a certificate's public key, from what server() returned."""
        public = subprocess.run([find_program("openssl"), "pkey", "-in", certificate[1], "-pubout",
                                 "-outform", "DER"], capture_output=True, check=True).stdout
        return base64.b64encode(hashlib.sha256(public).digest()).decode()

    @staticmethod
    def dkim_key(bits=2048):
        """The p= of a fresh RSA key."""
        private = subprocess.run([find_program("openssl"), "genrsa", str(bits)],
                                 capture_output=True, check=True).stdout
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
