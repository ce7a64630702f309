"""A thread that reads a little ahead, so that a slow input never blocks the event loop."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable

from fetchcli.core.model.target import Row

DEPTH = 4


class ReadAhead:
    """Async iterator over batches that a daemon thread reads, at most `DEPTH` ahead.

    The thread is a daemon outside the loop's executor: a read that blocks forever (a FIFO without a
    writer) must not keep the process alive.

    Attributes:
        count: number of rows read so far.
        ended: no row will follow.
    """

    def __init__(self, batches: Iterable[list[Row]]) -> None:
        self._batches = batches
        self._ready: deque[list[Row]] = deque()
        self._room = threading.Semaphore(DEPTH)
        self.count = 0
        self.ended = False
        self._error: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, name="fetchcli-input", daemon=True).start()

    def __aiter__(self) -> "ReadAhead":
        return self

    async def __anext__(self) -> list[Row]:
        while not self._ready:
            if self._error is not None:
                raise self._error
            if self.ended:
                raise StopAsyncIteration
            self._waiter = self._loop.create_future()
            await self._waiter
        self._room.release()
        return self._ready.popleft()

    def _read(self) -> None:
        error = None
        try:
            for batch in self._batches:
                self._room.acquire()
                if not self._tell_loop(self._deliver, batch):
                    return
        except BaseException as raised:  # noqa: BLE001 - raised again on the loop's side
            error = raised
        self._tell_loop(self._finish, error)

    def _tell_loop(self, callback: Callable[..., None], *args: object) -> bool:
        """Call back on the loop; False if it was closed while this thread was blocked."""
        try:
            self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            return False
        return True

    def _deliver(self, batch: list[Row]) -> None:
        self.count += len(batch)
        self._ready.append(batch)
        self._wake()

    def _finish(self, error: BaseException | None) -> None:
        self.ended, self._error = True, error
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
