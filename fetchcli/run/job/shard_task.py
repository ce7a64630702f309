"""Fetch a shard in a process of its own, on behalf of whoever deals shards."""

import os
import pickle
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from fetchcli.core.errors import ExitCode
from fetchcli.core.job.job_record import CommitRecord
from fetchcli.core.settings import Settings
from fetchcli.inputs.row_files import RowFile
from fetchcli.run.fate import fate
from fetchcli.run.job.folder import JobFolder

BEAT_SECONDS = 1.0  # between signs of life
MAX_SILENCE = 10.0  # seconds; a shard whose task is silent for that long stops, because another may have begun
TICK_SECONDS = 0.25
_PROGRAM = "import sys; sys.path[:] = {path!r}; from fetchcli.run.job.shard_process import main; main()"


class ShardTask(NamedTuple):
    """A shard that is to be fetched.

    Attributes:
        folder: the folder of the job.
        number: number of the shard.
        rows: number of rows.
        files: the rows.
        fingerprint: a hash of the rows.
        settings: how they are fetched.
        earlier: the results of the shards before it, whose hosts may want to be left alone.
        rest: seconds to wait before a shard that was begun before is begun again.
        cwd: the working directory of the run, to which names of files are relative.
    """

    folder: str
    number: int
    rows: int
    files: tuple[RowFile, ...]
    fingerprint: str
    settings: Settings
    earlier: tuple[str, ...]
    rest: float
    cwd: str


class ShardNews(msgspec.Struct, frozen=True, kw_only=True):
    """How far a shard has come.

    Attributes:
        shard: its number.
        done: rows that have their outcome.
        failed: those of them that failed or were rejected.
        in_flight: requests in flight.
        ended: it is over.
        problem: why it cannot be committed, or empty.
        code: the exit code that goes with that.
        messages: what is to be said to people.
    """

    shard: int
    done: int = 0
    failed: int = 0
    in_flight: int = 0
    ended: bool = False
    problem: str = ""
    code: int = ExitCode.INTERNAL
    messages: tuple[str, ...] = ()


class ShardError(Exception):
    """A shard could not be fetched.

    Attributes:
        message: why.
        code: the exit code that goes with that.
        worker: who could not; empty if it is not known.
    """

    def __init__(self, message: str, code: int = ExitCode.INTERNAL, worker: str = "") -> None:
        super().__init__(message, code, worker)  # so that it can be pickled
        self.message, self.code, self.worker = message, code, worker

    def __str__(self) -> str:
        return self.message


class ShardUnwanted(Exception):  # noqa: N818 - no error
    """Nobody waits for the shard any more."""


def fetch_shard(
    task: ShardTask, tell: Callable[[ShardNews], None], is_wanted: Callable[[], bool]
) -> tuple[CommitRecord, tuple[str, ...]]:
    """Fetch a shard and commit its results; return its record, and messages. Blocks until that is done.

    Args:
        task: the shard.
        tell: told how far it has come.
        is_wanted: asked whether anybody waits for it.

    Raises:
        ShardError: it could not be done here.
        ShardUnwanted: nobody waits for it.
    """
    folder = JobFolder(task.folder)
    try:
        if (record := folder.committed(task.number)) is not None:
            return record, ()
        if not folder.is_first_attempt(task.number):
            # Somebody who died may have made requests until now; somebody who hangs notices it in this time.
            _wait(MAX_SILENCE + task.rest, is_wanted)
        results = folder.new_results(task.number)
        news = _run(task, results, tell, is_wanted)
        if news.problem:
            _wait(task.rest, is_wanted)
            folder.forget_attempt(task.number, results)
            raise ShardError(news.problem, news.code)
        name = results.rpartition("/")[2]
        record = CommitRecord(shard=task.number, fingerprint=task.fingerprint, rows=task.rows, results=name)
        return folder.commit(record), news.messages
    except OSError as error:
        raise ShardError(f"{task.folder}: {error.strerror}", ExitCode.OUTPUT) from None


def _wait(seconds: float, is_wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if not is_wanted():
            raise ShardUnwanted
        time.sleep(min(left, TICK_SECONDS))


def _run(task: ShardTask, results: str, tell: Callable[[ShardNews], None], is_wanted: Callable[[], bool]) -> ShardNews:
    """Run the process of a shard to its end; return its last news."""
    program = _PROGRAM.format(path=sys.path)
    command, pipe = [sys.executable, "-c", program], subprocess.PIPE
    cwd = task.cwd if Path(task.cwd).is_dir() else None
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=cwd, start_new_session=True) as process:  # noqa: S603
        try:
            _send(process, pickle.dumps((task, results)))
            for news in _news(process, is_wanted):
                if news.ended:
                    return news
                tell(news)
            with suppress(subprocess.TimeoutExpired):
                process.wait(MAX_SILENCE)
            raise ShardError(f"the process of shard {task.number} {fate(process.returncode)}")
        finally:
            process.kill()


def _send(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    with suppress(BrokenPipeError):
        process.stdin.write(len(data).to_bytes(8) + data)
        process.stdin.flush()


def _news(process: "subprocess.Popen[bytes]", is_wanted: Callable[[], bool]) -> Iterator[ShardNews]:
    """Yield what a process says until it says no more, and tell it now and then that somebody listens."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - they are pipes
    decoder, rest, beat = msgspec.json.Decoder(ShardNews), b"", 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if not is_wanted():
                raise ShardUnwanted
            if time.monotonic() >= beat:
                beat = time.monotonic() + BEAT_SECONDS
                with suppress(BrokenPipeError):
                    os.write(process.stdin.fileno(), b".")
            if not selector.select(TICK_SECONDS):
                continue
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            yield from map(decoder.decode, lines)
