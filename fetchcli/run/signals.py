"""SIGINT, SIGTERM and SIGHUP: the first one ends the run properly, the second one ends the process."""

import asyncio
import os
import signal
from collections.abc import Callable
from types import FrameType, TracebackType

from fetchcli.core.errors import ExitCode

_CODES = {
    getattr(signal, code.name): code
    for code in (ExitCode.SIGINT, ExitCode.SIGTERM, ExitCode.SIGHUP)
    if hasattr(signal, code.name)  # Windows has no SIGHUP
}


class Interrupt:
    """Handles both signals inside its ``with`` block.

    Attributes:
        code: exit code of the signal that arrived, or None.
    """

    def __init__(self, stop: Callable[[str], None]) -> None:
        self._stop = stop
        self._loop = asyncio.get_running_loop()
        # One that the parent ignores (nohup) stays ignored.
        self._previous = {
            number: handler for number in _CODES if (handler := signal.getsignal(number)) is not signal.SIG_IGN
        }
        self.code: ExitCode | None = None

    def __enter__(self) -> "Interrupt":
        for number in self._previous:
            signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        # Plain handlers, not the loop's: the second signal must work while the loop is blocked.
        code = _CODES[signal.Signals(number)]
        if self.code is not None:
            os._exit(code)
        self.code = code
        self._loop.call_soon_threadsafe(self._stop, "the run was interrupted")
