"""The columns of one run: the default ones or those of ``--columns``, and those of ``--keep``."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fetchcli.core.errors import UsageError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.rows.columns import COLUMNS, NAMES, Column, Value, as_written, find
from fetchcli.core.rows.values import compile_row

CHANGES = ("+", "-")  # before the name of a column: the default ones are changed
ODD_NAME = lazy_pattern(r'[\x00-\x1f"\\]')  # what is in no name of a field of msgspec


class Schema:
    """The columns of the output.

    Attributes:
        columns: in order.
        chosen: those that ``--columns`` names, if it names all of them.
        csv_raw: cells of a CSV are written as they are, formulas included.
    """

    def __init__(
        self,
        keep: tuple[str, ...] = (),
        *,
        more: tuple[str, ...] = (),
        columns: str = "",
        always: tuple[str, ...] = (),
        csv_raw: bool = False,
    ) -> None:
        """Choose the columns.

        Args:
            keep: names of the carried columns.
            more: columns that are default ones in this run.
            columns: value of ``--columns``, or empty for the default ones.
            always: columns that are there whatever that says.
            csv_raw: write cells of a CSV as they are.

        Raises:
            UsageError: a name is already used, unknown, or named twice.
        """
        self._remake = partial(Schema, keep, more=more, columns=columns, always=always, csv_raw=csv_raw)
        _check_kept(keep, more)
        self._kept = {
            name: Column(name, "any", f"carried(row, {at})", f"the column {name} of the input", text=as_written)
            for at, name in enumerate(keep)
        }
        self.csv_raw = csv_raw
        default = (*COLUMNS, *map(find, more), *self._kept.values())
        try:
            self.columns = _chosen(columns, default, self.find) if columns else default
        except UsageError as error:
            raise UsageError(f"--columns: {error}") from None
        self.chosen = () if columns.lstrip()[:1] in ("", *CHANGES) else self.columns
        names = {column.name for column in self.columns}
        self.columns += tuple(find(name) for name in always if name not in names)
        self._values = self.compiled(lambda *values: list(values))

    def __reduce__(self) -> tuple[Callable[[], "Schema"], tuple[()]]:
        """What it was made of: functions do not go to other processes."""
        return self._remake, ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def compiled(self, build: Callable[..., Any]) -> Callable[[Outcome], Any]:
        """The function that builds the row of an outcome: ``build`` gets the values in order."""
        values = ", ".join(f"({column.source})" for column in self.columns)
        return compile_row(f"return build({values})", build=build)

    def values(self, outcome: Outcome) -> list[Value]:
        """The row of an outcome."""
        row: list[Value] = self._values(outcome)
        return row

    def find(self, name: str) -> Column:
        """The column of that name or alias; raises UsageError if there is none."""
        return self._kept.get(name) or find(name)


def _check_kept(keep: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Refuse names of carried columns that are taken."""
    for name in keep:
        if name in NAMES or name in more:
            raise UsageError(
                f"--keep {name}: the output already has a column of that name; "
                f"write --keep input_{name}={name} to rename it"
            )
    if len(set(keep)) < len(keep):
        raise UsageError("--keep names a column twice")


def _chosen(text: str, default: tuple[Column, ...], find: Callable[[str], Column]) -> tuple[Column, ...]:
    """The columns of ``url,status``, or the default ones changed by ``+headers,-sha256``."""
    names = [name.strip() for name in text.split(",")]
    changes = [name for name in names if name[:1] in CHANGES]
    if changes and len(changes) < len(names):
        raise UsageError(f"{text!r}: +NAME and -NAME change the default columns; other names replace them")
    columns = {} if names and not changes else {column.name: column for column in default}
    for name in names:
        column = find(name.lstrip("+-") if changes else name)
        if name.startswith("-"):
            if columns.pop(column.name, None) is None:
                raise UsageError(f"{name}: it is not one of the default columns")
        elif column.name in columns:
            raise UsageError(f"{name}: the column is there already")
        else:
            columns[column.name] = column
    if not columns:
        raise UsageError(f"{text!r} leaves no column")
    return tuple(columns.values())
