"""The rows of a query to a database, as a list: ``sqlite:sites.db --query 'SELECT url FROM sites'``."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, cast

import msgspec

from fetchcli.core.errors import InputError, OutputError
from fetchcli.inputs.base import File

_OBJECTS = ("headers", "request", "expect")  # columns that hold JSON objects, as text in a database


class QueryAnswer(Protocol):
    """The answer of a database."""

    @property
    def names(self) -> list[str]:
        """The columns."""

    @property
    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        """The rows, as they are read."""


class Query(File, frozen=True, kw_only=True):
    """A query; every row is a JSON object with its columns.

    Attributes:
        name: the database, for messages and results.
        file: the file of the database, or empty.
        sql: the query; nothing can be written by it.
        url_column: the column of the URL.
        ask: asks the database; raises OutputError.
    """

    file: str
    sql: str
    url_column: str
    ask: Callable[[str], AbstractContextManager[QueryAnswer]]

    @property
    def path(self) -> str:
        """The file that is read."""
        return self.file

    def blocks(self) -> Iterator[bytes]:
        """Yield rows as JSON Lines, as they are read.

        Raises:
            InputError: the query fails, or has no column of that name.
        """
        with self._asked() as answer:
            for rows in answer.batches:
                lines = [_json(answer.names, row) for row in rows]
                yield b"\n".join(lines) + b"\n"

    @property
    def is_regular(self) -> bool:
        """A query can be made again."""
        return True

    def check(self) -> None:
        """Refuse a database that cannot be read, and a query that fails or has no such columns; raises InputError."""
        with self._asked():
            pass

    @contextmanager
    def _asked(self) -> Iterator[QueryAnswer]:
        """The answer; raises InputError, also for what fails while it is read."""
        try:
            with self.ask(self.sql) as answer:
                self._check_columns(answer.names)
                yield answer
        except OutputError as error:
            raise InputError(str(error)) from None

    def _check_columns(self, names: list[str]) -> None:
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"{self.name}: the query has two columns {twice!r}; rename one: ... AS other")
        if self.url_column not in names:
            known = f"; it has {', '.join(names)}" if names else ""
            raise InputError(
                f"{self.name}: the query has no column {self.url_column!r}{known}; write ... AS url, or name the "
                "column with --url-column"
            )


def _json(names: list[str], row: tuple[Any, ...]) -> bytes:
    values = {name: _value(name, value) for name, value in zip(names, row, strict=True)}
    return msgspec.json.encode(values, enc_hook=str)


def _value(name: str, value: object) -> object:
    """A value as JSON has it: bytes are text, and so are objects in a database."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if name in _OBJECTS and isinstance(value, str):
        try:
            return cast("object", msgspec.json.decode(value))
        except ValueError:
            return value
    return value
