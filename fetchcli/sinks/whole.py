"""A destination that is written at once, at the end: a reader sees the last report, or the new one."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from fetchcli.sinks.output import STDOUT, Output


class WholeOutput(Output):
    """A file that is replaced; what is no regular file is written as any other output."""

    def begin(self) -> None:
        """Leave a file as it is for now."""
        if not self._is_file:
            super().begin()

    @property
    def _is_file(self) -> bool:
        return self.name != STDOUT and stat.S_ISREG(os.fstat(self._fd).st_mode)

    def close(self) -> None:
        """Replace the file by what was written."""
        if not self._is_file:
            super().close()
            return
        try:
            _replace(Path(self.name).resolve(), b"".join(self._pending), os.fstat(self._fd).st_mode)
        except OSError as error:
            self._fail(error)
        os.close(self._fd)


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Write beside it, then take its place (rename(2) is atomic); where nothing may be beside it, over it."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IMODE(mode))
    except PermissionError:
        path.write_bytes(data)
        return
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
