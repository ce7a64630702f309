"""The port for databases: SQL with ``?`` for values, used by one thread at a time."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, NamedTuple, Protocol

from fetchcli.core.errors import OutputError

Values = list[Any]
UNIQUE = ("run", "seq", "round")  # a row of results is the same one if these are equal


class ConnectionLostError(OutputError):
    """The connection is gone, or the database is out of something; trying again later may help."""


class Database(Protocol):
    """One database. Every method raises OutputError, with `name` in front.

    Attributes:
        name: for messages; without a password.
        types: the type of a column of results, by `Column.type`.
        id_type: the type of a column that numbers its rows.
        any_is_json: a value of the type ``any`` is kept as JSON text.
        is_unique: tables are created so that rows with equal `UNIQUE` columns can be replaced; else `index` does that.
        advice: how to name another table, for messages.
        max_name: bytes of the name of a column.
        another: what else to write to, for messages.
    """

    name: str
    types: Mapping[str, str]
    id_type: str
    any_is_json: bool
    is_unique: bool
    advice: str
    max_name: int
    another: str

    def open(self) -> None:
        """Connect."""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""

    def exists(self) -> bool:
        """Whether there is anything to connect to; connecting may make it."""

    def close(self) -> None:
        """Disconnect."""

    def quoted(self, name: str) -> str:
        """An identifier."""

    def columns(self, table: str) -> list[str]:
        """The columns of a table; none if it does not exist."""

    def run(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run one statement."""

    def ask(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement that has few rows, and return them."""

    def transaction(self) -> AbstractContextManager[None]:
        """What runs inside takes place as a whole, or not at all."""

    def create(self, table: str, columns: Mapping[str, str], unique: Sequence[str] = ()) -> None:
        """Create a table; it is no error if another run has just done so.

        Args:
            table: its name.
            columns: types by name.
            unique: columns that are never all equal in two rows; they are not null.
        """

    def index(self, table: str, columns: Sequence[str], *, unique: bool = False) -> None:
        """Create an index unless there is one."""

    def write(self, table: str, names: Sequence[str], rows: list[Values], *, replace: bool) -> None:
        """Write rows as a whole.

        Args:
            table: the table.
            names: the columns.
            rows: their values; structured ones are JSON text.
            replace: a row with equal `UNIQUE` columns is replaced.
        """

    def select(self, query: str, values: Sequence[Any] = ()) -> "AbstractContextManager[Answer]":
        """Run a query of any size."""

    def lock(self, key: str) -> bool:
        """Take a lock that lasts as long as the connection; False if somebody else has it."""


class Answer(NamedTuple):
    """The answer to a query.

    Attributes:
        names: its columns.
        batches: its rows, as they are read.
    """

    names: list[str]
    batches: Iterator[list[tuple[Any, ...]]]


@contextmanager
def transaction(database: Database, begin: str) -> Iterator[None]:
    """Run statements of a database as a whole; ``begin`` is the one that begins it."""
    database.run(begin)
    try:
        yield
    except BaseException:
        if database.is_open:
            with suppress(OutputError):  # there is none any more
                database.run("ROLLBACK")
        raise
    database.run("COMMIT")


def quoted(name: str) -> str:
    """An identifier of SQL (ISO 9075-2 section 5.2)."""
    return '"' + name.replace('"', '""') + '"'
