"""--resume through a real process: after any end, exactly one row for each row of the list, and none asked twice."""

import gzip
import json
import os
import random
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import fetchcli, lines_in, on_a_full_disk, start, until
from tests.support.killed import Store, Trial, csv_file, jsonl
from tests.support.recorder import Recorder, ok, recorder

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


class Site:
    """A server of which some pages fail, and what it was asked since the last look."""

    def __init__(self) -> None:
        self.status: dict[str, str] = {}
        self.headers: dict[str, tuple[str, ...]] = {}
        self.silent: set[str] = set()
        self.server: Recorder
        self._seen = 0

    def answer(self, request: bytes) -> bytes:
        path = request.split(b" ")[1].decode()
        if path in self.silent:
            return b""
        return ok(path.encode(), *self.headers.get(path, ()), status=self.status.get(path, "200 OK"))

    def asked(self) -> list[str]:
        """The paths that were asked for since the last call, sorted."""
        fresh, self._seen = self.server.targets[self._seen :], len(self.server.targets)
        return sorted(fresh)

    def write(self, *paths: str, name: str = "urls.txt") -> None:
        Path(name).write_text("".join(f"{self.server.url(path)}\n" for path in paths))


@pytest.fixture
def site(here: Path) -> Iterator[Site]:
    site = Site()
    with recorder(site.answer) as site.server:
        site.write("/1", "/2", "/3", "/4")
        yield site


