"""Records of WARC/1.1 (ISO 28500:2017): warcinfo, request, response and revisit.

Written here, not by a library: what `fastwarc` writes is larger at the same level, costs more, takes a block only as
one piece of memory, and a failed write spoils its writer.
"""

import zlib
from collections.abc import Iterable, Iterator
from hashlib import sha1
from random import getrandbits
from typing import NamedTuple
from uuid import UUID

from fetchcli.core.rows.values import iso

VERSION = b"WARC/1.1\r\n"
SPECIFICATION = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
REVISIT_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_GZIP = 16  # added to the window bits for a gzip member
_SMALL, _SMALL_WINDOW, _SMALL_MEMORY = 8 * 1024, 13, 6
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [one + two for one in _ALPHABET for two in _ALPHABET]
END = b"\r\n\r\n"


def new_id() -> str:
    """The ID of a record, without angle brackets.

    `uuid.uuid4` asks the system for every one, which costs the thread its turn.
    """
    return UUID(int=getrandbits(128), version=4).urn  # unique, not secret


class Original(NamedTuple):
    """The record that has a body that came again."""

    record_id: str
    url: str
    date: str


def digests(blocks: Iterable[bytes], *starts: int) -> list[str]:
    """``sha1:`` and the SHA-1 digest in base 32 (RFC 4648 section 6) of what comes from each of these offsets on.

    The body is that on the wire, with its transfer coding: so do the readers that check it.
    `base64.b32encode` takes three times as long.
    """
    found, offset = [sha1(usedforsecurity=False) for _ in starts], 0
    for block in blocks:
        for digest, start in zip(found, starts, strict=True):
            digest.update(memoryview(block)[max(0, start - offset) :])
        offset += len(block)
    return ["sha1:" + _base32(int.from_bytes(digest.digest(), "big")) for digest in found]


def _base32(number: int) -> str:
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(150, -1, -10)])


def header(kind: str, record_id: str, seconds: float, size: int, **fields: str) -> bytes:
    """The header of a record; names of fields are written with dashes, empty ones left out."""
    lines = [f"WARC-Type: {kind}", f"WARC-Record-ID: <{record_id}>", f"WARC-Date: {iso(seconds)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value]
    return VERSION + "\r\n".join([*lines, f"Content-Length: {size}", "", ""]).encode()


def warcinfo(name: str, software: str, seconds: float) -> Iterator[bytes]:
    """The record at the start of a file."""
    block = f"software: {software}\r\nformat: WARC File Format 1.1\r\nconformsTo: {SPECIFICATION}\r\n".encode()
    yield header("warcinfo", new_id(), seconds, len(block), WARC_Filename=name, Content_Type="application/warc-fields")
    yield block
    yield END


def member(record: Iterable[bytes], level: int | None, size: int) -> Iterator[bytes]:
    """A record as it stands in the file: one gzip member of its own, or plain where the level is None.

    Args:
        record: its bytes.
        level: of the compression, or None.
        size: about how many bytes it has; a small one needs no large window, which takes long to set up.
    """
    if level is None:
        yield from record
        return
    window, memory = (_SMALL_WINDOW, _SMALL_MEMORY) if size <= _SMALL else (zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    compressor = zlib.compressobj(level, zlib.DEFLATED, _GZIP + window, memory)
    for block in (b"".join(record),) if size <= _SMALL else record:  # each call costs the thread its turn
        if data := compressor.compress(block):
            yield data
    yield compressor.flush()
