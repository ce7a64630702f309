"""CSV and TSV with a header (RFC 4180, and Excel's variants).

A byte-order mark and a ``sep=`` line are understood. The delimiter is the one of ``, ; TAB |`` that
is most frequent in the header. Quoted cells may contain line ends. Empty rows are skipped.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from fetchcli.core.pattern import lazy_pattern
from fetchcli.core.request.row_request import RowProblem, RowRequest
from fetchcli.core.text import plain_cell
from fetchcli.inputs.expect import expectation_key, expectations_in_cells
from fetchcli.inputs.fields import VERDICTS, json_cell, request_of, result_of
from fetchcli.inputs.lines import lossless, not_utf8
from fetchcli.inputs.names import canonical, is_result, misnamed
from fetchcli.inputs.record import SHOWN, BadFormat, Record, Records
from fetchcli.inputs.results import TornRow, whole_lines

MAX_RECORD = 4 * 1024 * 1024  # maximum characters of a row
BATCH = 5000  # rows
_BOM = "\ufeff"
_DELIMITERS = ",;\t|"
_NAME = lazy_pattern(r"[\w .-]{0,40}")
_SEP = lazy_pattern(r"sep=(.)")
_NEXT_RESULT = lazy_pattern(r"\n\d+,")  # a row of results begins with its number
_MAX_EAGER_RETRY = 64 * 1024  # characters of an open row up to which every block is worth another look
_RESULT = ("verdict", "request", "seq", "source")
_REQUEST = ("method", "headers", "body", "body_file", "json")


def read_csv(
    blocks: Iterator[bytes], url_column: str, keep: Sequence[str], delimiter: str = "", *, results: bool = False
) -> Records:
    """Yield the records of every block.

    Args:
        blocks: the bytes.
        url_column: name of the URL column.
        keep: names of the columns to copy.
        delimiter: the delimiter, or empty to detect it.
        results: it is a results file: the last row may be torn.

    Raises:
        BadFormat: the header is missing, or lacks a required column.
        TornRow: the last row of a results file is torn.
    """
    if results:
        blocks = whole_lines(blocks, MAX_RECORD, lambda _: False)
    # Set for the whole process: a body may be in a cell, and rows that are too long are found before.
    csv.field_size_limit(2 * MAX_RECORD)
    table: _Table | None = None
    for text, line in _whole_lines(blocks):
        start = 0
        if table is None:
            head = io.StringIO(text, newline="").readline()
            delimiter, start = _delimiter(head, delimiter)
            table = _Table(url_column, keep, delimiter, results=results)
        yield from table.take(text[start:], line + (start > 0))
    if table is not None:
        yield from table.finish()


def header_names(blocks: Iterator[bytes], delimiter: str = "") -> list[str]:
    """The names in the header of a table."""
    for text, _ in _whole_lines(blocks):
        delimiter, start = _delimiter(io.StringIO(text, newline="").readline(), delimiter)
        rows = csv.reader(io.StringIO(text[start:], newline=""), delimiter=delimiter)
        return [name.strip() for name in next((row for row in rows if any(row)), [])]
    return []


def _delimiter(head: str, default: str) -> tuple[str, int]:
    """The delimiter by the first line of a table (else the default, or detected), and the length of a ``sep=`` line."""
    if said := _SEP.fullmatch(head.strip().lower()):
        return said[1], len(head)
    return default or max(_DELIMITERS, key=head.count), 0


def _whole_lines(blocks: Iterator[bytes]) -> Iterator[tuple[str, int]]:
    """Yield text that ends at a line end, with the number of its first line."""
    rest, line = b"", 1
    for block in blocks:
        data = rest + block if rest else block
        # A CR at the very end may be the first half of a CRLF.
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1
        if not end:
            rest = data
            if len(rest) > MAX_RECORD:
                raise BadFormat(f"a line of more than {MAX_RECORD} bytes", line)
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
    """Turns whole lines into records; an open quoted cell waits for more lines."""

    def __init__(self, url_column: str, keep: Sequence[str], delimiter: str, *, results: bool) -> None:
        self._url_column = url_column
        self._results = results
        self._keep = keep
        self._delimiter = delimiter
        self._open: list[str] = []
        self._open_line = self._size = self._retry_size = 0
        self._quoted = False  # a quote has arrived since the last look at the open row
        self._columns: _Columns | None = None

    def take(self, text: str, first_line: int) -> Records:
        """Yield the records that are complete now."""
        if self._open:
            self._open.append(text)
            self._size += len(text)
            self._quoted = self._quoted or '"' in text
            if self._size <= MAX_RECORD and not (self._quoted and self._size >= self._retry_size):
                return
            text, first_line = "".join(self._open), self._open_line
        yield from self._read(text, first_line, last=False)

    def finish(self) -> Records:
        """Yield what is left at the end of the file."""
        if self._open:
            yield from self._read("".join(self._open), self._open_line, last=True)

    def _read(self, text: str, first_line: int, *, last: bool) -> Records:
        """Read up to the end of the text, or up to a quoted cell that may end in later text.

        A cell that never ends may hide half a million rows: they are yielded in batches of `BATCH`.
        """
        records: list[Record] = []
        self._open, self._quoted = [], False
        stream = io.StringIO(text, newline="")
        reader, line = self._reader(stream), first_line
        while True:
            if len(records) >= BATCH:
                yield records
                records = []
            start, before = stream.tell(), reader.line_num
            try:
                cells = next(reader, None)
            except csv.Error as error:
                rest = len(text) - start
                if "unexpected end of data" in str(error) and not last and rest <= MAX_RECORD:
                    self._open, self._open_line, self._size = [text[start:]], line, rest
                    self._retry_size = 0 if rest < _MAX_EAGER_RETRY else rest * 5 // 4
                    break
                if self._results and "unexpected end" in str(error) and not _NEXT_RESULT.search(text, start):
                    yield records
                    raise TornRow("the last row is torn", line) from None
                # Only the line where it starts is lost: the others may be rows.
                stream.seek(start)
                self._add_faulty(records, stream.readline(), line, str(error))
                reader, line = self._reader(stream), line + 1
                continue
            if cells is None:
                break
            if any(cells):
                self._add(records, cells, line)
            line += reader.line_num - before
        if records:
            yield records

    def _reader(self, lines: Iterable[str]) -> Any:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)

    def _add(self, records: list[Record], cells: list[str], line: int) -> None:
        if self._columns is None:
            self._columns = _Columns(cells, self._url_column, self._keep, line)
        else:
            records.append(self._columns.record(cells, line))

    def _add_faulty(self, records: list[Record], text: str, line: int, error: str) -> None:
        """Add a line with invalid quotes; between tabs quotes may be data."""
        if self._delimiter == "\t":
            self._add(records, text.rstrip("\r\n").split("\t"), line)
        elif self._columns is None:
            raise BadFormat(f"the header: {_explain(error)}", line)
        else:
            # The first cell may be the URL; other cells may contain secrets.
            first = text.split(self._delimiter, maxsplit=1)[0].strip()[:SHOWN]
            shown = first if self._columns.url_is_first else "…"
            records.append(Record(line, shown, problem=_explain(error)))


def _explain(error: str) -> str:
    return "the quoted cell that starts here never ends" if "unexpected end" in error else error


class _Columns:
    """The positions of the columns.

    Attributes:
        url_is_first: the URL is in the first column.
    """

    def __init__(self, header: list[str], url_column: str, keep: Sequence[str], line: int) -> None:
        names = [name.strip() for name in header]
        lower = [canonical(name).lower() for name in names]
        self._width = len(names)

        def place(name: str) -> int | None:
            found = [at for at, known in enumerate(lower) if known == name.lower()]
            if len(found) > 1:
                raise BadFormat(f"the header has {len(found)} columns named {name!r}", line)
            return found[0] if found else None

        url = place(url_column)
        if url is None:
            raise BadFormat(f"no column is named {url_column!r} (--url-column); {_describe_header(names)}", line)
        self._url, self._name = url, names[url]
        self._keep = [(name, place(name)) for name in keep]
        for name, at in self._keep:
            if at is None:
                raise BadFormat(f"no column is named {name!r} (--keep); {_describe_header(names)}", line)
        results = is_result(lower)
        if not results and (problem := misnamed(names, exempt=(url_column, *keep))):
            raise BadFormat(problem, line)
        self.url_is_first = url == 0
        self._tag = place("tag")
        self._verdict = place("verdict") if results else None
        self._result = [(name, at) for name in _RESULT if (at := place(name)) is not None] if results else []
        self._request = [(name, at) for name in _REQUEST if (at := place(name)) is not None]
        self._expect = [(name, at) for at, name in enumerate(lower) if at != url and expectation_key(name) is not None]
        keys = [expectation_key(name) for name, _ in self._expect]
        if duplicates := [name for name, _ in self._expect if keys.count(expectation_key(name)) > 1]:
            raise BadFormat(
                f"the header has {len(duplicates)} columns {duplicates[0]!r}; a cell may contain several lines", line
            )

    def record(self, cells: list[str], line: int) -> Record:
        """The record of a row that is not empty."""
        width = len(cells)
        if width > self._width and any(cells[self._width :]):
            return Record(
                line, cells[self._url], problem=f"expected {self._width} cells, got {width}; quote the delimiter"
            )
        if width < self._width:
            cells += [""] * (self._width - width)
        record = Record(line, cells[self._url].strip(" \t\ufeff"))
        if not record.url.isprintable() and (problem := not_utf8(raw := record.url.encode("utf-8", "surrogateescape"))):
            return Record(line, lossless(raw), problem=f"{self._name}: {problem}")
        if self._keep:
            record.carried = tuple(cells[at] for _, at in self._keep if at is not None)
        if self._tag is not None:
            record.tag = cells[self._tag]
        if self._verdict is not None and cells[self._verdict] in VERDICTS:
            self._parse_result(record, cells)
        elif self._request and (said := {name: cells[at] for name, at in self._request if cells[at]}):
            try:
                record.row_request = _request(said)
            except RowProblem as problem:
                record.problem = str(problem)
        if self._expect and not record.problem:
            self._parse_expectations(record, cells)
        return record

    def _parse_expectations(self, record: Record, cells: list[str]) -> None:
        try:
            record.expect = expectations_in_cells({name: cells[at] for name, at in self._expect})
        except RowProblem as problem:
            record.problem, record.malformed = str(problem), True

    def _parse_result(self, record: Record, cells: list[str]) -> None:
        """Read a row of our own results: undo the neutralised cells; the method may be that of the run."""
        record.tag, record.url = plain_cell(record.tag), plain_cell(record.url)
        record.carried = tuple(plain_cell(cell) if isinstance(cell, str) else cell for cell in record.carried)
        try:
            record.row_request = result_of(record, {name: cells[at] for name, at in self._result})
        except RowProblem as problem:
            record.problem = str(problem)


def _describe_header(names: list[str]) -> str:
    """What the header contains; a row of data is not shown, because it may contain secrets."""
    if all(_NAME.fullmatch(name) for name in names):
        return f"the header has {', '.join(names)[:SHOWN]}"
    return "the first row must be a header"


def _request(said: dict[str, str]) -> RowRequest | None:
    row: dict[str, Any] = dict(said)
    if "json" in said:
        row["json"] = json_cell("json", said["json"], msgspec.Raw)
    return request_of(row)