def rows(name: str = "rows.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(name).read_bytes().splitlines()]


def places(name: str = "rows.jsonl") -> list[tuple[int, str]]:
    """Numbers and paths of rows, in the order of the list."""
    return sorted((row["seq"], "/" + row["url"].rpartition("/")[2]) for row in rows(name))


def resume(*options: str, code: int = 0, output: str = "rows.jsonl") -> str:
    result = fetchcli("urls.txt", "-o", output, "--resume", *options)
    assert result.code == code, result.err
    return result.err


def keep(name: str, count: int, tail: bytes = b"") -> None:
    """Cut a results file as a kill does."""
    lines = Path(name).read_bytes().splitlines(keepends=True)
    Path(name).write_bytes(b"".join(lines[:count]) + tail)


def test_a_torn_tail_is_cut_and_said(site: Site) -> None:
    resume()
    site.asked()
    keep("rows.jsonl", 2)
    held = {row["seq"] for row in rows()}
    keep("rows.jsonl", 2, b'{"seq":3,"url":"http')
    err = resume()
    assert "rows.jsonl: its last row was torn, and is fetched again" in err
    assert "4 accepted (2 from an earlier run)" in err
    assert site.asked() == sorted(f"/{seq}" for seq in {1, 2, 3, 4} - held)
    assert places() == [(1, "/1"), (2, "/2"), (3, "/3"), (4, "/4")]
    # A row without its line end is torn, even if it could be read.
    Path("rows.jsonl").write_bytes(Path("rows.jsonl").read_bytes()[:-1])
    assert "its last row was torn" in resume()
    assert len(site.asked()) == 1
    assert len(rows()) == 4


def test_a_finished_run_asks_nothing_and_ends_alike(site: Site) -> None:
    site.status["/3"] = "404 Not Found"
    first = fetchcli("urls.txt", "-o", "rows.jsonl", "--threshold", "error_rate < 50%")
    before = Path("rows.jsonl").read_bytes()
    site.asked()
    again = resume("-o", "junit:report.xml", "--threshold", "error_rate < 5%", code=5)
    assert (first.code, site.asked(), Path("rows.jsonl").read_bytes()) == (5, [], before)
    assert "error_rate < 5%" in again
    assert "3 accepted, 1 failed (4 from an earlier run)" in again
    assert 'tests="5" failures="2"' in Path("report.xml").read_text()


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.jsonl.zst", "rows.jsonl.bz2", "rows.jsonl.xz"])
def test_every_form_of_a_journal(name: str, site: Site) -> None:
    resume(output=name)
    site.asked()
    site.write("/1", "/2", "/3", "/4", "/5")
    resume(output=name)
    assert site.asked() == ["/5"]
    assert fetchcli(name, "--from-results", "-q", "-o", "all.jsonl").code == 0
    assert places("all.jsonl") == [(seq, f"/{seq}") for seq in range(1, 6)]


def test_a_list_that_has_changed(site: Site) -> None:
    resume()
    site.asked()
    site.write("/0", "/1", "/3", "/2")
    err = resume()
    assert site.asked() == ["/0"]
    assert "the list has changed since the earlier run: 1 new, 2 moved, 1 gone, and removed from the results" in err
    assert "4 accepted (3 from an earlier run)" in err
    assert places() == [(1, "/0"), (2, "/1"), (3, "/3"), (4, "/2")]
    assert {row["line"] for row in rows()} == {1, 2, 3, 4}
    assert "changed" not in resume()
    assert site.asked() == []


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv.gz"])
def test_a_changed_list_whose_run_is_cut_off_twice(name: str, site: Site) -> None:
    many = [f"/{number}" for number in range(100, 130)]
    site.write(*many)
    resume(output=name)
    site.asked()
    other = [f"/{number}" for number in (*range(200, 210), *range(115, 130), *range(100, 115))]
    site.write(*other)
    site.silent.update(other[5:10])
    process = start("urls.txt", "-c", "5", "-q", "-o", name, "--resume")
    until(lambda: len(site.server.targets) >= 40, "the second half was asked for", process)
    process.kill()
    process.communicate()
    site.silent.clear()
    site.asked()
    resume(output=name)
    assert not set(site.asked()) & set(many)
    assert fetchcli(name, "--from-results", "-q", "-o", "all.jsonl").code == 0
    assert places("all.jsonl") == [(seq, path) for seq, path in enumerate(other, 1)]


def test_duplicates_in_a_list_are_rows_of_their_own(site: Site) -> None:
    site.write("/1", "/1", "/1", "/2")
    resume()
    site.asked()
    for count in (0, 1, 2, 3):
        keep("rows.jsonl", count)
        assert "changed" not in resume()
        assert len(site.asked()) == 4 - count
        assert places() == [(1, "/1"), (2, "/1"), (3, "/1"), (4, "/2")]


def test_cancelled_rows_are_fetched_again_and_replaced(site: Site) -> None:
    site.silent.update(("/3", "/4"))
    process = start("urls.txt", "-o", "rows.jsonl", "-q")
    until(lambda: len(site.server.targets) == 4, "all are asked for", process)
    until(lambda: lines_in(Path("rows.jsonl")) == 2, "the others have their rows", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().rstrip().endswith("to continue: fetchcli urls.txt -o rows.jsonl -q --resume")
    site.silent.clear()
    site.asked()
    resume()
    assert site.asked() == ["/3", "/4"]
    assert places() == [(1, "/1"), (2, "/2"), (3, "/3"), (4, "/4")]
    assert {row["verdict"] for row in rows()} == {"OK"}


def test_only_failed_points_to_resume(site: Site) -> None:
    resume()
    keep("rows.jsonl", 2)
    err = fetchcli("rows.jsonl", "--only-failed", "--allow-empty").err
    assert "fetch them with: fetchcli urls.txt -o rows.jsonl --resume" in err


def test_a_command_with_a_secret_is_not_shown(site: Site) -> None:
    site.silent.update(("/3", "/4"))
    process = start("urls.txt", "-o", "rows.jsonl", "-q", "-u", "me:hunter2")
    until(lambda: len(site.server.targets) == 4, "all are asked for", process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert b"hunter2" not in err
    assert err.decode().rstrip().endswith("; the same command with --resume continues it")


def test_failed_rows_are_fetched_again_if_that_is_asked_for(site: Site) -> None:
    site.status.update({"/2": "404 Not Found", "/3": "500 Internal Server Error"})
    resume(code=5)
    site.asked()
    resume(code=5)
    assert site.asked() == []
    site.status["/3"] = "200 OK"
    resume("--retry-kinds", "5xx,connect", code=5)
    assert site.asked() == ["/3"]
    assert [(row["seq"], row["status"]) for row in sorted(rows(), key=lambda row: row["seq"])] == [
        (1, 200),
        (2, 404),
        (3, 200),
        (4, 200),
    ]
    site.status.clear()
    assert "4 accepted (3 from an earlier run)" in resume("--retry-failed")
    assert site.asked() == ["/2"]
    assert len(rows()) == 4


def test_failed_expectations_are_a_kind_to_retry(site: Site) -> None:
    resume("--expect-body", "/1", code=6)
    site.asked()
    resume("--retry-kinds", "404", "--expect-body", "/1", code=6)
    assert site.asked() == []
    resume("--retry-kinds", "check")
    assert site.asked() == ["/2", "/3", "/4"]


def test_a_retry_that_is_cut_off_leaves_the_later_of_two_rows(site: Site) -> None:
    site.status.update({"/2": "404 Not Found", "/3": "404 Not Found"})
    resume(code=5)
    site.status.pop("/2")
    site.silent.add("/3")
    process = start("urls.txt", "-q", "-o", "rows.jsonl", "--resume", "--retry-failed")
    until(lambda: len(rows()) == 5, "one row was written again", process)
    process.kill()
    process.communicate()
    result = fetchcli("rows.jsonl", "--from-results", "-q", "-o", "all.jsonl")
    assert (result.code, len(rows()), len(rows("all.jsonl"))) == (5, 5, 4)
    site.silent.clear()
    site.asked()
    assert "3 accepted, 1 failed (4 from an earlier run)" in resume(code=5)
    assert (site.asked(), len(rows())) == ([], 4)


def test_rows_skipped_by_a_halt_are_fetched_and_duplicates_are_not(site: Site) -> None:
    site.write("/1", "/1", "/2", "/3", "/4")
    site.status["/2"] = "500 Internal Server Error"
    resume("--dedupe", "--halt", "soon,fail=1", "-c", "1", code=5)
    assert {row["seq"]: row["skip_cause"] for row in rows()} == {
        1: None,
        2: "duplicate",
        3: None,
        4: "halt",
        5: "halt",
    }
    site.asked()
    resume("--dedupe", "--halt", "soon,fail=1", code=5)
    assert site.asked() == ["/3", "/4"]
    assert sorted(row["seq"] for row in rows()) == [1, 2, 3, 4, 5]


def test_two_journals_are_continued_each_from_what_it_holds(site: Site) -> None:
    resume("-o", "rows.csv")
    site.asked()
    keep("rows.jsonl", 2)
    keep("rows.csv", 4)  # the header, and three rows
    Path("rows.csv").write_text("".join(Path("rows.csv").read_text().splitlines(keepends=True)[:1]))
    resume("-o", "rows.csv")
    held = len(site.asked())
    assert held == 2
    for name in ("rows.jsonl", "rows.csv"):
        assert fetchcli(name, "--from-results", "-q", "-o", f"{name}.json").code == 0
        found = json.loads(Path(f"{name}.json").read_text())
        assert sorted(row["seq"] for row in found) == [1, 2, 3, 4]


def test_what_is_written_at_the_end_holds_all_rows(site: Site) -> None:
    resume()
    site.asked()
    keep("rows.jsonl", 3)
    resume("-o", "all.json", "-o", "lines.txt", "-o", "markdown:r.md")
    assert len(site.asked()) == 1
    assert len(json.loads(Path("all.json").read_text())) == 4
    assert len(Path("lines.txt").read_text().splitlines()) == 4


def test_columns_that_are_needed_are_kept(site: Site) -> None:
    resume("--columns", "url,status", "--threshold", "p95(time_starttransfer) < 9s")
    assert set(rows()[0]) >= {"url", "status", "seq", "key", "verdict", "error", "time_starttransfer"}
    keep("rows.jsonl", 2)
    site.asked()
    resume("--columns", "url,status", "--threshold", "p95(time_starttransfer) < 9s")
    assert len(site.asked()) == 2
    measured = ("--columns", "url,status,time_starttransfer", "-o", "rows.csv")
    resume(*measured)
    assert "min(time_starttransfer) > 0" in resume(*measured, "--threshold", "min(time_starttransfer) > 0s")
    fetchcli("urls.txt", "-q", "-o", "bare.jsonl", "--columns", "url,status,verdict,error")
    result = fetchcli("urls.txt", "-q", "-o", "bare.jsonl", "--resume")
    assert result.code == 8
    assert "bare.jsonl: it was made without --resume, and lacks the columns seq, key; begin again" in result.err


def test_a_second_run_on_the_same_file_is_refused(site: Site) -> None:
    site.silent.add("/1")
    first = start("urls.txt", "-q", "-o", "rows.jsonl", "--resume")
    until(lambda: len(site.server.targets) == 4, "all are asked for", first)
    second = fetchcli("urls.txt", "-q", "-o", "rows.jsonl", "--resume")
    first.kill()
    first.communicate()
    assert second.code == 8
    assert "rows.jsonl: another run is writing to it" in second.err


def test_the_rows_of_a_pipe_are_compared_too(site: Site) -> None:
    listed = Path("urls.txt").read_bytes()
    assert fetchcli("-", "-q", "-o", "rows.jsonl", "--resume", stdin=listed).code == 0
    keep("rows.jsonl", 1)
    site.asked()
    assert fetchcli("-", "-q", "-o", "rows.jsonl", "--resume", stdin=listed).code == 0
    assert len(site.asked()) == 3


def test_a_random_choice_is_the_same_with_the_same_seed(site: Site) -> None:
    site.write(*(f"/{number}" for number in range(40)))
    resume("--sample", "20", "--seed", "4", "--shuffle")
    chosen = site.asked()
    keep("rows.jsonl", 5)
    resume("--sample", "20", "--seed", "4", "--shuffle")
    assert len(site.asked()) == 15
    assert sorted(path for _, path in places()) == chosen


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("-o", "text:rows.txt"), "--resume requires an output that a run can be continued from (jsonl, csv"),
        ((), "--resume requires an output that a run can be continued from"),
        (("-o", "jsonl"), "--resume requires an output that a run can be continued from"),
        (("-o", "rows.jsonl", "--sample", "3"), "--resume: --sample requires --seed"),
        (("-o", "rows.jsonl", "--repeat", "3"), "--resume and --repeat cannot be combined"),
        (("-o", "rows.jsonl", "--retry-kinds", "slow"), "--retry-kinds: 'slow': expected error kinds"),
        (("-o", "rows.jsonl", "--retry-kinds", "cancelled"), "--retry-kinds: 'cancelled': expected error kinds"),
    ],
)
def test_usage(options: tuple[str, ...], message: str, site: Site) -> None:
    result = fetchcli("urls.txt", "--resume", *options)
    assert (result.code, site.asked()) == (2, [])
    assert message in result.err


