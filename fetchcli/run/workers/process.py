"""One worker process, as the run sees it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from fetchcli.core.errors import FetchcliError
from fetchcli.run.fate import fate
from fetchcli.run.workers.blocks import MessageReader, Outbox, encode
from fetchcli.run.workers.calls import Message, Ping, Start, Started

PING_SECONDS = 5.0
MAX_SILENCE = 6  # pings without an answer; then it is stopped, or hangs
_PROGRAM = "import sys; sys.path[:] = {path!r}; from fetchcli.run.workers.child import main; main()"


class WorkerProcess(asyncio.SubprocessProtocol):
    """A process that makes calls.

    Args:
        start: its first message.
        receive: called with each message that comes.
        ended: called when the process is gone.

    Attributes:
        in_flight: numbers of the calls that it makes.
        ready: done when it can make calls; fails with the error that the run ends with.
        alive: it takes messages.
    """

    def __init__(
        self,
        start: Start,
        receive: "Callable[[WorkerProcess, Message], None]",
        ended: "Callable[[WorkerProcess], None]",
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._receive, self._ended = receive, ended
        self._blocks = MessageReader()
        self._outbox = Outbox(self._loop, self._write)
        self._early = [encode([start])]  # what was said before it ran
        self._process: asyncio.SubprocessTransport | None = None
        self._pipe: asyncio.WriteTransport | None = None
        self._gone = self._loop.create_future()
        self.in_flight: set[int] = set()
        self.ready: asyncio.Future[None] = self._loop.create_future()
        self.alive = True
        self._unanswered = 0
        self._ping: asyncio.TimerHandle | None = None
        self._spawning = self._loop.create_task(self._spawn())

    async def _spawn(self) -> None:
        program = _PROGRAM.format(path=sys.path)
        try:
            await self._loop.subprocess_exec(
                lambda: self, sys.executable, "-c", program, stderr=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as error:
            self.alive = False
            self.ready.set_exception(FetchcliError(f"a worker process cannot be started: {error.strerror}"))
            self._ended(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process runs."""
        self._process = cast("asyncio.SubprocessTransport", transport)
        self._pipe = cast("asyncio.WriteTransport", self._process.get_pipe_transport(0))
        for block in self._early:
            self._pipe.write(block)

    def send(self, message: Message) -> None:
        """Send a message, with those that come to it in this turn of the event loop."""
        self._outbox.put(message)

    def _write(self, block: bytes) -> None:
        if self._pipe is None:
            self._early.append(block)
        elif self.alive:
            self._pipe.write(block)

    def _watch(self) -> None:
        """Ask whether it runs; end it if it does not answer."""
        if self._unanswered >= MAX_SILENCE:
            self._kill()
            return
        self._unanswered += 1
        self.send(Ping())
        self._ping = self._loop.call_later(PING_SECONDS, self._watch)

    def _stop_watching(self) -> None:
        if self._ping is not None:
            self._ping.cancel()

    def _kill(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()

    def pipe_data_received(self, _fd: int, data: bytes) -> None:
        """See `asyncio.SubprocessProtocol`."""
        self._unanswered = 0
        for message in self._blocks.feed(data):
            if not isinstance(message, Started):
                self._receive(self, message)
            elif self.ready.done():
                continue
            elif message.problem is None:
                self.ready.set_result(None)
                self._watch()
            else:
                self.ready.set_exception(message.problem)

    def pipe_connection_lost(self, fd: int, _error: Exception | None) -> None:
        """It says no more."""
        self.alive = self.alive and fd != 1

    def connection_lost(self, _error: Exception | None) -> None:
        """It is gone, and everything that it has said was received."""
        self.alive = False
        self._stop_watching()
        if not self.ready.done():
            self.ready.set_exception(FetchcliError(f"a worker process did not start: it {self.fate}"))
        if not self._gone.done():
            self._gone.set_result(None)
        self._ended(self)

    @property
    def fate(self) -> str:
        """How it ended: ``was killed by SIGKILL``."""
        return fate(None if self._process is None else self._process.get_returncode())

    async def close(self) -> None:
        """End it; it has nothing to finish."""
        await asyncio.gather(self._spawning, return_exceptions=True)
        self._stop_watching()
        if self._process is not None:
            self._kill()
            await self._gone
        if self.ready.done() and not self.ready.cancelled():
            self.ready.exception()
