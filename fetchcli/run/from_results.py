"""``--from-results``: the rows of results files instead of fetching, for reports, merging and conversion."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from fetchcli.core.errors import ExitCode, UsageError
from fetchcli.core.journal.latest import MAX_SEQ, LatestRows
from fetchcli.core.journal.rejudge import judged_kinds, rejudged, require_columns
from fetchcli.core.journal.shape import Shape
from fetchcli.core.journal.span import Span
from fetchcli.core.journal.stored_row import StoredRow
from fetchcli.core.journal.tally import RowTally
from fetchcli.core.model.policy import Policy
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.core.url.parse import mask_credentials
from fetchcli.inputs.base import File
from fetchcli.inputs.results_file import ResultsFile
from fetchcli.inputs.spool import Spooled, rereadable
from fetchcli.messages import print_message
from fetchcli.run.comparison import deciding_code, final_code
from fetchcli.run.displays import make_displays
from fetchcli.run.inputs import PARQUET, parquet_file
from fetchcli.run.merged_parts import MergedParts
from fetchcli.run.output_plan import OutputPlan, plan_outputs, schema_of
from fetchcli.run.outputs import Outputs, stdout_is_terminal
from fetchcli.run.signals import Interrupt
from fetchcli.sinks.formats import is_address, parse_output

if TYPE_CHECKING:
    from fetchcli.core.baseline.compare import Comparison


MAX_SHOWN = 100  # rows that a display may show


class Results(Protocol):
    """The results of a run; they can be read several times.

    Attributes:
        name: for messages.
        torn: why the last row was left out, or empty; known once the rows have been read.
        warning: what else the rows lack, or empty.
    """

    name: str
    torn: str
    warning: str

    def check(self) -> None:
        """Refuse what cannot be read; raises InputError."""

    def columns(self) -> list[str]:
        """The names of the columns; raises InputError."""

    def rows(self, shape: Shape) -> Iterator[list[StoredRow]]:
        """Yield the rows in batches; raises InputError."""


async def run_from_results(settings: Settings, comparison: "Comparison | None") -> ExitCode:
    """Take the rows of results files through the summary, thresholds, the baseline, reports and outputs.

    Raises:
        FetchcliError: a file cannot be read, or an output not be written.
    """
    with ExitStack() as stack:
        sources = open_results(settings.inputs, stack)
        names = [name for source in sources for name in source.columns()]
        require_columns(settings.policy.checks, names)
        shape = Shape(names)
        schema = schema_of(settings, carried=shape.carried, more=shape.more)
        plan = plan_outputs(settings, stdout_is_terminal=stdout_is_terminal(), schema=schema)
        makes_outcomes, parts = _needs_outcomes(settings, plan), MergedParts(settings.inputs)
        if not makes_outcomes:
            shape = Shape()
        latest = _latest_rows(sources)
        summary, stopped = Summary(settings.thresholds), asyncio.Event()
        outputs = Outputs(
            plan,
            [*settings.inputs, *settings.read],
            make_displays(settings, plan, None),
            lambda _: stopped.set(),
            quiet=settings.quiet,
        )
        judge = settings.policy if judged_kinds(settings.policy) else None
        merge = Merge(summary, comparison, outputs, judge, makes_outcomes=makes_outcomes)
        with Interrupt(lambda _: stopped.set()) as interrupt:
            try:
                await merge.run(sources, shape, latest, stopped)
            finally:
                await asyncio.to_thread(outputs.close, summary, complete=not stopped.is_set())
        missing = [] if stopped.is_set() else parts.missing(zip(settings.inputs, sources, strict=True))
        _report(sources, latest, missing)
        if interrupt.code is not None:
            print_message(f"interrupted after {summary.total:,} rows")
            return interrupt.code
        is_whole = not (_report_empty(settings, summary) or missing or any(source.torn for source in sources))
        code = deciding_code(settings, summary, comparison)
        return final_code(settings, code, written=not outputs.failed, is_whole=is_whole)


def open_results(names: tuple[str, ...], stack: ExitStack) -> list[Results]:
    """The results that were named.

    Raises:
        InputError: one of them cannot be read.
    """
    found: list[Results] = []
    for name in names:
        source = _opened(name)
        if isinstance(source, Spooled):
            stack.callback(source.kept.close)
        results: Results = ResultsFile(source) if isinstance(source, File) else source
        results.check()
        found.append(results)
    return found


def _opened(name: str) -> "File | Results":
    if "://" in name and not is_address(name):
        raise UsageError(f"{mask_credentials(name)}: --from-results reads files and databases, not URLs")
    try:
        spec = parse_output(name)
    except UsageError:  # a name without an extension
        spec = None
    if spec is not None and spec.format.in_tables:
        from fetchcli.stores.table_results import TableResults

        return TableResults(spec.format.load()(spec.path, readonly=True), spec.table)
    if name.lower().endswith(PARQUET):
        return parquet_file(name)
    source = rereadable(File(name))
    assert isinstance(source, File), "a file stays a file"  # noqa: S101
    return source


def _needs_outcomes(settings: Settings, plan: OutputPlan) -> bool:
    """Whether anything but the summary looks at rows."""
    return bool(plan.data or plan.annotate or settings.baseline or judged_kinds(settings.policy))


def _latest_rows(sources: list[Results]) -> LatestRows:
    """What tells the last of several rows for one place."""
    latest, shape = LatestRows(), Shape()
    if not _may_repeat(sources):
        return latest
    rows = (row for source in sources for batch in source.rows(shape) for row in batch)
    for number, row in enumerate(rows, 1):
        latest.note(row, number)
    return latest


def _may_repeat(sources: list[Results]) -> bool:
    """Whether two rows may have one number; looking at the numbers alone is several times faster than at rows."""
    seen = bytearray()
    try:
        for number in _numbers(sources):
            if not 0 < number <= MAX_SEQ:
                return True
            if number >= len(seen):
                seen.extend(bytes(number + 1))
            if seen[number]:
                return True
            seen[number] = 1
    except (ValueError, IndexError):
        return True
    return False


def _numbers(sources: list[Results]) -> Iterator[int]:
    """The numbers of all rows; raises ValueError if they are not known without decoding the rows."""
    for source in sources:
        if not isinstance(source, ResultsFile):
            raise ValueError(source.name)
        for numbers in source.numbers():
            yield from numbers


class Merge:
    """Takes the rows of several results to the summary and the outputs.

    Args:
        summary: counts the outcomes.
        comparison: comparison with an earlier run, or None.
        outputs: where the rows go.
        judge: the policy by which the rows are judged again, or None.
        makes_outcomes: something but the summary looks at all rows.
    """

    def __init__(
        self,
        summary: Summary,
        comparison: "Comparison | None",
        outputs: Outputs,
        judge: Policy | None = None,
        *,
        makes_outcomes: bool = True,
    ) -> None:
        self._summary, self._comparison, self._outputs = summary, comparison, outputs
        self._span, self._makes_outcomes, self._judge = Span(), makes_outcomes, judge
        self._tally, self._number = RowTally(summary), 0

    async def run(self, sources: list[Results], shape: Shape, latest: LatestRows, stopped: asyncio.Event) -> None:
        """Take every row that no later one replaces."""
        for source in sources:
            await self.take(source, shape, latest, stopped)
            if stopped.is_set():
                return
        self._summary.elapsed = self._span.seconds
        if self._comparison is not None:
            self._summary.changes = self._comparison.finish(whole=True)

    async def take(self, source: Results, shape: Shape, latest: LatestRows, stopped: asyncio.Event) -> None:
        """Take the rows of one file."""
        for batch in source.rows(shape):
            for row in batch:
                self._number += 1
                if latest.is_last(row, self._number):
                    self._span.add(row)
                    if self._makes_outcomes or self._number <= MAX_SHOWN:
                        self._add(row, shape)
                    else:
                        self._tally.add(row)
            await asyncio.sleep(0)
            if self._outputs.congested:
                await self._outputs.wait_until_drained()
            if stopped.is_set():
                return

    def _add(self, row: StoredRow, shape: Shape) -> None:
        outcome = shape.outcome(row)
        if self._judge is not None:
            outcome = rejudged(outcome, self._judge)
        self._summary.add(outcome)
        if self._comparison is not None:
            self._comparison.add(outcome)
        self._outputs.handle(outcome)


def _report(sources: list[Results], latest: LatestRows, missing: list[str]) -> None:
    for source in sources:
        if source.torn:
            print_message(f"{source.name}:{source.torn}; the rows before it were read")
        if source.warning:
            print_message(f"{source.name}: {source.warning}")
    if latest.replaced:
        rows = "1 row was" if latest.replaced == 1 else f"{latest.replaced:,} rows were"
        print_message(f"{rows} left out, because a later row has the same place and key")
    for message in missing:
        print_message(message)


def _report_empty(settings: Settings, summary: Summary) -> bool:
    """Say that there was no row; return whether that is wrong."""
    is_empty = not (summary.total or settings.allow_empty)
    if is_empty:
        print_message("the results contain no row (--allow-empty accepts that)")
    return is_empty
