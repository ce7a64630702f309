"""BEHAVIOUR 97: the first signal ends the run in good order, the second at once."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command import start, unread, until
from tests.support.faults import FaultServer

PIPE_IS_FULL = 10_000  # bytes; the smallest pipe holds 16 KB


def interrupted(faults: FaultServer, *args: str, number: signal.Signals = signal.SIGINT) -> tuple[int, bytes, bytes]:
    """Start on 20 good URLs and 3 that hang; signal when the rows of the good ones are out."""
    process = start("-", *args, stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    urls = [faults.url("ok")] * 20 + [faults.url("stall-in-body")] * 3
    before = len(faults.requests)
    process.stdin.write("\n".join([*urls, ""]).encode())
    process.stdin.flush()
    finished = b"".join(process.stdout.readline() for _ in range(20))
    until(lambda: len(faults.requests) - before == len(urls), "every URL was requested", process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, finished + out, err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_97_what_is_finished_is_written(faults: FaultServer, number: signal.Signals, code: int) -> None:
    got, out, err = interrupted(faults, "-o", "jsonl", number=number)
    rows = [json.loads(line) for line in out.splitlines()]
    assert got == code
    assert [row["verdict"] for row in rows].count("OK") == 20
    assert [row["error"] for row in rows if row["verdict"] != "OK"] == ["cancelled"] * 3
    assert b"20 accepted, 3 cancelled" in err
    assert b"Traceback" not in err


def test_97_an_array_is_closed_and_ordered_rows_are_given_out(faults: FaultServer, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    got, out, _ = interrupted(faults, "-o", str(path), "-w", "%{seq}\\n", "--ordered")
    assert got == 130
    assert [row["seq"] for row in json.loads(path.read_text())] == list(range(1, 24))
    assert out.decode().split() == [str(seq) for seq in range(1, 24)]


def test_97_the_second_signal_is_immediate() -> None:
    # The reader of stdout never reads, so that the run could never end in good order.
    read_end, write_end = os.pipe()
    process = start("-", "-o", "jsonl", stdin=subprocess.PIPE, stdout=write_end)
    assert process.stdin is not None
    process.stdin.write(b"nonsense\n" * 20_000)
    process.stdin.flush()
    until(lambda: unread(read_end) > PIPE_IS_FULL, "the pipe is full", process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)  # should both arrive in one turn, Python handles them in this order
    assert process.wait(60) == 143, "the code of the first would be 130"
    os.close(read_end)
    os.close(write_end)
    process.stdin.close()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def test_a_signal_while_the_input_is_silent() -> None:
    process = start("-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"# no URL yet\n")
    process.stdin.flush()
    descriptor = process.stdin.fileno()
    until(lambda: not unread(descriptor), "the input is being read", process)
    process.send_signal(signal.SIGTERM)
    process.wait(60)  # stdin stays open until the end
    out, err = process.communicate()
    assert (process.returncode, out, err) == (
        143,
        b"",
        b"fetchcli: interrupted after 0 outcomes; the input had not ended\n",
    )


@pytest.mark.parametrize(
    ("rows", "concurrency", "said"),
    [
        (2, 2, "interrupted after 2 outcomes"),
        (3, 2, "interrupted after 2 outcomes; 1 row was not fetched"),
        (50_000, 2, "interrupted after 2 outcomes; 49,998 rows were not fetched"),
    ],
)
def test_an_interruption_says_how_much_is_left(
    faults: FaultServer, tmp_path: Path, rows: int, concurrency: int, said: str
) -> None:
    path = tmp_path / "urls.txt"
    path.write_text(f"{faults.url('stall-in-body')}\n" * rows)
    before = len(faults.requests)
    process = start(str(path), "-c", str(concurrency), "-o", "jsonl:/dev/null")
    until(lambda: len(faults.requests) - before == concurrency, "every slot has a request", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert f"fetchcli: {said}\n" in err.decode()


def test_an_interruption_between_rounds_leaves_nothing_of_the_round(faults: FaultServer) -> None:
    process = start(faults.url("ok"), faults.url("ok"), "--every", "1h", "-o", "text")
    assert process.stdout is not None
    finished = process.stdout.readline() + process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert finished.count(b"\n") == 2
    assert "fetchcli: interrupted after 2 outcomes in round 1\n" in err.decode()
