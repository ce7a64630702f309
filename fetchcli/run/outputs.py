"""The outputs of a run: data sinks and displays."""

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
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.report.data import OutcomeBuffer
from fetchcli.core.revalidation.unchanged import is_unchanged
from fetchcli.core.rows.schema import Schema
from fetchcli.core.rows.template import compile_template
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.inputs.base import STDIN
from fetchcli.inputs.locate import columns_of
from fetchcli.messages import print_message
from fetchcli.sinks.atomic_output import AtomicOutput
from fetchcli.sinks.base import Display, Sink
from fetchcli.sinks.formats import BY_NAME, STDOUT, OutputFormat, parse_output
from fetchcli.sinks.output import Output
from fetchcli.sinks.replacing_output import ReplacingOutput
from fetchcli.sinks.template import TemplateSink

RELIEF_SECONDS = 0.02
MakeSink = Callable[[Output], Sink]


class OutputPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is written where.

    Attributes:
        data: makes each data sink, by the name of its destination.
        reports: destinations that are written once, at the end.
        report: where the summary goes: ``stdout``, ``stderr``, or empty for nowhere.
        data_on_terminal: rows go to a terminal, where a bar would be in their way.
        annotate: write annotations to stderr, because a GitHub workflow runs and no output does it.
        rows: the outcome buffer that all reports share.
        replaced: a file that was read whole before; an output may take its place. Or empty.
        only_changed: rows whose body is the earlier one are left out.
    """

    data: dict[str, MakeSink]
    reports: frozenset[str]
    report: str
    data_on_terminal: bool
    annotate: bool
    rows: OutcomeBuffer
    replaced: str = ""
    only_changed: bool = False


def plan_outputs(settings: Settings, *, stdout_is_terminal: bool, bodies: MakeSink | None = None) -> OutputPlan:
    """Decide what is written where, without opening anything.

    Args:
        settings: the settings of the run.
        stdout_is_terminal: stdout is a terminal.
        bodies: makes the sink of bodies that go to stdout, or None.

    Raises:
        UsageError: a format or a template is wrong, or two outputs have the same destination.
    """
    schema = _schema(settings)
    rows = OutcomeBuffer(columns_of)
    specs = [parse_output(text) for text in settings.outputs]
    _refuse_partial(settings, [spec.path for spec in specs])
    wanted: list[tuple[str, MakeSink]] = [(spec.path, _sink_factory(spec.format, schema, rows)) for spec in specs]
    if settings.write_out is not None:
        wanted.append((STDOUT, partial(TemplateSink, render=compile_template(settings.write_out, schema))))
    if bodies is not None:
        wanted.append((STDOUT, bodies))
    if not wanted and (settings.quiet or not stdout_is_terminal):
        wanted.append((STDOUT, _sink_factory(BY_NAME["text"], schema, rows)))
    _refuse_shared([name for name, _ in wanted])
    data = dict(wanted)
    to_stdout = stdout_is_terminal and STDOUT not in data
    report = "" if settings.quiet else "stdout" if to_stdout else "stderr"
    annotate = os.environ.get("GITHUB_ACTIONS") == "true" and not any(spec.format.name == "github" for spec in specs)
    reports = frozenset(spec.path for spec in specs if not spec.format.streamed)
    return OutputPlan(
        data=data,
        reports=reports,
        report=report,
        data_on_terminal=stdout_is_terminal and STDOUT in data,
        annotate=annotate,
        rows=rows,
        replaced=settings.revalidate or "",
        only_changed=settings.only_changed,
    )


def _refuse_partial(settings: Settings, paths: list[str]) -> None:
    """Refuse to replace a results file by a part of it."""
    if settings.only_changed and any(_is_same(path, settings.revalidate or "") for path in paths):
        raise UsageError(
            f"--only-changed would drop the other rows of {settings.revalidate}, which the next --revalidate needs; "
            "write to another file"
        )


def _refuse_shared(names: list[str]) -> None:
    """Refuse two outputs with one destination."""
    places = [name if name == STDOUT else str(Path(name).absolute()) for name in names]
    shared = next((name for name, place in zip(names, places, strict=True) if places.count(place) > 1), None)
    if shared is not None:
        where, remedy = ("stdout", "a path") if shared == STDOUT else (shared, "another path")
        raise UsageError(f"two outputs (-o, -w, --save) write to {where}; give one of them {remedy}")


def _schema(settings: Settings) -> Schema:
    return Schema(
        settings.reading.keep_as or settings.reading.keep,
        more=settings.more_columns,
        columns=settings.columns,
        csv_raw=settings.csv_raw,
    )


def _sink_factory(wanted: OutputFormat, schema: Schema, rows: OutcomeBuffer) -> MakeSink:
    if wanted.streamed:
        return lambda output: wanted.load()(output, schema)
    from fetchcli.sinks.reports.sink import ReportSink

    return partial(ReportSink, render=wanted.load(), rows=rows)


class Outputs:
    """Opens every data output before the first request, and closes them all at the end.

    Attributes:
        failed: an output could not be written to its end.
    """

    def __init__(
        self,
        plan: OutputPlan,
        read: Iterable[str],
        displays: Iterable[Display],
        stop: Callable[[str], None],
        *,
        quiet: bool = False,
    ) -> None:
        """Open the outputs.

        Args:
            plan: what is written where.
            read: the files that the run reads, ``-`` for stdin.
            displays: progress and summary.
            stop: stops the run.
            quiet: show no messages during the run.

        Raises:
            OutputError: a path cannot be written, or is one that the run reads.
            UsageError: two paths lead to the same file.
        """
        self.failed = False
        self._stop = stop
        self._quiet, self._only_changed = quiet, plan.only_changed
        self._loop = asyncio.get_running_loop()
        data = plan.data
        _refuse_inputs(data, read)
        self._outputs = [_output_class(name, plan)(name, self._tell_loop) for name in data]
        if len({output.identity for output in self._outputs}) < len(self._outputs):
            raise UsageError("two outputs (-o) are the same file under different names")
        for output in self._outputs:
            output.lock()
        for output in self._outputs:
            output.begin()
        self._sinks = [make(output) for make, output in zip(data.values(), self._outputs, strict=True)]
        self._displays = list(displays)
        for sink in (*self._sinks, *self._displays):
            sink.open()

    def handle(self, outcome: Outcome) -> None:
        """Hand an outcome to every sink."""
        if not (self._only_changed and is_unchanged(outcome)):
            for sink in self._sinks:
                sink.handle(outcome)
        for display in self._displays:
            display.handle(outcome)

    def announce(self, message: str) -> None:
        """Show a message during the run, above the progress bar if there is one."""
        for display in self._displays:
            if display.announce(message):
                return
        if not self._quiet:
            print_message(message)

    @property
    def congested(self) -> bool:
        """Whether a destination does not keep up."""
        return any(output.congested for output in self._outputs) or any(display.congested for display in self._displays)

    async def wait_until_drained(self) -> None:
        """Wait until every destination has caught up."""
        while self.congested:  # noqa: ASYNC110 - polled only while a destination is stuck
            await asyncio.sleep(RELIEF_SECONDS)

    def close(self, summary: Summary, *, complete: bool = True) -> None:
        """Complete and close everything; blocks as long as the destinations do.

        Args:
            summary: what is shown.
            complete: every row was read and has its outcome.
        """
        for output in self._outputs:
            output.complete = complete
        with ExitStack() as stack:  # each one is closed, whatever happens to the others
            for output in self._outputs:
                stack.callback(output.close)
            for sink in self._sinks:
                stack.callback(sink.close, summary)
        # Nobody waits for a summary whose reader has left (`| head -1`).
        reader_gone = any(output.broken_pipe for output in self._outputs)
        for display in self._displays:
            display.close(Summary() if reader_gone else summary)

    def _tell_loop(self, output: Output) -> None:
        """Called by the thread of an output."""
        self._loop.call_soon_threadsafe(self._record_failure, output)

    def _record_failure(self, output: Output) -> None:
        """Report a failure once; stop if the reader is gone or no output is left."""
        self.failed = True
        if not output.broken_pipe:
            print_message(f"cannot write {output.failure}")
        if output.broken_pipe or all(other.failure for other in self._outputs):
            self._stop("no output can be written")


def _output_class(name: str, plan: OutputPlan) -> type[Output]:
    """How a destination is written."""
    if name in plan.reports:
        return AtomicOutput
    return ReplacingOutput if plan.replaced and name != STDOUT and _is_same(name, plan.replaced) else Output


def _is_same(name: str, other: str) -> bool:
    one, two = _status(name), _status(other)
    return one is not None and two is not None and samestat(one, two)


def stdout_is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def is_written(plan: OutputPlan, path: str) -> bool:
    """Recognise an output of the run, the shell's redirections included."""
    status = _status(path)
    return status is not None and any(samestat(status, written) for written in _written(plan.data).values() if written)


def _written(data: Iterable[str]) -> dict[str, os.stat_result | None]:
    """The outputs by name, stdout and stderr as the shell has redirected them; None for what does not exist yet."""
    written = {name: _status(name) for name in data if name != STDOUT}
    return written | {"stdout": os.fstat(1), "stderr": os.fstat(2)}


def _refuse_inputs(data: Iterable[str], read: Iterable[str]) -> None:
    """Refuse to write what the run reads: it would be emptied, or be read and written without end.

    Stdout and stderr are looked at as the shell has redirected them (``fetchcli list >> list``).
    """
    if STDOUT in data and sys.stdout is None:
        raise OutputError("stdout is closed")
    read_files = [(name, status) for name in read if (status := _status(name)) and stat.S_ISREG(status.st_mode)]
    for name, status in _written(data).items():
        for read_name, read_status in read_files:
            if status and samestat(status, read_status):
                same = f" ({read_name})" if read_name not in (name, STDIN) else ""
                raise OutputError(f"{name}: is also read by the run{same}; write to another file")


def _status(name: str) -> os.stat_result | None:
    try:
        return os.fstat(0) if name == STDIN else Path(name).stat()
    except (OSError, ValueError):
        return None  # opening it reports the error
