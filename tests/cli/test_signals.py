"""BEHAVIOUR 97: the first signal ends the run in good order, the second at once."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command import COMMAND, environment, fetchcli, lines_in, start, unread, until
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
    process.send_signal(signal.SIGTERM)  # another thread may get it, and be faster
    assert process.wait(60) in (130, 143), "after one signal alone it would not end"
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
        (1, 1, "interrupted after 0 outcomes; 1 row was not fetched"),
        (3, 2, "interrupted after 0 outcomes; 3 rows were not fetched"),
        (50_000, 2, "interrupted after 0 outcomes; 50,000 rows were not fetched"),
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


def test_an_interruption_counts_what_was_finished_and_not_what_was_cancelled(
    faults: FaultServer, tmp_path: Path
) -> None:
    (tmp_path / "urls.txt").write_text("\n".join([faults.url("ok"), *[faults.url("stall-in-body")] * 3]))
    for more, asked in (([], 3), (["--resume"], 2)):
        before = len(faults.requests)
        process = start("urls.txt", "-c", "2", "-o", "rows.jsonl", *more, cwd=tmp_path)
        until(lambda: lines_in(tmp_path / "rows.jsonl"), "a row is there", process)
        until(lambda before=before, asked=asked: len(faults.requests) - before == asked, "two hang", process)  # type: ignore[misc]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert "after 1 outcome; 3 rows were not fetched" in err.decode()


def test_an_interruption_between_rounds_leaves_nothing_of_the_round(faults: FaultServer) -> None:
    process = start(faults.url("ok"), faults.url("ok"), "--every", "1h", "-o", "text")
    assert process.stdout is not None
    finished = process.stdout.readline() + process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert finished.count(b"\n") == 2
    assert "fetchcli: interrupted after 2 outcomes in round 1\n" in err.decode()


NUMBERS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


@pytest.mark.parametrize("number", NUMBERS)
def test_10_a_signal_before_the_first_request_ends_the_run_at_once(
    faults: FaultServer, tmp_path: Path, number: signal.Signals
) -> None:
    """It waits for a baseline that nobody writes."""
    os.mkfifo(tmp_path / "baseline")
    process = start(faults.url("ok"), "--baseline", "baseline", "-q", cwd=tmp_path)
    writer = os.open(tmp_path / "baseline", os.O_WRONLY)  # returns once fetchcli reads
    process.send_signal(number)
    out, err = process.communicate(timeout=50)
    os.close(writer)
    assert (process.returncode, out, err) == (NUMBERS[number], b"", b"")


@pytest.mark.parametrize("number", NUMBERS)
def test_10_a_signal_while_an_output_waits_for_its_reader(
    faults: FaultServer, tmp_path: Path, number: signal.Signals
) -> None:
    os.mkfifo(tmp_path / "out")
    process = start(faults.url("ok"), "-o", "jsonl:out", "-q", cwd=tmp_path)
    until(lambda: b"wait_for_partner" in stack(process.pid), "it waits for a reader", process)
    process.send_signal(number)
    _, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (NUMBERS[number], b"")


def stack(pid: int) -> bytes:
    """What the process does in the kernel."""
    return Path(f"/proc/{pid}/wchan").read_bytes()


@pytest.mark.parametrize("number", NUMBERS)
def test_10_the_first_signal_in_a_run_writes_what_is_finished(faults: FaultServer, number: signal.Signals) -> None:
    code, out, err = interrupted(faults, "-o", "jsonl", number=number)
    assert (code, out.count(b'"verdict":"OK"'), b"Traceback" in err) == (NUMBERS[number], 20, False)


@pytest.mark.parametrize("delay", range(12))
def test_10_a_signal_during_the_imports_leaves_no_traceback(delay: int) -> None:
    process = start("--help")
    until(lambda: handles_signals(process.pid) or process.poll() is not None, "its handlers stand")
    for _ in range(delay * 2000):
        pass  # a little later in the imports each time
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=50)
    assert (process.returncode in (0, 130), err) == (True, b"")


def handles_signals(pid: int) -> bool:
    """Whether fetchcli's own handlers stand: Python itself handles no SIGHUP."""
    caught = int(Path(f"/proc/{pid}/status").read_text().partition("SigCgt:")[2].split()[0], 16)
    return bool(caught & (1 << (signal.SIGHUP - 1)))


def test_10_a_signal_that_the_parent_ignores_stays_ignored(faults: FaultServer) -> None:
    before = len(faults.requests)
    ignoring = "trap '' HUP; exec \"$@\""  # as nohup does
    process = subprocess.Popen(
        ["/bin/sh", "-c", ignoring, "sh", *COMMAND, faults.url("ok"), faults.url("stall-in-body"), "-m", "2s", "-q"],
        stdout=subprocess.PIPE,
        env=environment(),
    )
    until(lambda: len(faults.requests) - before == 2, "both were requested", process)
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=50)
    assert (process.returncode, out.count(b"\n")) == (4, 2)


SLOW = "(a|aa)+$"  # over a URL that is nearly what it looks for


def test_10_a_pattern_that_takes_too_long_is_said(faults: FaultServer) -> None:
    result = fetchcli(faults.url("ok"), f"http://h/{'a' * 60}!", "--exclude", SLOW, "-o", "jsonl", "-q")
    rows = sorted((json.loads(line) for line in result.lines), key=lambda row: row["seq"])
    assert [row["verdict"] for row in rows] == ["OK", "REJECTED"]
    assert rows[1]["error_detail"] == "a pattern of --include or --exclude takes too long for this URL"


def test_10_no_pattern_of_the_user_delays_a_signal(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text(f"http://h/{'a' * 60}!\n" * 1000)
    process = start("urls.txt", "--include", SLOW, "-o", "jsonl", cwd=tmp_path)
    until(lambda: processor_ticks(process.pid) > 60, "it is busy with the pattern", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)  # the list would take 500 s
    assert process.returncode == 130


def processor_ticks(pid: int) -> int:
    """Hundredths of a second that the process has computed."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
