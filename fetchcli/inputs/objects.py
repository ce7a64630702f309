"""JSON values -> records: a string is a URL, an object has it and more. For JSONL and for arrays."""

from collections.abc import Sequence
from typing import Any

from fetchcli.core.row_request import RowProblem
from fetchcli.inputs.fields import kept_of, named, request_of, tag_of
from fetchcli.inputs.record import SHOWN, Record


def object_record(value: Any, line: int, url_column: str, keep: Sequence[str], text: str) -> Record:
    """The record of one JSON value.

    Args:
        value: decoded.
        line: where it begins.
        url_column: the key of the URL.
        keep: keys to carry along.
        text: the value as it is shown where it holds no URL.
    """
    if isinstance(value, str):
        return Record(line, value.strip(" \t"))
    if not isinstance(value, dict):
        return Record(line, text[:SHOWN], problem=f"expected a string or an object, got {named(value)}")
    url = value.get(url_column)
    if not isinstance(url, str):
        got = f"got {named(url)}" if url_column in value else f"and there is no {url_column!r} (--url-column)"
        return Record(line, text[:SHOWN], problem=f"{url_column}: expected text, {got}")
    record = Record(line, url.strip(" \t"), accepted=value.get("verdict") == "OK")
    if keep:
        record.kept = tuple(kept_of(value.get(name)) for name in keep)
    try:
        record.tag = tag_of(value.get("tag"))
        if value.get("expect") is not None:
            raise RowProblem("expect", "this version understands no expectations")
        written = value.get("request")
        record.own = request_of(value | written if isinstance(written, dict) else value)
    except RowProblem as problem:
        record.problem = str(problem)
    return record
