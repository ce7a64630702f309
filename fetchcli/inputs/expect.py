"""What rows say of what is expected of them: the key ``expect``, and columns ``expect_KEY``."""

from collections.abc import Mapping
from typing import Any

from fetchcli.core.errors import UsageError
from fetchcli.core.expectations import KEYS, Check, Expected, merged
from fetchcli.core.row_request import RowProblem
from fetchcli.inputs.fields import json_cell, named

Said = tuple[tuple[str, tuple[str, ...]], ...]
NAME = "expect"
MOST_KNOWN = 1000
_LINES = ("header", "json")  # a cell may hold several, one a line


def said_of(row: Mapping[str, Any]) -> Said:
    """What an object says, under ``expect`` and ``expect_KEY``; a key that is null says nothing.

    Raises:
        RowProblem: a key that is none, or a value of a type that it cannot have.
    """
    said: dict[str, tuple[str, ...]] = {}
    whole = row.get(NAME)
    if isinstance(whole, dict):
        said |= {key: _texts(f"{NAME}.{key}", key, value) for key, value in whole.items() if value is not None}
    elif whole is not None:
        said["status"] = _texts(NAME, "status", whole)
    for name, value in row.items():
        if name.startswith(f"{NAME}_") and value is not None:
            said[name.removeprefix(f"{NAME}_")] = _texts(name, name.removeprefix(f"{NAME}_"), value)
    return tuple(said.items())


def said_in_cells(cells: Mapping[str, str]) -> Said:
    """The same for cells of a table, by the names of their columns; an empty cell says nothing."""
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        if name == NAME:
            row[name] = json_cell(name, cell, dict[str, Any]) if cell.lstrip().startswith("{") else cell
        elif cell:
            row[name] = cell.splitlines() if name.removeprefix(f"{NAME}_") in _LINES else cell
    return said_of({name: value for name, value in row.items() if value != ""})


def _texts(name: str, key: str, value: Any) -> tuple[str, ...]:
    if key not in KEYS:
        raise RowProblem(name, f"nothing is expected under that name; known are {', '.join(KEYS)}")
    if isinstance(value, dict) and key == "header":
        value = [f"{header}: {text}" for header, text in value.items() if isinstance(text, str | int | float)]
    return tuple(_text(name, item) for item in (value if isinstance(value, list) else [value]))


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowProblem(name, f"expected text, a number or a list of them, got {named(value)}")
    return str(value)


class Expecting:
    """Makes of what a row says, and of what the run does, what is expected of it.

    Args:
        checks: those of the run.
    """

    def __init__(self, checks: tuple[Check, ...]) -> None:
        self._checks = checks
        self._known: dict[Said, Expected] = {}  # rows of a list mostly say the same

    def __call__(self, said: Said) -> Expected:
        """Parse.

        Raises:
            RowProblem: something is malformed.
        """
        expected = self._known.get(said)
        if expected is None:
            try:
                expected = merged(self._checks, dict(said))
            except UsageError as error:
                raise RowProblem(NAME, str(error)) from None
            if len(self._known) < MOST_KNOWN:
                self._known[said] = expected
        return expected
