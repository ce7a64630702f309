"""Lists with one URL a line, in batches, lazily, in bounded memory.

LF, CRLF and a lone CR end a line; a UTF-8 byte-order mark is skipped; blank lines and lines that
start with ``#`` are no rows; what follows a blank and ``#`` is a comment, too.
"""

import re
from collections.abc import Iterable, Iterator

from fetchcli.inputs.record import SHOWN, Record, Records

MAX_LINE = 64 * 1024
BOM = b"\xef\xbb\xbf"
_COMMENT = re.compile(rb"[ \t]+#.*", re.DOTALL)


def read_lines(blocks: Iterable[bytes]) -> Records:
    """The records of every block."""
    for lines in data_lines(blocks):
        yield [line_record(number, _before_comment(raw) if b"#" in raw else raw) for number, raw in lines]


def _before_comment(raw: bytes) -> bytes:
    """A line without the comment behind its URL, which holds no blank."""
    return _COMMENT.sub(b"", raw)


def line_record(number: int, raw: bytes) -> Record:
    """The record of a line that holds a URL and nothing else."""
    if len(raw) > MAX_LINE:
        return Record(number, lossless(raw[:SHOWN]) + "…", problem=f"a line of more than {MAX_LINE} bytes")
    try:
        return Record(number, raw.decode())
    except UnicodeDecodeError as error:
        return Record(number, lossless(raw), problem=f"byte {error.start + 1} is not UTF-8")


def data_lines(blocks: Iterable[bytes], most: int = MAX_LINE) -> Iterator[list[tuple[int, bytes]]]:
    """The data lines of every block, with their line numbers; batches are never empty.

    A line of more than ``most`` bytes is cut, but stays longer than that.
    """
    number = 0
    for lines in split_lines(blocks, most):
        batch = []
        for raw in lines:
            number += 1
            line = (raw.removeprefix(BOM) if number == 1 else raw).strip(b" \t")
            if line and not line.startswith(b"#"):
                batch.append((number, line))
        if batch:
            yield batch


def split_lines(blocks: Iterable[bytes], most: int = MAX_LINE) -> Iterator[list[bytes]]:
    """Complete lines of every block, without their ends; what ends without one comes last."""
    rest: list[bytes] = []
    size = 0
    after_cr = False
    for block in blocks:
        # A CRLF cut in two by the block boundary is one line end.
        fresh = block[1:] if after_cr and block.startswith(b"\n") else block
        after_cr = block.endswith(b"\r")
        if not fresh:
            continue
        lines = fresh.splitlines()
        if size <= most:  # what is beyond that is not looked at, and the pieces are put together once
            rest.append(lines[0])
            size += len(lines[0])
        if len(lines) > 1 or fresh.endswith((b"\n", b"\r")):
            lines[0], rest, size = b"".join(rest), [], 0
            if not fresh.endswith((b"\n", b"\r")):
                rest = [lines.pop()]
                size = len(rest[0])
            yield lines
    if rest:
        yield [b"".join(rest)]


def lossless(raw: bytes) -> str:
    r"""Bytes as text that can be turned back: ``\xff`` for a bad byte, ``\\`` for a backslash."""
    return raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
