"""Read a body to its end: decode it, bound it, hash it, and hand it to whoever asked for it."""

import asyncio
import time
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1.head import BODYLESS_STATUSES, Head
from fetchcli.core.http1.partial import PARTIAL_CONTENT
from fetchcli.core.model.body_buffer import BodyBuffer
from fetchcli.core.model.policy import Limits
from fetchcli.transport.base import BodySource, Consumers, Hop
from fetchcli.transport.body_hash import BodyHash
from fetchcli.transport.decode import Decoder, decoder_for

NO_CONSUMERS = Consumers()
DECODE_SLICE = 16 * 1024  # bytes handed to a decoder at once
DECODE_SECONDS = 0.02  # decoding time after which the event loop gets a turn


class Body(NamedTuple):
    """What is known of a body that was received.

    Attributes:
        wire: its bytes on the wire, transfer coding undone.
        decoded: its bytes after content decoding.
        sha256: of the decoded bytes, hexadecimal; empty if nothing is hashed.
        unknown_coding: the Content-Encoding that was not decoded, because it is unknown or the body is a part of a
            representation; the body is then counted as it came.
        start: its first bytes as far as ``limits.keep`` asks for them, or None.
    """

    wire: int
    decoded: int
    sha256: str
    unknown_coding: str = ""
    start: bytes | None = None


def plain_body(head: Head, source: Hop, limits: Limits) -> Body | None:
    """A body that came at once, without a coding, and of which nothing is kept; None if it is to be read.

    Most bodies are like that, and need nothing of what `BodyReader` does besides.

    Raises:
        TransportError: `too_large`.
    """
    if limits.keep or b"content-encoding" in head.fields or (data := source.take_whole()) is None:
        return None
    check_size(limits, len(data))
    return Body(len(data), len(data), sha256(data).hexdigest() if limits.hash else "")


class BodyReader:
    """Reads one body, hashes it, and hands it to the consumers.

    Nothing of it is kept unless the limits or a consumer ask for it.

    Attributes:
        wire: body bytes on the wire, transfer coding undone.
        waits: everything that came was handed on, and more is waited for.
    """

    def __init__(
        self,
        head: Head,
        source: BodySource,
        limits: Limits,
        consumers: Consumers = NO_CONSUMERS,
        *,
        to_head_request: bool = False,
    ) -> None:
        self._source = source
        self._limits = limits
        self._hash = BodyHash() if limits.hash else None
        self._buffer = BodyBuffer(limits.keep) if limits.keep else None
        self._hand_to(consumers)
        self.wire = self._decoded = 0
        self.waits = True
        self._unknown_coding = ""
        self._decoder: Decoder | None = None
        codings = head.fields.get(b"content-encoding")
        if codings and head.status not in BODYLESS_STATUSES and not to_head_request:
            text = b", ".join(codings).decode("latin-1")
            # The coding is that of the whole representation: a part of it cannot be decoded (RFC 9110 section 14.4).
            self._decoder, known = (None, False) if head.status == PARTIAL_CONTENT else decoder_for(text)
            self._unknown_coding = "" if known else text

    def _hand_to(self, consumers: Consumers) -> None:
        self._consumers = consumers.decoded if self._hash is None else (self._hash.update, *consumers.decoded)
        self._raw_consumers, self._drain = consumers.raw, consumers.drain
        if self._buffer is not None:
            self._consumers += (self._buffer.feed,)

    def replay(self, blocks: Iterable[bytes], then: Consumers) -> None:
        """Take what came earlier of a body without a coding, and hand the rest to others; blocks."""
        for block in blocks:
            self.wire += len(block)
            for consume in self._consumers:
                consume(block)
            if self._hash is not None:
                self._hash.finish_now()
        self._hand_to(then)

    async def read(self, rest: BodySource | None = None) -> Body:
        """Read to the end, and return what is known then.

        Args:
            rest: where the rest comes from, if an earlier call was interrupted while it waited for more.

        Raises:
            TransportError: `truncated`, `protocol`, `decode`, `too_large` or a timeout.
        """
        self._source = rest or self._source
        while chunk := await self._source.read():
            self.waits = False
            self.wire += len(chunk)
            check_size(self._limits, self.wire)
            for consume in self._raw_consumers:
                consume(chunk)
            if self._decoder is None:
                for consume in self._consumers:
                    consume(chunk)
            else:
                await self._decode(self._decoder, chunk)
            if self._drain is not None:
                await self._drain()
            self.waits = True
            if self._hash is not None and self._hash.is_due:
                await self._hash.hand_over()
        self.waits = False
        if self._decoder is None:
            self._decoded = self.wire
        elif self.wire or not self._source.length_verified:  # an empty body that is proved empty has nothing to decode
            self._decoder.finish()
        digest = "" if self._hash is None else await self._hash.hexdigest()
        start = None if self._buffer is None else bytes(self._buffer.data)
        return Body(self.wire, self._decoded, digest, self._unknown_coding, start)

    async def _decode(self, decoder: Decoder, chunk: bytes) -> None:
        """Decode a chunk; if that takes long, let the event loop run in between."""
        started = time.monotonic()
        for start in range(0, len(chunk), DECODE_SLICE):  # decoders copy the input that they have not used yet
            for piece in decoder.feed(chunk[start : start + DECODE_SLICE]):
                for consume in self._consumers:
                    consume(piece)
                self._decoded += len(piece)
                check_size(self._limits, self._decoded, " after decoding")
                self._check_ratio()
                if self._hash is not None and self._hash.is_due:
                    await self._hash.hand_over()
                if self._drain is not None:
                    await self._drain()
                if time.monotonic() - started > DECODE_SECONDS:
                    await asyncio.sleep(0)
                    started = time.monotonic()

    def _check_ratio(self) -> None:
        limits = self._limits
        if limits.ratio is not None and self._decoded > max(limits.ratio_free, limits.ratio * self.wire):
            detail = f"{self.wire} bytes decode to more than {limits.ratio} times as many (--max-ratio)"
            raise TransportError(ErrorKind.TOO_LARGE, detail)


def check_size(limits: Limits, size: int, when: str = "") -> None:
    """Raise TransportError, `too_large`, for a body of more bytes than allowed."""
    limit = limits.size
    if limit is not None and size > limit:
        raise TransportError(ErrorKind.TOO_LARGE, f"more than the {limit} bytes allowed{when} (--max-filesize)")
