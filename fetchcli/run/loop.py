"""The run loop: fetch round after round, and hand outcomes to all outputs."""

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING

from fetchcli.core.model.accepted_row import AcceptedRow
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.model.target import Skipped, Target
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.core.summary.totals import totals_text
from fetchcli.engine.fetcher import Fetcher
from fetchcli.inputs.readahead import ReadAhead
from fetchcli.inputs.reader import RowReader
from fetchcli.run.outputs import Outputs

if TYPE_CHECKING:
    from fetchcli.core.baseline.compare import Comparison
    from fetchcli.run.resume import EarlierRun

MAX_PIPE_WAIT = 5.0  # maximum seconds that a halted run waits for the rest of a pipe


class RunLoop:
    """Runs the rounds.

    Args:
        settings: rounds, halt condition, and what decides.
        summary: counts all outcomes.
        comparison: comparison with an earlier run, or None.
        read: makes the reader of a round.
        endless: the lists may never end, as a pipe.

    Attributes:
        fetcher: the fetcher; set before `run`.
        earlier_run: the run that this one goes on with, or None; set before `run`.
        summary: counts all outcomes.
        reader: the reader of the last round.
        round: number of the last round.
        rows: the rows of the last round, or None before the first.
        outcomes: number of outcomes of the last round.
        errors: what could not be read, in any round.
        has_no_output: the run was stopped because no output can be written; set after it.
    """

    fetcher: Fetcher
    earlier_run: "EarlierRun | None" = None

    def __init__(
        self,
        settings: Settings,
        summary: Summary,
        comparison: "Comparison | None",
        read: Callable[[int], RowReader],
        *,
        endless: bool,
    ) -> None:
        self._settings = settings
        self.summary = summary
        self._comparison = comparison
        self._read = read
        self._endless = endless
        self._stopped = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._failed = self._ended = self.round = self.outcomes = 0
        self._start = time.monotonic()
        self.rows: ReadAhead | None = None
        self.reader = read(1)
        self.errors: list[str] = []
        self.has_no_output = False

    def part_rows(self) -> int | None:
        """Number of rows of the part of the list that is fetched; None without one, or if it is not known yet."""
        return None if self.reader.sharding is None else self.reader.sharding.part_rows

    def stop(self, reason: str) -> None:
        """Stop the run; finished rows are written."""
        self._stopped.set()
        self.fetcher.stop(reason)

    def watch(self, outcome: Outcome) -> None:
        """Count an outcome for the halt condition, as soon as it is known."""
        halt, comparison = self._settings.halt, self._comparison
        if halt is None or isinstance(outcome.row, Skipped):
            return
        self._ended += 1
        if outcome.verdict in (Verdict.FAILED, Verdict.REJECTED) and not (
            self._settings.only_new and comparison is not None and comparison.is_known(outcome)
        ):
            self._failed += 1
            if reason := halt.reason(self._failed, self._ended):
                max_wait = MAX_PIPE_WAIT if self._endless else float("inf")
                self._loop.call_soon(partial(self.fetcher.halt, reason, now=halt.now, max_wait=max_wait))

    def accept(self, outputs: Outputs, row: Target, accepted: AcceptedRow) -> None:
        """Count and write a row that a worker has made."""
        self.outcomes += 1
        self.summary.add_accepted(accepted.status, accepted.elapsed, accepted.size_download, row)
        outputs.write_line(accepted.line)

    async def run(self, outputs: Outputs) -> None:
        """Run to the end, and close the outputs in any case."""
        fetcher, rounds = self.fetcher, self._settings.rounds
        if self.earlier_run is not None:
            self.earlier_run.recall(fetcher.scheduler, time.time(), time.monotonic())
        done = 0
        began = self._start = time.monotonic()
        try:
            while not fetcher.over:
                start = rounds.next_start(done, time.monotonic() - began)
                if start is None or not await self._wait_until(began + start) or fetcher.over:
                    break
                done += 1
                round_summary = Summary(self._settings.thresholds) if rounds.several else None
                await self._round(done, outputs, round_summary)
                if round_summary is not None:
                    outputs.announce(f"round {done}: {totals_text(round_summary)}")
                    if not (round_summary.total or rounds.every):
                        break  # an empty list would be fetched again and again
        finally:
            try:
                self._compare(self._comparison)
            finally:
                complete = not (fetcher.over or fetcher.unread or self.errors)
                ends = {"complete": complete, "crashed": sys.exception() is not None}
                await asyncio.shield(asyncio.to_thread(outputs.close, self.summary, **ends))

    def _compare(self, comparison: "Comparison | None") -> None:
        if comparison is not None:
            selection = self._settings.reading.selection
            is_part = selection.partial or selection.shard is not None
            incomplete = self.fetcher.stopped or self.fetcher.unread or self.errors or is_part
            self.summary.changes = comparison.finish(whole=not incomplete)

    async def _wait_until(self, when: float) -> bool:
        """Wait until this time; False if the run was stopped meanwhile."""
        try:
            async with asyncio.timeout(max(0.0, when - time.monotonic())):
                await self._stopped.wait()
        except TimeoutError:
            return True
        return False

    async def _round(self, number: int, outputs: Outputs, round_summary: Summary | None) -> None:
        reader = self.reader = self._read(number) if number > 1 else self.reader
        rows = self.rows = ReadAhead(reader.batches())
        self.round, self.outcomes = number, 0
        began = time.monotonic()
        try:
            async with aclosing(self.fetcher.run(rows)) as outcomes:
                async for outcome in outcomes:
                    self.outcomes += 1
                    self.summary.add(outcome)
                    if round_summary is not None:
                        round_summary.add(outcome)
                    if self._comparison is not None:
                        self._comparison.add(outcome)
                    outputs.handle(outcome)
                    if outputs.congested:
                        await outputs.wait_until_drained()
        finally:
            self.errors += [str(error) for error in reader.errors if str(error) not in self.errors]
            now = time.monotonic()
            self.summary.elapsed = now - self._start  # pauses between rounds included
            if round_summary is not None:
                round_summary.elapsed = now - began
