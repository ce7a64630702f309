"""Compress what is written, as members or frames that each stand alone.

What was flushed can be read after a kill, and more can be appended (RFC 1952 section 2.2, RFC 8878 section 3;
bzip2 and xz streams may follow each other, too).
"""

import zlib
from collections.abc import Callable, Iterable, Iterator

from fetchcli.core.compression import MAX_MEMBER, compression_of

MAX_BLOCK = MAX_MEMBER
BLOCK_SECONDS = 1.0  # after which a smaller one is written

Compress = Callable[[bytes], bytes]


def compressor_for(name: str) -> Compress | None:
    """The function that makes one member of bytes, by the extension of a file; None without a compression."""
    compression = compression_of(name)
    return _COMPRESSORS[compression]() if compression else None


def compressed(pieces: Iterable[bytes], compress: Compress) -> bytes:
    """Members of at most `MAX_BLOCK` bytes each; only a piece that is larger is divided."""
    return b"".join(map(compress, _blocks(pieces)))


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    block: list[bytes] = []
    size = 0
    for piece in pieces:
        if block and size + len(piece) > MAX_BLOCK:
            yield b"".join(block)
            block, size = [], 0
        start = max(len(piece) - 1, 0) // MAX_BLOCK * MAX_BLOCK
        yield from (piece[at : at + MAX_BLOCK] for at in range(0, start, MAX_BLOCK))
        block.append(piece[start:])
        size += len(piece) - start
    if block:
        yield b"".join(block)


def _gzip() -> Compress:
    return lambda data: zlib.compress(data, wbits=31)


def _zstd() -> Compress:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # Python 3.14
    except ImportError:
        from backports import zstd
    options = {zstd.CompressionParameter.checksum_flag: 1}
    return lambda data: zstd.compress(data, options=options)


def _bzip2() -> Compress:
    import bz2

    return bz2.compress


def _xz() -> Compress:
    import lzma

    # The usual dictionary of 8 MiB would take 90 MB of memory for blocks of 1 MiB.
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": MAX_BLOCK}]
    return lambda data: lzma.compress(data, filters=filters)


_COMPRESSORS: dict[str, Callable[[], Compress]] = {"gzip": _gzip, "zstd": _zstd, "bzip2": _bzip2, "xz": _xz}
