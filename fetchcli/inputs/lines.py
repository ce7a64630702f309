"""Lists with one URL a line -> rows, in batches, lazily, in bounded memory.

LF, CRLF and a lone CR end a line; a UTF-8 byte-order mark is skipped; blank lines and lines that
start with ``#`` are no rows. A row that is no URL is a `Rejected`, and the rest goes on.
"""

import os
from collections.abc import Iterable, Iterator

from fetchcli.core.errors import InputError, InvalidUrl
from fetchcli.core.model import Rejected, Row, Target
from fetchcli.core.urls import mask_credentials, parse_url
from fetchcli.inputs.base import Argument, File, Input

MAX_LINE = 64 * 1024
SHOWN = 200  # bytes of a line that is longer than that
_BOM = b"\xef\xbb\xbf"


class RowReader:
    """Reads inputs one after another into numbered rows.

    Attributes:
        errors: the inputs that could not be read to their end; the others are read all the same.
    """

    def __init__(self, inputs: Iterable[Input]) -> None:
        self._inputs = inputs
        self._seq = 0
        self.errors: list[InputError] = []

    def batches(self) -> Iterator[list[Row]]:
        """Yield the rows of every block as soon as it was read."""
        for source in self._inputs:
            if isinstance(source, Argument):
                yield [self.row(source.text)]
                continue
            try:
                yield from self._file(source)
            except InputError as error:
                self.errors.append(error)

    def row(self, text: str) -> Row:
        """The next row, from a text that stands in no file."""
        try:
            raw = os.fsencode(text)  # the bytes that the shell gave, where they are not UTF-8
        except UnicodeEncodeError:
            raw = text.encode("utf-8", "surrogatepass")
        return self._row(raw.strip(b" \t"), "", 0)

    def _file(self, source: File) -> Iterator[list[Row]]:
        for lines in data_lines(source.blocks()):
            yield [self._row(text, source.name, number) for number, text in lines]

    def _row(self, raw: bytes, source: str, line: int) -> Row:
        self._seq += 1
        if len(raw) > MAX_LINE:
            shown = mask_credentials(_lossless(raw[:SHOWN])) + "…"
            return Rejected(self._seq, shown, f"a line of more than {MAX_LINE} bytes", source, line)
        try:
            return Target(self._seq, parse_url(raw.decode()), source, line)
        except UnicodeDecodeError as error:
            shown = mask_credentials(_lossless(raw))
            return Rejected(self._seq, shown, f"byte {error.start + 1} is not UTF-8", source, line)
        except InvalidUrl as error:
            return Rejected(self._seq, mask_credentials(raw.decode()), str(error), source, line)


def data_lines(blocks: Iterable[bytes]) -> Iterator[list[tuple[int, bytes]]]:
    """The data lines of every block, with their line numbers; batches are never empty.

    A line of more than `MAX_LINE` bytes is cut, but stays longer than that.
    """
    number = 0
    for lines in split_lines(blocks):
        batch = []
        for raw in lines:
            number += 1
            line = (raw.removeprefix(_BOM) if number == 1 else raw).strip(b" \t")
            if line and not line.startswith(b"#"):
                batch.append((number, line))
        if batch:
            yield batch


def split_lines(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Complete lines of every block, without their ends; what ends without one comes last."""
    rest = b""
    after_cr = False
    for block in blocks:
        # A CRLF cut in two by the block boundary is one line end.
        fresh = block[1:] if after_cr and block.startswith(b"\n") else block
        after_cr = block.endswith(b"\r")
        if not fresh:
            continue
        lines = (rest + fresh).splitlines()
        rest = b"" if fresh.endswith((b"\n", b"\r")) else lines.pop()[: MAX_LINE + 1]
        if lines:
            yield lines
    if rest:
        yield [rest]


def _lossless(raw: bytes) -> str:
    r"""Bytes as text that can be turned back: ``\xff`` for a bad byte, ``\\`` for a backslash."""
    return raw.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")
