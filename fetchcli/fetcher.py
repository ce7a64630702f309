"""The asyncio shell: rows in, outcomes out, at most ``concurrency`` requests in flight.

It promises exactly one outcome for every row that it took, whatever the transport raises; that
there are never more request tasks than slots; and that none is left behind, however it ends. It
knows no HTTP, no files and no terminal.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

from fetchcli.core.checks import judge, reject
from fetchcli.core.errors import ErrorKind, Failure, TransportError
from fetchcli.core.model import Attempt, Outcome, Rejected, Response, Row, Target
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
        self._tasks: set[asyncio.Task[Attempt]] = set()
        self._rows: deque[tuple[Row, float]] = deque()
        self._done: deque[Outcome] = deque()
        self._wake = asyncio.Event()
        self._stopping = False
        # One reading of the wall clock a run: a jump of it moves no timestamp and no duration.
        self._epoch = time.time() - time.monotonic()

    @property
    def in_flight(self) -> int:
        """Requests being made now."""
        return len(self._tasks)

    def stop(self) -> None:
        """Start nothing more and cancel what is in flight; its outcomes are CANCELLED."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        self._wake.set()

    async def run(self, batches: AsyncIterator[list[Row]]) -> AsyncGenerator[Outcome, None]:
        """Yield the outcome of every row, as soon as it is known.

        Nothing is started while the caller does not ask for the next outcome, beyond what is in
        flight already: that is the back-pressure.
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
                elif reader is None and len(self._rows) < self._policy.concurrency and not exhausted:
                    reader = asyncio.ensure_future(anext(batches))
                    reader.add_done_callback(lambda _: self._wake.set())
                await self._wake.wait()
            for outcome in self._order.flush() if self._order else ():
                yield outcome
        finally:
            await self._drain(reader)

    def _take(self, reader: asyncio.Task[list[Row]]) -> bool:
        """Queue what the reader brought; False at the end of the input."""
        try:
            batch = reader.result()
        except StopAsyncIteration:
            return False
        now = time.monotonic()
        self._rows.extend((row, now) for row in batch)
        return True

    async def _launch(self) -> None:
        """Start rows while there is a free slot for them."""
        while self._rows and not self._stopping and not self._slots.locked():
            row, arrived = self._rows[0]
            if self._order is not None and not self._order.may_start(row.seq):
                return
            self._rows.popleft()
            if isinstance(row, Rejected):
                self._settle(reject(row))
                continue
            await self._slots.acquire()  # free, so this does not wait
            self._start(row, time.monotonic() - arrived)

    def _start(self, target: Target, queued: float) -> None:
        started = time.monotonic()
        task = asyncio.get_running_loop().create_task(self._attempt(target, started))
        self._tasks.add(task)

        def finished(task: asyncio.Task[Attempt]) -> None:
            self._tasks.discard(task)
            self._slots.release()
            attempt = task.result() if _succeeded(task) else self._broken(task, started)
            self._settle(judge(target, (attempt,), queued, self._policy))

        task.add_done_callback(finished)

    async def _attempt(self, target: Target, started: float) -> Attempt:
        result: Response | Failure
        try:
            result = await self._transport.send(target.url, self._policy)
        except TransportError as error:
            result = error.failure
        return Attempt(1, self._epoch + started, time.monotonic() - started, result)

    def _broken(self, task: asyncio.Task[Attempt], started: float) -> Attempt:
        """The attempt of a task that was cancelled or met a bug: a failure like any other."""
        if task.cancelled():
            failure = Failure(ErrorKind.CANCELLED, "the run was interrupted")
        else:
            error = task.exception()
            failure = Failure(ErrorKind.INTERNAL, f"{type(error).__name__}: {error}")
        return Attempt(1, self._epoch + started, time.monotonic() - started, failure)

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


def _succeeded(task: asyncio.Task[Attempt]) -> bool:
    return not task.cancelled() and task.exception() is None
