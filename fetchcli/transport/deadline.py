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


class Timer:
    """One timer of the event loop for all time limits of one length: they are due in the order in which they began.

    A timer of its own for each would cost more than everything else that a limit does.

    Args:
        seconds: the length.

    Attributes:
        loop: the event loop.
        due: when each limit is due.
    """

    __slots__ = ("_handle", "_seconds", "due", "loop")

    def __init__(self, seconds: float) -> None:
        self.loop = asyncio.get_running_loop()
        self._seconds = seconds
        self.due: dict[Deadline, float] = {}
        self._handle: asyncio.Handle | None = None

    def begin(self, deadline: "Deadline") -> None:
        """Tell a limit when it is due."""
        self.due[deadline] = at = self.loop.time() + self._seconds
        if self._handle is None:
            self._handle = self.loop.call_at(at, self._ring)

    def _ring(self) -> None:
        now, late = self.loop.time(), []
        for deadline, at in self.due.items():
            if at > now:
                break
            late.append(deadline)
        for deadline in late:
            del self.due[deadline]
        self._handle = self.loop.call_at(next(iter(self.due.values())), self._ring) if self.due else None
        for deadline in late:
            deadline.ring()


class Timers:
    """The timers of a transport, by their length."""

    def __init__(self) -> None:
        self._timers: dict[float, Timer] = {}

    def deadline(self, seconds: float | None, watched: Watched) -> "Deadline":
        """A time limit.

        Args:
            seconds: the limit, or None.
            watched: what its block waits for.
        """
        if seconds is None:
            return Deadline(None, watched)
        timer = self._timers.get(seconds)
        if timer is None:
            timer = self._timers[seconds] = Timer(seconds)
        return Deadline(timer, watched)


class Deadline:
    """Ends its ``with`` block with TimeoutError after a time, like `asyncio.timeout`.

    Attributes:
        expired: the limit has ended the block.
    """

    __slots__ = ("_cancelling", "_handle", "_looks", "_seen", "_task", "_timer", "_watched", "expired")

    def __init__(self, timer: Timer | None, watched: Watched) -> None:
        self._timer = timer
        self._watched = watched
        self._handle: asyncio.Handle | None = None
        self._task: asyncio.Task[object] | None = None
        self._cancelling = self._looks = 0
        self._seen: object = None
        self.expired = False

    def __enter__(self) -> None:
        if (timer := self._timer) is not None:
            self._task = task = asyncio.current_task(timer.loop)
            self._cancelling = task.cancelling() if task is not None else 0
            timer.begin(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.due.pop(self, None)
        if self._handle is not None:
            self._handle.cancel()
        if self.expired and self._task is not None:
            cancelled_by_others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not cancelled_by_others:
                raise TimeoutError from error

    def ring(self) -> None:
        """The limit is due: end the block, unless what it waits for has arrived meanwhile."""
        self._call_soon(self._look)  # not at once: an exception in there must not keep other limits from ringing

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
