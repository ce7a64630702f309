"""curl command lines, as browsers copy them: ``curl 'https://...' -H '...' --data-raw '...'``."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fetchcli.core.curl.commands import Command, Unfinished, split_commands
from fetchcli.core.curl.read import is_curl, read_curl_line
from fetchcli.core.errors import UsageError
from fetchcli.core.pattern import lazy_pattern
from fetchcli.inputs.lines import not_utf8, split_lines
from fetchcli.inputs.record import Record, Records

MAX_COMMAND = 256 * 1024  # maximum characters of a command
_OUTSIDE = lazy_pattern(
    r"""\$?'|"|\\.|(?:^|(?<=[ \t;&|]))\#|<<<"""
    r"""|<<-?[ \t]*(?P<quoted>["'\\]?)(?P<delimiter>[A-Za-z_][\w.-]*)(?P=quoted)?""",
    re.DOTALL,
)  # a quote, an escaped character, the start of a comment, or a here-document
_ENDS = {
    "'": lazy_pattern(r"[^']*'"),
    "$'": lazy_pattern(r"(?:[^'\\]|\\.)*'", re.DOTALL),
    '"': lazy_pattern(r'(?:[^"\\]|\\.)*"', re.DOTALL),
}
_GOES_ON = lazy_pattern(r"(?:&&|\|\|?|\|&)[ \t\r]*\Z")  # an operator that the next line completes
_BRACES = lazy_pattern(r"(?:\A|[;&|{(])[ \t]*(?:(?P<open>\{)(?=[ \t]|\Z)|\})")  # where a command may begin
_UNCLOSED_QUOTE = "a quote is never closed"
_UNCLOSED = "the command never ends: a here-document or a group is open"
_SHELL = (
    "the shell would substitute something here ($, `): write the value, or ${NAME} in single quotes with --expand-env"
)
_DOCUMENT = "here-documents (<<) are not supported: write the content after --data-raw, in single quotes"
_CUT = "the shell ends the command at & or ;: put the URL in quotes"


def read_curl(blocks: Iterator[bytes]) -> Records:
    """Yield the records of every block; a command may span several lines."""
    commands = _Commands()
    for lines in split_lines(blocks, MAX_COMMAND):
        records = [record for line in lines for record in commands.take(line.decode("utf-8", "surrogateescape"))]
        if records:
            yield records
    if records := list(commands.finish()):
        yield records


class _Line(NamedTuple):
    """The end of a line of shell.

    Attributes:
        quote: the quote that is open at its end, or empty.
        continued: the command goes on in the next line.
        delimiter: the line that ends the here-document after it, or empty.
        opens: how many groups it opens, less those that it closes.
    """

    quote: str = ""
    continued: bool = False
    delimiter: str = ""
    opens: int = 0


