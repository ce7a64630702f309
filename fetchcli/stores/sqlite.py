"""SQLite (https://sqlite.org/lang.html): ``-o run.db``, ``-o sqlite:run.db:TABLE``.

With a write-ahead log, readers see every finished batch while the file grows.
"""

import errno
import os
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import quote

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from fetchcli.core.errors import OutputError
from fetchcli.stores.database import UNIQUE, Answer, Values, quoted, transaction
from fetchcli.stores.storable import storable_row

MAX_ROWS = 100  # of one statement
WAIT_SECONDS = 30.0  # for another program that writes
_LOCKS = 1 << 61  # where the bytes begin that are locked
_SELECTED = 256  # rows of a query that are read at once


class SqliteDatabase:
    """See `stores.database.Database`.

    Args:
        path: the file; it is made if it does not exist.
        readonly: nothing is written to it.
    """

    types: Mapping[str, str] = {
        "boolean": "INTEGER",
        "integer": "INTEGER",
        "number": "REAL",
        "string": "TEXT",
        "list": "TEXT",
        "object": "TEXT",
        "any": "",  # a column without a type keeps numbers and texts apart
    }
    id_type = "INTEGER PRIMARY KEY"
    any_is_json = is_unique = False
    max_name = 1_000_000
    another = "another file"

    def __init__(self, path: str, *, readonly: bool = False) -> None:
        self.name, self._path, self._readonly = path, path, readonly
        self.advice = f"sqlite:{path}:NAME"
        self._connection: sqlite3.Connection | None = None
        self._lock_fd: int | None = None

    def open(self) -> None:
        """See `stores.database.Database`."""
        self._check_place()
        with self._errors():
            mode = "ro" if self._readonly else "rwc"
            self._connection = sqlite3.connect(
                f"file:{quote(str(Path(self._path).absolute()))}?mode={mode}",  # some names have a meaning for SQLite
                timeout=WAIT_SECONDS,
                isolation_level=None,
                check_same_thread=False,
                uri=True,
            )
            if not self._readonly:
                self._open.execute("PRAGMA synchronous = NORMAL")

    @property
    def is_open(self) -> bool:
        """See `stores.database.Database`."""
        return self._connection is not None

    def exists(self) -> bool:
        """See `stores.database.Database`."""
        self._check_place()
        return Path(self._path).exists()

    def _check_place(self) -> None:
        """Say what SQLite does not: it only cannot open a file."""
        path = Path(self._path)
        if not path.absolute().parent.is_dir() or path.is_dir():
            raise OutputError(f"{self.name}: {os.strerror(errno.EISDIR if path.is_dir() else errno.ENOENT)}")

    def close(self) -> None:
        """See `stores.database.Database`."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if self._lock_fd is not None:  # not before: closing a file drops the locks that SQLite has on it
            os.close(self._lock_fd)
            self._lock_fd = None

    def quoted(self, name: str) -> str:
        """See `stores.database.Database`."""
        return quoted(name)

    def columns(self, table: str) -> list[str]:
        """See `stores.database.Database`."""
        return [row[1] for row in self.ask(f"PRAGMA table_info({quoted(table)})")]

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """See `stores.database.Database`."""
        with self._errors():
            self._open.execute(statement, values)

    def ask(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """See `stores.database.Database`."""
        with self._errors():
            return self._open.execute(statement, values).fetchall()

    def transaction(self) -> AbstractContextManager[None]:
        """See `stores.database.Database`."""
        return transaction(self, "BEGIN IMMEDIATE")

    def create(self, table: str, columns: Mapping[str, str], unique: Sequence[str] = ()) -> None:  # noqa: ARG002 - see `index`
        """See `stores.database.Database`; uniqueness is an index, made where it is needed."""
        if not self._open.in_transaction:
            self.run("PRAGMA journal_mode = WAL")
        fields = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
        self.run(f"CREATE TABLE {quoted(table)} ({fields})")

    def index(self, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """See `stores.database.Database`."""
        name = quoted(f"{table}.{'.'.join(columns)}")  # no table that -o can name
        on = f"{quoted(table)} ({', '.join(map(quoted, columns))})"
        self.run(f"CREATE {'UNIQUE ' if unique else ''}INDEX IF NOT EXISTS {name} ON {on}")

    def write(self, table: str, names: Sequence[str], rows: list[Values], *, replace: bool) -> None:
        """See `stores.database.Database`."""
        with self._errors():
            try:
                self._write(table, names, rows, replace=replace)
            except (UnicodeEncodeError, OverflowError):
                self._write(table, names, [storable_row(row) for row in rows], replace=replace)

    def _write(self, table: str, names: Sequence[str], rows: list[Values], *, replace: bool) -> None:
        """Write rows, many with one statement: for each, Python lets go of its lock and waits for it again."""
        limit = self._open.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
        size = max(1, min(MAX_ROWS, limit // len(names)))
        with self.transaction():
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                self._open.execute(_insert(table, names, len(part), replace=replace), list(chain.from_iterable(part)))

    @contextmanager
    def select(self, query: str, values: Sequence[Any] = ()) -> Iterator[Answer]:
        """See `stores.database.Database`."""
        with self._errors():
            cursor = self._open.execute(query, values)
            names = [column[0] for column in cursor.description or ()]
            yield Answer(names, iter(lambda: cursor.fetchmany(_SELECTED), []))

    def lock(self, key: str) -> bool:
        """See `stores.database.Database`; a lock on one byte (fcntl(2): F_OFD_SETLK), far from those of SQLite."""
        if not hasattr(fcntl, "F_OFD_SETLK"):  # not Linux
            return True
        if self._lock_fd is None:
            self._lock_fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        at = _LOCKS + int.from_bytes(blake2b(key.encode(), digest_size=6).digest())
        wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, at, 1, 0)
        try:
            fcntl.fcntl(self._lock_fd, fcntl.F_OFD_SETLK, wanted)
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # a file system without locks
            return True
        return True

    @property
    def _open(self) -> sqlite3.Connection:
        assert self._connection is not None, "it was opened before"  # noqa: S101
        return self._connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Say what SQLite says, with the name of the file."""
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
                advice = "" if self._readonly else "; write to another file"
                raise OutputError(f"{self.name}: not an SQLite database{advice}") from None
            raise OutputError(f"{self.name}: {error}") from None


def _insert(table: str, columns: Sequence[str], rows: int, *, replace: bool) -> str:
    row = f"({', '.join('?' * len(columns))})"
    names = ", ".join(map(quoted, columns))
    statement = f"INSERT INTO {quoted(table)} ({names}) VALUES {', '.join([row] * rows)}"
    if not replace:
        return statement
    changed = (f"{quoted(name)} = excluded.{quoted(name)}" for name in columns if name not in UNIQUE)
    return f"{statement} ON CONFLICT ({', '.join(UNIQUE)}) DO UPDATE SET {', '.join(changed)}"
