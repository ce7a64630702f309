"""Columns of text: cells that keep their width, and a last one that wraps between words. No line ends in blanks."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

GAP = 3
MIN_ROOM = 24  # for the last column; where there is less, it goes below the others, a little indented
INDENT = 2


def wrapped(text: Text, console: Console, width: int) -> list[Text]:
    """The lines of a text; only a word that has no room at all is broken."""
    lines = list(text.wrap(console, max(width, 1)))
    for line in lines:
        line.rstrip()
    return lines or [Text()]


def parts_wrapped(parts: Iterable[Text | str], console: Console, width: int, separator: str = " " * GAP) -> list[Text]:
    """Parts on as few lines as have room for them; only a part that has no room on a line of its own is wrapped."""
    lines: list[Text] = []
    for part in parts:
        text = part if isinstance(part, Text) else Text(part)
        if lines:
            lines[-1].append(separator)
        if lines and lines[-1].cell_len + text.cell_len <= width - len(separator.rstrip()):
            lines[-1].append_text(text)
        else:
            lines += wrapped(text, console, width - len(separator.rstrip()))
    for line in lines:
        line.rstrip()
    return lines


class Columns:
    """Cells of fixed columns, each as wide as its widest cell.

    Args:
        rows: the cells of each row.
        right: numbers of the columns whose cells are put to the right.
    """

    def __init__(self, rows: Sequence[Sequence[Text | str]], right: Sequence[int] = ()) -> None:
        self._rows = [[cell if isinstance(cell, Text) else Text(cell) for cell in row] for row in rows]
        self._widths = [max(cell.cell_len for cell in column) for column in zip(*self._rows, strict=True)]
        self._right = frozenset(right)

    @property
    def width(self) -> int:
        """Of all columns, with a gap behind each."""
        return sum(width + GAP for width in self._widths)

    def lines(self) -> list[Text]:
        """The line of each row, without what follows it."""
        return [self._line(row) for row in self._rows]

    def _line(self, row: list[Text]) -> Text:
        line = Text()
        for at, (cell, width) in enumerate(zip(row, self._widths, strict=True)):
            blanks = " " * (width - cell.cell_len)
            line.append(blanks if at in self._right else "")
            line.append_text(cell).append(("" if at in self._right else blanks) + " " * GAP)
        return line


class LastColumn(NamedTuple):
    """Where the last column is.

    Attributes:
        below: it is below the others.
        indent: cells before it.
        room: cells for it.
    """

    below: bool
    indent: int
    room: int


def last_column(width: int, console: Console) -> LastColumn:
    """Where the last column is, if the others take so many cells."""
    below = console.width - width < MIN_ROOM
    indent = INDENT if below else width
    return LastColumn(below, indent, max(console.width - indent, 1))


def put(head: Text, place: LastColumn, lines: Sequence[Text]) -> list[Text]:
    """The lines of the last column, behind the others or below them."""
    if not place.below:
        return beside(head, place.indent, lines)
    head.rstrip()
    return [head, *beside(Text(" " * place.indent), place.indent, lines)]


def beside(start: Text, indent: int, lines: Sequence[Text]) -> list[Text]:
    """Lines beside what starts the first of them; the others are indented as far."""
    found = [Text.assemble(start, lines[0]), *(Text.assemble(" " * indent, line) for line in lines[1:])]
    for line in found:
        line.rstrip()
    return found


def under_header(header: Text, lines: Sequence[Text], console: Console) -> list[Text]:
    """Lines under a header, with a rule as long as the longest of them."""
    header.rstrip()
    header.stylize("bold")
    longest = max(line.cell_len for line in (header, *lines))
    return [header, Text("─" * min(longest, console.width), style="dim"), *lines]
