"""One JSON array, read element by element; ``-o json`` writes such lists."""

import json
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from fetchcli.core.pattern import lazy_pattern
from fetchcli.inputs.fields import SURROGATE, json_problem
from fetchcli.inputs.objects import object_record, shown
from fetchcli.inputs.record import BadFormat, Record, Records, parse_blocks
from fetchcli.inputs.results import TornRow, until_cut

MAX_ELEMENT = 16 * 1024 * 1024
_BETWEEN = lazy_pattern(r"[ \t\r\n]*")
_NUMBER_REST = lazy_pattern(r"[0-9.eE+-]*")
_MAX_EAGER_RESCAN = (
    64 * 1024
)  # characters up to which every block is worth another look; beyond, only twice as many are
# Integers of thousands of digits are accepted (Python's limit is about quadratic conversion).
_raw_decode = json.JSONDecoder(parse_int=lambda text: int(text) if len(text) < 1000 else float(text)).raw_decode


def read_json(blocks: Iterator[bytes], url_column: str, keep: Sequence[str], *, results: bool = False) -> Records:
    """Yield the records of every block.

    Raises:
        BadFormat: not an array, or incomplete (`TornRow` in a results file); earlier records have been yielded.
    """

    def record(value: Any, line: int, written: str) -> Record:
        raw = written.encode("utf-8", "surrogateescape")
        if "\\" in written and SURROGATE.search(raw):
            try:
                msgspec.json.decode(raw)
            except ValueError as error:  # half of a surrogate pair, which Python's decoder takes
                return Record(line, shown(raw), problem=json_problem(raw, error))
        return object_record(value, line, url_column, keep, lambda: raw)

    return parse_blocks(_Array(record, results=results), until_cut(blocks) if results else blocks)


def elements(blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the elements of the array of a results file as written, each with its line.

    Raises:
        BadFormat: not an array; `TornRow` if it is incomplete.
    """
    array = _Array(lambda _, line, written: (line, written.encode("utf-8", "surrogateescape")), results=True)
    for batch in parse_blocks(array, until_cut(blocks)):
        yield from batch


class _Array:
    """Finds the elements of an array that arrives in pieces.

    Args:
        make: makes the item of an element: of its value, the line where it starts, and the element as written.
        results: an array that never ends is a results file with a torn row.

    Attributes:
        problem: why reading stopped, or None.
    """

    def __init__(self, make: Callable[[Any, int, str], Any], *, results: bool) -> None:
        self._make, self._results = make, results
        self._decode = getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._text = ""
        self._pieces: list[str] = []  # text that has not been scanned yet
        self._size = 0
        self._line = 1
        self._expected = "["  # what may follow: the array, an element or its end, a comma or the end, nothing
        self._rescan_size = 0  # size of text that is worth another look
        self._incomplete_reason = "the array never ends"
        self.problem: BadFormat | None = None

    def take(self, block: bytes, *, last: bool) -> list[Any]:
        """Return the items of the elements that are complete now."""
        self._pieces.append(self._decode(block))
        self._size += len(self._pieces[-1])
        items: list[Any] = []
        try:
            if last or self._size >= self._rescan_size:
                self._text, self._pieces = "".join(self._pieces), []
                self._scan(items)
            if last and self._expected != "nothing":
                if self._expected == "[":
                    raise BadFormat("expected a JSON array", self._line)
                if self._results:
                    raise TornRow("the last row is torn", self._line)
                raise BadFormat(self._incomplete_reason, self._line)
        except BadFormat as problem:  # earlier elements are valid
            self.problem = problem
        return items

    def _scan(self, items: list[Any]) -> None:
        position = 0
        while (at := self._skip(position)) < len(self._text):
            if self._expected not in ("element", "element or ]"):
                position = self._punctuation(at)
            elif self._text[at] == "]" and self._expected == "element or ]":
                self._expected, position = "nothing", at + 1
            else:
                end = self._element(at, items)
                if end is None:
                    position = at
                    break
                position = end
        else:
            position = at
        self._text = self._text[position:]
        self._pieces, self._size = [self._text], len(self._text)
        self._rescan_size = 2 * len(self._text) if len(self._text) > _MAX_EAGER_RESCAN else 0

    def _skip(self, position: int) -> int:
        """Position after white space; counts its lines."""
        match = _BETWEEN.match(self._text, position)
        end = match.end() if match else position
        self._line += self._text.count("\n", position, end)
        return end

    def _punctuation(self, at: int) -> int:
        char = self._text[at]
        if self._expected == "[" and char == "[":
            self._expected = "element or ]"
        elif self._expected == "," and char == ",":
            self._expected = "element"
        elif self._expected == "," and char == "]":
            self._expected = "nothing"
        elif self._expected == "[":
            raise BadFormat(f"expected a JSON array, got {char!r}", self._line)
        else:
            wanted = "the end" if self._expected == "nothing" else "a comma or ]"
            raise BadFormat(f"expected {wanted}, got {char!r}", self._line)
        return at + 1

    def _element(self, at: int, items: list[Any]) -> int | None:
        """Read one element and return its end, or None if it is incomplete."""
        try:
            value, end = _raw_decode(self._text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            if len(self._text) - at > MAX_ELEMENT:
                raise BadFormat(f"an element of more than {MAX_ELEMENT} characters", self._line) from None
            self._incomplete_reason = f"expected JSON: {error}"
            return None
        self._incomplete_reason = "the array never ends"
        if not isinstance(value, dict | list | str) and _NUMBER_REST.fullmatch(self._text, end):
            return None  # a number may continue in the next block
        items.append(self._make(value, self._line, self._text[at:end]))
        self._line += self._text.count("\n", at, end)
        self._expected = ","
        return end
