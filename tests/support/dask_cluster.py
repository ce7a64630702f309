"""A Dask cluster of processes on loopback."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.command import environment, until

# A worker that says nothing for so long is given up; the others are asked to do its tasks.
TTL = "4s"
_PORTS = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0")
# Runs a command that can write no more than 4 KiB into a file, as if its disk was full.
WITH_SMALL_FILES = ("sh", "-c", """ulimit -f 8; trap '' XFSZ; exec "$0" "$@" """)


class DaskCluster:
    """A scheduler and its workers, each a process of one thread.

    Attributes:
        address: of the scheduler.
        scheduler: its process.
        workers: their processes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--scheduler-file", str(self._file))
        until(lambda: self._file.exists() and self._file.read_text().strip().endswith("}"), "a scheduler")
        self.address = json.loads(self._file.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, *command: str) -> None:
        """Start a worker, perhaps by a command that runs it."""
        more = ("--no-nanny", "--nthreads", "1", "--local-directory", str(self._folder))
        self.workers.append(self._start("dask_worker", self.address, *more, command=command))

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def _start(self, program: str, *args: str, command: tuple[str, ...] = ()) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*command, sys.executable, "-m", f"distributed.cli.{program}", *args, "--host", "127.0.0.1", *_PORTS],
            env=environment(DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL=TTL),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def dask_cluster(folder: Path, workers: int = 3) -> Iterator[DaskCluster]:
    folder.mkdir(exist_ok=True)
    cluster = DaskCluster(folder)
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.close()


def processes_of_shards(folder: Path) -> list[int]:
    """The processes in a folder that fetch shards."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            is_one = entry.name.isdigit() and b"run.job.shard_process" in (entry / "cmdline").read_bytes()
            if is_one and (entry / "cwd").samefile(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found
