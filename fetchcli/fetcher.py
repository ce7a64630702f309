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

from fetchcli.core.checks import judge, reject
from fetchcli.core.decisions import Settled, Skip, Wait
from fetchcli.core.errors import ErrorKind, Failure, TransportError
from fetchcli.core.lane import Launch
from fetchcli.core.model import Attempt, Outcome, Passed, Rejected, Response, Row
from fetchcli.core.ordering import Reorder
from fetchcli.core.policy import Policy
from fetchcli.core.schedule import LOOK_AHEAD, Scheduler
from fetchcli.transport.base import Transport

AHEAD = 4  # times the concurrency: rows that the scheduler may choose from
LAG_SECONDS = 0.1  # how often the event loop is asked whether it keeps up, with --adaptive


class Fetcher:
    """Runs rows through a transport.

    Args:
        transport: sends the requests.
        policy: what the scheduler decides by.
        ordered: give outcomes out in input order.
        warn: told, in one line, of trouble that is no single row's.

    Attributes:
        scheduler: what waits, and why.
    """

    def __init__(
        self,
        transport: Transport,
        policy: Policy,
        *,
        ordered: bool = False,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._transport = transport
        self._policy = policy
        self._order = Reorder(LOOK_AHEAD) if ordered else None
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._tasks: dict[asyncio.Task[None], Launch] = {}
        # Outcomes that wait for the caller; with more than this nothing new is started.
        self._most_waiting = 2 * policy.concurrency
        self._ahead = AHEAD * policy.concurrency
        self._rows: deque[tuple[Row, float]] = deque()
        self._done: deque[Outcome] = deque()
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped: Failure | None = None
        self._input_error: BaseException | None = None
        # One reading of the wall clock a run: a jump of it moves no timestamp and no duration.
        self._epoch = time.time() - time.monotonic()
        self.scheduler = Scheduler(policy, random.random, time.monotonic(), self._epoch, warn)

    @property
    def in_flight(self) -> int:
        """Requests being made now."""
        return len(self._tasks)

    def stop(self, reason: str = "the run was stopped") -> None:
        """Start nothing more and cancel what is in flight; its outcomes are CANCELLED, with the reason."""
        if self._stopped is None:
            self._stopped = Failure(ErrorKind.CANCELLED, reason)
            for launch in self.scheduler.tried():
                self._settle(self._judge(launch, note=f"not tried again: {reason}"))
        for task in self._tasks:
            task.cancel()
        self._wake.set()

    async def run(self, batches: AsyncIterator[list[Row]]) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every row, as soon as it is known.

        While the caller does not ask for the next outcome, at most twice the concurrency of them
        wait, and then nothing more is started: that is the back-pressure.
        """
        reader: asyncio.Task[list[Row]] | None = None
        exhausted = False
        lag = asyncio.create_task(self._watch_lag()) if self._policy.pace.adaptive else None
        try:
            while True:
                self._wake.clear()
                if reader is not None and reader.done():
                    exhausted = not self._take(reader)
                    reader = None
                await self._launch()
                while self._done:
                    yield self._done.popleft()
                    await self._launch()
                if self._stopped or (exhausted and not self._rows and not self.scheduler.waiting):
                    if not self._tasks and not self._done:
                        break
                elif reader is None and not exhausted and len(self._rows) < self._policy.concurrency:
                    reader = asyncio.ensure_future(anext(batches))
                    reader.add_done_callback(lambda _: self._wake.set())
                await self._wake.wait()
            for outcome in self._order.flush() if self._order else ():
                yield outcome
            if self._input_error is not None:
                raise self._input_error
        finally:
            await self._drain(reader, lag)

    def _take(self, reader: asyncio.Task[list[Row]]) -> bool:
        """Queue what the reader brought; False at the end of the input, or where it broke."""
        if (error := reader.exception()) is not None:
            self._input_error = None if isinstance(error, StopAsyncIteration) else error
            return False
        now = time.monotonic()
        self._rows.extend((row, now) for row in reader.result())
        return True

    async def _launch(self) -> None:
        """Start a task for every free slot that the scheduler has something for."""
        while not self._slots.locked() and (launch := self._next()):
            await self._slots.acquire()  # free, so this does not wait
            task = asyncio.get_running_loop().create_task(self._work(launch))
            self._tasks[task] = launch
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        launch = self._tasks.pop(task)
        if task.cancelled() and self._stopped:  # before its first step, so that it could not say so itself
            now = time.monotonic()
            launch.attempts += (Attempt(len(launch.attempts) + 1, self._epoch + now, 0.0, self._stopped),)
            self._settle(self._judge(launch))
        self._slots.release()
        self._wake.set()

    def _next(self) -> Launch | None:
        """What to launch now; rows that are rejected or skipped are settled on the way."""
        scheduler = self.scheduler
        while not self._stopped and len(self._done) < self._most_waiting:
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
        if not self._rows or not self.scheduler.has_room:
            return False
        row, arrived = self._rows[0]
        if self._order is not None and not self._order.may_start(row.seq):
            return False
        self._rows.popleft()
        if isinstance(row, Rejected | Passed):
            self._settle(reject(row))
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
            self._end_launch(following, await self._attempt(following))
            # Let all that ended in this turn of the loop end first, then send together: requests and
            # answers that travel in handfuls cost a fifth less than one by one.
            with suppress(asyncio.CancelledError):  # only `stop` cancels, and then there is no next row
                await asyncio.sleep(0)
            following = self._next()

    def _end_launch(self, launch: Launch, attempt: Attempt) -> None:
        """Settle a row, or leave it to the scheduler for another try."""
        if self._stopped:
            launch.attempts += (attempt,)
            self._settle(self._judge(launch))
            return
        try:
            settled = self.scheduler.settle(launch, attempt, time.monotonic())
        except Exception as error:  # noqa: BLE001 - a bug is one outcome and takes no neighbour down
            failure = Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
            launch.attempts += (Attempt(attempt.number + 1, attempt.started_at, attempt.elapsed, failure),)
            settled = Settled("")
        if settled is not None:
            self._settle(self._judge(launch, note=settled.reason))
        self._wake.set()  # or it may be launched again at once, by whoever has a slot

    async def _attempt(self, launch: Launch) -> Attempt:
        started, number, row = time.monotonic(), len(launch.attempts) + 1, launch.row
        result: Response | Failure
        try:
            result = await self._transport.send(row.url, self._policy, request=row.request, fresh=launch.fresh)
        except TransportError as error:
            result = error.failure
        except asyncio.CancelledError:
            if self._stopped is None:  # only `stop` cancels
                raise
            result = self._stopped
        except Exception as error:  # noqa: BLE001 - a bug is one outcome and takes no neighbour down
            result = Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
        return Attempt(number, self._epoch + started, time.monotonic() - started, result)

    def _judge(self, launch: Launch, note: str = "") -> Outcome:
        attempts = launch.attempts
        queued = (attempts[0].started_at - self._epoch if attempts else time.monotonic()) - launch.arrived
        return judge(launch.row, attempts, queued, self._policy, note=note)

    def _settle(self, outcome: Outcome) -> None:
        if self._order is None:
            self._done.append(outcome)
        else:
            self._done.extend(self._order.push(outcome))
        self._wake.set()

    async def _watch_lag(self) -> None:
        """Tell the scheduler how late the event loop is."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(LAG_SECONDS)
            self.scheduler.capacity.lagged(time.monotonic() - before - LAG_SECONDS)
            self._wake.set()  # there may be room for more now

    async def _drain(self, *helpers: asyncio.Task[list[Row]] | asyncio.Task[None] | None) -> None:
        """Leave no task behind, even when the caller stopped listening halfway."""
        self.stop()
        if self._timer is not None:
            self._timer.cancel()
        pending = [task for task in (*helpers, *self._tasks) if task is not None]
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
