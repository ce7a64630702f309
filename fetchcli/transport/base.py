"""The ports between a run and the network: one hop, and the whole fetch.

A hop transport sends one complete request and returns a head and a body stream. `follow` does the
rest once for all hop transports: redirects, credentials, digest, decoding, limits, rate watching.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple, Protocol

import msgspec

from fetchcli.core.errors import ErrorKind, Partial, Resumption, TransportError
from fetchcli.core.http1.head import Head
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.policy import Network, Policy, Timeouts
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.url.parse import HttpUrl

Consumer = Callable[[bytes], object]


class Consumers(NamedTuple):
    """Who takes a body while it arrives.

    Attributes:
        decoded: called with every decoded piece.
        raw: called with every piece as it came, transfer coding undone.
        drain: waited for before more is read, or None; a TransportError ends the fetch.
    """

    decoded: tuple[Consumer, ...] = ()
    raw: tuple[Consumer, ...] = ()
    drain: Callable[[], Awaitable[None]] | None = None


ChooseConsumers = Callable[[str, Head], Consumers]


class HopRecorder(Protocol):
    """Takes what a hop sends and receives, as it is on the wire (inside TLS)."""

    def request(self, data: bytes, peer: str) -> None:
        """The request was sent to this address."""

    def response(self, data: bytes) -> None:
        """Bytes of the final response, transfer coding included."""

    def complete(self) -> None:
        """The response was complete."""


class Conditions(NamedTuple):
    """Conditions of a request.

    Attributes:
        url: the URL, safe to show, of the only hop that has them.
        fields: the header fields.
    """

    url: str
    fields: tuple[tuple[str, str], ...]


class StoredBody(NamedTuple):
    """A body that an earlier run has left.

    Attributes:
        url: the URL that it came from.
        head: the head of its response.
        validator: value of If-Range for the rest.
        blocks: returns what came; called in a thread.
        replayed: called with what came.
        restored: called with what the transport goes on with, in this attempt or a later one.
        consumers: take the rest.
    """

    url: str
    head: Head
    validator: str
    blocks: Callable[[], Iterable[bytes]]
    replayed: tuple[Consumer, ...]
    restored: Callable[[Partial], None]
    consumers: Consumers


class BodyPlan(NamedTuple):
    """What becomes of the body of a fetch.

    Attributes:
        consume: returns the consumers of a body that begins, given its URL and head; not called for one that goes on.
        partial: the body of an earlier attempt that was cut off, to go on with.
        stored: a body that an earlier run has left, to go on with.
        record: makes the recorder of each hop, given its URL; None records nothing.
        conditions: ask for the body only if it has changed; None asks for it in any case.
        decoded: some of the consumers take it decoded.
        raw: some of the consumers take it as it came.
    """

    consume: ChooseConsumers | None = None
    partial: Partial | None = None
    stored: StoredBody | None = None
    record: Callable[[str], HopRecorder] | None = None
    conditions: Conditions | None = None
    decoded: bool = True
    raw: bool = False


class SharedFields(msgspec.Struct, frozen=True, eq=False):
    """The header fields that all requests of a run have in common, without Host and Authorization.

    Compared by identity, so that a hop transport can cache what it makes of them.
    """

    fields: tuple[tuple[str, str], ...]


class HopRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request, complete and ready to send.

    Attributes:
        url: where it goes; its ``target`` is sent unchanged.
        method: the method.
        host: value of the Host field.
        shared: the header fields, in order.
        authorization: value of the Authorization field, or empty to send none.
        cookie: value of the Cookie field, or empty to send none besides those of ``shared``.
        content: the content, or None.
        fresh: use no connection that was used before.
        once: the request must not be repeated, so use a kept connection only if it was idle for a moment.
        last: use the connection for no other request.
        network: how the host is reached.
        more: header fields of this request alone: a range, or conditions.
        recorder: takes what is sent and received, or None.
    """

    url: HttpUrl
    method: str
    host: str
    shared: SharedFields
    authorization: str = ""
    cookie: str = ""
    content: bytes | None = None
    fresh: bool = False
    once: bool = False
    last: bool = False
    network: Network = Network()
    more: tuple[tuple[str, str], ...] = ()
    recorder: HopRecorder | None = None


