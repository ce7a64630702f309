"""In a pipeline: data on stdout and nothing else, several outputs at once, quiet ends."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import COMMAND, environment, fetchcli, start, unread, until
from tests.support.faults import FaultServer


@pytest.fixture
def listing(tmp_path: Path, faults: FaultServer) -> str:
    path = tmp_path / "urls.txt"
    names = ["ok", "empty", "escape-codes", "redirect-ok", "gzip", "short-body"]
    path.write_text("\n".join([*(faults.url(name) for name in names), "nonsense"]))
    return str(path)


def test_the_default_is_tab_separated_and_the_summary_goes_to_stderr(listing: str) -> None:
    result = fetchcli(listing, "--ordered")
    lines = [line.split("\t") for line in result.lines]
    assert [line[0] for line in lines] == ["200", "-", "404", "200", "200", "-", "-"]
    assert [line[4].split(":")[0] for line in lines] == ["-", "empty", "status", "-", "-", "truncated", "invalid_url"]
    assert "3 accepted, 3 failed, 1 rejected" in result.err
    assert "\x1b" not in result.out + result.err


def test_several_outputs_at_once_say_the_same(listing: str, tmp_path: Path) -> None:
    paths = {name: tmp_path / f"out.{name}" for name in ("jsonl", "csv", "json")}
    text = tmp_path / "lines"
    args = [arg for path in paths.values() for arg in ("-o", str(path))]
    result = fetchcli(listing, *args, "-o", f"text:{text}", "-w", "%{seq}\\n", "--ordered", "-q")
    assert result.lines == [str(seq) for seq in range(1, 8)]
    assert result.err == ""
    objects = [json.loads(line) for line in paths["jsonl"].read_text().splitlines()]
    assert json.loads(paths["json"].read_text()) == objects
    with paths["csv"].open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["url"] for row in table] == [row["url"] for row in objects]
    assert [line.split("\t")[3] for line in text.read_text().splitlines()] == [row["url"] for row in objects]


def test_ordered_output_is_the_input_order(faults: FaultServer) -> None:
    urls = [faults.url("ok", "split"), faults.url("ok"), faults.url("gzip", "split"), faults.url("ok")] * 25
    result = fetchcli("-", "--ordered", "-q", stdin="\n".join(urls).encode())
    assert [line.split("\t")[3] for line in result.lines] == urls


def test_write_out_is_curls(faults: FaultServer) -> None:
    result = fetchcli(faults.url("redirect-ok"), "-q", "-w", "%{http_code} %{num_redirects} %{url_effective} 100%%\\n")
    assert result.out == f"200 1 {faults.url('ok')} 100%\n"


def test_quiet_is_data_only(listing: str) -> None:
    result = fetchcli(listing, "-q")
    assert (len(result.lines), result.err) == (7, "")


def test_verbose_says_every_outcome(faults: FaultServer) -> None:
    result = fetchcli(faults.url("ok"), "-v")
    assert f"200 {faults.url('ok')}" in result.err


def test_plain_progress_has_no_escape_codes(faults: FaultServer) -> None:
    result = fetchcli(faults.url("ok"), "--progress", "plain")
    assert "\x1b" not in result.err


def test_96_a_closed_stdout_ends_the_run_quietly_and_promptly(faults: FaultServer) -> None:
    process = start("-", "--timeout", "none", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{faults.url('ok')}\n{faults.url('stall-at-once')}\n".encode())
    process.stdin.flush()
    assert process.stdout.readline().startswith(b"200")
    process.stdout.close()
    process.wait(60)  # it would wait for the second URL for ever
    assert process.stderr is not None
    assert process.stderr.read() == b""
    assert process.returncode == 8
    process.stdin.close()
    process.stderr.close()


def test_96_head(faults: FaultServer) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"yes {faults.url('ok')} | head -n 2000 | {' '.join(COMMAND)} - -q | head -n 1"],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert done.stdout.startswith(b"200\t")
    assert done.stderr == b""


def test_a_stdout_that_is_closed_from_the_start_is_said() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(COMMAND)} http://127.0.0.1:1/ >&-"],
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stderr) == (8, b"fetchcli: stdout is closed\n")


def test_a_reader_that_reads_nothing_makes_no_url_time_out(faults: FaultServer) -> None:
    process = start("-", "-o", "jsonl", "-q", "--timeout", "3s", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write((faults.url("ok") + "\n").encode() * 9000)  # 6 MB of rows: more than pipe and backlog
    process.stdin.close()
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    until(lambda: unread(descriptor) > 10_000, "the pipe is full", process)
    # What starts now and never gets an answer times out: so would a request that waits for the reader.
    assert fetchcli(faults.url("stall-at-once"), "--timeout", "3s").code == 4
    rows = [json.loads(line) for line in process.stdout]
    assert len(rows) == 9000
    assert {row["error"] for row in rows} == {None}
    assert process.wait() == 0
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()


def test_a_closed_stderr_harms_nothing(faults: FaultServer) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(COMMAND)} {faults.url('ok')} nonsense://x 2>&-"],
        stdout=subprocess.PIPE,
        env=environment(),
        check=False,
    )
    assert done.returncode == 3
    assert done.stdout.count(b"\n") == 2


def test_python_dash_m_and_the_script_are_the_same() -> None:
    script = Path(COMMAND[0]).with_name("fetchcli")
    for command in ([str(script)], COMMAND):
        done = subprocess.run([*command, "--version"], capture_output=True, check=True)
        assert done.stdout.startswith(b"fetchcli ")


def test_it_works_without_uvloop(faults: FaultServer) -> None:
    code = "import sys; sys.modules['uvloop'] = None; from fetchcli.cli.main import entry; entry()"
    done = subprocess.run(
        [sys.executable, "-c", code, "-q", "-", "--timeout", "1s"],
        input="\n".join([faults.url("ok"), faults.url("gzip"), faults.url("stall-in-body")]).encode(),
        capture_output=True,
        env=environment(),
        check=False,
    )
    assert (done.returncode, done.stderr) == (4, b"")
    assert [line.split(b"\t")[0] for line in done.stdout.splitlines()] == [b"200", b"200", b"-"]


def test_13_json_rows_hold_no_commands_to_ci_systems(faults: FaultServer) -> None:
    hostile = ["##vso[task.complete]x", "##[error]x", "::error::x"]
    for name in ("jsonl", "json"):
        stdin = "".join(f"{json.dumps(text)}\n" for text in hostile).encode()
        out = fetchcli("-", "--input-format", "jsonl", "-o", name, "-q", stdin=stdin).out
        assert not any(command in out for command in ("##vso[", "##["))  # GitHub's count only where a line starts
        assert not any(line.startswith("::") for line in out.splitlines())
        rows = json.loads(out) if name == "json" else [json.loads(line) for line in out.splitlines()]
        assert sorted(row["url"] for row in rows) == sorted(hostile), "and it reads as it was"


def test_14_csv_is_faithful_to_numbers(faults: FaultServer, tmp_path: Path) -> None:
    numbers = ["-5", "+49 30 1", "-", "=1+1"]
    lines = "".join(f"{faults.url('ok')},{number}\n" for number in numbers)
    (tmp_path / "list.csv").write_text(f"url,number\n{lines}")
    for args, last in (([], "'=1+1"), (["--csv-raw"], "=1+1")):
        out = fetchcli("list.csv", "--keep", "number", "--ordered", "-o", "csv", "-q", *args, cwd=tmp_path).out
        assert [row["number"] for row in csv.DictReader(io.StringIO(out))] == [*numbers[:3], last]


def test_16_a_template_as_curl_fills_it_in(faults: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "format").write_text("%{http_code} %{response_code} %{status}|")
    out = fetchcli(faults.url("ok"), faults.url("empty"), "--ordered", "-w", "@format", "-q", cwd=tmp_path).out
    assert out == "200 200 200|000 000 |"
    missing = fetchcli(faults.url("ok"), "-w", "@missing", cwd=tmp_path)
    assert (missing.code, missing.err) == (2, "fetchcli: --write-out: @missing: No such file or directory\n")


@pytest.mark.parametrize("args", [["http://u:secret@h/"], ["--demo"]])
def test_7_only_failed_is_for_results(args: list[str]) -> None:
    result = fetchcli(*args, "--only-failed")
    assert (result.code, "--only-failed requires a results file, got" in result.err) == (2, True)
    assert "secret" not in result.err


@pytest.mark.parametrize("how", ["-o jsonl:rows", "-o csv:./rows", ">> rows", "-o json >> rows"])
def test_9_two_runs_do_not_write_into_one_file(faults: FaultServer, tmp_path: Path, how: str) -> None:
    def script(name: str, how: str) -> list[str]:
        return ["/bin/sh", "-c", f"exec {' '.join(COMMAND)} {faults.url(name)} -q --timeout none {how}"]

    before = len(faults.requests)
    first = subprocess.Popen(script("stall-in-body", how), cwd=tmp_path, env=environment(), stderr=subprocess.PIPE)
    until(lambda: len(faults.requests) > before, "the first one has begun", first)
    second = subprocess.run(
        script("ok", how), cwd=tmp_path, env=environment(), capture_output=True, timeout=50, check=False
    )
    name = "stdout" if ">>" in how else how.partition(":")[2]
    expected = f"fetchcli: {name}: another run is writing to it; use another file\n".encode()
    assert (second.returncode, second.stderr) == (8, expected)
    first.terminate()
    first.communicate(timeout=50)
    assert first.returncode == 143
    assert faults.url("ok").encode() not in (tmp_path / "rows").read_bytes(), "the second one wrote nothing"
    third = subprocess.run(script("ok", how), cwd=tmp_path, env=environment(), capture_output=True, check=False)
    assert third.returncode == 0
    reports = [script("ok", "-o junit:report.xml") for _ in range(2)]
    running = [subprocess.Popen(one, cwd=tmp_path, env=environment()) for one in reports]
    assert [process.wait(50) for process in running] == [0, 0], "a report needs no lock"


def test_9_a_shell_that_keeps_its_stdout_open_locks_nobody_out(faults: FaultServer, tmp_path: Path) -> None:
    command = f"{' '.join(COMMAND)} -q {faults.url('ok')}"
    script = f"( {command}; {command} >> rows ) > rows"
    done = subprocess.run(["/bin/sh", "-c", script], cwd=tmp_path, env=environment(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "rows").read_text().count("\n") == 2
