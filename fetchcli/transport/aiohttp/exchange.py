"""One request and its response: bytes to send, bytes received, and when each phase was done."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Protocol

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.http1.response import ResponseReader
from fetchcli.core.model.policy import Timeouts
from fetchcli.transport.aiohttp.route import Route
from fetchcli.transport.base import HopRequest

JOINED = 32 * 1024  # bytes; smaller pieces are joined, larger ones are not worth copying
MAX_PENDING = 256 * 1024  # body bytes that wait to be read; beyond this reading pauses

STALE_KINDS = frozenset({ErrorKind.EMPTY, ErrorKind.RESET, ErrorKind.PROTOCOL, ErrorKind.TLS})


class Link(Protocol):
    """What an exchange needs of its connection."""

    def release(self) -> None:
        """Give the connection back: the response is complete."""

    def discard(self) -> None:
        """Close the connection: the rest is not wanted."""

    def pause(self) -> None:
        """Stop reading."""

    def resume(self) -> None:
        """Read again."""

    @property
    def unsent(self) -> int:
        """Bytes of the request that the socket has not taken yet."""


class Exchange:
    """One hop (times are `time.monotonic`, 0.0 if the phase did not take place).

    Attributes:
        route: the route to the origin.
        head: request line and header section.
        loop: the event loop: asking for the running one costs a system call.
        request: the request; its content is sent after the head.
        reader: reads the response.
        connect_timeout: maximum seconds for lookup, connect and TLS, or None.
        silence: maximum seconds without a byte, or None.
        peer: the address that the request went to.
        cert_expires: when the origin's certificate expires (seconds since the epoch), or 0.
        reused: the connection had served another request before.
        received: bytes received.
        resolved: when the name was resolved.
        connected: when TCP was connected.
        secured: when TLS was established.
        sent: when the request was handed to the socket.
        first_byte: when the first byte of the response arrived.
    """

    __slots__ = (
        "_failure",
        "_link",
        "_paused",
        "_pending",
        "_waiter",
        "cert_expires",
        "connect_timeout",
        "connected",
        "first_byte",
        "head",
        "loop",
        "peer",
        "reader",
        "received",
        "request",
        "resolved",
        "reused",
        "route",
        "secured",
        "sent",
        "silence",
    )

    def __init__(
        self, route: Route, head: bytes, request: HopRequest, timeouts: Timeouts, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.route, self.loop = route, loop
        self.head = head
        self.request = request
        recorder = request.recorder
        self.reader = ResponseReader(
            to_head_request=request.method == "HEAD", record=None if recorder is None else recorder.response
        )
        self.connect_timeout, self.silence = timeouts.connect, timeouts.read
        self.reused = self._paused = False
        self.peer = ""
        self.cert_expires = 0.0
        self.received = self._pending = 0
        self.resolved = self.connected = self.secured = self.sent = self.first_byte = 0.0
        self._failure: TransportError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._link: Link | None = None

    @property
    def phase(self) -> str:
        """What the exchange was doing last, for messages."""
        if not self.sent:
            if self.connected and self.route.proxy is not None:
                return "while the proxy connects"
            if self.connected and self.route.scheme == "https":
                return "in the TLS handshake"
            return "while connecting" if self.resolved else "while looking the name up"
        if not self.first_byte:
            sending = self._link is not None and self._link.unsent
            return "while sending the request" if sending else "while waiting for the first byte"
        return "in the body" if self.reader.head else "in the header section"

    @property
    def progress(self) -> object:
        """Differs from an earlier value if anything has arrived since; see `transport.deadline`."""
        return self.connected, self.received, self._pending

    @property
    def length_verified(self) -> bool:
        """Whether framing, not the end of the connection, ends the body; known with the head."""
        return self.reader.length_verified

    @property
    def paused(self) -> bool:
        """Whether this side has stopped reading."""
        return self._paused

    def met_stale_connection(self, kind: ErrorKind) -> bool:
        """Whether a failure says more about a kept connection than about the server.

        No byte arrives if the server had closed the connection meanwhile; and the first bytes may be the rest of
        the response before: more body than its length, or the body of a response to HEAD.
        """
        if not self.reused or self.reader.head is not None:
            return False
        return kind in STALE_KINDS

    def use(self, link: Link) -> None:
        """Start on this connection."""
        self._link = link
        self.sent = time.monotonic()

    def feed(self, data: bytes) -> bool:
        """Take a segment; return whether bytes were left after the end of the response.

        Raises:
            TransportError: the response is not well-formed.
        """
        if not self.first_byte:
            self.first_byte = time.monotonic()
        self.received += len(data)
        leftover = self.reader.feed(data)
        if self.reader.head is not None:  # the header section is not read in pieces, and has its own limit
            self._pending += len(data)
        # Chunk sizes and trailers alone give nothing to read, which would end the pause.
        if self._pending > MAX_PENDING and self.reader.pieces and not self.reader.complete and self._link is not None:
            self._paused = True
            self._link.pause()
        self._wake()
        return leftover

    def fail(self, error: TransportError) -> None:
        """Make whoever reads fail with this error; a complete response stays complete."""
        if self._failure is None and not self.reader.complete:
            self._failure = error
        self._wake()

    def close(self) -> None:
        """Give up the rest of the response; does nothing if it is complete."""
        if self._link is not None:
            self._link.discard()
            self._link = None

    def done(self) -> None:
        """Give the connection back: the response is complete."""
        if self._link is not None:
            self._link.release()
            self._link = None

    async def read_head(self) -> Head:
        """Wait for the head of the final response."""
        reader = self.reader
        while (head := reader.head) is None:
            await self._arrival()
        return head

    def take_whole(self) -> bytes | None:
        """See `transport.base.Hop`."""
        if not self.reader.complete or self._failure is not None or self._paused or self.request.recorder is not None:
            return None
        pieces = self.reader.pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        return data

    async def read(self) -> bytes:
        """Body bytes as they arrive, transfer coding decoded; empty at the end."""
        pieces = self.reader.pieces
        while not pieces:
            if self.reader.complete and self._failure is None:
                if self.request.recorder is not None:
                    self.request.recorder.complete()
                return b""
            await self._arrival()
        if len(pieces) == 1 or len(pieces[0]) >= JOINED:
            data = pieces.popleft()
            self._pending = max(0, self._pending - len(data)) if pieces else 0
        else:
            data = b"".join(pieces)
            pieces.clear()
            self._pending = 0
        if self._paused and not self._pending and self._link is not None:
            self._paused = False
            self._link.resume()
        return data

    def _arrival(self) -> Awaitable[None]:
        """An awaitable that is done once something happens on the connection."""
        if self._failure is not None:
            raise self._failure
        self._waiter = waiter = self.loop.create_future()
        return waiter if self.silence is None else self._wait_with_timeout(waiter, self.silence)

    async def _wait_with_timeout(self, waiter: asyncio.Future[None], read_timeout: float) -> None:
        """Wait for at most the allowed silence; a server that takes request bytes is not silent."""
        unsent = self._link.unsent if self._link is not None else 0
        while not (await asyncio.wait([waiter], timeout=read_timeout))[0]:
            for _ in range(2):  # let the event loop read what has arrived
                await asyncio.sleep(0)
            if waiter.done():
                return
            before, unsent = unsent, self._link.unsent if self._link is not None else 0
            if unsent >= before:
                kind = ErrorKind.TIMEOUT_IDLE if self.first_byte else ErrorKind.TIMEOUT_TTFB
                raise TransportError(kind, f"no data for {read_timeout:g} s (--read-timeout) {self.phase}")

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
