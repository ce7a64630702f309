"""The shards of a job: their rows, their folder, and those who deal and fetch them."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fetchcli.core.errors import ErrorKind, ExitCode, InputError, OutputError, UsageError
from fetchcli.core.job.cutter import ChainPiece, Cut
from fetchcli.core.job.job_record import CommitRecord, JobRecord
from fetchcli.core.model.policy import Pace, Policy
from fetchcli.core.model.target import Rejected, Row, Target
from fetchcli.core.schedule.decisions import Skip, Wait
from fetchcli.core.schedule.scheduler import Scheduler
from fetchcli.core.settings import Settings
from fetchcli.inputs.lines import argument_record
from fetchcli.inputs.reader import RowReader
from fetchcli.inputs.row_files import RowFile, RowFileReader, RowFileWriter
from fetchcli.run.job.dealer import MAX_ATTEMPTS, CutShard, Dealer
from fetchcli.run.job.folder import JobFolder
from fetchcli.run.job.shard_pool import ShardDone, ShardFailed
from fetchcli.run.job.shard_process import ShardRun
from fetchcli.run.job.shard_task import ShardError, ShardNews, ShardTask, ShardUnwanted, fetch_shard
from tests.support.recorder import ok, recorder

JOB = JobRecord(chains=8, parallel=2, split=False, columns=("seq", "url"))


def rows_of(*urls: str) -> list[Row]:
    reader = RowReader(())
    return [reader.row(argument_record(url)) for url in urls]


def written(path: Path, rows: list[Row], batch: int = 2) -> tuple[RowFile, bytes]:
    writer = RowFileWriter(path, batch)
    for row in rows:
        writer.add(row)
    return writer.finish(), writer.fingerprint


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = rows_of("http://a/", "ftp://b/", "http://u:p@c/?q=ü", "http://d/")
    first, second = written(tmp_path / "1", rows[:3])[0], written(tmp_path / "2", rows[3:])[0]
    found = [row for batch in RowFileReader((first, second)).batches() for row in batch]
    assert found == rows
    assert [type(row) for row in found] == [Target, Rejected, Target, Target]


def test_a_file_of_rows_that_somebody_has_changed_is_not_loaded(tmp_path: Path) -> None:
    file, _ = written(tmp_path / "rows", rows_of("http://a/"))
    (tmp_path / "rows").write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(InputError, match="somebody else has changed it"):
        list(RowFileReader((file,)).batches())
    (tmp_path / "rows").unlink()
    with pytest.raises(InputError, match="all workers must reach it"):
        list(RowFileReader((file,)).batches())


def test_a_fingerprint_is_of_the_rows_and_not_of_how_they_are_written(tmp_path: Path) -> None:
    rows = rows_of(*(f"http://a/{number}" for number in range(9)))
    assert written(tmp_path / "1", rows, 2)[1] == written(tmp_path / "2", rows, 5)[1]
    assert written(tmp_path / "1", rows)[1] != written(tmp_path / "2", rows[1:])[1]


def test_of_two_who_are_done_one_commits(tmp_path: Path) -> None:
    folder, kept = JobFolder(str(tmp_path)), []
    names = [folder.new_results(7) for _ in range(8)]
    for name in names:
        Path(name).write_text("row\n")
    records = [CommitRecord(shard=7, fingerprint="f", rows=1, results=Path(name).name) for name in names]
    threads = [threading.Thread(target=lambda one=one: kept.append(folder.commit(one))) for one in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({record.results for record in kept}) == 1
    assert [path.name for path in tmp_path.glob("shard-*")] == [kept[0].results]
    assert folder.committed(7) == kept[0]


def test_nothing_else_in_the_folder_is_removed(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    folder = JobFolder(str(tmp_path))
    folder.begin(JOB, resume=False)
    folder.write_probe()
    written(folder.row_file(1, 2), rows_of("http://a/"))
    folder.is_first_attempt(3)
    Path(name := folder.new_results(3)).write_text("row")
    folder.commit(CommitRecord(shard=3, fingerprint="f", rows=1, results=Path(name).name))
    folder.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_one_run_works_on_a_job(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no job of --dask to go on with"):
        JobFolder(str(tmp_path / "job")).begin(JOB, resume=True)
    first = JobFolder(str(tmp_path / "job"))
    first.begin(JOB, resume=False)
    with pytest.raises(OutputError, match="another run works on this job"):
        JobFolder(str(tmp_path / "job")).begin(JOB, resume=True)
    first.remove()
    assert not (tmp_path / "job").exists()


def cut_shard(number: int, after: tuple[int, ...] = ()) -> CutShard:
    return CutShard(Cut(number, (ChainPiece(0, number, 10),), after), (), "f")


def done(number: int) -> ShardDone:
    return ShardDone(CommitRecord(shard=number, fingerprint="f", rows=10, results="r"))


async def test_a_shard_that_fails_is_tried_elsewhere_and_then_given_up() -> None:
    submitted: list[tuple[int, str]] = []
    dealer = Dealer(2, 0.0, lambda shard, avoid: submitted.append((shard.cut.number, avoid)))
    dealer.add(cut_shard(1), None)
    dealer.add(cut_shard(2, after=(1,)), None)
    assert submitted == [(1, "")]
    for attempt in range(MAX_ATTEMPTS - 1):
        dealer.take(ShardFailed(1, "no space left", ExitCode.OUTPUT, f"worker {attempt}"))
    assert submitted == [(1, ""), (1, "worker 0"), (1, "worker 1")]
    dealer.take(last := ShardFailed(1, "no space left", ExitCode.OUTPUT, "worker 2"))
    assert dealer.failure == last
    assert await dealer.done.get() is None
    dealer.take(done(1))  # too late
    assert dealer.results == {}


async def test_a_dealer_ends_when_everything_is_done() -> None:
    submitted: list[int] = []
    dealer = Dealer(2, 0.0, lambda shard, _: submitted.append(shard.cut.number))
    dealer.add(cut_shard(1), done(1).record)  # by an earlier run
    for number in (2, 3, 4):
        dealer.add(cut_shard(number, after=(1,)), None)
    dealer.end()
    assert submitted == [2, 3]
    dealer.take(ShardNews(shard=2, done=4, failed=1, in_flight=3))
    assert (dealer.activity().done, dealer.activity().failed, dealer.activity().in_flight) == (4, 1, 3)
    for number in (2, 3):
        dealer.take(done(number))
    await asyncio.sleep(0.01)
    assert submitted == [2, 3, 4]
    dealer.take(done(4))
    found = [await dealer.done.get() for _ in range(5)]
    assert [record and record.shard for record in found] == [1, 2, 3, 4, None]


def task_of(folder: Path, urls: list[str], **more: Any) -> ShardTask:
    folder.mkdir(exist_ok=True)
    file, fingerprint = written(folder / "rows", rows_of(*urls))
    settings = more.pop("settings", Settings(exit_zero=True, quiet=True))
    return ShardTask(str(folder), 1, len(urls), (file,), fingerprint.hex(), settings, (), 0.0, str(folder), **more)


def wanted(answers: list[bool]) -> Callable[[], bool]:
    return lambda: answers.pop(0) if len(answers) > 1 else answers[0]


def test_a_shard_is_fetched_once(tmp_path: Path) -> None:
    with recorder(lambda _: ok()) as server:
        task = task_of(tmp_path, [server.url("/1"), server.url("/2"), "ftp://x/"])
        record, messages = fetch_shard(task, lambda _: None, lambda: True)
        assert (record.rows, messages) == (3, ())
        rows = [json.loads(line) for line in (tmp_path / record.results).read_text().splitlines()]
        assert [row["verdict"] for row in sorted(rows, key=lambda row: row["seq"])] == ["OK", "OK", "REJECTED"]
        assert fetch_shard(task, lambda _: None, lambda: True)[0] == record
        assert len(server.requests) == 2


def test_what_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    answers, asked = [True], threading.Event()

    def answer(_: bytes) -> bytes:
        answers[0] = False
        asked.wait(20)
        return ok()

    with recorder(answer) as server:
        task = task_of(tmp_path, [server.url("/1")])
        with pytest.raises(ShardUnwanted):
            fetch_shard(task, lambda _: None, lambda: answers[0])
        asked.set()
        # It had begun, so that whoever begins it again first waits until it is surely over.
        with pytest.raises(ShardUnwanted):
            fetch_shard(task, lambda _: None, wanted([True, False]))
        assert len(server.requests) == 1


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    task = task_of(tmp_path, ["http://127.0.0.1:9/"], settings=cast("Settings", SimpleNamespace()))
    with pytest.raises(ShardError, match="the process of shard 1 ended with the exit status 1"):
        fetch_shard(task, lambda _: None, lambda: True)


def test_a_file_that_is_missing_on_a_worker_is_told(tmp_path: Path) -> None:
    task = task_of(tmp_path, ["http://127.0.0.1:9/"])
    Path(task.files[0].name).unlink()
    with pytest.raises(ShardError, match="all workers must reach it"):
        fetch_shard(task, lambda _: None, lambda: True)
    assert not list(tmp_path.glob("shard-*"))


def test_hosts_are_treated_as_the_shards_before_have_found_them(tmp_path: Path) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
    common = {"status": None, "error": None, "started_at": moment, "time_total": 0.1}
    paused = {"seq": 1, "url": "http://a/", **common, "status": 503, "verdict": "FAILED", "retry_after": 30}
    down = [{"seq": 2, "url": "http://b/", **common, "error": ErrorKind.CONNECT, "verdict": "FAILED"}] * 2
    (tmp_path / "earlier.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in (paused, *down)))
    policy = Policy(pace=Pace(max_host_errors=2))
    task = task_of(tmp_path, ["http://a/2"], settings=Settings(policy=policy))
    task = task._replace(earlier=(str(tmp_path / "earlier.jsonl"),))
    now = time.monotonic()
    scheduler = Scheduler(policy, lambda: 0.0, now, time.time() - now)
    ShardRun(task).display(cast("Any", SimpleNamespace(scheduler=scheduler)))
    first, second = (row for row in rows_of("http://a/2", "http://b/2") if isinstance(row, Target))
    scheduler.offer(first, now)
    decision = scheduler.next(now)
    assert isinstance(decision, Wait)
    assert 25 < decision.until - now <= 31
    scheduler.offer(second, now)
    assert isinstance(scheduler.next(now), Skip)
