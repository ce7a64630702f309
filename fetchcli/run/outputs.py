"""The outputs of a run: data sinks and displays."""

import asyncio
import os
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from os.path import samestat
from typing import TYPE_CHECKING, cast

from fetchcli.core.errors import FetchcliError, OutputError, UsageError
from fetchcli.core.model.outcome import Outcome
from fetchcli.core.object_url import is_object_url
from fetchcli.core.revalidation.unchanged import is_unchanged
from fetchcli.core.summary.summary import Summary
from fetchcli.inputs.base import STDIN
from fetchcli.messages import print_message
from fetchcli.run.file_status import file_status, is_same
from fetchcli.run.output_plan import MakeSink, OnFailure, OutputPlan
from fetchcli.sinks.appending_output import AppendingOutput
from fetchcli.sinks.atomic_output import AtomicOutput
from fetchcli.sinks.base import DataOutput, Display, LineSink, Sink
from fetchcli.sinks.formats import STDOUT
from fetchcli.sinks.output import Output
from fetchcli.sinks.replacing_output import ReplacingOutput

if TYPE_CHECKING:
    from fetchcli.run.resume import EarlierRun

RELIEF_SECONDS = 0.02


class Outputs:
    """Opens every data output before the first request, and closes them all at the end.

    Attributes:
        failed: an output could not be written to its end.
    """

    def __init__(  # noqa: PLR0913 - where rows come from and go
        self,
        plan: OutputPlan,
        read: Iterable[str],
        displays: Iterable[Display],
        stop: Callable[[str], None],
        *,
        quiet: bool = False,
        earlier_run: "EarlierRun | None" = None,
    ) -> None:
        """Open the outputs.

        Args:
            plan: what is written where.
            read: the files that the run reads, ``-`` for stdin.
            displays: progress and summary.
            stop: stops the run.
            quiet: show no messages during the run.
            earlier_run: what the outputs hold of an earlier run, if this one goes on with it.

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
        self._outputs: list[DataOutput] = [_open(name, plan, self._tell_loop) for name in data]
        if len({output.identity for output in self._outputs}) < len(self._outputs):
            raise UsageError("two outputs (-o) are the same file under different names")
        for output in self._outputs:
            output.lock()
        self._displays, self._earlier_run = list(displays), earlier_run
        self._sinks: dict[str, Sink] = {}
        self._journals = set(plan.journals) if plan.resumes else set()
        self._begin(data, earlier_run)
        self._live = [sink for name, sink in self._sinks.items() if not (plan.resumes and name in plan.late)]

    def _begin(self, data: Mapping[str, MakeSink], earlier_run: "EarlierRun | None") -> None:
        """Start writing, behind what an earlier run has written if this one goes on with it."""
        if earlier_run is not None:
            earlier_run.prepare(self._outputs)
        for output in self._outputs:
            output.begin()
        self._sinks = {name: make(output) for (name, make), output in zip(data.items(), self._outputs, strict=True)}
        for name, sink in self._sinks.items():
            if earlier_run is None or not earlier_run.is_continued(name):
                sink.open()
        for display in self._displays:
            display.open()
        if earlier_run is not None:
            earlier_run.fill(self._sinks, self._wait)

    def handle(self, outcome: Outcome) -> None:
        """Hand an outcome to every sink."""
        if not (self._only_changed and is_unchanged(outcome)):
            for sink in self._live:
                sink.handle(outcome)
        for display in self._displays:
            display.handle(outcome)

    @property
    def takes_lines(self) -> bool:
        """Whether accepted rows may come as lines now: nobody looks at their outcomes, and all keep up."""
        return not self.congested and not any(display.wants_accepted for display in self._displays)

    def write_line(self, line: bytes) -> None:
        """Write the line of an accepted row to the only output."""
        for sink in self._live:
            cast("LineSink", sink).write_line(line)

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
        for output in self._outputs:  # asked for every row, so without a generator
            if output.congested:
                return True
        return any(display.congested for display in self._displays) if self._displays else False

    async def wait_until_drained(self) -> None:
        """Wait until every destination has caught up."""
        while self.congested:  # noqa: ASYNC110 - polled only while a destination is stuck
            await asyncio.sleep(RELIEF_SECONDS)

    def close(self, summary: Summary, *, complete: bool = True, crashed: bool = False) -> None:
        """Complete and close everything; blocks as long as the destinations do.

        Args:
            summary: what is shown.
            complete: every row was read and has its outcome.
            crashed: an exception ends the run.
        """
        for output in self._outputs:
            output.complete, output.crashed = complete, crashed
        if self._earlier_run is not None:
            self._close(summary, self._journals)
            self._settle(self._earlier_run, complete=complete)
        self._close(summary, self._sinks.keys() - self._journals)
        # Nobody waits for a summary whose reader has left (`| head -1`).
        for display in self._displays:
            display.close(Summary() if self.reader_gone else summary)

    @property
    def reader_gone(self) -> bool:
        """Whether the reader of a pipe has left."""
        return any(output.broken_pipe for output in self._outputs)

    def _close(self, summary: Summary, names: Collection[str]) -> None:
        with ExitStack() as stack:  # each one is closed, whatever happens to the others
            for output in self._outputs:
                if output.name in names:
                    stack.callback(output.close)
            for name in names:
                stack.callback(self._sinks[name].close, summary)

    def _settle(self, earlier_run: "EarlierRun", *, complete: bool) -> None:
        """Complete what goes on; a journal that could not be written is left as it is."""
        late = [sink for sink in self._sinks.values() if sink not in self._live]
        failed = [output.name for output in self._outputs if output.name in self._journals and output.failure]
        try:
            earlier_run.settle(late, self._wait, failed, complete=complete)
        except FetchcliError as error:
            self.failed = True
            print_message(f"cannot write {error}")

    def _wait(self) -> None:
        """Let destinations catch up; called by a thread that is not the event loop's."""
        while any(output.congested for output in self._outputs):
            time.sleep(RELIEF_SECONDS)

    def _tell_loop(self, output: DataOutput) -> None:
        """Called by the thread of an output."""
        self._loop.call_soon_threadsafe(self._record_failure, output)

    def _record_failure(self, output: DataOutput) -> None:
        """Report a failure once; stop if the reader is gone or no output is left."""
        self.failed = True
        if not output.broken_pipe:
            print_message(f"cannot write {output.failure}")
        if output.broken_pipe or all(other.failure for other in self._outputs):
            self._stop("no output can be written")


