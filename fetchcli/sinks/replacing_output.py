"""A growing file that takes the place of an older one at the end: the run reads that one before."""

import os
import stat
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from fetchcli.core.errors import OutputError
from fetchcli.messages import print_message
from fetchcli.sinks.output import Output
from fetchcli.sinks.rewritten_file import hidden_beside


class ReplacingOutput(Output):
    """Written beside the file and renamed when it is complete (rename(2) is atomic); a kill leaves the older one."""

    _temporary = ""

    def _open(self, name: str) -> int | None:
        path = Path(name).resolve()
        self._temporary = str(hidden_beside(path))
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self._temporary, flags, 0o666)
        self._older = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        os.fchmod(fd, stat.S_IMODE(os.fstat(self._older).st_mode))
        return fd

    def lock(self) -> None:
        """Let no other run write the same file; raises OutputError."""
        try:
            if fcntl is not None:
                fcntl.flock(self._older, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(f"{self.name}: another run is writing to it; use another file") from None
        except OSError:  # a file system without locks
            return

    @property
    def identity(self) -> object:
        """What two outputs must not share: the file that is replaced."""
        status = os.fstat(self._older)
        return status.st_dev, status.st_ino

    def close(self) -> None:
        """Write what is left, and replace the older file; if the run was cut short, stand beside it."""
        super().close()
        target = Path(self.name).resolve()
        if not self.complete:
            target = target.with_name(f"{target.name}.partial")
            print_message(f"{self.name} is as before, because the run was cut short; its rows are in {target.name}")
        try:
            if not self.failure:
                Path(self._temporary).replace(target)
                self._temporary = ""
        except OSError as error:
            self._fail(error)
        finally:
            os.close(self._older)
            if self._temporary:
                with suppress(OSError):
                    Path(self._temporary).unlink()
