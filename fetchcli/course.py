"""The course of a run: its rounds one after another, their outcomes carried to everywhere they go, halted in time."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from functools import partial

from fetchcli.core.baseline import Comparison
from fetchcli.core.model import Outcome, Passed, Verdict
from fetchcli.core.settings import Settings
from fetchcli.core.summary import Summary
from fetchcli.core.totals import totals_text
from fetchcli.fetcher import Fetcher
from fetchcli.inputs.readahead import ReadAhead
from fetchcli.inputs.reader import RowReader
from fetchcli.outlets import Outlets

PATIENCE = 5.0  # seconds that a halted run waits for the rest of a pipe, at most


class Course:
    """Runs the rounds.

    Args:
        settings: rounds, when to halt, and what decides.
        summary: is to count all outcomes.
        comparison: with an earlier run, or None.
        read: makes the reader of a round.
        endless: whether the lists may go on for ever, as a pipe can.

    Attributes:
        fetcher: fetches; to be set before `run`.
        summary: counts all outcomes.
        reader: that of the last round.
        errors: what could not be read, in whichever round.
    """

    fetcher: Fetcher

    def __init__(
        self,
        settings: Settings,
        summary: Summary,
        comparison: Comparison | None,
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
        self._failed = self._ended = 0
        self.reader = read(1)
        self.errors: list[str] = []

    def stop(self, reason: str) -> None:
        """End it; what is finished is written."""
        self._stopped.set()
        self.fetcher.stop(reason)

    def watch(self, outcome: Outcome) -> None:
        """Count what the decision to halt hangs on; it may be known before those in front of it."""
        halt, comparison = self._settings.halt, self._comparison
        if halt is None or isinstance(outcome.row, Passed):
            return
        self._ended += 1
        if outcome.verdict in (Verdict.FAILED, Verdict.REJECTED) and not (
            self._settings.only_new and comparison is not None and comparison.is_known(outcome)
        ):
            self._failed += 1
            if reason := halt.reason(self._failed, self._ended):
                patience = PATIENCE if self._endless else float("inf")
                self._loop.call_soon(partial(self.fetcher.halt, reason, now=halt.now, patience=patience))

    async def run(self, outlets: Outlets) -> None:
        """Run to the end; the outlets are closed then, whatever happens."""
        fetcher, rounds = self.fetcher, self._settings.rounds
        began, done = time.monotonic(), 0
        try:
            while not fetcher.over:
                start = rounds.next_start(done, time.monotonic() - began)
                if start is None or not await self._reached(began + start) or fetcher.over:
                    break
                done += 1
                part = Summary(self._settings.thresholds) if rounds.several else None
                await self._round(done, outlets, part)
                if part is not None:
                    outlets.announce(f"round {done}: {totals_text(part)}")
                    if not (part.total or rounds.every):
                        break  # nothing to fetch, again and again
        finally:
            try:
                self._compare(self._comparison)
            finally:
                await asyncio.shield(asyncio.to_thread(outlets.close, self.summary))

    def _compare(self, comparison: Comparison | None) -> None:
        if comparison is not None:
            cut = self.fetcher.stopped or self.fetcher.unread or self.errors or self._settings.reading.selection.partial
            self.summary.changes = comparison.finish(whole=not cut)

    async def _reached(self, when: float) -> bool:
        """Wait until then; False where the run was stopped meanwhile."""
        try:
            async with asyncio.timeout(max(0.0, when - time.monotonic())):
                await self._stopped.wait()
        except TimeoutError:
            return True
        return False

    async def _round(self, number: int, outlets: Outlets, part: Summary | None) -> None:
        reader = self.reader = self._read(number) if number > 1 else self.reader
        began = time.monotonic()
        try:
            async with aclosing(self.fetcher.run(ReadAhead(reader.batches()))) as outcomes:
                async for outcome in outcomes:
                    self.summary.add(outcome)
                    if part is not None:
                        part.add(outcome)
                    if self._comparison is not None:
                        self._comparison.add(outcome)
                    outlets.handle(outcome)
                    if outlets.congested:
                        await outlets.relieved()
        finally:
            self.errors += [str(error) for error in reader.errors if str(error) not in self.errors]
            elapsed = time.monotonic() - began
            self.summary.elapsed += elapsed
            if part is not None:
                part.elapsed = elapsed