class _Commands:
    """Joins the lines of a command; each line is looked at once."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._code: list[str] = []  # the open lines without here-documents
        self._size = 0
        self._first = 0  # number of the first open line
        self._number = 0  # of the last line
        self._end = _Line()  # how the last line ends
        self._groups = 0  # open groups: { ... }

    def take(self, line: str) -> Iterator[Record]:
        """Yield the commands that end with this line."""
        self._number += 1
        line = line.removeprefix("\ufeff") if self._number == 1 else line
        if self._end.delimiter:
            yield from self._in_document(line)
            return
        if not self._open:
            if not line.strip() or line.lstrip().startswith("#"):
                return
            self._first = self._number
        self._add(line)
        self._code.append(line)
        self._end = _read_line(line, self._end.quote)
        self._groups = max(self._groups + self._end.opens, 0)
        if self._size > MAX_COMMAND:
            yield from self._give_up(_UNCLOSED_QUOTE if self._end.quote else _UNCLOSED)
        elif not (self._end.quote or self._end.continued or self._end.delimiter or self._groups):
            yield from self._split()

    def finish(self) -> Iterator[Record]:
        """Yield what is left at the end of the file."""
        if self._end.quote:
            yield from self._give_up(_UNCLOSED_QUOTE)
        elif self._end.delimiter or self._groups:
            yield from self._give_up(_UNCLOSED)
        elif self._open:
            if self._end.continued:
                self._code[-1] = self._code[-1].removesuffix("\\")
            yield from self._split()

    def _in_document(self, line: str) -> Iterator[Record]:
        """Pass over a line of a here-document; it is not part of the command."""
        self._add(line)
        if line.strip() == self._end.delimiter:
            self._end = _Line()
            if not self._groups:
                yield from self._split()
        elif self._size > MAX_COMMAND:
            yield from self._give_up(_UNCLOSED)

    def _add(self, line: str) -> None:
        self._open.append(line)
        self._size += len(line)

    def _split(self) -> Iterator[Record]:
        line, text = self._first, "\n".join(self._code)
        self._clear()
        yield from _records(text, line)

    def _clear(self) -> None:
        self._open, self._code, self._size, self._end, self._groups = [], [], 0, _Line(), 0

    def _give_up(self, reason: str) -> Iterator[Record]:
        """Reject the first line; the others are rows if they are complete commands."""
        first, lines = self._first, self._open
        self._clear()
        command: list[str] = []
        document = ""  # the end of a here-document that is passed over
        for number, line in enumerate(lines, first):
            if document:
                document = "" if line.strip() == document else document
                continue
            command.append(line)
            end = _read_line(line, "")
            if end.continued and number + 1 < first + len(lines) and not (end.quote or end.delimiter):
                continue
            start, text = number + 1 - len(command), "\n".join(command)
            command = []
            if start == first:
                yield Record(start, _command_name(text), problem=reason)
            elif end.quote or end.delimiter:
                yield Record(start, _command_name(text), problem=f"behind line {first}: {reason}")
                if any(other.strip() == end.delimiter for other in lines[number + 1 - first :]):
                    document = end.delimiter
            elif text.strip():
                yield from _records(text, start)


def _read_line(line: str, quote: str) -> _Line:
    """Read a line, given the quote that is open at its start."""
    position, delimiter, code = 0, "", len(line)
    bare: list[str] = []  # what is neither quoted nor a comment
    while True:
        if quote:
            end = _ENDS[quote].match(line, position)
            if end is None:
                return _Line(quote, delimiter=delimiter)
            quote, position = "", end.end()
        opening = _OUTSIDE.search(line, position)
        if opening is None or opening[0] == "#":
            code = len(line) if opening is None else opening.start()
            break
        bare += [line[position : opening.start()], "x"]
        position = opening.end()
        if opening["delimiter"] and not _parentheses("".join(bare)):  # else it is arithmetic: $((1 << x))
            delimiter = opening["delimiter"]
        quote = opening[0] if opening[0] in _ENDS else ""
    text = "".join([*bare, line[position:code]])
    braces = sum(1 if brace["open"] else -1 for brace in _BRACES.finditer(text))
    return _Line(
        continued=(code == len(line) and _is_escaped_end(line)) or _GOES_ON.search(text) is not None,
        delimiter=delimiter,
        opens=braces + _parentheses(text),
    )


def _parentheses(text: str) -> int:
    """Count the parentheses that are open."""
    return text.count("(") - text.count(")")


def _is_escaped_end(line: str) -> bool:
    """Recognise a line end that is escaped by a backslash, which is not escaped itself."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _records(text: str, line: int) -> Iterator[Record]:
    """The rows of a list of commands: one for each curl command; what else follows the first is decoration."""
    try:
        commands = split_commands(text)
    except (ValueError, OverflowError) as error:
        reason = _UNCLOSED_QUOTE if isinstance(error, Unfinished) else str(error)
        yield Record(line, _command_name(text), problem=reason)
        return
    for at, command in enumerate(commands):
        if at and not is_curl(command.words):
            continue
        following = commands[at + 1].words if at + 1 < len(commands) else []
        yield _record(command, line, _command_name(text), cut=command.cut and not is_curl(following))


def _record(command: Command, line: int, name: str, *, cut: bool) -> Record:
    for present, problem in ((command.expands, _SHELL), (command.has_document, _DOCUMENT), (cut, _CUT)):
        if present and (problem is _SHELL or is_curl(command.words)):
            return Record(line, name, problem=problem)
    try:
        row = read_curl_line(command.words)
    except UsageError as problem:
        return Record(line, name, problem=str(problem))
    except ValueError as error:  # for example a lone surrogate
        return Record(line, name, problem=f"expected text that can be sent: {type(error).__name__}")
    if not row.url.isascii() and (bad := not_utf8(row.url.encode("utf-8", "surrogateescape"))):
        return Record(line, name, problem=f"url: {bad}")
    return Record(line, row.url, row.row_request)


def _command_name(text: str) -> str:
    """The name of the command: its options may contain secrets."""
    return (text.split(maxsplit=1) or [text])[0][:20] + " …"
