"""Values of rows as databases take them."""

from collections.abc import Collection
from typing import Any

import msgspec

from fetchcli.core.rows.columns import Value
from fetchcli.core.text import without_surrogates

MAX_INTEGER = 2**63 - 1  # that a database takes


def plain_row(row: list[Any], structured: Collection[int]) -> list[Any]:
    """A row whose lists and objects are JSON text, made in place.

    Args:
        row: the values.
        structured: where there may be lists and objects.
    """
    for at in structured:
        value = row[at]
        if isinstance(value, list | tuple | dict):
            row[at] = json_text(value) if value else "{}" if isinstance(value, dict) else "[]"
    return row


def storable_row(row: list[Any]) -> list[Any]:
    """A plain row without lone surrogates and too large numbers: they are rare, and looking for them costs time."""
    values = map(without_surrogates, row)
    return [str(value) if isinstance(value, int) and abs(value) > MAX_INTEGER else value for value in values]


def json_text(value: Value) -> str:
    """A value as JSON; lone surrogates are escapes."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(without_surrogates(value)).decode()


def database_row(row: list[Any]) -> list[Any]:
    """A plain row without lone surrogates and NUL, which have no place in a text; too large numbers are missing."""
    return [_database_value(value) for value in row]


def _database_value(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value).replace("\0", "\\x00")
    return None if isinstance(value, int) and abs(value) > MAX_INTEGER else value
