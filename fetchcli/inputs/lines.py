"""Lists with one URL per line, read lazily, in bounded memory.

LF, CRLF and a lone CR end a line. A UTF-8 byte-order mark is skipped. Blank lines and lines that
start with ``#`` are skipped, and so is what follows a blank and ``#``. A URL may stand behind a
bullet, in quotes or in angle brackets.
"""

import os
import re
from collections.abc import Iterable, Iterator

from fetchcli.core.pattern import lazy_pattern
from fetchcli.inputs.record import SHOWN, Record, Records

MAX_LINE = 64 * 1024
_PLAIN_STARTS = frozenset((b"h", b"H"))
BOM = b"\xef\xbb\xbf"
_COMMENT = lazy_pattern(rb"[ \t]+#.*", re.DOTALL)
_BULLET = lazy_pattern(rb"(?:[-*+]|\xe2\x80\xa2|\d{1,6}[.)])[ \t]+(?=\S)")
_ENCLOSED = lazy_pattern(rb"(?:<([^<>\s]+)>|\"([^\"\s]+)\"|'([^'\s]+)'|`([^`\s]+)`)[ \t]*[,;]?")
_TEXT_AFTER = lazy_pattern(rb"(?i)https?://\S*[ \t]+\S")


def read_lines(blocks: Iterable[bytes]) -> Records:
    """Yield the records of every block."""
    number = 0
    for lines in split_lines(blocks):
        block = b"".join(lines)
        # Most lists consist of URLs alone, and need only one look at a block.
        plain = block.isascii() and not (b" " in block or b"\t" in block or b"#" in block)
        records = []
        for raw in lines:
            number += 1
            if plain and raw[:1] in _PLAIN_STARTS and len(raw) <= MAX_LINE:
                records.append(Record(number, raw.decode()))
            elif line := _data(raw):
                records.append(list_record(number, line))
        if records:
            yield records


def list_record(number: int, raw: bytes) -> Record:
    """The record of a line of a list; a URL contains no blank, so a comment may follow."""
    if b"#" in raw:
        raw = _COMMENT.sub(b"", raw)
    if raw[:1] not in b"hH" or b" " in raw or b"\t" in raw:
        raw = _BULLET.sub(b"", raw, count=1) if _BULLET.match(raw) else raw
        if enclosed := _ENCLOSED.fullmatch(raw):
            raw = next(filter(None, enclosed.groups()))
        elif len(raw) <= MAX_LINE and _TEXT_AFTER.match(raw):
            return Record(number, lossless(raw), problem="text after the URL; write a space in a URL as %20")
    return line_record(number, raw)


def line_record(number: int, raw: bytes) -> Record:
    """The record of a line that contains only a URL."""
    if len(raw) > MAX_LINE:
        return Record(number, lossless(raw[:SHOWN]) + "…", problem=f"a line of more than {MAX_LINE} bytes")
    try:
        return Record(number, raw.decode())
    except UnicodeDecodeError:
        return Record(number, lossless(raw), problem=not_utf8(raw))


def argument_record(text: str) -> Record:
    """The record of a URL on the command line."""
    try:
        raw = os.fsencode(text)  # the bytes from the shell, if they are not UTF-8
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "surrogatepass")
    return line_record(0, raw.strip(b" \t"))


def data_lines(blocks: Iterable[bytes], max_length: int = MAX_LINE) -> Iterator[list[tuple[int, bytes]]]:
    """Yield the data lines of every block with their line numbers; batches are never empty.

    A line of more than ``max_length`` bytes is cut, but stays longer than ``max_length``.
    """
    number = 0
    for lines in split_lines(blocks, max_length):
        batch = []
        for raw in lines:
            number += 1
            if line := _data(raw):
                batch.append((number, line))
        if batch:
            yield batch


def _data(raw: bytes) -> bytes:
    """A line without blanks and marks around it; empty if it is a comment."""
    line = raw.strip(b" \t")
    if line.startswith(BOM):  # of the list, or of one that was appended to it
        line = line.removeprefix(BOM).lstrip(b" \t")
    return b"" if line.startswith(b"#") else line


def split_lines(blocks: Iterable[bytes], max_length: int = MAX_LINE) -> Iterator[list[bytes]]:
    """Yield the complete lines of every block without their ends; an unfinished line comes last."""
    rest: list[bytes] = []
    size = 0
    after_cr = False
    for block in blocks:
        # A CRLF that is cut by a block boundary is one line end.
        new_data = block[1:] if after_cr and block.startswith(b"\n") else block
        after_cr = block.endswith(b"\r")
        if not new_data:
            continue
        lines = new_data.splitlines()
        if size <= max_length:  # bytes beyond the maximum are dropped
            rest.append(lines[0])
            size += len(lines[0])
        if len(lines) > 1 or new_data.endswith((b"\n", b"\r")):
            lines[0], rest, size = b"".join(rest), [], 0
            if not new_data.endswith((b"\n", b"\r")):
                rest = [lines.pop()]
                size = len(rest[0])
            yield lines
    if rest:
        yield [b"".join(rest)]


def not_utf8(raw: bytes) -> str:
    """The problem of bytes that are not UTF-8, alike in all formats; empty if they are."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1} is not UTF-8"
    return ""


def lossless(raw: bytes) -> str:
    r"""Bytes as text that can be converted back: ``\xff`` for an invalid byte, ``\\`` for a backslash."""
    return raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
