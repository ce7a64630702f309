"""Small proxies on loopback that keep what they were sent: HTTP (and CONNECT), in plain text or TLS; SOCKS 4 and 5."""

import select
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.listen import serve_each

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxy:
    """Passes bytes on.

    Attributes:
        heads: the head of every request that was made to the proxy itself; for SOCKS, ``HOST:PORT``.
        established: what CONNECT is answered with.
        port: where it listens.
    """

    def __init__(self, kind: str, refusal: bytes, context: ssl.SSLContext | None) -> None:
        self.heads: list[bytes] = []
        self.established = ESTABLISHED
        self._kind, self._refusal, self._context = kind, refusal, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        serve_each(self._listener, self._serve)

    def close(self) -> None:
        self._listener.close()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(20)
        with suppress(OSError):
            client = self._context.wrap_socket(raw, server_side=True) if self._context else raw
            with client:
                {"http": self._http, "socks4": self._socks4, "socks5": self._socks5}[self._kind](client)

    def _http(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(65536)
            if not data:
                return
            head += data
        self.heads.append(head)
        if self._refusal:
            client.sendall(self._refusal)
            return
        method, target, _ = head.split(b"\r\n")[0].split(b" ")
        if method == b"CONNECT":
            host, _, port = target.decode().rpartition(":")
            upstream = socket.create_connection((host.strip("[]"), int(port)))
            client.sendall(self.established)
        else:
            place, _, path = target.decode().removeprefix("http://").partition("/")
            host, _, port = place.partition(":")
            upstream = socket.create_connection(("127.0.0.1" if host.endswith(".test") else host, int(port)))
            lines = [line for line in head.split(b"\r\n")[1:] if not line.lower().startswith(b"proxy-")]
            upstream.sendall(b"\r\n".join([method + f" /{path} HTTP/1.1".encode(), *lines]))
        splice(client, upstream)

    def _socks5(self, client: socket.socket) -> None:
        _, count = client.recv(2)
        methods = client.recv(count)
        if 2 in methods:
            client.sendall(b"\5\2")
            (length,) = client.recv(2)[1:]
            user = client.recv(length)
            password = client.recv(client.recv(1)[0])
            self.heads.append(user + b":" + password)
            client.sendall(b"\1\0")
        else:
            client.sendall(b"\5\0")
        kind = client.recv(4)[3]
        host = (
            client.recv(client.recv(1)[0]).decode()
            if kind == 3
            else socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, client.recv(4 if kind == 1 else 16))
        )
        (port,) = struct.unpack("!H", client.recv(2))
        self.heads.append(f"{host}:{port}".encode())
        if self._refusal:
            client.sendall(b"\5\5\0\1" + bytes(6))
            return
        upstream = socket.create_connection(("127.0.0.1" if kind == 3 else host, port))
        client.sendall(b"\5\0\0\1" + bytes(6))
        splice(client, upstream)

    def _socks4(self, client: socket.socket) -> None:
        _, _, port, packed = struct.unpack("!BBH4s", client.recv(8))
        rest = client.recv(1024)
        host = socket.inet_ntoa(packed)
        if packed[:3] == b"\0\0\0":
            host = rest.split(b"\0")[1].decode()
        self.heads.append(f"{host}:{port}".encode())
        upstream = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"\0\x5a" + bytes(6))
        splice(client, upstream)


def splice(left: socket.socket, right: socket.socket) -> None:
    """Pass bytes on both ways until one side ends; in one thread, for a TLS socket takes no two at a time."""
    with right:
        right.settimeout(20)
        while True:
            buffered = isinstance(left, ssl.SSLSocket) and left.pending() > 0
            readable = [left] if buffered else select.select([left, right], [], [], 20)[0]
            if not readable:
                return
            for source in readable:
                data = source.recv(65536)
                if not data:
                    return
                (right if source is left else left).sendall(data)


@contextmanager
def proxy(
    kind: str = "http", refusal: bytes = b"", context: ssl.SSLContext | None = None, *, established: bytes = ESTABLISHED
) -> Iterator[Proxy]:
    server = Proxy(kind, refusal, context)
    server.established = established
    try:
        yield server
    finally:
        server.close()
