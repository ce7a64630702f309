"""Time limits that read the sockets before they judge.

After a stop of the process (SIGSTOP, a laptop's sleep, a blocked event loop) timers are due before the sockets
were read, and uvloop runs timers first. An answer that had arrived is an answer: so a limit that is due lets
the event loop read, as long as that brings anything, and only then ends the wait.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

MAX_LOOKS = 32  # reads of at most 256 KB: more than a socket buffer holds


class Watched(Protocol):
    """Something that arrives."""

    @property
    def progress(self) -> object:
        """Differs from an earlier value if anything has arrived since."""


class Deadline:
    """Ends its ``with`` block with TimeoutError after a time, like `asyncio.timeout`.

    Args:
        seconds: the limit, or None.
        watched: what the block waits for.

    Attributes:
        expired: the limit has ended the block.
    """

    __slots__ = ("_cancelling", "_handle", "_looks", "_seconds", "_seen", "_task", "_watched", "expired")

    def __init__(self, seconds: float | None, watched: Watched) -> None:
        self._seconds = seconds
        self._watched = watched
        self._handle: asyncio.Handle | None = None
        self._task: asyncio.Task[object] | None = None
        self._cancelling = self._looks = 0
        self._seen: object = None
        self.expired = False

    def __enter__(self) -> None:
        if self._seconds is not None:
            self._task = task = asyncio.current_task()
            self._cancelling = task.cancelling() if task is not None else 0
            self._handle = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        if self.expired and self._task is not None:
            cancelled_by_others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not cancelled_by_others:
                raise TimeoutError from error

    def _look(self) -> None:
        self._seen = self._watched.progress
        # What is called next may still run before the sockets are read; what that calls runs after it.
        self._call_soon(lambda: self._call_soon(self._judge))

    def _call_soon(self, callback: Callable[[], None]) -> None:
        self._handle = asyncio.get_running_loop().call_soon(callback)

    def _judge(self) -> None:
        self._looks += 1
        if self._watched.progress != self._seen and self._looks < MAX_LOOKS:
            self._look()
        elif self._task is not None:
            self.expired = True
            self._task.cancel()