def _open(name: str, plan: OutputPlan, on_failure: OnFailure) -> DataOutput:
    """Open a destination, in the way in which it is written."""
    if name in plan.tables:
        return plan.tables[name](on_failure)
    if plan.resumes and name in plan.journals:
        return AppendingOutput(name, on_failure)
    if is_object_url(name):
        from fetchcli.object_stores.object_output import ObjectOutput

        return ObjectOutput(name, on_failure)
    if name in plan.reports:
        return AtomicOutput(name, on_failure)
    replaces = plan.replaced and name != STDOUT and is_same(name, plan.replaced)
    return (ReplacingOutput if replaces else Output)(name, on_failure)


def stdout_is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def is_written(plan: OutputPlan, path: str) -> bool:
    """Recognise an output of the run, the shell's redirections included."""
    status = file_status(path)
    return status is not None and any(samestat(status, written) for written in _written(plan.data).values() if written)


def _written(data: Iterable[str]) -> dict[str, os.stat_result | None]:
    """The outputs by name, stdout and stderr as the shell has redirected them; None for what does not exist yet."""
    written = {name: file_status(name) for name in data if name != STDOUT}
    return written | {"stdout": os.fstat(1), "stderr": os.fstat(2)}


def _refuse_inputs(data: Iterable[str], read: Iterable[str]) -> None:
    """Refuse to write what the run reads: it would be emptied, or be read and written without end.

    Stdout and stderr are looked at as the shell has redirected them (``fetchcli list >> list``).
    """
    if STDOUT in data and sys.stdout is None:
        raise OutputError("stdout is closed")
    if shared := next((name for name in read if is_object_url(name) and name in data), None):
        raise OutputError(f"{shared}: is also read by the run; write to another object")
    read_files = [(name, status) for name in read if (status := file_status(name)) and stat.S_ISREG(status.st_mode)]
    for name, status in _written(data).items():
        for read_name, read_status in read_files:
            if status and samestat(status, read_status):
                same = f" ({read_name})" if read_name not in (name, STDIN) else ""
                raise OutputError(f"{name}: is also read by the run{same}; write to another file")
