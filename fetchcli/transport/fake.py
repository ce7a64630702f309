"""Transports without a network: for tests, and to measure what everything else costs."""

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from fetchcli.core.errors import ErrorKind, Resumption, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.http1.response import ResponseReader
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Policy, Timeouts
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.timings import Timings
from fetchcli.core.url.parse import HttpUrl
from fetchcli.transport.base import BodyPlan, HopRequest

HopScript = Callable[[HopRequest], bytes | TransportError]


class ScriptedHop:
    """One hop of `ScriptedHops`; see `transport.base.Hop`."""

    def __init__(self, hops: "ScriptedHops", request: HopRequest) -> None:
        self._hops = hops
        self._request = request
        recorder = request.recorder
        record = None if recorder is None else recorder.response
        self._reader = ResponseReader(to_head_request=request.method == "HEAD", record=record)
        self._pieces: Iterator[bytes] = iter(())
        self._failure: TransportError | None = None
        self.peer = ""
        self.cert_expires = self.resolved = self.connected = self.secured = self.first_byte = 0.0
        self.received = 0
        self.closed = False

    @property
    def phase(self) -> str:
        """The current phase, for messages."""
        return "in the body" if self._reader.head else "while waiting for the first byte"

    @property
    def length_verified(self) -> bool:
        """As the scripted bytes frame the body."""
        return self._reader.length_verified

    @property
    def paused(self) -> bool:
        """A script never waits for its reader."""
        return False

    async def open(self) -> Head:
        """Parse the scripted bytes, or raise the scripted failure."""
        await asyncio.sleep(0)
        answer = self._hops.answer(self, self._request)
        if isinstance(answer, TransportError):
            raise answer
        if (recorder := self._request.recorder) is not None:
            recorder.request(
                f"{self._request.method} {self._request.url.target} HTTP/1.1\r\n\r\n".encode(), "192.0.2.1"
            )
        self.peer, self.first_byte, self.received = "192.0.2.1", self._hops.clock(), len(answer)
        if answer:
            self._reader.feed(answer)
        self._reader.feed_end()
        if self._reader.complete and recorder is not None:
            recorder.complete()
        if self._reader.head is None:
            raise TransportError(ErrorKind.EMPTY, "connection closed")
        self._pieces = iter(tuple(self._reader.pieces))
        return self._reader.head

    def take_whole(self) -> bytes | None:
        """The scripted body, unless it is to be read in pieces."""
        if self._hops.in_pieces or not self._reader.complete or self._request.recorder is not None:
            return None
        return b"".join(self._reader.pieces)

    async def read(self) -> bytes:
        """The next piece of the scripted body."""
        await asyncio.sleep(0)
        if self._failure is not None:
            raise self._failure
        piece = next(self._pieces, b"")
        if not piece and not self._reader.complete:
            raise TransportError(ErrorKind.TRUNCATED, "connection closed in the body")
        return piece

    def fail(self, error: TransportError) -> None:
        """Raise this error at the next read."""
        self._failure = error

    def close(self) -> None:
        """Remember that it was called."""
        self.closed = True

    @property
    def progress(self) -> object:
        """What has arrived, arrived at once."""
        return None

    def met_stale_connection(self, kind: ErrorKind) -> bool:
        """A script keeps no connections."""
        return False


class ScriptedHops:
    """A hop transport that answers with what a function returns: the bytes of a response, or a failure.

    Args:
        script: called for every hop.
        clock: tells the time of the first byte.
        in_pieces: bodies are read, although they are there.

    Attributes:
        clock, in_pieces: as given.
        sent: the requests, in order.
        hops: the hops that sent them.
    """

    def __init__(self, script: HopScript, clock: Callable[[], float] = lambda: 1.0, *, in_pieces: bool = False) -> None:
        self._script = script
        self.clock, self.in_pieces = clock, in_pieces
        self.sent: list[HopRequest] = []
        self.hops: list[ScriptedHop] = []
        self.closed = False

    def hop(self, request: HopRequest, timeouts: Timeouts) -> ScriptedHop:
        """A hop that answers as scripted."""
        return ScriptedHop(self, request)

    def answer(self, hop: ScriptedHop, request: HopRequest) -> bytes | TransportError:
        """The scripted answer to a request that is sent."""
        self.sent.append(request)
        self.hops.append(hop)
        return self._script(request)

    async def close(self) -> None:
        """Remember that it was called."""
        self.closed = True


class NullTransport:
    """Answers 200 to everything at once."""

    async def send(
        self,
        url: HttpUrl,
        policy: Policy,
        *,
        request: RequestOptions | None = None,
        fresh: bool | Resumption = False,
        body: BodyPlan | None = None,
    ) -> Response:
        """Answer without waiting."""
        return Response(200, url.text, Timings())

    async def close(self) -> None:
        """There is nothing to close."""


class ScriptedTransport:
    """Answers with what a function returns: a `Response`, or an exception to raise.

    Attributes:
        sent: the requested URLs, in order.
        in_flight: requests being answered now.
        max_in_flight: the largest value of ``in_flight`` so far.
    """

    def __init__(self, script: Callable[[HttpUrl], Response | BaseException], delay: float = 0.0) -> None:
        self._script = script
        self._delay = delay
        self.sent: list[str] = []
        self.in_flight = 0
        self.max_in_flight = 0
        self.closed = False

    async def send(
        self,
        url: HttpUrl,
        policy: Policy,
        *,
        request: RequestOptions | None = None,
        fresh: bool | Resumption = False,
        body: BodyPlan | None = None,
    ) -> Response:
        """Wait for the scripted delay, then answer as scripted."""
        self.sent.append(url.text)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            await asyncio.sleep(self._delay)
            answer = self._script(url)
        finally:
            self.in_flight -= 1
        if isinstance(answer, BaseException):
            raise answer
        if answer.body and body is not None and body.consume is not None:
            for feed in body.consume(answer.url, Head(answer.status, 1, answer.headers)).decoded:
                feed(answer.body)
        keep = policy.limits.keep
        return msgspec.structs.replace(answer, body=(answer.body or b"")[:keep] if keep else None)

    async def close(self) -> None:
        """Remember that it was called."""
        self.closed = True