class BodySource(Protocol):
    """Where the bytes of a body come from."""

    @property
    def length_verified(self) -> bool:
        """Whether framing, not the end of the connection, ends the body; known once the hop is open."""

    async def read(self) -> bytes:
        """Body bytes as they arrive, transfer coding undone; empty at the end of a complete body.

        Raises:
            TransportError: the body is not complete.
        """


class Hop(BodySource, Protocol):
    """One request on its way, and its response.

    Times are `time.monotonic` seconds; 0.0 means that the phase did not take place.

    Attributes:
        peer: the address that the request went to, or empty.
        cert_expires: when the origin's verified certificate expires (seconds since the epoch), or 0.
        resolved: when the name was resolved.
        connected: when TCP was connected.
        secured: when TLS was established.
        first_byte: when the first byte of the response arrived.
        received: bytes that have arrived.
    """

    peer: str
    cert_expires: float
    resolved: float
    connected: float
    secured: float
    first_byte: float
    received: int

    @property
    def progress(self) -> object:
        """Differs from an earlier value if anything has arrived since; see `transport.deadline`."""

    @property
    def phase(self) -> str:
        """What the hop was doing last, for messages: ``while connecting``."""

    @property
    def paused(self) -> bool:
        """Whether this side has stopped reading."""

    async def open(self) -> Head:
        """Connect, send the request, and wait for the head of the final response.

        Raises:
            TransportError: no head arrived.
        """

    def take_whole(self) -> bytes | None:
        """The body, transfer coding undone, if all of it has arrived and was not read; otherwise it is to be read."""

    def fail(self, error: TransportError) -> None:
        """Raise this error in the current or next read."""

    def close(self) -> None:
        """Give up the rest of the response; does nothing if it is complete."""

    def met_stale_connection(self, kind: ErrorKind) -> bool:
        """Whether a failure of this kind says more about a kept connection than about the server."""


class HopTransport(Protocol):
    """Makes hops; they may overlap."""

    def hop(self, request: HopRequest, timeouts: Timeouts) -> Hop:
        """A hop that has not started yet."""

    async def close(self) -> None:
        """Close every connection."""


class Authenticator(Protocol):
    """Answers authentication challenges."""

    async def ask(
        self,
        url: HttpUrl,
        request: RequestOptions,
        send: Callable[[str], Awaitable[Head]],
        discard: Callable[[], Awaitable[None]],
    ) -> Head:
        """Send a request, and send it again if the server asks for credentials.

        Args:
            url: the URL of the request.
            request: the request.
            send: sends it with this Authorization field (empty: without one) and returns the head of the response.
            discard: reads and closes a response that was a challenge.

        Raises:
            TransportError: the challenge cannot be answered (`protocol`), or ``send`` failed.
        """


class Transport(Protocol):
    """Fetches URLs; calls may overlap."""

    async def send(
        self,
        url: HttpUrl,
        policy: Policy,
        *,
        request: RequestOptions | None = None,
        fresh: bool | Resumption = False,
        body: BodyPlan | None = None,
    ) -> Response:
        """Fetch a URL: follow its redirects, and read the body to its end.

        Each request is sent exactly once.

        Args:
            url: the URL.
            policy: limits, and the request where ``request`` is None.
            request: what to send.
            fresh: use no connection that was used before; the ``resume`` of the TransportError of an earlier
                call repeats only its last request.
            body: what becomes of the body; by default it is read, and dropped.

        Raises:
            TransportError: no complete response arrived; it carries the kind and the detail.
        """

    async def close(self) -> None:
        """Close every connection."""
