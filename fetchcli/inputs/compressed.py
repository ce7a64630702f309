"""Decompress gzip, zstd, bzip2 and xz, detected by their first bytes, as they arrive."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fetchcli.inputs.record import BadFormat, Incomplete

PIECE = 64 * 1024
MAX_XZ_MEMORY = 256 * 1024 * 1024  # that an xz stream may ask for


class Codec(NamedTuple):
    """One compression: its name, first bytes, and a factory for a stream and the error it raises."""

    name: str
    magic: bytes
    make: Callable[[], tuple[Any, type[Exception]]]


def _zstd() -> tuple[Any, type[Exception]]:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        from backports import zstd
    return zstd.ZstdDecompressor(), zstd.ZstdError


def _bzip2() -> tuple[Any, type[Exception]]:
    import bz2

    return bz2.BZ2Decompressor(), OSError


def _xz() -> tuple[Any, type[Exception]]:
    import lzma

    return lzma.LZMADecompressor(memlimit=MAX_XZ_MEMORY), lzma.LZMAError


class _Gzip:
    """A zlib stream with the interface of the others."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(31)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._stream.decompress(self._stream.unconsumed_tail + data, max_length)

    @property
    def eof(self) -> bool:
        return self._stream.eof

    @property
    def unused_data(self) -> bytes:
        return self._stream.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._stream.unconsumed_tail


CODECS = (
    Codec("gzip", b"\x1f\x8b", lambda: (_Gzip(), zlib.error)),
    Codec("zstd", b"\x28\xb5\x2f\xfd", _zstd),
    Codec("bzip2", b"BZh", _bzip2),
    Codec("xz", b"\xfd7zXZ\x00", _xz),
)
LONGEST_MAGIC = max(len(codec.magic) for codec in CODECS)


def decompressed(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Decompress blocks into pieces of at most `PIECE` bytes; several streams may follow each other.

    Raises:
        BadFormat: the stream is corrupt; `Incomplete` if it ends too early.
    """
    head = b""
    while len(head) < LONGEST_MAGIC and (block := next(blocks, b"")):
        head += block
        if not any(codec.magic.startswith(head[: len(codec.magic)]) for codec in CODECS):
            break
    codec = next((codec for codec in CODECS if head.startswith(codec.magic)), None)
    if codec is None:
        if head:
            yield head
        yield from blocks
    else:
        yield from _decompress_stream(codec, head, blocks)


def _decompress_stream(codec: Codec, data: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    stream, error_class = codec.make()
    try:
        while True:
            piece = stream.decompress(data, PIECE)
            if piece:
                yield piece
            data = b""
            if stream.eof:
                rest = stream.unused_data.lstrip(b"\0") or next((block for block in blocks if block.strip(b"\0")), b"")
                if not rest:
                    return
                stream, data = codec.make()[0], rest
            elif stream.needs_input and not (data := next(blocks, b"")):
                raise Incomplete(f"the {codec.name} stream is incomplete")
    except (error_class, OSError, EOFError, ValueError) as error:
        raise BadFormat(f"corrupt {codec.name}: {error}") from None
