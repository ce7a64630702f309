"""The results of the newest run in a table of an SQLite database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from fetchcli.core.errors import InputError
from fetchcli.core.journal.shape import InvalidRow, Shape
from fetchcli.core.journal.stored_row import REQUIRED, StoredRow
from fetchcli.stores.base import quoted

_BATCH = 1000  # rows


class SqliteResults:
    """See `run.from_results.Results`.

    Args:
        path: the file.
        table: the table of the results.

    Attributes:
        name: the file, for messages.
        torn: empty: a table holds whole rows.
    """

    torn = ""

    def __init__(self, path: str, table: str) -> None:
        self.name, self._table = path, table

    def check(self) -> None:
        """Refuse a file that is no such database; raises InputError."""
        if not Path(self.name).is_file():
            raise InputError(f"{self.name}: no such file")
        if missing := {*REQUIRED, "run"} - set(self._names()):
            raise InputError(
                f"{self.name}: its table {self._table} has no column {min(missing)}; name the table of the results: "
                f"sqlite:{self.name}:TABLE"
            )

    def columns(self) -> list[str]:
        """The columns without the number of the run."""
        return [name for name in self._names() if name != "run"]

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """Yield the rows of the newest run; raises InputError."""
        names, table = self.columns(), quoted(self._table)
        columns = ", ".join(map(quoted, names))
        newest = f"SELECT {columns} FROM {table} WHERE run = (SELECT max(run) FROM {table})"  # noqa: S608 - quoted
        with self._asked(f"{newest} ORDER BY rowid") as cursor:
            while values := cursor.fetchmany(_BATCH):
                try:
                    yield [shape.of_values(dict(zip(names, row, strict=True))) for row in values]
                except InvalidRow as error:
                    raise InputError(f"{self.name}: a row of {self._table} is none of results ({error})") from None

    def _names(self) -> list[str]:
        with self._asked(f"PRAGMA table_info({quoted(self._table)})") as cursor:
            return [row[1] for row in cursor]

    @contextmanager
    def _asked(self, statement: str) -> Iterator[sqlite3.Cursor]:
        path = quote(str(Path(self.name).absolute()))
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                yield connection.execute(statement)
        except sqlite3.Error as error:
            raise InputError(f"{self.name}: {error}") from None