@pytest.mark.parametrize("option", ["--retry-failed", "--retry-kinds=5xx"])
def test_retrying_requires_resume(option: str, site: Site) -> None:
    assert "requires --resume" in fetchcli("urls.txt", option).err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.jsonl", b"https://example.com/\n", "rows.jsonl:1: not a row of a results file"),
        ("rows.csv", b"url,status\nx,1\n", "rows.csv: it was made without --resume, and lacks the columns seq, key"),
        ("rows.jsonl.gz", b"plain\n", "rows.jsonl.gz: it is not compressed by gzip, as its name says"),
    ],
)
def test_a_file_of_something_else_is_left_alone(name: str, content: bytes, message: str, site: Site) -> None:
    Path(name).write_bytes(content)
    result = fetchcli("urls.txt", "-q", "-o", name, "--resume")
    assert (result.code, Path(name).read_bytes(), site.asked()) == (8, content, [])
    assert message in result.err


def test_a_fifo_cannot_be_continued(site: Site) -> None:
    os.mkfifo("rows.jsonl")
    holder = os.open("rows.jsonl", os.O_RDWR)
    result = fetchcli("urls.txt", "-q", "-o", "rows.jsonl", "--resume")
    os.close(holder)
    assert (result.code, "--resume requires a regular file" in result.err) == (8, True)


