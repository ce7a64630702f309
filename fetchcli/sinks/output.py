"""One destination of bytes, written by a thread of its own, in blocks.

A reader that stops reading (``| less``), a slow disk or a terminal on hold must never stop the
event loop: requests in flight would time out, and a local fault would be blamed on their URLs.
"""

import errno
import os
import select
import stat
import threading
import time
from collections.abc import Callable

from fetchcli.core.errors import OutputError

STDOUT = "-"
BLOCK_SECONDS = 0.01
WATCH_SECONDS = 0.2
BACKLOG_LIMIT = 4 * 1024 * 1024


class Output:
    """A file or stdout.

    Attributes:
        name: the path, ``-`` for stdout.
        broken_pipe: the reader of the other end is gone.
    """

    def __init__(self, name: str, on_failure: Callable[["Output"], None]) -> None:
        """Open it, without emptying it: `begin` does.

        Args:
            name: the path, ``-`` for stdout.
            on_failure: called once, by the writing thread, when nothing more can be written.

        Raises:
            OutputError: the path cannot be written.
        """
        self.name = name
        self.broken_pipe = False
        self._on_failure = on_failure
        self._error: OSError | None = None
        self._pending: list[bytes] = []
        self._backlog = 0
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._closing = threading.Event()
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        try:
            self._fd = 1 if name == STDOUT else os.open(name, flags, 0o666)
        except (OSError, ValueError) as error:
            raise OutputError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
        self._poll = _watch(self._fd)
        self._thread = threading.Thread(target=self._write_blocks, name=f"fetchcli-output {name}", daemon=True)

    def begin(self) -> None:
        """Empty the file and start to write: what was there is gone only once every output is open."""
        if self.name != STDOUT and stat.S_ISREG(os.fstat(self._fd).st_mode):
            os.ftruncate(self._fd, 0)
        self._thread.start()

    @property
    def identity(self) -> object:
        """What two outputs must not share: the file, where it is one."""
        status = os.fstat(self._fd)
        return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else id(self)

    @property
    def failure(self) -> str:
        """Why nothing more can be written, or empty."""
        if self._error is None:
            return ""
        return f"{'stdout' if self.name == STDOUT else self.name}: {self._error.strerror}"

    @property
    def congested(self) -> bool:
        """More is waiting than should be: produce no more for now."""
        return self._backlog > BACKLOG_LIMIT and self._error is None

    def write(self, data: bytes) -> None:
        """Hand over bytes; they are written within `BLOCK_SECONDS` where the destination allows."""
        with self._lock:
            self._pending.append(data)
            self._backlog += len(data)
        if not self._filled.is_set():
            self._filled.set()

    def close(self) -> None:
        """Write what is left and close. Blocks as long as the destination does."""
        self._closing.set()
        self._filled.set()
        self._thread.join()
        if self._fd != 1:
            try:
                os.close(self._fd)
            except OSError as error:  # a network file system may speak up only now
                self._fail(error)

    def _write_blocks(self) -> None:
        while True:
            self._await_data()
            self._closing.wait(BLOCK_SECONDS)  # gather a block
            self._filled.clear()
            closing = self._closing.is_set()  # asked after clearing: `close` sets this first
            with self._lock:
                block, self._pending = b"".join(self._pending), []
            self._write_all(block)
            with self._lock:
                self._backlog -= len(block)
            if closing:
                return

    def _await_data(self) -> None:
        """Wait for bytes; notice meanwhile when the reader of a pipe goes away."""
        while not self._filled.wait(WATCH_SECONDS):
            if self._poll is not None and self._poll.poll(0) and self._error is None:
                self._fail(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))

    def _fail(self, error: OSError) -> None:
        if self._error is not None:
            return
        self.broken_pipe = error.errno == errno.EPIPE
        self._error = error
        self._on_failure(self)

    def _write_all(self, block: bytes) -> None:
        view = memoryview(block)
        while view and self._error is None:
            try:
                view = view[os.write(self._fd, view) :]
            except BlockingIOError:  # a stdout that somebody made non-blocking
                time.sleep(BLOCK_SECONDS)
            except OSError as error:
                self._fail(error)


def _watch(fd: int) -> "select.poll | None":
    """A poll object that reports nothing but the loss of a pipe's reader (poll(2): POLLERR)."""
    if not hasattr(select, "poll") or not stat.S_ISFIFO(os.fstat(fd).st_mode):
        return None
    poll = select.poll()
    poll.register(fd, 0)
    return poll
