"""curl command lines, as browsers copy them: ``curl 'https://...' -H '...' --data-raw '...'``."""

from collections import deque
from collections.abc import Iterator

from fetchcli.core.curl_line import CurlRow, read_curl_line
from fetchcli.core.row_request import RowProblem
from fetchcli.core.shell import Unfinished, split_commands
from fetchcli.inputs.lines import split_lines
from fetchcli.inputs.record import SHOWN, Record, Records

MOST_COMMAND = 256 * 1024  # characters


def read_curl(blocks: Iterator[bytes]) -> Records:
    """The records of every block; a command may go over many lines."""
    commands = _Commands()
    for lines in split_lines(blocks, MOST_COMMAND):
        records = [record for line in lines for record in commands.take(line.decode("utf-8", "surrogateescape"))]
        if records:
            yield records
    if records := list(commands.finish()):
        yield records


class _Commands:
    """Puts the lines of a command together."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._size = 0
        self._number = 0  # of the last line taken

    def take(self, line: str) -> Iterator[Record]:
        """The commands that end with this line."""
        self._number += 1
        stripped = line.strip()
        if not self._open and (not stripped or stripped.startswith("#")):
            return
        self._open.append(line)
        self._size += len(line)
        if self._size > MOST_COMMAND:
            yield from self._give_up()
        elif not line.endswith("\\") and (len(self._open) == 1 or "'" in line or '"' in line or self._continues()):
            yield from self._try()

    def finish(self) -> Iterator[Record]:
        """What is left at the end of the file."""
        while self._open:
            yield from self._give_up()

    def _continues(self) -> bool:
        """Whether the line before asked for this one."""
        return self._open[-2].endswith("\\")

    def _try(self) -> Iterator[Record]:
        try:
            commands = split_commands("\n".join(self._open))
        except Unfinished:
            return
        line = self._number - len(self._open) + 1
        text = " ".join(self._open)[:SHOWN].strip()
        self._open, self._size = [], 0
        for words in commands:
            yield _record(words, line, text)

    def _give_up(self) -> Iterator[Record]:
        """The first line is no command: the others may be."""
        lines = deque(self._open)
        self._number -= len(lines)
        self._open, self._size = [], 0
        first = lines.popleft()
        self._number += 1
        yield Record(self._number, first[:SHOWN].strip(), problem="a quote is opened and never closed")
        for line in lines:
            yield from self.take(line)


def _record(words: list[str], line: int, text: str) -> Record:
    try:
        row: CurlRow = read_curl_line(words)
    except RowProblem as problem:
        return Record(line, text, problem=str(problem))
    return Record(line, row.url, row.own)
