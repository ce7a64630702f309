"""Runs that halt early, are repeated, and are compared with an earlier one."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import COMMAND, at_terminal, environment, fetchcli, start, until
from tests.support.recorder import Recorder, ok, recorder


class Switch:
    """What a server answers, and when it changes its mind."""

    def __init__(self) -> None:
        self.bad: set[bytes] = set()
        self.answered, self.bad_after = 0, 10_000
        self.slow = 0.0
        self.answers = threading.Event()
        self.answers.set()

    def __call__(self, request: bytes) -> bytes:
        path = request.split(b" ")[1]
        self.answers.wait(60)
        time.sleep(self.slow)
        self.answered += 1
        if self.answered > self.bad_after or any(path.startswith(one) for one in self.bad):
            return ok(b"broken", status="500 Oops")
        return ok(b"body of " + path.partition(b"?")[0])


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def server(switch: Switch) -> Iterator[Recorder]:
    with recorder(switch) as made:
        yield made


def listing(folder: Path, server: Recorder, *paths: str) -> Path:
    path = folder / "urls.txt"
    path.write_text("".join(f"{server.url(path)}\n" for path in paths))
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("args", "failed"), [(("--halt", "soon,fail=3"), 3), (("--fail-fast",), 1), (("--halt", "now,fail=30%"), 3)]
)
def test_a_run_halts_and_counts_the_rest(
    args: tuple[str, ...], failed: int, server: Recorder, switch: Switch, tmp_path: Path
) -> None:
    switch.bad = {b"/bad"}
    paths = [f"/{'bad' if number % 2 else 'good'}/{number}" for number in range(5000)]
    urls = listing(tmp_path, server, *paths)
    result = fetchcli(str(urls), *args, "-c", "2", "-o", "out.jsonl", "-o", "out.xml", cwd=tmp_path)
    found = rows(tmp_path / "out.jsonl")
    verdicts = Counter(row["verdict"] for row in found)
    assert result.code == 5
    assert len(found) == 5000
    assert failed <= verdicts["FAILED"] <= failed + 2
    assert verdicts["SKIPPED"] > 4900
    assert len(server.requests) < 40
    note = {row["note"] for row in found if row["verdict"] == "SKIPPED"}
    assert len(note) == 1
    assert " ".join(args) in note.pop()
    assert f"{verdicts['SKIPPED']:,} skipped" in result.err
    skipped = int(re.findall(r'skipped="(\d+)"', (tmp_path / "out.xml").read_text())[0])
    assert skipped == verdicts["SKIPPED"]


def test_a_halted_run_does_not_wait_for_the_end_of_a_pipe(server: Recorder, switch: Switch) -> None:
    switch.bad = {b"/bad"}
    read, write = os.pipe()
    process = start("-", "--fail-fast", "-o", "jsonl", stdin=read)
    os.close(read)
    os.write(write, f"{server.url('/bad')}\n{server.url('/next')}\n".encode())
    out, err = process.communicate(timeout=30)  # the pipe is still open
    os.close(write)
    assert process.returncode == 5
    assert out.count(b"\n") in (1, 2)
    assert b"halted: 1 row failed (--fail-fast); the rest of the input was not read" in err


def test_the_first_failure_halts_even_if_earlier_rows_are_still_awaited(
    server: Recorder, switch: Switch, tmp_path: Path
) -> None:
    switch.bad = {b"/bad"}

    def late(_: bytes) -> bytes:
        until(lambda: b"/bad" in b"".join(server.requests), "the bad row was requested")
        time.sleep(1)  # a slow server; the other answer needs no such time
        return ok()

    with recorder(late) as slow:
        urls = tmp_path / "urls.txt"
        urls.write_text("\n".join([slow.url("/"), server.url("/bad"), *(server.url(f"/{n}") for n in range(3000))]))
        result = fetchcli(str(urls), "--ordered", "--halt", "soon,fail=1", "-c", "2", "-o", "out.jsonl", cwd=tmp_path)
    verdicts = Counter(row["verdict"] for row in rows(tmp_path / "out.jsonl"))
    assert result.code == 5
    assert (verdicts["OK"] + verdicts["FAILED"], verdicts["SKIPPED"]) == (2, 3000)


def test_a_pipe_that_goes_on_for_ever_does_not_hold_up_a_halted_run(server: Recorder, switch: Switch) -> None:
    switch.bad = {b"/bad"}
    read, write = os.pipe()
    process = start("-", "--fail-fast", "-q", stdin=read)
    os.close(read)
    os.write(write, f"{server.url('/bad')}\n".encode())
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(BrokenPipeError):
            os.write(write, f"{server.url('/more')}\n".encode())
        time.sleep(0.2)
    os.close(write)
    process.communicate()
    assert process.returncode == 5


def test_what_had_failed_before_halts_nothing_where_only_new_failures_count(
    server: Recorder, switch: Switch, tmp_path: Path
) -> None:
    urls = listing(tmp_path, server, "/known", *(f"/{number}" for number in range(200)), "/new")
    switch.bad = {b"/known"}
    baseline(tmp_path, urls)
    switch.bad = {b"/known", b"/new"}
    args = (str(urls), "--baseline", "last.jsonl", "--fail-on", "new", "--fail-fast", "-o", "out.jsonl")
    assert fetchcli(*args, cwd=tmp_path).code == 5
    assert {row["verdict"] for row in rows(tmp_path / "out.jsonl")[:50]} == {"OK", "FAILED"}
    switch.bad = {b"/known"}
    assert fetchcli(*args, cwd=tmp_path).code == 0


def test_rounds_of_nothing_are_not_run_for_ever(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    result = fetchcli("empty.txt", "--allow-empty", "--for", "20s", cwd=tmp_path)
    assert (result.code, result.err.count("round ")) == (0, 1)
    assert fetchcli("http://h/", "--for", "0").err == "fetchcli: --for: expected a duration such as 10m, got '0'\n"


def test_rounds_are_summed_up_one_by_one_and_together(server: Recorder, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a", "/b")
    args = ("--repeat", "3", "--every", "200ms", "--ordered", "-o", "out.jsonl", "-o", "summary:sum.json")
    began = time.monotonic()
    result = fetchcli(str(urls), *args, cwd=tmp_path)
    assert result.code == 0
    assert time.monotonic() - began >= 0.4  # load only makes it longer
    assert re.findall(r"fetchcli: round (\d): 2 accepted in ", result.err) == ["1", "2", "3"]
    assert "6 accepted in " in result.err
    assert [(row["round"], row["seq"]) for row in rows(tmp_path / "out.jsonl")] == [
        (number, seq) for number in (1, 2, 3) for seq in (1, 2)
    ]
    summary = json.loads((tmp_path / "sum.json").read_text())
    assert summary["total"] == 6
    assert summary["elapsed"] >= 0.4, "the pauses between rounds belong to the run"
    assert server.connections <= 4  # those of the first round are used again
    quiet = fetchcli(str(urls), "--repeat", "2", "-q", "-o", "text:/dev/null")
    assert (quiet.out, quiet.err) == ("", "")


def test_a_pipe_is_kept_for_the_next_rounds(server: Recorder) -> None:
    stdin = "".join(f"{server.url(f'/{number}')}\n" for number in range(500)).encode()
    result = fetchcli("-", "--repeat", "3", "-w", "%{round} %{line}\\n", "-q", stdin=stdin)
    assert Counter(result.lines) == Counter(f"{number} {line}" for number in (1, 2, 3) for line in range(1, 501))


def test_a_watch_ends_in_time_and_says_when_it_broke(server: Recorder, switch: Switch, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a")
    switch.bad_after = 2
    result = fetchcli(str(urls), "--every", "300ms", "--for", "2s", "-o", "out.jsonl", cwd=tmp_path)
    verdicts = [row["verdict"] for row in rows(tmp_path / "out.jsonl")]
    assert result.code == 5
    assert verdicts.count("OK") == 2
    assert len(verdicts) <= 7
    assert verdicts == sorted(verdicts, reverse=True)  # OK, then FAILED
    assert verdicts[-1] == "FAILED"
    switch.bad_after = 10_000
    assert fetchcli(str(urls), "--for", "300ms", "-q").lines[0].startswith("200")


def test_97_a_signal_between_rounds_ends_the_watch_at_once(server: Recorder, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a")
    process = start(str(urls), "--every", "1h", "-o", f"jsonl:{tmp_path}/out", "-o", f"junit:{tmp_path}/out.xml")
    until(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text(), "the row is written", process)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert len(rows(tmp_path / "out")) == 1
    assert 'tests="1"' in (tmp_path / "out.xml").read_text()


def test_a_halt_ends_the_rounds_too(server: Recorder, switch: Switch, tmp_path: Path) -> None:
    switch.bad = {b"/a"}
    urls = listing(tmp_path, server, "/a", "/b")
    result = fetchcli(str(urls), "--repeat", "50", "--fail-fast", "-c", "1", "-o", "out.jsonl", cwd=tmp_path)
    assert result.code == 5
    assert [row["verdict"] for row in rows(tmp_path / "out.jsonl")] == ["FAILED", "SKIPPED"]


def test_at_a_terminal_the_rounds_scroll_by_and_the_bar_stays(server: Recorder, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a", "/b")
    seen = at_terminal(str(urls), "--repeat", "3", "--every", "300ms", columns=100)
    assert re.findall(r"round (\d): 2 accepted", seen.out) == ["1", "2", "3"]
    assert "(round 3)" in seen.out
    assert re.search(r"\d/6\b", seen.out)  # rows of all rounds


def baseline(folder: Path, urls: Path, *args: str) -> None:
    fetchcli(str(urls), "-q", "-o", "last.jsonl", "-o", "last.csv", *args, cwd=folder)


@pytest.mark.parametrize("name", ["last.jsonl", "last.csv"])
def test_only_what_is_new_decides(name: str, server: Recorder, switch: Switch, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a", "/b", "/known", "nonsense")
    switch.bad = {b"/known"}
    baseline(tmp_path, urls)
    args = (str(urls), "--baseline", name, "-o", "summary:sum.json")
    assert fetchcli(*args, cwd=tmp_path).code == 3
    result = fetchcli(*args, "--fail-on", "new", cwd=tmp_path)
    assert result.code == 0
    assert "since the baseline: nothing has changed" in result.err
    switch.bad = {b"/b"}
    result = fetchcli(*args, "--fail-on", "new", cwd=tmp_path)
    assert result.code == 5
    assert re.search(rf"new failure   {server.url('/b')}\s+status: expected 200..399, got 500; was 200", result.err)
    assert re.search(rf"cured         {server.url('/known')}\s+200, was 500", result.err)
    found = json.loads((tmp_path / "sum.json").read_text())["baseline"]
    assert found["counts"] == {"new_failure": 1, "cured": 1}
    assert [(one["change"], one["line"]) for one in found["changes"]] == [("new failure", 2), ("cured", 3)]


def test_a_slower_server_is_told_and_a_healthy_one_is_not(server: Recorder, switch: Switch, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, *(f"/{number}" for number in range(20)))
    switch.slow = 0.2
    baseline(tmp_path, urls, "--repeat", "3")
    args = (str(urls), "--baseline", "last.jsonl", "--repeat", "3", "-o", "out.md")
    again = fetchcli(*args, cwd=tmp_path)
    assert (again.code, "slower" in again.err) == (0, False)
    switch.slow = 0.6
    slower = fetchcli(*args, cwd=tmp_path)
    assert slower.code == 0
    assert re.search(r"slower +127.0.0.1:\d+ +median [6-9]\d\d ms, was \d+", slower.err)
    assert "| slower | `127.0.0.1:" in (tmp_path / "out.md").read_text()


def test_what_is_no_baseline(server: Recorder, tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("http://h/\n")
    (tmp_path / "x.jsonl").write_text('{"url": "http://h/"}\n')
    (tmp_path / "x.csv").write_text("url\nhttp://h/\n")
    for name, said in (
        ("missing.jsonl", "--baseline missing.jsonl: no such file; make one with -o jsonl:FILE"),
        ("x.jsonl", "--baseline x.jsonl:1: not a row of a results file; make one with -o jsonl:FILE"),
        ("x.csv", "--baseline x.csv:1: not a row of a results file; make one with -o jsonl:FILE"),
        ("urls.txt", "--baseline urls.txt: not a row of a results file; make one with -o jsonl:FILE"),
        (".", "--baseline .: is a directory"),
    ):
        result = fetchcli(server.url("/a"), "--baseline", name, cwd=tmp_path)
        assert (result.code, result.out, result.err.count("\n")) == (3, "", 1), name
        assert said.replace(".: is", ".: is") in result.err or said.removeprefix("--baseline ") in result.err
    assert not server.requests
    result = fetchcli(server.url("/a"), "--fail-on", "new")
    assert (result.code, result.err) == (2, "fetchcli: --fail-on new requires --baseline\n")


def test_a_baseline_is_never_overwritten(server: Recorder, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a")
    baseline(tmp_path, urls)
    before = (tmp_path / "last.jsonl").read_text()
    result = fetchcli(str(urls), "--baseline", "last.jsonl", "-o", "last.jsonl", cwd=tmp_path)
    assert result.code == 8
    assert "last.jsonl: is also read by the run; write to another file" in result.err
    assert (tmp_path / "last.jsonl").read_text() == before


def test_a_report_takes_the_place_of_the_last_one_at_once(server: Recorder, switch: Switch, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a")
    report = tmp_path / "fetchcli.prom"
    report.write_text("the last one")
    report.chmod(0o640)
    inode = report.stat().st_ino
    switch.answers.clear()
    process = start(str(urls), "-o", str(report))
    until(lambda: server.requests, "the row was requested", process)
    assert report.read_text() == "the last one"
    switch.answers.set()
    process.communicate(timeout=60)
    assert report.read_text().startswith("# HELP fetchcli_rows")
    assert report.stat().st_ino != inode
    assert report.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_report_stays_what_it_is_a_link_to_and_needs_no_folder_of_its_own(server: Recorder, tmp_path: Path) -> None:
    (tmp_path / "real.xml").write_text("old")
    (tmp_path / "real.xml").chmod(0o666)
    (tmp_path / "link.xml").symlink_to("real.xml")
    long = "x" * 248 + ".tap"
    assert fetchcli(server.url("/a"), "-o", "link.xml", "-o", long, cwd=tmp_path).code == 0
    assert (tmp_path / "link.xml").is_symlink()
    assert (tmp_path / "real.xml").read_text().startswith("<?xml")
    assert (tmp_path / "real.xml").stat().st_mode & 0o777 == 0o666
    assert (tmp_path / long).read_text().startswith("TAP")


def test_reports_go_where_no_file_can_be_replaced(server: Recorder, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.append((tmp_path / "pipe").read_text()))
    reader.start()
    assert fetchcli(server.url("/a"), "-o", f"tap:{tmp_path}/pipe").code == 0
    reader.join(10)
    assert seen[0].startswith("TAP version 14\n1..1\nok 1 - GET ")
    assert fetchcli(server.url("/a"), "-o", "tap").out.startswith("TAP version 14")
    full = fetchcli(server.url("/a"), "-o", "tap:/dev/full")
    assert (full.code, "cannot write /dev/full: No space left on device" in full.err) == (8, True)


def test_in_a_github_workflow_failures_are_annotated(server: Recorder, switch: Switch, tmp_path: Path) -> None:
    switch.bad = {b"/bad"}
    urls = listing(tmp_path, server, "/a", "/bad")
    step = tmp_path / "step.md"
    step.write_text("before\n")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(step)}
    result = fetchcli("urls.txt", "-o", "jsonl", env=env, cwd=urls.parent)
    assert len(result.lines) == 2
    (error,) = (line for line in result.err.splitlines() if line.startswith("::error"))
    assert error.startswith(f"::error file=urls.txt,line=2,col=1,title=status::GET {server.url('/bad')}: status: ")
    assert "::notice title=fetchcli::1 accepted, 1 failed in " in result.err
    assert step.read_text().startswith("before\n## fetchcli: 1 of 2 rows not accepted\n")
    for off in (("--no-github",), ("-o", "github:out.gh")):
        assert "::" not in fetchcli("urls.txt", *off, "-q", env=env, cwd=urls.parent).err
    assert "::" not in fetchcli("urls.txt", env={"GITHUB_ACTIONS": "false"}, cwd=urls.parent).err
    unwritable = {**env, "GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "step.md")}
    result = fetchcli(server.url("/a"), env=unwritable)
    assert (result.code, "cannot write the step summary: No such file" in result.err) == (0, True)


def test_who_leaves_between_rounds_is_not_waited_for(server: Recorder, tmp_path: Path) -> None:
    urls = listing(tmp_path, server, "/a")
    command = f"{' '.join(COMMAND)} {urls} --every 1h -o jsonl | head -1"
    done = subprocess.run(["/bin/sh", "-c", command], env=environment(), capture_output=True, check=False, timeout=60)
    assert json.loads(done.stdout)["round"] == 1


def test_a_pipe_with_nothing_in_it_is_empty_in_every_round(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(b""), daemon=True).start()
    result = fetchcli("pipe", "--every", "100ms", "--repeat", "2", "--allow-empty", cwd=tmp_path)
    assert (result.code, result.err.count("round ")) == (0, 2)


def test_a_report_on_a_lent_file_is_written_into_it(server: Recorder, tmp_path: Path) -> None:
    command = f"{{ {' '.join(COMMAND)} -o tap:/dev/stdout {server.url('/a')}; echo done; }} >>{tmp_path}/log"
    subprocess.run(["/bin/sh", "-c", command], env=environment(), capture_output=True, check=True)
    text = (tmp_path / "log").read_text()
    assert text.endswith("done\n")
    (tmp_path / "one.tap").write_text("old")
    os.link(tmp_path / "one.tap", tmp_path / "other.tap")
    assert fetchcli(server.url("/a"), "-o", "one.tap", cwd=tmp_path).code == 0
    assert (tmp_path / "other.tap").read_text().startswith("TAP version 14")


def test_a_host_that_was_down_in_one_round_is_tried_in_the_next(tmp_path: Path) -> None:
    urls = tmp_path / "urls.txt"
    urls.write_text("http://127.0.0.1:1/1\nhttp://127.0.0.1:1/2\n")
    args = ("--repeat", "3", "--max-host-errors", "1", "-c", "1", "-q", "-w", "%{round} %{seq} %{verdict}\n")
    assert fetchcli(str(urls), *args).lines == [
        f"{number} {seq} {verdict}" for number in (1, 2, 3) for seq, verdict in ((1, "FAILED"), (2, "SKIPPED"))
    ]


@pytest.mark.parametrize("name", ["last.jsonl", "last.csv"])
def test_rows_of_any_text_are_found_again(name: str, server: Recorder, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(
        f"url,tag,expect_body,method,body\n{server.url('/a')},\u2764\ufe0f,zz,,\n=foo,,,,\n".encode()
        + f"{server.url('/b')},".encode() + b"caf\xe9,zz,POST,q1\n"
    )  # fmt: skip
    baseline(tmp_path, tmp_path / "list.csv")
    result = fetchcli("list.csv", "--baseline", name, "--fail-on", "new", cwd=tmp_path)
    assert (result.code, "since the baseline: nothing has changed" in result.err) == (0, True)


def test_bodies_tell_rows_apart(server: Recorder, switch: Switch, tmp_path: Path) -> None:
    urls = tmp_path / "list.jsonl"
    urls.write_text("".join(json.dumps({"url": server.url("/q"), "body": one}) + "\n" for one in ("q1", "q2")))
    broken = {b"q1"}
    with recorder(lambda request: ok(status="500 Oops") if any(one in request for one in broken) else ok()) as queries:
        urls.write_text(urls.read_text().replace(server.url("/q"), queries.url("/q")))
        baseline(tmp_path, urls)
        args = (str(urls), "--baseline", "last.jsonl", "--fail-on", "new")
        assert fetchcli(*args, cwd=tmp_path).code == 0
        broken.clear()
        broken.add(b"q2")
        assert fetchcli(*args, cwd=tmp_path).code == 5
