"""A server that answers a little late, and counts who asks for how much at once."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class CountingServer:
    """Listens on every address of loopback, so that each one is a host.

    Attributes:
        times: when requests came, by host (`time.monotonic`).
        most: the most requests in flight at once, by host.
        targets: how often each target was asked for, by all hosts.
        total: requests.
        hooks: what is done when so many requests have come.
        delay: seconds until an answer.
    """

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.reset()
        self.hooks: dict[int, Callable[[], object]] = {}
        self.port = 0
        self.loop: asyncio.AbstractEventLoop
        self.stopped = asyncio.Event()
        self.connections: set[asyncio.Transport] = set()
        self._in_flight: Counter[str] = Counter()

    def reset(self) -> None:
        """Forget the requests so far."""
        self.total = 0
        self.times: dict[str, list[float]] = {}
        self.most: Counter[str] = Counter()
        self.targets: Counter[str] = Counter()

    def url(self, host: int, path: str) -> str:
        return f"http://127.0.0.{host}:{self.port}{path}"

    def came(self, host: str, target: str) -> None:
        self.total += 1
        self.targets[f"{host}{target}"] += 1
        self.times.setdefault(host, []).append(time.monotonic())
        self._in_flight[host] += 1
        self.most[host] = max(self.most[host], self._in_flight[host])
        if (hook := self.hooks.pop(self.total, None)) is not None:
            hook()

    def gone(self, host: str) -> None:
        self._in_flight[host] -= 1


class _Connection(asyncio.Protocol):
    def __init__(self, server: CountingServer) -> None:
        self._server = server
        self._buffer = b""
        self._host = ""  # of the request in flight
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if b"\r\n\r\n" not in self._buffer:
            return
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self._host = next(line[6:] for line in lines if line.lower().startswith("host: ")).partition(":")[0]
        self._server.came(self._host, lines[0].split(" ")[1])
        asyncio.get_running_loop().call_later(self._server.delay, self._answer)

    def _answer(self) -> None:
        if self._host:
            self._end()
            self._transport.write(ANSWER)

    def connection_lost(self, _error: Exception | None) -> None:
        self._server.connections.discard(self._transport)
        if self._host:
            self._end()

    def _end(self) -> None:
        self._server.gone(self._host)
        self._host = ""


@contextmanager
def counting_server(delay: float = 0.02) -> Iterator[CountingServer]:
    server, ready = CountingServer(delay), threading.Event()

    async def serve() -> None:
        server.loop = asyncio.get_running_loop()
        listening = await server.loop.create_server(lambda: _Connection(server), "0.0.0.0", 0)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await server.stopped.wait()
        listening.close()
        for connection in list(server.connections):
            connection.abort()
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        server.loop.call_soon_threadsafe(server.stopped.set)
        thread.join()
