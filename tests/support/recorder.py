"""A server that keeps every request whole and answers as it is told: in plain text, TLS, or on a Unix socket."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Answer = Callable[[bytes], bytes]


def ok(body: bytes = b"hello", *lines: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode("latin-1") + body


def see(location: str, status: str = "302 Found") -> bytes:
    return ok(b"", f"Location: {location}", status=status)


class Recorder:
    """Serves one answer for each request.

    Attributes:
        requests: head and content of every request, in the order they came.
        connections: connections that were accepted.
        port: where it listens.
    """

    def __init__(self, listener: socket.socket, answer: Answer, context: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.port: int = listener.getsockname()[1] if listener.family != socket.AF_UNIX else 0
        self._listener, self._answer, self._context = listener, answer, context
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def targets(self) -> list[str]:
        """Request line targets."""
        return [request.split(b" ")[1].decode() for request in self.requests]

    def header(self, name: str, index: int = -1) -> str | None:
        """The value of a header of a request, several joined by a comma."""
        lines = self.requests[index].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        values = [line.partition(":")[2].strip() for line in lines if line.lower().startswith(f"{name.lower()}:")]
        return ",".join(values) if values else None

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._context else 'http'}://{host}:{self.port}{path}"

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(60)
        kept = raw.dup()  # a failed handshake closes the other; the alert must be read before that
        try:
            connection = self._context.wrap_socket(raw, server_side=True) if self._context else raw
            with connection:
                rest = b""
                while read := self._read(connection, rest):
                    request, rest = read
                    self.requests.append(request)
                    connection.sendall(self._answer(request))
        except OSError:
            with suppress(OSError):
                kept.shutdown(socket.SHUT_WR)
                while kept.recv(65536):
                    pass
        finally:
            kept.close()

    @staticmethod
    def _read(connection: socket.socket, rest: bytes) -> tuple[bytes, bytes] | None:
        while b"\r\n\r\n" not in rest:
            data = connection.recv(65536)
            if not data:
                return None
            rest += data
        head, _, rest = rest.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(rest) < length:
            rest += connection.recv(65536)
        return head + b"\r\n\r\n" + rest[:length], rest[length:]


@contextmanager
def recorder(
    answer: Answer | bytes | None = None,
    *,
    context: ssl.SSLContext | None = None,
    address: str = "127.0.0.1",
    port: int = 0,
    unix: str | None = None,
) -> Iterator[Recorder]:
    reply = ok() if answer is None else answer
    if unix is not None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(unix)
        listener.listen()
    else:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.create_server((address, port), family=family, backlog=128)
    server = Recorder(listener, reply if callable(reply) else lambda _: reply, context)
    try:
        yield server
    finally:
        server.close()
