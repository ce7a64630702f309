"""``--keep '*'``: the columns of lists that have no meaning of their own, found before the run."""

import json
from collections.abc import Iterable, Iterator

import msgspec

from fetchcli.core.errors import InputError, UsageError
from fetchcli.core.rows.columns import NAMES
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import File, Input
from fetchcli.inputs.expect import expectation_key
from fetchcli.inputs.formats import open_list
from fetchcli.inputs.lines import data_lines
from fetchcli.inputs.names import OURS, canonical
from fetchcli.inputs.record import BadFormat

ALL = "*"
MAX_FIRST = 1024 * 1024  # bytes in which the first row of a list ends


def with_all_columns(inputs: Iterable[Input], reading: Reading) -> Reading:
    """The reading with ``*`` replaced by names: of the header of a table, or of the first object.

    Raises:
        UsageError: a list cannot be read twice, or has no columns.
    """
    named = {name for name in reading.keep if name != ALL}
    found: dict[str, str] = {}
    for source in inputs:
        if not isinstance(source, File) or not source.is_regular:
            raise UsageError("--keep '*' requires files: a list from a pipe is not known in advance; name its columns")
        for name in _columns(source, reading):
            if name not in named and name != reading.url_column and not _has_meaning(name):
                found[name] = f"input_{name}" if name in NAMES else name
    pairs: list[tuple[str, str]] = []
    for old, new in zip(reading.keep, reading.keep_as, strict=True):
        pairs += found.items() if old == ALL else [(old, new)]
    keep, keep_as = tuple(old for old, _ in pairs), tuple(new for _, new in pairs)
    return msgspec.structs.replace(reading, keep=keep, keep_as=keep_as)


def _has_meaning(name: str) -> bool:
    return canonical(name) in OURS or expectation_key(name) is not None


def _columns(source: File, reading: Reading) -> list[str]:
    """The names of the columns of a list, or of the keys of its first object."""
    without = msgspec.structs.replace(reading, keep=(), keep_as=())
    try:
        input_format, blocks = open_list(source.blocks(), source.name, without)
        if input_format.has_header:
            from fetchcli.inputs.csv import header_names

            return header_names(blocks, "\t" if input_format.name == "tsv" else "")
        first = _first_object(blocks, lines=input_format.name == "jsonl") if input_format.has_columns else None
    except (BadFormat, InputError):
        return []  # reported when the list is read for real
    if first is None:
        raise UsageError(f"--keep '*': {source.name} has no columns")
    return list(first)


def _first_object(blocks: Iterator[bytes], *, lines: bool) -> dict[str, object] | None:
    """The first object of JSON Lines or of an array; None if there is none."""
    if lines:
        decoded = (json.loads(raw) for batch in data_lines(blocks, MAX_FIRST) for _, raw in batch)
        try:
            return next((value for value in decoded if isinstance(value, dict)), None)
        except (ValueError, RecursionError):
            return None
    text = ""
    for block in blocks:
        text += block.decode("utf-8", "replace")
        start = text.find("{")
        try:
            value, _ = json.JSONDecoder().raw_decode(text, start) if start >= 0 else (None, 0)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict) or len(text) > MAX_FIRST:
            return value if isinstance(value, dict) else None
    return None
