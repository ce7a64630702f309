"""``--processes``: what workers do, and what becomes of a run whose workers die."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import datetime
from itertools import count, pairwise
from pathlib import Path

import pytest

from fetchcli.core.errors import ExitCode
from tests.support.command import fetchcli, start, until
from tests.support.faults import FaultServer
from tests.support.recorder import ok, recorder, see
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


TIMES = ("started_at", "time_")


@pytest.mark.parametrize("output", ["jsonl", "csv", "text"])
def test_workers_write_the_rows_that_one_process_writes(output: str, tmp_path: Path) -> None:
    """Among them some that the run has to look at: retries, pauses, checks of a row, secrets, what is no URL."""

    def answer(request: bytes) -> bytes:
        path = request.split(b" ")[1]
        if b"moved" in path:
            return see("/there?" + path.decode().rpartition("/")[2])
        if b"gone" in path:
            return ok(b"", status="404 Not Found")
        if b"empty" in path:
            return ok(b"", status="206 Partial Content")
        return ok(path, *(["RateLimit-Remaining: 5"] if b"limited" in path else []))

    with recorder(answer) as server:
        kinds = ("plain", "moved", "gone", "limited", "empty", "plain", "plain")
        lines = [
            f'{{"url": "{server.url(f"/{kinds[at % len(kinds)]}/{at}")}", "tag": "t{at % 3}", "memo": {at}{"0" * 25}}}'
            for at in range(300)
        ]
        lines[40] = '{"url": "nothing", "memo": "\\ud800"}'
        lines[80] = f'{{"url": "{server.url("/plain/80")}", "memo": "\\ud800", "expect_body": "= other"}}'
        lines[90] = f'{{"url": "{server.url("/plain/90")}", "headers": {{"X-A": "b"}}, "memo": [1, {{"a": null}}]}}'
        lines[91] = f'{{"url": "{server.url("/plain/91").replace("//", "//user:word@", 1)}", "memo": "word"}}'
        lines[92] = f'{{"url": "{server.url("/plain/92")}", "memo": "\\ud800 ::error::"}}'
        (tmp_path / "list.jsonl").write_text("\n".join(lines))
        rows = []
        for processes in ("1", "2"):
            result = fetchcli(
                *("list.jsonl", "--keep", "memo", "-o", output, "-q", "--processes", processes), cwd=tmp_path
            )
            assert (result.code, result.err) == (3, "")
            rows.append(sorted(_without_times(result.out, output)))
    assert len(rows[0]) == 300 + (output == "csv")
    assert rows[0] == rows[1]


def _without_times(text: str, output: str) -> list[str]:
    """The rows without what differs from run to run."""
    if output == "text":
        return [re.sub(r"\t[0-9.]+\t", "\t", line) for line in text.splitlines()]
    if output == "csv":
        table = list(csv.reader(io.StringIO(text)))
        timed = [at for at, name in enumerate(table[0]) if name.startswith(TIMES)]
        return [repr([cell for at, cell in enumerate(row) if at not in timed]) for row in table]
    rows = map(json.loads, text.splitlines())
    return [repr({name: value for name, value in row.items() if not name.startswith(TIMES)}) for row in rows]


def test_workers_wait_for_a_host_that_asks_for_it(tmp_path: Path) -> None:
    """A pause that comes with an accepted response reaches the run, which alone knows who is asked when."""
    lock, asked = threading.Lock(), count(1)

    def answer(request: bytes) -> bytes:
        with lock:
            number = next(asked)
        return ok(b"", *(["RateLimit-Remaining: 0", "RateLimit-Reset: 1"] if number == 20 else []))

    with recorder(answer) as server:
        urls = [server.url(f"/{number}") for number in range(60)]
        result = fetchcli(*urls, "-c", "4", "-o", "jsonl", "-q", "--processes", "2", cwd=tmp_path)
        starts = sorted(json.loads(line)["started_at"] for line in result.out.splitlines())
    assert (result.code, len(starts)) == (0, 60)
    times = [datetime.fromisoformat(start).timestamp() for start in starts]
    assert max(later - earlier for earlier, later in pairwise(times)) >= 0.9


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
