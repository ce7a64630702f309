"""A table that takes the rows of a run, in batches, in a thread of its own.

A slow database must never block the event loop: requests in flight would time out, and a local problem would be
blamed on their URLs. It slows the run instead.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from fetchcli.core.errors import OutputError
from fetchcli.core.url.parse import mask_credentials
from fetchcli.sinks.base import DataOutput
from fetchcli.stores.database import Values

MAX_BATCH = 1000  # rows that are written in one transaction
GATHER_SECONDS = 0.5  # for which rows gather before they are written
MAX_BACKLOG = 5 * MAX_BATCH  # rows that may wait; beyond, the run waits


class Table(Protocol):
    """A table of a database, used by one thread at a time."""

    def check(self) -> None:
        """Make sure that rows can be written, without changing anything.

        Raises:
            OutputError: they cannot; the message says what to do.
        """

    def begin(self) -> None:
        """Make what is missing, and note that a run begins.

        Raises:
            OutputError: that is not possible.
        """

    def add(self, rows: list[Values]) -> None:
        """Write rows, all or none.

        Raises:
            OutputError: that is not possible.
        """

    def end(self, *, complete: bool) -> None:
        """Note that the run has ended, and close.

        Args:
            complete: every row of the list has its outcome.

        Raises:
            OutputError: that is not possible.
        """

    def close(self) -> None:
        """Close without a note, because something failed."""


class TableOutput:
    """One table as an output of a run; see `sinks.base.DataOutput`.

    Args:
        name: the database, for messages.
        table: the table.
        on_failure: called once, by the writing thread, when writing has failed.
        stays_open: the table is still used after `close`, until `release`.

    Attributes:
        table: the table.
        failure: why writing failed, or empty.

    Raises:
        OutputError: the table cannot be written.
    """

    broken_pipe = crashed = False
    complete = True

    def __init__(
        self, name: str, table: Table, on_failure: Callable[[DataOutput], None], *, stays_open: bool = False
    ) -> None:
        self.name, self.failure = name, ""
        self.table, self._on_failure, self._stays_open = table, on_failure, stays_open
        self._rows: list[Values] = []
        self._backlog = 0
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"fetchcli-table {name}", daemon=True)
        table.check()

    @property
    def identity(self) -> object:
        """What two outputs must not share: the file, if there is one."""
        try:
            status = Path(self.name).stat()
        except OSError:
            return id(self)
        return status.st_dev, status.st_ino

    def lock(self) -> None:
        """Nothing to do: a database takes the rows of several runs at once."""

    def begin(self) -> None:
        """Start writing; raises OutputError."""
        self.table.begin()
        self._thread.start()

    @property
    def congested(self) -> bool:
        """Whether too much waits to be written."""
        return self._backlog > MAX_BACKLOG and not self.failure

    def write(self, values: Values) -> None:
        """Queue a row."""
        with self._changed:
            self._rows.append(values)
            self._backlog += 1
            if len(self._rows) == MAX_BATCH:
                self._changed.notify()

    def close(self) -> None:
        """Write what is left and close; blocks as long as the database does."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def release(self) -> None:
        """End a table that has stayed open."""
        if self.failure:
            self.table.close()
        else:
            self.table.end(complete=self.complete)

    def _run(self) -> None:
        while True:
            rows, closing = self._next_batch()
            if rows and not self.failure:
                self._try(lambda rows=rows: self.table.add(rows))  # type: ignore[misc]
            with self._changed:
                self._backlog -= len(rows)
            if closing:
                if not self._stays_open:
                    self._try(self.release)
                return

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it is, the run must not wait for this table
            self.failure = (
                str(error)
                if isinstance(error, OutputError)
                else f"{mask_credentials(self.name.partition('?')[0])}: {error!r}"
            )
            self._on_failure(self)
            self.table.close()

    def _next_batch(self) -> tuple[list[Values], bool]:
        """The next rows, and whether they are the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or len(self._rows) >= MAX_BATCH, GATHER_SECONDS)
            rows, self._rows = self._rows[:MAX_BATCH], self._rows[MAX_BATCH:]
            return rows, self._closing and not self._rows
