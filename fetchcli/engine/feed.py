"""Read the rows of a run one batch ahead; waiting helpers for the event loop."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator

from fetchcli.core.model.target import Row

MAX_BATCH_WAIT = 0.5  # maximum silence of an input after a halt
LAG_SECONDS = 0.1  # seconds between two checks of the event loop


class _NextTurn:
    """Awaited until the next turn of the event loop: `asyncio.sleep(0)` without a coroutine of its own."""

    def __await__(self) -> Generator[None, None, None]:
        yield


NEXT_TURN = _NextTurn()


async def watch_loop_lag(report: Callable[[float], None], wake: Callable[[], None]) -> None:
    """Report from time to time how many seconds late the event loop is, and wake whoever that gives more room."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(LAG_SECONDS)
        report(time.monotonic() - before - LAG_SECONDS)
        wake()


async def wait_for_event(event: asyncio.Event, deadline: float) -> bool:
    """Wait for an event; with a deadline (`time.monotonic`), at most `MAX_BATCH_WAIT`."""
    if deadline == float("inf"):
        return await event.wait()
    try:
        async with asyncio.timeout(min(MAX_BATCH_WAIT, deadline - time.monotonic())):
            return await event.wait()
    except TimeoutError:
        return False


class Feed:
    """Reads batches while the event loop does other things.

    Args:
        batches: the batches of rows.
        wake: called when a batch has arrived.

    Attributes:
        rows: rows that have arrived, each with its time (`time.monotonic`).
        ended: no batch will follow.
        error: the error that ended the batches early, or None.
    """

    def __init__(self, batches: AsyncIterator[list[Row]], wake: Callable[[], None]) -> None:
        self._batches = batches
        self._wake = wake
        self._reader: asyncio.Task[list[Row]] | None = None
        self.rows: deque[tuple[Row, float]] = deque()
        self.ended = False
        self.error: BaseException | None = None

    @property
    def waits(self) -> bool:
        """Whether a batch is being read."""
        return self._reader is not None

    def collect(self) -> None:
        """Queue the batch that has arrived, if any."""
        reader = self._reader
        if reader is None or not reader.done():
            return
        self._reader = None
        if (error := reader.exception()) is not None:
            self.error = None if isinstance(error, StopAsyncIteration) else error
            self.ended = True
            return
        now = time.monotonic()
        self.rows.extend((row, now) for row in reader.result())

    def request_batch(self, minimum: int) -> None:
        """Read the next batch if fewer rows are queued."""
        if self._reader is None and not self.ended and len(self.rows) < minimum:
            self._reader = asyncio.ensure_future(anext(self._batches))
            self._reader.add_done_callback(lambda _: self._wake())

    async def close(self) -> None:
        """Stop reading."""
        self.ended = True
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._reader = None


class WakeTimer:
    """Calls back at a time; a new time replaces the last one."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._handle: asyncio.TimerHandle | None = None

    def wake_at(self, when: float) -> None:
        """Call back at this time (`time.monotonic`)."""
        self.cancel()
        self._handle = asyncio.get_running_loop().call_later(max(0.0, when - time.monotonic()), self._wake)

    def cancel(self) -> None:
        """Do not call back."""
        if self._handle is not None:
            self._handle.cancel()
