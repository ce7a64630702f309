"""The columns of one run: those of every run, and those that ``--keep`` carries over from the input."""

from functools import partial

from fetchcli.core.columns import COLUMNS, NAMES, Column, Value, find, values
from fetchcli.core.errors import UsageError
from fetchcli.core.model import Outcome, Response


class Schema:
    """What a row of the output holds.

    Attributes:
        names: in order.
    """

    def __init__(self, keep: tuple[str, ...] = ()) -> None:
        """Add columns.

        Raises:
            UsageError: a name is taken.
        """
        if taken := [name for name in keep if name in NAMES]:
            raise UsageError(f"--keep {taken[0]}: the output has a column of that name already")
        if len(set(keep)) < len(keep):
            raise UsageError("--keep names a column twice")
        self._kept = {
            name: Column(name, "string", partial(_kept, at), f"the column {name} of the input")
            for at, name in enumerate(keep)
        }
        self.names = (*NAMES, *keep)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All of them."""
        return (*COLUMNS, *self._kept.values())

    def values(self, outcome: Outcome) -> list[Value]:
        """The row of an outcome."""
        row = values(outcome)
        if self._kept:
            row += [column.get(outcome, None) for column in self._kept.values()]
        return row

    def find(self, name: str) -> Column:
        """The column of that name or alias; raises UsageError where there is none."""
        return self._kept.get(name) or find(name)


def _kept(at: int, outcome: Outcome, _: Response | None) -> Value:
    kept = outcome.row.kept
    return kept[at] if at < len(kept) else None  # a row that could not be read has none
