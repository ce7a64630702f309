"""The main job against nginx: 10,000 URLs, every outcome right."""

import hashlib
import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import COMMAND, environment, fetchcli, start, until
from tests.support.nginx import installed, nginx

pytestmark = [
    pytest.mark.needs_nginx,
    pytest.mark.skipif(not installed(), reason="nginx is not installed"),
]
COUNT = 10_000
NOT_ACCEPTED = {"check": "status", "expected": "200..399", "actual": "404"}
PAGE = hashlib.sha256(b"0123456789abcdef" * 64).hexdigest()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with nginx() as port:
        yield port


@pytest.fixture
def listing(port: int, tmp_path: Path) -> Path:
    kinds = ["page", "page", "gzip", "moved", "missing"]
    path = tmp_path / "urls.txt"
    path.write_text("".join(f"http://127.0.0.1:{port}/{kinds[n % 5]}/{n}\n" for n in range(COUNT)))
    return path


def test_every_outcome_is_right(listing: Path) -> None:
    result = fetchcli(str(listing), "-o", "jsonl")
    rows = sorted((json.loads(line) for line in result.lines), key=lambda row: row["seq"])
    assert result.code == 5
    assert [row["seq"] for row in rows] == list(range(1, COUNT + 1))
    for row in rows:
        kind = row["url"].split("/")[3]
        assert row["line"] == row["seq"]
        if kind == "missing":
            assert (row["status"], row["verdict"], row["failed_checks"]) == (404, "FAILED", [NOT_ACCEPTED])
        else:
            assert (row["status"], row["verdict"], row["sha256"]) == (200, "OK", PAGE)
            assert row["size_decoded"] == 1024
            assert (row["size_download"] < 1024) is (kind == "gzip")
            assert row["num_redirects"] == (kind == "moved")
    assert "8,000 accepted, 2,000 failed" in result.err
    assert "status    200 x 8,000   404 x 2,000" in result.err


def test_stdin_to_jsonl_to_wc(listing: Path) -> None:
    command = f"cat {listing} | {' '.join(COMMAND)} - -o jsonl -q | wc -l"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, env=environment(), check=True)
    assert done.stdout.strip() == str(COUNT).encode()


def test_sigint_in_the_middle_leaves_valid_jsonl_and_exit_130(listing: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    process = start(str(listing), "-o", str(out), "-c", "2")
    until(lambda: out.exists() and out.stat().st_size > 20_000, "some rows are written", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert process.returncode == 130
    verdicts = Counter(row["verdict"] for row in rows)
    assert 0 < len(rows) < COUNT
    assert verdicts["CANCELLED"] <= 2
    assert len({row["seq"] for row in rows}) == len(rows)
