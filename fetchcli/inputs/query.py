"""The rows of a query to an SQLite database, as a list: ``sqlite:sites.db --query 'SELECT url FROM sites'``."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import msgspec

from fetchcli.core.errors import InputError
from fetchcli.inputs.base import File

_ROWS = 256  # that are read at once
_OBJECTS = ("headers", "request", "expect")  # columns that hold JSON objects, as text in a database


class Query(File, frozen=True, kw_only=True):
    """A query; every row is a JSON object with its columns.

    Attributes:
        name: ``sqlite:FILE``, for messages and results.
        path: the file of the database.
        sql: the query; the database is opened for reading only.
        url_column: the column of the URL.
    """

    path: str
    sql: str
    url_column: str

    def blocks(self) -> Iterator[bytes]:
        """Yield rows as JSON Lines, as they are read.

        Raises:
            InputError: the query fails, or has no column of that name.
        """
        with self._asked() as (cursor, names):
            while rows := cursor.fetchmany(_ROWS):
                lines = [_json(names, row) for row in rows]
                yield b"\n".join(lines) + b"\n"

    @property
    def is_regular(self) -> bool:
        """A query can be made again."""
        return True

    def check(self) -> None:
        """Refuse a file that is not there, is no database, or has no such columns.

        Raises:
            InputError: it is one of these.
        """
        if not Path(self.path).exists():
            raise InputError(f"{self.name}: no such file")
        File(self.path).check()
        with self._asked():
            pass

    @contextmanager
    def _asked(self) -> Iterator[tuple[sqlite3.Cursor, list[str]]]:
        """The answer, and the names of its columns; raises InputError, also for what fails while it is read."""
        path = quote(str(Path(self.path).absolute()))
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                cursor = connection.execute(self.sql)
                yield cursor, self._columns(cursor)
        except (sqlite3.Error, sqlite3.Warning) as error:
            raise InputError(f"{self.name}: {error}") from None

    def _columns(self, cursor: sqlite3.Cursor) -> list[str]:
        names = [column[0] for column in cursor.description or ()]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"{self.name}: the query has two columns {twice!r}; rename one: ... AS other")
        if self.url_column not in names:
            known = f"; it has {', '.join(names)}" if names else ""
            raise InputError(
                f"{self.name}: the query has no column {self.url_column!r}{known}; write ... AS url, or name the "
                "column with --url-column"
            )
        return names


def _json(names: list[str], row: tuple[Any, ...]) -> bytes:
    values = {name: _value(name, value) for name, value in zip(names, row, strict=True)}
    return msgspec.json.encode(values)


def _value(name: str, value: object) -> object:
    """A value as JSON has it: a BLOB is text, and so are objects in a database."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if name in _OBJECTS and isinstance(value, str):
        try:
            return cast("object", msgspec.json.decode(value))
        except ValueError:
            return value
    return value
