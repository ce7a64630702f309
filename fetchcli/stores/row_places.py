"""Where the rows of a run stand in a table, when its list has changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from fetchcli.stores.database import Database
from fetchcli.stores.table_rows import RUN

Move = tuple[int, int, str, int, str]  # old number, new number, source, line, key


class RowPlaces:
    """Parks rows under negative numbers while other rows take their places, and moves them to their new ones.

    Args:
        database: the database.
        table: the table.
    """

    def __init__(self, database: Database, table: str) -> None:
        self._database, self._table = database, table
        self._parked: dict[tuple[int, str], int] = {}  # where rows are now, by number and key
        self._lowest = 0

    @property
    def _names(self) -> tuple[str, str]:
        """The table, and the column of the key."""
        return self._database.quoted(self._table), self._database.quoted("key")

    def look(self, run: int) -> None:
        """Look where rows of an earlier run are parked."""
        ((lowest,),) = self._database.ask(f"SELECT min(seq) FROM {self._names[0]} WHERE {RUN} = ?", (run,))
        self._lowest = min(0, lowest or 0)

    def park(self, run: int, places: Iterable[tuple[int, str]]) -> None:
        """Park the rows that other rows take the places of: the list may have them elsewhere.

        Args:
            run: the run.
            places: number and key of the other rows.
        """
        table, column = self._names
        held_by_others = f"SELECT {column} FROM {table} WHERE {RUN} = ? AND seq = ? AND {column} <> ?"
        with self._database.transaction():
            for seq, key in places:
                for (held,) in self._database.ask(held_by_others, (run, seq, key)):
                    self._parked[seq, held] = self._park(run, seq, held)

    def settle(self, run: int, moves: Sequence[Move], gone: Iterable[tuple[int, str]]) -> None:
        """Move rows to their new places, and drop those that the list does not have any more.

        Args:
            run: the run.
            moves: rows that stand elsewhere now.
            gone: number and key of the others.
        """
        table, column = self._names
        with self._database.transaction():
            for seq, key in gone:
                dropped = f"DELETE FROM {table} WHERE {RUN} = ? AND seq = ? AND {column} = ?"
                self._database.run(dropped, (run, self._parked.get((seq, key), seq), key))
            parked = []
            for old, new, source, line, key in moves:
                at = self._parked.get((old, key), old)
                parked.append((at if at < 0 else self._park(run, at, key), key, new, (source or None, line or None)))
            for at, key, new, values in parked:
                self._move(run, (at, key), new, ", source = ?, line = ?", values)
            self._database.run(f"DELETE FROM {table} WHERE {RUN} = ? AND seq < 0", (run,))

    def _park(self, run: int, seq: int, key: str) -> int:
        self._lowest -= 1
        self._move(run, (seq, key), self._lowest)
        return self._lowest

    def _move(self, run: int, row: tuple[int, str], new: int, more: str = "", values: tuple[Any, ...] = ()) -> None:
        """Give a row another number, and perhaps other values; the row is known by number and key."""
        table, column = self._names
        statement = f"UPDATE {table} SET seq = ?{more} WHERE {RUN} = ? AND seq = ? AND {column} = ?"
        self._database.run(statement, (new, *values, run, *row))
