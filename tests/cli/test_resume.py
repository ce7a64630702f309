"""--resume through a real process: after any end, exactly one row for each row of the list, and none asked twice."""

import random
import signal
from pathlib import Path

import pytest

from tests.support.killed import Store, Trial, csv_file, jsonl

KILLS, ROWS = 20, 1000


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("store", "options"),
    [
        (jsonl("rows.jsonl"), ("--save", "out/")),
        (csv_file("rows.csv.gz"), ()),
        (jsonl("rows.jsonl.zst"), ("--ordered",)),
    ],
    ids=["jsonl", "csv.gz", "jsonl.zst"],
)
def test_killed_at_random_moments(store: Store, options: tuple[str, ...], here: Path) -> None:
    trial = Trial(here, store, ROWS, options, random.Random(15))
    result = trial.run(KILLS)
    assert result.kills == KILLS
    if "--ordered" in options:
        seqs = [row["seq"] for row in store.read(here)]
        assert seqs == sorted(seqs)


def test_terminated_at_random_moments(here: Path) -> None:
    trial = Trial(here, jsonl("rows.jsonl"), ROWS, (), random.Random(16))
    assert trial.run(5, signal.SIGTERM).kills == 5
