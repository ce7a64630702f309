"""One thread that writes saved bodies, in batches: a thread hop for each body costs three times as much."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any

GATHER_SECONDS = 0.002  # for which work gathers before it is handed over
MAX_BATCH = 64  # pieces of work that are handed over at once

Work = Callable[[], Any]
Done = Callable[[Any], None]
Batch = list[tuple[Work, Done]]


class Writer:
    """Runs work in order, in its own thread; create and use it inside a running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._batch: Batch = []
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fetchcli-save", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: Done = lambda _: None) -> None:
        """Do this after everything before it; then the event loop calls ``done`` with the result or the exception."""
        self._batch.append((work, done))
        if len(self._batch) == 1:
            self._loop.call_later(GATHER_SECONDS, self._hand_over)
        elif len(self._batch) == MAX_BATCH:
            self._hand_over()

    async def close(self) -> None:
        """Wait until everything is done; the calls of ``done`` included."""
        self._hand_over()
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the last results were handed to the loop before

    def _hand_over(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, []
            self._queue.put(batch)

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            results = [(done, _result(work)) for work, done in batch]
            self._loop.call_soon_threadsafe(_tell, results)


def _result(work: Work) -> Any:
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - told to whoever asked for it
        return error


def _tell(results: list[tuple[Done, Any]]) -> None:
    """Tell every result, whatever becomes of the others."""
    with ExitStack() as stack:
        for done, result in reversed(results):
            stack.callback(done, result)