def test_a_host_that_asked_for_a_pause_is_left_alone(site: Site) -> None:
    site.write("/1", "/2")
    site.status["/1"] = "429 Too Many Requests"
    site.headers["/1"] = ("Retry-After: 50",)
    resume("--limit", "1", code=5)
    assert rows()[0]["retry_after"] == 50
    site.asked()
    with recorder(lambda _: ok()) as other:
        with Path("urls.txt").open("a") as listed:
            listed.write(f"{other.url('/3')}\n{other.url('/4')}\n")
        process = start("urls.txt", "-q", "-c", "1", "-o", "rows.jsonl", "--resume")
        until(lambda: len(rows()) == 3, "the other host has answered twice", process)
        process.kill()
        process.communicate()
    assert site.asked() == []


def test_a_host_that_was_down_is_not_asked_at_once(here: Path) -> None:
    dead = [f"http://127.0.0.1:1/{number}" for number in range(6)]
    Path("urls.txt").write_text("".join(f"{url}\n" for url in dead))
    options = ("urls.txt", "-q", "-c", "1", "-o", "rows.jsonl", "--max-host-errors", "2", "--resume")
    assert fetchcli(*options).code == 4
    assert [row["skip_cause"] for row in rows()] == [None, None, "host", "host", "host", "host"]
    assert fetchcli(*options).code == 4
    assert [row["error"] for row in rows()] == ["connect", "connect", None, None, None, None]


