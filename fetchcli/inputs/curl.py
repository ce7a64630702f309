"""curl command lines, as browsers copy them: ``curl 'https://...' -H '...' --data-raw '...'``."""

import re
from collections.abc import Iterator

from fetchcli.core.curl.read import read_curl_line
from fetchcli.core.curl.shell import Expansion, Unfinished, split_commands
from fetchcli.core.errors import UsageError
from fetchcli.inputs.lines import split_lines
from fetchcli.inputs.record import Record, Records

MAX_COMMAND = 256 * 1024  # maximum characters of a command
_OUTSIDE = re.compile(
    r"""\$?'|"|\\.|(?:^|(?<=[ \t]))\#""", re.DOTALL
)  # a quote, an escaped character, or the start of a comment
_ENDS = {
    "'": re.compile(r"[^']*'"),
    "$'": re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL),
    '"': re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL),
}
_UNCLOSED_QUOTE = "a quote is never closed"
_IN_UNCLOSED_QUOTE = "inside a quote that is never closed"
_SHELL = (
    "the shell would substitute something here ($, `): write the value, or ${NAME} in single quotes with --expand-env"
)


def read_curl(blocks: Iterator[bytes]) -> Records:
    """Yield the records of every block; a command may span several lines."""
    commands = _Commands()
    for lines in split_lines(blocks, MAX_COMMAND):
        records = [record for line in lines for record in commands.take(line.decode("utf-8", "surrogateescape"))]
        if records:
            yield records
    if records := list(commands.finish()):
        yield records


class _Commands:
    """Joins the lines of a command; each line is looked at once."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._size = 0
        self._number = 0  # of the last line
        self._quote = ""  # open at the end of the last line

    def take(self, line: str) -> Iterator[Record]:
        """Yield the commands that end with this line."""
        self._number += 1
        line = line.removeprefix("\ufeff") if self._number == 1 else line
        if not self._open and (not line.strip() or line.lstrip().startswith("#")):
            return
        self._open.append(line)
        self._size += len(line)
        self._quote = _quote_after(line, self._quote)
        if self._size > MAX_COMMAND:
            yield from self._give_up()
        elif not self._quote and not _is_continued(line):
            yield from self._split()

    def finish(self) -> Iterator[Record]:
        """Yield what is left at the end of the file."""
        if self._quote:
            yield from self._give_up()
        elif self._open:
            if _is_continued(self._open[-1]):
                self._open[-1] = self._open[-1][:-1]
            yield from self._split()

    def _split(self) -> Iterator[Record]:
        line, text = self._number - len(self._open) + 1, "\n".join(self._open)
        self._open, self._size = [], 0
        yield from _records(text, line)

    def _give_up(self) -> Iterator[Record]:
        """Reject the first line; the others are rows if they are complete commands."""
        first = self._number - len(self._open) + 1
        lines = self._open
        self._open, self._size, self._quote = [], 0, ""
        goes_on = False
        for number, line in enumerate(lines, first):
            was_continued, goes_on = goes_on, _is_continued(line)
            if number == first:
                yield Record(number, _command_name(line), problem=_UNCLOSED_QUOTE)
            elif was_continued or not line.strip():
                continue  # part of the line before
            elif goes_on or _quote_after(line, ""):
                yield Record(number, _command_name(line), problem=_IN_UNCLOSED_QUOTE)
            else:
                yield from _records(line, number)


def _is_continued(line: str) -> bool:
    """Whether the line end is escaped by a backslash that is not escaped itself."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _quote_after(line: str, quote: str) -> str:
    """The quote that is open at the end of a line, given the one at its start."""
    position = 0
    while True:
        if quote:
            end = _ENDS[quote].match(line, position)
            if end is None:
                return quote
            quote, position = "", end.end()
        opening = _OUTSIDE.search(line, position)
        if opening is None or opening[0] == "#":
            return ""
        position = opening.end()
        quote = "" if opening[0][0] == "\\" else opening[0]


def _records(text: str, line: int) -> Iterator[Record]:
    try:
        commands = split_commands(text)
    except Expansion:
        yield Record(line, _command_name(text), problem=_SHELL)
        return
    except (Unfinished, ValueError, OverflowError) as error:
        yield Record(line, _command_name(text), problem=str(error) or _UNCLOSED_QUOTE)
        return
    for words in commands:
        try:
            row = read_curl_line(words)
        except UsageError as problem:
            yield Record(line, _command_name(text), problem=str(problem))
        except ValueError as error:  # for example a lone surrogate
            yield Record(line, _command_name(text), problem=f"expected text that can be sent: {type(error).__name__}")
        else:
            yield Record(line, row.url, row.row_request)


def _command_name(text: str) -> str:
    """The name of the command: its options may contain secrets."""
    return text.split(maxsplit=1)[0][:20] + " …"
