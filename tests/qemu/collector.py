"""
The admin's collector: TLS servers on loopback that write what they receive to a file.

SPDX-License-Identifier: MIT
"""

import os
import socket
import ssl
import subprocess
import warnings

from world import LOOPBACK, Process, Problem, has_ip6, tail, wait_until


class Collector:
    """
    A TLS server on one port of loopback that writes what it receives to a file.

    It listens on both 127.0.0.1 and ::1, where this machine has the latter, or on `hosts`.
    """

    def __init__(self, world, name, hosts=None):
        self.hosts = hosts or (LOOPBACK if has_ip6() else LOOPBACK[:1])
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
            with socket.create_connection((self.hosts[0], self.port), 1) as plain:
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

    def __init__(self, world, name, pki, certificate, priority=None, hosts=None):
        super().__init__(world, name, hosts)
        with open(os.path.join(self.path, "rsyslog.conf"), "w", encoding="ascii") as file:
            file.write(self._config(pki.ca, certificate[0], certificate[1], priority))
        self.start()

    def _config(self, ca, certificate, key, priority):
        old = f' gnutlsPriorityString="{priority}"' if priority else ""
        inputs = "\n".join(f'input(type="imtcp" address="{host}" port="{self.port}" '
                           'ruleset="received")' for host in self.hosts)
        return f"""\
global(workDirectory="{self.path}" defaultNetstreamDriver="gtls" maxMessageSize="64k"
       defaultNetstreamDriverCAFile="{ca}"
       defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
       streamDriver.authMode="anon"{old})
template(name="raw" type="string" string="%rawmsg%\\n")
{inputs}
ruleset(name="received") {{ action(type="omfile" file="{self.file}" template="raw") }}
action(type="omfile" file="{self.log}")
"""

    def _launch(self):
        return Process(self.name, ["rsyslogd", "-n", "-i", os.path.join(self.path, "pid"), "-f",
                                   os.path.join(self.path, "rsyslog.conf")], self.path, self.log)
