"""Read rows of results: from JSON, from the cells of a table, or from the values of a database."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec

from fetchcli.core.errors import Redirect
from fetchcli.core.expect.expectations import KEYS
from fetchcli.core.journal.restore import restored
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.model.attempt import FailedCheck
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.rows.columns import COLUMNS, HEADER, HEADERS, REVALIDATED, SAVED, VARIANT, find
from fetchcli.core.rows.schema import ODD_NAME
from fetchcli.core.text import plain_cell

_STRUCTURED = {column.name for column in (*COLUMNS, HEADERS) if column.type in ("list", "object")}
_DEFAULT = frozenset(column.name for column in COLUMNS)
_OPTIONAL = frozenset(column.name for column in (*SAVED, VARIANT, *REVALIDATED, HEADERS))
_REDIRECT = lazy_pattern(r"(?:^|; )(\d{3}) (\S+?)(?=; \d{3} |$)")
_CHECK = rf"(?:{'|'.join(KEYS)})"
_FAILED = lazy_pattern(rf"(?:^|; )({_CHECK}): expected (.*?), got (.*?)(?=; {_CHECK}: expected |$)", re.DOTALL)


class InvalidRow(Exception):  # noqa: N818 - the reader adds file and line
    """This is no row of results; ``str()`` is the reason."""


class Shape:
    """What is read of rows.

    Args:
        names: the columns of the results. Those that are no columns of fetchcli are carried.

    Attributes:
        carried: names of the carried columns.
        more: columns besides the default ones, those of headers among them.
        outcome: makes the outcome of a row.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        others = [name for name in dict.fromkeys(names) if name not in _DEFAULT]
        self.more = tuple(name for name in others if name in _OPTIONAL or _is_header(name))
        self.carried = tuple(name for name in others if name not in self.more)
        self._headers = [(f"header{at}", name) for at, name in enumerate(others) if _is_header(name)]
        self._fields = [f"carried{at}" for at in range(len(self.carried))]
        self.outcome: Callable[[Any], Outcome] = restored
        self._type: type[StoredRow] = StoredRow
        self._odd: dict[str, str] = {}  # fields by names, where these have characters that msgspec does not take
        if self.carried or self._headers:
            renamed = dict(zip(self._fields, self.carried, strict=True)) | dict(self._headers)
            fields: list[tuple[str, Any, Any]] = [(field, Any, None) for field in renamed]
            if is_odd := any(map(ODD_NAME.search, renamed.values())):
                self._odd = {name: field for field, name in renamed.items()}
            rename = None if is_odd else renamed
            row_type = msgspec.defstruct("Row", fields, bases=(StoredRow,), rename=rename, kw_only=True, gc=False)
            self._type = cast("type[StoredRow]", row_type)
            self.outcome = self._with_more
        decode: Callable[[bytes], StoredRow] = msgspec.json.Decoder(self._type).decode
        self.of_json = self._of_odd_json if self._odd else decode

    def of_values(self, values: Mapping[str, Any]) -> StoredRow:
        """The row of values by name, as a database has them; what has no value may be missing.

        Raises:
            InvalidRow: a value cannot be that of its column.
        """
        found = {self._odd.get(name, name): value for name, value in values.items() if value is not None}
        try:
            for name in _STRUCTURED & found.keys():
                if isinstance(found[name], str):
                    found[name] = _structured(name, found[name])
            return msgspec.convert({"url": "", "status": None, "error": None} | found, self._type, strict=False)
        except (msgspec.ValidationError, ValueError) as error:
            raise InvalidRow(str(error)) from None

    def _of_odd_json(self, raw: bytes) -> StoredRow:
        return self.of_values(msgspec.json.decode(raw, type=dict[str, Any]))

    def of_cells(self, names: list[str], cells: list[str]) -> StoredRow:
        """The row of the cells of a table.

        Raises:
            InvalidRow: see `of_values`, or there is another number of cells.
        """
        if len(cells) != len(names):
            raise InvalidRow(f"expected {len(names)} cells, got {len(cells)}")
        return self.of_values({name: plain_cell(cell) for name, cell in zip(names, cells, strict=True) if cell})

    def _with_more(self, row: Any) -> Outcome:
        headers = {name.removeprefix(HEADER): value for field, name in self._headers if (value := getattr(row, field))}
        return restored(row, tuple(getattr(row, field) for field in self._fields), headers)


def _is_header(name: str) -> bool:
    return name.startswith(HEADER) and find(name) is not None


def _structured(name: str, text: str) -> Any:
    """The value of a column with lists or objects: as JSON, or as formats without types write it."""
    if text[:1] in ("[", "{"):
        return msgspec.json.decode(text)
    if name == "redirects":
        return [Redirect(url, int(status)) for status, url in _REDIRECT.findall(text)]
    return [FailedCheck(*found) for found in _FAILED.findall(text)]
