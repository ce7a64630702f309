"""Lists in UTF-16, with or without a byte-order mark, as they arrive."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterator
from itertools import chain

MIN_PAIRS = 4  # pairs of an ASCII character and a zero byte that tell UTF-16 from anything else


def in_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks in UTF-8 if they are in UTF-16, else as they are."""
    first = b""
    while len(first) < 2 * MIN_PAIRS and (block := next(blocks, b"")):
        first += block
    encoding = _encoding(first)
    if not encoding:
        yield from chain((first,) if first else (), blocks)
        return
    decode = getincrementaldecoder(encoding)("replace").decode
    for block in chain((first,), blocks):
        if text := decode(block):
            yield text.encode("utf-8", "replace")
    if rest := decode(b"", True):
        yield rest.encode("utf-8", "replace")


def _encoding(first: bytes) -> str:
    """The name of the UTF-16 encoding of these bytes, or empty."""
    if first.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "utf-16-le" if first.startswith(BOM_UTF16_LE) else "utf-16-be"
    start = first[: 2 * MIN_PAIRS]
    if len(start) < 2 * MIN_PAIRS:
        return ""
    low, high = start[::2], start[1::2]
    if not any(high) and all(low) and low.isascii():
        return "utf-16-le"
    return "utf-16-be" if not any(low) and all(high) and high.isascii() else ""
