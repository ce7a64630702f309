"""The installed command as a real process."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.prefork import Prefork, read_at_start

COMMAND = [sys.executable, "-m", "fetchcli"]
TIMEOUT = 50  # seconds
# What is tried again would only make the tests of everything else slow.
DEFAULTS = {"FETCHCLI_RETRY": "0", "FETCHCLI_NO_CONFIG": "1"}


def environment(**extra: str) -> dict[str, str]:
    """The environment without what would change the output."""
    dropped = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "CI", "GITHUB_ACTIONS", "TERM")
    base = {
        name: value
        for name, value in os.environ.items()
        if name not in dropped and not name.lower().endswith("_proxy") and not name.startswith("FETCHCLI_")
    }
    return {**base, "TERM": "xterm-256color", **DEFAULTS, **extra}


def until(condition: Callable[[], object], what: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until something has happened, however long a busy machine takes."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"never: {what}"
        assert process is None or process.poll() is None, f"the process ended before: {what}"
        time.sleep(0.005)


def lines_in(path: Path) -> int:
    """Lines that a file has by now; it may not be there yet."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def unread(descriptor: int) -> int:
    """Bytes that a pipe holds."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def fetchcli(*args: str, stdin: bytes | None = b"", env: Mapping[str, str] | None = None, **more: Any) -> Result:
    """Run to the end; neither stream is a terminal."""
    variables = environment(**(env or {}))
    if stdin is not None and more.keys() <= {"cwd"} and read_at_start(variables) == prefork().env:
        code, out, err = prefork().run(args, stdin, variables, str(more.get("cwd", Path.cwd())), TIMEOUT)
        return Result(code, out.decode(), err.decode())
    done = subprocess.run(
        [*COMMAND, *args], input=stdin, capture_output=True, env=variables, timeout=TIMEOUT, check=False, **more
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


@cache
def prefork() -> Prefork:
    """The process that forks commands; one for each process of the suite."""
    return Prefork()


def on_a_full_disk(blocks: int, *args: str) -> subprocess.CompletedProcess[bytes]:
    """Run where no file may have more than so many blocks of 512 bytes."""
    limited = f"ulimit -f {blocks}; trap '' XFSZ; exec {' '.join([*COMMAND, *args])}"
    return subprocess.run(["sh", "-c", limited], env=environment(), capture_output=True, check=False)


def start(*args: str, **more: Any) -> subprocess.Popen[bytes]:
    """Start and return at once."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*COMMAND, *args], env=environment(), **{**streams, **more})


def at_terminal(*args: str, columns: int = 80, env: Mapping[str, str] | None = None) -> Result:
    """Run with stdin, stdout and stderr at one pseudo-terminal; ``out`` is all that it received."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *args],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(COLUMNS=str(columns), **(env or {})),
        start_new_session=True,
    )
    os.close(slave)
    received = b""
    deadline = time.monotonic() + 50
    while time.monotonic() < deadline:
        if select.select([master], [], [], 0.1)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:
                break
            received += data
        elif process.poll() is not None:
            break
    os.close(master)
    return Result(process.wait(timeout=5), received.decode(), "")
