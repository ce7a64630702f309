"""The worker processes of a run, as the operating system shows them."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    """The process numbers of the workers of a run."""
    return children_of(process.pid)


def children_of(number: int) -> list[int]:
    """The process numbers of the children of a process, zombies apart."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if parent == str(number) and state != "Z":
                found.append(int(path.parent.name))
    return found


def kill_workers(process: subprocess.Popen[bytes]) -> None:
    """Kill all of them, as the kernel does when there is no memory left."""
    for number in workers_of(process):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def is_running(number: int) -> bool:
    """Whether there is a process of this number, zombies apart."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
