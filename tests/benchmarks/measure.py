"""What a process takes."""

import os
import subprocess
import time
from pathlib import Path
from typing import NamedTuple


class Cost(NamedTuple):
    """What one process took: CPU seconds, wall seconds, peak resident bytes."""

    cpu: float
    wall: float
    peak: int


def measure(command: list[str], folder: Path, env: dict[str, str] | None = None) -> Cost:
    """Run a command and its children to the end."""
    began = time.perf_counter()
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, **(env or {})})
        _, _, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)
