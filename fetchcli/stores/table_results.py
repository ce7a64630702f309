"""The results of the newest run in a table of a database, as the input of another run."""

from collections.abc import Iterator

from fetchcli.core.errors import InputError, OutputError
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.stored_row import REQUIRED, StoredRow
from fetchcli.stores.database import Database
from fetchcli.stores.table_rows import RUN, RUNS, rows_of_run


class TableResults:
    """See `run.from_results.Results`.

    Args:
        database: the database, to be read only.
        table: the table of the results.

    Attributes:
        name: the database, for messages.
        torn: empty: a table holds whole rows.
        warning: that the run has not ended; known once the rows have been read.
    """

    torn = ""

    def __init__(self, database: Database, table: str) -> None:
        self.name, self._database, self._table, self.warning = database.name, database, table, ""

    def check(self) -> None:
        """Refuse a database without such a table; raises InputError."""
        if not self._database.exists():
            raise InputError(f"{self.name}: no such file")
        try:
            self._database.open()
            names = self._database.columns(self._table)
        except OutputError as error:
            raise InputError(str(error)) from None
        if not names:
            raise InputError(f"{self.name}: there is no table {self._table}; name another: {self._database.advice}")
        if missing := sorted({*REQUIRED, RUN} - set(names)):
            raise InputError(
                f"{self.name}: its table {self._table} has no column {missing[0]}; name the table of the results: "
                f"{self._database.advice}"
            )

    def columns(self) -> list[str]:
        """The columns without the number of the run."""
        return [name for name in self._database.columns(self._table) if name != RUN]

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """Yield the rows of the newest run; raises InputError."""
        try:
            ((run,),) = self._database.ask(f"SELECT max({RUN}) FROM {self._database.quoted(self._table)}")
            if self._database.columns(RUNS):
                ended = self._database.ask(f"SELECT complete FROM {RUNS} WHERE id = ?", (run,))
                self.warning = "" if ended and ended[0][0] else "its newest run has not ended, so rows may be missing"
            yield from rows_of_run(self._database, self._table, run or 0, shape)
        except OutputError as error:
            raise InputError(str(error)) from None
