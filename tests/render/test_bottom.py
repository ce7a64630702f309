"""The lines at the bottom of a terminal: in place, and gone at the end."""

import io

import pyte
import pytest
from rich.console import Console
from rich.text import Text

from fetchcli.render.bottom import Bottom


class Drawn:
    """A bottom, and the screen on which it is drawn."""

    def __init__(self, columns: int = 20, lines: int = 8) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.screen.set_mode(pyte.modes.LNM)  # a terminal adds the carriage return
        self._stream, self._file = pyte.Stream(self.screen), io.StringIO()
        self.console = Console(file=self._file, width=columns, height=lines, force_terminal=True, color_system=None)
        self.bottom = Bottom(self.console)

    def draw(self, *lines: str, above: tuple[str, ...] = ()) -> list[str]:
        self.bottom.draw([Text(line) for line in lines], [Text(line) for line in above])
        written = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        self._stream.feed(written)
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def narrow(self, columns: int) -> None:
        """As a terminal does that wraps its lines again."""
        before = [line.rstrip() for line in self.screen.display]
        row = self.screen.cursor.y
        self.screen.resize(self.screen.lines, columns)
        self.screen.reset()
        self.screen.set_mode(pyte.modes.LNM)
        self._stream.feed("\n".join(before[: row + 1]))
        self.console.width = columns


def test_lines_are_drawn_in_place() -> None:
    drawn = Drawn()
    assert drawn.draw("one", "two") == ["one", "two"]
    assert drawn.draw("1", "2") == ["1", "2"]
    assert drawn.draw("a", "b", "c") == ["a", "b", "c"]
    assert drawn.draw("alone") == ["alone"]
    assert drawn.draw() == []


def test_what_is_printed_stays_above() -> None:
    drawn = Drawn()
    drawn.draw("bar, and some more")
    assert drawn.draw("bar", above=("said", "said again")) == ["said", "said again", "bar"]
    assert drawn.draw("bar 2") == ["said", "said again", "bar 2"]
    assert drawn.draw() == ["said", "said again"]


def test_the_screen_may_scroll() -> None:
    drawn = Drawn(lines=4)
    for number in range(9):
        drawn.draw("bar", above=(f"line {number}",))
    assert drawn.draw("bar") == ["line 6", "line 7", "line 8", "bar"]


@pytest.mark.parametrize("columns", [19, 10, 7, 3])
def test_nothing_is_left_when_the_terminal_becomes_narrower(columns: int) -> None:
    drawn = Drawn()
    drawn.draw("x" * 19, "y" * 15, above=("before",))
    drawn.narrow(columns)
    drawn.draw("z")
    assert [line for line in drawn.screen.display if set(line) & set("xyz")] == ["z".ljust(columns)]


def test_nothing_is_written_for_nothing() -> None:
    drawn = Drawn()
    assert drawn.draw() == []
    assert drawn.screen.cursor.y == 0
