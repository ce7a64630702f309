"""Find where in their lines rows start; done afterwards, for the few rows that reports list."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from fetchcli.core.errors import InputError
from fetchcli.core.model.outcome import Outcome
from fetchcli.inputs.base import STDIN, File
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.record import BadFormat

MAX_LINE = 1024 * 1024  # bytes; text beyond has no column
Columns = dict[tuple[str, int, str], int]


def columns_of(outcomes: Iterable[Outcome]) -> Columns:
    """The column (from 1, in characters) where a URL starts, by source, line and URL."""
    wanted: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for outcome in outcomes:
        row = outcome.row
        if row.line and row.source not in ("", STDIN):
            wanted[row.source][row.line].add(row.text)
    columns: Columns = {}
    for source, texts in wanted.items():
        for (line, text), column in _in_file(File(source), texts).items():
            columns[source, line, text] = column
    return columns


def _in_file(source: File, texts: dict[int, set[str]]) -> dict[tuple[int, str], int]:
    columns: dict[tuple[int, str], int] = {}
    if not source.is_regular:
        return columns
    last = max(texts)
    try:
        for number, line in enumerate(_lines(source), 1):
            if number in texts:
                shown = line.decode("utf-8", "replace")
                columns |= {(number, text): at for text in texts[number] if (at := _column_of(text, shown))}
            if number >= last:
                break
    except (BadFormat, InputError):
        pass  # the file has changed or gone since it was read
    return columns


def _lines(source: File) -> Iterator[bytes]:
    """Yield the lines of a list, each cut to `MAX_LINE`."""
    pieces: list[bytes] = []
    size = 0
    for block in decompressed(source.blocks()):
        first, *others = block.split(b"\n")
        if size < MAX_LINE:
            pieces.append(first)
            size += len(first)
        for line in others:
            yield b"".join(pieces)
            pieces, size = [line], len(line)
    yield b"".join(pieces)


def _column_of(text: str, line: str) -> int:
    """Where the text starts in the line, from 1, or 0."""
    at = line.find(text)
    if at < 0 and "://" in text:  # shown in another form than written, as credentials are
        at = line.find(text.partition("://")[0] + "://")
    return at + 1
