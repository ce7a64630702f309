"""SQLite (https://sqlite.org/lang.html): ``-o run.db``, ``-o sqlite:run.db:TABLE``.

Two tables: ``runs`` has a row for every run, and the results have the number of their run. With a write-ahead log,
readers see every finished batch while the file grows.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from fetchcli._version import __version__
from fetchcli.core.errors import OutputError
from fetchcli.core.rows.columns import Column
from fetchcli.core.rows.values import iso
from fetchcli.stores.base import Values, quoted
from fetchcli.stores.storable import plain_row, storable_row

SCHEMA_VERSION = 1  # of the tables; a higher one is not written to
MAX_ROWS = 100  # of one statement
WAIT_SECONDS = 30.0  # for another program that writes
INDEXED = ("url", "verdict")
RUNS = "runs"
_RUN_COLUMNS = {
    "id": "INTEGER PRIMARY KEY",
    "table_name": "TEXT NOT NULL",
    "schema_version": "INTEGER NOT NULL",
    "fetchcli_version": "TEXT NOT NULL",
    "started_at": "TEXT NOT NULL",
    "ended_at": "TEXT",
    "complete": "INTEGER",
}
_TYPES = {
    "boolean": "INTEGER",
    "integer": "INTEGER",
    "number": "REAL",
    "string": "TEXT",
    "list": "TEXT",
    "object": "TEXT",
    "any": "",  # a column without a type keeps numbers and texts apart
}


class SqliteTable:
    """See `stores.base.Table`.

    Args:
        path: the file; it is made if it does not exist.
        table: the table of the results.
        columns: its columns.
    """

    def __init__(self, path: str, table: str, columns: Sequence[Column]) -> None:
        self._path, self._table = path, table
        self._columns = {column.name: _TYPES[column.type] for column in columns} | {"run": "INTEGER NOT NULL"}
        self._structured = [at for at, column in enumerate(columns) if column.type in ("list", "object", "any")]
        self._run = 0
        self._names = [*(column.name for column in columns), "run"]
        self._connection: sqlite3.Connection | None = None

    def check(self) -> None:
        """See `stores.base.Table`."""
        if self._table.casefold() == RUNS:
            raise OutputError(f"{self._path}: the table {RUNS} is for the runs; name another one")
        folded = [name.casefold() for name in self._names]
        twice = next((name for name in self._names if folded.count(name.casefold()) > 1), None)
        if twice is not None:
            raise OutputError(
                f"{self._path}: two columns are named {twice!r} (SQLite ignores case, and run is the number of the "
                f"run); rename the one of the input: --keep input_{twice}={twice}"
            )
        path = Path(self._path)
        if not path.absolute().parent.is_dir() or path.is_dir():  # SQLite says only that it cannot open it
            number = errno.EISDIR if path.is_dir() else errno.ENOENT
            raise OutputError(f"{self._path}: {os.strerror(number)}")
        if not path.exists():
            return
        self._connect()
        runs = self._found(RUNS)
        for table, found, needed in (
            (RUNS, runs, set(_RUN_COLUMNS)),
            (self._table, self._found(self._table), {"run"}),
        ):
            if found and not needed <= found:
                other = "another file" if table == RUNS else f"another table, sqlite:{self._path}:NAME"
                raise OutputError(f"{self._path}: its table {table} is not one of fetchcli; write to {other}")
        if runs:
            with self._errors():
                (version,) = self._open.execute("SELECT max(schema_version) FROM runs").fetchone()
            if version is not None and version > SCHEMA_VERSION:
                raise OutputError(f"{self._path}: written by a newer fetchcli; update this one")

    def begin(self) -> None:
        """See `stores.base.Table`."""
        if self._connection is None:
            self._connect()
        with self._errors():
            self._open.execute("PRAGMA journal_mode = WAL")
            self._open.execute("PRAGMA synchronous = NORMAL")
            with self._transaction():
                self._make(RUNS, _RUN_COLUMNS)
                self._make(self._table, self._columns)
                run = (self._table, SCHEMA_VERSION, __version__, iso(time.time()))
                self._run = self._open.execute(_insert(RUNS, list(_RUN_COLUMNS)[1:5]), run).lastrowid or 0

    def add(self, rows: list[Values]) -> None:
        """See `stores.base.Table`."""
        with self._errors():
            plain = [[*plain_row(row, self._structured), self._run] for row in rows]
            try:
                self._add(plain)
            except (UnicodeEncodeError, OverflowError):
                self._add([storable_row(row) for row in plain])

    def end(self, *, complete: bool) -> None:
        """See `stores.base.Table`; the indexes are made now, because that takes a third of the time."""
        with self._errors():
            with self._transaction():
                ended = (iso(time.time()), complete, self._run)
                self._open.execute("UPDATE runs SET ended_at = ?, complete = ? WHERE id = ?", ended)
            with self._transaction():
                for column in INDEXED:
                    if column in self._columns:
                        name = quoted(f"{self._table}.{column}")  # no table that -o can name
                        on = f"{quoted(self._table)} ({quoted(column)})"
                        self._open.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {on}")
            self.close()

    def close(self) -> None:
        """See `stores.base.Table`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connect(self) -> None:
        with self._errors():
            path = str(Path(self._path).absolute())  # SQLite gives some names a meaning of their own
            self._connection = sqlite3.connect(
                path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )

    @property
    def _open(self) -> sqlite3.Connection:
        assert self._connection is not None, "it was checked before"  # noqa: S101
        return self._connection

    def _add(self, rows: list[list[Any]]) -> None:
        """Add rows, many with one statement: for each, Python lets go of its lock and waits for it again."""
        limit = self._open.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        size = max(1, min(MAX_ROWS, limit // len(self._columns)))
        with self._transaction():
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                self._open.execute(_insert(self._table, self._columns, len(part)), list(chain.from_iterable(part)))

    def _found(self, table: str) -> set[str]:
        """The columns of a table; empty if there is none."""
        with self._errors():
            return {row[1] for row in self._open.execute(f"PRAGMA table_info({quoted(table)})")}

    def _make(self, table: str, columns: dict[str, str]) -> None:
        """Make a table, or the columns that it lacks."""
        found = {name.casefold() for name in self._found(table)}
        if not found:
            fields = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
            self._open.execute(f"CREATE TABLE {quoted(table)} ({fields})")
            return
        for name, kind in columns.items():
            if name.casefold() not in found:
                self._open.execute(f"ALTER TABLE {quoted(table)} ADD COLUMN {quoted(name)} {kind}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._open.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._open.in_transaction:
                self._open.execute("ROLLBACK")
            raise
        self._open.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say what SQLite says, with the name of the file."""
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
                raise OutputError(f"{self._path}: not an SQLite database; write to another file") from None
            raise OutputError(f"{self._path}: {error}") from None


def _insert(table: str, columns: Collection[str], rows: int = 1) -> str:
    row = f"({', '.join('?' * len(columns))})"
    names = ", ".join(map(quoted, columns))
    return f"INSERT INTO {quoted(table)} ({names}) VALUES {', '.join([row] * rows)}"  # noqa: S608 - quoted
