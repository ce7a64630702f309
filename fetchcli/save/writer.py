"""One thread that does all the writing of saved bodies, in batches: a thread hop for each body costs too much."""

import asyncio
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

MAX_BATCH = 64  # pieces of work after which their results are told

Work = Callable[[], Any]
Done = Callable[[Any], None]


class Writer:
    """Runs work in order, in its own thread; create it inside a running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[tuple[Work, Done] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="fetchcli-save", daemon=True)
        self._thread.start()

    def submit(self, work: Work, done: Done = lambda _: None) -> None:
        """Do this after everything before it; then the event loop calls ``done`` with the result or the exception."""
        self._queue.put((work, done))

    async def close(self) -> None:
        """Wait until everything is done; the calls of ``done`` included."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.sleep(0)  # the last results were handed to the loop before

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            results = []
            while item is not None:
                work, done = item
                try:
                    result = work()
                except Exception as error:  # noqa: BLE001 - told to whoever asked for it
                    result = error
                results.append((done, result))
                if len(results) == MAX_BATCH:
                    break
                try:
                    item = self._queue.get_nowait()
                except Empty:
                    break
            self._loop.call_soon_threadsafe(_tell, results)
            if item is None:
                return


def _tell(results: list[tuple[Done, Any]]) -> None:
    for done, result in results:
        done(result)
