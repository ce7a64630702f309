"""``csv``: a header, then one line per outcome (RFC 4180, but with LF line ends)."""

import csv
import io
from collections.abc import Callable

from fetchcli.core.model.outcome import Outcome
from fetchcli.core.rows.columns import Value, as_text
from fetchcli.core.rows.schema import Schema
from fetchcli.core.summary.summary import Summary
from fetchcli.core.text import cell, inert_json, visible
from fetchcli.sinks.base import ByteSink


class CsvSink:
    """Writes all columns; cells that a spreadsheet would run are neutralised, unless that is not wanted."""

    def __init__(self, output: ByteSink, schema: Schema) -> None:
        self._output = output
        self._schema = schema
        self._guard: Callable[[str], str] = str if schema.csv_raw else cell
        self._writers = [column.text for column in schema.columns]
        self._buffer = io.StringIO()
        self._writer = csv.writer(self._buffer, lineterminator="\n")

    def open(self) -> None:
        """Write the header."""
        self._write([self._text(name, as_text) for name in self._schema.names])

    def handle(self, outcome: Outcome) -> None:
        """Write one row."""
        values = self._schema.values(outcome)
        self._write([self._text(value, write) for value, write in zip(values, self._writers, strict=True)])

    def write_line(self, line: bytes) -> None:
        """Write a row that is encoded already."""
        self._output.write(line)

    def close(self, summary: Summary) -> None:
        """CSV has no footer."""

    def _write(self, cells: list[str]) -> None:
        self._writer.writerow(cells)
        self._output.write(self._buffer.getvalue().encode())
        self._buffer.seek(0)
        self._buffer.truncate()

    def _text(self, value: Value, write: Callable[[Value], str]) -> str:
        text = write(value)
        if isinstance(value, dict | list):
            return inert_json(text)
        return self._guard(visible(text)) if isinstance(value, (str, tuple)) else text
