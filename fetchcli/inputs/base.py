"""Inputs: a name for messages, and blocks of bytes."""

import os
import select
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

from fetchcli.core.errors import InputError
from fetchcli.core.url.parse import mask_credentials

BLOCK = 64 * 1024
STDIN = "-"
DATABASE = "sqlite:"  # prefix of an input that is asked a query


class Argument(msgspec.Struct, frozen=True):
    """A URL given on the command line."""

    text: str


class File(msgspec.Struct, frozen=True):
    """A file of rows, or stdin if ``name`` is ``-``."""

    name: str

    @property
    def path(self) -> str:
        """The file that is read."""
        return self.name

    def blocks(self) -> Iterator[bytes]:
        """Yield bytes as soon as they are there, without waiting for a full block.

        Raises:
            InputError: the file cannot be opened or read.
        """
        try:
            fd = 0 if self.name == STDIN else os.open(self.name, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            try:
                while block := _read(fd):
                    yield block
            finally:
                if fd:
                    os.close(fd)
        except OSError as error:
            raise InputError(f"{self.name}: {error.strerror}") from None

    @property
    def is_regular(self) -> bool:
        """Whether the file can be read several times."""
        try:
            return self.name != STDIN and Path(self.name).is_file()
        except (OSError, ValueError):  # too long, or a NUL
            return False

    @property
    def is_quick(self) -> bool:
        """Whether it is read before the run as well, to check and to count its rows."""
        return self.is_regular

    def check(self) -> None:
        """Refuse an unreadable file without opening it (a FIFO would block).

        Raises:
            InputError: the file is missing, a directory, or not readable.
        """
        if self.name == STDIN:
            return
        try:
            mode = Path(self.name).stat().st_mode
        except FileNotFoundError:
            shown = mask_credentials(self.name)
            hint = f"; to fetch it as a URL write http://{shown.lstrip('/')}" if "." in self.name else ""
            raise InputError(f"{shown}: no such file{hint}") from None
        except (OSError, ValueError) as error:
            raise InputError(f"{self.name}: {getattr(error, 'strerror', None) or error}") from None
        if stat.S_ISDIR(mode):
            raise InputError(f"{self.name}: is a directory, not a list of URLs")
        if not os.access(self.name, os.R_OK):
            raise InputError(f"{self.name}: permission denied")


Input = Argument | File


def _read(fd: int) -> bytes:
    """Read what is there; wait for it if the descriptor is non-blocking."""
    while True:
        try:
            return os.read(fd, BLOCK)
        except BlockingIOError:
            select.select([fd], [], [])
