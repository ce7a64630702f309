"""Records: rows as their format reads them, before the URL is checked."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple, Protocol

import msgspec

from fetchcli.core.model.target import CarriedValue
from fetchcli.core.request.row_request import RowRequest

SHOWN = 200  # characters shown of something that is too long or invalid


class Origin(NamedTuple):
    """Origin of a row of a results file: its number and list in the earlier run; ``cancelled`` if it was cut off."""

    seq: int
    source: str
    cancelled: bool


class Record(msgspec.Struct):
    """One row as its format reads it.

    Attributes:
        line: the line where it starts, from 1; 0 if there are no lines.
        url: the URL as written.
        row_request: what it says about its request.
        tag: its tag.
        carried: values of the columns to copy.
        problem: why it is invalid, column first; or empty.
        accepted: whether it had been accepted, for rows of results files; else None.
        origin: where it came from, for rows of results files; else None.
        sitemap: the URL is that of another sitemap.
        malformed: the problem is a malformed expectation.
        expect: its expectations as written.
    """

    line: int
    url: str
    row_request: RowRequest | None = None
    tag: str = ""
    carried: tuple[CarriedValue, ...] = ()
    problem: str = ""
    accepted: bool | None = None
    origin: Origin | None = None
    sitemap: bool = False
    malformed: bool = False
    expect: tuple[tuple[str, tuple[str, ...]], ...] = ()


Records = Iterator[list[Record]]


class BadFormat(Exception):  # noqa: N818 - it becomes an InputError that names the file
    """A list, or the rest of it, does not have the format it should have.

    Attributes:
        reason: one clause for people.
        line: where, or 0.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


class Incomplete(BadFormat):
    """A compressed list ends too early."""


class BlockParser(Protocol):
    """A parser that takes blocks.

    Attributes:
        problem: why it stopped, or None; earlier records are valid.
    """

    problem: BadFormat | None

    def take(self, block: bytes, *, last: bool) -> list[Any]:
        """Return the records that are complete now."""


def parse_blocks(parser: BlockParser, blocks: Iterable[bytes]) -> Iterator[list[Any]]:
    """Yield the records of every block, and raise the problem afterwards.

    Raises:
        BadFormat: the parser's problem.
    """
    for block in chain(blocks, (b"",)):
        if records := parser.take(block, last=not block):
            yield records
        if parser.problem is not None:
            raise parser.problem
