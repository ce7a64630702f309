"""The asyncio shell: rows in, outcomes out; the scheduler decides, and this obeys.

It promises exactly one outcome for every row that it took, whatever the transport raises; that
there are never more request tasks than slots; and that none is left behind, however it ends. It
knows no HTTP, no files and no terminal.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress

from fetchcli.attempts import Attempts, bug
from fetchcli.core.checks import judge, reject
from fetchcli.core.decisions import Settled, Skip, Wait
from fetchcli.core.errors import ErrorKind, Failure, Remedy
from fetchcli.core.lane import Launch
from fetchcli.core.model import Attempt, Outcome, Passed, Rejected, Row
from fetchcli.core.ordering import Reorder
from fetchcli.core.policy import Policy
from fetchcli.core.schedule import LOOK_AHEAD, Scheduler
from fetchcli.feed import Feed, happens, watch_lag
from fetchcli.transport.base import Transport

AHEAD = 4  # times the concurrency: rows that the scheduler may choose from


class Fetcher:
    """Runs rows through a transport.

    Args:
        transport: sends the requests.
        policy: what the scheduler decides by.
        ordered: give outcomes out in input order.
        warn: told, in one line, of trouble that is no single row's.
        watch: told of every outcome as soon as it is known, even where those before it are waited for.

    Attributes:
        scheduler: what waits, and why.
        stopped: nothing more is started, nor given out.
        halted: why the rest of the rows is skipped, or empty.
        unread: the rest was not even read: it was still to come.
    """

    def __init__(
        self,
        transport: Transport,
        policy: Policy,
        *,
        ordered: bool = False,
        warn: Callable[[str], None] = lambda _: None,
        watch: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._policy = policy
        self._ordered = ordered
        self._watch = watch
        self._order: Reorder | None = None
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._tasks: dict[asyncio.Task[None], Launch] = {}
        # Outcomes that wait for the caller; with more than this nothing new is started.
        self._most_waiting = 2 * policy.concurrency
        self._ahead = AHEAD * policy.concurrency
        self._done: deque[Outcome] = deque()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._feed: Feed
        self.stopped = False
        self._given_up: Failure | None = None  # what becomes of requests that are cancelled
        self.halted, self.unread = "", False
        self._deadline = float("inf")  # when rows still to come are given up
        # One reading of the wall clock a run: a jump of it moves no timestamp and no duration.
        self._epoch = time.time() - time.monotonic()
        self._attempts = Attempts(transport, policy, self._epoch)
        self.scheduler = Scheduler(policy, random.random, time.monotonic(), self._epoch, warn)

    @property
    def in_flight(self) -> int:
        """Requests being made now."""
        return len(self._tasks)

    @property
    def over(self) -> bool:
        """Whether it was stopped or halted."""
        return self.stopped or bool(self.halted)

    def stop(self, reason: str = "the run was stopped") -> None:
        """Start nothing more and cancel what is in flight; its outcomes are CANCELLED, with the reason."""
        if not self.stopped:
            self.stopped = True
            for launch in self.scheduler.drain():
                if launch.attempts:
                    self._settle(self._judge(launch, note=f"not tried again: {reason}"))
        self._give_up(reason)

    def halt(self, reason: str, *, now: bool, patience: float = float("inf")) -> None:
        """Start nothing more: what waits, and what is still to be read, is SKIPPED; with ``now`` cancel the rest.

        Args:
            reason: why.
            now: whether what is in flight is given up.
            patience: seconds in all that rows still to come are waited for (`feed.happens`).
        """
        if self.over:
            return
        self.halted, self._deadline = reason, time.monotonic() + patience
        for launch in self.scheduler.drain():
            if launch.attempts:
                self._settle(self._judge(launch, note=f"not tried again: {reason}"))
            else:
                self._settle(reject(Passed.over(launch.row, reason)))
        if now:
            self._give_up(reason)
        self._wake.set()

    def _give_up(self, reason: str) -> None:
        self._given_up = self._given_up or Failure(ErrorKind.CANCELLED, reason)
        for task in self._tasks:
            task.cancel()
        self._wake.set()

    async def run(self, batches: AsyncIterator[list[Row]]) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every row, as soon as it is known; another run may follow when this one is over.

        While the caller does not ask for the next outcome, at most twice the concurrency of them
        wait, and then nothing more is started: that is the back-pressure.
        """
        finished = False
        feed = self._feed = Feed(batches, self._wake.set)
        self._order = Reorder(LOOK_AHEAD) if self._ordered else None
        self.scheduler.feedback.forgive()  # a host that was down in the last round may be up in this one
        lag = asyncio.create_task(watch_lag(self._lagged)) if self._policy.pace.adaptive else None
        try:
            while True:
                self._wake.clear()
                feed.collect()
                await self._launch()
                while self._done:
                    yield self._done.popleft()
                    await self._launch()
                if not self._has_more:
                    if not self._tasks and not self._done:
                        break
                else:
                    feed.read_on(self._policy.concurrency)
                await self._woken()
            for outcome in self._order.flush() if self._order else ():
                yield outcome
            finished = True
            if feed.error is not None:
                raise feed.error
        finally:
            if not finished:
                self.stop()
            await self._drain(lag)

    @property
    def _has_more(self) -> bool:
        """Whether anything is still to be started, skipped or read."""
        return not self.stopped and bool(self._feed.rows or not self._feed.ended or self.scheduler.waiting)

    async def _woken(self) -> None:
        """Wait until something happens; a halted run waits for the rest of a pipe only so long."""
        if self._tasks or not (self.halted and self._feed.waits):
            await self._wake.wait()
        elif not await happens(self._wake, self._deadline):
            self.unread = True
            await self._feed.close()

    async def _launch(self) -> None:
        """Start a task for every free slot that the scheduler has something for."""
        while not self._slots.locked() and (launch := self._next()):
            await self._slots.acquire()  # free, so this does not wait
            task = asyncio.get_running_loop().create_task(self._work(launch))
            self._tasks[task] = launch
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        launch = self._tasks.pop(task)
        if task.cancelled() and self._given_up:  # before its first step, so that it could not say so itself
            now = time.monotonic()
            launch.attempts += (Attempt(len(launch.attempts) + 1, self._epoch + now, 0.0, self._given_up),)
            self._settle(self._judge(launch))
        self._slots.release()
        self._wake.set()

    def _next(self) -> Launch | None:
        """What to launch now; rows that are rejected or skipped are settled on the way."""
        scheduler = self.scheduler
        while not self.stopped and len(self._done) < self._most_waiting:
            if self.halted:
                if not self._offer():
                    return None
                continue
            # Some rows ahead, so that a host with many of them in a row takes turns with the next ones.
            while scheduler.waiting < self._ahead and self._offer():
                pass
            decision = scheduler.next(time.monotonic())
            if isinstance(decision, Launch):
                return decision
            if isinstance(decision, Skip):
                self._settle(self._judge(decision.launch, note=decision.reason))
            elif not (scheduler.hungry and self._offer()):
                if isinstance(decision, Wait):
                    self._wake_at(decision.until)
                return None
        return None

    def _offer(self) -> bool:
        """Offer the next row; False where there is none that may be."""
        rows = self._feed.rows
        if not rows or not self.scheduler.has_room:
            return False
        row, arrived = rows[0]
        if self._order is not None and not self._order.may_start(row.seq):
            return False
        rows.popleft()
        if isinstance(row, Rejected | Passed):
            self._settle(reject(row))
        elif self.halted:
            self._settle(reject(Passed.over(row, self.halted)))
        else:
            self.scheduler.offer(row, arrived)
        return True

    def _wake_at(self, when: float) -> None:
        """Look again then; `time.monotonic` and the clock of the loop need not agree."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, when - time.monotonic()), self._wake.set)

    async def _work(self, launch: Launch) -> None:
        """Make an attempt, and go on with the next launch in the next turn of the loop."""
        following: Launch | None = launch
        while following:
            if self._end_launch(following, await self._attempt(following)):
                continue
            # Let all that ended in this turn of the loop end first, then send together: requests and
            # answers that travel in handfuls cost a fifth less than one by one.
            with suppress(asyncio.CancelledError):  # only `stop` cancels, and then there is no next row
                await asyncio.sleep(0)
            following = self._next()

    def _end_launch(self, launch: Launch, attempt: Attempt) -> bool:
        """Settle a row, or leave it to the scheduler for another try; True where that is to be made at once."""
        if self.over:
            return self._end_last_launch(launch, attempt)
        try:
            settled = self.scheduler.settle(launch, attempt, time.monotonic())
        except Exception as error:  # noqa: BLE001 - a bug is one outcome and takes no neighbour down
            launch.attempts += (Attempt(attempt.number + 1, attempt.started_at, attempt.elapsed, bug(error)),)
            settled = Settled("")
        if settled is not None:
            self._settle(self._judge(launch, note=settled.reason))
        self._wake.set()  # or it may be launched again at once, by whoever has a slot
        return False

    def _end_last_launch(self, launch: Launch, attempt: Attempt) -> bool:
        """Settle a row of a run that is over; True where its last try says nothing of the server, and is made again."""
        remedy = attempt.result.remedy if isinstance(attempt.result, Failure) else None
        if self._given_up is None and remedy is Remedy.LESS and not launch.attempts:
            self._settle(reject(Passed.over(launch.row, self.halted)))
            return False
        launch.attempts += (attempt,)
        if self._given_up is None and remedy is Remedy.FRESH and not launch.fresh:
            launch.fresh = True
            return True
        again = self._given_up is None and self.scheduler.would_retry(launch, time.monotonic())
        self._settle(self._judge(launch, note=f"not tried again: {self.halted}" if again else ""))
        return False

    async def _attempt(self, launch: Launch) -> Attempt:
        started = time.monotonic()
        try:
            return await self._attempts.make(launch)
        except asyncio.CancelledError:
            if self._given_up is None:  # only `stop` and `halt` cancel
                raise
            elapsed = time.monotonic() - started
            return Attempt(len(launch.attempts) + 1, self._epoch + started, elapsed, self._given_up)

    def _judge(self, launch: Launch, note: str = "") -> Outcome:
        attempts = launch.attempts
        queued = (attempts[0].started_at - self._epoch if attempts else time.monotonic()) - launch.arrived
        return judge(launch.row, attempts, queued, note=note)

    def _settle(self, outcome: Outcome) -> None:
        if self._watch is not None:
            self._watch(outcome)
        if self._order is None:
            self._done.append(outcome)
        else:
            self._done.extend(self._order.push(outcome))
        self._wake.set()

    def _lagged(self, seconds: float) -> None:
        self.scheduler.capacity.lagged(seconds)
        self._wake.set()  # there may be room for more now

    async def _drain(self, lag: asyncio.Task[None] | None) -> None:
        """Leave no task behind, even when the caller stopped listening halfway."""
        if self._timer is not None:
            self._timer.cancel()
        await self._feed.close()
        pending = [task for task in (lag, *self._tasks) if task is not None]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
