"""Save bodies as members of one file that grows: a member is in it whole, or not at all."""

import os
import time
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

from fetchcli.core.model.attempt import Response
from fetchcli.core.model.save import Saved
from fetchcli.core.model.target import Target
from fetchcli.core.naming.planner import NamePlanner
from fetchcli.save.body_spool import BodySpool
from fetchcli.save.dates import last_modified
from fetchcli.save.growing_file import GrowingFile
from fetchcli.save.staging import BodyStaging

START = 512  # bytes that show what a file is


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

    def tail_size(self, member: Member) -> int:
        """Bytes that `finish` will write at least if this member is added; 0 if that matters to no reader."""

    def finish(self, end: int) -> Iterable[bytes]:
        """What comes after the last member, which ends here."""

    def members(self, fd: int) -> Iterator[Member]:
        """The whole members of a file, up to the first that is not."""

    def is_own(self, start: bytes) -> bool:
        """Whether a file that begins like this, and has no whole member, is one of this format that was cut off."""

    def close(self) -> None:
        """Nothing more is asked for."""


class Container(BodyStaging):
    """See `save.store.BodyDestination`.

    Args:
        path: the file.
        planner: names the members.
        layout: the format.
        fsync: write every member through to the disk.
        remote_time: give members the time of the Last-Modified field.
        resume: keep the members that the file has; otherwise it is emptied before the first one is written.
        skip: rows whose names these members have are skipped.
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
        skip: bool = False,
        protected: Iterable[tuple[int, int]] = (),
    ) -> None:
        self._planner, self._layout = planner, layout
        self._fsync, self._remote_time, self._resume, self._skip = fsync, remote_time, resume, skip
        super().__init__(str(Path(path).absolute().parent))
        try:
            self._file = GrowingFile(path, protected)
        except BaseException:
            layout.close()
            raise
        self._is_begun, kept = False, 0
        try:
            if resume:
                kept = self._recovered()
        except BaseException:
            layout.close()
            self._file.close()
            raise
        self._kept = kept

    def place(self, spool: BodySpool, row: Target, response: Response) -> Saved:
        """See `save.store.BodyDestination`."""
        self._begin()
        name = self._planner.final(row, response)
        seconds = last_modified(response) if self._remote_time else None
        crc = 0
        for block in spool.blocks():
            crc = zlib.crc32(block, crc)
        seconds = time.time() if seconds is None else seconds
        member = Member(name, spool.size, crc, seconds, self._file.end)
        before, after = self._layout.frame(member)
        if tail := self._layout.tail_size(member):
            self._file.reserve(len(before) + spool.size + len(after) + tail)
        self._file.append(chain((before,), spool.blocks(), (after,)), sync=self._fsync)
        self._layout.added(member)
        return Saved(name, spool.size)

    def named(self, row: Target, response: Response) -> str:
        """See `save.store.BodyDestination`."""
        return row.file_name or self._planner.wanted(row, response)

    def close(self) -> None:
        """See `save.store.BodyDestination`."""
        try:
            if self._resume:
                self._begin()
            if self._is_begun:
                self._file.append(self._layout.finish(self._file.end), sync=self._fsync)
        finally:
            self._layout.close()
            self._file.close()

    def _begin(self) -> None:
        """Drop what is not kept: not before, because a run that fails to start leaves the file as it is."""
        if not self._is_begun:
            self._file.cut(self._kept)
            self._is_begun = True

    def _recovered(self) -> int:
        """Where the last whole member ends."""
        end = 0
        for member in self._layout.members(self._file.fd):
            self._layout.added(member)
            if self._skip:
                self._planner.claims.note_older(member.name)
            else:
                self._planner.claims.claim(member.name, str)
            end = member.end
        start = os.pread(self._file.fd, START, 0)
        if start and not end and not self._layout.is_own(start):
            raise OSError("not a file that fetchcli has written; write to another one")
        return end
