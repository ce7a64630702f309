"""A results file that goes on where an earlier run has ended: whole lines are appended (open(2): O_APPEND)."""

import os
import stat

from fetchcli.core.errors import OutputError
from fetchcli.sinks.output import Output


class AppendingOutput(Output):
    """Keeps what the file holds, and keeps it locked until it is settled."""

    def _open(self, name: str) -> int | None:
        fd = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            raise OutputError(f"{name}: --resume requires a regular file")
        return fd

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return os.fstat(self.fd).st_size

    def cut(self, size: int) -> None:
        """Drop what comes after so many bytes; raises OutputError."""
        try:
            os.ftruncate(self.fd, size)
        except OSError as error:
            raise OutputError(f"{self.name}: {error.strerror}") from None

    def begin(self) -> None:
        """Start writing behind what is there."""
        self._thread.start()

    def close(self) -> None:
        """Write what is left; the file stays open, and locked."""
        self._finish()

    def release(self) -> None:
        """Unlock and close."""
        self._release()
