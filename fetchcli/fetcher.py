"""The asyncio shell: rows in, outcomes out, at most ``concurrency`` requests in flight.

It promises exactly one outcome for every row that it took, whatever the transport raises; that
there are never more request tasks than slots; and that none is left behind, however it ends. It
knows no HTTP, no files and no terminal.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress

from fetchcli.core.checks import judge, reject
from fetchcli.core.errors import ErrorKind, Failure, TransportError
from fetchcli.core.model import Attempt, Outcome, Response, Row, Target
from fetchcli.core.ordering import Reorder
from fetchcli.core.policy import Policy
from fetchcli.transport.base import Transport

ORDER_WINDOW = 10_000


class Fetcher:
    """Runs rows through a transport.

    Attributes:
        in_flight: requests being made now.
    """

    def __init__(self, transport: Transport, policy: Policy, *, ordered: bool = False) -> None:
        self._transport = transport
        self._policy = policy
        self._order = Reorder(ORDER_WINDOW) if ordered else None
        self._slots = asyncio.Semaphore(policy.concurrency)
        self._tasks: dict[asyncio.Task[None], tuple[Target, float]] = {}
        # Outcomes that wait for the caller; with more than this nothing new is started.
        self._most_waiting = 2 * policy.concurrency
        self._rows: deque[tuple[Row, float]] = deque()
        self._done: deque[Outcome] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        self._stopped = Failure(ErrorKind.CANCELLED, "")
        self._input_error: BaseException | None = None
        # One reading of the wall clock a run: a jump of it moves no timestamp and no duration.
        self._epoch = time.time() - time.monotonic()

    @property
    def in_flight(self) -> int:
        """Requests being made now."""
        return len(self._tasks)

    def stop(self, reason: str = "the run was stopped") -> None:
        """Start nothing more and cancel what is in flight; its outcomes are CANCELLED, with the reason."""
        if not self._stopping:
            self._stopped = Failure(ErrorKind.CANCELLED, reason)
        self._stopping = True
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
                if self._stopping or (exhausted and not self._rows):
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
            await self._drain(reader)

    def _take(self, reader: asyncio.Task[list[Row]]) -> bool:
        """Queue what the reader brought; False at the end of the input, or where it broke."""
        error = reader.exception()
        if error is not None:
            self._input_error = None if isinstance(error, StopAsyncIteration) else error
            return False
        batch = reader.result()
        now = time.monotonic()
        self._rows.extend((row, now) for row in batch)
        return True

    async def _launch(self) -> None:
        """Start a task for every free slot that there is a row for."""
        while not self._slots.locked() and (following := self._next()):
            await self._slots.acquire()  # free, so this does not wait
            task = asyncio.get_running_loop().create_task(self._work(*following))
            self._tasks[task] = following
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        target, arrived = self._tasks.pop(task)
        if task.cancelled():  # before its first step, so that it could not say so itself
            now = time.monotonic()
            attempt = Attempt(1, self._epoch + now, 0.0, self._stopped)
            self._settle(judge(target, (attempt,), now - arrived, self._policy))
        self._slots.release()
        self._wake.set()

    def _next(self) -> tuple[Target, float] | None:
        """The next row to fetch and when it came; rejected rows are settled on the way."""
        while self._rows and not self._stopping and len(self._done) < self._most_waiting:
            row, arrived = self._rows[0]
            if self._order is not None and not self._order.may_start(row.seq):
                return None
            self._rows.popleft()
            if isinstance(row, Target):
                return row, arrived
            self._settle(reject(row))
        return None

    async def _work(self, target: Target, arrived: float) -> None:
        """Fetch a row, and go on with the next one in the next turn of the loop."""
        following: tuple[Target, float] | None = (target, arrived)
        while following:
            target, arrived = following
            attempts = await self._fetch(target)
            queued = attempts[0].started_at - self._epoch - arrived
            self._settle(judge(target, attempts, queued, self._policy))
            # Let all that ended in this turn of the loop end first, then send together: requests and
            # answers that travel in handfuls cost a fifth less than one by one.
            with suppress(asyncio.CancelledError):  # only `stop` cancels, and then there is no next row
                await asyncio.sleep(0)
            following = self._next()

    async def _fetch(self, target: Target) -> tuple[Attempt, ...]:
        """Send a row; once more, and for all to see, where it met a connection that was closed already."""
        first, stale = await self._attempt(target, 1)
        return (first, (await self._attempt(target, 2))[0]) if stale else (first,)

    async def _attempt(self, target: Target, number: int) -> tuple[Attempt, bool]:
        started = time.monotonic()
        stale = False
        result: Response | Failure
        try:
            result = await self._transport.send(target.url, self._policy, fresh=number > 1)
        except TransportError as error:
            result, stale = error.failure, error.stale
        except asyncio.CancelledError:  # only `stop` cancels
            result = self._stopped
        except Exception as error:  # noqa: BLE001 - a bug is one outcome and takes no neighbour down
            result = Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
        return Attempt(number, self._epoch + started, time.monotonic() - started, result), stale

    def _settle(self, outcome: Outcome) -> None:
        if self._order is None:
            self._done.append(outcome)
        else:
            self._done.extend(self._order.push(outcome))
        self._wake.set()

    async def _drain(self, reader: asyncio.Task[list[Row]] | None) -> None:
        """Leave no task behind, even when the caller stopped listening halfway."""
        self.stop()
        pending = [task for task in (reader, *self._tasks) if task is not None]
        if reader is not None:
            reader.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
