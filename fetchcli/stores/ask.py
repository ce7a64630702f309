"""Ask a database a query, without writing to it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from fetchcli.core.errors import OutputError
from fetchcli.stores.database import Answer, Database


def asker(connect: Callable[..., Database], path: str, name: str) -> Callable[[str], AbstractContextManager[Answer]]:
    """What asks a database a query, on a connection of its own.

    Args:
        connect: makes the database.
        path: its file or address.
        name: for messages.
    """

    @contextmanager
    def ask(sql: str) -> Iterator[Answer]:
        database = connect(path, readonly=True)
        database.name = name
        if not database.exists():
            raise OutputError(f"{name}: no such file")
        database.open()
        try:
            with database.select(sql) as answer:
                yield answer
        finally:
            database.close()

    return ask
