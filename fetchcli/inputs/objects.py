"""JSON values -> records: a string is a URL, an object contains one."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from fetchcli.core.request.row_request import RowProblem, RowRequest
from fetchcli.inputs.expect import expectations_of
from fetchcli.inputs.fields import VERDICTS, carried_value, named, request_of, result_of, tag_of
from fetchcli.inputs.lines import lossless, not_utf8
from fetchcli.inputs.names import canonical, is_result, misnamed
from fetchcli.inputs.record import SHOWN, Record

EXPECT = b"expect"
MAX_SHOWN_BYTES = 20  # bytes


def object_record(value: Any, line: int, url_column: str, keep: Sequence[str], raw: Callable[[], bytes]) -> Record:
    """The record of one JSON value.

    Args:
        value: the decoded value.
        line: the line where it starts.
        url_column: key of the URL.
        keep: keys to copy.
        raw: returns the value as written.
    """
    if isinstance(value, str):
        return _url_record(line, value, "")
    if not isinstance(value, dict):
        return Record(line, shown(raw()), problem=f"expected a string or an object, got {named(value)}")
    try:
        value = _with_our_names(value, exempt=(url_column, *keep))
    except RowProblem as problem:
        return Record(line, shown(raw()), problem=str(problem))
    url = value.get(url_column)
    if not isinstance(url, str):
        got = f"got {named(url)}" if url_column in value else f"and there is no {url_column!r} (--url-column)"
        return Record(line, f"{{{', '.join(value)}}}"[:SHOWN], problem=f"{url_column}: expected text, {got}")
    record = _url_record(line, url, f"{url_column}: ")
    if record.problem:
        return record
    try:
        if keep:
            record.carried = tuple(carried_value(value.get(name)) for name in keep)
        record.tag = tag_of(value.get("tag"))
        if EXPECT in (written := raw().lower()) or b"\\u" in written:
            _parse_expectations(record, {name: item for name, item in value.items() if name != url_column})
        record.row_request = _row_request(record, value, raw)
    except RowProblem as problem:
        record.problem = str(problem)
    except (ValueError, RecursionError) as error:  # for example a lone surrogate
        record.problem = f"expected values that can be written: {type(error).__name__}"
    return record


def _with_our_names(value: dict[str, Any], exempt: Sequence[str]) -> dict[str, Any]:
    """An object with our names for its keys.

    Raises:
        RowProblem: two keys have one name, or a key is nearly one of ours.
    """
    if not is_result(value) and (problem := misnamed(value, exempt)):
        raise RowProblem("", problem)
    if all(canonical(name) == name for name in value):
        return value
    renamed: dict[str, Any] = {}
    for name, item in value.items():
        key = name if name in exempt else canonical(name)
        if key in renamed:
            raise RowProblem(key, "it is set twice")
        renamed[key] = item
    return renamed


def _url_record(line: int, url: str, place: str) -> Record:
    """The record of a URL; bytes that are not UTF-8 stand in it as surrogates (in an array)."""
    if not url.isprintable() and (problem := not_utf8(raw := url.encode("utf-8", "surrogateescape"))):
        return Record(line, lossless(raw), problem=place + problem)
    return Record(line, url.strip(" \t"))


def _parse_expectations(record: Record, value: dict[str, Any]) -> None:
    try:
        record.expect = expectations_of(value)
    except RowProblem:
        record.malformed = True
        raise


def shown(raw: bytes) -> str:
    """The start of an invalid row: enough to find it, too short for a secret."""
    return lossless(raw[:MAX_SHOWN_BYTES]) + ("…" if len(raw) > MAX_SHOWN_BYTES else "")


def _row_request(record: Record, value: dict[str, Any], raw: Callable[[], bytes]) -> RowRequest | None:
    verdict = value.get("verdict")
    if is_result(value) and isinstance(verdict, str) and verdict in VERDICTS:
        return result_of(record, value)
    if value.get("json") is not None:
        value["json"] = _as_written(raw())
    return request_of(value)


def _as_written(raw: bytes) -> msgspec.Raw:
    """The value of ``json`` exactly as written, with its numbers and repeated keys."""
    values = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    return next(value for name, value in values.items() if canonical(name) == "json")
