"""The writing thread: nothing lost, nothing blocked, failures said."""

import os
import threading
from pathlib import Path

import pytest

from fetchcli.core.errors import OutputError
from fetchcli.sinks.output import MAX_BACKLOG, Output

NAMES = [b"%d\n" % number for number in range(200)]


def open_output(path: Path) -> tuple[Output, list[Output]]:
    failures: list[Output] = []
    output = Output(str(path), failures.append)
    output.begin()
    return output, failures


def test_all_bytes_arrive_in_order(tmp_path: Path) -> None:
    output, failures = open_output(tmp_path / "out")
    for name in NAMES:
        output.write(name)
    output.close()
    assert (tmp_path / "out").read_bytes() == b"".join(NAMES)
    assert (failures, output.failure) == ([], "")


def test_closing_never_misses_the_last_bytes(tmp_path: Path) -> None:
    for _ in range(300):  # once lost a wake-up between the thread's waiting and closing
        output, _ = open_output(tmp_path / "out")
        output.write(b"x")
        closer = threading.Thread(target=output.close)
        closer.start()
        closer.join(10)
        assert not closer.is_alive()
        assert (tmp_path / "out").read_bytes() == b"x"


def test_an_unwritable_path_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file or directory"):
        open_output(tmp_path / "missing" / "out")


@pytest.mark.parametrize("failing", [1, 2, 5])
def test_98_a_full_disk_is_reported_once_and_keeps_what_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    calls = 0
    real = os.write

    def full(fd: int, data: bytes) -> int:
        nonlocal calls
        calls += 1
        if calls >= failing:
            raise OSError(28, "No space left on device")
        return real(fd, bytes(data)[:1])

    monkeypatch.setattr("fetchcli.sinks.output.os.write", full)
    output, failures = open_output(tmp_path / "out")
    output.write(b"abcdefgh")
    output.close()
    assert failures == [output]
    assert output.failure == f"{tmp_path / 'out'}: No space left on device"
    assert not output.broken_pipe
    assert (tmp_path / "out").read_bytes() == b"abcdefgh"[: failing - 1]


def test_96_a_reader_that_goes_away_is_noticed_without_a_write(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    gone = threading.Event()
    output = Output(str(tmp_path / "pipe"), lambda _: gone.set())
    output.begin()
    os.close(reader)
    assert gone.wait(5)
    assert output.broken_pipe
    output.close()


def test_a_reader_that_does_not_read_congests_and_blocks_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    output, _ = open_output(tmp_path / "pipe")
    chunk = b"x" * 65536
    for _ in range(2 + MAX_BACKLOG // len(chunk)):
        output.write(chunk)
    assert output.congested
    received = 0
    os.set_blocking(reader, True)
    total = len(chunk) * (2 + MAX_BACKLOG // len(chunk))
    while received < total:
        received += len(os.read(reader, 1 << 20))
    output.close()
    os.close(reader)