def test_bodies_that_rows_name_keep_their_names(site: Site) -> None:
    site.write("/a/x", "/b/x", "/c/x")
    resume("--save", "out/page{ext}")
    site.asked()
    keep("rows.jsonl", 2)
    resume("--save", "out/page{ext}")
    assert len(site.asked()) == 1
    saved = {row["saved_as"] for row in rows()}
    assert len(saved) == 3
    for row in rows():
        assert (
            Path(row["saved_as"]).read_bytes() == row["url"].removeprefix(site.server.url("")[:-1] or "").encode()[-4:]
        )


@pytest.mark.parametrize("container", ["all.zip", "all.tar", "all.warc.gz"])
def test_containers_go_on_after_their_last_member(container: str, site: Site) -> None:
    resume("--save", container)
    site.asked()
    site.write("/1", "/2", "/3", "/4", "/5")
    resume("--save", container)
    assert site.asked() == ["/5"]
    if container == "all.zip":
        with zipfile.ZipFile(container) as archive:
            assert {archive.read(row["saved_as"]) for row in rows()} == {f"/{seq}".encode() for seq in range(1, 6)}
    if container == "all.warc.gz":
        assert gzip.decompress(Path(container).read_bytes()).count(b"WARC-Type: response") == 5


def test_a_body_that_is_gone_is_fetched_again(site: Site) -> None:
    resume("--save", "out/")
    site.asked()
    Path(rows()[0]["saved_as"]).unlink()
    lost = "/" + rows()[0]["url"].rpartition("/")[2]
    resume("--save", "out/")
    assert site.asked() == [lost]
    assert len(rows()) == 4


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv.gz", "run.db"])
def test_a_full_disk_costs_what_was_not_written(name: str, here: Path) -> None:
    with recorder(lambda _: ok()) as server:
        Path("urls.txt").write_text("".join(f"{server.url(f'/{number}')}\n" for number in range(1, 601)))
        blocks = {"rows.jsonl": 200, "rows.csv.gz": 12, "run.db": 300}[name]  # of 512 bytes
        for _ in range(2):
            full = on_a_full_disk(blocks, "urls.txt", "-q", "-o", name, "--resume")
            assert (full.returncode, b"cannot write" in full.stderr) == (8, True), full.stderr
            assert full.stderr.rstrip().endswith(f"to continue: fetchcli urls.txt -q -o {name} --resume".encode())
        assert fetchcli("urls.txt", "-q", "-o", name, "--resume").code == 0
        assert fetchcli(name, "--from-results", "-q", "-o", "all.jsonl").code == 0
        assert sorted(row["seq"] for row in rows("all.jsonl")) == list(range(1, 601))


def test_a_journal_that_cannot_be_rewritten_is_as_it_was(site: Site) -> None:
    site.status["/2"] = "404 Not Found"
    resume(code=5)
    Path(".rows.jsonl.fetchcli").mkdir()
    site.status.clear()
    err = resume("--retry-failed", code=8)
    assert "cannot write rows.jsonl: Is a directory" in err
    assert len(rows()) == 5
    Path(".rows.jsonl.fetchcli").rmdir()
    resume()
    assert (len(rows()), {row["status"] for row in rows()}) == (4, {200})


