"""One destination of bytes, written in blocks by a thread of its own, compressed if its name says so.

A reader that stops (``| less``), a slow disk or a terminal on hold must never block the event loop:
requests in flight would time out, and a local problem would be blamed on their URLs.
"""

import errno
import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from os.path import samestat
from pathlib import Path
from typing import NamedTuple

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from fetchcli.core.errors import OutputError
from fetchcli.sinks import compress
from fetchcli.sinks.formats import STDOUT

BLOCK_SECONDS = 0.05  # each block interrupts the event loop three times
RETRY_SECONDS = 0.01
WATCH_SECONDS = 0.2
GATHER_SECONDS = 0.02
MAX_BACKLOG = 4 * 1024 * 1024


class Blocks(NamedTuple):
    """Bytes that are read when it is their turn."""

    blocks: Iterator[bytes]
    size: int

    def __len__(self) -> int:
        return self.size


class Output:
    """A file or stdout.

    Attributes:
        name: the path, ``-`` for stdout.
        broken_pipe: the reader at the other end is gone.
        complete: the run has come to its end; only `ReplacingOutput` cares.
        crashed: an exception has ended the run; only `ObjectOutput` cares.
    """

    complete = True
    crashed = False

    def __init__(self, name: str, on_failure: Callable[["Output"], None]) -> None:
        """Open the destination without emptying it; `begin` empties it.

        Args:
            name: the path, ``-`` for stdout.
            on_failure: called once, by the writing thread, when writing has failed.

        Raises:
            OutputError: the path cannot be written.
        """
        self.name = name
        self.broken_pipe = False
        self._on_failure = on_failure
        self._error: OSError | None = None
        # Without a lock: one thread appends and counts what it queued, the other takes and counts what it wrote.
        self._pending: deque[bytes | Blocks] = deque()
        self._queued = self._written = 0
        self._filled = threading.Event()
        self._closing = threading.Event()
        self._compress = compress.compressor_for(name)
        try:
            self._fd = 1 if name == STDOUT else self._open(name)
        except (OSError, ValueError) as error:
            raise OutputError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
        self._poll = None if self._fd is None else _watch(self._fd)
        self._thread = threading.Thread(target=self._write_blocks, name=f"fetchcli-output {name}", daemon=True)

    def _open(self, name: str) -> int | None:
        """Open a path; None if it is to be made at the end."""
        return os.open(name, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)

    def lock(self) -> None:
        """Let no other run write into the same growing file; called once every output is open.

        Raises:
            OutputError: another one does, or the file was replaced meanwhile.
        """
        if fcntl is None or not stat.S_ISREG(os.fstat(self.fd).st_mode):
            return
        problem = ""
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self.name != STDOUT and not samestat(Path(self.name).stat(), os.fstat(self.fd)):
                problem = "the file was replaced meanwhile; start again"
        except BlockingIOError:
            problem = "another run is writing to it; use another file"
        except OSError:  # a file system without locks
            return
        if problem:
            raise OutputError(f"{self._shown}: {problem}")

    def _unlock(self) -> None:
        """Unlock at once: a shell may keep its stdout open after this run."""
        if fcntl is not None:
            with suppress(OSError):
                fcntl.flock(self.fd, fcntl.LOCK_UN)

    @property
    def fd(self) -> int:
        """The file descriptor."""
        assert self._fd is not None, "only a file that is made at the end has none"  # noqa: S101
        return self._fd

    def begin(self) -> None:
        """Empty the file and start writing; called once every output is locked.

        Raises:
            OutputError: the file cannot be emptied.
        """
        if self.name != STDOUT and stat.S_ISREG(os.fstat(self.fd).st_mode):
            try:
                os.ftruncate(self.fd, 0)
            except OSError as error:
                raise OutputError(f"{self.name}: {error.strerror}") from None
        self._thread.start()

    @property
    def identity(self) -> object:
        """What two outputs must not share: the file, if it is regular."""
        status = os.fstat(self.fd)
        return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else id(self)

    @property
    def failure(self) -> str:
        """Why writing failed, or empty."""
        if self._error is None:
            return ""
        return f"{self._shown}: {self._error.strerror}"

    @property
    def _shown(self) -> str:
        """The name for messages."""
        return "stdout" if self.name == STDOUT else self.name

    @property
    def congested(self) -> bool:
        """Whether too much waits to be written."""
        return self._queued - self._written > MAX_BACKLOG and self._error is None

    def write(self, data: bytes) -> None:
        """Queue bytes; they are written within `BLOCK_SECONDS`, compressed ones within `compress.BLOCK_SECONDS`."""
        self._pending.append(data)
        self._queued += len(data)
        if not self._filled.is_set():
            self._filled.set()

    def write_blocks(self, blocks: Iterator[bytes], size: int) -> None:
        """Queue bytes that are read when it is their turn, by the thread that writes; nothing here is compressed.

        Args:
            blocks: the bytes; an OSError makes this output fail.
            size: number of bytes.
        """
        self._pending.append(Blocks(blocks, size))
        self._queued += size
        self._filled.set()

    def close(self) -> None:
        """Write what is left and close; blocks as long as the destination does."""
        self._finish()
        self._release()

    def _finish(self) -> None:
        self._closing.set()
        self._filled.set()
        self._thread.join()

    def _release(self) -> None:
        self._unlock()
        if self.fd != 1:
            try:
                os.close(self.fd)
            except OSError as error:  # a network file system may report errors only now
                self._fail(error)

    def _write_blocks(self) -> None:
        empty = True
        while True:
            self._await_data()
            self._gather()
            self._filled.clear()
            closing = self._closing.is_set()  # read after clearing: `close` sets this first
            pieces = [self._pending.popleft() for _ in range(len(self._pending))]
            if empty and closing and self._compress is not None:
                pieces = pieces or [b""]  # no member at all is no file of that compression
            empty = empty and not pieces
            self._write_pieces(pieces)
            self._written += sum(map(len, pieces))
            if closing:
                return

    def _write_pieces(self, pieces: "list[bytes | Blocks]") -> None:
        """Write what is there in one go, and what is to be read block by block."""
        ready: list[bytes] = []
        for piece in pieces:
            if isinstance(piece, bytes):
                ready.append(piece)
                continue
            self._write_all(self._encoded(ready))
            ready = []
            try:
                for block in piece.blocks:
                    self._write_all(block)
            except OSError as error:
                self._fail(error)
        self._write_all(self._encoded(ready))

    def _gather(self) -> None:
        """Let a block gather: a few rows, or a member that is worth compressing."""
        if self._compress is None:
            self._closing.wait(BLOCK_SECONDS)
            return
        until = time.monotonic() + compress.BLOCK_SECONDS
        while self._queued - self._written < compress.MAX_BLOCK and time.monotonic() < until:
            if self._closing.wait(GATHER_SECONDS):
                return

    def _encoded(self, pieces: list[bytes]) -> bytes:
        """The bytes for the file."""
        return b"".join(pieces) if self._compress is None else compress.compressed(pieces, self._compress)

    def _await_data(self) -> None:
        """Wait for bytes, and notice when the reader of a pipe goes away."""
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
                view = view[os.write(self.fd, view) :]
            except BlockingIOError:  # a non-blocking stdout
                time.sleep(RETRY_SECONDS)
            except OSError as error:
                self._fail(error)


def _watch(fd: int) -> "select.poll | None":
    """A poll object that reports only the loss of a pipe's reader (poll(2): POLLERR)."""
    if not hasattr(select, "poll") or not stat.S_ISFIFO(os.fstat(fd).st_mode):
        return None
    poll = select.poll()
    poll.register(fd, 0)
    return poll
