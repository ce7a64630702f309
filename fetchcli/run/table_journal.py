"""A table of a database that a run can be continued from."""

from collections.abc import Iterator

from fetchcli.core.journal.list_match import ListMatch
from fetchcli.core.journal.settlement import Settlement
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.stores.base import TableOutput
from fetchcli.stores.sql_table import SqlTable


class TableJournal:
    """See `run.journals.Journal`.

    Args:
        output: the table, opened.
        table: the same, as far as it is read.
    """

    is_unique = True

    def __init__(self, output: TableOutput, table: SqlTable) -> None:
        self.name, self._output, self._table = table.name, output, table
        self._is_found = False

    def recover(self) -> str:
        """See `run.journals.Journal`: a table holds whole rows."""
        self._is_found = self._table.find_run()
        return ""

    @property
    def is_empty(self) -> bool:
        """See `run.journals.Journal`."""
        return not self._is_found

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """See `run.journals.Journal`."""
        return self._table.rows(shape)

    def follow(self, match: ListMatch) -> None:
        """See `run.journals.Journal`."""
        self._table.parks = lambda: match.changed

    def settle(self, settlement: Settlement, *, ordered: bool) -> None:  # noqa: ARG002 - a table has no order
        """See `run.journals.Journal`."""
        match = settlement.match
        moves = [(old, place.seq, place.source, place.line, f"{key:016x}") for (old, key), place in match.moved.items()]
        self._table.settle(moves, ((seq, f"{key:016x}") for seq, key in match.gone_places()))

    def release(self) -> None:
        """See `run.journals.Journal`."""
        self._output.release()
