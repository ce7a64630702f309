"""Read one response from the segments of a connection."""

from collections import deque
from collections.abc import Callable

from fetchcli.core.errors import ErrorKind, Remedy, TransportError
from fetchcli.core.http1.chunked import SECTION_END, ChunkedBody
from fetchcli.core.http1.head import (
    BODYLESS_STATUSES,
    MAX_HEAD,
    UNTIL_CLOSE,
    Head,
    body_framing,
    excerpt,
    parse_head,
    refuse,
)

MAX_INTERIM = 100

_PREFIX = b"HTTP/1."


class ResponseReader:
    """Reads one response from segments cut anywhere, and skips interim responses.

    Attributes:
        head: head of the final response, once it is complete.
        pieces: body bytes that have not been read yet, transfer coding decoded.
        complete: the response ended where its framing says.
        length_verified: framing, not the end of the connection, ends the body.
        reusable: the connection can be used for another request.
        to_head_request: the request was HEAD, so there is no body.

    Args:
        to_head_request: as above.
        record: called with the bytes of the final response, as they came.
    """

    __slots__ = (
        "_buffer",
        "_chunks",
        "_head_size",
        "_interim",
        "_record",
        "_remaining",
        "complete",
        "head",
        "length_verified",
        "pieces",
        "reusable",
        "to_head_request",
    )

    def __init__(self, *, to_head_request: bool = False, record: Callable[[bytes], None] | None = None) -> None:
        self._record = record
        self.head: Head | None = None
        self.pieces: deque[bytes] = deque()
        self.complete = False
        self.length_verified = True
        self.reusable = False
        self.to_head_request = to_head_request
        self._buffer: bytearray | None = None
        self._head_size = self._interim = self._remaining = 0
        self._chunks: ChunkedBody | None = None

    def feed(self, data: bytes) -> bool:
        """Take a segment; return whether bytes were left after the end of the response.

        Raises:
            TransportError: `protocol` or `too_large`; the connection must be closed.
        """
        if self.head is None:
            rest = self._feed_head(data)
            if rest is None:
                return False
            data = rest
        if self._chunks is not None:
            after = self._chunks.feed(data, self.pieces)
            self.complete = after is not None
            if self._record is not None:
                self._record(data[: len(data) - len(after or b"")])
            return bool(after)
        if self._remaining == UNTIL_CLOSE:
            if data:
                self.pieces.append(data)
                if self._record is not None:
                    self._record(data)
            return False
        return self._feed_length(data)

    def feed_end(self) -> None:
        """The connection was closed properly, which ends a body without a length."""
        if self.head is not None and self._remaining == UNTIL_CLOSE and self._chunks is None:
            self.complete = True

    def _feed_length(self, data: bytes) -> bool:
        excess = len(data) - self._remaining
        if excess > 0:
            data = data[: self._remaining]
        if data:
            self.pieces.append(data)
            if self._record is not None:
                self._record(data)
        self._remaining -= len(data)
        self.complete = not self._remaining
        return excess > 0

    def _feed_head(self, data: bytes) -> bytes | None:
        """Take a segment of the header section; return what follows it, or None if it is incomplete."""
        scanned = 0
        if self._buffer is not None:
            scanned = max(len(self._buffer) - 2, 0)
            self._buffer += data
            data = bytes(self._buffer) if SECTION_END.search(self._buffer, scanned) else b""
        while end := SECTION_END.search(data, scanned):
            self._count_head(end.end())
            head = parse_head(data[: end.start() + 1])
            if head.status >= 200 and self._record is not None:
                self._record(data[: end.end()])
            data, scanned = data[end.end() :], 0
            self._buffer = None
            if head.status >= 200:
                self._begin_body(head)
                return data
            self._skip_interim(head)
        if self._buffer is None:
            self._buffer = bytearray(data)
        self._check_start(self._buffer)
        return None

    def _check_start(self, buffer: bytearray) -> None:
        """Fail at once if this can no longer become a header section."""
        if not buffer.startswith(_PREFIX) and not _PREFIX.startswith(buffer):
            # A busy proxy may have said so in its own way, and a server that speaks first may be asked too early.
            detail = f"not an HTTP/1.1 response: {excerpt(bytes(buffer[:100]))}"
            raise TransportError(ErrorKind.PROTOCOL, detail, Remedy.LATER)
        if self._head_size + len(buffer) > MAX_HEAD:
            self._count_head(len(buffer))

    def _count_head(self, size: int) -> None:
        self._head_size += size
        if self._head_size > MAX_HEAD:
            raise TransportError(ErrorKind.TOO_LARGE, f"more than {MAX_HEAD} bytes of headers")

    def _skip_interim(self, head: Head) -> None:
        if head.status == 101:
            refuse("status 101, but no upgrade was requested")
        self._interim += 1
        if self._interim > MAX_INTERIM:
            raise TransportError(ErrorKind.TOO_LARGE, f"more than {MAX_INTERIM} interim responses (1xx)")

    def _begin_body(self, head: Head) -> None:
        # A response to HEAD (or a 2xx to CONNECT) may announce a body that it does not have (RFC 9110 section 9.3.6).
        framing = 0 if self.to_head_request else body_framing(head)
        self.head = head
        self.reusable = head.minor == 1
        if b"connection" in head.fields:
            self.reusable = self.reusable or head.has_token(b"connection", b"keep-alive")
            self.reusable = self.reusable and not head.has_token(b"connection", b"close")
        if head.status in BODYLESS_STATUSES or self.to_head_request:
            self.reusable = self.reusable and framing in (UNTIL_CLOSE, 0)  # an announced body may still arrive
            return
        if isinstance(framing, ChunkedBody):
            self._chunks = framing
        else:
            self._remaining = framing
            if framing == UNTIL_CLOSE:
                self.reusable = self.length_verified = False
