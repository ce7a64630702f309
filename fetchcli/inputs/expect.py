"""The expectations of rows: the key ``expect``, and columns ``expect_KEY``."""

from collections.abc import Mapping
from typing import Any

from fetchcli.core.errors import UsageError
from fetchcli.core.expect.expectations import ABSENT, KEYS, Check, Expected, merged
from fetchcli.core.request.row_request import RowProblem
from fetchcli.inputs.fields import json_cell, named

WrittenExpectations = tuple[tuple[str, tuple[str, ...]], ...]
NAME = "expect"
MAX_CACHED = 1000
_SINGLE = ("sha256", "final_url", "max_latency")  # keys with a single value
_LINES = ("header", "json")  # keys whose cells may contain several values, one per line


def expectations_of(row: Mapping[str, Any]) -> WrittenExpectations:
    """The expectations of an object, under ``expect`` and ``expect_KEY``; null is ignored.

    Raises:
        RowProblem: an unknown key, or a value of the wrong type.
    """
    written: dict[str, tuple[str, ...]] = {}
    for name, value in row.items():
        key = expectation_key(name)
        if key is None or value is None:
            continue
        if key:
            found = {key: _texts(name, key, value)}
        elif isinstance(value, dict):
            found = {part: _texts(f"{name}.{part}", part, item) for part, item in value.items() if item is not None}
        else:
            found = {"status": _texts(name, "status", value)}
        if repeated := written.keys() & found.keys():
            raise RowProblem(name, f"{min(repeated)} is set twice")
        written |= found
    return tuple(written.items())


def expectation_key(name: str) -> str | None:
    """The key of a column: empty for ``expect`` itself, None for other columns.

    Case is ignored, and ``_``, ``-`` and blanks are equal. A name that only starts with ``expect`` is an error later.
    """
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    if not plain.startswith(NAME):
        return None
    return "" if plain == NAME else plain.removeprefix(f"{NAME}_")


def expectations_in_cells(cells: Mapping[str, str]) -> WrittenExpectations:
    """The expectations in the cells of a table, by column name; empty cells are ignored."""
    row: dict[str, Any] = {}
    for name, cell in cells.items():
        if not expectation_key(name):
            row[name] = json_cell(name, cell, dict[str, Any]) if cell.lstrip().startswith("{") else cell
        elif cell:
            row[name] = cell.split("\n") if expectation_key(name) in _LINES else cell
    return expectations_of({name: value for name, value in row.items() if value != ""})


def _texts(name: str, key: str, value: Any) -> tuple[str, ...]:
    if key not in KEYS:
        raise RowProblem(name, f"unknown expectation; known: {', '.join(KEYS)}")
    if isinstance(value, dict) and key == "header":
        value = [f"{header}: {_text(name, text)}" for header, item in value.items() for text in _as_list(item)]
    texts = tuple(_text(name, item) for item in _as_list(value))
    if len(texts) > 1 and key in _SINGLE:
        raise RowProblem(name, "expected one, got several")
    if key != "status":
        return texts
    if not texts:
        raise RowProblem(name, "expected at least one status")
    return (",".join(texts),)


def _as_list(value: Any) -> list[Any]:
    """The items of a list; in an object, null means that the header must be absent."""
    return value if isinstance(value, list) else [ABSENT if value is None else value]


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise RowProblem(name, f"expected text, a number or a list of them, got {named(value)}")
    return str(value)


class ExpectationParser:
    """Parses the expectations of rows and merges them with those of the run.

    Args:
        checks: the checks of the run.
    """

    def __init__(self, checks: tuple[Check, ...]) -> None:
        self._checks = checks
        self._cache: dict[WrittenExpectations, Expected] = {}  # most rows of a list expect the same

    def __call__(self, written: WrittenExpectations) -> Expected:
        """Parse the expectations of a row.

        Raises:
            RowProblem: an expectation is malformed.
        """
        expected = self._cache.get(written)
        if expected is None:
            try:
                expected = merged(self._checks, dict(written))
            except UsageError as error:
                raise RowProblem(NAME, str(error)) from None
            if len(self._cache) < MAX_CACHED:
                self._cache[written] = expected
        return expected
