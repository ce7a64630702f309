"""The rows of a run as they come, read one batch ahead; and how long the event loop waits for things to happen."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable

from fetchcli.core.model import Row

PATIENCE = 0.5  # seconds of silence
LAG_SECONDS = 0.1  # how often the event loop is asked whether it keeps up


async def watch_lag(tell: Callable[[float], None]) -> None:
    """Tell, now and then, by how many seconds the event loop is late."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(LAG_SECONDS)
        tell(time.monotonic() - before - LAG_SECONDS)


async def happens(event: asyncio.Event, deadline: float) -> bool:
    """Whether something happens in time (`time.monotonic`); with a deadline, silence is borne for `PATIENCE` only."""
    if deadline == float("inf"):
        return await event.wait()
    try:
        async with asyncio.timeout(min(PATIENCE, deadline - time.monotonic())):
            return await event.wait()
    except TimeoutError:
        return False


class Feed:
    """Reads batches while the event loop does other things.

    Args:
        batches: where rows come from.
        wake: called when a batch has come.

    Attributes:
        rows: those that came, each with the time (`time.monotonic`).
        ended: no batch will follow.
        error: what ended them before their end, or None.
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
        """Queue the batch that has come, if one has."""
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

    def read_on(self, enough: int) -> None:
        """Read the next batch, where fewer rows than enough are queued."""
        if self._reader is None and not self.ended and len(self.rows) < enough:
            self._reader = asyncio.ensure_future(anext(self._batches))
            self._reader.add_done_callback(lambda _: self._wake())

    async def close(self) -> None:
        """Read nothing more."""
        self.ended = True
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
            self._reader = None
