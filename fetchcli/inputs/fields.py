"""The columns of a row besides the URL, for CSV and JSON."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from fetchcli.core.errors import UsageError
from fetchcli.core.model.outcome import Verdict
from fetchcli.core.model.target import CarriedValue
from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.request import parse_header
from fetchcli.core.request.row_request import RowProblem, RowRequest, json_request
from fetchcli.inputs.lines import not_utf8
from fetchcli.inputs.record import Origin, Record


class CurlFields(msgspec.Struct):
    """The fields of a request that only curl commands bring, as results contain them."""

    form: tuple[str, ...] = ()
    proxy: str | None = None
    resolve: tuple[str, ...] = ()
    family: int = 0


CURL_FIELDS = CurlFields.__struct_fields__
SURROGATE = lazy_pattern(rb"\\u[dD][89a-fA-F]")
VERDICTS = frozenset(verdict.value for verdict in Verdict)


def request_of(row: Mapping[str, Any]) -> RowRequest | None:
    """The request of a row, or None if it says nothing about it.

    Raises:
        RowProblem: a value is invalid; the message names the column and what was expected.
    """
    method, body, body_file = (_text(row, name) for name in ("method", "body", "body_file"))
    headers = _headers(row.get("headers"))
    if row.get("json") is not None:
        if body is not None or body_file is not None:
            raise RowProblem("json", "body and json cannot be combined")
        content = row["json"]
        return json_request(method, headers, bytes(content).decode("utf-8", "surrogateescape"))
    if method is None and not headers and body is None and body_file is None:
        return None
    return RowRequest(method=method, headers=headers, body=body, body_file=body_file)


def result_of(record: Record, row: Mapping[str, Any]) -> RowRequest | None:
    """The request in a row of our own results; the options of that run are not in there.

    Args:
        record: the record of the row; it is told what became of the row.
        row: the values of ``verdict``, ``request``, ``seq`` and ``source``.

    Raises:
        RowProblem: the row had been rejected, so results do not contain all of it.
    """
    verdict, request = row["verdict"], row.get("request") or {}
    record.accepted = verdict == Verdict.OK
    with suppress(TypeError, ValueError):
        source = row.get("source")
        record.origin = Origin(int(row.get("seq", 0)), str(source or ""), verdict == Verdict.CANCELLED)
    if verdict == Verdict.REJECTED:
        raise RowProblem("verdict", "the row was rejected in the earlier run; correct it in the original list")
    values = json_cell("request", request, dict[str, Any]) if isinstance(request, str) else request
    if not isinstance(values, dict):
        values = {}
    row_request = request_of({name: value for name, value in values.items() if name != "json"})  # that is the body
    curl_values = {name: values[name] for name in CURL_FIELDS if values.get(name) is not None}
    if not curl_values:
        return row_request
    try:
        options = msgspec.convert(curl_values, CurlFields)
    except msgspec.ValidationError as error:
        raise RowProblem("request", str(error)) from None
    return msgspec.structs.replace(row_request or RowRequest(), **msgspec.structs.asdict(options))


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    if value is None or isinstance(value, str):
        return value
    raise RowProblem(name, f"expected text, got {named(value)}")


def tag_of(value: object) -> str:
    """A tag: text, or a number.

    Raises:
        RowProblem: the value is something else.
    """
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, bool)):
        return "" if value is None else str(value)
    raise RowProblem("tag", f"expected text, got {named(value)}")


def carried_value(value: object) -> CarriedValue:
    """A value to copy to the output.

    Raises:
        RecursionError: it is nested too deep to be written.
    """
    if isinstance(value, list | dict):
        msgspec.json.encode(value)
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)


def json_cell(column: str, cell: str, kind: Any) -> Any:
    """Decode the JSON in a cell to that type.

    Raises:
        RowProblem: the cell contains something else.
    """
    raw = cell.encode("utf-8", "surrogateescape")
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RowProblem(column, json_problem(raw, error)) from None


def json_problem(raw: bytes, error: Exception) -> str:
    """Describe why JSON cannot be decoded, alike in all formats."""
    if problem := not_utf8(raw):
        return problem
    if SURROGATE.search(raw):
        with suppress(ValueError, RecursionError):  # Python's decoder takes halves of surrogate pairs
            json.loads(raw)
            return "expected JSON: a lone surrogate is no character"
    return f"expected JSON: {error or 'nested too deep'}"


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    """Headers as an object, as pairs, or as ``Name: value`` lines."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        if value.lstrip().startswith("{"):
            return _headers(json_cell("headers", value, dict[str, Any]))
        return tuple(_header_line(line) for line in value.splitlines() if line.strip())
    if isinstance(value, dict):
        return tuple((str(name), _header_value(name, text)) for name, text in value.items())
    if isinstance(value, list):
        return tuple(_pair(item) for item in value)
    raise RowProblem("headers", f"expected an object, got {named(value)}")


def _pair(item: object) -> tuple[str, str]:
    if isinstance(item, str):
        return _header_line(item)
    if isinstance(item, list) and len(item) == 2 and isinstance(item[0], str):
        return item[0], _header_value(item[0], item[1])
    raise RowProblem("headers", f"expected 'Name: value' or [name, value], got {named(item)}")


def _header_line(line: str) -> tuple[str, str]:
    try:
        return parse_header(line)
    except UsageError as error:
        raise RowProblem("headers", str(error)) from None


def _header_value(name: object, value: object) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        # In an object an empty value is sent; in a line it removes the header, as in curl.
        return str(value).strip(" \t") or ";"
    if value is None:
        return ""
    raise RowProblem("headers", f"expected text for {name}, got {named(value)}")


def named(value: object) -> str:
    """The type of a JSON value, for messages."""
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    names = {dict: "an object", list: "a list", int: "a number", float: "a number", str: "text"}
    return names.get(type(value), type(value).__name__)
