"""A raw-socket server with a catalogue of named misbehaviours.

``http://HOST:PORT/NAME`` misbehaves as the catalogue says; ``?mode=bytewise`` or ``?mode=split``
sends the same bytes one by one, or cut in the middle. What clients sent is kept in `requests`.
"""

import gzip
import re
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.support.framing import GOOD, MALFORMED

CLOSE, RESET, KEEP, STALL = "close", "reset", "keep", "stall"
MODES = ("whole", "bytewise", "split")

TWICE = gzip.compress(gzip.compress(b"hello", mtime=0), mtime=0)
GZIPPED = gzip.compress(b"hello " * 200, mtime=0)


class Fault(NamedTuple):
    """The bytes to answer with, and what becomes of the connection."""

    reply: bytes
    then: str = CLOSE


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


CATALOGUE: dict[str, Fault] = {
    "ok": Fault(head("Content-Length: 5") + b"hello", KEEP),
    "ok-chunked": Fault(head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n\r\n", KEEP),
    "ok-empty": Fault(head("Content-Length: 0"), KEEP),
    "ok-until-close": Fault(head("Connection: close") + b"hello"),
    "ok-then-close": Fault(head("Content-Length: 5", "Connection: keep-alive") + b"hello"),
    "ok-continue": Fault(head(status="100 Continue") + head("Content-Length: 5") + b"hello", KEEP),
    "ok-18k-header": Fault(head("X-Long: " + "a" * 18_000, "Content-Length: 5") + b"hello", KEEP),
    "no-content": Fault(head(status="204 No Content"), KEEP),
    "gzip": Fault(head("Content-Encoding: gzip", f"Content-Length: {len(GZIPPED)}") + GZIPPED, KEEP),
    "gzip-cut": Fault(head("Content-Encoding: gzip", f"Content-Length: {len(GZIPPED) - 9}") + GZIPPED[:-9], KEEP),
    "gzip-empty": Fault(head("Content-Encoding: gzip", "Content-Length: 0"), KEEP),
    "gzip-empty-chunked": Fault(head("Content-Encoding: gzip", "Transfer-Encoding: chunked") + b"0\r\n\r\n", KEEP),
    "gzip-part": Fault(
        head("Content-Encoding: gzip", "Content-Range: bytes 5-9/99", "Content-Length: 5", status="206 Part")
        + b"hello",
        KEEP,
    ),
    "bad-names": Fault(
        head("PHP Warning: no such library", "X(y): 1", ": none", "Content-Type : x", "Content-Length: 5") + b"hello",
        KEEP,
    ),
    "redirect-bad-name": Fault(head("X Y: z", "Location: /ok", "Content-Length: 0", status="302 Found"), KEEP),
    "empty": Fault(b""),
    "reset-at-once": Fault(b"", RESET),
    "cut-in-head": Fault(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "reset-in-head": Fault(b"HTTP/1.1 200 OK\r\nContent-Le", RESET),
    "short-body": Fault(head("Content-Length: 50") + b"hello"),
    "reset-in-body": Fault(head("Content-Length: 50") + b"hello", RESET),
    "chunked-cut": Fault(head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n"),
    "chunked-cut-in-end": Fault(head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n0\r\n"),
    "chunked-bad-size": Fault(head("Transfer-Encoding: chunked") + b"zz\r\nhello\r\n0\r\n\r\n"),
    "not-http": Fault(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "bad-length": Fault(head("Content-Length: five") + b"hello"),
    "upgrade": Fault(head("Upgrade: h2c", "Connection: Upgrade", status="101 Switching Protocols"), STALL),
    "two-answers": Fault((head("Content-Length: 5") + b"hello") * 2, KEEP),
    "stall-at-once": Fault(b"", STALL),
    "stall-in-body": Fault(head("Content-Length: 50") + b"hello", STALL),
    "redirect-loop": Fault(head("Location: /redirect-loop", "Content-Length: 0", status="302 Found"), KEEP),
    "redirect-ok": Fault(head("Location: /ok", "Content-Length: 0", status="302 Found"), KEEP),
    "redirect-missing": Fault(head("Content-Length: 0", status="302 Found"), KEEP),
    "redirect-file": Fault(head("Location: file:///etc/passwd", "Content-Length: 0", status="302 Found"), KEEP),
    "redirect-two": Fault(head("Location: /ok", "Location: /x", "Content-Length: 0", status="302 Found"), KEEP),
    "escape-codes": Fault(
        head("Content-Type: \x1b]0;owned\x07\x9b31m", "Content-Length: 0", status="404 \x1b[2J"), KEEP
    ),
    "reset-until-close": Fault(head("Connection: close") + b"hello", RESET),
    "half-an-answer-more": Fault(head("Content-Length: 5") + b"hello" + b"HTTP/1.1 500 Stray\r\nContent-Le", KEEP),
    "no-content-with-a-body": Fault(head("Content-Length: 5", status="204 No Content"), KEEP),
    "huge-header": Fault(head("X-Long: " + "a" * 400_000, "Content-Length: 5") + b"hello"),
    "headers-for-ever": Fault(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 50_000, STALL),
    "continue-for-ever": Fault(head(status="100 Continue") * 20_000, STALL),
    "gzip-twice": Fault(head("Content-Encoding: gzip", "Content-Encoding: gzip", "Connection: close") + TWICE),
    "redirect-cut": Fault(head("Location: /ok", "Content-Length: 50", status="302 Found") + b"hello"),
    "redirect-stalled": Fault(head("Location: /ok", "Content-Length: 50", status="302 Found") + b"hello", STALL),
    "redirect-to-empty": Fault(head("Location: /empty", "Content-Length: 0", status="302 Found"), KEEP),
    "late-answer": Fault(head("Content-Length: 5") + b"hello", KEEP),
}


def slug(name: str) -> str:
    """The name of a case as it may stand in a path."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower())


CATALOGUE |= {f"good-{slug(name)}": Fault(reply, KEEP) for name, (reply, _) in GOOD.items()}
CATALOGUE |= {f"malformed-{slug(name)}": Fault(reply, STALL) for name, reply in MALFORMED.items()}
# What follows a little later, when nobody asked.
LATE = {
    "late-answer": head("Content-Length: 6", status="500 Stray") + b"stolen",
    "no-content-with-a-body": b"hello",
}


class FaultServer:
    """Serves the catalogue on a free port of 127.0.0.1, a thread a connection.

    Attributes:
        requests: the head of every request, in the order they came.
        connections: connections that were accepted.
        sent_late: answers of `LATE` that were sent.
    """

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.connections = self.sent_late = 0
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, name: str, mode: str = "whole") -> str:
        assert name in CATALOGUE, name
        return f"http://127.0.0.1:{self.port}/{name}" + ("" if mode == "whole" else f"?mode={mode}")

    def close(self) -> None:
        self._stopped.set()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            rest = b""
            while True:
                try:
                    request, rest = self._read_head(connection, rest)
                    if not request or not self._answer(connection, request):
                        return
                except OSError:
                    return

    def _await_close(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        while not self._stopped.is_set():
            try:
                if not connection.recv(1024):
                    return
            except TimeoutError:
                continue

    @staticmethod
    def _read_head(connection: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
        while b"\r\n\r\n" not in rest:
            data = connection.recv(65536)
            if not data:
                return b"", b""
            rest += data
        request, _, rest = rest.partition(b"\r\n\r\n")
        return request, rest

    def _answer(self, connection: socket.socket, request: bytes) -> bool:
        """Answer one request; say whether the connection stays."""
        self.requests.append(request)
        target = request.split(b" ")[1].decode()
        name, _, mode = target.lstrip("/").partition("?mode=")
        fault = CATALOGUE.get(name.partition("?")[0], CATALOGUE["empty"])
        for piece in _pieces(fault.reply, mode):
            connection.sendall(piece)
        if name in LATE:
            time.sleep(0.05)
            connection.sendall(LATE[name])
            self.sent_late += 1
        if fault.then == STALL:
            self._await_close(connection)
        elif fault.then == RESET:
            time.sleep(0.05)  # a reset destroys what the other side has not read yet
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return fault.then == KEEP


def _pieces(reply: bytes, mode: str) -> Iterator[bytes]:
    if mode == "bytewise":
        for position in range(len(reply)):
            yield reply[position : position + 1]
    elif mode == "split":
        yield reply[: len(reply) // 2]
        time.sleep(0.02)
        yield reply[len(reply) // 2 :]
    elif reply:
        yield reply


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    server = FaultServer()
    try:
        yield server
    finally:
        server.close()


if __name__ == "__main__":  # in a process of its own, until stdin ends
    print(FaultServer().port, flush=True)
    sys.stdin.read()
