"""A destination that is written once, at the end: readers see the old report or the new one."""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from fetchcli.sinks.formats import STDOUT
from fetchcli.sinks.output import Output


class AtomicOutput(Output):
    """A file that is replaced as a whole; anything but a regular file is written as usual."""

    def begin(self) -> None:
        """Leave an existing file as it is for now."""
        if not self._is_file:
            super().begin()

    @property
    def _is_file(self) -> bool:
        """Whether the file may be replaced: not if it has other names."""
        status = os.fstat(self._fd)
        shared = self.name == STDOUT or self.name.startswith(("/dev/", "/proc/")) or status.st_nlink > 1
        return stat.S_ISREG(status.st_mode) and not shared

    def close(self) -> None:
        """Replace the file by what was written; leave it as it is if nothing was."""
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
    """Write a file beside it and rename it (rename(2) is atomic); if that fails, overwrite.

    Raises:
        OSError: neither is possible; the old content is kept unless it was being overwritten.
    """
    temporary = None
    try:
        fd, temporary = mkstemp(prefix=".", dir=path.parent)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            os.fchmod(fd, stat.S_IMODE(status.st_mode))
            with suppress(OSError):  # only some users may give files away
                os.fchown(fd, status.st_uid, status.st_gid)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        path.write_bytes(data)
