"""The course of a run: its rounds one after another, their outcomes carried to everywhere they go, halted in time."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing

from fetchcli.core.baseline import Comparison
from fetchcli.core.halt import Halt
from fetchcli.core.rounds import Rounds
from fetchcli.core.summary import Summary
from fetchcli.core.thresholds import Threshold
from fetchcli.core.totals import totals_text
from fetchcli.fetcher import Fetcher
from fetchcli.inputs.readahead import ReadAhead
from fetchcli.inputs.reader import RowReader
from fetchcli.outlets import Outlets


class Course:
    """Runs the rounds.

    Args:
        fetcher: fetches.
        summary: is to count all outcomes.
        read: makes the reader of a round.
        thresholds: what is measured for the summary of a round.
        comparison: with an earlier run, or None.

    Attributes:
        summary: counts all outcomes.
        readers: those of the rounds so far.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        summary: Summary,
        read: Callable[[int], RowReader],
        thresholds: tuple[Threshold, ...] = (),
        comparison: Comparison | None = None,
    ) -> None:
        self._fetcher = fetcher
        self.summary = summary
        self._read = read
        self._thresholds = thresholds
        self._comparison = comparison
        self._stopped = asyncio.Event()
        self.readers: list[RowReader] = []

    def stop(self, reason: str) -> None:
        """End it; what is finished is written."""
        self._stopped.set()
        self._fetcher.stop(reason)

    async def run(self, outlets: Outlets, rounds: Rounds, halt: Halt | None) -> None:
        """Run to the end; the outlets are closed then, whatever happens."""
        began, done = time.monotonic(), 0
        try:
            while not self._fetcher.over:
                start = rounds.next_start(done, time.monotonic() - began)
                if start is None or not await self._reached(began + start):
                    break
                done += 1
                part = Summary(self._thresholds) if rounds.several else None
                await self._round(done, outlets, part, halt)
                if part is not None:
                    outlets.announce(f"round {done}: {totals_text(part)}")
        finally:
            if self._comparison is not None:
                self.summary.changes = self._comparison.finish()
            await asyncio.shield(asyncio.to_thread(outlets.close, self.summary))

    async def _reached(self, when: float) -> bool:
        """Wait until then; False where the run was stopped meanwhile."""
        try:
            async with asyncio.timeout(max(0.0, when - time.monotonic())):
                await self._stopped.wait()
        except TimeoutError:
            return True
        return False

    async def _round(self, number: int, outlets: Outlets, part: Summary | None, halt: Halt | None) -> None:
        reader = self._read(number)
        self.readers.append(reader)
        fetcher, summary, began = self._fetcher, self.summary, time.monotonic()
        try:
            async with aclosing(fetcher.run(ReadAhead(reader.batches()))) as outcomes:
                async for outcome in outcomes:
                    summary.add(outcome)
                    if part is not None:
                        part.add(outcome)
                    if self._comparison is not None:
                        self._comparison.add(outcome)
                    outlets.handle(outcome)
                    if halt is not None and (reason := halt.reason(summary)):
                        fetcher.halt(reason, now=halt.now)
                    if outlets.congested:
                        await outlets.relieved()
        finally:
            elapsed = time.monotonic() - began
            summary.elapsed += elapsed
            if part is not None:
                part.elapsed = elapsed
