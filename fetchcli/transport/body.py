"""Reading a body to its end: decoded, bounded, hashed, and kept only as far as somebody asks for it."""

import asyncio
import hashlib
import time

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.core.http1 import Head
from fetchcli.core.policy import Limits
from fetchcli.core.response_reader import NO_BODY
from fetchcli.transport.decode import Decoder, decoder_for
from fetchcli.transport.exchange import Exchange

SLICE = 16 * 1024  # bytes that a decoder is given at once
TURN_SECONDS = 0.02  # of decoding, after which others get a turn of the event loop


class Body:
    """One body being read.

    Attributes:
        wire: bytes that came, transfer coding undone.
        decoded: bytes after content decoding.
        sha256: of the decoded bytes, hexadecimal, at the end.
        unknown_coding: the Content-Encoding that nobody here undoes; the body is counted as it came.
        kept: the decoded body as far as it is to be kept, or None.
    """

    def __init__(self, head: Head, exchange: Exchange, limits: Limits) -> None:
        self._exchange = exchange
        self._limits = limits
        self._digest = hashlib.sha256()
        self.kept: bytearray | None = bytearray() if limits.keep else None
        self.wire = self.decoded = 0
        self.sha256 = self.unknown_coding = ""
        self._decoder: Decoder | None = None
        codings = head.fields.get(b"content-encoding")
        if codings and head.status not in NO_BODY and not exchange.reader.to_head_request:
            text = b", ".join(codings).decode("latin-1")
            self._decoder, known = decoder_for(text)
            self.unknown_coding = "" if known else text

    async def read(self) -> None:
        """Read to the end.

        Raises:
            TransportError: `truncated`, `protocol`, `decode`, `too_large` or a timeout.
        """
        while chunk := await self._exchange.read():
            self.wire += len(chunk)
            self._bound(self.wire, "")
            if self._decoder is None:
                self._take(chunk)
            else:
                await self._decode(self._decoder, chunk)
        if self._decoder is None:
            self.decoded = self.wire
        else:
            self._decoder.finish()
        self.sha256 = self._digest.hexdigest()

    async def _decode(self, decoder: Decoder, chunk: bytes) -> None:
        """Hash what a chunk decodes to; one that takes long lets others run in between."""
        began = time.monotonic()
        for start in range(0, len(chunk), SLICE):  # decoders copy what they have not taken yet
            for piece in decoder.feed(chunk[start : start + SLICE]):
                self._take(piece)
                self.decoded += len(piece)
                self._bound(self.decoded, " after decoding")
                self._bound_ratio()
                if time.monotonic() - began > TURN_SECONDS:
                    await asyncio.sleep(0)
                    began = time.monotonic()

    def _take(self, piece: bytes) -> None:
        self._digest.update(piece)
        if self.kept is not None:
            self.kept += piece[: self._limits.keep - len(self.kept)]

    def _bound(self, size: int, when: str) -> None:
        limit = self._limits.size
        if limit is not None and size > limit:
            raise TransportError(ErrorKind.TOO_LARGE, f"more than the {limit} bytes allowed{when} (--max-filesize)")

    def _bound_ratio(self) -> None:
        limits = self._limits
        if limits.ratio is not None and self.decoded > max(limits.ratio_free, limits.ratio * self.wire):
            detail = f"{self.wire} bytes decode to more than {limits.ratio} times as many (--max-ratio)"
            raise TransportError(ErrorKind.TOO_LARGE, detail)
