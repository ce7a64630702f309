"""What rows say of what is expected of them: the key ``expect``, and columns ``expect_KEY``."""

from collections.abc import Mapping
from typing import Any

from fetchcli.core.errors import UsageError
from fetchcli.core.expectations import ABSENT, KEYS, Check, Expected, merged
from fetchcli.core.row_request import RowProblem
from fetchcli.inputs.fields import json_cell, named

Said = tuple[tuple[str, tuple[str, ...]], ...]
NAME = "expect"
MOST_KNOWN = 1000
_SINGLE = ("sha256", "final_url", "max_latency")  # two of them contradict each other, or say the same
_LINES = ("header", "json")  # a cell may hold several, one a line


def said_of(row: Mapping[str, Any]) -> Said:
    """What an object says, under ``expect`` and ``expect_KEY``; a key that is null says nothing.

    Raises:
        RowProblem: a key that is none, or a value of a type that it cannot have.
    """
    said: dict[str, tuple[str, ...]] = {}
    for name, value in row.items():
        key = key_of(name)
        if key is None or value is None:
            continue
        if key:
            found = {key: _texts(name, key, value)}
        elif isinstance(value, dict):
            found = {part: _texts(f"{name}.{part}", part, item) for part, item in value.items() if item is not None}
        else:
            found = {"status": _texts(name, "status", value)}
        if twice := said.keys() & found.keys():
            raise RowProblem(name, f"{min(twice)} is expected in two places")
        said |= found
    return tuple(said.items())


def key_of(name: str) -> str | None:
    """The key that a column stands for: nothing for ``expect`` itself, None for a column that is no expectation.

    Case does not matter, nor whether words are parted by ``_``, ``-`` or a blank; what only begins so is a mistake.
    """
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    if not plain.startswith(NAME):
        return None
    return "" if plain == NAME else plain.removeprefix(f"{NAME}_")


def said_in_cells(cells: Mapping[str, str]) -> Said:
    """The same for cells of a table, by the names of their columns; an empty cell says nothing."""
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        if not key_of(name):
            row[name] = json_cell(name, cell, dict[str, Any]) if cell.lstrip().startswith("{") else cell
        elif cell:
            row[name] = cell.split("\n") if key_of(name) in _LINES else cell
    return said_of({name: value for name, value in row.items() if value != ""})


def _texts(name: str, key: str, value: Any) -> tuple[str, ...]:
    if key not in KEYS:
        raise RowProblem(name, f"nothing is expected under that name; known are {', '.join(KEYS)}")
    if isinstance(value, dict) and key == "header":
        value = [f"{header}: {_text(name, text)}" for header, item in value.items() for text in _listed(item)]
    texts = tuple(_text(name, item) for item in _listed(value))
    if len(texts) > 1 and key in _SINGLE:
        raise RowProblem(name, "expected one, got several")
    if key != "status":
        return texts
    if not texts:
        raise RowProblem(name, "expected a status at least")
    return (",".join(texts),)


def _listed(value: Any) -> list[Any]:
    """The items of a list; of an object, null is a header that must be absent."""
    return value if isinstance(value, list) else [ABSENT if value is None else value]


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
