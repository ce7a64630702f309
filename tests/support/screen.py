"""A terminal with a screen: what a person sees, at any size."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping

import pyte

from tests.support.command import COMMAND, environment


def _own_terminal() -> None:
    """So that Ctrl-C reaches the command."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """Runs the command at a pseudo-terminal of its own, as a shell would.

    Attributes:
        screen: the screen.
        process: the command.
        received: all that came.
    """

    def __init__(
        self, *args: str, columns: int = 80, lines: int = 24, shell: str = "", env: Mapping[str, str] | None = None
    ) -> None:
        """Start the command, or a line of the shell in which ``$FETCHCLI`` is the command."""
        self.screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        self._set_size(columns, lines)
        words = ["/bin/sh", "-c", shell] if shell else [*COMMAND, *args]
        changes = {"FETCHCLI": " ".join(COMMAND), "TERM": "xterm-256color", "COLORTERM": "", **(env or {})}
        variables = {name: value for name, value in environment(**changes).items() if name != "COLUMNS"}
        if not shell:
            del variables["FETCHCLI"]
        self.process = subprocess.Popen(
            words,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=variables,
            start_new_session=True,
            preexec_fn=_own_terminal,  # noqa: PLW1509 - there is no other way to give it one
        )
        os.close(slave)
        self.received = b""

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def resize(self, columns: int, lines: int = 24) -> None:
        """Change the size; what is on the screen is wrapped again, as most terminals do.

        The command is held meanwhile, right after it has drawn: what it draws for a size that the screen no longer
        has is for nobody to know.
        """
        self._hold()
        before = [line.rstrip() for line in self.screen.display]
        row = self.screen.cursor.y
        self.screen.resize(lines, columns)
        self.screen.reset()
        for line in before[:row]:
            self._stream.feed(line.encode() + b"\r\n")
        self._stream.feed(before[row].encode())
        self._set_size(columns, lines)
        self.process.send_signal(signal.SIGCONT)

    def _hold(self) -> None:
        """Stop the command when it has just drawn, and not on its way to draw again."""
        drawn = -1
        while drawn != len(self.received):
            before = len(self.received)
            self.until(lambda _: len(self.received) > before, "another drawing")  # noqa: B023 - called at once
            drawn = len(self.received)
            self.process.send_signal(signal.SIGSTOP)
            os.waitpid(self.process.pid, os.WUNTRACED)
            while select.select([self._master], [], [], 0)[0]:
                self._read(0)
            if drawn != len(self.received):
                self.process.send_signal(signal.SIGCONT)

    def type(self, data: bytes) -> None:
        """Press keys."""
        os.write(self._master, data)

    def _read(self, seconds: float) -> bool:
        """Take what comes; False at the end."""
        runs = self.process.poll() is None  # asked first: it may write and end while nothing is there
        if not select.select([self._master], [], [], seconds)[0]:
            return runs
        try:
            data = os.read(self._master, 65536)
        except OSError:  # everybody has left
            return False
        self.received += data
        self._stream.feed(data)
        return True

    def until(self, seen: Callable[[str], bool], what: str) -> str:
        """Wait until the screen shows something; return it."""
        deadline = time.monotonic() + 30
        while not seen(self.text):
            assert time.monotonic() < deadline, f"never {what}: {self.text}"
            assert self._read(0.05), f"ended before {what}: {self.text}"
        return self.text

    def finish(self) -> str:
        """Wait for the end; return the screen."""
        deadline = time.monotonic() + 60
        while self._read(0.1):
            assert time.monotonic() < deadline, f"no end: {self.text}"
        self.process.wait(10)
        os.close(self._master)
        return self.text

    def kill(self) -> None:
        """End the command, if it still runs."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            self.finish()

    @property
    def text(self) -> str:
        """The screen without blank ends."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    @property
    def colors(self) -> set[str]:
        """The colors of all that is on the screen."""
        return {cell.fg for row in self.screen.buffer.values() for cell in row.values() if cell.data.strip()}
