"""The last lines of a terminal, drawn again and again in place; what is printed meanwhile goes above them."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

ECHO = 5  # cells: ^C^C, and some terminals go to the next line at the last one
# ECMA-48: cursor up, erase to the end of the line, and to the end of the screen.
UP, ERASE_LINE, ERASE_BELOW = "\x1b[{}A", "\x1b[K", "\x1b[J"


class Bottom:
    """Lines at the bottom.

    They are drawn over the ones before, and what is left of those is erased behind, so that nothing flickers. The
    cursor stays visible, so that no way of ending the process leaves it hidden.

    Args:
        console: a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._drawn: list[int] = []  # cells of the lines that are on the screen

    @property
    def width(self) -> int:
        """Cells that a line may have: behind it there is room for what the terminal shows of two Ctrl-C."""
        return max(self._console.width - ECHO, 1)

    def draw(self, lines: Sequence[Text], above: Sequence[Text] = ()) -> None:
        """Draw lines in place of the ones before, and others above them."""
        if not (lines or above or self._drawn):
            return
        start = f"\r{self._up()}"
        printed = "".join(f"{self._rendered(line)}{ERASE_LINE}\n" for line in above)
        drawn = f"{ERASE_LINE}\n".join(map(self._rendered, lines))
        # Some terminals keep in their history what is erased from the first cell of the screen on.
        end = ERASE_BELOW if drawn or above else f" {ERASE_BELOW}\r{ERASE_LINE}"
        file = self._console.file
        file.write(f"{start}{printed}{drawn}{end}")  # at once
        file.flush()
        self._drawn = [line.cell_len for line in lines]

    def _rendered(self, line: Text) -> str:
        with self._console.capture() as capture:
            self._console.print(line, end="", soft_wrap=True)
        return capture.get()

    def _up(self) -> str:
        """To the first of the lines on the screen: a terminal that became narrower has wrapped them."""
        width = max(self._console.width, 1)
        rows = sum(max(1, -(-cells // width)) for cells in self._drawn)
        return UP.format(rows - 1) if rows > 1 else ""
