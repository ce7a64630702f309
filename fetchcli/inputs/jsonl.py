"""JSON Lines: a URL or an object per line; ``-o jsonl`` writes such lists."""

from collections.abc import Iterator, Sequence

import msgspec

from fetchcli.inputs.lines import data_lines, not_utf8
from fetchcli.inputs.objects import object_record, shown
from fetchcli.inputs.record import Record, Records

MAX_LINE = 16 * 1024 * 1024
_decode = msgspec.json.Decoder().decode


def read_jsonl(blocks: Iterator[bytes], url_column: str, keep: Sequence[str]) -> Records:
    """Yield the records of every block."""
    for lines in data_lines(blocks, MAX_LINE):
        yield [_record(number, raw, url_column, keep) for number, raw in lines]


def _record(number: int, raw: bytes, url_column: str, keep: Sequence[str]) -> Record:
    if len(raw) > MAX_LINE:
        return Record(number, shown(raw), problem=f"a line of more than {MAX_LINE} bytes")
    try:
        value = _decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        return Record(number, shown(raw), problem=not_utf8(raw) or f"expected JSON: {error or 'nested too deep'}")
    return object_record(value, number, url_column, keep, lambda: raw)
