"""The columns of one run: the fixed ones, and those of ``--keep``."""

from functools import partial

from fetchcli.core.errors import UsageError
from fetchcli.core.model.attempt import Response
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.columns import COLUMNS, NAMES, Column, Value, as_written, find, values


class Schema:
    """The columns of the output.

    Attributes:
        names: in order.
        csv_raw: cells of a CSV are written as they are, formulas included.
    """

    def __init__(self, keep: tuple[str, ...] = (), *, csv_raw: bool = False) -> None:
        """Add the ``--keep`` columns.

        Raises:
            UsageError: a name is already used.
        """
        if duplicates := [name for name in keep if name in NAMES]:
            raise UsageError(f"--keep {duplicates[0]}: the output already has a column of that name")
        if len(set(keep)) < len(keep):
            raise UsageError("--keep names a column twice")
        self._kept = {
            name: Column(name, "string", partial(_kept, at), f"the column {name} of the input", text=as_written)
            for at, name in enumerate(keep)
        }
        self.names = (*NAMES, *keep)
        self.csv_raw = csv_raw

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns."""
        return (*COLUMNS, *self._kept.values())

    def values(self, outcome: Outcome) -> list[Value]:
        """The row of an outcome."""
        row = values(outcome)
        if self._kept:
            row += [column.get(outcome, None) for column in self._kept.values()]
        return row

    def find(self, name: str) -> Column:
        """The column of that name or alias; raises UsageError if there is none."""
        return self._kept.get(name) or find(name)


def _kept(at: int, outcome: Outcome, _: Response | None) -> Value:
    carried = outcome.row.carried
    return carried[at] if at < len(carried) else None  # an unreadable row has none
