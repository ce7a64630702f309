"""CSV and TSV with a header (RFC 4180, and what Excel makes of it).

A byte-order mark and a ``sep=`` line are understood, the delimiter is the one of ``, ; TAB |`` that
the header has most of, quoted cells may hold line ends, and a row with nothing in it is none.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from fetchcli.core.row_request import RowProblem, RowRequest
from fetchcli.inputs.fields import json_cell, request_of
from fetchcli.inputs.record import SHOWN, BadFormat, Record, Records

MOST_RECORD = 4 * 1024 * 1024  # characters of one row
_BOM = "\ufeff"
_DELIMITERS = ",;\t|"
_REQUEST = ("method", "headers", "body", "body_file", "json", "request")


def read_csv(blocks: Iterator[bytes], url_column: str, keep: Sequence[str], delimiter: str = "") -> Records:
    """The records of every block.

    Args:
        blocks: the bytes.
        url_column: name of the column with the URLs.
        keep: names of the columns to carry along.
        delimiter: what stands between cells, or empty to find out.

    Raises:
        BadFormat: no header, or none with the columns that are needed; a quoted cell without its end.
    """
    # One for the process: a body may stand in a cell, and what is too long for a row is found before.
    csv.field_size_limit(2 * MOST_RECORD)
    table: _Table | None = None
    for text, line in _whole_lines(blocks):
        head, _, rest = text.partition("\n")
        said = head.strip().lower()
        if table is None and said.startswith("sep=") and len(said) == 5:
            table = _Table(url_column, keep, said[4])
            batch = table.take(rest, line + 1)
        else:
            table = table or _Table(url_column, keep, delimiter or max(_DELIMITERS, key=head.count))
            batch = table.take(text, line)
        if batch:
            yield batch
    if table is not None:
        table.finish()


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[tuple[str, int]]:
    """Text that ends at the end of a line, and the number of its first line."""
    rest, line = b"", 1
    for block in blocks:
        data = rest + block if rest else block
        # A CR at the very end may be the first half of a CRLF.
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        if not end:
            rest = data
            if len(rest) > MOST_RECORD:
                raise BadFormat(f"a line of more than {MOST_RECORD} bytes", line)
            continue
        whole, rest = data[:end], data[end:]
        yield _decoded(whole, line), line
        line += len(whole.splitlines())
    if rest:
        yield _decoded(rest, line), line


def _decoded(data: bytes, line: int) -> str:
    text = data.decode("utf-8", "surrogateescape")
    return text.removeprefix(_BOM) if line == 1 else text


class _Table:
    """Turns whole lines into records; what a quoted cell leaves open waits for the next ones."""

    def __init__(self, url_column: str, keep: Sequence[str], delimiter: str) -> None:
        self._url_column = url_column
        self._keep = keep
        self._delimiter = delimiter
        self._open, self._open_line = "", 0
        self._columns: _Columns | None = None

    def take(self, text: str, first_line: int) -> list[Record]:
        """The records that are complete now."""
        if self._open:
            if len(self._open) > MOST_RECORD:
                self.finish()
            if '"' not in text:
                self._open += text
                return []
            text, first_line = self._open + text, self._open_line
        records: list[Record] = []
        self._open = ""
        source = io.StringIO(text, newline="")
        reader = csv.reader(source, delimiter=self._delimiter, strict=True)
        before = 0
        while True:
            try:
                for cells in reader:
                    line, before = first_line + before, reader.line_num
                    if any(cells):
                        self._add(records, cells, line)
                return records
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    self._open, self._open_line = "".join(_lines_from(text, before)), first_line + before
                    return records
                shown = "".join(_lines_from(text, before)[: reader.line_num - before])[:SHOWN].strip()
                records.append(Record(first_line + before, shown, problem=f"{error}"))
                before = reader.line_num

    def finish(self) -> None:
        """Refuse what is left at the end of the file."""
        if self._open:
            raise BadFormat("the quoted cell that begins here never ends", self._open_line)

    def _add(self, records: list[Record], cells: list[str], line: int) -> None:
        if self._columns is None:
            self._columns = _Columns(cells, self._url_column, self._keep, line)
        else:
            records.append(self._columns.record(cells, line))


def _lines_from(text: str, line: int) -> list[str]:
    """The lines after so many."""
    return list(io.StringIO(text, newline=""))[line:]


class _Columns:
    """The header: where each column that matters stands."""

    def __init__(self, header: list[str], url_column: str, keep: Sequence[str], line: int) -> None:
        names = [name.strip() for name in header]
        lower = [name.lower() for name in names]
        self._width = len(names)

        def place(name: str) -> int | None:
            found = [at for at, known in enumerate(lower) if known == name.lower()]
            if len(found) > 1:
                raise BadFormat(f"the header has {len(found)} columns named {name!r}", line)
            return found[0] if found else None

        url = place(url_column)
        if url is None:
            shown = ", ".join(names)[:SHOWN]
            why = "; the first row must be a header" if any("://" in name for name in names) else ""
            raise BadFormat(f"no column is named {url_column!r} (--url-column); the header has {shown}{why}", line)
        self._url = url
        self._keep = [(name, place(name)) for name in keep]
        for name, at in self._keep:
            if at is None:
                raise BadFormat(
                    f"no column is named {name!r} (--keep); the header has {', '.join(names)[:SHOWN]}", line
                )
        self._tag, self._verdict = place("tag"), place("verdict")
        self._request = [(name, at) for name in _REQUEST if (at := place(name)) is not None]

    def record(self, cells: list[str], line: int) -> Record:
        """The record of a row that is not empty."""
        width = len(cells)
        if width > self._width and any(cells[self._width :]):
            return Record(
                line, cells[self._url], problem=f"expected {self._width} cells, got {width}; quote the delimiter"
            )
        if width < self._width:
            cells += [""] * (self._width - width)
        record = Record(line, cells[self._url].strip(" \t"))
        if self._keep:
            record.kept = tuple(cells[at] for _, at in self._keep if at is not None)
        if self._tag is not None:
            record.tag = cells[self._tag]
        if self._verdict is not None:
            record.accepted = cells[self._verdict] == "OK"
        if self._request and (said := {name: cells[at] for name, at in self._request if cells[at]}):
            try:
                record.own = _request(said)
            except RowProblem as problem:
                record.problem = str(problem)
        return record


def _request(said: dict[str, str]) -> RowRequest | None:
    row: dict[str, Any] = dict(said)
    if "json" in said:
        row["json"] = json_cell("json", said["json"], msgspec.Raw)
    if "request" in said:  # of our own result files
        row |= json_cell("request", said["request"], dict[str, Any])
    return request_of(row)
