"""A file of JSON Lines or CSV that a run can be continued from."""

import csv
import io
import os
from collections.abc import Iterator
from heapq import merge
from itertools import chain

from fetchcli.core.errors import OutputError
from fetchcli.core.journal.list_match import ListMatch
from fetchcli.core.journal.settlement import Settlement
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.stored_row import REQUIRED, StoredRow
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.schema import Schema
from fetchcli.inputs.base import File
from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.results_file import ResultsFile
from fetchcli.inputs.whole_part import whole_part
from fetchcli.run.journals import moved
from fetchcli.sinks.appending_output import AppendingOutput
from fetchcli.sinks.formats import OutputFormat
from fetchcli.sinks.rewritten_file import rewrite_file


class FileJournal:
    """See `run.journals.Journal`.

    Args:
        output: the file, opened and locked.
        output_format: its format.
        schema: the columns of this run.
    """

    is_unique = False

    def __init__(self, output: AppendingOutput, output_format: OutputFormat, schema: Schema) -> None:
        self.name, self._output = output.name, output
        self._format, self._schema = output_format, schema
        self._is_table = output_format.name == "csv"
        self._rewritten: int | None = None  # descriptor of the new file, which holds its lock

    def recover(self) -> str:
        """See `run.journals.Journal`."""
        whole = whole_part(self.name)
        torn = self._output.size - whole
        if torn:
            self._output.cut(whole)
        if whole:
            self._check_columns()
        return f"{self.name}: its last row was torn, and is fetched again" if torn else ""

    def _check_columns(self) -> None:
        names, wanted = ResultsFile(File(self.name)).columns(), list(self._schema.names)
        if missing := [name for name in ("seq", "key", *REQUIRED) if names and name not in names]:
            raise OutputError(
                f"{self.name}: it was made without --resume, and lacks the columns {', '.join(missing)}; begin again "
                "with --resume, or without --columns"
            )
        if self._is_table and names != wanted:
            raise OutputError(
                f"{self.name}: it has other columns than this run; continue it with the same --columns and --keep, "
                "or use another file"
            )

    @property
    def is_empty(self) -> bool:
        """See `run.journals.Journal`."""
        return not self._output.size

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """See `run.journals.Journal`."""
        return ResultsFile(File(self.name)).rows(shape)

    def follow(self, match: ListMatch) -> None:
        """See `run.journals.Journal`: rows are only appended."""

    def settle(self, settlement: Settlement, *, ordered: bool) -> None:
        """See `run.journals.Journal`."""
        header = [self._lines(0, 1)] if self._is_table else []
        first = len(header)
        if ordered and settlement.match.moved:
            rows: Iterator[bytes] = (line for _, line in sorted(self._kept(settlement, first, None)))
        elif ordered:  # what came before this run, and what it has added
            before = self._kept(settlement, first, settlement.rows)
            added = self._kept(settlement, first + settlement.rows, None)
            rows = (line for _, line in merge(before, added, key=lambda item: item[0]))
        else:
            rows = (line for _, line in self._kept(settlement, first, None))
        self._rewritten = rewrite_file(self.name, chain(*header, rows))

    def release(self) -> None:
        """See `run.journals.Journal`."""
        self._output.release()
        if self._rewritten is not None:
            os.close(self._rewritten)
            self._rewritten = None

    def _kept(self, settlement: Settlement, start: int, count: int | None) -> Iterator[tuple[int, bytes]]:
        """Yield the rows that stay, each with its place in the list."""
        shape, whole = Shape(), Shape(self._schema.names)
        first = start - self._is_table
        for number, line in enumerate(self._lines(start, count), first + 1):
            row = self._row(shape, line)
            if not settlement.keeps(row, number):
                continue
            place = settlement.place(row, number)
            if place is None:
                yield row.seq, line
            else:
                yield place.seq, self._encoded(moved(whole.outcome(self._row(whole, line)), place))

    def _row(self, shape: Shape, line: bytes) -> StoredRow:
        if not self._is_table:
            return shape.of_json(line)
        cells = next(csv.reader(io.StringIO(line.decode(), newline="")))
        return shape.of_cells(list(self._schema.names), cells)

    def _encoded(self, outcome: Outcome) -> bytes:
        written = _RowBytes()
        self._format.load()(written, self._schema).handle(outcome)
        return b"".join(written.pieces)

    def _lines(self, start: int, count: int | None) -> Iterator[bytes]:
        """Yield lines with their ends, from the one of this number on; every row is one line."""
        number, rest = 0, b""
        for block in decompressed(File(self.name).blocks()):
            lines = (rest + block).split(b"\n")
            rest = lines.pop()
            for line in filter(None, lines):
                if number >= start:
                    if count is not None and number >= start + count:
                        return
                    yield line + b"\n"
                number += 1


class _RowBytes:
    """Takes the bytes of one row."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(data)
