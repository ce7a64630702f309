"""JSON Lines: a URL or an object per line; ``-o jsonl`` writes such lists."""

from collections.abc import Iterator, Sequence

import msgspec

from fetchcli.inputs.fields import json_problem
from fetchcli.inputs.lines import data_lines
from fetchcli.inputs.objects import object_record, shown
from fetchcli.inputs.record import Record, Records
from fetchcli.inputs.results import is_json, whole_lines

MAX_LINE = 16 * 1024 * 1024
_decode = msgspec.json.Decoder().decode


def read_jsonl(blocks: Iterator[bytes], url_column: str, keep: Sequence[str], *, results: bool = False) -> Records:
    """Yield the records of every block.

    Raises:
        TornRow: the last row of a results file is torn.
    """
    if results:
        blocks = whole_lines(blocks, MAX_LINE, is_json)
    for lines in data_lines(blocks, MAX_LINE):
        yield [_record(number, raw, url_column, keep) for number, raw in lines]


def _record(number: int, raw: bytes, url_column: str, keep: Sequence[str]) -> Record:
    if len(raw) > MAX_LINE:
        return Record(number, shown(raw), problem=f"a line of more than {MAX_LINE} bytes")
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Record(number, shown(raw), problem=json_problem(raw, error))
    return object_record(value, number, url_column, keep, lambda: raw)
