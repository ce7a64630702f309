"""Read results files whole: JSON Lines, JSON or CSV, plain or compressed; the last row may be torn."""

import csv
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

import msgspec

from fetchcli.core.errors import InputError
from fetchcli.core.journal.shape import InvalidRow, Shape
from fetchcli.core.journal.stored_row import REQUIRED, StoredRow
from fetchcli.core.settings import Reading
from fetchcli.inputs.base import STDIN, File
from fetchcli.inputs.formats import open_list
from fetchcli.inputs.json import elements
from fetchcli.inputs.jsonl import MAX_LINE
from fetchcli.inputs.record import BadFormat
from fetchcli.inputs.results import NO_RESULT, TornRow, is_json, whole_lines

T = TypeVar("T")
_BATCH = 1000  # rows
_TABLES = ("csv", "tsv")
_NUMBER = len('{"seq":')  # where it begins


class ResultsFile:
    """A results file; it can be read several times if it is regular.

    Args:
        file: the file.

    Attributes:
        name: its name.
        torn: why the last row was left out, or empty; known once the rows have been read.
        warning: empty: a file does not tell whether its run has ended.
    """

    def __init__(self, file: File) -> None:
        self.name, self.torn, self.warning = file.name, "", ""
        self._file = file
        self._line = 0

    def check(self) -> None:
        """Refuse a file that cannot be read; raises InputError."""
        if self.name != STDIN and not Path(self.name).exists():
            raise InputError(f"{self.name}: no such file")
        self._file.check()

    def columns(self) -> list[str]:
        """The columns: of the header, or of the first object. None of an empty file.

        Raises:
            InputError: it is no results file.
        """
        try:
            kind, blocks = self._opened()
            if kind in _TABLES:
                return next(self._cells(kind, blocks), [])
            batch = next(filter(None, self._objects(kind, blocks)), [])
            value = msgspec.json.decode(batch[0]) if batch else {}
            if not isinstance(value, dict):
                raise BadFormat(NO_RESULT, 1)
            return list(value)
        except (BadFormat, msgspec.DecodeError) as error:
            raise self._refused(error if isinstance(error, BadFormat) else BadFormat(NO_RESULT, 1)) from None

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """Yield the rows in batches.

        Raises:
            InputError: it cannot be read, or has a row that is none of results.
        """
        try:
            kind, blocks = self._opened()
            if kind not in _TABLES:
                for batch in self._objects(kind, blocks):
                    yield self._each(shape.of_json, batch)
                return
            table = self._cells(kind, blocks)
            names = next(table, [])
            if names and (missing := [name for name in REQUIRED if name not in names]):
                raise BadFormat(f"{NO_RESULT} (it has no column {missing[0]})", 1)
            while rows := list(islice(table, _BATCH)):
                yield self._each(lambda cells: shape.of_cells(names, cells), rows)
        except BadFormat as error:
            raise self._refused(error) from None

    def numbers(self) -> Iterator[list[int]]:
        """Yield the numbers of the rows, without decoding them.

        Raises:
            ValueError: that is not possible: rows do not begin with their number, as those of JSON Lines do.
            InputError: it cannot be read.
        """
        try:
            kind, blocks = self._opened()
            if kind != "jsonl":
                raise ValueError(kind)
            for lines in self._objects(kind, blocks):
                yield [int(line[_NUMBER : line.index(b",", _NUMBER)]) for line in lines]
        except BadFormat as error:
            raise self._refused(error) from None

    def _refused(self, error: BadFormat) -> InputError:
        shown = "stdin" if self.name == STDIN else self.name
        return InputError(f"{shown}:{error.line}: {error.reason}" if error.line else f"{shown}: {error.reason}")

    def _opened(self) -> tuple[str, Iterator[bytes]]:
        self.torn, self._line = "", 0
        input_format, blocks = open_list(self._file.blocks(), self.name, Reading())
        if input_format.name not in ("jsonl", "json", *_TABLES):
            raise BadFormat(NO_RESULT)
        return input_format.name, blocks

    def _each(self, make: Callable[[T], StoredRow], batch: list[T]) -> list[StoredRow]:
        """The rows of a batch."""
        try:
            return list(map(make, batch))
        except (InvalidRow, ValueError, RecursionError):
            before = self._line - len(batch)
            for at, item in enumerate(batch, before + 1):  # which one?
                try:
                    make(item)
                except (InvalidRow, ValueError, RecursionError) as error:
                    raise BadFormat(f"{NO_RESULT} ({error})", at) from None
            raise

    def _objects(self, kind: str, blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
        """The objects of JSON Lines or of an array, as written."""
        if kind == "json":
            whole = self._until_torn(elements(blocks))
            while batch := [raw for self._line, raw in islice(whole, _BATCH)]:
                yield batch
            return
        for block in self._until_torn(whole_lines(blocks, MAX_LINE, is_json)):
            lines = block.removesuffix(b"\n").split(b"\n")
            self._line += len(lines)
            yield lines if all(lines) else list(filter(None, lines))

    def _cells(self, kind: str, blocks: Iterator[bytes]) -> Iterator[list[str]]:
        """The rows of a table, its header first."""
        csv.field_size_limit(MAX_LINE)
        reader = csv.reader(self._texts(blocks), delimiter="\t" if kind == "tsv" else ",", strict=True)
        try:
            for cells in reader:
                self._line = reader.line_num
                if cells:
                    yield cells
        except (csv.Error, UnicodeDecodeError) as error:
            raise BadFormat(f"{NO_RESULT} ({error})", self._line + 1) from None

    def _texts(self, blocks: Iterator[bytes]) -> Iterator[str]:
        encoding = "utf-8-sig"
        for block in self._until_torn(whole_lines(blocks, MAX_LINE, lambda _: False)):
            for line in block.splitlines(keepends=True):
                yield line.decode(encoding)
                encoding = "utf-8"

    def _until_torn(self, items: Iterator[T]) -> Iterator[T]:
        """Yield what stands before a torn row, and note it."""
        try:
            yield from items
        except TornRow as torn:
            self.torn = f"{torn.line}: {torn.reason}"
