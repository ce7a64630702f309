"""BEHAVIOUR 97: the first signal ends the run in good order, the second at once."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.command import start
from tests.support.faults import FaultServer


def interrupted(faults: FaultServer, *args: str, number: signal.Signals = signal.SIGINT) -> tuple[int, bytes, bytes]:
    """Start on 20 good URLs and 3 that hang; signal when the good ones are out."""
    process = start("-", *args, stdin=subprocess.PIPE)
    assert process.stdin is not None
    urls = [faults.url("ok")] * 20 + [faults.url("stall-in-body")] * 3
    before = len(faults.requests)
    process.stdin.write("\n".join([*urls, ""]).encode())
    process.stdin.flush()
    deadline = time.monotonic() + 20
    while len(faults.requests) - before < len(urls):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


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
    # The reader of stdout never reads, so that the first signal's good order would last for ever.
    import os

    read_end, write_end = os.pipe()
    process = start("-", "-o", "jsonl", stdin=subprocess.PIPE, stdout=write_end)
    assert process.stdin is not None
    process.stdin.write(b"nonsense\n" * 20_000)
    process.stdin.flush()
    time.sleep(1.5)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 130
    os.close(read_end)
    os.close(write_end)
    process.stdin.close()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def test_a_signal_while_the_input_is_silent() -> None:
    process = start("-", stdin=subprocess.PIPE)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (
        143,
        b"",
        b"fetchcli: interrupted after 0 outcomes; the rest of the input was not fetched\n",
    )
