"""The process of a shard: an ordinary run over its rows, which says how far it has come."""

import gc
import os
import pickle
import select
import sys
import threading
import time
from typing import TYPE_CHECKING

import msgspec

from fetchcli.core.errors import ExitCode, FetchcliError
from fetchcli.core.journal.manners import HostManners
from fetchcli.core.journal.shape import Shape
from fetchcli.core.model.outcome import Outcome, Verdict
from fetchcli.core.settings import Settings
from fetchcli.core.summary.summary import Summary
from fetchcli.inputs.base import File
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.results_file import ResultsFile
from fetchcli.inputs.row_files import RowFileReader
from fetchcli.run.descriptors import fit_descriptors
from fetchcli.run.event_loop import run_on_loop
from fetchcli.run.job.shard_task import MAX_SILENCE, ShardNews, ShardTask
from fetchcli.run.manners import recall
from fetchcli.sinks.base import EndOfRunDisplay

if TYPE_CHECKING:
    from fetchcli.engine.fetcher import Fetcher

NEWS_SECONDS = 0.5
MAX_MESSAGES = 20
_OVER = frozenset((ExitCode.OUTPUT, ExitCode.SIGHUP, ExitCode.SIGINT, ExitCode.SIGTERM))  # not every row is written


class _Messages:
    """Keeps what would be printed; stands for ``sys.stderr``."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def write(self, text: str) -> int:
        if len(self.kept) < MAX_MESSAGES and text.strip():
            self.kept.append(text.strip().removeprefix("fetchcli: "))
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


class ShardRun(EndOfRunDisplay):
    """What a run needs to fetch a shard: it stands for the lists, and for the displays.

    Args:
        task: the shard.
    """

    def __init__(self, task: ShardTask) -> None:
        self._task = task
        self._fetcher: Fetcher | None = None
        self._told = time.monotonic()
        self.done = self.failed = 0

    def read(self, _number: int) -> RowReader:
        """The rows."""
        return RowFileReader(self._task.files)

    def display(self, fetcher: "Fetcher") -> "ShardRun":
        """The run begins; its hosts are treated as the shards before have found them."""
        self._fetcher = fetcher
        manners, shape = HostManners(), Shape()
        for name in self._task.earlier:
            for batch in ResultsFile(File(name)).rows(shape):
                for row in batch:
                    manners.note(row)
        recall(manners, self._task.settings.policy.retry, fetcher.scheduler, time.time(), time.monotonic())
        return self

    def handle(self, outcome: Outcome) -> None:
        """Count an outcome, and tell how many there are."""
        self.done += 1
        self.failed += outcome.verdict in (Verdict.FAILED, Verdict.REJECTED)
        now = time.monotonic()
        if now - self._told >= NEWS_SECONDS:
            self._told = now
            in_flight = 0 if self._fetcher is None else self._fetcher.in_flight
            say(ShardNews(shard=self._task.number, done=self.done, failed=self.failed, in_flight=in_flight))

    def close(self, summary: Summary) -> None:
        """The end is told when everything is written."""


def say(news: ShardNews) -> None:
    """Tell the task something."""
    os.write(1, msgspec.json.encode(news) + b"\n")


def _watch() -> None:
    """End this process when its task is gone, or has not been heard for so long that another one may have begun."""
    while select.select([0], [], [], MAX_SILENCE)[0] and os.read(0, 4096):
        pass
    os._exit(1)


def _read_task() -> tuple[ShardTask, str]:
    size = int.from_bytes(_exactly(8))
    task: tuple[ShardTask, str] = pickle.loads(_exactly(size))  # noqa: S301 - comes from the parent process
    return task


def _exactly(size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        block = os.read(0, size - len(data))
        if not block:
            os._exit(1)
        data += block
    return bytes(data)


def main() -> None:
    """Fetch the shard that the parent process names."""
    task, results = _read_task()
    threading.Thread(target=_watch, name="fetchcli-watch", daemon=True).start()
    messages = sys.stderr = _Messages()
    run, settings = ShardRun(task), msgspec.structs.replace(task.settings, outputs=(f"jsonl:{results}",))
    gc.disable()
    try:
        problem, code = "", _fetch(fit_descriptors(settings), run)
    except FetchcliError as error:
        problem, code = str(error), error.exit_code
    if not problem and (code in _OVER or run.done != task.rows):
        problem = messages.kept[-1] if messages.kept else f"{run.done:,} of {task.rows:,} rows have an outcome"
    end = ShardNews(
        shard=task.number,
        done=run.done,
        failed=run.failed,
        ended=True,
        problem=problem,
        code=code,
        messages=tuple(messages.kept),
    )
    say(end)


def _fetch(settings: Settings, run: ShardRun) -> ExitCode:
    from fetchcli.run.compose import compose_and_run

    return run_on_loop(compose_and_run(settings, run))
