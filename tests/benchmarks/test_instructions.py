"""The instruction count counts the real command, and repeats."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.instructions import ROOT, WIRE, Count, fetch_arguments, instructions, main
from tests.support.command import environment


def test_over_the_scripted_wire_every_row_is_fetched(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / WIRE), *fetch_arguments(tmp_path, 300)]
    subprocess.run(command, env=environment(PYTHONPATH=str(ROOT)), check=True, timeout=60)
    rows = [json.loads(line) for line in (tmp_path / "300.jsonl").read_text().splitlines()]
    assert [(row["status"], row["size_download"], row["attempts"]) for row in rows] == [(200, 1024, 1)] * 300


@pytest.mark.needs_valgrind
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_the_count_repeats(tmp_path: Path) -> None:
    first, second = (instructions(ROOT, tmp_path, ["-m", "fetchcli", "--version"]) for _ in range(2))
    assert first > 10_000_000
    assert abs(first - second) < 0.003 * first


@pytest.mark.parametrize(("now", "fails"), [(102.0, False), (104.0, True)])
def test_a_change_that_makes_it_slower_fails(monkeypatch: pytest.MonkeyPatch, now: float, fails: bool) -> None:
    counts = iter((Count(100.0, 10.0, 10.0, 10.0), Count(now, 10.0, 10.0, 10.0)))
    monkeypatch.setattr("tests.benchmarks.instructions.count", lambda *_: next(counts))
    monkeypatch.setattr("subprocess.run", lambda *_, **__: None)
    monkeypatch.setattr("shutil.which", lambda _: "valgrind")
    monkeypatch.setattr("sys.argv", ["instructions", "HEAD~1", "--at-most", "1.03"])
    if not fails:
        main()
        return
    with pytest.raises(SystemExit, match=r"more than 1\.03"):
        main()
