"""A table of results in a database, and the table ``runs`` that has a row for every run."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from fetchcli._version import __version__
from fetchcli.core.errors import OutputError
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.rows.columns import Column
from fetchcli.core.rows.values import iso
from fetchcli.messages import print_message
from fetchcli.stores.database import UNIQUE, ConnectionLostError, Database, Values
from fetchcli.stores.storable import plain_row
from fetchcli.stores.table_rows import RUN, any_value, rows_of_run

SCHEMA_VERSION = 1  # of the tables; a higher one is not written to
INDEXED = ("url", "verdict")
RUNS = "runs"
MAX_OUTAGE = 300.0  # seconds for which a lost connection is tried again
MAX_PAUSE = 5.0  # seconds between two tries
_RUN_COLUMNS = {
    "table_name": "string",
    "schema_version": "integer",
    "fetchcli_version": "string",
    "list": "string",
    "started_at": "string",
    "ended_at": "string",
    "complete": "boolean",
}
_LATER = {"list"}  # columns that older tables lack

Move = tuple[int, int, str, int, str]  # old number, new number, source, line, key


class TableAbout(NamedTuple):
    """What is written to a table.

    Attributes:
        columns: the columns.
        inputs: the lists of the run, to find its newest run again.
        resumes: the run goes on with the newest one.
    """

    columns: Sequence[Column]
    inputs: Sequence[str] = ()
    resumes: bool = False


class SqlTable:
    """See `stores.base.Table`.

    Args:
        database: the database.
        table: the table of the results.
        about: what is written.

    Attributes:
        run: number of the run; 0 before it is known.
        parks: rows that hold the place of another row now are kept under a negative number.
    """

    def __init__(self, database: Database, table: str, about: TableAbout) -> None:
        self._database, self._table, self._about = database, table, about
        self._names = [*(column.name for column in about.columns), RUN]
        self._is_keyed = set(UNIQUE) <= set(self._names)
        columns = about.columns
        self._structured = [at for at, column in enumerate(columns) if column.type in ("list", "object")]
        self._any = [at for at, column in enumerate(columns) if column.type == "any"]
        self.run = 0
        self.parks: Callable[[], bool] = lambda: False

    @property
    def name(self) -> str:
        """The database, for messages."""
        return self._database.name

    def check(self) -> None:
        """See `stores.base.Table`."""
        name, table = self._database.name, self._table
        if table.casefold() == RUNS:
            raise OutputError(f"{name}: the table {RUNS} is for the runs; name another one")
        folded = [column.casefold() for column in self._names]
        twice = next((column for column in self._names if folded.count(column.casefold()) > 1), None)
        if twice is not None:
            raise OutputError(
                f"{name}: two columns are named {twice!r} (case is ignored, and run is the number of the run); "
                f"rename the one of the input: --keep input_{twice}={twice}"
            )
        if self._database.exists():
            self._database.open()
            try:
                self._check_tables()
            except OutputError:
                self.close()
                raise

    def _check_tables(self) -> None:
        runs = set(self._database.columns(RUNS))
        checked = ((RUNS, runs, {"id", *_RUN_COLUMNS} - _LATER), (self._table, self._found(self._table), {RUN}))
        for table, found, needed in checked:
            if found and not needed <= found:
                other = self._database.another if table == RUNS else f"another table, {self._database.advice}"
                raise OutputError(f"{self.name}: its table {table} is not one of fetchcli; write to {other}")
        if runs:
            ((version,),) = self._database.ask(f"SELECT max(schema_version) FROM {RUNS}")
            if version is not None and version > SCHEMA_VERSION:
                raise OutputError(f"{self.name}: written by a newer fetchcli; update this one")

    def _found(self, table: str) -> set[str]:
        return set(self._database.columns(table))

    def find_run(self) -> bool:
        """Find the newest run with the same lists, and lock it; False if there is none.

        Raises:
            OutputError: another run goes on with it.
        """
        if not self._database.is_open:
            self._database.open()
        if "list" not in self._found(RUNS) or not self._found(self._table):
            self._make_tables()
        newest = f"SELECT max(id) FROM {RUNS} WHERE table_name = ? AND list = ?"
        ((run,),) = self._database.ask(newest, (self._table, self._list))
        self.run = run or 0
        self._lock()
        return bool(run)

    @property
    def _list(self) -> str:
        return json.dumps(list(self._about.inputs))

    def _lock(self) -> None:
        """Let no other run with the same lists write to the table."""
        if not self._database.lock(f"fetchcli {self._table} {self._list}"):
            raise OutputError(f"{self.name}: another run is writing to it; wait until it has ended")

    def begin(self) -> None:
        """See `stores.base.Table`."""
        if not self._database.is_open:
            self._database.open()
        self._make_tables()
        if self._about.resumes and not self._is_keyed:
            raise OutputError(f"{self.name}: --resume requires the columns seq and round; add them to --columns")
        if self._about.resumes:
            self._database.index(self._table, UNIQUE, unique=True)
        if not self.run:
            self.run = self._new_run()

    def _new_run(self) -> int:
        names = ("table_name", "schema_version", "fetchcli_version", "list", "started_at")
        values = (self._table, SCHEMA_VERSION, __version__, self._list, iso(time.time()))
        with self._database.transaction():
            marks = ", ".join("?" * len(names))
            columns = ", ".join(map(self._database.quoted, names))
            self._database.run(f"INSERT INTO {RUNS} ({columns}) VALUES ({marks})", values)
            newest = f"SELECT max(id) FROM {RUNS} WHERE table_name = ? AND started_at = ?"
            ((run,),) = self._database.ask(newest, (self._table, values[-1]))
        return int(run)

    def _make_tables(self) -> None:
        types = self._database.types
        runs = {"id": self._database.id_type} | {name: types[kind] for name, kind in _RUN_COLUMNS.items()}
        results = {column.name: types[column.type] for column in self._about.columns} | {RUN: types["integer"]}
        self._make(RUNS, runs)
        self._make(self._table, results, UNIQUE if self._is_keyed else ())

    def _make(self, table: str, columns: dict[str, str], unique: Sequence[str] = ()) -> None:
        """Make a table, or the columns that it lacks."""
        found = {name.casefold() for name in self._database.columns(table)}
        if not found:
            self._database.create(table, columns, unique)
            return
        quoted = self._database.quoted
        for name, kind in columns.items():
            if name.casefold() not in found:
                self._database.run(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(name)} {kind}")

    def add(self, rows: list[Values]) -> None:
        """See `stores.base.Table`; a lost connection is tried again."""
        for row in rows:
            for at in self._any:
                row[at] = any_value(row[at], is_json=self._database.any_is_json)
        plain = [[*plain_row(row, self._structured), self.run] for row in rows]
        self._retried(lambda: self._add(plain))

    def _add(self, rows: list[Values]) -> None:
        if self.parks():
            self._park((row[self._names.index("seq")], row[self._names.index("key")]) for row in rows)
        replace = self._is_keyed and (self._about.resumes or self._database.any_is_json)
        self._database.write(self._table, self._names, rows, replace=replace)

    def _park(self, places: Iterable[tuple[int, str]]) -> None:
        """Keep the rows that other rows take the places of: the list may have them elsewhere."""
        table = self._database.quoted(self._table)
        where = f"{RUN} = ? AND seq = ? AND {self._database.quoted('key')} <> ?"
        with self._database.transaction():
            for seq, key in places:
                self._database.run(f"UPDATE {table} SET seq = -seq WHERE {where}", (self.run, seq, key))

    def _retried(self, work: Callable[[], None]) -> None:
        pause, until = 0.1, time.monotonic() + MAX_OUTAGE
        is_told = False
        while True:
            try:
                if not self._database.is_open:
                    self._database.open()
                    if self._about.resumes:
                        self._lock()
                return work()
            except ConnectionLostError as error:
                if time.monotonic() > until:
                    raise
                if not is_told:
                    print_message(f"{error}; trying again")
                    is_told = True
                time.sleep(pause)
                pause = min(2 * pause, MAX_PAUSE)

    def end(self, *, complete: bool) -> None:
        """See `stores.base.Table`; the indexes are made now, because that takes a third of the time."""
        self._retried(lambda: self._end(complete=complete))
        self.close()

    def _end(self, *, complete: bool) -> None:
        with self._database.transaction():
            ended = f"UPDATE {RUNS} SET ended_at = ?, complete = ? WHERE id = ?"
            self._database.run(ended, (iso(time.time()), complete, self.run))
        for column in INDEXED:
            if column in self._names:
                self._database.index(self._table, (column,))

    def close(self) -> None:
        """See `stores.base.Table`."""
        self._database.close()

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """Yield the rows of the run."""
        return rows_of_run(self._database, self._table, self.run, shape)

    def settle(self, moves: Sequence[Move], gone: Iterable[tuple[int, str]]) -> None:
        """Move rows to their new places, and drop those that the list does not have any more.

        Args:
            moves: rows that stand elsewhere now.
            gone: number and key of the others.
        """
        table, key = self._database.quoted(self._table), self._database.quoted("key")
        mine = f"{RUN} = ? AND {key} = ?"
        with self._database.transaction():
            for old, _, _, _, text in moves:
                parked = f"UPDATE {table} SET seq = -seq WHERE {mine} AND seq = ?"
                self._database.run(parked, (self.run, text, old))
            for seq, text in gone:
                dropped = f"DELETE FROM {table} WHERE {mine} AND seq IN (?, ?)"
                self._database.run(dropped, (self.run, text, seq, -seq))
            for old, new, source, line, text in moves:
                moved = f"UPDATE {table} SET seq = ?, source = ?, line = ? WHERE {mine} AND seq = ?"
                self._database.run(moved, (new, source or None, line or None, self.run, text, -old))
