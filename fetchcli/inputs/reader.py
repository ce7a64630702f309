"""Read inputs as numbered rows: every record becomes a `Target` or a `Rejected`."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from fetchcli.core.errors import ErrorKind, InputError, InvalidUrl, UsageError
from fetchcli.core.model.policy import Policy
from fetchcli.core.model.row_network import row_network
from fetchcli.core.model.target import Rejected, Row, Target
from fetchcli.core.request.multipart import form_files
from fetchcli.core.request.request import RequestOptions
from fetchcli.core.request.row_request import RequestMerger, RowProblem, RowRequest
from fetchcli.core.rows.key import plain_key
from fetchcli.core.settings import Reading
from fetchcli.core.url.globbing import expand, parse_glob
from fetchcli.core.url.parse import HttpUrl, mask_credentials
from fetchcli.inputs.base import BLOCK, STDIN, File, Input
from fetchcli.inputs.completeness import Completeness
from fetchcli.inputs.expect import ExpectationParser
from fetchcli.inputs.formats import SITEMAP, read_records
from fetchcli.inputs.lines import MAX_LINE, argument_record
from fetchcli.inputs.named_hosts import NamedHosts, came_from_web
from fetchcli.inputs.record import BadFormat, Record
from fetchcli.inputs.results import TornRow
from fetchcli.inputs.row_url import url_parser
from fetchcli.inputs.select import chosen, excluded, select
from fetchcli.inputs.sharding import Sharding

NameRows = Callable[[Iterator[list[Row]]], Iterator[list[Row]]]
Load = Callable[[HttpUrl, bool], bytes]
GLOB_BATCH = 1000  # rows of one record in a batch
MAX_NESTED = 5  # maximum depth of nested sitemaps


class RowReader:
    """Reads inputs one after another.

    Args:
        inputs: what to read, in order.
        reading: how to read it.
        policy: the request and the expectations of the run, which rows override.
        load: fetches a sitemap, given whether the user named its host; may block; raises InputError.
        round: number of the round.

    Attributes:
        errors: errors of inputs that could not be read to their end; the other inputs are read.
        warnings: what results files lack because their run was cut off.
        is_written: whether the run writes to a file; no row may send it.
        named: gives rows the names of the files that their bodies are saved in.
        is_done: whether the row with this number and key is done; it is left out then. None to look at every row.
        sharding: takes a part of what was selected; None for all of it.
        filtered_out: number of rows that the selection left out because of their content.
    """

    def __init__(
        self,
        inputs: Iterable[Input],
        reading: Reading | None = None,
        policy: Policy | None = None,
        load: Load | None = None,
        *,
        round: int = 1,  # noqa: A002 - the name of the column
    ) -> None:
        self._inputs = inputs
        self.is_written: Callable[[str], bool] = lambda _: False
        self.named: NameRows = iter
        self.is_done: Callable[[int, int], bool] | None = None
        self.sharding: Sharding | None = None
        self._reading = reading or Reading()
        self._load, self._parse_url = load, url_parser(self._reading.base_url, self._reading.url_query)
        policy = policy or Policy()
        self._named = NamedHosts(inputs, self._reading, policy)
        self._fetched = False  # the list that is being read comes from the web
        self._network = policy.network
        self._merge_request = RequestMerger(policy.request, self._reading.expand or str)
        self._parse_expectations, self._round = ExpectationParser(policy.checks), round
        # Most lists need only one look at each row.
        self._fast_path = not (self._reading.glob or self._reading.selection.filters_content)
        self._seq = 0
        self._loaded: set[str] = set()
        self._completeness = Completeness()
        self.errors: list[InputError] = []
        self.warnings: list[str] = []
        self.filtered_out = 0

    def batches(self) -> Iterator[list[Row]]:
        """Yield the rows of every block as soon as it was read."""
        rows = self._rows()
        if self._reading.strict:
            rows = self._until_invalid(rows)
        divide = iter if self.sharding is None else self.sharding.rows
        return self.named(select(rows, self._reading.selection, divide))

    def row(self, record: Record) -> Row:
        """The next row, from a record that is in no file."""
        return self._next(record, "", "")

    def _rows(self) -> Iterator[list[Row]]:
        for source in self._inputs:
            try:
                if isinstance(source, File) and self._reading.of_results:
                    yield from self._read_results(source)
                elif isinstance(source, File):
                    yield from self._read_list(source.blocks(), source.name, self._reading, 0)
                elif self._reading.format == SITEMAP.name:
                    yield from self._sitemap(argument_record(source.text), "", 0)
                else:
                    yield from self._expanded([argument_record(source.text)], "", "")
            except InputError as error:
                self.errors.append(error)

    def _until_invalid(self, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
        """Yield rows up to the first invalid one."""
        for batch in batches:
            for number, row in enumerate(batch, 1):
                if isinstance(row, Rejected):
                    yield batch[:number]
                    self.errors.append(InputError(f"{row.message}; the rest was not read (--strict-input)"))
                    return
            yield batch

    def _read_results(self, source: File) -> Iterator[list[Row]]:
        """Read a results file, up to a torn last row, and notice what it lacks."""
        shown = "stdin" if source.name == STDIN else source.name
        self._completeness = Completeness()
        try:
            yield from self._read_list(source.blocks(), source.name, self._reading, 0)
            is_torn = False
        except TornRow as torn:
            is_torn = True
            self.warnings.append(f"{shown}:{torn.line}: {torn.reason}; the rows before it were read")
        if warning := self._completeness.warning(torn=is_torn):
            self.warnings.append(f"{shown}: {warning}{self._completeness.remedy(source.name)}")

    def _read_list(self, blocks: Iterator[bytes], name: str, reading: Reading, depth: int) -> Iterator[list[Row]]:
        try:
            input_format, batches = read_records(blocks, name, reading)
            column = self._reading.url_column if input_format.has_columns else ""
            for records in batches:
                if input_format is SITEMAP and any(record.sitemap for record in records):
                    for record in records:
                        yield from self._sitemap(record, name, depth + 1)
                else:
                    yield from self._expanded(records, name, column)
        except TornRow:
            raise
        except BadFormat as error:
            shown = "stdin" if name == "-" else mask_credentials(name)
            if error.line:
                raise InputError(f"{shown}:{error.line}: {error.reason}; the rest was not read") from None
            raise InputError(f"{shown}: {error.reason}") from None

    def _sitemap(self, record: Record, source: str, depth: int) -> Iterator[list[Row]]:
        """Fetch a sitemap and yield its rows; a failure is recorded and the others are read."""
        row = self._build(record, source, "")
        if isinstance(row, Rejected):
            self._seq += 1
            yield [row]
            return
        if row.text in self._loaded:
            return
        self._loaded.add(row.text)
        outer = self._fetched
        if not outer:
            self._named.add(row.url)
        try:
            if depth > MAX_NESTED:
                raise InputError(f"{row.text}: sitemaps nested more than {MAX_NESTED} deep")
            if self._load is None:
                raise InputError(f"{row.text}: not fetched (--dry-run and --print-curl fetch nothing)")
            body = self._load(row.url, row.request is not self._named.unnamed_request)
            blocks = (body[start : start + BLOCK] for start in range(0, len(body), BLOCK))
            # A list from the web may contain only URLs: no methods, headers or local files.
            self._fetched = True
            yield from self._read_list(blocks, row.text, Reading(format=SITEMAP.name), depth)
        except InputError as error:
            self.errors.append(error)
        finally:
            self._fetched = outer

    def _expanded(self, records: list[Record], source: str, column: str) -> Iterator[list[Row]]:
        """Yield the rows of records: one each, or those of its glob."""
        if self._fast_path:
            yield [self._next(record, source, column) for record in records if not self._is_done(record)]
            return
        rows: list[Row] = []
        for record in records:
            if self._reading.of_results and self._was_accepted(record):
                continue
            if not self._reading.glob or record.problem or len(record.url) > MAX_LINE:
                self._add(rows, record, source, column)
            else:
                for url in self._urls(record):
                    single = Record(
                        record.line,
                        url,
                        record.row_request,
                        record.tag,
                        record.carried,
                        record.problem,
                        expect=record.expect,
                    )
                    self._add(rows, single, source, column)
                    if len(rows) >= GLOB_BATCH:
                        yield rows
                        rows = []
        if rows:
            yield rows

    def _is_done(self, record: Record) -> bool:
        """Whether a row is done. A text with the key of a done row is the URL of that row, so it is not parsed."""
        url, plain = record.url, record.row_request is None and not (record.problem or record.expect)
        if self.is_done is None or not plain or "@" in url or self._named.tracked:
            return False
        done = self.is_done(self._seq + 1, plain_key(self._merge_request.base.method, url))
        self._seq += done
        return done

    def _was_accepted(self, record: Record) -> bool:
        """Note a row of a results file; whether it is left out."""
        self._completeness.note(record)
        if record.problem:
            return False
        if record.accepted is None:
            raise BadFormat("--only-failed requires a results file; this row has no verdict", record.line)
        self.filtered_out += record.accepted
        return record.accepted

    def _next(self, record: Record, source: str, column: str) -> Row:
        row = self._build(record, source, column)
        self._seq += 1
        return row

    def _urls(self, record: Record) -> Iterator[str]:
        try:
            yield from expand(parse_glob(record.url))
        except UsageError as error:
            record.problem = str(error)
            yield record.url

    def _add(self, rows: list[Row], record: Record, source: str, column: str) -> None:
        row = self._build(record, source, column)
        selection = self._reading.selection
        leave_out = False
        if selection.filters_content:
            try:
                leave_out = (
                    excluded(record.url, selection) if isinstance(row, Rejected) else not chosen(row.text, selection)
                )
            except TimeoutError:
                record.problem = "a pattern of --include or --exclude takes too long for this URL"
                row = self._build(record, source, column)
        if leave_out:
            self.filtered_out += 1
        else:
            self._seq += 1
            rows.append(row)

    def _build(self, record: Record, source: str, column: str) -> Row:
        """Build the next row from a record."""
        seq, line, row_request = self._seq + 1, record.line, record.row_request
        tag, carried, problem, url = record.tag, record.carried, record.problem, record.url
        kind = (
            ErrorKind.INVALID_ROW if column else ErrorKind.INVALID_URL
        )  # in a list of lines only the URL can be invalid
        try:
            if not problem:
                request = self._merge_request.base if row_request is None else self._request(row_request)
                network = None if row_request is None else row_network(row_request, self._network)
                expect = self._parse_expectations(record.expect) if record.expect else None
                parsed = self._parse_url(url)
                if self._fetched or came_from_web(record):
                    request, parsed = self._named.fetched(request, parsed)
                elif self._named.tracked:
                    self._named.add(parsed)
                return Target(
                    seq, parsed, source, line, request, row_request, tag, carried, expect, self._round, network
                )
        except InvalidUrl as error:
            problem, kind = f"{column}: {error}" if column else str(error), ErrorKind.INVALID_URL
        except RowProblem as error:
            problem = str(error)
        text = mask_credentials(url[:MAX_LINE])
        if self._fetched:
            text, problem = self._named.redact(text), self._named.redact(problem)
        return Rejected(seq, text, problem, source, line, row_request, tag, carried, None, self._round, kind)

    def _request(self, row_request: RowRequest) -> RequestOptions:
        if row_request.body_file is not None:
            self._require_readable("body_file", row_request.body_file)
        for path in form_files(row_request.form):
            self._require_readable("--form", path)
        return self._merge_request(row_request)

    def _require_readable(self, where: str, path: str) -> None:
        if not (Path(path).is_file() and os.access(path, os.R_OK)):
            raise RowProblem(where, f"expected a file that can be read, got {path!r}")
        if self.is_written(path):
            raise RowProblem(where, f"{path!r} is also written by the run")
