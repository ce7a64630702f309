"""A destination that is written at once, at the end: a reader sees the last report, or the new one."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from fetchcli.sinks.output import STDOUT, Output


class WholeOutput(Output):
    """A file that is replaced; what is no regular file is written as any other output."""

    def begin(self) -> None:
        """Leave a file as it is for now."""
        if not self._is_file:
            super().begin()

    @property
    def _is_file(self) -> bool:
        """Whether it may be replaced: somebody may go on writing to what has another name, too."""
        status = os.fstat(self._fd)
        lent = self.name == STDOUT or self.name.startswith(("/dev/", "/proc/")) or status.st_nlink > 1
        return stat.S_ISREG(status.st_mode) and not lent

    def close(self) -> None:
        """Replace the file by what was written; where nothing was, leave it as it is."""
        if not self._is_file:
            super().close()
            return
        try:
            if self._pending:
                _replace(Path(self.name).resolve(), b"".join(self._pending), os.fstat(self._fd))
        except OSError as error:
            self._fail(error)
        os.close(self._fd)


def _replace(path: Path, data: bytes, status: os.stat_result) -> None:
    """Write beside it, then take its place (rename(2) is atomic); where that cannot be, write over it.

    Raises:
        OSError: neither can be; what was there is still there, unless it was being written over.
    """
    beside = None
    try:
        fd, beside = mkstemp(prefix=".", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            os.fchmod(fd, stat.S_IMODE(status.st_mode))
            with suppress(OSError):  # only who may give files away
                os.fchown(fd, status.st_uid, status.st_gid)
        Path(beside).replace(path)
    except OSError as error:
        if beside is not None:
            Path(beside).unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        path.write_bytes(data)
