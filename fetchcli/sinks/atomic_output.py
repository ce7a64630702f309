"""A destination that is written once, at the end: readers see the old report, the new one, or none."""

import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from fetchcli.sinks.formats import STDOUT
from fetchcli.sinks.output import Output

_MODE = 0o666


class AtomicOutput(Output):
    """A file that appears, or is replaced, as a whole; anything but a regular file is written as usual."""

    def _open(self, name: str) -> int | None:
        """Open an existing file; a new one is not made before it is whole."""
        path = Path(name)
        if path.exists():
            return os.open(name, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        folder = path.resolve().parent
        folder.stat()  # raises the error that making the file would raise
        if path.name in ("", ".", "..") or name.endswith("/") or not folder.is_dir():
            raise NotADirectoryError(0, "Is not a file name" if folder.is_dir() else "Not a directory")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(0, "Permission denied")
        return None

    def lock(self) -> None:
        """A file that is renamed into place does not grow."""

    def begin(self) -> None:
        """Leave an existing file as it is for now."""
        if not self._is_regular:
            super().begin()

    @property
    def identity(self) -> object:
        """What two outputs must not share: the file, or the place where it will be."""
        if self._fd is not None:
            return super().identity
        path = Path(self.name).resolve()
        status = path.parent.stat()
        return status.st_dev, status.st_ino, path.name

    @property
    def _is_regular(self) -> bool:
        return self._fd is None or stat.S_ISREG(os.fstat(self._fd).st_mode)

    @property
    def _is_replaceable(self) -> bool:
        """Whether a file may be replaced: not if it has other names, or is open elsewhere as stdout is."""
        shared = self.name == STDOUT or self.name.startswith(("/dev/", "/proc/"))
        return self._fd is None or not (shared or os.fstat(self._fd).st_nlink > 1)

    def close(self) -> None:
        """Replace the file by what was written; leave it as it is if nothing was, or if that fails."""
        if not self._is_regular:
            super().close()
            return
        data = self._encoded([piece for piece in self._pending if isinstance(piece, bytes)]) if self._pending else b""
        try:
            if data and self._is_replaceable:
                status = None if self._fd is None else os.fstat(self._fd)
                mode = _MODE & ~_umask() if status is None else stat.S_IMODE(status.st_mode)
                replace_file(Path(self.name).resolve(), data, mode, status)
                data = b""
        except OSError as error:
            if self._fd is None or not isinstance(error, PermissionError):
                self._fail(error)
                data = b""
        if data:  # in place: there is no other way
            super().begin()
            super().close()
        elif self._fd not in (None, 1):
            os.close(self.fd)


def replace_file(path: Path, data: bytes, mode: int, owner: os.stat_result | None = None) -> None:
    """Write a file beside it and rename it (rename(2) is atomic).

    Args:
        path: the file.
        data: its content.
        mode: its permissions.
        owner: the status of the file whose owner it gets, or None.

    Raises:
        OSError: that is not possible; an old file is kept.
    """
    fd, temporary = mkstemp(prefix=".", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            os.fchmod(fd, mode)
            if owner is not None:
                with suppress(OSError):  # only some users may give files away
                    os.fchown(fd, owner.st_uid, owner.st_gid)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
