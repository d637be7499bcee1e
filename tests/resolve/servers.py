"""
Real servers on loopback: knot, nsd and BIND as authorities; unbound and BIND as validating
resolvers; dnsmasq as the forwarder of home routers.

Each listens on one port of 127.0.0.1 and ::1, UDP and TCP.

SPDX-License-Identifier: MIT
"""

import os
import socket
import struct

import zones
from wire import TYPES, name as wire_name
from world import Problem, Process, tail, wait_until

START_MAX_S = 30


def has_ip6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


def is_serving(port, zone):
    """Does it answer for a TXT at the apex of a zone (RD=1: a resolver refuses all else)?"""
    query = (struct.pack(">6H", 4711, 0x100, 1, 0, 0, 0) + wire_name(zone)
             + struct.pack(">2H", TYPES["TXT"], 1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect(("127.0.0.1", port))
            sock.send(query)
            answer = sock.recv(4096)
        except OSError:
            return False
    return answer[:2] == query[:2] and answer[3] & 15 == 0 and answer[6:8] != b"\0\0"


class Server:
    """One program with one config file."""

    program = ""
    probe = "mail.test"

    def __init__(self, world, name, **settings):
        self.name = name
        self.world = world
        self.port = world.port()
        self.path = world.folder(name)
        self.log = os.path.join(self.path, "log")
        self.config = os.path.join(self.path, "config")
        self.ip6 = has_ip6()
        for key, value in settings.items():
            setattr(self, key, value)
        with open(self.config, "w", encoding="ascii") as file:
            file.write("\n".join(self.lines()) + "\n")
        self.process = Process(name, self.command(), self.path, self.log)
        world.own(self)
        wait_until(f"{name} answers on port {self.port}", START_MAX_S,
                   lambda: is_serving(self.port, self.probe)
                   or not self.process.is_alive(), self.seen)
        if not self.process.is_alive():
            raise Problem(f"{name} did not start", self.seen())

    def lines(self):
        raise NotImplementedError

    def command(self):
        raise NotImplementedError

    def seen(self):
        return tail(self.log, title=f"log of {self.name}")

    def stop(self):
        self.process.stop()

    def url(self, scheme="udp", family=4):
        return f"{scheme}://{'127.0.0.1' if family == 4 else '[::1]'}:{self.port}"


class Knot(Server):
    def lines(self):
        listen = ["127.0.0.1@%d" % self.port] + (["::1@%d" % self.port] if self.ip6 else [])
        yield from ("server:", f"    rundir: {self.path}", f"    listen: [{', '.join(listen)}]",
                    "    udp-workers: 1", "    tcp-workers: 2", "    background-workers: 1",
                    "    tcp-idle-timeout: 30", "control:", f"    listen: {self.path}/sock",
                    "log:", "  - target: stderr", "    any: info", "mod-cookies:",
                    "  - id: on", "database:", f"    storage: {self.path}", "template:",
                    "  - id: default", f"    storage: {self.zones.path}", "    file: %s.zone",
                    "    zonefile-sync: -1", "    zonefile-load: whole",
                    "    journal-content: none", "    global-module: mod-cookies/on", "zone:")
        for zone in zones.ALL + (zones.UNLOADED,):
            yield f"  - domain: {zone}"

    def command(self):
        return ["knotd", "-c", self.config]


class Nsd(Server):
    def lines(self):
        yield from ("server:", f"    ip-address: 127.0.0.1@{self.port}")
        if self.ip6:
            yield f"    ip-address: ::1@{self.port}"
        yield from ('    username: ""', '    chroot: ""', '    database: ""', "    server-count: 1",
                    f'    zonesdir: "{self.zones.path}"', f'    pidfile: "{self.path}/pid"',
                    f'    xfrdfile: "{self.path}/xfrd"', f'    zonelistfile: "{self.path}/list"',
                    f'    xfrdir: "{self.path}"', "    rrl-ratelimit: 0",
                    "    answer-cookie: yes", "remote-control:", "    control-enable: no")
        for zone in zones.ALL + (zones.UNLOADED,):
            yield from ("zone:", f"    name: {zone}", f"    zonefile: {zone}.zone")

    def command(self):
        return ["nsd", "-d", "-c", self.config]


class Bind(Server):
    """Settings: zones, and for a resolver upstream (a Server)."""

    upstream = None

    def lines(self):
        yield from ("options {", f'    directory "{self.path}";', "    pid-file none;",
                    "    session-keyfile none;", "    lock-file none;",
                    f"    listen-on port {self.port} {{ 127.0.0.1; }};",
                    f"    listen-on-v6 port {self.port} {{ {'::1;' if self.ip6 else 'none;'} }};",
                    "    empty-zones-enable no;", "    notify no;", "    max-udp-size 1232;",
                    f"    recursion {'yes' if self.upstream else 'no'};",
                    f"    dnssec-validation {'yes' if self.upstream else 'no'};", "};",
                    "controls { };")
        if not self.upstream:
            for zone in zones.ALL + (zones.UNLOADED,):
                yield f'zone "{zone}" {{ type primary; file "{self.zones.file(zone)}"; }};'
            return
        for zone in zones.ALL + (zones.UNLOADED,):
            yield (f'zone "{zone}" {{ type forward; forward only; forwarders '
                   f"{{ 127.0.0.1 port {self.upstream.port}; }}; }};")
        yield "trust-anchors {"
        for zone, (tag, algorithm, digest, *text) in self.zones.anchors.items():
            yield f'    "{zone}." static-ds {tag} {algorithm} {digest} "{"".join(text)}";'
        yield "};"

    def command(self):
        return ["named", "-g", "-n", "1", "-c", self.config]


class Unbound(Server):
    """Settings: zones, upstream, certificate (of Pki.server), has_ede."""

    has_ede = True
    certificate = None

    def lines(self):
        self.tls_port = self.world.port()
        yield from ("server:", '    username: ""', '    chroot: ""', '    pidfile: ""',
                    f'    directory: "{self.path}"', "    use-syslog: no", "    verbosity: 1",
                    "    num-threads: 1", "    so-reuseport: no", "    do-not-query-localhost: no",
                    "    outgoing-range: 200", "    access-control: 127.0.0.0/8 allow",
                    "    access-control: ::1/128 allow", '    module-config: "validator iterator"',
                    f"    ede: {'yes' if self.has_ede else 'no'}", "    val-log-level: 2",
                    '    local-zone: "test." nodefault',
                    '    local-zone: "2.0.192.in-addr.arpa." nodefault',
                    '    local-zone: "refused.invalid." refuse')
        for address in ["127.0.0.1"] + (["::1"] if self.ip6 else []):
            yield f"    interface: {address}@{self.port}"
            if self.certificate:
                yield f"    interface: {address}@{self.tls_port}"
        if self.certificate:
            yield from (f"    tls-port: {self.tls_port}",
                        f'    tls-service-pem: "{self.certificate[0]}"',
                        f'    tls-service-key: "{self.certificate[1]}"')
        for zone, fields in self.zones.anchors.items():
            yield f'    trust-anchor: "{zone}. DS {" ".join(fields)}"'
        yield from ("remote-control:", "    control-enable: no")
        for zone in zones.ALL + (zones.UNLOADED,):
            yield from ("stub-zone:", f'    name: "{zone}."',
                        f"    stub-addr: 127.0.0.1@{self.upstream.port}")

    def command(self):
        return ["unbound", "-d", "-c", self.config]

    def tls_url(self, who, family=4):
        return f"tls://{'127.0.0.1' if family == 4 else '[::1]'}:{self.tls_port}#{who}"


class Dnsmasq(Server):
    """Settings: upstream, extra (lines of its config)."""

    extra = ()

    def lines(self):
        yield from (f"port={self.port}", "listen-address=127.0.0.1", "bind-interfaces",
                    "no-resolv", "no-hosts", "no-poll", "user=root", "group=",
                    f"server=127.0.0.1#{self.upstream.port}", "pid-file=", *self.extra)
        if self.ip6:
            yield "listen-address=::1"

    def command(self):
        return ["dnsmasq", "--keep-in-foreground", "--log-facility=-",
                "--conf-file=" + self.config]
