"""Where in its line a row stands: looked up in the list afterwards, for the few rows that are reported."""

from collections import defaultdict
from collections.abc import Iterable

from fetchcli.core.errors import InputError
from fetchcli.core.model import Outcome
from fetchcli.inputs.base import STDIN, File
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.record import BadFormat


def columns_of(outcomes: Iterable[Outcome]) -> dict[tuple[str, int], int]:
    """The column (from 1, in characters) where the URL of each row begins, by source and line, where it is found."""
    wanted: dict[str, dict[int, str]] = defaultdict(dict)
    for outcome in outcomes:
        row = outcome.row
        if row.line and row.source not in ("", STDIN):
            wanted[row.source][row.line] = row.text
    found: dict[tuple[str, int], int] = {}
    for source, texts in wanted.items():
        found |= {(source, line): column for line, column in _in_file(File(source), texts).items()}
    return found


def _in_file(source: File, texts: dict[int, str]) -> dict[int, int]:
    found: dict[int, int] = {}
    if not source.is_regular:
        return found
    number, last, rest = 1, max(texts), b""
    try:
        for block in decompressed(source.blocks()):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                _look(found, texts, number, line)
                number += 1
            if number > last:
                return found
    except (BadFormat, InputError):
        return found  # it was read before; whatever has become of it is no fault of a row
    _look(found, texts, number, rest)
    return found


def _look(found: dict[int, int], texts: dict[int, str], number: int, line: bytes) -> None:
    text = texts.get(number)
    if text is None:
        return
    shown = line.decode("utf-8", "replace")
    at = shown.find(text)
    if at < 0 and "://" in text:  # shown in another way than it is written, as credentials are
        at = shown.find(text.partition("://")[0] + "://")
    if at >= 0:
        found[number] = at + 1
