"""A body on its way: small ones stay in memory, larger ones go to a temporary file as they come."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import NamedTuple

from fetchcli.core.errors import ErrorKind, TransportError
from fetchcli.save.write_failure import write_failure
from fetchcli.save.writer import Writer

BLOCK = 256 * 1024  # bytes that are read at once
MAX_IN_MEMORY = 64 * 1024  # bytes of a body that are not handed to the thread
MAX_UNWRITTEN = 256 * 1024  # bytes of a body that wait for the thread; beyond, nothing more is read


class KeptPart(NamedTuple):
    """What makes a temporary file one that a later run can go on with.

    Attributes:
        key: the key of its row.
        about: what is known about the response, as JSON.
    """

    key: str
    about: bytes


class Staged:
    """A temporary file.

    Args:
        fd: its descriptor.
        name: its name; empty if it has none.
        folder: descriptor of the folder of that name.
        about: name of the file there that says what it is, or empty.
    """

    __slots__ = ("about", "fd", "folder", "name")

    def __init__(self, fd: int, name: str = "", folder: int = -1, about: str = "") -> None:
        self.fd, self.name, self.folder, self.about = fd, name, folder, about

    def close(self) -> None:
        """Close it; it keeps its name."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def forget(self) -> None:
        """It has another name now."""
        self.name = ""
        self._remove(self.about)

    def drop(self) -> None:
        """Close and remove it."""
        self.close()
        self._remove(self.name)
        self._remove(self.about)
        self.name = ""

    def _remove(self, name: str) -> None:
        if name:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=self.folder)


class BodySpool:
    """See `save.base.Spool`.

    Args:
        writer: the thread that writes.
        stage: makes a temporary file, given what a later run needs to go on with it; called in that thread.
        forget: called by the event loop when the body is dropped.
        raw: see `save.base.Spool`.

    Attributes:
        pieces: the bytes that are not in the temporary file.
        staged: the temporary file, or None.
        part: what a later run needs to go on with the body, or None.
    """

    __slots__ = (
        "_error",
        "_forget",
        "_in_memory",
        "_stage",
        "_unwritten",
        "_waiter",
        "_writer",
        "part",
        "pieces",
        "raw",
        "size",
        "staged",
    )

    def __init__(
        self,
        writer: Writer,
        stage: Callable[[KeptPart | None], Staged],
        forget: "Callable[[BodySpool], object]",
        *,
        raw: bool,
    ) -> None:
        self._writer, self._stage, self._forget, self.raw = writer, stage, forget, raw
        self.pieces: list[bytes] = []
        self.size = self._in_memory = self._unwritten = 0
        self.staged: Staged | None = None
        self.part: KeptPart | None = None
        self._error: OSError | None = None
        self._waiter: asyncio.Future[None] | None = None

    def feed(self, piece: bytes) -> None:
        """See `save.base.Spool`."""
        self.pieces.append(piece)
        self.size += len(piece)
        self._in_memory += len(piece)
        if self._in_memory > MAX_IN_MEMORY:
            pieces, size = self.pieces, self._in_memory
            self.pieces, self._in_memory = [], 0
            self._unwritten += size
            self._writer.submit(lambda: self._append(pieces), lambda _: self._appended(size))

    async def drain(self) -> None:
        """See `save.base.Spool`."""
        while self._unwritten > MAX_UNWRITTEN and self._error is None:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._error is not None:
            failure = write_failure("the body", self._error)
            raise TransportError(ErrorKind.WRITE, failure.detail, failure.remedy)

    def discard(self) -> None:
        """See `save.base.Spool`."""
        self._forget(self)
        self.pieces = []
        if self._unwritten or self.staged is not None:
            self._writer.submit(self.drop)

    def leave(self) -> None:
        """Keep what has come for a later run, if one can go on with it."""
        if self.part is None:
            self.discard()
            return
        self._forget(self)
        self._writer.submit(self._leave)

    def _leave(self) -> None:
        self.complete().close()
        self.staged = None

    def drop(self) -> None:
        """Remove the temporary file; called in the thread."""
        if self.staged is not None:
            self.staged.drop()
            self.staged = None

    def blocks(self) -> Iterator[bytes]:
        """The whole body; called in the thread.

        Raises:
            OSError: it could not be written, or be read again.
        """
        if self._error is not None:
            raise self._error
        size = 0
        for block in chain(() if self.staged is None else blocks_of(self.staged.fd), self.pieces):
            size += len(block)
            yield block
        if size != self.size:
            raise OSError(f"{size} of {self.size} bytes are left of it")

    def moved(self) -> "BodySpool":
        """The body in a spool that nobody else drops; called in the thread."""
        moved = BodySpool(self._writer, self._stage, self._forget, raw=self.raw)
        moved.pieces, moved.size, moved.staged, moved._error = self.pieces, self.size, self.staged, self._error
        self.pieces, self.staged = [], None
        return moved

    def complete(self) -> Staged:
        """The temporary file with the whole body; called in the thread.

        Raises:
            OSError: it could not be written.
        """
        if self._error is not None:
            raise self._error
        was_staged = self.staged is not None
        self._append(self.pieces)
        self.pieces = []
        assert self.staged is not None, "it was made to append to"  # noqa: S101
        if was_staged and (size := os.fstat(self.staged.fd).st_size) != self.size:
            raise OSError(f"{size} of {self.size} bytes are left of it")
        return self.staged

    def _append(self, pieces: Iterable[bytes]) -> None:
        """Write pieces; called in the thread, which knows of a failure before whatever follows."""
        if self._error is not None:
            return
        try:
            if self.staged is None:
                self.staged = self._stage(self.part)
            write_all(self.staged.fd, b"".join(pieces))
        except OSError as error:
            self._error = error
            raise

    def _appended(self, size: int) -> None:
        self._unwritten -= size
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def blocks_of(fd: int) -> Iterator[bytes]:
    """The content of a file from its start, wherever it is being written."""
    offset = 0
    while block := os.pread(fd, BLOCK, offset):
        yield block
        offset += len(block)


def write_all(fd: int, data: bytes) -> None:
    """Write all bytes; raises OSError."""
    written = os.write(fd, data)
    if written < len(data):
        view = memoryview(data)
        while written < len(data):
            written += os.write(fd, view[written:])
