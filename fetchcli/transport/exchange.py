"""One request and its answer: the bytes to send, what came back, and when each phase was over."""

import asyncio
import time
from typing import Protocol

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1 import Head
from fetchcli.core.response_reader import ResponseReader
from fetchcli.transport.route import Route

MOST_PENDING = 256 * 1024  # body bytes that wait to be read; with more the socket is left alone


class Link(Protocol):
    """What an exchange needs of its connection."""

    def release(self) -> None:
        """Give it back: the answer is complete."""

    def discard(self) -> None:
        """Close it: nobody wants the rest."""

    def pause(self) -> None:
        """Read no more for now."""

    def resume(self) -> None:
        """Read again."""

    @property
    def unsent(self) -> int:
        """Bytes of the request that the socket has not taken yet."""


class Exchange:
    """One hop (times are `time.monotonic`, 0.0 for not at all).

    Attributes:
        route: the way to the origin.
        head: the bytes to send first: request line and header section.
        content: the bytes to send then, or None.
        reader: what came back.
        fresh: take no connection that was used before.
        last: use the connection for nothing more.
        silence: seconds without a byte that are allowed, or None.
        peer: the address that the request went to.
        cert_expires: when the certificate of the origin does (seconds since the epoch), or 0.
        reused: the connection had answered another request before.
        after_head: and that one was HEAD, after which some servers send a body all the same.
        received: bytes that came.
        resolved: the name was looked up.
        connected: TCP was connected.
        secured: TLS was established.
        sent: the request was handed to the socket.
        first_byte: the first byte of the answer came.
    """

    __slots__ = (
        "_failure",
        "_link",
        "_paused",
        "_pending",
        "_waiter",
        "after_head",
        "cert_expires",
        "connected",
        "content",
        "first_byte",
        "fresh",
        "head",
        "last",
        "peer",
        "reader",
        "received",
        "resolved",
        "reused",
        "route",
        "secured",
        "sent",
        "silence",
    )

    def __init__(  # noqa: PLR0913 - what is settled before the first byte
        self,
        route: Route,
        head: bytes,
        content: bytes | None = None,
        *,
        fresh: bool = False,
        last: bool = False,
        silence: float | None = None,
        to_head_request: bool = False,
    ) -> None:
        self.route = route
        self.head = head
        self.content = content
        self.reader = ResponseReader(to_head_request=to_head_request)
        self.fresh = fresh
        self.last = last
        self.silence = silence
        self.reused = self.after_head = self._paused = False
        self.peer = ""
        self.cert_expires = 0.0
        self.received = self._pending = 0
        self.resolved = self.connected = self.secured = self.sent = self.first_byte = 0.0
        self._failure: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._link: Link | None = None

    @property
    def phase(self) -> str:
        """What was going on last, for messages."""
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
    def paused(self) -> bool:
        """Whether it is we who do not read."""
        return self._paused

    def met_a_stale_connection(self, failed_with: ErrorKind) -> bool:
        """Whether the failure says more about a kept connection than about the server.

        Nothing came where the server had closed the connection meanwhile; and what comes first on
        one that was last used for HEAD may be the body that must not follow HEAD.
        """
        if not self.reused or self.reader.head is not None:
            return False
        nothing_came = failed_with is ErrorKind.EMPTY and not self.first_byte
        return nothing_came or (self.after_head and failed_with is ErrorKind.PROTOCOL)

    def use(self, link: Link) -> None:
        """Begin on this connection."""
        self._link = link
        self.sent = time.monotonic()

    def feed(self, data: bytes) -> bool:
        """Take a segment; say whether bytes were left over after the end of the answer.

        Raises:
            TransportError: it is no well-formed response.
        """
        if not self.first_byte:
            self.first_byte = time.monotonic()
        self.received += len(data)
        leftover = self.reader.feed(data)
        if self.reader.head is not None:  # a header section is read by nobody piece by piece, and has its own limit
            self._pending += len(data)
        if self._pending > MOST_PENDING and not self.reader.complete and self._link is not None:
            self._paused = True
            self._link.pause()
        self._wake()
        return leftover

    def end(self, error: BaseException) -> None:
        """The connection is gone, in this way; what is complete without it stays complete."""
        if self._failure is None and not self.reader.complete:
            self._failure = error
        self._wake()

    def close(self) -> None:
        """Give up what is left of the answer; nothing to do where it came whole."""
        if self._link is not None:
            self._link.discard()
            self._link = None

    def done(self) -> None:
        """Give the connection back: the answer came whole."""
        if self._link is not None:
            self._link.release()
            self._link = None

    async def read_head(self) -> Head:
        """Wait for the header section of the final response."""
        while (head := self.reader.head) is None:
            await self._more()
        return head

    async def read(self) -> bytes:
        """Body bytes as they come, transfer coding undone; none at the end."""
        pieces = self.reader.pieces
        while not pieces:
            if self.reader.complete and self._failure is None:
                return b""
            await self._more()
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._pending = 0
        if self._paused and self._link is not None:
            self._paused = False
            self._link.resume()
        return data

    async def _more(self) -> None:
        """Wait until something happens on the connection."""
        if self._failure is not None:
            raise self._failure
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            if self.silence is None:
                await self._waiter
            else:
                await self._bounded(self._waiter, self.silence)
        finally:
            self._waiter = None

    async def _bounded(self, waiter: asyncio.Future[None], silence: float) -> None:
        """Wait for as long as a silence may be; a server that takes what is sent to it is not silent."""
        unsent = self._link.unsent if self._link is not None else 0
        while not (await asyncio.wait([waiter], timeout=silence))[0]:
            before, unsent = unsent, self._link.unsent if self._link is not None else 0
            if unsent >= before:
                kind = ErrorKind.TIMEOUT_IDLE if self.first_byte else ErrorKind.TIMEOUT_TTFB
                raise TransportError(kind, f"no data for {silence:g} s (--read-timeout) {self.phase}")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
