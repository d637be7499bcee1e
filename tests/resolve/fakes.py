"""
Name servers that do what no real one would: UDP and TCP on one port of loopback, and TLS.

A handler is called for each query with (query, fake, transport) and gives what is to be sent: None,
one message, or a list of messages and of pauses (numbers, in seconds).

SPDX-License-Identifier: MIT
"""

import socket
import ssl
import struct
import threading
import time

import wire


class Fake:
    """
    udp      handler, or None: nobody listens.
    tcp      handler, or None: connections are refused.
    on_tcp   instead of tcp: called with (connection, fake), to be rude on the connection itself.
    context  an SSLContext: TLS instead of TCP, and the first bytes in clear are kept in .clear.
    """

    def __init__(self, world, udp=None, tcp=None, on_tcp=None, context=None):
        self.port = world.port()
        self.udp, self.tcp, self.on_tcp, self.context = udp, tcp, on_tcp, context
        self.queries = []  # (transport, Query)
        self.peers = []  # ports that connections came from
        self.clear = []  # all that came over UDP, raw; and over TCP before TLS was up
        self.is_over = False
        self.lock = threading.Lock()
        self.udp_socket = self._open(socket.SOCK_DGRAM) if udp else None
        self.listener = self._open(socket.SOCK_STREAM) if tcp or on_tcp else None
        if udp:
            threading.Thread(target=self._serve_udp, daemon=True).start()
        if self.listener:
            self.listener.listen(64)
            threading.Thread(target=self._serve_tcp, daemon=True).start()
        world.own(self)

    def _open(self, kind):
        sock = socket.socket(socket.AF_INET, kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", self.port))
        sock.settimeout(0.2)
        return sock

    def url(self, scheme="udp"):
        return f"{scheme}://127.0.0.1:{self.port}"

    def count(self, transport=None):
        with self.lock:
            return sum(transport in (None, kind) for kind, _ in self.queries)

    def stop(self):
        self.is_over = True

    def _take(self, data, transport, peer):
        query = wire.Query(data, peer)
        with self.lock:
            query.number = len(self.queries)
            self.queries.append((transport, query))
        return query

    # ---- UDP

    def _serve_udp(self):
        while not self.is_over:
            try:
                data, peer = self.udp_socket.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:
                continue
            with self.lock:
                self.clear.append(data)
            query = self._take(data, "UDP", peer)
            actions = self.udp(query, self, "UDP")
            if isinstance(actions, list):
                threading.Thread(target=self._send_all, args=(actions, peer), daemon=True).start()
            elif actions is not None:
                self._send(actions, peer)
        self.udp_socket.close()

    def _send(self, data, peer):
        try:
            self.udp_socket.sendto(data, peer)
        except OSError:
            pass

    def _send_all(self, actions, peer):
        for action in actions:
            if isinstance(action, (int, float)):
                time.sleep(action)
            elif callable(action):
                action(peer)
            else:
                self._send(action, peer)

    # ---- TCP and TLS

    def _serve_tcp(self):
        while not self.is_over:
            try:
                connection, peer = self.listener.accept()
            except (TimeoutError, OSError):
                continue
            with self.lock:
                self.peers.append(peer[1])
            connection.settimeout(20)
            threading.Thread(target=self._serve_one, args=(connection,), daemon=True).start()
        self.listener.close()

    def _serve_one(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            if self.on_tcp:
                self.on_tcp(connection, self)
                return
            while not self.is_over:
                query = self.read(connection)
                if query is None:
                    break
                actions = self.tcp(query, self, "TLS" if self.context else "TCP")
                for action in actions if isinstance(actions, list) else [actions]:
                    if isinstance(action, (int, float)):
                        time.sleep(action)
                    elif action is not None:
                        connection.sendall(frame(action))
        except (OSError, ssl.SSLError):
            pass
        finally:
            try:
                connection.close()
            except OSError:
                pass

    def read(self, connection):
        """The next query on a connection; None at its end."""
        head = self._read_all(connection, 2)
        if head is None:
            return None
        data = self._read_all(connection, struct.unpack(">H", head)[0])
        return data and self._take(data, "TLS" if self.context else "TCP", None)

    @staticmethod
    def _read_all(connection, size):
        data = b""
        while len(data) < size:
            more = connection.recv(size - len(data))
            if not more:
                return None
            data += more
        return data


def frame(message):
    return struct.pack(">H", len(message)) + message


def reset(connection):
    """End a connection by RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def swallow(connection, fake, seconds=3):
    """Keep all that a peer sends to one that never speaks."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not fake.is_over:
        try:
            data = connection.recv(65535)
        except OSError:
            return
        if not data:
            return
        with fake.lock:
            fake.clear.append(data)
