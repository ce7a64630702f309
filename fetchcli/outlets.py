"""Everywhere the outcomes of a run go: data sinks, progress and the report."""

import asyncio
import os
import stat
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from os.path import samestat
from pathlib import Path

import msgspec

from fetchcli.core.errors import OutputError, UsageError
from fetchcli.core.model import Outcome
from fetchcli.core.report import RowsKept
from fetchcli.core.schema import Schema
from fetchcli.core.settings import Settings
from fetchcli.core.summary import Summary
from fetchcli.core.template import compile_template
from fetchcli.inputs.base import STDIN, File, Input
from fetchcli.inputs.locate import columns_of
from fetchcli.messages import say
from fetchcli.sinks.base import ByteSink, Display, Sink
from fetchcli.sinks.output import STDOUT, Output
from fetchcli.sinks.registry import FORMATS, REPORTS, parse_output, renderer
from fetchcli.sinks.report import ReportSink
from fetchcli.sinks.template import TemplateSink
from fetchcli.sinks.whole import WholeOutput

RELIEF_SECONDS = 0.02
MakeSink = Callable[[ByteSink], Sink]


class Plan(msgspec.Struct, frozen=True):
    """What is written where.

    Attributes:
        data: how to make each data sink, by the name of its destination.
        reports: the destinations that are written at once, at the end.
        report: ``stdout``, ``stderr`` or empty for none.
        data_on_terminal: rows go to a terminal, where a bar would be in their way.
        annotate: a GitHub workflow is told on stderr, for nobody asked for that elsewhere.
        rows: collects the rows of all reports.
    """

    data: dict[str, MakeSink]
    reports: frozenset[str]
    report: str
    data_on_terminal: bool
    annotate: bool
    rows: RowsKept


def plan_outputs(settings: Settings, *, stdout_is_terminal: bool) -> Plan:
    """Decide what is written where; opens nothing.

    Raises:
        UsageError: a format or a template is wrong, or two outputs want the same destination.
    """
    schema = Schema(settings.reading.keep)
    rows = RowsKept(columns_of)
    specs = [parse_output(text) for text in settings.outputs]
    wanted: list[tuple[str, MakeSink]] = [(spec.path, _maker(spec.format, schema, rows)) for spec in specs]
    if settings.write_out is not None:
        wanted.append((STDOUT, partial(TemplateSink, render=compile_template(settings.write_out, schema))))
    if not wanted and (settings.quiet or not stdout_is_terminal):
        wanted.append((STDOUT, _maker("text", schema, rows)))
    places = [name if name == STDOUT else str(Path(name).absolute()) for name, _ in wanted]
    if len(set(places)) < len(places):
        twice = next(name for (name, _), place in zip(wanted, places, strict=True) if places.count(place) > 1)
        raise UsageError(f"two outputs (-o, -w) want {'stdout' if twice == STDOUT else twice}; give one a path")
    data = dict(wanted)
    to_stdout = stdout_is_terminal and STDOUT not in data
    report = "" if settings.quiet else "stdout" if to_stdout else "stderr"
    annotate = os.environ.get("GITHUB_ACTIONS") == "true" and not any(spec.format == "github" for spec in specs)
    reports = frozenset(spec.path for spec in specs if spec.format in REPORTS)
    return Plan(data, reports, report, stdout_is_terminal and STDOUT in data, annotate, rows)


def _maker(name: str, schema: Schema, rows: RowsKept) -> MakeSink:
    if name in REPORTS:
        return partial(ReportSink, render=renderer(name), rows=rows)
    return lambda output: FORMATS[name](output, schema)


class Outlets:
    """Opens every data output before the first request, and closes all of them at the end.

    Attributes:
        failed: an output could not be written to its end.
    """

    def __init__(
        self,
        plan: Plan,
        inputs: Iterable[Input],
        displays: Iterable[Display],
        stop: Callable[[str], None],
        *,
        quiet: bool = False,
    ) -> None:
        """Open the outputs.

        Raises:
            OutputError: a path cannot be written, or is one of the inputs.
            UsageError: two paths lead to one file.
        """
        self.failed = False
        self._stop = stop
        self._quiet = quiet
        self._loop = asyncio.get_running_loop()
        data = plan.data
        _refuse_inputs(data, inputs)
        self._outputs = [(WholeOutput if name in plan.reports else Output)(name, self._tell_loop) for name in data]
        if len({output.identity for output in self._outputs}) < len(self._outputs):
            raise UsageError("two outputs (-o) are the same file under different names")
        for output in self._outputs:
            output.begin()
        self._sinks = [make(output) for make, output in zip(data.values(), self._outputs, strict=True)]
        self._displays = list(displays)
        for sink in (*self._sinks, *self._displays):
            sink.open()

    def handle(self, outcome: Outcome) -> None:
        """Give an outcome to every sink."""
        for sink in self._sinks:
            sink.handle(outcome)
        for display in self._displays:
            display.handle(outcome)

    def announce(self, message: str) -> None:
        """Say something while the run goes on, by whatever shows its progress."""
        for display in self._displays:
            if display.announce(message):
                return
        if not self._quiet:
            say(message)

    @property
    def congested(self) -> bool:
        """A destination does not keep up."""
        return any(output.congested for output in self._outputs) or any(display.congested for display in self._displays)

    async def relieved(self) -> None:
        """Wait until every destination has caught up."""
        while self.congested:  # noqa: ASYNC110 - polled only while a destination is stuck
            await asyncio.sleep(RELIEF_SECONDS)

    def close(self, summary: Summary) -> None:
        """Complete and close everything; blocks as long as the destinations do."""
        with ExitStack() as stack:  # each is closed, whatever becomes of the others
            for output in self._outputs:
                stack.callback(output.close)
            for sink in self._sinks:
                stack.callback(sink.close, summary)
        # Nobody waits for a report whose reader has left (`| head -1`).
        left = any(output.broken_pipe for output in self._outputs)
        for display in self._displays:
            display.close(Summary() if left else summary)

    def _tell_loop(self, output: Output) -> None:
        """Called by the output's thread."""
        self._loop.call_soon_threadsafe(self._note, output)

    def _note(self, output: Output) -> None:
        """Say a failure once; stop when its reader is gone, or when nothing is left to write to."""
        self.failed = True
        if not output.broken_pipe:
            say(f"cannot write {output.failure}")
        if output.broken_pipe or all(other.failure for other in self._outputs):
            self._stop("nothing could be written any more")


def _refuse_inputs(data: Iterable[str], inputs: Iterable[Input]) -> None:
    """An output is emptied when it is opened: not one that is still to be read."""
    if STDOUT in data and sys.stdout is None:
        raise OutputError("stdout is closed")
    read = [_status(source.name) for source in inputs if isinstance(source, File)]
    for name in data:
        written = None if name == STDOUT else _status(name)
        if written and stat.S_ISREG(written.st_mode) and any(other and samestat(written, other) for other in read):
            raise OutputError(f"{name}: is also an input (or the baseline); write somewhere else")


def _status(name: str) -> os.stat_result | None:
    try:
        return os.fstat(0) if name == STDIN else Path(name).stat()
    except (OSError, ValueError):
        return None  # whoever opens it says why
