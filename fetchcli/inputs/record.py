"""What a format makes of a list: records, still without a checked URL; and what it is asked for."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

import msgspec

from fetchcli.core.model import Kept
from fetchcli.core.row_request import RowRequest

SHOWN = 200  # characters of what is too long or too strange to be shown whole


class Record(msgspec.Struct):
    """One row as its format reads it.

    Attributes:
        line: where it begins, from 1; 0 where there are no lines.
        url: as written.
        own: what it says of its request.
        tag: its name for itself.
        kept: values of the columns to keep.
        problem: why it cannot be fetched, column first; or empty.
        malformed: the problem is how it says what is expected of it.
        expect: what it says is expected of it.
        accepted: it comes from a result file, and had been accepted or not; None where it comes from elsewhere.
        sitemap: the URL leads to another sitemap.
    """

    line: int
    url: str
    own: RowRequest | None = None
    tag: str = ""
    kept: tuple[Kept, ...] = ()
    problem: str = ""
    accepted: bool | None = None
    sitemap: bool = False
    malformed: bool = False
    expect: tuple[tuple[str, tuple[str, ...]], ...] = ()


Records = Iterator[list[Record]]


class BadFormat(Exception):  # noqa: N818 - it becomes an InputError that names the file
    """A list, or the rest of it, is not what its format says.

    Attributes:
        reason: one clause for people.
        line: where, or 0.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


class Taker(Protocol):
    """A reader that is handed blocks.

    Attributes:
        problem: why it takes no more; what came before is good.
    """

    problem: BadFormat | None

    def take(self, block: bytes, *, last: bool) -> list[Record]:
        """The records that are complete now."""


def taken(taker: Taker, blocks: Iterable[bytes]) -> Records:
    """The records of every block; only then what is wrong with the list.

    Raises:
        BadFormat: the taker's problem.
    """
    for block in chain(blocks, (b"",)):
        if records := taker.take(block, last=not block):
            yield records
        if taker.problem is not None:
            raise taker.problem
