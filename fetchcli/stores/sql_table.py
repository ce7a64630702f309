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
from fetchcli.stores.row_places import Move, RowPlaces
from fetchcli.stores.storable import plain_row
from fetchcli.stores.table_rows import RUN, RUNS, any_value, rows_of_run

SCHEMA_VERSION = 1  # of the tables; a higher one is not written to
INDEXED = ("url", "verdict")
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
        connect: makes a database; rows are read through one of its own.
        table: the table of the results.
        about: what is written.

    Attributes:
        run: number of the run; 0 before it is known.
        parks: rows that hold the place of another row now are kept under a negative number.
    """

    def __init__(self, connect: Callable[[], Database], table: str, about: TableAbout) -> None:
        self._connect, self._table, self._about = connect, table, about
        self._database = connect()
        self._names = [*(column.name for column in about.columns), RUN]
        self._is_keyed = set(UNIQUE) <= set(self._names)
        columns = about.columns
        self._structured = [at for at, column in enumerate(columns) if column.type in ("list", "object")]
        self._any = [at for at, column in enumerate(columns) if column.type == "any"]
        self.run = 0
        self.parks: Callable[[], bool] = lambda: False
        self._places = RowPlaces(self._database, table)

    @property
    def name(self) -> str:
        """The database, for messages."""
        return self._database.name

    def check(self) -> None:
        """See `stores.base.Table`."""
        database, table = self._database, self._table
        name = database.name
        if table.casefold() == RUNS:
            raise OutputError(f"{name}: the table {RUNS} is for the runs; name another one")
        folded = [column.casefold() for column in self._names]
        twice = next((column for column in self._names if folded.count(column.casefold()) > 1), None)
        if twice is not None:
            raise OutputError(
                f"{name}: two columns are named {twice!r} (case is ignored, and run is the number of the run); "
                f"rename the one of the input: --keep input_{twice}={twice}"
            )
        longest = max(self._names, key=lambda name: len(name.encode()))
        if len(longest.encode()) > database.max_name:
            raise OutputError(
                f"{name}: the name of the column {longest!r} has more than {database.max_name} bytes; "
                "rename it: --keep NEW=NAME"
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
        self._make_tables()
        newest = f"SELECT max(id) FROM {RUNS} WHERE table_name = ? AND list = ?"
        ((run,),) = self._database.ask(newest, (self._table, self._list))
        self.run = run or 0
        self._lock()
        if run:
            self._places.look(run)
        return bool(run)

    @property
    def _list(self) -> str:
        return json.dumps(list(self._about.inputs))

    def _lock(self) -> None:
        """Let no other run go on with this one, nor begin a new one to go on with."""
        keys = [f"list {self._table} {self._list}"] if self._about.resumes else []
        for key in (*keys, *([f"run {self._table} {self.run}"] if self.run else [])):
            if not self._database.lock(f"fetchcli {key}"):
                raise OutputError(f"{self.name}: another run is writing to it; wait until it has ended")

    def begin(self) -> None:
        """See `stores.base.Table`."""
        if not self._database.is_open:
            self._database.open()
        self._make_tables()
        if self._about.resumes:
            self._database.index(self._table, UNIQUE, unique=True)
        if not self.run:
            self.run = self._new_run()
            self._lock()

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
        self._retried(lambda: self._add(plain), is_safe=self._is_keyed)

    def _add(self, rows: list[Values]) -> None:
        if self.parks():
            seq, key = self._names.index("seq"), self._names.index("key")
            self._places.park(self.run, ((row[seq], row[key]) for row in rows))
        replace = self._is_keyed and (self._about.resumes or self._database.is_unique)
        self._database.write(self._table, self._names, rows, replace=replace)

    def _retried(self, work: Callable[[], None], *, is_safe: bool = True) -> None:
        """Do something, again and again while the connection is lost.

        Args:
            work: what to do.
            is_safe: doing it twice is as doing it once.
        """
        pause, until = 0.1, time.monotonic() + MAX_OUTAGE
        is_told = False
        while True:
            try:
                if not self._database.is_open:
                    self._database.open()
                    self._lock_again()
                return work()
            except ConnectionLostError as error:
                if not is_safe:
                    raise OutputError(
                        f"{error}; some rows may be missing, because without the columns seq and round a batch cannot "
                        "be written again"
                    ) from None
                if time.monotonic() > until:
                    raise
                if not is_told:
                    print_message(f"{error}; trying again")
                    is_told = True
                time.sleep(pause)
                pause = min(2 * pause, MAX_PAUSE)

    def _lock_again(self) -> None:
        """Lock the run on a new connection; the server may still know the old one."""
        try:
            self._lock()
        except ConnectionLostError:
            raise
        except OutputError as error:
            self._database.close()
            raise ConnectionLostError(str(error)) from None

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
        """Yield the rows of the run; meanwhile rows may be written."""
        reader = self._connect()
        reader.open()
        try:
            yield from rows_of_run(reader, self._table, self.run, shape)
        finally:
            reader.close()

    def settle(self, moves: Sequence[Move], gone: Iterable[tuple[int, str]]) -> None:
        """Move rows to their new places, and drop those that the list does not have any more."""
        self._places.settle(self.run, moves, gone)
