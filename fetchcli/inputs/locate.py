"""Where in its line a row stands: looked up in the list afterwards, for the few rows that are reported."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from fetchcli.core.errors import InputError
from fetchcli.core.model import Outcome
from fetchcli.inputs.base import STDIN, File
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.record import BadFormat

MOST_LINE = 1024 * 1024  # bytes; what stands further on in a line has no column
Columns = dict[tuple[str, int, str], int]


def columns_of(outcomes: Iterable[Outcome]) -> Columns:
    """The column (from 1, in characters) where a URL begins, by source, line and URL, where it is found."""
    wanted: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for outcome in outcomes:
        row = outcome.row
        if row.line and row.source not in ("", STDIN):
            wanted[row.source][row.line].add(row.text)
    found: Columns = {}
    for source, texts in wanted.items():
        for (line, text), column in _in_file(File(source), texts).items():
            found[source, line, text] = column
    return found


def _in_file(source: File, texts: dict[int, set[str]]) -> dict[tuple[int, str], int]:
    found: dict[tuple[int, str], int] = {}
    if not source.is_regular:
        return found
    last = max(texts)
    try:
        for number, line in enumerate(_lines(source), 1):
            if number in texts:
                shown = line.decode("utf-8", "replace")
                found |= {(number, text): at for text in texts[number] if (at := _place(text, shown))}
            if number >= last:
                break
    except (BadFormat, InputError):
        pass  # it was read before; whatever has become of it is no fault of a row
    return found


def _lines(source: File) -> Iterator[bytes]:
    """The lines of a list, each as far as it is worth looking at."""
    pieces: list[bytes] = []
    size = 0
    for block in decompressed(source.blocks()):
        first, *others = block.split(b"\n")
        if size < MOST_LINE:
            pieces.append(first)
            size += len(first)
        for line in others:
            yield b"".join(pieces)
            pieces, size = [line], len(line)
    yield b"".join(pieces)


def _place(text: str, line: str) -> int:
    """Where it begins, or 0."""
    at = line.find(text)
    if at < 0 and "://" in text:  # shown in another way than it is written, as credentials are
        at = line.find(text.partition("://")[0] + "://")
    return at + 1
