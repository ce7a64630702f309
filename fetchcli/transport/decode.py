"""Streaming content decoding (RFC 9110 section 8.4) that detects incomplete streams.

Every decoder yields pieces of at most `PIECE` bytes, so that a small body that decodes to a huge one
never fills the memory, and reports at the end whether the stream was complete.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from fetchcli.core.errors import ErrorKind, TransportError

PIECE = 256 * 1024
BROTLI_LIMIT = 64 * 1024  # brotli stops at the end of the block that exceeds this
ZSTD_WINDOW_LOG = 23  # 8 MB, the most that a client must accept (RFC 9659)
MAX_CODINGS = 5


class Decoder(Protocol):
    """Decodes one content coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decode bytes; raises TransportError(decode) if the stream is corrupt."""

    def finish(self) -> None:
        """End of the input; raises TransportError(decode) if the stream is incomplete."""


def decoder_for(content_encoding: str) -> tuple[Decoder | None, bool]:
    """The decoder of a Content-Encoding field (None if nothing is to be decoded), and whether all codings are known.

    With an unknown coding the body is left as it is, as by curl without ``--compressed``.

    Raises:
        TransportError: `protocol`: more than `MAX_CODINGS` codings.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    names = [name for name in names if name and name != "identity"]
    if len(names) > MAX_CODINGS:
        raise TransportError(ErrorKind.PROTOCOL, f"{len(names)} content codings, more than {MAX_CODINGS}")
    if not names:
        return None, True
    if any(name not in _CODINGS for name in names):
        return None, False
    decoder = _CODINGS[names[-1]]()
    for name in reversed(names[:-1]):
        decoder = _Stack(decoder, _CODINGS[name]())
    return decoder, True


class _Stack:
    """Two codings; the outer one is decoded first."""

    def __init__(self, outer: Decoder, inner: Decoder) -> None:
        self._outer, self._inner = outer, inner

    def feed(self, data: bytes) -> Iterator[bytes]:
        for piece in self._outer.feed(data):
            yield from self._inner.feed(piece)

    def finish(self) -> None:
        self._outer.finish()
        self._inner.finish()


class _Zlib:
    """gzip (RFC 1952, any number of members) and deflate (RFC 1950, or RFC 1951 from some servers)."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._stream = zlib.decompressobj(31) if name == "gzip" else None
        self._head = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._stream is None:
            self._head += data
            if len(self._head) < 2:
                return
            data, self._head = self._head, b""
            wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj(15 if wrapped else -15)
        piece = b""
        while data or len(piece) == PIECE:  # after a full piece more output may be waiting without any input
            if self._stream.eof:
                if not data.strip(b"\0"):
                    return  # padding after the end is harmless
                if self._name != "gzip":
                    raise TransportError(ErrorKind.DECODE, "bytes after the end of the deflate stream")
                self._stream = zlib.decompressobj(31)
                yield b""  # a member may be empty: let the caller check the time
            try:
                piece = self._stream.decompress(data, PIECE)
            except zlib.error as error:
                raise _corrupt(self._name, error) from None
            if piece:
                yield piece
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail

    def finish(self) -> None:
        if self._stream is None or not self._stream.eof:
            raise _incomplete(self._name)


class _Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        import brotli

        self._error: type[Exception] = brotli.error
        self._stream: Any = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            # More output may be waiting without any input: ask until there is none.
            while piece := self._stream.process(data, output_buffer_limit=BROTLI_LIMIT):
                data = b""
                yield piece
        except self._error as error:
            raise _corrupt("br", error) from None

    def finish(self) -> None:
        if not self._stream.is_finished():
            raise _incomplete("br")


class _Zstd:
    """zstd (RFC 8878, any number of frames)."""

    def __init__(self) -> None:
        try:
            from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
        except ImportError:
            from backports import zstd
        options = {zstd.DecompressionParameter.window_log_max: ZSTD_WINDOW_LOG}
        self._new: Callable[[], Any] = lambda: zstd.ZstdDecompressor(options=options)
        self._error: type[Exception] = zstd.ZstdError
        self._stream = self._new()

    def feed(self, data: bytes) -> Iterator[bytes]:
        try:
            while True:
                if self._stream.eof:
                    if not data:
                        return
                    self._stream = self._new()
                    yield b""  # a frame may be empty: let the caller check the time
                piece = self._stream.decompress(data, PIECE)
                if piece:
                    yield piece
                data = self._stream.unused_data if self._stream.eof else b""
                if not self._stream.eof and self._stream.needs_input:
                    return
        except self._error as error:
            if "memory" in str(error):
                detail = f"a zstd window of more than {2**ZSTD_WINDOW_LOG} bytes (RFC 9659)"
                raise TransportError(ErrorKind.TOO_LARGE, detail) from None
            raise _corrupt("zstd", error) from None

    def finish(self) -> None:
        if not self._stream.eof:
            raise _incomplete("zstd")


def _corrupt(name: str, error: Exception) -> TransportError:
    return TransportError(ErrorKind.DECODE, f"corrupt {name} body: {error}")


def _incomplete(name: str) -> TransportError:
    return TransportError(ErrorKind.DECODE, f"the {name} body is incomplete")


_CODINGS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: _Zlib("gzip"),
    "x-gzip": lambda: _Zlib("gzip"),
    "deflate": lambda: _Zlib("deflate"),
    "br": _Brotli,
    "zstd": _Zstd,
}
