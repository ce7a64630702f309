"""Results of runs that were cut off, through a real process: what is said of them, and what is fetched."""

import json
import signal
import threading
from pathlib import Path

import pytest

from fetchcli.inputs.compressed import decompressed
from fetchcli.inputs.results import until_cut
from tests.support.command import fetchcli, start, until
from tests.support.recorder import ok, recorder


def plain(path: Path) -> bytes:
    """What a file holds, decompressed, as far as it goes."""
    if not path.exists():
        return b""
    return b"".join(until_cut(decompressed(iter([path.read_bytes()]))))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("form", ["jsonl", "csv", "csv.gz", "jsonl.zst", "jsonl.bz2", "csv.xz"])
def test_the_results_of_a_run_that_was_cut_off(form: str, how: signal.Signals, tmp_path: Path) -> None:
    results = tmp_path / f"r.{form}"
    answers, ended = iter([ok()] * 30), threading.Event()

    def answer(_: bytes) -> bytes:
        return next(answers, b"") or str(ended.wait()).encode()  # then it is silent

    with recorder(answer) as server:
        (tmp_path / "list.txt").write_text("".join(f"{server.url(f'/{number}')}\n" for number in range(100)))
        process = start("list.txt", "-c", "2", "-q", "-o", results.name, cwd=tmp_path)
        until(lambda: len(server.requests) >= 32, "requests", process)
        until(lambda: plain(results).count(b"\n") >= 30, "rows", process)
        process.send_signal(how)
        process.communicate(timeout=50)
        ended.set()
    if how is signal.SIGKILL:
        written = results.read_bytes()
        results.write_bytes(written[:-20] if "." not in form else written + written[:20])  # a second member is torn
    again = fetchcli(results.name, "--only-failed", "-q", "-o", "jsonl", "--retry", "0", cwd=tmp_path)
    assert "of the 100 rows of list.txt are missing, and --only-failed does not fetch them" in again.err
    assert again.code == (4 if how is signal.SIGINT else 0)  # a warning is no failure
    assert len(again.lines) == (2 if how is signal.SIGINT else 0)  # those that were in flight
    assert ("the last row is torn" in again.err) is (how is signal.SIGKILL)
    assert again.err.count("\n") <= 3


def test_a_torn_baseline_is_compared_as_far_as_it_goes(tmp_path: Path) -> None:
    with recorder() as server:
        urls = [server.url(f"/{number}") for number in range(3)]
        fetchcli(*urls, "-q", "-o", "jsonl:b.jsonl", "--ordered", cwd=tmp_path)
        whole = (tmp_path / "b.jsonl").read_bytes()
        (tmp_path / "b.jsonl").write_bytes(whole[:-1])
        fine = fetchcli(*urls, "-q", "--baseline", "b.jsonl", cwd=tmp_path)
        assert (fine.code, fine.err) == (0, "")  # JSON that parses is whole
        (tmp_path / "b.jsonl").write_bytes(whole[:-30])
        torn = fetchcli(*urls, "-q", "--baseline", "b.jsonl", cwd=tmp_path)
        assert torn.code == 0
        assert torn.err == "fetchcli: --baseline b.jsonl:3: the last row is torn; the rows before it are compared\n"


def test_only_failed_fetches_the_rest_of_an_array(tmp_path: Path) -> None:
    rows = [{"seq": 1, "url": "http://127.0.0.1:9/", "verdict": "FAILED", "request": None}, {"seq": 2}]
    (tmp_path / "r.json").write_text(json.dumps(rows)[:-8])
    ran = fetchcli("r.json", "--only-failed", "-q", "-o", "jsonl", "--retry", "0", cwd=tmp_path)
    assert [json.loads(line)["url"] for line in ran.lines] == ["http://127.0.0.1:9/"]
    assert "r.json:1: the last row is torn" in ran.err


def test_15_compressed_outputs_say_the_same(tmp_path: Path) -> None:
    with recorder() as server:
        urls = [server.url(f"/{number}") for number in range(3)]
        names = ("r.jsonl", "r.csv.gz", "r.jsonl.zst", "r.json.xz", "report.xml.bz2")
        outputs = [word for name in names for word in ("-o", name)]
        ran = fetchcli(*urls, "-q", "--ordered", *outputs, "-o", "csv:plain.gzip", cwd=tmp_path)
        assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert plain(tmp_path / "r.jsonl.zst") == plain(tmp_path / "r.jsonl")
    assert plain(tmp_path / "r.csv.gz") == (tmp_path / "plain.gzip").read_bytes()
    rows = [json.loads(line) for line in plain(tmp_path / "r.jsonl").splitlines()]
    assert json.loads(plain(tmp_path / "r.json.xz")) == rows
    assert plain(tmp_path / "report.xml.bz2").startswith(b"<?xml")
    unknown = fetchcli(*urls, "-o", "rows.gz", cwd=tmp_path)
    assert unknown.code == 2
    assert "perhaps followed by .gz, .zst, .bz2, .xz" in unknown.err
    empty = fetchcli("-", "--allow-empty", "-q", "-o", "none.csv.gz", "-o", "none.jsonl.xz", cwd=tmp_path)
    assert empty.code == 0
    assert plain(tmp_path / "none.csv.gz").startswith(b"seq,url,")
    assert (tmp_path / "none.jsonl.xz").read_bytes() != b""
    assert plain(tmp_path / "none.jsonl.xz") == b""
