"""Save bodies as members of one file that grows: a member is in it whole, or not at all."""

import fcntl
import os
import stat
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, Protocol

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.target import Target
from fetchcli.core.naming.planner import NamePlanner
from fetchcli.save.body_spool import BodySpool, Part, Staged, write_all
from fetchcli.save.dates import last_modified


class Member(NamedTuple):
    """One member of a container.

    Attributes:
        name: its name.
        size: bytes of its body.
        crc: CRC-32 of its body.
        seconds: its time, since the epoch.
        start: where it begins in the file.
        end: where it ends.
    """

    name: str
    size: int
    crc: int
    seconds: float
    start: int
    end: int = 0


class ContainerFormat(Protocol):
    """How members stand in a file."""

    def frame(self, member: Member) -> tuple[bytes, bytes]:
        """What comes before and after the body of a member."""

    def added(self, member: Member) -> None:
        """The member is in the file."""

    def finish(self, end: int) -> Iterable[bytes]:
        """What comes after the last member, which ends here."""

    def members(self, fd: int) -> Iterator[Member]:
        """The whole members of a file, up to the first that is not."""

    def close(self) -> None:
        """Nothing more is asked for."""


class Container:
    """See `save.store.BodyDestination`.

    Args:
        path: the file.
        planner: names the members.
        layout: the format.
        fsync: write every member through to the disk.
        remote_time: give members the time of the Last-Modified field.
        resume: keep the members that the file has; otherwise it is emptied.
        protected: device and inode of files that the run reads or writes.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(  # noqa: PLR0913 - what the settings say about a container
        self,
        path: str,
        planner: NamePlanner,
        layout: ContainerFormat,
        *,
        fsync: bool = False,
        remote_time: bool = False,
        resume: bool = False,
        protected: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._planner, self._layout = planner, layout
        self._fsync, self._remote_time = fsync, remote_time
        self._folder = str(Path(path).absolute().parent)
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError:
            layout.close()
            raise
        try:
            _check(self._fd, frozenset(protected))
            self._end = self._recovered() if resume else 0
            os.ftruncate(self._fd, self._end)
            os.lseek(self._fd, self._end, os.SEEK_SET)
        except BaseException:
            self._layout.close()
            os.close(self._fd)
            raise

    def stage(self, part: Part | None = None) -> Staged:  # noqa: ARG002 - a file without a name is never left
        """See `save.store.BodyDestination`."""
        return unnamed_file(self._folder)

    def part(self, key: str) -> None:
        """See `save.store.BodyDestination`: nothing is ever left."""

    def place(self, spool: BodySpool, row: Target, response: Response) -> str:
        """See `save.store.BodyDestination`."""
        name = self._planner.final(row, response)
        seconds = last_modified(response) if self._remote_time else None
        crc = 0
        for block in spool.blocks():
            crc = zlib.crc32(block, crc)
        seconds = time.time() if seconds is None else seconds
        member = Member(name, spool.size, crc, seconds, self._end)
        before, after = self._layout.frame(member)
        try:
            write_all(self._fd, before)
            for block in spool.blocks():
                write_all(self._fd, block)
            write_all(self._fd, after)
            if self._fsync:
                os.fsync(self._fd)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._fd, self._end)
            os.lseek(self._fd, self._end, os.SEEK_SET)
            raise
        self._layout.added(member)
        self._end += len(before) + spool.size + len(after)
        return name

    def named(self, row: Target, response: Response) -> str:
        """See `save.store.BodyDestination`."""
        return row.file_name or self._planner.wanted(row, response)

    def close(self) -> None:
        """See `save.store.BodyDestination`."""
        try:
            for block in self._layout.finish(self._end):
                write_all(self._fd, block)
            if self._fsync:
                os.fsync(self._fd)
        finally:
            self._layout.close()
            os.close(self._fd)

    def _recovered(self) -> int:
        """Where the last whole member ends."""
        end = 0
        for member in self._layout.members(self._fd):
            self._layout.added(member)
            self._planner.claims.claim(member.name, str)
            end = member.end
        return end


def unnamed_file(folder: str | None = None) -> Staged:
    """A temporary file without a name: nothing is left of it after a kill."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        return Staged(os.dup(file.fileno()))


def _check(fd: int, protected: frozenset[tuple[int, int]]) -> None:
    """Refuse what is no regular file, and what the run or another run uses."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("not a regular file")
    if (status.st_dev, status.st_ino) in protected:
        raise OSError("the run reads or writes this file")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError("another run is writing to it; use another file") from None
    except OSError:  # a file system without locks
        return
