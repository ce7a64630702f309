"""Results files of runs that were cut off: the last row may be torn."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from fetchcli.inputs.fields import VERDICTS
from fetchcli.inputs.record import BadFormat, Incomplete, Record

NO_RESULT = "not a row of a results file; make one with -o jsonl:FILE"


def is_result(record: Record) -> bool:
    """Whether a row is one of a results file: its first carried column is the verdict."""
    return bool(record.carried) and isinstance(record.carried[0], str) and record.carried[0] in VERDICTS


class TornRow(BadFormat):
    """A results file ends inside a row; the rows before are valid."""


def whole_lines(blocks: Iterator[bytes], max_line: int, is_whole: Callable[[bytes], bool]) -> Iterator[bytes]:
    """Yield what stands in whole lines: a last line without its end is torn, unless ``is_whole`` accepts it.

    Args:
        blocks: the bytes.
        max_line: longest line that is held back; a longer one is no row.
        is_whole: accepts a last line that is complete.

    Raises:
        TornRow: the last line is torn, or the compressed file ends in it.
    """
    rest: list[bytes] = []
    lines, held, reason = 1, 0, ""
    try:
        for block in blocks:
            end = block.rfind(b"\n") + 1
            if end or held > max_line:
                yield b"".join((*rest, block[:end]))
                lines += block.count(b"\n")
                rest, held = [], 0
            if end < len(block):
                rest.append(block[end:])
                held += len(rest[-1])
    except Incomplete as error:
        reason = f" ({error.reason})"
    line = b"".join(rest)
    if line.strip() and is_whole(line):
        yield line
    elif line.strip() or reason:
        raise TornRow(f"the last row is torn{reason}", lines)


def until_cut(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield what can be decompressed; a reader that needs the end notices that it is missing."""
    with suppress(Incomplete):
        yield from blocks


def is_json(line: bytes) -> bool:
    """Accept a line that is JSON: a JSON object that parses is whole."""
    try:
        msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return False
    return True