def test_a_link_and_the_mode_of_a_journal_stay(site: Site) -> None:
    Path("real.jsonl").touch(mode=0o640)
    Path("rows.jsonl").symlink_to("real.jsonl")
    site.status["/2"] = "404 Not Found"
    resume(code=5)
    site.status.clear()
    resume("--retry-failed")
    assert Path("rows.jsonl").is_symlink()
    assert (len(rows("real.jsonl")), Path("real.jsonl").stat().st_mode & 0o777) == (4, 0o640)
    assert sorted(path.name for path in Path().iterdir()) == ["real.jsonl", "rows.jsonl", "urls.txt"]


def test_an_empty_list_takes_nothing_away(site: Site) -> None:
    resume()
    before = Path("rows.jsonl").read_bytes()
    Path("urls.txt").write_text("")
    resume(code=3)
    assert Path("rows.jsonl").read_bytes() == before
    assert "4 gone, and removed" in resume("--allow-empty")
    assert Path("rows.jsonl").read_bytes() == b""


def test_a_damaged_journal_is_left_alone(site: Site) -> None:
    site.write(*(f"/{number}" for number in range(50)))
    resume(output="rows.jsonl.gz")
    whole = Path("rows.jsonl.gz").read_bytes()
    damaged = bytearray(whole * 2)
    damaged[len(whole) // 2] ^= 0xFF
    Path("rows.jsonl.gz").write_bytes(damaged)
    assert "rows.jsonl.gz: it is damaged" in resume(output="rows.jsonl.gz", code=8)
    assert Path("rows.jsonl.gz").read_bytes() == damaged
    foreign = gzip.compress(gzip.decompress(whole) * 40)[:-20]
    Path("rows.jsonl.gz").write_bytes(foreign)
    assert "was not written by fetchcli" in resume(output="rows.jsonl.gz", code=8)
    assert Path("rows.jsonl.gz").read_bytes() == foreign


def test_blank_lines_in_a_journal_do_no_harm(site: Site) -> None:
    site.status["/2"] = "404 Not Found"
    resume(code=5)
    Path("rows.jsonl").write_bytes(Path("rows.jsonl").read_bytes().replace(b"\n", b"\n\n"))
    site.status.clear()
    resume("--retry-failed")
    assert len(Path("rows.jsonl").read_bytes().splitlines()) == 4
    assert sorted(path.name for path in Path().iterdir()) == ["rows.jsonl", "urls.txt"]


def test_a_reversed_list_in_order(site: Site) -> None:
    resume("--ordered")
    site.write("/4", "/3", "/2", "/1")
    site.asked()
    resume("--ordered")
    assert site.asked() == []
    assert [(row["seq"], row["url"][-1]) for row in rows()] == [(1, "4"), (2, "3"), (3, "2"), (4, "1")]


def test_another_list_or_a_part_of_it_takes_nothing_away(site: Site) -> None:
    resume()
    before = len(rows())
    site.write("/8", "/9")
    assert "none of the 4 rows of the earlier run is in this list, so they were kept" in resume()
    assert len(rows()) == before + 2
    Path("rows.jsonl").unlink()
    site.write("/1", "/2", "/3", "/4")
    resume()
    site.asked()
    resume("--limit", "2")
    resume("--include", "/1")
    assert (site.asked(), len(rows())) == ([], 4)


def test_rows_that_would_be_judged_otherwise_are_fetched_again(site: Site) -> None:
    site.status.update({"/2": "404 Not Found", "/3": "302 Found"})
    resume("--no-location", code=5)
    site.asked()
    resume("--no-location", "--accept", "200,404", code=5)
    assert site.asked() == ["/2", "/3"]
    resume("--no-location", "--accept", "200,404", code=5)
    assert site.asked() == []


def test_failures_keep_their_names_without_their_columns(site: Site) -> None:
    with Path("urls.txt").open("a") as listed:
        listed.write("http://127.0.0.1:1/\n")
    resume("--columns", "url,status", code=4)
    assert "connect x 1" in resume("--columns", "url,status", code=4)
