"""``--processes``: what workers do, and what becomes of a run whose workers die."""

import json
import os
import signal
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

import pytest

from fetchcli.core.errors import ExitCode
from tests.support.command import fetchcli, start, until
from tests.support.faults import FaultServer
from tests.support.recorder import ok, recorder
from tests.support.workers import is_running, kill_workers, workers_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_workers_that_are_killed_cost_nothing_but_time(tmp_path: Path) -> None:
    lock, asked = threading.Lock(), count(1)
    process: subprocess.Popen[bytes]

    def answer(request: bytes) -> bytes:
        with lock:
            if next(asked) in (200, 400, 600):
                os.kill(min(workers_of(process)), signal.SIGKILL)  # not the one that makes single calls
        return ok(request.split(b" ")[1])

    with recorder(answer) as server:
        (tmp_path / "urls.txt").write_text("".join(f"{server.url(f'/{number}')}\n" for number in range(1_000)))
        process = start("urls.txt", "--processes", "2", "-c", "20", "-o", "rows.jsonl", "-q", cwd=tmp_path)
        _, err = process.communicate(timeout=100)
    assert (process.returncode, err) == (0, b"")
    rows = rows_of(tmp_path / "rows.jsonl")
    assert sorted(int(str(row["seq"])) for row in rows) == list(range(1, 1_001))
    assert {(row["verdict"], row["flaky"]) for row in rows} == {("OK", False)}
    again = [row for row in rows if row["attempts"] != 1]
    assert again
    assert all(row["attempts"] == 2 for row in again)


def test_a_row_that_kills_two_workers_is_internal_and_takes_no_other_along(tmp_path: Path) -> None:
    process: subprocess.Popen[bytes]

    def answer(request: bytes) -> bytes:
        if b"/killer" in request:
            kill_workers(process)
        return ok()

    with recorder(answer) as server:
        urls = [server.url(f"/{number}") for number in range(100)]
        urls.insert(50, server.url("/killer"))
        (tmp_path / "urls.txt").write_text("\n".join(urls))
        process = start("urls.txt", "--processes", "2", "-c", "20", "-o", "rows.jsonl", "-q", "--ordered", cwd=tmp_path)
        process.communicate(timeout=100)
        assert server.targets.count("/killer") == 2
    assert process.returncode == ExitCode.INTERNAL
    failed = [row for row in rows_of(tmp_path / "rows.jsonl") if row["verdict"] != "OK"]
    assert [(row["seq"], row["error"], row["attempts"], row["error_detail"]) for row in failed] == [
        (51, "internal", 2, "two worker processes died of this row; the last one was killed by SIGKILL")
    ]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_worker_is_left_behind(faults: FaultServer, number: signal.Signals) -> None:
    before = len(faults.requests)
    process = start(*[faults.url("stall-in-body")] * 12, "-c", "12", "--processes", "3", "-q")
    until(lambda: len(faults.requests) - before == 12, "all are asked for", process)
    workers = workers_of(process)
    assert len(workers) == 3
    process.send_signal(number)
    process.communicate(timeout=60)
    until(lambda: not any(map(is_running, workers)), "all workers have ended")


def test_a_short_list_starts_no_more_workers_than_it_needs(faults: FaultServer) -> None:
    before = len(faults.requests)
    process = start(faults.url("stall-in-body"), "--processes", "3", "-q")
    until(lambda: len(faults.requests) - before == 1, "it is asked for", process)
    assert len(workers_of(process)) == 1
    process.kill()
    process.communicate()


def test_an_interruption_at_the_terminal_reaches_the_run_alone(faults: FaultServer) -> None:
    before = len(faults.requests)
    process = start(
        faults.url("ok"), faults.url("stall-in-body"), "--processes", "2", "-o", "jsonl", start_new_session=True
    )
    until(lambda: len(faults.requests) - before == 2, "all are asked for", process)
    assert process.stdout is not None
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert [json.loads(line)["verdict"] for line in (first + out).splitlines()] == ["OK", "CANCELLED"]
    assert b"Traceback" not in err


def test_a_policy_that_makes_no_sense_is_said_as_with_one_process() -> None:
    words = ("http://127.0.0.1:9/", "--cacert", __file__)
    one, two = fetchcli(*words), fetchcli(*words, "--processes", "2")
    assert (two.code, two.out, two.err) == (one.code, one.out, one.err)


@pytest.mark.parametrize("value", ["0", "257", "many", "-1", "1.5"])
def test_what_is_no_number_of_processes(value: str) -> None:
    result = fetchcli("http://h/", f"--processes={value}")
    assert (result.code, result.err) == (
        2,
        f"fetchcli: --processes: expected a number from 1 to 256, or auto; got '{value}'\n",
    )


def test_auto_starts_workers_for_long_lists_only(faults: FaultServer, tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_text(f"{faults.url('stall-in-body')}\n" * 20)
    before = len(faults.requests)
    process = start(str(path), "-c", "2", "--processes", "auto", "-q")
    until(lambda: len(faults.requests) - before == 2, "requests are in flight", process)
    assert workers_of(process) == []
    process.kill()
    process.communicate()
