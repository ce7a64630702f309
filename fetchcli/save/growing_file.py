"""A file that grows by whole pieces: one that cannot be written to its end is taken back."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from fetchcli.save.body_spool import BLOCK, write_all

LINK = "a symbolic link, which is not followed; remove it or save elsewhere"
RESERVE = 256 * 1024  # bytes that are reserved at once, beyond what is asked for


class GrowingFile:
    """A file that one run at a time appends to.

    Args:
        path: the file.
        protected: device and inode of files that the run reads or writes.

    Attributes:
        fd: its descriptor.
        end: where the last whole piece ends.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, path: str, protected: Iterable[tuple[int, int]] = ()) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._made = ""  # the path, as long as nothing was written into a file that was not there before
        try:
            self.fd = os.open(path, flags | os.O_EXCL, 0o666)
            self._made = path
        except FileExistsError:
            if Path(path).is_symlink():
                raise OSError(LINK) from None
            self.fd = os.open(path, flags, 0o666)
        self.end = self._reserved = 0
        try:
            _check(self.fd, frozenset(protected))
        except BaseException:
            os.close(self.fd)
            raise

    def cut(self, end: int) -> None:
        """Drop what stands after this offset."""
        os.ftruncate(self.fd, end)
        os.lseek(self.fd, end, os.SEEK_SET)
        self.end = end

    def reserve(self, size: int) -> None:
        """Make sure that there is room for so many bytes more (posix_fallocate(3)); `close` gives back what is left.

        Raises:
            OSError: there is not.
        """
        if self.end + size <= self._reserved or not hasattr(os, "posix_fallocate"):
            return
        try:
            os.posix_fallocate(self.fd, self.end, size + RESERVE)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                os.ftruncate(self.fd, max(self.end, self._reserved))
                raise
        self._reserved = self.end + size + RESERVE

    def append(self, blocks: Iterable[bytes], *, sync: bool = False) -> None:
        """Add one piece, whole or not at all.

        Args:
            blocks: its bytes.
            sync: write it through to the disk.

        Raises:
            OSError: it could not be written; the file is as before.
        """
        size = 0
        try:
            for block in _gathered(blocks):
                write_all(self.fd, block)
                size += len(block)
            if sync:
                os.fsync(self.fd)
        except BaseException:
            os.lseek(self.fd, self.end, os.SEEK_SET)  # what stands behind it is written over, if it cannot be cut
            with suppress(OSError):
                os.ftruncate(self.fd, max(self.end, self._reserved))
            raise
        self.end += size
        self._made = ""

    def close(self) -> None:
        """Close it, and let others write; a new file without content is removed."""
        if self._reserved > self.end:
            with suppress(OSError):
                os.ftruncate(self.fd, self.end)
        if self._made:
            with suppress(OSError):
                Path(self._made).unlink()
        os.close(self.fd)


def _gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in fewer pieces: each call of write(2) costs the thread its turn."""
    ready: list[bytes] = []
    size = 0
    for block in blocks:
        ready.append(block)
        size += len(block)
        if size >= BLOCK:
            yield b"".join(ready)
            ready, size = [], 0
    yield b"".join(ready)


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
