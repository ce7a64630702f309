"""Which rows of a results file stay when its run is complete, and where."""

from fetchcli.core.journal.index import JournalIndex, key_number
from fetchcli.core.journal.list_match import ListMatch, Place
from fetchcli.core.journal.stored_row import StoredRow


class Settlement:
    """Decides about the rows of one file.

    Args:
        index: what the file held when the run began.
        match: what the list has of it.

    Attributes:
        match: the same.
    """

    def __init__(self, index: JournalIndex, match: ListMatch) -> None:
        self._index, self.match = index, match

    @property
    def rows(self) -> int:
        """Rows that the file held."""
        return self._index.rows

    @property
    def is_needed(self) -> bool:
        """Whether any row is replaced, gone or moved."""
        return bool(self._index.replaced or self._index.displaced or self.match.moved or self.match.gone)

    def keeps(self, row: StoredRow, number: int) -> bool:
        """Whether a row stays.

        Args:
            row: the row.
            number: counts the rows of the file, from 1; those of this run come after those of the index.
        """
        index = self._index
        if number > index.rows:
            return True
        key = key_number(row.key)
        if index.key(row.seq) == key:
            return index.last(row.seq) == number and index.is_final(row.seq) and self.match.was_seen(row.seq)
        return index.displaced.get(key) == (row.seq, number) and (row.seq, key) in self.match.moved

    def place(self, row: StoredRow, number: int) -> Place | None:
        """Where a row stands now, if it has moved."""
        return self.match.moved.get((row.seq, key_number(row.key))) if number <= self._index.rows else None
