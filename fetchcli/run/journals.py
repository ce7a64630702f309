"""Outputs that a run can be continued from."""

from collections.abc import Iterator
from typing import Protocol

import msgspec

from fetchcli.core.errors import InputError, OutputError
from fetchcli.core.journal.list_match import ListMatch, Place
from fetchcli.core.journal.settlement import Settlement
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.model.outcome import Outcome


class Journal(Protocol):
    """An output that tells which rows are done.

    Attributes:
        name: for messages.
        is_unique: it never holds two rows for one place.
    """

    name: str
    is_unique: bool

    def recover(self) -> str:
        """Drop what is torn; what to say about it, or empty. Raises OutputError or InputError."""

    @property
    def is_empty(self) -> bool:
        """Whether it holds nothing yet."""

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """Yield the rows in batches; raises InputError."""

    def follow(self, match: ListMatch) -> None:
        """Know how the list has changed, before rows are added."""

    def settle(self, settlement: Settlement, *, ordered: bool) -> None:
        """Drop the rows that are replaced or gone, and move the others; raises OutputError."""

    def release(self) -> None:
        """Let other runs write to it."""


def moved(outcome: Outcome, place: Place) -> Outcome:
    """The outcome of a row that stands elsewhere in the list now."""
    row = msgspec.structs.replace(outcome.row, seq=place.seq, source=place.source, line=place.line)
    return msgspec.structs.replace(outcome, row=row)


def read_all(journal: Journal, shape: Shape) -> Iterator[StoredRow]:
    """Yield the rows of a journal; raises InputError, with its name."""
    try:
        for batch in journal.rows(shape):
            yield from batch
    except InputError as error:
        raise OutputError(f"{error}; it cannot be continued unless that row is removed") from None
